//! Products as their administrators and their users see them (facts §9.1).

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::input::{IdOrName, Input, tag_list};
use super::{
    Call, Operation, budget, in_use, invalid, no_portfolio, no_product, not_found, source,
    tag_option, version,
};
use crate::emulator::api::ApiError;
use crate::emulator::state::{Product, Tags};
use crate::emulator::{ids, quota, wire};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write("CreateProduct", create)
        .with_token("IdempotencyToken")
        .within(
            "all types; with a SourceConnection no version is made until `Emulator::sync_product` brings one",
        )
        .guesses(&[
            ("neither a version nor a SourceConnection, or both", "refused"),
            (
                "types of versions that products other than Terraform's have",
                "those of the name; of MARKETPLACE the two MARKETPLACE_…",
            ),
            ("a SourceConnection before its first sync", "no LastSync, no ProvisioningArtifactDetail"),
            ("a SupportUrl that is none", "InvalidParametersException"),
        ]),
    Operation::write("UpdateProduct", update)
        .within("whole; syncs as of CreateProduct")
        .guesses(&[("LastSync after another SourceConnection", "as it was")]),
    Operation::write("DeleteProduct", delete)
        .within("refused while it is in a portfolio, or has TagOptions, budgets or service actions")
        .guesses(&[(
            "whether provisioned products keep a product from being deleted",
            "they do not",
        )]),
    Operation::describe("DescribeProductAsAdmin", describe_as_admin)
        .guesses(&[(
            "a product's name that several have",
            "InvalidParametersException",
        )]),
    Operation::describe("DescribeProduct", describe)
        .within("for those with a launch path"),
    Operation::describe("DescribeProductView", describe_view)
        .within("for those with a launch path"),
];

/// Members that are texts: the request's name and the answer's.
const TEXTS: [(&str, &str); 5] = [
    ("Description", "ShortDescription"),
    ("Distributor", "Distributor"),
    ("SupportDescription", "SupportDescription"),
    ("SupportEmail", "SupportEmail"),
    ("SupportUrl", "SupportUrl"),
];

fn create(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let connection = source::connection(input)?;
    let properties = input.object("ProvisioningArtifactParameters");
    // What happens with neither is not documented (facts §9.1); a product must come by a version (a guess). That
    // there can't be both follows from the model's "either".
    if connection.is_some() == properties.is_some() {
        return Err(invalid(
            "Either ProvisioningArtifactParameters or SourceConnection must be provided.",
        ));
    }
    let kind = input.need("ProductType")?;
    let present = call.newest().products.len();
    quota::room(call.quotas, present, quota::PRODUCTS, "products")?;
    let mut first = properties
        .map(|properties| version::load(call, kind, properties))
        .transpose()?;
    let id = call.ctx.new_id("prod");
    let view = call.ctx.new_id("prodview");
    let mut product = Product {
        id: id.clone(),
        account: call.account().to_owned(),
        view: view.clone(),
        name: input.need("Name")?.to_owned(),
        owner: input.need("Owner")?.to_owned(),
        kind: kind.to_owned(),
        texts: Default::default(),
        tags: input.tags("Tags")?.into_iter().collect::<Tags>(),
        created: wire::whole_seconds(call.ctx.now),
        versions: Arc::default(),
        version_writes: 0,
        portfolios: Vec::new(),
        attached: Default::default(),
        connection,
    };
    product.attached.tagged = !product.tags.is_empty();
    set_texts(&mut product, input)?;
    if let Some(first) = &mut first {
        first.first = true;
    }
    let first_detail = first.as_ref().map(version::detail);
    product.versions = Arc::new(first.into_iter().map(Arc::new).collect());
    let answer = json!({
        "ProductViewDetail": detail(call, &product, product.created),
        "ProvisioningArtifactDetail": first_detail,
        "Tags": tag_list(&product.tags),
    });
    let catalog = call.edit();
    catalog.views.insert(view, id.clone());
    catalog.products.insert(&id, product);
    Ok(answer)
}

fn update(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (input, quotas) = (call.input, call.quotas);
    let connection = source::connection(input)?;
    let id = input.need("Id")?;
    let present = call.newest().products.get(id);
    let mut product = present.ok_or_else(|| no_product(id))?.as_ref().clone();
    if let Some(name) = input.owned("Name") {
        product.name = name;
    }
    if let Some(owner) = input.owned("Owner") {
        product.owner = owner;
    }
    if let Some(mut connection) = connection {
        // What was synced from elsewhere stays to be seen until the next sync (a guess).
        if let Some(old) = product.connection.take() {
            (connection.last, connection.success) = (old.last, old.success);
        }
        product.connection = Some(connection);
    }
    set_texts(&mut product, input)?;
    input.retag(&mut product.tags)?;
    product.attached.tagged |= !product.tags.is_empty();
    // The model lists no LimitExceededException here, though the quota is the same.
    if quota::fits(quotas, product.tags.len(), quota::TAGS, "tags").is_err() {
        return Err(invalid(format!("A product can have {} tags.", quota::TAGS)));
    }
    let answer = json!({
        "ProductViewDetail": detail(call, &product, product.created),
        "Tags": tag_list(&product.tags),
    });
    if let Some(present) = call.edit().products.edit(id) {
        *present = product;
    }
    Ok(answer)
}

