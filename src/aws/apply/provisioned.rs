//! Provisioned products: each call starts work and answers with the record to follow (facts §9.3).

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_servicecatalog::types::{
    ProvisioningParameter, ProvisioningPreferences, RecordDetail, StackSetOperationType,
    UpdateProvisioningParameter, UpdateProvisioningPreferences,
};

use super::part;
use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::ids::{ProductId, ProvisionedProductId, StackArn, Token, VersionId};
use crate::model::desired::Tags;
use crate::model::launch::{Amount, OperationType, Preferences};
use crate::plan::op::{Answer, ParameterArg};

impl Aws {
    #[expect(clippy::too_many_arguments, reason = "they are the op's, by name")]
    pub(super) async fn provision(
        &self,
        name: &str,
        product: &ProductId,
        version: &VersionId,
        path: &str,
        parameters: &BTreeMap<String, ParameterArg>,
        tags: &Tags,
        topics: &BTreeSet<String>,
        preferences: Option<&Preferences>,
        token: &Token,
    ) -> Result<Answer, Failure> {
        const OPERATION: &str = "ProvisionProduct";
        let mut sent = Vec::with_capacity(parameters.len());
        for (key, argument) in parameters {
            let value = match argument {
                ParameterArg::Value(value) | ParameterArg::Secret(value) => value,
                ParameterArg::Previous => {
                    let message = format!("parameter {key} has no previous value");
                    return Err(Failure::internal(OPERATION, message));
                }
            };
            sent.push(
                ProvisioningParameter::builder()
                    .key(key)
                    .value(value)
                    .build(),
            );
        }
        let request = self
            .sc()
            .provision_product()
            .provisioned_product_name(name)
            .product_id(product.as_str())
            .provisioning_artifact_id(version.as_str())
            .path_name(path)
            .set_provisioning_parameters(Some(sent))
            .set_tags(Some(convert::sdk_tags(OPERATION, tags)?))
            .set_notification_arns((!topics.is_empty()).then(|| topics.iter().cloned().collect()))
            .set_provisioning_preferences(preferences.map(first_preferences))
            .provision_token(token.as_str());
        let answer = self
            .call(OPERATION, Access::Write, || request.clone().send())
            .await?;
        started(OPERATION, answer.record_detail())
    }

    #[expect(clippy::too_many_arguments, reason = "they are the op's, by name")]
    pub(super) async fn update_provisioned(
        &self,
        id: &ProvisionedProductId,
        product: &ProductId,
        version: &VersionId,
        path: &str,
        parameters: &BTreeMap<String, ParameterArg>,
        tags: Option<&Tags>,
        preferences: Option<&Preferences>,
        token: &Token,
    ) -> Result<Answer, Failure> {
        const OPERATION: &str = "UpdateProvisionedProduct";
        let sent = parameters
            .iter()
            .map(|(key, argument)| {
                let parameter = UpdateProvisioningParameter::builder().key(key);
                match argument {
                    ParameterArg::Value(value) | ParameterArg::Secret(value) => {
                        parameter.value(value)
                    }
                    ParameterArg::Previous => parameter.use_previous_value(true),
                }
                .build()
            })
            .collect();
        let tags = tags
            .map(|tags| convert::sdk_tags(OPERATION, tags))
            .transpose()?;
        let request = self
            .sc()
            .update_provisioned_product()
            .provisioned_product_id(id.as_str())
            .product_id(product.as_str())
            .provisioning_artifact_id(version.as_str())
            .path_name(path)
            .set_provisioning_parameters(Some(sent))
            .set_tags(tags)
            .set_provisioning_preferences(preferences.map(later_preferences))
            .update_token(token.as_str());
        let answer = self
            .call(OPERATION, Access::Write, || request.clone().send())
            .await?;
        started(OPERATION, answer.record_detail())
    }

