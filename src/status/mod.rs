//! The `status` module.
