//! `catalogd run`: the daemon.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use indicatif::MultiProgress;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Entropy};
use crate::daemon::{Daemon, Report, Settled};
use crate::execute::Outcome;
use crate::git::{Snapshot, SourceError};
use crate::manifest::{Finding, Loaded};
use crate::reconcile::Pass;
use crate::render::safe::line;
use crate::render::{findings, status, text};

use super::args::{SourceArgs, TargetArgs, parse_duration};
use super::connect::could_not_observe;
use super::exit::Exit;
use super::out::Out;
use super::progress::{Live, interrupted};

/// Keeps the catalog in agreement with the manifests.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    target: TargetArgs,
    /// How often the live catalog is compared although the manifests did not change
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = parse_duration)]
    interval: Duration,
}

impl Run {
    pub(super) async fn execute(
        self,
        out: &mut Out,
        clock: Clock,
        bars: MultiProgress,
    ) -> Result<Exit> {
        let source = self.source.open(self.target.state.as_deref())?;
        let stop: CancellationToken = interrupted();
        let connected = self
            .target
            .connect(clock, Some(&self.source.folder))
            .await?;
        let place = match &self.source.git {
            Some(url) => crate::git::redact(url),
            None => self.source.folder.display().to_string(),
        };
        out.note(&format!(
            "catalogd reconciles {place} with {}",
            connected.greeting
        ));
        let live = Live::new(out, bars);
        let mut told = Told {
            out,
            live: &live,
            revision: None,
            findings: Vec::new(),
            last: None,
        };
        let daemon = Daemon {
            source,
            reconciler: connected.reconciler,
            target: connected.target,
            clock,
            entropy: Entropy::system(),
            interval: self.interval,
            stop,
            progress: &live,
        };
        daemon.run(&mut told).await;
        out.note("stopped; nothing was left half-done");
        Ok(Exit::Done)
    }
}

/// Prints what the loop tells.
struct Told<'a> {
    out: &'a mut Out,
    live: &'a Live,
    revision: Option<String>,
    findings: Vec<Finding>,
    last: Option<String>,
}

impl Report for Told<'_> {
    fn source_failed(&mut self, error: &SourceError) {
        let text = format!("error: {error}\n  the catalog is left as it is");
        if self.last.as_deref() != Some(&text) {
            self.out.error(&text);
            self.last = Some(text);
        }
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
        }
        self.revision = Some(revision);
        self.findings.clone_from(&loaded.findings);
    }

    fn planned(&mut self, pass: &Pass) {
        if let Some(refused) = could_not_observe(&pass.observed) {
            self.out.error(&format!("error: {refused}"));
        }
        if pass.plan.has_changes() {
            self.last = None;
            self.out.result(&text::plan(&pass.plan, self.out.style()));
            self.live.begin(&pass.plan);
        }
    }

    fn executed(&mut self, _: &Pass, _: &Outcome) {
        self.live.finish();
    }

    fn settled(&mut self, settled: &Settled<'_>) {
        let block = status::status(&settled.pass.statuses, self.out.style());
        let line = format!(
            "{}{} calls in {:.1} s; looking again in {}, or when something changes",
            block,
            settled.calls,
            settled.took.as_secs_f64(),
            in_words(settled.next),
        );
        // A quiet pass whose words would be the same is not worth a line.
        if self.last.as_ref() != Some(&block) {
            self.out.result(&line);
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
