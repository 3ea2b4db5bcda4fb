//! A catalog that a team made by hand, with boto3 and the AWS CLI, moves into git: exported, taken over, changed, and
//! removed again. `tests/it/fidelity/brownfield.py` makes it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use catalogd::emulator::Profile;
use serde_json::Value;

use super::bench::{Bench, Ended};
use crate::fidelity::foreign::{clients, program, said, script};

/// Runs `catalogd` as a team that has given its installation a name.
async fn run(bench: &Bench, args: &[&str]) -> Ended {
    let ours = ["--installation", "net-team"];
    let args: Vec<&str> = args.iter().copied().chain(ours).collect();
    bench.run(&args).await
}

/// Every manifest below a folder.
fn manifests(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if std::fs::read(&path).is_ok_and(|bytes| {
                String::from_utf8_lossy(&bytes).contains("apiVersion: catalogd.dev/v1")
            }) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// What the console shows of the whole account, but for what catalogd keeps for itself.
async fn live(bench: &Bench) -> Value {
    let world = bench.world();
    let sc = world.console();
    let portfolios = sc.list_portfolios().send().await.unwrap();
    let portfolios = portfolios.portfolio_details().iter();
    let portfolios: BTreeSet<_> = portfolios
        .filter_map(|p| p.id().map(str::to_owned))
        .collect();
    let products = sc
        .search_products_as_admin()
        .page_size(20)
        .send()
        .await
        .unwrap();
    let products = products.product_view_details().iter();
    let products =
        products.filter_map(|p| p.product_view_summary()?.product_id().map(str::to_owned));
    let products: BTreeSet<_> = products.collect();
    let actions = sc.list_service_actions().send().await.unwrap();
    let actions = actions.service_action_summaries().iter();
    let actions: BTreeSet<_> = actions.filter_map(|a| a.id().map(str::to_owned)).collect();
    let options = sc.list_tag_options().send().await.unwrap();
    let options = options.tag_option_details().iter();
    let options: BTreeSet<_> = options
        .filter_map(|o| Some((o.id()?.to_owned(), o.active()?)))
        .collect();
    let launched = sc.search_provisioned_products().send().await.unwrap();
    let launched = launched.provisioned_products().iter();
    let launched: BTreeSet<_> = launched.filter_map(|p| p.id().map(str::to_owned)).collect();
    serde_json::json!({
        "portfolios": portfolios, "products": products, "actions": actions, "options": options, "launched": launched,
    })
}

/// The actions of a plan, by object.
fn actions(plan: &Value) -> Vec<(String, String)> {
    let objects = plan["objects"].as_array().unwrap().iter();
    let name = |o: &Value| {
        format!(
            "{}/{}",
            o["kind"].as_str().unwrap(),
            o["name"].as_str().unwrap()
        )
    };
    objects
        .map(|o| (name(o), o["actions"][0].as_str().unwrap().to_owned()))
        .collect()
}

#[tokio::test]
async fn a_catalog_made_by_hand_moves_into_git_and_out_again() {
    let Some(home) = clients() else { return };
    let bench = Bench::empty(Profile::Local).await;
    let mut python = program(&home, "python3", &bench.url);
    let output = python.arg(script("brownfield.py")).output().await.unwrap();
    let (made, errors) = said(&output);
    assert!(output.status.success(), "{errors}");
    let made: Value = serde_json::from_str(&made).unwrap();
    let id = |key: &str| made[key].as_str().unwrap().to_owned();
    let before = live(&bench).await;

    // Exported: readable, and nothing is written to AWS.
    let folder = bench.home().join("mine");
    let out = folder.to_str().unwrap();
    let exported = run(&bench, &["export", "--out", out]).await.expect(0);
    assert!(
        exported.stderr.contains(&id("theirs")),
        "what is another's is named:\n{exported}"
    );
    assert_eq!(live(&bench).await, before);
    // A second time it does not write over the first.
    run(&bench, &["export", "--out", out]).await.expect(1);
    run_validate(&bench, out).await;

    // The plan takes over, by the ownership tags and marks alone, and does nothing else.
    let plan = run(&bench, &["plan", out, "--format", "json"])
        .await
        .expect(0);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    for object in plan["objects"].as_array().unwrap() {
        let action = object["actions"][0].as_str().unwrap();
        let changes = object["changes"].as_array().unwrap();
        let fields: Vec<&str> = changes
            .iter()
            .map(|c| c["field"].as_str().unwrap())
            .collect();
        let only_marks = fields
            .iter()
            .all(|f| f.starts_with("tags.catalogd:") || *f == "mark");
        assert!(
            only_marks && ["adopt", "no-op"].contains(&action),
            "{object:#}"
        );
    }
    // The one with twenty tags has no room for ours, and says so.
    let text = run(&bench, &["plan", out]).await.expect(0);
    let text = text.says("tag-quota").says("to adopt");
    let full = text
        .stdout
        .lines()
        .find(|line| line.contains("product/full-of-tags"));
    assert!(full.is_some_and(|line| line.contains('!')), "{text}");

    // Applied, the second plan is empty.
    run(&bench, &["apply", out, "--yes"]).await.expect(5);
    let plan = run(&bench, &["plan", out, "--detailed-exitcode"]).await;
    assert_eq!(plan.code, Some(0), "{plan}");
    assert_eq!(live(&bench).await, before);

    // Changed in git, it converges by the right calls.
    let product = manifests(&folder)
        .into_iter()
        .find(|path| std::fs::read_to_string(path).unwrap().contains(&id("vpc")))
        .unwrap();
    let old = std::fs::read_to_string(&product).unwrap();
    assert!(
        old.contains("owner: 'Team: A & B'") || old.contains("owner: \"Team: A & B\""),
        "{old}"
    );
    std::fs::write(&product, old.replace("Team: A & B", "Team: C")).unwrap();
    let hub = manifests(&folder)
        .into_iter()
        .find(|path| std::fs::read_to_string(path).unwrap().contains(&id("hub")))
        .unwrap();
    let old = std::fs::read_to_string(&hub).unwrap();
    let changed: String = old
        .lines()
        .map(|line| match line.trim_start().starts_with("Owner:") {
            true => "    Owner: somebody else\n".to_owned(),
            false => format!("{line}\n"),
        })
        .collect();
    // Its mark is written by an update alone, so what removal does is said together with a change.
    let changed = changed.replace("metadata:\n", "metadata:\n  onRemove: delete\n");
    std::fs::write(&hub, changed).unwrap();
    let count = || ["UpdateProduct", "UpdateProvisionedProduct"].map(|call| bench.count(call));
    let counted = count();
    run(&bench, &["apply", out, "--yes"]).await.expect(5);
    assert_eq!(count(), counted.map(|n| n + 1));
    assert_eq!(live(&bench).await, before);

    // All of it is told to go with its manifests, and the manifests go.
    for path in manifests(&folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("metadata:\n"), "{text}");
        if path == hub {
            continue;
        }
        std::fs::write(
            &path,
            text.replace("metadata:\n", "metadata:\n  onRemove: delete\n"),
        )
        .unwrap();
    }
    run(&bench, &["apply", out, "--yes"]).await.expect(5);
    for path in manifests(&folder) {
        std::fs::remove_file(path).unwrap();
    }
    let rest = "apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {name: rest}\nspec: {providerName: us}\n";
    std::fs::write(folder.join("rest.yaml"), rest).unwrap();
    let plan = run(&bench, &["plan", out, "--format", "json"])
        .await
        .expect(0);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let planned = actions(&plan);
    let gone: Vec<_> = planned
        .iter()
        .filter(|(_, action)| action == "delete")
        .collect();
    assert!(gone.len() >= 5, "{planned:#?}");
    run(&bench, &["apply", out, "--yes", "--allow-deletes", "100"])
        .await
        .expect(0);

    // What is left is what was not asked to go: the other team's portfolio, the product that was never taken over, and
    // the TagOption, which is inactive now.
    let after = live(&bench).await;
    let portfolios = after["portfolios"].as_array().unwrap();
    assert!(
        portfolios.contains(&Value::String(id("theirs"))) && portfolios.len() == 2,
        "{after:#}"
    );
    assert_eq!(after["products"], serde_json::json!([id("full")]));
    assert_eq!(after["actions"], serde_json::json!([]));
    assert_eq!(after["options"], serde_json::json!([[id("option"), false]]));
    assert_eq!(after["launched"], serde_json::json!([]));
    let plan = run(&bench, &["plan", out, "--detailed-exitcode"]).await;
    assert_eq!(plan.code, Some(0), "{plan}");
}

async fn run_validate(bench: &Bench, folder: &str) {
    let ended = bench.run(&["validate", folder]).await;
    assert_eq!(ended.code, Some(0), "{ended}");
}
