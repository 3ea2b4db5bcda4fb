//! `import`: a stack becomes a provisioned product, or is said to be none that can.

use std::path::Path;
use std::time::Duration;

use aws_sdk_servicecatalog::operation::import_as_provisioned_product::builders::ImportAsProvisionedProductFluentBuilder;
use catalogd::emulator::cfn::StackStatus;
use catalogd::emulator::faults::{Effect, Faults, Lag, Rule};
use catalogd::emulator::{Outcome, Profile, seed};
use catalogd::model::observed::{LiveProvisioned, Observed, ProvisionedStatus};
use catalogd::plan::{Action, BlockedCode, Plan};
use catalogd::reconcile::Pass;
use catalogd::reconcile::converge::End;
use catalogd::render::text::{self, Style};
use catalogd::status::{Health, Sync};

use super::kit::{self, calls, one_pass, provisioned, status, writes};
use crate::world::{ACCOUNT, REGION, World};

const IMPORT: &str = "ImportAsProvisionedProduct";
const KEY: &str = "provisioned-product/legacy";
const UUID: &str = "0a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f";
const OTHER: &str = "1a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f";

const TEMPLATE: &str = "Parameters:
  Size: {Type: String, Default: none}
  Secret: {Type: String, NoEcho: true, Default: unspoken}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref Size}
Outputs:
  Size: {Value: !Ref Size}
";

/// The same in other words.
const AS_JSON: &str = r#"{"Outputs": {"Size": {"Value": {"Ref": "Size"}}},
  "Resources": {"Topic": {"Properties": {"DisplayName": {"Ref": "Size"}}, "Type": "AWS::SNS::Topic"}},
  "Parameters": {"Secret": {"Default": "unspoken", "NoEcho": true, "Type": "String"}, "Size": {"Default": "none", "Type": "String"}}}"#;

const CATALOG: &str = "apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {displayName: Net, providerName: us, principals: [{self: true}]}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: topic}
spec:
  owner: us
  portfolios:
    - {portfolio: net, constraints: {launch: {localRoleName: Launcher}}}
  versions:
    - {name: v1, template: topic.yaml}
    - {name: v2, template: other.yaml}
";

fn arn(name: &str, uuid: &str) -> String {
    format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/{uuid}")
}

/// A manifest that imports a stack under its own name.
fn manifest(name: &str, uuid: &str, more: &str) -> String {
    format!(
        "apiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {{name: {name}}}\nspec:\n  product: topic\n  version: v1\n  import: {{stackArn: \"{}\"}}\n{more}",
        arn(name, uuid)
    )
}

/// A stack that somebody made.
async fn make_stack(world: &World, name: &str, uuid: &str, template: &str) {
    let call = serde_json::json!([{
        "service": "cloudformation", "operation": "CreateStack", "ids": [uuid],
        "input": {"StackName": name, "TemplateBody": template,
            "Tags": [{"Key": "cost", "Value": "12"}],
            "Parameters": [{"ParameterKey": "Size", "ParameterValue": "one"}]},
    }]);
    seed::load_text(&world.emulator, &call.to_string(), Path::new(""))
        .await
        .unwrap();
}

/// Somebody else's import of a stack as `theirs`, not sent yet.
fn their_import(
    world: &World,
    observed: &Observed,
    stack: String,
) -> ImportAsProvisionedProductFluentBuilder {
    let topic = observed.products.values().next().unwrap();
    let version = topic.versions.iter().find(|v| v.name == "v1").unwrap();
    world
        .console()
        .import_as_provisioned_product()
        .provisioned_product_name("theirs")
        .product_id(topic.id.as_str())
        .provisioning_artifact_id(version.id.as_str())
        .physical_id(stack)
        .idempotency_token("theirs")
}

/// The catalog, a stack of old, and a manifest that imports it.
async fn world_with(profile: Profile, number: u64, more: &str) -> World {
    let world = World::with(profile, number);
    world
        .write("catalog.yaml", CATALOG)
        .write("topic.yaml", TEMPLATE)
        .write("other.yaml", TEMPLATE.replace("Topic:", "Other:"))
        .write("legacy.yaml", manifest("legacy", UUID, more));
    make_stack(&world, "legacy", UUID, TEMPLATE).await;
    world.clock.sleep(Duration::from_secs(60)).await;
    world.emulator.reset_calls();
    world
}

