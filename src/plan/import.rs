//! Stacks that become provisioned products (`import`): all that the service checks is checked here first, because it says
//! no only after the call (facts §9.3, §10.4). A stack is never launched anew, and never touched.

use super::draft::Draft;
use super::guard::unread;
use super::launch::Goal;
use super::op::Op;
use super::path::Holding;
use super::planner::Planner;
use super::portfolio::Fields;
use super::{Action, Blocked, BlockedCode, Stalled};
use crate::diff::parameter::Parameters;
use crate::diff::tags::named_tags;
use crate::diff::template;
use crate::diff::{Change, Was};
use crate::model::desired::{Import, ProvisionedProduct, TemplateSource};
use crate::model::observed::{ImportableStack, LiveProvisioned, LiveStack};
use crate::model::owner::is_reserved;

/// The states that a stack can be imported in (facts §9.3).
const IMPORTABLE: [&str; 5] = [
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
];

impl<'a> Planner<'a> {
    /// Imports a stack that no provisioned product stands for yet.
    pub(crate) fn import(&self, draft: &mut Draft, want: &'a ProvisionedProduct, import: &Import) {
        let Some(found) = self.importable(draft, import) else {
            return;
        };
        let Some(goal) = self.goal(draft, want) else {
            return;
        };
        goal.admit(draft, want, false);
        if let Some(refused) = self.other_template(draft, want, import, found) {
            draft.refuse(refused);
        }
        let Some((version, path)) = self.version_and_path(draft, want, &goal) else {
            return;
        };
        if let Err(blocked) = self.preferences(want, &path, None) {
            draft.refuse(blocked);
        }
        if !draft.is_free() {
            return;
        }
        let reason = self.creation_reason(&draft.object.key);
        draft.object.action = Action::Import;
        draft.object.reason = Some(reason);
        let mut show = Fields::new(draft, reason);
        if want.live_name != want.name.as_str() {
            show.field("name", Some(&want.live_name));
        }
        show.field("import", Some(import.stack.as_str()));
        show.field("product", Some(want.product.as_str()));
        show.field("version", Some(&want.version));
        self.note_what_follows(draft, want, found, &goal, &path);
        let request = format!(
            "import\nproduct={}\nversion={}\nstack={}\n",
            want.product, want.version, import.stack
        );
        let identity = self.input.identity;
        let (token, _) = self.live_token(|dead| identity.request_token(&want.name, &request, dead));
        let op = Op::Import {
            name: want.live_name.clone(),
            product: goal.product_arg.clone(),
            version,
            stack: import.stack.clone(),
            token,
        };
        draft.step(op, goal.needs(&path));
    }

    /// The stack, where it can be imported as it is.
    fn importable(&self, draft: &mut Draft, import: &Import) -> Option<&'a ImportableStack> {
        let (observed, arn, at) = (self.input.observed, &import.stack, &import.origin);
        let mut refuse = |message| draft.blocked(BlockedCode::ImportStack, message);
        if !arn.is_in(&observed.target) {
            refuse(format!(
                "stack {arn} is not in {}: a stack is imported where it is ({at})",
                observed.target
            ));
            return None;
        }
        let mut holders = observed.provisioned.values();
        let holder = holders.find(|o| o.physical_id.as_deref() == Some(arn.as_str()));
        if let Some(other) = holder {
            draft.blocked(
                BlockedCode::ForeignOwner,
                format!(
                    "stack {arn} is provisioned product {:?} already ({}), which is not this one: name another stack ({at})",
                    other.name, other.id
                ),
            );
            return None;
        }
        if let Some(gap) = self.doubt.stack(arn) {
            draft.refuse(unread(gap, "it is not imported"));
            return None;
        }
        let Some(found) = observed.stacks.get(arn) else {
            refuse(format!(
                "stack {arn} is not there: name one that is, or take `import` out to have a new one launched ({at})"
            ));
            return None;
        };
        let status = found.stack.status.as_str();
        if let Some(parent) = &found.stack.parent {
            refuse(format!(
                "stack {arn} is a part of {parent}: only a root stack can be imported ({at})"
            ));
            return None;
        }
        if IMPORTABLE.contains(&status) {
            return Some(found);
        }
        // A change set under review is at rest until somebody executes it.
        if status.ends_with("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS" {
            draft.waits(None, format!("stack {arn} is {status}"));
        } else {
            refuse(format!(
                "stack {arn} is {status}: it can be imported once it is one of {} ({at})",
                IMPORTABLE.join(", ")
            ));
        }
        None
    }

    /// Whether the stack's template is another than the version's.
    fn other_template(
        &self,
        draft: &mut Draft,
        want: &ProvisionedProduct,
        import: &Import,
        found: &ImportableStack,
    ) -> Option<Blocked> {
        let product = self.input.desired.products.get(&want.product)?;
        let listed = product.versions.iter().find(|v| v.name == want.version);
        let in_git = match listed.map(|v| &v.source) {
            Some(TemplateSource::File { raw, .. }) => self.input.desired.templates.get(raw),
            // Taken from this very stack: equal by construction (facts §10.4).
            Some(TemplateSource::Stack(arn)) if *arn == import.stack.as_str() => return None,
            Some(TemplateSource::Stack(_) | TemplateSource::Url(_)) | None => None,
        };
        let in_git = in_git.map(|template| String::from_utf8_lossy(&template.bytes));
        let Some(version) = in_git.as_deref().or(found.version.as_deref()) else {
            draft.waits(
                None,
                format!(
                    "its stack is compared with version {:?} of product/{}, whose template is not to be seen yet",
                    want.version, want.product
                ),
            );
            return None;
        };
        if template::same(version, &found.template) {
            return None;
        }
        let mut blocked = Blocked::new(
            BlockedCode::ImportTemplate,
            format!(
                "stack {} has another template than version {:?} of product/{}: add a version with the stack's template and name that ({})",
                import.stack, want.version, want.product, import.origin
            ),
        );
        blocked.detail = vec![
            format!("--- version {}", want.version),
            "+++ stack".to_owned(),
        ];
        blocked
            .detail
            .extend(template::lines(version, &found.template));
        Some(blocked)
    }

