//! `catalogd apply`: the plan is shown, asked for, made, and followed until the catalog has converged.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use indicatif::MultiProgress;

use crate::clock::Clock;
use crate::execute::Outcome;
use crate::execute::progress::{Progress, Quiet};
use crate::ids::{Key, Revision};
use crate::manifest::Finding;
use crate::model::desired::Desired;
use crate::plan::{Action, Plan, Selection};
use crate::reconcile::Pass;
use crate::reconcile::converge::{Driver, End};
use crate::render::{Page, Rates, left_out, status};
use crate::status::{Health, ObjectStatus};

use super::args::{OutputFormat, SourceArgs, TargetArgs, parse_duration};
use super::connect::{Connected, could_not_observe};
use super::exit::Exit;
use super::exit_of as exit_of_error;
use super::ndjson::{Both, Ndjson};
use super::out::Out;
use super::plan::{refuse, show};
use super::policy::{self, PolicyArgs};
use super::progress::{Interrupt, Live};
use super::reading::Reading;
use super::selection::{self, SelectionArgs};
use super::source::load;

/// Makes the catalog agree with the manifests.
#[derive(Debug, Args)]
pub(super) struct Apply {
    #[command(flatten)]
    pub(super) source: SourceArgs,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    pub(super) policy: PolicyArgs,
    #[command(flatten)]
    part: SelectionArgs,
    /// Do not ask; needed where there is no terminal
    #[arg(long, short = 'y')]
    yes: bool,
    /// Give up waiting after so long; what runs goes on at the service
    #[arg(long, value_name = "TIME", default_value = "60m", value_parser = parse_duration)]
    pub(super) timeout: Duration,
    /// Apply the objects without errors, although others have some
    #[arg(long)]
    partial: bool,
    /// The revision last applied: a difference is then said to be git's change or the catalog's drift
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// Let up to so many removals and deactivations go at once, beyond what the guard allows
    #[arg(long, value_name = "N")]
    allow_deletes: Option<usize>,
    /// What is told on standard output; json is one object a line while it goes on (docs/plan-json.md), and needs --yes
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
    /// Fold nothing of the plan away
    #[arg(long)]
    verbose: bool,
    /// Make a saved plan (`catalogd plan --out FILE`) as it was shown, or nothing; does not ask
    #[arg(long, value_name = "FILE", conflicts_with_all = ["partial", "base", "allow_deletes", "only", "portfolio", "with_dependencies"])]
    plan: Option<PathBuf>,
}

/// How an apply ended, for the last line of JSON.
#[derive(Default)]
pub(super) struct Told {
    pub(super) calls: u64,
    pub(super) statuses: Vec<ObjectStatus>,
}

impl Apply {
    pub(super) async fn execute(
        self,
        out: &mut Out,
        clock: Clock,
        bars: MultiProgress,
    ) -> Result<Exit> {
        out.set_verbose(self.verbose);
        if self.format == OutputFormat::Text {
            return self
                .apply(out, clock, bars, None, &mut Told::default())
                .await;
        }
        let lines = Arc::new(Ndjson::start(clock));
        let mut told = Told::default();
        let ended = if self.yes || self.plan.is_some() {
            let lines = Some(Arc::clone(&lines));
            self.apply(out, clock, bars, lines, &mut told).await
        } else {
            Err(anyhow::anyhow!(
                "--format json asks nothing\n  next: look at the plan, then add --yes"
            ))
        };
        let exit = match &ended {
            Ok(exit) => *exit,
            Err(error) => {
                lines.error(&format!("{error:#}"));
                exit_of_error(error)
            }
        };
        lines.summary(exit, told.calls, &told.statuses);
        ended
    }

