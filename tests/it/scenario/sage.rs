//! A catalog that an organisation really runs, in its three environments.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use catalogd::aws::pace::Pace;
use catalogd::emulator::{Outcome, Profile};
use catalogd::ids::{Digest, Name};
use catalogd::model::desired::{Desired, TemplateSource, UnlistedVersions};
use catalogd::model::owner::Identity;
use catalogd::plan::BlockedCode;
use catalogd::reconcile::Pass;
use catalogd::reconcile::converge::{Converged, End};

use super::kit::is_read;
use crate::examples::expect_each_once;
use crate::shared::shared_data;
use crate::world::World;

const MANIFEST: &str = "catalog.yaml";
/// What makes a version inactive or active again, or changes a text of it.
const EDIT: &str = "UpdateProvisioningArtifact";
const PUT: &str = "PutObject";

#[tokio::test(start_paused = true)]
async fn the_catalog_of_sage_prod_converges_and_its_second_plan_is_empty() {
    let Some(data) = shared_data() else { return };
    let world = World::new();
    world.copy(&data.join("catalogs/sage/prod"));
    let desired = world.desired();
    assert_eq!((desired.portfolios.len(), desired.products.len()), (3, 6));
    let versions: usize = desired
        .products
        .values()
        .map(|product| product.versions.len())
        .sum();
    assert_eq!(versions, 82);
    world.apply().await;
    world.expect_empty_plan().await;
    let pass = world.plan().await;
    let live: usize = pass
        .observed
        .products
        .values()
        .map(|product| product.versions.len())
        .sum();
    assert_eq!(live, versions);
    expect_each_once(&pass.observed);
    for status in &pass.statuses {
        assert!(status.is_well(), "{status:?}");
    }
    // Byte for byte what git has, in S3.
    for template in desired.templates.values() {
        let url = format!(
            "https://{}.s3.us-east-1.amazonaws.com/{}",
            world.bucket(),
            template.object_key()
        );
        let stored = world
            .emulator
            .buckets()
            .read_url(crate::world::ACCOUNT, &url)
            .unwrap();
        assert_eq!(*stored, *template.bytes);
    }
}

#[tokio::test(start_paused = true)]
async fn sages_environments_follow_each_other_and_unlisted_versions_are_kept() {
    let Some(data) = shared_data() else { return };
    let world = World::new();
    let mut walk = Walk::new(&world, &data, UnlistedVersions::Keep);
    walk.walk_all().await;
    // Nothing ever goes: all versions that any environment lists.
    assert_eq!(walk.active(), 94);
}

#[tokio::test(start_paused = true)]
async fn sages_environments_follow_each_other_and_unlisted_versions_become_inactive() {
    let Some(data) = shared_data() else { return };
    let world = World::new();
    let mut walk = Walk::new(&world, &data, UnlistedVersions::Deactivate);
    walk.walk_all().await;
    assert_eq!((walk.ledger.len(), walk.active()), (94, 82));

    // What Sage has a custom resource for: all but the latest version of each product are retired. That many at once
    // need leave.
    let whole = walk.manifest("prod");
    world.write(MANIFEST, all_but_latest(&whole));
    world.calls();
    let refused = world.apply().await;
    let said: BTreeSet<_> = blocked(&refused.pass).collect();
    let expected = "76 of 82 active versions would go at once, more than 30 %: allow them with --allow-deletes 76";
    assert_eq!(
        said,
        [(BlockedCode::RemovalGuard, expected.to_owned())].into()
    );
    assert!(world.calls().keys().all(|call| is_read(call)));
    walk.step("latest", Some(76)).await;
    assert_eq!(walk.active(), 6);
    world.write(MANIFEST, whole);
    walk.step("prod once more", None).await;
    assert_eq!(walk.active(), 82);
}

/// Lag, throttling, latency, and writes of versions that undo each other where they overlap.
#[tokio::test(start_paused = true)]
async fn sages_environments_follow_each_other_on_an_aws_as_slow_as_the_real_one() {
    let Some(data) = shared_data() else { return };
    let world = World::with(Profile::Aws, 5);
    let mut walk = Walk::new(&world, &data, UnlistedVersions::Deactivate);
    walk.walk_all().await;
    assert_eq!((walk.ledger.len(), walk.active()), (94, 82));
}

