//! STACKSET constraints: told, judged, and refused plainly where a stack set would be made.

use catalogd::emulator::Profile;
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, text};

#[tokio::test(start_paused = true)]
async fn preferences_are_judged_before_the_stack_set_is_refused() {
    let bench = Bench::new(Profile::Instant);
    let (portfolio, product, version) = bench.launchable("topic").await;
    let parameters = json!({"Version": "1", "Properties": {
        "AccountList": [ACCOUNT, "210987654321"], "RegionList": ["us-east-1", "eu-west-1"],
        "AdminRole": format!("arn:aws:iam::{ACCOUNT}:role/admin"), "ExecutionRole": "execution"}});
    let launch = |preferences: Value| {
        json!({"ProductId": product, "ProvisioningArtifactId": version, "ProvisionedProductName": "set",
               "ProvisionToken": "t", "ProvisioningPreferences": preferences})
    };
    let (code, said) = bench
        .refused(
            "ProvisionProduct",
            launch(json!({"StackSetRegions": ["us-east-1"]})),
        )
        .await;
    assert_eq!(code, "InvalidParametersException", "{said}");
    bench
        .ok(
            "CreateConstraint",
            json!({"PortfolioId": portfolio, "ProductId": product, "Type": "STACKSET",
                   "Parameters": parameters.to_string(), "IdempotencyToken": "c"}),
        )
        .await;
    let told = bench
        .ok(
            "DescribeProvisioningParameters",
            json!({"ProductId": product, "ProvisioningArtifactId": version}),
        )
        .await;
    assert_eq!(
        told["ProvisioningArtifactPreferences"],
        json!({"StackSetAccounts": [ACCOUNT, "210987654321"], "StackSetRegions": ["us-east-1", "eu-west-1"]})
    );
    for wrong in [
        json!({"StackSetAccounts": ["111111111111"]}),
        json!({"StackSetRegions": ["eu-central-1"]}),
        json!({"StackSetFailureToleranceCount": 1, "StackSetFailureTolerancePercentage": 1}),
        json!({"StackSetMaxConcurrencyCount": 1, "StackSetMaxConcurrencyPercentage": 1}),
        json!({"StackSetMaxConcurrencyCount": 3, "StackSetFailureToleranceCount": 1}),
    ] {
        let (code, _) = bench
            .refused("ProvisionProduct", launch(wrong.clone()))
            .await;
        assert_eq!(code, "InvalidParametersException", "{wrong}");
    }
    for well in [
        json!({}),
        json!({"StackSetAccounts": [ACCOUNT], "StackSetRegions": ["eu-west-1"]}),
        json!({"StackSetMaxConcurrencyCount": 2, "StackSetFailureToleranceCount": 1}),
        json!({"StackSetMaxConcurrencyCount": 9, "StackSetFailureTolerancePercentage": 50}),
    ] {
        let (code, said) = bench.refused("ProvisionProduct", launch(well)).await;
        assert_eq!(code, "NotImplemented");
        assert!(
            said.contains("stack set") && said.ends_with("not supported by the emulator"),
            "{said}"
        );
    }
    let list = json!({"ProvisionedProductId": "pp-aaaaaaaaaaaaa"});
    let (code, said) = bench
        .refused("ListStackInstancesForProvisionedProduct", list)
        .await;
    assert_eq!(code, "NotImplemented");
    assert!(said.ends_with("is not supported by the emulator"));
}

#[tokio::test(start_paused = true)]
async fn an_update_of_a_plain_stack_takes_no_preferences() {
    let bench = Bench::new(Profile::Instant);
    let (_, product, version) = bench.launchable("topic").await;
    let launch = json!({"ProductId": product, "ProvisioningArtifactId": version, "ProvisionedProductName": "n",
                        "ProvisionToken": "t", "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}]});
    let launched = bench.ok("ProvisionProduct", launch).await;
    let update = |preferences: Value| {
        json!({"ProvisionedProductId": text(&launched, "/RecordDetail/ProvisionedProductId"), "UpdateToken": "u",
               "ProvisioningParameters": [{"Key": "Owner", "Value": "you"}],
               "ProvisioningPreferences": preferences})
    };
    let asked = update(json!({"StackSetOperationType": "DELETE"}));
    let (code, _) = bench.refused("UpdateProvisionedProduct", asked).await;
    assert_eq!(code, "InvalidParametersException");
    bench
        .ok("UpdateProvisionedProduct", update(json!({})))
        .await;
}
