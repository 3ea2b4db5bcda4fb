//! Searches of products: indexes, which lag (facts §9.1).

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::{Value, json};

use super::product::{detail, summary};
use super::{Call, Operation, no_portfolio};
use crate::emulator::api::ApiError;
use crate::emulator::page;
use crate::emulator::state::Product;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::list("SearchProductsAsAdmin", search_as_admin)
        .within("whole; FullTextSearch by words")
        .guesses(&[
            (
                "how FullTextSearch matches",
                "every word must occur in a text of the product",
            ),
            (
                "products of other accounts, without PortfolioId",
                "those of portfolios that are shared and accepted, unless ProductSource is ACCOUNT",
            ),
            (
                "what SourceProductId finds",
                "the product itself, no copies",
            ),
        ]),
    Operation::list("SearchProducts", search)
        .within("no ProductViewAggregations; FullTextSearch by words")
        .guesses(&[(
            "how FullTextSearch matches",
            "every word must occur in a text of the product",
        )]),
];

fn search_as_admin(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let view = call.view();
    let mut rows: Vec<(u64, &Arc<Product>)> = match call.input.text("PortfolioId") {
        None => {
            let own = view.own.products.iter();
            own.chain(view.shared_products()).collect()
        }
        Some(id) => {
            let portfolio = view.portfolio(id).ok_or_else(|| no_portfolio(id))?;
            view.products_of(portfolio)
        }
    };
    // The only source there is: the account itself.
    if call.input.text("ProductSource").is_some() {
        rows.retain(|(_, product)| product.account == call.account());
    }
    let found = paged(call, rows, |product| {
        // The recorded search shows the time of the newest version, Describe that of the product.
        let newest = product.versions.iter().map(|version| version.created).max();
        detail(call, product, newest.unwrap_or(product.created))
    })?;
    Ok(page::answer("ProductViewDetails", found))
}

fn search(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let view = call.view();
    let principal = &call.ctx.caller.principal;
    let own = view.own.products.iter();
    let rows = own
        .chain(view.shared_products())
        .filter(|(_, product)| !view.open_to(product, principal).is_empty())
        .collect();
    let found = paged(call, rows, summary)?;
    Ok(page::answer("ProductViewSummaries", found))
}

fn paged(
    call: &Call<'_>,
    mut rows: Vec<(u64, &Arc<Product>)>,
    show: impl Fn(&Product) -> Value,
) -> Result<(Vec<Value>, Option<String>), ApiError> {
    let page = call.page()?;
    rows.retain(|(_, product)| passes(call, product));
    let Some(by) = call.input.text("SortBy") else {
        return Ok(page.by_place(rows.into_iter().map(|(place, row)| (place, show(row)))));
    };
    rows.sort_by(|(_, a), (_, b)| compare(by, a, b));
    if call.input.text("SortOrder") == Some("DESCENDING") {
        rows.reverse();
    }
    let (rows, next) = page.by_offset(rows);
    Ok((rows.into_iter().map(|(_, row)| show(row)).collect(), next))
}

fn compare(by: &str, a: &Product, b: &Product) -> Ordering {
    match by {
        "VersionCount" => a.versions.len().cmp(&b.versions.len()),
        "CreationDate" => a.created.cmp(&b.created),
        _ => a.name.cmp(&b.name),
    }
}

/// Whether all filters let a product through; of one filter's values any may match.
fn passes(call: &Call<'_>, product: &Product) -> bool {
    let Some(filters) = call.input.object("Filters") else {
        return true;
    };
    filters.members().keys().all(|key| {
        filters.texts(key).any(|value| match key.as_str() {
            "Owner" => product.owner == value,
            "ProductType" => product.kind == value,
            // What it finds was not said: recorded versions name their own product as their source (a guess).
            "SourceProductId" => product.id == value,
            _ => has_words(product, value),
        })
    })
}

/// How the service matches texts is not documented (facts §12): every word must occur somewhere (a guess).
fn has_words(product: &Product, text: &str) -> bool {
    let mut hay = json!([product.name, product.owner, product.id, product.kind]).to_string();
    for text in product.texts.values() {
        hay.push(' ');
        hay.push_str(text);
    }
    let hay = hay.to_lowercase();
    text.to_lowercase()
        .split_whitespace()
        .all(|word| hay.contains(word))
}
