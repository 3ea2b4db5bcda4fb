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
    /// `tag-…`: a TagOption.
    TagOptionId;
    /// `act-…`: a service action.
    ServiceActionId;
    /// `copyproduct-…`: what a copy of a product is followed by.
    CopyId;
    /// `share-…`: what an action on a share is followed by.
    ShareToken;
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

/// The parts of an ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov` …
    pub partition: &'a str,
    /// E.g. `cloudformation`.
    pub service: &'a str,
    /// Empty where the service is global.
    pub region: &'a str,
    /// Empty where the resource belongs to nobody in particular.
    pub account: &'a str,
    /// What is left: `role/NAME`, `stack/NAME/ID`.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits an ARN; `None` where it is none, or has characters that no ARN has.
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return None;
        }
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        let (prefix, partition) = (next()?, next()?);
        let known = partition == "aws" || partition.starts_with("aws-");
        (prefix == "arn" && known).then_some(())?;
        Some(Self {
            partition,
            service: next()?,
            region: next()?,
            account: next()?,
            resource: next()?,
        })
    }

    /// Whether the account has twelve digits.
    pub fn has_account(&self) -> bool {
        self.account.len() == 12 && self.account.bytes().all(|c| c.is_ascii_digit())
    }

    /// What follows `kind/`, where region and account are there too and something follows.
    fn regional(&self, service: &str, kind: &str) -> Option<&'a str> {
        let rest = self.resource.strip_prefix(kind)?.strip_prefix('/')?;
        let whole = self.service == service
            && !self.region.is_empty()
            && self.has_account()
            && !rest.is_empty();
        whole.then_some(rest)
    }
}

/// The longest name of a region that is believed, as the services' models have it.
const MAX_REGION: usize = 25;

/// A product by its ARN, `arn:aws:catalog:REGION:ACCOUNT:product/ID`: it may be another account's and another region's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProductArn {
    /// `aws`, `aws-cn`, `aws-us-gov` …
    pub partition: String,
    /// Whose it is.
    pub account: AccountId,
    /// Where it is.
    pub region: Region,
    /// Its id.
    pub id: ProductId,
    text: String,
}

impl ProductArn {
    /// Parses one; `None` where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let arn = Arn::parse(text)?;
        let id = arn.regional("catalog", "product")?;
        // The region becomes part of the name of the host that is called.
        let label = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if arn.region.len() > MAX_REGION || !arn.region.bytes().all(label) {
            return None;
        }
        Some(Self {
            partition: arn.partition.to_owned(),
            account: arn.account.into(),
            region: arn.region.into(),
            id: id.into(),
            text: text.to_owned(),
        })
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it belongs to the catalog of that account and region.
    pub fn is_in(&self, target: &Target) -> bool {
        self.partition == target.partition
            && self.account == target.account
            && self.region == target.region
    }
}

impl fmt::Display for ProductArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A CloudFormation stack by its ARN, `arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StackArn(String);

impl StackArn {
    /// Parses one; `None` where the text is none, or lacks the id that tells a stack from its successor of that name.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, id) = Arn::parse(text)?
            .regional("cloudformation", "stack")?
            .split_once('/')?;
        (!name.is_empty() && !id.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it belongs to that account and region.
    pub fn is_in(&self, target: &Target) -> bool {
        Arn::parse(&self.0).is_some_and(|arn| {
            arn.partition == target.partition
                && arn.account == target.account.as_str()
                && arn.region == target.region.as_str()
        })
    }
}

impl fmt::Display for StackArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Digest {
    /// The digest of bytes as they are.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(hex::encode(sha2::Sha256::digest(bytes)))
    }

    /// A digest that was written out: 64 hex digits in lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        (text.len() == 64 && text.bytes().all(hex)).then(|| Self(text.to_owned()))
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
    /// A TagOption.
    TagOption,
    /// A service action.
    ServiceAction,
    /// A portfolio.
    Portfolio,
    /// A product.
    Product,
    /// A provisioned product.
    ProvisionedProduct,
}

impl Kind {
    /// Every kind, in the order in which they are made.
    pub const ALL: [Self; 5] = [
        Self::TagOption,
        Self::ServiceAction,
        Self::Portfolio,
        Self::Product,
        Self::ProvisionedProduct,
    ];

    /// As a manifest's `kind` says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TagOption => "TagOption",
            Self::ServiceAction => "ServiceAction",
            Self::Portfolio => "Portfolio",
            Self::Product => "Product",
            Self::ProvisionedProduct => "ProvisionedProduct",
        }
    }

    /// In lower case with a dash: tags and output for people.
    pub fn slug(self) -> &'static str {
        match self {
            Self::TagOption => "tag-option",
            Self::ServiceAction => "service-action",
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
    fn arns_are_of_their_kind() {
        let product = "arn:aws:catalog:eu-west-1:123456789012:product/prod-abc";
        let arn = ProductArn::parse(product).unwrap();
        assert_eq!(arn.id.as_str(), "prod-abc");
        assert_eq!(arn.to_string(), product);
        let target = |region: &str| Target {
            account: "123456789012".into(),
            region: region.into(),
            partition: "aws".to_owned(),
        };
        assert!(arn.is_in(&target("eu-west-1")) && !arn.is_in(&target("us-east-1")));
        let elsewhere = ProductArn::parse(&product.replace("aws:", "aws-cn:")).unwrap();
        assert!(!elsewhere.is_in(&target("eu-west-1")));
        let stack = "arn:aws:cloudformation:us-east-1:123456789012:stack/vpc/0a1b";
        assert!(StackArn::parse(stack).unwrap().is_in(&target("us-east-1")));
        let elsewhere = stack.replace("aws:", "aws-cn:");
        let elsewhere = StackArn::parse(&elsewhere).unwrap();
        assert!(!elsewhere.is_in(&target("us-east-1")));
        for bad in [
            "prod-abc",
            "arn:aws:catalog:eu-west-1:123456789012:product/",
            "arn:aws:catalog:eu-west-1:1234:product/prod-abc",
            "arn:aws:catalog::123456789012:product/prod-abc",
            "arn:aws:catalog:evil.example/x#:123456789012:product/prod-abc",
            "arn:aws:catalog:a-region-of-many-many-words:123456789012:product/prod-abc",
            "arn:aws:catalog:eu-west-1:123456789012:portfolio/port-abc",
            "arn:aws:catalog:eu-west-1:123456789012:product/prod abc",
        ] {
            assert!(ProductArn::parse(bad).is_none(), "{bad}");
        }
        for bad in [
            "vpc",
            "arn:aws:cloudformation:eu-west-1:123456789012:stack/vpc",
            "arn:aws:cloudformation:eu-west-1:123456789012:stack//0a1b",
            "arn:aws:cloudformation:eu-west-1:123456789012:stackset/vpc:0a1b",
        ] {
            assert!(StackArn::parse(bad).is_none(), "{bad}");
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