    pub(super) async fn import_stack(
        &self,
        name: &str,
        product: &ProductId,
        version: &VersionId,
        stack: &StackArn,
        token: &Token,
    ) -> Result<Answer, Failure> {
        const OPERATION: &str = "ImportAsProvisionedProduct";
        let request = self
            .sc()
            .import_as_provisioned_product()
            .provisioned_product_name(name)
            .product_id(product.as_str())
            .provisioning_artifact_id(version.as_str())
            .physical_id(stack.as_str())
            .idempotency_token(token.as_str());
        let answer = self
            .call(OPERATION, Access::Write, || request.clone().send())
            .await?;
        started(OPERATION, answer.record_detail())
    }

    /// `IgnoreErrors` is never sent: it would let go of a stack that could not be deleted, and nobody would know of that any
    /// more (facts §9.3).
    ///
    /// The token holds only while the termination runs; afterwards the service knows nothing (facts §4): that is
    /// success without a record.
    pub(super) async fn terminate(
        &self,
        id: &ProvisionedProductId,
        retain_physical_resources: bool,
        token: &Token,
    ) -> Result<Answer, Failure> {
        const OPERATION: &str = "TerminateProvisionedProduct";
        let request = self
            .sc()
            .terminate_provisioned_product()
            .provisioned_product_id(id.as_str())
            // Left out is false.
            .set_retain_physical_resources(retain_physical_resources.then_some(true))
            .terminate_token(token.as_str());
        match self
            .call(OPERATION, Access::Write, || request.clone().send())
            .await
        {
            Ok(answer) => started(OPERATION, answer.record_detail()),
            Err(failure) if failure.is_not_found() => Ok(Answer {
                provisioned: Some(id.clone()),
                ..Answer::default()
            }),
            Err(failure) => Err(failure),
        }
    }
}

/// The preferences of a launch: what an update does is no matter of it.
fn first_preferences(wanted: &Preferences) -> ProvisioningPreferences {
    let (tolerance, concurrency) = (wanted.failure_tolerance, wanted.max_concurrency);
    ProvisioningPreferences::builder()
        .set_stack_set_accounts(wanted.accounts.clone())
        .set_stack_set_regions(wanted.regions.clone())
        .set_stack_set_failure_tolerance_count(count(tolerance))
        .set_stack_set_failure_tolerance_percentage(percentage(tolerance))
        .set_stack_set_max_concurrency_count(count(concurrency))
        .set_stack_set_max_concurrency_percentage(percentage(concurrency))
        .build()
}

/// The preferences of an update.
fn later_preferences(wanted: &Preferences) -> UpdateProvisioningPreferences {
    let (tolerance, concurrency) = (wanted.failure_tolerance, wanted.max_concurrency);
    let operation = wanted.operation.map(OperationType::as_str);
    UpdateProvisioningPreferences::builder()
        .set_stack_set_accounts(wanted.accounts.clone())
        .set_stack_set_regions(wanted.regions.clone())
        .set_stack_set_failure_tolerance_count(count(tolerance))
        .set_stack_set_failure_tolerance_percentage(percentage(tolerance))
        .set_stack_set_max_concurrency_count(count(concurrency))
        .set_stack_set_max_concurrency_percentage(percentage(concurrency))
        .set_stack_set_operation_type(operation.map(StackSetOperationType::from))
        .build()
}

fn count(amount: Option<Amount>) -> Option<i32> {
    match amount? {
        Amount::Count(number) => Some(i32::try_from(number).unwrap_or(i32::MAX)),
        Amount::Percentage(_) => None,
    }
}

fn percentage(amount: Option<Amount>) -> Option<i32> {
    match amount? {
        Amount::Percentage(number) => Some(i32::try_from(number).unwrap_or(i32::MAX)),
        Amount::Count(_) => None,
    }
}

/// What a started request answers.
fn started(operation: &'static str, detail: Option<&RecordDetail>) -> Result<Answer, Failure> {
    let detail = part(operation, detail, "record")?;
    Ok(Answer {
        record: Some(part(operation, detail.record_id(), "record id")?.into()),
        provisioned: detail
            .provisioned_product_id()
            .map(ProvisionedProductId::from),
        created: detail.created_time().and_then(convert::timestamp),
        ..Answer::default()
    })
}
