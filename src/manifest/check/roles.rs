//! Launch roles are roles, and stacks to take a template from are stacks.

use super::Catalog;
use crate::ids::Arn;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::schema::{LaunchSpec, SourceSpec};
use crate::manifest::words;

/// Characters of an IAM role's name (IAM's published limit).
const ROLE_NAME: usize = 64;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for product in &catalog.specs.products {
        let header = &product.header;
        let launches = product
            .portfolios
            .iter()
            .flatten()
            .filter_map(|association| association.constraints.as_ref()?.launch.as_ref());
        for launch in launches {
            let at = &launch.origin;
            match &launch.value {
                LaunchSpec::RoleArn(text) if !is_role(text) => findings.push(
                    header
                        .finding(Code::InvalidArn, at, format!("{} is no ARN of a role", words::code(text)))
                        .hint("it has the form `arn:aws:iam::123456789012:role/NAME`; a mere name is a `localRoleName`"),
                ),
                LaunchSpec::LocalRoleName(text) if !is_role_name(text) => findings.push(
                    header
                        .finding(Code::InvalidRoleName, at, format!("{} is no name of a role", words::code(text)))
                        .hint("it has 1 to 64 of letters, digits and `+=,.@_-`; an ARN is a `roleArn`"),
                ),
                LaunchSpec::RoleArn(_) | LaunchSpec::LocalRoleName(_) => {}
            }
        }
        for version in &product.versions {
            if let Some(SourceSpec::Stack(stack)) = &version.source
                && !is_stack(&stack.value)
            {
                let message = format!("{} is no ARN of a stack", words::code(&stack.value));
                findings.push(
                    header
                        .finding(Code::InvalidArn, &stack.origin, message)
                        .hint(
                            "it has the form `arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID`",
                        ),
                );
            }
        }
    }
}

pub(super) fn is_role(text: &str) -> bool {
    Arn::parse(text).is_some_and(|arn| {
        let name = arn.resource.strip_prefix("role/");
        let plain = |name: &str| !name.is_empty() && !name.contains(['*', '?']);
        arn.service == "iam"
            && arn.region.is_empty()
            && arn.has_account()
            && name.is_some_and(plain)
    })
}

pub(super) fn is_role_name(text: &str) -> bool {
    (1..=ROLE_NAME).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c))
}

fn is_stack(text: &str) -> bool {
    Arn::parse(text).is_some_and(|arn| {
        let named = arn.resource.strip_prefix("stack/");
        arn.service == "cloudformation"
            && !arn.region.is_empty()
            && arn.has_account()
            && named.is_some_and(|rest| !rest.is_empty())
    })
}
