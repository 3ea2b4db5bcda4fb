//! TagOptions and budgets of portfolios and products: a list that is present is the whole truth.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Member, Shown, Was};
use crate::ids::{Name, TagOptionId};
use crate::model::desired::{Desired, GivenTagOptions};
use crate::model::observed::LiveTagOptions;

/// A TagOption by what it is known by: its key and value.
pub type Pair<'a> = (&'a str, &'a str);

/// How the members of a list differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListDiff<A, R> {
    /// To add.
    pub add: Vec<Member<A>>,
    /// To remove.
    pub remove: Vec<Member<R>>,
}

/// As people are shown it.
pub fn pair_text((key, value): Pair<'_>) -> String {
    format!("{key}={value}")
}

/// The TagOptions that names stand for; a name that the source does not give is left out.
pub fn pairs<'d>(desired: &'d Desired, given: &'d GivenTagOptions) -> BTreeMap<Pair<'d>, &'d Name> {
    let options = given.keys().filter_map(|name| {
        let option = desired.tag_options.get(name)?;
        Some(((option.key.as_str(), option.value.as_str()), name))
    });
    options.collect()
}

/// Compares TagOptions by key and value, for an id says nothing to a manifest.
pub fn tag_options<'d>(
    was: Was<BTreeSet<Pair<'_>>>,
    want: &BTreeMap<Pair<'d>, &'d Name>,
    live: &LiveTagOptions,
) -> ListDiff<&'d Name, TagOptionId> {
    let seen: BTreeMap<Pair<'_>, &TagOptionId> = live
        .values()
        .map(|o| ((o.key.as_str(), o.value.as_str()), &o.id))
        .collect();
    let change = |pair: Pair<'_>, add: bool| {
        let named = match &was {
            Was::Unknown => Was::Unknown,
            Was::Unmanaged => Was::Unmanaged,
            Was::Value(all) => Was::Value(all.contains(&pair)),
        };
        change("tagOptions", &pair_text(pair), named, add)
    };
    let missing = want.iter().filter(|(pair, _)| !seen.contains_key(*pair));
    let surplus = seen.iter().filter(|(pair, _)| !want.contains_key(*pair));
    ListDiff {
        add: missing
            .map(|(pair, name)| Member {
                item: *name,
                change: change(*pair, true),
            })
            .collect(),
        remove: surplus
            .map(|(pair, id)| Member {
                item: (*id).clone(),
                change: change(*pair, false),
            })
            .collect(),
    }
}

/// Compares budgets by name.
pub fn budgets(
    was: Was<&BTreeSet<String>>,
    want: &BTreeSet<String>,
    live: &BTreeSet<String>,
) -> ListDiff<String, String> {
    let member = |name: &String, add: bool| Member {
        item: name.clone(),
        change: change("budgets", name, was.map(|all| all.contains(name)), add),
    };
    ListDiff {
        add: want.difference(live).map(|b| member(b, true)).collect(),
        remove: live.difference(want).map(|b| member(b, false)).collect(),
    }
}

fn change(field: &str, text: &str, named: Was<bool>, add: bool) -> Change {
    let (before, after) = match add {
        true => (Shown::Absent, Shown::text(text)),
        false => (Shown::text(text), Shown::Absent),
    };
    Change {
        field: field.to_owned(),
        before,
        after,
        reason: named.why(&add, &!add),
    }
}
