//! Measures what a pull request waits for: `catalogd validate` and `catalogd plan`, each as a process of its own, on 1,000
//! products with five versions each, of which 100 are launched, with 20 changes in git; and 10,000 manifests parsed and
//! diffed in this process. The embedded AWS answers without delays, quotas or pace: time that the real service would take
//! is not in it, its calls are. `cargo bench --bench plan`. It fails where a budget is not held.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark measures, prints, and fails by panicking"
)]

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use catalogd::aws::client::{Aws, Settings};
use catalogd::aws::pace::Pace;
use catalogd::clock::{Clock, Entropy};
use catalogd::emulator::faults::Faults;
use catalogd::emulator::{Emulator, InProcess, Options, Profile};
use catalogd::execute::progress::{Progress, Quiet};
use catalogd::execute::{Outcome, Patience};
use catalogd::manifest::{self, Context};
use catalogd::model::owner::{Identity, Installation};
use catalogd::model::tree::Tree;
use catalogd::plan::{self, Input, Plan, Policy};
use catalogd::reconcile::converge::{Driver, End};
use catalogd::reconcile::{Pass, Reconciler};
use tokio_util::sync::CancellationToken;

const PRODUCTS: usize = 1_000;
const VERSIONS: usize = 5;
const PORTFOLIOS: usize = 10;
const LAUNCHED: usize = 100;
/// Every so many of the products, and every so many of what is launched, is changed in git: 20 changes.
const CHANGED: usize = PRODUCTS / 10;
const MANIFESTS: usize = 10_000;

/// What must hold on two cores.
const MOST_PLAN: Duration = Duration::from_secs(5);
const MOST_PLAN_MEMORY: f64 = 200.0;
const MOST_VALIDATE: Duration = Duration::from_secs(1);
const MOST_SILENCE: Duration = Duration::from_millis(200);
const MOST_DIFF: Duration = Duration::from_secs(2);
/// The pace at which the real service is read.
const READS_A_SECOND: u64 = 10;

#[tokio::main]
async fn main() {
    let mut missed = Vec::new();
    let home = tempfile::tempdir().unwrap();
    let catalog = home.path().join("catalog");
    let files = generate(false);
    println!(
        "{PRODUCTS} products x {VERSIONS} versions, {LAUNCHED} launched: {} files",
        files.len()
    );
    write(&catalog, &files);

    let emulator = emulator();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    tokio::spawn(catalogd::emulator::server::serve(
        listener,
        emulator.clone(),
        stop.clone().cancelled_owned(),
    ));
    let program = Program {
        home: home.path().to_owned(),
        url,
    };

    let made = program
        .run(&["apply", "catalog", "--yes", "--pace", "none"])
        .await;
    made.print("apply from empty");
    assert_eq!(made.code, Some(0), "{}", made.stdout);

    write(&catalog, &generate(true));
    // A fresh runner of a pipeline: nothing in its state folder.
    let _ = std::fs::remove_dir_all(home.path().join("state"));
    let validated = program.run(&["validate", "catalog"]).await;
    validated.print("validate");
    assert_eq!(validated.code, Some(0), "{}", validated.stdout);
    if validated.took >= MOST_VALIDATE {
        missed.push(format!("validate took {:?}", validated.took));
    }

    emulator.reset_calls();
    let arguments = ["plan", "catalog", "--pace", "none", "--detailed-exitcode"];
    let planned = program.run(&arguments).await;
    planned.print("plan, 20 changes");
    let calls: u64 = emulator.counts().values().sum();
    println!(
        "    {calls} calls: {} s at {READS_A_SECOND} a second",
        calls / READS_A_SECOND
    );
    println!(
        "    {}",
        planned.stdout.trim_end().lines().last().unwrap_or("")
    );
    assert_eq!(planned.code, Some(2), "{}", planned.stdout);
    if planned.took >= MOST_PLAN {
        missed.push(format!("plan took {:?}", planned.took));
    }
    if planned.memory >= MOST_PLAN_MEMORY {
        missed.push(format!("plan took {:.1} MiB", planned.memory));
    }
    match planned.first_word {
        Some(silence) if silence < MOST_SILENCE => {}
        silence => missed.push(format!("the first word of progress came after {silence:?}")),
    }
    stop.cancel();

    let took = parse_and_diff().await;
    println!(
        "{MANIFESTS} manifests parsed and diffed {:>8.3} s",
        took.as_secs_f64()
    );
    if took >= MOST_DIFF {
        missed.push(format!("{MANIFESTS} manifests took {took:?}"));
    }
    // At the end, so that all is printed first.
    assert!(missed.is_empty(), "{missed:?}");
}

