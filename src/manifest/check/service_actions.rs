//! Names, roles and parameters of service actions are what the service takes (facts §9.10); versions don't offer too many.

use std::collections::BTreeMap;

use super::Catalog;
use super::roles::is_role;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::words;
use crate::model::limits;

/// The role of the launch constraint that what is acted on was launched with.
const LAUNCH_ROLE: &str = "LAUNCH_ROLE";

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for spec in &catalog.specs.service_actions {
        let header = &spec.header;
        if let Some(name) = &spec.display_name
            && !name.value.chars().all(is_name)
        {
            let message = format!(
                "{} is no name of a service action",
                words::code(&name.value)
            );
            findings.push(
                header
                    .finding(Code::InvalidLiveName, &name.origin, message)
                    .hint("it has letters, digits, `_`, `-` and `.`, and no blanks"),
            );
        }
        let Some(definition) = &spec.definition else {
            continue;
        };
        if let Some(role) = &definition.assume_role
            && role.value != LAUNCH_ROLE
            && !is_role(&role.value)
        {
            let message = format!("{} is no ARN of a role", words::code(&role.value));
            findings.push(
                header
                    .finding(Code::InvalidArn, &role.origin, message)
                    .hint("it has the form `arn:aws:iam::123456789012:role/NAME`, or is `LAUNCH_ROLE`"),
            );
        }
        let mut seen = BTreeMap::new();
        let parameters = definition.parameters.iter().flat_map(|p| &p.value);
        for parameter in parameters {
            let (name, at) = (&parameter.name.value, &parameter.name.origin);
            if let Some(first) = seen.insert(name, at) {
                let message = format!("{} is in `parameters` twice", words::code(name));
                findings.push(
                    header
                        .finding(Code::DuplicateItem, at, message)
                        .hint("keep one of the two")
                        .related(first, "the first one"),
                );
            }
        }
    }
    for (header, names) in catalog.offers() {
        if let Some(over) = names.get(limits::ACTIONS_OF_VERSION) {
            let message = format!(
                "a version would offer {}: by default it can have {}",
                words::count(names.len(), "service action"),
                limits::ACTIONS_OF_VERSION
            );
            let finding = header.finding(Code::OverDefaultQuota, &over.origin, message);
            findings.push(finding.hint("ask AWS to raise the quota, or offer fewer"));
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-.".contains(c)
}
