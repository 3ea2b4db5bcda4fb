//! A copy of a product: the service's own account of it (facts §8).

use std::fmt;

/// A copy's status as the service says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyStatus {
    /// `IN_PROGRESS`.
    InProgress,
    /// `SUCCEEDED`.
    Succeeded,
    /// `FAILED`.
    Failed,
    /// A word we do not know: waited on.
    Unknown(String),
}

impl CopyStatus {
    /// Reads the service's word.
    pub fn parse(word: &str) -> Self {
        match word {
            "IN_PROGRESS" => Self::InProgress,
            "SUCCEEDED" => Self::Succeeded,
            "FAILED" => Self::Failed,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

/// How far a copy is, as far as we believe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyState {
    /// Asked for, nothing seen yet.
    Asked,
    /// Working.
    Working,
    /// A status we do not know: neither good nor bad until another one follows.
    Puzzled(String),
    /// Over and good.
    Succeeded,
    /// Over and bad.
    Failed,
}

impl fmt::Display for CopyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asked => "asked for",
            Self::Working => "in progress",
            Self::Puzzled(word) => word,
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        })
    }
}

impl CopyState {
    /// Whether nothing more follows.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }

    /// The state after a read. Total: an end stays, for reads flip back to older answers (facts §7).
    pub fn next(self, seen: CopyStatus) -> Self {
        match (self, seen) {
            (end @ (Self::Succeeded | Self::Failed), _) => end,
            (Self::Asked | Self::Working | Self::Puzzled(_), seen) => match seen {
                CopyStatus::InProgress => Self::Working,
                CopyStatus::Succeeded => Self::Succeeded,
                CopyStatus::Failed => Self::Failed,
                CopyStatus::Unknown(word) => Self::Puzzled(word),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(words: &[&str]) -> CopyState {
        words.iter().fold(CopyState::Asked, |state, word| {
            state.next(CopyStatus::parse(word))
        })
    }

    #[test]
    fn copies_end_once() {
        assert_eq!(walk(&["IN_PROGRESS", "SUCCEEDED"]), CopyState::Succeeded);
        assert_eq!(
            walk(&["SUCCEEDED", "IN_PROGRESS", "FAILED"]),
            CopyState::Succeeded
        );
        assert_eq!(walk(&["FAILED", "SUCCEEDED"]), CopyState::Failed);
    }

    #[test]
    fn an_invented_status_is_waited_on() {
        let state = walk(&["IN_PROGRESS", "PONDERING"]);
        assert_eq!(state, CopyState::Puzzled("PONDERING".to_owned()));
        assert!(!state.is_over());
        assert_eq!(state.next(CopyStatus::Succeeded), CopyState::Succeeded);
    }
}
