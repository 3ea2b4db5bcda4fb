//! The embedded AWS, called as its users call it: through the unchanged SDK and in virtual time.

pub mod client;
mod copy;
mod documented;
mod errors;
mod import;
mod inconsistency;
mod lifecycle;
mod paging;
mod plans;
mod properties;
mod provisioning;
mod rules;
mod seeds;
mod sources;
mod stack_sets;
mod strict;
mod wire;
