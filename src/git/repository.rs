//! A git repository as source: polled for a ref, read as blobs of the commit it names.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use git2::Oid;
use sha2::{Digest, Sha256};

use super::error::{SourceError, SourceErrorKind, local};
use super::location::Location;
use super::reference::Wanted;
use super::transport::{Access, Session, explain};
use super::tree::read_commit;
use super::{Snapshot, commit_time, pins, upload_pack};
use crate::ids::Revision;
use crate::manifest;
use crate::model::tree::Tree;

/// Packs in a cache before it is made anew: each fetch adds one, and the old ones are never needed again.
const MAX_PACKS: usize = 50;
/// The ref of a cache that names what was fetched last, whole.
const TIP: &str = "refs/catalogd/tip";
/// Where the refs of a cache stand that name what else was fetched, whole.
const PINS: &str = "refs/catalogd/pins/";

/// What to read.
#[derive(Debug, Clone)]
pub struct RepositoryOptions {
    /// The repository.
    pub location: Location,
    /// A branch, a tag, a full ref, a commit of 40 hex digits, or `HEAD`. A branch comes before a tag of that name.
    pub reference: String,
    /// The folder of the manifests, from the repository's root; `""` is the root.
    pub path: String,
    /// The folder for caches of remote repositories; unused for local ones. It can be deleted at any time.
    pub cache: PathBuf,
    /// How remotes are reached.
    pub access: Access,
}

/// A repository that is polled. A local one (`file://`, a path) is read in place; of a remote one only the pinned commit
/// is fetched, without history, into a cache.
#[derive(Debug)]
pub struct Repository {
    options: RepositoryOptions,
    at: String,
    wanted: Wanted,
    scope: String,
    /// What the ref named when the last snapshot was returned.
    seen: Option<Oid>,
}

impl Repository {
    /// Checks the options. Nothing is read or asked yet.
    ///
    /// # Errors
    /// [`SourceErrorKind::Refused`] for a malformed ref or a path that is absolute or holds `..`.
    pub fn open(options: RepositoryOptions) -> Result<Self, SourceError> {
        let at = options.location.to_string();
        let refuse = |why: String| SourceError::new(SourceErrorKind::Refused, &at, why);
        let wanted = Wanted::parse(&options.reference).ok_or_else(|| {
            refuse(format!("{:?} is not a ref's name", options.reference))
                .with_hint("give a branch, a tag, refs/… or a commit of 40 hex digits")
        })?;
        let path = options.path.trim_end_matches('/');
        let path = path.strip_prefix("./").unwrap_or(path);
        let scope = if path == "." { "" } else { path };
        let odd = |part: &str| matches!(part, "" | "." | ".." | ".git");
        if !scope.is_empty() && scope.split('/').any(odd) {
            return Err(refuse(format!(
                "{:?} is not a folder below the repository's root",
                options.path
            ))
            .with_hint("give the path from the repository's root, without .."));
        }
        Ok(Self {
            at,
            wanted,
            scope: scope.to_owned(),
            seen: None,
            options,
        })
    }

    /// The location for people, without credentials.
    pub fn shown(&self) -> &str {
        &self.at
    }

    /// Asks what the ref names now, and reads it when that is not what the last snapshot was read from; otherwise none.
    /// A pinned commit is asked for only until it was read.
    ///
    /// After an error the next poll tries again. Blocks up to the access's timeout when nothing moved.
    ///
    /// # Errors
    /// Every [`SourceErrorKind`] but [`SourceErrorKind::NotAFolder`] for a remote.
    pub fn poll(&mut self) -> Result<Option<Snapshot>, SourceError> {
        if self.seen.is_some() && matches!(self.wanted, Wanted::Commit(_)) {
            return Ok(None);
        }
        let (tip, snapshot) = match self.options.location.clone() {
            Location::Local(path) => self.poll_local(&path)?,
            _ => self.poll_remote()?,
        };
        if snapshot.is_some() {
            self.seen = Some(tip);
        }
        Ok(snapshot)
    }

