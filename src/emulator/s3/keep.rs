//! Buckets as a state file holds them.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use s3s::dto;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::store::{Bucket, Store, Version};
use crate::emulator::keep;

/// All buckets.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::emulator) struct Kept(BTreeMap<String, KeptBucket>);

#[derive(Debug, Serialize, Deserialize)]
struct KeptBucket {
    account: String,
    region: String,
    created: Timestamp,
    policy: Option<String>,
    public_access: Option<Xml<dto::PublicAccessBlockConfiguration>>,
    encryption: Option<Xml<dto::ServerSideEncryptionConfiguration>>,
    versioning: Option<String>,
    tags: Vec<(Option<String>, Option<String>)>,
    objects: BTreeMap<String, Vec<KeptVersion>>,
    made: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptVersion {
    id: String,
    #[serde(with = "keep::bytes")]
    body: Bytes,
    etag: String,
    modified: Timestamp,
    content_type: Option<String>,
    content_encoding: Option<String>,
    cache_control: Option<String>,
    metadata: Option<BTreeMap<String, String>>,
    checksum: KeptChecksum,
    delete_marker: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct KeptChecksum {
    crc32: Option<String>,
    crc32c: Option<String>,
    crc64nvme: Option<String>,
    sha1: Option<String>,
    sha256: Option<String>,
    kind: Option<String>,
}

/// What S3's own XML says best.
#[derive(Debug)]
struct Xml<T>(T);

impl<T: s3s::xml::SerializeContent> Serialize for Xml<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = Vec::new();
        s3s::xml::Serializer::new(&mut text)
            .content(ROOT, &self.0)
            .map_err(serde::ser::Error::custom)?;
        let text = String::from_utf8(text).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

impl<'de, T: for<'xml> s3s::xml::DeserializeContent<'xml>> Deserialize<'de> for Xml<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut xml = s3s::xml::Deserializer::new(text.as_bytes());
        let read = xml.named_element(ROOT, s3s::xml::Deserializer::content);
        read.map(Self)
            .map_err(|error| D::Error::custom(format!("{error:?}")))
    }
}

const ROOT: &str = "Value";

impl Kept {
    pub(super) fn of(store: &Store) -> Self {
        let buckets = store.iter();
        Self(
            buckets
                .map(|(name, bucket)| (name.clone(), KeptBucket::of(bucket)))
                .collect(),
        )
    }

    pub(super) fn restored(self) -> Store {
        let buckets = self.0.into_iter();
        Store::of(buckets.map(|(name, kept)| (name, kept.restored())))
    }
}

impl KeptBucket {
    fn of(bucket: &Bucket) -> Self {
        let objects = bucket.objects.iter();
        Self {
            account: bucket.account.clone(),
            region: bucket.region.clone(),
            created: bucket.created,
            policy: bucket.policy.clone(),
            public_access: bucket.public_access.clone().map(Xml),
            encryption: bucket.encryption.clone().map(Xml),
            versioning: bucket.versioning.clone(),
            tags: bucket
                .tags
                .iter()
                .map(|tag| (tag.key.clone(), tag.value.clone()))
                .collect(),
            objects: objects
                .map(|(key, versions)| {
                    (key.clone(), versions.iter().map(KeptVersion::of).collect())
                })
                .collect(),
            made: bucket.made,
        }
    }

    fn restored(self) -> Bucket {
        let objects = self.objects.into_iter();
        Bucket {
            account: self.account,
            region: self.region,
            created: self.created,
            policy: self.policy,
            public_access: self.public_access.map(|kept| kept.0),
            encryption: self.encryption.map(|kept| kept.0),
            versioning: self.versioning,
            tags: self
                .tags
                .into_iter()
                .map(|(key, value)| dto::Tag { key, value })
                .collect(),
            objects: objects
                .map(|(key, versions)| {
                    let versions = versions.into_iter().map(KeptVersion::restored);
                    (key, versions.collect())
                })
                .collect(),
            made: self.made,
        }
    }
}

impl KeptVersion {
    fn of(version: &Version) -> Self {
        let sum = &version.checksum;
        let metadata = version.metadata.as_ref();
        Self {
            id: version.id.clone(),
            body: version.body.clone(),
            etag: version.etag.clone(),
            modified: version.modified,
            content_type: version.content_type.clone(),
            content_encoding: version.content_encoding.clone(),
            cache_control: version.cache_control.clone(),
            metadata: metadata.map(|map| map.iter().map(|(k, v)| (k.clone(), v.clone())).collect()),
            checksum: KeptChecksum {
                crc32: sum.checksum_crc32.clone(),
                crc32c: sum.checksum_crc32c.clone(),
                crc64nvme: sum.checksum_crc64nvme.clone(),
                sha1: sum.checksum_sha1.clone(),
                sha256: sum.checksum_sha256.clone(),
                kind: sum
                    .checksum_type
                    .as_ref()
                    .map(|kind| kind.as_str().to_owned()),
            },
            delete_marker: version.delete_marker,
        }
    }

    fn restored(self) -> Version {
        let sum = self.checksum;
        Version {
            id: self.id,
            body: self.body,
            etag: self.etag,
            modified: self.modified,
            content_type: self.content_type,
            content_encoding: self.content_encoding,
            cache_control: self.cache_control,
            metadata: self.metadata.map(|map| map.into_iter().collect()),
            checksum: dto::Checksum {
                checksum_crc32: sum.crc32,
                checksum_crc32c: sum.crc32c,
                checksum_crc64nvme: sum.crc64nvme,
                checksum_sha1: sum.sha1,
                checksum_sha256: sum.sha256,
                checksum_type: sum.kind.map(dto::ChecksumType::from),
            },
            delete_marker: self.delete_marker,
        }
    }
}
