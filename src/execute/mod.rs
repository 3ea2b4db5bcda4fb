//! The `execute` module.
