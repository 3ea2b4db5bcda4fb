//! Whom a portfolio is shared with: a list that is present is the whole truth.

use std::collections::BTreeMap;

use super::{Change, Member, Shown, Was};
use crate::model::desired::Share;
use crate::model::observed::LiveShare;
use crate::model::share::Recipient;

/// How a portfolio's shares differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SharesDiff<'a> {
    /// To make, each with its flags.
    pub create: Vec<(&'a Recipient, &'a Share, Vec<Change>)>,
    /// To change: the flags that differ.
    pub update: Vec<(&'a Recipient, Flags, Vec<Change>)>,
    /// To end.
    pub delete: Vec<Member<Recipient>>,
}

/// What is shared beside products and constraints; `None` is left as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// `ShareTagOptions`.
    pub tag_options: Option<bool>,
    /// `SharePrincipals`.
    pub principals: Option<bool>,
}

/// Compares the shares that a manifest gives with the live ones.
pub fn shares<'a>(
    was: Was<&BTreeMap<Recipient, Share>>,
    want: &'a BTreeMap<Recipient, Share>,
    live: &BTreeMap<Recipient, LiveShare>,
) -> SharesDiff<'a> {
    let mut diff = SharesDiff::default();
    for (with, share) in want {
        let listed = was.part(|all| all.get(with));
        let tag_options = listed.part(|s| s.tag_options);
        let principals = listed.part(|s| s.principals);
        let Some(seen) = live.get(with) else {
            let reason = was.map(|all| all.contains_key(with)).why(&true, &false);
            let shown = |name: Option<&str>, text: &str| Change {
                field: field(with, name),
                before: Shown::Absent,
                after: Shown::text(text),
                reason,
            };
            let mut changes = vec![shown(None, "shared")];
            let flags = [
                (TAG_OPTIONS, share.tag_options),
                (PRINCIPALS, share.principals),
            ];
            for (name, _) in flags.iter().filter(|(_, on)| *on == Some(true)) {
                changes.push(shown(Some(*name), "true"));
            }
            diff.create.push((with, share, changes));
            continue;
        };
        let mut changes = Vec::new();
        let mut flag = |name: &str, was: Was<bool>, want: Option<bool>, live: bool| {
            let want = want.filter(|want| *want != live)?;
            changes.push(Change {
                field: field(with, Some(name)),
                before: Shown::text(live.to_string()),
                after: Shown::text(want.to_string()),
                reason: was.why(&want, &live),
            });
            Some(want)
        };
        let flags = Flags {
            tag_options: flag(
                TAG_OPTIONS,
                tag_options,
                share.tag_options,
                seen.tag_options,
            ),
            principals: flag(PRINCIPALS, principals, share.principals, seen.principals),
        };
        if !changes.is_empty() {
            diff.update.push((with, flags, changes));
        }
    }
    for with in live.keys().filter(|with| !want.contains_key(*with)) {
        diff.delete.push(Member {
            item: with.clone(),
            change: Change {
                field: field(with, None),
                before: Shown::text("shared"),
                after: Shown::Absent,
                reason: was.map(|all| all.contains_key(with)).why(&false, &true),
            },
        });
    }
    diff
}

const TAG_OPTIONS: &str = "shareTagOptions";
const PRINCIPALS: &str = "sharePrincipals";

fn field(with: &Recipient, part: Option<&str>) -> String {
    match part {
        None => format!("shares[{with}]"),
        Some(part) => format!("shares[{with}].{part}"),
    }
}
