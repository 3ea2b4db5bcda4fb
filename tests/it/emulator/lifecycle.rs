//! Every administrator's operation, through the SDK.

use aws_sdk_servicecatalog::types::{
    PrincipalType, ProductType, ProvisioningArtifactGuidance, ProvisioningArtifactProperties,
    ProvisioningArtifactType, Status, Tag,
};
use catalogd::emulator::Profile;
use serde_json::json;

use super::client::{ACCOUNT, Bench, ROLE, TEMPLATE};

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_portfolio_is_made_changed_and_removed() {
    let bench = Bench::new(Profile::Local);
    let sdk = bench.sdk();
    let made = sdk
        .create_portfolio()
        .display_name("Data")
        .provider_name("Platform")
        .tags(tag("team", "a"))
        .send()
        .await
        .unwrap();
    let detail = made.portfolio_detail().unwrap();
    let id = detail.id().unwrap();
    assert_eq!(made.tags().len(), 1);
    assert_eq!(
        detail.arn().unwrap(),
        format!("arn:aws:catalog:us-east-1:{ACCOUNT}:portfolio/{id}")
    );
    assert_eq!(detail.description(), None);
    // Removals come before additions (peers, UpdatePortfolio).
    let changed = sdk
        .update_portfolio()
        .id(id)
        .description("All things data")
        .remove_tags("team")
        .add_tags(tag("team", "b"))
        .send()
        .await
        .unwrap();
    assert_eq!(changed.tags()[0].value(), "b");
    let read = sdk.describe_portfolio().id(id).send().await.unwrap();
    let detail = read.portfolio_detail().unwrap();
    assert_eq!(detail.description(), Some("All things data"));
    assert_eq!(detail.display_name(), Some("Data"));
    assert!(read.tag_options().is_empty() && read.budgets().is_empty());
    let listed = sdk.list_portfolios().send().await.unwrap();
    assert_eq!(listed.portfolio_details(), std::slice::from_ref(detail));
    sdk.delete_portfolio().id(id).send().await.unwrap();
    let gone = sdk.describe_portfolio().id(id).send().await.unwrap_err();
    assert!(gone.into_service_error().is_resource_not_found_exception());
}

#[tokio::test(start_paused = true)]
async fn a_product_is_made_changed_searched_and_removed() {
    let bench = Bench::new(Profile::Local);
    let sdk = bench.sdk();
    let url = bench.template("topic.yaml", TEMPLATE).await;
    let version = ProvisioningArtifactProperties::builder()
        .name("v1")
        .description("")
        .r#type(ProvisioningArtifactType::CloudFormationTemplate)
        .info("LoadTemplateFromURL", &url)
        .build();
    let made = sdk
        .create_product()
        .name("Topic")
        .owner("platform")
        .description("Sends notes")
        .distributor("")
        .product_type(ProductType::CloudFormationTemplate)
        .tags(tag("team", "a"))
        .provisioning_artifact_parameters(version)
        .send()
        .await
        .unwrap();
    let view = made.product_view_detail().unwrap();
    // Not in the model's enum (facts §8).
    assert_eq!(view.status().unwrap().as_str(), "CREATED");
    let summary = view.product_view_summary().unwrap();
    let id = summary.product_id().unwrap();
    assert_ne!(summary.id().unwrap()[9..], id[5..]);
    assert_eq!(summary.short_description(), Some("Sends notes"));
    assert_eq!(summary.distributor(), Some(""));
    assert_eq!(summary.support_email(), None);
    assert!(!summary.has_default_path());
    let first = made.provisioning_artifact_detail().unwrap();
    assert_eq!(first.active(), Some(true));
    assert_eq!(
        view.created_time().unwrap().as_nanos() % 1_000_000_000,
        0,
        "products have whole seconds"
    );

    let changed = sdk
        .update_product()
        .id(id)
        .name("Topics")
        .support_url("https://example.com")
        .remove_tags("team")
        .add_tags(tag("cost", "7"))
        .send()
        .await
        .unwrap();
    assert_eq!(changed.tags(), [tag("cost", "7")]);
    let read = sdk
        .describe_product_as_admin()
        .name("Topics")
        .send()
        .await
        .unwrap();
    let summary = read
        .product_view_detail()
        .unwrap()
        .product_view_summary()
        .unwrap();
    assert_eq!(summary.support_url(), Some("https://example.com"));
    assert_eq!(summary.short_description(), Some("Sends notes"));
    assert_eq!(read.tags(), [tag("cost", "7")]);
    let summaries = read.provisioning_artifact_summaries();
    assert_eq!(summaries[0].id(), first.id());
    assert_eq!(summaries[0].description(), Some(""));

    for (key, value, found) in [
        ("FullTextSearch", "topics sends", 1),
        ("FullTextSearch", "bucket", 0),
        ("Owner", "platform", 1),
        ("ProductType", "MARKETPLACE", 0),
        ("SourceProductId", id, 1),
    ] {
        let input = json!({"Filters": {key: [value]}});
        let answer = bench.ok("SearchProductsAsAdmin", input).await;
        let answer = answer["ProductViewDetails"].as_array().unwrap();
        assert_eq!(answer.len(), found, "{key} {value}");
    }
    sdk.delete_product().id(id).send().await.unwrap();
    let listed = sdk.search_products_as_admin().send().await.unwrap();
    assert!(listed.product_view_details().is_empty());
}

