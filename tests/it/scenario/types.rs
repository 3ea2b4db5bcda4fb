//! Products whose versions are no CloudFormation templates.

use catalogd::emulator::Profile;
use catalogd::plan::BlockedCode;

use super::kit::{expect_blocked, product, writes};
use crate::world::World;

/// What a compressed archive may begin with: bytes that are no text.
const ARCHIVE: &[u8] = b"\x1f\x8b\x08\x00\xff\xfe \r\n\x00 \r\n";

const PRODUCT: &str = "apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  type: EXTERNAL
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: vpc.tar.gz}
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {providerName: Us}
";

fn world(profile: Profile, kind: &str) -> World {
    let world = World::with(profile, 1);
    world
        .write("catalog.yaml", PRODUCT.replace("EXTERNAL", kind))
        .write("vpc.tar.gz", ARCHIVE);
    world
}

#[tokio::test(start_paused = true)]
async fn every_type_is_made_with_the_bytes_as_they_are() {
    for kind in [
        "EXTERNAL",
        "TERRAFORM_OPEN_SOURCE",
        "TERRAFORM_CLOUD",
        "MARKETPLACE",
    ] {
        let world = world(Profile::Instant, kind);
        world.apply().await;
        world.expect_empty_plan().await;
        let pass = world.plan().await;
        let live = product(&pass.observed, "vpc");
        assert_eq!(live.product_type, kind);
        let object = world.s3().list_objects_v2().bucket(world.bucket());
        let listed = object.prefix("templates/").send().await.unwrap();
        let key = listed.contents()[0].key().unwrap().to_owned();
        let got = world.s3().get_object().bucket(world.bucket()).key(key);
        let body = got.send().await.unwrap().body.collect().await.unwrap();
        assert_eq!(body.into_bytes(), ARCHIVE);
        // What is known of the version is known to the next process without asking.
        world.apply().await;
        world.calls();
        world.plan().await;
        assert_eq!(
            world.calls().get("DescribeProvisioningArtifact"),
            None,
            "{kind}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn other_bytes_under_a_published_name_are_seen_and_refused() {
    let world = world(Profile::Aws, "EXTERNAL");
    world.apply().await;
    world.clock.sleep(std::time::Duration::from_secs(10)).await;
    world.expect_empty_plan().await;
    // A difference that folding a text would hide.
    let other: Vec<u8> = ARCHIVE
        .iter()
        .copied()
        .filter(|byte| *byte != b'\r')
        .collect();
    world.write("vpc.tar.gz", other);
    world.calls();
    let applied = world.apply().await;
    let code = BlockedCode::ImmutableVersion;
    expect_blocked(
        &applied.pass,
        "product/vpc",
        code,
        &["version \"v1\""],
        "catalog.yaml",
    );
    assert_eq!(writes(&world), [].into());
}

#[tokio::test(start_paused = true)]
async fn a_type_never_changes() {
    let world = world(Profile::Instant, "EXTERNAL");
    world.apply().await;
    world
        .edit("catalog.yaml", "type: EXTERNAL", "type: TERRAFORM_CLOUD")
        .edit("catalog.yaml", "owner: Us", "owner: Others");
    world.calls();
    let applied = world.apply().await;
    let words = ["EXTERNAL", "TERRAFORM_CLOUD", "metadata.name"];
    let code = BlockedCode::ImmutableType;
    expect_blocked(&applied.pass, "product/vpc", code, &words, "catalog.yaml");
    assert_eq!(
        writes(&world),
        [].into(),
        "nothing of it, not even its owner"
    );
    // Left out it is a CloudFormation product, which this one is not.
    world.edit("catalog.yaml", "  type: TERRAFORM_CLOUD\n", "");
    let pass = world.plan().await;
    expect_blocked(
        &pass,
        "product/vpc",
        code,
        &["CLOUD_FORMATION_TEMPLATE"],
        "catalog.yaml",
    );
}
