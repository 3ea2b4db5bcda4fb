//! The `manifest` module.
