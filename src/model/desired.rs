//! What git wants: the manifests of one source, resolved for one target.
//!
//! `None` always means *not managed*: the manifest does not say (promise 9). An empty text, list or map clears.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::ids::{Digest, Key, Kind, Name, PortfolioId, ProductArn, ProductId, StackArn};
use crate::model::launch::{Rollout, Topics};
use crate::model::share::Recipient;
use crate::model::template::{ParameterDecl, Template};

/// Everything that a source declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desired {
    /// TagOptions by name.
    pub tag_options: BTreeMap<Name, TagOption>,
    /// Service actions by name.
    pub service_actions: BTreeMap<Name, ServiceAction>,
    /// Portfolios by name.
    pub portfolios: BTreeMap<Name, Portfolio>,
    /// Portfolios that other accounts share with this one, by name: no name is here and above.
    pub imported: BTreeMap<Name, ImportedPortfolio>,
    /// Products by name.
    pub products: BTreeMap<Name, Product>,
    /// Provisioned products by name.
    pub provisioned: BTreeMap<Name, ProvisionedProduct>,
    /// The template files that versions name, by the digest of their bytes.
    pub templates: BTreeMap<Digest, Arc<Template>>,
    /// Objects whose manifest has an error: known to be wanted, so never orphans, but left out above (`--partial`).
    pub broken: BTreeSet<Key>,
    /// Some document could not even be named: nothing of this source may be taken as absent.
    pub incomplete: bool,
}

impl Desired {
    /// The keys of all objects that can be acted on.
    pub fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        let of = |kind| move |name: &Name| Key::new(kind, name.clone());
        let tag_options = self.tag_options.keys().map(of(Kind::TagOption));
        let actions = self.service_actions.keys().map(of(Kind::ServiceAction));
        let portfolios = self.portfolios.keys().chain(self.imported.keys());
        let portfolios = portfolios.map(of(Kind::Portfolio));
        let products = self.products.keys().map(of(Kind::Product));
        let provisioned = self.provisioned.keys().map(of(Kind::ProvisionedProduct));
        tag_options
            .chain(actions)
            .chain(portfolios)
            .chain(products)
            .chain(provisioned)
    }

    /// Whether the source names the object at all, broken or not.
    pub fn names(&self, key: &Key) -> bool {
        self.broken.contains(key)
            || match key.kind {
                Kind::TagOption => self.tag_options.contains_key(&key.name),
                Kind::ServiceAction => self.service_actions.contains_key(&key.name),
                Kind::Portfolio => {
                    self.portfolios.contains_key(&key.name) || self.imported.contains_key(&key.name)
                }
                Kind::Product => self.products.contains_key(&key.name),
                Kind::ProvisionedProduct => self.provisioned.contains_key(&key.name),
            }
    }

    /// How the object's life begins and ends.
    pub fn lifecycle(&self, key: &Key) -> Option<&Lifecycle> {
        match key.kind {
            Kind::TagOption => self.tag_options.get(&key.name).map(|o| &o.lifecycle),
            Kind::ServiceAction => self.service_actions.get(&key.name).map(|o| &o.lifecycle),
            Kind::Portfolio => self.portfolios.get(&key.name).map(|o| &o.lifecycle),
            Kind::Product => self.products.get(&key.name).map(|o| &o.lifecycle),
            Kind::ProvisionedProduct => self.provisioned.get(&key.name).map(|o| &o.lifecycle),
        }
    }

    /// Where the object's manifest stands.
    pub fn origin(&self, key: &Key) -> Option<&Origin> {
        match key.kind {
            Kind::TagOption => self.tag_options.get(&key.name).map(|o| &o.origin),
            Kind::ServiceAction => self.service_actions.get(&key.name).map(|o| &o.origin),
            Kind::Portfolio => {
                let own = self.portfolios.get(&key.name).map(|o| &o.origin);
                own.or_else(|| self.imported.get(&key.name).map(|o| &o.origin))
            }
            Kind::Product => self.products.get(&key.name).map(|o| &o.origin),
            Kind::ProvisionedProduct => self.provisioned.get(&key.name).map(|o| &o.origin),
        }
    }
}

