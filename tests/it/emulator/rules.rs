//! Rules of templates and TEMPLATE constraints at launch, and what is told of parameters before it.

use catalogd::emulator::Profile;
use serde_json::{Value, json};

use super::client::{Bench, text};

/// A template that has a rule of its own, and every kind of constraint on its parameters.
const RULED: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Env: {Type: String, AllowedPattern: "[a-z]+", ConstraintDescription: small letters, MinLength: 2, MaxLength: 8}
  Size: {Type: String, Default: small}
  Count: {Type: Number, Default: 1, MinValue: 1, MaxValue: 1.5}
Rules:
  Prod:
    RuleCondition: !Equals [!Ref Env, prod]
    Assertions:
      - Assert: !Contains [[large, huge], !Ref Size]
        AssertDescription: prod is large
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Env}}
"#;

async fn launch(bench: &Bench, target: &(String, String, String), parameters: Value) -> Value {
    let (_, product, version) = target;
    let name = format!("p{}", bench.emulator.calls().len());
    let asked = json!({"ProductId": product, "ProvisioningArtifactId": version, "ProvisionToken": name,
                       "ProvisionedProductName": name, "ProvisioningParameters": parameters});
    bench.ok("ProvisionProduct", asked).await;
    bench.pass(60.0).await;
    let found = bench
        .ok("DescribeProvisionedProduct", json!({"Name": name}))
        .await;
    found["ProvisionedProductDetail"].clone()
}

fn given(pairs: &[(&str, &str)]) -> Value {
    pairs
        .iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_broken_rule_of_the_template_shows_in_the_record() {
    let bench = Bench::new(Profile::Local);
    let target = bench.launchable_of("ruled", RULED).await;
    let found = launch(&bench, &target, given(&[("Env", "prod")])).await;
    assert_eq!(found["Status"], "ERROR");
    let said = text(&found, "/StatusMessage");
    assert!(
        said.starts_with(
            "AmazonCloudFormationException  prod is large (Service: AmazonCloudFormation;"
        ),
        "{said}"
    );
    for well in [&[("Env", "prod"), ("Size", "huge")][..], &[("Env", "dev")]] {
        let found = launch(&bench, &target, given(well)).await;
        assert_eq!(found["Status"], "AVAILABLE", "{well:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_template_constraint_holds_for_launches_updates_and_plans() {
    let bench = Bench::new(Profile::Instant);
    let target = bench.launchable_of("ruled", RULED).await;
    let before = launch(&bench, &target, given(&[("Env", "dev")])).await;
    let rules = r#"{"Rules": {"Envs": {"Assertions": [
        {"Assert": {"Fn::Contains": [["prod"], {"Ref": "Env"}]}, "AssertDescription": "only prod"}]}}}"#;
    bench
        .ok(
            "CreateConstraint",
            json!({"PortfolioId": target.0, "ProductId": target.1, "Type": "TEMPLATE",
                   "Parameters": rules, "IdempotencyToken": "c"}),
        )
        .await;
    assert_eq!(
        launch(&bench, &target, given(&[("Env", "dev")])).await["Status"],
        "ERROR"
    );
    // Both hold: the constraint's and the template's own.
    let prod = launch(&bench, &target, given(&[("Env", "prod")])).await;
    assert!(text(&prod, "/StatusMessage").contains("prod is large"));
    let good = given(&[("Env", "prod"), ("Size", "large")]);
    assert_eq!(launch(&bench, &target, good).await["Status"], "AVAILABLE");

    let id = text(&before, "/Id");
    let update = json!({"ProvisionedProductId": id, "UpdateToken": "u",
                        "ProvisioningParameters": given(&[("Env", "test")])});
    bench.ok("UpdateProvisionedProduct", update).await;
    let found = bench
        .ok("DescribeProvisionedProduct", json!({"Id": id}))
        .await;
    let found = &found["ProvisionedProductDetail"];
    assert_eq!(found["Status"], "TAINTED");
    assert!(text(found, "/StatusMessage").contains("only prod"));
    let plan = json!({"PlanName": "p", "PlanType": "CLOUDFORMATION", "ProductId": target.1,
                      "ProvisioningArtifactId": target.2, "ProvisionedProductName": "planned",
                      "IdempotencyToken": "plan", "ProvisioningParameters": given(&[("Env", "test")])});
    let plan = bench.ok("CreateProvisionedProductPlan", plan).await;
    let plan = bench
        .ok(
            "DescribeProvisionedProductPlan",
            json!({"PlanId": plan["PlanId"]}),
        )
        .await;
    assert_eq!(
        plan["ProvisionedProductPlanDetails"]["StatusMessage"],
        "Error calling API cloudformation:CreateChangeSet. ErrorCode: ValidationError, Message: only prod"
    );
}

#[tokio::test(start_paused = true)]
async fn the_constraints_of_parameters_are_told_whole() {
    let bench = Bench::new(Profile::Instant);
    let (_, product, version) = bench.launchable_of("ruled", RULED).await;
    let ids = json!({"ProductId": product, "ProvisioningArtifactId": version});
    let told = bench.ok("DescribeProvisioningParameters", ids).await;
    let constraints =
        |at: usize| told["ProvisioningArtifactParameters"][at]["ParameterConstraints"].clone();
    assert_eq!(
        constraints(0),
        json!({"AllowedPattern": "[a-z]+", "AllowedValues": [], "ConstraintDescription": "small letters",
               "MaxLength": "8", "MinLength": "2"})
    );
    assert_eq!(constraints(1), json!({"AllowedValues": []}));
    assert_eq!(
        constraints(2),
        json!({"AllowedValues": [], "MaxValue": "1.5", "MinValue": "1"})
    );
}
