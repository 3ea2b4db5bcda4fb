//! Buckets and their objects.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use s3s::dto;

/// What S3 says when a bucket is asked for in another region.
pub(super) const REDIRECT: &str = "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.";

/// All buckets.
#[derive(Debug, Default)]
pub(super) struct Store(BTreeMap<String, Bucket>);

/// A bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) created: Timestamp,
    pub(super) policy: Option<String>,
    /// `None` once it was deleted; new buckets block everything.
    pub(super) public_access: Option<dto::PublicAccessBlockConfiguration>,
    pub(super) encryption: Option<dto::ServerSideEncryptionConfiguration>,
    /// `Enabled` or `Suspended`, once it was ever set.
    pub(super) versioning: Option<String>,
    pub(super) tags: Vec<dto::Tag>,
    /// Versions by key, oldest first; never an empty list.
    pub(super) objects: BTreeMap<String, Vec<Version>>,
    /// Counts versions, so that each has an id of its own.
    pub(super) made: u64,
}

/// One version of an object.
#[derive(Debug, Clone, Default)]
pub(super) struct Version {
    /// `null` in a bucket without versioning.
    pub(super) id: String,
    pub(super) body: Bytes,
    pub(super) etag: String,
    pub(super) modified: Timestamp,
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) metadata: Option<dto::Metadata>,
    pub(super) checksum: dto::Checksum,
    /// It says that the object is gone.
    pub(super) delete_marker: bool,
}

impl Store {
    /// The bucket of this name.
    pub(super) fn bucket(&self, name: &str) -> Option<&Bucket> {
        self.0.get(name)
    }

    /// The bucket of this name.
    pub(super) fn bucket_mut(&mut self, name: &str) -> Option<&mut Bucket> {
        self.0.get_mut(name)
    }

    /// These buckets.
    pub(super) fn of(buckets: impl Iterator<Item = (String, Bucket)>) -> Self {
        Self(buckets.collect())
    }

    /// All buckets by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Bucket)> {
        self.0.iter()
    }

    /// Makes a bucket; false if the name is taken.
    pub(super) fn make(&mut self, name: &str, account: &str, region: &str, now: Timestamp) -> bool {
        if self.0.contains_key(name) {
            return false;
        }
        let bucket = Bucket {
            account: account.to_owned(),
            region: region.to_owned(),
            created: now,
            policy: None,
            // What every new bucket has since April 2023.
            public_access: Some(dto::PublicAccessBlockConfiguration {
                block_public_acls: Some(true),
                block_public_policy: Some(true),
                ignore_public_acls: Some(true),
                restrict_public_buckets: Some(true),
            }),
            encryption: None,
            versioning: None,
            tags: Vec::new(),
            objects: BTreeMap::new(),
            made: 0,
        };
        self.0.insert(name.to_owned(), bucket);
        true
    }

    /// Deletes a bucket; false if it is not empty. One that is gone already counts as deleted.
    pub(super) fn unmake(&mut self, name: &str) -> bool {
        if self.0.get(name).is_some_and(|b| !b.objects.is_empty()) {
            return false;
        }
        self.0.remove(name);
        true
    }
}

impl Bucket {
    /// An object's version: the one named, or the newest; a delete marker is none.
    pub(super) fn version(&self, key: &str, id: Option<&str>) -> Option<&Version> {
        let versions = self.objects.get(key)?;
        match id {
            Some(id) => versions.iter().find(|version| version.id == id),
            None => versions.last(),
        }
        .filter(|version| !version.delete_marker)
    }

    /// Puts a version on top, or in place of the one without a version id. Returns its id.
    pub(super) fn put(&mut self, key: &str, mut version: Version) -> String {
        let versions = self.objects.entry(key.to_owned()).or_default();
        if self.versioning.as_deref() == Some("Enabled") {
            self.made += 1;
            version.id = format!("v{:031}", self.made);
        } else {
            version.id = "null".to_owned();
            versions.retain(|old| old.id != "null");
        }
        let id = version.id.clone();
        versions.push(version);
        id
    }

    /// Deletes an object, or for good one of its versions. Returns the id of the delete marker, if one was made.
    pub(super) fn delete(&mut self, key: &str, id: Option<&str>, now: Timestamp) -> Option<String> {
        if id.is_none() && self.versioning.is_some() {
            let marker = Version {
                modified: now,
                delete_marker: true,
                ..Version::default()
            };
            return Some(self.put(key, marker));
        }
        if let Some(versions) = self.objects.get_mut(key) {
            match id {
                Some(id) => versions.retain(|version| version.id != id),
                None => versions.clear(),
            }
            if versions.is_empty() {
                self.objects.remove(key);
            }
        }
        None
    }
}