/// A place in a source: 1-based line and column (in characters).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Origin {
    /// The path below the source's root, with `/`.
    pub file: Arc<str>,
    /// 1-based.
    pub line: u32,
    /// 1-based, counted in characters.
    pub column: u32,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// How an object's life begins and ends beyond its own fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// What removal from git does.
    pub on_remove: OnRemove,
    /// Which live object that nobody owns is taken over.
    pub adopt: Adopt,
}

/// What happens to a live object once no manifest names it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum OnRemove {
    /// It stays, and is reported as an orphan.
    #[default]
    Retain,
    /// It goes, under the guards for removals.
    Delete,
    /// A provisioned product is no longer managed, and its stack stays.
    Release,
}

impl OnRemove {
    /// As a manifest says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retain => "retain",
            Self::Delete => "delete",
            Self::Release => "release",
        }
    }
}

/// Which live object that nobody owns is taken over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Adopt {
    /// None.
    #[default]
    Never,
    /// The only one of this name.
    ByName(Origin),
    /// The one with this id.
    Id {
        /// The id.
        id: String,
        /// Where it is named.
        origin: Origin,
    },
}

/// A TagOption: a key and value that portfolios and products offer to who launches from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagOption {
    /// `metadata.name`.
    pub name: Name,
    /// Where `metadata.name` stands.
    pub origin: Origin,
    /// Its end (`Delete` deactivates it, for TagOptions are never deleted), and what it takes over.
    pub lifecycle: Lifecycle,
    /// `Key`. With the value it is the identity: unique in the account and region (facts §9.7). Another key or value is
    /// another TagOption.
    pub key: String,
    /// `Value`.
    pub value: String,
    /// `Active`.
    pub active: bool,
}

/// A service action: something that end users may do to what they launched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAction {
    /// `metadata.name`.
    pub name: Name,
    /// Where `metadata.name` stands.
    pub origin: Origin,
    /// Its end, and what it takes over.
    pub lifecycle: Lifecycle,
    /// `Name`: what the service shows; `metadata.name` where the manifest does not say.
    pub display_name: String,
    /// A text for people; the service's has our mark behind it (design §4).
    pub description: Option<String>,
    /// `Definition`.
    pub definition: ActionDefinition,
}

/// `Definition` of a service action, by the API's keys: `Name` and `Version` of the document, `AssumeRole`, and
/// `Parameters` as JSON. It is the whole truth.
pub type ActionDefinition = BTreeMap<String, String>;

/// The service actions that a product or a version offers, with the places where they are named.
pub type Offers = BTreeMap<Name, Origin>;

/// A portfolio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portfolio {
    /// `metadata.name`.
    pub name: Name,
    /// Where `metadata.name` stands.
    pub origin: Origin,
    /// Its end, and what it takes over.
    pub lifecycle: Lifecycle,
    /// What the service shows; `metadata.name` where the manifest does not say.
    pub display_name: String,
    /// A text for people.
    pub description: Option<String>,
    /// Who provides it; required by the service.
    pub provider_name: String,
    /// Tags besides ours.
    pub tags: Option<Tags>,
    /// Who may use it.
    pub principals: Option<BTreeSet<Principal>>,
    /// The TagOptions that it offers.
    pub tag_options: Option<GivenTagOptions>,
    /// The budgets that are shown with it, by name.
    pub budgets: Option<BTreeSet<String>>,
    /// Whom it is shared with.
    pub shares: Option<BTreeMap<Recipient, Share>>,
    /// Other accounts' products in it, each from a portfolio that is shared with this account.
    pub shared_products: Option<BTreeMap<ProductId, SharedProduct>>,
}

/// Another account's product in a portfolio of one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedProduct {
    /// Where the product is named.
    pub origin: Origin,
    /// The shared portfolio that it is taken from, by its manifest's name.
    pub from: Name,
}

/// A portfolio that another account shares with this one. It has no mark of ours, and nothing of it is ours but the share's
/// acceptance and our own principals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedPortfolio {
    /// `metadata.name`.
    pub name: Name,
    /// Where `metadata.name` stands.
    pub origin: Origin,
    /// `metadata.adopt.id`.
    pub id: PortfolioId,
    /// Who of this account may use it.
    pub principals: Option<BTreeSet<Principal>>,
}

/// A share of a portfolio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Where the recipient is named.
    pub origin: Origin,
    /// `ShareTagOptions`.
    pub tag_options: Option<bool>,
    /// `SharePrincipals`: with organizations and their units only (facts §9.8).
    pub principals: Option<bool>,
}

