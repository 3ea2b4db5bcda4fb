//! What `validate` says of parameters and templates, and how a warning is silenced: as people and pipelines see it.

use catalogd::emulator::Profile;
use catalogd::model::tree::Entry;
use serde_json::Value;

use super::bench::{Bench, Ended, Running, clean};
use crate::shared::shared_data;

async fn validate(bench: &Bench, args: &[&str]) -> Ended {
    let mut command = clean(bench.home());
    command.current_dir(bench.home()).arg("validate").args(args);
    Running::start(command).end().await
}

async fn findings(bench: &Bench) -> (Ended, Value) {
    let ended = validate(bench, &["--format", "json", "catalog"]).await;
    let json = serde_json::from_str(&ended.stdout).unwrap();
    (ended, json)
}

const CATALOG: &str = "\
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: team}
spec: {displayName: Team, providerName: Platform, principals: [{self: true}]}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: store}
spec:
  owner: Platform
  portfolios: [{portfolio: team}]
  versions:
    - {name: v1, template: v1.yaml}
    - {name: v2, template: v2.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec:
  product: store
  version: v1
  parameters: {Kind: a, Gone: x, Size: 1, Name: ab, Zone: eu-west-1a, Key: hunter2}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: spoke}
spec:
  product: store
  version: v1
  parameters: {Kind: a, Gone: {output: {provisionedProduct: hub, key: Used}}, Size: 1, Name: ab, Zone: eu-west-1a, Key: hunter2}
";
const V1: &str = "\
Parameters:
  Kind: {Type: String, AllowedValues: [a, b]}
  Gone: {Type: String}
  Size: {Type: Number, MinValue: 1}
  Name: {Type: String, AllowedPattern: '[a-z]+'}
  Zone: {Type: AWS::EC2::AvailabilityZone::Name}
  Key: {Type: String, NoEcho: true, MinLength: 4}
  Extra: {Type: String, Default: x}
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Table: {Type: AWS::DynamoDB::Table}
  Queue: {Type: AWS::SQS::Queue}
Outputs: {Used: {Value: x}}
";
const V2: &str = "\
Parameters:
  Kind: {Type: String, AllowedValues: [b, c]}
  Size: {Type: String}
  Name: {Type: String, AllowedPattern: '[a-z]+'}
  Zone: {Type: AWS::EC2::AvailabilityZone::Name}
  Key: {Type: String, NoEcho: true, MinLength: 4}
  Extra: {Type: String}
  Bad: {Type: Number, Default: none}
Resources:
  Queue: {Type: AWS::SNS::Topic}
  Bucket:
    Type: AWS::S3::Bucket
";

