//! State files and seeds that somebody edited or that were damaged: each is refused with a reason, or read and lived with.

use std::path::Path;

use catalogd::clock::Entropy;
use catalogd::emulator::seed::load_text;
use catalogd::emulator::{Emulator, Options, Profile};
use serde_json::{Value, json};

use super::client::Bench;
use super::keep::busy;
use crate::shared::{Seed, asked_seeds};

/// One change of a text: bytes that go, come, or become others.
fn spoil(random: &mut Entropy, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(2) {
        let at = random.below(bytes.len().max(1) as u64) as usize;
        let long = (at + random.below(40) as usize).min(bytes.len());
        match random.below(5) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..long)),
            2 => {
                let part = bytes[at..long].to_vec();
                bytes.splice(at..at, part);
            }
            3 => {
                let strange = *b"\"{}[],:0-9e\0\xff\n #&*!|>'";
                let byte = strange[random.below(strange.len() as u64) as usize];
                bytes.splice(at..at, [byte]);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = random.below(256) as u8;
                }
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Another value in one place of a tree, of the same kind or not.
fn change(random: &mut Entropy, value: &mut Value) {
    let inner = match value {
        Value::Array(items) if !items.is_empty() && random.chance(0.95) => {
            let at = random.below(items.len() as u64) as usize;
            if random.chance(0.05) {
                if random.chance(0.5) {
                    items.remove(at);
                } else {
                    items.push(items[at].clone());
                }
                return;
            }
            items.get_mut(at)
        }
        Value::Object(members) if !members.is_empty() && random.chance(0.95) => {
            let at = random.below(members.len() as u64) as usize;
            if random.chance(0.05) {
                let key = members.keys().nth(at).unwrap().clone();
                members.remove(&key);
                return;
            }
            members.values_mut().nth(at)
        }
        _ => None,
    };
    match inner {
        Some(inner) => change(random, inner),
        None => {
            let others = [
                json!(null),
                json!(0),
                json!(1),
                json!(u64::MAX),
                json!(-1),
                json!(""),
                json!("x"),
                json!("9999-12-30T22:00:00Z"),
                json!("-009999-01-02T01:59:59Z"),
                json!([]),
                json!({}),
                json!(true),
            ];
            let same: Vec<&Value> = others
                .iter()
                .filter(|other| std::mem::discriminant(*other) == std::mem::discriminant(value))
                .collect();
            let any: Vec<&Value> = others.iter().collect();
            let from = if same.is_empty() || random.chance(0.2) {
                any
            } else {
                same
            };
            *value = from[random.below(from.len() as u64) as usize].clone();
        }
    }
}

/// Whatever was read: calls are answered, and none of them fails on the server's side.
async fn live(bench: &Bench, product: &str) {
    let everyone = json!({"Key": "Account", "Value": "self"});
    for (operation, input) in [
        ("ListPortfolios", json!({})),
        ("SearchProductsAsAdmin", json!({})),
        ("SearchProducts", json!({"SortBy": "Title"})),
        (
            "ScanProvisionedProducts",
            json!({"AccessLevelFilter": everyone}),
        ),
        (
            "SearchProvisionedProducts",
            json!({"AccessLevelFilter": everyone}),
        ),
        ("ListRecordHistory", json!({"AccessLevelFilter": everyone})),
        ("ListProvisionedProductPlans", json!({})),
        ("ListProvisioningArtifacts", json!({"ProductId": product})),
        ("DescribeProductAsAdmin", json!({"Id": product})),
        ("ListLaunchPaths", json!({"ProductId": product})),
        ("ListTagOptions", json!({})),
        (
            "TerminateProvisionedProduct",
            json!({"ProvisionedProductName": "changed", "TerminateToken": "again"}),
        ),
        (
            "CreatePortfolio",
            json!({"DisplayName": "x", "ProviderName": "x", "IdempotencyToken": "new"}),
        ),
    ] {
        let response = bench.send(operation, input.to_string()).await.unwrap();
        assert!(
            [200, 400].contains(&response.status().as_u16()),
            "{operation} {input}: {response:?}"
        );
    }
    for key in ["topic.yaml", "binary", ""] {
        bench.s3("GET", "templates-akiaexample", key, "").await;
    }
    bench.emulator.state().unwrap();
}

