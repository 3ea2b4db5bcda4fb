//! Lag, throttles, lost answers and lost updates, each from the seed (facts §7).

use std::collections::BTreeSet;

use aws_sdk_servicecatalog::error::SdkError;
use catalogd::emulator::faults::{Effect, Faults, Lag, Latency, Rates, Rule};
use catalogd::emulator::{Dropped, Outcome, Profile};
use serde_json::{Value, json};

use super::client::{Bench, ROLE, TEMPLATE, text};

fn lagging(chance: f64) -> Faults {
    Faults {
        lag: Some(Lag {
            describe: 2.0,
            search: 5.0,
            chance,
        }),
        ..Faults::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_object_flips_in_and_out_of_sight_and_then_stays() {
    let bench = Bench::with(Profile::Local, lagging(0.5));
    let portfolio = bench.portfolio("Data").await;
    let mut seen = Vec::new();
    for _ in 0..40 {
        bench.pass(0.1).await;
        let read = bench
            .call("DescribePortfolio", json!({"Id": portfolio}))
            .await;
        seen.push(read.is_ok());
    }
    let early = &seen[..15];
    assert!(early.contains(&true) && early.contains(&false), "{seen:?}");
    // It went back at least once after it had been seen.
    assert!(early.windows(2).any(|pair| pair == [true, false]));
    assert!(seen[20..].iter().all(|seen| *seen), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn lists_lag_longer_than_describes() {
    let bench = Bench::with(Profile::Local, lagging(1.0));
    bench.pass(10.0).await;
    let portfolio = bench.portfolio("Data").await;
    bench.pass(2.5).await;
    let mut listed = BTreeSet::new();
    for _ in 0..20 {
        bench
            .ok("DescribePortfolio", json!({"Id": portfolio}))
            .await;
        let list = bench.ok("ListPortfolios", json!({})).await;
        listed.insert(list["PortfolioDetails"].as_array().unwrap().len());
    }
    assert_eq!(listed, BTreeSet::from([0, 1]));
    bench.pass(5.0).await;
    let list = bench.ok("ListPortfolios", json!({})).await;
    assert_eq!(list["PortfolioDetails"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn dependent_calls_fail_until_what_they_need_is_visible() {
    let mut refused = BTreeSet::new();
    let bench = Bench::with(Profile::Local, lagging(1.0));
    let (product, version) = bench.product("topic").await;
    let portfolio = bench.portfolio("Data").await;
    // The newest state takes the write; what it depends on may not be visible.
    let mut until_done = async |operation: &str, input: Value| {
        for _ in 0..200 {
            match bench.call(operation, input.clone()).await {
                Ok(_) => return,
                Err((code, message)) => {
                    assert_eq!(code, "ResourceNotFoundException");
                    refused.insert(message);
                }
            }
            bench.pass(0.1).await;
        }
        panic!("{operation} never came through");
    };
    let pair = json!({"ProductId": product, "PortfolioId": portfolio});
    until_done("AssociateProductWithPortfolio", pair).await;
    let constraint = json!({
        "PortfolioId": portfolio, "ProductId": product, "Type": "LAUNCH",
        "Parameters": r#"{"LocalRoleName":"x"}"#, "IdempotencyToken": "t",
    });
    until_done("CreateConstraint", constraint).await;
    let principal = json!({"PortfolioId": portfolio, "PrincipalARN": ROLE, "PrincipalType": "IAM"});
    until_done("AssociatePrincipalWithPortfolio", principal).await;
    let launch = json!({
        "ProductId": product, "ProvisioningArtifactId": version,
        "ProvisionedProductName": "mine", "ProvisionToken": "t",
    });
    until_done("ProvisionProduct", launch).await;
    assert_eq!(
        refused,
        BTreeSet::from([
            format!("Product {product} not found."),
            "Resource not found.".to_owned(),
            format!("No launch paths found for resource: {product}"),
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn too_many_calls_are_throttled_by_class() {
    let rates = Rates {
        reads: 8.0,
        writes: 4.0,
        version_writes: 1.0,
    };
    let faults = Faults {
        throttle: Some(rates),
        ..Faults::default()
    };
    let bench = Bench::with(Profile::Local, faults);
    let mut outcomes = Vec::new();
    for _ in 0..17 {
        outcomes.push(bench.call("ListPortfolios", json!({})).await);
    }
    assert!(outcomes[..16].iter().all(Result::is_ok));
    let throttled = ("ThrottlingException".to_owned(), "Rate exceeded".to_owned());
    assert_eq!(outcomes[16], Err(throttled));
    // Writes, and other accounts, have their own; and time heals.
    bench.portfolio("Data").await;
    let other = bench.in_account("210987654321");
    other.ok("ListPortfolios", json!({})).await;
    bench.pass(1.0).await;
    bench.ok("ListPortfolios", json!({})).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_lost_after_the_work_and_the_token_finds_it() {
    let bench = Bench::new(Profile::Instant);
    let lost = bench
        .emulator
        .inject(Rule::always(Effect::DropAfter).on("CreatePortfolio").nth(1));
    let body = r#"{"DisplayName":"Data","ProviderName":"it","IdempotencyToken":"t"}"#;
    let cut = bench.send("CreatePortfolio", body.into()).await;
    assert_eq!(cut.unwrap_err(), Dropped::AfterWork);
    assert_eq!(lost.fired(), 1);
    let listed = bench.ok("ListPortfolios", json!({})).await;
    let id = text(&listed, "/PortfolioDetails/0/Id");
    let again: Value = serde_json::from_str(body).unwrap();
    let again = bench.ok("CreatePortfolio", again).await;
    assert_eq!(text(&again, "/PortfolioDetail/Id"), id);
    assert_eq!(
        bench.emulator.calls()[0].outcome,
        Outcome::Dropped(Dropped::AfterWork)
    );
}

#[tokio::test(start_paused = true)]
async fn the_sdk_sees_a_cut_connection_as_a_dispatch_failure() {
    let bench = Bench::new(Profile::Instant);
    let cut = bench
        .emulator
        .inject(Rule::always(Effect::DropBefore).times(1));
    let error = bench.sdk().list_portfolios().send().await.unwrap_err();
    assert!(matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()));
    assert_eq!(cut.fired(), 1);
    bench.sdk().list_portfolios().send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn refusals_of_every_kind_can_be_asked_for() {
    let bench = Bench::new(Profile::Instant);
    let refuse = Effect::Refuse {
        code: "InvalidParametersException".to_owned(),
        message: "profile does not exist".to_owned(),
    };
    for (effect, code, status) in [
        (Effect::Throttle, "ThrottlingException", 400),
        (Effect::InternalFailure, "InternalFailure", 500),
        (Effect::AccessDenied, "AccessDeniedException", 400),
        (refuse, "InvalidParametersException", 400),
    ] {
        let rule = bench.emulator.inject(Rule::always(effect).times(1));
        let response = bench.send("ListPortfolios", "{}".into()).await.unwrap();
        assert_eq!(response.status(), status);
        let said: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(said["__type"], code);
        rule.remove();
    }
    bench.ok("ListPortfolios", json!({})).await;
}

#[tokio::test(start_paused = true)]
async fn a_listing_can_be_cut_short_without_a_word() {
    let bench = Bench::new(Profile::Instant);
    for name in ["a", "b", "c"] {
        bench.portfolio(name).await;
    }
    bench
        .emulator
        .inject(Rule::always(Effect::CutListing(1)).on("List*").times(1));
    let cut = bench.ok("ListPortfolios", json!({})).await;
    assert_eq!(cut["PortfolioDetails"].as_array().unwrap().len(), 1);
    assert_eq!(cut["NextPageToken"], Value::Null);
    let whole = bench.ok("ListPortfolios", json!({})).await;
    assert_eq!(whole["PortfolioDetails"].as_array().unwrap().len(), 3);
}

async fn versions_after(bench: &Bench, product: &str) -> usize {
    let listed = bench
        .ok("ListProvisioningArtifacts", json!({"ProductId": product}))
        .await;
    listed["ProvisioningArtifactDetails"]
        .as_array()
        .unwrap()
        .len()
}

#[tokio::test(start_paused = true)]
async fn overlapping_version_writes_undo_each_other_and_serial_ones_do_not() {
    let faults = Faults {
        latency: Some(Latency {
            least: 0.1,
            most: 0.1,
        }),
        lost_updates: Some(true),
        ..Faults::default()
    };
    let bench = Bench::with(Profile::Instant, faults);
    let (product, _) = bench.product("topic").await;
    let url = bench.template("more.yaml", TEMPLATE).await;
    let create = |name: &str| {
        json!({"ProductId": product, "IdempotencyToken": name, "Parameters": {
            "Name": name, "Info": {"LoadTemplateFromURL": url}}})
    };
    let operation = "CreateProvisioningArtifact";
    let (a, b) = tokio::join!(
        bench.ok(operation, create("a")),
        bench.ok(operation, create("b"))
    );
    // Both were answered with success, and one is gone.
    assert_ne!(a, b);
    assert_eq!(versions_after(&bench, &product).await, 2);
    bench.ok(operation, create("c")).await;
    bench.ok(operation, create("d")).await;
    assert_eq!(versions_after(&bench, &product).await, 4);
}

#[tokio::test(start_paused = true)]
async fn the_aws_profile_is_slow_late_and_busy() {
    let bench = Bench::new(Profile::Aws);
    let clock = bench.emulator.clock();
    let start = clock.now();
    let mut throttled = 0;
    let reads = (0..60).map(|_| bench.call("ListPortfolios", json!({})));
    for read in futures_util::future::join_all(reads).await {
        throttled += usize::from(read.is_err());
    }
    assert!(throttled > 30, "{throttled}");
    let took = clock.now().duration_since(start).as_secs_f64();
    assert!((0.04..0.2).contains(&took), "{took}");
}
