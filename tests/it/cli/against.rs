//! Plans against a saved observation, through the built binary: without credentials, and without a single call.

use std::os::unix::fs::PermissionsExt as _;

use catalogd::emulator::Profile;
use serde_json::Value;

use super::bench::{Bench, Ended, Running};

const OBSERVE: [&str; 5] = ["observe", "catalog", "--out", "live.json", "--pace=none"];
const AGAINST: [&str; 4] = ["plan", "catalog", "--against", "live.json"];

impl Bench {
    /// With the small catalog as it is live in a file.
    async fn observed(installation: &[&str]) -> Self {
        let bench = Self::small(Profile::Instant).await;
        let apply = ["apply", "--yes", "--pace", "none", "catalog"];
        bench.run(&[&apply, installation].concat()).await.expect(0);
        bench.emulator.reset_calls();
        bench
            .run(&[&OBSERVE, installation].concat())
            .await
            .expect(0);
        assert_eq!(bench.writes(), 0, "observing writes nothing");
        bench.emulator.reset_calls();
        bench
    }

    /// Plans where there is nothing of AWS: no keys, no region, no endpoint.
    async fn without_aws(&self, more: &[&str]) -> Ended {
        let mut command = self.catalogd(&[&AGAINST, more].concat());
        for name in [
            "AWS_ENDPOINT_URL",
            "AWS_REGION",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        ] {
            command.env_remove(name);
        }
        let ended = Running::start(command).end().await;
        let calls: u64 = self.emulator.counts().values().sum();
        assert_eq!(calls, 0, "{ended}");
        ended
    }
}