/// What each test tries, and `CATALOGD_SPOILT=FROM..TO` instead.
const TRIES: std::ops::Range<u64> = 0..150;

fn told(seed: u64) -> Seed {
    Seed {
        variable: "CATALOGD_SPOILT",
        seed,
    }
}

#[tokio::test(start_paused = true)]
async fn a_spoilt_state_is_refused_with_a_reason_or_lived_with() {
    let (first, _) = busy().await;
    let state = first.emulator.state().unwrap();
    let tree: Value = serde_json::from_str(&state).unwrap();
    let products = first.ok("SearchProductsAsAdmin", json!({})).await;
    let product = super::client::text(
        &products,
        "/ProductViewDetails/0/ProductViewSummary/ProductId",
    );
    let (mut read, mut refused) = (0, 0);
    let asked = asked_seeds("CATALOGD_SPOILT");
    for seed in asked.clone().unwrap_or(TRIES) {
        let _told = told(seed);
        let mut random = Entropy::seeded(seed);
        let text = if seed.is_multiple_of(3) {
            spoil(&mut random, &state)
        } else {
            let mut tree = tree.clone();
            change(&mut random, &mut tree);
            tree.to_string()
        };
        let emulator = Emulator::new(Options {
            clock: first.emulator.clock(),
            seed,
            profile: Profile::Local,
            quotas: true,
            faults: Default::default(),
        });
        let bench = Bench {
            emulator,
            ..first.clone()
        };
        match bench.emulator.restore(&text) {
            Ok(()) => {
                read += 1;
                live(&bench, &product).await;
                bench.pass(60.0).await;
                live(&bench, &product).await;
            }
            Err(error) => {
                refused += 1;
                assert!(error.to_string().len() > 20, "{error}");
            }
        }
    }
    let both = read > 5 && refused > 5;
    assert!(both || asked.is_some(), "{read} {refused}");
}

/// A file of seeds.
const FILE: &str = r#"
- service: s3
  operation: CreateBucket
  input: {Bucket: seed-templates}
- service: s3
  operation: PutObject
  input: {Bucket: seed-templates, Key: topic.yaml, Body: "Resources: {T: {Type: 'AWS::SNS::Topic'}}"}
- service: servicecatalog
  operation: CreatePortfolio
  as: portfolio
  ids: [port-abcdefgh2345a]
  input: {DisplayName: Net, ProviderName: Team, Tags: [{Key: a, Value: b}]}
- service: servicecatalog
  operation: CreateProduct
  as: product
  account: "210987654321"
  region: eu-west-1
  input:
    Name: Topic
    Owner: Team
    ProductType: CLOUD_FORMATION_TEMPLATE
    ProvisioningArtifactParameters:
      Name: v1
      Info: {LoadTemplateFromURL: "https://seed-templates.s3.us-east-1.amazonaws.com/topic.yaml"}
- service: servicecatalog
  operation: CreateProvisioningArtifact
  account: "210987654321"
  region: eu-west-1
  input:
    ProductId: ${product.ProductViewDetail.ProductViewSummary.ProductId}
    Parameters: {Name: v2, Info: {LoadTemplateFromURL: "https://seed-templates.s3.us-east-1.amazonaws.com/topic.yaml"}}
"#;

#[tokio::test(start_paused = true)]
async fn a_spoilt_seed_is_refused_with_a_reason_or_loaded() {
    let mut refused = 0;
    let asked = asked_seeds("CATALOGD_SPOILT");
    for seed in asked.clone().unwrap_or(TRIES) {
        let _told = told(seed);
        let text = spoil(&mut Entropy::seeded(seed), FILE);
        let bench = Bench::new(Profile::Local);
        if let Err(error) = load_text(&bench.emulator, &text, Path::new("/nonesuch")).await {
            refused += 1;
            assert!(error.to_string().len() > 10, "{error}");
        }
    }
    assert!(refused > 5 || asked.is_some(), "{refused}");
}
