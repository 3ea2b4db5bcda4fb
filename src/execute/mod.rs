//! Makes a plan's calls and follows each to its end. It chooses nothing: what runs, with which arguments and after
//! what is the plan's (promise 3); what a failure means is `aws::error`'s; when a thing is done is `run`'s.

mod copy;
mod follow;
mod poll;
pub mod progress;
mod share;
mod step;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::aws::client::Aws;
use crate::aws::error::Failure;
use crate::clock::{Clock, Entropy};
use crate::ids::{Digest, Token};
use crate::model::secret::Secrets;
use crate::plan::Plan;
use crate::plan::op::{Answer, Answers, StepId};
use crate::run::backoff::Backoff;
use crate::run::queue::Queue;
use poll::Poller;
use progress::{Event, Progress};

/// Steps under way at once, those that only wait for a record included: bounds memory, not speed.
const STEPS_AT_ONCE: usize = 1_024;

/// Calls and their confirming reads under way at once; the pacer decides how many go out a second.
const CALLS_AT_ONCE: usize = 16;

/// How patient an execution is.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// A write that the service refuses because it does not see something yet: how long it is repeated
    /// (Terraform waits 3 to 5 minutes, peers C1 10).
    pub visible: Duration,
    /// A write that does not show: how long it is read.
    pub settle: Duration,
    /// A record: how long it is followed. It is never killed; the next pass goes on with it.
    pub record: Duration,
    /// Between two good reads of a write, so that they do not ask the same replica in the same breath.
    pub between_reads: Duration,
    /// Between repeated writes and between reads that do not show yet.
    pub retry: Backoff,
    /// Between polls of records.
    pub poll: Backoff,
}

impl Patience {
    /// For the real service, or an emulator that behaves like it.
    pub const SERVICE: Self = Self {
        visible: Duration::from_secs(180),
        settle: Duration::from_secs(300),
        record: Duration::from_secs(3_600),
        between_reads: Duration::from_secs(1),
        retry: Backoff {
            first: Duration::from_millis(500),
            most: Duration::from_secs(10),
        },
        poll: Backoff {
            first: Duration::from_secs(2),
            most: Duration::from_secs(20),
        },
    };

    /// For an emulator without delays (`--pace none`).
    pub const EMULATOR: Self = Self {
        visible: Duration::from_secs(30),
        settle: Duration::from_secs(30),
        record: Duration::from_secs(600),
        between_reads: Duration::ZERO,
        retry: Backoff {
            first: Duration::from_millis(50),
            most: Duration::from_secs(1),
        },
        poll: Backoff {
            first: Duration::from_millis(100),
            most: Duration::from_secs(1),
        },
    };
}

