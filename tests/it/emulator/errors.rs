//! Refusals and the rules behind them (facts §2).

use catalogd::emulator::Profile;
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, ROLE, with};

const INVALID: &str = "InvalidParametersException";
const NOT_FOUND: &str = "ResourceNotFoundException";
const IN_USE: &str = "ResourceInUseException";

struct Setting {
    bench: Bench,
    portfolio: String,
    product: String,
    version: String,
}

impl Setting {
    async fn new() -> Self {
        let bench = Bench::new(Profile::Instant);
        let (portfolio, product, version) = bench.launchable("topic").await;
        Self {
            bench,
            portfolio,
            product,
            version,
        }
    }

    fn launch(&self, more: Value) -> Value {
        let mut input = with(
            json!({
                "ProductId": self.product, "ProvisioningArtifactId": self.version,
                "ProvisionedProductName": "mine", "ProvisionToken": "token",
                "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}],
            }),
            more,
        );
        input.as_object_mut().unwrap().retain(|_, v| !v.is_null());
        input
    }
}

/// What users quoted of a launch (`fidelity::texts` has those), said of a description too.
#[tokio::test(start_paused = true)]
async fn a_version_is_not_found_by_a_name_that_two_have() {
    let bench = Bench::new(Profile::Instant);
    let (product, _) = bench.product("twins").await;
    let url = bench.template("twin.yaml", super::client::TEMPLATE).await;
    let twin = json!({"ProductId": product, "IdempotencyToken": "twin", "Parameters": {
        "Name": "v1", "Info": {"LoadTemplateFromURL": url}}});
    bench.ok("CreateProvisioningArtifact", twin).await;
    let by_name = json!({"ProductId": product, "ProvisioningArtifactName": "v1"});
    let text = "Multiple Provisioning Artifact with name v1 found.";
    assert_eq!(
        bench.refused("DescribeProvisioningArtifact", by_name).await,
        (INVALID.to_owned(), text.to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn several_paths_must_be_told_apart() {
    let s = Setting::new().await;
    let second = s.bench.portfolio("second").await;
    s.bench
        .ok(
            "AssociateProductWithPortfolio",
            json!({"ProductId": s.product, "PortfolioId": second}),
        )
        .await;
    s.bench
        .ok(
            "AssociatePrincipalWithPortfolio",
            json!({"PortfolioId": second, "PrincipalARN": "arn:aws:iam:::role/cat*", "PrincipalType": "IAM_PATTERN"}),
        )
        .await;
    assert_eq!(
        s.bench
            .refused("ProvisionProduct", s.launch(json!({})))
            .await,
        (
            INVALID.to_owned(),
            "More than one launch path ids exist. Please specify the launch path id".to_owned()
        )
    );
    let paths = s
        .bench
        .ok("ListLaunchPaths", json!({"ProductId": s.product}))
        .await;
    let paths = paths["LaunchPathSummaries"].as_array().unwrap().clone();
    assert_eq!(paths.len(), 2);
    assert_eq!(paths[1]["Name"], "second");
    let by_id = s.launch(json!({"PathId": paths[1]["Id"]}));
    let record = s.bench.ok("ProvisionProduct", by_id).await;
    assert_eq!(record["RecordDetail"]["PathId"], paths[1]["Id"]);
    let by_name = s
        .launch(json!({"PathName": "topic", "ProvisionedProductName": "b", "ProvisionToken": "b"}));
    let record = s.bench.ok("ProvisionProduct", by_name).await;
    assert_eq!(record["RecordDetail"]["PathId"], paths[0]["Id"]);
}

#[tokio::test(start_paused = true)]
async fn an_id_or_a_name_but_not_both_and_not_none() {
    let s = Setting::new().await;
    for (operation, none, both) in [
        (
            "DescribeProvisionedProduct",
            json!({}),
            json!({"Id": "a", "Name": "a"}),
        ),
        (
            "DescribeProductAsAdmin",
            json!({}),
            json!({"Id": "a", "Name": "a"}),
        ),
        (
            "DescribeProduct",
            json!({}),
            json!({"Id": "a", "Name": "a"}),
        ),
        (
            "TerminateProvisionedProduct",
            json!({"TerminateToken": "t"}),
            json!({"TerminateToken": "t", "ProvisionedProductId": "a", "ProvisionedProductName": "a"}),
        ),
    ] {
        assert_eq!(
            s.bench.refused(operation, none).await.0,
            INVALID,
            "{operation}"
        );
        assert_eq!(
            s.bench.refused(operation, both).await.0,
            INVALID,
            "{operation}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_template_must_be_readable_and_be_one() {
    let s = Setting::new().await;
    let create = |url: &str, more: Value| {
        let parameters = with(
            json!({"Name": "v", "Info": {"LoadTemplateFromURL": url}}),
            more,
        );
        json!({"ProductId": s.product, "IdempotencyToken": "t", "Parameters": parameters})
    };
    let operation = "CreateProvisioningArtifact";
    let broken = s.bench.template("broken.yaml", "Parameters: {}").await;
    let text = "Invalid templateBody. Please make sure that your template is valid";
    assert_eq!(
        s.bench.refused(operation, create(&broken, json!({}))).await,
        (INVALID.to_owned(), text.to_owned())
    );
    let missing = broken.replace("broken", "missing");
    assert_eq!(
        s.bench
            .refused(operation, create(&missing, json!({})))
            .await
            .0,
        INVALID
    );
    let elsewhere = "https://example.com/template.yaml";
    assert_eq!(
        s.bench
            .refused(operation, create(elsewhere, json!({})))
            .await
            .0,
        INVALID
    );
    // The service reads from there; the emulator says that it does not.
    for host in ["github.com", "raw.githubusercontent.com"] {
        let url = format!("https://{host}/example/templates/main/topic.yaml");
        let said = s.bench.refused(operation, create(&url, json!({}))).await;
        assert_eq!(said.0, "NotImplemented", "{url}");
    }
    let blanks = " ".repeat(1_000_000);
    let large = format!("{}{blanks}", super::client::TEMPLATE);
    let large = s.bench.template("large.yaml", &large).await;
    assert_eq!(
        s.bench.refused(operation, create(&large, json!({}))).await,
        (INVALID.to_owned(), text.to_owned())
    );
    let neither = json!({"Info": {"Colour": "red"}});
    assert_eq!(
        s.bench.refused(operation, create(&broken, neither)).await.0,
        INVALID
    );
    // Unchecked on request; it shows when it is launched (facts §9.1).
    s.bench
        .ok(
            operation,
            create(&broken, json!({"DisableTemplateValidation": true})),
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_in_use_stays() {
    let s = Setting::new().await;
    let (bench, product, portfolio) = (&s.bench, &s.product, &s.portfolio);
    assert_eq!(
        bench
            .refused("DeleteProduct", json!({"Id": product}))
            .await
            .0,
        IN_USE
    );
    let last = json!({"ProductId": product, "ProvisioningArtifactId": s.version});
    assert_eq!(
        bench.refused("DeleteProvisioningArtifact", last).await.0,
        IN_USE
    );
    let constraint = bench
        .ok(
            "CreateConstraint",
            json!({"PortfolioId": portfolio, "ProductId": product, "Type": "LAUNCH",
                   "Parameters": "{\"LocalRoleName\":\"x\"}", "IdempotencyToken": "t"}),
        )
        .await;
    let pair = json!({"ProductId": product, "PortfolioId": portfolio});
    let disassociate = "DisassociateProductFromPortfolio";
    assert_eq!(bench.refused(disassociate, pair.clone()).await.0, IN_USE);
    let id = &constraint["ConstraintDetail"]["ConstraintId"];
    bench.ok("DeleteConstraint", json!({"Id": id})).await;
    bench.ok(disassociate, pair.clone()).await;
    assert_eq!(bench.refused(disassociate, pair).await.0, NOT_FOUND);
    bench.ok("DeleteProduct", json!({"Id": product})).await;
    let principal = json!({"PortfolioId": portfolio, "PrincipalARN": ROLE});
    bench
        .ok("DisassociatePrincipalFromPortfolio", principal.clone())
        .await;
    let again = bench
        .refused("DisassociatePrincipalFromPortfolio", principal)
        .await;
    assert_eq!(again.0, NOT_FOUND);
    bench.ok("DeletePortfolio", json!({"Id": portfolio})).await;
    for (operation, id) in [
        ("DescribePortfolio", portfolio),
        ("DescribeProductAsAdmin", product),
    ] {
        assert_eq!(
            bench.refused(operation, json!({"Id": id})).await.0,
            NOT_FOUND
        );
    }
}

#[tokio::test(start_paused = true)]
async fn constraints_exclude_each_other() {
    let s = Setting::new().await;
    let create = |kind: &str, parameters: &str, token: &str| {
        json!({"PortfolioId": s.portfolio, "ProductId": s.product, "Type": kind,
               "Parameters": parameters, "IdempotencyToken": token})
    };
    let operation = "CreateConstraint";
    let tags = r#"{"Version":"2.0","Properties":{"TagUpdateOnProvisionedProduct":"ALLOWED"}}"#;
    for (kind, parameters) in [
        ("LAUNCH", "{}"),
        (
            "LAUNCH",
            r#"{"RoleArn":"arn:aws:iam::123456789012:role/a","LocalRoleName":"a"}"#,
        ),
        ("LAUNCH", "not json"),
        (
            "RESOURCE_UPDATE",
            r#"{"Version":"2.0","Properties":{"TagUpdatesOnProvisionedProduct":"ALLOWED"}}"#,
        ),
        ("COLOUR", "{}"),
        ("NOTIFICATION", r#"{"NotificationArns":[]}"#),
        ("NOTIFICATION", r#"{"NotificationArns":["news"]}"#),
        (
            "NOTIFICATION",
            r#"{"NotificationArns":["arn:aws:sqs:us-east-1:123456789012:news"]}"#,
        ),
        ("TEMPLATE", r#"{"Rules":{"R":{"Assertions":[]}}}"#),
        ("TEMPLATE", "{}"),
        (
            "STACKSET",
            r#"{"Version":"1","Properties":{"AccountList":["123456789012"]}}"#,
        ),
    ] {
        let said = s
            .bench
            .refused(operation, create(kind, parameters, "bad"))
            .await;
        assert_eq!(said.0, INVALID, "{kind} {parameters}");
    }
    s.bench
        .ok(operation, create("LAUNCH", r#"{"LocalRoleName":"a"}"#, "1"))
        .await;
    s.bench
        .ok(operation, create("RESOURCE_UPDATE", tags, "2"))
        .await;
    let second = s
        .bench
        .refused(operation, create("LAUNCH", r#"{"LocalRoleName":"b"}"#, "3"))
        .await;
    assert_eq!(second.0, "DuplicateResourceException");
    let second = s
        .bench
        .refused(operation, create("RESOURCE_UPDATE", tags, "4"))
        .await;
    assert_eq!(second.0, "DuplicateResourceException");
    let stack_set = r#"{"Version":"1","Properties":{"AccountList":["123456789012"],"RegionList":["us-east-1"]}}"#;
    let stack_set = create("STACKSET", stack_set, "5");
    assert_eq!(s.bench.refused(operation, stack_set).await.0, INVALID);
    let topics = |names: &[&str]| {
        let arns = names
            .iter()
            .map(|name| format!("arn:aws:sns:us-east-1:{ACCOUNT}:{name}"));
        json!({"NotificationArns": arns.collect::<Vec<_>>()}).to_string()
    };
    let kind = "NOTIFICATION";
    let first = create(kind, &topics(&["news"]), "6");
    s.bench.ok(operation, first).await;
    let second = create(kind, &topics(&["alarms", "news"]), "7");
    let said = s.bench.refused(operation, second).await;
    assert_eq!(said.0, "DuplicateResourceException");
    let other = create(kind, &topics(&["alarms"]), "8");
    s.bench.ok(operation, other).await;
}

#[tokio::test(start_paused = true)]
async fn quotas_hold() {
    let bench = Bench::new(Profile::Instant);
    for n in 0..100 {
        bench.portfolio(&format!("p{n}")).await;
    }
    let input = json!({"DisplayName": "more", "ProviderName": "it", "IdempotencyToken": "more"});
    let said = bench.refused("CreatePortfolio", input).await;
    assert_eq!(said.0, "LimitExceededException");
    let portfolio = bench.portfolio("p0").await;
    for n in 0..=10 {
        let arn = format!("arn:aws:iam:::role/r{n}-*");
        let input =
            json!({"PortfolioId": portfolio, "PrincipalARN": arn, "PrincipalType": "IAM_PATTERN"});
        let answer = bench.call("AssociatePrincipalWithPortfolio", input).await;
        assert_eq!(answer.is_ok(), n < 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_principal_is_one_that_there_can_be() {
    let s = Setting::new().await;
    for (kind, arn) in [
        ("IAM", "arn:aws:iam::123456789012:role/deploy-*"),
        ("IAM", "arn:aws:iam::123456789012:root"),
        ("IAM", "arn:aws:iam::123456789012:role/"),
        ("IAM_PATTERN", "arn:aws:iam:::root"),
        ("IAM_PATTERN", "arn:aws:iam:::*/deploy"),
    ] {
        let input = json!({"PortfolioId": s.portfolio, "PrincipalARN": arn, "PrincipalType": kind});
        let operation = "AssociatePrincipalWithPortfolio";
        let said = s.bench.refused(operation, input).await;
        assert_eq!(said.0, INVALID, "{kind} {arn}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unused_account_of_a_principal_is_refused() {
    let s = Setting::new().await;
    let input = json!({"PortfolioId": s.portfolio, "PrincipalARN": "arn:aws:iam:::role/*", "PrincipalType": "IAM"});
    let said = s
        .bench
        .refused("AssociatePrincipalWithPortfolio", input)
        .await;
    assert_eq!(
        said,
        (
            NOT_FOUND.to_owned(),
            format!("caller account id {ACCOUNT} does not match input account id ()")
        )
    );
}
