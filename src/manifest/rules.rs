//! The settings file of a source, `catalogd.yaml`: a team's own rules over plans. Files of rules that are given apart have
//! the same shape.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::finding::{Code, Finding, Severity};
use super::node::{At, Entry as Field, Node, Plain, Value};
use super::parse;
use super::schema::{API_GROUP, start_of};
use super::words;
use crate::ids::{Kind, Name};
use crate::model::desired::Origin;
use crate::model::tree::{Entry, Tree};
use crate::rule::{self, Effect, Expression, Rule, Rules, Scope};

/// The settings file's name. It lies at the root of what is read, and nowhere else.
pub(super) const FILE: &str = "catalogd.yaml";
/// What it is easily taken for.
const NOT_FILE: &str = "catalogd.yml";

/// Whether a path is the settings file's, or would be with another end: no manifests are read from it.
pub(super) fn is_settings(tree: &Tree, path: &str) -> bool {
    [FILE, NOT_FILE].contains(&tree.shown(path))
}

/// Reads the rules of a source; none where it has no settings file.
pub(super) fn of_source(tree: &Tree, findings: &mut Vec<Finding>) -> Rules {
    let mut rules = Rules::default();
    for (path, entry) in tree.scoped().filter(|(path, _)| is_settings(tree, path)) {
        let name = tree.shown(path);
        let read = match entry {
            Entry::File(_) if name == NOT_FILE => Err((
                Code::SettingsFile,
                format!("the settings of a source are read from `{FILE}`, not from `{NOT_FILE}`"),
                "give it that name",
            )),
            Entry::File(bytes) => Ok(bytes),
            Entry::Symlink => Err((
                Code::Symlink,
                "the settings file is a symbolic link, and links are not followed".to_owned(),
                "put the file itself there",
            )),
            Entry::TooLarge { bytes } => Err((
                Code::TooLarge,
                format!("the settings file has {bytes} bytes and was not read"),
                "rules that long are read by nobody",
            )),
            Entry::Unreadable { reason } => Err((
                Code::Unreadable,
                format!("the settings file cannot be read: {reason}"),
                "nothing is applied until it can",
            )),
        };
        match read {
            Ok(bytes) => rules.add(of_file(name, bytes, findings)),
            Err((code, message, hint)) => {
                let at = start_of(&Arc::from(name));
                findings.push(Finding::new(code, &at, message).hint(hint));
                rules.broken = true;
            }
        }
    }
    rules
}

/// Reads the rules of one file. Where anything is wrong with it, [`Rules::broken`] says so.
pub(super) fn of_file(name: &str, bytes: &[u8], findings: &mut Vec<Finding>) -> Rules {
    let file: Arc<str> = Arc::from(name);
    let before = findings.len();
    let mut rules = Rules::default();
    match text_of(&file, bytes) {
        Ok(text) => read(&file, text, &mut rules, findings),
        Err(finding) => findings.push(*finding),
    }
    let said = findings.get(before..).unwrap_or_default();
    rules.broken = said.iter().any(|f| f.severity == Severity::Error);
    rules
}

/// Refuses rules of several files that have one name: whoever reads of a rule must know which it is.
pub(super) fn refuse_twins(rules: &mut Rules, findings: &mut Vec<Finding>) {
    let mut seen: Vec<(&Name, &Origin)> = Vec::new();
    let mut twins = false;
    for rule in &rules.list {
        if let Some((_, first)) = seen.iter().find(|(name, _)| **name == rule.name) {
            let message = format!("two rules are named `{}`", rule.name);
            findings.push(
                Finding::new(Code::DuplicateName, &rule.origin, message)
                    .hint("give one of them another name")
                    .related(first, "the first one"),
            );
            twins = true;
        }
        seen.push((&rule.name, &rule.origin));
    }
    if rules.list.len() > rule::RULES {
        let at = rules.list.last().map(|rule| rule.origin.clone());
        let message = format!(
            "there are {} rules: {} are allowed",
            rules.list.len(),
            rule::RULES
        );
        findings.push(
            Finding::new(Code::InvalidRuleOfPolicy, &at.unwrap_or_default(), message)
                .hint("say several as one, with a list: `x in [a, b]`"),
        );
        twins = true;
    }
    rules.broken |= twins;
}

