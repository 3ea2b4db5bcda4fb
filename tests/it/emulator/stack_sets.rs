//! What is launched under a STACKSET constraint is a stack set, with a stack in each account and region.

use std::collections::BTreeMap;

use catalogd::emulator::faults::{Faults, StackFault};
use catalogd::emulator::{Emulator, Options, Profile};
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, text, with};

/// Another account.
const OTHER: &str = "210987654321";
/// Longer than any rollout here takes.
const PATIENCE: f64 = 600.0;

struct Sets {
    bench: Bench,
    product: String,
    version: String,
}

impl Sets {
    async fn new(profile: Profile, faults: Faults) -> Self {
        let bench = Bench::with(profile, faults);
        let (portfolio, product, version) = bench.launchable("topic").await;
        let parameters = json!({"Version": "1", "Properties": {
            "AccountList": [ACCOUNT, OTHER], "RegionList": ["us-east-1", "eu-west-1"],
            "AdminRole": format!("arn:aws:iam::{ACCOUNT}:role/admin"), "ExecutionRole": "execution"}});
        let constraint = json!({"PortfolioId": portfolio, "ProductId": product, "Type": "STACKSET",
                                "Parameters": parameters.to_string(), "IdempotencyToken": "c"});
        bench.ok("CreateConstraint", constraint).await;
        bench.pass(PATIENCE).await;
        Self {
            bench,
            product,
            version,
        }
    }

    fn request(&self, name: &str, preferences: Value) -> Value {
        json!({"ProductId": self.product, "ProvisioningArtifactId": self.version,
               "ProvisionedProductName": name, "ProvisionToken": name,
               "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}],
               "Tags": [{"Key": "cost", "Value": "7"}],
               "ProvisioningPreferences": preferences})
    }

    /// Launches and waits; its id and the record's.
    async fn launch(&self, preferences: Value) -> (String, String) {
        let answer = self
            .bench
            .ok("ProvisionProduct", self.request("set", preferences))
            .await;
        self.bench.pass(PATIENCE).await;
        (
            text(&answer, "/RecordDetail/ProvisionedProductId"),
            text(&answer, "/RecordDetail/RecordId"),
        )
    }

    /// Updates and waits; the record.
    async fn update(&self, id: &str, token: &str, more: Value) -> Value {
        let request = json!({"ProvisionedProductId": id, "UpdateToken": token,
                             "ProvisioningParameters": [{"Key": "Owner", "UsePreviousValue": true}]});
        let answer = self
            .bench
            .ok("UpdateProvisionedProduct", with(request, more))
            .await;
        self.bench.pass(PATIENCE).await;
        self.record(&text(&answer, "/RecordDetail/RecordId")).await
    }

    async fn record(&self, id: &str) -> Value {
        self.bench.ok("DescribeRecord", json!({"Id": id})).await
    }

    async fn detail(&self, id: &str) -> Value {
        let found = self
            .bench
            .ok("DescribeProvisionedProduct", json!({"Id": id}))
            .await;
        found["ProvisionedProductDetail"].clone()
    }

    /// Instances as Service Catalog lists them: `<account> <region>` and its state.
    async fn instances(&self, id: &str) -> BTreeMap<String, String> {
        let input = json!({"ProvisionedProductId": id});
        let found = self
            .bench
            .ok("ListStackInstancesForProvisionedProduct", input)
            .await;
        let all = found["StackInstances"].as_array().unwrap();
        let read = |o: &Value| {
            (
                format!("{} {}", text(o, "/Account"), text(o, "/Region")),
                text(o, "/StackInstanceStatus"),
            )
        };
        all.iter().map(read).collect()
    }

    fn name(id: &str) -> String {
        format!("SC-{ACCOUNT}-{id}")
    }

    /// What CloudFormation answers about a set, in the account and region of the catalog.
    async fn told(&self, action: &str, id: &str, more: &str) -> String {
        let name = Self::name(id);
        query(
            &self.bench,
            &format!("Action={action}&StackSetName={name}{more}"),
        )
        .await
    }

