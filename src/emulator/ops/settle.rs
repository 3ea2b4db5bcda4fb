//! What has ended since the last call: stacks end, and with them records and provisioned products.

use std::time::Duration;

use jiff::Timestamp;

use crate::emulator::cfn::stack_set::Operation;
use crate::emulator::cfn::{Output, Stack, StackStatus};
use crate::emulator::state::{Change, ChangeKind, Partition, Record, RecordStatus, Status, Work};
use crate::emulator::wire;

/// The first output of every record (facts §9.3).
const STACK_ARN: (&str, &str) = (
    "CloudformationStackARN",
    "The ARN of the launched Cloudformation Stack",
);

#[derive(Debug)]
enum Event {
    Begin,
    Trouble,
    End(Ending),
}

#[derive(Debug)]
struct Ending {
    failure: Option<String>,
    outputs: Vec<Output>,
}

/// Brings stacks, records and provisioned products up to `now`, each at the time at which it happened, so
/// that lagging reads see them in turn.
pub(in crate::emulator) fn settle(
    partition: &mut Partition,
    now: Timestamp,
    keep: Option<Duration>,
) {
    partition.stacks.settle(now);
    if partition.changes.is_empty() {
        return;
    }
    let changes = std::mem::take(&mut partition.changes);
    let mut due = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        for (at, event) in events(partition, change, now) {
            due.push((at, index, event));
        }
    }
    // Stable: the events of one change stay in their order.
    due.sort_by_key(|(at, index, _)| (*at, *index));
    let mut ended = vec![false; changes.len()];
    for (at, index, event) in due {
        if let (Some(change), Some(flag)) = (changes.get(index), ended.get_mut(index)) {
            *flag |= matches!(event, Event::End(_));
            apply(partition, change, at, event);
            partition.remember(at, keep);
        }
    }
    let open = changes.into_iter().zip(ended).filter(|(_, ended)| !ended);
    partition.changes = open.map(|(change, _)| change).collect();
}

fn events(partition: &Partition, change: &Change, now: Timestamp) -> Vec<(Timestamp, Event)> {
    let status = match partition.catalog().records.get(&change.record) {
        Some(record) => record.status,
        None => return Vec::new(),
    };
    let mut due = Vec::new();
    if status == RecordStatus::Created && change.starts <= now {
        due.push((change.starts, Event::Begin));
    }
    let standing = standing(partition, change);
    let ends = standing
        .ended
        .map_or(change.starts, |ended| ended.max(change.starts));
    let ends = ends.checked_add(change.tail).unwrap_or(Timestamp::MAX);
    if !standing.runs && ends <= now {
        due.push((ends, Event::End(standing.ending)));
    } else if status == RecordStatus::InProgress && standing.in_trouble {
        due.push((now, Event::Trouble));
    }
    due
}

/// How the work of a change stands.
struct Standing {
    runs: bool,
    ended: Option<Timestamp>,
    in_trouble: bool,
    ending: Ending,
}

fn standing(partition: &Partition, change: &Change) -> Standing {
    if let Work::Set { set, operation } = &change.work {
        let set = partition.stacks.set_by_arn(set);
        return of_set(set.and_then(|set| set.operation(operation)));
    }
    let stack = match &change.work {
        Work::Stack(id) => partition.stacks.get(id),
        Work::Set { .. } | Work::Refused(_) | Work::Nothing => None,
    };
    Standing {
        runs: stack.is_some_and(|stack| !rests(stack, change)),
        ended: stack.and_then(|stack| stack.ended),
        in_trouble: stack.is_some_and(in_trouble),
        ending: ending(change, stack),
    }
}

/// What it says of a failure, and that it has no outputs, are guesses.
fn of_set(operation: Option<&Operation>) -> Standing {
    let failed = operation.filter(|operation| operation.is_in_trouble());
    let failure = failed.map(|operation| {
        let complaint = operation.complaint();
        format!("StackSet operation {} failed: {complaint}", operation.id)
    });
    Standing {
        runs: operation.is_some_and(|operation| operation.ended.is_none()),
        ended: operation.and_then(|operation| operation.ended),
        in_trouble: failure.is_some(),
        ending: Ending {
            failure,
            outputs: Vec::new(),
        },
    }
}

/// Whether a stack has come to rest by this change and not by the one before. One that was deleted, be it by others and
/// long ago, does nothing any more.
fn rests(stack: &Stack, change: &Change) -> bool {
    let at_rest = stack.status.is_terminal();
    let since = stack.ended.is_none_or(|ended| ended >= change.asked);
    at_rest && (since || stack.status == StackStatus::DeleteComplete)
}

