//! A stack at work: one step after the other, each at its time.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::blueprint::{Blueprint, Planned};
use super::order::Orders;
use super::rules;
use super::stack::{Output, Resource, Stack, StackParam, StackStatus};
use super::stored;
use crate::emulator::api::Timing;
use crate::emulator::keep;
use crate::emulator::s3::Buckets;
use crate::emulator::ssm::Parameters;

/// The steps in front of a stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Work {
    /// When the first of `steps` is done.
    pub(super) next: Timestamp,
    pub(super) steps: VecDeque<Step>,
    pub(super) timing: Timing,
    pub(super) blueprint: Blueprint,
    /// What an update goes back to.
    pub(super) before: Option<Box<Before>>,
    /// Fails the work right after its first event.
    pub(super) broken: Option<String>,
    /// A failed creation deletes the stack.
    pub(super) delete_on_failure: bool,
    /// What an update replaced, to be deleted when it is done.
    pub(super) replaced: Vec<Resource>,
    /// Logical ids that could not be deleted.
    pub(super) stuck: Vec<String>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Step {
    /// The stack's first event.
    Begin,
    /// A resource (by its place in the blueprint) begins to be made or changed.
    Start(usize),
    /// It is done, or has failed.
    Finish(usize),
    /// A resource begins to go.
    StartRemove(Box<Resource>),
    /// It is gone, or stays.
    FinishRemove(Box<Resource>),
    /// A changed resource begins to become what it was.
    StartRevert(Box<Resource>),
    /// It is again.
    FinishRevert(Box<Resource>),
    /// Every resource of an update is as wanted: what is no longer wanted goes.
    CleanUp,
    /// The end.
    Close(StackStatus),
}

/// A stack before an update.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Before {
    #[serde(with = "keep::bytes")]
    pub(super) template: Bytes,
    pub(super) description: Option<String>,
    pub(super) parameters: Vec<StackParam>,
    pub(super) outputs: Vec<Output>,
    pub(super) tags: Vec<(String, String)>,
    pub(super) role_arn: Option<String>,
    pub(super) notification_arns: Vec<String>,
    pub(super) capabilities: Vec<String>,
    pub(super) values: std::collections::BTreeMap<String, String>,
    pub(super) resources: std::collections::BTreeMap<String, Resource>,
    pub(super) imports: BTreeSet<String>,
}

/// What the steps of all stacks share.
pub(super) struct Surroundings<'a> {
    pub(super) buckets: &'a Buckets,
    pub(super) parameters: &'a mut Parameters,
    pub(super) orders: &'a mut Orders,
    /// The stack that has a resource of this type and physical id, other than the one at work.
    pub(super) owner: &'a dyn Fn(&str, &str) -> Option<String>,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
}

impl Work {
    /// Work that begins `timing.stack_start` after `now`.
    pub(super) fn new(now: Timestamp, timing: Timing, blueprint: Blueprint) -> Self {
        Self {
            next: later(now, timing.stack_start),
            steps: VecDeque::from([Step::Begin]),
            timing,
            blueprint,
            before: None,
            broken: None,
            delete_on_failure: false,
            replaced: Vec::new(),
            stuck: Vec::new(),
        }
    }

    /// Does the first step at its time. Returns false when nothing is left.
    pub(super) fn advance(&mut self, stack: &mut Stack, around: &mut Surroundings<'_>) -> bool {
        let Some(step) = self.steps.pop_front() else {
            return false;
        };
        let at = self.next;
        match step {
            Step::Begin => {
                stack.status_reason = Some("User Initiated".to_owned());
                stack.record(at, None);
                stack.status_reason = None;
                if let Some(reason) = self.broken.take() {
                    self.fail(stack, at, &reason);
                }
            }
            Step::Start(index) => self.start(stack, at, index),
            Step::Finish(index) => self.finish(stack, at, index, around),
            Step::StartRemove(resource) => {
                if !resource.retain {
                    mark(stack, at, *resource, "DELETE_IN_PROGRESS", None);
                }
            }
            Step::FinishRemove(resource) => self.remove(stack, at, *resource, around),
            Step::StartRevert(resource) => mark(stack, at, *resource, "UPDATE_IN_PROGRESS", None),
            Step::FinishRevert(resource) => {
                stored::revert(&resource, at, around.parameters);
                mark(stack, at, *resource, "UPDATE_COMPLETE", None);
            }
            Step::CleanUp => self.clean_up(stack, at),
            Step::Close(status) => self.close(stack, at, status),
        }
        if let Some(step) = self.steps.front() {
            self.next = later(at, self.duration(step, &stack.name, around.orders));
        }
        !self.steps.is_empty()
    }

