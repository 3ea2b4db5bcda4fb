//! Measures catalogd on a generated catalog of 1,000 products with three versions each, against the embedded AWS without
//! delays, quotas or pace: `cargo bench`. Time that the real service would take is not in it; its calls are.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark measures, prints, and fails by panicking"
)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use catalogd::aws::client::{Aws, Settings};
use catalogd::aws::pace::Pace;
use catalogd::clock::{Clock, Entropy};
use catalogd::emulator::faults::Faults;
use catalogd::emulator::{Emulator, InProcess, Options, Profile};
use catalogd::execute::progress::{Progress, Quiet};
use catalogd::execute::{Outcome, Patience};
use catalogd::manifest::{self, Context, Loaded};
use catalogd::model::owner::{Identity, Installation};
use catalogd::model::tree::Tree;
use catalogd::plan::{self, Input, Plan, Policy};
use catalogd::reconcile::converge::{Driver, End};
use catalogd::reconcile::{Pass, Reconciler};
use tokio_util::sync::CancellationToken;

const PRODUCTS: usize = 1_000;
const VERSIONS: usize = 3;
const PORTFOLIOS: usize = 10;

#[tokio::main]
async fn main() {
    let tree = generate();
    let bytes: usize = tree
        .files
        .values()
        .map(|entry| match entry {
            catalogd::model::tree::Entry::File(bytes) => bytes.len(),
            _ => 0,
        })
        .sum();
    println!(
        "{PRODUCTS} products x {VERSIONS} versions in {PORTFOLIOS} portfolios: {} files, {:.1} MiB",
        tree.files.len(),
        bytes as f64 / 1_048_576.0
    );

    let clock = Clock::system();
    let emulator = Emulator::new(Options {
        clock,
        seed: 1,
        profile: Profile::Instant,
        quotas: false,
        faults: Faults::default(),
    });
    println!("memory before              {:>8.1} MiB", peak_mib());

    let mut process = connect(&emulator, clock).await;
    let (loaded, parse) = parse(&tree, &process.aws);
    let started = Instant::now();
    let stop = CancellationToken::new();
    let ended = process
        .reconciler
        .converge(&loaded.desired, None, &stop, &mut Willing)
        .await
        .unwrap();
    let from_empty = started.elapsed();
    assert_eq!(ended.end, End::Settled);
    assert!(!ended.pass.plan.is_blocked());
    let calls = process.reconciler.calls();
    println!("parse                      {:>8.3} s", parse.as_secs_f64());
    println!(
        "converge from empty        {:>8.3} s, {calls} calls in {} passes",
        from_empty.as_secs_f64(),
        ended.passes
    );
    drop(ended);
    drop(process);

    let mut process = connect(&emulator, clock).await;
    let before = process.reconciler.calls();
    let started = Instant::now();
    let (loaded, parse) = self::parse(&tree, &process.aws);
    let pass = process.reconciler.plan(&loaded.desired, None).await;
    let no_op = started.elapsed();
    assert!(!pass.plan.has_changes());
    println!(
        "no-op pass, new process    {:>8.3} s, {} calls",
        no_op.as_secs_f64(),
        process.reconciler.calls() - before
    );

    let started = Instant::now();
    let identity = identity(&process.aws);
    let planned = plan::plan(&Input {
        identity: &identity,
        desired: &loaded.desired,
        base: None,
        observed: &pass.observed,
        policy: &Policy::default(),
        now: clock.now(),
    });
    assert!(!planned.has_changes());
    let diff = started.elapsed();
    println!(
        "parse and diff alone       {:>8.3} s ({:.3} + {:.3})",
        (parse + diff).as_secs_f64(),
        parse.as_secs_f64(),
        diff.as_secs_f64()
    );
    println!(
        "peak memory                {:>8.1} MiB, the embedded AWS included",
        peak_mib()
    );
}

struct Process {
    aws: Aws,
    reconciler: Reconciler,
}

/// A new process as far as catalogd's own memory goes: no state folder.
async fn connect(emulator: &Emulator, clock: Clock) -> Process {
    let aws = Aws::connect(Settings {
        region: Some("us-east-1".to_owned()),
        template_bucket: None,
        pace: Pace::None,
        http: Some(InProcess::shared(emulator.clone())),
        static_credentials: Some(("123456789012".to_owned(), "any".to_owned())),
        clock,
        seed: 1,
    })
    .await
    .unwrap();
    let entropy = Entropy::seeded(1);
    let identity = identity(&aws);
    let reconciler = Reconciler::new(
        aws.clone(),
        identity,
        clock,
        entropy,
        Patience::EMULATOR,
        None,
    );
    Process { aws, reconciler }
}

fn identity(aws: &Aws) -> Identity {
    Identity {
        installation: Installation::default(),
        target: aws.target().clone(),
    }
}

fn parse(tree: &Tree, aws: &Aws) -> (Loaded, Duration) {
    let started = Instant::now();
    let loaded = manifest::load(
        tree,
        &Context {
            target: Some(aws.target().clone()),
        },
    );
    assert!(loaded.findings.is_empty(), "{:?}", loaded.findings.first());
    (loaded, started.elapsed())
}

/// A catalog as an organisation would have it: a folder a product, templates of about 5 KB (facts: the median of real ones).
fn generate() -> Tree {
    let mut files = Vec::new();
    let mut portfolios = String::new();
    for portfolio in 0..PORTFOLIOS {
        write!(
            portfolios,
            "---\napiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {{name: portfolio-{portfolio}}}\nspec:\n  \
             displayName: Portfolio {portfolio}\n  providerName: Platform\n  tags: {{costCenter: \"{portfolio}\"}}\n  \
             principals:\n    - arn: arn:aws:iam::${{account}}:role/Team{portfolio}\n"
        )
        .unwrap();
    }
    files.push(("portfolios.yaml".to_owned(), portfolios));
    for product in 0..PRODUCTS {
        let mut text = format!(
            "apiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: product-{product}}}\nspec:\n  \
             name: Product {product}\n  owner: Platform\n  description: The product number {product}\n  \
             tags: {{team: platform}}\n  portfolios:\n    - portfolio: portfolio-{}\n      constraints:\n        \
             launch: {{localRoleName: Launch}}\n  versions:\n",
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
    Tree::of(files)
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

/// The most memory this process ever had, in MiB.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap_or("0 kB");
    let kib: f64 = line
        .trim()
        .trim_end_matches(" kB")
        .trim()
        .parse()
        .unwrap_or(0.0);
    kib / 1024.0
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
