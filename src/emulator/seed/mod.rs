//! What an emulator holds from the start: a list of API calls, so that a seed can do only what the API can.
//!
//! ```yaml
//! - service: cloudformation
//!   operation: CreateStack
//!   templateFile: legacy-vpc.yaml          # relative to the seed; becomes TemplateBody
//!   input: {StackName: legacy-vpc}
//!   as: legacy
//!   ids: [0a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f]  # the end of the stack's ARN
//! - service: servicecatalog
//!   operation: CreatePortfolio
//!   account: "210987654321"                # default 123456789012
//!   region: eu-west-1                      # default us-east-1
//!   input: {DisplayName: Net, ProviderName: "${legacy.StackId}"}
//! ```
//!
//! `${name.Member.0.Other}` stands for a part of the answer to the call that was named so. Idempotency tokens are
//! filled in. After a call that starts something (a stack, a record, a version, a constraint, a copy, a plan, a share,
//! an account) the seed waits, in the emulator's time, until it has ended; ending badly is an error unless the call says
//! `fails: true`. The answers to CopyProduct and CreateAccount have then the members of the last status as well, e.g. TargetProductId.
//!
//! Ids are drawn, but manifests name some literally: `ids` are given out in place of drawn ones, each to the first
//! object that the call makes of its prefix (`port-`, `prod-`, `prodview-`, `pa-`, `cons-`, `pp-`, `rec-`, `plan-`,
//! `copyproduct-`, `share-`, `tag-`, `act-`), a UUID to a stack, twelve digits to an account. The prefixes are those
//! that the call itself gives out: the versions that a copy makes cannot be named. An id without the form of one is
//! refused before the call is made, and so is one that something has; one that the call had no use for is an error too.

mod call;
mod wait;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::Emulator;
use super::ids::Pins;
use super::route::Service;

/// Whose calls they are unless they say otherwise.
const ACCOUNT: &str = "123456789012";
/// Where they are made unless they say otherwise.
const REGION: &str = "us-east-1";
/// Bytes of a seed, and of a file that one names.
const MAX_FILE: u64 = 4 << 20;

/// Why a seed could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The seed or a file that it names.
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// It is not a list of calls.
    #[error("the seed is not a list of calls: {0}")]
    Malformed(String),
    /// A call could not be made, was refused, or what it started failed.
    #[error("call {number} of the seed ({operation}): {reason}")]
    Call {
        /// From 1.
        number: usize,
        /// Its operation.
        operation: String,
        /// The service's words, or what is wrong with the call.
        reason: String,
    },
}

/// One entry of a seed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Call {
    service: Service,
    operation: String,
    #[serde(default)]
    input: Value,
    #[serde(rename = "as")]
    name: Option<String>,
    account: Option<String>,
    region: Option<String>,
    template_file: Option<PathBuf>,
    #[serde(default)]
    ids: Vec<String>,
    #[serde(default)]
    fails: bool,
}

