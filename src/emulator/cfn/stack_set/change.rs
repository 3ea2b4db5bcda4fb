//! What begins an operation on a stack set, as far as the set's own account and region are concerned.

use jiff::Timestamp;

use super::super::Stacks;
use super::{
    Action, Instance, InstanceStatus, MAX_OPERATIONS, NewSet, Operation, OperationStatus, Order,
    Row, RowStatus, StackSet,
};
use crate::emulator::api::{ApiError, Ctx};

/// The code that is answered where a set has no stack in an account and region.
pub const NO_INSTANCE: &str = "StackInstanceNotFoundException";

impl Stacks {
    /// Makes a stack set without instances and returns its ARN.
    ///
    /// # Errors
    /// As `CreateStackSet`: `NameAlreadyExistsException`, and what is said of a template and its parameters.
    pub fn create_set(&mut self, ctx: &mut Ctx<'_>, new: NewSet) -> Result<String, ApiError> {
        if self.set(&new.name).is_some() {
            return Err(ApiError::new(
                "NameAlreadyExistsException",
                format!("StackSet {} already exists.", new.name),
            ));
        }
        own_role(ctx, new.admin_role.as_deref())?;
        let prepared = self.prepare_set(ctx, &new, None)?;
        let uuid = ctx.new_uuid();
        let (region, account, name) = (&ctx.region, &ctx.caller.account, &new.name);
        let arn = format!("arn:aws:cloudformation:{region}:{account}:stackset/{name}:{uuid}");
        let set = StackSet {
            name: new.name,
            arn: arn.clone(),
            deleted: false,
            template: new.template,
            description: prepared.description,
            parameters: prepared.shown,
            tags: new.tags,
            capabilities: new.capabilities,
            admin_role: new.admin_role,
            execution_role: new.execution_role,
            instances: Vec::new(),
            operations: Vec::new(),
            values: prepared.values,
        };
        self.put_set(set);
        Ok(arn)
    }

    /// Begins to make instances.
    ///
    /// # Errors
    /// There is no such set, or it has one of them already (a guess).
    pub fn create_instances(
        &mut self,
        ctx: &mut Ctx<'_>,
        arn: &str,
        order: Order,
    ) -> Result<String, ApiError> {
        let mut set = self.known(arn)?;
        for (account, region) in places(&order) {
            if set.instance(account, region).is_some() {
                return Err(invalid(format!(
                    "StackSet {} has a stack instance in account {account} and region {region} already.",
                    set.name
                )));
            }
        }
        let id = begin(ctx, &mut set, Action::Create, order, false);
        self.put_set(set);
        Ok(id)
    }

    /// Changes a set, and begins to change the instances that are named.
    ///
    /// # Errors
    /// There is no such set or no such instance, and what is said of a template and its parameters.
    pub fn update_set(
        &mut self,
        ctx: &mut Ctx<'_>,
        arn: &str,
        new: NewSet,
        order: Order,
    ) -> Result<String, ApiError> {
        let mut set = self.known(arn)?;
        own_role(ctx, new.admin_role.as_deref())?;
        has_instances(&set, &order)?;
        let prepared = self.prepare_set(ctx, &new, Some(&set.values))?;
        let same = set.template == new.template
            && set.values == prepared.values
            && set.tags == new.tags
            && set.capabilities == new.capabilities;
        set.template = new.template;
        set.description = prepared.description;
        set.parameters = prepared.shown;
        set.values = prepared.values;
        set.tags = new.tags;
        set.capabilities = new.capabilities;
        set.admin_role = new.admin_role;
        set.execution_role = new.execution_role;
        let outdated = set.instances.iter_mut();
        for instance in outdated.filter(|o| !same && o.status == InstanceStatus::Current) {
            instance.status = InstanceStatus::Outdated;
        }
        let id = begin(ctx, &mut set, Action::Update, order, false);
        self.put_set(set);
        Ok(id)
    }

    /// Begins to delete instances, and where `whole` all of them with their set.
    ///
    /// # Errors
    /// There is no such set or no such instance.
    pub fn delete_instances(
        &mut self,
        ctx: &mut Ctx<'_>,
        arn: &str,
        order: Order,
        whole: bool,
    ) -> Result<String, ApiError> {
        let mut set = self.known(arn)?;
        if !whole {
            has_instances(&set, &order)?;
        }
        let id = begin(ctx, &mut set, Action::Delete, order, whole);
        self.put_set(set);
        Ok(id)
    }

