//! Products in portfolios (facts §9.5).

use serde_json::{Value, json};

use super::propagate::give_back;
use super::{Call, Operation, in_use, invalid, no_portfolio, no_product, not_found};
use crate::emulator::api::ApiError;
use crate::emulator::quota;
use crate::emulator::state::Borrowed;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write("AssociateProductWithPortfolio", associate).guesses(&[
        ("a product that is in the portfolio", "no error"),
        (
            "another account's product without a SourcePortfolioId, and one that the source does not hold",
            "ResourceNotFoundException, as if it were not there",
        ),
        (
            "another account's product into a portfolio that is shared",
            "InvalidParametersException",
        ),
        (
            "constraints on another account's product that is gone from its source",
            "they go with it",
        ),
    ]),
    Operation::write("DisassociateProductFromPortfolio", disassociate)
        .within("refused while constraints are there")
        .guesses(&[
            ("with constraints there", "ResourceInUseException"),
            (
                "a product that is not in the portfolio",
                "ResourceNotFoundException, in CreateConstraint's words",
            ),
        ]),
];

fn associate(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let (product, portfolio) = (input.need("ProductId")?, input.need("PortfolioId")?);
    let lent = match input.text("SourcePortfolioId") {
        Some(source) => lender(call, product, source)?,
        None => None,
    };
    // A product just made may not be visible yet (facts §2.1); the newest state decides the rest.
    for catalog in [call.seen(), call.newest()] {
        if lent.is_none() && catalog.products.get(product).is_none() {
            return Err(no_product(product));
        }
    }
    let held = call.newest().portfolios.get(portfolio);
    let held = &held.ok_or_else(|| no_portfolio(portfolio))?.products;
    // The model lists no error for doing it again; no answer was seen (a guess).
    if held.iter().any(|id| id == product) {
        return Ok(json!({}));
    }
    let limit = quota::PRODUCTS_PER_PORTFOLIO;
    quota::room(call.quotas, held.len(), limit, "products per portfolio")?;
    // What is shared cannot be shared on (facts §8.2).
    if lent.is_some() && call.is_shared(portfolio) {
        return Err(invalid(format!(
            "Portfolio {portfolio} is shared and can not contain a shared product."
        )));
    }
    let catalog = call.edit();
    if let Some(row) = catalog.portfolios.edit(portfolio) {
        row.products.push(product.to_owned());
    }
    match lent {
        None => {
            if let Some(row) = catalog.products.edit(product) {
                row.portfolios.push(portfolio.to_owned());
            }
        }
        Some((source, owner)) => {
            let row = Borrowed {
                portfolio: portfolio.to_owned(),
                source,
                owner,
            };
            match catalog.borrowed.edit(product) {
                Some(rows) => rows.push(row),
                None => catalog.borrowed.insert(product, vec![row]),
            }
        }
    }
    Ok(json!({}))
}

/// The shared portfolio that another's product is taken from, and whose it is; `None` for a product of one's own.
///
/// # Errors
/// The source does not hold the product, or is not shared.
fn lender(
    call: &Call<'_>,
    product: &str,
    source: &str,
) -> Result<Option<(String, String)>, ApiError> {
    let mut lent = None;
    for view in [call.view(), call.newest_view()] {
        let portfolio = view.portfolio(source).ok_or_else(|| no_portfolio(source))?;
        if !portfolio.products.iter().any(|id| id == product) {
            return Err(no_product(product));
        }
        let import = view.import(source);
        lent = import.map(|import| (source.to_owned(), import.owner.account.to_owned()));
    }
    Ok(lent)
}

fn disassociate(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let (product, portfolio) = (input.need("ProductId")?, input.need("PortfolioId")?);
    let row = call.newest().portfolios.get(portfolio);
    let row = row.ok_or_else(|| no_portfolio(portfolio))?;
    if !row.products.iter().any(|id| id == product) {
        // As of CreateConstraint (a guess).
        return Err(not_found("Resource not found."));
    }
    // ResourceInUseException is modelled; that constraints are the reason is a guess.
    if row.constraints.contains_key(product) {
        return Err(in_use(format!(
            "Product {product} still has associated Constraints in portfolio {portfolio}"
        )));
    }
    let catalog = call.edit();
    give_back(catalog, product, portfolio);
    if let Some(row) = catalog.products.edit(product) {
        row.portfolios.retain(|id| id != portfolio);
    }
    Ok(json!({}))
}
