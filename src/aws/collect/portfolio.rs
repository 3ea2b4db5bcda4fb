//! Portfolios with their principals, products and constraints: four listings and a description each.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_servicecatalog::types::{ProductViewSortBy, SortOrder};

use super::{Found, Hints, gather};
use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::aws::pages::Pages;
use crate::aws::recall::ConstraintSeen;
use crate::ids::{ConstraintId, Key, Kind, Name, PortfolioId, ProductId};
use crate::model::desired::OnRemove;
use crate::model::observed::{LiveConstraint, LivePortfolio, LivePrincipal, Scope};
use crate::model::owner::Owner;

/// `ListPortfolios` (facts §5).
const PORTFOLIOS_A_PAGE: i32 = 100;
/// The other listings (facts §5).
const ITEMS_A_PAGE: i32 = 20;

impl Aws {
    pub(super) async fn portfolios(&self, hints: &Hints) -> Found<LivePortfolio> {
        let mut found = Found::default();
        let mut listed = BTreeSet::new();
        if let Err(failure) = self.list_portfolios(&mut listed).await {
            found.gap(Scope::Portfolios, &failure);
        }
        let known = hints
            .known_ids
            .iter()
            .filter(|(key, _)| key.kind == Kind::Portfolio)
            .map(|(_, id)| PortfolioId::new(id.as_str()))
            .filter(|id| !listed.contains(id))
            .map(|id| (id, false));
        let known: Vec<_> = known.collect();
        let all = listed.into_iter().map(|id| (id, true)).chain(known);
        for part in gather(all.map(|(id, listed)| self.portfolio(id, listed, hints))).await {
            found.add(part);
        }
        found
    }

