//! boto3, unchanged, against the emulator's port: every operation, paginator and waiter, every answer held against the
//! model that botocore carries. `boto/` has the calls.

use std::collections::BTreeSet;
use std::path::Path;

use catalogd::clock::Clock;
use catalogd::emulator::cfn::{NewStack, StackStatus};
use catalogd::emulator::faults::{Faults, StackFault};
use catalogd::emulator::{Emulator, Options, Profile, operations};
use serde_json::{Value, json};

use super::foreign::{clients, program, said, script};
use crate::emulator::client::{ACCOUNT, served};

/// What boto3 has and the calls leave out although the emulator has the operation, and why.
const UNTRIED: [(&str, &str); 0] = [];

/// An emulator with what no call here brings about: a stack that was imported, and one whose update fails.
fn emulator() -> Emulator {
    let late = StackFault {
        stack: "own".to_owned(),
        resource: "Late".to_owned(),
        reason: Some("It was told to".to_owned()),
        takes: None,
        ..StackFault::default()
    };
    let emulator = Emulator::new(Options {
        clock: Clock::system(),
        seed: 11,
        profile: Profile::Instant,
        quotas: true,
        faults: Faults {
            stacks: vec![late],
            ..Faults::default()
        },
    });
    emulator.with_stacks(ACCOUNT, "us-east-1", |stacks, ctx| {
        let new = NewStack {
            name: "imported".to_owned(),
            template: "Resources: {T: {Type: \"AWS::SNS::Topic\"}}"
                .to_owned()
                .into(),
            ..NewStack::default()
        };
        stacks.create(ctx, new).unwrap();
        stacks.settle(ctx.now);
        assert!(stacks.force_status(ctx.now, "imported", StackStatus::ImportComplete));
    });
    emulator
}

/// The operations of the other services that the page says there are: `cloudformation:CreateStack` and so on.
fn others() -> BTreeSet<String> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/emulator.md"));
    let page = page.unwrap();
    let (_, table) = page.split_once("\n## The other services\n").unwrap();
    let table = table.split("\n## ").next().unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.flat_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let service = cells[1].to_lowercase();
        let names = cells[2]
            .split(", ")
            .map(move |name| format!("{service}:{name}"));
        names.collect::<Vec<_>>()
    })
    .collect()
}

#[tokio::test]
async fn boto3_calls_everything_and_every_answer_fits_the_model() {
    let Some(home) = clients() else {
        return;
    };
    let output = served(emulator(), async |endpoint: String| {
        let mut python = program(&home, "python", &endpoint);
        python.arg(script("boto")).output().await.unwrap()
    })
    .await;
    let (out, err) = said(&output);
    assert!(output.status.success(), "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["findings"], json!([]), "{err}");
    let set = |name: &str| -> BTreeSet<String> {
        let rows = report[name].as_array().unwrap();
        rows.iter()
            .map(|row| row.as_str().unwrap().to_owned())
            .collect()
    };
    let ours: BTreeSet<String> = operations()
        .map(|name| format!("servicecatalog:{name}"))
        .collect();
    let supported: BTreeSet<String> = ours.union(&others()).cloned().collect();
    let has = |operation: &str| supported.contains(operation);

    let mut untried: Vec<String> = supported.difference(&set("heard")).cloned().collect();
    let walked = set("walked");
    untried.extend(set("paginators").into_iter().filter(|operation| {
        has(&format!("servicecatalog:{operation}")) && !walked.contains(operation)
    }));
    let waited = set("waited");
    for (waiter, operation) in report["waiters"].as_object().unwrap() {
        let (service, _) = waiter.split_once(':').unwrap();
        let operation = operation.as_str().unwrap();
        if has(&format!("{service}:{operation}")) && !waited.contains(waiter) {
            untried.push(waiter.clone());
        }
    }
    let excused: Vec<&str> = UNTRIED.iter().map(|(what, _)| *what).collect();
    assert_eq!(untried, excused, "boto/ must try what there is");
}

/// The tables that requests are judged by are what their generator makes of botocore's models, byte for byte.
#[tokio::test]
async fn the_tables_of_the_models_are_the_generators() {
    let Some(home) = clients() else {
        return;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/emulator/model");
    let mut compared = 0;
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let mut python = program(&home, "python", "");
        python
            .arg(folder.join("generate.py"))
            .arg(path.file_stem().unwrap());
        let output = python.output().await.unwrap();
        let (made, err) = said(&output);
        assert!(output.status.success(), "{err}");
        let kept = std::fs::read_to_string(&path).unwrap();
        // Not both in the message: they are long.
        assert!(
            made == kept,
            "generate.py makes another {} now",
            path.display()
        );
        compared += 1;
    }
    assert_eq!(compared, 3, "tables came or went");
}
