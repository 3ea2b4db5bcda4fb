//! CopyProduct and what becomes of it (facts §8, §9.1).

use std::collections::BTreeSet;

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Faults, Lag, Latency, Leaves, Rule};
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, TEMPLATE, text, with};

/// Longer than the slowest copy takes.
const PATIENCE: f64 = 15.0;

fn arn(region: &str, product: &str) -> String {
    format!("arn:aws:catalog:{region}:{ACCOUNT}:product/{product}")
}

/// Starts a copy from us-east-1 and returns its token.
async fn start(bench: &Bench, source: &str, more: Value) -> String {
    let input = with(
        json!({
            "SourceProductArn": arn("us-east-1", source),
            "IdempotencyToken": format!("copy-{}", bench.emulator.calls().len()),
        }),
        more,
    );
    let answer = bench.ok("CopyProduct", input).await;
    text(&answer, "/CopyProductToken")
}

async fn status(bench: &Bench, token: &str) -> Value {
    let input = json!({"CopyProductToken": token});
    bench.ok("DescribeCopyProductStatus", input).await
}

/// How a copy ends.
async fn outcome(bench: &Bench, source: &str, more: Value) -> Value {
    let token = start(bench, source, more).await;
    bench.pass(PATIENCE).await;
    status(bench, &token).await
}

/// The target of a copy that ends well.
async fn copied(bench: &Bench, source: &str, more: Value) -> String {
    let ended = outcome(bench, source, more).await;
    assert_eq!(ended["CopyProductStatus"], "SUCCEEDED", "{ended}");
    text(&ended, "/TargetProductId")
}

async fn versions(bench: &Bench, product: &str) -> Vec<Value> {
    let listed = bench
        .ok("ListProvisioningArtifacts", json!({"ProductId": product}))
        .await;
    let details = listed["ProvisioningArtifactDetails"].as_array();
    details.unwrap().clone()
}

async fn names(bench: &Bench, product: &str) -> Vec<String> {
    let versions = versions(bench, product).await;
    versions.iter().map(|row| text(row, "/Name")).collect()
}

/// Adds a version and returns its id.
async fn add(bench: &Bench, product: &str, name: &str, template: &str) -> String {
    let url = bench.template(&format!("{name}.yaml"), template).await;
    let input = json!({
        "ProductId": product, "IdempotencyToken": format!("{product}-{name}"),
        "Parameters": {"Name": name, "Description": name, "Info": {"LoadTemplateFromURL": url}},
    });
    let made = bench.ok("CreateProvisioningArtifact", input).await;
    text(&made, "/ProvisioningArtifactDetail/Id")
}

