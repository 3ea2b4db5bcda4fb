//! Promise 7: a newer revision does not wait for an older one that waits or fails. The daemon over a git repository.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalogd::clock::Entropy;
use catalogd::daemon::{Daemon, Report, Settled};
use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};
use catalogd::execute::progress::Quiet;
use catalogd::execute::{Outcome, Patience};
use catalogd::git::{Access, Location, Repository, RepositoryOptions, Snapshot, SourceError};
use catalogd::manifest::Loaded;
use catalogd::model::observed::ProvisionedStatus;
use catalogd::reconcile::Pass;
use tokio_util::sync::CancellationToken;

use super::kit::{CATALOG, SIZE, calls, provisioned};
use crate::world::World;

/// A repository whose commits are whole catalogs.
pub struct Repo {
    dir: tempfile::TempDir,
    git: git2::Repository,
}

impl Repo {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main");
        let git = git2::Repository::init_opts(dir.path(), &options).unwrap();
        Self { dir, git }
    }

    pub fn commit(&self, files: &[(&str, &str)]) {
        let mut index = self.git.index().unwrap();
        for (name, text) in files {
            std::fs::write(self.dir.path().join(name), text).unwrap();
            index.add_path(Path::new(name)).unwrap();
        }
        let tree = self.git.find_tree(index.write_tree().unwrap()).unwrap();
        let who =
            git2::Signature::new("T", "t@example.com", &git2::Time::new(1_700_000_000, 0)).unwrap();
        let head = self
            .git
            .head()
            .ok()
            .map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<_> = head.iter().collect();
        self.git
            .commit(Some("HEAD"), &who, &who, "change", &tree, &parents)
            .unwrap();
    }

    fn source(&self) -> Repository {
        Repository::open(RepositoryOptions {
            location: Location::parse(self.dir.path().to_str().unwrap()).unwrap(),
            reference: "main".to_owned(),
            path: String::new(),
            cache: self.dir.path().join(".git/unused"),
            access: Access::default(),
        })
        .unwrap()
    }
}

/// What a daemon told, in short.
#[derive(Debug, Clone, Default)]
pub struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn tell(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    pub fn count(&self, line: &str) -> usize {
        let told = self.0.lock().unwrap();
        told.iter().filter(|told| *told == line).count()
    }

    pub async fn until(&self, world: &World, line: &str) {
        for _ in 0..36_000 {
            if self.count(line) > 0 {
                return;
            }
            world.clock.sleep(Duration::from_millis(100)).await;
        }
        panic!("never told {line:?}: {:#?}", self.0.lock().unwrap());
    }
}

impl Report for Told {
    fn source_failed(&mut self, error: &SourceError) {
        self.tell(format!("failed {error}"));
    }
    fn loaded(&mut self, _: &Snapshot, loaded: &Loaded) {
        assert!(!loaded.has_errors());
        self.tell("loaded".to_owned());
    }
    fn planned(&mut self, pass: &Pass) {
        self.tell(format!("planned {}", calls(&pass.plan).join(" ")));
    }
    fn executed(&mut self, _: &Pass, outcome: &Outcome) {
        self.tell(format!("executed {}", outcome.is_complete()));
    }
    fn settled(&mut self, settled: &Settled<'_>) {
        let plan = &settled.pass.plan;
        self.tell(format!(
            "settled {}",
            !plan.has_changes() && !plan.is_waiting()
        ));
    }
}

pub async fn daemon(world: &World, repo: &Repo, told: &Told, stop: &CancellationToken) {
    let daemon = Daemon {
        source: repo.source().into(),
        reconciler: world.process().await.reconciler,
        target: world.target(),
        policy: catalogd::rule::Rules::default(),
        base: None,
        clock: world.clock,
        entropy: Entropy::seeded(3),
        interval: Duration::from_secs(300),
        stop: stop.clone(),
        progress: &Quiet,
    };
    daemon.run(&mut told.clone()).await;
}

