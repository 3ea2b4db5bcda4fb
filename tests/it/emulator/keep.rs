//! State files: what is kept, what goes on, what is refused.

use catalogd::emulator::faults::{Faults, StackFault};
use catalogd::emulator::{Emulator, Options, Profile, Unreadable};
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, ROLE, TEMPLATE, text};

/// The object's first version, which another lies over.
const FIRST: &str = "topic.yaml?versionId=v0000000000000000000000000000001";

/// Another emulator of the same time, with what the first has.
fn moved(bench: &Bench, state: &str) -> Bench {
    let emulator = Emulator::new(Options {
        clock: bench.emulator.clock(),
        seed: 99,
        profile: Profile::Local,
        quotas: true,
        faults: Default::default(),
    });
    emulator.restore(state).unwrap();
    Bench {
        emulator,
        ..bench.clone()
    }
}

/// An emulator with something of every kind, much of it half done.
pub async fn busy() -> Bench {
    let bench = Bench::new(Profile::Local);
    let (portfolio, product, version) = bench.launchable("topic").await;
    let launch = |name: &str| {
        json!({
            "ProductId": product, "ProvisioningArtifactId": version, "ProvisionedProductName": name,
            "ProvisionToken": name, "ProvisioningParameters": [{"Key": "Owner", "Value": "net"}],
        })
    };
    bench.ok("ProvisionProduct", launch("old")).await;
    bench.ok("ProvisionProduct", launch("changed")).await;
    bench.pass(60.0).await;
    bench
        .ok(
            "UpdateProvisionedProduct",
            json!({
                "ProvisionedProductName": "changed", "ProvisioningArtifactId": version, "UpdateToken": "u",
                "ProvisioningParameters": [{"Key": "Owner", "Value": "data"}, {"Key": "Size", "Value": "large"}],
            }),
        )
        .await;
    bench.ok("ProvisionProduct", launch("new")).await;
    // Into the midst of both stacks.
    bench.pass(0.6).await;
    bench
        .ok(
            "TerminateProvisionedProduct",
            json!({"ProvisionedProductName": "old", "TerminateToken": "t"}),
        )
        .await;
    bench
        .ok(
            "CreateConstraint",
            json!({
                "PortfolioId": portfolio, "ProductId": product, "Type": "LAUNCH", "IdempotencyToken": "c",
                "Parameters": format!("{{\"RoleArn\":\"{ROLE}\"}}"),
            }),
        )
        .await;
    let source = format!("arn:aws:catalog:us-east-1:{ACCOUNT}:product/{product}");
    bench
        .ok(
            "CopyProduct",
            json!({"SourceProductArn": source, "IdempotencyToken": "copy"}),
        )
        .await;
    bench
        .in_account("210987654321")
        .portfolio("elsewhere")
        .await;
    let made = bench
        .ok("CreateTagOption", json!({"Key": "stage", "Value": "dev"}))
        .await;
    let option = text(&made, "/TagOptionDetail/Id");
    let definition = json!({"Name": "AWS-RestartEC2Instance", "Version": "1"});
    let made = bench
        .ok(
            "CreateServiceAction",
            json!({"Name": "restart", "DefinitionType": "SSM_AUTOMATION", "Definition": definition,
                   "IdempotencyToken": "action"}),
        )
        .await;
    let action = text(&made, "/ServiceActionDetail/ServiceActionSummary/Id");
    for (operation, input) in [
        (
            "AssociateTagOptionWithResource",
            json!({"TagOptionId": option, "ResourceId": product}),
        ),
        (
            "AssociateBudgetWithResource",
            json!({"BudgetName": "monthly", "ResourceId": product}),
        ),
        (
            "AssociateServiceActionWithProvisioningArtifact",
            json!({"ProductId": product, "ProvisioningArtifactId": version, "ServiceActionId": action}),
        ),
    ] {
        bench.ok(operation, input).await;
    }
    let parameter = json!({"Name": "/net/vpc", "Type": "String", "Value": "vpc-1"});
    let put = bench.ask("ssm", "AmazonSSM.PutParameter", parameter).await;
    put.unwrap();
    for (name, body) in [
        (
            "?versioning",
            "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
        ),
        (
            "?encryption",
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
             <SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>\
             </ServerSideEncryptionConfiguration>",
        ),
        (
            "?tagging",
            "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
        ),
        ("topic.yaml", TEMPLATE),
        ("topic.yaml", "Resources: {}"),
        ("binary", "\u{1}\u{2}"),
    ] {
        let answer = bench.s3("PUT", "templates-akiaexample", name, body).await;
        assert!(answer.status().is_success(), "{name}: {answer:?}");
    }
    bench
}

/// What the whole looks like from outside.
async fn shown(bench: &Bench) -> Vec<Value> {
    let everyone = json!({"Key": "Account", "Value": "self"});
    let mut shown = Vec::new();
    for (operation, input) in [
        ("ListPortfolios", json!({})),
        ("SearchProductsAsAdmin", json!({})),
        (
            "ScanProvisionedProducts",
            json!({"AccessLevelFilter": everyone}),
        ),
        ("ListRecordHistory", json!({"AccessLevelFilter": everyone})),
        ("ListTagOptions", json!({})),
        ("ListServiceActions", json!({})),
    ] {
        shown.push(bench.ok(operation, input).await);
    }
    let products = shown[1]["ProductViewDetails"].as_array().unwrap().clone();
    for product in products {
        let id = text(&product, "/ProductViewSummary/ProductId");
        let input = json!({"ProductId": id});
        shown.push(bench.ok("ListProvisioningArtifacts", input).await);
        let input = json!({"Id": id});
        shown.push(bench.ok("DescribeProductAsAdmin", input).await);
    }
    let name = json!({"Name": "/net/vpc"});
    let parameter = bench.ask("ssm", "AmazonSSM.GetParameter", name).await;
    shown.push(parameter.unwrap());
    let other = bench.in_account("210987654321");
    shown.push(other.ok("ListPortfolios", json!({})).await);
    for name in [
        "?versioning",
        "?encryption",
        "?tagging",
        "topic.yaml",
        FIRST,
    ] {
        let answer = bench.s3("GET", "templates-akiaexample", name, "").await;
        assert!(answer.status().is_success(), "{name}: {answer:?}");
        shown.push(String::from_utf8_lossy(answer.body()).into());
    }
    shown
}

