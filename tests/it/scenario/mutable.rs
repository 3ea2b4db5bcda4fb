//! `mutable: true`: another template may take a published name; the one before is retired after it.

use std::time::Duration;

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Faults, Rule, StackFault};
use catalogd::model::observed::ProvisionedStatus;
use catalogd::model::owner::Installation;
use catalogd::plan::BlockedCode;
use catalogd::reconcile::Pass;

use super::kit::{CATALOG, Hand, SIZE, expect_blocked, one_pass, product, provisioned, writes};
use crate::world::World;

const V1: &str = "    - name: v1\n      template: size.yaml\n";
const MUTABLE: &str = "    - name: v1\n      template: own.yaml\n      mutable: true\n";

fn edited(n: u8) -> String {
    SIZE.replace(
        "!Ref Size}\nOutputs",
        &format!("!Sub '{n} ${{Size}}'}}\nOutputs"),
    )
}

fn catalog() -> String {
    CATALOG.replace(V1, MUTABLE)
}

async fn world_with(profile: Profile, seed: u64, catalog: String) -> (World, Hand) {
    let mut world = World::with(profile, seed);
    world.installation = Installation::parse("prod").unwrap();
    world
        .write("size.yaml", SIZE)
        .write("own.yaml", edited(1))
        .write("catalog.yaml", catalog);
    let applied = world.apply().await;
    let hand = Hand::new(&world, &applied.pass.observed);
    (world, hand)
}

/// Id and activity of the versions of the name, oldest first.
fn v1(pass: &Pass) -> Vec<(String, bool)> {
    let versions = product(&pass.observed, "VPC").versions.iter();
    let named = versions.filter(|v| v.name == "v1");
    named.map(|v| (v.id.to_string(), v.active)).collect()
}

fn runs(pass: &Pass) -> String {
    let hub = provisioned(&pass.observed, "hub");
    assert_eq!(hub.status, ProvisionedStatus::Available);
    hub.running.as_ref().unwrap().version.to_string()
}

async fn expect_writes<const N: usize>(world: &World, expected: [(&str, usize); N]) -> Pass {
    world.calls();
    world.apply().await;
    let expected = expected.map(|(call, n)| (call.to_owned(), n));
    assert_eq!(writes(world), expected.into());
    world.expect_empty_plan().await;
    world.plan().await
}

#[tokio::test(start_paused = true)]
async fn another_template_takes_the_name_and_what_runs_moves_to_it() {
    let (world, hand) = world_with(Profile::Instant, 1, catalog()).await;
    let first = hand.versions["v1"].clone();
    world.write("own.yaml", edited(2));
    let all = [
        ("CreateProvisioningArtifact", 1),
        ("UpdateProvisionedProduct", 1),
        ("UpdateProvisioningArtifact", 1),
    ];
    let pass = expect_writes(&world, all).await;
    let named = v1(&pass);
    assert_eq!(named.len(), 2);
    assert_eq!(named[0], (first.clone(), false));
    let second = named[1].0.clone();
    assert!(named[1].1);
    assert_eq!(runs(&pass), second);

    // Line ends are no other template.
    world.write("own.yaml", edited(2).replace('\n', "\r\n"));
    world.expect_empty_plan().await;

    // Back to what was there before: it is put to use again, not made a second time.
    world.write("own.yaml", edited(1));
    let back = [
        ("UpdateProvisionedProduct", 1),
        ("UpdateProvisioningArtifact", 2),
    ];
    let pass = expect_writes(&world, back).await;
    assert_eq!(v1(&pass), [(first.clone(), true), (second.clone(), false)]);
    assert_eq!(runs(&pass), first);

    // Somebody puts the retired one back: it goes again, by one call.
    hand.sc
        .update_provisioning_artifact()
        .product_id(&hand.product)
        .provisioning_artifact_id(&second)
        .active(true)
        .send()
        .await
        .unwrap();
    let pass = expect_writes(&world, [("UpdateProvisioningArtifact", 1)]).await;
    assert_eq!(v1(&pass), [(first, true), (second, false)]);
}

/// While the one that is to come back can't be had, the one that has the name stays.
#[tokio::test(start_paused = true)]
async fn nothing_is_retired_before_what_comes_back_is_there() {
    let (world, hand) = world_with(Profile::Instant, 1, catalog()).await;
    let first = hand.versions["v1"].clone();
    world.write("own.yaml", edited(2));
    world.apply().await;
    // Nothing runs from either, so that nothing but the other keeps one.
    let text = world.text("catalog.yaml");
    let (rest, _) = text.rsplit_once("---\n").unwrap();
    world.write("catalog.yaml", rest);
    let live = world.plan().await.observed;
    let hub = provisioned(&live, "hub").id.to_string();
    let end = hand.sc.terminate_provisioned_product();
    let end = end.provisioned_product_id(hub).terminate_token("by-hand");
    end.send().await.unwrap();
    world.clock.sleep(Duration::from_secs(60)).await;
    world.expect_empty_plan().await;

    world.write("own.yaml", edited(1));
    let refused = Rule::always(Effect::AccessDenied).on("UpdateProvisioningArtifact");
    let fault = world.emulator.inject(refused.times(1));
    let pass = one_pass(&world).await;
    assert_eq!(fault.fired(), 1, "the second call needs the first");
    assert_eq!(pass.outcome.failures().count(), 1);
    let named = v1(&world.plan().await);
    assert_eq!(named[0], (first.clone(), false));
    assert!(named[1].1, "one of the two is offered: {named:?}");
    let pass = expect_writes(&world, [("UpdateProvisioningArtifact", 2)]).await;
    assert_eq!(v1(&pass), [(first, true), (named[1].0.clone(), false)]);
}

