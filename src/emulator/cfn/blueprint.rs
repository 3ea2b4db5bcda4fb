//! A template with its values: what a stack will consist of.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::intrinsic::{EvalError, Known, Place, Scope, flat};
use super::node::Node;
use super::resource;
use super::stack::{Output, Resource};
use super::template::{Template, is_loop};

/// A resource as the template wants it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Planned {
    pub(super) logical_id: String,
    pub(super) kind: String,
    pub(super) physical_id: String,
    /// The template names it itself, so that it can collide with another.
    pub(super) named: bool,
    pub(super) properties: Node,
    /// A macro may add properties that the text does not show.
    pub(super) transformed: bool,
    /// A change of it is a change of the resource.
    pub(super) metadata: Node,
    pub(super) retain: bool,
    /// It waits for signals that nobody can send: how long, and what is said then.
    pub(super) waits: Option<(Duration, String)>,
}

impl Planned {
    /// A resource is already what the template wants, but for its DeletionPolicy, which costs no work.
    pub(super) fn is(&self, present: &Resource) -> bool {
        present.is_there()
            && present.kind == self.kind
            && present.physical_id == self.physical_id
            && present.properties == self.properties
            && present.metadata == self.metadata
    }
}

/// All of a stack.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Blueprint {
    /// In the order in which they are made.
    pub(super) resources: Vec<Planned>,
    /// In the template's order.
    pub(super) outputs: Vec<Output>,
    /// Export names it imports.
    pub(super) imports: BTreeSet<String>,
}

/// Why there is no blueprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Undrawn {
    /// The call says it.
    Now(String),
    /// The stack says it once it works.
    Later(String),
}

/// Evaluates a template.
pub(super) fn draw(
    template: &Template,
    place: &Place,
    values: &BTreeMap<String, String>,
    exports: &BTreeMap<String, String>,
) -> Result<Blueprint, Undrawn> {
    let in_block = |block: &'static str| {
        move |error: EvalError| match error {
            EvalError::Template(text) => Undrawn::Now(text),
            EvalError::Export(text) => Undrawn::Later(text),
            EvalError::Unresolved(name) if block == "Outputs" => Undrawn::Now(format!(
                "Unresolved resource dependencies [{name}] in the Outputs block of the template"
            )),
            EvalError::Unresolved(name) => Undrawn::Now(format!(
                "Template format error: Unresolved resource dependencies [{name}] in the {block} block of the template"
            )),
        }
    };
    let mut scope = Scope::new(template, place, values, exports).map_err(in_block("Conditions"))?;
    let mut resources = Vec::new();
    for logical_id in template.order().map_err(Undrawn::Now)? {
        let Some((_, node)) = template
            .section("Resources")
            .iter()
            .find(|(name, _)| *name == logical_id)
        else {
            continue;
        };
        if let Some(planned) = plan(&mut scope, &logical_id, node).map_err(in_block("Resources"))? {
            resources.push(planned);
        }
    }
    let mut outputs = Vec::new();
    for (key, node) in template.section("Outputs") {
        if let Some(output) = output(&scope, key, node).map_err(in_block("Outputs"))? {
            outputs.push(output);
        }
    }
    Ok(Blueprint {
        resources,
        outputs,
        imports: scope.imported.into_inner(),
    })
}

