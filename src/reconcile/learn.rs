//! What a pass leaves to the next one: ids, contents, refusals.

use crate::aws::error::Class;
use crate::execute::{Outcome, StepResult};
use crate::ids::{Key, Kind};
use crate::model::observed::Observed;
use crate::model::owner::Owner;
use crate::model::template::VersionContent;
use crate::plan::op::{Answer, NewSource, NewVersion, Op, Step};
use crate::plan::{Failed, Plan};

use super::{RETRY_AFTER, RETRY_UNKNOWN_AFTER, Reconciler};

impl Reconciler {
    /// Remembers the ids of the objects that are ours.
    pub(super) fn recognise(&mut self, observed: &Observed) {
        let identity = &self.identity;
        let known = &mut self.memory.known;
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

    /// Remembers what came of a plan's steps.
    pub(super) fn learn(&mut self, plan: &Plan, outcome: &Outcome) {
        for step in &plan.steps {
            match outcome.results.get(&step.id) {
                Some(StepResult::Done(answer)) => {
                    self.failed.remove(&step.object);
                    self.learn_answer(step, answer);
                }
                Some(StepResult::Unfinished { answer, .. }) => self.learn_answer(step, answer),
                Some(StepResult::Dead { token, id }) => {
                    self.memory.dead.insert(token.clone(), id.clone());
                }
                Some(StepResult::Failed(failed)) => {
                    let after = match failed.failure.class {
                        Class::Invalid | Class::Denied | Class::Quota => RETRY_AFTER,
                        Class::Unknown | Class::Conflict => RETRY_UNKNOWN_AFTER,
                        Class::Throttled
                        | Class::Transient
                        | Class::NotVisibleYet
                        | Class::MissingDependency => continue,
                    };
                    let failed = Failed {
                        request: failed.request.clone(),
                        retry_at: self.now().saturating_add(after).unwrap_or(self.now()),
                        reason: failed.failure.message.clone(),
                        advice: failed.failure.advice(),
                    };
                    self.failed.insert(step.object.clone(), failed);
                }
                Some(StepResult::Skipped { .. } | StepResult::NotStarted) | None => {}
            }
        }
    }

    fn learn_answer(&mut self, step: &Step, answer: &Answer) {
        let id = match (&step.op, answer) {
            (
                Op::CreatePortfolio { .. },
                Answer {
                    portfolio: Some(id),
                    ..
                },
            ) => id.to_string(),
            (
                Op::CreateProduct { version, .. },
                Answer {
                    product: Some(id), ..
                },
            ) => {
                self.learn_content(version, answer);
                id.to_string()
            }
            (Op::CreateVersion { version, .. }, _) => return self.learn_content(version, answer),
            (
                Op::Provision { .. },
                Answer {
                    provisioned: Some(id),
                    ..
                },
            ) => id.to_string(),
            _ => return,
        };
        self.memory.known.insert(step.object.clone(), id);
    }

    /// What we uploaded is what the service has loaded: it need not be read back.
    fn learn_content(&mut self, version: &NewVersion, answer: &Answer) {
        if let (NewSource::Bucket { template, .. }, Some(id)) = (&version.source, &answer.version) {
            let content = VersionContent {
                content: template.content.clone(),
                parameters: None,
            };
            self.memory.index.insert(id.clone(), content);
        }
    }
}
