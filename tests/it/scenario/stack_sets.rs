//! Provisioned products that are stack sets: where git says they are, they are, one call a pass.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_servicecatalog::types::{
    StackSetOperationType, UpdateProvisioningParameter, UpdateProvisioningPreferences,
};
use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Faults, Rule, StackFault};
use catalogd::ids::{Kind, ProvisionedProductId};
use catalogd::model::desired::Desired;
use catalogd::model::observed::{LiveProvisioned, ProvisionedStatus};
use catalogd::model::owner::Installation;
use catalogd::plan::op::Op;
use catalogd::plan::{BlockedCode, Shown};
use catalogd::reconcile::Pass;
use catalogd::reconcile::converge::End;
use catalogd::status::{Health, Sync};

use super::kit::{SIZE, expect_blocked, one_pass, provisioned, status, writes};
use crate::world::{World, name};

const HERE: &str = "123456789012";
const THERE: &str = "210987654321";
const THIRD: &str = "333333333333";
const FLEET: &str = "provisioned-product/fleet";

const CATALOG: &str = r#"apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {providerName: Platform, principals: [{self: true}]}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: base}
spec:
  owner: Us
  portfolios:
    - portfolio: net
      constraints:
        tagUpdates: allowed
        stackSet:
          accounts: ['123456789012', '210987654321', '333333333333']
          regions: [us-east-1, eu-west-1, eu-west-2]
          adminRole: 'arn:aws:iam::${account}:role/Admin'
          executionRole: Exec
  versions:
    - {name: v1, template: size.yaml}
    - {name: v2, template: other.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: fleet, onRemove: delete}
spec:
  product: base
  version: v1
  parameters: {Size: one}
  tags: {env: prod}
  stackSet:
    accounts: ['123456789012', '210987654321']
    regions: [us-east-1, eu-west-1]
    failureToleranceCount: 0
    maxConcurrencyCount: 1
"#;

const ACCOUNTS: &str = "    accounts: ['123456789012', '210987654321']\n    regions";
const REGIONS: &str = "    regions: [us-east-1, eu-west-1]\n    failure";

fn with(profile: Profile, seed: u64) -> World {
    let mut world = World::with(profile, seed);
    world
        .write("catalog.yaml", CATALOG)
        .write("size.yaml", SIZE)
        .write("other.yaml", SIZE.replace("Topic:", "Other:"));
    world.installation = Installation::parse("team").unwrap();
    world
}

/// Applied, and all of it well.
async fn applied() -> World {
    let world = with(Profile::Local, 1);
    let ended = world.process().await.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    assert!(
        status(&ended.pass, FLEET).is_well(),
        "{:#?}",
        status(&ended.pass, FLEET)
    );
    world.calls();
    world
}

/// Its instances: `<account> <region>` and the state.
fn instances(live: &LiveProvisioned) -> BTreeMap<String, String> {
    let set = live.stack_set.as_ref().unwrap();
    let all = set.instances.iter();
    all.map(|(place, state)| (format!("{} {}", place.account, place.region), state.clone()))
        .collect()
}

fn places(accounts: &[&str], regions: &[&str]) -> BTreeMap<String, String> {
    let accounts = accounts.iter();
    let pairs = accounts.flat_map(|account| regions.iter().map(move |r| format!("{account} {r}")));
    pairs.map(|pair| (pair, "CURRENT".to_owned())).collect()
}

async fn fleet(world: &World) -> LiveProvisioned {
    provisioned(&world.plan().await.observed, "fleet").clone()
}

/// The plan over what git said before: changes as `field: before -> after (reason)`.
async fn changes(world: &World, base: &Desired) -> Vec<String> {
    let mut process = world.process_in(None).await;
    let pass = process.reconciler.plan(&world.desired(), Some(base)).await;
    let plan = pass
        .plan
        .object(Kind::ProvisionedProduct, &name("fleet"))
        .unwrap();
    let words = |shown: &Shown| shown.words().to_owned();
    let one = plan.changes.iter();
    one.map(|c| {
        format!(
            "{}: {} -> {} ({:?})",
            c.field,
            words(&c.before),
            words(&c.after),
            c.reason
        )
    })
    .collect()
}

