//! `copyFrom` of a product in another region: it is read there, copied here, and followed like any other.

use std::path::Path;
use std::time::Duration;

use aws_sdk_servicecatalog::types::{ProvisioningArtifactGuidance, ProvisioningArtifactProperties};
use catalogd::aws::pace::Pace;
use catalogd::emulator::faults::{Effect, Faults, Lag, Rule};
use catalogd::emulator::{Call, Profile, seed};
use catalogd::model::desired::Guidance;
use catalogd::model::observed::{LiveProduct, Observed, Scope};
use catalogd::plan::op::Op;
use catalogd::plan::{BlockedCode, Plan};
use catalogd::reconcile::Pass;
use catalogd::reconcile::converge::End;
use catalogd::render::text::{self, Style};
use catalogd::status::{Health, Sync};

use super::kit::{self, calls, is_read, one_pass, status, writes};
use crate::examples::expect_each_once;
use crate::world::World;

const THERE: &str = "eu-west-1";
const SOURCE: &str = "prod-thesourceaa2a";
const ARN: &str = "arn:aws:catalog:eu-west-1:123456789012:product/prod-thesourceaa2a";
const COPY: &str = "product/golden";

/// Our own account's product of two versions in another region, the first of them deprecated.
const SEED: &str = r#"
- {service: s3, operation: CreateBucket, input: {Bucket: theirs}}
- {service: s3, operation: PutObject, input: {Bucket: theirs, Key: one, Body: "Resources: {One: {Type: 'AWS::SNS::Topic'}}"}}
- {service: s3, operation: PutObject, input: {Bucket: theirs, Key: two, Body: "Resources: {Two: {Type: 'AWS::SNS::Topic'}}"}}
- service: servicecatalog
  operation: CreateProduct
  region: eu-west-1
  ids: [prod-thesourceaa2a]
  as: source
  input:
    Name: Source
    Owner: them
    ProductType: CLOUD_FORMATION_TEMPLATE
    Tags: [{Key: team, Value: them}]
    ProvisioningArtifactParameters:
      Name: v1
      Description: The first
      Info: {LoadTemplateFromURL: "https://theirs.s3.us-east-1.amazonaws.com/one"}
- service: servicecatalog
  operation: CreateProvisioningArtifact
  region: eu-west-1
  input:
    ProductId: prod-thesourceaa2a
    Parameters: {Name: v2, Info: {LoadTemplateFromURL: "https://theirs.s3.us-east-1.amazonaws.com/two"}}
- service: servicecatalog
  operation: UpdateProvisioningArtifact
  region: eu-west-1
  input: {ProductId: prod-thesourceaa2a, ProvisioningArtifactId: "${source.ProvisioningArtifactDetail.Id}", Guidance: DEPRECATED}
"#;

/// A portfolio, a product that is a copy, and one that is not.
const CATALOG: &str = r#"apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {displayName: Net, providerName: us, principals: [{self: true}]}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: golden}
spec:
  name: Golden
  owner: us
  portfolios: [{portfolio: net}]
  copyFrom:
    productArn: arn:aws:catalog:eu-west-1:123456789012:product/prod-thesourceaa2a
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: own}
spec:
  owner: us
  portfolios: [{portfolio: net}]
  versions: [{name: v1, template: own.yaml}]
"#;

async fn load(world: &World, text: &str) {
    seed::load_text(&world.emulator, text, Path::new(""))
        .await
        .unwrap();
}

async fn world_with(profile: Profile, number: u64) -> World {
    let world = World::with(profile, number);
    world
        .write("catalog.yaml", CATALOG)
        .write("own.yaml", "Resources: {T: {Type: 'AWS::SNS::Topic'}}");
    load(&world, SEED).await;
    // What was there before is long known everywhere.
    world.clock.sleep(Duration::from_secs(60)).await;
    world.emulator.reset_calls();
    world
}

async fn world() -> World {
    world_with(Profile::Instant, 1).await
}

fn copies(observed: &Observed) -> Vec<&LiveProduct> {
    let all = observed.products.values();
    all.filter(|o| o.name != "own").collect()
}

/// One copy, ours, with exactly these versions.
#[track_caller]
fn expect_copy<'o>(observed: &'o Observed, versions: &[&str]) -> &'o LiveProduct {
    expect_each_once(observed);
    let copies = copies(observed);
    assert_eq!(copies.len(), 1, "{copies:#?}");
    let mut found: Vec<&str> = copies[0].versions.iter().map(|v| v.name.as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, versions);
    assert!(copies[0].tags.contains_key("catalogd:product"));
    copies[0]
}

