//! The files of a source → the specs of the documents that are ours.
//!
//! Templates and other tools' files lie beside manifests. Most are told apart by a search for a few bytes, without
//! building a tree: a catalog has thousands of templates.

use std::borrow::Cow;
use std::sync::Arc;

use super::finding::{Code, Finding};
use super::parse::{self, Chunk};
use super::schema::{self, API_GROUP, Specs, start_of};
use super::{rules, words};
use crate::ids::Kind;
use crate::model::tree::{Entry, Tree};

/// What reading the files left to decide.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Findings about files by their path in the tree. They hold unless a version names the file as its template.
    pub(super) held: Vec<(String, Finding)>,
    /// Some document was ours.
    pub(super) any: bool,
}

/// Whether a path can be a manifest's.
pub(super) fn is_yaml(path: &str) -> bool {
    let extension = path.rsplit_once('.').map(|(_, end)| end);
    extension.is_some_and(|e| e.eq_ignore_ascii_case("yaml") || e.eq_ignore_ascii_case("yml"))
}

/// Whether manifests are looked for in a file: the settings file has none.
pub(super) fn is_manifest(tree: &Tree, path: &str) -> bool {
    is_yaml(path) && !rules::is_settings(tree, path)
}

/// Reads every document of ours below the scope.
pub(super) fn read(tree: &Tree, specs: &mut Specs, findings: &mut Vec<Finding>) -> Read {
    let mut read = Read::default();
    for (path, entry) in tree.scoped().filter(|(path, _)| is_manifest(tree, path)) {
        let file: Arc<str> = Arc::from(tree.shown(path));
        let at = start_of(&file);
        let finding = match entry {
            Entry::File(bytes) => match decode(bytes) {
                Text::Ours(text) => {
                    let mut one = File {
                        name: &file,
                        text,
                        specs,
                        findings,
                    };
                    let (any, held) = one.read();
                    read.any |= any;
                    read.held
                        .extend(held.into_iter().map(|f| (path.to_owned(), f)));
                    continue;
                }
                Text::Foreign => continue,
                Text::Encoded => Finding::new(Code::NotUtf8, &at, "the file is not UTF-8")
                    .hint("save it as UTF-8"),
            },
            Entry::Symlink => Finding::new(
                Code::Symlink,
                &at,
                "the file is a symbolic link, and links are not followed",
            )
            .hint("put the file itself there"),
            Entry::TooLarge { bytes } => Finding::new(
                Code::TooLarge,
                &at,
                format!("the file has {bytes} bytes and was not read: it may hold manifests"),
            )
            .hint("split it, or keep it out of catalogd's path"),
            Entry::Unreadable { reason } => Finding::new(
                Code::Unreadable,
                &at,
                format!("the file cannot be read: {reason}"),
            ),
        };
        read.held.push((path.to_owned(), finding));
    }
    read
}

/// A file's text, as far as it matters here.
enum Text<'b> {
    /// It may hold documents of ours.
    Ours(&'b str),
    /// It may, and is in another encoding.
    Encoded,
    Foreign,
}

fn decode(bytes: &[u8]) -> Text<'_> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) if mentions_us(text) => Text::Ours(text),
        // UTF-16 of plain ASCII is valid UTF-8 too, full of NUL characters, unless it begins with its mark.
        Ok(text) if text.contains('\0') && mentions_us(&text.replace('\0', "")) => Text::Encoded,
        Ok(_) => Text::Foreign,
        Err(_) => {
            let text: Cow<'_, str> = String::from_utf8_lossy(bytes);
            let folded = text.replace('\0', "");
            if mentions_us(&folded) {
                Text::Encoded
            } else {
                Text::Foreign
            }
        }
    }
}

/// Whether a text can hold a document of ours: it names our API, or a `kind` that is ours.
pub(super) fn mentions_us(text: &str) -> bool {
    text.contains(API_GROUP) || names_a_kind(text)
}

fn names_a_kind(text: &str) -> bool {
    // `contains` is vectorised and nearly always says no; `match_indices` is not.
    if !text.contains("kind") {
        return false;
    }
    text.match_indices("kind").any(|(at, word)| {
        let rest = text.get(at + word.len()..).unwrap_or_default();
        let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
        let Some(value) = rest.trim_start_matches([' ', '\t']).strip_prefix(':') else {
            return false;
        };
        let value = value.trim_start_matches([' ', '\t', '"', '\'']);
        let end = value
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(value.len());
        value.get(..end).is_some_and(schema::is_kind)
    })
}

/// One file that may hold documents of ours.
struct File<'a> {
    name: &'a Arc<str>,
    text: &'a str,
    specs: &'a mut Specs,
    findings: &'a mut Vec<Finding>,
}

impl File<'_> {
    /// Whether some document was ours, and the findings about the file itself.
    fn read(&mut self) -> (bool, Vec<Finding>) {
        let at = start_of(self.name);
        if self.text.len() > parse::FILE_BYTES {
            let message = format!(
                "the file has {} bytes: a manifest can have {}",
                self.text.len(),
                parse::FILE_BYTES
            );
            let finding = Finding::new(Code::TooLarge, &at, message)
                .hint("split it: one file a product is usual");
            return (false, vec![finding]);
        }
        let chunks = parse::chunks(self.text);
        if chunks.len() > parse::DOCUMENTS {
            let message = format!("the file has more than {} documents", parse::DOCUMENTS);
            let finding = Finding::new(Code::TooComplex, &at, message)
                .hint("split it: one file a product is usual");
            return (false, vec![finding]);
        }
        // Where our API is named, a broken document counts even if it does not name it itself: its own
        // `apiVersion` may be the typo.
        let named = self.text.contains(API_GROUP);
        let mut budget = parse::NODES;
        let mut held = Vec::new();
        let mut any = false;
        for chunk in chunks {
            if named || mentions_us(chunk.text) {
                match self.document(chunk, &mut budget) {
                    Ok(ours) => any |= ours,
                    Err(finding) if named => held.push(*finding),
                    Err(_) => {}
                }
            }
        }
        (any, held)
    }

    fn document(&mut self, chunk: Chunk<'_>, budget: &mut usize) -> Result<bool, Box<Finding>> {
        let mut any = false;
        for document in parse::documents(self.name, chunk, budget)? {
            any |= schema::read(document, self.specs, self.findings);
        }
        Ok(any)
    }
}

/// What a source without a single manifest is told.
pub(super) fn nothing(tree: &Tree) -> Finding {
    let place: Arc<str> = match tree.scope.as_str() {
        "" => Arc::from("."),
        scope => Arc::from(scope),
    };
    let kinds = words::listed(Kind::ALL.into_iter().map(Kind::as_str), "or");
    Finding::new(
        Code::NoManifests,
        &start_of(&place),
        "no manifest of catalogd is here",
    )
    .hint(format!(
        "a manifest is a *.yaml or *.yml file with `apiVersion: {}` and a `kind` of {kinds}",
        schema::API_VERSION
    ))
}
