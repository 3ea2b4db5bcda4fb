//! Reads an export back as the manifest reader would, and leaves out what that refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Input;
use super::document::Document;
use super::yaml::{Dropped, Span, Writer};
use crate::manifest::{Context, Finding, Severity, load};
use crate::model::tree::{Entry, Tree};

/// How often what refers to something left out may be left out in turn. What provisioned products need leads over
/// products and portfolios to TagOptions, and each may lose several fields.
const ROUNDS: usize = 16;

/// The files of an export, with as much left out as it takes for none to have an error, and whatever the reader says of
/// them then: an error that no part can be left out for is said, like any warning.
pub(super) fn settle(
    input: Input<'_>,
    files: BTreeMap<String, Vec<Document>>,
    templates: &BTreeMap<String, Arc<str>>,
    left_out: &mut BTreeSet<String>,
) -> (BTreeMap<String, Vec<u8>>, Vec<Finding>) {
    let mut dropped = Dropped::new();
    for _ in 0..ROUNDS {
        let (written, spans) = write(&files, templates, &dropped);
        let findings = findings(input, &written);
        let errors = findings.iter().filter(|f| f.severity == Severity::Error);
        let mut changed = false;
        for error in errors {
            let Some(span) = narrowest(&spans, error) else {
                continue;
            };
            if dropped.contains_key(&span.path) {
                continue;
            }
            let why = format!(
                "Left out, because a manifest can't say it ({}): {}.",
                error.code, error.message
            );
            left_out.insert(format!("{}: {}", span.path, error.message));
            dropped.insert(span.path.clone(), why);
            changed = true;
        }
        if !changed {
            return (written, findings);
        }
    }
    let written = write(&files, templates, &dropped).0;
    let findings = findings(input, &written);
    (written, findings)
}

/// What the manifest reader says of files. Of none at all there is nothing to say.
fn findings(input: Input<'_>, written: &BTreeMap<String, Vec<u8>>) -> Vec<Finding> {
    if written.is_empty() {
        return Vec::new();
    }
    let context = Context {
        target: Some(input.observed.target.clone()),
    };
    let mut tree = Tree::default();
    for (path, bytes) in written {
        let bytes: Arc<[u8]> = Arc::from(bytes.as_slice());
        tree.files.insert(path.clone(), Entry::file(bytes));
    }
    load(&tree, &context).findings
}

/// The smallest part around an error that may be left out.
fn narrowest<'s>(spans: &'s BTreeMap<String, Vec<Span>>, error: &Finding) -> Option<&'s Span> {
    let here = spans.get(&*error.origin.file)?.iter();
    let line = error.origin.line;
    let around = here.filter(|span| (span.first..=span.last).contains(&line));
    around.min_by_key(|span| (span.last - span.first, std::cmp::Reverse(span.path.len())))
}

type Written = (BTreeMap<String, Vec<u8>>, BTreeMap<String, Vec<Span>>);

fn write(
    files: &BTreeMap<String, Vec<Document>>,
    templates: &BTreeMap<String, Arc<str>>,
    dropped: &Dropped,
) -> Written {
    let (mut written, mut all) = (BTreeMap::new(), BTreeMap::new());
    for (path, documents) in files {
        let mut writer = Writer::new(dropped);
        for (at, document) in documents.iter().enumerate() {
            if at > 0 {
                writer.line("---");
            }
            document.write(&mut writer, dropped);
        }
        let (text, spans) = writer.finish();
        written.insert(path.clone(), text.into_bytes());
        all.insert(path.clone(), spans);
    }
    for (path, text) in templates {
        written.insert(path.clone(), text.as_bytes().to_vec());
    }
    (written, all)
}
