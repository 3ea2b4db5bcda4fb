//! `apply --format json`: what happens, one JSON object a line on standard output (docs/plan-json.md).

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Clock;
use crate::execute::progress::{Event, Progress};
use crate::execute::{Outcome, StepResult};
use crate::plan::op::{Step, StepId};
use crate::render::Page;
use crate::render::events::{At, Message, PlanDocument, unwell};
use crate::run::copy::CopyState;
use crate::run::record::RecordState;
use crate::run::share::ShareState;
use crate::status::ObjectStatus;

use super::exit::Exit;
use super::progress::Live;

/// Writes the lines.
#[derive(Debug)]
pub(super) struct Ndjson {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    pass: usize,
    steps: BTreeMap<StepId, Step>,
    /// What was last said of a step's work.
    work: BTreeMap<StepId, String>,
}

impl Ndjson {
    /// Begins: the first line is written.
    pub(super) fn start(clock: Clock) -> Self {
        let lines = Self {
            clock,
            state: Mutex::default(),
        };
        lines.write(&Message::version());
        lines
    }

    fn write(&self, message: &Message<'_>) {
        let line = message.line(self.clock.now());
        let mut stdout = std::io::stdout().lock();
        // A reader that went away is no error of ours.
        let _ = stdout.write_all(line.as_bytes());
        let _ = stdout.flush();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A pass has a plan.
    pub(super) fn plan(&self, page: &Page<'_>) {
        let pass = {
            let mut state = self.lock();
            state.pass += 1;
            state.work.clear();
            let steps = page.plan.steps.iter();
            state.steps = steps.map(|step| (step.id, step.clone())).collect();
            state.pass
        };
        let plan = PlanDocument::of(page);
        self.write(&Message::Plan { pass, plan });
    }

    /// A pass is over.
    pub(super) fn pass(&self, outcome: &Outcome) {
        let pass = self.lock().pass;
        let (done, failed) = (outcome.done(), outcome.failures().count());
        self.write(&Message::Pass {
            pass,
            done,
            failed,
            left: outcome.results.len() - done - failed,
        });
    }

    /// Nothing comes after an error but the last line.
    pub(super) fn error(&self, message: &str) {
        self.write(&Message::Error { message });
    }

    /// The last line.
    pub(super) fn summary(&self, exit: Exit, calls: u64, statuses: &[ObjectStatus]) {
        self.write(&Message::Summary {
            exit_code: exit.code(),
            outcome: exit.word(),
            calls,
            passes: self.lock().pass,
            objects: unwell(statuses),
        });
    }

    fn at<'s>(&self, step: &'s Step) -> At<'s> {
        At::of(self.lock().pass, step)
    }

    /// Says once how work of the service goes.
    fn moved(&self, step: &Step, of: &'static str, state: &str) {
        let known = self.lock().work.insert(step.id, state.to_owned());
        if known.as_deref() != Some(state) {
            let at = self.at(step);
            self.write(&Message::StepProgress { at, of, state });
        }
    }

    fn ended(&self, step: &Step, result: &StepResult) {
        let at = self.at(step);
        match result {
            StepResult::Done(_) => self.write(&Message::StepDone(at)),
            StepResult::Failed(failed) => {
                let failure = &failed.failure;
                self.write(&Message::StepFailed {
                    at,
                    code: &failure.code,
                    message: &failure.message,
                    request_id: failure.request_id.as_deref(),
                });
            }
            StepResult::Dead { id, .. } => self.write(&Message::StepRepeated { at, id }),
            StepResult::Unfinished { waiting, .. } => {
                self.write(&Message::StepUnfinished { at, waiting });
            }
            StepResult::Skipped { .. } | StepResult::NotStarted => {
                self.write(&Message::StepSkipped { at });
            }
        }
    }
}

impl Progress for Ndjson {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Started { step } => {
                let at = self.at(step);
                self.write(&Message::StepStarted(at));
            }
            Event::Retrying { step, reason } => {
                let at = self.at(step);
                self.write(&Message::StepRetrying { at, reason });
            }
            Event::Record { step, state } => {
                let word = match state {
                    RecordState::Accepted => "accepted",
                    RecordState::Working => "working",
                    RecordState::RollingBack => "rolling-back",
                    RecordState::Puzzled(word) => word,
                    RecordState::Succeeded => "succeeded",
                    RecordState::Failed => "failed",
                };
                self.moved(step, "record", word);
            }
            Event::Copy { step, state } => {
                let word = match state {
                    CopyState::Asked => "accepted",
                    CopyState::Working => "working",
                    CopyState::Puzzled(word) => word,
                    CopyState::Succeeded => "succeeded",
                    CopyState::Failed => "failed",
                };
                self.moved(step, "copy", word);
            }
            Event::Share { step, state } => {
                let word = match state {
                    ShareState::Asked => "accepted",
                    ShareState::Working => "working",
                    ShareState::Puzzled(word) => word,
                    ShareState::Completed => "succeeded",
                    ShareState::Failed => "failed",
                };
                self.moved(step, "share", word);
            }
            Event::Ended { step, result } => self.ended(step, result),
            Event::Skipped { step } => {
                let step = self.lock().steps.get(&step).cloned();
                if let Some(step) = step {
                    let at = self.at(&step);
                    self.write(&Message::StepSkipped { at });
                }
            }
        }
    }
}

/// What a person sees, and the lines of a program where one asked for them.
pub(super) struct Both {
    pub(super) live: Live,
    pub(super) lines: Option<Arc<Ndjson>>,
}

impl Progress for Both {
    fn event(&self, event: Event<'_>) {
        if let Some(lines) = &self.lines {
            lines.event(event);
        }
        self.live.event(event);
    }
}
