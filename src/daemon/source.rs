//! Where manifests come from, as the loop sees it: it can be read, and it wakes. A wake carries no input.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::git::{Folder, Repository, Snapshot, SourceError, Watch, off_thread};

/// How often a remote is asked what its ref names.
pub const POLL_REMOTE: Duration = Duration::from_secs(30);

/// A source of manifests.
#[derive(Debug)]
pub enum Source {
    /// A folder, uncommitted edits included.
    Folder(Folder),
    /// A repository at a ref.
    Repository(Remote),
}

/// A repository that is polled, with what it said last.
#[derive(Debug)]
pub struct Remote {
    repository: Arc<Mutex<Repository>>,
    last: Option<Snapshot>,
}

/// What wakes a loop when the source may have changed.
#[derive(Debug)]
pub enum Wakes {
    /// A watched folder.
    Watch(Watch),
    /// A remote's ref, asked from time to time.
    Poll(Clock),
}

impl Source {
    /// A repository as source.
    pub fn repository(repository: Repository) -> Self {
        let repository = Arc::new(Mutex::new(repository));
        Self::Repository(Remote {
            repository,
            last: None,
        })
    }

    /// Reads what it holds now. A repository is fetched only when its ref moved.
    ///
    /// # Errors
    /// A stated condition; never an empty tree.
    pub async fn read(&mut self) -> Result<Snapshot, SourceError> {
        match self {
            Self::Folder(folder) => {
                let folder = folder.clone();
                off_thread(move || folder.read()).await
            }
            Self::Repository(remote) => {
                let repository = Arc::clone(&remote.repository);
                let moved = off_thread(move || {
                    repository
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .poll()
                });
                if let Some(snapshot) = moved.await? {
                    remote.last = Some(snapshot);
                }
                match &remote.last {
                    Some(snapshot) => Ok(snapshot.clone()),
                    None => {
                        // Only after a poll that failed half-way: the next one reads it whole.
                        remote
                            .repository
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .forget();
                        Err(SourceError::new(
                            crate::git::SourceErrorKind::Internal,
                            "the source",
                            "it has not been read yet",
                        ))
                    }
                }
            }
        }
    }

    /// What wakes when it may have changed.
    pub fn wakes(&self, clock: Clock) -> Wakes {
        match self {
            Self::Folder(folder) => {
                Wakes::Watch(Watch::folder(PathBuf::from(folder.path()), clock))
            }
            Self::Repository(_) => Wakes::Poll(clock),
        }
    }
}

impl Wakes {
    /// Returns when the source may have changed. Cancel safe.
    pub async fn wake(&self) {
        match self {
            Self::Watch(watch) => watch.changed().await,
            Self::Poll(clock) => clock.sleep(POLL_REMOTE).await,
        }
    }
}
