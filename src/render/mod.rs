//! The same values as text, markdown and JSON: one file per thing that is shown.

mod advice;
mod changes;
mod doc;
mod estimate;
pub mod events;
pub mod findings;
mod fold;
pub mod json;
pub mod launches;
mod left_out;
pub mod markdown;
mod page;
mod policy;
pub mod safe;
#[cfg(test)]
mod schema_check;
pub mod status;
pub mod summary;
pub mod template_change;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod text;
mod value;

pub use estimate::{Estimate, Rates};
pub use left_out::left_out;
pub use page::Page;
