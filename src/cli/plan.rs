//! `catalogd plan`: what apply would do. Writes nothing, S3 included (promise 3).

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use indicatif::MultiProgress;

use crate::clock::Clock;
use crate::manifest::{Loaded, Severity};
use crate::render::{Page, text};
use crate::saved::plan::Options;

use super::args::{SourceArgs, TargetArgs};
use super::connect::could_not_observe;
use super::exit::Exit;
use super::out::Out;
use super::policy::{self, PolicyArgs};
use super::reading::Reading;
use super::saved::{self, Made, parse_life};
use super::selection::{self, SelectionArgs};
use super::show::ShowArgs;
use super::source::load;

/// Shows what apply would do.
#[derive(Debug, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) source: SourceArgs,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    pub(super) policy: PolicyArgs,
    #[command(flatten)]
    pub(super) part: SelectionArgs,
    #[command(flatten)]
    pub(super) show: ShowArgs,
    /// Exit with 2 when a change is pending
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    /// Plan for the objects without errors, although others have some
    #[arg(long)]
    pub(super) partial: bool,
    /// The revision last applied: a difference is then said to be git's change or the catalog's drift
    #[arg(long, value_name = "REV")]
    pub(super) base: Option<String>,
    /// Let up to so many removals and deactivations go at once, beyond what the guard allows
    #[arg(long, value_name = "N")]
    pub(super) allow_deletes: Option<usize>,
    /// Save the plan to be applied as it is shown: `catalogd apply --plan FILE`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How long a saved plan may be applied
    #[arg(long, value_name = "TIME", requires = "out", default_value = "24h", value_parser = parse_life)]
    expires: Duration,
    /// Compare with a file of `catalogd observe`, and not with what is live: nothing is called, and no credentials are needed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "expires", "emulator", "region", "pace", "resend_secrets"])]
    against: Option<PathBuf>,
}

impl Plan {
    pub(super) async fn execute(
        self,
        out: &mut Out,
        clock: Clock,
        bars: MultiProgress,
    ) -> Result<Exit> {
        if let Some(file) = &self.against {
            return self.offline(file, out, clock).await;
        }
        let selection = self.part.selection()?;
        if self.out.is_some() && self.target.emulator.is_some() {
            bail!(
                "--out saves a plan for later, and an embedded AWS ends with this process\n  next: serve one with `catalogd emulator`, or leave --out out"
            );
        }
        out.note(&format!("reading manifests of {} …", self.source.shown()));
        let state = self.target.state.as_deref();
        let given = self.policy.read(out)?;
        let snapshot = self.source.open(state)?.read().await?;
        let mut connected = self
            .target
            .connect(clock, Some(self.source.folder()))
            .await?;
        let loaded = load(out, &snapshot, Some(&connected.target));
        let rules = match refuse(out, &loaded, self.partial) {
            true => None,
            false => policy::all(out, &given, &loaded),
        };
        let Some(rules) = rules else {
            let identity = connected.reconciler.identity();
            self.show
                .refused(out, identity, &snapshot, &loaded, clock)?;
            return Ok(Exit::Invalid);
        };
        let reconciler = &mut connected.reconciler;
        reconciler.judge_by(rules, &snapshot.revision.to_string());
        reconciler.only(selection.keys(&loaded.desired));
        reconciler.allow_removals(self.allow_deletes);
        reconciler.allow_by_commit(&snapshot.revision.full(), snapshot.allowed_removals());
        let (base_revision, base) = match &self.base {
            Some(revision) => {
                let target = &connected.target;
                let (at, base) = self.source.base_at(revision, state, target).await?;
                (Some(at), Some(base))
            }
            None => (None, None),
        };
        let reads = connected.reconciler.reads();
        let reading = Reading::start(out, &bars, clock, connected.reconciler.reads());
        let pass = connected
            .reconciler
            .plan(&loaded.desired, base.as_ref())
            .await;
        drop(reading);
        if let Some(refused) = could_not_observe(&pass.observed) {
            return Err(refused.into());
        }
        selection::check(&selection, &loaded.desired, &pass.plan)?;
        let page = Page {
            revision: Some(&snapshot.revision),
            reads: Some(reads()),
            rates: connected.rates,
            findings: &loaded.findings,
            ..Page::of(&pass.plan)
        };
        self.show.plan(out, &page)?;
        if let Some(file) = &self.out {
            let only = selection.keys(&loaded.desired);
            let made = Made {
                file,
                life: self.expires,
                source: saved::source_of(&self.source)?,
                revision: snapshot.revision.full(),
                base: base_revision,
                options: Options {
                    partial: self.partial,
                    allow_deletes: self.allow_deletes,
                    resend_secrets: saved::keys(&self.target.resend_secrets),
                    only: only.as_ref().map(saved::keys),
                },
            };
            saved::save(out, made, &pass, &connected.reconciler, clock)?;
        }
        Ok(ended(&pass.plan, self.detailed_exitcode))
    }
}

/// How a plan ends that was shown.
pub(super) fn ended(plan: &crate::plan::Plan, detailed: bool) -> Exit {
    if plan.is_denied() {
        Exit::Blocked
    } else if detailed && plan.has_changes() {
        Exit::Changes
    } else {
        Exit::Done
    }
}

/// Says that a source with errors is not acted on; `true` where it is not.
pub(super) fn refuse(out: &mut Out, loaded: &Loaded, partial: bool) -> bool {
    let invalid = loaded
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    if invalid && !partial {
        out.error(
            "error: the manifests have errors; nothing was planned or written\n  \
             next: mend them, or act on the objects without errors with --partial",
        );
    }
    invalid && !partial
}

/// Prints a plan for people.
pub(super) fn show(out: &mut Out, page: &Page<'_>) {
    out.result(&text::page(page, out.style()));
}