#[track_caller]
fn expect_blocked(pass: &Pass, words: &[&str]) {
    kit::expect_blocked(pass, COPY, BlockedCode::CopySource, words, "catalog.yaml");
}

fn shown(plan: &Plan) -> String {
    text::plan(plan, Style::default())
}

/// The calls since the last time that went to the other region; they must all be reads.
fn reads_there(world: &World) -> Vec<String> {
    let there = |call: Call| (call.region == THERE).then_some(call.operation);
    let made: Vec<String> = world
        .emulator
        .calls()
        .into_iter()
        .filter_map(there)
        .collect();
    let writes: Vec<&String> = made.iter().filter(|call| !is_read(call)).collect();
    assert_eq!(writes, [] as [&String; 0]);
    made
}

async fn version_id(world: &World, name: &str) -> String {
    let console = world.console_in(THERE);
    let listed = console.list_provisioning_artifacts().product_id(SOURCE);
    let listed = listed.send().await.unwrap();
    let mut all = listed.provisioning_artifact_details().iter();
    let found = all.find(|v| v.name() == Some(name)).unwrap();
    found.id().unwrap().to_owned()
}

async fn publish(world: &World, name: &str, template: &str) {
    let url = format!("https://theirs.s3.us-east-1.amazonaws.com/{template}");
    let version = ProvisioningArtifactProperties::builder()
        .name(name)
        .info("LoadTemplateFromURL", url)
        .build();
    let create = world.console_in(THERE).create_provisioning_artifact();
    let create = create.product_id(SOURCE).parameters(version);
    let create = create.idempotency_token(format!("{name}-{template}"));
    create.send().await.unwrap();
}

