//! Calls and time of a plan, as far as they can be known: the pace is ours, how long a stack takes is not.

use super::doc::count;
use crate::plan::Plan;
use crate::plan::op::Op;

/// Reads that show a write: it counts once two in a row show it.
const READS_A_WRITE: u64 = 2;

/// How fast calls go out, a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Reads.
    pub reads: u32,
    /// Writes.
    pub writes: u32,
}

/// Calls and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Reads that the plan took; `None` where nobody counted.
    pub reads: Option<u64>,
    /// Calls that change something.
    pub writes: u64,
    /// Those of them that start work on a stack, which takes as long as it takes.
    pub launches: u64,
    /// Seconds that the calls of an apply take at that pace, the launches' own time not among them.
    pub seconds: Option<u64>,
    /// The pace.
    pub rates: Option<Rates>,
}

impl Estimate {
    /// Of a plan.
    pub fn of(plan: &Plan, reads: Option<u64>, rates: Option<Rates>) -> Self {
        let steps = || plan.steps.iter().filter(|s| !s.op.is_housekeeping());
        let writes = steps().count() as u64;
        let launches = steps().filter(|step| is_launch(&step.op)).count() as u64;
        // An apply reads everything, writes and looks at what it wrote side by side, and reads everything again.
        let seconds = reads.zip(rates).map(|(reads, rates)| {
            let (read, write) = (
                u64::from(rates.reads.max(1)),
                u64::from(rates.writes.max(1)),
            );
            let passes = if writes > 0 { 2 } else { 1 };
            let reading = (passes * reads).div_ceil(read);
            reading
                + writes
                    .div_ceil(write)
                    .max((READS_A_WRITE * writes).div_ceil(read))
        });
        Self {
            reads,
            writes,
            launches,
            seconds,
            rates,
        }
    }

    /// In words, a line a thought; empty where nothing was counted.
    pub(super) fn words(&self) -> Vec<String> {
        let Some(reads) = self.reads else {
            return Vec::new();
        };
        let made = match reads {
            0 => "none made".to_owned(),
            reads => {
                let reads = count(usize::try_from(reads).unwrap_or(usize::MAX), "read");
                format!("{reads} done")
            }
        };
        if self.writes == 0 {
            return vec![format!("Calls: {made}, none planned.")];
        }
        let planned = count(usize::try_from(self.writes).unwrap_or(usize::MAX), "write");
        let mut words = vec![match self.seconds.zip(self.rates) {
            Some((seconds, rates)) => format!(
                "Calls: {made}, {planned} planned; to apply takes about {} at {} reads and {} writes a second.",
                time(seconds),
                rates.reads,
                rates.writes
            ),
            None => format!("Calls: {made}, {planned} planned."),
        }];
        if self.launches > 0 {
            let calls = count(usize::try_from(self.launches).unwrap_or(usize::MAX), "call");
            let verb = if self.launches == 1 {
                "starts"
            } else {
                "start"
            };
            words.push(format!(
                "On top of that {calls} {verb} work on a stack, and each takes as long as the service takes: often minutes."
            ));
        }
        words
    }
}

/// Whether the service works on a stack after the call was answered.
fn is_launch(op: &Op) -> bool {
    matches!(
        op,
        Op::Provision { .. }
            | Op::Import { .. }
            | Op::UpdateProvisioned { .. }
            | Op::Terminate { .. }
    )
}

/// `40 s`, `3 min`, `1 h 20 min`: no more exact than it is true.
fn time(seconds: u64) -> String {
    match seconds {
        0..=99 => format!("{} s", seconds.max(1)),
        100..=5_999 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_no_more_exact_than_they_are_true() {
        assert_eq!(time(0), "1 s");
        assert_eq!(time(99), "99 s");
        assert_eq!(time(100), "2 min");
        assert_eq!(time(7_260), "2 h 1 min");
    }
}
