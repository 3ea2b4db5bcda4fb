//! What a stack has yet to do.

use jiff::Timestamp;

/// The steps in front of a stack.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Work {
    /// When the next one is done.
    pub(super) next: Timestamp,
}
