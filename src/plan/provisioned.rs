//! Provisioned products: launched, updated, replaced, or left to wait.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::guard::{Family, unread};
use super::import::failed_import;
use super::instances::{Instances, Operation};
use super::launch::{Goal, arguments, note_parameters, refuse_shown_secrets, request_text};
use super::op::{Arg, Mark, Op, Ownership, ParameterArg, secrets};
use super::owned::Owned;
use super::path::Holding;
use super::planner::Planner;
use super::portfolio::{Fields, conflict, too_many_tags};
use super::settings::rollout;
use super::upstream::{Inputs, Settled, is_soft};
use super::{Action, BlockedCode, Reason, Stalled};
use crate::diff::parameter::{Parameters, ParametersDiff};
use crate::diff::tags::named_tags;
use crate::diff::{Change, Shown, Was, was};
use crate::ids::{Kind, ProductId, VersionId};
use crate::model::desired::{ProvisionedProduct, Tags};
use crate::model::launch::OperationType;
use crate::model::limits;
use crate::model::observed::{LiveProvisioned, ProvisionedStatus};
use crate::model::owner::tag_key;

impl<'a> Planner<'a> {
    pub(crate) fn provisioned(&mut self, want: &'a ProvisionedProduct) {
        let mut draft = self.draft(Kind::ProvisionedProduct, &want.name);
        let none = Vec::new();
        let found = self.owned.provisioned.get(&want.name).unwrap_or(&none);
        let live = match found.as_slice() {
            [] => {
                if !self.refuses_adoption(&mut draft) {
                    self.absent(&mut draft, want);
                }
                None
            }
            [live] => {
                let live: &'a LiveProvisioned = live;
                draft.object.id = Some(live.id.to_string());
                if self.refuses_adoption(&mut draft) {
                    self.commit(draft);
                    return;
                }
                self.present(&mut draft, want, live);
                Some(live)
            }
            several => {
                conflict(&mut draft, several.iter().map(|o| o.id.as_str()));
                None
            }
        };
        self.commit_provisioned(draft, want, live);
    }

    fn commit_provisioned(
        &mut self,
        draft: Draft,
        want: &ProvisionedProduct,
        live: Option<&'a LiveProvisioned>,
    ) {
        self.commit(draft);
        if let Some(object) = self.last_object() {
            let settled = Settled::of(object, live);
            self.provisioned.insert(want.name.clone(), settled);
        }
    }

    fn absent(&self, draft: &mut Draft, want: &'a ProvisionedProduct) {
        let key = draft.object.key.clone();
        let mut all = self.input.observed.provisioned.values();
        if let Some(other) = all.find(|o| o.name == want.live_name) {
            return draft.blocked(
                BlockedCode::ForeignOwner,
                format!(
                    "a provisioned product called {:?} is there already ({}) and is not ours: give this one another spec.name ({})",
                    other.name, other.id, want.origin
                ),
            );
        }
        if let Some(gap) = self.doubt.hidden_provisioned() {
            return draft.refuse(unread(
                gap,
                "it is not launched, because it may be there already",
            ));
        }
        if let Some(import) = &want.import {
            return self.import(draft, want, import);
        }
        let reason = self.creation_reason(&key);
        self.launch(draft, want, None, reason);
    }

