//! What a pass costs, in calls: the scarce thing (design §5).

use std::fmt::Write as _;

use crate::world::World;

const PRODUCTS: usize = 200;
const PORTFOLIOS: usize = 4;

fn catalog(world: &World) {
    let mut text = String::new();
    for n in 0..PORTFOLIOS {
        write!(
            text,
            "---\napiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {{name: p{n}}}\n\
             spec: {{providerName: Us, principals: [{{arn: 'arn:aws:iam::123456789012:role/Dev'}}]}}\n"
        )
        .unwrap();
    }
    for n in 0..PRODUCTS {
        let launch = if n % 10 == 0 {
            ", constraints: {launch: {localRoleName: L}}"
        } else {
            ""
        };
        write!(
            text,
            "---\napiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {{name: x{n}}}\nspec:\n  owner: Us\n  \
             portfolios: [{{portfolio: p{}{launch}}}]\n  versions:\n    - {{name: v1, template: t.yaml}}\n    \
             - {{name: v2, template: t.yaml}}\n",
            n % PORTFOLIOS
        )
        .unwrap();
    }
    world.write("catalog.yaml", text);
    world.write("t.yaml", "Resources:\n  T:\n    Type: AWS::SNS::Topic\n");
}

#[tokio::test(start_paused = true)]
async fn a_no_op_pass_in_a_new_process_stays_in_its_budget() {
    let world = World::new();
    catalog(&world);
    world.apply().await;

    let mut process = world.process_in(None).await;
    world.calls();
    let pass = process.reconciler.plan(&world.desired(), None).await;
    assert!(!pass.plan.has_changes());
    assert!(pass.observed.gaps.is_empty());
    let calls: usize = world.calls().into_values().sum();
    let (products, associations, constraints) = (PRODUCTS, PRODUCTS, PRODUCTS / 10);
    let budget =
        products / 20 + 2 * products + associations / 20 + 8 * PORTFOLIOS + constraints + 20;
    assert!(calls <= budget, "{calls} calls, {budget} allowed");
}

#[tokio::test(start_paused = true)]
async fn without_index_and_state_a_version_is_read_once_and_then_never_again() {
    let world = World::new();
    catalog(&world);
    world.apply().await;
    let described = |world: &World| {
        world
            .calls()
            .get("DescribeProvisioningArtifact")
            .copied()
            .unwrap_or_default()
    };
    // Another process, whose index is gone.
    let index = format!(
        "index/{}/{}.json",
        crate::world::ACCOUNT,
        crate::world::REGION
    );
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
    process.apply(&world.desired()).await;
    assert_eq!(described(&world), 2 * PRODUCTS);
    world
        .process_in(None)
        .await
        .reconciler
        .plan(&world.desired(), None)
        .await;
    assert_eq!(described(&world), 0);
}
