//! CloudFormation, as far as stacks behind provisioned products, and seeds, need it.
//!
//! A template is parsed into a [`node::Node`], checked as the service checks it, and worked through resource by
//! resource in the emulator's time. No resource does anything, except buckets, which exist in the embedded S3.

mod engine;
pub mod node;
pub mod query;
mod stack;
mod template;
mod work;

pub use engine::Stacks;
pub use stack::{
    ChangeStack, MASK, NewStack, Output, Param, ParamValue, Resource, Stack, StackEvent,
    StackParam, StackStatus,
};
pub use template::{ParameterDecl, Template};
