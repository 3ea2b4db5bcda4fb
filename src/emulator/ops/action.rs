//! Self-service actions (facts §9.10).
//!
//! Systems Manager's documents are not here: any name is taken for one that is there, and nothing is run.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::input::{IdOrName, Input};
use super::{Call, Operation, in_use, invalid, not_found, provisioned, unsupported};
use crate::emulator::api::ApiError;
use crate::emulator::state::ServiceAction;
use crate::emulator::{page, quota};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write("CreateServiceAction", create)
        .with_token("IdempotencyToken")
        .within("a document of that name need not exist")
        .guesses(&[
            (
                "a Definition without Name or Version, or whose Parameters are no list in JSON",
                "InvalidParametersException",
            ),
            ("whether names are unique", "they are not"),
        ]),
    Operation::write("UpdateServiceAction", update)
        .guesses(&[("what a Definition does to the one there", "replaces it whole")]),
    Operation::describe("DescribeServiceAction", describe),
    Operation::write("DeleteServiceAction", delete)
        .with_token("IdempotencyToken")
        .guesses(&[("the text about one that is in use", "plain words")]),
    Operation::list("ListServiceActions", list)
        .guesses(&[("the order of actions", "that of their making")]),
    Operation::describe("DescribeServiceActionExecutionParameters", execution_parameters)
        .within(
            "the parameters that the definition names; with one of type TARGET, whose values only the document tells, \
             not supported (`NotImplemented`)",
        )
        .guesses(&[
            ("an action that the version does not have", "ResourceNotFoundException"),
            ("default values of the document", "none"),
        ]),
];

/// The type of a parameter that stands for resources of the provisioned product.
const TARGET: &str = "TARGET";

fn create(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let definition = definition(input)?.ok_or_else(|| invalid("Definition is required"))?;
    let present = call.newest().actions.len();
    quota::room(call.quotas, present, quota::ACTIONS, "service actions")?;
    let action = ServiceAction {
        id: call.ctx.new_id("act"),
        // Nothing says that it is unique (a guess).
        name: input.need("Name")?.to_owned(),
        description: input.owned("Description"),
        kind: input.need("DefinitionType")?.to_owned(),
        definition,
        places: Vec::new(),
    };
    let answer = json!({ "ServiceActionDetail": detail(&action) });
    let id = action.id.clone();
    call.edit().actions.insert(&id, action);
    Ok(answer)
}

fn update(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let id = input.need("Id")?;
    let present = call.newest().actions.get(id);
    let mut action = present.ok_or_else(|| none(id))?.as_ref().clone();
    if let Some(name) = input.owned("Name") {
        action.name = name;
    }
    if let Some(description) = input.owned("Description") {
        action.description = Some(description);
    }
    // That it is not merged is a guess.
    if let Some(definition) = definition(input)? {
        action.definition = definition;
    }
    let answer = json!({ "ServiceActionDetail": detail(&action) });
    if let Some(present) = call.edit().actions.edit(id) {
        *present = action;
    }
    Ok(answer)
}

fn describe(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("Id")?;
    let action = call.seen().actions.get(id).ok_or_else(|| none(id))?;
    Ok(json!({ "ServiceActionDetail": detail(action) }))
}

fn delete(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("Id")?;
    let catalog = call.newest();
    let action = catalog.actions.get(id).ok_or_else(|| none(id))?;
    if action.places.iter().any(|own| own.find(catalog).is_some()) {
        // The code was seen, the text is a guess (peers §C5).
        return Err(in_use(format!(
            "ServiceAction {id} is still associated with a ProvisioningArtifact"
        )));
    }
    call.edit().actions.remove(id);
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    // Oldest first (a guess).
    let page = call.page()?;
    let rows = call.seen().actions.after(page.after());
    let found = page.by_place(rows, |action| summary(action));
    Ok(page::answer("ServiceActionSummaries", found))
}

fn execution_parameters(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let wanted = IdOrName::Id(input.need("ProvisionedProductId")?);
    let id = input.need("ServiceActionId")?;
    let catalog = call.seen();
    let row = provisioned::find_own(call, catalog, wanted)?;
    let action = catalog.actions.get(id).ok_or_else(|| none(id))?;
    let mut places = action.places.iter();
    if !places.any(|own| own.product == row.product && own.version == row.version) {
        // A version without the action offers nothing to run (a guess).
        return Err(not_found(format!(
            "ServiceAction {id} is not associated with {}.",
            row.version
        )));
    }
    let mut shown = Vec::new();
    for parameter in parameters(&action.definition)? {
        if parameter.get("Type").and_then(Value::as_str) == Some(TARGET) {
            return Err(unsupported("A parameter of type TARGET"));
        }
        // The document may have default values, which nobody here knows (a guess).
        shown.push(json!({
            "DefaultValues": [],
            "Name": parameter["Name"],
            "Type": parameter["Type"],
        }));
    }
    Ok(json!({ "ServiceActionParameters": shown }))
}

/// The definition that a request gives, if it gives one.
///
/// # Errors
/// `InvalidParametersException` without what no document can do without; neither rule nor text was found (a guess).
fn definition(input: Input<'_>) -> Result<Option<BTreeMap<String, String>>, ApiError> {
    let Some(given) = input.object("Definition") else {
        return Ok(None);
    };
    let members = given.members().iter();
    let members =
        members.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    let definition: BTreeMap<String, String> = members.collect();
    for key in ["Name", "Version"] {
        if !definition.contains_key(key) {
            return Err(invalid(format!("Definition must have a {key}.")));
        }
    }
    parameters(&definition)?;
    Ok(Some(definition))
}

/// The parameters that a definition lists in JSON, each with a Name and a Type.
fn parameters(definition: &BTreeMap<String, String>) -> Result<Vec<Value>, ApiError> {
    let Some(text) = definition.get("Parameters") else {
        return Ok(Vec::new());
    };
    let listed: Option<Vec<Value>> = serde_json::from_str(text).ok();
    let whole = |one: &Value| one["Name"].is_string() && one["Type"].is_string();
    listed
        .filter(|listed| listed.iter().all(whole))
        .ok_or_else(|| invalid("Invalid Parameters in Definition."))
}

fn detail(action: &ServiceAction) -> Value {
    json!({ "Definition": action.definition, "ServiceActionSummary": summary(action) })
}

/// `ServiceActionSummary`.
pub(super) fn summary(action: &ServiceAction) -> Value {
    json!({
        "DefinitionType": action.kind,
        "Description": action.description,
        "Id": action.id,
        "Name": action.name,
    })
}

pub(super) fn none(id: &str) -> ApiError {
    not_found(format!("ServiceAction {id} not found."))
}
