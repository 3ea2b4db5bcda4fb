//! The emulator's answers beside recorded ones of the real service: the same members, nesting,
//! types, formats and order, for the nine operations that were recorded.

mod clients;
pub mod foreign;
mod life;
mod texts;
mod transcripts;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use catalogd::emulator::Profile;
use regex::Regex;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};

use crate::emulator::client::{Bench, text, with};
use crate::shared::shared_data;

/// Members that answers have today and the recordings of 2018 and 2020 do not (facts §9.1 to §9.3).
const ADDED_SINCE: &[(&str, &str)] = &[
    ("DescribeProduct", "Budgets"),
    ("DescribeProduct", "Guidance"),
    ("DescribeProduct", "LaunchPaths"),
    ("DescribeProductAsAdmin", "Budgets"),
    ("DescribeProvisionedProduct", "LastProvisioningRecordId"),
    (
        "DescribeProvisionedProduct",
        "LastSuccessfulProvisioningRecordId",
    ),
    (
        "DescribeProvisioningParameters",
        "ProvisioningArtifactOutputKeys",
    ),
    (
        "DescribeProvisioningParameters",
        "ProvisioningArtifactOutputs",
    ),
    (
        "DescribeProvisioningParameters",
        "ProvisioningArtifactPreferences",
    ),
    ("ListProvisioningArtifacts", "Guidance"),
];
/// Items of lists, by their Key or Type, of which the same is true (facts §9.3, §10.1).
const ITEMS_SINCE: [&str; 3] = [
    "aws:servicecatalog:provisionedProductArn",
    "aws:servicecatalog:provisioningArtifactIdentifier",
    "tagUpdateOnProvisionedProduct",
];
/// Members whose values, and not only their formats, must be the recorded ones.
const EXACT: [&str; 8] = [
    "HasDefaultPath",
    "OutputKey",
    "ParameterKey",
    "ParameterType",
    "ProvisionedProductType",
    "RecordType",
    "Status",
    "Type",
];

struct Recording {
    operation: String,
    status: u16,
    headers: BTreeMap<String, String>,
    raw: String,
}

/// The recorded exchanges by number; `None` where the data is not at hand.
fn recordings() -> Option<BTreeMap<u32, Recording>> {
    let folder = shared_data()?.join("recordings/http");
    let mut found = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let number = name.split('_').next().unwrap().parse().unwrap();
        let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let headers = file["response_headers"].as_object().unwrap();
        let recording = Recording {
            operation: text(&file, "/operation"),
            status: file["status"].as_u64().unwrap().try_into().unwrap(),
            headers: headers
                .iter()
                .map(|(key, value)| (key.to_lowercase(), value.as_str().unwrap().to_owned()))
                .collect(),
            raw: text(&file, "/response_body_raw"),
        };
        found.insert(number, recording);
    }
    Some(found)
}

#[tokio::test(start_paused = true)]
async fn answers_look_like_the_recorded_ones() {
    let Some(recordings) = recordings() else {
        return;
    };
    assert_eq!(recordings.len(), 20, "recordings came or went");
    let requests = load(&recordings).await;
    let numbers: Vec<u32> = recordings.keys().copied().collect();
    assert_eq!(numbers, requests.keys().copied().collect::<Vec<_>>());
    for (number, (bench, input)) in &requests {
        let recording = &recordings[number];
        let operation = recording.operation.as_str();
        let response = bench.send(operation, input.to_string()).await.unwrap();
        let what = format!("{number} {operation}");
        assert_eq!(response.status().as_u16(), recording.status, "{what}");
        assert_eq!(
            response.headers()["content-type"].to_str().unwrap(),
            recording.headers["content-type"],
            "{what}"
        );
        assert_eq!(
            response.headers().contains_key("connection"),
            recording.headers.contains_key("connection"),
            "{what}"
        );
        assert_eq!(
            response.headers()["x-amzn-requestid"].len(),
            recording.headers["x-amzn-requestid"].len(),
            "{what}"
        );
        let ours = String::from_utf8(response.body().to_vec()).unwrap();
        let mut differences = Vec::new();
        let parsed = |raw: &str| serde_json::from_str::<Value>(raw).unwrap();
        compare(
            operation,
            "",
            &parsed(&recording.raw),
            &parsed(&ours),
            &mut differences,
        );
        assert!(
            differences.is_empty(),
            "{what}: {differences:#?}\n{ours}\n{}",
            recording.raw
        );
        assert_eq!(notation(&recording.raw), notation(&ours), "{what}");
        if recording.status == 200 {
            for raw in [&recording.raw, &ours] {
                let sorted = serde_json::from_str::<Sorted>(raw);
                assert!(sorted.is_ok(), "{what}: {:?} in {raw}", sorted.err());
            }
        }
    }
}

