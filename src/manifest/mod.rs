//! Bytes → [`Desired`] and findings. Pure: no IO, no clock.
//!
//! ```text
//! files ─ parse ─ schema ─▶ specs ─ defaults, resolve, template ─ check/* ─ build ─▶ Desired
//! ```
//! Every finding of every file is made in one run. An object with an error is left out of the maps and named in
//! [`Desired::broken`], and so is what depends on it; where an object with an error could not be named,
//! [`Desired::incomplete`] says so. Hence every reference inside a [`Desired`] can be followed, and nothing that is
//! merely broken looks absent.

mod build;
mod check;
mod defaults;
mod files;
mod finding;
mod node;
mod parse;
mod resolve;
mod schema;
mod template;
mod words;

pub use finding::{Code, Finding, Severity};
pub use template::{Interface, interface};

use self::schema::Specs;
use crate::ids::Target;
use crate::model::desired::Desired;
use crate::model::tree::{Entry, Pin, Tree};
use std::collections::BTreeSet;

/// What a source is read for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// The account and region; `None` for offline validation, where well-formed values of nobody stand in.
    pub target: Option<Target>,
}

/// A source that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// What it declares, as far as it is sound.
    pub desired: Desired,
    /// What is wrong with it, by place.
    pub findings: Vec<Finding>,
}

impl Loaded {
    /// Whether some object, or the source itself, has an error.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|f| f.severity == Severity::Error)
    }
}

/// Every field of the manifest language: the map it stands in, and its name. Whoever must miss none (the table of
/// scenarios, a schema) counts them by this.
pub fn fields() -> Vec<(&'static str, &'static str)> {
    schema::fields()
}

/// The kinds of manifests, as they are written.
pub fn kinds() -> Vec<&'static str> {
    schema::kinds()
}

/// The manifest language as JSON Schema: of one kind, or of all. `None` where there is no such kind.
pub fn json_schema(kind: Option<&str>) -> Option<serde_json::Value> {
    schema::schema(kind)
}

/// The page `docs/manifest.md`: every field with its type, limits and meaning.
pub fn reference() -> String {
    schema::page()
}

/// The files that versions name at another tag or commit of their repository. Whoever reads the source fills
/// [`Tree::pinned`] with them before it is loaded: nothing is read here.
pub fn pins(tree: &Tree) -> BTreeSet<Pin> {
    // Most sources name none, and reading them twice is not free.
    let mentions = |entry: &Entry| match entry {
        Entry::File(bytes) => str::from_utf8(bytes)
            .is_ok_and(|text| text.contains(schema::API_GROUP) && text.contains("ref")),
        _ => false,
    };
    let mut manifests = tree.scoped().filter(|(path, _)| files::is_yaml(path));
    if !manifests.any(|(_, entry)| mentions(entry)) {
        return BTreeSet::new();
    }
    let mut specs = Specs::default();
    files::read(tree, &mut specs, &mut Vec::new());
    template::pins(tree, &specs)
}

/// Reads the manifests of a source.
///
/// Total: whatever the bytes are, it answers; the same tree and context give the same answer. A source without a
/// single manifest has a finding and is [`Desired::incomplete`]: it never means *nothing desired* (promise 1).
pub fn load(tree: &Tree, context: &Context) -> Loaded {
    let mut findings = Vec::new();
    let mut specs = Specs::default();
    let read = files::read(tree, &mut specs, &mut findings);
    let inherited = defaults::inherit(&mut specs, &mut findings);
    resolve::substitute(&mut specs, context);
    let templates = template::locate(tree, &mut specs, &mut findings);
    let held = read.held.into_iter();
    findings.extend(
        held.filter(|(path, _)| !templates.named.contains(path))
            .map(|(_, finding)| finding),
    );
    if !read.any && findings.is_empty() {
        findings.push(files::nothing(tree));
    }
    check::run(&specs, &templates, &mut findings);
    let left_out = defaults::once(&specs, inherited, &mut findings);
    for finding in &mut findings {
        let lines = specs
            .secrets
            .get(&finding.origin.file)
            .into_iter()
            .flatten();
        let at = finding.origin.line;
        finding.secret |= lines
            .into_iter()
            .any(|(first, last)| (*first..=*last).contains(&at));
    }
    let desired = build::assemble(specs, templates, left_out, &mut findings);
    findings.sort();
    findings.dedup();
    Loaded { desired, findings }
}

/// Whether a text could be taken for a manifest of ours: a template that could has to have another end than `.yaml`.
pub fn names_a_manifest(text: &str) -> bool {
    files::mentions_us(text)
}

/// Whether a scalar without quotes is read as the text that it is: strictly, as a text must be, or as parameters are, of
/// which only null says nothing. What writes manifests asks.
pub fn reads_as_text(text: &str, strict: bool) -> bool {
    match node::Plain::of(text) {
        node::Plain::Text => true,
        node::Plain::Bool | node::Plain::Number => !strict,
        node::Plain::Null => false,
    }
}

/// A document as the manifest reader sees it: scalars as texts, or as `null` where a text may not be written so.
#[cfg(test)]
pub(crate) fn read_scalars(text: &str, strict: bool) -> Option<serde_json::Value> {
    use node::{Node, Value};
    fn json(node: &Node, strict: bool) -> serde_json::Value {
        match &node.value {
            Value::Quoted(text) => text.as_str().into(),
            Value::Plain(text) if reads_as_text(text, strict) => text.as_str().into(),
            Value::Plain(_) | Value::Unknown => serde_json::Value::Null,
            Value::List(items) => items.iter().map(|item| json(item, strict)).collect(),
            Value::Map(entries) => {
                let pairs = entries.iter();
                pairs
                    .map(|e| (e.key.value.clone(), json(&e.value, strict)))
                    .collect()
            }
        }
    }
    let (mut budget, file) = (parse::NODES, std::sync::Arc::from("x.yaml"));
    let mut chunks = parse::chunks(text).into_iter();
    let (one, None) = (chunks.next()?, chunks.next()) else {
        return None;
    };
    let documents = parse::documents(&file, one, &mut budget).ok()?;
    match documents.as_slice() {
        [one] if one.findings.is_empty() => Some(json(&one.root, strict)),
        _ => None,
    }
}
