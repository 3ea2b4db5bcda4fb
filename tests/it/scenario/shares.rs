//! Shares of portfolios: with accounts, which accept them, and with the organization, where the service works on.

use std::path::Path;
use std::time::Duration;

use aws_sdk_servicecatalog::types::DescribePortfolioShareType;
use catalogd::emulator::faults::{Effect, Rule};
use catalogd::emulator::{Profile, seed};
use catalogd::model::observed::LiveShare;
use catalogd::model::owner::Installation;
use catalogd::model::share::Recipient;
use catalogd::plan::{BlockedCode, Reason};

use super::kit::{calls, status, writes};
use crate::world::World;

/// An organization with a unit, an account in it and one beside it. A portfolio of somebody's tells the ids.
const ORGANIZATION: &str = r#"
- {service: organizations, operation: CreateOrganization, as: org}
- {service: organizations, operation: ListRoots, as: roots}
- service: organizations
  operation: CreateOrganizationalUnit
  as: unit
  input: {ParentId: "${roots.Roots.0.Id}", Name: apps}
- service: organizations
  operation: CreateAccount
  ids: ["210987654321"]
  input: {AccountName: app, Email: app@example.com}
- service: organizations
  operation: CreateAccount
  ids: ["310987654321"]
  input: {AccountName: other, Email: other@example.com}
- service: organizations
  operation: MoveAccount
  input:
    AccountId: "210987654321"
    SourceParentId: "${roots.Roots.0.Id}"
    DestinationParentId: "${unit.OrganizationalUnit.Id}"
- {service: servicecatalog, operation: EnableAWSOrganizationsAccess}
- service: servicecatalog
  operation: CreatePortfolio
  ids: [port-telltalesaa2a]
  input: {DisplayName: Tell tale, ProviderName: them}
- service: servicecatalog
  operation: CreatePortfolioShare
  input:
    PortfolioId: port-telltalesaa2a
    OrganizationNode: {Type: ORGANIZATION, Value: "${org.Organization.Id}"}
- service: servicecatalog
  operation: CreatePortfolio
  ids: [port-telltalesbb2a]
  input: {DisplayName: Other tale, ProviderName: them}
- service: servicecatalog
  operation: CreatePortfolioShare
  input:
    PortfolioId: port-telltalesbb2a
    OrganizationNode: {Type: ORGANIZATIONAL_UNIT, Value: "${unit.OrganizationalUnit.Id}"}
"#;

const CATALOG: &str = r#"apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec:
  providerName: Platform
  shares:
    - account: "410987654321"
    - organization: ORG
      sharePrincipals: true
    - organizationalUnit: UNIT
      shareTagOptions: true
"#;

const CREATE: &str = "CreatePortfolioShare";
const UPDATE: &str = "UpdatePortfolioShare";
const DELETE: &str = "DeletePortfolioShare";

/// Makes the account an organization's; the ids of that and of its unit.
pub async fn organized(world: &World) -> (String, String) {
    seed::load_text(&world.emulator, ORGANIZATION, Path::new(""))
        .await
        .unwrap();
    let node = async |of: &str, kind: DescribePortfolioShareType| {
        let sc = world.console();
        let request = sc.describe_portfolio_shares().r#type(kind);
        let shares = request.portfolio_id(of).send().await;
        let shares = shares.unwrap();
        shares.portfolio_share_details()[0]
            .principal_id()
            .unwrap()
            .to_owned()
    };
    world.clock.sleep(Duration::from_secs(10)).await;
    let organization = node(
        "port-telltalesaa2a",
        DescribePortfolioShareType::Organization,
    )
    .await;
    let unit = node(
        "port-telltalesbb2a",
        DescribePortfolioShareType::OrganizationalUnit,
    )
    .await;
    (organization, unit)
}

pub(super) async fn unapplied(profile: Profile, number: u64) -> World {
    let world = World::with(profile, number);
    let (organization, unit) = organized(&world).await;
    let text = CATALOG.replace("ORG", &organization).replace("UNIT", &unit);
    world.write("catalog.yaml", text);
    world
}

async fn applied() -> World {
    let world = unapplied(Profile::Local, 1).await;
    world.apply().await;
    world.expect_empty_plan().await;
    world.calls();
    world
}

