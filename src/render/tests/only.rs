//! Plans for a part of a source.

use crate::ids::{Key, Kind};
use crate::model::desired::OnRemove;
use crate::model::owner::{Installation, tag_key};
use crate::plan::{Plan, Selection};
use crate::render::left_out;
use crate::render::testing::*;

fn key(kind: Kind, text: &str) -> Key {
    Key::new(kind, name(text))
}

fn only<const N: usize>(keys: [Key; N]) -> Selection {
    Selection {
        only: keys.into(),
        ..Selection::default()
    }
}

impl World {
    /// The plan of a part.
    fn part(&self, selection: &Selection) -> (Plan, String) {
        let mut world = self.clone();
        world.policy.only = selection.keys(&world.desired);
        (world.plan(), world.text())
    }
}

/// The names that a selection comes to.
fn chosen(world: &World, selection: &Selection) -> Vec<String> {
    let keys = selection.keys(&world.desired).unwrap();
    keys.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_named_is_made_and_what_rests_on_the_others_is_blocked() {
    let world = World::empty(catalog());
    let (plan, text) = world.part(&only([key(Kind::Product, "vpc")]));
    insta::assert_snapshot!(text, @r##"
    warning: 3 objects were left out (--only, --portfolio); 3 of them differ: portfolio/net, provisioned-product/hub, provisioned-product/spoke

    Changes (1 object): as git says

      + product/vpc  (not in the catalog)
          + name: VPC
          + owner: Platform
          + support.email: help@example.com
          + tags team=net
          + version v1  templates/v1.yaml
          + version v2  templates/v2.yaml
          ! blocked in part, see below: dependency

    Blocked (1 object): left as it is until somebody acts; the rest goes on

      ! product/vpc  (blocked in part)
          ! dependency: it can't be put in portfolio/net, which differs and is left out of this plan (--with-dependencies takes it in) (catalog.yaml:30:3)

      What to do:
          dependency: mend what it needs; then it follows by itself

    Plan: 1 to create, 0 to update, 0 to replace; 7 calls. 1 blocked, 3 left out.
    "##);
    assert!(
        plan.steps
            .iter()
            .all(|step| step.object.kind == Kind::Product)
    );
}

#[test]
fn an_object_that_is_left_out_as_it_is_stands_in_nobodys_way() {
    let mut world = World::converged(catalog());
    vpc(&mut world.desired).owner = "Us".to_owned();
    world.portfolio("net").provider_name = "somebody".to_owned();
    pp(&mut world.desired, "hub").version = "v2".to_owned();
    let (_, text) = world.part(&only([key(Kind::Product, "vpc")]));
    insta::assert_snapshot!(text, @r##"
    warning: 3 objects were left out (--only, --portfolio); 3 of them differ: portfolio/net, provisioned-product/hub, provisioned-product/spoke

      ~ product/vpc  (git changed)
          ~ owner: Platform → Us

    Plan: 0 to create, 1 to update, 0 to replace; 1 call. 3 left out.
    "##);
    // An output of what is left out, and would change, is not to be relied upon.
    let (plan, text) = world.part(&only([key(Kind::ProvisionedProduct, "spoke")]));
    insta::assert_snapshot!(text, @r##"
    warning: 3 objects were left out (--only, --portfolio); 3 of them differ: portfolio/net, product/vpc, provisioned-product/hub

    Blocked (1 object): left as it is until somebody acts; the rest goes on

      ! provisioned-product/spoke  (blocked)
          ! dependency: parameter PeerVpc needs output VpcId of provisioned-product/hub, which differs and is left out of this plan (--with-dependencies takes it in)

      What to do:
          dependency: mend what it needs; then it follows by itself

    No changes can be made now. 1 blocked, 3 left out.
    "##);
    assert!(!plan.is_waiting(), "nobody waits for what is not done");
    let nothing = Selection::default();
    assert_eq!(nothing.keys(&world.desired), None);
    assert_eq!(left_out(&world.part(&nothing).0), None);
}

#[test]
fn a_portfolio_has_its_products_and_what_is_launched_from_it() {
    let mut world = World::converged(catalog());
    let versions = vec![version(&mut world.desired, "v1", "Resources: other\n")];
    let other = product_of("other", &["spare", "net"], versions);
    let spare = portfolio_of("spare");
    world.desired.portfolios.insert(name("spare"), spare);
    world.desired.products.insert(name("other"), other);
    for (text, portfolio) in [
        ("one", None),
        ("two", Some("spare")),
        ("three", Some("net")),
    ] {
        let mut launched = provisioned_of(text, "other", "v1");
        launched.portfolio = portfolio.map(name);
        world.desired.provisioned.insert(name(text), launched);
    }
    let mut selection = Selection {
        portfolios: [name("spare")].into(),
        ..Selection::default()
    };
    assert_eq!(
        chosen(&world, &selection),
        [
            "portfolio/spare",
            "product/other",
            "provisioned-product/one",
            "provisioned-product/two"
        ]
    );
    selection.dependencies = true;
    assert_eq!(
        chosen(&world, &selection),
        [
            "portfolio/net",
            "portfolio/spare",
            "product/other",
            "provisioned-product/one",
            "provisioned-product/two"
        ]
    );
}

#[test]
fn dependencies_are_followed_to_the_end() {
    let world = World::empty(catalog());
    let mut selection = only([key(Kind::ProvisionedProduct, "spoke")]);
    assert_eq!(chosen(&world, &selection), ["provisioned-product/spoke"]);
    selection.dependencies = true;
    let all: Vec<String> = world.desired.keys().map(|key| key.to_string()).collect();
    assert_eq!(chosen(&world, &selection), all);
    let (plan, _) = world.part(&selection);
    assert_eq!(plan, world.plan());
}

#[test]
fn only_what_is_named_goes() {
    let mut world = World::converged(catalog());
    world.identity.installation = Installation::parse("net-team").unwrap();
    for text in ["one", "two"] {
        let mut portfolio = portfolio_of(text);
        portfolio.lifecycle.on_remove = OnRemove::Delete;
        world.live_portfolio(&portfolio);
        let live = world.portfolio(text);
        live.shares = Some(Default::default());
        let identity = world.identity.clone();
        let live = world.portfolio(text);
        let value = identity.tag_value(&name(text)) + "@delete";
        live.tags.insert(tag_key(Kind::Portfolio).to_owned(), value);
    }
    world.desired.incomplete = false;
    let selection = only([key(Kind::Portfolio, "one")]);
    let (plan, _) = world.part(&selection);
    let objects: Vec<String> = plan.objects.iter().map(|o| o.key.to_string()).collect();
    assert_eq!(objects, ["portfolio/one"]);
    assert!(
        plan.steps
            .iter()
            .any(|step| step.op.call() == "DeletePortfolio")
    );
    assert!(
        plan.steps
            .iter()
            .all(|step| step.object.name == name("one"))
    );
    assert!(
        plan.left_out
            .iter()
            .any(|left| left.key == key(Kind::Portfolio, "two") && left.differs)
    );
    assert_eq!(selection.unknown(&world.desired, &plan), []);
}

#[test]
fn a_name_that_nobody_has_is_told_with_those_that_are_like_it() {
    let world = World::converged(catalog());
    let selection = Selection {
        only: [
            key(Kind::Product, "vcp"),
            key(Kind::Portfolio, "hub"),
            key(Kind::Product, "vpc"),
        ]
        .into(),
        portfolios: [name("nets")].into(),
        dependencies: false,
    };
    let (plan, _) = world.part(&selection);
    assert_eq!(
        selection.unknown(&world.desired, &plan),
        [
            (
                key(Kind::Portfolio, "hub"),
                vec![key(Kind::ProvisionedProduct, "hub")]
            ),
            (key(Kind::Product, "vcp"), vec![key(Kind::Product, "vpc")]),
            (
                key(Kind::Portfolio, "nets"),
                vec![key(Kind::Portfolio, "net")]
            ),
        ]
    );
}
