//! Constraints of all five types: made, changed, found changed, left alone and taken away, each by the calls it needs.

use std::collections::BTreeMap;

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};
use catalogd::model::observed::{LivePortfolio, Observed};
use catalogd::plan::op::Op;
use catalogd::plan::{Reason, Shown};

use super::kit::{CATALOG, SIZE, calls, product, provisioned, status, writes};
use crate::world::World;

/// The constraints of [`CATALOG`] that [`world`] replaces.
const FORMER: &str = "        launch: {localRoleName: Launcher}\n        tagUpdates: allowed\n";

/// Of those the one that excludes nothing.
const UPDATES: &str = "        tagUpdates: allowed\n";

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:";

const RULE: &str = "{Assertions: [{Assert: {Fn::Contains: [[one, two], {Ref: Size}]}, AssertDescription: one or two}]}";

/// What stands in the manifest of each type that [`CATALOG`] lacks, another value of it, and the type.
fn types() -> [(String, String, &'static str, &'static str); 3] {
    let stack_set = |regions: &str| {
        format!(
            "        stackSet: {{accounts: ['123456789012'], regions: [{regions}], adminRole: 'arn:aws:iam::${{account}}:role/Admin', executionRole: Exec}}\n"
        )
    };
    [
        (
            "        notification: {topics: ['arn:aws:sns:us-east-1:${account}:a']}\n".to_owned(),
            format!("        notification: {{topics: ['{TOPIC}a', '{TOPIC}b']}}\n"),
            "NOTIFICATION",
            "notification",
        ),
        (
            format!("        template: {{rules: {{Size: {RULE}}}}}\n"),
            format!(
                "        template: {{rules: {{Size: {}}}}}\n",
                RULE.replace("two]", "two, 3]")
            ),
            "TEMPLATE",
            "template",
        ),
        (
            stack_set("us-east-1"),
            stack_set("us-east-1, eu-west-1"),
            "STACKSET",
            "stackSet",
        ),
    ]
}

/// The catalog with these constraints and nothing launched, not applied yet.
fn world(profile: Profile, constraints: &str) -> World {
    let world = World::with(profile, 5);
    let (catalog, _) = CATALOG
        .split_once("---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct")
        .unwrap();
    assert!(catalog.contains(FORMER));
    world
        .write("catalog.yaml", catalog.replace(FORMER, constraints))
        .write("size.yaml", SIZE);
    world
}

fn net(observed: &Observed) -> &LivePortfolio {
    let mut all = observed.portfolios.values();
    all.find(|portfolio| portfolio.display_name == "Networking")
        .unwrap()
}

/// The live constraints: parameters by type.
fn live(observed: &Observed) -> Vec<(&str, &str)> {
    let all = net(observed).constraints.values();
    let mut all: Vec<_> = all
        .map(|c| (c.kind.as_str(), c.parameters.as_str()))
        .collect();
    all.sort_unstable();
    all
}

async fn create(world: &World, observed: &Observed, kind: &str, parameters: &str) {
    world
        .console()
        .create_constraint()
        .portfolio_id(net(observed).id.as_str())
        .product_id(product(observed, "VPC").id.as_str())
        .r#type(kind)
        .parameters(parameters)
        .send()
        .await
        .unwrap();
}

fn one(call: &str) -> BTreeMap<String, usize> {
    [(call.to_owned(), 1)].into()
}

