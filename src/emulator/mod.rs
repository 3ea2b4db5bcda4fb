//! An embedded AWS.

pub mod api;
