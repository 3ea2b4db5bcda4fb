//! Portfolios that other accounts share with this one: accepted, given to principals, and a source of products.

use std::path::Path;
use std::time::Duration;

use catalogd::emulator::faults::{Effect, Rule};
use catalogd::emulator::{Profile, seed};
use catalogd::plan::{Action, BlockedCode};

use super::kit::{self, calls, status, writes};
use crate::world::World;

/// Another account with a product in a portfolio.
pub const THEIRS: &str = r#"
- {service: s3, operation: CreateBucket, account: "210987654321", input: {Bucket: theirs}}
- service: s3
  operation: PutObject
  account: "210987654321"
  input: {Bucket: theirs, Key: one, Body: "Resources: {One: {Type: 'AWS::SNS::Topic'}}"}
- service: servicecatalog
  operation: CreateProduct
  account: "210987654321"
  ids: [prod-thesourceaa2a]
  input:
    Name: VPC
    Owner: them
    ProductType: CLOUD_FORMATION_TEMPLATE
    ProvisioningArtifactParameters:
      Name: v1
      Info: {LoadTemplateFromURL: "https://theirs.s3.us-east-1.amazonaws.com/one"}
- service: servicecatalog
  operation: CreatePortfolio
  account: "210987654321"
  ids: [port-thesourceaa2a]
  input: {DisplayName: Hub, ProviderName: them}
- service: servicecatalog
  operation: AssociateProductWithPortfolio
  account: "210987654321"
  input: {PortfolioId: port-thesourceaa2a, ProductId: prod-thesourceaa2a}
"#;

pub const SHARE: &str = r#"
- service: servicecatalog
  operation: CreatePortfolioShare
  account: "210987654321"
  input: {PortfolioId: port-thesourceaa2a, AccountId: "123456789012"}
"#;

const CATALOG: &str = r#"apiVersion: catalogd.dev/v1
kind: Portfolio
metadata:
  name: hub
  adopt: {id: port-thesourceaa2a}
spec:
  imported: true
  principals:
    - arn: arn:aws:iam::123456789012:role/Dev
    - self: true
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: us
  principals: [{self: true}]
  sharedProducts:
    - {product: prod-thesourceaa2a, from: hub}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: golden}
spec:
  owner: us
  portfolios: [{portfolio: net}]
  copyFrom:
    productArn: arn:aws:catalog:us-east-1:210987654321:product/prod-thesourceaa2a
"#;

const HUB: &str = "port-thesourceaa2a";
const ACCEPT: &str = "AcceptPortfolioShare";
const PLACE: &str = "AssociateProductWithPortfolio";
const MEMBER: &str = "AssociatePrincipalWithPortfolio";

async fn seeded(world: &World, text: &str) {
    seed::load_text(&world.emulator, text, Path::new(""))
        .await
        .unwrap();
}

pub(super) async fn offered(profile: Profile, number: u64) -> World {
    let world = World::with(profile, number);
    world.write("catalog.yaml", CATALOG);
    seeded(&world, THEIRS).await;
    seeded(&world, SHARE).await;
    world
}

async fn applied() -> World {
    let world = offered(Profile::Instant, 1).await;
    world.apply().await;
    expect_converged(&world).await;
    world.calls();
    world
}

async fn expect_converged(world: &World) {
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    let hub = pass.observed.imported.values().next().unwrap();
    assert_eq!((hub.id.as_str(), hub.principals.len()), (HUB, 2));
    assert_eq!(hub.products.len(), 1);
    let mut own = pass.observed.portfolios.values();
    let net = own.next().unwrap();
    assert!(own.next().is_none(), "theirs is not among ours");
    assert_eq!(net.shared_products, hub.products);
    assert_eq!(net.products.len(), 2);
    assert!(pass.statuses.iter().all(|status| status.is_well()));
}

/// The share is accepted first; what is in the portfolio is seen, taken and copied in the pass after it.
#[tokio::test(start_paused = true)]
async fn it_is_accepted_first_and_its_products_follow() {
    let world = offered(Profile::Instant, 1).await;
    let pass = world.plan().await;
    let hub = &pass.plan.objects[0];
    assert_eq!(
        (hub.key.to_string().as_str(), hub.action),
        ("portfolio/hub", Action::Create)
    );
    assert_eq!(
        calls(&pass.plan),
        [ACCEPT, "CreatePortfolio", MEMBER, MEMBER, MEMBER]
    );
    for object in ["portfolio/net", "product/golden"] {
        let waiting = &status(&pass, object).waiting;
        assert!(
            waiting[0].message.contains("portfolio/hub is accepted"),
            "{waiting:?}"
        );
    }
    world.calls();
    world.apply().await;
    let made = writes(&world);
    assert_eq!((made[ACCEPT], made[PLACE], made["CopyProduct"]), (1, 2, 1));
    expect_converged(&world).await;
}

