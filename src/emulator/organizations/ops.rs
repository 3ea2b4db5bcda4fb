//! The operations of Organizations. Only shapes and codes are from its model: the words of its refusals that no user
//! printed are guesses, and so is that one page has all there is unless MaxResults says less.

use serde_json::{Map, Value, json};

use super::{Organization, Organizations, change, look};
use crate::emulator::api::{ApiError, Ctx};
use crate::emulator::{ids, wire};

/// Answers one call.
///
/// # Errors
/// The service's refusals; `NotImplemented` for what is not here.
pub(in crate::emulator) fn handle(
    all: &mut Organizations,
    ctx: &mut Ctx<'_>,
    operation: &str,
    body: &[u8],
) -> Result<Value, ApiError> {
    let members = wire::read(body)?;
    let input = Input(&members);
    let caller = ctx.caller.account.clone();
    match operation {
        "CreateOrganization" => change::create(all, ctx, input),
        "DescribeOrganization" => {
            let organization = all.of(&caller).ok_or_else(outside)?;
            Ok(json!({ "Organization": organization.shown() }))
        }
        "CreateAccount" => change::create_account(managed(all, &caller)?, ctx, input),
        "DescribeCreateAccountStatus" => {
            let id = input.need("CreateAccountRequestId")?;
            let request = read(all, &caller)?.requests.get(id).ok_or_else(|| {
                ApiError::new(
                    "CreateAccountStatusNotFoundException",
                    "You specified a create account request that doesn't exist.",
                )
            })?;
            Ok(json!({ "CreateAccountStatus": request.shown(id, ctx.now) }))
        }
        "CreateOrganizationalUnit" => change::create_unit(managed(all, &caller)?, ctx, input),
        "MoveAccount" => change::move_account(managed(all, &caller)?, input),
        "RemoveAccountFromOrganization" => change::remove_account(managed(all, &caller)?, input),
        "RegisterDelegatedAdministrator" => {
            change::register(managed(all, &caller)?, ctx.now, input)
        }
        "DeregisterDelegatedAdministrator" => change::deregister(managed(all, &caller)?, input),
        _ => look::look(read(all, &caller)?, operation, input),
    }
}

/// The organization of a caller who may change it.
fn managed<'a>(all: &'a mut Organizations, caller: &str) -> Result<&'a mut Organization, ApiError> {
    let organization = all.of_mut(caller).ok_or_else(outside)?;
    if organization.management == caller {
        Ok(organization)
    } else {
        Err(denied())
    }
}

/// The organization of a caller who may look at it: its management account, and who is delegated to.
fn read<'a>(all: &'a Organizations, caller: &str) -> Result<&'a Organization, ApiError> {
    let organization = all.of(caller).ok_or_else(outside)?;
    if organization.management == caller || organization.delegated.contains_key(caller) {
        Ok(organization)
    } else {
        Err(denied())
    }
}

pub(super) fn parent_is<'a>(organization: &Organization, id: &'a str) -> Result<&'a str, ApiError> {
    if id == organization.root || organization.tree.units.contains_key(id) {
        return Ok(id);
    }
    Err(ApiError::new(
        "ParentNotFoundException",
        "You specified parent that doesn't exist.",
    ))
}

#[derive(Clone, Copy)]
pub(super) struct Input<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Input<'a> {
    pub(super) fn text(self, member: &str) -> Option<&'a str> {
        self.0.get(member)?.as_str()
    }

    pub(super) fn need(self, member: &str) -> Result<&'a str, ApiError> {
        let given = self.text(member).filter(|text| !text.is_empty());
        given.ok_or_else(|| invalid(&format!("You must specify a value for {member}.")))
    }
}

/// So many letters and digits, as ids of organizations have them.
pub(super) fn letters(ctx: &mut Ctx<'_>, length: usize) -> String {
    ids::letters(b"abcdefghijklmnopqrstuvwxyz0123456789", ctx.entropy, length)
}

/// As users of the real one print it.
fn outside() -> ApiError {
    ApiError::new(
        "AWSOrganizationsNotInUseException",
        "Your account is not a member of an organization.",
    )
}

/// As users of the real one print it.
fn denied() -> ApiError {
    ApiError::new(
        "AccessDeniedException",
        "You don't have permissions to access this resource.",
    )
}

pub(super) fn no_account() -> ApiError {
    ApiError::new(
        "AccountNotFoundException",
        "You specified an account that doesn't exist.",
    )
}

pub(super) fn invalid(message: &str) -> ApiError {
    ApiError::new("InvalidInputException", message)
}