/// Those of our portfolio: the recipient's kind, and what is shared.
async fn shares(world: &World) -> Vec<(Recipient, LiveShare)> {
    let seen = world.plan().await.observed;
    let mut all = seen.portfolios.into_values();
    let ours = all.find(|p| p.display_name == "net").unwrap();
    ours.shares.unwrap().into_iter().collect()
}

async fn expect_converged(world: &World) {
    let shares = shares(world).await;
    let seen: Vec<_> = shares
        .iter()
        .map(|(_, s)| (s.accepted, s.tag_options, s.principals))
        .collect();
    assert_eq!(
        seen,
        [
            (false, false, false),
            (true, false, true),
            (true, true, false)
        ]
    );
    world.expect_empty_plan().await;
}

/// One action at a time, each followed to its end.
#[tokio::test(start_paused = true)]
async fn a_portfolio_is_shared_with_accounts_and_the_organization() {
    let world = unapplied(Profile::Local, 1).await;
    world.calls();
    let busy = "Cannot process more than one portfolio share action";
    world.apply().await;
    let refused = world.emulator.calls().iter().any(|call| {
        matches!(&call.outcome, catalogd::emulator::Outcome::Refused(_, code) if code == "InvalidStateException")
    });
    assert!(!refused, "{busy}");
    let made = world.calls();
    assert_eq!(made[CREATE], 3);
    assert!(made["DescribePortfolioShareStatus"] >= 2, "{made:?}");
    expect_converged(&world).await;
    // What it takes to see that nothing is to be done: three listings more than without shares.
    world.calls();
    world.plan().await;
    let calls = world.calls();
    assert_eq!(calls["DescribePortfolioShares"], 3);
    // Who has not accepted yet is told, and is no difference.
    let pass = world.plan().await;
    let object = status(&pass, "portfolio/net");
    assert_eq!(
        object.message.as_deref(),
        Some("not accepted yet by 410987654321")
    );
    assert!(object.is_well());
    assert!(pass.plan.objects[0].notes[0].contains("410987654321"));
}

#[tokio::test(start_paused = true)]
async fn each_change_in_git_is_one_call() {
    let world = applied().await;
    for (from, to, call) in [
        (
            "      sharePrincipals: true\n",
            "      sharePrincipals: false\n",
            UPDATE,
        ),
        // Left out is left alone.
        ("      sharePrincipals: false\n", "", ""),
        (
            "    - account: \"410987654321\"\n",
            "    - account: \"410987654321\"\n      shareTagOptions: true\n",
            UPDATE,
        ),
        (
            "    - account: \"410987654321\"\n      shareTagOptions: true\n",
            "",
            DELETE,
        ),
        (
            "  shares:\n",
            "  shares:\n    - account: \"510987654321\"\n",
            CREATE,
        ),
    ] {
        world.edit("catalog.yaml", from, to);
        world.calls();
        world.apply().await;
        let wanted = Some((call.to_owned(), 1)).filter(|(call, _)| !call.is_empty());
        assert_eq!(writes(&world), wanted.into_iter().collect(), "{to:?}");
        world.expect_empty_plan().await;
    }
    let text = "apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {name: net}\nspec: {providerName: Platform}\n";
    world.write("catalog.yaml", text);
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [].into(), "left out is left alone");
    world.write(
        "catalog.yaml",
        text.replace("Platform", "Platform, shares: []"),
    );
    world.apply().await;
    assert_eq!(
        writes(&world),
        [(DELETE.to_owned(), 3)].into(),
        "empty ends all"
    );
    assert_eq!(shares(&world).await, []);
}

