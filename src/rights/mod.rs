//! What a catalog's plan and apply need of IAM: the least rights, as policies.
//!
//! [`Needs`] is what the manifests make necessary, `table` says which action is needed when and on what, and
//! [`Policy`] is that as IAM takes it. What is read is the whole catalog, whatever the source names, so the rights to
//! read depend little on it; what is written depends on it alone.

mod needs;
mod policy;
mod table;

pub use needs::{Needs, Place};
pub use policy::{MOST_CHARACTERS, Policy, Statement};

/// What the rights are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Reading alone.
    Plan,
    /// Reading and writing.
    Apply,
}

/// The least policy.
pub fn policy(needs: &Needs, purpose: Purpose) -> Policy {
    table::policy(needs, purpose)
}
