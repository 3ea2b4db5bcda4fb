//! The operations.

use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use s3s::crypto::{Checksum as _, Md5};
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, dto, s3_error};

use super::Circumstances;
use super::answer::{aes256, owner, sse_s3, time};
use super::condition::{checked, conditions, matches};
use super::listing::list;
use super::store::{Bucket, REDIRECT, Store, Version};

/// Where buckets have no location constraint, and where making one's own bucket again is no error.
const HOME: &str = "us-east-1";

/// `s3s`'s face of the store.
pub(super) struct Ops(pub(super) Arc<Mutex<Store>>);

/// Tells which of a request's members name the bucket and whom it should belong to.
macro_rules! named {
    ($request:expr) => {
        Named {
            at: circumstances(&$request.extensions)?,
            bucket: &$request.input.bucket,
            owner: $request.input.expected_bucket_owner.as_deref(),
        }
    };
}

struct Named<'a> {
    at: Circumstances,
    bucket: &'a str,
    owner: Option<&'a str>,
}

impl Ops {
    fn lock(&self) -> MutexGuard<'_, Store> {
        super::lock(&self.0)
    }

    /// Works on a bucket that the caller may use, in its region.
    fn with<T>(
        &self,
        named: &Named<'_>,
        work: impl FnOnce(&mut Bucket) -> S3Result<T>,
    ) -> S3Result<T> {
        let mut store = self.lock();
        let Some(bucket) = store.bucket_mut(named.bucket) else {
            return Err(s3_error!(
                NoSuchBucket,
                "The specified bucket does not exist"
            ));
        };
        let expected = named.owner.is_none_or(|owner| owner == bucket.account);
        if !expected || bucket.account != named.at.caller.account {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        }
        if bucket.region != named.at.region {
            return Err(elsewhere(&bucket.region));
        }
        work(bucket)
    }
}

#[async_trait::async_trait]
impl S3 for Ops {
    async fn create_bucket(
        &self,
        request: S3Request<dto::CreateBucketInput>,
    ) -> S3Result<S3Response<dto::CreateBucketOutput>> {
        let at = circumstances(&request.extensions)?;
        let constraint = request
            .input
            .create_bucket_configuration
            .as_ref()
            .and_then(|configuration| configuration.location_constraint.as_ref())
            .map(dto::BucketLocationConstraint::as_str)
            .filter(|constraint| !constraint.is_empty());
        match constraint {
            Some(HOME) => {
                return Err(s3_error!(
                    InvalidLocationConstraint,
                    "The specified location-constraint is not valid"
                ));
            }
            Some(other) if other != at.region => {
                return Err(s3_error!(
                    IllegalLocationConstraintException,
                    "The {other} location constraint is incompatible for the region specific endpoint this request was sent to."
                ));
            }
            None if at.region != HOME => {
                return Err(s3_error!(
                    IllegalLocationConstraintException,
                    "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to."
                ));
            }
            _ => {}
        }
        let name = &request.input.bucket;
        let mut store = self.lock();
        if !store.make(name, &at.caller.account, &at.region, at.now) {
            let mine = store
                .bucket(name)
                .filter(|bucket| bucket.account == at.caller.account);
            match mine {
                // There, and only there, it succeeds again.
                Some(bucket) if bucket.region == HOME && at.region == HOME => {}
                Some(_) => {
                    return Err(s3_error!(
                        BucketAlreadyOwnedByYou,
                        "Your previous request to create the named bucket succeeded and you already own it."
                    ));
                }
                None => {
                    return Err(s3_error!(
                        BucketAlreadyExists,
                        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."
                    ));
                }
            }
        }
        Ok(S3Response::new(dto::CreateBucketOutput {
            location: Some(format!("/{name}")),
        }))
    }

    async fn delete_bucket(
        &self,
        request: S3Request<dto::DeleteBucketInput>,
    ) -> S3Result<S3Response<dto::DeleteBucketOutput>> {
        self.with(&named!(request), |bucket| {
            if bucket.objects.is_empty() {
                Ok(())
            } else {
                Err(s3_error!(
                    BucketNotEmpty,
                    "The bucket you tried to delete is not empty"
                ))
            }
        })?;
        self.lock().unmake(&request.input.bucket);
        Ok(S3Response::with_status(
            dto::DeleteBucketOutput::default(),
            http::StatusCode::NO_CONTENT,
        ))
    }

