//! The same values as text and JSON: one file per thing that is shown.

pub mod findings;