    async fn list_portfolios(&self, ids: &mut BTreeSet<PortfolioId>) -> Result<(), Failure> {
        const OPERATION: &str = "ListPortfolios";
        let mut pages = Pages::default();
        loop {
            let request = self
                .sc()
                .list_portfolios()
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

    /// Reads one portfolio. One that no listing showed may not be there; one that is listed is.
    async fn portfolio(
        &self,
        id: PortfolioId,
        listed: bool,
        hints: &Hints,
    ) -> Found<LivePortfolio> {
        let mut found = Found::default();
        let described = match listed {
            true => self.listed(|| self.describe_portfolio(&id)).await,
            false => self.describe_portfolio(&id).await,
        };
        let mut portfolio = match described {
            Ok(portfolio) => portfolio,
            Err(failure) if !listed && failure.is_not_found() => return found,
            Err(failure) => {
                // Without its tags nobody knows whose it is: it may be any that git names.
                found.gap(Scope::Portfolios, &failure);
                found.gap(Scope::Portfolio(id), &failure);
                return found;
            }
        };
        let outcomes = [
            self.principals(&id, &mut portfolio.principals).await,
            self.products_of(&id, &mut portfolio).await,
        ];
        for failure in outcomes.into_iter().filter_map(Result::err) {
            found.gap(Scope::Portfolio(id.clone()), &failure);
        }
        let owner = hints.identity.owner(Kind::Portfolio, &portfolio.tags);
        let end = hints.identity.on_remove(Kind::Portfolio, &portfolio.tags);
        let key = |name: &Name| Key::new(Kind::Portfolio, name.clone());
        let leaves =
            |name| end == Some(OnRemove::Delete) && !hints.asked.declared.contains(&key(name));
        let matters = match &owner {
            Owner::Us(name) => hints.asked.shared.contains(name) || leaves(name),
            // Whom one is shared with that is taken over is told by its manifest, or is not.
            Owner::Nobody => {
                let (id, name) = (portfolio.id.as_str(), &portfolio.display_name);
                !hints.asked.shared.is_empty() && hints.asked.adopted.has(id, name)
            }
            Owner::Foreign(_) => false,
        };
        if matters || hints.everything {
            match self.known_shares(&id, hints).await {
                Ok(shares) => portfolio.shares = Some(shares),
                Err(failure) => found.gap(Scope::Shares(id.clone()), &failure),
            }
        }
        let mut constraints = BTreeMap::new();
        if let Err(failure) = self.constraints(&id, &mut constraints).await {
            found.gap(Scope::Portfolio(id.clone()), &failure);
        }
        let read = constraints.into_iter();
        let read = gather(read.map(|(id, line)| self.listed_constraint(id, line, hints))).await;
        for constraint in read {
            match constraint {
                Ok(constraint) => {
                    portfolio
                        .constraints
                        .insert(constraint.id.clone(), constraint);
                }
                Err(failure) => found.gap(Scope::Portfolio(id.clone()), &failure),
            }
        }
        found.items.push(portfolio);
        found
    }

    pub(in crate::aws) async fn describe_portfolio(
        &self,
        id: &PortfolioId,
    ) -> Result<LivePortfolio, Failure> {
        const OPERATION: &str = "DescribePortfolio";
        let request = self.sc().describe_portfolio().id(id.as_str());
        let answer = self
            .call(OPERATION, Access::Read, || request.clone().send())
            .await?;
        answer
            .portfolio_detail()
            .and_then(|detail| {
                let (options, budgets) = (answer.tag_options(), answer.budgets());
                convert::portfolio(detail, answer.tags(), options, budgets)
            })
            .ok_or_else(|| Failure::internal(OPERATION, "the answer has no portfolio"))
    }

    pub(in crate::aws) async fn principals(
        &self,
        id: &PortfolioId,
        principals: &mut BTreeSet<LivePrincipal>,
    ) -> Result<(), Failure> {
        const OPERATION: &str = "ListPrincipalsForPortfolio";
        let mut pages = Pages::default();
        loop {
            let request = self
                .sc()
                .list_principals_for_portfolio()
                .portfolio_id(id.as_str())
                .page_size(ITEMS_A_PAGE)
                .set_page_token(pages.token());
            let answer = self
                .call(OPERATION, Access::Read, || request.clone().send())
                .await?;
            principals.extend(answer.principals().iter().filter_map(convert::principal));
            if !pages.turn(OPERATION, answer.next_page_token())? {
                return Ok(());
            }
        }
    }

    pub(super) async fn products_of(
        &self,
        id: &PortfolioId,
        portfolio: &mut LivePortfolio,
    ) -> Result<(), Failure> {
        const OPERATION: &str = "SearchProductsAsAdmin";
        let mut pages = Pages::default();
        loop {
            let request = self
                .sc()
                .search_products_as_admin()
                .portfolio_id(id.as_str())
                .sort_by(ProductViewSortBy::CreationDate)
                .sort_order(SortOrder::Ascending)
                .page_size(ITEMS_A_PAGE)
                .set_page_token(pages.token());
            let answer = self
                .call(OPERATION, Access::Read, || request.clone().send())
                .await?;
            let page = answer.product_view_details().iter();
            for detail in page {
                let summary = detail.product_view_summary();
                let Some(product) = summary.and_then(|summary| summary.product_id()) else {
                    continue;
                };
                let foreign = detail
                    .product_arn()
                    .is_some_and(|arn| !self.is_own_arn(arn));
                if foreign {
                    portfolio.shared_products.insert(product.into());
                }
                portfolio.products.insert(product.into());
            }
            if !pages.turn(OPERATION, answer.next_page_token())? {
                return Ok(());
            }
        }
    }

    async fn constraints(
        &self,
        id: &PortfolioId,
        constraints: &mut BTreeMap<ConstraintId, ConstraintSeen>,
    ) -> Result<(), Failure> {
        const OPERATION: &str = "ListConstraintsForPortfolio";
        let mut pages = Pages::default();
        loop {
            let request = self
                .sc()
                .list_constraints_for_portfolio()
                .portfolio_id(id.as_str())
                .page_size(ITEMS_A_PAGE)
                .set_page_token(pages.token());
            let answer = self
                .call(OPERATION, Access::Read, || request.clone().send())
                .await?;
            let page = answer.constraint_details().iter();
            constraints.extend(page.filter_map(|detail| {
                let seen = ConstraintSeen {
                    kind: detail.r#type().unwrap_or_default().to_owned(),
                    product: ProductId::new(detail.product_id().unwrap_or_default()),
                    description: detail.description().map(str::to_owned),
                };
                Some((ConstraintId::from(detail.constraint_id()?), seen))
            }));
            if !pages.turn(OPERATION, answer.next_page_token())? {
                return Ok(());
            }
        }
    }

    /// A listed constraint: as it was read earlier, where its turn has not come.
    async fn listed_constraint(
        &self,
        id: ConstraintId,
        line: ConstraintSeen,
        hints: &Hints,
    ) -> Result<LiveConstraint, Failure> {
        if let Some(constraint) = hints.recall.constraint(&id, &line) {
            return Ok(constraint);
        }
        let constraint = self.listed(|| self.describe_constraint(&id)).await?;
        hints.recall.learn_constraint(line, &constraint);
        Ok(constraint)
    }

    /// A constraint with its parameters, which no listing has (facts §9.6).
    pub(in crate::aws) async fn describe_constraint(
        &self,
        id: &ConstraintId,
    ) -> Result<LiveConstraint, Failure> {
        const OPERATION: &str = "DescribeConstraint";
        let request = self.sc().describe_constraint().id(id.as_str());
        let answer = self
            .call(OPERATION, Access::Read, || request.clone().send())
            .await?;
        answer
            .constraint_detail()
            .and_then(|detail| {
                convert::constraint(detail, answer.constraint_parameters(), answer.status())
            })
            .ok_or_else(|| Failure::internal(OPERATION, "the answer has no constraint"))
    }
}