    fn present(&self, draft: &mut Draft, want: &'a ProvisionedProduct, live: &'a LiveProvisioned) {
        match &live.status {
            ProvisionedStatus::UnderChange => {
                let record = live.last_record.as_ref();
                let record = record.map_or(String::new(), |id| format!(" ({id})"));
                return draft.waits(None, format!("a change of it is under way{record}"));
            }
            ProvisionedStatus::PlanInProgress => {
                return draft.waits(None, "a plan of somebody else's holds it");
            }
            ProvisionedStatus::Unknown(word) => {
                return draft.waits(None, format!("its status is {word:?}, which is not known"));
            }
            ProvisionedStatus::Available
            | ProvisionedStatus::Tainted
            | ProvisionedStatus::Error => {}
        }
        if let Some(gap) = self.doubt.provisioned(&live.id) {
            return draft.refuse(unread(gap, "it is left as it is"));
        }
        if live.name != want.live_name {
            draft.blocked(
                BlockedCode::ImmutableName,
                format!(
                    "it is called {:?} and can't be renamed to {:?}: put the old name back in spec.name ({})",
                    live.name, want.live_name, want.origin
                ),
            );
        }
        self.note_removal(draft, want, live);
        if let Some(refused) = self.other_stack(want, live) {
            return draft.refuse(refused);
        }
        let never = live.status == ProvisionedStatus::Error && !live.ever_succeeded;
        if never && want.import.is_none() && !self.is_marked(want, live) {
            // Being named permits updates, never removal (design §4).
            let said = live.status_message.clone();
            draft.object.stalled = Some(Stalled {
                reason: said.unwrap_or_else(|| "its launch failed".to_owned()),
                advice: format!(
                    "somebody else launched it and it never ran: terminate it, and take `adopt` out to have it launched ({})",
                    want.origin
                ),
            });
            return;
        }
        if never && (want.import.is_some() || self.was_not_launched(live)) {
            failed_import(draft, want, live);
        } else if never {
            let base = self.input.base.map(|base| base.provisioned.get(&want.name));
            let reason = match base {
                None => Reason::Differs,
                Some(_) => Reason::GitChanged,
            };
            self.launch(draft, want, Some(live), reason);
        } else if live.stack_gone {
            stack_gone(draft, want, live);
        } else {
            self.update(draft, want, live);
        }
    }

    /// Says where removal from git would do another thing than the manifest says: no update is ever made only to write a
    /// tag (design §4).
    fn note_removal(&self, draft: &mut Draft, want: &ProvisionedProduct, live: &LiveProvisioned) {
        let kept = self
            .input
            .identity
            .on_remove(Kind::ProvisionedProduct, &live.tags);
        let wanted = want.lifecycle.on_remove;
        // Without a tag what was last applied says it, where that is known.
        let told = kept.is_some() || self.input.base.is_none();
        if told && kept.unwrap_or_default() != wanted {
            draft.note(format!(
                "onRemove: {} is kept with the next update that may change its tags; until then it would be {} ({})",
                wanted.as_str(),
                kept.unwrap_or_default().as_str(),
                want.origin
            ));
        }
    }

    /// By what it is ours.
    fn ownership_of(&self, want: &ProvisionedProduct, live: &LiveProvisioned) -> Ownership {
        let identity = self.input.identity;
        let tagged = identity.on_remove(Kind::ProvisionedProduct, &live.tags);
        Ownership {
            kind: Kind::ProvisionedProduct,
            id: live.id.to_string(),
            mark: match tagged {
                Some(_) => Mark::Tag(identity.tag_value(&want.name)),
                None => Mark::Token(identity.token_prefix(&want.name)),
            },
        }
    }

    /// Whether it is ours by its tag or by the token of its last request, and not for being named alone.
    fn is_marked(&self, want: &ProvisionedProduct, live: &LiveProvisioned) -> bool {
        let identity = self.input.identity;
        let tagged = identity
            .on_remove(Kind::ProvisionedProduct, &live.tags)
            .is_some();
        let token = live.idempotency_token.as_deref().unwrap_or_default();
        tagged || token.starts_with(&identity.token_prefix(&want.name))
    }

