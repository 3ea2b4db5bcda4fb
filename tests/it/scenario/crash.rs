//! Promise 4: crash anywhere, converge, no duplicates.
//!
//! The embedded AWS survives, the process does not: at the k-th call it dies, before the call was worked on or after it
//! was and before its answer came. Then a new process applies, with nothing in its memory.

use std::time::Duration;

use catalogd::emulator::faults::{Effect, Rule};

use crate::examples::{expect_the_example, world};
use crate::world::World;

/// Runs until the fault strikes, then is gone. Returns whether it struck.
async fn die_at(world: &World, rule: Rule) -> bool {
    let fault = world.emulator.inject(rule);
    let mut process = world.process_in(None).await;
    let desired = world.desired();
    let struck = async {
        while fault.fired() == 0 {
            world.clock.sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        biased;
        () = struck => {}
        _ = process.apply(&desired) => {}
    }
    let struck = fault.fired() > 0;
    fault.remove();
    struck
}

async fn walk(effect: Effect, share: usize, shares: usize) {
    let whole = world();
    whole.process_in(None).await.apply(&whole.desired()).await;
    let calls = whole.emulator.calls().len();
    assert!(calls > 100, "{calls}");
    let mut struck = 0;
    for nth in (1..=calls).skip(share).step_by(shares) {
        let world = world();
        if die_at(&world, Rule::always(effect.clone()).nth(nth as u64)).await {
            struck += 1;
        }
        let mut process = world.process_in(None).await;
        process.apply(&world.desired()).await;
        expect_the_example(&mut process, &world).await;
        let pass = process.reconciler.plan(&world.desired(), None).await;
        assert!(
            !pass.plan.has_changes() && !pass.plan.is_waiting(),
            "after a crash at call {nth}"
        );
    }
    // The last few calls may come in another number from run to run of a changed program, never most of them.
    assert!(
        struck * shares + 20 * shares >= calls,
        "only {struck} of {calls}/{shares} struck"
    );
}

#[tokio::test(start_paused = true)]
async fn cut_before_every_call_even() {
    walk(Effect::DropBefore, 0, 2).await;
}

#[tokio::test(start_paused = true)]
async fn cut_before_every_call_odd() {
    walk(Effect::DropBefore, 1, 2).await;
}

#[tokio::test(start_paused = true)]
async fn cut_after_every_call_even() {
    walk(Effect::DropAfter, 0, 2).await;
}

#[tokio::test(start_paused = true)]
async fn cut_after_every_call_odd() {
    walk(Effect::DropAfter, 1, 2).await;
}
