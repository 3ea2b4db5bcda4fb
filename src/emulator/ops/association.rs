//! Products in portfolios (facts §9.5).

use serde_json::{Value, json};

use super::{Call, Operation, in_use, no_portfolio, no_product, not_found, unsupported};
use crate::emulator::api::ApiError;
use crate::emulator::quota;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write("AssociateProductWithPortfolio", associate)
        .within("no SourcePortfolioId (`NotImplemented`)"),
    Operation::write("DisassociateProductFromPortfolio", disassociate)
        .within("refused while constraints are there")
        .guesses(&[("with constraints there", "ResourceInUseException")]),
];

fn associate(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let (product, portfolio) = (input.need("ProductId")?, input.need("PortfolioId")?);
    if input.text("SourcePortfolioId").is_some() {
        return Err(unsupported("SourcePortfolioId"));
    }
    // A product just made may not be visible yet (facts §2.1); the newest state decides the rest.
    for catalog in [call.seen(), call.newest()] {
        if catalog.products.get(product).is_none() {
            return Err(no_product(product));
        }
    }
    let held = call.newest().portfolios.get(portfolio);
    let held = &held.ok_or_else(|| no_portfolio(portfolio))?.products;
    // The model lists no error for doing it again.
    if held.iter().any(|id| id == product) {
        return Ok(json!({}));
    }
    let limit = quota::PRODUCTS_PER_PORTFOLIO;
    quota::room(call.quotas, held.len(), limit, "products per portfolio")?;
    let catalog = call.edit();
    if let Some(row) = catalog.portfolios.edit(portfolio) {
        row.products.push(product.to_owned());
    }
    if let Some(row) = catalog.products.edit(product) {
        row.portfolios.push(portfolio.to_owned());
    }
    Ok(json!({}))
}

fn disassociate(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let (product, portfolio) = (input.need("ProductId")?, input.need("PortfolioId")?);
    let row = call.newest().portfolios.get(portfolio);
    let row = row.ok_or_else(|| no_portfolio(portfolio))?;
    if !row.products.iter().any(|id| id == product) {
        return Err(not_found("Resource not found."));
    }
    // ResourceInUseException is modelled; that constraints are the reason is a guess.
    if row.constraints.contains_key(product) {
        return Err(in_use(format!(
            "Product {product} still has associated Constraints in portfolio {portfolio}"
        )));
    }
    let catalog = call.edit();
    if let Some(row) = catalog.portfolios.edit(portfolio) {
        row.products.retain(|id| id != product);
    }
    if let Some(row) = catalog.products.edit(product) {
        row.portfolios.retain(|id| id != portfolio);
    }
    Ok(json!({}))
}
