//! A portfolio's own fields, tags and principals.

use std::collections::BTreeSet;

use super::tags::{TagsDiff, tags};
use super::{Change, Member, Shown, Was, normalise, text};
use crate::model::desired::{Portfolio, Principal};
use crate::model::observed::{LivePortfolio, LivePrincipal};

/// How a portfolio differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortfolioDiff {
    /// `DisplayName` to send.
    pub display_name: Option<String>,
    /// `Description` to send.
    pub description: Option<String>,
    /// `ProviderName` to send.
    pub provider_name: Option<String>,
    /// Field by field.
    pub changes: Vec<Change>,
    /// Tags.
    pub tags: TagsDiff,
    /// Principals.
    pub principals: PrincipalsDiff,
}

/// How a portfolio's principals differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrincipalsDiff {
    /// To associate.
    pub add: Vec<Member<LivePrincipal>>,
    /// To disassociate.
    pub remove: Vec<Member<LivePrincipal>>,
    /// The caller, where the list does not name it: it stays (promise 9).
    pub own: Option<LivePrincipal>,
}

/// Compares a portfolio with its live self.
pub fn portfolio(
    was: Was<&Portfolio>,
    want: &Portfolio,
    live: &LivePortfolio,
    caller: &str,
) -> PortfolioDiff {
    let Portfolio {
        name: _,
        origin: _,
        lifecycle: _,
        display_name,
        description,
        provider_name,
        tags: wanted_tags,
        principals: wanted_principals,
        // `diff::attachment` and `diff::share` compare these.
        tag_options: _,
        budgets: _,
        shares: _,
        // Planned as they are found, by what is accepted.
        shared_products: _,
    } = want;
    let mut changes = Vec::new();
    PortfolioDiff {
        display_name: text(
            &mut changes,
            "displayName",
            was.map(|o| o.display_name.as_str()),
            Some(display_name),
            Some(&live.display_name),
        ),
        description: text(
            &mut changes,
            "description",
            was.part(|o| o.description.as_deref()),
            description.as_deref(),
            live.description.as_deref(),
        ),
        provider_name: text(
            &mut changes,
            "providerName",
            was.map(|o| o.provider_name.as_str()),
            Some(provider_name),
            Some(&live.provider_name),
        ),
        changes,
        tags: tags(
            was.part(|o| o.tags.as_ref()),
            wanted_tags.as_ref(),
            &live.tags,
        ),
        principals: principals(
            was.part(|o| o.principals.as_ref()),
            wanted_principals.as_ref(),
            &live.principals,
            caller,
        ),
    }
}

/// Compares principals: a list that is present is the whole truth, but for the caller.
pub fn principals(
    was: Was<&BTreeSet<Principal>>,
    want: Option<&BTreeSet<Principal>>,
    live: &BTreeSet<LivePrincipal>,
    caller: &str,
) -> PrincipalsDiff {
    let mut diff = PrincipalsDiff::default();
    let Some(want) = want else { return diff };
    let resolve = |set: &BTreeSet<Principal>| -> BTreeSet<LivePrincipal> {
        set.iter().map(|p| resolved(p, caller)).collect()
    };
    let want = resolve(want);
    let base = was.map(resolve);
    let named =
        |principal: &LivePrincipal| Was::map(base_ref(&base), |set| holds(set, principal, caller));
    let change = |principal: &LivePrincipal, add: bool| {
        let shown = Shown::text(&principal.arn);
        let (before, after) = if add {
            (Shown::Absent, shown)
        } else {
            (shown, Shown::Absent)
        };
        Member {
            item: principal.clone(),
            change: Change {
                field: "principals".to_owned(),
                before,
                after,
                reason: named(principal).why(&add, &!add),
            },
        }
    };
    let missing = want.iter().filter(|p| !holds(live, p, caller));
    diff.add = missing.map(|p| change(p, true)).collect();
    let surplus = live.iter().filter(|p| !holds(&want, p, caller));
    let (own, foreign): (Vec<_>, Vec<_>) =
        surplus.partition(|p| !p.pattern && normalise::same_principal(&p.arn, caller));
    diff.remove = foreign.into_iter().map(|p| change(p, false)).collect();
    diff.own = own.into_iter().next().cloned();
    diff
}

/// A manifest's principal as the service names it.
pub fn resolved(principal: &Principal, caller: &str) -> LivePrincipal {
    let (arn, pattern) = match principal {
        Principal::Arn(arn) => (arn.as_str(), false),
        Principal::Pattern(arn) => (arn.as_str(), true),
        Principal::Caller => (caller, false),
    };
    LivePrincipal {
        arn: arn.to_owned(),
        pattern,
    }
}

/// Whether a set names a principal. The caller is known without its path only, so a path is no difference there.
fn holds(set: &BTreeSet<LivePrincipal>, principal: &LivePrincipal, caller: &str) -> bool {
    let is_caller = |p: &LivePrincipal| !p.pattern && normalise::same_principal(&p.arn, caller);
    set.contains(principal) || (is_caller(principal) && set.iter().any(is_caller))
}

fn base_ref<T>(was: &Was<T>) -> Was<&T> {
    match was {
        Was::Unknown => Was::Unknown,
        Was::Unmanaged => Was::Unmanaged,
        Was::Value(value) => Was::Value(value),
    }
}
