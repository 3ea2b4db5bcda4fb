//! Who may launch from a portfolio (facts §9.5).

use serde_json::{Value, json};

use super::accepted::hold;
use super::{Call, Operation, invalid, no_portfolio, not_found};
use crate::emulator::api::ApiError;
use crate::emulator::state::Principal;
use crate::emulator::{page, quota};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write("AssociatePrincipalWithPortfolio", associate)
        .within("whether the principal exists is not asked; nobody is in a group")
        .guesses(&[
            ("a principal that is associated", "no error"),
            (
                "an ARN that does not fit its type",
                "InvalidParametersException",
            ),
        ]),
    Operation::write("DisassociatePrincipalFromPortfolio", disassociate)
        .within("type and ARN must match; IAM is the type when none is said")
        .guesses(&[("the text about one that is not associated", "plain words")]),
    Operation::list("ListPrincipalsForPortfolio", list)
        .guesses(&[("the order of principals", "that of their association")]),
];

/// `PrincipalType` when none is said.
const EXACT: &str = "IAM";
const PATTERN: &str = "IAM_PATTERN";
/// Types of resources that can be associated (model).
const KINDS: [&str; 3] = ["role/", "user/", "group/"];

fn associate(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (id, principal) = read(call)?;
    judge(&principal, call.account())?;
    let (held, owner) = associated(call, id)?;
    // The model lists no error for doing it again; no answer was seen (a guess).
    if held.contains(&principal) {
        return Ok(json!({}));
    }
    let same = held.iter().filter(|p| p.kind == principal.kind).count();
    let (limit, what) = match principal.kind.as_str() {
        PATTERN => (quota::PATTERNS, "principal name patterns per portfolio"),
        _ => (quota::PRINCIPALS, "principals per portfolio"),
    };
    quota::room(call.quotas, same, limit, what)?;
    change(call, id, owner, |held| held.push(principal));
    Ok(json!({}))
}

fn disassociate(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (id, principal) = read(call)?;
    // Type and ARN must both match the association (facts §9.5).
    let (held, owner) = associated(call, id)?;
    if !held.contains(&principal) {
        // The code was seen (peers §C5), the text is a guess.
        return Err(not_found(format!(
            "Principal {} is not associated with portfolio {id}.",
            principal.arn
        )));
    }
    change(call, id, owner, |held| held.retain(|one| *one != principal));
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("PortfolioId")?;
    let view = call.view();
    let own = view.own.portfolios.get(id);
    let principals: Vec<&Principal> = match (own, view.import(id)) {
        (Some(row), _) => row.principals.iter().collect(),
        (None, Some(import)) => import.associated(),
        (None, None) => return Err(no_portfolio(id)),
    };
    let items = principals
        .into_iter()
        .map(|held| json!({"PrincipalARN": held.arn, "PrincipalType": held.kind}))
        .collect();
    Ok(page::answer("Principals", call.page()?.by_offset(items)))
}

fn read<'a>(call: &Call<'a>) -> Result<(&'a str, Principal), ApiError> {
    let input = call.input;
    let principal = Principal {
        arn: input.need("PrincipalARN")?.to_owned(),
        kind: input.text("PrincipalType").unwrap_or(EXACT).to_owned(),
    };
    Ok((input.need("PortfolioId")?, principal))
}

/// Those of the caller's account that are associated with a portfolio of its own or with one that is shared with it; of
/// the latter its owner too, whose own ones are not among them (facts §8.2).
fn associated(call: &Call<'_>, id: &str) -> Result<(Vec<Principal>, Option<String>), ApiError> {
    if let Some(row) = call.newest().portfolios.get(id) {
        return Ok((row.principals.clone(), None));
    }
    let view = call.newest_view();
    let import = view.import(id).ok_or_else(|| no_portfolio(id))?;
    let held = call.newest().imports.get(id);
    let held = held.map_or_else(Vec::new, |held| held.principals.clone());
    Ok((held, Some(import.owner.account.to_owned())))
}

/// Changes them; of a shared portfolio on the recipient's side.
fn change(
    call: &mut Call<'_>,
    id: &str,
    owner: Option<String>,
    work: impl FnOnce(&mut Vec<Principal>),
) {
    match owner {
        Some(owner) => hold(call, id, owner, |import| work(&mut import.principals)),
        None => {
            if let Some(row) = call.edit().portfolios.edit(id) {
                work(&mut row.principals);
            }
        }
    }
}