/// The operations that a plan's updates ask for, with their accounts and regions.
fn asked(pass: &Pass) -> Vec<String> {
    let steps = pass.plan.steps.iter();
    let ops = steps.filter_map(|step| match &step.op {
        Op::UpdateProvisioned { preferences, .. } => {
            let said = preferences.clone().unwrap_or_default();
            let kind = said.operation.map_or("none", |kind| kind.as_str());
            let list = |list: Option<Vec<String>>| list.unwrap_or_default().join(" ");
            Some(format!(
                "{kind} {} {}",
                list(said.accounts),
                list(said.regions)
            ))
        }
        _ => None,
    });
    ops.collect()
}

/// Applies; so many updates and nothing else are made, and the second plan is empty.
async fn converges(world: &World, updates: usize) {
    world.calls();
    let ended = world.process().await.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    let wanted = [("UpdateProvisionedProduct".to_owned(), updates)];
    let wanted = wanted.into_iter().filter(|(_, n)| *n > 0).collect();
    assert_eq!(writes(world), wanted, "{:#?}", status(&ended.pass, FLEET));
    world.expect_empty_plan().await;
    assert!(status(&world.plan().await, FLEET).is_well());
}

/// What the console does to instances, or to the set.
async fn by_hand(
    world: &World,
    kind: StackSetOperationType,
    accounts: &[&str],
    regions: &[&str],
    size: Option<&str>,
) {
    let live = fleet(world).await;
    let texts = |all: &[&str]| {
        Some(
            all.iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>(),
        )
    };
    let preferences = UpdateProvisioningPreferences::builder()
        .set_stack_set_accounts(texts(accounts))
        .set_stack_set_regions(texts(regions))
        .stack_set_operation_type(kind);
    let parameter = UpdateProvisioningParameter::builder().key("Size");
    let parameter = match size {
        Some(size) => parameter.value(size),
        None => parameter.use_previous_value(true),
    };
    world
        .clock
        .sleep(std::time::Duration::from_secs(3600))
        .await;
    world
        .console()
        .update_provisioned_product()
        .provisioned_product_id(live.id.as_str())
        .provisioning_preferences(preferences.build())
        .provisioning_parameters(parameter.build())
        .update_token(format!("by-hand-{}", world.clock.now().as_millisecond()))
        .send()
        .await
        .unwrap();
    world.clock.sleep(std::time::Duration::from_secs(600)).await;
    world.calls();
}

/// The first region's topic fails once in an account.
fn fail_in(world: &World, account: &str) {
    let stacks = vec![StackFault {
        account: Some(account.to_owned()),
        region: Some("us-east-1".to_owned()),
        stack: "StackSet-SC-*".to_owned(),
        resource: "Topic".to_owned(),
        reason: Some("no more topics".to_owned()),
        ..StackFault::default()
    }];
    world.emulator.set_faults(Faults {
        stacks,
        ..Faults::default()
    });
}

#[tokio::test(start_paused = true)]
async fn it_is_launched_where_git_says() {
    let world = applied().await;
    let live = fleet(&world).await;
    assert_eq!(live.kind, "CFN_STACKSET");
    assert_eq!(
        instances(&live),
        places(&[HERE, THERE], &["us-east-1", "eu-west-1"])
    );
    let set = live.stack_set.unwrap();
    assert_eq!(
        set.parameters,
        BTreeMap::from([("Size".to_owned(), "one".to_owned())])
    );
    world.expect_empty_plan().await;

    // A new process reads a record, the set and its instances.
    world.calls();
    let mut process = world.process_in(None).await;
    process.reconciler.plan(&world.desired(), None).await;
    let calls = world.calls();
    for call in [
        "DescribeRecord",
        "DescribeStackSet",
        "ListStackInstancesForProvisionedProduct",
    ] {
        assert_eq!(calls.get(call), Some(&1), "{calls:#?}");
    }
    assert_eq!(calls.get("DescribeStacks"), None);
}

