//! Products and their versions (facts §9.1, §9.2).

use std::collections::HashMap;

use aws_sdk_servicecatalog::types::{
    CopyOption, ProvisioningArtifactProperties, ProvisioningArtifactPropertyName,
};

use super::bucket::object_url;
use super::portfolio::already_gone;
use super::{done, part};
use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::ids::{ProductArn, ProductId, Token, VersionId};
use crate::model::desired::{Guidance, ProductType, Tags};
use crate::plan::op::{
    Answer, CopyTarget, NewSource, NewVersion, ProductFields, SourceVersion, TagChange,
};

impl Aws {
    pub(super) async fn create_product(
        &self,
        fields: &ProductFields,
        product_type: ProductType,
        tags: &Tags,
        version: Option<&NewVersion>,
        token: &Token,
    ) -> Result<Answer, Failure> {
        const OPERATION: &str = "CreateProduct";
        let ProductFields {
            name,
            owner,
            description,
            distributor,
            support_description,
            support_email,
            support_url,
            source_connection,
        } = fields.clone();
        let connection = source_connection.map(|to| convert::sdk_connection(OPERATION, &to));
        let connection = connection.transpose()?;
        let request = self
            .sc()
            .create_product()
            .set_name(name)
            .set_owner(owner)
            .set_description(description)
            .set_distributor(distributor)
            .set_support_description(support_description)
            .set_support_email(support_email)
            .set_support_url(support_url)
            .product_type(product_type.as_str().into())
            .set_tags(Some(convert::sdk_tags(OPERATION, tags)?))
            .set_provisioning_artifact_parameters(version.map(|version| self.artifact(version)))
            .set_source_connection(connection)
            .idempotency_token(token.as_str());
        let answer = self
            .call(OPERATION, Access::Write, || request.clone().send())
            .await?;
        let detail = answer.product_view_detail();
        let product = detail
            .and_then(|detail| detail.product_view_summary())
            .and_then(|summary| summary.product_id());
        let first = answer
            .provisioning_artifact_detail()
            .and_then(|detail| detail.id());
        Ok(Answer {
            product: Some(part(OPERATION, product, "product id")?.into()),
            version: match version {
                Some(_) => Some(part(OPERATION, first, "version id")?.into()),
                // The service makes its versions, sooner or later.
                None => first.map(VersionId::from),
            },
            created: detail
                .and_then(|detail| detail.created_time())
                .and_then(convert::timestamp),
            ..Answer::default()
        })
    }

    /// The answer names only the copy: what it makes is known once that has succeeded (facts §9.1).
    pub(super) async fn copy_product(
        &self,
        source: &ProductArn,
        versions: &[SourceVersion],
        to: &CopyTarget,
        token: &Token,
    ) -> Result<Answer, Failure> {
        const OPERATION: &str = "CopyProduct";
        let identifiers = versions.iter().map(|version| {
            let id = version.id.to_string();
            HashMap::from([(ProvisioningArtifactPropertyName::Id, id)])
        });
        let mut request = self
            .sc()
            .copy_product()
            .source_product_arn(source.as_str())
            .set_source_provisioning_artifact_identifiers(Some(identifiers.collect()))
            .idempotency_token(token.as_str());
        request = match to {
            CopyTarget::New {
                name, copy_tags, ..
            } => {
                let options = copy_tags.then(|| vec![CopyOption::CopyTags]);
                request.target_product_name(name).set_copy_options(options)
            }
            CopyTarget::Existing(id) => request.target_product_id(id.as_str()),
        };
        let answer = self
            .call(OPERATION, Access::Write, || request.clone().send())
            .await?;
        let copy = part(OPERATION, answer.copy_product_token(), "copy token")?;
        Ok(Answer {
            copy: Some(copy.into()),
            ..Answer::default()
        })
    }

