//! One [`Op`] is one API call, complete before it is made: execution chooses nothing (promise 3).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::ids::{
    ConstraintId, CopyId, Digest, Key, Kind, PortfolioId, ProductArn, ProductId,
    ProvisionedProductId, RecordId, ServiceActionId, ShareToken, StackArn, TagOptionId, Token,
    VersionId,
};
use crate::model::desired::{ActionDefinition, CodeStar, Guidance, ProductType, Tags};
use crate::model::launch::Preferences;
use crate::model::observed::LivePrincipal;
use crate::model::secret::Secrets;
use crate::model::share::Recipient;
use crate::model::template::{Template, VersionContent};

/// A step's place in [`crate::plan::Plan::steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub usize);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// An argument: a value, or the id that an earlier step's call answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg<T> {
    /// Known now.
    Value(T),
    /// The id of this type in that step's answer.
    From(StepId),
}

impl<T> Arg<T> {
    /// The step this argument waits for.
    pub fn step(&self) -> Option<StepId> {
        match self {
            Self::Value(_) => None,
            Self::From(step) => Some(*step),
        }
    }
}

/// What a call answered, as far as later calls need it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The service action it made.
    pub service_action: Option<ServiceActionId>,
    /// The TagOption it made.
    pub tag_option: Option<TagOptionId>,
    /// The portfolio it made.
    pub portfolio: Option<PortfolioId>,
    /// The product it made.
    pub product: Option<ProductId>,
    /// The version it made.
    pub version: Option<VersionId>,
    /// The constraint it made or changed.
    pub constraint: Option<ConstraintId>,
    /// The provisioned product it made or changed.
    pub provisioned: Option<ProvisionedProductId>,
    /// The record to follow.
    pub record: Option<RecordId>,
    /// The copy to follow.
    pub copy: Option<CopyId>,
    /// The action on a share to follow.
    pub share: Option<ShareToken>,
    /// The copy was over when it was first looked at: the token is an earlier attempt's, and this is what came of that.
    pub repeated: bool,
    /// The copy has failed, so its token is used up.
    pub spent: bool,
    /// When the service says the thing was made: a repeated token answers with the first attempt's time.
    pub created: Option<Timestamp>,
}

/// The answers so far, by step.
pub type Answers = BTreeMap<StepId, Answer>;

/// A call to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its own place.
    pub id: StepId,
    /// The object it is made for.
    pub object: Key,
    /// The call.
    pub op: Op,
    /// The steps that must have succeeded before.
    pub needs: BTreeSet<StepId>,
    /// Steps of one lane run one at a time.
    pub lane: Option<Lane>,
    /// Of a removal: whose the object must still be when the call goes out (design §4).
    pub still: Option<Ownership>,
    /// It is the last step of a removal: what `--allow-deletes` counts.
    pub removes: bool,
}

/// Whose an object is, as the plan saw it. It is read again just before a removal (promise 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ownership {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// By what it is ours.
    pub mark: Mark,
}

/// By what an object is ours (design §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// The value of its ownership tag.
    Tag(String),
    /// How the token of its last request begins.
    Token(String),
    /// How its description ends.
    Description(String),
}

/// What can be done one at a time only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Calls that change one product: parallel writes of its versions lose updates (facts §7).
    Product(Key),
    /// Imports: one at a time for the whole account (facts §7).
    Imports,
    /// Actions on shares: one at a time for the whole account (facts §7).
    Shares,
}

