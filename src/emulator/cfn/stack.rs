//! A stack as its readers see it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::derive;
use super::node::Node;
use super::work::Work;
use crate::emulator::keep;

/// What a NoEcho parameter reads as.
pub const MASK: &str = "****";

/// The states a stack can be seen in. Those of resource imports
/// come about by [`super::Stacks::force_status`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "CloudFormation's own names")]
pub enum StackStatus {
    ReviewInProgress,
    CreateInProgress,
    CreateComplete,
    CreateFailed,
    RollbackInProgress,
    RollbackComplete,
    RollbackFailed,
    UpdateInProgress,
    UpdateCompleteCleanupInProgress,
    UpdateComplete,
    UpdateRollbackInProgress,
    UpdateRollbackCompleteCleanupInProgress,
    UpdateRollbackComplete,
    UpdateRollbackFailed,
    DeleteInProgress,
    DeleteComplete,
    DeleteFailed,
    ImportComplete,
    ImportRollbackComplete,
}

impl StackStatus {
    /// As the API writes it, e.g. `CREATE_COMPLETE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReviewInProgress => "REVIEW_IN_PROGRESS",
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::CreateComplete => "CREATE_COMPLETE",
            Self::CreateFailed => "CREATE_FAILED",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackComplete => "ROLLBACK_COMPLETE",
            Self::RollbackFailed => "ROLLBACK_FAILED",
            Self::UpdateInProgress => "UPDATE_IN_PROGRESS",
            Self::UpdateCompleteCleanupInProgress => "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            Self::UpdateComplete => "UPDATE_COMPLETE",
            Self::UpdateRollbackInProgress => "UPDATE_ROLLBACK_IN_PROGRESS",
            Self::UpdateRollbackCompleteCleanupInProgress => {
                "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
            }
            Self::UpdateRollbackComplete => "UPDATE_ROLLBACK_COMPLETE",
            Self::UpdateRollbackFailed => "UPDATE_ROLLBACK_FAILED",
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
            Self::DeleteComplete => "DELETE_COMPLETE",
            Self::DeleteFailed => "DELETE_FAILED",
            Self::ImportComplete => "IMPORT_COMPLETE",
            Self::ImportRollbackComplete => "IMPORT_ROLLBACK_COMPLETE",
        }
    }

    /// Nothing more happens until someone calls.
    pub fn is_terminal(self) -> bool {
        self == Self::ReviewInProgress || !self.as_str().ends_with("_IN_PROGRESS")
    }

    /// `UpdateStack` is allowed (a stack that never came up, or failed to go, can only be deleted).
    pub fn is_updatable(self) -> bool {
        matches!(
            self,
            Self::CreateComplete
                | Self::UpdateComplete
                | Self::UpdateRollbackComplete
                | Self::ImportComplete
                | Self::ImportRollbackComplete
        )
    }
}

/// A value given to a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParamValue {
    /// This text; blanks around it are trimmed (facts §10.1).
    Text(String),
    /// What the stack has (`UsePreviousValue`).
    Previous,
}

/// One parameter of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// The parameter's name in the template.
    pub key: String,
    /// What it shall be.
    pub value: ParamValue,
}

impl Param {
    /// A parameter with a value.
    pub fn text(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            value: ParamValue::Text(value.into()),
        }
    }
}

/// A parameter of a stack as it is read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackParam {
    /// The parameter's name.
    pub key: String,
    /// Its value, [`MASK`] where the template says `NoEcho`.
    pub value: String,
    /// What an SSM parameter type resolved to.
    pub resolved: Option<String>,
}

/// An output of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Its name in the template.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Its `Description`.
    pub description: Option<String>,
    /// The name other stacks import it by.
    pub export: Option<String>,
}

/// What `CreateStack` is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewStack {
    /// `[a-zA-Z][-a-zA-Z0-9]*`, at most 128.
    pub name: String,
    /// The template's bytes.
    pub template: Bytes,
    /// Values of its parameters.
    pub parameters: Vec<Param>,
    /// Tags; system tags (`aws:`) are let in, for Service Catalog's own.
    pub tags: Vec<(String, String)>,
    /// The role CloudFormation works with; shown, not checked.
    pub role_arn: Option<String>,
    /// Shown, nothing is sent.
    pub notification_arns: Vec<String>,
    /// What the caller acknowledged, e.g. `CAPABILITY_NAMED_IAM`.
    pub capabilities: Vec<String>,
    /// A failed creation stays `CREATE_FAILED` and what it made stays too.
    pub disable_rollback: bool,
    /// A failed creation deletes the stack (`OnFailure: DELETE`).
    pub delete_on_failure: bool,
    /// `DeleteStack` is refused.
    pub termination_protection: bool,
    /// A retry with the same token answers with the same stack.
    pub token: Option<String>,
    /// Rules that must hold beside the template's own: those of TEMPLATE constraints.
    pub rules: Vec<(String, Node)>,
}

