//! Stacks that somebody has deleted behind Service Catalog's back: said plainly, and nothing made of it that can't be undone.

use std::time::Duration;

use catalogd::emulator::Profile;
use catalogd::model::owner::Installation;
use catalogd::status::{Health, Sync};

use super::kit::{CATALOG, SIZE, calls, one_pass, provisioned, status, writes};
use crate::world::World;

const HUB: &str = "provisioned-product/hub";

/// [`CATALOG`] with one more that takes an output of `hub`; both go with their manifests.
fn two(profile: Profile) -> World {
    let mut world = World::with(profile, 5);
    world.installation = Installation::parse("team").unwrap();
    let mortal = CATALOG.replace(
        "metadata: {name: hub}",
        "metadata: {name: hub, onRemove: delete}",
    );
    world
        .write("catalog.yaml", mortal)
        .write("size.yaml", SIZE)
        .write(
            "spoke.yaml",
            "apiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {name: spoke}\nspec:\n  product: vpc\n  \
             version: v1\n  parameters: {Size: {output: {provisionedProduct: hub, key: Size}}}\n",
        );
    world
}

async fn delete_its_stack(world: &World) -> String {
    let observed = world.plan().await.observed;
    let stack = provisioned(&observed, "hub").physical_id.clone().unwrap();
    let cloudformation = world.cloudformation();
    let request = cloudformation.delete_stack().stack_name(&stack);
    request.send().await.unwrap();
    world.clock.sleep(Duration::from_secs(600)).await;
    stack
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_was_deleted_by_hand_is_said_to_be_gone_and_nothing_is_done_about_it() {
    let world = two(Profile::Instant);
    world.apply().await;
    let stack = delete_its_stack(&world).await;
    world.calls();
    // Whatever git asks for besides.
    for edit in ["Size: one", "Size: two"] {
        world.edit("catalog.yaml", "Size: one", edit);
        let ended = world.process().await.apply(&world.desired()).await;
        assert_eq!(writes(&world), [].into());
        let pass = ended.pass;
        let live = provisioned(&pass.observed, "hub");
        assert!(live.stack.is_none() && live.stack_gone);
        assert_eq!(pass.observed.gaps, []);
        let hub = status(&pass, HUB);
        assert_eq!((hub.sync, hub.health), (Sync::OutOfSync, Health::Missing));
        let said = hub.message.as_deref().unwrap();
        assert!(said.contains(&stack) && said.ends_with("is gone"), "{said}");
        let advice = &hub.stalled.as_ref().unwrap().advice;
        assert!(
            advice.contains("terminate-provisioned-product --provisioned-product-id pp-")
                && advice.contains("launches it anew")
                && advice.contains("catalog.yaml:"),
            "{advice}"
        );
        // What has its output already goes on as it is.
        assert!(status(&pass, "provisioned-product/spoke").is_well());
    }

    // An export holds nothing of what does not run.
    let mut process = world.process().await;
    let observed = process.reconciler.survey().await;
    let all = Default::default();
    let exported = process.reconciler.export(&observed, &all, &|_| {});
    let exported = exported.await.unwrap();
    assert!(!exported.files.contains_key("provisioned/hub.yaml"));
    let left_out = exported.left_out.join("\n");
    assert!(left_out.contains("its stack is gone"), "{left_out}");

    // Once a person has ended it, it is launched anew.
    let id = provisioned(&world.plan().await.observed, "hub").id.clone();
    let request = world.console().terminate_provisioned_product();
    let request = request.provisioned_product_id(id.as_str());
    request.terminate_token("by-hand").send().await.unwrap();
    world.clock.sleep(Duration::from_secs(600)).await;
    world.calls();
    world.apply().await;
    let made = writes(&world);
    assert_eq!(made["ProvisionProduct"], 1, "{made:?}");
    world.expect_empty_plan().await;
}

/// What leaves git goes as that was asked for: there is no stack to lose.
#[tokio::test(start_paused = true)]
async fn what_has_no_stack_any_more_goes_with_its_manifest() {
    let world = two(Profile::Instant);
    world.write("spoke.yaml", "# nothing\n");
    world.apply().await;
    delete_its_stack(&world).await;
    let text = world.text("catalog.yaml");
    let (rest, hub) = text.rsplit_once("---\n").unwrap();
    assert!(hub.contains("name: hub"));
    world.write("catalog.yaml", rest);
    let pass = one_pass(&world).await;
    assert_eq!(calls(&pass.plan), ["TerminateProvisionedProduct"]);
    let pass = world.plan().await;
    assert!(pass.observed.provisioned.is_empty());
    world.expect_empty_plan().await;
}
