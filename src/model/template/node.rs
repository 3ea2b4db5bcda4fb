//! A template as a tree with places: YAML with CloudFormation's tags, or JSON.
//!
//! Whatever the bytes are, reading ends: with a tree, or with what keeps it from being one.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};
use serde_json::Value as Json;

use crate::model::limits;

/// How deep values nest. The deepest of 240 real templates has 27 levels.
const DEPTH: usize = 100;
/// Values of a template, those that aliases repeat among them. The largest of 240 real ones has some 6,000.
const NODES: usize = 200_000;

/// A place in a template: 1-based line and column (in characters).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// 1-based.
    pub line: u32,
    /// 1-based, counted in characters.
    pub column: u32,
}

impl Place {
    /// Where a template begins.
    pub const START: Self = Self { line: 1, column: 1 };

    fn of(mark: &Marker) -> Self {
        let line = u32::try_from(mark.line()).unwrap_or(u32::MAX);
        let column = u32::try_from(mark.col()).unwrap_or(u32::MAX - 1);
        Self {
            line: line.max(1),
            column: column + 1,
        }
    }
}

/// One value of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it begins.
    pub at: Place,
    /// The short form of a function, e.g. `Ref` of `!Ref`.
    pub tag: Option<String>,
    /// The value itself.
    pub value: Value,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A scalar without quotes, as it was written.
    Plain(String),
    /// A scalar in quotes or as a block.
    Quoted(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file: no key twice.
    Map(Vec<Entry>),
}

/// A key of a map and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where the key stands.
    pub at: Place,
    /// The key, as text whatever it is.
    pub key: String,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// Reads a template: YAML with any tags, or JSON (with tabs, too). Aliases are followed, within the limit of values.
    ///
    /// # Errors
    /// Why it cannot be read, for a person. That is no reason not to upload it: CloudFormation decides.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > limits::TEMPLATE_BYTES {
            return Err(format!("it has more than {} bytes", limits::TEMPLATE_BYTES));
        }
        let text = decode(bytes)?;
        // YAML does not take tabs as indentation, JSON does; and of a key that is there twice JSON takes the last.
        let json = text.trim_start().starts_with('{')
            && serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        if !json {
            return Builder::new(false).read(&text);
        }
        let read = Builder::new(true).read(&text.replace('\t', " "));
        // Few texts are JSON and no YAML: a pair of surrogates is. Without places then.
        read.or_else(|why| match serde_json::from_str(&text) {
            Ok(json) => Ok(of_json(json)),
            Err(_) => Err(why),
        })
    }

    /// The text of a scalar without tag.
    pub fn text(&self) -> Option<&str> {
        match (&self.tag, &self.value) {
            (None, Value::Plain(text) | Value::Quoted(text)) => Some(text),
            _ => None,
        }
    }

    /// The entries of a map, whatever its tag.
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of a list without tag.
    pub fn items(&self) -> Option<&[Self]> {
        match (&self.tag, &self.value) {
            (None, Value::List(items)) => Some(items),
            _ => None,
        }
    }

    /// The value under a key of a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let mut entries = self.entries()?.iter();
        entries.find(|e| e.key == key).map(|e| &e.value)
    }

    /// Whether nothing stands there.
    pub fn is_null(&self) -> bool {
        let null = ["", "~", "null", "Null", "NULL"];
        self.tag.is_none()
            && matches!(&self.value, Value::Plain(text) if null.contains(&text.as_str()))
    }

    /// Whether it is a `true` in any of the ways that YAML 1.1 and JSON have, as a text or not.
    pub fn is_true(&self) -> bool {
        let words = ["true", "yes", "on", "y"];
        self.text()
            .is_some_and(|text| words.iter().any(|word| text.eq_ignore_ascii_case(word)))
    }

    /// It in one form, whatever it was written in: long names of functions, scalars as texts, keys in order.
    pub fn plain(&self) -> Json {
        let value = match &self.value {
            Value::Plain(_) if self.is_null() => Json::Null,
            Value::Plain(text) => Json::String(folded_scalar(text)),
            Value::Quoted(text) => Json::String(text.clone()),
            Value::List(items) => Json::Array(items.iter().map(Self::plain).collect()),
            Value::Map(entries) => {
                let members = entries.iter();
                let members = members.map(|e| long_form(e.key.clone(), e.value.plain()));
                Json::Object(members.collect())
            }
        };
        match self.tag.as_deref() {
            None => value,
            Some(tag) => {
                let name = match tag {
                    "Ref" | "Condition" => tag.to_owned(),
                    _ => format!("Fn::{tag}"),
                };
                Json::Object([long_form(name, value)].into_iter().collect())
            }
        }
    }
}

/// `!GetAtt A.B` and `Fn::GetAtt: [A, B]` are one.
fn long_form(name: String, value: Json) -> (String, Json) {
    if name == "Fn::GetAtt"
        && let Json::String(text) = &value
        && let Some((resource, attribute)) = text.split_once('.')
    {
        let parts = serde_json::json!([resource, attribute]);
        return (name, parts);
    }
    (name, value)
}

