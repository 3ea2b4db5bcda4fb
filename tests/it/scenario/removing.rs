//! Objects that leave git: they stay and are named, unless `onRemove` says that they go; and then only without doubt.

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Faults, Rule};
use catalogd::model::owner::Installation;
use catalogd::plan::{Action, BlockedCode};
use catalogd::reconcile::Pass;
use catalogd::reconcile::converge::End;
use catalogd::render::text::{self, Style};

use super::kit::{CATALOG, Hand, SIZE, calls, one_pass, provisioned, writes};
use crate::world::{World, name};

/// [`CATALOG`] whose objects go with their manifests, under an installation of its own.
fn mortal() -> World {
    with(World::new())
}

fn with(mut world: World) -> World {
    world.installation = Installation::parse("team").unwrap();
    let catalog = ["net", "spare", "vpc", "hub"]
        .iter()
        .fold(CATALOG.to_owned(), |text, name| {
            text.replace(
                &format!("metadata: {{name: {name}}}"),
                &format!("metadata: {{name: {name}, onRemove: delete}}"),
            )
        });
    world
        .write("catalog.yaml", catalog)
        .write("size.yaml", SIZE);
    world
}

/// Something must stay in git: an empty source is an error.
const REST: &str = "apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: rest}
spec: {providerName: Platform}
";

fn shown(pass: &Pass) -> String {
    text::plan(&pass.plan, Style::default())
}

/// The word that an object is blocked by.
fn blocked(pass: &Pass, key: &str) -> Vec<BlockedCode> {
    let mut all = pass.plan.objects.iter();
    let object = all.find(|o| o.key.to_string() == key);
    let object = object.unwrap_or_else(|| panic!("no {key} in {}", shown(pass)));
    object.blocked.iter().map(|b| b.code).collect()
}

/// Everything goes, in the order in which it can, and leaves nothing behind.
#[tokio::test(start_paused = true)]
async fn a_whole_catalog_goes_in_one_plan() {
    let world = mortal();
    world.apply().await;
    world.write("catalog.yaml", REST);
    world.calls();
    let pass = world.plan().await;
    assert_eq!(
        calls(&pass.plan),
        [
            "CreatePortfolio",
            "TerminateProvisionedProduct",
            "DisassociatePrincipalFromPortfolio",
            "DisassociatePrincipalFromPortfolio",
            "DeleteConstraint",
            "DeleteConstraint",
            "DisassociateProductFromPortfolio",
            "DeleteProduct",
            "DeletePortfolio",
            "DeletePortfolio",
        ],
        "{}",
        shown(&pass)
    );
    world.apply().await;
    let pass = world.plan().await;
    assert!(!pass.plan.has_changes(), "{}", shown(&pass));
    let names: Vec<_> = pass
        .observed
        .portfolios
        .values()
        .map(|o| &o.display_name)
        .collect();
    assert_eq!(names, ["rest"]);
    assert!(pass.observed.products.is_empty() && pass.observed.provisioned.is_empty());
    assert!(pass.plan.orphans.is_empty());
}

/// The same where reads lag, calls are throttled and answers are lost.
#[tokio::test(start_paused = true)]
async fn a_whole_catalog_goes_on_an_unkind_aws() {
    for seed in 0..6 {
        let world = with(World::with(Profile::Aws, seed));
        world.apply().await;
        world.write("catalog.yaml", REST);
        let rule = |effect, chance| Rule::always(effect).chance(chance);
        world.emulator.set_faults(Faults {
            rules: vec![
                rule(Effect::Throttle, 0.05),
                rule(Effect::InternalFailure, 0.05),
                rule(Effect::DropAfter, 0.1),
                rule(Effect::DropBefore, 0.05),
            ],
            ..Faults::default()
        });
        let ended = world.process().await.apply(&world.desired()).await;
        world.emulator.set_faults(Faults::default());
        world.clock.sleep(std::time::Duration::from_secs(600)).await;
        assert_eq!(
            ended.end,
            End::Settled,
            "seed {seed}: {}",
            shown(&ended.pass)
        );
        world.apply().await;
        world.clock.sleep(std::time::Duration::from_secs(10)).await;
        let pass = world.plan().await;
        assert_eq!(
            pass.observed.portfolios.len(),
            1,
            "seed {seed}: {}",
            shown(&pass)
        );
        assert!(pass.observed.products.is_empty() && pass.observed.provisioned.is_empty());
    }
}

