//! A write settles once reads show it twice in a row: replicas answer in turn, and one good read proves
//! little (facts §7, peers C1 9).

/// How many good reads in a row settle a write.
pub const GOOD_READS: u8 = 2;

/// What a read after a write says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// The write shows.
    Shows,
    /// It does not show yet.
    NotYet(String),
    /// It never will: the service gave up, with its reason.
    Failed(String),
    /// What the write made was removed since: its answer came from a token's first use long ago.
    Gone,
}

/// How far a write is from being visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settle {
    /// Reads go on; so many good ones in a row so far.
    Reading {
        /// Good reads in a row.
        good: u8,
        /// What the last bad read said.
        missing: Option<String>,
    },
    /// It shows.
    Settled,
    /// The service gave up.
    Failed(String),
    /// It is gone.
    Gone,
}

impl Default for Settle {
    fn default() -> Self {
        Self::Reading {
            good: 0,
            missing: None,
        }
    }
}

impl Settle {
    /// The state after a read. An end stays.
    pub fn next(self, read: Read) -> Self {
        match (self, read) {
            (Self::Reading { good, missing }, Read::Shows) => {
                if good + 1 >= GOOD_READS {
                    Self::Settled
                } else {
                    Self::Reading {
                        good: good + 1,
                        missing,
                    }
                }
            }
            (Self::Reading { .. }, Read::NotYet(missing)) => Self::Reading {
                good: 0,
                missing: Some(missing),
            },
            (Self::Reading { .. }, Read::Failed(reason)) => Self::Failed(reason),
            (Self::Reading { .. }, Read::Gone) => Self::Gone,
            (end @ (Self::Settled | Self::Failed(_) | Self::Gone), _) => end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_good_reads_in_a_row_settle() {
        let state = Settle::default().next(Read::Shows);
        assert!(matches!(state, Settle::Reading { good: 1, .. }));
        assert_eq!(state.next(Read::Shows), Settle::Settled);
    }

    #[test]
    fn a_read_that_flips_back_starts_over() {
        let state = Settle::default()
            .next(Read::Shows)
            .next(Read::NotYet("x".to_owned()));
        assert!(matches!(state, Settle::Reading { good: 0, .. }));
    }

    #[test]
    fn an_end_stays() {
        assert_eq!(Settle::Gone.next(Read::Shows), Settle::Gone);
        assert_eq!(Settle::Settled.next(Read::Gone), Settle::Settled);
    }
}
