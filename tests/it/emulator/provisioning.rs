//! Provisioned products and their records, over time (facts §8, §10).

use aws_sdk_servicecatalog::types::{
    AccessLevelFilter, AccessLevelFilterKey, ProvisionedProductStatus, ProvisioningParameter,
    RecordStatus, UpdateProvisioningParameter,
};
use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Faults, StackFault};
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, TEMPLATE, text, with};

/// How long the slowest stack and its record may take.
const PATIENCE: f64 = 60.0;

struct Launched {
    bench: Bench,
    portfolio: String,
    product: String,
    version: String,
    id: String,
    record: String,
}

impl Launched {
    async fn with(bench: Bench) -> Self {
        let target = bench.launchable("topic").await;
        Self::of(bench, target).await
    }

    async fn of(bench: Bench, target: (String, String, String)) -> Self {
        let (portfolio, product, version) = target;
        let answer = bench
            .ok(
                "ProvisionProduct",
                json!({
                    "ProductId": product, "ProvisioningArtifactId": version,
                    "ProvisionedProductName": "mine", "ProvisionToken": "launch-1",
                    "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}],
                    "Tags": [{"Key": "cost", "Value": "7"}],
                }),
            )
            .await;
        Self {
            bench,
            portfolio,
            product,
            version,
            id: text(&answer, "/RecordDetail/ProvisionedProductId"),
            record: text(&answer, "/RecordDetail/RecordId"),
        }
    }

    async fn settled(bench: Bench) -> Self {
        let launched = Self::with(bench).await;
        launched.bench.pass(PATIENCE).await;
        launched
    }

    async fn detail(&self) -> Value {
        let answer = self
            .bench
            .ok("DescribeProvisionedProduct", json!({"Id": self.id}))
            .await;
        answer["ProvisionedProductDetail"].clone()
    }

    async fn record(&self, id: &str) -> Value {
        self.bench.ok("DescribeRecord", json!({"Id": id})).await
    }

    fn change(&self, more: Value) -> Value {
        with(
            json!({
                "ProvisionedProductId": self.id,
                "UpdateToken": "update-1",
                "ProvisioningParameters": [
                    {"Key": "Owner", "UsePreviousValue": true},
                    {"Key": "Size", "Value": "large"},
                ],
            }),
            more,
        )
    }

    async fn update(&self, more: Value) -> String {
        let answer = self
            .bench
            .ok("UpdateProvisionedProduct", self.change(more))
            .await;
        text(&answer, "/RecordDetail/RecordId")
    }

    async fn allow_tag_updates(&self) {
        let parameters =
            r#"{"Version":"2.0","Properties":{"TagUpdateOnProvisionedProduct":"ALLOWED"}}"#;
        self.bench
            .ok(
                "CreateConstraint",
                json!({"PortfolioId": self.portfolio, "ProductId": self.product,
                       "Type": "RESOURCE_UPDATE", "Parameters": parameters, "IdempotencyToken": "t"}),
            )
            .await;
    }