/// The default: what leaves git stays and is named.
#[tokio::test(start_paused = true)]
async fn what_says_nothing_of_removal_is_retained() {
    let mut world = World::new();
    world.installation = Installation::parse("team").unwrap();
    world
        .write("catalog.yaml", CATALOG)
        .write("size.yaml", SIZE);
    world.apply().await;
    world.write("catalog.yaml", REST);
    world.apply().await;
    let pass = world.plan().await;
    assert_eq!(pass.plan.orphans.len(), 4, "{}", shown(&pass));
    assert_eq!(pass.observed.portfolios.len(), 3);
}

/// What `onRemove` says is kept on the object: it changes by one call, without anything else, and outlives the manifest.
#[tokio::test(start_paused = true)]
async fn on_remove_is_kept_on_the_live_object() {
    let world = mortal();
    world.edit(
        "catalog.yaml",
        "{name: vpc, onRemove: delete}",
        "{name: vpc}",
    );
    world.apply().await;
    world.edit(
        "catalog.yaml",
        "{name: vpc}",
        "{name: vpc, onRemove: delete}",
    );
    world.calls();
    let pass = world.plan().await;
    let text = shown(&pass);
    assert!(text.contains("onRemove: retain → delete"), "{text}");
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [("UpdateProduct".to_owned(), 1)].into());
    world.expect_empty_plan().await;
    // And back again.
    world.edit(
        "catalog.yaml",
        "{name: vpc, onRemove: delete}",
        "{name: vpc}",
    );
    world.apply().await;
    assert_eq!(writes(&world), [("UpdateProduct".to_owned(), 1)].into());
    world.write("catalog.yaml", REST);
    let pass = world.plan().await;
    let vpc = pass.plan.orphans.iter().any(|o| o.key.name == name("vpc"));
    assert!(vpc, "{}", shown(&pass));
}

/// What is let go of keeps its stack, and its product can go once the person says so.
#[tokio::test(start_paused = true)]
async fn what_is_released_keeps_its_stack() {
    let world = mortal();
    world.edit(
        "catalog.yaml",
        "{name: hub, onRemove: delete}",
        "{name: hub, onRemove: release}",
    );
    world.apply().await;
    let pass = world.plan().await;
    let stack = provisioned(&pass.observed, "hub")
        .physical_id
        .clone()
        .unwrap();
    world.write("catalog.yaml", REST);
    let pass = world.plan().await;
    let text = shown(&pass);
    assert!(text.contains("removed from git; let go of"), "{text}");
    assert!(text.contains(&stack), "{text}");
    assert!(text.contains("1 to release"), "{text}");
    world.apply().await;
    let pass = world.plan().await;
    assert!(pass.observed.provisioned.is_empty());
    let stacks = world.cloudformation().describe_stacks().stack_name(&stack);
    let answer = stacks.send().await.unwrap();
    let status = answer.stacks()[0].stack_status().unwrap().as_str();
    assert_eq!(status, "CREATE_COMPLETE");
}

/// What somebody launched keeps the product, and is named.
#[tokio::test(start_paused = true)]
async fn what_is_provisioned_keeps_its_product() {
    let world = mortal();
    world.apply().await;
    let pass = world.plan().await;
    let hand = Hand::new(&world, &pass.observed);
    let launch = world
        .console()
        .provision_product()
        .product_id(&hand.product);
    let launch = launch.provisioning_artifact_id(&hand.versions["v1"]);
    let launch = launch
        .provisioned_product_name("visitor")
        .path_name("Networking");
    launch.provision_token("visit").send().await.unwrap();
    world.clock.sleep(std::time::Duration::from_secs(1)).await;
    world.write("catalog.yaml", REST);
    let ended = world.process().await.apply(&world.desired()).await;
    let pass = ended.pass;
    assert_eq!(blocked(&pass, "product/vpc"), [BlockedCode::InUse]);
    let text = shown(&pass);
    assert!(text.contains("\"visitor\""), "{text}");
    assert_eq!(pass.observed.products.len(), 1);
}

/// Under the default installation nothing is removed: another team's catalog may have the same name.
#[tokio::test(start_paused = true)]
async fn nothing_is_removed_under_the_default_installation() {
    let mut world = mortal();
    world.installation = Installation::default();
    world.apply().await;
    world.write("catalog.yaml", REST);
    world.apply().await;
    world.calls();
    let pass = world.plan().await;
    for key in ["portfolio/net", "product/vpc", "provisioned-product/hub"] {
        assert_eq!(blocked(&pass, key)[0], BlockedCode::DefaultInstallation);
    }
    assert!(!pass.plan.has_changes());
}

