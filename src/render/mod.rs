//! The same values as text for people and JSON for machines: one file per thing that is shown.

pub mod findings;
pub mod json;
mod left_out;
pub mod safe;
pub mod status;
pub mod template_change;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod text;

pub use left_out::left_out;
