//! One pacer per account and region: every attempt of every call passes it (design §7).
//!
//! The service does not publish its rates (facts §6). So the pacer starts from a modest one, halves it when a
//! throttle says it was too much, and lets it grow back slowly.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Clock;

/// Reads a second, where nothing else is said (design §7).
pub const READS_PER_SECOND: f64 = 10.0;
/// Writes a second, where nothing else is said (design §7).
pub const WRITES_PER_SECOND: f64 = 4.0;
/// The slowest the pacer goes, in calls a second.
const FLOOR: f64 = 0.5;
/// Seconds of calls that may be made at once after a rest.
const BURST_SECONDS: f64 = 1.0;
/// Seconds after which a halved rate has grown back by the whole of its full rate.
const RECOVERY_SECONDS: f64 = 60.0;
/// Throttles within this time count as one: they answer calls that were already under way.
const ONE_THROTTLE: Duration = Duration::from_secs(1);

/// How fast to call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pace {
    /// [`READS_PER_SECOND`] and [`WRITES_PER_SECOND`], less after throttles.
    #[default]
    Default,
    /// Without waiting: emulators.
    None,
}

/// Whether a call changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It does not.
    Read,
    /// It does.
    Write,
}

/// The attempts made so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Attempts of reads.
    pub reads: u64,
    /// Attempts of writes.
    pub writes: u64,
    /// Attempts that were answered with a throttle.
    pub throttled: u64,
    /// Attempts by the API's name of the call.
    pub by_operation: BTreeMap<&'static str, u64>,
}

impl Counts {
    /// All attempts.
    pub fn total(&self) -> u64 {
        self.reads + self.writes
    }

    /// Adds others' attempts.
    pub fn add(&mut self, others: &Self) {
        let Self {
            reads,
            writes,
            throttled,
            by_operation,
        } = others;
        self.reads += reads;
        self.writes += writes;
        self.throttled += throttled;
        for (name, count) in by_operation {
            *self.by_operation.entry(name).or_default() += count;
        }
    }

    /// The attempts since an earlier state of the same counts.
    pub fn since(&self, earlier: &Self) -> Self {
        let by_operation = self
            .by_operation
            .iter()
            .map(|(name, count)| {
                (
                    *name,
                    count - earlier.by_operation.get(name).copied().unwrap_or(0),
                )
            })
            .filter(|(_, count)| *count > 0)
            .collect();
        Self {
            reads: self.reads - earlier.reads,
            writes: self.writes - earlier.writes,
            throttled: self.throttled - earlier.throttled,
            by_operation,
        }
    }
}

/// Spaces the calls to one account and region. Clones share their state.
#[derive(Debug, Clone)]
pub struct Pacer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    reads: Lane,
    writes: Lane,
    counts: Mutex<Counts>,
}

/// Calls of one access: first come, first served.
#[derive(Debug)]
struct Lane {
    /// tokio's mutex is fair: who waits longest goes first, and holds it while the bucket fills.
    turn: tokio::sync::Mutex<()>,
    bucket: Option<Mutex<Bucket>>,
}

/// A token bucket whose rate adapts.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// The rate it recovers to.
    full: f64,
    /// The rate now, calls a second.
    rate: f64,
    /// Calls that may be made at once.
    tokens: f64,
    /// When rate and tokens were last brought up to date.
    at: Timestamp,
    /// When a throttle last halved the rate.
    halved: Option<Timestamp>,
}

impl Pacer {
    /// A pacer of its own.
    pub fn new(pace: Pace, clock: Clock) -> Self {
        let (reads, writes) = match pace {
            Pace::None => (None, None),
            Pace::Default => (Some(READS_PER_SECOND), Some(WRITES_PER_SECOND)),
        };
        Self(Arc::new(Inner {
            reads: Lane::new(reads, clock.now()),
            writes: Lane::new(writes, clock.now()),
            counts: Mutex::default(),
            clock,
        }))
    }

    /// Returns when the next call may be made, in the order of asking, and counts it.
    ///
    /// Dropping the future gives the turn to the next in line without using a call up.
    pub async fn turn(&self, operation: &'static str, access: Access) {
        let lane = self.lane(access);
        if let Some(bucket) = &lane.bucket {
            let _turn = lane.turn.lock().await;
            loop {
                let wait = lock(bucket).take(self.0.clock.now());
                match wait {
                    None => break,
                    Some(wait) => self.0.clock.sleep(wait).await,
                }
            }
        }
        let mut counts = lock(&self.0.counts);
        match access {
            Access::Read => counts.reads += 1,
            Access::Write => counts.writes += 1,
        }
        *counts.by_operation.entry(operation).or_default() += 1;
    }

    /// Tells the pacer that a call was throttled.
    pub fn throttled(&self, access: Access) {
        lock(&self.0.counts).throttled += 1;
        if let Some(bucket) = &self.lane(access).bucket {
            lock(bucket).halve(self.0.clock.now());
        }
    }

    /// The attempts made so far.
    pub fn counts(&self) -> Counts {
        lock(&self.0.counts).clone()
    }

    /// The present rate in calls a second; `None` where nothing is held back.
    pub fn rate(&self, access: Access) -> Option<f64> {
        let bucket = self.lane(access).bucket.as_ref()?;
        let mut bucket = lock(bucket);
        bucket.advance(self.0.clock.now());
        Some(bucket.rate)
    }

    fn lane(&self, access: Access) -> &Lane {
        match access {
            Access::Read => &self.0.reads,
            Access::Write => &self.0.writes,
        }
    }
}

