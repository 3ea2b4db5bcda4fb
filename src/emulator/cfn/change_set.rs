//! What a change set lists: how a stack differs from what a template and its values would make of it.
//!
//! Which property needs a new resource is in each type's documentation and not here. The engine replaces a resource
//! when the name that its template gives it changes and changes it in place otherwise, and so it is told (a guess for
//! every property that is not such a name).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::blueprint::{Blueprint, Planned};
use super::check::names_below;
use super::node::Node;
use super::resource::naming;
use super::stack::{Resource, Stack};
use super::template::Template;

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "CloudFormation's own names")]
pub enum Action {
    Add,
    Modify,
    Remove,
}

/// What of a resource changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "CloudFormation's own names")]
pub enum Aspect {
    Properties,
    Metadata,
    DeletionPolicy,
    Tags,
}

/// One change of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceChange {
    /// What happens to it.
    pub action: Action,
    /// Its name in the template.
    pub logical_id: String,
    /// Its id, if it is there already.
    pub physical_id: Option<String>,
    /// Its type.
    pub kind: String,
    /// A modification makes a new one.
    pub replacement: bool,
    /// Of a modification.
    pub details: Vec<Detail>,
}

/// One reason of a modification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// What changes.
    pub aspect: Aspect,
    /// The property's name.
    pub property: Option<String>,
    /// The property can only be had by a new resource.
    pub recreates: bool,
    /// The value depends on another resource and is known only once that has changed.
    pub dynamic: bool,
    /// The parameter or the resource that changes it; none where the template's own text does. None either where a
    /// parameter acts through a condition, or what a stored parameter's name stands for has changed (a guess).
    pub cause: Option<String>,
}

impl ResourceChange {
    /// The aspects that change, each once.
    pub fn scope(&self) -> BTreeSet<Aspect> {
        self.details.iter().map(|detail| detail.aspect).collect()
    }
}

/// A stack beside what it shall become.
pub(super) struct Comparison<'a> {
    pub(super) stack: &'a Stack,
    pub(super) template: &'a Template,
    pub(super) blueprint: &'a Blueprint,
    pub(super) values: &'a BTreeMap<String, String>,
    pub(super) tags: &'a [(String, String)],
}

/// Everything is made.
pub(super) fn all_new(blueprint: &Blueprint) -> Vec<ResourceChange> {
    blueprint.resources.iter().map(added).collect()
}

impl Comparison<'_> {
    /// In the order in which they are made, removals last.
    pub(super) fn changes(&self) -> Vec<ResourceChange> {
        let mut changes = Vec::new();
        let mut moved = BTreeSet::new();
        for planned in &self.blueprint.resources {
            let old = self.stack.resources.get(&planned.logical_id);
            let Some(old) = old.filter(|old| old.is_there()) else {
                moved.insert(planned.logical_id.clone());
                changes.push(added(planned));
                continue;
            };
            let details = self.details(old, planned, &moved);
            if details.is_empty() {
                continue;
            }
            let replacement = old.physical_id != planned.physical_id;
            if replacement {
                moved.insert(planned.logical_id.clone());
            }
            changes.push(ResourceChange {
                action: Action::Modify,
                logical_id: planned.logical_id.clone(),
                physical_id: Some(old.physical_id.clone()),
                kind: planned.kind.clone(),
                replacement,
                details,
            });
        }
        let wanted: BTreeSet<&str> = self
            .blueprint
            .resources
            .iter()
            .map(|planned| planned.logical_id.as_str())
            .collect();
        let present = self.stack.resources.values();
        changes.extend(
            present
                .filter(|old| old.is_there() && !wanted.contains(old.logical_id.as_str()))
                .map(removed),
        );
        changes
    }

    fn details(&self, old: &Resource, planned: &Planned, moved: &BTreeSet<String>) -> Vec<Detail> {
        let mut details = Vec::new();
        let replaced = old.physical_id != planned.physical_id;
        for property in differing(&old.properties, &planned.properties) {
            let recreates = replaced && naming(&planned.kind) == Some(property.as_str());
            let causes = self.causes(&planned.logical_id, &property, moved);
            for (cause, dynamic) in causes {
                details.push(Detail {
                    aspect: Aspect::Properties,
                    property: Some(property.clone()),
                    recreates,
                    dynamic,
                    cause,
                });
            }
        }
        let mut whole = |aspect| {
            details.push(Detail {
                aspect,
                property: None,
                recreates: false,
                dynamic: false,
                cause: None,
            });
        };
        if old.metadata != planned.metadata {
            whole(Aspect::Metadata);
        }
        if old.retain != planned.retain {
            whole(Aspect::DeletionPolicy);
        }
        // Every resource takes its stack's tags; which types have none is not known here (a guess).
        if self.tags != self.stack.tags {
            whole(Aspect::Tags);
        }
        details
    }

    /// What brings the change of a property about: parameters with another value, resources that are made anew, or
    /// else the template itself.
    fn causes(
        &self,
        logical_id: &str,
        property: &str,
        moved: &BTreeSet<String>,
    ) -> Vec<(Option<String>, bool)> {
        let resources = self.template.section("Resources");
        let node = resources
            .iter()
            .find(|(name, _)| name == logical_id)
            .and_then(|(_, resource)| resource.get("Properties")?.get(property));
        let names = node.map(names_below).unwrap_or_default();
        let other_value = |name: &String| {
            self.values
                .get(name)
                .is_some_and(|value| self.stack.values.get(name) != Some(value))
        };
        let parameters = names.iter().filter(|name| other_value(name));
        let parameters = parameters.map(|name| (Some(name.clone()), false));
        let others = names.iter().filter(|name| moved.contains(*name));
        let others = others.map(|name| (Some(name.clone()), true));
        let found: Vec<_> = parameters.chain(others).collect();
        if found.is_empty() {
            vec![(None, false)]
        } else {
            found
        }
    }
}

fn added(planned: &Planned) -> ResourceChange {
    ResourceChange {
        action: Action::Add,
        logical_id: planned.logical_id.clone(),
        physical_id: None,
        kind: planned.kind.clone(),
        replacement: false,
        details: Vec::new(),
    }
}

fn removed(old: &Resource) -> ResourceChange {
    ResourceChange {
        action: Action::Remove,
        logical_id: old.logical_id.clone(),
        physical_id: Some(old.physical_id.clone()),
        kind: old.kind.clone(),
        replacement: false,
        details: Vec::new(),
    }
}

/// The members that only one has, or that differ, by name.
fn differing(old: &Node, new: &Node) -> BTreeSet<String> {
    let names = |node: &Node| -> BTreeSet<String> {
        let members = node.as_map().unwrap_or(&[]);
        members.iter().map(|(name, _)| name.clone()).collect()
    };
    let mut all = names(old);
    all.extend(names(new));
    all.retain(|name| old.get(name) != new.get(name));
    all
}
