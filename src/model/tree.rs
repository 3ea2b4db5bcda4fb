//! The files of a source at one moment: plain values, the input of the manifest reader.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What a source holds at one revision.
///
/// Paths are `/`-separated, without a leading `/` or `./`, and relative to the **repository's root** (to the
/// folder given where there is no repository). A template path may climb out of [`Tree::scope`] but, having no key
/// to be found under, never out of the repository.
///
/// What is in it:
/// - every file below `scope`, hidden files and folders too; only `.git` is passed over, and in a work tree
///   what git ignores;
/// - of the rest of the repository the `*.yaml`, `*.yml`, `*.json`, `*.template`, `*.tar.gz` and `*.tgz` files, and these only when a
///   manifest below `scope` names a path with `..`: nothing else can reach them, and a monorepo may be huge.
///
/// Folders have no entry of their own. A submodule is one [`Entry::Unreadable`] under its path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// Every file by its path.
    pub files: BTreeMap<String, Entry>,
    /// The folder below which manifests are looked for: `""` (everything) or e.g. `examples/catalog`.
    pub scope: String,
    /// The files that versions name as they were at another tag or commit (`ref`). What is not here was not looked for.
    pub pinned: BTreeMap<Pin, Pinned>,
}

/// A file of the repository at a tag or commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pin {
    /// The tag or commit, as it was written.
    pub reference: String,
    /// The path from the repository's root.
    pub path: String,
}

/// What is at a [`Pin`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pinned {
    /// This.
    There(Entry),
    /// The commit is there and has nothing at the path.
    NoPath,
    /// The path leads through this symbolic link.
    BehindLink(String),
    /// The reference is none that can be read, for a person: why, and what to do.
    NoRef {
        /// Why, as said of it.
        why: String,
        /// What to do.
        hint: String,
    },
}

/// One path of a [`Tree`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A regular file's bytes as they are, whatever their encoding.
    File(Arc<[u8]>),
    /// A symbolic link. It is never followed, wherever it points.
    Symlink,
    /// A file beyond the reading limit; its bytes were not read.
    TooLarge {
        /// The file's size.
        bytes: u64,
    },
    /// Something that is there and could not be read.
    Unreadable {
        /// Why, for a person: a submodule, missing permission, not a regular file.
        reason: String,
    },
}

impl Entry {
    /// A file with these bytes.
    pub fn file(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::File(bytes.into())
    }
}

impl Tree {
    /// A tree of these files, everything in scope: the manifest reader's tests build their input with it.
    pub fn of<P: Into<String>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (P, B)>) -> Self {
        Self {
            files: files
                .into_iter()
                .map(|(path, bytes)| (path.into(), Entry::file(bytes.as_ref())))
                .collect(),
            scope: String::new(),
            pinned: BTreeMap::new(),
        }
    }

    /// Whether `path` lies below the scope.
    pub fn in_scope(&self, path: &str) -> bool {
        below(&self.scope, path)
    }

    /// The entries below the scope, in path order.
    pub fn scoped(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.files
            .iter()
            .map(|(path, entry)| (path.as_str(), entry))
            .filter(|(path, _)| self.in_scope(path))
    }

    /// `path` as a person who gave the scope knows it: relative to the scope when below it, otherwise from the
    /// repository's root.
    pub fn shown<'a>(&self, path: &'a str) -> &'a str {
        match path.strip_prefix(self.scope.as_str()) {
            Some(rest) if !self.scope.is_empty() => rest.strip_prefix('/').unwrap_or(path),
            _ => path,
        }
    }
}

/// Whether `path` is `folder` or lies below it; everything lies below `""`.
pub fn below(folder: &str, path: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_is_a_folder_not_a_prefix() {
        let mut tree = Tree::of([("a/x.yaml", ""), ("ab/y.yaml", ""), ("z.yaml", "")]);
        assert_eq!(tree.scoped().count(), 3);
        assert_eq!(tree.shown("a/x.yaml"), "a/x.yaml");
        tree.scope = "a".to_owned();
        assert_eq!(
            tree.scoped().map(|(p, _)| p).collect::<Vec<_>>(),
            ["a/x.yaml"]
        );
        assert_eq!(tree.shown("a/x.yaml"), "x.yaml");
        assert_eq!(tree.shown("ab/y.yaml"), "ab/y.yaml");
    }
}
