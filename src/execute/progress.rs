//! What an execution tells while it goes on. It is shown, and nothing is decided by it.

use crate::plan::op::{Step, StepId};
use crate::run::copy::CopyState;
use crate::run::record::RecordState;
use crate::run::share::ShareState;

use super::StepResult;

/// Something that happened.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A call goes out.
    Started {
        /// Whose.
        step: &'a Step,
    },
    /// A call is repeated.
    Retrying {
        /// Whose.
        step: &'a Step,
        /// Why.
        reason: &'a str,
    },
    /// A record moved.
    Record {
        /// Whose.
        step: &'a Step,
        /// To what.
        state: &'a RecordState,
    },
    /// A copy moved, or was looked at.
    Copy {
        /// Whose.
        step: &'a Step,
        /// How far it is.
        state: &'a CopyState,
    },
    /// An action on a share moved, or was looked at.
    Share {
        /// Whose.
        step: &'a Step,
        /// How far it is.
        state: &'a ShareState,
    },
    /// A step is over.
    Ended {
        /// Which.
        step: &'a Step,
        /// How.
        result: &'a StepResult,
    },
    /// A step will not be made, because one it needs failed.
    Skipped {
        /// Which.
        step: StepId,
    },
}

/// Something that shows events.
pub trait Progress: Send + Sync {
    /// Shows one. Must not block.
    fn event(&self, event: Event<'_>);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn event(&self, _: Event<'_>) {}
}
