//! Service actions and the versions that offer them: made, changed, found changed, left alone and withdrawn, each by the
//! calls it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_servicecatalog::types::{ServiceActionDefinitionKey, ServiceActionDefinitionType};
use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};
use catalogd::ids::Kind;
use catalogd::model::observed::{LiveServiceAction, Observed};
use catalogd::plan::{Action, BlockedCode, Reason, Shown};
use catalogd::reconcile::converge::End;

use super::kit::{SIZE, calls, expect_blocked, product, status, writes};
use crate::world::{World, name};

const ACTIONS: &str = r#"apiVersion: catalogd.dev/v1
kind: ServiceAction
metadata: {name: restart}
spec:
  name: Restart
  description: Restarts the instance
  definition:
    name: AWS-RestartEC2Instance
    version: "1"
    assumeRole: arn:aws:iam::${account}:role/Actions
    parameters:
      - {name: InstanceId, type: TARGET}
      - {name: Reason, type: TEXT_VALUE}
---
apiVersion: catalogd.dev/v1
kind: ServiceAction
metadata: {name: stop}
spec:
  definition: {name: AWS-StopEC2Instance, version: "1", assumeRole: LAUNCH_ROLE}
---
"#;

const CATALOG: &str = r#"apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: apps}
spec: {providerName: Us}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: host}
spec:
  name: Host
  owner: Us
  portfolios: [{portfolio: apps}]
  serviceActions: [restart, stop]
  versions:
    - {name: v1, template: size.yaml, serviceActions: [restart]}
    - {name: v2, template: size.yaml}
    - {name: v3, template: size.yaml}
"#;

const BATCH: &str = "BatchAssociateServiceActionWithProvisioningArtifact";
const WITHDRAW: &str = "DisassociateServiceActionFromProvisioningArtifact";

fn world(profile: Profile) -> World {
    let world = World::with(profile, 5);
    world
        .write("catalog.yaml", format!("{ACTIONS}{CATALOG}"))
        .write("size.yaml", SIZE);
    world
}

fn action<'o>(observed: &'o Observed, mark: &str) -> &'o LiveServiceAction {
    let mark = format!("[catalogd:default/{mark}]");
    let all = observed.service_actions.values();
    let mut all = all.filter(|o| {
        o.description
            .as_deref()
            .unwrap_or_default()
            .ends_with(&mark)
    });
    let found = all.next().unwrap_or_else(|| panic!("no {mark}"));
    assert_eq!(all.next(), None, "{mark} twice");
    found
}

/// The names of the versions that offer an action.
fn offered<'o>(observed: &'o Observed, action: &LiveServiceAction) -> BTreeSet<&'o str> {
    let host = product(observed, "Host");
    let versions = host.versions.iter();
    let offers = versions.filter(|v| action.versions.contains(&(host.id.clone(), v.id.clone())));
    offers.map(|v| v.name.as_str()).collect()
}

fn counts<const N: usize>(all: [(&str, usize); N]) -> BTreeMap<String, usize> {
    all.map(|(call, n)| (call.to_owned(), n)).into()
}

#[tokio::test(start_paused = true)]
async fn actions_are_made_and_offered_with_few_calls() {
    let world = world(Profile::Instant);
    let applied = world.apply().await;
    let written = writes(&world);
    assert_eq!(written["CreateServiceAction"], 2);
    assert_eq!(written[BATCH], 1, "all versions of a product in one call");
    let observed = &applied.pass.observed;
    let restart = action(observed, "restart");
    assert_eq!(restart.name, "Restart");
    assert_eq!(
        restart.description.as_deref(),
        Some("Restarts the instance [catalogd:default/restart]")
    );
    let definition = restart.definition.as_ref().unwrap();
    assert_eq!(
        definition["AssumeRole"],
        "arn:aws:iam::123456789012:role/Actions"
    );
    assert_eq!(
        definition["Parameters"],
        r#"[{"Name":"InstanceId","Type":"TARGET"},{"Name":"Reason","Type":"TEXT_VALUE"}]"#
    );
    let stop = action(observed, "stop");
    assert_eq!(stop.name, "stop");
    assert_eq!(stop.definition.as_ref().unwrap().len(), 3);
    assert_eq!(offered(observed, restart), ["v1", "v2", "v3"].into());
    assert_eq!(offered(observed, stop), ["v2", "v3"].into());
    world.expect_empty_plan().await;
}