    async fn head_bucket(
        &self,
        request: S3Request<dto::HeadBucketInput>,
    ) -> S3Result<S3Response<dto::HeadBucketOutput>> {
        let region = self.with(&named!(request), |bucket| Ok(bucket.region.clone()))?;
        Ok(S3Response::new(dto::HeadBucketOutput {
            bucket_region: Some(region),
            ..dto::HeadBucketOutput::default()
        }))
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<dto::GetBucketLocationInput>,
    ) -> S3Result<S3Response<dto::GetBucketLocationOutput>> {
        let mut named = named!(request);
        // The one question that every region answers.
        if let Some(bucket) = self.lock().bucket(named.bucket) {
            named.at.region.clone_from(&bucket.region);
        }
        let region = self.with(&named, |bucket| Ok(bucket.region.clone()))?;
        Ok(S3Response::new(dto::GetBucketLocationOutput {
            location_constraint: (region != HOME)
                .then(|| dto::BucketLocationConstraint::from(region)),
        }))
    }

    async fn list_buckets(
        &self,
        request: S3Request<dto::ListBucketsInput>,
    ) -> S3Result<S3Response<dto::ListBucketsOutput>> {
        let at = circumstances(&request.extensions)?;
        let input = request.input;
        let buckets = self
            .lock()
            .iter()
            .filter(|(name, bucket)| {
                bucket.account == at.caller.account
                    && input
                        .prefix
                        .as_ref()
                        .is_none_or(|prefix| name.starts_with(prefix))
                    && input
                        .bucket_region
                        .as_ref()
                        .is_none_or(|region| bucket.region == *region)
            })
            .map(|(name, bucket)| dto::Bucket {
                bucket_region: Some(bucket.region.clone()),
                creation_date: Some(time(bucket.created)),
                name: Some(name.clone()),
            })
            .collect();
        Ok(S3Response::new(dto::ListBucketsOutput {
            buckets: Some(buckets),
            owner: Some(owner(&at.caller.account)),
            prefix: input.prefix,
            ..dto::ListBucketsOutput::default()
        }))
    }

    async fn put_public_access_block(
        &self,
        request: S3Request<dto::PutPublicAccessBlockInput>,
    ) -> S3Result<S3Response<dto::PutPublicAccessBlockOutput>> {
        self.with(&named!(request), |bucket| {
            bucket.public_access = Some(request.input.public_access_block_configuration.clone());
            Ok(())
        })?;
        Ok(S3Response::new(dto::PutPublicAccessBlockOutput::default()))
    }

    async fn get_public_access_block(
        &self,
        request: S3Request<dto::GetPublicAccessBlockInput>,
    ) -> S3Result<S3Response<dto::GetPublicAccessBlockOutput>> {
        let block = self.with(&named!(request), |bucket| {
            bucket.public_access.clone().ok_or_else(|| {
                custom(
                    "NoSuchPublicAccessBlockConfiguration",
                    "The public access block configuration was not found",
                    http::StatusCode::NOT_FOUND,
                )
            })
        })?;
        Ok(S3Response::new(dto::GetPublicAccessBlockOutput {
            public_access_block_configuration: Some(block),
        }))
    }

    async fn delete_public_access_block(
        &self,
        request: S3Request<dto::DeletePublicAccessBlockInput>,
    ) -> S3Result<S3Response<dto::DeletePublicAccessBlockOutput>> {
        self.with(&named!(request), |bucket| {
            bucket.public_access = None;
            Ok(())
        })?;
        Ok(S3Response::with_status(
            dto::DeletePublicAccessBlockOutput::default(),
            http::StatusCode::NO_CONTENT,
        ))
    }

    async fn put_bucket_policy(
        &self,
        request: S3Request<dto::PutBucketPolicyInput>,
    ) -> S3Result<S3Response<dto::PutBucketPolicyOutput>> {
        self.with(&named!(request), |bucket| {
            let policy = &request.input.policy;
            if serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(policy).is_err() {
                return Err(s3_error!(
                    MalformedPolicy,
                    "Policies must be valid JSON and the first byte must be '{{'"
                ));
            }
            bucket.policy = Some(policy.clone());
            Ok(())
        })?;
        Ok(S3Response::with_status(
            dto::PutBucketPolicyOutput::default(),
            http::StatusCode::NO_CONTENT,
        ))
    }

