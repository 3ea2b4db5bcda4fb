//! The Query/XML wire of CloudFormation.

mod elsewhere;
mod sets;
mod shapes;

use bytes::Bytes;

use super::rules;
use super::stack::{ChangeStack, NewStack, Param, ParamValue, Stack, StackStatus};
use super::{Stacks, Template};
use crate::emulator::api::{ApiError, Ctx};
use crate::emulator::form::{self, Form, Xml};
use crate::emulator::ops::unsupported;

const NAMESPACE: &str = "http://cloudformation.amazonaws.com/doc/2010-05-15/";
/// Bytes of a `TemplateBody`.
const MAX_TEMPLATE_BODY: usize = 51_200;
/// Entries of one page of any listing (real pages are cut by size, near this).
const PAGE: usize = 100;

/// Loads a template from a `TemplateURL`, or says in the service's words why it can't.
pub type ReadUrl<'a> = &'a dyn Fn(&str) -> Result<Bytes, String>;
type Answer = Result<Option<Xml>, ApiError>;

/// Answers one request. `read_url` loads a template from a `TemplateURL`.
pub fn handle(
    stacks: &mut Stacks,
    ctx: &mut Ctx<'_>,
    read_url: ReadUrl<'_>,
    body: &[u8],
) -> http::Response<Bytes> {
    stacks.settle(ctx.now);
    let form = Form::parse(body);
    let action = form.get("Action").unwrap_or_default().to_owned();
    let result = match action.as_str() {
        "CreateStack" => create(stacks, ctx, read_url, &form),
        "UpdateStack" => update(stacks, ctx, read_url, &form),
        "DeleteStack" => delete(stacks, ctx, &form),
        "DescribeStacks" => describe(stacks, &form),
        "ListStacks" => list(stacks, &form),
        "DescribeStackEvents" => events(stacks, &form),
        "DescribeStackResources" => resources(stacks, &form),
        "ListStackResources" => list_resources(stacks, &form),
        "GetTemplate" => get_template(stacks, &form),
        "GetTemplateSummary" => summary(stacks, read_url, &form),
        "ValidateTemplate" => validate(read_url, &form),
        "DescribeStackSet" => sets::describe(stacks, &form),
        "ListStackSets" => sets::list(stacks, &form),
        "ListStackInstances" => sets::instances(stacks, &form),
        "DescribeStackInstance" => sets::describe_instance(stacks, &form),
        "ListStackSetOperations" => sets::operations(stacks, &form),
        "DescribeStackSetOperation" => sets::describe_operation(stacks, &form),
        "ListStackSetOperationResults" => sets::results(stacks, &form),
        known if elsewhere::ACTIONS.contains(&known) => Err(unsupported(known)),
        _ => Err(ApiError::new(
            "InvalidAction",
            format!("Could not find operation {action} for version 2010-05-15"),
        )),
    };
    let id = form::new_id(ctx.entropy);
    match result {
        Ok(result) => form::answer(NAMESPACE, &action, result, &id),
        Err(error) => form::refusal(NAMESPACE, &error, &id),
    }
}

fn create(stacks: &mut Stacks, ctx: &mut Ctx<'_>, read_url: ReadUrl<'_>, form: &Form) -> Answer {
    let template = template(read_url, form)?.ok_or_else(no_template)?;
    let on_failure = form.get("OnFailure");
    if on_failure.is_some() && form.get("DisableRollback").is_some() {
        return Err(invalid(
            "You can specify either DisableRollback or OnFailure, but not both.",
        ));
    }
    let id = stacks.create(
        ctx,
        NewStack {
            name: required(form, "StackName")?.to_owned(),
            template,
            parameters: parameters(form)?,
            tags: tags(form),
            role_arn: text(form, "RoleARN"),
            notification_arns: form.list("NotificationARNs"),
            capabilities: form.list("Capabilities"),
            disable_rollback: form.is_true("DisableRollback") || on_failure == Some("DO_NOTHING"),
            delete_on_failure: on_failure == Some("DELETE"),
            termination_protection: form.is_true("EnableTerminationProtection"),
            token: text(form, "ClientRequestToken"),
            rules: Vec::new(),
        },
    )?;
    Ok(Some(stack_id(&id)))
}

fn update(stacks: &mut Stacks, ctx: &mut Ctx<'_>, read_url: ReadUrl<'_>, form: &Form) -> Answer {
    let name = required(form, "StackName")?;
    let template = template(read_url, form)?;
    if template.is_none() && !form.is_true("UsePreviousTemplate") {
        return Err(no_template());
    }
    let id = match stacks.get(name) {
        Some(stack) => stack.id.clone(),
        None => return Err(invalid(format!("Stack [{name}] does not exist"))),
    };
    stacks.update(
        ctx,
        &id,
        ChangeStack {
            template,
            parameters: parameters(form)?,
            tags: form.has_list("Tags").then(|| tags(form)),
            role_arn: text(form, "RoleARN"),
            notification_arns: form
                .has_list("NotificationARNs")
                .then(|| form.list("NotificationARNs")),
            capabilities: form.list("Capabilities"),
            token: text(form, "ClientRequestToken"),
            rules: Vec::new(),
        },
    )?;
    Ok(Some(stack_id(&id)))
}

