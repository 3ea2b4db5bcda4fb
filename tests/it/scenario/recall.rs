//! What a process remembers of earlier passes: what that spares, how soon drift is found all the same, and that nothing is
//! ever done on the strength of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use aws_sdk_servicecatalog::Client;
use aws_sdk_servicecatalog::types::{ServiceActionDefinitionKey, Tag};
use catalogd::emulator::faults::{Effect, Rule};
use catalogd::execute::progress::Quiet;
use catalogd::model::observed::{LivePortfolio, LiveProduct, Observed};
use catalogd::reconcile::Pass;
use catalogd::render::status::oldest_read;
use catalogd::render::text::Style;
use tokio_util::sync::CancellationToken;

use super::kit::{SIZE, calls, status, writes};
use super::preempt::{Repo, Told, daemon};
use crate::world::{Process, World};

/// Of each kind: enough that a pass's tenth is not all of them.
const EACH: usize = 20;
/// After so many passes everything has had its turn.
const TENTHS: usize = 10;

fn catalog() -> String {
    let mut text = "apiVersion: catalogd.dev/v1\nkind: TagOption\nmetadata: {name: env-prod}\nspec: {key: env, value: prod}\n".to_owned();
    for n in 0..EACH {
        write!(
            text,
            "---\napiVersion: catalogd.dev/v1\nkind: ServiceAction\nmetadata: {{name: a{n}}}\n\
             spec: {{definition: {{name: AWS-RestartEC2Instance, version: \"1\"}}}}\n\
             ---\napiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {{name: p{n}}}\nspec:\n  providerName: Us\n  \
             principals: [{{self: true}}]\n  shares: [{{account: '410987654321'}}]\n\
             ---\napiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: x{n}}}\nspec:\n  owner: Us\n  \
             description: What it is\n  tags: {{team: net}}\n  tagOptions: [env-prod]\n  budgets: [monthly]\n  \
             serviceActions: [a{n}]\n  portfolios: [{{portfolio: p{n}, constraints: {{launch: {{localRoleName: L}}}}}}]\n  \
             versions: [{{name: v1, template: size.yaml}}]\n"
        )
        .unwrap();
    }
    text
}

async fn applied() -> World {
    let world = World::new();
    world
        .write("catalog.yaml", catalog())
        .write("size.yaml", SIZE);
    world.apply().await;
    world.expect_empty_plan().await;
    world
}

/// A process that remembers, after its first pass.
async fn process(world: &World) -> (Process, Pass) {
    let mut process = world.process().await;
    process.reconciler.spare_reads();
    let first = pass(world, &mut process).await;
    assert!(!first.plan.has_changes() && !first.observed.read.rests_on_memory());
    (process, first)
}

/// The next pass, five minutes later.
async fn pass(world: &World, process: &mut Process) -> Pass {
    world.clock.sleep(Duration::from_secs(300)).await;
    process.reconciler.plan(&world.desired(), None).await
}

async fn execute(process: &mut Process, pass: &Pass) {
    let stop = CancellationToken::new();
    let outcome = process.reconciler.execute(&pass.plan, &stop, &Quiet).await;
    assert!(outcome.is_complete());
}

/// The product whose turn comes last: a pass reads those first that it read longest ago, and of these the first by id.
fn last(seen: &Observed) -> &LiveProduct {
    seen.products.values().next_back().unwrap()
}

fn last_portfolio(seen: &Observed) -> &LivePortfolio {
    seen.portfolios.values().next_back().unwrap()
}

/// Somebody's hand on the object of a kind whose turn comes last, and the call that puts it right.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Hand {
    Description,
    Tag,
    Mark,
    Version,
    TagOption,
    Budget,
    Constraint,
    Definition,
    Offer,
    Share,
}

impl Hand {
    /// What every pass reads, or sees to have changed.
    const AT_ONCE: [Self; 3] = [Self::Description, Self::Tag, Self::Version];
    /// What has its turn.
    const IN_TENTHS: [Self; 6] = [
        Self::TagOption,
        Self::Budget,
        Self::Constraint,
        Self::Definition,
        Self::Offer,
        Self::Share,
    ];

