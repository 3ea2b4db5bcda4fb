//! Portfolios, their principals and the products they hold (facts §9.5).

use super::{done, part};
use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::ids::{PortfolioId, ProductId, Token};
use crate::model::desired::Tags;
use crate::model::observed::LivePrincipal;
use crate::plan::op::{Answer, TagChange};

impl Aws {
    pub(super) async fn create_portfolio(
        &self,
        display_name: &str,
        description: Option<&str>,
        provider_name: &str,
        tags: &Tags,
        token: &Token,
    ) -> Result<Answer, Failure> {
        const OPERATION: &str = "CreatePortfolio";
        let request = self
            .sc()
            .create_portfolio()
            .display_name(display_name)
            .set_description(description.map(str::to_owned))
            .provider_name(provider_name)
            .set_tags(Some(convert::sdk_tags(OPERATION, tags)?))
            .idempotency_token(token.as_str());
        let answer = self
            .call(OPERATION, Access::Write, || request.clone().send())
            .await?;
        let detail = answer.portfolio_detail();
        let id = detail.and_then(|detail| detail.id());
        Ok(Answer {
            portfolio: Some(part(OPERATION, id, "portfolio id")?.into()),
            created: detail
                .and_then(|detail| detail.created_time())
                .and_then(convert::timestamp),
            ..Answer::default()
        })
    }

    pub(super) async fn update_portfolio(
        &self,
        id: &PortfolioId,
        display_name: Option<&str>,
        description: Option<&str>,
        provider_name: Option<&str>,
        tags: &TagChange,
    ) -> Result<Answer, Failure> {
        const OPERATION: &str = "UpdatePortfolio";
        let (add, remove) = convert::tag_change(OPERATION, tags)?;
        let request = self
            .sc()
            .update_portfolio()
            .id(id.as_str())
            .set_display_name(display_name.map(str::to_owned))
            .set_description(description.map(str::to_owned))
            .set_provider_name(provider_name.map(str::to_owned))
            .set_add_tags(add)
            .set_remove_tags(remove);
        self.call(OPERATION, Access::Write, || request.clone().send())
            .await?;
        Ok(Answer {
            portfolio: Some(id.clone()),
            ..Answer::default()
        })
    }

    pub(super) async fn delete_portfolio(&self, id: &PortfolioId) -> Result<Answer, Failure> {
        let request = self.sc().delete_portfolio().id(id.as_str());
        already_gone(
            self.call("DeletePortfolio", Access::Write, || request.clone().send())
                .await,
        )
    }

    pub(super) async fn associate_principal(
        &self,
        portfolio: &PortfolioId,
        principal: &LivePrincipal,
    ) -> Result<Answer, Failure> {
        let request = self
            .sc()
            .associate_principal_with_portfolio()
            .portfolio_id(portfolio.as_str())
            .principal_arn(&principal.arn)
            .principal_type(convert::principal_type(principal));
        already_done(
            self.call("AssociatePrincipalWithPortfolio", Access::Write, || {
                request.clone().send()
            })
            .await,
        )
    }

    /// The type goes with it: without it a pattern is not found (peers C5 48).
    pub(super) async fn disassociate_principal(
        &self,
        portfolio: &PortfolioId,
        principal: &LivePrincipal,
    ) -> Result<Answer, Failure> {
        let request = self
            .sc()
            .disassociate_principal_from_portfolio()
            .portfolio_id(portfolio.as_str())
            .principal_arn(&principal.arn)
            .principal_type(convert::principal_type(principal));
        already_gone(
            self.call("DisassociatePrincipalFromPortfolio", Access::Write, || {
                request.clone().send()
            })
            .await,
        )
    }

    pub(super) async fn associate_product(
        &self,
        portfolio: &PortfolioId,
        product: &ProductId,
        source: Option<&PortfolioId>,
    ) -> Result<Answer, Failure> {
        let request = self
            .sc()
            .associate_product_with_portfolio()
            .portfolio_id(portfolio.as_str())
            .product_id(product.as_str())
            .set_source_portfolio_id(source.map(ToString::to_string));
        already_done(
            self.call("AssociateProductWithPortfolio", Access::Write, || {
                request.clone().send()
            })
            .await,
        )
    }

    pub(super) async fn disassociate_product(
        &self,
        portfolio: &PortfolioId,
        product: &ProductId,
    ) -> Result<Answer, Failure> {
        let request = self
            .sc()
            .disassociate_product_from_portfolio()
            .portfolio_id(portfolio.as_str())
            .product_id(product.as_str());
        already_gone(
            self.call("DisassociateProductFromPortfolio", Access::Write, || {
                request.clone().send()
            })
            .await,
        )
    }
}

/// Associating what is associated: the model lists no such refusal, some tools have met one (peers C5 47).
pub(super) fn already_done<T>(outcome: Result<T, Failure>) -> Result<Answer, Failure> {
    match outcome {
        Ok(_) => done(),
        Err(failure) if failure.code == "DuplicateResourceException" => done(),
        Err(failure) => Err(failure),
    }
}

/// Removing what is gone.
pub(super) fn already_gone<T>(outcome: Result<T, Failure>) -> Result<Answer, Failure> {
    match outcome {
        Ok(_) => done(),
        Err(failure) if failure.is_not_found() => done(),
        Err(failure) => Err(failure),
    }
}
