//! `catalogd apply`: the plan is shown, asked for, made, and followed until the catalog has converged.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use indicatif::MultiProgress;

use crate::clock::Clock;
use crate::execute::Outcome;
use crate::execute::progress::{Progress, Quiet};
use crate::ids::Key;
use crate::model::desired::Desired;
use crate::plan::{Action, Plan, Selection};
use crate::reconcile::Pass;
use crate::reconcile::converge::{Driver, End};
use crate::render::{left_out, status};
use crate::status::Health;

use super::args::{SourceArgs, TargetArgs, parse_duration};
use super::connect::{Connected, could_not_observe};
use super::exit::Exit;
use super::out::Out;
use super::plan::{refuse, show};
use super::progress::{Interrupt, Live};
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
    /// Make a saved plan (`catalogd plan --out FILE`) as it was shown, or nothing; does not ask
    #[arg(long, value_name = "FILE", conflicts_with_all = ["partial", "base", "allow_deletes", "only", "portfolio", "with_dependencies"])]
    plan: Option<PathBuf>,
}

impl Apply {
    pub(super) async fn execute(
        self,
        out: &mut Out,
        clock: Clock,
        bars: MultiProgress,
    ) -> Result<Exit> {
        if let Some(file) = self.plan.clone() {
            return self.saved(&file, out, clock, bars).await;
        }
        let selection = self.part.selection()?;
        let state = self.target.state.as_deref();
        let snapshot = self.source.open(state)?.read().await?;
        let mut connected = self
            .target
            .connect(clock, Some(self.source.folder()))
            .await?;
        let loaded = load(out, &snapshot, Some(&connected.target));
        if refuse(out, &loaded, self.partial) {
            return Ok(Exit::Invalid);
        }
        let reconciler = &mut connected.reconciler;
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
        let asked_once = asked.agreed.is_some();
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
            show(out, &pass);
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
            say(out, &connected, &pass, exit);
        }
        Ok(exit)
    }
}

/// Asks the person. Agreed is what was shown as changing or waiting; anything else is asked again.
struct Asked<'a> {
    selection: &'a Selection,
    desired: &'a Desired,
    out: &'a mut Out,
    bars: &'a MultiProgress,
    interrupt: &'a Interrupt,
    yes: bool,
    agreed: Option<BTreeSet<Key>>,
    live: Option<Live>,
}

impl Driver for Asked<'_> {
    fn consent(&mut self, pass: &Pass) -> Result<bool> {
        if let Some(refused) = could_not_observe(&pass.observed) {
            return Err(refused.into());
        }
        selection::check(self.selection, self.desired, &pass.plan)?;
        let objects = pass.plan.objects.iter();
        let touched: BTreeSet<Key> = objects
            .filter(|object| object.action != Action::None || !object.waiting.is_empty())
            .map(|object| object.key.clone())
            .collect();
        let question = match &self.agreed {
            None => "Apply this plan? Only `yes` is a yes:",
            Some(agreed) if touched.is_subset(agreed) => return Ok(true),
            Some(_) => "Something else differs by now. Apply this as well? Only `yes` is a yes:",
        };
        show(self.out, pass);
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
        self.live = Some(live);
    }

    fn progress(&self) -> &dyn Progress {
        match &self.live {
            Some(live) => live,
            None => &Quiet,
        }
    }

    fn end(&mut self, _: &Outcome) {
        if let Some(live) = &self.live {
            live.finish();
        }
    }
}

pub(super) fn exit_of(pass: &Pass) -> Exit {
    let bad = |health: &Health| matches!(health, Health::Degraded | Health::Missing);
    let degraded = pass
        .statuses
        .iter()
        .any(|status| bad(&status.health) || status.stalled.is_some());
    let gaps = !pass.observed.gaps.is_empty();
    if degraded || gaps {
        Exit::Partial
    } else if pass.plan.is_blocked() {
        Exit::Blocked
    } else {
        Exit::Done
    }
}

/// Says how it ended.
fn say(out: &mut Out, connected: &Connected, pass: &Pass, exit: Exit) {
    out.result(&format!(
        "\n{}",
        status::status(&pass.statuses, out.style())
    ));
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
