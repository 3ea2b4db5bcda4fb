//! TagOptions: a page per twenty, and only where a manifest has to do with them.

use aws_sdk_servicecatalog::types::ListTagOptionsFilters;

use super::{Found, Hints};
use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::aws::pages::Pages;
use crate::ids::TagOptionId;
use crate::model::observed::{LiveTagOption, Scope};

/// `ListTagOptions` (facts §5).
const OPTIONS_A_PAGE: i32 = 20;

impl Aws {
    pub(super) async fn tag_options(&self, hints: &Hints) -> Found<LiveTagOption> {
        let mut found = Found::default();
        if (hints.asked.tag_options || hints.everything)
            && let Err(failure) = self.list_tag_options(None, &mut found.items).await
        {
            found.gap(Scope::TagOptions, &failure);
        }
        found
    }

    /// The TagOption of this key and value, which are unique together (facts §9.7).
    pub(in crate::aws) async fn tag_option_of(
        &self,
        key: &str,
        value: &str,
    ) -> Result<Option<LiveTagOption>, Failure> {
        let filters = ListTagOptionsFilters::builder().key(key).value(value);
        let mut all = Vec::new();
        self.list_tag_options(Some(filters.build()), &mut all)
            .await?;
        Ok(all
            .into_iter()
            .find(|option| option.key == key && option.value == value))
    }

    async fn list_tag_options(
        &self,
        filters: Option<ListTagOptionsFilters>,
        options: &mut Vec<LiveTagOption>,
    ) -> Result<(), Failure> {
        const OPERATION: &str = "ListTagOptions";
        let mut pages = Pages::default();
        loop {
            let request = self
                .sc()
                .list_tag_options()
                .set_filters(filters.clone())
                .page_size(OPTIONS_A_PAGE)
                .set_page_token(pages.token());
            let answer = self
                .call(OPERATION, Access::Read, || request.clone().send())
                .await?;
            let page = answer.tag_option_details().iter();
            options.extend(page.filter_map(convert::tag_option));
            // Not `NextPageToken`, as everywhere else (facts §9.7).
            if !pages.turn(OPERATION, answer.page_token())? {
                return Ok(());
            }
        }
    }

    pub(in crate::aws) async fn describe_tag_option(
        &self,
        id: &TagOptionId,
    ) -> Result<LiveTagOption, Failure> {
        const OPERATION: &str = "DescribeTagOption";
        let request = self.sc().describe_tag_option().id(id.as_str());
        let answer = self
            .call(OPERATION, Access::Read, || request.clone().send())
            .await?;
        answer
            .tag_option_detail()
            .and_then(convert::tag_option)
            .ok_or_else(|| Failure::internal(OPERATION, "the answer has no TagOption"))
    }
}