#[tokio::test(start_paused = true)]
async fn accounts_and_regions_come_and_go_by_a_call_each() {
    let world = applied().await;
    let base = world.desired();
    world.edit(
        "catalog.yaml",
        ACCOUNTS,
        "    accounts: ['123456789012', '210987654321', '333333333333']\n    regions",
    );
    assert_eq!(
        changes(&world, &base).await,
        [format!(
            "stackSet.accounts: {HERE}, {THERE} -> {HERE}, {THERE}, {THIRD} (GitChanged)"
        )]
    );
    let pass = world.plan().await;
    assert_eq!(
        asked(&pass),
        [format!("CREATE {THIRD} us-east-1 eu-west-1")]
    );
    converges(&world, 1).await;

    // Another account and another region at once: what is lacking is no grid, so it takes two calls.
    world.edit(
        "catalog.yaml",
        "'123456789012', '210987654321', '333333333333']\n    regions: [us-east-1, eu-west-1]",
        "'123456789012', '210987654321']\n    regions: [us-east-1]",
    );
    let pass = world.plan().await;
    assert_eq!(
        asked(&pass),
        [format!("DELETE {THIRD} us-east-1 eu-west-1")]
    );
    let text = &status(&pass, FLEET).waiting[0].message;
    assert!(text.contains("instances that go"), "{text}");
    converges(&world, 2).await;
    assert_eq!(
        instances(&fleet(&world).await),
        places(&[HERE, THERE], &["us-east-1"])
    );

    // In the order that git says.
    world.edit(
        "catalog.yaml",
        "    regions: [us-east-1]\n",
        "    regions: [eu-west-2, us-east-1, eu-west-1]\n",
    );
    let pass = world.plan().await;
    assert_eq!(
        asked(&pass),
        [format!("CREATE {HERE} {THERE} eu-west-2 eu-west-1")]
    );
    converges(&world, 1).await;
}

