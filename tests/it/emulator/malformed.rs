//! Requests that are not as they should be: each is refused in the service's way, and none is fatal (facts §1, §2).

use bytes::Bytes;
use catalogd::emulator::{Profile, operations};
use http::{Method, Request, Response};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::client::{Bench, authorization, text};
use super::model::MODEL;

const TARGET: &str = "AWS242ServiceCatalogService.";
const NO_OPERATION: &str = "UnknownOperationException";
const NOT_READ: &str = "SerializationException";

/// A request that is right but for what a test changes.
fn request(body: impl Into<Bytes>) -> Request<Bytes> {
    Request::post("http://localhost:4566/")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("{TARGET}ListPortfolios"))
        .header(
            "authorization",
            authorization("AKIAEXAMPLE", "us-east-1", "servicecatalog"),
        )
        .body(body.into())
        .unwrap()
}

async fn answer(request: Request<Bytes>) -> Response<Bytes> {
    let bench = Bench::new(Profile::Instant);
    bench.emulator.call(request).await.unwrap()
}

/// The code of a refusal with status 400 in the recorded form.
fn code(response: &Response<Bytes>) -> String {
    assert_eq!(response.status(), 400, "{response:?}");
    assert_eq!(
        response.headers()["content-type"],
        "application/x-amz-json-1.1"
    );
    assert_eq!(response.headers()["connection"], "close");
    assert_eq!(response.headers()["x-amzn-requestid"].len(), 36);
    let raw = std::str::from_utf8(response.body()).unwrap();
    assert!(raw.starts_with("{\"__type\":\""), "{raw}");
    let body: Value = serde_json::from_str(raw).unwrap();
    let members: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert!(
        members
            .iter()
            .all(|name| ["__type", "Message"].contains(&name.as_str())),
        "{raw}"
    );
    text(&body, "/__type")
}