/// Every read of a pass, and what may still go while it fails.
const READS: [(&str, &[&str]); 11] = [
    ("ListPortfolios", &[LAUNCHED]),
    ("DescribePortfolio", &[LAUNCHED]),
    ("ListPrincipalsForPortfolio", &[LAUNCHED]),
    ("ListConstraintsForPortfolio", &[LAUNCHED]),
    ("DescribeConstraint", &[LAUNCHED, "DeletePortfolio"]),
    ("SearchProductsAsAdmin", &[LAUNCHED]),
    ("DescribeProductAsAdmin", &[LAUNCHED, "DeletePortfolio"]),
    ("ListProvisioningArtifacts", &[LAUNCHED, "DeletePortfolio"]),
    ("SearchProvisionedProducts", &["DeletePortfolio"]),
    ("DescribeRecord", &["DeletePortfolio"]),
    ("DescribeStacks", &["DeletePortfolio"]),
];
const LAUNCHED: &str = "TerminateProvisionedProduct";
const OBJECTS: [&str; 3] = [LAUNCHED, "DeleteProduct", "DeletePortfolio"];

/// Promise 1: every read of a pass, denied or failing in turn, keeps every object in its scope.
#[tokio::test(start_paused = true)]
async fn nothing_goes_while_a_read_is_in_doubt() {
    for (read, allowed) in READS {
        for effect in [Effect::AccessDenied, Effect::InternalFailure] {
            let world = mortal();
            world.apply().await;
            world.write("catalog.yaml", REST);
            let mut process = world.process_in(None).await;
            let fault = world.emulator.inject(Rule::always(effect).on(read));
            world.calls();
            process.apply(&world.desired()).await;
            let made = writes(&world);
            assert!(fault.fired() > 0, "{read} is not read");
            let gone: Vec<&str> = OBJECTS
                .into_iter()
                .filter(|o| made.contains_key(*o))
                .collect();
            assert_eq!(gone, allowed, "while {read} fails");
        }
    }
}

/// Whose an object is is read again just before each call: who claims it in between keeps it.
#[tokio::test(start_paused = true)]
async fn who_claims_an_object_meanwhile_keeps_it() {
    let world = mortal();
    let text = CATALOG.split("---\n").next().unwrap();
    world.write(
        "catalog.yaml",
        text.replace("{name: net}", "{name: net, onRemove: delete}"),
    );
    world.apply().await;
    world.write("catalog.yaml", REST);
    let mut process = world.process().await;
    let desired = world.desired();
    let pass = process.reconciler.plan(&desired, None).await;
    let id = pass.observed.portfolios.keys().next().unwrap().clone();
    let tag = aws_sdk_servicecatalog::types::Tag::builder()
        .key("catalogd:portfolio")
        .value("other/123456789012/us-east-1/net")
        .build()
        .unwrap();
    let update = world.console().update_portfolio().id(id.as_str());
    update.add_tags(tag).send().await.unwrap();
    world.calls();
    let stop = tokio_util::sync::CancellationToken::new();
    let quiet = catalogd::execute::progress::Quiet;
    let outcome = process.reconciler.execute(&pass.plan, &stop, &quiet).await;
    assert!(outcome.failures().count() > 0);
    let made = writes(&world);
    assert_eq!(made, [("CreatePortfolio".to_owned(), 1)].into());
    let pass = world.plan().await;
    assert!(pass.observed.portfolios.contains_key(&id));
    assert!(!pass.plan.has_changes(), "{}", shown(&pass));
}

/// A removal that fails is kept in mind, and made once it can be.
#[tokio::test(start_paused = true)]
async fn a_removal_that_fails_is_made_later() {
    let world = mortal();
    world.apply().await;
    world.write("catalog.yaml", REST);
    let fault = world
        .emulator
        .inject(Rule::always(Effect::AccessDenied).on("DeleteProduct"));
    let mut process = world.process().await;
    let pass = process.apply(&world.desired()).await.pass;
    let text = shown(&pass);
    assert!(text.contains("product/vpc"), "{text}");
    assert!(text.contains("stalled"), "{text}");
    assert_eq!(pass.observed.products.len(), 1);
    assert_eq!(pass.observed.portfolios.len(), 1, "{text}");
    fault.remove();
    world
        .clock
        .sleep(std::time::Duration::from_secs(3700))
        .await;
    process.apply(&world.desired()).await;
    assert!(world.plan().await.observed.products.is_empty());
}