#[tokio::test(start_paused = true)]
async fn versions_come_up_change_and_go() {
    let bench = Bench::new(Profile::Local);
    let sdk = bench.sdk();
    let (product, first) = bench.product("topic").await;
    let url = bench.template("second.yaml", TEMPLATE).await;
    let properties = ProvisioningArtifactProperties::builder()
        .name("v2")
        .description("second")
        .info("LoadTemplateFromURL", &url)
        .build();
    let made = sdk
        .create_provisioning_artifact()
        .product_id(&product)
        .parameters(properties)
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), Some(&Status::Creating));
    assert_eq!(made.info().unwrap()["TemplateUrl"], url);
    let detail = made.provisioning_artifact_detail().unwrap();
    let second = detail.id().unwrap();
    let describe = async || {
        sdk.describe_provisioning_artifact()
            .product_id(&product)
            .provisioning_artifact_id(second)
            .verbose(true)
            .include_provisioning_artifact_parameters(true)
            .send()
            .await
            .unwrap()
    };
    assert_eq!(describe().await.status(), Some(&Status::Creating));
    bench.pass(1.0).await;
    let read = describe().await;
    assert_eq!(read.status(), Some(&Status::Available));
    assert_eq!(read.info().unwrap()["CloudFormationTemplate"], TEMPLATE);
    let parameters = read.provisioning_artifact_parameters();
    assert_eq!(parameters[0].parameter_key(), Some("Owner"));
    assert_eq!(parameters[0].default_value(), None);
    assert_eq!(parameters[1].default_value(), Some("small"));

    let changed = sdk
        .update_provisioning_artifact()
        .product_id(&product)
        .provisioning_artifact_id(second)
        .name("v2.0")
        .active(false)
        .guidance(ProvisioningArtifactGuidance::Deprecated)
        .send()
        .await
        .unwrap();
    let detail = changed.provisioning_artifact_detail().unwrap();
    assert_eq!(detail.description(), Some("second"));
    assert_eq!(detail.active(), Some(false));
    let listed = sdk
        .list_provisioning_artifacts()
        .product_id(&product)
        .send()
        .await
        .unwrap();
    let listed = listed.provisioning_artifact_details();
    assert_eq!(listed[0].id(), Some(first.as_str()));
    assert_eq!(listed[1], *detail);
    let admin = bench
        .ok("DescribeProductAsAdmin", json!({"Id": product}))
        .await;
    let metadata = |n: usize| {
        admin["ProvisioningArtifactSummaries"][n]["ProvisioningArtifactMetadata"].clone()
    };
    assert_eq!(metadata(0), json!({"SourceProvisioningArtifactId": first}));
    assert_eq!(
        metadata(1),
        json!({"SourceProductId": product, "SourceProvisioningArtifactId": second})
    );
    sdk.delete_provisioning_artifact()
        .product_id(&product)
        .provisioning_artifact_id(second)
        .send()
        .await
        .unwrap();
    let gone = sdk
        .describe_provisioning_artifact()
        .product_id(&product)
        .provisioning_artifact_id(second)
        .send()
        .await
        .unwrap_err();
    assert!(gone.into_service_error().is_resource_not_found_exception());
}

