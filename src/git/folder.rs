//! A folder as source: a git work tree with its uncommitted edits, or a plain folder.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::{SourceError, SourceErrorKind, local};
use super::reference::Wanted;
use super::repository::{local_refs, read_object};
use super::tree::{self, Gather, MAX_FILE_BYTES, join, unreadable};
use super::{Snapshot, commit_time, pins};
use crate::ids::Revision;
use crate::model::tree::{Entry, Pinned, Tree, below};

/// How often a folder is listed again when a file went away between its listing and its reading. An editor that saves by
/// deleting and writing anew must not look like a removal.
const RELISTS: usize = 3;

/// A folder that is read as it lies there.
///
/// In a git work tree that is what is tracked, and what is untracked and not ignored, edits included. Elsewhere, and
/// where git ignores the folder itself, it is every file. `.git` is always passed over.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// A folder that exists now.
    ///
    /// # Errors
    /// [`SourceErrorKind::Missing`], [`SourceErrorKind::NotAFolder`] (a file, a bare repository),
    /// [`SourceErrorKind::Ownership`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, SourceError> {
        let folder = Self { path: path.into() };
        folder.place()?;
        Ok(folder)
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads everything there is now. A path that is itself a symbolic link is followed anew each time, so a folder that is
    /// swapped by renaming a link over another is always read whole.
    ///
    /// # Errors
    /// Those of [`Folder::open`], [`SourceErrorKind::Empty`], [`SourceErrorKind::TooLarge`], and
    /// [`SourceErrorKind::Unreadable`] when a folder cannot be listed. A single unreadable file is an
    /// [`Entry::Unreadable`].
    pub fn read(&self) -> Result<Snapshot, SourceError> {
        let place = self.place()?;
        let mut relists = 0;
        let mut tree = loop {
            let mut listing = Listing::new(&place)?;
            listing.read_all()?;
            if !listing.vanished || relists == RELISTS {
                break listing.gather.finish()?;
            }
            relists += 1;
        };
        let Some(repository) = &place.repository else {
            pins::refuse(&mut tree);
            let revision = Revision::Folder {
                head: None,
                digest: digest(&tree),
            };
            return Ok(Snapshot {
                revision,
                tree,
                message: None,
                committed_at: None,
            });
        };
        let broken = |error: git2::Error| local(SourceErrorKind::Unreadable, &place.shown, &error);
        let refs = local_refs(repository).map_err(broken)?;
        pins::fill(repository, &refs, &place.shown, &mut tree)?;
        let head = match repository.head() {
            Ok(head) => Some(head.peel_to_commit().map_err(broken)?),
            Err(error)
                if matches!(
                    error.code(),
                    git2::ErrorCode::UnbornBranch | git2::ErrorCode::NotFound
                ) =>
            {
                None
            }
            Err(error) => return Err(broken(error)),
        };
        let clean = head.is_some() && is_clean(repository, &tree).map_err(broken)?;
        let commit = head.as_ref().map(|commit| commit.id().to_string());
        let revision = match commit {
            Some(commit) if clean => Revision::Commit(commit),
            head => Revision::Folder {
                head,
                digest: digest(&tree),
            },
        };
        Ok(Snapshot {
            revision,
            tree,
            message: head
                .as_ref()
                .map(|commit| String::from_utf8_lossy(commit.message_bytes()).into_owned()),
            committed_at: head.as_ref().and_then(commit_time),
        })
    }

    /// Reads what the folder held at another commit of its repository, without its edits.
    ///
    /// `revision` is anything git takes for a commit: `HEAD~1`, `main`, `v1`, `3f2a9c1`.
    ///
    /// # Errors
    /// [`SourceErrorKind::RefMissing`] when there is no such commit, or no repository; those of reading a commit.
    pub fn read_at(&self, revision: &str) -> Result<Snapshot, SourceError> {
        let place = self.place()?;
        let at = &place.shown;
        let Some(repository) = &place.repository else {
            let why = format!("the folder is in no git work tree, so it has no {revision}");
            return Err(SourceError::new(SourceErrorKind::RefMissing, at, why));
        };
        match repository.revparse_single(revision) {
            Ok(object) => {
                let mut found = read_object(repository, &object, &place.scope, at)?;
                let refs = local_refs(repository)
                    .map_err(|error| local(SourceErrorKind::Unreadable, at, &error))?;
                pins::fill(repository, &refs, at, &mut found.tree)?;
                Ok(found)
            }
            Err(error) => {
                let why = format!("{revision:?} names no commit: {}", error.message());
                let missing = SourceError::new(SourceErrorKind::RefMissing, at, why);
                let refs = local_refs(repository).unwrap_or_default();
                // Only a name can be near another; the rest git has explained.
                Err(match Wanted::parse(revision) {
                    Some(wanted) => missing.with_hint(wanted.missing(at, &refs).next()),
                    None => missing,
                })
            }
        }
    }

    /// Finds the work tree around the folder.
    fn place(&self) -> Result<Place, SourceError> {
        let shown = self.path.display().to_string();
        let root = fs::canonicalize(&self.path).map_err(|error| {
            let kind = match error.kind() {
                ErrorKind::NotFound => SourceErrorKind::Missing,
                ErrorKind::NotADirectory => SourceErrorKind::NotAFolder,
                _ => SourceErrorKind::Unreadable,
            };
            SourceError::new(kind, &shown, error.to_string())
        })?;
        if !root.is_dir() {
            let why = "it is a file";
            return Err(SourceError::new(SourceErrorKind::NotAFolder, shown, why));
        }
        let plain = Place {
            shown: shown.clone(),
            root: root.clone(),
            scope: String::new(),
            repository: None,
        };
        let repository = match git2::Repository::discover(&root) {
            Ok(repository) => repository,
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(plain),
            Err(error) => return Err(local(SourceErrorKind::Unreadable, &shown, &error)),
        };
        let inside = |folder: Option<&Path>| {
            let folder = fs::canonicalize(folder?).ok()?;
            let rest = root.strip_prefix(&folder).ok()?;
            Some((folder.clone(), rest.to_str()?.to_owned()))
        };
        if inside(Some(repository.path())).is_some() {
            let why = "it lies in a repository's own storage and has no work tree";
            return Err(SourceError::new(SourceErrorKind::NotAFolder, shown, why)
                .with_hint("give it as a repository at a ref, or give a work tree"));
        }
        let Some((root, scope)) = inside(repository.workdir()) else {
            return Ok(plain);
        };
        let place = Place {
            shown,
            root,
            scope,
            repository: Some(repository),
        };
        // A folder that git ignores was named on purpose: it is read as a plain one.
        let ignored = place.repository.as_ref().is_some_and(|repository| {
            let folder = format!("{}/", place.scope);
            !place.scope.is_empty() && repository.is_path_ignored(folder).unwrap_or(false)
        });
        if ignored && Tracking::of(&place)?.skips_folder(&place.scope) {
            return Ok(plain);
        }
        Ok(place)
    }
}