#[tokio::test(start_paused = true)]
async fn each_type_is_made_changed_put_right_left_alone_and_removed() {
    for (first, second, kind, field) in types() {
        let world = world(Profile::Instant, &first);
        let applied = world.apply().await;
        let made = live(&applied.pass.observed);
        assert_eq!(made.len(), 1, "{made:?}");
        assert_eq!(made[0].0, kind);
        world.expect_empty_plan().await;

        // Git changes it.
        let base = world.desired();
        world.edit("catalog.yaml", &first, &second);
        world.calls();
        world.apply().await;
        assert_eq!(writes(&world), one("UpdateConstraint"), "{kind}");
        world.expect_empty_plan().await;

        // Somebody changes it back.
        let id = applied.pass.observed.portfolios.values();
        let id = id
            .flat_map(|p| p.constraints.keys())
            .next()
            .unwrap()
            .clone();
        world
            .console()
            .update_constraint()
            .id(id.as_str())
            .parameters(made[0].1)
            .send()
            .await
            .unwrap();
        let (now, mut process) = (world.desired(), world.process().await);
        let pass = process.reconciler.plan(&now, Some(&now)).await;
        let changes: Vec<_> = pass.plan.objects.iter().flat_map(|o| &o.changes).collect();
        assert_eq!(changes.len(), 1, "{changes:#?}");
        assert_eq!(changes[0].field, format!("portfolios[net].{field}"));
        assert_eq!(changes[0].reason, Reason::Drifted);
        let texts = [&changes[0].before, &changes[0].after];
        assert!(
            texts.iter().all(|shown| matches!(shown, Shown::Text(_))),
            "{texts:?}"
        );
        assert_ne!(texts[0], texts[1]);
        let pass = process.reconciler.plan(&now, Some(&base)).await;
        assert_eq!(
            pass.plan
                .object(catalogd::ids::Kind::Product, &crate::world::name("vpc"))
                .unwrap()
                .reason,
            Some(Reason::GitChanged)
        );
        world.calls();
        world.apply().await;
        assert_eq!(writes(&world), one("UpdateConstraint"), "{kind}");

        // Git says nothing of constraints any more: they stay.
        let all = format!("      constraints:\n{second}");
        world.edit("catalog.yaml", &all, "");
        world.calls();
        let kept = world.apply().await;
        assert_eq!(writes(&world), [].into(), "{kind}");
        assert_eq!(live(&kept.pass.observed).len(), 1);

        // Git wants none.
        world.edit(
            "catalog.yaml",
            "    - portfolio: net\n",
            "    - portfolio: net\n      constraints: {}\n",
        );
        world.apply().await;
        assert_eq!(writes(&world), one("DeleteConstraint"), "{kind}");
        world.expect_empty_plan().await;
    }
}

/// What the service allows several of holds together: spread over several it is no difference, and a difference is put
/// right where it is.
#[tokio::test(start_paused = true)]
async fn topics_and_rules_may_be_spread_over_several_constraints() {
    let [(_, topics, ..), (rules, ..), _] = types();
    let world = world(Profile::Instant, "        {}\n");
    world.edit(
        "catalog.yaml",
        "constraints:\n        {}\n",
        "constraints: {}\n",
    );
    let observed = world.apply().await.pass.observed;
    let topic = |name: &str| format!("{{\"NotificationArns\" : [\"{TOPIC}{name}\"]}}");
    let rule = r#"{"Rules": {"Size": {"Assertions": [{"AssertDescription": "one or two", "Assert": {"Fn::Contains": [["one", "two"], {"Ref": "Size"}]}}]}}}"#;
    create(&world, &observed, "NOTIFICATION", &topic("a")).await;
    create(&world, &observed, "NOTIFICATION", &topic("b")).await;
    create(&world, &observed, "TEMPLATE", rule).await;
    world.edit(
        "catalog.yaml",
        "constraints: {}\n",
        &format!("constraints:\n{topics}{rules}"),
    );
    world.expect_empty_plan().await;

    // A second rule of somebody's: it goes, and the other constraint is not touched.
    create(
        &world,
        &observed,
        "TEMPLATE",
        &rule.replace("\"Size\": {\"A", "\"More\": {\"A"),
    )
    .await;
    // One topic more, and one that is in the way.
    world.edit(
        "catalog.yaml",
        &format!("'{TOPIC}b'"),
        &format!("'{TOPIC}c'"),
    );
    let plan = world.plan().await.plan;
    assert_eq!(
        calls(&plan),
        ["UpdateConstraint", "DeleteConstraint", "DeleteConstraint"]
    );
    world.apply().await;
    let observed = world.plan().await.observed;
    let after = live(&observed);
    assert_eq!(after.len(), 2, "{after:?}");
    assert_eq!(
        after[0].1,
        format!("{{\"NotificationArns\":[\"{TOPIC}a\",\"{TOPIC}c\"]}}")
    );
    assert_eq!(after[1].1, rule, "the one that is right is left as it is");
    world.expect_empty_plan().await;
}

