//! A team's own rules, as a pipeline meets them: what they deny is not done, and how that is said.

use catalogd::emulator::Profile;
use serde_json::Value;

use super::bench::Bench;

const PLAN: [&str; 2] = ["plan", "catalog"];
const APPLY: [&str; 5] = ["apply", "--yes", "--pace", "none", "catalog"];

/// A file of rules.
fn rules(all: &[&str]) -> String {
    let all: Vec<String> = all.iter().map(|rule| format!("    - {rule}\n")).collect();
    format!("policy:\n  rules:\n{}", all.concat())
}

const COST: &str = "{name: cost-center, kinds: [Product], deny: '!(\"costCenter\" in object.desired.tags)', message: Say who pays}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_denied_is_not_done_and_the_rest_is() {
    let bench = Bench::small(Profile::Instant).await;
    bench.write("catalogd.yaml", &rules(&[COST]));
    bench
        .run(&["plan", "--detailed-exitcode", "catalog"])
        .await
        .expect(5)
        .says("! product/topic  (blocked)")
        .says("! policy: cost-center: Say who pays (catalogd.yaml:3:14)")
        .says("+ portfolio/team")
        .says(
            "  ! deny cost-center  (catalogd.yaml:3:14)\n      Say who pays\n      product/topic\n",
        )
        .says("1 denied by policy");
    let ended = bench
        .run(&["plan", "--format", "json", "catalog"])
        .await
        .expect(5);
    let json: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        json["policy"],
        serde_json::json!([{
            "rule": "cost-center", "effect": "deny", "object": "product/topic", "message": "Say who pays",
            "file": "catalogd.yaml", "line": 3, "column": 14,
        }])
    );
    let blocked = |name: &str| {
        let objects = json["objects"].as_array().unwrap();
        let object = objects.iter().find(|o| o["name"] == name).unwrap();
        assert_eq!(object["actions"], serde_json::json!(["no-op"]));
        object["blocked"][0]["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(blocked("topic"), "policy");
    assert_eq!(blocked("alarms"), "dependency");
    bench
        .run(&APPLY)
        .await
        .expect(5)
        .says("product/topic  OutOfSync Missing  policy: cost-center: Say who pays")
        .notes("Converged but for what is blocked.");
    assert_eq!(bench.count("CreatePortfolio"), 1);
    for call in ["CreateProduct", "PutObject", "ProvisionProduct"] {
        assert_eq!(bench.count(call), 0, "{call}");
    }
    // Mended, it is done.
    bench.edit(
        "catalog.yaml",
        "  owner: Platform",
        "  owner: Platform\n  tags: {costCenter: \"7\"}",
    );
    bench
        .run(&APPLY)
        .await
        .expect(0)
        .says("3 objects, all synced and healthy.");
    // A rule that comes later says so of what is there, though nothing changes.
    bench.write(
        "catalogd.yaml",
        &rules(&[
            COST,
            "{name: owned, deny: object.kind == 'Portfolio', message: No portfolios}",
        ]),
    );
    let writes = bench.writes();
    bench
        .run(&PLAN)
        .await
        .expect(5)
        .says("! policy: owned: No portfolios");
    bench
        .run(&APPLY)
        .await
        .expect(5)
        .says("portfolio/team  OutOfSync Healthy  policy: owned");
    assert_eq!(bench.writes(), writes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_denied_plan_writes_nothing_at_all() {
    let bench = Bench::small(Profile::Instant).await;
    bench.write(
        "catalogd.yaml",
        &rules(&["{name: freeze, scope: plan, deny: plan.creates > 0 && now > timestamp('2020-01-01T00:00:00Z'), message: Not now}"]),
    );
    bench
        .run(&PLAN)
        .await
        .expect(5)
        .says("! portfolio/team  (blocked)")
        .says("+ displayName: Team")
        .says("! deny freeze  (catalogd.yaml:3:14)\n      Not now\n      the whole plan\n")
        .says("No changes can be made now.");
    bench.run(&APPLY).await.expect(5);
    assert_eq!(bench.writes(), 0);
    // Where nothing is to be done, nothing is denied.
    std::fs::remove_file(bench.catalog().join("catalogd.yaml")).unwrap();
    bench.run(&APPLY).await.expect(0);
    bench.write(
        "catalogd.yaml",
        &rules(&["{name: freeze, scope: plan, deny: plan.calls > 0, message: Not now}"]),
    );
    bench.run(&PLAN).await.expect(0).says("No changes.");
    bench.edit("catalog.yaml", "A topic for alarms", "A topic");
    bench
        .run(&PLAN)
        .await
        .expect(5)
        .says("! product/topic  (blocked)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_is_said_and_no_more() {
    let bench = Bench::small(Profile::Instant).await;
    let warn = "{name: many, scope: plan, warn: plan.objects.size() > 2, message: That is a lot}";
    let each = "{name: each, warn: 'true', message: Look at it}";
    bench.write("catalogd.yaml", &rules(&[warn, each]));
    bench
        .run(&PLAN)
        .await
        .expect(0)
        .says("· warn many  (catalogd.yaml:3:14)\n      That is a lot\n      the whole plan\n")
        .says("· warn each  (catalogd.yaml:4:14)\n      Look at it\n      portfolio/team, product/topic, provisioned-product/alarms\n")
        .says("4 policy warnings");
    let ended = bench
        .run(&["plan", "--format", "json", "catalog"])
        .await
        .expect(0);
    let json: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(json["policy"][0]["effect"], "warn");
    assert_eq!(json["policy"][0].get("object"), None);
    bench
        .run(&APPLY)
        .await
        .expect(0)
        .says("3 objects, all synced and healthy.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_is_none_stops_everything_with_its_place() {
    let bench = Bench::small(Profile::Instant).await;
    for (file, at, said) in [
        (
            rules(&["{name: a, deny: objct.action == 'x', message: m}"]),
            "catalogd.yaml:3:23",
            "error[invalid-policy-rule]: `deny`: nothing is named `objct`",
        ),
        (
            "policy:\n  rules:\n    - name: a\n      deny: |\n\n        true &&\n          object.nme.matchez('x')\n      message: m\n".to_owned(),
            "catalogd.yaml:7:29",
            "no function is named `matchez`",
        ),
        (
            "policy:\n  rules:\n    - name: a\n      deny: 'now == '\n      message: m\n".to_owned(),
            "catalogd.yaml:4:",
            "the expression is no CEL",
        ),
        (
            rules(&["{name: a, scope: plan, when: object.x, deny: 'true', message: m}"]),
            "catalogd.yaml:3:36",
            "leave `scope: plan` out",
        ),
        (rules(&["{name: a, deny: 'true', warn: 'true', message: m}"]), "catalogd.yaml:3:31", "only one can hold"),
        (rules(&["{name: a, message: m}"]), "catalogd.yaml:3:7", "a rule needs `deny` or `warn`"),
        (rules(&["{name: a, deny: 'true'}"]), "catalogd.yaml:3:7", "a rule lacks `message`"),
        (rules(&["{name: a, kind: [Product], deny: 'true', message: m}"]), "catalogd.yaml:3:17", "did you mean `kinds`?"),
        (rules(&["{name: a, kinds: [Produkt], deny: 'true', message: m}"]), "catalogd.yaml:3:25", "did you mean `Product`?"),
        (rules(&["{name: a, kinds: [Product], scope: plan, deny: 'true', message: m}"]), "catalogd.yaml:3:17", "has no `kinds`"),
        (
            rules(&["{name: a, deny: 'true', message: m}", "{name: a, deny: 'true', message: m}"]),
            "catalogd.yaml:4:14",
            "two rules are named `a`",
        ),
        ("policies: {}\n".to_owned(), "catalogd.yaml:1:1", "unknown field `policies`"),
        ("policy: {rule: []}\n".to_owned(), "catalogd.yaml:1:10", "did you mean `rules`?"),
        ("a: [\n".to_owned(), "catalogd.yaml:", "error[syntax]"),
        ("policy: {rules: []}\n---\nx: 1\n".to_owned(), "catalogd.yaml:2:1", "more than one document"),
        (
            "apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {name: x}\nspec: {providerName: x}\n".to_owned(),
            "catalogd.yaml:1:1",
            "this file holds settings, not manifests",
        ),
    ] {
        bench.write("catalogd.yaml", &file);
        for command in [&PLAN[..], &["plan", "--partial", "catalog"], &["apply", "--partial", "--yes", "catalog"]] {
            bench
                .run(command)
                .await
                .expect(3)
                .notes(at)
                .notes(said);
        }
        let mut validate = super::bench::clean(bench.home());
        validate.current_dir(bench.home()).args(["validate", "catalog"]);
        super::bench::Running::start(validate).end().await.expect(3).says(at).says(said);
    }
    assert_eq!(bench.writes(), 0);
    // A name that is nearly right is no settings file that nobody reads.
    std::fs::rename(
        bench.catalog().join("catalogd.yaml"),
        bench.catalog().join("catalogd.yml"),
    )
    .unwrap();
    bench
        .run(&PLAN)
        .await
        .expect(3)
        .notes("error[settings-file]")
        .notes("are read from `catalogd.yaml`");
    // Deeper down the name means nothing, and a file of comments says nothing.
    std::fs::remove_file(bench.catalog().join("catalogd.yml")).unwrap();
    bench.write("catalogd.yaml", "# nothing yet\n");
    bench.write("deep/catalogd.yaml", "x: 1\n");
    bench.run(&PLAN).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_doubt_a_rule_holds() {
    let bench = Bench::small(Profile::Instant).await;
    let fails = |effect: &str| {
        format!(
            "{{name: fails, kinds: [Product], {effect}: object.desired.tags.costCenter == 'x', message: Say who pays}}"
        )
    };
    bench.write("catalogd.yaml", &rules(&[&fails("deny")]));
    bench
        .run(&PLAN)
        .await
        .expect(5)
        .says("! policy: fails: the rule failed (there is no `costCenter`), so it counts as if it held: Say who pays");
    bench.write("catalogd.yaml", &rules(&[&fails("warn")]));
    bench
        .run(&PLAN)
        .await
        .expect(0)
        .says("· warn fails  (catalogd.yaml:3:14)\n      the rule failed");
    let when = "{name: late, when: object.x == 1, deny: 'false', message: m}";
    bench.write("catalogd.yaml", &rules(&[when]));
    bench
        .run(&PLAN)
        .await
        .expect(5)
        .says("late: the rule failed (there is no `x`)");
    // Loops in loops: a thousand million turns.
    let list = "[0,1,2,3,4,5,6,7,8,9]";
    let endless = (0..9).fold("true".to_owned(), |inner, n| {
        format!("{list}.all(x{n}, {inner})")
    });
    let endless = format!("{{name: endless, deny: '{endless}', message: m}}");
    bench.write("catalogd.yaml", &rules(&[&endless, COST]));
    bench
        .run(&APPLY)
        .await
        .expect(5)
        .says("! deny endless  (catalogd.yaml:3:14)\n      the rule did not end within its limits, so it counts as if it held: m\n      the whole plan")
        .says("! deny cost-center");
    assert_eq!(bench.writes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_of_elsewhere_are_beyond_a_pull_requests_reach() {
    let bench = Bench::small(Profile::Instant).await;
    let apart = |name: &str, text: &str| {
        std::fs::write(bench.home().join(name), text).unwrap();
    };
    apart("company.yaml", &rules(&[COST]));
    apart(
        "team.yaml",
        &rules(&["{name: team, warn: object.kind == 'Portfolio', message: A portfolio}"]),
    );
    bench
        .run(&[
            "plan",
            "--policy",
            "company.yaml",
            "--policy",
            "team.yaml",
            "catalog",
        ])
        .await
        .expect(5)
        .says("! deny cost-center  (company.yaml:3:14)\n      Say who pays\n      product/topic\n")
        .says("· warn team  (");
    // Neither a rule of the same name nor a broken file of the source takes its place.
    bench.write(
        "catalogd.yaml",
        &rules(&["{name: cost-center, warn: 'false', message: m}"]),
    );
    bench
        .run(&["plan", "--policy", "company.yaml", "catalog"])
        .await
        .expect(3)
        .notes("error[duplicate-name]: two rules are named `cost-center`")
        .notes("::: company.yaml:3:14");
    std::fs::remove_file(bench.catalog().join("catalogd.yaml")).unwrap();
    apart(
        "broken.yaml",
        &rules(&["{name: a, deny: nobody, message: m}"]),
    );
    bench
        .run(&["plan", "--policy", "broken.yaml", "catalog"])
        .await
        .expect(3)
        .notes("--> broken.yaml:3:23")
        .notes("3 |     - {name: a, deny: nobody, message: m}");
    bench
        .run(&["run", "--policy", "broken.yaml", "catalog"])
        .await
        .expect(3);
    bench
        .run(&["plan", "--policy", "nowhere.yaml", "catalog"])
        .await
        .expect(1)
        .notes("the rules nowhere.yaml cannot be read");
    assert_eq!(bench.writes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_plan_is_denied_as_any_other() {
    let bench = Bench::small(Profile::Instant).await;
    let freeze = "{name: freeze, scope: plan, deny: plan.creates > 0, message: Not on a Friday}";
    std::fs::write(bench.home().join("freeze.yaml"), rules(&[freeze])).unwrap();
    let save = ["plan", "catalog", "--pace=none", "--out=plan.json"];
    bench.run(&save).await.expect(0);
    let apply = ["apply", "--pace=none", "--plan=plan.json"];
    let frozen = |more: &[&'static str]| [&apply, more, &["--policy=freeze.yaml"]].concat();
    bench
        .run(&frozen(&[]))
        .await
        .expect(5)
        .says("! deny freeze  (freeze.yaml:3:14)")
        .notes("the team's own rules deny the saved plan; nothing was written");
    let ended = bench.run(&frozen(&["--format=json"])).await.expect(5);
    for line in ended.stdout.lines() {
        crate::schema_check::line(line);
    }
    assert!(ended.stdout.contains("Not on a Friday"), "{ended}");
    assert_eq!(bench.writes(), 0);
    // It was not used up by that.
    bench.run(&apply).await.expect(0);
    assert_eq!(bench.count("CreateProduct"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemon_obeys() {
    let bench = Bench::small(Profile::Instant).await;
    bench.write("catalogd.yaml", &rules(&[COST]));
    std::fs::write(
        bench.home().join("company.yaml"),
        rules(&["{name: team, warn: object.kind == 'Portfolio', message: A portfolio}"]),
    )
    .unwrap();
    let mut daemon = bench.start(&[
        "run",
        "--pace",
        "none",
        "--policy",
        "company.yaml",
        "catalog",
    ]);
    daemon
        .says("product/topic  OutOfSync Missing  policy: cost-center")
        .await;
    daemon.says("! deny cost-center  (").await;
    daemon.says("· warn team  (").await;
    assert_eq!(bench.count("CreatePortfolio"), 1);
    assert_eq!(bench.count("CreateProduct"), 0);
    // A file that can't be read any more lets nothing through.
    bench.write("catalogd.yaml", "policy: {rules: [{name: x}]}\n");
    bench.edit("catalog.yaml", "displayName: Team", "displayName: The team");
    daemon.notes("error[exactly-one]: a rule needs").await;
    daemon
        .says("! deny policy  (catalogd.yaml:1:1)\n      the rules could not be read")
        .await;
    assert_eq!(bench.count("UpdatePortfolio"), 0);
    // Mended.
    bench.write(
        "catalogd.yaml",
        &rules(&["{name: fine, deny: 'false', message: m}"]),
    );
    daemon.says("3 objects, all synced and healthy.").await;
    assert_eq!(bench.count("UpdatePortfolio"), 1);
    daemon.terminate().await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_see_no_secret() {
    let bench = Bench::small(Profile::Instant).await;
    bench.edit(
        "v1.yaml",
        "Name: {Type: String}",
        "Name: {Type: String}\n  Password: {Type: String, NoEcho: true}",
    );
    bench.edit(
        "catalog.yaml",
        "{Name: alarms}",
        "{Name: alarms, Password: hunter2hunter2}",
    );
    let seen = |what: &str| {
        format!(
            "{{name: seen, kinds: [ProvisionedProduct], deny: 'object.desired.parameters == {what}', message: Seen}}"
        )
    };
    bench.write(
        "catalogd.yaml",
        &rules(&[&seen(
            "{\"Name\": \"alarms\", \"Password\": \"hunter2hunter2\"}",
        )]),
    );
    bench.run(&PLAN).await.expect(0);
    bench.write(
        "catalogd.yaml",
        &rules(&[&seen("{\"Name\": \"alarms\", \"Password\": \"(secret)\"}")]),
    );
    bench.run(&PLAN).await.expect(5);
}
