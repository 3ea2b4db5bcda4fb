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
pub use location::{Location, shown};
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

/// The trailer of a commit that lets so many removals go beyond what the guard allows (design §6).
const ALLOW_REMOVALS: &str = "Catalogd-Allow-Removals:";

impl Snapshot {
    /// What the commit's trailer `Catalogd-Allow-Removals: N` allows. Edits above a commit were not looked at by whoever
    /// wrote it, so with them it counts for nothing.
    pub fn allowed_removals(&self) -> Option<usize> {
        if self.revision.is_edited() {
            return None;
        }
        let message = self.message.as_deref()?.trim_end();
        // Trailers are the last paragraph, and a subject alone has none.
        let (_, trailers) = message.rsplit_once("\n\n")?;
        let mut values = trailers.lines().filter_map(|line| {
            let (key, value) = line.split_at_checked(ALLOW_REMOVALS.len())?;
            key.eq_ignore_ascii_case(ALLOW_REMOVALS)
                .then(|| value.trim().parse().ok())?
        });
        values.next_back()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailer_allows_removals() {
        let snapshot = |message: &str, revision: Revision| Snapshot {
            revision,
            tree: Tree::default(),
            message: Some(message.to_owned()),
            committed_at: None,
        };
        let commit = Revision::Commit("3f2a9c1d00000000000000000000000000000000".to_owned());
        let edited = Revision::Folder {
            head: commit.commit().map(str::to_owned),
            digest: "ab".to_owned(),
        };
        let said = "retire old products\n\nThey are not used.\n\nCatalogd-Allow-Removals: 40\nSigned-off-by: A <a@example.com>\n";
        assert_eq!(snapshot(said, commit.clone()).allowed_removals(), Some(40));
        assert_eq!(snapshot(said, edited).allowed_removals(), None);
        let lower = said.replace("Allow-Removals", "allow-removals");
        assert_eq!(
            snapshot(&lower, commit.clone()).allowed_removals(),
            Some(40)
        );
        for other in [
            "Catalogd-Allow-Removals: 40",
            "x\n\nCatalogd-Allow-Removals: 40\n\nmore",
            "x\n\nCatalogd-Allow-Removals: many",
            "x\n\nCatalogd-Allow-Removals: -1",
            "x\n\nä",
        ] {
            assert_eq!(
                snapshot(other, commit.clone()).allowed_removals(),
                None,
                "{other}"
            );
        }
    }
}
