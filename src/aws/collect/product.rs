//! Products with their versions: a page per twenty, and two calls each; one where the description is remembered.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_servicecatalog::types::{ProductViewSortBy, SortOrder};

use futures_util::future::join;

use super::tagging::BulkTags;
use super::{Found, Hints, gather};
use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::aws::pages::Pages;
use crate::ids::{Kind, ProductArn, ProductId};
use crate::model::observed::{LiveProduct, LiveVersion, ReadyStatus, Scope};
use crate::model::owner::Owner;

/// `SearchProductsAsAdmin` (facts §5).
const PRODUCTS_A_PAGE: i32 = 20;
/// What lists a product's versions.
const VERSIONS: &str = "ListProvisioningArtifacts";

impl Aws {
    pub(super) async fn products(&self, hints: &Hints) -> Found<LiveProduct> {
        let mut found = Found::default();
        let mut listed = BTreeMap::new();
        let search = self.search_products(&mut listed);
        let (searched, tags) = join(search, self.bulk_tags(hints)).await;
        if let Err(failure) = searched {
            found.gap(Scope::Products, &failure);
        }
        let known: Vec<_> = hints
            .known_ids
            .iter()
            .filter(|(key, _)| key.kind == Kind::Product)
            .map(|(_, id)| ProductId::new(id.as_str()))
            .chain(hints.own_sources().cloned())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .filter(|id| !listed.contains_key(id))
            .map(|id| (id, None))
            .collect();
        let all = listed.into_iter().map(|(id, line)| (id, Some(line)));
        let all = all.chain(known);
        let read = all.map(|(id, line)| self.product(id, line, tags.as_ref(), hints));
        for part in gather(read).await {
            found.add(part);
        }
        let foreign: Vec<ProductArn> = hints.foreign().cloned().collect();
        let foreign = foreign.into_iter().map(|arn| self.foreign_source(arn));
        for part in gather(foreign).await {
            found.add(part);
        }
        found
    }

    /// A product of another account or region that a manifest copies from, read where it is: not there, and not shared,
    /// read the same.
    async fn foreign_source(&self, arn: ProductArn) -> Found<LiveProduct> {
        let mut found = Found::default();
        let there = self.in_region(&arn.region);
        let read = async {
            let (product, _) = there.describe_product(&arn.id).await?;
            let versions = there.versions(&arn.id).await?;
            Ok(LiveProduct {
                versions,
                ..product
            })
        };
        match read.await {
            // An id of ours under another account's name is a slip of the pen, and no source.
            Ok(product) if product.arn != arn.as_str() => {}
            Ok(product) => found.items.push(product),
            Err(failure) if Failure::is_not_found(&failure) => {}
            Err(failure) => found.gap_in(self.target(), &arn.region, arn.id, &failure),
        }
        found
    }

    /// Products as the list shows them: without tags, TagOptions and budgets.
    async fn search_products(
        &self,
        listed: &mut BTreeMap<ProductId, LiveProduct>,
    ) -> Result<(), Failure> {
        const OPERATION: &str = "SearchProductsAsAdmin";
        let mut pages = Pages::default();
        loop {
            let request = self
                .sc()
                .search_products_as_admin()
                .sort_by(ProductViewSortBy::CreationDate)
                .sort_order(SortOrder::Ascending)
                .page_size(PRODUCTS_A_PAGE)
                .set_page_token(pages.token());
            let answer = self
                .call(OPERATION, Access::Read, || request.clone().send())
                .await?;
            for detail in answer.product_view_details() {
                // Products of imported portfolios belong to another account: nothing of theirs is ours.
                let foreign = detail
                    .product_arn()
                    .is_some_and(|arn| !self.is_own_arn(arn));
                let line = convert::product(detail, &[], &[], &[]);
                if let (false, Some(line)) = (foreign, line) {
                    listed.insert(line.id.clone(), line);
                }
            }
            if !pages.turn(OPERATION, answer.next_page_token())? {
                return Ok(());
            }
        }
    }

    pub(super) fn is_own_arn(&self, arn: &str) -> bool {
        arn.split(':')
            .nth(4)
            .is_none_or(|account| account == self.target().account.as_str())
    }

