//! How one template differs from another, for people who launch from it: parameters, rules, resources and outputs.
//!
//! It is told of what is written out. Secret defaults are in it nowhere (promise 8).

use std::collections::{BTreeMap, BTreeSet};

use super::ParameterDecl;
use super::declared::{Allowed, Declared};
use super::node::Place;
use super::reading::{Policy, Reading, Resource};
use super::stateful;

/// What becomes of a template's interface and resources. Empty where both say the same of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateChange {
    /// Parameters by name.
    pub parameters: BTreeMap<String, ParameterChange>,
    /// Rules by name.
    pub rules: BTreeMap<String, MemberChange>,
    /// Resources by logical id.
    pub resources: BTreeMap<String, ResourceChange>,
    /// Outputs by key.
    pub outputs: BTreeMap<String, MemberChange>,
    /// Macros of somebody's own that either has: what they make of it is not told here.
    pub macros: BTreeSet<String>,
}

/// What becomes of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterChange {
    /// It is new.
    Added {
        /// Its type, where it is written out.
        kind: String,
        /// What it is where none is given; [`DefaultValue::None`] means that one must be.
        default: DefaultValue,
    },
    /// It is no longer there.
    Removed,
    /// It is another.
    Changed(Vec<ParameterPart>),
}

/// What of a parameter is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterPart {
    /// `Type`.
    Type {
        /// The old one.
        before: String,
        /// The new one.
        after: String,
    },
    /// `Default`, where one that was required no longer is or the other way round, too.
    Default {
        /// The old one.
        before: DefaultValue,
        /// The new one.
        after: DefaultValue,
    },
    /// `AllowedValues`: without `before` all were allowed, without `after` all are.
    Allowed {
        /// Whether there were any before.
        before: bool,
        /// Whether there are any now.
        after: bool,
        /// Those that are new.
        added: Vec<String>,
        /// Those that are no longer allowed.
        removed: Vec<String>,
        /// They are values of a secret: counted and never shown.
        secret: bool,
    },
    /// `NoEcho`, as it is now.
    NoEcho(bool),
    /// Another field: its name, and what it says.
    Field {
        /// `AllowedPattern`, `MinLength` and the like.
        name: &'static str,
        /// What it said.
        before: Option<String>,
        /// What it says.
        after: Option<String>,
    },
}

/// The value of a parameter that is not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefaultValue {
    /// There is none.
    None,
    /// There is one that nobody may see.
    Secret,
    /// This.
    Text(String),
}

/// What becomes of a rule or an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberChange {
    /// It is new.
    Added,
    /// It is no longer there.
    Removed,
    /// It says something else.
    Changed,
}

/// What becomes of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceChange {
    /// It is new.
    Added {
        /// Its type.
        kind: String,
    },
    /// It is no longer there: an update removes it.
    Removed {
        /// What was there.
        was: Former,
    },
    /// It has another type: an update is refused.
    Retyped {
        /// What was there.
        was: Former,
        /// The type that it has now.
        kind: String,
    },
    /// It is another.
    Changed {
        /// Its type.
        kind: String,
        /// The properties and fields that are others, by name.
        parts: Vec<String>,
    },
}

/// A resource that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// Its type.
    pub kind: String,
    /// Where it stood.
    pub at: Place,
    /// Its `DeletionPolicy`, which says what becomes of it.
    pub deletion: Policy,
}

impl Former {
    fn of(resource: &Resource) -> Self {
        Self {
            kind: resource.kind.clone(),
            at: resource.at,
            deletion: resource.deletion.clone(),
        }
    }

    /// Whether it holds data.
    pub fn is_stateful(&self) -> bool {
        stateful::is_stateful(&self.kind)
    }

    /// Whether data goes with it unasked: it holds some, and nothing says what becomes of that.
    pub fn loses_data(&self) -> bool {
        self.is_stateful() && self.deletion == Policy::Unsaid
    }
}