/// An API call with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// `s3:CreateBucket`: private, in the target's region.
    CreateBucket {
        /// The template bucket.
        bucket: String,
    },
    /// `s3:PutPublicAccessBlock`: all four blocks.
    BlockPublicAccess {
        /// The template bucket.
        bucket: String,
    },
    /// `s3:PutBucketPolicy`: TLS only.
    PutBucketPolicy {
        /// The template bucket.
        bucket: String,
    },
    /// `s3:PutObject` of a template under the digest of its bytes.
    PutTemplate {
        /// The template bucket.
        bucket: String,
        /// What is put.
        template: Arc<Template>,
    },
    /// `s3:PutObject` of the content index: a cache, never counted as a change.
    PutIndex {
        /// The template bucket.
        bucket: String,
        /// What is known of every live version.
        entries: Arc<BTreeMap<VersionId, VersionContent>>,
    },
    /// `CreateServiceAction`.
    CreateServiceAction {
        /// `Name`.
        name: String,
        /// `Description`, our mark at its end.
        description: String,
        /// `Definition`.
        definition: ActionDefinition,
        /// The same for every attempt.
        token: Token,
    },
    /// `UpdateServiceAction`: only the fields that differ.
    UpdateServiceAction {
        /// Which.
        id: ServiceActionId,
        /// `Name`.
        name: Option<String>,
        /// `Description`, our mark at its end.
        description: Option<String>,
        /// `Definition`, whole.
        definition: Option<ActionDefinition>,
    },
    /// `DeleteServiceAction`.
    DeleteServiceAction {
        /// Which.
        id: ServiceActionId,
    },
    /// `BatchAssociateServiceActionWithProvisioningArtifact`: at most fifty.
    OfferActions {
        /// What is offered with what.
        offers: Vec<Offer>,
    },
    /// `DisassociateServiceActionFromProvisioningArtifact`.
    WithdrawAction {
        /// What.
        action: ServiceActionId,
        /// From which product.
        product: ProductId,
        /// From which version.
        version: VersionId,
    },
    /// `CreateTagOption`: without a token, for one of this key and value is this one.
    CreateTagOption {
        /// `Key`.
        key: String,
        /// `Value`.
        value: String,
    },
    /// `UpdateTagOption`: only `Active`, for a value sent unchanged is refused (peers C5 46).
    UpdateTagOption {
        /// Which.
        id: Arg<TagOptionId>,
        /// Its key and value, for people.
        name: String,
        /// `Active`.
        active: bool,
    },
    /// `AssociateTagOptionWithResource`.
    AssociateTagOption {
        /// With what.
        resource: Resource,
        /// Which.
        tag_option: Arg<TagOptionId>,
        /// Its key and value, for people.
        name: String,
    },
    /// `DisassociateTagOptionFromResource`.
    DisassociateTagOption {
        /// From what.
        resource: Resource,
        /// Which.
        tag_option: TagOptionId,
        /// Its key and value, for people.
        name: String,
    },
    /// `AssociateBudgetWithResource`.
    AssociateBudget {
        /// With what.
        resource: Resource,
        /// `BudgetName`.
        budget: String,
    },
    /// `DisassociateBudgetFromResource`.
    DisassociateBudget {
        /// From what.
        resource: Resource,
        /// `BudgetName`.
        budget: String,
    },
    /// `CreatePortfolio`.
    CreatePortfolio {
        /// `DisplayName`.
        display_name: String,
        /// `Description`.
        description: Option<String>,
        /// `ProviderName`.
        provider_name: String,
        /// All tags, the ownership tag among them.
        tags: Tags,
        /// The same for every attempt.
        token: Token,
    },
    /// `UpdatePortfolio`: only the fields that differ.
    UpdatePortfolio {
        /// Which.
        id: PortfolioId,
        /// `DisplayName`.
        display_name: Option<String>,
        /// `Description`.
        description: Option<String>,
        /// `ProviderName`.
        provider_name: Option<String>,
        /// What to do to the tags.
        tags: TagChange,
    },
    /// `DeletePortfolio`: nothing is in it any more.
    DeletePortfolio {
        /// Which.
        id: PortfolioId,
    },
    /// `AssociatePrincipalWithPortfolio`.
    AssociatePrincipal {
        /// Where.
        portfolio: Arg<PortfolioId>,
        /// Who.
        principal: LivePrincipal,
    },
    /// `DisassociatePrincipalFromPortfolio`.
    DisassociatePrincipal {
        /// Where.
        portfolio: PortfolioId,
        /// Who.
        principal: LivePrincipal,
    },
    /// `CreatePortfolioShare`: with a node of the organization followed to its end.
    CreateShare {
        /// Of what.
        portfolio: Arg<PortfolioId>,
        /// With whom.
        with: Recipient,
        /// `ShareTagOptions`.
        tag_options: bool,
        /// `SharePrincipals`.
        principals: bool,
    },
    /// `UpdatePortfolioShare`: only what differs.
    UpdateShare {
        /// Of what.
        portfolio: PortfolioId,
        /// With whom.
        with: Recipient,
        /// `ShareTagOptions`.
        tag_options: Option<bool>,
        /// `SharePrincipals`.
        principals: Option<bool>,
    },
    /// `DeletePortfolioShare`.
    DeleteShare {
        /// Of what.
        portfolio: PortfolioId,
        /// With whom.
        with: Recipient,
    },
    /// `AcceptPortfolioShare` of another account's portfolio that is shared with this very account.
    AcceptShare {
        /// Which.
        portfolio: PortfolioId,
    },
    /// `AssociateProductWithPortfolio` with a `SourcePortfolioId`: another account's product in a portfolio of one's own.
    BorrowProduct {
        /// Where.
        portfolio: Arg<PortfolioId>,
        /// What.
        product: ProductId,
        /// The shared portfolio that it is taken from.
        source: PortfolioId,
    },
    /// `CreateProduct` with its first version, or with the repository that the service syncs it with.
    CreateProduct {
        /// Its fields.
        fields: Box<ProductFields>,
        /// `ProductType`: it never changes.
        product_type: ProductType,
        /// All tags, the ownership tag among them.
        tags: Tags,
        /// The first version; none of one that the service syncs.
        version: Option<NewVersion>,
        /// The same for every attempt.
        token: Token,
    },
    /// `CopyProduct`: followed until it has succeeded or failed.
    CopyProduct {
        /// The source.
        source: ProductArn,
        /// The versions to copy.
        versions: Vec<SourceVersion>,
        /// Where to.
        to: CopyTarget,
        /// The same for every attempt.
        token: Token,
    },
    /// `UpdateProduct`: only the fields that differ.
    UpdateProduct {
        /// Which.
        id: Arg<ProductId>,
        /// `None` is left as it is.
        fields: Box<ProductFields>,
        /// What to do to the tags.
        tags: TagChange,
    },
    /// `DeleteProduct` with all its versions: it stands in no portfolio any more.
    DeleteProduct {
        /// Which.
        id: ProductId,
    },
    /// `CreateProvisioningArtifact`.
    CreateVersion {
        /// Of what.
        product: Arg<ProductId>,
        /// What.
        version: NewVersion,
        /// The same for every attempt.
        token: Token,
    },
    /// `UpdateProvisioningArtifact`: only the fields that differ.
    UpdateVersion {
        /// Of what.
        product: Arg<ProductId>,
        /// Which.
        version: Arg<VersionId>,
        /// Its name, for people.
        name: String,
        /// `Description`.
        description: Option<String>,
        /// `Active`.
        active: Option<bool>,
        /// `Guidance`.
        guidance: Option<Guidance>,
    },
    /// `DeleteProvisioningArtifact`.
    DeleteVersion {
        /// Of what.
        product: ProductId,
        /// Which.
        version: VersionId,
        /// Its name, for people.
        name: String,
    },
    /// `AssociateProductWithPortfolio`.
    AssociateProduct {
        /// Where.
        portfolio: Arg<PortfolioId>,
        /// What.
        product: Arg<ProductId>,
    },
    /// `DisassociateProductFromPortfolio`.
    DisassociateProduct {
        /// Where.
        portfolio: PortfolioId,
        /// What.
        product: ProductId,
    },
    /// `CreateConstraint`.
    CreateConstraint {
        /// Where.
        portfolio: Arg<PortfolioId>,
        /// On what.
        product: Arg<ProductId>,
        /// `Type`.
        kind: String,
        /// `Parameters`: JSON.
        parameters: String,
        /// The same for every attempt.
        token: Token,
    },
    /// `UpdateConstraint`.
    UpdateConstraint {
        /// Which.
        id: ConstraintId,
        /// `Type`, for people.
        kind: String,
        /// `Parameters`: JSON.
        parameters: String,
    },
    /// `DeleteConstraint`.
    DeleteConstraint {
        /// Which.
        id: ConstraintId,
        /// `Type`, for people.
        kind: String,
    },
    /// `ProvisionProduct`.
    Provision {
        /// `ProvisionedProductName`.
        name: String,
        /// Of what.
        product: Arg<ProductId>,
        /// In which version.
        version: Arg<VersionId>,
        /// `PathName`: the display name of the portfolio (peers C8 77).
        path: String,
        /// All parameters that are sent.
        parameters: BTreeMap<String, ParameterArg>,
        /// All tags, the ownership tag among them.
        tags: Tags,
        /// `NotificationArns`.
        topics: BTreeSet<String>,
        /// `ProvisioningPreferences`, where it is a stack set.
        preferences: Option<Preferences>,
        /// `ProvisionToken`.
        token: Token,
    },
    /// `ImportAsProvisionedProduct`.
    Import {
        /// `ProvisionedProductName`.
        name: String,
        /// Of what.
        product: Arg<ProductId>,
        /// In which version.
        version: Arg<VersionId>,
        /// `PhysicalId`: the stack.
        stack: StackArn,
        /// `IdempotencyToken`.
        token: Token,
    },
    /// `UpdateProvisionedProduct`.
    UpdateProvisioned {
        /// Which.
        id: ProvisionedProductId,
        /// To what.
        product: Arg<ProductId>,
        /// In which version.
        version: Arg<VersionId>,
        /// `PathName`: the display name of the portfolio (peers C8 77).
        path: String,
        /// All parameters that are sent.
        parameters: BTreeMap<String, ParameterArg>,
        /// The full set, or `None` where tags may not be sent (design §6).
        tags: Option<Tags>,
        /// `ProvisioningPreferences`, where it is a stack set.
        preferences: Option<Preferences>,
        /// `UpdateToken`.
        token: Token,
    },
    /// `TerminateProvisionedProduct`: a removal, or the first half of a replacement.
    Terminate {
        /// Which.
        id: ProvisionedProductId,
        /// `RetainPhysicalResources`: it is let go of, and its stack stays as it is.
        retain_physical_resources: bool,
        /// `TerminateToken`.
        token: Token,
    },
}

