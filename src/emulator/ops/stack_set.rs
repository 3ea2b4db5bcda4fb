//! What is launched under a STACKSET constraint: a CloudFormation stack set (facts §9.3, §9.6).
//!
//! Nobody's recordings show one. That PhysicalId is the ARN of a set called `SC-<account>-<id>`, whose stacks are called
//! `StackSet-SC-…`, follows from the resources that AWS's own policies for Service Catalog name; most of the rest is a
//! guess, listed beside the operations.

use serde_json::{Value, json};

use super::constraint::StackSet as Constraint;
use super::input::{IdOrName, Input};
use super::provision::{Target, capabilities};
use super::{Call, Operation, invalid, provisioned};
use crate::emulator::api::ApiError;
use crate::emulator::cfn::Param;
use crate::emulator::cfn::stack_set::{Action, Amount, NewSet, Order, Preferences};
use crate::emulator::page;
use crate::emulator::state::Provisioned;

pub(super) const OPERATIONS: &[Operation] =
    &[
        Operation::list("ListStackInstancesForProvisionedProduct", list)
            .within("whole; what it tells never lags, as what CloudFormation tells")
            .guesses(&[
                (
                    "one that is no stack set",
                    "InvalidParametersException; the model says only that it is for those",
                ),
                ("the order of instances", "that of their making"),
            ]),
    ];

/// Members that exclude each other.
const EXCLUSIVE: [(&str, &str); 2] = [
    (
        "StackSetFailureToleranceCount",
        "StackSetFailureTolerancePercentage",
    ),
    (
        "StackSetMaxConcurrencyCount",
        "StackSetMaxConcurrencyPercentage",
    ),
];

/// Instances with their state against the set.
fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("ProvisionedProductId")?;
    let found = provisioned::find_own(call, call.seen(), IdOrName::Id(id))?;
    if !found.set {
        return Err(invalid(format!(
            "Provisioned product {id} is not of type {}.",
            provisioned::SET
        )));
    }
    let set = found.stack.as_ref();
    let set = set.and_then(|arn| call.partition.stacks.set_by_arn(arn));
    let instances = set.map_or(&[][..], |set| set.instances.as_slice()).iter();
    let items = instances.map(|instance| {
        json!({
            "Account": instance.account,
            "Region": instance.region,
            "StackInstanceStatus": instance.status.as_str(),
        })
    });
    let found = call.page()?.by_offset(items.collect());
    Ok(page::answer("StackInstances", found))
}

/// How a set is to be rolled out, and by which operation.
#[derive(Debug)]
pub(super) struct Rollout {
    pub(super) action: Action,
    order: Order,
}

/// Reads ProvisioningPreferences by what the model's texts demand. Of a plain stack nothing is judged: they have no
/// effect there, as Terraform's own tests against the service show (`TestAccServiceCatalogProvisionedProduct_
/// stackSetProvisioningPreferences` has no STACKSET constraint, and its launch succeeds).
///
/// # Errors
/// `InvalidParametersException` for what breaks a rule, the words being a guess.
pub(super) fn rollout(input: Input<'_>, set: &Constraint) -> Result<Rollout, ApiError> {
    let asked = input.object("ProvisioningPreferences");
    let mut rollout = Rollout {
        action: Action::Update,
        order: Order {
            accounts: set.accounts.clone(),
            regions: set.regions.clone(),
            preferences: Preferences::default(),
        },
    };
    let Some(asked) = asked else {
        return Ok(rollout);
    };
    let order = &mut rollout.order;
    // What is left out is all of the constraint's (model). An empty list says no more than none (a guess).
    for (member, all) in [
        ("StackSetAccounts", &mut order.accounts),
        ("StackSetRegions", &mut order.regions),
    ] {
        within(asked, member, all)?;
        let named: Vec<String> = asked.texts(member).map(str::to_owned).collect();
        if !named.is_empty() {
            all.clear();
            for one in named {
                if !all.contains(&one) {
                    all.push(one);
                }
            }
        }
    }
    for (one, other) in EXCLUSIVE {
        if asked.members().contains_key(one) && asked.members().contains_key(other) {
            return Err(invalid(format!(
                "Only one of {one} and {other} can be provided."
            )));
        }
    }
    let number = |name: &str| asked.members().get(name)?.as_u64();
    let amount = |count: &str, percentage: &str| {
        let count = number(count).map(Amount::Count);
        count.or_else(|| number(percentage).map(Amount::Percentage))
    };
    let [tolerance, concurrency] = EXCLUSIVE.map(|(count, percentage)| amount(count, percentage));
    order.preferences = Preferences {
        tolerance,
        concurrency,
    };
    // A percentage's count is not known before the accounts are.
    let tolerated = match tolerance {
        None => Some(0),
        Some(Amount::Count(count)) => Some(count),
        Some(Amount::Percentage(_)) => None,
    };
    if let (Some(Amount::Count(most)), Some(tolerated)) = (concurrency, tolerated)
        && most > tolerated + 1
    {
        return Err(invalid(
            "StackSetMaxConcurrencyCount can be at most one more than StackSetFailureToleranceCount.",
        ));
    }
    rollout.action = match asked.text("StackSetOperationType") {
        Some("CREATE") => Action::Create,
        Some("DELETE") => Action::Delete,
        _ => Action::Update,
    };
    Ok(rollout)
}

