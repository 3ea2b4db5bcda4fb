//! The `git` module.