    /// The stacks that an account has in a region.
    async fn stacks(&self, account: &str, region: &str) -> Vec<String> {
        let bench = self.bench.in_account(account).in_region(region);
        let answer = query(&bench, "Action=DescribeStacks").await;
        all(&answer, "StackName")
    }
}

async fn query(bench: &Bench, form: &str) -> String {
    let response = bench
        .query("cloudformation", form.to_owned())
        .await
        .unwrap();
    String::from_utf8(response.body().to_vec()).unwrap()
}

/// The texts of all elements of a name.
fn all(xml: &str, name: &str) -> Vec<String> {
    let tag = format!("<{name}>");
    let parts = xml.split(&tag).skip(1);
    parts
        .map(|part| part.split('<').next().unwrap().to_owned())
        .collect()
}

fn current(places: &[(&str, &str)]) -> BTreeMap<String, String> {
    let places = places.iter();
    places
        .map(|(account, region)| (format!("{account} {region}"), "CURRENT".to_owned()))
        .collect()
}

/// A fault that lets the topic of a set's stack fail once in an account.
fn failing(account: &str, region: Option<&str>) -> StackFault {
    StackFault {
        account: Some(account.to_owned()),
        region: region.map(str::to_owned),
        stack: "StackSet-SC-*".to_owned(),
        resource: "Topic".to_owned(),
        reason: Some("no more topics".to_owned()),
        takes: None,
    }
}

fn faults(stacks: Vec<StackFault>) -> Faults {
    Faults {
        stacks,
        ..Faults::default()
    }
}

#[tokio::test(start_paused = true)]
async fn preferences_are_judged() {
    let sets = Sets::new(Profile::Instant, Faults::default()).await;
    let input = json!({"ProductId": sets.product, "ProvisioningArtifactId": sets.version});
    let told = sets.bench.ok("DescribeProvisioningParameters", input).await;
    assert_eq!(
        told["ProvisioningArtifactPreferences"],
        json!({"StackSetAccounts": [ACCOUNT, OTHER], "StackSetRegions": ["us-east-1", "eu-west-1"]})
    );
    for wrong in [
        json!({"StackSetAccounts": ["111111111111"]}),
        json!({"StackSetRegions": ["eu-central-1"]}),
        json!({"StackSetFailureToleranceCount": 1, "StackSetFailureTolerancePercentage": 1}),
        json!({"StackSetMaxConcurrencyCount": 1, "StackSetMaxConcurrencyPercentage": 1}),
        json!({"StackSetMaxConcurrencyCount": 3, "StackSetFailureToleranceCount": 1}),
        json!({"StackSetMaxConcurrencyCount": 2}),
    ] {
        let request = sets.request("no", wrong.clone());
        let (code, _) = sets.bench.refused("ProvisionProduct", request).await;
        assert_eq!(code, "InvalidParametersException", "{wrong}");
    }
    for (at, well) in [
        json!({}),
        json!({"StackSetAccounts": [ACCOUNT], "StackSetRegions": ["eu-west-1"]}),
        json!({"StackSetMaxConcurrencyCount": 2, "StackSetFailureToleranceCount": 1}),
        json!({"StackSetMaxConcurrencyCount": 9, "StackSetFailureTolerancePercentage": 50}),
    ]
    .into_iter()
    .enumerate()
    {
        let request = sets.request(&format!("yes-{at}"), well);
        sets.bench.ok("ProvisionProduct", request).await;
    }
}