    fn duration(&self, step: &Step, stack: &str, orders: &Orders) -> Duration {
        let each = self.timing.per_resource;
        match step {
            Step::Finish(index) => {
                let planned = self.blueprint.resources.get(*index);
                let ordered = planned.and_then(|row| orders.delay(stack, &row.logical_id));
                ordered.unwrap_or(match planned {
                    // An emulator told to take no time waits for nobody either.
                    Some(Planned {
                        waits: Some((timeout, _)),
                        ..
                    }) if !each.is_zero() => *timeout,
                    _ => each,
                })
            }
            Step::FinishRemove(resource) if resource.retain => Duration::ZERO,
            Step::FinishRemove(_) | Step::FinishRevert(_) => each,
            Step::Begin
            | Step::Start(_)
            | Step::StartRemove(_)
            | Step::StartRevert(_)
            | Step::CleanUp
            | Step::Close(_) => Duration::ZERO,
        }
    }

    fn start(&mut self, stack: &mut Stack, at: Timestamp, index: usize) {
        let Some(planned) = self.blueprint.resources.get(index) else {
            return;
        };
        let old = stack
            .resources
            .get(&planned.logical_id)
            .filter(|old| old.is_there());
        let mut resource = made(planned, index);
        let status = match old {
            // Until it is done the old one is what there is.
            Some(old) => {
                resource = Resource {
                    sequence: index,
                    ..old.clone()
                };
                "UPDATE_IN_PROGRESS"
            }
            None => {
                resource.physical_id = String::new();
                "CREATE_IN_PROGRESS"
            }
        };
        mark(stack, at, resource, status, None);
    }

    fn finish(
        &mut self,
        stack: &mut Stack,
        at: Timestamp,
        index: usize,
        around: &mut Surroundings<'_>,
    ) {
        let Some(planned) = self.blueprint.resources.get(index).cloned() else {
            return;
        };
        let old = stack
            .resources
            .get(&planned.logical_id)
            .filter(|old| old.status == "UPDATE_IN_PROGRESS")
            .cloned();
        let replaces = old
            .as_ref()
            .is_none_or(|old| old.physical_id != planned.physical_id);
        let ordered = around.orders.take(&stack.name, &planned.logical_id);
        let failure = ordered
            .and_then(|order| order.reason)
            .or_else(|| {
                old.as_ref()
                    .filter(|old| old.kind != planned.kind)
                    .map(|_| "Update of resource type is not permitted.".to_owned())
            })
            .or_else(|| planned.waits.as_ref().map(|(_, reason)| reason.clone()))
            .or_else(|| rules::failure(&planned))
            .or_else(|| replaces.then(|| taken(&planned, at, around)).flatten())
            .or_else(|| stored::write(&planned, replaces, at, around.parameters).err());
        let verb = if old.is_some() { "UPDATE" } else { "CREATE" };
        match failure {
            None => {
                let mut resource = made(&planned, index);
                if let Some(old) = old.filter(|_| replaces) {
                    self.replaced.push(old);
                }
                resource.reason = None;
                mark(stack, at, resource, &format!("{verb}_COMPLETE"), None);
            }
            Some(reason) => {
                let mut resource = old.clone().unwrap_or_else(|| Resource {
                    physical_id: String::new(),
                    ..made(&planned, index)
                });
                resource.sequence = index;
                mark(stack, at, resource, &format!("{verb}_FAILED"), Some(reason));
                let what = if old.is_some() { "update" } else { "create" };
                let reason = format!(
                    "The following resource(s) failed to {what}: [{}].",
                    planned.logical_id
                );
                self.fail(stack, at, &reason);
            }
        }
    }