#[tokio::test(start_paused = true)]
async fn a_version_is_made_from_a_stack() {
    use catalogd::emulator::cfn::NewStack;
    let bench = Bench::new(Profile::Instant);
    let template = TEMPLATE.replace(
        "{Type: String, Description",
        "{Type: String, Default: me, Description",
    );
    let arn = bench
        .emulator
        .with_stacks(ACCOUNT, "us-east-1", |stacks, ctx| {
            let new = NewStack {
                name: "by-hand".to_owned(),
                template: template.clone().into_bytes().into(),
                ..NewStack::default()
            };
            stacks.create(ctx, new).unwrap()
        });
    let (product, _) = bench.product("topic").await;
    let version = |stack: &str| {
        json!({"ProductId": product, "IdempotencyToken": "t", "Parameters": {
            "Name": "imported", "Info": {"ImportFromPhysicalId": stack}}})
    };
    // By its ARN only (model).
    let operation = "CreateProvisioningArtifact";
    let said = bench.refused(operation, version("by-hand")).await;
    assert_eq!(said.0, "InvalidParametersException");
    let made = bench.ok(operation, version(&arn)).await;
    assert_eq!(made["Info"], json!({"PhysicalId": arn}));
    let id = &made["ProvisioningArtifactDetail"]["Id"];
    let read = bench
        .ok(
            "DescribeProvisioningArtifact",
            json!({"ProductName": "topic", "ProvisioningArtifactId": id, "Verbose": true}),
        )
        .await;
    assert_eq!(read["Info"]["CloudFormationTemplate"], template);
}

#[tokio::test(start_paused = true)]
async fn associations_principals_and_constraints_hang_together() {
    let bench = Bench::new(Profile::Local);
    let sdk = bench.sdk();
    let (portfolio, product, _) = bench.launchable("topic").await;
    // Doing it again is no error.
    sdk.associate_product_with_portfolio()
        .product_id(&product)
        .portfolio_id(&portfolio)
        .send()
        .await
        .unwrap();
    let listed = sdk
        .list_portfolios_for_product()
        .product_id(&product)
        .send()
        .await
        .unwrap();
    assert_eq!(listed.portfolio_details().len(), 1);
    let principals = sdk
        .list_principals_for_portfolio()
        .portfolio_id(&portfolio)
        .send()
        .await
        .unwrap();
    assert_eq!(principals.principals()[0].principal_arn(), Some(ROLE));
    assert_eq!(
        principals.principals()[0].principal_type(),
        Some(&PrincipalType::Iam)
    );
    let parameters = r#"{"RoleArn" : "arn:aws:iam::123456789012:role/LaunchRole"}"#;
    let made = sdk
        .create_constraint()
        .portfolio_id(&portfolio)
        .product_id(&product)
        .r#type("LAUNCH")
        .parameters(parameters)
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), Some(&Status::Creating));
    assert_eq!(made.constraint_parameters(), Some(parameters));
    let detail = made.constraint_detail().unwrap();
    assert_eq!(detail.owner(), Some(ACCOUNT));
    let id = detail.constraint_id().unwrap();
    let status = async || {
        let read = sdk.describe_constraint().id(id).send().await.unwrap();
        read.status().cloned()
    };
    assert_eq!(status().await, Some(Status::Creating));
    bench.pass(1.0).await;
    assert_eq!(status().await, Some(Status::Available));
    let changed = sdk
        .update_constraint()
        .id(id)
        .description("as local role")
        .parameters(r#"{"LocalRoleName": "Test"}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(changed.status(), Some(&Status::Creating));
    let listed = sdk
        .list_constraints_for_portfolio()
        .portfolio_id(&portfolio)
        .product_id(&product)
        .send()
        .await
        .unwrap();
    assert_eq!(
        listed.constraint_details()[0].description(),
        Some("as local role")
    );
    let told = bench
        .ok(
            "DescribeProvisioningParameters",
            json!({"ProductName": "topic", "ProvisioningArtifactName": "v1", "PathName": "topic"}),
        )
        .await;
    assert_eq!(
        told["UsageInstructions"],
        json!([
            {"Type": "rules", "Value": "{}"},
            {"Type": "version", "Value": "2010-09-09"},
            {"Type": "description", "Value": "A topic"},
            {"Type": "launchAsRole", "Value": format!("arn:aws:iam::{ACCOUNT}:role/Test")},
            {"Type": "tagUpdateOnProvisionedProduct", "Value": "NOT_ALLOWED"},
        ])
    );
    assert_eq!(
        told["ProvisioningArtifactOutputKeys"],
        json!([{"Key": "Kind", "Description": "How large"}])
    );
    sdk.delete_constraint().id(id).send().await.unwrap();
    let gone = sdk.describe_constraint().id(id).send().await.unwrap_err();
    assert!(gone.into_service_error().is_resource_not_found_exception());
}

