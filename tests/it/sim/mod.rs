//! A seeded simulation: random catalogs under random edits, hands, faults and crashes, on an AWS that lags and
//! throttles. Some products are copies of what others own and change, some provisioned products are stacks that were there
//! before. Once the faults stop it must converge: the second plan is empty, everything is there once, what is not as git
//! says is blocked for a reason that holds, and what is not ours is as its owners left it.
//!
//! A failing run prints its seed; the same seed runs the same way. `CATALOGD_SIM=FROM..TO` runs these seeds instead of
//! the usual ones, shared by the three tests:
//!
//! ```text
//! CATALOGD_SIM=1000..1300 cargo test --test it sim::
//! ```

mod catalog;
mod others;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_servicecatalog::types::{ProvisioningArtifactGuidance, UpdateProvisioningParameter};
use catalogd::clock::Entropy;
use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Faults, Leaves, Rule, StackFault};
use catalogd::ids::Kind;
use catalogd::model::observed::{Observed, ProvisionedStatus};
use catalogd::plan::Action;
use catalogd::reconcile::converge::End;
use catalogd::render::text::{self, Style};
use catalogd::status::Health;

use crate::examples::expect_each_once;
use crate::shared::{Seed, asked_seeds};
use crate::world::World;

pub use catalog::Catalog;
pub use others::Others;

/// Rounds of edits, hands and crashes before the faults stop.
const ROUNDS: usize = 5;

fn some(random: &mut Entropy) -> Option<u64> {
    random.chance(0.5).then(|| random.below(4))
}

/// One of the templates that there are, in git and elsewhere.
fn template(n: u64) -> String {
    crate::scenario::kit::SIZE.replace(
        "Type: AWS::SNS::Topic",
        &format!("Type: AWS::SNS::Topic\n    Metadata: {{n: {n}}}"),
    )
}

/// Picks one of a map's values.
fn any<'a, K, V>(random: &mut Entropy, all: &'a BTreeMap<K, V>) -> Option<&'a V> {
    let at = random.below(all.len() as u64) as usize;
    all.values().nth(at)
}

/// Somebody in the console changes one thing. Their calls fail like ours; they give up then.
pub async fn meddle(
    world: &World,
    observed: &Observed,
    catalog: &Catalog,
    others: &mut Others,
    random: &mut Entropy,
    token: u64,
) {
    let sc = world.console();
    let portfolio = any(random, &observed.portfolios).filter(|o| !others.own(o.id.as_str()));
    let product = any(random, &observed.products).filter(|o| !others.own(o.id.as_str()));
    let launched = any(random, &observed.provisioned);
    let what = random.below(8);
    match (what, portfolio, product, launched) {
        (0, Some(o), ..) => {
            let _ = sc
                .update_portfolio()
                .id(o.id.as_str())
                .description("by hand")
                .send()
                .await;
        }
        (1, Some(o), ..) => {
            if let Some(principal) = o.principals.first() {
                let request = sc
                    .disassociate_principal_from_portfolio()
                    .portfolio_id(o.id.as_str());
                let _ = request.principal_arn(&principal.arn).send().await;
            }
        }
        (2, Some(o), ..) => {
            if let Some(constraint) = o.constraints.values().next() {
                let _ = sc
                    .delete_constraint()
                    .id(constraint.id.as_str())
                    .send()
                    .await;
            }
        }
        (3, _, Some(o), _) => {
            let _ = sc
                .update_product()
                .id(o.id.as_str())
                .owner("by hand")
                .send()
                .await;
        }
        (4, _, Some(o), _) => {
            if let Some(version) = o.versions.last() {
                let request = sc.update_provisioning_artifact().product_id(o.id.as_str());
                let request = request.provisioning_artifact_id(version.id.as_str());
                let _ = request
                    .guidance(ProvisioningArtifactGuidance::Deprecated)
                    .send()
                    .await;
            }
        }
        (5, _, Some(o), _) => {
            if let Some(version) = o.versions.last().filter(|_| o.versions.len() > 1) {
                let request = sc.delete_provisioning_artifact().product_id(o.id.as_str());
                let _ = request
                    .provisioning_artifact_id(version.id.as_str())
                    .send()
                    .await;
            }
        }
        (6, _, _, Some(o)) => {
            // Without its stack an import can't come back.
            let retain = catalog.is_import(&o.name) && random.chance(0.7);
            others.end(world, o, retain, &format!("hand-{token}")).await;
        }
        (7, _, _, Some(o)) => {
            let size = UpdateProvisioningParameter::builder()
                .key("Size")
                .value("hand")
                .build();
            let request = sc
                .update_provisioned_product()
                .provisioned_product_id(o.id.as_str());
            let request = request
                .product_id(o.product.as_str())
                .provisioning_artifact_id(o.version.as_str());
            let _ = request
                .provisioning_parameters(size)
                .update_token(format!("hand-{token}"))
                .send()
                .await;
        }
        _ => {}
    }
}

