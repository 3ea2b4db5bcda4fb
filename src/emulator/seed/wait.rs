//! Until what a call started has ended.

use std::time::Duration;

use serde_json::{Value, json};

use super::call::Caller;
use crate::emulator::route::Service;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// Looks before a seed gives up: twelve hours, the longest that a stack may wait.
const MAX_LOOKS: u32 = 43_200;

/// What is waited for.
enum Work<'a> {
    /// A stack, by id or name.
    Stack(&'a str),
    /// A record, by id.
    Record(&'a str),
    /// A version, by its product's id and its own.
    Version(&'a str, &'a str),
    /// A constraint, by id.
    Constraint(&'a str),
}

/// Waits for the stack, record, version or constraint that the call started, if it did.
///
/// # Errors
/// How it ended, if not as `fails` says.
pub(super) async fn for_end(
    caller: &Caller<'_>,
    operation: &str,
    input: &Value,
    answer: &Value,
    fails: bool,
) -> Result<(), String> {
    let work = match operation {
        "CreateStack" | "UpdateStack" => answer["StackId"].as_str().map(Work::Stack),
        "DeleteStack" => input["StackName"].as_str().map(Work::Stack),
        "ProvisionProduct"
        | "UpdateProvisionedProduct"
        | "TerminateProvisionedProduct"
        | "ImportAsProvisionedProduct" => answer["RecordDetail"]["RecordId"]
            .as_str()
            .map(Work::Record),
        // A version that is CREATING cannot be launched by the next call.
        "CreateProduct" | "CreateProvisioningArtifact" => {
            let summary = &answer["ProductViewDetail"]["ProductViewSummary"];
            let product = summary["ProductId"]
                .as_str()
                .or_else(|| input["ProductId"].as_str());
            let version = answer["ProvisioningArtifactDetail"]["Id"].as_str();
            product
                .zip(version)
                .map(|(product, version)| Work::Version(product, version))
        }
        "CreateConstraint" | "UpdateConstraint" => answer["ConstraintDetail"]["ConstraintId"]
            .as_str()
            .map(Work::Constraint),
        _ => None,
    };
    let Some(work) = work else { return Ok(()) };
    for _ in 0..MAX_LOOKS {
        if let Some((well, text)) = look(caller, &work).await? {
            return match (well, fails) {
                (true, true) => Err(format!("it should fail, and ended in {text}")),
                (false, false) => Err(format!("it ended in {text}")),
                _ => Ok(()),
            };
        }
        caller.emulator.clock().sleep(PAUSE).await;
    }
    Err("it did not end".to_owned())
}

/// Whether it ended well, and its words; `None` while it goes on.
async fn look(caller: &Caller<'_>, work: &Work<'_>) -> Result<Option<(bool, String)>, String> {
    match work {
        Work::Stack(name) => {
            let answer = caller
                .ask(
                    Service::CloudFormation,
                    "DescribeStacks",
                    &json!({ "StackName": name }),
                )
                .await;
            let answer = match answer {
                // A name without a stack: it has been deleted.
                Err(refusal) if refusal.contains("does not exist") => {
                    return Ok(Some((true, "DELETE_COMPLETE".to_owned())));
                }
                other => other?,
            };
            let stack = &answer["Stacks"][0];
            let status = stack["StackStatus"].as_str().unwrap_or_default();
            if status.ends_with("_IN_PROGRESS") {
                return Ok(None);
            }
            let well = status.ends_with("_COMPLETE") && !status.contains("ROLLBACK");
            let reason = stack["StackStatusReason"].as_str().unwrap_or_default();
            Ok(Some((well, format!("{status} {reason}").trim().to_owned())))
        }
        Work::Record(id) => {
            let answer = caller
                .ask(
                    Service::ServiceCatalog,
                    "DescribeRecord",
                    &json!({ "Id": id }),
                )
                .await?;
            let record = &answer["RecordDetail"];
            let status = record["Status"].as_str().unwrap_or_default();
            match status {
                "SUCCEEDED" => Ok(Some((true, status.to_owned()))),
                "FAILED" => Ok(Some((
                    false,
                    format!("{status} {}", record["RecordErrors"]),
                ))),
                _ => Ok(None),
            }
        }
        Work::Version(product, version) => {
            let ids = json!({"ProductId": product, "ProvisioningArtifactId": version});
            made(caller, "DescribeProvisioningArtifact", &ids).await
        }
        Work::Constraint(id) => made(caller, "DescribeConstraint", &json!({ "Id": id })).await,
    }
}

/// How the making of a version or constraint ended.
async fn made(
    caller: &Caller<'_>,
    operation: &str,
    input: &Value,
) -> Result<Option<(bool, String)>, String> {
    let answer = caller
        .ask(Service::ServiceCatalog, operation, input)
        .await?;
    let status = answer["Status"].as_str().unwrap_or_default();
    Ok((status != "CREATING").then(|| (status != "FAILED", status.to_owned())))
}
