//! Until what a call started has ended.

use std::time::Duration;

use serde_json::{Map, Value, json};

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
    /// A copy, by token.
    Copy(&'a str),
    /// An action on a share with a node of an organization, by token.
    Sharing(&'a str),
    /// Service Catalog's access to the organization.
    Access,
    /// An account, by its request's id.
    Account(&'a str),
    /// A plan, by id.
    Plan(&'a str),
}

/// How it ended.
struct End {
    well: bool,
    said: String,
    /// Members that the answer to the call lacks.
    more: Map<String, Value>,
}

impl End {
    fn new(well: bool, said: impl Into<String>) -> Self {
        Self {
            well,
            said: said.into(),
            more: Map::new(),
        }
    }
}

/// Waits for what the call started, if it did: a stack, record, version, constraint, copy, plan, share or account. Returns what
/// the answer to the call lacks: of a copy, which has only a token, and of an account the members of the last status.
///
/// # Errors
/// How it ended, if not as `fails` says.
pub(super) async fn for_end(
    caller: &Caller<'_>,
    operation: &str,
    input: &Value,
    answer: &Value,
    fails: bool,
) -> Result<Map<String, Value>, String> {
    let work = match operation {
        "CreateStack" | "UpdateStack" => answer["StackId"].as_str().map(Work::Stack),
        "DeleteStack" => input["StackName"].as_str().map(Work::Stack),
        "ProvisionProduct"
        | "UpdateProvisionedProduct"
        | "TerminateProvisionedProduct"
        | "ExecuteProvisionedProductPlan"
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
        "CreateProvisionedProductPlan" => answer["PlanId"].as_str().map(Work::Plan),
        "UpdateProvisionedProductProperties" => answer["RecordId"].as_str().map(Work::Record),
        "CopyProduct" => answer["CopyProductToken"].as_str().map(Work::Copy),
        "CreatePortfolioShare" | "UpdatePortfolioShare" | "DeletePortfolioShare" => {
            answer["PortfolioShareToken"].as_str().map(Work::Sharing)
        }
        "EnableAWSOrganizationsAccess" | "DisableAWSOrganizationsAccess" => Some(Work::Access),
        "CreateAccount" => answer["CreateAccountStatus"]["Id"]
            .as_str()
            .map(Work::Account),
        _ => None,
    };
    let Some(work) = work else {
        return Ok(Map::new());
    };
    for _ in 0..MAX_LOOKS {
        if let Some(End { well, said, more }) = look(caller, &work).await? {
            return match (well, fails) {
                (true, true) => Err(format!("it should fail, and ended in {said}")),
                (false, false) => Err(format!("it ended in {said}")),
                _ => Ok(more),
            };
        }
        caller.emulator.clock().sleep(PAUSE).await;
    }
    Err("it did not end".to_owned())
}

/// How it ended; `None` while it goes on.
async fn look(caller: &Caller<'_>, work: &Work<'_>) -> Result<Option<End>, String> {
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
                    return Ok(Some(End::new(true, "DELETE_COMPLETE")));
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
            Ok(Some(End::new(well, format!("{status} {reason}").trim())))
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
                "SUCCEEDED" => Ok(Some(End::new(true, status))),
                "FAILED" => Ok(Some(End::new(
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
        Work::Plan(id) => {
            let asked = json!({ "PlanId": id });
            let answer = caller
                .ask(
                    Service::ServiceCatalog,
                    "DescribeProvisionedProductPlan",
                    &asked,
                )
                .await?;
            let details = &answer["ProvisionedProductPlanDetails"];
            let status = details["Status"].as_str().unwrap_or_default();
            let detail = details["StatusMessage"].as_str().unwrap_or_default();
            let said = format!("{status} {detail}");
            let end = End::new(status == "CREATE_SUCCESS", said.trim());
            Ok((status != "CREATE_IN_PROGRESS").then_some(end))
        }
        Work::Constraint(id) => made(caller, "DescribeConstraint", &json!({ "Id": id })).await,
        Work::Copy(token) => {
            let asked = json!({ "CopyProductToken": token });
            let answer = caller
                .ask(Service::ServiceCatalog, "DescribeCopyProductStatus", &asked)
                .await?;
            let status = answer["CopyProductStatus"].as_str().unwrap_or_default();
            if status == "IN_PROGRESS" {
                return Ok(None);
            }
            let detail = answer["StatusDetail"].as_str().unwrap_or_default();
            let said = format!("{status} {detail}");
            let mut end = End::new(status == "SUCCEEDED", said.trim());
            end.more = answer.as_object().cloned().unwrap_or_default();
            Ok(Some(end))
        }
        Work::Sharing(token) => {
            let asked = json!({ "PortfolioShareToken": token });
            let answer = caller
                .ask(
                    Service::ServiceCatalog,
                    "DescribePortfolioShareStatus",
                    &asked,
                )
                .await?;
            let status = answer["Status"].as_str().unwrap_or_default();
            Ok(match status {
                "NOT_STARTED" | "IN_PROGRESS" => None,
                "COMPLETED" => Some(End::new(true, status)),
                _ => Some(End::new(
                    false,
                    format!("{status} {}", answer["ShareDetails"]),
                )),
            })
        }
        Work::Access => {
            let answer = caller
                .ask(
                    Service::ServiceCatalog,
                    "GetAWSOrganizationsAccessStatus",
                    &json!({}),
                )
                .await?;
            let status = answer["AccessStatus"].as_str().unwrap_or_default();
            Ok((status != "UNDER_CHANGE").then(|| End::new(true, status)))
        }
        Work::Account(id) => {
            let asked = json!({ "CreateAccountRequestId": id });
            let answer = caller
                .ask(
                    Service::Organizations,
                    "DescribeCreateAccountStatus",
                    &asked,
                )
                .await?;
            let state = answer["CreateAccountStatus"]["State"].as_str();
            let state = state.unwrap_or_default();
            if state == "IN_PROGRESS" {
                return Ok(None);
            }
            let mut end = End::new(state == "SUCCEEDED", state);
            end.more = answer.as_object().cloned().unwrap_or_default();
            Ok(Some(end))
        }
    }
}

/// How the making of a version or constraint ended.
async fn made(caller: &Caller<'_>, operation: &str, input: &Value) -> Result<Option<End>, String> {
    let answer = caller
        .ask(Service::ServiceCatalog, operation, input)
        .await?;
    let status = answer["Status"].as_str().unwrap_or_default();
    Ok((status != "CREATING").then(|| End::new(status != "FAILED", status)))
}
