//! `catalogd run`: the daemon.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use indicatif::MultiProgress;

use crate::clock::{Clock, Entropy};
use crate::daemon::{Daemon, Report, Settled};
use crate::execute::{Outcome, StepResult};
use crate::git::{Snapshot, SourceError};
use crate::manifest::{Finding, Loaded};
use crate::model::desired::Desired;
use crate::reconcile::Pass;
use crate::render::safe::line;
use crate::render::{findings, status, text};

use super::args::{SourceArgs, TargetArgs, parse_duration};
use super::connect::{Connected, could_not_observe};
use super::exit::Exit;
use super::out::Out;
use super::policy::{self, PolicyArgs};
use super::progress::{Interrupt, Live};

/// Neither a remote nor the catalog is looked at more often than this.
const LOOKS_APART: Duration = Duration::from_secs(1);

/// Keeps the catalog in agreement with the manifests.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    /// How often the live catalog is compared although the manifests did not change
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = parse_duration)]
    interval: Duration,
    /// How often a repository is asked whether its ref moved; a folder is watched
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    poll: Duration,
}

impl Run {
    pub(super) async fn execute(
        self,
        out: &mut Out,
        clock: Clock,
        bars: MultiProgress,
    ) -> Result<Exit> {
        let policy = self.policy.read(out)?;
        if policy.broken {
            policy::refuse(out);
            return Ok(Exit::Invalid);
        }
        let source = self.source.open(self.target.state.as_deref())?;
        let source = source.polled(self.poll.max(LOOKS_APART));
        let interrupt = Interrupt::graceful(&bars);
        let connecting = self.target.connect(clock, Some(self.source.folder()));
        let connected = tokio::select! {
            connected = connecting => connected?,
            () = interrupt.stop.cancelled() => return Ok(Exit::Done),
        };
        let place = self.source.shown();
        out.note(&format!(
            "catalogd reconciles {place} with {}",
            connected.greeting
        ));
        let watching = match source.poll() {
            None => format!("watching {place}; Ctrl-C stops"),
            Some(poll) => format!("asking {place} every {}; Ctrl-C stops", in_words(poll)),
        };
        let base = self.applied(&connected).await;
        let live = Live::new(out, bars, &interrupt);
        let mut told = Told {
            out,
            live: &live,
            revision: None,
            findings: Vec::new(),
            watching: Some(watching),
            trouble: None,
            unfinished: false,
            last: None,
        };
        let daemon = Daemon {
            source,
            reconciler: connected.reconciler,
            target: connected.target,
            policy,
            base,
            clock,
            entropy: Entropy::system(),
            interval: self.interval.max(LOOKS_APART),
            stop: interrupt.stop.clone(),
            progress: &live,
        };
        daemon.run(&mut told).await;
        let unfinished = told.unfinished;
        out.note(match (unfinished, self.target.emulator) {
            (_, Some(_)) => "stopped; the embedded AWS is gone with all that was in it",
            (true, None) => {
                "stopped; what runs at the service goes on there, and the next start follows it"
            }
            (false, None) => "stopped",
        });
        Ok(Exit::Done)
    }

    /// The manifests that an earlier process last applied in full: with them the first pass can tell git's change from the
    /// catalog's drift. Only a commit can be read again, edits can't; without it everything is the same but the reasons.
    async fn applied(&self, connected: &Connected) -> Option<Arc<Desired>> {
        let revision = connected.reconciler.applied_revision()?;
        if revision.len() != 40 || !revision.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let state = self.target.state.as_deref();
        match self.source.base(revision, state, &connected.target).await {
            Ok(base) => Some(Arc::new(base)),
            Err(error) => {
                tracing::info!(revision, %error, "what was applied last cannot be read again");
                None
            }
        }
    }
}

/// Prints what the loop tells; what it has said already, it does not say again.
struct Told<'a> {
    out: &'a mut Out,
    live: &'a Live,
    revision: Option<String>,
    findings: Vec<Finding>,
    /// Said once, when there is nothing more to do for the first time.
    watching: Option<String>,
    /// Why the source or the catalog can't be read.
    trouble: Option<String>,
    /// Whether the last plan's calls left something running at the service.
    unfinished: bool,
    /// How things stood when that was last said.
    last: Option<String>,
}

impl Told<'_> {
    fn trouble(&mut self, text: String) {
        if self.trouble.as_ref() != Some(&text) {
            self.out.error(&text);
            self.trouble = Some(text);
        }
    }
}

impl Report for Told<'_> {
    fn source_failed(&mut self, error: &SourceError) {
        self.trouble(format!("error: {error}\n  the catalog is left as it is"));
    }

    fn loaded(&mut self, snapshot: &Snapshot, loaded: &Loaded) {
        let revision = snapshot.revision.full();
        if self.revision.as_ref() != Some(&revision) || self.findings != loaded.findings {
            let color = self.out.stderr_color();
            let mut text = format!("\nrevision {}", snapshot.revision);
            let subject = snapshot
                .message
                .as_deref()
                .and_then(|message| message.lines().next());
            if let Some(subject) = subject {
                let _ = write!(text, "  {}", line(subject, 100));
            }
            self.out.note(&text);
            if !loaded.findings.is_empty() {
                self.out
                    .note(&findings::to_text(&loaded.findings, &snapshot.tree, color));
            }
            self.last = None;
        }
        self.revision = Some(revision);
        self.findings.clone_from(&loaded.findings);
    }

    fn planned(&mut self, pass: &Pass) {
        match could_not_observe(&pass.observed) {
            Some(refused) => {
                self.trouble(format!("error: {refused}\n  the catalog is left as it is"));
            }
            None => {
                if self.trouble.take().is_some() {
                    self.last = None;
                }
            }
        }
        if pass.plan.has_changes() {
            self.last = None;
            let plan = text::plan(&pass.plan, self.out.style());
            self.out.result(&format!("\n{plan}"));
            self.live.begin(&pass.plan);
        }
    }

    fn executed(&mut self, _: &Pass, outcome: &Outcome) {
        let mut results = outcome.results.values();
        self.unfinished = results.any(|result| matches!(result, StepResult::Unfinished { .. }));
        self.live.finish();
    }

    fn settled(&mut self, settled: &Settled<'_>) {
        if could_not_observe(&settled.pass.observed).is_some() {
            return;
        }
        let plan = &settled.pass.plan;
        let mut block = text::gaps(plan, self.out.style());
        block.push_str(&status::status(&settled.pass.statuses, self.out.style()));
        block.push_str(&text::orphans(plan, self.out.style()));
        block.push_str(&text::verdicts(plan, self.out.style()));
        let oldest = status::oldest_read(&settled.pass.statuses);
        let oldest = oldest.map_or(String::new(), |at| {
            format!(", and what earlier looks read since {at:.0}")
        });
        // A quiet pass whose words would be the same is not worth a line.
        if self.last.as_ref() != Some(&block) {
            self.out.result(&format!(
                "\n{block}{} calls in {:.1} s{oldest}; next look in {}, or when the manifests change",
                settled.calls,
                settled.took.as_secs_f64(),
                in_words(settled.next),
            ));
            if let Some(watching) = self.watching.take() {
                self.out.note(&watching);
            }
        }
        self.last = Some(block);
    }
}

/// `4m 30s`: a time for people, to the second.
fn in_words(time: Duration) -> String {
    let seconds = time.as_secs().max(1);
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, 0) => format!("{minutes}m"),
        (minutes, seconds) => format!("{minutes}m {seconds}s"),
    }
}