fn plan(
    scope: &mut Scope<'_>,
    logical_id: &str,
    node: &Node,
) -> Result<Option<Planned>, EvalError> {
    let text = |key: &str| node.get(key).and_then(Node::as_text);
    if let Some(condition) = text("Condition")
        && !scope.holds(condition)?
    {
        return Ok(None);
    }
    let kind = text("Type").unwrap_or("Custom::Macro").to_owned();
    let mut properties = Node::Null;
    if let Some(node) = node.get("Properties") {
        properties = scope.value(node)?.unwrap_or_default();
    }
    let metadata = match node.get("Metadata") {
        // What only describes the resource may refer to anything; what can't be evaluated stays as written.
        Some(node) => scope
            .value(node)
            .map_or_else(|_| node.clone(), Option::unwrap_or_default),
        None => Node::Null,
    };
    let physical_id = resource::physical_id(&kind, logical_id, &properties, scope.place);
    let waits = waits(scope, logical_id, &kind, node, &properties)?;
    scope.resources.insert(
        logical_id.to_owned(),
        Known {
            kind: kind.clone(),
            physical_id: physical_id.clone(),
            properties: properties.clone(),
        },
    );
    Ok(Some(Planned {
        logical_id: logical_id.to_owned(),
        named: resource::given_name(&kind, &properties).is_some(),
        physical_id,
        transformed: scope.opaque,
        metadata,
        retain: text("DeletionPolicy").is_some_and(|policy| policy.starts_with("Retain")),
        waits,
        properties,
        kind,
    }))
}

/// A wait condition times out unless someone can signal it: another resource that is given its handle.
/// Those that could are believed to, as every other resource is believed to work.
fn waits(
    scope: &Scope<'_>,
    logical_id: &str,
    kind: &str,
    node: &Node,
    properties: &Node,
) -> Result<Option<(Duration, String)>, EvalError> {
    /// CloudFormation's upper bound, 12 hours.
    const MAX_TIMEOUT: u64 = 43_200;
    if kind != "AWS::CloudFormation::WaitCondition" {
        return Ok(None);
    }
    let number = |key: &str| properties.get(key).map(flat)?.trim().parse::<u64>().ok();
    let count = number("Count").unwrap_or(1);
    let handle = node
        .get("Properties")
        .and_then(|properties| properties.get("Handle")?.get("Ref")?.as_text());
    // Without a handle it waits for `SignalResource` (a CreationPolicy), which cfn-signal of an instance would send.
    let Some(handle) = handle else {
        return Ok(None);
    };
    let signalled = scope
        .template
        .section("Resources")
        .iter()
        .any(|(name, other)| {
            name != logical_id
                && other.get("Type").and_then(Node::as_text)
                    != Some("AWS::CloudFormation::WaitCondition")
                && mentions(other, handle)
        });
    if count == 0 || signalled {
        return Ok(None);
    }
    let timeout = number("Timeout").unwrap_or(MAX_TIMEOUT).min(MAX_TIMEOUT);
    Ok(Some((
        Duration::from_secs(timeout),
        format!("WaitCondition timed out. Received 0 conditions when expecting {count}"),
    )))
}

/// `Ref` or `${}` of `name` somewhere below.
fn mentions(node: &Node, name: &str) -> bool {
    match node {
        Node::Null => false,
        Node::Text(text) => text.contains(&format!("${{{name}}}")),
        Node::List(list) => list.iter().any(|child| mentions(child, name)),
        Node::Map(map) => map.iter().any(|(key, child)| {
            (key == "Ref" && child.as_text() == Some(name)) || mentions(child, name)
        }),
    }
}

fn output(scope: &Scope<'_>, key: &str, node: &Node) -> Result<Option<Output>, EvalError> {
    if is_loop(key) {
        return Ok(None);
    }
    if let Some(condition) = node.get("Condition").and_then(Node::as_text)
        && !scope.holds(condition)?
    {
        return Ok(None);
    }
    let Some(value) = node.get("Value") else {
        return Ok(None);
    };
    // An output whose value is AWS::NoValue is not there.
    let Some(value) = scope.value(value)? else {
        return Ok(None);
    };
    let export = match node.get("Export").and_then(|export| export.get("Name")) {
        Some(name) => Some(scope.text(name)?),
        None => None,
    };
    match value {
        Node::Text(value) => Ok(Some(Output {
            key: key.to_owned(),
            value,
            description: node
                .get("Description")
                .and_then(Node::as_text)
                .map(str::to_owned),
            export,
        })),
        _ => Err(EvalError::Template(format!(
            "Template format error: Output {key} is malformed. The Value field of every Outputs member must evaluate to a String."
        ))),
    }
}
