//! The Resource Groups Tagging API, as far as it finds portfolios and products: JSON 1.1.
//!
//! What it knows is from its model: who has or had a tag is listed, all filters must hold, and of one filter's values
//! any may match. It is an index of its own, so it lags as searches do.

use serde_json::{Map, Value, json};

use super::api::{ApiError, Ctx};
use super::ops::{Input, unsupported};
use super::page::{self, Page};
use super::state::{Catalog, Tags};
use super::validate::TAGGING;
use super::{ids, wire};

/// Resources on a page when none is asked for: older documentation says so, today's nothing (a guess).
const DEFAULT_SIZE: u64 = 50;
/// The largest page.
const MAX_SIZE: u64 = 100;
/// The service part of the ARNs that there are.
const SERVICE: &str = "catalog";
const PORTFOLIO: &str = "catalog:portfolio";
const PRODUCT: &str = "catalog:product";
/// What may not stand beside a list of ARNs.
const EXCLUSIVE: [&str; 5] = [
    "TagFilters",
    "ResourceTypeFilters",
    "ResourcesPerPage",
    "TagsPerPage",
    "PaginationToken",
];

/// Answers one request from a catalog that may be a past one.
///
/// # Errors
/// As the model says; what the service has and this has not is refused plainly.
pub(super) fn handle(
    catalog: &Catalog,
    ctx: &Ctx<'_>,
    operation: &str,
    body: &[u8],
) -> Result<Value, ApiError> {
    if !TAGGING.known(operation) {
        return Err(ApiError::new("UnknownOperationException", ""));
    }
    let members = wire::read(body)?;
    TAGGING.check(operation, &members)?;
    if operation != "GetResources" {
        return Err(unsupported(operation));
    }
    get_resources(catalog, ctx, &members)
}

fn get_resources(
    catalog: &Catalog,
    ctx: &Ctx<'_>,
    members: &Map<String, Value>,
) -> Result<Value, ApiError> {
    let input = Input::new(members);
    let detailed = input.flag("IncludeComplianceDetails") == Some(true);
    if input.flag("ExcludeCompliantResources") == Some(true) && !detailed {
        return Err(invalid(
            "ExcludeCompliantResources can be used only with IncludeComplianceDetails.",
        ));
    }
    if detailed {
        return Err(unsupported("IncludeComplianceDetails"));
    }
    let (region, account) = (ctx.region.as_str(), ctx.caller.account.as_str());
    if members.contains_key("ResourceARNList") {
        if let Some(other) = EXCLUSIVE.iter().find(|other| members.contains_key(**other)) {
            return Err(invalid(format!(
                "ResourceARNList can not be used together with {other}."
            )));
        }
        let arns: Vec<&str> = input.texts("ResourceARNList").collect();
        // Of other services' resources nothing is known here, not even that they have no tags.
        let own = format!("arn:aws:{SERVICE}:");
        if !arns.iter().all(|arn| arn.starts_with(&own)) {
            return Err(unsupported("An ARN of another service"));
        }
        let found = all(catalog, region, account);
        let found = found.filter(|row| arns.contains(&row.arn.as_str()));
        let list: Vec<Value> = found.map(Row::shown).collect();
        return Ok(json!({ "PaginationToken": "", "ResourceTagMappingList": list }));
    }
    if members.contains_key("TagsPerPage") {
        return Err(unsupported("TagsPerPage"));
    }
    let kinds: Vec<&str> = input.texts("ResourceTypeFilters").collect();
    let known = |kind: &&str| [SERVICE, PORTFOLIO, PRODUCT].contains(kind);
    if kinds.is_empty() || !kinds.iter().all(known) {
        // An answer would lack stacks, buckets and all the rest.
        return Err(unsupported(
            "GetResources of anything but catalog, catalog:portfolio and catalog:product",
        ));
    }
    let size = match members.get("ResourcesPerPage").and_then(Value::as_i64) {
        None => DEFAULT_SIZE,
        Some(size) => u64::try_from(size)
            .ok()
            .filter(|size| (1..=MAX_SIZE).contains(size))
            // The code is the model's for what is out of range, the text is a guess.
            .ok_or_else(|| invalid("ResourcesPerPage must be between 1 and 100."))?,
    };
    let seal = page::seal("GetResources", members, &["PaginationToken"]);
    // Which code a token of another query gets is a guess; none expires here.
    let page = Page::open(size, input.text("PaginationToken"), seal)
        .ok_or_else(|| invalid("The PaginationToken is invalid."))?;
    let filters: Vec<Input<'_>> = input.objects("TagFilters").collect();
    let found = all(catalog, region, account)
        .filter(|row| {
            kinds
                .iter()
                .any(|kind| *kind == SERVICE || *kind == row.kind)
        })
        .filter(|row| filters.iter().all(|filter| row.passes(*filter)));
    let (rows, next) = page.by_offset(found.collect());
    let list: Vec<Value> = rows.into_iter().map(Row::shown).collect();
    // Empty rather than absent on the last page, as clients show it.
    let next = next.unwrap_or_default();
    Ok(json!({ "PaginationToken": next, "ResourceTagMappingList": list }))
}

/// One resource that has or had a tag.
struct Row<'a> {
    kind: &'static str,
    arn: String,
    tags: &'a Tags,
}

impl Row<'_> {
    fn passes(&self, filter: Input<'_>) -> bool {
        let Some(key) = filter.text("Key") else {
            return true;
        };
        let mut values = filter.texts("Values").peekable();
        self.tags
            .get(key)
            .is_some_and(|own| values.peek().is_none() || values.any(|value| value == own))
    }

    fn shown(self) -> Value {
        let tags = self.tags.iter();
        let tags = tags.map(|(key, value)| json!({"Key": key, "Value": value}));
        json!({ "ResourceARN": self.arn, "Tags": tags.collect::<Value>() })
    }
}

/// Portfolios before products, oldest first (the order is a guess).
fn all<'a>(
    catalog: &'a Catalog,
    region: &'a str,
    account: &'a str,
) -> impl Iterator<Item = Row<'a>> {
    let portfolios = catalog.portfolios.iter();
    let portfolios = portfolios.filter(|(_, row)| row.attached.tagged);
    let products = catalog.products.iter();
    let products = products.filter(|(_, row)| row.attached.tagged);
    portfolios
        .map(move |(_, row)| Row {
            kind: PORTFOLIO,
            arn: ids::portfolio_arn(region, account, &row.id),
            tags: &row.tags,
        })
        .chain(products.map(move |(_, row)| Row {
            kind: PRODUCT,
            arn: ids::product_arn(region, account, &row.id),
            tags: &row.tags,
        }))
}

fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", text)
}
