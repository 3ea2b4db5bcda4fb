//! Budgets on portfolios and products (facts §9.9).
//!
//! AWS Budgets itself is not here: any name is taken for one that is there.

use serde_json::{Value, json};

use super::{Call, Operation, no_resource, not_found};
use crate::emulator::api::ApiError;
use crate::emulator::page;
use crate::emulator::state::Attached;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write("AssociateBudgetWithResource", associate)
        .within("a budget of that name need not exist")
        .guesses(&[
            ("the text about one that is associated", "plain words"),
            ("how many budgets a resource may have", "any number"),
        ]),
    Operation::write("DisassociateBudgetFromResource", disassociate)
        .guesses(&[("the text about one that is not associated", "plain words")]),
    Operation::list("ListBudgetsForResource", list)
        .guesses(&[("the order of budgets", "that of their association")]),
];

fn associate(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let (name, resource) = (input.need("BudgetName")?, input.need("ResourceId")?);
    // What was just made may not be visible yet (facts §7).
    if call.seen().attached(resource).is_none() {
        return Err(no_resource(resource));
    }
    let attached = call.newest().attached(resource);
    let attached = attached.ok_or_else(|| no_resource(resource))?;
    if attached.budgets.iter().any(|own| own == name) {
        // The code is in the model, the text is a guess; so is that there is no quota, though LimitExceededException
        // is in the model too.
        return Err(ApiError::new(
            "DuplicateResourceException",
            format!("Budget {name} is already associated with {resource}"),
        ));
    }
    if let Some(attached) = call.edit().attached_mut(resource) {
        attached.budgets.push(name.to_owned());
    }
    Ok(json!({}))
}

fn disassociate(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let (name, resource) = (input.need("BudgetName")?, input.need("ResourceId")?);
    let attached = call.newest().attached(resource);
    let attached = attached.ok_or_else(|| no_resource(resource))?;
    if !attached.budgets.iter().any(|own| own == name) {
        return Err(not_found(format!(
            "Budget {name} is not associated with {resource}."
        )));
    }
    if let Some(attached) = call.edit().attached_mut(resource) {
        attached.budgets.retain(|own| own != name);
    }
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let resource = call.input.need("ResourceId")?;
    let attached = call.seen().attached(resource);
    let attached = attached.ok_or_else(|| no_resource(resource))?;
    // In the order of their association (a guess).
    let found = call.page()?.by_offset(items(attached).collect());
    Ok(page::answer("Budgets", found))
}

/// `Budgets` of a portfolio or product; those of another account's are not shown (a guess).
pub(super) fn details(call: &Call<'_>, account: &str, attached: &Attached) -> Value {
    let own = account == call.account();
    items(attached).filter(|_| own).collect()
}

fn items(attached: &Attached) -> impl Iterator<Item = Value> {
    let budgets = attached.budgets.iter();
    budgets.map(|name| json!({ "BudgetName": name }))
}
