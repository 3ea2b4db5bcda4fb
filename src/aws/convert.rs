//! The SDK's types as the model's. Words that the SDK's enums lack stay words.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_servicecatalog::types as sdk;
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use crate::aws::error::Failure;
use crate::aws::poll::RecordSeen;
use crate::ids::{
    AccountId, PortfolioId, ProductId, ProvisionedProductId, RecordId, ServiceActionId,
    TagOptionId, VersionId,
};
use crate::model::desired::{ActionDefinition, CodeStar, Guidance, Tags};
use crate::model::observed::{
    LastSync, LiveConnection, LiveConstraint, LivePortfolio, LivePrincipal, LiveProduct,
    LiveProvisioned, LiveServiceAction, LiveShare, LiveStack, LiveTagOption, LiveTagOptions,
    LiveVersion, ProvisionedStatus, ReadyStatus,
};
use crate::model::share::Recipient;
use crate::model::template::ParameterDecl;
use crate::plan::op::TagChange;
use crate::run::record::RecordStatus;

/// A point in time; `None` beyond what can be told.
pub(crate) fn timestamp(time: &DateTime) -> Option<Timestamp> {
    let nanos = i32::try_from(time.subsec_nanos()).ok()?;
    Timestamp::new(time.secs(), nanos).ok()
}

/// Tags by key.
pub(crate) fn tags(tags: &[sdk::Tag]) -> Tags {
    tags.iter()
        .map(|tag| (tag.key().to_owned(), tag.value().to_owned()))
        .collect()
}

/// Tags as they are sent, in the order of their keys.
pub(crate) fn sdk_tags(operation: &'static str, tags: &Tags) -> Result<Vec<sdk::Tag>, Failure> {
    tags.iter()
        .map(|(key, value)| {
            sdk::Tag::builder()
                .key(key)
                .value(value)
                .build()
                .map_err(|error| Failure::internal(operation, error.to_string()))
        })
        .collect()
}

/// The tags and keys of a change as they are sent; an empty list is left out.
#[expect(clippy::type_complexity, reason = "the two members of two requests")]
pub(crate) fn tag_change(
    operation: &'static str,
    change: &TagChange,
) -> Result<(Option<Vec<sdk::Tag>>, Option<Vec<String>>), Failure> {
    let add = sdk_tags(operation, &change.add)?;
    let remove: Vec<String> = change.remove.iter().cloned().collect();
    Ok((
        (!add.is_empty()).then_some(add),
        (!remove.is_empty()).then_some(remove),
    ))
}

/// Whether something that is made asynchronously is there. Products say `CREATED` for good (facts §8).
pub(crate) fn ready(word: Option<&str>) -> ReadyStatus {
    match word {
        None | Some("AVAILABLE" | "CREATED") => ReadyStatus::Available,
        Some("CREATING") => ReadyStatus::Creating,
        Some("FAILED") => ReadyStatus::Failed,
        Some(other) => ReadyStatus::Unknown(other.to_owned()),
    }
}

/// The status of a provisioned product.
pub(crate) fn provisioned_status(word: Option<&str>) -> ProvisionedStatus {
    match word {
        Some("AVAILABLE") => ProvisionedStatus::Available,
        Some("UNDER_CHANGE") => ProvisionedStatus::UnderChange,
        Some("TAINTED") => ProvisionedStatus::Tainted,
        Some("ERROR") => ProvisionedStatus::Error,
        Some("PLAN_IN_PROGRESS") => ProvisionedStatus::PlanInProgress,
        other => ProvisionedStatus::Unknown(other.unwrap_or_default().to_owned()),
    }
}

/// A service action as a listing has it.
pub(crate) fn service_action(summary: &sdk::ServiceActionSummary) -> Option<LiveServiceAction> {
    Some(LiveServiceAction {
        id: ServiceActionId::new(summary.id()?),
        name: summary.name().unwrap_or_default().to_owned(),
        description: summary.description().map(str::to_owned),
        definition: None,
        versions: Default::default(),
    })
}

/// A service action with its definition.
pub(crate) fn service_action_detail(
    detail: &sdk::ServiceActionDetail,
) -> Option<LiveServiceAction> {
    let definition = detail.definition().into_iter().flatten();
    let definition = definition.map(|(key, value)| (key.as_str().to_owned(), value.clone()));
    Some(LiveServiceAction {
        definition: Some(definition.collect()),
        ..service_action(detail.service_action_summary()?)?
    })
}