fn text_of<'b>(file: &Arc<str>, bytes: &'b [u8]) -> Result<&'b str, Box<Finding>> {
    let at = start_of(file);
    if bytes.len() > rule::FILE_BYTES {
        let message = format!(
            "the file has {} bytes: {} are allowed",
            bytes.len(),
            rule::FILE_BYTES
        );
        let hint = "rules that long are read by nobody";
        return Err(Box::new(
            Finding::new(Code::TooLarge, &at, message).hint(hint),
        ));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|_| {
        let message = "the file is not UTF-8";
        Box::new(Finding::new(Code::NotUtf8, &at, message).hint("save it as UTF-8"))
    })
}

fn read(file: &Arc<str>, text: &str, rules: &mut Rules, findings: &mut Vec<Finding>) {
    let chunks = parse::chunks(text);
    if let Some(second) = chunks.get(1) {
        let at = Origin {
            line: second.line,
            ..start_of(file)
        };
        findings.push(
            Finding::new(Code::SettingsFile, &at, "the file has more than one document")
                .hint(format!(
                    "settings are one document; manifests belong into files of other names than `{FILE}`"
                )),
        );
        return;
    }
    // A file of nothing but comments sets nothing.
    let Some(chunk) = chunks.into_iter().next() else {
        return;
    };
    let mut budget = parse::NODES;
    let documents = match parse::documents(file, chunk, &mut budget) {
        Ok(documents) => documents,
        Err(finding) => return findings.push(*finding),
    };
    for document in documents {
        findings.extend(document.findings);
        if document.root.only("apiVersion").is_some() && text.contains(API_GROUP) {
            let at = &document.root.origin;
            findings.push(
                Finding::new(
                    Code::SettingsFile,
                    at,
                    "this file holds settings, not manifests",
                )
                .hint("move the manifest into a file of another name"),
            );
            return;
        }
        let mut reader = Reader { findings, text };
        reader.settings(&document.root, rules);
    }
}

/// Reads settings; whatever does not fit becomes a finding, and reading goes on.
struct Reader<'a> {
    findings: &'a mut Vec<Finding>,
    text: &'a str,
}

/// A map, and how messages call it.
#[derive(Clone, Copy)]
struct Fields<'n> {
    node: &'n Node,
    what: &'static str,
}

impl<'n> Fields<'n> {
    fn get(&self, key: &str) -> Option<&'n Field> {
        self.node.entries().iter().find(|e| e.key.value == key)
    }
}