/// What is not offered is said in the service's words; the rest goes on.
#[tokio::test(start_paused = true)]
async fn what_is_not_offered_stalls_and_stops_only_what_needs_it() {
    let world = World::new();
    world.write("catalog.yaml", CATALOG);
    seeded(&world, THEIRS).await;
    let mut process = world.process().await;
    process.apply(&world.desired()).await;
    let pass = process.reconciler.plan(&world.desired(), None).await;
    let stalled = status(&pass, "portfolio/hub").stalled.clone().unwrap();
    assert!(stalled.reason.contains(HUB), "{stalled:?}");
    assert!(stalled.advice.contains("must share"), "{stalled:?}");
    let words = ["prod-thesourceaa2a", "portfolio/hub"];
    kit::expect_blocked(
        &pass,
        "portfolio/net",
        BlockedCode::Dependency,
        &words,
        "catalog.yaml",
    );
    kit::expect_blocked(
        &pass,
        "product/golden",
        BlockedCode::CopySource,
        &["210987654321"],
        "catalog.yaml",
    );
    assert_eq!(pass.observed.portfolios.len(), 1);
    seeded(&world, SHARE).await;
    world.apply().await;
    expect_converged(&world).await;
}

#[tokio::test(start_paused = true)]
async fn each_change_in_git_is_one_call() {
    let world = applied().await;
    for (from, to, call) in [
        (
            "    - arn: arn:aws:iam::123456789012:role/Dev\n",
            "",
            "DisassociatePrincipalFromPortfolio",
        ),
        (
            "    - self: true\n",
            "    - self: true\n    - pattern: arn:aws:iam:::role/Ops*\n",
            MEMBER,
        ),
        // Left out is left alone; empty clears.
        (
            "  sharedProducts:\n    - {product: prod-thesourceaa2a, from: hub}\n",
            "",
            "",
        ),
        (
            "providerName: us\n",
            "providerName: us\n  sharedProducts: []\n",
            "DisassociateProductFromPortfolio",
        ),
        (
            "sharedProducts: []",
            "sharedProducts: [{product: prod-thesourceaa2a, from: hub}]",
            PLACE,
        ),
    ] {
        world.edit("catalog.yaml", from, to);
        world.calls();
        world.apply().await;
        let wanted = Some((call.to_owned(), 1)).filter(|(call, _)| !call.is_empty());
        assert_eq!(writes(&world), wanted.into_iter().collect(), "{to:?}");
        world.expect_empty_plan().await;
    }
    // Git lets go of it, and the share stays as it is.
    let at = CATALOG.find("---\n").unwrap();
    let rest = CATALOG[at..].replace(
        "  sharedProducts:\n    - {product: prod-thesourceaa2a, from: hub}\n",
        "",
    );
    world.write("catalog.yaml", rest);
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [].into());
}

#[tokio::test(start_paused = true)]
async fn what_is_changed_by_hand_is_put_back() {
    let world = applied().await;
    let sc = world.console();
    let seen = world.plan().await.observed;
    let net = seen.portfolios.keys().next().unwrap().to_string();
    let leave = sc.disassociate_principal_from_portfolio().portfolio_id(HUB);
    let leave = leave.principal_arn("arn:aws:iam::123456789012:role/Dev");
    leave.send().await.unwrap();
    let take = sc.disassociate_product_from_portfolio().portfolio_id(net);
    take.product_id("prod-thesourceaa2a").send().await.unwrap();
    world.calls();
    world.apply().await;
    let made = [(MEMBER, 1), (PLACE, 1)].map(|(call, count)| (call.to_owned(), count));
    assert_eq!(writes(&world), made.into());
    expect_converged(&world).await;
    // Rejected, it is accepted again, and what went with it comes back.
    sc.reject_portfolio_share()
        .portfolio_id(HUB)
        .send()
        .await
        .unwrap();
    world.apply().await;
    expect_converged(&world).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_accepted_or_taken_in_doubt() {
    let world = applied().await;
    world
        .edit(
            "catalog.yaml",
            "    - arn: arn:aws:iam::123456789012:role/Dev\n",
            "",
        )
        .edit(
            "catalog.yaml",
            "    - {product: prod-thesourceaa2a, from: hub}\n",
            "",
        )
        .edit(
            "catalog.yaml",
            "  sharedProducts:\n",
            "  sharedProducts: []\n",
        );
    for (read, allowed) in [
        (
            "ListAcceptedPortfolioShares",
            vec!["DisassociateProductFromPortfolio"],
        ),
        ("ListPrincipalsForPortfolio", vec![]),
        ("SearchProductsAsAdmin", vec![]),
    ] {
        let rule = Rule::always(Effect::AccessDenied).on(read);
        let fault = world.emulator.inject(rule);
        let pass = world.plan().await;
        fault.remove();
        assert_eq!(calls(&pass.plan), allowed, "{read}");
        let blocked = &status(&pass, "portfolio/hub").blocked;
        assert_eq!(blocked[0].code, BlockedCode::Gap, "{read}");
    }
}

/// An AWS that lags and throttles, with answers lost on top.
#[tokio::test(start_paused = true)]
async fn imports_of_portfolios_converge_on_an_aws_as_slow_as_the_real_one() {
    for number in 1..=4 {
        let world = offered(Profile::Aws, number).await;
        world.clock.sleep(Duration::from_secs(10)).await;
        for call in [ACCEPT, MEMBER, PLACE] {
            let rule = Rule::always(Effect::DropAfter).on(call).times(1);
            world.emulator.inject(rule);
        }
        world.apply().await;
        world.clock.sleep(Duration::from_secs(10)).await;
        expect_converged(&world).await;
    }
}
