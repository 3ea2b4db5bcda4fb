//! Secrets are planted in every input, and looked for in every output (promise 8).

use std::collections::BTreeSet;
use std::path::Path;

use aws_sdk_ssm::types::ParameterType;
use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};
use serde_json::{Value, json};

use super::bench::{Bench, Ended, Running, clean};

/// In every secret that is planted, in whatever case.
const CANARY: &str = "canary";

/// A secret by its shape, told from others by its number.
fn token(number: usize) -> String {
    // In two pieces, so that no scanner takes this file for a leak.
    format!("{}{:x<36}", "ghp_", format!("CANARY{number:03}"))
}

/// Fails where a text has a secret in it.
#[track_caller]
fn silent(what: &str, text: &str) {
    let low = text.to_lowercase();
    if let Some(at) = low.find(CANARY) {
        let start = low[..at]
            .char_indices()
            .rev()
            .nth(200)
            .map_or(0, |(at, _)| at);
        let end = low[at..]
            .char_indices()
            .nth(60)
            .map_or(low.len(), |(more, _)| at + more);
        panic!("{what} tells a secret: …{}…", &low[start..end]);
    }
}

#[track_caller]
fn quiet(what: &str, ended: &Ended) {
    silent(what, &ended.stdout);
    silent(what, &ended.stderr);
}

/// Every file below a folder that is not let pass.
fn quiet_folder(folder: &Path, passes: impl Fn(&str) -> bool + Copy) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let mut seen = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            seen += quiet_folder(&path, passes);
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        if !passes(&text) {
            silent(&path.display().to_string(), &text);
            seen += 1;
        }
    }
    seen
}

