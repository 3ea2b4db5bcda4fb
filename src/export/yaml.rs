//! Writes manifests as a person would: block style, comments, and quotes only where the manifest language wants them.
//!
//! Not by `serde_yaml`: it writes no comments, quotes by rules other than those of the strict reader (it leaves `1.0.0` and
//! `010` bare, and would have to be told of parameters, whose values take any scalar), and says not on which line a field
//! ended up, which is what [`super::check`] needs to take out a field that the manifest language refuses.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::manifest::reads_as_text;
use crate::secret;

/// Characters of a comment's line.
const WIDTH: usize = 100;

/// A value of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Yaml {
    /// A text.
    Text(String),
    /// A parameter's value: any scalar, sent as it is written.
    Scalar(String),
    /// What needs no quotes: `true`, a number, `{id: …}`.
    Bare(String),
    /// A map.
    Map(Vec<Entry>),
    /// A list.
    List(Vec<Item>),
}

/// A field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: Yaml,
    /// Comments before it.
    pub(super) notes: Vec<String>,
    /// It may be left out: then the catalog's value is not managed.
    pub(super) optional: bool,
}

/// An item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) value: Yaml,
    /// Comments before it.
    pub(super) notes: Vec<String>,
    /// It may be left out.
    pub(super) optional: bool,
}

impl From<Yaml> for Item {
    fn from(value: Yaml) -> Self {
        Self {
            value,
            notes: Vec::new(),
            optional: false,
        }
    }
}

impl Yaml {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        let items = texts.into_iter().map(|text| Self::text(text).into());
        Self::List(items.collect())
    }
}

/// Collects the fields of a map in the order in which a manifest has them.
#[derive(Debug, Default)]
pub(super) struct Fields {
    entries: Vec<Entry>,
    notes: Vec<String>,
}

impl Fields {
    /// A comment before whatever comes next.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// A field that must be there.
    pub(super) fn required(&mut self, key: &str, value: Yaml) {
        self.push(key, value, false);
    }

    /// A field that may be left out.
    pub(super) fn optional(&mut self, key: &str, value: Option<Yaml>) {
        if let Some(value) = value {
            self.push(key, value, true);
        }
    }

    fn push(&mut self, key: &str, value: Yaml, optional: bool) {
        self.entries.push(Entry {
            key: key.to_owned(),
            value,
            notes: std::mem::take(&mut self.notes),
            optional,
        });
    }

    /// The map, and comments that nothing came after.
    pub(super) fn done(self) -> (Vec<Entry>, Vec<String>) {
        (self.entries, self.notes)
    }

    /// The map; `None` where it has no fields.
    pub(super) fn map(self) -> Option<Yaml> {
        let (entries, _) = self.done();
        (!entries.is_empty()).then_some(Yaml::Map(entries))
    }
}

/// Lines of a file that a field or item takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    /// Which: its keys and places from the document's root.
    pub(super) path: String,
    /// 1-based.
    pub(super) first: u32,
    pub(super) last: u32,
}

/// What is left out although the catalog has it, by path, with the reason.
pub(super) type Dropped = BTreeMap<String, String>;

/// Writes documents; what is `dropped` becomes a comment.
#[derive(Debug)]
pub(super) struct Writer<'d> {
    dropped: &'d Dropped,
    lines: Vec<String>,
    /// Of what may be left out, and is not.
    pub(super) spans: Vec<Span>,
}

impl<'d> Writer<'d> {
    pub(super) fn new(dropped: &'d Dropped) -> Self {
        Self {
            dropped,
            lines: Vec::new(),
            spans: Vec::new(),
        }
    }

    /// The file.
    pub(super) fn finish(self) -> (String, Vec<Span>) {
        let mut text = self.lines.join("\n");
        text.push('\n');
        (text, self.spans)
    }

    /// A line as it is.
    pub(super) fn line(&mut self, line: &str) {
        self.lines.push(line.to_owned());
    }

    /// A comment, over as many lines as it takes.
    pub(super) fn comment(&mut self, indent: usize, text: &str) {
        let pad = " ".repeat(indent);
        for line in wrapped(&secret::masked(text), WIDTH.saturating_sub(indent)) {
            self.lines.push(format!("{pad}# {line}"));
        }
    }

