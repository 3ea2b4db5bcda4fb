//! Seeds with copies, imports and ids that manifests name.

use std::path::Path;

use catalogd::emulator::faults::{Effect, Faults, Lag, Leaves, Rule};
use catalogd::emulator::{Emulator, Options, Profile, seed};
use serde_json::json;

use super::client::{Bench, text};

const STACK: &str = "0a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f";

/// A product of a stack's template, the stack imported, the product copied to another region and the copy deleted.
const SEED: &str = r#"
- service: cloudformation
  operation: CreateStack
  ids: [0a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f]
  input: {StackName: queue, TemplateBody: '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'}
- service: servicecatalog
  operation: CreateProduct
  ids: [pa-legacyqueue2a, prod-legacyqueue2a]
  input:
    Name: Legacy queue
    Owner: net
    ProductType: CLOUD_FORMATION_TEMPLATE
    ProvisioningArtifactParameters:
      Name: v1
      Info:
        ImportFromPhysicalId: arn:aws:cloudformation:us-east-1:123456789012:stack/queue/0a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f
- service: servicecatalog
  operation: ImportAsProvisionedProduct
  ids: [pp-legacyqueue2a, rec-legacyqueue2a]
  input:
    ProductId: prod-legacyqueue2a
    ProvisioningArtifactId: pa-legacyqueue2a
    ProvisionedProductName: queue
    PhysicalId: arn:aws:cloudformation:us-east-1:123456789012:stack/queue/0a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f
- service: servicecatalog
  operation: CopyProduct
  region: eu-west-1
  as: copy
  ids: [prod-legacyqueue2c, copyproduct-legacyqueue2a]
  input: {SourceProductArn: "arn:aws:catalog:us-east-1:123456789012:product/prod-legacyqueue2a"}
- service: servicecatalog
  operation: UpdateProduct
  region: eu-west-1
  input: {Id: "${copy.TargetProductId}", Name: "copy ${copy.CopyProductStatus}"}
"#;

/// Another owner of what the seed above imports.
const OWNER: &str = r#"
- service: servicecatalog
  operation: UpdateProvisionedProductProperties
  input:
    ProvisionedProductId: pp-legacyqueue2a
    ProvisionedProductProperties: {OWNER: "arn:aws:iam::123456789012:role/other"}
"#;

async fn load(bench: &Bench, text: &str) -> Result<usize, String> {
    let loaded = seed::load_text(&bench.emulator, text, Path::new("")).await;
    loaded.map_err(|error| error.to_string())
}

#[tokio::test(start_paused = true)]
async fn a_seed_can_give_a_provisioned_product_to_another_owner() {
    let bench = Bench::new(Profile::Local);
    // The token is filled in, as of all operations that want one.
    assert_eq!(load(&bench, &format!("{SEED}{OWNER}")).await, Ok(6));
}

#[tokio::test(start_paused = true)]
async fn a_seed_waits_for_copies_and_imports_and_gives_out_its_ids() {
    for profile in [Profile::Instant, Profile::Local, Profile::Aws] {
        let bench = Bench::new(profile);
        assert_eq!(load(&bench, SEED).await, Ok(5), "{profile:?}");
        // Longer than anything lags, and than the rates need to recover.
        bench.pass(30.0).await;
        let input = json!({"Id": "pp-legacyqueue2a"});
        let found = bench.ok("DescribeProvisionedProduct", input).await;
        let found = &found["ProvisionedProductDetail"];
        assert_eq!(found["Status"], "AVAILABLE");
        assert_eq!(found["LastRecordId"], "rec-legacyqueue2a");
        assert_eq!(found["ProvisioningArtifactId"], "pa-legacyqueue2a");
        let ireland = bench.in_region("eu-west-1");
        let input = json!({"Id": "prod-legacyqueue2c"});
        let copy = ireland.ok("DescribeProductAsAdmin", input).await;
        let name = text(&copy, "/ProductViewDetail/ProductViewSummary/Name");
        assert_eq!(name, "copy SUCCEEDED");
        let input = json!({"CopyProductToken": "copyproduct-legacyqueue2a"});
        let status = ireland.ok("DescribeCopyProductStatus", input).await;
        assert_eq!(status["TargetProductId"], "prod-legacyqueue2c");
    }
}

