//! Follows records: one loop for all of them. Pages of the history answer for many at once; only ends, and what the
//! history does not show, are asked for one by one.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};

use futures_util::StreamExt as _;
use jiff::Timestamp;
use tokio::sync::{Notify, watch};

use crate::aws::Pages;
use crate::ids::RecordId;
use crate::run::record::{RecordState, RecordStatus};

use super::Executor;

/// From so many records on, pages of the history are asked before the single records.
const SHARE_FROM: usize = 3;

/// A round over many open records costs at most a call for so many of them, besides the ends that it confirms. A page
/// has twenty records: half the calls are left for those that no page shows.
const RECORDS_A_CALL: usize = 10;

/// Single records that are asked for at the same time.
const AT_ONCE: usize = 8;

/// After a round the next one waits this share of the shortest pause for each call that was made, so that polling takes
/// about half of the pace and leaves the rest to those who launch.
const PAUSE_A_CALL: u32 = 10;

/// The records being followed.
#[derive(Debug, Default)]
pub(super) struct Poller {
    records: Mutex<BTreeMap<RecordId, Followed>>,
    added: Notify,
}

/// A record being followed.
#[derive(Debug)]
struct Followed {
    state: watch::Sender<RecordState>,
    created: Option<Timestamp>,
    /// How often it was asked for by itself: who was asked least is asked next.
    asked: u32,
}

/// A record that somebody still waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Open {
    id: RecordId,
    created: Option<Timestamp>,
    asked: u32,
}

impl Poller {
    /// Begins to follow a record.
    pub(super) fn follow(
        &self,
        record: &RecordId,
        created: Option<Timestamp>,
    ) -> watch::Receiver<RecordState> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let followed = records.entry(record.clone()).or_insert_with(|| Followed {
            state: watch::Sender::new(RecordState::Accepted),
            created,
            asked: 0,
        });
        let states = followed.state.subscribe();
        self.added.notify_one();
        states
    }

    /// The records that somebody still waits for.
    fn open(&self) -> Vec<Open> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.retain(|_, o| o.state.receiver_count() > 0 && !o.state.borrow().is_over());
        let open = records.iter();
        open.map(|(id, followed)| Open {
            id: id.clone(),
            created: followed.created,
            asked: followed.asked,
        })
        .collect()
    }

    /// Tells what a read said.
    fn seen(&self, record: &RecordId, status: RecordStatus) {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(followed) = records.get(record) {
            let next = followed.state.borrow().clone().next(status);
            followed.state.send_if_modified(|state| {
                let moved = *state != next;
                *state = next;
                moved
            });
        }
    }

    fn is_asked(&self, record: &RecordId) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(followed) = records.get_mut(record) {
            followed.asked = followed.asked.saturating_add(1);
        }
    }
}

impl Executor<'_> {
    /// Polls the records that steps follow, for as long as the steps run.
    pub(super) async fn poll_records(&self) -> Infallible {
        let (mut quiet, mut calls) = (0, 0);
        let mut before: Vec<RecordId> = Vec::new();
        loop {
            let open = self.poller.open();
            if open.is_empty() {
                self.poller.added.notified().await;
                (quiet, calls) = (0, 0);
                continue;
            }
            let ids: Vec<RecordId> = open.iter().map(|o| o.id.clone()).collect();
            if ids != before {
                quiet = 0;
            }
            let wait = self.patience.poll.wait(quiet, self.jitter());
            let rest = (self.patience.poll.first / PAUSE_A_CALL).saturating_mul(calls);
            self.clock.sleep(wait.max(rest)).await;
            calls = self.poll_once(&open).await;
            before = ids;
            quiet = quiet.saturating_add(1);
        }
    }

    /// A round: looks for every open record, and returns how many calls that took.
    async fn poll_once(&self, open: &[Open]) -> u32 {
        let budget = (open.len() / RECORDS_A_CALL).max(SHARE_FROM);
        let (mut ends, mut unseen) = (Vec::new(), Vec::new());
        let (shown, pages) = match open.len() < SHARE_FROM {
            true => (BTreeMap::new(), 0),
            // One that none shows must be asked for all the same.
            false => self.shown(open, budget - 1).await,
        };
        for record in open {
            match shown.get(&record.id) {
                // What a page says is older than what the record says: an end is asked for.
                Some(status) if RecordState::Accepted.next(status.clone()).is_over() => {
                    ends.push(record);
                }
                Some(status) => self.poller.seen(&record.id, status.clone()),
                None => unseen.push(record),
            }
        }
        unseen.sort_by_key(|record| record.asked);
        unseen.truncate(budget - pages);
        let ask: Vec<&Open> = ends.into_iter().chain(unseen).collect();
        let calls = pages + ask.len();
        futures_util::stream::iter(ask)
            .for_each_concurrent(AT_ONCE, |record| self.ask(&record.id))
            .await;
        u32::try_from(calls).unwrap_or(u32::MAX)
    }

    async fn ask(&self, record: &RecordId) {
        self.poller.is_asked(record);
        match self.aws.record(record).await {
            Ok(seen) => self.poller.seen(record, seen.status),
            Err(failure) => tracing::debug!(%record, error = %failure, "record not read"),
        }
    }

    /// What the history says of open records, newest first, until it has shown all of them, is older than all of them, or
    /// has taken `most` calls; and how many it has taken.
    async fn shown(&self, open: &[Open], most: usize) -> (BTreeMap<RecordId, RecordStatus>, usize) {
        let mut left: BTreeMap<&RecordId, Option<Timestamp>> =
            open.iter().map(|o| (&o.id, o.created)).collect();
        let mut shown = BTreeMap::new();
        let mut pages = Pages::default();
        for taken in 1..=most {
            let (page, next) = match self.aws.record_history(pages.token()).await {
                Ok(read) => read,
                Err(failure) => {
                    tracing::debug!(error = %failure, "history not read");
                    return (shown, taken);
                }
            };
            let reached = page.last().and_then(|record| record.created);
            for record in page {
                if left.remove(&record.id).is_some() {
                    shown.insert(record.id, record.status);
                }
            }
            // One whose time is not known may be anywhere.
            let older = |created: &Option<Timestamp>| matches!((reached, created), (Some(reached), Some(created)) if reached < *created);
            let more = pages.turn("ListRecordHistory", next.as_deref());
            if left.values().all(older) || !more.unwrap_or(false) {
                return (shown, taken);
            }
        }
        (shown, most)
    }
}