/// TagOptions that a portfolio or product is given, by their manifests' names, each with the place that names it.
pub type GivenTagOptions = BTreeMap<Name, Origin>;

/// Who may use a portfolio.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// A user, group or role by its whole ARN (`IAM`).
    Arn(String),
    /// An ARN without account, wildcards allowed (`IAM_PATTERN`).
    Pattern(String),
    /// The role that catalogd itself runs as.
    Caller,
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// `metadata.name`.
    pub name: Name,
    /// Where `metadata.name` stands.
    pub origin: Origin,
    /// Its end, and what it takes over.
    pub lifecycle: Lifecycle,
    /// `spec.name`: what the service shows; `metadata.name` where the manifest does not say.
    pub display_name: String,
    /// Who owns it; required by the service.
    pub owner: String,
    /// `Description` on write, `ShortDescription` on read (facts §9.1).
    pub description: Option<String>,
    /// Who distributes it.
    pub distributor: Option<String>,
    /// Where its users find help.
    pub support: Support,
    /// Tags besides ours.
    pub tags: Option<Tags>,
    /// The TagOptions that it offers.
    pub tag_options: Option<GivenTagOptions>,
    /// The budgets that are shown with it, by name.
    pub budgets: Option<BTreeSet<String>>,
    /// The portfolios it stands in, with its constraints in each.
    pub portfolios: Option<BTreeMap<Name, Association>>,
    /// What its versions are made of. It never changes (facts §9.1); a copy has its source's, whatever stands here.
    pub product_type: ProductType,
    /// Its versions, in the order of the list. Never empty, save for a copy, whose versions are its source's, and for a
    /// product that the service syncs.
    pub versions: Vec<Version>,
    /// What becomes of live versions that the list does not name.
    pub unlisted_versions: UnlistedVersions,
    /// The product that it is a copy of.
    pub copy_from: Option<CopyFrom>,
    /// The repository from which the service itself makes its versions.
    pub source_connection: Option<SourceConnection>,
    /// The service actions that its versions offer: all that the list names, and without a list all that it has.
    pub service_actions: Option<Offers>,
}

impl Product {
    /// The service actions that a version offers, where the manifest says: what the version says itself wins.
    pub fn offers(&self, version: &str) -> Option<&Offers> {
        let listed = self.versions.iter().find(|v| v.name == version);
        if listed.is_none() && self.lists_versions() {
            return None;
        }
        let own = listed.and_then(|v| v.service_actions.as_ref());
        own.or(self.service_actions.as_ref())
    }

    /// Whether its versions are those that its manifest lists: a copy's are its source's, those of a synced product the
    /// repository's.
    pub fn lists_versions(&self) -> bool {
        self.copy_from.is_none() && self.source_connection.is_none()
    }

    /// Whether its manifest says anything of service actions.
    pub fn has_offers(&self) -> bool {
        let mut versions = self.versions.iter();
        self.service_actions.is_some() || versions.any(|v| v.service_actions.is_some())
    }

    /// The service actions that it names anywhere.
    pub fn all_offers(&self) -> impl Iterator<Item = (&Name, &Origin)> {
        let versions = self.versions.iter();
        let own = versions.flat_map(|v| v.service_actions.iter().flatten());
        self.service_actions.iter().flatten().chain(own)
    }
}

/// What a product's versions are made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProductType {
    /// `CLOUD_FORMATION_TEMPLATE`.
    #[default]
    CloudFormation,
    /// `MARKETPLACE`.
    Marketplace,
    /// `EXTERNAL`: an engine of one's own.
    External,
    /// `TERRAFORM_OPEN_SOURCE`.
    TerraformOpenSource,
    /// `TERRAFORM_CLOUD`.
    TerraformCloud,
}

impl ProductType {
    /// All of them, the default first.
    pub const ALL: [Self; 5] = [
        Self::CloudFormation,
        Self::Marketplace,
        Self::External,
        Self::TerraformOpenSource,
        Self::TerraformCloud,
    ];

