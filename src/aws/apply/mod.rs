//! One [`Op`] is one call.
use crate::aws::client::Aws;
use crate::aws::error::Failure;
use crate::plan::op::{Answer, Op};

impl Aws {
    /// Makes the call. `op` has values for all its arguments ([`Op::resolved`]).
    pub async fn apply(&self, op: &Op) -> Result<Answer, Failure> {
        Err(Failure::internal(op.call(), "not built yet"))
    }
}
