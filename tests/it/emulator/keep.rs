//! State files: what is kept, what goes on, what is refused.

use catalogd::emulator::faults::{Effect, Faults, Rule, StackFault};
use catalogd::emulator::{Emulator, Options, Profile, Sync, Unreadable};
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, ROLE, TEMPLATE, text};
use super::organizations::{ok, organization, unit};
use super::share::GUEST;
use super::sources::synced;

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

/// A role with a session.
const SESSION: &str = "arn:aws:iam::123456789012:role/visitor";

/// An emulator with something of every kind, much of it half done, and a session of [`SESSION`].
pub async fn busy() -> (Bench, Bench) {
    let bench = Bench::new(Profile::Local);
    let root = organization(&bench).await;
    let apps = unit(&bench, &root, "apps").await;
    bench.ok("EnableAWSOrganizationsAccess", json!({})).await;
    let session = bench.as_role(SESSION).await;
    let (portfolio, product, version) = bench.launchable("topic").await;
    let plan = async |name: &str| {
        let input = json!({
            "PlanName": name, "PlanType": "CLOUDFORMATION", "ProductId": product,
            "ProvisioningArtifactId": version, "ProvisionedProductName": name, "IdempotencyToken": name,
            "ProvisioningParameters": [{"Key": "Owner", "Value": "net"}],
        });
        let made = bench.ok("CreateProvisionedProductPlan", input).await;
        text(&made, "/PlanId")
    };
    // The stack of a plan that is made and not executed is in review.
    plan("considered").await;
    let executed = plan("executed").await;
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
    bench
        .ok(
            "ExecuteProvisionedProductPlan",
            json!({"PlanId": executed, "IdempotencyToken": "execute"}),
        )
        .await;
    // Into the midst of all three stacks.
    bench.pass(0.6).await;
    plan("wanted").await;
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
    let guest = bench.in_account(GUEST);
    guest.portfolio("elsewhere").await;
    let share = json!({"PortfolioId": portfolio, "AccountId": GUEST});
    bench.ok("CreatePortfolioShare", share).await;
    let accept = json!({"PortfolioId": portfolio});
    guest.ok("AcceptPortfolioShare", accept).await;
    let node = json!({"Type": "ORGANIZATIONAL_UNIT", "Value": apps});
    let share = json!({"PortfolioId": portfolio, "OrganizationNode": node});
    bench.ok("CreatePortfolioShare", share).await;
    let member = json!({"AccountName": "member", "Email": "member@example.com"});
    ok(&bench, "CreateAccount", member).await;
    let (followed, _) = synced(&bench).await;
    let failure = Sync::Failure {
        message: "no such branch".to_owned(),
    };
    let sync = bench
        .emulator
        .sync_product(ACCOUNT, "us-east-1", &followed, failure);
    sync.unwrap().unwrap_err();
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
    (bench, session)
}

