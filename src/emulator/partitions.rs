//! All accounts and regions: one of them to be worked on, the others to be read.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::state::{Catalog, Partition};

/// Places of partitions by region and account: neighbours, who may share with each other, stand together.
type Index = BTreeMap<String, BTreeMap<String, usize>>;

/// The partitions of all accounts and regions that were ever asked for. None ever leaves, so a place stays.
#[derive(Debug, Default)]
pub(super) struct Partitions {
    rows: Vec<Partition>,
    index: Index,
}

impl Partitions {
    pub(super) fn place(&self, account: &str, region: &str) -> Option<usize> {
        self.index.get(region)?.get(account).copied()
    }

    pub(super) fn get(&self, account: &str, region: &str) -> Option<&Partition> {
        self.rows.get(self.place(account, region)?)
    }

    /// The one at a place that [`Self::ensure`] has given out.
    pub(super) fn at(&self, place: usize) -> &Partition {
        &self.rows[place]
    }

    /// The one at a place that [`Self::ensure`] has given out.
    pub(super) fn at_mut(&mut self, place: usize) -> &mut Partition {
        &mut self.rows[place]
    }

    /// The place of one that may have to be made first.
    pub(super) fn ensure(
        &mut self,
        account: &str,
        region: &str,
        make: impl FnOnce() -> Partition,
    ) -> usize {
        if let Some(place) = self.place(account, region) {
            return place;
        }
        let place = self.rows.len();
        self.rows.push(make());
        let accounts = self.index.entry(region.to_owned()).or_default();
        accounts.insert(account.to_owned(), place);
        place
    }

    /// With their places.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Partition)> {
        self.rows.iter().enumerate()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Partition> {
        self.rows.iter_mut()
    }

    /// Accounts and regions with their places, in the order in which they were made; of one region or of all.
    pub(super) fn homes(&self, region: Option<&str>) -> Vec<(String, String, usize)> {
        let regions = self.index.iter();
        let mut homes: Vec<_> = regions
            .filter(|(name, _)| region.is_none_or(|region| region == *name))
            .flat_map(|(region, accounts)| {
                let accounts = accounts.iter();
                accounts.map(|(account, place)| (account.clone(), region.clone(), *place))
            })
            .collect();
        homes.sort_unstable_by_key(|(_, _, place)| *place);
        homes
    }

    /// The account and region at a place.
    pub(super) fn home(&self, place: usize) -> Option<(String, String)> {
        self.index.iter().find_map(|(region, accounts)| {
            let mut accounts = accounts.iter();
            let (account, _) = accounts.find(|(_, own)| **own == place)?;
            Some((account.clone(), region.clone()))
        })
    }

    /// All of them, as they are.
    pub(super) fn all(&self) -> Elsewhere<'_> {
        Elsewhere {
            before: &self.rows,
            after: &[],
            index: &self.index,
            moment: None,
        }
    }

    /// The one at `place`, which [`Self::ensure`] has given out, to be worked on, and the others as they were at `moment`,
    /// or as they are.
    pub(super) fn split(
        &mut self,
        place: usize,
        moment: Option<Timestamp>,
    ) -> (&mut Partition, Elsewhere<'_>) {
        let (through, after) = self.rows.split_at_mut(place + 1);
        let (before, own) = through.split_at_mut(place);
        let elsewhere = Elsewhere {
            before,
            after,
            index: &self.index,
            moment,
        };
        (&mut own[0], elsewhere)
    }
}

/// The catalogs of other accounts and regions as of one moment: the only way in which an operation sees them. The one
/// that is worked on is not among them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Elsewhere<'a> {
    before: &'a [Partition],
    after: &'a [Partition],
    index: &'a Index,
    moment: Option<Timestamp>,
}

/// Another account's catalog in the same region.
#[derive(Debug, Clone, Copy)]
pub(super) struct Neighbour<'a> {
    pub(super) account: &'a str,
    pub(super) catalog: &'a Catalog,
    /// Orders neighbours; it never changes.
    pub(super) rank: u64,
}

impl<'a> Elsewhere<'a> {
    /// The same as they are now.
    pub(super) fn newest(self) -> Self {
        Self {
            moment: None,
            ..self
        }
    }

    /// The catalog of an account in a region; `None` for the one that is worked on and for those never asked for.
    pub(super) fn catalog(self, account: &str, region: &str) -> Option<&'a Catalog> {
        self.read(*self.index.get(region)?.get(account)?)
    }

    /// The catalogs of a region.
    pub(super) fn neighbours(self, region: &str) -> impl Iterator<Item = Neighbour<'a>> {
        let accounts = self.index.get(region).into_iter().flatten();
        accounts.filter_map(move |(account, place)| {
            Some(Neighbour {
                account,
                catalog: self.read(*place)?,
                rank: u64::try_from(*place).ok()?,
            })
        })
    }

    fn read(self, place: usize) -> Option<&'a Catalog> {
        let row = match place.checked_sub(self.before.len()) {
            None => self.before.get(place)?,
            // The one between is being worked on.
            Some(beyond) => self.after.get(beyond.checked_sub(1)?)?,
        };
        let past = self.moment.and_then(|moment| row.history.at(moment));
        Some(past.map_or_else(|| row.catalog(), AsRef::as_ref))
    }
}

#[cfg(test)]
mod tests {
    use super::super::cfn::Stacks;
    use super::super::s3::Buckets;
    use super::*;

    #[test]
    fn all_but_the_one_worked_on_are_seen() {
        let mut partitions = Partitions::default();
        let make = || Partition::new(Stacks::new(Buckets::default()));
        for (account, region) in [("1", "a"), ("2", "b"), ("3", "a"), ("4", "a")] {
            partitions.ensure(account, region, make);
        }
        let place = partitions.place("3", "a").unwrap();
        let (_, elsewhere) = partitions.split(place, None);
        let seen = |account: &str, region: &str| elsewhere.catalog(account, region).is_some();
        assert!(seen("1", "a") && seen("2", "b") && seen("4", "a"));
        assert!(!seen("3", "a") && !seen("1", "b") && !seen("1", "c"));
        let accounts: Vec<&str> = elsewhere.neighbours("a").map(|n| n.account).collect();
        assert_eq!(accounts, ["1", "4"]);
        let all = partitions.all();
        assert_eq!(all.neighbours("a").count(), 3);
        assert_eq!(partitions.home(1), Some(("2".to_owned(), "b".to_owned())));
    }
}
