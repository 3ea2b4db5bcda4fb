//! What a launch settles: topics, stack sets, the product and its path; and what can't be changed afterwards.

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};
use catalogd::ids::{Key, Kind};
use catalogd::model::desired::Desired;
use catalogd::plan::{BlockedCode, Shown};
use catalogd::reconcile::Pass;

use super::kit::{
    CATALOG, Hand, SIZE, calls, expect_blocked, product, provisioned, status, update_by_hand,
    writes,
};
use crate::world::{World, name};

const HUB: &str = "provisioned-product/hub";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:";

/// [`CATALOG`] with more in the spec of `hub`.
fn with(more: &str) -> World {
    let world = World::new();
    fill(&world, more);
    world
}

fn fill(world: &World, more: &str) {
    world
        .write("catalog.yaml", format!("{CATALOG}{more}"))
        .write("size.yaml", SIZE);
}

async fn over(world: &World, base: &Desired) -> Pass {
    let mut process = world.process_in(None).await;
    process.reconciler.plan(&world.desired(), Some(base)).await
}

fn notes(pass: &Pass, object: &str) -> Vec<String> {
    let plan = pass.plan.object(Kind::ProvisionedProduct, &name(object));
    plan.unwrap().notes.clone()
}

#[tokio::test(start_paused = true)]
async fn topics_are_given_at_the_launch_and_a_later_difference_is_said() {
    let topics =
        format!("  notificationArns: ['arn:aws:sns:${{region}}:${{account}}:a', '{TOPIC}b']\n");
    let world = with(&topics.replace("${region}", "us-east-1"));
    let applied = world.apply().await;
    let live = world.plan().await.observed;
    let told = &provisioned(&live, "hub")
        .stack
        .as_ref()
        .unwrap()
        .notification_arns;
    assert_eq!(told, &[format!("{TOPIC}a"), format!("{TOPIC}b")].into());
    world.expect_empty_plan().await;

    // Another one in git: no call changes it, and the rest of the object goes on.
    world.edit("catalog.yaml", ":a'", ":c'");
    world.edit("catalog.yaml", "Size: one", "Size: two");
    world.calls();
    let ended = world.process().await.apply(&world.desired()).await;
    let (lacks, besides) = (format!("lacks {TOPIC}c"), format!("has {TOPIC}a besides"));
    let words = [lacks.as_str(), besides.as_str(), "given at the launch"];
    let code = BlockedCode::NotificationArns;
    expect_blocked(&ended.pass, HUB, code, &words, "catalog.yaml");
    assert_eq!(
        writes(&world),
        [("UpdateProvisionedProduct".to_owned(), 1)].into()
    );

    // Back, left out, and none.
    world.edit("catalog.yaml", ":c'", ":a'");
    world.expect_empty_plan().await;
    let given = format!("['arn:aws:sns:us-east-1:${{account}}:a', '{TOPIC}b']");
    world.edit("catalog.yaml", &given, "[]");
    let pass = world.plan().await;
    expect_blocked(
        &pass,
        HUB,
        code,
        &[&besides.replace(" besides", "")],
        "catalog.yaml",
    );
    world.edit("catalog.yaml", "  notificationArns: []\n", "");
    world.expect_empty_plan().await;
    assert!(status(&world.plan().await, HUB).blocked.is_empty());
    drop(applied);
}

/// Topics that a constraint adds are none of the provisioned product's.
#[tokio::test(start_paused = true)]
async fn topics_of_a_constraint_are_no_difference() {
    let world = with(&format!("  notificationArns: ['{TOPIC}a']\n"));
    world.edit(
        "catalog.yaml",
        "        tagUpdates: allowed\n",
        &format!(
            "        tagUpdates: allowed\n        notification: {{topics: ['{TOPIC}other']}}\n"
        ),
    );
    world.apply().await;
    let live = world.plan().await.observed;
    let stack = provisioned(&live, "hub").stack.as_ref().unwrap();
    assert_eq!(stack.notification_arns.len(), 2);
    assert!(status(&world.plan().await, HUB).blocked.is_empty());
    world.expect_empty_plan().await;
}

const STACK_SET: &str = "        stackSet: {accounts: ['123456789012'], regions: [us-east-1, eu-west-1], adminRole: \
                         'arn:aws:iam::${account}:role/Admin', executionRole: Exec}\n";
const FORMER: &str = "        launch: {localRoleName: Launcher}\n        tagUpdates: allowed\n";

