//! The pinned boto3 and AWS CLI, in an environment of their own.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::emulator::client::text;
use crate::shared::skipped;

/// The versions that are used, whatever else is installed.
const VERSIONS: &str = include_str!("requirements.txt");

/// The folder where `.ci/clients` has put the clients, in the versions that are wanted now.
///
/// `None` where it has not, and the test is [`skipped`].
#[expect(
    clippy::disallowed_methods,
    reason = "where the clients are is the environment's to say"
)]
pub fn clients() -> Option<PathBuf> {
    let home = match std::env::var_os("CATALOGD_CLIENTS") {
        Some(home) => PathBuf::from(home),
        None => {
            let home = std::env::var_os("HOME").map_or_else(|| PathBuf::from("/tmp"), Into::into);
            home.join(".cache/catalogd-ci/clients")
        }
    };
    let found = std::fs::read_to_string(home.join("requirements.txt")).unwrap_or_default();
    if found == VERSIONS {
        return Some(home);
    }
    skipped(&format!(
        "{} lacks the clients of tests/it/fidelity/requirements.txt: run .ci/clients",
        home.display()
    ));
    None
}

/// A program of the clients' folder that sees the port, and of the machine's own settings and packages nothing.
pub fn program(home: &Path, name: &str, endpoint: &str) -> Command {
    let mut command = Command::new(home.join("bin").join(name));
    command
        .env_clear()
        .env("PATH", home.join("bin"))
        .env("LANG", "C.UTF-8")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "123456789012")
        .env("AWS_SECRET_ACCESS_KEY", "any")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// A script of this folder.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/fidelity")
        .join(name)
}

/// What a program said: its standard output and its standard error.
pub fn said(output: &Output) -> (String, String) {
    let read = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (read(&output.stdout), read(&output.stderr))
}

/// The AWS CLI, kept running from command to command: starting it takes longer than what it does.
pub struct Cli {
    _running: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    /// Where it runs: `file://name` in a command means a file here.
    folder: TempDir,
}

impl Cli {
    /// With the keys of an account.
    pub fn start(home: &Path, endpoint: &str, account: &str, region: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let mut running = program(home, "python", endpoint)
            .arg(script("cli.py"))
            .env("AWS_ACCESS_KEY_ID", account)
            .env("AWS_DEFAULT_REGION", region)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = running.stdin.take().unwrap();
        let answers = BufReader::new(running.stdout.take().unwrap()).lines();
        Self {
            _running: running,
            commands,
            answers,
            folder,
        }
    }

    /// Lays a file where commands find it.
    pub fn file(&self, name: &str, content: &str) {
        std::fs::write(self.folder.path().join(name), content).unwrap();
    }

    /// Runs a command line as a shell would, and reads its answer: null where the CLI prints nothing.
    ///
    /// # Errors
    /// What it says on standard error when it fails.
    pub async fn run(&mut self, command: &str) -> Result<Value, String> {
        let out = self.print(command).await?;
        if out.trim().is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_str(&out).unwrap_or_else(|_| panic!("{command}: {out}")))
    }

    async fn print(&mut self, command: &str) -> Result<String, String> {
        let line = format!("{}\n", json!(command));
        self.commands.write_all(line.as_bytes()).await.unwrap();
        let line = self.answers.next_line().await.unwrap();
        let line = line.unwrap_or_else(|| panic!("the CLI ended in {command}"));
        let answer: Value = serde_json::from_str(&line).unwrap();
        let part = |name: &str| text(&answer, &format!("/{name}"));
        if answer["code"] == 0 {
            Ok(part("out"))
        } else {
            Err(part("err"))
        }
    }

    /// What a command prints that does not answer in JSON, e.g. `aws s3 ls`.
    pub async fn prints(&mut self, command: &str) -> String {
        let answer = self.print(command).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// As [`Self::run`], of which success is expected.
    pub async fn ok(&mut self, command: &str) -> Value {
        let answer = self.run(command).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }
}
