//! The operations of Organizations. Only shapes and codes are from its model: the words of its refusals that no user
//! printed are guesses, and so is that one page has all there is unless MaxResults says less.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Access, Member, Organization, Organizations, Request, Tree, Unit};
use crate::emulator::api::{ApiError, Ctx};
use crate::emulator::wire;

/// The most items of a page (the model's MaxResults).
const PAGE: usize = 20;
/// How deep units nest: a published quota.
const DEPTH: usize = 5;

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
        "CreateOrganization" => create(all, ctx, input),
        "DescribeOrganization" => {
            let organization = all.of(&caller).ok_or_else(outside)?;
            Ok(json!({ "Organization": organization.shown() }))
        }
        "CreateAccount" => create_account(managed(all, &caller)?, ctx, input),
        "DescribeCreateAccountStatus" => {
            let id = input.need("CreateAccountRequestId")?;
            let request = read(all, &caller)?.requests.get(id).ok_or_else(|| {
                refused(
                    "CreateAccountStatusNotFoundException",
                    "You specified a create account request that doesn't exist.",
                )
            })?;
            Ok(json!({ "CreateAccountStatus": request.shown(id, ctx.now) }))
        }
        "CreateOrganizationalUnit" => create_unit(managed(all, &caller)?, ctx, input),
        "MoveAccount" => move_account(managed(all, &caller)?, input),
        "RemoveAccountFromOrganization" => remove_account(managed(all, &caller)?, input),
        "RegisterDelegatedAdministrator" => register(managed(all, &caller)?, ctx.now, input),
        "DeregisterDelegatedAdministrator" => deregister(managed(all, &caller)?, input),
        _ => look(read(all, &caller)?, operation, input),
    }
}

fn create(all: &mut Organizations, ctx: &mut Ctx<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    if input.text("FeatureSet") == Some("CONSOLIDATED_BILLING") {
        return Err(unsupported("FeatureSet CONSOLIDATED_BILLING"));
    }
    let account = ctx.caller.account.clone();
    if all.of(&account).is_some() {
        return Err(refused(
            "AlreadyInOrganizationException",
            "The AWS account is already a member of an organization.",
        ));
    }
    let root = format!("r-{}", letters(ctx, 4));
    let management = Member {
        name: "management".to_owned(),
        email: format!("{account}@example.com"),
        parent: root.clone(),
        joined: wire::whole_millis(ctx.now),
        created: false,
    };
    let organization = Organization {
        id: format!("o-{}", letters(ctx, 10)),
        management: account.clone(),
        root,
        tree: Tree {
            units: BTreeMap::new(),
            accounts: BTreeMap::from([(account, management)]),
        },
        known: Tree::default(),
        access: Access {
            on: false,
            since: Timestamp::MIN,
        },
        services: BTreeMap::new(),
        delegated: BTreeMap::new(),
        requests: BTreeMap::new(),
    };
    let answer = json!({ "Organization": organization.shown() });
    all.0.push(organization);
    Ok(answer)
}

fn create_account(
    organization: &mut Organization,
    ctx: &mut Ctx<'_>,
    input: Input<'_>,
) -> Result<Value, ApiError> {
    let (name, email) = (input.need("AccountName")?, input.need("Email")?);
    let id = format!("car-{}", letters(ctx, 32));
    let request = Request {
        account: ctx.new_account(),
        name: name.to_owned(),
        email: email.to_owned(),
        asked: wire::whole_millis(ctx.now),
        ends: ctx.now.checked_add(ctx.timing.sharing).unwrap_or(ctx.now),
    };
    // What is asked for is under way, however fast it is.
    let mut answer = request.shown(&id, Timestamp::MIN);
    answer["State"] = json!("IN_PROGRESS");
    organization.requests.insert(id, request);
    Ok(json!({ "CreateAccountStatus": answer }))
}

fn create_unit(
    organization: &mut Organization,
    ctx: &mut Ctx<'_>,
    input: Input<'_>,
) -> Result<Value, ApiError> {
    let (parent, name) = (input.need("ParentId")?, input.need("Name")?);
    parent_is(organization, parent)?;
    let units = &organization.tree.units;
    if units.values().any(|u| u.parent == parent && u.name == name) {
        return Err(refused(
            "DuplicateOrganizationalUnitException",
            "An OU with the same name already exists.",
        ));
    }
    let (mut depth, mut over) = (1, units.get(parent));
    while let Some(unit) = over {
        depth += 1;
        over = units.get(&unit.parent);
    }
    if depth > DEPTH {
        return Err(refused(
            "ConstraintViolationException",
            "You have exceeded the allowed OU depth.",
        ));
    }
    let root = organization.root.trim_start_matches("r-").to_owned();
    let id = format!("ou-{root}-{}", letters(ctx, 8));
    let unit = Unit {
        name: name.to_owned(),
        parent: parent.to_owned(),
    };
    organization.tree.units.insert(id.clone(), unit);
    organization.follow();
    Ok(json!({ "OrganizationalUnit": organization.unit_shown(&id) }))
}

