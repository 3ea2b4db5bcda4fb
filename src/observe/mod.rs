//! The `observe` module.