/// A definition as it is sent.
pub(crate) fn definition(
    definition: &ActionDefinition,
) -> HashMap<sdk::ServiceActionDefinitionKey, String> {
    let parts = definition.iter();
    parts
        .map(|(key, value)| (key.as_str().into(), value.clone()))
        .collect()
}

/// A portfolio's own fields.
pub(crate) fn portfolio(
    detail: &sdk::PortfolioDetail,
    all_tags: &[sdk::Tag],
    options: &[sdk::TagOptionDetail],
    all_budgets: &[sdk::BudgetDetail],
) -> Option<LivePortfolio> {
    Some(LivePortfolio {
        id: PortfolioId::new(detail.id()?),
        display_name: detail.display_name().unwrap_or_default().to_owned(),
        description: detail.description().map(str::to_owned),
        provider_name: detail.provider_name().unwrap_or_default().to_owned(),
        tags: tags(all_tags),
        principals: Default::default(),
        tag_options: tag_options(options),
        budgets: budgets(all_budgets),
        shares: None,
        products: Default::default(),
        shared_products: Default::default(),
        constraints: BTreeMap::new(),
    })
}

/// A TagOption; one that does not say so is active.
pub(crate) fn tag_option(detail: &sdk::TagOptionDetail) -> Option<LiveTagOption> {
    Some(LiveTagOption {
        id: TagOptionId::new(detail.id()?),
        key: detail.key().unwrap_or_default().to_owned(),
        value: detail.value().unwrap_or_default().to_owned(),
        active: detail.active().unwrap_or(true),
    })
}

fn tag_options(details: &[sdk::TagOptionDetail]) -> LiveTagOptions {
    let options = details.iter().filter_map(tag_option);
    options.map(|option| (option.id.clone(), option)).collect()
}

fn budgets(details: &[sdk::BudgetDetail]) -> BTreeSet<String> {
    let names = details.iter().filter_map(|budget| budget.budget_name());
    names.map(str::to_owned).collect()
}

/// A share of a portfolio; none where it is of a type that is nobody's to change.
pub(crate) fn share(detail: &sdk::PortfolioShareDetail) -> Option<(Recipient, LiveShare)> {
    let id = detail.principal_id()?.to_owned();
    let recipient = match detail.r#type()?.as_str() {
        "ACCOUNT" => Recipient::Account(id),
        "ORGANIZATION" => Recipient::Organization(id),
        "ORGANIZATIONAL_UNIT" => Recipient::Unit(id),
        _ => return None,
    };
    let share = LiveShare {
        accepted: detail.accepted(),
        tag_options: detail.share_tag_options(),
        principals: detail.share_principals(),
    };
    Some((recipient, share))
}

/// A principal of a portfolio.
pub(crate) fn principal(principal: &sdk::Principal) -> Option<LivePrincipal> {
    Some(LivePrincipal {
        arn: principal.principal_arn()?.to_owned(),
        pattern: principal.principal_type().map(sdk::PrincipalType::as_str) == Some("IAM_PATTERN"),
    })
}

/// The type of a principal, as it is sent.
pub(crate) fn principal_type(principal: &LivePrincipal) -> sdk::PrincipalType {
    if principal.pattern {
        sdk::PrincipalType::IamPattern
    } else {
        sdk::PrincipalType::Iam
    }
}

/// A constraint, from its description.
pub(crate) fn constraint(
    detail: &sdk::ConstraintDetail,
    parameters: Option<&str>,
    status: Option<&sdk::Status>,
) -> Option<LiveConstraint> {
    Some(LiveConstraint {
        id: detail.constraint_id()?.into(),
        kind: detail.r#type()?.to_owned(),
        product: ProductId::new(detail.product_id()?),
        owner: detail.owner().map(AccountId::from),
        parameters: parameters.unwrap_or_default().to_owned(),
        status: ready(status.map(sdk::Status::as_str)),
    })
}

