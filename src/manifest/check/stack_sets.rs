//! Accounts, regions and roles of stack set constraints are such.

use std::collections::BTreeMap;

use super::Catalog;
use super::roles::{is_role, is_role_name};
use crate::manifest::finding::{Code, Finding};
use crate::manifest::words;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for (header, constraints) in catalog.constraints() {
        let Some(found) = constraints.stack_set.as_ref().map(|found| &found.value) else {
            continue;
        };
        for (list, items) in [("accounts", &found.accounts), ("regions", &found.regions)] {
            let mut seen = BTreeMap::new();
            for item in items {
                if let Some(first) = seen.insert(&item.value, &item.origin) {
                    let message = format!("{} is in `{list}` twice", words::code(&item.value));
                    findings.push(
                        header
                            .finding(Code::DuplicateItem, &item.origin, message)
                            .hint("keep one of the two")
                            .related(first, "the first one"),
                    );
                }
            }
        }
        for account in &found.accounts {
            let digits = account.value.bytes().all(|c| c.is_ascii_digit());
            if !digits || account.value.len() != 12 {
                let message = format!("{} is no account", words::code(&account.value));
                findings.push(
                    header
                        .finding(Code::UnknownValue, &account.origin, message)
                        .hint("an account has twelve digits, in quotes"),
                );
            }
        }
        for region in &found.regions {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if !region.value.chars().all(plain) || !region.value.contains('-') {
                let message = format!("{} is no region", words::code(&region.value));
                let finding = header.finding(Code::UnknownValue, &region.origin, message);
                findings.push(finding.hint("it has the form `us-east-1`"));
            }
        }
        let (admin, execution) = (&found.admin_role, &found.execution_role);
        if !is_role(&admin.value) {
            let message = format!("{} is no ARN of a role", words::code(&admin.value));
            findings.push(
                header
                    .finding(Code::InvalidArn, &admin.origin, message)
                    .hint("it has the form `arn:aws:iam::123456789012:role/NAME`"),
            );
        }
        if !is_role_name(&execution.value) {
            let message = format!("{} is no name of a role", words::code(&execution.value));
            findings.push(
                header
                    .finding(Code::InvalidRoleName, &execution.origin, message)
                    .hint("it is the role's name in each account, not an ARN"),
            );
        }
    }
}
