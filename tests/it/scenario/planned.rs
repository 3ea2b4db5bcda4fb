//! Plans of others, made and executed by hand beside catalogd.

use std::time::Duration;

use aws_sdk_servicecatalog::types::{
    ProvisionedProductPlanStatus, ProvisionedProductPlanType, UpdateProvisioningParameter,
};
use catalogd::model::observed::ProvisionedStatus;
use catalogd::plan::BlockedCode;
use catalogd::status::Sync;

use super::kit::{CATALOG, Hand, provisioned, small, status, writes};
use crate::world::World;

/// Somebody plans the name `name` with this size, and waits until the plan is made.
async fn planned(hand: &Hand, name: &str, size: &str) -> String {
    let parameter = UpdateProvisioningParameter::builder();
    let made = hand
        .sc
        .create_provisioned_product_plan()
        .plan_name("by-hand")
        .plan_type(ProvisionedProductPlanType::Cloudformation)
        .product_id(&hand.product)
        .provisioning_artifact_id(&hand.versions["v1"])
        .provisioned_product_name(name)
        .provisioning_parameters(parameter.key("Size").value(size).build())
        .idempotency_token(format!("{name}-{size}"))
        .send()
        .await
        .unwrap();
    let id = made.plan_id().unwrap().to_owned();
    hand.clock.sleep(Duration::from_secs(60)).await;
    let read = hand.sc.describe_provisioned_product_plan().plan_id(&id);
    let read = read.send().await.unwrap();
    let details = read.provisioned_product_plan_details().unwrap();
    assert_eq!(
        details.status(),
        Some(&ProvisionedProductPlanStatus::CreateSuccess)
    );
    id
}

async fn applied() -> (World, Hand) {
    let world = small();
    let applied = world.apply().await;
    let hand = Hand::new(&world, &applied.pass.observed);
    writes(&world);
    (world, hand)
}

#[tokio::test(start_paused = true)]
async fn a_plan_alone_changes_nothing_and_its_execution_is_put_right() {
    let (world, hand) = applied().await;
    let plan = planned(&hand, "hub", "two").await;
    world.expect_empty_plan().await;
    hand.sc
        .execute_provisioned_product_plan()
        .plan_id(&plan)
        .idempotency_token("go")
        .send()
        .await
        .unwrap();
    hand.clock.sleep(Duration::from_secs(60)).await;
    let pass = world.plan().await;
    assert_eq!(
        status(&pass, "provisioned-product/hub").sync,
        Sync::OutOfSync
    );
    writes(&world);
    world.apply().await;
    assert_eq!(
        writes(&world),
        [("UpdateProvisionedProduct".to_owned(), 1)].into()
    );
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_only_planned_is_taken_until_the_plan_goes() {
    let (world, hand) = applied().await;
    let plan = planned(&hand, "spoke", "two").await;
    writes(&world);
    let (_, hub) = CATALOG.split_once("kind: ProvisionedProduct").unwrap();
    let spoke = hub.replace("name: hub", "name: spoke");
    let head = "---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct";
    world.write("spoke.yaml", format!("{head}{spoke}"));
    let converged = world.apply().await;
    let held = status(&converged.pass, "provisioned-product/spoke");
    assert_eq!(held.sync, Sync::OutOfSync);
    assert_eq!(held.blocked[0].code, BlockedCode::ForeignOwner);
    let live = provisioned(&converged.pass.observed, "spoke");
    assert_eq!(live.status, ProvisionedStatus::PlanInProgress);
    assert!(writes(&world).is_empty());
    hand.sc
        .delete_provisioned_product_plan()
        .plan_id(&plan)
        .send()
        .await
        .unwrap();
    writes(&world);
    world.apply().await;
    assert_eq!(writes(&world), [("ProvisionProduct".to_owned(), 1)].into());
    world.expect_empty_plan().await;
}
