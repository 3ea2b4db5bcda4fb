//! The template bucket and the contents of versions.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Found, Hints, gap, gather};
use crate::aws::apply::object_url;
use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::aws::index::ContentIndex;
use crate::aws::pace::Access;
use crate::ids::{Digest, Kind, ProductId, Region, VersionId};
use crate::model::observed::{Gap, LiveProduct, ReadyStatus, Scope};
use crate::model::owner::Owner;
use crate::model::template::{VersionContent, folded};

/// Where a version's template stands in its description (facts §9.2).
const TEMPLATE_KEY: &str = "CloudFormationTemplate";
/// Where a version's `Info` says what it was made of (facts §9.2).
const URL_KEY: &str = "TemplateUrl";
/// The same of a version that was made of a stack.
const STACK_KEY: &str = "PhysicalId";

/// Whether the template bucket is there.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) exists: bool,
    /// It has no policy yet.
    pub(super) unfinished: bool,
    pub(super) gaps: Vec<Gap>,
}

/// What a version's description says.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) status: ReadyStatus,
    pub(super) content: Option<VersionContent>,
    pub(super) template: Option<Arc<str>>,
    /// The URL or the stack that it was made of.
    pub(super) url: Option<String>,
    pub(super) stack: Option<String>,
}

impl Aws {
    pub(super) async fn head_bucket(&self) -> Head {
        let request = self
            .s3()
            .head_bucket()
            .bucket(self.bucket())
            .expected_bucket_owner(self.target().account.as_str());
        let answer = self
            .call("HeadBucket", Access::Read, || request.clone().send())
            .await;
        let (exists, gaps) = match answer {
            Ok(_) => (true, Vec::new()),
            Err(failure) if failure.is_not_found() => (false, Vec::new()),
            Err(failure) => (false, vec![gap(Scope::Bucket, &failure)]),
        };
        Head {
            exists,
            unfinished: exists && self.has_own_bucket() && self.lacks_policy().await,
            gaps,
        }
    }

    /// Whether the bucket has no policy. Somebody else's bucket, which a person named, is left as it is.
    async fn lacks_policy(&self) -> bool {
        let request = self
            .s3()
            .get_bucket_policy()
            .bucket(self.bucket())
            .expected_bucket_owner(self.target().account.as_str());
        let answer = self
            .call("GetBucketPolicy", Access::Read, || request.clone().send())
            .await;
        match answer {
            Ok(_) => false,
            Err(failure) if failure.code == "NoSuchBucketPolicy" => true,
            Err(failure) => {
                // Nothing rests on it but the policy itself, which is put again where it is known to be missing.
                tracing::warn!(%failure, "whether the template bucket has its policy can't be told");
                false
            }
        }
    }

    /// Fills in what the versions hold: from the index, from the index in the bucket, and what neither knows of our
    /// own products and of those that are copied by one description each. Returns whether the bucket's index lacks something.
    pub(super) async fn contents(
        &self,
        hints: &Hints,
        index: &mut ContentIndex,
        bucket: bool,
        products: &mut Found<LiveProduct>,
    ) -> bool {
        if hints.everything {
            return false;
        }
        let ours: BTreeSet<ProductId> = products
            .items
            .iter()
            .filter(|product| {
                let owner = hints.identity.owner(Kind::Product, &product.tags);
                matches!(owner, Owner::Us(_))
                    || hints.is_source(product)
                    || hints.asked.adopted.has(product.id.as_str(), &product.name)
            })
            .map(|product| product.id.clone())
            .collect();
        let complete = !products
            .gaps
            .iter()
            .any(|gap| matches!(gap.scope, Scope::Products | Scope::Product(_)));
        if complete {
            let live: BTreeSet<&VersionId> = products
                .items
                .iter()
                .flat_map(|product| product.versions.iter().map(|version| &version.id))
                .collect();
            index.retain(|id| live.contains(id));
        }

        let mut stale = false;
        let mut readable = bucket;
        if bucket && (index.is_unpublished() || !unknown(hints, &ours, index, products).is_empty())
        {
            match self.get_index().await {
                Ok(published) => index.merge_published(published),
                Err(failure) => {
                    // A cache that can't be read is done without, and not written either.
                    tracing::warn!(%failure, "the content index in the template bucket is not readable");
                    readable = false;
                }
            }
        }
        let missing = unknown(hints, &ours, index, products);
        let described = gather(missing.into_iter().map(|unknown| async move {
            let there = self.in_region(&unknown.region);
            let answer = there
                .listed(|| there.describe_version(&unknown.product, &unknown.version))
                .await;
            (unknown, answer)
        }))
        .await;
        let mut statuses = std::collections::BTreeMap::new();
        for (unknown, answer) in described {
            let Unknown {
                region,
                product,
                version,
            } = unknown;
            match answer {
                Ok(Described {
                    status, content, ..
                }) => {
                    if let (ReadyStatus::Available, Some(content)) = (&status, content) {
                        index.insert(version.clone(), content);
                    }
                    statuses.insert(version, status);
                }
                Err(failure) => products.gap_in(self.target(), &region, product, &failure),
            }
        }
        for version in products
            .items
            .iter_mut()
            .flat_map(|product| &mut product.versions)
        {
            version.content = index.get(&version.id).cloned();
            if let Some(status) = statuses.remove(&version.id) {
                version.status = status;
            }
        }
        if readable && index.is_unpublished() {
            stale = true;
        }
        stale
    }

