//! The `catalogd` binary.
fn main() {}
