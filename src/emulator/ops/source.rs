//! Where versions come from: the types that go with a product's, and repositories (facts §8.1).
//!
//! No repository is ever asked: syncs come about by `Emulator::sync_product` alone.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::input::Input;
use super::{Call, import, invalid, no_product, unsupported, version};
use crate::clock::Entropy;
use crate::emulator::api::{ApiError, Timing};
use crate::emulator::cfn::Template;
use crate::emulator::state::{Attempt, Connection};
use crate::emulator::state::{Making, Partition, Source, Version};
use crate::emulator::{Sync, ids, quota, wire};

/// The types of versions by the product's type. That a product's own is the only one is known of Terraform's (a user's
/// report); of the others it goes by the names (a guess).
const TYPES: [(&str, &[&str]); 5] = [
    ("CLOUD_FORMATION_TEMPLATE", &["CLOUD_FORMATION_TEMPLATE"]),
    ("MARKETPLACE", &["MARKETPLACE_AMI", "MARKETPLACE_CAR"]),
    ("TERRAFORM_OPEN_SOURCE", &["TERRAFORM_OPEN_SOURCE"]),
    ("TERRAFORM_CLOUD", &["TERRAFORM_CLOUD"]),
    ("EXTERNAL", &["EXTERNAL"]),
];

/// Whether a product of one type may have versions of another.
///
/// # Errors
/// `InvalidParametersException` in the words of the report.
pub(super) fn suits(product: &str, kind: &str) -> Result<(), ApiError> {
    let types = TYPES.iter().find(|(own, _)| *own == product);
    let types = types.map_or(&[][..], |(_, types)| types);
    if types.contains(&kind) {
        return Ok(());
    }
    Err(invalid(format!(
        "The {product} Product Type only supports the following ProvisioningArtifact Types: {}",
        types.join(", ")
    )))
}

/// The template of a new version, from where its `Info` says.
///
/// # Errors
/// It can't be read: what S3 and CloudFormation say of that is known, that Service Catalog repeats it is a guess. The
/// emulator's own refusal for an address on GitHub, which the service takes (model).
pub(super) fn read(
    call: &mut Call<'_>,
    kind: &str,
    info: Option<Input<'_>>,
) -> Result<(Source, Bytes), ApiError> {
    let url = info.and_then(|info| info.text("LoadTemplateFromURL"));
    let stack = info.and_then(|info| info.text("ImportFromPhysicalId"));
    match (url, stack) {
        (Some(url), None) if on_github(url) => Err(unsupported("A template on GitHub")),
        (Some(url), None) => {
            let body = call.buckets.read_url(call.account(), url);
            Ok((Source::Url(url.to_owned()), body.map_err(invalid)?))
        }
        // Only stacks can be imported from (model); the text is a guess.
        (None, Some(_)) if kind != version::CLOUDFORMATION => Err(invalid(format!(
            "ImportFromPhysicalId is not supported for {kind}."
        ))),
        (None, Some(arn)) => {
            // "Currently only supports CloudFormation stack arn" (model): no names; the text is a guess.
            if !import::is_stack_arn(arn) {
                return Err(invalid(format!("Invalid ImportFromPhysicalId: {arn}")));
            }
            let stack = call.partition.stacks.get(arn);
            let stack =
                stack.ok_or_else(|| invalid(format!("Stack with id {arn} does not exist")))?;
            Ok((Source::Stack(stack.id.clone()), stack.template.clone()))
        }
        // The text is a guess.
        _ => Err(invalid(
            "Info must have exactly one of LoadTemplateFromURL and ImportFromPhysicalId.",
        )),
    }
}

fn on_github(url: &str) -> bool {
    let host = url
        .split("//")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    host.is_some_and(|host| {
        ["github.com", "githubusercontent.com"]
            .iter()
            .any(|name| host == *name || host.ends_with(&format!(".{name}")))
    })
}

