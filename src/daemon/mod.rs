//! The loop: wake → read the source → passes until nothing moves → report → wait (design §8).

pub mod source;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::clock::{Clock, Entropy};
use crate::execute::Outcome;
use crate::execute::progress::Progress;
use crate::git::{Snapshot, SourceError};
use crate::ids::{Revision, Target};
use crate::manifest::{self, Loaded};
use crate::model::desired::Desired;
use crate::reconcile::converge::PASSES_AT_ONCE;
use crate::reconcile::{Pass, Reconciler};
use crate::rule::Rules;
use crate::run::backoff::Backoff;
use crate::status::Sync;
use crate::telemetry;
use source::{Source, Wakes};

/// Between looks at objects that wait for work of the service.
const WAITING: Backoff = Backoff {
    first: Duration::from_secs(2),
    most: Duration::from_secs(60),
};

/// Between attempts to read a source that cannot be read.
const SOURCE_RETRY: Backoff = Backoff {
    first: Duration::from_secs(5),
    most: Duration::from_secs(300),
};

/// What the loop tells. It is shown, and nothing is decided by it.
pub trait Report {
    /// The source could not be read; the catalog is left alone.
    fn source_failed(&mut self, error: &SourceError);
    /// The source was read.
    fn loaded(&mut self, snapshot: &Snapshot, loaded: &Loaded);
    /// A plan was made.
    fn planned(&mut self, pass: &Pass);
    /// A plan was executed.
    fn executed(&mut self, pass: &Pass, outcome: &Outcome);
    /// The passes are over for now.
    fn settled(&mut self, settled: &Settled<'_>);
}

/// How things stand when the loop goes to sleep.
#[derive(Debug)]
pub struct Settled<'a> {
    /// The last pass.
    pub pass: &'a Pass,
    /// The source's revision.
    pub snapshot: &'a Snapshot,
    /// How many calls the passes made since the loop woke.
    pub calls: u64,
    /// How long they took.
    pub took: Duration,
    /// When the loop looks again at the latest.
    pub next: Duration,
}

/// A loop over one source and one target.
pub struct Daemon<'a> {
    /// Where manifests come from.
    pub source: Source,
    /// What makes the passes.
    pub reconciler: Reconciler,
    /// The account and region.
    pub target: Target,
    /// The team's own rules that do not come from the source.
    pub policy: Rules,
    /// What an earlier process last applied in full, where that can still be read.
    pub base: Option<Arc<Desired>>,
    /// The time.
    pub clock: Clock,
    /// Jitter.
    pub entropy: Entropy,
    /// How often the live catalog is compared although nothing woke the loop.
    pub interval: Duration,
    /// Cancelled when the process is to end: calls under way finish, reads end at once, nothing new begins.
    pub stop: CancellationToken,
    /// Shows steps as they go.
    pub progress: &'a dyn Progress,
}

/// What a cycle came to.
enum Cycle {
    /// Look again after so long, or as soon as the source holds another revision than this one. Asking a source costs
    /// little, reading the catalog does not. Where the source could not be read, any wake is reason enough.
    Wait(Duration, Option<Revision>),
    /// The source moved meanwhile: read it at once.
    Again,
    /// The process is to end.
    Stopped,
}