    /// Turns round: a new stack goes, a changed one goes back.
    fn fail(&mut self, stack: &mut Stack, at: Timestamp, reason: &str) {
        self.steps.clear();
        if let Some(before) = self.before.take() {
            self.revert(stack, at, reason, *before);
            return;
        }
        if stack.disable_rollback && !self.delete_on_failure {
            enter(
                stack,
                at,
                StackStatus::CreateFailed,
                Some(reason.to_owned()),
            );
            stack.ended = Some(at);
            return;
        }
        let (status, asked, end) = if self.delete_on_failure {
            (
                StackStatus::DeleteInProgress,
                "Delete",
                StackStatus::DeleteComplete,
            )
        } else {
            (
                StackStatus::RollbackInProgress,
                "Rollback",
                StackStatus::RollbackComplete,
            )
        };
        if self.delete_on_failure {
            stack.deleted = Some(at);
        }
        let reason = format!("{reason} {asked} requested by user.");
        enter(stack, at, status, Some(reason));
        // What a rollback makes undone it made itself: `Retain` holds for it as for any deletion.
        self.steps.extend(removals(stack.resources.values()));
        self.steps.push_back(Step::Close(end));
    }

    fn revert(&mut self, stack: &mut Stack, at: Timestamp, reason: &str, before: Before) {
        enter(
            stack,
            at,
            StackStatus::UpdateRollbackInProgress,
            Some(reason.to_owned()),
        );
        let mut fresh = Vec::new();
        for (logical_id, resource) in &mut stack.resources {
            match before
                .resources
                .get(logical_id)
                .filter(|old| old.is_there())
            {
                // In no time the status and its time may be those of the change before.
                Some(old)
                    if old.status != resource.status
                        || old.changed != resource.changed
                        || old.properties != resource.properties
                        || old.physical_id != resource.physical_id =>
                {
                    self.steps
                        .push_back(Step::StartRevert(Box::new(old.clone())));
                    self.steps
                        .push_back(Step::FinishRevert(Box::new(old.clone())));
                    if old.physical_id != resource.physical_id {
                        fresh.push(resource.clone());
                    }
                }
                // Of what was left alone only these two may have moved.
                Some(old) => {
                    resource.retain = old.retain;
                    resource.sequence = old.sequence;
                }
                None => fresh.push(resource.clone()),
            }
        }
        self.replaced = fresh;
        stack.template = before.template;
        stack.description = before.description;
        stack.parameters = before.parameters;
        stack.outputs = before.outputs;
        stack.tags = before.tags;
        stack.role_arn = before.role_arn;
        stack.notification_arns = before.notification_arns;
        stack.capabilities = before.capabilities;
        stack.values = before.values;
        stack.imports = before.imports;
        self.steps.push_back(Step::CleanUp);
    }

    /// The second half of an update or of its rollback.
    fn clean_up(&mut self, stack: &mut Stack, at: Timestamp) {
        let (status, end) = if stack.status == StackStatus::UpdateRollbackInProgress {
            (
                StackStatus::UpdateRollbackCompleteCleanupInProgress,
                StackStatus::UpdateRollbackComplete,
            )
        } else {
            stack.outputs = std::mem::take(&mut self.blueprint.outputs);
            let wanted: BTreeSet<&str> = self
                .blueprint
                .resources
                .iter()
                .map(|planned| planned.logical_id.as_str())
                .collect();
            self.replaced.extend(
                stack
                    .resources
                    .values()
                    .filter(|resource| !wanted.contains(resource.logical_id.as_str()))
                    .cloned(),
            );
            (
                StackStatus::UpdateCompleteCleanupInProgress,
                StackStatus::UpdateComplete,
            )
        };
        // A rollback's reason stays to be read: it is the only place that says what failed.
        let reason = stack.status_reason.take();
        enter(stack, at, status, None);
        if end == StackStatus::UpdateRollbackComplete {
            stack.status_reason = reason;
        }
        self.steps.extend(removals(self.replaced.iter()));
        self.steps.push_back(Step::Close(end));
    }

    fn remove(
        &mut self,
        stack: &mut Stack,
        at: Timestamp,
        resource: Resource,
        around: &mut Surroundings<'_>,
    ) {
        let logical_id = resource.logical_id.clone();
        let physical_id = resource.physical_id.clone();
        if resource.retain {
            mark(stack, at, resource, "DELETE_SKIPPED", None);
        } else if resource.kind == "AWS::S3::Bucket"
            && !physical_id.is_empty()
            && !around.buckets.release(&physical_id)
        {
            let reason = format!(
                "The bucket you tried to delete is not empty (Service: Amazon S3; Status Code: 409; Error Code: BucketNotEmpty; Bucket: {physical_id})"
            );
            mark(stack, at, resource, "DELETE_FAILED", Some(reason));
            self.stuck.push(logical_id);
            return;
        } else {
            stored::remove(&resource, around.parameters);
            mark(stack, at, resource, "DELETE_COMPLETE", None);
        }
        // While the stack lives on, its list of resources is what it has.
        let going = matches!(
            stack.status,
            StackStatus::DeleteInProgress | StackStatus::RollbackInProgress
        );
        let replaced = stack
            .resources
            .get(&logical_id)
            .is_some_and(|present| present.physical_id != physical_id);
        if !going && !replaced {
            stack.resources.remove(&logical_id);
        }
    }