impl Reader<'_> {
    fn settings(&mut self, root: &Node, rules: &mut Rules) {
        let Some(fields) = self.fields(root, "the settings file", &["policy"]) else {
            return;
        };
        let Some(policy) = fields.get("policy") else {
            return;
        };
        let Some(fields) = self.fields(&policy.value, "policy", &["rules"]) else {
            return;
        };
        if let Some(list) = self.required(fields, "rules") {
            for node in self.list(&list.value, "rules") {
                let rule = self.rule(node);
                rules.list.extend(rule);
            }
        }
    }

    fn rule(&mut self, node: &Node) -> Option<Rule> {
        let known = ["name", "scope", "kinds", "when", "deny", "warn", "message"];
        let fields = self.fields(node, "a rule", &known)?;
        let name = self.required(fields, "name");
        let name = name.and_then(|entry| self.name(entry));
        let scope = fields.get("scope");
        let scope = scope.and_then(|entry| self.scope(entry));
        let scope = scope.unwrap_or_default();
        let kinds = fields.get("kinds");
        let kinds = kinds.map(|entry| self.kinds(entry, scope));
        let when = fields.get("when");
        let when = when.map(|entry| self.expression(entry, scope));
        let test = match (fields.get("deny"), fields.get("warn")) {
            (Some(entry), None) => Some((Effect::Deny, entry)),
            (None, Some(entry)) => Some((Effect::Warn, entry)),
            (None, None) => {
                let message = "a rule needs `deny` or `warn`";
                self.report(Code::ExactlyOne, &node.origin, message, "add one of them");
                None
            }
            (Some(_), Some(second)) => {
                let message = "a rule has `deny` and `warn`: only one can hold";
                self.report(
                    Code::ExactlyOne,
                    &second.key.origin,
                    message,
                    "keep one of them",
                );
                None
            }
        };
        let test = test.and_then(|(effect, entry)| Some((effect, self.expression(entry, scope)?)));
        let message = self.required(fields, "message");
        let message = message.and_then(|entry| self.scalar(&entry.value, &entry.key.value));
        let long = |m: &&At<String>| m.value.chars().count() > rule::MESSAGE;
        if let Some(long) = message.as_ref().filter(long) {
            let told = format!("`message` has more than {} characters", rule::MESSAGE);
            let hint = "say what to do in a sentence or two, and link to the rest";
            self.report(Code::TooLong, &long.origin, told, hint);
        }
        let (name, message, (effect, test)) = (name?, message?, test?);
        Some(Rule {
            name: name.value,
            origin: name.origin,
            scope,
            kinds,
            when: match when {
                None => None,
                // What says when could not be read: there is a finding.
                Some(when) => Some(when?),
            },
            effect,
            test,
            message: message.value,
        })
    }

    fn name(&mut self, entry: &Field) -> Option<At<Name>> {
        let found = self.scalar(&entry.value, "name")?;
        if let Some(name) = Name::parse(&found.value) {
            return Some(At::new(name, &found.origin));
        }
        let message = format!("{} is no name of a rule", words::code(&found.value));
        let hint = "a name has 1 to 63 of `a-z`, `0-9` and `-`, with no `-` at its ends";
        self.report(Code::InvalidName, &found.origin, message, hint);
        None
    }

    fn scope(&mut self, entry: &Field) -> Option<Scope> {
        let found = self.scalar(&entry.value, "scope")?;
        match found.value.as_str() {
            "object" => Some(Scope::Object),
            "plan" => Some(Scope::Plan),
            other => {
                let message = format!("`scope` cannot be {}", words::code(other));
                let hint = "it can be `object` or `plan`";
                self.report(Code::UnknownValue, &found.origin, message, hint);
                None
            }
        }
    }

    fn kinds(&mut self, entry: &Field, scope: Scope) -> BTreeSet<Kind> {
        if scope == Scope::Plan {
            let message = "a rule that is asked once a plan has no `kinds`";
            let hint = "leave it out, or look at `plan.objects.filter(o, o.kind == …)`";
            self.report(Code::InvalidRuleOfPolicy, &entry.key.origin, message, hint);
        }
        let mut kinds = BTreeSet::new();
        for node in self.list(&entry.value, "kinds") {
            let Some(found) = self.scalar(node, "kinds") else {
                continue;
            };
            let names = || Kind::ALL.into_iter().map(Kind::as_str);
            match Kind::ALL.into_iter().find(|k| k.as_str() == found.value) {
                Some(kind) => {
                    kinds.insert(kind);
                }
                None => {
                    let message = format!("unknown kind {}", words::code(&found.value));
                    let near = words::did_you_mean(&found.value, names());
                    let hint = near
                        .unwrap_or_else(|| format!("it can be {}", words::listed(names(), "or")));
                    self.report(Code::UnknownKind, &found.origin, message, hint);
                }
            }
        }
        kinds
    }

    fn expression(&mut self, entry: &Field, scope: Scope) -> Option<Expression> {
        let field = entry.key.value.as_str();
        let found = self.scalar(&entry.value, field)?;
        match Expression::compile(&found.value, scope) {
            Ok(expression) => Some(expression),
            Err(mistake) => {
                let at = place(&found.origin, self.text, mistake.line, mistake.column);
                let message = format!("`{field}`: {}", mistake.message);
                self.findings.push(
                    Finding::new(Code::InvalidRuleOfPolicy, &at, message).maybe_hint(mistake.hint),
                );
                None
            }
        }
    }

    /// Opens a map; an unknown field of it is a finding.
    fn fields<'n>(
        &mut self,
        node: &'n Node,
        what: &'static str,
        known: &[&'static str],
    ) -> Option<Fields<'n>> {
        if !matches!(node.value, Value::Map(_)) {
            self.mismatch(node, what, "a map");
            return None;
        }
        for entry in node.entries() {
            let key = entry.key.value.as_str();
            if !known.contains(&key) {
                let near = words::did_you_mean(key, known.iter().copied());
                let all = words::listed(known.iter().copied(), "and");
                let message = format!("unknown field {} in {what}", words::code(key));
                let hint = near.unwrap_or_else(|| format!("it can have {all}"));
                self.report(Code::UnknownField, &entry.key.origin, message, hint);
            }
        }
        Some(Fields { node, what })
    }

    fn required<'n>(&mut self, fields: Fields<'n>, key: &str) -> Option<&'n Field> {
        let found = fields.get(key);
        if found.is_none() {
            let message = format!("{} lacks `{key}`", fields.what);
            let hint = format!("add `{key}:`");
            self.report(Code::MissingField, &fields.node.origin, message, hint);
        }
        found
    }

    fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            _ => {
                self.mismatch(node, what, "a list");
                &[]
            }
        }
    }

    fn scalar(&mut self, node: &Node, what: &str) -> Option<At<String>> {
        match &node.value {
            Value::Quoted(text) => Some(At::new(text.clone(), &node.origin)),
            Value::Plain(text) if Plain::of(text) == Plain::Text => {
                Some(At::new(text.clone(), &node.origin))
            }
            _ => {
                self.mismatch(
                    node,
                    what,
                    "a text; one that looks like something else is quoted",
                );
                None
            }
        }
    }

    /// An alias was reported when it was read.
    fn mismatch(&mut self, node: &Node, what: &str, wanted: &str) {
        if node.value != Value::Unknown {
            let message = format!("{what} is {}", node.describe());
            let hint = format!("it wants {wanted}");
            self.report(Code::WrongType, &node.origin, message, hint);
        }
    }

    fn report(
        &mut self,
        code: Code,
        at: &Origin,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.findings
            .push(Finding::new(code, at, message).hint(hint));
    }
}

