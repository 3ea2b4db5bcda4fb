//! What is kept of a catalog, and what other manifests may take it for.

use super::*;
use crate::ids::{Kind, ProductArn, ProductId, StackArn};
use crate::model::desired::{Adopt, CopyFrom, Import, Lifecycle, Parameter, UnlistedVersions};
use crate::model::launch::SsmParameter;
use crate::model::owner::tag_key;
use crate::render::testing::*;

/// As the service shows it: values of NoEcho parameters are stars.
fn converged() -> World {
    let mut world = World::converged(catalog());
    for live in world.observed.provisioned.values_mut() {
        let parameters = live.stack.iter_mut().flat_map(|o| &mut o.parameters);
        for (_, value) in parameters.filter(|(key, _)| *key == "Password") {
            "****".clone_into(value);
        }
    }
    world
}

fn saved(world: &World) -> Observation {
    let terms = Terms {
        identity: &world.identity,
        at: world.now,
        revision: "3f2a9c1",
        desired: &world.desired,
        dead: &world.policy.dead,
        tag_options: &world.policy.tag_options,
    };
    let bytes = Observation::new(terms, &world.observed).unwrap().to_bytes();
    Observation::parse(&bytes).unwrap()
}

/// What nobody has looked at, where manifests are edited.
fn lacking(world: &World, edit: impl Fn(&mut Desired)) -> Vec<Scope> {
    let mut desired = world.desired.clone();
    edit(&mut desired);
    let gaps = saved(world).observed(&desired, None).unwrap().gaps;
    gaps.into_iter()
        .filter(Gap::is_of_an_observation)
        .map(|gap| gap.scope)
        .collect()
}

fn ssm(name: &str) -> Parameter {
    Parameter {
        value: ParameterValue::Ssm(name.to_owned()),
        ..literal("")
    }
}

#[test]
fn what_was_seen_is_read_back() {
    let mut world = converged();
    world.gap(Scope::Shares("port-net".into()));
    world.observed.ssm.insert(
        "/golden".to_owned(),
        SsmParameter {
            value: "plain".to_owned(),
            secret: false,
            version: 3,
        },
    );
    let again = saved(&world);
    assert_eq!(
        again.observed(&world.desired, None).unwrap(),
        world.observed
    );
    assert_eq!(again.identity().unwrap(), world.identity);
    assert_eq!(again, saved(&world), "the same gives the same bytes");
}

#[test]
fn no_secret_is_kept() {
    let token = format!("ghp_{}", "a1B2".repeat(9));
    let mut world = converged();
    let parameters = &mut pp(&mut world.desired, "hub").parameters;
    parameters.get_or_insert_default().extend([
        ("Long".to_owned(), ssm("/long")),
        ("Short".to_owned(), ssm("/short")),
    ]);
    for (name, value) in [("/long", "correct horse battery"), ("/short", "abc")] {
        let parameter = SsmParameter {
            value: value.to_owned(),
            secret: true,
            version: 1,
        };
        world.observed.ssm.insert(name.to_owned(), parameter);
    }
    let hub = world.provisioned("hub");
    hub.status_message = Some("no: correct horse battery".to_owned());
    let stack = hub.stack.as_mut().unwrap();
    stack
        .parameters
        .insert("Short".to_owned(), "abc".to_owned());
    stack
        .outputs
        .insert("Url".to_owned(), "x/correct horse battery".to_owned());
    world.product("vpc").description = Some(format!("call with {token}"));
    // Somebody else's: nobody asked for it.
    let theirs = world.provisioned("spoke");
    theirs.tags.clear();
    theirs.name = "theirs".to_owned();
    theirs.status_message = Some("their words".to_owned());
    let stack = theirs.stack.as_mut().unwrap();
    stack
        .parameters
        .insert("Theirs".to_owned(), "their value".to_owned());
    stack
        .outputs
        .insert("Theirs".to_owned(), "their output".to_owned());
    let legacy =
        StackArn::parse("arn:aws:cloudformation:us-east-1:123456789012:stack/old/1").unwrap();
    let mut stack = world.provisioned("hub").stack.clone().unwrap();
    stack.parameters.remove("Short");
    let template =
        "Parameters: {P: {Type: String, NoEcho: true, Default: hunter3}}\nResources: {}\n";
    let importable = crate::model::observed::ImportableStack {
        stack,
        template: template.into(),
        version: Some(template.into()),
    };
    world.observed.stacks.insert(legacy.clone(), importable);
    let saved = saved(&world);
    let text = String::from_utf8(saved.to_bytes()).unwrap();
    for secret in [
        "hunter3",
        token.as_str(),
        "correct horse battery",
        "\"abc\"",
        "their value",
        "their output",
        "their words",
    ] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    // What had one can't be compared any more, and nobody takes that for agreement.
    let gaps = saved.observed(&world.desired, None).unwrap().gaps;
    let scopes: Vec<Scope> = gaps.into_iter().map(|gap| gap.scope).collect();
    assert_eq!(
        scopes,
        [
            Scope::Product("prod-vpc".into()),
            Scope::ProvisionedProduct("pp-hub".into()),
            Scope::Stack(legacy),
        ]
    );
}

