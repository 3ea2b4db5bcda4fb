//! Shares name accounts, organizations and units as AWS writes them, and share what can be shared (facts §9.8).

use super::Catalog;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::words;
use crate::model::limits;
use crate::model::share::Recipient;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for spec in &catalog.specs.portfolios {
        let header = &spec.header;
        let shares = spec.shares.as_deref().unwrap_or_default();
        for share in shares {
            let with = &share.with;
            if let Some((what, form)) = wrong(&with.value) {
                let message = format!("{} is no {what}", words::code(with.value.id()));
                let finding = header.finding(Code::InvalidShare, &with.origin, message);
                findings.push(finding.hint(form));
            }
            let account = matches!(with.value, Recipient::Account(_));
            if let Some(flag) = share
                .principals
                .as_ref()
                .filter(|flag| account && flag.value)
            {
                let message = "principals are shared with an organization or a unit only";
                let finding = header.finding(Code::InvalidShare, &flag.origin, message);
                findings.push(finding.hint(
                    "leave `sharePrincipals` out: the account associates principals of its own",
                ));
            }
        }
        let accounts = shares.iter();
        let accounts = accounts.filter(|s| matches!(s.with.value, Recipient::Account(_)));
        if let Some(over) = accounts.clone().nth(limits::SHARED_ACCOUNTS) {
            let message = format!(
                "the portfolio is shared with {}: the service takes {}",
                words::count(accounts.count(), "account"),
                limits::SHARED_ACCOUNTS
            );
            let finding = header.finding(Code::TooMany, &over.with.origin, message);
            findings.push(finding.hint("share it with a unit of the organization"));
        }
    }
}

/// What it should be, and its form, where it is not.
fn wrong(with: &Recipient) -> Option<(&'static str, &'static str)> {
    let id = with.id();
    let plain = |text: &str, least: usize, most: usize| {
        (least..=most).contains(&text.len())
            && text
                .bytes()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    let (fits, what, form) = match with {
        Recipient::Account(_) => (
            id.len() == 12 && id.bytes().all(|c| c.is_ascii_digit()),
            "account number",
            "it has twelve digits, in quotes",
        ),
        Recipient::Organization(_) => (
            id.strip_prefix("o-")
                .is_some_and(|rest| plain(rest, 10, 32)),
            "organization's id",
            "it has the form `o-abcdefghij`",
        ),
        Recipient::Unit(_) => (
            id.strip_prefix("ou-")
                .and_then(|rest| rest.split_once('-'))
                .is_some_and(|(root, unit)| plain(root, 4, 32) && plain(unit, 8, 32)),
            "unit's id",
            "it has the form `ou-abcd-abcdefgh`",
        ),
    };
    (!fits).then_some((what, form))
}
