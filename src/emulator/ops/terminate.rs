//! TerminateProvisionedProduct (facts §9.3).

use std::sync::Arc;

use serde_json::{Value, json};

use super::provision::{begin, said};
use super::record::Subject;
use super::{Call, Operation, provisioned, record, stack_set};
use crate::emulator::api::ApiError;
use crate::emulator::state::{ChangeKind, Provisioned, Status, Work};

// Its token is not kept in the table: it holds only while the termination runs (facts §4).
pub(super) const OPERATIONS: &[Operation] =
    &[Operation::write("TerminateProvisionedProduct", terminate)
        .within("whole, with IgnoreErrors and RetainPhysicalResources")
        .guesses(&[
            (
                "in UNDER_CHANGE or PLAN_IN_PROGRESS",
                "InvalidParametersException",
            ),
            (
                "how a stack set goes",
                "all its instances, one after the other, and then the set; the first that stays is INOPERABLE and ends it: TAINTED",
            ),
        ])];

fn terminate(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let wanted = input.one_of("ProvisionedProductId", "ProvisionedProductName")?;
    let present = Arc::clone(provisioned::find_own(call, call.newest(), wanted)?);
    let token = input.need("TerminateToken")?;
    if present.status == Status::UnderChange {
        return running(call, &present, token).ok_or_else(|| provisioned::busy(&present));
    }
    // What is only planned goes with its plan. The service models no code for either refusal (a guess).
    if present.status == Status::PlanInProgress {
        return Err(provisioned::busy(&present));
    }
    let ignore_errors = input.flag("IgnoreErrors") == Some(true);
    let retain = input.flag("RetainPhysicalResources") == Some(true);
    let work = match (&present.stack, retain) {
        (Some(set), false) if present.set => match stack_set::terminate(call, set) {
            Ok((set, operation)) => Work::Set { set, operation },
            Err(error) => Work::Refused(said(&error, &mut call.ctx)),
        },
        (Some(stack), false) => match call.partition.stacks.delete(&mut call.ctx, stack) {
            Ok(()) => Work::Stack(stack.clone()),
            Err(error) => Work::Refused(said(&error, &mut call.ctx)),
        },
        _ => Work::Nothing,
    };
    let about = Subject::of(&present);
    let record = record::open(call, "TERMINATE_PROVISIONED_PRODUCT", about);
    let answer = json!({ "RecordDetail": record::detail(&record) });
    if let Some(row) = call.edit().provisioned.edit(&present.id) {
        row.begin(&record);
    }
    let kind = ChangeKind::Terminate { ignore_errors };
    let (tags, token) = (present.tags.clone(), Some(token.to_owned()));
    begin(call, record, kind, work, tags, token);
    Ok(answer)
}

/// The answer to a repeated request of the termination that is going on.
fn running(call: &Call<'_>, present: &Provisioned, token: &str) -> Option<Value> {
    let change = call.partition.changes.iter().find(|change| {
        change.provisioned == present.id && change.token.as_deref() == Some(token)
    })?;
    let record = call.newest().records.get(&change.record)?;
    Some(json!({ "RecordDetail": record::detail(record) }))
}