#[tokio::test(start_paused = true)]
async fn another_method_address_or_content_type_is_no_operation() {
    let mut cases = Vec::new();
    for kind in [
        "application/json",
        "application/x-amz-json-1.0",
        "text/xml",
        "",
    ] {
        let mut request = request("{}");
        request
            .headers_mut()
            .insert("content-type", kind.parse().unwrap());
        cases.push(request);
    }
    let mut untyped = request("{}");
    untyped.headers_mut().remove("content-type");
    cases.push(untyped);
    for method in [Method::GET, Method::PUT, Method::HEAD, Method::OPTIONS] {
        let mut request = request("{}");
        *request.method_mut() = method;
        cases.push(request);
    }
    let mut elsewhere = request("{}");
    *elsewhere.uri_mut() = "http://localhost:4566/ListPortfolios".parse().unwrap();
    cases.push(elsewhere);
    for request in cases {
        let what = format!("{request:?}");
        let response = answer(request).await;
        assert_eq!(response.status(), 404, "{what}");
        assert_eq!(response.body(), "<UnknownOperationException/>\n", "{what}");
        assert!(
            response.headers().contains_key("x-amzn-requestid"),
            "{what}"
        );
    }
    let mut fine = request("{}");
    let kind = "Application/X-Amz-Json-1.1; charset=utf-8".parse().unwrap();
    fine.headers_mut().insert("content-type", kind);
    assert_eq!(answer(fine).await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn the_target_names_an_operation_of_the_model() {
    for target in [
        "DoSomething",
        "listportfolios",
        "ListPortfolios ",
        "ListPortfolios.",
        "",
        // The other services' operations are not this one's.
        "DescribeStacks",
    ] {
        let mut request = request("{}");
        let target = format!("{TARGET}{target}").parse().unwrap();
        request.headers_mut().insert("x-amz-target", target);
        assert_eq!(code(&answer(request).await), NO_OPERATION);
    }
    // The credential names the service, and nothing the operation.
    for target in [
        "ListPortfolios",
        "DynamoDB_20120810.ListTables",
        "AWS242ServiceCatalogService",
    ] {
        let mut request = request("{}");
        request
            .headers_mut()
            .insert("x-amz-target", target.parse().unwrap());
        assert_eq!(code(&answer(request).await), NO_OPERATION, "{target}");
    }
    let mut none = request("{}");
    none.headers_mut().remove("x-amz-target");
    let none = answer(none).await;
    assert_eq!(none.body(), "{\"__type\":\"UnknownOperationException\"}");
}

/// Callers invent names as they like: they shall not fill the memory with them.
#[tokio::test(start_paused = true)]
async fn invented_operations_are_remembered_in_part() {
    let bench = Bench::new(Profile::Instant);
    for number in 0..1_200 {
        let operation = format!("Invented{number}{}", "x".repeat(5_000));
        bench.send(&operation, "{}".to_owned()).await.unwrap();
    }
    bench.portfolio("a").await;
    let counts = bench.emulator.counts();
    assert_eq!(counts.len(), 1_000);
    let calls = bench.emulator.calls();
    assert_eq!(calls.len(), 1_201);
    assert!(calls.iter().all(|call| call.operation.len() <= 128));
    assert!(counts.keys().all(|operation| operation.len() <= 128));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_no_object_of_json_is_refused() {
    let deep = format!("{{\"X\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    let abyss = "[".repeat(1 << 20);
    for body in [
        "{",
        "[]",
        "[{}]",
        "null",
        "1",
        "\"x\"",
        "{}{}",
        "{} x",
        "{\"PageSize\":}",
        "{PageSize:1}",
        "{'PageSize':1}",
        "{\"PageSize\":1,}",
        "{\"PageSize\":01}",
        "{\"PageSize\":1e999}",
        "{\"PageToken\":\"\\ud800\"}",
        "{\"PageToken\":\"\u{0}\"}",
        "\u{feff}{}",
        "PageSize=1",
        "<x/>",
        " ",
        &deep,
        &abyss,
    ] {
        let short: String = body.chars().take(40).collect();
        assert_eq!(
            code(&answer(request(body.to_owned())).await),
            NOT_READ,
            "{short}"
        );
    }
    for body in [&b"{\"PageToken\":\"\xff\"}"[..], b"\xff\xfe{\0}\0", b"\x80"] {
        assert_eq!(code(&answer(request(body)).await), NOT_READ, "{body:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn odd_bodies_that_can_be_read_are_read() {
    let nested = format!("{{\"X\":{}1{}}}", "[".repeat(100), "]".repeat(100));
    for body in [
        "",
        "{}",
        " {\n}\t",
        "{\"PageSize\":null}",
        "{\"Unheard\":[{}]}",
        &nested,
    ] {
        let response = answer(request(body.to_owned())).await;
        assert_eq!(response.body(), "{\"PortfolioDetails\":[]}", "{body}");
    }
    // Of a member given twice the last counts.
    let twice = answer(request("{\"PageSize\":1,\"PageSize\":500}")).await;
    assert_eq!(code(&twice), "ValidationException");
    assert!(String::from_utf8_lossy(twice.body()).contains("Value '500' at 'pageSize'"));
}

#[tokio::test(start_paused = true)]
async fn the_other_protocol_of_the_model_is_turned_away() {
    let mut by_header = request("{}");
    by_header
        .headers_mut()
        .insert("smithy-protocol", "rpc-v2-cbor".parse().unwrap());
    let mut by_kind = request(&b"\xa0"[..]);
    by_kind
        .headers_mut()
        .insert("content-type", "application/cbor".parse().unwrap());
    let mut by_address = request(&b"\xa0"[..]);
    *by_address.uri_mut() =
        "http://localhost:4566/service/AWS242ServiceCatalogService/operation/ListPortfolios"
            .parse()
            .unwrap();
    for request in [by_header, by_kind, by_address] {
        let response = answer(request).await;
        assert_eq!(response.status(), 415);
        let said = String::from_utf8_lossy(response.body()).into_owned();
        assert_eq!(
            said,
            "The emulator speaks AWS JSON 1.1, not smithy-rpc-v2-cbor.\n"
        );
    }
}

/// A value of every JSON type, by its name.
fn one_of_each() -> [(&'static str, Value); 6] {
    [
        ("string", json!("x")),
        ("integer", json!(7)),
        ("boolean", json!(true)),
        ("fraction", json!(1.5)),
        ("list", json!([])),
        ("structure", json!({})),
    ]
}

/// Every member of every operation, given every JSON type that is not its own.
#[tokio::test(start_paused = true)]
async fn every_member_of_another_json_type_is_refused() {
    let bench = Bench::new(Profile::Instant);
    for operation in operations() {
        for (member, shape) in MODEL.input(operation) {
            let own = match MODEL.kind(shape) {
                "map" => "structure",
                kind => kind,
            };
            for (kind, value) in one_of_each() {
                if kind == own || (own == "timestamp" && ["integer", "fraction"].contains(&kind)) {
                    continue;
                }
                let input = json!({ member: value });
                let response = bench.send(operation, input.to_string()).await.unwrap();
                assert_eq!(code(&response), NOT_READ, "{operation} {input}");
            }
        }
    }
}

/// A request that has something of everything, to be spoilt.
fn rich() -> Value {
    json!({
        "Name": "n", "Owner": "o", "ProductType": "CLOUD_FORMATION_TEMPLATE", "IdempotencyToken": "t",
        "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}],
        "ProvisioningArtifactParameters": {"Name": "v", "Info": {"LoadTemplateFromURL": "https://x.s3.amazonaws.com/y"},
                                           "DisableTemplateValidation": true},
        "Filters": {"SearchQuery": ["a:b"]}, "PageSize": 3, "PageToken": "x", "Id": "port-a", "ProductId": "prod-a",
        "ProvisioningParameters": [{"Key": "k", "Value": "v"}], "AccessLevelFilter": {"Key": "Account", "Value": "self"},
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the bytes: an answer of the service's, with status 200 or 400 and readable JSON.
    #[test]
    fn no_bytes_are_fatal(
        which in 0_usize..1000,
        changes in prop::collection::vec((0_usize..1000, any::<u8>()), 0..4),
        cut in 0_usize..1000,
    ) {
        let mut bytes = rich().to_string().into_bytes();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        if cut < 300 {
            bytes.truncate(cut);
        }
        let names: Vec<&str> = operations().collect();
        let operation = names[which % names.len()];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let response = runtime.block_on(async {
            let mut request = request(bytes);
            let target = format!("{TARGET}{operation}").parse().unwrap();
            request.headers_mut().insert("x-amz-target", target);
            Bench::new(Profile::Instant).emulator.call(request).await.unwrap()
        });
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        let ok = response.status() == 200 && body.get("__type").is_none();
        let refused = [400, 501].contains(&response.status().as_u16()) && body["__type"].is_string();
        prop_assert!(ok || refused, "{response:?}");
    }

    /// The same of the other services, which share the port: an answer that is no failure of the server's.
    #[test]
    fn no_bytes_are_fatal_to_the_others(
        service in prop::sample::select(vec![
            ("cloudformation", ""), ("sts", ""), ("s3", ""), ("ssm", "AmazonSSM."),
            ("organizations", "AWSOrganizationsV20161128."),
            ("tagging", "ResourceGroupsTaggingAPI_20170126."), ("iam", ""),
        ]),
        method in prop::sample::select(vec!["GET", "PUT", "POST", "HEAD", "DELETE", "PATCH"]),
        path in prop::sample::select(vec!["/", "/b", "/b/k", "/%ff/%", "/b?policy", "/?list-type=2&max-keys=x", "//"]),
        operation in prop::sample::select(vec![
            "GetParameters", "PutParameter", "DescribeOrganization", "ListAccounts", "GetResources", "", "None",
        ]),
        form in prop::sample::select(vec![
            "Action=CreateStack&StackName=a&TemplateBody={}", "Action=DescribeStacks&StackName=%FF", "Action=AssumeRole",
            "Action=UpdateStack&Parameters.member.99999999999.ParameterKey=a", "{\"Names\":[\"a\"]}", "<x/>", "",
        ]),
        changes in prop::collection::vec((0_usize..1000, any::<u8>()), 0..4),
    ) {
        let mut bytes = form.as_bytes().to_vec();
        for (at, byte) in changes {
            if let Some(length) = bytes.len().checked_sub(1) {
                bytes[at % (length + 1)] = byte;
            }
        }
        let (name, prefix) = service;
        let request = Request::builder()
            .method(method)
            .uri(format!("http://localhost:4566{path}"))
            .header("host", "localhost:4566")
            .header("x-amz-target", format!("{prefix}{operation}"))
            .header("content-type", "application/x-amz-json-1.1")
            .header("content-length", bytes.len())
            .header("authorization", authorization("AKIAEXAMPLE", "us-east-1", name))
            .body(Bytes::from(bytes))
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let response = runtime.block_on(async {
            Bench::new(Profile::Instant).emulator.call(request).await.unwrap()
        });
        let status = response.status().as_u16();
        prop_assert!(status < 500 || status == 501, "{name} {method} {path} {operation} {form}: {response:?}");
    }
}