/// Objects like the recorded account's, and the request behind each recording.
async fn load(recordings: &BTreeMap<u32, Recording>) -> BTreeMap<u32, (Bench, Value)> {
    let bench = Bench::new(Profile::Instant).in_account("200278856672");
    let told: Value = serde_json::from_str(&recordings[&4].raw).unwrap();
    let template = template_of(&told);
    let main = Maker {
        bench: &bench,
        template: &template,
    };
    let everything = json!({
        "Distributor": "Vendor", "SupportDescription": "desc", "SupportEmail": "a@test.com",
        "SupportUrl": "http://example.com", "Description": "description",
    });
    let (first, old) = main.product("Product", everything, "v1", "desc").await;
    let new = main.version(&first, "v2", "new version").await;
    let some = json!({"Distributor": "Vendor", "Description": "desc"});
    let (second, second_version) = main.product("WithRules", some, "v1.1", "").await;
    let empty = json!({"Distributor": "", "Description": "desc"});
    let (third, _) = main.product("NoPortfolio", empty, "v1.1.1", "").await;
    let ruled = main.portfolio("Portfolio", &[&first]).await;
    main.portfolio("Portfolio2", &[&first, &second]).await;
    let rules = told["UsageInstructions"][0]["Value"].as_str().unwrap();
    let constraint = json!({
        "PortfolioId": ruled, "ProductId": first, "Type": "TEMPLATE", "IdempotencyToken": "rules",
        "Description": "Enforcing instance type", "Parameters": format!("{{\"Rules\":{rules}}}"),
    });
    bench.ok("CreateConstraint", constraint).await;
    let paths = bench
        .ok("ListLaunchPaths", json!({"ProductId": first}))
        .await;
    let path = |n: usize| text(&paths, &format!("/LaunchPathSummaries/{n}/Id"));
    let launched = main.launch("one", &second, &second_version, &path(1)).await;
    let again = main.launch("two", &first, &old, &path(1)).await;

    let small = bench.in_account("200278856673");
    let other = Maker {
        bench: &small,
        template: &template,
    };
    let plain = json!({"Description": "a test"});
    let (lone, _) = other.product("Test", plain.clone(), "v1", "").await;
    let (lone_too, version) = other.product("Test 2", plain, "v2", "").await;
    other
        .portfolio("Portfolio of one", &[&lone, &lone_too])
        .await;
    let only = small
        .ok("ListLaunchPaths", json!({"ProductId": lone_too}))
        .await;
    let only = text(&only, "/LaunchPathSummaries/0/Id");

    let parameters = |product: &str, version: &str, path: &str| json!({"ProductId": product, "ProvisioningArtifactId": version, "PathId": path});
    let on = |bench: &Bench, input: Value| (bench.clone(), input);
    let main = |input: Value| on(&bench, input);
    BTreeMap::from([
        (0, main(json!({}))),
        (2, main(json!({"ProductId": first}))),
        (4, main(parameters(&first, &new, &path(0)))),
        (6, main(parameters(&first, &new, &path(1)))),
        (8, main(json!({"ProductId": second}))),
        (10, main(json!({"Id": third}))),
        (12, main(json!({"Id": launched.1}))),
        (14, main(json!({"Id": again.1}))),
        (16, main(json!({"Id": third}))),
        (18, main(parameters(&first, &old, &path(0)))),
        (20, main(parameters(&first, &old, &path(1)))),
        (22, main(json!({"Id": second}))),
        (24, on(&small, json!({}))),
        (26, on(&small, json!({"ProductId": lone}))),
        (28, on(&small, json!({"ProductId": lone_too}))),
        (30, on(&small, parameters(&lone_too, &version, &only))),
        (32, main(json!({"Id": again.0}))),
        (34, main(json!({"Id": third}))),
        (36, main(json!({"Id": third}))),
        (38, on(&bench.in_account("200278856674"), json!({}))),
    ])
}

/// A template that declares what the recorded one declared, in its order.
fn template_of(told: &Value) -> String {
    let mut parameters = Vec::new();
    for parameter in told["ProvisioningArtifactParameters"].as_array().unwrap() {
        let mut decl = json!({
            "Type": parameter["ParameterType"],
            "Description": parameter["Description"],
        });
        if let Some(default) = parameter.get("DefaultValue") {
            decl["Default"] = default.clone();
        }
        let allowed = &parameter["ParameterConstraints"]["AllowedValues"];
        if allowed != &json!([]) {
            decl["AllowedValues"] = allowed.clone();
        }
        parameters.push(format!("{}:{decl}", parameter["ParameterKey"]));
    }
    let told = |kind: &str| {
        let all = told["UsageInstructions"].as_array().unwrap();
        all.iter().find(|told| told["Type"] == kind).unwrap()["Value"].clone()
    };
    format!(
        r#"{{"AWSTemplateFormatVersion":"2010-09-09","Description":{},"Metadata":{},
        "Parameters":{{{}}},"Resources":{{"Topic":{{"Type":"AWS::SNS::Topic"}}}},
        "Outputs":{{"URL":{{"Description":"URL of the website","Value":"http://example.com"}}}}}}"#,
        told("description"),
        told("metadata").as_str().unwrap(),
        parameters.join(",")
    )
}

