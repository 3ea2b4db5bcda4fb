//! Shares of portfolios as their owner makes and sees them (facts §9.8).

use serde_json::{Value, json};

use super::access::authority;
use super::{Call, Operation, bad_state, invalid, no_portfolio, not_found};
use crate::emulator::api::ApiError;
use crate::emulator::state::Catalog;
use crate::emulator::state::{
    Share, ShareError, Shares, Sharing, SharingEnd, SharingKind, SharingRecord, With,
};
use crate::emulator::{page, quota};

/// A guess of three operations.
const CONCURRENT: (&str, &str) = (
    "of what only one action may go on at a time",
    "an account's shares with nodes in a region",
);

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write("CreatePortfolioShare", create).guesses(&[
        CONCURRENT,
        (
            "AccountId and OrganizationNode both or neither, a node's type and value that do not agree, an account's share with itself, SharePrincipals with an account, a portfolio that holds another account's product",
            "InvalidParametersException",
        ),
        ("a node that is not there", "ResourceNotFoundException"),
        (
            "a portfolio that another account shares",
            "ResourceNotFoundException, as if it were not there",
        ),
        ("when a share is seen", "at the end of its action"),
    ]),
    Operation::write("UpdatePortfolioShare", update).guesses(&[
        CONCURRENT,
        (
            "a share with an account",
            "changed at once: COMPLETED and a token",
        ),
        ("SharePrincipals with an account", "InvalidParametersException"),
        ("a share that is not there", "ResourceNotFoundException"),
    ]),
    Operation::write("DeletePortfolioShare", delete).guesses(&[
        CONCURRENT,
        (
            "a share with a node that is not there",
            "ResourceNotFoundException",
        ),
    ]),
    Operation::list("DescribePortfolioShares", list),
    Operation::describe("DescribePortfolioShareStatus", status).guesses(&[(
        "NOT_STARTED",
        "for the first quarter of the action's time",
    )]),
];

/// Quoted by users (facts §2.1).
const BUSY: &str =
    "Cannot process more than one portfolio share action at the same time. Try again later.";

fn create(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (id, with) = asked(call)?;
    let input = call.input;
    let share = Share {
        tag_options: input.flag("ShareTagOptions").unwrap_or(false),
        principals: input.flag("SharePrincipals").unwrap_or(false),
        ..Share::default()
    };
    permitted(&with, share.principals)?;
    let portfolio = call.newest().portfolios.get(&id);
    let portfolio = portfolio.ok_or_else(|| no_portfolio(&id))?;
    // What the model forbids; its code was not found (a guess).
    let borrows = |product: &String| call.newest().borrowed.get(product).is_some();
    if portfolio.products.iter().any(borrows) {
        return Err(invalid(format!(
            "Portfolio {id} contains a shared product and can not be shared."
        )));
    }
    let shares = call.newest().shares.get(&id);
    let present = shares.is_some_and(|shares| shares.get(&with).is_some());
    match &with {
        With::Account(account) => {
            if account == call.account() {
                return Err(invalid("A portfolio can not be shared with its owner."));
            }
            // An existing one stays as it is (facts §9.8).
            if !present {
                let count = shares.map_or(0, |shares| shares.accounts.len());
                let what = "shared accounts per portfolio";
                quota::room(call.quotas, count, quota::SHARED_ACCOUNTS, what)?;
                put(call, &id, &with, share);
            }
            Ok(json!({}))
        }
        With::Node(node) => {
            let organization = authority(call, true)?;
            if organization.access(call.ctx.now) != "ENABLED" {
                // The rule is documented, its code is not (a guess).
                return Err(ApiError::new(
                    "OperationNotSupportedException",
                    "AWS Organizations access is not enabled.",
                ));
            }
            if !organization.has_node(node) {
                return Err(not_found(format!("Organization node {node} not found.")));
            }
            let flags = (Some(share.tag_options), Some(share.principals));
            let token = begin(call, id, with, SharingKind::Create, flags)?;
            Ok(json!({ "PortfolioShareToken": token }))
        }
    }
}

