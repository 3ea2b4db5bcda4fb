//! Collects the entries of a source into a [`Tree`], within limits; reads the blobs of a commit.

use std::collections::BTreeMap;

use git2::{ObjectType, Oid};

use super::error::{SourceError, SourceErrorKind, local};
use crate::model::tree::{Entry, Tree, below};

/// Bytes of one file; beyond it an entry is [`Entry::TooLarge`]. CloudFormation takes templates up to 460,800 bytes
/// (1 MB at most in S3), so nothing useful is larger.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// Files kept of one source: 1,000 products × 3 versions are some 4,000.
pub const MAX_FILES: usize = 50_000;
/// Bytes kept of one source: 4,000 files at a common 10 KiB are 40 MiB.
pub const MAX_TREE_BYTES: u64 = 256 * 1024 * 1024;
/// Names looked at, kept or not. A tree may name the same subtree many times over, so a small repository can
/// spell out billions of paths.
pub const MAX_NAMES: usize = 1_000_000;
/// Folders within folders.
pub const MAX_DEPTH: usize = 64;

/// What files outside the scope are loaded at all: what a manifest may refer to.
const REFERABLE: [&str; 6] = [".yaml", ".yml", ".json", ".template", ".tar.gz", ".tgz"];

/// Whether a file outside the scope is of a kind a manifest refers to.
pub(super) fn is_referable(path: &str) -> bool {
    REFERABLE.iter().any(|ending| path.ends_with(ending))
}

/// A [`Tree`] in the making.
pub(super) struct Gather {
    at: String,
    scope: String,
    files: BTreeMap<String, Entry>,
    bytes: u64,
    names: usize,
}

impl Gather {
    /// Starts an empty tree; `at` names the source in errors.
    pub(super) fn new(at: impl Into<String>, scope: impl Into<String>) -> Self {
        Self {
            at: at.into(),
            scope: scope.into(),
            files: BTreeMap::new(),
            bytes: 0,
            names: 0,
        }
    }

    /// Counts one name looked at, at this depth.
    pub(super) fn look(&mut self, depth: usize) -> Result<(), SourceError> {
        self.names += 1;
        if self.names > MAX_NAMES {
            return Err(self.too_large(format!("it has more than {MAX_NAMES} names")));
        }
        if depth > MAX_DEPTH {
            return Err(self.too_large(format!("its folders nest deeper than {MAX_DEPTH}")));
        }
        Ok(())
    }

    /// Keeps one entry.
    pub(super) fn add(&mut self, path: String, entry: Entry) -> Result<(), SourceError> {
        if let Entry::File(bytes) = &entry {
            self.bytes += bytes.len() as u64;
        }
        if self.bytes > MAX_TREE_BYTES {
            return Err(self.too_large(format!("its files hold more than {MAX_TREE_BYTES} bytes")));
        }
        // Git's own tools refuse a tree that names one path twice, but nothing stops its being pushed: which of the
        // two counts would depend on the reader.
        let reason = "two entries have this name".to_owned();
        self.files
            .entry(path)
            .and_modify(|known| *known = Entry::Unreadable { reason })
            .or_insert(entry);
        if self.files.len() > MAX_FILES {
            return Err(self.too_large(format!("it has more than {MAX_FILES} files")));
        }
        Ok(())
    }

    /// Whether a manifest read so far may name a path outside the scope.
    pub(super) fn climbs(&self) -> bool {
        !self.scope.is_empty()
            && self.files.iter().any(|(path, entry)| match entry {
                Entry::File(bytes) => {
                    is_yaml(path) && contains(bytes, b"catalogd.dev/") && contains(bytes, b"..")
                }
                _ => false,
            })
    }