/// The service takes no stack set beside a launch role: the one goes, then the other comes, in one pass and both ways.
#[tokio::test(start_paused = true)]
async fn a_stack_set_takes_the_place_of_a_launch_role_and_back() {
    let [.., (stack_set, ..)] = types();
    let world = world(Profile::Instant, FORMER);
    world.apply().await;
    for (from, to, kind) in [
        (FORMER, stack_set.as_str(), "STACKSET"),
        (&stack_set, FORMER, "LAUNCH"),
    ] {
        world.edit("catalog.yaml", from, to);
        let plan = world.plan().await.plan;
        let at = |wanted: fn(&Op) -> bool| plan.steps.iter().find(|s| wanted(&s.op)).unwrap();
        let made = plan
            .steps
            .iter()
            .find(|s| matches!(&s.op, Op::CreateConstraint { kind: k, .. } if k == kind));
        let gone =
            at(|op| matches!(op, Op::DeleteConstraint { kind, .. } if kind != "RESOURCE_UPDATE"));
        let made = made.unwrap();
        assert!(
            made.needs.contains(&gone.id) && gone.id < made.id,
            "{plan:#?}"
        );
        world.apply().await;
        let observed = world.plan().await.observed;
        assert!(live(&observed).iter().any(|(k, _)| *k == kind));
        world.expect_empty_plan().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_product_leaves_a_portfolio_with_all_its_constraints() {
    let [(topics, ..), (rules, ..), _] = types();
    let world = world(Profile::Instant, &format!("{FORMER}{topics}{rules}"));
    world.apply().await;
    world.edit(
        "catalog.yaml",
        &format!(
            "  portfolios:\n    - portfolio: net\n      constraints:\n{FORMER}{topics}{rules}"
        ),
        "  portfolios: []\n",
    );
    world.calls();
    world.apply().await;
    let gone = [
        ("DeleteConstraint", 4),
        ("DisassociateProductFromPortfolio", 1),
    ];
    assert_eq!(
        writes(&world),
        gone.map(|(call, n)| (call.to_owned(), n)).into()
    );
    world.expect_empty_plan().await;
}

/// Promise 1: a constraint that could not be read, or a list of them that failed, removes nothing.
#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_removes_no_constraint() {
    let [(topics, ..), (rules, ..), _] = types();
    let world = world(Profile::Instant, &format!("{FORMER}{topics}{rules}"));
    world.apply().await;
    world.edit("catalog.yaml", &format!("{topics}{rules}"), "");
    for read in ["ListConstraintsForPortfolio", "DescribeConstraint"] {
        let fault = world
            .emulator
            .inject(Rule::always(Effect::AccessDenied).on(read));
        world.calls();
        world.process().await.apply(&world.desired()).await;
        assert_eq!(writes(&world), [].into(), "{read}");
        assert!(fault.fired() > 0);
        fault.remove();
    }
    world.apply().await;
    assert_eq!(writes(&world), [("DeleteConstraint".to_owned(), 2)].into());
}

/// Nothing becomes a stack set whose manifest does not say so.
#[tokio::test(start_paused = true)]
async fn nothing_is_launched_as_a_stack_set_unasked() {
    let [.., (stack_set, ..)] = types();
    let world = World::new();
    world
        .write("catalog.yaml", CATALOG.replace(FORMER, &stack_set))
        .write("size.yaml", SIZE);
    let converged = world.process().await.apply(&world.desired()).await;
    super::kit::expect_blocked(
        &converged.pass,
        "provisioned-product/hub",
        catalogd::plan::BlockedCode::StackSet,
        &["portfolio/net", "stack set"],
        "catalog.yaml",
    );
    assert_eq!(writes(&world).get("ProvisionProduct"), None);
}

/// One commit that changes the constraints and launches for the first time: what is launched is what git says then, and not
/// what the constraints that go would have made of it.
#[tokio::test(start_paused = true)]
async fn what_is_launched_with_a_commit_that_takes_constraints_away_is_as_git_says() {
    let [(topics, ..), (rules, ..), (stack_set, ..)] = types();
    let launched = CATALOG
        .split_once("---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct")
        .map(|(_, hub)| hub)
        .unwrap();
    let launched = format!("---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct{launched}");
    let launched = launched.replace("Size: one", "Size: four");
    let as_set = format!("{launched}  stackSet: {{}}\n");
    let cases = [
        // Nothing comes in place of the stack set.
        (format!("{stack_set}{rules}"), UPDATES.to_owned(), &launched),
        (stack_set.clone(), FORMER.to_owned(), &launched),
        (FORMER.to_owned(), stack_set.clone(), &as_set),
        // The launch would be refused by a rule that goes, and its stack would tell a topic that goes.
        (format!("{topics}{rules}"), FORMER.to_owned(), &launched),
    ];
    for (before, after, launched) in cases {
        let world = world(Profile::Instant, &before);
        world.apply().await;
        world.edit("catalog.yaml", &before, &after);
        let catalog = world.text("catalog.yaml");
        world.write("catalog.yaml", format!("{catalog}{launched}"));
        let ended = world.process().await.apply(&world.desired()).await;
        let hub = status(&ended.pass, "provisioned-product/hub");
        assert!(hub.is_well(), "{before} then {after}: {hub:#?}");
        let live = provisioned(&ended.pass.observed, "hub");
        assert_eq!(live.kind == "CFN_STACKSET", launched == &as_set, "{live:?}");
        let told = live.stack.iter().flat_map(|o| &o.notification_arns);
        assert_eq!(told.count(), 0, "{live:?}");
        world.expect_empty_plan().await;
    }
}

/// What a source with an error keeps counts as there: nothing becomes a stack set by a constraint that should have gone.
#[tokio::test(start_paused = true)]
async fn a_constraint_that_can_not_go_yet_is_reckoned_with() {
    let [.., (stack_set, ..)] = types();
    for after in [UPDATES, FORMER] {
        let world = world(Profile::Instant, &stack_set);
        world.apply().await;
        world.write("catalog.yaml", CATALOG.replace(FORMER, after));
        world.write(
            "broken.yaml",
            "apiVersion: catalogd.dev/v1\nkind: Nothing\n",
        );
        let desired = world.load().desired;
        let ended = world.process().await.apply(&desired).await;
        super::kit::expect_blocked(
            &ended.pass,
            "provisioned-product/hub",
            catalogd::plan::BlockedCode::StackSet,
            &["portfolio/net", "stack set"],
            "catalog.yaml",
        );
        world.write("broken.yaml", "");
        world.apply().await;
        let observed = world.plan().await.observed;
        assert_eq!(provisioned(&observed, "hub").kind, "CFN_STACK");
    }
}

/// The real service: slow, inconsistent, throttled, with lost answers. Each is there once, as git has it.
#[tokio::test(start_paused = true)]
async fn an_unkind_service_makes_every_constraint_once() {
    let [(topics, more, ..), (rules, others, ..), _] = types();
    let all = format!("{FORMER}{topics}{rules}");
    let world = world(Profile::Aws, &all);
    let faults: Vec<_> = ["CreateConstraint", "UpdateConstraint", "DeleteConstraint"]
        .into_iter()
        .flat_map(|call| {
            let lost = Rule::always(Effect::DropAfter).on(call).times(2);
            let busy = Rule::always(Effect::Throttle).on(call).chance(0.3);
            [world.emulator.inject(lost), world.emulator.inject(busy)]
        })
        .collect();
    world.apply().await;
    world
        .edit("catalog.yaml", &topics, &more)
        .edit("catalog.yaml", &rules, &others);
    world.apply().await;
    world.edit("catalog.yaml", &others, "");
    world.apply().await;
    assert!(faults.iter().step_by(2).all(|lost| lost.fired() == 2));
    faults.into_iter().for_each(|fault| fault.remove());
    world.clock.sleep(std::time::Duration::from_secs(30)).await;
    world.expect_empty_plan().await;
    let observed = world.plan().await.observed;
    let kinds: Vec<_> = live(&observed).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["LAUNCH", "NOTIFICATION", "RESOURCE_UPDATE"]);
}
