//! Versions: made in the order of the list, never changed but for description, activity and guidance.

use std::collections::{BTreeMap, BTreeSet};

use super::bucket::BucketAfter;
use super::draft::Draft;
use super::guard::{Family, unread};
use super::op::{Arg, NewSource, NewVersion, Op, StepId};
use super::planner::{Place, Planner};
use super::portfolio::{Fields, given};
use super::product::ProductAfter;
use super::{Blocked, BlockedCode};
use crate::diff::product::{LiveMatch, VersionDiff, VersionEdit, source_text, versions};
use crate::diff::{Reason, was};
use crate::ids::{Digest, ProductId, VersionId};
use crate::model::desired::{Guidance, Product, TemplateSource, Version};
use crate::model::observed::{LiveProduct, LiveVersion, ReadyStatus};
use crate::model::template::ParameterDecl;

/// A version, or several of one name, once the plan is done.
#[derive(Debug, Clone)]
pub(crate) struct VersionAfter<'a> {
    /// The live ones of the name.
    pub(crate) ids: Vec<&'a VersionId>,
    /// The step that makes it, where it is not live.
    pub(crate) made: Option<StepId>,
    /// The steps after which it is as shown here.
    pub(crate) needs: BTreeSet<StepId>,
    pub(crate) active: bool,
    pub(crate) guidance: Guidance,
    pub(crate) status: ReadyStatus,
    /// Of a mutable version: which template of those that have had its name.
    pub(crate) content: Option<Digest>,
    /// Its template's parameters, where they are known.
    pub(crate) parameters: Option<&'a [ParameterDecl]>,
}

impl<'a> VersionAfter<'a> {
    fn live(live: &'a LiveVersion) -> Self {
        let content = live.content.as_ref();
        Self {
            ids: vec![&live.id],
            made: None,
            needs: BTreeSet::new(),
            active: live.active,
            guidance: live.guidance,
            status: live.status.clone(),
            content: None,
            parameters: content.and_then(|content| content.parameters.as_deref()),
        }
    }

    /// All versions of a live product, by name.
    pub(crate) fn all(live: &'a LiveProduct) -> BTreeMap<String, Self> {
        let mut all: BTreeMap<String, Self> = BTreeMap::new();
        for version in &live.versions {
            let entry = all.entry(version.name.clone());
            entry
                .and_modify(|known| known.ids.push(&version.id))
                .or_insert_with(|| Self::live(version));
        }
        all
    }
}

impl<'a> Planner<'a> {
    /// The versions of a product that is there.
    pub(crate) fn versions(
        &self,
        draft: &mut Draft,
        want: &'a Product,
        live: &'a LiveProduct,
        bucket: &mut BucketAfter,
        after: &mut ProductAfter<'a>,
    ) {
        let base = was(self.input.base.map(|base| base.products.get(&want.name)));
        let (_, dead) = self.create_token(&draft.object.key, "create");
        for diff in versions(base, want, live, &self.input.desired.templates) {
            let VersionDiff {
                version,
                live: found,
                edit,
                superseded,
            } = diff;
            let edit = self.retired_in_use(draft, live, version, &found, edit);
            let mut needs = BTreeSet::new();
            match found {
                LiveMatch::Missing => {
                    let listed = base.part(|o| o.versions.iter().find(|v| v.name == version.name));
                    let reason = listed.map(|_| true).why(&true, &false);
                    self.create_version(draft, bucket, want, version, after, dead, reason);
                }
                LiveMatch::Replaced(change) => {
                    // Where the new one can't be had, the old one stays.
                    let Some(made) =
                        self.replace_version(draft, bucket, want, version, after, dead)
                    else {
                        continue;
                    };
                    draft.change(change);
                    self.tell_replacement(draft, want, version, live);
                    needs.insert(made);
                }
                LiveMatch::Ambiguous(ids) => {
                    let ids: Vec<&str> = ids.iter().map(VersionId::as_str).collect();
                    draft.blocked(
                        BlockedCode::AmbiguousVersion,
                        format!(
                            "{} are all called {:?}: none is touched until all but one are renamed or deleted ({})",
                            ids.join(" and "),
                            version.name,
                            version.origin
                        ),
                    );
                }
                LiveMatch::Failed(live) => draft.blocked(
                    BlockedCode::VersionState,
                    format!(
                        "version {:?} ({}) failed when it was made: mend its template under a new version name ({})",
                        version.name, live.id, version.origin
                    ),
                ),
                LiveMatch::Creating(live) => draft.waits(
                    None,
                    format!("version {:?} ({}) is still being made", version.name, live.id),
                ),
                LiveMatch::OtherContent(live_version) => {
                    draft.blocked(
                        BlockedCode::ImmutableVersion,
                        format!(
                            "version {:?} is published with another template than {}: versions never change, so put the old template back and add a new version for this one ({})",
                            version.name,
                            source_text(&version.source),
                            version.origin
                        ),
                    );
                    self.edit_version(draft, &live.id, live_version, &version.name, edit, after);
                }
                LiveMatch::One(live_version) => {
                    if version.mutable {
                        let mut current = VersionAfter::live(live_version);
                        current.content = mutable_content(version);
                        after.versions.insert(version.name.clone(), current);
                    }
                    if let (TemplateSource::File { parameters, .. }, Some(known)) =
                        (&version.source, after.versions.get_mut(&version.name))
                    {
                        known.parameters = parameters.as_deref().or(known.parameters);
                    }
                    self.edit_version(draft, &live.id, live_version, &version.name, edit, after);
                    // What comes back under the name must be there before what had it goes.
                    if let Some(known) = after.versions.get(&version.name) {
                        needs.extend(&known.needs);
                    }
                }
            }
            self.superseded_versions(draft, want, live, version, superseded, &needs);
        }
        self.unlisted_versions(draft, want, live, after);
    }

