//! What is seen while calls are made: bars on a terminal, plain lines elsewhere; and Ctrl-C.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::execute::StepResult;
use crate::execute::progress::{Event, Progress};
use crate::ids::Key;
use crate::plan::Plan;
use crate::plan::op::{Step, StepId};
use crate::render::safe::{MESSAGE, line};
use crate::run::record::RecordState;

use super::out::Out;

/// The bars of this process: hidden where nobody watches.
pub(super) fn bars(out: &Out) -> MultiProgress {
    let target = if out.has_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    MultiProgress::with_draw_target(target)
}

/// Cancelled by the first Ctrl-C or SIGTERM; a second one ends the process at once.
pub(super) fn interrupted() -> CancellationToken {
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        signal().await;
        tracing::info!("stopping: calls under way finish, nothing new begins");
        stop.cancel();
        signal().await;
        std::process::exit(i32::from(super::Exit::Interrupted.code()));
    });
    token
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => signals.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate => {}
    }
}

/// Shows the steps of one plan after another.
pub(super) struct Live {
    bars: MultiProgress,
    terminal: bool,
    color: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bar: Option<ProgressBar>,
    /// Steps left of each object, and how many it had.
    left: BTreeMap<Key, (usize, usize)>,
    objects: BTreeMap<StepId, Key>,
    records: BTreeMap<StepId, String>,
    failed: BTreeMap<Key, usize>,
}

impl Live {
    pub(super) fn new(out: &Out, bars: MultiProgress) -> Self {
        Self {
            bars,
            terminal: out.has_terminal(),
            color: out.stderr_color(),
            state: Mutex::default(),
        }
    }

    /// Begins to show a plan.
    pub(super) fn begin(&self, plan: &Plan) {
        let mut state = State::default();
        for step in plan.steps.iter().filter(|step| !step.op.is_housekeeping()) {
            let (left, all) = state.left.entry(step.object.clone()).or_default();
            (*left, *all) = (*left + 1, *all + 1);
            state.objects.insert(step.id, step.object.clone());
        }
        if self.terminal {
            let bar = self.bars.add(ProgressBar::new(state.objects.len() as u64));
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} calls  {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            state.bar = Some(bar);
        }
        *self.lock() = state;
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = self.lock().bar.take() {
            bar.finish_and_clear();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, sign: &str, color: &str, text: &str) {
        let line = if self.color {
            format!("  \x1b[{color}m{sign}\x1b[0m {text}")
        } else {
            format!("  {sign} {text}")
        };
        self.bars.suspend(|| {
            let mut stderr = std::io::stderr().lock();
            let _ = std::io::Write::write_all(&mut stderr, format!("{line}\n").as_bytes());
        });
    }

    fn ended(&self, step: &Step, result: &StepResult) {
        if step.op.is_housekeeping() {
            return;
        }
        let call = step.op.call();
        let object = &step.object;
        let mut state = self.lock();
        if let Some(bar) = &state.bar {
            bar.inc(1);
        }
        let over = state.left.get_mut(object).is_some_and(|(left, _)| {
            *left = left.saturating_sub(1);
            *left == 0
        });
        let all = state.left.get(object).map_or(0, |(_, all)| *all);
        if !matches!(result, StepResult::Done(_)) {
            *state.failed.entry(object.clone()).or_default() += 1;
        }
        let clean = !state.failed.contains_key(object);
        drop(state);
        match result {
            StepResult::Done(_) if over && clean => {
                let calls = if all == 1 {
                    "1 call".to_owned()
                } else {
                    format!("{all} calls")
                };
                self.line("ok", "32", &format!("{object}  ({calls})"));
            }
            StepResult::Done(_) | StepResult::Skipped { .. } | StepResult::NotStarted => {}
            StepResult::Failed(failed) => {
                let reason = plain(&failed.failure.message);
                self.line("failed", "31", &format!("{object}  {call}: {reason}"));
            }
            StepResult::Dead { id, .. } => {
                let text = format!("{object}  {call}: {id} was removed since; made anew next");
                self.line("retry", "33", &text);
            }
            StepResult::Unfinished { waiting, .. } => {
                self.line(
                    "waits",
                    "33",
                    &format!("{object}  {call}: {}", plain(waiting)),
                );
            }
        }
    }
}

impl Progress for Live {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Started { step } => {
                if let Some(bar) = &self.lock().bar {
                    bar.set_message(format!("{}  {}", step.object, step.op.call()));
                }
            }
            Event::Retrying { step, reason } => {
                tracing::info!(object = %step.object, op = step.op.call(), reason, "made again");
            }
            Event::Record { step, state } => {
                let word = match state {
                    RecordState::Accepted => return,
                    RecordState::Working => "in progress",
                    RecordState::RollingBack => "failed, rolling back",
                    RecordState::Puzzled(word) => word,
                    RecordState::Succeeded | RecordState::Failed => return,
                };
                let known = self.lock().records.insert(step.id, word.to_owned());
                if known.as_deref() != Some(word) {
                    let text = format!("{}  {}: {}", step.object, step.op.call(), plain(word));
                    self.line("..", "36", &text);
                }
            }
            Event::Ended { step, result } => self.ended(step, result),
            Event::Skipped { step } => {
                let mut state = self.lock();
                if let Some(bar) = &state.bar {
                    bar.inc(1);
                }
                if let Some(object) = state.objects.get(&step).cloned() {
                    *state.failed.entry(object).or_default() += 1;
                }
            }
        }
    }
}

/// A text of the service on one line, harmless to a terminal.
fn plain(text: &str) -> String {
    line(text, MESSAGE)
}