/// A product's own fields.
pub(crate) fn product(
    detail: &sdk::ProductViewDetail,
    all_tags: &[sdk::Tag],
    options: &[sdk::TagOptionDetail],
    all_budgets: &[sdk::BudgetDetail],
) -> Option<LiveProduct> {
    let summary = detail.product_view_summary()?;
    Some(LiveProduct {
        id: ProductId::new(summary.product_id()?),
        arn: detail.product_arn().unwrap_or_default().to_owned(),
        name: summary.name().unwrap_or_default().to_owned(),
        owner: summary.owner().unwrap_or_default().to_owned(),
        description: summary.short_description().map(str::to_owned),
        distributor: summary.distributor().map(str::to_owned),
        support_description: summary.support_description().map(str::to_owned),
        support_email: summary.support_email().map(str::to_owned),
        support_url: summary.support_url().map(str::to_owned),
        product_type: summary
            .r#type()
            .map(|kind| kind.as_str().to_owned())
            .unwrap_or_default(),
        source_connection: detail.source_connection().and_then(connection),
        tags: tags(all_tags),
        tag_options: tag_options(options),
        budgets: budgets(all_budgets),
        versions: Vec::new(),
    })
}

/// What a product is synced with. One of a type that is not known has nothing to compare.
fn connection(detail: &sdk::SourceConnectionDetail) -> Option<LiveConnection> {
    let parameters = detail.connection_parameters().and_then(|p| p.code_star());
    let to = match parameters {
        Some(to) => CodeStar {
            connection_arn: to.connection_arn().to_owned(),
            repository: to.repository().to_owned(),
            branch: to.branch().to_owned(),
            artifact_path: to.artifact_path().to_owned(),
        },
        // Something syncs it all the same: its versions are not ours.
        None => CodeStar {
            connection_arn: String::new(),
            repository: String::new(),
            branch: String::new(),
            artifact_path: String::new(),
        },
    };
    let last_sync = detail.last_sync().map(|last| LastSync {
        status: last
            .last_sync_status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        message: last.last_sync_status_message().map(str::to_owned),
        at: last.last_sync_time().and_then(timestamp),
        succeeded_at: last.last_successful_sync_time().and_then(timestamp),
        version: last
            .last_successful_sync_provisioning_artifact_id()
            .map(VersionId::from),
    });
    Some(LiveConnection { to, last_sync })
}

/// A source connection as it is sent.
pub(crate) fn sdk_connection(
    operation: &'static str,
    to: &CodeStar,
) -> Result<sdk::SourceConnection, Failure> {
    let internal = |error: aws_smithy_types::error::operation::BuildError| {
        Failure::internal(operation, error.to_string())
    };
    let code_star = sdk::CodeStarParameters::builder()
        .connection_arn(&to.connection_arn)
        .repository(&to.repository)
        .branch(&to.branch)
        .artifact_path(&to.artifact_path)
        .build()
        .map_err(internal)?;
    let parameters = sdk::SourceConnectionParameters::builder()
        .code_star(code_star)
        .build();
    Ok(sdk::SourceConnection::builder()
        .r#type(sdk::SourceType::Codestar)
        .connection_parameters(parameters)
        .build())
}

/// A version, as a list shows it: what its template says is found elsewhere.
pub(crate) fn version(detail: &sdk::ProvisioningArtifactDetail) -> Option<LiveVersion> {
    Some(LiveVersion {
        id: VersionId::new(detail.id()?),
        name: detail.name().unwrap_or_default().to_owned(),
        description: detail.description().map(str::to_owned),
        active: detail.active().unwrap_or(true),
        guidance: guidance(
            detail
                .guidance()
                .map(sdk::ProvisioningArtifactGuidance::as_str),
        ),
        content: None,
        status: ReadyStatus::Available,
    })
}

/// Guidance; a word we do not know is the default.
pub(crate) fn guidance(word: Option<&str>) -> Guidance {
    match word {
        Some("DEPRECATED") => Guidance::Deprecated,
        _ => Guidance::Default,
    }
}

/// Guidance as it is sent.
pub(crate) fn sdk_guidance(guidance: Guidance) -> sdk::ProvisioningArtifactGuidance {
    match guidance {
        Guidance::Default => sdk::ProvisioningArtifactGuidance::Default,
        Guidance::Deprecated => sdk::ProvisioningArtifactGuidance::Deprecated,
    }
}

/// The parameters of a version's template. Of a NoEcho default only its being there is kept (promise 8).
pub(crate) fn parameters(list: &[sdk::ProvisioningArtifactParameter]) -> Vec<ParameterDecl> {
    list.iter()
        .filter_map(|parameter| {
            let no_echo = parameter.is_no_echo();
            let default = parameter.default_value().map(|value| match no_echo {
                true => String::new(),
                false => value.to_owned(),
            });
            Some(ParameterDecl {
                key: parameter.parameter_key()?.to_owned(),
                no_echo,
                default,
            })
        })
        .collect()
}

