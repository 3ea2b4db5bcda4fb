//! An AWS that lags, flips, throttles and loses answers. What is random here is in `sim`.

use std::time::Duration;

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Faults, Latency, Rule};
use catalogd::execute::Outcome;
use catalogd::execute::progress::{Progress, Quiet};
use catalogd::plan::Plan;
use catalogd::reconcile::Pass;
use catalogd::reconcile::converge::{Driver, End, PASSES_AT_ONCE};
use tokio_util::sync::CancellationToken;

use super::kit::{CATALOG, Hand, SIZE, provisioned, small};
use crate::examples::{expect_the_example, seeded};
use crate::world::World;

async fn example(seed: u64) -> World {
    seeded(World::with(Profile::Aws, seed)).await
}

/// Under the default pace: minutes, most of them the stacks' own, and no more calls than the work needs.
#[tokio::test(start_paused = true)]
async fn the_example_converges_on_an_aws_as_slow_as_the_real_one() {
    let world = example(1).await;
    let started = world.clock.now();
    let converged = world.apply().await;
    let took = world.clock.now().duration_since(started);
    let (calls, throttled) = {
        let all = world.emulator.calls();
        let refused = |call: &&catalogd::emulator::Call| matches!(&call.outcome, catalogd::emulator::Outcome::Refused(_, code) if code == "ThrottlingException");
        (all.len(), all.iter().filter(refused).count())
    };
    assert!(converged.passes <= 6, "{} passes", converged.passes);
    assert!(took.as_secs() < 600, "{took:?}");
    assert!(calls < 1_500, "{calls} calls");
    assert!(
        throttled * 5 < calls,
        "{throttled} of {calls} calls throttled"
    );
    world.clock.sleep(Duration::from_secs(10)).await;
    expect_the_example(&mut world.process().await, &world).await;
    world.expect_empty_plan().await;
}

/// Every kind of call loses its first answer after doing the work.
#[tokio::test(start_paused = true)]
async fn an_answer_lost_by_every_operation_leaves_nothing_twice() {
    let writes = [
        "CreateBucket",
        "PutObject",
        "CreatePortfolio",
        "AssociatePrincipalWithPortfolio",
        "CreateProduct",
        "CreateProvisioningArtifact",
        "UpdateProvisioningArtifact",
        "AssociateProductWithPortfolio",
        "CreateConstraint",
        "ProvisionProduct",
        "CopyProduct",
        "ImportAsProvisionedProduct",
    ];
    let world = example(2).await;
    let lost: Vec<_> = writes
        .iter()
        .map(|write| {
            world
                .emulator
                .inject(Rule::always(Effect::DropAfter).on(write).times(2))
        })
        .collect();
    world.apply().await;
    for (fault, write) in lost.iter().zip(writes) {
        assert_eq!(fault.fired(), 2, "{write}");
    }
    world.clock.sleep(Duration::from_secs(10)).await;
    expect_the_example(&mut world.process().await, &world).await;
}

/// An update whose answer is lost is the same update when it is asked for again.
#[tokio::test(start_paused = true)]
async fn an_update_whose_answer_is_lost_runs_once() {
    for profile in [Profile::Instant, Profile::Local] {
        let world = World::with(profile, 4);
        world
            .write("catalog.yaml", CATALOG)
            .write("size.yaml", SIZE);
        world.apply().await;
        world.edit("catalog.yaml", "Size: one", "Size: two");
        let lost = world.emulator.inject(
            Rule::always(Effect::DropAfter)
                .on("UpdateProvisionedProduct")
                .times(2),
        );
        world.emulator.reset_calls();
        world.apply().await;
        assert_eq!(lost.fired(), 2);
        let calls = world.emulator.calls();
        let refused = calls
            .iter()
            .find(|call| matches!(call.outcome, catalogd::emulator::Outcome::Refused(..)));
        assert_eq!(refused, None);
        let history = world.console().list_record_history().send().await.unwrap();
        let updates = history.record_details().iter();
        let updates = updates.filter(|r| r.record_type() == Some("UPDATE_PROVISIONED_PRODUCT"));
        assert_eq!(updates.count(), 1);
        let live = world.plan().await.observed;
        let stack = provisioned(&live, "hub").stack.as_ref().unwrap();
        assert_eq!(stack.parameters["Size"], "two");
        world.expect_empty_plan().await;
    }
}

/// The service is away for two minutes in the middle of it: longer than a call is repeated.
#[tokio::test(start_paused = true)]
async fn an_outage_in_the_middle_is_waited_out() {
    let world = example(3).await;
    let (emulator, clock) = (world.emulator.clone(), world.clock);
    let outage = tokio::spawn(async move {
        clock.sleep(Duration::from_secs(15)).await;
        let down = emulator.inject(Rule::always(Effect::InternalFailure));
        clock.sleep(Duration::from_secs(120)).await;
        assert!(down.fired() > 0);
        down.remove();
    });
    world.apply().await;
    outage.await.unwrap();
    world.clock.sleep(Duration::from_secs(10)).await;
    expect_the_example(&mut world.process().await, &world).await;
}

/// Somebody else's machine that puts its own owner back whenever ours was set.
struct Rival {
    sc: aws_sdk_servicecatalog::Client,
    product: String,
}

impl Driver for Rival {
    fn consent(&mut self, _: &Pass) -> anyhow::Result<bool> {
        Ok(true)
    }
    fn begin(&mut self, _: &Plan) {}
    fn progress(&self) -> &dyn Progress {
        &Quiet
    }
    fn end(&mut self, _: &Outcome) {
        let request = self.sc.update_product().id(&self.product).owner("theirs");
        tokio::spawn(request.send());
    }
}

/// A plan that never empties must not become a storm of calls.
#[tokio::test(start_paused = true)]
async fn a_plan_that_never_empties_is_no_storm_of_calls() {
    let world = small();
    let applied = world.apply().await;
    let hand = Hand::new(&world, &applied.pass.observed);
    world.emulator.set_faults(Faults {
        latency: Some(Latency {
            least: 0.01,
            most: 0.01,
        }),
        ..Faults::default()
    });
    world.edit("catalog.yaml", "Network Team", "Ours");
    let (stop, desired) = (CancellationToken::new(), world.desired());
    let mut rival = Rival {
        sc: hand.sc.clone(),
        product: hand.product.clone(),
    };
    let mut process = world.process().await;
    let passes = async {
        let converging = process
            .reconciler
            .converge(&desired, None, &stop, &mut rival);
        converging.await.unwrap()
    };
    let timer = async {
        world.clock.sleep(Duration::from_secs(1_800)).await;
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(passes, timer);
    assert_eq!(ended.end, End::Stopped);
    // As many as follow each other at once, then one in ten to twenty seconds.
    let most = PASSES_AT_ONCE + 1_800 / 10 + 10;
    assert!(
        ended.passes > PASSES_AT_ONCE && ended.passes < most,
        "{} passes",
        ended.passes
    );
}
