//! Properties over random catalogs: applied once, the second plan is empty; the same input gives the same bytes.

use catalogd::clock::Entropy;
use catalogd::model::owner::Identity;
use catalogd::plan::{BlockedCode, Input, Policy, plan};
use catalogd::reconcile::converge::End;
use catalogd::render::json;
use catalogd::render::text::{self, Style};
use proptest::prelude::*;

use crate::scenario::kit::removes;
use crate::sim::Catalog;
use crate::world::World;

/// Runs in virtual time.
fn in_virtual_time<F: Future>(work: impl FnOnce() -> F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(async { work().await })
}

/// A catalog of this seed, and the same after so many edits.
fn catalogs(seed: u64, edits: usize) -> (Catalog, Catalog) {
    let mut random = Entropy::seeded(seed);
    let before = Catalog::random(&mut random);
    let mut after = before.clone();
    for _ in 0..edits {
        after.edit(&mut random);
    }
    (before, after)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_second_plan_is_empty_whatever_the_catalog_and_its_edits(seed in any::<u64>(), edits in 0_usize..10) {
        in_virtual_time(async || {
            let world = World::new();
            let (before, after) = catalogs(seed, edits);
            for catalog in [&before, &after, &before] {
                catalog.write(&world);
                let ended = world.process().await.apply(&world.desired()).await;
                assert_eq!(ended.end, End::Settled);
                let pass = world.plan().await;
                let shown = text::plan(&pass.plan, Style::default());
                assert!(pass.plan.steps.is_empty() && !pass.plan.is_waiting(), "{shown}");
                crate::examples::expect_each_once(&pass.observed);
                // An empty plan must not be one that overlooks something. Many edits at once may be too many removals.
                let mut refused = pass.plan.objects.iter().flat_map(|object| &object.blocked);
                assert!(refused.all(|blocked| blocked.code == BlockedCode::RemovalGuard), "{shown}");
                if !pass.plan.is_blocked() {
                    catalog.expect(&pass.observed);
                }
            }
        });
    }

    #[test]
    fn equal_input_gives_equal_bytes_and_gaps_remove_nothing(seed in any::<u64>(), edits in 1_usize..10) {
        in_virtual_time(async || {
            let world = World::new();
            let (before, after) = catalogs(seed, edits);
            before.write(&world);
            let base = world.desired();
            world.process().await.apply(&base).await;
            after.write(&world);
            let (desired, again) = (world.desired(), world.desired());
            assert_eq!(desired, again);
            let mut observed = world.plan().await.observed;
            let identity = Identity { installation: world.installation.clone(), target: world.target() };
            let policy = Policy::default();
            let decide = |observed: &_, desired: &_| {
                plan(&Input { identity: &identity, desired, base: Some(&base), observed, policy: &policy, now: world.clock.now() })
            };
            let (one, other) = (decide(&observed, &desired), decide(&observed.clone(), &again));
            assert_eq!(one, other);
            assert_eq!(json::plan(&one), json::plan(&other));
            assert_eq!(one.digest, other.digest);
            // With every list in doubt nothing is removed and no object is made.
            let gap = |scope| catalogd::model::observed::Gap {
                scope,
                operation: "List".to_owned(),
                reason: "cut".to_owned(),
                denied: false,
            };
            use catalogd::model::observed::Scope;
            observed.gaps = vec![gap(Scope::Portfolios), gap(Scope::Products), gap(Scope::Provisioned)];
            let doubtful = decide(&observed, &desired);
            for step in &doubtful.steps {
                assert!(!removes(&step.op), "{:?}", step.op);
                let makes = ["CreatePortfolio", "CreateProduct", "ProvisionProduct"];
                assert!(!makes.contains(&step.op.call()), "{:?}", step.op);
            }
        });
    }
}