/// Reads SourceConnection.
///
/// # Errors
/// `InvalidParametersException` when it names no repository; its text is a guess.
pub(super) fn connection(input: Input<'_>) -> Result<Option<Connection>, ApiError> {
    let Some(asked) = input.object("SourceConnection") else {
        return Ok(None);
    };
    let parameters = asked.object("ConnectionParameters");
    let code_star = parameters.and_then(|parameters| parameters.object("CodeStar"));
    let code_star =
        code_star.ok_or_else(|| invalid("SourceConnection must have CodeStar parameters."))?;
    Ok(Some(Connection {
        arn: code_star.need("ConnectionArn")?.to_owned(),
        repository: code_star.need("Repository")?.to_owned(),
        branch: code_star.need("Branch")?.to_owned(),
        path: code_star.need("ArtifactPath")?.to_owned(),
        last: None,
        success: None,
    }))
}

/// `SourceConnectionDetail`.
pub(super) fn shown(connection: Option<&Connection>) -> Value {
    let Some(connection) = connection else {
        return Value::Null;
    };
    let last = connection.last.as_ref().map(|last| {
        let success = connection.success.as_ref();
        json!({
            "LastSuccessfulSyncProvisioningArtifactId": success.map(|(_, id)| id),
            "LastSuccessfulSyncTime": success.map(|(at, _)| wire::time(*at)),
            "LastSyncStatus": if last.failure.is_none() { "SUCCEEDED" } else { "FAILED" },
            "LastSyncStatusMessage": last.failure,
            "LastSyncTime": wire::time(last.at),
        })
    });
    json!({
        "ConnectionParameters": {"CodeStar": {
            "ArtifactPath": connection.path,
            "Branch": connection.branch,
            "ConnectionArn": connection.arn,
            "Repository": connection.repository,
        }},
        "LastSync": last,
        "Type": "CODESTAR",
    })
}

/// `SourceRevision`.
pub(super) fn revision(version: &Version) -> Option<&str> {
    match &version.source {
        Source::Commit(revision) => Some(revision),
        Source::Url(_) | Source::Stack(_) => None,
    }
}

/// Syncs a product as its repository's commit would: another version, or a failure.
///
/// Returns the version's id, or why there is none.
///
/// # Errors
/// The product is not there or not synced with anything.
pub(in crate::emulator) fn sync(
    partition: &mut Partition,
    (at, timing): (Timestamp, Timing),
    entropy: &mut Entropy,
    quotas: bool,
    id: &str,
    sync: Sync,
) -> Result<Result<String, String>, ApiError> {
    let present = partition.catalog().products.get(id);
    let mut product = present.ok_or_else(|| no_product(id))?.as_ref().clone();
    let versions = product.versions.len();
    let Some(connection) = &mut product.connection else {
        return Err(invalid(format!("Product {id} has no SourceConnection.")));
    };
    let made = match sync {
        Sync::Failure { message } => Err(message),
        Sync::Commit { revision, template } => {
            let cloudformation = product.kind == version::CLOUDFORMATION;
            let readable = !cloudformation || Template::parse(&template).is_ok();
            let room = quota::room(quotas, versions, quota::VERSIONS, "versions per product");
            match (readable, room) {
                // What such a sync says was not found (facts §8.1): the words of CreateProduct (a guess).
                (false, _) => Err(version::BAD_TEMPLATE.to_owned()),
                (true, Err(full)) => Err(full.message),
                (true, Ok(())) => Ok(Version {
                    id: ids::fresh("pa", entropy),
                    // What names such versions have was not found (facts §8.1; a guess).
                    name: Some(revision.clone()),
                    description: None,
                    kind: TYPES
                        .iter()
                        .find(|(own, _)| *own == product.kind)
                        .and_then(|(_, types)| types.first())
                        .map(|kind| (*kind).to_owned()),
                    created: wire::whole_seconds(at),
                    active: true,
                    deprecated: false,
                    source: Source::Commit(revision),
                    template,
                    making: Making {
                        ends: at.checked_add(timing.creating).unwrap_or(at),
                        fails: false,
                    },
                    first: versions == 0,
                }),
            }
        }
    };
    connection.last = Some(Attempt {
        at: wire::whole_millis(at),
        failure: made.as_ref().err().cloned(),
    });
    let result = made.map(|version| {
        let id = version.id.clone();
        connection.success = Some((wire::whole_millis(at), id.clone()));
        let mut all = product.versions.as_ref().clone();
        all.push(Arc::new(version));
        product.versions = Arc::new(all);
        product.version_writes += 1;
        id
    });
    if let Some(row) = partition.edit().products.edit(id) {
        *row = product;
    }
    Ok(result)
}
