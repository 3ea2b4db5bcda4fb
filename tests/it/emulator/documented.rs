//! docs/emulator.md against the emulator.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use catalogd::emulator::faults::Faults;
use catalogd::emulator::{Profile, operations, seed};
use serde_json::json;

use super::client::{Bench, text};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/emulator.md")).unwrap()
}

/// The text between a heading and the next of its level.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let start = format!("\n## {heading}\n");
    let (_, rest) = page
        .split_once(&start)
        .unwrap_or_else(|| panic!("no {heading}"));
    rest.split("\n## ").next().unwrap()
}

/// The example that is marked as tested under this name.
fn example<'a>(page: &'a str, name: &str) -> &'a str {
    let start = format!("<!-- tested: {name} -->\n```yaml\n");
    let (_, rest) = page.split_once(&start).unwrap();
    rest.split("```").next().unwrap()
}

#[test]
fn the_table_has_every_operation_and_no_other() {
    let page = page();
    let rows: Vec<&str> = section(&page, "Service Catalog")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let documented: BTreeSet<&str> = rows.iter().copied().collect();
    assert_eq!(rows.len(), documented.len(), "a row stands twice");
    assert_eq!(documented, operations().collect());
}

#[tokio::test(start_paused = true)]
async fn the_seed_of_the_page_loads() {
    let bench = Bench::new(Profile::Local);
    let page = page();
    let made = seed::load_text(&bench.emulator, example(&page, "seed"), Path::new(""))
        .await
        .unwrap();
    assert_eq!(made, 8);
    let found = bench
        .ok("DescribeProvisionedProduct", json!({"Name": "bad"}))
        .await;
    assert_eq!(text(&found, "/ProvisionedProductDetail/Status"), "ERROR");
}

#[tokio::test(start_paused = true)]
async fn the_ids_of_the_page_are_given_out() {
    let bench = Bench::new(Profile::Local);
    let page = page();
    let made = seed::load_text(&bench.emulator, example(&page, "ids"), Path::new(""))
        .await
        .unwrap();
    assert_eq!(made, 3);
    let found = bench
        .ok(
            "DescribeProvisionedProduct",
            json!({"Id": "pp-legacyqueue2a"}),
        )
        .await;
    assert_eq!(
        text(&found, "/ProvisionedProductDetail/Status"),
        "AVAILABLE"
    );
}

#[test]
fn the_faults_of_the_page_are_read_and_every_effect_is_named() {
    let page = page();
    let faults: Faults = serde_yaml::from_str(example(&page, "faults")).unwrap();
    assert_eq!((faults.rules.len(), faults.stacks.len()), (11, 1));
    let named = |effect: &str| section(&page, "Faults").contains(&format!("\n| `{effect}` |"));
    let source = std::fs::read_to_string(root().join("src/emulator/faults/mod.rs")).unwrap();
    let variants = source.split_once("pub enum Effect {").unwrap().1;
    let variants = variants.split("\n}").next().unwrap();
    let mut count = 0;
    for line in variants.lines() {
        // Variants stand one level in; members of one stand deeper.
        let name = line.strip_prefix("    ").unwrap_or_default();
        if name.starts_with(|first: char| first.is_ascii_uppercase()) {
            let end = name.find(|c: char| !c.is_ascii_alphabetic()).unwrap();
            let camel = name[..1].to_lowercase() + &name[1..end];
            assert!(named(&camel), "{camel} has no row");
            count += 1;
        }
    }
    assert_eq!(count, 12);
}

/// Every file that marks a guess is named in the table of guesses, and no other.
#[test]
fn every_guess_is_listed() {
    let page = page();
    let listed: BTreeSet<String> = section(&page, "Guesses")
        .lines()
        .filter_map(|line| {
            let last = line.strip_suffix("` |")?.rsplit('`').next()?;
            Some(last.to_owned())
        })
        .collect();
    let folder = root().join("src/emulator");
    let mut marked = BTreeSet::new();
    let mut open = vec![folder.clone()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            let says = [
                "a guess",
                "are guesses",
                "Guesses,",
                "'s guess",
                "guess as well",
            ];
            // The one that says how guesses are marked makes none.
            let marks = says.iter().any(|says| source.contains(says));
            if marks && path != folder.join("mod.rs") {
                let inside = path.strip_prefix(&folder).unwrap();
                marked.insert(inside.to_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(listed, marked);
}
