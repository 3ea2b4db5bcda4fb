//! What a team's own rules say of a plan, and what they refuse.

use std::collections::BTreeMap;

use super::{Action, Blocked, BlockedCode};
use crate::ids::Key;
use crate::model::desired::Origin;
use crate::plan::draft::Draft;
use crate::rule::Effect;

/// What a rule says, of an object or of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The rule's name.
    pub rule: String,
    /// Where the rule stands.
    pub origin: Origin,
    /// Whether it refuses or warns.
    pub effect: Effect,
    /// The object it is about; `None` where it is about the whole plan.
    pub object: Option<Key>,
    /// The rule's message.
    pub message: String,
    /// Why the rule could not be asked, where that is so: a rule that says nothing refuses (or warns, if that is its effect).
    pub trouble: Option<String>,
}

impl Verdict {
    /// The message, and why the rule could not be asked.
    pub fn words(&self) -> String {
        match &self.trouble {
            None => self.message.clone(),
            Some(trouble) => format!("{trouble}, so it counts as if it held: {}", self.message),
        }
    }

    /// The rule, its words and its place, on one line.
    pub fn line(&self) -> String {
        format!("{}: {} ({})", self.rule, self.words(), self.origin)
    }
}

/// What rules refuse.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Denied {
    objects: BTreeMap<Key, Vec<Blocked>>,
    plan: Vec<Blocked>,
}

impl Denied {
    /// By what rules say.
    pub fn by(verdicts: &[Verdict]) -> Self {
        let mut denied = Self::default();
        for verdict in verdicts.iter().filter(|v| v.effect == Effect::Deny) {
            let blocked = Blocked::new(BlockedCode::Policy, verdict.line());
            match &verdict.object {
                Some(key) => denied.objects.entry(key.clone()).or_default().push(blocked),
                None => denied.plan.push(blocked),
            }
        }
        denied
    }

    /// Whether nothing is refused.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.plan.is_empty()
    }

    /// Whether nothing at all may be written.
    pub(super) fn is_whole(&self) -> bool {
        !self.plan.is_empty()
    }

    /// Takes out of a draft what is refused. Returns whether anything was.
    ///
    /// An object that a rule refuses says so even where nothing of it was to be done; a rule that refuses the whole plan is
    /// said of those of which something was.
    pub(super) fn refuse(&self, draft: &mut Draft) -> bool {
        let acts = !draft.steps.is_empty() || !draft.removals.is_empty();
        let own = self.objects.get(&draft.object.key);
        let own = own.into_iter().flatten();
        let whole = self.plan.iter().filter(|_| acts);
        let refusals: Vec<Blocked> = own.chain(whole).cloned().collect();
        if refusals.is_empty() {
            return false;
        }
        for refusal in refusals {
            draft.refuse(refusal);
        }
        // What it would have changed is shown all the same.
        for removal in std::mem::take(&mut draft.removals) {
            draft.object.changes.extend(removal.changes);
        }
        draft.steps.clear();
        draft.object.action = Action::None;
        draft.object.reason = None;
        acts
    }
}
