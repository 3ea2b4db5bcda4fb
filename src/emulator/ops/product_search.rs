//! Searches of products: indexes, which lag (facts §9.1).

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::{Value, json};

use super::product::{detail, summary};
use super::view::View;
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
            ("the order without SortBy", "oldest first"),
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
        .guesses(&[
            (
                "how FullTextSearch matches",
                "every word must occur in a text of the product",
            ),
            ("the order without SortBy", "oldest first"),
        ]),
];

fn search_as_admin(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let view = call.view();
    // The only source there is: the account itself.
    let own_alone = call.input.text("ProductSource").is_some();
    let wanted = |product: &Product| !own_alone || product.account == call.account();
    let show = |product: &Product| {
        // The recorded search shows the time of the newest version, Describe that of the product.
        let newest = product.versions.iter().map(|version| version.created).max();
        detail(call, product, newest.unwrap_or(product.created))
    };
    let found = match call.input.text("PortfolioId") {
        None => all(call, &view, wanted, show)?,
        Some(id) => {
            let portfolio = view.portfolio(id).ok_or_else(|| no_portfolio(id))?;
            let rows = view.products_of(portfolio).into_iter();
            paged(call, rows.filter(|(_, product)| wanted(product)), show)?
        }
    };
    Ok(page::answer("ProductViewDetails", found))
}

fn search(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let view = call.view();
    let principal = &call.ctx.caller.principal;
    let open = |product: &Product| !view.open_to(product, principal).is_empty();
    let found = all(call, &view, open, summary)?;
    Ok(page::answer("ProductViewSummaries", found))
}

type Paged = Result<(Vec<Value>, Option<String>), ApiError>;

/// A page of all that the caller sees; where the order is theirs, from the rows on where the page begins.
fn all(
    call: &Call<'_>,
    view: &View<'_>,
    wanted: impl Fn(&Product) -> bool,
    show: impl Fn(&Product) -> Value,
) -> Paged {
    let sorted = call.input.text("SortBy").is_some();
    let after = call.page()?.after().filter(|_| !sorted);
    let own = view.own.products.after(after);
    let rows = own.chain(view.shared_products());
    paged(call, rows.filter(|(_, product)| wanted(product)), show)
}

fn paged<'a>(
    call: &Call<'_>,
    rows: impl Iterator<Item = (u64, &'a Arc<Product>)>,
    show: impl Fn(&Product) -> Value,
) -> Paged {
    let page = call.page()?;
    let rows = rows.filter(|(_, product)| passes(call, product));
    let Some(by) = call.input.text("SortBy") else {
        return Ok(page.by_place(rows, |product| show(product)));
    };
    let mut rows: Vec<_> = rows.collect();
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
