//! Reading provisioned products (facts §9.3).

use std::sync::Arc;

use serde_json::{Value, json};

use super::input::{IdOrName, tag_list};
use super::record::Subject;
use super::{Call, Operation, invalid, not_found};
use crate::emulator::api::ApiError;
use crate::emulator::state::{Catalog, Content, Provisioned, Status};
use crate::emulator::{ids, page, wire};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::describe("DescribeProvisionedProduct", describe)
        .within("no dashboards")
        .guesses(&[("work on what is UNDER_CHANGE", "InvalidParametersException")]),
    Operation::list("ScanProvisionedProducts", scan),
    Operation::list("SearchProvisionedProducts", search)
        .within("without SortBy in another order at every call, as observed")
        .guesses(&[
            ("how terms of SearchQuery combine", "all must hold"),
            (
                "how SearchQuery writes a createdTime",
                "as the beginning of an ISO 8601 time",
            ),
            ("how what one owned before looks to him", "not found"),
        ]),
];

/// What is launched here without a STACKSET constraint, and with one.
const KIND: &str = "CFN_STACK";
pub(super) const SET: &str = "CFN_STACKSET";

/// The type that is shown.
pub(super) fn kind(set: bool) -> &'static str {
    if set { SET } else { KIND }
}

fn describe(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let wanted = call.input.one_of("Id", "Name")?;
    let found = find_own(call, call.seen(), wanted)?;
    Ok(json!({
        "CloudWatchDashboards": [],
        "ProvisionedProductDetail": detail(found),
    }))
}

/// Those not terminated, oldest first, as recorded.
fn scan(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let level = Level::of(call, "User")?;
    let page = call.page()?;
    let rows = call.seen().provisioned.after(page.after());
    let rows = rows
        .filter(|(_, row)| level.admits(&row.user, &row.session))
        .filter(|(_, row)| visible(call, row));
    let found = page.by_place(rows, |row| detail(row));
    Ok(page::answer("ProvisionedProducts", found))
}

/// Without SortBy the order is another one at every call and the token an offset into it, so that
/// pages repeat and miss things (facts §5).
fn search(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let level = Level::of(call, "Account")?;
    let filters = call.input.object("Filters");
    let queries: Vec<&str> = filters
        .into_iter()
        .flat_map(|filters| filters.texts("SearchQuery"))
        .collect();
    let rows = call.seen().provisioned.iter().map(|(_, row)| row);
    let mut rows: Vec<Arc<Provisioned>> = rows
        .filter(|row| level.admits(&row.user, &row.session))
        .filter(|row| visible(call, row))
        .filter(|row| queries.iter().all(|query| matches(row, query)))
        .cloned()
        .collect();
    match call.input.text("SortBy") {
        None => shuffle(&mut rows, call),
        Some(by) => {
            if !["arn", "id", "name", "lastRecordId"].contains(&by) {
                return Err(invalid(format!("Invalid SortBy: {by}")));
            }
            rows.sort_by(|a, b| field(a, by).cmp(&field(b, by)));
            if call.input.text("SortOrder") == Some("DESCENDING") {
                rows.reverse();
            }
        }
    }
    let total = rows.len();
    let (rows, next) = call.page()?.by_offset(rows);
    Ok(json!({
        "NextPageToken": next,
        "ProvisionedProducts": rows.iter().map(|row| attribute(row)).collect::<Value>(),
        "TotalResultsCount": total,
    }))
}

fn shuffle(rows: &mut [Arc<Provisioned>], call: &mut Call<'_>) {
    for end in (1..rows.len()).rev() {
        let other = call.ctx.entropy.below(end as u64 + 1) as usize;
        rows.swap(end, other);
    }
}