    fn call(self) -> &'static str {
        match self {
            Self::Description | Self::Tag | Self::Mark => "UpdateProduct",
            Self::Version => "UpdateProvisioningArtifact",
            Self::TagOption => "AssociateTagOptionWithResource",
            Self::Budget => "AssociateBudgetWithResource",
            Self::Constraint => "UpdateConstraint",
            Self::Definition => "UpdateServiceAction",
            Self::Offer => "BatchAssociateServiceActionWithProvisioningArtifact",
            Self::Share => "CreatePortfolioShare",
        }
    }

    async fn lay(self, sc: &Client, seen: &Observed) {
        let product = last(seen);
        let id = product.id.as_str();
        let version = product.versions[0].id.as_str();
        match self {
            Self::Description => {
                let request = sc.update_product().id(id).description("By hand");
                request.send().await.unwrap();
            }
            Self::Tag => {
                let tag = Tag::builder().key("team").value("theirs").build().unwrap();
                let request = sc.update_product().id(id).add_tags(tag);
                request.send().await.unwrap();
            }
            Self::Mark => {
                let mark = product.tags.keys().find(|key| key.starts_with("catalogd:"));
                let request = sc.update_product().id(id).remove_tags(mark.unwrap());
                request.send().await.unwrap();
            }
            Self::Version => {
                let request = sc.update_provisioning_artifact().product_id(id);
                let request = request.provisioning_artifact_id(version).active(false);
                request.send().await.unwrap();
            }
            Self::TagOption => {
                let option = product.tag_options.keys().next().unwrap().as_str();
                let request = sc.disassociate_tag_option_from_resource().resource_id(id);
                request.tag_option_id(option).send().await.unwrap();
            }
            Self::Budget => {
                let request = sc.disassociate_budget_from_resource().resource_id(id);
                request.budget_name("monthly").send().await.unwrap();
            }
            Self::Constraint => {
                let all = seen.portfolios.values();
                let id = all.flat_map(|p| p.constraints.keys()).max().unwrap();
                let request = sc.update_constraint().id(id.as_str());
                let request = request.parameters(r#"{"LocalRoleName": "ByHand"}"#);
                request.send().await.unwrap();
            }
            Self::Definition => {
                let action = seen.service_actions.keys().next_back().unwrap();
                let request = sc.update_service_action().id(action.as_str());
                let (name, version): (String, String) =
                    ("AWS-RestartEC2Instance".into(), "2".into());
                let request = request
                    .definition(ServiceActionDefinitionKey::Name, name)
                    .definition(ServiceActionDefinitionKey::Version, version);
                request.send().await.unwrap();
            }
            Self::Offer => {
                let action = seen.service_actions.values().next_back().unwrap();
                let (product, version) = action.versions.first().unwrap();
                let request = sc
                    .disassociate_service_action_from_provisioning_artifact()
                    .service_action_id(action.id.as_str())
                    .product_id(product.as_str())
                    .provisioning_artifact_id(version.as_str());
                request.send().await.unwrap();
            }
            Self::Share => {
                let request = sc
                    .delete_portfolio_share()
                    .portfolio_id(last_portfolio(seen).id.as_str())
                    .account_id("410987654321");
                request.send().await.unwrap();
            }
        }
    }
}

