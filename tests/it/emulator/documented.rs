//! docs/emulator.md against the emulator.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use catalogd::emulator::faults::Faults;
use catalogd::emulator::{Profile, coverage, seed};
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

/// The text between the marks of what is generated under this name.
fn generated<'a>(page: &'a str, name: &str) -> (&'a str, &'a str, &'a str) {
    let (begin, end) = (
        format!("<!-- generated: {name} -->\n"),
        format!("<!-- end: {name} -->\n"),
    );
    let (before, rest) = page.split_once(&begin).unwrap();
    let (inside, _) = rest.split_once(&end).unwrap();
    (
        &page[..before.len() + begin.len()],
        inside,
        &rest[inside.len()..],
    )
}

/// Holds a part of the page to what the code says; with `UPDATE_DOCS` set it is written anew.
fn hold(name: &str, expected: &str) {
    // The tables are held one after the other: each reads the page that the last one wrote.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let page = page();
    let (before, inside, after) = generated(&page, name);
    #[expect(
        clippy::disallowed_methods,
        reason = "asks whether the page shall be written anew"
    )]
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    if update && inside != expected {
        std::fs::write(
            root().join("docs/emulator.md"),
            [before, expected, after].concat(),
        )
        .unwrap();
        return;
    }
    assert_eq!(
        inside, expected,
        "docs/emulator.md lags behind: UPDATE_DOCS=1 cargo test --test it documented"
    );
}

#[test]
fn the_table_of_operations_is_what_the_code_says() {
    let mut table = String::from("| operation | how far |\n|---|---|\n");
    let (mut answered, mut all) = (0, 0);
    for row in coverage::operations() {
        all += 1;
        answered += usize::from(row.answered);
        let mark = if row.guesses.is_empty() {
            ""
        } else {
            "; [guesses](#guesses)"
        };
        writeln!(table, "| `{}` | {}{mark} |", row.operation, row.extent).unwrap();
    }
    let head = format!("{answered} of the model's {all} operations are answered.\n\n");
    hold("operations", &(head + &table));
}

#[test]
fn the_table_of_guesses_is_what_the_code_says() {
    let mut table = String::from("| of | what is not known | what happens here |\n|---|---|---|\n");
    let rows = |table: &mut String, of: &str, guesses: &[coverage::Guess]| {
        for (unknown, here) in guesses {
            writeln!(table, "| `{of}` | {unknown} | {here} |").unwrap();
        }
    };
    for (file, guesses) in coverage::GENERAL {
        rows(&mut table, file, guesses);
    }
    for row in coverage::operations() {
        rows(&mut table, row.operation, row.guesses);
    }
    hold("guesses", &table);
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
    assert_eq!((faults.rules.len(), faults.stacks.len()), (15, 4));
    let named = |effect: &str| section(&page, "Faults").contains(&format!("\n| `{effect}` |"));
    let source = std::fs::read_to_string(root().join("src/emulator/faults/mod.rs")).unwrap();
    let variants = source.split_once("pub enum Effect {").unwrap().1;
    let variants = variants.split("\n}").next().unwrap();
    let tests: String = std::fs::read_dir(root().join("tests/it/emulator"))
        .unwrap()
        .map(|file| file.unwrap().path())
        // Walks draw every effect and prove none.
        .filter(|path| path.is_file() && !path.ends_with("walk.rs"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let mut count = 0;
    for line in variants.lines() {
        // Variants stand one level in; members of one stand deeper.
        let name = line.strip_prefix("    ").unwrap_or_default();
        if name.starts_with(|first: char| first.is_ascii_uppercase()) {
            let end = name.find(|c: char| !c.is_ascii_alphabetic()).unwrap();
            let camel = name[..1].to_lowercase() + &name[1..end];
            assert!(named(&camel), "{camel} has no row");
            let proof = format!("Effect::{}", &name[..end]);
            assert!(
                tests.contains(&proof),
                "no test of the emulator has {proof}"
            );
            count += 1;
        }
    }
    assert_eq!(count, 16);
}

/// A file that marks a guess has it in the tables, and one that marks none has none.
#[test]
fn every_guess_is_listed() {
    let folder = root().join("src/emulator");
    let mut open = vec![folder.clone()];
    let mut wrong = Vec::new();
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
            let inside = path.strip_prefix(&folder).unwrap().to_str().unwrap();
            // These say how guesses are marked, and make none.
            if ["mod.rs", "coverage.rs"].contains(&inside) {
                continue;
            }
            let marks = source.lines().any(|line| {
                let comment = line.split_once("//").map_or("", |(_, comment)| comment);
                let mut words = comment.split(|letter: char| !letter.is_alphabetic());
                words.any(|word| ["guess", "guesses", "Guesses"].contains(&word))
            });
            let general = coverage::GENERAL.iter().any(|(file, _)| *file == inside);
            // `ops/mod.rs` has the method of that name.
            let own = inside != "ops/mod.rs" && source.contains(".guesses(");
            if marks != (general || own) {
                wrong.push(format!(
                    "{inside}: marks a guess: {marks}, lists one: {}",
                    general || own
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
