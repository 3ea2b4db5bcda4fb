//! Products that follow a file in a repository (facts §8.1).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// SourceConnection of a product: CODESTAR is the only type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Connection {
    pub(super) arn: String,
    pub(super) repository: String,
    pub(super) branch: String,
    pub(super) path: String,
    /// The last attempt, once there was one.
    pub(super) last: Option<Attempt>,
    /// The last that made a version: when, and which.
    pub(super) success: Option<(Timestamp, String)>,
}

/// An attempt to sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) at: Timestamp,
    /// Why it failed.
    pub(super) failure: Option<String>,
}