pub(super) async fn world() -> World {
    world_with(Profile::Instant, 1, "").await
}

fn shown(plan: &Plan) -> String {
    text::plan(plan, Style::default())
}

/// The stack as CloudFormation has it: status, when it was last changed, and its tags.
fn stack(world: &World, name: &str) -> Option<String> {
    world.emulator.with_stacks(ACCOUNT, REGION, |stacks, _| {
        let stack = stacks.get(name)?;
        Some(format!(
            "{:?} {:?} {:?} {:?}",
            stack.status, stack.updated, stack.tags, stack.parameters
        ))
    })
}

#[track_caller]
fn expect_blocked(pass: &Pass, code: BlockedCode, words: &[&str]) {
    kit::expect_blocked(pass, KEY, code, words, "legacy.yaml");
}

/// The stack is imported, once, and everything is as git wants it.
async fn expect_imported(world: &World) -> LiveProvisioned {
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    let found = status(&pass, KEY);
    assert_eq!(
        (found.sync, found.health),
        (Sync::Synced, Health::Healthy),
        "{found:#?}"
    );
    let live = provisioned(&pass.observed, "legacy");
    assert_eq!(live.physical_id, Some(arn("legacy", UUID)));
    assert_eq!(pass.observed.provisioned.len(), 1);
    live.clone()
}

/// Nothing was imported, launched or ended, and the rest has converged.
async fn expect_refused(world: &World, code: BlockedCode, words: &[&str]) {
    let before = stack(world, "legacy");
    let ended = world.process().await.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled, "{}", shown(&ended.pass.plan));
    expect_blocked(&ended.pass, code, words);
    let found = status(&ended.pass, KEY);
    assert_eq!(
        (found.sync, found.health),
        (Sync::OutOfSync, Health::Missing)
    );
    assert_eq!(status(&ended.pass, "product/topic").sync, Sync::Synced);
    let made = writes(world);
    for call in [IMPORT, "ProvisionProduct", "TerminateProvisionedProduct"] {
        assert!(!made.contains_key(call), "{made:?}");
    }
    assert_eq!(stack(world, "legacy"), before);
}

