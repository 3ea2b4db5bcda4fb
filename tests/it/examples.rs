//! The example catalog, as the README shows it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use catalogd::model::desired::Desired;
use catalogd::model::observed::{LiveProduct, Observed, ProvisionedStatus};
use catalogd::reconcile::Pass;
use catalogd::status::{Health, Sync};

use crate::world::{Process, World};

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/catalog")
}

/// What the embedded AWS holds before the example is applied.
pub fn seed() -> PathBuf {
    folder().with_extension("seed.yaml")
}

/// A world whose source is the example catalog, and what was in its account before.
pub async fn world() -> World {
    seeded(World::new()).await
}

/// The same of a world that was made otherwise.
pub async fn seeded(world: World) -> World {
    world.copy(&folder());
    catalogd::emulator::seed::load(&world.emulator, &seed())
        .await
        .unwrap();
    world.emulator.reset_calls();
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
    // Ours, and the one that is copied.
    assert_eq!(observed.products.len(), 7);
    let listed: usize = desired
        .products
        .values()
        .map(|product| product.versions.len())
        .sum();
    let live = observed.products.values();
    let live: usize = live.map(|product| product.versions.len()).sum();
    assert_eq!(live, listed + 4);
    expect_the_copy(observed);
    assert_eq!(observed.provisioned.len(), 3);
    let imported = observed.provisioned.values();
    let imported = imported.filter(|o| {
        let stack = o.physical_id.as_deref().unwrap_or_default();
        stack.contains(":stack/orders-queue/")
    });
    assert_eq!(imported.count(), 1);
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

/// The copy has its source's versions, under ids of its own, with activity, guidance and tags.
fn expect_the_copy(observed: &Observed) {
    let named = |name: &str| {
        let mut all = observed.products.values();
        all.find(|product| product.name == name).unwrap()
    };
    let (source, copy) = (named("Central Audit Bucket"), named("Audit Bucket"));
    assert_eq!(source.versions.len(), 2);
    let facts = |product: &LiveProduct| {
        let facts = product.versions.iter().map(|v| {
            let content = v.content.as_ref().map(|c| c.content.clone());
            (
                v.name.clone(),
                v.description.clone(),
                v.active,
                v.guidance,
                content,
            )
        });
        facts.collect::<BTreeSet<_>>()
    };
    assert_eq!(facts(copy), facts(source));
    let ids = source.versions.iter().map(|v| &v.id);
    assert!(
        ids.clone()
            .all(|id| copy.versions.iter().all(|v| v.id != *id))
    );
    assert_eq!(copy.tags["compliance"], "audit");
    assert_eq!(copy.tags.len(), 2, "its source's and ours");
    assert_eq!(source.tags.len(), 1, "the source is left alone");
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
    let world = world().await;
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
    let world = world().await;
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
