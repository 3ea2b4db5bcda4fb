//! UpdateProvisionedProduct: other parameters, another version, another product (facts §9.3).

use std::sync::Arc;

use serde_json::{Value, json};

use super::input::{IdOrName, Input};
use super::provision::{Target, auto_tags, begin, capabilities, said, tags, target, topics};
use super::record::Subject;
use super::{Call, Operation, invalid, provisioned, record, stack_set};
use crate::emulator::api::ApiError;
use crate::emulator::cfn::stack_set::Action;
use crate::emulator::cfn::{ChangeStack, NO_UPDATES, Param, ParamValue};
use crate::emulator::state::{ChangeKind, Provisioned, Status, Work};

pub(super) const OPERATIONS: &[Operation] = &[Operation::write("UpdateProvisionedProduct", update)
    .with_token("UpdateToken")
    .within("as ProvisionProduct")
    .guesses(&[
        ("with tags but without RESOURCE_UPDATE", "refused"),
        (
            "a RESOURCE_UPDATE that came after the launch (one user says that it does nothing)",
            "counts",
        ),
        ("without changes", "ends well"),
        ("without tags", "keeps them"),
        ("in ERROR, UNDER_CHANGE or PLAN_IN_PROGRESS", "refused"),
        (
            "parameters that are not sent",
            "the template's default, as CloudFormation has it",
        ),
        (
            "what is shown after one that failed",
            "the attempted version, and the launch's IdempotencyToken",
        ),
        ("the tags that an imported stack had", "they go"),
        (
            "topics of a NOTIFICATION constraint that has gone",
            "they stay",
        ),
        (
            "a stack under a STACKSET constraint, and a stack set without one",
            "InvalidParametersException",
        ),
        (
            "StackSetOperationType CREATE where there is an instance already, UPDATE and DELETE where there is none",
            "the record FAILED, and nothing is done",
        ),
        (
            "StackSetOperationType CREATE and DELETE with other parameters or tags",
            "ignored, as the model says of another product and version; those are not shown either",
        ),
        (
            "an instance whose stack could not be made",
            "UPDATE tries again",
        ),
    ])];

type Pairs = Vec<(String, String)>;

fn update(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let wanted = input.one_of("ProvisionedProductId", "ProvisionedProductName")?;
    let present = Arc::clone(provisioned::find_own(call, call.newest(), wanted)?);
    ready(&present)?;
    let target = resolve(call, &present)?;
    stack_set::same_kind(&present, &target)?;
    let constraint = target.policy.stack_set.clone();
    let rollout = constraint
        .as_ref()
        .map(|set| stack_set::rollout(input, set));
    let rollout = rollout.transpose()?;
    // Instances come and go of the set as it is: a version and a product that are sent are ignored (model), and so are
    // tags (a guess).
    let instances_only = rollout.as_ref().is_some_and(|o| o.action != Action::Update);
    let asked = input.tags("Tags")?;
    let (own_tags, mut tags) = new_tags(call, &present, &target, asked)?;
    if constraint.is_some() {
        tags = stack_set::without_auto_tags(&tags);
    }
    let stack = present.stack.clone().ok_or_else(not_running)?;
    let parameters = parameters(input)?;
    let work = match constraint.zip(rollout) {
        Some((constraint, rollout)) => {
            let begun = stack_set::update(
                call,
                &stack,
                &target,
                &constraint,
                parameters,
                &tags,
                rollout,
            );
            match begun {
                Ok((set, operation)) => Work::Set { set, operation },
                Err(error) => Work::Refused(said(&error, &mut call.ctx)),
            }
        }
        None => {
            let change = ChangeStack {
                template: Some(target.version.template.clone()),
                parameters,
                tags: Some(tags.clone()),
                notification_arns: Some(topics(call, Some(&stack), &target, input)),
                capabilities: capabilities(&target.version.template),
                rules: target.policy.rules.clone(),
                ..ChangeStack::default()
            };
            match call.partition.stacks.update(&mut call.ctx, &stack, change) {
                Ok(()) => Work::Stack(stack),
                // An update without changes ends well (a guess: only plans are known to fail on it).
                Err(error) if error.message == NO_UPDATES => Work::Nothing,
                Err(error) => Work::Refused(said(&error, &mut call.ctx)),
            }
        }
    };
    let (id, name) = (present.id.clone(), present.name.clone());
    let about = match instances_only {
        true => Subject::of(&present),
        false => Subject::aimed(&id, &name, &target),
    };
    let record = record::open(call, "UPDATE_PROVISIONED_PRODUCT", about);
    let answer = json!({ "RecordDetail": record::detail(&record) });
    if instances_only {
        tags.clone_from(&present.tags);
    }
    if let Some(row) = call.edit().provisioned.edit(&id) {
        match instances_only {
            true => row.begin(&record),
            false => row.attempt(&record, target.content(own_tags, tags.clone())),
        }
    }
    begin(call, record, ChangeKind::Update, work, tags, None);
    Ok(answer)
}