fn troubles(random: &mut Entropy) -> Faults {
    let rule = |effect, chance| Rule::always(effect).chance(chance);
    let import_fails = Effect::FailImporting {
        reason: "no luck".to_owned(),
    };
    let mut faults = Faults {
        rules: vec![
            rule(Effect::Throttle, 0.02),
            rule(Effect::InternalFailure, 0.02),
            rule(Effect::DropBefore, 0.01),
            rule(Effect::DropAfter, 0.02),
            rule(Effect::AccessDenied, 0.005),
            rule(copy_fails(random), 0.15).on("CopyProduct"),
            rule(copy_fails(random), 0.1).on("CopyProduct"),
            rule(Effect::HangCopying, 0.1).on("CopyProduct"),
            rule(import_fails, 0.15).on("ImportAsProvisionedProduct"),
        ],
        ..Faults::default()
    };
    if random.chance(0.3) {
        faults.stacks.push(StackFault {
            stack: ["SC-*", "*"][random.below(2) as usize].to_owned(),
            resource: "Topic".to_owned(),
            reason: Some("no luck".to_owned()),
            ..StackFault::default()
        });
    }
    faults
}

/// A copy fails with a word or without, and leaves something behind or nothing.
fn copy_fails(random: &mut Entropy) -> Effect {
    Effect::FailCopying {
        detail: random.chance(0.5).then(|| "no luck".to_owned()),
        leaves: match random.chance(0.5) {
            true => Leaves::Product,
            false => Leaves::Nothing,
        },
    }
}

async fn run(seed: u64) {
    let _told = Seed {
        variable: "CATALOGD_SIM",
        seed,
    };
    let mut random = Entropy::seeded(seed);
    let world = World::with(Profile::Aws, seed);
    let mut others = Others::random(&mut random);
    let mut catalog = Catalog::random(&mut random, &others);
    catalog.write(&world, &others);
    others.settle_in(&world).await;
    world.clock.sleep(Duration::from_secs(60)).await;
    let before = others::strangers(&world.plan().await.observed);

    for round in 0..ROUNDS {
        let calm = Faults::default();
        world.emulator.set_faults(calm);
        let observed = world.plan().await.observed;
        for n in 0..random.below(3) {
            let token = 10 * round as u64 + n;
            meddle(&world, &observed, &catalog, &mut others, &mut random, token).await;
        }
        for _ in 0..random.below(4) {
            others.meddle(&world, &observed, &mut random).await;
        }
        if round > 0 {
            for _ in 0..random.below(4) {
                catalog.edit(&mut random, &others);
            }
            catalog.write(&world, &others);
        }
        crash_somewhere(&world, &mut random).await;
    }

    world.emulator.set_faults(Faults::default());
    others.rest(&world);
    // Reads lag by up to five seconds here: a plan made at once may still see what was before.
    world.clock.sleep(Duration::from_secs(10)).await;
    converge(&world, &mut catalog, &mut others, &mut random).await;
    world.clock.sleep(Duration::from_secs(10)).await;
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    assert_eq!(others::strangers(&pass.observed), before);
    others.expect_untouched(&pass.observed);
    others
        .expect_only_imported(&world, &catalog.imports())
        .await;
    catalog.expect(&pass, &others, &world);
    let ours = others.without(&pass.observed);
    expect_each_once(&ours);
    let (portfolios, launched) = catalog.counts();
    assert_eq!(ours.portfolios.len(), portfolios);
    assert!(ours.provisioned.len() <= launched);
}