/// The hand is found after so many passes, and undone by its call alone.
async fn expect_found(hand: Hand, passes: usize) {
    let world = applied().await;
    let (mut process, first) = process(&world).await;
    hand.lay(&world.console(), &first.observed).await;
    let mut number = 0;
    let found = loop {
        number += 1;
        let pass = pass(&world, &mut process).await;
        if pass.plan.has_changes() {
            break pass;
        }
        assert!(number < passes, "{hand:?} was not found");
        assert!(pass.observed.read.rests_on_memory(), "{hand:?}");
    };
    assert_eq!(number, passes, "{hand:?}");
    // Nothing is done on the strength of what is remembered.
    assert!(!found.observed.read.rests_on_memory(), "{hand:?}");
    assert_eq!(calls(&found.plan), [hand.call()], "{hand:?}");
    world.calls();
    execute(&mut process, &found).await;
    assert_eq!(
        writes(&world),
        [(hand.call().to_owned(), 1)].into(),
        "{hand:?}"
    );
    // Whatever was written is read again.
    let after = pass(&world, &mut process).await;
    assert!(!after.plan.has_changes(), "{hand:?}");
    assert!(!after.observed.read.rests_on_memory(), "{hand:?}");
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn what_lists_show_is_found_by_the_next_pass() {
    for hand in Hand::AT_ONCE {
        expect_found(hand, 1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_list_shows_is_found_within_ten_passes() {
    for hand in Hand::IN_TENTHS {
        expect_found(hand, TENTHS).await;
    }
}

/// A new process, as `plan` and `apply` are, reads everything; and so does every pass of one that was not told to spare.
#[tokio::test(start_paused = true)]
async fn a_new_process_remembers_nothing() {
    for hand in Hand::AT_ONCE.into_iter().chain(Hand::IN_TENTHS) {
        let world = applied().await;
        let mut lasting = world.process().await;
        let first = pass(&world, &mut lasting).await;
        hand.lay(&world.console(), &first.observed).await;
        for found in [world.plan().await, pass(&world, &mut lasting).await] {
            assert_eq!(calls(&found.plan), [hand.call()], "{hand:?}");
        }
    }
}

/// A product that is no longer ours is let go of at once, and is not written to.
#[tokio::test(start_paused = true)]
async fn a_mark_that_goes_is_missed_by_the_next_pass() {
    let world = applied().await;
    let (mut process, first) = process(&world).await;
    let id = last(&first.observed).id.clone();
    Hand::Mark.lay(&world.console(), &first.observed).await;
    let pass = pass(&world, &mut process).await;
    assert!(!pass.observed.read.rests_on_memory());
    assert!(
        pass.observed.products[&id]
            .tags
            .keys()
            .all(|key| !key.starts_with("catalogd:"))
    );
}

#[tokio::test(start_paused = true)]
async fn who_reads_what_earlier_says_since_when() {
    let world = applied().await;
    let (mut process, first) = process(&world).await;
    let read = first.observed.read.at.unwrap();
    assert!(
        first
            .statuses
            .iter()
            .all(|s| s.last_verified_at == Some(read))
    );
    assert_eq!(oldest_read(&first.statuses), None);

    let second = pass(&world, &mut process).await;
    let now = second.observed.read.at.unwrap();
    assert_eq!(now.duration_since(read).as_secs(), 300);
    let verified = |pass: &Pass, key: &str| status(pass, key).last_verified_at;
    let owner = |key: String| {
        let own = |s: &&catalogd::status::ObjectStatus| s.id.as_deref() == Some(key.as_str());
        second.statuses.iter().find(own).unwrap().last_verified_at
    };
    // The first of each kind had their turn, the last did not; what every pass reads is new.
    let seen = &second.observed;
    assert_eq!(owner(last(seen).id.to_string()), Some(read));
    assert_eq!(owner(last_portfolio(seen).id.to_string()), Some(read));
    let first_of = seen.portfolios.keys().next().unwrap();
    assert_eq!(owner(first_of.to_string()), Some(now));
    assert_eq!(verified(&second, "tag-option/env-prod"), Some(now));
    assert_eq!(oldest_read(&second.statuses), Some(read));
    let mut oldest = read;
    for _ in 0..2 * TENTHS {
        let pass = pass(&world, &mut process).await;
        let at = oldest_read(&pass.statuses).unwrap();
        assert!(at >= oldest);
        oldest = at;
        let age = pass.observed.read.at.unwrap().duration_since(at).as_secs();
        assert!(age <= 300 * (TENTHS as i64 - 1), "{age} s");
    }

    // What is not well is read in every pass, and what could not be read is not verified at all.
    let denied = Rule::always(Effect::AccessDenied).on("ListProvisioningArtifacts");
    let rule = world.emulator.inject(denied);
    let blind = pass(&world, &mut process).await;
    assert_eq!(verified(&blind, "product/x0"), None);
    let shown = catalogd::render::status::status(&blind.statuses, Style::default());
    assert!(!shown.contains("last verified"), "{shown}");
    rule.remove();
    let seeing = pass(&world, &mut process).await;
    let now = seeing.observed.read.at;
    let products = seeing
        .statuses
        .iter()
        .filter(|s| s.key.to_string().starts_with("product/"));
    assert!(
        products
            .into_iter()
            .all(|s| seeing.observed.read.products.is_empty() && s.last_verified_at <= now)
    );
}

/// Removals that rest on something remembered are looked into first: what is not there is not removed, and what can't be
/// read any more stays.
#[tokio::test(start_paused = true)]
async fn nothing_is_removed_on_the_strength_of_what_is_remembered() {
    let shared = "  shares: [{account: '410987654321'}]\n";
    let world = applied().await;
    let (mut process, first) = process(&world).await;
    Hand::Share.lay(&world.console(), &first.observed).await;
    // All but the one that is gone are taken away.
    process.reconciler.allow_removals(Some(10 * EACH));
    world.write("catalog.yaml", catalog().replace(shared, "  shares: []\n"));
    let found = pass(&world, &mut process).await;
    assert_eq!(calls(&found.plan), vec!["DeletePortfolioShare"; EACH - 1]);
    assert!(!found.observed.read.rests_on_memory());

    for (read, from, to) in [
        (
            "DescribeConstraint",
            ", constraints: {launch: {localRoleName: L}}",
            ", constraints: {}",
        ),
        ("DescribePortfolioShares", shared, "  shares: []\n"),
        (
            "DescribeProductAsAdmin",
            "  budgets: [monthly]\n",
            "  budgets: []\n",
        ),
        (
            "ListProvisioningArtifactsForServiceAction",
            "  serviceActions: [a1]\n",
            "  serviceActions: []\n",
        ),
    ] {
        let world = applied().await;
        let (mut process, _) = self::process(&world).await;
        process.reconciler.allow_removals(Some(10 * EACH));
        let all = catalog();
        assert!(all.contains(from), "{from}");
        world.write("catalog.yaml", all.replace(from, to));
        for effect in [Effect::AccessDenied, Effect::InternalFailure] {
            let rule = Rule::always(effect).on(read);
            let rule = world.emulator.inject(rule);
            // Most of it is remembered, and says that there is much to be taken away.
            let blind = pass(&world, &mut process).await;
            assert!(!blind.plan.gaps.is_empty(), "{read}");
            assert_eq!(calls(&blind.plan), Vec::<&str>::new(), "{read}");
            rule.remove();
            let seeing = pass(&world, &mut process).await;
            assert!(seeing.plan.has_changes(), "{read}");
            assert!(!seeing.observed.read.rests_on_memory(), "{read}");
        }
    }
}

/// What the tagging API does not tell is no absence; where it is not to be had everything is read.
#[tokio::test(start_paused = true)]
async fn without_tags_at_once_everything_is_read_and_nothing_is_missing() {
    let world = applied().await;
    let (mut process, _) = process(&world).await;
    for effect in [Effect::AccessDenied, Effect::InternalFailure] {
        let rule = world
            .emulator
            .inject(Rule::always(effect).on("GetResources"));
        world.calls();
        let pass = pass(&world, &mut process).await;
        assert_eq!(world.calls()["DescribeProductAsAdmin"], EACH);
        assert!(!pass.plan.has_changes() && pass.observed.gaps.is_empty());
        assert!(pass.observed.read.products.is_empty());
        rule.remove();
    }
    world.calls();
    pass(&world, &mut process).await;
    assert!(world.calls()["DescribeProductAsAdmin"] <= EACH / TENTHS);
}

/// A read that fails for a moment leaves nothing remembered: the next pass reads everything.
#[tokio::test(start_paused = true)]
async fn after_a_failed_read_everything_is_read() {
    let world = applied().await;
    let (mut process, _) = process(&world).await;
    assert!(
        pass(&world, &mut process)
            .await
            .observed
            .read
            .rests_on_memory()
    );
    let fail = Rule::always(Effect::InternalFailure).on("ListPrincipalsForPortfolio");
    let rule = world.emulator.inject(fail);
    assert!(!pass(&world, &mut process).await.plan.gaps.is_empty());
    rule.remove();
    let next = pass(&world, &mut process).await;
    assert!(!next.observed.read.rests_on_memory() && next.plan.gaps.is_empty());
}

/// The daemon spares its reads, and a new revision is planned from what is read then.
#[tokio::test(start_paused = true)]
async fn the_daemon_spares_reads_until_git_moves() {
    let world = applied().await;
    let repo = Repo::new();
    repo.commit(&[("catalog.yaml", &catalog()), ("size.yaml", SIZE)]);
    let (told, stop) = (Told::default(), CancellationToken::new());
    world.calls();
    let script = async {
        told.until(&world, "settled true").await;
        let first = world.calls();
        assert_eq!(first["DescribeProductAsAdmin"], EACH);
        assert_eq!(first.get("GetResources"), None);
        let settled = told.count("settled true");
        while told.count("settled true") == settled {
            world.clock.sleep(Duration::from_secs(1)).await;
        }
        let second: BTreeMap<String, usize> = world.calls();
        assert_eq!(second["DescribeProductAsAdmin"], EACH / TENTHS);
        assert_eq!(second["GetResources"], 1);
        repo.commit(&[(
            "catalog.yaml",
            &catalog().replacen("What it is", "What it was", 1),
        )]);
        told.until(&world, "planned UpdateProduct").await;
        // One reading for the plan and one after it; none before that began with what was remembered.
        let third = world.calls();
        assert!(third["ListPortfolios"] <= 2, "{third:#?}");
        assert_eq!(third.get("GetResources"), None);
        stop.cancel();
    };
    tokio::join!(daemon(&world, &repo, &told, &stop), script);
}