    /// As the API says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CloudFormation => "CLOUD_FORMATION_TEMPLATE",
            Self::Marketplace => "MARKETPLACE",
            Self::External => "EXTERNAL",
            Self::TerraformOpenSource => "TERRAFORM_OPEN_SOURCE",
            Self::TerraformCloud => "TERRAFORM_CLOUD",
        }
    }

    /// The type of its versions, as the API says it. That of a marketplace product has two; an AMI is the usual one.
    pub fn version_type(self) -> &'static str {
        match self {
            Self::Marketplace => "MARKETPLACE_AMI",
            other => other.as_str(),
        }
    }
}

/// A repository that the service watches: each commit to the file makes a version (facts §8.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceConnection {
    /// Where it is named.
    pub origin: Origin,
    /// Which.
    pub to: CodeStar,
}

/// `CodeStarParameters`: the one type of source connection there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeStar {
    /// `ConnectionArn`.
    pub connection_arn: String,
    /// `Repository`, e.g. `owner/name`.
    pub repository: String,
    /// `Branch`.
    pub branch: String,
    /// `ArtifactPath`: the template in the repository.
    pub artifact_path: String,
}

/// What a product is copied from. The copy follows its source: new versions are copied, and description, activity and
/// guidance of those that both have are the source's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyFrom {
    /// Where the source is named.
    pub origin: Origin,
    /// The source.
    pub source: ProductArn,
    /// The versions to copy, by name; `None` means all active ones.
    pub versions: Option<Vec<CopiedVersion>>,
    /// Whether the source's tags are among those that the copy must have.
    pub copy_tags: bool,
}

/// A version that a manifest wants copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedVersion {
    /// Its name at the source.
    pub name: String,
    /// Where it is named.
    pub origin: Origin,
}

/// What becomes of live versions that the list does not name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnlistedVersions {
    /// They stay as they are.
    #[default]
    Keep,
    /// They become inactive, under the guards for removals.
    Deactivate,
    /// They are deleted, under the guards for removals.
    Delete,
}

/// Where a product's users find help.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Support {
    /// A text.
    pub description: Option<String>,
    /// An address.
    pub email: Option<String>,
    /// A link, `http://` or `https://`.
    pub url: Option<String>,
}

/// A product's place in one portfolio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// Where the portfolio is named.
    pub origin: Origin,
    /// The constraints there; `None` where the manifest has no `constraints`.
    pub constraints: Option<Constraints>,
}

/// The constraints of a product in a portfolio. Present, it is the whole truth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constraints {
    /// `LAUNCH`: the role that launches. Never beside `STACKSET`.
    pub launch: Option<Launch>,
    /// `RESOURCE_UPDATE`: whether tags of provisioned products may change.
    pub tag_updates: Option<TagUpdates>,
    /// `NOTIFICATION`: the topics that are told of what happens to stacks. Never empty.
    pub notification: Option<BTreeSet<String>>,
    /// `TEMPLATE`: rules for parameters, by name. Never empty.
    pub template: Option<Rules>,
    /// `STACKSET`: launches make a stack set. Never beside `LAUNCH`.
    pub stack_set: Option<StackSet>,
}

/// Rules for parameters by name, as JSON whose scalars are all texts.
pub type Rules = BTreeMap<String, serde_json::Value>;

/// Where a stack set may make stacks, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackSet {
    /// `AccountList`. Never empty.
    pub accounts: BTreeSet<String>,
    /// `RegionList`, in the order in which they are deployed to. Never empty.
    pub regions: Vec<String>,
    /// `AdminRole`: an ARN.
    pub admin_role: String,
    /// `ExecutionRole`: a name.
    pub execution_role: String,
}

/// The role of a launch constraint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Launch {
    /// This very role.
    RoleArn(String),
    /// The role of this name in the account that launches.
    LocalRoleName(String),
}

/// Whether tags of provisioned products may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagUpdates {
    /// `ALLOWED`.
    Allowed,
    /// `NOT_ALLOWED`.
    NotAllowed,
}

/// A version of a product: a provisioning artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Any text; never parsed, never sorted.
    pub name: String,
    /// Where the name stands.
    pub origin: Origin,
    /// A text for people.
    pub description: Option<String>,
    /// Where its template comes from.
    pub source: TemplateSource,
    /// Whether it can be launched; a listed version is active unless it or the product's `retention` says otherwise.
    pub active: bool,
    /// It is inactive by the product's `retention` alone, so it stays active while something runs from it.
    pub retired: bool,
    /// What users are told of it.
    pub guidance: Option<Guidance>,
    /// Whether another template may take its name.
    pub mutable: bool,
    /// The service actions that it offers, in place of its product's.
    pub service_actions: Option<Offers>,
}