impl TemplateChange {
    /// How `new` differs from `old`.
    pub fn between(old: &Reading, new: &Reading) -> Self {
        let macros = old.macros.iter().chain(&new.macros).cloned();
        let members = |old: &BTreeMap<String, super::reading::Member>,
                       new: &BTreeMap<String, super::reading::Member>| {
            joined(old, new)
                .filter_map(|(key, pair)| {
                    let change = match pair {
                        (None, Some(_)) => MemberChange::Added,
                        (Some(_), None) => MemberChange::Removed,
                        (Some(old), Some(new)) if old.body != new.body => MemberChange::Changed,
                        _ => return None,
                    };
                    Some((key.clone(), change))
                })
                .collect()
        };
        let by_key = |reading: &Reading| -> BTreeMap<String, Declared> {
            let all = reading.parameters.members.iter();
            all.map(|p| (p.key.clone(), p.clone())).collect()
        };
        Self {
            parameters: joined(&by_key(old), &by_key(new))
                .filter_map(|(key, pair)| Some((key.clone(), parameter(pair)?)))
                .collect(),
            rules: members(&old.rules.members, &new.rules.members),
            resources: joined(&old.resources.members, &new.resources.members)
                .filter_map(|(id, pair)| Some((id.clone(), resource(pair)?)))
                .collect(),
            outputs: members(&old.outputs.members, &new.outputs.members),
            macros: macros.collect(),
        }
    }

    /// How parameters differ from those that the service names, where nothing more is known of the former template. What a
    /// secret's default was is masked there, so that it is not compared.
    pub fn of_parameters(old: &[ParameterDecl], new: &Reading) -> Self {
        let old: BTreeMap<&str, &ParameterDecl> = old.iter().map(|p| (p.key.as_str(), p)).collect();
        let mut parameters = BTreeMap::new();
        for key in old.keys() {
            if new.parameter(key).is_none() {
                parameters.insert((*key).to_owned(), ParameterChange::Removed);
            }
        }
        for declared in &new.parameters.members {
            let change = match old.get(declared.key.as_str()) {
                None => parameter((None, Some(declared))),
                Some(old) => known(old, declared),
            };
            parameters.extend(change.map(|change| (declared.key.clone(), change)));
        }
        Self {
            parameters,
            macros: new.macros.iter().cloned().collect(),
            ..Self::default()
        }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        let Self {
            parameters,
            rules,
            resources,
            outputs,
            macros: _,
        } = self;
        parameters.is_empty() && rules.is_empty() && resources.is_empty() && outputs.is_empty()
    }
}

/// Both sides of every key.
fn joined<'a, T>(
    old: &'a BTreeMap<String, T>,
    new: &'a BTreeMap<String, T>,
) -> impl Iterator<Item = (&'a String, (Option<&'a T>, Option<&'a T>))> {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    keys.into_iter()
        .map(|key| (key, (old.get(key), new.get(key))))
}

fn parameter(pair: (Option<&Declared>, Option<&Declared>)) -> Option<ParameterChange> {
    let (old, new) = match pair {
        (None, Some(new)) => {
            return Some(ParameterChange::Added {
                kind: new.kind.clone().unwrap_or_default(),
                default: default(new, new.no_echo),
            });
        }
        (Some(_), None) => return Some(ParameterChange::Removed),
        (Some(old), Some(new)) => (old, new),
        (None, None) => return None,
    };
    let Declared {
        key: _,
        at: _,
        kind,
        default: _,
        no_echo,
        allowed,
        pattern,
        bounds,
        // Texts for people.
        constraint_description: _,
        description: _,
    } = new;
    let mut parts = Vec::new();
    if *kind != old.kind {
        parts.push(ParameterPart::Type {
            before: old.kind.clone().unwrap_or_default(),
            after: kind.clone().unwrap_or_default(),
        });
    }
    // What one of the two keeps secret may be the other's, too.
    let secret = *no_echo || old.no_echo;
    if new.default != old.default {
        parts.push(ParameterPart::Default {
            before: default(old, secret),
            after: default(new, secret),
        });
    }
    parts.extend(allowed_change(old, allowed, secret));
    if *no_echo != old.no_echo {
        parts.push(ParameterPart::NoEcho(*no_echo));
    }
    for (name, before, after) in [
        ("AllowedPattern", &old.pattern, pattern),
        ("MinLength", &old.bounds.min_length, &bounds.min_length),
        ("MaxLength", &old.bounds.max_length, &bounds.max_length),
        ("MinValue", &old.bounds.min_value, &bounds.min_value),
        ("MaxValue", &old.bounds.max_value, &bounds.max_value),
    ] {
        if before != after {
            parts.push(ParameterPart::Field {
                name,
                before: before.clone(),
                after: after.clone(),
            });
        }
    }
    (!parts.is_empty()).then_some(ParameterChange::Changed(parts))
}

