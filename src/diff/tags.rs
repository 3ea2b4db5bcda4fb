//! Tags of portfolios and products: a map that is present is the whole truth, save for reserved keys (promise 9).

use std::collections::BTreeSet;

use super::{Change, Shown, Was};
use crate::model::desired::Tags;
use crate::model::owner::is_reserved;

/// What to do to an object's tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagsDiff {
    /// Added or overwritten.
    pub add: Tags,
    /// Keys removed.
    pub remove: BTreeSet<String>,
    /// Tag by tag.
    pub changes: Vec<Change>,
}

/// Compares the tags that a manifest gives, if it gives any, with the live ones.
pub fn tags(was: Was<&Tags>, want: Option<&Tags>, live: &Tags) -> TagsDiff {
    let mut diff = TagsDiff::default();
    let Some(want) = want else { return diff };
    let theirs = live.iter().filter(|(key, _)| !is_reserved(key));
    let surplus = theirs.filter(|(key, _)| !want.contains_key(*key));
    for (key, _) in surplus {
        diff.remove.insert(key.clone());
        diff.changes.push(change(was, key, None, live.get(key)));
    }
    for (key, value) in want.iter().filter(|(key, _)| !is_reserved(key)) {
        if live.get(key) != Some(value) {
            diff.add.insert(key.clone(), value.clone());
            diff.changes
                .push(change(was, key, Some(value), live.get(key)));
        }
    }
    diff
}

/// Compares only the tags that are named: those of provisioned products come mixed with inherited ones.
pub fn named_tags(was: Was<&Tags>, want: Option<&Tags>, live: &Tags) -> Vec<Change> {
    let named = want.into_iter().flatten();
    named
        .filter(|(key, value)| !is_reserved(key) && live.get(*key) != Some(value))
        .map(|(key, value)| change(was, key, Some(value), live.get(key)))
        .collect()
}

fn change(was: Was<&Tags>, key: &str, want: Option<&String>, live: Option<&String>) -> Change {
    let shown = |value: Option<&String>| value.map_or(Shown::Absent, Shown::text);
    Change {
        field: format!("tags.{key}"),
        before: shown(live),
        after: shown(want),
        reason: was.map(|tags| tags.get(key)).why(&want, &live),
    }
}