/// What `UpdateStack` is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeStack {
    /// The template's bytes; `None` is `UsePreviousTemplate`.
    pub template: Option<Bytes>,
    /// Values of its parameters: one that is not named takes its default, not its previous value.
    pub parameters: Vec<Param>,
    /// The full set; `None` leaves the tags as they are.
    pub tags: Option<Vec<(String, String)>>,
    /// `None` leaves the role.
    pub role_arn: Option<String>,
    /// `None` leaves the topics.
    pub notification_arns: Option<Vec<String>>,
    /// What the caller acknowledged.
    pub capabilities: Vec<String>,
    /// A retry with the same token changes nothing.
    pub token: Option<String>,
    /// As in [`NewStack`].
    pub rules: Vec<(String, Node)>,
}

/// A resource of a stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Its name in the template.
    pub logical_id: String,
    /// E.g. `AWS::S3::Bucket`.
    pub kind: String,
    /// What `Ref` gives, in most types.
    pub physical_id: String,
    /// The resource's own state, e.g. `CREATE_COMPLETE`.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// When the state was entered.
    pub changed: Timestamp,
    /// Its properties, evaluated.
    pub properties: Node,
    /// `DeletionPolicy: Retain` (or `RetainExceptOnCreate`): it stays when the stack goes.
    pub retain: bool,
    /// Metadata, evaluated.
    pub(super) metadata: Node,
    /// Its place in the order of making: deletions go the other way.
    pub(super) sequence: usize,
}

impl Resource {
    /// It has not been deleted.
    pub fn is_there(&self) -> bool {
        self.status != "DELETE_COMPLETE" && self.status != "DELETE_SKIPPED"
    }
}

/// One line of a stack's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackEvent {
    /// Unique.
    pub id: String,
    /// The resource, or the stack's own name.
    pub logical_id: String,
    /// The resource's physical id (empty while there is none), or the stack's id.
    pub physical_id: String,
    /// E.g. `AWS::CloudFormation::Stack`.
    pub kind: String,
    /// E.g. `CREATE_FAILED`.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub time: Timestamp,
}

/// Where a nested stack hangs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nested {
    /// `ParentId`.
    pub parent: String,
    /// `RootId`.
    pub root: String,
}

/// A stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// `arn:aws:cloudformation:<region>:<account>:stack/<name>/<uuid>`.
    pub id: String,
    /// Unique among the living.
    pub name: String,
    /// What it is doing.
    pub status: StackStatus,
    /// Why, in CloudFormation's words.
    pub status_reason: Option<String>,
    /// The template of the last change, as it was given (also after a rollback has begun: then the one before).
    #[serde(with = "keep::bytes")]
    pub template: Bytes,
    /// The template's description.
    pub description: Option<String>,
    /// In the template's order, masked where they must be.
    pub parameters: Vec<StackParam>,
    /// In the template's order; empty until the stack is up.
    pub outputs: Vec<Output>,
    /// As given.
    pub tags: Vec<(String, String)>,
    /// As given.
    pub role_arn: Option<String>,
    /// As given.
    pub notification_arns: Vec<String>,
    /// As given.
    pub capabilities: Vec<String>,
    /// As given.
    pub disable_rollback: bool,
    /// As given.
    pub termination_protection: bool,
    /// The stack that it is nested in, if any, and the outermost of those.
    pub nested: Option<Nested>,
    /// When it was made.
    pub created: Timestamp,
    /// When the last update began.
    pub updated: Option<Timestamp>,
    /// When the deletion began.
    pub deleted: Option<Timestamp>,
    /// When the present status became terminal; `None` while work goes on.
    pub ended: Option<Timestamp>,
    /// Oldest first.
    pub events: Vec<StackEvent>,
    /// By logical id.
    pub resources: BTreeMap<String, Resource>,
    /// Unmasked values by parameter, for `UsePreviousValue` and `Ref`.
    pub(super) values: BTreeMap<String, String>,
    /// What happens next; `None` at rest.
    pub(super) work: Option<Box<Work>>,
    /// Export names it uses.
    pub(super) imports: BTreeSet<String>,
    /// Tokens of the requests that made and changed it.
    pub(super) tokens: Vec<String>,
}

impl Stack {
    /// The value of an output.
    pub fn output(&self, key: &str) -> Option<&str> {
        self.outputs
            .iter()
            .find(|output| output.key == key)
            .map(|output| output.value.as_str())
    }

    /// Adds a line to the history; `resource` is `None` for the stack's own.
    pub(super) fn record(&mut self, at: Timestamp, resource: Option<&Resource>) {
        let (logical_id, physical_id, kind, status, reason) = match resource {
            Some(resource) => (
                resource.logical_id.clone(),
                resource.physical_id.clone(),
                resource.kind.clone(),
                resource.status.clone(),
                resource.reason.clone(),
            ),
            None => (
                self.name.clone(),
                self.id.clone(),
                "AWS::CloudFormation::Stack".to_owned(),
                self.status.as_str().to_owned(),
                self.status_reason.clone(),
            ),
        };
        let number = self.events.len();
        let id = match resource {
            Some(_) => format!("{logical_id}-{status}-{number:05}"),
            None => derive::uuid(&format!("{}/{number}", self.id)),
        };
        self.events.push(StackEvent {
            id,
            logical_id,
            physical_id,
            kind,
            status,
            reason,
            time: at,
        });
    }
}
