//! How long to wait before the next attempt or poll.

use std::time::Duration;

/// Waits that grow from `first` by doubling up to `most`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// The longest wait.
    pub most: Duration,
}

impl Backoff {
    /// The wait after `attempt` attempts (0-based), between half and the whole of its step.
    ///
    /// `fraction` in `0.0..1.0` is the jitter: many waiters must not wake at once.
    pub fn wait(&self, attempt: u32, fraction: f64) -> Duration {
        let doubled = self
            .first
            .saturating_mul(2_u32.saturating_pow(attempt.min(20)));
        doubled
            .min(self.most)
            .mul_f64(0.5 + fraction.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_bounded() {
        let backoff = Backoff {
            first: Duration::from_secs(1),
            most: Duration::from_secs(30),
        };
        assert_eq!(backoff.wait(0, 1.0), Duration::from_secs(1));
        assert_eq!(backoff.wait(3, 1.0), Duration::from_secs(8));
        assert_eq!(backoff.wait(9, 1.0), Duration::from_secs(30));
        assert_eq!(backoff.wait(u32::MAX, 0.0), Duration::from_secs(15));
    }
}