#[tokio::test(start_paused = true)]
async fn what_is_changed_by_hand_shows_and_is_put_back() {
    let world = applied().await;
    let (base, sc) = (world.desired(), world.console());
    let seen = world.plan().await.observed;
    let portfolio = seen.portfolios.values().find(|p| p.display_name == "net");
    let id = portfolio.unwrap().id.to_string();
    let theirs = sc.create_portfolio_share().portfolio_id(&id);
    theirs.account_id("510987654321").send().await.unwrap();
    let flag = sc.update_portfolio_share().portfolio_id(&id);
    let flag = flag.account_id("410987654321").share_tag_options(true);
    flag.send().await.unwrap();
    // Without a word in git a flag is nobody's.
    world.edit(
        "catalog.yaml",
        "410987654321\"\n",
        "410987654321\"\n      shareTagOptions: false\n",
    );
    let mut process = world.process().await;
    let desired = world.desired();
    let pass = process.reconciler.plan(&desired, Some(&desired)).await;
    let changes: Vec<_> = pass.plan.objects.iter().flat_map(|o| &o.changes).collect();
    let shown: Vec<_> = changes
        .iter()
        .map(|c| (c.field.as_str(), c.before.words(), c.after.words()))
        .collect();
    assert_eq!(
        shown,
        [
            (
                "shares[account 410987654321].shareTagOptions",
                "true",
                "false"
            ),
            ("shares[account 510987654321]", "shared", "(none)"),
        ]
    );
    assert!(changes.iter().all(|c| c.reason == Reason::Drifted));
    assert_eq!(calls(&pass.plan), [UPDATE, DELETE]);
    world.apply().await;
    expect_converged(&world).await;
    // One that was ended by hand is made again, though the old token is long used.
    let Some((with, _)) = shares(&world).await.pop() else {
        panic!()
    };
    let node = aws_sdk_servicecatalog::types::OrganizationNode::builder()
        .r#type(aws_sdk_servicecatalog::types::OrganizationNodeType::OrganizationalUnit)
        .value(with.id())
        .build();
    let end = sc
        .delete_portfolio_share()
        .portfolio_id(&id)
        .organization_node(node);
    end.send().await.unwrap();
    world.clock.sleep(Duration::from_secs(10)).await;
    let pass = process.reconciler.plan(&base, Some(&base)).await;
    assert_eq!(calls(&pass.plan), [CREATE]);
    world.apply().await;
    expect_converged(&world).await;
}

/// Somebody else's action is waited for; one's own that a dead process began is too.
#[tokio::test(start_paused = true)]
async fn another_action_under_way_is_waited_for() {
    let world = unapplied(Profile::Aws, 5).await;
    let sc = world.console();
    let node = world.desired().portfolios.into_values().next().unwrap();
    let unit = node.shares.unwrap().into_keys().next_back().unwrap();
    let unit = aws_sdk_servicecatalog::types::OrganizationNode::builder()
        .r#type(aws_sdk_servicecatalog::types::OrganizationNodeType::OrganizationalUnit)
        .value(unit.id())
        .build();
    let theirs = sc
        .update_portfolio_share()
        .portfolio_id("port-telltalesbb2a");
    theirs
        .organization_node(unit)
        .share_tag_options(true)
        .send()
        .await
        .unwrap();
    world.apply().await;
    world.clock.sleep(Duration::from_secs(10)).await;
    expect_converged(&world).await;
}

/// The accounts that were not reached are named with the service's words, once: it keeps them nowhere else.
#[tokio::test(start_paused = true)]
async fn accounts_that_are_not_reached_are_named() {
    let world = unapplied(Profile::Local, 1).await;
    let fails = Effect::FailSharing {
        error: "ThrottlingException".to_owned(),
        message: "Rate exceeded".to_owned(),
    };
    let fault = world.emulator.inject(Rule::always(fails).on(CREATE).nth(2));
    let mut process = world.process().await;
    let pass = process.reconciler.plan(&world.desired(), None).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let quiet = &catalogd::execute::progress::Quiet;
    let outcome = process.reconciler.execute(&pass.plan, &stop, quiet).await;
    assert_eq!(fault.fired(), 1);
    let failures: Vec<_> = outcome
        .failures()
        .map(|(_, f)| f.failure.to_string())
        .collect();
    assert_eq!(failures.len(), 1, "{failures:?}");
    for words in [
        "CreatePortfolioShare",
        "210987654321",
        "ThrottlingException: Rate exceeded",
    ] {
        assert!(failures[0].contains(words), "{failures:?}");
    }
    // The others went on.
    assert_eq!(outcome.done(), pass.plan.steps.len() - 1);
}

#[tokio::test(start_paused = true)]
async fn without_access_to_the_organization_it_stalls_and_says_so() {
    let world = World::new();
    let text = CATALOG
        .replace("ORG", "o-abcdefghij")
        .replace("UNIT", "ou-abcd-abcdefgh");
    world.write("catalog.yaml", text);
    let mut process = world.process().await;
    process.apply(&world.desired()).await;
    let asked = world.calls()[CREATE];
    let pass = process.reconciler.plan(&world.desired(), None).await;
    let stalled = status(&pass, "portfolio/net").stalled.clone().unwrap();
    assert!(
        stalled.reason.contains("not a member of an organization"),
        "{stalled:?}"
    );
    assert!(
        stalled.advice.contains("EnableAWSOrganizationsAccess"),
        "{stalled:?}"
    );
    assert_eq!(asked, 3, "each once");
    let seen = pass.observed.portfolios.into_values().next().unwrap();
    assert_eq!(
        seen.shares.unwrap().len(),
        1,
        "the account has it all the same"
    );
}

