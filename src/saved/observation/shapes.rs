//! The live catalog as a file has it. Both ways take every field apart, so that one that comes to the model comes to the
//! file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{Digest, ProductArn, ProductId, StackArn, Target, VersionId};
use crate::model::desired::{CodeStar, Guidance};
use crate::model::launch::SsmParameter;
use crate::model::observed::{
    Bucket, Gap, ImportableStack, LastSync, LiveConnection, LiveConstraint, LivePortfolio,
    LivePrincipal, LiveProduct, LiveProvisioned, LiveServiceAction, LiveShare, LiveStack,
    LiveStackSet, LiveTagOption, LiveTagOptions, LiveVersion, Observed, Place, ProvisionedStatus,
    ReadTimes, ReadyStatus, Running, Scope,
};
use crate::model::share::Recipient;
use crate::model::template::{ParameterDecl, VersionContent};

/// What a file says that no observation can say.
type Wrong = String;

type Texts = BTreeMap<String, String>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalog {
    pub(super) caller: String,
    pub(super) bucket: BucketShape,
    pub(super) read_at: Option<Timestamp>,
    pub(super) service_actions: Vec<ActionShape>,
    pub(super) tag_options: Vec<TagOptionShape>,
    pub(super) portfolios: Vec<PortfolioShape>,
    pub(super) imported: Vec<PortfolioShape>,
    pub(super) products: Vec<ProductShape>,
    pub(super) sources: Vec<SourceShape>,
    pub(super) provisioned: Vec<ProvisionedShape>,
    pub(super) stacks: Vec<ImportableShape>,
    pub(super) ssm: Vec<SsmShape>,
    pub(super) gaps: Vec<GapShape>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BucketShape {
    pub(super) name: String,
    exists: bool,
    unfinished: bool,
    index_stale: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionShape {
    pub(super) id: String,
    name: String,
    description: Option<String>,
    definition: Option<Texts>,
    versions: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TagOptionShape {
    id: String,
    key: String,
    value: String,
    active: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PortfolioShape {
    pub(super) id: String,
    display_name: String,
    description: Option<String>,
    provider_name: String,
    tags: Texts,
    principals: Vec<PrincipalShape>,
    tag_options: Vec<TagOptionShape>,
    budgets: BTreeSet<String>,
    shares: Option<Vec<ShareShape>>,
    products: BTreeSet<String>,
    shared_products: BTreeSet<String>,
    constraints: Vec<ConstraintShape>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PrincipalShape {
    arn: String,
    pattern: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShareShape {
    with: RecipientShape,
    accepted: bool,
    tag_options: bool,
    principals: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecipientShape {
    Account(String),
    Organization(String),
    Unit(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConstraintShape {
    id: String,
    kind: String,
    product: String,
    owner: Option<String>,
    text: String,
    status: ReadyShape,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReadyShape {
    Available,
    Creating,
    Failed,
    Unknown(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceShape {
    pub(super) arn: String,
    pub(super) product: ProductShape,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductShape {
    pub(super) id: String,
    arn: String,
    name: String,
    owner: String,
    description: Option<String>,
    distributor: Option<String>,
    support_description: Option<String>,
    support_email: Option<String>,
    support_url: Option<String>,
    product_type: String,
    source_connection: Option<ConnectionShape>,
    tags: Texts,
    tag_options: Vec<TagOptionShape>,
    budgets: BTreeSet<String>,
    versions: Vec<VersionShape>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectionShape {
    connection_arn: String,
    repository: String,
    branch: String,
    artifact_path: String,
    last_sync: Option<SyncShape>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SyncShape {
    status: String,
    message: Option<String>,
    at: Option<Timestamp>,
    succeeded_at: Option<Timestamp>,
    version: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VersionShape {
    id: String,
    name: String,
    description: Option<String>,
    active: bool,
    deprecated: bool,
    content: Option<ContentShape>,
    status: ReadyShape,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContentShape {
    digest: String,
    declared: Option<Vec<ParameterShape>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParameterShape {
    key: String,
    no_echo: bool,
    default: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProvisionedShape {
    pub(super) id: String,
    pub(super) name: String,
    kind: String,
    status: StatusShape,
    pub(super) status_message: Option<String>,
    product: String,
    version: String,
    idempotency_token: Option<String>,
    last_record: Option<String>,
    last_provisioning_record: Option<String>,
    tags: Texts,
    physical_id: Option<String>,
    running: Option<(String, String)>,
    ever_succeeded: bool,
    pub(super) stack: Option<StackShape>,
    pub(super) stack_set: Option<StackSetShape>,
    stack_gone: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StatusShape {
    Available,
    UnderChange,
    Tainted,
    Error,
    PlanInProgress,
    Unknown(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StackShape {
    arn: String,
    status: String,
    pub(super) parameters: Texts,
    pub(super) outputs: Texts,
    notification_arns: BTreeSet<String>,
    tags: Texts,
    parent: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StackSetShape {
    id: String,
    pub(super) parameters: Texts,
    /// Region, account, status.
    instances: Vec<(String, String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportableShape {
    pub(super) arn: String,
    pub(super) stack: StackShape,
    pub(super) template: String,
    pub(super) version_template: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SsmShape {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) secret: bool,
    version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GapShape {
    scope: ScopeShape,
    operation: String,
    reason: String,
    denied: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ScopeShape {
    ServiceActions,
    TagOptions,
    Portfolios,
    Products,
    Provisioned,
    ServiceAction(String),
    Imported,
    Portfolio(String),
    Shares(String),
    Product(String),
    ProvisionedProduct(String),
    Ssm(String),
    Stack(String),
    Bucket,
}

impl Catalog {
    /// What was seen. The account and region stand outside of it.
    pub(super) fn of(observed: &Observed) -> Self {
        let Observed {
            target: _,
            caller,
            service_actions,
            tag_options,
            portfolios,
            imported,
            products,
            sources,
            provisioned,
            stacks,
            ssm,
            bucket,
            // A process that looks once remembers nothing of earlier passes.
            read: ReadTimes { at, .. },
            gaps,
        } = observed;
        Self {
            caller: caller.clone(),
            bucket: bucket_shape(bucket),
            read_at: *at,
            service_actions: service_actions.values().map(action_shape).collect(),
            tag_options: tag_option_shapes(tag_options),
            portfolios: portfolios.values().map(portfolio_shape).collect(),
            imported: imported.values().map(portfolio_shape).collect(),
            products: products.values().map(product_shape).collect(),
            sources: sources
                .iter()
                .map(|(arn, product)| SourceShape {
                    arn: arn.to_string(),
                    product: product_shape(product),
                })
                .collect(),
            provisioned: provisioned.values().map(provisioned_shape).collect(),
            stacks: stacks
                .iter()
                .map(|(arn, stack)| importable_shape(arn, stack))
                .collect(),
            ssm: ssm
                .iter()
                .map(
                    |(
                        name,
                        SsmParameter {
                            value,
                            secret,
                            version,
                        },
                    )| SsmShape {
                        name: name.clone(),
                        value: value.clone(),
                        secret: *secret,
                        version: *version,
                    },
                )
                .collect(),
            gaps: gaps.iter().map(gap_shape).collect(),
        }
    }

    /// The other way.
    pub(super) fn observed(&self, target: &Target) -> Result<Observed, Wrong> {
        let Self {
            caller,
            bucket,
            read_at,
            service_actions,
            tag_options,
            portfolios,
            imported,
            products,
            sources,
            provisioned,
            stacks,
            ssm,
            gaps,
        } = self;
        let BucketShape {
            name,
            exists,
            unfinished,
            index_stale,
        } = bucket;
        let mut observed = Observed {
            target: target.clone(),
            caller: caller.clone(),
            service_actions: keyed(service_actions.iter().map(action), |o| o.id.clone()),
            tag_options: tag_options_of(tag_options),
            portfolios: keyed(portfolios.iter().map(portfolio), |o| o.id.clone()),
            imported: keyed(imported.iter().map(portfolio), |o| o.id.clone()),
            products: BTreeMap::new(),
            sources: BTreeMap::new(),
            provisioned: keyed(provisioned.iter().map(live_provisioned), |o| o.id.clone()),
            stacks: BTreeMap::new(),
            ssm: BTreeMap::new(),
            bucket: Bucket {
                name: name.clone(),
                exists: *exists,
                unfinished: *unfinished,
                index_stale: *index_stale,
            },
            read: ReadTimes {
                at: *read_at,
                ..ReadTimes::default()
            },
            gaps: Vec::new(),
        };
        for shape in products {
            let live = product(shape)?;
            observed.products.insert(live.id.clone(), live);
        }
        for SourceShape { arn, product: of } in sources {
            let arn = ProductArn::parse(arn).ok_or_else(|| format!("{arn:?} is no product"))?;
            observed.sources.insert(arn, product(of)?);
        }
        for ImportableShape {
            arn,
            stack,
            template,
            version_template: version,
        } in stacks
        {
            let stack = ImportableStack {
                stack: live_stack(stack),
                template: template.as_str().into(),
                version: version.as_deref().map(Into::into),
            };
            observed.stacks.insert(stack_arn(arn)?, stack);
        }
        for SsmShape {
            name,
            value,
            secret,
            version,
        } in ssm
        {
            let parameter = SsmParameter {
                value: value.clone(),
                secret: *secret,
                version: *version,
            };
            observed.ssm.insert(name.clone(), parameter);
        }
        for GapShape {
            scope,
            operation,
            reason,
            denied,
        } in gaps
        {
            observed.gaps.push(Gap {
                scope: live_scope(scope)?,
                operation: operation.clone(),
                reason: reason.clone(),
                denied: *denied,
            });
        }
        Ok(observed)
    }
}

fn keyed<K: Ord, V>(values: impl Iterator<Item = V>, key: impl Fn(&V) -> K) -> BTreeMap<K, V> {
    values.map(|value| (key(&value), value)).collect()
}

fn texts<'t, T: ToString + 't>(all: impl IntoIterator<Item = &'t T>) -> BTreeSet<String> {
    all.into_iter().map(ToString::to_string).collect()
}

fn optional<T: ToString>(text: Option<&T>) -> Option<String> {
    text.map(ToString::to_string)
}

fn stack_arn(text: &str) -> Result<StackArn, Wrong> {
    StackArn::parse(text).ok_or_else(|| format!("{text:?} is no stack"))
}

fn bucket_shape(bucket: &Bucket) -> BucketShape {
    let Bucket {
        name,
        exists,
        unfinished,
        index_stale,
    } = bucket;
    BucketShape {
        name: name.clone(),
        exists: *exists,
        unfinished: *unfinished,
        index_stale: *index_stale,
    }
}

fn action_shape(live: &LiveServiceAction) -> ActionShape {
    let LiveServiceAction {
        id,
        name,
        description,
        definition,
        versions,
    } = live;
    ActionShape {
        id: id.to_string(),
        name: name.clone(),
        description: description.clone(),
        definition: definition.clone(),
        versions: versions
            .iter()
            .map(|(product, version)| (product.to_string(), version.to_string()))
            .collect(),
    }
}

fn action(shape: &ActionShape) -> LiveServiceAction {
    let ActionShape {
        id,
        name,
        description,
        definition,
        versions,
    } = shape;
    LiveServiceAction {
        id: id.as_str().into(),
        name: name.clone(),
        description: description.clone(),
        definition: definition.clone(),
        versions: versions
            .iter()
            .map(|(product, version)| (ProductId::new(product), VersionId::new(version)))
            .collect(),
    }
}

fn tag_option_shapes(all: &LiveTagOptions) -> Vec<TagOptionShape> {
    let shapes = all.values().map(|live| {
        let LiveTagOption {
            id,
            key,
            value,
            active,
        } = live;
        TagOptionShape {
            id: id.to_string(),
            key: key.clone(),
            value: value.clone(),
            active: *active,
        }
    });
    shapes.collect()
}

fn tag_options_of(shapes: &[TagOptionShape]) -> LiveTagOptions {
    let live = shapes.iter().map(|shape| {
        let TagOptionShape {
            id,
            key,
            value,
            active,
        } = shape;
        LiveTagOption {
            id: id.as_str().into(),
            key: key.clone(),
            value: value.clone(),
            active: *active,
        }
    });
    keyed(live, |o| o.id.clone())
}

fn portfolio_shape(live: &LivePortfolio) -> PortfolioShape {
    let LivePortfolio {
        id,
        display_name,
        description,
        provider_name,
        tags,
        principals,
        tag_options,
        budgets,
        shares,
        products,
        shared_products,
        constraints,
    } = live;
    let share = |(with, share): (&Recipient, &LiveShare)| {
        let LiveShare {
            accepted,
            tag_options,
            principals,
        } = *share;
        ShareShape {
            with: match with.clone() {
                Recipient::Account(id) => RecipientShape::Account(id),
                Recipient::Organization(id) => RecipientShape::Organization(id),
                Recipient::Unit(id) => RecipientShape::Unit(id),
            },
            accepted,
            tag_options,
            principals,
        }
    };
    PortfolioShape {
        id: id.to_string(),
        display_name: display_name.clone(),
        description: description.clone(),
        provider_name: provider_name.clone(),
        tags: tags.clone(),
        principals: principals
            .iter()
            .map(|LivePrincipal { arn, pattern }| PrincipalShape {
                arn: arn.clone(),
                pattern: *pattern,
            })
            .collect(),
        tag_options: tag_option_shapes(tag_options),
        budgets: budgets.clone(),
        shares: shares.as_ref().map(|all| all.iter().map(share).collect()),
        products: texts(products),
        shared_products: texts(shared_products),
        constraints: constraints.values().map(constraint_shape).collect(),
    }
}

fn portfolio(shape: &PortfolioShape) -> LivePortfolio {
    let PortfolioShape {
        id,
        display_name,
        description,
        provider_name,
        tags,
        principals,
        tag_options,
        budgets,
        shares,
        products,
        shared_products,
        constraints,
    } = shape;
    let share = |shape: &ShareShape| {
        let ShareShape {
            with,
            accepted,
            tag_options,
            principals,
        } = shape.clone();
        let with = match with {
            RecipientShape::Account(id) => Recipient::Account(id),
            RecipientShape::Organization(id) => Recipient::Organization(id),
            RecipientShape::Unit(id) => Recipient::Unit(id),
        };
        let share = LiveShare {
            accepted,
            tag_options,
            principals,
        };
        (with, share)
    };
    let ids = |all: &BTreeSet<String>| all.iter().map(ProductId::new).collect();
    LivePortfolio {
        id: id.as_str().into(),
        display_name: display_name.clone(),
        description: description.clone(),
        provider_name: provider_name.clone(),
        tags: tags.clone(),
        principals: principals
            .iter()
            .map(|PrincipalShape { arn, pattern }| LivePrincipal {
                arn: arn.clone(),
                pattern: *pattern,
            })
            .collect(),
        tag_options: tag_options_of(tag_options),
        budgets: budgets.clone(),
        shares: shares.as_ref().map(|all| all.iter().map(share).collect()),
        products: ids(products),
        shared_products: ids(shared_products),
        constraints: keyed(constraints.iter().map(constraint), |o| o.id.clone()),
    }
}

fn constraint_shape(live: &LiveConstraint) -> ConstraintShape {
    let LiveConstraint {
        id,
        kind,
        product,
        owner,
        parameters,
        status,
    } = live;
    ConstraintShape {
        id: id.to_string(),
        kind: kind.clone(),
        product: product.to_string(),
        owner: optional(owner.as_ref()),
        text: parameters.clone(),
        status: ready_shape(status),
    }
}

fn constraint(shape: &ConstraintShape) -> LiveConstraint {
    let ConstraintShape {
        id,
        kind,
        product,
        owner,
        text: parameters,
        status,
    } = shape;
    LiveConstraint {
        id: id.as_str().into(),
        kind: kind.clone(),
        product: product.as_str().into(),
        owner: owner.as_deref().map(Into::into),
        parameters: parameters.clone(),
        status: ready(status),
    }
}

fn ready_shape(status: &ReadyStatus) -> ReadyShape {
    match status {
        ReadyStatus::Available => ReadyShape::Available,
        ReadyStatus::Creating => ReadyShape::Creating,
        ReadyStatus::Failed => ReadyShape::Failed,
        ReadyStatus::Unknown(word) => ReadyShape::Unknown(word.clone()),
    }
}

fn ready(shape: &ReadyShape) -> ReadyStatus {
    match shape {
        ReadyShape::Available => ReadyStatus::Available,
        ReadyShape::Creating => ReadyStatus::Creating,
        ReadyShape::Failed => ReadyStatus::Failed,
        ReadyShape::Unknown(word) => ReadyStatus::Unknown(word.clone()),
    }
}

fn product_shape(live: &LiveProduct) -> ProductShape {
    let LiveProduct {
        id,
        arn,
        name,
        owner,
        description,
        distributor,
        support_description,
        support_email,
        support_url,
        product_type,
        source_connection,
        tags,
        tag_options,
        budgets,
        versions,
    } = live;
    ProductShape {
        id: id.to_string(),
        arn: arn.clone(),
        name: name.clone(),
        owner: owner.clone(),
        description: description.clone(),
        distributor: distributor.clone(),
        support_description: support_description.clone(),
        support_email: support_email.clone(),
        support_url: support_url.clone(),
        product_type: product_type.clone(),
        source_connection: source_connection.as_ref().map(connection_shape),
        tags: tags.clone(),
        tag_options: tag_option_shapes(tag_options),
        budgets: budgets.clone(),
        versions: versions.iter().map(version_shape).collect(),
    }
}

fn product(shape: &ProductShape) -> Result<LiveProduct, Wrong> {
    let ProductShape {
        id,
        arn,
        name,
        owner,
        description,
        distributor,
        support_description,
        support_email,
        support_url,
        product_type,
        source_connection,
        tags,
        tag_options,
        budgets,
        versions,
    } = shape;
    Ok(LiveProduct {
        id: id.as_str().into(),
        arn: arn.clone(),
        name: name.clone(),
        owner: owner.clone(),
        description: description.clone(),
        distributor: distributor.clone(),
        support_description: support_description.clone(),
        support_email: support_email.clone(),
        support_url: support_url.clone(),
        product_type: product_type.clone(),
        source_connection: source_connection.as_ref().map(connection),
        tags: tags.clone(),
        tag_options: tag_options_of(tag_options),
        budgets: budgets.clone(),
        versions: versions.iter().map(version).collect::<Result<_, _>>()?,
    })
}

fn connection_shape(live: &LiveConnection) -> ConnectionShape {
    let LiveConnection { to, last_sync } = live;
    let CodeStar {
        connection_arn,
        repository,
        branch,
        artifact_path,
    } = to;
    let sync = |live: &LastSync| {
        let LastSync {
            status,
            message,
            at,
            succeeded_at,
            version,
        } = live;
        SyncShape {
            status: status.clone(),
            message: message.clone(),
            at: *at,
            succeeded_at: *succeeded_at,
            version: optional(version.as_ref()),
        }
    };
    ConnectionShape {
        connection_arn: connection_arn.clone(),
        repository: repository.clone(),
        branch: branch.clone(),
        artifact_path: artifact_path.clone(),
        last_sync: last_sync.as_ref().map(sync),
    }
}

fn connection(shape: &ConnectionShape) -> LiveConnection {
    let ConnectionShape {
        connection_arn,
        repository,
        branch,
        artifact_path,
        last_sync,
    } = shape;
    let sync = |shape: &SyncShape| {
        let SyncShape {
            status,
            message,
            at,
            succeeded_at,
            version,
        } = shape;
        LastSync {
            status: status.clone(),
            message: message.clone(),
            at: *at,
            succeeded_at: *succeeded_at,
            version: version.as_deref().map(Into::into),
        }
    };
    LiveConnection {
        to: CodeStar {
            connection_arn: connection_arn.clone(),
            repository: repository.clone(),
            branch: branch.clone(),
            artifact_path: artifact_path.clone(),
        },
        last_sync: last_sync.as_ref().map(sync),
    }
}

fn version_shape(live: &LiveVersion) -> VersionShape {
    let LiveVersion {
        id,
        name,
        description,
        active,
        guidance,
        content,
        status,
    } = live;
    let declared = |decl: &ParameterDecl| {
        let ParameterDecl {
            key,
            no_echo,
            default,
        } = decl;
        ParameterShape {
            key: key.clone(),
            no_echo: *no_echo,
            // That there is one matters; which it is may be the secret itself.
            default: match no_echo {
                true => default.as_ref().map(|_| String::new()),
                false => default.clone(),
            },
        }
    };
    VersionShape {
        id: id.to_string(),
        name: name.clone(),
        description: description.clone(),
        active: *active,
        deprecated: match guidance {
            Guidance::Default => false,
            Guidance::Deprecated => true,
        },
        content: content.as_ref().map(|content| {
            let VersionContent {
                content,
                parameters,
            } = content;
            ContentShape {
                digest: content.to_string(),
                declared: parameters
                    .as_ref()
                    .map(|all| all.iter().map(declared).collect()),
            }
        }),
        status: ready_shape(status),
    }
}

fn version(shape: &VersionShape) -> Result<LiveVersion, Wrong> {
    let VersionShape {
        id,
        name,
        description,
        active,
        deprecated,
        content,
        status,
    } = shape;
    let declared = |shape: &ParameterShape| {
        let ParameterShape {
            key,
            no_echo,
            default,
        } = shape.clone();
        ParameterDecl {
            key,
            no_echo,
            default,
        }
    };
    let content = match content {
        None => None,
        Some(ContentShape {
            digest,
            declared: parameters,
        }) => Some(VersionContent {
            content: Digest::parse(digest).ok_or_else(|| format!("{digest:?} is no digest"))?,
            parameters: parameters
                .as_ref()
                .map(|all| all.iter().map(declared).collect()),
        }),
    };
    Ok(LiveVersion {
        id: id.as_str().into(),
        name: name.clone(),
        description: description.clone(),
        active: *active,
        guidance: match deprecated {
            false => Guidance::Default,
            true => Guidance::Deprecated,
        },
        content,
        status: ready(status),
    })
}

fn provisioned_shape(live: &LiveProvisioned) -> ProvisionedShape {
    let LiveProvisioned {
        id,
        name,
        kind,
        status,
        status_message,
        product,
        version,
        idempotency_token,
        last_record,
        last_provisioning_record,
        tags,
        physical_id,
        running,
        ever_succeeded,
        stack,
        stack_set,
        stack_gone,
    } = live;
    ProvisionedShape {
        id: id.to_string(),
        name: name.clone(),
        kind: kind.clone(),
        status: match status {
            ProvisionedStatus::Available => StatusShape::Available,
            ProvisionedStatus::UnderChange => StatusShape::UnderChange,
            ProvisionedStatus::Tainted => StatusShape::Tainted,
            ProvisionedStatus::Error => StatusShape::Error,
            ProvisionedStatus::PlanInProgress => StatusShape::PlanInProgress,
            ProvisionedStatus::Unknown(word) => StatusShape::Unknown(word.clone()),
        },
        status_message: status_message.clone(),
        product: product.to_string(),
        version: version.to_string(),
        idempotency_token: idempotency_token.clone(),
        last_record: optional(last_record.as_ref()),
        last_provisioning_record: optional(last_provisioning_record.as_ref()),
        tags: tags.clone(),
        physical_id: physical_id.clone(),
        running: running
            .as_ref()
            .map(|Running { product, version }| (product.to_string(), version.to_string())),
        ever_succeeded: *ever_succeeded,
        stack: stack.as_ref().map(stack_shape),
        stack_set: stack_set.as_ref().map(|live| {
            let LiveStackSet {
                id,
                parameters,
                instances,
            } = live;
            let instances = instances.iter().map(|(Place { region, account }, status)| {
                (region.clone(), account.clone(), status.clone())
            });
            StackSetShape {
                id: id.clone(),
                parameters: parameters.clone(),
                instances: instances.collect(),
            }
        }),
        stack_gone: *stack_gone,
    }
}

fn live_provisioned(shape: &ProvisionedShape) -> LiveProvisioned {
    let ProvisionedShape {
        id,
        name,
        kind,
        status,
        status_message,
        product,
        version,
        idempotency_token,
        last_record,
        last_provisioning_record,
        tags,
        physical_id,
        running,
        ever_succeeded,
        stack,
        stack_set,
        stack_gone,
    } = shape;
    LiveProvisioned {
        id: id.as_str().into(),
        name: name.clone(),
        kind: kind.clone(),
        status: match status {
            StatusShape::Available => ProvisionedStatus::Available,
            StatusShape::UnderChange => ProvisionedStatus::UnderChange,
            StatusShape::Tainted => ProvisionedStatus::Tainted,
            StatusShape::Error => ProvisionedStatus::Error,
            StatusShape::PlanInProgress => ProvisionedStatus::PlanInProgress,
            StatusShape::Unknown(word) => ProvisionedStatus::Unknown(word.clone()),
        },
        status_message: status_message.clone(),
        product: product.as_str().into(),
        version: version.as_str().into(),
        idempotency_token: idempotency_token.clone(),
        last_record: last_record.as_deref().map(Into::into),
        last_provisioning_record: last_provisioning_record.as_deref().map(Into::into),
        tags: tags.clone(),
        physical_id: physical_id.clone(),
        running: running.as_ref().map(|(product, version)| Running {
            product: product.as_str().into(),
            version: version.as_str().into(),
        }),
        ever_succeeded: *ever_succeeded,
        stack: stack.as_ref().map(live_stack),
        stack_set: stack_set.as_ref().map(|shape| {
            let StackSetShape {
                id,
                parameters,
                instances,
            } = shape;
            let instances = instances.iter().cloned();
            let instances =
                instances.map(|(region, account, status)| (Place { region, account }, status));
            LiveStackSet {
                id: id.clone(),
                parameters: parameters.clone(),
                instances: instances.collect(),
            }
        }),
        stack_gone: *stack_gone,
    }
}

fn stack_shape(live: &LiveStack) -> StackShape {
    let LiveStack {
        arn,
        status,
        parameters,
        outputs,
        notification_arns,
        tags,
        parent,
    } = live;
    StackShape {
        arn: arn.clone(),
        status: status.clone(),
        parameters: parameters.clone(),
        outputs: outputs.clone(),
        notification_arns: notification_arns.clone(),
        tags: tags.clone(),
        parent: parent.clone(),
    }
}

fn live_stack(shape: &StackShape) -> LiveStack {
    let StackShape {
        arn,
        status,
        parameters,
        outputs,
        notification_arns,
        tags,
        parent,
    } = shape;
    LiveStack {
        arn: arn.clone(),
        status: status.clone(),
        parameters: parameters.clone(),
        outputs: outputs.clone(),
        notification_arns: notification_arns.clone(),
        tags: tags.clone(),
        parent: parent.clone(),
    }
}

fn importable_shape(arn: &StackArn, live: &ImportableStack) -> ImportableShape {
    let ImportableStack {
        stack,
        template,
        version,
    } = live;
    ImportableShape {
        arn: arn.to_string(),
        stack: stack_shape(stack),
        template: template.to_string(),
        version_template: version.as_deref().map(str::to_owned),
    }
}

pub(super) fn gap_shape(gap: &Gap) -> GapShape {
    let Gap {
        scope,
        operation,
        reason,
        denied,
    } = gap;
    GapShape {
        scope: match scope {
            Scope::ServiceActions => ScopeShape::ServiceActions,
            Scope::TagOptions => ScopeShape::TagOptions,
            Scope::Portfolios => ScopeShape::Portfolios,
            Scope::Products => ScopeShape::Products,
            Scope::Provisioned => ScopeShape::Provisioned,
            Scope::ServiceAction(id) => ScopeShape::ServiceAction(id.to_string()),
            Scope::Imported => ScopeShape::Imported,
            Scope::Portfolio(id) => ScopeShape::Portfolio(id.to_string()),
            Scope::Shares(id) => ScopeShape::Shares(id.to_string()),
            Scope::Product(id) => ScopeShape::Product(id.to_string()),
            Scope::ProvisionedProduct(id) => ScopeShape::ProvisionedProduct(id.to_string()),
            Scope::Ssm(name) => ScopeShape::Ssm(name.clone()),
            Scope::Stack(arn) => ScopeShape::Stack(arn.to_string()),
            Scope::Bucket => ScopeShape::Bucket,
        },
        operation: operation.clone(),
        reason: reason.clone(),
        denied: *denied,
    }
}

fn live_scope(shape: &ScopeShape) -> Result<Scope, Wrong> {
    Ok(match shape {
        ScopeShape::ServiceActions => Scope::ServiceActions,
        ScopeShape::TagOptions => Scope::TagOptions,
        ScopeShape::Portfolios => Scope::Portfolios,
        ScopeShape::Products => Scope::Products,
        ScopeShape::Provisioned => Scope::Provisioned,
        ScopeShape::ServiceAction(id) => Scope::ServiceAction(id.as_str().into()),
        ScopeShape::Imported => Scope::Imported,
        ScopeShape::Portfolio(id) => Scope::Portfolio(id.as_str().into()),
        ScopeShape::Shares(id) => Scope::Shares(id.as_str().into()),
        ScopeShape::Product(id) => Scope::Product(id.as_str().into()),
        ScopeShape::ProvisionedProduct(id) => Scope::ProvisionedProduct(id.as_str().into()),
        ScopeShape::Ssm(name) => Scope::Ssm(name.clone()),
        ScopeShape::Stack(arn) => Scope::Stack(stack_arn(arn)?),
        ScopeShape::Bucket => Scope::Bucket,
    })
}
