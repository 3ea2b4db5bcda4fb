//! What the scenarios share: a small catalog with a value in every field, and the hands of others.

use std::collections::BTreeMap;

use catalogd::clock::Clock;
use catalogd::execute::progress::Quiet;
use catalogd::model::observed::{LiveProduct, LiveProvisioned, Observed};
use catalogd::plan::op::{Arg, Op};
use catalogd::plan::{BlockedCode, Plan};
use catalogd::reconcile::Pass;
use catalogd::status::ObjectStatus;
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// One portfolio, one product of two versions in it, one provisioned product: every field that can be managed is.
pub const CATALOG: &str = r#"apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  displayName: Networking
  description: VPCs and DNS
  providerName: Platform
  tags: {cost: "1234"}
  principals:
    - arn: arn:aws:iam::123456789012:role/Dev
    - self: true
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: spare}
spec:
  providerName: Platform
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  name: VPC
  owner: Network Team
  description: Three tiers
  distributor: Distribution
  support:
    description: Ask in chat
    email: net@example.com
    url: https://example.com/vpc
  tags: {team: network}
  portfolios:
    - portfolio: net
      constraints:
        launch: {localRoleName: Launcher}
        tagUpdates: allowed
  versions:
    - name: v1
      template: size.yaml
    - name: v2
      template: size.yaml
      description: The second
      active: true
      guidance: DEPRECATED
    - name: v3
      template: size.yaml
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: hub}
spec:
  product: vpc
  version: v1
  parameters:
    Size: one
  tags: {env: prod}
"#;

/// A template with a parameter that it hands through.
pub const SIZE: &str = "Parameters:
  Size: {Type: String, Default: none}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref Size}
Outputs:
  Size: {Value: !Ref Size}
";

/// A world with [`CATALOG`], not applied yet.
pub fn small() -> World {
    let world = World::new();
    world
        .write("catalog.yaml", CATALOG)
        .write("size.yaml", SIZE);
    world
}

/// The calls since the last time that could have changed something, by operation; the content index is no change.
pub fn writes(world: &World) -> BTreeMap<String, usize> {
    let mut calls = world.calls();
    calls.retain(|call, _| !is_read(call) && call != "PutObject");
    calls
}

pub fn is_read(call: &str) -> bool {
    let reads = ["Describe", "List", "Search", "Scan", "Get", "Head"];
    reads.iter().any(|read| call.starts_with(read))
}

/// The calls of a plan, in its order, without housekeeping.
pub fn calls(plan: &Plan) -> Vec<&'static str> {
    let steps = plan.steps.iter();
    let steps = steps.filter(|step| !step.op.is_housekeeping());
    steps.map(|step| step.op.call()).collect()
}

/// Whether a call takes something away. A version that is made inactive was never there to be taken.
pub fn removes(op: &Op) -> bool {
    matches!(
        op,
        Op::DisassociatePrincipal { .. }
            | Op::DisassociateProduct { .. }
            | Op::DeleteConstraint { .. }
            | Op::DeleteVersion { .. }
            | Op::Terminate { .. }
            | Op::UpdateVersion {
                version: Arg::Value(_),
                active: Some(false),
                ..
            }
    )
}

/// An object's status, by `kind/name`.
pub fn status<'p>(pass: &'p Pass, key: &str) -> &'p ObjectStatus {
    let mut all = pass.statuses.iter();
    all.find(|status| status.key.to_string() == key)
        .unwrap_or_else(|| panic!("no {key}"))
}

/// Asserts that an object is blocked so, in these words and with a place in that file.
#[track_caller]
pub fn expect_blocked(pass: &Pass, key: &str, code: BlockedCode, words: &[&str], file: &str) {
    let status = status(pass, key);
    let blocked = status.blocked.iter().find(|b| b.code == code);
    let blocked = blocked.unwrap_or_else(|| panic!("no {code:?} in {status:#?}"));
    let place = format!("{file}:");
    for word in words.iter().chain([&place.as_str()]) {
        assert!(blocked.message.contains(word), "{}", blocked.message);
    }
}