    /// Reads what the ref names now, whether or not it moved.
    ///
    /// # Errors
    /// Those of [`Repository::poll`].
    pub fn read(&mut self) -> Result<Snapshot, SourceError> {
        self.forget();
        let why = "nothing was read";
        self.poll()?
            .ok_or_else(|| SourceError::new(SourceErrorKind::Internal, &self.at, why))
    }

    /// Makes the next poll return a snapshot whether or not the ref moved.
    pub fn forget(&mut self) {
        self.seen = None;
    }

    fn poll_local(&self, path: &std::path::Path) -> Result<(Oid, Option<Snapshot>), SourceError> {
        if !path.exists() {
            let why = "there is no such path";
            return Err(SourceError::new(SourceErrorKind::Missing, &self.at, why));
        }
        let flags = git2::RepositoryOpenFlags::NO_SEARCH;
        let nowhere: [&std::path::Path; 0] = [];
        let repository = git2::Repository::open_ext(path, flags, nowhere).map_err(|error| {
            local(SourceErrorKind::NotAFolder, &self.at, &error)
                .with_hint_unless_owner("give a repository, bare or with a work tree")
        })?;
        let broken = |error: git2::Error| local(SourceErrorKind::Unreadable, &self.at, &error);
        let refs = local_refs(&repository).map_err(broken)?;
        let tip = match &self.wanted {
            Wanted::Commit(commit) if repository.odb().map_err(broken)?.exists(*commit) => *commit,
            wanted => wanted
                .resolve(&refs)
                .ok_or_else(|| wanted.missing(&self.at, &refs))?,
        };
        if self.seen == Some(tip) {
            return Ok((tip, None));
        }
        let mut found = self.snapshot(&repository, tip)?;
        pins::fill(&repository, &refs, &self.at, &mut found.tree)?;
        Ok((tip, Some(found)))
    }

    fn poll_remote(&self) -> Result<(Oid, Option<Snapshot>), SourceError> {
        // A pinned commit that is here needs no remote.
        if let Wanted::Commit(commit) = self.wanted
            && let Ok(cache) = self.cache()
            && tip_of(&cache) == Some(commit)
            && let Ok(found) = self.snapshot(&cache, commit)
            && manifest::pins(&found.tree).is_empty()
        {
            return Ok((commit, Some(found)));
        }
        let (remote, session) = Session::open(&self.options.location, &self.options.access)?;
        let Some(tip) = self.tip(&remote) else {
            session.close();
            return Err(self.wanted.missing(&self.at, &remote.refs));
        };
        if self.seen == Some(tip) {
            session.close();
            return Ok((tip, None));
        }
        let first = self.fetch_whole(&remote, session, tip);
        let found = match first {
            // The cache is broken: objects missing, files damaged. It holds nothing that the remote does not.
            Err(error)
                if matches!(
                    error.kind,
                    SourceErrorKind::Unreadable | SourceErrorKind::Cache
                ) =>
            {
                tracing::warn!(error = %error, "the cache of a repository is made anew");
                self.clear_cache()?;
                let (remote, session) =
                    Session::open(&self.options.location, &self.options.access)?;
                self.fetch_whole(&remote, session, tip)?
            }
            other => other?,
        };
        Ok((tip, Some(found)))
    }

    /// The snapshot of `tip`, and of what its manifests name at other tags and commits.
    fn fetch_whole(
        &self,
        remote: &upload_pack::Advertisement,
        session: Session,
        tip: Oid,
    ) -> Result<Snapshot, SourceError> {
        let cache = self.fetch(remote, session, tip)?;
        let mut found = self.snapshot(&cache, tip)?;
        self.fetch_pins(&cache, remote, tip, &found.tree)?;
        pins::fill(&cache, &remote.refs, &self.at, &mut found.tree)?;
        Ok(found)
    }