/// What a pass costs: a page, and of ours two calls each.
#[tokio::test(start_paused = true)]
async fn a_pass_reads_two_calls_an_action() {
    let world = world(Profile::Instant);
    world.apply().await;
    world.calls();
    world.plan().await;
    let calls = world.calls();
    assert_eq!(calls["ListServiceActions"], 1);
    assert_eq!(calls["DescribeServiceAction"], 2);
    assert_eq!(calls["ListProvisioningArtifactsForServiceAction"], 2);
    assert_eq!(calls.get("ListServiceActionsForProvisioningArtifact"), None);
}

/// What is replaced in the manifest, by what, and how that is shown.
type Edit = (&'static str, &'static str, &'static str);

/// A field, its value in git, a replacement there with what is shown then, and what somebody makes of it.
const FIELDS: [(&str, &str, Edit, &str); 6] = [
    (
        "name",
        "Restart",
        ("name: Restart", "name: Again", "Again"),
        "Hand",
    ),
    (
        "description",
        "Restarts the instance",
        (
            "Restarts the instance",
            "Turns it off and on",
            "Turns it off and on",
        ),
        "by hand",
    ),
    (
        "definition.name",
        "AWS-RestartEC2Instance",
        (
            "AWS-RestartEC2Instance",
            "AWS-StopEC2Instance2",
            "AWS-StopEC2Instance2",
        ),
        "By-Hand",
    ),
    (
        "definition.version",
        "1",
        (
            "Instance\n    version: \"1\"",
            "Instance\n    version: \"2\"",
            "2",
        ),
        "7",
    ),
    (
        "definition.assumeRole",
        "arn:aws:iam::123456789012:role/Actions",
        (
            "assumeRole: arn:aws:iam::${account}:role/Actions",
            "assumeRole: LAUNCH_ROLE",
            "LAUNCH_ROLE",
        ),
        "arn:aws:iam::123456789012:role/Hand",
    ),
    (
        "definition.parameters",
        "InstanceId TARGET, Reason TEXT_VALUE",
        (
            "      - {name: Reason, type: TEXT_VALUE}\n",
            "",
            "InstanceId TARGET",
        ),
        "ByHand TARGET",
    ),
];

/// Changes a field as somebody would in the console: everything else stays, the mark among it.
async fn set(world: &World, live: &LiveServiceAction, field: &str, value: &str) {
    let request = world.console().update_service_action().id(live.id.as_str());
    let mut definition = live.definition.clone().unwrap();
    let request = match field {
        "name" => request.name(value),
        "description" => request.description(format!("{value} [catalogd:default/restart]")),
        other => {
            let (key, value) = match other {
                "definition.name" => ("Name", value.to_owned()),
                "definition.version" => ("Version", value.to_owned()),
                "definition.assumeRole" => ("AssumeRole", value.to_owned()),
                _ => (
                    "Parameters",
                    r#"[{"Name": "ByHand", "Type": "TARGET"}]"#.to_owned(),
                ),
            };
            definition.insert(key.to_owned(), value);
            let definition = definition.into_iter();
            let definition =
                definition.map(|(k, v)| (ServiceActionDefinitionKey::from(k.as_str()), v));
            request.set_definition(Some(definition.collect()))
        }
    };
    request.send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn every_field_is_changed_and_put_right_by_one_call() {
    let world = world(Profile::Instant);
    let base = world.desired();
    world.apply().await;
    let whole = format!("{ACTIONS}{CATALOG}");
    for (field, git, (from, to, edited), hand) in FIELDS {
        for reason in [Reason::Drifted, Reason::GitChanged] {
            let mut values = [git, git];
            match reason {
                Reason::Drifted => {
                    let observed = world.plan().await.observed;
                    set(&world, action(&observed, "restart"), field, hand).await;
                    values[0] = hand;
                }
                _ => {
                    world.edit("catalog.yaml", from, to);
                    values[1] = edited;
                }
            }
            let mut process = world.process().await;
            let pass = process.reconciler.plan(&world.desired(), Some(&base)).await;
            let restart = pass
                .plan
                .object(Kind::ServiceAction, &name("restart"))
                .unwrap();
            let changes: Vec<_> = pass.plan.objects.iter().flat_map(|o| &o.changes).collect();
            assert_eq!(changes.len(), 1, "{field}: {changes:#?}");
            assert_eq!(restart.changes[0].field, field);
            assert_eq!(restart.changes[0].before, Shown::text(values[0]), "{field}");
            assert_eq!(restart.changes[0].after, Shown::text(values[1]), "{field}");
            assert_eq!(restart.reason, Some(reason), "{field}");
            world.calls();
            world.apply().await;
            assert_eq!(
                writes(&world),
                counts([("UpdateServiceAction", 1)]),
                "{field}"
            );
            world.expect_empty_plan().await;
            world.write("catalog.yaml", &whole);
            world.apply().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_git_leaves_out_is_left_alone_and_an_empty_text_clears() {
    let world = world(Profile::Instant);
    let observed = world.apply().await.pass.observed;
    let line = "  description: Restarts the instance\n";
    world.edit("catalog.yaml", line, "");
    set(
        &world,
        action(&observed, "restart"),
        "description",
        "theirs",
    )
    .await;
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [].into());
    // Another field changes, and their text stays.
    world.edit("catalog.yaml", "name: Restart\n", "name: Again\n");
    let observed = world.apply().await.pass.observed;
    let seen = action(&observed, "restart").description.as_deref();
    assert_eq!(seen, Some("theirs [catalogd:default/restart]"));
    world.edit(
        "catalog.yaml",
        "  name: Again\n",
        "  name: Again\n  description: ''\n",
    );
    world.calls();
    let observed = world.apply().await.pass.observed;
    assert_eq!(writes(&world), counts([("UpdateServiceAction", 1)]));
    let seen = action(&observed, "restart").description.as_deref();
    assert_eq!(
        seen,
        Some("[catalogd:default/restart]"),
        "the mark is never cleared"
    );
    // What a definition leaves out is cleared: it is sent whole.
    world.edit(
        "catalog.yaml",
        "    assumeRole: arn:aws:iam::${account}:role/Actions\n",
        "",
    );
    world.apply().await;
    assert_eq!(writes(&world), counts([("UpdateServiceAction", 1)]));
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn the_list_of_actions_is_the_whole_truth_where_git_gives_it() {
    let world = world(Profile::Instant);
    let observed = world.apply().await.pass.observed;
    let host = product(&observed, "Host").clone();
    // Somebody's own action on two versions, and one of ours taken from another.
    let console = world.console();
    let definition =
        |key: &str, value: &str| (ServiceActionDefinitionKey::from(key), value.to_owned());
    let theirs = console
        .create_service_action()
        .name("Theirs")
        .definition_type(ServiceActionDefinitionType::SsmAutomation)
        .set_definition(Some(
            [definition("Name", "Doc"), definition("Version", "1")].into(),
        ))
        .send()
        .await
        .unwrap();
    let theirs = theirs
        .service_action_detail()
        .unwrap()
        .service_action_summary()
        .unwrap();
    let theirs = theirs.id().unwrap().to_owned();
    for version in &host.versions[..2] {
        console
            .associate_service_action_with_provisioning_artifact()
            .service_action_id(&theirs)
            .product_id(host.id.as_str())
            .provisioning_artifact_id(version.id.as_str())
            .send()
            .await
            .unwrap();
    }
    console
        .disassociate_service_action_from_provisioning_artifact()
        .service_action_id(action(&observed, "stop").id.as_str())
        .product_id(host.id.as_str())
        .provisioning_artifact_id(host.versions[2].id.as_str())
        .send()
        .await
        .unwrap();
    let now = world.desired();
    let pass = world
        .process()
        .await
        .reconciler
        .plan(&now, Some(&now))
        .await;
    let object = pass.plan.object(Kind::Product, &name("host")).unwrap();
    assert_eq!(
        (object.action, object.reason),
        (Action::Update, Some(Reason::Drifted))
    );
    let shown: Vec<_> = object
        .changes
        .iter()
        .map(|c| (c.field.as_str(), c.before.words(), c.after.words()))
        .collect();
    let gone = format!("Theirs ({theirs})");
    assert_eq!(
        shown,
        [
            ("versions[v3].serviceActions", "(none)", "stop"),
            ("versions[v1].serviceActions", gone.as_str(), "(none)"),
            ("versions[v2].serviceActions", gone.as_str(), "(none)"),
        ]
    );
    assert_eq!(calls(&pass.plan), [BATCH, WITHDRAW, WITHDRAW]);
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), counts([(BATCH, 1), (WITHDRAW, 2)]));
    world.expect_empty_plan().await;

    // A version says otherwise than its product: it wins. An empty list takes all.
    world.edit(
        "catalog.yaml",
        "serviceActions: [restart]}",
        "serviceActions: []}",
    );
    world.calls();
    let observed = world.apply().await.pass.observed;
    assert_eq!(writes(&world), counts([(WITHDRAW, 1)]));
    assert_eq!(
        offered(&observed, action(&observed, "restart")),
        ["v2", "v3"].into()
    );
    // Git says nothing any more: all stay.
    world
        .edit("catalog.yaml", ", serviceActions: []}", "}")
        .edit("catalog.yaml", "  serviceActions: [restart, stop]\n", "");
    world.apply().await;
    assert_eq!(writes(&world), [].into());
    // Nothing at all is offered.
    world.edit(
        "catalog.yaml",
        "  versions:\n",
        "  serviceActions: []\n  versions:\n",
    );
    world.calls();
    let observed = world.apply().await.pass.observed;
    assert_eq!(writes(&world), counts([(WITHDRAW, 4)]));
    assert!(
        observed
            .service_actions
            .values()
            .all(|o| o.versions.is_empty())
    );
    world.expect_empty_plan().await;
}

/// Promise 1: what could not be read is neither made twice nor taken away.
#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_is_left_alone() {
    let world = world(Profile::Instant);
    world.apply().await;
    world
        .edit(
            "catalog.yaml",
            "serviceActions: [restart, stop]",
            "serviceActions: [restart]",
        )
        .edit("catalog.yaml", "Restarts the instance", "Anew");
    for (read, allowed) in [
        ("ListServiceActions", counts([("UpdateServiceAction", 1)])),
        ("DescribeServiceAction", counts([])),
        ("ListProvisioningArtifactsForServiceAction", counts([])),
        (
            "ListProvisioningArtifacts",
            counts([("UpdateServiceAction", 1)]),
        ),
        (
            "SearchProductsAsAdmin",
            counts([("UpdateServiceAction", 1)]),
        ),
    ] {
        let fault = world
            .emulator
            .inject(Rule::always(Effect::AccessDenied).on(read));
        world.calls();
        // A memory that knows the ids, so that the lists alone hide nothing.
        let mut process = world.process().await;
        let pass = process.reconciler.plan(&world.desired(), None).await;
        let planned: Vec<&str> = calls(&pass.plan);
        let planned =
            planned
                .into_iter()
                .fold(BTreeMap::new(), |mut all: BTreeMap<String, usize>, call| {
                    *all.entry(call.to_owned()).or_default() += 1;
                    all
                });
        assert_eq!(planned, allowed, "{read}");
        assert!(fault.fired() > 0, "{read}");
        // A process without a memory makes none a second time either.
        let mut process = world.process_in(None).await;
        let pass = process.reconciler.plan(&world.desired(), None).await;
        assert!(
            !calls(&pass.plan).contains(&"CreateServiceAction"),
            "{read}"
        );
        assert!(!calls(&pass.plan).contains(&WITHDRAW), "{read}");
        fault.remove();
    }
    world.calls();
    world.apply().await;
    assert_eq!(
        writes(&world),
        counts([("UpdateServiceAction", 1), (WITHDRAW, 2)])
    );
}

/// Its manifest goes: it stays, is listed as an orphan, and counts as no change.
#[tokio::test(start_paused = true)]
async fn an_action_that_left_git_is_an_orphan() {
    let world = world(Profile::Instant);
    world.apply().await;
    let (_, rest) = ACTIONS.split_once("---\n").unwrap();
    let catalog = CATALOG
        .replace("[restart, stop]", "[stop]")
        .replace("[restart]", "[]");
    world.write("catalog.yaml", format!("{rest}{catalog}"));
    world.apply().await;
    let pass = world.plan().await;
    let orphans: Vec<_> = pass
        .plan
        .orphans
        .iter()
        .map(|o| (o.key.to_string(), o.display_name.as_str()))
        .collect();
    assert_eq!(orphans, [("service-action/restart".to_owned(), "Restart")]);
    assert!(!pass.plan.has_changes());
    assert!(action(&pass.observed, "restart").versions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn two_of_one_mark_are_a_conflict_and_a_foreign_mark_is_nobodys_business() {
    let world = world(Profile::Instant);
    let observed = world.apply().await.pass.observed;
    let create = async |description: &str| {
        let definition = [("Name", "Doc"), ("Version", "1")]
            .map(|(key, value)| (ServiceActionDefinitionKey::from(key), value.to_owned()));
        let request = world
            .console()
            .create_service_action()
            .name("Restart")
            .description(description);
        let request = request.definition_type(ServiceActionDefinitionType::SsmAutomation);
        request
            .set_definition(Some(definition.into()))
            .send()
            .await
            .unwrap();
    };
    create("theirs [catalogd:team/restart]").await;
    world.expect_empty_plan().await;
    create("[catalogd:default/restart]").await;
    let pass = world.plan().await;
    let restart = status(&pass, "service-action/restart");
    assert_eq!(restart.blocked[0].code, BlockedCode::Conflict);
    assert!(restart.blocked[0].message.contains(action_id(&observed)));
    // What rests on it keeps what it has.
    expect_blocked(
        &pass,
        "product/host",
        BlockedCode::Dependency,
        &["service-action/restart", "\"v1\""],
        "catalog.yaml",
    );
    assert_eq!(calls(&pass.plan), [""; 0]);
}

fn action_id(observed: &Observed) -> &str {
    action(observed, "restart").id.as_str()
}

/// Somebody writes another description and takes the mark away with it: the action is theirs then, and ours is made anew.
#[tokio::test(start_paused = true)]
async fn an_action_whose_mark_is_gone_is_let_go_of() {
    let world = world(Profile::Instant);
    let observed = world.apply().await.pass.observed;
    let lost = action(&observed, "restart").id.clone();
    world
        .console()
        .update_service_action()
        .id(lost.as_str())
        .description("mine")
        .send()
        .await
        .unwrap();
    let converged = world.process().await.apply(&world.desired()).await;
    assert_eq!(converged.end, End::Settled);
    let observed = world.plan().await.observed;
    let anew = action(&observed, "restart");
    assert_ne!(anew.id, lost);
    assert_eq!(offered(&observed, anew).len(), 3);
    let left = &observed.service_actions[&lost];
    assert_eq!(
        (left.description.as_deref(), left.versions.len()),
        (Some("mine"), 0)
    );
    world.expect_empty_plan().await;
}

/// A version that is made offers the actions of its product in the same pass; what a copy has, it offers.
#[tokio::test(start_paused = true)]
async fn new_versions_and_copies_offer_what_their_product_does() {
    let world = world(Profile::Instant);
    let observed = world.apply().await.pass.observed;
    world.edit(
        "catalog.yaml",
        "    - {name: v3, template: size.yaml}\n",
        "    - {name: v3, template: size.yaml}\n    - {name: v4, template: size.yaml}\n",
    );
    world.calls();
    world.apply().await;
    assert_eq!(
        writes(&world),
        counts([("CreateProvisioningArtifact", 1), (BATCH, 1)])
    );
    world.expect_empty_plan().await;
    let arn = &product(&observed, "Host").arn;
    let copy = format!(
        "---\napiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: copy}}\nspec:\n  name: Copy\n  owner: Us\n  portfolios: [{{portfolio: apps}}]\n  serviceActions: [stop]\n  copyFrom: {{productArn: '{arn}', versions: [v1, v2]}}\n"
    );
    let text = format!("{ACTIONS}{CATALOG}{copy}");
    world.write("catalog.yaml", text);
    let observed = world.apply().await.pass.observed;
    let copy = product(&observed, "Copy");
    let stop = action(&observed, "stop");
    assert_eq!(copy.versions.len(), 2);
    for version in &copy.versions {
        assert!(
            stop.versions
                .contains(&(copy.id.clone(), version.id.clone()))
        );
    }
    world.expect_empty_plan().await;
}

/// A part of a batch that is refused is said, and the rest of it is done.
#[tokio::test(start_paused = true)]
async fn a_refused_part_of_a_batch_is_said() {
    let world = world(Profile::Instant);
    world.edit(
        "catalog.yaml",
        "serviceActions: [restart, stop]",
        "serviceActions: []",
    );
    world.apply().await;
    // Twenty-five actions are a version's default quota.
    let names: Vec<String> = (0..26).map(|n| format!("a{n}")).collect();
    let actions: String = names
        .iter()
        .map(|n| format!("---\napiVersion: catalogd.dev/v1\nkind: ServiceAction\nmetadata: {{name: {n}}}\nspec:\n  definition: {{name: Doc, version: \"1\"}}\n"))
        .collect();
    let catalog = CATALOG.replace(
        "{name: v2, template: size.yaml}",
        &format!(
            "{{name: v2, template: size.yaml, serviceActions: [{}]}}",
            names.join(", ")
        ),
    );
    let catalog = catalog.replace("[restart, stop]", "[]");
    world.write("catalog.yaml", format!("{ACTIONS}{catalog}{actions}"));
    let converged = world.process().await.apply(&world.desired()).await;
    let stalled = status(&converged.pass, "product/host")
        .stalled
        .as_ref()
        .unwrap();
    assert!(
        stalled.reason.contains("act-") && stalled.reason.contains("pa-"),
        "{stalled:?}"
    );
    let observed = world.plan().await.observed;
    let held = observed
        .service_actions
        .values()
        .filter(|o| offered(&observed, o).contains("v2"));
    assert_eq!(held.count(), 25);
}

/// The real service: slow, inconsistent, throttled, with lost answers. Each is there once, as git has it.
#[tokio::test(start_paused = true)]
async fn an_unkind_service_makes_every_action_once() {
    let world = world(Profile::Aws);
    let writes = [
        "CreateServiceAction",
        "UpdateServiceAction",
        BATCH,
        WITHDRAW,
    ];
    let faults: Vec<_> = writes
        .into_iter()
        .flat_map(|call| {
            let lost = Rule::always(Effect::DropAfter).on(call).times(2);
            let busy = Rule::always(Effect::Throttle).on(call).chance(0.3);
            [world.emulator.inject(lost), world.emulator.inject(busy)]
        })
        .collect();
    world.apply().await;
    world.edit(
        "catalog.yaml",
        "Restarts the instance",
        "Turns it off and on",
    );
    world.edit(
        "catalog.yaml",
        "serviceActions: [restart, stop]",
        "serviceActions: [stop]",
    );
    world.apply().await;
    assert!(faults.iter().step_by(2).all(|lost| lost.fired() == 2));
    faults.into_iter().for_each(|fault| fault.remove());
    world.clock.sleep(Duration::from_secs(30)).await;
    world.expect_empty_plan().await;
    let observed = world.plan().await.observed;
    assert_eq!(observed.service_actions.len(), 2);
    let restart = action(&observed, "restart");
    assert!(restart.description.as_deref().unwrap().starts_with("Turns"));
    assert_eq!(offered(&observed, restart), ["v1"].into());
    assert_eq!(
        offered(&observed, action(&observed, "stop")),
        ["v2", "v3"].into()
    );
}
