//! Whole pages, as people and programs get them: each plan at three widths, as JSON and as a comment. Read them after a change.

use std::sync::LazyLock;

use crate::ids::{Key, Kind, Name, Revision};
use crate::manifest::{self, Context, Finding, load};
use crate::model::observed::{ProvisionedStatus, Scope};
use crate::model::tree::Tree;
use crate::plan::{Action, Change, ObjectPlan, Orphan, Plan, Reason, Shown};
use crate::render::markdown::{self, Comment};
use crate::render::testing::*;
use crate::render::text::{self, Style};
use crate::render::{Page, Rates, json, schema_check};

static COMMIT: LazyLock<Revision> =
    LazyLock::new(|| Revision::Commit("3f2a9c1d5e6b7a8091a2b3c4d5e6f708192a3b4c".to_owned()));

fn page<'a>(plan: &'a Plan, findings: &'a [Finding]) -> Page<'a> {
    Page {
        revision: Some(&COMMIT),
        reads: Some(124),
        rates: Some(Rates {
            reads: 10,
            writes: 4,
        }),
        findings,
        ..Page::of(plan)
    }
}

/// Every format of a page. The JSON of a long plan is held to its schema only.
fn check(name: &str, page: &Page<'_>) {
    for width in [60, 80, 120] {
        let style = Style {
            width: Some(width),
            ..Style::default()
        };
        let text = text::page(page, style);
        for line in text.lines().rev().skip(1) {
            assert!(textwrap::core::display_width(line) <= width, "{line}");
        }
        insta::assert_snapshot!(format!("{name}_text_{width}"), text);
    }
    let comments = markdown::page(page, Comment::default());
    insta::assert_snapshot!(format!("{name}_markdown"), comments.join("\n"));
    let document = json::page(page);
    schema_check::plan(&document);
    if document.len() < 20_000 {
        insta::assert_snapshot!(format!("{name}_json"), document);
    }
}

fn change(field: &str, before: Option<&str>, after: Option<&str>, reason: Reason) -> Change {
    let shown = |text: Option<&str>| text.map_or(Shown::Absent, Shown::text);
    Change {
        field: field.to_owned(),
        before: shown(before),
        after: shown(after),
        reason,
    }
}

/// An object of a plan, with nothing but these.
fn object(
    plan: &Plan,
    kind: Kind,
    text: &str,
    action: Action,
    reason: Option<Reason>,
    changes: Vec<Change>,
) -> ObjectPlan {
    let mut object = plan.objects[0].clone();
    object.key = Key::new(kind, Name::new(text));
    object.action = action;
    object.reason = reason;
    object.changes = changes;
    object.id = None;
    object.steps.clear();
    object.blocked.clear();
    object.waiting.clear();
    object.stalled = None;
    object.notes.clear();
    object
}

const RULE_BEFORE: &str = r#"{"Rules":{"Sizes":{"Assertions":[{"Assert":{"Fn::Contains":[["small","large"],{"Ref":"Size"}]},"AssertDescription":"A size we have"}]}}}"#;
const RULE_AFTER: &str = r#"{"Rules":{"Sizes":{"Assertions":[{"Assert":{"Fn::Contains":[["small"],{"Ref":"Size"}]},"AssertDescription":"A size we have"}]}}}"#;
const PROSE: &str = "A network with a public, an application and a data tier in two availability zones, with flow logs, an optional NAT gateway and private ways to the services that every workload needs.";