    /// Makes the cache hold the other tags and commits that a tree's manifests name, as far as the remote hands them out.
    /// What it holds of them is remembered by refs of its own: only those are whole.
    fn fetch_pins(
        &self,
        cache: &git2::Repository,
        remote: &upload_pack::Advertisement,
        tip: Oid,
        tree: &Tree,
    ) -> Result<(), SourceError> {
        let pins = manifest::pins(tree);
        let mut advertised = Vec::new();
        let mut single = Vec::new();
        for reference in pins::references(&pins) {
            let Ok(id) = pins::resolve(&remote.refs, reference) else {
                continue;
            };
            if id == tip || cache.find_reference(&format!("{PINS}{id}")).is_ok() {
                continue;
            }
            if remote.refs.values().any(|known| *known == id) {
                advertised.push(id);
            } else if remote.serves_any_commit() {
                single.push(id);
            }
        }
        advertised.sort();
        advertised.dedup();
        let batches = [advertised].into_iter().filter(|all| !all.is_empty());
        // A commit that no ref names may be refused, and with it all that is asked for beside it.
        for wants in batches.chain(single.into_iter().map(|id| vec![id])) {
            let (remote, session) = Session::open(&self.options.location, &self.options.access)?;
            match self.take(cache, &remote, session, &wants, None) {
                Ok(()) => {}
                Err(error) if error.kind == SourceErrorKind::RefMissing => continue,
                Err(error) => return Err(error),
            }
            for id in wants {
                let name = format!("{PINS}{id}");
                cache
                    .reference(&name, id, true, "catalogd: fetched")
                    .map_err(|error| local(SourceErrorKind::Cache, &self.at, &error))?;
            }
        }
        Ok(())
    }

    /// The object to ask the remote for.
    fn tip(&self, remote: &upload_pack::Advertisement) -> Option<Oid> {
        match self.wanted {
            Wanted::Commit(commit)
                if remote.serves_any_commit() || remote.refs.values().any(|id| *id == commit) =>
            {
                Some(commit)
            }
            _ => self.wanted.resolve(&remote.refs),
        }
    }

    /// Makes the cache hold `tip` and all its files.
    fn fetch(
        &self,
        remote: &upload_pack::Advertisement,
        session: Session,
        tip: Oid,
    ) -> Result<git2::Repository, SourceError> {
        let mut cache = self.cache()?;
        let known = tip_of(&cache);
        if known == Some(tip) {
            session.close();
            return Ok(cache);
        }
        let mut have = known.and_then(|known| {
            let object = cache.find_object(known, None).ok()?;
            Some(object.peel_to_commit().ok()?.id())
        });
        let packs = fs::read_dir(self.cache_path().join("objects/pack"));
        if packs.map_or(0, Iterator::count) > 2 * MAX_PACKS {
            drop(cache);
            self.clear_cache()?;
            (cache, have) = (self.cache()?, None);
        }
        self.take(&cache, remote, session, &[tip], have)?;
        // Only now: a fetch that was cut leaves the ref at what is whole.
        cache
            .reference(TIP, tip, true, "catalogd: fetched")
            .map_err(|error| local(SourceErrorKind::Cache, &self.at, &error))?;
        Ok(cache)
    }

    /// Takes objects from the remote into the cache.
    fn take(
        &self,
        cache: &git2::Repository,
        remote: &upload_pack::Advertisement,
        session: Session,
        wants: &[Oid],
        have: Option<Oid>,
    ) -> Result<(), SourceError> {
        let request = upload_pack::request(remote, wants, have)
            .map_err(|failure| explain(&self.at, failure))?;
        let broken = |error: git2::Error| local(SourceErrorKind::Cache, &self.at, &error);
        {
            let odb = cache.odb().map_err(broken)?;
            let mut writer = odb.packwriter().map_err(broken)?;
            let mut sink = Indexer {
                inner: &mut writer,
                failed: false,
            };
            let fetched = session.fetch(&request, &mut sink);
            if sink.failed {
                // libgit2 says why, but only until its next call.
                let why = git2::Error::last_error(-1);
                return Err(local(SourceErrorKind::Cache, &self.at, &why));
            }
            if fetched? > 0 {
                writer.commit().map_err(broken)?;
            }
        }
        Ok(())
    }

