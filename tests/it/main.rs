//! Everything that needs more than one module: one binary, so that a cold build links once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

mod aws;
mod cases;
mod cli;
mod deploy;
mod emulator;
mod emulator_cfn;
mod examples;
mod fidelity;
mod git;
mod manifest;
mod model;
mod scenario;
mod schema;
mod shared;
mod sim;
mod world;
