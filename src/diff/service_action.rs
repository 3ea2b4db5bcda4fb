//! A service action's own fields.

use std::collections::BTreeSet;

use super::normalise::same_json;
use super::{Change, Shown, Was, text};
use crate::model::desired::{ActionDefinition, ServiceAction};
use crate::model::observed::LiveServiceAction;

/// How a service action differs: `None` is left as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceActionDiff {
    /// `Name`.
    pub name: Option<String>,
    /// The text before the mark.
    pub description: Option<String>,
    /// `Definition`, whole: an update replaces it.
    pub definition: Option<ActionDefinition>,
    /// How a plan shows them.
    pub changes: Vec<Change>,
}

/// `Parameters`: JSON.
const PARAMETERS: &str = "Parameters";

/// The parts of a definition: the API's keys and how a manifest calls them.
pub const PARTS: [(&str, &str); 4] = [
    ("Name", "definition.name"),
    ("Version", "definition.version"),
    ("AssumeRole", "definition.assumeRole"),
    (PARAMETERS, "definition.parameters"),
];

/// Compares a service action with the live one, whose description without its mark is `live_text`.
///
/// A definition that was not read says nothing: that is a gap.
pub fn service_action(
    was: Was<&ServiceAction>,
    want: &ServiceAction,
    live: &LiveServiceAction,
    live_text: &str,
) -> ServiceActionDiff {
    let ServiceAction {
        name: _,
        origin: _,
        lifecycle: _,
        display_name,
        description,
        definition,
    } = want;
    let mut changes = Vec::new();
    let name = text(
        &mut changes,
        "name",
        was.part(|o| Some(o.display_name.as_str())),
        Some(display_name),
        Some(&live.name),
    );
    let description = text(
        &mut changes,
        "description",
        was.part(|o| o.description.as_deref()),
        description.as_deref(),
        Some(live_text),
    );
    let before = changes.len();
    if let Some(seen) = &live.definition {
        let base = was.map(|o| &o.definition);
        compare(&mut changes, base, definition, seen);
    }
    let differs = changes.len() > before;
    ServiceActionDiff {
        name,
        description,
        definition: differs.then(|| definition.clone()),
        changes,
    }
}

fn compare(
    changes: &mut Vec<Change>,
    was: Was<&ActionDefinition>,
    want: &ActionDefinition,
    live: &ActionDefinition,
) {
    let known = PARTS.map(|(key, _)| key);
    let others = want.keys().chain(live.keys()).map(String::as_str);
    let others: BTreeSet<&str> = others.filter(|key| !known.contains(key)).collect();
    for key in known.into_iter().chain(others) {
        let (wanted, seen) = (want.get(key), live.get(key));
        if same(key, wanted, seen) {
            continue;
        }
        changes.push(Change {
            field: field(key),
            before: shown(key, seen),
            after: shown(key, wanted),
            reason: was.map(|o| o.get(key)).why(&wanted, &seen),
        });
    }
}

/// The field of a definition's part as a manifest names it.
fn field(key: &str) -> String {
    let part = PARTS.iter().find(|(known, _)| *known == key);
    part.map_or_else(
        || format!("definition.{key}"),
        |(_, field)| (*field).to_owned(),
    )
}

/// A definition's part for people: parameters as `InstanceId TARGET, Count TEXT_VALUE`.
pub fn shown(key: &str, value: Option<&String>) -> Shown {
    let Some(value) = value else {
        return Shown::Absent;
    };
    let parameters = || {
        let list: Vec<serde_json::Value> = serde_json::from_str(value).ok()?;
        let one = |p: &serde_json::Value| {
            let (name, kind) = (p.get("Name")?.as_str()?, p.get("Type")?.as_str()?);
            Some(format!("{name} {kind}"))
        };
        let all: Option<Vec<String>> = list.iter().map(one).collect();
        all.map(|all| all.join(", "))
    };
    match key {
        PARAMETERS => Shown::field(Some(&parameters().unwrap_or_else(|| value.clone()))),
        _ => Shown::text(value),
    }
}

/// Whether two definitions mean the same.
pub fn same_definition(one: &ActionDefinition, other: &ActionDefinition) -> bool {
    let mut keys = one.keys().chain(other.keys());
    keys.all(|key| same(key, one.get(key), other.get(key)))
}

/// No parameters and an empty list of them are the same.
fn same(key: &str, one: Option<&String>, other: Option<&String>) -> bool {
    let none = "[]".to_owned();
    match key {
        PARAMETERS => same_json(one.unwrap_or(&none), other.unwrap_or(&none)),
        _ => one == other,
    }
}
