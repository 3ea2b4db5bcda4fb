//! Drift: what somebody changes by hand shows with both values and who changed it, and is put right by one call.

use std::time::Duration;

use aws_sdk_servicecatalog::types::{PrincipalType, ProvisioningArtifactGuidance, Tag};
use catalogd::model::desired::Desired;
use catalogd::plan::{Action, BlockedCode, Change, Reason, Shown};
use catalogd::reconcile::Pass;

use super::kit::{CATALOG, Hand, calls, product, small, status, update_by_hand, writes};
use crate::examples::expect_each_once;
use crate::world::World;

/// A field that is managed, its value in [`CATALOG`], what somebody makes of it, and what git makes of it. Every field's
/// own change paths are in `fields`; here is what git and a hand make together.
struct Field {
    object: &'static str,
    field: &'static str,
    git: &'static str,
    hand: &'static str,
    /// Replaced in the manifest, and what is shown then.
    edit: (&'static str, &'static str, &'static str),
    call: &'static str,
}

/// One of an object, one of what an object has, and one that takes a record to change.
const FIELDS: [Field; 3] = [
    Field {
        object: "portfolio/net",
        field: "displayName",
        git: "Networking",
        hand: "by hand",
        edit: ("displayName: Networking", "displayName: New", "New"),
        call: "UpdatePortfolio",
    },
    Field {
        object: "product/vpc",
        field: "versions[v2].guidance",
        git: "DEPRECATED",
        hand: "DEFAULT",
        edit: ("DEPRECATED", "DEFAULT", "DEFAULT"),
        call: "UpdateProvisioningArtifact",
    },
    Field {
        object: "provisioned-product/hub",
        field: "parameters.Size",
        git: "one",
        hand: "by hand",
        edit: ("Size: one", "Size: new", "new"),
        call: "UpdateProvisionedProduct",
    },
];

/// Sets a field by hand.
async fn set(hand: &Hand, field: &Field, value: &str) {
    let Hand { sc, portfolio, .. } = hand;
    match field.object {
        "portfolio/net" => {
            let request = sc.update_portfolio().id(portfolio).display_name(value);
            request.send().await.unwrap();
        }
        "product/vpc" => {
            let request = sc.update_provisioning_artifact();
            let request = request
                .product_id(&hand.product)
                .provisioning_artifact_id(&hand.versions["v2"]);
            let guidance = ProvisioningArtifactGuidance::from(value);
            request.guidance(guidance).send().await.unwrap();
        }
        _ => update_by_hand(hand, "v1", "Networking", &[("Size", value)]).await,
    }
}

async fn plan(world: &World, base: Option<&Desired>) -> Pass {
    let mut process = world.process().await;
    process.reconciler.plan(&world.desired(), base).await
}

#[tokio::test(start_paused = true)]
async fn what_git_and_a_hand_change_is_said_of_both_and_agreement_is_no_drift() {
    let world = small();
    let base = world.desired();
    let applied = world.apply().await;
    let hand = Hand::new(&world, &applied.pass.observed);
    for case in &FIELDS {
        for reason in [Reason::Drifted, Reason::GitChanged, Reason::Both] {
            let (from, to, edited) = case.edit;
            let (mut before, mut after) = (case.git, case.git);
            if reason != Reason::GitChanged {
                set(&hand, case, case.hand).await;
                before = case.hand;
            }
            if reason != Reason::Drifted {
                world.edit("catalog.yaml", from, to);
                after = edited;
            }
            if before == after {
                // Somebody did by hand what git wants now: agreement, not drift.
                let pass = plan(&world, Some(&base)).await;
                assert_eq!(
                    calls(&pass.plan),
                    [""; 0],
                    "{} {}",
                    case.field,
                    catalogd::render::text::plan(
                        &pass.plan,
                        catalogd::render::text::Style::default()
                    )
                );
            } else {
                put_right(&world, &base, case, reason, [before, after]).await;
            }
            world.write("catalog.yaml", CATALOG);
            world.apply().await;
        }
    }
}

async fn put_right(world: &World, base: &Desired, case: &Field, reason: Reason, values: [&str; 2]) {
    let what = format!("{} {} {reason:?}", case.object, case.field);
    let pass = plan(world, Some(base)).await;
    let changed = |o: &&catalogd::plan::ObjectPlan| o.action != Action::None;
    let objects: Vec<_> = pass.plan.objects.iter().filter(changed).collect();
    assert_eq!(objects.len(), 1, "{what}: {objects:#?}");
    assert_eq!(objects[0].key.to_string(), case.object);
    let change = Change {
        field: case.field.to_owned(),
        before: Shown::text(values[0]),
        after: Shown::text(values[1]),
        reason,
    };
    assert_eq!(objects[0].changes, [change], "{what}");
    assert_eq!(calls(&pass.plan), [case.call], "{what}");
    // A run that knows nothing of the base says that they differ, and does the same.
    let blind = plan(world, None).await;
    assert_eq!(
        blind
            .plan
            .objects
            .iter()
            .filter_map(|o| o.reason)
            .collect::<Vec<_>>(),
        [Reason::Differs]
    );
    assert_eq!(blind.plan.steps, pass.plan.steps, "{what}");
    world.calls();
    world.apply().await;
    assert_eq!(writes(world), [(case.call.to_owned(), 1)].into(), "{what}");
    world.expect_empty_plan().await;
}

/// The lists of a portfolio and a product are the whole truth where they are given, and nothing where they are not.
#[tokio::test(start_paused = true)]
async fn lists_are_the_whole_truth_where_git_gives_them() {
    let world = small();
    let applied = world.apply().await;
    let hand = Hand::new(&world, &applied.pass.observed);
    let intrude = async || {
        let principal = "arn:aws:iam::123456789012:role/Intruder";
        hand.sc
            .associate_principal_with_portfolio()
            .portfolio_id(&hand.portfolio)
            .principal_arn(principal)
            .principal_type(PrincipalType::Iam)
            .send()
            .await
            .unwrap();
        hand.sc
            .associate_product_with_portfolio()
            .portfolio_id(&hand.spare)
            .product_id(&hand.product)
            .send()
            .await
            .unwrap();
        let tag = Tag::builder().key("intruder").value("1").build().unwrap();
        hand.sc
            .update_portfolio()
            .id(&hand.portfolio)
            .add_tags(tag.clone())
            .send()
            .await
            .unwrap();
        hand.sc
            .update_product()
            .id(&hand.product)
            .add_tags(tag)
            .send()
            .await
            .unwrap();
    };
    intrude().await;
    world.calls();
    world.apply().await;
    let undone = [
        ("DisassociatePrincipalFromPortfolio", 1),
        ("DisassociateProductFromPortfolio", 1),
        ("UpdatePortfolio", 1),
        ("UpdateProduct", 1),
    ];
    let counted = |calls: &[(&str, usize)]| {
        calls
            .iter()
            .map(|(call, n)| ((*call).to_owned(), *n))
            .collect()
    };
    assert_eq!(writes(&world), counted(&undone));
    world.expect_empty_plan().await;

    // Left out: not managed. The manifests say nothing, so what was added by hand stays.
    for (text, without) in [
        (
            "  principals:\n    - arn: arn:aws:iam::123456789012:role/Dev\n    - self: true\n",
            "",
        ),
        ("  tags: {cost: \"1234\"}\n", ""),
        ("  tags: {team: network}\n", ""),
        (
            "  portfolios:\n    - portfolio: net\n      constraints:\n        launch: {localRoleName: Launcher}\n        tagUpdates: allowed\n",
            "",
        ),
    ] {
        world.edit("catalog.yaml", text, without);
    }
    world.edit(
        "catalog.yaml",
        "  version: v1\n",
        "  version: v1\n  portfolio: net\n",
    );
    intrude().await;
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [].into());