struct Maker<'a> {
    bench: &'a Bench,
    template: &'a str,
}

impl Maker<'_> {
    async fn product(
        &self,
        name: &str,
        more: Value,
        version: &str,
        said: &str,
    ) -> (String, String) {
        let url = self.bench.template("sample.template", self.template).await;
        let input = with(
            json!({
                "Name": name, "Owner": "owner", "ProductType": "CLOUD_FORMATION_TEMPLATE",
                "IdempotencyToken": name.replace(' ', "-"),
                "ProvisioningArtifactParameters": {
                    "Name": version, "Description": said, "Info": {"LoadTemplateFromURL": url},
                },
            }),
            more,
        );
        let made = self.bench.ok("CreateProduct", input).await;
        (
            text(&made, "/ProductViewDetail/ProductViewSummary/ProductId"),
            text(&made, "/ProvisioningArtifactDetail/Id"),
        )
    }

    async fn version(&self, product: &str, name: &str, said: &str) -> String {
        let url = self.bench.template("sample.template", self.template).await;
        let input = json!({
            "ProductId": product, "IdempotencyToken": name,
            "Parameters": {"Name": name, "Description": said, "Info": {"LoadTemplateFromURL": url}},
        });
        let made = self.bench.ok("CreateProvisioningArtifact", input).await;
        text(&made, "/ProvisioningArtifactDetail/Id")
    }

    async fn portfolio(&self, name: &str, products: &[&String]) -> String {
        let input = json!({"DisplayName": name, "ProviderName": "it", "IdempotencyToken": name.replace(' ', "-")});
        let made = self.bench.ok("CreatePortfolio", input).await;
        let id = text(&made, "/PortfolioDetail/Id");
        for product in products {
            let pair = json!({"ProductId": product, "PortfolioId": id});
            self.bench.ok("AssociateProductWithPortfolio", pair).await;
        }
        let everyone = json!({"PortfolioId": id, "PrincipalARN": "arn:aws:iam:::role/*", "PrincipalType": "IAM_PATTERN"});
        self.bench
            .ok("AssociatePrincipalWithPortfolio", everyone)
            .await;
        id
    }

    /// The ids of the provisioned product and its record.
    async fn launch(
        &self,
        name: &str,
        product: &str,
        version: &str,
        path: &str,
    ) -> (String, String) {
        let input = json!({
            "ProductId": product, "ProvisioningArtifactId": version, "PathId": path,
            "ProvisionedProductName": name,
            "ProvisionToken": format!("c4de373d-fc6b-45ac-a7d0-760b6be2{name}a"),
            "ProvisioningParameters": [{"Key": "KeyName", "Value": "pair"}],
        });
        let made = self.bench.ok("ProvisionProduct", input).await;
        (
            text(&made, "/RecordDetail/ProvisionedProductId"),
            text(&made, "/RecordDetail/RecordId"),
        )
    }
}

/// Notes where `ours` is unlike `theirs` in members, nesting, types and formats.
fn compare(operation: &str, path: &str, theirs: &Value, ours: &Value, found: &mut Vec<String>) {
    let member = path.rsplit('/').find(|part| part.parse::<usize>().is_err());
    let member = member.unwrap_or_default();
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for (key, theirs) in theirs {
                let path = format!("{path}/{key}");
                match ours.get(key) {
                    Some(ours) => compare(operation, &path, theirs, ours, found),
                    None => found.push(format!("{path} is missing")),
                }
            }
            let more = ours.keys().filter(|key| !theirs.contains_key(*key));
            for key in more.filter(|key| !ADDED_SINCE.contains(&(operation, key.as_str()))) {
                found.push(format!("{path}/{key} was not recorded"));
            }
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            let name = |item: &Value| item.get("Key").or(item.get("Type")).cloned();
            let since = |item: &Value| {
                let name = name(item).filter(|n| ITEMS_SINCE.iter().any(|since| n == since));
                name.is_some()
                    && !theirs
                        .iter()
                        .any(|their| their["Type"] == *name.as_ref().unwrap())
            };
            let ours: Vec<&Value> = ours.iter().filter(|item| !since(item)).collect();
            if ours.len() != theirs.len() {
                found.push(format!("{path}: {} for {}", ours.len(), theirs.len()));
            }
            for (index, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                compare(operation, &format!("{path}/{index}"), theirs, ours, found);
            }
        }
        _ if EXACT.contains(&member) && theirs != ours => {
            found.push(format!("{path}: {ours} for {theirs}"));
        }
        _ if format_of(theirs) != format_of(ours) => {
            found.push(format!("{path}: {ours} for {theirs}"));
        }
        _ => {}
    }
}

