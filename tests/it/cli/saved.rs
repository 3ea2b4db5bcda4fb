//! Saved plans and plans for a part, through the built binary: applied as they were shown, once, or not at all.

use std::os::unix::fs::PermissionsExt as _;

use catalogd::emulator::Profile;
use serde_json::Value;

use super::bench::{Bench, Ended};

const SAVE: [&str; 5] = ["plan", "catalog", "--out", "plan.json", "--pace=none"];
const APPLY: [&str; 4] = ["apply", "--plan", "plan.json", "--pace=none"];

impl Bench {
    async fn applied(profile: Profile) -> Self {
        let bench = Self::small(profile).await;
        let apply = ["apply", "--yes", "--pace", "none", "catalog"];
        bench.run(&apply).await.expect(0);
        bench
    }

    fn saved(&self) -> std::path::PathBuf {
        self.home().join("plan.json")
    }

    /// Applies the saved plan; it is refused in these words, and nothing is written.
    async fn refused(&self, args: &[&str], words: &[&str]) -> Ended {
        let writes = self.writes();
        let args: Vec<&str> = APPLY.iter().chain(args).copied().collect();
        let mut ended = self.run(&args).await.expect(7).notes("nothing was written");
        for word in words {
            ended = ended.notes(word);
        }
        assert_eq!(self.writes(), writes, "{ended}");
        ended
    }

