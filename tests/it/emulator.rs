//! The embedded AWS, called as its users call it: through the unchanged SDK and in virtual time.

mod actions;
mod admin;
mod budgets;
pub mod client;
mod copy;
mod documented;
mod errors;
mod faults;
mod import;
mod inconsistency;
mod keep;
mod lifecycle;
mod paging;
mod port;
mod provisioning;
mod seeds;
mod ssm;
mod strict;
mod tag_options;
mod tagging;
mod wire;
