//! An emulator with an SDK client and a plain one.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_servicecatalog as sc;
use bytes::Bytes;
use catalogd::clock::Clock;
use catalogd::emulator::faults::Faults;
use catalogd::emulator::{Dropped, Emulator, InProcess, Options, Profile, server};
use http::{Request, Response};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const SERVICE_CATALOG: &str = "AWS242ServiceCatalogService";

use super::model::MODEL;

/// The account behind ordinary keys.
pub const ACCOUNT: &str = "123456789012";
/// The principal behind them.
pub const ROLE: &str = "arn:aws:iam::123456789012:role/catalogd";

/// A template with a parameter that needs a value, one with a default, and an output.
pub const TEMPLATE: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Description: A topic
Parameters:
  Owner: {Type: String, Description: Who answers for it}
  Size: {Type: String, Default: small, AllowedValues: [small, large]}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Sub "${Owner}-${Size}"}
Outputs:
  Kind: {Description: How large, Value: !Ref Size}
"#;

/// An emulator and those who call it.
#[derive(Clone)]
pub struct Bench {
    pub emulator: Emulator,
    pub key: String,
    pub region: String,
}

/// An error's code and message.
pub type Refusal = (String, String);

impl Bench {
    pub fn new(profile: Profile) -> Self {
        Self::with(profile, Faults::default())
    }

    pub fn with(profile: Profile, faults: Faults) -> Self {
        let start = Timestamp::from_millisecond(1_800_000_000_123).unwrap();
        Self {
            emulator: Emulator::new(Options {
                clock: Clock::starting_at(start),
                seed: 7,
                profile,
                quotas: true,
                faults,
            }),
            key: "AKIAEXAMPLE".to_owned(),
            region: "us-east-1".to_owned(),
        }
    }

    /// The same emulator with the keys of another account.
    pub fn in_account(&self, account: &str) -> Self {
        Self {
            emulator: self.emulator.clone(),
            key: account.to_owned(),
            region: self.region.clone(),
        }
    }

    /// The same emulator with the keys of a session of a role, which is assumed.
    pub async fn as_role(&self, role: &str) -> Self {
        let form = format!("Action=AssumeRole&RoleArn={role}&RoleSessionName=session");
        let response = self.query("sts", form).await.unwrap();
        let answer = String::from_utf8(response.body().to_vec()).unwrap();
        let (_, rest) = answer.split_once("<AccessKeyId>").unwrap();
        Self {
            key: rest.split('<').next().unwrap().to_owned(),
            ..self.clone()
        }
    }

    /// The header by which the emulator knows who calls, and where.
    pub fn authorization(&self, service: &str) -> String {
        authorization(&self.key, &self.region, service)
    }

    /// The same emulator in another region.
    pub fn in_region(&self, region: &str) -> Self {
        Self {
            region: region.to_owned(),
            ..self.clone()
        }
    }

    /// The SDK's client, its own retries off.
    pub fn sdk(&self) -> sc::Client {
        let config = sc::Config::builder()
            .behavior_version(sc::config::BehaviorVersion::latest())
            .region(sc::config::Region::new(self.region.clone()))
            .credentials_provider(Credentials::new(&self.key, "secret", None, None, "test"))
            .retry_config(sc::config::retry::RetryConfig::disabled())
            .http_client(InProcess(self.emulator.clone()))
            .build();
        sc::Client::from_conf(config)
    }

    /// A request as the SDK sends it, its answer as it comes.
    pub async fn send(&self, operation: &str, body: String) -> Result<Response<Bytes>, Dropped> {
        self.send_to("servicecatalog", SERVICE_CATALOG, operation, body)
            .await
    }

