//! Follows records: one loop for all of them, one page for many where that is cheaper.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Notify, watch};

use crate::ids::RecordId;
use crate::run::record::RecordState;

use super::Executor;

/// From so many records on, a page of the history is asked before the single records.
const SHARE_FROM: usize = 3;

/// The records being followed.
#[derive(Debug, Default)]
pub(super) struct Poller {
    records: Mutex<BTreeMap<RecordId, watch::Sender<RecordState>>>,
    added: Notify,
}

impl Poller {
    /// Begins to follow a record.
    pub(super) fn follow(&self, record: &RecordId) -> watch::Receiver<RecordState> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let states = records
            .entry(record.clone())
            .or_insert_with(|| watch::Sender::new(RecordState::Accepted))
            .subscribe();
        self.added.notify_one();
        states
    }

    /// The records that somebody still waits for.
    fn open(&self) -> Vec<RecordId> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.retain(|_, state| state.receiver_count() > 0 && !state.borrow().is_over());
        records.keys().cloned().collect()
    }

    /// Tells what a read said.
    fn seen(&self, record: &RecordId, status: crate::run::record::RecordStatus) {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = records.get(record) {
            let next = sender.borrow().clone().next(status);
            sender.send_if_modified(|state| {
                let moved = *state != next;
                *state = next;
                moved
            });
        }
    }
}

impl Executor<'_> {
    /// Polls the records that steps follow, for as long as the steps run.
    pub(super) async fn poll_records(&self) -> Infallible {
        let mut quiet = 0;
        let mut before = Vec::new();
        loop {
            let open = self.poller.open();
            if open.is_empty() {
                self.poller.added.notified().await;
                quiet = 0;
                continue;
            }
            if open != before {
                quiet = 0;
            }
            self.clock
                .sleep(self.patience.poll.wait(quiet, self.jitter()))
                .await;
            self.poll_once(&open).await;
            before = open;
            quiet = quiet.saturating_add(1);
        }
    }

    /// Reads every open record once. A page answers for many; an end is confirmed by the record itself.
    async fn poll_once(&self, open: &[RecordId]) {
        let mut ask: Vec<RecordId> = open.to_vec();
        if open.len() >= SHARE_FROM
            && let Ok(page) = self.aws.record_history().await
        {
            ask.retain(|record| match page.iter().find(|(id, _)| id == record) {
                Some((_, status)) if !RecordState::Accepted.next(status.clone()).is_over() => {
                    self.poller.seen(record, status.clone());
                    false
                }
                _ => true,
            });
        }
        for record in ask {
            match self.aws.record(&record).await {
                Ok(seen) => self.poller.seen(&record, seen.status),
                Err(failure) => tracing::debug!(%record, error = %failure, "record not read"),
            }
        }
    }
}