fn emulator() -> Emulator {
    Emulator::new(Options {
        clock: Clock::system(),
        seed: 1,
        profile: Profile::Instant,
        quotas: false,
        faults: Faults::default(),
    })
}

/// The program as a user starts it.
struct Program {
    home: PathBuf,
    url: String,
}

struct Ran {
    code: Option<i32>,
    took: Duration,
    /// Until the first byte on stderr.
    first_word: Option<Duration>,
    /// The most memory it ever had, in MiB.
    memory: f64,
    stdout: String,
}

impl Program {
    async fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_catalogd"));
        command
            .env_clear()
            .env("HOME", &self.home)
            .env("XDG_STATE_HOME", self.home.join("state"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "123456789012")
            .env("AWS_SECRET_ACCESS_KEY", "any")
            .current_dir(&self.home)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // The embedded AWS runs on this runtime: the waiting is done beside it.
        tokio::task::spawn_blocking(move || watch(command))
            .await
            .unwrap()
    }
}

fn watch(mut command: Command) -> Ran {
    let started = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let out = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).unwrap();
        text
    });
    let mut err = child.stderr.take().unwrap();
    let first = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&first);
    let err = std::thread::spawn(move || {
        let mut piece = [0_u8; 4096];
        while let Ok(1..) = err.read(&mut piece) {
            let now = u64::try_from(started.elapsed().as_micros()).unwrap();
            let _ = seen.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
        }
    });
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut memory = 0.0;
    let code = loop {
        memory = peak(&status).unwrap_or(memory);
        match child.try_wait().unwrap() {
            Some(ended) => break ended.code(),
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    let took = started.elapsed();
    err.join().unwrap();
    let first = first.load(Ordering::Relaxed);
    Ran {
        code,
        took,
        first_word: (first > 0).then(|| Duration::from_micros(first)),
        memory,
        stdout: out.join().unwrap(),
    }
}

impl Ran {
    fn print(&self, what: &str) {
        let first = self.first_word.map_or_else(
            || "nothing on stderr".to_owned(),
            |first| format!("first word after {:.3} s", first.as_secs_f64()),
        );
        println!(
            "{what:<26} {:>8.3} s, {:.1} MiB, {first}",
            self.took.as_secs_f64(),
            self.memory
        );
    }
}

fn peak(status: &Path) -> Option<f64> {
    let status = std::fs::read_to_string(status).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some(kib / 1024.0)
}

fn write(folder: &Path, files: &[(String, String)]) {
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// A folder a product, templates of about 5 KB (facts: the median of real ones); changed or not.
fn generate(changed: bool) -> Vec<(String, String)> {
    let mut files = vec![("portfolios.yaml".to_owned(), portfolios())];
    for product in 0..PRODUCTS {
        let changed = changed && product % CHANGED == 0;
        let mut text = format!(
            "apiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: product-{product}}}\nspec:\n  \
             name: Product {product}\n  owner: Platform\n  description: The product number {product}{}\n  \
             tags: {{team: platform}}\n  portfolios:\n    - portfolio: portfolio-{}\n      constraints:\n        \
             launch: {{localRoleName: Launch}}\n  versions:\n",
            if changed { ", changed" } else { "" },
            product % PORTFOLIOS
        );
        for version in 0..VERSIONS {
            writeln!(
                text,
                "    - {{name: v1.{version}.0, template: v1.{version}.0.yaml}}"
            )
            .unwrap();
            let path = format!("products/{product}/v1.{version}.0.yaml");
            files.push((path, template(product, version)));
        }
        files.push((format!("products/{product}/product.yaml"), text));
    }
    for launched in 0..LAUNCHED {
        let value = if changed && launched % (LAUNCHED / 10) == 0 {
            "changed"
        } else {
            "given"
        };
        let text = format!(
            "apiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {{name: launched-{launched}}}\nspec:\n  \
             product: product-{launched}\n  version: v1.{}.0\n  portfolio: portfolio-{}\n  \
             parameters: {{Parameter0: {value}}}\n",
            launched % VERSIONS,
            launched % PORTFOLIOS
        );
        files.push((format!("launched/{launched}.yaml"), text));
    }
    files
}

fn portfolios() -> String {
    let mut text = String::new();
    for portfolio in 0..PORTFOLIOS {
        write!(
            text,
            "---\napiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {{name: portfolio-{portfolio}}}\nspec:\n  \
             displayName: Portfolio {portfolio}\n  providerName: Platform\n  tags: {{costCenter: \"{portfolio}\"}}\n  \
             principals: [{{self: true}}]\n"
        )
        .unwrap();
    }
    text
}

fn template(product: usize, version: usize) -> String {
    let mut text = format!(
        "AWSTemplateFormatVersion: 2010-09-09\nDescription: Product {product} in version {version}\nParameters:\n"
    );
    for parameter in 0..5 {
        writeln!(
            text,
            "  Parameter{parameter}:\n    Type: String\n    Default: value-{parameter}\n    \
             Description: What the parameter number {parameter} is for, in a sentence of some length"
        )
        .unwrap();
    }
    text.push_str("Resources:\n");
    for resource in 0..20 {
        writeln!(
            text,
            "  Topic{resource}:\n    Type: AWS::SNS::Topic\n    Properties:\n      \
             DisplayName: !Sub '${{Parameter1}}-{resource}'\n      Tags:\n        - Key: product\n          \
             Value: '{product}'\n        - Key: version\n          Value: '{version}'"
        )
        .unwrap();
    }
    text
}

/// Manifests of as many products, each in a file, against the catalog that they made: what parsing and diffing take.
async fn parse_and_diff() -> Duration {
    let template = template(0, 0);
    let mut files = vec![("template.yaml".to_owned(), template)];
    for product in 0..MANIFESTS {
        files.push((
            format!("products/{product}.yaml"),
            format!(
                "apiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: product-{product}}}\nspec:\n  \
                 name: Product {product}\n  owner: Platform\n  description: The product number {product}\n  \
                 tags: {{team: platform}}\n  versions: [{{name: v1, template: ../template.yaml}}]\n"
            ),
        ));
    }
    let tree = Tree::of(files);
    let clock = Clock::system();
    let aws = Aws::connect(Settings {
        region: Some("us-east-1".to_owned()),
        template_bucket: None,
        pace: Pace::None,
        http: Some(InProcess::shared(emulator())),
        static_credentials: Some(("123456789012".to_owned(), "any".to_owned())),
        clock,
        seed: 1,
    })
    .await
    .unwrap();
    let identity = Identity {
        installation: Installation::default(),
        target: aws.target().clone(),
    };
    let context = Context {
        target: Some(aws.target().clone()),
    };
    let mut reconciler = Reconciler::new(
        aws,
        identity.clone(),
        clock,
        Entropy::seeded(1),
        Patience::EMULATOR,
        None,
    );
    let desired = manifest::load(&tree, &context).desired;
    let ended = reconciler
        .converge(&desired, None, &CancellationToken::new(), &mut Willing)
        .await
        .unwrap();
    assert_eq!(ended.end, End::Settled);

    let started = Instant::now();
    let loaded = manifest::load(&tree, &context);
    let planned = plan::plan(&Input {
        identity: &identity,
        desired: &loaded.desired,
        base: None,
        observed: &ended.pass.observed,
        policy: &Policy::default(),
        now: clock.now(),
    });
    let took = started.elapsed();
    // Advice there is: so many products are beyond a quota.
    assert!(!loaded.has_errors());
    assert!(!planned.has_changes());
    assert_eq!(planned.objects.len(), MANIFESTS);
    took
}

struct Willing;

impl Driver for Willing {
    fn consent(&mut self, _: &Pass) -> anyhow::Result<bool> {
        Ok(true)
    }
    fn begin(&mut self, _: &Plan) {}
    fn progress(&self) -> &dyn Progress {
        &Quiet
    }
    fn end(&mut self, _: &Outcome) {}
}
