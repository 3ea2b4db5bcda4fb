//! Systems Manager, as far as its parameters are read by name: JSON 1.1.
//!
//! Names, texts and codes are from its model and from what users quote; of labels, policies, tiers and tags nothing is
//! here. CloudFormation reads the same parameters.

mod store;

use serde_json::{Map, Value, json};

pub(super) use store::{Asked, Kind, Missing, Parameters};

use super::api::{ApiError, Ctx};
use super::ops::{Input, unsupported};
use super::validate::SSM;
use super::{quota, wire};
use store::arn;

/// Characters of a value in the tier that there is.
const MAX_VALUE: usize = 4096;
/// Levels of a hierarchy.
const MAX_LEVELS: usize = 15;
/// What a name may be made of, as users quote it.
const NAMES: &str = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can \
                     consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, \
                     numbers and the following 3 symbols .-_";

/// Answers one request.
///
/// # Errors
/// As the service says them; an operation that it has and this has not is refused plainly.
pub(super) fn handle(
    parameters: &mut Parameters,
    ctx: &Ctx<'_>,
    operation: &str,
    body: &[u8],
    quotas: bool,
) -> Result<Value, ApiError> {
    if !SSM.known(operation) {
        return Err(ApiError::new("UnknownOperationException", ""));
    }
    let members = wire::read(body)?;
    SSM.check(operation, &members)?;
    let input = Input::new(&members);
    match operation {
        "PutParameter" => put(parameters, ctx, input, &members, quotas),
        "GetParameter" => get(parameters, ctx, input),
        "GetParameters" => get_all(parameters, ctx, input),
        "DeleteParameter" => delete(parameters, ctx, input),
        _ => Err(unsupported(operation)),
    }
}

fn put(
    parameters: &mut Parameters,
    ctx: &Ctx<'_>,
    input: Input<'_>,
    members: &Map<String, Value>,
    quotas: bool,
) -> Result<Value, ApiError> {
    for member in ["AllowedPattern", "Policies", "Tags"] {
        if members.contains_key(member) {
            return Err(unsupported(member));
        }
    }
    if input.text("Tier").is_some_and(|tier| tier != "Standard") {
        return Err(unsupported("A Tier other than Standard"));
    }
    if input.text("DataType").is_some_and(|kind| kind != "text") {
        return Err(unsupported("A DataType other than text"));
    }
    let (name, value) = (input.need("Name")?.trim(), input.need("Value")?);
    judge(name, value)?;
    let kind = input.text("Type").and_then(Kind::named);
    let present = parameters.get(name).map(|present| present.kind);
    let kind = match (present, kind, input.flag("Overwrite") == Some(true)) {
        (Some(_), _, false) => {
            return Err(ApiError::new(
                "ParameterAlreadyExists",
                "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
            ));
        }
        (None, None, _) => {
            return Err(validation(
                "A parameter type is required when you create a parameter.",
            ));
        }
        (Some(present), Some(kind), true) if present != kind => {
            // The model's words for this code; that any change of type is meant is a guess.
            return Err(ApiError::new(
                "HierarchyTypeMismatchException",
                "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't \
                 change a parameter from a String type to a SecureString type. You must create a new, unique parameter.",
            ));
        }
        (Some(present), _, true) => present,
        (None, Some(kind), _) => {
            // The code is the model's, the text a guess.
            let what = "parameters per account and Region";
            quota::room(quotas, parameters.len(), quota::PARAMETERS, what)
                .map_err(|error| ApiError::new("ParameterLimitExceeded", error.message))?;
            kind
        }
    };
    let version = parameters.put(name, kind, value, wire::whole_millis(ctx.now));
    Ok(json!({ "Tier": "Standard", "Version": version }))
}

fn get(parameters: &Parameters, ctx: &Ctx<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let asked = read(ctx, input.need("Name")?);
    if asked.is_public() {
        return Err(unsupported("A public parameter of AWS"));
    }
    match shown(parameters, ctx, input, asked) {
        Ok(parameter) => Ok(json!({ "Parameter": parameter })),
        Err(Missing::Parameter) => Err(not_found()),
        Err(Missing::Version) => Err(ApiError::new(
            "ParameterVersionNotFound",
            format!(
                "Systems Manager could not find version {} of {}. Verify the version and try again.",
                asked.selector.unwrap_or_default(),
                asked.name
            ),
        )),
    }
}

