//! `ref`: a version's file as it was at a tag or commit.

use std::path::Path;

use catalogd::emulator::Profile;
use catalogd::git::Folder;
use catalogd::manifest::{self, Context, Loaded};
use catalogd::model::template::Template;

use super::kit::{SIZE, product, writes};
use crate::world::World;

const CATALOG: &str = "apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {providerName: Us}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  owner: Us
  portfolios: [{portfolio: net}]
  versions:
    - {name: v1, template: size.yaml, ref: size-v1}
    - {name: v2, template: size.yaml}
";

struct Repo {
    dir: tempfile::TempDir,
    git: git2::Repository,
}

impl Repo {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let git = git2::Repository::init(dir.path()).unwrap();
        Self { dir, git }
    }

    fn commit(&self, files: &[(&str, &str)]) -> git2::Oid {
        let mut index = self.git.index().unwrap();
        for (name, text) in files {
            std::fs::write(self.dir.path().join(name), text).unwrap();
            index.add_path(Path::new(name)).unwrap();
        }
        index.write().unwrap();
        let tree = self.git.find_tree(index.write_tree().unwrap()).unwrap();
        let who = git2::Signature::new("T", "t@example.com", &git2::Time::new(1, 0)).unwrap();
        let parent = self
            .git
            .head()
            .ok()
            .map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<_> = parent.iter().collect();
        self.git
            .commit(Some("HEAD"), &who, &who, "change", &tree, &parents)
            .unwrap()
    }

    fn tag(&self, name: &str) {
        let head = self
            .git
            .head()
            .unwrap()
            .peel(git2::ObjectType::Commit)
            .unwrap();
        self.git.tag_lightweight(name, &head, false).unwrap();
    }

    fn load(&self, world: &World) -> Loaded {
        let read = Folder::open(self.dir.path()).unwrap().read().unwrap();
        let context = Context {
            target: Some(world.target()),
        };
        manifest::load(&read.tree, &context)
    }
}

/// One file, a version after the other: the old one is what it was at its tag.
#[tokio::test(start_paused = true)]
async fn a_version_is_the_file_as_it_was_at_its_tag() {
    for profile in [Profile::Instant, Profile::Aws] {
        let world = World::with(profile, 3);
        let repo = Repo::new();
        repo.commit(&[("catalog.yaml", CATALOG), ("size.yaml", SIZE)]);
        repo.tag("size-v1");
        let newer = SIZE.replace("Default: none", "Default: some");
        repo.commit(&[("size.yaml", &newer)]);
        let desired = repo.load(&world).desired;
        assert!(!desired.incomplete && desired.broken.is_empty());
        world.process().await.apply(&desired).await;
        let pass = world.process().await.reconciler.plan(&desired, None).await;
        let digests = product(&pass.observed, "vpc").versions.iter();
        let digests: Vec<_> = digests
            .map(|v| v.content.as_ref().unwrap().content.clone())
            .collect();
        let of = |text: &str| Template::new(text.as_bytes().into()).content;
        assert_eq!(digests, [of(SIZE), of(&newer)]);

        // The next release: a tag for what was the newest, and another file under the new name.
        repo.tag("size-v2");
        let next = CATALOG.replace(
            "    - {name: v2, template: size.yaml}\n",
            "    - {name: v2, template: size.yaml, ref: size-v2}\n    - {name: v3, template: size.yaml}\n",
        );
        let newest = SIZE.replace("Default: none", "Default: more");
        repo.commit(&[("catalog.yaml", &next), ("size.yaml", &newest)]);
        let desired = repo.load(&world).desired;
        world.calls();
        world.process().await.apply(&desired).await;
        let made = writes(&world);
        assert_eq!(made.get("CreateProvisioningArtifact"), Some(&1), "{made:?}");
        assert_eq!(made.len(), 1, "{made:?}");
        let again = world.process().await.reconciler.plan(&desired, None).await;
        assert!(!again.plan.has_changes() && !again.plan.is_blocked());
    }
}

/// A tag that nobody pushed makes its product broken, and removes nothing.
#[tokio::test(start_paused = true)]
async fn a_tag_that_is_not_there_leaves_its_product_alone() {
    let world = World::new();
    let repo = Repo::new();
    repo.commit(&[("catalog.yaml", CATALOG), ("size.yaml", SIZE)]);
    let loaded = repo.load(&world);
    assert!(loaded.has_errors());
    assert!(loaded.desired.products.is_empty());
    assert_eq!(loaded.desired.broken.len(), 1);
    repo.tag("size-v1");
    assert!(!repo.load(&world).has_errors());
}