fn within(asked: Input<'_>, member: &str, allowed: &[String]) -> Result<(), ApiError> {
    match asked
        .texts(member)
        .find(|one| !allowed.iter().any(|all| all == one))
    {
        None => Ok(()),
        Some(one) => Err(invalid(format!(
            "{member}: {one} is not in the STACKSET constraint."
        ))),
    }
}

/// Whether a target makes of what is there the same kind of thing; that a stack becomes no stack set is a guess.
///
/// # Errors
/// `InvalidParametersException`, in plain words.
pub(super) fn same_kind(present: &Provisioned, target: &Target) -> Result<(), ApiError> {
    match (present.set, target.policy.stack_set.is_some()) {
        (false, true) => Err(invalid(
            "The provisioned product is a stack, and the STACKSET constraint asks for a stack set.",
        )),
        (true, false) => Err(invalid(
            "The provisioned product is a stack set, and there is no STACKSET constraint.",
        )),
        _ => Ok(()),
    }
}

/// A set as a target has it. AutoTags are not for sets (facts §10.1).
fn new_set(
    name: String,
    target: &Target,
    constraint: &Constraint,
    parameters: Vec<Param>,
    tags: &[(String, String)],
) -> NewSet {
    NewSet {
        name,
        template: target.version.template.clone(),
        parameters,
        tags: without_auto_tags(tags),
        capabilities: capabilities(&target.version.template),
        admin_role: constraint.admin_role.clone(),
        execution_role: constraint.execution_role.clone(),
        rules: target.policy.rules.clone(),
    }
}

/// Those that are no AutoTags.
pub(super) fn without_auto_tags(tags: &[(String, String)]) -> Vec<(String, String)> {
    let kept = tags
        .iter()
        .filter(|(key, _)| !key.starts_with("aws:servicecatalog:"));
    kept.cloned().collect()
}

/// The set and the operation that works on it.
type Begun = (String, String);

/// Makes a stack set and begins to make its instances.
///
/// # Errors
/// What CloudFormation says against the set.
pub(super) fn launch(
    call: &mut Call<'_>,
    id: &str,
    target: &Target,
    constraint: &Constraint,
    parameters: Vec<Param>,
    tags: &[(String, String)],
    rollout: Rollout,
) -> Result<Begun, ApiError> {
    let name = format!("SC-{}-{id}", call.account());
    let new = new_set(name, target, constraint, parameters, tags);
    let stacks = &mut call.partition.stacks;
    let set = stacks.create_set(&mut call.ctx, new)?;
    let operation = stacks.create_instances(&mut call.ctx, &set, rollout.order)?;
    Ok((set, operation))
}

/// Begins what an update asks of a set.
///
/// # Errors
/// What CloudFormation says against it.
pub(super) fn update(
    call: &mut Call<'_>,
    set: &str,
    target: &Target,
    constraint: &Constraint,
    parameters: Vec<Param>,
    tags: &[(String, String)],
    rollout: Rollout,
) -> Result<Begun, ApiError> {
    let order = rollout.order;
    let stacks = &mut call.partition.stacks;
    let operation = match rollout.action {
        // Only what is new is made, of the set as it is (model).
        Action::Create => stacks.create_instances(&mut call.ctx, set, order)?,
        Action::Delete => stacks.delete_instances(&mut call.ctx, set, order, false)?,
        Action::Update => {
            let name = stacks.set_by_arn(set).map(|set| set.name.clone());
            let name = name.unwrap_or_default();
            let new = new_set(name, target, constraint, parameters, tags);
            stacks.update_set(&mut call.ctx, set, new, order)?
        }
    };
    Ok((set.to_owned(), operation))
}

/// Begins to delete a set with all its instances.
///
/// # Errors
/// What CloudFormation says against it.
pub(super) fn terminate(call: &mut Call<'_>, set: &str) -> Result<Begun, ApiError> {
    let stacks = &mut call.partition.stacks;
    let operation = stacks.delete_instances(&mut call.ctx, set, Order::default(), true)?;
    Ok((set.to_owned(), operation))
}
