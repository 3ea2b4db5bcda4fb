//! What outlives the process that made it and is believed by another one: saved plans and saved observations, as files.
//!
//! Both are JSON with a number for their format and a digest of their content, so that a file that was cut short or edited is
//! told from one that is whole. The digest is no signature: who can write the file can make another.

mod envelope;
pub mod observation;
pub mod plan;

pub use envelope::Damage;
