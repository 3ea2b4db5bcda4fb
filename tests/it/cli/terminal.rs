//! What a person at a terminal sees, through `script` of util-linux, which gives a program a pseudo-terminal.

use catalogd::emulator::Profile;
use tokio::process::Command;

use super::bench::{Bench, Ended, Running};

/// Takes the line of a bar away.
const CLEAR_LINE: &str = "\u{1b}[2K";
const BAR: &str = " calls  ";
const GREEN: &str = "\u{1b}[32m";

/// Runs `catalogd` on a terminal. `None` where there is no `script`, with a plain line.
async fn on_a_terminal(bench: &Bench, no_color: bool, args: &str) -> Option<Ended> {
    let installed = Command::new("script").arg("--version").output().await;
    if !installed.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: `script` of util-linux is not installed");
        return None;
    }
    let plain = bench.catalogd(&[]);
    let mut command = Command::new("script");
    command
        .current_dir(bench.home())
        .env_clear()
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh");
    for (name, value) in plain.as_std().get_envs() {
        command.env(name, value.unwrap());
    }
    if no_color {
        command.env("NO_COLOR", "1");
    }
    let program = env!("CARGO_BIN_EXE_catalogd");
    command.args(["-qec", &format!("'{program}' {args}"), "/dev/null"]);
    Some(Running::start(command).end().await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_has_bars_and_colours_and_a_pipe_has_neither() {
    let apply = "apply --yes --pace none catalog";
    let bench = Bench::small(Profile::Local).await;
    let Some(ended) = on_a_terminal(&bench, false, apply).await else {
        return;
    };
    let ended = ended.expect(0);
    let seen = &ended.stdout;
    assert!(seen.contains(BAR) && seen.contains(GREEN), "{seen:?}");
    let last_bar = seen.rfind(BAR).unwrap();
    assert!(
        seen[last_bar..].contains(CLEAR_LINE),
        "the bar stays: {seen:?}"
    );
    let last_line = seen.trim_end().lines().last().unwrap();
    assert!(last_line.starts_with("Converged with "), "{seen:?}");

    let bench = Bench::small(Profile::Local).await;
    let ended = on_a_terminal(&bench, true, apply).await.unwrap().expect(0);
    let seen = &ended.stdout;
    assert!(seen.contains(BAR) && !seen.contains(GREEN), "{seen:?}");

    let bench = Bench::small(Profile::Local).await;
    let args: Vec<&str> = apply.split(' ').collect();
    let ended = bench.run(&args).await.expect(0);
    assert!(!ended.stdout.contains('\u{1b}'), "{ended}");
    assert!(!ended.stderr.contains('\u{1b}'), "{ended}");
    assert!(!ended.stderr.contains(BAR), "{ended}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_explains_itself() {
    let bench = Bench::empty(Profile::Instant).await;
    for command in ["validate", "plan", "apply", "run", "emulator"] {
        let long = bench.run(&[command, "--help"]).await.expect(0);
        let short = bench.run(&[command, "-h"]).await.expect(0);
        for help in [&long.stdout, &short.stdout] {
            assert!(
                help.contains(&format!("Usage: catalogd {command} [OPTIONS]")),
                "{help}"
            );
            // The credentials of a repository come by environment only, and no value of it is shown.
            assert!(!help.to_lowercase().contains("token"), "{help}");
        }
        if command != "emulator" {
            assert!(long.stdout.contains("--ref <REF>"), "{long}");
        }
    }
    bench
        .run(&["--help"])
        .await
        .expect(0)
        .says("Exit codes: 0 done or no changes");
    bench
        .run(&["--version"])
        .await
        .expect(0)
        .says("catalogd 0.1.0");
}
