//! Whole catalogs in the embedded AWS, in virtual time, with the real SDK.

mod budget;
mod crash;
mod drift;
mod failing;
mod gaps;
mod kit;
mod lanes;
mod outputs;
mod ownership;
mod sage;
mod unkind;
