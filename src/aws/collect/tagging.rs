//! The tags of all products at once: a page per hundred. An index of its own that lags: it tells what may have changed, and
//! its silence proves nothing (design §5).

use std::collections::BTreeMap;

use super::Hints;
use crate::aws::client::Aws;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::aws::pages::Pages;
use crate::model::desired::Tags;

/// `GetResources` (its model).
const RESOURCES_A_PAGE: i32 = 100;
/// What products are there.
const PRODUCT: &str = "catalog:product";

/// Tags by ARN.
#[derive(Debug)]
pub(super) struct BulkTags(BTreeMap<String, Tags>);

impl BulkTags {
    /// What it shows of a product; nothing where it leaves it out.
    pub(super) fn of(&self, arn: &str) -> Tags {
        self.0.get(arn).cloned().unwrap_or_default()
    }
}

impl Aws {
    /// Asked for only where earlier reads could be spared by it. Where it can't be had everything is read.
    pub(super) async fn bulk_tags(&self, hints: &Hints) -> Option<BulkTags> {
        if !hints.recall.knows_products() {
            return None;
        }
        match self.get_resources().await {
            Ok(tags) => Some(BulkTags(tags)),
            Err(failure) => {
                // Nothing rests on it but what is spared.
                tracing::info!(%failure, "tags can't be read at once; every product is read");
                None
            }
        }
    }

    async fn get_resources(&self) -> Result<BTreeMap<String, Tags>, Failure> {
        const OPERATION: &str = "GetResources";
        let mut all = BTreeMap::new();
        let mut pages = Pages::default();
        loop {
            let request = self
                .tagging()
                .get_resources()
                .resource_type_filters(PRODUCT)
                .resources_per_page(RESOURCES_A_PAGE)
                .set_pagination_token(pages.token());
            let answer = self
                .call(OPERATION, Access::Read, || request.clone().send())
                .await?;
            for resource in answer.resource_tag_mapping_list() {
                let tags = resource.tags().iter();
                let tags = tags.map(|tag| (tag.key().to_owned(), tag.value().to_owned()));
                let arn = resource.resource_arn().unwrap_or_default();
                all.insert(arn.to_owned(), tags.collect());
            }
            if !pages.turn(OPERATION, answer.pagination_token())? {
                return Ok(all);
            }
        }
    }
}
