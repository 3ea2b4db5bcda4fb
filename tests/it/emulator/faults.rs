//! Each fault does what it says (those of copies, imports and reads that lag have files of their own).

use catalogd::emulator::faults::{Effect, Faults, Rule, StackFault};
use catalogd::emulator::{Dropped, Profile, Service};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, ROLE, TEMPLATE, text};

/// A Query call of STS or CloudFormation with a key.
async fn query(bench: &Bench, service: &str, key: &str, form: &str) -> Response<bytes::Bytes> {
    let caller = bench.in_account(key);
    caller.query(service, form.to_owned()).await.unwrap()
}

fn body(response: &Response<bytes::Bytes>) -> String {
    String::from_utf8(response.body().to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_rate_throttles_one_operation_of_one_account_alone() {
    let bench = Bench::new(Profile::Instant);
    let rule = Rule {
        account: Some(ACCOUNT.to_owned()),
        ..Rule::always(Effect::Rate(2.0)).on("DescribeRecord")
    };
    let rate = bench.emulator.inject(rule);
    let input = json!({"Id": "rec-aaaaaaaaaaaaa"});
    let mut codes = Vec::new();
    for _ in 0..6 {
        codes.push(bench.refused("DescribeRecord", input.clone()).await.0);
    }
    // Twice the rate at once, and then no more.
    assert!(
        codes[..4]
            .iter()
            .all(|code| code == "ResourceNotFoundException")
    );
    assert!(codes[4..].iter().all(|code| code == "ThrottlingException"));
    assert_eq!(rate.fired(), 2);
    // Others are not counted.
    bench.ok("ListPortfolios", json!({})).await;
    let other = bench.in_account("210987654321");
    for _ in 0..6 {
        let (code, _) = other.refused("DescribeRecord", input.clone()).await;
        assert_eq!(code, "ResourceNotFoundException");
    }
    // Another region has tokens of its own, and time brings new ones.
    let (code, _) = bench
        .in_region("eu-west-1")
        .refused("DescribeRecord", input.clone())
        .await;
    assert_eq!(code, "ResourceNotFoundException");
    bench.pass(0.5).await;
    let (code, _) = bench.refused("DescribeRecord", input.clone()).await;
    assert_eq!(code, "ResourceNotFoundException");
    let (code, _) = bench.refused("DescribeRecord", input).await;
    assert_eq!(code, "ThrottlingException");
}

#[tokio::test(start_paused = true)]
async fn credentials_expire_in_the_words_of_each_service() {
    let bench = Bench::new(Profile::Instant);
    bench.s3("PUT", "bucket", "", "").await;
    let rule = bench
        .emulator
        .inject(Rule::always(Effect::ExpiredCredentials));
    let (code, message) = bench
        .refused(
            "CreatePortfolio",
            json!({"DisplayName": "a", "ProviderName": "b", "IdempotencyToken": "t"}),
        )
        .await;
    assert_eq!(code, "ExpiredTokenException");
    assert_eq!(
        message,
        "The security token included in the request is expired"
    );
    let answer = query(&bench, "cloudformation", ACCOUNT, "Action=ListStacks").await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(body(&answer).contains("<Code>ExpiredToken</Code>"));
    let answer = bench.s3("GET", "bucket", "", "").await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(body(&answer).contains("<Code>ExpiredToken</Code>"));
    rule.remove();
    // Nothing was done.
    let listed = bench.ok("ListPortfolios", json!({})).await;
    assert_eq!(listed["PortfolioDetails"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_when_it_said_it_would() {
    let bench = Bench::new(Profile::Instant);
    let assume = format!(
        "Action=AssumeRole&RoleArn={ROLE}&RoleSessionName=it&DurationSeconds=900&Version=2011-06-15"
    );
    let answer = body(&query(&bench, "sts", ACCOUNT, &assume).await);
    let key = answer.split("<AccessKeyId>").nth(1).unwrap();
    let session = Bench {
        key: key.split('<').next().unwrap().to_owned(),
        ..bench.clone()
    };
    bench.pass(899.0).await;
    session.ok("ListPortfolios", json!({})).await;
    bench.pass(1.0).await;
    let (code, _) = session.refused("ListPortfolios", json!({})).await;
    assert_eq!(code, "ExpiredTokenException");
    bench.ok("ListPortfolios", json!({})).await;
}

/// The record's status of a launch, `seconds` after it was asked for.
async fn launched(bench: &Bench, faults: Vec<StackFault>, seconds: f64) -> (String, Value) {
    let (_, product, version) = bench.launchable("topic").await;
    bench.emulator.set_faults(Faults {
        stacks: faults,
        ..Faults::default()
    });
    let made = bench
        .ok(
            "ProvisionProduct",
            json!({
                "ProductId": product, "ProvisioningArtifactId": version, "ProvisionedProductName": "mine",
                "ProvisionToken": "t", "ProvisioningParameters": [{"Key": "Owner", "Value": "net"}],
            }),
        )
        .await;
    bench.pass(seconds).await;
    let id = text(&made, "/RecordDetail/RecordId");
    let record = bench.ok("DescribeRecord", json!({"Id": id})).await;
    (id, record)
}

fn topic(reason: Option<&str>, takes: Option<f64>) -> StackFault {
    StackFault {
        stack: "SC-*".to_owned(),
        resource: "Topic".to_owned(),
        reason: reason.map(str::to_owned),
        takes,
        ..StackFault::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_stack_can_be_slow() {
    let bench = Bench::new(Profile::Local);
    let (id, record) = launched(&bench, vec![topic(None, Some(600.0))], 590.0).await;
    assert_eq!(text(&record, "/RecordDetail/Status"), "IN_PROGRESS");
    bench.pass(20.0).await;
    let record = bench.ok("DescribeRecord", json!({"Id": id})).await;
    assert_eq!(text(&record, "/RecordDetail/Status"), "SUCCEEDED");
}

#[tokio::test(start_paused = true)]
async fn a_stack_can_be_slow_and_then_fail() {
    let bench = Bench::new(Profile::Local);
    let faults = vec![topic(Some("no more topics"), Some(600.0))];
    let (id, record) = launched(&bench, faults, 590.0).await;
    assert_eq!(text(&record, "/RecordDetail/Status"), "IN_PROGRESS");
    bench.pass(20.0).await;
    let record = bench.ok("DescribeRecord", json!({"Id": id})).await;
    assert_eq!(text(&record, "/RecordDetail/Status"), "FAILED");
}

#[tokio::test(start_paused = true)]
async fn a_stack_can_be_stuck_for_ever() {
    let bench = Bench::new(Profile::Instant);
    let faults: Faults =
        serde_yaml::from_str("stacks: [{stack: 'SC-*', resource: '*', takes: .inf}]").unwrap();
    let (id, _) = launched(&bench, faults.stacks, 0.0).await;
    for _ in 0..10 {
        bench.pass(100.0 * 24.0 * 3600.0).await;
        let record = bench.ok("DescribeRecord", json!({"Id": id})).await;
        assert_eq!(text(&record, "/RecordDetail/Status"), "IN_PROGRESS");
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_for_a_stack_strikes_once_and_ends_with_the_faults() {
    let bench = Bench::new(Profile::Instant);
    let (_, record) = launched(&bench, vec![topic(Some("no"), None)], 0.0).await;
    assert_eq!(text(&record, "/RecordDetail/Status"), "FAILED");
    bench
        .ok(
            "TerminateProvisionedProduct",
            json!({"ProvisionedProductName": "mine", "TerminateToken": "t"}),
        )
        .await;
    let again = |name: &str| {
        json!({
            "ProductName": "topic", "ProvisioningArtifactName": "v1", "ProvisionedProductName": name,
            "ProvisionToken": name, "ProvisioningParameters": [{"Key": "Owner", "Value": "net"}],
        })
    };
    let status = async |name: &str| {
        let made = bench.ok("ProvisionProduct", again(name)).await;
        let id = text(&made, "/RecordDetail/RecordId");
        let record = bench.ok("DescribeRecord", json!({"Id": id})).await;
        text(&record, "/RecordDetail/Status")
    };
    assert_eq!(status("two").await, "SUCCEEDED");
    // Set twice, and taken back: neither is left in force.
    let faults = Faults {
        stacks: vec![topic(Some("no"), None)],
        ..Faults::default()
    };
    bench.emulator.set_faults(faults.clone());
    bench.emulator.set_faults(faults);
    assert_eq!(status("three").await, "FAILED");
    assert_eq!(status("four").await, "SUCCEEDED");
    bench.emulator.set_faults(Faults {
        stacks: vec![topic(Some("no"), None)],
        ..Faults::default()
    });
    bench.emulator.set_faults(Faults::default());
    assert_eq!(status("five").await, "SUCCEEDED");
}

#[tokio::test(start_paused = true)]
async fn a_copy_can_be_slow() {
    let bench = Bench::new(Profile::Instant);
    let (product, _) = bench.product("topic").await;
    bench
        .emulator
        .inject(Rule::always(Effect::SlowCopying(7200.0)).on("CopyProduct"));
    let source = format!("arn:aws:catalog:us-east-1:{ACCOUNT}:product/{product}");
    let copy = bench
        .ok(
            "CopyProduct",
            json!({"SourceProductArn": source, "IdempotencyToken": "t"}),
        )
        .await;
    let status = async || {
        let input = json!({"CopyProductToken": copy["CopyProductToken"]});
        let answer = bench.ok("DescribeCopyProductStatus", input).await;
        text(&answer, "/CopyProductStatus")
    };
    bench.pass(7199.0).await;
    assert_eq!(status().await, "IN_PROGRESS");
    bench.pass(1.0).await;
    assert_eq!(status().await, "SUCCEEDED");
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_take_longer() {
    let bench = Bench::new(Profile::Instant);
    bench
        .emulator
        .inject(Rule::always(Effect::Latency(2.5)).on("ListPortfolios"));
    let clock = bench.emulator.clock();
    let mut took = Vec::new();
    for operation in ["ListPortfolios", "SearchProductsAsAdmin"] {
        let start = clock.now();
        bench.ok(operation, json!({})).await;
        took.push(clock.now().duration_since(start).as_secs_f64());
    }
    assert!((2.5..2.6).contains(&took[0]) && took[1] < 0.1, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rule_can_ask_for_service_account_place_and_number() {
    let bench = Bench::new(Profile::Instant);
    bench.s3("PUT", "bucket", "", "").await;
    let only = |rule: Rule| {
        bench.emulator.set_faults(Faults {
            rules: vec![rule],
            ..Faults::default()
        });
    };
    let struck = async |bench: &Bench| bench.call("ListPortfolios", json!({})).await.is_err();
    only(Rule {
        service: Some(Service::S3),
        ..Rule::always(Effect::AccessDenied)
    });
    assert!(!struck(&bench).await);
    assert_eq!(bench.s3("GET", "bucket", "", "").await.status(), 403);
    only(Rule {
        account: Some("210987654321".to_owned()),
        ..Rule::always(Effect::InternalFailure)
    });
    assert!(!struck(&bench).await);
    assert!(struck(&bench.in_account("210987654321")).await);
    only(Rule::always(Effect::InternalFailure).in_region("eu-west-1"));
    assert!(!struck(&bench).await);
    assert!(struck(&bench.in_region("eu-west-1")).await);
    only(Rule::always(Effect::InternalFailure).on("List*").nth(2));
    let mut three = Vec::new();
    for _ in 0..3 {
        three.push(struck(&bench).await);
    }
    assert_eq!(three, [false, true, false]);
    only(Rule::always(Effect::InternalFailure).times(2));
    let mut three = Vec::new();
    for _ in 0..3 {
        three.push(struck(&bench).await);
    }
    assert_eq!(three, [true, true, false]);
}

/// Which of a hundred calls a rule of chance strikes, by an emulator of its own.
async fn strikes() -> Vec<bool> {
    let bench = Bench::with(
        Profile::Aws,
        Faults {
            rules: vec![Rule::always(Effect::DropAfter).chance(0.3)],
            ..Faults::default()
        },
    );
    let mut struck = Vec::new();
    for number in 0..100 {
        let body = format!(
            r#"{{"DisplayName":"{number}","ProviderName":"it","IdempotencyToken":"{number}"}}"#
        );
        let answer = bench.send("CreatePortfolio", body).await;
        struck.push(matches!(answer, Err(Dropped::AfterWork)));
    }
    struck
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_strikes_the_same_calls() {
    let first = strikes().await;
    let count = first.iter().filter(|struck| **struck).count();
    assert!((15..45).contains(&count), "{count}");
    assert_eq!(first, strikes().await);
}

#[tokio::test(start_paused = true)]
async fn faults_strike_every_operation_there_is() {
    let bench = Bench::new(Profile::Instant);
    bench.template("topic.yaml", TEMPLATE).await;
    bench.emulator.inject(Rule::always(Effect::InternalFailure));
    for operation in catalogd::emulator::operations() {
        let response = bench.send(operation, "{}".to_owned()).await.unwrap();
        assert_eq!(response.status(), 500, "{operation}");
    }
    for (service, action) in [
        ("cloudformation", "ListStacks"),
        ("sts", "GetCallerIdentity"),
    ] {
        let answer = query(&bench, service, ACCOUNT, &format!("Action={action}")).await;
        assert_eq!(answer.status(), 500, "{service}");
    }
    assert_eq!(
        bench
            .s3("GET", "templates-akiaexample", "topic.yaml", "")
            .await
            .status(),
        500
    );
}

#[tokio::test(start_paused = true)]
async fn a_pattern_has_stars_and_question_marks_anywhere() {
    for (pattern, struck) in [
        ("ListPortfolio?", true),
        ("*Portfolios", true),
        ("L*s", true),
        ("ListPortfolio", false),
        ("*Products", false),
    ] {
        let bench = Bench::new(Profile::Instant);
        bench
            .emulator
            .inject(Rule::always(Effect::InternalFailure).on(pattern));
        let refused = bench.call("ListPortfolios", json!({})).await.is_err();
        assert_eq!(refused, struck, "{pattern}");
    }
}