/// Where the folder lies at this moment.
struct Place {
    shown: String,
    /// The work tree's root, or the folder itself.
    root: PathBuf,
    scope: String,
    repository: Option<git2::Repository>,
}

/// What git says of the paths of a work tree.
struct Tracking<'a> {
    repository: &'a git2::Repository,
    files: BTreeSet<String>,
    submodules: BTreeSet<String>,
}

impl<'a> Tracking<'a> {
    fn of(place: &'a Place) -> Result<Option<Self>, SourceError> {
        let Some(repository) = &place.repository else {
            return Ok(None);
        };
        let index = repository
            .index()
            .map_err(|error| local(SourceErrorKind::Unreadable, &place.shown, &error))?;
        let (mut files, mut submodules) = (BTreeSet::new(), BTreeSet::new());
        for entry in index.iter() {
            let path = String::from_utf8_lossy(&entry.path).into_owned();
            match entry.mode & 0o170_000 {
                0o160_000 => submodules.insert(path),
                _ => files.insert(path),
            };
        }
        Ok(Some(Self {
            repository,
            files,
            submodules,
        }))
    }

    fn tracks_below(&self, folder: &str) -> bool {
        let first = format!("{folder}/");
        let next = self.files.range(first.clone()..).next();
        next.is_some_and(|path| path.starts_with(&first))
    }