/// A scalar without quotes as YAML and JSON write it alike: `True` and `1.50`.
fn folded_scalar(text: &str) -> String {
    match text {
        "True" | "TRUE" => "true".to_owned(),
        "False" | "FALSE" => "false".to_owned(),
        _ => {
            let fraction = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
                && text.contains(['.', 'e', 'E']);
            let number = fraction.then(|| text.parse::<f64>().ok()).flatten();
            let number = number.and_then(serde_json::Number::from_f64);
            number.map_or_else(|| text.to_owned(), |number| number.to_string())
        }
    }
}

/// The bytes as text: UTF-8 with or without mark, or UTF-16 with one.
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, odd) = rest.as_chunks::<2>();
        let text = char::decode_utf16(pairs.iter().copied().map(unit)).collect::<Result<_, _>>();
        match (text, odd) {
            (Ok(text), []) => Ok(Cow::Owned(text)),
            _ => Err("it is neither UTF-8 nor UTF-16".to_owned()),
        }
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            let text = std::str::from_utf8(bytes);
            text.map(Cow::Borrowed)
                .map_err(|_| "it is neither UTF-8 nor UTF-16".to_owned())
        }
    }
}

fn of_json(json: Json) -> Node {
    let value = match json {
        Json::Null => Value::Plain("null".to_owned()),
        Json::Bool(flag) => Value::Plain(flag.to_string()),
        Json::Number(number) => Value::Plain(number.to_string()),
        Json::String(text) => Value::Quoted(text),
        Json::Array(items) => Value::List(items.into_iter().map(of_json).collect()),
        Json::Object(members) => {
            let entry = |(key, value)| Entry {
                at: Place::START,
                key,
                value: of_json(value),
            };
            Value::Map(members.into_iter().map(entry).collect())
        }
    };
    Node {
        at: Place::START,
        tag: None,
        value,
    }
}

/// A list or map that is not yet closed.
struct Frame {
    at: Place,
    tag: Option<String>,
    anchor: usize,
    inside: Inside,
}

enum Inside {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        /// The key that waits for its value.
        key: Option<(Place, String)>,
    },
}

struct Builder {
    frames: Vec<Frame>,
    /// What aliases may name.
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
    left: usize,
    /// Of a key that is there twice the last one counts.
    last_counts: bool,
}

impl Builder {
    fn new(last_counts: bool) -> Self {
        Self {
            frames: Vec::new(),
            anchors: BTreeMap::new(),
            root: None,
            left: NODES,
            last_counts,
        }
    }

