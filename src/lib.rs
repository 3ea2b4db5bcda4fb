//! catalogd: a GitOps reconciler for AWS Service Catalog.
//!
//! ```text
//! git commit ─ manifest ─▶ Desired ┐
//!                                  ├─ diff ─▶ plan ─▶ guards ─▶ execute ─▶ poll ─▶ status
//! AWS ─ collect ─ observe ─▶ Observed ┘                           │
//!                                        the next pass starts here ◀┘
//! ```
//!
//! Modules in reading order. Imports point only upwards in this list (checked by `tests/tidy.rs`):
//! the middle (`manifest` to `saved`) is pure, only the edges touch the world.

// words
pub mod clock;
pub mod ids;
pub mod secret;
pub mod model;
pub mod rule;
// git → desired
pub mod manifest;
// live → observed
pub mod observe;
// decide
pub mod diff;
pub mod plan;
pub mod policy;
pub mod run;
pub mod status;
pub mod rights;
// show
pub mod render;
pub mod export;
// keep
pub mod saved;
// edges
pub mod git;
pub mod telemetry;
pub mod aws;
pub mod store;
// drive
pub mod execute;
pub mod reconcile;
pub mod daemon;
// stand-alone
pub mod emulator;
// faces
pub mod cli;
