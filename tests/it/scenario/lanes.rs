//! Calls that change one product run one at a time; everything else runs at once; a failure stops its dependents only.

use std::fmt::Write as _;

use catalogd::emulator::faults::{Effect, Faults, Latency, Rule};
use catalogd::execute::StepResult;

use super::kit::one_pass;
use crate::world::World;

const PRODUCTS: usize = 6;
const VERSIONS: usize = 8;

/// An emulator in which overlapping version writes on one product undo each other, and calls take time.
fn busy() -> World {
    let world = World::new();
    let mut text = "apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {name: p}\nspec: {providerName: Us}\n".to_owned();
    for p in 0..PRODUCTS {
        let _ = write!(
            text,
            "---\napiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: x{p}}}\nspec:\n  owner: Us\n  portfolios: [{{portfolio: p, constraints: {{launch: {{localRoleName: L}}}}}}]\n  versions:\n"
        );
        for v in 0..VERSIONS {
            let _ = writeln!(
                text,
                "    - {{name: v{v}, template: t.yaml, active: {}, guidance: DEPRECATED}}",
                v % 2 == 0
            );
        }
    }
    world.write("catalog.yaml", text);
    world.write("t.yaml", "Resources:\n  T:\n    Type: AWS::SNS::Topic\n");
    world.emulator.set_faults(Faults {
        lost_updates: Some(true),
        latency: Some(Latency {
            least: 0.2,
            most: 1.0,
        }),
        ..Faults::default()
    });
    world
}

#[tokio::test(start_paused = true)]
async fn no_version_is_lost_where_overlapping_writes_undo_each_other() {
    let world = busy();
    let started = world.clock.now();
    let converged = world.apply().await;
    assert_eq!(converged.passes, 2, "nothing had to be made again");
    let took = world.clock.now().duration_since(started).as_secs_f64();
    let pass = world.plan().await;
    assert_eq!(pass.observed.products.len(), PRODUCTS);
    for product in pass.observed.products.values() {
        assert_eq!(product.versions.len(), VERSIONS);
        for version in &product.versions {
            let even = version
                .name
                .trim_start_matches('v')
                .parse::<usize>()
                .unwrap()
                % 2
                == 0;
            assert_eq!(version.active, even);
        }
    }
    world.expect_empty_plan().await;
    // In turn within a product: each write and its reads take at least 0.6 s. At once across products, or it would
    // take six times as long.
    let writes = 2.0 * VERSIONS as f64;
    assert!(took > writes * 0.6, "{took} s are too few for a turn each");
    assert!(
        took < writes * 3.0 * PRODUCTS as f64 * 0.6,
        "{took} s are too many for six at once"
    );
}

/// The proof that the emulator would lose them: the same writes at once, by somebody without lanes.
#[tokio::test(start_paused = true)]
async fn the_emulator_does_lose_versions_that_are_written_at_once() {
    let world = busy();
    world.apply().await;
    let pass = world.plan().await;
    let product = pass.observed.products.keys().next().unwrap().to_string();
    let sc = world.console();
    let source = pass.observed.products.values().next().unwrap().versions[0]
        .id
        .to_string();
    let described = sc
        .describe_provisioning_artifact()
        .product_id(&product)
        .provisioning_artifact_id(&source)
        .send()
        .await
        .unwrap();
    let url = described.info().unwrap()["TemplateUrl"].clone();
    let make = async |name: &str| {
        let version = aws_sdk_servicecatalog::types::ProvisioningArtifactProperties::builder()
            .name(name)
            .info("LoadTemplateFromURL", &url)
            .build();
        let request = sc
            .create_provisioning_artifact()
            .product_id(&product)
            .parameters(version)
            .idempotency_token(name);
        request.send().await.unwrap();
    };
    tokio::join!(make("a"), make("b"), make("c"));
    let listed = sc
        .list_provisioning_artifacts()
        .product_id(&product)
        .send()
        .await
        .unwrap();
    assert!(listed.provisioning_artifact_details().len() < VERSIONS + 3);
}

#[tokio::test(start_paused = true)]
async fn a_failed_step_stops_only_what_needs_it() {
    let world = busy();
    world.emulator.set_faults(Faults::default());
    let refused = Effect::Refuse {
        code: "InvalidParametersException".to_owned(),
        message: "no".to_owned(),
    };
    let fault = world
        .emulator
        .inject(Rule::always(refused).on("CreateProduct").nth(2));
    let pass = one_pass(&world).await;
    assert_eq!(fault.fired(), 1);
    let failed: Vec<_> = pass.outcome.failures().collect();
    assert_eq!(failed.len(), 1);
    let lost = &pass.plan.step(failed[0].0).unwrap().object;
    for step in &pass.plan.steps {
        let result = &pass.outcome.results[&step.id];
        if step.id == failed[0].0 {
            continue;
        }
        let of_lost = step.object == *lost && !step.op.is_storage();
        assert_eq!(
            matches!(result, StepResult::Skipped { because } if *because == failed[0].0),
            of_lost,
            "{step:?}: {result:?}"
        );
        assert_eq!(
            matches!(result, StepResult::Done(_)),
            !of_lost,
            "{step:?}: {result:?}"
        );
    }
    fault.remove();
    world.apply().await;
    world.expect_empty_plan().await;
}
