//! Self-service actions on versions, one by one and in batches (facts §9.10).

use serde_json::{Value, json};

use super::input::Input;
use super::{Call, Operation, action, no_product, not_found, product, version};
use crate::emulator::api::ApiError;
use crate::emulator::state::Catalog;
use crate::emulator::state::Place;
use crate::emulator::{page, quota};

/// How far both batches go.
const BATCH: &str =
    "no THROTTLING or INTERNAL_FAILURE of single associations: a batch is throttled as a whole";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write("AssociateServiceActionWithProvisioningArtifact", associate)
        .with_token("IdempotencyToken")
        .guesses(&[("texts", "plain words")]),
    Operation::write(
        "DisassociateServiceActionFromProvisioningArtifact",
        disassociate,
    )
    .with_token("IdempotencyToken")
    .guesses(&[("the text about one that is not associated", "plain words")]),
    Operation::write(
        "BatchAssociateServiceActionWithProvisioningArtifact",
        batch_associate,
    )
    .within(BATCH)
    .guesses(&[("texts", "plain words")]),
    Operation::write(
        "BatchDisassociateServiceActionFromProvisioningArtifact",
        batch_disassociate,
    )
    .within(BATCH)
    .guesses(&[("texts", "plain words")]),
    Operation::list("ListServiceActionsForProvisioningArtifact", list_actions).guesses(&[
        ("the order of actions", "that of their making"),
        ("whether a launch path is needed", "it is not"),
    ]),
    Operation::list("ListProvisioningArtifactsForServiceAction", list_versions)
        .guesses(&[("the order of versions", "that of their association")]),
];

fn associate(call: &mut Call<'_>) -> Result<Value, ApiError> {
    add(call, call.input)?;
    Ok(json!({}))
}

fn disassociate(call: &mut Call<'_>) -> Result<Value, ApiError> {
    remove(call, call.input)?;
    Ok(json!({}))
}

fn batch_associate(call: &mut Call<'_>) -> Result<Value, ApiError> {
    Ok(each(call, add))
}

fn batch_disassociate(call: &mut Call<'_>) -> Result<Value, ApiError> {
    Ok(each(call, remove))
}

/// One after the other; those that fail are answered, the others are done.
fn each(call: &mut Call<'_>, work: fn(&mut Call<'_>, Input<'_>) -> Result<(), ApiError>) -> Value {
    let mut failed = Vec::new();
    for one in call.input.objects("ServiceActionAssociations") {
        let Err(error) = work(call, one) else {
            continue;
        };
        let code = match error.code.as_str() {
            "DuplicateResourceException" => "DUPLICATE_RESOURCE",
            "LimitExceededException" => "LIMIT_EXCEEDED",
            "ResourceNotFoundException" => "RESOURCE_NOT_FOUND",
            _ => "INVALID_PARAMETER",
        };
        failed.push(json!({
            "ErrorCode": code,
            "ErrorMessage": error.message,
            "ProductId": one.text("ProductId"),
            "ProvisioningArtifactId": one.text("ProvisioningArtifactId"),
            "ServiceActionId": one.text("ServiceActionId"),
        }));
    }
    json!({ "FailedServiceActionAssociations": failed })
}

fn add(call: &mut Call<'_>, input: Input<'_>) -> Result<(), ApiError> {
    let (id, place) = (input.need("ServiceActionId")?, place(input)?);
    // What was just made may not be visible yet (facts §7).
    for catalog in [call.seen(), call.newest()] {
        there(catalog, &place)?;
        if catalog.actions.get(id).is_none() {
            return Err(action::none(id));
        }
    }
    let catalog = call.newest();
    let action = catalog.actions.get(id).ok_or_else(|| action::none(id))?;
    if action.places.contains(&place) {
        // The codes are in the model, the texts are guesses.
        return Err(ApiError::new(
            "DuplicateResourceException",
            format!(
                "ServiceAction {id} is already associated with {}",
                place.version
            ),
        ));
    }
    let own = catalog.actions_of(&place.product);
    let own = own.filter(|(_, version)| *version == place.version);
    let (limit, what) = (quota::ACTIONS_PER_VERSION, "service actions per version");
    quota::room(call.quotas, own.count(), limit, what)?;
    if let Some(action) = call.edit().actions.edit(id) {
        action.places.push(place);
    }
    Ok(())
}

fn remove(call: &mut Call<'_>, input: Input<'_>) -> Result<(), ApiError> {
    let (id, place) = (input.need("ServiceActionId")?, place(input)?);
    let action = call.newest().actions.get(id);
    let action = action.ok_or_else(|| action::none(id))?;
    if !action.places.contains(&place) {
        return Err(not_found(format!(
            "ServiceAction {id} is not associated with {}.",
            place.version
        )));
    }
    if let Some(action) = call.edit().actions.edit(id) {
        action.places.retain(|own| *own != place);
    }
    Ok(())
}

fn list_actions(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let place = place(call.input)?;
    let catalog = call.seen();
    there(catalog, &place)?;
    // Administrators and users ask this; that neither needs a launch path is a guess.
    let own = catalog.actions_of(&place.product);
    let own = own.filter(|(_, version)| *version == place.version);
    let items = own.map(|(action, _)| action::summary(action)).collect();
    let found = call.page()?.by_offset(items);
    Ok(page::answer("ServiceActionSummaries", found))
}

fn list_versions(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("ServiceActionId")?;
    let catalog = call.seen();
    let action = catalog.actions.get(id).ok_or_else(|| action::none(id))?;
    let places = action.places.iter();
    // In the order of their association (a guess).
    let items = places
        .filter_map(|place| place.find(catalog))
        .map(|(product, version)| {
            json!({
                "ProductViewSummary": product::summary(product),
                "ProvisioningArtifact": version::short(version),
            })
        })
        .collect();
    let found = call.page()?.by_offset(items);
    Ok(page::answer("ProvisioningArtifactViews", found))
}

fn place(input: Input<'_>) -> Result<Place, ApiError> {
    Ok(Place {
        product: input.need("ProductId")?.to_owned(),
        version: input.need("ProvisioningArtifactId")?.to_owned(),
    })
}

fn there(catalog: &Catalog, place: &Place) -> Result<(), ApiError> {
    if catalog.products.get(&place.product).is_none() {
        return Err(no_product(&place.product));
    }
    let found = place.find(catalog).map(|_| ());
    found.ok_or_else(|| version::no_version(&place.version))
}
