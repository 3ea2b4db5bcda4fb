//! ExecuteProvisionedProductPlan: what was planned is done (facts §9.4).

use std::sync::Arc;

use serde_json::{Value, json};

use super::input::IdOrName;
use super::plan_shapes::State;
use super::provision::{begin, said};
use super::{Call, Operation, bad_state, plan, provisioned, record};
use crate::emulator::api::ApiError;
use crate::emulator::state::{ChangeKind, Plan, Provisioned, Status, Work};

pub(super) const OPERATIONS: &[Operation] =
    &[Operation::write("ExecuteProvisionedProductPlan", execute)
        .with_token("IdempotencyToken")
        .guesses(&[
            (
                "its RecordType",
                "PROVISION_PRODUCT or UPDATE_PROVISIONED_PRODUCT",
            ),
            (
                "a plan in another status than CREATE_SUCCESS",
                "InvalidStateException",
            ),
            ("a plan of what has changed since", "InvalidStateException"),
            ("when the plan ends", "with its record"),
            (
                "which constraints hold",
                "those of the plan's creation; rules were judged then",
            ),
        ])];

fn execute(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("PlanId")?;
    let catalog = call.newest();
    let plan = Arc::clone(plan::find_own(call, catalog, id)?);
    let found = provisioned::find(catalog, IdOrName::Id(&plan.provisioned))?;
    let present = Arc::clone(found);
    let status = State::of(&plan, catalog, call.ctx.now).status;
    // Modelled is InvalidStateException alone, neither when nor its words are known (a guess).
    if status != "CREATE_SUCCESS" {
        return Err(bad_state(format!(
            "Plan {id} is in status {status} and can not be executed."
        )));
    }
    ready(call, &plan, &present)?;
    let work = work(call, &plan)?;
    let (type_name, kind) = if plan.launches {
        ("PROVISION_PRODUCT", ChangeKind::Provision)
    } else {
        ("UPDATE_PROVISIONED_PRODUCT", ChangeKind::Update)
    };
    // One that was set since holds; the plan has the constraints' (a guess, as of updates).
    let launch_role = if present.own_role {
        present.launch_role.clone()
    } else {
        plan.launch_role.clone()
    };
    let record = record::open(call, type_name, plan::subject(&plan, launch_role));
    let answer = json!({ "RecordDetail": record::detail(&record) });
    let catalog = call.edit();
    if let Some(row) = catalog.plans.edit(id) {
        row.record = Some(record.id.clone());
    }
    if let Some(row) = catalog.provisioned.edit(&plan.provisioned) {
        row.attempt(&record, plan::content(&plan));
    }
    begin(call, record, kind, work, plan.tags.clone(), None);
    Ok(answer)
}

/// A change set is good for its stack as it was: another operation since makes it obsolete.
fn ready(call: &Call<'_>, plan: &Plan, present: &Provisioned) -> Result<(), ApiError> {
    let fits = match present.status {
        Status::PlanInProgress => plan.launches,
        Status::Available | Status::Tainted => !plan.launches,
        Status::UnderChange | Status::Error => false,
    };
    let stacks = &call.partition.stacks;
    let stack = plan.stack.as_ref().and_then(|id| stacks.get(id));
    let as_it_was = plan.launches
        || stack
            .is_some_and(|stack| stack.status.is_updatable() && stack.events.len() == plan.events);
    if fits && as_it_was {
        return Ok(());
    }
    Err(bad_state(format!(
        "Plan {} can not be executed: provisioned product {} has changed since.",
        plan.id, present.id
    )))
}

/// What CloudFormation refuses by now shows in the record, as of any launch.
fn work(call: &mut Call<'_>, plan: &Plan) -> Result<Work, ApiError> {
    let parameters = plan::given(plan)?;
    let stack = plan.stack.clone().unwrap_or_default();
    let begun = if plan.launches {
        let new = plan::new_stack(call.account(), plan, parameters, Vec::new());
        let stacks = &mut call.partition.stacks;
        stacks.execute_review(&mut call.ctx, &stack, new)
    } else {
        let change = plan::change(plan, parameters, Vec::new());
        call.partition.stacks.update(&mut call.ctx, &stack, change)
    };
    Ok(match begun {
        Ok(()) => Work::Stack(stack),
        Err(error) => Work::Refused(said(&error, &mut call.ctx)),
    })
}
