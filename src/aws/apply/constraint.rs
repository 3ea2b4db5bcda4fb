//! Constraints of a product in a portfolio (facts §9.6).

use super::part;
use super::portfolio::already_gone;
use crate::aws::client::Aws;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::ids::{ConstraintId, PortfolioId, ProductId, Token};
use crate::plan::op::Answer;

impl Aws {
    pub(super) async fn create_constraint(
        &self,
        portfolio: &PortfolioId,
        product: &ProductId,
        kind: &str,
        parameters: &str,
        token: &Token,
    ) -> Result<Answer, Failure> {
        const OPERATION: &str = "CreateConstraint";
        let request = self
            .sc()
            .create_constraint()
            .portfolio_id(portfolio.as_str())
            .product_id(product.as_str())
            .r#type(kind)
            .parameters(parameters)
            .idempotency_token(token.as_str());
        let answer = self
            .call(OPERATION, Access::Write, || request.clone().send())
            .await?;
        let id = answer
            .constraint_detail()
            .and_then(|detail| detail.constraint_id());
        Ok(Answer {
            constraint: Some(part(OPERATION, id, "constraint id")?.into()),
            // The service does not say when a constraint was made: this is when it answered (`confirm` knows).
            created: Some(self.clock().now()),
            ..Answer::default()
        })
    }

    pub(super) async fn update_constraint(
        &self,
        id: &ConstraintId,
        parameters: &str,
    ) -> Result<Answer, Failure> {
        let request = self
            .sc()
            .update_constraint()
            .id(id.as_str())
            .parameters(parameters);
        self.call("UpdateConstraint", Access::Write, || request.clone().send())
            .await?;
        Ok(Answer {
            constraint: Some(id.clone()),
            ..Answer::default()
        })
    }

    pub(super) async fn delete_constraint(&self, id: &ConstraintId) -> Result<Answer, Failure> {
        let request = self.sc().delete_constraint().id(id.as_str());
        already_gone(
            self.call("DeleteConstraint", Access::Write, || request.clone().send())
                .await,
        )
    }
}