    /// What git said when the object was last sent: by this process, or else by whoever applied the base.
    fn last_sent(&self, want: &ProvisionedProduct) -> Was<&'a ProvisionedProduct> {
        match self.input.policy.sent.get(&want.name) {
            Some(sent) => Was::Value(sent),
            None => was(self.input.base.map(|base| base.provisioned.get(&want.name))),
        }
    }

    /// A first launch, or one after a launch that failed (`failed`), which is terminated first.
    fn launch(
        &self,
        draft: &mut Draft,
        want: &'a ProvisionedProduct,
        failed: Option<&LiveProvisioned>,
        reason: Reason,
    ) {
        let inputs = self.inputs(want);
        let Some(goal) = self.goal(draft, want) else {
            return;
        };
        goal.admit(draft, want, true);
        refuse_shown_secrets(draft, want, &inputs, &goal, None);
        let Some((version, path)) = self.version_and_path(draft, want, &goal) else {
            return;
        };
        let preferences = match self.preferences(want, &path, None) {
            Ok(preferences) => preferences,
            Err(blocked) => return draft.refuse(blocked),
        };
        if !inputs.admit(draft) {
            return;
        }
        let Some(tags) = self.owner_tags(draft, &want.tags, limits::PROVISIONED_TAGS) else {
            return;
        };
        let base = self.last_sent(want);
        let parameters = Parameters {
            want: inputs.wanted.as_ref(),
            was: base.part(|o| o.parameters.as_ref()),
            live: None,
            declared: goal.version.parameters,
            resend: self.input.policy.resend_secrets.contains(&draft.object.key),
            secrets: &self.secrets,
        };
        // A secret's value is in no token, so only the base can tell that it is another.
        let secrets_moved = parameters.secrets_moved();
        let parameters = parameters.launch();
        let arguments = arguments(&parameters);
        let request = request_text(
            want,
            goal.version.content.as_ref(),
            &path,
            &arguments,
            &inputs.sealed,
            Some(&tags),
        );
        let identity = self.input.identity;
        if let Some(failed) = failed {
            let token = failed.idempotency_token.as_deref().unwrap_or("");
            if !secrets_moved && identity.is_same_request(&want.name, &request, token) {
                let said = failed.status_message.as_deref();
                draft.object.stalled = Some(Stalled {
                    reason: secrets(&arguments).without(said.unwrap_or("its launch failed")),
                    advice: format!(
                        "the same launch would fail again: mend the template in a new version, or the parameters ({})",
                        want.origin
                    ),
                });
                return;
            }
        }
        let last = failed.and_then(|o| o.last_record.as_ref());
        let last = last.map(|id| id.as_str().to_owned());
        let mut needs = goal.needs(&path);
        draft.object.action = Action::Create;
        draft.object.reason = Some(reason);
        self.show_launch(draft, want, &path.text(), &parameters, reason);
        note_parameters(draft, want, &parameters);
        if let Some(failed) = failed {
            draft.object.action = Action::Replace;
            let terminate = Op::Terminate {
                id: failed.id.clone(),
                retain_physical_resources: false,
                token: identity.request_token(&want.name, "terminate", last.as_deref()),
            };
            let ownership = self.ownership_of(want, failed);
            let terminated = draft.ending(terminate, needs.iter().copied(), ownership);
            needs.insert(terminated);
        }
        let (token, _) = self.live_token(|dead| {
            identity.request_token(&want.name, &request, dead.or(last.as_deref()))
        });
        let op = Op::Provision {
            name: want.live_name.clone(),
            product: goal.product_arg.clone(),
            version,
            path: path.display_name,
            parameters: arguments,
            tags,
            topics: match &want.notification_arns {
                Some(topics) => topics.arns.clone(),
                None => BTreeSet::new(),
            },
            preferences,
            token,
        };
        draft.step(op, needs);
    }

    fn show_launch(
        &self,
        draft: &mut Draft,
        want: &ProvisionedProduct,
        path: &str,
        parameters: &ParametersDiff,
        reason: Reason,
    ) {
        let mut fields = Fields::new(draft, reason);
        if want.live_name != want.name.as_str() {
            fields.field("name", Some(&want.live_name));
        }
        fields.field("product", Some(want.product.as_str()));
        fields.field("version", Some(&want.version));
        fields.field("portfolio", path.strip_prefix("portfolio/").or(Some(path)));
        for change in &parameters.changes {
            fields.shown(change.field.clone(), change.after.clone());
        }
        fields.tags(&want.tags);
        for topic in want
            .notification_arns
            .iter()
            .flat_map(|topics| &topics.arns)
        {
            fields.field("notificationArns", Some(topic));
        }
        if let Some(set) = &want.stack_set {
            for (name, text) in set.preferences.fields() {
                fields.field(format!("stackSet.{name}"), Some(&text));
            }
        }
    }

    fn update(&self, draft: &mut Draft, want: &'a ProvisionedProduct, live: &'a LiveProvisioned) {
        let inputs = self.inputs(want);
        if let Some(stack) = &live.stack {
            self.topics(draft, want, stack);
        }
        if !inputs.outputs.is_empty() || !inputs.lacking.is_empty() {
            inputs.admit(draft);
            return;
        }
        let Some(goal) = self.goal(draft, want) else {
            return;
        };
        refuse_shown_secrets(draft, want, &inputs, &goal, Some(live));
        let base = self.last_sent(want);
        let mut changes = self.running_changes(want, live, &goal, base);
        let parameters = self.compare_parameters(want, live, &goal, base, &inputs);
        changes.extend(parameters.changes.iter().cloned());
        changes.extend(rollout(want, base));
        let tags = named_tags(
            base.part(|o| o.tags.as_ref()),
            want.tags.as_ref(),
            &live.tags,
        );
        let instances = Instances::new(want, live, base);
        if changes.is_empty() && tags.is_empty() {
            Self::note_unchanged(draft, want, live, base);
            if live.is_stack_set() && want.stack_set.is_none() {
                draft.note(format!(
                    "it is a stack set, and its manifest does not say so: say `stackSet: {{}}` if that is meant ({})",
                    want.origin
                ));
            }
            let next = instances.as_ref().map(|one| one.next(Vec::new()));
            if want.stack_set.is_none() && matches!(next, None | Some(Ok(None))) {
                return;
            }
        }
        let path = match self.path(want, goal.product) {
            Ok(path) => path,
            Err(blocked) => return draft.refuse(blocked),
        };
        let mut preferences = match self.preferences(want, &path, Some(live)) {
            Ok(preferences) => preferences,
            Err(blocked) => return draft.refuse(blocked),
        };
        if !tags.is_empty() && !path.tag_updates {
            let fields: Vec<&str> = tags.iter().map(|change| change.field.as_str()).collect();
            draft.blocked(
                BlockedCode::TagUpdate,
                format!(
                    "{} can't be changed: {} does not allow it; add `tagUpdates: allowed` to the product's constraints there",
                    fields.join(", "),
                    path.text()
                ),
            );
        }
        let mut sent = None;
        if path.tag_updates {
            changes.extend(tags);
            let claim = self
                .input
                .identity
                .claim(&want.name, want.lifecycle.on_remove);
            sent = Some(full_tags(want, live, claim));
        }
        let mut operation = None;
        if let Some(instances) = &instances {
            match instances.next(std::mem::take(&mut changes)) {
                Ok(Some(next)) if next.kind == OperationType::Update => {
                    changes.clone_from(&next.changes);
                    preferences = Some(next.preferences(preferences.as_ref()));
                    operation = Some(next);
                }
                Ok(Some(next)) => return self.instances(draft, want, live, &path, next),
                Ok(None) => return,
                Err(blocked) => return draft.refuse(blocked),
            }
        }
        if changes.is_empty() {
            return;
        }
        goal.admit(draft, want, false);
        let version = match goal.version_arg(&want.version) {
            Ok(version) => version,
            Err(blocked) => return draft.refuse(blocked),
        };
        inputs.admit(draft);
        let blocked = draft.object.blocked.iter();
        if !draft.object.waiting.is_empty() || blocked.into_iter().any(|b| !is_soft(b.code)) {
            return;
        }
        if let Some(count) = sent
            .as_ref()
            .map(Tags::len)
            .filter(|n| *n > limits::PROVISIONED_TAGS)
        {
            return too_many_tags(draft, count, limits::PROVISIONED_TAGS);
        }
        note_parameters(draft, want, &parameters);
        let arguments = arguments(&parameters);
        let mut request = request_text(
            want,
            goal.version.content.as_ref(),
            &path,
            &arguments,
            &inputs.sealed,
            sent.as_ref(),
        );
        if let Some(operation) = &operation {
            request.push_str(&operation.text());
        }
        let last = live.last_record.as_ref().map(|id| id.as_str());
        let (token, _) = self.live_token(|dead| {
            let identity = self.input.identity;
            identity.request_token(&want.name, &request, dead.or(last))
        });
        let moved = changes.iter().find(|change| change.field == "version");
        if let Some(moved) = moved {
            self.tell_move(draft, want, live, moved.before.words());
        }
        draft.object.changes.extend(changes);
        if let (true, Some(stack)) = (self.was_not_launched(live), &live.stack)
            && live.last_provisioning_record.is_none()
        {
            // The first update of what was imported.
            Self::note_own_tags(draft, want, stack);
        }
        let needs = goal.needs(&path);
        let op = Op::UpdateProvisioned {
            id: live.id.clone(),
            product: goal.product_arg.clone(),
            version,
            path: path.display_name,
            parameters: arguments,
            tags: sent,
            preferences,
            token,
        };
        draft.step(op, needs);
        if let Some(later) = operation.and_then(|operation| operation.later) {
            draft.waits(None, later);
        }
    }

    /// Instances that come or go of a stack set as it is: of product, version, parameters and tags nothing else is sent than
    /// it has.
    fn instances(
        &self,
        draft: &mut Draft,
        want: &ProvisionedProduct,
        live: &LiveProvisioned,
        path: &Holding<'a>,
        operation: Operation,
    ) {
        let Some(running) = &live.running else {
            return draft.waits(None, "what runs can't be seen yet");
        };
        let said = want.stack_set.as_ref().map(|set| &set.preferences);
        let parameters = live.parameters().into_iter().flatten();
        let identity = self.input.identity;
        let last = live.last_record.as_ref().map(|id| id.as_str());
        let (token, _) = self.live_token(|dead| {
            identity.request_token(&want.name, &operation.text(), dead.or(last))
        });
        let op = Op::UpdateProvisioned {
            id: live.id.clone(),
            product: Arg::Value(running.product.clone()),
            version: Arg::Value(running.version.clone()),
            path: path.display_name.clone(),
            parameters: parameters
                .map(|(key, _)| (key.clone(), ParameterArg::Previous))
                .collect(),
            tags: None,
            preferences: Some(operation.preferences(said)),
            token,
        };
        let takes = operation.size();
        if operation.kind == OperationType::Delete {
            if let Some(blocked) = self
                .doubt
                .removal(None, None, "what its stack set has too many")
            {
                return draft.refuse(blocked);
            }
            draft.live(self.ownership_of(want, live));
            draft.removal(Family::Instances, operation.changes, vec![op], &path.needs);
            if let Some(removal) = draft.removals.last_mut() {
                removal.takes = takes;
            }
        } else {
            draft.object.changes.extend(operation.changes);
            draft.step(op, path.needs.iter().copied());
        }
        if let Some(later) = operation.later {
            draft.waits(None, later);
        }
    }

    fn compare_parameters(
        &self,
        want: &'a ProvisionedProduct,
        live: &LiveProvisioned,
        goal: &Goal<'_, 'a>,
        base: Was<&ProvisionedProduct>,
        inputs: &Inputs<'a>,
    ) -> ParametersDiff {
        let key = crate::ids::Key::new(Kind::ProvisionedProduct, want.name.clone());
        let parameters = Parameters {
            want: inputs.wanted.as_ref(),
            was: base.part(|o| o.parameters.as_ref()),
            live: live.parameters(),
            declared: goal.version.parameters,
            resend: self.input.policy.resend_secrets.contains(&key),
            secrets: &self.secrets,
        };
        parameters.update()
    }

    /// Product and version against what runs: after a failed update that is what the last successful record says.
    fn running_changes(
        &self,
        want: &ProvisionedProduct,
        live: &LiveProvisioned,
        goal: &Goal<'_, 'a>,
        base: Was<&ProvisionedProduct>,
    ) -> Vec<Change> {
        let (product, version) = match &live.running {
            Some(running) => (&running.product, &running.version),
            None => (&live.product, &live.version),
        };
        let mut changes = Vec::new();
        let same_product = goal.product.place.live() == Some(product);
        if !same_product {
            let before = self.product_text(product);
            let after = want.product.to_string();
            changes.push(Change {
                field: "product".to_owned(),
                reason: base.map(|o| o.product.to_string()).why(&after, &before),
                before: Shown::text(before),
                after: Shown::text(after),
            });
        }
        if !same_product || !goal.version.ids.contains(&version) {
            let before = self.version_text(product, version, &want.version);
            changes.push(Change {
                field: "version".to_owned(),
                reason: base.map(|o| o.version.clone()).why(&want.version, &before),
                before: Shown::text(before),
                after: Shown::text(&want.version),
            });
        }
        changes
    }

    fn product_text(&self, id: &ProductId) -> String {
        let name = Owned::product_name(self.input.identity, self.input.observed, id);
        name.map_or_else(|| id.to_string(), |name| name.to_string())
    }

    /// A live version's name, or its id where it has none to be seen or the one that is wanted.
    fn version_text(&self, product: &ProductId, id: &VersionId, want: &str) -> String {
        let live = self.input.observed.products.get(product);
        let version = live.and_then(|o| o.versions.iter().find(|v| v.id == *id));
        match version {
            Some(version) if version.name != want => version.name.clone(),
            Some(version) => format!("{} ({id})", version.name),
            None => id.to_string(),
        }
    }
}

