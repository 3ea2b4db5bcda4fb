//! An operation on a stack set: region after region, some accounts at once, until too many have failed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::emulator::api::Timing;

/// What is said of an instance that was not tried any more.
pub(super) const CANCELLED: &str = "Cancelled since failure tolerance has exceeded";

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "CloudFormation's own names")]
pub enum Action {
    Create,
    Update,
    Delete,
}

impl Action {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// So many accounts, or such a share of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as the API has them")]
pub enum Amount {
    Count(u64),
    Percentage(u64),
}

impl Amount {
    /// Of so many; shares are rounded down, as the model says.
    fn of(self, all: usize) -> usize {
        match self {
            Self::Count(count) => usize::try_from(count).unwrap_or(usize::MAX),
            Self::Percentage(share) => {
                let share = usize::try_from(share).unwrap_or(100);
                all.saturating_mul(share) / 100
            }
        }
    }
}

/// How many accounts of a region may fail, and how many are worked on at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// None when absent.
    pub tolerance: Option<Amount>,
    /// One when absent (a guess).
    pub concurrency: Option<Amount>,
}

/// How an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "CloudFormation's own names")]
pub enum OperationStatus {
    Running,
    Succeeded,
    Failed,
}

impl OperationStatus {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }
}

/// How an operation stands in one account and region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "CloudFormation's own names")]
pub enum RowStatus {
    Pending,
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

impl RowStatus {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// One account and region of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Whose.
    pub account: String,
    /// Where.
    pub region: String,
    /// How it stands.
    pub status: RowStatus,
    /// Why it failed.
    pub reason: Option<String>,
    /// When the work began.
    pub asked: Timestamp,
}

/// An operation on a stack set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// A UUID.
    pub id: String,
    /// What it does.
    pub action: Action,
    /// How it stands.
    pub status: OperationStatus,
    /// How.
    pub preferences: Preferences,
    /// The regions, in their order.
    pub regions: Vec<String>,
    /// When it was asked for.
    pub begun: Timestamp,
    /// When the work begins.
    pub starts: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// By region in their order, then by account.
    pub rows: Vec<Row>,
    /// The set goes with its last instance.
    pub(super) closes: bool,
    /// How long work takes.
    pub(in crate::emulator) timing: Timing,
}

