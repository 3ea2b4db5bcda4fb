//! What a template says: its parameters, rules, resources and outputs, each with its place.
//!
//! What macros add when a template is processed is not in it, so each section says whether it is whole.

use std::collections::BTreeMap;

use super::declared::Declared;
use super::node::{Entry, Node, Place};
use crate::ids::Digest;

/// A template that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// `Parameters`, in the order of the file.
    pub parameters: Section<Vec<Declared>>,
    /// `Rules` by name.
    pub rules: Section<BTreeMap<String, Member>>,
    /// `Resources` by logical id.
    pub resources: Section<BTreeMap<String, Resource>>,
    /// `Outputs` by key.
    pub outputs: Section<BTreeMap<String, Member>>,
    /// `Mappings`: how many.
    pub mappings: usize,
    /// `Description`, where it is written out.
    pub description: Option<String>,
    /// The macros of `Transform` that are not Amazon's: they may rewrite anything.
    pub macros: Vec<String>,
}

/// A section of a template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section<T> {
    /// What is written out in it.
    pub members: T,
    /// Whether nothing is added to it when the template is processed.
    pub whole: bool,
}

/// A rule or an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Where its name stands.
    pub at: Place,
    /// The digest of what it says, in whatever form.
    pub body: Digest,
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Where its logical id stands.
    pub at: Place,
    /// `Type`, where it is written out.
    pub kind: String,
    /// `DeletionPolicy`.
    pub deletion: Policy,
    /// `UpdateReplacePolicy`.
    pub replacement: Policy,
    /// The digests of its other fields and of its properties, by name (`Properties.Tags`, `Condition`).
    pub parts: BTreeMap<String, Digest>,
}

/// What becomes of a resource's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Policy {
    /// The template does not say.
    Unsaid,
    /// A word.
    Said(String),
    /// It is computed.
    Computed,
}

impl Policy {
    fn of(node: Option<&Node>) -> Self {
        match node {
            None => Self::Unsaid,
            Some(node) => node
                .text()
                .map_or(Self::Computed, |word| Self::Said(word.to_owned())),
        }
    }

    /// It for people.
    pub fn words(&self) -> &str {
        match self {
            Self::Unsaid => "",
            Self::Said(word) => word,
            Self::Computed => "(computed)",
        }
    }
}

impl Reading {
    /// Reads a template.
    ///
    /// # Errors
    /// Why it cannot be read, for a person.
    pub fn of(bytes: &[u8]) -> Result<Self, String> {
        let root = Node::read(bytes)?;
        if root.entries().is_none() {
            return Err("it is no map".to_owned());
        }
        let macros: Vec<String> = root
            .get("Transform")
            .map(foreign_macros)
            .unwrap_or_default();
        let tame = macros.is_empty();
        let section = |name: &str| entries(&root, name);
        // Macros get the parameters as they are given: they add none.
        let parameters = section("Parameters")?;
        let outputs = section("Outputs")?;
        // What is not checked against anything is no reason to know nothing.
        let (rules, resources) = (section("Rules"), section("Resources"));
        let (rules_read, resources_read) = (rules.is_ok(), resources.is_ok());
        let (rules, resources) = (rules.unwrap_or_default(), resources.unwrap_or_default());
        Ok(Self {
            parameters: Section {
                whole: !has_functions(parameters),
                members: written(parameters)
                    .map(|e| Declared::read(&e.key, e.at, &e.value))
                    .collect(),
            },
            rules: Section {
                whole: tame && rules_read && !has_functions(rules),
                members: written(rules).map(member).collect(),
            },
            resources: Section {
                whole: tame && resources_read && !has_functions(resources),
                members: written(resources).map(resource).collect(),
            },
            outputs: Section {
                // Language extensions make outputs by `Fn::ForEach` alone, which is seen in the section itself.
                whole: tame && !has_functions(outputs),
                members: written(outputs).map(member).collect(),
            },
            mappings: section("Mappings").map_or(0, <[Entry]>::len),
            description: root
                .get("Description")
                .and_then(Node::text)
                .map(str::to_owned),
            macros,
        })
    }

    /// A parameter by its name.
    pub fn parameter(&self, key: &str) -> Option<&Declared> {
        self.parameters.members.iter().find(|p| p.key == key)
    }

    /// The defaults of NoEcho parameters: nobody's to see (promise 8).
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let masked = self.parameters.members.iter().filter(|p| p.no_echo);
        masked
            .filter_map(|p| p.default.as_deref())
            .filter(|text| !text.is_empty())
    }
}

fn entries<'n>(root: &'n Node, name: &str) -> Result<&'n [Entry], String> {
    match root.get(name) {
        None => Ok(&[]),
        Some(node) if node.is_null() => Ok(&[]),
        Some(node) => node.entries().ok_or_else(|| format!("`{name}` is no map")),
    }
}

/// `Fn::Transform` and `Fn::ForEach::…` make members when the template is processed.
fn has_functions(section: &[Entry]) -> bool {
    section.iter().any(|entry| entry.key.starts_with("Fn::"))
}

