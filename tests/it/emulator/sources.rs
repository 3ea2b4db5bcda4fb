//! Products of other types, and products that follow a repository (facts §8.1, §9.1).

use bytes::Bytes;
use catalogd::emulator::{Profile, Sync};
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, TEMPLATE, text};

fn source() -> Value {
    json!({"Type": "CODESTAR", "ConnectionParameters": {"CodeStar": {
        "ConnectionArn": format!("arn:aws:codestar-connections:us-east-1:{ACCOUNT}:connection/c"),
        "Repository": "org/catalog", "Branch": "main", "ArtifactPath": "topic.yaml"}}})
}

fn commit(revision: &str, template: &str) -> Sync {
    Sync::Commit {
        revision: revision.to_owned(),
        template: Bytes::from(template.to_owned()),
    }
}

/// A product without a version, which waits for its first sync.
pub async fn synced(bench: &Bench) -> (String, Value) {
    let made = bench
        .ok(
            "CreateProduct",
            json!({"Name": "topic", "Owner": "o", "ProductType": "CLOUD_FORMATION_TEMPLATE",
                   "IdempotencyToken": "t", "SourceConnection": source()}),
        )
        .await;
    (
        text(&made, "/ProductViewDetail/ProductViewSummary/ProductId"),
        made,
    )
}

