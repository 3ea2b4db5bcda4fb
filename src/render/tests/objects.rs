//! Portfolios, products, versions, associations and constraints.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ids::{ConstraintId, PortfolioId, VersionId};
use crate::model::desired::{Guidance, Launch, Principal, TemplateSource};
use crate::model::observed::{LivePrincipal, ReadyStatus};
use crate::model::template::Template;
use crate::render::testing::*;

#[test]
fn a_new_catalog_is_made() {
    let world = World::empty(catalog());
    insta::assert_snapshot!(world.text(), @r##"
      + portfolio/net  (not in the catalog)
          + displayName: NET
          + providerName: Platform
          + description: About net
          + tags cost=12
          + principal arn:aws:iam::123456789012:role/Dev
          + principal arn:aws:iam::123456789012:role/Deploy

      + product/vpc  (not in the catalog)
          + name: VPC
          + owner: Platform
          + support.email: help@example.com
          + tags team=net
          + version v1  templates/v1.yaml
          + version v2  templates/v2.yaml
          + portfolio net  launch: localRoleName SCLaunch, tagUpdates: allowed

      + provisioned-product/hub  (not in the catalog)
          + product: vpc
          + version: v1
          + portfolio: net
          + parameter Cidr: 10.0.0.0/16
          + parameter Password: (secret)
          + tags env=prod

      … provisioned-product/spoke  (waits)
          … parameter PeerVpc needs output VpcId of provisioned-product/hub, which is made in this plan

    Plan: 3 to create, 0 to update, 0 to replace; 14 calls. 1 waiting.
    "##);
    insta::assert_snapshot!(world.calls().join("\n"), @r##"
    CreateBucket product/vpc needs []
    PutPublicAccessBlock product/vpc needs [0]
    PutBucketPolicy product/vpc needs [0, 1]
    PutObject product/vpc needs [2]
    PutObject product/vpc needs [2]
    CreatePortfolio portfolio/net needs []
    CreateProduct product/vpc needs [3]
    CreateProvisioningArtifact product/vpc needs [4, 6]
    AssociateProductWithPortfolio product/vpc needs [5, 6]
    CreateConstraint product/vpc needs [5, 6, 8]
    CreateConstraint product/vpc needs [5, 6, 8]
    AssociatePrincipalWithPortfolio portfolio/net needs [5]
    AssociatePrincipalWithPortfolio portfolio/net needs [5]
    ProvisionProduct provisioned-product/hub needs [5, 6, 8, 9, 10, 12]
    "##);
}

#[test]
fn a_failed_create_is_found_again_by_its_token() {
    let world = World::empty(catalog());
    let tokens = |world: &World| -> Vec<String> {
        let plan = world.plan();
        let tokens = plan.steps.iter().filter_map(|s| s.op.token());
        tokens.map(|token| token.to_string()).collect()
    };
    let mut edited = world.clone();
    vpc(&mut edited.desired).owner = "Somebody else".to_owned();
    assert_eq!(
        tokens(&world)[1],
        tokens(&edited)[1],
        "an edit finds the first attempt"
    );
    let all: BTreeSet<String> = tokens(&world).into_iter().collect();
    assert_eq!(
        all.len(),
        tokens(&world).len(),
        "no two calls share a token"
    );
}

#[test]
fn a_dead_object_gets_another_token() {
    let mut world = World::empty(catalog());
    let create = |world: &World| {
        let plan = world.plan();
        let step = plan.steps.iter().find(|s| s.op.call() == "CreateProduct");
        step.unwrap().op.token().unwrap()
    };
    let first = create(&world);
    let dead = &mut world.policy.dead;
    dead.insert(first.clone(), "prod-1".to_owned());
    let second = create(&world);
    assert_ne!(first, second);
    let dead = &mut world.policy.dead;
    dead.insert(second.clone(), "prod-2".to_owned());
    assert!(![first, second].contains(&create(&world)));
}

#[test]
fn only_what_differs_is_sent_with_its_reason() {
    let mut world = World::converged(catalog());
    let wanted = vpc(&mut world.desired);
    wanted.owner = "Networking".to_owned();
    wanted.support.email = Some(String::new());
    let live = world.product("vpc");
    live.name = "Renamed by hand".to_owned();
    live.description = Some("not managed, so left alone".to_owned());
    insta::assert_snapshot!(world.text(), @r##"
      ~ product/vpc  (git changed and drifted)
          ~ name: Renamed by hand → VPC  (drifted)
          ~ owner: Platform → Networking  (git changed)
          - support.email: help@example.com  (git changed)

    Plan: 0 to create, 1 to update, 0 to replace; 1 call.
    "##);
    world.base = None;
    insta::assert_snapshot!(world.text(), @r##"
      ~ product/vpc  (differs)
          ~ name: Renamed by hand → VPC
          ~ owner: Platform → Networking
          - support.email: help@example.com

    Plan: 0 to create, 1 to update, 0 to replace; 1 call.
    "##);
}

#[test]
fn tags_that_are_listed_are_the_whole_truth() {
    let mut world = World::converged(catalog());
    let live = &mut world.portfolio("net").tags;
    live.insert("aws:x".to_owned(), "kept".to_owned());
    live.insert("stray".to_owned(), "goes".to_owned());
    live.insert("cost".to_owned(), "13".to_owned());
    insta::assert_snapshot!(world.text(), @r##"
      ~ portfolio/net  (drifted)
          - tag stray: goes
          ~ tag cost: 13 → 12

    Plan: 0 to create, 1 to update, 0 to replace; 1 call.
    "##);
    world.desired.portfolios.get_mut(&name("net")).unwrap().tags = None;
    assert!(!world.plan().has_changes());
}

#[test]
fn too_many_tags_are_refused() {
    let mut world = World::empty(catalog());
    let many = (0..20).map(|n| (format!("k{n}"), "v".to_owned()));
    vpc(&mut world.desired).tags = Some(many.collect());
    insta::assert_snapshot!(world.text(), @r##"
      + portfolio/net  (not in the catalog)
          + displayName: NET
          + providerName: Platform
          + description: About net
          + tags cost=12
          + principal arn:aws:iam::123456789012:role/Dev
          + principal arn:aws:iam::123456789012:role/Deploy

      ! product/vpc  (blocked)
          ! tag-quota: it would carry 21 tags, the ownership tag among them; the service allows 20

      ! provisioned-product/hub  (blocked)
          ! dependency: it launches product/vpc, which is blocked (tag-quota)

      ! provisioned-product/spoke  (blocked)
          ! dependency: it launches product/vpc, which is blocked (tag-quota)

    Plan: 1 to create, 0 to update, 0 to replace; 3 calls. 3 blocked.
    "##);
}

#[test]
fn principals_that_are_listed_are_the_whole_truth_but_for_the_caller() {
    let mut world = World::converged(catalog());
    let wanted = world.desired.portfolios.get_mut(&name("net")).unwrap();
    wanted.principals = Some(BTreeSet::from([Principal::Pattern(
        "arn:aws:iam:::role/Team*".to_owned(),
    )]));
    insta::assert_snapshot!(world.text(), @r##"
      ~ portfolio/net  (git changed)
          + principal arn:aws:iam:::role/Team*
          - principal arn:aws:iam::123456789012:role/Dev
          ! own-principal: principal arn:aws:iam::123456789012:role/Deploy stays, because catalogd runs as it: add `- self: true` to spec.principals

    Plan: 0 to create, 1 to update, 0 to replace; 2 calls. 1 blocked.
    "##);
    insta::assert_snapshot!(world.calls().join("\n"), @r##"
    AssociatePrincipalWithPortfolio portfolio/net needs []
    DisassociatePrincipalFromPortfolio portfolio/net needs [0]
    "##);
}

#[test]
fn the_caller_is_known_without_its_path() {
    let mut world = World::converged(catalog());
    let principals = &mut world.portfolio("net").principals;
    principals.retain(|p| p.arn != CALLER);
    principals.insert(LivePrincipal {
        arn: "arn:aws:iam::123456789012:role/ci/Deploy".to_owned(),
        pattern: false,
    });
    assert_eq!(world.plan().steps, []);
}

#[test]
fn a_version_is_added_after_the_others() {
    let mut world = World::converged(catalog());
    let mut added = version(&mut world.desired, "v3", "Resources: three\n");
    added.guidance = Some(Guidance::Deprecated);
    added.active = false;
    vpc(&mut world.desired).versions.push(added);
    insta::assert_snapshot!(world.text(), @r##"
      ~ product/vpc  (git changed)
          + version v3  templates/v3.yaml  inactive, DEPRECATED

    Plan: 0 to create, 1 to update, 0 to replace; 3 calls.
    "##);
    insta::assert_snapshot!(world.calls().join("\n"), @r##"
    PutObject product/vpc needs []
    CreateProvisioningArtifact product/vpc needs [0]
    UpdateProvisioningArtifact product/vpc needs [1]
    "##);
}

#[test]
fn one_template_is_put_once() {
    let mut world = World::converged(catalog());
    for text in ["v3", "v4"] {
        let added = version(&mut world.desired, text, "Resources: same\n");
        vpc(&mut world.desired).versions.push(added);
    }
    let puts = world
        .calls()
        .iter()
        .filter(|c| c.starts_with("PutObject"))
        .count();
    assert_eq!(puts, 1);
}

#[test]
fn a_changed_template_needs_a_new_version() {
    let mut world = World::converged(catalog());
    let changed = version(&mut world.desired, "v1", "Resources: changed\n");
    let wanted = vpc(&mut world.desired);
    wanted.versions[0] = changed;
    wanted.versions[0].guidance = Some(Guidance::Deprecated);
    insta::assert_snapshot!(world.text(), @r##"
      ~ product/vpc  (git changed)
          ~ version v1 guidance: DEFAULT → DEPRECATED
          ! immutable-version: version "v1" is published with another template than templates/v1.yaml: versions never change, so put the old template back and add a new version for this one (catalog.yaml:40:3)

    Plan: 0 to create, 1 to update, 0 to replace; 1 call. 1 blocked.
    "##);
}

#[test]
fn line_ends_and_urls_are_no_other_template() {
    let mut world = World::converged(catalog());
    let folded = version(&mut world.desired, "v1", "Resources: v1  \r\n\r\n");
    vpc(&mut world.desired).versions[0] = folded;
    assert!(!world.plan().has_changes() && !world.plan().is_blocked());
    vpc(&mut world.desired).versions[0].source = TemplateSource::Url("https://x/y".to_owned());
    assert!(!world.plan().has_changes() && !world.plan().is_blocked());
}

#[test]
fn unread_content_is_not_compared() {
    let mut world = World::converged(catalog());
    let template = Template::new(Arc::from(&b"Resources: other\n"[..]));
    let raw = template.raw.clone();
    world
        .desired
        .templates
        .insert(raw.clone(), Arc::new(template));
    if let TemplateSource::File { raw: of, .. } = &mut vpc(&mut world.desired).versions[0].source {
        *of = raw;
    }
    world.product("vpc").versions[0].content = None;
    assert!(!world.plan().has_changes() && !world.plan().is_blocked());
}

#[test]
fn two_versions_of_a_name_are_left_alone() {
    let mut world = World::converged(catalog());
    let live = world.product("vpc");
    let mut twin = live.versions[1].clone();
    twin.id = VersionId::new("pa-twin");
    twin.active = false;
    live.versions.push(twin);
    insta::assert_snapshot!(world.text(), @r##"
      ! product/vpc  (blocked)
          ! ambiguous-version: pa-vpc-v2 and pa-twin are all called "v2": none is touched until all but one are renamed or deleted (catalog.yaml:40:3)

    No changes can be made now. 1 blocked.
    "##);
}

#[test]
fn failed_unfinished_and_unlisted_versions() {
    let mut world = World::converged(catalog());
    let live = world.product("vpc");
    live.versions[0].status = ReadyStatus::Failed;
    live.versions[1].status = ReadyStatus::Creating;
    let mut unlisted = live.versions[0].clone();
    unlisted.name = "v0".to_owned();
    live.versions.push(unlisted);
    insta::assert_snapshot!(world.text(), @r##"
      ! product/vpc  (blocked)
          ! version-state: version "v1" (pa-vpc-v1) failed when it was made: mend its template under a new version name (catalog.yaml:40:3)
          … version "v2" (pa-vpc-v2) is still being made

    No changes can be made now. 1 blocked, 1 waiting.
    "##);
    insta::assert_snapshot!(world.status(), @r##"
    product/vpc  OutOfSync Degraded  versions that failed: v1; version-state: version "v1" (pa-vpc-v1) failed when it was made: mend its template under a new version name (catalog.yaml:40:3); version "v2" (pa-vpc-v2) is still being made
    4 objects: 3 synced and healthy, 1 out of sync, 1 degraded, 1 blocked.
    "##);
}

#[test]
fn constraints_change_in_place_and_surplus_goes() {
    let mut world = World::converged(catalog());
    let wanted = vpc(&mut world.desired).portfolios.as_mut().unwrap();
    let association = wanted.get_mut(&name("net")).unwrap();
    let constraints = association.constraints.as_mut().unwrap();
    constraints.launch = Some(Launch::RoleArn("arn:aws:iam::1:role/L".to_owned()));
    constraints.tag_updates = None;
    let live = world.portfolio("net");
    let mut other = live.constraints.values().next().unwrap().clone();
    other.id = ConstraintId::new("cons-novel");
    other.kind = "NOVEL".to_owned();
    live.constraints.insert(other.id.clone(), other.clone());
    other.id = ConstraintId::new("cons-template");
    other.kind = "TEMPLATE".to_owned();
    other.parameters = r#"{"Rules": {"R": {"Assertions": [{"Assert": true}]}}}"#.to_owned();
    live.constraints.insert(other.id.clone(), other);
    insta::assert_snapshot!(world.text(), @r##"
      ~ product/vpc  (git changed and drifted)
          ~ portfolio net launch: localRoleName SCLaunch → roleArn arn:aws:iam::1:role/L  (git changed)
          - portfolio net tagUpdates: allowed  (git changed)
          - portfolio net template: rules R {"Assertions":[{"Assert":"true"}]}  (drifted)

    Plan: 0 to create, 1 to update, 0 to replace; 3 calls.
    "##);
    insta::assert_snapshot!(world.calls().join("\n"), @r##"
    UpdateConstraint product/vpc needs []
    DeleteConstraint product/vpc needs [0]
    DeleteConstraint product/vpc needs [0]
    "##);
}

#[test]
fn constraint_parameters_are_compared_as_json() {
    let mut world = World::converged(catalog());
    for constraint in world.portfolio("net").constraints.values_mut() {
        constraint.parameters = constraint
            .parameters
            .replace(':', " : ")
            .replace(',', " , ");
    }
    assert_eq!(world.plan().steps, []);
}

#[test]
fn a_product_moves_to_another_portfolio() {
    let mut world = World::converged(catalog());
    let other = portfolio_of("apps");
    world.desired.portfolios.insert(name("apps"), other);
    let moved = product_of("vpc", &["apps"], vpc(&mut world.desired).versions.clone());
    *vpc(&mut world.desired) = moved;
    insta::assert_snapshot!(world.text(), @r##"
      + portfolio/apps  (new in git)
          + displayName: APPS
          + providerName: Platform
          + description: About apps
          + tags cost=12
          + principal arn:aws:iam::123456789012:role/Dev
          + principal arn:aws:iam::123456789012:role/Deploy

      ~ product/vpc  (git changed)
          + portfolio apps  launch: localRoleName SCLaunch, tagUpdates: allowed
          - portfolio net  launch: localRoleName SCLaunch, tagUpdates: allowed
          note: launched from it and left running: hub, spoke; their next update takes another launch path than portfolio/net

    Plan: 1 to create, 1 to update, 0 to replace; 9 calls.
    "##);
    insta::assert_snapshot!(world.calls().join("\n"), @r##"
    CreatePortfolio portfolio/apps needs []
    AssociateProductWithPortfolio product/vpc needs [0]
    CreateConstraint product/vpc needs [0, 1]
    CreateConstraint product/vpc needs [0, 1]
    AssociatePrincipalWithPortfolio portfolio/apps needs [0]
    AssociatePrincipalWithPortfolio portfolio/apps needs [0]
    DeleteConstraint product/vpc needs [1]
    DeleteConstraint product/vpc needs [1, 6]
    DisassociateProductFromPortfolio product/vpc needs [1, 6, 7]
    "##);
}

#[test]
fn constraints_of_unknown_types_keep_an_association() {
    let mut world = World::converged(catalog());
    vpc(&mut world.desired).portfolios = Some([].into());
    let live = world.portfolio("net");
    let constraint = live.constraints.values_mut().next().unwrap();
    constraint.kind = "NOVEL".to_owned();
    insta::assert_snapshot!(world.text(), @r##"
      ! product/vpc  (blocked)
          ! dependency: it stays in portfolio/net, because of constraints of types that catalogd does not know: NOVEL cons-vpc-net-LAUNCH

    No changes can be made now. 1 blocked.
    "##);
}

#[test]
fn foreign_portfolios_are_left_alone() {
    let mut world = World::converged(catalog());
    let mut foreign = world.portfolio("net").clone();
    foreign.id = PortfolioId::new("port-foreign");
    foreign.tags.clear();
    foreign.principals.clear();
    foreign.constraints.clear();
    world
        .observed
        .portfolios
        .insert(foreign.id.clone(), foreign);
    insta::assert_snapshot!(world.text(), @r##"
      · product/vpc
          note: it also stands in "NET" (port-foreign), which is not ours: left alone

    No changes. The catalog matches the manifests.
    "##);
}

#[test]
fn what_is_removed_by_hand_is_drift() {
    let mut world = World::converged(catalog());
    world.desired.provisioned.clear();
    world.observed.provisioned.clear();
    world.observed.products.clear();
    let live = world.portfolio("net");
    live.products.clear();
    live.constraints.clear();
    insta::assert_snapshot!(world.text(), @r##"
      + product/vpc  (removed from the catalog by somebody)
          + name: VPC
          + owner: Platform
          + support.email: help@example.com
          + tags team=net
          + version v1  templates/v1.yaml
          + version v2  templates/v2.yaml
          + portfolio net  launch: localRoleName SCLaunch, tagUpdates: allowed

    Plan: 1 to create, 0 to update, 0 to replace; 7 calls.
    "##);
}

#[test]
fn what_git_drops_is_orphaned() {
    let mut world = World::converged(catalog());
    world.desired.provisioned.clear();
    world.desired.products.clear();
    insta::assert_snapshot!(world.text(), @r##"
    Orphaned (ours, no longer in git, left alone):
          product/vpc  prod-vpc  VPC
          provisioned-product/hub  pp-hub  hub
          provisioned-product/spoke  pp-spoke  spoke

    No changes. The catalog matches the manifests. 3 orphaned.
    "##);
}

#[test]
fn the_index_is_written_without_counting_as_a_change() {
    let mut world = World::converged(catalog());
    world.observed.bucket.index_stale = true;
    assert!(!world.plan().has_changes());
    insta::assert_snapshot!(world.calls().join("\n"), @r##"PutObject product/vpc needs []"##);
    world.observed.bucket.exists = false;
    assert_eq!(world.plan().steps, []);
}
