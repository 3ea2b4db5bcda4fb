//! The small declarative reader: what a map may hold, and scalars that are strict about their type.

use std::sync::Arc;

use super::super::finding::{Code, Finding};
use super::super::node::{At, Entry, Node, Plain, Value};
use super::super::words;
use super::shape::{Shape, Type, Without};
use crate::ids::{Key, Name};
use crate::model::desired::Origin;

/// Reads nodes into typed values; whatever does not fit becomes a finding, and reading goes on.
pub(in super::super) struct Reader<'a> {
    pub(in super::super) findings: &'a mut Vec<Finding>,
    /// The object that is read, where its name is known.
    pub(in super::super) object: Option<Key>,
}

/// The fields of a map that were found.
pub(super) struct Fields<'n> {
    /// Where the map stands, or the key that it is the value of.
    at: Origin,
    shape: &'static Shape,
    entries: &'n [Entry],
}

impl<'n> Fields<'n> {
    /// Where a missing field is reported.
    pub(super) fn at(&self) -> &Origin {
        &self.at
    }

    /// Whether the table says such a thing of a field: what is read is what people are told.
    fn is(&self, key: &str, what: impl Fn(&Type) -> bool) -> bool {
        fn any(of: &Type, what: &impl Fn(&Type) -> bool) -> bool {
            match of {
                Type::Either(forms) => forms.iter().any(|of| any(of, what)),
                of => what(of),
            }
        }
        let field = self.shape.field(key);
        field.is_some_and(|field| any(&field.of, &what))
    }

    /// The least and the most that a number can be.
    pub(super) fn bounds(&self, key: &str) -> Option<(u32, u32)> {
        match self.shape.field(key)?.of {
            Type::Number { least, most } => Some((least, most.unwrap_or(u32::MAX))),
            _ => None,
        }
    }

    /// The first entry of this key; a second one is already a finding.
    pub(super) fn get(&self, key: &str) -> Option<&'n Entry> {
        debug_assert!(self.shape.field(key).is_some(), "the table lacks {key}");
        self.entries.iter().find(|entry| entry.key.value == key)
    }
}

