//! Whether a write shows (design §7).
use crate::aws::client::Aws;
use crate::aws::error::Failure;
use crate::plan::op::{Answer, Op};

/// Whether a write shows. The caller asks until it has seen [`Shown::Yes`] twice in a row: reads flip back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// It does.
    Yes,
    /// Not yet: what is missing.
    NotYet(String),
    /// It never will: the service says that it failed.
    Failed(String),
    /// The token was answered with an object that has long been gone: a new token is needed (design §7).
    Gone,
}

impl Aws {
    /// Reads whether a call shows, by the cheapest call that can tell. `op` has values for all its arguments.
    pub async fn shows(&self, op: &Op, answer: &Answer) -> Result<Shown, Failure> {
        let _ = answer;
        Err(Failure::internal(op.call(), "not built yet"))
    }
}