    /// A whole document, which may be left out.
    pub(super) fn document(&mut self, entries: &[Entry], path: String) {
        let first = self.lines.len();
        self.map(0, entries, &path);
        self.span(path, first);
    }

    /// A whole document as a comment.
    pub(super) fn commented_document(&mut self, reason: &str, entries: &[Entry], path: &str) {
        self.comment(0, reason);
        self.as_comment(0, |writer, _| writer.map(0, entries, path));
    }

    /// A map's fields.
    pub(super) fn map(&mut self, indent: usize, entries: &[Entry], path: &str) {
        self.entries(" ".repeat(indent), indent, entries, path);
    }

    /// `lead` stands before the first field; `- ` where the map is an item.
    fn entries(&mut self, lead: String, indent: usize, entries: &[Entry], path: &str) {
        let mut lead = Some(lead);
        for entry in entries {
            let path = format!("{path}/{}", entry.key);
            for note in &entry.notes {
                self.comment(indent, note);
            }
            if self.is_dropped(&path, &entry.value) {
                self.commented(indent, &path, |writer, pad| {
                    writer.field(pad, indent, entry, &path);
                });
                continue;
            }
            let first = self.lines.len();
            let lead = lead.take().unwrap_or_else(|| " ".repeat(indent));
            self.field(lead, indent, entry, &path);
            if entry.optional {
                self.span(path, first);
            }
        }
    }

    fn field(&mut self, lead: String, indent: usize, entry: &Entry, path: &str) {
        let head = format!("{lead}{}:", quoted(&entry.key, true));
        self.value(head, indent + 2, &entry.value, path);
    }

    fn value(&mut self, head: String, indent: usize, value: &Yaml, path: &str) {
        match value {
            Yaml::Bare(text) => self.lines.push(format!("{head} {text}")),
            Yaml::Text(text) => self.scalar(&head, indent, text, true),
            Yaml::Scalar(text) => self.scalar(&head, indent, text, false),
            Yaml::Map(entries) if entries.is_empty() => self.lines.push(format!("{head} {{}}")),
            Yaml::List(items) if items.is_empty() => self.lines.push(format!("{head} []")),
            Yaml::Map(entries) => {
                self.lines.push(head);
                self.map(indent, entries, path);
            }
            Yaml::List(items) => {
                self.lines.push(head);
                for (at, item) in items.iter().enumerate() {
                    self.item(indent, item, &format!("{path}/{at}"));
                }
            }
        }
    }

    fn item(&mut self, indent: usize, item: &Item, path: &str) {
        for note in &item.notes {
            self.comment(indent, note);
        }
        if self.is_dropped(path, &item.value) {
            self.commented(indent, path, |writer, pad| {
                writer.member(&pad, indent, &item.value, path);
            });
            return;
        }
        let first = self.lines.len();
        self.member(&" ".repeat(indent), indent, &item.value, path);
        if item.optional {
            self.span(path.to_owned(), first);
        }
    }

    fn member(&mut self, pad: &str, indent: usize, value: &Yaml, path: &str) {
        match value {
            Yaml::Map(entries) if !entries.is_empty() => {
                self.entries(format!("{pad}- "), indent + 2, entries, path);
            }
            // A list in a list: each of its items a line below the dash would need.
            Yaml::List(items) if !items.is_empty() => {
                self.lines.push(format!("{pad}-"));
                for (at, item) in items.iter().enumerate() {
                    self.item(indent + 2, item, &format!("{path}/{at}"));
                }
            }
            other => self.value(format!("{pad}-"), indent + 2, other, path),
        }
    }

    /// Whether the value is left out, or all that is in it.
    fn is_dropped(&self, path: &str, value: &Yaml) -> bool {
        if self.dropped.is_empty() {
            return false;
        }
        self.dropped.contains_key(path)
            || match value {
                Yaml::Map(entries) => {
                    let mut all = entries.iter();
                    !entries.is_empty()
                        && all.all(|e| self.is_dropped(&format!("{path}/{}", e.key), &e.value))
                }
                Yaml::List(items) => {
                    let mut all = items.iter().enumerate();
                    !items.is_empty()
                        && all.all(|(at, i)| self.is_dropped(&format!("{path}/{at}"), &i.value))
                }
                Yaml::Text(_) | Yaml::Scalar(_) | Yaml::Bare(_) => false,
            }
    }

