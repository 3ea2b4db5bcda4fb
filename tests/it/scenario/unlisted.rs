//! Live versions that the list does not name: kept, or made inactive under the guards for removals.

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Faults, Rule, StackFault};
use catalogd::ids::{Kind, Name};
use catalogd::model::desired::Desired;
use catalogd::model::observed::ProvisionedStatus;
use catalogd::plan::{BlockedCode, ObjectPlan, Plan, Reason};
use catalogd::reconcile::Pass;
use catalogd::reconcile::converge::End;

use super::kit::{
    CATALOG, Hand, SIZE, calls, one_pass, product, provisioned, small, status, writes,
};
use crate::world::World;

const DEACTIVATE: &str = "UpdateProvisioningArtifact";
const V3: &str = "    - name: v3\n      template: size.yaml\n";

/// The small catalog, applied, with a policy for what its list does not name.
async fn world_with(policy: &str) -> (World, Hand) {
    let world = small();
    world.write("catalog.yaml", catalog_with(policy));
    let applied = world.apply().await;
    let hand = Hand::new(&world, &applied.pass.observed);
    (world, hand)
}

fn catalog_with(policy: &str) -> String {
    CATALOG.replace(
        "  versions:\n",
        &format!("  unlistedVersions: {policy}\n  versions:\n"),
    )
}

fn vpc(plan: &Plan) -> &ObjectPlan {
    plan.object(Kind::Product, &Name::new("vpc")).unwrap()
}

/// Name and activity of the product's versions, oldest first.
fn versions(pass: &Pass) -> Vec<(&str, bool)> {
    let versions = product(&pass.observed, "VPC").versions.iter();
    versions.map(|v| (v.name.as_str(), v.active)).collect()
}

async fn plan(world: &World, base: Option<&Desired>) -> Pass {
    let mut process = world.process().await;
    process.reconciler.plan(&world.desired(), base).await
}

/// Asserts that one version changes its activity, for this reason and by one call; then makes it so.
async fn put_right(world: &World, base: &Desired, version: &str, active: bool, reason: Reason) {
    for (base, reason) in [(Some(base), reason), (None, Reason::Differs)] {
        let pass = plan(world, base).await;
        let changes = &vpc(&pass.plan).changes;
        let [change] = changes.as_slice() else {
            panic!("{changes:#?}");
        };
        assert_eq!(change.field, format!("versions[{version}].active"));
        assert_eq!(change.reason, reason);
        assert_eq!(calls(&pass.plan), [DEACTIVATE]);
    }
    world.calls();
    world.apply().await;
    assert_eq!(writes(world), [(DEACTIVATE.to_owned(), 1)].into());
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    assert!(versions(&pass).contains(&(version, active)));
}

#[tokio::test(start_paused = true)]
async fn what_the_list_does_not_name_becomes_inactive_and_comes_back_with_it() {
    let (world, hand) = world_with("deactivate").await;
    let whole = world.desired();
    world.edit("catalog.yaml", V3, "");
    let without = world.desired();
    put_right(&world, &whole, "v3", false, Reason::GitChanged).await;

    // Somebody makes it active again.
    hand.sc
        .update_provisioning_artifact()
        .product_id(&hand.product)
        .provisioning_artifact_id(&hand.versions["v3"])
        .active(true)
        .send()
        .await
        .unwrap();
    put_right(&world, &without, "v3", false, Reason::Drifted).await;

    // And somebody adds one.
    let url = format!(
        "https://{}.s3.us-east-1.amazonaws.com/by-hand",
        world.bucket()
    );
    let put = world.s3().put_object().bucket(world.bucket());
    let put = put.key("by-hand").body(SIZE.as_bytes().to_vec().into());
    put.send().await.unwrap();
    let properties = aws_sdk_servicecatalog::types::ProvisioningArtifactProperties::builder()
        .name("by hand")
        .info("LoadTemplateFromURL", url)
        .r#type(aws_sdk_servicecatalog::types::ProvisioningArtifactType::CloudFormationTemplate)
        .build();
    hand.sc
        .create_provisioning_artifact()
        .product_id(&hand.product)
        .parameters(properties)
        .idempotency_token("by-hand")
        .send()
        .await
        .unwrap();
    put_right(&world, &without, "by hand", false, Reason::Drifted).await;

    world.write("catalog.yaml", catalog_with("deactivate"));
    put_right(&world, &without, "v3", true, Reason::GitChanged).await;
    let pass = world.plan().await;
    let all = [("v1", true), ("v2", true), ("v3", true), ("by hand", false)];
    assert_eq!(versions(&pass), all);
}

