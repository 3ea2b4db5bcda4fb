//! Typed ids: parsed at the edge, so that a portfolio's id is never passed where a product's is meant.

use std::fmt;

/// Makes a newtype over `String` that shows and compares as its text.
macro_rules! text_id {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Wraps a text that the service, or a parser of ours, vouches for.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )*};
}

text_id! {
    /// `port-…`.
    PortfolioId;
    /// `prod-…`.
    ProductId;
    /// `pa-…`: a provisioning artifact, *version* in manifests.
    VersionId;
    /// `cons-…`.
    ConstraintId;
    /// `pp-…`.
    ProvisionedProductId;
    /// `rec-…`.
    RecordId;
    /// Twelve digits.
    AccountId;
    /// An AWS region, e.g. `eu-central-1`.
    Region;
    /// `metadata.name` of a manifest: unique per kind, `[a-z0-9]([-a-z0-9]*[a-z0-9])?`, at most 63 characters.
    Name;
    /// An idempotency token: 1 to 128 characters of `[a-zA-Z0-9_-]` (facts §4).
    Token;
    /// The lower-case hex SHA-256 of some bytes.
    Digest;
}

impl Digest {
    /// The digest of bytes as they are.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(hex::encode(sha2::Sha256::digest(bytes)))
    }

    /// The first twelve hex digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl Name {
    /// The longest name a manifest may give (design §3).
    pub const MAX: usize = 63;

    /// Parses a manifest's name.
    ///
    /// Returns `None` where it is empty, too long, or has characters beyond `[-a-z0-9]`, or begins or ends with `-`.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let bytes = text.as_bytes();
        let (first, last) = (bytes.first()?, bytes.last()?);
        let fits = bytes.len() <= Self::MAX
            && plain(*first)
            && plain(*last)
            && bytes.iter().all(|c| plain(*c) || *c == b'-');
        fits.then(|| Self(text.to_owned()))
    }
}

/// The kinds of objects that a manifest can declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A portfolio.
    Portfolio,
    /// A product.
    Product,
    /// A provisioned product.
    ProvisionedProduct,
}

impl Kind {
    /// Every kind, in the order in which they are made.
    pub const ALL: [Self; 3] = [Self::Portfolio, Self::Product, Self::ProvisionedProduct];

    /// As a manifest's `kind` says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Portfolio => "Portfolio",
            Self::Product => "Product",
            Self::ProvisionedProduct => "ProvisionedProduct",
        }
    }

    /// In lower case with a dash: tags and output for people.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Portfolio => "portfolio",
            Self::Product => "product",
            Self::ProvisionedProduct => "provisioned-product",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a manifest object is known by: its kind and name. Shown as `product/vpc`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The kind.
    pub kind: Kind,
    /// `metadata.name`.
    pub name: Name,
}

impl Key {
    /// A key of its parts.
    pub fn new(kind: Kind, name: Name) -> Self {
        Self { kind, name }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.slug(), self.name)
    }
}

/// The catalog a pass works on: one account and region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// `aws`, `aws-cn`, `aws-us-gov` …
    pub partition: String,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

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
    fn names_are_dns_labels() {
        for good in ["a", "vpc", "a-b", "0a", &"x".repeat(63)] {
            assert!(Name::parse(good).is_some(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a_b", "a.b", "ä", &"x".repeat(64)] {
            assert!(Name::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_key_shows_its_kind() {
        let key = Key::new(Kind::ProvisionedProduct, Name::new("hub"));
        assert_eq!(key.to_string(), "provisioned-product/hub");
    }

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