/// What is recognised in a text.
static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"\blp(v\d)?-[a-z2-7]{12}[acegikmoqsuwy246]\b", "<path>"),
        (
            r"\b(prod|prodview|pa|pp|rec|port)-[a-z2-7]{12}[acegikmoqsuwy246]\b",
            "<$1>",
        ),
        (
            r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-z]{12}",
            "<uuid>",
        ),
        (r"\b\d{12}\b", "<account>"),
        (r":(user|role|assumed-role)/.*", ":<principal>"),
        (r":stack/[A-Za-z0-9]+/<pp>", ":stack/<name>/<pp>"),
    ]
    .map(|(pattern, name)| (Regex::new(pattern).unwrap(), name))
    .into()
});

/// What a value looks like, with what differs from object to object taken out.
fn format_of(value: &Value) -> String {
    match value {
        // The order inside such a text changed from year to year.
        Value::String(text) if serde_json::from_str::<Value>(text).is_ok_and(|v| v.is_object()) => {
            "JSON".to_owned()
        }
        Value::String(text) => {
            // The refusal of 2018 ended with a full stop, that of 2020 does not (facts §2.1).
            let mut text = text.trim_end_matches('.').to_owned();
            for (pattern, name) in PATTERNS.iter() {
                text = pattern.replace_all(&text, *name).into_owned();
            }
            // Free texts differ; what has been recognised must not.
            if text.contains('<') {
                text
            } else {
                "text".to_owned()
            }
        }
        Value::Number(number) => {
            let fraction = number.as_f64().unwrap().fract();
            let kind = if fraction == 0.0 { "seconds" } else { "millis" };
            kind.to_owned()
        }
        Value::Bool(_) => "bool".to_owned(),
        Value::Null => "null".to_owned(),
        Value::Array(_) => "array".to_owned(),
        Value::Object(_) => "object".to_owned(),
    }
}

/// The forms in which numbers are written.
fn notation(raw: &str) -> Vec<String> {
    let numbers = Regex::new(r#"Time":([^,}]+)"#).unwrap();
    let digits = Regex::new(r"\d+").unwrap();
    let mut forms: Vec<String> = numbers
        .captures_iter(raw)
        .map(|found| digits.replace_all(&found[1], "9").into_owned())
        .collect();
    forms.dedup();
    forms
}

/// JSON whose keys stand in alphabetical order at every depth.
struct Sorted;

impl<'de> Deserialize<'de> for Sorted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Sorted;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON with sorted keys")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sorted, A::Error> {
                let mut last = String::new();
                while let Some(key) = map.next_key::<String>()? {
                    if key <= last {
                        return Err(A::Error::custom(format!("{key} after {last}")));
                    }
                    last = key;
                    map.next_value::<Sorted>()?;
                }
                Ok(Sorted)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Sorted, A::Error> {
                while seq.next_element::<Sorted>()?.is_some() {}
                Ok(Sorted)
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Sorted, E> {
                Ok(Sorted)
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Sorted, E> {
                Ok(Sorted)
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Sorted, E> {
                Ok(Sorted)
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Sorted, E> {
                Ok(Sorted)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[test]
fn the_comparison_finds_what_differs() {
    let theirs = json!({"Id": "prod-h7p6ruq5qgrga", "At": 1.5e9, "Tags": [], "Status": "A"});
    for (ours, expected) in [
        (theirs.clone(), 0),
        (
            json!({"Id": "prod-h7p6ruq5qgrga", "At": 1.5e9, "Tags": []}),
            1,
        ),
        (
            json!({"Id": "pa-h7p6ruq5qgrga", "At": 1.5e9, "Tags": [], "Status": "A"}),
            1,
        ),
        (
            json!({"Id": "prod-h7p6ruq5qgrga", "At": 1.5e9 + 0.5, "Tags": [], "Status": "B"}),
            2,
        ),
        (
            json!({"Id": "prod-h7p6ruq5qgrga", "At": 1.5e9, "Tags": [1], "Status": "A", "X": 1}),
            2,
        ),
    ] {
        let mut found = Vec::new();
        compare("X", "", &theirs, &ours, &mut found);
        assert_eq!(found.len(), expected, "{found:?}");
    }
    assert!(serde_json::from_str::<Sorted>(r#"{"a":1,"b":{"d":1,"c":2}}"#).is_err());
    assert_eq!(notation(r#"{"CreatedTime":1.5E9}"#), ["9.9E9"]);
}
