//! What a request makes its success depend on: etags and checksums.

use bytes::Bytes;
use s3s::crypto::Checksum as _;
use s3s::{S3Result, dto, s3_error};

use super::store::Version;

/// Judges the conditions of a read.
pub(super) fn conditions(
    version: &Version,
    if_match: Option<&dto::ETagCondition>,
    if_none_match: Option<&dto::ETagCondition>,
) -> S3Result<()> {
    if if_match.is_some_and(|condition| !matches(condition, &version.etag)) {
        return Err(s3_error!(
            PreconditionFailed,
            "At least one of the pre-conditions you specified did not hold"
        ));
    }
    if if_none_match.is_some_and(|condition| matches(condition, &version.etag)) {
        return Err(s3_error!(NotModified, "Not Modified"));
    }
    Ok(())
}

/// Whether an etag is the one that is asked for.
pub(super) fn matches(condition: &dto::ETagCondition, etag: &str) -> bool {
    match condition {
        dto::ETagCondition::Any => true,
        dto::ETagCondition::ETag(wanted) => wanted.value() == etag,
    }
}

/// Computes the checksums a request names and compares them; without any, the one S3 chooses itself.
pub(super) fn checked(input: &dto::PutObjectInput, body: &Bytes) -> S3Result<dto::Checksum> {
    let none = input.checksum_crc32.is_none()
        && input.checksum_crc32c.is_none()
        && input.checksum_sha1.is_none()
        && input.checksum_sha256.is_none();
    let mut hasher = s3s::checksum::ChecksumHasher::default();
    if input.checksum_crc32.is_some() {
        hasher.crc32 = Some(s3s::crypto::Crc32::new());
    }
    if input.checksum_crc32c.is_some() {
        hasher.crc32c = Some(s3s::crypto::Crc32c::new());
    }
    if input.checksum_sha1.is_some() {
        hasher.sha1 = Some(s3s::crypto::Sha1::new());
    }
    if input.checksum_sha256.is_some() {
        hasher.sha256 = Some(s3s::crypto::Sha256::new());
    }
    if none {
        hasher.crc64nvme = Some(s3s::crypto::Crc64Nvme::new());
    }
    hasher.update(body);
    let mut found = hasher.finalize();
    let pairs = [
        ("CRC32", &input.checksum_crc32, &found.checksum_crc32),
        ("CRC32C", &input.checksum_crc32c, &found.checksum_crc32c),
        (
            "CRC64NVME",
            &input.checksum_crc64nvme,
            &found.checksum_crc64nvme,
        ),
        ("SHA1", &input.checksum_sha1, &found.checksum_sha1),
        ("SHA256", &input.checksum_sha256, &found.checksum_sha256),
    ];
    for (name, given, computed) in pairs {
        if given.is_some() && given != computed {
            return Err(s3_error!(
                BadDigest,
                "The {name} you specified did not match the calculated checksum."
            ));
        }
    }
    found.checksum_type = Some(dto::ChecksumType::from_static(
        dto::ChecksumType::FULL_OBJECT,
    ));
    Ok(found)
}
