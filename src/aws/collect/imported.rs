//! Portfolios that other accounts share with this one: those that are accepted, and of these the ones that manifests name.

use std::collections::BTreeSet;

use aws_sdk_servicecatalog::types::PortfolioShareType;

use super::{Found, Hints, gather};
use crate::aws::client::Aws;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::aws::pages::Pages;
use crate::ids::PortfolioId;
use crate::model::observed::{LivePortfolio, Scope};

/// `ListAcceptedPortfolioShares` (facts §5).
const PORTFOLIOS_A_PAGE: i32 = 100;

impl Aws {
    pub(super) async fn imported(&self, hints: &Hints) -> Found<LivePortfolio> {
        let mut found = Found::default();
        if hints.asked.imported.is_empty() && !hints.everything {
            return found;
        }
        let accepted = match self.accepted().await {
            Ok(accepted) => accepted,
            Err(failure) => {
                found.gap(Scope::Imported, &failure);
                return found;
            }
        };
        let wanted: Vec<PortfolioId> = match hints.everything {
            true => accepted.into_iter().collect(),
            false => hints
                .asked
                .imported
                .intersection(&accepted)
                .cloned()
                .collect(),
        };
        for part in gather(wanted.into_iter().map(|id| self.imported_portfolio(id))).await {
            found.add(part);
        }
        found
    }

    async fn imported_portfolio(&self, id: PortfolioId) -> Found<LivePortfolio> {
        let mut found = Found::default();
        let read = async {
            let mut portfolio = self.listed(|| self.describe_portfolio(&id)).await?;
            self.principals(&id, &mut portfolio.principals).await?;
            self.products_of(&id, &mut portfolio).await?;
            Ok::<_, Failure>(portfolio)
        };
        match read.await {
            Ok(portfolio) => found.items.push(portfolio),
            Err(failure) => found.gap(Scope::Portfolio(id.clone()), &failure),
        }
        found
    }

    /// The portfolios of others that this account has: those shared with it and accepted, and those of the organization.
    pub(in crate::aws) async fn accepted(&self) -> Result<BTreeSet<PortfolioId>, Failure> {
        let mut all = BTreeSet::new();
        self.accepted_as(PortfolioShareType::Imported, &mut all)
            .await?;
        let organization = PortfolioShareType::AwsOrganizations;
        match self.accepted_as(organization, &mut all).await {
            // What the service does not do for this account it has shared nothing by.
            Err(failure) if failure.code == "OperationNotSupportedException" => {}
            other => other?,
        }
        Ok(all)
    }

    async fn accepted_as(
        &self,
        kind: PortfolioShareType,
        ids: &mut BTreeSet<PortfolioId>,
    ) -> Result<(), Failure> {
        const OPERATION: &str = "ListAcceptedPortfolioShares";
        let mut pages = Pages::default();
        loop {
            let request = self
                .sc()
                .list_accepted_portfolio_shares()
                .portfolio_share_type(kind.clone())
                .page_size(PORTFOLIOS_A_PAGE)
                .set_page_token(pages.token());
            let answer = self
                .call(OPERATION, Access::Read, || request.clone().send())
                .await?;
            let page = answer.portfolio_details().iter();
            ids.extend(page.filter_map(|detail| detail.id().map(PortfolioId::from)));
            if !pages.turn(OPERATION, answer.next_page_token())? {
                return Ok(());
            }
        }
    }
}
