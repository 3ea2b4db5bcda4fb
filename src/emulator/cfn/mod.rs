//! CloudFormation, as far as stacks behind provisioned products, and seeds, need it.
//!
//! A template is parsed into a [`node::Node`], checked as the service checks it, evaluated with its values into a
//! blueprint, and worked through resource by resource in the emulator's time. No resource does anything, except
//! buckets, which exist in the embedded S3, and parameters of Systems Manager.
//!
//! Guesses, where nothing is known of the real service: attributes of types that are not listed are derived text;
//! macros of the service itself (SAM, Include, LanguageExtensions) are opaque, so that what
//! they would add does not appear; nested stacks and custom resources succeed.

mod blueprint;
pub mod change_set;
mod check;
mod declaration;
mod derive;
mod engine;
mod intrinsic;
pub mod node;
mod order;
mod parameter;
pub mod query;
mod resource;
mod rules;
mod stack;
pub mod stack_set;
mod stored;
mod template;
mod work;

pub(in crate::emulator) use engine::NO_UPDATES;
pub use engine::{CHANGE_SET_FAILED, Stacks};
pub use order::Order;
pub use stack::{
    ChangeStack, MASK, Nested, NewStack, Output, Param, ParamValue, Resource, Stack, StackEvent,
    StackParam, StackStatus,
};
pub use template::{ParameterDecl, Template};
