//! ImportAsProvisionedProduct: a stack that is there becomes a provisioned product (facts §9.3, §10.4).
//!
//! Nothing is done to the stack: constraints and AutoTags come with the first update. No error of this operation was
//! ever printed, so all texts are guesses.

use std::sync::Arc;

use serde_json::{Value, json};

use super::input::IdOrName;
use super::provision::begin;
use super::record::Subject;
use super::{
    Call, Operation, bad_state, invalid, no_product, not_found, provisioned, record, unsupported,
    version,
};
use crate::emulator::api::ApiError;
use crate::emulator::cfn::node::Node;
use crate::emulator::cfn::{Stack, StackStatus};
use crate::emulator::state::{Catalog, ChangeKind, Content, Version, Work};

pub(super) const OPERATIONS: &[Operation] =
    &[Operation::write("ImportAsProvisionedProduct", import)
        .with_token("IdempotencyToken")
        .within("CloudFormation products and stacks of the same account and region")
        .guesses(&[
            (
                "which template matches",
                "one that says the same in YAML or JSON, in whatever order",
            ),
            (
                "a template that does not match",
                "InvalidParametersException (a fault lets the record say it)",
            ),
            (
                "a stack's name, a stack set, a nested stack",
                "InvalidParametersException",
            ),
            ("another state of the stack", "InvalidStateException"),
            ("a stack that is not there", "ResourceNotFoundException"),
            ("a name that is taken", "InvalidParametersException"),
            (
                "a stack that a provisioned product has",
                "DuplicateResourceException",
            ),
            (
                "while another import runs in the account and region",
                "InvalidStateException",
            ),
            ("a deprecated version; no launch path", "both are let in"),
            (
                "its record",
                "RecordType IMPORT_PROVISIONED_PRODUCT, no PathId, no outputs",
            ),
            (
                "what is shown until the first update",
                "no tags and no Last…ProvisioningRecordId",
            ),
            (
                "how long it takes",
                "as a stack needs to begin and a record to end",
            ),
            (
                "one that fails",
                "ERROR, with the stack as PhysicalId: terminating deletes it unless it is retained",
            ),
        ])];

fn import(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let product = input.need("ProductId")?;
    let name = input.need("ProvisionedProductName")?;
    let found = call.view().product(product).cloned();
    let product = found.ok_or_else(|| no_product(product))?;
    let version = IdOrName::Id(input.need("ProvisioningArtifactId")?);
    // A deprecated one may be: what is imported exists already (a guess). Whether the caller must have a path to the
    // product is not documented; here he need not (a guess).
    let version = Arc::clone(version::find(&product, version)?);
    version::usable(&version, call.ctx.now)?;
    // A stack can belong to no other.
    if product.kind != version::CLOUDFORMATION {
        return Err(unsupported(&format!(
            "Importing a {} product",
            product.kind
        )));
    }
    let stack = find(call, input.need("PhysicalId")?)?;
    importable(stack)?;
    let stack_id = stack.id.clone();
    let agrees = matches(stack, &version);
    unclaimed(call.newest(), name, &stack_id)?;
    let mut changes = call.partition.changes.iter();
    if changes.any(|change| change.kind == ChangeKind::Import) {
        // The rule is documented; that it is per account and region, and its code, are guesses.
        return Err(bad_state(
            "Cannot import more than one provisioned product at the same time. Try again later.",
        ));
    }
    let work = match &call.doom.importing {
        Some(reason) => Work::Refused(reason.clone()),
        None if agrees => Work::Nothing,
        // It may as well be said by the record; the fault does that (a guess).
        None => {
            return Err(invalid(format!(
                "The template of stack {stack_id} does not match that of ProvisioningArtifact {}.",
                version.id
            )));
        }
    };
    let id = call.ctx.new_id("pp");
    let about = Subject {
        provisioned: id.clone(),
        provisioned_name: name.to_owned(),
        product: product.id.clone(),
        version: version.id.clone(),
        // The request names none, and none is chosen (facts §12; a guess).
        path: None,
        launch_role: None,
        set: false,
    };
    let content = Content {
        product_name: product.name.clone(),
        version_name: version.name.clone(),
        own_tags: Vec::new(),
        tags: Vec::new(),
    };
    let mut row = provisioned::young(call, &about, input.need("IdempotencyToken")?, content);
    // Of no source of AWS's own: two other emulators say so (facts §9.3; a guess).
    let record = record::open(call, "IMPORT_PROVISIONED_PRODUCT", about);
    // At once, and also after an import that fails: terminating that one deletes the stack (a guess).
    row.stack = Some(stack_id);
    row.begin(&record);
    // The model's list of what counts as provisioning lacks imports (facts §9.3; a guess).
    row.last_provisioning = None;
    let answer = json!({ "RecordDetail": record::detail(&record) });
    let catalog = call.edit();
    catalog.names.insert(name.to_owned(), id.clone());
    catalog.provisioned.insert(&id, row);
    begin(call, record, ChangeKind::Import, work, Vec::new(), None);
    Ok(answer)
}

