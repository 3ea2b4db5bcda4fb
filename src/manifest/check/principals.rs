//! Principals are ARNs of users, groups and roles: whole ones, or patterns without an account (facts §9.5).

use super::Catalog;
use crate::ids::Arn;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::schema::PrincipalSpec;
use crate::manifest::words;
use crate::model::limits;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    let own = catalog.specs.portfolios.iter();
    let own = own.map(|spec| (&spec.header, &spec.principals));
    let imported = catalog.specs.imported.iter();
    let imported = imported.map(|spec| (&spec.header, &spec.principals));
    for (header, principals) in own.chain(imported) {
        let principals = principals.as_deref().unwrap_or_default();
        for principal in principals {
            let wrong = match &principal.value {
                PrincipalSpec::Arn(text) => {
                    whole(text).map(|hint| (text, "ARN of a principal", hint))
                }
                PrincipalSpec::Pattern(text) => {
                    pattern(text).map(|hint| (text, "principal pattern", hint))
                }
                PrincipalSpec::Caller => None,
            };
            if let Some((text, what, hint)) = wrong {
                let message = format!("{} is no {what}", words::code(text));
                let finding = header.finding(Code::InvalidArn, &principal.origin, message);
                findings.push(finding.hint(hint));
            }
        }
        let patterns = principals
            .iter()
            .filter(|p| matches!(p.value, PrincipalSpec::Pattern(_)));
        if let Some(over) = patterns.clone().nth(limits::PRINCIPAL_PATTERNS) {
            let message = format!(
                "the portfolio has {}: the service takes {}",
                words::count(patterns.count(), "pattern"),
                limits::PRINCIPAL_PATTERNS
            );
            let finding = header.finding(Code::TooMany, &over.origin, message);
            findings.push(finding.hint("a pattern can have wildcards: `*` and `?`"));
        }
        if let Some(over) = principals.get(limits::PRINCIPALS) {
            let message = format!(
                "the portfolio has {}: by default it can have {}",
                words::count(principals.len(), "principal"),
                limits::PRINCIPALS
            );
            let finding = header.finding(Code::OverDefaultQuota, &over.origin, message);
            findings.push(finding.hint("use patterns, or ask AWS to raise the quota"));
        }
    }
}

fn is_principal(resource: &str) -> bool {
    ["user/", "group/", "role/"].iter().any(|kind| {
        resource
            .strip_prefix(kind)
            .is_some_and(|rest| !rest.is_empty())
    })
}

/// What to do about an ARN that is no whole one of a principal.
fn whole(text: &str) -> Option<&'static str> {
    const SHAPE: &str =
        "it has the form `arn:aws:iam::123456789012:role/NAME` (or `user/…`, `group/…`)";
    match Arn::parse(text) {
        Some(arn)
            if arn.service == "iam" && arn.region.is_empty() && is_principal(arn.resource) =>
        {
            if arn.account.is_empty() {
                Some("an ARN without an account is a `pattern`")
            } else if !arn.has_account() {
                Some("an account has twelve digits; `${account}` stands for the target's")
            } else if arn.resource.contains(['*', '?']) {
                Some("wildcards belong into a `pattern`")
            } else {
                None
            }
        }
        _ => Some(SHAPE),
    }
}

/// What to do about a text that is no pattern.
fn pattern(text: &str) -> Option<&'static str> {
    match Arn::parse(text) {
        Some(arn)
            if arn.service == "iam" && arn.region.is_empty() && is_principal(arn.resource) =>
        {
            (!arn.account.is_empty()).then_some(
                "a pattern has no account: `arn:aws:iam:::role/NAME*`; a whole ARN is an `arn`",
            )
        }
        _ => Some(
            "it has the form `arn:aws:iam:::role/NAME*` (or `user/…`, `group/…`), without an account",
        ),
    }
}
