//! What a pass leaves to the next one: ids, contents, refusals.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::aws::error::Class;
use crate::execute::{Outcome, StepFailure, StepResult};
use crate::ids::{Key, Kind, ProductId};
use crate::model::desired::Desired;
use crate::model::launch::{OperationType, Preferences};
use crate::model::observed::{Observed, Scope};
use crate::model::owner::Owner;
use crate::plan::op::{Answer, CopyTarget, Op, Step};
use crate::plan::{Failed, FormerTagOption, HalfCopy, Plan};

use super::{OLD_COPIES, RETRY_AFTER, RETRY_UNKNOWN_AFTER, Reconciler};

impl Reconciler {
    /// Remembers the ids of the objects that are ours, and which half copies are still there.
    pub(super) fn recognise(&mut self, desired: &Desired, observed: &Observed) {
        self.recognise_tag_options(desired, observed);
        let now = self.now();
        let identity = &self.identity;
        for half in self.half_copies.values_mut() {
            let live = observed.products.get(&half.id);
            match live.map(|live| identity.owner(Kind::Product, &live.tags)) {
                Some(Owner::Us(_) | Owner::Nobody) => half.seen = now,
                // One that has found another owner is as good as gone.
                Some(Owner::Foreign(_)) => half.seen = Timestamp::MIN,
                None => {}
            }
        }
        let known = &mut self.memory.known;
        for action in observed.service_actions.values() {
            let description = action.description.as_deref().unwrap_or_default();
            if let Owner::Us(name) = identity.described(description).owner {
                known.insert(Key::new(Kind::ServiceAction, name), action.id.to_string());
            }
        }
        let mut see = |kind: Kind, tags, id: &str| {
            if let Owner::Us(name) = identity.owner(kind, tags) {
                known.insert(Key::new(kind, name), id.to_owned());
            }
        };
        for portfolio in observed.portfolios.values() {
            see(Kind::Portfolio, &portfolio.tags, portfolio.id.as_str());
        }
        for product in observed.products.values() {
            see(Kind::Product, &product.tags, product.id.as_str());
        }
        for provisioned in observed.provisioned.values() {
            see(
                Kind::ProvisionedProduct,
                &provisioned.tags,
                provisioned.id.as_str(),
            );
        }
    }

    /// Remembers the TagOptions that are a manifest's: these have no mark, and their end is said by the manifest alone. One
    /// is forgotten once it is gone, or out of use.
    fn recognise_tag_options(&mut self, desired: &Desired, observed: &Observed) {
        let known = &mut self.memory.tag_options;
        let unread = observed.gaps.iter().any(|g| g.scope == Scope::TagOptions);
        if !unread {
            let all = &observed.tag_options;
            known.retain(|id, _| all.get(id).is_some_and(|live| live.active));
        }
        for want in desired.tag_options.values() {
            let mut live = observed.tag_options.values();
            let live = live.find(|o| o.key == want.key && o.value == want.value);
            if let Some(live) = live {
                let former = FormerTagOption {
                    name: want.name.clone(),
                    on_remove: want.lifecycle.on_remove,
                };
                known.insert(live.id.clone(), former);
            }
        }
    }

    /// Remembers what came of a plan's steps.
    pub(super) fn learn(&mut self, plan: &Plan, outcome: &Outcome) {
        // Of each object that was touched: what was refused of it this time.
        let mut refused: BTreeMap<&Key, Vec<String>> = BTreeMap::new();
        for step in &plan.steps {
            let result = outcome.results.get(&step.id);
            self.learn_sent(step, result);
            match result {
                Some(StepResult::Done(answer)) => {
                    if !refused.contains_key(&step.object) {
                        self.failed.remove(&step.object);
                    }
                    self.learn_id(step, answer);
                    self.forget(step);
                }
                Some(StepResult::Unfinished { answer, .. }) => self.learn_id(step, answer),
                Some(StepResult::Dead { token, id }) => {
                    self.memory.dead.insert(token.clone(), id.clone());
                }
                Some(StepResult::Failed(failed)) => {
                    if self.learn_failed_copy(step, failed) {
                        continue;
                    }
                    let after = match failed.failure.class {
                        Class::Invalid | Class::Denied | Class::Quota => RETRY_AFTER,
                        Class::Unknown | Class::Conflict => RETRY_UNKNOWN_AFTER,
                        Class::Throttled
                        | Class::Transient
                        | Class::NotVisibleYet
                        | Class::MissingDependency => continue,
                    };
                    let reasons = refused.entry(&step.object).or_default();
                    reasons.push(reason(&step.op, &failed.failure.message));
                    let failed = Failed {
                        request: failed.request.clone(),
                        retry_at: self.now().saturating_add(after).unwrap_or(self.now()),
                        reason: listed(reasons),
                        advice: failed.failure.advice(),
                    };
                    self.failed.insert(step.object.clone(), failed);
                }
                Some(StepResult::Skipped { .. } | StepResult::NotStarted) | None => {}
            }
        }
    }

