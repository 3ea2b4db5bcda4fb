//! The shapes of answers.

use super::super::node::Node;
use super::super::stack::{Resource, Stack, StackEvent};
use super::super::template::Template;
use super::Xml;

/// `Stack`, its members in the order of the recorded answers.
pub(super) fn stack(xml: &mut Xml, stack: &Stack) {
    xml.members("Outputs", &stack.outputs, |xml, output| {
        xml.optional("Description", output.description.as_deref());
        xml.text("OutputKey", &output.key);
        xml.text("OutputValue", &output.value);
        xml.optional("ExportName", output.export.as_deref());
    });
    xml.texts("Capabilities", &stack.capabilities);
    xml.time("CreationTime", stack.created);
    xml.texts("NotificationARNs", &stack.notification_arns);
    xml.text("StackId", &stack.id);
    xml.text("StackName", &stack.name);
    xml.optional("Description", stack.description.as_deref());
    xml.text("StackStatus", stack.status.as_str());
    xml.optional("StackStatusReason", stack.status_reason.as_deref());
    xml.text("DisableRollback", flag(stack.disable_rollback));
    xml.members("Tags", &stack.tags, |xml, (key, value)| {
        xml.text("Value", value);
        xml.text("Key", key);
    });
    xml.element("RollbackConfiguration", |_| {});
    xml.element("DriftInformation", |xml| {
        xml.text("StackDriftStatus", "NOT_CHECKED");
    });
    xml.text(
        "EnableTerminationProtection",
        flag(stack.termination_protection),
    );
    xml.optional("RoleARN", stack.role_arn.as_deref());
    nested(xml, stack);
    times(xml, stack);
    xml.members("Parameters", &stack.parameters, |xml, parameter| {
        xml.text("ParameterKey", &parameter.key);
        xml.text("ParameterValue", &parameter.value);
        xml.optional("ResolvedValue", parameter.resolved.as_deref());
    });
}

/// `StackSummary`.
pub(super) fn summary(xml: &mut Xml, stack: &Stack) {
    xml.text("StackId", &stack.id);
    xml.text("StackName", &stack.name);
    xml.optional("TemplateDescription", stack.description.as_deref());
    xml.time("CreationTime", stack.created);
    nested(xml, stack);
    times(xml, stack);
    xml.text("StackStatus", stack.status.as_str());
    xml.optional("StackStatusReason", stack.status_reason.as_deref());
    xml.element("DriftInformation", |xml| {
        xml.text("StackDriftStatus", "NOT_CHECKED");
    });
}

fn nested(xml: &mut Xml, stack: &Stack) {
    if let Some(nested) = &stack.nested {
        xml.text("ParentId", &nested.parent);
        xml.text("RootId", &nested.root);
    }
}

fn times(xml: &mut Xml, stack: &Stack) {
    if let Some(at) = stack.updated {
        xml.time("LastUpdatedTime", at);
    }
    if let Some(at) = stack.deleted {
        xml.time("DeletionTime", at);
    }
}

/// `StackEvent`.
pub(super) fn event(xml: &mut Xml, stack: &Stack, event: &StackEvent) {
    xml.text("StackId", &stack.id);
    xml.text("EventId", &event.id);
    xml.text("StackName", &stack.name);
    xml.text("LogicalResourceId", &event.logical_id);
    xml.text("PhysicalResourceId", &event.physical_id);
    xml.text("ResourceType", &event.kind);
    xml.time("Timestamp", event.time);
    xml.text("ResourceStatus", &event.status);
    xml.optional("ResourceStatusReason", event.reason.as_deref());
}

/// `StackResource`.
pub(super) fn resource(xml: &mut Xml, stack: &Stack, resource: &Resource) {
    xml.text("StackName", &stack.name);
    xml.text("StackId", &stack.id);
    resource_members(xml, resource, "Timestamp");
}

/// `StackResourceSummary`.
pub(super) fn resource_summary(xml: &mut Xml, resource: &Resource) {
    resource_members(xml, resource, "LastUpdatedTimestamp");
}

fn resource_members(xml: &mut Xml, resource: &Resource, time: &str) {
    xml.text("LogicalResourceId", &resource.logical_id);
    let physical_id = Some(resource.physical_id.as_str()).filter(|id| !id.is_empty());
    xml.optional("PhysicalResourceId", physical_id);
    xml.text("ResourceType", &resource.kind);
    xml.time(time, resource.changed);
    xml.text("ResourceStatus", &resource.status);
    xml.optional("ResourceStatusReason", resource.reason.as_deref());
    xml.element("DriftInformation", |xml| {
        xml.text("StackResourceDriftStatus", "NOT_CHECKED");
    });
}

/// `GetTemplateSummaryOutput`.
pub(super) fn template_summary(xml: &mut Xml, template: &Template, capability: Option<&str>) {
    xml.members("Parameters", template.parameters(), |xml, decl| {
        xml.text("ParameterKey", &decl.key);
        xml.optional("DefaultValue", decl.default.as_deref());
        xml.text("ParameterType", &decl.kind);
        xml.text("NoEcho", flag(decl.no_echo));
        xml.optional("Description", decl.description.as_deref());
        xml.element("ParameterConstraints", |xml| {
            if !decl.allowed_values.is_empty() {
                xml.texts("AllowedValues", &decl.allowed_values);
            }
        });
    });
    xml.optional("Description", template.description());
    capabilities(xml, capability);
    let mut kinds: Vec<String> = Vec::new();
    for (_, resource) in template.section("Resources") {
        if let Some(kind) = resource.get("Type").and_then(Node::as_text)
            && !kinds.iter().any(|known| known == kind)
        {
            kinds.push(kind.to_owned());
        }
    }
    xml.texts("ResourceTypes", &kinds);
    xml.text("Version", "2010-09-09");
    xml.texts("DeclaredTransforms", &template.transforms());
}

/// `ValidateTemplateOutput`.
pub(super) fn validation(xml: &mut Xml, template: &Template, capability: Option<&str>) {
    xml.members("Parameters", template.parameters(), |xml, decl| {
        xml.text("ParameterKey", &decl.key);
        xml.optional("DefaultValue", decl.default.as_deref());
        xml.text("NoEcho", flag(decl.no_echo));
        xml.optional("Description", decl.description.as_deref());
    });
    xml.optional("Description", template.description());
    capabilities(xml, capability);
    xml.texts("DeclaredTransforms", &template.transforms());
}

fn capabilities(xml: &mut Xml, capability: Option<&str>) {
    if let Some(capability) = capability {
        xml.texts("Capabilities", [&capability.to_owned()]);
        xml.text(
            "CapabilitiesReason",
            &format!("The template needs {capability}"),
        );
    }
}

fn flag(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}