/// Terraform's own test launches so, and gets a stack.
#[tokio::test(start_paused = true)]
async fn preferences_have_no_effect_on_a_plain_stack() {
    let bench = Bench::new(Profile::Instant);
    let (_, product, version) = bench.launchable("topic").await;
    let preferences = json!({"StackSetAccounts": [OTHER], "StackSetRegions": ["eu-west-1"],
                             "StackSetFailureToleranceCount": 1, "StackSetMaxConcurrencyCount": 2});
    let launch = json!({"ProductId": product, "ProvisioningArtifactId": version, "ProvisionedProductName": "n",
                        "ProvisionToken": "t", "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}],
                        "ProvisioningPreferences": preferences});
    let launched = bench.ok("ProvisionProduct", launch).await;
    assert_eq!(
        text(&launched, "/RecordDetail/ProvisionedProductType"),
        "CFN_STACK"
    );
    let id = text(&launched, "/RecordDetail/ProvisionedProductId");
    bench.pass(PATIENCE).await;
    let update = json!({"ProvisionedProductId": id, "UpdateToken": "u",
                        "ProvisioningParameters": [{"Key": "Owner", "Value": "you"}],
                        "ProvisioningPreferences": with(preferences, json!({"StackSetOperationType": "DELETE"}))});
    bench.ok("UpdateProvisionedProduct", update).await;
    bench.pass(PATIENCE).await;
    let detail = bench
        .ok("DescribeProvisionedProduct", json!({"Id": id}))
        .await;
    assert_eq!(
        text(&detail, "/ProvisionedProductDetail/Status"),
        "AVAILABLE"
    );
    let (code, _) = bench
        .refused(
            "ListStackInstancesForProvisionedProduct",
            json!({"ProvisionedProductId": id}),
        )
        .await;
    assert_eq!(code, "InvalidParametersException");
}

