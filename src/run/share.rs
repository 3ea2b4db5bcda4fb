//! An action on a share with a node of the organization: the service's own account of it (facts §8).

use std::fmt;

/// An action's status as the service says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShareStatus {
    /// `NOT_STARTED`.
    NotStarted,
    /// `IN_PROGRESS`.
    InProgress,
    /// `COMPLETED`.
    Completed,
    /// `COMPLETED_WITH_ERRORS`: some accounts were not reached.
    CompletedWithErrors,
    /// `ERROR`: none was.
    Error,
    /// A word we do not know: waited on.
    Unknown(String),
}

impl ShareStatus {
    /// Reads the service's word.
    pub fn parse(word: &str) -> Self {
        match word {
            "NOT_STARTED" => Self::NotStarted,
            "IN_PROGRESS" => Self::InProgress,
            "COMPLETED" => Self::Completed,
            "COMPLETED_WITH_ERRORS" => Self::CompletedWithErrors,
            "ERROR" => Self::Error,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

/// How far an action is, as far as we believe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShareState {
    /// Asked for, nothing seen yet.
    Asked,
    /// Working.
    Working,
    /// A status we do not know: neither good nor bad until another one follows.
    Puzzled(String),
    /// Over and good.
    Completed,
    /// Over, and not all accounts were reached.
    Failed,
}

impl fmt::Display for ShareState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asked => "asked for",
            Self::Working => "in progress",
            Self::Puzzled(word) => word,
            Self::Completed => "completed",
            Self::Failed => "completed with errors",
        })
    }
}

impl ShareState {
    /// Whether nothing more follows.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// The state after a read. Total: an end stays, for reads flip back to older answers (facts §7).
    pub fn next(self, seen: ShareStatus) -> Self {
        match (self, seen) {
            (end @ (Self::Completed | Self::Failed), _) => end,
            (Self::Asked | Self::Working | Self::Puzzled(_), seen) => match seen {
                ShareStatus::NotStarted | ShareStatus::InProgress => Self::Working,
                ShareStatus::Completed => Self::Completed,
                ShareStatus::CompletedWithErrors | ShareStatus::Error => Self::Failed,
                ShareStatus::Unknown(word) => Self::Puzzled(word),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(words: &[&str]) -> ShareState {
        words.iter().fold(ShareState::Asked, |state, word| {
            state.next(ShareStatus::parse(word))
        })
    }

    #[test]
    fn actions_end_once() {
        let started = ["NOT_STARTED", "IN_PROGRESS", "COMPLETED", "IN_PROGRESS"];
        assert_eq!(walk(&started), ShareState::Completed);
        assert_eq!(walk(&["COMPLETED_WITH_ERRORS"]), ShareState::Failed);
        assert_eq!(walk(&["ERROR", "COMPLETED"]), ShareState::Failed);
    }

    #[test]
    fn an_invented_status_is_waited_on() {
        let state = walk(&["PONDERING"]);
        assert!(!state.is_over());
        assert_eq!(state.next(ShareStatus::Completed), ShareState::Completed);
    }
}