/// A service action that a version offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What.
    pub action: Arg<ServiceActionId>,
    /// Of which product.
    pub product: Arg<ProductId>,
    /// With which version.
    pub version: Arg<VersionId>,
}

/// What TagOptions and budgets are given to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// A portfolio.
    Portfolio(Arg<PortfolioId>),
    /// A product.
    Product(Arg<ProductId>),
}

impl Resource {
    /// The step that makes it, if one does.
    pub fn step(&self) -> Option<StepId> {
        match self {
            Self::Portfolio(id) => id.step(),
            Self::Product(id) => id.step(),
        }
    }

    /// `ResourceId`, once it is known.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Portfolio(Arg::Value(id)) => Some(id.as_str()),
            Self::Product(Arg::Value(id)) => Some(id.as_str()),
            Self::Portfolio(Arg::From(_)) | Self::Product(Arg::From(_)) => None,
        }
    }
}

/// A version of the product that is copied from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceVersion {
    /// Which.
    pub id: VersionId,
    /// Its name, which the copy keeps.
    pub name: String,
}

/// Where a copy goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyTarget {
    /// To a new product.
    New {
        /// `TargetProductName`.
        name: String,
        /// `CopyOptions: [CopyTags]`.
        copy_tags: bool,
        /// The value of our ownership tag. A repeated token answers with the copy of long ago: one that carries another
        /// value by now is somebody else's and is left alone (promise 2).
        owner: String,
    },
    /// To a product that is there.
    Existing(ProductId),
}

