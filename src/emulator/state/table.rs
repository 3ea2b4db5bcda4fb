//! Rows of one kind.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Rows by id, in the order in which they were made. Clones share the rows.
#[derive(Debug)]
pub(in crate::emulator) struct Table<T> {
    rows: BTreeMap<u64, Arc<T>>,
    index: BTreeMap<String, u64>,
    next: u64,
}

/// Kept as the next place, and rows with their id and place.
impl<T: Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self.index.iter();
        let rows = rows.filter_map(|(id, place)| Some((id, place, self.rows.get(place)?)));
        (self.next, rows.collect::<Vec<_>>()).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (next, rows) = <(u64, Vec<(String, u64, Arc<T>)>)>::deserialize(deserializer)?;
        let mut table = Self {
            next,
            ..Self::default()
        };
        for (id, place, row) in rows {
            table.next = table.next.max(place.saturating_add(1));
            table.rows.insert(place, row);
            table.index.insert(id, place);
        }
        Ok(table)
    }
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self {
            rows: self.rows.clone(),
            index: self.index.clone(),
            next: self.next,
        }
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            index: BTreeMap::new(),
            next: 0,
        }
    }
}

impl<T: Clone> Table<T> {
    pub(in crate::emulator) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(in crate::emulator) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(in crate::emulator) fn get(&self, id: &str) -> Option<&Arc<T>> {
        self.rows.get(self.index.get(id)?)
    }

    /// A row with its place.
    pub(in crate::emulator) fn row(&self, id: &str) -> Option<(u64, &Arc<T>)> {
        let place = self.index.get(id)?;
        Some((*place, self.rows.get(place)?))
    }

    /// The ids of all rows.
    pub(in crate::emulator) fn ids(&self) -> Vec<String> {
        self.index.keys().cloned().collect()
    }

    pub(in crate::emulator) fn insert(&mut self, id: &str, row: T) {
        self.rows.insert(self.next, Arc::new(row));
        self.index.insert(id.to_owned(), self.next);
        self.next += 1;
    }

    /// The row itself; it is copied first while a snapshot still shares it.
    pub(in crate::emulator) fn edit(&mut self, id: &str) -> Option<&mut T> {
        self.rows.get_mut(self.index.get(id)?).map(Arc::make_mut)
    }

    pub(in crate::emulator) fn remove(&mut self, id: &str) -> Option<Arc<T>> {
        self.rows.remove(&self.index.remove(id)?)
    }

    /// The rows of these ids with their place, oldest first.
    pub(in crate::emulator) fn select(&self, ids: &[String]) -> Vec<(u64, &Arc<T>)> {
        let places = ids.iter().filter_map(|id| self.index.get(id));
        let rows = places.filter_map(|place| self.rows.get_key_value(place));
        let mut rows: Vec<_> = rows.map(|(place, row)| (*place, row)).collect();
        rows.sort_unstable_by_key(|(place, _)| *place);
        rows
    }

    /// The rows behind a place.
    pub(in crate::emulator) fn after(
        &self,
        place: Option<u64>,
    ) -> impl DoubleEndedIterator<Item = (u64, &Arc<T>)> {
        let start = place.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows.range((start, Bound::Unbounded));
        rows.map(|(place, row)| (*place, row))
    }

    /// The rows before a place, newest first.
    pub(in crate::emulator) fn before(
        &self,
        place: Option<u64>,
    ) -> impl Iterator<Item = (u64, &Arc<T>)> {
        let end = place.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows.range((Bound::Unbounded, end)).rev();
        rows.map(|(place, row)| (*place, row))
    }

    /// Rows with their place, oldest first.
    pub(in crate::emulator) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Arc<T>)> {
        self.rows.iter().map(|(place, row)| (*place, row))
    }
}
