//! Objects that were there before: taken over by id or by a name that only one has, and never unasked.

use aws_sdk_servicecatalog::types::Tag;
use catalogd::emulator::faults::{Effect, Rule};
use catalogd::plan::{Action, BlockedCode};
use catalogd::reconcile::Pass;
use catalogd::render::text::{self, Style};

use super::kit::{CATALOG, SIZE, calls, small, status, writes};
use crate::world::{World, name};

fn shown(pass: &Pass) -> String {
    text::plan(&pass.plan, Style::default())
}

/// [`CATALOG`] live as somebody else's work: as it is, but nobody's. Returns the ids by name.
async fn found() -> (World, Vec<(&'static str, String)>) {
    let mut world = small();
    world.apply().await;
    let pass = world.plan().await;
    let mut ids = Vec::new();
    let sc = world.console();
    for live in pass.observed.portfolios.values() {
        let update = sc.update_portfolio().id(live.id.as_str());
        update
            .remove_tags("catalogd:portfolio")
            .send()
            .await
            .unwrap();
        let key = if live.display_name == "Networking" {
            "net"
        } else {
            "spare"
        };
        ids.push((key, live.id.to_string()));
    }
    for live in pass.observed.products.values() {
        let update = sc.update_product().id(live.id.as_str());
        update.remove_tags("catalogd:product").send().await.unwrap();
        ids.push(("vpc", live.id.to_string()));
    }
    world.forget();
    (world, ids)
}

fn adopt(world: &World, key: &str, how: &str) {
    let from = format!("metadata: {{name: {key}}}");
    let to = format!("metadata: {{name: {key}, adopt: {how}}}");
    world.edit("catalog.yaml", &from, &to);
}

/// Without being told to, nothing is taken over: new ones are made beside them.
#[tokio::test(start_paused = true)]
async fn nothing_is_taken_over_unasked() {
    let (world, _) = found().await;
    let pass = world.plan().await;
    let object = |key: &str| pass.plan.objects.iter().find(|o| o.key.to_string() == key);
    assert_eq!(object("portfolio/net").unwrap().action, Action::Create);
    assert_eq!(object("product/vpc").unwrap().action, Action::Create);
}

/// What was made by us and has lost its mark answers to the token of its creation: that is said, and not tried for ever.
#[tokio::test(start_paused = true)]
async fn what_has_lost_its_mark_is_said_to_have_lost_it() {
    let (world, ids) = found().await;
    let mut process = world.process().await;
    let pass = process.apply(&world.desired()).await.pass;
    for key in ["portfolio/net", "portfolio/spare", "product/vpc"] {
        let status = status(&pass, key);
        let stalled = status.stalled.as_ref();
        let said = &stalled.unwrap_or_else(|| panic!("{}", shown(&pass))).reason;
        let id = &ids.iter().find(|(k, _)| key.ends_with(k)).unwrap().1;
        assert!(said.contains(&format!("adopt: {{id: {id}}}")), "{said}");
    }
    assert_eq!(pass.observed.portfolios.len(), 2);
    assert_eq!(pass.observed.products.len(), 1);
}

/// By id: the ownership tag and nothing else, and from then on it is managed.
#[tokio::test(start_paused = true)]
async fn by_its_id_an_object_gets_the_tag_and_nothing_else() {
    let (world, ids) = found().await;
    for (key, id) in &ids {
        adopt(&world, key, &format!("{{id: {id}}}"));
    }
    let pass = world.plan().await;
    let text = shown(&pass);
    assert_eq!(
        calls(&pass.plan),
        ["UpdatePortfolio", "UpdatePortfolio", "UpdateProduct"],
        "{text}"
    );
    assert!(text.contains("3 to adopt"), "{text}");
    assert!(text.contains("taken over: nobody owned it"), "{text}");
    for object in &pass.plan.objects {
        assert!(object.changes.len() <= 1, "{text}");
    }
    world.calls();
    world.apply().await;
    let made = writes(&world);
    assert_eq!(made.values().sum::<usize>(), 3, "{made:?}");
    world.expect_empty_plan().await;
    // Now it is managed, and `adopt` may stay or go.
    world.edit(
        "catalog.yaml",
        "description: Three tiers",
        "description: Four tiers",
    );
    world.apply().await;
    assert_eq!(writes(&world), [("UpdateProduct".to_owned(), 1)].into());
    for (key, id) in &ids {
        let from = format!("{{name: {key}, adopt: {{id: {id}}}}}");
        world.edit("catalog.yaml", &from, &format!("{{name: {key}}}"));
    }
    world.expect_empty_plan().await;
}

/// What the manifest does not list goes only once the object is ours, and is shown before.
#[tokio::test(start_paused = true)]
async fn what_is_taken_over_loses_nothing_in_the_same_plan() {
    let (world, ids) = found().await;
    adopt(
        &world,
        "net",
        &format!(
            "{{id: {}}}",
            ids.iter().find(|(k, _)| *k == "net").unwrap().1
        ),
    );
    world.edit(
        "catalog.yaml",
        "    - arn: arn:aws:iam::123456789012:role/Dev\n",
        "",
    );
    let pass = world.plan().await;
    let net = pass
        .plan
        .objects
        .iter()
        .find(|o| o.key.to_string() == "portfolio/net")
        .unwrap();
    assert_eq!(net.waiting.len(), 1, "{}", shown(&pass));
    assert!(!calls(&pass.plan).contains(&"DisassociatePrincipalFromPortfolio"));
    world.apply().await;
    let made = writes(&world);
    assert_eq!(made["DisassociatePrincipalFromPortfolio"], 1);
}

/// By name: the only one of it; of several none.
#[tokio::test(start_paused = true)]
async fn by_name_only_the_only_one_is_taken_over() {
    let (world, ids) = found().await;
    for key in ["net", "spare", "vpc"] {
        adopt(&world, key, "byName");
    }
    let again = world
        .console()
        .create_portfolio()
        .display_name("Networking");
    let again = again.provider_name("them").idempotency_token("again");
    let other = again.send().await.unwrap();
    let other = other.portfolio_detail().unwrap().id().unwrap().to_owned();
    let pass = world.plan().await;
    let net = status(&pass, "portfolio/net");
    assert_eq!(net.blocked[0].code, BlockedCode::Adopt, "{}", shown(&pass));
    let said = &net.blocked[0].message;
    assert!(
        said.contains(&other) && said.contains(&ids.iter().find(|(k, _)| *k == "net").unwrap().1),
        "{said}"
    );
    assert!(said.contains("catalog.yaml:"), "{said}");
    let spare = pass
        .plan
        .objects
        .iter()
        .find(|o| o.key.to_string() == "portfolio/spare");
    assert_eq!(spare.unwrap().action, Action::Adopt);
    world
        .console()
        .delete_portfolio()
        .id(other)
        .send()
        .await
        .unwrap();
    world.apply().await;
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    assert_eq!(pass.observed.portfolios.len(), 2);
    assert_eq!(pass.observed.products.len(), 1);
}

/// Another installation's object is refused with the command that frees it, and the command does.
#[tokio::test(start_paused = true)]
async fn anothers_object_is_refused_with_the_command_that_frees_it() {
    let (world, ids) = found().await;
    let id = &ids.iter().find(|(key, _)| *key == "vpc").unwrap().1;
    let tag = Tag::builder()
        .key("catalogd:product")
        .value("other/123456789012/us-east-1/x@delete")
        .build()
        .unwrap();
    world
        .console()
        .update_product()
        .id(id)
        .add_tags(tag)
        .send()
        .await
        .unwrap();
    for (key, id) in &ids {
        adopt(&world, key, &format!("{{id: {id}}}"));
    }
    let pass = world.plan().await;
    let vpc = status(&pass, "product/vpc");
    assert_eq!(vpc.blocked[0].code, BlockedCode::ForeignOwner);
    let command = format!(
        "aws servicecatalog update-product --region us-east-1 --id {id} --remove-tags catalogd:product"
    );
    assert!(
        vpc.blocked[0].message.contains(&command),
        "{}",
        vpc.blocked[0].message
    );
    assert!(!calls(&pass.plan).contains(&"UpdateProduct"));
    world
        .console()
        .update_product()
        .id(id)
        .remove_tags("catalogd:product")
        .send()
        .await
        .unwrap();
    world.apply().await;
    world.expect_empty_plan().await;
}

/// A wrong id is said, and nothing is made in its place.
#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_not_taken_over_nor_made() {
    let (world, _) = found().await;
    adopt(&world, "spare", "{id: port-aaaaaaaaaaaaa}");
    let pass = world.plan().await;
    let spare = status(&pass, "portfolio/spare");
    assert_eq!(spare.blocked[0].code, BlockedCode::Adopt);
    let made = pass
        .plan
        .objects
        .iter()
        .find(|o| o.key.name == name("spare"))
        .unwrap();
    assert!(made.steps.is_empty(), "{}", shown(&pass));
}

