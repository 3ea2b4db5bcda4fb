//! A provisioned product's name in the account is one that the service takes, and its own alone (facts §9.3).

use std::collections::BTreeMap;

use super::Catalog;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::words;
use crate::model::limits;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    let mut seen = BTreeMap::new();
    for spec in &catalog.specs.provisioned {
        let header = &spec.header;
        let (text, origin) = match (&spec.live_name, &header.name) {
            (Some(found), _) => (found.value.as_str(), &found.origin),
            (None, Some(name)) => (name.as_str(), &header.origin),
            (None, None) => continue,
        };
        if !is_live_name(text) {
            let message = format!("{} is no name of a provisioned product", words::code(text));
            findings.push(
                header
                    .finding(Code::InvalidLiveName, origin, message)
                    .hint("it has 1 to 128 of letters, digits, `.`, `_` and `-`, and begins with a letter or digit"),
            );
        }
        seen.entry(text)
            .or_insert_with(Vec::new)
            .push((origin, header));
    }
    for (text, holders) in seen {
        for (origin, header) in &holders {
            // Two objects of one name in the source are a finding of their own.
            let other = holders.iter().find(|(_, other)| other.key != header.key);
            if let Some((at, _)) = other {
                let message = format!(
                    "another provisioned product is called {} in the account",
                    words::code(text)
                );
                findings.push(
                    header
                        .finding(Code::DuplicateLiveName, origin, message)
                        .hint("give one of them another `spec.name`")
                        .related(at, "the other one"),
                );
            }
        }
    }
}

fn is_live_name(text: &str) -> bool {
    text.len() <= limits::PROVISIONED_NAME
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}