async fn bench() -> Bench {
    let bench = Bench::empty(Profile::Instant).await;
    bench.write("catalog.yaml", CATALOG);
    bench.write("v1.yaml", V1);
    bench.write("v2.yaml", V2);
    bench
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_newest_version_takes_away_is_advice_with_its_place() {
    let bench = bench().await;
    let (ended, json) = findings(&bench).await;
    let ended = ended.expect(0);
    assert_eq!(json["errors"], 0, "{ended}");
    for (code, file, line) in [
        ("parameter-removed", "catalog.yaml", 14),
        ("allowed-values-removed", "v2.yaml", 2),
        ("parameter-retyped", "v2.yaml", 3),
        ("parameter-required", "v2.yaml", 7),
        ("template-default", "v2.yaml", 8),
        ("resource-retyped", "v2.yaml", 10),
        ("stateful-resource", "v2.yaml", 11),
        ("resource-removed", "catalog.yaml", 14),
        ("output-removed", "catalog.yaml", 14),
    ] {
        let all = json["findings"].as_array().unwrap();
        let found = all.iter().find(|finding| finding["code"] == code);
        let found = found.unwrap_or_else(|| panic!("no {code} in {json:#}"));
        let place = (&found["file"], &found["line"]);
        assert_eq!(place, (&file.into(), &line.into()), "{code}");
        assert_eq!(found["severity"], "warning");
        assert_eq!(found["page"], format!("docs/findings.md#{code}"));
        assert_eq!(found["object"], "product/store");
    }
    assert!(!ended.stdout.contains("hunter2"), "{ended}");
    validate(&bench, &["catalog"])
        .await
        .expect(0)
        .says("warning[stateful-resource]: `Bucket` (AWS::S3::Bucket) holds data")
        .says("v2.yaml:11:3")
        .says("provisioned-product/hub gives it")
        .says("Valid: 1 portfolio, 1 product with 2 versions, 2 provisioned products");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_the_template_refuses_is_an_error() {
    for (from, to, code) in [
        (
            "{Kind: a, Gone: x",
            "{Kind: z, Gone: x",
            "parameter-not-allowed",
        ),
        ("Gone: x, Size: 1", "Gone: x, Size: one", "parameter-type"),
        ("Gone: x, Size: 1", "Gone: x, Size: 0", "parameter-range"),
        (
            "Gone: x, Size: 1, Name: ab",
            "Gone: x, Size: 1, Name: A",
            "parameter-pattern",
        ),
        ("Gone: x, Size: 1, ", "Gone: x, ", "missing-parameter"),
        (
            "Gone: x, Size: 1, ",
            "Gone: x, Size: 1, Sice: 1, ",
            "unknown-parameter",
        ),
        ("key: Used", "key: Use", "unknown-output"),
    ] {
        let bench = bench().await;
        bench.edit("catalog.yaml", from, to);
        let (ended, json) = findings(&bench).await;
        let ended = ended.expect(3);
        let all = json["findings"].as_array().unwrap();
        let errors: Vec<_> = all.iter().filter(|f| f["severity"] == "error").collect();
        assert_eq!(errors.len(), 1, "{ended}");
        assert_eq!(errors[0]["code"], code, "{ended}");
        let text = validate(&bench, &["catalog"]).await.expect(3);
        assert!(!text.stdout.contains("hunter2"), "{text}");
    }
    // A secret is too short, and nobody sees it.
    let bench = bench().await;
    bench.edit(
        "catalog.yaml",
        "Zone: eu-west-1a, Key: hunter2}\n---",
        "Zone: eu-west-1a, Key: h2x}\n---",
    );
    let text = validate(&bench, &["catalog"])
        .await
        .expect(3)
        .says("error[parameter-range]: the value of `Key` is too short");
    assert!(!text.stdout.contains("h2x"), "{text}");
    // Nobody knows the account yet.
    let bench = self::bench().await;
    bench.edit(
        "v1.yaml",
        "AllowedPattern: '[a-z]+'",
        "AllowedValues: ['123456789012']",
    );
    bench.edit(
        "catalog.yaml",
        "{Kind: a, Gone: x, Size: 1, Name: ab",
        "{Kind: a, Gone: x, Size: 1, Name: '${account}'",
    );
    let (ended, json) = findings(&bench).await;
    assert_eq!(json["errors"], 1, "{ended}");
    assert_eq!(json["findings"][0]["object"].as_str().map(|_| ()), Some(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_is_silenced_with_a_reason_and_counted() {
    let bench = bench().await;
    let ignore = |items: &str| format!("metadata: {{name: store, ignore: [{items}]}}");
    let one = "{code: stateful-resource, reason: made anew every night}";
    bench.edit("catalog.yaml", "metadata: {name: store}", &ignore(one));
    let text = validate(&bench, &["catalog"])
        .await
        .expect(0)
        .says("; 1 warning silenced\n");
    assert!(!text.stdout.contains("stateful-resource"), "{text}");
    let (_, json) = findings(&bench).await;
    assert_eq!(json["silenced"][0]["code"], "stateful-resource");
    assert_eq!(json["silenced"][0]["reason"], "made anew every night");
    // What is mended needs no word any more.
    bench.edit(
        "v2.yaml",
        "    Type: AWS::S3::Bucket\n",
        "    Type: AWS::S3::Bucket\n    DeletionPolicy: Retain\n",
    );
    validate(&bench, &["catalog"]).await.expect(0).says(
        "warning[unused-ignore]: product/store has no `stateful-resource` that could be silenced",
    );
    // An error can't be silenced, nor anything without a reason.
    bench.edit(
        "catalog.yaml",
        one,
        "{code: missing-parameter, reason: later}",
    );
    validate(&bench, &["catalog"]).await.expect(3).says(
        "error[invalid-ignore]: `missing-parameter` is an error, and only warnings can be silenced",
    );
    bench.edit(
        "catalog.yaml",
        "{code: missing-parameter, reason: later}",
        "{code: stateful-resource}",
    );
    validate(&bench, &["catalog"])
        .await
        .expect(3)
        .says("lacks `reason`");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plan_tells_what_a_template_changes() {
    let bench = bench().await;
    // Nothing of it is launched.
    let launched = "---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct";
    let (catalog, _) = CATALOG.split_once(launched).unwrap();
    let two = "    - {name: v2, template: v2.yaml}\n";
    bench.write("catalog.yaml", &catalog.replace(two, ""));
    bench
        .run(&["apply", "--yes", "--pace", "none", "catalog"])
        .await
        .expect(0);
    bench.write("catalog.yaml", catalog);
    bench
        .run(&["plan", "catalog"])
        .await
        .expect(0)
        .says("+ version v2")
        .says("compared with v1:")
        .says("- parameter Gone")
        .says("~ parameter Kind: allowed values − a + c")
        .says("~ parameter Size: type Number → String")
        .says("resource type changed, which CloudFormation refuses in an update: Queue (AWS::SQS::Queue → AWS::SNS::Topic)")
        .says("Table (AWS::DynamoDB::Table, with its data)")
        .notes("warning[stateful-resource]");
    let ended = bench
        .run(&["plan", "--format", "json", "catalog"])
        .await
        .expect(0);
    let json: Value = serde_json::from_str(&ended.stdout).unwrap();
    let objects = json["objects"].as_array().unwrap();
    let told: Vec<&Value> = objects
        .iter()
        .filter_map(|o| o.get("templateChanges"))
        .collect();
    assert_eq!(told.len(), 1, "{json:#}");
    assert_eq!(
        (&told[0][0]["from"], &told[0][0]["to"]),
        (&"v1".into(), &"v2".into())
    );
}

/// Real templates, all in one source: production catalogs fail cfn-lint, and pass here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_real_template_goes_through() {
    let Some(data) = shared_data() else { return };
    let bench = Bench::empty(Profile::Instant).await;
    for (path, entry) in crate::lint::source_of_all(&data).files {
        let Entry::File(bytes) = entry else { continue };
        let path = bench.catalog().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &*bytes).unwrap();
    }
    let (ended, json) = findings(&bench).await;
    ended.expect(0);
    assert_eq!(json["errors"], 0);
    validate(&bench, &["catalog"])
        .await
        .expect(0)
        .says("Valid: 1 portfolio, 240 products with 240 versions");
}
