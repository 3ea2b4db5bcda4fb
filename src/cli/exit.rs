//! Exit codes (design §9).

use std::process::ExitCode;

/// How a command ended, in the order in which one outranks another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// `plan --detailed-exitcode`: an executable change is pending.
    Changes,
    /// A guard or policy refused something.
    Blocked,
    /// Something failed while the rest was applied.
    Partial,
    /// Not converged before the deadline.
    Deadline,
    /// Anything that has no code of its own.
    Error,
    /// A saved plan may not be applied any more, or is no plan of this program's.
    Stale,
    /// Credentials or permission are missing: observing could not start.
    Credentials,
    /// A manifest has an error.
    Invalid,
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

impl Exit {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Done,
        Self::Changes,
        Self::Blocked,
        Self::Partial,
        Self::Deadline,
        Self::Error,
        Self::Credentials,
        Self::Invalid,
        Self::Stale,
        Self::Interrupted,
    ];

    /// A stable word for machines.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Changes => "changes",
            Self::Blocked => "blocked",
            Self::Partial => "partial",
            Self::Deadline => "deadline",
            Self::Error => "error",
            Self::Credentials => "credentials",
            Self::Invalid => "invalid",
            Self::Stale => "stale",
            Self::Interrupted => "interrupted",
        }
    }

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Changes => 2,
            Self::Invalid => 3,
            Self::Credentials => 4,
            Self::Blocked => 5,
            Self::Partial => 6,
            Self::Stale => 7,
            Self::Deadline => 8,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_outranks_the_better() {
        // Design §9: where several hold: 130, 3, 4, 7, 1, 8, 6, 5.
        let order = [
            Exit::Interrupted,
            Exit::Invalid,
            Exit::Credentials,
            Exit::Stale,
            Exit::Error,
            Exit::Deadline,
            Exit::Partial,
            Exit::Blocked,
        ];
        assert!(order.windows(2).all(|pair| pair[0] > pair[1]));
        assert_eq!(order.map(Exit::code), [130, 3, 4, 7, 1, 8, 6, 5]);
    }
}