/// `field:value` or a bare term, several of them separated by blanks that are not in quotes; all must hold. How the
/// service combines terms is not documented (facts §12; a guess).
fn matches(row: &Provisioned, query: &str) -> bool {
    let mut quoted = false;
    let terms = query.split(|char: char| {
        quoted ^= char == '"';
        char.is_whitespace() && !quoted
    });
    let mut terms = terms.filter(|term| !term.is_empty());
    terms.all(|term| {
        let said = term.split_once(':').filter(|(key, _)| FIELDS.contains(key));
        match said {
            Some(("tags", value)) => tagged(row, value),
            Some(("createdTime", value)) => created(row, value),
            Some((key, value)) => {
                let value = value.trim_matches('"');
                field(row, key).is_some_and(|held| held.eq_ignore_ascii_case(value))
            }
            None => {
                let term = term.trim_matches('"').to_lowercase();
                let held = FIELDS.iter().filter_map(|key| field(row, key));
                held.into_iter()
                    .any(|held| held.to_lowercase().contains(&term))
            }
        }
    })
}

/// `key:value`, `key` or `value` of a tag.
fn tagged(row: &Provisioned, wanted: &str) -> bool {
    let wanted = wanted.trim_matches('"');
    row.tags
        .iter()
        .any(|(key, value)| key == wanted || value == wanted || format!("{key}:{value}") == wanted)
}

/// A time as the service writes none, its format being in no document: the beginning of an ISO 8601 one, be it a day,
/// a second or all of it (a guess).
fn created(row: &Provisioned, wanted: &str) -> bool {
    let wanted = wanted.trim_matches('"').trim_end_matches('Z');
    let at = format!("{:.3}", wire::whole_millis(row.created));
    !wanted.is_empty() && at.starts_with(wanted)
}

/// What SearchQuery may name (facts §5).
const FIELDS: [&str; 18] = [
    "arn",
    "createdTime",
    "id",
    "idempotencyToken",
    "lastProvisioningRecordId",
    "lastRecordId",
    "lastSuccessfulProvisioningRecordId",
    "name",
    "physicalId",
    "productId",
    "productName",
    "provisioningArtifactId",
    "provisioningArtifactName",
    "status",
    "tags",
    "type",
    "userArn",
    "userArnSession",
];

fn field<'a>(row: &'a Provisioned, name: &str) -> Option<&'a str> {
    match name {
        "arn" => Some(&row.arn),
        "id" => Some(&row.id),
        "idempotencyToken" => Some(&row.token),
        "lastProvisioningRecordId" => row.last_provisioning.as_deref(),
        "lastRecordId" => row.last_record.as_deref(),
        "lastSuccessfulProvisioningRecordId" => row.last_success.as_deref(),
        "name" => Some(&row.name),
        "physicalId" => row.stack.as_deref(),
        "productId" => Some(&row.product),
        "productName" => Some(&row.product_name),
        "provisioningArtifactId" => Some(&row.version),
        "provisioningArtifactName" => row.version_name.as_deref(),
        "status" => Some(row.status.as_str()),
        "type" => Some(kind(row.set)),
        "userArn" => Some(&row.user),
        "userArnSession" => Some(&row.session),
        _ => None,
    }
}

/// Whose objects a caller asks for.
#[derive(Debug)]
pub(super) enum Level {
    Account,
    Role(String),
    User(String),
}

impl Level {
    /// Reads AccessLevelFilter; only `self` is a value of it (facts §5).
    ///
    /// # Errors
    /// `InvalidParametersException` for another value, or a key the model lacks.
    pub(super) fn of(call: &Call<'_>, default: &str) -> Result<Self, ApiError> {
        let filter = call.input.object("AccessLevelFilter");
        let key = filter.and_then(|filter| filter.text("Key"));
        let value = filter.and_then(|filter| filter.text("Value"));
        if value.is_some_and(|value| value != "self") {
            return Err(invalid("The only value of AccessLevelFilter is self."));
        }
        let caller = &call.ctx.caller;
        match key.unwrap_or(default) {
            "Account" => Ok(Self::Account),
            "Role" => Ok(Self::Role(caller.principal.clone())),
            _ => Ok(Self::User(caller.arn.clone())),
        }
    }

    pub(super) fn admits(&self, principal: &str, session: &str) -> bool {
        match self {
            Self::Account => true,
            Self::Role(own) => own == principal,
            Self::User(own) => own == session,
        }
    }
}