fn written(section: &[Entry]) -> impl Iterator<Item = &Entry> {
    section
        .iter()
        .filter(|entry| !entry.key.starts_with("Fn::"))
}

/// The macros that are somebody's own. Serverless and the like rewrite resources, and add some of their own.
fn foreign_macros(transform: &Node) -> Vec<String> {
    if let Some(items) = transform.items() {
        return items.iter().flat_map(foreign_macros).collect();
    }
    match transform.text() {
        Some(name) if name.starts_with("AWS::") && name != "AWS::Include" => Vec::new(),
        Some(name) => vec![name.to_owned()],
        None if transform.is_null() => Vec::new(),
        // `Name:` and `Parameters:`.
        None => vec![
            transform
                .get("Name")
                .and_then(Node::text)
                .unwrap_or("a macro")
                .to_owned(),
        ],
    }
}

fn digest(node: &Node) -> Digest {
    Digest::of(node.plain().to_string().as_bytes())
}

fn member(entry: &Entry) -> (String, Member) {
    let member = Member {
        at: entry.at,
        body: digest(&entry.value),
    };
    (entry.key.clone(), member)
}

fn resource(entry: &Entry) -> (String, Resource) {
    let node = &entry.value;
    let fields = node.entries().unwrap_or_default();
    let mut parts = BTreeMap::new();
    for field in fields {
        match (field.key.as_str(), field.value.entries(), &field.value.tag) {
            ("Type" | "DeletionPolicy" | "UpdateReplacePolicy", ..) => {}
            ("Properties", Some(properties), None) => {
                for property in properties {
                    let name = format!("Properties.{}", property.key);
                    parts.insert(name, digest(&property.value));
                }
            }
            (name, ..) => {
                parts.insert(name.to_owned(), digest(&field.value));
            }
        }
    }
    let kind = node.get("Type").and_then(Node::text);
    let resource = Resource {
        at: entry.at,
        kind: kind.unwrap_or_default().to_owned(),
        deletion: Policy::of(node.get("DeletionPolicy")),
        replacement: Policy::of(node.get("UpdateReplacePolicy")),
        parts,
    };
    (entry.key.clone(), resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Reading {
        Reading::of(text.as_bytes()).unwrap()
    }

    #[test]
    fn yaml_json_and_macros() {
        let yaml = read(
            "\u{feff}AWSTemplateFormatVersion: 2010-09-09\nParameters:\n  A: {Type: String}\n  B: {Type: Number, Default: 3, NoEcho: 'true'}\nRules: {R: {Assertions: []}}\nResources: {X: {Type: T, DeletionPolicy: Retain, Properties: {P: !Sub '${A}'}}}\nOutputs: {O: {Value: !GetAtt X.Arn}}\n",
        );
        let parameters = &yaml.parameters.members;
        assert_eq!(parameters[0].default, None);
        assert_eq!(parameters[1].default.as_deref(), Some("3"));
        assert!(parameters[1].no_echo && yaml.parameters.whole);
        assert_eq!(yaml.secrets().collect::<Vec<_>>(), ["3"]);
        assert!(yaml.outputs.members.contains_key("O") && yaml.outputs.whole);
        assert!(yaml.rules.members.contains_key("R"));
        let x = &yaml.resources.members["X"];
        assert_eq!((x.kind.as_str(), x.at.line), ("T", 6));
        assert_eq!(x.deletion, Policy::Said("Retain".to_owned()));
        assert_eq!(x.replacement, Policy::Unsaid);
        assert_eq!(x.parts.keys().collect::<Vec<_>>(), ["Properties.P"]);

        let json =
            read("{\n\t\"Parameters\": {\"A\": {\"Type\": \"String\", \"Default\": \"\"}}\n}");
        assert_eq!(json.parameters.members[0].default.as_deref(), Some(""));
        assert!(json.outputs.members.is_empty() && json.outputs.whole);

        let made =
            read("Transform: [AWS::Serverless-2016-10-31, Mine]\nOutputs: {O: {Value: 1}}\n");
        assert_eq!(made.macros, ["Mine"]);
        assert!(!made.outputs.whole && made.parameters.whole);
        let named = read("Transform: {Name: 'AWS::Include', Parameters: {Location: x}}\n");
        assert_eq!(named.macros, ["AWS::Include"]);
        let each = read("Outputs: {'Fn::ForEach::X': []}\n");
        assert!(!each.outputs.whole && each.outputs.members.is_empty());
        let serverless = read("Transform: AWS::Serverless-2016-10-31\n");
        assert!(serverless.outputs.whole);
    }

    #[test]
    fn what_is_no_template_says_why() {
        let why = |text: &str| Reading::of(text.as_bytes()).unwrap_err();
        assert_eq!(why("- a\n"), "it is no map");
        assert_eq!(why("Parameters: 1\n"), "`Parameters` is no map");
        assert!(
            why("a: [").contains("at line 2 column 1"),
            "{}",
            why("a: [")
        );
    }
}
