//! Budgets of portfolios and products: they are given and taken, and nobody here makes one.

use std::time::Duration;

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};
use catalogd::model::observed::Observed;
use catalogd::plan::{Reason, Shown};

use super::kit::{SIZE, calls, status, writes};
use crate::world::World;

const CATALOG: &str = r#"apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Platform
  budgets: [monthly]
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  budgets: [monthly, "Équipe: réseau"]
  versions: [{name: v1, template: size.yaml}]
"#;

const GIVE: &str = "AssociateBudgetWithResource";
const TAKE: &str = "DisassociateBudgetFromResource";

fn unapplied(profile: Profile, seed: u64) -> World {
    let world = World::with(profile, seed);
    world
        .write("catalog.yaml", CATALOG)
        .write("size.yaml", SIZE);
    world
}

async fn applied() -> World {
    let world = unapplied(Profile::Instant, 1);
    world.apply().await;
    world.expect_empty_plan().await;
    world.calls();
    world
}

/// The budgets of the portfolio and of the product.
fn budgets(observed: &Observed) -> [Vec<String>; 2] {
    let portfolio = observed.portfolios.values().next().unwrap();
    let product = observed.products.values().next().unwrap();
    [&portfolio.budgets, &product.budgets].map(|all| all.iter().cloned().collect())
}

async fn expect_converged(world: &World) {
    let seen = world.plan().await.observed;
    let wanted = [vec!["monthly"], vec!["monthly", "Équipe: réseau"]];
    assert_eq!(budgets(&seen), wanted);
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn each_change_in_git_is_one_call_and_reading_is_free() {
    let world = unapplied(Profile::Instant, 1);
    world.apply().await;
    assert_eq!(world.calls().get("ListBudgetsForResource"), None);
    expect_converged(&world).await;
    for (from, to, call) in [
        ("budgets: [monthly]", "budgets: [monthly, yearly]", GIVE),
        ("budgets: [monthly, yearly]", "budgets: [yearly]", TAKE),
        // Left out is left alone; empty clears.
        ("  budgets: [yearly]\n", "", ""),
        ("Platform\n", "Platform\n  budgets: []\n", TAKE),
    ] {
        world.edit("catalog.yaml", from, to);
        world.calls();
        world.apply().await;
        let wanted = Some((call.to_owned(), 1)).filter(|(call, _)| !call.is_empty());
        assert_eq!(writes(&world), wanted.into_iter().collect(), "{to}");
        world.expect_empty_plan().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_changed_by_hand_shows_and_is_put_back() {
    let world = applied().await;
    let (base, sc) = (world.desired(), world.console());
    let seen = world.plan().await.observed;
    let product = seen.products.keys().next().unwrap().to_string();
    let portfolio = seen.portfolios.keys().next().unwrap().to_string();
    let give = sc.associate_budget_with_resource().budget_name("theirs");
    give.resource_id(&product).send().await.unwrap();
    let take = sc
        .disassociate_budget_from_resource()
        .budget_name("monthly");
    take.resource_id(&portfolio).send().await.unwrap();
    let mut process = world.process().await;
    let pass = process.reconciler.plan(&base, Some(&base)).await;
    let changes: Vec<_> = pass.plan.objects.iter().flat_map(|o| &o.changes).collect();
    let shown = |at: usize| {
        (
            changes[at].field.as_str(),
            &changes[at].before,
            &changes[at].after,
        )
    };
    let (absent, theirs) = (Shown::Absent, Shown::text("theirs"));
    assert_eq!(shown(0), ("budgets", &absent, &Shown::text("monthly")));
    assert_eq!(shown(1), ("budgets", &theirs, &absent));
    assert!(changes.len() == 2 && changes.iter().all(|c| c.reason == Reason::Drifted));
    assert_eq!(calls(&pass.plan), [GIVE, TAKE]);
    world.apply().await;
    expect_converged(&world).await;
}

#[tokio::test(start_paused = true)]
async fn none_is_taken_while_it_can_not_be_read() {
    let world = applied().await;
    world.edit("catalog.yaml", "budgets: [monthly", "budgets: [yearly");
    for read in ["DescribePortfolio", "DescribeProductAsAdmin"] {
        let rule = Rule::always(Effect::AccessDenied).on(read);
        let fault = world.emulator.inject(rule);
        let pass = world.plan().await;
        fault.remove();
        let taken = calls(&pass.plan).iter().filter(|c| **c == TAKE).count();
        // That of the one that was read.
        assert_eq!(taken, 1, "{read}");
    }
    let pass = world.plan().await;
    assert_eq!(calls(&pass.plan), [GIVE, GIVE, TAKE, TAKE]);
}

/// A budget that is not there is the service's to refuse: said once, in its words, and not repeated.
#[tokio::test(start_paused = true)]
async fn a_budget_that_is_not_there_is_said_plainly() {
    let world = unapplied(Profile::Instant, 1);
    let refuse = Effect::Refuse {
        code: "ResourceNotFoundException".to_owned(),
        message: "Budget monthly not found.".to_owned(),
    };
    let missing = world.emulator.inject(Rule::always(refuse).on(GIVE));
    let mut process = world.process().await;
    process.apply(&world.desired()).await;
    assert_eq!(missing.fired(), 3, "each once");
    let pass = process.reconciler.plan(&world.desired(), None).await;
    let stalled = status(&pass, "portfolio/net").stalled.clone().unwrap();
    assert!(stalled.reason.contains("Budget monthly not found."));
    assert!(stalled.advice.contains("AWS Budgets"), "{}", stalled.advice);
    missing.remove();
    world.apply().await;
    expect_converged(&world).await;
}

/// An AWS that lags and throttles, with answers lost on top.
#[tokio::test(start_paused = true)]
async fn they_converge_on_an_aws_as_slow_as_the_real_one() {
    for seed in 1..=3 {
        let world = unapplied(Profile::Aws, seed);
        let lost = [GIVE, TAKE].map(|call| {
            let rule = Rule::always(Effect::DropAfter).on(call).times(2);
            world.emulator.inject(rule)
        });
        world.apply().await;
        world.clock.sleep(Duration::from_secs(10)).await;
        expect_converged(&world).await;
        world.edit("catalog.yaml", "budgets: [monthly]", "budgets: [yearly]");
        world.apply().await;
        assert!(lost.iter().all(|fault| fault.fired() == 2));
        world.clock.sleep(Duration::from_secs(10)).await;
        let seen = world.plan().await.observed;
        assert_eq!(budgets(&seen)[0], ["yearly"]);
        world.expect_empty_plan().await;
    }
}
