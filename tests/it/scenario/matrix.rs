//! Promise 1 as a matrix (facts/gitops.md §E3.1): whatever goes wrong with AWS, with the account or with the clock,
//! nothing is taken away from a catalog of which everything goes when it leaves git. What goes wrong with git is in
//! `cli::repository`.

use std::time::Duration;

use catalogd::clock::Clock;
use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Faults, Lag, Rule};
use catalogd::execute::progress::Quiet;
use catalogd::model::owner::Installation;
use tokio_util::sync::CancellationToken;

use super::kit::{CATALOG, SIZE};
use crate::world::{Process, World};

/// Every kind, and all of it goes with its manifest.
const MORE: &str = "---
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: stage, onRemove: delete}
spec: {key: stage, value: prod}
---
apiVersion: catalogd.dev/v1
kind: ServiceAction
metadata: {name: restart, onRemove: delete}
spec:
  definition: {name: AWS-RestartEC2Instance, version: \"1\"}
";
/// What is left in git where all the rest has left it.
const REST: &str = "apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: spare, onRemove: delete}
spec: {providerName: Platform, tagOptions: []}
";

fn whole() -> String {
    let mut text = format!("{CATALOG}{MORE}");
    for name in ["net", "spare", "vpc", "hub"] {
        let metadata = format!("metadata: {{name: {name}}}");
        let mortal = format!("metadata: {{name: {name}, onRemove: delete}}");
        text = text.replace(&metadata, &mortal);
    }
    let spare = "  providerName: Platform\n---\napiVersion: catalogd.dev/v1\nkind: Product\n";
    assert!(text.contains(spare));
    let tagged = spare.replacen(
        "Platform\n",
        "Platform\n  tagOptions: [stage]\n  budgets: [monthly]\n",
        1,
    );
    text.replace(spare, &tagged).replace(
        "  versions:\n",
        "  serviceActions: [restart]\n  unlistedVersions: delete\n  versions:\n",
    )
}

async fn applied() -> World {
    let mut world = World::with(Profile::Instant, 3);
    world.installation = Installation::parse("team").unwrap();
    world
        .write("catalog.yaml", whole())
        .write("size.yaml", SIZE);
    world.apply().await;
    world.calls();
    world
}

/// The calls since the last time that take something away, whatever was answered.
fn removals(world: &World) -> Vec<String> {
    let takes = ["Delete", "Disassociate", "Terminate", "Reject"];
    let calls = world.calls().into_keys();
    calls
        .filter(|call| takes.iter().any(|verb| call.starts_with(verb)))
        .collect()
}

/// Plans and executes twice: what can't be done is not waited for.
async fn two_passes(process: &mut Process, world: &World) {
    let stop = CancellationToken::new();
    let clock = world.clock;
    let late = stop.clone();
    let timer = tokio::spawn(async move {
        clock.sleep(Duration::from_secs(120)).await;
        late.cancel();
    });
    for _ in 0..2 {
        let pass = process.reconciler.plan(&world.desired(), None).await;
        process.reconciler.execute(&pass.plan, &stop, &Quiet).await;
    }
    timer.abort();
}

/// What could have been taken out of use instead of away.
async fn in_use(world: &World) -> (usize, usize) {
    let observed = world.plan().await.observed;
    let versions = observed.products.values().flat_map(|o| &o.versions);
    let options = observed.tag_options.values();
    (
        versions.filter(|v| v.active).count(),
        options.filter(|o| o.active).count(),
    )
}

/// Applies under this fault, with everything in git and then with almost nothing, in processes with a memory and without.
async fn nothing_goes(fault: impl Fn() -> Faults, causes: &[&str]) {
    for text in [whole(), REST.to_owned()] {
        for memory in [true, false] {
            let world = applied().await;
            let before = in_use(&world).await;
            world.write("catalog.yaml", text.clone());
            let mut process = match memory {
                true => world.process().await,
                false => world.process_in(None).await,
            };
            world.emulator.set_faults(fault());
            world.calls();
            process.apply(&world.desired()).await;
            assert_eq!(removals(&world), [""; 0], "{causes:?}");
            world.emulator.set_faults(Faults::default());
            assert_eq!(in_use(&world).await, before, "{causes:?}");
        }
    }
}

fn rules(effect: &Effect, operations: &[&str]) -> Faults {
    let rule = |operation: &&str| Rule::always(effect.clone()).on(operation);
    Faults {
        rules: operations.iter().map(rule).collect(),
        ..Faults::default()
    }
}

const LISTS: [&str; 3] = ["List*", "Search*", "Scan*"];
const READS: [&str; 5] = ["List*", "Search*", "Scan*", "Describe*", "Get*"];

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_loses_nothing() {
    nothing_goes(|| rules(&Effect::InternalFailure, &READS), &["500"]).await;
    nothing_goes(
        || rules(&Effect::InternalFailure, &LISTS),
        &["500", "lists"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn throttled_lists_lose_nothing() {
    nothing_goes(|| rules(&Effect::Throttle, &LISTS), &["throttled lists"]).await;
}

#[tokio::test(start_paused = true)]
async fn expired_credentials_lose_nothing() {
    nothing_goes(
        || rules(&Effect::ExpiredCredentials, &["*"]),
        &["expired credentials"],
    )
    .await;
    // And those that expire in the middle of the reads.
    for first in [2, 6, 12] {
        let world = applied().await;
        world.write("catalog.yaml", REST);
        let mut process = world.process_in(None).await;
        let expired = |n| Rule::always(Effect::ExpiredCredentials).nth(n);
        world.emulator.set_faults(Faults {
            rules: (first..first + 400).map(expired).collect(),
            ..Faults::default()
        });
        world.calls();
        two_passes(&mut process, &world).await;
        assert_eq!(removals(&world), [""; 0], "expired at call {first}");
    }
}

/// A page that is half and says that it is the last: what is in git is asked for by its token and found to be there; nothing
/// that is seen is taken for too much.
#[tokio::test(start_paused = true)]
async fn half_a_page_loses_nothing_that_git_names() {
    let lists = [
        "ListPortfolios",
        "SearchProductsAsAdmin",
        "ListProvisioningArtifacts",
        "SearchProvisionedProducts",
        "ListPrincipalsForPortfolio",
        "ListConstraintsForPortfolio",
        "ListPortfoliosForProduct",
        "ListTagOptions",
        "ListServiceActions",
        "*",
    ];
    for list in lists {
        for items in [0, 1] {
            let world = applied().await;
            let before = in_use(&world).await;
            let mut process = world.process_in(None).await;
            let cut = rules(&Effect::CutListing(items), &[list]);
            world.emulator.set_faults(cut);
            world.calls();
            two_passes(&mut process, &world).await;
            assert_eq!(removals(&world), [""; 0], "{list} cut to {items}");
            world.emulator.set_faults(Faults::default());
            assert_eq!(in_use(&world).await, before, "{list} cut to {items}");
            world.apply().await;
            crate::examples::expect_each_once(&world.plan().await.observed);
        }
    }
}

/// Tags, owners and lists show what was, for ten minutes: a catalog that was just made is not taken for another's, nor
/// what was just added for too much.
#[tokio::test(start_paused = true)]
async fn lookups_that_lag_lose_nothing() {
    for chance in [0.3, 0.7, 1.0] {
        let world = applied().await;
        let lag = || Faults {
            lag: Some(Lag {
                describe: 600.0,
                search: 600.0,
                chance,
            }),
            ..Faults::default()
        };
        world.emulator.set_faults(lag());
        for memory in [false, true, false] {
            let mut process = match memory {
                true => world.process().await,
                false => world.process_in(None).await,
            };
            world.calls();
            let _ = process.reconciler.plan(&world.desired(), None).await;
            process.apply(&world.desired()).await;
            assert_eq!(removals(&world), [""; 0], "lagging by chance of {chance}");
        }
        world.emulator.set_faults(Faults::default());
        world.clock.sleep(Duration::from_secs(1200)).await;
        world.apply().await;
        assert_eq!(removals(&world), [""; 0]);
        crate::examples::expect_each_once(&world.plan().await.observed);
    }
}

/// The clock of the machine is years off, one way or the other, or jumps between two passes.
#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_loses_nothing() {
    for other in [
        "2019-01-01T00:00:00Z",
        "2026-02-28T23:00:00Z",
        "2041-01-01T00:00:00Z",
    ] {
        let mut world = applied().await;
        let before = in_use(&world).await;
        let right = world.clock;
        world.clock = Clock::starting_at(other.parse().unwrap());
        for memory in [true, false] {
            let mut process = match memory {
                true => world.process().await,
                false => world.process_in(None).await,
            };
            world.calls();
            process.apply(&world.desired()).await;
            assert_eq!(removals(&world), [""; 0], "at {other}");
        }
        world.clock = right;
        world.clock.sleep(Duration::from_secs(40 * 24 * 3600)).await;
        world.calls();
        world.apply().await;
        assert_eq!(removals(&world), [""; 0], "after {other}");
        assert_eq!(in_use(&world).await, before);
    }
}
