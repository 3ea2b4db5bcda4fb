//! Drift: what somebody changes by hand shows with both values and who changed it, and is put right by one call.

use std::time::Duration;

use aws_sdk_servicecatalog::types::{
    PrincipalType, ProvisioningArtifactGuidance, Tag, UpdateProvisioningParameter,
};
use catalogd::model::desired::Desired;
use catalogd::plan::{Action, BlockedCode, Change, Reason, Shown};
use catalogd::reconcile::Pass;

use super::kit::{CATALOG, Hand, calls, product, small, status, writes};
use crate::examples::expect_each_once;
use crate::world::World;

/// A field that is managed, its value in [`CATALOG`], what somebody makes of it, and what git makes of it.
struct Field {
    object: &'static str,
    field: &'static str,
    git: &'static str,
    hand: &'static str,
    /// Replaced in the manifest, and what is shown then.
    edit: (&'static str, &'static str, &'static str),
    call: &'static str,
}

const fn field(
    object: &'static str,
    field: &'static str,
    [git, hand]: [&'static str; 2],
    edit: (&'static str, &'static str, &'static str),
    call: &'static str,
) -> Field {
    Field {
        object,
        field,
        git,
        hand,
        edit,
        call,
    }
}

/// Every field of every kind that has one value.
const FIELDS: [Field; 20] = {
    const NET: &str = "portfolio/net";
    const VPC: &str = "product/vpc";
    const HUB: &str = "provisioned-product/hub";
    [
        field(
            NET,
            "displayName",
            ["Networking", "by hand"],
            ("displayName: Networking", "displayName: New", "New"),
            "UpdatePortfolio",
        ),
        field(
            NET,
            "description",
            ["VPCs and DNS", "by hand"],
            ("VPCs and DNS", "New", "New"),
            "UpdatePortfolio",
        ),
        field(
            NET,
            "providerName",
            ["Platform", "by hand"],
            (
                "DNS\n  providerName: Platform",
                "DNS\n  providerName: New",
                "New",
            ),
            "UpdatePortfolio",
        ),
        field(
            NET,
            "tags.cost",
            ["1234", "by hand"],
            ("\"1234\"", "New", "New"),
            "UpdatePortfolio",
        ),
        field(
            VPC,
            "name",
            ["VPC", "by hand"],
            ("name: VPC", "name: New", "New"),
            "UpdateProduct",
        ),
        field(
            VPC,
            "owner",
            ["Network Team", "by hand"],
            ("Network Team", "New", "New"),
            "UpdateProduct",
        ),
        field(
            VPC,
            "description",
            ["Three tiers", "by hand"],
            ("Three tiers", "New", "New"),
            "UpdateProduct",
        ),
        field(
            VPC,
            "distributor",
            ["Distribution", "by hand"],
            ("Distribution", "New", "New"),
            "UpdateProduct",
        ),
        field(
            VPC,
            "support.description",
            ["Ask in chat", "by hand"],
            ("Ask in chat", "New", "New"),
            "UpdateProduct",
        ),
        field(
            VPC,
            "support.email",
            ["net@example.com", "hand@example.com"],
            ("net@example.com", "new@example.com", "new@example.com"),
            "UpdateProduct",
        ),
        field(
            VPC,
            "support.url",
            ["https://example.com/vpc", "https://example.com/hand"],
            (
                "https://example.com/vpc",
                "https://example.com/new",
                "https://example.com/new",
            ),
            "UpdateProduct",
        ),
        field(
            VPC,
            "tags.team",
            ["network", "by hand"],
            ("{team: network}", "{team: New}", "New"),
            "UpdateProduct",
        ),
        field(
            VPC,
            "versions[v2].description",
            ["The second", "by hand"],
            ("The second", "New", "New"),
            "UpdateProvisioningArtifact",
        ),
        field(
            VPC,
            "versions[v2].active",
            ["true", "false"],
            ("active: true", "active: false", "false"),
            "UpdateProvisioningArtifact",
        ),
        field(
            VPC,
            "versions[v2].guidance",
            ["DEPRECATED", "DEFAULT"],
            ("DEPRECATED", "DEFAULT", "DEFAULT"),
            "UpdateProvisioningArtifact",
        ),
        field(
            VPC,
            "portfolios[net].launch",
            ["localRoleName Launcher", "localRoleName Hand"],
            (
                "localRoleName: Launcher",
                "localRoleName: New",
                "localRoleName New",
            ),
            "UpdateConstraint",
        ),
        field(
            VPC,
            "portfolios[net].tagUpdates",
            ["allowed", "notAllowed"],
            (
                "tagUpdates: allowed",
                "tagUpdates: notAllowed",
                "notAllowed",
            ),
            "UpdateConstraint",
        ),
        field(
            HUB,
            "version",
            ["v1", "v3"],
            ("version: v1", "version: v3", "v3"),
            "UpdateProvisionedProduct",
        ),
        field(
            HUB,
            "parameters.Size",
            ["one", "by hand"],
            ("Size: one", "Size: new", "new"),
            "UpdateProvisionedProduct",
        ),
        field(
            HUB,
            "tags.env",
            ["prod", "by hand"],
            ("{env: prod}", "{env: new}", "new"),
            "UpdateProvisionedProduct",
        ),
    ]
};

/// Sets a field by hand.
async fn set(hand: &Hand, field: &Field, value: &str) {
    let Hand {
        sc,
        portfolio,
        product,
        versions,
        constraints,
        ..
    } = hand;
    let tag = |key: &str| Tag::builder().key(key).value(value).build().unwrap();
    let on_portfolio = sc.update_portfolio().id(portfolio);
    let on_product = sc.update_product().id(product);
    let on_version = sc
        .update_provisioning_artifact()
        .product_id(product)
        .provisioning_artifact_id(&versions["v2"]);
    match (field.object, field.field) {
        ("portfolio/net", name) => {
            let request = match name {
                "displayName" => on_portfolio.display_name(value),
                "description" => on_portfolio.description(value),
                "providerName" => on_portfolio.provider_name(value),
                "tags.cost" => on_portfolio.add_tags(tag("cost")),
                other => panic!("{other}"),
            };
            request.send().await.unwrap();
        }
        ("product/vpc", "versions[v2].description") => {
            on_version.description(value).send().await.unwrap();
        }
        ("product/vpc", "versions[v2].active") => {
            on_version.active(value == "true").send().await.unwrap();
        }
        ("product/vpc", "versions[v2].guidance") => {
            on_version
                .guidance(ProvisioningArtifactGuidance::from(value))
                .send()
                .await
                .unwrap();
        }
        ("product/vpc", "portfolios[net].launch") => {
            let role = value.strip_prefix("localRoleName ").unwrap();
            sc.update_constraint()
                .id(&constraints["LAUNCH"])
                .parameters(format!("{{\"LocalRoleName\": \"{role}\"}}"))
                .send()
                .await
                .unwrap();
        }
        ("product/vpc", "portfolios[net].tagUpdates") => {
            assert_eq!(value, "notAllowed");
            sc.update_constraint()
                .id(&constraints["RESOURCE_UPDATE"])
                .parameters(
                    r#"{"Version":"2.0","Properties":{"TagUpdateOnProvisionedProduct":"NOT_ALLOWED"}}"#,
                )
                .send()
                .await
                .unwrap();
        }
        ("product/vpc", name) => {
            let request = match name {
                "name" => on_product.name(value),
                "owner" => on_product.owner(value),
                "description" => on_product.description(value),
                "distributor" => on_product.distributor(value),
                "support.description" => on_product.support_description(value),
                "support.email" => on_product.support_email(value),
                "support.url" => on_product.support_url(value),
                "tags.team" => on_product.add_tags(tag("team")),
                other => panic!("{other}"),
            };
            request.send().await.unwrap();
        }
        ("provisioned-product/hub", name) => update_hub(hand, name, value).await,
        other => panic!("{other:?}"),
    }
}

/// Updates the provisioned product as somebody would in the console: everything else stays.
async fn update_hub(hand: &Hand, field: &str, value: &str) {
    // Each is another request, so each has another token: of its time.
    hand.clock.sleep(std::time::Duration::from_secs(1)).await;
    let at = hand.clock.now().as_second();
    let version = if field == "version" { value } else { "v1" };
    let size = UpdateProvisioningParameter::builder().key("Size");
    let size = match field {
        "parameters.Size" => size.value(value),
        _ => size.use_previous_value(true),
    };
    let mut request = hand
        .sc
        .update_provisioned_product()
        .provisioned_product_id(&hand.provisioned)
        .product_id(&hand.product)
        .provisioning_artifact_id(&hand.versions[version])
        .path_name("Networking")
        .provisioning_parameters(size.build())
        .update_token(format!("by-hand-{at}"));
    if field == "tags.env" {
        request = request.tags(Tag::builder().key("env").value(value).build().unwrap());
    }
    let answer = request.send().await.unwrap();
    let record = answer
        .record_detail()
        .unwrap()
        .record_id()
        .unwrap()
        .to_owned();
    let seen = hand.sc.describe_record().id(record).send().await.unwrap();
    let status = seen
        .record_detail()
        .unwrap()
        .status()
        .unwrap()
        .as_str()
        .to_owned();
    assert_eq!(status, "SUCCEEDED");
}

async fn plan(world: &World, base: Option<&Desired>) -> Pass {
    let mut process = world.process().await;
    process.reconciler.plan(&world.desired(), base).await
}

#[tokio::test(start_paused = true)]
async fn every_field_drifts_shows_both_values_and_is_put_right_by_one_call() {
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

/// Fields that a manifest may leave out: the line that goes, the one that clears it where an empty value does, and
/// what somebody made of it meanwhile.
const OPTIONAL: [(&str, &str, &str, Option<&str>); 15] = [
    (
        "portfolio/net",
        "description",
        "  description: VPCs and DNS\n",
        Some("  description: ''\n"),
    ),
    (
        "portfolio/net",
        "tags.cost",
        "  tags: {cost: \"1234\"}\n",
        Some("  tags: {}\n"),
    ),
    (
        "product/vpc",
        "description",
        "  description: Three tiers\n",
        Some("  description: ''\n"),
    ),
    (
        "product/vpc",
        "distributor",
        "  distributor: Distribution\n",
        Some("  distributor: ''\n"),
    ),
    (
        "product/vpc",
        "support.description",
        "    description: Ask in chat\n",
        Some("    description: ''\n"),
    ),
    (
        "product/vpc",
        "support.email",
        "    email: net@example.com\n",
        Some("    email: ''\n"),
    ),
    (
        "product/vpc",
        "support.url",
        "    url: https://example.com/vpc\n",
        Some("    url: ''\n"),
    ),
    (
        "product/vpc",
        "tags.team",
        "  tags: {team: network}\n",
        Some("  tags: {}\n"),
    ),
    (
        "product/vpc",
        "versions[v2].description",
        "      description: The second\n",
        Some("      description: ''\n"),
    ),
    (
        "product/vpc",
        "versions[v2].guidance",
        "      guidance: DEPRECATED\n",
        None,
    ),
    (
        "product/vpc",
        "portfolios[net].launch",
        "        launch: {localRoleName: Launcher}\n",
        None,
    ),
    (
        "product/vpc",
        "portfolios[net].tagUpdates",
        "        tagUpdates: allowed\n",
        None,
    ),
    ("provisioned-product/hub", "version", "", None),
    (
        "provisioned-product/hub",
        "parameters.Size",
        "  parameters:\n    Size: one\n",
        None,
    ),
    (
        "provisioned-product/hub",
        "tags.env",
        "  tags: {env: prod}\n",
        None,
    ),
];

#[tokio::test(start_paused = true)]
async fn a_field_that_git_leaves_out_is_left_alone_and_an_empty_one_is_cleared() {
    let world = small();
    let applied = world.apply().await;
    let hand = Hand::new(&world, &applied.pass.observed);
    for (object, name, line, empty) in OPTIONAL {
        let mut fields = FIELDS.iter();
        let case = fields.find(|case| (case.object, case.field) == (object, name));
        let case = case.unwrap();
        let constraint = name.starts_with("portfolios[net].");
        if line.is_empty() || constraint {
            continue;
        }
        world.edit("catalog.yaml", line, "");
        world.calls();
        world.apply().await;
        assert_eq!(
            writes(&world),
            [].into(),
            "{object} {name}: leaving out is no change"
        );
        set(&hand, case, case.hand).await;
        world.calls();
        world.apply().await;
        assert_eq!(
            writes(&world),
            [].into(),
            "{object} {name}: somebody else's now"
        );
        if let Some(empty) = empty {
            world
                .write("catalog.yaml", CATALOG)
                .edit("catalog.yaml", line, empty);
            let pass = plan(&world, None).await;
            let changes: Vec<_> = pass.plan.objects.iter().flat_map(|o| &o.changes).collect();
            assert_eq!(changes.len(), 1, "{changes:#?}");
            assert_eq!(changes[0].field, name);
            assert_eq!(
                (&changes[0].before, &changes[0].after),
                (&Shown::text(case.hand), &Shown::Absent)
            );
            world.apply().await;
            assert_eq!(
                writes(&world),
                [(case.call.to_owned(), 1)].into(),
                "{object} {name}"
            );
            world.expect_empty_plan().await;
        }
        world.write("catalog.yaml", CATALOG);
        world.apply().await;
    }
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