/// Where a version's template comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateSource {
    /// A file of the source, by its path below the source's root and the digest of its bytes ([`Desired::templates`]).
    File {
        /// The path.
        path: Arc<str>,
        /// The key of [`Desired::templates`].
        raw: Digest,
        /// Its parameters: read only for versions that a provisioned product of the source names, `None` otherwise.
        parameters: Option<Vec<ParameterDecl>>,
    },
    /// A URL that the service reads itself.
    Url(String),
    /// A CloudFormation stack whose template is taken.
    Stack(String),
}

/// What users are told of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guidance {
    /// `DEFAULT`.
    Default,
    /// `DEPRECATED`: no new launches.
    Deprecated,
}

impl Guidance {
    /// As the API says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "DEFAULT",
            Self::Deprecated => "DEPRECATED",
        }
    }
}

/// A provisioned product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionedProduct {
    /// `metadata.name`.
    pub name: Name,
    /// Where `metadata.name` stands.
    pub origin: Origin,
    /// Its end, and what it takes over.
    pub lifecycle: Lifecycle,
    /// Its name in the account: `spec.name`, or `metadata.name`. Unique there, and never changed (facts §9.3).
    pub live_name: String,
    /// The product, by its manifest's name.
    pub product: Name,
    /// The version, by its name.
    pub version: String,
    /// The portfolio whose launch path is taken.
    pub portfolio: Option<Name>,
    /// Parameters by key.
    pub parameters: Option<BTreeMap<String, Parameter>>,
    /// Tags besides ours; only the keys named are compared (promise 9).
    pub tags: Option<Tags>,
    /// Provisioned products that must be converged first, beside those whose outputs are used.
    pub depends_on: BTreeSet<Name>,
    /// The stack that becomes this provisioned product, where it is not launched.
    pub import: Option<Import>,
    /// The topics that are told of its stack's events.
    pub notification_arns: Option<Topics>,
    /// How its stack set is rolled out.
    pub stack_set: Option<Rollout>,
}

/// A stack that is there already and shall be managed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Where the stack is named.
    pub origin: Origin,
    /// The stack.
    pub stack: StackArn,
}

impl ParameterValue {
    /// The text that is sent, where the manifest itself says it.
    pub fn written(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Literal(text) => Some(Cow::Borrowed(text)),
            Self::List(items) => Some(Cow::Owned(items.join(","))),
            Self::Output { .. } | Self::Ssm(_) => None,
        }
    }
}

impl ProvisionedProduct {
    /// The parameters of the parameter store that it takes.
    pub fn ssm(&self) -> impl Iterator<Item = &String> {
        let parameters = self.parameters.iter().flatten();
        parameters.filter_map(|(_, parameter)| match &parameter.value {
            ParameterValue::Ssm(name) => Some(name),
            ParameterValue::Literal(_)
            | ParameterValue::List(_)
            | ParameterValue::Output { .. } => None,
        })
    }

    /// The provisioned products that must be converged before this one.
    pub fn upstream(&self) -> BTreeSet<&Name> {
        let outputs = self
            .parameters
            .iter()
            .flatten()
            .filter_map(|(_, p)| match &p.value {
                ParameterValue::Output {
                    provisioned_product,
                    ..
                } => Some(provisioned_product),
                ParameterValue::Literal(_) | ParameterValue::List(_) | ParameterValue::Ssm(_) => {
                    None
                }
            });
        outputs.chain(&self.depends_on).collect()
    }
}

/// A parameter and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Where its value stands.
    pub origin: Origin,
    /// Its value.
    pub value: ParameterValue,
}

/// A parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterValue {
    /// The scalar as it was written.
    Literal(String),
    /// The items of a list, none of them with a comma: sent with commas between them.
    List(Vec<String>),
    /// A parameter of the Systems Manager's parameter store: `name`, or `name:version`.
    Ssm(String),
    /// An output of another provisioned product of the same source.
    Output {
        /// The provisioned product.
        provisioned_product: Name,
        /// The output's key.
        key: String,
    },
}