/// Too many at once need leave, and that is used up by what it allowed.
#[tokio::test(start_paused = true)]
async fn a_crowd_of_objects_needs_leave_once() {
    let mut world = World::new();
    world.installation = Installation::parse("team").unwrap();
    let portfolio = |n: usize| {
        format!(
            "---\napiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {{name: p{n}, onRemove: delete}}\nspec: {{providerName: it}}\n"
        )
    };
    let some = |range: std::ops::Range<usize>| range.map(portfolio).collect::<String>();
    world.write("catalog.yaml", some(0..14));
    world.apply().await;
    world.write("catalog.yaml", some(7..14));
    let mut process = world.process().await;
    let pass = process.apply(&world.desired()).await.pass;
    assert_eq!(blocked(&pass, "portfolio/p0"), [BlockedCode::RemovalGuard]);
    assert!(
        shown(&pass).contains("--allow-deletes 7"),
        "{}",
        shown(&pass)
    );
    let mut process = world.process().await;
    process.reconciler.allow_by_commit("c1", Some(8));
    process.apply(&world.desired()).await;
    assert_eq!(world.plan().await.observed.portfolios.len(), 7);
    // The same commit has one removal left, also in a new process: git is put back and forth.
    world.write("catalog.yaml", some(0..14));
    world.apply().await;
    world.write("catalog.yaml", some(7..14));
    let mut process = world.process().await;
    process.reconciler.allow_by_commit("c1", Some(8));
    let pass = process.apply(&world.desired()).await.pass;
    assert_eq!(blocked(&pass, "portfolio/p0"), [BlockedCode::RemovalGuard]);
    assert_eq!(pass.observed.portfolios.len(), 14);
    // Nor does it allow more once another commit has been read in between.
    for (commit, most) in [("c2", None), ("c3", Some(1)), ("c1", Some(8))] {
        let mut process = world.process().await;
        process.reconciler.allow_by_commit(commit, most);
        let pass = process.apply(&world.desired()).await.pass;
        assert_eq!(blocked(&pass, "portfolio/p0"), [BlockedCode::RemovalGuard]);
    }
    assert_eq!(world.plan().await.observed.portfolios.len(), 14);
}

/// A portfolio that goes takes nothing with it but what is in it: its products stay.
#[tokio::test(start_paused = true)]
async fn a_portfolio_goes_and_its_products_stay() {
    let world = mortal();
    world.apply().await;
    let text = CATALOG.split("---\n").nth(2).unwrap();
    let (head, rest) = text.split_once("  portfolios:").unwrap();
    let versions = rest.split_once("  versions:").unwrap().1;
    world.write("catalog.yaml", format!("{head}  versions:{versions}"));
    world.edit(
        "catalog.yaml",
        "{name: vpc}",
        "{name: vpc, onRemove: delete}",
    );
    // The provisioned product goes in the same plan, and before its portfolio.
    world.apply().await;
    let pass = world.plan().await;
    assert!(pass.observed.portfolios.is_empty(), "{}", shown(&pass));
    assert_eq!(pass.observed.products.len(), 1);
    world.expect_empty_plan().await;
}

/// An import takes no tags: what was last applied says how it goes.
#[tokio::test(start_paused = true)]
async fn without_a_tag_the_base_says_how_it_goes() {
    let world = mortal();
    let desired = world.desired();
    world.apply().await;
    // Something of it stays, or git would look like another source.
    let net = CATALOG.split("---\n").next().unwrap();
    world.write("catalog.yaml", net);
    let mut process = world.process().await;
    let pass = process
        .reconciler
        .plan(&world.desired(), Some(&desired))
        .await;
    let hub = pass.plan.objects.iter().find(|o| o.key.name == name("hub"));
    assert_eq!(hub.unwrap().action, Action::Delete);
}