    fn close(&mut self, stack: &mut Stack, at: Timestamp, status: StackStatus) {
        let mut status = status;
        let mut reason = None;
        match status {
            StackStatus::CreateComplete => {
                stack.outputs = std::mem::take(&mut self.blueprint.outputs);
            }
            StackStatus::DeleteComplete | StackStatus::RollbackComplete
                if !self.stuck.is_empty() =>
            {
                status = if status == StackStatus::DeleteComplete {
                    StackStatus::DeleteFailed
                } else {
                    StackStatus::RollbackFailed
                };
                reason = Some(format!(
                    "The following resource(s) failed to delete: [{}].",
                    self.stuck.join(", ")
                ));
            }
            StackStatus::DeleteComplete => stack.outputs.clear(),
            _ => {}
        }
        let told = match status {
            StackStatus::RollbackComplete | StackStatus::UpdateRollbackComplete => {
                stack.status_reason.take()
            }
            _ => None,
        };
        enter(stack, at, status, reason);
        if told.is_some() {
            stack.status_reason = told;
        }
        stack.ended = Some(at);
    }
}

/// Two steps for each that is there, last made first.
pub(super) fn removals<'a>(resources: impl Iterator<Item = &'a Resource>) -> Vec<Step> {
    let mut there: Vec<&Resource> = resources.filter(|resource| resource.is_there()).collect();
    there.sort_by_key(|resource| std::cmp::Reverse(resource.sequence));
    there
        .into_iter()
        .flat_map(|resource| {
            [
                Step::StartRemove(Box::new(resource.clone())),
                Step::FinishRemove(Box::new(resource.clone())),
            ]
        })
        .collect()
}

/// A name that someone else has.
fn taken(planned: &Planned, at: Timestamp, around: &mut Surroundings<'_>) -> Option<String> {
    if planned.kind == "AWS::S3::Bucket" {
        let claimed = around
            .buckets
            .claim(&planned.physical_id, around.account, around.region, at);
        return (!claimed).then(|| format!("{} already exists", planned.physical_id));
    }
    if !planned.named {
        return None;
    }
    (around.owner)(&planned.kind, &planned.physical_id)
        .map(|stack| format!("{} already exists in stack {stack}", planned.physical_id))
}

fn made(planned: &Planned, sequence: usize) -> Resource {
    Resource {
        logical_id: planned.logical_id.clone(),
        kind: planned.kind.clone(),
        physical_id: planned.physical_id.clone(),
        status: String::new(),
        reason: None,
        changed: Timestamp::UNIX_EPOCH,
        properties: planned.properties.clone(),
        retain: planned.retain,
        metadata: planned.metadata.clone(),
        sequence,
    }
}

/// Puts a resource into a state and records it. What was replaced does not hide what replaced it.
fn mark(
    stack: &mut Stack,
    at: Timestamp,
    mut resource: Resource,
    status: &str,
    reason: Option<String>,
) {
    status.clone_into(&mut resource.status);
    resource.reason = reason;
    resource.changed = at;
    stack.record(at, Some(&resource));
    let hidden = status.starts_with("DELETE_")
        && stack
            .resources
            .get(&resource.logical_id)
            .is_some_and(|present| present.physical_id != resource.physical_id);
    if !hidden {
        stack
            .resources
            .insert(resource.logical_id.clone(), resource);
    }
}

fn enter(stack: &mut Stack, at: Timestamp, status: StackStatus, reason: Option<String>) {
    stack.status = status;
    stack.status_reason = reason;
    stack.ended = None;
    stack.record(at, None);
}

fn later(at: Timestamp, duration: Duration) -> Timestamp {
    at.checked_add(duration).unwrap_or(Timestamp::MAX)
}
