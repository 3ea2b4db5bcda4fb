//! Whole catalogs in the embedded AWS, in virtual time, with the real SDK.

mod adopting;
mod budget;
mod constraints;
mod budgets;
mod copying;
mod crash;
mod drift;
mod failing;
mod gaps;
mod imported;
mod importing;
pub mod kit;
mod lanes;
mod outputs;
mod ownership;
mod planned;
mod polling;
mod preempt;
mod removing;
mod sage;
mod shares;
mod sharing;
mod tag_options;
mod templates;
mod unkind;
mod unlisted;
