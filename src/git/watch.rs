//! Wakes when a folder changes. A wake carries no input: whoever is woken reads the folder and finds out.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use notify::event::{AccessKind, AccessMode, MetadataKind, ModifyKind};
use notify::{EventKind, RecursiveMode, Watcher};
use tokio::sync::Notify;

use crate::clock::Clock;

/// Quiet after the last change before waking: an editor's save is several events.
pub const QUIET: Duration = Duration::from_millis(200);
/// Longest a change waits while others follow it.
pub const AT_MOST: Duration = Duration::from_secs(2);
/// How often it is checked that the folder watched is still the one at the path; and, where watching fails,
/// how often there is a wake in place of it.
pub const RECHECK: Duration = Duration::from_secs(3);

/// A folder being watched. Dropping it ends the watching.
#[derive(Debug)]
pub struct Watch {
    changed: Arc<Notify>,
    task: tokio::task::JoinHandle<()>,
}

impl Watch {
    /// Watches everything below `path`, and of the git repository around it what tells that HEAD moved.
    ///
    /// It never fails: where the operating system will not watch (no such folder yet, no watches left), it logs a
    /// warning once, wakes every [`RECHECK`] instead, and goes on trying. The folder may be removed, made
    /// again or swapped by renaming.
    ///
    /// Needs a tokio runtime.
    pub fn folder(path: impl Into<PathBuf>, clock: Clock) -> Self {
        let changed = Arc::new(Notify::new());
        let task = tokio::spawn(run(path.into(), clock, Arc::clone(&changed)));
        Self { changed, task }
    }

    /// Returns once something changed since the last return. Changes in between are one wake.
    ///
    /// Cancel safe.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Groups changes that follow each other closely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Debounce {
    first: Timestamp,
    last: Timestamp,
}

impl Debounce {
    fn starting(now: Timestamp) -> Self {
        Self {
            first: now,
            last: now,
        }
    }

    fn changed(&mut self, now: Timestamp) {
        self.last = now;
    }

    /// How long to wait from `now` if nothing else happens.
    fn wait(&self, now: Timestamp) -> Duration {
        let left = |since: Timestamp, limit: Duration| {
            let passed = Duration::try_from(now.duration_since(since)).unwrap_or_default();
            limit.saturating_sub(passed)
        };
        left(self.last, QUIET).min(left(self.first, AT_MOST))
    }
}

async fn run(path: PathBuf, clock: Clock, changed: Arc<Notify>) {
    let raw = Arc::new(Notify::new());
    let mut warned = false;
    let mut armed_before = false;
    loop {
        let armed = arm(&path, &raw).await;
        match armed {
            Ok(armed) => {
                warned = false;
                // What happened while nobody watched.
                if armed_before {
                    changed.notify_one();
                }
                armed_before = true;
                forward(&armed, &clock, &raw, &changed).await;
            }
            Err(error) => {
                if !warned {
                    tracing::warn!(
                        path = %path.display(),
                        error = %error,
                        "the folder cannot be watched; it is looked at every {} s instead",
                        RECHECK.as_secs()
                    );
                    warned = true;
                }
                armed_before = true;
                clock.sleep(RECHECK).await;
            }
        }
        changed.notify_one();
    }
}

/// Passes debounced changes on until another folder is at the path.
async fn forward(armed: &Armed, clock: &Clock, raw: &Notify, changed: &Notify) {
    loop {
        tokio::select! {
            () = raw.notified() => {}
            () = clock.sleep(RECHECK) => {
                if armed.is_current().await {
                    continue;
                }
                return;
            }
        }
        settle(clock, raw).await;
        changed.notify_one();
        if !armed.is_current().await {
            return;
        }
    }
}

/// Returns when the changes that began just now have come to rest, or have gone on for [`AT_MOST`].
async fn settle(clock: &Clock, raw: &Notify) {
    let mut debounce = Debounce::starting(clock.now());
    loop {
        let wait = debounce.wait(clock.now());
        if wait.is_zero() {
            return;
        }
        tokio::select! {
            () = raw.notified() => debounce.changed(clock.now()),
            () = clock.sleep(wait) => {}
        }
    }
}

/// A running watcher, and which folders it watches.
struct Armed {
    _watcher: notify::RecommendedWatcher,
    path: PathBuf,
    identity: Option<Identity>,
}

impl Armed {
    async fn is_current(&self) -> bool {
        let path = self.path.clone();
        let now = tokio::task::spawn_blocking(move || identity(&path)).await;
        now.is_ok_and(|now| now.is_some() && now == self.identity)
    }
}

async fn arm(path: &Path, raw: &Arc<Notify>) -> notify::Result<Armed> {
    let (path, raw) = (path.to_owned(), Arc::clone(raw));
    let armed = tokio::task::spawn_blocking(move || arm_now(path, raw)).await;
    armed.map_err(|error| notify::Error::generic(&error.to_string()))?
}

