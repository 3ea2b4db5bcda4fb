//! Constraints on a product in a portfolio (facts §9.6).

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Call, Operation, invalid, no_portfolio, not_found};
use crate::emulator::api::ApiError;
use crate::emulator::cfn::node::Node;
use crate::emulator::state::Constraint;
use crate::emulator::{page, quota};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write("CreateConstraint", create)
        .with_token("IdempotencyToken")
        .within("all five types are kept; at most one each of LAUNCH, STACKSET, RESOURCE_UPDATE")
        .guesses(&[
            (
                "a second LAUNCH, STACKSET or RESOURCE_UPDATE constraint",
                "DuplicateResourceException",
            ),
            ("both LAUNCH and STACKSET", "InvalidParametersException"),
            (
                "a second NOTIFICATION constraint with the same topic",
                "DuplicateResourceException; an update is not asked",
            ),
            ("texts for bad parameters", "plain words"),
            (
                "what NOTIFICATION, STACKSET and TEMPLATE cannot do without",
                "topics of SNS by their ARNs; accounts and regions; an assertion in each rule",
            ),
            ("members of the parameters beside those known", "ignored"),
        ]),
    Operation::write("UpdateConstraint", update)
        .guesses(&[("neither Parameters nor a Description", "let in")]),
    Operation::write("DeleteConstraint", delete),
    Operation::describe("DescribeConstraint", describe),
    Operation::list("ListConstraintsForPortfolio", list).guesses(&[
        (
            "constraints that another account's product brings along into a portfolio of one's own",
            "listed too, with the Owner and PortfolioId that they have there",
        ),
        ("a ProductId that is not in the portfolio", "an empty list"),
    ]),
];

pub(super) const LAUNCH: &str = "LAUNCH";
const NOTIFICATION: &str = "NOTIFICATION";
const RESOURCE_UPDATE: &str = "RESOURCE_UPDATE";
const STACKSET: &str = "STACKSET";
const TEMPLATE: &str = "TEMPLATE";

/// What a portfolio's constraints say about launching a product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) launch_role: Option<String>,
    /// The role is another account's.
    pub(super) role_elsewhere: bool,
    pub(super) tag_updates: bool,
    pub(super) notifications: Vec<String>,
    /// Of all TEMPLATE constraints.
    pub(super) rules: Vec<(String, Node)>,
    pub(super) stack_set: Option<StackSet>,
}

/// What a STACKSET constraint allows: a launch through it makes a stack set (facts §9.6).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct StackSet {
    pub(super) accounts: Vec<String>,
    pub(super) regions: Vec<String>,
    pub(super) admin_role: Option<String>,
    pub(super) execution_role: Option<String>,
}