/// A manifest with a value in one field of one of its maps, and nothing else that it must have.
fn planted(place: &str, field: &str, value: Value) -> String {
    let place = place.split(',').next().unwrap();
    let (kind, path) = match place.split_once('.') {
        Some((kind, path)) if kind.starts_with(char::is_uppercase) => (kind, path),
        _ if place.starts_with(char::is_uppercase) => (place, ""),
        _ => ("Product", place),
    };
    let mut inner = json!({ field: value });
    for part in path
        .split('.')
        .rev()
        .filter(|part| !["", "document"].contains(part))
    {
        inner = match part.strip_suffix("[]") {
            Some("parameters") if kind == "ProvisionedProduct" => {
                json!({"parameters": {"Key": inner}})
            }
            Some(list) => json!({ list: [inner] }),
            None => json!({ part: inner }),
        };
    }
    let mut document = json!({"apiVersion": "catalogd.dev/v1", "kind": kind, "metadata": {"name": "x"}, "spec": {}});
    for (key, value) in inner.as_object().unwrap() {
        document[key] = value.clone();
    }
    // As a person would write it: findings show single lines.
    serde_yaml::to_string(&document).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_finding_tells_what_stands_in_any_field() {
    let bench = Bench::empty(Profile::Instant).await;
    let mut places: BTreeSet<(&str, &str)> = catalogd::manifest::fields().into_iter().collect();
    places.extend([
        ("Product.spec.tags", "team"),
        ("ProvisionedProduct.spec.parameters", "Key"),
    ]);
    assert!(places.len() > 80, "{}", places.len());
    for (number, (place, field)) in places.iter().enumerate() {
        let secret = token(number);
        let long = format!("{} {secret}", "x".repeat(60));
        let url = format!("https://me:CANARY{number}@host.example.com/x?sig=CANARY");
        for (kind, value) in [
            ("text", json!(secret)),
            ("long", json!(long)),
            ("url", json!(url)),
            ("list", json!([secret])),
            ("map", json!({ &secret: secret })),
        ] {
            bench.write(
                &format!("{number}-{kind}.yaml"),
                &planted(place, field, value),
            );
        }
        bench.write(
            &format!("{number}-key.yaml"),
            &planted(place, &secret, json!("x")),
        );
    }
    // And in files that are no YAML, among them a key of several lines.
    let key = "-----BEGIN EC PRIVATE KEY-----\nCANARYCANARY\nCANARYCANARY: [\n-----END EC PRIVATE KEY-----";
    bench.write(
        "broken.yaml",
        &format!("apiVersion: catalogd.dev/v1\nkind: Product\nspec:\n  description: |\n{key}\n"),
    );
    bench.write(
        "broken-2.yaml",
        &format!("apiVersion: catalogd.dev/v1\nkind: {}: [", token(1)),
    );
    bench.write("catalogd.yaml", &format!(
        "policy:\n  rules:\n    - {{name: a, deny: 'x == \"{0}\"', message: '{0}'}}\n    - {{name: '{0}'}}\n",
        token(2)
    ));
    for args in [
        &["validate", "catalog"][..],
        &["validate", "--format", "json", "catalog"],
        &["plan", "catalog"],
        &["plan", "--partial", "--log", "trace", "catalog"],
    ] {
        let ended = bench.run(args).await.expect(3);
        let said = ended.stdout.len() + ended.stderr.len();
        assert!(said > 100_000, "{said}");
        quiet(&args.join(" "), &ended);
    }
}

/// A catalog with a secret wherever a sound one may have a text.
fn catalog() -> String {
    let t = token;
    format!(
        "\
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {{name: option}}
spec: {{key: env, value: '{0}'}}
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {{name: team}}
spec:
  displayName: Team
  description: 'call {1}'
  providerName: Platform
  tags: {{hook: 'https://hooks.slack.com/services/T00/B00/CANARYCANARYCANARY'}}
  principals: [{{self: true}}]
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {{name: topic}}
spec:
  name: Topic
  owner: Platform
  description: 'see https://me:CANARYpassword@wiki/x'
  distributor: '{2}'
  support: {{description: 'say {3}', url: 'https://wiki.example.com/x?access_token=CANARY'}}
  tags: {{deploy: '{4}'}}
  portfolios: [{{portfolio: team}}]
  versions:
    - {{name: v1, template: v1.yaml, description: 'with {5}'}}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {{name: presigned}}
spec:
  owner: Platform
  portfolios: [{{portfolio: team}}]
  versions:
    - name: v1
      templateUrl: https://b.s3.us-east-1.amazonaws.com/t.yaml?X-Amz-Signature=CANARYsignature&X-Amz-Security-Token=CANARYtoken
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {{name: alarms}}
spec:
  product: topic
  version: v1
  parameters:
    Name: alarms
    Shown: '{6}'
    Password: CANARYnoecho
    Stored: {{ssm: /secret}}
    Pair: [CANARYlisted, CANARYtoo]
  tags: {{run: '{7}'}}
",
        t(10),
        t(11),
        t(12),
        t(13),
        t(14),
        t(15),
        t(16),
        t(17),
    )
}

const TEMPLATE: &str = "\
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Name: {Type: String}
  Shown: {Type: String}
  Password: {Type: String, NoEcho: true}
  Stored: {Type: String, NoEcho: true}
  Pair: {Type: CommaDelimitedList, NoEcho: true}
  Own: {Type: String, NoEcho: true, Default: CANARYdefault}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Name}}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_command_tells_a_secret_at_any_time_of_its_life() {
    let bench = Bench::empty(Profile::Instant).await;
    bench.write("catalog.yaml", &catalog());
    bench.write("v1.yaml", TEMPLATE);
    bench.write("catalogd.yaml", &format!(
        "policy:\n  rules:\n    - name: told\n      warn: object.kind != ''\n      message: 'ask {0}'\n    - name: fails\n      warn: 'object.x == \"{0}\"'\n      message: '{0}'\n",
        token(20)
    ));
    let put = bench.world().ssm().put_parameter().name("/secret");
    put.value("CANARYstored")
        .r#type(ParameterType::SecureString)
        .send()
        .await
        .unwrap();
    let mut said = String::new();
    let run = async |args: &[&str], code: i32, said: &mut String| {
        for more in [
            &["--log", "trace"][..],
            &["--log", "trace", "--log-format", "json"],
        ] {
            let args: Vec<&str> = args.iter().chain(more).copied().collect();
            let ended = bench.run(&args).await;
            quiet(&args.join(" "), &ended);
            assert_eq!(ended.code, Some(code), "{ended}");
            said.push_str(&ended.stdout);
            said.push_str(&ended.stderr);
        }
    };
    run(&["validate", "catalog"], 0, &mut said).await;
    run(&["plan", "catalog"], 0, &mut said).await;
    run(&["plan", "--format", "json", "catalog"], 0, &mut said).await;
    assert!(said.contains("ask (secret)"), "{said}");
    assert!(said.contains("+ parameter Password: (secret)"), "{said}");

    // A launch that is refused, with everything it was given in the words.
    let everything = format!(
        "no: Password=CANARYnoecho Stored=CANARYstored Pair=CANARYlisted,CANARYtoo Shown={} https://h/t?X-Amz-Signature=CANARY",
        token(16)
    );
    let refused = bench.emulator.inject(
        Rule::always(Effect::Refuse {
            code: "InvalidParametersException".to_owned(),
            message: everything.clone(),
        })
        .on("ProvisionProduct"),
    );
    let apply = [
        "apply",
        "--yes",
        "--pace",
        "none",
        "--timeout",
        "20s",
        "catalog",
    ];
    run(&apply, 6, &mut said).await;
    run(&["plan", "catalog"], 0, &mut said).await;
    assert!(said.contains("no: Password=(secret)"), "{said}");
    refused.remove();
    // What can't be read repeats what it was given, too.
    let gap = bench.emulator.inject(
        Rule::always(Effect::Refuse {
            code: "InternalErrorException".to_owned(),
            message: token(21),
        })
        .on("ListTagOptions"),
    );
    run(&["plan", "catalog"], 0, &mut said).await;
    gap.remove();
    // Without what can't be made at all, it converges.
    let text = catalog();
    let (before, rest) = text
        .split_once("kind: Product\nmetadata: {name: presigned}")
        .unwrap();
    let (_, after) = rest.split_once("---\n").unwrap();
    let before = before
        .strip_suffix("apiVersion: catalogd.dev/v1\n")
        .unwrap();
    bench.write("catalog.yaml", &format!("{before}{after}"));
    run(&apply, 0, &mut said).await;
    run(&["plan", "--detailed-exitcode", "catalog"], 0, &mut said).await;

    // What is live, for who has no credentials.
    let observe = ["observe", "catalog", "--pace=none", "--out", "live.json"];
    run(&observe, 0, &mut said).await;
    let live = std::fs::read_to_string(bench.home().join("live.json")).unwrap();
    silent("live.json", &live);
    for format in ["text", "json", "markdown"] {
        let against = ["plan", "catalog", "--against=live.json", "--format", format];
        run(&against, 0, &mut said).await;
    }

    // Another secret in the place of one: that they differ is said.
    let old = std::fs::read_to_string(bench.catalog().join("catalog.yaml")).unwrap();
    for (from, to) in [
        (token(11), token(31)),
        (token(14), token(34)),
        (token(16), "plain-by-now".to_owned()),
        ("CANARYnoecho".to_owned(), "CANARYother".to_owned()),
    ] {
        bench.edit("catalog.yaml", &from, &to);
    }
    said.clear();
    run(&["plan", "--detailed-exitcode", "catalog"], 2, &mut said).await;
    run(&["plan", "--format", "json", "catalog"], 0, &mut said).await;
    assert!(
        said.contains("~ description: (secret) → (secret)"),
        "{said}"
    );
    assert!(said.contains("~ tag deploy: (secret) → (secret)"), "{said}");
    assert!(
        said.contains("~ parameter Shown: (secret) → (secret)"),
        "{said}"
    );
    assert!(said.contains("\"afterSensitive\": true"), "{said}");
    bench.write("catalog.yaml", &old);

    // The template under a published name: how the two differ is shown, and no default.
    bench.edit("v1.yaml", "Default: CANARYdefault", "Default: CANARYnew");
    run(&["plan", "catalog"], 0, &mut said).await;
    bench.write("v1.yaml", TEMPLATE);

    // Everything in git goes; what is left is told by its name.
    let folder = bench.home().join("out");
    let ended = bench
        .run(&[
            "export",
            "--out",
            folder.to_str().unwrap(),
            "--log",
            "trace",
        ])
        .await
        .expect(0);
    quiet("export", &ended);
    assert!(ended.stderr.contains("it looks like a secret"), "{ended}");
    // Templates are the versions' own, byte for byte.
    assert!(quiet_folder(&folder, |text| text.contains("AWSTemplateFormatVersion")) > 2);
    let exported = bench
        .run(&["validate", folder.to_str().unwrap()])
        .await
        .expect(0);
    quiet("validate of the export", &exported);
    assert!(
        quiet_folder(&bench.state(), |_| false) > 0,
        "a state folder was looked at"
    );

    // The daemon, from start to end.
    let mut daemon = bench.start(&["run", "--pace", "none", "--log", "trace", "catalog"]);
    daemon.says("all synced and healthy.").await;
    quiet("run", &daemon.terminate().await.expect(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_source_tells_how_it_is_reached() {
    let bench = Bench::small(Profile::Instant).await;
    let host = bench.url.strip_prefix("http://").unwrap();
    for url in [
        "https://me:CANARY@git.example.com/x".to_owned(),
        "https://CANARY@git.example.com/x".to_owned(),
        format!("http://me:CANARY@{host}/x"),
        "ssh://me:CANARY@git.example.com/x".to_owned(),
        "me:CANARY@git.example.com:x".to_owned(),
        format!("https://git.example.com/x?private_token={}", token(1)),
        format!("{}/x.git", bench.url),
    ] {
        let mut command = bench.catalogd(&["plan", "--git", &url, "--log", "trace"]);
        command
            .env("CATALOGD_GIT_USERNAME", "me")
            .env("CATALOGD_GIT_TOKEN", "CANARYtoken");
        let ended = Running::start(command).end().await.expect(1);
        quiet(&url, &ended);
    }
    // Credentials of AWS, and settings that are no such thing.
    for (name, value) in [
        ("AWS_SECRET_ACCESS_KEY", "CANARYsecret".to_owned()),
        ("AWS_SESSION_TOKEN", "CANARYsession".to_owned()),
    ] {
        let mut command = bench.catalogd(&["plan", "--log", "trace", "catalog"]);
        command.env(name, value);
        quiet(name, &Running::start(command).end().await.expect(0));
    }
    let mut command = clean(bench.home());
    command
        .current_dir(bench.home())
        .env("CATALOGD_GIT_TOKEN", "CANARYtoken")
        .args(["plan", "--help"]);
    quiet("--help", &Running::start(command).end().await.expect(0));
}
