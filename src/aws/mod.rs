//! The AWS edge: the real SDK and nothing else (design §5, §7).
//!
//! [`collect`] reads a catalog into [`Observed`](crate::model::observed::Observed), [`apply`] makes one
//! [`Op`](crate::plan::op::Op), [`confirm`] reads whether it shows, [`poll`] follows records. Every attempt of every
//! call passes [`pace`], and every refusal [`error`].

pub mod apply;
pub mod client;
pub mod collect;
pub mod confirm;
mod convert;
pub mod error;
pub mod index;
mod owned;
pub mod pace;
mod pages;
pub mod poll;
pub mod recall;

pub use client::{Aws, ConnectError, Settings};
pub use collect::Hints;
pub use error::{Class, Failure};
pub use index::ContentIndex;
pub use pace::{Access, Counts, Pace, Pacer};
pub(crate) use pages::Pages;