    async fn apply(
        self,
        out: &mut Out,
        clock: Clock,
        bars: MultiProgress,
        lines: Option<Arc<Ndjson>>,
        told: &mut Told,
    ) -> Result<Exit> {
        if let Some(file) = self.plan.clone() {
            return self.saved(&file, out, clock, bars, lines, told).await;
        }
        let selection = self.part.selection()?;
        out.note(&format!("reading manifests of {} …", self.source.shown()));
        let state = self.target.state.as_deref();
        let given = self.policy.read(out)?;
        let snapshot = self.source.open(state)?.read().await?;
        let mut connected = self
            .target
            .connect(clock, Some(self.source.folder()))
            .await?;
        let loaded = load(out, &snapshot, Some(&connected.target));
        if refuse(out, &loaded, self.partial) {
            return Ok(Exit::Invalid);
        }
        let Some(rules) = policy::all(out, &given, &loaded) else {
            return Ok(Exit::Invalid);
        };
        let reconciler = &mut connected.reconciler;
        reconciler.judge_by(rules, &snapshot.revision.to_string());
        reconciler.only(selection.keys(&loaded.desired));
        reconciler.allow_removals(self.allow_deletes);
        reconciler.allow_by_commit(&snapshot.revision.full(), snapshot.allowed_removals());
        let base = match &self.base {
            Some(revision) => Some(self.source.base(revision, state, &connected.target).await?),
            None => None,
        };
        out.note(&format!(
            "{}, manifests of {}",
            connected.greeting, snapshot.revision
        ));
        let interrupt = Interrupt::abrupt(&bars);
        let deadline = interrupt.stop.child_token();
        let timer = {
            let (deadline, timeout) = (deadline.clone(), self.timeout);
            tokio::spawn(async move {
                clock.sleep(timeout).await;
                deadline.cancel();
            })
        };
        let mut asked = Asked {
            selection: &selection,
            desired: &loaded.desired,
            out,
            clock,
            revision: &snapshot.revision,
            findings: &loaded.findings,
            reads: Arc::new(connected.reconciler.reads()),
            rates: connected.rates,
            lines,
            reading: None,
            bars: &bars,
            interrupt: &interrupt,
            yes: self.yes,
            agreed: None,
            live: None,
        };
        let ended = connected
            .reconciler
            .converge(&loaded.desired, base.as_ref(), &deadline, &mut asked)
            .await?;
        asked.reading = None;
        let asked_once = asked.agreed.is_some();
        let (lines, reads) = (asked.lines.take(), (asked.reads)());
        told.calls = connected.reconciler.calls();
        timer.abort();
        if let Some(refused) = could_not_observe(&ended.pass.observed) {
            return Err(refused.into());
        }
        let pass = match ended.end {
            End::Declined => {
                out.note("nothing was written");
                return Ok(Exit::Error);
            }
            End::Stopped if interrupt.stop.is_cancelled() => {
                out.note("Interrupted. What runs goes on at the service; apply again to go on.");
                return Ok(Exit::Interrupted);
            }
            // The last plan is older than what came of it.
            End::Stopped => {
                let base = base.as_ref();
                connected.reconciler.plan(&loaded.desired, base).await
            }
            End::Settled => ended.pass,
        };
        if !asked_once {
            selection::check(&selection, &loaded.desired, &pass.plan)?;
            let page = Page {
                revision: Some(&snapshot.revision),
                reads: Some(reads),
                rates: connected.rates,
                findings: &loaded.findings,
                ..Page::of(&pass.plan)
            };
            match &lines {
                Some(lines) => lines.plan(&page),
                None => show(out, &page),
            }
        }
        let mut exit = exit_of(&pass);
        if !loaded.desired.broken.is_empty() || loaded.desired.incomplete {
            exit = exit.max(Exit::Partial);
        }
        if ended.end == End::Stopped {
            exit = exit.max(Exit::Deadline);
        } else if exit == Exit::Done && selection.is_empty() {
            connected.reconciler.applied(&snapshot.revision.full());
        }
        if asked_once || exit != Exit::Done {
            say(out, &connected, &pass, exit, lines.is_some());
        }
        told.calls = connected.reconciler.calls();
        told.statuses = pass.statuses;
        Ok(exit)
    }
}

/// Asks the person. Agreed is what was shown as changing or waiting; anything else is asked again.
struct Asked<'a> {
    selection: &'a Selection,
    desired: &'a Desired,
    out: &'a mut Out,
    clock: Clock,
    revision: &'a Revision,
    findings: &'a [Finding],
    reads: Arc<dyn Fn() -> u64 + Send + Sync>,
    rates: Option<Rates>,
    /// What a program is told.
    lines: Option<Arc<Ndjson>>,
    reading: Option<Reading>,
    bars: &'a MultiProgress,
    interrupt: &'a Interrupt,
    yes: bool,
    agreed: Option<BTreeSet<Key>>,
    live: Option<Both>,
}