/// One of each action, and of each thing that is not done.
fn each() -> Plan {
    let mut world = World::converged(catalog());
    world
        .desired
        .portfolios
        .insert(name("data"), portfolio_of("data"));
    vpc(&mut world.desired).versions[0].description = Some("The first\nof two".to_owned());
    let live = world.provisioned("hub");
    live.status = ProvisionedStatus::Error;
    live.ever_succeeded = false;
    let mut plan = world.plan();
    let git = Some(Reason::GitChanged);
    let made = |kind, text: &str, action, changes| object(&plan, kind, text, action, git, changes);
    let product = Kind::Product;
    let adopted = made(
        product,
        "legacy",
        Action::Adopt,
        vec![change(
            "owner",
            Some("nobody"),
            Some("Platform"),
            Reason::GitChanged,
        )],
    );
    let imported = made(
        Kind::ProvisionedProduct,
        "orders",
        Action::Import,
        vec![change("product", None, Some("queue"), Reason::GitChanged)],
    );
    let deleted = made(product, "old", Action::Delete, Vec::new());
    let released = made(Kind::ProvisionedProduct, "crm", Action::Release, Vec::new());
    let drifted = object(
        &plan,
        product,
        "rules",
        Action::Update,
        Some(Reason::Both),
        vec![
            change(
                "description",
                Some(PROSE),
                Some(&PROSE.replace("flow logs", "logs of flows")),
                Reason::Drifted,
            ),
            change(
                "portfolios[net].template",
                Some(RULE_BEFORE),
                Some(RULE_AFTER),
                Reason::Drifted,
            ),
            change("tags.owner", Some("bob"), None, Reason::Drifted),
            change(
                "versions[v3]",
                None,
                Some("products/rules/v3.yaml"),
                Reason::GitChanged,
            ),
            change(
                "versions[v3].description",
                None,
                Some("Smaller"),
                Reason::GitChanged,
            ),
            change(
                "support.email",
                Some("old@example.com"),
                Some("new@example.com"),
                Reason::GitChanged,
            ),
        ],
    );
    plan.objects
        .extend([adopted, imported, deleted, released, drifted]);
    plan.orphans.push(Orphan {
        key: Key::new(product, Name::new("forgotten")),
        id: "prod-forgotten1".to_owned(),
        display_name: "Forgotten".to_owned(),
    });
    plan
}

#[test]
fn empty() {
    let plan = World::converged(catalog()).plan();
    check("empty", &page(&plan, &[]));
}

#[test]
fn one_of_each() {
    check("each", &page(&each(), &[]));
}

#[test]
fn drift() {
    let mut world = World::converged(catalog());
    let live = world.product("vpc");
    live.owner = "somebody".to_owned();
    live.tags.insert("surplus".to_owned(), "1".to_owned());
    world.portfolio("net").description = None;
    check("drift", &page(&world.plan(), &[]));
}

#[test]
fn blocked() {
    let mut world = World::converged(catalog());
    version(&mut world.desired, "x", "Resources: other\n");
    let other = version(&mut world.desired, "v1", "Resources: other\n");
    vpc(&mut world.desired).versions[0].source = other.source;
    vpc(&mut world.desired).owner = "git".to_owned();
    world.gap(Scope::Provisioned);
    let mut gap = world.observed.gaps[0].clone();
    gap.scope = Scope::TagOptions;
    gap.denied = false;
    gap.reason = "the service did not answer".to_owned();
    world.observed.gaps.push(gap);
    pp(&mut world.desired, "hub").version = "v9".to_owned();
    check("blocked", &page(&world.plan(), &[]));
}

#[test]
fn denied() {
    let mut world = World::converged(catalog());
    vpc(&mut world.desired).owner = "git".to_owned();
    pp(&mut world.desired, "spoke").version = "v2".to_owned();
    let rules = "policy:
  rules:
    - name: cost-center
      kinds: [Product]
      deny: '!(\"costCenter\" in object.desired.tags)'
      message: say who pays with a tag `costCenter`
    - name: large
      scope: plan
      warn: plan.updates > 0
      message: \"ask somebody of the platform team to look at it ``` <b>@team</b>\"
";
    let (rules, findings) = manifest::rules("catalogd.yaml", rules.as_bytes());
    assert!(findings.is_empty(), "{findings:#?}");
    world.rules = rules;
    check("denied", &page(&world.plan(), &[]));
}

