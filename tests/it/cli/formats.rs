//! What programs and pull requests get of a plan and an apply, from the built binary.

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};
use serde_json::Value;

use super::bench::{Bench, Ended, Running};
use crate::schema_check;

const PLAN: &[&str] = &["plan", "--pace", "none", "catalog"];
const APPLY: &[&str] = &[
    "apply", "--yes", "--pace", "none", "--format", "json", "catalog",
];

fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [args, more].concat()
}

/// The lines of an apply, each held to the schema.
fn lines(ended: &Ended) -> Vec<Value> {
    let lines = ended.stdout.lines();
    let lines: Vec<Value> = lines.map(schema_check::line).collect();
    assert_eq!(lines.first().unwrap()["type"], "version", "{ended}");
    let last = lines.last().unwrap();
    assert_eq!(last["type"], "summary", "{ended}");
    assert_eq!(last["exitCode"], ended.code.unwrap(), "{ended}");
    lines
}

fn of<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["type"] == kind).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_plan_is_told_line_by_line_too() {
    let bench = Bench::small(Profile::Instant).await;
    let save = with(PLAN, &["--out", "plan.json"]);
    bench.run(&save).await.expect(0);
    let apply = ["apply", "--pace=none", "--format=json", "--plan=plan.json"];
    let ended = bench.run(&apply).await.expect(0);
    let told = lines(&ended);
    assert_eq!(of(&told, "plan").len(), 1);
    assert!(of(&told, "stepDone").len() > 3, "{ended}");
    assert_eq!(of(&told, "summary")[0]["outcome"], "done");
    let ended = bench.run(&apply).await.expect(7);
    let told = lines(&ended);
    assert_eq!(of(&told, "summary")[0]["outcome"], "stale");
    let why = of(&told, "error")[0]["message"].as_str().unwrap();
    assert!(why.contains("it was applied before"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_as_json_says_where_it_comes_from_and_what_it_costs() {
    let bench = Bench::example(Profile::Instant).await;
    let ended = bench
        .run(&with(PLAN, &["--format", "json"]))
        .await
        .expect(0);
    let plan = schema_check::plan(&ended.stdout);
    assert_eq!(plan["formatVersion"], "2.0");
    assert_eq!(plan["target"]["account"], "123456789012");
    assert_eq!(plan["revision"]["dirty"], true);
    assert_eq!(plan["estimate"]["launches"], 2);
    assert!(plan["estimate"]["reads"].as_u64() > Some(0));
    assert_eq!(
        plan["estimate"]["seconds"],
        Value::Null,
        "nothing holds calls back"
    );
    assert_eq!(bench.writes(), 0);
    let text = bench.run(PLAN).await.expect(0);
    let last = text.stdout.lines().last().unwrap();
    assert_eq!(plan["summary"], last);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_manifests_is_told_in_every_format() {
    let bench = Bench::small(Profile::Instant).await;
    bench.edit("catalog.yaml", "portfolio: team", "portfolio: taem");
    let ended = bench
        .run(&with(PLAN, &["--format", "json"]))
        .await
        .expect(3);
    let plan = schema_check::plan(&ended.stdout);
    assert_eq!(plan["errored"], true);
    assert_eq!(plan["errors"][0]["code"], "dangling-reference");
    assert_eq!(plan["digest"], Value::Null);
    bench
        .run(&with(PLAN, &["--format", "markdown"]))
        .await
        .expect(3)
        .says("<!-- catalogd:plan installation=default target=123456789012/us-east-1 part=1 -->\n")
        .says("**No plan: the manifests have 1 error. Nothing was planned or written.**")
        .says("! error[dangling-reference]  (catalog.yaml:16:28)");
    bench
        .run(PLAN)
        .await
        .expect(3)
        .notes("error[dangling-reference]");
    let told = bench.run(APPLY).await.expect(3);
    assert_eq!(lines(&told).len(), 2);
    // A part of the plan is a plan, which says what it is not about.
    let ended = bench
        .run(&with(PLAN, &["--format", "json", "--partial"]))
        .await
        .expect(0);
    let plan = schema_check::plan(&ended.stdout);
    assert_eq!(
        (&plan["errored"], &plan["hasChanges"]),
        (&false.into(), &true.into())
    );
    assert_eq!(plan["errors"][0]["object"], "product/topic");
    bench
        .run(&with(PLAN, &["--partial"]))
        .await
        .expect(0)
        .says("Errors in manifests (1 error)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn comments_are_written_to_files_and_old_parts_go() {
    let bench = Bench::example(Profile::Instant).await;
    let markdown = [
        "--format",
        "markdown",
        "--comment-dir",
        "comments",
        "--comment-limit",
        "4096",
    ];
    let ended = bench.run(&with(PLAN, &markdown)).await.expect(0);
    assert_eq!(ended.stdout, "");
    let file = |part: usize| bench.home().join(format!("comments/plan-{part}.md"));
    let parts = (1..).take_while(|part| file(*part).is_file()).count();
    assert!(parts > 1);
    for part in 1..=parts {
        let text = std::fs::read_to_string(file(part)).unwrap();
        assert!(text.chars().count() <= 4096);
        assert!(
            text.contains(&format!("(part {part} of {parts})")),
            "{text}"
        );
        assert!(text.contains(&format!(" part={part} -->\n")), "{text}");
    }
    let ended = bench
        .run(&with(PLAN, &["--format", "markdown"]))
        .await
        .expect(0);
    bench.run(&with(PLAN, &markdown[..4])).await.expect(0);
    // But for the second in which each was made.
    let body = |text: &str| text.split("\n<sub>Made ").next().unwrap().to_owned();
    let written = std::fs::read_to_string(file(1)).unwrap();
    assert!(written.contains("\n<sub>Made "), "{written}");
    assert_eq!(body(&written), body(&ended.stdout));
    assert!(!file(2).exists(), "it belongs to a longer plan");
    bench
        .run(&with(
            PLAN,
            &["--format", "markdown", "--comment-limit", "100"],
        ))
        .await
        .expect(1)
        .notes("give a number, 4096 at least");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apply_is_told_line_by_line() {
    let bench = Bench::small(Profile::Local).await;
    let told = bench.run(APPLY).await.expect(0);
    let all = lines(&told);
    let (plans, passes) = (of(&all, "plan"), of(&all, "pass"));
    assert_eq!(plans.len(), passes.len());
    let calls = plans[0]["plan"]["calls"].as_array().unwrap();
    let first = |kind: &str| {
        let mut steps = of(&all, kind);
        steps.retain(|line| line["pass"] == 1);
        steps.len()
    };
    assert_eq!(first("stepStarted"), calls.len());
    assert_eq!(first("stepDone"), calls.len());
    assert_eq!(passes[0]["done"], calls.len());
    let launched = of(&all, "stepProgress");
    assert!(
        launched
            .iter()
            .any(|line| line["call"] == "ProvisionProduct"
                && line["of"] == "record"
                && line["state"] == "working"),
        "{told}"
    );
    let summary = all.last().unwrap();
    assert_eq!(summary["outcome"], "done");
    assert_eq!(summary["objects"], Value::Array(Vec::new()));
    assert_eq!(summary["passes"], plans.len());
    // Nothing to do: the plan says so.
    let told = bench.run(APPLY).await.expect(0);
    let all = lines(&told);
    assert_eq!(all.len(), 3, "{told}");
    assert_eq!(all[1]["plan"]["hasChanges"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apply_tells_programs_what_failed_and_asks_them_nothing() {
    let bench = Bench::small(Profile::Instant).await;
    let unasked: Vec<&str> = APPLY
        .iter()
        .copied()
        .filter(|arg| *arg != "--yes")
        .collect();
    let told = bench.run(&unasked).await.expect(1);
    let all = lines(&told);
    assert!(
        all[1]["message"].as_str().unwrap().contains("--yes"),
        "{told}"
    );
    assert_eq!(bench.writes(), 0);
    bench
        .emulator
        .inject(Rule::always(Effect::AccessDenied).on("CreatePortfolio"));
    let told = bench.run(APPLY).await.expect(6);
    let all = lines(&told);
    let failed = of(&all, "stepFailed");
    assert_eq!(failed[0]["call"], "CreatePortfolio");
    assert_eq!(failed[0]["code"], "AccessDeniedException");
    assert!(!of(&all, "stepSkipped").is_empty(), "{told}");
    let objects = all.last().unwrap()["objects"].as_array().unwrap();
    assert!(
        objects
            .iter()
            .any(|object| object["object"] == "portfolio/team"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_does_is_told_before_anything_answers() {
    // A service that takes connections and never says a word.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bench = Bench::small(Profile::Instant).await;
    for command in ["plan", "apply"] {
        let mut quiet = bench.catalogd(&[command, "catalog"]);
        quiet.env(
            "AWS_ENDPOINT_URL",
            format!("http://{}", silent.local_addr().unwrap()),
        );
        let mut program = Running::start(quiet);
        program.notes("reading manifests of catalog …").await;
    }
    // The catalog is read for as long as its answers take.
    bench
        .emulator
        .inject(Rule::always(Effect::Latency(3_600.0)).on("ListPortfolios"));
    let mut program = bench.start(PLAN);
    program.notes("reading the catalog …").await;
}
