//! The `diff` module.