    async fn get_bucket_policy(
        &self,
        request: S3Request<dto::GetBucketPolicyInput>,
    ) -> S3Result<S3Response<dto::GetBucketPolicyOutput>> {
        let policy = self.with(&named!(request), |bucket| {
            bucket
                .policy
                .clone()
                .ok_or_else(|| s3_error!(NoSuchBucketPolicy, "The bucket policy does not exist"))
        })?;
        Ok(S3Response::new(dto::GetBucketPolicyOutput {
            policy: Some(policy),
        }))
    }

    async fn put_bucket_encryption(
        &self,
        request: S3Request<dto::PutBucketEncryptionInput>,
    ) -> S3Result<S3Response<dto::PutBucketEncryptionOutput>> {
        self.with(&named!(request), |bucket| {
            bucket.encryption = Some(request.input.server_side_encryption_configuration.clone());
            Ok(())
        })?;
        Ok(S3Response::new(dto::PutBucketEncryptionOutput::default()))
    }

    async fn get_bucket_encryption(
        &self,
        request: S3Request<dto::GetBucketEncryptionInput>,
    ) -> S3Result<S3Response<dto::GetBucketEncryptionOutput>> {
        let encryption = self.with(&named!(request), |bucket| {
            Ok(bucket.encryption.clone().unwrap_or_else(sse_s3))
        })?;
        Ok(S3Response::new(dto::GetBucketEncryptionOutput {
            server_side_encryption_configuration: Some(encryption),
        }))
    }

    async fn put_bucket_versioning(
        &self,
        request: S3Request<dto::PutBucketVersioningInput>,
    ) -> S3Result<S3Response<dto::PutBucketVersioningOutput>> {
        self.with(&named!(request), |bucket| {
            if let Some(status) = &request.input.versioning_configuration.status {
                bucket.versioning = Some(status.as_str().to_owned());
            }
            Ok(())
        })?;
        Ok(S3Response::new(dto::PutBucketVersioningOutput::default()))
    }

    async fn get_bucket_versioning(
        &self,
        request: S3Request<dto::GetBucketVersioningInput>,
    ) -> S3Result<S3Response<dto::GetBucketVersioningOutput>> {
        let status = self.with(&named!(request), |bucket| Ok(bucket.versioning.clone()))?;
        Ok(S3Response::new(dto::GetBucketVersioningOutput {
            status: status.map(dto::BucketVersioningStatus::from),
            ..dto::GetBucketVersioningOutput::default()
        }))
    }

    async fn put_bucket_tagging(
        &self,
        request: S3Request<dto::PutBucketTaggingInput>,
    ) -> S3Result<S3Response<dto::PutBucketTaggingOutput>> {
        self.with(&named!(request), |bucket| {
            bucket.tags.clone_from(&request.input.tagging.tag_set);
            Ok(())
        })?;
        Ok(S3Response::with_status(
            dto::PutBucketTaggingOutput::default(),
            http::StatusCode::NO_CONTENT,
        ))
    }

    async fn get_bucket_tagging(
        &self,
        request: S3Request<dto::GetBucketTaggingInput>,
    ) -> S3Result<S3Response<dto::GetBucketTaggingOutput>> {
        let tags = self.with(&named!(request), |bucket| {
            if bucket.tags.is_empty() {
                Err(s3_error!(NoSuchTagSet, "The TagSet does not exist"))
            } else {
                Ok(bucket.tags.clone())
            }
        })?;
        Ok(S3Response::new(dto::GetBucketTaggingOutput {
            tag_set: tags,
        }))
    }

