//! What reads an organization.

use serde_json::{Value, json};

use super::ops::{Input, invalid, no_account, parent_is};
use super::{Member, Organization};
use crate::emulator::api::ApiError;
use crate::emulator::ops::unsupported;
use crate::emulator::wire;

/// The most items of a page (the model's MaxResults).
const PAGE: usize = 20;

/// Answers a read.
pub(super) fn look(
    organization: &Organization,
    operation: &str,
    input: Input<'_>,
) -> Result<Value, ApiError> {
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
                ApiError::new(
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
                return Err(ApiError::new(
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