#[tokio::test(start_paused = true)]
async fn ids_that_cannot_be_given_out_are_errors() {
    let portfolio = |ids: &str| {
        format!(
            "- {{service: servicecatalog, operation: CreatePortfolio, ids: {ids}, \
             input: {{DisplayName: a, ProviderName: b}}}}\n"
        )
    };
    let head = "call 6 of the seed (CreatePortfolio): ";
    for (ids, says, made) in [
        (
            "[port-legacyqueue2]",
            "port-legacyqueue2 is no id: give one of act- ",
            0,
        ),
        ("[port-legacyqueue2b]", "port-legacyqueue2b is no id", 0),
        ("['']", " is no id", 0),
        (
            "[prod-legacyqueue2a]",
            "the id prod-legacyqueue2a is taken",
            0,
        ),
        ("[pa-legacyqueue2a]", "the id pa-legacyqueue2a is taken", 0),
        ("[pp-legacyqueue2a]", "the id pp-legacyqueue2a is taken", 0),
        (
            "[prod-legacyqueue2c]",
            "the id prod-legacyqueue2c is taken",
            0,
        ),
        (&format!("[{STACK}]"), "is taken", 0),
        (
            "[port-legacyqueue2a, pp-legacyqueue2c]",
            "it made nothing that could have the id pp-legacyqueue2c",
            1,
        ),
        (
            "[port-legacyqueue2a, port-legacyqueue2a]",
            "it made nothing that could have the id port-legacyqueue2a",
            1,
        ),
    ] {
        let bench = Bench::new(Profile::Instant);
        let text = format!("{SEED}{}", portfolio(ids));
        let error = load(&bench, &text).await.unwrap_err();
        assert!(
            error.starts_with(head) && error.contains(says),
            "{ids}: {error}"
        );
        let found = bench.ok("ListPortfolios", json!({})).await;
        let found = found["PortfolioDetails"].as_array().unwrap().len();
        assert_eq!(found, made, "{ids}");
    }
    let s3 =
        "- {service: s3, operation: CreateBucket, ids: [port-legacyqueue2a], input: {Bucket: b-1}}";
    let error = load(&Bench::new(Profile::Instant), s3).await.unwrap_err();
    assert!(error.contains("it made nothing that could have"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_seed_tells_how_a_copy_failed() {
    let failing = SEED
        .split_inclusive("product/prod-legacyqueue2a\"}\n")
        .next();
    let failing = failing.unwrap();
    let bench = Bench::new(Profile::Local);
    let half = Effect::FailCopying {
        detail: Some("no room".to_owned()),
        leaves: Leaves::Product,
    };
    bench.emulator.inject(Rule::always(half.clone()));
    let error = load(&bench, failing).await.unwrap_err();
    assert_eq!(
        error,
        "call 4 of the seed (CopyProduct): it ended in FAILED no room"
    );
    // What is meant to fail may, and what it left has the id that was fixed.
    let bench = Bench::new(Profile::Local);
    bench.emulator.inject(Rule::always(half));
    let meant = format!("{failing}  fails: true\n");
    assert_eq!(load(&bench, &meant).await, Ok(4));
    let ireland = bench.in_region("eu-west-1");
    let input = json!({"Id": "prod-legacyqueue2c"});
    ireland.ok("DescribeProductAsAdmin", input).await;
    let bench = Bench::new(Profile::Local);
    let error = load(&bench, &meant).await.unwrap_err();
    let said = "call 4 of the seed (CopyProduct): it should fail, and ended in SUCCEEDED";
    assert_eq!(error, said);
}

/// Of what is changed there is something to see at once: the state before, which has ended.
#[tokio::test(start_paused = true)]
async fn a_seed_takes_no_earlier_end_for_that_of_a_change() {
    for seed in 0..10 {
        let lag = Lag {
            describe: 2.0,
            search: 5.0,
            chance: 0.9,
        };
        let bench = Bench {
            emulator: Emulator::new(Options {
                clock: Bench::new(Profile::Aws).emulator.clock(),
                seed,
                profile: Profile::Aws,
                quotas: true,
                faults: Faults {
                    lag: Some(lag),
                    rules: vec![Rule::always(Effect::FailCreating).on("UpdateConstraint")],
                    ..Faults::default()
                },
            }),
            ..Bench::new(Profile::Aws)
        };
        let text = r#"
- {service: s3, operation: CreateBucket, input: {Bucket: templates}}
- service: s3
  operation: PutObject
  input: {Bucket: templates, Key: t, Body: "Resources: {T: {Type: 'AWS::SNS::Topic'}}"}
- service: servicecatalog
  operation: CreateProduct
  as: topic
  input:
    Name: T
    Owner: o
    ProductType: CLOUD_FORMATION_TEMPLATE
    ProvisioningArtifactParameters: {Name: v1, Info: {LoadTemplateFromURL: "https://templates.s3.us-east-1.amazonaws.com/t"}}
- {service: servicecatalog, operation: CreatePortfolio, as: net, input: {DisplayName: N, ProviderName: n}}
- service: servicecatalog
  operation: AssociateProductWithPortfolio
  input:
    PortfolioId: "${net.PortfolioDetail.Id}"
    ProductId: "${topic.ProductViewDetail.ProductViewSummary.ProductId}"
- service: servicecatalog
  operation: CreateConstraint
  as: role
  input:
    PortfolioId: "${net.PortfolioDetail.Id}"
    ProductId: "${topic.ProductViewDetail.ProductViewSummary.ProductId}"
    Type: LAUNCH
    Parameters: '{"LocalRoleName": "one"}'
- service: servicecatalog
  operation: UpdateConstraint
  fails: true
  input: {Id: "${role.ConstraintDetail.ConstraintId}", Description: other}
"#;
        let made = seed::load_text(&bench.emulator, text, Path::new("")).await;
        assert_eq!(made.unwrap(), 7, "seed {seed}");
    }
}
