//! `Defaults`: what the products of a folder and below say where they don't say it themselves.

use catalogd::ids::Name;
use catalogd::manifest::{self, Code, Context};
use catalogd::model::desired::{Desired, Product};
use catalogd::model::tree::Tree;
use catalogd::render::text::{self, Style};

use super::kit::{SIZE, product, writes};
use crate::world::World;

const TOP: &str = "apiVersion: catalogd.dev/v1
kind: Defaults
spec:
  owner: Everybody
  distributor: Platform
  support: {email: all@example.com, url: 'https://example.com/${region}'}
  tags: {account: '${account}', team: all}
  portfolios: [{portfolio: net}]
";
const NEAR: &str = "apiVersion: catalogd.dev/v1
kind: Defaults
spec:
  owner: Network
  support: {email: net@example.com}
";
const PORTFOLIO: &str = "apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {providerName: Platform}
";

fn manifest(name: &str, more: &str) -> String {
    format!(
        "apiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: {name}}}\nspec:\n  versions: [{{name: v1, template: size.yaml}}]\n{more}"
    )
}

/// A product at the top, one in a folder with its own defaults, and one below that which says all itself.
fn world() -> World {
    let world = World::new();
    world
        .write("defaults.yaml", TOP)
        .write("net/defaults.yaml", NEAR)
        .write("portfolio.yaml", PORTFOLIO)
        .write("size.yaml", SIZE)
        .write("net/size.yaml", SIZE)
        .write("net/deep/size.yaml", SIZE)
        .write("top.yaml", manifest("top", ""))
        .write("net/near.yaml", manifest("near", "  distributor: ''\n"))
        .write(
            "net/deep/own.yaml",
            manifest("own", "  owner: Me\n  tags: {mine: x}\n  portfolios: []\n"),
        );
    world
}

fn of<'d>(desired: &'d Desired, name: &str) -> &'d Product {
    &desired.products[&Name::new(name)]
}

fn tags(of: &Product) -> Vec<(&str, &str)> {
    let tags = of.tags.iter().flatten();
    tags.map(|(k, v)| (k.as_str(), v.as_str())).collect()
}

#[tokio::test(start_paused = true)]
async fn the_nearest_folder_wins_field_by_field_and_the_product_over_all() {
    let world = world();
    let desired = world.desired();
    let top = of(&desired, "top");
    assert_eq!(top.owner, "Everybody");
    assert_eq!(top.distributor.as_deref(), Some("Platform"));
    assert_eq!(tags(top), [("account", "123456789012"), ("team", "all")]);
    let near = of(&desired, "near");
    assert_eq!(
        (near.owner.as_str(), near.distributor.as_deref()),
        ("Network", Some(""))
    );
    assert_eq!(near.support.email.as_deref(), Some("net@example.com"));
    assert_eq!(
        near.support.url.as_deref(),
        Some("https://example.com/us-east-1")
    );
    assert_eq!(near.portfolios.as_ref().map(|all| all.len()), Some(1));
    // A map and a list are each one field: what the product gives takes the place of the whole.
    let own = of(&desired, "own");
    assert_eq!((own.owner.as_str(), tags(own)), ("Me", vec![("mine", "x")]));
    assert_eq!(own.portfolios.as_ref().map(|all| all.len()), Some(0));

    let plan = text::plan(&world.plan().await.plan, Style::default());
    for shown in ["Network", "Everybody", "net@example.com"] {
        assert!(plan.contains(shown), "{plan}");
    }
    world.apply().await;
    world.expect_empty_plan().await;

    // One edit, one call for each that inherits it.
    world.edit(
        "defaults.yaml",
        "distributor: Platform",
        "distributor: Others",
    );
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [("UpdateProduct".to_owned(), 2)].into());
    let pass = world.plan().await;
    assert_eq!(
        product(&pass.observed, "own").distributor.as_deref(),
        Some("Others")
    );

    // Taken out of git: not managed any more.
    world.edit("defaults.yaml", "  distributor: Others\n", "");
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn a_broken_one_removes_nothing_and_leaves_out_those_below_it() {
    let load = |near: &str| {
        let files = [
            ("defaults.yaml", TOP.to_owned()),
            ("net/defaults.yaml", near.to_owned()),
            ("portfolio.yaml", PORTFOLIO.to_owned()),
            ("top.yaml", manifest("top", "")),
            ("size.yaml", SIZE.to_owned()),
            ("net/near.yaml", manifest("near", "")),
            ("net/size.yaml", SIZE.to_owned()),
        ];
        manifest::load(&Tree::of(files), &Context::default())
    };
    assert!(!load(NEAR).has_errors());
    for broken in [
        NEAR.replace("owner", "onwer"),
        NEAR.replace("owner: Network", "owner: 12"),
        NEAR.replace("net@example.com", "''")
            .replace("owner: Network", "owner: ''"),
        format!("{NEAR}---\n{NEAR}"),
    ] {
        let loaded = load(&broken);
        assert!(loaded.desired.incomplete, "{broken}");
        let products: Vec<_> = loaded.desired.products.keys().map(Name::as_str).collect();
        assert_eq!(products, ["top"], "{broken}");
        assert_eq!(loaded.desired.broken.len(), 1, "{broken}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_of_nothing_else_wants_nothing_and_says_so() {
    let loaded = manifest::load(&Tree::of([("defaults.yaml", TOP)]), &Context::default());
    assert!(loaded.desired.incomplete);
    let codes: Vec<_> = loaded.findings.iter().map(|f| f.code).collect();
    assert!(codes.contains(&Code::DanglingReference), "{codes:?}");
    let alone = Tree::of([("defaults.yaml", NEAR)]);
    let loaded = manifest::load(&alone, &Context::default());
    let codes: Vec<_> = loaded.findings.iter().map(|f| f.code).collect();
    assert_eq!(codes, [Code::NoManifests]);
}
