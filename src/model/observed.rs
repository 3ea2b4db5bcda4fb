//! What is live: one account and region as a pass has seen it, with what it could not see.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::ids::{
    AccountId, ConstraintId, PortfolioId, ProductArn, ProductId, ProvisionedProductId, RecordId,
    ServiceActionId, StackArn, TagOptionId, Target, VersionId,
};
use crate::model::desired::{ActionDefinition, CodeStar, Guidance, Tags};
use crate::model::launch::SsmParameter;
use crate::model::share::Recipient;
use crate::model::template::VersionContent;

/// What a pass has seen. Absent here and not covered by a gap means absent there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The account and region.
    pub target: Target,
    /// The IAM principal that catalogd runs as: a session's ARN reduced to its role.
    pub caller: String,
    /// Service actions by id.
    pub service_actions: BTreeMap<ServiceActionId, LiveServiceAction>,
    /// TagOptions by id; read only where a manifest declares one, or declared one before.
    pub tag_options: LiveTagOptions,
    /// Portfolios by id.
    pub portfolios: BTreeMap<PortfolioId, LivePortfolio>,
    /// Other accounts' portfolios that manifests name and that this account has accepted, by id.
    pub imported: BTreeMap<PortfolioId, LivePortfolio>,
    /// Products by id.
    pub products: BTreeMap<ProductId, LiveProduct>,
    /// Products of other accounts and regions that manifests copy from, as far as they can be seen from here.
    pub sources: BTreeMap<ProductArn, LiveProduct>,
    /// Provisioned products by id.
    pub provisioned: BTreeMap<ProvisionedProductId, LiveProvisioned>,
    /// Stacks that manifests want to import and that no provisioned product stands for yet.
    pub stacks: BTreeMap<StackArn, ImportableStack>,
    /// Parameters of the Systems Manager's parameter store that manifests take values from, by the name they give.
    pub ssm: BTreeMap<String, SsmParameter>,
    /// The template bucket.
    pub bucket: Bucket,
    /// When all that was read.
    pub read: ReadTimes,
    /// What could not be read. Never empty and silent: each forbids removals in its scope (promise 1).
    pub gaps: Vec<Gap>,
}

impl Observed {
    /// The product that an ARN names, where it can be seen.
    pub fn source(&self, arn: &ProductArn) -> Option<&LiveProduct> {
        if arn.is_in(&self.target) {
            self.products.get(&arn.id)
        } else {
            self.sources.get(arn)
        }
    }
}

/// When what was seen was read: at the pass's beginning, or earlier by this process, which remembers for a few passes what
/// no list shows (design §5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadTimes {
    /// When the pass began.
    pub at: Option<Timestamp>,
    /// Descriptions of products that were read earlier.
    pub products: BTreeMap<ProductId, Timestamp>,
    /// Parameters of constraints that were read earlier.
    pub constraints: BTreeMap<ConstraintId, Timestamp>,
    /// Service actions whose definition, and the versions that offer them, were read earlier.
    pub service_actions: BTreeMap<ServiceActionId, Timestamp>,
    /// Portfolios whose shares were read earlier.
    pub shares: BTreeMap<PortfolioId, Timestamp>,
}

impl ReadTimes {
    /// Whether anything of it was not read in this pass.
    pub fn rests_on_memory(&self) -> bool {
        !(self.products.is_empty()
            && self.constraints.is_empty()
            && self.service_actions.is_empty()
            && self.shares.is_empty())
    }
}

/// A service action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveServiceAction {
    /// Its id.
    pub id: ServiceActionId,
    /// `Name`: not unique.
    pub name: String,
    /// `Description`, our mark with it.
    pub description: Option<String>,
    /// `Definition`; read of ours alone, for no listing has it.
    pub definition: Option<ActionDefinition>,
    /// The versions that offer it; of others' read only where a manifest says what is offered.
    pub versions: BTreeSet<(ProductId, VersionId)>,
}

/// A TagOption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveTagOption {
    /// Its id.
    pub id: TagOptionId,
    /// `Key`.
    pub key: String,
    /// `Value`.
    pub value: String,
    /// `Active`: offered to who launches.
    pub active: bool,
}

