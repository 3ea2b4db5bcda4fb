//! `catalogd apply`: the plan is shown, asked for, made, and followed until the catalog has converged.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use indicatif::MultiProgress;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::execute::StepResult;
use crate::ids::Key;
use crate::plan::{Action, Plan};
use crate::reconcile::Pass;
use crate::render::text;
use crate::run::backoff::Backoff;
use crate::status::Health;

use super::args::{SourceArgs, TargetArgs, parse_duration};
use super::connect::{Connected, could_not_observe};
use super::exit::Exit;
use super::out::Out;
use super::plan::{refuse, show};
use super::progress::{Shown, interrupted};
use super::source::load;

/// Between looks at objects that wait for work of the service.
const WAITING: Backoff = Backoff {
    first: Duration::from_secs(1),
    most: Duration::from_secs(20),
};

/// Makes the catalog agree with the manifests.
#[derive(Debug, Args)]
pub(super) struct Apply {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    target: TargetArgs,
    /// Do not ask; needed where there is no terminal
    #[arg(long, short = 'y')]
    yes: bool,
    /// Give up waiting after so long; what runs goes on at the service
    #[arg(long, value_name = "TIME", default_value = "60m", value_parser = parse_duration)]
    timeout: Duration,
    /// Apply the objects without errors, although others have some
    #[arg(long)]
    partial: bool,
    /// The revision last applied: a difference is then said to be git's change or the catalog's drift
    #[arg(long, value_name = "REV")]
    base: Option<String>,
}

impl Apply {
    pub(super) async fn execute(
        self,
        out: &mut Out,
        clock: Clock,
        bars: MultiProgress,
    ) -> Result<Exit> {
        let state = self.target.state.as_deref();
        let snapshot = self.source.open(state)?.read().await?;
        let mut connected = self
            .target
            .connect(clock, Some(&self.source.folder))
            .await?;
        let loaded = load(out, &snapshot, Some(&connected.target));
        if refuse(out, &loaded, self.partial) {
            return Ok(Exit::Invalid);
        }
        let base = match &self.base {
            Some(revision) => Some(self.source.base(revision, state, &connected.target).await?),
            None => None,
        };
        out.note(&format!("{} at {}", connected.greeting, snapshot.revision));
        let stop = interrupted();
        let deadline = stop.child_token();
        let timer = {
            let (deadline, timeout) = (deadline.clone(), self.timeout);
            tokio::spawn(async move {
                clock.sleep(timeout).await;
                deadline.cancel();
            })
        };
        let mut consent = Consent {
            yes: self.yes,
            agreed: None,
        };
        let mut waits = 0;
        let exit = loop {
            let pass = connected
                .reconciler
                .plan(&loaded.desired, base.as_ref())
                .await;
            if let Some(refused) = could_not_observe(&pass.observed) {
                return Err(refused.into());
            }
            if deadline.is_cancelled() {
                break summary(out, &connected, &pass, &stop, true);
            }
            let first = consent.agreed.is_none();
            if !pass.plan.has_changes() && !pass.plan.is_waiting() {
                self.housekeep(&mut connected, &pass.plan, &deadline).await;
                if first {
                    show(out, &pass);
                }
                if exit_of(&pass) == Exit::Done {
                    connected.reconciler.applied(&snapshot.revision.full());
                }
                break summary(out, &connected, &pass, &stop, !first);
            }
            if !consent.given(out, &pass)? {
                out.note("nothing was written");
                break Exit::Error;
            }
            if pass.plan.has_changes() {
                let shown = Shown::new(out, &bars, &pass.plan);
                let outcome = connected
                    .reconciler
                    .execute(&pass.plan, &deadline, &shown)
                    .await;
                shown.finish();
                let moved = outcome.results.values().any(StepResult::moved);
                if moved {
                    waits = 0;
                    continue;
                }
            }
            tokio::select! {
                () = clock.sleep(WAITING.wait(waits, 0.5)) => {}
                () = deadline.cancelled() => {}
            }
            waits += 1;
        };
        timer.abort();
        Ok(exit)
    }

    /// Keeps the caches of the template bucket fresh. Not a change, so not asked for.
    async fn housekeep(&self, connected: &mut Connected, plan: &Plan, stop: &CancellationToken) {
        if !plan.steps.is_empty() {
            let quiet = crate::execute::progress::Quiet;
            connected.reconciler.execute(plan, stop, &quiet).await;
        }
    }
}

/// What the person agreed to: objects shown as changing or waiting. Anything else is asked again.
struct Consent {
    yes: bool,
    agreed: Option<BTreeSet<Key>>,
}

impl Consent {
    fn given(&mut self, out: &mut Out, pass: &Pass) -> Result<bool> {
        let touched: BTreeSet<Key> = pass
            .plan
            .objects
            .iter()
            .filter(|object| object.action != Action::None || !object.waiting.is_empty())
            .map(|object| object.key.clone())
            .collect();
        let question = match &self.agreed {
            None => "Apply this plan? Only `yes` is a yes:",
            Some(agreed) if touched.is_subset(agreed) => return Ok(true),
            Some(_) => "Something else differs by now. Apply this as well? Only `yes` is a yes:",
        };
        show(out, pass);
        if !self.yes {
            if !out.can_ask() {
                bail!("there is no terminal to ask on\n  next: look at the plan, then add --yes");
            }
            if !out.ask(question) {
                return Ok(false);
            }
        }
        self.agreed.get_or_insert_default().extend(touched);
        Ok(true)
    }
}

fn exit_of(pass: &Pass) -> Exit {
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

/// Says how it ended; returns the exit code.
fn summary(
    out: &mut Out,
    connected: &Connected,
    pass: &Pass,
    stop: &CancellationToken,
    say: bool,
) -> Exit {
    let mut exit = exit_of(pass);
    if pass.plan.has_changes() || pass.plan.is_waiting() {
        exit = exit.max(Exit::Deadline);
    }
    if stop.is_cancelled() {
        exit = exit.max(Exit::Interrupted);
    }
    if say || exit != Exit::Done {
        out.result(&text::status(&pass.statuses, out.stdout_color()));
        let calls = connected.reconciler.calls();
        out.note(&match exit {
            Exit::Done => format!("Converged with {calls} calls."),
            Exit::Interrupted => "Interrupted. What runs goes on at the service.".to_owned(),
            Exit::Deadline => {
                "Not converged before the deadline. What runs goes on at the service; apply again to go on."
                    .to_owned()
            }
            Exit::Blocked => "Converged but for what is blocked.".to_owned(),
            _ => "Applied in part: see the objects above.".to_owned(),
        });
    }
    exit
}