    // Empty: cleared, but for the principal that catalogd itself runs as and the ownership tags.
    world.write("catalog.yaml", CATALOG);
    world.apply().await;
    world.calls();
    world
        .edit("catalog.yaml", "  principals:\n    - arn: arn:aws:iam::123456789012:role/Dev\n    - self: true\n", "  principals: []\n")
        .edit("catalog.yaml", "      constraints:\n        launch: {localRoleName: Launcher}\n        tagUpdates: allowed\n", "      constraints: {}\n");
    let pass = world.plan().await;
    assert!(
        status(&pass, "portfolio/net")
            .blocked
            .iter()
            .any(|b| b.code == BlockedCode::OwnPrincipal)
    );
    world.apply().await;
    assert_eq!(
        writes(&world),
        counted(&[
            ("DeleteConstraint", 2),
            ("DisassociatePrincipalFromPortfolio", 1)
        ])
    );
    world.expect_empty_plan().await;

    world.edit(
        "catalog.yaml",
        "  portfolios:\n    - portfolio: net\n      constraints: {}\n",
        "  portfolios: []\n",
    );
    world.apply().await;
    assert_eq!(
        writes(&world),
        counted(&[("DisassociateProductFromPortfolio", 1)])
    );
}

/// Additions by hand of what git lists: a principal, an association with its constraints, a version.
#[tokio::test(start_paused = true)]
async fn what_was_taken_out_by_hand_comes_back() {
    let world = small();
    let base = world.desired();
    let applied = world.apply().await;
    let hand = Hand::new(&world, &applied.pass.observed);
    hand.sc
        .disassociate_principal_from_portfolio()
        .portfolio_id(&hand.portfolio)
        .principal_arn("arn:aws:iam::123456789012:role/Dev")
        .send()
        .await
        .unwrap();
    hand.sc
        .delete_provisioning_artifact()
        .product_id(&hand.product)
        .provisioning_artifact_id(&hand.versions["v3"])
        .send()
        .await
        .unwrap();
    hand.unlist().await;
    let pass = plan(&world, Some(&base)).await;
    let reasons: Vec<_> = pass.plan.objects.iter().filter_map(|o| o.reason).collect();
    assert_eq!(reasons, [Reason::Drifted, Reason::Drifted]);
    assert_eq!(
        calls(&pass.plan),
        [
            "PutObject",
            "CreateProvisioningArtifact",
            "AssociateProductWithPortfolio",
            "CreateConstraint",
            "CreateConstraint",
            "AssociatePrincipalWithPortfolio",
        ]
    );
    world.apply().await;
    world.expect_empty_plan().await;
    expect_each_once(&world.plan().await.observed);

    // A constraint alone, of a product that stays where it is.
    for kind in ["LAUNCH", "RESOURCE_UPDATE"] {
        let hand = Hand::new(&world, &world.plan().await.observed);
        let id = &hand.constraints[kind];
        hand.sc.delete_constraint().id(id).send().await.unwrap();
        let pass = plan(&world, Some(&base)).await;
        assert_eq!(calls(&pass.plan), ["CreateConstraint"], "{kind}");
        world.apply().await;
        world.expect_empty_plan().await;
        let seen = Hand::new(&world, &world.plan().await.observed);
        assert_ne!(seen.constraints[kind], *id);
    }
}

