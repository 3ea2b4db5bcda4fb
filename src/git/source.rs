//! A folder or a repository, alike to whoever runs passes over it.

use std::sync::Arc;

use super::{Folder, Repository, Snapshot, SourceError};

/// Where manifests come from.
#[derive(Debug)]
pub struct Source {
    of: Of,
    last: Option<Arc<Snapshot>>,
}

#[derive(Debug)]
enum Of {
    Folder(Folder),
    Repository(Box<Repository>),
}

impl From<Folder> for Source {
    fn from(folder: Folder) -> Self {
        Self {
            of: Of::Folder(folder),
            last: None,
        }
    }
}

impl From<Repository> for Source {
    fn from(repository: Repository) -> Self {
        Self {
            of: Of::Repository(Box::new(repository)),
            last: None,
        }
    }
}

impl Source {
    /// What the source holds now. Where nothing changed it is the very snapshot of the last call (`Arc::ptr_eq`), so what
    /// was made of it may be kept.
    ///
    /// # Errors
    /// Whatever reading gives. The last snapshot is not returned in its place: what a source holds while it cannot be
    /// asked is for the caller to decide.
    pub fn read(&mut self) -> Result<Arc<Snapshot>, SourceError> {
        let found = match &mut self.of {
            Of::Folder(folder) => Some(folder.read()?),
            Of::Repository(repository) => {
                if self.last.is_none() {
                    repository.forget();
                }
                repository.poll()?
            }
        };
        match (found, &self.last) {
            (None, Some(last)) => Ok(Arc::clone(last)),
            (Some(found), Some(last)) if found == **last => Ok(Arc::clone(last)),
            (Some(found), _) => {
                let found = Arc::new(found);
                self.last = Some(Arc::clone(&found));
                Ok(found)
            }
            // A forgotten repository always answers with a snapshot.
            (None, None) => Err(SourceError::new(
                super::SourceErrorKind::Internal,
                self.shown(),
                "an unread source says that nothing moved",
            )),
        }
    }

    /// What the last successful [`Source::read`] returned.
    pub fn last(&self) -> Option<&Arc<Snapshot>> {
        self.last.as_ref()
    }

    /// The source for people: the path as given, or the URL without credentials.
    pub fn shown(&self) -> String {
        match &self.of {
            Of::Folder(folder) => folder.path().display().to_string(),
            Of::Repository(repository) => repository.shown().to_owned(),
        }
    }
}
