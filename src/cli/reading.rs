//! What is seen while the catalog is read, which takes a tenth of a second a call: a line that counts on a terminal, plain
//! lines elsewhere.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::task::JoinHandle;

use crate::clock::Clock;

use super::out::Out;

/// How often the count is drawn on a terminal.
const DRAWN: Duration = Duration::from_millis(200);
/// How often a log is told that it goes on.
const TOLD: Duration = Duration::from_secs(15);

/// Shows that the catalog is being read, until it is dropped.
#[derive(Debug)]
pub(super) struct Reading {
    bar: Option<ProgressBar>,
    task: JoinHandle<()>,
}

impl Reading {
    /// Begins. `reads` tells how many reads there were.
    pub(super) fn start(
        out: &mut Out,
        bars: &MultiProgress,
        clock: Clock,
        reads: impl Fn() -> u64 + Send + 'static,
    ) -> Self {
        let before = reads();
        if !out.has_terminal() {
            out.note("reading the catalog …");
            let task = tokio::spawn(async move {
                loop {
                    clock.sleep(TOLD).await;
                    let text = format!("reading the catalog: {} reads so far", reads() - before);
                    Out::plain().note(&text);
                }
            });
            return Self { bar: None, task };
        }
        let bar = bars.add(ProgressBar::new_spinner());
        let style =
            ProgressStyle::with_template("{spinner} reading the catalog: {pos} reads  {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.tick();
        let drawn = bar.clone();
        let task = tokio::spawn(async move {
            loop {
                clock.sleep(DRAWN).await;
                drawn.set_position(reads() - before);
                drawn.tick();
            }
        });
        Self {
            bar: Some(bar),
            task,
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
