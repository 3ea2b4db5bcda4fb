//! What records and provisioned products say of work under way (design §7).

use std::collections::BTreeMap;

use aws_sdk_servicecatalog::types::{AccessLevelFilter, AccessLevelFilterKey};
use jiff::Timestamp;

use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::aws::pages::Pages;
use crate::ids::{CopyId, ProductId, ProvisionedProductId, RecordId, ShareToken, VersionId};
use crate::model::observed::ProvisionedStatus;
use crate::run::copy::CopyStatus;
use crate::run::record::RecordStatus;
use crate::run::share::ShareStatus;

/// Records, and outputs of a record, of a page (facts §5).
const RECORDS_A_PAGE: i32 = 20;

/// A record as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSeen {
    /// Which.
    pub id: RecordId,
    /// How far it has come.
    pub status: RecordStatus,
    /// `RecordType`, e.g. `PROVISION_PRODUCT`; imports have a word of their own that is published nowhere.
    pub kind: String,
    /// What went wrong: code and description. May be there although the product is usable (peers C8 69).
    pub errors: Vec<(String, String)>,
    /// What the request was for.
    pub provisioned: Option<ProvisionedProductId>,
    /// The product that was asked for.
    pub product: Option<ProductId>,
    /// The version that was asked for.
    pub version: Option<VersionId>,
    /// The provisioned product's tags, inherited ones among them.
    pub tags: BTreeMap<String, String>,
    /// The stack's outputs by key, the service's own `CloudformationStackARN` among them.
    pub outputs: BTreeMap<String, String>,
    /// When it was made.
    pub created: Option<Timestamp>,
}

impl RecordSeen {
    /// The output that the service adds to a record: the stack's ARN (facts §10.1).
    pub const STACK_OUTPUT: &'static str = "CloudformationStackARN";

    /// What went wrong, in the service's words.
    pub fn reason(&self) -> String {
        let mut reasons: Vec<String> = Vec::new();
        for (code, description) in &self.errors {
            reasons.push(match (code.is_empty(), description.is_empty()) {
                (_, true) => code.clone(),
                (true, false) => description.clone(),
                (false, false) => format!("{code}: {description}"),
            });
        }
        if reasons.is_empty() {
            return format!("record {} is {} and says no more", self.id, self.status);
        }
        reasons.join("; ")
    }
}

/// A copy as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySeen {
    /// How far it has come.
    pub status: CopyStatus,
    /// The product that it made, or made a part of.
    pub product: Option<ProductId>,
    /// Why it failed, where the service says so: it may say nothing (peers C7 65).
    pub detail: Option<String>,
}

/// An action on a share as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareSeen {
    /// How far it has come.
    pub status: ShareStatus,
    /// Why it failed, by accounts.
    pub errors: Vec<ShareError>,
}

/// Why a share did not reach some accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareError {
    /// Which.
    pub accounts: Vec<String>,
    /// The service's code.
    pub code: String,
    /// Its text.
    pub message: String,
}

impl ShareSeen {
    /// What went wrong, in the service's words. That an account has the portfolio already is no trouble (facts §9.8).
    pub fn reason(&self) -> Option<String> {
        /// One unit may have thousands of accounts.
        const SHOWN: usize = 5;
        let errors = self.errors.iter();
        let errors = errors.filter(|error| error.code != "DuplicateResourceException");
        let told: Vec<String> = errors
            .map(|error| {
                let first = error.accounts.iter().take(SHOWN).cloned();
                let first = first.collect::<Vec<_>>().join(", ");
                let accounts = match error.accounts.len().saturating_sub(SHOWN) {
                    0 => first,
                    more => format!("{first} and {more} more"),
                };
                format!("{accounts}: {}: {}", error.code, error.message)
            })
            .collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

impl Aws {
    /// How far an action on a share with a node of the organization is.
    pub async fn share_status(&self, token: &ShareToken) -> Result<ShareSeen, Failure> {
        let request = self
            .sc()
            .describe_portfolio_share_status()
            .portfolio_share_token(token.as_str());
        let answer = self
            .call("DescribePortfolioShareStatus", Access::Read, || {
                request.clone().send()
            })
            .await?;
        let status = answer.status().map(|status| status.as_str());
        let errors = answer
            .share_details()
            .map(|details| details.share_errors())
            .unwrap_or_default();
        Ok(ShareSeen {
            status: ShareStatus::parse(status.unwrap_or_default()),
            errors: errors
                .iter()
                .map(|error| ShareError {
                    accounts: error.accounts().to_vec(),
                    code: error.error().unwrap_or_default().to_owned(),
                    message: error.message().unwrap_or_default().to_owned(),
                })
                .collect(),
        })
    }

    /// A record with all its outputs.
    pub async fn record(&self, id: &RecordId) -> Result<RecordSeen, Failure> {
        let mut pages = Pages::default();
        let (mut seen, mut next) = self.record_page(id, None).await?;
        while pages.turn("DescribeRecord", next.as_deref())? {
            let (page, further) = self.record_page(id, pages.token()).await?;
            seen.outputs.extend(page.outputs);
            next = further;
        }
        Ok(seen)
    }

    /// A record with a page of its outputs, and the next page's token.
    pub(crate) async fn record_page(
        &self,
        id: &RecordId,
        token: Option<String>,
    ) -> Result<(RecordSeen, Option<String>), Failure> {
        const OPERATION: &str = "DescribeRecord";
        let request = self
            .sc()
            .describe_record()
            .id(id.as_str())
            .page_size(RECORDS_A_PAGE)
            .set_page_token(token);
        let answer = self
            .call(OPERATION, Access::Read, || request.clone().send())
            .await?;
        let seen = answer
            .record_detail()
            .and_then(|detail| convert::record(detail, answer.record_outputs()))
            .ok_or_else(|| Failure::internal(OPERATION, "the answer has no record"))?;
        Ok((seen, answer.next_page_token().map(str::to_owned)))
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

    /// How far a copy of a product is.
    pub async fn copy_status(&self, id: &CopyId) -> Result<CopySeen, Failure> {
        let request = self
            .sc()
            .describe_copy_product_status()
            .copy_product_token(id.as_str());
        let answer = self
            .call("DescribeCopyProductStatus", Access::Read, || {
                request.clone().send()
            })
            .await?;
        let status = answer.copy_product_status().map(|status| status.as_str());
        Ok(CopySeen {
            status: CopyStatus::parse(status.unwrap_or_default()),
            product: answer.target_product_id().map(ProductId::from),
            detail: answer
                .status_detail()
                .filter(|detail| !detail.is_empty())
                .map(str::to_owned),
        })
    }

    /// A page of the account's records, newest first, and the next page's token: it answers for many at once, and lags.
    pub async fn record_history(
        &self,
        token: Option<String>,
    ) -> Result<(Vec<RecordSeen>, Option<String>), Failure> {
        let account = AccessLevelFilter::builder()
            .key(AccessLevelFilterKey::Account)
            .value("self")
            .build();
        let request = self
            .sc()
            .list_record_history()
            .access_level_filter(account)
            .page_size(RECORDS_A_PAGE)
            .set_page_token(token);
        let answer = self
            .call("ListRecordHistory", Access::Read, || request.clone().send())
            .await?;
        let records = answer.record_details().iter();
        let records = records.filter_map(|detail| convert::record(detail, &[]));
        let next = answer.next_page_token().map(str::to_owned);
        Ok((records.collect(), next))
    }
}