/// TagOptions by id.
pub type LiveTagOptions = BTreeMap<TagOptionId, LiveTagOption>;

/// A portfolio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LivePortfolio {
    /// Its id.
    pub id: PortfolioId,
    /// `DisplayName`.
    pub display_name: String,
    /// `Description`, absent when never set.
    pub description: Option<String>,
    /// `ProviderName`.
    pub provider_name: String,
    /// All tags, ours among them.
    pub tags: Tags,
    /// Principals by ARN and type.
    pub principals: BTreeSet<LivePrincipal>,
    /// The TagOptions that it offers, inactive ones too.
    pub tag_options: LiveTagOptions,
    /// The budgets that are shown with it.
    pub budgets: BTreeSet<String>,
    /// Whom it is shared with; read only where a manifest says something of that.
    pub shares: Option<BTreeMap<Recipient, LiveShare>>,
    /// The products it holds.
    pub products: BTreeSet<ProductId>,
    /// Those of them that are other accounts'.
    pub shared_products: BTreeSet<ProductId>,
    /// Its constraints.
    pub constraints: BTreeMap<ConstraintId, LiveConstraint>,
}

/// A share of a portfolio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveShare {
    /// Whether the recipient has it: an account has to accept.
    pub accepted: bool,
    /// `ShareTagOptions`.
    pub tag_options: bool,
    /// `SharePrincipals`.
    pub principals: bool,
}

/// A principal of a portfolio.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LivePrincipal {
    /// `PrincipalARN`.
    pub arn: String,
    /// `IAM_PATTERN` rather than `IAM`.
    pub pattern: bool,
}

/// A constraint of a product in a portfolio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveConstraint {
    /// Its id.
    pub id: ConstraintId,
    /// `LAUNCH`, `RESOURCE_UPDATE` and others.
    pub kind: String,
    /// The product.
    pub product: ProductId,
    /// `Owner`: another account, where the product was borrowed together with it.
    pub owner: Option<AccountId>,
    /// `ConstraintParameters`: JSON, byte for byte as it was given (facts §9.6).
    pub parameters: String,
    /// `AVAILABLE`, `CREATING` or `FAILED`.
    pub status: ReadyStatus,
}

/// Whether something that is made asynchronously is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadyStatus {
    /// Usable: `AVAILABLE`, or `CREATED` as products say.
    Available,
    /// Not yet.
    Creating,
    /// Never will be.
    Failed,
    /// A word we do not know: waited on.
    Unknown(String),
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveProduct {
    /// Its id.
    pub id: ProductId,
    /// `ProductARN`: whose it is.
    pub arn: String,
    /// `Name`.
    pub name: String,
    /// `Owner`.
    pub owner: String,
    /// `ShortDescription`.
    pub description: Option<String>,
    /// `Distributor`.
    pub distributor: Option<String>,
    /// `SupportDescription`.
    pub support_description: Option<String>,
    /// `SupportEmail`.
    pub support_email: Option<String>,
    /// `SupportUrl`.
    pub support_url: Option<String>,
    /// `Type`, as the service says it.
    pub product_type: String,
    /// The repository that the service syncs it with, where it does.
    pub source_connection: Option<LiveConnection>,
    /// All tags, ours among them.
    pub tags: Tags,
    /// The TagOptions that it offers, inactive ones too.
    pub tag_options: LiveTagOptions,
    /// The budgets that are shown with it.
    pub budgets: BTreeSet<String>,
    /// All versions, inactive ones too, oldest first.
    pub versions: Vec<LiveVersion>,
}

/// `SourceConnectionDetail`: a product's versions are made by the service (facts §8.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveConnection {
    /// What it is synced with.
    pub to: CodeStar,
    /// `LastSync`, where there was one.
    pub last_sync: Option<LastSync>,
}

/// How the last sync went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSync {
    /// `LastSyncStatus`: `SUCCEEDED`, `FAILED`, or a word we do not know.
    pub status: String,
    /// `LastSyncStatusMessage`.
    pub message: Option<String>,
    /// `LastSyncTime`.
    pub at: Option<Timestamp>,
    /// `LastSuccessfulSyncTime`.
    pub succeeded_at: Option<Timestamp>,
    /// `LastSuccessfulSyncProvisioningArtifactId`.
    pub version: Option<VersionId>,
}

