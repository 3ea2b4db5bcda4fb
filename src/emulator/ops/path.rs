//! Launch paths: the portfolios through which the caller may launch a product (facts §10.3).

use std::sync::Arc;

use serde_json::{Value, json};

use super::input::{IdOrName, tag_list};
use super::tag_choice::Choices;
use super::view::View;
use super::{Call, Operation, constraint, invalid, not_found, unsupported, version};
use crate::emulator::api::ApiError;
use crate::emulator::cfn::Template;
use crate::emulator::cfn::node::Node;
use crate::emulator::state::{Constraint, Portfolio, Product};
use crate::emulator::{ids, page};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::list("ListLaunchPaths", list)
        .within("for the caller's role")
        .guesses(&[(
            "whether a launch path shows its product's tags",
            "only the portfolio's",
        )]),
    Operation::describe("DescribeProvisioningParameters", describe_parameters)
        .within(
            "CloudFormation products (of others `NotImplemented`, or what is said without a launch role)",
        )
        .guesses(&[
            ("an unknown PathName", "\"Invalid PathName: …\""),
            ("the code for a Terraform product without a launch role", "InvalidParametersException"),
            (
                "whether inactive versions are among ProvisioningArtifactOutputs",
                "they are",
            ),
            (
                "whether the template's own Rules are among the `rules` of UsageInstructions",
                "they are not",
            ),
        ]),
];

fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("ProductId")?;
    let view = call.view();
    let found = view.product(id);
    let paths = found.map(|product| view.open_to(product, &call.ctx.caller.principal));
    let paths = paths.filter(|paths| !paths.is_empty());
    let paths = paths.ok_or_else(|| no_path(id))?;
    let items = paths
        .into_iter()
        .map(|portfolio| {
            json!({
                "ConstraintSummaries": summaries(&view, portfolio, id),
                "Id": ids::path_id(&portfolio.id),
                "Name": portfolio.name,
                // Whether the product's are among them is not known: those of the portfolio (a guess).
                "Tags": tag_list(&portfolio.tags),
            })
        })
        .collect();
    Ok(page::answer(
        "LaunchPathSummaries",
        call.page()?.by_offset(items),
    ))
}

fn describe_parameters(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let wanted = input.one_of("ProductId", "ProductName")?;
    let version = input.one_of("ProvisioningArtifactId", "ProvisioningArtifactName")?;
    let path = input.at_most_one_of("PathId", "PathName")?;
    let view = call.view();
    let product = view.find_open(wanted, &call.ctx.caller.principal)?;
    let portfolio = choose(&view, product, &call.ctx.caller.principal, path)?;
    let version = version::find(product, version)?;
    version::visible(version)?;
    let constraints = view.constraints(&portfolio.id, &product.id);
    let policy = constraint::policy(&constraints, call.account());
    if version.kind.as_deref() != Some(version::CLOUDFORMATION) {
        return Err(elsewhere(product, &policy));
    }
    let preferences = match &policy.stack_set {
        Some(set) => json!({"StackSetAccounts": set.accounts, "StackSetRegions": set.regions}),
        None => json!({}),
    };
    let template = Template::parse(&version.template)
        .map_err(|error| invalid(format!("Error occurred during parameter parsing: {error}")))?;
    // This deprecated member really lists the product's versions (facts §9.3); that inactive ones are among
    // them is a guess.
    let versions = product.versions.iter().map(|version| {
        json!({"Key": version.id, "Description": version.description.as_deref().unwrap_or("")})
    });
    let outputs = template.outputs().into_iter();
    let outputs = outputs.map(|(key, description)| json!({"Key": key, "Description": description}));
    Ok(json!({
        "ConstraintSummaries": summaries(&view, portfolio, &product.id),
        "ProvisioningArtifactOutputKeys": outputs.collect::<Value>(),
        "ProvisioningArtifactOutputs": versions.collect::<Value>(),
        "ProvisioningArtifactParameters": version::parameters(&template),
        "ProvisioningArtifactPreferences": preferences,
        "TagOptions": Choices::of(&view, portfolio, product).shown(),
        "UsageInstructions": usage(&constraints, policy, &template, &version.template),
    }))
}

