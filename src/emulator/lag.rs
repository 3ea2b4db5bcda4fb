//! Reads that see the past: the service is not strongly consistent (facts §7).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::faults::{Lag, seconds};
use super::state::Catalog;
use crate::clock::Entropy;

/// How many states are kept: each may copy the lists of all objects.
const MAX_STATES: usize = 256;

/// Recent states, oldest first. Empty while no lag is asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct History(VecDeque<(Timestamp, Arc<Catalog>)>);

/// An extension of a request that sees the newest state, whatever lags: a seed that waits for an end must not take the
/// one before for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steady;

/// How a call sees the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// A describe, or a write that depends on another object being visible.
    Describe,
    /// A search or a list: these are indexes, and lag longer.
    Search,
}

impl History {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the state as of `at` and forgets what nobody within `span` can ask for any more.
    pub(super) fn push(&mut self, at: Timestamp, state: Arc<Catalog>, span: Duration) {
        let at = self.0.back().map_or(at, |(last, _)| at.max(*last));
        self.0.push_back((at, state));
        let oldest = before(at, span);
        while self.0.get(1).is_some_and(|(next, _)| *next <= oldest) {
            self.0.pop_front();
        }
        if self.0.len() > MAX_STATES
            && let Some((since, _)) = self.0.pop_front()
            && let Some((next, _)) = self.0.front_mut()
        {
            // The next stands for what it follows: who looks far back sees a little less far.
            *next = since;
        }
    }

    /// The state as it was then; `None` if nobody remembers, and so the newest is the one to see.
    pub(super) fn at(&self, moment: Timestamp) -> Option<&Arc<Catalog>> {
        let index = self.0.partition_point(|(time, _)| *time <= moment);
        let (_, state) = self.0.get(index.checked_sub(1)?)?;
        Some(state)
    }
}

/// The moment as of which a call sees all catalogs, drawn for this call; `None` for the newest.
pub(super) fn moment(
    lag: Option<Lag>,
    sight: Sight,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Option<Timestamp> {
    let lag = lag?;
    let most = match sight {
        Sight::Describe => lag.describe,
        Sight::Search => lag.search,
    };
    // Both numbers are drawn each time, so that a state does not shift the seed's later draws.
    let (stale, depth) = (entropy.chance(lag.chance), entropy.fraction());
    stale.then(|| before(now, seconds(most * depth)))
}

/// The longest a read may lag.
pub(super) fn span(lag: Lag) -> Duration {
    seconds(lag.describe.max(lag.search))
}

fn before(at: Timestamp, span: Duration) -> Timestamp {
    at.checked_sub(span).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn old_states_are_forgotten_but_the_one_in_force() {
        let mut history = History::default();
        for second in [0, 1, 2, 30] {
            history.push(at(second), Arc::default(), Duration::from_secs(10));
        }
        assert_eq!(history.0.len(), 2);
        assert_eq!(history.0[0].0, at(2));
    }

    #[test]
    fn of_many_states_the_newest_are_kept_and_stand_for_the_others() {
        let mut history = History::default();
        for second in 0..1_000 {
            history.push(at(second), Arc::default(), Duration::from_secs(100_000));
        }
        assert_eq!(history.0.len(), MAX_STATES);
        let oldest = &history.0[0].1;
        assert!(Arc::ptr_eq(history.at(at(5)).unwrap(), oldest));
        let newest = &history.0[MAX_STATES - 1].1;
        assert!(Arc::ptr_eq(history.at(at(5_000)).unwrap(), newest));
    }

    #[test]
    fn reads_flip_between_the_past_and_the_present() {
        let lag = Lag {
            describe: 5.0,
            search: 10.0,
            chance: 0.5,
        };
        let mut entropy = Entropy::seeded(7);
        let seen: Vec<bool> = (0..20)
            .map(|_| moment(Some(lag), Sight::Describe, at(20), &mut entropy).is_some())
            .collect();
        assert!(seen.contains(&true) && seen.contains(&false));
        assert!(moment(None, Sight::Search, at(20), &mut entropy).is_none());
    }

    #[test]
    fn what_nobody_remembers_is_not_seen() {
        let mut history = History::default();
        history.push(at(10), Arc::default(), Duration::from_secs(10));
        assert!(history.at(at(9)).is_none());
        assert!(history.at(at(10)).is_some());
    }
}
