//! The catalog as plain values: what git wants ([`desired`]) and what is live ([`observed`]).
//!
//! No value here is `Serialize`: manifests, the state folder and the API have shapes of their own at the edges.

pub mod desired;
pub mod launch;
pub mod limits;
pub mod observed;
pub mod owner;
pub mod secret;
pub mod share;
pub mod template;
pub mod tree;
