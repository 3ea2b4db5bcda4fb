//! The embedded AWS, called as its users call it: through the unchanged SDK and in virtual time.

pub mod client;
mod documented;
mod errors;
mod inconsistency;
mod lifecycle;
mod paging;
mod provisioning;
mod strict;
mod wire;
