//! Live versions that the list does not name: kept, or made inactive, which is a removal by another name.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::guard::{Family, unread};
use super::op::{Arg, Op, StepId};
use super::planner::Planner;
use super::product::ProductAfter;
use super::{Blocked, BlockedCode};
use crate::diff::product::{UnlistedVersion, unlisted};
use crate::diff::{Change, Shown, was};
use crate::ids::VersionId;
use crate::model::desired::{Product, UnlistedVersions, Version};
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
        let deletes = want.unlisted_versions == UnlistedVersions::Delete;
        if deletes && let Some(blocked) = self.undeletable(live, "every version that is not listed")
        {
            return draft.refuse(blocked);
        }
        let mut removed = false;
        let total = surplus.len();
        // A product must have one.
        let mut kept = live.versions.len().saturating_sub(total) + needs.len();
        for (at, UnlistedVersion { live: old, change }) in surplus.into_iter().enumerate() {
            if let ReadyStatus::Creating | ReadyStatus::Unknown(_) = old.status {
                draft.waits(
                    None,
                    format!(
                        "version {:?} ({}), which is not listed, is still being made",
                        old.name, old.id
                    ),
                );
                kept += 1;
                continue;
            }
            if let Some(users) = self.users(old) {
                draft.refuse(in_use(
                    want,
                    old,
                    "is not listed but",
                    &format!("{users} to another version, or list this one"),
                ));
                kept += 1;
                continue;
            }
            if deletes && at + 1 == total && kept == 0 {
                draft.blocked(
                    BlockedCode::LastVersion,
                    format!(
                        "version {:?} ({}) is not deleted: it is the product's last ({})",
                        old.name, old.id, want.origin
                    ),
                );
                continue;
            }
            removed |= retire(draft, live, old, change, deletes, &needs);
        }
        match removed {
            true if deletes => draft
                .note("versions that the list does not name are deleted (unlistedVersions: delete)"),
            true => draft.note(
                "versions that the list does not name become inactive (unlistedVersions: deactivate)",
            ),
            false => {}
        }
    }

    /// Takes out of use what else has the name of a mutable version, once the one that git wants is there.
    pub(crate) fn superseded_versions(
        &self,
        draft: &mut Draft,
        want: &Product,
        live: &LiveProduct,
        version: &Version,
        superseded: Vec<UnlistedVersion<'_>>,
        needs: &BTreeSet<StepId>,
    ) {
        if superseded.is_empty() {
            return;
        }
        let what = format!("the former version {:?}", version.name);
        if let Some(blocked) = self.doubt.removal(None, Some(&live.id), &what) {
            return draft.refuse(blocked);
        }
        if let Some(gap) = self.doubt.launches() {
            let what = format!("{what} stays, because something may run from it");
            return draft.refuse(unread(gap, &what));
        }
        let mut deletes = want.unlisted_versions == UnlistedVersions::Delete;
        if deletes && let Some(blocked) = self.undeletable(live, &what) {
            // Two of a name must not both be offered, so the old one becomes inactive in any case.
            draft.refuse(blocked);
            deletes = false;
        }
        for UnlistedVersion { live: old, change } in superseded {
            if let Some(users) = self.users(old) {
                let why = format!("{users} to the new one, or wait until it has moved");
                draft.refuse(in_use(want, old, "has a successor of its name but", &why));
            } else if deletes || (old.active && old.status != ReadyStatus::Failed) {
                let change = match deletes {
                    true => change,
                    false => inactive(old, change),
                };
                retire(draft, live, old, change, deletes, needs);
            }
        }
    }

    /// Why no version of a product may be deleted, if so.
    fn undeletable(&self, live: &LiveProduct, what: &str) -> Option<Blocked> {
        let unnamed = self.doubt.deletion(what);
        unnamed.or_else(|| self.doubt.shared(&live.id, what))
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

/// A refusal that names what runs from a version, ours or not.
fn in_use(want: &Product, version: &LiveVersion, what: &str, why: &str) -> Blocked {
    let stays = match version.active {
        true => "stays active",
        false => "stays",
    };
    Blocked::new(
        BlockedCode::VersionInUse,
        format!(
            "version {:?} ({}) {what} {stays}, because {why} ({})",
            version.name, version.id, want.origin
        ),
    )
}

/// How a plan shows that a version becomes inactive which was to be deleted.
fn inactive(version: &LiveVersion, change: Change) -> Change {
    let (before, after) = (Shown::text("true"), Shown::text("false"));
    match change.after {
        Shown::Absent => Change {
            field: format!("versions[{} ({})].active", version.name, version.id),
            before,
            after,
            reason: change.reason,
        },
        _ => change,
    }
}

/// Makes a version inactive, or deletes it. Returns whether that is in the draft.
fn retire(
    draft: &mut Draft,
    product: &LiveProduct,
    version: &LiveVersion,
    change: Change,
    deletes: bool,
    needs: &BTreeSet<StepId>,
) -> bool {
    let (family, op) = match deletes {
        true => (
            Family::DeletedVersions,
            Op::DeleteVersion {
                product: product.id.clone(),
                version: version.id.clone(),
                name: version.name.clone(),
            },
        ),
        false => (
            Family::Versions,
            Op::UpdateVersion {
                product: Arg::Value(product.id.clone()),
                version: Arg::Value(version.id.clone()),
                name: version.name.clone(),
                description: None,
                active: Some(false),
                guidance: None,
            },
        ),
    };
    draft
        .removal(family, vec![change], vec![op], needs)
        .is_some()
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