fn update(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (id, with) = asked(call)?;
    let flags = (
        call.input.flag("ShareTagOptions"),
        call.input.flag("SharePrincipals"),
    );
    permitted(&with, flags.1 == Some(true))?;
    let With::Account(account) = &with else {
        authority(call, true)?;
        idle(call)?;
        present(call, &id, &with)?;
        let token = begin(call, id, with, SharingKind::Update, flags)?;
        return Ok(json!({ "PortfolioShareToken": token, "Status": "NOT_STARTED" }));
    };
    let mut share = present(call, &id, &with)?;
    share.tag_options = flags.0.unwrap_or(share.tag_options);
    let token = call.ctx.new_id("share");
    let end = SharingEnd {
        reached: vec![account.clone()],
        errors: Vec::new(),
    };
    let record = SharingRecord {
        portfolio: id.clone(),
        with: with.clone(),
        starts: call.ctx.now,
        end: Some(end),
    };
    call.edit().sharings.insert(&token, record);
    put(call, &id, &with, share);
    Ok(json!({ "PortfolioShareToken": token, "Status": "COMPLETED" }))
}

fn delete(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (id, with) = asked(call)?;
    if call.newest().portfolios.get(&id).is_none() {
        return Err(no_portfolio(&id));
    }
    if let With::Node(_) = with {
        authority(call, true)?;
        idle(call)?;
        present(call, &id, &with)?;
        let token = begin(call, id, with, SharingKind::Delete, (None, None))?;
        return Ok(json!({ "PortfolioShareToken": token }));
    }
    // One that is not there is no error: a user of the real service checked it (cloud-custodian's delete action).
    remove(call.edit(), &id, &with);
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("PortfolioId")?;
    let kind = call.input.need("Type")?;
    let catalog = call.seen();
    if catalog.portfolios.get(id).is_none() {
        return Err(no_portfolio(id));
    }
    let shares = catalog.shares.get(id);
    let shown = |principal: &String, share: &Share, accepted: bool| {
        json!({
            "Accepted": accepted,
            "PrincipalId": principal,
            "SharePrincipals": share.principals,
            "ShareTagOptions": share.tag_options,
            "Type": kind,
        })
    };
    let region = &call.ctx.region;
    let accepted = |account: &String| {
        let recipient = call.elsewhere.catalog(account, region);
        let import = recipient.and_then(|catalog| catalog.imports.get(id));
        import.is_some_and(|import| import.accepted)
    };
    let items = shares.map_or_else(Vec::new, |shares| match kind {
        "ACCOUNT" => {
            let accounts = shares.accounts.iter();
            accounts
                .map(|(account, share)| shown(account, share, accepted(account)))
                .collect()
        }
        // Through the organization all is imported by itself (the model's text of Accepted).
        _ => {
            let nodes = shares.nodes.iter();
            nodes
                .filter(|(node, _)| describes(node) == kind)
                .map(|(node, share)| shown(node, share, true))
                .collect()
        }
    });
    let found = call.page()?.by_offset(items);
    Ok(page::answer("PortfolioShareDetails", found))
}

fn status(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let token = call.input.need("PortfolioShareToken")?;
    let found = call.seen().sharings.get(token);
    // The text is a guess by the pattern of the product's.
    let found = found.ok_or_else(|| not_found(format!("PortfolioShare {token} not found.")))?;
    if let With::Node(_) = found.with {
        authority(call, true)?;
    }
    let none = (Vec::new(), Vec::new());
    let (state, (reached, errors)) = match &found.end {
        None if call.at() < found.starts => ("NOT_STARTED", none),
        None => ("IN_PROGRESS", none),
        Some(SharingEnd { reached, errors }) => {
            let state = match (reached.is_empty(), errors.is_empty()) {
                (_, true) => "COMPLETED",
                (false, false) => "COMPLETED_WITH_ERRORS",
                (true, false) => "ERROR",
            };
            (state, (reached.clone(), errors.clone()))
        }
    };
    let errors = errors.iter().map(
        |ShareError {
             error,
             message,
             accounts,
         }| { json!({"Accounts": accounts, "Error": error, "Message": message}) },
    );
    let (With::Account(node) | With::Node(node)) = &found.with;
    Ok(json!({
        "OrganizationNodeValue": node,
        "PortfolioId": found.portfolio,
        "PortfolioShareToken": token,
        "ShareDetails": {"ShareErrors": errors.collect::<Value>(), "SuccessfulShares": reached},
        "Status": state,
    }))
}

