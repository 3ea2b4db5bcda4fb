//! Stack sets: one template with its values, and a stack made of it in each of several accounts and regions.
//!
//! Only Service Catalog makes and changes them here. What an operation does in other accounts and regions is done by
//! `world`, which alone sees them all; `operation` says what is next.

mod change;
mod operation;

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::node::Node;
use super::stack::{Param, StackParam};
use crate::emulator::keep;

pub use change::NO_INSTANCE;
pub use operation::{Action, Amount, Operation, OperationStatus, Preferences, Row, RowStatus};

/// How many operations of one set are kept to be read.
pub(super) const MAX_OPERATIONS: usize = 100;

/// What `CreateStackSet` is given.
#[derive(Debug, Clone, Default)]
pub struct NewSet {
    /// Unique among the living.
    pub name: String,
    /// The template's bytes.
    pub template: Bytes,
    /// Values of its parameters.
    pub parameters: Vec<Param>,
    /// Of the set, and of the stacks that are made of it.
    pub tags: Vec<(String, String)>,
    /// What the caller acknowledged.
    pub capabilities: Vec<String>,
    /// The role in the set's own account that takes on those of the others.
    pub admin_role: Option<String>,
    /// The name of the role in each account that makes the stacks.
    pub execution_role: Option<String>,
    /// Rules that must hold beside the template's own: those of TEMPLATE constraints.
    pub rules: Vec<(String, Node)>,
}

/// Where an operation works, and how.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// In these accounts.
    pub accounts: Vec<String>,
    /// In these regions, one after the other.
    pub regions: Vec<String>,
    /// How many may fail, and how many are worked on at once.
    pub preferences: Preferences,
}

/// A stack set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StackSet {
    /// Its name.
    pub name: String,
    /// `arn:aws:cloudformation:<region>:<account>:stackset/<name>:<uuid>`.
    pub arn: String,
    /// It was deleted.
    pub deleted: bool,
    /// The template's bytes.
    #[serde(with = "keep::bytes")]
    pub template: Bytes,
    /// The template's description.
    pub description: Option<String>,
    /// In the template's order, masked where they must be.
    pub parameters: Vec<StackParam>,
    /// As given.
    pub tags: Vec<(String, String)>,
    /// As given.
    pub capabilities: Vec<String>,
    /// As given.
    pub admin_role: Option<String>,
    /// As given.
    pub execution_role: Option<String>,
    /// In the order in which they were made.
    pub instances: Vec<Instance>,
    /// Oldest first.
    pub operations: Vec<Operation>,
    /// Unmasked values by parameter.
    pub(super) values: BTreeMap<String, String>,
}

/// A stack of a set, or the place of one that could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Whose the stack is.
    pub account: String,
    /// Where it is.
    pub region: String,
    /// Its ARN, once there is one.
    pub stack: Option<String>,
    /// Against its set.
    pub status: InstanceStatus,
    /// How the last operation on it stands.
    pub detail: RowStatus,
    /// Why it is not as its set.
    pub reason: Option<String>,
    /// The last operation on it.
    pub operation: String,
}

/// Whether an instance is as its set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "CloudFormation's own names")]
pub enum InstanceStatus {
    Current,
    Outdated,
    Inoperable,
}

impl InstanceStatus {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "CURRENT",
            Self::Outdated => "OUTDATED",
            Self::Inoperable => "INOPERABLE",
        }
    }
}

impl StackSet {
    /// `<name>:<uuid>`, which is what the API calls its id.
    pub fn id(&self) -> &str {
        self.arn.split_once("stackset/").map_or("", |(_, id)| id)
    }

    /// What an account and region has of it.
    pub fn instance(&self, account: &str, region: &str) -> Option<&Instance> {
        let mut all = self.instances.iter();
        all.find(|instance| instance.account == account && instance.region == region)
    }

    fn instance_mut(&mut self, account: &str, region: &str) -> Option<&mut Instance> {
        let mut all = self.instances.iter_mut();
        all.find(|instance| instance.account == account && instance.region == region)
    }

    /// An operation by its id.
    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// The operation that goes on.
    pub fn at_work(&self) -> Option<&Operation> {
        let last = self.operations.last();
        last.filter(|operation| operation.ended.is_none())
    }

    /// The values of its parameters, as each stack of it is given them.
    pub(in crate::emulator) fn given(&self) -> Vec<Param> {
        let values = self.values.iter();
        values.map(|(key, value)| Param::text(key, value)).collect()
    }

    /// Says how it went in an account and region.
    pub(in crate::emulator) fn settle_row(
        &mut self,
        row: usize,
        outcome: Result<(), String>,
        stack: Option<String>,
    ) {
        let Some(operation) = self.operations.last_mut() else {
            return;
        };
        let action = operation.action;
        let Some(row) = operation.rows.get_mut(row) else {
            return;
        };
        let (account, region) = (row.account.clone(), row.region.clone());
        row.status = match &outcome {
            Ok(()) => RowStatus::Succeeded,
            Err(_) => RowStatus::Failed,
        };
        row.reason = outcome.as_ref().err().cloned();
        if let (Ok(()), Action::Delete) = (&outcome, action) {
            self.instances
                .retain(|other| other.account != account || other.region != region);
            return;
        }
        let Some(instance) = self.instance_mut(&account, &region) else {
            return;
        };
        instance.stack = stack;
        (instance.status, instance.detail, instance.reason) = match (outcome, action) {
            (Ok(()), _) => (InstanceStatus::Current, RowStatus::Succeeded, None),
            (Err(reason), Action::Delete) => {
                (InstanceStatus::Inoperable, RowStatus::Failed, Some(reason))
            }
            (Err(reason), Action::Create | Action::Update) => {
                (InstanceStatus::Outdated, RowStatus::Failed, Some(reason))
            }
        };
    }

    /// Says that the work in an account and region has begun.
    pub(in crate::emulator) fn begin_row(
        &mut self,
        row: usize,
        at: Timestamp,
        stack: Option<String>,
    ) {
        let rows = self.operations.last_mut().map(|last| &mut last.rows);
        let Some(row) = rows.and_then(|rows| rows.get_mut(row)) else {
            return;
        };
        row.status = RowStatus::Running;
        row.asked = at;
        let (account, region) = (row.account.clone(), row.region.clone());
        if let Some(instance) = self.instance_mut(&account, &region) {
            instance.detail = RowStatus::Running;
            instance.stack = stack.or(instance.stack.take());
        }
    }

    /// Gives up what is not begun where too much has failed, and ends the operation once nothing is left of it. Returns
    /// the rows that are to be begun now.
    pub(in crate::emulator) fn next_rows(&mut self, at: Timestamp) -> Vec<usize> {
        let Some(operation) = self.operations.last_mut() else {
            return Vec::new();
        };
        let given_up = operation.give_up();
        let next = operation.next();
        if next.is_empty() && operation.is_through() {
            operation.end(at);
            self.deleted |= operation.closes && operation.status == OperationStatus::Succeeded;
        }
        for (account, region) in given_up {
            if let Some(instance) = self.instance_mut(&account, &region) {
                instance.detail = RowStatus::Cancelled;
                instance.reason = Some(operation::CANCELLED.to_owned());
            }
        }
        next
    }
}
