//! Sources: a folder as it lies there, or a git repository at a ref.
//!
//! A source is read into a [`Snapshot`]: plain bytes by path at one [`Revision`]. A repository is read as blobs of the
//! pinned commit, without a checkout, so no link, hook, filter or submodule of the repository is ever followed or run.
//! An unreachable, unreadable or empty source is a [`SourceError`], never an empty tree: a caller that holds a
//! snapshot may believe what it does not contain.
//!
//! All calls block (file system, network); [`off_thread`] runs them beside an async runtime.

mod error;
mod folder;
mod http;
mod location;
mod pins;
mod pkt;
mod reference;
mod repository;
mod source;
mod ssh;
mod transport;
mod tree;
mod upload_pack;
pub mod watch;

use jiff::Timestamp;

use crate::ids::Revision;
use crate::model::tree::Tree;

pub use error::{SourceError, SourceErrorKind};
pub use folder::Folder;
pub use location::{Location, redact};
pub use repository::{Repository, RepositoryOptions};
pub use source::Source;
pub use transport::{Access, Credentials};
pub use tree::{MAX_DEPTH, MAX_FILE_BYTES, MAX_FILES, MAX_NAMES, MAX_TREE_BYTES};
pub use watch::Watch;

/// What a source held at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Which state this is. Equal revisions of one source mean equal trees.
    pub revision: Revision,
    /// The files.
    pub tree: Tree,
    /// The commit's whole message (of the commit below the edits, in a work tree); none where there is no commit.
    pub message: Option<String>,
    /// When that commit was made, by its committer's clock.
    pub committed_at: Option<Timestamp>,
}

/// Runs one blocking call of this module on tokio's blocking threads.
///
/// # Errors
/// What `work` returns, and [`SourceErrorKind::Internal`] if it panicked or the runtime is shutting down.
pub async fn off_thread<T, F>(work: F) -> Result<T, SourceError>
where
    F: FnOnce() -> Result<T, SourceError> + Send + 'static,
    T: Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(SourceError::new(
            SourceErrorKind::Internal,
            "the source",
            error.to_string(),
        )),
    }
}

/// When a commit was made, where that is a time at all.
fn commit_time(commit: &git2::Commit<'_>) -> Option<Timestamp> {
    Timestamp::from_second(commit.time().seconds()).ok()
}
