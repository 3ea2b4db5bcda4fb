//! What one process remembers of its earlier reads, so that a quiet pass need not repeat all of them (design §5).
//!
//! Lists are read in every pass. What has to be asked for object by object is kept while the lists still say the same of
//! the object, and a tenth of each kind is read again in every pass: nothing is older than [`SHARE`] passes. A plan that
//! would change anything is never made of what is remembered (`reconcile`), and a new process remembers nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::ids::{
    ConstraintId, Kind, PortfolioId, ProductId, RecordId, ServiceActionId, VersionId,
};
use crate::model::desired::Tags;
use crate::model::observed::{
    LiveConstraint, LiveProduct, LiveServiceAction, LiveShare, ReadTimes, ReadyStatus,
};
use crate::model::share::Recipient;

/// One in so many of each kind is read again in a pass, and everything at the latest after so many passes.
pub const SHARE: u64 = 10;

/// Whom a portfolio is shared with.
pub(super) type Shares = BTreeMap<Recipient, LiveShare>;
/// The product and version that a finished record was about, as far as it says so.
pub(super) type Ran = (Option<ProductId>, Option<VersionId>);

/// Reads of one process. As it is made by `default` it remembers nothing at all.
#[derive(Debug, Default)]
pub struct Recall(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    on: bool,
    pass: u64,
    now: Timestamp,
    products: Shelf<ProductId, ProductRead>,
    constraints: Shelf<ConstraintId, ConstraintRead>,
    actions: Shelf<ServiceActionId, (ActionSeen, LiveServiceAction)>,
    shares: Shelf<PortfolioId, Shares>,
    /// What a record that succeeded was about never changes.
    records: Shelf<RecordId, Ran>,
}

#[derive(Debug, Clone)]
struct ProductRead {
    /// As the list showed it then.
    listed: LiveProduct,
    /// Its tags as the tagging API showed them then, where that was asked.
    tags: Option<Tags>,
    /// As its description shows it.
    product: LiveProduct,
}

#[derive(Debug, Clone)]
struct ConstraintRead {
    listed: ConstraintSeen,
    constraint: LiveConstraint,
}

/// A constraint as its list shows it: without parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ConstraintSeen {
    pub(super) kind: String,
    pub(super) product: ProductId,
    pub(super) description: Option<String>,
}

/// A service action as its list shows it, and what of it was of interest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ActionSeen {
    pub(super) listed: LiveServiceAction,
    pub(super) definition: bool,
    pub(super) versions: bool,
}