fn in_trouble(stack: &Stack) -> bool {
    match stack.status {
        StackStatus::RollbackInProgress
        | StackStatus::RollbackComplete
        | StackStatus::RollbackFailed
        | StackStatus::CreateFailed
        | StackStatus::UpdateRollbackInProgress
        | StackStatus::UpdateRollbackCompleteCleanupInProgress
        | StackStatus::UpdateRollbackComplete
        | StackStatus::UpdateRollbackFailed
        | StackStatus::DeleteFailed => true,
        StackStatus::ReviewInProgress
        | StackStatus::CreateInProgress
        | StackStatus::CreateComplete
        | StackStatus::UpdateInProgress
        | StackStatus::UpdateCompleteCleanupInProgress
        | StackStatus::UpdateComplete
        | StackStatus::ImportComplete
        | StackStatus::ImportRollbackComplete
        | StackStatus::DeleteInProgress
        | StackStatus::DeleteComplete => false,
    }
}

fn ending(change: &Change, stack: Option<&Stack>) -> Ending {
    let terminated = matches!(change.kind, ChangeKind::Terminate { .. });
    let failure = match (&change.work, stack) {
        (Work::Refused(message), _) => Some(message.clone()),
        (Work::Stack(_), Some(stack)) if in_trouble(stack) => Some(reason(stack)),
        // Somebody deleted it before it was whole; what is said of that is a guess.
        (Work::Stack(_), Some(stack))
            if !terminated && stack.status == StackStatus::DeleteComplete =>
        {
            Some(reason(stack))
        }
        _ => None,
    };
    let outputs = match stack {
        Some(stack) if !terminated => outputs(stack, failure.is_none()),
        _ => Vec::new(),
    };
    Ending { failure, outputs }
}

fn reason(stack: &Stack) -> String {
    let said = stack.status_reason.clone();
    said.unwrap_or_else(|| stack.status.as_str().to_owned())
}

/// The stack's ARN first, then the template's outputs in its order, if all went well. What a record that failed has was
/// not recorded: the ARN (a guess).
fn outputs(stack: &Stack, all: bool) -> Vec<Output> {
    let arn = Output {
        key: STACK_ARN.0.to_owned(),
        value: stack.id.clone(),
        description: Some(STACK_ARN.1.to_owned()),
        export: None,
    };
    let more = stack.outputs.iter().filter(|_| all).cloned();
    std::iter::once(arn).chain(more).collect()
}

fn apply(partition: &mut Partition, change: &Change, at: Timestamp, event: Event) {
    let updated = wire::whole_millis(at);
    let unchanged = matches!(change.work, Work::Nothing);
    let catalog = partition.edit();
    let earlier = catalog
        .provisioned
        .get(&change.provisioned)
        .and_then(|row| catalog.records.get(row.last_success.as_ref()?))
        .map(|record| record.outputs.clone());
    let Some(record) = catalog.records.edit(&change.record) else {
        return;
    };
    record.updated = updated;
    let Ending { failure, outputs } = match event {
        Event::Begin => {
            record.status = RecordStatus::InProgress;
            record.tags.clone_from(&change.tags);
            return;
        }
        Event::Trouble => {
            record.status = RecordStatus::InProgressInError;
            return;
        }
        Event::End(ending) => ending,
    };
    record.outputs = match (change.kind, unchanged, earlier) {
        // Nothing ran, so the outputs are those of the last success.
        (ChangeKind::Update, true, Some(earlier)) => earlier,
        _ => outputs,
    };
    let failure = forgive(change.kind, failure);
    close(record, failure.as_deref());
    if change.kind == ChangeKind::Properties {
        return;
    }
    let (id, name) = (record.id.clone(), record.provisioned_name.clone());
    if let (ChangeKind::Terminate { .. }, None) = (change.kind, &failure) {
        catalog.provisioned.remove(&change.provisioned);
        catalog.names.remove(&name);
        return;
    }
    let Some(row) = catalog.provisioned.edit(&change.provisioned) else {
        return;
    };
    row.status = match (&failure, change.kind) {
        (None, _) => Status::Available,
        (Some(_), ChangeKind::Provision | ChangeKind::Import) => Status::Error,
        (Some(_), ChangeKind::Update | ChangeKind::Properties | ChangeKind::Terminate { .. }) => {
            Status::Tainted
        }
    };
    // The model's list of what counts as provisioning lacks imports (facts §9.3).
    if failure.is_none() && change.kind != ChangeKind::Import {
        row.last_success = Some(id);
    }
    row.message = failure;
}

/// A termination that ignores errors ends well whatever the stack does (facts §9.3).
fn forgive(kind: ChangeKind, failure: Option<String>) -> Option<String> {
    match kind {
        ChangeKind::Terminate {
            ignore_errors: true,
        } => None,
        _ => failure,
    }
}

/// What RecordErrors of a real failure hold was not found (facts §8): one entry with the reason is a guess.
fn close(record: &mut Record, failure: Option<&str>) {
    record.status = match failure {
        None => RecordStatus::Succeeded,
        Some(_) => RecordStatus::Failed,
    };
    record.errors = failure
        .map(|message| ("InternalFailure".to_owned(), message.to_owned()))
        .into_iter()
        .collect();
}