    async fn by_hand(&self, description: &str) {
        let world = self.world();
        let console = world.console();
        let found = console.search_products_as_admin().send().await.unwrap();
        let found = &found.product_view_details()[0];
        let id = found.product_view_summary().unwrap().product_id().unwrap();
        let call = console.update_product().id(id).description(description);
        call.send().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_plan_is_made_as_it_was_shown_and_once() {
    let bench = Bench::applied(Profile::Instant).await;
    bench.edit("catalog.yaml", "A topic for alarms", "For alarms");
    let writes = bench.writes();
    bench
        .run(&SAVE)
        .await
        .expect(0)
        .says("1 to update, 0 to replace; 1 call")
        .notes("Saved as plan.json");
    assert_eq!(bench.writes(), writes, "plan writes nothing");
    let mode = std::fs::metadata(bench.saved())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let copy = bench.home().join("copy.json");
    std::fs::copy(bench.saved(), &copy).unwrap();
    // Drift of what it does not rest on is neither a reason to refuse it nor put right by it.
    let world = bench.world();
    let portfolios = world.console().list_portfolios().send().await.unwrap();
    let id = portfolios.portfolio_details()[0].id().unwrap();
    let call = world
        .console()
        .update_portfolio()
        .id(id)
        .provider_name("Somebody");
    call.send().await.unwrap();
    let before = bench.writes();
    bench
        .run(&APPLY)
        .await
        .expect(0)
        .says("description: A topic for alarms → For alarms")
        .notes("left alone: portfolio/team")
        .notes("The saved plan was made");
    assert_eq!(bench.count("UpdateProduct"), 1);
    assert_eq!(bench.writes(), before + 1, "its call and no other");
    // The file is marked, and the state folder knows a copy of it.
    bench
        .refused(&[], &["it was applied before, and is plan.json.used now"])
        .await;
    std::fs::rename(&copy, bench.saved()).unwrap();
    bench.refused(&[], &["it was applied before"]).await;
    // Where the state folder is gone, the catalog itself has moved on.
    let state = bench.home().join("fresh");
    let ended = bench
        .refused(&["--state", state.to_str().unwrap()], &[])
        .await;
    ended.notes("product/topic: description: it does not differ any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_stale_where_anything_moved_and_says_what() {
    let bench = Bench::applied(Profile::Instant).await;
    bench.edit("catalog.yaml", "A topic for alarms", "For alarms");
    bench.run(&SAVE).await.expect(0);
    // Who plans again writes over the file.
    bench.run(&SAVE).await.expect(0);

    bench
        .refused(
            &["--region", "eu-west-1"],
            &["region: us-east-1 in the plan, eu-west-1 here"],
        )
        .await;
    bench
        .refused(
            &["--installation", "ours"],
            &["installation: default in the plan, ours here"],
        )
        .await;
    bench
        .refused(
            &["--template-bucket", "other"],
            &["template bucket: catalogd-123456789012-us-east-1 in the plan"],
        )
        .await;
    let mut other = bench.catalogd(&APPLY);
    other.env("AWS_ACCESS_KEY_ID", "999999999999");
    super::bench::Running::start(other)
        .end()
        .await
        .expect(7)
        .notes("account: 123456789012 in the plan, 999999999999 here");

    // The folder is another: what is in it, not where it lies.
    bench.edit("v1.yaml", "A topic", "A  topic");
    bench.refused(&[], &["git: folder:"]).await;
    bench.edit("v1.yaml", "A  topic", "A topic");

    // The live object is another.
    bench.by_hand("By hand").await;
    bench
        .refused(
            &[],
            &["product/topic: description: A topic for alarms → By hand"],
        )
        .await;
    bench.by_hand("A topic for alarms").await;
    // A field that git does not manage counts as well.
    let world = bench.world();
    let found = world
        .console()
        .search_products_as_admin()
        .send()
        .await
        .unwrap();
    let found = &found.product_view_details()[0];
    let id = found.product_view_summary().unwrap().product_id().unwrap();
    let support = |text: &str| {
        world
            .console()
            .update_product()
            .id(id)
            .distributor(text)
            .send()
    };
    support("Somebody").await.unwrap();
    bench
        .refused(&[], &["product/topic: distributor: (none) → Somebody"])
        .await;

    // A new plan rests on what is there now.
    bench.run(&SAVE).await.expect(0);
    bench.run(&APPLY).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_of_a_commit_is_stale_with_the_next_one() {
    let bench = Bench::applied(Profile::Instant).await;
    bench.edit("catalog.yaml", "A topic for alarms", "For alarms");
    let git = async |args: &[&str]| {
        let mut command = tokio::process::Command::new("git");
        command
            .args(["-c", "user.name=a", "-c", "user.email=a@b"])
            .args(args)
            .current_dir(bench.catalog());
        assert!(command.output().await.unwrap().status.success(), "{args:?}");
    };
    git(&["init", "-q", "-b", "main"]).await;
    git(&["add", "."]).await;
    git(&["commit", "-qm", "one"]).await;
    let save = [
        "plan",
        "--git",
        "catalog",
        "--ref",
        "main",
        "--out",
        "plan.json",
    ];
    bench.run(&save).await.expect(0);
    bench.edit("catalog.yaml", "Team", "The team");
    git(&["commit", "-qam", "two"]).await;
    bench.refused(&[], &["git: "]).await;
    git(&["reset", "-q", "--hard", "HEAD~1"]).await;
    bench
        .run(&APPLY)
        .await
        .expect(0)
        .notes("The saved plan was made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_not_what_was_written_is_refused() {
    let bench = Bench::applied(Profile::Instant).await;
    bench.edit("catalog.yaml", "A topic for alarms", "For alarms");
    bench.run(&SAVE).await.expect(0);
    let whole = std::fs::read_to_string(bench.saved()).unwrap();
    let spoilt = [
        (
            whole[..whole.len() / 2].to_owned(),
            "it is not a whole saved plan",
        ),
        (String::new(), "it is not a whole saved plan"),
        (
            whole.replace("For alarms", "For harm"),
            "it was changed after it was written",
        ),
        (
            whole.replace("\"catalogd_saved_plan\": 1", "\"catalogd_saved_plan\": 2"),
            "its format is 2, and this program reads 1",
        ),
    ];
    for (text, why) in spoilt {
        assert_ne!(text, whole);
        std::fs::write(bench.saved(), text).unwrap();
        bench.refused(&[], &[why]).await;
    }
    std::fs::remove_file(bench.saved()).unwrap();
    bench
        .run(&APPLY)
        .await
        .expect(1)
        .notes("plan.json cannot be read");
    // What was said when it was made can't be said again.
    bench
        .run(&["apply", "--plan", "plan.json", "--allow-deletes", "3"])
        .await
        .expect(1);
    bench
        .run(&["plan", "--emulator", "catalog", "--out", "p"])
        .await
        .expect(1)
        .notes("embedded AWS ends");
    bench
        .run(&["plan", "catalog", "--out", "no/such/place"])
        .await
        .expect(1)
        .notes("cannot be saved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_expires() {
    let bench = Bench::applied(Profile::Instant).await;
    bench.edit("catalog.yaml", "A topic for alarms", "For alarms");
    let save: Vec<&str> = SAVE.iter().copied().chain(["--expires", "1ms"]).collect();
    bench.run(&save).await.expect(0);
    bench.refused(&[], &["it expired at "]).await;
    for bad in ["0s", "721h", "soon"] {
        let save: Vec<&str> = SAVE.iter().copied().chain(["--expires", bad]).collect();
        bench.run(&save).await.expect(1);
    }
}

/// A hub whose output a spoke takes: one pass can't make both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_where_something_still_waits() {
    let bench = Bench::small(Profile::Instant).await;
    let text = std::fs::read_to_string(bench.catalog().join("catalog.yaml")).unwrap();
    let spoke = "---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {name: spoke}\nspec:\n  product: topic\n  version: v1\n  parameters: {Name: {output: {provisionedProduct: alarms, key: Arn}}}\n";
    bench.write("catalog.yaml", &format!("{text}{spoke}"));
    bench.run(&SAVE).await.expect(0).says("1 waiting");
    bench
        .run(&APPLY)
        .await
        .expect(8)
        .notes("something still waits: make a new plan");
    assert_eq!(bench.count("ProvisionProduct"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_a_saved_plan() {
    let bench = Bench::small(Profile::Instant).await;
    bench.edit(
        "v1.yaml",
        "Name: {Type: String}",
        "Name: {Type: String}\n  Word: {Type: String, NoEcho: true}\n  Key: {Type: String, NoEcho: true}",
    );
    bench.edit(
        "catalog.yaml",
        "{Name: alarms}",
        "{Name: alarms, Word: hunter2hunter2, Key: {ssm: /key}}",
    );
    let world = bench.world();
    let put = world
        .ssm()
        .put_parameter()
        .name("/key")
        .value("sesame-sesame");
    put.r#type(aws_sdk_ssm::types::ParameterType::SecureString)
        .send()
        .await
        .unwrap();
    let clean = |bench: &Bench| {
        let text = std::fs::read_to_string(bench.saved()).unwrap();
        for secret in ["hunter2", "sesame"] {
            assert!(!text.contains(secret), "{text}");
        }
    };
    bench.run(&SAVE).await.expect(0);
    clean(&bench);
    bench.run(&APPLY).await.expect(0);
    // What is live by now has the values too, masked.
    bench.edit("catalog.yaml", "{Name: alarms,", "{Name: bells,");
    bench.run(&SAVE).await.expect(0);
    clean(&bench);
    let put = world
        .ssm()
        .put_parameter()
        .name("/key")
        .value("other-sesame")
        .overwrite(true);
    put.send().await.unwrap();
    bench.refused(&[], &["ssm /key: version: 1 → 2"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_is_planned_and_made_and_the_rest_is_said_to_be_left_out() {
    let bench = Bench::small(Profile::Instant).await;
    let only = |command: &[&'static str], rest: &[&'static str]| {
        let all = command
            .iter()
            .chain(&["catalog", "--pace=none"])
            .chain(rest);
        all.copied().collect::<Vec<_>>()
    };
    bench
        .run(&only(&["plan"], &["--only", "product/topik"]))
        .await
        .expect(1)
        .notes("product/topik is neither in the manifests nor an object of ours")
        .notes("did you mean product/topic?");
    let json = bench
        .run(&only(
            &["plan", "--format=json"],
            &["--only", "product/topic"],
        ))
        .await
        .expect(0);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["leftOut"].as_array().unwrap().len(), 2);
    assert_eq!(json["objects"].as_array().unwrap().len(), 1);
    bench
        .run(&only(&["apply", "--yes"], &["--only", "portfolio/team"]))
        .await
        .expect(0)
        .says("warning: 2 objects were left out")
        .notes("Warning: 2 objects were left out (--only, --portfolio); 2 of them differ: product/topic, provisioned-product/alarms.")
        .notes("Converged");
    assert_eq!(
        (bench.count("CreatePortfolio"), bench.count("CreateProduct")),
        (1, 0)
    );
    // The whole was not applied, and so no revision is said to be.
    let state = std::fs::read_dir(bench.state())
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let state = std::fs::read_to_string(state.path().join("state.json")).unwrap();
    assert!(state.contains("\"applied\": null"), "{state}");
    // What rests on something that is left out is blocked; with what it rests on it is made.
    let alarms = ["--only", "provisioned-product/alarms"];
    bench
        .run(&only(&["apply", "--yes"], &alarms))
        .await
        .expect(5)
        .says("dependency");
    let with = [
        "--only",
        "provisioned-product/alarms",
        "--with-dependencies",
    ];
    bench.run(&only(&["apply", "--yes"], &with)).await.expect(0);
    bench
        .run(&only(
            &["plan", "--detailed-exitcode"],
            &["--portfolio", "team"],
        ))
        .await
        .expect(0)
        .says("No changes");
    bench
        .run(&only(&["plan"], &["--with-dependencies"]))
        .await
        .expect(1);
}
