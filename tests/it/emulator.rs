//! The embedded AWS, called as its users call it: through the unchanged SDK and in virtual time.

mod admin;
pub mod client;
mod copy;
mod documented;
mod errors;
mod faults;
mod import;
mod inconsistency;
mod keep;
mod lifecycle;
mod listings;
mod malformed;
mod model;
mod paging;
mod plans;
mod port;
mod properties;
mod provisioning;
mod rules;
mod seeds;
mod sources;
mod stack_sets;
mod strict;
mod validated;
mod wire;
