//! The same values as text, markdown and JSON: one file per thing that is shown.

mod advice;
mod changes;
mod doc;
mod estimate;
pub mod findings;
mod fold;
pub mod json;
mod page;
pub mod safe;
pub mod status;
pub mod summary;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod text;
mod value;

pub use estimate::{Estimate, Rates};
pub use page::Page;
