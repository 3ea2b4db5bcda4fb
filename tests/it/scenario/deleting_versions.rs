//! `unlistedVersions: delete`: what the list does not name is deleted, under the guards for removals.

use std::time::Duration;

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};
use catalogd::model::owner::Installation;
use catalogd::plan::BlockedCode;
use catalogd::reconcile::Pass;
use catalogd::reconcile::converge::End;

use super::kit::{CATALOG, Hand, SIZE, expect_blocked, one_pass, product, status, writes};
use crate::world::World;

const DELETE: &str = "DeleteProvisioningArtifact";
const V3: &str = "    - name: v3\n      template: size.yaml\n";

fn catalog() -> String {
    CATALOG.replace("  versions:\n", "  unlistedVersions: delete\n  versions:\n")
}

/// The small catalog, applied under an installation with a name.
async fn world_with(profile: Profile, seed: u64) -> (World, Hand) {
    let mut world = World::with(profile, seed);
    world.installation = Installation::parse("prod").unwrap();
    world
        .write("size.yaml", SIZE)
        .write("catalog.yaml", catalog());
    let applied = world.apply().await;
    let hand = Hand::new(&world, &applied.pass.observed);
    (world, hand)
}

fn names(pass: &Pass) -> Vec<&str> {
    let versions = product(&pass.observed, "VPC").versions.iter();
    versions.map(|v| v.name.as_str()).collect()
}

async fn launch(hand: &Hand, name: &str, version: &str) {
    hand.sc
        .provision_product()
        .provisioned_product_name(name)
        .product_id(&hand.product)
        .provisioning_artifact_id(&hand.versions[version])
        .path_name("Networking")
        .provision_token(format!("by-hand-{name}"))
        .send()
        .await
        .unwrap();
    hand.clock.sleep(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn what_leaves_the_list_is_deleted_by_one_call_and_comes_back_anew() {
    let (world, hand) = world_with(Profile::Instant, 1).await;
    world.edit("catalog.yaml", V3, "");
    let pass = world.plan().await;
    let changes: Vec<_> = pass.plan.objects.iter().flat_map(|o| &o.changes).collect();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].field, "versions[v3]");
    assert_eq!(changes[0].before.words(), hand.versions["v3"]);
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [(DELETE.to_owned(), 1)].into());
    world.expect_empty_plan().await;
    assert_eq!(names(&world.plan().await), ["v1", "v2"]);

    // Inactive ones go as well, and what others put beside the list.
    hand.sc
        .create_provisioning_artifact()
        .product_id(&hand.product)
        .parameters(by_hand(&world).await)
        .idempotency_token("by-hand")
        .send()
        .await
        .unwrap();
    world.apply().await;
    assert_eq!(writes(&world).get(DELETE), Some(&1));
    assert_eq!(names(&world.plan().await), ["v1", "v2"]);

    // Its token answers with what is gone, which is told once that is certain.
    world.clock.sleep(Duration::from_secs(16 * 60)).await;
    world.write("catalog.yaml", catalog());
    world.apply().await;
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    assert_eq!(names(&pass), ["v1", "v2", "v3"]);
    let anew = &product(&pass.observed, "VPC").versions[2];
    assert_ne!(anew.id.as_str(), hand.versions["v3"]);
}

async fn by_hand(world: &World) -> aws_sdk_servicecatalog::types::ProvisioningArtifactProperties {
    let put = world.s3().put_object().bucket(world.bucket());
    let put = put.key("by-hand").body(SIZE.as_bytes().to_vec().into());
    put.send().await.unwrap();
    let url = format!(
        "https://{}.s3.us-east-1.amazonaws.com/by-hand",
        world.bucket()
    );
    aws_sdk_servicecatalog::types::ProvisioningArtifactProperties::builder()
        .name("by hand")
        .info("LoadTemplateFromURL", url)
        .r#type(aws_sdk_servicecatalog::types::ProvisioningArtifactType::CloudFormationTemplate)
        .build()
}

#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_that_runs() {
    let (world, hand) = world_with(Profile::Instant, 1).await;
    launch(&hand, "theirs", "v3").await;
    world.edit("catalog.yaml", V3, "");
    world.calls();
    let applied = world.apply().await;
    let words = [
        "version \"v3\"",
        "product \"theirs\"",
        "is not listed but stays active",
    ];
    expect_blocked(
        &applied.pass,
        "product/vpc",
        BlockedCode::VersionInUse,
        &words,
        "catalog.yaml",
    );
    assert_eq!(writes(&world), [].into());
}

