//! Measures the embedded AWS on its port with 10,000 products loaded: `cargo bench --bench emulator`. The server is the
//! program itself, in a process of its own, so that its memory is its own; the clients share the machine's cores with it.
//! It fails where the server is slower, or larger, than promised.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark measures, prints, and fails by panicking"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use catalogd::clock::Clock;
use catalogd::emulator::faults::Faults;
use catalogd::emulator::{Emulator, Options, Profile};
use serde_json::{Value, json};

const PRODUCTS: usize = 10_000;
const PORTFOLIOS: usize = 100;
const CLIENTS: usize = 4;
const SPAN: Duration = Duration::from_secs(5);
/// What a server on two cores that it shares with its clients must reach, so that it is never what a test or a benchmark
/// of catalogd waits for: calls a second of each operation that describes one thing, and MiB of memory at the most. They
/// are asserted here and in no test, for another machine, or a busy one, may be slower.
const LEAST_DESCRIBES: f64 = 5_000.0;
const MOST_MEMORY: f64 = 300.0;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let started = Instant::now();
    let ids = load(&state);
    let size = std::fs::metadata(&state).unwrap().len();
    println!(
        "{PRODUCTS} products, a version each, in {PORTFOLIOS} portfolios: made in {:.1} s, a state of {:.1} MiB",
        started.elapsed().as_secs_f64(),
        mib(size)
    );
    let started = Instant::now();
    let server = Server::start(&state);
    println!(
        "ready                      {:>8.2} s",
        started.elapsed().as_secs_f64()
    );
    let mut missed = Vec::new();
    for (name, operation, input) in [
        (
            "DescribePortfolio",
            "DescribePortfolio",
            json!({"Id": ids.portfolio}),
        ),
        (
            "DescribeProductAsAdmin",
            "DescribeProductAsAdmin",
            json!({"Id": ids.product}),
        ),
        (
            "DescribeProvisioningArtifact",
            "DescribeProvisioningArtifact",
            json!({"ProductId": ids.product, "ProvisioningArtifactId": ids.version}),
        ),
        (
            "ListPortfolios, 20",
            "ListPortfolios",
            json!({"PageSize": 20}),
        ),
        (
            "SearchProductsAsAdmin, 20",
            "SearchProductsAsAdmin",
            json!({"PageSize": 20}),
        ),
        (
            "SearchProductsAsAdmin of a portfolio, 20",
            "SearchProductsAsAdmin",
            json!({"PortfolioId": ids.portfolio, "PageSize": 20}),
        ),
        (
            "UpdatePortfolio",
            "UpdatePortfolio",
            json!({"Id": ids.portfolio, "Description": "again"}),
        ),
    ] {
        let rate = server.rate(operation, &input);
        println!("{name:<40} {rate:>8.0} calls a second");
        if operation.starts_with("Describe") && rate < LEAST_DESCRIBES {
            missed.push(format!("{name}: {rate:.0} calls a second"));
        }
    }
    let started = Instant::now();
    let pages = server.walk();
    println!(
        "all products in {pages} pages  {:>8.2} s",
        started.elapsed().as_secs_f64()
    );
    println!(
        "memory at the end          {:>8.1} MiB",
        server.memory("VmRSS:")
    );
    let peak = server.memory("VmHWM:");
    println!("peak memory                {peak:>8.1} MiB");
    if peak >= MOST_MEMORY {
        missed.push(format!("peak memory: {peak:.1} MiB"));
    }
    // At the end, so that all is printed first.
    assert!(missed.is_empty(), "{missed:?}");
}

struct Ids {
    portfolio: String,
    product: String,
    version: String,
}