/// Only what is at rest with a stack can be updated; the code for the others was not found (a guess).
fn ready(present: &Provisioned) -> Result<(), ApiError> {
    match present.status {
        Status::Available | Status::Tainted => Ok(()),
        Status::UnderChange | Status::PlanInProgress => Err(provisioned::busy(present)),
        Status::Error => Err(not_running()),
    }
}

fn not_running() -> ApiError {
    invalid("The provisioned product is in status ERROR and can not be updated.")
}

/// What is not named stays as it is; the path is chosen anew each time, since it may be gone.
fn resolve(call: &Call<'_>, present: &Provisioned) -> Result<Target, ApiError> {
    let input = call.input;
    let product = input.at_most_one_of("ProductId", "ProductName")?;
    let version = input.at_most_one_of("ProvisioningArtifactId", "ProvisioningArtifactName")?;
    let path = input.at_most_one_of("PathId", "PathName")?;
    target(
        call,
        product.unwrap_or(IdOrName::Id(&present.product)),
        version.unwrap_or(IdOrName::Id(&present.version)),
        path,
        Some(present),
    )
}

/// The caller's own tags after an update, and all.
///
/// # Errors
/// Tags are sent that the constraints do not allow. That is documented, its code and text are not (facts §9.3; a
/// guess).
pub(super) fn new_tags(
    call: &Call<'_>,
    present: &Provisioned,
    target: &Target,
    asked: Pairs,
) -> Result<(Pairs, Pairs), ApiError> {
    if !asked.is_empty() && !target.policy.tag_updates {
        return Err(invalid(
            "Tag updates are not allowed: the product has no RESOURCE_UPDATE constraint with \
             TagUpdateOnProvisionedProduct ALLOWED.",
        ));
    }
    let own_tags = own_tags(present, asked);
    let all = if target.policy.tag_updates {
        tags(call, target, &present.arn, &own_tags)?
    } else {
        // TagOptions that came after the launch do nothing then: users had to launch anew. Only AutoTags move: those
        // are back-filled by every update (facts §10.1). The tags that an imported stack had go, since UpdateStack
        // replaces them all (a guess).
        let kept = present
            .tags
            .iter()
            .filter(|(key, _)| !key.starts_with("aws:"));
        let mut all = auto_tags(call, target, &present.arn);
        all.extend(kept.cloned());
        all
    };
    Ok((own_tags, all))
}

/// The tags sent replace the caller's own, except that taking some away and changing nothing else
/// does nothing (a user's report, facts §9.3). None sent keeps them (a guess).
fn own_tags(present: &Provisioned, asked: Vec<(String, String)>) -> Vec<(String, String)> {
    if asked.iter().all(|tag| present.own_tags.contains(tag)) {
        present.own_tags.clone()
    } else {
        asked
    }
}

/// Parameters that are not sent take the template's default, as CloudFormation does (facts §9.3 leaves it open; a guess).
pub(super) fn parameters(input: Input<'_>) -> Result<Vec<Param>, ApiError> {
    input
        .objects("ProvisioningParameters")
        .map(|parameter| {
            let value = parameter.text("Value");
            self::parameter(
                parameter.need("Key")?,
                value,
                parameter.flag("UsePreviousValue"),
            )
        })
        .collect()
}

/// One parameter: a value or the previous one.
pub(super) fn parameter(
    key: &str,
    value: Option<&str>,
    previous: Option<bool>,
) -> Result<Param, ApiError> {
    match (previous, value) {
        (Some(true), None) => Ok(Param {
            key: key.to_owned(),
            value: ParamValue::Previous,
        }),
        (Some(true), Some(_)) => Err(invalid(format!(
            "Parameter {key} can not have both a value and UsePreviousValue."
        ))),
        (_, value) => Ok(Param::text(key, value.unwrap_or(""))),
    }
}