    /// An answer git cannot give counts as "not ignored": reading too much is the safe side.
    fn ignores(&self, path: &str) -> bool {
        self.repository.is_path_ignored(path).unwrap_or(false)
    }
}

/// The same questions where there may be no git.
trait Skips {
    fn skips_folder(&self, path: &str) -> bool;
    fn skips_file(&self, path: &str) -> bool;
}

impl Skips for Option<Tracking<'_>> {
    fn skips_folder(&self, path: &str) -> bool {
        self.as_ref().is_some_and(|git| {
            // The slash matters: `build/` in .gitignore means folders only.
            git.ignores(&format!("{path}/")) && !git.tracks_below(path)
        })
    }

    fn skips_file(&self, path: &str) -> bool {
        self.as_ref()
            .is_some_and(|git| !git.files.contains(path) && git.ignores(path))
    }
}

/// One reading of a folder.
struct Listing<'a> {
    place: &'a Place,
    git: Option<Tracking<'a>>,
    gather: Gather,
    /// A path that was listed was gone when it was read.
    vanished: bool,
}

impl<'a> Listing<'a> {
    fn new(place: &'a Place) -> Result<Self, SourceError> {
        Ok(Self {
            place,
            git: Tracking::of(place)?,
            gather: Gather::new(&place.shown, &place.scope),
            vanished: false,
        })
    }

    fn read_all(&mut self) -> Result<(), SourceError> {
        let scope = self.place.scope.clone();
        self.walk(&scope, |_| true)?;
        if self.gather.climbs() {
            self.walk("", |path| !below(&scope, path))?;
        }
        Ok(())
    }

    fn walk(&mut self, from: &str, wanted: impl Fn(&str) -> bool) -> Result<(), SourceError> {
        let mut waiting = vec![(from.to_owned(), 0)];
        while let Some((folder, depth)) = waiting.pop() {
            let listed = match fs::read_dir(self.place.root.join(&folder)) {
                Ok(listed) => listed,
                Err(error) if error.kind() == ErrorKind::NotFound && folder != from => {
                    self.vanished = true;
                    continue;
                }
                Err(error) => return Err(self.unreadable(&folder, &error)),
            };
            for item in listed {
                let item = item.map_err(|error| self.unreadable(&folder, &error))?;
                self.gather.look(depth)?;
                let name = item.file_name();
                let name = name.to_string_lossy();
                let path = join(&folder, &name);
                if name == ".git" || !wanted(&path) {
                    continue;
                }
                let Some((entry, is_folder)) = self.entry(&item.path(), &path)? else {
                    continue;
                };
                if is_folder {
                    waiting.push((path, depth + 1));
                } else if let Some(entry) = entry {
                    self.gather.add(path, entry)?;
                }
            }
        }
        Ok(())
    }