#[tokio::test(start_paused = true)]
async fn what_the_list_does_not_name_is_kept_where_nothing_else_is_said() {
    let (world, _) = world_with("keep").await;
    let whole = world.desired();
    world.edit("catalog.yaml", V3, "");
    world.expect_empty_plan().await;
    assert!(versions(&world.plan().await).contains(&("v3", true)));
    world.edit(
        "catalog.yaml",
        "unlistedVersions: keep",
        "unlistedVersions: deactivate",
    );
    put_right(&world, &whole, "v3", false, Reason::GitChanged).await;
    // Kept as it is: inactive.
    world.edit("catalog.yaml", "  unlistedVersions: deactivate\n", "");
    world.expect_empty_plan().await;
    assert!(versions(&world.plan().await).contains(&("v3", false)));
}

/// Launches a version as an end user would.
async fn launch(hand: &Hand, name: &str, version: &str) {
    hand.sc
        .provision_product()
        .provisioned_product_name(name)
        .product_id(&hand.product)
        .provisioning_artifact_id(&hand.versions[version])
        .path_name("Networking")
        .provision_token(format!("by-hand-{name}"))
        .send()
        .await
        .unwrap();
    hand.clock.sleep(std::time::Duration::from_secs(1)).await;
}

fn in_use(pass: &Pass) -> Vec<String> {
    let blocked = vpc(&pass.plan).blocked.iter();
    blocked
        .inspect(|b| assert_eq!(b.code, BlockedCode::VersionInUse, "{b:?}"))
        .map(|b| b.message.clone())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_version_that_runs_stays_active_whoever_launched_it() {
    let (world, hand) = world_with("deactivate").await;
    launch(&hand, "theirs", "v3").await;
    world.edit("catalog.yaml", V3, "");
    let applied = world.apply().await;
    let said = in_use(&applied.pass);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("version \"v3\"") && said[0].contains("product \"theirs\""),
        "{said:?}"
    );
    assert!(versions(&applied.pass).contains(&("v3", true)));

    // An update to another version fails: that one is shown, and still the old one runs.
    let theirs = provisioned(&applied.pass.observed, "theirs").id.to_string();
    world.emulator.set_faults(Faults {
        stacks: vec![StackFault {
            stack: "SC-*".to_owned(),
            resource: "Topic".to_owned(),
            reason: Some("no".to_owned()),
            ..StackFault::default()
        }],
        ..Faults::default()
    });
    let size = aws_sdk_servicecatalog::types::UpdateProvisioningParameter::builder();
    hand.sc
        .update_provisioned_product()
        .provisioned_product_id(&theirs)
        .product_id(&hand.product)
        .provisioning_artifact_id(&hand.versions["v1"])
        .path_name("Networking")
        .provisioning_parameters(size.key("Size").value("other").build())
        .update_token("by-hand-update")
        .send()
        .await
        .unwrap();
    world.clock.sleep(std::time::Duration::from_secs(1)).await;
    world.emulator.set_faults(Faults::default());
    let pass = world.plan().await;
    let live = provisioned(&pass.observed, "theirs");
    assert_eq!(live.status, ProvisionedStatus::Tainted);
    assert_eq!(live.version.as_str(), hand.versions["v1"]);
    assert_eq!(in_use(&pass).len(), 1);

    // Gone, and so may the version be.
    let end = hand.sc.terminate_provisioned_product();
    let end = end.provisioned_product_id(&theirs).terminate_token("end");
    end.send().await.unwrap();
    world.clock.sleep(std::time::Duration::from_secs(1)).await;
    world.apply().await;
    assert!(versions(&world.plan().await).contains(&("v3", false)));
    world.expect_empty_plan().await;
}