impl Recall {
    /// One that remembers: for a process that makes passes for as long as it lives.
    pub fn on() -> Self {
        Self(Mutex::new(Inner {
            on: true,
            ..Inner::default()
        }))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A pass begins: those whose turn it is are forgotten, and so is what the last pass did not come across.
    pub fn begin(&self, now: Timestamp) {
        let inner = &mut *self.inner();
        let last = inner.pass;
        inner.pass += 1;
        inner.now = now;
        inner.products.turn(last);
        inner.constraints.turn(last);
        inner.actions.turn(last);
        inner.shares.turn(last);
        inner.records.kept.retain(|_, kept| kept.used == last);
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        let inner = &mut *self.inner();
        *inner = Inner {
            on: inner.on,
            pass: inner.pass,
            now: inner.now,
            ..Inner::default()
        };
    }

    /// Forgets what is known of one live object: the next pass reads it.
    pub fn forget(&self, kind: Kind, id: &str) {
        let inner = &mut *self.inner();
        match kind {
            Kind::Product => {
                let id = ProductId::new(id);
                inner.products.kept.remove(&id);
                let constraints = &mut inner.constraints.kept;
                constraints.retain(|_, kept| kept.value.constraint.product != id);
            }
            Kind::Portfolio => {
                inner.shares.kept.remove(&PortfolioId::new(id));
            }
            Kind::ServiceAction => {
                inner.actions.kept.remove(&ServiceActionId::new(id));
            }
            Kind::TagOption | Kind::ProvisionedProduct => {}
        }
    }

    /// When what this pass saw was read.
    pub fn times(&self) -> ReadTimes {
        let inner = &*self.inner();
        ReadTimes {
            at: Some(inner.now),
            products: inner.products.earlier(inner.pass),
            constraints: inner.constraints.earlier(inner.pass),
            service_actions: inner.actions.earlier(inner.pass),
            shares: inner.shares.earlier(inner.pass),
        }
    }

    /// Whether products are remembered, so that it is worth asking for all tags at once.
    pub(super) fn knows_products(&self) -> bool {
        !self.inner().products.kept.is_empty()
    }

    /// A product, where neither its line in the list nor its tags have changed since it was read. `tags` are those of the
    /// tagging API, which may lag and may leave it out: what differs from what it showed then is asked for.
    pub(super) fn product(&self, listed: &LiveProduct, tags: &Tags) -> Option<LiveProduct> {
        let inner = &mut *self.inner();
        let same = |known: &ProductRead| {
            let then = known.tags.as_ref().unwrap_or(&known.product.tags);
            known.listed == *listed && (tags == then || *tags == known.product.tags)
        };
        let known = inner.products.get(&listed.id, inner.pass, same)?;
        Some(known.product)
    }

    pub(super) fn learn_product(
        &self,
        listed: &LiveProduct,
        tags: Option<&Tags>,
        product: &LiveProduct,
    ) {
        let read = ProductRead {
            listed: listed.clone(),
            tags: tags.cloned(),
            product: product.clone(),
        };
        self.learn(|inner| &mut inner.products, listed.id.clone(), read);
    }

    pub(super) fn constraint(
        &self,
        id: &ConstraintId,
        listed: &ConstraintSeen,
    ) -> Option<LiveConstraint> {
        let inner = &mut *self.inner();
        let same = |known: &ConstraintRead| known.listed == *listed;
        let known = inner.constraints.get(id, inner.pass, same)?;
        Some(known.constraint)
    }

    /// One that is still being made is not remembered.
    pub(super) fn learn_constraint(&self, listed: ConstraintSeen, constraint: &LiveConstraint) {
        if constraint.status == ReadyStatus::Available {
            let (id, constraint) = (constraint.id.clone(), constraint.clone());
            let read = ConstraintRead { listed, constraint };
            self.learn(|inner| &mut inner.constraints, id, read);
        }
    }

    pub(super) fn action(&self, seen: &ActionSeen) -> Option<LiveServiceAction> {
        let inner = &mut *self.inner();
        let same = |(known, _): &(ActionSeen, LiveServiceAction)| known == seen;
        let (_, action) = inner.actions.get(&seen.listed.id, inner.pass, same)?;
        Some(action)
    }

    pub(super) fn learn_action(&self, seen: ActionSeen, action: &LiveServiceAction) {
        let read = (seen, action.clone());
        self.learn(|inner| &mut inner.actions, action.id.clone(), read);
    }

    pub(super) fn shares(&self, id: &PortfolioId) -> Option<Shares> {
        let inner = &mut *self.inner();
        inner.shares.get(id, inner.pass, |_| true)
    }

    pub(super) fn learn_shares(&self, id: &PortfolioId, shares: &Shares) {
        self.learn(|inner| &mut inner.shares, id.clone(), shares.clone());
    }

    pub(super) fn record(&self, id: &RecordId) -> Option<Ran> {
        let inner = &mut *self.inner();
        inner.records.get(id, inner.pass, |_| true)
    }

    pub(super) fn learn_record(&self, id: &RecordId, ran: Ran) {
        self.learn(|inner| &mut inner.records, id.clone(), ran);
    }

    fn learn<K: Ord, V>(&self, shelf: fn(&mut Inner) -> &mut Shelf<K, V>, key: K, value: V) {
        let inner = &mut *self.inner();
        if !inner.on {
            return;
        }
        let kept = Kept {
            value,
            read: inner.pass,
            at: inner.now,
            used: inner.pass,
        };
        shelf(inner).kept.insert(key, kept);
    }
}

/// The reads of one kind.
#[derive(Debug)]
struct Shelf<K, V> {
    kept: BTreeMap<K, Kept<V>>,
}

#[derive(Debug)]
struct Kept<V> {
    value: V,
    /// The pass that read it, and when that began.
    read: u64,
    at: Timestamp,
    /// The last pass that came across it.
    used: u64,
}

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self {
            kept: BTreeMap::new(),
        }
    }
}