/// A product's own fields. In an update `None` is left as it is, and an empty text clears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductFields {
    /// `Name`.
    pub name: Option<String>,
    /// `Owner`.
    pub owner: Option<String>,
    /// `Description`.
    pub description: Option<String>,
    /// `Distributor`.
    pub distributor: Option<String>,
    /// `SupportDescription`.
    pub support_description: Option<String>,
    /// `SupportEmail`.
    pub support_email: Option<String>,
    /// `SupportUrl`.
    pub support_url: Option<String>,
    /// `SourceConnection`; it can't be taken away.
    pub source_connection: Option<CodeStar>,
}

/// What to do to an object's tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagChange {
    /// Added or overwritten.
    pub add: Tags,
    /// Keys removed.
    pub remove: BTreeSet<String>,
}

/// A version to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVersion {
    /// Its name.
    pub name: String,
    /// A text for people.
    pub description: Option<String>,
    /// `Type`, as the API says it.
    pub kind: &'static str,
    /// Where the service finds the template.
    pub source: NewSource,
}

/// Where the service finds a new version's template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewSource {
    /// An object of the template bucket: `https://<bucket>.s3.<region>.amazonaws.com/<key>`.
    Bucket {
        /// The template bucket.
        bucket: String,
        /// The template that lies there.
        template: Arc<Template>,
    },
    /// A URL of the manifest.
    Url(String),
    /// A stack's ARN.
    Stack(String),
}

