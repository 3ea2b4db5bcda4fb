//! Reading stack sets, their instances and their operations. They are made and changed by Service Catalog alone.

use super::super::Stacks;
use super::super::stack_set::{Amount, Instance, Operation, Preferences, StackSet};
use super::{Answer, page, required};
use crate::emulator::api::ApiError;
use crate::emulator::form::{Form, Xml};

pub(super) fn describe(stacks: &Stacks, form: &Form) -> Answer {
    let set = existing(stacks, form)?;
    let mut xml = Xml::default();
    xml.element("StackSet", |xml| {
        head(xml, set);
        xml.text("TemplateBody", &String::from_utf8_lossy(&set.template));
        xml.members("Parameters", &set.parameters, |xml, parameter| {
            xml.text("ParameterKey", &parameter.key);
            xml.text("ParameterValue", &parameter.value);
        });
        xml.texts("Capabilities", &set.capabilities);
        xml.members("Tags", &set.tags, |xml, (key, value)| {
            xml.text("Key", key);
            xml.text("Value", value);
        });
        xml.text("StackSetARN", &set.arn);
        xml.optional("AdministrationRoleARN", set.admin_role.as_deref());
        xml.optional("ExecutionRoleName", set.execution_role.as_deref());
        xml.text("PermissionModel", "SELF_MANAGED");
        let mut regions: Vec<String> = Vec::new();
        for instance in &set.instances {
            if !regions.contains(&instance.region) {
                regions.push(instance.region.clone());
            }
        }
        xml.texts("Regions", &regions);
    });
    Ok(Some(xml))
}

pub(super) fn list(stacks: &Stacks, form: &Form) -> Answer {
    let wanted = form.get("Status");
    let all = stacks.sets();
    let all: Vec<&StackSet> = all
        .filter(|set| wanted.is_none_or(|wanted| wanted == status(set)))
        .collect();
    listing("Summaries", &all, form, head)
}

pub(super) fn instances(stacks: &Stacks, form: &Form) -> Answer {
    let set = existing(stacks, form)?;
    let account = form.get("StackInstanceAccount");
    let region = form.get("StackInstanceRegion");
    let all = set.instances.iter();
    let all: Vec<&Instance> = all
        .filter(|instance| account.is_none_or(|account| instance.account == account))
        .filter(|instance| region.is_none_or(|region| instance.region == region))
        .collect();
    listing("Summaries", &all, form, |xml, o| instance(xml, set, o))
}

pub(super) fn describe_instance(stacks: &Stacks, form: &Form) -> Answer {
    let set = existing(stacks, form)?;
    let account = required(form, "StackInstanceAccount")?;
    let region = required(form, "StackInstanceRegion")?;
    let found = set.instance(account, region).ok_or_else(|| {
        missing(
            super::super::stack_set::NO_INSTANCE,
            format!(
                "Stack instance not found for account {account}, region {region} in stack set {}",
                set.id()
            ),
        )
    })?;
    let mut xml = Xml::default();
    xml.element("StackInstance", |xml| instance(xml, set, found));
    Ok(Some(xml))
}

pub(super) fn operations(stacks: &Stacks, form: &Form) -> Answer {
    let set = existing(stacks, form)?;
    let all: Vec<&Operation> = set.operations.iter().rev().collect();
    listing("Summaries", &all, form, operation)
}

pub(super) fn describe_operation(stacks: &Stacks, form: &Form) -> Answer {
    let set = existing(stacks, form)?;
    let found = wanted_operation(set, form)?;
    let mut xml = Xml::default();
    xml.element("StackSetOperation", |xml| {
        xml.text("StackSetId", set.id());
        operation(xml, found);
        xml.optional("AdministrationRoleARN", set.admin_role.as_deref());
        xml.optional("ExecutionRoleName", set.execution_role.as_deref());
    });
    Ok(Some(xml))
}

pub(super) fn results(stacks: &Stacks, form: &Form) -> Answer {
    let set = existing(stacks, form)?;
    let all: Vec<_> = wanted_operation(set, form)?.rows.iter().collect();
    listing("Summaries", &all, form, |xml, row| {
        xml.text("Account", &row.account);
        xml.text("Region", &row.region);
        xml.text("Status", row.status.as_str());
        xml.optional("StatusReason", row.reason.as_deref());
    })
}

/// A page of all, and the token of the next.
fn listing<T>(name: &str, all: &[&T], form: &Form, write: impl Fn(&mut Xml, &T)) -> Answer {
    let (page, next) = page(all, form.get("NextToken"))?;
    let mut xml = Xml::default();
    xml.members(name, page, |xml, item| write(xml, item));
    xml.optional("NextToken", next.as_deref());
    Ok(Some(xml))
}

/// By its name or id: its ARN has not the form that the model asks for.
fn existing<'a>(stacks: &'a Stacks, form: &Form) -> Result<&'a StackSet, ApiError> {
    let name = required(form, "StackSetName")?;
    stacks.set(name).ok_or_else(|| {
        missing(
            "StackSetNotFoundException",
            format!("StackSet {name} not found"),
        )
    })
}

fn wanted_operation<'a>(set: &'a StackSet, form: &Form) -> Result<&'a Operation, ApiError> {
    let id = required(form, "OperationId")?;
    set.operation(id).ok_or_else(|| {
        missing(
            "OperationNotFoundException",
            format!("Operation {id} of StackSet {} not found", set.id()),
        )
    })
}

fn missing(code: &str, message: String) -> ApiError {
    ApiError {
        code: code.to_owned(),
        message,
        status: 404,
    }
}

fn status(set: &StackSet) -> &'static str {
    if set.deleted { "DELETED" } else { "ACTIVE" }
}

fn head(xml: &mut Xml, set: &StackSet) {
    xml.text("StackSetName", &set.name);
    xml.text("StackSetId", set.id());
    xml.optional("Description", set.description.as_deref());
    xml.text("Status", status(set));
}

fn instance(xml: &mut Xml, set: &StackSet, instance: &Instance) {
    xml.text("StackSetId", set.id());
    xml.text("Account", &instance.account);
    xml.text("Region", &instance.region);
    xml.optional("StackId", instance.stack.as_deref());
    xml.text("Status", instance.status.as_str());
    xml.element("StackInstanceStatus", |xml| {
        xml.text("DetailedStatus", instance.detail.as_str());
    });
    xml.optional("StatusReason", instance.reason.as_deref());
    xml.text("DriftStatus", "NOT_CHECKED");
    xml.text("LastOperationId", &instance.operation);
}

fn operation(xml: &mut Xml, operation: &Operation) {
    xml.text("OperationId", &operation.id);
    xml.text("Action", operation.action.as_str());
    xml.text("Status", operation.status.as_str());
    xml.time("CreationTimestamp", operation.begun);
    if let Some(at) = operation.ended {
        xml.time("EndTimestamp", at);
    }
    xml.element("OperationPreferences", |xml| {
        xml.texts("RegionOrder", &operation.regions);
        let Preferences {
            tolerance,
            concurrency,
        } = operation.preferences;
        amount(xml, "FailureTolerance", tolerance);
        amount(xml, "MaxConcurrent", concurrency);
    });
}

fn amount(xml: &mut Xml, name: &str, amount: Option<Amount>) {
    let (unit, number) = match amount {
        Some(Amount::Count(number)) => ("Count", number),
        Some(Amount::Percentage(number)) => ("Percentage", number),
        None => return,
    };
    xml.text(&format!("{name}{unit}"), &number.to_string());
}