impl StackSet {
    fn read(parameters: &Value) -> Self {
        let list = |name: &str| {
            let items = parameters.pointer(&format!("/Properties/{name}"));
            let items = items.and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let text = |name: &str| {
            let found = parameters.pointer(&format!("/Properties/{name}"));
            found.and_then(Value::as_str).map(str::to_owned)
        };
        Self {
            accounts: list("AccountList"),
            regions: list("RegionList"),
            admin_role: text("AdminRole"),
            execution_role: text("ExecutionRole"),
        }
    }
}

fn create(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let (portfolio, product) = (input.need("PortfolioId")?, input.need("ProductId")?);
    let (kind, parameters) = (input.need("Type")?, input.need("Parameters")?);
    // Not associated, or not visibly so yet: one text for both (facts §2.1).
    for catalog in [call.seen(), call.newest()] {
        let row = catalog.portfolios.get(portfolio);
        if !row.is_some_and(|row| row.products.iter().any(|id| id == product)) {
            return Err(not_found("Resource not found."));
        }
    }
    judge(kind, parameters)?;
    let present = || call.newest().constraints_of(portfolio, product);
    exclude(kind, present().map(|other| other.kind.as_str()))?;
    if kind == NOTIFICATION {
        repeats(parameters, present().map(AsRef::as_ref))?;
    }
    let (limit, what) = (quota::CONSTRAINTS, "constraints per product per portfolio");
    quota::room(call.quotas, present().count(), limit, what)?;
    let constraint = Constraint {
        id: call.ctx.new_id("cons"),
        kind: kind.to_owned(),
        description: input.owned("Description"),
        owner: call.account().to_owned(),
        portfolio: portfolio.to_owned(),
        product: product.to_owned(),
        parameters: parameters.to_owned(),
        making: call.making(),
    };
    let answer = shown(&constraint, "CREATING");
    let catalog = call.edit();
    if let Some(row) = catalog.portfolios.edit(portfolio) {
        let of_product = row.constraints.entry(product.to_owned()).or_default();
        of_product.push(constraint.id.clone());
    }
    let id = constraint.id.clone();
    catalog.constraints.insert(&id, constraint);
    Ok(answer)
}

fn update(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (input, making) = (call.input, call.making());
    let id = input.need("Id")?;
    let present = call.newest().constraints.get(id);
    let mut constraint = present.ok_or_else(|| none(id))?.as_ref().clone();
    if let Some(parameters) = input.owned("Parameters") {
        judge(&constraint.kind, &parameters)?;
        constraint.parameters = parameters;
    }
    if let Some(description) = input.owned("Description") {
        constraint.description = Some(description);
    }
    constraint.making = making;
    let answer = shown(&constraint, "CREATING");
    if let Some(present) = call.edit().constraints.edit(id) {
        *present = constraint;
    }
    Ok(answer)
}

fn delete(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("Id")?;
    let catalog = call.edit();
    let gone = catalog.constraints.remove(id).ok_or_else(|| none(id))?;
    if let Some(row) = catalog.portfolios.edit(&gone.portfolio)
        && let Some(of_product) = row.constraints.get_mut(&gone.product)
    {
        of_product.retain(|other| other != id);
        if of_product.is_empty() {
            row.constraints.remove(&gone.product);
        }
    }
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("Id")?;
    let view = call.view();
    let constraint = view.constraint(id).ok_or_else(|| none(id))?;
    Ok(shown(constraint, constraint.making.status(call.at())))
}

/// Without their parameters: those need a describe each (facts §9.6).
fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("PortfolioId")?;
    let only = call.input.text("ProductId");
    let view = call.view();
    let portfolio = view.portfolio(id).ok_or_else(|| no_portfolio(id))?;
    let rows = view.constraints_in(portfolio, only).into_iter();
    let found = call.page()?.by_place(rows, |row| detail(row));
    Ok(page::answer("ConstraintDetails", found))
}

fn shown(constraint: &Constraint, status: &str) -> Value {
    json!({
        "ConstraintDetail": detail(constraint),
        "ConstraintParameters": constraint.parameters,
        "Status": status,
    })
}

fn detail(constraint: &Constraint) -> Value {
    json!({
        "ConstraintId": constraint.id,
        "Description": constraint.description,
        "Owner": constraint.owner,
        "PortfolioId": constraint.portfolio,
        "ProductId": constraint.product,
        "Type": constraint.kind,
    })
}

fn none(id: &str) -> ApiError {
    not_found(format!("Constraint {id} not found."))
}

/// Whether parameters are what their type asks for; the texts are guesses.
fn judge(kind: &str, parameters: &str) -> Result<(), ApiError> {
    let parameters: Value = serde_json::from_str(parameters)
        .map_err(|_| invalid("Constraint parameters are not valid JSON."))?;
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let fits = match kind {
        LAUNCH => match (text("RoleArn"), text("LocalRoleName")) {
            (Some(arn), None) => arn.starts_with("arn:") && arn.contains(":role/"),
            (None, Some(name)) => !name.is_empty(),
            _ => false,
        },
        RESOURCE_UPDATE => {
            let allowed = parameters.pointer("/Properties/TagUpdateOnProvisionedProduct");
            text("Version") == Some("2.0")
                && matches!(
                    allowed.and_then(Value::as_str),
                    Some("ALLOWED" | "NOT_ALLOWED")
                )
        }
        NOTIFICATION => {
            let topics = parameters.get("NotificationArns");
            let topic = |arn: &str| arn.starts_with("arn:") && arn.split(':').nth(2) == Some("sns");
            let topics = topics.filter(|topics| filled(Some(topics)));
            let topics = topics.and_then(Value::as_array);
            topics.is_some_and(|list| list.iter().filter_map(Value::as_str).all(topic))
        }
        STACKSET => {
            text("Version").is_some()
                && filled(parameters.pointer("/Properties/AccountList"))
                && filled(parameters.pointer("/Properties/RegionList"))
        }
        TEMPLATE => parameters
            .get("Rules")
            .and_then(Value::as_object)
            .is_some_and(|rules| {
                let asserts = |rule: &Value| {
                    rule.get("Assertions")
                        .and_then(Value::as_array)
                        .is_some_and(|list| !list.is_empty())
                };
                rules.values().all(asserts)
            }),
        _ => return Err(invalid(format!("Invalid constraint type: {kind}"))),
    };
    if fits {
        Ok(())
    } else {
        Err(invalid(format!(
            "Invalid parameters for constraint type {kind}."
        )))
    }
}

