//! The admin path: `/_emulator/…`.

use bytes::Bytes;
use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::client::{Bench, TEMPLATE, text};

async fn ask(bench: &Bench, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(Bytes::from(body.to_owned()))
        .unwrap();
    let response = bench.emulator.call(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    (
        response.status(),
        serde_json::from_slice(response.body()).unwrap(),
    )
}

async fn done(bench: &Bench, method: &str, path: &str, body: &str) -> Value {
    let (status, answer) = ask(bench, method, path, body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

#[tokio::test(start_paused = true)]
async fn it_says_what_it_is_and_how_much_there_is() {
    let bench = Bench::new(Profile::Local);
    bench.launchable("topic").await;
    let answer = done(&bench, "GET", "/_emulator", "").await;
    assert_eq!(answer["profile"], "local");
    assert_eq!(answer["seed"], 7);
    assert_eq!(answer["calls"]["CreateProduct"], 1);
    let expected = json!([{
        "account": "123456789012", "region": "us-east-1", "portfolios": 1, "products": 1, "versions": 1,
        "constraints": 0, "provisionedProducts": 0, "stackSets": 0, "stacks": 0,
    }]);
    assert_eq!(answer["places"], expected);
    assert_eq!(done(&bench, "GET", "/_emulator/", "").await, answer);
}

#[tokio::test(start_paused = true)]
async fn a_state_is_taken_away_put_back_and_reset() {
    let bench = Bench::new(Profile::Instant);
    let portfolio = bench.portfolio("Data").await;
    let state = done(&bench, "GET", "/_emulator/state", "").await;
    done(&bench, "POST", "/_emulator/reset", "").await;
    let listed = bench.ok("ListPortfolios", json!({})).await;
    assert_eq!(listed["PortfolioDetails"], json!([]));
    done(&bench, "PUT", "/_emulator/state", &state.to_string()).await;
    let listed = bench.ok("ListPortfolios", json!({})).await;
    assert_eq!(text(&listed, "/PortfolioDetails/0/Id"), portfolio);
    let (status, answer) = ask(&bench, "PUT", "/_emulator/state", "{").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(text(&answer, "/message").contains("not a state file"));
}

#[tokio::test(start_paused = true)]
async fn calls_are_listed_and_forgotten() {
    let bench = Bench::new(Profile::Instant);
    bench.portfolio("Data").await;
    bench
        .refused("DescribePortfolio", json!({"Id": "port-none"}))
        .await;
    let calls = done(&bench, "GET", "/_emulator/calls", "").await;
    let rows = calls["calls"].as_array().unwrap();
    assert_eq!(rows[0]["operation"], "CreatePortfolio");
    assert_eq!(rows[0]["outcome"], "done");
    assert_eq!(
        rows[1]["outcome"],
        json!({"refused": [400, "ResourceNotFoundException"]})
    );
    done(&bench, "DELETE", "/_emulator/calls", "").await;
    let calls = done(&bench, "GET", "/_emulator/calls", "").await;
    assert_eq!(calls, json!({"calls": []}));
}

#[tokio::test(start_paused = true)]
async fn faults_are_set_shown_with_how_often_they_struck_and_taken_back() {
    let bench = Bench::new(Profile::Instant);
    let faults = "rules:\n- {operation: ListPortfolios, times: 1, effect: throttle}\n";
    done(&bench, "PUT", "/_emulator/faults", faults).await;
    assert_eq!(
        bench.refused("ListPortfolios", json!({})).await.0,
        "ThrottlingException"
    );
    bench.ok("ListPortfolios", json!({})).await;
    bench
        .emulator
        .inject(Rule::always(Effect::InternalFailure).on("CreatePortfolio"));
    let shown = done(&bench, "GET", "/_emulator/faults", "").await;
    assert_eq!(shown["struck"], json!([1, 0]));
    assert_eq!(shown["faults"]["rules"][1]["effect"], "internalFailure");
    // What it shows can be put back.
    let again = shown["faults"].to_string();
    done(&bench, "PUT", "/_emulator/faults", &again).await;
    assert_eq!(
        bench.refused("ListPortfolios", json!({})).await.0,
        "ThrottlingException"
    );
    done(&bench, "PUT", "/_emulator/faults", "").await;
    bench.portfolio("Data").await;
    let (status, answer) = ask(&bench, "PUT", "/_emulator/faults", "rulez: []").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(text(&answer, "/message").contains("rulez"));
}

#[tokio::test(start_paused = true)]
async fn a_commit_is_brought_to_a_product_and_a_sync_fails() {
    let bench = Bench::new(Profile::Instant);
    let source = json!({"ConnectionArn": "arn:aws:codestar-connections:us-east-1:123456789012:connection/c",
                        "Repository": "org/catalog", "Branch": "main", "ArtifactPath": "topic.yaml"});
    let made = bench
        .ok(
            "CreateProduct",
            json!({"Name": "topic", "Owner": "o", "ProductType": "CLOUD_FORMATION_TEMPLATE",
                   "IdempotencyToken": "t", "SourceConnection": {
                       "Type": "CODESTAR", "ConnectionParameters": {"CodeStar": source}}}),
        )
        .await;
    let id = text(&made, "/ProductViewDetail/ProductViewSummary/ProductId");
    let mut asked = json!({"account": "123456789012", "region": "us-east-1", "product": id,
                           "revision": "0a1b2c3", "template": TEMPLATE});
    let answer = done(&bench, "POST", "/_emulator/sync", &asked.to_string()).await;
    let listed = bench
        .ok("ListProvisioningArtifacts", json!({"ProductId": id}))
        .await;
    assert_eq!(
        listed["ProvisioningArtifactDetails"][0]["Id"],
        answer["provisioningArtifactId"]
    );
    asked =
        json!({"account": "123456789012", "region": "us-east-1", "product": id, "failure": "gone"});
    let answer = done(&bench, "POST", "/_emulator/sync", &asked.to_string()).await;
    assert_eq!(answer, json!({"failure": "gone"}));
    for wrong in ["{}".to_owned(), asked.to_string().replace(&id, "prod-none")] {
        let (status, _) = ask(&bench, "POST", "/_emulator/sync", &wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    // As other programs write what is beyond the Basic Multilingual Plane.
    let escaped = asked.to_string().replace("gone", "\\ud83d\\ude00");
    let answer = done(&bench, "POST", "/_emulator/sync", &escaped).await;
    assert_eq!(answer, json!({"failure": "\u{1f600}"}));
    asked["revision"] = json!("abc");
    let (status, answer) = ask(&bench, "POST", "/_emulator/sync", &asked.to_string()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(answer["message"], "say revision and template, or failure");
}

#[tokio::test(start_paused = true)]
async fn what_it_has_not_and_pages_in_browsers_are_refused() {
    let bench = Bench::new(Profile::Instant);
    for (method, path, status) in [
        ("GET", "/_emulator/nothing", StatusCode::NOT_FOUND),
        ("GET", "/_emulator/reset", StatusCode::METHOD_NOT_ALLOWED),
        ("DELETE", "/_emulator", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let (got, answer) = ask(&bench, method, path, "").await;
        assert_eq!(got, status, "{method} {path}");
        assert!(answer["message"].is_string());
    }
    bench.portfolio("Data").await;
    let request = Request::post("/_emulator/reset")
        .header("origin", "https://example.com")
        .body(Bytes::new())
        .unwrap();
    let answer = bench.emulator.call(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let listed = bench.ok("ListPortfolios", json!({})).await;
    assert_eq!(listed["PortfolioDetails"].as_array().unwrap().len(), 1);
    // A bucket whose name begins alike is S3's business.
    let other = Request::get("/_emulators").body(Bytes::new()).unwrap();
    let answer = bench.emulator.call(other).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain");
}
