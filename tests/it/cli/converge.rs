//! plan, apply, plan; and a change by hand that is seen and put right.

use catalogd::emulator::Profile;

use super::bench::Bench;
use crate::examples::expect_the_example;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_converges_over_a_port() {
    let bench = Bench::example(Profile::Local).await;
    let plan = ["plan", "--detailed-exitcode", "catalog"];
    bench
        .run(&plan)
        .await
        .expect(2)
        .says("Plan: 1 to import, 9 to create, 0 to update, 0 to replace")
        .says("1 waiting");
    assert_eq!(bench.writes(), 0, "plan writes nothing");
    bench
        .run(&["apply", "--yes", "--pace", "none", "catalog"])
        .await
        .expect(0)
        .says("11 objects, all synced and healthy.")
        .notes("ok provisioned-product/hub-endpoints")
        .notes("Converged with ");
    let writes = bench.writes();
    bench
        .run(&plan)
        .await
        .expect(0)
        .says("No changes. The catalog matches the manifests.");
    bench
        .run(&["apply", "--yes", "catalog"])
        .await
        .expect(0)
        .says("No changes.");
    assert_eq!(bench.writes(), writes, "a second apply writes nothing");
    let world = bench.world();
    expect_the_example(&mut world.process_in(None).await, &world).await;
}

/// A description is changed by hand; the next plan shows it with both values, and `run` puts it right.
async fn drift_is_put_right(profile: Profile) {
    let bench = Bench::small(profile).await;
    let plan = ["plan", "--detailed-exitcode", "catalog"];
    bench.run(&plan).await.expect(2);
    bench
        .run(&["apply", "--yes", "catalog"])
        .await
        .expect(0)
        .says("3 objects, all synced and healthy.");
    bench
        .run(&plan)
        .await
        .expect(0)
        .says("No changes. The catalog matches the manifests.");

    let search = ["servicecatalog", "search-products-as-admin"];
    let Some(found) = bench.aws_cli(&search).await else {
        return;
    };
    let id = &found["ProductViewDetails"][0]["ProductViewSummary"]["ProductId"];
    let by_hand = [
        "servicecatalog",
        "update-product",
        "--id",
        id.as_str().unwrap(),
        "--description",
        "Changed in the console",
    ];
    bench.aws_cli(&by_hand).await;
    bench
        .until_shown("Changed in the console", id.as_str().unwrap())
        .await;
    bench
        .run(&plan)
        .await
        .expect(2)
        .says("~ product/topic")
        .says("~ description: Changed in the console → A topic for alarms");

    let mut daemon = bench.start(&["run", "catalog"]);
    daemon
        .says("~ description: Changed in the console → A topic for alarms")
        .await;
    daemon.says("3 objects, all synced and healthy.").await;
    daemon.terminate().await.expect(0).notes("stopped");
    bench.run(&plan).await.expect(0);
}

