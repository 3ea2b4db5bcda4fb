//! Live versions that the list does not name.

use crate::ids::{Key, Kind, VersionId};
use crate::model::desired::UnlistedVersions;
use crate::model::observed::{LiveVersion, ProvisionedStatus, ReadyStatus, Running, Scope};
use crate::model::owner::Installation;
use crate::plan::{BlockedCode, Reason};
use crate::render::testing::*;

/// A converged world whose product deactivates what its list does not name, with such versions beside the list.
fn with_unlisted(names: &[&str]) -> World {
    let mut desired = catalog();
    vpc(&mut desired).unlisted_versions = UnlistedVersions::Deactivate;
    let mut world = World::converged(desired);
    for name in names {
        let live = world.product("vpc");
        let mut version = live.versions[0].clone();
        version.id = VersionId::new(format!("pa-{}", live.versions.len()));
        version.name = (*name).to_owned();
        live.versions.push(version);
    }
    world
}

fn unlisted<'w>(world: &'w mut World, name: &str) -> &'w mut LiveVersion {
    let mut versions = world.product("vpc").versions.iter_mut();
    versions.find(|version| version.name == name).unwrap()
}

#[test]
fn unlisted_versions_are_kept_or_become_inactive() {
    let mut world = with_unlisted(&["v0", "by hand", "by hand"]);
    insta::assert_snapshot!(world.text(), @r##"
    Drift (1 object): changed in the catalog, not only in git; applying makes it as git says

      ~ product/vpc  (drifted)
          ~ version v0 active: true → false
          ~ version by hand active: true → false
          ~ version by hand active: true → false
          note: versions that the list does not name become inactive (unlistedVersions: deactivate)

    Plan: 0 to create, 1 to update, 0 to replace; 3 calls. 1 drifted.
    "##);
    insta::assert_snapshot!(world.calls().join("\n"), @r##"
    UpdateProvisioningArtifact product/vpc needs []
    UpdateProvisioningArtifact product/vpc needs []
    UpdateProvisioningArtifact product/vpc needs []
    "##);
    for version in &mut world.product("vpc").versions[2..] {
        version.active = false;
    }
    assert!(!world.plan().has_changes(), "inactive is what is wanted");
    let mut world = with_unlisted(&["v0"]);
    vpc(&mut world.desired).unlisted_versions = UnlistedVersions::Keep;
    assert!(!world.plan().has_changes());
}

#[test]
fn the_reason_says_who_took_it_off_the_list_or_put_it_beside() {
    let reason = |world: &World| {
        let plan = world.plan();
        let changes = &plan.object(Kind::Product, &name("vpc")).unwrap().changes;
        let reasons = changes.iter().filter(|c| c.field == "versions[v0].active");
        reasons.map(|change| change.reason).collect::<Vec<_>>()
    };
    let mut world = with_unlisted(&["v0"]);
    assert_eq!(reason(&world), [Reason::Drifted], "somebody made it active");
    let base = vpc(world.base.as_mut().unwrap());
    base.unlisted_versions = UnlistedVersions::Keep;
    assert_eq!(reason(&world), [Reason::GitChanged], "kept until now");
    let mut listed = vpc(&mut world.desired).versions[0].clone();
    listed.name = "v0".to_owned();
    let base = vpc(world.base.as_mut().unwrap());
    base.unlisted_versions = UnlistedVersions::Deactivate;
    base.versions.push(listed.clone());
    assert_eq!(reason(&world), [Reason::GitChanged], "listed until now");
    vpc(world.base.as_mut().unwrap()).versions[2].active = false;
    assert_eq!(reason(&world), [Reason::Drifted], "inactive either way");
    vpc(&mut world.desired).owner = "Others".to_owned();
    let plan = world.plan();
    let object = plan.object(Kind::Product, &name("vpc")).unwrap();
    assert_eq!(object.reason, Some(Reason::Both));
    vpc(&mut world.desired).owner = "Platform".to_owned();
    world.base.as_mut().unwrap().products.clear();
    assert_eq!(reason(&world), [Reason::GitChanged], "the product is new");
    world.base = None;
    assert_eq!(reason(&world), [Reason::Differs]);
    // Listed again, it becomes active again.
    world = with_unlisted(&["v0"]);
    unlisted(&mut world, "v0").active = false;
    vpc(&mut world.desired).versions.push(listed);
    insta::assert_snapshot!(world.text(), @r##"
      ~ product/vpc  (git changed)
          ~ version v0 active: false → true

    Plan: 0 to create, 1 to update, 0 to replace; 1 call.
    "##);
}

#[test]
fn what_runs_keeps_its_version_active() {
    let mut world = with_unlisted(&["v0", "old", "gone"]);
    let (old, v0) = (VersionId::new("pa-3"), VersionId::new("pa-2"));
    // Somebody else's, that shows one version and runs from another; and two more of one of the two.
    let mut theirs = world.provisioned("hub").clone();
    theirs.tags.clear();
    for n in 1..=3 {
        theirs.id = format!("pp-theirs-{n}").as_str().into();
        theirs.name = format!("theirs-{n}");
        theirs.version = v0.clone();
        theirs.running = (n == 1).then(|| Running {
            product: theirs.product.clone(),
            version: old.clone(),
        });
        theirs.status = ProvisionedStatus::Tainted;
        let id = theirs.id.clone();
        world.observed.provisioned.insert(id, theirs.clone());
    }
    insta::assert_snapshot!(world.text(), @r##"
    Drift (1 object): changed in the catalog, not only in git; applying makes it as git says

      ~ product/vpc  (drifted)
          ~ version gone active: true → false
          ! blocked in part, see below: version-in-use
          note: versions that the list does not name become inactive (unlistedVersions: deactivate)

    Blocked (1 object): left as it is until somebody acts; the rest goes on

      ! product/vpc  (blocked in part)
          ! version-in-use: version "v0" (pa-2) is not listed but stays active, because provisioned product "theirs-1" (pp-theirs-1) and 2 more use it: move them to another version, or list this one (catalog.yaml:20:3)
          ! version-in-use: version "old" (pa-3) is not listed but stays active, because provisioned product "theirs-1" (pp-theirs-1) uses it: move that to another version, or list this one (catalog.yaml:20:3)

    Plan: 0 to create, 1 to update, 0 to replace; 1 call. 1 drifted, 1 blocked.
    "##);
}

#[test]
fn a_doubt_keeps_unlisted_versions() {
    let refused = |world: &World| {
        let plan = world.plan();
        let object = plan.object(Kind::Product, &name("vpc")).unwrap();
        assert!(!plan.has_changes(), "{}", world.text());
        object.blocked[0].message.clone()
    };
    let mut world = with_unlisted(&["v0"]);
    world.gap(Scope::Provisioned);
    insta::assert_snapshot!(refused(&world), @"every version that is not listed stays active, because something may run from it: the list of provisioned products could not be read (ListSomething was denied)");
    let mut world = with_unlisted(&["v0"]);
    world.gap(Scope::ProvisionedProduct("pp-hub".into()));
    assert!(
        world.plan().has_changes(),
        "its record was read, its stack not"
    );
    world.provisioned("hub").running = None;
    insta::assert_snapshot!(refused(&world), @"every version that is not listed stays active, because something may run from it: provisioned product pp-hub could not be read (ListSomething was denied)");
    let mut world = with_unlisted(&["v0"]);
    world.gap(Scope::Products);
    insta::assert_snapshot!(refused(&world), @"every version that is not listed stays: the list of products could not be read (ListSomething was denied)");
    let mut world = with_unlisted(&["v0"]);
    let broken = Key::new(Kind::Portfolio, name("other"));
    world.desired.broken.insert(broken);
    insta::assert_snapshot!(refused(&world), @"every version that is not listed stays: a manifest of the source has an error, so nothing is removed until it is mended");
}

#[test]
fn old_versions_stay_until_new_ones_are_there() {
    // A new version is made first.
    let mut world = with_unlisted(&["v0"]);
    let third = version(&mut world.desired, "v3", "Resources: v3\n");
    vpc(&mut world.desired).versions.push(third.clone());
    insta::assert_snapshot!(world.calls().join("\n"), @r##"
    PutObject product/vpc needs []
    CreateProvisioningArtifact product/vpc needs [0]
    UpdateProvisioningArtifact product/vpc needs [1]
    "##);
    // None of the list is to be had.
    let mut world = with_unlisted(&["v0"]);
    world.desired.provisioned.clear();
    for live in &mut world.product("vpc").versions[..2] {
        live.status = ReadyStatus::Failed;
    }
    insta::assert_snapshot!(world.text(), @r##"
    Blocked (1 object): left as it is until somebody acts; the rest goes on

      ! product/vpc  (blocked)
          ! version-state: version "v1" (pa-vpc-v1) failed when it was made: mend its template under a new version name (catalog.yaml:40:3)
          ! version-state: version "v2" (pa-vpc-v2) failed when it was made: mend its template under a new version name (catalog.yaml:40:3)
          ! version-state: every version that is not listed stays active: no listed one is there to take its place

      What to do:
          version-state: name a version that can be launched

    Orphaned (2 objects): ours, no longer in git, left alone

      · provisioned-product/hub  (pp-hub, "hub")
      · provisioned-product/spoke  (pp-spoke, "spoke")

      What to do:
          to delete one, put its manifest back with `onRemove: delete`, apply, and take it out again; to keep it for good, put its manifest back, or take its `catalogd:` tag off

    No changes can be made now. 1 blocked, 2 orphaned.
    "##);
    // None is meant to be.
    let mut world = with_unlisted(&["v0"]);
    world.desired.provisioned.clear();
    for version in &mut vpc(&mut world.desired).versions {
        version.active = false;
    }
    for live in &mut world.product("vpc").versions[..2] {
        live.active = false;
    }
    assert_eq!(world.plan().steps.len(), 1);
}

#[test]
fn failed_and_unfinished_unlisted_versions() {
    let mut world = with_unlisted(&["failed", "unfinished"]);
    unlisted(&mut world, "failed").status = ReadyStatus::Failed;
    unlisted(&mut world, "unfinished").status = ReadyStatus::Creating;
    insta::assert_snapshot!(world.text(), @r##"
    Waiting (1 object): planned in a following pass, which apply makes by itself

      … product/vpc  (waits)
          … version "unfinished" (pa-3), which is not listed, is still being made

    No changes can be made now. 1 waiting.
    "##);
}

#[test]
fn a_crowd_of_unlisted_versions_is_refused() {
    let names: Vec<String> = (0..10).map(|n| format!("old-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = with_unlisted(&names);
    insta::assert_snapshot!(world.text(), @r##"
    Blocked (1 object): left as it is until somebody acts; the rest goes on

      ! product/vpc  (blocked)
          ! removal-guard: 10 of 12 active versions would go at once, more than 30 %: allow them with --allow-deletes 10
          note: versions that the list does not name become inactive (unlistedVersions: deactivate)
          note: held back here: versions[old-0].active, versions[old-1].active, versions[old-2].active, versions[old-3].active, versions[old-4].active, versions[old-5].active, versions[old-6].active, versions[old-7].active, versions[old-8].active, versions[old-9].active

    No changes can be made now. 1 blocked.
    "##);
    world.policy.allow_removals = Some(10);
    assert_eq!(world.plan().steps.len(), 10);
    assert_eq!(with_unlisted(&names[..3]).plan().steps.len(), 3);
}

/// The world of an installation with a name, under which things may be deleted.
fn named(mut world: World) -> World {
    world.identity.installation = Installation::parse("prod").unwrap();
    for portfolio in world.observed.portfolios.values_mut() {
        portfolio.shares = Some(Default::default());
    }
    let portfolios = world.observed.portfolios.values_mut().map(|o| &mut o.tags);
    let products = world.observed.products.values_mut().map(|o| &mut o.tags);
    let provisioned = world.observed.provisioned.values_mut().map(|o| &mut o.tags);
    for tags in portfolios.chain(products).chain(provisioned) {
        for value in tags.values_mut() {
            if let Some(rest) = value.strip_prefix("default/") {
                *value = format!("prod/{rest}");
            }
        }
    }
    world
}

#[test]
fn unlisted_versions_are_deleted() {
    let mut world = with_unlisted(&["v0", "failed"]);
    vpc(&mut world.desired).unlisted_versions = UnlistedVersions::Delete;
    unlisted(&mut world, "v0").active = false;
    unlisted(&mut world, "failed").status = ReadyStatus::Failed;
    let refused = world.plan();
    let blocked = &refused.object(Kind::Product, &name("vpc")).unwrap().blocked;
    assert_eq!(blocked[0].code, BlockedCode::DefaultInstallation);
    assert!(!refused.has_changes());
    let world = named(world);
    insta::assert_snapshot!(world.text(), @r"
      ~ product/vpc  (git changed)
          - version v0  pa-2
          - version failed  pa-3
          note: versions that the list does not name are deleted (unlistedVersions: delete)

    Plan: 0 to create, 1 to update, 0 to replace; 2 calls.
    ");
    insta::assert_snapshot!(world.calls().join("\n"), @r"
    DeleteProvisioningArtifact product/vpc needs []
    DeleteProvisioningArtifact product/vpc needs []
    ");
}

/// None of the listed ones can be had, and none of them would be in use: one of the others stays all the same.
#[test]
fn the_last_version_is_not_deleted() {
    let mut world = named(World::converged(catalog()));
    world.desired.provisioned.clear();
    world.observed.provisioned.clear();
    let product = vpc(&mut world.desired);
    product.unlisted_versions = UnlistedVersions::Delete;
    product.versions.truncate(1);
    product.versions[0].name = "v9".to_owned();
    product.versions[0].active = false;
    world.desired.templates.clear();
    let plan = world.plan();
    let object = plan.object(Kind::Product, &name("vpc")).unwrap();
    let codes: Vec<_> = object.blocked.iter().map(|b| b.code).collect();
    assert_eq!(codes, [BlockedCode::Dependency, BlockedCode::LastVersion]);
    assert_eq!(object.changes.len(), 1, "{:?}", object.changes);
}

/// What the recipients of a share launched can't be seen, nor whom a portfolio is shared with that was not asked.
#[test]
fn nothing_is_deleted_of_what_is_or_may_be_shared() {
    let mut world = with_unlisted(&["v0"]);
    vpc(&mut world.desired).unlisted_versions = UnlistedVersions::Delete;
    let mut world = named(world);
    assert!(world.plan().has_changes());
    world.portfolio("net").shares = None;
    let codes = |world: &World| {
        let plan = world.plan();
        assert!(!plan.has_changes());
        let object = plan.object(Kind::Product, &name("vpc")).unwrap();
        object.blocked.iter().map(|b| b.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(&world), [BlockedCode::Shared]);
    let id = world.portfolio("net").id.clone();
    world.gap(Scope::Shares(id));
    assert_eq!(codes(&world), [BlockedCode::Gap]);
}