/// A manifest whose products list their last version alone.
fn all_but_latest(manifest: &str) -> String {
    const ITEM: &str = "    - name: ";
    let documents = manifest.split("---\n").map(|document| {
        let last = document.rfind(ITEM);
        match (document.find(ITEM), last) {
            (Some(first), Some(last)) => document[..first].to_owned() + &document[last..],
            _ => document.to_owned(),
        }
    });
    documents.collect::<Vec<_>>().join("---\n")
}

fn blocked(pass: &Pass) -> impl Iterator<Item = (BlockedCode, String)> {
    let all = pass.plan.objects.iter().flat_map(|object| &object.blocked);
    all.map(|blocked| (blocked.code, blocked.message.clone()))
}

/// What a version must be like, live.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    content: Option<Digest>,
    description: String,
    active: bool,
}

/// One environment after the other over the same live catalog, with a ledger of what must be there by then.
struct Walk<'w> {
    world: &'w World,
    data: &'w Path,
    unlisted: UnlistedVersions,
    ledger: BTreeMap<(Name, String), Known>,
    stored: BTreeSet<Digest>,
    made: BTreeSet<Name>,
}

impl<'w> Walk<'w> {
    fn new(world: &'w World, data: &'w Path, unlisted: UnlistedVersions) -> Self {
        Self {
            world,
            data,
            unlisted,
            ledger: BTreeMap::new(),
            stored: BTreeSet::new(),
            made: BTreeSet::new(),
        }
    }

    fn active(&self) -> usize {
        self.ledger.values().filter(|known| known.active).count()
    }

    /// An environment's manifest, with a word for unlisted versions in each product.
    fn manifest(&self, environment: &str) -> String {
        let folder = self.data.join("catalogs/sage").join(environment);
        let text = std::fs::read_to_string(folder.join(MANIFEST)).unwrap();
        match self.unlisted {
            UnlistedVersions::Keep => text,
            UnlistedVersions::Delete => unreachable!("its teams delete no versions"),
            UnlistedVersions::Deactivate => text.replace(
                "  versions:\n",
                "  unlistedVersions: deactivate\n  versions:\n",
            ),
        }
    }

    async fn walk_all(&mut self) {
        // Versions of one name never differ between these environments, and no step drops more than the guard lets
        // pass: nothing is blocked and nothing needs leave.
        for environment in ["develop", "prod", "strides", "prod"] {
            let folder = self.data.join("catalogs/sage").join(environment);
            self.world.copy(&folder);
            self.world.write(MANIFEST, self.manifest(environment));
            self.step(environment, None).await;
        }
        // The last step made versions active again that strides does not list.
        let again = self.ledger.iter().filter(|(_, known)| known.active);
        let jobs = again.filter(|((product, _), _)| product.as_str() == "scheduled-jobs");
        assert_eq!(jobs.count(), 8);
    }

    /// Applies what the world's source says; holds the calls to those that the ledger asks for.
    async fn step(&mut self, what: &str, allow: Option<usize>) {
        let desired = self.world.desired();
        let expected = self.enter(&desired);
        self.world.calls();
        let started = self.world.clock.now();
        let mut process = self.world.process().await;
        process.reconciler.allow_removals(allow);
        let Converged { pass, end, passes } = process.apply(&desired).await;
        let took = self.world.clock.now().duration_since(started);
        assert_eq!(end, End::Settled);
        assert_eq!(blocked(&pass).collect::<Vec<_>>(), [], "{what}");
        let (done, refused) = self.calls();
        let reads: usize = done
            .iter()
            .filter(|(c, _)| is_read(c))
            .map(|(_, n)| n)
            .sum();
        let mut writes = done;
        writes.retain(|call, _| !is_read(call));
        eprintln!(
            "{what}, unlisted versions {:?}: {reads} reads, {refused} throttled, {passes} passes, {} s; {writes:?}",
            self.unlisted,
            took.as_secs()
        );
        // The content index is written when it knows more, at most once a pass.
        let puts = writes.remove(PUT).unwrap_or_default();
        let templates = expected.get(PUT).copied().unwrap_or_default();
        assert!(
            puts >= templates && puts <= templates + passes,
            "{what}: {puts} puts of {templates} templates"
        );
        let mut expected = expected;
        expected.remove(PUT);
        if self.world.pace == Pace::Default {
            // A plan made within seconds of a write may meet a replica that is older still: it is written once more.
            for (call, made) in &mut writes {
                let asked = expected.get(call).copied().unwrap_or_default();
                let again = made.saturating_sub(asked);
                assert!(again < passes, "{what}: {call} {again} times too often");
                *made -= if call.starts_with("Update") { again } else { 0 };
            }
        }
        assert_eq!(writes, expected, "{what}");
        self.expect_the_ledger(&desired).await;
    }

