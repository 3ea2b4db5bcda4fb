//! Passes until nothing is left to do: what `apply` does.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::execute::progress::{Progress, Quiet};
use crate::execute::{Outcome, StepResult};
use crate::model::desired::Desired;
use crate::plan::Plan;
use crate::run::backoff::Backoff;

use super::{Pass, Reconciler};

/// Between looks at objects that wait for work of the service.
const WAITING: Backoff = Backoff {
    first: Duration::from_secs(1),
    most: Duration::from_secs(20),
};

/// How often it looks again where nothing could be done and something could not be read, but was not denied.
const LOOKS_AGAIN: u32 = 5;

/// Passes that change something and follow each other at once. From then on there is a wait between them all the same:
/// a plan that never empties is a defect, and must not become a storm of calls.
pub const PASSES_AT_ONCE: usize = 50;

/// Who is asked before a plan is made, and told what came of it.
pub trait Driver {
    /// The catalog is about to be read.
    fn looks(&mut self) {}
    /// Whether this pass's plan may be made. Asked for every pass that would change something or waits.
    ///
    /// # Errors
    /// Where the question could not be put.
    fn consent(&mut self, pass: &Pass) -> anyhow::Result<bool>;
    /// A plan's calls begin.
    fn begin(&mut self, plan: &Plan);
    /// Shows its steps.
    fn progress(&self) -> &dyn Progress;
    /// A plan's calls are over.
    fn end(&mut self, outcome: &Outcome);
}

/// How it ended.
#[derive(Debug)]
pub struct Converged {
    /// The last pass. Its plan is what is left; where a stop came while it was made, its outcome says how far it got.
    pub pass: Pass,
    /// Why there are no further passes.
    pub end: End,
    /// How many passes there were.
    pub passes: usize,
}

/// Why there are no further passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nothing changes and nothing waits; what is blocked or stalled needs a person.
    Settled,
    /// Consent was refused.
    Declined,
    /// The stop or the deadline came first.
    Stopped,
}

impl Reconciler {
    /// Passes until nothing changes and nothing waits, or `stop` is cancelled.
    ///
    /// # Errors
    /// Where consent could not be asked for.
    pub async fn converge(
        &mut self,
        desired: &Desired,
        base: Option<&Desired>,
        stop: &CancellationToken,
        driver: &mut dyn Driver,
    ) -> anyhow::Result<Converged> {
        let (mut waits, mut doubts) = (0, 0);
        for passes in 1.. {
            driver.looks();
            let pass = self.plan(desired, base).await;
            if stop.is_cancelled() {
                return Ok(Converged {
                    pass,
                    end: End::Stopped,
                    passes,
                });
            }
            if !pass.plan.has_changes() && !pass.plan.is_waiting() {
                if doubts < LOOKS_AGAIN && pass.plan.gaps.iter().any(|gap| !gap.denied) {
                    // What failed to be read may be read in a moment, and then there may be something to do.
                    doubts += 1;
                    let wait = WAITING.wait(doubts, self.entropy.fraction());
                    tokio::select! {
                        () = self.clock.sleep(wait) => {}
                        () = stop.cancelled() => {}
                    }
                    continue;
                }
                if !pass.plan.steps.is_empty() {
                    // Caches of the template bucket: no change, so not asked for.
                    self.execute(&pass.plan, stop, &Quiet).await;
                }
                return Ok(Converged {
                    pass,
                    end: End::Settled,
                    passes,
                });
            }
            if !driver.consent(&pass)? {
                return Ok(Converged {
                    pass,
                    end: End::Declined,
                    passes,
                });
            }
            if pass.plan.has_changes() {
                driver.begin(&pass.plan);
                let outcome = self.execute(&pass.plan, stop, driver.progress()).await;
                driver.end(&outcome);
                if stop.is_cancelled() {
                    let pass = Pass { outcome, ..pass };
                    return Ok(Converged {
                        pass,
                        end: End::Stopped,
                        passes,
                    });
                }
                let moved = outcome.results.values().any(StepResult::moved);
                if moved && passes < PASSES_AT_ONCE {
                    waits = 0;
                    continue;
                }
            }
            let wait = WAITING.wait(waits, self.entropy.fraction());
            waits += 1;
            tokio::select! {
                () = self.clock.sleep(wait) => {}
                () = stop.cancelled() => {}
            }
        }
        anyhow::bail!("passes ran out")
    }
}
