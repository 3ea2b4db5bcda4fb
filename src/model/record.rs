//! A record: the service's account of one request for a provisioned product (facts §8).

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::ids::{ProductId, ProvisionedProductId, RecordId, VersionId};

/// How far a record has come.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordStatus {
    /// Accepted.
    Created,
    /// Under way.
    InProgress,
    /// Under way after an error, e.g. a rollback: it will fail.
    InProgressInError,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
    /// A word we do not know: waited on.
    Unknown(String),
}

impl RecordStatus {
    /// Reads the service's word.
    pub fn parse(text: &str) -> Self {
        match text {
            "CREATED" => Self::Created,
            "IN_PROGRESS" => Self::InProgress,
            "IN_PROGRESS_IN_ERROR" => Self::InProgressInError,
            "SUCCEEDED" => Self::Succeeded,
            "FAILED" => Self::Failed,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The service's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Created => "CREATED",
            Self::InProgress => "IN_PROGRESS",
            Self::InProgressInError => "IN_PROGRESS_IN_ERROR",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Unknown(word) => word,
        }
    }

    /// Whether it will not change any more.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

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
    /// Its name in the account.
    pub provisioned_name: Option<String>,
    /// The product that was asked for.
    pub product: Option<ProductId>,
    /// The version that was asked for.
    pub version: Option<VersionId>,
    /// The provisioned product's tags, inherited ones among them.
    pub tags: BTreeMap<String, String>,
    /// The stack's outputs by key, the service's own `CloudformationStackARN` among them. Empty in a history.
    pub outputs: BTreeMap<String, String>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it last changed.
    pub updated: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_back_as_it_was_said() {
        for word in [
            "CREATED",
            "IN_PROGRESS",
            "IN_PROGRESS_IN_ERROR",
            "SUCCEEDED",
            "FAILED",
            "PAUSED",
        ] {
            assert_eq!(RecordStatus::parse(word).as_str(), word);
        }
        assert!(!RecordStatus::parse("PAUSED").is_final());
    }
}
