//! One step: the call, reads until it shows, and its record followed to the end.

use std::time::Duration;

use jiff::Timestamp;

use crate::aws::confirm::DEAD_AFTER;
use crate::aws::error::{Class, Failure};
use crate::model::observed::ProvisionedStatus;
use crate::plan::op::{Answer, Op, Step};
use crate::run::record::RecordState;
use crate::run::settle::{Read, Settle};
use crate::telemetry;

use super::progress::Event;
use super::{Executor, StepFailure, StepResult};
use tracing::Instrument as _;

/// How a wait ended early.
pub(super) enum Stopped {
    /// A failure of the service.
    Failed(Failure),
    /// The token's answer names something that is gone.
    Dead,
    /// The deadline or the stop came first; what was being waited for.
    Unfinished(String),
}

impl Executor<'_> {
    /// Makes one step. `op` is its call with every argument a value.
    pub(super) async fn step(&self, step: &Step, op: Option<Op>) -> StepResult {
        let Some(op) = op else {
            // The plan's `needs` make this impossible; a plan that broke them is refused, not guessed at.
            let failure = Failure::internal(step.op.call(), "an argument has no value");
            return StepResult::Failed(StepFailure {
                failure,
                request: step.op.request(),
                answer: None,
            });
        };
        let span = telemetry::step_span(op.call(), &step.object.to_string());
        async {
            let result = self.without_secrets(self.drive(step, &op).await);
            match &result {
                StepResult::Done(_) => tracing::info!("step done"),
                StepResult::Failed(failed) => {
                    tracing::info!(error = %failed.failure, "step failed");
                }
                StepResult::Dead { id, .. } => tracing::info!(id, "what the step made is gone"),
                StepResult::Unfinished { waiting, .. } => {
                    tracing::info!(waiting, "step left to the next pass");
                }
                StepResult::Skipped { .. } | StepResult::NotStarted => {}
            }
            result
        }
        .instrument(span)
        .await
    }

    async fn drive(&self, step: &Step, op: &Op) -> StepResult {
        let fail = |failure: Failure, answer: Option<Answer>| {
            StepResult::Failed(StepFailure {
                failure,
                request: op.request(),
                answer,
            })
        };
        let mut answer = {
            let _permit = self.calls.acquire().await;
            self.progress.event(Event::Started { step });
            if let Err(failure) = self.still_ours(step).await {
                return fail(failure, None);
            }
            match self.call(step, op).await {
                Ok(answer) => answer,
                Err(failure) => return fail(failure, None),
            }
        };
        let mut shown = self.follow_copy(step, op, &mut answer).await;
        if shown.is_ok() {
            shown = self.follow_share(step, op, &answer).await;
        }
        if shown.is_ok() {
            let _permit = self.calls.acquire().await;
            shown = self.settle(op, &answer).await;
        }
        match shown {
            Ok(()) => {}
            Err(Stopped::Failed(failure)) => return fail(failure, Some(answer)),
            Err(Stopped::Unfinished(waiting)) => {
                return StepResult::Unfinished { answer, waiting };
            }
            Err(Stopped::Dead) => return self.dead(op, answer),
        }
        let Some(record) = &answer.record else {
            return StepResult::Done(answer);
        };
        tracing::Span::current().record("record", record.as_str());
        match self.follow(step, op, &answer).await {
            Ok(()) => StepResult::Done(answer),
            Err(Stopped::Failed(failure)) => fail(failure, Some(answer)),
            Err(Stopped::Unfinished(waiting)) => StepResult::Unfinished { answer, waiting },
            Err(Stopped::Dead) => self.dead(op, answer),
        }
    }

    /// A result without the secrets that this execution knows: what the service says may be of an earlier request, or of
    /// another's (promise 8).
    fn without_secrets(&self, mut result: StepResult) -> StepResult {
        match &mut result {
            StepResult::Failed(failed) => self.secrets.take_out(&mut failed.failure.message),
            StepResult::Unfinished { waiting, .. } => self.secrets.take_out(waiting),
            StepResult::Done(_)
            | StepResult::Dead { .. }
            | StepResult::Skipped { .. }
            | StepResult::NotStarted => {}
        }
        result
    }

    /// Whether the object of a removal is still ours (promise 2).
    async fn still_ours(&self, step: &Step) -> Result<(), Failure> {
        let Some(ownership) = &step.still else {
            return Ok(());
        };
        match self.aws.is_still_ours(ownership).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                let message = format!(
                    "{} is no longer ours by its mark, so nothing of it is removed",
                    ownership.id
                );
                Err(Failure::internal(step.op.call(), message))
            }
            Err(failure) => Err(failure),
        }
    }

    fn dead(&self, op: &Op, answer: Answer) -> StepResult {
        let id = [
            // One product may see many copies come and go.
            answer.copy.map(|id| id.to_string()),
            answer.product.map(|id| id.to_string()),
            answer.version.map(|id| id.to_string()),
            answer.portfolio.map(|id| id.to_string()),
            answer.constraint.map(|id| id.to_string()),
            answer.service_action.map(|id| id.to_string()),
            answer.provisioned.map(|id| id.to_string()),
        ];
        // A version's answer has no product in it, a product's has both: the product is what is gone.
        match (op.token(), id.into_iter().flatten().next()) {
            (Some(token), Some(id)) => StepResult::Dead { token, id },
            _ => StepResult::Failed(StepFailure {
                failure: Failure::internal(op.call(), "what the call made is gone"),
                request: op.request(),
                answer: None,
            }),
        }
    }

    /// Makes the call, again while the service does not see what was made just before, or is busy with the like.
    async fn call(&self, step: &Step, op: &Op) -> Result<Answer, Failure> {
        let started = self.clock.now();
        for attempt in 0.. {
            let failure = match self.aws.apply(op).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let invisible = matches!(
                failure.class,
                Class::NotVisibleYet | Class::MissingDependency
            );
            // Somebody else's import, or action on a share, is under way: one at a time for the whole account (facts §7).
            let single = matches!(op, Op::Import { .. }) || op.is_share();
            let busy = single && failure.code == "InvalidStateException";
            let waited = self.clock.now().duration_since(started).unsigned_abs();
            if !(invisible || busy) || waited >= self.patience.visible {
                return Err(failure);
            }
            self.progress.event(Event::Retrying {
                step,
                reason: &failure.message,
            });
            if !self
                .pause(self.patience.retry.wait(attempt, self.jitter()))
                .await
            {
                return Err(failure);
            }
        }
        Err(Failure::internal(op.call(), "attempts ran out"))
    }

    /// Reads until the write shows, twice in a row.
    async fn settle(&self, op: &Op, answer: &Answer) -> Result<(), Stopped> {
        if !self.aws.can_lag(op) {
            return Ok(());
        }
        let started = self.clock.now();
        let mut state = Settle::default();
        for attempt in 0.. {
            let read = match self.aws.shows(op, answer).await {
                Ok(read) => read,
                Err(failure) if failure.class == Class::Denied => {
                    // Not allowed to look: the write itself was answered, so that is what we go by.
                    tracing::warn!(error = %failure, "a write cannot be confirmed");
                    return Ok(());
                }
                Err(failure) => Read::NotYet(failure.message),
            };
            state = state.next(read);
            let wait = match &state {
                Settle::Settled => return Ok(()),
                Settle::Gone => return Err(Stopped::Dead),
                Settle::Failed(reason) => {
                    let failure = Failure::reported(op.call(), reason);
                    return Err(Stopped::Failed(failure));
                }
                Settle::Reading { good: 0, missing } => {
                    let waited = self.clock.now().duration_since(started).unsigned_abs();
                    if waited >= self.patience.settle {
                        if answer.repeated {
                            return self.old_copy(op, answer).await;
                        }
                        let missing = missing.clone().unwrap_or_default();
                        return Err(Stopped::Unfinished(format!("not visible yet: {missing}")));
                    }
                    self.patience.retry.wait(attempt, self.jitter())
                }
                Settle::Reading { .. } => self.patience.between_reads,
            };
            if !wait.is_zero() && !self.pause(wait).await {
                return Err(Stopped::Unfinished("stopped before it showed".to_owned()));
            }
        }
        Ok(())
    }

    /// Follows the call's record to its end, then reads until the provisioned product shows it.
    async fn follow(&self, step: &Step, op: &Op, answer: &Answer) -> Result<(), Stopped> {
        let Some(record) = &answer.record else {
            return Ok(());
        };
        let started = self.clock.now();
        let mut states = self.poller.follow(record, answer.created);
        let end = loop {
            let state = states.borrow_and_update().clone();
            if state.is_over() {
                break state;
            }
            self.progress.event(Event::Record {
                step,
                state: &state,
            });
            let waited = self.clock.now().duration_since(started).unsigned_abs();
            let left = self.patience.record.saturating_sub(waited);
            let unfinished = |why: &str| {
                Stopped::Unfinished(format!("{state} at the service as {record}; {why}"))
            };
            tokio::select! {
                changed = states.changed() => if changed.is_err() {
                    return Err(unfinished("nobody follows it any more"));
                },
                () = self.stop.cancelled() => return Err(unfinished("not waited for")),
                () = self.clock.sleep(left) => return Err(unfinished("the deadline passed")),
            }
        };
        self.progress.event(Event::Record { step, state: &end });
        let Some(id) = &answer.provisioned else {
            return Ok(());
        };
        let seen = self.provisioned_end(op, id, &end, answer.created).await?;
        match end {
            RecordState::Succeeded => Ok(()),
            _ => {
                let failure = match seen {
                    Some(message) => Failure::reported(op.call(), &message),
                    None => self.record_failure(op, record).await,
                };
                // CloudFormation repeats the values that it refuses.
                Err(Stopped::Failed(failure.without(&op.secrets())))
            }
        }
    }

    async fn record_failure(&self, op: &Op, record: &crate::ids::RecordId) -> Failure {
        match self.aws.record(record).await {
            Ok(seen) => Failure::reported(op.call(), &seen.reason()),
            Err(failure) => failure,
        }
    }

    /// Reads the provisioned product until it shows the record's end; returns its status message.
    ///
    /// A repeated token answers with the record of its first use, whose provisioned product may be gone by now: that
    /// is believed once the record is old enough (design §7), and until then it is not over.
    async fn provisioned_end(
        &self,
        op: &Op,
        id: &crate::ids::ProvisionedProductId,
        end: &RecordState,
        created: Option<Timestamp>,
    ) -> Result<Option<String>, Stopped> {
        let terminates = matches!(op, Op::Terminate { .. }) && *end == RecordState::Succeeded;
        let started = self.clock.now();
        let mut good = 0;
        for attempt in 0.. {
            let mut missing = false;
            let (shows, message) = match self.aws.provisioned_status(id).await {
                Ok(None) => {
                    missing = !terminates;
                    let age = created.map(|at| self.clock.now().duration_since(at));
                    let old = age.and_then(|age| Duration::try_from(age).ok());
                    (terminates || old.is_some_and(|age| age >= DEAD_AFTER), None)
                }
                Ok(Some((status, message))) => {
                    let stable = match status {
                        ProvisionedStatus::Available => *end == RecordState::Succeeded,
                        ProvisionedStatus::Tainted | ProvisionedStatus::Error => {
                            *end == RecordState::Failed
                        }
                        ProvisionedStatus::UnderChange
                        | ProvisionedStatus::PlanInProgress
                        | ProvisionedStatus::Unknown(_) => false,
                    };
                    (stable && !terminates, message)
                }
                Err(failure) if failure.class == Class::Denied => (true, None),
                Err(_) => (false, None),
            };
            good = if shows { good + 1 } else { 0 };
            if good >= crate::run::settle::GOOD_READS {
                return if missing {
                    Err(Stopped::Dead)
                } else {
                    Ok(message)
                };
            }
            let waited = self.clock.now().duration_since(started).unsigned_abs();
            if waited >= self.patience.settle {
                if missing && *end == RecordState::Succeeded {
                    return Err(Stopped::Unfinished(format!("{id} is not to be seen")));
                }
                // The record is over; what lags is only the view of it, and the next pass reads that again.
                return Ok(message);
            }
            let wait = if shows {
                self.patience.between_reads
            } else {
                self.patience.retry.wait(attempt, self.jitter())
            };
            if !wait.is_zero() && !self.pause(wait).await {
                return Err(Stopped::Unfinished("stopped before it showed".to_owned()));
            }
        }
        Ok(None)
    }
}