async fn products(bench: &Bench) -> usize {
    let found = bench.ok("SearchProductsAsAdmin", json!({})).await;
    found["ProductViewDetails"].as_array().unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_a_product_of_its_own_once_it_has_ended() {
    let bench = Bench::new(Profile::Local);
    let (portfolio, source, one) = bench.launchable("topic").await;
    let other = TEMPLATE.replace("small", "tiny");
    let two = add(&bench, &source, "v2", &other).await;
    bench
        .ok(
            "UpdateProduct",
            json!({
                "Id": source, "Description": "d", "Distributor": "di", "SupportDescription": "sd",
                "SupportEmail": "a@example.com", "SupportUrl": "https://example.com",
                "AddTags": [{"Key": "team", "Value": "net"}],
            }),
        )
        .await;
    bench
        .ok(
            "UpdateProvisioningArtifact",
            json!({"ProductId": source, "ProvisioningArtifactId": one, "Guidance": "DEPRECATED"}),
        )
        .await;
    bench
        .ok(
            "UpdateProvisioningArtifact",
            json!({"ProductId": source, "ProvisioningArtifactId": two, "Active": false}),
        )
        .await;
    bench
        .ok(
            "CreateConstraint",
            json!({"PortfolioId": portfolio, "ProductId": source, "Type": "LAUNCH",
                   "Parameters": r#"{"LocalRoleName":"x"}"#, "IdempotencyToken": "c"}),
        )
        .await;

    let input = json!({
        "SourceProductArn": arn("us-east-1", &source), "TargetProductName": "Copy",
        "CopyOptions": ["CopyTags"], "IdempotencyToken": "t",
    });
    let answer = bench.ok("CopyProduct", input.clone()).await;
    let token = text(&answer, "/CopyProductToken");
    assert!(token.starts_with("copyproduct-") && token.len() == 25);
    assert_eq!(answer, json!({ "CopyProductToken": token }));
    // Until it has ended nothing else is to be seen of it.
    bench.pass(0.3).await;
    let going = json!({"CopyProductStatus": "IN_PROGRESS"});
    assert_eq!(status(&bench, &token).await, going);
    assert_eq!(products(&bench).await, 1);
    bench.pass(0.2).await;
    let ended = status(&bench, &token).await;
    let target = text(&ended, "/TargetProductId");
    let expected = json!({"CopyProductStatus": "SUCCEEDED", "TargetProductId": target});
    assert_eq!(ended, expected);
    // The same token finds the same copy, also afterwards.
    assert_eq!(bench.ok("CopyProduct", input).await, answer);
    assert_eq!(products(&bench).await, 2);

    let shown = async |id: &str| bench.ok("DescribeProductAsAdmin", json!({"Id": id})).await;
    let (theirs, ours) = (shown(&source).await, shown(&target).await);
    let summary = |of: &Value| of["ProductViewDetail"]["ProductViewSummary"].clone();
    let mut expected = summary(&theirs);
    for (key, value) in [
        ("Id", &summary(&ours)["Id"]),
        ("ProductId", &json!(target)),
        ("Name", &json!("Copy")),
    ] {
        assert_ne!(expected[key], *value, "{key}");
        expected[key] = value.clone();
    }
    assert_eq!(summary(&ours), expected);
    assert_eq!(ours["Tags"], json!([{"Key": "team", "Value": "net"}]));
    let view = json!({"Id": summary(&ours)["Id"]});
    // Neither portfolio nor constraints come along: nobody may launch it.
    let hidden = bench.refused("DescribeProductView", view).await;
    assert_eq!(hidden.0, "ResourceNotFoundException");
    let portfolios = bench
        .ok("ListPortfoliosForProduct", json!({"ProductId": target}))
        .await;
    assert_eq!(portfolios["PortfolioDetails"], json!([]));

    let (old, new) = (
        versions(&bench, &source).await,
        versions(&bench, &target).await,
    );
    let old_ids: BTreeSet<String> = old.iter().map(|row| text(row, "/Id")).collect();
    for ((old, new), template) in old.iter().zip(&new).zip([TEMPLATE, &other]) {
        assert!(!old_ids.contains(&text(new, "/Id")));
        for same in ["Name", "Description", "Type"] {
            assert_eq!(old[same], new[same], "{same}");
        }
        // These are not copied.
        assert_eq!(
            (&new["Active"], &new["Guidance"]),
            (&json!(true), &json!("DEFAULT"))
        );
        let input = json!({
            "ProductId": target, "ProvisioningArtifactId": new["Id"], "Verbose": true,
        });
        let whole = bench.ok("DescribeProvisioningArtifact", input).await;
        assert_eq!(whole["Status"], "AVAILABLE");
        assert_eq!(whole["Info"]["CloudFormationTemplate"], template);
    }
    assert_eq!(new.len(), 2);
    // It does not follow the source.
    add(&bench, &source, "v3", TEMPLATE).await;
    assert_eq!(names(&bench, &target).await, ["v1", "v2"]);
}

#[tokio::test(start_paused = true)]
async fn a_copy_into_a_product_adds_to_it_and_skips_nothing() {
    let bench = Bench::new(Profile::Local);
    let (source, one) = bench.product("topic").await;
    let two = add(&bench, &source, "v2", TEMPLATE).await;
    let tag = json!({"Id": source, "AddTags": [{"Key": "team", "Value": "net"}]});
    bench.ok("UpdateProduct", tag).await;
    // Alone, the copy has the source's name and no tags.
    let only = json!([{ "Id": one }]);
    let some = json!({"SourceProvisioningArtifactIdentifiers": only});
    let target = copied(&bench, &source, some).await;
    let shown = async || {
        bench
            .ok("DescribeProductAsAdmin", json!({"Id": target}))
            .await
    };
    let made = shown().await;
    let name = "/ProductViewDetail/ProductViewSummary/Name";
    assert_eq!(
        (text(&made, name).as_str(), &made["Tags"]),
        ("topic", &json!([]))
    );
    assert_eq!(names(&bench, &target).await, ["v1"]);

    let tags = json!([{"Key": "team", "Value": "other"}, {"Key": "own", "Value": "1"}]);
    let retag = json!({"Id": target, "Name": "Mine", "AddTags": tags});
    bench.ok("UpdateProduct", retag).await;
    let ids = json!([{ "Id": two }, { "Id": one }]);
    let more = json!({
        "TargetProductId": target, "TargetProductName": "ignored", "CopyOptions": ["CopyTags"],
        "SourceProvisioningArtifactIdentifiers": ids,
    });
    assert_eq!(copied(&bench, &source, more.clone()).await, target);
    assert_eq!(names(&bench, &target).await, ["v1", "v1", "v2"]);
    let grown = shown().await;
    assert_eq!(text(&grown, name), "Mine");
    let tags = json!([{"Key": "own", "Value": "1"}, {"Key": "team", "Value": "net"}]);
    assert_eq!(grown["Tags"], tags);
    // The same again is the same twice.
    copied(&bench, &source, more).await;
    assert_eq!(names(&bench, &target).await, ["v1", "v1", "v2", "v1", "v2"]);
    assert_eq!(products(&bench).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_copy_crosses_regions_and_no_accounts() {
    let bench = Bench::new(Profile::Local);
    let (source, _) = bench.product("topic").await;
    let ireland = bench.in_region("eu-west-1");
    let target = copied(&ireland, &source, json!({})).await;
    assert_eq!(names(&ireland, &target).await, ["v1"]);
    let shown = ireland
        .ok("DescribeProductAsAdmin", json!({"Id": target}))
        .await;
    let at = text(&shown, "/ProductViewDetail/ProductARN");
    assert_eq!(at, arn("eu-west-1", &target));
    assert_eq!((products(&bench).await, products(&ireland).await), (1, 1));
    // It is called where the target shall be: the source's region knows neither.
    let missing = bench
        .refused("DescribeProductAsAdmin", json!({"Id": target}))
        .await;
    assert_eq!(missing.0, "ResourceNotFoundException");
    // Reading the source happens at the end, there too.
    let gone = start(&ireland, &source, json!({})).await;
    bench.ok("DeleteProduct", json!({"Id": source})).await;
    ireland.pass(PATIENCE).await;
    assert_eq!(status(&ireland, &gone).await["CopyProductStatus"], "FAILED");
}

#[tokio::test(start_paused = true)]
async fn what_is_new_in_another_region_is_seen_late_too() {
    let faults = Faults {
        lag: Some(Lag {
            describe: 2.0,
            search: 2.0,
            chance: 1.0,
        }),
        ..Faults::default()
    };
    let bench = Bench::with(Profile::Local, faults);
    let ireland = bench.in_region("eu-west-1");
    let (source, _) = bench.product("topic").await;
    let mut refused = 0;
    for n in 0..60 {
        let input = json!({
            "SourceProductArn": arn("us-east-1", &source), "IdempotencyToken": format!("t{n}"),
        });
        match ireland.call("CopyProduct", input).await {
            Ok(_) => assert!(refused > 0, "seen at once"),
            Err((code, _)) => {
                assert!(n < 40, "never seen");
                assert_eq!(code, "ResourceNotFoundException");
                refused += 1;
            }
        }
        bench.pass(0.05).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_cannot_be_copied() {
    let bench = Bench::new(Profile::Instant);
    let (source, one) = bench.product("topic").await;
    let (other, two) = bench.product("other").await;
    let good = arn("us-east-1", &source);
    let missing = "prod-aaaaaaaaaaaaa";
    let not_found = "ResourceNotFoundException";
    let invalid = "InvalidParametersException";
    let versions = |id: &str| json!({"SourceProvisioningArtifactIdentifiers": [{"Id": id}]});
    let cases = [
        (arn("us-east-1", missing), json!({}), not_found, missing),
        (arn("eu-west-1", &source), json!({}), not_found, &source),
        (
            good.replace(ACCOUNT, "210987654321"),
            json!({}),
            not_found,
            &source,
        ),
        (
            good.clone(),
            json!({"TargetProductId": missing}),
            not_found,
            missing,
        ),
        (good.clone(), versions(&two), not_found, &two),
        (
            good.replace("product/", "portfolio/"),
            json!({}),
            invalid,
            "SourceProductArn",
        ),
        (
            good.replace("catalog", "servicecatalog"),
            json!({}),
            invalid,
            "SourceProductArn",
        ),
        (
            good.clone(),
            json!({"SourceProvisioningArtifactIdentifiers": [{}]}),
            invalid,
            "Id",
        ),
        (
            good.clone(),
            json!({"CopyOptions": ["CopyAll"]}),
            "ValidationException",
            "copyOptions",
        ),
    ];
    for (arn, more, code, says) in cases {
        let input = with(
            json!({"SourceProductArn": arn, "IdempotencyToken": "t"}),
            more,
        );
        let refusal = bench.refused("CopyProduct", input.clone()).await;
        assert_eq!(refusal.0, code, "{input}");
        assert!(refusal.1.contains(says), "{input}: {refusal:?}");
    }
    // The owner of an account reads no other's products.
    let stranger = bench.in_account("210987654321");
    let input = json!({"SourceProductArn": good, "IdempotencyToken": "t"});
    assert_eq!(stranger.refused("CopyProduct", input).await.0, not_found);
    let unknown = json!({"CopyProductToken": "copyproduct-aaaaaaaaaaaaa"});
    let refusal = bench.refused("DescribeCopyProductStatus", unknown).await;
    assert_eq!(refusal.0, not_found);
    // Nothing has begun, and good ones still pass.
    assert_eq!(products(&bench).await, 2);
    copied(&bench, &source, versions(&one)).await;
    copied(&bench, &other, versions(&two)).await;
}

#[tokio::test(start_paused = true)]
async fn what_happens_to_the_source_until_the_end_counts() {
    let bench = Bench::new(Profile::Local);
    let (source, one) = bench.product("topic").await;
    let two = add(&bench, &source, "v2", TEMPLATE).await;
    let (target, _) = bench.product("target").await;
    // What is added and changed comes along.
    let token = start(&bench, &source, json!({})).await;
    add(&bench, &source, "v3", TEMPLATE).await;
    bench
        .ok(
            "UpdateProvisioningArtifact",
            json!({"ProductId": source, "ProvisioningArtifactId": two, "Name": "v2b"}),
        )
        .await;
    bench.pass(PATIENCE).await;
    let made = text(&status(&bench, &token).await, "/TargetProductId");
    assert_eq!(names(&bench, &made).await, ["v1", "v2b", "v3"]);
    // What was named and has gone fails it, and nothing is made.
    let named = json!({"SourceProvisioningArtifactIdentifiers": [{"Id": one}, {"Id": two}]});
    let versions = start(&bench, &source, named.clone()).await;
    let gone = json!({"ProductId": source, "ProvisioningArtifactId": two});
    bench.ok("DeleteProvisioningArtifact", gone).await;
    let into = start(&bench, &source, json!({"TargetProductId": target})).await;
    bench.ok("DeleteProduct", json!({"Id": target})).await;
    bench.pass(PATIENCE).await;
    let whole = start(&bench, &source, json!({})).await;
    bench.ok("DeleteProduct", json!({"Id": source})).await;
    bench.pass(PATIENCE).await;
    for (token, missing) in [(versions, two), (into, target), (whole, source)] {
        let ended = status(&bench, &token).await;
        assert_eq!(ended["CopyProductStatus"], "FAILED");
        assert!(text(&ended, "/StatusDetail").contains(&missing), "{ended}");
        assert_eq!(ended["TargetProductId"], Value::Null);
    }
    assert_eq!(products(&bench).await, 1);
}

#[tokio::test(start_paused = true)]
async fn quotas_fail_a_copy() {
    let bench = Bench::new(Profile::Instant);
    let (source, _) = bench.product("topic").await;
    let itself = json!({ "TargetProductId": source });
    for present in [1, 2, 4, 8, 16, 32] {
        assert_eq!(versions(&bench, &source).await.len(), present);
        copied(&bench, &source, itself.clone()).await;
    }
    let full = outcome(&bench, &source, itself).await;
    assert_eq!(full["CopyProductStatus"], "FAILED");
    assert!(
        text(&full, "/StatusDetail").contains("100 versions"),
        "{full}"
    );
    assert_eq!(versions(&bench, &source).await.len(), 64);

    let tags = |prefix: &str| -> Value {
        let tag = |n: i32| json!({"Key": format!("{prefix}{n}"), "Value": "x"});
        (0..11).map(tag).collect()
    };
    let (target, _) = bench.product("tagged").await;
    for (id, prefix) in [(&source, "a"), (&target, "b")] {
        let input = json!({"Id": id, "AddTags": tags(prefix)});
        bench.ok("UpdateProduct", input).await;
    }
    let into = json!({"TargetProductId": target, "CopyOptions": ["CopyTags"]});
    let full = outcome(&bench, &source, into).await;
    assert!(text(&full, "/StatusDetail").contains("20 tags"), "{full}");
    // Without the tags it would have fitted, and nothing of it was done.
    assert_eq!(names(&bench, &target).await, ["v1"]);

    let only = versions(&bench, &source).await;
    let only = json!({"SourceProvisioningArtifactIdentifiers": [{"Id": only[0]["Id"]}]});
    for _ in 2..350 {
        start(&bench, &source, only.clone()).await;
    }
    let full = outcome(&bench, &source, only).await;
    assert!(
        text(&full, "/StatusDetail").contains("350 products"),
        "{full}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_copy_can_be_made_to_fail_with_and_without_a_word() {
    let bench = Bench::new(Profile::Local);
    let (source, _) = bench.product("topic").await;
    add(&bench, &source, "v2", TEMPLATE).await;
    let fail = |detail: Option<&str>, leaves| {
        let detail = detail.map(str::to_owned);
        let effect = Effect::FailCopying { detail, leaves };
        bench
            .emulator
            .inject(Rule::always(effect).on("CopyProduct").times(1))
    };
    fail(None, Leaves::Nothing);
    let ended = outcome(&bench, &source, json!({})).await;
    assert_eq!(ended, json!({"CopyProductStatus": "FAILED"}));
    fail(Some("no room"), Leaves::Nothing);
    let ended = outcome(&bench, &source, json!({})).await;
    let expected = json!({"CopyProductStatus": "FAILED", "StatusDetail": "no room"});
    assert_eq!(ended, expected);
    assert_eq!(products(&bench).await, 1);
    fail(Some("half"), Leaves::Product);
    let ended = outcome(&bench, &source, json!({})).await;
    let target = text(&ended, "/TargetProductId");
    let expected = json!({
        "CopyProductStatus": "FAILED", "StatusDetail": "half", "TargetProductId": target,
    });
    assert_eq!(ended, expected);
    assert_eq!(names(&bench, &target).await, ["v1"]);
    // The same into a product that is there.
    fail(None, Leaves::Product);
    let (present, _) = bench.product("present").await;
    let ended = outcome(&bench, &source, json!({"TargetProductId": present})).await;
    let expected = json!({"CopyProductStatus": "FAILED", "TargetProductId": present});
    assert_eq!(ended, expected);
    assert_eq!(names(&bench, &present).await, ["v1", "v1"]);
    // And once more into what is left.
    let into = json!({ "TargetProductId": target });
    copied(&bench, &source, into).await;
    assert_eq!(names(&bench, &target).await, ["v1", "v1", "v2"]);
    bench.emulator.inject(
        Rule::always(Effect::FailCreating)
            .on("CopyProduct")
            .times(1),
    );
    let target = copied(&bench, &source, json!({})).await;
    let first = versions(&bench, &target).await[0]["Id"].clone();
    let input = json!({"ProductId": target, "ProvisioningArtifactId": first});
    let shown = bench.ok("DescribeProvisioningArtifact", input).await;
    assert_eq!(shown["Status"], "FAILED");
}

#[tokio::test(start_paused = true)]
async fn a_copy_hangs_while_the_rule_is_in_force() {
    let bench = Bench::new(Profile::Local);
    let (source, _) = bench.product("topic").await;
    let hang = Rule::always(Effect::HangCopying).on("CopyProduct").times(1);
    let rule = bench.emulator.inject(hang);
    let token = start(&bench, &source, json!({})).await;
    // It holds up no other.
    copied(&bench, &source, json!({"TargetProductName": "other"})).await;
    bench.pass(86_400.0).await;
    let going = json!({"CopyProductStatus": "IN_PROGRESS"});
    assert_eq!(status(&bench, &token).await, going);
    assert_eq!((rule.fired(), products(&bench).await), (1, 2));
    rule.remove();
    let ended = status(&bench, &token).await;
    assert_eq!(ended["CopyProductStatus"], "SUCCEEDED");
    assert_eq!(products(&bench).await, 3);
}

#[tokio::test(start_paused = true)]
async fn lagging_reads_see_a_copy_end_at_its_own_time() {
    let lag = Lag {
        describe: 2.0,
        search: 5.0,
        chance: 1.0,
    };
    let faults = Faults {
        lag: Some(lag),
        ..Faults::default()
    };
    let bench = Bench::with(Profile::Local, faults);
    let (source, _) = bench.product("topic").await;
    bench.pass(PATIENCE).await;
    let token = start(&bench, &source, json!({})).await;
    // Nobody calls for longer than anything lags: from then on all is seen.
    bench.pass(6.0).await;
    for _ in 0..20 {
        let seen = status(&bench, &token).await;
        assert_eq!(seen["CopyProductStatus"], "SUCCEEDED");
        assert_eq!(products(&bench).await, 2);
    }
    let input = json!({
        "SourceProductArn": arn("us-east-1", &source), "IdempotencyToken": "again",
    });
    let token = text(&bench.ok("CopyProduct", input).await, "/CopyProductToken");
    let mut seen = BTreeSet::new();
    for _ in 0..60 {
        bench.pass(0.05).await;
        let input = json!({"CopyProductToken": token});
        let read = bench.call("DescribeCopyProductStatus", input).await;
        seen.insert(read.map_or_else(
            |refusal| refusal.0,
            |body| text(&body, "/CopyProductStatus"),
        ));
    }
    // It lags like any other read: the token itself is not there at first.
    let all = ["IN_PROGRESS", "ResourceNotFoundException", "SUCCEEDED"];
    assert_eq!(seen, all.map(str::to_owned).into());
}

/// What else has ended before a copy is seen to have ended before it, also if nobody called in between.
#[tokio::test(start_paused = true)]
async fn a_late_copy_hides_no_earlier_end() {
    let lag = Lag {
        describe: 2.0,
        search: 2.0,
        chance: 1.0,
    };
    let bench = Bench::with(Profile::Local, Faults::default());
    let (_, product, version) = bench.launchable("topic").await;
    bench.emulator.set_faults(Faults {
        lag: Some(lag),
        ..Faults::default()
    });
    let hang = bench
        .emulator
        .inject(Rule::always(Effect::HangCopying).on("CopyProduct"));
    bench.pass(PATIENCE).await;
    let launch = json!({
        "ProductId": product, "ProvisioningArtifactId": version, "ProvisionedProductName": "mine",
        "ProvisionToken": "l", "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}],
    });
    bench.ok("ProvisionProduct", launch).await;
    start(&bench, &product, json!({})).await;
    bench.pass(PATIENCE).await;
    hang.remove();
    for _ in 0..20 {
        let found = bench
            .ok("DescribeProvisionedProduct", json!({"Name": "mine"}))
            .await;
        let status = &found["ProvisionedProductDetail"]["Status"];
        assert_eq!(status, "AVAILABLE");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_of_versions_around_its_end_undoes_a_copy() {
    let faults = Faults {
        latency: Some(Latency {
            least: 0.2,
            most: 0.2,
        }),
        lost_updates: Some(true),
        ..Faults::default()
    };
    let bench = Bench::with(Profile::Local, faults);
    let (source, _) = bench.product("topic").await;
    let url = bench.template("more.yaml", TEMPLATE).await;
    let create = |name: &str| {
        let input = json!({
            "ProductId": source, "IdempotencyToken": name,
            "Parameters": {"Name": name, "Info": {"LoadTemplateFromURL": url}},
        });
        bench.ok("CreateProvisioningArtifact", input)
    };
    // The call works 0.1 s after it has come in, and ends 0.1 s later; the copy takes 0.4 s from there.
    let token = start(&bench, &source, json!({"TargetProductId": source})).await;
    bench.pass(0.25).await;
    create("overlapping").await;
    assert_eq!(
        status(&bench, &token).await["CopyProductStatus"],
        "SUCCEEDED"
    );
    assert_eq!(names(&bench, &source).await, ["v1", "overlapping"]);
    // One before and one after do no harm.
    create("before").await;
    start(&bench, &source, json!({"TargetProductId": source})).await;
    bench.pass(PATIENCE).await;
    create("after").await;
    let three = ["v1", "overlapping", "before"];
    let all = [&three[..], &three[..], &["after"]].concat();
    assert_eq!(names(&bench, &source).await, all);
}

#[tokio::test(start_paused = true)]
async fn copies_take_as_long_as_the_profile_says() {
    for (profile, least, most) in [
        (Profile::Instant, 0.0, 0.0),
        (Profile::Local, 0.4, 0.5),
        (Profile::Aws, 4.0, 11.0),
    ] {
        let faults = Faults {
            lag: Some(Lag {
                describe: 0.0,
                search: 0.0,
                chance: 0.0,
            }),
            ..Faults::default()
        };
        let bench = Bench::with(profile, faults);
        let (source, _) = bench.product("topic").await;
        let clock = bench.emulator.clock();
        let start_at = clock.now();
        let token = start(&bench, &source, json!({})).await;
        while status(&bench, &token).await["CopyProductStatus"] == "IN_PROGRESS" {
            bench.pass(0.05).await;
        }
        let took = clock.now().duration_since(start_at).as_secs_f64();
        assert!((least..=most).contains(&took), "{profile:?}: {took}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hanging_copy_is_held_by_no_rule_of_another_run() {
    let bench = Bench::new(Profile::Local);
    let (source, _) = bench.product("topic").await;
    bench
        .emulator
        .inject(Rule::always(Effect::HangCopying).on("CopyProduct"));
    let token = start(&bench, &source, json!({})).await;
    bench.pass(PATIENCE).await;
    let other = Bench::new(Profile::Local);
    // Its number is that of the rule that holds the copy.
    other.emulator.inject(Rule::always(Effect::Latency(0.0)));
    other
        .emulator
        .restore(&bench.emulator.state().unwrap())
        .unwrap();
    other.pass(PATIENCE).await;
    assert_eq!(
        status(&other, &token).await["CopyProductStatus"],
        "SUCCEEDED"
    );
}
