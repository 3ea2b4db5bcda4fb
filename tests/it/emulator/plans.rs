//! Plans: looked at, executed, deleted, listed (facts §9.4, §10.5).

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Faults, StackFault};
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, TEMPLATE, text, with};

/// How long the slowest stack and its record may take.
const PATIENCE: f64 = 60.0;
/// So much of a template that a plan has several kinds of changes.
const WIDE: &str = r#"
Parameters:
  Owner: {Type: String}
  Size: {Type: String, Default: small}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Owner, TopicName: wide}}
  Queue: {Type: AWS::SQS::Queue, Properties: {MessageRetentionPeriod: 60}}
  Gone: {Type: AWS::SNS::Topic}
"#;

struct Plans {
    bench: Bench,
    portfolio: String,
    product: String,
    version: String,
}

impl Plans {
    async fn of(bench: Bench, template: &str) -> Self {
        let (portfolio, product, version) = bench.launchable_of("topic", template).await;
        Self {
            bench,
            portfolio,
            product,
            version,
        }
    }

    fn asked(&self, more: Value) -> Value {
        with(
            json!({
                "PlanName": "plan", "PlanType": "CLOUDFORMATION", "ProductId": self.product,
                "ProvisioningArtifactId": self.version, "ProvisionedProductName": "mine",
                "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}],
                "IdempotencyToken": "plan-1",
            }),
            more,
        )
    }

    /// Plans, and returns the plan's id once its making has ended.
    async fn planned(&self, more: Value) -> String {
        let answer = self
            .bench
            .ok("CreateProvisionedProductPlan", self.asked(more))
            .await;
        self.bench.pass(PATIENCE).await;
        text(&answer, "/PlanId")
    }

    async fn launched(bench: Bench, template: &str) -> Self {
        let plans = Self::of(bench, template).await;
        let id = plans.planned(json!({})).await;
        plans.execute(&id, "first").await;
        plans.bench.pass(PATIENCE).await;
        plans
            .bench
            .ok("DeleteProvisionedProductPlan", json!({"PlanId": id}))
            .await;
        plans
    }

    /// Another version of the product.
    async fn version(&self, name: &str, template: &str) -> String {
        let url = self.bench.template(name, template).await;
        let answer = self
            .bench
            .ok(
                "CreateProvisioningArtifact",
                json!({"ProductId": self.product, "IdempotencyToken": name,
                       "Parameters": {"Name": name, "Info": {"LoadTemplateFromURL": url}}}),
            )
            .await;
        self.bench.pass(3.0).await;
        text(&answer, "/ProvisioningArtifactDetail/Id")
    }

    async fn execute(&self, id: &str, token: &str) -> Value {
        let input = json!({"PlanId": id, "IdempotencyToken": token});
        self.bench.ok("ExecuteProvisionedProductPlan", input).await
    }

    async fn plan(&self, id: &str) -> Value {
        self.bench
            .ok("DescribeProvisionedProductPlan", json!({"PlanId": id}))
            .await
    }

    async fn status(&self, id: &str) -> String {
        text(
            &self.plan(id).await,
            "/ProvisionedProductPlanDetails/Status",
        )
    }

    async fn product_status(&self) -> String {
        let answer = self
            .bench
            .ok("DescribeProvisionedProduct", json!({"Name": "mine"}))
            .await;
        text(&answer, "/ProvisionedProductDetail/Status")
    }