    fn snapshot(&self, repository: &git2::Repository, tip: Oid) -> Result<Snapshot, SourceError> {
        let broken = |error: git2::Error| local(SourceErrorKind::Unreadable, &self.at, &error);
        let object = repository.find_object(tip, None).map_err(broken)?;
        read_object(repository, &object, &self.scope, &self.at)
    }

    /// A cache is one location's at one ref: two refs would take each other's place as [`TIP`].
    fn cache_path(&self) -> PathBuf {
        let mut hash = Sha256::new();
        hash.update(self.at.as_bytes());
        hash.update([0]);
        hash.update(self.options.reference.as_bytes());
        let name = hex::encode(hash.finalize());
        self.options.cache.join(format!("{}.git", &name[..32]))
    }

    fn cache(&self) -> Result<git2::Repository, SourceError> {
        let path = self.cache_path();
        let broken = |error: git2::Error| local(SourceErrorKind::Cache, &self.at, &error);
        match git2::Repository::open_bare(&path) {
            Ok(cache) => Ok(cache),
            Err(error) if error.code() == git2::ErrorCode::Owner => Err(broken(error)),
            // Missing, or damaged beyond opening.
            Err(_) => {
                self.clear_cache()?;
                git2::Repository::init_bare(&path).map_err(broken)
            }
        }
    }

    fn clear_cache(&self) -> Result<(), SourceError> {
        match fs::remove_dir_all(self.cache_path()) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(SourceError::new(
                SourceErrorKind::Cache,
                self.cache_path().display().to_string(),
                error.to_string(),
            )),
            _ => Ok(()),
        }
    }
}

/// Every ref of a local repository with what it names; `HEAD` where it names anything.
pub(super) fn local_refs(
    repository: &git2::Repository,
) -> Result<BTreeMap<String, Oid>, git2::Error> {
    let mut refs = BTreeMap::new();
    for reference in repository.references()? {
        let reference = reference?;
        let target = reference.resolve().ok().and_then(|end| end.target());
        if let (Ok(name), Some(target)) = (reference.name(), target) {
            refs.insert(name.to_owned(), target);
        }
    }
    if let Some(head) = repository.head().ok().and_then(|head| head.target()) {
        refs.insert("HEAD".to_owned(), head);
    }
    Ok(refs)
}

/// The snapshot of a commit, or of the commit an annotated tag names.
pub(super) fn read_object(
    repository: &git2::Repository,
    object: &git2::Object<'_>,
    scope: &str,
    at: &str,
) -> Result<Snapshot, SourceError> {
    let commit = match object.peel_to_commit() {
        Ok(commit) => commit,
        Err(error) if error.code() == git2::ErrorCode::NotFound => {
            return Err(local(SourceErrorKind::Unreadable, at, &error));
        }
        Err(_) => {
            let why = format!("{} is no commit", object.id());
            return Err(SourceError::new(SourceErrorKind::RefMissing, at, why));
        }
    };
    Ok(Snapshot {
        revision: Revision::Commit(commit.id().to_string()),
        tree: read_commit(repository, &commit, scope, at)?,
        message: Some(String::from_utf8_lossy(commit.message_bytes()).into_owned()),
        committed_at: commit_time(&commit),
    })
}

fn tip_of(cache: &git2::Repository) -> Option<Oid> {
    cache.find_reference(TIP).ok()?.target()
}

/// Tells libgit2's refusal of a pack from a failing remote.
struct Indexer<'a, 'b> {
    inner: &'a mut git2::OdbPackwriter<'b>,
    failed: bool,
}

impl std::io::Write for Indexer<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.inner.write(bytes).inspect_err(|_| self.failed = true)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}