/// The change of a parameter of which only this is known.
fn known(old: &ParameterDecl, new: &Declared) -> Option<ParameterChange> {
    let secret = old.no_echo || new.no_echo;
    let mut parts = Vec::new();
    let moved = match secret {
        true => old.default.is_some() != new.default.is_some(),
        false => old.default != new.default,
    };
    if moved {
        let before = match &old.default {
            None => DefaultValue::None,
            Some(_) if secret => DefaultValue::Secret,
            Some(text) => DefaultValue::Text(text.clone()),
        };
        parts.push(ParameterPart::Default {
            before,
            after: default(new, secret),
        });
    }
    if old.no_echo != new.no_echo {
        parts.push(ParameterPart::NoEcho(new.no_echo));
    }
    (!parts.is_empty()).then_some(ParameterChange::Changed(parts))
}

fn allowed_change(
    old: &Declared,
    new: &Option<Vec<Allowed>>,
    secret: bool,
) -> Option<ParameterPart> {
    let texts = |of: &Option<Vec<Allowed>>| -> Vec<String> {
        let all = of.iter().flatten();
        all.map(|one| one.text.clone()).collect()
    };
    let (before, after) = (texts(&old.allowed), texts(new));
    let only = |of: &[String], not: &[String]| -> Vec<String> {
        let not: BTreeSet<&String> = not.iter().collect();
        of.iter().filter(|t| !not.contains(t)).cloned().collect()
    };
    let (added, removed) = (only(&after, &before), only(&before, &after));
    (!added.is_empty() || !removed.is_empty()).then_some(ParameterPart::Allowed {
        before: !before.is_empty(),
        after: !after.is_empty(),
        added,
        removed,
        secret,
    })
}

fn default(of: &Declared, secret: bool) -> DefaultValue {
    match &of.default {
        None => DefaultValue::None,
        Some(_) if secret => DefaultValue::Secret,
        Some(text) => DefaultValue::Text(text.clone()),
    }
}

fn resource(pair: (Option<&Resource>, Option<&Resource>)) -> Option<ResourceChange> {
    let (old, new) = match pair {
        (None, Some(new)) => {
            return Some(ResourceChange::Added {
                kind: new.kind.clone(),
            });
        }
        (Some(old), None) => {
            return Some(ResourceChange::Removed {
                was: Former::of(old),
            });
        }
        (Some(old), Some(new)) => (old, new),
        (None, None) => return None,
    };
    let Resource {
        at: _,
        kind,
        deletion,
        replacement,
        parts,
    } = new;
    if *kind != old.kind {
        return Some(ResourceChange::Retyped {
            was: Former::of(old),
            kind: kind.clone(),
        });
    }
    let others = joined(&old.parts, parts).filter(|(_, (old, new))| old != new);
    let mut names: Vec<String> = others.map(|(name, _)| name.clone()).collect();
    if *deletion != old.deletion {
        names.push("DeletionPolicy".to_owned());
    }
    if *replacement != old.replacement {
        names.push("UpdateReplacePolicy".to_owned());
    }
    (!names.is_empty()).then(|| ResourceChange::Changed {
        kind: kind.clone(),
        parts: names,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(old: &str, new: &str) -> TemplateChange {
        let read = |text: &str| Reading::of(text.as_bytes()).unwrap();
        TemplateChange::between(&read(old), &read(new))
    }

    const OLD: &str = "
Parameters:
  Gone: {Type: String}
  Kind: {Type: String, AllowedValues: [a, b], Default: a}
  Size: {Type: String, Default: '1'}
  Same: {Type: String, Description: one}
  Key: {Type: String, NoEcho: true, Default: hunter2}
Rules: {R: {Assertions: []}}
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  Bucket: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}
  Thing: {Type: AWS::SNS::Topic}
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Kind}}
Outputs:
  A: {Value: !GetAtt Topic.TopicArn}
  B: {Value: 1}