#[test]
fn partial() {
    let broken = "apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {name: net}\nspec:\n  providerNme: Us\n";
    let findings = load(&Tree::of([("net.yaml", broken)]), &Context::default()).findings;
    let mut world = World::converged(catalog());
    world.desired.incomplete = true;
    vpc(&mut world.desired).owner = "git".to_owned();
    let plan = world.plan();
    let mut page = page(&plan, &findings);
    page.notices
        .push("only product/vpc was planned; 3 other objects were left out".to_owned());
    check("partial", &page);
    let identity = &plan.identity;
    let comments = markdown::refused(identity, &COMMIT, &findings, Comment::default());
    insta::assert_snapshot!("refused_markdown", comments.join("\n"));
    let document = json::refused(identity, &COMMIT, &findings, plan.made);
    schema_check::plan(&document);
    insta::assert_snapshot!("refused_json", document);
}

/// 250 products that drifted alike, 40 that are new, and one with 300 versions that come.
pub(super) fn many() -> Plan {
    let mut desired = catalog();
    let template = version(&mut desired, "v1", "Resources: v1\n");
    for number in 0..250 {
        let product = product_of(&format!("p{number:03}"), &["net"], vec![template.clone()]);
        desired.products.insert(product.name.clone(), product);
    }
    let mut world = World::converged(desired);
    for number in 0..250 {
        world.product(&format!("p{number:03}")).owner = "somebody".to_owned();
    }
    for number in 0..40 {
        let product = product_of(
            &format!("new-{number:02}"),
            &["net"],
            vec![template.clone()],
        );
        world.desired.products.insert(product.name.clone(), product);
    }
    for number in 3..303 {
        let mut version = template.clone();
        version.name = format!("v{number}");
        vpc(&mut world.desired).versions.push(version);
    }
    world.plan()
}

#[test]
fn three_hundred() {
    let plan = many();
    let page = page(&plan, &[]);
    check("many", &page);
    let all = text::page(
        &page,
        Style {
            verbose: true,
            ..Style::default()
        },
    );
    assert!(!all.contains("more") && all.contains("version v302") && all.contains("product/p249"));
    let comments = markdown::page(
        &page,
        Comment {
            verbose: true,
            limit: 16_384,
        },
    );
    assert!(comments.len() > 2, "{}", comments.len());
}

pub(super) const HOSTILE: &[&str] = &[
    "```\n</details>\n@octocat look at #1 and <img src=x onerror=alert(1)>",
    "~~~~ ````````` [link](https://evil.example) ![](https://evil.example/p.png) https://evil.example",
    "\u{1b}[2J\u{1b}]0;title\u{7}\r\n+ product/fake  (new in git)",
    "\u{202e}txet denrut\u{202c} zero\u{200b}width \u{feff}mark",
    "<!-- catalogd:plan part=1 --><script>alert(1)</script>&lt;b&gt;",
    "Grüße, 世界 🚀 naïve café",
];

pub(super) fn hostile_plan(texts: &[&str]) -> Plan {
    let mut world = World::converged(catalog());
    let text = |index: usize| texts[index % texts.len()].to_owned();
    let live = world.product("vpc");
    live.owner = text(0);
    live.description = Some(text(1));
    live.tags.insert(text(4), text(2));
    live.versions[0].description = Some(text(3));
    let want = vpc(&mut world.desired);
    want.description = Some(text(5));
    want.versions[0].description = Some(text(2));
    let hub = world.provisioned("hub");
    hub.status = ProvisionedStatus::Unknown(text(2));
    hub.status_message = Some(text(0));
    world.portfolio("net").display_name = text(1);
    world.desired.portfolios.clear();
    world.gap(Scope::Bucket);
    world.observed.gaps[0].reason = text(4);
    let mut plan = world.plan();
    plan.objects[0].notes.push(text(0));
    plan.orphans.push(Orphan {
        key: Key::new(Kind::Product, Name::new("x")),
        id: text(1),
        display_name: text(2),
    });
    plan
}

#[test]
fn hostile() {
    let plan = hostile_plan(HOSTILE);
    let mut page = page(&plan, &[]);
    page.notices.push(HOSTILE[0].to_owned());
    check("hostile", &page);
}