    /// Remembers what was sent of a provisioned product: what an update brought about, and what a launch tried, for the
    /// same launch must not be tried again.
    fn learn_sent(&mut self, step: &Step, result: Option<&StepResult>) {
        let sent = match (&step.op, result) {
            // Instances that come or go do so of the stack set as it is: nothing else was sent.
            (
                Op::UpdateProvisioned {
                    preferences:
                        Some(Preferences {
                            operation: Some(OperationType::Create | OperationType::Delete),
                            ..
                        }),
                    ..
                },
                _,
            ) => false,
            (Op::Provision { .. } | Op::UpdateProvisioned { .. }, Some(StepResult::Done(_))) => {
                true
            }
            (Op::Provision { .. }, Some(StepResult::Failed(failed))) => failed.answer.is_some(),
            _ => false,
        };
        let name = &step.object.name;
        if let (true, Some(object)) = (sent, self.wanted.get(name)) {
            self.sent.insert(name.clone(), object.clone());
            self.resend_secrets.remove(&step.object);
        }
    }

    /// Remembers what a copy that failed left behind or, where it left nothing, that its token is used up. Returns whether
    /// the failure is an earlier process's, which this one tries again at once.
    fn learn_failed_copy(&mut self, step: &Step, failed: &StepFailure) -> bool {
        let (Op::CopyProduct { to, token, .. }, Some(answer)) = (&step.op, &failed.answer) else {
            return false;
        };
        let (true, Some(copy)) = (answer.spent, &answer.copy) else {
            return false;
        };
        if let (CopyTarget::New { .. }, Some(id)) = (to, &answer.product)
            && !self.half_copy_is_gone(&step.object, id)
        {
            // The token stays as it is: to another process it tells of the same product again.
            self.memory
                .known
                .insert(step.object.clone(), id.to_string());
            return false;
        }
        self.memory.dead.insert(token.clone(), copy.to_string());
        let tried = self.repeated_copies.entry(step.object.clone()).or_default();
        *tried += 1;
        answer.repeated && *tried <= OLD_COPIES
    }

    /// Whether a product that a failed copy left behind has not been seen for so long that it is gone. Notes one that is
    /// told of for the first time.
    fn half_copy_is_gone(&mut self, object: &Key, id: &ProductId) -> bool {
        let now = self.now();
        let known = self.half_copies.get(object).filter(|half| half.id == *id);
        if let Some(half) = known {
            return half.is_gone(now);
        }
        let half = HalfCopy {
            id: id.clone(),
            seen: now,
        };
        self.half_copies.insert(object.clone(), half);
        false
    }

    /// Forgets an object that is gone: nothing is to be asked about it any more.
    fn forget(&mut self, step: &Step) {
        let object = matches!(
            step.op,
            Op::DeleteServiceAction { .. }
                | Op::DeletePortfolio { .. }
                | Op::DeleteProduct { .. }
                | Op::Terminate { .. }
        );
        if object && step.removes {
            self.memory.known.remove(&step.object);
            if step.object.kind == Kind::ProvisionedProduct {
                self.sent.remove(&step.object.name);
            }
        }
    }

    fn learn_id(&mut self, step: &Step, answer: &Answer) {
        let id = match &step.op {
            Op::CreateServiceAction { .. } => {
                answer.service_action.as_ref().map(ToString::to_string)
            }
            Op::CreateTagOption { .. } => answer.tag_option.as_ref().map(ToString::to_string),
            Op::CreatePortfolio { .. } => answer.portfolio.as_ref().map(ToString::to_string),
            Op::CreateProduct { .. } | Op::CopyProduct { .. } => {
                answer.product.as_ref().map(ToString::to_string)
            }
            Op::Provision { .. } | Op::Import { .. } => {
                answer.provisioned.as_ref().map(ToString::to_string)
            }
            _ => None,
        };
        if let Some(id) = id {
            self.memory.known.insert(step.object.clone(), id);
        }
    }
}

/// The service's words, with the version that they are about: a product has many, and the service does not say.
fn reason(op: &Op, message: &str) -> String {
    match op {
        Op::CreateVersion { version, .. } => format!("version {:?}: {message}", version.name),
        Op::UpdateVersion { name, .. } | Op::DeleteVersion { name, .. } => {
            format!("version {name:?}: {message}")
        }
        Op::CopyProduct {
            versions,
            to: CopyTarget::Existing(_),
            ..
        } => match versions.as_slice() {
            [version] => format!("version {:?}: {message}", version.name),
            _ => message.to_owned(),
        },
        _ => message.to_owned(),
    }
}

/// The first few of several reasons.
fn listed(reasons: &[String]) -> String {
    const SHOWN: usize = 3;
    let first = reasons.iter().take(SHOWN).cloned().collect::<Vec<_>>();
    let first = first.join("; ");
    match reasons.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first}; and {more} more"),
    }
}
