//! docs/policy.md: its examples are rules that do what the page says, and its tables name what rules see.

use std::collections::BTreeMap;

use catalogd::clock::Clock;
use catalogd::manifest;
use catalogd::plan::Verdict;
use catalogd::rule::{Effect, Rules};

use crate::scenario::kit::{CATALOG, SIZE};
use crate::world::World;

fn page() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/policy.md")).unwrap()
}

/// The rules of the page's examples.
fn examples() -> Rules {
    let page = page();
    let mut all = Rules::default();
    for block in page.split("```yaml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        let (rules, findings) = manifest::rules("docs/policy.md", text.as_bytes());
        assert!(findings.is_empty(), "{findings:#?}");
        all.add(rules);
    }
    assert!(all.list.len() >= 6 && !all.broken);
    all
}

/// What the examples say of a world's catalog at a time.
async fn said(world: &World, now: &str) -> Vec<Verdict> {
    let mut process = process_at(world, now).await;
    process.reconciler.judge_by(examples(), "abc1234");
    process
        .reconciler
        .plan(&world.desired(), None)
        .await
        .plan
        .verdicts
}

/// A process whose clock shows another time than the service's.
async fn process_at(world: &World, now: &str) -> crate::world::Process {
    let mut other = World::new();
    other.emulator = world.emulator.clone();
    other.installation = world.installation.clone();
    other.clock = Clock::starting_at(now.parse().unwrap());
    other.process().await
}

fn rules_of(verdicts: &[Verdict]) -> BTreeMap<&str, Vec<String>> {
    let mut rules: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for verdict in verdicts {
        assert_eq!(verdict.trouble, None, "{verdict:?}");
        let about = verdict
            .object
            .as_ref()
            .map_or("plan".to_owned(), ToString::to_string);
        rules.entry(&verdict.rule).or_default().push(about);
    }
    rules
}

/// A Tuesday.
const TUESDAY: &str = "2026-03-03T08:00:00Z";
/// Friday in Berlin, but Thursday in UTC.
const FRIDAY: &str = "2026-03-05T23:30:00Z";

#[tokio::test(start_paused = true)]
async fn the_examples_of_the_page_do_what_they_say() {
    let mut world = World::new();
    world.installation = catalogd::model::owner::Installation::parse("team").unwrap();
    let catalog = CATALOG.replace(
        "  tags: {cost: \"1234\"}",
        "  tags: {costCenter: \"1234\", protected: \"true\"}",
    );
    let catalog = catalog.replace(
        "metadata: {name: spare}\nspec:",
        "metadata: {name: spare}\nspec:\n  tags: {costCenter: \"1\"}",
    );
    let catalog = catalog.replace("{team: network}", "{costCenter: \"1\"}");
    let catalog = catalog.replace(
        "launch: {localRoleName: Launcher}",
        "launch: {roleArn: 'arn:aws:iam::123456789012:role/CatalogLaunchNetwork'}",
    );
    world
        .write("catalog.yaml", &catalog)
        .write("size.yaml", SIZE);
    assert_eq!(
        rules_of(&said(&world, FRIDAY).await),
        BTreeMap::new(),
        "nothing is wrong"
    );
    world.apply().await;
    let expect = async |from: &str, to: &str, now: &str, rule: &str, about: &str| {
        world.edit("catalog.yaml", from, to);
        let verdicts = said(&world, now).await;
        let rules = rules_of(&verdicts);
        assert_eq!(rules.get(rule), Some(&vec![about.to_owned()]), "{rules:?}");
        assert_eq!(rules.len(), 1, "{rules:?}");
        world.write("catalog.yaml", &catalog);
    };
    let mut tried = Vec::new();
    for (from, to, now, rule, about) in [
        (
            "costCenter: \"1\"}\n  portfolios",
            "cost: \"1\"}\n  portfolios",
            TUESDAY,
            "cost-center",
            "product/vpc",
        ),
        (
            "role/CatalogLaunchNetwork",
            "role/Admin",
            TUESDAY,
            "launch-roles",
            "product/vpc",
        ),
        (
            "    - arn: arn:aws:iam::123456789012:role/Dev\n",
            "",
            FRIDAY,
            "no-deletes-on-friday",
            "plan",
        ),
        (
            "  version: v1\n",
            "  version: v3\n",
            TUESDAY,
            "pinned",
            "provisioned-product/hub",
        ),
    ] {
        expect(from, to, now, rule, about).await;
        tried.push(rule);
    }
    // On another day it may go.
    world.edit(
        "catalog.yaml",
        "    - arn: arn:aws:iam::123456789012:role/Dev\n",
        "",
    );
    assert_eq!(rules_of(&said(&world, TUESDAY).await), BTreeMap::new());
    // What is tagged as protected stays, though git has let go of it.
    let spare = catalog.replace(
        "metadata: {name: spare}",
        "metadata: {name: spare, onRemove: delete}",
    );
    let spare = spare.replace(
        "tags: {costCenter: \"1\"}\n  providerName",
        "tags: {costCenter: \"1\", protected: \"true\"}\n  providerName",
    );
    world.write("catalog.yaml", &spare);
    world.apply().await;
    let start = spare
        .find("---\napiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {name: spare")
        .unwrap();
    let end = start + spare[start + 4..].find("---\n").unwrap() + 4;
    world.write(
        "catalog.yaml",
        format!("{}{}", &spare[..start], &spare[end..]),
    );
    let verdicts = said(&world, TUESDAY).await;
    assert_eq!(rules_of(&verdicts)["protected"], ["portfolio/spare"]);
    tried.push("protected");
    // And many at once are worth a word.
    let many: String = (0..26)
        .map(|n| format!("---\napiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {{name: p{n}}}\nspec: {{providerName: x, tags: {{costCenter: \"1\"}}}}\n"))
        .collect();
    world.write("catalog.yaml", format!("{spare}{many}"));
    let verdicts = said(&world, TUESDAY).await;
    assert_eq!(rules_of(&verdicts)["small-steps"], ["plan"]);
    assert!(verdicts.iter().all(|v| v.effect == Effect::Warn));
    tried.push("small-steps");
    for rule in &examples().list {
        assert!(
            tried.contains(&rule.name.as_str()),
            "{} is not tried",
            rule.name
        );
    }
}