impl Driver for Asked<'_> {
    fn looks(&mut self) {
        // Told once: further passes are a part of what is shown already.
        if self.agreed.is_none() && self.reading.is_none() {
            self.reading = Some(self.start_reading());
        }
    }

    fn consent(&mut self, pass: &Pass) -> Result<bool> {
        self.reading = None;
        if let Some(refused) = could_not_observe(&pass.observed) {
            return Err(refused.into());
        }
        selection::check(self.selection, self.desired, &pass.plan)?;
        let objects = pass.plan.objects.iter();
        let touched: BTreeSet<Key> = objects
            .filter(|object| object.action != Action::None || !object.waiting.is_empty())
            .map(|object| object.key.clone())
            .collect();
        let page = Page {
            revision: Some(self.revision),
            reads: Some((self.reads)()),
            rates: self.rates,
            findings: self.findings,
            ..Page::of(&pass.plan)
        };
        if let Some(lines) = &self.lines {
            // A program is told every pass's plan: its steps are numbered by it.
            lines.plan(&page);
            self.agreed.get_or_insert_default().extend(touched);
            return Ok(true);
        }
        let question = match &self.agreed {
            None => "Apply this plan? Only `yes` is a yes:",
            Some(agreed) if touched.is_subset(agreed) => return Ok(true),
            Some(_) => "Something else differs by now. Apply this as well? Only `yes` is a yes:",
        };
        show(self.out, &page);
        if !self.yes {
            if !self.out.can_ask() {
                bail!("there is no terminal to ask on\n  next: look at the plan, then add --yes");
            }
            if !self.out.ask(question) {
                return Ok(false);
            }
        }
        self.agreed.get_or_insert_default().extend(touched);
        Ok(true)
    }

    fn begin(&mut self, plan: &Plan) {
        let live = Live::new(self.out, self.bars.clone(), self.interrupt);
        live.begin(plan);
        let lines = self.lines.clone();
        self.live = Some(Both { live, lines });
    }

    fn progress(&self) -> &dyn Progress {
        match &self.live {
            Some(live) => live,
            None => &Quiet,
        }
    }

    fn end(&mut self, outcome: &Outcome) {
        if let Some(both) = &self.live {
            both.live.finish();
        }
        if let Some(lines) = &self.lines {
            lines.pass(outcome);
        }
    }
}

impl Asked<'_> {
    fn start_reading(&mut self) -> Reading {
        let reads = Arc::clone(&self.reads);
        Reading::start(self.out, self.bars, self.clock, move || reads())
    }
}

pub(super) fn exit_of(pass: &Pass) -> Exit {
    // What is not there because it may not be made is blocked, not failed.
    let bad = |status: &ObjectStatus| match status.health {
        Health::Degraded => true,
        Health::Missing => status.blocked.is_empty(),
        Health::Healthy | Health::Progressing | Health::Unknown => false,
    };
    let degraded = pass
        .statuses
        .iter()
        .any(|status| bad(status) || status.stalled.is_some());
    let gaps = !pass.observed.gaps.is_empty();
    if degraded || gaps {
        Exit::Partial
    } else if pass.plan.is_blocked() || pass.plan.is_denied() {
        Exit::Blocked
    } else {
        Exit::Done
    }
}

/// Says how it ended.
fn say(out: &mut Out, connected: &Connected, pass: &Pass, exit: Exit, is_told: bool) {
    // Where standard output is a program's, the last line has this.
    if !is_told {
        out.result(&format!(
            "\n{}",
            status::status(&pass.statuses, out.style())
        ));
    }
    if let Some(left_out) = left_out(&pass.plan) {
        out.note(&format!("Warning: {left_out}."));
    }
    let calls = connected.reconciler.calls();
    out.note(&match exit {
        Exit::Done => format!("Converged with {calls} calls."),
        Exit::Deadline => "Not converged before the deadline. What runs goes on at the service; \
             apply again to go on."
            .to_owned(),
        Exit::Blocked => "Converged but for what is blocked.".to_owned(),
        _ => "Applied in part: see the objects above.".to_owned(),
    });
}
