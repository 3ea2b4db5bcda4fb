//! What a pass costs, in calls: the scarce thing (design §5).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use aws_sdk_ssm::types::ParameterType;
use catalogd::emulator::{Sync, seed};
use catalogd::model::observed::Observed;

use super::imported::{SHARE, THEIRS};
use super::kit::SIZE;
use crate::world::{ACCOUNT, REGION, World};

const PRODUCTS: usize = 240;
const PORTFOLIOS: usize = 6;
const ACTIONS: usize = 8;
const PROVISIONED: usize = 20;
const SYNCED: usize = 10;
const COPIES: usize = 5;
/// Product `x0`, which all copies but the one of another account's product are made of.
const SOURCE: &str = "prod-sourcesource2";

const OWN_SOURCE: &str = r#"
- {service: s3, operation: CreateBucket, input: {Bucket: mine}}
- {service: s3, operation: PutObject, input: {Bucket: mine, Key: one, Body: "Resources: {One: {Type: 'AWS::SNS::Topic'}}"}}
- service: servicecatalog
  operation: CreateProduct
  ids: [prod-sourcesource2]
  input:
    Name: Source
    Owner: us
    ProductType: CLOUD_FORMATION_TEMPLATE
    ProvisioningArtifactParameters:
      Name: v1
      Info: {LoadTemplateFromURL: "https://mine.s3.us-east-1.amazonaws.com/one"}
"#;

/// What stands in an association's constraints, of all five types.
fn constraints(n: usize) -> &'static str {
    match n % 20 {
        0 | 10 => ", constraints: {launch: {localRoleName: L}, tagUpdates: allowed}",
        2 => ", constraints: {notification: {topics: ['arn:aws:sns:us-east-1:123456789012:a']}}",
        4 => {
            ", constraints: {template: {rules: {Size: {Assertions: [{Assert: {Fn::Contains: [[one, two], {Ref: Size}]}, AssertDescription: one or two}]}}}}"
        }
        6 => {
            ", constraints: {stackSet: {accounts: ['123456789012'], regions: [us-east-1], adminRole: 'arn:aws:iam::123456789012:role/Admin', executionRole: Exec}}"
        }
        _ => "",
    }
}

/// Every kind, and of each everything that is read for it.
fn catalog() -> String {
    let mut text = String::new();
    let mut add = |kind: &str, name: &str, more: &str, spec: &str| {
        writeln!(
            text,
            "---\napiVersion: catalogd.dev/v1\nkind: {kind}\nmetadata: {{name: {name}{more}}}\nspec:\n{spec}"
        )
        .unwrap();
    };
    for n in 0..ACTIONS {
        let spec = "  definition: {name: AWS-RestartEC2Instance, version: \"1\"}";
        add("ServiceAction", &format!("a{n}"), "", spec);
    }
    for value in ["prod", "dev"] {
        let spec = format!("  {{key: env, value: {value}}}");
        add("TagOption", &format!("env-{value}"), "", &spec);
    }
    add(
        "Portfolio",
        "hub",
        ", adopt: {id: port-thesourceaa2a}",
        "  imported: true\n  principals: [{self: true}]",
    );
    for n in 0..PORTFOLIOS - 1 {
        let more = match n {
            0 => "\n  sharedProducts: [{product: prod-thesourceaa2a, from: hub}]",
            1 => "\n  shares: [{account: '410987654321', shareTagOptions: true}]",
            2 => "\n  tagOptions: [env-dev]\n  budgets: [monthly]\n  shares: []",
            _ => "",
        };
        let spec = format!(
            "  providerName: Us\n  tags: {{cost: '{n}'}}\n  principals: [{{self: true}}, {{arn: 'arn:aws:iam::123456789012:role/Dev'}}]{more}"
        );
        add("Portfolio", &format!("p{n}"), "", &spec);
    }
    for n in 0..PRODUCTS {
        let place = format!(
            "  owner: Us\n  portfolios: [{{portfolio: p{}{}}}]\n",
            n % (PORTFOLIOS - 1),
            constraints(n)
        );
        let rest = if n < COPIES {
            let (account, id) = match n {
                0 => ("210987654321", "prod-thesourceaa2a"),
                _ => (ACCOUNT, SOURCE),
            };
            format!(
                "  copyFrom: {{productArn: 'arn:aws:catalog:us-east-1:{account}:product/{id}'}}"
            )
        } else if n < COPIES + SYNCED {
            "  sourceConnection: {connectionArn: 'arn:aws:codestar-connections:us-east-1:123456789012:connection/1a', repository: us/catalog, branch: main, artifactPath: vpc.yaml}".to_owned()
        } else {
            let more = match n % 10 {
                0 => "  tagOptions: [env-prod]\n",
                1 => "  budgets: [monthly]\n",
                2 => "  tags: {team: net}\n  description: What it is\n",
                3 => "  serviceActions: [a0, a1]\n",
                _ => "",
            };
            format!(
                "{more}  versions:\n    - {{name: v1, template: t.yaml}}\n    - {{name: v2, template: t.yaml}}"
            )
        };
        add("Product", &format!("x{n}"), "", &format!("{place}{rest}"));
    }
    for n in 0..PROVISIONED {
        let size = match n % 5 {
            0 => format!("{{ssm: /size/{n}}}"),
            _ => "one".to_owned(),
        };
        // Past the one that is made of a stack set.
        let product = COPIES + SYNCED + n + usize::from(n > 10);
        let spec = format!("  product: x{product}\n  version: v1\n  parameters: {{Size: {size}}}");
        add("ProvisionedProduct", &format!("y{n}"), "", &spec);
    }
    text
}