impl Daemon<'_> {
    /// Loops until `stop` is cancelled.
    pub async fn run(mut self, report: &mut dyn Report) {
        self.reconciler.spare_reads();
        let wakes = self.source.wakes(self.clock);
        let mut state = State {
            base: self.base.take(),
            ..State::default()
        };
        while !self.stop.is_cancelled() {
            let (wait, revision) = match self.cycle(&wakes, &mut state, report).await {
                Cycle::Again => continue,
                Cycle::Stopped => break,
                Cycle::Wait(wait, revision) => (wait, revision),
            };
            let (stop, clock) = (self.stop.clone(), self.clock);
            let changed = async {
                match &revision {
                    Some(revision) => while_the_same(&mut self.source, &wakes, revision).await,
                    None => wakes.wake().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                () = changed => {}
                () = clock.sleep(wait) => {}
            }
        }
    }

    async fn cycle(&mut self, wakes: &Wakes, state: &mut State, report: &mut dyn Report) -> Cycle {
        let read = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Cycle::Stopped,
            read = self.source.read() => read,
        };
        let snapshot = match read {
            Ok(snapshot) => snapshot,
            Err(error) => {
                tracing::info!(%error, "the source cannot be read; the catalog is left alone");
                report.source_failed(&error);
                state.source_failures += 1;
                let wait = SOURCE_RETRY.wait(state.source_failures - 1, self.entropy.fraction());
                return Cycle::Wait(wait.min(self.interval), None);
            }
        };
        state.source_failures = 0;
        let context = manifest::Context {
            target: Some(self.target.clone()),
        };
        let mut loaded = manifest::load(&snapshot.tree, &context);
        let (rules, twins) = manifest::joined(&self.policy, &loaded.rules);
        loaded.findings.extend(twins);
        self.reconciler
            .judge_by(rules, &snapshot.revision.to_string());
        report.loaded(&snapshot, &loaded);
        let desired = Arc::new(loaded.desired);
        let revision = snapshot.revision.full();
        if state.revision.as_ref() != Some(&revision) {
            // A new revision is about to change something, and nothing is changed on the strength of earlier reads.
            self.reconciler.read_all();
            state.revision = Some(revision.clone());
        }
        self.reconciler
            .allow_by_commit(&revision, snapshot.allowed_removals());
        let (started, calls) = (self.clock.now(), self.reconciler.calls());
        let mut passes = 0;
        let pass = loop {
            state.passes += 1;
            passes += 1;
            let revision = snapshot.revision.to_string();
            let span = telemetry::pass_span(state.passes, &revision, &self.target.to_string());
            let step = self.pass(&desired, state.base.as_deref(), &snapshot, wakes, report);
            let Some((pass, end)) = step.instrument(span).await else {
                return Cycle::Stopped;
            };
            match end {
                PassEnd::Moved => return Cycle::Again,
                PassEnd::Progress if passes < PASSES_AT_ONCE => {}
                PassEnd::Progress | PassEnd::Nothing => break pass,
            }
        };
        // What is blocked, stalled or unread was not applied: were it the base, a NoEcho value that it waits with would
        // look as if it had been sent.
        let synced = pass.statuses.iter().all(|s| s.sync == Sync::Synced);
        if synced && !desired.incomplete && pass.plan.gaps.is_empty() {
            self.reconciler.applied(&snapshot.revision.full());
            state.base = Some(Arc::clone(&desired));
        }
        let jitter = self.entropy.fraction();
        let doubtful = pass.plan.gaps.iter().any(|gap| !gap.denied);
        let next = if pass.plan.is_waiting() || pass.plan.has_changes() || doubtful {
            state.waits += 1;
            WAITING.wait(state.waits - 1, jitter).min(self.interval)
        } else {
            state.waits = 0;
            self.interval.mul_f64(0.9 + jitter / 5.0)
        };
        report.settled(&Settled {
            pass: &pass,
            snapshot: &snapshot,
            calls: self.reconciler.calls() - calls,
            took: self.clock.now().duration_since(started).unsigned_abs(),
            next,
        });
        Cycle::Wait(next, Some(snapshot.revision.clone()))
    }

    /// One pass; `None` where the process was told to end. A source that wakes meanwhile stops it at the next safe
    /// point (promise 7).
    async fn pass(
        &mut self,
        desired: &Desired,
        base: Option<&Desired>,
        snapshot: &Snapshot,
        wakes: &Wakes,
        report: &mut dyn Report,
    ) -> Option<(Pass, PassEnd)> {
        // Reading changes nothing, so it may end anywhere.
        let mut pass = tokio::select! {
            biased;
            () = self.stop.cancelled() => return None,
            pass = self.reconciler.plan(desired, base) => pass,
        };
        tracing::Span::current().record("plan", pass.plan.digest.short());
        tracing::info!(
            calls = pass.plan.steps.len(),
            blocked = pass.plan.is_blocked(),
            waiting = pass.plan.is_waiting(),
            gaps = pass.plan.gaps.len(),
            "planned"
        );
        report.planned(&pass);
        if pass.plan.steps.is_empty() {
            return Some((pass, PassEnd::Nothing));
        }
        let halt = self.stop.child_token();
        let (moved, outcome) = {
            let execution = self.reconciler.execute(&pass.plan, &halt, self.progress);
            tokio::pin!(execution);
            let newer = newer_revision(&mut self.source, wakes, &snapshot.revision);
            tokio::select! {
                outcome = &mut execution => (false, outcome),
                () = newer => {
                    halt.cancel();
                    (true, execution.await)
                }
            }
        };
        report.executed(&pass, &outcome);
        if self.stop.is_cancelled() {
            return None;
        }
        let changed = pass
            .plan
            .steps
            .iter()
            .filter(|step| !step.op.is_housekeeping())
            .any(|step| {
                outcome
                    .results
                    .get(&step.id)
                    .is_some_and(|result| result.moved())
            });
        pass.outcome = outcome;
        let end = match (moved, changed) {
            (true, _) => PassEnd::Moved,
            (false, true) => PassEnd::Progress,
            (false, false) => PassEnd::Nothing,
        };
        Some((pass, end))
    }
}

/// Returns once the source no longer holds this revision, or cannot be read: which is then told.
async fn while_the_same(source: &mut Source, wakes: &Wakes, revision: &Revision) {
    loop {
        wakes.wake().await;
        match source.read().await {
            Ok(snapshot) if snapshot.revision == *revision => {}
            Ok(_) | Err(_) => return,
        }
    }
}

/// Returns once the source holds another revision. A source that cannot be read now does not.
async fn newer_revision(source: &mut Source, wakes: &Wakes, revision: &Revision) {
    loop {
        wakes.wake().await;
        if source
            .read()
            .await
            .is_ok_and(|snapshot| snapshot.revision != *revision)
        {
            return;
        }
    }
}

/// What a pass came to.
enum PassEnd {
    /// The source moved: what is left is planned anew.
    Moved,
    /// Something changed: look again.
    Progress,
    /// Nothing more to do now.
    Nothing,
}

/// What the loop remembers between cycles.
#[derive(Default)]
struct State {
    passes: u64,
    source_failures: u32,
    waits: u32,
    /// The revision that the last cycle read.
    revision: Option<String>,
    /// What was last applied in full.
    base: Option<Arc<Desired>>,
}
