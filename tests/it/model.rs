//! Properties over random catalogs: applied once, the second plan is empty; the same input gives the same bytes.

use catalogd::clock::Entropy;
use catalogd::model::owner::Identity;
use catalogd::plan::op::{CopyTarget, Op};
use catalogd::plan::{BlockedCode, Input, Policy, plan};
use catalogd::reconcile::converge::End;
use catalogd::render::json;
use catalogd::render::text::{self, Style};
use proptest::prelude::*;

use crate::scenario::kit::removes;
use crate::sim::{Catalog, Others};
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

/// A catalog of this seed, the same after so many edits, what others own, and the chance that goes on.
fn catalogs(seed: u64, edits: usize) -> (Catalog, Catalog, Others, Entropy) {
    let mut random = Entropy::seeded(seed);
    let others = Others::random(&mut random);
    let before = Catalog::random(&mut random, &others);
    let mut after = before.clone();
    for _ in 0..edits {
        after.edit(&mut random, &others);
    }
    (before, after, others, random)
}

/// Applied, edited and turned into copies, while others change what is theirs: after each the second plan is empty.
async fn second_plan_is_empty(seed: u64, edits: usize) {
    let world = World::new();
    let (before, after, mut others, mut random) = catalogs(seed, edits);
    let mut copies = before.clone();
    copies.turn(&mut random, &others);
    others.settle_in(&world).await;
    for catalog in [&before, &after, &copies] {
        catalog.write(&world, &others);
        let observed = world.plan().await.observed;
        for _ in 0..random.below(4) {
            others.meddle(&world, &observed, &mut random).await;
        }
        // What is changing is waited for.
        others.rest(&world);
        let ended = world.process().await.apply(&world.desired()).await;
        assert_eq!(ended.end, End::Settled);
        let pass = world.plan().await;
        let shown = text::plan(&pass.plan, Style::default());
        assert!(
            pass.plan.steps.is_empty() && !pass.plan.is_waiting(),
            "{shown}"
        );
        others.expect_untouched(&pass.observed);
        others
            .expect_only_imported(&world, &catalog.imports())
            .await;
        crate::examples::expect_each_once(&others.without(&pass.observed));
        // An empty plan must not be one that overlooks something. Many edits at once may be too many removals.
        let mut refused = pass.plan.objects.iter().flat_map(|object| &object.blocked);
        if refused.all(|blocked| blocked.code != BlockedCode::RemovalGuard) {
            catalog.expect(&pass, &others, &world);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_second_plan_is_empty_whatever_the_catalog_and_its_edits(seed in any::<u64>(), edits in 0_usize..10) {
        in_virtual_time(|| second_plan_is_empty(seed, edits));
    }

    #[test]
    fn equal_input_gives_equal_bytes_and_gaps_remove_nothing(seed in any::<u64>(), edits in 1_usize..10) {
        in_virtual_time(async || {
            let world = World::new();
            let (before, after, mut others, _) = catalogs(seed, edits);
            others.settle_in(&world).await;
            others.rest(&world);
            before.write(&world, &others);
            let base = world.desired();
            world.process().await.apply(&base).await;
            after.write(&world, &others);
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
                let makes = [
                    "CreatePortfolio",
                    "CreateProduct",
                    "ProvisionProduct",
                    "ImportAsProvisionedProduct",
                ];
                assert!(!makes.contains(&step.op.call()), "{:?}", step.op);
                let copies = matches!(step.op, Op::CopyProduct { to: CopyTarget::New { .. }, .. });
                assert!(!copies, "{:?}", step.op);
            }
        });
    }
}
