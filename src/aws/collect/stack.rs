//! Stacks that manifests import: the stack, its template, and that of the version which it is to become.

use std::sync::Arc;

use aws_sdk_cloudformation::types::TemplateStage;

use super::{Found, Hints, gather};
use crate::aws::client::Aws;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::ids::{Kind, StackArn};
use crate::model::observed::{ImportableStack, LiveProduct, LiveProvisioned, Scope};
use crate::model::owner::Owner;
use crate::observe::asked::WantedImport;

/// Stacks by their ARN.
type Stacks = Found<(StackArn, ImportableStack)>;

impl Aws {
    /// Reads the stacks that are still to be imported: two calls each, and one for a live version.
    pub(super) async fn stacks(
        &self,
        hints: &Hints,
        products: &[LiveProduct],
        provisioned: &[LiveProvisioned],
    ) -> Stacks {
        let is_open = |import: &&WantedImport| {
            let stack = Some(import.stack.as_str());
            let taken = provisioned
                .iter()
                .any(|o| o.physical_id.as_deref() == stack);
            !taken && import.stack.is_in(&hints.identity.target)
        };
        let open: Vec<WantedImport> = hints
            .asked
            .imports
            .iter()
            .filter(is_open)
            .cloned()
            .collect();
        let open = open.into_iter();
        let mut found = Found::default();
        for part in gather(open.map(|import| self.importable(hints, import, products))).await {
            found.add(part);
        }
        found
    }

    async fn importable(
        &self,
        hints: &Hints,
        import: WantedImport,
        products: &[LiveProduct],
    ) -> Stacks {
        let mut found = Found::default();
        let read = async {
            let Some(stack) = self.stack(import.stack.as_str()).await? else {
                return Ok(None);
            };
            if stack.is_gone() {
                return Ok(None);
            }
            let template = self.stack_template(&import.stack).await?;
            let version = self.live_template(hints, &import, products).await?;
            Ok(Some(ImportableStack {
                stack,
                template,
                version,
            }))
        };
        match read.await {
            Ok(Some(stack)) => found.items.push((import.stack, stack)),
            Ok(None) => {}
            Err(failure) => found.gap(Scope::Stack(import.stack), &failure),
        }
        found
    }

    async fn stack_template(&self, stack: &StackArn) -> Result<Arc<str>, Failure> {
        const OPERATION: &str = "GetTemplate";
        let request = self
            .cfn()
            .get_template()
            .stack_name(stack.as_str())
            .template_stage(TemplateStage::Original);
        let answer = self
            .call(OPERATION, Access::Read, || request.clone().send())
            .await?;
        let text = answer.template_body();
        text.map(Arc::from)
            .ok_or_else(|| Failure::internal(OPERATION, "the answer has no template"))
    }

    /// The template of the version that a stack is to become, where it is live.
    async fn live_template(
        &self,
        hints: &Hints,
        import: &WantedImport,
        products: &[LiveProduct],
    ) -> Result<Option<Arc<str>>, Failure> {
        let ours = Owner::Us(import.product.clone());
        let mut owned = products
            .iter()
            .filter(|product| hints.identity.owner(Kind::Product, &product.tags) == ours);
        let Some(product) = owned.next() else {
            return Ok(None);
        };
        let version = product.versions.iter().find(|v| v.name == import.version);
        match version {
            Some(version) => {
                let described = self.describe_version(&product.id, &version.id).await?;
                let lacking = || {
                    let message = "the answer has no template to compare with the stack's";
                    Failure::internal("DescribeProvisioningArtifact", message)
                };
                described.template.ok_or_else(lacking).map(Some)
            }
            None => Ok(None),
        }
    }
}