/// One commit moves what runs to another version and takes the old one off the list.
#[tokio::test(start_paused = true)]
async fn moved_and_taken_off_the_list_at_once() {
    let (world, _) = world_with(Profile::Instant, 1).await;
    world
        .edit(
            "catalog.yaml",
            "    - name: v1\n      template: size.yaml\n",
            "",
        )
        .edit("catalog.yaml", "  version: v1\n", "  version: v3\n");
    world.calls();
    let applied = world.apply().await;
    assert!(!applied.pass.plan.is_blocked());
    let expected = [(DELETE, 1), ("UpdateProvisionedProduct", 1)];
    assert_eq!(
        writes(&world),
        expected.map(|(call, n)| (call.to_owned(), n)).into()
    );
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn an_installation_without_a_name_deletes_nothing() {
    let world = World::new();
    world
        .write("size.yaml", SIZE)
        .write("catalog.yaml", catalog());
    world.apply().await;
    world.edit("catalog.yaml", V3, "");
    world.calls();
    let ended = world.process().await.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    let blocked = &status(&ended.pass, "product/vpc").blocked;
    assert_eq!(blocked[0].code, BlockedCode::DefaultInstallation);
    assert!(blocked[0].message.contains("--installation"), "{blocked:?}");
    assert_eq!(writes(&world), [].into());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_in_doubt() {
    for read in [
        "SearchProductsAsAdmin",
        "DescribeProductAsAdmin",
        "ListProvisioningArtifacts",
        "SearchProvisionedProducts",
        "DescribeRecord",
    ] {
        let (world, _) = world_with(Profile::Instant, 1).await;
        world.edit("catalog.yaml", V3, "");
        let fault = world
            .emulator
            .inject(Rule::always(Effect::AccessDenied).on(read));
        world.calls();
        one_pass(&world).await;
        assert!(fault.fired() > 0, "{read}");
        assert_eq!(writes(&world).get(DELETE), None, "{read}");
        fault.remove();
        world.apply().await;
        assert_eq!(names(&world.plan().await), ["v1", "v2"], "{read}");
    }
}

/// A new version that the service refuses leaves the old ones where they are.
#[tokio::test(start_paused = true)]
async fn the_old_ones_stay_where_the_new_one_is_refused() {
    let (world, _) = world_with(Profile::Aws, 4).await;
    world.write("bad.yaml", "Resources: {}\n");
    let text = catalog();
    let (head, rest) = text.split_once("  versions:\n").unwrap();
    let (_, hub) = rest.split_once("---\n").unwrap();
    let only = "  versions:\n    - name: v9\n      template: bad.yaml\n---\n";
    let hub = hub
        .replace("version: v1", "version: v9")
        .replace("  parameters:\n    Size: one\n", "");
    world.write("catalog.yaml", format!("{head}{only}{hub}"));
    world.process().await.apply(&world.desired()).await;
    assert_eq!(names(&world.plan().await), ["v1", "v2", "v3"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_and_a_restart_delete_once_and_converge() {
    for seed in 1..=3 {
        let (world, _) = world_with(Profile::Aws, seed).await;
        world.edit("catalog.yaml", V3, "");
        world
            .emulator
            .inject(Rule::always(Effect::DropAfter).on(DELETE).times(2));
        one_pass(&world).await;
        world.apply().await;
        world.clock.sleep(Duration::from_secs(10)).await;
        world.expect_empty_plan().await;
        assert_eq!(names(&world.plan().await), ["v1", "v2"]);
    }
}

/// What the recipients of a share launched can't be seen from here.
#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_of_what_is_shared() {
    let (world, hand) = world_with(Profile::Instant, 1).await;
    let share = hand.sc.create_portfolio_share();
    let share = share
        .portfolio_id(&hand.portfolio)
        .account_id("210987654321");
    share.send().await.unwrap();
    world.edit("catalog.yaml", V3, "");
    world.calls();
    let applied = world.apply().await;
    let blocked = &status(&applied.pass, "product/vpc").blocked;
    assert_eq!(blocked[0].code, BlockedCode::Shared, "{blocked:?}");
    assert!(blocked[0].message.contains("Networking"), "{blocked:?}");
    assert_eq!(writes(&world), [].into());

    // Whether it is can't be told, so it is not deleted either.
    let end = hand.sc.delete_portfolio_share();
    let end = end.portfolio_id(&hand.portfolio).account_id("210987654321");
    end.send().await.unwrap();
    let fault = world
        .emulator
        .inject(Rule::always(Effect::AccessDenied).on("DescribePortfolioShares"));
    one_pass(&world).await;
    assert!(fault.fired() > 0);
    assert_eq!(writes(&world).get(DELETE), None);
    fault.remove();
    world.apply().await;
    assert_eq!(names(&world.plan().await), ["v1", "v2"]);
}