#[tokio::test(start_paused = true)]
async fn a_newer_revision_does_not_wait_for_a_launch_of_the_older_one() {
    let world = World::with(Profile::Aws, 5);
    // A stack of forty resources, one after the other: minutes.
    let slow: String = (0..40)
        .map(|n| {
            format!(
                "  T{n}: {{Type: AWS::SNS::Topic, DependsOn: {}}}\n",
                if n == 0 {
                    "Topic".to_owned()
                } else {
                    format!("T{}", n - 1)
                }
            )
        })
        .collect();
    let template = SIZE.replace("Outputs:\n", &format!("{slow}Outputs:\n"));
    let repo = Repo::new();
    repo.commit(&[("catalog.yaml", CATALOG), ("size.yaml", &template)]);
    world
        .write("catalog.yaml", CATALOG)
        .write("size.yaml", &template);
    let (told, stop) = (Told::default(), CancellationToken::new());
    let script = async {
        let provisions = || {
            world
                .emulator
                .counts()
                .get("ProvisionProduct")
                .copied()
                .unwrap_or(0)
        };
        while provisions() == 0 {
            world.clock.sleep(Duration::from_millis(100)).await;
        }
        let launched = world.clock.now();
        repo.commit(&[(
            "catalog.yaml",
            &CATALOG.replace("VPCs and DNS", "The newer one"),
        )]);
        told.until(&world, "planned UpdatePortfolio").await;
        while !world.emulator.counts().contains_key("UpdatePortfolio") {
            world.clock.sleep(Duration::from_millis(100)).await;
        }
        let waited = world.clock.now().duration_since(launched).as_secs();
        assert!(waited < 90, "the newer revision waited {waited} s");
        let seen = world.plan().await.observed;
        assert_eq!(
            provisioned(&seen, "hub").status,
            ProvisionedStatus::UnderChange
        );
        told.until(&world, "settled true").await;
        assert_eq!(
            provisions(),
            1,
            "the older one's launch was neither killed nor repeated"
        );
        stop.cancel();
    };
    tokio::join!(daemon(&world, &repo, &told, &stop), script);
    world.write(
        "catalog.yaml",
        CATALOG.replace("VPCs and DNS", "The newer one"),
    );
    world.clock.sleep(Duration::from_secs(10)).await;
    world.expect_empty_plan().await;
    assert!(
        told.count("executed false") >= 1,
        "the older revision was stopped: {told:#?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_newer_revision_mends_an_older_one_that_fails() {
    let mut world = World::new();
    // A call that names something not visible yet is repeated for three minutes.
    world.patience = Patience::SERVICE;
    let repo = Repo::new();
    let refused = Effect::Refuse {
        code: "InvalidParametersException".to_owned(),
        message: "profile does not exist".to_owned(),
    };
    let fault = world
        .emulator
        .inject(Rule::always(refused).on("CreateProduct"));
    repo.commit(&[("catalog.yaml", CATALOG), ("size.yaml", SIZE)]);
    let (told, stop) = (Told::default(), CancellationToken::new());
    let portfolios = CATALOG
        .split("---\n")
        .take(2)
        .collect::<Vec<_>>()
        .join("---\n");
    let script = async {
        while fault.fired() == 0 {
            world.clock.sleep(Duration::from_millis(100)).await;
        }
        repo.commit(&[("catalog.yaml", &portfolios)]);
        let committed = world.clock.now();
        told.until(&world, "settled true").await;
        let waited = world.clock.now().duration_since(committed).as_secs();
        assert!(waited < 90, "the newer revision waited {waited} s");
        stop.cancel();
    };
    tokio::join!(daemon(&world, &repo, &told, &stop), script);
    world.write("catalog.yaml", portfolios);
    world.expect_empty_plan().await;
}

/// Asking the remote is cheap, reading the catalog is not: without a change it is read at its interval.
#[tokio::test(start_paused = true)]
async fn an_unmoved_ref_costs_no_reading_of_the_catalog() {
    let world = World::new();
    let repo = Repo::new();
    repo.commit(&[("catalog.yaml", CATALOG), ("size.yaml", SIZE)]);
    let (told, stop) = (Told::default(), CancellationToken::new());
    let script = async {
        told.until(&world, "settled true").await;
        let before = told.count("planned ");
        world.clock.sleep(Duration::from_secs(1_600)).await;
        let passes = told.count("planned ") - before;
        // 300 s, more or less a tenth.
        assert!((4..=6).contains(&passes), "{passes} passes in 1,600 s");
        stop.cancel();
    };
    tokio::join!(daemon(&world, &repo, &told, &stop), script);
}

/// A secret that changes while its object is blocked is still to be sent once it is free: the revision in between was
/// not applied in full.
#[tokio::test(start_paused = true)]
async fn a_secret_that_changed_while_its_object_was_blocked_is_sent_later() {
    let world = World::new();
    let template = SIZE
        .replace(
            "Parameters:\n",
            "Parameters:\n  Password: {Type: String, NoEcho: true}\n",
        )
        .replace(
            "DisplayName: !Ref Size",
            "DisplayName: !Sub '${Size}-${Password}'",
        );
    let manifest = |password: &str, version: &str| {
        CATALOG
            .replace(
                "    Size: one\n",
                &format!("    Size: one\n    Password: {password}\n"),
            )
            .replace("  version: v1\n", &format!("  version: {version}\n"))
            .replace("active: true", "active: false")
    };
    let repo = Repo::new();
    repo.commit(&[
        ("catalog.yaml", &manifest("first-secret", "v1")),
        ("size.yaml", &template),
    ]);
    let (told, stop) = (Told::default(), CancellationToken::new());
    let script = async {
        told.until(&world, "settled true").await;
        // The next process has sent nothing itself; then git names a version that is inactive.
        stop.cancel();
    };
    tokio::join!(daemon(&world, &repo, &told, &stop), script);

    let (told, stop) = (Told::default(), CancellationToken::new());
    let script = async {
        told.until(&world, "settled true").await;
        let wait = Duration::from_secs(400);
        repo.commit(&[("catalog.yaml", &manifest("second-secret", "v2"))]);
        world.clock.sleep(wait).await;
        let updates = || {
            world
                .emulator
                .counts()
                .get("UpdateProvisionedProduct")
                .copied()
        };
        assert_eq!(updates(), None);
        repo.commit(&[("catalog.yaml", &manifest("second-secret", "v1"))]);
        world.clock.sleep(wait).await;
        assert_eq!(updates(), Some(1));
        stop.cancel();
    };
    tokio::join!(daemon(&world, &repo, &told, &stop), script);
    let stacks =
        world
            .emulator
            .with_stacks(crate::world::ACCOUNT, crate::world::REGION, |stacks, _| {
                format!("{stacks:?}")
            });
    assert!(stacks.contains("second-secret"));
}