/// Where a place of an expression stands in its file.
///
/// Exact for what stands on one line without quotes and for blocks (`|`); in quotes as far as nothing is escaped before it.
fn place(origin: &Origin, text: &str, line: u32, column: u32) -> Origin {
    let at = |number: u32| text.lines().nth(number.saturating_sub(1) as usize);
    let opening = at(origin.line).and_then(|line| line.chars().nth(origin.column as usize - 1));
    // A block is said to stand where its first text is; what opens it stands on the last line above that has any.
    let mut above = (1..origin.line).rev().filter_map(|n| Some((n, at(n)?)));
    let header = above.find(|(_, line)| !line.trim().is_empty());
    let is_block = |line: &str| {
        let end = line.trim_end().trim_end_matches(['-', '+']);
        end.trim_end_matches(|c: char| c.is_ascii_digit())
            .ends_with('|')
    };
    let block = header.filter(|(_, line)| is_block(line));
    let moved = match (opening, block) {
        (Some('"' | '\''), _) if line == 1 => Some((origin.line, origin.column + column)),
        (Some('"' | '\''), _) => None,
        (_, Some((above, _))) => Some((above + line, origin.column + column - 1)),
        _ if line == 1 => Some((origin.line, origin.column + column - 1)),
        _ => None,
    };
    match moved {
        Some((line, column)) => Origin {
            file: origin.file.clone(),
            line,
            column,
        },
        None => origin.clone(),
    }
}
