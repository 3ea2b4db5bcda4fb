//! The `model` module.

pub mod tree;
