//! Promise 4 with the real process: kill -9 at twelve seeded moments.

use catalogd::clock::Entropy;
use catalogd::emulator::Profile;
use futures_util::future::join_all;

use super::bench::Bench;
use crate::examples::expect_the_example;

/// About as many calls as an apply of the example makes; a few kills may come after the end.
const CALLS: u64 = 300;

/// Applies, is killed after so many calls, applies again. Returns whether the kill came before the end.
async fn killed_after(calls: u64, profile: Profile) -> bool {
    let bench = Bench::example(profile).await;
    let apply = ["apply", "--yes", "--pace", "none", "catalog"];
    let mut first = bench.start(&apply);
    let reached = |bench: &Bench| bench.emulator.calls().len() as u64 >= calls;
    while !reached(&bench) && first.is_running() {
        bench
            .emulator
            .clock()
            .sleep(std::time::Duration::from_millis(1))
            .await;
    }
    let running = first.is_running();
    if running {
        first.signal("KILL").await;
    }
    let ended = first.end().await;
    assert!(ended.code.is_none() || !running, "{ended}");
    bench.run(&apply).await.expect(0).says(if running {
        "11 objects, all synced and healthy."
    } else {
        "No changes."
    });
    bench
        .run(&["plan", "--detailed-exitcode", "catalog"])
        .await
        .expect(0)
        .says("No changes. The catalog matches the manifests.");
    let world = bench.world();
    expect_the_example(&mut world.process_in(None).await, &world).await;
    running
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_kills_leave_nothing_twice() {
    let mut entropy = Entropy::seeded(12);
    let kills: Vec<_> = (0..12)
        .map(|kill| {
            let profile = if kill % 2 == 0 {
                Profile::Local
            } else {
                Profile::Instant
            };
            killed_after(1 + entropy.below(CALLS), profile)
        })
        .collect();
    let struck = join_all(kills).await.into_iter().filter(|struck| *struck);
    let struck = struck.count();
    assert!(struck >= 9, "only {struck} of 12 came in time");
}
