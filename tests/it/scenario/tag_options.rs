//! TagOptions: made once, found again by key and value, given and taken, deactivated and never deleted.

use std::collections::BTreeSet;
use std::time::Duration;

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};
use catalogd::model::observed::Observed;
use catalogd::model::owner::Installation;
use catalogd::plan::{BlockedCode, Reason, Shown};

use super::kit::{self, SIZE, calls, one_pass, status, writes};
use crate::world::World;

const CATALOG: &str = r#"apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: env-prod}
spec: {key: env, value: prod}
---
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: env-dev, onRemove: delete}
spec: {key: env, value: dev}
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Platform
  tagOptions: [env-prod]
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  tagOptions: [env-dev, env-prod]
  versions: [{name: v1, template: size.yaml}]
"#;

const GIVE: &str = "AssociateTagOptionWithResource";
const TAKE: &str = "DisassociateTagOptionFromResource";
const UPDATE: &str = "UpdateTagOption";
const DEV: &str = "---\napiVersion: catalogd.dev/v1\nkind: TagOption\nmetadata: {name: env-dev, onRemove: delete}\nspec: {key: env, value: dev}\n";

fn unapplied(profile: Profile, seed: u64) -> World {
    let mut world = World::with(profile, seed);
    world.installation = Installation::parse("team").unwrap();
    world
        .write("catalog.yaml", CATALOG)
        .write("size.yaml", SIZE);
    world
}

async fn applied() -> World {
    let world = unapplied(Profile::Instant, 1);
    world.apply().await;
    world.expect_empty_plan().await;
    world.calls();
    world
}

/// The TagOptions of the account, each with whether it is active.
async fn library(world: &World) -> Vec<(String, bool)> {
    let all = world.console().list_tag_options().send().await.unwrap();
    let all = all.tag_option_details().iter();
    let all = all.map(|o| {
        let name = format!("{}={}", o.key().unwrap(), o.value().unwrap());
        (name, o.active().unwrap())
    });
    let mut all: Vec<_> = all.collect();
    all.sort();
    all
}

async fn id(world: &World, value: &str) -> String {
    let all = world.console().list_tag_options().send().await.unwrap();
    let mut all = all.tag_option_details().iter();
    let found = all.find(|o| o.value() == Some(value)).unwrap();
    found.id().unwrap().to_owned()
}

fn given(observed: &Observed) -> (BTreeSet<String>, BTreeSet<String>) {
    let values = |all: &catalogd::model::observed::LiveTagOptions| {
        all.values().map(|o| o.value.clone()).collect()
    };
    let portfolio = observed.portfolios.values().next().unwrap();
    let product = observed.products.values().next().unwrap();
    (values(&portfolio.tag_options), values(&product.tag_options))
}

fn set<const N: usize>(all: [&str; N]) -> BTreeSet<String> {
    all.map(str::to_owned).into()
}