    pub(super) async fn update_product(
        &self,
        id: &ProductId,
        fields: &ProductFields,
        tags: &TagChange,
    ) -> Result<Answer, Failure> {
        const OPERATION: &str = "UpdateProduct";
        let (add, remove) = convert::tag_change(OPERATION, tags)?;
        let ProductFields {
            name,
            owner,
            description,
            distributor,
            support_description,
            support_email,
            support_url,
            source_connection,
        } = fields.clone();
        let connection = source_connection.map(|to| convert::sdk_connection(OPERATION, &to));
        let connection = connection.transpose()?;
        let request = self
            .sc()
            .update_product()
            .id(id.as_str())
            .set_name(name)
            .set_owner(owner)
            .set_description(description)
            .set_distributor(distributor)
            .set_support_description(support_description)
            .set_support_email(support_email)
            .set_support_url(support_url)
            .set_source_connection(connection)
            .set_add_tags(add)
            .set_remove_tags(remove);
        self.call(OPERATION, Access::Write, || request.clone().send())
            .await?;
        Ok(Answer {
            product: Some(id.clone()),
            ..Answer::default()
        })
    }

    pub(super) async fn delete_product(&self, id: &ProductId) -> Result<Answer, Failure> {
        let request = self.sc().delete_product().id(id.as_str());
        already_gone(
            self.call("DeleteProduct", Access::Write, || request.clone().send())
                .await,
        )
    }

    pub(super) async fn create_version(
        &self,
        product: &ProductId,
        version: &NewVersion,
        token: &Token,
    ) -> Result<Answer, Failure> {
        const OPERATION: &str = "CreateProvisioningArtifact";
        let request = self
            .sc()
            .create_provisioning_artifact()
            .product_id(product.as_str())
            .parameters(self.artifact(version))
            .idempotency_token(token.as_str());
        let answer = self
            .call(OPERATION, Access::Write, || request.clone().send())
            .await?;
        let detail = answer.provisioning_artifact_detail();
        let id = detail.and_then(|detail| detail.id());
        Ok(Answer {
            version: Some(part(OPERATION, id, "version id")?.into()),
            created: detail
                .and_then(|detail| detail.created_time())
                .and_then(convert::timestamp),
            ..Answer::default()
        })
    }

    pub(super) async fn update_version(
        &self,
        product: &ProductId,
        version: &VersionId,
        description: Option<&str>,
        active: Option<bool>,
        guidance: Option<Guidance>,
    ) -> Result<Answer, Failure> {
        let request = self
            .sc()
            .update_provisioning_artifact()
            .product_id(product.as_str())
            .provisioning_artifact_id(version.as_str())
            .set_description(description.map(str::to_owned))
            .set_active(active)
            .set_guidance(guidance.map(convert::sdk_guidance));
        self.call("UpdateProvisioningArtifact", Access::Write, || {
            request.clone().send()
        })
        .await?;
        Ok(Answer {
            version: Some(version.clone()),
            ..Answer::default()
        })
    }

    pub(super) async fn delete_version(
        &self,
        product: &ProductId,
        version: &VersionId,
    ) -> Result<Answer, Failure> {
        let request = self
            .sc()
            .delete_provisioning_artifact()
            .product_id(product.as_str())
            .provisioning_artifact_id(version.as_str());
        let gone = self
            .call("DeleteProvisioningArtifact", Access::Write, || {
                request.clone().send()
            })
            .await;
        match gone {
            Ok(_) => done(),
            // Gone already: doing it twice is success.
            Err(failure) if failure.is_not_found() => done(),
            Err(failure) => Err(failure),
        }
    }

    /// A version as the service wants it: where its template lies is one entry of a map.
    fn artifact(&self, version: &NewVersion) -> ProvisioningArtifactProperties {
        let (key, place) = match &version.source {
            NewSource::Bucket { bucket, template } => (
                "LoadTemplateFromURL",
                object_url(self.target(), bucket, &template.object_key()),
            ),
            NewSource::Url(url) => ("LoadTemplateFromURL", url.clone()),
            NewSource::Stack(arn) => ("ImportFromPhysicalId", arn.clone()),
        };
        ProvisioningArtifactProperties::builder()
            .name(&version.name)
            .set_description(version.description.clone())
            .info(key, place)
            .r#type(version.kind.into())
            .build()
    }
}
