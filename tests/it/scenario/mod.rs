//! Whole catalogs in the embedded AWS, in virtual time, with the real SDK.

mod budget;
mod copying;
mod crash;
mod defaults;
mod deleting_versions;
mod drift;
mod failing;
mod gaps;
mod importing;
pub mod kit;
mod lanes;
mod mutable;
mod outputs;
mod ownership;
mod planned;
mod preempt;
mod refs;
mod retention;
mod sage;
mod sharing;
mod source_connection;
mod templates;
mod types;
mod unkind;
mod unlisted;