#[tokio::test(start_paused = true)]
async fn without_it_a_published_version_never_changes() {
    let plain = CATALOG.replace(V1, &V1.replace("size", "own"));
    let (world, _) = world_with(Profile::Instant, 1, plain).await;
    world.write("own.yaml", edited(2));
    world.calls();
    let applied = world.apply().await;
    let words = ["version \"v1\"", "add a new version"];
    let code = BlockedCode::ImmutableVersion;
    expect_blocked(&applied.pass, "product/vpc", code, &words, "catalog.yaml");
    assert_eq!(writes(&world), [].into());
}

#[tokio::test(start_paused = true)]
async fn the_old_one_stays_while_somebody_runs_it() {
    let (world, hand) = world_with(Profile::Instant, 1, catalog()).await;
    hand.sc
        .provision_product()
        .provisioned_product_name("theirs")
        .product_id(&hand.product)
        .provisioning_artifact_id(&hand.versions["v1"])
        .path_name("Networking")
        .provision_token("by-hand")
        .send()
        .await
        .unwrap();
    world.clock.sleep(Duration::from_secs(1)).await;
    world.write("own.yaml", edited(2));
    let applied = world.apply().await;
    let words = ["version \"v1\"", "product \"theirs\"", "has a successor"];
    let code = BlockedCode::VersionInUse;
    expect_blocked(&applied.pass, "product/vpc", code, &words, "catalog.yaml");
    let named = v1(&applied.pass);
    assert_eq!(named.iter().map(|v| v.1).collect::<Vec<_>>(), [true, true]);
    assert_eq!(runs(&applied.pass), named[1].0);
}

#[tokio::test(start_paused = true)]
async fn the_old_one_is_deleted_where_unlisted_versions_are() {
    let text = catalog().replace("  versions:\n", "  unlistedVersions: delete\n  versions:\n");
    let (world, hand) = world_with(Profile::Instant, 1, text).await;
    world.write("own.yaml", edited(2));
    let all = [
        ("CreateProvisioningArtifact", 1),
        ("DeleteProvisioningArtifact", 1),
        ("UpdateProvisionedProduct", 1),
    ];
    let pass = expect_writes(&world, all).await;
    assert_eq!(v1(&pass).len(), 1);
    assert_ne!(v1(&pass)[0].0, hand.versions["v1"]);
}

/// A launch that failed is tried again once the template is mended, though the version's name is the same.
#[tokio::test(start_paused = true)]
async fn a_failed_launch_is_replaced_once_the_template_is_mended() {
    let mut world = World::new();
    world.installation = Installation::parse("prod").unwrap();
    world
        .write("size.yaml", SIZE)
        .write("own.yaml", edited(1))
        .write("catalog.yaml", catalog());
    world.emulator.set_faults(Faults {
        stacks: vec![StackFault {
            stack: "SC-*".to_owned(),
            resource: "Topic".to_owned(),
            reason: Some("no".to_owned()),
            ..StackFault::default()
        }],
        ..Faults::default()
    });
    world.process().await.apply(&world.desired()).await;
    let failed = world.plan().await;
    assert_eq!(
        provisioned(&failed.observed, "hub").status,
        ProvisionedStatus::Error
    );
    world.emulator.set_faults(Faults::default());
    world.write("own.yaml", edited(2));
    world.apply().await;
    let pass = world.plan().await;
    assert_eq!(runs(&pass), v1(&pass)[1].0);
    world.expect_empty_plan().await;
}

/// Answers are lost, the process dies, reads lag: still one artifact for each template.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_and_a_restart_make_nothing_twice() {
    for seed in 1..=3 {
        let (world, _) = world_with(Profile::Aws, seed, catalog()).await;
        world.write("own.yaml", edited(2));
        for call in ["CreateProvisioningArtifact", "UpdateProvisioningArtifact"] {
            world
                .emulator
                .inject(Rule::always(Effect::DropAfter).on(call).times(2));
        }
        one_pass(&world).await;
        world.apply().await;
        world.clock.sleep(Duration::from_secs(10)).await;
        world.expect_empty_plan().await;
        let pass = world.plan().await;
        let named = v1(&pass);
        assert_eq!(
            named.iter().map(|v| v.1).collect::<Vec<_>>(),
            [false, true],
            "{named:?}"
        );
        assert_eq!(runs(&pass), named[1].0);
    }
}
