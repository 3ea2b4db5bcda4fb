//! Self-service actions (facts §9.10).

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Faults, Lag, Latency, Rule};
use serde_json::{Value, json};

use super::client::{Bench, TEMPLATE, ids, text, with};

const INVALID: &str = "InvalidParametersException";
const NOT_FOUND: &str = "ResourceNotFoundException";
const DUPLICATE: &str = "DuplicateResourceException";
const LIMIT: &str = "LimitExceededException";
const IN_USE: &str = "ResourceInUseException";

const ASSOCIATE: &str = "AssociateServiceActionWithProvisioningArtifact";
const DISASSOCIATE: &str = "DisassociateServiceActionFromProvisioningArtifact";

fn definition() -> Value {
    json!({"Name": "AWS-RestartEC2Instance", "Version": "1", "AssumeRole": "LAUNCH_ROLE"})
}

async fn action(bench: &Bench, name: &str) -> String {
    let made = bench
        .ok(
            "CreateServiceAction",
            json!({"Name": name, "DefinitionType": "SSM_AUTOMATION", "Definition": definition(),
                   "IdempotencyToken": format!("action-{name}")}),
        )
        .await;
    text(&made, "/ServiceActionDetail/ServiceActionSummary/Id")
}

#[tokio::test(start_paused = true)]
async fn an_action_is_made_changed_listed_and_deleted() {
    let bench = Bench::new(Profile::Instant);
    let input = json!({
        "Name": "restart", "Description": "Off and on", "DefinitionType": "SSM_AUTOMATION",
        "Definition": definition(), "IdempotencyToken": "t",
    });
    let made = bench.ok("CreateServiceAction", input.clone()).await;
    let id = text(&made, "/ServiceActionDetail/ServiceActionSummary/Id");
    assert!(id.starts_with("act-"), "{id}");
    let summary = json!({
        "DefinitionType": "SSM_AUTOMATION", "Description": "Off and on", "Id": id, "Name": "restart",
    });
    let expected = json!({"ServiceActionDetail": {
        "Definition": definition(), "ServiceActionSummary": summary}});
    assert_eq!(made, expected);
    // The same token makes no second one.
    assert_eq!(bench.ok("CreateServiceAction", input).await, made);
    let listed = bench.ok("ListServiceActions", json!({})).await;
    assert_eq!(listed, json!({ "ServiceActionSummaries": [summary] }));
    let changed =
        json!({"Id": id, "Name": "reboot", "Definition": {"Name": "Mine", "Version": "2"}});
    let changed = bench.ok("UpdateServiceAction", changed).await;
    let detail = &changed["ServiceActionDetail"];
    assert_eq!(
        detail["Definition"],
        json!({"Name": "Mine", "Version": "2"})
    );
    assert_eq!(detail["ServiceActionSummary"]["Description"], "Off and on");
    let described = bench.ok("DescribeServiceAction", json!({"Id": id})).await;
    assert_eq!(described, changed);
    let gone = json!({"Id": id, "IdempotencyToken": "gone"});
    assert_eq!(
        bench.ok("DeleteServiceAction", gone.clone()).await,
        json!({})
    );
    assert_eq!(bench.ok("DeleteServiceAction", gone).await, json!({}));
    for (operation, input) in [
        ("DescribeServiceAction", json!({"Id": id})),
        ("UpdateServiceAction", json!({"Id": id})),
        ("DeleteServiceAction", json!({"Id": id})),
        (
            "ListProvisioningArtifactsForServiceAction",
            json!({"ServiceActionId": id}),
        ),
    ] {
        assert_eq!(
            bench.refused(operation, input).await.0,
            NOT_FOUND,
            "{operation}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_definition_names_a_document_and_its_parameters() {
    let bench = Bench::new(Profile::Instant);
    for definition in [
        json!({"Name": "AWS-RestartEC2Instance"}),
        json!({"Version": "1"}),
        json!({"Name": "a", "Version": "1", "Parameters": "InstanceId"}),
        json!({"Name": "a", "Version": "1", "Parameters": "[{\"Name\": \"InstanceId\"}]"}),
    ] {
        let input = json!({"Name": "a", "DefinitionType": "SSM_AUTOMATION",
                           "Definition": definition, "IdempotencyToken": "t"});
        assert_eq!(bench.refused("CreateServiceAction", input).await.0, INVALID);
    }
    let odd = json!({"Name": "a", "DefinitionType": "LAMBDA", "Definition": definition(),
                     "IdempotencyToken": "t"});
    let said = bench.refused("CreateServiceAction", odd).await;
    assert_eq!(said.0, "ValidationException");
}

#[tokio::test(start_paused = true)]
async fn versions_and_actions_know_each_other() {
    let bench = Bench::new(Profile::Instant);
    let (product, version) = bench.product("topic").await;
    let (first, second) = (action(&bench, "one").await, action(&bench, "two").await);
    let place = json!({"ProductId": product, "ProvisioningArtifactId": version});
    let on = |action: &str| {
        let mut input = place.clone();
        input["ServiceActionId"] = json!(action);
        input
    };
    for action in [&first, &second] {
        assert_eq!(bench.ok(ASSOCIATE, on(action)).await, json!({}));
    }
    assert_eq!(bench.refused(ASSOCIATE, on(&first)).await.0, DUPLICATE);
    let list = async |more: Value| {
        let input = with(place.clone(), more);
        bench
            .ok("ListServiceActionsForProvisioningArtifact", input)
            .await
    };
    let shown = list(json!({})).await;
    assert_eq!(
        ids(&shown, "ServiceActionSummaries", "/Id"),
        [first.clone(), second.clone()]
    );
    let page = list(json!({"PageSize": 1})).await;
    let page = list(json!({"PageSize": 1, "PageToken": page["NextPageToken"]})).await;
    assert_eq!(
        ids(&page, "ServiceActionSummaries", "/Id"),
        std::slice::from_ref(&second)
    );
    assert_eq!(page.get("NextPageToken"), None);
    let views = bench
        .ok(
            "ListProvisioningArtifactsForServiceAction",
            json!({"ServiceActionId": first}),
        )
        .await;
    let view = &views["ProvisioningArtifactViews"][0];
    assert_eq!(view["ProductViewSummary"]["ProductId"], json!(product));
    assert_eq!(view["ProvisioningArtifact"]["Id"], json!(version));
    assert_eq!(view["ProvisioningArtifact"]["Guidance"], "DEFAULT");
    // All of it is in use now.
    let url = bench.template("more.yaml", super::client::TEMPLATE).await;
    bench
        .ok(
            "CreateProvisioningArtifact",
            json!({"ProductId": product, "IdempotencyToken": "v2",
                   "Parameters": {"Name": "v2", "Info": {"LoadTemplateFromURL": url}}}),
        )
        .await;
    for (operation, input) in [
        ("DeleteServiceAction", json!({"Id": first})),
        ("DeleteProvisioningArtifact", place.clone()),
        ("DeleteProduct", json!({"Id": product})),
    ] {
        assert_eq!(
            bench.refused(operation, input).await.0,
            IN_USE,
            "{operation}"
        );
    }
    for action in [&first, &second] {
        assert_eq!(bench.ok(DISASSOCIATE, on(action)).await, json!({}));
        assert_eq!(bench.refused(DISASSOCIATE, on(action)).await.0, NOT_FOUND);
    }
    bench.ok("DeleteServiceAction", json!({"Id": first})).await;
    bench.ok("DeleteProvisioningArtifact", place.clone()).await;
    bench.ok("DeleteProduct", json!({"Id": product})).await;
    let gone = bench
        .refused("ListServiceActionsForProvisioningArtifact", place.clone())
        .await;
    assert_eq!(gone.0, NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn a_batch_does_what_it_can_and_tells_of_the_rest() {
    let bench = Bench::new(Profile::Instant);
    let (product, version) = bench.product("topic").await;
    let one = action(&bench, "one").await;
    let pair = |action: &str, version: &str| json!({"ServiceActionId": action, "ProductId": product, "ProvisioningArtifactId": version});
    let batch = json!({"ServiceActionAssociations": [
        pair(&one, &version), pair(&one, &version), pair("act-aaaaaaaaaaaaa", &version),
        pair(&one, "pa-aaaaaaaaaaaaa"),
    ]});
    let answer = bench
        .ok(
            "BatchAssociateServiceActionWithProvisioningArtifact",
            batch.clone(),
        )
        .await;
    let list = "FailedServiceActionAssociations";
    assert_eq!(
        ids(&answer, list, "/ErrorCode"),
        [
            "DUPLICATE_RESOURCE",
            "RESOURCE_NOT_FOUND",
            "RESOURCE_NOT_FOUND"
        ]
    );
    assert_eq!(answer[list][1]["ServiceActionId"], "act-aaaaaaaaaaaaa");
    assert_eq!(
        answer[list][2]["ProvisioningArtifactId"],
        "pa-aaaaaaaaaaaaa"
    );
    assert!(answer[list][0]["ErrorMessage"].is_string());
    let answer = bench
        .ok(
            "BatchDisassociateServiceActionFromProvisioningArtifact",
            batch,
        )
        .await;
    assert_eq!(ids(&answer, list, "/ErrorCode"), ["RESOURCE_NOT_FOUND"; 3]);
    let none = json!({"ServiceActionAssociations": [pair(&one, &version)]});
    let answer = bench
        .ok("BatchAssociateServiceActionWithProvisioningArtifact", none)
        .await;
    assert_eq!(answer, json!({ list: [] }));
    let empty = json!({"ServiceActionAssociations": []});
    let said = bench
        .refused("BatchAssociateServiceActionWithProvisioningArtifact", empty)
        .await;
    assert_eq!(said.0, "ValidationException");
}

#[tokio::test(start_paused = true)]
async fn a_version_has_twenty_five_actions_and_a_region_two_hundred() {
    let bench = Bench::new(Profile::Instant);
    let (product, version) = bench.product("topic").await;
    let mut all = Vec::new();
    for n in 0..200 {
        all.push(action(&bench, &format!("a{n}")).await);
    }
    let one_more = json!({"Name": "more", "DefinitionType": "SSM_AUTOMATION",
                          "Definition": definition(), "IdempotencyToken": "more"});
    assert_eq!(
        bench.refused("CreateServiceAction", one_more).await.0,
        LIMIT
    );
    let batch: Vec<Value> = all[..26]
        .iter()
        .map(|id| {
            json!({"ServiceActionId": id, "ProductId": product, "ProvisioningArtifactId": version})
        })
        .collect();
    let answer = bench
        .ok(
            "BatchAssociateServiceActionWithProvisioningArtifact",
            json!({ "ServiceActionAssociations": batch }),
        )
        .await;
    let list = "FailedServiceActionAssociations";
    assert_eq!(ids(&answer, list, "/ErrorCode"), ["LIMIT_EXCEEDED"]);
    let mut pages = bench.sdk().list_service_actions().into_paginator().send();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        count += page.unwrap().service_action_summaries().len();
    }
    assert_eq!(count, 200);
}

#[tokio::test(start_paused = true)]
async fn an_association_shows_late() {
    let faults = Faults {
        lag: Some(Lag {
            describe: 0.0,
            search: 5.0,
            chance: 1.0,
        }),
        ..Faults::default()
    };
    let bench = Bench::with(Profile::Instant, faults);
    let (product, version) = bench.product("topic").await;
    let one = action(&bench, "one").await;
    bench.pass(10.0).await;
    let mut input = json!({"ProductId": product, "ProvisioningArtifactId": version});
    let listed = async || {
        let asked = json!({"ProductId": product, "ProvisioningArtifactId": version});
        let operation = "ListServiceActionsForProvisioningArtifact";
        let answer = bench.ok(operation, asked).await;
        answer["ServiceActionSummaries"].as_array().unwrap().len()
    };
    input["ServiceActionId"] = json!(one);
    bench.ok(ASSOCIATE, input).await;
    assert_eq!(listed().await, 0);
    bench.pass(6.0).await;
    assert_eq!(listed().await, 1);
}

#[tokio::test(start_paused = true)]
async fn what_running_an_action_would_need_is_told_as_far_as_it_is_known() {
    let bench = Bench::new(Profile::Instant);
    let (_, product, version) = bench.launchable("topic").await;
    let launched = bench
        .ok(
            "ProvisionProduct",
            json!({"ProductId": product, "ProvisioningArtifactId": version,
                   "ProvisionedProductName": "mine", "ProvisionToken": "mine",
                   "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}]}),
        )
        .await;
    let provisioned = text(&launched, "/RecordDetail/ProvisionedProductId");
    let id = action(&bench, "one").await;
    let asked = json!({"ProvisionedProductId": provisioned, "ServiceActionId": id});
    let operation = "DescribeServiceActionExecutionParameters";
    assert_eq!(bench.refused(operation, asked.clone()).await.0, NOT_FOUND);
    let place =
        json!({"ProductId": product, "ProvisioningArtifactId": version, "ServiceActionId": id});
    bench.ok(ASSOCIATE, place).await;
    let answer = bench.ok(operation, asked.clone()).await;
    assert_eq!(answer, json!({"ServiceActionParameters": []}));
    let with = async |parameters: &str| {
        let definition = json!({"Name": "a", "Version": "1", "Parameters": parameters});
        let input = json!({"Id": id, "Definition": definition});
        bench.ok("UpdateServiceAction", input).await;
        bench.call(operation, asked.clone()).await
    };
    assert_eq!(
        with("[{\"Name\":\"Force\",\"Type\":\"TEXT_VALUE\"}]").await,
        Ok(json!({"ServiceActionParameters": [
            {"DefaultValues": [], "Name": "Force", "Type": "TEXT_VALUE"}]}))
    );
    // Which resources it means only the document tells, and that is not here.
    let said = with("[{\"Name\":\"InstanceId\",\"Type\":\"TARGET\"}]").await;
    assert_eq!(said.unwrap_err().0, "NotImplemented");
    let run =
        json!({"ProvisionedProductId": provisioned, "ServiceActionId": id, "ExecuteToken": "t"});
    let said = bench
        .refused("ExecuteProvisionedProductServiceAction", run)
        .await;
    assert_eq!(
        said,
        (
            "NotImplemented".to_owned(),
            "ExecuteProvisionedProductServiceAction is not supported by the emulator".to_owned()
        )
    );
}

#[tokio::test(start_paused = true)]
async fn an_action_of_a_version_that_was_undone_holds_nothing() {
    let faults = Faults {
        latency: Some(Latency {
            least: 1.0,
            most: 1.0,
        }),
        lost_updates: Some(true),
        ..Faults::default()
    };
    let bench = Bench::with(Profile::Instant, faults);
    let (product, _) = bench.product("topic").await;
    let url = bench.template("more.yaml", TEMPLATE).await;
    let id = action(&bench, "one").await;
    let create = async |name: &str| {
        let input = json!({"ProductId": product, "IdempotencyToken": name, "Parameters": {
            "Name": name, "Info": {"LoadTemplateFromURL": url}}});
        let made = bench.ok("CreateProvisioningArtifact", input).await;
        text(&made, "/ProvisioningArtifactDetail/Id")
    };
    // The second write begins before the first ends, and ends after the association with what that made has begun.
    let first = async {
        let version = create("a").await;
        let place =
            json!({"ProductId": product, "ProvisioningArtifactId": version, "ServiceActionId": id});
        bench.ok(ASSOCIATE, place.clone()).await;
        place
    };
    let second = async {
        bench.pass(0.5).await;
        let slow = Rule::always(Effect::Latency(5.0)).on("CreateProvisioningArtifact");
        bench.emulator.inject(slow.times(1));
        create("b").await
    };
    let (place, _) = tokio::join!(first, second);
    let versions = json!({"ProductId": product});
    let versions = bench.ok("ListProvisioningArtifacts", versions).await;
    let versions = ids(&versions, "ProvisioningArtifactDetails", "/Id");
    assert!(!versions.contains(&text(&place, "/ProvisioningArtifactId")));
    let places = bench
        .ok(
            "ListProvisioningArtifactsForServiceAction",
            json!({"ServiceActionId": id}),
        )
        .await;
    assert_eq!(places, json!({"ProvisioningArtifactViews": []}));
    bench.ok("DeleteProduct", json!({"Id": product})).await;
    bench.ok("DeleteServiceAction", json!({"Id": id})).await;
}