impl<K: Ord + Clone, V: Clone> Shelf<K, V> {
    /// Forgets what `last`, the pass before, did not come across, then the tenth that was read longest ago.
    fn turn(&mut self, last: u64) {
        self.kept.retain(|_, kept| kept.used == last);
        let share = usize::try_from(SHARE).unwrap_or(usize::MAX);
        let turn = self.kept.len().div_ceil(share);
        let mut oldest: Vec<(u64, K)> = self
            .kept
            .iter()
            .map(|(key, kept)| (kept.read, key.clone()))
            .collect();
        oldest.sort();
        for (place, (read, key)) in oldest.into_iter().enumerate() {
            // The second is for what a shrinking catalog would let wait too long.
            if place < turn || read + SHARE <= last + 1 {
                self.kept.remove(&key);
            }
        }
    }

    fn get(&mut self, key: &K, pass: u64, same: impl FnOnce(&V) -> bool) -> Option<V> {
        let kept = self.kept.get_mut(key).filter(|kept| same(&kept.value))?;
        kept.used = pass;
        Some(kept.value.clone())
    }

    /// When that was read which this pass had from memory.
    fn earlier(&self, pass: u64) -> BTreeMap<K, Timestamp> {
        let used = self.kept.iter();
        let used = used.filter(|(_, kept)| kept.used == pass && kept.read < pass);
        used.map(|(key, kept)| (key.clone(), kept.at)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(pass: u64) -> Timestamp {
        Timestamp::from_second(i64::try_from(pass).unwrap()).unwrap()
    }

    fn ids(many: u64) -> Vec<PortfolioId> {
        (0..many)
            .map(|n| PortfolioId::new(format!("port-{n:03}")))
            .collect()
    }

    /// The reads that a pass makes.
    fn pass(recall: &Recall, now: u64, ids: &[PortfolioId]) -> Vec<PortfolioId> {
        recall.begin(at(now));
        let unknown = ids.iter().filter(|id| recall.shares(id).is_none());
        let read: Vec<PortfolioId> = unknown.cloned().collect();
        for id in &read {
            recall.learn_shares(id, &Shares::new());
        }
        read
    }

    #[test]
    fn a_tenth_a_pass_and_nothing_is_older_than_ten_passes() {
        let recall = Recall::on();
        let mut all = ids(95);
        assert_eq!(pass(&recall, 1, &all).len(), 95);
        assert_eq!(recall.times().shares.len(), 0);
        let mut read = BTreeMap::new();
        for now in 2..=11 {
            let turn = pass(&recall, now, &all);
            assert!(turn.len() <= 10, "pass {now} reads {}", turn.len());
            read.extend(turn.into_iter().map(|id| (id, now)));
        }
        assert_eq!(read.len(), 95);
        let oldest = recall.times().shares.into_values().min();
        assert!(oldest >= Some(at(2)));
        // However the catalog shrinks.
        for now in 12..40 {
            all.pop();
            all.pop();
            pass(&recall, now, &all);
            let times = recall.times();
            assert_eq!(times.at, Some(at(now)));
            assert!(times.shares.values().all(|read| *read > at(now - 10)));
        }
    }

    #[test]
    fn what_a_pass_did_not_come_across_is_forgotten() {
        let recall = Recall::on();
        let all = ids(20);
        pass(&recall, 1, &all);
        assert_eq!(pass(&recall, 2, &all[10..]).len(), 0);
        let read = pass(&recall, 3, &all);
        assert!(all[..10].iter().all(|id| read.contains(id)));
        recall.forget(Kind::Portfolio, all[19].as_str());
        assert!(recall.shares(&all[19]).is_none());
        recall.forget_all();
        assert_eq!(pass(&recall, 4, &all).len(), 20);
    }

    #[test]
    fn one_that_is_off_remembers_nothing() {
        let recall = Recall::default();
        let all = ids(3);
        for now in 1..4 {
            assert_eq!(pass(&recall, now, &all).len(), 3);
        }
    }
}