/// Makes the calls of the seed at `path`, in order. Returns how many there were.
///
/// # Errors
/// [`SeedError`]; the calls before the one that failed have been made.
pub async fn load(emulator: &Emulator, path: &Path) -> Result<usize, SeedError> {
    let text = read(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    load_text(emulator, &text, folder).await
}

/// Makes the calls of a seed's text, whose files lie in `folder`.
///
/// # Errors
/// As [`load`].
pub async fn load_text(emulator: &Emulator, text: &str, folder: &Path) -> Result<usize, SeedError> {
    let calls: Option<Vec<Call>> =
        serde_yaml::from_str(text).map_err(|error| SeedError::Malformed(error.to_string()))?;
    let calls = calls.unwrap_or_default();
    let mut answers = BTreeMap::new();
    for (at, call) in calls.iter().enumerate() {
        let failed = |reason: String| SeedError::Call {
            number: at + 1,
            operation: call.operation.clone(),
            reason,
        };
        let mut input = resolve(&call.input, &answers).map_err(failed)?;
        if !input.is_object() {
            if !input.is_null() {
                return Err(failed("its input is not a mapping".to_owned()));
            }
            input = Value::Object(serde_json::Map::new());
        }
        if let Some(file) = &call.template_file {
            let member = match call.service {
                Service::S3 => "Body",
                _ => "TemplateBody",
            };
            input[member] = Value::String(read(&folder.join(file))?);
        }
        let caller = call::Caller {
            emulator,
            account: call.account.as_deref().unwrap_or(ACCOUNT),
            region: call.region.as_deref().unwrap_or(REGION),
        };
        call::fill_tokens(&call.operation, at, &mut input);
        let pins = Pins::new(call.ids.clone()).map_err(failed)?;
        if let Some(id) = call.ids.iter().find(|id| emulator.has(id)) {
            return Err(failed(format!("the id {id} is taken")));
        }
        let mut answer = caller
            .pinned(call.service, &call.operation, &input, &pins)
            .await
            .map_err(failed)?;
        let more = wait::for_end(&caller, &call.operation, &input, &answer, call.fails)
            .await
            .map_err(failed)?;
        if let Some(members) = answer.as_object_mut() {
            members.extend(more);
        }
        if let Some(name) = &call.name {
            answers.insert(name.clone(), answer);
        }
    }
    Ok(calls.len())
}

fn read(path: &Path) -> Result<String, SeedError> {
    let unreadable = |reason: String| SeedError::Unreadable {
        path: path.to_owned(),
        reason,
    };
    let meta = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if meta.len() > MAX_FILE {
        return Err(unreadable(format!("it has more than {MAX_FILE} bytes")));
    }
    std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}

/// Puts parts of earlier answers in place of `${name.Path}`. What is no name of an answer stays as written, so that a
/// template may stand in a seed.
fn resolve(node: &Value, answers: &BTreeMap<String, Value>) -> Result<Value, String> {
    Ok(match node {
        Value::String(text) => Value::String(resolve_text(text, answers)?),
        Value::Array(items) => items
            .iter()
            .map(|item| resolve(item, answers))
            .collect::<Result<_, _>>()?,
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, value)| Ok((key.clone(), resolve(value, answers)?)))
                .collect::<Result<_, String>>()?,
        ),
        other => other.clone(),
    })
}

fn resolve_text(text: &str, answers: &BTreeMap<String, Value>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((path, tail)) = after.split_once('}') else {
            out.push_str("${");
            rest = after;
            continue;
        };
        rest = tail;
        let mut parts = path.split('.');
        let Some(mut value) = parts.next().and_then(|name| answers.get(name)) else {
            out.push_str(&format!("${{{path}}}"));
            continue;
        };
        for part in parts {
            value = match part.parse::<usize>() {
                Ok(index) if value.is_array() => value.get(index),
                _ => value.get(part),
            }
            .ok_or_else(|| format!("there is no ${{{path}}} in the answer"))?;
        }
        match value {
            Value::String(found) => out.push_str(found),
            Value::Number(_) | Value::Bool(_) => out.push_str(&value.to_string()),
            _ => return Err(format!("${{{path}}} is not a text")),
        }
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_reach_into_answers() {
        let answers = BTreeMap::from([(
            "p".to_owned(),
            json!({"Detail": {"Id": "port-1", "Tags": [{"Key": "k"}]}}),
        )]);
        let text = |text: &str| resolve_text(text, &answers);
        assert_eq!(
            text("a ${p.Detail.Id} ${p.Detail.Tags.0.Key}").unwrap(),
            "a port-1 k"
        );
        assert_eq!(
            text("${AWS::Region} ${x.y} ${").unwrap(),
            "${AWS::Region} ${x.y} ${"
        );
        assert_eq!(
            text("${p.Nope}").unwrap_err(),
            "there is no ${p.Nope} in the answer"
        );
        assert_eq!(
            text("${p.Detail}").unwrap_err(),
            "${p.Detail} is not a text"
        );
    }
}
