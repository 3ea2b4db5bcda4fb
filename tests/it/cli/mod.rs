//! The program as people and pipelines run it: the real binary in a clean environment, and an embedded AWS on a real
//! port. Nothing here sleeps for a time: every wait is for a line, a file or a call, and has a deadline.

mod against;
pub(crate) mod bench;
mod brownfield;
mod canary;
mod converge;
mod daemon;
mod exits;
mod export;
mod failing;
mod formats;
mod kill;
mod launches;
mod lint;
mod policy;
mod repository;
mod saved;
mod terminal;
