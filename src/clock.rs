//! The only place that reads time or entropy.
//!
//! A [`Clock`] is anchored once to the wall clock and then advances with tokio's timer, so under
//! `tokio::time::pause` the whole program, the embedded AWS included, runs in virtual time.

use std::time::Duration;

use jiff::Timestamp;

/// A source of the current time. Cheap to clone; clones agree.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    anchor: Timestamp,
    start: tokio::time::Instant,
}

impl Clock {
    /// A clock that starts at the machine's wall-clock time.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the clock"
    )]
    pub fn system() -> Self {
        Self::starting_at(Timestamp::now())
    }

    /// A clock that starts at `anchor`: tests that need reproducible timestamps use it.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the clock"
    )]
    pub fn starting_at(anchor: Timestamp) -> Self {
        Self {
            anchor,
            start: tokio::time::Instant::now(),
        }
    }

    /// The time now. Never goes back.
    pub fn now(&self) -> Timestamp {
        let elapsed = self.start.elapsed();
        self.anchor.checked_add(elapsed).unwrap_or(Timestamp::MAX)
    }

    /// Returns once `duration` has passed (at once in a paused runtime that has nothing else to do).
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A seeded source of randomness: the same seed gives the same sequence.
#[derive(Debug, Clone)]
pub struct Entropy(fastrand::Rng);

impl Entropy {
    /// Reproducible randomness, for tests and for the emulator's faults.
    pub fn seeded(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// Randomness of the operating system: jitter in production.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads entropy"
    )]
    pub fn system() -> Self {
        Self(fastrand::Rng::new())
    }

    /// What [`Self::seeded`] goes on from with the same sequence.
    pub fn state(&self) -> u64 {
        self.0.get_seed()
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A number in `0.0..1.0`.
    pub fn fraction(&mut self) -> f64 {
        self.0.f64()
    }

    /// A number in `0..bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.0.u64(0..bound) }
    }

    /// True with the given probability (clamped to `0.0..=1.0`).
    pub fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn virtual_time_moves_the_clock() {
        let clock = Clock::system();
        let before = clock.now();
        clock.sleep(Duration::from_secs(3600)).await;
        assert!(clock.now().duration_since(before).as_secs() >= 3600);
    }

    #[test]
    fn the_same_seed_gives_the_same_sequence() {
        let (mut a, mut b) = (Entropy::seeded(7), Entropy::seeded(7));
        for _ in 0..100 {
            assert_eq!(a.bits(), b.bits());
        }
    }
}
