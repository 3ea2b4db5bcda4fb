//! What every emulated service shares: who calls, when, and how an error is said.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::form;
use super::ids::{self, Pins};
use crate::clock::Entropy;

/// Who signed a request: the access key id names the account, or stands for a role assumed before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Twelve digits.
    pub account: String,
    /// The ARN that `sts:GetCallerIdentity` answers, e.g. `arn:aws:sts::123456789012:assumed-role/catalogd/session`.
    pub arn: String,
    /// The IAM principal behind a session: launch paths are matched against it,
    /// e.g. `arn:aws:iam::123456789012:role/catalogd`.
    pub principal: String,
}

/// The circumstances of one request.
#[derive(Debug)]
pub struct Ctx<'a> {
    /// Who calls.
    pub caller: Caller,
    /// The region of the credential scope.
    pub region: String,
    /// When the request is worked on.
    pub now: Timestamp,
    /// Ids, jitter and faults come from here and from nowhere else.
    pub entropy: &'a mut Entropy,
    /// Ids that this call gives out before it draws any.
    pub pins: &'a mut Pins,
    /// How long asynchronous work takes.
    pub timing: Timing,
}

impl Ctx<'_> {
    /// A new id of that prefix, pinned or drawn.
    pub(super) fn new_id(&mut self, prefix: &str) -> String {
        let pinned = self.pins.take(prefix);
        pinned.unwrap_or_else(|| ids::fresh(prefix, self.entropy))
    }

    /// The id of a new account, pinned or drawn.
    pub(super) fn new_account(&mut self) -> String {
        let pinned = self.pins.take_account();
        // Twelve digits of which the first is not 0: some tools take an account for a number.
        pinned
            .unwrap_or_else(|| (100_000_000_000 + self.entropy.below(900_000_000_000)).to_string())
    }

    /// The end of a new stack's ARN, pinned or drawn.
    pub(super) fn new_uuid(&mut self) -> String {
        let pinned = self.pins.take_uuid();
        pinned.unwrap_or_else(|| form::new_id(self.entropy))
    }
}

/// How long the service's asynchronous work takes, start to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// From the request to the stack's first event (real: 1.1 to 1.4 s, facts §10.1).
    pub stack_start: Duration,
    /// Each resource of a stack, created, updated or deleted one after another.
    pub per_resource: Duration,
    /// From the stack's last event to the record's end (real: 6 to 10 s, facts §10.1).
    pub record_end: Duration,
    /// A version or a constraint in CREATING.
    pub creating: Duration,
    /// A copy of a product, from the request to its end.
    pub copying: Duration,
    /// An action on a share with a node of an organization, and the making of an account.
    pub sharing: Duration,
}

/// An error as a service says it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The bare type, e.g. `ResourceNotFoundException`.
    pub code: String,
    /// The text a caller sees.
    pub message: String,
    /// The HTTP status; 400 for nearly everything (facts §2).
    pub status: u16,
}

impl ApiError {
    /// An error with HTTP status 400.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            status: 400,
        }
    }
}
