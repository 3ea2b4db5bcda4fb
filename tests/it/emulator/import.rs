//! ImportAsProvisionedProduct (facts §9.3, §10.4).

use aws_credential_types::Credentials;
use aws_sdk_cloudformation as cfn;
use catalogd::emulator::cfn::{NewStack, Param, StackStatus};
use catalogd::emulator::faults::{Effect, Rule};
use catalogd::emulator::{InProcess, Profile};
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, TEMPLATE, text, with};

const REGION: &str = "us-east-1";
const OPERATION: &str = "ImportAsProvisionedProduct";
/// Longer than any stack or record here takes.
const PATIENCE: f64 = 60.0;

/// [`TEMPLATE`] in other words.
const SAME: &str = r#"{
  "Outputs": {"Kind": {"Value": {"Ref": "Size"}, "Description": "How large"}},
  "Resources": {"Topic": {
    "Properties": {"DisplayName": {"Fn::Sub": "${Owner}-${Size}"}}, "Type": "AWS::SNS::Topic"}},
  "Parameters": {
    "Size": {"Default": "small", "Type": "String", "AllowedValues": ["small", "large"]},
    "Owner": {"Description": "Who answers for it", "Type": "String"}},
  "Description": "A topic",
  "AWSTemplateFormatVersion": "2010-09-09"
}"#;

/// A stack that was made without Service Catalog; its ARN.
async fn stack(bench: &Bench, name: &str, template: &str) -> String {
    with_parameters(bench, name, template, vec![Param::text("Owner", "me")]).await
}

async fn with_parameters(
    bench: &Bench,
    name: &str,
    template: &str,
    parameters: Vec<Param>,
) -> String {
    let arn = bench.emulator.with_stacks(ACCOUNT, REGION, |stacks, ctx| {
        let new = NewStack {
            name: name.to_owned(),
            template: template.to_owned().into(),
            parameters,
            tags: vec![("by".to_owned(), "hand".to_owned())],
            ..NewStack::default()
        };
        stacks.create(ctx, new).unwrap()
    });
    bench.pass(PATIENCE).await;
    arn
}

fn force(bench: &Bench, stack: &str, status: StackStatus) {
    let done = bench.emulator.with_stacks(ACCOUNT, REGION, |stacks, ctx| {
        stacks.force_status(ctx.now, stack, status)
    });
    assert!(done, "{stack}");
}

/// The status and the keys of the tags of a stack.
fn stack_now(bench: &Bench, stack: &str) -> (StackStatus, Vec<String>) {
    bench.emulator.with_stacks(ACCOUNT, REGION, |stacks, _| {
        let stack = stacks.get(stack).unwrap();
        let tags = stack.tags.iter().map(|(key, _)| key.clone());
        (stack.status, tags.collect())
    })
}

fn cloudformation(bench: &Bench) -> cfn::Client {
    let config = cfn::Config::builder()
        .behavior_version(cfn::config::BehaviorVersion::latest())
        .region(cfn::config::Region::new(REGION))
        .credentials_provider(Credentials::new(
            "AKIAEXAMPLE",
            "secret",
            None,
            None,
            "test",
        ))
        .http_client(InProcess(bench.emulator.clone()))
        .build();
    cfn::Client::from_conf(config)
}

/// A product, and a stack of its template that stands by.
struct Setting {
    bench: Bench,
    portfolio: String,
    product: String,
    version: String,
    stack: String,
}

impl Setting {
    async fn new(profile: Profile) -> Self {
        let bench = Bench::new(profile);
        let (portfolio, product, version) = bench.launchable("topic").await;
        let stack = stack(&bench, "legacy", TEMPLATE).await;
        Self {
            bench,
            portfolio,
            product,
            version,
            stack,
        }
    }

    /// A request with other members in place of its own.
    fn request(&self, more: Value) -> Value {
        with(
            json!({
                "ProductId": self.product, "ProvisioningArtifactId": self.version,
                "ProvisionedProductName": "mine", "PhysicalId": self.stack, "IdempotencyToken": "import-1",
            }),
            more,
        )
    }

    async fn import(&self, more: Value) -> Value {
        let answer = self.bench.ok(OPERATION, self.request(more)).await;
        answer["RecordDetail"].clone()
    }

    async fn imported(profile: Profile) -> Self {
        let setting = Self::new(profile).await;
        setting.import(json!({})).await;
        setting.bench.pass(PATIENCE).await;
        setting
    }