/// A product that has twenty tags takes no more.
#[tokio::test(start_paused = true)]
async fn what_has_twenty_tags_is_not_taken_over() {
    let (world, ids) = found().await;
    let id = &ids.iter().find(|(key, _)| *key == "vpc").unwrap().1;
    let tag = |n: usize| {
        Tag::builder()
            .key(format!("k{n}"))
            .value("v")
            .build()
            .unwrap()
    };
    let tags: Vec<Tag> = (0..19).map(tag).collect();
    world
        .console()
        .update_product()
        .id(id)
        .set_add_tags(Some(tags))
        .send()
        .await
        .unwrap();
    world.edit("catalog.yaml", "  tags: {team: network}\n", "");
    adopt(&world, "vpc", &format!("{{id: {id}}}"));
    let pass = world.plan().await;
    let vpc = status(&pass, "product/vpc");
    assert_eq!(
        vpc.blocked[0].code,
        BlockedCode::TagQuota,
        "{}",
        shown(&pass)
    );
    let object = pass
        .plan
        .objects
        .iter()
        .find(|o| o.key.name == name("vpc"))
        .unwrap();
    assert!(object.steps.is_empty(), "{}", shown(&pass));
}

/// Nothing is taken over, and nothing made beside it, while what there is can't be told.
#[tokio::test(start_paused = true)]
async fn nothing_is_taken_over_in_doubt() {
    let (world, _) = found().await;
    for key in ["net", "spare", "vpc"] {
        adopt(&world, key, "byName");
    }
    for read in ["ListPortfolios", "SearchProductsAsAdmin"] {
        let fault = world
            .emulator
            .inject(Rule::always(Effect::AccessDenied).on(read));
        let pass = world.plan().await;
        let made = calls(&pass.plan);
        let of = if read == "ListPortfolios" {
            "Portfolio"
        } else {
            "UpdateProduct"
        };
        assert!(!made.iter().any(|call| call.ends_with(of)), "{made:?}");
        fault.remove();
    }
}

