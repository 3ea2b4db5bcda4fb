//! Reading what a request for a stack says, before anything is done.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

use super::super::blueprint::{self, Blueprint, Undrawn};
use super::super::intrinsic::{EvalError, Place, Scope};
use super::super::node::Node;
use super::super::parameter;
use super::super::rules;
use super::super::stack::{ChangeStack, MASK, NewStack, Param, Stack, StackParam, StackStatus};
use super::super::template::{ParameterDecl, Template};
use super::Stacks;
use super::change::invalid;
use crate::emulator::api::{ApiError, Ctx};

/// A request read and checked.
pub(super) struct Prepared {
    pub(super) template: Template,
    pub(super) values: BTreeMap<String, String>,
    pub(super) shown: Vec<StackParam>,
    pub(super) blueprint: Blueprint,
    /// What will fail the work once it has begun.
    pub(super) broken: Option<String>,
}

/// An update read and checked.
pub(super) struct Wanted {
    pub(super) prepared: Prepared,
    pub(super) template: Bytes,
    pub(super) tags: Vec<(String, String)>,
    pub(super) notification_arns: Vec<String>,
}

impl Stacks {
    pub(super) fn prepare_new(
        &self,
        ctx: &Ctx<'_>,
        id: &str,
        new: &NewStack,
    ) -> Result<Prepared, ApiError> {
        let place = Place {
            account: ctx.caller.account.clone(),
            region: ctx.region.clone(),
            stack_id: id.to_owned(),
            stack_name: new.name.clone(),
            notification_arns: new.notification_arns.clone(),
        };
        self.prepare(
            &new.template,
            &new.parameters,
            &new.capabilities,
            &new.rules,
            &place,
            None,
        )
    }

    pub(super) fn prepare_change(
        &self,
        stack_id: &str,
        change: &ChangeStack,
    ) -> Result<(Stack, Wanted), ApiError> {
        let Some(stack) = self.get(stack_id).cloned() else {
            return Err(invalid(format!("Stack [{stack_id}] does not exist")));
        };
        if !stack.status.is_updatable() {
            return Err(invalid(format!(
                "Stack:{} is in {} state and can not be updated.",
                stack.id,
                stack.status.as_str()
            )));
        }
        let template = change.template.as_ref().unwrap_or(&stack.template).clone();
        let arns = change.notification_arns.as_ref();
        let notification_arns = arns.unwrap_or(&stack.notification_arns).clone();
        let place = Place {
            notification_arns: notification_arns.clone(),
            ..super::place(&stack)
        };
        let prepared = self.prepare(
            &template,
            &change.parameters,
            &change.capabilities,
            &change.rules,
            &place,
            Some(&stack.values),
        )?;
        let tags = change.tags.as_ref().unwrap_or(&stack.tags).clone();
        let wanted = Wanted {
            prepared,
            template,
            tags,
            notification_arns,
        };
        Ok((stack, wanted))
    }

    /// The template's rules, then those beside it.
    pub(super) fn judge(
        &self,
        template: &Template,
        rules: &[(String, Node)],
        place: &Place,
        values: &BTreeMap<String, String>,
        exports: &BTreeMap<String, String>,
    ) -> Result<(), ApiError> {
        let own = template.section("Rules");
        if own.is_empty() && rules.is_empty() {
            return Ok(());
        }
        // What is wrong with the conditions is said by what draws the blueprint.
        let Ok(scope) = Scope::new(template, place, values, exports) else {
            return Ok(());
        };
        let survey = |kind: &str| self.living(kind);
        let judged = scope
            .judge(own, &survey)
            .and_then(|()| scope.judge(rules, &survey));
        judged.map_err(|error| match error {
            EvalError::Template(text) | EvalError::Unresolved(text) | EvalError::Export(text) => {
                invalid(text)
            }
        })
    }

    fn prepare(
        &self,
        bytes: &[u8],
        given: &[Param],
        capabilities: &[String],
        rules: &[(String, Node)],
        place: &Place,
        previous: Option<&BTreeMap<String, String>>,
    ) -> Result<Prepared, ApiError> {
        Template::fits(bytes).map_err(invalid)?;
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
        self.judge(&template, rules, place, &effective, &exports)?;
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
        let shown = shown(&decls, &values, &resolved);
        Ok(Prepared {
            template,
            values,
            shown,
            blueprint,
            broken,
        })
    }
}

impl Wanted {
    pub(super) fn changes_nothing(&self, stack: &Stack) -> bool {
        self.prepared.broken.is_none()
            && self.tags == stack.tags
            && self.prepared.values == stack.values
            // What a name of Systems Manager stands for is looked up anew each time.
            && self.prepared.shown == stack.parameters
            && self.prepared.blueprint.outputs == stack.outputs
            && unchanged(stack, &self.prepared.blueprint)
    }
}

/// Parameters as they are read back, in the template's order.
pub(super) fn shown(
    decls: &[ParameterDecl],
    values: &BTreeMap<String, String>,
    resolved: &BTreeMap<String, String>,
) -> Vec<StackParam> {
    let shown = decls.iter().filter_map(|decl| {
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
    });
    shown.collect()
}

/// A stack of which nothing is made yet.
pub(super) fn unborn(id: String, new: &NewStack, prepared: &Prepared) -> Stack {
    Stack {
        id,
        name: new.name.clone(),
        status: StackStatus::CreateInProgress,
        status_reason: None,
        template: new.template.clone(),
        description: prepared.template.description().map(str::to_owned),
        parameters: prepared.shown.clone(),
        outputs: Vec::new(),
        tags: new.tags.clone(),
        role_arn: new.role_arn.clone(),
        notification_arns: new.notification_arns.clone(),
        capabilities: new.capabilities.clone(),
        disable_rollback: new.disable_rollback,
        termination_protection: new.termination_protection,
        nested: None,
        created: Timestamp::MIN,
        updated: None,
        deleted: None,
        ended: None,
        events: Vec::new(),
        resources: BTreeMap::new(),
        values: prepared.values.clone(),
        imports: prepared.blueprint.imports.clone(),
        tokens: new.token.iter().cloned().collect(),
        work: None,
    }
}

pub(super) fn stack_id(ctx: &mut Ctx<'_>, name: &str) -> String {
    let mut place = Place {
        account: ctx.caller.account.clone(),
        region: ctx.region.clone(),
        stack_id: String::new(),
        stack_name: name.to_owned(),
        notification_arns: Vec::new(),
    };
    place.stack_id = format!(
        "arn:{}:cloudformation:{}:{}:stack/{name}/{}",
        place.partition(),
        place.region,
        place.account,
        ctx.new_uuid()
    );
    place.stack_id
}

/// Every resource is as it is, and none is missing or too many.
fn unchanged(stack: &Stack, blueprint: &Blueprint) -> bool {
    let present = stack.resources.values();
    let present = present.filter(|resource| resource.is_there());
    present.count() == blueprint.resources.len()
        && blueprint.resources.iter().all(|planned| {
            let old = stack.resources.get(&planned.logical_id);
            old.is_some_and(|old| planned.is(old) && old.retain == planned.retain)
        })
}
