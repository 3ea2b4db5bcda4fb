//! A product's places in portfolios, and its constraints there.

use std::collections::BTreeMap;

use super::normalise::{
    LAUNCH, NOTIFICATION, RESOURCE_UPDATE, STACKSET, TEMPLATE, constraint_text, launch_parameters,
    notification_parameters, parts, same_parameters, stack_set_parameters, tag_update_parameters,
    template_parameters, whole,
};
use super::{Change, Member, Shown, Was};
use crate::ids::{ConstraintId, Name};
use crate::model::desired::{Association, Constraints};
use crate::model::observed::{LiveConstraint, ReadyStatus};

/// How the constraints of one product in one portfolio differ. Of types that are not known nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConstraintsDiff {
    /// To make.
    pub create: Vec<Member<NewConstraint>>,
    /// To change: a role may turn from an ARN to a local name in place.
    pub update: Vec<Member<(ConstraintId, NewConstraint)>>,
    /// To delete, with their types.
    pub delete: Vec<Member<(ConstraintId, String)>>,
    /// Not usable yet, so not comparable: their types.
    pub pending: Vec<&'static str>,
}

/// A constraint as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConstraint {
    /// One of [`KINDS`].
    pub kind: &'static str,
    /// `Parameters`: JSON.
    pub parameters: String,
}

/// All types of constraints (facts §9.6). A type never changes, and the parameters of each do in place.
pub const KINDS: [&str; 5] = [LAUNCH, RESOURCE_UPDATE, NOTIFICATION, TEMPLATE, STACKSET];

/// Whether the service refuses two types beside each other (facts §9.6).
pub fn exclude_each_other(one: &str, other: &str) -> bool {
    [(LAUNCH, STACKSET), (STACKSET, LAUNCH)].contains(&(one, other))
}

/// Compares the constraints of a product in the portfolio that manifests call `portfolio`.
///
/// `live` are all constraints of the pair, in the order of their ids.
pub fn constraints(
    portfolio: &Name,
    was: Was<&Association>,
    want: &Association,
    live: &[&LiveConstraint],
) -> ConstraintsDiff {
    let mut diff = ConstraintsDiff::default();
    let Association {
        origin: _,
        constraints: Some(want),
    } = want
    else {
        return diff;
    };
    let was = was.part(|o| o.constraints.as_ref());
    for kind in KINDS {
        let live = live.iter().copied().filter(|c| c.kind == kind);
        let live: Vec<_> = live.collect();
        let was = was.map(|c| parameters(kind, c));
        let want = parameters(kind, want);
        match kind {
            NOTIFICATION | TEMPLATE => several(&mut diff, portfolio, kind, was, want, &live),
            _ => one_kind(&mut diff, portfolio, kind, was, want, live),
        }
    }
    diff
}

/// What a manifest wants of a type, as the API's JSON.
pub fn parameters(kind: &str, constraints: &Constraints) -> Option<String> {
    let Constraints {
        launch,
        tag_updates,
        notification,
        template,
        stack_set,
    } = constraints;
    match kind {
        LAUNCH => launch.as_ref().map(launch_parameters),
        RESOURCE_UPDATE => tag_updates.map(tag_update_parameters),
        NOTIFICATION => notification.as_ref().map(notification_parameters),
        TEMPLATE => template.as_ref().map(template_parameters),
        STACKSET => stack_set.as_ref().map(stack_set_parameters),
        _ => None,
    }
}

/// The field of a constraint as a manifest names it.
pub fn field(portfolio: &Name, kind: &str) -> String {
    let part = match kind {
        LAUNCH => "launch",
        RESOURCE_UPDATE => "tagUpdates",
        NOTIFICATION => "notification",
        TEMPLATE => "template",
        STACKSET => "stackSet",
        other => other,
    };
    format!("portfolios[{portfolio}].{part}")
}

fn one_kind(
    diff: &mut ConstraintsDiff,
    portfolio: &Name,
    kind: &'static str,
    was: Was<Option<String>>,
    want: Option<String>,
    mut live: Vec<&LiveConstraint>,
) {
    // The one that already says what git wants is kept; any more of the type are surplus.
    let same = |c: &&LiveConstraint| {
        let mut want = want.iter();
        want.any(|want| same_parameters(kind, want, &c.parameters))
    };
    let kept = match &want {
        Some(_) if !live.is_empty() => Some(live.remove(live.iter().position(same).unwrap_or(0))),
        _ => None,
    };
    let shown = |json: &String| constraint_text(kind, json);
    let base = match &was {
        Was::Unknown => Was::Unknown,
        Was::Unmanaged => Was::Unmanaged,
        Was::Value(json) => Was::Value(json.as_ref().map(shown)),
    };
    let wanted = want.as_ref().map(shown);
    let change = |before: Option<String>, after: Option<String>| Change {
        field: field(portfolio, kind),
        reason: base.why(&after, &before),
        before: before.map_or(Shown::Absent, Shown::Text),
        after: after.map_or(Shown::Absent, Shown::Text),
    };
    for surplus in live {
        diff.delete.push(Member {
            item: (surplus.id.clone(), kind.to_owned()),
            change: change(Some(shown(&surplus.parameters)), None),
        });
    }
    let Some(parameters) = want else { return };
    let item = NewConstraint { kind, parameters };
    match kept {
        None => diff.create.push(Member {
            item,
            change: change(None, wanted),
        }),
        Some(kept) => match kept.status {
            ReadyStatus::Creating | ReadyStatus::Unknown(_) => diff.pending.push(kind),
            // A constraint that failed takes the same parameters again.
            ReadyStatus::Failed => diff.update.push(Member {
                change: change(
                    Some(format!("{} (FAILED)", shown(&kept.parameters))),
                    wanted,
                ),
                item: (kept.id.clone(), item),
            }),
            ReadyStatus::Available if same_parameters(kind, &item.parameters, &kept.parameters) => {
            }
            ReadyStatus::Available => diff.update.push(Member {
                change: change(Some(shown(&kept.parameters)), wanted),
                item: (kept.id.clone(), item),
            }),
        },
    }
}