    /// Says what the import itself does not do: constraints, tags and other parameters come with an update.
    fn note_what_follows(
        &self,
        draft: &mut Draft,
        want: &'a ProvisionedProduct,
        found: &ImportableStack,
        goal: &Goal<'_, 'a>,
        path: &Holding<'a>,
    ) {
        if !path.constraints.is_empty() {
            draft.note(format!(
                "an import applies no constraints: {} of {} from its next update on",
                path.constraints.join(" and "),
                path.text()
            ));
        }
        let inputs = self.inputs(want);
        let parameters = Parameters {
            want: inputs.wanted.as_ref(),
            was: Was::Unknown,
            live: Some(&found.stack.parameters),
            declared: goal.version.parameters,
            resend: false,
            secrets: &self.secrets,
        };
        let mut changes = parameters.update().changes;
        // An import takes no tags, so all that are named are missing.
        let none = Default::default();
        let tags = named_tags(Was::Unknown, want.tags.as_ref(), &none);
        if path.tag_updates {
            changes.extend(tags);
        } else if !tags.is_empty() {
            let fields: Vec<&str> = tags.iter().map(|change| change.field.as_str()).collect();
            draft.note(format!(
                "an import takes no tags, and {} does not allow them to change later: {} will be blocked",
                path.text(),
                fields.join(", ")
            ));
        }
        Self::note_own_tags(draft, want, &found.stack);
        if !changes.is_empty() {
            let changes: Vec<String> = changes.iter().map(in_words).collect();
            draft.note(format!(
                "once it is imported an update follows: {}",
                changes.join("; ")
            ));
        }
    }

    /// Says which tags a stack has of its own: an update gives it the tags that the manifest gives, and what becomes of
    /// others is published nowhere.
    pub(crate) fn note_own_tags(draft: &mut Draft, want: &ProvisionedProduct, stack: &LiveStack) {
        let named = |key: &str| {
            want.tags
                .as_ref()
                .is_some_and(|tags| tags.contains_key(key))
        };
        let own = stack
            .tags
            .keys()
            .filter(|key| !is_reserved(key) && !named(key));
        let own: Vec<&str> = own.map(String::as_str).collect();
        if !own.is_empty() {
            draft.note(format!(
                "its stack has tags of its own, which an update may take away: {}; name in spec.tags those that must stay, with `tagUpdates: allowed` in the product's constraints",
                own.join(", ")
            ));
        }
    }

    /// A refusal where a manifest imports another stack than the one that its provisioned product stands for.
    pub(crate) fn other_stack(
        &self,
        want: &ProvisionedProduct,
        live: &LiveProvisioned,
    ) -> Option<Blocked> {
        let (import, stack) = (want.import.as_ref()?, live.physical_id.as_deref()?);
        (stack != import.stack.as_str()).then(|| {
            Blocked::new(
                BlockedCode::ImportStack,
                format!(
                    "it is stack {stack} and can't become {}: name the former, or give the latter a manifest of its own ({})",
                    import.stack, import.origin
                ),
            )
        })
    }

    /// Whether it may stand for a stack that no launch has made. One that was launched has the provisioned product's id in
    /// its name, be it a stack or a stack set (facts §10.1), and a launch has a provisioning record, which an import has not (facts §9.3).
    pub(crate) fn was_not_launched(&self, live: &LiveProvisioned) -> bool {
        let account = &self.input.observed.target.account;
        let name = format!("SC-{account}-{}", live.id);
        let launched = [format!(":stack/{name}/"), format!(":stackset/{name}:")];
        match &live.physical_id {
            Some(stack) => !launched.iter().any(|launched| stack.contains(launched)),
            None => live.last_provisioning_record.is_none(),
        }
    }
}

/// An import that failed. Terminating would take the stack along, so nothing is done about it here (facts §10.4).
pub(crate) fn failed_import(draft: &mut Draft, want: &ProvisionedProduct, live: &LiveProvisioned) {
    let again = match &want.import {
        Some(import) => format!("it is imported again then ({})", import.origin),
        None => format!(
            "then a new one is launched, or with `import` the same stack is imported again ({})",
            want.origin
        ),
    };
    let reason = live.status_message.clone();
    draft.object.stalled = Some(Stalled {
        reason: reason.unwrap_or_else(|| "its import failed".to_owned()),
        advice: format!(
            "mend what the service names, then let go of it without its stack: `aws servicecatalog terminate-provisioned-product --provisioned-product-id {} --retain-physical-resources`; {again}",
            live.id
        ),
    });
}

/// `parameter Size: one → two`, nothing secret shown.
fn in_words(change: &Change) -> String {
    let field = match change.field.split_once('.') {
        Some(("parameters", key)) => format!("parameter {key}"),
        Some(("tags", key)) => format!("tag {key}"),
        _ => change.field.clone(),
    };
    let (before, after) = (change.before.words(), change.after.words());
    format!("{field}: {before} → {after}")
}