/// What the page's tables list is there, and what is there they list: asked by rules themselves.
#[tokio::test(start_paused = true)]
async fn the_page_names_what_rules_see() {
    let world = World::new();
    world
        .write("catalog.yaml", CATALOG)
        .write("size.yaml", SIZE);
    let page = page();
    let keys = |heading: &str| -> Vec<String> {
        let rows = page.split_once(heading).unwrap().1;
        let rows = rows
            .lines()
            .skip_while(|line| !line.starts_with('|'))
            .take_while(|line| line.starts_with('|'));
        let firsts = rows.skip(2).filter_map(|row| row.split('|').nth(1));
        firsts
            .flat_map(|cell| {
                cell.split('`')
                    .skip(1)
                    .step_by(2)
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    let (plan, object) = (keys("\n`plan`:\n"), keys("\n`object`, where"));
    assert!(plan.len() > 15 && object.len() > 12, "{plan:?} {object:?}");
    let list = |keys: &[String]| {
        format!(
            "[{}]",
            keys.iter()
                .map(|k| format!("\"{k}\""))
                .collect::<Vec<_>>()
                .join(", ")
        )
    };
    let rules = format!(
        "policy:\n  rules:\n    - name: plan\n      scope: plan\n      deny: '!(plan.all(k, k in {0}) && {0}.all(k, k in plan) && size(plan.objects) > 0)'\n      message: m\n    - name: object\n      deny: '!object.all(k, k in {1})'\n      message: m\n    - name: made\n      when: object.action == \"create\"\n      deny: '!{1}.all(k, k in object || k == \"live\")'\n      message: m\n",
        list(&plan),
        list(&object),
    );
    let (rules, findings) = manifest::rules("rules.yaml", rules.as_bytes());
    assert!(findings.is_empty(), "{findings:?}");
    let mut process = world.process().await;
    process.reconciler.judge_by(rules.clone(), "abc");
    let pass = process.reconciler.plan(&world.desired(), None).await;
    assert_eq!(pass.plan.verdicts, []);
    world.apply().await;
    let mut process = world.process().await;
    process.reconciler.judge_by(rules, "abc");
    let pass = process.reconciler.plan(&world.desired(), None).await;
    assert_eq!(pass.plan.verdicts, []);
}