    /// Reads a version's template and parameters; the template never changes, so once is enough.
    pub(super) async fn describe_version(
        &self,
        product: &ProductId,
        version: &VersionId,
    ) -> Result<Described, Failure> {
        let request = self
            .sc()
            .describe_provisioning_artifact()
            .product_id(product.as_str())
            .provisioning_artifact_id(version.as_str())
            .verbose(true)
            .include_provisioning_artifact_parameters(true);
        let answer = self
            .call("DescribeProvisioningArtifact", Access::Read, || {
                request.clone().send()
            })
            .await?;
        let info = |key: &str| answer.info().and_then(|info| info.get(key)).cloned();
        let template = answer.info().and_then(|info| info.get(TEMPLATE_KEY));
        Ok(Described {
            url: info(URL_KEY),
            stack: info(STACK_KEY),
            template: template.map(|text| Arc::from(text.as_str())),
            status: convert::ready(
                answer
                    .status()
                    .map(aws_sdk_servicecatalog::types::Status::as_str),
            ),
            content: match template {
                Some(text) => Some(VersionContent {
                    content: Digest::of(&folded(text.as_bytes())),
                    parameters: answer
                        .provisioning_artifact_parameters
                        .as_deref()
                        .map(convert::parameters),
                }),
                // What is no CloudFormation template is never shown; where catalogd put it, its digest is its name.
                None => answer
                    .info()
                    .and_then(|info| info.get(URL_KEY))
                    .and_then(|url| self.uploaded(url))
                    .map(|content| VersionContent {
                        content,
                        parameters: None,
                    }),
            },
        })
    }
}

impl Aws {
    /// The digest of the bytes behind a URL, where these are a template that catalogd put into its bucket.
    fn uploaded(&self, url: &str) -> Option<Digest> {
        let folder = object_url(self.target(), self.bucket(), "templates/");
        url.strip_prefix(&folder).and_then(Digest::parse)
    }
}

/// A version whose content nobody knows yet, and where it is described.
#[derive(Debug)]
struct Unknown {
    region: Region,
    product: ProductId,
    version: VersionId,
}

/// The versions of our products whose content nobody knows yet.
fn unknown(
    hints: &Hints,
    ours: &BTreeSet<ProductId>,
    index: &ContentIndex,
    products: &Found<LiveProduct>,
) -> Vec<Unknown> {
    let mut missing = Vec::new();
    for product in products.items.iter().filter(|p| ours.contains(&p.id)) {
        let region = hints.region_of(product);
        for version in &product.versions {
            if index.get(&version.id).is_none() {
                missing.push(Unknown {
                    region: region.clone(),
                    product: product.id.clone(),
                    version: version.id.clone(),
                });
            }
        }
    }
    missing
}
