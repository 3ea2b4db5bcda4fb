//! Tags are such as the service takes, with room for the one of ours (design §4).

use super::Catalog;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::schema::{Header, Tag};
use crate::manifest::words;
use crate::model::limits;

/// Each object carries one tag that says whose it is.
const OURS: usize = 1;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for spec in &catalog.specs.portfolios {
        object(&spec.header, &spec.tags, limits::TAGS, findings);
    }
    for spec in &catalog.specs.products {
        object(&spec.header, &spec.tags, limits::TAGS, findings);
    }
    for spec in &catalog.specs.provisioned {
        object(&spec.header, &spec.tags, limits::PROVISIONED_TAGS, findings);
    }
}

fn object(header: &Header, tags: &Option<Vec<Tag>>, limit: usize, findings: &mut Vec<Finding>) {
    let tags = tags.as_deref().unwrap_or_default();
    for tag in tags {
        findings.extend(one(header, tag));
    }
    if let Some(over) = tags.get(limit - OURS) {
        let message = format!(
            "there are {}: the service takes {limit}, and one is catalogd's own",
            words::count(tags.len(), "tag")
        );
        let finding = header.finding(Code::TooMany, &over.key.origin, message);
        findings.push(finding.hint(format!("keep {} at most", limit - OURS)));
    }
}

pub(super) fn one(header: &Header, tag: &Tag) -> Option<Finding> {
    let (key, value) = (&tag.key, &tag.value);
    let folded = key.value.to_ascii_lowercase();
    for (prefix, whose) in [("aws:", "AWS"), ("catalogd:", "catalogd")] {
        if folded.starts_with(prefix) {
            let message = format!(
                "the tag {} begins with `{prefix}`, which {whose} keeps for itself",
                words::code(&key.value)
            );
            let finding = header.finding(Code::ReservedTag, &key.origin, message);
            return Some(finding.hint("use another key"));
        }
    }
    let (what, at, problem) = if key.value.is_empty() {
        ("key", &key.origin, "is empty".to_owned())
    } else if key.value.chars().count() > limits::TAG_KEY {
        let problem = format!("has more than {} characters", limits::TAG_KEY);
        ("key", &key.origin, problem)
    } else if let Some(bad) = key.value.chars().find(|c| !is_taken(*c)) {
        let problem = format!("cannot have {}", words::code(&bad.to_string()));
        ("key", &key.origin, problem)
    } else if value.value.chars().count() > limits::TAG_VALUE {
        let problem = format!("has more than {} characters", limits::TAG_VALUE);
        ("value", &value.origin, problem)
    } else if let Some(bad) = value.value.chars().find(|c| !is_taken(*c)) {
        let problem = format!("cannot have {}", words::code(&bad.to_string()));
        ("value", &value.origin, problem)
    } else {
        return None;
    };
    let message = format!("the {what} of tag {} {problem}", words::code(&key.value));
    Some(
        header
            .finding(Code::InvalidTag, at, message)
            .hint("tags have letters, digits, blanks and `_.:/=+-@`"),
    )
}

/// The service's pattern is `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
fn is_taken(c: char) -> bool {
    c.is_alphabetic()
        || c.is_numeric()
        || (c.is_whitespace() && !c.is_control())
        || "_.:/=+-@".contains(c)
}