/// A version of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveVersion {
    /// Its id.
    pub id: VersionId,
    /// Its name: not unique within the product (facts §9.2).
    pub name: String,
    /// `Description`.
    pub description: Option<String>,
    /// `Active`.
    pub active: bool,
    /// `Guidance`; the service leaves it out where it is the default.
    pub guidance: Guidance,
    /// Its template, where that was read or is known from the index.
    pub content: Option<VersionContent>,
    /// Whether it is usable, where that was read.
    pub status: ReadyStatus,
}

/// A provisioned product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveProvisioned {
    /// Its id.
    pub id: ProvisionedProductId,
    /// Its name in the account.
    pub name: String,
    /// What it is made of, e.g. `CFN_STACK` or `CFN_STACKSET`.
    pub kind: String,
    /// Its status.
    pub status: ProvisionedStatus,
    /// `StatusMessage`: the service's reason.
    pub status_message: Option<String>,
    /// The product as the detail shows it.
    pub product: ProductId,
    /// The version as the detail shows it; after a failed update not what runs (facts §9.3, peers C8 68).
    pub version: VersionId,
    /// The token of the last request that was shown: ours begin with [`crate::model::owner::Identity::token_prefix`].
    pub idempotency_token: Option<String>,
    /// The last record of any kind.
    pub last_record: Option<RecordId>,
    /// The last record that provisioned or updated.
    pub last_provisioning_record: Option<RecordId>,
    /// All tags; inherited ones and `aws:` ones come mixed in.
    pub tags: Tags,
    /// The stack's or the stack set's ARN.
    pub physical_id: Option<String>,
    /// What the last successful record says runs; `None` where nothing ever succeeded or it was not read, and of others'
    /// where that is what the detail shows.
    pub running: Option<Running>,
    /// Whether some record succeeded.
    pub ever_succeeded: bool,
    /// The CloudFormation stack, where it was read.
    pub stack: Option<LiveStack>,
    /// The stack set, where it is one and it was read.
    pub stack_set: Option<LiveStackSet>,
    /// CloudFormation says that the stack is gone: somebody has deleted it, and nothing of it runs.
    pub stack_gone: bool,
}

impl LiveProvisioned {
    /// The parameters of what is behind it, by key, where they were read; NoEcho ones come masked.
    pub fn parameters(&self) -> Option<&BTreeMap<String, String>> {
        let stack = self.stack.as_ref().map(|stack| &stack.parameters);
        stack.or(self.stack_set.as_ref().map(|set| &set.parameters))
    }
}

/// The stack set behind a provisioned product.
#[derive(Clone, PartialEq, Eq)]
pub struct LiveStackSet {
    /// `<name>:<uuid>`.
    pub id: String,
    /// Parameters by key; NoEcho ones come masked.
    pub parameters: BTreeMap<String, String>,
    /// Its instances by region and account.
    pub instances: BTreeMap<Place, String>,
}

/// An account in a region: a stack set has a stack there, or was to have one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Where.
    pub region: String,
    /// Whose.
    pub account: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.account, self.region)
    }
}

impl LiveStackSet {
    /// The word of an instance that is as its set.
    pub const CURRENT: &'static str = "CURRENT";

    /// The instances that are not as the set, with their states.
    pub fn behind(&self) -> impl Iterator<Item = (&Place, &str)> {
        let all = self.instances.iter();
        let all = all.map(|(place, status)| (place, status.as_str()));
        all.filter(|(_, status)| *status != Self::CURRENT)
    }
}

/// Without the values of parameters, as of a [`LiveStack`].
impl fmt::Debug for LiveStackSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            parameters,
            instances,
        } = self;
        f.debug_struct("LiveStackSet")
            .field("id", id)
            .field("parameters", &parameters.keys())
            .field("instances", instances)
            .finish()
    }
}

/// What runs, by the last successful record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The product.
    pub product: ProductId,
    /// The version.
    pub version: VersionId,
}

