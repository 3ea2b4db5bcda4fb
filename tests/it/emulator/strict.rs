//! Where a kinder emulator would let a client get away with what AWS may refuse.

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, text};

const INVALID: &str = "InvalidParametersException";

#[tokio::test(start_paused = true)]
async fn tags_of_aws_and_twice_the_same_key_are_refused_everywhere() {
    let bench = Bench::new(Profile::Instant);
    let (portfolio, product, version) = bench.launchable("Network").await;
    for tags in [
        json!([{"Key": "aws:owner", "Value": "x"}]),
        json!([{"Key": "AWS:owner", "Value": "x"}]),
        json!([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]),
    ] {
        for (operation, input) in [
            (
                "CreatePortfolio",
                json!({"DisplayName": "P", "ProviderName": "it", "IdempotencyToken": "p", "Tags": tags}),
            ),
            ("UpdatePortfolio", json!({"Id": portfolio, "AddTags": tags})),
            ("UpdateProduct", json!({"Id": product, "AddTags": tags})),
            (
                "ProvisionProduct",
                json!({"ProductId": product, "ProvisioningArtifactId": version,
                       "ProvisionedProductName": "net", "ProvisionToken": "l", "Tags": tags}),
            ),
        ] {
            let (code, _) = bench.refused(operation, input).await;
            assert_eq!(code, INVALID, "{operation} {tags}");
        }
    }
    let found = bench
        .ok("DescribePortfolio", json!({"Id": portfolio}))
        .await;
    assert_eq!(found["Tags"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_launch_has_fifty_tags_at_most_beside_its_autotags() {
    let bench = Bench::new(Profile::Instant);
    let (portfolio, product, version) = bench.launchable("Network").await;
    let tags = |name: &str, count: usize| -> Value {
        (0..count)
            .map(|n| json!({"Key": format!("{name}{n}"), "Value": "v"}))
            .collect()
    };
    bench
        .ok(
            "UpdatePortfolio",
            json!({"Id": portfolio, "AddTags": tags("shared", 20)}),
        )
        .await;
    let launch = |name: &str, count: usize| {
        json!({"ProductId": product, "ProvisioningArtifactId": version, "Tags": tags("own", count),
               "ProvisionedProductName": name, "ProvisionToken": name,
               "ProvisioningParameters": [{"Key": "Owner", "Value": "net"}]})
    };
    let (code, _) = bench.refused("ProvisionProduct", launch("many", 31)).await;
    assert_eq!(code, INVALID);
    bench.ok("ProvisionProduct", launch("enough", 30)).await;
    let found = bench
        .ok("DescribeProvisionedProduct", json!({"Name": "enough"}))
        .await;
    assert_eq!(
        text(&found, "/ProvisionedProductDetail/Status"),
        "AVAILABLE"
    );
}

#[tokio::test(start_paused = true)]
async fn a_support_url_is_a_url_or_empty() {
    let bench = Bench::new(Profile::Instant);
    let (product, _) = bench.product("Network").await;
    for (url, fits) in [
        ("", true),
        ("https://wiki.example.com", true),
        ("wiki", false),
    ] {
        let answer = bench
            .call("UpdateProduct", json!({"Id": product, "SupportUrl": url}))
            .await;
        match answer {
            Ok(answer) => {
                assert!(fits, "{url}");
                let shown = "/ProductViewDetail/ProductViewSummary/SupportUrl";
                assert_eq!(text(&answer, shown), url);
            }
            Err((code, _)) => assert_eq!((code.as_str(), fits), (INVALID, false), "{url}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_is_launched_when_it_is_available_and_not_before() {
    let bench = Bench::new(Profile::Local);
    let (_, product, _) = bench.launchable("Network").await;
    let url = bench.template("two.yaml", super::client::TEMPLATE).await;
    let made = bench
        .ok(
            "CreateProvisioningArtifact",
            json!({"ProductId": product, "IdempotencyToken": "v2",
                   "Parameters": {"Name": "v2", "Info": {"LoadTemplateFromURL": url}}}),
        )
        .await;
    let version = text(&made, "/ProvisioningArtifactDetail/Id");
    let input = json!({"ProductId": product, "ProvisioningArtifactId": version,
                       "ProvisionedProductName": "net", "ProvisionToken": "t"});
    let (code, said) = bench.refused("ProvisionProduct", input.clone()).await;
    assert_eq!(code, INVALID);
    assert!(said.ends_with("is in status CREATING."), "{said}");
    bench.pass(0.5).await;
    bench.ok("ProvisionProduct", input).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_being_made_can_fail() {
    let bench = Bench::new(Profile::Local);
    let (portfolio, product, _) = bench.launchable("Network").await;
    let failing = |operation: &str| {
        bench
            .emulator
            .inject(Rule::always(Effect::FailCreating).on(operation).nth(1));
    };
    failing("CreateProvisioningArtifact");
    let url = bench.template("two.yaml", super::client::TEMPLATE).await;
    let made = bench
        .ok(
            "CreateProvisioningArtifact",
            json!({"ProductId": product, "IdempotencyToken": "v2",
                   "Parameters": {"Name": "v2", "Info": {"LoadTemplateFromURL": url}}}),
        )
        .await;
    assert_eq!(text(&made, "/Status"), "CREATING");
    let version = text(&made, "/ProvisioningArtifactDetail/Id");
    failing("CreateConstraint");
    let role = format!("{{\"RoleArn\":\"arn:aws:iam::{ACCOUNT}:role/launch\"}}");
    let made = bench
        .ok(
            "CreateConstraint",
            json!({"PortfolioId": portfolio, "ProductId": product, "Type": "LAUNCH",
                   "Parameters": role, "IdempotencyToken": "c"}),
        )
        .await;
    assert_eq!(text(&made, "/Status"), "CREATING");
    let constraint = text(&made, "/ConstraintDetail/ConstraintId");
    bench.pass(1.0).await;
    let found = bench
        .ok(
            "DescribeProvisioningArtifact",
            json!({"ProductId": product, "ProvisioningArtifactId": version}),
        )
        .await;
    assert_eq!(text(&found, "/Status"), "FAILED");
    let found = bench
        .ok("DescribeConstraint", json!({"Id": constraint}))
        .await;
    assert_eq!(text(&found, "/Status"), "FAILED");
    let (code, said) = bench
        .refused(
            "ProvisionProduct",
            json!({"ProductId": product, "ProvisioningArtifactId": version,
                   "ProvisionedProductName": "net", "ProvisionToken": "t"}),
        )
        .await;
    assert_eq!(code, INVALID);
    assert!(said.ends_with("is in status FAILED."), "{said}");
    // Made anew, it may succeed.
    bench
        .ok(
            "UpdateConstraint",
            json!({"Id": constraint, "Description": "again"}),
        )
        .await;
    bench.pass(1.0).await;
    let found = bench
        .ok("DescribeConstraint", json!({"Id": constraint}))
        .await;
    assert_eq!(text(&found, "/Status"), "AVAILABLE");
}

#[tokio::test(start_paused = true)]
async fn inactive_versions_are_hidden_from_those_who_launch() {
    let bench = Bench::new(Profile::Instant);
    let (_, product, version) = bench.launchable("Network").await;
    let ids = json!({"ProductId": product, "ProvisioningArtifactId": version});
    bench
        .ok("DescribeProvisioningParameters", ids.clone())
        .await;
    let mut off = ids.clone();
    off["Active"] = json!(false);
    bench.ok("UpdateProvisioningArtifact", off).await;
    let (code, _) = bench
        .refused("DescribeProvisioningParameters", ids.clone())
        .await;
    assert_eq!(code, "ResourceNotFoundException");
    // The administrator's view has it still.
    let found = bench.ok("DescribeProvisioningArtifact", ids).await;
    assert_eq!(found["ProvisioningArtifactDetail"]["Active"], false);
}