    fn read(mut self, text: &str) -> Result<Node, String> {
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| {
                let why = error.info().trim_end_matches('.');
                let at = Place::of(error.marker());
                format!("{why}, at line {} column {}", at.line, at.column)
            })?;
            self.take(event, Place::of(&span.start))?;
        }
        self.root.ok_or_else(|| "it is empty".to_owned())
    }

    fn take(&mut self, event: Event<'_>, at: Place) -> Result<(), String> {
        let tag = |tag: Option<Cow<'_, saphyr_parser::Tag>>| {
            let tag = tag.filter(|tag| tag.handle == "!")?;
            Some(tag.suffix.clone())
        };
        match event {
            Event::Scalar(text, style, anchor, found) => {
                let value = match style {
                    ScalarStyle::Plain => Value::Plain(text.into_owned()),
                    _ => Value::Quoted(text.into_owned()),
                };
                let tag = tag(found);
                self.attach(Node { at, tag, value }, anchor)
            }
            Event::SequenceStart(anchor, found) => {
                self.open(at, tag(found), anchor, Inside::List(Vec::new()))
            }
            Event::MappingStart(anchor, found) => {
                let map = Inside::Map {
                    entries: Vec::new(),
                    key: None,
                };
                self.open(at, tag(found), anchor, map)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.frames.pop() {
                Some(frame) => {
                    let value = match frame.inside {
                        Inside::List(items) => Value::List(items),
                        Inside::Map { entries, .. } => Value::Map(self.keys_once(entries)?),
                    };
                    let node = Node {
                        at: frame.at,
                        tag: frame.tag,
                        value,
                    };
                    self.attach(node, frame.anchor)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor);
                let mut node = known.cloned().ok_or_else(|| {
                    format!(
                        "the alias at line {} column {} names nothing that is whole before it",
                        at.line, at.column
                    )
                })?;
                self.spend(count(&node))?;
                node.at = at;
                self.put(node)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn spend(&mut self, nodes: usize) -> Result<(), String> {
        match self.left.checked_sub(nodes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(format!("it has more than {NODES} values")),
        }
    }

    fn open(
        &mut self,
        at: Place,
        tag: Option<String>,
        anchor: usize,
        inside: Inside,
    ) -> Result<(), String> {
        if self.frames.len() >= DEPTH {
            return Err(format!(
                "values nest more than {DEPTH} deep, at line {} column {}",
                at.line, at.column
            ));
        }
        self.frames.push(Frame {
            at,
            tag,
            anchor,
            inside,
        });
        Ok(())
    }

    /// A value that is whole.
    fn attach(&mut self, node: Node, anchor: usize) -> Result<(), String> {
        self.spend(1)?;
        if anchor != 0 {
            // What an anchor keeps is a copy, and counts like one.
            self.spend(count(&node))?;
            self.anchors.insert(anchor, node.clone());
        }
        self.put(node)
    }

    fn put(&mut self, node: Node) -> Result<(), String> {
        match self.frames.last_mut().map(|frame| &mut frame.inside) {
            None if self.root.is_some() => {
                return Err("it has more than one document".to_owned());
            }
            None => self.root = Some(node),
            Some(Inside::List(items)) => items.push(node),
            Some(Inside::Map { entries, key }) => match key.take() {
                Some((at, key)) => entries.push(Entry {
                    at,
                    key,
                    value: node,
                }),
                None => {
                    let text = match node.plain() {
                        Json::String(text) => text,
                        other => other.to_string(),
                    };
                    *key = Some((node.at, text));
                }
            },
        }
        Ok(())
    }

    fn keys_once(&self, entries: Vec<Entry>) -> Result<Vec<Entry>, String> {
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        let mut twice = None;
        for (place, entry) in entries.iter().enumerate() {
            if last.insert(&entry.key, place).is_some() && twice.is_none() {
                twice = Some(entry);
            }
        }
        match twice {
            None => Ok(entries),
            Some(_) if self.last_counts => {
                let kept: BTreeSet<usize> = last.into_values().collect();
                let numbered = entries.into_iter().enumerate();
                let kept = numbered.filter(|(place, _)| kept.contains(place));
                Ok(kept.map(|(_, entry)| entry).collect())
            }
            Some(entry) => Err(format!(
                "the key {:?} is there twice, at line {} column {}",
                entry.key.chars().take(80).collect::<String>(),
                entry.at.line,
                entry.at.column
            )),
        }
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.value {
        Value::Plain(_) | Value::Quoted(_) => 0,
        Value::List(items) => items.iter().map(count).sum(),
        Value::Map(entries) => entries.iter().map(|e| count(&e.value)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        Node::read(text.as_bytes()).map_or_else(|why| why, |node| node.plain().to_string())
    }

    #[test]
    fn yaml_and_json_say_the_same() {
        let same =
            r#"{"A":{"Ref":"X"},"B":["1","true",null,"0.5"],"C":{"Fn::GetAtt":["R","Arn"]}}"#;
        assert_eq!(
            plain("A: !Ref X\nB: [1, True, ~, 0.50]\nC: !GetAtt R.Arn\n"),
            same
        );
        assert_eq!(
            plain(
                "{\n\t\"A\": {\"Ref\": \"X\"},\n\t\"B\": [1, true, null, 0.5],\n\t\"C\": {\"Fn::GetAtt\": \"R.Arn\"}}"
            ),
            same
        );
        assert_eq!(plain("{\"A\": 1, \"A\": 2}"), r#"{"A":"2"}"#);
        assert_eq!(plain("{\"A\": \"\\ud83d\\ude00\"}"), "{\"A\":\"😀\"}");
        assert_eq!(
            plain("a: &x {b: 1}\nc: *x\n"),
            r#"{"a":{"b":"1"},"c":{"b":"1"}}"#
        );
        let wide: Vec<u8> = "\u{feff}A: ä\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(Node::read(&wide).unwrap().plain()["A"], "ä");
    }

    #[test]
    fn places_are_those_of_the_file() {
        let node = Node::read(b"Resources:\r\n  Topic:\r\n    Type: AWS::SNS::Topic\r\n").unwrap();
        let topic = &node.get("Resources").unwrap().entries().unwrap()[0];
        assert_eq!((topic.at.line, topic.at.column), (2, 3));
        let json = Node::read(b"{\n\t\"Resources\": {\n\t\t\"Topic\": {}\n\t}\n}").unwrap();
        let topic = &json.get("Resources").unwrap().entries().unwrap()[0];
        assert_eq!((topic.at.line, topic.at.column), (3, 3));
    }

    #[test]
    fn what_cannot_be_read_says_why_and_where() {
        assert_eq!(
            plain("a: 1\nb: 2\na: 3\n"),
            "the key \"a\" is there twice, at line 3 column 1"
        );
        assert_eq!(plain("a: 1\n---\nb: 2\n"), "it has more than one document");
        assert_eq!(plain(""), "it is empty");
        assert_eq!(
            plain(&"[".repeat(DEPTH + 1)),
            format!("values nest more than {DEPTH} deep, at line 1 column 101")
        );
        assert_eq!(
            Node::read(b"a: \xff\n").unwrap_err(),
            "it is neither UTF-8 nor UTF-16"
        );
        // Nine aliases of nine aliases and so on would be a thousand million.
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (name, of) in ('b'..='j').zip('a'..) {
            let items = vec![format!("*{of}"); 9].join(", ");
            bomb.push_str(&format!("{name}: &{name} [{items}]\n"));
        }
        assert_eq!(plain(&bomb), format!("it has more than {NODES} values"));
        assert_eq!(
            plain(&"[1],".repeat(limits::TEMPLATE_BYTES / 4 + 1)),
            format!("it has more than {} bytes", limits::TEMPLATE_BYTES)
        );
    }
}