    pub(crate) fn edit_version(
        &self,
        draft: &mut Draft,
        product: &ProductId,
        live: &LiveVersion,
        name: &str,
        edit: VersionEdit,
        after: &mut ProductAfter<'a>,
    ) {
        if edit.is_empty() {
            return;
        }
        let deactivates = edit.deactivates();
        let op = Op::UpdateVersion {
            product: Arg::Value(product.clone()),
            version: Arg::Value(live.id.clone()),
            name: name.to_owned(),
            description: edit.description,
            active: edit.active,
            guidance: edit.guidance,
        };
        let Some(known) = after.versions.get_mut(name) else {
            return;
        };
        if deactivates {
            let what = format!("version {name:?}");
            if let Some(blocked) = self.doubt.removal(None, Some(product), &what) {
                draft.refuse(blocked);
                return;
            }
            known.active = false;
            let none = BTreeSet::new();
            draft.removal(Family::Versions, edit.changes, vec![op], &none);
            return;
        }
        known.active = edit.active.unwrap_or(known.active);
        known.guidance = edit.guidance.unwrap_or(known.guidance);
        // Launches wait for what makes the version launchable, not for a text of it.
        let opens = edit.active == Some(true) || edit.guidance == Some(Guidance::Default);
        draft.object.changes.extend(edit.changes);
        let step = draft.step(op, []);
        if opens {
            known.needs.insert(step);
        }
    }

    /// Makes one more version. A template that can't be had refuses this version alone.
    #[expect(clippy::too_many_arguments, reason = "what a version is made of")]
    pub(crate) fn create_version(
        &self,
        draft: &mut Draft,
        bucket: &mut BucketAfter,
        of: &Product,
        want: &'a Version,
        after: &mut ProductAfter<'a>,
        dead_product: Option<&str>,
        reason: Reason,
    ) {
        let action = format!("version {}", want.name);
        let made = self.make_version(draft, bucket, of, want, after, dead_product, &action);
        if made.is_some() {
            self.show_new_version(draft, want, reason);
            self.tell_version(draft, of, want);
        }
    }

    /// Makes a mutable version anew, with another template under its name. The template is a part of the token: each of those
    /// that take the name in turn is made once, whenever the process dies.
    fn replace_version(
        &self,
        draft: &mut Draft,
        bucket: &mut BucketAfter,
        of: &Product,
        want: &'a Version,
        after: &mut ProductAfter<'a>,
        dead_product: Option<&str>,
    ) -> Option<StepId> {
        let content = match &want.source {
            TemplateSource::File { raw, .. } => self.input.desired.templates.get(raw),
            TemplateSource::Url(_) | TemplateSource::Stack(_) => None,
        };
        let content = content.map_or(String::new(), |template| template.content.to_string());
        let action = format!("version {} content {content}", want.name);
        self.make_version(draft, bucket, of, want, after, dead_product, &action)
    }

    #[expect(clippy::too_many_arguments, reason = "what a version is made of")]
    fn make_version(
        &self,
        draft: &mut Draft,
        bucket: &mut BucketAfter,
        of: &Product,
        want: &'a Version,
        after: &mut ProductAfter<'a>,
        dead_product: Option<&str>,
        action: &str,
    ) -> Option<StepId> {
        let product = after.place.arg().ok()?;
        let (version, mut needs) = match self.new_version(draft, bucket, of, want) {
            Ok(made) => made,
            Err(blocked) => {
                draft.refuse(blocked);
                return None;
            }
        };
        needs.extend(product.step());
        // A product that was made anew has no use for what the tokens of the old one answer.
        let of = dead_product.map_or(String::new(), |id| format!(" after {id}"));
        let action = format!("{action}{of}");
        let op = Op::CreateVersion {
            product,
            version,
            token: self.create_token(&draft.object.key, &action).0,
        };
        let made = draft.step(op, needs);
        let known = self.made_version(draft, &after.place, want, made);
        after.versions.insert(want.name.clone(), known);
        Some(made)
    }