    async fn refused(&self, more: Value) -> (String, String) {
        self.bench.refused(OPERATION, self.request(more)).await
    }

    async fn detail(&self) -> Value {
        let input = json!({"Name": "mine"});
        let answer = self.bench.ok("DescribeProvisionedProduct", input).await;
        answer["ProvisionedProductDetail"].clone()
    }

    async fn record(&self, id: &Value) -> Value {
        self.bench.ok("DescribeRecord", json!({ "Id": id })).await
    }

    async fn terminate(&self, more: Value) {
        let input = with(
            json!({"ProvisionedProductName": "mine", "TerminateToken": "t"}),
            more,
        );
        self.bench.ok("TerminateProvisionedProduct", input).await;
        self.bench.pass(PATIENCE).await;
        let gone = json!({"Name": "mine"});
        let gone = self.bench.refused("DescribeProvisionedProduct", gone).await;
        assert_eq!(gone.0, "ResourceNotFoundException");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stack_becomes_a_provisioned_product_and_stays_as_it_is() {
    let setting = Setting::new(Profile::Local).await;
    let bench = &setting.bench;
    let record = setting.import(json!({})).await;
    let id = text(&record, "/ProvisionedProductId");
    let mut expected = json!({
        "CreatedTime": record["CreatedTime"], "UpdatedTime": record["CreatedTime"],
        "ProductId": setting.product, "ProvisioningArtifactId": setting.version,
        "ProvisionedProductId": id, "ProvisionedProductName": "mine",
        "ProvisionedProductType": "CFN_STACK", "RecordErrors": [], "RecordTags": [],
        "RecordId": record["RecordId"], "RecordType": "IMPORT_PROVISIONED_PRODUCT", "Status": "CREATED",
    });
    // No path: the request names none.
    assert_eq!(record, expected);
    assert_eq!(setting.detail().await["Status"], "UNDER_CHANGE");
    // The same token, the same answer.
    assert_eq!(setting.import(json!({})).await, record);
    bench.pass(0.3).await;
    let begun = setting.record(&record["RecordId"]).await;
    assert_eq!(begun["RecordDetail"]["Status"], "IN_PROGRESS");
    bench.pass(0.3).await;
    let ended = setting.record(&record["RecordId"]).await;
    expected["Status"] = json!("SUCCEEDED");
    expected["UpdatedTime"] = ended["RecordDetail"]["UpdatedTime"].clone();
    assert_eq!(
        ended,
        json!({"RecordDetail": expected, "RecordOutputs": []})
    );

    let detail = setting.detail().await;
    let arn = format!("arn:aws:servicecatalog:{REGION}:{ACCOUNT}:stack/mine/{id}");
    let mut expected = json!({
        "Arn": arn, "CreatedTime": record["CreatedTime"], "Id": id, "IdempotencyToken": "import-1",
        "LastRecordId": record["RecordId"], "Name": "mine", "ProductId": setting.product,
        "ProvisioningArtifactId": setting.version, "Status": "AVAILABLE", "Type": "CFN_STACK",
    });
    assert_eq!(detail, expected);
    let found = bench.ok("SearchProvisionedProducts", json!({})).await;
    for (key, value) in [
        ("PhysicalId", json!(setting.stack)),
        ("ProductName", json!("topic")),
        ("ProvisioningArtifactName", json!("v1")),
        ("Tags", json!([])),
        (
            "UserArn",
            found["ProvisionedProducts"][0]["UserArn"].clone(),
        ),
        (
            "UserArnSession",
            found["ProvisionedProducts"][0]["UserArnSession"].clone(),
        ),
    ] {
        expected[key] = value;
    }
    assert_eq!(found["ProvisionedProducts"], json!([expected]));
    let outputs = json!({"ProvisionedProductName": "mine"});
    let refusal = bench.refused("GetProvisionedProductOutputs", outputs).await;
    let said = "Last Successful Provisioning Record doesn't exist.";
    assert_eq!(refusal, ("InvalidParametersException".into(), said.into()));
    // Nothing was done to the stack.
    let now = stack_now(bench, &setting.stack);
    assert_eq!(now, (StackStatus::CreateComplete, vec!["by".to_owned()]));
    let history = bench.ok("ListRecordHistory", json!({})).await;
    assert_eq!(history["RecordDetails"][0]["RecordId"], record["RecordId"]);
}

#[tokio::test(start_paused = true)]
async fn an_update_brings_what_the_import_left_out() {
    let setting = Setting::imported(Profile::Local).await;
    let bench = &setting.bench;
    let role = format!("arn:aws:iam::{ACCOUNT}:role/launch");
    bench
        .ok(
            "CreateConstraint",
            json!({"PortfolioId": setting.portfolio, "ProductId": setting.product, "Type": "LAUNCH",
                   "Parameters": json!({"RoleArn": role}).to_string(), "IdempotencyToken": "c"}),
        )
        .await;
    assert_eq!(setting.detail().await["LaunchRoleArn"], Value::Null);
    let update = json!({
        "ProvisionedProductName": "mine", "UpdateToken": "u",
        "ProvisioningParameters": [
            {"Key": "Owner", "UsePreviousValue": true}, {"Key": "Size", "Value": "large"},
        ],
    });
    let answer = bench.ok("UpdateProvisionedProduct", update).await;
    let record = &answer["RecordDetail"]["RecordId"];
    bench.pass(PATIENCE).await;
    let detail = setting.detail().await;
    assert_eq!(detail["Status"], "AVAILABLE", "{detail}");
    assert_eq!(detail["LaunchRoleArn"], json!(role));
    assert_eq!(detail["IdempotencyToken"], "import-1");
    for last in [
        "LastRecordId",
        "LastProvisioningRecordId",
        "LastSuccessfulProvisioningRecordId",
    ] {
        assert_eq!(&detail[last], record, "{last}");
    }
    let input = json!({"ProvisionedProductName": "mine"});
    let outputs = bench.ok("GetProvisionedProductOutputs", input).await;
    assert_eq!(outputs["Outputs"][0]["OutputValue"], json!(setting.stack));
    assert_eq!(outputs["Outputs"][1]["OutputValue"], "large");
    let (status, tags) = stack_now(bench, &setting.stack);
    assert_eq!(status, StackStatus::UpdateComplete);
    assert_eq!(tags.len(), 5);
    assert!(
        tags.iter()
            .all(|key| key.starts_with("aws:servicecatalog:"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_termination_deletes_the_stack_unless_it_is_retained() {
    let setting = Setting::imported(Profile::Local).await;
    setting
        .terminate(json!({"RetainPhysicalResources": true}))
        .await;
    let (status, _) = stack_now(&setting.bench, &setting.stack);
    assert_eq!(status, StackStatus::CreateComplete);
    // The name is free again, and the stack too.
    setting
        .import(json!({"IdempotencyToken": "import-2"}))
        .await;
    setting.bench.pass(PATIENCE).await;
    assert_eq!(setting.detail().await["Status"], "AVAILABLE");
    setting.terminate(json!({})).await;
    let (status, _) = stack_now(&setting.bench, &setting.stack);
    assert_eq!(status, StackStatus::DeleteComplete);
    let again = setting
        .refused(json!({"IdempotencyToken": "import-3"}))
        .await;
    assert_eq!(again.0, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn a_launched_stack_moves_to_another_product() {
    let setting = Setting::new(Profile::Local).await;
    let bench = &setting.bench;
    let launch = json!({
        "ProductId": setting.product, "ProvisioningArtifactId": setting.version,
        "ProvisionedProductName": "mine", "ProvisionToken": "l",
        "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}],
    });
    bench.ok("ProvisionProduct", launch).await;
    bench.pass(PATIENCE).await;
    let found = bench.ok("SearchProvisionedProducts", json!({})).await;
    let stack = text(&found, "/ProvisionedProducts/0/PhysicalId");
    let (other, version) = bench.product("other").await;
    bench.pass(PATIENCE).await;
    setting
        .terminate(json!({"RetainPhysicalResources": true}))
        .await;
    let moved = json!({
        "ProductId": other, "ProvisioningArtifactId": version, "PhysicalId": stack,
    });
    setting.import(moved).await;
    bench.pass(PATIENCE).await;
    let detail = setting.detail().await;
    assert_eq!(
        (&detail["Status"], &detail["ProductId"]),
        (&json!("AVAILABLE"), &json!(other))
    );
}

#[tokio::test(start_paused = true)]
async fn templates_match_that_say_the_same() {
    let setting = Setting::new(Profile::Instant).await;
    let bench = &setting.bench;
    let json_stack = stack(bench, "json", SAME).await;
    setting.import(json!({"PhysicalId": json_stack})).await;
    let other = TEMPLATE.replace("A topic", "Another topic");
    let other_stack = stack(bench, "other", &other).await;
    let second = |more: Value| {
        let mut input = more;
        input["ProvisionedProductName"] = json!("second");
        input["IdempotencyToken"] = json!("import-2");
        input["PhysicalId"] = json!(other_stack);
        input
    };
    let refusal = setting.refused(second(json!({}))).await;
    assert_eq!(refusal.0, "InvalidParametersException");
    assert!(refusal.1.contains(&other_stack) && refusal.1.contains(&setting.version));
    let gone = json!({"Name": "second"});
    bench.refused("DescribeProvisionedProduct", gone).await;
    // Whatever is more, less or in another order in a list makes another template of it.
    for (n, (old, new)) in [
        ("Default: small, ", ""),
        ("  Size:", "  More: {Type: String, Default: x}\n  Size:"),
        ("[small, large]", "[large, small]"),
        ("[small, large]", "[small, large, huge]"),
    ]
    .into_iter()
    .enumerate()
    {
        let template = TEMPLATE.replace(old, new);
        assert_ne!(template, TEMPLATE);
        let mut parameters = vec![Param::text("Owner", "me")];
        if new.is_empty() {
            parameters.push(Param::text("Size", "small"));
        }
        let differing = with_parameters(bench, &format!("d{n}"), &template, parameters).await;
        let mut input = second(json!({}));
        input["PhysicalId"] = json!(differing);
        let refusal = setting.refused(input).await;
        assert_eq!(refusal.0, "InvalidParametersException", "{new}");
    }
    // A version that was made from the stack matches of itself.
    let input = json!({
        "ProductId": setting.product, "IdempotencyToken": "v2",
        "Parameters": {"Name": "v2", "Info": {"ImportFromPhysicalId": other_stack}},
    });
    let made = bench.ok("CreateProvisioningArtifact", input).await;
    let version = made["ProvisioningArtifactDetail"]["Id"].clone();
    let matching = json!({"ProvisioningArtifactId": version});
    setting.import(second(matching)).await;
}

#[tokio::test(start_paused = true)]
async fn five_states_can_be_imported() {
    use StackStatus::*;
    let setting = Setting::new(Profile::Instant).await;
    let mut taken = Vec::new();
    for (n, status) in [
        CreateInProgress,
        CreateComplete,
        CreateFailed,
        RollbackInProgress,
        RollbackComplete,
        RollbackFailed,
        UpdateInProgress,
        UpdateCompleteCleanupInProgress,
        UpdateComplete,
        UpdateRollbackInProgress,
        UpdateRollbackCompleteCleanupInProgress,
        UpdateRollbackComplete,
        UpdateRollbackFailed,
        DeleteInProgress,
        DeleteFailed,
        ImportComplete,
        ImportRollbackComplete,
    ]
    .into_iter()
    .enumerate()
    {
        let stack = stack(&setting.bench, &format!("s{n}"), TEMPLATE).await;
        force(&setting.bench, &stack, status);
        let input = setting.request(json!({
            "PhysicalId": stack, "ProvisionedProductName": format!("p{n}"),
            "IdempotencyToken": format!("t{n}"),
        }));
        match setting.bench.call(OPERATION, input).await {
            Ok(_) => taken.push(status),
            Err((code, said)) => {
                assert_eq!(code, "InvalidStateException", "{said}");
                assert!(said.contains(status.as_str()), "{said}");
            }
        }
    }
    let five = [
        CreateComplete,
        UpdateComplete,
        UpdateRollbackComplete,
        ImportComplete,
        ImportRollbackComplete,
    ];
    assert_eq!(taken, five);
    // They can be updated as well.
    let update = json!({
        "ProvisionedProductName": "p15", "UpdateToken": "u",
        "ProvisioningParameters": [{"Key": "Owner", "Value": "you"}],
    });
    let bench = &setting.bench;
    bench.ok("UpdateProvisionedProduct", update).await;
    let input = json!({"Name": "p15"});
    let detail = bench.ok("DescribeProvisionedProduct", input).await;
    assert_eq!(detail["ProvisionedProductDetail"]["Status"], "AVAILABLE");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_imported_is_refused() {
    let setting = Setting::new(Profile::Instant).await;
    let bench = &setting.bench;
    let (not_found, invalid) = ("ResourceNotFoundException", "InvalidParametersException");
    let arn = |kind: &str, region: &str, account: &str, rest: &str| {
        format!("arn:aws:cloudformation:{region}:{account}:{kind}/{rest}")
    };
    let id = setting.stack.rsplit_once('/').unwrap().1.to_owned();
    let here = format!("legacy/{id}");
    let gone = stack(bench, "gone", TEMPLATE).await;
    bench.emulator.with_stacks(ACCOUNT, REGION, |stacks, ctx| {
        stacks.delete(ctx, &gone).unwrap();
    });
    let child = stack(bench, "child", TEMPLATE).await;
    let grandchild = stack(bench, "grandchild", TEMPLATE).await;
    bench.emulator.with_stacks(ACCOUNT, REGION, |stacks, _| {
        assert!(stacks.nest("child", &setting.stack));
        assert!(stacks.nest(&grandchild, "child"));
        assert!(!stacks.nest("child", "nobody") && !stacks.nest("nobody", "child"));
    });
    let versions = async |name: &str| {
        let url = bench.template("topic.yaml", TEMPLATE).await;
        let input = json!({
            "ProductId": setting.product, "IdempotencyToken": name,
            "Parameters": {"Name": name, "Info": {"LoadTemplateFromURL": url}},
        });
        let made = bench.ok("CreateProvisioningArtifact", input).await;
        text(&made, "/ProvisioningArtifactDetail/Id")
    };
    let inactive = versions("inactive").await;
    let change = json!({
        "ProductId": setting.product, "ProvisioningArtifactId": inactive, "Active": false,
    });
    bench.ok("UpdateProvisioningArtifact", change).await;
    bench
        .emulator
        .inject(Rule::always(Effect::FailCreating).on("CreateProvisioningArtifact"));
    let failed = versions("failed").await;
    let physical = |id: String| json!({ "PhysicalId": id });
    let cases = [
        (physical("legacy".to_owned()), invalid, "legacy"),
        (
            physical(arn("stackset", REGION, ACCOUNT, &format!("s:{id}"))),
            invalid,
            "stackset",
        ),
        (
            physical(arn("stack", REGION, ACCOUNT, "legacy")),
            invalid,
            "PhysicalId",
        ),
        (
            physical(arn("stack", "eu-west-1", ACCOUNT, &here)),
            not_found,
            "eu-west-1",
        ),
        (
            physical(arn("stack", REGION, "210987654321", &here)),
            not_found,
            "210987654321",
        ),
        (
            physical(arn("stack", REGION, ACCOUNT, "other/0")),
            not_found,
            "other",
        ),
        (physical(gone), not_found, "gone"),
        (physical(child), invalid, "nested"),
        (physical(grandchild.clone()), invalid, "nested"),
        (
            json!({"ProductId": "prod-aaaaaaaaaaaaa"}),
            not_found,
            "prod-aaaaaaaaaaaaa",
        ),
        (
            json!({"ProvisioningArtifactId": "pa-aaaaaaaaaaaaa"}),
            not_found,
            "pa-aaaaaaaaaaaaa",
        ),
        (
            json!({"ProvisioningArtifactId": inactive}),
            not_found,
            &inactive,
        ),
        (json!({"ProvisioningArtifactId": failed}), invalid, "FAILED"),
        (
            json!({"ProvisionedProductName": "a b"}),
            "ValidationException",
            "provisionedProductName",
        ),
    ];
    for (more, code, says) in cases {
        let refusal = setting.refused(more.clone()).await;
        assert_eq!(refusal.0, code, "{more}: {refusal:?}");
        assert!(refusal.1.contains(says), "{more}: {refusal:?}");
    }
    // Another account sees neither product nor stack.
    let stranger = bench.in_account("210987654321");
    let refusal = stranger
        .refused(OPERATION, setting.request(json!({})))
        .await;
    assert_eq!(refusal.0, not_found);
    // None of them has left anything; a deprecated version may be imported.
    let change = json!({
        "ProductId": setting.product, "ProvisioningArtifactId": setting.version,
        "Guidance": "DEPRECATED",
    });
    bench.ok("UpdateProvisioningArtifact", change).await;
    setting.import(json!({})).await;
    let refusal = setting.refused(json!({"IdempotencyToken": "t"})).await;
    let said = "A stack named mine already exists.";
    assert_eq!(refusal, (invalid.into(), said.into()));
    let twice = json!({"IdempotencyToken": "t", "ProvisionedProductName": "twice"});
    let refusal = setting.refused(twice).await;
    assert_eq!(refusal.0, "DuplicateResourceException");
    // CloudFormation shows where nested stacks hang.
    let shown = cloudformation(bench)
        .describe_stacks()
        .stack_name(&grandchild)
        .send()
        .await
        .unwrap();
    let shown = &shown.stacks()[0];
    let (parent, root) = (shown.parent_id().unwrap(), shown.root_id().unwrap());
    assert!(parent.contains(":stack/child/") && root == setting.stack);
    let top = cloudformation(bench)
        .describe_stacks()
        .stack_name("legacy")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (top.stacks()[0].parent_id(), top.stacks()[0].root_id()),
        (None, None)
    );
}

#[tokio::test(start_paused = true)]
async fn one_import_runs_at_a_time() {
    let setting = Setting::new(Profile::Local).await;
    let bench = &setting.bench;
    let other = stack(bench, "other", TEMPLATE).await;
    let second = json!({
        "PhysicalId": other, "ProvisionedProductName": "second", "IdempotencyToken": "import-2",
    });
    // A launch that is under way is no import.
    let launch = json!({
        "ProductId": setting.product, "ProvisioningArtifactId": setting.version,
        "ProvisionedProductName": "launched", "ProvisionToken": "l",
    });
    bench.ok("ProvisionProduct", launch).await;
    setting.import(json!({})).await;
    let refusal = setting.refused(second.clone()).await;
    assert_eq!(refusal.0, "InvalidStateException");
    // Another region has imports of its own.
    let ireland = bench.in_region("eu-west-1");
    let (product, version) = ireland.product("topic").await;
    let arn = bench
        .emulator
        .with_stacks(ACCOUNT, "eu-west-1", |stacks, ctx| {
            let new = NewStack {
                name: "legacy".to_owned(),
                template: TEMPLATE.into(),
                parameters: vec![Param::text("Owner", "me")],
                ..NewStack::default()
            };
            stacks.create(ctx, new).unwrap()
        });
    bench.pass(PATIENCE).await;
    // It has ended, so the next may begin; elsewhere another one does as well.
    setting.import(second).await;
    let there = json!({
        "ProductId": product, "ProvisioningArtifactId": version, "PhysicalId": arn,
    });
    ireland.ok(OPERATION, setting.request(there)).await;
}

#[tokio::test(start_paused = true)]
async fn an_import_can_be_made_to_fail() {
    let setting = Setting::new(Profile::Local).await;
    let bench = &setting.bench;
    let other = TEMPLATE.replace("A topic", "Another topic");
    let other = stack(bench, "other", &other).await;
    let effect = Effect::FailImporting {
        reason: "the templates differ".to_owned(),
    };
    bench
        .emulator
        .inject(Rule::always(effect).on(OPERATION).times(1));
    // Then even a template that does not match is let in, and the record says it.
    let record = setting.import(json!({"PhysicalId": other})).await;
    assert_eq!(setting.detail().await["Status"], "UNDER_CHANGE");
    bench.pass(PATIENCE).await;
    let ended = setting.record(&record["RecordId"]).await;
    assert_eq!(ended["RecordDetail"]["Status"], "FAILED");
    let errors = json!([{"Code": "InternalFailure", "Description": "the templates differ"}]);
    assert_eq!(ended["RecordDetail"]["RecordErrors"], errors);
    let detail = setting.detail().await;
    assert_eq!(detail["Status"], "ERROR");
    assert_eq!(detail["StatusMessage"], "the templates differ");
    assert_eq!(detail["LastSuccessfulProvisioningRecordId"], Value::Null);
    let found = bench.ok("SearchProvisionedProducts", json!({})).await;
    assert_eq!(found["ProvisionedProducts"][0]["PhysicalId"], json!(other));
    // It can be given up without harm to the stack, and the next one is no victim.
    setting
        .terminate(json!({"RetainPhysicalResources": true}))
        .await;
    assert_eq!(stack_now(bench, &other).0, StackStatus::CreateComplete);
    setting
        .import(json!({"IdempotencyToken": "import-2"}))
        .await;
    bench.pass(PATIENCE).await;
    assert_eq!(setting.detail().await["Status"], "AVAILABLE");
}

#[tokio::test(start_paused = true)]
async fn a_template_reads_back_byte_for_byte() {
    let bench = Bench::new(Profile::Instant);
    let odd = format!("# \u{e9} <&>\r\n{TEMPLATE}# \t\n\n  ").replace("small", "\"s]]>\"");
    let stack = stack(&bench, "odd", &odd).await;
    for stage in [None, Some(cfn::types::TemplateStage::Original)] {
        let read = cloudformation(&bench)
            .get_template()
            .stack_name(&stack)
            .set_template_stage(stage)
            .send()
            .await
            .unwrap();
        assert_eq!(read.template_body(), Some(odd.as_str()));
    }
}