    /// Why something is left out, and what it is, as comments.
    fn commented(
        &mut self,
        indent: usize,
        path: &str,
        write: impl FnOnce(&mut Writer<'_>, String),
    ) {
        let below = format!("{path}/");
        let inner = self.dropped.range(path.to_owned()..);
        let mut reasons: Vec<&String> = inner
            .take_while(|(key, _)| key.starts_with(path))
            .filter(|(key, _)| *key == path || key.starts_with(&below))
            .map(|(_, reason)| reason)
            .collect();
        reasons.dedup();
        for reason in reasons {
            self.comment(indent, reason);
        }
        self.as_comment(indent, write);
    }

    fn as_comment(&mut self, indent: usize, write: impl FnOnce(&mut Writer<'_>, String)) {
        let none = Dropped::new();
        let mut writer = Writer::new(&none);
        write(&mut writer, " ".repeat(indent));
        let pad = " ".repeat(indent);
        // A comment is read by whoever reads the repository.
        let text = writer.lines.join("\n");
        for line in secret::masked(&text).lines() {
            let rest = line.get(indent..).unwrap_or_default();
            self.lines
                .push(format!("{pad}# {rest}").trim_end().to_owned());
        }
    }

    fn span(&mut self, path: String, first: usize) {
        let line = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.spans.push(Span {
            path,
            first: line(first + 1),
            last: line(self.lines.len()),
        });
    }

    fn scalar(&mut self, head: &str, indent: usize, text: &str, strict: bool) {
        let Some(header) = block(text) else {
            return self.lines.push(format!("{head} {}", quoted(text, strict)));
        };
        self.lines.push(format!("{head} {header}"));
        let pad = " ".repeat(indent);
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            let line = match line {
                "" => String::new(),
                line => format!("{pad}{line}"),
            };
            self.lines.push(line);
        }
    }
}

/// How a text of several lines can be written as they are, where it can.
fn block(text: &str) -> Option<&'static str> {
    let (body, header) = match text.strip_suffix('\n') {
        Some(body) => (body, "|"),
        None => (text, "|-"),
    };
    let harmless = |c: char| c == '\n' || !is_odd(c);
    // A first line that begins with a blank, and lines of nothing at the ends, would need more than the header says.
    let plain = body.contains('\n')
        && !body.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && body.chars().all(harmless)
        // A line of blanks alone is easily lost in an editor.
        && body.split('\n').all(|line| !line.ends_with(' '));
    plain.then_some(header)
}

/// A scalar on one line. `strict` are texts, which may not look like anything else; other scalars are taken as they stand.
pub(super) fn quoted(text: &str, strict: bool) -> String {
    if is_plain(text) && reads_as_text(text, strict) {
        return text.to_owned();
    }
    let escapes = text.chars().any(is_odd);
    if !escapes && text.contains(['"', '\\']) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_odd(c) => {
                let _ = match u32::from(c) {
                    code @ 0..=0xff => write!(out, "\\x{code:02x}"),
                    code @ 0x100..=0xffff => write!(out, "\\u{code:04x}"),
                    code => write!(out, "\\U{code:08x}"),
                };
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether a character must be escaped to survive an editor, a terminal and a reader of YAML: what does not print, breaks a
/// line, or turns the direction of writing.
fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200b}'..='\u{200f}'
        )
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether a text can stand without quotes, as a value in a block or as a key.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
    let indicator = match first {
        '-' | '?' | ':' => blank(text.chars().nth(1)),
        c => ",[]{}#&*!|>'\"%@`".contains(c),
    };
    !indicator
        && !text.chars().any(is_odd)
        && !text.starts_with(char::is_whitespace)
        && !text.ends_with(char::is_whitespace)
        && !text.ends_with(':')
        && !text.contains(": ")
        && !text.contains(" #")
        // At the start of a line these end a document, and `<<` as a key is another thing.
        && !text.starts_with("---")
        && !text.starts_with("...")
        && text != "<<"
}