fn arm_now(path: PathBuf, raw: Arc<Notify>) -> notify::Result<Armed> {
    // Before watching: a folder swapped in between is noticed at the next check.
    let identity = identity(&path);
    let root = std::fs::canonicalize(&path)?;
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // A failed watch (a queue that overflowed) is a change: something happened that was not told.
        if event.as_ref().map_or(true, concerns) {
            raw.notify_one();
        }
    })?;
    watcher.watch(&root, RecursiveMode::Recursive)?;
    for (folder, mode) in git_folders(&root) {
        // Without these a commit is noticed by the timer only.
        if let Err(error) = watcher.watch(&folder, mode) {
            tracing::debug!(path = %folder.display(), error = %error, "commits are not watched");
        }
    }
    Ok(Armed {
        _watcher: watcher,
        path,
        identity,
    })
}

/// Which folder is at a path: a folder made anew is another one.
type Identity = (PathBuf, u64, u64);

fn identity(path: &Path) -> Option<Identity> {
    let root = std::fs::canonicalize(path).ok()?;
    let metadata = std::fs::metadata(&root).ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some((root, metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    Some((root, u64::from(metadata.is_dir()), 0))
}

/// Where the repository around `root` keeps HEAD and its branches, unless that is below `root` itself.
fn git_folders(root: &Path) -> Vec<(PathBuf, RecursiveMode)> {
    let Ok(repository) = git2::Repository::discover(root) else {
        return Vec::new();
    };
    let outside = |path: &Path| {
        std::fs::canonicalize(path)
            .ok()
            .filter(|p| !p.starts_with(root))
    };
    let mut folders = Vec::new();
    folders.extend(outside(repository.path()).map(|p| (p, RecursiveMode::NonRecursive)));
    if repository.commondir() != repository.path() {
        folders.extend(outside(repository.commondir()).map(|p| (p, RecursiveMode::NonRecursive)));
    }
    let refs = repository.commondir().join("refs");
    folders.extend(outside(&refs).map(|p| (p, RecursiveMode::Recursive)));
    folders
}

/// Whether an event may mean that reading again gives something else.
fn concerns(event: &notify::Event) -> bool {
    let kind = match event.kind {
        // Our own reading opens files.
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        EventKind::Modify(ModifyKind::Metadata(MetadataKind::AccessTime)) => false,
        _ => true,
    };
    kind && (event.need_rescan()
        || event.paths.is_empty()
        || event.paths.iter().any(|path| concerns_path(path)))
}

/// Inside `.git` only what names the commit: git writes locks and objects all the time, and so does reading.
fn concerns_path(path: &Path) -> bool {
    let mut parts = path.components();
    let git = parts.any(|part| part == Component::Normal(".git".as_ref()));
    if !git {
        return true;
    }
    let mut inner: Vec<_> = parts
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    if inner.first().is_some_and(|part| part == "worktrees") {
        inner.drain(..inner.len().min(2));
    }
    let locked = inner.last().is_some_and(|name| name.ends_with(".lock"));
    let first = inner.first().map(AsRef::as_ref);
    !locked && matches!(first, None | Some("HEAD" | "refs" | "packed-refs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_close_together_are_one() {
        let at = |ms: i64| Timestamp::from_millisecond(1_000_000 + ms).unwrap();
        let ms = Duration::from_millis;
        let mut debounce = Debounce::starting(at(0));
        assert_eq!(debounce.wait(at(0)), QUIET);
        assert_eq!(debounce.wait(at(150)), ms(50));
        debounce.changed(at(150));
        assert_eq!(debounce.wait(at(200)), ms(150));
        assert_eq!(debounce.wait(at(350)), ms(0));
        // A change that never ends still wakes.
        debounce.changed(at(1_950));
        assert_eq!(debounce.wait(at(1_950)), ms(50));
        assert_eq!(debounce.wait(at(9_000)), ms(0));
    }

    #[tokio::test(start_paused = true)]
    async fn endless_changes_settle_at_the_limit() {
        let clock = Clock::system();
        let raw = Arc::new(Notify::new());
        let noise = tokio::spawn({
            let (raw, clock) = (Arc::clone(&raw), clock);
            async move {
                loop {
                    raw.notify_one();
                    clock.sleep(QUIET / 2).await;
                }
            }
        });
        let start = clock.now();
        settle(&clock, &raw).await;
        let took = Duration::try_from(clock.now().duration_since(start)).unwrap();
        noise.abort();
        assert!(took >= AT_MOST && took < AT_MOST + QUIET, "{took:?}");

        let start = clock.now();
        settle(&clock, &Notify::new()).await;
        let took = Duration::try_from(clock.now().duration_since(start)).unwrap();
        assert!(took >= QUIET && took < QUIET * 2, "{took:?}");
    }

    #[test]
    fn what_concerns() {
        for (path, wakes) in [
            ("/r/a.yaml", true),
            ("/r/a.yaml~", true),
            ("/r/.git", true),
            ("/r/.git/HEAD", true),
            ("/r/.git/refs/heads/main", true),
            ("/r/.git/packed-refs", true),
            ("/r/.git/refs/heads/main.lock", false),
            ("/r/.git/index", false),
            ("/r/.git/objects/ab/cd", false),
            ("/r/.git/worktrees/w/HEAD", true),
            ("/r/.git/worktrees/w/index", false),
            ("/r/.github/x.yaml", true),
        ] {
            assert_eq!(concerns_path(Path::new(path)), wakes, "{path}");
        }
        let read = notify::Event::new(EventKind::Access(AccessKind::Open(AccessMode::Any)))
            .add_path("/r/a.yaml".into());
        assert!(!concerns(&read), "reading must not wake the reader");
    }
}