/// Of these types a product may have several constraints in a portfolio, which then hold together: topics and rules that
/// are spread over them are the same as all of them in one.
///
/// Each live one keeps what git wants of it, the first takes on what is missing, and one of which nothing is left goes.
/// So no topic is ever in two at once, which the service may refuse (peers C5 42), and none is missing in between.
fn several(
    diff: &mut ConstraintsDiff,
    portfolio: &Name,
    kind: &'static str,
    was: Was<Option<String>>,
    want: Option<String>,
    live: &[&LiveConstraint],
) {
    let shown = |json: &str| constraint_text(kind, json);
    let held: Vec<_> = live
        .iter()
        .map(|c| parts(kind, &c.parameters).unwrap_or_default())
        .collect();
    let together: BTreeMap<_, _> = held
        .iter()
        .flatten()
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    let before = (!live.is_empty()).then(|| shown(&whole(kind, &together)));
    let after = want.as_deref().map(shown);
    let reason = was
        .map(|json| json.as_deref().map(shown))
        .why(&after, &before);
    let change = |before: Option<String>, after: Option<String>| Change {
        field: field(portfolio, kind),
        before: before.map_or(Shown::Absent, Shown::Text),
        after: after.map_or(Shown::Absent, Shown::Text),
        reason,
    };
    if let (Some(parameters), []) = (&want, live) {
        diff.create.push(Member {
            change: change(None, after),
            item: NewConstraint {
                kind,
                parameters: parameters.clone(),
            },
        });
        return;
    }
    let unready =
        |c: &&LiveConstraint| matches!(c.status, ReadyStatus::Creating | ReadyStatus::Unknown(_));
    if want.is_some() && live.iter().any(unready) {
        diff.pending.push(kind);
        return;
    }
    let wanted = want.and_then(|json| parts(kind, &json)).unwrap_or_default();
    for (live, share) in live.iter().zip(shares(wanted, &held)) {
        let failed = live.status == ReadyStatus::Failed;
        let mut before = shown(&live.parameters);
        if failed {
            before.push_str(" (FAILED)");
        }
        if share.is_empty() {
            diff.delete.push(Member {
                item: (live.id.clone(), kind.to_owned()),
                change: change(Some(before), None),
            });
            continue;
        }
        let parameters = whole(kind, &share);
        if failed || !same_parameters(kind, &parameters, &live.parameters) {
            diff.update.push(Member {
                change: change(Some(before), Some(shown(&parameters))),
                item: (live.id.clone(), NewConstraint { kind, parameters }),
            });
        }
    }
}

/// What each constraint is to hold, so that all that is wanted is held once: at best what it holds now.
fn shares<V: Clone + PartialEq>(
    mut wanted: BTreeMap<String, V>,
    held: &[BTreeMap<String, V>],
) -> Vec<BTreeMap<String, V>> {
    let mut shares = vec![BTreeMap::new(); held.len()];
    // What is as wanted goes before what has the name alone.
    for exact in [true, false] {
        for (held, share) in held.iter().zip(&mut shares) {
            for (name, value) in held {
                let fits = |wanted: &V| !exact || wanted == value;
                if wanted.get(name).is_some_and(fits) {
                    share.extend(wanted.remove_entry(name));
                }
            }
        }
    }
    if !wanted.is_empty() {
        let first = shares.iter().position(|share| !share.is_empty());
        if let Some(share) = shares.get_mut(first.unwrap_or(0)) {
            share.extend(wanted);
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_held_once() {
        let map = |text: &str| -> BTreeMap<String, char> {
            let pairs = text.split_whitespace();
            pairs
                .map(|pair| (pair[..1].to_owned(), pair.chars().nth(1).unwrap()))
                .collect()
        };
        let shares = |wanted: &str, held: &[&str]| {
            let held: Vec<_> = held.iter().map(|text| map(text)).collect();
            let shares = shares(map(wanted), &held);
            let text = |share: &BTreeMap<String, char>| {
                let pairs = share.iter().map(|(name, value)| format!("{name}{value}"));
                pairs.collect::<Vec<_>>().join(" ")
            };
            shares.iter().map(text).collect::<Vec<_>>()
        };
        assert_eq!(shares("a1 b1", &["a1", "b1"]), ["a1", "b1"]);
        assert_eq!(shares("a1 b1", &["a2", "a1"]), ["", "a1 b1"]);
        assert_eq!(shares("a1 b1", &["c1", "d1"]), ["a1 b1", ""]);
        assert_eq!(shares("a1 b1", &["c1", "b2"]), ["", "a1 b1"]);
        assert_eq!(shares("", &["a1"]), [""]);
    }
}
