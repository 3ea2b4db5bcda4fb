//! The content index: what is known of versions, which never changes once a version is available (design §5).
//!
//! It is kept in the state folder and as one object per account and region in the template bucket, so that a fresh
//! machine need not read every version again. It can always be rebuilt, so a damaged one is passed over.
//!
//! ```json
//! {"format": 1, "versions": {"pa-…": {"content": "<sha-256 of the folded template>",
//!   "parameters": [{"key": "Cidr", "noEcho": false, "default": "10.0.0.0/16"}]}}}
//! ```

use std::collections::BTreeMap;

use aws_sdk_s3::primitives::ByteStream;
use serde::{Deserialize, Serialize};

use crate::aws::client::Aws;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::ids::{Digest, Target, VersionId};
use crate::model::template::{ParameterDecl, VersionContent};

/// The format that this program writes and reads.
const FORMAT: u32 = 1;
/// The largest index that is read, in bytes: 100,000 versions with ten parameters each come to about 60 MB.
const MOST_BYTES: i64 = 128 * 1024 * 1024;

/// What is known of versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContentIndex {
    /// By the version's id.
    pub versions: BTreeMap<VersionId, VersionContent>,
}

/// Why bytes are no index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// They are no JSON of this shape.
    #[error("the content index is damaged")]
    Damaged(#[from] serde_json::Error),
    /// A later program wrote them.
    #[error("the content index has format {0}, this program reads {FORMAT}")]
    Format(u32),
}

#[derive(Serialize, Deserialize)]
struct Wire {
    format: u32,
    #[serde(default)]
    versions: BTreeMap<String, WireVersion>,
}

#[derive(Serialize, Deserialize)]
struct WireVersion {
    content: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parameters: Option<Vec<WireParameter>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireParameter {
    key: String,
    #[serde(default)]
    no_echo: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<String>,
}

impl ContentIndex {
    /// The object's key in the template bucket.
    pub fn object_key(target: &Target) -> String {
        format!("index/{}/{}.json", target.account, target.region)
    }

    /// Reads the JSON of [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IndexError> {
        let wire: Wire = serde_json::from_slice(bytes)?;
        if wire.format != FORMAT {
            return Err(IndexError::Format(wire.format));
        }
        let versions = wire.versions.into_iter().map(|(id, version)| {
            let parameters = version.parameters.map(|list| {
                let decl = |p: WireParameter| ParameterDecl {
                    key: p.key,
                    no_echo: p.no_echo,
                    default: p.default,
                };
                list.into_iter().map(decl).collect()
            });
            let content = VersionContent {
                content: Digest::new(version.content),
                parameters,
            };
            (VersionId::new(id), content)
        });
        Ok(Self {
            versions: versions.collect(),
        })
    }

    /// As JSON: the same index gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        entries_to_bytes(&self.versions)
    }
}

/// The JSON of an index with these entries.
pub(crate) fn entries_to_bytes(entries: &BTreeMap<VersionId, VersionContent>) -> Vec<u8> {
    let wire = Wire {
        format: FORMAT,
        versions: entries
            .iter()
            .map(|(id, content)| {
                let parameters = content.parameters.as_ref().map(|list| {
                    list.iter()
                        .map(|p| WireParameter {
                            key: p.key.clone(),
                            no_echo: p.no_echo,
                            default: p.default.clone(),
                        })
                        .collect()
                });
                let version = WireVersion {
                    content: content.content.as_str().to_owned(),
                    parameters,
                };
                (id.as_str().to_owned(), version)
            })
            .collect(),
    };
    // Strings and booleans only: serialising into memory can't fail.
    serde_json::to_vec(&wire).unwrap_or_default()
}

impl Aws {
    /// The index in the template bucket; an empty one where there is none or it can't be used.
    ///
    /// Fails only where the bucket could not be read.
    pub async fn get_index(&self) -> Result<ContentIndex, Failure> {
        const OPERATION: &str = "GetObject";
        let request = self
            .s3()
            .get_object()
            .bucket(self.bucket())
            .key(ContentIndex::object_key(self.target()))
            .expected_bucket_owner(self.target().account.as_str());
        let answer = match self
            .call(OPERATION, Access::Read, || request.clone().send())
            .await
        {
            Ok(answer) => answer,
            Err(failure) if failure.is_not_found() => return Ok(ContentIndex::default()),
            Err(failure) => return Err(failure),
        };
        if answer
            .content_length()
            .is_some_and(|size| size > MOST_BYTES)
        {
            tracing::warn!("the content index is too large and is rebuilt");
            return Ok(ContentIndex::default());
        }
        let bytes = match answer.body.collect().await {
            Ok(body) => body.into_bytes(),
            Err(error) => return Err(Failure::cut(OPERATION, &error)),
        };
        Ok(ContentIndex::from_bytes(&bytes).unwrap_or_else(|error| {
            tracing::warn!(%error, "the content index is passed over and rebuilt");
            ContentIndex::default()
        }))
    }

    /// Puts an index into a bucket of this account.
    pub(crate) async fn put_index(
        &self,
        bucket: &str,
        entries: &BTreeMap<VersionId, VersionContent>,
    ) -> Result<(), Failure> {
        let body = bytes::Bytes::from(entries_to_bytes(entries));
        self.call("PutObject", Access::Write, || {
            self.s3()
                .put_object()
                .bucket(bucket)
                .key(ContentIndex::object_key(self.target()))
                .content_type("application/json")
                .expected_bucket_owner(self.target().account.as_str())
                .body(ByteStream::from(body.clone()))
                .send()
        })
        .await?;
        Ok(())
    }
}
