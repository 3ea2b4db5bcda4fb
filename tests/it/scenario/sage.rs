//! A catalog that an organisation really runs.

use crate::shared::shared_data;
use crate::world::World;

#[tokio::test(start_paused = true)]
async fn the_catalog_of_sage_prod_converges_and_its_second_plan_is_empty() {
    let Some(data) = shared_data() else { return };
    let world = World::new();
    world.copy(&data.join("catalogs/sage/prod"));
    let desired = world.desired();
    assert_eq!((desired.portfolios.len(), desired.products.len()), (3, 6));
    let versions: usize = desired
        .products
        .values()
        .map(|product| product.versions.len())
        .sum();
    assert_eq!(versions, 82);
    world.apply().await;
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    let live: usize = pass
        .observed
        .products
        .values()
        .map(|product| product.versions.len())
        .sum();
    assert_eq!(live, versions);
    crate::examples::expect_each_once(&pass.observed);
    for status in &pass.statuses {
        assert!(status.is_well(), "{status:?}");
    }
    // Byte for byte what git has, in S3.
    for template in desired.templates.values() {
        let url = format!(
            "https://{}.s3.us-east-1.amazonaws.com/{}",
            world.bucket(),
            template.object_key()
        );
        let stored = world
            .emulator
            .buckets()
            .read_url(crate::world::ACCOUNT, &url)
            .unwrap();
        assert_eq!(*stored, *template.bytes);
    }
}
