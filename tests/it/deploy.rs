//! What `deploy/` says is held against the program: the policy against the calls in `src/aws/`, the unit and the
//! container against the command line.

mod ci;
mod command_line;
mod policy;

use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}
