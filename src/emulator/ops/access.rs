//! Who has access to a portfolio, and whether the organization may be shared with (facts §9.8).

use serde_json::{Value, json};

use super::{Call, Operation, bad_state, no_portfolio, not_found};
use crate::emulator::api::ApiError;
use crate::emulator::organizations::Organization;
use crate::emulator::page;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::list("ListPortfolioAccess", list_accounts).guesses(&[
        (
            "without an OrganizationParentId",
            "accounts that the portfolio is shared with by their own id",
        ),
        (
            "an OrganizationParentId that is not shared with",
            "no accounts",
        ),
    ]),
    Operation::list("ListOrganizationPortfolioAccess", list_nodes),
    Operation::write("EnableAWSOrganizationsAccess", enable)
        .within("one for all regions; re-enabling follows the organization as it is by then")
        .guesses(&[
            (
                "an account outside any organization",
                "ResourceNotFoundException",
            ),
            (
                "while it is ENABLED or UNDER_CHANGE",
                "no effect, InvalidStateException",
            ),
        ]),
    Operation::write("DisableAWSOrganizationsAccess", disable).guesses(&[(
        "while there are delegated administrators",
        "InvalidStateException",
    )]),
    Operation::describe("GetAWSOrganizationsAccessStatus", get),
];

fn list_accounts(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("PortfolioId")?;
    let catalog = call.seen();
    if catalog.portfolios.get(id).is_none() {
        return Err(no_portfolio(id));
    }
    let shares = catalog.shares.get(id);
    let accounts: Vec<String> = match (shares, call.input.text("OrganizationParentId")) {
        (None, _) => Vec::new(),
        (Some(shares), None) => {
            let members = shares.nodes.keys().filter(|node| !node.contains('-'));
            let mut all: Vec<String> = shares.accounts.keys().chain(members).cloned().collect();
            all.sort_unstable();
            all.dedup();
            all
        }
        (Some(shares), Some(parent)) => {
            let organization = call.organizations.over(call.account());
            let under = organization.map(|(_, organization)| organization.under(parent));
            match shares.nodes.get(parent) {
                Some(share) => {
                    let under = under.unwrap_or_default().into_iter();
                    under
                        .filter(|one| one != call.account() && !share.missed.contains(one))
                        .collect()
                }
                None => Vec::new(),
            }
        }
    };
    let items = accounts.into_iter().map(Value::from).collect();
    Ok(page::answer("AccountIds", call.page()?.by_offset(items)))
}

fn list_nodes(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("PortfolioId")?;
    let kind = call.input.need("OrganizationNodeType")?;
    authority(call, true)?;
    let catalog = call.seen();
    if catalog.portfolios.get(id).is_none() {
        return Err(no_portfolio(id));
    }
    let begins = match kind {
        "ORGANIZATION" => "o-",
        "ORGANIZATIONAL_UNIT" => "ou-",
        _ => "",
    };
    let shares = catalog.shares.get(id).into_iter();
    let nodes = shares.flat_map(|shares| shares.nodes.keys());
    let nodes = nodes.filter(|node| match begins {
        "" => !node.contains('-'),
        begins => node.starts_with(begins),
    });
    let items = nodes.map(|node| json!({"Type": kind, "Value": node}));
    let found = call.page()?.by_offset(items.collect());
    Ok(page::answer("OrganizationNodes", found))
}

fn enable(call: &mut Call<'_>) -> Result<Value, ApiError> {
    change(call, true)
}

fn disable(call: &mut Call<'_>) -> Result<Value, ApiError> {
    if authority(call, false)?.has_delegates() {
        // The rule is documented, its code is not (a guess).
        return Err(bad_state("The organization has delegated administrators."));
    }
    change(call, false)
}

fn change(call: &mut Call<'_>, on: bool) -> Result<Value, ApiError> {
    let (now, span) = (call.ctx.now, call.ctx.timing.sharing);
    match (authority(call, false)?.access(now), on) {
        ("UNDER_CHANGE", _) => {
            return Err(bad_state("AWS Organizations access is being changed."));
        }
        ("ENABLED", true) | ("DISABLED", false) => return Ok(json!({})),
        _ => {}
    }
    let account = call.account().to_owned();
    if let Some(organization) = call.organizations.managed_by(&account) {
        organization.set_access(on, now.checked_add(span).unwrap_or(now));
    }
    Ok(json!({}))
}

fn get(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let status = authority(call, true)?.access(call.ctx.now);
    Ok(json!({ "AccessStatus": status }))
}

/// The organization of a caller who may decide over shares with its nodes: its management account, or one that is
/// delegated to where that is enough.
///
/// # Errors
/// The text of the refusal was printed by a user who was neither; that it is said by all operations alike is a guess,
/// and so is what is said outside an organization.
pub(super) fn authority<'a>(
    call: &'a Call<'_>,
    delegated: bool,
) -> Result<&'a Organization, ApiError> {
    let account = call.account();
    let organization = call
        .organizations
        .of(account)
        .ok_or_else(|| not_found("Your account is not a member of an organization."))?;
    if organization.management == account || (delegated && organization.is_delegated(account)) {
        Ok(organization)
    } else {
        Err(ApiError::new(
            "AccessDeniedException",
            "You are not authorized to perform this action",
        ))
    }
}