impl Lane {
    fn new(rate: Option<f64>, now: Timestamp) -> Self {
        let bucket = rate.map(|rate| {
            let full = rate.max(FLOOR);
            Mutex::new(Bucket {
                full,
                rate: full,
                tokens: (full * BURST_SECONDS).max(1.0),
                at: now,
                halved: None,
            })
        });
        Self {
            turn: tokio::sync::Mutex::default(),
            bucket,
        }
    }
}

impl Bucket {
    /// Takes a token, or says how long to wait for one.
    fn take(&mut self, now: Timestamp) -> Option<Duration> {
        self.advance(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return None;
        }
        // The timer's grain is a millisecond: a shorter wait would spin.
        let seconds = (1.0 - self.tokens) / self.rate;
        Some(Duration::from_secs_f64(seconds.max(0.001)))
    }

    fn halve(&mut self, now: Timestamp) {
        self.advance(now);
        let fresh = self
            .halved
            .is_none_or(|at| now.duration_since(at).unsigned_abs() >= ONE_THROTTLE);
        if fresh {
            self.rate = (self.rate / 2.0).max(FLOOR);
            self.halved = Some(now);
        }
        self.tokens = 0.0;
    }

    fn advance(&mut self, now: Timestamp) {
        let seconds = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.at = self.at.max(now);
        self.tokens = (self.tokens + seconds * self.rate).min((self.rate * BURST_SECONDS).max(1.0));
        self.rate = (self.rate + self.full * seconds / RECOVERY_SECONDS).min(self.full);
    }
}

/// Locks; a panic elsewhere leaves counters that are still sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn seconds_since(clock: &Clock, start: Timestamp) -> f64 {
        clock.now().duration_since(start).as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn calls_are_spaced_and_counted() {
        let clock = Clock::system();
        let start = clock.now();
        let pacer = Pacer::new(Pace::Default, clock);
        for _ in 0..110 {
            pacer.turn("ListPortfolios", Access::Read).await;
        }
        // Ten at once, then ten a second.
        let took = seconds_since(&clock, start);
        assert!((9.9..10.3).contains(&took), "{took}");
        for _ in 0..24 {
            pacer.turn("CreatePortfolio", Access::Write).await;
        }
        let took = seconds_since(&clock, start) - took;
        assert!((4.9..5.2).contains(&took), "{took}");
        let counts = pacer.counts();
        assert_eq!(
            (counts.reads, counts.writes, counts.total()),
            (110, 24, 134)
        );
        assert_eq!(counts.by_operation["CreatePortfolio"], 24);
    }

    #[tokio::test(start_paused = true)]
    async fn no_pace_never_waits() {
        let clock = Clock::system();
        let start = clock.now();
        let pacer = Pacer::new(Pace::None, clock);
        for _ in 0..10_000 {
            pacer.turn("ListPortfolios", Access::Read).await;
            pacer.throttled(Access::Read);
        }
        assert_eq!(seconds_since(&clock, start), 0.0);
        assert_eq!(
            (pacer.counts().reads, pacer.counts().throttled),
            (10_000, 10_000)
        );
        assert_eq!(pacer.rate(Access::Read), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttle_halves_the_rate_and_it_grows_back() {
        let clock = Clock::system();
        let pacer = Pacer::new(Pace::Default, clock);
        let rate = |access| pacer.rate(access).unwrap();
        // What was under way together is answered together: one throttle.
        pacer.throttled(Access::Read);
        pacer.throttled(Access::Read);
        assert_eq!(rate(Access::Read), 5.0);
        assert_eq!(rate(Access::Write), WRITES_PER_SECOND);
        clock.sleep(Duration::from_secs(2)).await;
        pacer.throttled(Access::Read);
        assert!(
            (2.5..3.0).contains(&rate(Access::Read)),
            "{}",
            rate(Access::Read)
        );
        for _ in 0..20 {
            clock.sleep(Duration::from_secs(1)).await;
            pacer.throttled(Access::Read);
        }
        assert!(rate(Access::Read) >= FLOOR);
        clock.sleep(Duration::from_secs(60)).await;
        assert_eq!(rate(Access::Read), READS_PER_SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_first_goes_first_and_who_leaves_costs_nothing() {
        let clock = Clock::system();
        let pacer = Pacer::new(Pace::Default, clock);
        for _ in 0..READS_PER_SECOND as usize {
            pacer.turn("Warm", Access::Read).await;
        }
        let order = Arc::new(Mutex::new(Vec::new()));
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut tasks = Vec::new();
        for number in 0..20 {
            let (pacer, order, started) = (pacer.clone(), order.clone(), waiting.clone());
            tasks.push(tokio::spawn(async move {
                started.fetch_add(1, Ordering::SeqCst);
                pacer.turn("Ask", Access::Read).await;
                order.lock().unwrap().push(number);
            }));
            while waiting.load(Ordering::SeqCst) <= number {
                tokio::task::yield_now().await;
            }
        }
        tasks[3].abort();
        for task in tasks {
            let _ = task.await;
        }
        let expected: Vec<usize> = (0..20).filter(|n| *n != 3).collect();
        assert_eq!(*order.lock().unwrap(), expected);
        assert_eq!(pacer.counts().by_operation["Ask"], 19);
    }

    #[test]
    fn counts_can_be_compared() {
        let before = Counts {
            reads: 1,
            by_operation: [("A", 1)].into(),
            ..Counts::default()
        };
        let after = Counts {
            reads: 3,
            writes: 1,
            throttled: 1,
            by_operation: [("A", 1), ("B", 3)].into(),
        };
        let between = after.since(&before);
        assert_eq!((between.total(), between.throttled), (3, 1));
        assert_eq!(between.by_operation, [("B", 3)].into());
    }
}