impl Bench {
    /// Waits until reads show a description: answers may be old ones, as those of the real service.
    async fn until_shown(&self, description: &str, id: &str) {
        let mut good = 0;
        while good < 5 {
            let call = ["servicecatalog", "describe-product-as-admin", "--id", id];
            let product = self.aws_cli(&call).await.unwrap();
            let shown = &product["ProductViewDetail"]["ProductViewSummary"]["ShortDescription"];
            good = if shown == description { good + 1 } else { 0 };
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_is_shown_with_both_values_and_put_right() {
    drift_is_put_right(Profile::Local).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_is_put_right_where_everything_lags() {
    drift_is_put_right(Profile::Aws).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_emulator_command_serves_apply_and_is_not_needed_for_a_try() {
    let bench = Bench::small(Profile::Instant).await;
    let mut emulator = bench.start(&[
        "emulator",
        "--listen",
        "127.0.0.1:0",
        "--profile",
        "instant",
    ]);
    emulator.says("listening on http://127.0.0.1:").await;
    let said = emulator.stdout();
    let url = said.split_whitespace().last().unwrap();
    let with = |args: &[&str]| {
        let mut command = bench.catalogd(args);
        command.env("AWS_ENDPOINT_URL", url);
        super::bench::Running::start(command).end()
    };
    with(&["apply", "--yes", "--pace", "none", "catalog"])
        .await
        .expect(0)
        .says("3 objects, all synced and healthy.");
    with(&["plan", "--detailed-exitcode", "catalog"])
        .await
        .expect(0);
    // The state folder is a cache: without it the answer is the same.
    std::fs::remove_dir_all(bench.state()).unwrap();
    with(&["plan", "--detailed-exitcode", "catalog"])
        .await
        .expect(0);
    emulator.terminate().await.expect(0);
    with(&["plan", "catalog"])
        .await
        .expect(1)
        .notes("AWS_ENDPOINT_URL");

    // In the same process, with no endpoint and no credentials.
    let mut alone = super::bench::clean(bench.home());
    alone
        .current_dir(bench.home())
        .args(["apply", "--yes", "--emulator=instant", "catalog"]);
    super::bench::Running::start(alone)
        .end()
        .await
        .expect(0)
        .says("3 objects, all synced and healthy.")
        .notes("embedded AWS, account 123456789012 in us-east-1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_emulator_command_keeps_its_state_and_starts_with_faults() {
    let bench = Bench::small(Profile::Instant).await;
    let kept = bench.home().join("kept.json");
    let faults = bench.home().join("faults.yaml");
    let (kept, faults) = (kept.to_str().unwrap(), faults.to_str().unwrap());
    std::fs::write(
        faults,
        "rules: [{operation: CreatePortfolio, effect: accessDenied}]",
    )
    .unwrap();
    let start = async |more: &[&str]| {
        let listen = ["emulator", "--listen", "127.0.0.1:0", "--state", kept];
        let mut emulator = bench.start(&[&listen, more].concat());
        emulator.says("listening on http://127.0.0.1:").await;
        let url = emulator
            .stdout()
            .split_whitespace()
            .last()
            .unwrap()
            .to_owned();
        (emulator, url)
    };
    let with = |url: &str, args: &[&str]| {
        let mut command = bench.catalogd(args);
        command.env("AWS_ENDPOINT_URL", url);
        super::bench::Running::start(command).end()
    };
    let apply = ["apply", "--yes", "--pace", "none", "catalog"];
    let (emulator, url) = start(&["--faults", faults]).await;
    with(&url, &apply).await.expect(6).says("CreatePortfolio");
    emulator.terminate().await.expect(0);
    let (emulator, url) = start(&[]).await;
    with(&url, &apply).await.expect(0);
    emulator.terminate().await.expect(0);
    let (emulator, url) = start(&[]).await;
    with(&url, &["plan", "--detailed-exitcode", "catalog"])
        .await
        .expect(0);
    emulator.terminate().await.expect(0);
    // What cannot be used is said before anything listens, and left alone.
    std::fs::write(kept, "{").unwrap();
    let refused = bench.start(&["emulator", "--listen", "127.0.0.1:0", "--state", kept]);
    refused
        .end()
        .await
        .expect(1)
        .notes("not a state file")
        .notes("start anew");
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "{");
    // So is a place where nothing can be kept, rather than when all is lost.
    let nowhere = bench.home().join("none/kept.json");
    let nowhere = nowhere.to_str().unwrap();
    let refused = bench.start(&["emulator", "--listen", "127.0.0.1:0", "--state", nowhere]);
    let refused = refused.end().await.expect(1).notes("cannot be kept in");
    assert!(!refused.stdout.contains("listening"));
    let refused = bench.start(&["emulator", "--listen", "127.0.0.1:0", "--faults", kept]);
    refused.end().await.expect(1).notes("does not say faults");
}

/// An endpoint that is set for one service is that service's in every region that is called.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_region_is_called_at_the_endpoint_that_is_set() {
    let bench = Bench::empty(Profile::Instant).await;
    let catalog = Bench::empty(Profile::Instant).await;
    let source = r#"
- {service: s3, operation: CreateBucket, input: {Bucket: theirs}}
- {service: s3, operation: PutObject, input: {Bucket: theirs, Key: one, Body: "Resources: {One: {Type: 'AWS::SNS::Topic'}}"}}
- service: servicecatalog
  operation: CreateProduct
  region: eu-west-1
  ids: [prod-thesourceaa2a]
  input:
    Name: Source
    Owner: them
    ProductType: CLOUD_FORMATION_TEMPLATE
    ProvisioningArtifactParameters:
      Name: v1
      Info: {LoadTemplateFromURL: "https://theirs.s3.us-east-1.amazonaws.com/one"}
"#;
    catalogd::emulator::seed::load_text(&catalog.emulator, source, bench.home())
        .await
        .unwrap();
    catalog.emulator.reset_calls();
    bench.write(
        "golden.yaml",
        "apiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {name: golden}\nspec:\n  owner: us\n  copyFrom: \
         {productArn: 'arn:aws:catalog:eu-west-1:123456789012:product/prod-thesourceaa2a'}\n",
    );
    let with = |args: &[&str]| {
        let mut command = bench.catalogd(args);
        command.env("AWS_ENDPOINT_URL_SERVICE_CATALOG", &catalog.url);
        super::bench::Running::start(command).end()
    };
    with(&["apply", "--yes", "--pace", "none", "catalog"])
        .await
        .expect(0)
        .says("1 object, all synced and healthy.");
    with(&["plan", "--detailed-exitcode", "catalog"])
        .await
        .expect(0);
    let calls = catalog.emulator.calls();
    for (region, operation) in [
        ("us-east-1", "CopyProduct"),
        ("eu-west-1", "DescribeProductAsAdmin"),
        ("eu-west-1", "ListProvisioningArtifacts"),
        ("eu-west-1", "DescribeProvisioningArtifact"),
    ] {
        let called =
            |call: &&catalogd::emulator::Call| call.region == region && call.operation == operation;
        assert!(calls.iter().any(|c| called(&c)), "{region} {operation}");
    }
    let strays = bench.emulator.calls().into_iter();
    let strays = strays.filter(|call| call.service.as_str() == "servicecatalog");
    assert_eq!(strays.count(), 0);
}
