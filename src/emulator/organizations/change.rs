//! What changes an organization.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ops::{Input, letters, no_account, parent_is};
use super::{Access, Member, Organization, Organizations, Request, Tree, Unit};
use crate::emulator::api::{ApiError, Ctx};
use crate::emulator::ops::unsupported;
use crate::emulator::wire;

/// How deep units nest: a published quota.
const DEPTH: usize = 5;

pub(super) fn create(
    all: &mut Organizations,
    ctx: &mut Ctx<'_>,
    input: Input<'_>,
) -> Result<Value, ApiError> {
    if input.text("FeatureSet") == Some("CONSOLIDATED_BILLING") {
        return Err(unsupported("FeatureSet CONSOLIDATED_BILLING"));
    }
    let account = ctx.caller.account.clone();
    if all.of(&account).is_some() {
        return Err(ApiError::new(
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
        followed: false,
    };
    let answer = json!({ "Organization": organization.shown() });
    all.0.push(organization);
    Ok(answer)
}

pub(super) fn create_account(
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

pub(super) fn create_unit(
    organization: &mut Organization,
    ctx: &mut Ctx<'_>,
    input: Input<'_>,
) -> Result<Value, ApiError> {
    let (parent, name) = (input.need("ParentId")?, input.need("Name")?);
    parent_is(organization, parent)?;
    let units = &organization.tree.units;
    if units.values().any(|u| u.parent == parent && u.name == name) {
        return Err(ApiError::new(
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
        return Err(ApiError::new(
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

pub(super) fn move_account(
    organization: &mut Organization,
    input: Input<'_>,
) -> Result<Value, ApiError> {
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
        return Err(ApiError::new(
            "SourceParentNotFoundException",
            "You specified a source parent that doesn't exist.",
        ));
    }
    if !to_known {
        return Err(ApiError::new(
            "DestinationParentNotFoundException",
            "You specified a destination parent that doesn't exist.",
        ));
    }
    if from == to {
        return Err(ApiError::new(
            "DuplicateAccountException",
            "That account is already present in the specified destination.",
        ));
    }
    member.parent = to.to_owned();
    organization.follow();
    Ok(json!({}))
}

pub(super) fn remove_account(
    organization: &mut Organization,
    input: Input<'_>,
) -> Result<Value, ApiError> {
    let id = input.need("AccountId")?;
    if id == organization.management {
        return Err(ApiError::new(
            "MasterCannotLeaveOrganizationException",
            "You can't remove a management account from an organization.",
        ));
    }
    if organization.delegated.contains_key(id) {
        return Err(ApiError::new(
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

pub(super) fn register(
    organization: &mut Organization,
    now: Timestamp,
    input: Input<'_>,
) -> Result<Value, ApiError> {
    let (id, service) = (input.need("AccountId")?, input.need("ServicePrincipal")?);
    if !organization.tree.accounts.contains_key(id) {
        return Err(no_account());
    }
    if id == organization.management {
        return Err(ApiError::new(
            "ConstraintViolationException",
            "You cannot register the management account as a delegated administrator.",
        ));
    }
    // Service Catalog's access comes first (facts §9.8); of other services nothing is known here.
    if !organization.services.contains_key(service) {
        return Err(ApiError::new(
            "ConstraintViolationException",
            "You must enable trusted access for the service before you register a delegated administrator.",
        ));
    }
    let services = organization.delegated.entry(id.to_owned()).or_default();
    if services.contains_key(service) {
        return Err(ApiError::new(
            "AccountAlreadyRegisteredException",
            "The specified account is already a delegated administrator for this AWS service.",
        ));
    }
    services.insert(service.to_owned(), wire::whole_millis(now));
    Ok(json!({}))
}

pub(super) fn deregister(
    organization: &mut Organization,
    input: Input<'_>,
) -> Result<Value, ApiError> {
    let (id, service) = (input.need("AccountId")?, input.need("ServicePrincipal")?);
    let services = organization.delegated.get_mut(id);
    let gone = services.and_then(|services| services.remove(service));
    gone.ok_or_else(|| {
        ApiError::new(
            "AccountNotRegisteredException",
            "The specified account is not a delegated administrator for this AWS service.",
        )
    })?;
    organization
        .delegated
        .retain(|_, services| !services.is_empty());
    Ok(json!({}))
}