/// A list of texts that has some.
fn filled(list: Option<&Value>) -> bool {
    let list = list.and_then(Value::as_array);
    list.is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_string))
}

/// At most one each of these, and LAUNCH excludes STACKSET (facts §9.6; of RESOURCE_UPDATE peers §C5); the codes were not
/// found (a guess).
fn exclude<'a>(kind: &str, others: impl Iterator<Item = &'a str>) -> Result<(), ApiError> {
    for other in others {
        if other == kind && [LAUNCH, STACKSET, RESOURCE_UPDATE].contains(&kind) {
            return Err(ApiError::new(
                "DuplicateResourceException",
                format!("A {kind} constraint already exists for this product and portfolio."),
            ));
        }
        if [(LAUNCH, STACKSET), (STACKSET, LAUNCH)].contains(&(kind, other)) {
            return Err(invalid(format!(
                "A product cannot have both a {kind} and a {other} constraint."
            )));
        }
    }
    Ok(())
}

/// Each topic once (peers §C5); that the service itself refuses a second one, and with what code, is a guess.
fn repeats<'a>(
    parameters: &str,
    others: impl Iterator<Item = &'a Constraint>,
) -> Result<(), ApiError> {
    let asked = topics(&serde_json::from_str(parameters).unwrap_or_default());
    let present = others.filter(|other| other.kind == NOTIFICATION);
    let present = present
        .flat_map(|other| topics(&serde_json::from_str(&other.parameters).unwrap_or_default()));
    for topic in present {
        if asked.contains(&topic) {
            return Err(ApiError::new(
                "DuplicateResourceException",
                format!("A NOTIFICATION constraint with topic {topic} already exists."),
            ));
        }
    }
    Ok(())
}

/// The topics that the parameters of a NOTIFICATION constraint name.
fn topics(parameters: &Value) -> Vec<String> {
    let arns = parameters.get("NotificationArns").and_then(Value::as_array);
    let arns = arns.into_iter().flatten().filter_map(Value::as_str);
    arns.map(str::to_owned).collect()
}

/// What holds for launches of a product through a portfolio.
pub(super) fn policy(constraints: &[&Arc<Constraint>], account: &str) -> Policy {
    let mut policy = Policy::default();
    for constraint in constraints {
        let parameters: Value = serde_json::from_str(&constraint.parameters).unwrap_or_default();
        let text = |name: &str| parameters.get(name).and_then(Value::as_str);
        match constraint.kind.as_str() {
            LAUNCH => {
                // A local role is the one of that name in whichever account launches (facts §10.3).
                let local = |name: &str| format!("arn:aws:iam::{account}:role/{name}");
                policy.launch_role = text("RoleArn")
                    .map(str::to_owned)
                    .or_else(|| text("LocalRoleName").map(local));
                // What another account's role launches is made in that account, at its cost (facts §8.2).
                let role = policy.launch_role.as_deref().unwrap_or_default();
                policy.role_elsewhere = role.split(':').nth(4) != Some(account);
            }
            RESOURCE_UPDATE => {
                let allowed = parameters.pointer("/Properties/TagUpdateOnProvisionedProduct");
                policy.tag_updates = allowed.and_then(Value::as_str) == Some("ALLOWED");
            }
            NOTIFICATION => policy.notifications.extend(topics(&parameters)),
            STACKSET => policy.stack_set = Some(StackSet::read(&parameters)),
            _ => {
                let parameters = Node::parse(constraint.parameters.as_bytes()).unwrap_or_default();
                let rules = parameters.get("Rules").and_then(Node::as_map);
                policy
                    .rules
                    .extend(rules.unwrap_or_default().iter().cloned());
            }
        }
    }
    policy
}

/// The rules of the TEMPLATE constraints as one JSON text.
pub(super) fn rules(constraints: &[&Arc<Constraint>]) -> Option<String> {
    let mut rules = serde_json::Map::new();
    for constraint in constraints {
        if constraint.kind == TEMPLATE
            && let Ok(Value::Object(mut parameters)) = serde_json::from_str(&constraint.parameters)
            && let Some(Value::Object(more)) = parameters.remove("Rules")
        {
            rules.extend(more);
        }
    }
    (!rules.is_empty()).then(|| Value::Object(rules).to_string())
}