    /// The tree.
    ///
    /// # Errors
    /// [`SourceErrorKind::Empty`] when the scope has no `*.yaml` or `*.yml`.
    pub(super) fn finish(self) -> Result<Tree, SourceError> {
        let scoped = |path: &&String| below(&self.scope, path);
        if self.files.keys().filter(scoped).any(|path| is_yaml(path)) {
            return Ok(Tree {
                files: self.files,
                scope: self.scope,
                pinned: BTreeMap::new(),
            });
        }
        let why = match self.files.keys().any(|path| scoped(&path)) {
            true => "it has no *.yaml or *.yml file",
            false => "it has no files",
        };
        Err(SourceError::new(SourceErrorKind::Empty, self.at, why))
    }

    fn too_large(&self, why: String) -> SourceError {
        SourceError::new(SourceErrorKind::TooLarge, &self.at, why)
    }
}

/// Reads `commit`'s blobs: everything below `scope`, and the rest where a manifest may refer to it.
///
/// # Errors
/// [`SourceErrorKind::PathMissing`] when the commit has no folder `scope`, [`SourceErrorKind::Empty`],
/// [`SourceErrorKind::TooLarge`]; [`SourceErrorKind::Unreadable`] when an object is missing or broken.
pub(super) fn read_commit(
    repository: &git2::Repository,
    commit: &git2::Commit<'_>,
    scope: &str,
    at: &str,
) -> Result<Tree, SourceError> {
    let broken = |error: git2::Error| local(SourceErrorKind::Unreadable, at, &error);
    let root = commit.tree_id();
    let start = match scope {
        "" => root,
        _ => {
            let tree = repository.find_tree(root).map_err(broken)?;
            match tree.get_path(scope.as_ref()) {
                Ok(entry) if entry.kind() == Some(ObjectType::Tree) => entry.id(),
                Ok(_) => {
                    let why = format!("{scope} is not a folder at {}", commit.id());
                    return Err(SourceError::new(SourceErrorKind::PathMissing, at, why));
                }
                Err(error) if error.code() == git2::ErrorCode::NotFound => {
                    let why = format!("there is no folder {scope} at {}", commit.id());
                    return Err(SourceError::new(SourceErrorKind::PathMissing, at, why));
                }
                Err(error) => return Err(broken(error)),
            }
        }
    };
    let mut gather = Gather::new(at, scope);
    walk(repository, start, scope, &mut gather, |_| true).map_err(|e| e.at(at))?;
    if gather.climbs() {
        let outside = |path: &str| !below(scope, path);
        walk(repository, root, "", &mut gather, outside).map_err(|e| e.at(at))?;
    }
    gather.finish()
}

/// What stops a walk.
enum Stop {
    Source(SourceError),
    Git(git2::Error),
}

impl Stop {
    fn at(self, at: &str) -> SourceError {
        match self {
            Self::Source(error) => error,
            Self::Git(error) => local(SourceErrorKind::Unreadable, at, &error),
        }
    }
}

/// Adds what lies below one tree object and is `wanted`; of what is outside the scope, only what can be referred to.
fn walk(
    repository: &git2::Repository,
    root: Oid,
    prefix: &str,
    gather: &mut Gather,
    wanted: impl Fn(&str) -> bool,
) -> Result<(), Stop> {
    let odb = repository.odb().map_err(Stop::Git)?;
    let mut waiting = vec![(root, prefix.to_owned(), 0)];
    while let Some((id, folder, depth)) = waiting.pop() {
        let tree = repository.find_tree(id).map_err(Stop::Git)?;
        for entry in &tree {
            gather.look(depth).map_err(Stop::Source)?;
            let name = String::from_utf8_lossy(entry.name_bytes());
            if name == ".git" {
                continue;
            }
            let strange = match &*name {
                "" | "." | ".." => Some("its name is not a file name"),
                name if name.contains('/') => Some("its name holds a slash"),
                _ if entry.name().is_err() => Some("its name is not UTF-8"),
                _ => None,
            };
            let path = join(&folder, &name.replace('/', "\u{fffd}"));
            if !wanted(&path) {
                continue;
            }
            let kind = entry.filemode_raw() & 0o170_000;
            let in_scope = below(&gather.scope, &path);
            let found = match (strange, kind) {
                (Some(reason), _) => unreadable(reason),
                (None, 0o040_000) => {
                    waiting.push((entry.id(), path, depth + 1));
                    continue;
                }
                (None, _) if !in_scope && !is_referable(&path) => continue,
                (None, 0o120_000) => Entry::Symlink,
                (None, 0o160_000) => unreadable("it is a submodule"),
                (None, _) => blob(&odb, entry.id()).map_err(Stop::Git)?,
            };
            gather.add(path, found).map_err(Stop::Source)?;
        }
    }
    Ok(())
}

