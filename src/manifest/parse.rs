//! YAML text → documents with positions. Aliases are never expanded, so that no file is larger than it looks.

use std::collections::BTreeMap;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use super::finding::{Code, Finding};
use super::node::{At, Entry, Node, Value};
use super::words;
use crate::model::desired::Origin;

/// Bytes of a manifest file. The largest declaration found in the field has 437 KB for 548 products.
pub(super) const FILE_BYTES: usize = 4 * 1024 * 1024;
/// How deep values nest: the manifest language needs 8.
pub(super) const DEPTH: usize = 32;
/// Values of one file: a product with three versions has about 30.
pub(super) const NODES: usize = 500_000;
/// Documents of one file.
pub(super) const DOCUMENTS: usize = 10_000;

/// A document, and what YAML features in it a manifest may not use.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) root: Node,
    pub(super) findings: Vec<Finding>,
}

/// A part of a file between two document markers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk<'t> {
    pub(super) text: &'t str,
    /// The file's line that it begins with, 1-based.
    pub(super) line: u32,
}

/// Cuts a file at its document markers, so that a broken document does not hide its neighbours.
///
/// `---` and `...` at the start of a line mark a document wherever they stand (YAML 1.2, §9.1.2): neither a quoted text
/// nor a block may contain them there. Parts without content are left out.
pub(super) fn chunks(text: &str) -> Vec<Chunk<'_>> {
    let marker = |line: &str, mark: &str| {
        line.strip_prefix(mark)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
    };
    let mut found = Vec::new();
    let (mut start, mut first, mut at, mut number) = (0, 1, 0, 0);
    for line in text.split_inclusive('\n') {
        number += 1;
        let next = at + line.len();
        if marker(line, "---") && at > start {
            found.push((start, at, first));
            (start, first) = (at, number);
        } else if marker(line, "...") {
            found.push((start, next, first));
            (start, first) = (next, number + 1);
        }
        at = next;
    }
    found.push((start, text.len(), first));
    let empty = |line: &str| {
        let bare = line.trim();
        bare.is_empty()
            || bare.starts_with('#')
            || line.starts_with('%')
            || bare == "..."
            || bare == "---"
    };
    found
        .into_iter()
        .filter_map(|(start, end, line)| Some((text.get(start..end)?, line)))
        .filter(|(text, _)| !text.lines().all(empty))
        .map(|(text, line)| Chunk { text, line })
        .collect()
}

/// Reads the documents of a chunk; the error is what keeps it from being read at all.
///
/// `budget` is the number of values that the file may still have; it is lowered by those found.
pub(super) fn documents(
    file: &Arc<str>,
    chunk: Chunk<'_>,
    budget: &mut usize,
) -> Result<Vec<Document>, Box<Finding>> {
    let mut builder = Builder {
        place: Place {
            file,
            first: chunk.line,
        },
        frames: Vec::new(),
        findings: Vec::new(),
        documents: Vec::new(),
    };
    for event in Parser::new_from_str(chunk.text) {
        let (event, span) = match event {
            Ok(found) => found,
            Err(error) => {
                let at = builder.place.of(error.marker());
                return Err(Box::new(unparsed(chunk, at, error.info())));
            }
        };
        let at = builder.place.of(&span.start);
        let counts = !matches!(
            event,
            Event::StreamStart | Event::DocumentStart(_) | Event::StreamEnd | Event::Nothing
        );
        if counts {
            *budget = budget.checked_sub(1).ok_or_else(|| {
                Box::new(
                    Finding::new(
                        Code::TooComplex,
                        &at,
                        format!("the file has more than {NODES} values"),
                    )
                    .hint("split it: one file a product is usual"),
                )
            })?;
        }
        builder.take(event, at)?;
    }
    Ok(builder.documents)
}

/// A syntax error; tabs are explained, since the parser's own words for them rarely help.
fn unparsed(chunk: Chunk<'_>, at: Origin, info: &str) -> Finding {
    let tabbed = |number: u32| {
        let index = number.checked_sub(chunk.line)? as usize;
        let line = chunk.text.lines().nth(index)?;
        let blank = line.len() - line.trim_start().len();
        let tab = line.get(..blank)?.chars().position(|c| c == '\t')?;
        Some((number, tab as u32 + 1))
    };
    // The parser may notice a tab only on the line after it, or name the place where the text before it began.
    let tab = tabbed(at.line)
        .or_else(|| tabbed(at.line.saturating_sub(1)))
        .or_else(|| tabbed(at.line + 1).filter(|_| info.contains("tab")));
    let mut finding = match tab {
        Some((line, column)) => Finding::new(
            Code::Syntax,
            &Origin { line, column, ..at },
            "YAML cannot be indented with tabs",
        )
        .hint("indent with spaces"),
        None => Finding::new(
            Code::Syntax,
            &at,
            format!("the file is no valid YAML: {}", info.trim_end_matches('.')),
        )
        .maybe_hint(explained(info)),
    };
    // What follows `parameters:` may be secret, and without a tree nobody knows where it ends.
    let before = finding.origin.line.saturating_sub(chunk.line) as usize + 1;
    let mut lines = chunk.text.lines().take(before);
    finding.secret = lines.any(|line| line.contains("parameters"));
    finding
}

