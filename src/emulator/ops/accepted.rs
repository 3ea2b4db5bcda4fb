//! Shared portfolios as their recipients accept and see them (facts §9.8).

use serde_json::{Value, json};

use super::view::nodes;
use super::{Call, Operation, not_found, portfolio};
use crate::emulator::api::ApiError;
use crate::emulator::page;
use crate::emulator::state::{Import, Shares};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write("AcceptPortfolioShare", accept).guesses(&[
        (
            "AWS_ORGANIZATIONS, where nothing has to be accepted",
            "takes a rejection back",
        ),
        ("a share that is accepted", "no error"),
        ("how many portfolios an account may accept", "any number"),
    ]),
    Operation::write("RejectPortfolioShare", reject).guesses(&[
        (
            "what becomes of the share",
            "it stays with its owner and can be accepted later",
        ),
        (
            "what the recipient had added to the portfolio",
            "it is gone",
        ),
    ]),
    Operation::list("ListAcceptedPortfolioShares", list).guesses(&[(
        "AWS_SERVICECATALOG",
        "an empty list: there are no portfolios of AWS's own",
    )]),
];

const IMPORTED: &str = "IMPORTED";
const ORGANIZATIONS: &str = "AWS_ORGANIZATIONS";

fn accept(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("PortfolioId")?;
    let kind = call.input.text("PortfolioShareType").unwrap_or(IMPORTED);
    let owner = offer(call, id, kind)?;
    hold(call, id, owner, |import| match kind {
        IMPORTED => import.accepted = true,
        _ => import.rejected = false,
    });
    Ok(json!({}))
}

fn reject(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("PortfolioId")?;
    let kind = call.input.text("PortfolioShareType").unwrap_or(IMPORTED);
    let owner = offer(call, id, kind)?;
    hold(call, id, owner, |import| match kind {
        IMPORTED => import.accepted = false,
        _ => import.rejected = true,
    });
    // What was added through the share goes with it, unless another one still brings the portfolio (a guess): that is
    // taken away as when the owner ends it.
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let kind = call.input.text("PortfolioShareType").unwrap_or(IMPORTED);
    let view = call.view();
    let rows = view.imports().into_iter();
    let rows = rows.filter(|import| match kind {
        IMPORTED => import.accepted.is_some(),
        ORGANIZATIONS => import.inherited,
        _ => false,
    });
    let rows = rows.map(|import| (import.place, import.portfolio));
    let found = call
        .page()?
        .by_place(rows, |portfolio| portfolio::detail(call, portfolio));
    Ok(page::answer("PortfolioDetails", found))
}

/// Whose the portfolio is that is offered in this way.
///
/// # Errors
/// It is not; in the words of a user who accepted in the wrong way (peers §C6).
fn offer(call: &Call<'_>, id: &str, kind: &str) -> Result<String, ApiError> {
    let account = call.account();
    let offers = |owner: &str, shares: &Shares| match kind {
        IMPORTED => shares.accounts.contains_key(account),
        ORGANIZATIONS => {
            let mut over = nodes(call.organizations, owner, account).into_iter();
            over.any(|node| shares.nodes.contains_key(&node))
        }
        // "Not supported. (Throws ResourceNotFoundException.)" (facts §9.8).
        _ => false,
    };
    // A share may not be visible yet; the newest state decides the rest.
    let all = [call.elsewhere, call.elsewhere.newest()].map(|elsewhere| {
        let owners = elsewhere.neighbours(&call.ctx.region);
        let mut owners = owners.filter(|owner| {
            let shares = owner.catalog.shares.get(id);
            shares.is_some_and(|shares| offers(owner.account, shares))
        });
        owners.next().map(|owner| owner.account.to_owned())
    });
    match all {
        [Some(_), Some(owner)] => Ok(owner),
        _ => Err(not_found(format!("Portfolio not found: {id}"))),
    }
}

/// Changes what this account holds of a shared portfolio.
pub(super) fn hold(call: &mut Call<'_>, id: &str, owner: String, change: impl FnOnce(&mut Import)) {
    let catalog = call.edit();
    if catalog.imports.get(id).is_none() {
        let import = Import {
            owner,
            ..Import::default()
        };
        catalog.imports.insert(id, import);
    }
    if let Some(import) = catalog.imports.edit(id) {
        change(import);
    }
}
