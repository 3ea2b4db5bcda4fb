use catalogd::emulator::seed;
use catalogd::emulator::{Emulator, Profile};

use super::sdk::emulator;

const SEED: &str = r#"
- service: s3
  operation: CreateBucket
  input: {Bucket: seed-templates}
- service: s3
  operation: PutObject
  templateFile: topic.yaml
  input: {Bucket: seed-templates, Key: topic.yaml}
- service: cloudformation
  operation: CreateStack
  templateFile: topic.yaml
  input: {StackName: legacy, Parameters: [{ParameterKey: Name, ParameterValue: "a & b"}]}
  as: legacy
- service: servicecatalog
  operation: CreatePortfolio
  as: portfolio
  input: {DisplayName: Net, ProviderName: Team}
- service: servicecatalog
  operation: CreateProduct
  as: product
  input:
    Name: Topic
    Owner: Team
    ProductType: CLOUD_FORMATION_TEMPLATE
    ProvisioningArtifactParameters:
      Name: v1
      Type: CLOUD_FORMATION_TEMPLATE
      Info: {LoadTemplateFromURL: "https://seed-templates.s3.us-east-1.amazonaws.com/topic.yaml"}
- service: servicecatalog
  operation: AssociateProductWithPortfolio
  input:
    ProductId: ${product.ProductViewDetail.ProductViewSummary.ProductId}
    PortfolioId: ${portfolio.PortfolioDetail.Id}
"#;

const TOPIC: &str = "Parameters: {Name: {Type: String}}
Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: !Ref Name}}}
Outputs: {Name: {Value: !Ref Name}}
";

async fn load(emulator: &Emulator, text: &str) -> Result<usize, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("topic.yaml"), TOPIC).unwrap();
    let path = folder.path().join("seed.yaml");
    std::fs::write(&path, text).unwrap();
    seed::load(emulator, &path)
        .await
        .map_err(|error| error.to_string())
}

#[tokio::test(start_paused = true)]
async fn a_seed_makes_what_its_calls_make() {
    for profile in [Profile::Instant, Profile::Local, Profile::Aws] {
        let emulator = emulator(profile);
        assert_eq!(load(&emulator, SEED).await, Ok(6), "{profile:?}");
        let legacy = emulator.with_stacks("123456789012", "us-east-1", |stacks, _| {
            stacks.get("legacy").cloned()
        });
        let legacy = legacy.unwrap();
        assert_eq!(legacy.status.as_str(), "CREATE_COMPLETE");
        assert_eq!(legacy.output("Name"), Some("a & b"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_seed_says_which_call_failed_and_why() {
    let broken = "
- service: cloudformation
  operation: CreateStack
  input: {StackName: s, TemplateBody: \"Resources: {B: {Type: 'AWS::S3::Bucket', Properties: {BucketName: A}}}\"}
";
    let cases = [
        (broken.to_owned(), "call 1 of the seed (CreateStack): it ended in ROLLBACK_COMPLETE The following resource(s) failed to create: [B]. Rollback requested by user."),
        (broken.replace("StackName: s", "StackName: s_s"), "call 1 of the seed (CreateStack): ValidationError: 1 validation error detected: Value 's_s' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"),
        ("- {service: sts, operation: Nope}".to_owned(), "call 1 of the seed (Nope): InvalidAction: Could not find operation Nope for version 2011-06-15"),
        ("- {service: s3, operation: CreateBucket, input: {Bucket: b-1}, as: b}\n- {service: sts, operation: X, input: {A: '${b.Nope}'}}".to_owned(), "call 2 of the seed (X): there is no ${b.Nope} in the answer"),
    ];
    for (text, expected) in cases {
        let emulator = emulator(Profile::Local);
        assert_eq!(load(&emulator, &text).await.unwrap_err(), expected);
    }
    // What is meant to fail may.
    let meant = format!("{broken}  fails: true\n");
    assert_eq!(load(&emulator(Profile::Local), &meant).await, Ok(1));
    assert!(
        load(&emulator(Profile::Local), "a: 1")
            .await
            .unwrap_err()
            .starts_with("the seed is not a list")
    );
    assert_eq!(load(&emulator(Profile::Local), "").await, Ok(0));
}
