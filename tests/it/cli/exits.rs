//! What a pipeline sees: exit codes (design §9), and words that say what, where, why and what next.

use catalogd::emulator::faults::{Effect, Rule};
use catalogd::emulator::{Profile, Service};
use serde_json::Value;

use super::bench::{Bench, Running, clean};

/// A reference to nothing.
const TYPO: (&str, &str) = ("[{portfolio: team}]", "[{portfolio: taem}]");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_where_a_manifest_is_broken_and_nothing_is_written() {
    let bench = Bench::small(Profile::Instant).await;
    bench.edit("catalog.yaml", TYPO.0, TYPO.1);
    for command in [
        &["plan", "--detailed-exitcode", "catalog"][..],
        &["apply", "--yes", "catalog"],
    ] {
        bench
            .run(command)
            .await
            .expect(3)
            .notes("error[dangling-reference]: no Portfolio named `taem` is in this source")
            .notes("catalog.yaml:16:28")
            .notes("did you mean `team`?")
            .notes("nothing was planned or written");
    }
    assert_eq!(bench.writes(), 0);
    bench
        .run(&["plan", "--partial", "--detailed-exitcode", "catalog"])
        .await
        .expect(2)
        .says("Plan: 1 to create");
    // The others are applied, and the exit code does not hide that these are not all.
    bench
        .run(&["apply", "--partial", "--yes", "--pace", "none", "catalog"])
        .await
        .expect(6)
        .says("product/topic  Unknown Unknown  its manifest has an error")
        .says("1 synced and healthy");
    assert_eq!(bench.count("CreatePortfolio"), 1);
    assert_eq!(bench.count("CreateProduct"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn validate_works_offline_and_for_programs() {
    let bench = Bench::small(Profile::Instant).await;
    let validate = async |args: &[&str]| {
        let mut command = clean(bench.home());
        command.current_dir(bench.home()).arg("validate").args(args);
        Running::start(command).end().await
    };
    validate(&["catalog"])
        .await
        .expect(0)
        .says("Valid: 1 portfolio, 1 product with 1 version, 1 provisioned product (folder:");
    bench.edit("catalog.yaml", TYPO.0, TYPO.1);
    validate(&["catalog"])
        .await
        .expect(3)
        .says("error[dangling-reference]")
        .says("Without errors: 1 portfolio, 0 products");
    let ended = validate(&["--format", "json", "catalog"]).await.expect(3);
    let json: Value = serde_json::from_str(&ended.stdout).unwrap();
    let finding = &json["findings"][0];
    assert_eq!(finding["code"], "dangling-reference");
    assert_eq!(
        (&finding["line"], &finding["column"]),
        (&16.into(), &28.into())
    );
    assert_eq!(ended.stderr, "");
    assert_eq!(bench.emulator.calls(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_where_the_caller_may_not_look() {
    let bench = Bench::small(Profile::Instant).await;
    let mut anonymous = clean(bench.home());
    anonymous
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL", &bench.url)
        .current_dir(bench.home())
        .args(["plan", "catalog"]);
    Running::start(anonymous)
        .end()
        .await
        .expect(4)
        .notes("no credentials found")
        .notes("next: no valid credentials: set AWS_PROFILE");
    for listing in ["ListPortfolios", "SearchProductsAsAdmin"] {
        bench
            .emulator
            .inject(Rule::always(Effect::AccessDenied).on(listing));
    }
    for command in [&["plan", "catalog"][..], &["apply", "--yes", "catalog"]] {
        bench
            .run(command)
            .await
            .expect(4)
            .notes("ListPortfolios: AccessDeniedException")
            .notes("deploy/iam-policy.json");
    }
    assert_eq!(bench.writes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_where_the_catalog_does_not_answer() {
    let bench = Bench::small(Profile::Instant).await;
    bench
        .run(&["apply", "--yes", "--pace", "none", "catalog"])
        .await
        .expect(0);
    for service in [Service::ServiceCatalog, Service::S3] {
        let mut away = Rule::always(Effect::DropBefore);
        away.service = Some(service);
        bench.emulator.inject(away);
    }
    let ended = bench
        .run(&["plan", "--pace", "none", "catalog"])
        .await
        .expect(1)
        .notes("error: the catalog of 123456789012/us-east-1 cannot be read: ")
        .notes("next: check the network");
    assert_eq!(ended.stdout, "", "a plan of nothing but doubts is none");
    let told = ended.stderr.lines();
    let wrong = told.filter(|line| !line.starts_with("reading "));
    assert_eq!(wrong.count(), 2, "{ended}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_for_what_has_no_code_of_its_own() {
    let bench = Bench::small(Profile::Instant).await;
    for (args, said) in [
        (&["plan", "nowhere"][..], "[source-missing]: nowhere"),
        (&["plan", "catalog/v1.yaml"], "[source-not-a-folder]"),
        (&["plan", "--git", "nowhere"], "[source-missing]: nowhere"),
        (
            &["plan", "--ref", "main", "catalog"],
            "--ref is for repositories",
        ),
        (&["plan", "--path", "sub"], "--path is for repositories"),
        (&["plan", "--pace", "slow"], "give `default` or `none`"),
        (
            &["run", "--interval", "5"],
            "give a time like 30s, 5m or 1h30m",
        ),
        (&["plna"], "a similar subcommand exists: 'plan'"),
        (
            &["apply", "catalog"],
            "there is no terminal to ask on\n  next: look at the plan, then add --yes",
        ),
        (
            &["emulator", "--listen", &bench.url["http://".len()..]],
            "Address already in use",
        ),
        (
            &["plan", "--log", "a=b=c", "catalog"],
            "is not a log filter",
        ),
    ] {
        bench.run(args).await.expect(1).notes(said);
    }
    let mut nowhere = bench.catalogd(&["plan", "catalog"]);
    nowhere.env("AWS_ENDPOINT_URL", "http://localhost:1");
    Running::start(nowhere)
        .end()
        .await
        .expect(1)
        .notes("Connection refused")
        .notes("next: check the network, the region, and AWS_ENDPOINT_URL where it is set");
    let mut no_region = bench.catalogd(&["plan", "catalog"]);
    no_region.env_remove("AWS_REGION");
    Running::start(no_region)
        .end()
        .await
        .expect(1)
        .notes("next: set AWS_REGION");
    assert_eq!(bench.writes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_where_a_guard_stands_in_the_way() {
    let bench = Bench::small(Profile::Instant).await;
    let apply = ["apply", "--yes", "--pace", "none", "catalog"];
    bench.run(&apply).await.expect(0);
    bench.edit(
        "v1.yaml",
        "Description: A topic",
        "Description: Another topic",
    );
    bench
        .run(&["plan", "--detailed-exitcode", "catalog"])
        .await
        .expect(0)
        .says("! immutable-version:")
        .says("No changes can be made now. 1 blocked.");
    bench
        .run(&apply)
        .await
        .expect(5)
        .says("product/topic  OutOfSync")
        .notes("Converged but for what is blocked.");
}

/// Each code once, in one life of one catalog; a saved plan's 7 is `cli::saved`'s, and 130 has its own test below.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_code_has_its_day() {
    let bench = Bench::small(Profile::Instant).await;
    let plan = ["plan", "--detailed-exitcode", "catalog"];
    let apply = ["apply", "--yes", "--pace", "none", "catalog"];
    bench.run(&["plan", "catalog"]).await.expect(0);
    bench.run(&plan).await.expect(2);
    bench.run(&apply).await.expect(0);
    bench.run(&plan).await.expect(0).says("No changes.");
    // A guard: what it holds back is no change that is pending.
    let topic = std::fs::read_to_string(bench.catalog().join("v1.yaml")).unwrap();
    bench.edit("v1.yaml", "A topic", "Another topic");
    bench.run(&plan).await.expect(0);
    bench.run(&apply).await.expect(5);
    // A policy.
    let rule = "policy: {rules: [{name: no, deny: object.action == 'update', message: No}]}\n";
    bench.write("catalogd.yaml", rule);
    bench.edit("catalog.yaml", "displayName: Team", "displayName: The team");
    bench.run(&plan).await.expect(5);
    bench.run(&apply).await.expect(5);
    std::fs::remove_file(bench.catalog().join("catalogd.yaml")).unwrap();
    bench.run(&plan).await.expect(2);
    // A failure outranks what is blocked, and the deadline both.
    let refused = bench.emulator.inject(
        Rule::always(Effect::Refuse {
            code: "InvalidParametersException".to_owned(),
            message: "no".to_owned(),
        })
        .on("UpdatePortfolio"),
    );
    bench.run(&apply).await.expect(6).says("immutable-version");
    refused.remove();
    let slow = bench
        .emulator
        .inject(Rule::always(Effect::Latency(3.0)).on("UpdatePortfolio"));
    let soon = [
        "apply",
        "--yes",
        "--pace",
        "none",
        "--timeout",
        "500ms",
        "catalog",
    ];
    bench.run(&soon).await.expect(8);
    slow.remove();
    // A word that nobody knows, an account that nobody may read, a manifest that is none: each outranks those before.
    bench.run(&["apply", "--now", "catalog"]).await.expect(1);
    bench.write("catalogd.yaml", rule);
    for listing in ["ListPortfolios", "SearchProductsAsAdmin"] {
        bench
            .emulator
            .inject(Rule::always(Effect::AccessDenied).on(listing));
    }
    bench.run(&plan).await.expect(4);
    bench.run(&apply).await.expect(4);
    bench.edit("catalog.yaml", TYPO.0, TYPO.1);
    bench.run(&plan).await.expect(3);
    bench.run(&apply).await.expect(3);
    bench.write("v1.yaml", &topic);
}

/// The help names every code, and no others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_help_names_every_code() {
    let bench = Bench::small(Profile::Instant).await;
    let help = bench.run(&["--help"]).await.expect(0);
    let codes = help.stdout.split_once("Exit codes: ").unwrap().1;
    let codes = codes.split_whitespace().collect::<Vec<_>>().join(" ");
    let named: Vec<u8> = codes
        .split(", ")
        .filter_map(|part| part.split(' ').next()?.parse().ok())
        .collect();
    let all = catalogd::cli::Exit::ALL.map(catalogd::cli::Exit::code);
    let all: std::collections::BTreeSet<u8> = all.into_iter().collect();
    assert_eq!(named, all.into_iter().collect::<Vec<_>>(), "{codes}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_at_the_deadline_and_the_next_apply_goes_on() {
    // A stack of the local profile takes most of a second, so that a tenth of one is never enough.
    let bench = Bench::small(Profile::Local).await;
    bench
        .run(&[
            "apply",
            "--yes",
            "--pace",
            "none",
            "--timeout",
            "100ms",
            "catalog",
        ])
        .await
        .expect(8)
        .notes("Not converged before the deadline.");
    bench
        .run(&["apply", "--yes", "--pace", "none", "catalog"])
        .await
        .expect(0)
        .says("3 objects, all synced and healthy.");
    assert_eq!(bench.count("CreatePortfolio"), 1);
    assert_eq!(bench.count("ProvisionProduct"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_hundred_and_thirty_when_interrupted() {
    let bench = Bench::small(Profile::Aws).await;
    let mut apply = bench.start(&["apply", "--yes", "catalog"]);
    // The stack takes seconds: the signal comes while it is made.
    apply.notes("ProvisionProduct: in progress").await;
    apply.signal("INT").await;
    apply
        .end()
        .await
        .expect(130)
        .notes("stopping: calls under way finish, nothing new begins")
        .notes("in progress at the service as rec-")
        .notes("Interrupted. What runs goes on at the service");
    // Where nothing is under way it ends at once.
    bench
        .emulator
        .inject(Rule::always(Effect::Latency(600.0)).on("ListPortfolios"));
    let reads = bench.count("GetCallerIdentity");
    let apply = bench.start(&["apply", "--yes", "catalog"]);
    bench
        .until("it reads", |bench| bench.count("GetCallerIdentity") > reads)
        .await;
    bench.until_manifests_are_read(&apply).await;
    apply.signal("INT").await;
    apply
        .end()
        .await
        .expect(130)
        .notes("interrupted; no call was under way");
}

impl Bench {
    /// Waits until the program says what it works on: its handlers of signals stand by then.
    async fn until_manifests_are_read(&self, program: &Running) {
        self.until("the greeting", |_| {
            program.stderr().contains(", manifests of")
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_as_json_is_what_its_page_says() {
    let bench = Bench::small(Profile::Instant).await;
    let ended = bench
        .run(&["plan", "--format", "json", "catalog"])
        .await
        .expect(0);
    let plan: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(plan["formatVersion"], "2.0");
    assert_eq!(plan["hasChanges"], true);
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/plan-json.md");
    let page = std::fs::read_to_string(page).unwrap();
    let documented = |member: &str| page.contains(&format!("`{member}`"));
    let mut members = Vec::new();
    collect_members(&plan, "", &mut members);
    assert!(members.len() > 20, "{members:?}");
    for member in &members {
        assert!(documented(member), "{member} is not in docs/plan-json.md");
    }
    // And what the table of the page promises is there.
    let table = page
        .lines()
        .skip_while(|line| !line.starts_with("| `"))
        .take_while(|line| line.starts_with('|'));
    for row in table {
        let member = row.split('`').nth(1).unwrap();
        assert!(plan.get(member).is_some(), "{member} is missing");
    }
}

fn collect_members<'a>(value: &'a Value, field: &str, members: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                // Names of tags and parameters are data.
                if field != "tags" {
                    members.push(name);
                }
                collect_members(value, name, members);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_members(item, field, members)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_folder_is_a_cache() {
    let bench = Bench::small(Profile::Instant).await;
    let apply = ["apply", "--yes", "--pace", "none", "catalog"];
    bench.run(&apply).await.expect(0);
    let of_version = |bench: &Bench| bench.count("DescribeProvisioningArtifact");
    let before = of_version(&bench);
    bench.run(&["plan", "catalog"]).await.expect(0);
    assert_eq!(
        of_version(&bench),
        before,
        "what never changes is read once"
    );

    // A folder that can't be used costs a warning and some calls, no more.
    let file = bench.home().join("file");
    std::fs::write(&file, "").unwrap();
    let state = file.to_str().unwrap();
    bench
        .run(&["plan", "--state", state, "--detailed-exitcode", "catalog"])
        .await
        .expect(0)
        .notes("cannot be made")
        .says("No changes.");
    bench.edit(
        "catalog.yaml",
        "A topic for alarms",
        "A topic for all alarms",
    );
    bench
        .run(&[
            "apply", "--state", state, "--yes", "--pace", "none", "catalog",
        ])
        .await
        .expect(0)
        .says("3 objects, all synced and healthy.");
}
