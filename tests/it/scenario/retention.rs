//! `retention`: the newest versions of a list stay in use, the older ones are deprecated or become inactive.

use catalogd::emulator::Profile;
use catalogd::model::desired::Guidance;
use catalogd::plan::BlockedCode;
use catalogd::reconcile::Pass;

use super::kit::{CATALOG, Hand, SIZE, expect_blocked, product, small, writes};
use crate::world::World;

const UPDATE: &str = "UpdateProvisioningArtifact";
const V4: &str = "    - name: v4\n      template: size.yaml\n";
const HUB: &str = "---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct";

fn with(retention: &str) -> String {
    let retained = format!("  retention: {retention}\n  versions:\n");
    CATALOG.replace("  versions:\n", &retained)
}

/// Name, activity and guidance of the product's versions, oldest first.
fn versions(pass: &Pass) -> Vec<(&str, bool, Guidance)> {
    let versions = product(&pass.observed, "VPC").versions.iter();
    versions
        .map(|v| (v.name.as_str(), v.active, v.guidance))
        .collect()
}

/// Applies what git says by so many calls of one kind, and no others.
async fn expect_updates(world: &World, count: usize) {
    world.calls();
    world.apply().await;
    let expected = match count {
        0 => [].into(),
        n => [(UPDATE.to_owned(), n)].into(),
    };
    assert_eq!(writes(world), expected);
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn older_versions_are_deprecated_as_new_ones_come() {
    use Guidance::{Default, Deprecated};
    let world = small();
    let applied = world.apply().await;
    let hand = Hand::new(&world, &applied.pass.observed);
    world.write("catalog.yaml", with("{active: 1}"));
    expect_updates(&world, 1).await;
    let pass = world.plan().await;
    let expected = [
        ("v1", true, Deprecated),
        ("v2", true, Deprecated),
        ("v3", true, Default),
    ];
    assert_eq!(versions(&pass), expected);

    // Somebody's hand, on either side of the line.
    for (version, guidance) in [("v1", "DEFAULT"), ("v3", "DEPRECATED")] {
        hand.sc
            .update_provisioning_artifact()
            .product_id(&hand.product)
            .provisioning_artifact_id(&hand.versions[version])
            .guidance(guidance.into())
            .send()
            .await
            .unwrap();
        let pass = world.plan().await;
        let changes = &pass
            .plan
            .objects
            .iter()
            .flat_map(|o| &o.changes)
            .collect::<Vec<_>>();
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].field, format!("versions[{version}].guidance"));
        assert_eq!(changes[0].before.words(), guidance);
        expect_updates(&world, 1).await;
    }

    // One more version moves the line.
    world.edit("catalog.yaml", HUB, &format!("{V4}{HUB}"));
    world.calls();
    world.apply().await;
    let expected = [("CreateProvisioningArtifact", 1), (UPDATE, 1)];
    assert_eq!(
        writes(&world),
        expected.map(|(call, n)| (call.to_owned(), n)).into()
    );
    assert!(versions(&world.plan().await).contains(&("v3", true, Deprecated)));

    // What a version says itself wins.
    world.edit(
        "catalog.yaml",
        "    - name: v1\n",
        "    - name: v1\n      guidance: DEFAULT\n",
    );
    expect_updates(&world, 1).await;
    assert!(versions(&world.plan().await).contains(&("v1", true, Default)));

    // Without it nothing is said any more, and nothing undone.
    world.edit("catalog.yaml", "  retention: {active: 1}\n", "");
    expect_updates(&world, 0).await;
}

#[tokio::test(start_paused = true)]
async fn older_versions_become_inactive_unless_something_runs_from_them() {
    let world = small();
    world.apply().await;
    world.write("catalog.yaml", with("{active: 1, older: INACTIVE}"));
    world.calls();
    let applied = world.apply().await;
    assert_eq!(writes(&world), [].into());
    let words = [
        "version \"v1\"",
        "`retention`",
        "product \"hub\"",
        "stays active",
    ];
    expect_blocked(
        &applied.pass,
        "product/vpc",
        BlockedCode::VersionInUse,
        &words,
        "catalog.yaml",
    );
    let activity = |pass: &Pass| -> Vec<(String, bool)> {
        let all = versions(pass).into_iter();
        all.map(|(name, active, _)| (name.to_owned(), active))
            .collect()
    };
    let mixed = [("v1", true), ("v2", true), ("v3", true)];
    let mixed = mixed.map(|(name, active)| (name.to_owned(), active));
    // v2 says `active: true` itself.
    assert_eq!(activity(&applied.pass), mixed);
    world.edit("catalog.yaml", "      active: true\n", "");
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [(UPDATE.to_owned(), 1)].into());
    assert!(activity(&world.plan().await).contains(&("v2".to_owned(), false)));

    // Its own word is the last.
    world.edit(
        "catalog.yaml",
        "    - name: v1\n",
        "    - name: v1\n      active: true\n",
    );
    let pass = world.plan().await;
    assert!(!pass.plan.is_blocked() && !pass.plan.has_changes());
}

#[tokio::test(start_paused = true)]
async fn it_converges_on_an_aws_as_slow_as_the_real_one() {
    let world = World::with(Profile::Aws, 11);
    world
        .write("catalog.yaml", CATALOG)
        .write("size.yaml", SIZE);
    world.apply().await;
    world.write("catalog.yaml", with("{active: 1}"));
    world.apply().await;
    world.clock.sleep(std::time::Duration::from_secs(10)).await;
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    let deprecated = versions(&pass).into_iter();
    assert_eq!(
        deprecated.filter(|v| v.2 == Guidance::Deprecated).count(),
        2
    );
}
