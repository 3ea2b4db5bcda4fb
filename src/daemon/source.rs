//! Where manifests come from, as the loop sees it: it can be read, and it wakes. A wake carries no input.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::git::{self, Folder, Repository, Snapshot, SourceError, Watch, off_thread};

/// How often a remote is asked what its ref names.
pub const POLL_REMOTE: Duration = Duration::from_secs(30);

/// A source of manifests, read beside the async runtime.
#[derive(Debug)]
pub struct Source {
    inner: Arc<Mutex<git::Source>>,
    folder: Option<PathBuf>,
    poll: Duration,
}

/// What wakes a loop when the source may have changed.
#[derive(Debug)]
pub enum Wakes {
    /// A watched folder.
    Watch(Watch),
    /// A remote's ref, asked from time to time.
    Poll(Clock, Duration),
}

impl From<Folder> for Source {
    fn from(folder: Folder) -> Self {
        let path = folder.path().to_owned();
        Self {
            inner: Arc::new(Mutex::new(folder.into())),
            folder: Some(path),
            poll: POLL_REMOTE,
        }
    }
}

impl From<Repository> for Source {
    fn from(repository: Repository) -> Self {
        Self {
            inner: Arc::new(Mutex::new(repository.into())),
            folder: None,
            poll: POLL_REMOTE,
        }
    }
}

impl Source {
    /// The same, but its remote is asked this often; a folder is watched all the same.
    #[must_use]
    pub fn polled(mut self, every: Duration) -> Self {
        self.poll = every;
        self
    }

    /// How often a remote is asked; `None` for a folder, which is watched.
    pub fn poll(&self) -> Option<Duration> {
        self.folder.is_none().then_some(self.poll)
    }

    /// Reads what it holds now. A repository is fetched only when its ref moved; where nothing changed it is the very
    /// snapshot of the last read.
    ///
    /// # Errors
    /// A stated condition; never an empty tree.
    pub async fn read(&mut self) -> Result<Arc<Snapshot>, SourceError> {
        let inner = Arc::clone(&self.inner);
        off_thread(move || inner.lock().unwrap_or_else(PoisonError::into_inner).read()).await
    }

    /// What wakes when it may have changed.
    pub fn wakes(&self, clock: Clock) -> Wakes {
        match &self.folder {
            Some(folder) => Wakes::Watch(Watch::folder(folder, clock)),
            None => Wakes::Poll(clock, self.poll),
        }
    }
}

impl Wakes {
    /// Returns when the source may have changed. Cancel safe.
    pub async fn wake(&self) {
        match self {
            Self::Watch(watch) => watch.changed().await,
            Self::Poll(clock, every) => clock.sleep(*every).await,
        }
    }
}