fn delete(stacks: &mut Stacks, ctx: &mut Ctx<'_>, form: &Form) -> Answer {
    let name = required(form, "StackName")?;
    stacks.delete_retaining(ctx, name, &form.list("RetainResources"))?;
    Ok(None)
}

fn describe(stacks: &Stacks, form: &Form) -> Answer {
    let mut xml = Xml::default();
    if let Some(name) = form.get("StackName") {
        let stack = existing(stacks, name)?;
        xml.members("Stacks", [stack], shapes::stack);
        return Ok(Some(xml));
    }
    // Deleted ones are found by id only.
    let all = newest_first(stacks, |stack| stack.status != StackStatus::DeleteComplete);
    let (page, next) = page(&all, form.get("NextToken"))?;
    xml.members("Stacks", page, shapes::stack);
    xml.optional("NextToken", next.as_deref());
    Ok(Some(xml))
}

fn list(stacks: &Stacks, form: &Form) -> Answer {
    let wanted = form.list("StackStatusFilter");
    let all = newest_first(stacks, |stack| {
        wanted.is_empty() || wanted.iter().any(|status| status == stack.status.as_str())
    });
    let (page, next) = page(&all, form.get("NextToken"))?;
    let mut xml = Xml::default();
    xml.members("StackSummaries", page, |xml, stack| {
        shapes::summary(xml, stack)
    });
    xml.optional("NextToken", next.as_deref());
    Ok(Some(xml))
}

fn events(stacks: &Stacks, form: &Form) -> Answer {
    let name = required(form, "StackName")?;
    let stack = stacks
        .get(name)
        .ok_or_else(|| invalid(format!("Stack [{name}] does not exist")))?;
    let all: Vec<_> = stack.events.iter().rev().collect();
    let (page, next) = page(&all, form.get("NextToken"))?;
    let mut xml = Xml::default();
    xml.members("StackEvents", page, |xml, event| {
        shapes::event(xml, stack, event);
    });
    xml.optional("NextToken", next.as_deref());
    Ok(Some(xml))
}

fn resources(stacks: &Stacks, form: &Form) -> Answer {
    let stack = match (form.get("StackName"), form.get("PhysicalResourceId")) {
        (Some(name), _) => existing(stacks, name)?,
        (None, Some(physical_id)) => stacks
            .iter()
            .find(|stack| {
                stack
                    .resources
                    .values()
                    .any(|resource| resource.physical_id == physical_id)
            })
            .ok_or_else(|| invalid(format!("Stack for {physical_id} does not exist")))?,
        (None, None) => {
            return Err(invalid(
                "You must specify either StackName or PhysicalResourceId",
            ));
        }
    };
    let wanted = form.get("LogicalResourceId");
    let mut xml = Xml::default();
    xml.members(
        "StackResources",
        stack
            .resources
            .values()
            .filter(|resource| wanted.is_none_or(|id| id == resource.logical_id)),
        |xml, resource| shapes::resource(xml, stack, resource),
    );
    Ok(Some(xml))
}

fn list_resources(stacks: &Stacks, form: &Form) -> Answer {
    let stack = existing(stacks, required(form, "StackName")?)?;
    let all: Vec<_> = stack.resources.values().collect();
    let (page, next) = page(&all, form.get("NextToken"))?;
    let mut xml = Xml::default();
    xml.members("StackResourceSummaries", page, |xml, resource| {
        shapes::resource_summary(xml, resource);
    });
    xml.optional("NextToken", next.as_deref());
    Ok(Some(xml))
}

fn get_template(stacks: &Stacks, form: &Form) -> Answer {
    let stack = existing(stacks, required(form, "StackName")?)?;
    let mut xml = Xml::default();
    xml.text("TemplateBody", &String::from_utf8_lossy(&stack.template));
    // What macros would make of it is not known here, so both stages are the text as it was given.
    xml.element("StagesAvailable", |stages| {
        stages.text("member", "Original");
        stages.text("member", "Processed");
    });
    Ok(Some(xml))
}

fn summary(stacks: &Stacks, read_url: ReadUrl<'_>, form: &Form) -> Answer {
    let bytes = match form.get("StackName") {
        Some(name) => existing(stacks, name)?.template.clone(),
        None => template(read_url, form)?.ok_or_else(no_template)?,
    };
    let template = Template::parse(&bytes).map_err(invalid)?;
    let mut xml = Xml::default();
    shapes::template_summary(&mut xml, &template, rules::lacking(&template, &[]));
    Ok(Some(xml))
}

