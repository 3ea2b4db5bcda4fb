//! The example catalog, as the README shows it.

use std::path::PathBuf;

use catalogd::model::desired::Desired;
use catalogd::model::observed::{Observed, ProvisionedStatus};
use catalogd::reconcile::Pass;
use catalogd::status::{Health, Sync};

use crate::world::{Process, World};

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/catalog")
}

/// A world whose source is the example catalog.
pub fn world() -> World {
    let world = World::new();
    world.copy(&folder());
    world
}

/// Everything the example declares is there, once.
pub async fn expect_the_example(process: &mut Process, world: &World) {
    let desired = world.desired();
    let pass = process.reconciler.plan(&desired, None).await;
    expect_the_example_in(&pass, &desired);
}

/// The same of a pass that was made.
pub fn expect_the_example_in(pass: &Pass, desired: &Desired) {
    expect_each_once(&pass.observed);
    let observed = &pass.observed;
    assert_eq!(observed.gaps, []);
    assert_eq!(observed.portfolios.len(), 2);
    assert_eq!(observed.products.len(), 5);
    let versions: usize = desired
        .products
        .values()
        .map(|product| product.versions.len())
        .sum();
    assert_eq!(
        observed
            .products
            .values()
            .map(|p| p.versions.len())
            .sum::<usize>(),
        versions
    );
    assert_eq!(observed.provisioned.len(), 2);
    for live in observed.provisioned.values() {
        assert_eq!(
            live.status,
            ProvisionedStatus::Available,
            "{}: {:?}",
            live.name,
            live.status_message
        );
    }
    for status in &pass.statuses {
        assert_eq!(
            (status.sync, status.health),
            (Sync::Synced, Health::Healthy),
            "{}",
            status.key
        );
    }
}

/// No two live objects stand for one: by name, and by what they constrain.
pub fn expect_each_once(observed: &Observed) {
    fn once<T: Ord + std::fmt::Debug>(what: &str, all: impl Iterator<Item = T>) {
        let mut all: Vec<T> = all.collect();
        all.sort();
        for pair in all.windows(2) {
            assert_ne!(pair[0], pair[1], "two {what}");
        }
    }
    once(
        "portfolios",
        observed.portfolios.values().map(|p| &p.display_name),
    );
    once("products", observed.products.values().map(|p| &p.name));
    once(
        "provisioned products",
        observed.provisioned.values().map(|p| &p.name),
    );
    for product in observed.products.values() {
        once(
            "versions",
            product.versions.iter().map(|version| &version.name),
        );
    }
    for portfolio in observed.portfolios.values() {
        once(
            "constraints",
            portfolio
                .constraints
                .values()
                .map(|c| (&c.product, &c.kind)),
        );
    }
}

#[tokio::test(start_paused = true)]
async fn apply_converges_the_example_and_the_second_plan_is_empty() {
    let world = world();
    let converged = world.apply().await;
    assert!(
        converged.passes >= 3,
        "one pass makes, one consumes the output, one finds nothing"
    );
    expect_the_example(&mut world.process().await, &world).await;
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn plan_writes_nothing() {
    let world = world();
    let pass = world.plan().await;
    assert!(pass.plan.has_changes());
    let writes: Vec<String> = world
        .calls()
        .into_keys()
        .filter(|call| {
            !["Describe", "List", "Search", "Scan", "Get", "Head"]
                .iter()
                .any(|read| call.starts_with(read))
        })
        .collect();
    assert_eq!(writes, [] as [String; 0]);
}