#[tokio::test(start_paused = true)]
async fn a_set_lives_in_all_accounts_and_regions() {
    let sets = Sets::new(Profile::Aws, Faults::default()).await;
    let begun = sets.bench.emulator.clock().now();
    let (id, record) = sets.launch(json!({})).await;
    let everywhere = [
        (ACCOUNT, "us-east-1"),
        (OTHER, "us-east-1"),
        (ACCOUNT, "eu-west-1"),
        (OTHER, "eu-west-1"),
    ];
    assert_eq!(sets.instances(&id).await, current(&everywhere));
    let detail = sets.detail(&id).await;
    assert_eq!(
        (text(&detail, "/Type"), text(&detail, "/Status")),
        ("CFN_STACKSET".to_owned(), "AVAILABLE".to_owned())
    );
    let record = sets.record(&record).await;
    assert_eq!(text(&record, "/RecordDetail/Status"), "SUCCEEDED");
    assert_eq!(
        text(&record, "/RecordDetail/ProvisionedProductType"),
        "CFN_STACKSET"
    );
    assert_eq!(record["RecordOutputs"], json!([]));
    let searched = sets
        .bench
        .ok(
            "SearchProvisionedProducts",
            json!({"Filters": {"SearchQuery": ["type:CFN_STACKSET"]}}),
        )
        .await;
    let physical = text(&searched, "/ProvisionedProducts/0/PhysicalId");
    let start = format!(
        "arn:aws:cloudformation:us-east-1:{ACCOUNT}:stackset/{}:",
        Sets::name(&id)
    );
    assert!(physical.starts_with(&start), "{physical}");
    let tags = searched["ProvisionedProducts"][0]["Tags"].to_string();
    assert!(
        tags.contains("cost") && !tags.contains("aws:servicecatalog"),
        "{tags}"
    );

    let set = sets.told("DescribeStackSet", &id, "").await;
    assert!(
        set.contains("<ParameterKey>Owner</ParameterKey><ParameterValue>me</ParameterValue>"),
        "{set}"
    );
    assert!(
        set.contains("role/admin") && set.contains("<ExecutionRoleName>execution<"),
        "{set}"
    );
    assert!(set.contains(&format!("<StackSetARN>{physical}<")), "{set}");
    let unique = query(
        &sets.bench,
        &format!(
            "Action=DescribeStackSet&StackSetName={}",
            physical.rsplit('/').next().unwrap()
        ),
    )
    .await;
    assert_eq!(all(&unique, "StackSetId"), all(&set, "StackSetId"));
    let by_arn = query(
        &sets.bench,
        &format!("Action=DescribeStackSet&StackSetName={physical}"),
    )
    .await;
    assert!(by_arn.contains("StackSetNotFoundException"), "{by_arn}");

    // One region after the other, one account at a time, as nothing else was asked.
    let mut made = Vec::new();
    for (account, region) in everywhere {
        let bench = sets.bench.in_account(account).in_region(region);
        let answer = query(&bench, "Action=DescribeStacks").await;
        let names = all(&answer, "StackName");
        assert_eq!(names.len(), 1, "{account} {region}");
        assert!(
            names[0].starts_with(&format!("StackSet-{}-", Sets::name(&id))),
            "{names:?}"
        );
        made.extend(all(&answer, "CreationTime"));
    }
    assert!(made.is_sorted() && made[0] > begun.to_string(), "{made:?}");
    let summary = query(&sets.bench, "Action=ListStackSets&Status=ACTIVE").await;
    assert_eq!(all(&summary, "StackSetName"), [Sets::name(&id)]);
    let listed = sets
        .told(
            "ListStackInstances",
            &id,
            &format!("&StackInstanceAccount={OTHER}"),
        )
        .await;
    assert_eq!(all(&listed, "Region"), ["us-east-1", "eu-west-1"]);
    assert_eq!(all(&listed, "DetailedStatus"), ["SUCCEEDED", "SUCCEEDED"]);
    let more = format!("&StackInstanceAccount={OTHER}&StackInstanceRegion=eu-west-1");
    let one = sets.told("DescribeStackInstance", &id, &more).await;
    assert_eq!(all(&one, "Status"), ["CURRENT"]);
    let operations = sets.told("ListStackSetOperations", &id, "").await;
    let operation = all(&operations, "OperationId");
    assert_eq!(all(&operations, "Action"), ["CREATE"]);
    let more = format!("&OperationId={}", operation[0]);
    let operation = sets.told("DescribeStackSetOperation", &id, &more).await;
    assert_eq!(all(&operation, "Status"), ["SUCCEEDED"]);
    let results = sets.told("ListStackSetOperationResults", &id, &more).await;
    assert_eq!(all(&results, "Status"), ["SUCCEEDED"; 4]);

    // All of it goes with the provisioned product.
    let terminate = json!({"ProvisionedProductId": id, "TerminateToken": "t"});
    sets.bench
        .ok("TerminateProvisionedProduct", terminate)
        .await;
    sets.bench.pass(PATIENCE).await;
    for (account, region) in everywhere {
        assert!(sets.stacks(account, region).await.is_empty());
    }
    let (code, _) = sets
        .bench
        .refused("DescribeProvisionedProduct", json!({"Id": id}))
        .await;
    assert_eq!(code, "ResourceNotFoundException");
    let gone = sets.told("DescribeStackSet", &id, "").await;
    assert!(gone.contains("StackSetNotFoundException"), "{gone}");
    let deleted = query(&sets.bench, "Action=ListStackSets&Status=DELETED").await;
    assert_eq!(all(&deleted, "StackSetName"), [Sets::name(&id)]);
}