    /// The same to any service of JSON.
    pub async fn send_to(
        &self,
        service: &str,
        target: &str,
        operation: &str,
        body: String,
    ) -> Result<Response<Bytes>, Dropped> {
        let request = Request::post(format!("https://{service}.us-east-1.amazonaws.com/"))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("{target}.{operation}"))
            .header("authorization", self.authorization(service))
            .body(Bytes::from(body))
            .unwrap();
        self.emulator.call(request).await
    }

    /// A form to a service that speaks Query: STS or CloudFormation.
    pub async fn query(
        &self,
        service: &str,
        form: impl Into<Bytes>,
    ) -> Result<Response<Bytes>, Dropped> {
        let request = Request::post(format!("https://{service}.us-east-1.amazonaws.com/"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", self.authorization(service))
            .body(form.into())
            .unwrap();
        self.emulator.call(request).await
    }

    /// A call of Organizations: its answer's body, or the error's code and message.
    pub async fn organizations(&self, operation: &str, input: Value) -> Result<Value, Refusal> {
        let target = "AWSOrganizationsV20161128";
        let response = self
            .send_to("organizations", target, operation, input.to_string())
            .await;
        read(&response.unwrap()).map_err(|body| refusal(&body))
    }

    /// The answer's body, or the error's code and message.
    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, Refusal> {
        let response = self.send(operation, input.to_string()).await.unwrap();
        let answer = read(&response).map_err(|body| refusal(&body));
        // Whatever a test is about: no operation answers with an error that is none of its own.
        if let Err((code, message)) = &answer {
            assert!(
                MODEL.may(operation, code),
                "{operation} may not answer {code}: {message}"
            );
        }
        answer
    }

    /// The same of another service that speaks JSON 1.1, by its signing name and the target header.
    pub async fn ask(&self, service: &str, target: &str, input: Value) -> Result<Value, Refusal> {
        let (target, operation) = target.split_once('.').unwrap();
        let response = self
            .send_to(service, target, operation, input.to_string())
            .await;
        read(&response.unwrap()).map_err(|body| {
            // Spelled in two ways, and some errors have none.
            let said = body.get("message").or_else(|| body.get("Message"));
            let said = said.map_or("", |said| said.as_str().unwrap());
            (text(&body, "/__type"), said.to_owned())
        })
    }

    /// As [`Self::call`], of which success is expected.
    pub async fn ok(&self, operation: &str, input: Value) -> Value {
        let answer = self.call(operation, input.clone()).await;
        answer.unwrap_or_else(|error| panic!("{operation} {input}: {error:?}"))
    }

    pub async fn refused(&self, operation: &str, input: Value) -> Refusal {
        self.call(operation, input).await.unwrap_err()
    }

    pub async fn pass(&self, seconds: f64) {
        let clock = self.emulator.clock();
        clock.sleep(Duration::from_secs_f64(seconds)).await;
    }

    /// Puts a template into the embedded S3 and returns its address.
    pub async fn template(&self, name: &str, body: &str) -> String {
        let bucket = format!("templates-{}", self.key.to_lowercase());
        self.s3("PUT", &bucket, "", "").await;
        let response = self.s3("PUT", &bucket, name, body.to_owned()).await;
        assert!(response.status().is_success(), "{response:?}");
        format!("https://{bucket}.s3.us-east-1.amazonaws.com/{name}")
    }

    /// A call of S3.
    pub async fn s3(
        &self,
        method: &str,
        bucket: &str,
        key: &str,
        body: impl Into<Bytes>,
    ) -> Response<Bytes> {
        let body = body.into();
        // The address is one of this region, whoever asks.
        let here = authorization(&self.key, "us-east-1", "s3");
        let host = format!("{bucket}.s3.us-east-1.amazonaws.com");
        let request = Request::builder()
            .method(method)
            .uri(format!("https://{host}/{key}"))
            .header("authorization", here)
            .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
            .header("x-amz-date", "20270115T080000Z")
            .header("host", host)
            .header("content-length", body.len())
            .body(body)
            .unwrap();
        self.emulator.call(request).await.unwrap()
    }

    /// A product with one version of the template, and their ids.
    pub async fn product_of(&self, name: &str, template: &str) -> (String, String) {
        let url = self.template(&format!("{name}.yaml"), template).await;
        let answer = self
            .ok(
                "CreateProduct",
                json!({
                    "Name": name, "Owner": "platform", "ProductType": "CLOUD_FORMATION_TEMPLATE",
                    "IdempotencyToken": format!("product-{name}"),
                    "ProvisioningArtifactParameters": {
                        "Name": "v1", "Info": {"LoadTemplateFromURL": url},
                    },
                }),
            )
            .await;
        (
            text(&answer, "/ProductViewDetail/ProductViewSummary/ProductId"),
            text(&answer, "/ProvisioningArtifactDetail/Id"),
        )
    }

    /// The same of the ordinary template.
    pub async fn product(&self, name: &str) -> (String, String) {
        self.product_of(name, TEMPLATE).await
    }

    pub async fn portfolio(&self, name: &str) -> String {
        let answer = self
            .ok(
                "CreatePortfolio",
                json!({"DisplayName": name, "ProviderName": "it", "IdempotencyToken": format!("portfolio-{name}")}),
            )
            .await;
        text(&answer, "/PortfolioDetail/Id")
    }

    /// A product in a portfolio that the caller may launch from: portfolio, product, version.
    pub async fn launchable(&self, name: &str) -> (String, String, String) {
        self.launchable_of(name, TEMPLATE).await
    }

    /// The same of another template.
    pub async fn launchable_of(&self, name: &str, template: &str) -> (String, String, String) {
        let (product, version) = self.product_of(name, template).await;
        let portfolio = self.portfolio(name).await;
        self.ok(
            "AssociateProductWithPortfolio",
            json!({"ProductId": product, "PortfolioId": portfolio}),
        )
        .await;
        self.ok(
            "AssociatePrincipalWithPortfolio",
            json!({"PortfolioId": portfolio, "PrincipalARN": ROLE, "PrincipalType": "IAM"}),
        )
        .await;
        // A version is CREATING for up to three seconds.
        self.pass(3.0).await;
        (portfolio, product, version)
    }
}

/// The header by which the emulator knows who calls, and where.
pub fn authorization(key: &str, region: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={key}/20270115/{region}/{service}/aws4_request, \
         SignedHeaders=host, Signature=00"
    )
}

/// A body of JSON, as an answer or as an error.
fn read(response: &Response<Bytes>) -> Result<Value, Value> {
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    if response.status().is_success() {
        Ok(body)
    } else {
        Err(body)
    }
}

/// An error's code and message, as Service Catalog and Organizations spell them.
fn refusal(body: &Value) -> Refusal {
    (text(body, "/__type"), text(body, "/Message"))
}

/// An emulator on a free port for as long as `work` takes.
pub async fn served<T>(emulator: Emulator, work: impl AsyncFnOnce(String) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(server::serve(listener, emulator, async {
        let _ = stopped.await;
    }));
    let result = work(endpoint).await;
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    result
}

/// The text at a JSON pointer.
pub fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("{pointer} of {value}"))
        .to_owned()
}

/// An input with other members beside its own, or in their place.
pub fn with(mut input: Value, more: Value) -> Value {
    let Value::Object(more) = more else {
        panic!("{more} is no structure");
    };
    for (member, value) in more {
        input[member] = value;
    }
    input
}

/// The ids under a list, one member deep.
pub fn ids(answer: &Value, list: &str, id: &str) -> Vec<String> {
    let items = answer[list]
        .as_array()
        .unwrap_or_else(|| panic!("no {list} in {answer}"));
    items.iter().map(|item| text(item, id)).collect()
}
