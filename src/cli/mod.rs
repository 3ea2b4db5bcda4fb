//! The command line: one file per command. Settings are resolved here once; nothing below reads the environment
//! (but for the AWS configuration chain, which the SDK reads by its own rules).

mod against;
mod apply;
mod args;
mod connect;
mod emulator;
mod exit;
mod export;
mod iam_policy;
mod launches;
mod ndjson;
mod observe;
mod out;
mod plan;
mod policy;
mod progress;
mod reading;
mod run;
mod saved;
mod schema;
mod selection;
mod show;
mod source;
mod validate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::clock::Clock;
use crate::telemetry;
use args::Global;
pub use exit::Exit;
use out::Out;

/// A GitOps reconciler for AWS Service Catalog.
#[derive(Debug, Parser)]
#[command(name = "catalogd", version, about, long_about = LONG, after_help = EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const LONG: &str = "A GitOps reconciler for AWS Service Catalog.\n\n\
    It reads YAML manifests from a folder or git repository, compares them with the live catalog, and makes the calls \
    that let the two agree. AWS is reached as the AWS CLI reaches it: profile, region, endpoint and credentials come \
    from the standard environment and files. With --emulator it works on an embedded AWS, and no account is needed.";

const EXIT_CODES: &str = "Exit codes: 0 done or no changes, 1 error, 2 changes pending (plan --detailed-exitcode), \
    3 manifests invalid, 4 credentials or permission, 5 blocked by a guard (apply) or a policy (plan and apply), 6 applied or exported in part, 7 saved plan is stale, 8 not converged before \
    the deadline, 130 interrupted";

#[derive(Debug, Subcommand)]
enum Command {
    /// Check manifests, offline
    Validate(validate::Validate),
    /// Show what apply would do; writes nothing
    Plan(plan::Plan),
    /// Make the catalog agree with the manifests, and wait until it does
    Apply(apply::Apply),
    /// Keep the catalog in agreement with the manifests: the daemon
    Run(run::Run),
    /// Save what is live, for plans where there are no credentials; writes nothing to AWS
    Observe(observe::Observe),
    /// Write a live catalog as manifests and templates; writes nothing to AWS
    Export(export::Export),
    /// List what was launched in the account, whoever did; writes nothing
    Launches(launches::Launches),
    /// Print the JSON Schema of manifests, for editors
    Schema(schema::Schema),
    /// Print the least IAM policy that plan and apply of manifests need
    IamPolicy(iam_policy::IamPolicy),
    /// Serve the embedded AWS on a port
    Emulator(emulator::Emulator),
}

/// Runs a command line to its end.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version end up here too, and go to stdout with 0.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Error.into()
            } else {
                Exit::Done.into()
            };
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&mut Out::plain(), &anyhow::Error::new(error)).into(),
    };
    let exit = runtime.block_on(dispatch(cli));
    // A fetch that hangs must not hold back the end; whatever it writes is a cache, made to be cut off.
    runtime.shutdown_background();
    exit.into()
}

async fn dispatch(cli: Cli) -> Exit {
    let mut out = Out::new(cli.global.color);
    let clock = Clock::system();
    let bars = progress::bars(&out);
    let writer = telemetry::AboveBars::new(bars.clone());
    let (format, filter) = (cli.global.log_format, &cli.global.log);
    if let Err(error) = telemetry::init(format, filter, out.stderr_color(), clock, writer) {
        return fail(&mut out, &anyhow::Error::new(error));
    }
    let result = match cli.command {
        Command::Validate(command) => command.execute(&mut out).await,
        Command::Plan(command) => command.execute(&mut out, clock, bars.clone()).await,
        Command::Apply(command) => command.execute(&mut out, clock, bars.clone()).await,
        Command::Run(command) => command.execute(&mut out, clock, bars.clone()).await,
        Command::Observe(command) => command.execute(&mut out, clock, bars.clone()).await,
        Command::Export(command) => command.execute(&mut out, clock, bars.clone()).await,
        Command::Launches(command) => command.execute(&mut out, clock).await,
        Command::Schema(command) => command.execute(&mut out).await,
        Command::IamPolicy(command) => command.execute(&mut out).await,
        Command::Emulator(command) => command.execute(&mut out, clock, &bars).await,
    };
    result.unwrap_or_else(|error| fail(&mut out, &error))
}

/// Shows an error with its causes; returns the exit code it calls for.
fn fail(out: &mut Out, error: &anyhow::Error) -> Exit {
    let mut text = format!("error: {error}");
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Some libraries repeat the cause in their own text.
        if !text.contains(&cause) {
            text.push_str("\n  because: ");
            text.push_str(&cause);
        }
    }
    out.error(&text);
    exit_of(error)
}

/// The exit code that an error calls for.
fn exit_of(error: &anyhow::Error) -> Exit {
    error
        .downcast_ref::<connect::Refused>()
        .map_or(Exit::Error, |refused| refused.exit)
}
