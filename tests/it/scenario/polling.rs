//! Many records at once are followed by pages of the history, not one by one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Faults, Rule, StackFault};
use catalogd::model::observed::ProvisionedStatus;
use jiff::Timestamp;

use super::kit::{SIZE, writes};
use crate::world::World;

/// A product, and so many provisioned products of it, whose stacks take so many seconds.
fn many(world: &World, count: usize, takes: f64) {
    let mut text = "apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {name: p}\n\
                    spec: {providerName: Us, principals: [{self: true}]}\n---\n\
                    apiVersion: catalogd.dev/v1\nkind: Product\nmetadata: {name: x}\nspec:\n  owner: Us\n  \
                    portfolios: [{portfolio: p}]\n  versions: [{name: v1, template: size.yaml}]\n"
        .to_owned();
    for n in 0..count {
        let _ = write!(
            text,
            "---\napiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {{name: pp{n}}}\n\
             spec: {{product: x, version: v1, parameters: {{Size: s{n}}}}}\n"
        );
    }
    world.write("catalog.yaml", text).write("size.yaml", SIZE);
    let slow = StackFault {
        stack: "SC-*".to_owned(),
        resource: "Topic".to_owned(),
        takes: Some(takes),
        ..StackFault::default()
    };
    world.emulator.set_faults(Faults {
        stacks: vec![slow; count],
        ..Faults::default()
    });
}

/// The reads of records by the moment they were made, while all launches were in flight. Without latency a round
/// takes no time, so that a moment is a round.
fn rounds(world: &World) -> BTreeMap<Timestamp, BTreeMap<String, usize>> {
    let calls = world.emulator.calls();
    let launched = calls.iter().filter(|c| c.operation == "ProvisionProduct");
    let last = launched.map(|call| call.at).max().unwrap();
    let mut rounds: BTreeMap<Timestamp, BTreeMap<String, usize>> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.at > last) {
        if ["ListRecordHistory", "DescribeRecord"].contains(&call.operation.as_str()) {
            let round = rounds.entry(call.at).or_default();
            *round.entry(call.operation.clone()).or_default() += 1;
        }
    }
    rounds
}

async fn expect_all(world: &World, count: usize) {
    let pass = world.plan().await;
    assert_eq!(pass.observed.provisioned.len(), count);
    let mut all = pass.observed.provisioned.values();
    assert!(all.all(|o| o.status == ProvisionedStatus::Available));
    world.expect_empty_plan().await;
}

#[tokio::test(start_paused = true)]
async fn five_hundred_in_flight_cost_a_tenth_of_a_call_each_per_round() {
    const COUNT: usize = 500;
    let world = World::new();
    many(&world, COUNT, 30.0);
    world.emulator.reset_calls();
    let converged = world.apply().await;
    assert_eq!(converged.passes, 2, "launched, and seen to be there");
    let (mut flying, mut ended) = (0, 0);
    // The first one began while there were launches to come.
    for (at, round) in rounds(&world).into_iter().skip(1) {
        let [pages, singles] = ["ListRecordHistory", "DescribeRecord"]
            .map(|call| round.get(call).copied().unwrap_or_default());
        if ended == 0 && singles == 0 {
            flying += 1;
            assert!(pages <= COUNT / 10, "{pages} pages at {at}");
        }
        ended += singles;
    }
    assert!(flying > 10, "{flying} rounds");
    // Each end is asked for once; what is launched is described by the second pass, too.
    assert!(ended <= 2 * COUNT + COUNT / 10, "{ended} records described");
    assert_eq!(writes(&world)["ProvisionProduct"], COUNT);
    expect_all(&world, COUNT).await;
}

/// Without the history the records are asked for in turn, and no more of them in a round.
#[tokio::test(start_paused = true)]
async fn without_the_history_records_take_turns() {
    const COUNT: usize = 60;
    let world = World::new();
    many(&world, COUNT, 20.0);
    let denied = world
        .emulator
        .inject(Rule::always(Effect::AccessDenied).on("ListRecordHistory"));
    world.emulator.reset_calls();
    world.apply().await;
    assert!(denied.fired() > 0);
    let rounds = rounds(&world);
    let most = rounds.values().map(|round| round.values().sum::<usize>());
    // The second pass, which reads what runs of all, asks no page.
    let polled = rounds
        .values()
        .filter(|round| round.contains_key("ListRecordHistory"));
    let most_polled = polled.clone().map(|round| round.values().sum::<usize>());
    assert_eq!(most_polled.max(), Some(COUNT / 10), "{:?}", most.max());
    assert!(polled.count() > 10);
    drop(denied);
    expect_all(&world, COUNT).await;
}

/// Other people's records lie over ours, and the history lags: what no page shows is asked for by itself.
#[tokio::test(start_paused = true)]
async fn records_are_followed_on_an_aws_that_lags_and_throttles() {
    const COUNT: usize = 40;
    let world = World::with(Profile::Aws, 11);
    many(&world, COUNT, 90.0);
    let lost = world.emulator.inject(
        Rule::always(Effect::DropAfter)
            .on("ListRecordHistory")
            .chance(0.2),
    );
    world.apply().await;
    assert!(lost.fired() > 0);
    drop(lost);
    world.clock.sleep(std::time::Duration::from_secs(10)).await;
    expect_all(&world, COUNT).await;
}
