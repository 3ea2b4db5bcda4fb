//! Provisioned products, their records, and the work on them.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::emulator::cfn::Output;

/// A provisioned product.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator) struct Provisioned {
    pub(in crate::emulator) id: String,
    pub(in crate::emulator) name: String,
    pub(in crate::emulator) arn: String,
    pub(in crate::emulator) created: Timestamp,
    pub(in crate::emulator) status: Status,
    pub(in crate::emulator) message: Option<String>,
    /// The ProvisionToken of the launch; that an update leaves it is a guess (facts §4).
    pub(in crate::emulator) token: String,
    pub(in crate::emulator) product: String,
    pub(in crate::emulator) product_name: String,
    pub(in crate::emulator) version: String,
    pub(in crate::emulator) version_name: Option<String>,
    pub(in crate::emulator) launch_role: Option<String>,
    /// The launch role was set by UpdateProvisionedProductProperties, over what constraints say.
    pub(in crate::emulator) own_role: bool,
    /// Principals that owned it once and do no more.
    pub(in crate::emulator) former: Vec<String>,
    /// It is a stack set.
    #[serde(default)]
    pub(in crate::emulator) set: bool,
    /// The stack's or the stack set's ARN, once there is one.
    pub(in crate::emulator) stack: Option<String>,
    /// The caller's own tags.
    pub(in crate::emulator) own_tags: Vec<(String, String)>,
    /// All tags, the AutoTags among them.
    pub(in crate::emulator) tags: Vec<(String, String)>,
    /// The principal that launched it.
    pub(in crate::emulator) user: String,
    /// That principal's session.
    pub(in crate::emulator) session: String,
    /// Absent for an import, whose request names none.
    pub(in crate::emulator) path: Option<String>,
    /// Absent while there is only a plan.
    pub(in crate::emulator) last_record: Option<String>,
    pub(in crate::emulator) last_provisioning: Option<String>,
    pub(in crate::emulator) last_success: Option<String>,
}

/// What a launch or an update makes of a provisioned product, beside what its record says.
#[derive(Debug, Clone)]
pub(in crate::emulator) struct Content {
    pub(in crate::emulator) product_name: String,
    pub(in crate::emulator) version_name: Option<String>,
    pub(in crate::emulator) own_tags: Vec<(String, String)>,
    pub(in crate::emulator) tags: Vec<(String, String)>,
}

impl Provisioned {
    /// Work on it begins, of which the record tells.
    pub(in crate::emulator) fn begin(&mut self, record: &Record) {
        self.status = Status::UnderChange;
        self.message = None;
        self.last_record = Some(record.id.clone());
        self.last_provisioning = Some(record.id.clone());
    }

    /// A launch that was planned or an update begins. From here on what it attempts is shown, also if the attempt fails
    /// (facts §12; a guess). IdempotencyToken stays the launch's: what an update makes of it was not recorded (a guess).
    pub(in crate::emulator) fn attempt(&mut self, record: &Record, content: Content) {
        self.begin(record);
        self.product.clone_from(&record.product);
        self.version.clone_from(&record.version);
        self.launch_role.clone_from(&record.launch_role);
        self.path.clone_from(&record.path);
        self.product_name = content.product_name;
        self.version_name = content.version_name;
        self.own_tags = content.own_tags;
        self.tags = content.tags;
    }
}

/// The state of a provisioned product (facts §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) enum Status {
    Available,
    UnderChange,
    Tainted,
    Error,
    PlanInProgress,
}

impl Status {
    pub(in crate::emulator) fn as_str(self) -> &'static str {
        match self {
            Self::Available => "AVAILABLE",
            Self::UnderChange => "UNDER_CHANGE",
            Self::Tainted => "TAINTED",
            Self::Error => "ERROR",
            Self::PlanInProgress => "PLAN_IN_PROGRESS",
        }
    }
}

/// What happened to a provisioned product at a time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator) struct Record {
    pub(in crate::emulator) id: String,
    /// `PROVISION_PRODUCT` and so on.
    pub(in crate::emulator) kind: Cow<'static, str>,
    /// What it is about is a stack set.
    #[serde(default)]
    pub(in crate::emulator) set: bool,
    pub(in crate::emulator) status: RecordStatus,
    pub(in crate::emulator) created: Timestamp,
    pub(in crate::emulator) updated: Timestamp,
    pub(in crate::emulator) provisioned: String,
    pub(in crate::emulator) provisioned_name: String,
    pub(in crate::emulator) product: String,
    pub(in crate::emulator) version: String,
    pub(in crate::emulator) path: Option<String>,
    pub(in crate::emulator) launch_role: Option<String>,
    pub(in crate::emulator) tags: Vec<(String, String)>,
    pub(in crate::emulator) errors: Vec<(String, String)>,
    pub(in crate::emulator) outputs: Vec<Output>,
    pub(in crate::emulator) user: String,
    pub(in crate::emulator) session: String,
}

/// The state of a record (facts §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) enum RecordStatus {
    Created,
    InProgress,
    InProgressInError,
    Succeeded,
    Failed,
}

impl RecordStatus {
    pub(in crate::emulator) fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::InProgress => "IN_PROGRESS",
            Self::InProgressInError => "IN_PROGRESS_IN_ERROR",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }
}

/// Work on a provisioned product that has not ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator) struct Change {
    pub(in crate::emulator) provisioned: String,
    pub(in crate::emulator) record: String,
    pub(in crate::emulator) kind: ChangeKind,
    pub(in crate::emulator) work: Work,
    /// When it was asked for.
    pub(in crate::emulator) asked: Timestamp,
    /// When the record leaves CREATED.
    pub(in crate::emulator) starts: Timestamp,
    /// From the stack's end to the record's.
    pub(in crate::emulator) tail: std::time::Duration,
    /// TerminateToken, which holds only while this goes on (facts §4).
    pub(in crate::emulator) token: Option<String>,
    /// The tags that the record shows once it has left CREATED (facts §9.3).
    pub(in crate::emulator) tags: Vec<(String, String)>,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) enum ChangeKind {
    Provision,
    Import,
    Update,
    /// Of its owner or launch role: the stack has no part in it.
    Properties,
    Terminate {
        ignore_errors: bool,
    },
}

/// How far it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator) enum Work {
    /// The stack does it.
    Stack(String),
    /// An operation on a stack set does it.
    Set { set: String, operation: String },
    /// CloudFormation refused, or an import fails: the text that StatusMessage will show.
    Refused(String),
    /// There is nothing to do but end well.
    Nothing,
}
