//! What happens to a call once it was made, as state machines: pure, one total transition each.
//!
//! `execute` feeds them what it reads and does what they say; they never wait, and they know no clock.

pub mod backoff;
pub mod copy;
pub mod queue;
pub mod record;
pub mod settle;
pub mod share;
