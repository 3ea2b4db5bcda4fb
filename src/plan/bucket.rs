//! The template bucket: made when it is first needed, one object per template, and the content index.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::draft::Draft;
use super::guard::unread;
use super::op::{Op, Step, StepId};
use super::planner::Planner;
use super::{Blocked, BlockedCode};
use crate::ids::Digest;
use crate::model::template::Template;

/// The bucket once the plan is done.
#[derive(Debug, Clone, Default)]
pub(crate) struct BucketAfter {
    /// The last step that makes it.
    made: Option<StepId>,
    /// The steps that put templates.
    templates: BTreeMap<Digest, StepId>,
}

impl Planner<'_> {
    /// The template, and the step after which it lies in the bucket. Each template is put once a plan.
    pub(crate) fn put_template(
        &self,
        draft: &mut Draft,
        bucket: &mut BucketAfter,
        raw: &Digest,
    ) -> Result<(Arc<Template>, StepId), Blocked> {
        let Some(template) = self.input.desired.templates.get(raw) else {
            return Err(Blocked::new(
                BlockedCode::Dependency,
                format!("template {} was not read", raw.short()),
            ));
        };
        if let Some(step) = bucket.templates.get(raw) {
            return Ok((Arc::clone(template), *step));
        }
        let live = &self.input.observed.bucket;
        if let Some(gap) = self.doubt.bucket() {
            return Err(unread(gap, "its template can't be uploaded"));
        }
        if (!live.exists || live.unfinished) && bucket.made.is_none() {
            let name = || live.name.clone();
            // A crash may have come after the bucket and before its policy: then only that is made up for.
            let made = (!live.exists).then(|| draft.step(Op::CreateBucket { bucket: name() }, []));
            let blocked = draft.step(Op::BlockPublicAccess { bucket: name() }, made);
            let policy = Op::PutBucketPolicy { bucket: name() };
            bucket.made = Some(draft.step(policy, made.into_iter().chain([blocked])));
        }
        let op = Op::PutTemplate {
            bucket: live.name.clone(),
            template: Arc::clone(template),
        };
        let step = draft.step(op, bucket.made);
        bucket.templates.insert(raw.clone(), step);
        Ok((Arc::clone(template), step))
    }

    /// Writes the content index where it would say more than the one in the bucket: a cache, no change.
    pub(crate) fn index_step(&self) -> Option<Step> {
        let live = &self.input.observed.bucket;
        if !live.index_stale || !(live.exists || self.bucket.made.is_some()) {
            return None;
        }
        let desired = self.input.desired;
        // A step belongs to an object: the index is about products.
        let object = desired
            .keys()
            .max_by_key(|key| key.kind == crate::ids::Kind::Product)?;
        let observed = self.input.observed;
        // What is copied from elsewhere is remembered too, or the index would lack it for ever.
        let products = observed.products.values().chain(observed.sources.values());
        let entries = products
            .flat_map(|p| &p.versions)
            .filter_map(|v| Some((v.id.clone(), v.content.clone()?)))
            .collect();
        let mut draft = Draft::new(object, self.next_step());
        let op = Op::PutIndex {
            bucket: live.name.clone(),
            entries: Arc::new(entries),
        };
        draft.step(op, self.bucket.made);
        draft.steps.pop()
    }
}
