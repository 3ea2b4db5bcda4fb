//! Change sets: what would be done, before it is.

use std::sync::Arc;

use super::super::change_set::{self, Comparison, ResourceChange};
use super::super::stack::{ChangeStack, NewStack, Stack, StackStatus};
use super::Stacks;
use super::change::{NO_UPDATES, exists, invalid, valid_name};
use super::prepare::{Prepared, stack_id, unborn};
use crate::emulator::api::{ApiError, Ctx};

/// The code of a refusal that no call says, but the change set that was made: its status, with StatusReason as the text.
pub const FAILED: &str = "FAILED";

impl Stacks {
    /// Looks at what a new stack would be made of, and leaves the stack in `REVIEW_IN_PROGRESS`: a change set of type
    /// CREATE. Nothing is left when it cannot be made.
    ///
    /// # Errors
    /// As [`Stacks::create`], and [`FAILED`] for what a stack would say only once it works.
    pub fn review(
        &mut self,
        ctx: &mut Ctx<'_>,
        new: &NewStack,
    ) -> Result<(String, Vec<ResourceChange>), ApiError> {
        self.settle(ctx.now);
        valid_name(&new.name)?;
        if self.inner.names.contains_key(&new.name) {
            return Err(exists(&new.name));
        }
        let id = stack_id(ctx, &new.name);
        let prepared = self.prepare_new(ctx, &id, new)?;
        whole(&prepared)?;
        let changes = change_set::all_new(&prepared.blueprint);
        let mut stack = unborn(id.clone(), new, &prepared);
        stack.status = StackStatus::ReviewInProgress;
        stack.created = ctx.now;
        // It uses nothing yet.
        stack.imports.clear();
        stack.ended = Some(ctx.now);
        stack.status_reason = Some("User Initiated".to_owned());
        stack.record(ctx.now, None);
        stack.status_reason = None;
        let inner = Arc::make_mut(&mut self.inner);
        inner.names.insert(stack.name.clone(), id.clone());
        inner.stacks.insert(id.clone(), Arc::new(stack));
        Ok((id, changes))
    }

    /// Starts to make a stack that was only reviewed.
    ///
    /// # Errors
    /// What `ExecuteChangeSet` says: the stack is gone or no longer in review; or, as [`Stacks::create`], what the
    /// review would say by now.
    pub fn execute_review(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: &str,
        new: NewStack,
    ) -> Result<(), ApiError> {
        self.settle(ctx.now);
        let reviewed = self
            .get(id)
            .filter(|stack| stack.status == StackStatus::ReviewInProgress);
        let Some(created) = reviewed.map(|stack| stack.created) else {
            return Err(invalid(format!("Stack [{id}] does not exist")));
        };
        let prepared = self.prepare_new(ctx, id, &new)?;
        self.launch(ctx, id.to_owned(), new, prepared, Some(created));
        Ok(())
    }

    /// Looks at what an update would change.
    ///
    /// # Errors
    /// As [`Stacks::update`], and [`FAILED`] for what a stack would say only once it works and for an update without
    /// changes, of which there are two variants.
    pub fn preview(
        &mut self,
        ctx: &Ctx<'_>,
        stack_id: &str,
        change: &ChangeStack,
    ) -> Result<Vec<ResourceChange>, ApiError> {
        self.settle(ctx.now);
        let (stack, wanted) = self.prepare_change(stack_id, change)?;
        if wanted.changes_nothing(&stack) {
            // Both texts are known; that the first is for unchanged templates is a guess.
            let text = if stack.template == wanted.template {
                "The submitted information didn't contain changes. Submit different information to create a change set."
            } else {
                NO_UPDATES
            };
            return Err(ApiError::new(FAILED, text));
        }
        whole(&wanted.prepared)?;
        if let Some(text) = retyped(&stack, &wanted.prepared) {
            return Err(ApiError::new(FAILED, text));
        }
        let comparison = Comparison {
            stack: &stack,
            template: &wanted.prepared.template,
            blueprint: &wanted.prepared.blueprint,
            values: &wanted.prepared.values,
            tags: &wanted.tags,
        };
        Ok(comparison.changes())
    }
}

/// What is said of resources that would become others of another type. The text is a guess by the engine's own.
fn retyped(stack: &Stack, prepared: &Prepared) -> Option<String> {
    let planned = prepared.blueprint.resources.iter();
    let other = planned.filter(|planned| {
        let old = stack.resources.get(&planned.logical_id);
        old.is_some_and(|old| old.is_there() && old.kind != planned.kind)
    });
    let names: Vec<&str> = other.map(|planned| planned.logical_id.as_str()).collect();
    let said = || {
        format!(
            "Update of resource type is not permitted. The new template modifies resource type of the following \
             resources: [{}]",
            names.join(", ")
        )
    };
    (!names.is_empty()).then(said)
}

/// Change sets read exports and run macros, so that what is wrong with those lets them fail.
fn whole(prepared: &Prepared) -> Result<(), ApiError> {
    match &prepared.broken {
        Some(text) => Err(ApiError::new(FAILED, text)),
        None => Ok(()),
    }
}
