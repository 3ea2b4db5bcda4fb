//! An AWS that lags, flips, throttles and loses answers. What is random here is in `sim`.

use std::time::Duration;

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};

use crate::examples::{expect_the_example, folder};
use crate::world::World;

fn example(seed: u64) -> World {
    let world = World::with(Profile::Aws, seed);
    world.copy(&folder());
    world
}

/// Under the default pace: minutes, most of them the stacks' own, and no more calls than the work needs.
#[tokio::test(start_paused = true)]
async fn the_example_converges_on_an_aws_as_slow_as_the_real_one() {
    let world = example(1);
    let started = world.clock.now();
    let converged = world.apply().await;
    let took = world.clock.now().duration_since(started);
    let (calls, throttled) = {
        let all = world.emulator.calls();
        let refused = |call: &&catalogd::emulator::Call| matches!(&call.outcome, catalogd::emulator::Outcome::Refused(_, code) if code == "ThrottlingException");
        (all.len(), all.iter().filter(refused).count())
    };
    eprintln!(
        "{} s, {calls} calls, {throttled} throttled, {} passes",
        took.as_secs(),
        converged.passes
    );
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
    ];
    let world = example(2);
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

/// The service is away for two minutes in the middle of it: longer than a call is repeated.
#[tokio::test(start_paused = true)]
async fn an_outage_in_the_middle_is_waited_out() {
    let world = example(3);
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