fn move_account(organization: &mut Organization, input: Input<'_>) -> Result<Value, ApiError> {
    let (from, to) = (
        input.need("SourceParentId")?,
        input.need("DestinationParentId")?,
    );
    let known = |id: &str| id == organization.root || organization.tree.units.contains_key(id);
    let (from_known, to_known) = (known(from), known(to));
    let id = input.need("AccountId")?;
    let member = organization.tree.accounts.get_mut(id);
    let member = member.ok_or_else(no_account)?;
    if !from_known || member.parent != from {
        return Err(refused(
            "SourceParentNotFoundException",
            "You specified a source parent that doesn't exist.",
        ));
    }
    if !to_known {
        return Err(refused(
            "DestinationParentNotFoundException",
            "You specified a destination parent that doesn't exist.",
        ));
    }
    if from == to {
        return Err(refused(
            "DuplicateAccountException",
            "That account is already present in the specified destination.",
        ));
    }
    member.parent = to.to_owned();
    organization.follow();
    Ok(json!({}))
}

fn remove_account(organization: &mut Organization, input: Input<'_>) -> Result<Value, ApiError> {
    let id = input.need("AccountId")?;
    if id == organization.management {
        return Err(refused(
            "MasterCannotLeaveOrganizationException",
            "You can't remove a management account from an organization.",
        ));
    }
    if organization.delegated.contains_key(id) {
        return Err(refused(
            "ConstraintViolationException",
            "You can't remove an account that is a delegated administrator.",
        ));
    }
    let gone = organization.tree.accounts.remove(id);
    gone.ok_or_else(no_account)?;
    organization
        .requests
        .retain(|_, request| request.account != id);
    organization.follow();
    Ok(json!({}))
}

fn register(
    organization: &mut Organization,
    now: Timestamp,
    input: Input<'_>,
) -> Result<Value, ApiError> {
    let (id, service) = (input.need("AccountId")?, input.need("ServicePrincipal")?);
    if !organization.tree.accounts.contains_key(id) {
        return Err(no_account());
    }
    if id == organization.management {
        return Err(refused(
            "ConstraintViolationException",
            "You cannot register the management account as a delegated administrator.",
        ));
    }
    // Service Catalog's access comes first (facts §9.8); of other services nothing is known here.
    if !organization.services.contains_key(service) {
        return Err(refused(
            "ConstraintViolationException",
            "You must enable trusted access for the service before you register a delegated administrator.",
        ));
    }
    let services = organization.delegated.entry(id.to_owned()).or_default();
    if services.contains_key(service) {
        return Err(refused(
            "AccountAlreadyRegisteredException",
            "The specified account is already a delegated administrator for this AWS service.",
        ));
    }
    services.insert(service.to_owned(), wire::whole_millis(now));
    Ok(json!({}))
}

fn deregister(organization: &mut Organization, input: Input<'_>) -> Result<Value, ApiError> {
    let (id, service) = (input.need("AccountId")?, input.need("ServicePrincipal")?);
    let services = organization.delegated.get_mut(id);
    let gone = services.and_then(|services| services.remove(service));
    gone.ok_or_else(|| {
        refused(
            "AccountNotRegisteredException",
            "The specified account is not a delegated administrator for this AWS service.",
        )
    })?;
    organization
        .delegated
        .retain(|_, services| !services.is_empty());
    Ok(json!({}))
}

