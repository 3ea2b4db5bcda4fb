//! The `aws` module.
