//! What the tests here run on: an embedded AWS on a port, a home for the program, and a running program to wait on.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalogd::clock::Clock;
use catalogd::emulator::faults::Faults;
use catalogd::emulator::{Emulator, Options, Profile};
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::fidelity::foreign;
use crate::world::{ACCOUNT, REGION, World};

/// Longest wait for anything: a busy machine of two cores runs many of these at once.
const DEADLINE: Duration = Duration::from_secs(120);
/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(20);

/// An embedded AWS on a port of its own, and a home with a catalog for the programs that use it.
pub(crate) struct Bench {
    pub(crate) emulator: Emulator,
    pub(crate) url: String,
    home: tempfile::TempDir,
    _server: DropGuard,
}

/// A program that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Asserts that stdout has this.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} in\n{self}");
        self
    }

    /// Asserts that stderr has this.
    #[track_caller]
    pub(crate) fn notes(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in\n{self}");
        self
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exit {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.code, self.stdout, self.stderr
        )
    }
}

impl Bench {
    /// With the example catalog.
    pub(crate) async fn example(profile: Profile) -> Self {
        let bench = Self::empty(profile).await;
        copy(&crate::examples::folder(), &bench.catalog());
        catalogd::emulator::seed::load(&bench.emulator, &crate::examples::seed())
            .await
            .unwrap();
        bench.emulator.reset_calls();
        bench
    }

    /// With a catalog of a portfolio, a product and what is launched of it.
    pub(crate) async fn small(profile: Profile) -> Self {
        let bench = Self::empty(profile).await;
        bench.write("catalog.yaml", SMALL);
        bench.write("v1.yaml", TOPIC);
        bench
    }

    /// With a folder for manifests that has none.
    pub(crate) async fn empty(profile: Profile) -> Self {
        let clock = Clock::system();
        let emulator = Emulator::new(Options {
            clock,
            seed: 1,
            profile,
            quotas: true,
            faults: Faults::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(catalogd::emulator::server::serve(
            listener,
            emulator.clone(),
            stop.clone().cancelled_owned(),
        ));
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("catalog")).unwrap();
        Self {
            emulator,
            url,
            home,
            _server: stop.drop_guard(),
        }
    }

    /// A folder for whatever the test needs.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The manifests.
    pub(crate) fn catalog(&self) -> PathBuf {
        self.home.path().join("catalog")
    }

    /// The state folder that the programs use where they are told nothing else.
    pub(crate) fn state(&self) -> PathBuf {
        self.home.path().join("state/catalogd")
    }

    /// Writes a file of the catalog.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.catalog().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Replaces a text in a file of the catalog; it must be there.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let old = std::fs::read_to_string(self.catalog().join(path)).unwrap();
        assert!(old.contains(from), "{path} has no {from:?}");
        self.write(path, &old.replace(from, to));
    }

    /// `catalogd` in a clean environment that has this AWS and nothing else.
    pub(crate) fn catalogd(&self, args: &[&str]) -> Command {
        let mut command = clean(self.home.path());
        command
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", ACCOUNT)
            .env("AWS_SECRET_ACCESS_KEY", "any")
            .current_dir(self.home.path())
            .args(args);
        command
    }

    /// Runs `catalogd` to its end.
    pub(crate) async fn run(&self, args: &[&str]) -> Ended {
        Running::start(self.catalogd(args)).end().await
    }

    /// Starts `catalogd`.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        Running::start(self.catalogd(args))
    }

    /// The pinned AWS CLI as somebody beside catalogd uses it. `None` where it is not installed.
    pub(crate) async fn aws_cli(&self, args: &[&str]) -> Option<serde_json::Value> {
        let home = foreign::clients()?;
        let mut command = foreign::program(&home, "aws", &self.url);
        command
            .env("AWS_REGION", REGION)
            .env("AWS_PAGER", "")
            .args(["--output", "json"])
            .args(args);
        let ended = Running::start(command).end().await.expect(0);
        Some(serde_json::from_str(&ended.stdout).unwrap_or(serde_json::Value::Null))
    }

    /// The same AWS as scenarios in this process use it, with the catalog as it is now.
    pub(crate) fn world(&self) -> World {
        let mut world = World::new();
        world.clock = self.emulator.clock();
        world.emulator = self.emulator.clone();
        world.copy(&self.catalog());
        world
    }

    /// Waits until something holds.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        until(what, || holds(self), String::new).await;
    }

    /// How often an operation was called.
    pub(crate) fn count(&self, operation: &str) -> u64 {
        self.emulator.counts().get(operation).copied().unwrap_or(0)
    }

    /// How many calls there were that write.
    pub(crate) fn writes(&self) -> u64 {
        let reads = ["Describe", "List", "Search", "Scan", "Get", "Head"];
        let counts = self.emulator.counts().into_iter();
        let writes = counts.filter(|(call, _)| !reads.iter().any(|read| call.starts_with(read)));
        writes.map(|(_, count)| count).sum()
    }
}

