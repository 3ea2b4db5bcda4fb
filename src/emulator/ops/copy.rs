//! CopyProduct: versions of a product copied into another one, or into a new one (facts §9.1).
//!
//! When the service reads the source and when it shows the target is not documented. Here all of it happens at the
//! copy's end (a guess): until then there is nothing to be seen of it, and what has gone by then lets it fail.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::view::View;
use super::{Call, Operation, invalid, no_product, not_found, version};
use crate::clock::Entropy;
use crate::emulator::api::ApiError;
use crate::emulator::faults::Leaves;
use crate::emulator::organizations::Organizations;
use crate::emulator::partitions::Elsewhere;
use crate::emulator::state::Attached;
use crate::emulator::state::{
    Catalog, CopyStatus, CopyTarget, Copying, Making, Partition, Product, Tags, Version,
};
use crate::emulator::{ids, quota, wire};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write(COPY, copy)
        .with_token("IdempotencyToken")
        .guesses(&[
            (
                "a product that another account shares without the copier's having accepted",
                "not found; through the organization only, FAILED, \"Internal Failure\" (one user's report)",
            ),
            (
                "a product that another account shares, into another region",
                "copied where it is shared, and accepted, in the source's region",
            ),
            (
                "a target of another ProductType",
                "InvalidParametersException",
            ),
            (
                "when a copy reads its source and shows its target",
                "at its end, all at once; what has gone by then lets it fail",
            ),
            ("Active and Guidance of copied versions", "true and DEFAULT"),
            (
                "the time and the template's address of copied versions",
                "the copy's end, the source's",
            ),
            (
                "ProvisioningArtifactMetadata of copied versions",
                "as if they had been made there",
            ),
            (
                "versions that are CREATING or FAILED",
                "so are their copies",
            ),
            ("an empty list of versions", "all"),
            ("a TargetProductName beside a TargetProductId", "ignored"),
            (
                "CopyTags and a tag that the target has",
                "the source's value",
            ),
            ("texts", "plain words"),
            (
                "writes of versions that overlap a copy's end",
                "they undo the copy, it undoes none",
            ),
        ]),
    Operation::describe("DescribeCopyProductStatus", describe).guesses(&[(
        "a copy that meets a quota",
        "FAILED, with the quota's words as StatusDetail",
    )]),
];

const COPY: &str = "CopyProduct";

fn copy(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let input = call.input;
    let arn = input.need("SourceProductArn")?;
    let source = Arn::parse(arn).ok_or_else(|| {
        // The pattern admits any ARN; that it must be a product's goes without saying, the text is a guess.
        invalid(format!("Invalid SourceProductArn: {arn}"))
    })?;
    let product = source.find(call).ok_or_else(|| no_product(source.id))?;
    let mut versions = Vec::new();
    for asked in input.objects("SourceProvisioningArtifactIdentifiers") {
        let id = asked.text("Id").ok_or_else(|| {
            // An empty map passes the model; the text is a guess.
            invalid("SourceProvisioningArtifactIdentifiers must have an Id each.")
        })?;
        versions.push(id.to_owned());
    }
    // None named is all, whether the list is absent or empty (a guess for the latter).
    let versions = Some(versions).filter(|versions| !versions.is_empty());
    // The code for a version that is not there is not documented (a guess): the model has no better one.
    chosen(&product, versions.as_deref())?;
    let target = match input.text("TargetProductId") {
        // A name beside it renames nothing (a guess).
        Some(id) => {
            let target = call.seen().products.get(id).ok_or_else(|| no_product(id))?;
            // A product has versions of its own types only; that a copy minds it, and how it says so, is a guess.
            if target.kind != product.kind {
                return Err(invalid(format!(
                    "Product {id} is of type {}, not {}.",
                    target.kind, product.kind
                )));
            }
            CopyTarget::Present(id.to_owned())
        }
        None => CopyTarget::New {
            id: call.ctx.new_id("prod"),
            view: call.ctx.new_id("prodview"),
            name: input.owned("TargetProductName"),
        },
    };
    let token = call.ctx.new_id("copyproduct");
    let (now, timing) = (call.ctx.now, call.ctx.timing);
    let copying = Copying {
        token: token.clone(),
        ends: now
            .checked_add(timing.copying.saturating_add(call.doom.slow))
            .unwrap_or(Timestamp::MAX),
        account: source.account.to_owned(),
        region: source.region.to_owned(),
        source: source.id.to_owned(),
        versions,
        target,
        tags: input
            .texts("CopyOptions")
            .any(|option| option == "CopyTags"),
        quotas: call.quotas,
        doom: call.doom.clone(),
    };
    call.partition.copying.push(copying);
    call.edit().copies.insert(&token, CopyStatus::InProgress);
    Ok(json!({ "CopyProductToken": token }))
}