/// Says of one whose stack somebody has deleted what a person must do. It can't be updated, for nothing is there to update, and
/// nothing is terminated that git names: what is gone by a mistake is not made final by another (promise 1).
fn stack_gone(draft: &mut Draft, want: &ProvisionedProduct, live: &LiveProvisioned) {
    let stack = live.physical_id.as_deref().unwrap_or("of it");
    let again = match &want.import {
        Some(import) => format!(
            "then name a stack that is there, or take `import` out to have a new one launched ({})",
            import.origin
        ),
        None => format!("the next pass launches it anew then ({})", want.origin),
    };
    draft.object.stalled = Some(Stalled {
        reason: format!("its stack {stack} is gone: somebody has deleted it"),
        advice: format!(
            "make sure that it is meant to be gone, then end what is left of it: `aws servicecatalog terminate-provisioned-product --provisioned-product-id {}`; {again}",
            live.id
        ),
    });
}

/// The whole set that an update sends: what is there, overlaid with what git wants. What is left out would go.
fn full_tags(want: &ProvisionedProduct, live: &LiveProvisioned, claim: String) -> Tags {
    // The ownership tags of product and portfolio are inherited: they are not this object's to send.
    let kept = |key: &str| !crate::model::owner::is_reserved(key);
    let tags = live.tags.iter().filter(|(key, _)| kept(key));
    let mut all: Tags = tags.map(|(k, v)| (k.clone(), v.clone())).collect();
    all.extend(want.tags.clone().unwrap_or_default());
    // Of an import, and of what changed its mind about removal, this is when it is marked (design §4).
    all.insert(tag_key(Kind::ProvisionedProduct).to_owned(), claim);
    all
}
