//! Reads a catalog: lists, not gets, because calls are what is scarce (design §5).
//!
//! Nothing here fails as a whole. What could not be read becomes a gap with its scope, what was read is kept, and
//! only what the service itself denies knowing of counts as absent (promise 1).

mod bucket;
mod imported;
mod launches;
mod portfolio;
mod product;
mod provisioned;
mod ssm;
mod share;
mod service_action;
mod stack;
mod stack_set;
mod tag_option;
mod tagging;
mod version;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{join, join4};

use crate::aws::client::Aws;
use crate::aws::error::Failure;
use crate::aws::index::ContentIndex;
use crate::aws::recall::Recall;
use crate::ids::{Key, Kind, ProductArn, ProductId, Region, Target};
use crate::model::desired::OnRemove;
use crate::model::observed::{Gap, LiveProduct, Observed, Scope};
use crate::model::owner::{Identity, Owner};
use crate::observe::SnapshotBuilder;
use crate::observe::asked::Asked;

/// Objects of a kind that are read at the same time: enough to fill the pace at 0.8 s an answer.
const AT_ONCE: usize = 8;
/// How often something listed is asked for again that its description does not know: reads flip (facts §7).
const REASKED: u32 = 2;
/// Between such questions.
const REASK_AFTER: Duration = Duration::from_secs(1);

/// What is known before reading.
#[derive(Debug, Clone)]
pub struct Hints {
    /// Live ids by object, from the state folder: what no listing shows is described by its id.
    pub known_ids: BTreeMap<Key, String>,
    /// What manifests ask for.
    pub asked: Asked,
    /// Everything is read as though it were ours: for an export. The contents of versions are then left to
    /// [`Aws::version_texts`].
    pub everything: bool,
    /// Whose catalog.
    pub identity: Identity,
    /// What earlier passes of this process read.
    pub recall: Arc<Recall>,
}

impl Hints {
    /// The sources of other accounts and regions: the lists of this one may lack them.
    fn foreign(&self) -> impl Iterator<Item = &ProductArn> {
        let target = &self.identity.target;
        let theirs = self.asked.sources.iter();
        // Another partition has other credentials and is not to be seen from here at all.
        theirs.filter(|source| source.partition == target.partition && !source.is_in(target))
    }

    /// Where a product is to be read: what is copied from may be in another region.
    fn region_of(&self, product: &LiveProduct) -> &Region {
        let source = self.foreign_arn(product);
        source.map_or(&self.identity.target.region, |source| &source.region)
    }

    /// The name by which a manifest copies from it, where it is another account's or another region's.
    fn foreign_arn(&self, product: &LiveProduct) -> Option<&ProductArn> {
        self.foreign().find(|arn| arn.as_str() == product.arn)
    }

    /// Whether something of a product of ours is about to be deleted: the whole of it, or versions.
    fn loses(&self, product: &LiveProduct) -> bool {
        let Owner::Us(name) = self.identity.owner(Kind::Product, &product.tags) else {
            return false;
        };
        let end = self.identity.on_remove(Kind::Product, &product.tags);
        let key = Key::new(Kind::Product, name);
        let leaves = end == Some(OnRemove::Delete) && !self.asked.declared.contains(&key);
        leaves || self.asked.deleting.contains(&key.name)
    }

    /// The sources of this very account and region.
    fn own_sources(&self) -> impl Iterator<Item = &ProductId> {
        let theirs = self.asked.sources.iter();
        theirs
            .filter(|source| source.is_in(&self.identity.target))
            .map(|source| &source.id)
    }

    /// Whether a manifest copies from the product.
    fn is_source(&self, product: &LiveProduct) -> bool {
        let mut sources = self.asked.sources.iter();
        sources.any(|source| source.as_str() == product.arn)
    }
}

/// What a part of the reading brought.
#[derive(Debug)]
struct Found<T> {
    items: Vec<T>,
    gaps: Vec<Gap>,
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            gaps: Vec::new(),
        }
    }
}

impl<T> Found<T> {
    fn add(&mut self, other: Self) {
        self.items.extend(other.items);
        self.gaps.extend(other.gaps);
    }

    fn gap(&mut self, scope: Scope, failure: &Failure) {
        self.gaps.push(gap(scope, failure));
    }