/// A parameter as it is sent.
#[derive(Clone, PartialEq, Eq)]
pub enum ParameterArg {
    /// This value.
    Value(String),
    /// This value, never shown (promise 8).
    Secret(String),
    /// `UsePreviousValue`.
    Previous,
}

impl fmt::Debug for ParameterArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(f, "{value:?}"),
            Self::Secret(_) => f.write_str("(secret)"),
            Self::Previous => f.write_str("(previous)"),
        }
    }
}

/// The values of parameters that no message may repeat (promise 8).
pub fn secrets(parameters: &BTreeMap<String, ParameterArg>) -> Secrets {
    let secret = parameters.values().filter_map(|argument| match argument {
        ParameterArg::Secret(value) => Some(value.as_str()),
        ParameterArg::Value(_) | ParameterArg::Previous => None,
    });
    secret.collect()
}

impl Op {
    /// The API's name of the call.
    pub fn call(&self) -> &'static str {
        match self {
            Self::CreateBucket { .. } => "CreateBucket",
            Self::BlockPublicAccess { .. } => "PutPublicAccessBlock",
            Self::PutBucketPolicy { .. } => "PutBucketPolicy",
            Self::PutTemplate { .. } | Self::PutIndex { .. } => "PutObject",
            Self::CreateServiceAction { .. } => "CreateServiceAction",
            Self::UpdateServiceAction { .. } => "UpdateServiceAction",
            Self::DeleteServiceAction { .. } => "DeleteServiceAction",
            Self::OfferActions { .. } => "BatchAssociateServiceActionWithProvisioningArtifact",
            Self::WithdrawAction { .. } => "DisassociateServiceActionFromProvisioningArtifact",
            Self::CreateTagOption { .. } => "CreateTagOption",
            Self::UpdateTagOption { .. } => "UpdateTagOption",
            Self::AssociateTagOption { .. } => "AssociateTagOptionWithResource",
            Self::DisassociateTagOption { .. } => "DisassociateTagOptionFromResource",
            Self::AssociateBudget { .. } => "AssociateBudgetWithResource",
            Self::DisassociateBudget { .. } => "DisassociateBudgetFromResource",
            Self::CreatePortfolio { .. } => "CreatePortfolio",
            Self::UpdatePortfolio { .. } => "UpdatePortfolio",
            Self::DeletePortfolio { .. } => "DeletePortfolio",
            Self::AssociatePrincipal { .. } => "AssociatePrincipalWithPortfolio",
            Self::DisassociatePrincipal { .. } => "DisassociatePrincipalFromPortfolio",
            Self::CreateShare { .. } => "CreatePortfolioShare",
            Self::UpdateShare { .. } => "UpdatePortfolioShare",
            Self::DeleteShare { .. } => "DeletePortfolioShare",
            Self::AcceptShare { .. } => "AcceptPortfolioShare",
            Self::BorrowProduct { .. } => "AssociateProductWithPortfolio",
            Self::CreateProduct { .. } => "CreateProduct",
            Self::CopyProduct { .. } => "CopyProduct",
            Self::UpdateProduct { .. } => "UpdateProduct",
            Self::DeleteProduct { .. } => "DeleteProduct",
            Self::CreateVersion { .. } => "CreateProvisioningArtifact",
            Self::UpdateVersion { .. } => "UpdateProvisioningArtifact",
            Self::DeleteVersion { .. } => "DeleteProvisioningArtifact",
            Self::AssociateProduct { .. } => "AssociateProductWithPortfolio",
            Self::DisassociateProduct { .. } => "DisassociateProductFromPortfolio",
            Self::CreateConstraint { .. } => "CreateConstraint",
            Self::UpdateConstraint { .. } => "UpdateConstraint",
            Self::DeleteConstraint { .. } => "DeleteConstraint",
            Self::Provision { .. } => "ProvisionProduct",
            Self::Import { .. } => "ImportAsProvisionedProduct",
            Self::UpdateProvisioned { .. } => "UpdateProvisionedProduct",
            Self::Terminate { .. } => "TerminateProvisionedProduct",
        }
    }

    /// Whether it is an action on a share, of which the service does one at a time.
    pub fn is_share(&self) -> bool {
        matches!(
            self,
            Self::CreateShare { .. } | Self::UpdateShare { .. } | Self::DeleteShare { .. }
        )
    }

    /// The values that no message about the call may repeat (promise 8).
    pub fn secrets(&self) -> Secrets {
        let (Self::Provision { parameters, .. } | Self::UpdateProvisioned { parameters, .. }) =
            self
        else {
            return Secrets::default();
        };
        secrets(parameters)
    }

    /// Whether the call only keeps a cache fresh: a plan of nothing else has no changes.
    pub fn is_housekeeping(&self) -> bool {
        matches!(self, Self::PutIndex { .. })
    }

    /// Whether the call goes to S3.
    pub fn is_storage(&self) -> bool {
        matches!(
            self,
            Self::CreateBucket { .. }
                | Self::BlockPublicAccess { .. }
                | Self::PutBucketPolicy { .. }
                | Self::PutTemplate { .. }
                | Self::PutIndex { .. }
        )
    }

    /// The idempotency token, where the call has one.
    pub fn token(&self) -> Option<Token> {
        self.clone().token_mut().map(|token| token.clone())
    }

    /// The call with every argument a value.
    ///
    /// `None` where a step it refers to has not answered with what it needs.
    pub fn resolved(&self, answers: &Answers) -> Option<Self> {
        fn fill<T: Clone>(
            arg: &mut Arg<T>,
            answers: &Answers,
            pick: impl Fn(&Answer) -> Option<T>,
        ) -> Option<()> {
            if let Arg::From(step) = arg {
                *arg = Arg::Value(answers.get(step).and_then(pick)?);
            }
            Some(())
        }
        let portfolio_of = |answer: &Answer| answer.portfolio.clone();
        let product_of = |answer: &Answer| answer.product.clone();
        let version_of = |answer: &Answer| answer.version.clone();
        let action_of = |answer: &Answer| answer.service_action.clone();
        let tag_option_of = |answer: &Answer| answer.tag_option.clone();
        let fill_resource = |resource: &mut Resource| match resource {
            Resource::Portfolio(id) => fill(id, answers, portfolio_of),
            Resource::Product(id) => fill(id, answers, product_of),
        };
        let mut op = self.clone();
        match &mut op {
            Self::OfferActions { offers } => {
                for offer in offers {
                    fill(&mut offer.action, answers, action_of)?;
                    fill(&mut offer.product, answers, product_of)?;
                    fill(&mut offer.version, answers, version_of)?;
                }
            }
            Self::AssociatePrincipal { portfolio, .. }
            | Self::CreateShare { portfolio, .. }
            | Self::BorrowProduct { portfolio, .. } => {
                fill(portfolio, answers, portfolio_of)?;
            }
            Self::UpdateTagOption { id, .. } => fill(id, answers, tag_option_of)?,
            Self::AssociateTagOption {
                resource,
                tag_option,
                ..
            } => {
                fill_resource(resource)?;
                fill(tag_option, answers, tag_option_of)?;
            }
            Self::DisassociateTagOption { resource, .. }
            | Self::AssociateBudget { resource, .. }
            | Self::DisassociateBudget { resource, .. } => fill_resource(resource)?,
            Self::CreateVersion { product, .. } | Self::UpdateProduct { id: product, .. } => {
                fill(product, answers, product_of)?;
            }
            Self::AssociateProduct { portfolio, product }
            | Self::CreateConstraint {
                portfolio, product, ..
            } => {
                fill(portfolio, answers, portfolio_of)?;
                fill(product, answers, product_of)?;
            }
            Self::UpdateVersion {
                product, version, ..
            }
            | Self::Provision {
                product, version, ..
            }
            | Self::Import {
                product, version, ..
            }
            | Self::UpdateProvisioned {
                product, version, ..
            } => {
                fill(product, answers, product_of)?;
                fill(version, answers, version_of)?;
            }
            Self::CreateBucket { .. }
            | Self::BlockPublicAccess { .. }
            | Self::PutBucketPolicy { .. }
            | Self::PutTemplate { .. }
            | Self::PutIndex { .. }
            | Self::CreateServiceAction { .. }
            | Self::UpdateServiceAction { .. }
            | Self::DeleteServiceAction { .. }
            | Self::WithdrawAction { .. }
            | Self::CreateTagOption { .. }
            | Self::CreatePortfolio { .. }
            | Self::UpdatePortfolio { .. }
            | Self::DeletePortfolio { .. }
            | Self::DisassociatePrincipal { .. }
            | Self::UpdateShare { .. }
            | Self::DeleteShare { .. }
            | Self::AcceptShare { .. }
            | Self::CreateProduct { .. }
            | Self::CopyProduct { .. }
            | Self::DeleteProduct { .. }
            | Self::DeleteVersion { .. }
            | Self::DisassociateProduct { .. }
            | Self::UpdateConstraint { .. }
            | Self::DeleteConstraint { .. }
            | Self::Terminate { .. } => {}
        }
        Some(op)
    }

    /// The digest of what the call asks for: what must differ before a refused call is made again. Holds no secret
    /// value, and no token: that of an update holds the last record, which a failed attempt moves.
    ///
    /// Only a [`Self::resolved`] call's digest can be found again in a later plan, where the ids are known.
    pub fn request(&self) -> Digest {
        let mut op = self.clone();
        if let Some(token) = op.token_mut() {
            *token = Token::new("");
        }
        Digest::of(format!("{op:?}").as_bytes())
    }

    /// Where the token stands: one match, for reading it and for leaving it out.
    fn token_mut(&mut self) -> Option<&mut Token> {
        match self {
            Self::CreateServiceAction { token, .. }
            | Self::CreatePortfolio { token, .. }
            | Self::CreateProduct { token, .. }
            | Self::CopyProduct { token, .. }
            | Self::CreateVersion { token, .. }
            | Self::CreateConstraint { token, .. }
            | Self::Provision { token, .. }
            | Self::Import { token, .. }
            | Self::UpdateProvisioned { token, .. }
            | Self::Terminate { token, .. } => Some(token),
            Self::CreateBucket { .. }
            | Self::BlockPublicAccess { .. }
            | Self::PutBucketPolicy { .. }
            | Self::PutTemplate { .. }
            | Self::PutIndex { .. }
            | Self::UpdateServiceAction { .. }
            | Self::DeleteServiceAction { .. }
            | Self::OfferActions { .. }
            | Self::WithdrawAction { .. }
            | Self::CreateTagOption { .. }
            | Self::UpdateTagOption { .. }
            | Self::AssociateTagOption { .. }
            | Self::DisassociateTagOption { .. }
            | Self::AssociateBudget { .. }
            | Self::DisassociateBudget { .. }
            | Self::UpdatePortfolio { .. }
            | Self::DeletePortfolio { .. }
            | Self::AssociatePrincipal { .. }
            | Self::DisassociatePrincipal { .. }
            | Self::CreateShare { .. }
            | Self::UpdateShare { .. }
            | Self::DeleteShare { .. }
            | Self::AcceptShare { .. }
            | Self::BorrowProduct { .. }
            | Self::UpdateProduct { .. }
            | Self::DeleteProduct { .. }
            | Self::UpdateVersion { .. }
            | Self::DeleteVersion { .. }
            | Self::AssociateProduct { .. }
            | Self::DisassociateProduct { .. }
            | Self::UpdateConstraint { .. }
            | Self::DeleteConstraint { .. } => None,
        }
    }
}
