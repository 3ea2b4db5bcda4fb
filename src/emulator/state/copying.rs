//! Copies of products.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::emulator::faults::Doom;

/// How a copy of a product stands (facts §8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) enum CopyStatus {
    InProgress,
    Succeeded {
        target: String,
    },
    Failed {
        /// What a copy that failed half-way has left.
        target: Option<String>,
        /// Some fail without a word (facts §9.1).
        detail: Option<String>,
    },
}

/// A copy that has not ended. All of it happens at its end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator) struct Copying {
    pub(in crate::emulator) token: String,
    pub(in crate::emulator) ends: Timestamp,
    /// Whose the source is.
    pub(in crate::emulator) account: String,
    /// Where the source is.
    pub(in crate::emulator) region: String,
    /// The source's id.
    pub(in crate::emulator) source: String,
    /// The versions asked for; `None` for all.
    pub(in crate::emulator) versions: Option<Vec<String>>,
    pub(in crate::emulator) target: CopyTarget,
    /// CopyTags.
    pub(in crate::emulator) tags: bool,
    pub(in crate::emulator) quotas: bool,
    pub(in crate::emulator) doom: Doom,
}

/// Where the versions of a copy go.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator) enum CopyTarget {
    /// A product that is there, by its id.
    Present(String),
    /// A product that the copy makes.
    New {
        id: String,
        view: String,
        /// `None` for the source's.
        name: Option<String>,
    },
}
