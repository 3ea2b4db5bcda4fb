//! What the service works on by itself, looked at until it is over: copies, and actions on shares.

use std::fmt::Display;

use crate::aws::error::Failure;

use super::Executor;
use super::step::Stopped;

/// What one look at it said.
pub(super) enum Look {
    /// It is over, and how.
    Over(Result<(), Stopped>),
    /// It is in this state.
    Open(String),
    /// It was last seen in this state, and could not be read now.
    Unread(String, Failure),
}

impl Executor<'_> {
    /// Looks, with growing pauses, until it is over. It is never ended from here: at the deadline, and when execution stops, it
    /// is left to the next pass. `look` is told how often it has looked before.
    pub(super) async fn look_until_over(
        &self,
        id: impl Display,
        mut look: impl AsyncFnMut(u32) -> Look,
    ) -> Result<(), Stopped> {
        let started = self.clock.now();
        for attempt in 0.. {
            let (state, unread) = match look(attempt).await {
                Look::Over(end) => return end,
                Look::Open(state) => (state, String::new()),
                Look::Unread(state, failure) => {
                    tracing::debug!(%id, error = %failure, "not read");
                    (state, format!(" ({failure})"))
                }
            };
            let unfinished = |why: &str| {
                Stopped::Unfinished(format!("{state} at the service as {id}{unread}; {why}"))
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