    async fn own_tags(&self) -> Vec<String> {
        let input = json!({"Filters": {"SearchQuery": [format!("id:{}", self.id)]}});
        let found = self.bench.ok("SearchProvisionedProducts", input).await;
        let tags = found["ProvisionedProducts"][0]["Tags"].as_array().unwrap();
        tags.iter()
            .map(|tag| {
                format!(
                    "{}={}",
                    tag["Key"].as_str().unwrap(),
                    tag["Value"].as_str().unwrap()
                )
            })
            .filter(|tag| !tag.starts_with("aws:"))
            .collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_launch_becomes_available_with_its_outputs() {
    let bench = Bench::new(Profile::Local);
    let sdk = bench.sdk();
    let (_, product, version) = bench.launchable("topic").await;
    let parameter = ProvisioningParameter::builder();
    let launched = sdk
        .provision_product()
        .product_id(&product)
        .provisioning_artifact_id(&version)
        .provisioned_product_name("mine")
        .provision_token("launch-1")
        .provisioning_parameters(parameter.key("Owner").value("me").build())
        .send()
        .await
        .unwrap();
    let record = launched.record_detail().unwrap();
    assert_eq!(record.status(), Some(&RecordStatus::Created));
    assert_eq!(record.record_type(), Some("PROVISION_PRODUCT"));
    assert_eq!(record.created_time(), record.updated_time());
    assert!(record.path_id().unwrap().starts_with("lpv3-"));
    assert!(record.record_tags().is_empty() && record.record_errors().is_empty());
    let id = record.provisioned_product_id().unwrap();
    let mut statuses = Vec::new();
    for _ in 0..60 {
        let read = sdk
            .describe_record()
            .id(record.record_id().unwrap())
            .send()
            .await
            .unwrap();
        let status = read.record_detail().unwrap().status().cloned().unwrap();
        if statuses.last() != Some(&status) {
            statuses.push(status);
        }
        bench.pass(0.1).await;
    }
    assert_eq!(
        statuses,
        [
            RecordStatus::Created,
            RecordStatus::InProgress,
            RecordStatus::Succeeded
        ]
    );
    let read = sdk
        .describe_provisioned_product()
        .name("mine")
        .send()
        .await
        .unwrap();
    let detail = read.provisioned_product_detail().unwrap();
    assert_eq!(detail.status(), Some(&ProvisionedProductStatus::Available));
    assert_eq!(detail.idempotency_token(), Some("launch-1"));
    assert_eq!(detail.status_message(), None);
    assert_eq!(
        detail.last_successful_provisioning_record_id(),
        record.record_id()
    );
    assert_eq!(
        detail.arn().unwrap(),
        format!("arn:aws:servicecatalog:us-east-1:{ACCOUNT}:stack/mine/{id}")
    );
    let outputs = sdk
        .get_provisioned_product_outputs()
        .provisioned_product_id(id)
        .send()
        .await
        .unwrap();
    let outputs = outputs.outputs();
    assert_eq!(outputs[0].output_key(), Some("CloudformationStackARN"));
    let stack = outputs[0].output_value().unwrap();
    assert!(stack.contains(&format!(":stack/SC-{ACCOUNT}-{id}/")));
    assert_eq!(outputs[1].output_key(), Some("Kind"));
    assert_eq!(outputs[1].output_value(), Some("small"));
    let listed = sdk
        .scan_provisioned_products()
        .access_level_filter(
            AccessLevelFilter::builder()
                .key(AccessLevelFilterKey::Account)
                .value("self")
                .build(),
        )
        .send()
        .await
        .unwrap();
    assert_eq!(listed.provisioned_products(), std::slice::from_ref(detail));
}

#[tokio::test(start_paused = true)]
async fn the_stack_carries_the_recorded_tags_and_capabilities() {
    let launched = Launched::settled(Bench::new(Profile::Instant)).await;
    let name = format!("SC-{ACCOUNT}-{}", launched.id);
    let emulator = &launched.bench.emulator;
    let stack = emulator.with_stacks(ACCOUNT, "us-east-1", |stacks, _| {
        stacks.get(&name).unwrap().clone()
    });
    assert_eq!(
        stack.capabilities,
        ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
    );
    assert_eq!(stack.role_arn, None);
    let keys: Vec<&str> = stack.tags.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "aws:servicecatalog:productArn",
            "aws:servicecatalog:provisioningPrincipalArn",
            "aws:servicecatalog:portfolioArn",
            "aws:servicecatalog:provisionedProductArn",
            "aws:servicecatalog:provisioningArtifactIdentifier",
            "cost",
        ]
    );
    let record = launched.record(&launched.record).await;
    let tags = record["RecordDetail"]["RecordTags"].as_array().unwrap();
    assert_eq!(tags.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn missing_parameters_show_in_the_record_only() {
    let bench = Bench::new(Profile::Local);
    let (_, product, version) = bench.launchable("topic").await;
    let launch = json!({
        "ProductId": product, "ProvisioningArtifactId": version,
        "ProvisionedProductName": "mine", "ProvisionToken": "t",
    });
    let answer = bench.ok("ProvisionProduct", launch).await;
    let id = text(&answer, "/RecordDetail/ProvisionedProductId");
    bench.pass(PATIENCE).await;
    let read = bench
        .ok("DescribeProvisionedProduct", json!({"Id": id}))
        .await;
    let detail = &read["ProvisionedProductDetail"];
    assert_eq!(detail["Status"], "ERROR");
    let message = text(detail, "/StatusMessage");
    let start = "AmazonCloudFormationException  Parameters: [Owner] must have values (Service: \
                 AmazonCloudFormation; Status Code: 400; Error Code: ValidationError; Request ID: ";
    assert!(message.starts_with(start), "{message}");
    assert_eq!(detail["LastSuccessfulProvisioningRecordId"], Value::Null);
    let found = bench
        .ok(
            "SearchProvisionedProducts",
            json!({"Filters": {"SearchQuery": ["status:ERROR"]}}),
        )
        .await;
    assert_eq!(found["TotalResultsCount"], 1);
    assert_eq!(found["ProvisionedProducts"][0]["PhysicalId"], Value::Null);
    let record = text(&answer, "/RecordDetail/RecordId");
    let record = bench.ok("DescribeRecord", json!({"Id": record})).await;
    assert_eq!(record["RecordDetail"]["Status"], "FAILED");
    assert_eq!(record["RecordOutputs"], json!([]));
    assert_eq!(
        bench
            .refused(
                "GetProvisionedProductOutputs",
                json!({"ProvisionedProductId": id})
            )
            .await,
        (
            "InvalidParametersException".to_owned(),
            "Last Successful Provisioning Record doesn't exist.".to_owned()
        )
    );
    // It can only be terminated; then its name is free again.
    let update = json!({"ProvisionedProductId": id, "UpdateToken": "u"});
    let (code, _) = bench.refused("UpdateProvisionedProduct", update).await;
    assert_eq!(code, "InvalidParametersException");
    bench
        .ok(
            "TerminateProvisionedProduct",
            json!({"ProvisionedProductId": id, "TerminateToken": "x"}),
        )
        .await;
    bench.pass(PATIENCE).await;
    let (code, _) = bench
        .refused("DescribeProvisionedProduct", json!({"Id": id}))
        .await;
    assert_eq!(code, "ResourceNotFoundException");
}

fn failing(resource: &str) -> Faults {
    Faults {
        stacks: vec![StackFault {
            stack: "SC-*".to_owned(),
            resource: resource.to_owned(),
            reason: Some("Topic limit exceeded".to_owned()),
            ..StackFault::default()
        }],
        ..Faults::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_creation_rolls_back_to_error() {
    let launched = Launched::with(Bench::with(Profile::Local, failing("Topic"))).await;
    let mut statuses: Vec<String> = Vec::new();
    for _ in 0..80 {
        let record = launched.record(&launched.record).await;
        let status = text(&record, "/RecordDetail/Status");
        if statuses.last() != Some(&status) {
            statuses.push(status);
        }
        launched.bench.pass(0.1).await;
    }
    assert_eq!(
        statuses,
        ["CREATED", "IN_PROGRESS", "IN_PROGRESS_IN_ERROR", "FAILED"]
    );
    let detail = launched.detail().await;
    assert_eq!(detail["Status"], "ERROR");
    assert!(
        text(&detail, "/StatusMessage").contains("Topic"),
        "{detail}"
    );
    let record = launched.record(&launched.record).await;
    assert_eq!(
        record["RecordDetail"]["RecordErrors"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn an_update_succeeds_and_one_that_fails_taints() {
    let launched = Launched::settled(Bench::new(Profile::Local)).await;
    let bench = &launched.bench;
    let url = bench
        .template("v2.yaml", &TEMPLATE.replace("${Owner}-", "${Owner}+"))
        .await;
    let second = bench
        .ok(
            "CreateProvisioningArtifact",
            json!({"ProductId": launched.product, "IdempotencyToken": "v2", "Parameters": {
                "Name": "v2", "Info": {"LoadTemplateFromURL": url}}}),
        )
        .await;
    let second = text(&second, "/ProvisioningArtifactDetail/Id");
    let good = launched.update(json!({})).await;
    assert_eq!(launched.detail().await["Status"], "UNDER_CHANGE");
    // The other calls have to wait meanwhile.
    for (operation, token) in [
        ("UpdateProvisionedProduct", "UpdateToken"),
        ("TerminateProvisionedProduct", "TerminateToken"),
    ] {
        let input = json!({"ProvisionedProductId": launched.id, token: "other"});
        assert_eq!(
            bench.refused(operation, input).await.0,
            "InvalidParametersException"
        );
    }
    bench.pass(PATIENCE).await;
    let detail = launched.detail().await;
    assert_eq!(detail["Status"], "AVAILABLE");
    assert_eq!(detail["LastSuccessfulProvisioningRecordId"], json!(good));
    let outputs = launched.record(&good).await;
    assert_eq!(outputs["RecordOutputs"][1]["OutputValue"], "large");

    bench.emulator.set_faults(failing("Topic"));
    let bad = launched
        .update(json!({"UpdateToken": "bad", "ProvisioningArtifactId": second}))
        .await;
    bench.pass(PATIENCE).await;
    let detail = launched.detail().await;
    assert_eq!(detail["Status"], "TAINTED");
    assert!(
        text(&detail, "/StatusMessage")
            .contains("The following resource(s) failed to update: [Topic]"),
        "{detail}"
    );
    assert_eq!(detail["LastSuccessfulProvisioningRecordId"], json!(good));
    assert_eq!(detail["LastProvisioningRecordId"], json!(bad));
    // Not what runs, but what was tried (peers, quirk 68).
    assert_eq!(detail["ProvisioningArtifactId"], json!(second));
    let outputs = bench
        .ok(
            "GetProvisionedProductOutputs",
            json!({"ProvisionedProductId": launched.id}),
        )
        .await;
    assert_eq!(outputs["Outputs"][1]["OutputValue"], "large");
    // TAINTED is stable: the next good update mends it.
    launched
        .update(json!({"UpdateToken": "mend", "ProvisioningArtifactId": second}))
        .await;
    bench.pass(PATIENCE).await;
    assert_eq!(launched.detail().await["Status"], "AVAILABLE");
}

#[tokio::test(start_paused = true)]
async fn an_update_that_cloudformation_refuses_taints() {
    let launched = Launched::settled(Bench::new(Profile::Local)).await;
    launched
        .update(json!({"ProvisioningParameters": [{"Key": "Owner", "Value": "me"}, {"Key": "Colour", "Value": "red"}]}))
        .await;
    launched.bench.pass(PATIENCE).await;
    let detail = launched.detail().await;
    assert_eq!(detail["Status"], "TAINTED");
    let message = text(&detail, "/StatusMessage");
    assert!(
        message.contains(
            "AmazonCloudFormationException  Parameters: [Colour] do not exist in the template"
        ),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_update_without_changes_ends_well() {
    let launched = Launched::settled(Bench::new(Profile::Local)).await;
    let record = launched
        .update(json!({"ProvisioningParameters": [{"Key": "Owner", "Value": " me "}]}))
        .await;
    launched.bench.pass(PATIENCE).await;
    let read = launched.record(&record).await;
    assert_eq!(read["RecordDetail"]["Status"], "SUCCEEDED");
    assert_eq!(read["RecordOutputs"].as_array().unwrap().len(), 2);
    assert_eq!(launched.detail().await["Status"], "AVAILABLE");
}

#[tokio::test(start_paused = true)]
async fn versions_out_of_use_are_not_launched() {
    let launched = Launched::settled(Bench::new(Profile::Instant)).await;
    let bench = &launched.bench;
    let guide = async |more: Value| {
        let input = with(
            json!({"ProductId": launched.product, "ProvisioningArtifactId": launched.version}),
            more,
        );
        bench.ok("UpdateProvisioningArtifact", input).await;
    };
    let launch = json!({
        "ProductId": launched.product, "ProvisioningArtifactId": launched.version,
        "ProvisionedProductName": "other", "ProvisionToken": "other",
    });
    guide(json!({"Guidance": "DEPRECATED"})).await;
    let (code, _) = bench.refused("ProvisionProduct", launch.clone()).await;
    assert_eq!(code, "InvalidParametersException");
    launched.update(json!({})).await;
    guide(json!({"Guidance": "DEFAULT", "Active": false})).await;
    let (code, _) = bench.refused("ProvisionProduct", launch).await;
    assert_eq!(code, "ResourceNotFoundException");
    let (code, _) = bench
        .refused(
            "UpdateProvisionedProduct",
            launched.change(json!({"UpdateToken": "u2"})),
        )
        .await;
    assert_eq!(code, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn tags_change_only_where_they_may() {
    let launched = Launched::settled(Bench::new(Profile::Instant)).await;
    let tags =
        |token: &str, tags: Value| launched.change(json!({"UpdateToken": token, "Tags": tags}));
    let wanted = json!([{"Key": "cost", "Value": "8"}, {"Key": "team", "Value": "a"}]);
    let said = launched
        .bench
        .refused("UpdateProvisionedProduct", tags("1", wanted.clone()))
        .await;
    assert_eq!(said.0, "InvalidParametersException");
    launched.allow_tag_updates().await;
    let update = async |token: &str, wanted: Value| {
        launched
            .bench
            .ok("UpdateProvisionedProduct", tags(token, wanted))
            .await;
        launched.own_tags().await
    };
    assert_eq!(update("2", wanted).await, ["cost=8", "team=a"]);
    // A removal alone does nothing (facts §9.3, a user's report).
    let fewer = json!([{"Key": "cost", "Value": "8"}]);
    assert_eq!(update("3", fewer).await, ["cost=8", "team=a"]);
    let other = json!([{"Key": "cost", "Value": "9"}]);
    assert_eq!(update("4", other).await, ["cost=9"]);
}

#[tokio::test(start_paused = true)]
async fn tags_that_an_update_does_not_set_count_to_no_quota() {
    let bench = Bench::new(Profile::Instant);
    let (portfolio, product, version) = bench.launchable("topic").await;
    let fifty: Vec<Value> = (0..50)
        .map(|n| json!({"Key": format!("k{n}"), "Value": "v"}))
        .collect();
    let launch = json!({
        "ProductId": product, "ProvisioningArtifactId": version, "ProvisionedProductName": "mine",
        "ProvisionToken": "t", "Tags": fifty,
        "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}]});
    bench.ok("ProvisionProduct", launch).await;
    let more = json!({"Id": product, "AddTags": [{"Key": "more", "Value": "v"}]});
    bench.ok("UpdateProduct", more).await;
    let update = |token: &str| {
        json!({"ProvisionedProductName": "mine", "UpdateToken": token,
               "ProvisioningParameters": [{"Key": "Owner", "Value": "you"}]})
    };
    bench.ok("UpdateProvisionedProduct", update("1")).await;
    let found = bench.ok("SearchProvisionedProducts", json!({})).await;
    let tags = found["ProvisionedProducts"][0]["Tags"].as_array().unwrap();
    assert_eq!(
        tags.len(),
        55,
        "with the AutoTags and without the product's"
    );
    // Where it does set them, they are too many.
    let launched = Launched {
        id: text(&found, "/ProvisionedProducts/0/Id"),
        record: text(&found, "/ProvisionedProducts/0/LastRecordId"),
        bench,
        portfolio,
        product,
        version,
    };
    launched.allow_tag_updates().await;
    let (code, said) = launched
        .bench
        .refused("UpdateProvisionedProduct", update("2"))
        .await;
    assert_eq!(code, "InvalidParametersException");
    assert_eq!(said, "A provisioned product can have 50 tags.");
}

#[tokio::test(start_paused = true)]
async fn a_termination_frees_the_name_and_keeps_the_records() {
    let launched = Launched::settled(Bench::new(Profile::Local)).await;
    let bench = &launched.bench;
    let terminate =
        |token: &str| json!({"ProvisionedProductName": "mine", "TerminateToken": token});
    let operation = "TerminateProvisionedProduct";
    let first = bench.ok(operation, terminate("t")).await;
    assert_eq!(
        first["RecordDetail"]["RecordType"],
        "TERMINATE_PROVISIONED_PRODUCT"
    );
    let again = bench.ok(operation, terminate("t")).await;
    assert_eq!(
        again["RecordDetail"]["RecordId"],
        first["RecordDetail"]["RecordId"]
    );
    bench.pass(PATIENCE).await;
    let gone = bench.refused(operation, terminate("t")).await;
    assert_eq!(gone.0, "ResourceNotFoundException");
    assert!(gone.1.contains("Provisioned product not found"));
    let record = text(&first, "/RecordDetail/RecordId");
    let record = launched.record(&record).await;
    assert_eq!(record["RecordDetail"]["Status"], "SUCCEEDED");
    let history = bench
        .ok(
            "ListRecordHistory",
            json!({"SearchFilter": {"Key": "provisionedproduct", "Value": launched.id}}),
        )
        .await;
    let kinds: Vec<&Value> = history["RecordDetails"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| &record["RecordType"])
        .collect();
    assert_eq!(
        kinds,
        ["TERMINATE_PROVISIONED_PRODUCT", "PROVISION_PRODUCT"]
    );
    // The name is free.
    let launch = json!({
        "ProductId": launched.product, "ProvisioningArtifactId": launched.version,
        "ProvisionedProductName": "mine", "ProvisionToken": "launch-2",
    });
    bench.ok("ProvisionProduct", launch).await;
}

/// A stack whose bucket somebody put something into cannot be deleted.
#[tokio::test(start_paused = true)]
async fn half_a_filter_finds_nothing_rather_than_all() {
    let launched = Launched::settled(Bench::new(Profile::Instant)).await;
    for filter in [
        json!({"Key": "product"}),
        json!({"Value": launched.product}),
    ] {
        let input = json!({ "SearchFilter": filter });
        let said = launched.bench.refused("ListRecordHistory", input).await;
        assert_eq!(said.0, "InvalidParametersException", "{filter}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_arn_names_what_is_in_its_own_account_and_region() {
    let launched = Launched::settled(Bench::new(Profile::Instant)).await;
    let arn = text(&launched.detail().await, "/Arn");
    let input = |arn: &str| json!({"ProvisionedProductName": arn, "TerminateToken": "end"});
    for elsewhere in [
        arn.replace("us-east-1", "eu-west-1"),
        arn.replace(ACCOUNT, "210987654321"),
        arn.replace("/mine/", "/yours/"),
    ] {
        let operation = "TerminateProvisionedProduct";
        let said = launched.bench.refused(operation, input(&elsewhere)).await;
        assert_eq!(said.0, "ResourceNotFoundException", "{elsewhere}");
    }
    let operation = "TerminateProvisionedProduct";
    launched.bench.ok(operation, input(&arn)).await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_termination_taints_unless_errors_are_ignored() {
    let bench = Bench::new(Profile::Local);
    let template = "Parameters: {Owner: {Type: String}}\nResources:\n  Keep:\n    \
                    Type: AWS::S3::Bucket\n    Properties: {BucketName: keepsakes}\n";
    let target = bench.launchable_of("bucket", template).await;
    let launched = Launched::of(bench, target).await;
    let bench = &launched.bench;
    bench.pass(PATIENCE).await;
    let put = bench.s3("PUT", "keepsakes", "one", "dear").await;
    assert!(put.status().is_success(), "{put:?}");
    let terminate = async |more: Value| {
        let input = with(
            json!({"ProvisionedProductId": launched.id, "TerminateToken": "t"}),
            more,
        );
        let answer = bench.ok("TerminateProvisionedProduct", input).await;
        bench.pass(PATIENCE).await;
        text(&answer, "/RecordDetail/RecordId")
    };
    let failed = terminate(json!({})).await;
    let detail = launched.detail().await;
    assert_eq!(detail["Status"], "TAINTED");
    assert!(text(&detail, "/StatusMessage").contains("Keep"), "{detail}");
    let record = launched.record(&failed).await;
    assert_eq!(record["RecordDetail"]["Status"], "FAILED");
    // The same token is good again once that termination is over.
    let forced = terminate(json!({"IgnoreErrors": true})).await;
    assert_ne!(failed, forced);
    let gone = bench
        .refused("DescribeProvisionedProduct", json!({"Name": "mine"}))
        .await;
    assert_eq!(gone.0, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn a_retained_stack_outlives_its_provisioned_product() {
    let launched = Launched::settled(Bench::new(Profile::Local)).await;
    let input = json!({
        "ProvisionedProductId": launched.id, "TerminateToken": "t", "RetainPhysicalResources": true,
    });
    launched
        .bench
        .ok("TerminateProvisionedProduct", input)
        .await;
    launched.bench.pass(PATIENCE).await;
    let name = format!("SC-{ACCOUNT}-{}", launched.id);
    let emulator = &launched.bench.emulator;
    let status = emulator.with_stacks(ACCOUNT, "us-east-1", |stacks, _| {
        stacks.get(&name).map(|stack| stack.status.as_str())
    });
    assert_eq!(status, Some("CREATE_COMPLETE"));
    assert_eq!(
        launched
            .bench
            .ok("ScanProvisionedProducts", json!({}))
            .await,
        json!({"ProvisionedProducts": []})
    );
}

#[tokio::test(start_paused = true)]
async fn a_search_without_an_order_has_none() {
    let bench = Bench::new(Profile::Instant);
    let (_, product, version) = bench.launchable("topic").await;
    for n in 0..12 {
        let launch = json!({
            "ProductId": product, "ProvisioningArtifactId": version,
            "ProvisionedProductName": format!("n{n:02}"), "ProvisionToken": format!("t{n}"),
            "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}],
        });
        bench.ok("ProvisionProduct", launch).await;
    }
    let names = async |input: Value| -> Vec<String> {
        let answer = bench.ok("SearchProvisionedProducts", input).await;
        let found = answer["ProvisionedProducts"].as_array().unwrap();
        found.iter().map(|row| text(row, "/Name")).collect()
    };
    let sorted = names(json!({"SortBy": "name"})).await;
    assert!(sorted.is_sorted() && sorted.len() == 12);
    let (one, two) = (names(json!({})).await, names(json!({})).await);
    assert_ne!(one, two);
    let mut both = one.clone();
    both.sort();
    assert_eq!(both, sorted);
    assert_eq!(
        names(json!({"Filters": {"SearchQuery": ["name:N03"]}})).await,
        ["n03"]
    );
    assert_eq!(
        names(json!({"Filters": {"SearchQuery": ["n1"]}, "SortBy": "name"})).await,
        ["n10", "n11"]
    );
    // A value with a blank is one term, in quotes.
    let renamed = json!({"Id": product, "Name": "Static site"});
    bench.ok("UpdateProduct", renamed).await;
    let update = json!({"ProvisionedProductName": "n05", "UpdateToken": "u",
                        "ProvisioningParameters": [{"Key": "Owner", "Value": "you"}]});
    bench.ok("UpdateProvisionedProduct", update).await;
    for (query, found) in [
        ("productName:\"Static site\"", &["n05"][..]),
        (" productName:\"static site\"  name:n05 ", &["n05"]),
        ("\"static site\"", &["n05"]),
        ("productName:\"Static site\" name:n03", &[]),
        ("productName:Static site", &[]),
    ] {
        let query = json!({"Filters": {"SearchQuery": [query]}});
        assert_eq!(names(query.clone()).await, found, "{query}");
    }
    for (day, count) in [("2027-01-15", 12), ("2027-01-15T08", 12), ("2027-01-16", 0)] {
        let query = format!("createdTime:{day}");
        let found = names(json!({"Filters": {"SearchQuery": [query]}})).await;
        assert_eq!(found.len(), count, "{day}");
    }
    let (code, _) = bench
        .refused("SearchProvisionedProducts", json!({"SortBy": "colour"}))
        .await;
    assert_eq!(code, "InvalidParametersException");
}

#[tokio::test(start_paused = true)]
async fn the_sdk_updates_with_previous_values() {
    let launched = Launched::settled(Bench::new(Profile::Local)).await;
    let parameter = UpdateProvisioningParameter::builder;
    let updated = launched
        .bench
        .sdk()
        .update_provisioned_product()
        .provisioned_product_name("mine")
        .update_token("u")
        .provisioning_parameters(parameter().key("Owner").use_previous_value(true).build())
        .provisioning_parameters(parameter().key("Size").value("large").build())
        .send()
        .await
        .unwrap();
    let record = updated.record_detail().unwrap();
    assert_eq!(record.record_type(), Some("UPDATE_PROVISIONED_PRODUCT"));
    launched.bench.pass(PATIENCE).await;
    assert_eq!(launched.detail().await["Status"], "AVAILABLE");
}

#[tokio::test(start_paused = true)]
async fn topics_of_a_later_constraint_come_with_the_next_update() {
    let launched = Launched::settled(Bench::new(Profile::Instant)).await;
    let topics = || {
        let name = format!("SC-{ACCOUNT}-{}", launched.id);
        launched
            .bench
            .emulator
            .with_stacks(ACCOUNT, "us-east-1", |stacks, _| {
                stacks.get(&name).unwrap().notification_arns.clone()
            })
    };
    let topic = format!("arn:aws:sns:us-east-1:{ACCOUNT}:news");
    launched
        .bench
        .ok(
            "CreateConstraint",
            json!({"PortfolioId": launched.portfolio, "ProductId": launched.product, "Type": "NOTIFICATION",
                   "Parameters": json!({"NotificationArns": [topic]}).to_string(), "IdempotencyToken": "n"}),
        )
        .await;
    assert!(topics().is_empty());
    launched.update(json!({})).await;
    assert_eq!(topics(), std::slice::from_ref(&topic));
    // A launch names a topic once, whoever names it.
    let input = json!({"ProductId": launched.product, "ProvisioningArtifactId": launched.version,
                       "ProvisionedProductName": "other", "ProvisionToken": "other",
                       "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}],
                       "NotificationArns": [topic, topic]});
    let answer = launched.bench.ok("ProvisionProduct", input).await;
    let id = text(&answer, "/RecordDetail/ProvisionedProductId");
    let name = format!("SC-{ACCOUNT}-{id}");
    let emulator = &launched.bench.emulator;
    let own = emulator.with_stacks(ACCOUNT, "us-east-1", |stacks, _| {
        stacks.get(&name).unwrap().notification_arns.clone()
    });
    assert_eq!(own, [topic]);
}

/// Deletes the stack of a provisioned product with CloudFormation, as somebody may.
fn delete_by_hand(launched: &Launched) {
    let name = format!("SC-{ACCOUNT}-{}", launched.id);
    let emulator = &launched.bench.emulator;
    emulator
        .with_stacks(ACCOUNT, "us-east-1", |stacks, ctx| {
            assert!(stacks.get(&name).is_some(), "{name}");
            stacks.delete(ctx, &name)
        })
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_termination_ends_though_the_stack_was_deleted_by_hand_before() {
    let launched = Launched::settled(Bench::new(Profile::Local)).await;
    delete_by_hand(&launched);
    launched.bench.pass(PATIENCE).await;
    let input = json!({"ProvisionedProductId": launched.id, "TerminateToken": "t"});
    let answer = launched
        .bench
        .ok("TerminateProvisionedProduct", input)
        .await;
    launched.bench.pass(PATIENCE).await;
    let record = launched
        .record(&text(&answer, "/RecordDetail/RecordId"))
        .await;
    assert_eq!(text(&record, "/RecordDetail/Status"), "SUCCEEDED");
    let input = json!({"Id": launched.id});
    let gone = launched
        .bench
        .refused("DescribeProvisionedProduct", input)
        .await;
    assert_eq!(gone.0, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn a_launch_fails_whose_stack_is_deleted_by_hand_meanwhile() {
    let launched = Launched::with(Bench::new(Profile::Local)).await;
    launched.bench.pass(0.3).await;
    delete_by_hand(&launched);
    launched.bench.pass(PATIENCE).await;
    let record = launched.record(&launched.record).await;
    assert_eq!(text(&record, "/RecordDetail/Status"), "FAILED");
    assert_eq!(text(&launched.detail().await, "/Status"), "ERROR");
}