/// The catalog, applied, with what others did.
async fn applied() -> World {
    let world = World::new();
    for text in [THEIRS, SHARE, OWN_SOURCE] {
        seed::load_text(&world.emulator, text, Path::new(""))
            .await
            .unwrap();
    }
    for n in (0..PROVISIONED).step_by(5) {
        let request = world.ssm().put_parameter().name(format!("/size/{n}"));
        let request = request.r#type(ParameterType::String).value("one");
        request.send().await.unwrap();
    }
    world.write("catalog.yaml", catalog());
    world.write("t.yaml", SIZE);
    world.apply().await;
    let pass = world.plan().await;
    for product in pass.observed.products.values() {
        if product.source_connection.is_some() {
            let sync = Sync::Commit {
                revision: "1a".to_owned(),
                template: SIZE.as_bytes().to_vec().into(),
            };
            let id = product.id.as_str();
            let made = world.emulator.sync_product(ACCOUNT, REGION, id, sync);
            made.unwrap().unwrap();
        }
    }
    world.apply().await;
    let pass = world.plan().await;
    let ill = pass.statuses.into_iter().filter(|s| !s.is_well());
    assert_eq!(ill.collect::<Vec<_>>(), []);
    world.calls();
    world
}

/// What the formula of issue 5 allows a new process, by what there is.
fn budget(seen: &Observed) -> usize {
    let products = seen.products.len() + seen.sources.len();
    let portfolios = seen.portfolios.len() + seen.imported.len();
    let all = || seen.portfolios.values().chain(seen.imported.values());
    let associations: usize = all().map(|p| p.products.len()).sum();
    let constraints: usize = all().map(|p| p.constraints.len()).sum();
    assert!(products > PRODUCTS && associations > PRODUCTS && portfolios == PORTFOLIOS);
    assert!(constraints >= PRODUCTS * 5 / 20, "{constraints}");
    assert_eq!(seen.service_actions.len(), ACTIONS);
    assert_eq!(seen.provisioned.len(), PROVISIONED);
    products / 20
        + 2 * products
        + associations / 20
        + 8 * portfolios
        + constraints
        + seen.service_actions.len()
        + 2 * seen.provisioned.len()
        + 20
}

fn sum(calls: &BTreeMap<String, usize>) -> usize {
    calls.values().sum()
}

#[tokio::test(start_paused = true)]
async fn a_no_op_pass_in_a_new_process_stays_in_its_budget() {
    let world = applied().await;
    let mut process = world.process_in(None).await;
    process.reconciler.spare_reads();
    world.calls();
    let pass = process.reconciler.plan(&world.desired(), None).await;
    let first = world.calls();
    assert!(!pass.plan.has_changes() && !pass.plan.is_waiting());
    assert!(pass.observed.gaps.is_empty());
    assert!(!pass.observed.read.rests_on_memory());
    let allowed = budget(&pass.observed);
    assert!(
        sum(&first) <= allowed,
        "{} calls, {allowed} allowed: {first:#?}",
        sum(&first)
    );
    assert_eq!(first.get("GetResources"), None, "{first:#?}");

    // Later passes of this process, as many as it takes for everything to have had its turn.
    let mut described = 0;
    for number in 2..=11 {
        let pass = process.reconciler.plan(&world.desired(), None).await;
        let calls = world.calls();
        assert!(!pass.plan.has_changes() && pass.observed.gaps.is_empty());
        assert!(pass.observed.read.rests_on_memory());
        for of in [allowed, sum(&first)] {
            assert!(
                sum(&calls) * 10 <= of * 6,
                "pass {number}: {} calls, {of} allowed to or made by the first: {calls:#?}",
                sum(&calls)
            );
        }
        described += calls["DescribeProductAsAdmin"];
    }
    assert!(described > PRODUCTS, "{described}");
}

#[tokio::test(start_paused = true)]
async fn without_index_and_state_a_version_is_read_once_and_then_never_again() {
    let world = applied().await;
    let described = |world: &World| {
        world
            .calls()
            .get("DescribeProvisioningArtifact")
            .copied()
            .unwrap_or_default()
    };
    // Another process, whose index is gone.
    let index = format!("index/{ACCOUNT}/{REGION}.json");
    world
        .s3()
        .delete_object()
        .bucket(world.bucket())
        .key(index)
        .send()
        .await
        .unwrap();
    world.calls();
    let mut process = world.process_in(None).await;
    let seen = process.apply(&world.desired()).await.pass.observed;
    let products = seen.products.values().chain(seen.sources.values());
    let versions: usize = products.map(|product| product.versions.len()).sum();
    assert!(versions > PRODUCTS);
    assert_eq!(described(&world), versions);
    world
        .process_in(None)
        .await
        .reconciler
        .plan(&world.desired(), None)
        .await;
    assert_eq!(described(&world), 0);
}