/// A live product by its display name.
pub fn product<'o>(observed: &'o Observed, name: &str) -> &'o LiveProduct {
    let mut all = observed.products.values();
    all.find(|product| product.name == name)
        .unwrap_or_else(|| panic!("no product {name}"))
}

/// A live provisioned product by its name.
pub fn provisioned<'o>(observed: &'o Observed, name: &str) -> &'o LiveProvisioned {
    let mut all = observed.provisioned.values();
    all.find(|object| object.name == name)
        .unwrap_or_else(|| panic!("no provisioned product {name}"))
}

/// What others know of a world with [`CATALOG`], to lay hands on it.
pub struct Hand {
    pub sc: aws_sdk_servicecatalog::Client,
    pub portfolio: String,
    pub spare: String,
    pub product: String,
    pub versions: BTreeMap<String, String>,
    pub constraints: BTreeMap<String, String>,
    pub provisioned: String,
    pub clock: Clock,
}

impl Hand {
    pub fn new(world: &World, observed: &Observed) -> Self {
        let portfolios = observed.portfolios.values();
        let portfolio = |name: &str| {
            let mut all = portfolios.clone();
            let found = all.find(|o| o.display_name == name);
            found.expect("the portfolio is there")
        };
        let (net, vpc) = (portfolio("Networking"), product(observed, "VPC"));
        let constraints = net.constraints.values();
        Self {
            sc: world.console(),
            portfolio: net.id.to_string(),
            spare: portfolio("spare").id.to_string(),
            product: vpc.id.to_string(),
            versions: vpc
                .versions
                .iter()
                .map(|v| (v.name.clone(), v.id.to_string()))
                .collect(),
            constraints: constraints
                .map(|c| (c.kind.clone(), c.id.to_string()))
                .collect(),
            provisioned: provisioned(observed, "hub").id.to_string(),
            clock: world.clock,
        }
    }

    /// Removes every constraint of the product, and the product from its portfolio.
    pub async fn unlist(&self) {
        for id in self.constraints.values() {
            self.sc.delete_constraint().id(id).send().await.unwrap();
        }
        self.sc
            .disassociate_product_from_portfolio()
            .product_id(&self.product)
            .portfolio_id(&self.portfolio)
            .send()
            .await
            .unwrap();
    }
}

/// An update by hand: these parameters of `hub` get these values.
pub async fn update_by_hand(hand: &Hand, version: &str, path: &str, values: &[(&str, &str)]) {
    use aws_sdk_servicecatalog::types::{RecordStatus, UpdateProvisioningParameter};
    let at = hand.clock.now();
    hand.clock.sleep(std::time::Duration::from_millis(1)).await;
    let mut request = hand
        .sc
        .update_provisioned_product()
        .provisioned_product_id(&hand.provisioned)
        .product_id(&hand.product)
        .provisioning_artifact_id(&hand.versions[version])
        .path_name(path)
        .update_token(format!("by-hand-{}", at.as_millisecond()));
    for (key, value) in values {
        let parameter = UpdateProvisioningParameter::builder().key(*key);
        request = request.provisioning_parameters(parameter.value(*value).build());
    }
    let answer = request.send().await.unwrap();
    let record = answer.record_detail().unwrap().record_id().unwrap();
    let seen = hand.sc.describe_record().id(record).send().await.unwrap();
    let status = seen.record_detail().unwrap().status();
    assert_eq!(status, Some(&RecordStatus::Succeeded));
}

/// One pass of a process without a memory: plan and execute, and no second look.
pub async fn one_pass(world: &World) -> Pass {
    let mut process = world.process_in(None).await;
    let mut pass = process.reconciler.plan(&world.desired(), None).await;
    let stop = CancellationToken::new();
    pass.outcome = process.reconciler.execute(&pass.plan, &stop, &Quiet).await;
    pass
}
