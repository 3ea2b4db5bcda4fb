//! Stack sets behind provisioned products: their parameters and where they have instances.

use std::collections::BTreeMap;

use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::aws::pages::Pages;
use crate::model::observed::{LiveStackSet, Place};

/// `ListStackInstancesForProvisionedProduct` (facts §5).
const INSTANCES_A_PAGE: i32 = 20;
/// What CloudFormation says of a set that is not there (any more).
const GONE: &str = "StackSetNotFoundException";

impl Aws {
    /// The stack set of a provisioned product, by what PhysicalId says of it; `None` where CloudFormation does not know it
    /// (any more).
    pub(super) async fn stack_set(
        &self,
        provisioned: &str,
        physical_id: &str,
    ) -> Result<Option<LiveStackSet>, Failure> {
        let id = id(physical_id);
        let request = self.cfn().describe_stack_set().stack_set_name(id);
        let described = self
            .call("DescribeStackSet", Access::Read, || request.clone().send())
            .await;
        let answer = match described {
            Ok(answer) => answer,
            Err(failure) if failure.code == GONE => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let Some(set) = answer.stack_set() else {
            let message = "the answer has no stack set";
            return Err(Failure::internal("DescribeStackSet", message));
        };
        Ok(Some(LiveStackSet {
            id: id.to_owned(),
            parameters: convert::values(set.parameters()),
            instances: self.instances(provisioned).await?,
        }))
    }

    async fn instances(&self, provisioned: &str) -> Result<BTreeMap<Place, String>, Failure> {
        const OPERATION: &str = "ListStackInstancesForProvisionedProduct";
        let mut instances = BTreeMap::new();
        let mut pages = Pages::default();
        loop {
            let request = self
                .sc()
                .list_stack_instances_for_provisioned_product()
                .provisioned_product_id(provisioned)
                .page_size(INSTANCES_A_PAGE)
                .set_page_token(pages.token());
            let answer = self
                .call(OPERATION, Access::Read, || request.clone().send())
                .await?;
            for found in answer.stack_instances() {
                let (Some(account), Some(region)) = (found.account(), found.region()) else {
                    let message = "an instance has no account or no region";
                    return Err(Failure::internal(OPERATION, message));
                };
                let place = Place {
                    region: region.to_owned(),
                    account: account.to_owned(),
                };
                let status = found.stack_instance_status();
                let status = status.map_or("", |status| status.as_str());
                instances.insert(place, status.to_owned());
            }
            if !pages.turn(OPERATION, answer.next_page_token())? {
                return Ok(instances);
            }
        }
    }
}

/// What `DescribeStackSet` takes: a name, with a UUID or without. Which of these PhysicalId is, or the ARN that holds it, no
/// recording shows.
fn id(physical_id: &str) -> &str {
    let end = physical_id.split_once(":stackset/");
    end.map_or(physical_id, |(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::id;

    #[test]
    fn an_arn_ends_in_the_id() {
        let arn = "arn:aws:cloudformation:us-east-1:123456789012:stackset/SC-1-pp:0a1b";
        assert_eq!(id(arn), "SC-1-pp:0a1b");
        assert_eq!(id("SC-1-pp:0a1b"), "SC-1-pp:0a1b");
        assert_eq!(id("SC-1-pp"), "SC-1-pp");
    }
}
