//! The three calls that set a stack to work.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::blueprint::{self, Blueprint, Undrawn};
use super::super::intrinsic::Place;
use super::super::parameter;
use super::super::rules;
use super::super::stack::{ChangeStack, MASK, NewStack, Param, Stack, StackParam, StackStatus};
use super::super::template::Template;
use super::super::work::{Before, Step, Work, removals};
use super::{Inner, Stacks};
use crate::emulator::api::{ApiError, Ctx};

/// The longest name of a stack.
const MAX_NAME: usize = 128;

/// A request read and checked.
struct Prepared {
    template: Template,
    values: BTreeMap<String, String>,
    shown: Vec<StackParam>,
    blueprint: Blueprint,
    /// What will fail the work once it has begun.
    broken: Option<String>,
}

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
                Err(ApiError::new(
                    "AlreadyExistsException",
                    format!("Stack [{}] already exists", new.name),
                ))
            };
        }
        let mut place = Place {
            account: ctx.caller.account.clone(),
            region: ctx.region.clone(),
            stack_id: String::new(),
            stack_name: new.name.clone(),
            notification_arns: new.notification_arns.clone(),
        };
        place.stack_id = format!(
            "arn:{}:cloudformation:{}:{}:stack/{}/{}",
            place.partition(),
            place.region,
            place.account,
            new.name,
            ctx.new_uuid()
        );
        let prepared = self.prepare(
            &new.template,
            &new.parameters,
            &new.capabilities,
            &place,
            None,
        )?;
        let mut work = Work::new(ctx.now, ctx.timing, prepared.blueprint);
        for index in 0..work.blueprint.resources.len() {
            work.steps.push_back(Step::Start(index));
            work.steps.push_back(Step::Finish(index));
        }
        work.steps
            .push_back(Step::Close(StackStatus::CreateComplete));
        work.broken = prepared.broken;
        work.delete_on_failure = new.delete_on_failure;
        let id = place.stack_id;
        let stack = Stack {
            id: id.clone(),
            name: new.name,
            status: StackStatus::CreateInProgress,
            status_reason: None,
            template: new.template,
            description: prepared.template.description().map(str::to_owned),
            parameters: prepared.shown,
            outputs: Vec::new(),
            tags: new.tags,
            role_arn: new.role_arn,
            notification_arns: new.notification_arns,
            capabilities: new.capabilities,
            disable_rollback: new.disable_rollback,
            termination_protection: new.termination_protection,
            nested: None,
            // The delay before the first event is the delay before the stack is there (facts §10.1).
            created: work.next,
            updated: None,
            deleted: None,
            ended: None,
            events: Vec::new(),
            resources: BTreeMap::new(),
            values: prepared.values,
            imports: work.blueprint.imports.clone(),
            tokens: new.token.into_iter().collect(),
            work: None,
        };
        let inner = Arc::make_mut(&mut self.inner);
        inner.names.insert(stack.name.clone(), id.clone());
        inner.set_to_work(stack, work);
        self.settle(ctx.now);
        Ok(id)
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
        let Some(stack) = self.get(stack_id).cloned() else {
            return Err(invalid(format!("Stack [{stack_id}] does not exist")));
        };
        if change
            .token
            .as_ref()
            .is_some_and(|token| stack.tokens.contains(token))
        {
            return Ok(());
        }
        if !stack.status.is_updatable() {
            return Err(invalid(format!(
                "Stack:{} is in {} state and can not be updated.",
                stack.id,
                stack.status.as_str()
            )));
        }
        let mut stack = stack;
        let template = change.template.unwrap_or_else(|| stack.template.clone());
        let notification_arns = change
            .notification_arns
            .unwrap_or_else(|| stack.notification_arns.clone());
        let (account, region) = super::home(&stack.id);
        let place = Place {
            account: account.to_owned(),
            region: region.to_owned(),
            stack_id: stack.id.clone(),
            stack_name: stack.name.clone(),
            notification_arns: notification_arns.clone(),
        };
        let prepared = self.prepare(
            &template,
            &change.parameters,
            &change.capabilities,
            &place,
            Some(&stack.values),
        )?;
        let tags = change.tags.unwrap_or_else(|| stack.tags.clone());
        let mut work = Work::new(ctx.now, ctx.timing, prepared.blueprint);
        if prepared.broken.is_none()
            && tags == stack.tags
            && prepared.values == stack.values
            // What a name of Systems Manager stands for is looked up anew each time.
            && prepared.shown == stack.parameters
            && work.blueprint.outputs == stack.outputs
            && unchanged(&stack, &work.blueprint)
        {
            return Err(invalid("No updates are to be performed."));
        }
        for (index, planned) in work.blueprint.resources.iter().enumerate() {
            let same = stack.resources.get(&planned.logical_id).is_some_and(|old| {
                old.is_there()
                    && old.kind == planned.kind
                    && old.physical_id == planned.physical_id
                    && old.properties == planned.properties
                    && old.metadata == planned.metadata
            });
            if same {
                if let Some(old) = stack.resources.get_mut(&planned.logical_id) {
                    old.sequence = index;
                    old.retain = planned.retain;
                }
            } else {
                work.steps.push_back(Step::Start(index));
                work.steps.push_back(Step::Finish(index));
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
            values: std::mem::replace(&mut stack.values, prepared.values),
            resources: stack.resources.clone(),
            imports: std::mem::replace(&mut stack.imports, work.blueprint.imports.clone()),
        }));
        if change.role_arn.is_some() {
            stack.role_arn = change.role_arn;
        }
        stack.notification_arns = notification_arns;
        stack.capabilities = change.capabilities;
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

    fn prepare(
        &self,
        bytes: &[u8],
        given: &[Param],
        capabilities: &[String],
        place: &Place,
        previous: Option<&BTreeMap<String, String>>,
    ) -> Result<Prepared, ApiError> {
        let template = Template::parse(bytes).map_err(invalid)?;
        template.check().map_err(invalid)?;
        let decls = template.parameters();
        let values = parameter::resolve(&decls, given, previous).map_err(invalid)?;
        if let Some(capability) = rules::lacking(&template, capabilities) {
            return Err(ApiError::new(
                "InsufficientCapabilitiesException",
                format!("Requires capabilities : [{capability}]"),
            ));
        }
        let store = &self.inner.parameters;
        let resolved = parameter::from_ssm(&decls, &values, place, store).map_err(invalid)?;
        let mut effective = values.clone();
        effective.extend(resolved.clone());
        let others = self.exports(&place.stack_id);
        let exports = others
            .iter()
            .map(|(name, (value, _))| (name.clone(), value.clone()))
            .collect();
        let (blueprint, mut broken) = match blueprint::draw(&template, place, &effective, &exports)
        {
            Ok(blueprint) => (blueprint, None),
            Err(Undrawn::Now(text)) => return Err(invalid(text)),
            Err(Undrawn::Later(text)) => (Blueprint::default(), Some(text)),
        };
        if broken.is_none() {
            broken = parameter::unknown_name(&decls, &values, place, store);
        }
        if broken.is_none() {
            broken = rules::unknown_macro(&template, &place.account, |name| {
                super::owner(&self.inner.stacks, "AWS::CloudFormation::Macro", name).is_some()
            });
        }
        if broken.is_none() {
            broken = blueprint.outputs.iter().find_map(|output| {
                let name = output.export.as_ref()?;
                let (_, stack) = others.get(name)?;
                Some(format!(
                    "Export with name {name} is already exported by stack {stack}."
                ))
            });
        }
        let shown = decls
            .iter()
            .filter_map(|decl| {
                let masked = |value: &String| {
                    if decl.no_echo {
                        MASK.to_owned()
                    } else {
                        value.clone()
                    }
                };
                Some(StackParam {
                    key: decl.key.clone(),
                    value: masked(values.get(&decl.key)?),
                    resolved: resolved.get(&decl.key).map(masked),
                })
            })
            .collect();
        Ok(Prepared {
            template,
            values,
            shown,
            blueprint,
            broken,
        })
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

/// Every resource is as it is, and none is missing or too many.
fn unchanged(stack: &Stack, blueprint: &Blueprint) -> bool {
    let there: BTreeSet<&str> = stack
        .resources
        .values()
        .filter(|resource| resource.is_there())
        .map(|resource| resource.logical_id.as_str())
        .collect();
    there.len() == blueprint.resources.len()
        && blueprint.resources.iter().all(|planned| {
            stack.resources.get(&planned.logical_id).is_some_and(|old| {
                there.contains(planned.logical_id.as_str())
                    && old.kind == planned.kind
                    && old.physical_id == planned.physical_id
                    && old.properties == planned.properties
                    && old.metadata == planned.metadata
                    && old.retain == planned.retain
            })
        })
}

fn valid_name(name: &str) -> Result<(), ApiError> {
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

fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", text)
}