    async fn put_object(
        &self,
        request: S3Request<dto::PutObjectInput>,
    ) -> S3Result<S3Response<dto::PutObjectOutput>> {
        let mut request = request;
        let body = read(request.input.body.take()).await?;
        let input = &request.input;
        let mut md5 = Md5::new();
        md5.update(&body);
        let md5 = md5.finalize();
        if let Some(expected) = &input.content_md5
            && *expected != aws_smithy_types::base64::encode(md5)
        {
            return Err(s3_error!(
                BadDigest,
                "The Content-MD5 you specified did not match what we received."
            ));
        }
        let checksum = checked(input, &body)?;
        let named = named!(request);
        let now = named.at.now;
        let etag = hex::encode(md5);
        let version_id = self.with(&named, |bucket| {
            let old = bucket.version(&input.key, None);
            let failed = || {
                Err(s3_error!(
                    PreconditionFailed,
                    "At least one of the pre-conditions you specified did not hold"
                ))
            };
            match (&input.if_none_match, old) {
                (Some(condition), Some(old)) if matches(condition, &old.etag) => return failed(),
                _ => {}
            }
            match (&input.if_match, old) {
                (Some(_), None) => {
                    return Err(s3_error!(NoSuchKey, "The specified key does not exist."));
                }
                (Some(condition), Some(old)) if !matches(condition, &old.etag) => return failed(),
                _ => {}
            }
            Ok(bucket.put(
                &input.key,
                Version {
                    id: String::new(),
                    body: body.clone(),
                    etag: etag.clone(),
                    modified: now,
                    content_type: input.content_type.clone(),
                    content_encoding: input.content_encoding.clone(),
                    cache_control: input.cache_control.clone(),
                    metadata: input.metadata.clone(),
                    checksum: checksum.clone(),
                    delete_marker: false,
                },
            ))
        })?;
        Ok(S3Response::new(dto::PutObjectOutput {
            e_tag: Some(dto::ETag::Strong(etag)),
            server_side_encryption: Some(aes256()),
            version_id: shown(version_id),
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            checksum_type: checksum.checksum_type,
            ..dto::PutObjectOutput::default()
        }))
    }

    async fn get_object(
        &self,
        request: S3Request<dto::GetObjectInput>,
    ) -> S3Result<S3Response<dto::GetObjectOutput>> {
        let input = &request.input;
        let version = self.with(&named!(request), |bucket| {
            let version = present(bucket, &input.key, input.version_id.as_deref())?;
            conditions(
                &version,
                input.if_match.as_ref(),
                input.if_none_match.as_ref(),
            )?;
            Ok(version)
        })?;
        let whole = version.body.len() as u64;
        let (body, range) = match &input.range {
            None => (version.body.clone(), None),
            Some(range) => {
                let wanted = range.check(whole).map_err(|_| {
                    s3_error!(InvalidRange, "The requested range is not satisfiable")
                })?;
                let shown = format!("bytes {}-{}/{whole}", wanted.start, wanted.end - 1);
                let slice = usize::try_from(wanted.start)
                    .ok()
                    .zip(usize::try_from(wanted.end).ok());
                let (start, end) =
                    slice.ok_or_else(|| s3_error!(InvalidRange, "The range is too large"))?;
                (version.body.slice(start..end), Some(shown))
            }
        };
        // The checksum is the whole object's.
        let checksum = match (&input.checksum_mode, &range) {
            (Some(_), None) => version.checksum.clone(),
            _ => dto::Checksum::default(),
        };
        let status = if range.is_some() {
            http::StatusCode::PARTIAL_CONTENT
        } else {
            http::StatusCode::OK
        };
        let output = dto::GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            cache_control: version.cache_control,
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            checksum_type: checksum.checksum_type,
            content_encoding: version.content_encoding,
            content_length: i64::try_from(body.len()).ok(),
            content_range: range,
            content_type: version.content_type.or_else(binary),
            e_tag: Some(dto::ETag::Strong(version.etag)),
            last_modified: Some(time(version.modified)),
            metadata: version.metadata,
            server_side_encryption: Some(aes256()),
            version_id: shown(version.id),
            body: Some(dto::StreamingBlob::from(s3s::Body::from(body))),
            ..dto::GetObjectOutput::default()
        };
        Ok(S3Response::with_status(output, status))
    }

    async fn head_object(
        &self,
        request: S3Request<dto::HeadObjectInput>,
    ) -> S3Result<S3Response<dto::HeadObjectOutput>> {
        let input = &request.input;
        let version = self.with(&named!(request), |bucket| {
            let version = present(bucket, &input.key, input.version_id.as_deref())?;
            conditions(
                &version,
                input.if_match.as_ref(),
                input.if_none_match.as_ref(),
            )?;
            Ok(version)
        })?;
        let checksum = match &input.checksum_mode {
            Some(_) => version.checksum,
            None => dto::Checksum::default(),
        };
        Ok(S3Response::new(dto::HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            cache_control: version.cache_control,
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            checksum_type: checksum.checksum_type,
            content_encoding: version.content_encoding,
            content_length: i64::try_from(version.body.len()).ok(),
            content_type: version.content_type.or_else(binary),
            e_tag: Some(dto::ETag::Strong(version.etag)),
            last_modified: Some(time(version.modified)),
            metadata: version.metadata,
            server_side_encryption: Some(aes256()),
            version_id: shown(version.id),
            ..dto::HeadObjectOutput::default()
        }))
    }

    async fn delete_object(
        &self,
        request: S3Request<dto::DeleteObjectInput>,
    ) -> S3Result<S3Response<dto::DeleteObjectOutput>> {
        let input = &request.input;
        let named = named!(request);
        let now = named.at.now;
        let marker = self.with(&named, |bucket| {
            if let Some(condition) = &input.if_match {
                let old = bucket.version(&input.key, None);
                if !old.is_some_and(|old| matches(condition, &old.etag)) {
                    return Err(s3_error!(
                        PreconditionFailed,
                        "At least one of the pre-conditions you specified did not hold"
                    ));
                }
            }
            Ok(bucket.delete(&input.key, input.version_id.as_deref(), now))
        })?;
        Ok(S3Response::with_status(
            dto::DeleteObjectOutput {
                delete_marker: marker.as_ref().map(|_| true),
                version_id: marker.or_else(|| input.version_id.clone()),
                ..dto::DeleteObjectOutput::default()
            },
            http::StatusCode::NO_CONTENT,
        ))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<dto::ListObjectsV2Input>,
    ) -> S3Result<S3Response<dto::ListObjectsV2Output>> {
        let output = self.with(&named!(request), |bucket| list(bucket, &request.input))?;
        Ok(S3Response::new(output))
    }
}