/// Parameters of what no template of CloudFormation describes are read by the engine's own parser, under the launch
/// role. The text without a role is known, its code is a guess.
fn elsewhere(product: &Product, policy: &constraint::Policy) -> ApiError {
    if policy.launch_role.is_none() && product.kind != "MARKETPLACE" {
        return invalid(
            "Error occurred during parameter parsing: LaunchRoleArn is required and must be non empty",
        );
    }
    unsupported(&format!(
        "Reading the parameters of a {} product, which takes an engine,",
        product.kind
    ))
}

/// What the recordings show, in their order.
fn usage(
    constraints: &[&Arc<Constraint>],
    policy: constraint::Policy,
    template: &Template,
    body: &[u8],
) -> Value {
    let root = Node::parse(body).ok();
    let metadata = root.as_ref().and_then(|root| root.get("Metadata"));
    // The recorded templates have no Rules of their own: those of constraints alone are shown (a guess).
    let rules = constraint::rules(constraints);
    let version = root
        .as_ref()
        .and_then(|root| root.get("AWSTemplateFormatVersion")?.as_text());
    let told = [
        ("rules", Some(rules.unwrap_or_else(|| "{}".to_owned()))),
        ("version", version.map(str::to_owned)),
        ("description", template.description().map(str::to_owned)),
        ("metadata", metadata.map(json_text)),
        ("launchAsRole", policy.launch_role),
        (
            "tagUpdateOnProvisionedProduct",
            Some(
                if policy.tag_updates {
                    "ALLOWED"
                } else {
                    "NOT_ALLOWED"
                }
                .to_owned(),
            ),
        ),
    ];
    told.into_iter()
        .filter_map(|(kind, value)| Some(json!({"Type": kind, "Value": value?})))
        .collect()
}

/// A node as JSON in the template's own order; all scalars are texts, as recorded.
fn json_text(node: &Node) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    match node {
        Node::Null => "null".to_owned(),
        Node::Text(text) => quoted(text),
        Node::List(items) => {
            let items: Vec<String> = items.iter().map(json_text).collect();
            format!("[{}]", items.join(","))
        }
        Node::Map(members) => {
            let members = members.iter();
            let members: Vec<String> = members
                .map(|(key, node)| format!("{}:{}", quoted(key), json_text(node)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

fn summaries(view: &View<'_>, portfolio: &Portfolio, product: &str) -> Value {
    view.constraints(&portfolio.id, product)
        .into_iter()
        .map(|found| json!({"Type": found.kind, "Description": found.description}))
        .collect()
}

/// The path to launch through.
///
/// # Errors
/// There is none, it is not the caller's, or it is not said which of several (facts §2.1).
pub(super) fn choose<'a>(
    view: &View<'a>,
    product: &Product,
    principal: &str,
    wanted: Option<IdOrName<'_>>,
) -> Result<&'a Arc<Portfolio>, ApiError> {
    let mut paths = view.open_to(product, principal);
    if paths.is_empty() {
        return Err(no_path(&product.id));
    }
    let fits = |portfolio: &Portfolio| match wanted {
        None => true,
        Some(IdOrName::Id(id)) => ids::path_id(&portfolio.id) == id,
        Some(IdOrName::Name(name)) => portfolio.name == name,
    };
    paths.retain(|portfolio| fits(portfolio));
    match (paths.as_slice(), wanted) {
        ([path], _) => Ok(path),
        ([], Some(IdOrName::Id(id))) => Err(invalid(format!("Invalid PathId: {id}"))),
        // By the pattern of the other (a guess).
        ([], Some(IdOrName::Name(name))) => Err(invalid(format!("Invalid PathName: {name}"))),
        _ => Err(invalid(
            "More than one launch path ids exist. Please specify the launch path id",
        )),
    }
}

pub(super) fn no_path(product: &str) -> ApiError {
    not_found(format!("No launch paths found for resource: {product}"))
}
