//! Provisioned products: launch paths, parameters, tags, what waits, what is replaced.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{PortfolioId, ProvisionedProductId, VersionId};
use crate::model::desired::{Guidance, ParameterValue, Principal, TagUpdates};
use crate::model::observed::{ProvisionedStatus, Running};
use crate::model::owner::tag_key;
use crate::plan::op::{Op, ParameterArg};
use crate::plan::{Failed, Shown};
use crate::render::testing::*;

/// The parameters of the one update or launch in a plan, as they would be logged.
fn sent(world: &World) -> String {
    let plan = world.plan();
    let mut ops = plan.steps.iter().map(|s| &s.op);
    let found = ops.find_map(|op| match op {
        Op::UpdateProvisioned {
            parameters, tags, ..
        } => Some(format!("{parameters:?} tags {tags:?}")),
        Op::Provision {
            parameters, tags, ..
        } => Some(format!("{parameters:?} tags {tags:?}")),
        _ => None,
    });
    found.unwrap_or_default()
}

#[test]
fn an_update_keeps_what_git_does_not_name() {
    let mut world = World::converged(catalog());
    pp(&mut world.desired, "hub").version = "v2".to_owned();
    let stack = world.provisioned("hub").stack.as_mut().unwrap();
    let extra = |k: &str, v: &str| (k.to_owned(), v.to_owned());
    stack.parameters.extend([
        extra("Cidr", " 10.0.0.0/16 "),
        extra("Old", "1"),
        extra("PeerVpc", "vpc-9"),
    ]);
    insta::assert_snapshot!(world.text(), @r##"
      ~ provisioned-product/hub  (git changed)
          ~ version: v1 → v2
          note: parameter Old goes: version "v2" does not have it

      … provisioned-product/spoke  (waits)
          … parameter PeerVpc needs output VpcId of provisioned-product/hub, which changes in this plan

    Plan: 0 to create, 1 to update, 0 to replace; 1 call. 1 waiting.
    "##);
    insta::assert_snapshot!(sent(&world), @r##"{"Cidr": "10.0.0.0/16", "Password": (secret), "PeerVpc": (previous)} tags Some({"catalogd:provisioned-product": "default/123456789012/us-east-1/hub", "env": "prod"})"##);
}

#[test]
fn masked_values_are_compared_by_the_base_alone() {
    let mut world = World::converged(catalog());
    let stack = world.provisioned("hub").stack.as_mut().unwrap();
    stack
        .parameters
        .insert("Password".to_owned(), "****".to_owned());
    assert!(!world.plan().has_changes(), "git said the same before");
    let changed = |world: &mut World| {
        let wanted = pp(&mut world.desired, "hub").parameters.as_mut().unwrap();
        wanted.insert("Password".to_owned(), literal("correct horse"));
    };
    changed(&mut world);
    insta::assert_snapshot!(world.text(), @r##"
      ~ provisioned-product/hub  (git changed)
          ~ parameter Password: (secret) → (secret)

      … provisioned-product/spoke  (waits)
          … parameter PeerVpc needs output VpcId of provisioned-product/hub, which changes in this plan

    Plan: 0 to create, 1 to update, 0 to replace; 1 call. 1 waiting.
    "##);
    let shown = format!(
        "{:?}\n{}",
        world.plan(),
        crate::render::json::plan(&world.plan())
    );
    assert!(!shown.contains("correct horse") && !shown.contains("hunter2"));
    world.base = None;
    assert!(
        !world.plan().has_changes(),
        "without a base nothing says that it changed"
    );
    let key = crate::ids::Key::new(crate::ids::Kind::ProvisionedProduct, name("hub"));
    world.policy.resend_secrets.insert(key);
    assert!(world.plan().has_changes());
}

#[test]
fn a_secret_goes_along_with_another_change() {
    let mut world = World::converged(catalog());
    let wanted = pp(&mut world.desired, "hub").parameters.as_mut().unwrap();
    wanted.insert("Cidr".to_owned(), literal("10.1.0.0/16"));
    let plan = world.plan();
    let op = plan.steps.iter().find_map(|s| match &s.op {
        Op::UpdateProvisioned { parameters, .. } => Some(parameters.clone()),
        _ => None,
    });
    let secret = ParameterArg::Secret("hunter2".to_owned());
    assert_eq!(op.unwrap()["Password"], secret);
}

#[test]
fn secrets_move_no_digest_and_no_token() {
    let digest = |secret: &str| {
        let mut world = World::empty(catalog());
        let wanted = pp(&mut world.desired, "hub").parameters.as_mut().unwrap();
        wanted.insert("Password".to_owned(), literal(secret));
        let plan = world.plan();
        let tokens: Vec<_> = plan.steps.iter().map(|s| s.op.token()).collect();
        (plan.digest, tokens)
    };
    assert_eq!(digest("one"), digest("two"));
}

#[test]
fn tags_change_only_where_a_constraint_allows() {
    let mut world = World::converged(catalog());
    let live = &mut world.provisioned("hub").tags;
    live.insert("env".to_owned(), "test".to_owned());
    live.insert("aws:servicecatalog:x".to_owned(), "1".to_owned());
    live.insert("inherited".to_owned(), "kept".to_owned());
    insta::assert_snapshot!(world.text(), @r##"
      ~ provisioned-product/hub  (drifted)
          ~ tag env: test → prod

      … provisioned-product/spoke  (waits)
          … parameter PeerVpc needs output VpcId of provisioned-product/hub, which changes in this plan

    Plan: 0 to create, 1 to update, 0 to replace; 1 call. 1 waiting.
    "##);
    insta::assert_snapshot!(sent(&world), @r##"{"Cidr": "10.0.0.0/16", "Password": (secret)} tags Some({"catalogd:provisioned-product": "default/123456789012/us-east-1/hub", "env": "prod", "inherited": "kept"})"##);
    let forbid = |world: &mut World| {
        let wanted = vpc(&mut world.desired).portfolios.as_mut().unwrap();
        let association = wanted.get_mut(&name("net")).unwrap();
        let constraints = association.constraints.as_mut().unwrap();
        constraints.tag_updates = Some(TagUpdates::NotAllowed);
    };
    forbid(&mut world);
    insta::assert_snapshot!(world.text(), @r##"
      ~ product/vpc  (git changed)
          ~ portfolio net tagUpdates: allowed → notAllowed

      ! provisioned-product/hub  (blocked)
          ! tag-update: tags.env can't be changed: portfolio/net does not allow it; add `tagUpdates: allowed` to the product's constraints there

    Plan: 0 to create, 1 to update, 0 to replace; 1 call. 1 blocked.
    "##);
    pp(&mut world.desired, "hub").version = "v2".to_owned();
    insta::assert_snapshot!(sent(&world), @r##"{"Cidr": "10.0.0.0/16", "Password": (secret)} tags None"##);
}

#[test]
fn what_needs_a_changing_output_waits() {
    let mut world = World::converged(catalog());
    pp(&mut world.desired, "hub").version = "v2".to_owned();
    pp(&mut world.desired, "spoke").version = "v1".to_owned();
    insta::assert_snapshot!(world.text(), @r##"
      ~ provisioned-product/hub  (git changed)
          ~ version: v1 → v2

      … provisioned-product/spoke  (waits)
          … parameter PeerVpc needs output VpcId of provisioned-product/hub, which changes in this plan

    Plan: 0 to create, 1 to update, 0 to replace; 1 call. 1 waiting.
    "##);
}

#[test]
fn an_output_that_moved_updates_what_needs_it() {
    let mut world = World::converged(catalog());
    let stack = world.provisioned("hub").stack.as_mut().unwrap();
    stack.outputs.insert("VpcId".to_owned(), "vpc-2".to_owned());
    insta::assert_snapshot!(world.text(), @r##"
      ~ provisioned-product/spoke  (differs)
          ~ parameter PeerVpc: value-of-VpcId → vpc-2

    Plan: 0 to create, 1 to update, 0 to replace; 1 call.
    "##);
    let stack = world.provisioned("hub").stack.as_mut().unwrap();
    stack.outputs = BTreeMap::from([("Other".to_owned(), "x".to_owned())]);
    pp(&mut world.desired, "spoke").version = "v1".to_owned();
    insta::assert_snapshot!(world.text(), @r##"
      ! provisioned-product/spoke  (blocked)
          ! dependency: parameter PeerVpc needs output VpcId of provisioned-product/hub, which has none of that name: it has Other (catalog.yaml:61:3)

    No changes can be made now. 1 blocked.
    "##);
}

#[test]
fn a_dependency_holds_back_changes_alone() {
    let mut world = World::converged(catalog());
    let spoke = pp(&mut world.desired, "spoke");
    spoke.parameters = None;
    spoke.depends_on = BTreeSet::from([name("hub")]);
    world.provisioned("hub").status = ProvisionedStatus::UnderChange;
    insta::assert_snapshot!(world.text(), @r##"
      … provisioned-product/hub  (waits)
          … a change of it is under way (rec-hub)

    No changes can be made now. 1 waiting.
    "##);
    pp(&mut world.desired, "spoke").version = "v1".to_owned();
    insta::assert_snapshot!(world.text(), @r##"
      … provisioned-product/hub  (waits)
          … a change of it is under way (rec-hub)

      … provisioned-product/spoke  (waits)
          … it depends on provisioned-product/hub, which waits itself

    No changes can be made now. 2 waiting.
    "##);
    world.provisioned("hub").status = ProvisionedStatus::Tainted;
    world.provisioned("hub").status_message = Some("rolled back".to_owned());
    insta::assert_snapshot!(world.text(), @r##"
      ! provisioned-product/spoke  (blocked)
          ! dependency: it depends on provisioned-product/hub, which is TAINTED (catalog.yaml:50:3)

    No changes can be made now. 1 blocked.
    "##);
}

#[test]
fn a_broken_upstream_blocks_what_needs_it() {
    let mut world = World::empty(catalog());
    let key = crate::ids::Key::new(crate::ids::Kind::ProvisionedProduct, name("hub"));
    world.desired.provisioned.remove(&name("hub"));
    world.desired.broken.insert(key);
    let plan = world.plan();
    let spoke = plan.object(crate::ids::Kind::ProvisionedProduct, &name("spoke"));
    insta::assert_snapshot!(spoke.unwrap().blocked[0].message, @r##"parameter PeerVpc needs output VpcId of provisioned-product/hub, which has an error in its manifest (catalog.yaml:61:3)"##);
    insta::assert_snapshot!(world.status(), @r##"
    portfolio/net  OutOfSync Missing
    product/vpc  OutOfSync Missing
    provisioned-product/spoke  OutOfSync Missing  dependency: parameter PeerVpc needs output VpcId of provisioned-product/hub, which has an error in its manifest (catalog.yaml:61:3)
    provisioned-product/hub  Unknown Unknown  its manifest has an error
    4 objects: 0 synced and healthy, 3 out of sync, 1 unknown, 3 missing, 1 blocked.
    "##);
}

#[test]
fn a_cycle_is_blocked_and_no_loop() {
    let mut world = World::empty(catalog());
    let wanted = pp(&mut world.desired, "hub");
    wanted.depends_on = BTreeSet::from([name("spoke")]);
    let blocked = world
        .plan()
        .objects
        .iter()
        .filter(|o| !o.blocked.is_empty())
        .count();
    assert_eq!(blocked, 2);
}

#[test]
fn states_that_are_waited_on() {
    let mut world = World::converged(catalog());
    world.provisioned("hub").status = ProvisionedStatus::Unknown("NEW_WORD".to_owned());
    world.provisioned("spoke").status = ProvisionedStatus::PlanInProgress;
    insta::assert_snapshot!(world.text(), @r##"
      … provisioned-product/hub  (waits)
          … its status is "NEW_WORD", which is not known

      … provisioned-product/spoke  (waits)
          … a plan of somebody else's holds it

    No changes can be made now. 2 waiting.
    "##);
    insta::assert_snapshot!(world.status(), @r##"
    provisioned-product/hub  OutOfSync Unknown  NEW_WORD; its status is "NEW_WORD", which is not known
    provisioned-product/spoke  OutOfSync Progressing  PLAN_IN_PROGRESS; a plan of somebody else's holds it
    4 objects: 2 synced and healthy, 2 out of sync, 1 progressing.
    "##);
}

#[test]
fn tainted_as_git_wants_it_is_degraded_and_left() {
    let mut world = World::converged(catalog());
    let live = world.provisioned("spoke");
    live.status = ProvisionedStatus::Tainted;
    live.status_message = Some("The following resource(s) failed to update: [X].".to_owned());
    live.version = VersionId::new("pa-vpc-v1");
    assert!(
        !world.plan().has_changes(),
        "the last success decides, not the detail"
    );
    insta::assert_snapshot!(world.status(), @r##"
    provisioned-product/spoke  Synced Degraded  TAINTED: The following resource(s) failed to update: [X].
    4 objects: 3 synced and healthy, 1 degraded.
    "##);
}

#[test]
fn tainted_otherwise_is_updated_unless_the_same_just_failed() {
    let mut world = World::converged(catalog());
    let live = world.provisioned("spoke");
    live.status = ProvisionedStatus::Tainted;
    live.status_message = Some("rolled back".to_owned());
    live.running.as_mut().unwrap().version = VersionId::new("pa-vpc-v1");
    let plan = world.plan();
    let update = plan
        .steps
        .iter()
        .find(|s| s.op.call() == "UpdateProvisionedProduct")
        .unwrap();
    let failed = Failed {
        request: update.op.request(),
        retry_at: "2026-01-01T01:00:00Z".parse().unwrap(),
        reason: "rolled back".to_owned(),
        advice: "mend the template in a new version".to_owned(),
    };
    world.policy.failed.insert(update.object.clone(), failed);
    // The failed attempt left a record, so the token of the next would be another: the request is still the same.
    world.provisioned("spoke").last_record = Some("rec-failed".into());
    insta::assert_snapshot!(world.text(), @r##"
      ! provisioned-product/spoke  (stalled)
          ~ version: v1 → v2
          ! stalled: rolled back
            mend the template in a new version

    No changes can be made now. 1 stalled.
    "##);
    insta::assert_snapshot!(world.status(), @r##"
    provisioned-product/spoke  OutOfSync Degraded  TAINTED: rolled back; stalled: mend the template in a new version
    4 objects: 3 synced and healthy, 1 out of sync, 1 degraded, 1 stalled.
    "##);
    world.now = "2026-01-01T01:00:00Z".parse().unwrap();
    assert!(world.plan().has_changes(), "it is tried again in the end");
    world.now = "2026-01-01T00:00:00Z".parse().unwrap();
    pp(&mut world.desired, "spoke").parameters = None;
    assert!(
        world.plan().has_changes(),
        "another request is made at once"
    );
}

fn never_succeeded(world: &mut World, token: Option<String>) {
    let live = world.provisioned("hub");
    live.status = ProvisionedStatus::Error;
    live.status_message = Some("AmazonCloudFormationException  boom".to_owned());
    live.ever_succeeded = false;
    live.running = None;
    live.idempotency_token = token;
}

#[test]
fn a_launch_that_failed_is_replaced_when_it_would_differ() {
    let mut first = World::converged(catalog());
    first.observed.provisioned.clear();
    let plan = first.plan();
    let launch = plan
        .steps
        .iter()
        .find(|s| s.op.call() == "ProvisionProduct")
        .unwrap();
    let token = launch.op.token().unwrap().to_string();

    let mut world = World::converged(catalog());
    world
        .observed
        .provisioned
        .remove(&ProvisionedProductId::new("pp-spoke"));
    never_succeeded(&mut world, Some(token.clone()));
    insta::assert_snapshot!(world.text(), @r##"
      ! provisioned-product/hub  (stalled)
          ! stalled: AmazonCloudFormationException  boom
            the same launch would fail again: mend the template in a new version, or the parameters (catalog.yaml:50:3)

      ! provisioned-product/spoke  (blocked)
          ! dependency: parameter PeerVpc needs output VpcId of provisioned-product/hub, which is stalled (AmazonCloudFormationException  boom) (catalog.yaml:61:3)

    No changes can be made now. 1 blocked, 1 stalled.
    "##);
    insta::assert_snapshot!(world.status(), @r##"
    provisioned-product/hub  OutOfSync Degraded  ERROR: AmazonCloudFormationException  boom; stalled: the same launch would fail again: mend the template in a new version, or the parameters (catalog.yaml:50:3)
    provisioned-product/spoke  OutOfSync Missing  dependency: parameter PeerVpc needs output VpcId of provisioned-product/hub, which is stalled (AmazonCloudFormationException  boom) (catalog.yaml:61:3)
    4 objects: 2 synced and healthy, 2 out of sync, 1 degraded, 1 missing, 1 blocked, 1 stalled.
    "##);

    pp(&mut world.desired, "hub").version = "v2".to_owned();
    insta::assert_snapshot!(world.text(), @r##"
    -/+ provisioned-product/hub  (its launch failed; terminated and launched again)
          + product: vpc
          + version: v2
          + portfolio: net
          + parameter Cidr: 10.0.0.0/16
          + parameter Password: (secret)
          + tags env=prod

      … provisioned-product/spoke  (waits)
          … parameter PeerVpc needs output VpcId of provisioned-product/hub, which changes in this plan

    Plan: 0 to create, 0 to update, 1 to replace; 2 calls. 1 waiting.
    "##);
    insta::assert_snapshot!(world.calls().join("\n"), @r##"
    TerminateProvisionedProduct provisioned-product/hub needs []
    ProvisionProduct provisioned-product/hub needs [0]
    "##);
    let plan = world.plan();
    let again = plan
        .steps
        .iter()
        .find(|s| s.op.call() == "ProvisionProduct")
        .unwrap();
    assert_ne!(again.op.token().unwrap().as_str(), token);
}

#[test]
fn a_new_secret_is_another_launch() {
    let mut first = World::converged(catalog());
    first.observed.provisioned.clear();
    let plan = first.plan();
    let launch = plan
        .steps
        .iter()
        .find(|s| s.op.call() == "ProvisionProduct")
        .unwrap();
    let token = launch.op.token().unwrap().to_string();
    let mut world = World::converged(catalog());
    never_succeeded(&mut world, Some(token));
    assert!(!world.plan().has_changes());
    let wanted = pp(&mut world.desired, "hub").parameters.as_mut().unwrap();
    wanted.insert("Password".to_owned(), literal("another"));
    assert!(world.plan().has_changes());
}

#[test]
fn ours_by_its_token_without_a_tag() {
    let mut world = World::converged(catalog());
    let prefix = world.identity.token_prefix(&name("hub"));
    let live = world.provisioned("hub");
    live.tags
        .remove(tag_key(crate::ids::Kind::ProvisionedProduct));
    live.idempotency_token = Some(format!("{prefix}0011"));
    assert_eq!(
        world.text(),
        "No changes. The catalog matches the manifests.\n"
    );
    world.provisioned("hub").idempotency_token = Some("somebody".to_owned());
    world.desired.provisioned.remove(&name("spoke"));
    insta::assert_snapshot!(world.text(), @r##"
      ! provisioned-product/hub  (blocked)
          ! foreign-owner: a provisioned product called "hub" is there already (pp-hub) and is not ours: give this one another spec.name (catalog.yaml:50:3)

    Orphaned (ours, no longer in git, left alone):
          provisioned-product/spoke  pp-spoke  spoke

    No changes can be made now. 1 blocked, 1 orphaned.
    "##);
}

#[test]
fn a_name_never_changes() {
    let mut world = World::converged(catalog());
    pp(&mut world.desired, "hub").live_name = "renamed".to_owned();
    insta::assert_snapshot!(world.text(), @r##"
      ! provisioned-product/hub  (blocked)
          ! immutable-name: it is called "hub" and can't be renamed to "renamed": put the old name back in spec.name (catalog.yaml:50:3)

    No changes can be made now. 1 blocked.
    "##);
}

#[test]
fn versions_that_can_not_be_launched() {
    let mut world = World::converged(catalog());
    world.observed.provisioned.clear();
    vpc(&mut world.desired).versions[0].guidance = Some(Guidance::Deprecated);
    vpc(&mut world.desired).versions[1].active = false;
    let spoke = pp(&mut world.desired, "spoke");
    spoke.parameters = None;
    insta::assert_snapshot!(world.text(), @r##"
      ~ product/vpc  (git changed)
          ~ version v1 guidance: DEFAULT → DEPRECATED
          ~ version v2 active: true → false

      ! provisioned-product/hub  (blocked)
          ! version-state: version "v1" of product/vpc is deprecated, so it takes no new launches: name another in spec.version (catalog.yaml:50:3)

      ! provisioned-product/spoke  (blocked)
          ! version-state: version "v2" of product/vpc is inactive: name another in spec.version (catalog.yaml:50:3)

    Plan: 0 to create, 1 to update, 0 to replace; 2 calls. 2 blocked.
    "##);
}

#[test]
fn a_deprecated_version_may_be_updated_to() {
    let mut world = World::converged(catalog());
    vpc(&mut world.desired).versions[1].guidance = Some(Guidance::Deprecated);
    pp(&mut world.desired, "hub").version = "v2".to_owned();
    let hub = world.plan();
    let hub = hub.object(crate::ids::Kind::ProvisionedProduct, &name("hub"));
    assert_eq!(hub.unwrap().steps.len(), 1);
}

#[test]
fn launch_paths_are_computed() {
    let mut world = World::converged(catalog());
    world.observed.provisioned.clear();
    world.desired.provisioned.remove(&name("spoke"));
    let hub_blocked = |world: &World| {
        let plan = world.plan();
        let hub = plan
            .object(crate::ids::Kind::ProvisionedProduct, &name("hub"))
            .unwrap();
        hub.blocked
            .iter()
            .map(|b| b.message.clone())
            .collect::<Vec<_>>()
            .join("\n")
    };
    let net = world.desired.portfolios.get_mut(&name("net")).unwrap();
    net.principals.as_mut().unwrap().remove(&Principal::Caller);
    world.portfolio("net").principals.clear();
    insta::assert_snapshot!(hub_blocked(&world), @r##"arn:aws:iam::123456789012:role/Deploy has no launch path to product/vpc: add `- self: true` to spec.principals of portfolio/net (catalog.yaml:3:3)"##);
    pp(&mut world.desired, "hub").portfolio = Some(name("net"));
    insta::assert_snapshot!(hub_blocked(&world), @r##"arn:aws:iam::123456789012:role/Deploy may not launch from portfolio/net: add `- self: true` to its spec.principals (catalog.yaml:3:3)"##);
    pp(&mut world.desired, "hub").portfolio = Some(name("apps"));
    insta::assert_snapshot!(hub_blocked(&world), @r##"product/vpc is not in portfolio/apps: add `- portfolio: apps` to its spec.portfolios (catalog.yaml:20:3)"##);

    let mut world = World::converged(catalog());
    world.observed.provisioned.clear();
    world.desired.provisioned.remove(&name("spoke"));
    let mut other = world.portfolio("net").clone();
    other.id = PortfolioId::new("port-other");
    other.display_name = "Other".to_owned();
    other.tags.clear();
    world.observed.portfolios.insert(other.id.clone(), other);
    insta::assert_snapshot!(hub_blocked(&world), @r##"product/vpc can be launched from portfolio/net and port-other: say which with spec.portfolio (catalog.yaml:50:3)"##);
    pp(&mut world.desired, "hub").portfolio = Some(name("net"));
    assert_eq!(hub_blocked(&world), "");
    let twin = PortfolioId::new("port-other");
    world
        .observed
        .portfolios
        .get_mut(&twin)
        .unwrap()
        .display_name = "NET".to_owned();
    insta::assert_snapshot!(hub_blocked(&world), @r##"portfolio/net and port-other both have the display name "NET", so a launch path by name is ambiguous: rename one"##);
}

#[test]
fn a_product_is_changed_in_place() {
    let mut world = World::converged(catalog());
    let mut other = product_of("other", &["net"], vec![]);
    other.versions = vpc(&mut world.desired).versions.clone();
    world.desired.products.insert(name("other"), other);
    pp(&mut world.desired, "hub").product = name("other");
    world.desired.provisioned.remove(&name("spoke"));
    let plan = world.plan();
    let hub = plan
        .object(crate::ids::Kind::ProvisionedProduct, &name("hub"))
        .unwrap();
    let shown: Vec<_> = hub
        .changes
        .iter()
        .map(|c| (c.field.as_str(), &c.before, &c.after))
        .collect();
    let text = |s: &str| Shown::text(s);
    assert_eq!(shown[0], ("product", &text("vpc"), &text("other")));
    assert!(plan.steps.iter().any(
        |s| matches!(&s.op, Op::UpdateProvisioned { product, .. } if product.step().is_some())
    ));
}

#[test]
fn an_output_of_a_stack_that_is_not_read_is_not_guessed() {
    let mut world = World::converged(catalog());
    world.provisioned("hub").stack = None;
    pp(&mut world.desired, "hub").parameters = None;
    insta::assert_snapshot!(world.text(), @r##"
      … provisioned-product/spoke  (waits)
          … parameter PeerVpc needs output VpcId of provisioned-product/hub: its stack is not to be seen yet

    No changes can be made now. 1 waiting.
    "##);
    let value = ParameterValue::Literal("x".to_owned());
    assert_ne!(value, output("hub", "VpcId").value);
}

#[test]
fn the_detail_counts_where_nothing_is_known_to_have_succeeded() {
    let mut world = World::converged(catalog());
    world.provisioned("hub").running = None;
    assert!(!world.plan().has_changes());
    world.provisioned("hub").running = Some(Running {
        product: "prod-vpc".into(),
        version: "pa-vpc-v2".into(),
    });
    assert!(world.plan().has_changes());
}