#[tokio::test(start_paused = true)]
async fn each_operation_type_does_its_own() {
    let sets = Sets::new(Profile::Local, Faults::default()).await;
    let here = json!({"StackSetAccounts": [ACCOUNT], "StackSetRegions": ["us-east-1"]});
    let (id, _) = sets.launch(here.clone()).await;
    let status = |record: &Value| text(record, "/RecordDetail/Status");
    let there = json!({"StackSetAccounts": [OTHER], "StackSetRegions": ["us-east-1"]});
    let preferences = |places: &Value, action: &str| {
        let places = with(places.clone(), json!({"StackSetOperationType": action}));
        json!({"ProvisioningPreferences": places})
    };

    // An instance that is there is not made again, and one that is not is neither changed nor deleted.
    for (at, (places, action)) in [(&here, "CREATE"), (&there, "UPDATE"), (&there, "DELETE")]
        .into_iter()
        .enumerate()
    {
        let record = sets
            .update(&id, &format!("no-{at}"), preferences(places, action))
            .await;
        assert_eq!(status(&record), "FAILED", "{action}");
        assert_eq!(sets.instances(&id).await.len(), 1);
    }
    // Of what is created only that is new: parameters are the set's.
    let more = json!({"ProvisioningParameters": [{"Key": "Owner", "Value": "you"}]});
    let record = sets
        .update(
            &id,
            "create",
            with(preferences(&there, "CREATE"), more.clone()),
        )
        .await;
    assert_eq!(status(&record), "SUCCEEDED");
    let both = [(ACCOUNT, "us-east-1"), (OTHER, "us-east-1")];
    assert_eq!(sets.instances(&id).await, current(&both));
    let set = sets.told("DescribeStackSet", &id, "").await;
    assert!(set.contains("<ParameterValue>me<"), "{set}");

    // An update of one leaves the other behind the set.
    let record = sets
        .update(&id, "update", with(preferences(&here, "UPDATE"), more))
        .await;
    assert_eq!(status(&record), "SUCCEEDED");
    let mut halved = current(&both);
    halved.insert(format!("{OTHER} us-east-1"), "OUTDATED".to_owned());
    assert_eq!(sets.instances(&id).await, halved);
    let set = sets.told("DescribeStackSet", &id, "").await;
    assert!(set.contains("<ParameterValue>you<"), "{set}");
    let record = sets
        .update(&id, "rest", preferences(&there, "UPDATE"))
        .await;
    assert_eq!(status(&record), "SUCCEEDED");
    assert_eq!(sets.instances(&id).await, current(&both));
    let theirs = sets.bench.in_account(OTHER);
    let stack = query(&theirs, "Action=DescribeStacks").await;
    assert!(stack.contains("<ParameterValue>you<"), "{stack}");

    let record = sets
        .update(&id, "delete", preferences(&there, "DELETE"))
        .await;
    assert_eq!(status(&record), "SUCCEEDED");
    assert_eq!(sets.instances(&id).await, current(&both[..1]));
    assert!(sets.stacks(OTHER, "us-east-1").await.is_empty());
    assert_eq!(text(&sets.detail(&id).await, "/Status"), "AVAILABLE");
}

