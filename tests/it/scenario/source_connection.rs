//! Products that the service syncs from a repository: their versions are the service's.

use std::time::Duration;

use aws_sdk_servicecatalog::types::{
    CodeStarParameters, SourceConnection, SourceConnectionParameters, SourceType,
};
use catalogd::emulator::faults::{Effect, Rule};
use catalogd::emulator::{Profile, Sync};
use catalogd::plan::BlockedCode;
use catalogd::reconcile::Pass;
use catalogd::status::Health;

use super::kit::{SIZE, expect_blocked, one_pass, product, provisioned, status, writes};
use crate::world::{ACCOUNT, REGION, World};

const SYNCED: &str = "  sourceConnection:
    connectionArn: arn:${partition}:codestar-connections:${region}:${account}:connection/1a
    repository: us/catalog
    branch: main
    artifactPath: vpc.yaml
";
const LISTED: &str = "  versions:\n    - {name: v1, template: size.yaml}\n";

fn catalog(versions: &str) -> String {
    format!(
        "apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {{name: net}}\nspec: {{providerName: Us, principals: [{{self: true}}]}}\n---\napiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: vpc}}\nspec:\n  owner: Us\n  portfolios: [{{portfolio: net}}]\n{versions}"
    )
}

fn world(profile: Profile, seed: u64) -> World {
    let world = World::with(profile, seed);
    world
        .write("catalog.yaml", catalog(SYNCED))
        .write("size.yaml", SIZE);
    world
}

fn id(pass: &Pass) -> String {
    product(&pass.observed, "vpc").id.to_string()
}

fn commit(world: &World, id: &str, revision: &str) -> String {
    let sync = Sync::Commit {
        revision: revision.to_owned(),
        template: SIZE.as_bytes().to_vec().into(),
    };
    let made = world.emulator.sync_product(ACCOUNT, REGION, id, sync);
    made.unwrap().unwrap()
}

fn branch(pass: &Pass) -> &str {
    let connection = product(&pass.observed, "vpc").source_connection.as_ref();
    &connection.unwrap().to.branch
}

#[tokio::test(start_paused = true)]
async fn it_is_made_and_its_versions_are_never_fought_over() {
    let world = world(Profile::Instant, 1);
    world.calls();
    let applied = world.apply().await;
    let made = writes(&world);
    assert_eq!(made.get("CreateProduct"), Some(&1), "{made:?}");
    assert_eq!(made.get("CreateProvisioningArtifact"), None);
    world.expect_empty_plan().await;
    let synced = status(&applied.pass, "product/vpc");
    assert_eq!(synced.health, Health::Progressing);

    let id = id(&applied.pass);
    let version = commit(&world, &id, "1234abcd");
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    let synced = status(&pass, "product/vpc");
    assert_eq!(synced.health, Health::Healthy);
    let message = synced.message.as_deref().unwrap();
    assert!(
        message.contains("1234abcd") && message.contains(&version),
        "{message}"
    );
    assert!(message.contains("2026-03-01"), "{message}");

    // What is launched of it names the version as the service does.
    world.write(
        "hub.yaml",
        "apiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {name: hub}\nspec: {product: vpc, version: 1234abcd}\n",
    );
    world.apply().await;
    let pass = world.plan().await;
    assert_eq!(provisioned(&pass.observed, "hub").version.as_str(), version);
    world.calls();
    commit(&world, &id, "5678");
    world.apply().await;
    assert_eq!(writes(&world), [].into());
    assert_eq!(
        product(&world.plan().await.observed, "vpc").versions.len(),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_failed_is_degraded_in_the_services_words() {
    let world = world(Profile::Instant, 1);
    let applied = world.apply().await;
    let id = id(&applied.pass);
    let good = commit(&world, &id, "good");
    let sync = Sync::Failure {
        message: "Repository not found".to_owned(),
    };
    let failed = world.emulator.sync_product(ACCOUNT, REGION, &id, sync);
    assert!(failed.unwrap().is_err());
    let pass = world.plan().await;
    let synced = status(&pass, "product/vpc");
    assert_eq!(synced.health, Health::Degraded);
    let message = synced.message.as_deref().unwrap();
    for word in ["Repository not found", "good", good.as_str()] {
        assert!(message.contains(word), "{message}");
    }
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn its_connection_follows_git_and_is_put_right() {
    let world = world(Profile::Instant, 1);
    let applied = world.apply().await;
    let id = id(&applied.pass);
    world.edit("catalog.yaml", "branch: main", "branch: release");
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [("UpdateProduct".to_owned(), 1)].into());
    assert_eq!(branch(&world.plan().await), "release");

    let parameters = CodeStarParameters::builder()
        .connection_arn("arn:aws:codestar-connections:us-east-1:123456789012:connection/1a")
        .repository("us/catalog")
        .branch("theirs")
        .artifact_path("vpc.yaml")
        .build()
        .unwrap();
    let parameters = SourceConnectionParameters::builder().code_star(parameters);
    let connection = SourceConnection::builder()
        .r#type(SourceType::Codestar)
        .connection_parameters(parameters.build());
    let sc = world.console();
    let update = sc.update_product().id(&id);
    update
        .source_connection(connection.build())
        .send()
        .await
        .unwrap();
    let pass = world.plan().await;
    let changes: Vec<_> = pass.plan.objects.iter().flat_map(|o| &o.changes).collect();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].field, "sourceConnection.branch");
    assert_eq!(
        (changes[0].before.words(), changes[0].after.words()),
        ("theirs", "release")
    );
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [("UpdateProduct".to_owned(), 1)].into());
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn who_lists_versions_of_it_is_refused() {
    let world = world(Profile::Instant, 1);
    let applied = world.apply().await;
    commit(&world, &id(&applied.pass), "1234abcd");
    world.write("catalog.yaml", catalog(LISTED));
    world.edit("catalog.yaml", "owner: Us", "owner: Others");
    world.calls();
    let applied = world.apply().await;
    let words = ["us/catalog", "sourceConnection"];
    let code = BlockedCode::GitSynced;
    expect_blocked(&applied.pass, "product/vpc", code, &words, "catalog.yaml");
    // Its own fields are still git's.
    assert_eq!(writes(&world), [("UpdateProduct".to_owned(), 1)].into());
}

#[tokio::test(start_paused = true)]
async fn a_product_with_versions_may_be_handed_to_the_service() {
    let world = world(Profile::Instant, 1);
    world.write("catalog.yaml", catalog(LISTED));
    world.apply().await;
    world.write("catalog.yaml", catalog(SYNCED));
    let pass = world.plan().await;
    let notes: Vec<_> = pass.plan.objects.iter().flat_map(|o| &o.notes).collect();
    assert!(
        notes.iter().any(|n| n.contains("can't be taken away")),
        "{notes:?}"
    );
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [("UpdateProduct".to_owned(), 1)].into());
    world.expect_empty_plan().await;
    assert_eq!(
        product(&world.plan().await.observed, "vpc").versions.len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_and_a_restart_make_one_product() {
    for seed in 1..=3 {
        let world = world(Profile::Aws, seed);
        for call in ["CreateProduct", "UpdateProduct"] {
            world
                .emulator
                .inject(Rule::always(Effect::DropAfter).on(call).times(2));
        }
        one_pass(&world).await;
        world.apply().await;
        world.edit("catalog.yaml", "branch: main", "branch: release");
        world.apply().await;
        world.clock.sleep(Duration::from_secs(10)).await;
        world.expect_empty_plan().await;
        let pass = world.plan().await;
        assert_eq!(pass.observed.products.len(), 1);
        assert_eq!(branch(&pass), "release");
    }
}
