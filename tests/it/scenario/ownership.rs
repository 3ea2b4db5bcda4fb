//! Promise 2: only what carries its mark is touched.

use aws_sdk_servicecatalog::types::{
    ProductType, ProvisioningArtifactProperties, ProvisioningArtifactType, Tag,
};
use catalogd::manifest;
use catalogd::model::observed::Observed;
use catalogd::model::owner::Installation;
use catalogd::model::tree::Tree;
use catalogd::plan::BlockedCode;
use catalogd::status::{Health, Sync};

use super::kit::{
    CATALOG, Hand, SIZE, calls, product, provisioned, removes, small, status, writes,
};
use crate::examples::expect_each_once;
use crate::world::World;

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
}

/// Somebody's product with a version, of this name and with these tags.
async fn make_product(world: &World, name: &str, token: &str, tags: Vec<Tag>) -> (String, String) {
    let template = world.desired().templates.into_values().next().unwrap();
    let url = format!(
        "https://{}.s3.us-east-1.amazonaws.com/{}",
        world.bucket(),
        template.object_key()
    );
    let version = ProvisioningArtifactProperties::builder()
        .name("v1")
        .r#type(ProvisioningArtifactType::CloudFormationTemplate)
        .info("LoadTemplateFromURL", url)
        .build();
    let answer = world
        .console()
        .create_product()
        .name(name)
        .owner("them")
        .product_type(ProductType::CloudFormationTemplate)
        .provisioning_artifact_parameters(version)
        .idempotency_token(token)
        .set_tags(Some(tags))
        .send()
        .await
        .unwrap();
    let id = answer
        .product_view_detail()
        .unwrap()
        .product_view_summary()
        .unwrap()
        .product_id()
        .unwrap();
    let version = answer.provisioning_artifact_detail().unwrap().id().unwrap();
    (id.to_owned(), version.to_owned())
}

async fn make_portfolio(world: &World, name: &str, token: &str, tags: Vec<Tag>) -> String {
    let answer = world
        .console()
        .create_portfolio()
        .display_name(name)
        .provider_name("them")
        .idempotency_token(token)
        .set_tags(Some(tags))
        .send()
        .await
        .unwrap();
    answer.portfolio_detail().unwrap().id().unwrap().to_owned()
}