/// An ARN fits its type: a full one for IAM, one without an account for patterns. Wildcards are for patterns, and there
/// for what follows the resource type (model); codes and texts are guesses but for the one quoted.
fn judge(principal: &Principal, account: &str) -> Result<(), ApiError> {
    let parts: Vec<&str> = principal.arn.splitn(6, ':').collect();
    let ["arn", _, "iam", "", owner, resource] = parts.as_slice() else {
        return Err(invalid(format!("Invalid principal ARN: {}", principal.arn)));
    };
    let name = KINDS.iter().find_map(|kind| resource.strip_prefix(kind));
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Err(invalid(format!("Invalid principal ARN: {}", principal.arn)));
    };
    match (principal.kind.as_str(), *owner) {
        (PATTERN, "") => Ok(()),
        (PATTERN, _) => Err(invalid(format!(
            "A principal of type IAM_PATTERN has no account: {}",
            principal.arn
        ))),
        // No name has these characters, so that nobody is meant by it.
        (_, owner) if owner == account && name.contains(['*', '?']) => {
            Err(invalid(format!("Invalid principal ARN: {}", principal.arn)))
        }
        (_, owner) if owner == account => Ok(()),
        // Quoted by a Terraform user who gave a pattern the type IAM.
        (_, owner) => Err(not_found(format!(
            "caller account id {account} does not match input account id ({owner})"
        ))),
    }
}

impl Principal {
    pub(super) fn is_pattern(&self) -> bool {
        self.kind == PATTERN
    }

    /// Whether it is the caller, an IAM principal such as `arn:aws:iam::123456789012:role/name`.
    pub(super) fn admits(&self, caller: &str) -> bool {
        if self.kind != PATTERN {
            return self.arn == caller;
        }
        let mut parts: Vec<&str> = caller.splitn(6, ':').collect();
        if let Some(account) = parts.get_mut(4) {
            *account = "";
        }
        matches(&self.arn, &parts.join(":"))
    }
}

/// `*` stands for any text, `?` for one character or none (model): other patterns here want one.
fn matches(pattern: &str, text: &str) -> bool {
    // Which beginnings of the text fit the pattern so far, by their length.
    let text: Vec<char> = text.chars().collect();
    let mut fits: Vec<bool> = (0..=text.len()).map(|length| length == 0).collect();
    for symbol in pattern.chars() {
        let one_more = |length: usize| length > 0 && fits[length - 1];
        fits = match symbol {
            '*' => fits
                .iter()
                .scan(false, |any, fit| {
                    *any |= *fit;
                    Some(*any)
                })
                .collect(),
            '?' => (0..fits.len())
                .map(|length| fits[length] || one_more(length))
                .collect(),
            own => (0..fits.len())
                .map(|length| one_more(length) && text[length - 1] == own)
                .collect(),
        };
    }
    fits.last().is_some_and(|whole| *whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_across_accounts() {
        let caller = "arn:aws:iam::123456789012:role/platform/deploy-eu";
        for (kind, arn, admits) in [
            (EXACT, caller, true),
            (
                EXACT,
                "arn:aws:iam::123456789012:role/platform/deploy",
                false,
            ),
            (PATTERN, "arn:aws:iam:::role/platform/deploy-*", true),
            (PATTERN, "arn:aws:iam:::role/*-e?", true),
            (PATTERN, "arn:aws:iam:::role/*-eu?", true),
            (PATTERN, "arn:aws:iam:::role/*-??eu", true),
            (PATTERN, "arn:aws:iam:::role/*-?", false),
            (PATTERN, "arn:aws:iam:::role/deploy-eu", false),
            (PATTERN, "arn:aws:iam:::role/*-us", false),
            (PATTERN, "arn:aws:iam:::user/*", false),
        ] {
            let principal = Principal {
                arn: arn.to_owned(),
                kind: kind.to_owned(),
            };
            assert_eq!(principal.admits(caller), admits, "{arn}");
        }
    }

    #[test]
    fn an_arn_must_fit_its_type() {
        let judged = |kind: &str, arn: &str| {
            let principal = Principal {
                arn: arn.to_owned(),
                kind: kind.to_owned(),
            };
            judge(&principal, "123456789012").map_err(|error| error.code)
        };
        assert_eq!(judged(EXACT, "arn:aws:iam::123456789012:role/a"), Ok(()));
        assert_eq!(judged(PATTERN, "arn:aws:iam:::role/a*"), Ok(()));
        assert_eq!(
            judged(EXACT, "arn:aws:iam:::role/a*"),
            Err("ResourceNotFoundException".to_owned())
        );
        assert_eq!(
            judged(PATTERN, "arn:aws:iam::123456789012:role/a"),
            Err("InvalidParametersException".to_owned())
        );
        for (kind, arn) in [
            (EXACT, "somebody"),
            (EXACT, "arn:aws:iam::123456789012:role/a*"),
            (EXACT, "arn:aws:iam::123456789012:user/a?"),
            (EXACT, "arn:aws:iam::123456789012:root"),
            (EXACT, "arn:aws:iam::123456789012:role/"),
            (PATTERN, "arn:aws:iam:::root"),
            (PATTERN, "arn:aws:iam:::*/a"),
        ] {
            let refused = Err("InvalidParametersException".to_owned());
            assert_eq!(judged(kind, arn), refused, "{kind} {arn}");
        }
    }
}