/// The portfolio and whom the share is with.
fn asked(call: &Call<'_>) -> Result<(String, With), ApiError> {
    let input = call.input;
    let id = input.need("PortfolioId")?.to_owned();
    let with = match (input.text("AccountId"), input.object("OrganizationNode")) {
        (Some(account), None) => With::Account(account.to_owned()),
        (None, Some(node)) => {
            // The last part of an ARN is the id (peers §C6).
            let value = node.need("Value")?;
            let value = value.rsplit('/').next().unwrap_or(value);
            let kind = match node.need("Type")? {
                "ACCOUNT" => "ORGANIZATION_MEMBER_ACCOUNT",
                other => other,
            };
            if describes(value) != kind {
                return Err(invalid(format!("{value} is not of type {kind}.")));
            }
            With::Node(value.to_owned())
        }
        _ => {
            return Err(invalid(
                "Exactly one of AccountId and OrganizationNode must be provided.",
            ));
        }
    };
    Ok((id, with))
}

/// `Type` of a share with a node, which its id tells.
fn describes(node: &str) -> &'static str {
    match node.split_once('-') {
        Some(("o", _)) => "ORGANIZATION",
        Some(("ou", _)) => "ORGANIZATIONAL_UNIT",
        _ => "ORGANIZATION_MEMBER_ACCOUNT",
    }
}

/// Principals are shared with the organization and its units only (facts §9.8; the code is a guess).
fn permitted(with: &With, principals: bool) -> Result<(), ApiError> {
    let node = match with {
        With::Account(_) => false,
        With::Node(node) => describes(node) != "ORGANIZATION_MEMBER_ACCOUNT",
    };
    if principals && !node {
        return Err(invalid(
            "SharePrincipals is only supported for an organization or an organizational unit.",
        ));
    }
    Ok(())
}

/// The share as it is.
fn present(call: &Call<'_>, id: &str, with: &With) -> Result<Share, ApiError> {
    let catalog = call.newest();
    if catalog.portfolios.get(id).is_none() {
        return Err(no_portfolio(id));
    }
    let shares = catalog.shares.get(id);
    let share = shares.and_then(|shares| shares.get(with)).cloned();
    let (With::Account(to) | With::Node(to)) = with;
    share.ok_or_else(|| not_found(format!("Portfolio {id} is not shared with {to}.")))
}

/// # Errors
/// Another action on a share with a node goes on.
fn idle(call: &Call<'_>) -> Result<(), ApiError> {
    if call.partition.sharing.is_empty() {
        Ok(())
    } else {
        Err(bad_state(BUSY))
    }
}

/// Begins an action and returns its token.
fn begin(
    call: &mut Call<'_>,
    portfolio: String,
    with: With,
    kind: SharingKind,
    (tag_options, principals): (Option<bool>, Option<bool>),
) -> Result<String, ApiError> {
    idle(call)?;
    let token = call.ctx.new_id("share");
    let (now, span) = (call.ctx.now, call.ctx.timing.sharing);
    let record = SharingRecord {
        portfolio: portfolio.clone(),
        with: with.clone(),
        starts: now.checked_add(span / 4).unwrap_or(now),
        end: None,
    };
    let fails = call.doom.sharing.clone();
    call.partition.sharing.push(Sharing {
        token: token.clone(),
        ends: now.checked_add(span).unwrap_or(now),
        portfolio,
        with,
        kind,
        tag_options,
        principals,
        fails: fails.map(|(error, message)| ShareError {
            error,
            message,
            accounts: Vec::new(),
        }),
    });
    call.edit().sharings.insert(&token, record);
    Ok(token)
}

fn put(call: &mut Call<'_>, id: &str, with: &With, share: Share) {
    let catalog = call.edit();
    if catalog.shares.get(id).is_none() {
        catalog.shares.insert(id, Shares::default());
    }
    if let Some(shares) = catalog.shares.edit(id) {
        shares.put(with, share);
    }
}

fn remove(catalog: &mut Catalog, id: &str, with: &With) {
    if let Some(shares) = catalog.shares.edit(id) {
        shares.remove(with);
        if shares.is_empty() {
            catalog.shares.remove(id);
        }
    }
}