/// A secret that is a part of an id, of a name or of the tag that says whose something is makes no other object of it.
#[test]
fn a_secret_that_stands_everywhere_hides_no_object() {
    let mut world = converged();
    for (name, value) in [
        ("/account", "123456789012"),
        ("/word", "avail"),
        ("/year", "2026"),
    ] {
        let parameter = SsmParameter {
            value: value.to_owned(),
            secret: true,
            version: 1,
        };
        world.observed.ssm.insert(name.to_owned(), parameter);
    }
    let message = "in 123456789012 nothing is available in 2026".to_owned();
    world.provisioned("hub").status_message = Some(message);
    let again = saved(&world).observed(&world.desired, None).unwrap();
    let live = &world.observed;
    assert_eq!(again.portfolios, live.portfolios);
    assert_eq!(again.products, live.products);
    let hub = again.provisioned.values().find(|live| live.name == "hub");
    let said = hub.unwrap().status_message.as_deref();
    assert_eq!(
        said,
        Some("in (secret) nothing is (secret)able in (secret)")
    );
    assert_eq!(hub.unwrap().tags, world.provisioned("hub").tags);
    let scopes: Vec<Scope> = again.gaps.into_iter().map(|gap| gap.scope).collect();
    assert_eq!(scopes, [Scope::ProvisionedProduct("pp-hub".into())]);
}

#[test]
fn each_question_that_was_not_asked_is_a_gap() {
    let mut world = converged();
    let nobodys = world.product("vpc").clone();
    world.observed.products.insert(
        ProductId::new("prod-nobodys"),
        crate::model::observed::LiveProduct {
            id: ProductId::new("prod-nobodys"),
            name: "Nobody's".to_owned(),
            arn: "arn:aws:catalog:us-east-1:123456789012:product/prod-nobodys".to_owned(),
            tags: tags([]),
            ..nobodys
        },
    );
    assert_eq!(lacking(&world, |_| {}), []);
    assert_eq!(lacking(&world, |d| vpc(d).owner = "git".to_owned()), []);
    let product = |id: &str| vec![Scope::Product(id.into())];
    let net = || vec![Scope::Shares("port-net".into())];
    assert_eq!(
        lacking(&world, |d| {
            pp(d, "hub").parameters = Some([("A".to_owned(), ssm("/a"))].into());
        }),
        [Scope::Ssm("/a".to_owned())]
    );
    assert_eq!(
        lacking(&world, |d| {
            d.portfolios.get_mut(&name("net")).unwrap().shares = Some([].into());
        }),
        net()
    );
    assert_eq!(
        lacking(&world, |d| {
            vpc(d).unlisted_versions = UnlistedVersions::Delete;
        }),
        product("prod-vpc")
    );
    let copy = |source: &'static str| {
        move |d: &mut Desired| {
            vpc(d).copy_from = Some(CopyFrom {
                origin: at(1),
                source: ProductArn::parse(source).unwrap(),
                versions: None,
                copy_tags: false,
            });
        }
    };
    assert_eq!(
        lacking(
            &world,
            copy("arn:aws:catalog:eu-west-1:210987654321:product/prod-far")
        ),
        product("prod-far")
    );
    assert_eq!(
        lacking(
            &world,
            copy("arn:aws:catalog:us-east-1:123456789012:product/prod-nobodys")
        ),
        product("prod-nobodys")
    );
    let stack = "arn:aws:cloudformation:us-east-1:123456789012:stack/old/1";
    assert_eq!(
        lacking(&world, |d| {
            pp(d, "hub").import = Some(Import {
                origin: at(1),
                stack: StackArn::parse(stack).unwrap(),
            });
        }),
        [Scope::Stack(StackArn::parse(stack).unwrap())]
    );
    assert_eq!(
        lacking(&world, |d| {
            vpc(d).lifecycle = Lifecycle {
                adopt: Adopt::Id {
                    id: "prod-nobodys".to_owned(),
                    origin: at(1),
                },
                ..Lifecycle::default()
            };
        }),
        product("prod-nobodys")
    );
    // What goes has to be known better than what stays.
    let goes = |d: &mut Desired| {
        d.products.clear();
        d.portfolios.clear();
    };
    assert_eq!(lacking(&world, goes), [], "what is kept needs no look");
    for (kind, tags) in [
        (
            Kind::Portfolio,
            &mut world.observed.portfolios.values_mut().next().unwrap().tags,
        ),
        (
            Kind::Product,
            &mut world
                .observed
                .products
                .get_mut(&ProductId::new("prod-vpc"))
                .unwrap()
                .tags,
        ),
    ] {
        let mark = tags.get_mut(tag_key(kind)).unwrap();
        mark.push_str("@delete");
    }
    assert_eq!(lacking(&world, goes), [net(), product("prod-vpc")].concat());
}