fn delete(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("Id")?;
    let product = call.newest().products.get(id);
    let product = product.ok_or_else(|| no_product(id))?;
    // Provisioned products of it are not in the way (a guess: the documentation names only "users").
    if !product.portfolios.is_empty() {
        return Err(in_use(format!(
            "Product {id} is still assigned to a Portfolio"
        )));
    }
    // The documentation tells of these too, without their texts (facts §9.1; a guess).
    let attached = &product.attached;
    let actions = call.newest().actions_of(id).next().is_some();
    let holds = [
        (!attached.tag_options.is_empty(), "TagOptions"),
        (!attached.budgets.is_empty(), "Budgets"),
        (actions, "Service Actions"),
    ];
    for (holds, what) in holds {
        if holds {
            return Err(in_use(format!("Product {id} still has associated {what}")));
        }
    }
    let view = product.view.clone();
    let catalog = call.edit();
    catalog.products.remove(id);
    catalog.views.remove(&view);
    Ok(json!({}))
}

fn describe_as_admin(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let view = call.view();
    let product = view.find(call.input.one_of("Id", "Name")?)?;
    let mut options = view.own_options(product);
    // Another's TagOptions show only beside the portfolio that shares them (facts §9.1).
    if let Some(source) = call.input.text("SourcePortfolioId") {
        let portfolio = view.portfolio(source).ok_or_else(|| no_portfolio(source))?;
        if !portfolio.products.contains(&product.id) {
            return Err(no_product(&product.id));
        }
        options = view.options_in(portfolio, product);
    }
    let summaries = product.versions.iter().map(|version| {
        let mut metadata = json!({ "SourceProvisioningArtifactId": version.id });
        if !version.first {
            metadata["SourceProductId"] = json!(product.id);
        }
        json!({
            "CreatedTime": wire::time(version.created),
            "Description": version.description,
            "Id": version.id,
            "Name": version.name,
            "ProvisioningArtifactMetadata": metadata,
        })
    });
    Ok(json!({
        "Budgets": budget::details(call, &product.account, &product.attached),
        "ProductViewDetail": detail(call, product, product.created),
        "ProvisioningArtifactSummaries": summaries.collect::<Value>(),
        "TagOptions": tag_option::details(options),
        "Tags": tag_list(&product.tags),
    }))
}

fn describe(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let wanted = call.input.one_of("Id", "Name")?;
    let (IdOrName::Id(said) | IdOrName::Name(said)) = wanted;
    let view = call.view();
    let product = view.find_open(wanted, &call.ctx.caller.principal);
    let product = product.map_err(|_| denied(said))?;
    let paths = view.open_to(product, &call.ctx.caller.principal);
    if paths.is_empty() {
        return Err(denied(said));
    }
    let paths = paths
        .iter()
        .map(|portfolio| json!({"Id": ids::path_id(&portfolio.id), "Name": portfolio.name}));
    Ok(json!({
        "Budgets": budget::details(call, &product.account, &product.attached),
        "LaunchPaths": paths.collect::<Value>(),
        "ProductViewSummary": summary(product),
        "ProvisioningArtifacts": for_users(product),
    }))
}

fn describe_view(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("Id")?;
    let view = call.view();
    let product = view.of_view(id).ok_or_else(|| denied(id))?;
    if view.open_to(product, &call.ctx.caller.principal).is_empty() {
        return Err(denied(id));
    }
    Ok(json!({
        "ProductViewSummary": summary(product),
        "ProvisioningArtifacts": for_users(product),
    }))
}

/// Active versions only, oldest first (facts §9.1).
fn for_users(product: &Product) -> Value {
    let active = product.versions.iter().filter(|version| version.active);
    active.map(|version| version::short(version)).collect()
}

/// `ProductViewDetail`: its Status is `CREATED` at once and for ever, whatever the model says (facts §8).
pub(super) fn detail(call: &Call<'_>, product: &Product, created: Timestamp) -> Value {
    json!({
        "CreatedTime": wire::time(created),
        "ProductARN": ids::product_arn(&call.ctx.region, &product.account, &product.id),
        "ProductViewSummary": summary(product),
        "SourceConnection": source::shown(product.connection.as_ref()),
        "Status": "CREATED",
    })
}

/// `ProductViewSummary`: HasDefaultPath is false in every recording (facts §12).
pub(super) fn summary(product: &Product) -> Value {
    let mut summary = json!({
        "HasDefaultPath": false,
        "Id": product.view,
        "Name": product.name,
        "Owner": product.owner,
        "ProductId": product.id,
        "Type": product.kind,
    });
    for (request, answer) in TEXTS {
        summary[answer] = json!(product.texts.get(request));
    }
    summary
}

/// # Errors
/// `InvalidParametersException` for a SupportUrl that is none by the pattern the model's text gives
/// (`^https?:\/\//`; empty ones were recorded). Its words were not found (a guess).
fn set_texts(product: &mut Product, input: Input<'_>) -> Result<(), ApiError> {
    let url = input.text("SupportUrl").unwrap_or_default();
    if !url.is_empty() && !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(invalid(format!("Invalid SupportUrl: {url}")));
    }
    for (request, _) in TEXTS {
        if let Some(text) = input.owned(request) {
            product.texts.insert(request.into(), text);
        }
    }
    Ok(())
}

/// Not there and not allowed read the same (facts §2.1).
fn denied(said: &str) -> ApiError {
    not_found(format!("{said} does not exist or access was denied"))
}