/// What came of each step.
#[derive(Debug, Default)]
pub struct Outcome {
    /// By step; every step of the plan is here.
    pub results: BTreeMap<StepId, StepResult>,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepResult {
    /// The call was made, and it shows; its record, if any, succeeded.
    Done(Answer),
    /// The service refused, or gave up later.
    Failed(StepFailure),
    /// The token's answer names something that is gone: the next attempt must say so.
    Dead {
        /// The token that was used up.
        token: Token,
        /// The id it still answers with.
        id: String,
    },
    /// Accepted by the service and not over yet, when the deadline or the stop came. The next pass goes on with it.
    Unfinished {
        /// What the call answered.
        answer: Answer,
        /// What it is waiting for.
        waiting: String,
    },
    /// Not made, because that step failed or did not finish.
    Skipped {
        /// The step it needs.
        because: StepId,
    },
    /// Not made, because execution was stopped.
    NotStarted,
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepFailure {
    /// What the service said, classified.
    pub failure: Failure,
    /// [`crate::plan::op::Op::request`] of the call as it was made.
    pub request: Digest,
    /// What the call answered before it failed later.
    pub answer: Option<Answer>,
}

impl StepResult {
    /// Whether the catalog, or what is known of it, is another than before: another pass is worth while.
    pub fn moved(&self) -> bool {
        match self {
            Self::Done(_) | Self::Dead { .. } => true,
            // A call that was refused changed nothing; one that failed later left a record or a version behind.
            Self::Failed(failure) => failure.answer.is_some(),
            Self::Unfinished { .. } | Self::Skipped { .. } | Self::NotStarted => false,
        }
    }
}

impl Outcome {
    /// The steps that failed.
    pub fn failures(&self) -> impl Iterator<Item = (StepId, &StepFailure)> {
        self.results.iter().filter_map(|(id, result)| match result {
            StepResult::Failed(failure) => Some((*id, failure)),
            _ => None,
        })
    }

    /// How many steps were done.
    pub fn done(&self) -> usize {
        self.results
            .values()
            .filter(|result| matches!(result, StepResult::Done(_)))
            .count()
    }

    /// Whether every step was done.
    pub fn is_complete(&self) -> bool {
        self.results
            .values()
            .all(|result| matches!(result, StepResult::Done(_)))
    }
}

/// Makes the calls of plans against one account and region.
pub struct Executor<'a> {
    aws: &'a Aws,
    clock: Clock,
    entropy: Mutex<Entropy>,
    patience: Patience,
    stop: &'a CancellationToken,
    progress: &'a dyn Progress,
    secrets: Secrets,
    calls: Semaphore,
    poller: Poller,
}

impl<'a> Executor<'a> {
    /// An executor. When `stop` is cancelled no new step begins, calls under way finish, and waiting ends. Nothing that it
    /// hands on has any of the `secrets` in it.
    pub fn new(
        aws: &'a Aws,
        clock: Clock,
        entropy: Entropy,
        patience: Patience,
        stop: &'a CancellationToken,
        progress: &'a dyn Progress,
        secrets: Secrets,
    ) -> Self {
        Self {
            aws,
            clock,
            entropy: Mutex::new(entropy),
            patience,
            stop,
            progress,
            secrets,
            calls: Semaphore::new(CALLS_AT_ONCE),
            poller: Poller::default(),
        }
    }

    /// Makes the plan's calls; returns once each is over, given up or left to the next pass.
    pub async fn execute(&self, plan: &Plan) -> Outcome {
        tokio::select! {
            biased;
            outcome = self.run_steps(plan) => outcome,
            never = self.poll_records() => match never {},
        }
    }

    async fn run_steps(&self, plan: &Plan) -> Outcome {
        let mut queue = Queue::new(&plan.steps);
        let mut outcome = Outcome::default();
        let mut answers = Answers::new();
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < STEPS_AT_ONCE && !self.stop.is_cancelled() {
                let Some(step) = queue.start() else { break };
                let op = step.op.resolved(&answers);
                running.push(async move { (step, self.step(step, op).await) });
            }
            let Some((step, result)) = running.next().await else {
                break;
            };
            if let StepResult::Done(answer) = &result {
                answers.insert(step.id, answer.clone());
                queue.succeeded(step.id);
            } else {
                for lost in queue.failed(step.id) {
                    outcome
                        .results
                        .insert(lost, StepResult::Skipped { because: step.id });
                    self.progress.event(Event::Skipped { step: lost });
                }
            }
            self.progress.event(Event::Ended {
                step,
                result: &result,
            });
            outcome.results.insert(step.id, result);
        }
        for step in &plan.steps {
            outcome
                .results
                .entry(step.id)
                .or_insert(StepResult::NotStarted);
        }
        outcome
    }

    /// Jitter in `0.0..1.0`.
    fn jitter(&self) -> f64 {
        self.entropy
            .lock()
            .map(|mut entropy| entropy.fraction())
            .unwrap_or(0.5)
    }

    /// Waits, or returns `false` at once when execution is stopped.
    async fn pause(&self, wait: Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = self.clock.sleep(wait) => true,
        }
    }
}
