//! A git repository as the source: commits are picked up, and what cannot be read leaves the catalog alone.

use std::path::{Path, PathBuf};

use catalogd::emulator::Profile;
use git2::{IndexAddOption, Repository, Signature};

use super::bench::{Bench, Running, copy};

/// A bare repository whose `main` has the bench's catalog, below `catalog/`.
struct Remote {
    path: PathBuf,
}

impl Remote {
    fn of(bench: &Bench) -> Self {
        let path = bench.home().join("remote.git");
        Repository::init_bare(&path).unwrap();
        Self { path }
    }

    /// Commits a folder's files as all there is on a branch.
    fn commit(&self, folder: &Path, branch: &str, message: &str) {
        self.record(folder, branch, message, true);
    }

    /// The same as the first commit of a history that has nothing in common with the branch's, forced upon it.
    fn force(&self, folder: &Path, branch: &str, message: &str) {
        self.record(folder, branch, message, false);
    }

    fn record(&self, folder: &Path, branch: &str, message: &str, follows: bool) {
        let repository = Repository::open_bare(&self.path).unwrap();
        let work = tempfile::tempdir().unwrap();
        if folder.is_dir() {
            copy(folder, &work.path().join("catalog"));
        }
        repository.set_workdir(work.path(), false).unwrap();
        let mut index = repository.index().unwrap();
        index.clear().unwrap();
        index.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
        let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
        let name = format!("refs/heads/{branch}");
        let parent = repository
            .find_reference(&name)
            .ok()
            .map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<_> = parent.iter().filter(|_| follows).collect();
        let author = Signature::now("A", "a@example.com").unwrap();
        let commit = repository
            .commit(None, &author, &author, message, &tree, &parents)
            .unwrap();
        repository.reference(&name, commit, true, message).unwrap();
    }

    /// Takes a branch away.
    fn forget(&self, branch: &str) {
        let repository = Repository::open_bare(&self.path).unwrap();
        let name = format!("refs/heads/{branch}");
        repository.find_reference(&name).unwrap().delete().unwrap();
    }
}

