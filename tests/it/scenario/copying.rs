//! `copyFrom`: what is copied, how it follows its source, and every way in which it can fail.

use std::time::Duration;

use aws_sdk_servicecatalog::types::{
    ProvisioningArtifactGuidance, ProvisioningArtifactProperties, Tag,
};
use catalogd::emulator::faults::{Effect, Faults, Lag, Leaves, Rule};
use catalogd::emulator::{Profile, seed};
use catalogd::execute::StepResult;
use catalogd::execute::progress::Quiet;
use catalogd::model::desired::{Desired, Guidance};
use catalogd::model::observed::{LiveProduct, Observed};
use catalogd::plan::op::{CopyTarget, Op};
use catalogd::plan::{BlockedCode, Plan, Reason};
use catalogd::reconcile::converge::End;
use catalogd::reconcile::{OLD_COPIES, Pass};
use catalogd::render::text::{self, Style};
use catalogd::status::{Health, Sync};
use tokio_util::sync::CancellationToken;

use super::kit::{self, calls, one_pass, product, status, writes};
use crate::examples::expect_each_once;
use crate::world::World;

const SOURCE: &str = "prod-thesourceaa2a";
const COPY: &str = "product/golden";

/// Somebody's product of two versions, the first of them deprecated, with a tag.
const SEED: &str = r#"
- {service: s3, operation: CreateBucket, input: {Bucket: theirs}}
- {service: s3, operation: PutObject, input: {Bucket: theirs, Key: one, Body: "Resources: {One: {Type: 'AWS::SNS::Topic'}}"}}
- {service: s3, operation: PutObject, input: {Bucket: theirs, Key: two, Body: "Resources: {Two: {Type: 'AWS::SNS::Topic'}}"}}
- service: servicecatalog
  operation: CreateProduct
  ids: [prod-thesourceaa2a]
  as: source
  input:
    Name: Source
    Owner: them
    Description: What they publish
    ProductType: CLOUD_FORMATION_TEMPLATE
    Tags: [{Key: team, Value: them}]
    ProvisioningArtifactParameters:
      Name: v1
      Description: The first
      Info: {LoadTemplateFromURL: "https://theirs.s3.us-east-1.amazonaws.com/one"}
- service: servicecatalog
  operation: CreateProvisioningArtifact
  input:
    ProductId: prod-thesourceaa2a
    Parameters: {Name: v2, Info: {LoadTemplateFromURL: "https://theirs.s3.us-east-1.amazonaws.com/two"}}
- service: servicecatalog
  operation: UpdateProvisioningArtifact
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
  portfolios:
    - {portfolio: net, constraints: {launch: {localRoleName: Launcher}}}
  copyFrom:
    productArn: arn:aws:catalog:us-east-1:123456789012:product/prod-thesourceaa2a
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: own}
spec:
  owner: us
  portfolios: [{portfolio: net}]
  versions: [{name: v1, template: own.yaml}]
"#;

async fn world_with(profile: Profile, number: u64) -> World {
    let world = World::with(profile, number);
    world
        .write("catalog.yaml", CATALOG)
        .write("own.yaml", "Resources: {T: {Type: 'AWS::SNS::Topic'}}");
    seed::load_text(&world.emulator, SEED, std::path::Path::new(""))
        .await
        .unwrap();
    // What was there before is long known everywhere.
    world.clock.sleep(Duration::from_secs(60)).await;
    world.emulator.reset_calls();
    world
}

pub(super) async fn world() -> World {
    world_with(Profile::Instant, 1).await
}

fn source(observed: &Observed) -> &LiveProduct {
    &observed.products[&SOURCE.into()]
}

fn copies(observed: &Observed) -> Vec<&LiveProduct> {
    let all = observed.products.values();
    all.filter(|o| o.id.as_str() != SOURCE && o.name != "own")
        .collect()
}

fn names(product: &LiveProduct) -> Vec<&str> {
    product.versions.iter().map(|v| v.name.as_str()).collect()
}

/// One copy, ours, with exactly these versions.
#[track_caller]
fn expect_copy<'o>(observed: &'o Observed, versions: &[&str]) -> &'o LiveProduct {
    expect_each_once(observed);
    let copies = copies(observed);
    assert_eq!(copies.len(), 1, "{copies:#?}");
    let mut found = names(copies[0]);
    found.sort_unstable();
    assert_eq!(found, versions);
    assert!(copies[0].tags.contains_key("catalogd:product"));
    copies[0]
}

#[track_caller]
fn expect_blocked(pass: &Pass, code: BlockedCode, words: &[&str]) {
    kit::expect_blocked(pass, COPY, code, words, "catalog.yaml");
}

fn shown(plan: &Plan) -> String {
    text::plan(plan, Style::default())
}

/// The source's versions by name.
async fn version_id(world: &World, name: &str) -> String {
    let listed = world
        .console()
        .list_provisioning_artifacts()
        .product_id(SOURCE)
        .send()
        .await
        .unwrap();
    let mut all = listed.provisioning_artifact_details().iter();
    let found = all.find(|v| v.name() == Some(name)).unwrap();
    found.id().unwrap().to_owned()
}

async fn publish(world: &World, name: &str, template: &str) {
    let version = ProvisioningArtifactProperties::builder()
        .name(name)
        .info(
            "LoadTemplateFromURL",
            format!("https://theirs.s3.us-east-1.amazonaws.com/{template}"),
        )
        .build();
    world
        .console()
        .create_provisioning_artifact()
        .product_id(SOURCE)
        .parameters(version)
        .idempotency_token(format!("{name}-{template}"))
        .send()
        .await
        .unwrap();
}

async fn unpublish(world: &World, name: &str) {
    let id = version_id(world, name).await;
    world
        .console()
        .delete_provisioning_artifact()
        .product_id(SOURCE)
        .provisioning_artifact_id(id)
        .send()
        .await
        .unwrap();
}

