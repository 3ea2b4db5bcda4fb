//! Promise 4: crash anywhere, converge, no duplicates.
//!
//! The embedded AWS survives, the process does not: at the k-th call it dies, before the call was worked on or after it
//! was and before its answer came. Then a new process applies, with nothing in its memory. Every call of the example's
//! apply is tried, both ways; so that this stays cheap the manifests are read once and each end is judged by the last
//! pass of the apply itself, which has read the whole catalog and found nothing to do.

use std::sync::LazyLock;
use std::time::Duration;

use catalogd::emulator::faults::{Effect, Faults, Lag, Rule};
use catalogd::model::desired::Desired;
use catalogd::reconcile::converge::End;

use super::kit::{SIZE, small, writes};
use crate::examples::{self, expect_each_once, expect_the_example_in};
use crate::world::World;

static EXAMPLE: LazyLock<Desired> = LazyLock::new(|| {
    let world = World::new();
    world.copy(&examples::folder());
    world.desired()
});

/// Runs until the fault strikes, then is gone. Returns whether it struck.
pub async fn die_at(world: &World, desired: &Desired, rule: Rule) -> bool {
    let fault = world.emulator.inject(rule);
    let mut process = world.process_in(None).await;
    let struck = async {
        while fault.fired() == 0 {
            world.clock.sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        biased;
        () = struck => {}
        _ = process.apply(desired) => {}
    }
    let struck = fault.fired() > 0;
    fault.remove();
    struck
}

/// The answer of each call that makes something is lost, and the next process begins at once, while searches and lists
/// still show what was before: only tokens keep it from making the thing a second time.
#[tokio::test(start_paused = true)]
async fn a_restart_that_does_not_see_what_was_made_makes_nothing_twice() {
    for (call, times) in [
        ("CreatePortfolio", 2),
        ("CreateProduct", 5),
        ("CreateProvisioningArtifact", 7),
        ("CreateConstraint", 6),
        ("CopyProduct", 1),
        ("ProvisionProduct", 2),
        ("ImportAsProvisionedProduct", 1),
    ] {
        for nth in 1..=times {
            let world = examples::world().await;
            world.emulator.set_faults(Faults {
                lag: Some(Lag {
                    describe: 0.0,
                    search: 20.0,
                    chance: 0.9,
                }),
                ..Faults::default()
            });
            let rule = Rule::always(Effect::DropAfter).on(call).nth(nth);
            assert!(die_at(&world, &EXAMPLE, rule).await, "{call} {nth}");
            world.process_in(None).await.apply(&EXAMPLE).await;
            world.clock.sleep(Duration::from_secs(60)).await;
            let ended = world.process_in(None).await.apply(&EXAMPLE).await;
            assert_eq!(ended.end, End::Settled, "after {call} {nth}");
            expect_the_example_in(&ended.pass, &EXAMPLE);
        }
    }
}

/// The bucket is private and wants TLS, whenever the process that made it died.
#[tokio::test(start_paused = true)]
async fn a_crash_while_the_bucket_is_made_leaves_it_closed() {
    const CALLS: [&str; 3] = ["CreateBucket", "PutPublicAccessBlock", "PutBucketPolicy"];
    for effect in [Effect::DropBefore, Effect::DropAfter] {
        for call in CALLS {
            let world = small();
            let desired = world.desired();
            let rule = Rule::always(effect.clone()).on(call).nth(1);
            assert!(die_at(&world, &desired, rule).await, "{call}");
            world.calls();
            world.process_in(None).await.apply(&desired).await;
            // Until the policy is there, public access is blocked before it is put; what is there is not made again.
            let made = writes(&world);
            let (is_made, is_done) = match (&effect, call) {
                (Effect::DropBefore, "CreateBucket") => (false, false),
                (Effect::DropAfter, "PutBucketPolicy") => (true, true),
                _ => (true, false),
            };
            for (write, expected) in CALLS.into_iter().zip([!is_made, !is_done, !is_done]) {
                let times = made.get(write).copied().unwrap_or_default();
                assert_eq!(
                    times,
                    usize::from(expected),
                    "{write} after {effect:?} {call}"
                );
            }
            let (s3, bucket) = (world.s3(), world.bucket());
            let policy = s3.get_bucket_policy().bucket(&bucket).send().await;
            let policy = policy.unwrap_or_else(|error| panic!("{call}: {error:?}"));
            assert!(policy.policy().unwrap().contains("aws:SecureTransport"));
            let block = s3.get_public_access_block().bucket(&bucket).send().await;
            let block = block.unwrap_or_else(|error| panic!("{call}: {error:?}"));
            let block = block.public_access_block_configuration().unwrap();
            assert_eq!(block.block_public_policy(), Some(true), "{call}");
            world.expect_empty_plan().await;
        }
    }
}

/// Whether the policy is there is a matter of its own: where it may not be read, it is left as it is.
#[tokio::test(start_paused = true)]
async fn a_bucket_policy_that_may_not_be_read_is_not_put_again() {
    let world = small();
    world.apply().await;
    world.edit("catalog.yaml", "    - name: v3", "    - name: v4");
    world.write("size.yaml", format!("{SIZE}# another\n"));
    world.edit("catalog.yaml", "template: size.yaml", "template: old.yaml");
    world.write("old.yaml", SIZE);
    world.edit(
        "catalog.yaml",
        "- name: v4\n      template: old.yaml",
        "- name: v4\n      template: size.yaml",
    );
    world
        .emulator
        .inject(Rule::always(Effect::AccessDenied).on("GetBucketPolicy"));
    world.calls();
    world.apply().await;
    let made = writes(&world);
    assert_eq!(made, [("CreateProvisioningArtifact".to_owned(), 1)].into());
}

/// The first answer of each listing shows nothing, as if none of it had reached the indexes: what the next process then
/// makes, only its tokens tell to be there.
fn blind(world: &World) {
    for read in [
        "ListPortfolios",
        "SearchProductsAsAdmin",
        "SearchProvisionedProducts",
    ] {
        let nothing = Rule::always(Effect::CutListing(0)).on(read).times(1);
        world.emulator.inject(nothing);
    }
}

/// Git moves on between the crash and the restart, which sees nothing of what was made: the first attempt's objects are
/// found all the same, and are changed to what git says now.
#[tokio::test(start_paused = true)]
async fn an_edit_between_crash_and_restart_makes_nothing_twice() {
    for (call, times) in [
        ("CreatePortfolio", 2),
        ("CreateProduct", 1),
        ("CreateProvisioningArtifact", 2),
        ("CreateConstraint", 2),
        ("ProvisionProduct", 1),
    ] {
        for nth in 1..=times {
            let world = small();
            let rule = Rule::always(Effect::DropAfter).on(call).nth(nth);
            let before = world.desired();
            assert!(die_at(&world, &before, rule).await, "{call} {nth}");
            for (from, to) in [
                ("VPCs and DNS", "Edited"),
                ("Three tiers", "Edited"),
                ("The second", "Edited"),
                ("localRoleName: Launcher", "localRoleName: Edited"),
                ("Size: one", "Size: edited"),
            ] {
                world.edit("catalog.yaml", from, to);
            }
            blind(&world);
            let ended = world.process_in(None).await.apply(&world.desired()).await;
            assert_eq!(ended.end, End::Settled, "after {call} {nth}");
            expect_each_once(&ended.pass.observed);
            for status in &ended.pass.statuses {
                assert!(status.is_well(), "after {call} {nth}: {status:?}");
            }
        }
    }
}

/// Every second restart sees what was made, and must find what is missing of it; the others see nothing at first.
async fn walk(effect: Effect, share: usize, shares: usize) {
    let whole = examples::world().await;
    whole.process_in(None).await.apply(&EXAMPLE).await;
    let calls = whole.emulator.calls().len();
    assert!(calls > 100, "{calls}");
    let mut struck = 0;
    for nth in (1..=calls).skip(share).step_by(shares) {
        let world = examples::world().await;
        let rule = Rule::always(effect.clone()).nth(nth as u64);
        if die_at(&world, &EXAMPLE, rule).await {
            struck += 1;
        }
        if (nth / shares).is_multiple_of(2) {
            blind(&world);
        }
        let ended = world.process_in(None).await.apply(&EXAMPLE).await;
        assert_eq!(ended.end, End::Settled, "after a crash at call {nth}");
        expect_the_example_in(&ended.pass, &EXAMPLE);
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