/// What usually lies behind a parser's message.
fn explained(info: &str) -> Option<String> {
    let hint = if info.contains("mapping values are not allowed") {
        "a text that contains `: ` must be quoted; else look at the indentation"
    } else if info.contains("simple key expect") || info.contains("could not find expected ':'") {
        "a `:` is missing after a key, or a line is indented wrongly"
    } else if info.contains("expected <block end>") || info.contains("did not find expected key") {
        "look at the indentation of this line and of the one before"
    } else if info.contains("expected ',' or") {
        "a bracket before this place is not closed, or a comma is missing"
    } else if info.contains("start any token") {
        "a text that begins with this character must be quoted"
    } else {
        return None;
    };
    Some(hint.to_owned())
}

/// Turns the parser's marks into places of the file.
struct Place<'a> {
    file: &'a Arc<str>,
    first: u32,
}

impl Place<'_> {
    fn of(&self, mark: &Marker) -> Origin {
        let line = u32::try_from(mark.line()).unwrap_or(u32::MAX);
        let column = u32::try_from(mark.col()).unwrap_or(u32::MAX - 1);
        Origin {
            file: self.file.clone(),
            line: line.max(1).saturating_add(self.first - 1),
            column: column + 1,
        }
    }
}

/// A list or map that is not yet closed.
enum Frame {
    List(Origin, Vec<Node>),
    Map {
        origin: Origin,
        entries: Vec<Entry>,
        /// The key that waits for its value; the inner `None` is one that cannot be used.
        key: Option<Option<At<String>>>,
    },
}