fn circumstances(extensions: &http::Extensions) -> S3Result<Circumstances> {
    extensions
        .get::<Circumstances>()
        .cloned()
        .ok_or_else(|| s3_error!(InternalError, "the request came without its circumstances"))
}

fn present(bucket: &Bucket, key: &str, version_id: Option<&str>) -> S3Result<Version> {
    let id = version_id.filter(|id| !id.is_empty());
    bucket.version(key, id).cloned().ok_or_else(|| match id {
        Some(_) => s3_error!(NoSuchVersion, "The specified version does not exist."),
        None => s3_error!(NoSuchKey, "The specified key does not exist."),
    })
}

async fn read(body: Option<dto::StreamingBlob>) -> S3Result<Bytes> {
    match body {
        None => Ok(Bytes::new()),
        Some(blob) => s3s::Body::from(blob)
            .collect()
            .await
            // A body of one piece would keep the connection's whole read buffer alive.
            .map(|body| Bytes::copy_from_slice(&body.to_bytes()))
            .map_err(|_| s3_error!(IncompleteBody, "The request body could not be read")),
    }
}

fn elsewhere(region: &str) -> S3Error {
    let mut error = custom(
        "PermanentRedirect",
        REDIRECT,
        http::StatusCode::MOVED_PERMANENTLY,
    );
    let mut headers = http::HeaderMap::new();
    if let Ok(value) = http::HeaderValue::from_str(region) {
        headers.insert("x-amz-bucket-region", value);
    }
    error.set_headers(headers);
    error
}

fn custom(code: &'static str, message: &'static str, status: http::StatusCode) -> S3Error {
    let mut error = S3Error::with_message(S3ErrorCode::Custom(code.into()), message);
    error.set_status_code(status);
    error
}

fn binary() -> Option<String> {
    Some("binary/octet-stream".to_owned())
}

/// A version id is shown where there is versioning.
fn shown(version_id: String) -> Option<String> {
    (version_id != "null").then_some(version_id)
}
