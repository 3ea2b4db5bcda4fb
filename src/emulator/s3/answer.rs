//! Parts of answers.

use std::time::SystemTime;

use jiff::Timestamp;
use s3s::dto;

/// An account as the owner of what it holds.
pub(super) fn owner(account: &str) -> dto::Owner {
    dto::Owner {
        // A canonical user id is 64 hex digits.
        id: Some(format!("{account:0>64}")),
        ..dto::Owner::default()
    }
}

/// How every object is encrypted.
pub(super) fn aes256() -> dto::ServerSideEncryption {
    dto::ServerSideEncryption::from_static(dto::ServerSideEncryption::AES256)
}

/// What every new bucket has.
pub(super) fn sse_s3() -> dto::ServerSideEncryptionConfiguration {
    dto::ServerSideEncryptionConfiguration {
        rules: vec![dto::ServerSideEncryptionRule {
            apply_server_side_encryption_by_default: Some(dto::ServerSideEncryptionByDefault {
                kms_master_key_id: None,
                sse_algorithm: aes256(),
            }),
            bucket_key_enabled: Some(false),
        }],
    }
}

/// A time as S3 writes it.
pub(super) fn time(at: Timestamp) -> dto::Timestamp {
    dto::Timestamp::from(SystemTime::from(at))
}