#[tokio::test(start_paused = true)]
async fn a_stack_set_needs_its_constraint_before_any_call() {
    let world = with("  stackSet: {regions: [us-east-1]}\n");
    let ended = world.process().await.apply(&world.desired()).await;
    let words = ["STACKSET", "product/vpc", "portfolio/net"];
    expect_blocked(
        &ended.pass,
        HUB,
        BlockedCode::StackSet,
        &words,
        "catalog.yaml",
    );
    assert_eq!(writes(&world).get("ProvisionProduct"), None);
}

/// A region that the constraint does not have is refused by the service: said, of this object alone.
#[tokio::test(start_paused = true)]
async fn a_stack_set_outside_its_constraint_stalls_alone() {
    let world = with("  stackSet: {regions: [eu-west-3]}\n");
    world.edit("catalog.yaml", FORMER, STACK_SET);
    let ended = world.process().await.apply(&world.desired()).await;
    let said = &status(&ended.pass, HUB).stalled.as_ref().unwrap().reason;
    assert!(said.contains("StackSetRegions: eu-west-3"), "{said}");
    assert!(status(&ended.pass, "product/vpc").is_well());
    world.edit(
        "catalog.yaml",
        "regions: [eu-west-3]",
        "regions: [eu-west-1]",
    );
    world.apply().await;
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn a_stack_becomes_no_stack_set() {
    let world = with("");
    world.apply().await;
    world.edit("catalog.yaml", "Size: one", "Size: two");
    world.edit("catalog.yaml", FORMER, STACK_SET);
    world.calls();
    let ended = world.process().await.apply(&world.desired()).await;
    let words = ["is a stack", "portfolio/net"];
    expect_blocked(
        &ended.pass,
        HUB,
        BlockedCode::ImmutableType,
        &words,
        "catalog.yaml",
    );
    assert_eq!(writes(&world).get("UpdateProvisionedProduct"), None);
}

/// Another product, `other`, in this portfolio, with a version `v1`.
fn other(portfolio: &str) -> String {
    format!(
        "apiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: other}}\nspec:\n  owner: Us\n  \
         portfolios: [{{portfolio: {portfolio}, constraints: {{tagUpdates: allowed}}}}]\n  \
         versions: [{{name: v1, template: size.yaml}}]\n"
    )
}

#[tokio::test(start_paused = true)]
async fn a_provisioned_product_moves_to_another_product_and_back() {
    let world = with("");
    let base = world.desired();
    let id = provisioned(&world.apply().await.pass.observed, "hub")
        .id
        .clone();
    world.write("other.yaml", other("net"));
    world.edit(
        "catalog.yaml",
        "spec:\n  product: vpc",
        "spec:\n  product: other",
    );
    let pass = over(&world, &base).await;
    let plan = pass
        .plan
        .object(Kind::ProvisionedProduct, &name("hub"))
        .unwrap();
    let shown: Vec<_> = plan
        .changes
        .iter()
        .map(|c| (c.field.as_str(), c.after.clone()))
        .collect();
    assert_eq!(
        shown,
        [
            ("product", Shown::text("other")),
            ("version", Shown::text("v1"))
        ]
    );
    world.calls();
    // The product is made and launched from in one go.
    world.apply().await;
    assert_eq!(writes(&world)["UpdateProvisionedProduct"], 1);
    let live = world.plan().await.observed;
    let hub = provisioned(&live, "hub");
    assert_eq!((&hub.id, &hub.product), (&id, &product(&live, "other").id));
    assert_eq!(hub.stack.as_ref().unwrap().parameters["Size"], "one");
    world.expect_empty_plan().await;

    world.edit(
        "catalog.yaml",
        "spec:\n  product: other",
        "spec:\n  product: vpc",
    );
    world.calls();
    world.apply().await;
    assert_eq!(
        writes(&world),
        [("UpdateProvisionedProduct".to_owned(), 1)].into()
    );
    let live = world.plan().await.observed;
    assert_eq!(provisioned(&live, "hub").product, product(&live, "VPC").id);
    world.expect_empty_plan().await;
}

/// The other product stands in another portfolio, and the old one leaves git in the same commit.
#[tokio::test(start_paused = true)]
async fn the_old_product_may_leave_git_in_the_same_commit() {
    let world = with("");
    let base = world.desired();
    let applied = world.apply().await;
    let catalog = CATALOG
        .split_once("---\napiVersion: catalogd.dev/v1\nkind: Product\n")
        .unwrap();
    let (_, hub) = catalog.1.split_once("---\n").unwrap();
    let hub = hub.replace("product: vpc", "product: other");
    world.write("catalog.yaml", format!("{}---\n{hub}", catalog.0));
    world.write("other.yaml", other("spare"));
    // `spare` does not admit us yet.
    let pass = over(&world, &base).await;
    let words = ["portfolio/spare", "self: true"];
    expect_blocked(&pass, HUB, BlockedCode::LaunchPath, &words, "catalog.yaml");
    world.edit(
        "catalog.yaml",
        "metadata: {name: spare}\nspec:\n",
        "metadata: {name: spare}\nspec:\n  principals: [{self: true}]\n",
    );
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world)["UpdateProvisionedProduct"], 1);
    let pass = world.plan().await;
    let live = &pass.observed;
    assert_eq!(provisioned(live, "hub").product, product(live, "other").id);
    let old = product(&applied.pass.observed, "VPC").id.to_string();
    let orphans: Vec<_> = pass.plan.orphans.iter().map(|o| o.id.as_str()).collect();
    assert_eq!(orphans, [old.as_str()]);
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn what_no_update_is_made_for_is_said() {
    let world = with("");
    let base = world.desired();
    let applied = world.apply().await;
    // A tag that git no longer names stays: the service would not take it away by itself.
    world.edit("catalog.yaml", "  tags: {env: prod}", "  tags: {}");
    let pass = over(&world, &base).await;
    assert_eq!(calls(&pass.plan), [""; 0]);
    let said = notes(&pass, "hub");
    assert!(
        said.iter().any(|note| note.contains("stay: env")),
        "{said:?}"
    );

    // A path of its own for the next update.
    world.edit(
        "catalog.yaml",
        "  tags: {}",
        "  tags: {env: prod}\n  portfolio: net",
    );
    let pass = over(&world, &base).await;
    assert_eq!(calls(&pass.plan), [""; 0]);
    let said = notes(&pass, "hub");
    assert!(
        said.iter().any(|note| note.contains("portfolio/net")),
        "{said:?}"
    );

    // A tag changed by hand comes back by one call, and one taken away by hand as well.
    let hand = Hand::new(&world, &applied.pass.observed);
    update_by_hand(&hand, "v1", "Networking", &[("Size", "one")]).await;
    world.edit("catalog.yaml", "env: prod", "env: prod, more: yes-please");
    world.calls();
    world.apply().await;
    assert_eq!(
        writes(&world),
        [("UpdateProvisionedProduct".to_owned(), 1)].into()
    );
    let live = world.plan().await.observed;
    assert_eq!(provisioned(&live, "hub").tags["more"], "yes-please");
    world.expect_empty_plan().await;
}

