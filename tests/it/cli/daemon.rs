//! `catalogd run` over a folder: edited, broken, mended, shrunk; and told to end.

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};

use super::bench::{Bench, Running};

const RUN: [&str; 4] = ["run", "--pace", "none", "catalog"];
const WELL: &str = "all synced and healthy.";

fn start(bench: &Bench) -> Running {
    bench.start(&RUN)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn editing_is_live() {
    let bench = Bench::example(Profile::Instant).await;
    let mut daemon = start(&bench);
    daemon
        .notes("catalogd reconciles catalog with account 123456789012 in us-east-1")
        .await;
    daemon.notes("\nrevision folder:").await;
    daemon.says("Plan: 1 to import, 9 to create").await;
    daemon.says("11 objects, all synced and healthy.").await;
    daemon.says("or when the manifests change").await;
    daemon.notes("watching catalog; Ctrl-C stops").await;

    // An edit.
    let bucket = "products/s3-bucket/product.yaml";
    bench.edit(bucket, "A private bucket", "The private bucket");
    daemon.notes("\nrevision folder:").await;
    daemon.says("~ product/s3-bucket  (git changed)").await;
    daemon.says("~ description: A private bucket").await;
    daemon
        .says("Plan: 0 to create, 1 to update, 0 to replace; 1 call.")
        .await;
    daemon.says("11 objects, all synced and healthy.").await;

    // One that breaks a manifest: told where, nothing of it is touched, and the others go on.
    let writes = bench.writes();
    bench.edit(bucket, "owner: Data Platform", "ownr: Data Platform");
    daemon.notes("error[unknown-field]").await;
    daemon.notes("products/s3-bucket/product.yaml:7:3").await;
    daemon.notes("did you mean `owner`?").await;
    daemon
        .says("product/s3-bucket  Unknown Unknown  its manifest has an error")
        .await;
    daemon
        .says("11 objects: 10 synced and healthy, 1 unknown.")
        .await;
    assert_eq!(bench.writes(), writes);
    bench.edit(
        "portfolios.yaml",
        "Buckets, queues and databases",
        "Buckets and databases",
    );
    daemon.says("~ portfolio/data  (git changed)").await;
    daemon
        .says("11 objects: 10 synced and healthy, 1 unknown.")
        .await;

    // Mended: nothing to do, and that is said.
    bench.edit(bucket, "ownr: Data Platform", "owner: Data Platform");
    daemon.says("11 objects, all synced and healthy.").await;
    assert_eq!(bench.count("UpdateProduct"), 2, "the copy was marked");

    // Taken out of git: reported, not removed.
    std::fs::remove_dir_all(bench.catalog().join("products/s3-bucket")).unwrap();
    daemon.says("10 objects, all synced and healthy.").await;
    daemon
        .says("Orphaned (1 object): ours, no longer in git, left alone")
        .await;
    daemon.says("product/s3-bucket  (prod-").await;
    let deletes = bench.emulator.counts().into_keys();
    let removals: Vec<_> = deletes
        .filter(|call| {
            ["Delete", "Disassociate", "Terminate"]
                .iter()
                .any(|verb| call.starts_with(verb))
        })
        .collect();
    assert_eq!(removals, [] as [String; 0]);

    // Emptied altogether: an error, and the catalog stays.
    let aside = bench.home().join("aside");
    std::fs::rename(bench.catalog(), &aside).unwrap();
    daemon.notes("[source-missing]").await;
    daemon.notes("the catalog is left as it is").await;
    std::fs::rename(&aside, bench.catalog()).unwrap();
    daemon.says("10 objects, all synced and healthy.").await;
    daemon.terminate().await.expect(0).notes("stopped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quiet_catalog_makes_no_words() {
    let bench = Bench::small(Profile::Instant).await;
    let mut daemon = bench.start(&["run", "--pace", "none", "--interval", "1s", "catalog"]);
    daemon.says(WELL).await;
    daemon.says("or when the manifests change").await;
    let (said, passes) = (daemon.stdout(), bench.count("ListPortfolios"));
    bench
        .until("three quiet passes", |bench| {
            bench.count("ListPortfolios") >= passes + 3
        })
        .await;
    let ended = daemon.terminate().await.expect(0);
    assert_eq!(ended.stdout.trim_end(), said.trim_end());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aws_that_is_away_is_told_once_and_found_again() {
    let bench = Bench::small(Profile::Instant).await;
    let mut daemon = bench.start(&["run", "--pace", "none", "--interval", "1s", "catalog"]);
    daemon.says(WELL).await;
    let writes = bench.writes();
    let away = bench.emulator.inject(Rule::always(Effect::AccessDenied));
    daemon
        .notes("error: the catalog of 123456789012/us-east-1 cannot be read")
        .await;
    daemon.notes("the catalog is left as it is").await;
    let passes = bench.count("ListPortfolios");
    bench
        .until("three passes", |bench| {
            bench.count("ListPortfolios") >= passes + 3
        })
        .await;
    assert_eq!(daemon.stderr().matches("cannot be read").count(), 1);
    away.remove();
    daemon.says("3 objects, all synced and healthy.").await;
    assert_eq!(bench.writes(), writes);
    daemon.terminate().await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_leaves_a_running_stack_to_the_next_start() {
    let bench = Bench::small(Profile::Aws).await;
    let mut daemon = bench.start(&["run", "catalog"]);
    daemon.notes("ProvisionProduct: in progress").await;
    let ended = daemon.terminate().await.expect(0);
    let ended = ended
        .notes("stopping: calls under way finish, nothing new begins")
        .notes("in progress at the service as rec-")
        .notes("stopped; what runs at the service goes on there");
    assert!(!ended.stdout.contains(WELL), "{ended}");

    let mut daemon = bench.start(&["run", "catalog"]);
    daemon.says(WELL).await;
    daemon.terminate().await.expect(0);
    assert_eq!(bench.count("ProvisionProduct"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_lets_a_call_finish_and_a_second_one_does_not() {
    let bench = Bench::small(Profile::Instant).await;
    let slow = bench
        .emulator
        .inject(Rule::always(Effect::Latency(2.0)).on("CreatePortfolio"));
    let daemon = start(&bench);
    bench.until("the call", |_| slow.fired() == 1).await;
    let ended = daemon.terminate().await.expect(0);
    assert_eq!(bench.count("CreatePortfolio"), 1, "{ended}");
    assert_eq!(bench.count("AssociateProductWithPortfolio"), 0, "{ended}");

    let endless = bench
        .emulator
        .inject(Rule::always(Effect::Latency(600.0)).on("AssociateProductWithPortfolio"));
    let mut daemon = start(&bench);
    bench.until("the call", |_| endless.fired() == 1).await;
    daemon.signal("TERM").await;
    daemon
        .notes("a second Ctrl-C or SIGTERM ends it at once")
        .await;
    daemon.signal("TERM").await;
    daemon.end().await.expect(130).notes("ended at once");
    endless.remove();

    let mut daemon = start(&bench);
    daemon.says("3 objects, all synced and healthy.").await;
    daemon.terminate().await.expect(0);
    assert_eq!(bench.count("CreatePortfolio"), 1);
}