#[tokio::test(start_paused = true)]
async fn another_order_of_the_same_is_no_difference() {
    let world = applied().await;
    world.edit(
        "catalog.yaml",
        ACCOUNTS,
        "    accounts: ['210987654321', '123456789012']\n    regions",
    );
    world.edit(
        "catalog.yaml",
        REGIONS,
        "    regions: [eu-west-1, us-east-1]\n    failure",
    );
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn what_git_changes_of_the_set_is_one_update() {
    let world = applied().await;
    let base = world.desired();
    world.edit("catalog.yaml", "Size: one", "Size: two");
    assert_eq!(
        changes(&world, &base).await,
        ["parameters.Size: one -> two (GitChanged)"]
    );
    let pass = world.plan().await;
    assert_eq!(
        asked(&pass),
        [format!("UPDATE {HERE} {THERE} us-east-1 eu-west-1")]
    );
    converges(&world, 1).await;
    world.edit("catalog.yaml", "version: v1", "version: v2");
    converges(&world, 1).await;
    world.edit("catalog.yaml", "env: prod", "env: test");
    converges(&world, 1).await;

    // Preferences can't be read: what was last applied tells of a change.
    let base = world.desired();
    world.edit(
        "catalog.yaml",
        "failureToleranceCount: 0",
        "failureToleranceCount: 1",
    );
    assert_eq!(
        changes(&world, &base).await,
        ["stackSet.failureToleranceCount: 0 -> 1 (GitChanged)"]
    );
    let ended = world
        .process()
        .await
        .apply_over(Some(&base), &world.desired())
        .await;
    assert_eq!(ended.end, End::Settled);
    assert_eq!(
        writes(&world),
        [("UpdateProvisionedProduct".to_owned(), 1)].into()
    );
}

/// New instances are made of what the set is by then.
#[tokio::test(start_paused = true)]
async fn the_set_changes_before_instances_come() {
    let world = applied().await;
    world.edit("catalog.yaml", "Size: one", "Size: two");
    world.edit(
        "catalog.yaml",
        ACCOUNTS,
        "    accounts: ['210987654321', '333333333333']\n    regions",
    );
    let pass = world.plan().await;
    assert_eq!(
        asked(&pass),
        [format!("UPDATE {THERE} us-east-1 eu-west-1")]
    );
    converges(&world, 3).await;
    let live = fleet(&world).await;
    assert_eq!(
        instances(&live),
        places(&[THERE, THIRD], &["us-east-1", "eu-west-1"])
    );
    // None of those that stay: they come first, as the set is, and then it changes.
    world.edit("catalog.yaml", "Size: two", "Size: three");
    world.edit(
        "catalog.yaml",
        "    accounts: ['210987654321', '333333333333']\n",
        "    accounts: ['123456789012']\n",
    );
    let pass = world.plan().await;
    assert_eq!(asked(&pass), [format!("CREATE {HERE} us-east-1 eu-west-1")]);
    converges(&world, 3).await;
    let live = fleet(&world).await;
    assert_eq!(
        instances(&live),
        places(&[HERE], &["us-east-1", "eu-west-1"])
    );
    assert_eq!(live.stack_set.unwrap().parameters["Size"], "three");
}

#[tokio::test(start_paused = true)]
async fn what_the_console_does_is_put_back() {
    let world = applied().await;
    let base = world.desired();
    by_hand(
        &world,
        StackSetOperationType::Create,
        &[THIRD],
        &["us-east-1"],
        None,
    )
    .await;
    assert_eq!(
        changes(&world, &base).await,
        [format!(
            "stackSet.accounts: {HERE}, {THERE}, {THIRD} -> {HERE}, {THERE} (Drifted)"
        )]
    );
    converges(&world, 1).await;
    by_hand(
        &world,
        StackSetOperationType::Delete,
        &[THERE],
        &["eu-west-1"],
        None,
    )
    .await;
    assert_eq!(
        changes(&world, &base).await,
        [format!(
            "stackSet.instances: (none) -> {THERE} in eu-west-1 (Drifted)"
        )]
    );
    converges(&world, 1).await;
    by_hand(
        &world,
        StackSetOperationType::Update,
        &[HERE, THERE],
        &["us-east-1", "eu-west-1"],
        Some("theirs"),
    )
    .await;
    assert_eq!(
        changes(&world, &base).await,
        ["parameters.Size: theirs -> one (Drifted)"]
    );
    converges(&world, 1).await;
}

/// What the manifest does not say is somebody else's.
#[tokio::test(start_paused = true)]
async fn what_git_leaves_out_is_left_alone() {
    let world = applied().await;
    let preferences = &CATALOG[CATALOG
        .find("  stackSet:\n    accounts: ['123456789012', '210987654321']\n")
        .unwrap()..];
    world.edit("catalog.yaml", preferences, "  stackSet: {}\n");
    world.expect_empty_plan().await;
    by_hand(
        &world,
        StackSetOperationType::Create,
        &[THIRD],
        &["us-east-1"],
        None,
    )
    .await;
    world.expect_empty_plan().await;
    // Its instances are no grid: no call could name them all, and the service's default names others.
    world.edit("catalog.yaml", "Size: one", "Size: two");
    let pass = world.plan().await;
    expect_blocked_here(&pass, &["which no single call names"]);
    // A part is enough to have them whole.
    world.edit(
        "catalog.yaml",
        "  stackSet: {}\n",
        "  stackSet: {regions: [us-east-1, eu-west-1]}\n",
    );
    converges(&world, 2).await;
    let live = fleet(&world).await;
    assert_eq!(
        instances(&live),
        places(&[HERE, THERE, THIRD], &["us-east-1", "eu-west-1"])
    );
}

/// It stays one, for nothing can change that; but nobody is to think that it is a stack.
#[tokio::test(start_paused = true)]
async fn one_whose_manifest_does_not_say_so_is_left_alone_and_told() {
    let world = applied().await;
    let (catalog, _) = CATALOG.split_once("  stackSet:\n    accounts").unwrap();
    world.write("catalog.yaml", catalog);
    let pass = world.plan().await;
    assert!(!pass.plan.has_changes() && !pass.plan.is_waiting());
    let fleet = pass
        .plan
        .object(Kind::ProvisionedProduct, &name("fleet"))
        .unwrap();
    let told = |note: &String| note.contains("say `stackSet: {}`") && note.contains("catalog.yaml");
    assert!(fleet.notes.iter().any(told), "{fleet:#?}");
    assert_eq!(fleet.blocked, []);
}

fn expect_blocked_here(pass: &Pass, words: &[&str]) {
    let status = status(pass, FLEET);
    let blocked = status
        .blocked
        .iter()
        .find(|b| b.code == BlockedCode::StackSet);
    let message = &blocked.unwrap_or_else(|| panic!("{status:#?}")).message;
    for word in words {
        assert!(message.contains(word), "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_launch_that_fails_somewhere_is_degraded_and_made_anew_once_it_is_another() {
    let world = with(Profile::Local, 1);
    fail_in(&world, THERE);
    let mut process = world.process().await;
    let ended = process.apply(&world.desired()).await;
    let seen = status(&ended.pass, FLEET);
    assert_eq!(
        (seen.sync, seen.health),
        (Sync::OutOfSync, Health::Degraded)
    );
    let said = seen.message.as_deref().unwrap();
    assert!(
        said.contains(THERE) && said.contains("no more topics"),
        "{said}"
    );
    assert!(seen.stalled.is_some(), "the same launch would fail again");
    assert!(status(&ended.pass, "product/base").is_well());
    world.calls();
    process.apply(&world.desired()).await;
    assert_eq!(writes(&world), BTreeMap::new());

    world.edit("catalog.yaml", "Size: one", "Size: two");
    let ended = process.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    let made = writes(&world);
    assert_eq!(
        (
            made["TerminateProvisionedProduct"],
            made["ProvisionProduct"]
        ),
        (1, 1),
        "{made:?}"
    );
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn an_update_that_fails_somewhere_is_degraded_and_tried_again_later() {
    let world = applied().await;
    fail_in(&world, THERE);
    world.edit("catalog.yaml", "Size: one", "Size: two");
    let mut process = world.process().await;
    let ended = process.apply(&world.desired()).await;
    let live = provisioned(&ended.pass.observed, "fleet");
    assert_eq!(live.status, ProvisionedStatus::Tainted);
    let seen = status(&ended.pass, FLEET);
    assert_eq!(seen.health, Health::Degraded);
    let said = seen.message.as_deref().unwrap();
    assert!(
        said.starts_with("TAINTED: ") && said.contains("no more topics"),
        "{said}"
    );
    assert_eq!(writes(&world)["UpdateProvisionedProduct"], 1);
    process.apply(&world.desired()).await;
    assert_eq!(writes(&world), BTreeMap::new(), "not at once");
    // The set shows what was asked; its instances do not have it. An hour later that is put right.
    world
        .clock
        .sleep(std::time::Duration::from_secs(3700))
        .await;
    process.apply(&world.desired()).await;
    assert_eq!(
        writes(&world),
        [("UpdateProvisionedProduct".to_owned(), 1)].into()
    );
    world.expect_empty_plan().await;
    assert!(status(&world.plan().await, FLEET).is_well());
}

/// The service says that all is well: an instance that may fail is shown all the same, and is not tried again for ever.
#[tokio::test(start_paused = true)]
async fn an_instance_that_may_fail_is_named() {
    let world = with(Profile::Local, 1);
    world.edit(
        "catalog.yaml",
        "failureToleranceCount: 0",
        "failureToleranceCount: 1",
    );
    fail_in(&world, THERE);
    let ended = world.process().await.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    let seen = status(&ended.pass, FLEET);
    assert_eq!((seen.sync, seen.health), (Sync::Synced, Health::Degraded));
    let wanted = format!("OUTDATED: {THERE} in us-east-1");
    assert_eq!(seen.message.as_deref(), Some(wanted.as_str()));
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn it_goes_with_its_manifest() {
    let world = applied().await;
    let (rest, _) = CATALOG
        .split_once("---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct")
        .unwrap();
    world.write("catalog.yaml", rest);
    let ended = world.process().await.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    assert_eq!(
        writes(&world),
        [("TerminateProvisionedProduct".to_owned(), 1)].into()
    );
    let sets = world
        .cloudformation()
        .list_stack_sets()
        .send()
        .await
        .unwrap();
    let living = sets.summaries().iter();
    let living = living.filter(|set| {
        set.status()
            .is_some_and(|status| status.as_str() == "ACTIVE")
    });
    assert_eq!(living.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_removes_and_changes_nothing() {
    for call in [
        "DescribeStackSet",
        "ListStackInstancesForProvisionedProduct",
    ] {
        let world = applied().await;
        world.edit(
            "catalog.yaml",
            ACCOUNTS,
            "    accounts: ['123456789012']\n    regions",
        );
        world.edit("catalog.yaml", "Size: one", "Size: two");
        let denied = world
            .emulator
            .inject(Rule::always(Effect::AccessDenied).on(call));
        let pass = one_pass(&world).await;
        assert_eq!(writes(&world), BTreeMap::new(), "{call}");
        expect_blocked(&pass, FLEET, BlockedCode::Gap, &[call], "");
        denied.remove();
        converges(&world, 2).await;
    }
}

/// Many instances that go at once are asked about.
#[tokio::test(start_paused = true)]
async fn a_crowd_of_instances_stays() {
    let world = with(Profile::Instant, 1);
    let many: Vec<String> = (0..12).map(|n| format!("'1111111111{n:02}'")).collect();
    let many = many.join(", ");
    world.edit(
        "catalog.yaml",
        "          accounts: ['123456789012', '210987654321', '333333333333']",
        &format!("          accounts: [{many}]"),
    );
    world.edit(
        "catalog.yaml",
        ACCOUNTS,
        &format!("    accounts: [{many}]\n    regions"),
    );
    world.apply().await;
    world.edit(
        "catalog.yaml",
        &format!("    accounts: [{many}]\n    regions"),
        "    accounts: ['111111111100']\n    regions",
    );
    world.calls();
    let ended = world.process().await.apply(&world.desired()).await;
    let blocked = &status(&ended.pass, FLEET).blocked[0];
    assert_eq!(blocked.code, BlockedCode::RemovalGuard, "{blocked:?}");
    assert!(
        blocked.message.contains("22 of 24 instances of stack sets"),
        "{}",
        blocked.message
    );
    assert_eq!(writes(&world), BTreeMap::new());
}

#[tokio::test(start_paused = true)]
async fn its_outputs_are_nobodys() {
    let world = applied().await;
    let more = "---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {name: user}\nspec:\n  product: base\n  version: v1\n  stackSet: {}\n  parameters: {Size: {output: {provisionedProduct: fleet, key: Size}}}\n";
    world.write("catalog.yaml", format!("{CATALOG}{more}"));
    let pass = world.plan().await;
    let user = status(&pass, "provisioned-product/user");
    assert!(
        user.blocked[0].message.contains("is a stack set"),
        "{user:#?}"
    );
}

/// A secret that git changes while instances come first is sent with the update that follows.
#[tokio::test(start_paused = true)]
async fn a_secret_waits_for_its_update() {
    let world = with(Profile::Local, 1);
    let hidden = SIZE.replace(
        "Size: {Type: String, Default: none}",
        "Size: {Type: String, NoEcho: true}",
    );
    world.write("size.yaml", hidden);
    world.apply().await;
    world.edit("catalog.yaml", "Size: one", "Size: two");
    world.edit(
        "catalog.yaml",
        ACCOUNTS,
        "    accounts: ['333333333333']\n    regions",
    );
    let base = {
        let old = with(Profile::Local, 1);
        old.write("size.yaml", world.text("size.yaml"));
        old.desired()
    };
    world.calls();
    let ended = world
        .process()
        .await
        .apply_over(Some(&base), &world.desired())
        .await;
    assert_eq!(ended.end, End::Settled);
    assert_eq!(
        writes(&world),
        [("UpdateProvisionedProduct".to_owned(), 3)].into()
    );
    let stacks = world.emulator.with_stacks(THIRD, "us-east-1", |stacks, _| {
        stacks
            .iter()
            .map(|stack| format!("{:?}", stack.resources["Topic"].properties))
            .collect::<Vec<_>>()
    });
    assert!(stacks[0].contains("two"), "{stacks:?}");
}

/// As slow, late and busy as the real service seems to be, and the answers of writes lost besides.
#[tokio::test(start_paused = true)]
async fn under_faults_it_ends_the_same_with_nothing_twice() {
    for seed in 1..=4 {
        let world = with(Profile::Aws, seed);
        let rules = [
            "ProvisionProduct",
            "UpdateProvisionedProduct",
            "TerminateProvisionedProduct",
        ];
        let rules = rules.map(|call| {
            Rule::always(Effect::DropAfter)
                .on(call)
                .chance(0.5)
                .times(3)
        });
        world.emulator.set_faults(Faults {
            rules: rules.to_vec(),
            ..Faults::default()
        });
        settles(&world).await;
        world.edit("catalog.yaml", "Size: one", "Size: two");
        world.edit(
            "catalog.yaml",
            ACCOUNTS,
            "    accounts: ['210987654321', '333333333333']\n    regions",
        );
        settles(&world).await;
        world.emulator.set_faults(Faults::default());
        world.clock.sleep(std::time::Duration::from_secs(60)).await;
        let seen = world.plan().await;
        let all: BTreeSet<&ProvisionedProductId> = seen.observed.provisioned.keys().collect();
        assert_eq!(all.len(), 1, "seed {seed}");
        let live = provisioned(&seen.observed, "fleet");
        assert_eq!(
            instances(live),
            places(&[THERE, THIRD], &["us-east-1", "eu-west-1"]),
            "seed {seed}"
        );
        assert_eq!(live.stack_set.as_ref().unwrap().parameters["Size"], "two");
        let sets = world
            .cloudformation()
            .list_stack_sets()
            .send()
            .await
            .unwrap();
        assert_eq!(sets.summaries().len(), 1, "seed {seed}");
    }
}

/// Passes until there is nothing to do.
async fn settles(world: &World) {
    for _ in 0..20 {
        let ended = world.process().await.apply(&world.desired()).await;
        let plan = &ended.pass.plan;
        if ended.end == End::Settled
            && !plan.has_changes()
            && !plan.is_waiting()
            && status(&ended.pass, FLEET).is_well()
        {
            return;
        }
        world.clock.sleep(std::time::Duration::from_secs(30)).await;
    }
    panic!(
        "it does not settle: {:#?}",
        status(&world.plan().await, FLEET)
    );
}
