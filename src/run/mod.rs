//! The `run` module.
