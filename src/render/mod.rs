//! The same values as text for people and JSON for machines: one file per thing that is shown.

pub mod findings;
pub mod json;
pub mod policy;
pub mod safe;
pub mod status;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod text;
