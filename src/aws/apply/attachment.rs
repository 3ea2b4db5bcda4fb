//! TagOptions and budgets of portfolios and products (facts §9.7, §9.9).

use super::portfolio::{already_done, already_gone};
use crate::aws::client::Aws;
use crate::aws::error::{Class, Failure};
use crate::aws::pace::Access;
use crate::ids::TagOptionId;
use crate::plan::op::Answer;

impl Aws {
    pub(super) async fn associate_tag_option(
        &self,
        resource: &str,
        tag_option: &TagOptionId,
    ) -> Result<Answer, Failure> {
        let request = self
            .sc()
            .associate_tag_option_with_resource()
            .resource_id(resource)
            .tag_option_id(tag_option.as_str());
        already_done(
            self.call("AssociateTagOptionWithResource", Access::Write, || {
                request.clone().send()
            })
            .await,
        )
    }

    pub(super) async fn disassociate_tag_option(
        &self,
        resource: &str,
        tag_option: &TagOptionId,
    ) -> Result<Answer, Failure> {
        let request = self
            .sc()
            .disassociate_tag_option_from_resource()
            .resource_id(resource)
            .tag_option_id(tag_option.as_str());
        already_gone(
            self.call("DisassociateTagOptionFromResource", Access::Write, || {
                request.clone().send()
            })
            .await,
        )
    }

    pub(super) async fn associate_budget(
        &self,
        resource: &str,
        budget: &str,
    ) -> Result<Answer, Failure> {
        let request = self
            .sc()
            .associate_budget_with_resource()
            .resource_id(resource)
            .budget_name(budget);
        let done = self
            .call("AssociateBudgetWithResource", Access::Write, || {
                request.clone().send()
            })
            .await;
        already_done(done.map_err(|failure| of_budget(failure, resource)))
    }

    pub(super) async fn disassociate_budget(
        &self,
        resource: &str,
        budget: &str,
    ) -> Result<Answer, Failure> {
        let request = self
            .sc()
            .disassociate_budget_from_resource()
            .resource_id(resource)
            .budget_name(budget);
        already_gone(
            self.call("DisassociateBudgetFromResource", Access::Write, || {
                request.clone().send()
            })
            .await,
        )
    }
}

/// What is not found may be the budget, which nothing of ours makes: only where the portfolio or product is named does
/// waiting for it help.
fn of_budget(failure: Failure, resource: &str) -> Failure {
    if failure.is_not_found() && !failure.message.contains(resource) {
        return Failure {
            class: Class::Unknown,
            ..failure
        };
    }
    failure
}
