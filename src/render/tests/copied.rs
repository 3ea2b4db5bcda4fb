//! Products that are copies of others.

use std::collections::BTreeMap;

use crate::ids::{Key, Kind, PortfolioId, ProductArn, ProductId, VersionId};
use crate::model::desired::{CopiedVersion, CopyFrom, Guidance, ImportedPortfolio};
use crate::model::observed::{LiveProduct, ReadyStatus, Scope};
use crate::plan::{Action, HalfCopy, Reason};
use crate::render::testing::*;

const ARN: &str = "arn:aws:catalog:us-east-1:123456789012:product/prod-source";

/// A converged world whose product `vpc` is a copy of `prod-source`.
fn copied() -> World {
    let mut world = World::converged(catalog());
    let mut source = world.product("vpc").clone();
    source.id = ProductId::new("prod-source");
    source.arn = ARN.to_owned();
    source.tags = tags([("from", "them")]);
    for version in &mut source.versions {
        version.id = VersionId::new(format!("pa-theirs-{}", version.name));
    }
    world.observed.products.insert(source.id.clone(), source);
    for desired in [Some(&mut world.desired), world.base.as_mut()] {
        let vpc = vpc(desired.unwrap());
        vpc.versions.clear();
        vpc.copy_from = Some(CopyFrom {
            origin: at(33),
            source: ProductArn::parse(ARN).unwrap(),
            versions: None,
            copy_tags: false,
        });
    }
    world
}

fn source(world: &mut World) -> &mut LiveProduct {
    world.product("source")
}

fn copy(world: &mut World) -> &mut CopyFrom {
    vpc(&mut world.desired).copy_from.as_mut().unwrap()
}

/// The same before anything was made.
fn fresh() -> World {
    let mut world = copied();
    let source = source(&mut world).clone();
    world.observed.products = BTreeMap::from([(source.id.clone(), source)]);
    for portfolio in world.observed.portfolios.values_mut() {
        portfolio.products.clear();
        portfolio.constraints.clear();
    }
    world.observed.provisioned.clear();
    world.desired.provisioned.clear();
    world.base = None;
    world
}

#[test]
fn a_copy_like_its_source_has_nothing_to_do() {
    let world = copied();
    assert!(!world.plan().has_changes(), "{}", world.text());
}