fn start(bench: &Bench, reference: &str) -> Running {
    bench.start(&[
        "run",
        "--pace",
        "none",
        "--git",
        "remote.git",
        "--ref",
        reference,
        "--path",
        "catalog",
        "--poll",
        "1s",
    ])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_are_picked_up_and_an_empty_tree_is_no_wish() {
    let bench = Bench::small(Profile::Instant).await;
    let remote = Remote::of(&bench);
    remote.commit(&bench.catalog(), "main", "Begin");
    let mut daemon = start(&bench, "main");
    daemon.notes("Begin").await;
    daemon.says("3 objects, all synced and healthy.").await;
    daemon
        .notes("asking remote.git every 1s; Ctrl-C stops")
        .await;

    bench.edit(
        "catalog.yaml",
        "A topic for alarms",
        "A topic for all alarms",
    );
    remote.commit(&bench.catalog(), "main", "Say more");
    daemon.notes("Say more").await;
    daemon
        .says("~ description: A topic for alarms → A topic for all alarms")
        .await;
    daemon.says("3 objects, all synced and healthy.").await;

    let writes = bench.writes();
    remote.commit(Path::new("nowhere"), "main", "Lose everything");
    daemon
        .notes("error: the path does not exist in the repository [source-path-missing]")
        .await;
    daemon.notes("the catalog is left as it is").await;
    let empty = bench.home().join("empty");
    std::fs::create_dir(&empty).unwrap();
    std::fs::write(empty.join("README.md"), "nothing").unwrap();
    remote.commit(&empty, "main", "Only words");
    daemon.notes("[source-empty]").await;
    daemon.notes("the catalog is left as it is").await;

    // The remote goes away, and comes back.
    let aside = bench.home().join("aside.git");
    std::fs::rename(&remote.path, &aside).unwrap();
    daemon.notes("the catalog is left as it is").await;
    std::fs::rename(&aside, &remote.path).unwrap();
    remote.commit(&bench.catalog(), "main", "Find it again");
    daemon.notes("Find it again").await;
    daemon.says("3 objects, all synced and healthy.").await;
    assert_eq!(bench.writes(), writes);
    daemon.terminate().await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ref_that_is_not_there_yet_is_waited_for() {
    let bench = Bench::small(Profile::Instant).await;
    let remote = Remote::of(&bench);
    remote.commit(&bench.catalog(), "main", "Begin");
    bench
        .run(&["plan", "--git", "remote.git", "--ref", "release"])
        .await
        .expect(1)
        .notes("[source-ref-missing]")
        .notes("next: it has main");
    let mut daemon = start(&bench, "release");
    daemon.notes("[source-ref-missing]").await;
    assert_eq!(bench.writes(), 0);
    remote.commit(&bench.catalog(), "release", "Release");
    daemon.says("3 objects, all synced and healthy.").await;
    daemon.terminate().await.expect(0);

    // The base of a plan is a revision of the same source.
    bench.edit(
        "catalog.yaml",
        "A topic for alarms",
        "A topic for all alarms",
    );
    remote.commit(&bench.catalog(), "release", "Say more");
    let plan = [
        "plan",
        "--git",
        "remote.git",
        "--ref",
        "release",
        "--path",
        "catalog",
    ];
    bench
        .run(&plan)
        .await
        .expect(0)
        .says("~ product/topic  (differs)");
    let based = [&plan[..], &["--base", "main"]].concat();
    bench
        .run(&based)
        .await
        .expect(0)
        .says("~ product/topic  (git changed)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_starts_again_tells_drift_from_a_change_of_git() {
    let bench = Bench::small(Profile::Instant).await;
    let remote = Remote::of(&bench);
    remote.commit(&bench.catalog(), "main", "Begin");
    let mut daemon = start(&bench, "main");
    daemon.says("3 objects, all synced and healthy.").await;
    daemon.terminate().await.expect(0);

    let console = bench.world().console();
    let products = console.search_products_as_admin().send().await.unwrap();
    let product = products.product_view_details()[0]
        .product_view_summary()
        .unwrap();
    let change = console.update_product().id(product.product_id().unwrap());
    change.description("By hand").send().await.unwrap();
    let mut daemon = start(&bench, "main");
    daemon.says("~ product/topic  (drifted)").await;
    daemon
        .says("~ description: By hand → A topic for alarms")
        .await;
    daemon.says("3 objects, all synced and healthy.").await;
    daemon.terminate().await.expect(0);
}

/// A catalog of somebody else's, sound and without anything of the bench's.
const UNRELATED: &str = "\
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: unrelated}
spec: {providerName: Others}
";

/// Every object of the bench's catalog goes with its manifest.
fn make_mortal(bench: &Bench) {
    for name in ["team", "topic", "alarms"] {
        bench.edit(
            "catalog.yaml",
            &format!("metadata: {{name: {name}}}"),
            &format!("metadata: {{name: {name}, onRemove: delete}}"),
        );
    }
}

#[track_caller]
fn expect_nothing_removed(bench: &Bench, cause: &str) {
    let takes = [
        "DeleteP",
        "DeleteC",
        "DeleteS",
        "Disassociate",
        "Terminate",
        "UpdateProvisioningArtifact",
    ];
    let calls = bench.emulator.counts().into_keys();
    let removals: Vec<_> = calls
        .filter(|call| takes.iter().any(|verb| call.starts_with(verb)))
        .collect();
    assert_eq!(removals, [""; 0], "{cause}");
}

/// The git side of the matrix (facts/gitops.md §E3.1): a remote, a branch or a history that is not there, and one that is
/// another, remove nothing of a catalog of which everything goes when it leaves git. What goes wrong with AWS is in
/// `scenario::matrix`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_becomes_of_the_repository_nothing_is_removed() {
    let bench = Bench::small(Profile::Instant).await;
    make_mortal(&bench);
    let remote = Remote::of(&bench);
    remote.commit(&bench.catalog(), "main", "Begin");
    let arguments = [
        "run",
        "--pace",
        "none",
        "--installation",
        "team",
        "--git",
        "remote.git",
        "--ref",
        "main",
        "--path",
        "catalog",
        "--poll",
        "1s",
        "--interval",
        "1s",
    ];
    let mut daemon = bench.start(&arguments);
    daemon.says("3 objects, all synced and healthy.").await;

    let aside = bench.home().join("aside.git");
    std::fs::rename(&remote.path, &aside).unwrap();
    daemon.notes("the catalog is left as it is").await;
    expect_nothing_removed(&bench, "the remote is away");
    std::fs::rename(&aside, &remote.path).unwrap();

    remote.forget("main");
    daemon.notes("[source-ref-missing]").await;
    expect_nothing_removed(&bench, "the branch is gone");

    let empty = bench.home().join("empty");
    std::fs::create_dir(&empty).unwrap();
    remote.commit(&empty, "main", "Nothing at all");
    daemon.notes("[source-path-missing]").await;
    expect_nothing_removed(&bench, "the tree is empty");

    // Another history, which can be read, and wants something else.
    let unrelated = bench.home().join("unrelated");
    std::fs::create_dir(&unrelated).unwrap();
    std::fs::write(unrelated.join("catalog.yaml"), UNRELATED).unwrap();
    remote.force(&unrelated, "main", "Start over");
    daemon.says("names nothing of what was last applied").await;
    daemon.says("--allow-deletes").await;
    let lists = bench.count("ListPortfolios");
    bench
        .until("three more passes", |bench| {
            bench.count("ListPortfolios") >= lists + 3
        })
        .await;
    expect_nothing_removed(&bench, "the history is another");
    // A process that starts on it knows what was applied before.
    daemon.terminate().await.expect(0);
    let mut daemon = bench.start(&arguments);
    daemon.says("names nothing of what was last applied").await;
    expect_nothing_removed(&bench, "the history is another, after a restart");

    remote.force(&bench.catalog(), "main", "Come back");
    daemon.says("all synced and healthy.").await;
    daemon.terminate().await.expect(0);
    expect_nothing_removed(&bench, "at the end");
}

/// Another account or region than was meant has nothing of ours, and what is in the right one is not touched from there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wrong_account_or_region_removes_nothing() {
    let bench = Bench::small(Profile::Instant).await;
    make_mortal(&bench);
    let apply = [
        "apply",
        "--yes",
        "--pace",
        "none",
        "--installation",
        "team",
        "catalog",
    ];
    bench.run(&apply).await.expect(0);
    // Almost everything leaves git, and the credentials or the region are another's.
    bench.write("catalog.yaml", UNRELATED);
    for (variable, value) in [
        ("AWS_ACCESS_KEY_ID", "210987654321"),
        ("AWS_REGION", "eu-west-1"),
    ] {
        let mut command = bench.catalogd(&apply);
        command.env(variable, value);
        Running::start(command)
            .end()
            .await
            .expect(0)
            .says("1 to create");
        expect_nothing_removed(&bench, variable);
    }
}
