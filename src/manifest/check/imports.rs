//! An import names a stack, and no stack becomes two provisioned products (facts §9.3).

use std::collections::BTreeMap;

use super::Catalog;
use crate::ids::{Arn, StackArn};
use crate::manifest::finding::{Code, Finding};
use crate::manifest::words;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    let mut seen = BTreeMap::new();
    for spec in &catalog.specs.provisioned {
        let (header, Some(stack)) = (&spec.header, &spec.import) else {
            continue;
        };
        if StackArn::parse(&stack.value).is_none() {
            let message = format!("{} is no ARN of a stack", words::code(&stack.value));
            let hint = if is_set(&stack.value) {
                "a StackSet can't be imported, only a single root stack"
            } else {
                "it has the form `arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID`; `aws cloudformation describe-stacks` shows it as StackId"
            };
            findings.push(
                header
                    .finding(Code::InvalidArn, &stack.origin, message)
                    .hint(hint),
            );
            continue;
        }
        seen.entry(stack.value.as_str())
            .or_insert_with(Vec::new)
            .push((&stack.origin, header));
    }
    for holders in seen.values() {
        for (origin, header) in holders {
            // Two objects of one name in the source are a finding of their own.
            let other = holders.iter().find(|(_, other)| other.key != header.key);
            if let Some((at, _)) = other {
                let message = "another provisioned product imports this stack too";
                findings.push(
                    header
                        .finding(Code::DuplicateItem, origin, message)
                        .hint("a stack becomes one provisioned product: take the `import` from the other")
                        .related(at, "the other one"),
                );
            }
        }
    }
}

fn is_set(text: &str) -> bool {
    Arn::parse(text).is_some_and(|arn| arn.resource.starts_with("stackset/"))
}
