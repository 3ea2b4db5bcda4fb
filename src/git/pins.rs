//! Files as they were at another tag or commit, which versions name by `ref`.
//!
//! Which there are is for the manifests to say; here they are read, without a checkout. A tag that is not there is the
//! manifest's fault, so it is said there; a repository that can't be read is the source's.

use std::collections::{BTreeMap, BTreeSet};

use git2::{ObjectType, Oid};

use super::error::{SourceError, SourceErrorKind, local};
use super::tree::{MAX_TREE_BYTES, blob, unreadable};
use super::upload_pack::oid;
use crate::manifest;
use crate::model::tree::{Entry, Pin, Pinned, Tree};

/// Different tags and commits that one source may name: a hundred versions of ten products. Each is a tree that a remote
/// packs for us.
pub(super) const MAX_PINS: usize = 1_000;
/// How alike (0 to 1, Jaro-Winkler) a tag must be to be offered.
const NEAR: f64 = 0.8;

/// What a `ref` names among a repository's refs.
///
/// # Errors
/// Why it can't be read: a branch moves, and so would the version.
pub(super) fn resolve(refs: &BTreeMap<String, Oid>, reference: &str) -> Result<Oid, Pinned> {
    let no = |why: String, hint: String| Err(Pinned::NoRef { why, hint });
    if let Some(commit) = oid(reference) {
        return Ok(commit);
    }
    let name = reference.strip_prefix("refs/tags/").unwrap_or(reference);
    if let Some(tag) = refs.get(&format!("refs/tags/{name}")) {
        return Ok(*tag);
    }
    let branches = ["refs/heads/", "refs/remotes/origin/", "refs/remotes/", ""];
    if reference == "HEAD"
        || branches
            .iter()
            .any(|b| refs.contains_key(&format!("{b}{reference}")))
    {
        return no(
            "is a branch, which moves: a published version never changes".to_owned(),
            "tag the commit and name the tag, or name the commit by its 40 hex digits".to_owned(),
        );
    }
    let hex = |c: u8| c.is_ascii_hexdigit();
    if (7..40).contains(&reference.len()) && reference.bytes().all(hex) {
        return no(
            "is a part of a commit's name, which another commit may come to share".to_owned(),
            "name the commit by its 40 hex digits".to_owned(),
        );
    }
    let tags = refs
        .keys()
        .filter_map(|name| name.strip_prefix("refs/tags/"));
    let scored = tags.map(|tag| (strsim::jaro_winkler(name, tag), tag));
    let near = scored
        .filter(|(likeness, _)| *likeness >= NEAR)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)));
    let hint = match near {
        Some((_, tag)) => format!("did you mean {tag}?"),
        None => "push the tag; a clone without tags gets them by `git fetch --tags`".to_owned(),
    };
    no(
        "is no tag and no commit of this repository".to_owned(),
        hint,
    )
}

/// The different references of pins, no more than [`MAX_PINS`].
pub(super) fn references(pins: &BTreeSet<Pin>) -> BTreeSet<&str> {
    let all: BTreeSet<&str> = pins.iter().map(|pin| pin.reference.as_str()).collect();
    all.into_iter().take(MAX_PINS).collect()
}

/// Reads what the manifests of a tree name by `ref`, as far as it is in the repository.
///
/// # Errors
/// [`SourceErrorKind::Unreadable`] when an object is broken, [`SourceErrorKind::TooLarge`].
pub(super) fn fill(
    repository: &git2::Repository,
    refs: &BTreeMap<String, Oid>,
    at: &str,
    tree: &mut Tree,
) -> Result<(), SourceError> {
    let pins = manifest::pins(tree);
    let broken = |error: git2::Error| local(SourceErrorKind::Unreadable, at, &error);
    let known = references(&pins);
    let roots: BTreeMap<&str, Result<Oid, Pinned>> = known
        .into_iter()
        .map(|reference| (reference, root(repository, refs, reference)))
        .collect();
    let mut bytes = 0;
    for pin in &pins {
        let found = match roots.get(pin.reference.as_str()) {
            Some(Ok(root)) => entry(repository, *root, &pin.path).map_err(broken)?,
            Some(Err(problem)) => problem.clone(),
            None => Pinned::NoRef {
                why: format!("is one of more than {MAX_PINS} that this source names"),
                hint: "drop versions that nobody runs, or split the source".to_owned(),
            },
        };
        if let Pinned::There(Entry::File(file)) = &found {
            bytes += file.len() as u64;
        }
        if bytes > MAX_TREE_BYTES {
            let why = format!(
                "the files that versions name by `ref` hold more than {MAX_TREE_BYTES} bytes"
            );
            return Err(SourceError::new(SourceErrorKind::TooLarge, at, why));
        }
        tree.pinned.insert(pin.clone(), found);
    }
    Ok(())
}

/// Says of a tree without a repository that nothing can be read at any `ref`.
pub(super) fn refuse(tree: &mut Tree) {
    for pin in manifest::pins(tree) {
        let found = Pinned::NoRef {
            why: "can't be read: the folder is in no git work tree".to_owned(),
            hint: "give a folder of a clone, or leave `ref` out and name the file itself"
                .to_owned(),
        };
        tree.pinned.insert(pin, found);
    }
}

/// The tree of the commit that a reference names.
fn root(
    repository: &git2::Repository,
    refs: &BTreeMap<String, Oid>,
    reference: &str,
) -> Result<Oid, Pinned> {
    let id = resolve(refs, reference)?;
    let no = |why: &str, hint: &str| Pinned::NoRef {
        why: why.to_owned(),
        hint: hint.to_owned(),
    };
    let object = repository.find_object(id, None).map_err(|_| {
        no(
            "is not in this repository, or not handed out by it",
            "tag the commit and name the tag; a shallow clone lacks older commits (`git fetch --unshallow --tags`)",
        )
    })?;
    let commit = object.peel_to_commit();
    commit
        .map(|commit| commit.tree_id())
        .map_err(|_| no("names no commit", "name a tag of a commit"))
}

/// What is at a path below a tree object.
fn entry(repository: &git2::Repository, root: Oid, path: &str) -> Result<Pinned, git2::Error> {
    let mut tree = repository.find_tree(root)?;
    let mut walked = String::new();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        if !walked.is_empty() {
            walked.push('/');
        }
        walked.push_str(part);
        let Some(entry) = tree.get_name(part) else {
            return Ok(Pinned::NoPath);
        };
        let (id, kind) = (entry.id(), entry.filemode_raw() & 0o170_000);
        let found = match (kind, last) {
            (0o120_000, true) => Entry::Symlink,
            (0o120_000, false) => return Ok(Pinned::BehindLink(walked)),
            (0o160_000, _) => unreadable("it is a submodule"),
            (0o040_000, true) => unreadable("it is a folder"),
            (0o040_000, false) => {
                drop(entry);
                tree = repository
                    .find_object(id, Some(ObjectType::Tree))?
                    .peel_to_tree()?;
                continue;
            }
            (_, true) => blob(&repository.odb()?, id)?,
            (_, false) => return Ok(Pinned::NoPath),
        };
        return Ok(Pinned::There(found));
    }
    Ok(Pinned::NoPath)
}
