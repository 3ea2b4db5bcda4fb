//! Stack sets that were made in this account and region.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::intrinsic::Place;
use super::super::parameter;
use super::super::rules;
use super::super::stack::{Stack, StackParam, StackStatus};
use super::super::stack_set::{NewSet, StackSet};
use super::super::template::Template;
use super::Stacks;
use super::change::invalid;
use super::prepare::shown;
use crate::emulator::api::{ApiError, Ctx};

/// A set's template and values, read and checked.
pub(in crate::emulator::cfn) struct PreparedSet {
    pub(in crate::emulator::cfn) values: BTreeMap<String, String>,
    pub(in crate::emulator::cfn) shown: Vec<StackParam>,
    pub(in crate::emulator::cfn) description: Option<String>,
}

impl Stacks {
    /// A stack set that lives, by its name or its id (`<name>:<uuid>`); a deleted one by its id.
    pub fn set(&self, name_or_id: &str) -> Option<&StackSet> {
        let mut all = self.sets();
        all.find(|set| set.id() == name_or_id || (!set.deleted && set.name == name_or_id))
    }

    /// A stack set by its ARN, deleted or not.
    pub fn set_by_arn(&self, arn: &str) -> Option<&StackSet> {
        self.inner.sets.get(arn).map(Arc::as_ref)
    }

    /// All stack sets by ARN, deleted ones too.
    pub fn sets(&self) -> impl Iterator<Item = &StackSet> {
        self.inner.sets.values().map(Arc::as_ref)
    }

    /// Puts a set in place of what it was.
    pub(in crate::emulator) fn put_set(&mut self, set: StackSet) {
        let sets = &mut Arc::make_mut(&mut self.inner).sets;
        sets.insert(set.arn.clone(), Arc::new(set));
    }

    /// Reads and checks a set's template and values. What its stacks meet in their own accounts and regions is theirs to
    /// say.
    pub(in crate::emulator::cfn) fn prepare_set(
        &self,
        ctx: &Ctx<'_>,
        new: &NewSet,
        previous: Option<&BTreeMap<String, String>>,
    ) -> Result<PreparedSet, ApiError> {
        Template::fits(&new.template).map_err(invalid)?;
        let template = Template::parse(&new.template).map_err(invalid)?;
        template.check().map_err(invalid)?;
        let decls = template.parameters();
        let values = parameter::resolve(&decls, &new.parameters, previous).map_err(invalid)?;
        if let Some(capability) = rules::lacking(&template, &new.capabilities) {
            return Err(ApiError::new(
                "InsufficientCapabilitiesException",
                format!("Requires capabilities : [{capability}]"),
            ));
        }
        let place = Place {
            account: ctx.caller.account.clone(),
            region: ctx.region.clone(),
            stack_id: String::new(),
            stack_name: new.name.clone(),
            notification_arns: Vec::new(),
        };
        self.judge(&template, &new.rules, &place, &values, &BTreeMap::new())?;
        Ok(PreparedSet {
            shown: shown(&decls, &values, &BTreeMap::new()),
            values,
            description: template.description().map(str::to_owned),
        })
    }
}

impl Stack {
    /// Why it is not as it was asked to be, as stack sets say it; `None` where it is.
    pub(in crate::emulator) fn shortfall(&self, since: jiff::Timestamp) -> Option<String> {
        if matches!(
            self.status,
            StackStatus::CreateComplete | StackStatus::UpdateComplete
        ) {
            return None;
        }
        let failed = self.events.iter().find(|event| {
            event.time >= since && event.status.ends_with("_FAILED") && event.reason.is_some()
        });
        let own = || self.status_reason.clone();
        let said = match failed {
            Some(event) if event.physical_id != self.id => format!(
                "ResourceLogicalId:{}, ResourceType:{}, ResourceStatusReason:{}.",
                event.logical_id,
                event.kind,
                event
                    .reason
                    .as_deref()
                    .unwrap_or_default()
                    .trim_end_matches('.')
            ),
            Some(event) => event.reason.clone().or_else(own).unwrap_or_default(),
            None => own().unwrap_or_else(|| self.status.as_str().to_owned()),
        };
        Some(said)
    }
}
