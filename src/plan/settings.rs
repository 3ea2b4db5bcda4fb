//! What a launch settles beside parameters and tags: topics, the rollout of a stack set, the launch path. Much of it can't be
//! changed afterwards, and some of it not even read (facts §9.3): it is refused before any call, or compared by the base.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::guard::unread;
use super::path::Holding;
use super::planner::Planner;
use super::{Blocked, BlockedCode};
use crate::diff::normalise::{NOTIFICATION, STACKSET};
use crate::diff::{Change, Reason, Shown, Was};
use crate::model::desired::ProvisionedProduct;
use crate::model::launch::Preferences;
use crate::model::observed::{LiveProvisioned, LiveStack};
use crate::model::owner::is_reserved;

/// What is a stack set (facts §8).
const STACK_SET: &str = "CFN_STACKSET";
/// What is a stack.
const STACK: &str = "CFN_STACK";

impl LiveProvisioned {
    /// Whether it is a stack set.
    pub(crate) fn is_stack_set(&self) -> bool {
        self.kind == STACK_SET
    }
}

impl<'a> Planner<'a> {
    /// The preferences that a request takes; refused where the launch path makes no stack set, or another thing than what
    /// is there.
    pub(crate) fn preferences(
        &self,
        want: &ProvisionedProduct,
        path: &Holding<'a>,
        live: Option<&LiveProvisioned>,
    ) -> Result<Option<Preferences>, Blocked> {
        let makes_sets = path.constraints.iter().any(|kind| kind == STACKSET);
        let kind = live.map(|live| live.kind.as_str());
        let trouble = match (makes_sets, kind, &want.stack_set) {
            (true, Some(STACK), _) => Some((
                BlockedCode::ImmutableType,
                format!(
                    "it is a stack, and a STACKSET constraint in {} would make a stack set of it, which can't be: launch it from another portfolio, or give the stack set a manifest of its own ({})",
                    path.text(),
                    want.origin
                ),
            )),
            (false, Some(STACK_SET), _) => Some((
                BlockedCode::ImmutableType,
                format!(
                    "it is a stack set, and without a STACKSET constraint in {} it would have to become a stack, which can't be: put the constraint back ({})",
                    path.text(),
                    want.origin
                ),
            )),
            (true, _, None) => Some((
                BlockedCode::StackSet,
                format!(
                    "what is launched from {} becomes a stack set (constraint stackSet): say `stackSet: {{}}` if that is meant, or name another portfolio ({})",
                    path.text(),
                    want.origin
                ),
            )),
            (false, _, Some(set)) => Some((
                BlockedCode::StackSet,
                format!(
                    "spec.stackSet needs a STACKSET constraint of product/{} in {}: add one there, or take stackSet out ({})",
                    want.product,
                    path.text(),
                    set.origin
                ),
            )),
            _ => None,
        };
        match trouble {
            None => Ok(want.stack_set.as_ref().map(|set| set.preferences.clone())),
            Some(_) if !makes_sets && path.gap.is_some() => {
                let gap = path.gap.map(|gap| {
                    let what = format!("whether {} makes stack sets can't be told", path.text());
                    unread(gap, &what)
                });
                gap.map_or(Ok(None), Err)
            }
            Some((code, message)) => Err(Blocked::new(code, message)),
        }
    }

    /// Refuses what differs in the topics: they are given at the launch, and no call changes them.
    pub(crate) fn topics(&self, draft: &mut Draft, want: &ProvisionedProduct, live: &LiveStack) {
        let Some(wanted) = &want.notification_arns else {
            return;
        };
        let (live, wanted_arns) = (&live.notification_arns, &wanted.arns);
        let added = self.constraint_topics();
        let lacking: Vec<&str> = wanted_arns.difference(live).map(String::as_str).collect();
        let surplus = live.difference(wanted_arns);
        let surplus: Vec<&str> = surplus
            .filter(|topic| !added.contains(*topic))
            .map(String::as_str)
            .collect();
        let mut differs = Vec::new();
        if !lacking.is_empty() {
            differs.push(format!("its stack lacks {}", lacking.join(", ")));
        }
        if !surplus.is_empty() {
            differs.push(format!("its stack has {} besides", surplus.join(", ")));
        }
        if !differs.is_empty() {
            draft.blocked(
                BlockedCode::NotificationArns,
                format!(
                    "notificationArns: {}; topics are given at the launch and no call changes them afterwards: say what the stack has, or take the field out ({})",
                    differs.join(" and "),
                    wanted.origin
                ),
            );
        }
    }