async fn expect_converged(world: &World) {
    let seen = world.plan().await.observed;
    assert_eq!(given(&seen), (set(["prod"]), set(["dev", "prod"])));
    let all = [("env=dev".to_owned(), true), ("env=prod".to_owned(), true)];
    assert_eq!(library(world).await, all);
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn they_are_made_and_given_in_one_plan() {
    let world = unapplied(Profile::Instant, 1);
    let pass = world.plan().await;
    let calls = calls(&pass.plan);
    let at = |call: &str| calls.iter().position(|c| *c == call).unwrap();
    assert!(at("CreateTagOption") < at(GIVE) && at("CreateProduct") < at(GIVE));
    assert_eq!(calls.iter().filter(|c| **c == GIVE).count(), 3);
    world.apply().await;
    expect_converged(&world).await;
}

#[tokio::test(start_paused = true)]
async fn each_change_in_git_is_one_call() {
    let world = applied().await;
    for (from, to, call) in [
        (
            "tagOptions: [env-prod]",
            "tagOptions: [env-prod, env-dev]",
            GIVE,
        ),
        (
            "tagOptions: [env-prod, env-dev]",
            "tagOptions: [env-dev]",
            TAKE,
        ),
        (
            "tagOptions: [env-dev, env-prod]",
            "tagOptions: [env-dev]",
            TAKE,
        ),
        ("value: prod}", "value: prod, active: false}", UPDATE),
        ("value: prod, active: false}", "value: prod}", UPDATE),
        // Left out is left alone; empty clears.
        ("  tagOptions: [env-dev]\n  versions", "  versions", ""),
        ("  versions", "  tagOptions: []\n  versions", TAKE),
    ] {
        world.edit("catalog.yaml", from, to);
        world.apply().await;
        let wanted = Some((call.to_owned(), 1)).filter(|(call, _)| !call.is_empty());
        assert_eq!(writes(&world), wanted.into_iter().collect(), "{to}");
        world.expect_empty_plan().await;
        world.calls();
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_changed_by_hand_shows_and_is_put_back() {
    let world = applied().await;
    let base = world.desired();
    let (sc, prod, dev) = (
        world.console(),
        id(&world, "prod").await,
        id(&world, "dev").await,
    );
    let seen = world.plan().await.observed;
    let portfolio = seen.portfolios.keys().next().unwrap().to_string();
    let drift = async |object: &str, field: &str, before: Shown, after: Shown, call: &str| {
        let mut process = world.process().await;
        let pass = process.reconciler.plan(&base, Some(&base)).await;
        let changed: Vec<_> = pass
            .plan
            .objects
            .iter()
            .filter(|o| !o.changes.is_empty())
            .collect();
        assert_eq!(changed.len(), 1, "{changed:#?}");
        let [change] = changed[0].changes.as_slice() else {
            panic!("{changed:#?}")
        };
        assert_eq!(changed[0].key.to_string(), object);
        assert_eq!(
            (change.field.as_str(), change.reason),
            (field, Reason::Drifted)
        );
        assert_eq!((&change.before, &change.after), (&before, &after));
        world.calls();
        process.apply_over(Some(&base), &base).await;
        assert_eq!(writes(&world), [(call.to_owned(), 1)].into());
        world.expect_empty_plan().await;
    };
    let text = |text: &str| Shown::text(text);
    let request = sc.associate_tag_option_with_resource();
    request
        .resource_id(&portfolio)
        .tag_option_id(&dev)
        .send()
        .await
        .unwrap();
    drift(
        "portfolio/net",
        "tagOptions",
        text("env=dev"),
        Shown::Absent,
        TAKE,
    )
    .await;
    let request = sc.disassociate_tag_option_from_resource();
    request
        .resource_id(&portfolio)
        .tag_option_id(&prod)
        .send()
        .await
        .unwrap();
    drift(
        "portfolio/net",
        "tagOptions",
        Shown::Absent,
        text("env=prod"),
        GIVE,
    )
    .await;
    sc.update_tag_option()
        .id(&prod)
        .active(false)
        .send()
        .await
        .unwrap();
    drift(
        "tag-option/env-prod",
        "active",
        text("false"),
        text("true"),
        UPDATE,
    )
    .await;
}

/// Nothing marks a TagOption: one of the key and value is the one that is meant, whoever made it.
#[tokio::test(start_paused = true)]
async fn one_that_is_there_is_used_and_one_that_was_deleted_is_made_again() {
    let world = unapplied(Profile::Instant, 1);
    let sc = world.console();
    sc.create_tag_option()
        .key("env")
        .value("prod")
        .send()
        .await
        .unwrap();
    world.apply().await;
    assert_eq!(world.calls()["CreateTagOption"], 2, "by hand, and env=dev");
    expect_converged(&world).await;
    let seen = world.plan().await.observed;
    let prod = id(&world, "prod").await;
    let resources = seen.portfolios.keys().map(ToString::to_string);
    for resource in resources.chain(seen.products.keys().map(ToString::to_string)) {
        let request = sc.disassociate_tag_option_from_resource();
        request
            .resource_id(resource)
            .tag_option_id(&prod)
            .send()
            .await
            .unwrap();
    }
    sc.delete_tag_option().id(&prod).send().await.unwrap();
    world.apply().await;
    expect_converged(&world).await;
}

/// Another value is another TagOption: it takes the place of the old one, which goes out of use if its manifest says so.
#[tokio::test(start_paused = true)]
async fn another_value_is_another_one() {
    let world = applied().await;
    world.edit("catalog.yaml", "value: dev", "value: test");
    let converged = world.apply().await;
    assert_eq!(
        writes(&world),
        [("CreateTagOption", 1), (GIVE, 1), (TAKE, 1), (UPDATE, 1)]
            .map(|(call, count)| (call.to_owned(), count))
            .into()
    );
    assert!(converged.passes <= 2, "{} passes", converged.passes);
    let all = [("env=dev", false), ("env=prod", true), ("env=test", true)];
    assert_eq!(
        library(&world).await,
        all.map(|(name, on)| (name.to_owned(), on))
    );
    world.expect_empty_plan().await;
    // The other one is retained.
    world.edit("catalog.yaml", "value: prod", "value: live");
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world).get(UPDATE), None);
    assert!(
        library(&world)
            .await
            .contains(&("env=prod".to_owned(), true))
    );
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn what_leaves_git_is_deactivated_once_nothing_uses_it() {
    let world = applied().await;
    let base = world.desired();
    let sc = world.console();
    let other = sc
        .create_portfolio()
        .display_name("Theirs")
        .provider_name("them");
    let other = other.send().await.unwrap();
    let other = other.portfolio_detail().unwrap().id().unwrap().to_owned();
    let dev = id(&world, "dev").await;
    let request = sc.associate_tag_option_with_resource();
    request
        .resource_id(&other)
        .tag_option_id(&dev)
        .send()
        .await
        .unwrap();
    world.edit("catalog.yaml", DEV, "").edit(
        "catalog.yaml",
        "tagOptions: [env-dev, env-prod]",
        "tagOptions: [env-prod]",
    );
    // Others still use it.
    world.calls();
    let pass = world.apply().await.pass;
    assert_eq!(writes(&world), [(TAKE.to_owned(), 1)].into());
    let note = &pass
        .plan
        .objects
        .iter()
        .find(|o| o.key.to_string() == "tag-option/env-dev");
    assert!(note.unwrap().notes[0].contains(&other), "{note:#?}");
    let request = sc.disassociate_tag_option_from_resource();
    request
        .resource_id(&other)
        .tag_option_id(&dev)
        .send()
        .await
        .unwrap();
    // A process without a memory has the base alone; without either nobody knows whose it was.
    let mut process = world.process_in(None).await;
    let desired = world.desired();
    let pass = process.reconciler.plan(&desired, None).await;
    assert!(!pass.plan.has_changes());
    let pass = process.reconciler.plan(&desired, Some(&base)).await;
    assert_eq!(calls(&pass.plan), [UPDATE]);
    // In doubt of its users, and of the source, it stays.
    for read in [
        "DescribePortfolio",
        "DescribeProductAsAdmin",
        "ListPortfolios",
    ] {
        let denied = Rule::always(Effect::AccessDenied).on(read);
        let fault = world.emulator.inject(denied);
        let pass = world.plan().await;
        fault.remove();
        assert_eq!(calls(&pass.plan), [] as [&str; 0], "{read}");
    }
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [(UPDATE.to_owned(), 1)].into());
    world.expect_empty_plan().await;
}

/// Under the default installation two teams could be each other's orphans.
#[tokio::test(start_paused = true)]
async fn the_default_installation_deactivates_nothing_that_leaves_git() {
    let mut world = unapplied(Profile::Instant, 1);
    world.installation = Installation::default();
    world.apply().await;
    world.edit("catalog.yaml", DEV, "").edit(
        "catalog.yaml",
        "tagOptions: [env-dev, env-prod]",
        "tagOptions: [env-prod]",
    );
    world.calls();
    let pass = world.apply().await.pass;
    assert_eq!(writes(&world), [(TAKE.to_owned(), 1)].into());
    let blocked = &status(&pass, "tag-option/env-dev").blocked;
    assert_eq!(
        blocked[0].code,
        BlockedCode::DefaultInstallation,
        "{blocked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_inactive_one_can_not_be_given() {
    let world = unapplied(Profile::Instant, 1);
    world.edit("catalog.yaml", "value: dev}", "value: dev, active: false}");
    let pass = world.apply().await.pass;
    let words = ["tag-option/env-dev", "inactive"];
    kit::expect_blocked(
        &pass,
        "product/vpc",
        BlockedCode::TagOptionState,
        &words,
        "catalog.yaml",
    );
    assert_eq!(library(&world).await[0], ("env=dev".to_owned(), false));
    world.edit("catalog.yaml", "value: dev, active: false}", "value: dev}");
    world.apply().await;
    expect_converged(&world).await;
    // Once given it stays, active or not.
    world.edit("catalog.yaml", "value: dev}", "value: dev, active: false}");
    world.apply().await;
    let seen = world.plan().await.observed;
    assert_eq!(given(&seen).1, set(["dev", "prod"]));
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_made_or_taken_while_a_read_is_denied() {
    let world = applied().await;
    world
        .edit("catalog.yaml", "value: dev", "value: test")
        .edit(
            "catalog.yaml",
            "  tagOptions: [env-prod]\n---",
            "  tagOptions: []\n---",
        );
    // What is read of the other one may go; that of the portfolio has nothing in its place.
    for (read, made, taken) in [
        ("ListTagOptions", 0, ["portfolio/net"]),
        ("DescribePortfolio", 1, ["product/vpc"]),
        ("DescribeProductAsAdmin", 1, ["portfolio/net"]),
    ] {
        let denied = Rule::always(Effect::AccessDenied).on(read);
        let fault = world.emulator.inject(denied);
        let pass = world.plan().await;
        fault.remove();
        let of = |call: &str| -> Vec<String> {
            let steps = pass.plan.steps.iter();
            let steps = steps.filter(|step| step.op.call() == call);
            steps.map(|step| step.object.to_string()).collect()
        };
        assert_eq!(of("CreateTagOption").len(), made, "{read}");
        assert_eq!(of(TAKE), taken, "{read}");
        assert_eq!(of(UPDATE), [] as [&str; 0], "{read}");
    }
    // What is there is not made again, though the list is not read.
    let denied = Rule::always(Effect::AccessDenied).on("ListTagOptions");
    let fault = world.emulator.inject(denied);
    let pass = one_pass(&world).await;
    fault.remove();
    let blocked = &status(&pass, "tag-option/env-prod").blocked;
    assert_eq!(blocked[0].code, BlockedCode::Gap);
    assert_eq!(library(&world).await.len(), 2);
}

/// Answers are lost after the work is done: nothing is there twice.
#[tokio::test(start_paused = true)]
async fn lost_answers_make_nothing_twice() {
    let world = unapplied(Profile::Instant, 1);
    let lost = ["CreateTagOption", GIVE, TAKE, UPDATE].map(|call| {
        let rule = Rule::always(Effect::DropAfter).on(call).times(2);
        (call, world.emulator.inject(rule))
    });
    world.apply().await;
    expect_converged(&world).await;
    world.edit("catalog.yaml", "value: dev", "value: test");
    world.apply().await;
    for (call, fault) in &lost {
        assert_eq!(fault.fired(), 2, "{call}");
    }
    let all = [("env=dev", false), ("env=prod", true), ("env=test", true)];
    assert_eq!(
        library(&world).await,
        all.map(|(name, on)| (name.to_owned(), on))
    );
    world.expect_empty_plan().await;
}

/// An AWS that lags and throttles, with answers lost on top.
#[tokio::test(start_paused = true)]
async fn they_converge_on_an_aws_as_slow_as_the_real_one() {
    for seed in 1..=4 {
        let world = unapplied(Profile::Aws, seed);
        for call in ["CreateTagOption", GIVE, TAKE] {
            let rule = Rule::always(Effect::DropAfter).on(call).chance(0.2);
            world.emulator.inject(rule);
        }
        world.apply().await;
        world.clock.sleep(Duration::from_secs(10)).await;
        expect_converged(&world).await;
        world.edit("catalog.yaml", "value: dev", "value: test");
        world.apply().await;
        world.clock.sleep(Duration::from_secs(10)).await;
        let all = [("env=dev", false), ("env=prod", true), ("env=test", true)];
        assert_eq!(
            library(&world).await,
            all.map(|(name, on)| (name.to_owned(), on))
        );
        world.expect_empty_plan().await;
    }
}