/// The status of a provisioned product (facts §8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProvisionedStatus {
    /// Stable and good.
    Available,
    /// A record runs.
    UnderChange,
    /// Stable; the last change failed and was rolled back.
    Tainted,
    /// The last change failed and nothing runs.
    Error,
    /// A plan of someone else's holds it.
    PlanInProgress,
    /// A word we do not know: waited on.
    Unknown(String),
}

/// The stack behind a provisioned product.
#[derive(Clone, PartialEq, Eq)]
pub struct LiveStack {
    /// The stack's ARN.
    pub arn: String,
    /// Its status, e.g. `UPDATE_COMPLETE`.
    pub status: String,
    /// Parameters by key; NoEcho ones come masked.
    pub parameters: BTreeMap<String, String>,
    /// Outputs by key.
    pub outputs: BTreeMap<String, String>,
    /// The SNS topics that are told of its events.
    pub notification_arns: BTreeSet<String>,
    /// Its tags, AWS's own and those of Service Catalog among them.
    pub tags: Tags,
    /// The stack that it is a part of; `None` for a root stack.
    pub parent: Option<String>,
}

impl LiveStack {
    /// Whether it is gone: by its ARN a stack is described for ninety days after that.
    pub fn is_gone(&self) -> bool {
        self.status == "DELETE_COMPLETE"
    }
}

/// Without the values of parameters and outputs: a stack shows those that are not NoEcho, a SecureString's among them.
impl fmt::Debug for LiveStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            arn,
            status,
            parameters,
            outputs,
            notification_arns,
            tags,
            parent,
        } = self;
        f.debug_struct("LiveStack")
            .field("arn", arn)
            .field("status", status)
            .field("parameters", &parameters.keys())
            .field("outputs", &outputs.keys())
            .field("notification_arns", notification_arns)
            .field("tags", tags)
            .field("parent", parent)
            .finish()
    }
}

/// A stack that a manifest wants to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportableStack {
    /// Itself.
    pub stack: LiveStack,
    /// Its template, as it was given to CloudFormation.
    pub template: Arc<str>,
    /// The template of the version that it is to become, where that is live and git does not have it.
    pub version: Option<Arc<str>>,
}

/// The template bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Whether it is there.
    pub exists: bool,
    /// It is there, is ours by its name, and lacks the policy that is the last thing to be put when it is made: whoever
    /// made it did not come that far.
    pub unfinished: bool,
    /// Whether the content index in memory says more than the one in the bucket.
    pub index_stale: bool,
}

/// Something that could not be read: a failure, a cut or a denial. Never an absence (promise 1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// What is in doubt.
    pub scope: Scope,
    /// The call that failed.
    pub operation: String,
    /// Why, as the service said it.
    pub reason: String,
    /// The service refused for want of permission.
    pub denied: bool,
}

impl Gap {
    /// The call that stands for what a saved observation does not have.
    pub const OBSERVE: &'static str = "observe";

    /// Whether nobody has looked, because a saved observation was made for other manifests.
    pub fn is_of_an_observation(&self) -> bool {
        self.operation == Self::OBSERVE
    }
}

/// What a gap puts in doubt.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Which service actions there are.
    ServiceActions,
    /// Which TagOptions there are.
    TagOptions,
    /// Which portfolios there are.
    Portfolios,
    /// Which products there are.
    Products,
    /// Which provisioned products there are.
    Provisioned,
    /// A service action's definition, or which versions offer it.
    ServiceAction(ServiceActionId),
    /// Which portfolios of other accounts are accepted.
    Imported,
    /// A portfolio's own fields, principals, associations or constraints.
    Portfolio(PortfolioId),
    /// Whom a portfolio is shared with.
    Shares(PortfolioId),
    /// A product's own fields or versions.
    Product(ProductId),
    /// A provisioned product's record or stack.
    ProvisionedProduct(ProvisionedProductId),
    /// A parameter of the parameter store, by the name that a manifest gives.
    Ssm(String),
    /// A stack that is to be imported, or its template.
    Stack(StackArn),
    /// Whether the template bucket is there.
    Bucket,
}