#[tokio::test(start_paused = true)]
async fn a_state_goes_on_where_it_was_with_all_that_was_at_work() {
    let bench = busy().await;
    let state = bench.emulator.state().unwrap();
    let other = moved(&bench, &state);
    assert_eq!(other.emulator.state().unwrap(), state);
    assert_eq!(shown(&other).await, shown(&bench).await);
    // Both live on alike: what was half done ends in the same way, and new ids are the same.
    bench.pass(60.0).await;
    let (mine, theirs) = (shown(&bench).await, shown(&other).await);
    assert_eq!(theirs, mine);
    let statuses: Vec<String> = mine[2]["ProvisionedProducts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| text(row, "/Status"))
        .collect();
    assert_eq!(statuses, ["AVAILABLE", "AVAILABLE"]);
    assert_eq!(bench.portfolio("more").await, other.portfolio("more").await);
    // An answer to a token is remembered.
    assert_eq!(
        bench.portfolio("topic").await,
        other.portfolio("topic").await
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_token_goes_on_after_a_state_was_loaded() {
    let bench = Bench::new(Profile::Instant);
    for name in ["a", "b", "c"] {
        bench.portfolio(name).await;
    }
    let first = bench.ok("ListPortfolios", json!({"PageSize": 2})).await;
    // The newest goes: what is made later must not take its place.
    let rest = json!({"PageSize": 2, "PageToken": text(&first, "/NextPageToken")});
    let last = bench.ok("ListPortfolios", rest.clone()).await;
    for at in [
        text(&last, "/PortfolioDetails/0/Id"),
        text(&first, "/PortfolioDetails/1/Id"),
    ] {
        bench.ok("DeletePortfolio", json!({"Id": at})).await;
    }
    let other = moved(&bench, &bench.emulator.state().unwrap());
    let made = other.portfolio("d").await;
    let found = other.ok("ListPortfolios", rest).await;
    assert_eq!(text(&found, "/PortfolioDetails/0/Id"), made);
}

#[tokio::test(start_paused = true)]
async fn what_was_due_while_nobody_ran_it_is_done_when_it_is_loaded() {
    let bench = busy().await;
    let state = bench.emulator.state().unwrap();
    bench.pass(3600.0).await;
    let other = moved(&bench, &state);
    assert_eq!(shown(&other).await, shown(&bench).await);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_text_are_kept() {
    let bench = Bench::new(Profile::Instant);
    bench.s3("PUT", "bytes", "", "").await;
    let put = bench.s3("PUT", "bytes", "raw", vec![0xff, 0, 0xfe]).await;
    assert!(put.status().is_success());
    let other = moved(&bench, &bench.emulator.state().unwrap());
    let read = other.s3("GET", "bytes", "raw", "").await;
    assert_eq!(read.body().as_ref(), [0xff, 0, 0xfe]);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_was_cut_edited_or_written_by_another_version_changes_nothing() {
    let bench = busy().await;
    let state = bench.emulator.state().unwrap();
    let other = Bench::new(Profile::Instant);
    other.portfolio("mine").await;
    let before = other.emulator.state().unwrap();
    let newer = state.replacen("\"formatVersion\":1", "\"formatVersion\":2", 1);
    let more = state.replacen("\"formatVersion\":1", "\"formatVersion\":1,\"more\":0", 1);
    for (bad, says) in [
        ("", "EOF"),
        ("{}", "formatVersion"),
        (&state[..state.len() / 2], "EOF"),
        (&more, "unknown field `more`"),
        (&newer, "format 2"),
    ] {
        let error: Unreadable = other.emulator.restore(bad).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(says), "{text}");
        assert_eq!(other.emulator.state().unwrap(), before);
    }
}

/// A fault that has struck is neither in the file nor is its absence.
#[tokio::test(start_paused = true)]
async fn faults_of_stacks_are_no_part_of_a_state() {
    let bench = Bench::new(Profile::Instant);
    bench.portfolio("a").await;
    let without = bench.emulator.state().unwrap();
    bench.emulator.set_faults(Faults {
        stacks: vec![StackFault {
            stack: "*".to_owned(),
            resource: "*".to_owned(),
            reason: Some("no".to_owned()),
            takes: None,
        }],
        ..Faults::default()
    });
    assert_eq!(bench.emulator.state().unwrap(), without);
    let other = moved(&bench, &without);
    assert_eq!(other.emulator.state().unwrap(), without);
}

#[tokio::test(start_paused = true)]
async fn a_reset_is_a_new_start() {
    let bench = busy().await;
    bench.emulator.reset();
    let fresh = Bench::new(Profile::Local);
    assert_eq!(
        bench.emulator.state().unwrap(),
        fresh.emulator.state().unwrap()
    );
    assert!(bench.emulator.calls().is_empty());
    // The same seed gives the same ids again.
    assert_eq!(bench.portfolio("a").await, fresh.portfolio("a").await);
}