/// One commit moves what runs to another version and takes the old one off the list.
#[tokio::test(start_paused = true)]
async fn moved_and_taken_off_the_list_at_once() {
    let (world, _) = world_with("deactivate").await;
    world
        .edit(
            "catalog.yaml",
            "    - name: v1\n      template: size.yaml\n",
            "",
        )
        .edit("catalog.yaml", "  version: v1\n", "  version: v3\n");
    world.calls();
    let applied = world.apply().await;
    assert!(!applied.pass.plan.is_blocked());
    let expected = [(DEACTIVATE, 1), ("UpdateProvisionedProduct", 1)];
    assert_eq!(
        writes(&world),
        expected.map(|(call, n)| (call.to_owned(), n)).into()
    );
    assert!(versions(&world.plan().await).contains(&("v1", false)));
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_deactivated_in_doubt() {
    // Each read, and whether the deactivation goes on without it.
    for (read, goes_on) in [
        ("ListPortfolios", true),
        ("SearchProductsAsAdmin", false),
        ("DescribeProductAsAdmin", false),
        ("ListProvisioningArtifacts", false),
        ("SearchProvisionedProducts", false),
        ("DescribeRecord", false),
        ("DescribeStacks", true),
        ("HeadBucket", true),
    ] {
        let (world, _) = world_with("deactivate").await;
        world.edit("catalog.yaml", V3, "");
        let fault = world
            .emulator
            .inject(Rule::always(Effect::AccessDenied).on(read));
        world.calls();
        one_pass(&world).await;
        assert!(fault.fired() > 0, "{read}");
        fault.remove();
        let expected = usize::from(goes_on);
        let written = writes(&world);
        assert_eq!(
            written.get(DEACTIVATE).copied().unwrap_or_default(),
            expected,
            "{read}"
        );
        world.apply().await;
        assert!(versions(&world.plan().await).contains(&("v3", false)));
    }
    // An error anywhere in the source.
    let (world, _) = world_with("deactivate").await;
    world.edit("catalog.yaml", V3, "");
    let mut desired = world.desired();
    desired.incomplete = true;
    world.calls();
    let ended = world.process().await.apply(&desired).await;
    assert_eq!(ended.end, End::Settled);
    assert_eq!(writes(&world), [].into());
}

#[tokio::test(start_paused = true)]
async fn a_crowd_of_unlisted_versions_needs_leave() {
    let world = small();
    let many: String = (10..20)
        .map(|n| format!("    - name: v{n}\n      template: size.yaml\n"))
        .collect();
    let text = catalog_with("deactivate");
    world.write("catalog.yaml", text.replace(V3, &format!("{V3}{many}")));
    world.apply().await;
    world.write("catalog.yaml", text);
    world.calls();
    let refused = world.apply().await;
    let blocked: Vec<_> = vpc(&refused.pass.plan).blocked.iter().collect();
    assert_eq!(blocked.len(), 1);
    assert_eq!(blocked[0].code, BlockedCode::RemovalGuard);
    assert_eq!(
        blocked[0].message,
        "10 of 13 active versions would go at once, more than 30 %: allow them with --allow-deletes 10"
    );
    assert_eq!(writes(&world), [].into());
    let mut process = world.process().await;
    process.reconciler.allow_removals(Some(10));
    process.apply(&world.desired()).await;
    assert_eq!(writes(&world), [(DEACTIVATE.to_owned(), 10)].into());
    world.expect_empty_plan().await;
}

/// A new version that the service refuses leaves people the old one.
#[tokio::test(start_paused = true)]
async fn the_old_one_stays_where_the_new_one_is_refused() {
    let world = World::with(Profile::Aws, 4);
    world
        .write("size.yaml", SIZE)
        .write("bad.yaml", "Resources: {}\n");
    world.write("catalog.yaml", catalog_with("deactivate"));
    world.apply().await;
    world.edit(
        "catalog.yaml",
        V3,
        "    - name: v4\n      template: bad.yaml\n",
    );
    let ended = world.process().await.apply(&world.desired()).await;
    assert_eq!(ended.end, End::Settled);
    let pass = ended.pass;
    assert!(status(&pass, "product/vpc").stalled.is_some());
    assert!(
        versions(&pass).contains(&("v3", true)),
        "{:?}",
        versions(&pass)
    );
}
