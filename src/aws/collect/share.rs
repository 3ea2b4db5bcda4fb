//! Whom a portfolio is shared with: a listing for each of three types. What reaches accounts through the organization
//! is a type of its own, and never asked for.

use std::collections::BTreeMap;

use aws_sdk_servicecatalog::types::DescribePortfolioShareType;

use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::aws::pages::Pages;
use crate::ids::PortfolioId;
use crate::model::observed::LiveShare;
use crate::model::share::Recipient;

/// `DescribePortfolioShares` (facts §5).
const SHARES_A_PAGE: i32 = 100;

impl Aws {
    /// All shares that can be made and ended.
    pub(super) async fn shares(
        &self,
        id: &PortfolioId,
    ) -> Result<BTreeMap<Recipient, LiveShare>, Failure> {
        let mut all = BTreeMap::new();
        for kind in [
            DescribePortfolioShareType::Account,
            DescribePortfolioShareType::Organization,
            DescribePortfolioShareType::OrganizationalUnit,
        ] {
            all.extend(self.shares_of(id, kind).await?);
        }
        Ok(all)
    }

    /// The share with that recipient, if there is one.
    pub(in crate::aws) async fn share_with(
        &self,
        id: &PortfolioId,
        with: &Recipient,
    ) -> Result<Option<LiveShare>, Failure> {
        let kind = match with {
            Recipient::Account(_) => DescribePortfolioShareType::Account,
            Recipient::Organization(_) => DescribePortfolioShareType::Organization,
            Recipient::Unit(_) => DescribePortfolioShareType::OrganizationalUnit,
        };
        Ok(self.shares_of(id, kind).await?.remove(with))
    }

    async fn shares_of(
        &self,
        id: &PortfolioId,
        kind: DescribePortfolioShareType,
    ) -> Result<BTreeMap<Recipient, LiveShare>, Failure> {
        const OPERATION: &str = "DescribePortfolioShares";
        let mut shares = BTreeMap::new();
        let mut pages = Pages::default();
        loop {
            let request = self
                .sc()
                .describe_portfolio_shares()
                .portfolio_id(id.as_str())
                .r#type(kind.clone())
                .page_size(SHARES_A_PAGE)
                .set_page_token(pages.token());
            let answer = self
                .call(OPERATION, Access::Read, || request.clone().send())
                .await?;
            shares.extend(
                answer
                    .portfolio_share_details()
                    .iter()
                    .filter_map(convert::share),
            );
            if !pages.turn(OPERATION, answer.next_page_token())? {
                return Ok(shares);
            }
        }
    }
}
