//! Plans of provisioned products: a change set looked at before it is executed (facts §9.4, §10.5).

use std::sync::Arc;

use serde_json::{Value, json};

use super::input::{IdOrName, Input, tag_list};
use super::plan_shapes::State;
use super::provision::{self, Target, capabilities, launchable, target, topics};
use super::record::Subject;
use super::{Call, Operation, bad_state, not_found, plan_shapes, provisioned, unsupported, update};
use crate::emulator::api::ApiError;
use crate::emulator::cfn::change_set::ResourceChange;
use crate::emulator::cfn::node::Node;
use crate::emulator::cfn::{CHANGE_SET_FAILED, ChangeStack, NewStack, Param};
use crate::emulator::state::{Catalog, Content, Provisioned, Status};
use crate::emulator::state::{Outcome, Plan, PlanParameter};
use crate::emulator::{ids, page, wire};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write("CreateProvisionedProductPlan", create)
        .with_token("IdempotencyToken")
        .within(
            "CloudFormation products, none under a STACKSET constraint (`NotImplemented`); resource changes are those \
             that the emulator's own stacks would make, and those of tags and DeletionPolicy: `Replacement` is TRUE only \
             where a name in the template changes",
        )
        .guesses(&[
            ("a second plan of a provisioned product, also an executed one", "InvalidStateException"),
            ("another status than AVAILABLE and TAINTED", "InvalidStateException"),
            ("the status of a provisioned product whose update is planned", "it stays"),
            (
                "a new one whose plan fails",
                "it stays in PLAN_IN_PROGRESS until the plan is deleted; no stack is left",
            ),
            ("how long planning takes", "as long as a stack needs to begin and a record to end"),
            ("which of the two texts an unchanged plan has", "by whether the template is the same"),
            ("IdempotencyToken of the provisioned product", "the plan's"),
            ("topics that the stack of an update has", "they stay"),
            ("updating or terminating what is PLAN_IN_PROGRESS", "refused"),
        ]),
    Operation::describe("DescribeProvisionedProductPlan", describe)
        .guesses(&[("ResourceChanges of plans that are not made or failed", "absent")]),
    Operation::list("ListProvisionedProductPlans", list).guesses(&[(
        "a ProvisionProductId that is not there",
        "ResourceNotFoundException",
    )]),
    Operation::write("DeleteProvisionedProductPlan", delete)
        .within(
            "whole; a stack in REVIEW_IN_PROGRESS is left behind, as users saw it",
        )
        .guesses(&[
            ("while the plan executes", "as after a failed execution"),
            ("IgnoreErrors", "deletes the plan alone"),
        ]),
];

fn create(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let name = input.need("ProvisionedProductName")?;
    let present = call.newest().names.get(name).cloned();
    let present = present.and_then(|id| call.newest().provisioned.get(&id).cloned());
    if let Some(present) = &present {
        provisioned::find_own(call, call.newest(), IdOrName::Id(&present.id))?;
        ready(call.newest(), present)?;
    }
    let product = IdOrName::Id(input.need("ProductId")?);
    let version = IdOrName::Id(input.need("ProvisioningArtifactId")?);
    let path = input.text("PathId").map(IdOrName::Id);
    let target = target(call, product, version, path, present.as_deref())?;
    if target.policy.stack_set.is_some() || present.as_ref().is_some_and(|present| present.set) {
        return Err(unsupported("A plan for a stack set"));
    }
    let asked = input.tags("Tags")?;
    let parameters = update::parameters(input)?;
    let stack = present.as_ref().and_then(|present| present.stack.clone());
    let all_topics = topics(call, stack.as_deref(), &target, input);
    let (id, own_tags, tags) = match &present {
        Some(present) => {
            let (own, all) = update::new_tags(call, present, &target, asked)?;
            (present.id.clone(), own, all)
        }
        None => {
            launchable(&target.version)?;
            let id = call.ctx.new_id("pp");
            let arn = ids::provisioned_arn(&call.ctx.region, call.account(), name, &id);
            let all = provision::tags(call, &target, &arn, &asked)?;
            (id, asked, all)
        }
    };
    let now = wire::whole_millis(call.ctx.now);
    let timing = call.ctx.timing;
    let ends = now.checked_add(timing.stack_start + timing.record_end);
    let mut plan = Plan {
        id: call.ctx.new_id("plan"),
        name: input.need("PlanName")?.to_owned(),
        provisioned: id.clone(),
        provisioned_name: name.to_owned(),
        product: target.product.id.clone(),
        product_name: target.product.name.clone(),
        version: target.version.id.clone(),
        version_name: target.version.name.clone(),
        path: ids::path_id(&target.portfolio.id),
        launch_role: target.policy.launch_role.clone(),
        created: now,
        ends: ends.unwrap_or(now),
        outcome: Outcome::Planned(Vec::new()),
        parameters: sent(input),
        topics: input.texts("NotificationArns").map(str::to_owned).collect(),
        own_tags,
        tags,
        all_topics,
        template: target.version.template.clone(),
        stack,
        events: 0,
        launches: present.is_none(),
        record: None,
        user: call.ctx.caller.principal.clone(),
        session: call.ctx.caller.arn.clone(),
    };
    match look(call, &plan, &target, parameters) {
        Ok((stack, changes)) => {
            let looked_at = call.partition.stacks.get(&stack);
            plan.events = looked_at.map_or(0, |stack| stack.events.len());
            plan.stack = Some(stack);
            plan.outcome = Outcome::Planned(changes);
        }
        Err(text) => plan.outcome = Outcome::Failed(text),
    }
    let answer = json!({
        "PlanId": plan.id,
        "PlanName": plan.name,
        "ProvisionProductId": id,
        "ProvisionedProductName": name,
        "ProvisioningArtifactId": plan.version,
    });
    if plan.launches {
        let token = input.need("IdempotencyToken")?;
        let about = subject(&plan, plan.launch_role.clone());
        let mut row = provisioned::young(call, &about, token, content(&plan));
        row.stack.clone_from(&plan.stack);
        let catalog = call.edit();
        catalog.names.insert(name.to_owned(), id.clone());
        catalog.provisioned.insert(&id, row);
    }
    let plan_id = plan.id.clone();
    call.edit().plans.insert(&plan_id, plan);
    Ok(answer)
}

