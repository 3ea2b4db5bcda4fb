//! UpdateProvisionedProductProperties: who owns a provisioned product, and which role works for it (facts §9.3).

use catalogd::emulator::Profile;
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, ROLE, text};

fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// A provisioned product of the role that launches it: the owner's bench and its id.
async fn launched(bench: &Bench) -> (Bench, String) {
    let (portfolio, product, version) = bench.launchable("topic").await;
    let all = json!({"PortfolioId": portfolio, "PrincipalARN": "arn:aws:iam:::role/*",
                     "PrincipalType": "IAM_PATTERN"});
    bench.ok("AssociatePrincipalWithPortfolio", all).await;
    let owner = bench.as_role(&role("first")).await;
    let answer = owner
        .ok(
            "ProvisionProduct",
            json!({"ProductId": product, "ProvisioningArtifactId": version, "ProvisionToken": "t",
                   "ProvisionedProductName": "mine",
                   "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}]}),
        )
        .await;
    bench.pass(60.0).await;
    (owner, text(&answer, "/RecordDetail/ProvisionedProductId"))
}

fn asked(id: &str, properties: Value) -> Value {
    json!({"ProvisionedProductId": id, "ProvisionedProductProperties": properties, "IdempotencyToken": "p"})
}

#[tokio::test(start_paused = true)]
async fn another_owner_sees_everything_and_the_first_one_nothing() {
    let bench = Bench::new(Profile::Local);
    let (first, id) = launched(&bench).await;
    let second = bench.as_role(&role("second")).await;
    let input = asked(&id, json!({"OWNER": role("second")}));
    let answer = bench
        .ok("UpdateProvisionedProductProperties", input.clone())
        .await;
    let record = text(&answer, "/RecordId");
    assert_eq!(
        answer,
        json!({"ProvisionedProductId": id, "ProvisionedProductProperties": {"OWNER": role("second")},
               "RecordId": record, "Status": "CREATED"})
    );
    assert_eq!(
        bench.ok("UpdateProvisionedProductProperties", input).await,
        answer
    );
    bench.pass(60.0).await;
    let read = bench.ok("DescribeRecord", json!({"Id": record})).await;
    assert_eq!(read["RecordDetail"]["Status"], "SUCCEEDED");
    let query = json!({"Filters": {"SearchQuery": [format!("id:{id}")]}});
    let found = bench.ok("SearchProvisionedProducts", query).await;
    let found = &found["ProvisionedProducts"][0];
    assert_eq!(found["UserArn"], json!(role("second")));
    assert_eq!(found["LastRecordId"], json!(record));
    assert_ne!(found["LastProvisioningRecordId"], json!(record));
    assert_eq!(found["Status"], "AVAILABLE");

    // The default level of a scan is the user's own.
    let level = json!({"AccessLevelFilter": {"Key": "Role", "Value": "self"}});
    let seen = async |caller: &Bench| {
        let answer = caller.ok("ScanProvisionedProducts", level.clone()).await;
        answer["ProvisionedProducts"].as_array().unwrap().len()
    };
    assert_eq!((seen(&first).await, seen(&second).await), (0, 1));
    // Nor is it among all of the account's.
    let account = json!({"AccessLevelFilter": {"Key": "Account", "Value": "self"}});
    for operation in ["ScanProvisionedProducts", "SearchProvisionedProducts"] {
        let none = first.ok(operation, account.clone()).await;
        assert_eq!(none["ProvisionedProducts"], json!([]), "{operation}");
        let one = second.ok(operation, account.clone()).await;
        assert_eq!(one["ProvisionedProducts"][0]["Id"], json!(id));
    }
    let by_name = json!({"Filters": {"SearchQuery": ["name:mine"]}});
    let none = first.ok("SearchProvisionedProducts", by_name).await;
    assert_eq!(none["TotalResultsCount"], 0);
    let launch = text(found, "/LastProvisioningRecordId");
    // An action that the version has.
    let made = bench
        .ok(
            "CreateServiceAction",
            json!({"Name": "restart", "DefinitionType": "SSM_AUTOMATION", "IdempotencyToken": "a",
                   "Definition": {"Name": "Restart", "Version": "1"}}),
        )
        .await;
    let action = text(&made, "/ServiceActionDetail/ServiceActionSummary/Id");
    let place = json!({"ServiceActionId": action, "ProductId": found["ProductId"],
                       "ProvisioningArtifactId": found["ProvisioningArtifactId"]});
    bench
        .ok("AssociateServiceActionWithProvisioningArtifact", place)
        .await;
    for (operation, input) in [
        ("DescribeProvisionedProduct", json!({"Id": id})),
        ("DescribeRecord", json!({"Id": launch})),
        (
            "GetProvisionedProductOutputs",
            json!({"ProvisionedProductId": id}),
        ),
        (
            "UpdateProvisionedProduct",
            json!({"ProvisionedProductId": id, "UpdateToken": "u"}),
        ),
        (
            "TerminateProvisionedProduct",
            json!({"ProvisionedProductId": id, "TerminateToken": "x"}),
        ),
        (
            "ListProvisionedProductPlans",
            json!({"ProvisionProductId": id}),
        ),
        (
            "DescribeServiceActionExecutionParameters",
            json!({"ProvisionedProductId": id, "ServiceActionId": action}),
        ),
    ] {
        let (code, _) = first.refused(operation, input.clone()).await;
        assert_eq!(code, "ResourceNotFoundException", "{operation}");
        if ["Describe", "List"]
            .iter()
            .any(|read| operation.starts_with(read))
        {
            second.ok(operation, input).await;
        }
    }
    // What happened while he owned it he still finds in the history.
    let history = first.ok("ListRecordHistory", json!({})).await;
    assert_eq!(history["RecordDetails"][0]["RecordId"], json!(launch));
    let all = second.ok("ListRecordHistory", json!({})).await;
    assert_eq!(
        all["RecordDetails"].as_array().unwrap().len(),
        0,
        "the default level is the session"
    );
    let all = second.ok("ListRecordHistory", level.clone()).await;
    assert_eq!(all["RecordDetails"].as_array().unwrap().len(), 2);
    second
        .ok(
            "TerminateProvisionedProduct",
            json!({"ProvisionedProductId": id, "TerminateToken": "x"}),
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn an_owner_comes_back_and_an_administrator_who_gives_away_stays() {
    let bench = Bench::new(Profile::Instant);
    let (first, id) = launched(&bench).await;
    for (owner, token) in [("second", "1"), ("first", "2")] {
        let mut input = asked(&id, json!({"OWNER": role(owner)}));
        input["IdempotencyToken"] = json!(token);
        bench.ok("UpdateProvisionedProductProperties", input).await;
    }
    first
        .ok("DescribeProvisionedProduct", json!({"Id": id}))
        .await;
    // Of one's own accord: the one who can do this is an administrator, and sees it on.
    let mut input = asked(
        &id,
        json!({"OWNER": format!("arn:aws:sts::{ACCOUNT}:assumed-role/second/session")}),
    );
    input["IdempotencyToken"] = json!("3");
    first.ok("UpdateProvisionedProductProperties", input).await;
    first
        .ok("DescribeProvisionedProduct", json!({"Id": id}))
        .await;
    let second = bench.as_role(&role("second")).await;
    let own = second.ok("ScanProvisionedProducts", json!({})).await;
    assert_eq!(own["ProvisionedProducts"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_launch_role_that_was_set_stays_over_updates() {
    let bench = Bench::new(Profile::Instant);
    let (owner, id) = launched(&bench).await;
    let input = asked(&id, json!({"LAUNCH_ROLE": role("launch")}));
    owner.ok("UpdateProvisionedProductProperties", input).await;
    let found = owner
        .ok("DescribeProvisionedProduct", json!({"Id": id}))
        .await;
    assert_eq!(
        found["ProvisionedProductDetail"]["LaunchRoleArn"],
        json!(role("launch"))
    );
    let update = json!({"ProvisionedProductId": id, "UpdateToken": "u",
                        "ProvisioningParameters": [{"Key": "Owner", "Value": "you"}]});
    let updated = owner.ok("UpdateProvisionedProduct", update).await;
    assert_eq!(
        updated["RecordDetail"]["LaunchRoleArn"],
        json!(role("launch"))
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_no_owner_and_no_role_is_refused() {
    let bench = Bench::new(Profile::Local);
    let (_, id) = launched(&bench).await;
    for properties in [
        json!({"OWNER": "someone"}),
        json!({"OWNER": "arn:aws:iam::210987654321:role/other"}),
        json!({"OWNER": format!("arn:aws:sts::{ACCOUNT}:assumed-role/lonely")}),
        json!({"LAUNCH_ROLE": format!("arn:aws:iam::{ACCOUNT}:user/somebody")}),
    ] {
        let input = asked(&id, properties.clone());
        let (code, _) = bench
            .refused("UpdateProvisionedProductProperties", input)
            .await;
        assert_eq!(code, "InvalidParametersException", "{properties}");
    }
    let (code, _) = bench
        .refused(
            "UpdateProvisionedProductProperties",
            asked(&id, json!({"COLOUR": "red"})),
        )
        .await;
    assert_eq!(code, "ValidationException");
    let missing = asked("pp-aaaaaaaaaaaaa", json!({"OWNER": ROLE}));
    let (code, _) = bench
        .refused("UpdateProvisionedProductProperties", missing)
        .await;
    assert_eq!(code, "ResourceNotFoundException");
    let update = json!({"ProvisionedProductId": id, "UpdateToken": "u",
                        "ProvisioningParameters": [{"Key": "Owner", "Value": "you"}]});
    bench.ok("UpdateProvisionedProduct", update).await;
    let (code, _) = bench
        .refused(
            "UpdateProvisionedProductProperties",
            asked(&id, json!({"OWNER": ROLE})),
        )
        .await;
    assert_eq!(code, "InvalidStateException");
}

#[tokio::test(start_paused = true)]
async fn a_launch_role_of_ones_own_holds_over_a_constraint_with_anothers() {
    let bench = Bench::new(Profile::Instant);
    let (owner, id) = launched(&bench).await;
    let found = owner
        .ok("DescribeProvisionedProduct", json!({"Id": id}))
        .await;
    let product = &found["ProvisionedProductDetail"]["ProductId"];
    let paths = owner
        .ok("ListLaunchPaths", json!({"ProductId": product}))
        .await;
    let portfolios = bench.ok("ListPortfolios", json!({})).await;
    let elsewhere = json!({"RoleArn": "arn:aws:iam::210987654321:role/launch"}).to_string();
    let constraint = json!({
        "PortfolioId": portfolios["PortfolioDetails"][0]["Id"], "ProductId": product, "Type": "LAUNCH",
        "Parameters": elsewhere, "IdempotencyToken": "c"});
    bench.ok("CreateConstraint", constraint).await;
    let update = json!({"ProvisionedProductId": id, "UpdateToken": "u",
                        "ProvisioningParameters": [{"Key": "Owner", "Value": "you"}]});
    let (code, _) = owner
        .refused("UpdateProvisionedProduct", update.clone())
        .await;
    assert_eq!(code, "NotImplemented");
    let input = asked(&id, json!({"LAUNCH_ROLE": role("launch")}));
    owner.ok("UpdateProvisionedProductProperties", input).await;
    let updated = owner.ok("UpdateProvisionedProduct", update).await;
    assert_eq!(
        updated["RecordDetail"]["LaunchRoleArn"],
        json!(role("launch"))
    );
    let plan = json!({
        "PlanName": "plan", "PlanType": "CLOUDFORMATION", "ProductId": product,
        "ProvisioningArtifactId": found["ProvisionedProductDetail"]["ProvisioningArtifactId"],
        "ProvisionedProductName": "mine", "IdempotencyToken": "plan",
        "PathId": paths["LaunchPathSummaries"][0]["Id"],
        "ProvisioningParameters": [{"Key": "Owner", "Value": "them"}]});
    owner.ok("CreateProvisionedProductPlan", plan).await;
}
