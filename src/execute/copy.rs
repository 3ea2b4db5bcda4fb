//! A copy followed to its end.

use crate::aws::error::{Class, Failure};
use crate::plan::op::{Answer, CopyTarget, Op, Step};
use crate::run::copy::CopyState;
use crate::run::settle::Read;

use super::Executor;
use super::follow::Look;
use super::progress::Event;
use super::step::Stopped;

impl Executor<'_> {
    /// Follows the call's copy until it has succeeded or failed, and notes the product that it made in the answer: a
    /// copy that failed may have left one behind.
    pub(super) async fn follow_copy(
        &self,
        step: &Step,
        op: &Op,
        answer: &mut Answer,
    ) -> Result<(), Stopped> {
        let Some(copy) = answer.copy.clone() else {
            return Ok(());
        };
        let mut state = CopyState::Asked;
        self.look_until_over(&copy, async |attempt| {
            let seen = match self.aws.copy_status(&copy).await {
                Ok(seen) => seen,
                Err(failure) if failure.class == Class::Denied => {
                    return Look::Over(Err(Stopped::Failed(failure)));
                }
                Err(failure) => return Look::Unread(state.to_string(), failure),
            };
            state = state.clone().next(seen.status);
            answer.product = seen.product.or(answer.product.take());
            answer.repeated = attempt == 0 && state.is_over();
            self.progress.event(Event::Copy {
                step,
                state: &state,
            });
            match &state {
                CopyState::Succeeded => Look::Over(Ok(())),
                CopyState::Failed => {
                    answer.spent = true;
                    let silent = || format!("{copy} failed, and the service says no more");
                    let reason = seen.detail.unwrap_or_else(silent);
                    let failure = Failure::reported(op.call(), &reason);
                    Look::Over(Err(Stopped::Failed(failure)))
                }
                CopyState::Asked | CopyState::Working | CopyState::Puzzled(_) => {
                    Look::Open(state.to_string())
                }
            }
        })
        .await
    }

    /// What to make of a copy that was over before this call and does not show for as long as any write is waited for:
    /// the token was used long ago, and what it made may be gone by now, or may never have had all that is asked for
    /// today.
    pub(super) async fn old_copy(&self, op: &Op, answer: &Answer) -> Result<(), Stopped> {
        let Op::CopyProduct { to, .. } = op else {
            return Err(Stopped::Dead);
        };
        // What could not be read is no proof of anything (promise 1).
        let unread = |failure: Failure| Err(Stopped::Unfinished(failure.message));
        match (to, &answer.product) {
            (CopyTarget::New { .. }, Some(product)) => match self.aws.is_there(product).await {
                Ok(false) => Err(Stopped::Dead),
                Ok(true) => Ok(()),
                Err(failure) => unread(failure),
            },
            (CopyTarget::New { .. }, None) => Err(Stopped::Unfinished(
                "the copy has succeeded, and the service does not say what it made".to_owned(),
            )),
            (CopyTarget::Existing(_), _) => match self.aws.shows(op, answer).await {
                Ok(Read::Shows) => Ok(()),
                Ok(_) => Err(Stopped::Dead),
                Err(failure) => unread(failure),
            },
        }
    }
}
