//! A copy and its source: which versions are missing, and what the source says otherwise of those that both have.
//!
//! Versions are matched by name, for a copied version has an id of its own (peers C7 64).

use std::collections::BTreeMap;

use super::product::VersionEdit;
use super::tags::{TagsDiff, tags};
use super::{Change, Shown, Was, text};
use crate::model::desired::{CopiedVersion, CopyFrom, Tags};
use crate::model::observed::{LiveProduct, LiveVersion, ReadyStatus};
use crate::model::owner::is_reserved;

/// How a copy differs from its source.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CopyDiff<'a> {
    /// Versions of the source that are to be copied, oldest first; in the manifest's order where it names them.
    pub missing: Vec<&'a LiveVersion>,
    /// Versions of the copy of which the source says something else.
    pub edits: Vec<(&'a LiveVersion, VersionEdit)>,
    /// Names of versions that the copy has and the source has not, or no more.
    pub vanished: Vec<&'a str>,
    /// Versions that are left as they are, and why.
    pub troubles: Vec<Trouble<'a>>,
}

/// Why a version is left as it is.
#[derive(Debug, PartialEq, Eq)]
pub enum Trouble<'a> {
    /// The manifest names it, and neither the source nor the copy has it.
    Unknown(&'a CopiedVersion),
    /// The source has several of the name.
    AmbiguousSource(&'a str, Vec<&'a LiveVersion>),
    /// The copy has several of the name.
    AmbiguousCopy(&'a str, Vec<&'a LiveVersion>),
    /// It is not usable at the source, or not yet.
    SourceState(&'a LiveVersion),
    /// The copy's is not usable, or not yet.
    CopyState(&'a LiveVersion),
    /// Both have it, with different templates: source, then copy.
    OtherContent(&'a LiveVersion, &'a LiveVersion),
}

/// Compares a source with the versions of its copy; none where there is no copy yet. `was` says whether the manifest
/// named this source when it was last applied.
pub fn copy<'a>(
    was: Was<()>,
    copy: &'a CopyFrom,
    source: &'a LiveProduct,
    live: &'a [LiveVersion],
) -> CopyDiff<'a> {
    let (at_source, at_copy) = (by_name(&source.versions), by_name(live));
    let mut diff = CopyDiff::default();
    let mut compare = |name: &'a str, named: Option<&'a CopiedVersion>| {
        let none = Vec::new();
        let theirs = at_source.get(name).unwrap_or(&none);
        let ours = at_copy.get(name).unwrap_or(&none);
        match (theirs.as_slice(), ours.as_slice(), named) {
            ([], [], Some(named)) => diff.troubles.push(Trouble::Unknown(named)),
            ([], [], None) => {}
            ([], _, _) => diff.vanished.push(name),
            ([_, _, ..], _, _) => diff
                .troubles
                .push(Trouble::AmbiguousSource(name, theirs.clone())),
            (_, [_, _, ..], _) => diff
                .troubles
                .push(Trouble::AmbiguousCopy(name, ours.clone())),
            ([theirs], [], _) if theirs.status == ReadyStatus::Available => {
                diff.missing.push(theirs);
            }
            // Nobody asked for this very one: what never becomes usable is none to copy.
            ([theirs], [], None) if theirs.status == ReadyStatus::Failed => {}
            ([theirs], [], _) => diff.troubles.push(Trouble::SourceState(theirs)),
            ([theirs], [ours], _) => match compare_version(was, theirs, ours) {
                Ok(edit) if edit.is_empty() => {}
                Ok(edit) => diff.edits.push((ours, edit)),
                Err(trouble) => diff.troubles.push(trouble),
            },
        }
    };
    match &copy.versions {
        Some(named) => named.iter().for_each(|v| compare(&v.name, Some(v))),
        None => {
            // Once a version is copied it follows its source, also where that makes it inactive.
            let mut seen = std::collections::BTreeSet::new();
            let theirs = source.versions.iter();
            let theirs = theirs.filter(|v| v.active || at_copy.contains_key(v.name.as_str()));
            for version in theirs.chain(live) {
                if seen.insert(version.name.as_str()) {
                    compare(&version.name, None);
                }
            }
        }
    }
    diff
}

fn by_name(versions: &[LiveVersion]) -> BTreeMap<&str, Vec<&LiveVersion>> {
    let mut found: BTreeMap<&str, Vec<&LiveVersion>> = BTreeMap::new();
    for version in versions {
        found
            .entry(version.name.as_str())
            .or_default()
            .push(version);
    }
    found
}

fn compare_version<'a>(
    was: Was<()>,
    source: &'a LiveVersion,
    live: &'a LiveVersion,
) -> Result<VersionEdit, Trouble<'a>> {
    if live.status != ReadyStatus::Available {
        return Err(Trouble::CopyState(live));
    }
    if let (Some(theirs), Some(ours)) = (&source.content, &live.content)
        && theirs.content != ours.content
    {
        return Err(Trouble::OtherContent(source, live));
    }
    let name = &source.name;
    let mut changes = Vec::new();
    let described = source.description.as_deref().unwrap_or("");
    let description = text(
        &mut changes,
        &format!("versions[{name}].description"),
        was.map(|()| described),
        Some(described),
        live.description.as_deref(),
    );
    let active = (source.active != live.active).then(|| {
        changes.push(Change {
            field: format!("versions[{name}].active"),
            before: Shown::text(live.active.to_string()),
            after: Shown::text(source.active.to_string()),
            reason: was
                .map(|()| source.active)
                .why(&source.active, &live.active),
        });
        source.active
    });
    let guidance = (source.guidance != live.guidance).then(|| {
        changes.push(Change {
            field: format!("versions[{name}].guidance"),
            before: Shown::text(live.guidance.as_str()),
            after: Shown::text(source.guidance.as_str()),
            reason: was
                .map(|()| source.guidance)
                .why(&source.guidance, &live.guidance),
        });
        source.guidance
    });
    Ok(VersionEdit {
        description,
        active,
        guidance,
        changes,
    })
}

/// The tags that a copy must have besides ours: its manifest's and, where these are copied, its source's below them.
pub fn wanted_tags(copy: &CopyFrom, want: Option<&Tags>, source: &Tags) -> Tags {
    let copied = source
        .iter()
        .filter(|(key, _)| copy.copy_tags && !is_reserved(key));
    let mut all: Tags = copied.map(|(k, v)| (k.clone(), v.clone())).collect();
    all.extend(want.cloned().unwrap_or_default());
    all
}

/// Compares a copy's tags. The manifest's tags make the whole truth, together with the source's where these are copied;
/// where the manifest gives none, only the source's are compared.
pub fn copy_tags(
    was: Was<(Option<&Tags>, Option<&CopyFrom>)>,
    copy: &CopyFrom,
    want: Option<&Tags>,
    source: &Tags,
    live: &Tags,
) -> TagsDiff {
    if !copy.copy_tags {
        return tags(was.part(|(tags, _)| tags), want, live);
    }
    let wanted = wanted_tags(copy, want, source);
    let before = was.map(|(tags, copy)| match copy {
        Some(copy) => wanted_tags(copy, tags, source),
        None => tags.cloned().unwrap_or_default(),
    });
    let before = match &before {
        Was::Unknown => Was::Unknown,
        Was::Unmanaged => Was::Unmanaged,
        Was::Value(tags) => Was::Value(tags),
    };
    let mut diff = tags(before, Some(&wanted), live);
    if want.is_none() {
        let kept = |change: &Change| change.after != Shown::Absent;
        diff.changes.retain(kept);
        diff.remove.clear();
    }
    diff
}
