//! A plan for a part of a source (`--only`, `--portfolio`): every object is looked at as ever, and of those that are not
//! named nothing is done. What needs one of these that would have to change first is blocked, and says so.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::planner::Planner;
use super::{Action, Blocked, BlockedCode, LeftOut, ObjectPlan};
use crate::ids::{Key, Kind, Name};
use crate::model::desired::{Desired, Portfolio, Product, ProvisionedProduct};

/// What a part of a source is chosen by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// These objects: `--only`.
    pub only: BTreeSet<Key>,
    /// These portfolios, the products that stand in them and what is launched from them: `--portfolio`.
    pub portfolios: BTreeSet<Name>,
    /// And whatever these rest on: `--with-dependencies`.
    pub dependencies: bool,
}

impl Selection {
    /// Whether nothing is chosen: a plan is then for the whole source.
    pub fn is_empty(&self) -> bool {
        self.only.is_empty() && self.portfolios.is_empty()
    }

    /// The objects that it comes to; `None` is all of them.
    ///
    /// An object that the source does not name is among them all the same: it may be one that is to go.
    pub fn keys(&self, desired: &Desired) -> Option<BTreeSet<Key>> {
        if self.is_empty() {
            return None;
        }
        let mut keys = self.only.clone();
        for name in &self.portfolios {
            keys.insert(Key::new(Kind::Portfolio, name.clone()));
            let products = desired.products.values();
            let inside = products.filter(|product| stands_in(product, name));
            keys.extend(inside.map(|product| Key::new(Kind::Product, product.name.clone())));
            let launched = desired.provisioned.values();
            let launched = launched.filter(|object| is_launched_from(object, name, desired));
            keys.extend(launched.map(|o| Key::new(Kind::ProvisionedProduct, o.name.clone())));
        }
        if self.dependencies {
            let mut open: Vec<Key> = keys.iter().cloned().collect();
            while let Some(key) = open.pop() {
                for needed in needs(desired, &key) {
                    if desired.names(&needed) && keys.insert(needed.clone()) {
                        open.push(needed);
                    }
                }
            }
        }
        Some(keys)
    }

    /// The names that mean nothing: neither the source nor the plan that was made of it knows them. Each comes with the
    /// names that were most likely meant.
    pub fn unknown(&self, desired: &Desired, plan: &super::Plan) -> Vec<(Key, Vec<Key>)> {
        let portfolios = self.portfolios.iter();
        let portfolios = portfolios.map(|name| Key::new(Kind::Portfolio, name.clone()));
        let named = self.only.iter().cloned().chain(portfolios);
        let planned = plan.objects.iter().map(|object| &object.key);
        let left_out = plan.left_out.iter().map(|left| &left.key);
        let orphans = plan.orphans.iter().map(|orphan| &orphan.key);
        let live: BTreeSet<&Key> = planned.chain(left_out).chain(orphans).collect();
        let unknown = named.filter(|key| !desired.names(key) && !live.contains(key));
        let known: BTreeSet<Key> = desired
            .keys()
            .chain(live.iter().map(|k| (*k).clone()))
            .collect();
        unknown
            .map(|key| {
                let near = near(&key, &known);
                (key, near)
            })
            .collect()
    }
}

/// The objects whose names are most like one that is not known, those of its own kind first.
fn near(key: &Key, known: &BTreeSet<Key>) -> Vec<Key> {
    /// More would not help to decide.
    const SHOWN: usize = 3;
    let name = key.name.as_str();
    let mut near: Vec<(bool, usize, &Key)> = known
        .iter()
        .map(|other| {
            let distance = strsim::damerau_levenshtein(name, other.name.as_str());
            (other.kind != key.kind, distance, other)
        })
        // A third of the letters may be wrong: more than that is another word.
        .filter(|(_, distance, _)| *distance <= (name.len() / 3).max(1))
        .collect();
    near.sort();
    let near = near.into_iter().take(SHOWN);
    near.map(|(_, _, key)| key.clone()).collect()
}

fn stands_in(product: &Product, portfolio: &Name) -> bool {
    let places = product.portfolios.as_ref();
    places.is_some_and(|places| places.contains_key(portfolio))
}

/// Whether its manifest says so, or says nothing and its product stands there.
fn is_launched_from(object: &ProvisionedProduct, portfolio: &Name, desired: &Desired) -> bool {
    match &object.portfolio {
        Some(said) => said == portfolio,
        None => {
            let product = desired.products.get(&object.product);
            product.is_some_and(|product| stands_in(product, portfolio))
        }
    }
}

/// The objects that one rests on, as its manifest says.
fn needs(desired: &Desired, key: &Key) -> Vec<Key> {
    let of = |kind| move |name: &Name| Key::new(kind, name.clone());
    match key.kind {
        Kind::TagOption | Kind::ServiceAction => Vec::new(),
        Kind::Portfolio => {
            let found = desired.portfolios.get(&key.name);
            let Some(Portfolio {
                tag_options,
                shared_products,
                ..
            }) = found
            else {
                return Vec::new();
            };
            let options = tag_options.iter().flat_map(|given| given.keys());
            let shared = shared_products.iter().flat_map(|all| all.values());
            let shared = shared.map(|product| &product.from);
            options
                .map(of(Kind::TagOption))
                .chain(shared.map(of(Kind::Portfolio)))
                .collect()
        }
        Kind::Product => {
            let Some(product) = desired.products.get(&key.name) else {
                return Vec::new();
            };
            let options = product.tag_options.iter().flat_map(|given| given.keys());
            let places = product.portfolios.iter().flat_map(|places| places.keys());
            let offers = product.all_offers().map(|(name, _)| name);
            options
                .map(of(Kind::TagOption))
                .chain(places.map(of(Kind::Portfolio)))
                .chain(offers.map(of(Kind::ServiceAction)))
                .collect()
        }
        Kind::ProvisionedProduct => {
            let Some(object) = desired.provisioned.get(&key.name) else {
                return Vec::new();
            };
            let upstream = object.upstream().into_iter();
            let path = object.portfolio.iter();
            let product = std::iter::once(&object.product);
            upstream
                .map(of(Kind::ProvisionedProduct))
                .chain(path.map(of(Kind::Portfolio)))
                .chain(product.map(of(Kind::Product)))
                .collect()
        }
    }
}

impl Planner<'_> {
    /// Whether the plan is for a part of the source that does not have this object.
    pub(crate) fn leaves_out(&self, key: &Key) -> bool {
        let only = self.input.policy.only.as_ref();
        only.is_some_and(|only| !only.contains(key))
    }

    /// Takes out of a draft all that would be done. Returns whether there was nothing: then all that rests on the object
    /// can go on.
    pub(crate) fn leave_out(draft: &mut Draft) -> bool {
        if draft.steps.is_empty() && draft.removals.is_empty() {
            return true;
        }
        draft.steps.clear();
        draft.removals.clear();
        draft.object.action = Action::None;
        draft.object.reason = None;
        let message = "it differs, and is left out of this plan";
        let blocked = Blocked::new(BlockedCode::LeftOut, message);
        draft.object.blocked.insert(0, blocked);
        false
    }
}

/// What is said of an object that a plan leaves out.
pub(super) fn left_out(object: &ObjectPlan) -> LeftOut {
    // A principal that stays because catalogd runs as it is no difference.
    let held = |b: &Blocked| b.code != BlockedCode::OwnPrincipal;
    LeftOut {
        key: object.key.clone(),
        differs: !object.waiting.is_empty()
            || object.stalled.is_some()
            || object.blocked.iter().any(held),
    }
}