#[tokio::test(start_paused = true)]
async fn users_see_what_they_may_launch() {
    let bench = Bench::new(Profile::Instant);
    let (portfolio, product, version) = bench.launchable("topic").await;
    bench.product("hidden").await;
    let seen = bench.ok("SearchProducts", json!({})).await;
    let seen = seen["ProductViewSummaries"].as_array().unwrap().clone();
    assert_eq!(seen.len(), 1);
    let described = bench.ok("DescribeProduct", json!({"Id": product})).await;
    assert_eq!(described["ProvisioningArtifacts"][0]["Guidance"], "DEFAULT");
    assert_eq!(described["LaunchPaths"][0]["Name"], "topic");
    let view = bench
        .ok("DescribeProductView", json!({"Id": seen[0]["Id"]}))
        .await;
    assert_eq!(
        view["ProvisioningArtifacts"],
        described["ProvisioningArtifacts"]
    );
    bench
        .ok(
            "UpdateProvisioningArtifact",
            json!({"ProductId": product, "ProvisioningArtifactId": version, "Active": false}),
        )
        .await;
    let described = bench.ok("DescribeProduct", json!({"Id": product})).await;
    assert_eq!(described["ProvisioningArtifacts"], json!([]));
    bench
        .ok(
            "DisassociatePrincipalFromPortfolio",
            json!({"PortfolioId": portfolio, "PrincipalARN": ROLE, "PrincipalType": "IAM"}),
        )
        .await;
    assert_eq!(
        bench.ok("SearchProducts", json!({})).await,
        json!({"ProductViewSummaries": []})
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_makes_a_repetition_harmless() {
    let bench = Bench::new(Profile::Instant);
    let input = json!({"DisplayName": "Data", "ProviderName": "it", "IdempotencyToken": "one"});
    let first = bench.ok("CreatePortfolio", input.clone()).await;
    let again = bench.ok("CreatePortfolio", input.clone()).await;
    assert_eq!(first, again);
    let other = json!({"DisplayName": "Data", "ProviderName": "it", "IdempotencyToken": "two"});
    assert_ne!(first, bench.ok("CreatePortfolio", other).await);
    // The same token of another account is another token.
    let elsewhere = bench.in_account("210987654321");
    assert_ne!(first, elsewhere.ok("CreatePortfolio", input.clone()).await);
    // Also after the object is gone.
    let id = &first["PortfolioDetail"]["Id"];
    bench.ok("DeletePortfolio", json!({"Id": id})).await;
    assert_eq!(first, bench.ok("CreatePortfolio", input).await);
}