#[tokio::test(start_paused = true)]
async fn a_sync_makes_a_version_or_says_why_not() {
    let bench = Bench::new(Profile::Local);
    let (id, made) = synced(&bench).await;
    assert_eq!(made["ProductViewDetail"]["SourceConnection"], source());
    assert!(made.get("ProvisioningArtifactDetail").is_none());
    let sync = |sync| {
        bench
            .emulator
            .sync_product(ACCOUNT, "us-east-1", &id, sync)
            .unwrap()
    };
    let connection = async || {
        let read = bench.ok("DescribeProductAsAdmin", json!({"Id": id})).await;
        let found = bench.ok("SearchProductsAsAdmin", json!({})).await;
        let connection = read["ProductViewDetail"]["SourceConnection"].clone();
        assert_eq!(
            found["ProductViewDetails"][0]["SourceConnection"],
            connection
        );
        connection
    };

    let failure = Sync::Failure {
        message: "no such branch".to_owned(),
    };
    assert_eq!(sync(failure), Err("no such branch".to_owned()));
    let last = connection().await["LastSync"].clone();
    assert_eq!(last["LastSyncStatus"], "FAILED");
    assert_eq!(last["LastSyncStatusMessage"], "no such branch");
    assert!(last.get("LastSuccessfulSyncTime").is_none());

    bench.pass(1.0).await;
    let version = sync(commit("0a1b2c3", TEMPLATE)).unwrap();
    let last = connection().await["LastSync"].clone();
    assert_eq!(last["LastSyncStatus"], "SUCCEEDED");
    assert_eq!(last["LastSyncTime"], last["LastSuccessfulSyncTime"]);
    assert_eq!(
        last["LastSuccessfulSyncProvisioningArtifactId"],
        json!(version)
    );
    assert!(last.get("LastSyncStatusMessage").is_none());
    let pair = json!({"ProductId": id, "ProvisioningArtifactId": version});
    let young = bench.ok("DescribeProvisioningArtifact", pair.clone()).await;
    assert_eq!(young["Status"], "CREATING");
    assert_eq!(
        young["ProvisioningArtifactDetail"]["SourceRevision"],
        "0a1b2c3"
    );
    let listed = bench
        .ok("ListProvisioningArtifacts", json!({"ProductId": id}))
        .await;
    assert_eq!(
        listed["ProvisioningArtifactDetails"][0]["SourceRevision"],
        "0a1b2c3"
    );

    bench.pass(1.0).await;
    let large = format!("{TEMPLATE}# {}", "x".repeat(1_000_000));
    for template in ["no template", &large] {
        let said = sync(commit("4d5e6f7", template)).unwrap_err();
        assert!(said.starts_with("Invalid templateBody."), "{said}");
    }
    let after = connection().await["LastSync"].clone();
    assert_eq!(after["LastSyncStatus"], "FAILED");
    assert_eq!(
        after["LastSuccessfulSyncTime"],
        last["LastSuccessfulSyncTime"]
    );
    assert!(after["LastSyncTime"].as_f64() > after["LastSuccessfulSyncTime"].as_f64());
    assert_eq!(
        bench.ok("DescribeProvisioningArtifact", pair).await["Status"],
        "AVAILABLE"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_sync_made_can_be_launched() {
    let bench = Bench::new(Profile::Instant);
    let (id, _) = synced(&bench).await;
    let portfolio = bench.portfolio("p").await;
    bench
        .ok(
            "AssociateProductWithPortfolio",
            json!({"ProductId": id, "PortfolioId": portfolio}),
        )
        .await;
    let all = json!({"PortfolioId": portfolio, "PrincipalARN": super::client::ROLE, "PrincipalType": "IAM"});
    bench.ok("AssociatePrincipalWithPortfolio", all).await;
    let sync = commit("0a1b2c3", TEMPLATE);
    let version = bench
        .emulator
        .sync_product(ACCOUNT, "us-east-1", &id, sync)
        .unwrap()
        .unwrap();
    bench
        .ok(
            "ProvisionProduct",
            json!({"ProductId": id, "ProvisioningArtifactId": version, "ProvisionedProductName": "n",
                   "ProvisionToken": "t", "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}]}),
        )
        .await;
    let found = bench
        .ok("DescribeProvisionedProduct", json!({"Name": "n"}))
        .await;
    assert_eq!(found["ProvisionedProductDetail"]["Status"], "AVAILABLE");
}

#[tokio::test(start_paused = true)]
async fn a_product_can_be_connected_later() {
    let bench = Bench::new(Profile::Instant);
    let (id, _) = bench.product("topic").await;
    let sync = || {
        bench
            .emulator
            .sync_product(ACCOUNT, "us-east-1", &id, commit("1", TEMPLATE))
    };
    assert_eq!(sync().unwrap_err().code, "InvalidParametersException");
    let updated = bench
        .ok(
            "UpdateProduct",
            json!({"Id": id, "SourceConnection": source()}),
        )
        .await;
    assert_eq!(updated["ProductViewDetail"]["SourceConnection"], source());
    sync().unwrap().unwrap();
    let listed = bench
        .ok("ListProvisioningArtifacts", json!({"ProductId": id}))
        .await;
    let listed = listed["ProvisioningArtifactDetails"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed[0].get("SourceRevision").is_none());
    let (code, _) = bench
        .refused(
            "UpdateProduct",
            json!({"Id": id, "SourceConnection": {"Type": "CODESTAR", "ConnectionParameters": {}}}),
        )
        .await;
    assert_eq!(code, "InvalidParametersException");
    let missing =
        bench
            .emulator
            .sync_product(ACCOUNT, "us-east-1", "prod-x", commit("1", TEMPLATE));
    assert_eq!(missing.unwrap_err().code, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn products_of_other_types_are_kept_and_not_launched() {
    let bench = Bench::new(Profile::Instant);
    let url = bench.template("module.tar.gz", "not a template").await;
    let portfolio = bench.portfolio("p").await;
    let all = json!({"PortfolioId": portfolio, "PrincipalARN": super::client::ROLE, "PrincipalType": "IAM"});
    bench.ok("AssociatePrincipalWithPortfolio", all).await;
    for (product, version) in [
        ("TERRAFORM_OPEN_SOURCE", "TERRAFORM_OPEN_SOURCE"),
        ("TERRAFORM_CLOUD", "TERRAFORM_CLOUD"),
        ("EXTERNAL", "EXTERNAL"),
        ("MARKETPLACE", "MARKETPLACE_AMI"),
    ] {
        let create = |kind: Option<&str>| {
            json!({"Name": product, "Owner": "o", "ProductType": product, "IdempotencyToken": product,
                   "ProvisioningArtifactParameters": {"Name": "v1", "Type": kind,
                                                      "Info": {"LoadTemplateFromURL": url}}})
        };
        for wrong in [None, Some("CLOUD_FORMATION_TEMPLATE")] {
            let mut input = create(wrong);
            if wrong.is_none() {
                input["ProvisioningArtifactParameters"]
                    .as_object_mut()
                    .unwrap()
                    .remove("Type");
            }
            let (code, said) = bench.refused("CreateProduct", input).await;
            assert_eq!(code, "InvalidParametersException");
            let start = format!(
                "The {product} Product Type only supports the following ProvisioningArtifact Types: {version}"
            );
            assert!(said.starts_with(&start), "{said}");
        }
        let made = bench.ok("CreateProduct", create(Some(version))).await;
        assert_eq!(
            made["ProductViewDetail"]["ProductViewSummary"]["Type"],
            product
        );
        assert_eq!(made["ProvisioningArtifactDetail"]["Type"], version);
        let id = text(&made, "/ProductViewDetail/ProductViewSummary/ProductId");
        let artifact = text(&made, "/ProvisioningArtifactDetail/Id");
        bench
            .ok(
                "AssociateProductWithPortfolio",
                json!({"ProductId": id, "PortfolioId": portfolio}),
            )
            .await;
        let ids = json!({"ProductId": id, "ProvisioningArtifactId": artifact});
        let (code, said) = bench
            .refused("DescribeProvisioningParameters", ids.clone())
            .await;
        if product == "MARKETPLACE" {
            assert_eq!(code, "NotImplemented");
        } else {
            assert_eq!(
                said,
                "Error occurred during parameter parsing: LaunchRoleArn is required and must be non empty"
            );
            let role = format!("{{\"RoleArn\": \"arn:aws:iam::{ACCOUNT}:role/launch\"}}");
            bench
                .ok(
                    "CreateConstraint",
                    json!({"PortfolioId": portfolio, "ProductId": id, "Type": "LAUNCH",
                           "Parameters": role, "IdempotencyToken": product}),
                )
                .await;
            let (code, _) = bench
                .refused("DescribeProvisioningParameters", ids.clone())
                .await;
            assert_eq!(code, "NotImplemented");
        }
        let mut launch = ids;
        launch["ProvisionedProductName"] = json!("n");
        launch["ProvisionToken"] = json!("n");
        let (code, said) = bench.refused("ProvisionProduct", launch).await;
        assert_eq!(code, "NotImplemented");
        assert!(
            said.contains("NotifyProvisionProductEngineWorkflowResult"),
            "{said}"
        );
    }
    // A copy does not mix types.
    let target = text(
        &bench.ok("SearchProductsAsAdmin", json!({})).await,
        "/ProductViewDetails/0/ProductViewSummary/ProductId",
    );
    let (source, _) = bench.product("topic").await;
    let copy = json!({"SourceProductArn": format!("arn:aws:catalog:us-east-1:{ACCOUNT}:product/{source}"),
                      "TargetProductId": target, "IdempotencyToken": "copy"});
    let (code, _) = bench.refused("CopyProduct", copy).await;
    assert_eq!(code, "InvalidParametersException");
    // A stack is a source for CloudFormation alone.
    let found = bench
        .ok(
            "SearchProductsAsAdmin",
            json!({"Filters": {"ProductType": ["EXTERNAL"]}}),
        )
        .await;
    let id = text(&found, "/ProductViewDetails/0/ProductViewSummary/ProductId");
    let stack = format!("arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/s/u");
    let (code, _) = bench
        .refused(
            "CreateProvisioningArtifact",
            json!({"ProductId": id, "IdempotencyToken": "s", "Parameters": {
                "Type": "EXTERNAL", "Info": {"ImportFromPhysicalId": stack}}}),
        )
        .await;
    assert_eq!(code, "InvalidParametersException");
}

#[tokio::test(start_paused = true)]
async fn what_was_synced_is_kept_in_a_state_file() {
    let bench = Bench::new(Profile::Instant);
    let (id, _) = synced(&bench).await;
    bench
        .emulator
        .sync_product(ACCOUNT, "us-east-1", &id, commit("1", TEMPLATE))
        .unwrap()
        .unwrap();
    let read = json!({"Id": id});
    let before = bench.ok("DescribeProductAsAdmin", read.clone()).await;
    let state = bench.emulator.state().unwrap();
    bench.emulator.reset();
    bench.emulator.restore(&state).unwrap();
    assert_eq!(bench.ok("DescribeProductAsAdmin", read).await, before);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_ended_before_a_sync_has_not_its_version() {
    let bench = Bench::new(Profile::Local);
    let (id, _) = synced(&bench).await;
    let sync = |revision: &str| {
        let sync = commit(revision, TEMPLATE);
        let emulator = &bench.emulator;
        emulator
            .sync_product(ACCOUNT, "us-east-1", &id, sync)
            .unwrap()
            .unwrap();
    };
    sync("one");
    let source = format!("arn:aws:catalog:us-east-1:{ACCOUNT}:product/{id}");
    let copy = json!({"SourceProductArn": source, "IdempotencyToken": "c"});
    let copy = bench.ok("CopyProduct", copy).await;
    bench.pass(60.0).await;
    // Nobody has asked in between.
    sync("two");
    let token = json!({"CopyProductToken": copy["CopyProductToken"]});
    let ended = bench.ok("DescribeCopyProductStatus", token).await;
    let target = json!({"ProductId": text(&ended, "/TargetProductId")});
    let listed = bench.ok("ListProvisioningArtifacts", target).await;
    let versions = listed["ProvisioningArtifactDetails"].as_array().unwrap();
    let names: Vec<String> = versions.iter().map(|row| text(row, "/Name")).collect();
    assert_eq!(names, ["one"]);
    // A product that is not there makes no account.
    let nobody =
        bench
            .emulator
            .sync_product("999999999999", "us-east-1", &id, commit("x", TEMPLATE));
    assert_eq!(nobody.unwrap_err().code, "ResourceNotFoundException");
    assert!(!bench.emulator.state().unwrap().contains("999999999999"));
}