/// A provisioned product takes no tag by itself: naming it is enough, and it is updated but never removed.
#[tokio::test(start_paused = true)]
async fn a_provisioned_product_is_managed_by_being_named() {
    let world = World::new();
    let others = CATALOG
        .split("---\n")
        .take(3)
        .collect::<Vec<_>>()
        .join("---\n");
    world
        .write("catalog.yaml", &others)
        .write("size.yaml", SIZE);
    world.apply().await;
    let pass = world.plan().await;
    let vpc = super::kit::product(&pass.observed, "VPC");
    let launch = world
        .console()
        .provision_product()
        .product_id(vpc.id.as_str());
    let launch = launch.provisioning_artifact_id(vpc.versions[0].id.as_str());
    let launch = launch.path_name("Networking");
    let launch = launch
        .provisioned_product_name("hub")
        .provision_token("by-hand");
    launch.send().await.unwrap();
    world.clock.sleep(std::time::Duration::from_secs(1)).await;
    let hub = CATALOG.split("---\n").nth(3).unwrap();
    let hub = hub.replace("  tags: {env: prod}\n", "");
    world.write("catalog.yaml", format!("{others}---\n{hub}"));
    let pass = world.plan().await;
    let code = status(&pass, "provisioned-product/hub").blocked[0].code;
    assert_eq!(code, BlockedCode::ForeignOwner);
    adopt(&world, "hub", "byName");
    world.calls();
    let pass = world.plan().await;
    assert_eq!(
        calls(&pass.plan),
        ["UpdateProvisionedProduct"],
        "{}",
        shown(&pass)
    );
    world.apply().await;
    world.expect_empty_plan().await;
}

/// What two manifests want to take over neither gets: which one was meant is for a person to say.
#[tokio::test(start_paused = true)]
async fn what_two_manifests_want_neither_takes_over() {
    let (world, ids) = found().await;
    let id = &ids.iter().find(|(key, _)| *key == "net").unwrap().1;
    for key in ["net", "spare"] {
        adopt(&world, key, &format!("{{id: {id}}}"));
    }
    let pass = world.plan().await;
    for key in ["portfolio/net", "portfolio/spare"] {
        let blocked = &status(&pass, key).blocked;
        assert_eq!(blocked[0].code, BlockedCode::Adopt, "{}", shown(&pass));
        assert!(
            blocked[0]
                .message
                .contains("portfolio/net and portfolio/spare")
        );
    }
    assert!(!calls(&pass.plan).contains(&"UpdatePortfolio"));
}