impl Reader<'_> {
    /// Reports something about the object.
    pub(super) fn report(&mut self, finding: Finding) {
        self.findings.push(finding.about(self.object.as_ref()));
    }

    /// Opens a map. `at` is where a missing field is reported.
    pub(super) fn fields<'n>(
        &mut self,
        node: &'n Node,
        at: &Origin,
        shape: &'static Shape,
    ) -> Option<Fields<'n>> {
        let Value::Map(entries) = &node.value else {
            // A bare text mostly is what the first field wants.
            let hint = match (&node.value, shape.fields) {
                (Value::Plain(text) | Value::Quoted(text), [first, ..]) => {
                    Some(words::code(&format!("{}: {text}", first.name)))
                }
                _ => None,
            };
            let hint = hint.map(|code| format!("did you mean {code}?"));
            self.mismatch_with(node, shape.what, "a map", hint);
            return None;
        };
        for entry in entries {
            let key = entry.key.value.as_str();
            if shape.field(key).is_none() {
                let near = words::did_you_mean(key, shape.known());
                let known = words::listed(shape.known(), "and");
                self.report(
                    Finding::new(
                        Code::UnknownField,
                        &entry.key.origin,
                        format!("unknown field {} in {}", words::code(key), shape.what),
                    )
                    .hint(near.unwrap_or_else(|| format!("it can have {known}"))),
                );
            }
        }
        Some(Fields {
            at: at.clone(),
            shape,
            entries,
        })
    }

    /// The entry of a field; where the table says that it must be there, its absence is a finding.
    pub(super) fn given<'n>(&mut self, fields: &Fields<'n>, key: &str) -> Option<&'n Entry> {
        let found = fields.get(key);
        let field = fields.shape.field(key);
        let required = field.is_some_and(|field| field.without == Without::Required);
        if found.is_none() && required {
            self.report(
                Finding::new(
                    Code::MissingField,
                    &fields.at,
                    format!("{} lacks {}", fields.shape.what, words::code(key)),
                )
                .hint(format!("add `{key}:`")),
            );
        }
        found
    }

    /// A text, if the field is there.
    pub(super) fn text(&mut self, fields: &Fields<'_>, key: &str) -> Option<At<String>> {
        debug_assert!(
            fields.is(key, |of| matches!(
                of,
                Type::Text(_) | Type::Name | Type::Choice(_)
            )),
            "the table has another type for {key}"
        );
        let entry = self.given(fields, key)?;
        self.scalar(&entry.value, &entry.key.value)
    }

    /// The text of a scalar, strictly: a number, boolean or null without quotes is a finding.
    pub(super) fn scalar(&mut self, node: &Node, what: &str) -> Option<At<String>> {
        match &node.value {
            Value::Quoted(text) => Some(At::new(text.clone(), &node.origin)),
            Value::Plain(text) => match Plain::of(text) {
                Plain::Text => Some(At::new(text.clone(), &node.origin)),
                Plain::Null => {
                    self.null(node, what);
                    None
                }
                Plain::Bool | Plain::Number => {
                    let message = format!(
                        "{} wants a text, and {} without quotes is {}",
                        words::code(what),
                        words::code(text),
                        node.describe()
                    );
                    let hint = format!("write {}", words::code(&format!("{what}: \"{text}\"")));
                    self.report(Finding::new(Code::Unquoted, &node.origin, message).hint(hint));
                    None
                }
            },
            Value::Unknown => None,
            Value::List(_) | Value::Map(_) => {
                self.mismatch(node, what, "a text");
                None
            }
        }
    }

    /// `true` or `false`, if the field is there.
    pub(super) fn flag(&mut self, fields: &Fields<'_>, key: &str) -> Option<At<bool>> {
        debug_assert!(
            fields.is(key, |of| matches!(of, Type::Flag | Type::Yes)),
            "the table has another type for {key}"
        );
        let entry = self.given(fields, key)?;
        let node = &entry.value;
        match &node.value {
            Value::Plain(text) if matches!(text.as_str(), "true" | "True" | "TRUE") => {
                Some(At::new(true, &node.origin))
            }
            Value::Plain(text) if matches!(text.as_str(), "false" | "False" | "FALSE") => {
                Some(At::new(false, &node.origin))
            }
            _ => {
                self.mismatch(node, key, "`true` or `false` without quotes");
                None
            }
        }
    }

    /// A whole number, if the field is there.
    pub(super) fn number(&mut self, fields: &Fields<'_>, key: &str) -> Option<At<usize>> {
        debug_assert!(
            fields.is(key, |of| matches!(of, Type::Number { .. })),
            "the table has another type for {key}"
        );
        let node = &self.given(fields, key)?.value;
        let number = match &node.value {
            Value::Plain(text) => text.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.mismatch(node, key, "a whole number without quotes");
        }
        Some(At::new(number?, &node.origin))
    }

    /// One of some texts, if the field is there.
    pub(super) fn choice<T: Copy>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        choices: &[(&'static str, T)],
    ) -> Option<At<T>> {
        debug_assert!(
            fields.is(key, |of| matches!(of, Type::Choice(names)
                if choices.iter().all(|(name, _)| names.contains(name)))),
            "the table has other choices for {key}"
        );
        let found = self.text(fields, key)?;
        let text = found.value.as_str();
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text) {
            return Some(At::new(*value, &found.origin));
        }
        let names = || choices.iter().map(|(name, _)| *name);
        let near = words::did_you_mean(text, names());
        self.report(
            Finding::new(
                Code::UnknownValue,
                &found.origin,
                format!("{} cannot be {}", words::code(key), words::code(text)),
            )
            .hint(near.unwrap_or_else(|| format!("it can be {}", words::listed(names(), "or")))),
        );
        None
    }

    /// The items of a list, if the field is there.
    pub(super) fn list<'n>(&mut self, fields: &Fields<'n>, key: &str) -> Option<&'n [Node]> {
        debug_assert!(
            fields.is(key, |of| matches!(of, Type::List(_))),
            "the table has another type for {key}"
        );
        let node = &self.given(fields, key)?.value;
        match &node.value {
            Value::List(items) => Some(items),
            _ => {
                self.mismatch(node, key, "a list");
                None
            }
        }
    }

    /// The entries of a map whose keys are free, if the field is there. A doubled key is there once.
    pub(super) fn free_map<'n>(
        &mut self,
        fields: &Fields<'n>,
        key: &str,
    ) -> Option<impl Iterator<Item = &'n Entry> + use<'n>> {
        debug_assert!(
            fields.is(key, |of| matches!(
                of,
                Type::Keyed(_) | Type::Tags { .. } | Type::Rules
            )),
            "the table has another type for {key}"
        );
        let node = &self.given(fields, key)?.value;
        match &node.value {
            Value::Map(entries) => Some(entries.iter()),
            _ => {
                let list = matches!(node.value, Value::List(_));
                let hint = list.then(|| "write `key: value` for each, without `-`".to_owned());
                self.mismatch_with(node, key, "a map", hint);
                None
            }
        }
    }

    /// Tags, if the field is there.
    pub(super) fn tags(&mut self, fields: &Fields<'_>) -> Option<Vec<super::Tag>> {
        let entries = self.free_map(fields, "tags")?;
        let tags = entries.filter_map(|entry| {
            Some(super::Tag {
                key: entry.key.clone(),
                value: self.scalar(&entry.value, &entry.key.value)?,
            })
        });
        Some(tags.collect())
    }

    /// Names of other objects, if the field is there.
    pub(super) fn references(&mut self, fields: &Fields<'_>, key: &str) -> Option<Vec<At<Name>>> {
        let items = self.list(fields, key)?;
        let names = items.iter().filter_map(|node| {
            let found = self.scalar(node, key)?;
            self.name(found, key)
        });
        Some(names.collect())
    }

    /// Texts, if the field is there.
    pub(super) fn texts(&mut self, fields: &Fields<'_>, key: &str) -> Option<Vec<At<String>>> {
        let items = self.list(fields, key)?;
        let texts = items.iter().filter_map(|node| self.scalar(node, key));
        Some(texts.collect())
    }

    /// The name of another object, if the field is there.
    pub(super) fn reference(&mut self, fields: &Fields<'_>, key: &str) -> Option<At<Name>> {
        let found = self.text(fields, key)?;
        self.name(found, key)
    }

    /// A name; a text that cannot be one is a finding.
    pub(super) fn name(&mut self, found: At<String>, what: &str) -> Option<At<Name>> {
        if let Some(name) = Name::parse(&found.value) {
            return Some(At::new(name, &found.origin));
        }
        let message = format!("{} in {what} is no name", words::code(&found.value));
        self.report(
            Finding::new(Code::InvalidName, &found.origin, message).hint(suggested(&found.value)),
        );
        None
    }

    /// Which one of several fields is there; none or several are a finding.
    pub(super) fn exactly_one<'n>(
        &mut self,
        fields: &Fields<'n>,
        keys: &[&'static str],
    ) -> Option<(&'static str, &'n Entry)> {
        let found: Vec<_> = keys
            .iter()
            .filter_map(|key| Some((*key, fields.get(key)?)))
            .collect();
        match found.as_slice() {
            [one] => Some(*one),
            [] => {
                let message = format!(
                    "{} needs {}",
                    fields.shape.what,
                    words::listed(keys.iter().copied(), "or")
                );
                self.report(
                    Finding::new(Code::ExactlyOne, &fields.at, message).hint("add one of them"),
                );
                None
            }
            [first, .., last] => {
                let message = format!(
                    "{} has {}: only one can hold",
                    fields.shape.what,
                    words::listed(found.iter().map(|(key, _)| *key), "and")
                );
                let (first, last) = (&first.1.key.origin, &last.1.key.origin);
                self.report(
                    Finding::new(Code::ExactlyOne, last, message)
                        .hint("keep one of them")
                        .related(first, "the first one"),
                );
                None
            }
        }
    }

    /// Reports a value of the wrong type; an alias was reported when it was read.
    pub(super) fn mismatch(&mut self, node: &Node, what: &str, wanted: &str) {
        self.mismatch_with(node, what, wanted, None);
    }

    fn mismatch_with(&mut self, node: &Node, what: &str, wanted: &str, hint: Option<String>) {
        match &node.value {
            Value::Unknown => {}
            Value::Plain(text) if Plain::of(text) == Plain::Null => self.null(node, what),
            _ => {
                let what = match what.contains(' ') {
                    true => what.to_owned(),
                    false => words::code(what),
                };
                let message = format!("{what} must be {wanted}, and is {}", node.describe());
                let finding = Finding::new(Code::WrongType, &node.origin, message);
                self.report(match hint {
                    Some(hint) => finding.hint(hint),
                    None => finding,
                });
            }
        }
    }

    fn null(&mut self, node: &Node, what: &str) {
        self.report(
            Finding::new(
                Code::NullValue,
                &node.origin,
                format!("{} has no value", words::code(what)),
            )
            .hint("leave the field out if it is not to be managed; `\"\"`, `[]` or `{}` clears it"),
        );
    }
}

/// A name that the text may have meant.
fn suggested(text: &str) -> String {
    const RULE: &str = "a name has 1 to 63 of `a-z`, `0-9` and `-`, with no `-` at its ends";
    let folded: String = text
        .chars()
        .take(Name::MAX)
        .map(|c| c.to_ascii_lowercase())
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    match Name::parse(folded.trim_matches('-')) {
        Some(name) => format!("{RULE}: {} would do", words::code(name.as_str())),
        None => RULE.to_owned(),
    }
}

/// A place at the start of a file: for what has no better one.
pub(in super::super) fn start_of(file: &Arc<str>) -> Origin {
    Origin {
        file: file.clone(),
        line: 1,
        column: 1,
    }
}
