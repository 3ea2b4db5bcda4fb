//! Whole catalogs in the embedded AWS, in virtual time, with the real SDK.

mod budget;
mod crash;
mod drift;
mod failing;
mod kit;
mod lanes;
mod sage;
mod unkind;
