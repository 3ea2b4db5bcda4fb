//! Versions of products: provisioning artifacts (facts §9.2).

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::input::{IdOrName, Input};
use super::{Call, Operation, in_use, invalid, no_product, not_found, source};
use crate::emulator::api::ApiError;
use crate::emulator::cfn::{ParameterDecl, Template};
use crate::emulator::state::{Product, Source, Version};
use crate::emulator::{quota, wire};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::version_write("CreateProvisioningArtifact", create)
        .with_token("IdempotencyToken")
        .within("from an address in S3 or, of CloudFormation's, from a stack; from GitHub `NotImplemented`")
        .guesses(&[
            ("texts for a bad Info", "plain words"),
            (
                "blanks in a version's name, which the model's text forbids and AWS's own version has",
                "let in",
            ),
            (
                "a template that is larger than CloudFormation takes",
                "refused as one that is none",
            ),
            (
                "who may launch a version that is CREATING or FAILED",
                "nobody",
            ),
        ]),
    Operation::version_write("UpdateProvisioningArtifact", update),
    Operation::version_write("DeleteProvisioningArtifact", delete)
        .within("refused for a product's last one")
        .guesses(&[
            ("deleting the last version", "ResourceInUseException"),
            (
                "a version that has service actions",
                "ResourceInUseException",
            ),
        ]),
    Operation::describe("DescribeProvisioningArtifact", describe)
        .within("whole, with Verbose and the parameters")
        .guesses(&[
            ("how an inactive version looks to users", "not found"),
            ("Info of a version that a sync made", "absent"),
            ("TemplateUrl beside the template of Verbose", "it stays"),
            (
                "Verbose of what is no CloudFormation template",
                "adds nothing",
            ),
        ]),
    Operation::list("ListProvisioningArtifacts", list)
        .within("whole; it has no pages, as in the model"),
];

/// The one kind whose template CloudFormation reads.
pub(super) const CLOUDFORMATION: &str = "CLOUD_FORMATION_TEMPLATE";

/// What is said of a template that is none (facts §2.1).
pub(super) const BAD_TEMPLATE: &str =
    "Invalid templateBody. Please make sure that your template is valid";

fn create(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (input, quotas) = (call.input, call.quotas);
    let id = input.need("ProductId")?;
    let product = call.newest().products.get(id);
    let kind = product.ok_or_else(|| no_product(id))?.kind.clone();
    let properties = input
        .object("Parameters")
        .ok_or_else(|| invalid("Parameters is required"))?;
    let version = Arc::new(load(call, &kind, properties)?);
    let made = Arc::clone(&version);
    call.write_versions(id, |versions| {
        let what = "versions per product";
        quota::room(quotas, versions.len(), quota::VERSIONS, what)?;
        versions.push(made);
        Ok(())
    })?;
    Ok(json!({
        "Info": info(&version),
        "ProvisioningArtifactDetail": detail(&version),
        "Status": "CREATING",
    }))
}

fn update(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (input, now) = (call.input, call.ctx.now);
    let id = input.need("ProvisioningArtifactId")?;
    let version = call.write_versions(input.need("ProductId")?, |versions| {
        let version = versions.iter_mut().find(|version| version.id == id);
        let version = Arc::make_mut(version.ok_or_else(|| no_version(id))?);
        if let Some(name) = input.owned("Name") {
            version.name = Some(name);
        }
        if let Some(description) = input.owned("Description") {
            version.description = Some(description);
        }
        if let Some(active) = input.flag("Active") {
            version.active = active;
        }
        if let Some(guidance) = input.text("Guidance") {
            version.deprecated = guidance == "DEPRECATED";
        }
        Ok(version.clone())
    })?;
    Ok(json!({
        "Info": info(&version),
        "ProvisioningArtifactDetail": detail(&version),
        "Status": version.making.status(now),
    }))
}

fn delete(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("ProvisioningArtifactId")?;
    let product = call.input.need("ProductId")?;
    // What of actions that a version has is not documented (a guess): it is in use, as its product would be.
    let acted_on = call.newest().actions_of(product).any(|(_, own)| own == id);
    call.write_versions(product, |versions| {
        if !versions.iter().any(|version| version.id == id) {
            return Err(no_version(id));
        }
        // Which of the modelled codes is used, and its text, was not found (facts §9.2; a guess).
        if versions.len() == 1 {
            return Err(in_use(format!(
                "ProvisioningArtifact {id} is the last one of its product"
            )));
        }
        if acted_on {
            return Err(in_use(format!(
                "ProvisioningArtifact {id} still has associated Service Actions"
            )));
        }
        versions.retain(|version| version.id != id);
        Ok(json!({}))
    })
}

fn describe(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let product = input.one_of("ProductId", "ProductName")?;
    let version = input.one_of("ProvisioningArtifactId", "ProvisioningArtifactName")?;
    let view = call.view();
    let version = find(view.find(product)?, version)?;
    let mut info = info(version);
    if input.flag("Verbose") == Some(true) && version.kind.as_deref() == Some(CLOUDFORMATION) {
        // Whether TemplateUrl stays next to it is unknown (facts §12); it does here (a guess).
        let text = String::from_utf8_lossy(&version.template);
        info["CloudFormationTemplate"] = json!(text);
    }
    let parameters = match input.flag("IncludeProvisioningArtifactParameters") {
        Some(true) => Template::parse(&version.template)
            .map(|template| parameters(&template))
            .unwrap_or_else(|_| json!([])),
        _ => Value::Null,
    };
    Ok(json!({
        "Info": info,
        "ProvisioningArtifactDetail": detail(version),
        "ProvisioningArtifactParameters": parameters,
        "Status": version.making.status(call.at()),
    }))
}