/// A new one of the caller's, of which there is only a plan so far.
pub(super) fn young(
    call: &Call<'_>,
    about: &Subject,
    token: &str,
    content: Content,
) -> Provisioned {
    let (region, account) = (&call.ctx.region, call.account());
    let (id, name) = (about.provisioned.clone(), about.provisioned_name.clone());
    Provisioned {
        arn: ids::provisioned_arn(region, account, &name, &id),
        id,
        name,
        created: wire::whole_millis(call.ctx.now),
        status: Status::PlanInProgress,
        message: None,
        token: token.to_owned(),
        product: about.product.clone(),
        product_name: content.product_name,
        version: about.version.clone(),
        version_name: content.version_name,
        launch_role: about.launch_role.clone(),
        own_role: false,
        former: Vec::new(),
        set: about.set,
        stack: None,
        own_tags: content.own_tags,
        tags: content.tags,
        user: call.ctx.caller.principal.clone(),
        session: call.ctx.caller.arn.clone(),
        path: about.path.clone(),
        last_record: None,
        last_provisioning: None,
        last_success: None,
    }
}

/// The provisioned product of that id, name or ARN.
///
/// # Errors
/// It is not there (or no more).
pub(super) fn find<'a>(
    catalog: &'a Catalog,
    wanted: IdOrName<'_>,
) -> Result<&'a Arc<Provisioned>, ApiError> {
    let (id, arn) = match wanted {
        IdOrName::Id(id) => (Some(id), None),
        // An ARN ends in the id.
        IdOrName::Name(arn) if arn.starts_with("arn:") => (arn.rsplit('/').next(), Some(arn)),
        IdOrName::Name(name) => (catalog.names.get(name).map(String::as_str), None),
    };
    // It must be of this account and region too.
    id.and_then(|id| catalog.provisioned.get(id))
        .filter(|row| arn.is_none_or(|arn| row.arn == arn))
        .ok_or_else(none)
}

fn none() -> ApiError {
    not_found("Provisioned product not found.")
}

/// Whether the caller may see it: who owned it once does so no more (facts §9.3).
pub(super) fn visible(call: &Call<'_>, row: &Provisioned) -> bool {
    !row.former.contains(&call.ctx.caller.principal)
}

/// As [`find`], as far as the caller may see it. That the others' read as not there is a guess.
pub(super) fn find_own<'a>(
    call: &Call<'_>,
    catalog: &'a Catalog,
    wanted: IdOrName<'_>,
) -> Result<&'a Arc<Provisioned>, ApiError> {
    let found = find(catalog, wanted)?;
    if visible(call, found) {
        Ok(found)
    } else {
        Err(none())
    }
}

/// The refusal of work on what is being worked on; its code and text were not found (facts §12; a guess).
pub(super) fn busy(row: &Provisioned) -> ApiError {
    invalid(busy_text(row))
}

/// What is said then, under whatever code.
pub(super) fn busy_text(row: &Provisioned) -> String {
    let status = row.status.as_str();
    format!("Provisioned product {} is in status {status}.", row.id)
}

/// `ProvisionedProductDetail`.
fn detail(row: &Provisioned) -> Value {
    json!({
        "Arn": row.arn,
        "CreatedTime": wire::time(row.created),
        "Id": row.id,
        "IdempotencyToken": row.token,
        "LastProvisioningRecordId": row.last_provisioning,
        "LastRecordId": row.last_record,
        "LastSuccessfulProvisioningRecordId": row.last_success,
        "LaunchRoleArn": row.launch_role,
        "Name": row.name,
        "ProductId": row.product,
        "ProvisioningArtifactId": row.version,
        "Status": row.status.as_str(),
        "StatusMessage": row.message,
        "Type": kind(row.set),
    })
}

/// `ProvisionedProductAttribute`: the only shape with PhysicalId, tags and user (facts §9.3).
fn attribute(row: &Provisioned) -> Value {
    let mut shown = detail(row);
    let tags = row.tags.iter().map(|(key, value)| (key, value));
    shown["PhysicalId"] = json!(row.stack);
    shown["ProductName"] = json!(row.product_name);
    shown["ProvisioningArtifactName"] = json!(row.version_name);
    shown["Tags"] = tag_list(tags);
    shown["UserArn"] = json!(row.user);
    shown["UserArnSession"] = json!(row.session);
    // This shape has no launch role (model).
    shown["LaunchRoleArn"] = Value::Null;
    shown
}