#[test]
fn a_copy_is_made_then_claimed_then_offered() {
    let mut world = fresh();
    source(&mut world).versions[0].guidance = Guidance::Deprecated;
    insta::assert_snapshot!(world.text(), @r##"
      + product/vpc  (not in the catalog)
          + name: VPC
          + owner: Platform
          + support.email: help@example.com
          + tags team=net
          + copyFrom: arn:aws:catalog:us-east-1:123456789012:product/prod-source
          + version v1  copy of pa-theirs-v1  DEPRECATED
          + version v2  copy of pa-theirs-v2
          + portfolio net  launch: localRoleName SCLaunch, tagUpdates: allowed

    Plan: 1 to create, 0 to update, 0 to replace; 5 calls.
    "##);
    insta::assert_snapshot!(world.calls().join("\n"), @r##"
    CopyProduct product/vpc needs []
    UpdateProduct product/vpc needs [0]
    AssociateProductWithPortfolio product/vpc needs [0, 1]
    CreateConstraint product/vpc needs [0, 2]
    CreateConstraint product/vpc needs [0, 2]
    "##);
    // Another account's ownership comes along with its tags, so these are added by ourselves.
    copy(&mut world).copy_tags = true;
    let sent = |world: &World| format!("{:?}", world.plan().steps);
    assert!(sent(&world).contains("copy_tags: true"));
    source(&mut world)
        .tags
        .extend(tags([("catalogd:product", "x")]));
    assert!(sent(&world).contains("copy_tags: false"));
}

#[test]
fn what_the_source_says_otherwise_is_drift() {
    let mut world = copied();
    let theirs = source(&mut world);
    let mut more = theirs.versions[1].clone();
    more.id = VersionId::new("pa-theirs-v3");
    more.name = "v3".to_owned();
    theirs.versions.push(more);
    theirs.versions[0].guidance = Guidance::Deprecated;
    theirs.versions[1].description = Some("Better".to_owned());
    insta::assert_snapshot!(world.text(), @r##"
      ~ product/vpc  (drifted)
          + version v3  copy of pa-theirs-v3
          ~ version v1 guidance: DEFAULT → DEPRECATED
          + version v2 description: Better

    Plan: 0 to create, 1 to update, 0 to replace; 3 calls.
    "##);
    insta::assert_snapshot!(world.calls().join("\n"), @r##"
    CopyProduct product/vpc needs []
    UpdateProvisioningArtifact product/vpc needs []
    UpdateProvisioningArtifact product/vpc needs []
    "##);
    // Without a base nobody knows who changed it; with another source git did.
    world.base = None;
    let reason = |world: &World| {
        let plan = world.plan();
        plan.object(Kind::Product, &name("vpc")).unwrap().reason
    };
    assert_eq!(reason(&world), Some(Reason::Differs));
    let mut base = world.desired.clone();
    let was = vpc(&mut base).copy_from.as_mut().unwrap();
    was.source = ProductArn::parse(&ARN.replace("source", "former")).unwrap();
    world.base = Some(base);
    assert_eq!(reason(&world), Some(Reason::GitChanged));
}

#[test]
fn what_cannot_be_copied_is_said() {
    let mut world = copied();
    let theirs = source(&mut world);
    theirs.versions[0].content = theirs.versions[1].content.clone();
    theirs.versions[1].name = "gone".to_owned();
    theirs.versions[1].status = ReadyStatus::Creating;
    copy(&mut world).versions = Some(
        ["v1", "v2", "v9", "gone"]
            .map(|name| CopiedVersion {
                name: name.to_owned(),
                origin: at(35),
            })
            .to_vec(),
    );
    insta::assert_snapshot!(world.text(), @r##"
      ! product/vpc  (blocked)
          ! immutable-version: version "v1" has another template at its source now (pa-theirs-v1) than when it was copied (pa-vpc-v1): versions never change, so its source must give the new template a new name (catalog.yaml:33:3)
          ! copy-source: its source arn:aws:catalog:us-east-1:123456789012:product/prod-source has no version "v9": name one that it has (catalog.yaml:35:3)
          … version "gone" (pa-theirs-v2) is still being made at its source
          note: version "v2" is not at its source: kept

    No changes can be made now. 1 blocked, 1 waiting.
    "##);
    world.observed.products.remove(&"prod-source".into());
    insta::assert_snapshot!(world.text(), @r##"
      ! product/vpc  (blocked)
          ! copy-source: its source arn:aws:catalog:us-east-1:123456789012:product/prod-source is not to be seen from here (ResourceNotFoundException): name a product that is there (catalog.yaml:33:3)

    No changes can be made now. 1 blocked.
    "##);
    world.gap(Scope::Product("prod-source".into()));
    insta::assert_snapshot!(world.text(), @r##"
      ! product/vpc  (blocked)
          ! gap: nothing is copied, because its source: product prod-source could not be read (ListSomething was denied)

    Not read (nothing is made or removed where that leaves a doubt):
          ! product prod-source: ListSomething: AccessDeniedException: no

    No changes can be made now. 1 blocked, 1 not read.
    "##);
}

#[test]
fn a_source_in_another_region_is_known_by_its_whole_name() {
    let mut world = fresh();
    let theirs = ProductArn::parse(&ARN.replace("us-east-1", "eu-west-1")).unwrap();
    let mut product = source(&mut world).clone();
    product.arn = theirs.to_string();
    world.observed.sources.insert(theirs.clone(), product);
    copy(&mut world).source = theirs.clone();
    let text = world.text();
    assert!(text.contains(&format!("+ copyFrom: {theirs}")), "{text}");
    assert!(
        text.contains("+ version v1  copy of pa-theirs-v1"),
        "{text}"
    );
    // What is here under that id is another product.
    world.observed.sources.clear();
    insta::assert_snapshot!(world.text(), @r##"
      ! product/vpc  (blocked)
          ! copy-source: its source arn:aws:catalog:eu-west-1:123456789012:product/prod-source is not to be seen in eu-west-1 (ResourceNotFoundException): name a product that is there (catalog.yaml:33:3)

    No changes can be made now. 1 blocked.
    "##);
    let another = theirs.as_str().replace("123456789012", "210987654321");
    copy(&mut world).source = ProductArn::parse(&another).unwrap();
    insta::assert_snapshot!(world.text(), @r##"
      ! product/vpc  (blocked)
          ! copy-source: its source arn:aws:catalog:eu-west-1:210987654321:product/prod-source is not to be seen in eu-west-1 (ResourceNotFoundException): account 210987654321 must share a portfolio that holds it with 123456789012 in eu-west-1, and 123456789012 accept it there: a share holds in one region (catalog.yaml:33:3)

    No changes can be made now. 1 blocked.
    "##);
    copy(&mut world).source = ProductArn::parse(&ARN.replace("aws:", "aws-cn:")).unwrap();
    insta::assert_snapshot!(world.text(), @r##"
      ! product/vpc  (blocked)
          ! copy-source: its source arn:aws-cn:catalog:us-east-1:123456789012:product/prod-source is in another partition than aws: nothing is copied from one into another, so name a product of this one (catalog.yaml:33:3)

    No changes can be made now. 1 blocked.
    "##);
    // One of an id of its own is no copy of itself, wherever that id is too.
    let mut world = copied();
    copy(&mut world).source = ProductArn::parse(&theirs.as_str().replace("source", "vpc")).unwrap();
    assert!(world.text().contains("not to be seen in eu-west-1"));
}

#[test]
fn what_a_failed_copy_left_behind_is_claimed() {
    let mut world = copied();
    world.product("vpc").tags.clear();
    world.product("vpc").versions.truncate(1);
    world.desired.provisioned.clear();
    let key = crate::ids::Key::new(Kind::Product, name("vpc"));
    let half = HalfCopy {
        id: "prod-vpc".into(),
        seen: world.now,
    };
    world.policy.half_copies.insert(key.clone(), half.clone());
    insta::assert_snapshot!(world.text(), @r##"
      ~ product/vpc  (differs)
          + tags team=net, catalogd:product=default/123456789012/us-east-1/vpc  (drifted)
          + version v2  copy of pa-theirs-v2  (drifted)

    Orphaned (ours, no longer in git, left alone):
          provisioned-product/hub  pp-hub  hub
          provisioned-product/spoke  pp-spoke  spoke

    Plan: 0 to create, 1 to update, 0 to replace; 2 calls. 2 orphaned.
    "##);
    // Not to be seen, it is waited for; gone for long, it is copied again; somebody else's, it is theirs.
    let product = world.observed.products.remove(&half.id).unwrap();
    let plan = world.plan();
    assert_eq!(plan.objects[1].action, Action::None);
    assert!(plan.objects[1].waiting[0].message.contains("prod-vpc"));
    world.now += jiff::SignedDuration::from_mins(16);
    assert_eq!(world.plan().objects[1].action, Action::Create);
    let mut product = product;
    product.tags = tags([("catalogd:product", "other/123456789012/us-east-1/x")]);
    world.observed.products.insert(half.id, product);
    assert_eq!(world.plan().objects[1].action, Action::Create);
}

/// What is blocked of the copy, and the calls for it.
fn refused(world: &World) -> (Vec<&'static str>, usize) {
    let plan = world.plan();
    let object = plan.object(Kind::Product, &name("vpc")).unwrap();
    let codes = object.blocked.iter().map(|b| b.code.as_str());
    (codes.collect(), object.steps.len())
}

#[test]
fn what_is_not_to_be_copied_is_not() {
    // By default only what is active at the source; that which was copied follows it.
    let mut world = fresh();
    source(&mut world).versions[1].active = false;
    let text = world.text();
    assert!(text.contains("version v1  copy"), "{text}");
    assert!(!text.contains("version v2"), "{text}");
    source(&mut world).versions[0].active = false;
    assert_eq!(refused(&world), (vec!["copy-source"], 0));
    // Nothing is a copy of itself.
    let mut world = copied();
    copy(&mut world).source = ProductArn::parse(&ARN.replace("source", "vpc")).unwrap();
    assert_eq!(refused(&world), (vec!["copy-source"], 0));
    // Of two of one name none is touched.
    let mut world = copied();
    let mut twin = world.product("vpc").versions[0].clone();
    twin.id = VersionId::new("pa-twin");
    twin.description = Some("other".to_owned());
    world.product("vpc").versions.push(twin);
    assert_eq!(refused(&world), (vec!["ambiguous-version"], 0));
}

/// A share is accepted in the region where it was offered, so accepting one here shows nothing of a source elsewhere.
#[test]
fn what_this_plan_accepts_is_waited_for_in_its_own_region_alone() {
    for (region, waits) in [("us-east-1", true), ("eu-west-1", false)] {
        let mut world = fresh();
        world.observed.products.clear();
        let hub = ImportedPortfolio {
            name: name("hub"),
            origin: at(60),
            id: PortfolioId::new("port-theirs"),
            principals: None,
        };
        world.desired.imported.insert(hub.name.clone(), hub);
        let arn = format!("arn:aws:catalog:{region}:210987654321:product/prod-source");
        copy(&mut world).source = ProductArn::parse(&arn).unwrap();
        let plan = world.plan();
        let object = plan.object(Kind::Product, &name("vpc")).unwrap();
        let blocked: Vec<_> = object.blocked.iter().map(|b| b.code.as_str()).collect();
        let on: Vec<_> = object
            .waiting
            .iter()
            .filter_map(|w| w.on.as_ref())
            .collect();
        match waits {
            true => {
                assert_eq!(on, [&Key::new(Kind::Portfolio, name("hub"))]);
                assert_eq!(blocked, [""; 0]);
            }
            false => {
                assert!(on.is_empty());
                assert_eq!(blocked, ["copy-source"]);
                let said = &object.blocked[0].message;
                assert!(said.contains("accept it there"), "{said}");
            }
        }
    }
}

#[test]
fn doubts_keep_a_copy_as_it_is() {
    // Something may run from what the source made inactive.
    let mut world = copied();
    source(&mut world).versions[0].active = false;
    world.observed.provisioned.clear();
    world.desired.provisioned.clear();
    assert_eq!(refused(&world), (vec![], 1));
    world.gap(Scope::Provisioned);
    assert_eq!(refused(&world), (vec!["gap"], 0));
    // The source was read in part: what is missing of it is not known to be.
    let mut world = copied();
    let theirs = source(&mut world);
    let mut more = theirs.versions[1].clone();
    more.name = "v3".to_owned();
    theirs.versions.push(more);
    assert_eq!(refused(&world), (vec![], 1));
    world.gap(Scope::Product("prod-source".into()));
    assert_eq!(refused(&world), (vec!["gap"], 0));
    // It may be there and not listed.
    let mut world = fresh();
    world.observed.products.clear();
    world.gap(Scope::Products);
    assert_eq!(refused(&world).0, ["gap"]);
}

#[test]
fn the_sources_tags_are_compared_alone_where_git_gives_none() {
    let mut world = copied();
    for desired in [Some(&mut world.desired), world.base.as_mut()] {
        let vpc = vpc(desired.unwrap());
        vpc.tags = None;
        vpc.copy_from.as_mut().unwrap().copy_tags = true;
    }
    world.product("vpc").tags.extend(tags([("by", "hand")]));
    let text = world.text();
    assert!(text.contains("+ tags from=them"), "{text}");
    assert!(!text.contains("by=hand"), "{text}");
    assert_eq!(refused(&world), (vec![], 1));
}
