//! A YAML document as a tree with positions that keeps each scalar's text and quoting.

use crate::model::desired::Origin;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At<T> {
    /// The value.
    pub(super) value: T,
    /// Where it stands.
    pub(super) origin: Origin,
}

impl<T> At<T> {
    pub(super) fn new(value: T, origin: &Origin) -> Self {
        Self {
            value,
            origin: origin.clone(),
        }
    }
}

/// One value of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) origin: Origin,
    pub(super) value: Value,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A scalar without quotes, as it was written.
    Plain(String),
    /// A scalar in quotes or as a block: always text.
    Quoted(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file. A key that is there twice is a finding; both are kept.
    Map(Vec<Entry>),
    /// An alias: a finding was made, and the value is unknown.
    Unknown,
}

/// A key of a map and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: At<String>,
    pub(super) value: Node,
}

impl Node {
    /// The scalar's text, whatever its quoting.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Plain(text) | Value::Quoted(text) => Some(text),
            Value::List(_) | Value::Map(_) | Value::Unknown => None,
        }
    }

    /// The map's entries; none for anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value under a key, if the key is there exactly once.
    pub(super) fn only(&self, key: &str) -> Option<&Node> {
        let mut found = self.entries().iter().filter(|e| e.key.value == key);
        match (found.next(), found.next()) {
            (Some(entry), None) => Some(&entry.value),
            _ => None,
        }
    }

    /// The last line on which a part of it begins.
    pub(super) fn last_line(&self) -> u32 {
        let inner = match &self.value {
            Value::List(items) => items.iter().map(Self::last_line).max(),
            Value::Map(entries) => entries.iter().map(|e| e.value.last_line()).max(),
            Value::Plain(_) | Value::Quoted(_) | Value::Unknown => None,
        };
        inner.unwrap_or(0).max(self.origin.line)
    }

    /// What it is, for a message.
    pub(super) fn describe(&self) -> &'static str {
        match &self.value {
            Value::Plain(text) => match Plain::of(text) {
                Plain::Null => "nothing",
                Plain::Bool => "a boolean",
                Plain::Number => "a number",
                Plain::Text => "a text",
            },
            Value::Quoted(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
            Value::Unknown => "an alias",
        }
    }
}

/// What YAML 1.2's core schema takes an unquoted scalar for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    Null,
    Bool,
    Number,
    Text,
}

impl Plain {
    pub(super) fn of(text: &str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Self::Null,
            "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Self::Bool,
            _ if is_number(text) => Self::Number,
            _ => Self::Text,
        }
    }
}

/// Whether the core schema reads an integer or a float. `059299583895` is one, and would lose its zero.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    if let Some(octal) = text.strip_prefix("0o") {
        return !octal.is_empty() && octal.bytes().all(|c| (b'0'..=b'7').contains(&c));
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return !hex.is_empty() && hex.bytes().all(|c| c.is_ascii_hexdigit());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    if exponent.is_some_and(|e| !digits(e.strip_prefix(['-', '+']).unwrap_or(e))) {
        return false;
    }
    match mantissa.split_once('.') {
        None => digits(mantissa),
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_read_as_the_core_schema_does() {
        for number in [
            "0",
            "1.0",
            "1.",
            ".5",
            "-3",
            "+4e2",
            "1E-3",
            "0x1F",
            "0o17",
            "059299583895",
            ".inf",
            "-.INF",
            ".nan",
        ] {
            assert_eq!(Plain::of(number), Plain::Number, "{number}");
        }
        for text in [
            "1.0.1",
            "v1",
            "1_000",
            "yes",
            "2010-09-09",
            "12:30",
            "e5",
            ".",
            "-",
            "0x",
            "0o8",
            "1e",
            "1.2e+",
            "+-1",
            "nan",
        ] {
            assert_eq!(Plain::of(text), Plain::Text, "{text}");
        }
        for null in ["", "~", "null"] {
            assert_eq!(Plain::of(null), Plain::Null, "{null}");
        }
        assert_eq!(Plain::of("True"), Plain::Bool);
    }
}
