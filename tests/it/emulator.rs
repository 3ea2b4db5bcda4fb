//! The embedded AWS, called as its users call it: through the unchanged SDK and in virtual time.

mod admin;
pub mod client;
mod copy;
mod documented;
mod errors;
mod faults;
mod import;
mod imported;
mod inconsistency;
mod keep;
mod lifecycle;
pub mod organizations;
mod paging;
mod port;
mod provisioning;
mod seeds;
mod share;
mod share_nodes;
mod strict;
mod wire;
