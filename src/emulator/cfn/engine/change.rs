//! The three calls that set a stack to work.

use std::sync::Arc;

use jiff::Timestamp;

use super::super::blueprint::Blueprint;
use super::super::stack::{ChangeStack, NewStack, Stack, StackStatus};
use super::super::work::{Before, Step, Work, removals};
use super::prepare::{Prepared, Wanted, stack_id, unborn};
use super::{Inner, Stacks};
use crate::emulator::api::{ApiError, Ctx};

/// What an update without changes is told.
pub(super) const NO_UPDATES: &str = "No updates are to be performed.";
/// The longest name of a stack.
const MAX_NAME: usize = 128;

impl Stacks {
    /// Starts to make a stack and returns its id. It is visible at once, in `CREATE_IN_PROGRESS`.
    ///
    /// # Errors
    /// What `CreateStack` says: ValidationError, e.g. `Parameters: [KeyName] must have values`;
    /// AlreadyExistsException `Stack [x] already exists`; InsufficientCapabilitiesException.
    pub fn create(&mut self, ctx: &mut Ctx<'_>, new: NewStack) -> Result<String, ApiError> {
        self.settle(ctx.now);
        valid_name(&new.name)?;
        if let Some(id) = self.inner.names.get(&new.name) {
            let again = new.token.as_ref().is_some_and(|token| {
                self.get(id)
                    .is_some_and(|stack| stack.tokens.contains(token))
            });
            return if again {
                Ok(id.clone())
            } else {
                Err(exists(&new.name))
            };
        }
        let id = stack_id(ctx, &new.name);
        let prepared = self.prepare_new(ctx, &id, &new)?;
        self.launch(ctx, id.clone(), new, prepared, None);
        Ok(id)
    }

    /// Begins to make a stack, new or reviewed at a time.
    pub(super) fn launch(
        &mut self,
        ctx: &Ctx<'_>,
        id: String,
        new: NewStack,
        prepared: Prepared,
        reviewed: Option<Timestamp>,
    ) {
        let mut stack = unborn(id.clone(), &new, &prepared);
        if let Some(old) = self.get(&id) {
            stack.events.clone_from(&old.events);
        }
        let mut work = Work::new(ctx.now, ctx.timing, prepared.blueprint);
        for index in 0..work.blueprint.resources.len() {
            work.steps.push_back(Step::Start(index));
            work.steps.push_back(Step::Finish(index));
        }
        work.steps
            .push_back(Step::Close(StackStatus::CreateComplete));
        work.broken = prepared.broken;
        work.delete_on_failure = new.delete_on_failure;
        // The delay before the first event is the delay before the stack is there (facts §10.1).
        stack.created = reviewed.unwrap_or(work.next);
        let inner = Arc::make_mut(&mut self.inner);
        inner.names.insert(stack.name.clone(), id);
        inner.set_to_work(stack, work);
        self.settle(ctx.now);
    }

    /// Starts to change a stack.
    ///
    /// # Errors
    /// What `UpdateStack` says, e.g. ValidationError `No updates are to be performed.` or
    /// `Stack:arn… is in UPDATE_IN_PROGRESS state and can not be updated.`
    pub fn update(
        &mut self,
        ctx: &mut Ctx<'_>,
        stack_id: &str,
        change: ChangeStack,
    ) -> Result<(), ApiError> {
        self.settle(ctx.now);
        let known = |stack: &Stack| {
            let token = change.token.as_ref();
            token.is_some_and(|token| stack.tokens.contains(token))
        };
        if self.get(stack_id).is_some_and(known) {
            return Ok(());
        }
        let (mut stack, wanted) = self.prepare_change(stack_id, &change)?;
        if wanted.changes_nothing(&stack) {
            return Err(invalid(NO_UPDATES));
        }
        let Wanted {
            prepared,
            template,
            tags,
            notification_arns,
        } = wanted;
        let mut work = Work::new(ctx.now, ctx.timing, prepared.blueprint);
        let before = stack.resources.clone();
        for (index, planned) in work.blueprint.resources.iter().enumerate() {
            match stack.resources.get_mut(&planned.logical_id) {
                Some(old) if planned.is(old) => {
                    old.sequence = index;
                    old.retain = planned.retain;
                }
                _ => {
                    work.steps.push_back(Step::Start(index));
                    work.steps.push_back(Step::Finish(index));
                }
            }
        }
        work.steps.push_back(Step::CleanUp);
        work.broken = prepared.broken;
        let description = prepared.template.description().map(str::to_owned);
        work.before = Some(Box::new(Before {
            template: std::mem::replace(&mut stack.template, template),
            description: std::mem::replace(&mut stack.description, description),
            parameters: std::mem::replace(&mut stack.parameters, prepared.shown),
            outputs: stack.outputs.clone(),
            tags: std::mem::replace(&mut stack.tags, tags),
            role_arn: stack.role_arn.clone(),
            notification_arns: std::mem::replace(&mut stack.notification_arns, notification_arns),
            capabilities: std::mem::replace(&mut stack.capabilities, change.capabilities),
            values: std::mem::replace(&mut stack.values, prepared.values),
            resources: before,
            imports: std::mem::replace(&mut stack.imports, work.blueprint.imports.clone()),
        }));
        if change.role_arn.is_some() {
            stack.role_arn = change.role_arn;
        }
        stack.tokens.extend(change.token);
        stack.status = StackStatus::UpdateInProgress;
        stack.status_reason = None;
        stack.updated = Some(ctx.now);
        stack.ended = None;
        Arc::make_mut(&mut self.inner).set_to_work(stack, work);
        self.settle(ctx.now);
        Ok(())
    }

