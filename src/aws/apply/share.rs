//! Shares of portfolios (facts §9.8): with an account at once, with a node of the organization after the answer.

use aws_sdk_servicecatalog::types::{OrganizationNode, OrganizationNodeType, PortfolioShareType};

use super::portfolio::already_gone;
use crate::aws::client::Aws;
use crate::aws::error::{Class, Failure};
use crate::aws::pace::Access;
use crate::ids::{PortfolioId, ShareToken};
use crate::model::share::Recipient;
use crate::plan::op::Answer;

impl Aws {
    /// One that is there already stays as it is, and that is no error.
    pub(super) async fn create_share(
        &self,
        portfolio: &PortfolioId,
        with: &Recipient,
        tag_options: bool,
        principals: bool,
    ) -> Result<Answer, Failure> {
        let (account, node) = recipient(with);
        let request = self
            .sc()
            .create_portfolio_share()
            .portfolio_id(portfolio.as_str())
            .set_account_id(account)
            .set_organization_node(node)
            .share_tag_options(tag_options)
            .share_principals(principals);
        let answer = self
            .call("CreatePortfolioShare", Access::Write, || {
                request.clone().send()
            })
            .await
            .map_err(|failure| of_node(failure, portfolio))?;
        Ok(followed(with, answer.portfolio_share_token()))
    }

    pub(super) async fn update_share(
        &self,
        portfolio: &PortfolioId,
        with: &Recipient,
        tag_options: Option<bool>,
        principals: Option<bool>,
    ) -> Result<Answer, Failure> {
        let (account, node) = recipient(with);
        let request = self
            .sc()
            .update_portfolio_share()
            .portfolio_id(portfolio.as_str())
            .set_account_id(account)
            .set_organization_node(node)
            .set_share_tag_options(tag_options)
            .set_share_principals(principals);
        let answer = self
            .call("UpdatePortfolioShare", Access::Write, || {
                request.clone().send()
            })
            .await?;
        Ok(followed(with, answer.portfolio_share_token()))
    }

    pub(super) async fn delete_share(
        &self,
        portfolio: &PortfolioId,
        with: &Recipient,
    ) -> Result<Answer, Failure> {
        let (account, node) = recipient(with);
        let request = self
            .sc()
            .delete_portfolio_share()
            .portfolio_id(portfolio.as_str())
            .set_account_id(account)
            .set_organization_node(node);
        let answer = self
            .call("DeletePortfolioShare", Access::Write, || {
                request.clone().send()
            })
            .await;
        match answer {
            Ok(answer) => Ok(followed(with, answer.portfolio_share_token())),
            Err(failure) => already_gone::<()>(Err(failure)),
        }
    }

    /// Takes what is offered to this very account; through the organization nothing has to be accepted.
    pub(super) async fn accept_share(&self, portfolio: &PortfolioId) -> Result<Answer, Failure> {
        let request = self
            .sc()
            .accept_portfolio_share()
            .portfolio_id(portfolio.as_str())
            .portfolio_share_type(PortfolioShareType::Imported);
        let accept = || async {
            self.call("AcceptPortfolioShare", Access::Write, || {
                request.clone().send()
            })
            .await
        };
        match self.listed(accept).await {
            Ok(_) => Ok(Answer::default()),
            // Nobody here can make the offer: waiting for it is the next hours' business.
            Err(failure) if failure.is_not_found() => Err(Failure {
                class: Class::Unknown,
                ..failure
            }),
            Err(failure) => Err(failure),
        }
    }
}

/// What a share of an account answers is over by then, and may not be asked for.
fn followed(with: &Recipient, token: Option<&str>) -> Answer {
    Answer {
        share: token.filter(|_| with.is_node()).map(ShareToken::from),
        ..Answer::default()
    }
}

fn recipient(with: &Recipient) -> (Option<String>, Option<OrganizationNode>) {
    let kind = match with {
        Recipient::Account(id) => return (Some(id.clone()), None),
        Recipient::Organization(_) => OrganizationNodeType::Organization,
        Recipient::Unit(_) => OrganizationNodeType::OrganizationalUnit,
    };
    let node = OrganizationNode::builder().r#type(kind).value(with.id());
    (None, Some(node.build()))
}

/// What is not found may be the node, which nothing of ours makes: only where the portfolio is named does waiting help.
fn of_node(failure: Failure, portfolio: &PortfolioId) -> Failure {
    if failure.is_not_found() && !failure.message.contains(portfolio.as_str()) {
        return Failure {
            class: Class::Unknown,
            ..failure
        };
    }
    failure
}