fn describe(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let token = call.input.need("CopyProductToken")?;
    let status = call.seen().copies.get(token);
    // The text is a guess by the pattern of the product's.
    let status = status.ok_or_else(|| not_found(format!("CopyProduct {token} not found.")))?;
    Ok(match status.as_ref() {
        CopyStatus::InProgress => json!({ "CopyProductStatus": "IN_PROGRESS" }),
        CopyStatus::Succeeded { target } => {
            json!({ "CopyProductStatus": "SUCCEEDED", "TargetProductId": target })
        }
        CopyStatus::Failed { target, detail } => json!({
            "CopyProductStatus": "FAILED", "StatusDetail": detail, "TargetProductId": target,
        }),
    })
}

/// `arn:aws:catalog:<region>:<account>:product/<id>`, taken apart.
#[derive(Debug, Clone, Copy)]
struct Arn<'a> {
    region: &'a str,
    account: &'a str,
    id: &'a str,
}

impl<'a> Arn<'a> {
    fn parse(arn: &'a str) -> Option<Self> {
        let (region, rest) = arn.strip_prefix("arn:aws:catalog:")?.split_once(':')?;
        let (account, rest) = rest.split_once(':')?;
        let id = rest.strip_prefix("product/")?;
        Some(Self {
            region,
            account,
            id,
        })
    }

    /// The product, as this call sees it: one of the account's own, or one that is shared with it in its region.
    fn find(&self, call: &Call<'_>) -> Option<Arc<Product>> {
        let region = self.region;
        let own = if region == call.ctx.region {
            Some(call.seen())
        } else {
            call.elsewhere.catalog(call.account(), region)
        };
        let organizations = &*call.organizations;
        let view = View::new(call.account(), region, own, call.elsewhere, organizations);
        let found = view.product(self.id)?;
        (found.account == self.account).then(|| Arc::clone(found))
    }
}

/// What a copy that ends now reads.
#[derive(Debug, Clone)]
pub(in crate::emulator) enum From {
    /// It is not there any more, or not shared.
    Gone,
    /// The account has it through its organization only: copies of those fail (facts §9.1).
    Inherited,
    Product(Arc<Product>),
}

/// What a copy of `account` reads, as all catalogs are.
pub(in crate::emulator) fn source(
    account: &str,
    copying: &Copying,
    all: Elsewhere<'_>,
    organizations: &Organizations,
) -> From {
    let region = &copying.region;
    let view = View::new(
        account,
        region,
        all.catalog(account, region),
        all,
        organizations,
    );
    let found = view.product(&copying.source);
    match found.filter(|product| product.account == copying.account) {
        Some(product) if product.account == account || view.accepted(product) => {
            From::Product(Arc::clone(product))
        }
        Some(_) => From::Inherited,
        None => From::Gone,
    }
}

/// Ends a copy. `source` is the product as it is now, if it still is.
pub(in crate::emulator) fn finish(
    partition: &mut Partition,
    account: &str,
    source: From,
    copying: Copying,
    at: Timestamp,
    entropy: &mut Entropy,
) {
    let (made, status) = match &copying.doom.copying {
        Some((detail, Leaves::Nothing)) => (None, failed(None, detail.clone())),
        doomed => match make(partition.catalog(), source, account, &copying, at, entropy) {
            Err(error) => (None, failed(None, Some(error.message))),
            Ok(product) => {
                let target = product.id.clone();
                let status = match doomed {
                    Some((detail, _)) => failed(Some(target), detail.clone()),
                    None => CopyStatus::Succeeded { target },
                };
                (Some(product), status)
            }
        },
    };
    let catalog = partition.edit();
    if let Some(present) = catalog.copies.edit(&copying.token) {
        *present = status;
    }
    let Some(product) = made else { return };
    let (id, view) = (product.id.clone(), product.view.clone());
    match catalog.products.edit(&id) {
        Some(present) => *present = product,
        None => {
            catalog.views.insert(view, id.clone());
            catalog.products.insert(&id, product);
        }
    }
}

