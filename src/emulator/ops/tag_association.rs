//! TagOptions on portfolios and products (facts §9.7).

use serde_json::{Value, json};

use super::accepted::hold;
use super::view::View;
use super::{Call, Operation, bad_state, invalid, no_resource, not_found, tag_option};
use crate::emulator::api::ApiError;
use crate::emulator::state::Catalog;
use crate::emulator::{ids, page, quota, wire};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write("AssociateTagOptionWithResource", associate).guesses(&[
        ("the text about one that is associated", "plain words"),
        ("an inactive TagOption", "InvalidStateException"),
    ]),
    Operation::write("DisassociateTagOptionFromResource", disassociate)
        .guesses(&[("the text about one that is not associated", "plain words")]),
    Operation::list("ListResourcesForTagOption", list).guesses(&[
        (
            "a ResourceType that is neither Portfolio nor Product",
            "InvalidParametersException",
        ),
        ("the order of resources", "that of their association"),
    ]),
];

fn associate(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let (resource, id) = (input.need("ResourceId")?, input.need("TagOptionId")?);
    // What was just made may not be visible yet, as with products and portfolios (facts §7).
    let mut owner = None;
    for view in [call.view(), call.newest_view()] {
        let catalog = view.own;
        // A recipient may add to a portfolio that is shared with it (the administrator's guide), and not to products.
        owner = view
            .import(resource)
            .map(|import| import.owner.account.to_owned());
        if catalog.attached(resource).is_none() && owner.is_none() {
            return Err(no_resource(resource));
        }
        if catalog.options.get(id).is_none() {
            return Err(tag_option::none(id));
        }
    }
    let catalog = call.newest();
    let attached = catalog
        .attached(resource)
        .map(|own| own.tag_options.as_slice());
    let held = catalog.imports.get(resource);
    let held = held.map(|held| held.tag_options.as_slice());
    let present = attached.or(held).unwrap_or_default();
    if present.iter().any(|own| own == id) {
        // The code was seen, the text is a guess (peers §C5).
        return Err(ApiError::new(
            "DuplicateResourceException",
            format!("TagOption {id} is already associated with {resource}"),
        ));
    }
    // This is the one operation on TagOptions with that code: what it is for is not documented (a guess).
    if catalog.options.get(id).is_some_and(|option| !option.active) {
        return Err(bad_state(format!("TagOption {id} is inactive")));
    }
    let (limit, what) = (quota::TAG_OPTIONS, "TagOptions per resource");
    quota::room(call.quotas, present.len(), limit, what)?;
    if let Some(owner) = owner {
        hold(call, resource, owner, |import| {
            import.tag_options.push(id.to_owned());
        });
    } else if let Some(attached) = call.edit().attached_mut(resource) {
        attached.tag_options.push(id.to_owned());
    }
    let catalog = call.edit();
    if let Some(option) = catalog.options.edit(id) {
        option.resources.push(resource.to_owned());
    }
    Ok(json!({}))
}

fn disassociate(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let (resource, id) = (input.need("ResourceId")?, input.need("TagOptionId")?);
    let option = call.newest().options.get(id);
    let option = option.ok_or_else(|| tag_option::none(id))?;
    if !option.resources.iter().any(|own| own == resource) {
        return Err(not_found(format!(
            "TagOption {id} is not associated with {resource}."
        )));
    }
    let catalog = call.edit();
    if let Some(attached) = catalog.attached_mut(resource) {
        attached.tag_options.retain(|own| own != id);
    }
    if let Some(held) = catalog.imports.edit(resource) {
        held.tag_options.retain(|own| own != id);
    }
    if let Some(option) = catalog.options.edit(id) {
        option.resources.retain(|own| own != resource);
    }
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("TagOptionId")?;
    let (portfolios, products) = match call.input.text("ResourceType") {
        None => (true, true),
        Some("Portfolio") => (true, false),
        Some("Product") => (false, true),
        // Any text passes the model; the code is a guess.
        Some(other) => return Err(invalid(format!("Invalid ResourceType: {other}"))),
    };
    let (view, catalog) = (call.view(), call.seen());
    let option = catalog.options.get(id);
    let option = option.ok_or_else(|| tag_option::none(id))?;
    let resources = option.resources.iter();
    let items = resources
        .filter_map(|id| match portfolio(call, &view, id) {
            Some(detail) => portfolios.then_some(detail),
            None => product(call, catalog, id).filter(|_| products),
        })
        .collect();
    let found = call.page()?.by_offset(items);
    Ok(page::answer_of_tag_options("ResourceDetails", found))
}

fn portfolio(call: &Call<'_>, view: &View<'_>, id: &str) -> Option<Value> {
    let row = view.portfolio(id)?;
    Some(json!({
        "ARN": ids::portfolio_arn(&call.ctx.region, &row.account, id),
        "CreatedTime": wire::time(row.created),
        "Description": row.description,
        "Id": id,
        "Name": row.name,
    }))
}

fn product(call: &Call<'_>, catalog: &Catalog, id: &str) -> Option<Value> {
    let row = catalog.products.get(id)?;
    Some(json!({
        "ARN": ids::product_arn(&call.ctx.region, call.account(), id),
        "CreatedTime": wire::time(row.created),
        "Description": row.texts.get("Description"),
        "Id": id,
        "Name": row.name,
    }))
}
