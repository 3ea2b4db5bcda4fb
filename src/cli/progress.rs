//! What is seen while calls are made: bars on a terminal, plain lines elsewhere; and Ctrl-C.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::execute::StepResult;
use crate::execute::progress::{Event, Progress};
use crate::ids::Key;
use crate::plan::Plan;
use crate::plan::op::{Step, StepId};
use crate::render::safe::{MESSAGE, line};
use crate::run::copy::CopyState;
use crate::run::record::RecordState;
use crate::run::share::ShareState;

use super::out::Out;

/// How often the time beside a bar is drawn.
const TICK: Duration = Duration::from_millis(500);

/// The bars of this process: hidden where nobody watches.
pub(super) fn bars(out: &Out) -> MultiProgress {
    let target = if out.has_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    MultiProgress::with_draw_target(target)
}

/// Ctrl-C and SIGTERM.
#[derive(Debug, Clone)]
pub(super) struct Interrupt {
    /// Cancelled by the first one: calls under way finish, nothing new begins.
    pub(super) stop: CancellationToken,
    /// Whether calls are under way that change something.
    busy: Arc<AtomicBool>,
}

impl Interrupt {
    /// For a command that stops by itself when it is told to.
    pub(super) fn graceful(bars: &MultiProgress) -> Self {
        Self::watch(bars, false)
    }

    /// For a command that reads and asks: while no call is under way that changes something, the first signal ends it.
    pub(super) fn abrupt(bars: &MultiProgress) -> Self {
        Self::watch(bars, true)
    }

    fn watch(bars: &MultiProgress, abrupt: bool) -> Self {
        let interrupt = Self {
            stop: CancellationToken::new(),
            busy: Arc::default(),
        };
        let (Self { stop, busy }, bars) = (interrupt.clone(), bars.clone());
        tokio::spawn(async move {
            signal().await;
            let busy = busy.load(Ordering::SeqCst);
            if abrupt && !busy {
                end(&bars, "interrupted; no call was under way");
            }
            if busy {
                say(
                    &bars,
                    "stopping: calls under way finish, nothing new begins; a second Ctrl-C or SIGTERM ends it at once",
                );
            }
            stop.cancel();
            signal().await;
            end(
                &bars,
                "ended at once; the next start goes on from what the service has",
            );
        });
        interrupt
    }
}

/// Ends the process as interrupted.
fn end(bars: &MultiProgress, last_words: &str) -> ! {
    let _ = bars.clear();
    say(bars, last_words);
    std::process::exit(i32::from(super::Exit::Interrupted.code()))
}

fn say(bars: &MultiProgress, text: &str) {
    bars.suspend(|| {
        let mut stderr = std::io::stderr().lock();
        let _ = std::io::Write::write_all(&mut stderr, format!("{text}\n").as_bytes());
    });
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
    busy: Arc<AtomicBool>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bar: Option<ProgressBar>,
    /// Steps left of each object, and how many it had.
    left: BTreeMap<Key, (usize, usize)>,
    objects: BTreeMap<StepId, Key>,
    /// What was last said of work of the service.
    work: BTreeMap<StepId, String>,
    failed: BTreeMap<Key, usize>,
}

impl Live {
    pub(super) fn new(out: &Out, bars: MultiProgress, interrupt: &Interrupt) -> Self {
        Self {
            bars,
            terminal: out.has_terminal(),
            color: out.stderr_color(),
            busy: Arc::clone(&interrupt.busy),
            state: Mutex::default(),
        }
    }

    /// Begins to show a plan.
    pub(super) fn begin(&self, plan: &Plan) {
        self.busy.store(true, Ordering::SeqCst);
        let mut state = State::default();
        for step in plan.steps.iter().filter(|step| !step.op.is_housekeeping()) {
            let (left, all) = state.left.entry(step.object.clone()).or_default();
            (*left, *all) = (*left + 1, *all + 1);
            state.objects.insert(step.id, step.object.clone());
        }
        if self.terminal {
            let bar = self.bars.add(ProgressBar::new(state.objects.len() as u64));
            let style =
                ProgressStyle::with_template("{bar:30} {pos}/{len} calls  {elapsed}  {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            // A stack can take many minutes: the time shows that somebody is still at it.
            bar.enable_steady_tick(TICK);
            state.bar = Some(bar);
        }
        *self.lock() = state;
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.busy.store(false, Ordering::SeqCst);
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
        say(&self.bars, &line);
    }

    /// Says once how work of the service goes.
    fn moved(&self, step: &Step, word: &str) {
        let known = self.lock().work.insert(step.id, word.to_owned());
        if known.as_deref() != Some(word) {
            let text = format!("{}  {}: {}", step.object, step.op.call(), plain(word));
            self.line("..", "36", &text);
        }
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
                if step.op.is_housekeeping() {
                    return;
                }
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
                self.moved(step, word);
            }
            Event::Share { step, state } => {
                let word = match state {
                    ShareState::Asked | ShareState::Completed | ShareState::Failed => return,
                    ShareState::Working => "in progress",
                    ShareState::Puzzled(word) => word,
                };
                self.moved(step, word);
            }
            Event::Copy { step, state } => {
                let word = match state {
                    CopyState::Asked | CopyState::Succeeded | CopyState::Failed => return,
                    CopyState::Working => "in progress",
                    CopyState::Puzzled(word) => word,
                };
                self.moved(step, word);
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
