//! What the service catalog of one account in one region holds: plain values, and time is an argument.

mod answers;
mod attached;
mod copying;
mod partition;
mod plan;
mod provisioned;
mod share;
mod source;
mod table;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use answers::Answers;
pub(super) use attached::{Attached, Place, ServiceAction, TagOption};
pub(super) use copying::{CopyStatus, CopyTarget, Copying};
pub(super) use partition::Partition;
pub(super) use plan::{Outcome, Plan, PlanParameter};
pub(super) use provisioned::{
    Change, ChangeKind, Content, Provisioned, Record, RecordStatus, Status, Work,
};
pub(super) use share::{
    Borrowed, Import, Share, ShareError, Shares, Sharing, SharingEnd, SharingKind, SharingRecord,
    With,
};
pub(super) use source::{Attempt, Connection};
pub(super) use table::Table;

use super::keep;

/// Tags by key.
pub(super) type Tags = BTreeMap<String, String>;

/// The objects of Service Catalog, and how they hang together.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Catalog {
    pub(super) portfolios: Table<Portfolio>,
    pub(super) products: Table<Product>,
    /// Product ids by product view id.
    pub(super) views: BTreeMap<String, String>,
    pub(super) constraints: Table<Constraint>,
    pub(super) provisioned: Table<Provisioned>,
    /// Ids of live provisioned products by name.
    pub(super) names: BTreeMap<String, String>,
    pub(super) records: Table<Record>,
    /// Copies of products by token.
    pub(super) copies: Table<CopyStatus>,
    /// With whom portfolios of this account are shared, by portfolio; there are no empty ones.
    pub(super) shares: Table<Shares>,
    /// Actions on shares, by token.
    pub(super) sharings: Table<SharingRecord>,
    /// What this account holds of others' portfolios, by portfolio.
    pub(super) imports: Table<Import>,
    /// Others' products in portfolios of this account, by product; there are no empty ones.
    pub(super) borrowed: Table<Vec<Borrowed>>,
    /// TagOptions.
    pub(super) options: Table<TagOption>,
    /// Service actions.
    pub(super) actions: Table<ServiceAction>,
    pub(super) plans: Table<Plan>,
}

impl Catalog {
    /// Whether it has a part in any share, as owner or as recipient.
    pub(super) fn is_shared(&self) -> bool {
        !self.shares.is_empty() || self.holds_of_others()
    }

    /// Whether it holds anything of other accounts.
    pub(super) fn holds_of_others(&self) -> bool {
        !self.imports.is_empty() || !self.borrowed.is_empty()
    }

    /// The constraints of a product in a portfolio, oldest first.
    pub(super) fn constraints_of<'a>(
        &'a self,
        portfolio: &str,
        product: &str,
    ) -> impl Iterator<Item = &'a Arc<Constraint>> {
        self.portfolios
            .get(portfolio)
            .and_then(|portfolio| portfolio.constraints.get(product))
            .into_iter()
            .flatten()
            .filter_map(|id| self.constraints.get(id))
    }
}

/// A portfolio and what it holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Portfolio {
    pub(super) id: String,
    /// Whose it is.
    pub(super) account: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) provider: String,
    pub(super) tags: Tags,
    pub(super) created: Timestamp,
    /// Product ids in the order of their association, those of others' products among them.
    pub(super) products: Vec<String>,
    pub(super) principals: Vec<Principal>,
    /// Constraint ids by product.
    pub(super) constraints: BTreeMap<String, Vec<String>>,
    pub(super) attached: Attached,
}

/// Who may launch from a portfolio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Principal {
    pub(super) arn: String,
    /// `IAM` or `IAM_PATTERN`.
    pub(super) kind: String,
}

/// A product. Its versions are part of it: that is why overlapping writes of them get lost.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Product {
    pub(super) id: String,
    /// Whose it is.
    pub(super) account: String,
    /// `prodview-…`.
    pub(super) view: String,
    pub(super) name: String,
    pub(super) owner: String,
    /// `ProductType`.
    pub(super) kind: String,
    /// Description, Distributor, SupportDescription, SupportEmail, SupportUrl: absent is not empty (facts §9.1).
    pub(super) texts: BTreeMap<Cow<'static, str>, String>,
    pub(super) tags: Tags,
    pub(super) created: Timestamp,
    /// Oldest first.
    pub(super) versions: Arc<Vec<Arc<Version>>>,
    /// Counts writes of versions: two calls that saw the same number overlapped.
    pub(super) version_writes: u64,
    /// Portfolio ids in the order of their association.
    pub(super) portfolios: Vec<String>,
    pub(super) attached: Attached,
    /// SourceConnection, if it is synced with a repository.
    pub(super) connection: Option<Connection>,
}

/// A version (provisioning artifact).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    /// `Type`.
    pub(super) kind: Option<String>,
    pub(super) created: Timestamp,
    pub(super) active: bool,
    pub(super) deprecated: bool,
    pub(super) source: Source,
    /// The very bytes of the S3 object or the stack: shared, and parsed when asked for.
    #[serde(with = "keep::bytes")]
    pub(super) template: Bytes,
    pub(super) making: Making,
    /// Made together with its product (facts §9.1, ProvisioningArtifactMetadata).
    pub(super) first: bool,
}

/// Where a version's template came from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Source {
    Url(String),
    Stack(String),
    /// A commit, by its id (SourceRevision).
    Commit(String),
}

/// A constraint on a product in a portfolio.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Constraint {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) description: Option<String>,
    pub(super) owner: String,
    pub(super) portfolio: String,
    pub(super) product: String,
    /// As sent, byte for byte (facts §9.6).
    pub(super) parameters: String,
    pub(super) making: Making,
}

/// How an object that is made asynchronously comes to be (facts §8).
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Making {
    /// CREATING until then.
    pub(super) ends: Timestamp,
    /// FAILED from then on, which only a fault brings about: no real cause was found.
    pub(super) fails: bool,
}

impl Making {
    /// What an answer says of it.
    pub(super) fn status(self, at: Timestamp) -> &'static str {
        match (at < self.ends, self.fails) {
            (true, _) => "CREATING",
            (false, true) => "FAILED",
            (false, false) => "AVAILABLE",
        }
    }
}
