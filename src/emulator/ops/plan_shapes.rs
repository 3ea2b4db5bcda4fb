//! What answers about plans look like (facts §9.12).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::emulator::cfn::change_set::{Action, Aspect, Detail, ResourceChange};
use crate::emulator::state::{Catalog, Record, RecordStatus};
use crate::emulator::state::{Outcome, Plan, PlanParameter};
use crate::emulator::wire;

/// `ResourceChange`. Additions and removals have no Replacement, and empty lists.
pub(super) fn resource_change(change: &ResourceChange) -> Value {
    let replacement = match (change.action, change.replacement) {
        (Action::Add | Action::Remove, _) => None,
        (Action::Modify, true) => Some("TRUE"),
        (Action::Modify, false) => Some("FALSE"),
    };
    let action = match change.action {
        Action::Add => "ADD",
        Action::Modify => "MODIFY",
        Action::Remove => "REMOVE",
    };
    json!({
        "Action": action,
        "Details": change.details.iter().map(detail).collect::<Value>(),
        "LogicalResourceId": change.logical_id,
        "PhysicalResourceId": change.physical_id,
        "Replacement": replacement,
        "ResourceType": change.kind,
        "Scope": change.scope().into_iter().map(aspect).collect::<Value>(),
    })
}

/// RequiresRecreation belongs to properties; of tags CloudFormation says NEVER.
fn detail(detail: &Detail) -> Value {
    let recreation = match (detail.aspect, detail.recreates) {
        (Aspect::Properties, true) => Some("ALWAYS"),
        (Aspect::Properties | Aspect::Tags, _) => Some("NEVER"),
        (Aspect::Metadata | Aspect::DeletionPolicy, _) => None,
    };
    json!({
        "CausingEntity": detail.cause,
        "Evaluation": if detail.dynamic { "DYNAMIC" } else { "STATIC" },
        "Target": {
            "Attribute": aspect(detail.aspect),
            "Name": detail.property,
            "RequiresRecreation": recreation,
        },
    })
}

fn aspect(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Properties => "PROPERTIES",
        Aspect::Metadata => "METADATA",
        Aspect::DeletionPolicy => "DELETIONPOLICY",
        Aspect::Tags => "TAGS",
    }
}

/// `ProvisioningParameters` of a plan; absent when none were sent, as in the transcript.
pub(super) fn parameters(sent: &[PlanParameter]) -> Value {
    if sent.is_empty() {
        return Value::Null;
    }
    sent.iter()
        .map(|parameter| {
            json!({
                "Key": parameter.key,
                "UsePreviousValue": parameter.previous,
                "Value": parameter.value,
            })
        })
        .collect()
}

/// `ProvisionedProductPlanSummary`.
pub(super) fn summary(plan: &Plan) -> Value {
    json!({
        "PlanId": plan.id,
        "PlanName": plan.name,
        "PlanType": "CLOUDFORMATION",
        "ProvisionProductId": plan.provisioned,
        "ProvisionProductName": plan.provisioned_name,
        "ProvisioningArtifactId": plan.version,
    })
}

/// Status and StatusMessage of a plan that is or was executed.
fn executed(record: &Record) -> (&'static str, Option<String>) {
    match record.status {
        RecordStatus::Created | RecordStatus::InProgress | RecordStatus::InProgressInError => {
            ("EXECUTE_IN_PROGRESS", None)
        }
        RecordStatus::Succeeded => ("EXECUTE_SUCCESS", None),
        RecordStatus::Failed => {
            let said = record.errors.first().map(|(_, said)| said.clone());
            ("EXECUTE_FAILED", said)
        }
    }
}

/// How a plan stands: its making is a matter of time, its execution is its record's.
pub(super) struct State {
    pub(super) status: &'static str,
    pub(super) message: Option<String>,
    pub(super) updated: Timestamp,
}

impl State {
    pub(super) fn of(plan: &Plan, catalog: &Catalog, at: Timestamp) -> Self {
        let made = |status, message: Option<&String>| Self {
            status,
            message: message.cloned(),
            updated: wire::whole_millis(plan.ends),
        };
        if at < plan.ends {
            return Self {
                status: "CREATE_IN_PROGRESS",
                message: None,
                updated: plan.created,
            };
        }
        let record = plan.record.as_ref().and_then(|id| catalog.records.get(id));
        match (&plan.outcome, record) {
            (Outcome::Failed(text), _) => made("CREATE_FAILED", Some(text)),
            (Outcome::Planned(_), None) => made("CREATE_SUCCESS", None),
            (Outcome::Planned(_), Some(record)) => {
                let (status, message) = executed(record);
                Self {
                    status,
                    message,
                    updated: record.updated,
                }
            }
        }
    }
}
