//! Values as text, and the text of `Fn::Sub`.

use super::Node;

/// A part of the text of `Fn::Sub`.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::emulator::cfn) enum Piece<'a> {
    /// Text between.
    Plain(&'a str),
    /// `${!Name}`, which stays as `${Name}`.
    Literal(&'a str),
    /// `${Name}`.
    Name(&'a str),
}

/// The parts of the text of `Fn::Sub`; a `${` that nothing closes is plain text.
pub(in crate::emulator::cfn) fn pieces(pattern: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start + 2..].find('}') else {
            break;
        };
        pieces.push(Piece::Plain(&rest[..start]));
        let name = rest[start + 2..start + 2 + length].trim();
        pieces.push(match name.strip_prefix('!') {
            Some(literal) => Piece::Literal(literal),
            None => Piece::Name(name),
        });
        rest = &rest[start + 3 + length..];
    }
    pieces.push(Piece::Plain(rest));
    pieces
}

/// The text of a value; a list's elements are joined by commas.
pub(in crate::emulator::cfn) fn flat(node: &Node) -> String {
    match node {
        Node::Null => String::new(),
        Node::Text(text) => text.clone(),
        Node::List(list) => list.iter().map(flat).collect::<Vec<_>>().join(","),
        Node::Map(_) => json(node).to_string(),
    }
}

/// A value as JSON, in which all scalars are texts.
pub(super) fn json(node: &Node) -> serde_json::Value {
    match node {
        Node::Null => serde_json::Value::Null,
        Node::Text(text) => serde_json::Value::String(text.clone()),
        Node::List(list) => list.iter().map(json).collect(),
        Node::Map(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), json(value)))
            .collect(),
    }
}