/// `catalogd` with an environment of nothing but a home.
pub(crate) fn clean(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_catalogd"));
    command
        .env_clear()
        .env("HOME", home)
        .env("XDG_STATE_HOME", home.join("state"))
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// What a program has written so far to one of its streams, and how much of it the test has read.
#[derive(Clone, Default)]
struct Stream {
    text: Arc<Mutex<String>>,
    seen: Arc<Mutex<usize>>,
}

impl Stream {
    fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    /// Whether `text` has come since the last time; what came before it is passed over.
    fn take(&self, text: &str) -> bool {
        let all = self.text.lock().unwrap();
        let mut seen = self.seen.lock().unwrap();
        let found = all[*seen..].find(text);
        if let Some(at) = found {
            *seen += at + text.len();
        }
        found.is_some()
    }

    async fn fill(self, mut from: impl tokio::io::AsyncRead + Unpin) {
        let mut bytes = Vec::new();
        let mut piece = [0_u8; 4096];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            bytes.extend_from_slice(&piece[..length]);
            // A character may be cut in two: only whole ones are text yet.
            let whole = match std::str::from_utf8(&bytes) {
                Ok(_) => bytes.len(),
                Err(error) => error.valid_up_to(),
            };
            let text = String::from_utf8(bytes.drain(..whole).collect()).unwrap();
            self.text.lock().unwrap().push_str(&text);
        }
    }
}

/// A program that runs. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    out: Stream,
    err: Stream,
    pumps: Vec<tokio::task::JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (out, err) = (Stream::default(), Stream::default());
        let pumps = vec![
            tokio::spawn(out.clone().fill(child.stdout.take().unwrap())),
            tokio::spawn(err.clone().fill(child.stderr.take().unwrap())),
        ];
        Self {
            child,
            out,
            err,
            pumps,
        }
    }

    /// Waits until stdout has this after what was waited for before.
    pub(crate) async fn says(&mut self, text: &str) {
        let (out, shown) = (self.out.clone(), self.shown());
        until(text, || out.take(text), shown).await;
    }

    /// Waits until stderr has this after what was waited for before.
    pub(crate) async fn notes(&mut self, text: &str) {
        let (err, shown) = (self.err.clone(), self.shown());
        until(text, || err.take(text), shown).await;
    }

    fn shown(&self) -> impl Fn() -> String + use<> {
        let (out, err) = (self.out.clone(), self.err.clone());
        move || format!("--- stdout\n{}\n--- stderr\n{}", out.text(), err.text())
    }

    /// All of stdout so far.
    pub(crate) fn stdout(&self) -> String {
        self.out.text()
    }

    /// All of stderr so far.
    pub(crate) fn stderr(&self) -> String {
        self.err.text()
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends a signal by its name, e.g. `TERM`.
    pub(crate) async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().await;
        assert!(sent.unwrap().success());
    }

    /// Waits for its end.
    pub(crate) async fn end(mut self) -> Ended {
        let shown = self.shown();
        let status = match tokio::time::timeout(DEADLINE, self.child.wait()).await {
            Ok(status) => status.unwrap(),
            Err(_) => panic!("it does not end\n{}", shown()),
        };
        for pump in &mut self.pumps {
            pump.await.unwrap();
        }
        Ended {
            code: status.code(),
            stdout: self.out.text(),
            stderr: self.err.text(),
        }
    }

    /// SIGTERM, and its end.
    pub(crate) async fn terminate(self) -> Ended {
        self.signal("TERM").await;
        self.end().await
    }
}

async fn until(what: &str, mut holds: impl FnMut() -> bool, shown: impl Fn() -> String) {
    let clock = Clock::system();
    let waiting = async {
        while !holds() {
            clock.sleep(LOOK).await;
        }
    };
    if tokio::time::timeout(DEADLINE, waiting).await.is_err() {
        panic!("waited in vain for {what:?}\n{}", shown());
    }
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

const SMALL: &str = "\
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: team}
spec:
  displayName: Team
  providerName: Platform
  principals: [{self: true}]
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: topic}
spec:
  name: Topic
  owner: Platform
  description: A topic for alarms
  portfolios: [{portfolio: team}]
  versions:
    - {name: v1, template: v1.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: alarms}
spec:
  product: topic
  version: v1
  parameters: {Name: alarms}
";

const TOPIC: &str = "\
AWSTemplateFormatVersion: '2010-09-09'
Description: A topic
Parameters:
  Name: {Type: String}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicName: !Ref Name}
Outputs:
  Arn: {Value: !Ref Topic}
";
