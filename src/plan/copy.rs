//! Products that are copies of others (`copyFrom`): copied whole at first, then version by version.
//!
//! The first copy takes all versions in one call, under a token of the object alone. What is missing later is copied by
//! a call for each version, under a token of its own: whatever a restart finds and however late it sees it, neither the
//! product nor such a version is copied twice (promise 4). That the versions of the first copy show together is believed.

use super::draft::Draft;
use super::guard::unread;
use super::op::{Arg, CopyTarget, Op, SourceVersion, TagChange};
use super::planner::{Place, Planner};
use super::portfolio::Fields;
use super::product::{ProductAfter, fields};
use super::{Action, Blocked, BlockedCode};
use crate::diff::copy::{CopyDiff, Trouble, copy, wanted_tags};
use crate::diff::{Change, Reason, Shown, Was, was};
use crate::ids::{ProductId, VersionId};
use crate::model::desired::{CopyFrom, Guidance, Product};
use crate::model::limits;
use crate::model::observed::{LiveProduct, LiveVersion, ReadyStatus};
use crate::model::owner::is_reserved;

impl<'a> Planner<'a> {
    /// The product that is copied from, as it is now; `None`, and blocked, where it can't be told.
    pub(crate) fn source(
        &self,
        draft: &mut Draft,
        copy: &CopyFrom,
        own: Option<&ProductId>,
    ) -> Option<&'a LiveProduct> {
        let (observed, arn, at) = (self.input.observed, &copy.source, &copy.origin);
        let mut refuse = |message| draft.blocked(BlockedCode::CopySource, message);
        let target = &observed.target;
        if arn.partition != target.partition {
            refuse(format!(
                "its source {arn} is in another partition than {}: nothing is copied from one into another, so name a product of this one ({at})",
                target.partition
            ));
            return None;
        }
        if own == Some(&arn.id) && arn.is_in(target) {
            refuse(format!(
                "its source {arn} is this very product: name another ({at})"
            ));
            return None;
        }
        let found = observed.source(arn);
        let gap = self.doubt.product(&arn.id);
        let gap = gap.or_else(|| self.doubt.products().filter(|_| found.is_none()));
        if let Some(gap) = gap {
            draft.refuse(unread(gap, "nothing is copied, because its source"));
            return None;
        }
        // A share is accepted in the region where it was offered, and shows nothing in another (facts §8.2).
        let near = arn.region == target.region;
        if let (None, Some(key)) = (found, self.accepting().filter(|_| near)) {
            let message = format!("its source {arn} is looked for once {key} is accepted");
            draft.waits(Some(key), message);
            return None;
        }
        if found.is_none() {
            let (theirs, account, region) = (&arn.account, &target.account, &arn.region);
            let advice = match (theirs == account, near) {
                (true, _) => "name a product that is there".to_owned(),
                (false, true) => {
                    format!("account {theirs} must share a portfolio that holds it with {account}")
                }
                (false, false) => format!(
                    "account {theirs} must share a portfolio that holds it with {account} in {region}, and {account} accept it there: a share holds in one region"
                ),
            };
            let place = match near {
                true => "from here".to_owned(),
                false => format!("in {region}"),
            };
            refuse(format!(
                "its source {arn} is not to be seen {place} (ResourceNotFoundException): {advice} ({at})"
            ));
        }
        found
    }

    /// Copies a product that is not there yet. Activity and guidance are no part of a copy, so those that differ are
    /// set in the next pass, once the copy's versions can be read.
    pub(crate) fn create_copy(
        &self,
        draft: &mut Draft,
        want: &'a Product,
        copy_from: &'a CopyFrom,
        after: &mut ProductAfter<'a>,
    ) {
        let key = draft.object.key.clone();
        let Some(source) = self.source(draft, copy_from, None) else {
            return;
        };
        let CopyDiff {
            missing, troubles, ..
        } = copy(Was::Unmanaged, copy_from, source, &[]);
        for trouble in &troubles {
            say(draft, copy_from, trouble);
        }
        if missing.is_empty() {
            let at = &copy_from.origin;
            let message = format!(
                "its source {} has no version to copy ({at})",
                copy_from.source
            );
            return draft.blocked(BlockedCode::CopySource, message);
        }
        let wanted = wanted_tags(copy_from, want.tags.as_ref(), &source.tags);
        let shown = Some(wanted.clone()).filter(|tags| !tags.is_empty());
        let Some(tags) = self.owner_tags(draft, &Some(wanted), limits::TAGS) else {
            return;
        };
        let reason = self.creation_reason(&key);
        draft.object.action = Action::Create;
        draft.object.reason = Some(reason);
        self.show_fields(draft, want, reason);
        let mut show = Fields::new(draft, reason);
        show.tags(&shown);
        show.field("copyFrom", Some(copy_from.source.as_str()));
        for version in &missing {
            show.field(field(version), Some(&copy_of(version)));
            let part = |part: &str| format!("{}.{part}", field(version));
            show.field(part("description"), version.description.as_deref());
            if !version.active {
                show.field(part("active"), Some("false"));
            }
            if version.guidance == Guidance::Deprecated {
                show.field(part("guidance"), Some(version.guidance.as_str()));
            }
        }
        let op = Op::CopyProduct {
            source: copy_from.source.clone(),
            versions: missing.iter().map(|v| source_version(v)).collect(),
            to: CopyTarget::New {
                name: want.display_name.clone(),
                // An ownership tag would come along and claim the copy for another's object (design §4); AWS's own are
                // nobody's to give.
                copy_tags: copy_from.copy_tags && !source.tags.keys().any(|key| is_reserved(key)),
                owner: self.input.identity.tag_value(&want.name),
            },
            token: self.create_token(&key, "copy").0,
        };
        let made = draft.step(op, []);
        // A copy takes no tags of ours: until this call it is nobody's, and found again by the token alone.
        let claim = Op::UpdateProduct {
            id: Arg::From(made),
            fields: Box::new(fields(want)),
            tags: TagChange {
                add: tags,
                ..TagChange::default()
            },
        };
        after.claimed = Some(draft.step(claim, [made]));
        after.place = Place::Made(made);
        after.copied = missing.iter().map(|v| v.name.as_str()).collect();
        self.new_attachments(draft, want, after);
        self.associations(draft, want, None, after);
        self.offers(draft, want, None, after);
    }

    /// The versions of a copy that is there.
    pub(crate) fn copied_versions(
        &self,
        draft: &mut Draft,
        want: &'a Product,
        copy_from: &'a CopyFrom,
        source: &'a LiveProduct,
        live: &'a LiveProduct,
        after: &mut ProductAfter<'a>,
    ) {
        let base = was(self.input.base.map(|base| base.products.get(&want.name)));
        let base = base.part(|o| o.copy_from.as_ref());
        let same = |was: &CopyFrom| was.source == copy_from.source;
        let followed = base.part(|was| same(was).then_some(()));
        let CopyDiff {
            missing,
            edits,
            vanished,
            troubles,
        } = copy(followed, copy_from, source, &live.versions);
        for trouble in &troubles {
            say(draft, copy_from, trouble);
        }
        for name in vanished {
            draft.note(format!("version {name:?} is not at its source: kept"));
        }
        for version in missing {
            let reason = match base {
                Was::Value(was) if same(was) && names(was, &version.name) => Reason::Drifted,
                Was::Unknown => Reason::Differs,
                Was::Value(_) | Was::Unmanaged => Reason::GitChanged,
            };
            draft.change(Change {
                field: field(version),
                before: Shown::Absent,
                after: Shown::text(copy_of(version)),
                reason,
            });
            let action = format!("copy version {} into {}", version.id, live.id);
            let op = Op::CopyProduct {
                source: copy_from.source.clone(),
                versions: vec![source_version(version)],
                to: CopyTarget::Existing(live.id.clone()),
                token: self.create_token(&draft.object.key, &action).0,
            };
            draft.step(op, []);
            after.copied.insert(&version.name);
        }
        for (version, mut edit) in edits {
            if edit.deactivates()
                && let Some(blocked) = self.copy_in_use(copy_from, version)
            {
                draft.refuse(blocked);
                edit = edit.without_active();
            }
            self.edit_version(draft, &live.id, version, &version.name, edit, after);
        }
    }

    /// Why a version that its source made inactive stays active here, if so.
    fn copy_in_use(&self, copy: &CopyFrom, version: &LiveVersion) -> Option<Blocked> {
        let (name, id) = (&version.name, &version.id);
        if let Some(gap) = self.doubt.launches() {
            let what =
                format!("version {name:?} ({id}) stays active, because something may run from it");
            return Some(unread(gap, &what));
        }
        let users = self.users(version)?;
        Some(Blocked::new(
            BlockedCode::VersionInUse,
            format!(
                "version {name:?} ({id}) is inactive at its source but stays active, because {users} to another version ({})",
                copy.origin
            ),
        ))
    }
}

