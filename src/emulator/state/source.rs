//! Products that follow a file in a repository (facts §8.1).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// SourceConnection of a product: CODESTAR is the only type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) struct Connection {
    pub(in crate::emulator) arn: String,
    pub(in crate::emulator) repository: String,
    pub(in crate::emulator) branch: String,
    pub(in crate::emulator) path: String,
    /// The last attempt, once there was one.
    pub(in crate::emulator) last: Option<Attempt>,
    /// The last that made a version: when, and which.
    pub(in crate::emulator) success: Option<(Timestamp, String)>,
}

/// An attempt to sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) struct Attempt {
    pub(in crate::emulator) at: Timestamp,
    /// Why it failed.
    pub(in crate::emulator) failure: Option<String>,
}