/// One plan at a time, of what is AVAILABLE or TAINTED (model). Both codes and texts are guesses.
fn ready(catalog: &Catalog, present: &Provisioned) -> Result<(), ApiError> {
    if catalog
        .plans
        .iter()
        .any(|(_, plan)| plan.provisioned == present.id)
    {
        return Err(bad_state(format!(
            "A plan for provisioned product {} already exists.",
            present.id
        )));
    }
    match present.status {
        Status::Available | Status::Tainted => Ok(()),
        Status::UnderChange | Status::Error | Status::PlanInProgress => {
            Err(bad_state(provisioned::busy_text(present)))
        }
    }
}

/// The parameters as they were sent, to be shown again.
fn sent(input: Input<'_>) -> Vec<PlanParameter> {
    let parameters = input.objects("ProvisioningParameters");
    let parameters = parameters.filter_map(|parameter| {
        Some(PlanParameter {
            key: parameter.owned("Key")?,
            value: parameter.owned("Value"),
            previous: parameter.flag("UsePreviousValue"),
        })
    });
    parameters.collect()
}

/// The change set behind a plan, or what the plan's StatusMessage will say: calls of CloudFormation that are refused
/// are named, change sets that fail speak for themselves (facts §2.1).
fn look(
    call: &mut Call<'_>,
    plan: &Plan,
    target: &Target,
    parameters: Vec<Param>,
) -> Result<(String, Vec<ResourceChange>), String> {
    let rules = target.policy.rules.clone();
    let looked = if plan.launches {
        let new = new_stack(call.account(), plan, parameters, rules);
        call.partition.stacks.review(&mut call.ctx, &new)
    } else {
        let stack = plan.stack.clone().unwrap_or_default();
        let change = change(plan, parameters, rules);
        let changes = call.partition.stacks.preview(&call.ctx, &stack, &change);
        changes.map(|changes| (stack, changes))
    };
    looked.map_err(|error| {
        if error.code == CHANGE_SET_FAILED {
            return error.message;
        }
        format!(
            "Error calling API cloudformation:CreateChangeSet. ErrorCode: {}, Message: {}",
            error.code, error.message
        )
    })
}

/// What a plan's stack is made of.
pub(super) fn new_stack(
    account: &str,
    plan: &Plan,
    parameters: Vec<Param>,
    rules: Vec<(String, Node)>,
) -> NewStack {
    NewStack {
        name: format!("SC-{account}-{}", plan.provisioned),
        template: plan.template.clone(),
        parameters,
        tags: plan.tags.clone(),
        notification_arns: plan.all_topics.clone(),
        capabilities: capabilities(&plan.template),
        rules,
        ..NewStack::default()
    }
}

/// What a plan's stack becomes.
pub(super) fn change(
    plan: &Plan,
    parameters: Vec<Param>,
    rules: Vec<(String, Node)>,
) -> ChangeStack {
    ChangeStack {
        template: Some(plan.template.clone()),
        parameters,
        tags: Some(plan.tags.clone()),
        notification_arns: Some(plan.all_topics.clone()),
        capabilities: capabilities(&plan.template),
        rules,
        ..ChangeStack::default()
    }
}

/// What a plan is about.
pub(super) fn subject(plan: &Plan, launch_role: Option<String>) -> Subject {
    Subject {
        provisioned: plan.provisioned.clone(),
        provisioned_name: plan.provisioned_name.clone(),
        product: plan.product.clone(),
        version: plan.version.clone(),
        path: Some(plan.path.clone()),
        launch_role,
        set: false,
    }
}