/// What is found in alphabetical order (as the model says), the rest by name.
fn get_all(parameters: &Parameters, ctx: &Ctx<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let mut names: Vec<&str> = input.texts("Names").collect();
    if names.iter().any(|name| read(ctx, name).is_public()) {
        return Err(unsupported("A public parameter of AWS"));
    }
    names.sort_unstable();
    // A name given twice is answered once (a guess).
    names.dedup();
    let (mut found, mut invalid) = (Vec::new(), Vec::new());
    for name in names {
        match shown(parameters, ctx, input, read(ctx, name)) {
            Ok(parameter) => found.push(parameter),
            Err(_) => invalid.push(name),
        }
    }
    Ok(json!({ "InvalidParameters": invalid, "Parameters": found }))
}

fn delete(parameters: &mut Parameters, ctx: &Ctx<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let asked = read(ctx, input.need("Name")?);
    if asked.selector.is_none() && parameters.remove(asked.name) {
        Ok(json!({}))
    } else {
        Err(not_found())
    }
}

fn read<'a>(ctx: &Ctx<'_>, text: &'a str) -> Asked<'a> {
    Asked::read(text, &ctx.caller.account, &ctx.region)
}

fn shown(
    parameters: &Parameters,
    ctx: &Ctx<'_>,
    input: Input<'_>,
    asked: Asked<'_>,
) -> Result<Value, Missing> {
    let (parameter, version) = parameters.find(asked)?;
    let decrypted = input.flag("WithDecryption") == Some(true);
    Ok(json!({
        "ARN": arn(&ctx.region, &ctx.caller.account, asked.name),
        "DataType": "text",
        "LastModifiedDate": wire::time(version.made),
        "Name": asked.name,
        "Selector": asked.selector.map(|selector| format!(":{selector}")),
        "Type": parameter.kind.as_str(),
        "Value": parameter.shown(version, decrypted),
        "Version": version.number,
    }))
}

/// Whether a parameter may be named so and have that value.
///
/// # Errors
/// As users quote them.
pub(super) fn judge(name: &str, value: &str) -> Result<(), ApiError> {
    judge_name(name)?;
    judge_value(value)
}

fn judge_name(name: &str) -> Result<(), ApiError> {
    let bare = name.trim_start_matches('/');
    let small = bare.to_ascii_lowercase();
    let path = name.matches('/').count() > 1;
    if small.starts_with("aws") && name.starts_with('/') && path {
        return Err(ApiError::new(
            "AccessDeniedException",
            format!("No access to reserved parameter name: {bare}."),
        ));
    }
    if (small.starts_with("aws") || small.starts_with("ssm")) && !path {
        return Err(validation(
            "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).",
        ));
    }
    let parts = name.strip_prefix('/').unwrap_or(name).split('/');
    let letters = |part: &str| {
        let mut letters = part.chars();
        letters.all(|letter| letter.is_ascii_alphanumeric() || ".-_".contains(letter))
    };
    let mut each = parts.clone();
    if small.starts_with("ssm") || !each.all(|part| !part.is_empty() && letters(part)) {
        return Err(validation(NAMES));
    }
    if name.contains('/') && !name.starts_with('/') {
        return Err(validation("Parameter name must be a fully qualified name."));
    }
    if parts.count() > MAX_LEVELS {
        return Err(ApiError::new(
            "HierarchyLevelLimitExceededException",
            "A hierarchy can have a maximum of 15 levels.",
        ));
    }
    Ok(())
}

fn judge_value(value: &str) -> Result<(), ApiError> {
    if value.is_empty() {
        return Err(validation(
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length \
             greater than or equal to 1.",
        ));
    }
    if value.chars().count() > MAX_VALUE {
        return Err(validation(
            "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger \
             parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see \
             https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html",
        ));
    }
    if value
        .split_once("{{")
        .is_some_and(|(_, rest)| rest.contains("}}"))
    {
        return Err(validation(
            "Parameter value can't nest another parameter. Do not use \"{{}}\" in the value.",
        ));
    }
    Ok(())
}

fn validation(text: &str) -> ApiError {
    ApiError::new("ValidationException", text)
}

/// Without a word, as users show it.
fn not_found() -> ApiError {
    ApiError::new("ParameterNotFound", "")
}
