//! A record: the service's own account of a request for a provisioned product (facts §8).

use std::fmt;

/// A record's status as the service says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordStatus {
    /// `CREATED`: accepted.
    Created,
    /// `IN_PROGRESS`.
    InProgress,
    /// `IN_PROGRESS_IN_ERROR`: failed, and still rolling back.
    InProgressInError,
    /// `SUCCEEDED`.
    Succeeded,
    /// `FAILED`.
    Failed,
    /// A word we do not know: waited on.
    Unknown(String),
}

impl RecordStatus {
    /// Reads the service's word.
    pub fn parse(word: &str) -> Self {
        match word {
            "CREATED" => Self::Created,
            "IN_PROGRESS" => Self::InProgress,
            "IN_PROGRESS_IN_ERROR" => Self::InProgressInError,
            "SUCCEEDED" => Self::Succeeded,
            "FAILED" => Self::Failed,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

impl fmt::Display for RecordStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "CREATED",
            Self::InProgress => "IN_PROGRESS",
            Self::InProgressInError => "IN_PROGRESS_IN_ERROR",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Unknown(word) => word,
        })
    }
}

/// How far a record is, as far as we believe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordState {
    /// Accepted, nothing seen yet.
    Accepted,
    /// Working, as far as is known towards success.
    Working,
    /// Failed already; the rollback runs.
    RollingBack,
    /// A status we do not know: neither good nor bad until another one follows.
    Puzzled(String),
    /// Over and good.
    Succeeded,
    /// Over and bad.
    Failed,
}

impl fmt::Display for RecordState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "accepted",
            Self::Working => "in progress",
            Self::RollingBack => "failed and rolling back",
            Self::Puzzled(word) => word,
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        })
    }
}

impl RecordState {
    /// Whether nothing more follows.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }

    /// The state after a read.
    ///
    /// Total: reads flip back to older answers (facts §7), so a read never leads back from an end, nor from
    /// a rollback to a success that would have had to come before it.
    pub fn next(self, seen: RecordStatus) -> Self {
        use RecordStatus as S;
        match (self, seen) {
            (Self::Succeeded, _) => Self::Succeeded,
            (Self::Failed, _) => Self::Failed,
            (_, S::Succeeded) => Self::Succeeded,
            (_, S::Failed) => Self::Failed,
            (Self::RollingBack, _) | (_, S::InProgressInError) => Self::RollingBack,
            (Self::Accepted, S::Created) => Self::Accepted,
            (Self::Working | Self::Puzzled(_), S::Created) | (_, S::InProgress) => Self::Working,
            (_, S::Unknown(word)) => Self::Puzzled(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(words: &[&str]) -> RecordState {
        words.iter().fold(RecordState::Accepted, |state, word| {
            state.next(RecordStatus::parse(word))
        })
    }

    #[test]
    fn records_end_once() {
        assert_eq!(
            walk(&["CREATED", "IN_PROGRESS", "SUCCEEDED"]),
            RecordState::Succeeded
        );
        assert_eq!(
            walk(&["IN_PROGRESS", "SUCCEEDED", "IN_PROGRESS"]),
            RecordState::Succeeded
        );
        assert_eq!(
            walk(&["IN_PROGRESS_IN_ERROR", "FAILED", "CREATED"]),
            RecordState::Failed
        );
    }

    #[test]
    fn a_rollback_is_not_forgotten_by_a_stale_read() {
        assert_eq!(
            walk(&["IN_PROGRESS_IN_ERROR", "IN_PROGRESS"]),
            RecordState::RollingBack
        );
    }

    #[test]
    fn an_invented_status_is_waited_on() {
        let state = walk(&["IN_PROGRESS", "PONDERING"]);
        assert_eq!(state, RecordState::Puzzled("PONDERING".to_owned()));
        assert!(!state.is_over());
        assert_eq!(state.next(RecordStatus::Succeeded), RecordState::Succeeded);
    }

    #[test]
    fn words_survive_the_round_trip() {
        for word in [
            "CREATED",
            "IN_PROGRESS",
            "IN_PROGRESS_IN_ERROR",
            "SUCCEEDED",
            "FAILED",
            "PONDERING",
        ] {
            assert_eq!(RecordStatus::parse(word).to_string(), word);
        }
    }
}
