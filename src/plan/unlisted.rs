//! Live versions that the list does not name: kept, or made inactive, which is a removal by another name.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::guard::{Family, unread};
use super::op::{Arg, Op, StepId};
use super::planner::Planner;
use super::product::ProductAfter;
use super::{Blocked, BlockedCode};
use crate::diff::product::{UnlistedVersion, unlisted};
use crate::diff::was;
use crate::ids::VersionId;
use crate::model::desired::Product;
use crate::model::observed::{LiveProduct, LiveProvisioned, LiveVersion, ReadyStatus};

impl<'a> Planner<'a> {
    /// Takes versions that the list does not name out of use, once those that it names are there.
    pub(crate) fn unlisted_versions(
        &self,
        draft: &mut Draft,
        want: &Product,
        live: &LiveProduct,
        after: &mut ProductAfter<'a>,
    ) {
        let base = was(self.input.base.map(|base| base.products.get(&want.name)));
        let surplus = unlisted(base, want, live);
        if surplus.is_empty() {
            return;
        }
        if let Some(blocked) = self.unlisted_stay(want, live, after) {
            return draft.refuse(blocked);
        }
        // People change from the old to the new: where a new one can't be made, the old ones stay.
        let needs = opening(draft);
        let mut removed = false;
        for UnlistedVersion { live: old, change } in surplus {
            if old.status != ReadyStatus::Available {
                draft.waits(
                    None,
                    format!(
                        "version {:?} ({}), which is not listed, is still being made",
                        old.name, old.id
                    ),
                );
                continue;
            }
            if let Some(blocked) = self.version_in_use(want, old) {
                draft.refuse(blocked);
                continue;
            }
            let op = Op::UpdateVersion {
                product: Arg::Value(live.id.clone()),
                version: Arg::Value(old.id.clone()),
                name: old.name.clone(),
                description: None,
                active: Some(false),
                guidance: None,
            };
            draft.removal(Family::Versions, vec![change], vec![op], &needs);
            removed = true;
        }
        if removed {
            draft.note(
                "versions that the list does not name become inactive (unlistedVersions: deactivate)",
            );
        }
    }

    /// Why all of them stay, if so.
    fn unlisted_stay(
        &self,
        want: &Product,
        live: &LiveProduct,
        after: &ProductAfter<'_>,
    ) -> Option<Blocked> {
        const WHAT: &str = "every version that is not listed";
        if let Some(blocked) = self.doubt.removal(None, Some(&live.id), WHAT) {
            return Some(blocked);
        }
        if let Some(gap) = self.doubt.launches() {
            let what = format!("{WHAT} stays active, because something may run from it");
            return Some(unread(gap, &what));
        }
        let wanted = || want.versions.iter().filter(|version| version.active);
        let is_there = |name: &str| {
            let version = after.versions.get(name);
            version.is_some_and(|v| v.active && v.status == ReadyStatus::Available)
        };
        if wanted().next().is_some() && !wanted().any(|version| is_there(&version.name)) {
            return Some(Blocked::new(
                BlockedCode::VersionState,
                format!("{WHAT} stays active: no listed one is there to take its place"),
            ));
        }
        None
    }

    /// A refusal that names what runs from a version, ours or not.
    fn version_in_use(&self, want: &Product, version: &LiveVersion) -> Option<Blocked> {
        let users = self.users(version)?;
        Some(Blocked::new(
            BlockedCode::VersionInUse,
            format!(
                "version {:?} ({}) is not listed but stays active, because {users} to another version, or list this one ({})",
                version.name, version.id, want.origin
            ),
        ))
    }

    /// What runs from a version, with what to do about it: `provisioned product "a" (pp-1) uses it: move that`.
    pub(crate) fn users(&self, version: &LiveVersion) -> Option<String> {
        let all = self.input.observed.provisioned.values();
        let mut users = all.filter(|live| runs_from(live, &version.id));
        let first = users.next()?;
        let move_it = match users.count() {
            0 => "uses it: move that".to_owned(),
            more => format!("and {more} more use it: move them"),
        };
        Some(format!(
            "provisioned product {:?} ({}) {move_it}",
            first.name, first.id
        ))
    }
}

/// Whether a provisioned product has to do with a version: what runs is what last succeeded, and the detail shows
/// what it is being changed to, or failed to become (facts §9.3).
fn runs_from(live: &LiveProvisioned, version: &VersionId) -> bool {
    let running = live.running.as_ref();
    live.version == *version || running.is_some_and(|running| running.version == *version)
}

/// The steps of a draft that give people a version.
fn opening(draft: &Draft) -> BTreeSet<StepId> {
    let opens = |op: &Op| {
        matches!(
            op,
            Op::CreateVersion { .. }
                | Op::UpdateVersion {
                    active: Some(true),
                    ..
                }
        )
    };
    let steps = draft.steps.iter().filter(|step| opens(&step.op));
    steps.map(|step| step.id).collect()
}
