//! Where a stack set has instances, and where it is to have them. Instances come, change and go by calls of their own
//! (`StackSetOperationType`), each for some accounts in some regions: one call a pass, since each waits for the one before.

use std::collections::{BTreeMap, BTreeSet};

use super::{Blocked, BlockedCode};
use crate::diff::{Change, Reason, Shown, Was};
use crate::model::desired::ProvisionedProduct;
use crate::model::launch::{OperationType, Preferences};
use crate::model::observed::{LiveProvisioned, LiveStackSet, Place, ProvisionedStatus};

/// How many places are named in one line.
const SHOWN: usize = 3;

/// Accounts and regions of one call: an instance in each of the accounts in each of the regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grid {
    accounts: Vec<String>,
    regions: Vec<String>,
}

/// What one update does about a stack set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) kind: OperationType,
    grid: Grid,
    /// What makes it necessary.
    pub(crate) changes: Vec<Change>,
    /// What is left to following passes, in words.
    pub(crate) later: Option<String>,
}

impl Operation {
    /// The preferences that are sent: where and what are the operation's, the others the manifest's.
    pub(crate) fn preferences(&self, wanted: Option<&Preferences>) -> Preferences {
        Preferences {
            accounts: Some(self.grid.accounts.clone()),
            regions: Some(self.grid.regions.clone()),
            operation: Some(self.kind),
            ..wanted.cloned().unwrap_or_default()
        }
    }

    /// In how many accounts and regions.
    pub(crate) fn size(&self) -> usize {
        self.grid.accounts.len() * self.grid.regions.len()
    }

    /// In words, with nothing secret in it.
    pub(crate) fn text(&self) -> String {
        format!(
            "{} in {} of {}",
            self.kind.as_str(),
            self.grid.regions.join(", "),
            self.grid.accounts.join(", ")
        )
    }
}

/// Where a stack set stands against its manifest.
#[derive(Debug)]
pub(crate) struct Instances<'a> {
    live: &'a LiveStackSet,
    /// Its last change failed.
    tainted: bool,
    /// The regions in the order of the rollout.
    order: Vec<String>,
    missing: BTreeSet<Place>,
    surplus: BTreeSet<Place>,
    /// Accounts and regions where they differ as such.
    differing: Vec<Change>,
}

impl<'a> Instances<'a> {
    /// What a manifest leaves out of accounts or regions is what the instances have.
    pub(crate) fn new(
        want: &ProvisionedProduct,
        live: &'a LiveProvisioned,
        base: Was<&ProvisionedProduct>,
    ) -> Option<Self> {
        let set = live.stack_set.as_ref()?;
        let there = |pick: fn(&Place) -> &String| -> BTreeSet<String> {
            set.instances.keys().map(pick).cloned().collect()
        };
        let (accounts, regions) = (there(|o| &o.account), there(|o| &o.region));
        let said = want.stack_set.as_ref().map(|set| &set.preferences);
        let wanted_accounts = said.and_then(|said| said.accounts.as_deref());
        let wanted_regions = said.and_then(|said| said.regions.as_deref());
        let mut differing = Vec::new();
        let mut compare = |field, wanted: Option<&[String]>, live: &BTreeSet<String>, was| {
            let Some(wanted) = wanted else { return };
            let (before, after) = (joined(live), joined(wanted));
            if before != after {
                differing.push(Change {
                    field: format!("stackSet.{field}"),
                    reason: Was::why(&was, &after, &before),
                    before: Shown::field(Some(&before)),
                    after: Shown::text(after),
                });
            }
        };
        let was = |pick: fn(&Preferences) -> Option<&Vec<String>>| {
            base.part(|base| pick(&base.stack_set.as_ref()?.preferences))
                .map(joined)
        };
        let was_accounts = was(|said| said.accounts.as_ref());
        let was_regions = was(|said| said.regions.as_ref());
        compare("accounts", wanted_accounts, &accounts, was_accounts);
        compare("regions", wanted_regions, &regions, was_regions);
        let order = match wanted_regions {
            Some(regions) => regions.to_vec(),
            None => regions.iter().cloned().collect(),
        };
        let live_places: BTreeSet<Place> = set.instances.keys().cloned().collect();
        let mut places = live_places.clone();
        if wanted_accounts.is_some() || wanted_regions.is_some() {
            let accounts = wanted_accounts.map_or(accounts, |o| o.iter().cloned().collect());
            let regions = wanted_regions.map_or(regions, |o| o.iter().cloned().collect());
            places = regions
                .iter()
                .flat_map(|region| accounts.iter().map(|account| place(account, region)))
                .collect();
        }
        Some(Self {
            live: set,
            tainted: live.status == ProvisionedStatus::Tainted,
            order,
            missing: places.difference(&live_places).cloned().collect(),
            surplus: live_places.difference(&places).cloned().collect(),
            differing,
        })
    }