    /// What one path is: none to pass it over, otherwise an entry or a folder to descend into.
    fn entry(
        &mut self,
        at: &Path,
        path: &str,
    ) -> Result<Option<(Option<Entry>, bool)>, SourceError> {
        let metadata = match fs::symlink_metadata(at) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.vanished = true;
                return Ok(None);
            }
            Err(error) => return Err(self.unreadable(path, &error)),
        };
        if metadata.is_dir() {
            if self.git.skips_folder(path) {
                return Ok(None);
            }
            let submodule = self
                .git
                .as_ref()
                .is_some_and(|git| git.submodules.contains(path));
            if submodule || (self.git.is_some() && at.join(".git").exists()) {
                return Ok(Some((Some(unreadable("it is a submodule")), false)));
            }
            return Ok(Some((None, true)));
        }
        let in_scope = below(&self.place.scope, path);
        if self.git.skips_file(path) || (!in_scope && !tree::is_referable(path)) {
            return Ok(None);
        }
        let entry = if metadata.is_symlink() {
            Entry::Symlink
        } else if at.to_str().is_none() {
            unreadable("its name is not UTF-8")
        } else if !metadata.is_file() {
            unreadable("it is not a regular file")
        } else if metadata.len() > MAX_FILE_BYTES {
            Entry::TooLarge {
                bytes: metadata.len(),
            }
        } else {
            match read_file(at, &metadata) {
                Ok(entry) => entry,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.vanished = true;
                    return Ok(None);
                }
                Err(error) => unreadable(&error.to_string()),
            }
        };
        Ok(Some((Some(entry), false)))
    }

    fn unreadable(&self, path: &str, error: &std::io::Error) -> SourceError {
        let at = self.place.root.join(path).display().to_string();
        SourceError::new(SourceErrorKind::Unreadable, at, error.to_string())
    }
}

/// Reads a regular file, never through a link that took its place since `seen`.
fn read_file(at: &Path, seen: &Metadata) -> std::io::Result<Entry> {
    let file = File::open(at)?;
    let metadata = file.metadata()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        // A save by rename gives a new inode too: only what is a link now is refused.
        let same = (metadata.dev(), metadata.ino()) == (seen.dev(), seen.ino());
        if !same && fs::symlink_metadata(at)?.is_symlink() {
            return Ok(Entry::Symlink);
        }
    }
    #[cfg(not(unix))]
    let _ = seen;
    if !metadata.is_file() {
        return Ok(unreadable("it is not a regular file"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Ok(Entry::TooLarge {
            bytes: metadata.len(),
        });
    }
    Ok(Entry::file(bytes))
}

/// Whether what was read is what HEAD has. Only the scope is asked about, unless more was read.
fn is_clean(repository: &git2::Repository, tree: &Tree) -> Result<bool, git2::Error> {
    let mut options = git2::StatusOptions::new();
    options
        .include_untracked(true)
        .include_unreadable(true)
        .disable_pathspec_match(true)
        .exclude_submodules(true)
        .update_index(false);
    if !tree.scope.is_empty() && tree.files.keys().all(|path| tree.in_scope(path)) {
        options.pathspec(&tree.scope);
    }
    Ok(repository.statuses(Some(&mut options))?.is_empty())
}

/// SHA-256 of every path and what is there, each with its length before it.
fn digest(tree: &Tree) -> String {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    add(tree.scope.as_bytes());
    let files = tree
        .files
        .iter()
        .map(|(path, entry)| (path.as_str(), "", Ok(entry)));
    let pinned = tree.pinned.iter().map(|(pin, found)| {
        let found = match found {
            Pinned::There(entry) => Ok(entry),
            other => Err(other),
        };
        (pin.path.as_str(), pin.reference.as_str(), found)
    });
    for (path, reference, entry) in files.chain(pinned) {
        add(path.as_bytes());
        add(reference.as_bytes());
        let entry = match entry {
            Ok(entry) => entry,
            Err(other) => {
                add(format!("{other:?}").as_bytes());
                continue;
            }
        };
        match entry {
            Entry::File(bytes) => {
                add(b"file");
                add(bytes);
            }
            Entry::Symlink => add(b"symlink"),
            Entry::TooLarge { bytes } => {
                add(b"too large");
                add(&bytes.to_be_bytes());
            }
            Entry::Unreadable { reason } => {
                add(b"unreadable");
                add(reason.as_bytes());
            }
        }
    }
    hex::encode(hash.finalize())
}
