//! The `catalogd` binary: see `catalogd --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    catalogd::cli::run(std::env::args_os())
}