/// One blob's bytes, its size asked first.
pub(super) fn blob(odb: &git2::Odb<'_>, id: Oid) -> Result<Entry, git2::Error> {
    let (bytes, kind) = odb.read_header(id)?;
    if kind != ObjectType::Blob {
        return Ok(unreadable("it is not a file"));
    }
    let bytes = bytes as u64;
    if bytes > MAX_FILE_BYTES {
        return Ok(Entry::TooLarge { bytes });
    }
    Ok(Entry::file(odb.read(id)?.data()))
}

/// An entry that is there and cannot be read.
pub(super) fn unreadable(reason: &str) -> Entry {
    Entry::Unreadable {
        reason: reason.to_owned(),
    }
}

/// `name` in `folder`.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_errors_of_the_source() {
        let mut gather = Gather::new("here", "");
        assert!(gather.look(MAX_DEPTH).is_ok());
        let deep = gather.look(MAX_DEPTH + 1).unwrap_err();
        assert_eq!(deep.kind, SourceErrorKind::TooLarge);

        let mut gather = Gather::new("here", "");
        for n in 0..MAX_FILES {
            gather.add(format!("{n}"), Entry::Symlink).unwrap();
        }
        let many = gather.add("one more".into(), Entry::Symlink).unwrap_err();
        assert_eq!(many.kind, SourceErrorKind::TooLarge);

        let mut gather = Gather::new("here", "");
        let large = Entry::file(vec![0; MAX_FILE_BYTES as usize]);
        let fitting = MAX_TREE_BYTES / MAX_FILE_BYTES;
        for n in 0..fitting {
            gather.add(format!("{n}"), large.clone()).unwrap();
        }
        let heavy = gather.add("one more".into(), large).unwrap_err();
        assert_eq!(heavy.kind, SourceErrorKind::TooLarge);
    }

    #[test]
    fn a_name_given_twice_is_nobody_s() {
        let mut gather = Gather::new("here", "");
        gather.add("a.yaml".into(), Entry::file(*b"1")).unwrap();
        gather.add("a.yaml".into(), Entry::file(*b"2")).unwrap();
        let tree = gather.finish().unwrap();
        assert!(matches!(tree.files["a.yaml"], Entry::Unreadable { .. }));
    }

    #[test]
    fn only_a_manifest_in_a_subfolder_can_climb() {
        let manifest = b"apiVersion: catalogd.dev/v1\ntemplate: ../../t.json\n";
        for (scope, path, bytes, climbs) in [
            ("a", "a/m.yaml", &manifest[..], true),
            ("", "a/m.yaml", &manifest[..], false),
            ("a", "a/m.json", &manifest[..], false),
            ("a", "a/m.yml", b"Description: in ../there", false),
            ("a", "a/m.yml", b"apiVersion: catalogd.dev/v1", false),
        ] {
            let mut gather = Gather::new("here", scope);
            gather.add(path.into(), Entry::file(bytes)).unwrap();
            assert_eq!(gather.climbs(), climbs, "{scope} {path}");
        }
    }

    #[test]
    fn a_tree_without_manifests_is_empty() {
        let nothing = Gather::new("here", "").finish().unwrap_err();
        assert_eq!(nothing.kind, SourceErrorKind::Empty);
        let mut gather = Gather::new("here", "");
        gather.add("README.md".into(), Entry::file(*b"")).unwrap();
        assert_eq!(gather.finish().unwrap_err().kind, SourceErrorKind::Empty);
    }
}