    /// The topics that NOTIFICATION constraints may have added to a stack, whichever path it was launched from.
    fn constraint_topics(&self) -> BTreeSet<String> {
        let portfolios = self.input.observed.portfolios.values();
        let constraints = portfolios.flat_map(|portfolio| portfolio.constraints.values());
        let constraints = constraints.filter(|constraint| constraint.kind == NOTIFICATION);
        constraints
            .filter_map(|constraint| {
                let parameters: serde_json::Value =
                    serde_json::from_str(&constraint.parameters).ok()?;
                let topics = parameters.get("NotificationArns")?.as_array()?.clone();
                Some(
                    topics
                        .into_iter()
                        .filter_map(|topic| topic.as_str().map(str::to_owned)),
                )
            })
            .flatten()
            .collect()
    }

    /// Says what git changed that no update is made for.
    pub(crate) fn note_unchanged(
        draft: &mut Draft,
        want: &ProvisionedProduct,
        live: &LiveProvisioned,
        base: Was<&ProvisionedProduct>,
    ) {
        let Was::Value(base) = base else { return };
        if let (true, Some(portfolio)) = (base.portfolio != want.portfolio, &want.portfolio) {
            draft.note(format!(
                "portfolio/{portfolio} is its launch path from its next update on: none is made for that alone"
            ));
        }
        let (Some(before), Some(after)) = (&base.tags, &want.tags) else {
            return;
        };
        let stay = before.iter().filter(|(key, value)| {
            !after.contains_key(*key) && live.tags.get(*key) == Some(value) && !is_reserved(key)
        });
        let stay: Vec<&str> = stay.map(|(key, _)| key.as_str()).collect();
        if !stay.is_empty() {
            // The service takes tags away only where others change in the same call (peers B6).
            draft.note(format!(
                "tags that spec.tags no longer names stay: {}; give one another value to change it",
                stay.join(", ")
            ));
        }
    }
}

/// How git changed the rollout of a stack set since it was last sent, beside where it goes: the service does not show what it
/// is.
pub(crate) fn rollout(want: &ProvisionedProduct, base: Was<&ProvisionedProduct>) -> Vec<Change> {
    let fields = |preferences: &Preferences| {
        let mut fields = preferences.fields();
        fields.retain(|(name, _)| !["accounts", "regions"].contains(name));
        fields
    };
    let Some(set) = &want.stack_set else {
        return Vec::new();
    };
    let was = match base {
        // Nobody knows, or it is not there yet.
        Was::Unknown | Was::Unmanaged => return Vec::new(),
        Was::Value(base) => base.stack_set.as_ref(),
    };
    let (after, before) = (
        fields(&set.preferences),
        was.map(|was| fields(&was.preferences)).unwrap_or_default(),
    );
    let shown = |fields: &[(&str, String)], name: &str| {
        let found = fields.iter().find(|(other, _)| *other == name);
        found.map_or(Shown::Absent, |(_, text)| Shown::text(text))
    };
    // What git no longer says is left to the service.
    let names = after.iter().map(|(name, _)| *name);
    names
        .map(|name| Change {
            field: format!("stackSet.{name}"),
            before: shown(&before, name),
            after: shown(&after, name),
            reason: Reason::GitChanged,
        })
        .filter(|change| change.before != change.after)
        .collect()
}
