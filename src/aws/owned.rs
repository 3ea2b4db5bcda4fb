//! Whether an object is still ours, asked just before a removal (design §4).

use crate::aws::client::Aws;
use crate::aws::error::Failure;
use crate::ids::{Kind, PortfolioId, ProductId, ServiceActionId};
use crate::model::owner::{is_marked, strip_removal, tag_key};
use crate::plan::op::{Mark, Ownership};

impl Aws {
    /// Whether the object carries the mark that the plan saw. One that is not there any more has none to lose: the
    /// removal itself says so.
    ///
    /// # Errors
    /// Where that could not be read: then nothing is removed (promise 1).
    pub async fn is_still_ours(&self, ownership: &Ownership) -> Result<bool, Failure> {
        match self.mark(ownership).await {
            Ok(ours) => Ok(ours),
            Err(failure) if failure.is_not_found() => Ok(true),
            Err(failure) => Err(failure),
        }
    }

    async fn mark(&self, ownership: &Ownership) -> Result<bool, Failure> {
        let Ownership { kind, id, mark } = ownership;
        let (tags, token) = match kind {
            Kind::Portfolio => {
                let id = PortfolioId::new(id.as_str());
                let live = self.listed(|| self.describe_portfolio(&id)).await?;
                (live.tags, None)
            }
            Kind::Product => {
                let id = ProductId::new(id.as_str());
                let (live, _) = self.listed(|| self.describe_product(&id)).await?;
                (live.tags, None)
            }
            Kind::ProvisionedProduct => {
                let live = self.marks_of_provisioned(id).await?;
                (live.tags, live.idempotency_token)
            }
            Kind::ServiceAction => {
                let id = ServiceActionId::new(id.as_str());
                let live = self.listed(|| self.describe_service_action(&id)).await?;
                let description = live.description.unwrap_or_default();
                return Ok(match mark {
                    Mark::Description(mark) => is_marked(&description, mark),
                    Mark::Tag(_) | Mark::Token(_) => false,
                });
            }
            Kind::TagOption => return Ok(false),
        };
        Ok(match mark {
            Mark::Tag(value) => {
                let live = tags.get(tag_key(*kind));
                // What removal from git does may just have changed; that the object goes itself is said by the suffix.
                live.is_some_and(|live| live == value || strip_removal(live) == value)
            }
            Mark::Token(prefix) => token.is_some_and(|token| token.starts_with(prefix.as_str())),
            Mark::Description(_) => false,
        })
    }
}
