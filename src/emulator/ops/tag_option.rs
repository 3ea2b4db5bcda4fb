//! The library of TagOptions (facts §9.7).

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Call, Operation, in_use, invalid, not_found};
use crate::emulator::api::ApiError;
use crate::emulator::state::Catalog;
use crate::emulator::state::TagOption;
use crate::emulator::{page, quota};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write("CreateTagOption", create)
        .guesses(&[("the text about one that is there", "plain words")]),
    Operation::write("UpdateTagOption", update).guesses(&[
        ("neither a Value nor Active", "InvalidParametersException"),
        ("Active as it is", "let in"),
    ]),
    Operation::describe("DescribeTagOption", describe),
    Operation::write("DeleteTagOption", delete)
        .guesses(&[("the text about one that is in use", "plain words")]),
    Operation::list("ListTagOptions", list).guesses(&[
        ("how filters combine", "all must hold"),
        ("the order of TagOptions", "that of their making"),
    ]),
];

fn create(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (key, value) = (call.input.need("Key")?, call.input.need("Value")?);
    let catalog = call.newest();
    unique(catalog, key, value)?;
    let same = catalog.options.iter().filter(|(_, own)| own.key == key);
    let (limit, what) = (quota::TAG_VALUES, "values per TagOption key");
    quota::room(call.quotas, same.count(), limit, what)?;
    let option = TagOption {
        id: call.ctx.new_id("tag"),
        key: key.to_owned(),
        value: value.to_owned(),
        // An inactive one is made by an update that follows (facts, peers §C5).
        active: true,
        owner: call.account().to_owned(),
        resources: Vec::new(),
    };
    let answer = json!({ "TagOptionDetail": detail(&option) });
    let id = option.id.clone();
    call.edit().options.insert(&id, option);
    Ok(answer)
}

fn update(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let id = input.need("Id")?;
    let present = call.newest().options.get(id);
    let mut option = present.ok_or_else(|| none(id))?.as_ref().clone();
    let (value, active) = (input.owned("Value"), input.flag("Active"));
    if value.is_none() && active.is_none() {
        // Neither is required by the model (a guess).
        return Err(invalid("Either Value or Active must be provided."));
    }
    if let Some(value) = value {
        // Its own value counts as one that is there: clients send only what changes (peers §C5).
        unique(call.newest(), &option.key, &value)?;
        option.value = value;
    }
    // That Active alone may stay as it is was not found to be refused (a guess).
    option.active = active.unwrap_or(option.active);
    let answer = json!({ "TagOptionDetail": detail(&option) });
    if let Some(present) = call.edit().options.edit(id) {
        *present = option;
    }
    Ok(answer)
}

fn describe(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("Id")?;
    let option = call.seen().options.get(id).ok_or_else(|| none(id))?;
    Ok(json!({ "TagOptionDetail": detail(option) }))
}

fn delete(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("Id")?;
    let option = call.newest().options.get(id).ok_or_else(|| none(id))?;
    if !option.resources.is_empty() {
        // The code is documented, the text is a guess.
        return Err(in_use(format!(
            "TagOption {id} is still associated with a Portfolio or Product"
        )));
    }
    call.edit().options.remove(id);
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let filters = call.input.object("Filters");
    // How they combine is not documented, nor is the order of what is found (guesses).
    let passes = |option: &TagOption| {
        filters.is_none_or(|filters| {
            filters.text("Key").is_none_or(|key| option.key == key)
                && filters.text("Value").is_none_or(|own| option.value == own)
                && filters.flag("Active").is_none_or(|on| option.active == on)
        })
    };
    let page = call.page()?;
    let rows = call.seen().options.after(page.after());
    let rows = rows.filter(|(_, option)| passes(option));
    let found = page.by_place(rows, |option| detail(option));
    Ok(page::answer_of_tag_options("TagOptionDetails", found))
}

/// # Errors
/// `DuplicateResourceException` when the key has that value already; of its text only "already exists" was found
/// (peers §C5; the rest is a guess).
fn unique(catalog: &Catalog, key: &str, value: &str) -> Result<(), ApiError> {
    let mut options = catalog.options.iter();
    if options.any(|(_, own)| own.key == key && own.value == value) {
        return Err(ApiError::new(
            "DuplicateResourceException",
            format!("TagOption with key {key} and value {value} already exists"),
        ));
    }
    Ok(())
}

/// `TagOptionDetail`; Owner came after the transcripts of 2019.
fn detail(option: &TagOption) -> Value {
    json!({
        "Active": option.active,
        "Id": option.id,
        "Key": option.key,
        "Owner": option.owner,
        "Value": option.value,
    })
}

/// `TagOptions` of a portfolio or product: those that are inactive stay associated (facts §8.3).
pub(super) fn details(options: Vec<&Arc<TagOption>>) -> Value {
    options.into_iter().map(|option| detail(option)).collect()
}

pub(super) fn none(id: &str) -> ApiError {
    not_found(format!("TagOption {id} not found."))
}