/// Everything but what is ours, to be compared before and after.
fn theirs(observed: &Observed, ids: &[&str]) -> Vec<String> {
    let portfolios = observed
        .portfolios
        .values()
        .filter(|o| ids.contains(&o.id.as_str()));
    let products = observed
        .products
        .values()
        .filter(|o| ids.contains(&o.id.as_str()));
    let launched = observed
        .provisioned
        .values()
        .filter(|o| ids.contains(&o.id.as_str()));
    portfolios
        .map(|o| format!("{o:?}"))
        .chain(products.map(|o| format!("{:?} {:?} {:?}", o.id, o.name, o.tags)))
        .chain(launched.map(|o| format!("{o:?}")))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn what_others_made_is_left_alone_whatever_it_is_called() {
    let world = small();
    world.write("catalog.yaml", CATALOG.split("---\n").next().unwrap());
    world.apply().await;
    world.write("catalog.yaml", CATALOG);
    // The bucket needs a template for others to make products of.
    let s3 = world.s3();
    let template = world.desired().templates.into_values().next().unwrap();
    let exists = s3.head_bucket().bucket(world.bucket()).send().await.is_ok();
    if !exists {
        s3.create_bucket()
            .bucket(world.bucket())
            .send()
            .await
            .unwrap();
    }
    s3.put_object()
        .bucket(world.bucket())
        .key(template.object_key())
        .body(template.bytes.to_vec().into())
        .send()
        .await
        .unwrap();
    let other = "team/123456789012/us-east-1/vpc";
    let elsewhere = "default/210987654321/us-east-1/vpc";
    let mut ids = Vec::new();
    for (n, tags) in [
        vec![],
        vec![tag("catalogd:product", other)],
        vec![tag("catalogd:product", elsewhere)],
    ]
    .into_iter()
    .enumerate()
    {
        ids.push(
            make_product(&world, "VPC", &format!("theirs-{n}"), tags)
                .await
                .0,
        );
    }
    for (n, tags) in [
        vec![],
        vec![tag("catalogd:portfolio", "team/123456789012/us-east-1/net")],
    ]
    .into_iter()
    .enumerate()
    {
        ids.push(make_portfolio(&world, "Networking", &format!("theirs-p{n}"), tags).await);
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let before = theirs(&world.plan().await.observed, &ids);
    assert_eq!(before.len(), 5);
    // A portfolio of the same display name makes a launch path by name ambiguous only if it holds the product.
    world.apply().await;
    let pass = world.plan().await;
    assert_eq!(theirs(&pass.observed, &ids), before);
    assert_eq!(pass.observed.products.len(), 4);
    assert_eq!(
        pass.plan.orphans,
        [],
        "others' objects are nobody's orphans"
    );
    for status in &pass.statuses {
        assert!(status.is_well(), "{status:?}");
    }

    // Another installation over the same manifests makes its own and touches none of ours.
    let mut second = small();
    second.emulator = world.emulator.clone();
    second.clock = world.clock;
    second.installation = Installation::parse("second").unwrap();
    second.write(
        "catalog.yaml",
        CATALOG.replace(
            "metadata: {name: hub}\nspec:\n",
            "metadata: {name: hub}\nspec:\n  name: second-hub\n",
        ),
    );
    let ours: Vec<String> = pass
        .observed
        .products
        .keys()
        .map(ToString::to_string)
        .collect();
    let ours: Vec<&str> = ours.iter().map(String::as_str).collect();
    let before = theirs(&pass.observed, &ours);
    second.apply().await;
    assert_eq!(theirs(&second.plan().await.observed, &ours), before);
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn two_that_claim_one_name_are_a_conflict_and_neither_is_touched() {
    let world = small();
    let applied = world.apply().await;
    let hand = Hand::new(&world, &applied.pass.observed);
    let mark = "default/123456789012/us-east-1";
    let (twin, _) = make_product(
        &world,
        "VPC",
        "twin",
        vec![tag("catalogd:product", &format!("{mark}/vpc"))],
    )
    .await;
    let other = make_portfolio(
        &world,
        "Networking",
        "twin-p",
        vec![tag("catalogd:portfolio", &format!("{mark}/net"))],
    )
    .await;
    world
        .edit("catalog.yaml", "Network Team", "Another Team")
        .edit("catalog.yaml", "VPCs and DNS", "Changed")
        .edit(
            "catalog.yaml",
            "metadata: {name: spare}\nspec:\n",
            "metadata: {name: spare}\nspec:\n  description: goes on\n",
        );
    let pass = world.plan().await;
    for (key, ids) in [
        ("product/vpc", [&twin, &hand.product]),
        ("portfolio/net", [&other, &hand.portfolio]),
    ] {
        let status = status(&pass, key);
        assert_eq!(
            (status.sync, status.health),
            (Sync::Conflict, Health::Unknown)
        );
        let said = &status.blocked[0];
        assert_eq!(said.code, BlockedCode::Conflict);
        for id in ids {
            assert!(said.message.contains(id.as_str()), "{}", said.message);
        }
    }
    assert_eq!(calls(&pass.plan), ["UpdatePortfolio"], "the others go on");
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [("UpdatePortfolio".to_owned(), 1)].into());
    let live = world.plan().await.observed;
    assert!(live.products.values().all(|o| o.owner != "Another Team"));
    // The tag is taken from all but one: it goes on by itself.
    let sc = world.console();
    sc.update_product()
        .id(&twin)
        .remove_tags("catalogd:product")
        .send()
        .await
        .unwrap();
    sc.update_portfolio()
        .id(&other)
        .remove_tags("catalogd:portfolio")
        .send()
        .await
        .unwrap();
    world.apply().await;
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn a_provisioned_product_of_the_wanted_name_that_is_not_ours_is_never_taken_over() {
    let world = small();
    let hub = CATALOG
        .find("---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct")
        .unwrap();
    world.write("catalog.yaml", &CATALOG[..hub]);
    let applied = world.apply().await;
    let vpc = product(&applied.pass.observed, "VPC");
    let answer = world
        .console()
        .provision_product()
        .provisioned_product_name("hub")
        .product_id(vpc.id.as_str())
        .provisioning_artifact_id(vpc.versions[0].id.as_str())
        .path_name("Networking")
        .provision_token("theirs")
        .send()
        .await
        .unwrap();
    let id = answer
        .record_detail()
        .unwrap()
        .provisioned_product_id()
        .unwrap()
        .to_owned();
    world.write("catalog.yaml", CATALOG);
    let before = theirs(&world.plan().await.observed, &[&id]);
    let pass = world.plan().await;
    let status = status(&pass, "provisioned-product/hub");
    assert_eq!(status.blocked[0].code, BlockedCode::ForeignOwner);
    assert!(status.blocked[0].message.contains(&id));
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [].into());
    assert_eq!(theirs(&world.plan().await.observed, &[&id]), before);
}

/// Tags of a provisioned product can go with an update by hand; the token of the last request still says whose it is.
#[tokio::test(start_paused = true)]
async fn a_provisioned_product_without_its_tag_is_known_by_its_token() {
    let world = small();
    world.edit("catalog.yaml", "        tagUpdates: allowed\n", "");
    world.apply().await;
    let mut pass = world.plan().await;
    let id = provisioned(&pass.observed, "hub").id.clone();
    let live = pass.observed.provisioned.get_mut(&id).unwrap();
    assert!(live.tags.remove("catalogd:provisioned-product").is_some());
    assert!(
        live.idempotency_token
            .as_deref()
            .unwrap()
            .starts_with("catalogd-")
    );
    let identity = catalogd::model::owner::Identity {
        installation: world.installation.clone(),
        target: world.target(),
    };
    let plan = |desired: &catalogd::model::desired::Desired| {
        catalogd::plan::plan(&catalogd::plan::Input {
            identity: &identity,
            desired,
            base: None,
            observed: &pass.observed,
            policy: &catalogd::plan::Policy::default(),
            now: world.clock.now(),
        })
    };
    assert!(!plan(&world.desired()).has_changes());
    world.edit("catalog.yaml", "Size: one", "Size: two");
    assert_eq!(calls(&plan(&world.desired())), ["UpdateProvisionedProduct"]);
}

#[tokio::test(start_paused = true)]
async fn what_git_no_longer_names_is_reported_and_never_removed() {
    let world = small();
    world.apply().await;
    let spare = CATALOG.split("---\n").nth(1).unwrap();
    world.write("catalog.yaml", spare);
    world.calls();
    world.apply().await;
    assert_eq!(writes(&world), [].into());
    let pass = world.plan().await;
    let orphans: Vec<String> = pass
        .plan
        .orphans
        .iter()
        .map(|o| o.key.to_string())
        .collect();
    assert_eq!(
        orphans,
        ["portfolio/net", "product/vpc", "provisioned-product/hub"]
    );
    assert!(!pass.plan.has_changes() && !pass.plan.is_blocked());
    world.write("catalog.yaml", CATALOG);
    world.expect_empty_plan().await;
}

/// One manifest with an error: its object is no orphan, nothing is removed in that pass, and the others go on.
#[tokio::test(start_paused = true)]
async fn a_manifest_with_an_error_removes_nothing_and_stops_only_itself() {
    let world = small();
    world.apply().await;
    let broken = CATALOG
        .replace("  owner: Network Team\n", "  ownr: Network Team\n")
        .replace("    - arn: arn:aws:iam::123456789012:role/Dev\n", "")
        .replace(
            "metadata: {name: spare}\nspec:\n",
            "metadata: {name: spare}\nspec:\n  description: goes on\n",
        );
    let files = [("catalog.yaml", broken.as_str()), ("size.yaml", SIZE)];
    let context = manifest::Context {
        target: Some(world.target()),
    };
    let loaded = manifest::load(&Tree::of(files), &context);
    assert!(loaded.has_errors());
    let mut process = world.process().await;
    world.calls();
    let ended = process.apply(&loaded.desired).await;
    let plan = &ended.pass.plan;
    assert_eq!(plan.orphans, []);
    assert!(!plan.steps.iter().any(|step| removes(&step.op)));
    assert_eq!(writes(&world), [("UpdatePortfolio".to_owned(), 1)].into());
    assert_eq!(status(&ended.pass, "product/vpc").sync, Sync::Unknown);
    assert_eq!(status(&ended.pass, "portfolio/spare").sync, Sync::Synced);
    assert_eq!(
        status(&ended.pass, "portfolio/net").blocked[0].code,
        BlockedCode::Gap
    );
    // Mended, the principal goes.
    world.edit(
        "catalog.yaml",
        "    - arn: arn:aws:iam::123456789012:role/Dev\n",
        "",
    );
    world.apply().await;
    assert_eq!(writes(&world)["DisassociatePrincipalFromPortfolio"], 1);
    expect_each_once(&world.plan().await.observed);
}