/// The reads.
fn look(organization: &Organization, operation: &str, input: Input<'_>) -> Result<Value, ApiError> {
    let tree = &organization.tree;
    let accounts = |parent: Option<&str>| {
        let members = tree.accounts.iter();
        members
            .filter(|(_, member)| parent.is_none_or(|parent| member.parent == parent))
            .collect::<Vec<_>>()
    };
    let units = |parent: &str| {
        let units = tree.units.iter();
        units
            .filter(|(_, unit)| unit.parent == parent)
            .map(|(id, _)| id.as_str())
            .collect::<Vec<_>>()
    };
    let shown = |members: Vec<(&String, &Member)>| {
        let members = members.into_iter();
        members
            .map(|(id, member)| organization.account_shown(id, member))
            .collect()
    };
    match operation {
        "ListRoots" => page("Roots", vec![organization.root_shown()], input),
        "ListAccounts" => page("Accounts", shown(accounts(None)), input),
        "ListAccountsForParent" => {
            let parent = parent_is(organization, input.need("ParentId")?)?;
            page("Accounts", shown(accounts(Some(parent))), input)
        }
        "ListOrganizationalUnitsForParent" => {
            let ids = units(parent_is(organization, input.need("ParentId")?)?);
            let ids = ids.into_iter().map(|id| organization.unit_shown(id));
            page("OrganizationalUnits", ids.collect(), input)
        }
        "ListChildren" => {
            let parent = parent_is(organization, input.need("ParentId")?)?;
            let kind = input.need("ChildType")?;
            let ids: Vec<&str> = match kind {
                "ACCOUNT" => {
                    let accounts = accounts(Some(parent)).into_iter();
                    accounts.map(|(id, _)| id.as_str()).collect()
                }
                "ORGANIZATIONAL_UNIT" => units(parent),
                _ => return Err(invalid("You specified an invalid value for ChildType.")),
            };
            let ids = ids.into_iter().map(|id| json!({"Id": id, "Type": kind}));
            page("Children", ids.collect(), input)
        }
        "ListParents" => {
            let id = input.need("ChildId")?;
            let account = tree.accounts.get(id).map(|member| &member.parent);
            let unit = || tree.units.get(id).map(|unit| &unit.parent);
            let parent = account.or_else(unit).ok_or_else(|| {
                refused(
                    "ChildNotFoundException",
                    "You specified a child that doesn't exist.",
                )
            })?;
            let kind = if *parent == organization.root {
                "ROOT"
            } else {
                "ORGANIZATIONAL_UNIT"
            };
            page("Parents", vec![json!({"Id": parent, "Type": kind})], input)
        }
        "DescribeAccount" => {
            let id = input.need("AccountId")?;
            let member = tree.accounts.get(id).ok_or_else(no_account)?;
            Ok(json!({ "Account": organization.account_shown(id, member) }))
        }
        "DescribeOrganizationalUnit" => {
            let id = input.need("OrganizationalUnitId")?;
            if !tree.units.contains_key(id) {
                return Err(refused(
                    "OrganizationalUnitNotFoundException",
                    "You specified an organizational unit that doesn't exist.",
                ));
            }
            Ok(json!({ "OrganizationalUnit": organization.unit_shown(id) }))
        }
        "ListDelegatedAdministrators" => {
            let service = input.text("ServicePrincipal");
            let delegated = organization.delegated.iter();
            let found = delegated.filter_map(|(id, services)| {
                let since = match service {
                    Some(service) => services.get(service),
                    None => services.values().min(),
                };
                let mut shown = organization.account_shown(id, tree.accounts.get(id)?);
                shown["DelegationEnabledDate"] = wire::time(*since?);
                Some(shown)
            });
            page("DelegatedAdministrators", found.collect(), input)
        }
        "ListAWSServiceAccessForOrganization" => {
            let services = organization.services.iter();
            let services = services.map(|(service, since)| {
                json!({"DateEnabled": wire::time(*since), "ServicePrincipal": service})
            });
            page("EnabledServicePrincipals", services.collect(), input)
        }
        _ => Err(unsupported(operation)),
    }
}

/// A page counted from the listing's beginning; its token says where the next one begins.
fn page(name: &str, mut items: Vec<Value>, input: Input<'_>) -> Result<Value, ApiError> {
    let size = input.0.get("MaxResults").and_then(Value::as_u64);
    let size = size.and_then(|size| usize::try_from(size).ok());
    let size = size.map_or(PAGE, |size| size.clamp(1, PAGE));
    let from = match input.text("NextToken") {
        None => 0,
        Some(token) => token
            .strip_prefix("next-")
            .and_then(|from| from.parse::<usize>().ok())
            .ok_or_else(|| invalid("You provided an invalid NextToken."))?,
    };
    let end = from.saturating_add(size);
    let next = (items.len() > end).then(|| format!("next-{end}"));
    items.truncate(end);
    let items: Vec<Value> = items.into_iter().skip(from).collect();
    Ok(json!({ name: items, "NextToken": next }))
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

fn parent_is<'a>(organization: &Organization, id: &'a str) -> Result<&'a str, ApiError> {
    if id == organization.root || organization.tree.units.contains_key(id) {
        return Ok(id);
    }
    Err(refused(
        "ParentNotFoundException",
        "You specified parent that doesn't exist.",
    ))
}

#[derive(Clone, Copy)]
struct Input<'a>(&'a Map<String, Value>);

impl<'a> Input<'a> {
    fn text(self, member: &str) -> Option<&'a str> {
        self.0.get(member)?.as_str()
    }

    fn need(self, member: &str) -> Result<&'a str, ApiError> {
        let given = self.text(member).filter(|text| !text.is_empty());
        given.ok_or_else(|| invalid(&format!("You must specify a value for {member}.")))
    }
}

fn letters(ctx: &mut Ctx<'_>, length: usize) -> String {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut draw = || {
        let at = usize::try_from(ctx.entropy.below(ALPHABET.len() as u64)).unwrap_or_default();
        char::from(ALPHABET[at])
    };
    (0..length).map(|_| draw()).collect()
}

/// As users of the real one print it.
fn outside() -> ApiError {
    refused(
        "AWSOrganizationsNotInUseException",
        "Your account is not a member of an organization.",
    )
}

/// As users of the real one print it.
fn denied() -> ApiError {
    refused(
        "AccessDeniedException",
        "You don't have permissions to access this resource.",
    )
}

fn no_account() -> ApiError {
    refused(
        "AccountNotFoundException",
        "You specified an account that doesn't exist.",
    )
}

fn invalid(message: &str) -> ApiError {
    refused("InvalidInputException", message)
}

fn refused(code: &str, message: &str) -> ApiError {
    ApiError::new(code, message)
}

fn unsupported(what: &str) -> ApiError {
    ApiError {
        code: "NotImplemented".to_owned(),
        message: format!("{what} is not supported by the emulator"),
        status: 501,
    }
}