/// Whether a manifest has a version copied.
fn names(copy: &CopyFrom, version: &str) -> bool {
    let listed = copy.versions.as_ref();
    listed.is_none_or(|all| all.iter().any(|v| v.name == version))
}

fn source_version(version: &LiveVersion) -> SourceVersion {
    SourceVersion {
        id: version.id.clone(),
        name: version.name.clone(),
    }
}

fn field(version: &LiveVersion) -> String {
    format!("versions[{}]", version.name)
}

fn copy_of(version: &LiveVersion) -> String {
    format!("copy of {}", version.id)
}

/// Says why a version is left as it is.
fn say(draft: &mut Draft, copy: &CopyFrom, trouble: &Trouble<'_>) {
    let (source, at) = (&copy.source, &copy.origin);
    let all = |versions: &[&LiveVersion]| {
        let ids: Vec<&str> = versions.iter().map(|v| VersionId::as_str(&v.id)).collect();
        ids.join(" and ")
    };
    match trouble {
        Trouble::Unknown(named) => draft.blocked(
            BlockedCode::CopySource,
            format!(
                "its source {source} has no version {:?}: name one that it has ({})",
                named.name, named.origin
            ),
        ),
        Trouble::AmbiguousSource(name, versions) => draft.blocked(
            BlockedCode::AmbiguousVersion,
            format!(
                "{} are all called {name:?} at the source {source}: none is copied until all but one are renamed or deleted there ({at})",
                all(versions)
            ),
        ),
        Trouble::AmbiguousCopy(name, versions) => draft.blocked(
            BlockedCode::AmbiguousVersion,
            format!(
                "{} are all called {name:?}: none is touched until all but one are renamed or deleted ({at})",
                all(versions)
            ),
        ),
        Trouble::SourceState(version) => match version.status {
            ReadyStatus::Failed => draft.blocked(
                BlockedCode::CopySource,
                format!(
                    "version {:?} ({}) failed at its source when it was made: name another ({at})",
                    version.name, version.id
                ),
            ),
            _ => draft.waits(
                None,
                format!(
                    "version {:?} ({}) is still being made at its source",
                    version.name, version.id
                ),
            ),
        },
        Trouble::CopyState(version) => match version.status {
            ReadyStatus::Failed => draft.blocked(
                BlockedCode::VersionState,
                format!(
                    "version {:?} ({}) failed when it was copied: delete it, and it is copied again ({at})",
                    version.name, version.id
                ),
            ),
            _ => draft.waits(
                None,
                format!(
                    "version {:?} ({}) is still being made",
                    version.name, version.id
                ),
            ),
        },
        Trouble::OtherContent(theirs, ours) => draft.blocked(
            BlockedCode::ImmutableVersion,
            format!(
                "version {:?} has another template at its source now ({}) than when it was copied ({}): versions never change, so its source must give the new template a new name ({at})",
                ours.name, theirs.id, ours.id
            ),
        ),
    }
}