/// The lines of a page from the objects on, without what only a live plan knows.
fn objects(text: &str) -> Vec<&str> {
    let known = |line: &&str| {
        !line.is_empty() && !line.starts_with("warning: ") && !line.starts_with("Calls: ")
    };
    text.lines().filter(known).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fork_plans_without_credentials_what_a_plan_with_them_says() {
    let bench = Bench::observed(&[]).await;
    let mode = std::fs::metadata(bench.home().join("live.json")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    bench
        .without_aws(&["--detailed-exitcode"])
        .await
        .expect(0)
        .says("No changes. The catalog matches the manifests.");
    bench.edit("catalog.yaml", "A topic for alarms", "For alarms");
    bench.edit("catalog.yaml", "displayName: Team", "displayName: The team");
    let offline = bench
        .without_aws(&["--detailed-exitcode"])
        .await
        .expect(2)
        .says("warning: compared with live.json, read ")
        .says("(just now) for folder:")
        .says("~ description: A topic for alarms → For alarms")
        .says("Calls: none made, 2 writes planned.");
    let live = bench
        .run(&["plan", "catalog", "--pace=none", "--detailed-exitcode"])
        .await
        .expect(2);
    assert_eq!(objects(&offline.stdout), objects(&live.stdout));
    bench.emulator.reset_calls();
    let json = bench.without_aws(&["--format=json"]).await.expect(0);
    let json: Value = crate::schema_check::plan(&json.stdout);
    assert_eq!(json["target"]["region"], "us-east-1");
    assert_eq!(json["estimate"]["reads"], 0);
    let notice = json["notices"][0].as_str().unwrap();
    assert!(notice.starts_with("compared with live.json"), "{notice}");
    bench
        .without_aws(&["--format=markdown"])
        .await
        .expect(0)
        .says("compared with live.json");
    bench
        .without_aws(&["--only", "portfolio/team"])
        .await
        .expect(0)
        .says("1 to update, 0 to replace; 1 call");
    // Rules and errors are as they are anywhere.
    bench.write(
        "catalogd.yaml",
        "policy: {rules: [{name: freeze, scope: plan, deny: plan.updates > 0, message: Not now}]}\n",
    );
    bench.without_aws(&[]).await.expect(5).says("! deny freeze");
    bench.edit(
        "catalog.yaml",
        "providerName: Platform",
        "providerNme: Platform",
    );
    bench.without_aws(&[]).await.expect(3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_has_looked_at_is_not_planned() {
    let bench = Bench::observed(&[]).await;
    bench.edit("catalog.yaml", "displayName: Team", "displayName: The team");
    bench.write(
        "more.yaml",
        "apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: env}
spec: {key: env, value: prod}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: copied}
spec:
  name: Copied
  owner: Platform
  copyFrom: {productArn: 'arn:aws:catalog:eu-west-1:210987654321:product/prod-elsewhere'}
  portfolios: [{portfolio: team}]
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: stored}
spec:
  product: topic
  version: v1
  portfolio: team
  parameters: {Name: {ssm: /golden/name}}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: legacy}
spec:
  product: topic
  version: v1
  portfolio: team
  import: {stackArn: 'arn:aws:cloudformation:us-east-1:123456789012:stack/legacy/1'}
",
    );
    let ended = bench.without_aws(&[]).await.expect(0);
    let json = bench.without_aws(&["--format=json"]).await.expect(0);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    for name in ["env", "copied", "stored", "legacy"] {
        let objects = json["objects"].as_array().unwrap();
        let object = objects.iter().find(|o| o["name"] == name).unwrap();
        assert_eq!(
            object["actions"],
            serde_json::json!(["no-op"]),
            "{name}: {ended}"
        );
        assert_eq!(object["blocked"][0]["code"], "gap", "{name}: {ended}");
    }
    let gaps = json["gaps"].as_array().unwrap();
    assert!(
        gaps.iter().all(|gap| gap["operation"] == "observe"),
        "{gaps:#?}"
    );
    // What it does have is planned all the same.
    ended
        .says("~ displayName: Team → The team")
        .says("(not in the observation)")
        .says("observe: somebody with credentials makes the observation anew with these manifests");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_whole_observation_is_refused() {
    let bench = Bench::observed(&[]).await;
    let file = bench.home().join("live.json");
    let whole = std::fs::read_to_string(&file).unwrap();
    let next = "next: make a new one where there are credentials: catalogd observe --out FILE PATH";
    let format = whole.replace("\"catalogd_observation\": 1", "\"catalogd_observation\": 9");
    for (text, why) in [
        (&whole[..whole.len() / 2], "it is not a whole observation"),
        ("{}", "it is not a whole observation"),
        (format.as_str(), "its format is 9, and this program reads 1"),
        (
            whole.replace("A topic for alarms", "Another").as_str(),
            "it was changed after it was written",
        ),
    ] {
        assert_ne!(text, whole);
        std::fs::write(&file, text).unwrap();
        bench
            .without_aws(&[])
            .await
            .expect(1)
            .notes(why)
            .notes(next);
    }
    std::fs::remove_file(&file).unwrap();
    bench
        .without_aws(&[])
        .await
        .expect(1)
        .notes("the observation live.json cannot be read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_of_one_catalog_and_of_one_installation() {
    let bench = Bench::observed(&["--installation", "team"]).await;
    bench.without_aws(&[]).await.expect(0).says("No changes.");
    bench
        .without_aws(&["--installation", "team"])
        .await
        .expect(0)
        .says("No changes.");
    bench
        .without_aws(&["--installation", "other"])
        .await
        .expect(1)
        .notes("live.json is of the installation team, and not of other");
    bench
        .without_aws(&["--template-bucket", "elsewhere"])
        .await
        .expect(1)
        .notes("was made with the template bucket catalogd-123456789012-us-east-1");
    for more in [
        &["--out", "plan.json"][..],
        &["--region", "eu-west-1"],
        &["--emulator"],
    ] {
        let ended = bench.without_aws(more).await.expect(1);
        assert!(ended.stderr.contains("cannot be used with"), "{ended}");
    }
    // What could not be read stays unknown, and is said so.
    let denied = catalogd::emulator::faults::Effect::AccessDenied;
    bench
        .emulator
        .inject(catalogd::emulator::faults::Rule::always(denied).on("ListPrincipalsForPortfolio"));
    bench
        .run(&[&OBSERVE[..], &["--installation", "team"]].concat())
        .await
        .expect(0)
        .says("could not be read");
    bench.emulator.reset_calls();
    bench
        .without_aws(&[])
        .await
        .expect(0)
        .says("ListPrincipalsForPortfolio");
}