    /// The edit of a version that only `retention` makes inactive: it stays active while something runs from it.
    fn retired_in_use(
        &self,
        draft: &mut Draft,
        product: &LiveProduct,
        want: &Version,
        found: &LiveMatch<'_>,
        edit: VersionEdit,
    ) -> VersionEdit {
        let (true, true, LiveMatch::One(live)) = (want.retired, edit.deactivates(), found) else {
            return edit;
        };
        let what = format!("version {:?}, which `retention` retires,", want.name);
        let refused = match self.doubt.launches() {
            Some(gap) => unread(
                gap,
                &format!("{what} stays active, because something may run from it"),
            ),
            None => match self.users(live) {
                Some(users) => Blocked::new(
                    BlockedCode::VersionInUse,
                    format!(
                        "{what} stays active in {}, because {users} to another version, or give this one an `active` of its own ({})",
                        product.id, want.origin
                    ),
                ),
                None => return edit,
            },
        };
        draft.refuse(refused);
        edit.without_active()
    }

    /// A new version's arguments, and the steps that they need.
    pub(crate) fn new_version(
        &self,
        draft: &mut Draft,
        bucket: &mut BucketAfter,
        of: &Product,
        want: &Version,
    ) -> Result<(NewVersion, BTreeSet<StepId>), Blocked> {
        let mut needs = BTreeSet::new();
        let source = match &want.source {
            TemplateSource::File { raw, .. } => {
                let (template, step) = self.put_template(draft, bucket, raw)?;
                needs.insert(step);
                NewSource::Bucket {
                    bucket: self.input.observed.bucket.name.clone(),
                    template,
                }
            }
            TemplateSource::Url(url) => NewSource::Url(url.clone()),
            TemplateSource::Stack(arn) => NewSource::Stack(arn.clone()),
        };
        let version = NewVersion {
            name: want.name.clone(),
            description: given(&want.description),
            kind: of.product_type.version_type(),
            source,
        };
        Ok((version, needs))
    }

    pub(crate) fn show_new_version(&self, draft: &mut Draft, want: &Version, reason: Reason) {
        let name = &want.name;
        let mut fields = Fields::new(draft, reason);
        fields.field(
            format!("versions[{name}]"),
            Some(&source_text(&want.source)),
        );
        fields.field(
            format!("versions[{name}].description"),
            want.description.as_deref(),
        );
        if !want.active {
            fields.field(format!("versions[{name}].active"), Some("false"));
        }
        if want.guidance == Some(Guidance::Deprecated) {
            let guidance = Some(Guidance::Deprecated.as_str());
            fields.field(format!("versions[{name}].guidance"), guidance);
        }
    }

    /// Activity and guidance are no fields of a create, so a version that wants others than the defaults is updated
    /// once it is made (facts §9.2).
    pub(crate) fn made_version(
        &self,
        draft: &mut Draft,
        product: &Place<ProductId>,
        want: &'a Version,
        made: StepId,
    ) -> VersionAfter<'a> {
        let guidance = want.guidance.filter(|g| *g != Guidance::Default);
        let active = (!want.active).then_some(false);
        if let (Ok(product), true) = (product.arg(), guidance.is_some() || active.is_some()) {
            let op = Op::UpdateVersion {
                product,
                version: Arg::From(made),
                name: want.name.clone(),
                description: None,
                active,
                guidance,
            };
            draft.step(op, [made]);
        }
        VersionAfter {
            ids: Vec::new(),
            made: Some(made),
            needs: BTreeSet::from([made]),
            active: want.active,
            guidance: want.guidance.unwrap_or(Guidance::Default),
            status: ReadyStatus::Available,
            content: mutable_content(want),
            parameters: match &want.source {
                TemplateSource::File { parameters, .. } => parameters.as_deref(),
                TemplateSource::Url(_) | TemplateSource::Stack(_) => None,
            },
        }
    }
}

/// Which template a mutable version has: what it is called is not enough to know it by.
fn mutable_content(want: &Version) -> Option<Digest> {
    match &want.source {
        TemplateSource::File { raw, .. } if want.mutable => Some(raw.clone()),
        _ => None,
    }
}