/// A provisioned product as a search shows it.
pub(crate) fn provisioned(found: &sdk::ProvisionedProductAttribute) -> Option<LiveProvisioned> {
    Some(LiveProvisioned {
        id: ProvisionedProductId::new(found.id()?),
        name: found.name().unwrap_or_default().to_owned(),
        kind: found.r#type().unwrap_or_default().to_owned(),
        status: provisioned_status(found.status().map(sdk::ProvisionedProductStatus::as_str)),
        status_message: found.status_message().map(str::to_owned),
        product: ProductId::new(found.product_id().unwrap_or_default()),
        version: VersionId::new(found.provisioning_artifact_id().unwrap_or_default()),
        idempotency_token: found.idempotency_token().map(str::to_owned),
        last_record: found.last_record_id().map(RecordId::from),
        last_provisioning_record: found.last_provisioning_record_id().map(RecordId::from),
        tags: tags(found.tags()),
        physical_id: found.physical_id().map(str::to_owned),
        running: None,
        ever_succeeded: found.last_successful_provisioning_record_id().is_some(),
        stack: None,
        stack_gone: false,
    })
}

/// A provisioned product as its description shows it: without tags and stack, which only its records have.
pub(crate) fn described(found: &sdk::ProvisionedProductDetail) -> Option<LiveProvisioned> {
    Some(LiveProvisioned {
        id: ProvisionedProductId::new(found.id()?),
        name: found.name().unwrap_or_default().to_owned(),
        kind: found.r#type().unwrap_or_default().to_owned(),
        status: provisioned_status(found.status().map(sdk::ProvisionedProductStatus::as_str)),
        status_message: found.status_message().map(str::to_owned),
        product: ProductId::new(found.product_id().unwrap_or_default()),
        version: VersionId::new(found.provisioning_artifact_id().unwrap_or_default()),
        idempotency_token: found.idempotency_token().map(str::to_owned),
        last_record: found.last_record_id().map(RecordId::from),
        last_provisioning_record: found.last_provisioning_record_id().map(RecordId::from),
        tags: Tags::new(),
        physical_id: None,
        running: None,
        ever_succeeded: found.last_successful_provisioning_record_id().is_some(),
        stack: None,
        stack_gone: false,
    })
}

/// A record.
pub(crate) fn record(
    detail: &sdk::RecordDetail,
    outputs: &[sdk::RecordOutput],
) -> Option<RecordSeen> {
    let status = detail.status().map_or("", sdk::RecordStatus::as_str);
    Some(RecordSeen {
        id: RecordId::new(detail.record_id()?),
        status: RecordStatus::parse(status),
        kind: detail.record_type().unwrap_or_default().to_owned(),
        errors: detail
            .record_errors()
            .iter()
            .map(|error| {
                (
                    error.code().unwrap_or_default().to_owned(),
                    error.description().unwrap_or_default().to_owned(),
                )
            })
            .collect(),
        provisioned: detail
            .provisioned_product_id()
            .map(ProvisionedProductId::from),
        product: detail.product_id().map(ProductId::from),
        version: detail.provisioning_artifact_id().map(VersionId::from),
        tags: detail
            .record_tags()
            .iter()
            .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned())))
            .collect(),
        outputs: outputs
            .iter()
            .filter_map(|output| {
                let value = output.output_value().unwrap_or_default();
                Some((output.output_key()?.to_owned(), value.to_owned()))
            })
            .collect(),
        created: detail.created_time().and_then(timestamp),
    })
}

/// A stack.
pub(crate) fn stack(stack: &aws_sdk_cloudformation::types::Stack) -> LiveStack {
    LiveStack {
        arn: stack.stack_id().unwrap_or_default().to_owned(),
        status: stack
            .stack_status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        parameters: stack
            .parameters()
            .iter()
            .filter_map(|parameter| {
                let value = parameter.parameter_value().unwrap_or_default();
                Some((parameter.parameter_key()?.to_owned(), value.to_owned()))
            })
            .collect(),
        outputs: stack
            .outputs()
            .iter()
            .filter_map(|output| {
                let value = output.output_value().unwrap_or_default();
                Some((output.output_key()?.to_owned(), value.to_owned()))
            })
            .collect(),
        notification_arns: stack.notification_arns().iter().cloned().collect(),
        tags: stack
            .tags()
            .iter()
            .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned())))
            .collect(),
        parent: stack.parent_id().map(str::to_owned),
    }
}
