//! Plans: what a launch or an update would do, kept until it is executed or deleted (facts §8, §9.4).

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::emulator::cfn::change_set::ResourceChange;
use crate::emulator::keep;

/// A plan of a provisioned product.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator) struct Plan {
    pub(in crate::emulator) id: String,
    pub(in crate::emulator) name: String,
    pub(in crate::emulator) provisioned: String,
    pub(in crate::emulator) provisioned_name: String,
    pub(in crate::emulator) product: String,
    pub(in crate::emulator) product_name: String,
    pub(in crate::emulator) version: String,
    pub(in crate::emulator) version_name: Option<String>,
    pub(in crate::emulator) path: String,
    pub(in crate::emulator) launch_role: Option<String>,
    pub(in crate::emulator) created: Timestamp,
    /// CREATE_IN_PROGRESS until then.
    pub(in crate::emulator) ends: Timestamp,
    pub(in crate::emulator) outcome: Outcome,
    /// As sent.
    pub(in crate::emulator) parameters: Vec<PlanParameter>,
    /// As sent.
    pub(in crate::emulator) topics: Vec<String>,
    /// As sent.
    pub(in crate::emulator) own_tags: Vec<(String, String)>,
    /// All that the stack will have, the AutoTags among them.
    pub(in crate::emulator) tags: Vec<(String, String)>,
    /// The topics of constraints and those that the stack has, too.
    pub(in crate::emulator) all_topics: Vec<String>,
    /// What the change set behind it holds.
    #[serde(with = "keep::bytes")]
    pub(in crate::emulator) template: Bytes,
    /// The stack, in review or of the provisioned product; none when nothing could be planned.
    pub(in crate::emulator) stack: Option<String>,
    /// How many events that stack had when it was looked at: with more of them it is no longer as it was.
    pub(in crate::emulator) events: usize,
    /// It is for a new provisioned product.
    pub(in crate::emulator) launches: bool,
    /// The record of its execution.
    pub(in crate::emulator) record: Option<String>,
    pub(in crate::emulator) user: String,
    pub(in crate::emulator) session: String,
}

/// How planning ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) enum Outcome {
    Planned(Vec<ResourceChange>),
    /// StatusMessage.
    Failed(String),
}

/// `UpdateProvisioningParameter`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) struct PlanParameter {
    pub(in crate::emulator) key: String,
    pub(in crate::emulator) value: Option<String>,
    pub(in crate::emulator) previous: Option<bool>,
}