    /// Reads one product. One that no search showed may not be there; one that was found is.
    async fn product(
        &self,
        id: ProductId,
        line: Option<LiveProduct>,
        tags: Option<&BulkTags>,
        hints: &Hints,
    ) -> Found<LiveProduct> {
        let mut found = Found::default();
        let described = match &line {
            Some(line) => self.listed_product(line, tags, hints).await,
            None => self.describe_product(&id).await.map(|(product, _)| product),
        };
        let mut product = match described {
            Ok(product) => product,
            Err(failure) if line.is_none() && failure.is_not_found() => return found,
            Err(failure) => {
                // Without its tags nobody knows whose it is: it may be any that git names.
                found.gap(Scope::Products, &failure);
                found.gap(Scope::Product(id), &failure);
                return found;
            }
        };
        let ours = hints.identity.owner(Kind::Product, &product.tags) != Owner::Nobody;
        match self.listed(|| self.versions(&id)).await {
            // It was made with one, and the last one can't be deleted: such an answer is not to be believed, or its
            // first version, which came with the product and not by a token of its own, would be made a second time.
            // One that the service syncs has none before its first sync.
            Ok(versions) if versions.is_empty() && ours && product.source_connection.is_none() => {
                let failure = Failure::internal(VERSIONS, "the answer has no version at all");
                found.gap(Scope::Product(id), &failure);
            }
            Ok(versions) => product.versions = versions,
            Err(failure) => found.gap(Scope::Product(id), &failure),
        }
        found.items.push(product);
        found
    }

    /// A listed product without its versions: as it was read earlier, where the lists say that it is still the same.
    async fn listed_product(
        &self,
        line: &LiveProduct,
        tags: Option<&BulkTags>,
        hints: &Hints,
    ) -> Result<LiveProduct, Failure> {
        let tags = tags.map(|tags| tags.of(&line.arn));
        let known = tags.as_ref();
        if let Some(product) = known.and_then(|tags| hints.recall.product(line, tags)) {
            return Ok(product);
        }
        let (product, _) = self.listed(|| self.describe_product(&line.id)).await?;
        hints.recall.learn_product(line, tags.as_ref(), &product);
        Ok(product)
    }

    /// A product's own fields and whether it is usable.
    pub(in crate::aws) async fn describe_product(
        &self,
        id: &ProductId,
    ) -> Result<(LiveProduct, ReadyStatus), Failure> {
        const OPERATION: &str = "DescribeProductAsAdmin";
        let request = self.sc().describe_product_as_admin().id(id.as_str());
        let answer = self
            .call(OPERATION, Access::Read, || request.clone().send())
            .await?;
        let detail = answer.product_view_detail();
        let status = detail
            .and_then(|detail| detail.status())
            .map(aws_sdk_servicecatalog::types::Status::as_str);
        detail
            .and_then(|detail| {
                let (options, budgets) = (answer.tag_options(), answer.budgets());
                convert::product(detail, answer.tags(), options, budgets)
            })
            .map(|product| (product, convert::ready(status)))
            .ok_or_else(|| Failure::internal(OPERATION, "the answer has no product"))
    }

    /// All versions, oldest first.
    pub(in crate::aws) async fn versions(
        &self,
        id: &ProductId,
    ) -> Result<Vec<LiveVersion>, Failure> {
        const OPERATION: &str = VERSIONS;
        let request = self
            .sc()
            .list_provisioning_artifacts()
            .product_id(id.as_str());
        let answer = self
            .call(OPERATION, Access::Read, || request.clone().send())
            .await?;
        if answer
            .next_page_token()
            .is_some_and(|next| !next.is_empty())
        {
            // The answer can name a next page, the request can't ask for it (facts §9.2).
            let message = "there are more versions than the service lists";
            return Err(Failure::internal(OPERATION, message));
        }
        let mut details: Vec<_> = answer.provisioning_artifact_details().iter().collect();
        details.sort_by_key(|detail| detail.created_time().map(|time| time.as_nanos()));
        Ok(details.into_iter().filter_map(convert::version).collect())
    }
}