#[tokio::test(start_paused = true)]
async fn a_stack_is_imported_as_it_is_and_managed_from_then_on() {
    let world = world().await;
    let before = stack(&world, "legacy").unwrap();
    let pass = world.plan().await;
    let object = pass.plan.objects.last().unwrap();
    assert_eq!(object.action, Action::Import);
    let said = shown(&pass.plan);
    for line in [
        "=> provisioned-product/legacy  (imported from its stack)",
        "an import applies no constraints: LAUNCH of portfolio/net from its next update on",
        "note: its stack has tags of its own, which an update may take away: cost; name in spec.tags",
        "Plan: 1 to import, 2 to create, 0 to update",
    ] {
        assert!(said.contains(line), "{said}");
    }
    world.calls();
    world.apply().await;
    let made = writes(&world);
    assert_eq!(made[IMPORT], 1, "{made:?}");
    assert!(!made.contains_key("UpdateProvisionedProduct"), "{made:?}");
    assert_eq!(stack(&world, "legacy").unwrap(), before, "untouched");
    expect_imported(&world).await;

    // Another version is an update in place.
    world.edit("legacy.yaml", "version: v1", "version: v2");
    let pass = world.plan().await;
    assert_eq!(calls(&pass.plan), ["UpdateProvisionedProduct"]);
    let said = shown(&pass.plan);
    assert!(said.contains("may take away: cost"), "{said}");
    world.apply().await;
    let live = expect_imported(&world).await;
    assert_eq!(live.stack.unwrap().parameters["Size"], "one", "kept");

    // Without `import` it is ours still, by its token.
    world.edit(
        "legacy.yaml",
        &format!("  import: {{stackArn: \"{}\"}}\n", arn("legacy", UUID)),
        "",
    );
    expect_imported(&world).await;
    // And one that git no longer names is an orphan that keeps its stack.
    world.write("legacy.yaml", "");
    let ended = world.apply().await;
    assert!(!ended.pass.plan.has_changes());
    assert_eq!(ended.pass.observed.provisioned.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn five_states_can_be_imported_and_the_others_are_named() {
    for importable in [
        StackStatus::CreateComplete,
        StackStatus::UpdateComplete,
        StackStatus::UpdateRollbackComplete,
        StackStatus::ImportComplete,
        StackStatus::ImportRollbackComplete,
    ] {
        let world = world().await;
        force(&world, importable);
        world.apply().await;
        expect_imported(&world).await;
    }
    for (other, word) in [
        (StackStatus::RollbackComplete, "ROLLBACK_COMPLETE"),
        (StackStatus::DeleteFailed, "DELETE_FAILED"),
        (StackStatus::UpdateRollbackFailed, "UPDATE_ROLLBACK_FAILED"),
        (StackStatus::CreateFailed, "CREATE_FAILED"),
    ] {
        let world = world().await;
        force(&world, other);
        expect_refused(
            &world,
            BlockedCode::ImportStack,
            &[word, "IMPORT_ROLLBACK_COMPLETE"],
        )
        .await;
    }
}

fn force(world: &World, status: StackStatus) {
    let done = world.emulator.with_stacks(ACCOUNT, REGION, |stacks, ctx| {
        stacks.force_status(ctx.now, "legacy", status)
    });
    assert!(done);
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_is_changing_is_waited_for() {
    let world = world().await;
    force(&world, StackStatus::UpdateInProgress);
    let pass = one_pass(&world).await;
    let waiting = &status(&pass, KEY).waiting;
    assert!(
        waiting[0].message.ends_with("is UPDATE_IN_PROGRESS"),
        "{waiting:?}"
    );
    let (emulator, clock) = (world.emulator.clone(), world.clock);
    tokio::spawn(async move {
        clock.sleep(Duration::from_secs(40)).await;
        emulator.with_stacks(ACCOUNT, REGION, |stacks, ctx| {
            stacks.force_status(ctx.now, "legacy", StackStatus::UpdateComplete)
        });
    });
    world.apply().await;
    expect_imported(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_is_not_there_is_blocked_and_never_launched() {
    // One that was deleted is described by its ARN for long.
    let deleted = world().await;
    deleted
        .emulator
        .with_stacks(ACCOUNT, REGION, |stacks, ctx| {
            stacks.delete(ctx, "legacy").unwrap();
        });
    expect_refused(&deleted, BlockedCode::ImportStack, &["is not there"]).await;
    for (from, to, words) in [
        (UUID, OTHER, ["is not there", "take `import` out"]),
        (
            ACCOUNT,
            "210987654321",
            ["is not in 123456789012/us-east-1", "imported where it is"],
        ),
        (
            REGION,
            "eu-west-1",
            ["is not in 123456789012/us-east-1", "imported where it is"],
        ),
    ] {
        let world = world().await;
        world.edit("legacy.yaml", from, to);
        expect_refused(&world, BlockedCode::ImportStack, &words).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_nested_stack_is_not_imported() {
    let world = world().await;
    make_stack(&world, "parent", OTHER, TEMPLATE).await;
    let nested = world
        .emulator
        .with_stacks(ACCOUNT, REGION, |stacks, _| stacks.nest("legacy", "parent"));
    assert!(nested);
    expect_refused(
        &world,
        BlockedCode::ImportStack,
        &["is a part of", "only a root stack"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stack_does_not_become_an_inactive_version() {
    let world = world().await;
    world.edit(
        "catalog.yaml",
        "v1, template: topic.yaml",
        "v1, active: false, template: topic.yaml",
    );
    let words = ["\"v1\" of product/topic is inactive"];
    expect_refused(&world, BlockedCode::VersionState, &words).await;
}

#[tokio::test(start_paused = true)]
async fn a_template_that_differs_is_shown_line_by_line() {
    let world = world().await;
    world
        .edit("topic.yaml", "Default: none}", "Default: many}")
        .edit("topic.yaml", "Default: unspoken}", "Default: unheard}");
    expect_refused(
        &world,
        BlockedCode::ImportTemplate,
        &["another template than version \"v1\" of product/topic"],
    )
    .await;
    let said = shown(&world.plan().await.plan);
    for line in [
        "! import-template: ",
        "          --- version v1\n          +++ stack\n",
        "          -   Size: {Type: String, Default: many}\n",
        "          +   Size: {Type: String, Default: none}\n",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert!(
        !said.contains("unspoken") && !said.contains("unheard"),
        "{said}"
    );
    // A version that has the stack's template is the way in, whatever it is written in.
    world.write("third.yaml", AS_JSON);
    world.edit(
        "catalog.yaml",
        "    - {name: v2",
        "    - {name: v3, template: third.yaml}\n    - {name: v2",
    );
    world.edit("legacy.yaml", "version: v1", "version: v3");
    world.apply().await;
    expect_imported(&world).await;
}

/// The template of a version that git does not have is read from the service.
#[tokio::test(start_paused = true)]
async fn versions_that_git_does_not_have_are_compared_too() {
    // Taken from this very stack: the documented way in.
    let world = world().await;
    world.edit(
        "catalog.yaml",
        "template: topic.yaml",
        &format!("fromStack: \"{}\"", arn("legacy", UUID)),
    );
    // Equal by construction: there is nothing to wait for.
    assert!(calls(&world.plan().await.plan).contains(&IMPORT));
    world.apply().await;
    expect_imported(&world).await;

    // Taken from another one.
    for (template, same) in [(AS_JSON, true), (&*TEMPLATE.replace("none", "two"), false)] {
        let world = self::world().await;
        make_stack(&world, "model", OTHER, template).await;
        world.calls();
        world.edit(
            "catalog.yaml",
            "template: topic.yaml",
            &format!("fromStack: \"{}\"", arn("model", OTHER)),
        );
        if same {
            let pass = world.plan().await;
            let waiting = &status(&pass, KEY).waiting;
            assert!(
                waiting[0].message.contains("is not to be seen yet"),
                "{waiting:?}"
            );
            world.apply().await;
            expect_imported(&world).await;
        } else {
            expect_refused(&world, BlockedCode::ImportTemplate, &["\"v1\""]).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_or_a_stack_that_is_taken_is_refused_before_the_call() {
    // Somebody has launched something under the name.
    let world = world().await;
    world.edit(
        "legacy.yaml",
        "  product: topic",
        "  name: theirs\n  product: topic",
    );
    let desired = world.desired();
    world.write("legacy.yaml", "");
    let made = world.apply().await;
    let topic = made.pass.observed.products.values().next().unwrap();
    let version = topic.versions.iter().find(|v| v.name == "v1").unwrap();
    world
        .console()
        .provision_product()
        .provisioned_product_name("theirs")
        .product_id(topic.id.as_str())
        .provisioning_artifact_id(version.id.as_str())
        .path_name("Net")
        .provision_token("theirs")
        .send()
        .await
        .unwrap();
    world.calls();
    let ended = world.process().await.apply(&desired).await;
    assert_eq!(ended.end, End::Settled);
    expect_blocked(
        &ended.pass,
        BlockedCode::ForeignOwner,
        &["\"theirs\" is there already"],
    );
    assert_eq!(writes(&world), [].into());

    // Somebody has imported the stack under another name: it is ours by its stack, and its name can't change.
    let world = self::world().await;
    let text = manifest("legacy", UUID, "");
    world.write("legacy.yaml", "");
    let made = world.apply().await;
    let theirs = their_import(&world, &made.pass.observed, arn("legacy", UUID));
    theirs.send().await.unwrap();
    world.plan().await;
    world.calls();
    world.write("legacy.yaml", &text);
    let ended = world.process().await.apply(&world.desired()).await;
    expect_blocked(&ended.pass, BlockedCode::ImmutableName, &["\"theirs\""]);
    assert_eq!(writes(&world), [].into());
    // Named as it is called, it is managed: its manifest names it.
    world.edit(
        "legacy.yaml",
        "  product: topic",
        "  name: theirs\n  product: topic",
    );
    world.expect_empty_plan().await;
    world.edit("legacy.yaml", "version: v1", "version: v2");
    assert_eq!(
        calls(&world.plan().await.plan),
        ["UpdateProvisionedProduct"]
    );
    // So are its parameters.
    world.edit(
        "legacy.yaml",
        "version: v2\n",
        "version: v1\n  parameters: {Size: two}\n",
    );
    let pass = world.plan().await;
    let said = shown(&pass.plan);
    assert!(said.contains("parameter Size: one → two"), "{said}");
    assert_eq!(calls(&pass.plan), ["UpdateProvisionedProduct"]);
}

/// A stack that is another team's provisioned product by its tag is theirs, whatever our manifest names.
#[tokio::test(start_paused = true)]
async fn a_stack_that_is_another_teams_is_left_to_it() {
    let world = world().await;
    world.edit(
        "catalog.yaml",
        "launch: {localRoleName: Launcher}",
        "launch: {localRoleName: Launcher}, tagUpdates: allowed",
    );
    let text = manifest("legacy", UUID, "");
    world.write("legacy.yaml", "");
    let made = world.apply().await;
    let topic = made.pass.observed.products.values().next().unwrap();
    let version = topic.versions.iter().find(|v| v.name == "v1").unwrap();
    let sc = world.console();
    let theirs = their_import(&world, &made.pass.observed, arn("legacy", UUID));
    let imported = theirs.send().await.unwrap();
    world.clock.sleep(Duration::from_secs(60)).await;
    let tag = aws_sdk_servicecatalog::types::Tag::builder()
        .key("catalogd:provisioned-product")
        .value("other/123456789012/us-east-1/legacy")
        .build()
        .unwrap();
    let record = imported.record_detail().unwrap();
    sc.update_provisioned_product()
        .provisioned_product_id(record.provisioned_product_id().unwrap())
        .product_id(topic.id.as_str())
        .provisioning_artifact_id(version.id.as_str())
        .path_name("Net")
        .tags(tag)
        .update_token("theirs")
        .send()
        .await
        .unwrap();
    world.clock.sleep(Duration::from_secs(60)).await;
    world.plan().await;
    world.calls();
    world.write("legacy.yaml", &text);
    expect_refused(
        &world,
        BlockedCode::ForeignOwner,
        &["\"theirs\" already", "name another stack"],
    )
    .await;
    assert_eq!(writes(&world), [].into());
}

/// Parameters, tags and constraints come with an update after the import, and the plan says which.
#[tokio::test(start_paused = true)]
async fn what_the_stack_lacks_follows_as_an_update() {
    let more = "  parameters: {Size: two, Secret: hunter2}\n  tags: {env: prod}\n";
    let world = world_with(Profile::Instant, 1, more).await;
    world.edit(
        "catalog.yaml",
        "launch: {localRoleName: Launcher}",
        "launch: {localRoleName: Launcher}, tagUpdates: allowed",
    );
    let said = shown(&world.plan().await.plan);
    assert!(
        said.contains(
            "note: once it is imported an update follows: parameter Size: one → two; tag env: (none) → prod"
        ),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    assert!(
        said.contains("LAUNCH and RESOURCE_UPDATE of portfolio/net"),
        "{said}"
    );
    world.calls();
    world.apply().await;
    let made = writes(&world);
    assert_eq!((made[IMPORT], made["UpdateProvisionedProduct"]), (1, 1));
    let live = expect_imported(&world).await;
    assert_eq!(live.tags["env"], "prod");
    assert_eq!(live.stack.unwrap().parameters["Size"], "two");

    // Where tags may not change, that is said before the import and blocked after it.
    let world = world_with(Profile::Instant, 1, "  tags: {env: prod}\n").await;
    let said = shown(&world.plan().await.plan);
    assert!(said.contains("tags.env will be blocked"), "{said}");
    let ended = world.process().await.apply(&world.desired()).await;
    expect_blocked_tags(&ended.pass);
}

#[track_caller]
fn expect_blocked_tags(pass: &Pass) {
    let blocked = &status(pass, KEY).blocked;
    assert_eq!(blocked[0].code, BlockedCode::TagUpdate, "{blocked:?}");
}

/// One at a time for the whole account: ours go in turn, and somebody else's is waited out.
#[tokio::test(start_paused = true)]
async fn imports_go_in_turn() {
    let world = world_with(Profile::Local, 1, "").await;
    let names = ["one", "two", "three"];
    for (at, name) in names.iter().enumerate() {
        let uuid = UUID.replacen('0', &(at + 2).to_string(), 1);
        make_stack(&world, name, &uuid, TEMPLATE).await;
        world.write(&format!("{name}.yaml"), manifest(name, &uuid, ""));
    }
    world.emulator.reset_calls();
    world.apply().await;
    let all = world.emulator.calls();
    let imports: Vec<_> = all.iter().filter(|c| c.operation == IMPORT).collect();
    assert_eq!(imports.len(), 4);
    assert!(imports.iter().all(|call| call.outcome == Outcome::Done));
    assert_eq!(world.plan().await.observed.provisioned.len(), 4);
    world.expect_empty_plan().await;

    // Somebody else's import is under way when ours begins.
    let world = world_with(Profile::Local, 1, "").await;
    let text = manifest("legacy", UUID, "");
    world.write("legacy.yaml", "");
    let made = world.apply().await;
    make_stack(&world, "theirs", OTHER, TEMPLATE).await;
    let theirs = their_import(&world, &made.pass.observed, arn("theirs", OTHER));
    world.write("legacy.yaml", &text);
    world.emulator.reset_calls();
    // It is sent when ours is about to be.
    let desired = world.desired();
    let mut process = world.process().await;
    let pass = process.reconciler.plan(&desired, None).await;
    theirs.send().await.unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let quiet = catalogd::execute::progress::Quiet;
    let outcome = process.reconciler.execute(&pass.plan, &stop, &quiet).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    let refused = world.emulator.calls().into_iter().filter(|call| {
        call.operation == IMPORT
            && matches!(&call.outcome, Outcome::Refused(_, code) if code == "InvalidStateException")
    });
    assert!(refused.count() >= 1, "it never met the other one");
}

/// An import that fails later leaves an ERROR whose termination would delete the stack: that is left to a person.
#[tokio::test(start_paused = true)]
async fn an_import_that_fails_is_degraded_and_its_stack_is_left_alone() {
    let world = world().await;
    let before = stack(&world, "legacy");
    let fault = world.emulator.inject(
        Rule::always(Effect::FailImporting {
            reason: "the templates differ in a way that nobody knows".to_owned(),
        })
        .on(IMPORT),
    );
    let mut process = world.process().await;
    let ended = process.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    let found = status(&ended.pass, KEY);
    assert_eq!(
        (found.sync, found.health),
        (Sync::OutOfSync, Health::Degraded)
    );
    let stalled = found.stalled.clone().unwrap();
    assert!(stalled.reason.contains("nobody knows"), "{stalled:?}");
    let live = provisioned(&ended.pass.observed, "legacy");
    assert_eq!(live.status, ProvisionedStatus::Error);
    assert!(
        stalled.advice.contains(live.id.as_str())
            && stalled.advice.contains("--retain-physical-resources"),
        "{stalled:?}"
    );
    assert_eq!(status(&ended.pass, "product/topic").sync, Sync::Synced);
    // Nobody touches it, now or after an hour, in this process or another, whatever git says.
    world.calls();
    world.edit("legacy.yaml", "version: v1", "version: v2");
    process.apply(&world.desired()).await;
    world.clock.sleep(Duration::from_secs(3_700)).await;
    process.apply(&world.desired()).await;
    world.process_in(None).await.apply(&world.desired()).await;
    assert_eq!(writes(&world), [].into());
    assert_eq!(
        (fault.fired(), stack(&world, "legacy")),
        (1, before.clone())
    );
    // Without `import` it is a launch that failed, and its stack is none that a launch has made.
    let text = format!("  import: {{stackArn: \"{}\"}}\n", arn("legacy", UUID));
    world.edit("legacy.yaml", &text, "");
    let ended = world.process().await.apply(&world.desired()).await;
    assert_eq!(writes(&world), [].into());
    let stalled = status(&ended.pass, KEY).stalled.clone().unwrap();
    let choice = "a new one is launched, or with `import` the same stack is imported again";
    assert!(stalled.advice.contains(choice), "{stalled:?}");
    world.edit(
        "legacy.yaml",
        "  version: v2\n",
        &format!("  version: v2\n{text}"),
    );
    // A person does as advised: it is imported again.
    fault.remove();
    world.edit("legacy.yaml", "version: v2", "version: v1");
    world
        .console()
        .terminate_provisioned_product()
        .provisioned_product_id(live.id.as_str())
        .retain_physical_resources(true)
        .terminate_token("by-hand")
        .send()
        .await
        .unwrap();
    world.clock.sleep(Duration::from_secs(60)).await;
    world.apply().await;
    expect_imported(&world).await;
    assert_eq!(stack(&world, "legacy"), before);
}

/// A provisioned product never becomes another stack, and keeps to its stack whatever its manifest is called.
#[tokio::test(start_paused = true)]
async fn a_provisioned_product_is_one_stack() {
    let world = world().await;
    world.apply().await;
    make_stack(&world, "second", OTHER, TEMPLATE).await;
    let base = world.desired();
    world.edit("legacy.yaml", &arn("legacy", UUID), &arn("second", OTHER));
    let pass = world.plan().await;
    assert!(!pass.plan.has_changes(), "{}", shown(&pass.plan));
    expect_blocked(
        &pass,
        BlockedCode::ImportStack,
        &["it is stack", "can't become"],
    );
    // Under another metadata.name it is the same object, whether git's past is known or not.
    let text = manifest("renamed", UUID, "  name: legacy\n");
    world.write("legacy.yaml", text.replace("stack/renamed", "stack/legacy"));
    for base in [Some(&base), None] {
        let mut process = world.process().await;
        let pass = process.reconciler.plan(&world.desired(), base).await;
        assert!(!pass.plan.has_changes(), "{}", shown(&pass.plan));
        assert!(status(&pass, "provisioned-product/renamed").is_well());
        assert_eq!(pass.plan.orphans, []);
    }
}

/// What was let go of by hand, its stack kept, is imported again.
#[tokio::test(start_paused = true)]
async fn what_was_let_go_of_is_imported_again() {
    let world = world().await;
    world.apply().await;
    let live = expect_imported(&world).await;
    world
        .console()
        .terminate_provisioned_product()
        .provisioned_product_id(live.id.as_str())
        .retain_physical_resources(true)
        .terminate_token("by-hand")
        .send()
        .await
        .unwrap();
    world.clock.sleep(Duration::from_secs(60)).await;
    world.calls();
    world.apply().await;
    let again = expect_imported(&world).await;
    assert_ne!(again.id, live.id);
    // Its stack gone with it, there is nothing to import and nothing is launched.
    world
        .console()
        .terminate_provisioned_product()
        .provisioned_product_id(again.id.as_str())
        .terminate_token("all-of-it")
        .send()
        .await
        .unwrap();
    world.clock.sleep(Duration::from_secs(60)).await;
    let ended = world.process().await.apply(&world.desired()).await;
    expect_blocked(&ended.pass, BlockedCode::ImportStack, &["is not there"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_service_refuses_is_shown_in_its_words_and_not_repeated() {
    for (code, words) in [
        ("InvalidParametersException", "The template does not match"),
        ("DuplicateResourceException", "The stack is taken"),
        ("InvalidStateException", "Another import is running"),
        ("AccessDeniedException", "cloudformation:GetTemplate"),
    ] {
        let world = world().await;
        let fault = world.emulator.inject(
            Rule::always(Effect::Refuse {
                code: code.to_owned(),
                message: words.to_owned(),
            })
            .on(IMPORT),
        );
        let mut process = world.process().await;
        let ended = process.apply(&world.desired()).await;
        assert_eq!(ended.end, End::Settled, "{code}");
        let stalled = status(&ended.pass, KEY).stalled.as_ref();
        assert!(stalled.unwrap().reason.contains(words), "{code}");
        let tried = fault.fired();
        process.apply(&world.desired()).await;
        assert_eq!(fault.fired(), tried, "{code}: hammered");
        fault.remove();
        world.apply().await;
        expect_imported(&world).await;
    }
}

/// A read that is denied is no absence: nothing is imported, and that is said.
#[tokio::test(start_paused = true)]
async fn nothing_is_imported_while_the_stack_cannot_be_read() {
    for call in ["DescribeStacks", "GetTemplate", "SearchProvisionedProducts"] {
        let world = world().await;
        let fault = world
            .emulator
            .inject(Rule::always(Effect::AccessDenied).on(call));
        let ended = world.process().await.apply(&world.desired()).await;
        assert_eq!(ended.end, End::Settled);
        let blocked = &status(&ended.pass, KEY).blocked;
        assert_eq!(blocked[0].code, BlockedCode::Gap, "{blocked:?}");
        assert!(blocked[0].message.contains(call), "{blocked:?}");
        assert!(!writes(&world).contains_key(IMPORT));
        fault.remove();
        world.apply().await;
        expect_imported(&world).await;
    }
}

/// The answer is lost, reads lag, and a new process begins at once: the token finds the import again.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_imports_nothing_twice() {
    for number in 1..=4 {
        let world = world_with(Profile::Local, number, "").await;
        world.emulator.set_faults(Faults {
            lag: Some(Lag {
                describe: 2.0,
                search: 20.0,
                chance: 0.8,
            }),
            ..Faults::default()
        });
        let rule = Rule::always(Effect::DropAfter).on(IMPORT).nth(1);
        assert!(super::crash::die_at(&world, &world.desired(), rule).await);
        world.process_in(None).await.apply(&world.desired()).await;
        world.clock.sleep(Duration::from_secs(60)).await;
        world.apply().await;
        world.emulator.set_faults(Faults::default());
        expect_imported(&world).await;
        // Nor did the service have to say so.
        let calls = world.emulator.calls();
        let mut imports = calls.iter().filter(|call| call.operation == IMPORT);
        let refused = imports.find(|call| matches!(call.outcome, Outcome::Refused(..)));
        assert_eq!(refused, None);
    }
}

/// While the search does not show it, nobody can tell its stack: that is no reason to take its parameters for right.
#[tokio::test(start_paused = true)]
async fn parameters_are_compared_once_the_search_shows_the_import() {
    let world = world_with(Profile::Instant, 1, "  parameters: {Size: two}\n").await;
    let hidden = world
        .emulator
        .inject(Rule::always(Effect::CutListing(0)).on("SearchProvisionedProducts"));
    one_pass(&world).await;
    let pass = world.plan().await;
    let found = status(&pass, KEY);
    assert_eq!(found.sync, Sync::Unknown, "{found:#?}");
    assert_eq!(found.blocked[0].code, BlockedCode::Gap, "{found:#?}");
    hidden.remove();
    world.apply().await;
    let live = expect_imported(&world).await;
    assert_eq!(live.stack.unwrap().parameters["Size"], "two");
}

/// Many seeds of an AWS that lags and throttles.
#[tokio::test(start_paused = true)]
async fn imports_converge_on_an_aws_as_slow_as_the_real_one() {
    for number in 1..=6 {
        let world = world_with(Profile::Aws, number, "  parameters: {Size: two}\n").await;
        world.apply().await;
        world.clock.sleep(Duration::from_secs(10)).await;
        let live = expect_imported(&world).await;
        assert_eq!(live.stack.unwrap().parameters["Size"], "two");
    }
}
