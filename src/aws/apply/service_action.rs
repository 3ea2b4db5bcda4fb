//! Service actions, and which versions offer them (facts §9.10).

use aws_sdk_servicecatalog::types::{
    FailedServiceActionAssociation, ServiceActionAssociation, ServiceActionDefinitionType,
};

use super::portfolio::already_gone;
use super::{done, given, part};
use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::{Class, Failure};
use crate::aws::pace::Access;
use crate::ids::{ProductId, ServiceActionId, Token, VersionId};
use crate::model::desired::ActionDefinition;
use crate::plan::op::{Answer, Offer, Op};

impl Aws {
    pub(super) async fn create_service_action(
        &self,
        name: &str,
        description: &str,
        definition: &ActionDefinition,
        token: &Token,
    ) -> Result<Answer, Failure> {
        const OPERATION: &str = "CreateServiceAction";
        let request = self
            .sc()
            .create_service_action()
            .name(name)
            .description(description)
            .definition_type(ServiceActionDefinitionType::SsmAutomation)
            .set_definition(Some(convert::definition(definition)))
            .idempotency_token(token.as_str());
        let answer = self
            .call(OPERATION, Access::Write, || request.clone().send())
            .await?;
        let id = answer
            .service_action_detail()
            .and_then(|detail| detail.service_action_summary())
            .and_then(|summary| summary.id());
        Ok(Answer {
            service_action: Some(part(OPERATION, id, "service action id")?.into()),
            // The service does not say when a service action was made: this is when it answered (`confirm` knows).
            created: Some(self.clock().now()),
            ..Answer::default()
        })
    }

    pub(super) async fn update_service_action(
        &self,
        id: &ServiceActionId,
        name: Option<&str>,
        description: Option<&str>,
        definition: Option<&ActionDefinition>,
    ) -> Result<Answer, Failure> {
        let request = self
            .sc()
            .update_service_action()
            .id(id.as_str())
            .set_name(name.map(str::to_owned))
            .set_description(description.map(str::to_owned))
            .set_definition(definition.map(convert::definition));
        self.call("UpdateServiceAction", Access::Write, || {
            request.clone().send()
        })
        .await?;
        Ok(Answer {
            service_action: Some(id.clone()),
            ..Answer::default()
        })
    }

    pub(super) async fn delete_service_action(
        &self,
        id: &ServiceActionId,
    ) -> Result<Answer, Failure> {
        let request = self.sc().delete_service_action().id(id.as_str());
        already_gone(
            self.call("DeleteServiceAction", Access::Write, || {
                request.clone().send()
            })
            .await,
        )
    }

    /// Those that are refused are answered one by one, and the others are done.
    pub(super) async fn offer_actions(&self, op: &Op, offers: &[Offer]) -> Result<Answer, Failure> {
        const OPERATION: &str = "BatchAssociateServiceActionWithProvisioningArtifact";
        let mut associations = Vec::new();
        for offer in offers {
            let association = ServiceActionAssociation::builder()
                .service_action_id(given(op, &offer.action)?.as_str())
                .product_id(given(op, &offer.product)?.as_str())
                .provisioning_artifact_id(given(op, &offer.version)?.as_str())
                .build()
                .map_err(|error| Failure::internal(OPERATION, error.to_string()))?;
            associations.push(association);
        }
        let request = self
            .sc()
            .batch_associate_service_action_with_provisioning_artifact()
            .set_service_action_associations(Some(associations));
        let answer = self
            .call(OPERATION, Access::Write, || request.clone().send())
            .await?;
        let refused = answer.failed_service_action_associations().iter();
        let refused = refused.filter_map(|one| refusal(OPERATION, one));
        // What only needs to be asked again is asked again with all the others.
        match refused.min_by_key(Failure::is_retryable) {
            None => done(),
            Some(failure) => Err(failure),
        }
    }

    pub(super) async fn withdraw_action(
        &self,
        action: &ServiceActionId,
        product: &ProductId,
        version: &VersionId,
    ) -> Result<Answer, Failure> {
        const OPERATION: &str = "DisassociateServiceActionFromProvisioningArtifact";
        let request = self
            .sc()
            .disassociate_service_action_from_provisioning_artifact()
            .service_action_id(action.as_str())
            .product_id(product.as_str())
            .provisioning_artifact_id(version.as_str());
        already_gone(
            self.call(OPERATION, Access::Write, || request.clone().send())
                .await,
        )
    }
}

/// What a batch says of one association; one that is there already is no failure.
fn refusal(operation: &'static str, one: &FailedServiceActionAssociation) -> Option<Failure> {
    let code = one.error_code().map_or("", |code| code.as_str());
    let class = match code {
        "DUPLICATE_RESOURCE" => return None,
        // The call itself was answered, so nobody below repeats it: the step does, as for what is not seen yet.
        "RESOURCE_NOT_FOUND" | "THROTTLING" | "INTERNAL_FAILURE" => Class::NotVisibleYet,
        "LIMIT_EXCEEDED" => Class::Quota,
        "INVALID_PARAMETER" => Class::Invalid,
        _ => Class::Unknown,
    };
    let message = format!(
        "{} with {}: {}",
        one.service_action_id().unwrap_or("a service action"),
        one.provisioning_artifact_id().unwrap_or("a version"),
        one.error_message().unwrap_or(code)
    );
    Some(Failure {
        class,
        code: code.to_owned(),
        message,
        request_id: None,
        operation,
    })
}
