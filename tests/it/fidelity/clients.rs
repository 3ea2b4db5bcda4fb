//! Clients of other makers, unchanged, against the emulator's port: boto3 and the AWS CLI.

use std::path::Path;
use std::process::{Output, Stdio};

use catalogd::clock::Clock;
use catalogd::emulator::faults::Faults;
use catalogd::emulator::{Emulator, Options, Profile, server};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::oneshot;

use crate::emulator::client::text;

/// Operations that the script leaves out, and why it may.
const UNHEARD: [&str; 0] = [];

/// An emulator on a free port for as long as `work` takes.
async fn served<T>(work: impl AsyncFnOnce(String) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let emulator = Emulator::new(Options {
        clock: Clock::system(),
        seed: 11,
        profile: Profile::Instant,
        quotas: true,
        faults: Faults::default(),
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(server::serve(listener, emulator, async {
        let _ = stopped.await;
    }));
    let result = work(endpoint).await;
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    result
}

/// Runs a program; `None` where it is not installed, which only a check on every commit may not say.
async fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    let output = Command::new(program)
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", "123456789012")
        .env("AWS_SECRET_ACCESS_KEY", "any")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_SESSION_TOKEN")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    output.ok()
}

/// Whether a client is at hand.
async fn missing(program: &str, arguments: &[&str]) -> bool {
    let found = run(program, arguments).await;
    let missing = !found.is_some_and(|output| output.status.success());
    if missing {
        let what = format!("{program} {}", arguments.join(" "));
        #[expect(
            clippy::disallowed_methods,
            reason = "only here is it asked whether a missing client may be skipped"
        )]
        let must = std::env::var_os("CI").is_some();
        assert!(!must, "`{what}` does not run");
        eprintln!("skipped: `{what}` does not run");
    }
    missing
}

fn said(output: &Output) -> (String, String) {
    let read = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (read(&output.stdout), read(&output.stderr))
}

#[tokio::test]
async fn boto3_lives_a_whole_life_and_every_answer_fits_the_model() {
    if missing("python3", &["-c", "import boto3"]).await {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fidelity/clients.py");
    let output = served(async |endpoint: String| {
        let script = script.to_str().unwrap();
        run("python3", &[script, &endpoint]).await.unwrap()
    })
    .await;
    let (out, err) = said(&output);
    assert!(output.status.success(), "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["findings"], serde_json::json!([]), "{err}");
    let heard: Vec<&str> = report["heard"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    for operation in catalogd::emulator::operations() {
        assert!(
            heard.contains(&operation) || UNHEARD.contains(&operation),
            "the script calls everything but {operation}"
        );
    }
}

#[tokio::test]
async fn the_aws_cli_is_answered() {
    if missing("aws", &["--version"]).await {
        return;
    }
    served(async |endpoint: String| {
        let aws = async |arguments: &str| {
            let mut all = vec!["--endpoint-url", &endpoint, "--output", "json"];
            all.extend(arguments.split(' '));
            let output = run("aws", &all).await.unwrap();
            let (out, err) = said(&output);
            match output.status.success() {
                true if out.trim().is_empty() => Ok(Value::Null),
                true => Ok(serde_json::from_str::<Value>(&out).unwrap()),
                false => Err(err),
            }
        };
        let made = aws("servicecatalog create-portfolio --display-name Net --provider-name it")
            .await
            .unwrap();
        let id = text(&made, "/PortfolioDetail/Id");
        let listed = aws("servicecatalog list-portfolios --page-size 1")
            .await
            .unwrap();
        assert_eq!(text(&listed, "/PortfolioDetails/0/Id"), id);
        let refused = aws("servicecatalog describe-portfolio --id port-aaaaaaaaaaaaa")
            .await
            .unwrap_err();
        assert!(
            refused.contains("(ResourceNotFoundException) when calling the DescribePortfolio"),
            "{refused}"
        );
        let gone = aws(&format!("servicecatalog delete-portfolio --id {id}")).await;
        assert!(matches!(gone, Ok(Value::Null)) || gone == Ok(serde_json::json!({})));
        let who = aws("sts get-caller-identity").await.unwrap();
        assert_eq!(text(&who, "/Account"), "123456789012");
        aws("s3api create-bucket --bucket files").await.unwrap();
        let buckets = aws("s3api list-buckets").await.unwrap();
        assert_eq!(text(&buckets, "/Buckets/0/Name"), "files");
        let stacks = aws("cloudformation describe-stacks").await.unwrap();
        assert_eq!(stacks["Stacks"], serde_json::json!([]));
    })
    .await;
}
