//! Versions: made in the order of the list, never changed but for description, activity and guidance.

use std::collections::{BTreeMap, BTreeSet};

use super::bucket::BucketAfter;
use super::draft::Draft;
use super::guard::Family;
use super::op::{Arg, NewSource, NewVersion, Op, StepId};
use super::planner::{Place, Planner};
use super::portfolio::{Fields, given};
use super::product::ProductAfter;
use super::{Blocked, BlockedCode};
use crate::diff::product::{LiveMatch, VersionDiff, VersionEdit, source_text, versions};
use crate::diff::{Reason, was};
use crate::ids::{ProductId, VersionId};
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
            } = diff;
            match found {
                LiveMatch::Missing => {
                    let listed = base.part(|o| o.versions.iter().find(|v| v.name == version.name));
                    let reason = listed.map(|_| true).why(&true, &false);
                    self.create_version(draft, bucket, version, after, dead, reason);
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
                    if let (TemplateSource::File { parameters, .. }, Some(known)) =
                        (&version.source, after.versions.get_mut(&version.name))
                    {
                        known.parameters = parameters.as_deref().or(known.parameters);
                    }
                    self.edit_version(draft, &live.id, live_version, &version.name, edit, after);
                }
            }
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
    pub(crate) fn create_version(
        &self,
        draft: &mut Draft,
        bucket: &mut BucketAfter,
        want: &'a Version,
        after: &mut ProductAfter<'a>,
        dead_product: Option<&str>,
        reason: Reason,
    ) {
        let Ok(product) = after.place.arg() else {
            return;
        };
        let (version, mut needs) = match self.new_version(draft, bucket, want) {
            Ok(made) => made,
            Err(blocked) => return draft.refuse(blocked),
        };
        needs.extend(product.step());
        // A product that was made anew has no use for what the tokens of the old one answer.
        let of = dead_product.map_or(String::new(), |id| format!(" after {id}"));
        let action = format!("version {}{of}", want.name);
        let op = Op::CreateVersion {
            product,
            version,
            token: self.create_token(&draft.object.key, &action).0,
        };
        let made = draft.step(op, needs);
        self.show_new_version(draft, want, reason);
        let known = self.made_version(draft, &after.place, want, made);
        after.versions.insert(want.name.clone(), known);
    }

    /// A new version's arguments, and the steps that they need.
    pub(crate) fn new_version(
        &self,
        draft: &mut Draft,
        bucket: &mut BucketAfter,
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
            parameters: match &want.source {
                TemplateSource::File { parameters, .. } => parameters.as_deref(),
                TemplateSource::Url(_) | TemplateSource::Stack(_) => None,
            },
        }
    }
}
