//! Gaps, conflicts, crowds of removals, requests that failed.

use std::collections::BTreeSet;

use crate::ids::{Key, Kind, PortfolioId, ProductId};
use crate::model::desired::{Constraints, Lifecycle, OnRemove, Principal, TagOption};
use crate::model::observed::{LivePrincipal, Scope};
use crate::model::owner::Installation;
use crate::plan::op::Step;
use crate::plan::{Action, BlockedCode, Failed};
use crate::render::testing::*;

#[test]
fn an_unread_list_makes_nothing() {
    for (scope, call) in [
        (Scope::Portfolios, "CreatePortfolio"),
        (
            Scope::Portfolio(PortfolioId::new("port-x")),
            "CreatePortfolio",
        ),
        (Scope::Products, "CreateProduct"),
        (Scope::Product(ProductId::new("prod-x")), "CreateProduct"),
        (Scope::Provisioned, "ProvisionProduct"),
        (Scope::Bucket, "PutObject"),
    ] {
        let mut world = World::empty(catalog());
        let made = |world: &World| world.calls().iter().any(|c| c.starts_with(call));
        assert!(made(&world), "{call}");
        world.gap(scope);
        assert!(!made(&world), "{call}");
    }
    let mut world = World::empty(catalog());
    world.gap(Scope::Portfolios);
    insta::assert_snapshot!(world.text(), @r##"
    Changes (1 object): as git says

      + product/vpc  (not in the catalog)
          + name: VPC
          + owner: Platform
          + support.email: help@example.com
          + tags team=net
          + version v1  templates/v1.yaml
          + version v2  templates/v2.yaml
          ! blocked in part, see below: dependency

    Blocked (4 objects): left as it is until somebody acts; the rest goes on

      ! portfolio/net  (blocked)
          ! gap: it is not made, because it may be there already: the list of portfolios could not be read (ListSomething was denied)

      ! product/vpc  (blocked in part)
          ! dependency: it can't be put in portfolio/net, which is blocked (gap) (catalog.yaml:30:3)

      ! provisioned-product/hub  (blocked)
          ! gap: its launch path can't be told: the list of portfolios could not be read (ListSomething was denied)

      ! provisioned-product/spoke  (blocked)
          ! gap: its launch path can't be told: the list of portfolios could not be read (ListSomething was denied)

      What to do:
          dependency: mend what it needs; then it follows by itself
          gap: let what could not be read be read (permissions, or try again), or mend the manifest with the error

    Not read (1 part): nothing is made or removed where that leaves a doubt

      ! the list of portfolios  (denied)
          ListSomething: AccessDeniedException: no

      What to do:
          denied: give the caller the permissions of deploy/iam-policy.json

    Plan: 1 to create, 0 to update, 0 to replace; 7 calls. 4 blocked, 1 not read.
    "##);
    insta::assert_snapshot!(world.status(), @r##"
    portfolio/net  Unknown Unknown  gap: it is not made, because it may be there already: the list of portfolios could not be read (ListSomething was denied)
    product/vpc  OutOfSync Missing  dependency: it can't be put in portfolio/net, which is blocked (gap) (catalog.yaml:30:3)
    provisioned-product/hub  Unknown Unknown  gap: its launch path can't be told: the list of portfolios could not be read (ListSomething was denied)
    provisioned-product/spoke  Unknown Unknown  gap: its launch path can't be told: the list of portfolios could not be read (ListSomething was denied)
    4 objects: 0 synced and healthy, 1 out of sync, 3 unknown, 1 missing, 4 blocked.
    "##);
}

#[test]
fn an_unread_object_is_left_as_it_is() {
    let mut world = World::converged(catalog());
    world.portfolio("net").display_name = "drifted".to_owned();
    world.product("vpc").owner = "drifted".to_owned();
    let stack = world.provisioned("hub").stack.as_mut().unwrap();
    stack
        .parameters
        .insert("Cidr".to_owned(), "drifted".to_owned());
    assert_eq!(world.plan().steps.len(), 3);
    world.gap(Scope::Portfolio("port-net".into()));
    world.gap(Scope::Product("prod-vpc".into()));
    world.gap(Scope::ProvisionedProduct("pp-hub".into()));
    insta::assert_snapshot!(world.text(), @r##"
    Blocked (3 objects): left as it is until somebody acts; the rest goes on

      ! portfolio/net  (blocked)
          ! gap: it is left as it is: portfolio port-net could not be read (ListSomething was denied)

      ! product/vpc  (blocked)
          ! gap: its fields and versions are left as they are: product prod-vpc could not be read (ListSomething was denied)
          ! gap: its place in portfolio/net is left as it is: portfolio port-net could not be read (ListSomething was denied)

      ! provisioned-product/hub  (blocked)
          ! gap: it is left as it is: provisioned product pp-hub could not be read (ListSomething was denied)

      What to do:
          gap: let what could not be read be read (permissions, or try again), or mend the manifest with the error

    Not read (3 parts): nothing is made or removed where that leaves a doubt

      ! portfolio port-net  (denied)
          ListSomething: AccessDeniedException: no

      ! product prod-vpc  (denied)
          ListSomething: AccessDeniedException: no

      ! provisioned product pp-hub  (denied)
          ListSomething: AccessDeniedException: no

      What to do:
          denied: give the caller the permissions of deploy/iam-policy.json

    No changes can be made now. 3 blocked, 3 not read.
    "##);
}

#[test]
fn a_broken_manifest_removes_nothing_anywhere() {
    let mut world = World::converged(catalog());
    let net = world.desired.portfolios.get_mut(&name("net")).unwrap();
    net.principals = Some(BTreeSet::from([Principal::Caller]));
    let wanted = vpc(&mut world.desired);
    wanted.versions[1].active = false;
    wanted.portfolios = Some([].into());
    world.desired.provisioned.clear();
    assert_eq!(world.plan().steps.len(), 5);
    let key = Key::new(Kind::ProvisionedProduct, name("hub"));
    world.desired.broken.insert(key);
    insta::assert_snapshot!(world.text(), @r##"
    Blocked (2 objects): left as it is until somebody acts; the rest goes on

      ! portfolio/net  (blocked)
          ! gap: principal arn:aws:iam::123456789012:role/Dev stays: a manifest of the source has an error, so nothing is removed until it is mended

      ! product/vpc  (blocked)
          ! gap: version "v2" stays: a manifest of the source has an error, so nothing is removed until it is mended
          ! gap: its place in portfolio/net stays: a manifest of the source has an error, so nothing is removed until it is mended

      What to do:
          gap: let what could not be read be read (permissions, or try again), or mend the manifest with the error

    Orphaned (1 object): ours, no longer in git, left alone

      · provisioned-product/spoke  (pp-spoke, "spoke")

      What to do:
          to delete one, put its manifest back with `onRemove: delete`, apply, and take it out again; to keep it for good, put its manifest back, or take its `catalogd:` tag off

    No changes can be made now. 2 blocked, 1 orphaned.
    "##);
    world.desired.incomplete = true;
    assert_eq!(world.plan().orphans, []);
}

#[test]
fn two_owners_are_a_conflict() {
    let mut world = World::converged(catalog());
    let mut twin = world.product("vpc").clone();
    twin.id = "prod-twin".into();
    twin.owner = "drifted".to_owned();
    world.observed.products.insert(twin.id.clone(), twin);
    insta::assert_snapshot!(world.text(), @r##"
    Blocked (3 objects): left as it is until somebody acts; the rest goes on

      ! product/vpc  (blocked)
          ! conflict: prod-twin and prod-vpc carry the ownership of product/vpc: none is touched until the catalogd:product tag is taken from all but one

      ! provisioned-product/hub  (blocked)
          ! dependency: it launches product/vpc, which is blocked (conflict)

      ! provisioned-product/spoke  (blocked)
          ! dependency: it launches product/vpc, which is blocked (conflict)

      What to do:
          conflict: take the ownership tag off all but one of the objects that claim the name
          dependency: mend what it needs; then it follows by itself

    No changes can be made now. 3 blocked.
    "##);
    insta::assert_snapshot!(world.status(), @r##"
    product/vpc  Conflict Unknown  conflict: prod-twin and prod-vpc carry the ownership of product/vpc: none is touched until the catalogd:product tag is taken from all but one
    provisioned-product/hub  OutOfSync Healthy  dependency: it launches product/vpc, which is blocked (conflict)
    provisioned-product/spoke  OutOfSync Healthy  dependency: it launches product/vpc, which is blocked (conflict)
    4 objects: 1 synced and healthy, 2 out of sync, 1 in conflict, 3 blocked.
    "##);
}

fn crowd(members: usize) -> World {
    let mut world = World::converged(catalog());
    for n in 0..members {
        world.portfolio("net").principals.insert(LivePrincipal {
            arn: format!("arn:aws:iam::123456789012:role/R{n}"),
            pattern: false,
        });
    }
    world
}

#[test]
fn a_crowd_of_removals_is_refused() {
    let world = crowd(7);
    assert_eq!(world.plan().steps.len(), 7, "nine are no crowd");
    let mut world = crowd(8);
    assert_eq!(world.plan().steps, [], "eight of ten are too many");
    insta::assert_snapshot!(world.text(), @r##"
    Blocked (1 object): left as it is until somebody acts; the rest goes on

      ! portfolio/net  (blocked)
          ! removal-guard: 8 of 10 principals would go at once, more than 30 %: allow them with --allow-deletes 8
          note: held back here: arn:aws:iam::123456789012:role/R0, arn:aws:iam::123456789012:role/R1, arn:aws:iam::123456789012:role/R2, arn:aws:iam::123456789012:role/R3, arn:aws:iam::123456789012:role/R4, arn:aws:iam::123456789012:role/R5, arn:aws:iam::123456789012:role/R6, arn:aws:iam::123456789012:role/R7

    No changes can be made now. 1 blocked.
    "##);
    world.policy.allow_removals = Some(7);
    assert_eq!(world.plan().steps, []);
    world.policy.allow_removals = Some(8);
    assert_eq!(world.plan().steps.len(), 8);
}

/// What is launched comes after the constraints that go: where those are held back it is too, and nothing waits for it for ever.
#[test]
fn what_comes_after_a_removal_is_held_back_with_it() {
    let mut desired = catalog();
    for n in 0..10 {
        let versions = [version(&mut desired, "v1", "Resources: {}\n")];
        let product = product_of(&format!("p{n}"), &["net"], versions.to_vec());
        desired.products.insert(product.name.clone(), product);
    }
    let mut far = provisioned_of("far", "vpc", "v1");
    far.depends_on.insert(name("spoke"));
    desired.provisioned.insert(name("far"), far);
    let mut world = World::converged(desired);
    for product in world.desired.products.values_mut() {
        for association in product.portfolios.iter_mut().flatten() {
            association.1.constraints = Some(Constraints::default());
        }
    }
    pp(&mut world.desired, "hub").version = "v2".to_owned();
    pp(&mut world.desired, "far").version = "v2".to_owned();
    let plan = world.plan();
    assert_eq!(plan.steps, []);
    assert!(!plan.is_waiting(), "{}", world.text());
    for (object, on) in [
        ("hub", "removal of product/vpc"),
        ("spoke", "provisioned-product/hub"),
        ("far", "provisioned-product/spoke"),
    ] {
        let object = plan.object(Kind::ProvisionedProduct, &name(object));
        let object = object.unwrap();
        let [blocked] = object.blocked.as_slice() else {
            panic!("{object:#?}");
        };
        assert_eq!(blocked.code, BlockedCode::Dependency, "{blocked:?}");
        assert!(blocked.message.contains(on), "{blocked:?}");
        assert_eq!((object.action, &object.steps), (Action::None, &Vec::new()));
    }

    world.policy.allow_removals = Some(22);
    let steps = world.plan().steps;
    let update = steps.last().unwrap();
    assert_eq!(update.op.call(), "UpdateProvisionedProduct");
    let vpc = |step: &&Step| step.object.name == name("vpc");
    let before: BTreeSet<_> = steps.iter().filter(vpc).map(|step| step.id).collect();
    assert_eq!((before.len(), &update.needs), (2, &before));
}

#[test]
fn twenty_removals_are_the_most_at_once() {
    let big = |kept: usize, gone: usize| {
        let mut world = crowd(kept);
        let principals = world.portfolio("net").principals.iter();
        let kept = principals.map(|p| Principal::Arn(p.arn.clone())).collect();
        world
            .desired
            .portfolios
            .get_mut(&name("net"))
            .unwrap()
            .principals = Some(kept);
        for n in 0..gone {
            world.portfolio("net").principals.insert(LivePrincipal {
                arn: format!("arn:aws:iam::123456789012:role/Gone{n}"),
                pattern: false,
            });
        }
        world.plan().steps.len()
    };
    assert_eq!(big(80, 20), 20);
    assert_eq!(big(80, 21), 0);
}

/// Whether a manifest says `active: false`, or has gone: whoever launches can't choose it any more.
#[test]
fn tag_options_that_are_deactivated_count_like_removals() {
    let option = |n: usize| TagOption {
        name: name(&format!("o{n}")),
        origin: at(70),
        lifecycle: Lifecycle {
            on_remove: OnRemove::Delete,
            ..Lifecycle::default()
        },
        key: "env".to_owned(),
        value: format!("v{n}"),
        active: true,
    };
    let big = |count: usize, inactive: usize, gone: usize| {
        // Nothing else, for nothing else is ours under another installation.
        let mut desired = catalog();
        desired.portfolios.clear();
        desired.products.clear();
        desired.provisioned.clear();
        for n in 0..count {
            desired
                .tag_options
                .insert(name(&format!("o{n}")), option(n));
        }
        let mut world = World::converged(desired);
        world.identity.installation = Installation::parse("team").unwrap();
        for n in 0..inactive {
            let known = world.desired.tag_options.get_mut(&name(&format!("o{n}")));
            known.unwrap().active = false;
        }
        for n in inactive..inactive + gone {
            world.desired.tag_options.remove(&name(&format!("o{n}")));
        }
        world
    };
    let calls = |world: &World| world.calls().len();
    // Three of ten are 30 %, four are more; those that are there no longer have a crowd to be counted in as well.
    for (inactive, gone, made) in [(3, 0, 3), (4, 0, 0), (0, 3, 3), (0, 4, 0)] {
        let world = big(10, inactive, gone);
        assert_eq!(calls(&world), made, "{inactive} {gone} {}", world.text());
    }
    let world = big(10, 4, 0);
    assert!(
        world.text().contains("4 of 10 TagOptions would go at once"),
        "{}",
        world.text()
    );
    assert_eq!(calls(&big(9, 9, 0)), 9, "no crowd");
    let mut world = big(10, 4, 0);
    world.policy.allow_removals = Some(4);
    assert_eq!(calls(&world), 4);
    // Nor is anything taken out of use while a manifest has an error.
    let mut world = big(10, 1, 0);
    world.desired.incomplete = true;
    assert_eq!(calls(&world), 0);
}

#[test]
fn a_failed_create_stalls_what_needs_it() {
    let mut world = World::empty(catalog());
    let plan = world.plan();
    let create = plan
        .steps
        .iter()
        .find(|s| s.op.call() == "CreateProduct")
        .unwrap();
    let failed = Failed {
        request: create.op.request(),
        retry_at: "2026-01-01T01:00:00Z".parse().unwrap(),
        reason: "InvalidParametersException: Invalid templateBody".to_owned(),
        advice: "mend the template".to_owned(),
    };
    world.policy.failed.insert(create.object.clone(), failed);
    insta::assert_snapshot!(world.text(), @r##"
    Changes (1 object): as git says

      + portfolio/net  (not in the catalog)
          + displayName: NET
          + providerName: Platform
          + description: About net
          + tags cost=12
          + principal arn:aws:iam::123456789012:role/Dev
          + principal arn:aws:iam::123456789012:role/Deploy

    Stalled (1 object): the same request failed before, and is not repeated until somebody acts

      ! product/vpc  (stalled)
          + name: VPC
          + owner: Platform
          + support.email: help@example.com
          + tags team=net
          + version v1  templates/v1.yaml
          + version v2  templates/v2.yaml
          + portfolio net  launch: localRoleName SCLaunch, tagUpdates: allowed
          ! stalled: InvalidParametersException: Invalid templateBody
          next: mend the template

    Blocked (2 objects): left as it is until somebody acts; the rest goes on

      ! provisioned-product/hub  (blocked)
          ! dependency: it launches product/vpc, which is stalled (InvalidParametersException: Invalid templateBody)

      ! provisioned-product/spoke  (blocked)
          ! dependency: it launches product/vpc, which is stalled (InvalidParametersException: Invalid templateBody)

      What to do:
          dependency: mend what it needs; then it follows by itself

    Plan: 1 to create, 0 to update, 0 to replace; 3 calls. 2 blocked, 1 stalled.
    "##);
    insta::assert_snapshot!(world.calls().join("\n"), @r##"
    CreatePortfolio portfolio/net needs []
    AssociatePrincipalWithPortfolio portfolio/net needs [0]
    AssociatePrincipalWithPortfolio portfolio/net needs [0]
    "##);
}