/// A service action goes with what offers it, and only by the mark that says so.
#[tokio::test(start_paused = true)]
async fn a_service_action_goes_from_the_versions_that_offer_it() {
    let world = mortal();
    let action = |end: &str| {
        format!(
            "---\napiVersion: catalogd.dev/v1\nkind: ServiceAction\nmetadata: {{name: restart{end}}}\nspec:\n  definition: {{name: AWS-RestartEC2Instance, version: \"1\"}}\n"
        )
    };
    let offering = |end: &str| {
        let catalog = CATALOG.replace(
            "  tags: {team: network}\n",
            "  tags: {team: network}\n  serviceActions: [restart]\n",
        );
        format!("{catalog}{}", action(end))
    };
    world.write("catalog.yaml", offering(""));
    world.apply().await;
    // Without the manifest it stays; somebody puts it back where it was.
    world.write("catalog.yaml", CATALOG);
    let pass = world.plan().await;
    let orphan = pass
        .plan
        .orphans
        .iter()
        .any(|o| o.key.name == name("restart"));
    assert!(orphan, "{}", shown(&pass));
    world.write("catalog.yaml", offering(", onRemove: delete"));
    world.apply().await;
    world.write("catalog.yaml", CATALOG);
    world.calls();
    let pass = world.plan().await;
    let text = shown(&pass);
    assert!(
        text.contains("- service-action/restart  (removed from git; deleted)"),
        "{text}"
    );
    world.apply().await;
    let made = writes(&world);
    assert_eq!(
        made["DisassociateServiceActionFromProvisioningArtifact"], 3,
        "{made:?}"
    );
    assert_eq!(made["DeleteServiceAction"], 1, "{made:?}");
    assert_eq!(made.len(), 2, "{made:?}");
    let pass = world.plan().await;
    assert!(pass.observed.service_actions.is_empty() && !pass.plan.has_changes());
}

/// A shared portfolio that goes is shared with nobody by then, so its product goes in the same plan.
#[tokio::test(start_paused = true)]
async fn a_product_goes_with_the_shared_portfolio_that_it_stands_in() {
    let world = mortal();
    let text = world.text("catalog.yaml");
    let shared = "  providerName: Platform\n  shares: [{account: '210987654321'}]\n  tags:";
    world.write(
        "catalog.yaml",
        text.replacen("  providerName: Platform\n  tags:", shared, 1),
    );
    world.apply().await;
    world.write("catalog.yaml", REST);
    let pass = world.plan().await;
    let calls = calls(&pass.plan);
    let at = |call: &str| calls.iter().position(|c| *c == call);
    let order = [
        "DeletePortfolioShare",
        "DisassociateProductFromPortfolio",
        "DeletePortfolio",
        "DeleteProduct",
    ];
    let places: Vec<_> = order.iter().map(|call| at(call)).collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{}",
        shown(&pass)
    );
    assert!(!pass.plan.is_blocked(), "{}", shown(&pass));
    let product = pass
        .plan
        .steps
        .iter()
        .find(|s| s.op.call() == "DeleteProduct");
    let needs = &product.unwrap().needs;
    let gone = pass
        .plan
        .steps
        .iter()
        .find(|s| s.op.call() == "DeletePortfolioShare");
    let gone = gone.map(|share| &share.object).unwrap();
    let ends = pass
        .plan
        .steps
        .iter()
        .filter(|s| s.op.call() == "DeletePortfolio" && s.object == *gone);
    assert!(
        ends.map(|s| s.id).all(|id| needs.contains(&id)),
        "{}",
        shown(&pass)
    );
    one_pass(&world).await;
    let left = world.plan().await;
    assert!(left.observed.products.is_empty(), "one pass is enough");
    world.expect_empty_plan().await;
}

/// What recipients of a share launched can't be seen from here, so a product in a shared portfolio stays.
#[tokio::test(start_paused = true)]
async fn a_product_in_a_shared_portfolio_stays() {
    let world = mortal();
    let parts: Vec<&str> = CATALOG.split("---\n").collect();
    let product = parts[2].replace("{name: vpc}", "{name: vpc, onRemove: delete}");
    world.write("catalog.yaml", format!("{}---\n{product}", parts[0]));
    world.apply().await;
    let pass = world.plan().await;
    let id = pass.observed.portfolios.keys().next().unwrap().to_string();
    let share = world.console().create_portfolio_share().portfolio_id(&id);
    share.account_id("210987654321").send().await.unwrap();
    world.write("catalog.yaml", parts[0]);
    let pass = world.process().await.apply(&world.desired()).await.pass;
    assert_eq!(blocked(&pass, "product/vpc"), [BlockedCode::Shared]);
    let unshare = world.console().delete_portfolio_share().portfolio_id(&id);
    unshare.account_id("210987654321").send().await.unwrap();
    world.apply().await;
    assert!(world.plan().await.observed.products.is_empty());
}