/// A state with the products in it, and some ids to ask for.
#[tokio::main(flavor = "current_thread")]
async fn load(state: &std::path::Path) -> Ids {
    let emulator = Emulator::new(Options {
        clock: Clock::system(),
        seed: 1,
        profile: Profile::Instant,
        quotas: false,
        faults: Faults::default(),
    });
    let call = async |operation: &str, input: Value| -> Value {
        let request = http::Request::post("https://servicecatalog.us-east-1.amazonaws.com/")
            .header("content-type", "application/x-amz-json-1.1")
            .header(
                "x-amz-target",
                format!("AWS242ServiceCatalogService.{operation}"),
            )
            .header("authorization", AUTHORIZATION)
            .body(input.to_string().into())
            .unwrap();
        let answer = emulator.call(request).await.unwrap();
        assert!(
            answer.status().is_success(),
            "{operation}: {:?}",
            answer.body()
        );
        serde_json::from_slice(answer.body()).unwrap()
    };
    let template = format!(
        "Resources: {{T: {{Type: 'AWS::SNS::Topic'}}}} # {}",
        "x".repeat(4_900)
    );
    for (path, body) in [
        ("/bench-templates", ""),
        ("/bench-templates/t.yaml", &template),
    ] {
        let request = http::Request::put(format!("https://s3.us-east-1.amazonaws.com{path}"))
            .header(
                "authorization",
                AUTHORIZATION.replace("servicecatalog", "s3"),
            )
            .header("host", "s3.us-east-1.amazonaws.com")
            .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
            .header("x-amz-date", "20270115T080000Z")
            .header("content-length", body.len())
            .body(body.to_owned().into())
            .unwrap();
        assert!(emulator.call(request).await.unwrap().status().is_success());
    }
    let text = |value: &Value, at: &str| value.pointer(at).unwrap().as_str().unwrap().to_owned();
    let mut portfolios = Vec::new();
    for number in 0..PORTFOLIOS {
        let input = json!({"DisplayName": format!("Portfolio {number}"), "ProviderName": "bench",
                           "IdempotencyToken": format!("f{number}")});
        portfolios.push(text(
            &call("CreatePortfolio", input).await,
            "/PortfolioDetail/Id",
        ));
    }
    let mut last = None;
    for number in 0..PRODUCTS {
        let input = json!({
            "Name": format!("Product {number}"), "Owner": "bench", "ProductType": "CLOUD_FORMATION_TEMPLATE",
            "Description": "A product of the benchmark", "IdempotencyToken": format!("p{number}"),
            "Tags": [{"Key": "team", "Value": "platform"}],
            "ProvisioningArtifactParameters": {
                "Name": "v1", "Info": {"LoadTemplateFromURL": "https://s3.us-east-1.amazonaws.com/bench-templates/t.yaml"},
            },
        });
        let made = call("CreateProduct", input).await;
        let product = text(&made, "/ProductViewDetail/ProductViewSummary/ProductId");
        let pair = json!({"ProductId": product, "PortfolioId": portfolios[number % PORTFOLIOS]});
        call("AssociateProductWithPortfolio", pair).await;
        last = Some((product, text(&made, "/ProvisioningArtifactDetail/Id")));
    }
    std::fs::write(state, emulator.state().unwrap()).unwrap();
    let (product, version) = last.unwrap();
    Ids {
        portfolio: portfolios.remove(0),
        product,
        version,
    }
}

const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=123456789012/20270115/us-east-1/servicecatalog/aws4_request, \
                             SignedHeaders=host, Signature=00";

/// `catalogd emulator`, which ends with it.
struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(state: &std::path::Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_catalogd"))
            .args([
                "emulator",
                "--listen",
                "127.0.0.1:0",
                "--profile",
                "instant",
            ])
            .args(["--quotas", "none", "--state"])
            .arg(state)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let (_, address) = line.trim().rsplit_once('/').unwrap();
        let address = address.to_owned();
        Self { child, address }
    }

    /// Calls a second, by several clients on a connection each.
    fn rate(&self, operation: &str, input: &Value) -> f64 {
        let made = AtomicU64::new(0);
        let started = Instant::now();
        std::thread::scope(|threads| {
            for _ in 0..CLIENTS {
                threads.spawn(|| {
                    let mut client = Client::connect(&self.address);
                    while started.elapsed() < SPAN {
                        client.call(operation, input);
                        made.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        made.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
    }

    /// Reads all products, and says in how many pages.
    fn walk(&self) -> usize {
        let mut client = Client::connect(&self.address);
        let (mut pages, mut found, mut token) = (0, 0, Value::Null);
        loop {
            let mut input = json!({"PageSize": 20});
            if !token.is_null() {
                input["PageToken"] = token;
            }
            let page = client.call("SearchProductsAsAdmin", &input);
            pages += 1;
            found += page["ProductViewDetails"].as_array().unwrap().len();
            token = page["NextPageToken"].clone();
            if token.is_null() {
                assert_eq!(found, PRODUCTS);
                return pages;
            }
        }
    }

    fn memory(&self, what: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(what)).unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        mib(kib * 1024)
    }
}

/// One connection, one call after the other.
struct Client {
    stream: BufReader<TcpStream>,
    address: String,
}

impl Client {
    fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
            address: address.to_owned(),
        }
    }

    fn call(&mut self, operation: &str, input: &Value) -> Value {
        let body = input.to_string();
        let request = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-amz-json-1.1\r\n\
             x-amz-target: AWS242ServiceCatalogService.{operation}\r\nauthorization: {AUTHORIZATION}\r\n\
             content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let fine = line.contains(" 200 ");
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().unwrap();
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).unwrap();
        assert!(fine, "{operation}: {}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).unwrap()
    }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}