#[tokio::test(start_paused = true)]
async fn one_failure_too_many_ends_a_rollout() {
    let sets = Sets::new(Profile::Aws, faults(vec![failing(OTHER, None)])).await;
    let (id, record) = sets.launch(json!({})).await;
    let record = sets.record(&record).await;
    assert_eq!(text(&record, "/RecordDetail/Status"), "FAILED");
    let said = text(&record, "/RecordDetail/RecordErrors/0/Description");
    assert!(
        said.contains(OTHER) && said.contains("no more topics"),
        "{said}"
    );
    let detail = sets.detail(&id).await;
    assert_eq!(text(&detail, "/Status"), "ERROR");
    assert_eq!(text(&detail, "/StatusMessage"), said);
    let stands: Vec<String> = sets.instances(&id).await.into_values().collect();
    assert_eq!(stands.iter().filter(|s| *s == "CURRENT").count(), 1);
    let listed = sets.told("ListStackInstances", &id, "").await;
    assert_eq!(
        all(&listed, "DetailedStatus"),
        ["SUCCEEDED", "FAILED", "CANCELLED", "CANCELLED"]
    );
    let reasons = all(&listed, "StatusReason");
    let failed = "ResourceLogicalId:Topic, ResourceType:AWS::SNS::Topic, ResourceStatusReason:no more topics.";
    let cancelled = "Cancelled since failure tolerance has exceeded";
    assert_eq!(reasons, [failed, cancelled, cancelled]);
    assert!(sets.stacks(OTHER, "us-east-1").await.is_empty());
    assert!(sets.stacks(ACCOUNT, "eu-west-1").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_may_fail_may_fail() {
    let only = vec![failing(OTHER, Some("us-east-1"))];
    let sets = Sets::new(Profile::Local, faults(only)).await;
    let some = json!({"StackSetFailureToleranceCount": 1, "StackSetMaxConcurrencyCount": 2});
    let (id, record) = sets.launch(some).await;
    let record = sets.record(&record).await;
    assert_eq!(text(&record, "/RecordDetail/Status"), "SUCCEEDED");
    assert_eq!(text(&sets.detail(&id).await, "/Status"), "AVAILABLE");
    let mut stands = sets.instances(&id).await;
    assert_eq!(
        stands.insert(format!("{OTHER} us-east-1"), String::new()),
        Some("OUTDATED".to_owned())
    );
    // The fault strikes once: an update makes the one that is lacking.
    let record = sets.update(&id, "again", json!({})).await;
    assert_eq!(text(&record, "/RecordDetail/Status"), "SUCCEEDED");
    assert_eq!(sets.stacks(OTHER, "us-east-1").await.len(), 1);
    assert!(sets.instances(&id).await.values().all(|s| s == "CURRENT"));
}

#[tokio::test(start_paused = true)]
async fn a_failing_update_taints_and_changes_the_set_all_the_same() {
    let sets = Sets::new(Profile::Local, Faults::default()).await;
    let (id, _) = sets.launch(json!({})).await;
    let bad = faults(vec![failing(ACCOUNT, Some("us-east-1"))]);
    sets.bench.emulator.set_faults(bad);
    let more = json!({"ProvisioningParameters": [{"Key": "Owner", "Value": "you"}]});
    let record = sets.update(&id, "u", more).await;
    assert_eq!(text(&record, "/RecordDetail/Status"), "FAILED");
    assert_eq!(text(&sets.detail(&id).await, "/Status"), "TAINTED");
    assert!(sets.instances(&id).await.values().all(|s| s == "OUTDATED"));
    let set = sets.told("DescribeStackSet", &id, "").await;
    assert!(set.contains("<ParameterValue>you<"), "{set}");
    // The stack itself went back.
    let stack = query(&sets.bench, "Action=DescribeStacks").await;
    assert!(
        stack.contains("<ParameterValue>me<") && stack.contains("UPDATE_ROLLBACK_COMPLETE"),
        "{stack}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_account_without_the_execution_role_has_an_instance_without_a_stack() {
    let lacking = Faults {
        roleless: vec![OTHER.to_owned()],
        ..Faults::default()
    };
    let sets = Sets::new(Profile::Instant, lacking).await;
    let (id, record) = sets.launch(json!({"StackSetAccounts": [OTHER]})).await;
    let said = text(
        &sets.record(&record).await,
        "/RecordDetail/RecordErrors/0/Description",
    );
    let why = format!(
        "Account {OTHER} should have 'execution' role with trust relationship to Role 'admin'."
    );
    assert!(said.contains(&why), "{said}");
    let listed = sets.told("ListStackInstances", &id, "").await;
    assert!(all(&listed, "StackId").is_empty(), "{listed}");
    // It can be ended all the same, once it may.
    let (code, _) = sets
        .bench
        .refused(
            "UpdateProvisionedProduct",
            json!({"ProvisionedProductId": id, "UpdateToken": "u"}),
        )
        .await;
    assert_eq!(code, "InvalidParametersException");
    sets.bench.emulator.set_faults(Faults::default());
    let terminate = json!({"ProvisionedProductId": id, "TerminateToken": "t"});
    sets.bench
        .ok("TerminateProvisionedProduct", terminate)
        .await;
    sets.bench.pass(PATIENCE).await;
    let gone = sets
        .bench
        .refused("DescribeProvisionedProduct", json!({"Id": id}))
        .await;
    assert_eq!(gone.0, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_stays_keeps_the_provisioned_product() {
    let sets = Sets::new(Profile::Instant, Faults::default()).await;
    let (id, _) = sets.launch(json!({})).await;
    let lacking = Faults {
        roleless: vec![OTHER.to_owned()],
        ..Faults::default()
    };
    sets.bench.emulator.set_faults(lacking);
    let terminate = |token: &str, more: Value| {
        with(
            json!({"ProvisionedProductId": id, "TerminateToken": token}),
            more,
        )
    };
    let end = terminate("one", json!({}));
    sets.bench.ok("TerminateProvisionedProduct", end).await;
    sets.bench.pass(PATIENCE).await;
    assert_eq!(text(&sets.detail(&id).await, "/Status"), "TAINTED");
    let stands: Vec<String> = sets.instances(&id).await.into_values().collect();
    assert!(stands.contains(&"INOPERABLE".to_owned()), "{stands:?}");
    // Who keeps what there is keeps the set as well.
    let end = terminate("two", json!({"RetainPhysicalResources": true}));
    sets.bench.ok("TerminateProvisionedProduct", end).await;
    sets.bench.pass(PATIENCE).await;
    let kept = sets.told("DescribeStackSet", &id, "").await;
    assert_eq!(all(&kept, "Status"), ["ACTIVE"]);
    assert_eq!(sets.stacks(OTHER, "us-east-1").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stack_and_a_stack_set_are_never_the_other() {
    let sets = Sets::new(Profile::Instant, Faults::default()).await;
    let (id, _) = sets.launch(json!({})).await;
    let plan = json!({"PlanName": "p", "PlanType": "CLOUDFORMATION", "ProductId": sets.product,
                      "ProvisioningArtifactId": sets.version, "ProvisionedProductName": "other",
                      "IdempotencyToken": "p"});
    let (code, said) = sets
        .bench
        .refused("CreateProvisionedProductPlan", plan)
        .await;
    assert_eq!(code, "NotImplemented", "{said}");
    let portfolios = sets.bench.ok("ListPortfolios", json!({})).await;
    let portfolio = text(&portfolios, "/PortfolioDetails/0/Id");
    let listed = sets
        .bench
        .ok(
            "ListConstraintsForPortfolio",
            json!({"PortfolioId": portfolio}),
        )
        .await;
    let constraint = text(&listed, "/ConstraintDetails/0/ConstraintId");
    sets.bench
        .ok("DeleteConstraint", json!({"Id": constraint}))
        .await;
    let update = json!({"ProvisionedProductId": id, "UpdateToken": "u"});
    let (code, _) = sets.bench.refused("UpdateProvisionedProduct", update).await;
    assert_eq!(code, "InvalidParametersException");
}

/// Another emulator that loads the state goes on in the middle of a rollout.
#[tokio::test(start_paused = true)]
async fn a_state_file_keeps_a_rollout() {
    let sets = Sets::new(Profile::Aws, Faults::default()).await;
    let request = sets.request("set", json!({}));
    let answer = sets.bench.ok("ProvisionProduct", request).await;
    let id = text(&answer, "/RecordDetail/ProvisionedProductId");
    sets.bench.pass(20.0).await;
    let stands = sets.instances(&id).await;
    assert!(stands.values().any(|s| s == "OUTDATED"), "{stands:?}");
    let state = sets.bench.emulator.state().unwrap();
    let emulator = Emulator::new(Options {
        clock: sets.bench.emulator.clock(),
        seed: 99,
        profile: Profile::Aws,
        quotas: true,
        faults: Faults::default(),
    });
    let later = Sets {
        bench: Bench {
            emulator,
            ..sets.bench.clone()
        },
        product: sets.product.clone(),
        version: sets.version.clone(),
    };
    later.bench.emulator.restore(&state).unwrap();
    later.bench.pass(PATIENCE).await;
    assert!(later.instances(&id).await.values().all(|s| s == "CURRENT"));
    assert_eq!(later.instances(&id).await.len(), 4);
    assert_eq!(text(&later.detail(&id).await, "/Status"), "AVAILABLE");
}