    /// The stack's status, by CloudFormation.
    fn stack(&self, provisioned: &str) -> Option<String> {
        let name = format!("SC-{ACCOUNT}-{provisioned}");
        self.bench
            .emulator
            .with_stacks(ACCOUNT, "us-east-1", |stacks, _| {
                stacks
                    .get(&name)
                    .map(|stack| stack.status.as_str().to_owned())
            })
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_a_new_product_is_made_executed_and_deleted() {
    let plans = Plans::of(Bench::new(Profile::Local), TEMPLATE).await;
    let bench = &plans.bench;
    let input = plans.asked(json!({"Tags": [{"Key": "cost", "Value": "7"}]}));
    let made = bench
        .ok("CreateProvisionedProductPlan", input.clone())
        .await;
    let again = bench.ok("CreateProvisionedProductPlan", input).await;
    assert_eq!(made, again, "the same token, the same plan");
    let (id, pp) = (text(&made, "/PlanId"), text(&made, "/ProvisionProductId"));
    assert!(id.starts_with("plan-") && pp.starts_with("pp-"));
    assert_eq!(made["ProvisionedProductName"], "mine");
    assert_eq!(made["ProvisioningArtifactId"], json!(plans.version));

    let young = plans.plan(&id).await;
    assert_eq!(
        young["ProvisionedProductPlanDetails"]["Status"],
        "CREATE_IN_PROGRESS"
    );
    assert!(young.get("ResourceChanges").is_none());
    assert_eq!(plans.product_status().await, "PLAN_IN_PROGRESS");
    let early = json!({"PlanId": id, "IdempotencyToken": "early"});
    let (code, _) = bench.refused("ExecuteProvisionedProductPlan", early).await;
    assert_eq!(code, "InvalidStateException");

    bench.pass(PATIENCE).await;
    let plan = plans.plan(&id).await;
    let details = &plan["ProvisionedProductPlanDetails"];
    assert_eq!(details["Status"], "CREATE_SUCCESS");
    assert_eq!(details["PlanType"], "CLOUDFORMATION");
    assert_eq!(details["Tags"], json!([{"Key": "cost", "Value": "7"}]));
    assert_eq!(
        details["ProvisioningParameters"],
        json!([{"Key": "Owner", "Value": "me"}])
    );
    assert!(details["UpdatedTime"].as_f64() > details["CreatedTime"].as_f64());
    assert!(details.get("NotificationArns").is_none() && details.get("StatusMessage").is_none());
    assert_eq!(
        plan["ResourceChanges"],
        json!([{"Action": "ADD", "Details": [], "LogicalResourceId": "Topic",
                "ResourceType": "AWS::SNS::Topic", "Scope": []}])
    );
    assert_eq!(plans.stack(&pp).as_deref(), Some("REVIEW_IN_PROGRESS"));

    let executed = plans.execute(&id, "now").await;
    assert_eq!(
        plans.execute(&id, "now").await,
        executed,
        "the same token, the same record"
    );
    let record = text(&executed, "/RecordDetail/RecordId");
    assert_eq!(executed["RecordDetail"]["RecordType"], "PROVISION_PRODUCT");
    assert_eq!(executed["RecordDetail"]["ProvisionedProductId"], json!(pp));
    assert_eq!(plans.status(&id).await, "EXECUTE_IN_PROGRESS");
    assert_eq!(plans.product_status().await, "UNDER_CHANGE");
    bench.pass(PATIENCE).await;
    assert_eq!(plans.status(&id).await, "EXECUTE_SUCCESS");
    let found = bench
        .ok("DescribeProvisionedProduct", json!({"Id": pp}))
        .await;
    let found = &found["ProvisionedProductDetail"];
    assert_eq!(found["Status"], "AVAILABLE");
    assert_eq!(found["LastSuccessfulProvisioningRecordId"], json!(record));
    let outputs = bench
        .ok(
            "GetProvisionedProductOutputs",
            json!({"ProvisionedProductId": pp}),
        )
        .await;
    assert_eq!(outputs["Outputs"][1]["OutputValue"], "small");
    assert_eq!(plans.stack(&pp).as_deref(), Some("CREATE_COMPLETE"));

    let listed = bench.ok("ListProvisionedProductPlans", json!({})).await;
    assert_eq!(
        listed["ProvisionedProductPlans"],
        json!([{"PlanId": id, "PlanName": "plan", "PlanType": "CLOUDFORMATION", "ProvisionProductId": pp,
                "ProvisionProductName": "mine", "ProvisioningArtifactId": plans.version}])
    );
    let gone = bench
        .ok("DeleteProvisionedProductPlan", json!({"PlanId": id}))
        .await;
    assert_eq!(gone, json!({}));
    assert_eq!(plans.product_status().await, "AVAILABLE");
    let (code, _) = bench
        .refused("DescribeProvisionedProductPlan", json!({"PlanId": id}))
        .await;
    assert_eq!(code, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn a_new_product_goes_with_its_plan_and_its_stack_stays_in_review() {
    let plans = Plans::of(Bench::new(Profile::Instant), TEMPLATE).await;
    let bench = &plans.bench;
    let id = plans.planned(json!({})).await;
    let pp = text(
        &plans.plan(&id).await,
        "/ProvisionedProductPlanDetails/ProvisionProductId",
    );
    // Until then it can be neither launched, updated, terminated nor planned once more.
    let taken = json!({"ProductId": plans.product, "ProvisioningArtifactId": plans.version,
                       "ProvisionedProductName": "mine", "ProvisionToken": "t"});
    let (_, said) = bench.refused("ProvisionProduct", taken).await;
    assert_eq!(said, "A stack named mine already exists.");
    let refused = json!({"ProvisionedProductId": pp, "UpdateToken": "u"});
    let (code, said) = bench.refused("UpdateProvisionedProduct", refused).await;
    assert_eq!(code, "InvalidParametersException");
    assert!(said.contains("PLAN_IN_PROGRESS"), "{said}");
    let refused = json!({"ProvisionedProductId": pp, "TerminateToken": "t"});
    bench.refused("TerminateProvisionedProduct", refused).await;
    let second = plans.asked(json!({"IdempotencyToken": "plan-2"}));
    let (code, _) = bench
        .refused("CreateProvisionedProductPlan", second.clone())
        .await;
    assert_eq!(code, "InvalidStateException");

    bench
        .ok("DeleteProvisionedProductPlan", json!({"PlanId": id}))
        .await;
    let (code, _) = bench
        .refused("DescribeProvisionedProduct", json!({"Id": pp}))
        .await;
    assert_eq!(code, "ResourceNotFoundException");
    assert_eq!(plans.stack(&pp).as_deref(), Some("REVIEW_IN_PROGRESS"));
    // The name is free again.
    bench.ok("CreateProvisionedProductPlan", second).await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_an_update_lists_what_changes_and_why() {
    let plans = Plans::launched(Bench::new(Profile::Instant), WIDE).await;
    let bench = &plans.bench;
    let next = WIDE
        .replace("TopicName: wide", "TopicName: wider")
        .replace("  Gone: {Type: AWS::SNS::Topic}\n", "  New: {Type: AWS::SQS::Queue}\n  Sub: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref Topic, Protocol: sqs}}\n");
    let version = plans.version("v2", &next).await;
    let asked = json!({"ProvisioningArtifactId": version, "IdempotencyToken": "plan-2",
                       "ProvisioningParameters": [{"Key": "Owner", "Value": "you"}, {"Key": "Size", "UsePreviousValue": true}]});
    let id = plans.planned(asked).await;
    let plan = plans.plan(&id).await;
    assert_eq!(
        plan["ProvisionedProductPlanDetails"]["Status"],
        "CREATE_SUCCESS"
    );
    assert_eq!(
        plan["ProvisionedProductPlanDetails"]["ProvisioningParameters"],
        json!([{"Key": "Owner", "Value": "you"}, {"Key": "Size", "UsePreviousValue": true}])
    );
    assert_eq!(
        plans.product_status().await,
        "AVAILABLE",
        "an update's plan leaves the status"
    );
    let changes = plan["ResourceChanges"].as_array().unwrap();
    let by = |name: &str| {
        let found = changes
            .iter()
            .find(|change| change["LogicalResourceId"] == name);
        found
            .unwrap_or_else(|| panic!("{name} of {changes:#?}"))
            .clone()
    };
    let topic = by("Topic");
    assert_eq!(
        (&topic["Action"], &topic["Replacement"]),
        (&json!("MODIFY"), &json!("TRUE"))
    );
    // The version is one of the stack's tags.
    assert_eq!(topic["Scope"], json!(["PROPERTIES", "TAGS"]));
    assert_eq!(
        topic["Details"],
        json!([
            {"CausingEntity": "Owner", "Evaluation": "STATIC",
             "Target": {"Attribute": "PROPERTIES", "Name": "DisplayName", "RequiresRecreation": "NEVER"}},
            {"Evaluation": "STATIC",
             "Target": {"Attribute": "PROPERTIES", "Name": "TopicName", "RequiresRecreation": "ALWAYS"}},
            {"Evaluation": "STATIC", "Target": {"Attribute": "TAGS", "RequiresRecreation": "NEVER"}},
        ])
    );
    let queue = by("Queue");
    assert_eq!(
        (&queue["Replacement"], &queue["Scope"]),
        (&json!("FALSE"), &json!(["TAGS"]))
    );
    assert!(queue["PhysicalResourceId"].is_string());
    assert_eq!(by("New")["Action"], "ADD");
    assert_eq!(by("Gone")["Action"], "REMOVE");
    assert!(by("Gone")["PhysicalResourceId"].is_string());
    assert_eq!(changes.len(), 5);

    // The same in pages of two, which a token of another plan does not open.
    let mut pages = Vec::new();
    let mut input = json!({"PlanId": id, "PageSize": 2});
    loop {
        let page = bench
            .ok("DescribeProvisionedProductPlan", input.clone())
            .await;
        pages.extend(page["ResourceChanges"].as_array().unwrap().clone());
        match page.get("NextPageToken") {
            Some(token) => input["PageToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(&pages, changes);

    let executed = plans.execute(&id, "go").await;
    assert_eq!(
        executed["RecordDetail"]["RecordType"],
        "UPDATE_PROVISIONED_PRODUCT"
    );
    assert_eq!(
        executed["RecordDetail"]["ProvisioningArtifactId"],
        json!(version)
    );
    bench.pass(PATIENCE).await;
    assert_eq!(plans.status(&id).await, "EXECUTE_SUCCESS");
    let found = bench
        .ok("DescribeProvisionedProduct", json!({"Name": "mine"}))
        .await;
    assert_eq!(
        found["ProvisionedProductDetail"]["ProvisioningArtifactId"],
        json!(version)
    );
}

#[tokio::test(start_paused = true)]
async fn plans_fail_in_the_words_that_users_printed() {
    let plans = Plans::launched(Bench::new(Profile::Instant), TEMPLATE).await;
    // The same template under another version: nothing would change but the tag of the version.
    let reworded = plans
        .version("v2", &TEMPLATE.replace("A topic", "The topic"))
        .await;
    let own = json!([{"Key": "Owner", "Value": "me"}]);
    let call =
        "Error calling API cloudformation:CreateChangeSet. ErrorCode: ValidationError, Message: ";
    let table = [
        (
            json!({"ProvisioningParameters": own}),
            "The submitted information didn't contain changes. Submit different information to create a change set.".to_owned(),
        ),
        (
            json!({"ProvisioningParameters": [{"Key": "MyParameter", "Value": "x"}]}),
            format!("{call}Parameters: [MyParameter] do not exist in the template"),
        ),
        (
            json!({"ProvisioningParameters": []}),
            format!("{call}Parameters: [Owner] must have values"),
        ),
        (
            json!({"ProvisioningParameters": [], "ProvisionedProductName": "another"}),
            format!("{call}Parameters: [Owner] must have values"),
        ),
    ];
    for (at, (mut more, expected)) in table.into_iter().enumerate() {
        more["IdempotencyToken"] = json!(format!("again-{at}"));
        let id = plans.planned(more).await;
        let plan = plans.plan(&id).await;
        let details = &plan["ProvisionedProductPlanDetails"];
        assert_eq!(details["Status"], "CREATE_FAILED", "{expected}");
        assert_eq!(details["StatusMessage"], json!(expected));
        assert!(plan.get("ResourceChanges").is_none());
        let run = json!({"PlanId": id, "IdempotencyToken": format!("run-{at}")});
        let (code, _) = plans
            .bench
            .refused("ExecuteProvisionedProductPlan", run)
            .await;
        assert_eq!(code, "InvalidStateException");
        plans
            .bench
            .ok("DeleteProvisionedProductPlan", json!({"PlanId": id}))
            .await;
    }
    // Exports are looked up when the change set is made.
    let missing = TEMPLATE.replace("${Owner}-${Size}", "${Owner}").replace(
        "Properties: {DisplayName: !Sub \"${Owner}\"}",
        "Properties: {DisplayName: !ImportValue nobody}",
    );
    assert!(missing.contains("ImportValue"));
    let importing = plans.version("v3", &missing).await;
    for (at, name) in ["mine", "importer"].into_iter().enumerate() {
        let more = json!({"ProvisioningArtifactId": importing, "ProvisionedProductName": name,
                          "IdempotencyToken": format!("v3-{at}")});
        let id = plans.planned(more).await;
        let plan = plans.plan(&id).await;
        let details = &plan["ProvisionedProductPlanDetails"];
        assert_eq!(details["StatusMessage"], "No export named nobody found.");
        let gone = json!({"PlanId": id});
        plans.bench.ok("DeleteProvisionedProductPlan", gone).await;
    }
    // A new version is a change in any case: AutoTags name it.
    let more = json!({"ProvisioningArtifactId": reworded, "IdempotencyToken": "v2"});
    let id = plans.planned(more).await;
    assert_eq!(plans.status(&id).await, "CREATE_SUCCESS");
}

#[tokio::test(start_paused = true)]
async fn a_failed_execution_can_only_be_deleted_with_ignore_errors() {
    let faults = Faults {
        stacks: vec![StackFault {
            stack: "SC-*".to_owned(),
            resource: "Topic".to_owned(),
            reason: Some("no".to_owned()),
            takes: None,
            ..StackFault::default()
        }],
        ..Faults::default()
    };
    let plans = Plans::of(Bench::with(Profile::Local, faults), TEMPLATE).await;
    let id = plans.planned(json!({})).await;
    plans.execute(&id, "go").await;
    plans.bench.pass(PATIENCE).await;
    let plan = plans.plan(&id).await;
    let details = &plan["ProvisionedProductPlanDetails"];
    assert_eq!(details["Status"], "EXECUTE_FAILED");
    assert!(text(details, "/StatusMessage").contains("failed to create: [Topic]"));
    assert_eq!(plans.product_status().await, "ERROR");
    let (code, said) = plans
        .bench
        .refused("DeleteProvisionedProductPlan", json!({"PlanId": id}))
        .await;
    assert_eq!(code, "ValidationException");
    let start = "Cannot delete ChangeSet in execution status EXECUTE_FAILED (Service: AmazonCloudFormation; \
                 Status Code: 400; Error Code: InvalidChangeSetStatus; Request ID: ";
    assert!(
        said.starts_with(start) && said.ends_with("; Proxy: null)"),
        "{said}"
    );
    let input = json!({"PlanId": id, "IgnoreErrors": true});
    plans.bench.ok("DeleteProvisionedProductPlan", input).await;
    assert_eq!(plans.product_status().await, "ERROR", "only the plan goes");
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_void_once_its_stack_has_changed() {
    let plans = Plans::launched(Bench::new(Profile::Instant), TEMPLATE).await;
    let large = json!([{"Key": "Owner", "Value": "me"}, {"Key": "Size", "Value": "large"}]);
    let id = plans
        .planned(json!({"ProvisioningParameters": large, "IdempotencyToken": "plan-2"}))
        .await;
    assert_eq!(plans.status(&id).await, "CREATE_SUCCESS");
    let update = json!({"ProvisionedProductName": "mine", "UpdateToken": "u",
                        "ProvisioningParameters": [{"Key": "Owner", "Value": "you"}]});
    plans.bench.ok("UpdateProvisionedProduct", update).await;
    plans.bench.pass(PATIENCE).await;
    assert_eq!(plans.product_status().await, "AVAILABLE");
    refuses_to_run(&plans, &id).await;
}

#[tokio::test(start_paused = true)]
async fn what_changes_at_the_very_time_of_a_plan_voids_it_and_what_changed_before_does_not() {
    let plans = Plans::launched(Bench::new(Profile::Instant), TEMPLATE).await;
    let bench = &plans.bench;
    // Between two milliseconds, of which plans keep no more.
    tokio::time::advance(std::time::Duration::from_micros(400)).await;
    let at = bench.emulator.clock().now();
    assert_ne!(at.subsec_microsecond(), 0);
    let update = async |token: &str| {
        let input = json!({"ProvisionedProductName": "mine", "UpdateToken": token,
                           "ProvisioningParameters": [{"Key": "Owner", "Value": token}]});
        bench.ok("UpdateProvisionedProduct", input).await;
    };
    let large = json!([{"Key": "Owner", "Value": "me"}, {"Key": "Size", "Value": "large"}]);
    let plan = async |token: &str| {
        let asked =
            plans.asked(json!({"ProvisioningParameters": large, "IdempotencyToken": token}));
        let made = bench.ok("CreateProvisionedProductPlan", asked).await;
        text(&made, "/PlanId")
    };
    update("before").await;
    let id = plan("void").await;
    update("after").await;
    refuses_to_run(&plans, &id).await;
    bench
        .ok("DeleteProvisionedProductPlan", json!({"PlanId": id}))
        .await;
    update("again").await;
    let id = plan("good").await;
    plans.execute(&id, "go").await;
    assert_eq!(plans.status(&id).await, "EXECUTE_SUCCESS");
    assert_eq!(bench.emulator.clock().now(), at);
}

async fn refuses_to_run(plans: &Plans, id: &str) {
    let run = json!({"PlanId": id, "IdempotencyToken": "run"});
    let (code, _) = plans
        .bench
        .refused("ExecuteProvisionedProductPlan", run)
        .await;
    assert_eq!(code, "InvalidStateException");
}

#[tokio::test(start_paused = true)]
async fn plans_are_listed_by_product_and_by_user() {
    let plans = Plans::of(Bench::new(Profile::Instant), TEMPLATE).await;
    let bench = &plans.bench;
    for name in ["one", "two", "three"] {
        plans
            .planned(
                json!({"ProvisionedProductName": name, "PlanName": name, "IdempotencyToken": name}),
            )
            .await;
    }
    let names = |answer: &Value| -> Vec<String> {
        let rows = answer["ProvisionedProductPlans"].as_array().unwrap();
        rows.iter().map(|row| text(row, "/PlanName")).collect()
    };
    let first = bench
        .ok("ListProvisionedProductPlans", json!({"PageSize": 2}))
        .await;
    assert_eq!(names(&first), ["one", "two"]);
    let rest = json!({"PageSize": 2, "PageToken": first["NextPageToken"]});
    let rest = bench.ok("ListProvisionedProductPlans", rest).await;
    assert_eq!(names(&rest), ["three"]);
    assert!(rest.get("NextPageToken").is_none());
    let of_two = text(&first, "/ProvisionedProductPlans/1/ProvisionProductId");
    let only = bench
        .ok(
            "ListProvisionedProductPlans",
            json!({"ProvisionProductId": of_two}),
        )
        .await;
    assert_eq!(names(&only), ["two"]);
    let missing = json!({"ProvisionProductId": "pp-aaaaaaaaaaaaa"});
    let (code, _) = bench.refused("ListProvisionedProductPlans", missing).await;
    assert_eq!(code, "ResourceNotFoundException");
    let other = bench
        .as_role(&format!("arn:aws:iam::{ACCOUNT}:role/other"))
        .await;
    let own = other.ok("ListProvisionedProductPlans", json!({})).await;
    assert_eq!(own, json!({"ProvisionedProductPlans": []}));
    let all = json!({"AccessLevelFilter": {"Key": "Account", "Value": "self"}});
    let all = other.ok("ListProvisionedProductPlans", all).await;
    assert_eq!(names(&all).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn tags_of_an_update_need_the_constraint_in_a_plan_too() {
    let plans = Plans::launched(Bench::new(Profile::Instant), TEMPLATE).await;
    let bench = &plans.bench;
    let tagged =
        plans.asked(json!({"IdempotencyToken": "tags", "Tags": [{"Key": "a", "Value": "b"}]}));
    let (code, _) = bench
        .refused("CreateProvisionedProductPlan", tagged.clone())
        .await;
    assert_eq!(code, "InvalidParametersException");
    let parameters =
        r#"{"Version":"2.0","Properties":{"TagUpdateOnProvisionedProduct":"ALLOWED"}}"#;
    bench
        .ok(
            "CreateConstraint",
            json!({"PortfolioId": plans.portfolio, "ProductId": plans.product, "Type": "RESOURCE_UPDATE",
                   "Parameters": parameters, "IdempotencyToken": "t"}),
        )
        .await;
    let made = bench.ok("CreateProvisionedProductPlan", tagged).await;
    let id = text(&made, "/PlanId");
    let plan = plans.plan(&id).await;
    let changes = plan["ResourceChanges"].as_array().unwrap();
    assert_eq!(changes[0]["Scope"], json!(["TAGS"]));
    plans.execute(&id, "go").await;
    let found = bench
        .ok(
            "SearchProvisionedProducts",
            json!({"Filters": {"SearchQuery": ["tags:a"]}}),
        )
        .await;
    assert_eq!(found["TotalResultsCount"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_kept_in_a_state_file_and_executed_from_it() {
    let plans = Plans::launched(Bench::new(Profile::Local), WIDE).await;
    let owner = json!([{"Key": "Owner", "Value": "you"}]);
    let id = plans
        .planned(json!({"ProvisioningParameters": owner, "IdempotencyToken": "plan-2"}))
        .await;
    let before = plans.plan(&id).await;
    assert_eq!(
        before["ResourceChanges"][0]["Details"][0]["CausingEntity"],
        "Owner"
    );
    let emulator = &plans.bench.emulator;
    let state = emulator.state().unwrap();
    emulator.reset();
    emulator.restore(&state).unwrap();
    assert_eq!(plans.plan(&id).await, before);
    plans.execute(&id, "go").await;
    // In the middle of it, too.
    let state = emulator.state().unwrap();
    emulator.reset();
    emulator.restore(&state).unwrap();
    assert_eq!(plans.status(&id).await, "EXECUTE_IN_PROGRESS");
    plans.bench.pass(PATIENCE).await;
    assert_eq!(plans.status(&id).await, "EXECUTE_SUCCESS");
    assert_eq!(plans.product_status().await, "AVAILABLE");
}

#[tokio::test(start_paused = true)]
async fn a_seed_waits_for_a_plan_and_executes_it() {
    let bench = Bench::new(Profile::Local);
    let target = bench.launchable("topic").await;
    let seed = format!(
        "
- service: servicecatalog
  operation: CreateProvisionedProductPlan
  as: plan
  ids: [plan-aaaaaaaaaaaaa]
  input:
    PlanName: plan
    PlanType: CLOUDFORMATION
    ProductId: {}
    ProvisioningArtifactId: {}
    ProvisionedProductName: mine
    ProvisioningParameters: [{{Key: Owner, Value: me}}]
- service: servicecatalog
  operation: ExecuteProvisionedProductPlan
  input: {{PlanId: \"${{plan.PlanId}}\"}}
- service: servicecatalog
  operation: CreateProvisionedProductPlan
  fails: true
  input:
    PlanName: plan
    PlanType: CLOUDFORMATION
    ProductId: {}
    ProvisioningArtifactId: {}
    ProvisionedProductName: other
",
        target.1, target.2, target.1, target.2
    );
    let made =
        catalogd::emulator::seed::load_text(&bench.emulator, &seed, std::path::Path::new("")).await;
    assert_eq!(made.unwrap(), 3);
    let found = bench
        .ok("DescribeProvisionedProduct", json!({"Name": "mine"}))
        .await;
    assert_eq!(found["ProvisionedProductDetail"]["Status"], "AVAILABLE");
    let plan = json!({"PlanId": "plan-aaaaaaaaaaaaa"});
    let plan = bench.ok("DescribeProvisionedProductPlan", plan).await;
    assert_eq!(
        plan["ProvisionedProductPlanDetails"]["Status"],
        "EXECUTE_SUCCESS"
    );
}

#[tokio::test(start_paused = true)]
async fn a_product_of_a_shared_portfolio_is_planned_where_it_is_imported() {
    let shared = super::share::Shared::accepted(Profile::Instant).await;
    shared.admit().await;
    let input = json!({"PlanName": "plan", "PlanType": "CLOUDFORMATION", "ProductId": shared.product,
                       "ProvisioningArtifactId": shared.version, "ProvisionedProductName": "net",
                       "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}],
                       "IdempotencyToken": "plan"});
    let guest = &shared.guest;
    let made = guest.ok("CreateProvisionedProductPlan", input).await;
    let id = json!({"PlanId": made["PlanId"]});
    let plan = guest.ok("DescribeProvisionedProductPlan", id.clone()).await;
    let details = &plan["ProvisionedProductPlanDetails"];
    assert_eq!(details["Status"], "CREATE_SUCCESS", "{plan}");
    let run = json!({"PlanId": made["PlanId"], "IdempotencyToken": "go"});
    guest.ok("ExecuteProvisionedProductPlan", run).await;
    let found = guest
        .ok("DescribeProvisionedProduct", json!({"Name": "net"}))
        .await;
    assert_eq!(found["ProvisionedProductDetail"]["Status"], "AVAILABLE");
    let (code, _) = shared
        .owner
        .refused("DescribeProvisionedProductPlan", id)
        .await;
    assert_eq!(code, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_would_change_a_type_fails() {
    let plans = Plans::launched(Bench::new(Profile::Instant), TEMPLATE).await;
    for (name, queue) in [
        (
            "queue",
            TEMPLATE.replace("AWS::SNS::Topic", "AWS::SQS::Queue"),
        ),
        (
            "bare",
            TEMPLATE
                .replace("AWS::SNS::Topic", "AWS::SQS::Queue")
                .replace("DisplayName", "QueueTag"),
        ),
    ] {
        let version = plans.version(name, &queue).await;
        let more = json!({"ProvisioningArtifactId": version, "IdempotencyToken": name});
        let id = plans.planned(more).await;
        let plan = plans.plan(&id).await;
        let details = &plan["ProvisionedProductPlanDetails"];
        assert_eq!(details["Status"], "CREATE_FAILED", "{details}");
        assert!(
            text(details, "/StatusMessage").contains("resource type is not permitted"),
            "{details}"
        );
        let input = json!({"PlanId": id});
        plans.bench.ok("DeleteProvisionedProductPlan", input).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_launch_role_that_is_set_after_the_plan_stays() {
    let plans = Plans::launched(Bench::new(Profile::Instant), TEMPLATE).await;
    let bench = &plans.bench;
    let owner = json!([{"Key": "Owner", "Value": "you"}]);
    let id = plans
        .planned(json!({"ProvisioningParameters": owner, "IdempotencyToken": "plan-2"}))
        .await;
    let plan = plans.plan(&id).await;
    let role = format!("arn:aws:iam::{ACCOUNT}:role/own");
    let properties = json!({
        "ProvisionedProductId": plan["ProvisionedProductPlanDetails"]["ProvisionProductId"],
        "ProvisionedProductProperties": {"LAUNCH_ROLE": role}, "IdempotencyToken": "p"});
    bench
        .ok("UpdateProvisionedProductProperties", properties)
        .await;
    let executed = plans.execute(&id, "go").await;
    assert_eq!(executed["RecordDetail"]["LaunchRoleArn"], json!(role));
    let found = bench
        .ok("DescribeProvisionedProduct", json!({"Name": "mine"}))
        .await;
    assert_eq!(
        found["ProvisionedProductDetail"]["LaunchRoleArn"],
        json!(role)
    );
}

#[tokio::test(start_paused = true)]
async fn a_former_owner_sees_no_plan_of_it() {
    let plans = Plans::launched(Bench::new(Profile::Instant), TEMPLATE).await;
    let bench = &plans.bench;
    let owner = json!([{"Key": "Owner", "Value": "you"}]);
    let id = plans
        .planned(json!({"ProvisioningParameters": owner, "IdempotencyToken": "plan-2"}))
        .await;
    let plan = plans.plan(&id).await;
    let other = format!("arn:aws:iam::{ACCOUNT}:role/other");
    let properties = json!({
        "ProvisionedProductId": plan["ProvisionedProductPlanDetails"]["ProvisionProductId"],
        "ProvisionedProductProperties": {"OWNER": other}, "IdempotencyToken": "p"});
    let other = bench.as_role(&other).await;
    other
        .ok("UpdateProvisionedProductProperties", properties)
        .await;
    let listed = bench.ok("ListProvisionedProductPlans", json!({})).await;
    assert_eq!(listed, json!({"ProvisionedProductPlans": []}));
    for (operation, input) in [
        ("DescribeProvisionedProductPlan", json!({"PlanId": id})),
        (
            "ExecuteProvisionedProductPlan",
            json!({"PlanId": id, "IdempotencyToken": "go"}),
        ),
        ("DeleteProvisionedProductPlan", json!({"PlanId": id})),
    ] {
        let (code, _) = bench.refused(operation, input.clone()).await;
        assert_eq!(code, "ResourceNotFoundException", "{operation}");
        if operation.starts_with("De") {
            other.ok(operation, input).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_adds_topics_and_takes_none_away() {
    let plans = Plans::of(Bench::new(Profile::Instant), TEMPLATE).await;
    let bench = &plans.bench;
    let topic = |name: &str| format!("arn:aws:sns:us-east-1:{ACCOUNT}:{name}");
    let constrain = async |name: &str| {
        let parameters = json!({"NotificationArns": [topic(name)]}).to_string();
        let input = json!({"PortfolioId": plans.portfolio, "ProductId": plans.product,
                           "Type": "NOTIFICATION", "Parameters": parameters, "IdempotencyToken": name});
        bench.ok("CreateConstraint", input).await
    };
    let first = constrain("first").await;
    // The constraint's own is sent as well.
    let sent = json!({"NotificationArns": [topic("own"), topic("first")]});
    let id = plans.planned(sent).await;
    let executed = plans.execute(&id, "first").await;
    let name = format!(
        "SC-{ACCOUNT}-{}",
        text(&executed, "/RecordDetail/ProvisionedProductId")
    );
    let topics = || {
        bench
            .emulator
            .with_stacks(ACCOUNT, "us-east-1", |stacks, _| {
                stacks.get(&name).unwrap().notification_arns.clone()
            })
    };
    assert_eq!(topics(), [topic("first"), topic("own")]);
    bench
        .ok("DeleteProvisionedProductPlan", json!({"PlanId": id}))
        .await;
    let gone = json!({"Id": first["ConstraintDetail"]["ConstraintId"]});
    bench.ok("DeleteConstraint", gone).await;
    constrain("second").await;
    let more = json!({"IdempotencyToken": "plan-2", "NotificationArns": [topic("late")],
                      "ProvisioningParameters": [{"Key": "Owner", "Value": "you"}]});
    let id = plans.planned(more).await;
    plans.execute(&id, "second").await;
    let all = ["first", "own", "second", "late"].map(topic);
    assert_eq!(topics(), all);
}