fn validate(read_url: ReadUrl<'_>, form: &Form) -> Answer {
    let bytes = template(read_url, form)?.ok_or_else(no_template)?;
    let template = Template::parse(&bytes).map_err(invalid)?;
    template.check().map_err(invalid)?;
    let mut xml = Xml::default();
    shapes::validation(&mut xml, &template, rules::lacking(&template, &[]));
    Ok(Some(xml))
}

/// The template of a request, if it names one.
fn template(read_url: ReadUrl<'_>, form: &Form) -> Result<Option<Bytes>, ApiError> {
    match (form.get("TemplateBody"), form.get("TemplateURL")) {
        (Some(_), Some(_)) => Err(invalid(
            "Exactly one of TemplateBody or TemplateUrl must be specified.",
        )),
        (Some(body), None) if body.len() > MAX_TEMPLATE_BODY => Err(invalid(format!(
            "1 validation error detected: Value '{}' at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to {MAX_TEMPLATE_BODY}",
            body.chars().take(100).collect::<String>()
        ))),
        (Some(body), None) => Ok(Some(Bytes::copy_from_slice(body.as_bytes()))),
        (None, Some(url)) => {
            let bytes = read_url(url).map_err(invalid)?;
            Template::fits(&bytes).map_err(invalid)?;
            Ok(Some(bytes))
        }
        (None, None) => Ok(None),
    }
}

fn parameters(form: &Form) -> Result<Vec<Param>, ApiError> {
    form.structures("Parameters")
        .into_iter()
        .map(|at| {
            let key = form
                .get(&format!("{at}.ParameterKey"))
                .unwrap_or_default()
                .to_owned();
            let previous = form.is_true(&format!("{at}.UsePreviousValue"));
            let value = match (form.get(&format!("{at}.ParameterValue")), previous) {
                (Some(_), true) => {
                    return Err(invalid(format!(
                        "Invalid input for parameter key {key}. Cannot specify usePreviousValue as true while also specifying a value for parameter key"
                    )));
                }
                (Some(text), false) => ParamValue::Text(text.to_owned()),
                (None, true) => ParamValue::Previous,
                (None, false) => {
                    return Err(invalid(format!(
                        "Invalid input for parameter key {key}. Need to specify either usePreviousValue as true or a value for the parameter"
                    )));
                }
            };
            Ok(Param { key, value })
        })
        .collect()
}

fn tags(form: &Form) -> Vec<(String, String)> {
    form.structures("Tags")
        .into_iter()
        .map(|at| {
            let member = |name: &str| {
                form.get(&format!("{at}.{name}"))
                    .unwrap_or_default()
                    .to_owned()
            };
            (member("Key"), member("Value"))
        })
        .collect()
}

fn existing<'a>(stacks: &'a Stacks, name: &str) -> Result<&'a Stack, ApiError> {
    stacks
        .get(name)
        .ok_or_else(|| invalid(format!("Stack with id {name} does not exist")))
}

fn newest_first(stacks: &Stacks, wanted: impl Fn(&Stack) -> bool) -> Vec<&Stack> {
    let mut all: Vec<&Stack> = stacks.iter().filter(|stack| wanted(stack)).collect();
    all.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
    all
}

/// A page and the token of the next; a token says how many came before.
fn page<'a, T>(
    all: &'a [&'a T],
    token: Option<&str>,
) -> Result<(Vec<&'a T>, Option<String>), ApiError> {
    let from = match token {
        None => 0,
        Some(token) => aws_smithy_types::base64::decode(token)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok())
            .ok_or_else(|| invalid("Invalid NextToken"))?,
    };
    let page: Vec<&T> = all.iter().skip(from).take(PAGE).copied().collect();
    let end = from.saturating_add(page.len());
    let next = (end < all.len() && !page.is_empty())
        .then(|| aws_smithy_types::base64::encode(end.to_string()));
    Ok((page, next))
}

fn stack_id(id: &str) -> Xml {
    let mut xml = Xml::default();
    xml.text("StackId", id);
    xml
}

fn text(form: &Form, key: &str) -> Option<String> {
    form.get(key)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn required<'a>(form: &'a Form, key: &str) -> Result<&'a str, ApiError> {
    form.get(key).filter(|text| !text.is_empty()).ok_or_else(|| {
        let mut member = key.to_owned();
        member[..1].make_ascii_lowercase();
        invalid(format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

fn no_template() -> ApiError {
    invalid("Either Template URL or Template Body must be specified.")
}

fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", text)
}

#[cfg(test)]
mod tests;
