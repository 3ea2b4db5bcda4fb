//! Plans: what a launch or an update would do, kept until it is executed or deleted (facts §8, §9.4).

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cfn::change_set::ResourceChange;
use super::keep;

/// A plan of a provisioned product.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) provisioned: String,
    pub(super) provisioned_name: String,
    pub(super) product: String,
    pub(super) product_name: String,
    pub(super) version: String,
    pub(super) version_name: Option<String>,
    pub(super) path: String,
    pub(super) launch_role: Option<String>,
    pub(super) created: Timestamp,
    /// CREATE_IN_PROGRESS until then.
    pub(super) ends: Timestamp,
    pub(super) outcome: Outcome,
    /// As sent.
    pub(super) parameters: Vec<PlanParameter>,
    /// As sent.
    pub(super) topics: Vec<String>,
    /// As sent.
    pub(super) own_tags: Vec<(String, String)>,
    /// All that the stack will have, the AutoTags among them.
    pub(super) tags: Vec<(String, String)>,
    /// The topics of constraints too.
    pub(super) all_topics: Vec<String>,
    /// What the change set behind it holds.
    #[serde(with = "keep::bytes")]
    pub(super) template: Bytes,
    /// The stack, in review or of the provisioned product; none when nothing could be planned.
    pub(super) stack: Option<String>,
    /// It is for a new provisioned product.
    pub(super) launches: bool,
    /// The record of its execution.
    pub(super) record: Option<String>,
    pub(super) user: String,
    pub(super) session: String,
}

/// How planning ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Outcome {
    Planned(Vec<ResourceChange>),
    /// StatusMessage.
    Failed(String),
}

/// `UpdateProvisioningParameter`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlanParameter {
    pub(super) key: String,
    pub(super) value: Option<String>,
    pub(super) previous: Option<bool>,
}