/// What the whole looks like from outside.
async fn shown(bench: &Bench, session: &str) -> Vec<Value> {
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
        ("ListProvisionedProductPlans", json!({})),
        ("GetAWSOrganizationsAccessStatus", json!({})),
    ] {
        shown.push(bench.ok(operation, input).await);
    }
    for plan in shown[6]["ProvisionedProductPlans"]
        .as_array()
        .unwrap()
        .clone()
    {
        let input = json!({"PlanId": text(&plan, "/PlanId")});
        shown.push(bench.ok("DescribeProvisionedProductPlan", input).await);
    }
    for portfolio in shown[0]["PortfolioDetails"].as_array().unwrap().clone() {
        for kind in ["ACCOUNT", "ORGANIZATIONAL_UNIT"] {
            let input = json!({"PortfolioId": text(&portfolio, "/Id"), "Type": kind});
            shown.push(bench.ok("DescribePortfolioShares", input).await);
        }
    }
    for operation in ["DescribeOrganization", "ListAccounts"] {
        shown.push(ok(bench, operation, json!({})).await);
    }
    let root = text(&ok(bench, "ListRoots", json!({})).await, "/Roots/0/Id");
    let units = json!({"ParentId": root});
    shown.push(ok(bench, "ListOrganizationalUnitsForParent", units).await);
    let form = "Action=DescribeStacks";
    let stacks = bench.query("cloudformation", form).await.unwrap();
    shown.push(String::from_utf8_lossy(stacks.body()).into());
    // Who has the key of the session is still the role's.
    let visitor = bench.in_account(session);
    let form = "Action=GetCallerIdentity&Version=2011-06-15";
    let who = visitor.query("sts", form).await.unwrap();
    let who = String::from_utf8_lossy(who.body()).into_owned();
    let arn = format!("<Arn>arn:aws:sts::{ACCOUNT}:assumed-role/visitor/session</Arn>");
    assert!(who.contains(&arn), "{who}");
    shown.push(who.into());
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
    let other = bench.in_account(GUEST);
    for operation in ["ListPortfolios", "ListAcceptedPortfolioShares"] {
        shown.push(other.ok(operation, json!({})).await);
    }
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
    let (bench, session) = busy().await;
    let state = bench.emulator.state().unwrap();
    let other = moved(&bench, &state);
    assert_eq!(other.emulator.state().unwrap(), state);
    let begun = shown(&bench, &session.key).await;
    assert_eq!(shown(&other, &session.key).await, begun);
    let said: String = begun.iter().map(Value::to_string).collect();
    for state in [
        "UNDER_CHANGE",
        "CREATE_SUCCESS",
        "CREATE_IN_PROGRESS",
        "EXECUTE_IN_PROGRESS",
        "<StackStatus>REVIEW_IN_PROGRESS",
        "no such branch",
    ] {
        assert!(said.contains(state), "nothing is {state}");
    }
    // Both live on alike: what was half done ends in the same way, and new ids are the same.
    bench.pass(60.0).await;
    let (mine, theirs) = (
        shown(&bench, &session.key).await,
        shown(&other, &session.key).await,
    );
    assert_eq!(theirs, mine);
    let statuses: Vec<String> = mine[2]["ProvisionedProducts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| text(row, "/Status"))
        .collect();
    assert_eq!(
        statuses,
        [
            "PLAN_IN_PROGRESS",
            "AVAILABLE",
            "AVAILABLE",
            "AVAILABLE",
            "PLAN_IN_PROGRESS"
        ]
    );
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
    let (bench, session) = busy().await;
    let state = bench.emulator.state().unwrap();
    // The session is good for an hour.
    bench.pass(3000.0).await;
    let other = moved(&bench, &state);
    assert_eq!(
        shown(&other, &session.key).await,
        shown(&bench, &session.key).await
    );
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
    let (bench, _) = busy().await;
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
            ..StackFault::default()
        }],
        ..Faults::default()
    });
    assert_eq!(bench.emulator.state().unwrap(), without);
    let other = moved(&bench, &without);
    assert_eq!(other.emulator.state().unwrap(), without);
}

#[tokio::test(start_paused = true)]
async fn a_reset_is_a_new_start() {
    let (bench, _) = busy().await;
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

/// The faults that it was started with are in force again, those that came later are gone.
#[tokio::test(start_paused = true)]
async fn a_reset_keeps_the_faults_of_the_start() {
    let refuse = |operation: &str| Rule::always(Effect::AccessDenied).on(operation);
    let at_start = Faults {
        rules: vec![refuse("ListTagOptions").nth(1)],
        stacks: vec![StackFault {
            stack: "*".to_owned(),
            resource: "*".to_owned(),
            reason: Some("no".to_owned()),
            takes: None,
            ..StackFault::default()
        }],
        ..Faults::default()
    };
    let bench = Bench::with(Profile::Instant, at_start);
    let (before, _) = bench.emulator.faults();
    let struck = async || bench.refused("ListTagOptions", json!({})).await.0;
    assert_eq!(struck().await, "AccessDeniedException");
    bench.ok("ListTagOptions", json!({})).await;
    bench.emulator.inject(refuse("ListPortfolios"));
    bench.emulator.reset();
    assert_eq!(bench.emulator.faults(), (before.clone(), vec![0]));
    bench.ok("ListPortfolios", json!({})).await;
    // A rule for the first call counts anew.
    assert_eq!(struck().await, "AccessDeniedException");
    bench.emulator.set_faults(Faults::default());
    bench.emulator.reset();
    assert_eq!(bench.emulator.faults().0, before);
}
