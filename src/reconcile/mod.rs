//! The `reconcile` module.
