//! What records and provisioned products say of work under way (design §7).

use std::collections::BTreeSet;

use aws_sdk_servicecatalog::types::{AccessLevelFilter, AccessLevelFilterKey};
use jiff::Timestamp;

use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::ids::{ProvisionedProductId, RecordId};
use crate::model::observed::ProvisionedStatus;
pub use crate::model::record::{RecordSeen, RecordStatus};

/// Records of a page (facts §5).
const RECORDS_A_PAGE: i32 = 20;
/// Pages of a record's outputs that are read: a stack has at most 200 outputs and the service adds one.
const OUTPUT_PAGES: usize = 20;
/// Pages of the history that are read at once: 2,000 records.
const HISTORY_PAGES: usize = 100;

impl Aws {
    /// A record with its outputs.
    pub async fn record(&self, id: &RecordId) -> Result<RecordSeen, Failure> {
        const OPERATION: &str = "DescribeRecord";
        let mut seen: Option<RecordSeen> = None;
        let mut token: Option<String> = None;
        for _ in 0..OUTPUT_PAGES {
            let request = self
                .sc()
                .describe_record()
                .id(id.as_str())
                .page_size(RECORDS_A_PAGE)
                .set_page_token(token.take());
            let answer = self
                .call(OPERATION, Access::Read, || request.clone().send())
                .await?;
            let page = answer
                .record_detail()
                .and_then(|detail| convert::record(detail, answer.record_outputs()))
                .ok_or_else(|| Failure::internal(OPERATION, "the answer has no record"))?;
            match &mut seen {
                Some(seen) => seen.outputs.extend(page.outputs),
                None => seen = Some(page),
            }
            token = answer.next_page_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        seen.ok_or_else(|| Failure::internal(OPERATION, "the answer has no record"))
    }

    /// The status of a provisioned product and the service's reason; `None` where it is not found.
    pub async fn provisioned_status(
        &self,
        id: &ProvisionedProductId,
    ) -> Result<Option<(ProvisionedStatus, Option<String>)>, Failure> {
        const OPERATION: &str = "DescribeProvisionedProduct";
        let request = self.sc().describe_provisioned_product().id(id.as_str());
        let answer = match self
            .call(OPERATION, Access::Read, || request.clone().send())
            .await
        {
            Ok(answer) => answer,
            Err(failure) if failure.is_not_found() => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let found = answer
            .provisioned_product_detail()
            .and_then(convert::described)
            .ok_or_else(|| Failure::internal(OPERATION, "the answer has no detail"))?;
        Ok(Some((found.status, found.status_message)))
    }

    /// The account's records made since a time, newest first, without their outputs: one page answers for many.
    ///
    /// A record that is missing here may still be there: the list lags, and is cut after [`HISTORY_PAGES`] pages.
    pub async fn record_history(&self, since: Timestamp) -> Result<Vec<RecordSeen>, Failure> {
        let account = AccessLevelFilter::builder()
            .key(AccessLevelFilterKey::Account)
            .value("self")
            .build();
        let mut records = Vec::new();
        let mut tokens = BTreeSet::new();
        let mut token: Option<String> = None;
        for _ in 0..HISTORY_PAGES {
            let request = self
                .sc()
                .list_record_history()
                .access_level_filter(account.clone())
                .page_size(RECORDS_A_PAGE)
                .set_page_token(token.take());
            let answer = self
                .call("ListRecordHistory", Access::Read, || request.clone().send())
                .await?;
            let page: Vec<_> = answer
                .record_details()
                .iter()
                .filter_map(|detail| convert::record(detail, &[]))
                .collect();
            let older = |record: &RecordSeen| record.created.is_some_and(|made| made < since);
            let past = page.iter().any(older);
            records.extend(page.into_iter().filter(|record| !older(record)));
            token = answer.next_page_token().map(str::to_owned);
            let Some(next) = &token else { break };
            if past || !tokens.insert(next.clone()) {
                break;
            }
        }
        Ok(records)
    }
}
