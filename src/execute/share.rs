//! An action on a share followed to its end.

use crate::aws::error::{Class, Failure};
use crate::plan::op::{Answer, Op, Step};
use crate::run::share::ShareState;

use super::Executor;
use super::follow::Look;
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
        let mut state = ShareState::Asked;
        self.look_until_over(token, async |_| {
            let seen = match self.aws.share_status(token).await {
                Ok(seen) => seen,
                // Not allowed to look: whether it shows is what is left to go by.
                Err(failure) if failure.class == Class::Denied => {
                    tracing::warn!(error = %failure, "an action on a share cannot be followed");
                    return Look::Over(Ok(()));
                }
                Err(failure) => return Look::Unread(state.to_string(), failure),
            };
            state = state.clone().next(seen.status.clone());
            self.progress.event(Event::Share {
                step,
                state: &state,
            });
            let failed = |reason: &str| {
                let failure = Failure::reported(op.call(), reason);
                Look::Over(Err(Stopped::Failed(failure)))
            };
            match &state {
                ShareState::Completed => Look::Over(Ok(())),
                ShareState::Failed if !seen.errors.is_empty() => match seen.reason() {
                    // All that was wrong is that accounts have the portfolio already.
                    None => Look::Over(Ok(())),
                    Some(reason) => failed(&reason),
                },
                ShareState::Failed => {
                    failed(&format!("{token} failed, and the service says no more"))
                }
                ShareState::Asked | ShareState::Working | ShareState::Puzzled(_) => {
                    Look::Open(state.to_string())
                }
            }
        })
        .await
    }
}
