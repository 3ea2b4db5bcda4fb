//! UpdateProvisionedProductProperties: another owner or another launch role (facts §9.3).

use std::sync::Arc;

use serde_json::{Value, json};

use super::input::IdOrName;
use super::provision::begin;
use super::record::Subject;
use super::{Call, Operation, bad_state, invalid, provisioned, record};
use crate::emulator::api::ApiError;
use crate::emulator::state::{ChangeKind, Status, Work};

pub(super) const OPERATIONS: &[Operation] =
    &[Operation::write("UpdateProvisionedProductProperties", update)
        .with_token("IdempotencyToken")
        .within(
            "whole; a former owner no longer sees the provisioned product nor its records, unless he made the change \
             himself (then he is an administrator); AccessLevelFilter goes by the new owner",
        )
        .guesses(&[
            ("its RecordType", "UPDATE_PROVISIONED_PRODUCT_PROPERTIES"),
            ("when the properties change", "at once; the record ends later"),
            ("its record's tags and outputs", "none"),
            ("in UNDER_CHANGE or PLAN_IN_PROGRESS", "InvalidStateException"),
            ("UserArn of an assumed-role ARN", "the role of that name, without a path"),
            (
                "constraints after LAUNCH_ROLE",
                "they no longer say the launch role of later updates",
            ),
            ("whether roles and users are of the account", "other accounts are refused"),
        ])];

fn update(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let id = input.need("ProvisionedProductId")?;
    let present = provisioned::find_own(call, call.newest(), IdOrName::Id(id))?;
    let present = Arc::clone(present);
    // That its state matters is modelled (InvalidStateException), which state is a guess.
    if matches!(present.status, Status::UnderChange | Status::PlanInProgress) {
        return Err(bad_state(provisioned::busy_text(&present)));
    }
    let properties = input.object("ProvisionedProductProperties");
    let asked = |key: &str| properties.and_then(|properties| properties.text(key));
    let owner = match asked("OWNER") {
        Some(arn) => Some(
            principal(arn, call.account())
                .ok_or_else(|| invalid(format!("Invalid OWNER: {arn}")))?,
        ),
        None => None,
    };
    let role = asked("LAUNCH_ROLE");
    if let Some(arn) = role
        && !is_of(arn, "iam", call.account(), "role/")
    {
        return Err(invalid(format!("Invalid LAUNCH_ROLE: {arn}")));
    }
    let caller = call.ctx.caller.clone();
    let mut about = Subject::of(&present);
    if let Some(arn) = role {
        about.launch_role = Some(arn.to_owned());
    }
    // No source names the type (a guess).
    let record = record::open(call, "UPDATE_PROVISIONED_PRODUCT_PROPERTIES", about);
    let answer = json!({
        "ProvisionedProductId": present.id,
        "ProvisionedProductProperties": properties.map(|properties| properties.members()),
        "RecordId": record.id,
        "Status": record.status.as_str(),
    });
    if let Some(row) = call.edit().provisioned.edit(id) {
        row.last_record = Some(record.id.clone());
        if let Some((user, session)) = owner {
            let former = std::mem::replace(&mut row.user, user);
            row.session = session;
            if former != caller.principal {
                row.former.push(former);
            }
            let own = row.user.clone();
            row.former.retain(|one| *one != own);
        }
        if let Some(arn) = role {
            row.launch_role = Some(arn.to_owned());
            row.own_role = true;
        }
    }
    let (kind, work) = (ChangeKind::Properties, Work::Nothing);
    begin(call, record, kind, work, Vec::new(), None);
    Ok(answer)
}

/// The principal and the session that an owner's ARN means: of a user, a role or an assumed role of this account.
fn principal(arn: &str, account: &str) -> Option<(String, String)> {
    if is_of(arn, "iam", account, "user/") || is_of(arn, "iam", account, "role/") {
        return Some((arn.to_owned(), arn.to_owned()));
    }
    if !is_of(arn, "sts", account, "assumed-role/") {
        return None;
    }
    let role = arn.split('/').nth(1).filter(|role| !role.is_empty())?;
    let session = arn.split('/').nth(2).filter(|session| !session.is_empty());
    // The path of the role is not in it (a guess).
    session.map(|_| {
        (
            format!("arn:aws:iam::{account}:role/{role}"),
            arn.to_owned(),
        )
    })
}

fn is_of(arn: &str, service: &str, account: &str, what: &str) -> bool {
    let rest = arn.strip_prefix(&format!("arn:aws:{service}::{account}:{what}"));
    rest.is_some_and(|rest| !rest.is_empty())
}