    /// What is to be done first: changes to the instances that stay, then new ones, then what goes; and only then, where
    /// those that stay are no grid yet, the changes. `other` is what changes of the set itself.
    ///
    /// An update that failed leaves instances behind their set, which then shows no difference: it is made again. One that
    /// succeeded although some instances failed did what it was asked.
    pub(crate) fn next(&self, mut other: Vec<Change>) -> Result<Option<Operation>, Blocked> {
        let stay: BTreeSet<Place> = self.live.instances.keys().cloned().collect();
        let stay: BTreeSet<Place> = stay.difference(&self.surplus).cloned().collect();
        let behind: Vec<&Place> = self
            .live
            .behind()
            .map(|(place, _)| place)
            .filter(|place| self.tainted && stay.contains(*place))
            .collect();
        if !behind.is_empty() {
            other.push(Change {
                field: "stackSet.instances".to_owned(),
                before: Shown::text(format!("not as the stack set: {}", named(&behind))),
                after: Shown::text("as the stack set"),
                reason: Reason::Differs,
            });
        }
        let grid = self.grid(&stay);
        if !other.is_empty() && grid.places() == stay && !stay.is_empty() {
            return Ok(Some(self.operation(OperationType::Update, grid, other)));
        }
        if !self.missing.is_empty() {
            let (grid, changes) = (self.grid(&self.missing), self.differences());
            return Ok(Some(self.operation(OperationType::Create, grid, changes)));
        }
        if !other.is_empty() && !stay.is_empty() {
            return Err(Blocked::new(
                BlockedCode::StackSet,
                format!(
                    "its instances are {}, which no single call names: say accounts and regions in stackSet, so that all of them are in each",
                    named(&stay.iter().collect::<Vec<_>>())
                ),
            ));
        }
        if !self.surplus.is_empty() {
            let (grid, changes) = (self.grid(&self.surplus), self.differences());
            return Ok(Some(self.operation(OperationType::Delete, grid, changes)));
        }
        if !other.is_empty() {
            return Err(Blocked::new(
                BlockedCode::StackSet,
                "it has no instances, and an update needs some: say accounts and regions in stackSet",
            ));
        }
        Ok(None)
    }

    fn operation(&self, kind: OperationType, grid: Grid, changes: Vec<Change>) -> Operation {
        let places = grid.places();
        let left = |all: &BTreeSet<Place>| all.iter().any(|place| !places.contains(place));
        let words = match (kind, left(&self.missing), left(&self.surplus)) {
            (_, true, true) => Some("instances that are lacking, and those that go,"),
            (_, true, false) => Some("instances that are lacking"),
            (_, false, true) => Some("instances that go"),
            (_, false, false) => None,
        };
        Operation {
            kind,
            grid,
            changes,
            later: words.map(|words| format!("{words} follow in another call")),
        }
    }

    /// How accounts and regions differ; where only some of their pairs are lacking or too many, how many.
    fn differences(&self) -> Vec<Change> {
        if !self.differing.is_empty() {
            return self.differing.clone();
        }
        let (missing, surplus): (Vec<_>, Vec<_>) =
            (self.missing.iter().collect(), self.surplus.iter().collect());
        let one = |before, after| Change {
            field: "stackSet.instances".to_owned(),
            before,
            after,
            reason: Reason::Drifted,
        };
        let lacking =
            (!missing.is_empty()).then(|| one(Shown::Absent, Shown::text(named(&missing))));
        let more = (!surplus.is_empty()).then(|| one(Shown::text(named(&surplus)), Shown::Absent));
        lacking.into_iter().chain(more).collect()
    }

    /// The accounts of the first region that has any, and all regions that have all of those.
    fn grid(&self, places: &BTreeSet<Place>) -> Grid {
        let mut by_region: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for place in places {
            let accounts = by_region.entry(&place.region).or_default();
            accounts.insert(&place.account);
        }
        let known = self.order.iter().map(String::as_str);
        let others = by_region.keys().copied();
        let mut order: Vec<&str> = Vec::new();
        for region in known.chain(others) {
            if by_region.contains_key(region) && !order.contains(&region) {
                order.push(region);
            }
        }
        let accounts = order.first().map(|region| by_region[region].clone());
        let accounts = accounts.unwrap_or_default();
        let regions = order.into_iter();
        let regions = regions.filter(|region| by_region[region].is_superset(&accounts));
        Grid {
            regions: regions.map(str::to_owned).collect(),
            accounts: accounts.into_iter().map(str::to_owned).collect(),
        }
    }
}

impl Grid {
    fn places(&self) -> BTreeSet<Place> {
        let regions = self.regions.iter();
        regions
            .flat_map(|region| self.accounts.iter().map(|account| place(account, region)))
            .collect()
    }
}

fn place(account: &str, region: &str) -> Place {
    Place {
        account: account.to_owned(),
        region: region.to_owned(),
    }
}

/// In one order, each once: that of accounts says nothing, and that of regions only how a rollout goes.
fn joined<'t>(texts: impl IntoIterator<Item = &'t String>) -> String {
    let texts: BTreeSet<&str> = texts.into_iter().map(String::as_str).collect();
    texts.into_iter().collect::<Vec<_>>().join(", ")
}

/// The first of many places.
pub(crate) fn named(places: &[&Place]) -> String {
    let first = places.iter().take(SHOWN);
    let first = first
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ");
    match places.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first}; and {more} more"),
    }
}
