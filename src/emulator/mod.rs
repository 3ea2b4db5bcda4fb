//! An embedded AWS.

pub mod api;
pub mod cfn;
pub mod form;
pub mod s3;
pub mod sts;