struct Builder<'a> {
    place: Place<'a>,
    frames: Vec<Frame>,
    findings: Vec<Finding>,
    documents: Vec<Document>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, at: Origin) -> Result<(), Box<Finding>> {
        match event {
            Event::Alias(_) => {
                self.no_alias(&at);
                self.attach(at, Value::Unknown);
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse(&at, anchor, tag.as_deref().map(ToString::to_string));
                let value = match style {
                    ScalarStyle::Plain => Value::Plain(text.into_owned()),
                    _ => Value::Quoted(text.into_owned()),
                };
                self.attach(at, value);
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse(&at, anchor, tag.as_deref().map(ToString::to_string));
                self.open(Frame::List(at.clone(), Vec::new()), &at)?;
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse(&at, anchor, tag.as_deref().map(ToString::to_string));
                let frame = Frame::Map {
                    origin: at.clone(),
                    entries: Vec::new(),
                    key: None,
                };
                self.open(frame, &at)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn open(&mut self, frame: Frame, at: &Origin) -> Result<(), Box<Finding>> {
        if self.frames.len() >= DEPTH {
            let message = format!("values nest more than {DEPTH} deep");
            return Err(Box::new(Finding::new(Code::TooComplex, at, message).hint(
                "a manifest needs 8 levels at most: look for unbalanced brackets",
            )));
        }
        self.frames.push(frame);
        Ok(())
    }

    fn close(&mut self) {
        match self.frames.pop() {
            Some(Frame::List(origin, items)) => self.attach(origin, Value::List(items)),
            Some(Frame::Map {
                origin, entries, ..
            }) => {
                self.refuse_twins(&entries);
                self.attach(origin, Value::Map(entries));
            }
            None => {}
        }
    }

    /// Puts a finished value into the list or map around it.
    fn attach(&mut self, origin: Origin, value: Value) {
        match self.frames.last_mut() {
            None => {
                let root = Node { origin, value };
                let findings = std::mem::take(&mut self.findings);
                self.documents.push(Document { root, findings });
            }
            Some(Frame::List(_, items)) => items.push(Node { origin, value }),
            Some(Frame::Map { entries, key, .. }) => match key.take() {
                Some(Some(found)) => entries.push(Entry {
                    key: found,
                    value: Node { origin, value },
                }),
                Some(None) => {}
                None => {
                    let (usable, finding) = as_key(origin, value);
                    *key = Some(usable);
                    self.findings.extend(finding);
                }
            },
        }
    }

    fn no_alias(&mut self, at: &Origin) {
        self.findings.push(
            Finding::new(Code::Alias, at, "anchors and aliases are not read here")
                .hint("write the value out where it is needed"),
        );
    }

    /// Anchors and tags are no part of the manifest language.
    fn refuse(&mut self, at: &Origin, anchor: usize, tag: Option<String>) {
        if anchor != 0 {
            self.no_alias(at);
        }
        if let Some(tag) = tag {
            let message = format!("the YAML tag {} is not read here", words::code(&tag));
            self.findings.push(
                Finding::new(Code::YamlTag, at, message)
                    .hint("drop it; a text that looks like a number is written in quotes"),
            );
        }
    }

    fn refuse_twins(&mut self, entries: &[Entry]) {
        let mut seen: BTreeMap<&str, &Origin> = BTreeMap::new();
        for entry in entries {
            let key = entry.key.value.as_str();
            match seen.get(key) {
                Some(first) => self.findings.push(
                    Finding::new(
                        Code::DuplicateKey,
                        &entry.key.origin,
                        format!("{} is there twice", words::code(key)),
                    )
                    .hint("keep one of the two")
                    .related(first, "the first one"),
                ),
                None => {
                    seen.insert(key, &entry.key.origin);
                }
            }
        }
    }
}

/// A value that stands where a key belongs, and what is wrong with it.
fn as_key(origin: Origin, value: Value) -> (Option<At<String>>, Option<Finding>) {
    match value {
        Value::Plain(text) if text == "<<" => {
            let finding = Finding::new(Code::Alias, &origin, "merge keys are not read here")
                .hint("write the fields out where they are needed");
            (None, Some(finding))
        }
        Value::Plain(value) | Value::Quoted(value) => (Some(At { value, origin }), None),
        Value::List(_) | Value::Map(_) => {
            let finding = Finding::new(Code::InvalidKey, &origin, "a key must be a plain text")
                .hint("`{{ … }}` without quotes is read as a map: quote it");
            (None, Some(finding))
        }
        // The alias itself is the finding.
        Value::Unknown => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Document>, Box<Finding>> {
        let mut budget = NODES;
        let mut all = Vec::new();
        for chunk in chunks(text) {
            all.extend(documents(&Arc::from("x.yaml"), chunk, &mut budget)?);
        }
        Ok(all)
    }

    #[test]
    fn a_file_is_cut_at_its_markers() {
        let text = "# only a comment\n%YAML 1.2\n---\na: 1\n--- {b: 2}\n...\n\nc: 3\n---\n---\nd: |\n  --- no\n";
        let lines: Vec<u32> = chunks(text).iter().map(|c| c.line).collect();
        assert_eq!(lines, [3, 5, 7, 10]);
        let roots = read(text).unwrap();
        let keys: Vec<&str> = roots
            .iter()
            .map(|d| d.root.entries()[0].key.value.as_str())
            .collect();
        assert_eq!(keys, ["a", "b", "c", "d"]);
        let places: Vec<u32> = roots
            .iter()
            .map(|d| d.root.entries()[0].key.origin.line)
            .collect();
        assert_eq!(places, [4, 5, 8, 11]);
    }

    #[test]
    fn columns_count_characters() {
        let found = read("{ä: ö, b: \"c\"}").unwrap();
        let entry = &found[0].root.entries()[1];
        assert_eq!(entry.key.origin.column, 8);
        assert_eq!(entry.value.value, Value::Quoted("c".to_owned()));
    }

    #[test]
    fn limits_hold() {
        let deep = "[".repeat(DEPTH + 1);
        assert_eq!(read(&deep).unwrap_err().code, Code::TooComplex);
        let mut budget = 3;
        let chunk = chunks("[1, 2, 3, 4]")[0];
        let error = documents(&Arc::from("x"), chunk, &mut budget).unwrap_err();
        assert_eq!(error.code, Code::TooComplex);
    }

    #[test]
    fn tabs_are_explained_where_they_stand() {
        let error = read("a:\n  b: 1\n\tc: 2\n").unwrap_err();
        assert_eq!(error.message, "YAML cannot be indented with tabs");
        assert_eq!((error.origin.line, error.origin.column), (3, 1));
    }

    #[test]
    fn what_is_no_plain_yaml_is_found() {
        let found = read("a: &x 1\nb: *x\nc: !Ref d\n<<: {e: 1}\n? [f]\n: g\na: 2\n").unwrap();
        let codes: Vec<Code> = found[0].findings.iter().map(|f| f.code).collect();
        use Code::{Alias, DuplicateKey, InvalidKey, YamlTag};
        assert_eq!(
            codes,
            [Alias, Alias, YamlTag, Alias, InvalidKey, DuplicateKey]
        );
    }
}