/// All versions, inactive ones too, oldest first as in the one transcript of two; there is nothing to page with
/// (facts §9.2).
fn list(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let id = call.input.need("ProductId")?;
    let view = call.view();
    let versions = &view.product(id).ok_or_else(|| no_product(id))?.versions;
    let shown = call.cut.unwrap_or(usize::MAX);
    let details = versions.iter().take(shown).map(|version| detail(version));
    Ok(json!({ "ProvisioningArtifactDetails": details.collect::<Value>() }))
}

/// A new version from `ProvisioningArtifactProperties`; its template is fetched and checked at once.
///
/// # Errors
/// `InvalidParametersException` when the template cannot be read or is none, or for a type that products of this one
/// do not have.
pub(super) fn load(
    call: &mut Call<'_>,
    product: &str,
    properties: Input<'_>,
) -> Result<Version, ApiError> {
    let kind = properties.text("Type").unwrap_or(CLOUDFORMATION);
    source::suits(product, kind)?;
    let (source, template) = source::read(call, kind, properties.object("Info"))?;
    let unchecked = properties.flag("DisableTemplateValidation") == Some(true);
    if kind == CLOUDFORMATION && !unchecked && !readable(&template) {
        return Err(invalid(BAD_TEMPLATE));
    }
    Ok(Version {
        id: call.ctx.new_id("pa"),
        name: properties.owned("Name"),
        description: properties.owned("Description"),
        kind: Some(kind.to_owned()),
        created: wire::whole_seconds(call.ctx.now),
        active: true,
        deprecated: false,
        source,
        template,
        making: call.making(),
        first: false,
    })
}

/// Whether CloudFormation takes a template. That one which is too large is refused in the words for one that is none is
/// a guess.
pub(super) fn readable(template: &[u8]) -> bool {
    Template::fits(template).is_ok() && Template::parse(template).is_ok()
}

/// The version of that id or name. Names are not unique within a product (facts §2.1).
pub(super) fn find<'a>(
    product: &'a Product,
    wanted: IdOrName<'_>,
) -> Result<&'a Arc<Version>, ApiError> {
    match wanted {
        IdOrName::Id(id) => product
            .versions
            .iter()
            .find(|version| version.id == id)
            .ok_or_else(|| no_version(id)),
        IdOrName::Name(name) => {
            let versions = product.versions.iter();
            let mut named = versions.filter(|version| version.name.as_deref() == Some(name));
            match (named.next(), named.next()) {
                (Some(version), None) => Ok(version),
                (None, _) => Err(no_version(name)),
                (Some(_), Some(_)) => Err(invalid(format!(
                    "Multiple Provisioning Artifact with name {name} found."
                ))),
            }
        }
    }
}

/// Refuses what end users do not see: inactive versions (facts §9.2), which therefore read as not there (a guess).
pub(super) fn visible(version: &Version) -> Result<(), ApiError> {
    if version.active {
        Ok(())
    } else {
        Err(no_version(&version.id))
    }
}

/// Refuses versions that cannot be launched: those not seen, and those not AVAILABLE. Clients wait for that state, so
/// what the service says to one that does not was not found (a guess).
pub(super) fn usable(version: &Version, at: Timestamp) -> Result<(), ApiError> {
    visible(version)?;
    match version.making.status(at) {
        "AVAILABLE" => Ok(()),
        status => Err(invalid(format!(
            "ProvisioningArtifact {} is in status {status}.",
            version.id
        ))),
    }
}

/// `ProvisioningArtifactDetail`.
pub(super) fn detail(version: &Version) -> Value {
    json!({
        "Active": version.active,
        "CreatedTime": wire::time(version.created),
        "Description": version.description,
        "Guidance": guidance(version),
        "Id": version.id,
        "Name": version.name,
        "SourceRevision": source::revision(version),
        "Type": version.kind,
    })
}

/// `ProvisioningArtifact`: a version as users see it.
pub(super) fn short(version: &Version) -> Value {
    json!({
        "CreatedTime": wire::time(version.created),
        "Description": version.description,
        "Guidance": guidance(version),
        "Id": version.id,
        "Name": version.name,
    })
}

fn guidance(version: &Version) -> &'static str {
    if version.deprecated {
        "DEPRECATED"
    } else {
        "DEFAULT"
    }
}

/// `ProvisioningArtifactParameters`. In recordings of 2018 and 2020 AllowedValues is always there and alone; the
/// others came to the model later and are given where the template has them.
pub(super) fn parameters(template: &Template) -> Value {
    let shown = |decl: ParameterDecl| {
        json!({
            "DefaultValue": decl.default,
            "Description": decl.description,
            "IsNoEcho": decl.no_echo,
            "ParameterConstraints": {
                "AllowedPattern": decl.allowed_pattern,
                "AllowedValues": decl.allowed_values,
                "ConstraintDescription": decl.constraint_description,
                "MaxLength": decl.max_length.map(|length| length.to_string()),
                "MaxValue": decl.max_value,
                "MinLength": decl.min_length.map(|length| length.to_string()),
                "MinValue": decl.min_value,
            },
            "ParameterKey": decl.key,
            "ParameterType": decl.kind,
        })
    };
    template.parameters().into_iter().map(shown).collect()
}

/// Reading back uses other keys than writing (facts §9.2).
fn info(version: &Version) -> Value {
    match &version.source {
        Source::Url(url) => json!({ "TemplateUrl": url }),
        Source::Stack(arn) => json!({ "PhysicalId": arn }),
        // Where the service keeps what it read from a repository was never shown (a guess).
        Source::Commit(_) => Value::Null,
    }
}

pub(super) fn no_version(id: &str) -> ApiError {
    not_found(format!("ProvisioningArtifact {id} not found."))
}
