//! Typed ids.

use std::fmt;

/// How many hex digits of a hash a person is shown.
const SHORT: usize = 7;

/// What state of a source a tree was read from. Two equal revisions hold equal files.
///
/// `Display` is the short form for people (`3f2a9c1`, `3f2a9c1+edits`, `folder:ab12cd3`); [`Revision::full`]
/// is the one for machines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Revision {
    /// A git commit, 40 lower-case hex digits: what was read is what was committed.
    Commit(String),
    /// The files of a folder as they lay there.
    Folder {
        /// The commit below the uncommitted edits (40 hex digits); none in a plain folder or before the first commit.
        head: Option<String>,
        /// SHA-256 of every path and content read, in hex.
        digest: String,
    },
}

impl Revision {
    /// The commit the files are, or were edited from.
    pub fn commit(&self) -> Option<&str> {
        match self {
            Self::Commit(commit) => Some(commit),
            Self::Folder { head, .. } => head.as_deref(),
        }
    }

    /// Whether the files differ from every commit.
    pub fn is_edited(&self) -> bool {
        matches!(self, Self::Folder { .. })
    }

    /// The whole revision, unambiguous: `<commit>`, `<commit>+<digest>` or `folder:<digest>`.
    pub fn full(&self) -> String {
        match self {
            Self::Commit(commit) => commit.clone(),
            Self::Folder {
                head: Some(head),
                digest,
            } => format!("{head}+{digest}"),
            Self::Folder { head: None, digest } => format!("folder:{digest}"),
        }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn short(hash: &str) -> &str {
            hash.get(..SHORT).unwrap_or(hash)
        }
        match self {
            Self::Commit(commit) => f.write_str(short(commit)),
            Self::Folder {
                head: Some(head), ..
            } => write!(f, "{}+edits", short(head)),
            Self::Folder { head: None, digest } => write!(f, "folder:{}", short(digest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_read_short() {
        let commit = "3f2a9c1d00000000000000000000000000000000".to_owned();
        let digest = "ab12cd3e".to_owned();
        let shown = [
            Revision::Commit(commit.clone()),
            Revision::Folder {
                head: Some(commit),
                digest: digest.clone(),
            },
            Revision::Folder { head: None, digest },
        ]
        .map(|revision| revision.to_string());
        assert_eq!(shown, ["3f2a9c1", "3f2a9c1+edits", "folder:ab12cd3"]);
    }
}