/// Deleted by hand: made again, once, at once where it is old and, where its token still answers with the dead one,
/// as soon as that is certain.
#[tokio::test(start_paused = true)]
async fn what_was_deleted_by_hand_is_made_again_exactly_once() {
    for age in [
        Duration::ZERO,
        Duration::from_secs(60),
        Duration::from_secs(3600),
    ] {
        let world = small();
        let applied = world.apply().await;
        let hand = Hand::new(&world, &applied.pass.observed);
        world.clock.sleep(age).await;
        hand.sc
            .terminate_provisioned_product()
            .provisioned_product_id(&hand.provisioned)
            .terminate_token("by-hand")
            .send()
            .await
            .unwrap();
        world.clock.sleep(Duration::from_secs(1)).await;
        world.plan().await;
        hand.unlist().await;
        for principal in
            &applied.pass.observed.portfolios[&hand.portfolio.as_str().into()].principals
        {
            hand.sc
                .disassociate_principal_from_portfolio()
                .portfolio_id(&hand.portfolio)
                .principal_arn(&principal.arn)
                .send()
                .await
                .unwrap();
        }
        hand.sc
            .delete_portfolio()
            .id(&hand.portfolio)
            .send()
            .await
            .unwrap();
        hand.sc
            .delete_product()
            .id(&hand.product)
            .send()
            .await
            .unwrap();
        let gone = world.plan().await;
        assert_eq!(
            (gone.observed.portfolios.len(), gone.observed.products.len()),
            (1, 0)
        );
        assert_eq!(gone.observed.provisioned.len(), 0);

        let started = world.clock.now();
        world.apply().await;
        let took = world.clock.now().duration_since(started).as_secs();
        let pass = world.plan().await;
        assert_eq!(calls(&pass.plan), [""; 0], "after {age:?}");
        for status in &pass.statuses {
            assert!(status.is_well(), "{status:?}");
        }
        expect_each_once(&pass.observed);
        assert_ne!(product(&pass.observed, "VPC").id.as_str(), hand.product);
        // A quarter of an hour is what a death takes to be believed.
        let most = if age.as_secs() > 900 { 600 } else { 1_800 };
        assert!(took < most, "it took {took} s after {age:?}");
    }
}