    /// Enters what a source asks for, and returns the writes that this takes.
    fn enter(&mut self, desired: &Desired) -> BTreeMap<String, usize> {
        let mut calls: BTreeMap<String, usize> = BTreeMap::new();
        let mut call = |name: &str, n: usize| {
            if n > 0 {
                *calls.entry(name.to_owned()).or_default() += n;
            }
        };
        if self.ledger.is_empty() {
            for once in ["CreateBucket", "PutPublicAccessBlock", "PutBucketPolicy"] {
                call(once, 1);
            }
            call("CreatePortfolio", desired.portfolios.len());
        }
        for (name, product) in &desired.products {
            let is_new = self.made.insert(name.clone());
            if is_new {
                let places = product.portfolios.as_ref().map_or(0, BTreeMap::len);
                call("AssociateProductWithPortfolio", places);
            }
            for (at, version) in product.versions.iter().enumerate() {
                let TemplateSource::File { raw, .. } = &version.source else {
                    panic!("{version:?}");
                };
                let want = Known {
                    content: Some(desired.templates[raw].content.clone()),
                    description: version.description.clone().unwrap_or_default(),
                    active: true,
                };
                let place = (name.clone(), version.name.clone());
                match self.ledger.get_mut(&place) {
                    None => {
                        let first = is_new && at == 0;
                        call(
                            match first {
                                true => "CreateProduct",
                                false => "CreateProvisioningArtifact",
                            },
                            1,
                        );
                        call(PUT, usize::from(self.stored.insert(raw.clone())));
                        self.ledger.insert(place, want);
                    }
                    Some(known) => {
                        // Here a name has one content, whatever the environment.
                        assert_eq!(known.content, want.content, "{place:?}");
                        call(EDIT, usize::from(*known != want));
                        *known = want;
                    }
                }
            }
        }
        if self.unlisted == UnlistedVersions::Deactivate {
            let listed = |(product, version): &(Name, String)| {
                let product = &desired.products[product];
                product.versions.iter().any(|v| v.name == *version)
            };
            let mut unlisted: Vec<_> = self
                .ledger
                .iter_mut()
                .filter(|(place, known)| known.active && !listed(place))
                .collect();
            call(EDIT, unlisted.len());
            for (_, known) in &mut unlisted {
                known.active = false;
            }
        }
        calls
    }

    /// The calls that were answered, by operation, and how many were not.
    fn calls(&self) -> (BTreeMap<String, usize>, usize) {
        let calls = self.world.emulator.calls();
        let mut done = BTreeMap::new();
        let mut refused = 0;
        for call in calls {
            match call.outcome {
                Outcome::Refused(_, code) if code == "ThrottlingException" => refused += 1,
                _ => *done.entry(call.operation).or_default() += 1,
            }
        }
        self.world.emulator.reset_calls();
        (done, refused)
    }

    /// A new process finds nothing to do, every object once, and every version as it must be.
    async fn expect_the_ledger(&self, desired: &Desired) {
        // Reads lag by some seconds.
        self.world
            .clock
            .sleep(std::time::Duration::from_secs(10))
            .await;
        self.world.expect_empty_plan().await;
        let pass = self.world.plan().await;
        for status in &pass.statuses {
            assert!(status.is_well(), "{status:#?}");
        }
        expect_each_once(&pass.observed);
        assert_eq!(pass.observed.portfolios.len(), desired.portfolios.len());
        let identity = Identity {
            installation: self.world.installation.clone(),
            target: self.world.target(),
        };
        let mut live = BTreeMap::new();
        for product in pass.observed.products.values() {
            let names = desired.products.keys();
            let name = names.clone().find(|name| {
                let mark = identity.tag_value(name);
                product.tags.values().any(|value| *value == mark)
            });
            let name = name.expect("every product is ours");
            for version in &product.versions {
                let known = Known {
                    content: version.content.as_ref().map(|c| c.content.clone()),
                    description: version.description.clone().unwrap_or_default(),
                    active: version.active,
                };
                live.insert((name.clone(), version.name.clone()), known);
            }
        }
        assert_eq!(live, self.ledger);
    }
}