    /// Starts to delete a stack; nothing happens if there is none, or if it is being deleted already.
    ///
    /// # Errors
    /// What `DeleteStack` says to a protected stack, or to one that is being updated.
    pub fn delete(&mut self, ctx: &mut Ctx<'_>, stack_id: &str) -> Result<(), ApiError> {
        self.delete_retaining(ctx, stack_id, &[])
    }

    /// Like [`Stacks::delete`], and leaves resources behind that an earlier deletion failed on (`RetainResources`).
    ///
    /// # Errors
    /// As [`Stacks::delete`], and when the stack is not in `DELETE_FAILED`.
    pub fn delete_retaining(
        &mut self,
        ctx: &mut Ctx<'_>,
        stack_id: &str,
        retain: &[String],
    ) -> Result<(), ApiError> {
        self.settle(ctx.now);
        let Some(mut stack) = self.get(stack_id).cloned() else {
            return Ok(());
        };
        match stack.status {
            StackStatus::DeleteInProgress | StackStatus::DeleteComplete => return Ok(()),
            status if !status.is_terminal() && status != StackStatus::CreateInProgress => {
                return Err(invalid(format!(
                    "Stack [{}] cannot be deleted while in status {}",
                    stack.name,
                    status.as_str()
                )));
            }
            _ => {}
        }
        if stack.termination_protection {
            return Err(invalid(format!(
                "Stack [{}] cannot be deleted while TerminationProtection is enabled",
                stack.name
            )));
        }
        if !retain.is_empty() && stack.status != StackStatus::DeleteFailed {
            return Err(invalid(
                "Cannot specify RetainResources for stack that is not in DELETE_FAILED state",
            ));
        }
        let used = self.iter().find_map(|other| {
            let export = stack
                .outputs
                .iter()
                .filter_map(|output| output.export.as_ref())
                .find(|name| other.imports.contains(*name))?;
            (other.id != stack.id && other.status != StackStatus::DeleteComplete)
                .then(|| (export.clone(), other.name.clone()))
        });
        if let Some((export, user)) = used {
            // The stack itself says it, not the call.
            stack.status = StackStatus::DeleteFailed;
            stack.status_reason = Some(format!(
                "Cannot delete export {export} as it is in use by {user}"
            ));
            stack.ended = Some(ctx.now);
            stack.record(ctx.now, None);
            Arc::make_mut(&mut self.inner)
                .stacks
                .insert(stack.id.clone(), Arc::new(stack));
            return Ok(());
        }
        let mut work = Work::new(ctx.now, ctx.timing, Blueprint::default());
        for resource in stack.resources.values_mut() {
            resource.retain |= retain.contains(&resource.logical_id);
        }
        work.steps.extend(removals(stack.resources.values()));
        work.steps
            .push_back(Step::Close(StackStatus::DeleteComplete));
        stack.status = StackStatus::DeleteInProgress;
        stack.status_reason = None;
        stack.deleted = Some(ctx.now);
        stack.ended = None;
        Arc::make_mut(&mut self.inner).set_to_work(stack, work);
        self.settle(ctx.now);
        Ok(())
    }
}

impl Inner {
    fn set_to_work(&mut self, mut stack: Stack, work: Work) {
        self.busy.retain(|(_, id)| *id != stack.id);
        self.busy.insert((work.next, stack.id.clone()));
        stack.work = Some(Box::new(work));
        self.stacks.insert(stack.id.clone(), Arc::new(stack));
    }
}

pub(super) fn exists(name: &str) -> ApiError {
    ApiError::new(
        "AlreadyExistsException",
        format!("Stack [{name}] already exists"),
    )
}

pub(super) fn valid_name(name: &str) -> Result<(), ApiError> {
    let complaint = if name.len() > MAX_NAME {
        "Member must have length less than or equal to 128"
    } else if !name.starts_with(|c: char| c.is_ascii_alphabetic())
        || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    {
        "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    } else {
        return Ok(());
    };
    Err(invalid(format!(
        "1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: {complaint}"
    )))
}

pub(super) fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", text)
}
