//! An action on a share followed to its end.

use crate::aws::error::{Class, Failure};
use crate::plan::op::{Answer, Op, Step};
use crate::run::share::ShareState;

use super::Executor;
use super::progress::Event;
use super::step::Stopped;

impl Executor<'_> {
    /// Follows the call's action on a share until it is over: it may have reached some accounts and not others.
    pub(super) async fn follow_share(
        &self,
        step: &Step,
        op: &Op,
        answer: &Answer,
    ) -> Result<(), Stopped> {
        let Some(token) = &answer.share else {
            return Ok(());
        };
        let started = self.clock.now();
        let mut state = ShareState::Asked;
        let mut unread = String::new();
        for attempt in 0.. {
            match self.aws.share_status(token).await {
                Ok(seen) => {
                    unread.clear();
                    state = state.next(seen.status.clone());
                    self.progress.event(Event::Share {
                        step,
                        state: &state,
                    });
                    match &state {
                        ShareState::Completed => return Ok(()),
                        ShareState::Failed if !seen.errors.is_empty() => {
                            return match seen.reason() {
                                // All that was wrong is that accounts have the portfolio already.
                                None => Ok(()),
                                Some(reason) => {
                                    let failure = Failure::reported(op.call(), &reason);
                                    Err(Stopped::Failed(failure))
                                }
                            };
                        }
                        ShareState::Failed => {
                            let reason = format!("{token} failed, and the service says no more");
                            let failure = Failure::reported(op.call(), &reason);
                            return Err(Stopped::Failed(failure));
                        }
                        ShareState::Asked | ShareState::Working | ShareState::Puzzled(_) => {}
                    }
                }
                // Not allowed to look: whether it shows is what is left to go by.
                Err(failure) if failure.class == Class::Denied => {
                    tracing::warn!(error = %failure, "an action on a share cannot be followed");
                    return Ok(());
                }
                Err(failure) => {
                    tracing::debug!(%token, error = %failure, "action on a share not read");
                    unread = format!(" ({failure})");
                }
            }
            let unfinished = |why: &str| {
                Stopped::Unfinished(format!("{state} at the service as {token}{unread}; {why}"))
            };
            let waited = self.clock.now().duration_since(started).unsigned_abs();
            if waited >= self.patience.record {
                return Err(unfinished("the deadline passed"));
            }
            let wait = self.patience.poll.wait(attempt, self.jitter());
            if !self.pause(wait).await {
                return Err(unfinished("not waited for"));
            }
        }
        Ok(())
    }
}
