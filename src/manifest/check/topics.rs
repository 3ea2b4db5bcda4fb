//! Topics of notification constraints are topics of SNS, each once.

use std::collections::BTreeMap;

use super::Catalog;
use crate::ids::Arn;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::words;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for (header, constraints) in catalog.constraints() {
        let mut seen = BTreeMap::new();
        for topic in constraints.notification.iter().flatten() {
            let (text, at) = (&topic.value, &topic.origin);
            if !is_topic(text) {
                let message = format!("{} is no ARN of a topic", words::code(text));
                findings.push(
                    header
                        .finding(Code::InvalidArn, at, message)
                        .hint("it has the form `arn:aws:sns:us-east-1:123456789012:NAME`"),
                );
            }
            match seen.insert(text, at) {
                None => {}
                Some(first) => findings.push(
                    header
                        .finding(
                            Code::DuplicateItem,
                            at,
                            format!("{} is in `topics` twice", words::code(text)),
                        )
                        .hint("keep one of the two")
                        .related(first, "the first one"),
                ),
            }
        }
    }
}

fn is_topic(text: &str) -> bool {
    Arn::parse(text).is_some_and(|arn| {
        let name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        arn.service == "sns"
            && !arn.region.is_empty()
            && arn.has_account()
            && !arn.resource.is_empty()
            && arn.resource.chars().all(name)
    })
}
