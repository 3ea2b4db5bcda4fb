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
    versions: BTreeMap<VersionId, VersionContent>,
    /// Entries came in that the index in the bucket may lack: it is compared in the next pass.
    unpublished: bool,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    format: u32,
    /// Only in the state folder.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unpublished: bool,
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

    /// Reads the JSON of [`Self::to_bytes`]. What is damaged or of a later format is no index: it is rebuilt.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let wire: Wire = match serde_json::from_slice(bytes) {
            Ok(wire) => wire,
            Err(error) => {
                tracing::warn!(%error, "the content index is damaged and is rebuilt");
                return None;
            }
        };
        if wire.format != FORMAT {
            tracing::warn!(
                format = wire.format,
                "the content index has a format that this program can't read and is rebuilt"
            );
            return None;
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
        Some(Self {
            versions: versions.collect(),
            unpublished: wire.unpublished,
        })
    }

    /// As JSON: the same index gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(&self.versions, self.unpublished)
    }

    /// What is known of a version.
    pub fn get(&self, id: &VersionId) -> Option<&VersionContent> {
        self.versions.get(id)
    }

    /// Everything that is known.
    pub fn versions(&self) -> &BTreeMap<VersionId, VersionContent> {
        &self.versions
    }

    /// Learns what a version holds. What is known already, its parameters too, stays: a version never changes.
    pub fn insert(&mut self, id: VersionId, content: VersionContent) {
        let known = self.versions.get(&id);
        if known.is_none_or(|known| known.parameters.is_none() && *known != content) {
            self.versions.insert(id, content);
            self.unpublished = true;
        }
    }

    /// Whether the index in the bucket may lack something that is known here.
    pub fn is_unpublished(&self) -> bool {
        self.unpublished
    }

    /// Takes over what the bucket's index knows. Afterwards [`Self::is_unpublished`] says whether it lacks anything.
    pub fn merge_published(&mut self, published: Self) {
        self.unpublished = self
            .versions
            .iter()
            .any(|(id, content)| published.versions.get(id) != Some(content));
        for (id, content) in published.versions {
            self.versions.entry(id).or_insert(content);
        }
    }

    /// Forgets versions that are no more.
    pub fn retain(&mut self, live: impl Fn(&VersionId) -> bool) {
        self.versions.retain(|id, _| live(id));
    }
}

/// The JSON of an index with these entries.
fn to_bytes(entries: &BTreeMap<VersionId, VersionContent>, unpublished: bool) -> Vec<u8> {
    let wire = Wire {
        format: FORMAT,
        unpublished,
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
        Ok(ContentIndex::parse(&bytes).unwrap_or_default())
    }

    /// Puts an index into a bucket of this account.
    pub(crate) async fn put_index(
        &self,
        bucket: &str,
        entries: &BTreeMap<VersionId, VersionContent>,
    ) -> Result<(), Failure> {
        let body = bytes::Bytes::from(to_bytes(entries, false));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &str, parameters: bool) -> VersionContent {
        let parameter = ParameterDecl {
            key: "Size".to_owned(),
            no_echo: true,
            default: Some(String::new()),
        };
        VersionContent {
            content: Digest::of(text.as_bytes()),
            parameters: parameters.then(|| vec![parameter]),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut index = ContentIndex::default();
        index.insert("pa-1".into(), content("a", true));
        index.insert("pa-2".into(), content("b", false));
        assert_eq!(ContentIndex::parse(&index.to_bytes()), Some(index.clone()));
        let published = ContentIndex::parse(&to_bytes(index.versions(), false)).unwrap();
        assert!(!published.is_unpublished());
        assert_eq!(published.versions(), index.versions());
    }

    #[test]
    fn damage_and_later_formats_are_passed_over() {
        for bytes in [
            &b""[..],
            b"{",
            b"[]",
            b"{\"format\": 2, \"versions\": {}}",
            b"{\"format\": 1, \"versions\": {\"pa-1\": {}}}",
        ] {
            assert_eq!(ContentIndex::parse(bytes), None);
        }
        let empty = ContentIndex::parse(b"{\"format\": 1}");
        assert_eq!(empty, Some(ContentIndex::default()));
    }

    #[test]
    fn the_bucket_is_behind_until_it_says_as_much() {
        let mut index = ContentIndex::default();
        index.insert("pa-1".into(), content("a", true));
        assert!(index.is_unpublished());
        let mut published = ContentIndex::default();
        published.insert("pa-2".into(), content("b", true));
        index.merge_published(published);
        assert!(index.is_unpublished());
        assert_eq!(index.versions().len(), 2);
        index.merge_published(index.clone());
        assert!(!index.is_unpublished());
        index.insert("pa-1".into(), content("a", true));
        assert!(!index.is_unpublished(), "nothing new was learnt");
    }

    #[test]
    fn parameters_once_known_stay() {
        let mut index = ContentIndex::default();
        let id = VersionId::new("pa-1");
        index.insert(id.clone(), content("a", false));
        index.insert(id.clone(), content("a", true));
        index.insert(id.clone(), content("a", false));
        assert_eq!(index.get(&id), Some(&content("a", true)));
        index.retain(|_| false);
        assert_eq!(index.get(&id), None);
    }
}