/// What a plan makes of its provisioned product.
pub(super) fn content(plan: &Plan) -> Content {
    Content {
        product_name: plan.product_name.clone(),
        version_name: plan.version_name.clone(),
        own_tags: plan.own_tags.clone(),
        tags: plan.tags.clone(),
    }
}

fn describe(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("PlanId")?;
    let catalog = call.seen();
    let plan = find_own(call, catalog, id)?;
    let now = State::of(plan, catalog, call.at());
    let mut answer = match (&plan.outcome, now.status) {
        (_, "CREATE_IN_PROGRESS") | (Outcome::Failed(_), _) => json!({}),
        (Outcome::Planned(changes), _) => {
            let changes = changes.iter().map(plan_shapes::resource_change).collect();
            page::answer("ResourceChanges", call.page()?.by_offset(changes))
        }
    };
    let tags = plan.own_tags.iter().map(|(key, value)| (key, value));
    answer["ProvisionedProductPlanDetails"] = json!({
        "CreatedTime": wire::time(plan.created),
        "NotificationArns": Some(&plan.topics).filter(|topics| !topics.is_empty()),
        "PathId": plan.path,
        "PlanId": plan.id,
        "PlanName": plan.name,
        "PlanType": "CLOUDFORMATION",
        "ProductId": plan.product,
        "ProvisionProductId": plan.provisioned,
        "ProvisionProductName": plan.provisioned_name,
        "ProvisioningArtifactId": plan.version,
        "ProvisioningParameters": plan_shapes::parameters(&plan.parameters),
        "Status": now.status,
        "StatusMessage": now.message,
        "Tags": tag_list(tags),
        "UpdatedTime": wire::time(now.updated),
    });
    Ok(answer)
}

fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let level = provisioned::Level::of(call, "User")?;
    let catalog = call.seen();
    let only = call.input.text("ProvisionProductId");
    if let Some(id) = only {
        provisioned::find_own(call, catalog, IdOrName::Id(id))?;
    }
    let page = call.page()?;
    let plans = catalog.plans.after(page.after());
    let plans = plans
        .filter(|(_, plan)| only.is_none_or(|id| plan.provisioned == id))
        .filter(|(_, plan)| level.admits(&plan.user, &plan.session))
        .filter(|(_, plan)| visible(call, catalog, plan));
    let found = page.by_place(plans, |plan| plan_shapes::summary(plan));
    Ok(page::answer("ProvisionedProductPlans", found))
}

fn delete(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("PlanId")?;
    let catalog = call.newest();
    let plan = Arc::clone(find_own(call, catalog, id)?);
    let status = State::of(&plan, catalog, call.ctx.now).status;
    let stuck = matches!(status, "EXECUTE_FAILED" | "EXECUTE_IN_PROGRESS");
    if stuck && call.input.flag("IgnoreErrors") != Some(true) {
        // CloudFormation's refusal leaks through, under a code that is not in the model (facts §2.1).
        return Err(ApiError::new(
            "ValidationException",
            format!(
                "Cannot delete ChangeSet in execution status {status} (Service: AmazonCloudFormation; Status Code: \
                 400; Error Code: InvalidChangeSetStatus; Request ID: {}; Proxy: null)",
                ids::uuid(call.ctx.entropy)
            ),
        ));
    }
    let catalog = call.edit();
    catalog.plans.remove(id);
    if plan.launches && plan.record.is_none() {
        catalog.provisioned.remove(&plan.provisioned);
        catalog.names.remove(&plan.provisioned_name);
    }
    Ok(json!({}))
}

/// Whether the caller may see it: as what it is a plan of, while that is there (a guess).
fn visible(call: &Call<'_>, catalog: &Catalog, plan: &Plan) -> bool {
    let of = catalog.provisioned.get(&plan.provisioned);
    of.is_none_or(|row| provisioned::visible(call, row))
}

/// The plan of that id, as far as the caller may see it.
///
/// # Errors
/// It is not there.
pub(super) fn find_own<'a>(
    call: &Call<'_>,
    catalog: &'a Catalog,
    id: &str,
) -> Result<&'a Arc<Plan>, ApiError> {
    let plan = catalog.plans.get(id);
    let plan = plan.filter(|plan| visible(call, catalog, plan));
    // By the pattern of the others (a guess).
    plan.ok_or_else(|| not_found(format!("Plan {id} not found.")))
}

/// The parameters of a plan as CloudFormation is given them.
pub(super) fn given(plan: &Plan) -> Result<Vec<Param>, ApiError> {
    plan.parameters
        .iter()
        .map(|sent| update::parameter(&sent.key, sent.value.as_deref(), sent.previous))
        .collect()
}