/// A move and topics on an AWS as slow as the real one that loses answers: one of each in the end.
#[tokio::test(start_paused = true)]
async fn moves_and_topics_converge_on_an_unkind_aws() {
    let world = World::with(Profile::Aws, 31);
    fill(&world, &format!("  notificationArns: ['{TOPIC}a']\n"));
    let faults = ["ProvisionProduct", "UpdateProvisionedProduct"].map(|call| {
        let lost = Rule::always(Effect::DropAfter).on(call).times(2);
        let busy = Rule::always(Effect::Throttle).on(call).times(3);
        [world.emulator.inject(lost), world.emulator.inject(busy)]
    });
    world.apply().await;
    world.write("other.yaml", other("net"));
    world.edit(
        "catalog.yaml",
        "spec:\n  product: vpc",
        "spec:\n  product: other",
    );
    world.apply().await;
    assert!(faults.iter().flatten().all(|fault| fault.fired() >= 2));
    world.clock.sleep(std::time::Duration::from_secs(10)).await;
    let pass = world.plan().await;
    let live = &pass.observed;
    assert_eq!(live.provisioned.len(), 1);
    let hub = provisioned(live, "hub");
    assert_eq!(hub.product, product(live, "other").id);
    assert_eq!(hub.stack.as_ref().unwrap().notification_arns.len(), 1);
    let key = Key::new(Kind::ProvisionedProduct, name("hub"));
    assert!(pass.statuses.iter().any(|o| o.key == key && o.is_well()));
    world.expect_empty_plan().await;
}