/// The stack of that ARN. Another account's or region's is not there, nor is one that has been deleted.
fn find<'a>(call: &'a Call<'_>, arn: &str) -> Result<&'a Stack, ApiError> {
    if !is_stack_arn(arn) {
        return Err(invalid(format!(
            "Invalid PhysicalId: {arn}. Only CloudFormation stack ARNs are supported."
        )));
    }
    let found = call.partition.stacks.get(arn);
    let alive = found.filter(|stack| stack.status != StackStatus::DeleteComplete);
    alive.ok_or_else(|| not_found(format!("Stack {arn} not found.")))
}

/// `arn:aws:cloudformation:<region>:<account>:stack/<name>/<uuid>`: neither a name nor a stack set.
pub(super) fn is_stack_arn(arn: &str) -> bool {
    let resource = arn
        .strip_prefix("arn:aws:cloudformation:")
        .and_then(|rest| rest.splitn(3, ':').nth(2));
    resource.is_some_and(|resource| {
        let parts: Vec<&str> = resource.split('/').collect();
        matches!(parts[..], ["stack", name, id] if !name.is_empty() && !id.is_empty())
    })
}

/// Refuses a name and a stack that a provisioned product has.
fn unclaimed(catalog: &Catalog, name: &str, stack: &str) -> Result<(), ApiError> {
    // By the precedent of ProvisionProduct, not DuplicateResourceException (facts §9.3; a guess).
    if catalog.names.contains_key(name) {
        return Err(invalid(format!("A stack named {name} already exists.")));
    }
    let mut rows = catalog.provisioned.iter().map(|(_, row)| row);
    match rows.find(|row| row.stack.as_deref() == Some(stack)) {
        // The one use of this code that suggests itself (a guess).
        Some(owner) => Err(ApiError::new(
            "DuplicateResourceException",
            format!("Stack {stack} belongs to {} already.", owner.id),
        )),
        None => Ok(()),
    }
}

/// Refuses nested stacks and all states but the five documented ones. Which code is for what is a guess.
fn importable(stack: &Stack) -> Result<(), ApiError> {
    if stack.nested.is_some() {
        return Err(invalid(format!(
            "Stack {} is nested and can not be imported.",
            stack.id
        )));
    }
    match stack.status {
        StackStatus::CreateComplete
        | StackStatus::UpdateComplete
        | StackStatus::UpdateRollbackComplete
        | StackStatus::ImportComplete
        | StackStatus::ImportRollbackComplete => Ok(()),
        status => Err(bad_state(format!(
            "Stack {} is in status {} and can not be imported.",
            stack.id,
            status.as_str()
        ))),
    }
}

/// What "matches" means is not documented (facts §10.4). Here both say the same, in YAML or JSON, in whatever order
/// (a guess); what is no tree must be the same bytes.
fn matches(stack: &Stack, version: &Version) -> bool {
    if stack.template == version.template {
        return true;
    }
    let trees = Node::parse(&stack.template)
        .ok()
        .zip(Node::parse(&version.template).ok());
    trees.is_some_and(|(stack, version)| stack.matches(&version))
}