    /// The gap of a product that is read in a region; another than one's own is named.
    fn gap_in(&mut self, own: &Target, region: &Region, product: ProductId, failure: &Failure) {
        let mut gap = gap(Scope::Product(product), failure);
        if *region != own.region {
            gap.reason = format!("in {region}: {}", gap.reason);
        }
        self.gaps.push(gap);
    }
}

impl Aws {
    /// Reads the whole catalog. Never fails: what could not be read is a gap.
    ///
    /// `index` spares reading what never changes. It learns what is read now and, where the products could all be
    /// listed, forgets versions that are no more.
    pub async fn collect(&self, hints: &Hints, index: &mut ContentIndex) -> Observed {
        let mut snapshot =
            SnapshotBuilder::new(self.target().clone(), self.caller(), self.bucket());
        let products = async {
            let (head, mut products) = join(self.head_bucket(), self.products(hints)).await;
            let stale = self
                .contents(hints, index, head.exists, &mut products)
                .await;
            (head, products, stale)
        };
        let listed = join4(
            self.tag_options(hints),
            self.portfolios(hints),
            self.imported(hints),
            self.service_actions(hints),
        );
        let (listed, (head, products, stale), provisioned, stored) = join4(
            listed,
            products,
            self.provisioned(hints),
            self.stored(hints),
        )
        .await;
        let (tag_options, mut portfolios, imported, mut actions) = listed;
        self.shares_of_holders(hints, &products.items, &mut portfolios)
            .await;
        if products.items.iter().any(|product| hints.loses(product)) {
            self.versions_of_others_actions(hints, &mut actions).await;
        }
        let stacks = self
            .stacks(hints, &products.items, &provisioned.items)
            .await;

        for action in actions.items {
            snapshot.found_service_action(action);
        }
        for option in tag_options.items {
            snapshot.found_tag_option(option);
        }
        for portfolio in portfolios.items {
            snapshot.found_portfolio(portfolio);
        }
        for portfolio in imported.items {
            snapshot.found_imported(portfolio);
        }
        for product in products.items {
            match hints.foreign_arn(&product) {
                Some(arn) => snapshot.found_source(arn.clone(), product),
                None => snapshot.found_product(product),
            }
        }
        for (arn, stack) in stacks.items {
            snapshot.found_stack(arn, stack);
        }
        for found in provisioned.items {
            snapshot.found_provisioned(found);
        }
        for (name, parameter) in stored.items {
            snapshot.found_ssm(name, parameter);
        }
        if head.exists {
            snapshot.found_bucket();
        }
        if head.unfinished {
            snapshot.bucket_is_unfinished();
        }
        if stale {
            snapshot.index_is_stale();
        }
        let gaps = [
            actions.gaps,
            tag_options.gaps,
            imported.gaps,
            portfolios.gaps,
            products.gaps,
            provisioned.gaps,
            stored.gaps,
            stacks.gaps,
            head.gaps,
        ];
        for gap in gaps.into_iter().flatten() {
            // No warning: every plan and status shows its gaps.
            tracing::info!(
                scope = ?gap.scope,
                operation = gap.operation,
                reason = gap.reason,
                denied = gap.denied,
                "not read"
            );
            snapshot.gap(gap);
        }
        snapshot.finish()
    }

    /// Asks for something that a listing showed, again where its description does not know it.
    pub(in crate::aws) async fn listed<T, F, Fut>(&self, ask: F) -> Result<T, Failure>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let mut asked = 0;
        loop {
            match ask().await {
                Err(failure) if failure.is_not_found() && asked < REASKED => {
                    asked += 1;
                    self.clock().sleep(REASK_AFTER).await;
                }
                other => return other,
            }
        }
    }
}

/// Runs futures, a few at a time, and returns what they bring in any order.
async fn gather<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    futures_util::stream::iter(futures)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

fn gap(scope: Scope, failure: &Failure) -> Gap {
    let reason = match failure.message.is_empty() {
        true => failure.code.clone(),
        false => format!("{}: {}", failure.code, failure.message),
    };
    Gap {
        scope,
        operation: failure.operation.to_owned(),
        reason,
        denied: failure.is_denied(),
    }
}