fn failed(target: Option<String>, detail: Option<String>) -> CopyStatus {
    CopyStatus::Failed { target, detail }
}

/// The target as the copy leaves it: whole, or with one version if it is to fail half-way.
///
/// # Errors
/// What has gone meanwhile, and quotas: CopyProduct models no LimitExceededException, so that what it meets ends the
/// copy and its words are StatusDetail (a guess).
fn make(
    catalog: &Catalog,
    source: From,
    account: &str,
    copying: &Copying,
    at: Timestamp,
    entropy: &mut Entropy,
) -> Result<Product, ApiError> {
    let source = match source {
        From::Product(product) => product,
        From::Gone => return Err(no_product(&copying.source)),
        // A user's report; the words are those of another copy that failed so.
        From::Inherited => return Err(ApiError::new("InternalFailure", "Internal Failure")),
    };
    let mut versions = chosen(&source, copying.versions.as_deref())?;
    if copying.doom.copying.is_some() {
        versions.truncate(1);
    }
    let quotas = copying.quotas;
    let mut target = match &copying.target {
        CopyTarget::Present(id) => {
            let present = catalog.products.get(id).ok_or_else(|| no_product(id))?;
            present.as_ref().clone()
        }
        CopyTarget::New { id, view, name } => {
            quota::room(quotas, catalog.products.len(), quota::PRODUCTS, "products")?;
            Product {
                id: id.clone(),
                account: account.to_owned(),
                view: view.clone(),
                name: name.clone().unwrap_or_else(|| source.name.clone()),
                owner: source.owner.clone(),
                kind: source.kind.clone(),
                texts: source.texts.clone(),
                tags: Tags::new(),
                created: wire::whole_seconds(at),
                versions: Arc::default(),
                version_writes: 0,
                portfolios: Vec::new(),
                attached: Attached::default(),
                connection: None,
            }
        }
    };
    if copying.tags {
        // That a target's tag of the same key takes the source's value is a guess.
        target.tags.extend(source.tags.clone());
        quota::fits(quotas, target.tags.len(), quota::TAGS, "tags")?;
    }
    let mut all = target.versions.as_ref().clone();
    let wanted = all.len() + versions.len();
    quota::fits(quotas, wanted, quota::VERSIONS, "versions per product")?;
    for version in versions {
        // The first of a new product reads like one that was made with it (a guess).
        let first = all.is_empty();
        all.push(Arc::new(Version {
            id: ids::fresh("pa", entropy),
            name: version.name.clone(),
            description: version.description.clone(),
            kind: version.kind.clone(),
            created: wire::whole_seconds(at),
            // Tools set these again after a copy, so they are not copied (facts §9.1; a guess).
            active: true,
            deprecated: false,
            // A commit stays what it was made from (a guess).
            source: version.source.clone(),
            template: version.template.clone(),
            // Copied versions are AVAILABLE when the copy ends, unless the source's are not (a guess).
            making: Making {
                ends: version.making.ends.max(at),
                fails: version.making.fails || copying.doom.creating,
            },
            first,
        }));
    }
    target.versions = Arc::new(all);
    target.attached.tagged |= !target.tags.is_empty();
    // Any write of the target's versions that is under way undoes the copy; the copy, being made at once, undoes none
    // (a guess).
    target.version_writes += 1;
    Ok(target)
}

/// The versions to copy in the source's order: those named, else all, inactive ones too.
///
/// # Errors
/// One that is not there.
fn chosen<'a>(
    source: &'a Product,
    wanted: Option<&[String]>,
) -> Result<Vec<&'a Arc<Version>>, ApiError> {
    let Some(wanted) = wanted else {
        return Ok(source.versions.iter().collect());
    };
    for id in wanted {
        if !source.versions.iter().any(|version| version.id == *id) {
            return Err(version::no_version(id));
        }
    }
    let named = source.versions.iter();
    Ok(named.filter(|own| wanted.contains(&own.id)).collect())
}