/// A process that ends by itself, by crashes at some call after which another begins at once, or by being killed.
async fn crash_somewhere(world: &World, random: &mut Entropy) {
    let life = Duration::from_secs(5 + random.below(600));
    let memory = random.chance(0.5);
    let desired = world.desired();
    let mut processes = Vec::new();
    for _ in 0..3 {
        processes.push(match memory {
            true => {
                let mut process = world.process().await;
                process.reconciler.spare_reads();
                process
            }
            false => world.process_in(None).await,
        });
    }
    world.emulator.set_faults(troubles(random));
    let death = world.clock.now() + life;
    for mut process in processes {
        let effect = match random.chance(0.3) {
            true => Effect::DropBefore,
            false => Effect::DropAfter,
        };
        // Calls that make something are where a crash costs most.
        let rule = match random.below(8) {
            0..=3 => Rule::always(effect).nth(1 + random.below(200)),
            4 => Rule::always(effect)
                .on("CopyProduct")
                .nth(1 + random.below(2)),
            5 => Rule::always(effect)
                .on("ImportAs*")
                .nth(1 + random.below(2)),
            _ => Rule::always(effect).on("Create*").nth(1 + random.below(4)),
        };
        let fault = world.emulator.inject(rule);
        let struck = async {
            while fault.fired() == 0 {
                world.clock.sleep(Duration::from_millis(10)).await;
            }
        };
        let left = death.duration_since(world.clock.now()).unsigned_abs();
        tokio::select! {
            () = struck => {}
            () = world.clock.sleep(left) => return,
            _ = process.apply(&desired) => return,
        }
        fault.remove();
    }
}

/// Applies until all is well but what can't be, and mends what failed for good as a person would.
async fn converge(world: &World, catalog: &mut Catalog, others: &mut Others, random: &mut Entropy) {
    for attempt in 0..6 {
        let mut process = world.process().await;
        let ended = process.apply(&world.desired()).await;
        let pass = &ended.pass;
        let shown = text::plan(&pass.plan, Style::default());
        assert_eq!(ended.end, End::Settled, "{shown}");
        let mut left = pass.plan.objects.iter().zip(&pass.statuses);
        let is_well = left.all(|(object, status)| {
            assert_eq!(object.key, status.key);
            let free = status.stalled.is_none() && status.blocked.is_empty();
            let excused = || catalog.is_excused(status, pass, others, world);
            object.action == Action::None && (free || excused())
        });
        if is_well {
            return;
        }
        // A launch that would fail again is given other parameters, and so is what is tainted: others may need it.
        for status in &pass.statuses {
            if status.stalled.is_none() && status.health != Health::Degraded {
                continue;
            }
            let name = status.key.name.as_str();
            match status.key.kind {
                // It is tried again after a while.
                Kind::Product if catalog.is_copy(name) => {}
                Kind::ProvisionedProduct => {
                    let id = status.id.as_deref().map(Into::into);
                    let live = id.and_then(|id| pass.observed.provisioned.get(&id));
                    let failed = live.filter(|o| o.status == ProvisionedStatus::Error);
                    match failed.filter(|o| catalog.is_import(name) && !o.ever_succeeded) {
                        // As it is advised.
                        Some(failed) => {
                            let token = format!("let-go-{attempt}");
                            others.end(world, failed, true, &token).await;
                        }
                        None => catalog.mend(name, attempt + random.below(50)),
                    }
                }
                _ => panic!("{shown}"),
            }
        }
        catalog.write(world, others);
        world.clock.sleep(Duration::from_secs(600)).await;
    }
    panic!(
        "it does not converge: {}",
        text::plan(&world.plan().await.plan, Style::default())
    );
}

/// Three tests, so that two cores share them.
async fn run_all(part: u64) {
    const EACH: u64 = 12;
    let asked = asked_seeds("CATALOGD_SIM");
    let is_asked = asked.is_some();
    let seeds = asked.unwrap_or(part * EACH..(part + 1) * EACH);
    for seed in seeds.filter(|seed| !is_asked || seed % 3 == part) {
        run(seed).await;
    }
}

#[tokio::test(start_paused = true)]
async fn random_catalogs_converge_after_random_troubles() {
    run_all(0).await;
}

#[tokio::test(start_paused = true)]
async fn more_random_catalogs_converge_after_random_troubles() {
    run_all(1).await;
}

#[tokio::test(start_paused = true)]
async fn yet_more_random_catalogs_converge_after_random_troubles() {
    run_all(2).await;
}