#[tokio::test(start_paused = true)]
async fn none_is_ended_in_doubt_nor_in_a_crowd() {
    let world = applied().await;
    world.edit("catalog.yaml", "    - account: \"410987654321\"\n", "");
    for read in [
        "DescribePortfolioShares",
        "DescribePortfolio",
        "ListPortfolios",
    ] {
        let rule = Rule::always(Effect::AccessDenied).on(read);
        let fault = world.emulator.inject(rule);
        let pass = world.plan().await;
        fault.remove();
        assert_eq!(calls(&pass.plan), [] as [&str; 0], "{read}");
        let blocked = &status(&pass, "portfolio/net").blocked;
        assert_eq!(blocked[0].code, BlockedCode::Gap, "{read}");
    }
    // Whom it is shared with bears on nothing else.
    world.edit("catalog.yaml", "providerName: Platform", "providerName: Us");
    let rule = Rule::always(Effect::AccessDenied).on("DescribePortfolioShares");
    let fault = world.emulator.inject(rule);
    let pass = world.plan().await;
    fault.remove();
    assert_eq!(calls(&pass.plan), ["UpdatePortfolio"]);
    let accounts: String = (0..30)
        .map(|n| format!("    - account: \"4109876543{n:02}\"\n"))
        .collect();
    world.edit(
        "catalog.yaml",
        "  shares:\n",
        &format!("  shares:\n{accounts}"),
    );
    world.apply().await;
    world.edit("catalog.yaml", &accounts, "");
    let pass = world.plan().await;
    assert_eq!(calls(&pass.plan), [] as [&str; 0]);
    let blocked = &status(&pass, "portfolio/net").blocked;
    assert_eq!(blocked[0].code, BlockedCode::RemovalGuard);
}

/// An AWS that lags and throttles, with answers lost on top.
#[tokio::test(start_paused = true)]
async fn shares_converge_on_an_aws_as_slow_as_the_real_one() {
    for number in 1..=4 {
        let world = unapplied(Profile::Aws, number).await;
        for call in [CREATE, UPDATE, DELETE] {
            let rule = Rule::always(Effect::DropAfter).on(call).chance(0.3);
            world.emulator.inject(rule);
        }
        world.apply().await;
        world.clock.sleep(Duration::from_secs(10)).await;
        expect_converged(&world).await;
        world
            .edit(
                "catalog.yaml",
                "      sharePrincipals: true\n",
                "      sharePrincipals: false\n",
            )
            .edit("catalog.yaml", "    - account: \"410987654321\"\n", "");
        world.apply().await;
        world.clock.sleep(Duration::from_secs(10)).await;
        let seen = shares(&world).await;
        assert_eq!(seen.len(), 2);
        assert!(seen.iter().all(|(with, s)| with.is_node() && !s.principals));
        world.expect_empty_plan().await;
    }
}

/// A portfolio that leaves git and says that it goes is shared with nobody before.
#[tokio::test(start_paused = true)]
async fn a_portfolio_that_goes_is_unshared_first() {
    let mut world = unapplied(Profile::Local, 1).await;
    world.installation = Installation::parse("team").unwrap();
    world.edit(
        "catalog.yaml",
        "{name: net}",
        "{name: net, onRemove: delete}",
    );
    world.apply().await;
    world.write(
        "catalog.yaml",
        "apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {name: spare}\nspec: {providerName: Us}\n",
    );
    let rule = Rule::always(Effect::AccessDenied).on("DescribePortfolioShares");
    let fault = world.emulator.inject(rule);
    let pass = world.plan().await;
    fault.remove();
    assert_eq!(calls(&pass.plan), ["CreatePortfolio"]);
    world.calls();
    world.apply().await;
    let made = [(DELETE, 3), ("DeletePortfolio", 1), ("CreatePortfolio", 1)];
    let made = made.map(|(call, count)| (call.to_owned(), count));
    assert_eq!(writes(&world), made.into());
    world.expect_empty_plan().await;
}
