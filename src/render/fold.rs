//! A plan of a thousand changes is read by a person too: of what is alike some are shown, and the rest is named or counted.
//!
//! What goes is never folded away: every object that is deleted, replaced or let go of, and every row that takes
//! something out, stands for itself. So does a version whose template takes something from who launches it, but for products
//! that are new together, which nobody has launched.

use std::collections::{BTreeMap, BTreeSet};

use super::doc::{Entry, Mark, Row};
use super::page::Detail;

/// Objects that are alike and all shown.
const ENTRIES: usize = 10;
/// Of more, so many are shown.
const ENTRIES_SHOWN: usize = 3;
/// Of the rest, so many are named.
const NAMED: usize = 12;
/// Rows of an object that are alike and all shown.
const ROWS: usize = 12;
/// Of more, so many are shown.
const ROWS_SHOWN: usize = 8;

/// The entries, those beyond the first few that are alike made one.
pub(super) fn entries(entries: Vec<Entry>, detail: Detail) -> Vec<Entry> {
    if detail.verbose {
        return entries;
    }
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for entry in &entries {
        *sizes.entry(likeness(entry)).or_default() += 1;
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut folded: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // Where the folded ones of a likeness are told.
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut out: Vec<Entry> = Vec::new();
    for entry in entries {
        let like = likeness(&entry);
        let seen = seen.entry(like.clone()).or_default();
        *seen += 1;
        let many = sizes.get(&like).is_some_and(|size| *size > ENTRIES);
        if !many || *seen <= ENTRIES_SHOWN {
            out.push(Entry {
                rows: rows(entry.rows),
                ..entry
            });
        } else if entry.mark.removes() || entry.rows.iter().any(|row| stands(entry.mark, row)) {
            let all = entry.rows.len();
            let rows = entry.rows.into_iter();
            let mut kept: Vec<Row> = rows.filter(|row| stands(entry.mark, row)).collect();
            if kept.len() < all {
                let more = all - kept.len();
                kept.push(Row::plain(&format!(
                    "… and {more} more (--verbose shows all)"
                )));
            }
            out.push(Entry {
                rows: kept,
                ..entry
            });
        } else {
            places.entry(like.clone()).or_insert_with(|| {
                out.push(Entry::new(Mark::More, "", "", Vec::new()));
                out.len() - 1
            });
            folded.entry(like).or_default().push(entry.head);
        }
    }
    for (like, place) in places {
        let names = folded.remove(&like).unwrap_or_default();
        if let Some(entry) = out.get_mut(place) {
            entry.head = told(&names);
        }
    }
    out
}

/// Whether a row is shown of an object that is one of many.
fn stands(mark: Mark, row: &Row) -> bool {
    row.removes || (row.urgent && mark != Mark::Create)
}

/// `and 287 more like these: product/a, product/b and 285 others (--verbose shows all)`.
fn told(names: &[String]) -> String {
    let shown = names.get(..NAMED.min(names.len())).unwrap_or_default();
    let rest = names.len() - shown.len();
    let others = match rest {
        0 => String::new(),
        rest => format!(" and {rest} others"),
    };
    format!(
        "and {} more like these: {}{others} (--verbose shows all)",
        names.len(),
        shown.join(", ")
    )
}

/// What two entries have in common that say the same of different objects.
fn likeness(entry: &Entry) -> String {
    let kind = entry.head.split('/').next().unwrap_or_default();
    let mut like = format!("{:?} {kind} {}", entry.mark, entry.why);
    let alike: BTreeSet<&str> = match entry.mark {
        // Something new is new, whatever it has; unless part of it is not made.
        Mark::Create => {
            let refused = entry.rows.iter().filter(|row| row.sign.is_trouble());
            refused.map(|row| row.like.as_str()).collect()
        }
        _ => entry.rows.iter().map(|row| row.like.as_str()).collect(),
    };
    for row in alike {
        like.push('\n');
        like.push_str(row);
    }
    like
}

/// The rows, those beyond the first few that are alike counted.
fn rows(rows: Vec<Row>) -> Vec<Row> {
    let foldable = |row: &Row| !row.like.is_empty() && !row.removes && !row.urgent;
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| foldable(row)) {
        *sizes.entry(row.like.clone()).or_default() += 1;
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut out = Vec::new();
    for row in rows {
        let size = sizes.get(&row.like).copied().unwrap_or_default();
        if !foldable(&row) || size <= ROWS {
            out.push(row);
            continue;
        }
        let seen = seen.entry(row.like.clone()).or_default();
        *seen += 1;
        if *seen <= ROWS_SHOWN {
            let (last, noun) = (*seen == ROWS_SHOWN, row.noun);
            out.push(row);
            if last {
                let more = size - ROWS_SHOWN;
                let text = format!("… and {more} more {noun} (--verbose shows all)");
                out.push(Row::plain(&text));
            }
        }
    }
    out
}