async fn unpublish(world: &World, name: &str) {
    let id = version_id(world, name).await;
    let delete = world.console_in(THERE).delete_provisioning_artifact();
    let delete = delete.product_id(SOURCE).provisioning_artifact_id(id);
    delete.send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_copy_from_another_region_is_made_here_and_nothing_is_written_there() {
    let world = world().await;
    let mut process = world.process().await;
    let pass = process.reconciler.plan(&world.desired(), None).await;
    // Calls in another region are counted like those here.
    let made = u64::try_from(world.emulator.calls().len()).unwrap();
    assert_eq!(process.reconciler.calls(), made);
    let mut asked = reads_there(&world);
    asked.sort_unstable();
    // One look at the product, one at its versions, one at what each of them holds; nothing there is listed or searched.
    let once = "DescribeProductAsAdmin";
    let each = "DescribeProvisioningArtifact";
    assert_eq!(asked, [once, each, each, "ListProvisioningArtifacts"]);
    let said = shown(&pass.plan);
    assert!(said.contains(&format!("+ copyFrom: {ARN}")), "{said}");
    world.calls();

    world.apply().await;
    reads_there(&world);
    let made = writes(&world);
    for (call, times) in [("CopyProduct", 1), ("UpdateProvisioningArtifact", 1)] {
        assert_eq!(made.get(call), Some(&times), "{made:?}");
    }
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    // What is known of theirs is remembered like what is known of ours: nothing is written again and again.
    assert_eq!(pass.plan.steps, []);
    let copy = expect_copy(&pass.observed, &["v1", "v2"]);
    assert!(copy.arn.contains(":us-east-1:"), "{}", copy.arn);
    assert_eq!(copy.versions[0].guidance, Guidance::Deprecated);
    assert_eq!(copy.versions[0].description.as_deref(), Some("The first"));
    let theirs = pass.observed.sources.values().next().unwrap();
    assert_eq!((theirs.arn.as_str(), theirs.tags.len()), (ARN, 1));
    // Both are read, each where it is, so that contents are compared.
    assert!(theirs.versions[0].content.is_some());
    assert_eq!(copy.versions[0].content, theirs.versions[0].content);
    let found = status(&pass, COPY);
    assert_eq!((found.sync, found.health), (Sync::Synced, Health::Healthy));
}

#[tokio::test(start_paused = true)]
async fn what_the_source_changes_in_its_region_is_followed() {
    let world = world().await;
    world.apply().await;
    publish(&world, "v3", "one").await;
    let console = world.console_in(THERE);
    let update = console.update_provisioning_artifact().product_id(SOURCE);
    let update = update.provisioning_artifact_id(version_id(&world, "v2").await);
    let update = update
        .description("Better")
        .guidance(ProvisioningArtifactGuidance::Deprecated);
    update.send().await.unwrap();
    let desired = world.desired();
    let mut process = world.process().await;
    let pass = process.reconciler.plan(&desired, Some(&desired)).await;
    assert_eq!(
        calls(&pass.plan),
        ["CopyProduct", "UpdateProvisioningArtifact"]
    );
    let said = shown(&pass.plan);
    assert!(said.contains("product/golden  (drifted)"), "{said}");
    writes(&world);
    world.apply().await;
    let made = writes(&world);
    assert_eq!((made["CopyProduct"], made.len()), (1, 2), "{made:?}");
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    let copy = expect_copy(&pass.observed, &["v1", "v2", "v3"]);
    assert_eq!(copy.versions[1].description.as_deref(), Some("Better"));

    // A name that has another template there since is not taken for the version that was copied.
    unpublish(&world, "v2").await;
    publish(&world, "v2", "one").await;
    let ended = world.process().await.apply(&world.desired()).await;
    let code = BlockedCode::ImmutableVersion;
    kit::expect_blocked(&ended.pass, COPY, code, &["\"v2\""], "catalog.yaml");
    expect_copy(&ended.pass.observed, &["v1", "v2", "v3"]);
}

#[tokio::test(start_paused = true)]
async fn tags_come_along_from_another_region_where_git_says_so() {
    let world = world().await;
    world.edit(
        "catalog.yaml",
        "    productArn:",
        "    copyTags: true\n    productArn:",
    );
    world.apply().await;
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    let copy = expect_copy(&pass.observed, &["v1", "v2"]);
    assert_eq!((copy.tags["team"].as_str(), copy.tags.len()), ("them", 2));
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_in_the_other_region_is_kept_here_and_said() {
    let world = world().await;
    world.apply().await;
    unpublish(&world, "v1").await;
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    expect_copy(&pass.observed, &["v1", "v2"]);
    let said = shown(&pass.plan);
    assert!(
        said.contains("note: version \"v1\" is not at its source: kept"),
        "{said}"
    );
    let delete = world.console_in(THERE).delete_product().id(SOURCE);
    delete.send().await.unwrap();
    writes(&world);
    let ended = world.process().await.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    assert_eq!(writes(&world), [].into());
    let words = [
        "not to be seen in eu-west-1 (ResourceNotFoundException)",
        "name a product that is there",
    ];
    expect_blocked(&ended.pass, &words);
    assert_eq!(copies(&ended.pass.observed).len(), 1);
}

/// Not read is not gone: nothing is copied and nothing of the copy changes, and what is no copy goes on.
#[tokio::test(start_paused = true)]
async fn nothing_is_copied_while_another_region_cannot_be_read() {
    for effect in [Effect::AccessDenied, Effect::InternalFailure] {
        for read in [
            "DescribeProductAsAdmin",
            "ListProvisioningArtifacts",
            "DescribeProvisioningArtifact",
        ] {
            let world = world().await;
            let rule = Rule::always(effect.clone()).on(read).in_region(THERE);
            let fault = world.emulator.inject(rule);
            let ended = world.process_in(None).await.apply(&world.desired()).await;
            assert_eq!(ended.end, End::Settled, "{read}");
            let blocked = &status(&ended.pass, COPY).blocked;
            assert_eq!(blocked[0].code, BlockedCode::Gap, "{blocked:?}");
            let gap = &ended.pass.observed.gaps[0];
            assert_eq!(gap.scope, Scope::Product(SOURCE.into()));
            assert_eq!(gap.operation, read);
            assert!(gap.reason.starts_with("in eu-west-1: "), "{gap:?}");
            assert_eq!(gap.denied, effect == Effect::AccessDenied);
            let made = writes(&world);
            assert!(!made.contains_key("CopyProduct"), "{made:?}");
            let own = status(&ended.pass, "product/own");
            assert_eq!((own.sync, own.health), (Sync::Synced, Health::Healthy));
            fault.remove();
            world.apply().await;
            world.expect_empty_plan().await;

            // The same of a copy that is there: what its source says by now waits.
            publish(&world, "v3", "one").await;
            let rule = Rule::always(effect.clone()).on(read).in_region(THERE);
            let fault = world.emulator.inject(rule);
            writes(&world);
            let ended = world.process_in(None).await.apply(&world.desired()).await;
            assert_eq!(writes(&world), [].into(), "{read}");
            assert_eq!(status(&ended.pass, COPY).blocked[0].code, BlockedCode::Gap);
            fault.remove();
            world.apply().await;
            expect_copy(&world.plan().await.observed, &["v1", "v2", "v3"]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_partition_is_refused_and_not_asked() {
    for arn in [
        "arn:aws-cn:catalog:cn-north-1:123456789012:product/prod-thesourceaa2a",
        "arn:aws-us-gov:catalog:us-east-1:123456789012:product/prod-thesourceaa2a",
    ] {
        let world = world().await;
        world.edit("catalog.yaml", ARN, arn);
        let ended = world.process().await.apply(&world.desired()).await;
        assert_eq!(ended.end, End::Settled);
        expect_blocked(&ended.pass, &["another partition than aws", arn]);
        let calls = world.emulator.calls();
        assert!(calls.iter().all(|call| call.region == "us-east-1"));
        assert!(calls.iter().all(|call| call.operation != "CopyProduct"));
    }
}

/// An id of this region under another's name is a slip of the pen, and so is the reverse.
#[tokio::test(start_paused = true)]
async fn a_product_is_looked_for_in_the_region_that_is_named() {
    let world = world().await;
    world.edit("catalog.yaml", THERE, "us-east-1");
    let ended = world.process().await.apply(&world.desired()).await;
    expect_blocked(&ended.pass, &["not to be seen from here"]);
    assert_eq!(reads_there(&world), [] as [String; 0]);
    let own = kit::product(&ended.pass.observed, "own").id.clone();
    world.edit("catalog.yaml", "us-east-1", THERE);
    world.edit("catalog.yaml", SOURCE, own.as_str());
    let ended = world.process().await.apply(&world.desired()).await;
    expect_blocked(&ended.pass, &["not to be seen in eu-west-1"]);
    assert!(!writes(&world).contains_key("CopyProduct"));
}

/// Another account's product in another region: shared with us, and accepted, where it is.
#[tokio::test(start_paused = true)]
async fn another_accounts_product_is_copied_where_it_is_shared_in_its_region() {
    let world = world().await;
    let theirs = "arn:aws:catalog:eu-west-1:210987654321:product/prod-theirproduca2";
    let shared = r#"
- {service: s3, operation: CreateBucket, account: "210987654321", input: {Bucket: theirown}}
- {service: s3, operation: PutObject, account: "210987654321", input: {Bucket: theirown, Key: one, Body: "Resources: {One: {Type: 'AWS::SNS::Topic'}}"}}
- service: servicecatalog
  operation: CreateProduct
  account: "210987654321"
  region: eu-west-1
  ids: [prod-theirproduca2]
  input:
    Name: Theirs
    Owner: them
    ProductType: CLOUD_FORMATION_TEMPLATE
    ProvisioningArtifactParameters:
      Name: v1
      Info: {LoadTemplateFromURL: "https://theirown.s3.us-east-1.amazonaws.com/one"}
- service: servicecatalog
  operation: CreatePortfolio
  account: "210987654321"
  region: eu-west-1
  ids: [port-theirportfola]
  input: {DisplayName: Networking, ProviderName: them}
- service: servicecatalog
  operation: AssociateProductWithPortfolio
  account: "210987654321"
  region: eu-west-1
  input: {PortfolioId: port-theirportfola, ProductId: prod-theirproduca2}
"#;
    load(&world, shared).await;
    world.edit("catalog.yaml", ARN, theirs);
    let ended = world.process().await.apply(&world.desired()).await;
    let words = [
        "not to be seen in eu-west-1",
        "account 210987654321 must share a portfolio that holds it with 123456789012 in eu-west-1",
        "123456789012 accept it there: a share holds in one region",
    ];
    expect_blocked(&ended.pass, &words);
    let accepted = r#"
- service: servicecatalog
  operation: CreatePortfolioShare
  account: "210987654321"
  region: eu-west-1
  input: {PortfolioId: port-theirportfola, AccountId: "123456789012"}
- {service: servicecatalog, operation: AcceptPortfolioShare, region: eu-west-1, input: {PortfolioId: port-theirportfola}}
"#;
    load(&world, accepted).await;
    world.apply().await;
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    let copy = expect_copy(&pass.observed, &["v1"]);
    assert!(copy.arn.contains(":us-east-1:123456789012:"));
    // Once it is shared no more, the copy stays.
    let unshare = r#"
- service: servicecatalog
  operation: DeletePortfolioShare
  account: "210987654321"
  region: eu-west-1
  input: {PortfolioId: port-theirportfola, AccountId: "123456789012"}
"#;
    load(&world, unshare).await;
    let pass = world.plan().await;
    assert!(!pass.plan.has_changes(), "{}", shown(&pass.plan));
    expect_blocked(&pass, &words);
    expect_copy(&pass.observed, &["v1"]);
}

#[tokio::test(start_paused = true)]
async fn lost_answers_copy_nothing_twice_across_regions() {
    for number in 1..=4 {
        let world = world_with(Profile::Aws, number).await;
        for call in ["CopyProduct", "UpdateProduct"] {
            let rule = Rule::always(Effect::DropAfter).on(call).nth(1);
            world.emulator.inject(rule);
        }
        world.apply().await;
        publish(&world, "v3", "one").await;
        publish(&world, "v4", "two").await;
        world.clock.sleep(Duration::from_secs(60)).await;
        // The process dies while a version is copied, and the next one does not see at once that it was.
        world.emulator.set_faults(Faults {
            lag: Some(Lag {
                describe: 0.0,
                search: 20.0,
                chance: 0.9,
            }),
            ..Faults::default()
        });
        let rule = Rule::always(Effect::DropAfter).on("CopyProduct").nth(1);
        assert!(super::crash::die_at(&world, &world.desired(), rule).await);
        world.process_in(None).await.apply(&world.desired()).await;
        world.emulator.set_faults(Faults::default());
        world.clock.sleep(Duration::from_secs(60)).await;
        expect_copy(&world.plan().await.observed, &["v1", "v2", "v3", "v4"]);
        world.expect_empty_plan().await;
    }
}

/// A source that shows late in its region is no reason for anything: the copy stays, and follows once it shows.
#[tokio::test(start_paused = true)]
async fn a_source_that_flips_in_its_region_changes_no_copy() {
    let world = world().await;
    world.apply().await;
    publish(&world, "v3", "one").await;
    world.emulator.set_faults(Faults {
        lag: Some(Lag {
            describe: 20.0,
            search: 20.0,
            chance: 0.5,
        }),
        ..Faults::default()
    });
    for _ in 0..5 {
        let pass = one_pass(&world).await;
        let removed = pass.plan.steps.iter().find(|step| kit::removes(&step.op));
        assert_eq!(removed.map(|step| step.op.call()), None);
    }
    world.emulator.set_faults(Faults::default());
    world.apply().await;
    expect_copy(&world.plan().await.observed, &["v1", "v2", "v3"]);
    world.expect_empty_plan().await;
}

/// A region that throttles is called more slowly, and this one as fast as before.
#[tokio::test(start_paused = true)]
async fn another_region_has_a_pace_of_its_own() {
    let mut world = world().await;
    world.pace = Pace::Default;
    // Thirty versions here whose contents nobody knows yet.
    let mut near = String::from(
        "\n- {service: servicecatalog, operation: CreateProduct, ids: [prod-nearsourcea2a], input: {Name: Near, Owner: them, \
         ProductType: CLOUD_FORMATION_TEMPLATE, ProvisioningArtifactParameters: {Name: n0, Info: {LoadTemplateFromURL: \
         'https://theirs.s3.us-east-1.amazonaws.com/one'}}}}\n",
    );
    for number in 1..30 {
        near.push_str(&format!(
            "- {{service: servicecatalog, operation: CreateProvisioningArtifact, input: {{ProductId: prod-nearsourcea2a, \
             Parameters: {{Name: n{number}, Info: {{LoadTemplateFromURL: 'https://theirs.s3.us-east-1.amazonaws.com/one'}}}}}}}}\n"
        ));
    }
    load(&world, &near).await;
    let arn = "arn:aws:catalog:us-east-1:123456789012:product/prod-nearsourcea2a";
    world.write(
        "near.yaml",
        format!(
            "apiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: near}}\nspec:\n  name: Close\n  owner: us\n  \
             copyFrom: {{productArn: '{arn}'}}\n"
        ),
    );
    // Every throttle is one more than a second after the one before.
    let throttle = Rule::always(Effect::Throttle).in_region(THERE).times(8);
    let fault = world.emulator.inject(throttle);
    world.emulator.reset_calls();
    let pass = world.plan().await;
    assert_eq!(fault.fired(), 8);
    assert_eq!(pass.observed.gaps, []);
    let copied = pass.plan.steps.iter();
    let copied = copied.filter(|step| matches!(step.op, Op::CopyProduct { .. }));
    assert_eq!(copied.count(), 2);
    let all = world.emulator.calls();
    let read = |region: &str| {
        let described = all.iter().filter(|call| {
            call.region == region && call.operation == "DescribeProvisioningArtifact"
        });
        described.map(|call| call.at).collect::<Vec<_>>()
    };
    let (here, there) = (read("us-east-1"), read(THERE));
    assert_eq!((here.len(), there.len()), (30, 2));
    // Ten at once and ten a second: what came before has used up some of the ten.
    let took = here[29].duration_since(here[0]);
    assert!(took.as_secs_f64() < 3.5, "{took:?}");
}
