//! Whom a portfolio is shared with: a listing for each of three types. What reaches accounts through the organization
//! is a type of its own, and never asked for.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_servicecatalog::types::DescribePortfolioShareType;

use super::{Found, Hints, gather};
use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::aws::pages::Pages;
use crate::aws::recall::Shares;
use crate::ids::{PortfolioId, ProductId};
use crate::model::observed::{LivePortfolio, LiveProduct, LiveShare, Scope};
use crate::model::share::Recipient;

/// `DescribePortfolioShares` (facts §5).
const SHARES_A_PAGE: i32 = 100;

impl Aws {
    /// The shares of a portfolio: as they were read earlier, where its turn has not come.
    pub(super) async fn known_shares(
        &self,
        id: &PortfolioId,
        hints: &Hints,
    ) -> Result<Shares, Failure> {
        if let Some(shares) = hints.recall.shares(id) {
            return Ok(shares);
        }
        let shares = self.shares(id).await?;
        hints.recall.learn_shares(id, &shares);
        Ok(shares)
    }

    /// All shares that can be made and ended.
    async fn shares(&self, id: &PortfolioId) -> Result<Shares, Failure> {
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

    /// Reads the shares of portfolios that hold a product of ours of which something is deleted: what their recipients
    /// launched can't be seen from here (design §6).
    pub(super) async fn shares_of_holders(
        &self,
        hints: &Hints,
        products: &[LiveProduct],
        portfolios: &mut Found<LivePortfolio>,
    ) {
        let losing = products.iter().filter(|product| hints.loses(product));
        let losing: BTreeSet<&ProductId> = losing.map(|product| &product.id).collect();
        let holders = portfolios.items.iter().filter(|portfolio| {
            portfolio.shares.is_none() && portfolio.products.iter().any(|p| losing.contains(p))
        });
        let holders: Vec<PortfolioId> = holders.map(|portfolio| portfolio.id.clone()).collect();
        let read = gather(holders.into_iter().map(|id| async move {
            let shares = self.known_shares(&id, hints).await;
            (id, shares)
        }))
        .await;
        for (id, shares) in read {
            match shares {
                Ok(shares) => {
                    let mut all = portfolios.items.iter_mut();
                    if let Some(portfolio) = all.find(|portfolio| portfolio.id == id) {
                        portfolio.shares = Some(shares);
                    }
                }
                Err(failure) => portfolios.gap(Scope::Shares(id), &failure),
            }
        }
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
