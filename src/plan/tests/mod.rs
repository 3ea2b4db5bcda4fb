//! Rule by rule: a small world, and its plan as people read it.

mod guards;
mod objects;
mod properties;
mod provisioned;
