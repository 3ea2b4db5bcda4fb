//! The protocol itself (facts §1).

use bytes::Bytes;
use catalogd::emulator::{Outcome, Profile};
use http::Request;
use serde_json::json;

use super::client::{ACCOUNT, Bench, text};

#[tokio::test(start_paused = true)]
async fn answers_have_the_recorded_headers_and_bytes() {
    let bench = Bench::new(Profile::Instant);
    let body = json!({"DisplayName": "Data", "ProviderName": "it", "IdempotencyToken": "t"});
    let response = bench
        .send("CreatePortfolio", body.to_string())
        .await
        .unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "application/x-amz-json-1.1"
    );
    assert_eq!(response.headers()["x-amzn-requestid"].len(), 36);
    let raw = String::from_utf8(response.body().to_vec()).unwrap();
    let id = text(&serde_json::from_str(&raw).unwrap(), "/PortfolioDetail/Id");
    assert_eq!(
        raw,
        format!(
            "{{\"PortfolioDetail\":{{\"ARN\":\"arn:aws:catalog:us-east-1:{ACCOUNT}:portfolio/{id}\",\
             \"CreatedTime\":1.800000000123E9,\"DisplayName\":\"Data\",\"Id\":\"{id}\",\
             \"ProviderName\":\"it\"}}}}"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn errors_have_the_recorded_form() {
    let bench = Bench::new(Profile::Instant);
    let response = bench
        .send("DescribeProduct", r#"{"Id":"prod-4v6rc4hwaiiha"}"#.into())
        .await
        .unwrap();
    assert_eq!(response.status(), 400);
    assert_eq!(
        response.body(),
        r#"{"__type":"ResourceNotFoundException","Message":"prod-4v6rc4hwaiiha does not exist or access was denied"}"#
    );
    assert!(!response.headers().contains_key("x-amzn-errortype"));
}

/// Never an answer that looks real (facts §9 has all of them).
#[tokio::test(start_paused = true)]
async fn what_the_model_has_and_the_emulator_lacks_is_said_plainly() {
    let bench = Bench::new(Profile::Instant);
    let lacking = "NotifyProvisionProductEngineWorkflowResult";
    let response = bench.send(lacking, "{}".into()).await.unwrap();
    assert_eq!(response.status(), 501);
    assert_eq!(
        response.body(),
        "{\"__type\":\"NotImplemented\",\"Message\":\"NotifyProvisionProductEngineWorkflowResult is not \
         supported by the emulator\"}"
    );
}

#[tokio::test(start_paused = true)]
async fn strangers_and_the_unsigned_are_turned_away() {
    let bench = Bench::new(Profile::Instant);
    let status = async |request: Request<Bytes>| {
        let response = bench.emulator.call(request).await.unwrap();
        (
            response.status().as_u16(),
            String::from_utf8_lossy(response.body()).into_owned(),
        )
    };
    let nobody = Request::get("http://localhost:4566/")
        .body(Bytes::new())
        .unwrap();
    assert_eq!(status(nobody).await.0, 404);
    let unsigned = Request::post("http://localhost:4566/")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", "AWS242ServiceCatalogService.ListPortfolios")
        .header("content-type", "application/x-amz-json-1.1")
        .body(Bytes::from_static(b"{}"))
        .unwrap();
    let (code, body) = status(unsigned).await;
    assert_eq!(code, 403);
    assert!(body.contains("MissingAuthenticationTokenException"));
}

#[tokio::test(start_paused = true)]
async fn accounts_are_apart() {
    let bench = Bench::new(Profile::Instant);
    let other = bench.in_account("210987654321");
    let portfolio = bench.portfolio("Data").await;
    let found = other.ok("ListPortfolios", json!({})).await;
    assert_eq!(found, json!({"PortfolioDetails": []}));
    let (code, _) = other
        .refused("DescribePortfolio", json!({"Id": portfolio}))
        .await;
    assert_eq!(code, "ResourceNotFoundException");
    let arn = other
        .ok(
            "CreatePortfolio",
            json!({"DisplayName": "Data", "ProviderName": "it", "IdempotencyToken": "t"}),
        )
        .await;
    assert!(text(&arn, "/PortfolioDetail/ARN").contains(":210987654321:"));
}

#[tokio::test(start_paused = true)]
async fn calls_are_logged_with_their_outcome() {
    let bench = Bench::new(Profile::Instant);
    bench.ok("ListPortfolios", json!({})).await;
    bench
        .refused("DescribePortfolio", json!({"Id": "port-none"}))
        .await;
    let calls = bench.emulator.calls();
    assert_eq!(calls[0].operation, "ListPortfolios");
    assert_eq!(calls[0].outcome, Outcome::Done);
    assert_eq!(
        calls[1].outcome,
        Outcome::Refused(400, "ResourceNotFoundException".to_owned())
    );
    assert_eq!(bench.emulator.counts()["ListPortfolios"], 1);
    bench.emulator.reset_calls();
    assert!(bench.emulator.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_ids() {
    let ids = async || {
        let bench = Bench::new(Profile::Aws);
        (bench.portfolio("a").await, bench.portfolio("b").await)
    };
    assert_eq!(ids().await, ids().await);
}
