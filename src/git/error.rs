//! Why a source could not be read: a stated condition, never an empty tree.

use std::fmt;

use crate::secret;

/// What went wrong, for a caller that branches and for the stable code a person can look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceErrorKind {
    /// The folder or local repository does not exist.
    Missing,
    /// The path is a file, or a folder that is no repository where one is needed.
    NotAFolder,
    /// There is no file at all, or no `*.yaml`/`*.yml` among them.
    Empty,
    /// A folder or an object in it could not be read.
    Unreadable,
    /// The work tree belongs to another user and git would refuse it.
    Ownership,
    /// The URL, ref or path is malformed or of a kind that is not accepted.
    Refused,
    /// The remote did not answer: name, network, TLS, timeout, a server error.
    Unreachable,
    /// The remote wants credentials, or others than these.
    Authentication,
    /// The repository has no such branch, tag or commit.
    RefMissing,
    /// The commit has no such folder.
    PathMissing,
    /// More files, bytes, refs or objects than the named limits.
    TooLarge,
    /// The remote's answer breaks git's protocol.
    Protocol,
    /// The local cache of a remote repository cannot be used.
    Cache,
    /// A failure of catalogd itself.
    Internal,
}

impl SourceErrorKind {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "source-missing",
            Self::NotAFolder => "source-not-a-folder",
            Self::Empty => "source-empty",
            Self::Unreadable => "source-unreadable",
            Self::Ownership => "source-ownership",
            Self::Refused => "source-refused",
            Self::Unreachable => "source-unreachable",
            Self::Authentication => "source-authentication",
            Self::RefMissing => "source-ref-missing",
            Self::PathMissing => "source-path-missing",
            Self::TooLarge => "source-too-large",
            Self::Protocol => "source-protocol",
            Self::Cache => "source-cache",
            Self::Internal => "source-internal",
        }
    }

    /// Whether asking again later, with nothing changed by a person, may help.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Unreachable | Self::Protocol | Self::Unreadable | Self::Cache
        )
    }

    fn what(self) -> &'static str {
        match self {
            Self::Missing => "the source does not exist",
            Self::NotAFolder => "the source is not a folder or repository",
            Self::Empty => "the source holds no manifests",
            Self::Unreadable => "the source could not be read",
            Self::Ownership => "the source belongs to another user",
            Self::Refused => "the source is not accepted",
            Self::Unreachable => "the source could not be reached",
            Self::Authentication => "the source refused the credentials",
            Self::RefMissing => "the ref does not exist",
            Self::PathMissing => "the path does not exist in the repository",
            Self::TooLarge => "the source is too large",
            Self::Protocol => "the source's answer was not understood",
            Self::Cache => "the source's local cache cannot be used",
            Self::Internal => "reading the source failed",
        }
    }

    fn next(self) -> &'static str {
        match self {
            Self::Missing => "check the path",
            Self::NotAFolder => "give the folder that holds the manifests",
            Self::Empty => {
                "nothing is changed or removed on account of it; check the path and the ref"
            }
            Self::Unreadable => "check the permissions of what is named here",
            Self::Ownership => {
                "run as the owner, or `git config --global --add safe.directory <folder>`"
            }
            Self::Refused => {
                "use https://, ssh://, user@host:path, file:// or a local path, without a password in it"
            }
            Self::Unreachable => "it is asked again; if it lasts, check the URL and the network",
            Self::Authentication => {
                "set CATALOGD_GIT_TOKEN (https) or load a key into the ssh agent (ssh)"
            }
            Self::RefMissing => "check the name of the branch, tag or commit",
            Self::PathMissing => "check the folder's name, from the repository's root",
            Self::TooLarge => "point the source at the catalog's own folder or repository",
            Self::Protocol => "check that the URL is a git repository's",
            Self::Cache => "check the cache folder's permissions and free space, or delete it",
            Self::Internal => "please report this",
        }
    }
}

/// A source that could not be read: what, where, why and what to do next.
///
/// No credential is ever part of it: locations are shown without user information.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SourceError {
    /// What went wrong.
    pub kind: SourceErrorKind,
    /// Where: a path, or a URL without user information.
    pub at: String,
    /// Why, as the system or the remote said it.
    pub why: String,
    /// What to do next, when there is something better to say than the kind's own advice.
    pub hint: Option<String>,
}

impl SourceError {
    /// An error with its kind's own advice.
    pub fn new(kind: SourceErrorKind, at: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            kind,
            at: secret::masked(&at.into()).into_owned(),
            why: secret::masked(&why.into()).into_owned(),
            hint: None,
        }
    }

    /// The same with better advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with better advice, unless whose it is is the trouble.
    #[must_use]
    pub(super) fn with_hint_unless_owner(self, hint: &str) -> Self {
        match self.kind {
            SourceErrorKind::Ownership => self,
            _ => self.with_hint(hint),
        }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// What a person should do next.
    pub fn next(&self) -> &str {
        self.hint.as_deref().unwrap_or(self.kind.next())
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, at, why, .. } = self;
        write!(
            f,
            "{} [{}]: {at}: {why}\n  next: {}",
            kind.what(),
            kind.code(),
            self.next()
        )
    }
}

/// An error libgit2 met in a local repository or folder.
pub(super) fn local(kind: SourceErrorKind, at: &str, error: &git2::Error) -> SourceError {
    let kind = match error.code() {
        git2::ErrorCode::Owner => SourceErrorKind::Ownership,
        _ => kind,
    };
    SourceError::new(kind, at, error.message())
}