impl Operation {
    fn of<'o>(&'o self, region: &'o str) -> impl Iterator<Item = (usize, &'o Row)> {
        let rows = self.rows.iter().enumerate();
        rows.filter(move |(_, row)| row.region == region)
    }

    fn count(&self, region: &str, status: RowStatus) -> usize {
        self.of(region)
            .filter(|(_, row)| row.status == status)
            .count()
    }

    /// Whether more accounts of a region have failed than may.
    fn is_lost(&self, region: &str) -> bool {
        let all = self.of(region).count();
        let tolerance = self.preferences.tolerance.map_or(0, |most| most.of(all));
        self.count(region, RowStatus::Failed) > tolerance
    }

    /// Cancels what is not begun once a region is lost: there and in all that come after it. Returns where.
    pub(super) fn give_up(&mut self) -> Vec<(String, String)> {
        let lost = self.regions.iter().position(|region| self.is_lost(region));
        let Some(lost) = lost else {
            return Vec::new();
        };
        let after = self.regions.get(lost..).unwrap_or_default().to_vec();
        let mut given_up = Vec::new();
        for row in &mut self.rows {
            if row.status == RowStatus::Pending && after.contains(&row.region) {
                row.status = RowStatus::Cancelled;
                row.reason = Some(CANCELLED.to_owned());
                given_up.push((row.account.clone(), row.region.clone()));
            }
        }
        given_up
    }

    /// What may be begun now: the first region that is not through, as many accounts as may be worked on at once. Of those
    /// never so many that more could fail than one beyond what may.
    pub(super) fn next(&self) -> Vec<usize> {
        let open = |status| matches!(status, RowStatus::Pending | RowStatus::Running);
        let mut regions = self.regions.iter();
        let Some(region) = regions.find(|region| self.of(region).any(|(_, row)| open(row.status)))
        else {
            return Vec::new();
        };
        let all = self.of(region).count();
        let tolerance = self.preferences.tolerance.map_or(0, |most| most.of(all));
        let left = (tolerance + 1).saturating_sub(self.count(region, RowStatus::Failed));
        let at_once = self.preferences.concurrency.map_or(1, |most| most.of(all));
        let room = at_once.max(1).min(left);
        let room = room.saturating_sub(self.count(region, RowStatus::Running));
        let pending = self
            .of(region)
            .filter(|(_, row)| row.status == RowStatus::Pending);
        pending.map(|(index, _)| index).take(room).collect()
    }

    pub(super) fn is_through(&self) -> bool {
        let mut rows = self.rows.iter();
        rows.all(|row| !matches!(row.status, RowStatus::Pending | RowStatus::Running))
    }

    pub(super) fn end(&mut self, at: Timestamp) {
        let lost = self.regions.iter().any(|region| self.is_lost(region));
        self.status = if lost {
            OperationStatus::Failed
        } else {
            OperationStatus::Succeeded
        };
        self.ended = Some(at.max(self.starts));
    }

    /// Whether it is bound to fail.
    pub fn is_in_trouble(&self) -> bool {
        self.regions.iter().any(|region| self.is_lost(region))
    }

    /// The first reasons why it failed, each with its account and region.
    pub fn complaint(&self) -> String {
        const SHOWN: usize = 3;
        let failed = self.rows.iter();
        let failed = failed.filter(|row| row.status == RowStatus::Failed);
        let told = failed.clone().take(SHOWN).map(|row| {
            let reason = row.reason.as_deref().unwrap_or_default();
            format!("{} in {}: {reason}", row.account, row.region)
        });
        let more = failed.count().saturating_sub(SHOWN);
        let told = told.collect::<Vec<_>>().join("; ");
        match more {
            0 => told,
            more => format!("{told}; and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn operation(accounts: &[&str], regions: &[&str], preferences: Preferences) -> Operation {
        let at = Timestamp::UNIX_EPOCH;
        let rows = regions.iter().flat_map(|region| {
            accounts.iter().map(move |account| Row {
                account: (*account).to_owned(),
                region: (*region).to_owned(),
                status: RowStatus::Pending,
                reason: None,
                asked: at,
            })
        });
        Operation {
            id: String::new(),
            action: Action::Create,
            status: OperationStatus::Running,
            preferences,
            regions: regions.iter().map(|region| (*region).to_owned()).collect(),
            begun: at,
            starts: at,
            ended: None,
            rows: rows.collect(),
            closes: false,
            timing: Timing {
                stack_start: Duration::ZERO,
                per_resource: Duration::ZERO,
                record_end: Duration::ZERO,
                creating: Duration::ZERO,
                copying: Duration::ZERO,
                sharing: Duration::ZERO,
            },
        }
    }

    fn count(number: u64) -> Option<Amount> {
        Some(Amount::Count(number))
    }

    #[test]
    fn regions_come_one_after_the_other_and_accounts_as_many_as_may() {
        let preferences = Preferences {
            tolerance: count(1),
            concurrency: count(2),
        };
        let mut operation = operation(&["1", "2", "3"], &["b", "a"], preferences);
        assert_eq!(operation.next(), [0, 1]);
        operation.rows[0].status = RowStatus::Running;
        operation.rows[1].status = RowStatus::Running;
        assert!(operation.next().is_empty());
        operation.rows[0].status = RowStatus::Succeeded;
        assert_eq!(operation.next(), [2]);
        operation.rows[1].status = RowStatus::Succeeded;
        operation.rows[2].status = RowStatus::Failed;
        assert!(operation.give_up().is_empty());
        assert_eq!(
            operation.next(),
            [3, 4],
            "of another region nothing has failed"
        );
        operation.rows[3].status = RowStatus::Failed;
        assert_eq!(operation.next(), [4], "two at once could be two too many");
    }

    #[test]
    fn one_too_many_ends_it_there_and_in_what_comes_after() {
        let mut operation = operation(&["1", "2"], &["b", "a"], Preferences::default());
        assert_eq!(operation.next(), [0]);
        operation.rows[0].status = RowStatus::Failed;
        assert_eq!(operation.give_up().len(), 3);
        assert!(operation.is_through());
        operation.end(Timestamp::UNIX_EPOCH);
        assert_eq!(operation.status, OperationStatus::Failed);
    }

    #[test]
    fn shares_are_rounded_down() {
        assert_eq!(Amount::Percentage(50).of(3), 1);
        assert_eq!(Amount::Percentage(10).of(3), 0);
        let preferences = Preferences {
            tolerance: Some(Amount::Percentage(100)),
            concurrency: Some(Amount::Percentage(10)),
        };
        let operation = operation(&["1", "2", "3"], &["a"], preferences);
        assert_eq!(operation.next(), [0], "at least one");
    }
}
