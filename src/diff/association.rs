//! A product's places in portfolios, and its constraints there.

use super::normalise::{
    LAUNCH, RESOURCE_UPDATE, constraint_text, launch_parameters, same_json, tag_update_parameters,
};
use super::{Change, Member, Shown, Was};
use crate::ids::{ConstraintId, Name};
use crate::model::desired::{Association, Constraints};
use crate::model::observed::{LiveConstraint, ReadyStatus};

/// How the constraints of one product in one portfolio differ. Other types than the two that a manifest can name are
/// left alone.
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
    /// `LAUNCH` or `RESOURCE_UPDATE`.
    pub kind: &'static str,
    /// `Parameters`: JSON.
    pub parameters: String,
}

/// The types of constraints that a manifest can name.
pub const KINDS: [&str; 2] = [LAUNCH, RESOURCE_UPDATE];

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
        one_kind(
            &mut diff,
            portfolio,
            kind,
            was.map(|c| parameters(kind, c)),
            parameters(kind, want),
            live.collect(),
        );
    }
    diff
}

/// What a manifest wants of a type, as the API's JSON.
pub fn parameters(kind: &str, constraints: &Constraints) -> Option<String> {
    let Constraints {
        launch,
        tag_updates,
    } = constraints;
    match kind {
        LAUNCH => launch.as_ref().map(launch_parameters),
        RESOURCE_UPDATE => tag_updates.map(tag_update_parameters),
        _ => None,
    }
}

/// The field of a constraint as a manifest names it.
pub fn field(portfolio: &Name, kind: &str) -> String {
    let part = match kind {
        LAUNCH => "launch",
        RESOURCE_UPDATE => "tagUpdates",
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
    let same = |c: &&LiveConstraint| want.as_ref().is_some_and(|w| same_json(w, &c.parameters));
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
            ReadyStatus::Available if same_json(&item.parameters, &kept.parameters) => {}
            ReadyStatus::Available => diff.update.push(Member {
                change: change(Some(shown(&kept.parameters)), wanted),
                item: (kept.id.clone(), item),
            }),
        },
    }
}