fn copy_ops(plan: &Plan) -> Vec<(Vec<&str>, &CopyTarget)> {
    let ops = plan.steps.iter().filter_map(|step| match &step.op {
        Op::CopyProduct { versions, to, .. } => {
            Some((versions.iter().map(|v| v.name.as_str()).collect(), to))
        }
        _ => None,
    });
    ops.collect()
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_made_claimed_and_follows_its_source() {
    let world = world().await;
    let pass = world.plan().await;
    let copied = copy_ops(&pass.plan);
    let [(versions, CopyTarget::New { copy_tags, .. })] = copied.as_slice() else {
        panic!("{copied:?}");
    };
    assert_eq!(versions, &["v1", "v2"]);
    assert!(!copy_tags);
    let said = shown(&pass.plan);
    for line in [
        "+ copyFrom: arn:aws:catalog:us-east-1:123456789012:product/prod-thesourceaa2a",
        "+ version v1  copy of pa-",
        "\"The first\", DEPRECATED",
    ] {
        assert!(said.contains(line), "{said}");
    }
    world.calls();
    world.apply().await;
    let made = writes(&world);
    for (call, times) in [("CopyProduct", 1), ("UpdateProduct", 1)] {
        assert_eq!(made.get(call), Some(&times), "{made:?}");
    }
    // Guidance is no part of a copy.
    assert_eq!(made["UpdateProvisioningArtifact"], 1, "{made:?}");
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    let copy = expect_copy(&pass.observed, &["v1", "v2"]);
    assert_eq!((copy.name.as_str(), copy.owner.as_str()), ("Golden", "us"));
    assert_eq!(copy.description.as_deref(), Some("What they publish"));
    assert_eq!(copy.tags.len(), 1, "tags come along only where asked for");
    assert_eq!(copy.versions[0].guidance, Guidance::Deprecated);
    assert_eq!(copy.versions[0].description.as_deref(), Some("The first"));
    let theirs = source(&pass.observed);
    assert_eq!(copy.versions[0].content, theirs.versions[0].content);
    assert_ne!(copy.versions[0].id, theirs.versions[0].id);
    assert_eq!(
        (
            status(&pass, COPY).sync,
            status(&pass, COPY).health,
            theirs.tags.len()
        ),
        (Sync::Synced, Health::Healthy, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn only_the_named_versions_are_copied() {
    let world = world().await;
    world.edit(
        "catalog.yaml",
        "    productArn:",
        "    versions: [v2]\n    productArn:",
    );
    world.apply().await;
    world.expect_empty_plan().await;
    expect_copy(&world.plan().await.observed, &["v2"]);
    // One more is a change of git: one call for that version alone.
    let base = world.desired();
    world.edit("catalog.yaml", "[v2]", "[v2, v1]");
    let desired = world.desired();
    let mut process = world.process().await;
    let pass = process.reconciler.plan(&desired, Some(&base)).await;
    assert_eq!(calls(&pass.plan), ["CopyProduct"]);
    let object = pass.plan.objects.iter().find(|o| o.reason.is_some());
    assert_eq!(object.unwrap().reason, Some(Reason::GitChanged));
    process.apply_over(Some(&base), &desired).await;
    let copy = world.plan().await;
    let copy = expect_copy(&copy.observed, &["v1", "v2"]);
    let v1 = copy.versions.iter().find(|v| v.name == "v1").unwrap();
    assert_eq!(v1.guidance, Guidance::Deprecated);
}

#[tokio::test(start_paused = true)]
async fn what_the_source_changes_shows_as_drift_and_is_followed() {
    let world = world().await;
    world.apply().await;
    let desired = world.desired();
    publish(&world, "v3", "one").await;
    let v2 = version_id(&world, "v2").await;
    world
        .console()
        .update_provisioning_artifact()
        .product_id(SOURCE)
        .provisioning_artifact_id(&v2)
        .description("Better")
        .guidance(ProvisioningArtifactGuidance::Deprecated)
        .send()
        .await
        .unwrap();
    let mut process = world.process().await;
    let pass = process.reconciler.plan(&desired, Some(&desired)).await;
    assert_eq!(
        calls(&pass.plan),
        ["CopyProduct", "UpdateProvisioningArtifact"]
    );
    assert_eq!(copy_ops(&pass.plan)[0].0, ["v3"]);
    let object = pass.plan.objects.iter().find(|o| !o.changes.is_empty());
    let object = object.unwrap();
    assert_eq!(object.reason, Some(Reason::Drifted), "{object:#?}");
    let said = shown(&pass.plan);
    assert!(said.contains("product/golden  (drifted)"), "{said}");
    assert!(said.contains("+ version v3  copy of pa-"), "{said}");
    assert!(said.contains("DEFAULT → DEPRECATED"), "{said}");
    world.apply().await;
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    let copy = expect_copy(&pass.observed, &["v1", "v2", "v3"]);
    assert_eq!(copy.versions[1].description.as_deref(), Some("Better"));
    // The copy's own description, owner and name are left alone by all this.
    assert_eq!(copy.name, "Golden");
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_made_inactive_at_the_source_becomes_inactive_unless_something_runs_from_it()
 {
    let world = world().await;
    world.write(
        "hub.yaml",
        "apiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {name: hub}\nspec: {product: golden, version: v2}\n",
    );
    world.apply().await;
    for name in ["v1", "v2"] {
        let id = version_id(&world, name).await;
        world
            .console()
            .update_provisioning_artifact()
            .product_id(SOURCE)
            .provisioning_artifact_id(id)
            .active(false)
            .send()
            .await
            .unwrap();
    }
    let ended = world.process().await.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    expect_blocked(
        &ended.pass,
        BlockedCode::VersionInUse,
        &["\"v2\"", "\"hub\""],
    );
    let copy = expect_copy(&ended.pass.observed, &["v1", "v2"]);
    let active: Vec<bool> = copy.versions.iter().map(|v| v.active).collect();
    assert_eq!(active, [false, true]);
}

/// A version that stays active because something runs from it follows its source in everything else.
#[tokio::test(start_paused = true)]
async fn a_version_that_stays_active_is_deprecated_and_described_as_its_source_says() {
    let world = world().await;
    world.write(
        "hub.yaml",
        "apiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {name: hub}\nspec: {product: golden, version: v2}\n",
    );
    world.apply().await;
    world
        .console()
        .update_provisioning_artifact()
        .product_id(SOURCE)
        .provisioning_artifact_id(version_id(&world, "v2").await)
        .active(false)
        .description("Not this one")
        .guidance(ProvisioningArtifactGuidance::Deprecated)
        .send()
        .await
        .unwrap();
    let ended = world.process().await.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    expect_blocked(&ended.pass, BlockedCode::VersionInUse, &["\"v2\""]);
    let copy = expect_copy(&ended.pass.observed, &["v1", "v2"]);
    let v2 = copy.versions.iter().find(|v| v.name == "v2").unwrap();
    assert_eq!(
        (v2.active, v2.guidance, v2.description.as_deref()),
        (true, Guidance::Deprecated, Some("Not this one"))
    );
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn a_version_that_vanished_at_the_source_is_kept_and_said() {
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
    // A copy's own versions, which its source never had, are kept as well; so is the copy of a source that is gone.
    world
        .console()
        .delete_product()
        .id(SOURCE)
        .send()
        .await
        .unwrap();
    let pass = world.plan().await;
    assert!(!pass.plan.has_changes(), "{}", shown(&pass.plan));
    expect_blocked(
        &pass,
        BlockedCode::CopySource,
        &["not to be seen from here"],
    );
    assert_eq!(copies(&pass.observed).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_not_to_be_seen_is_reported_as_what_it_is() {
    for (arn, words) in [
        (
            "arn:aws:catalog:us-east-1:123456789012:product/prod-nosuchproducta",
            ["ResourceNotFoundException", "name a product that is there"],
        ),
        (
            "arn:aws:catalog:us-east-1:210987654321:product/prod-thesourceaa2a",
            [
                "ResourceNotFoundException",
                "account 210987654321 must share a portfolio that holds it with 123456789012",
            ],
        ),
        (
            "arn:aws:catalog:eu-west-1:123456789012:product/prod-thesourceaa2a",
            [
                "not to be seen in eu-west-1 (ResourceNotFoundException)",
                "name a product that is there",
            ],
        ),
        (
            "arn:aws-cn:catalog:us-east-1:123456789012:product/prod-thesourceaa2a",
            ["another partition", "name a product of this one"],
        ),
    ] {
        let world = world().await;
        world.edit(
            "catalog.yaml",
            "arn:aws:catalog:us-east-1:123456789012:product/prod-thesourceaa2a",
            arn,
        );
        let ended = world.process().await.apply(&world.desired()).await;
        assert_eq!(
            ended.end,
            End::Settled,
            "{} {:?} {:?}",
            shown(&ended.pass.plan),
            ended.pass.observed.gaps,
            ended.passes
        );
        expect_blocked(&ended.pass, BlockedCode::CopySource, &words);
        assert_eq!(copies(&ended.pass.observed), [] as [&LiveProduct; 0]);
        let own = status(&ended.pass, "product/own");
        assert_eq!((own.sync, own.health), (Sync::Synced, Health::Healthy));
        assert!(!writes(&world).contains_key("CopyProduct"));
    }
}

#[tokio::test(start_paused = true)]
async fn versions_that_cannot_be_copied_are_named_and_the_others_copied() {
    // A name that is nowhere.
    let missing = world().await;
    missing.edit(
        "catalog.yaml",
        "    productArn:",
        "    versions: [v1, v9]\n    productArn:",
    );
    let ended = missing.process().await.apply(&missing.desired()).await;
    expect_blocked(&ended.pass, BlockedCode::CopySource, &["no version \"v9\""]);
    expect_copy(&ended.pass.observed, &["v1"]);

    // A name that is there twice.
    let twice = world().await;
    publish(&twice, "v2", "one").await;
    let ended = twice.process().await.apply(&twice.desired()).await;
    expect_blocked(&ended.pass, BlockedCode::AmbiguousVersion, &["\"v2\""]);
    let copied = copies(&ended.pass.observed);
    assert_eq!(
        copied.iter().map(|o| names(o)).collect::<Vec<_>>(),
        [["v1"]]
    );

    // A name that was copied and has another template at its source since.
    let other = world().await;
    other.apply().await;
    unpublish(&other, "v2").await;
    publish(&other, "v2", "one").await;
    let ended = other.process().await.apply(&other.desired()).await;
    expect_blocked(&ended.pass, BlockedCode::ImmutableVersion, &["\"v2\""]);
    expect_copy(&ended.pass.observed, &["v1", "v2"]);
}

#[tokio::test(start_paused = true)]
async fn tags_are_copied_by_the_rule_of_ownership() {
    // The service copies them where none of them is an ownership tag.
    let plain = world().await;
    plain.edit(
        "catalog.yaml",
        "    productArn:",
        "    copyTags: true\n    productArn:",
    );
    let pass = plain.plan().await;
    assert!(matches!(
        copy_ops(&pass.plan)[0].1,
        CopyTarget::New {
            copy_tags: true,
            ..
        }
    ));
    plain.apply().await;
    plain.expect_empty_plan().await;
    let pass = plain.plan().await;
    let copy = expect_copy(&pass.observed, &["v1", "v2"]);
    assert_eq!((copy.tags["team"].as_str(), copy.tags.len()), ("them", 2));
    // A tag that the source changes is drift; one that git gives wins over the source's.
    let tag = Tag::builder().key("team").value("others").build().unwrap();
    let update = plain.console().update_product().id(SOURCE);
    update.add_tags(tag).send().await.unwrap();
    let pass = plain.plan().await;
    assert_eq!(calls(&pass.plan), ["UpdateProduct"]);
    plain.apply().await;
    plain.edit(
        "catalog.yaml",
        "  name: Golden\n",
        "  name: Golden\n  tags: {team: us, more: x}\n",
    );
    plain.apply().await;
    plain.expect_empty_plan().await;
    let pass = plain.plan().await;
    let copy = expect_copy(&pass.observed, &["v1", "v2"]);
    assert_eq!((copy.tags["team"].as_str(), copy.tags.len()), ("us", 3));

    // The copy of a product that somebody manages does not claim to be that.
    let managed = world().await;
    let own = Tag::builder()
        .key("catalogd:product")
        .value("other/123456789012/us-east-1/source")
        .build()
        .unwrap();
    let update = managed.console().update_product().id(SOURCE);
    update.add_tags(own).send().await.unwrap();
    managed.edit(
        "catalog.yaml",
        "    productArn:",
        "    copyTags: true\n    productArn:",
    );
    let pass = managed.plan().await;
    assert!(matches!(
        copy_ops(&pass.plan)[0].1,
        CopyTarget::New {
            copy_tags: false,
            ..
        }
    ));
    managed.apply().await;
    managed.expect_empty_plan().await;
    let pass = managed.plan().await;
    let copy = expect_copy(&pass.observed, &["v1", "v2"]);
    assert_eq!((copy.tags["team"].as_str(), copy.tags.len()), ("them", 2));
    assert!(copy.tags["catalogd:product"].ends_with("/golden"));

    // Twenty tags and ours are too many: that is said before anything is copied.
    let full = world().await;
    let mut update = full.console().update_product().id(SOURCE);
    for number in 0..19 {
        let tag = Tag::builder().key(format!("k{number}")).value("v").build();
        update = update.add_tags(tag.unwrap());
    }
    update.send().await.unwrap();
    full.edit(
        "catalog.yaml",
        "    productArn:",
        "    copyTags: true\n    productArn:",
    );
    let pass = full.plan().await;
    let blocked = &status(&pass, COPY).blocked;
    assert_eq!(blocked[0].code, BlockedCode::TagQuota);
    assert_eq!(copy_ops(&pass.plan), []);
}

/// What happens when a copy fails: the others converge, the reason is shown, it is not hammered, and once the cause is
/// gone it is copied, once.
async fn fails(detail: Option<&str>, said: &str) {
    // A copy takes its time, so one that has failed at the first look is an earlier process's.
    let world = world_with(Profile::Local, 1).await;
    let fault = world.emulator.inject(
        Rule::always(Effect::FailCopying {
            detail: detail.map(str::to_owned),
            leaves: Leaves::Nothing,
        })
        .on("CopyProduct"),
    );
    let mut process = world.process_in(None).await;
    let ended = process.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    let found = status(&ended.pass, COPY);
    let stalled = found.stalled.as_ref().unwrap();
    assert!(stalled.reason.contains(said), "{stalled:?}");
    assert_eq!(
        (found.sync, found.health),
        (Sync::OutOfSync, Health::Missing)
    );
    assert_eq!(status(&ended.pass, "product/own").sync, Sync::Synced);
    assert_eq!(copies(&ended.pass.observed), [] as [&LiveProduct; 0]);
    process.apply(&world.desired()).await;
    assert_eq!(fault.fired(), 1, "hammered");
    // Every process tries once more, past the tokens that the others have used up.
    for process in 2..=5 {
        let before = fault.fired();
        let ended = world.process_in(None).await.apply(&world.desired()).await;
        assert!(status(&ended.pass, COPY).stalled.is_some());
        assert_eq!(fault.fired() - before, process);
    }
    // One that goes on for hours tries every five minutes, after those of the others.
    let before = fault.fired() + 4;
    for tried in 1..=45 {
        world.clock.sleep(Duration::from_secs(301)).await;
        process.apply(&world.desired()).await;
        assert_eq!(fault.fired() - before, tried);
    }
    fault.remove();
    world.clock.sleep(Duration::from_secs(301)).await;
    let ended = process.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    expect_copy(&world.plan().await.observed, &["v1", "v2"]);
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_fails_says_why_and_is_made_once_it_can_be() {
    fails(Some("an internal failure"), "an internal failure").await;
}

/// Users of the real service saw this.
#[tokio::test(start_paused = true)]
async fn a_copy_that_fails_without_a_word_is_said_to_do_so() {
    fails(None, "failed, and the service says no more").await;
}

/// A service that fails copies at once is not hammered by a process that takes them for earlier ones'.
#[tokio::test(start_paused = true)]
async fn copies_that_fail_at_once_are_not_made_without_end() {
    let world = world().await;
    let fault = world.emulator.inject(
        Rule::always(Effect::FailCopying {
            detail: None,
            leaves: Leaves::Nothing,
        })
        .on("CopyProduct"),
    );
    let mut process = world.process_in(None).await;
    let ended = process.apply(&world.desired()).await;
    assert!(status(&ended.pass, COPY).stalled.is_some());
    let tried = fault.fired();
    assert_eq!(tried, OLD_COPIES as u64 + 1);
    process.apply(&world.desired()).await;
    assert_eq!(fault.fired(), tried, "no more");
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_copy_left_behind_is_taken_on_and_not_copied_again() {
    for profile in [Profile::Instant, Profile::Aws] {
        let world = world_with(profile, 3).await;
        let fault = world.emulator.inject(
            Rule::always(Effect::FailCopying {
                detail: Some("half way".to_owned()),
                leaves: Leaves::Product,
            })
            .on("CopyProduct")
            .times(1),
        );
        let ended = world.process_in(None).await.apply(&world.desired()).await;
        assert_eq!(fault.fired(), 1);
        assert_eq!(ended.end, End::Settled);
        world.clock.sleep(Duration::from_secs(20)).await;
        expect_copy(&world.plan().await.observed, &["v1", "v2"]);
        world.expect_empty_plan().await;
    }
}

/// The process dies when the copy has failed half way: the next one learns it from the same token, with a state folder and
/// without.
#[tokio::test(start_paused = true)]
async fn a_half_copy_is_found_again_by_a_new_process() {
    for profile in [Profile::Instant, Profile::Local] {
        let world = world_with(profile, 1).await;
        let half = Rule::always(Effect::FailCopying {
            detail: None,
            leaves: Leaves::Product,
        });
        world.emulator.inject(half.on("CopyProduct").times(1));
        let mut process = world.process().await;
        let pass = process.reconciler.plan(&world.desired(), None).await;
        let stop = tokio_util::sync::CancellationToken::new();
        let quiet = catalogd::execute::progress::Quiet;
        process.reconciler.execute(&pass.plan, &stop, &quiet).await;
        drop(process);
        world.process().await.apply(&world.desired()).await;
        expect_copy(&world.plan().await.observed, &["v1", "v2"]);
        world.expect_empty_plan().await;
    }
    let world = world().await;
    world.emulator.inject(
        Rule::always(Effect::FailCopying {
            detail: None,
            leaves: Leaves::Product,
        })
        .on("CopyProduct")
        .times(1),
    );
    let pass = one_pass(&world).await;
    let failed = pass.outcome.failures().count();
    assert_eq!(failed, 1);
    assert_eq!(copies(&world.plan().await.observed).len(), 1);
    world.process_in(None).await.apply(&world.desired()).await;
    expect_copy(&world.plan().await.observed, &["v1", "v2"]);
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_hangs_is_followed_by_every_process_and_never_repeated() {
    let world = world_with(Profile::Local, 1).await;
    let hangs = world
        .emulator
        .inject(Rule::always(Effect::HangCopying).on("CopyProduct").times(1));
    let pass = one_pass(&world).await;
    let unfinished = pass
        .outcome
        .results
        .values()
        .find_map(|result| match result {
            StepResult::Unfinished { waiting, .. } => Some(waiting),
            _ => None,
        });
    let waiting = unfinished.expect("the deadline passed");
    assert!(
        waiting.contains("in progress at the service as copyproduct-"),
        "{waiting}"
    );
    let own = world.plan().await;
    assert_eq!(status(&own, "product/own").sync, Sync::Synced);
    // The next process asks again, by the same token: no second copy is begun.
    let pass = one_pass(&world).await;
    assert!(!pass.outcome.is_complete());
    assert_eq!(
        copies(&world.plan().await.observed),
        [] as [&LiveProduct; 0]
    );
    hangs.remove();
    world.apply().await;
    expect_copy(&world.plan().await.observed, &["v1", "v2"]);
}

/// What a failed copy left behind is deleted by hand before it is taken on: once it is gone for long it is copied again.
#[tokio::test(start_paused = true)]
async fn a_half_copy_that_is_deleted_is_copied_again() {
    let world = world_with(Profile::Local, 1).await;
    let half = Rule::always(Effect::FailCopying {
        detail: None,
        leaves: Leaves::Product,
    });
    world.emulator.inject(half.on("CopyProduct").times(1));
    one_pass(&world).await;
    let half = copies(&world.plan().await.observed)[0].id.clone();
    let delete = world.console().delete_product().id(half.as_str());
    delete.send().await.unwrap();
    world.apply().await;
    let pass = world.plan().await;
    assert_ne!(expect_copy(&pass.observed, &["v1", "v2"]).id, half);
    world.expect_empty_plan().await;
}

/// One that cannot be marked for hours, and is lost sight of for a moment, is not copied a second time.
#[tokio::test(start_paused = true)]
async fn a_half_copy_is_gone_only_long_after_it_was_last_seen() {
    let world = world_with(Profile::Local, 1).await;
    let half = Rule::always(Effect::FailCopying {
        detail: None,
        leaves: Leaves::Product,
    });
    world.emulator.inject(half.on("CopyProduct").times(1));
    let denied = world
        .emulator
        .inject(Rule::always(Effect::AccessDenied).on("UpdateProduct"));
    let mut process = world.process().await;
    let desired = world.desired();
    process.apply(&desired).await;
    world.clock.sleep(Duration::from_secs(3_600)).await;
    process.reconciler.plan(&desired, None).await;
    let unseen = [
        Rule::always(Effect::CutListing(0)).on("SearchProductsAsAdmin"),
        Rule::always(Effect::Refuse {
            code: "ResourceNotFoundException".to_owned(),
            message: "not yet".to_owned(),
        })
        .on("DescribeProductAsAdmin"),
    ]
    .map(|rule| world.emulator.inject(rule));
    let pass = process.reconciler.plan(&desired, None).await;
    let waiting = &status(&pass, COPY).waiting;
    assert!(
        waiting[0].message.contains("which is not to be seen yet"),
        "{waiting:?}"
    );
    for rule in unseen {
        rule.remove();
    }
    denied.remove();
    world.clock.sleep(Duration::from_secs(3_600)).await;
    process.apply(&desired).await;
    expect_copy(&world.plan().await.observed, &["v1", "v2"]);
    world.expect_empty_plan().await;
}

/// A copy whose status can't be read is followed to the deadline, and that is said with the reason.
#[tokio::test(start_paused = true)]
async fn a_copy_that_cannot_be_followed_says_why() {
    let world = world().await;
    let rule = Rule::always(Effect::Refuse {
        code: "ResourceNotFoundException".to_owned(),
        message: "no such copy".to_owned(),
    });
    let unread = world.emulator.inject(rule.on("DescribeCopyProductStatus"));
    let pass = one_pass(&world).await;
    let mut results = pass.outcome.results.values();
    let waiting = results.find_map(|result| match result {
        StepResult::Unfinished { waiting, .. } => Some(waiting),
        _ => None,
    });
    let waiting = waiting.expect("the deadline passed");
    assert!(waiting.contains("no such copy"), "{waiting}");
    unread.remove();
    world.apply().await;
    expect_copy(&world.plan().await.observed, &["v1", "v2"]);
}

/// The process dies between CopyProduct and the tag that says whose the copy is, and git is edited before the next.
#[tokio::test(start_paused = true)]
async fn a_crash_before_the_copy_is_claimed_makes_no_second_one() {
    for profile in [Profile::Instant, Profile::Aws] {
        for lag in [None, Some(20.0)] {
            let world = world_with(profile, 5).await;
            if let Some(search) = lag {
                world.emulator.set_faults(Faults {
                    lag: Some(Lag {
                        describe: 2.0,
                        search,
                        chance: 0.8,
                    }),
                    ..Faults::default()
                });
            }
            let fault = world
                .emulator
                .inject(Rule::always(Effect::AccessDenied).on("UpdateProduct"));
            one_pass(&world).await;
            assert!(fault.fired() > 0);
            fault.remove();
            world.edit("catalog.yaml", "name: Golden", "name: Gold");
            world.edit(
                "catalog.yaml",
                "    productArn:",
                "    versions: [v2]\n    productArn:",
            );
            world.process_in(None).await.apply(&world.desired()).await;
            world.clock.sleep(Duration::from_secs(60)).await;
            let ended = world.process_in(None).await.apply(&world.desired()).await;
            assert_eq!(ended.end, End::Settled);
            // The first attempt's copy, with all that it had copied.
            let copy = expect_copy(&ended.pass.observed, &["v1", "v2"]);
            assert_eq!(copy.name, "Gold");
        }
    }
}

/// Versions that are copied later show late, to one process after the other: each is copied once, by one call.
#[tokio::test(start_paused = true)]
async fn a_later_version_is_copied_once_however_late_it_shows() {
    let world = world_with(Profile::Local, 1).await;
    world.apply().await;
    publish(&world, "v3", "one").await;
    publish(&world, "v4", "two").await;
    world.clock.sleep(Duration::from_secs(60)).await;
    world.emulator.set_faults(Faults {
        lag: Some(Lag {
            describe: 0.0,
            search: 30.0,
            chance: 0.7,
        }),
        ..Faults::default()
    });
    for _ in 0..6 {
        one_pass(&world).await;
    }
    world.emulator.set_faults(Faults::default());
    let pass = world.plan().await;
    expect_copy(&pass.observed, &["v1", "v2", "v3", "v4"]);
    world.expect_empty_plan().await;

    // Two at a time are two calls, and no third.
    let world = self::world().await;
    world.apply().await;
    publish(&world, "v3", "one").await;
    publish(&world, "v4", "two").await;
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [("CopyProduct".to_owned(), 2)].into());
}

/// The source changes while it is copied: the copy is of what was planned, and the next pass follows.
#[tokio::test(start_paused = true)]
async fn a_source_that_changes_during_the_copy_is_copied_once() {
    let world = world_with(Profile::Local, 1).await;
    let (console, clock, emulator) = (world.console(), world.clock, world.emulator.clone());
    let v1 = version_id(&world, "v1").await;
    // A version that the copy under way was to take is gone before it ends: the copy fails.
    let other_hand = tokio::spawn(async move {
        while !emulator.counts().contains_key("CopyProduct") {
            clock.sleep(Duration::from_millis(10)).await;
        }
        console
            .delete_provisioning_artifact()
            .product_id(SOURCE)
            .provisioning_artifact_id(v1)
            .send()
            .await
            .unwrap();
    });
    let ended = world.process_in(None).await.apply(&world.desired()).await;
    other_hand.await.unwrap();
    assert_eq!(ended.end, End::Settled);
    expect_copy(&world.plan().await.observed, &["v2"]);
    world.expect_empty_plan().await;
}

/// A copy that was over long ago and can't be read now is not taken for gone: another would be a second one.
#[tokio::test(start_paused = true)]
async fn a_copy_that_cannot_be_read_is_not_made_again() {
    let world = world().await;
    world.apply().await;
    publish(&world, "v3", "one").await;
    let mut process = world.process().await;
    let pass = process.reconciler.plan(&world.desired(), None).await;
    assert_eq!(copy_ops(&pass.plan).len(), 1);
    let fault = world
        .emulator
        .inject(Rule::always(Effect::InternalFailure).on("ListProvisioningArtifacts"));
    let stop = CancellationToken::new();
    let outcome = process.reconciler.execute(&pass.plan, &stop, &Quiet).await;
    let mut results = outcome.results.values();
    assert!(
        results.any(|r| matches!(r, StepResult::Unfinished { .. })),
        "{outcome:?}"
    );
    fault.remove();
    world.apply().await;
    expect_copy(&world.plan().await.observed, &["v1", "v2", "v3"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_deleted_by_hand_is_copied_again_exactly_once() {
    let world = world().await;
    let applied = world.apply().await;
    let copy = expect_copy(&applied.pass.observed, &["v1", "v2"]).clone();
    // A version of it.
    let v1 = copy.versions.iter().find(|v| v.name == "v1").unwrap();
    let delete = world.console().delete_provisioning_artifact();
    delete
        .product_id(copy.id.as_str())
        .provisioning_artifact_id(v1.id.as_str())
        .send()
        .await
        .unwrap();
    for _ in 0..2 {
        world.apply().await;
        let pass = world.plan().await;
        let again = expect_copy(&pass.observed, &["v1", "v2"]);
        let v1 = again.versions.iter().find(|v| v.name == "v1").unwrap();
        // And once more, now that this version's own token is used up.
        let delete = world.console().delete_provisioning_artifact();
        delete
            .product_id(copy.id.as_str())
            .provisioning_artifact_id(v1.id.as_str())
            .send()
            .await
            .unwrap();
    }
    world.apply().await;
    // The whole of it.
    for _ in 0..2 {
        let observed = world.plan().await.observed;
        let copy = expect_copy(&observed, &["v1", "v2"]);
        let net = observed.portfolios.values().next().unwrap();
        for constraint in net.constraints.values() {
            let delete = world.console().delete_constraint();
            delete.id(constraint.id.as_str()).send().await.unwrap();
        }
        world
            .console()
            .disassociate_product_from_portfolio()
            .product_id(copy.id.as_str())
            .portfolio_id(net.id.as_str())
            .send()
            .await
            .unwrap();
        let delete = world.console().delete_product().id(copy.id.as_str());
        delete.send().await.unwrap();
        world.apply().await;
    }
    expect_copy(&world.plan().await.observed, &["v1", "v2"]);
    world.expect_empty_plan().await;
}

/// Somebody else has tagged the copy meanwhile: the token answers with it, and it is theirs.
#[tokio::test(start_paused = true)]
async fn a_copy_that_found_another_owner_is_left_to_it() {
    let world = world().await;
    let fault = world
        .emulator
        .inject(Rule::always(Effect::AccessDenied).on("UpdateProduct"));
    one_pass(&world).await;
    fault.remove();
    let copy = copies(&world.plan().await.observed)[0].id.clone();
    let tag = Tag::builder()
        .key("catalogd:product")
        .value("other/123456789012/us-east-1/theirs")
        .build()
        .unwrap();
    let update = world.console().update_product().id(copy.as_str());
    update.add_tags(tag).send().await.unwrap();
    world.calls();
    let ended = world.process_in(None).await.apply(&world.desired()).await;
    assert_eq!(
        ended.end,
        End::Settled,
        "{} {:?} {:?}",
        shown(&ended.pass.plan),
        ended.pass.outcome,
        ended.passes
    );
    let stalled = status(&ended.pass, COPY).stalled.as_ref().unwrap();
    assert!(
        stalled
            .reason
            .contains("other/123456789012/us-east-1/theirs"),
        "{stalled:?}"
    );
    let made = writes(&world);
    assert!(!made.contains_key("UpdateProduct"), "{made:?}");
    let observed = world.plan().await.observed;
    assert_eq!(
        observed.products[&copy].tags["catalogd:product"],
        "other/123456789012/us-east-1/theirs"
    );
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_denied_stop_only_the_copy() {
    for call in ["CopyProduct", "DescribeCopyProductStatus"] {
        let world = world().await;
        let fault = world
            .emulator
            .inject(Rule::always(Effect::AccessDenied).on(call));
        let ended = world.process_in(None).await.apply(&world.desired()).await;
        assert_eq!(ended.end, End::Settled, "{call}");
        let stalled = status(&ended.pass, COPY).stalled.as_ref().unwrap();
        assert!(stalled.advice.contains(call), "{stalled:?}");
        assert_eq!(status(&ended.pass, "product/own").sync, Sync::Synced);
        fault.remove();
        world.apply().await;
        expect_copy(&world.plan().await.observed, &["v1", "v2"]);
    }
}

/// What is refused of a first copy is said of the product, also where it has but one version.
#[tokio::test(start_paused = true)]
async fn a_refused_copy_is_not_laid_to_its_only_version() {
    let world = world().await;
    world.edit(
        "catalog.yaml",
        "    productArn:",
        "    versions: [v2]\n    productArn:",
    );
    let refusal = Effect::Refuse {
        code: "InvalidParametersException".to_owned(),
        message: "Not this product".to_owned(),
    };
    let refused = world
        .emulator
        .inject(Rule::always(refusal).on("CopyProduct"));
    let ended = world.process().await.apply(&world.desired()).await;
    let stalled = status(&ended.pass, COPY).stalled.clone().unwrap();
    assert_eq!(stalled.reason, "Not this product");
    refused.remove();
    // What is copied later is one version of many.
    let mut process = world.process().await;
    process.apply(&world.desired()).await;
    world.edit("catalog.yaml", "versions: [v2]", "versions: [v1, v2]");
    world
        .emulator
        .inject(Rule::always(Effect::AccessDenied).on("CopyProduct"));
    let ended = process.apply(&world.desired()).await;
    let stalled = status(&ended.pass, COPY).stalled.clone().unwrap();
    assert!(
        stalled.reason.starts_with("version \"v1\": "),
        "{stalled:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_copied_while_the_source_cannot_be_read() {
    let world = world().await;
    let fault = world
        .emulator
        .inject(Rule::always(Effect::AccessDenied).on("ListProvisioningArtifacts"));
    let ended = world.process_in(None).await.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    let blocked = &status(&ended.pass, COPY).blocked;
    assert_eq!(blocked[0].code, BlockedCode::Gap, "{blocked:?}");
    assert_eq!(copies(&ended.pass.observed), [] as [&LiveProduct; 0]);
    fault.remove();
    world.apply().await;
    expect_copy(&world.plan().await.observed, &["v1", "v2"]);
}

/// A source that can't be read stops its copies, and no other product.
#[tokio::test(start_paused = true)]
async fn what_is_no_copy_is_made_while_a_source_cannot_be_read() {
    let world = world().await;
    world
        .emulator
        .inject(Rule::always(Effect::AccessDenied).on("DescribeProvisioningArtifact"));
    let ended = world.process_in(None).await.apply(&world.desired()).await;
    let blocked = &status(&ended.pass, COPY).blocked;
    assert_eq!(blocked[0].code, BlockedCode::Gap, "{blocked:?}");
    let made = writes(&world);
    assert_eq!(made.get("CreateProduct"), Some(&1), "{made:?}");
    assert!(!made.contains_key("CopyProduct"), "{made:?}");
}

/// What is launched of a version that is being copied waits for it.
#[tokio::test(start_paused = true)]
async fn a_launch_waits_for_the_version_that_is_copied() {
    let world = world().await;
    world.write(
        "hub.yaml",
        "apiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {name: hub}\nspec: {product: golden, version: v2}\n",
    );
    let pass = world.plan().await;
    let waiting = &status(&pass, "provisioned-product/hub").waiting;
    assert_eq!(
        waiting[0].message,
        "version \"v2\" of product/golden is copied in this plan"
    );
    world.apply().await;
    world.expect_empty_plan().await;
    assert_eq!(world.plan().await.observed.provisioned.len(), 1);
}

/// A product turns from a list of versions into a copy and back: what both name stays as it is.
#[tokio::test(start_paused = true)]
async fn a_product_may_become_a_copy() {
    let world = world().await;
    let copied: Desired = world.desired();
    world.edit(
        "catalog.yaml",
        "  copyFrom:\n    productArn: arn:aws:catalog:us-east-1:123456789012:product/prod-thesourceaa2a\n",
        "  versions: [{name: v0, template: own.yaml}]\n",
    );
    let listed = world.apply().await;
    let id = product(&listed.pass.observed, "Golden").id.clone();
    let ended = world.process().await.apply(&copied).await;
    assert_eq!(ended.end, End::Settled);
    let copy = expect_copy(&ended.pass.observed, &["v0", "v1", "v2"]);
    assert_eq!(copy.id, id);
}

/// Many seeds of an AWS that lags, throttles and loses version writes: one copy, whole, and an empty second plan.
#[tokio::test(start_paused = true)]
async fn copies_converge_on_an_aws_as_slow_as_the_real_one() {
    for number in 1..=6 {
        let world = world_with(Profile::Aws, number).await;
        world.apply().await;
        publish(&world, "v3", "one").await;
        world.clock.sleep(Duration::from_secs(10)).await;
        world.apply().await;
        world.clock.sleep(Duration::from_secs(10)).await;
        expect_copy(&world.plan().await.observed, &["v1", "v2", "v3"]);
        world.expect_empty_plan().await;
    }
}

async fn set_active(world: &World, name: &str, active: bool) {
    let id = version_id(world, name).await;
    world
        .console()
        .update_provisioning_artifact()
        .product_id(SOURCE)
        .provisioning_artifact_id(id)
        .active(active)
        .send()
        .await
        .unwrap();
}

/// While it can't be told what runs, and while the copy itself can't be read, what the source made inactive stays.
#[tokio::test(start_paused = true)]
async fn no_version_of_a_copy_becomes_inactive_in_doubt() {
    let world = world().await;
    world.apply().await;
    set_active(&world, "v1", false).await;
    for read in ["SearchProvisionedProducts", "SearchProductsAsAdmin"] {
        let fault = world
            .emulator
            .inject(Rule::always(Effect::AccessDenied).on(read));
        world.calls();
        let pass = one_pass(&world).await;
        fault.remove();
        assert_eq!(writes(&world), [].into(), "{read}");
        let blocked = &status(&pass, COPY).blocked;
        assert_eq!(blocked[0].code, BlockedCode::Gap, "{blocked:?}");
        assert!(blocked[0].message.contains(read), "{blocked:?}");
    }
    world.apply().await;
    assert!(!copies(&world.plan().await.observed)[0].versions[0].active);
}

/// What no search shows is not believed to be gone: the source is described by its id.
#[tokio::test(start_paused = true)]
async fn a_source_that_no_search_shows_is_copied_all_the_same() {
    let world = world().await;
    let hidden = world
        .emulator
        .inject(Rule::always(Effect::CutListing(0)).on("SearchProductsAsAdmin"));
    one_pass(&world).await;
    hidden.remove();
    expect_copy(&world.plan().await.observed, &["v1", "v2"]);
}

/// Versions that are inactive at the source from the first are not copied unless they are named.
#[tokio::test(start_paused = true)]
async fn what_is_inactive_at_the_source_is_not_copied() {
    let world = world().await;
    set_active(&world, "v1", false).await;
    world.apply().await;
    expect_copy(&world.plan().await.observed, &["v2"]);
    world.expect_empty_plan().await;
    world.edit(
        "catalog.yaml",
        "    productArn:",
        "    versions: [v1, v2]\n    productArn:",
    );
    world.apply().await;
    let pass = world.plan().await;
    let copy = expect_copy(&pass.observed, &["v1", "v2"]);
    assert!(
        !copy
            .versions
            .iter()
            .find(|v| v.name == "v1")
            .unwrap()
            .active
    );
    world.expect_empty_plan().await;

    // Where nothing is left to copy, the service would take an empty list for all.
    let world = self::world().await;
    for name in ["v1", "v2"] {
        set_active(&world, name, false).await;
    }
    let ended = world.process().await.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    expect_blocked(
        &ended.pass,
        BlockedCode::CopySource,
        &["has no version to copy"],
    );
    assert_eq!(copies(&ended.pass.observed), [] as [&LiveProduct; 0]);
}
fn half_copy() -> Rule {
    let copying = Effect::FailCopying {
        detail: Some("half way".to_owned()),
        leaves: Leaves::Product,
    };
    Rule::always(copying).on("CopyProduct").times(1)
}

/// What the copy left behind has another owner by now: it is theirs, and a copy of our own is made.
#[tokio::test(start_paused = true)]
async fn a_half_copy_that_found_another_owner_is_left_to_it() {
    let world = world().await;
    world.emulator.inject(half_copy());
    let desired = world.desired();
    let mut process = world.process_in(None).await;
    let pass = process.reconciler.plan(&desired, None).await;
    let stop = CancellationToken::new();
    process.reconciler.execute(&pass.plan, &stop, &Quiet).await;
    let half = copies(&world.plan().await.observed)[0].id.clone();
    let theirs = "other/123456789012/us-east-1/theirs";
    let tag = Tag::builder().key("catalogd:product").value(theirs).build();
    let update = world.console().update_product().id(half.as_str());
    let update = update.name("Theirs").add_tags(tag.unwrap());
    update.send().await.unwrap();
    world.clock.sleep(Duration::from_secs(301)).await;
    let ended = process.apply(&desired).await;
    assert_eq!(ended.end, End::Settled);
    let observed = world.plan().await.observed;
    let left = &observed.products[&half];
    assert_eq!(left.name, "Theirs");
    assert_eq!(left.tags["catalogd:product"], theirs);
    assert_eq!(names(left), ["v1"]);
    assert_eq!(names(product(&observed, "Golden")), ["v1", "v2"]);
}

/// Reads lag behind the copy: while what it left behind is not to be seen, another copy would be a second one.
#[tokio::test(start_paused = true)]
async fn a_half_copy_that_is_not_seen_yet_is_waited_for() {
    let world = world().await;
    world.emulator.inject(half_copy());
    let desired = world.desired();
    let mut process = world.process_in(None).await;
    let pass = process.reconciler.plan(&desired, None).await;
    let stop = CancellationToken::new();
    process.reconciler.execute(&pass.plan, &stop, &Quiet).await;
    // Of the products only the source is known, to the search and to descriptions.
    let missing = Effect::Refuse {
        code: "ResourceNotFoundException".to_owned(),
        message: "Product not found".to_owned(),
    };
    let id = copies(&world.plan().await.observed)[0].id.clone();
    let mut rules = vec![Rule::always(Effect::CutListing(1)).on("SearchProductsAsAdmin")];
    let unknown = |nth| {
        Rule::always(missing.clone())
            .on("DescribeProductAsAdmin")
            .nth(nth)
    };
    rules.extend((2..=3).map(unknown));
    let faults = rules.into_iter().map(|rule| world.emulator.inject(rule));
    let faults: Vec<_> = faults.collect();
    world.clock.sleep(Duration::from_secs(301)).await;
    let pass = process.reconciler.plan(&desired, None).await;
    let waiting = &status(&pass, COPY).waiting;
    assert!(
        waiting[0]
            .message
            .contains(&format!("left {id} behind, which is not to be seen yet")),
        "{waiting:?}"
    );
    assert_eq!(copy_ops(&pass.plan), []);
    for fault in faults {
        fault.remove();
    }
    process.apply(&desired).await;
    assert_eq!(
        expect_copy(&world.plan().await.observed, &["v1", "v2"]).id,
        id
    );
}

/// Git asks for more by then: the first attempt's copy is taken on as it is, and what it lacks is copied into it.
#[tokio::test(start_paused = true)]
async fn a_copy_that_was_asked_for_less_is_taken_on_and_completed() {
    let world = world().await;
    world.edit(
        "catalog.yaml",
        "    productArn:",
        "    versions: [v2]\n    productArn:",
    );
    let fault = world
        .emulator
        .inject(Rule::always(Effect::AccessDenied).on("UpdateProduct"));
    one_pass(&world).await;
    assert!(fault.fired() > 0);
    fault.remove();
    let first = copies(&world.plan().await.observed)[0].id.clone();
    world.edit("catalog.yaml", "    versions: [v2]\n", "");
    world.process_in(None).await.apply(&world.desired()).await;
    let observed = world.plan().await.observed;
    assert_eq!(expect_copy(&observed, &["v1", "v2"]).id, first);
}

/// Several new versions at once: a call each, by a token of its own, and none is copied twice where its answer is lost.
#[tokio::test(start_paused = true)]
async fn versions_are_copied_one_by_one_and_once() {
    for lost in [None, Some(1), Some(2)] {
        let world = world().await;
        world.apply().await;
        publish(&world, "v3", "one").await;
        publish(&world, "v4", "two").await;
        world.clock.sleep(Duration::from_secs(60)).await;
        world.calls();
        let started = world.clock.now();
        if let Some(nth) = lost {
            // The next process does not see at once what was copied.
            world.emulator.set_faults(Faults {
                lag: Some(Lag {
                    describe: 0.0,
                    search: 20.0,
                    chance: 0.9,
                }),
                ..Faults::default()
            });
            let rule = Rule::always(Effect::DropAfter).on("CopyProduct").nth(nth);
            let desired = world.desired();
            assert!(super::crash::die_at(&world, &desired, rule).await);
        }
        world.process_in(None).await.apply(&world.desired()).await;
        let took = world.clock.now().duration_since(started);
        if lost.is_none() {
            assert_eq!(writes(&world), [("CopyProduct".to_owned(), 2)].into());
            assert!(took.as_secs() < 10, "{took:?}");
        }
        world.emulator.set_faults(Faults::default());
        expect_copy(&world.plan().await.observed, &["v1", "v2", "v3", "v4"]);
        world.expect_empty_plan().await;
    }
}