/// A text in lines of at most so many characters, as far as its words allow.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        let word: String = word.chars().filter(|c| !is_odd(*c)).collect();
        let length = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && length > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_stand_where_they_are_needed_and_nowhere_else() {
        for plain in [
            "Networking",
            "v1.0.0",
            "a b",
            "it's",
            "say \"hi\"",
            "a:b",
            "a#b",
            "-a",
            "yes",
            "2010-09-09",
            "ü",
            "1.0.1",
            "https://example.com/a?b=c",
            "arn:aws:iam::123456789012:role/x",
            "${account}",
            "a, b",
            "x]",
        ] {
            assert_eq!(quoted(plain, true), plain);
        }
        for (text, written) in [
            ("", "\"\""),
            ("1.0", "\"1.0\""),
            ("true", "\"true\""),
            ("null", "\"null\""),
            ("~", "\"~\""),
            ("059299583895", "\"059299583895\""),
            (" a", "\" a\""),
            ("a ", "\"a \""),
            ("a: b", "\"a: b\""),
            ("a:", "\"a:\""),
            ("a #b", "\"a #b\""),
            ("# a", "\"# a\""),
            ("- a", "\"- a\""),
            ("-", "\"-\""),
            ("*", "\"*\""),
            ("[x", "\"[x\""),
            ("{{x}}", "\"{{x}}\""),
            ("\"x\": y", "'\"x\": y'"),
            ("a\\b: 'c'", "'a\\b: ''c'''"),
            ("a\tb", "\"a\\tb\""),
            ("a\r\nb", "\"a\\r\\nb\""),
            ("\u{feff}a", "\"\\ufeffa\""),
        ] {
            assert_eq!(quoted(text, true), written);
        }
        assert_eq!(quoted("010", false), "010");
        assert_eq!(quoted("true", false), "true");
        assert_eq!(quoted("null", false), "\"null\"");
    }

    #[test]
    fn what_is_left_out_becomes_a_comment_with_its_reason() {
        let mut tags = Fields::default();
        tags.required("a", Yaml::text("1"));
        let mut spec = Fields::default();
        spec.required("name", Yaml::text("x"));
        spec.optional("tags", tags.map());
        spec.note("of interest");
        spec.optional("list", Some(Yaml::texts(["p", "two\nlines"])));
        let (entries, _) = spec.done();
        let write = |dropped: &Dropped| {
            let mut writer = Writer::new(dropped);
            writer.map(2, &entries, "d");
            writer.finish()
        };
        let (text, spans) = write(&Dropped::new());
        assert_eq!(
            text,
            "  name: x\n  tags:\n    a: \"1\"\n  # of interest\n  list:\n    - p\n    - |-\n      two\n      lines\n"
        );
        let spans: Vec<_> = spans
            .iter()
            .map(|s| (s.path.as_str(), s.first, s.last))
            .collect();
        assert_eq!(spans, [("d/tags", 2, 3), ("d/list", 5, 9)]);
        let dropped = Dropped::from([("d/list".to_owned(), "why".to_owned())]);
        let (text, _) = write(&dropped);
        assert!(text.ends_with("  # of interest\n  # why\n  # list:\n  #   - p\n  #   - |-\n  #     two\n  #     lines\n"));
    }

    proptest! {
        /// Whatever a text is, the manifest reader reads it back: as a value, as a key, as an item.
        #[test]
        fn every_text_is_read_back(text in any::<String>(), strict in any::<bool>()) {
            crate::export::testing::reads_back(&text, strict)?;
        }

        /// The same of texts made of what YAML gives a meaning.
        #[test]
        fn every_text_of_signs_is_read_back(text in "[-?:,\\[\\]{}#&*!|>'\"%@` \n\r\t.~0-9xoeE+nulTrue<=\u{85}\u{2028}\u{feff}ä]{0,12}", strict in any::<bool>()) {
            crate::export::testing::reads_back(&text, strict)?;
        }
    }
}
