//! A bucket's keys, page by page.

use s3s::{S3Result, dto, s3_error};

use super::answer::{owner, time};
use super::store::Bucket;

/// The most keys that one page of a listing has.
const MAX_KEYS: i32 = 1000;

/// A page of a listing. The continuation token is the last key or common prefix of the page before.
pub(super) fn list(
    bucket: &Bucket,
    input: &dto::ListObjectsV2Input,
) -> S3Result<dto::ListObjectsV2Output> {
    let limit = input.max_keys.unwrap_or(MAX_KEYS);
    if limit < 0 {
        return Err(s3_error!(
            InvalidArgument,
            "Argument maxKeys must be an integer between 0 and 2147483647"
        ));
    }
    let limit = usize::try_from(limit.min(MAX_KEYS)).unwrap_or_default();
    let after = match &input.continuation_token {
        Some(token) => aws_smithy_types::base64::decode(token)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| {
                s3_error!(
                    InvalidArgument,
                    "The continuation token provided is incorrect"
                )
            })?,
        None => input.start_after.clone().unwrap_or_default(),
    };
    let prefix = input.prefix.clone().unwrap_or_default();
    let delimiter = input.delimiter.clone().filter(|text| !text.is_empty());
    let url = input
        .encoding_type
        .as_ref()
        .is_some_and(|encoding| encoding.as_str() == dto::EncodingType::URL);
    let written = |text: &str| if url { encode(text) } else { text.to_owned() };
    let mut contents = Vec::new();
    let mut prefixes: Vec<String> = Vec::new();
    let mut last = String::new();
    let mut truncated = false;
    for key in bucket.objects.keys().filter(|key| key.starts_with(&prefix)) {
        let Some(version) = bucket.version(key, None) else {
            continue;
        };
        let common = delimiter.as_ref().and_then(|delimiter| {
            let end = key[prefix.len()..].find(delimiter.as_str())?;
            Some(key[..prefix.len() + end + delimiter.len()].to_owned())
        });
        let entry = common.as_ref().unwrap_or(key);
        if (!after.is_empty() && *entry <= after) || prefixes.last() == Some(entry) {
            continue;
        }
        if contents.len() + prefixes.len() >= limit {
            truncated = limit > 0;
            break;
        }
        last.clone_from(entry);
        match common {
            Some(common) => prefixes.push(common),
            None => contents.push(dto::Object {
                e_tag: Some(dto::ETag::Strong(version.etag.clone())),
                key: Some(written(key)),
                last_modified: Some(time(version.modified)),
                owner: input
                    .fetch_owner
                    .unwrap_or_default()
                    .then(|| owner(&bucket.account)),
                size: i64::try_from(version.body.len()).ok(),
                storage_class: Some(dto::ObjectStorageClass::from_static(
                    dto::ObjectStorageClass::STANDARD,
                )),
                ..dto::Object::default()
            }),
        }
    }
    Ok(dto::ListObjectsV2Output {
        key_count: i32::try_from(contents.len() + prefixes.len()).ok(),
        contents: Some(contents),
        common_prefixes: Some(
            prefixes
                .iter()
                .map(|prefix| dto::CommonPrefix {
                    prefix: Some(written(prefix)),
                })
                .collect(),
        ),
        continuation_token: input.continuation_token.clone(),
        delimiter: delimiter.as_deref().map(written),
        encoding_type: input.encoding_type.clone(),
        is_truncated: Some(truncated),
        max_keys: Some(input.max_keys.unwrap_or(MAX_KEYS)),
        name: Some(input.bucket.clone()),
        next_continuation_token: truncated.then(|| aws_smithy_types::base64::encode(&last)),
        prefix: Some(written(&prefix)),
        start_after: input.start_after.as_deref().map(written),
        ..dto::ListObjectsV2Output::default()
    })
}

/// Percent-encodes a key as `encoding-type=url` does.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' | b'*' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