    fn known(&self, arn: &str) -> Result<StackSet, ApiError> {
        let set = self.set_by_arn(arn).filter(|set| !set.deleted);
        let set = set.ok_or_else(|| {
            let name = arn.rsplit("stackset/").next().unwrap_or(arn);
            ApiError {
                code: "StackSetNotFoundException".to_owned(),
                message: format!("StackSet {name} not found"),
                status: 404,
            }
        })?;
        if set.at_work().is_some() {
            return Err(ApiError::new(
                "OperationInProgressException",
                format!("Another Operation on StackSet {} is in progress", set.arn),
            ));
        }
        Ok(set.clone())
    }
}

/// A set is worked with by a role of its own account: another account's can't be passed on (a guess).
fn own_role(ctx: &Ctx<'_>, role: Option<&str>) -> Result<(), ApiError> {
    let account = |arn: &str| arn.split(':').nth(4).map(str::to_owned);
    match role {
        Some(arn) if account(arn).as_deref() != Some(ctx.caller.account.as_str()) => {
            Err(ApiError {
                code: "AccessDenied".to_owned(),
                message: "Cross-account pass role is not allowed.".to_owned(),
                status: 403,
            })
        }
        _ => Ok(()),
    }
}

/// By region in their order, then by account.
fn places(order: &Order) -> impl Iterator<Item = (&str, &str)> {
    order.regions.iter().flat_map(|region| {
        let accounts = order.accounts.iter();
        accounts.map(move |account| (account.as_str(), region.as_str()))
    })
}

/// What an update or a deletion names must be there (a guess).
fn has_instances(set: &StackSet, order: &Order) -> Result<(), ApiError> {
    for (account, region) in places(order) {
        if set.instance(account, region).is_none() {
            return Err(ApiError {
                code: NO_INSTANCE.to_owned(),
                message: format!(
                    "StackSet {} has no stack instance in account {account} and region {region}.",
                    set.name
                ),
                status: 404,
            });
        }
    }
    Ok(())
}

fn begin(
    ctx: &mut Ctx<'_>,
    set: &mut StackSet,
    action: Action,
    order: Order,
    whole: bool,
) -> String {
    let id = ctx.new_uuid();
    let mut named: Vec<(String, String)> = places(&order)
        .map(|(account, region)| (account.to_owned(), region.to_owned()))
        .collect();
    let mut regions = order.regions.clone();
    if whole {
        let all = set.instances.iter();
        named = all.map(|o| (o.account.clone(), o.region.clone())).collect();
        regions.clear();
        for (_, region) in &named {
            if !regions.contains(region) {
                regions.push(region.clone());
            }
        }
    }
    if action == Action::Create {
        let made = named.iter().map(|(account, region)| Instance {
            account: account.clone(),
            region: region.clone(),
            stack: None,
            status: InstanceStatus::Outdated,
            detail: RowStatus::Pending,
            reason: None,
            operation: id.clone(),
        });
        set.instances.extend(made);
    }
    // One that could not be deleted is changed no more (model).
    named.retain(|(account, region)| {
        let instance = set.instance(account, region);
        action != Action::Update
            || instance.is_some_and(|instance| instance.status != InstanceStatus::Inoperable)
    });
    for (account, region) in &named {
        if let Some(instance) = set.instance_mut(account, region) {
            instance.detail = RowStatus::Pending;
            instance.operation.clone_from(&id);
        }
    }
    let rows = named.into_iter().map(|(account, region)| Row {
        account,
        region,
        status: RowStatus::Pending,
        reason: None,
        asked: Timestamp::MAX,
    });
    let starts = ctx.now.checked_add(ctx.timing.stack_start);
    if set.operations.len() == MAX_OPERATIONS {
        set.operations.remove(0);
    }
    set.operations.push(Operation {
        id: id.clone(),
        action,
        status: OperationStatus::Running,
        preferences: order.preferences,
        regions,
        begun: ctx.now,
        starts: starts.unwrap_or(ctx.now),
        ended: None,
        rows: rows.collect(),
        closes: whole,
        timing: ctx.timing,
    });
    id
}

fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", text)
}