";
    const NEW: &str = "
Parameters:
  Kind: {Type: String, AllowedValues: [b, c]}
  Size: {Type: Number, Default: 1, MinValue: 0}
  Same: {Type: String, Description: two}
  Key: {Type: String, NoEcho: true, Default: correct}
  New: {Type: String, Default: x}
Resources:
  Thing: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: {Ref: Kind}, Tags: []}}
  More: {Type: AWS::SNS::Topic}
Outputs:
  A: {Value: {Fn::GetAtt: [Topic, TopicArn]}}
  C: {Value: 1}
";

    #[test]
    fn everything_that_differs_is_told() {
        let change = between(OLD, NEW);
        let keys: Vec<&str> = change.parameters.keys().map(String::as_str).collect();
        assert_eq!(keys, ["Gone", "Key", "Kind", "New", "Size"]);
        assert_eq!(change.parameters["Gone"], ParameterChange::Removed);
        assert_eq!(
            change.parameters["Kind"],
            ParameterChange::Changed(vec![
                ParameterPart::Default {
                    before: DefaultValue::Text("a".to_owned()),
                    after: DefaultValue::None
                },
                ParameterPart::Allowed {
                    before: true,
                    after: true,
                    added: vec!["c".to_owned()],
                    removed: vec!["a".to_owned()],
                    secret: false,
                }
            ])
        );
        assert_eq!(
            change.parameters["Size"],
            ParameterChange::Changed(vec![
                ParameterPart::Type {
                    before: "String".to_owned(),
                    after: "Number".to_owned()
                },
                ParameterPart::Field {
                    name: "MinValue",
                    before: None,
                    after: Some("0".to_owned())
                },
            ])
        );
        let ids: Vec<&str> = change.resources.keys().map(String::as_str).collect();
        assert_eq!(ids, ["Bucket", "More", "Table", "Thing", "Topic"]);
        let lost = |id: &str| match &change.resources[id] {
            ResourceChange::Removed { was } | ResourceChange::Retyped { was, .. } => {
                was.loses_data()
            }
            _ => false,
        };
        assert_eq!(
            [lost("Table"), lost("Bucket"), lost("Thing")],
            [true, false, false]
        );
        assert_eq!(
            change.resources["Topic"],
            ResourceChange::Changed {
                kind: "AWS::SNS::Topic".to_owned(),
                parts: vec!["Properties.Tags".to_owned()]
            }
        );
        assert_eq!(change.rules["R"], MemberChange::Removed);
        let outputs: Vec<_> = change.outputs.iter().collect();
        assert_eq!(
            outputs,
            [
                (&"B".to_owned(), &MemberChange::Removed),
                (&"C".to_owned(), &MemberChange::Added)
            ]
        );
    }

    #[test]
    fn secret_defaults_are_in_it_nowhere() {
        let change = between(OLD, NEW);
        let text = format!("{change:?}");
        assert!(
            !text.contains("hunter2") && !text.contains("correct"),
            "{text}"
        );
        // One that is secret no longer was secret once.
        let change = between(OLD, &OLD.replace("NoEcho: true, ", ""));
        assert!(!format!("{change:?}").contains("hunter2"));
    }

    #[test]
    fn what_says_the_same_is_no_change() {
        assert!(between(OLD, OLD).is_empty());
        assert!(between(NEW, NEW).is_empty());
    }
}
