//! Builds an [`Observed`]: what is absent, what is unknown and what is denied stay apart (promise 1).

pub mod asked;

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{ProductArn, StackArn, Target};
use crate::model::launch::SsmParameter;
use crate::model::observed::{
    Bucket, Gap, ImportableStack, LivePortfolio, LiveProduct, LiveProvisioned, LiveServiceAction,
    LiveTagOption, Observed, ReadTimes,
};

/// Gathers what a pass sees, in any order; the same findings give the same snapshot.
#[derive(Debug, Clone)]
pub struct SnapshotBuilder {
    observed: Observed,
    gaps: BTreeSet<Gap>,
}

impl SnapshotBuilder {
    /// An empty snapshot: nothing found, nothing in doubt, no template bucket.
    pub fn new(target: Target, caller: &str, bucket: &str) -> Self {
        Self {
            observed: Observed {
                target,
                caller: caller.to_owned(),
                service_actions: BTreeMap::new(),
                tag_options: BTreeMap::new(),
                portfolios: BTreeMap::new(),
                imported: BTreeMap::new(),
                products: BTreeMap::new(),
                sources: BTreeMap::new(),
                provisioned: BTreeMap::new(),
                stacks: BTreeMap::new(),
                ssm: BTreeMap::new(),
                bucket: Bucket {
                    name: bucket.to_owned(),
                    exists: false,
                    unfinished: false,
                    index_stale: false,
                },
                read: ReadTimes::default(),
                gaps: Vec::new(),
            },
            gaps: BTreeSet::new(),
        }
    }

    /// A service action was read, wholly or with gaps. Found twice, the later one stands.
    pub fn found_service_action(&mut self, action: LiveServiceAction) {
        self.observed
            .service_actions
            .insert(action.id.clone(), action);
    }

    /// A TagOption was listed.
    pub fn found_tag_option(&mut self, option: LiveTagOption) {
        self.observed.tag_options.insert(option.id.clone(), option);
    }

    /// A portfolio was read, wholly or with gaps. Found twice, the later one stands.
    pub fn found_portfolio(&mut self, portfolio: LivePortfolio) {
        self.observed
            .portfolios
            .insert(portfolio.id.clone(), portfolio);
    }

    /// A portfolio of another account was read that is accepted and that a manifest names.
    pub fn found_imported(&mut self, portfolio: LivePortfolio) {
        self.observed
            .imported
            .insert(portfolio.id.clone(), portfolio);
    }

    /// A product was read, wholly or with gaps. Found twice, the later one stands.
    pub fn found_product(&mut self, product: LiveProduct) {
        self.observed.products.insert(product.id.clone(), product);
    }

    /// A product of another account or region was read that a manifest copies from.
    pub fn found_source(&mut self, arn: ProductArn, product: LiveProduct) {
        self.observed.sources.insert(arn, product);
    }

    /// A stack was read, with its template, that a manifest imports.
    pub fn found_stack(&mut self, arn: StackArn, stack: ImportableStack) {
        self.observed.stacks.insert(arn, stack);
    }

    /// A provisioned product was read, wholly or with gaps. Found twice, the later one stands.
    pub fn found_provisioned(&mut self, provisioned: LiveProvisioned) {
        self.observed
            .provisioned
            .insert(provisioned.id.clone(), provisioned);
    }

    /// A parameter of the parameter store was read.
    pub fn found_ssm(&mut self, name: String, parameter: SsmParameter) {
        self.observed.ssm.insert(name, parameter);
    }

    /// The template bucket is there.
    pub fn found_bucket(&mut self) {
        self.observed.bucket.exists = true;
    }

    /// The template bucket lacks its policy.
    pub fn bucket_is_unfinished(&mut self) {
        self.observed.bucket.unfinished = true;
    }

    /// More is known of versions than the bucket's index says.
    pub fn index_is_stale(&mut self) {
        self.observed.bucket.index_stale = true;
    }

    /// Something could not be read.
    pub fn gap(&mut self, gap: Gap) {
        self.gaps.insert(gap);
    }

    /// The snapshot; gaps are sorted and said once.
    pub fn finish(self) -> Observed {
        Observed {
            gaps: self.gaps.into_iter().collect(),
            ..self.observed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, Region};
    use crate::model::observed::Scope;

    fn builder() -> SnapshotBuilder {
        let target = Target {
            account: AccountId::new("123456789012"),
            region: Region::new("us-east-1"),
            partition: "aws".to_owned(),
        };
        SnapshotBuilder::new(target, "arn:aws:iam::123456789012:role/catalogd", "bucket")
    }

    fn portfolio(id: &str, name: &str) -> LivePortfolio {
        LivePortfolio {
            id: id.into(),
            display_name: name.to_owned(),
            description: None,
            provider_name: "it".to_owned(),
            tags: BTreeMap::new(),
            principals: BTreeSet::new(),
            tag_options: BTreeMap::new(),
            budgets: BTreeSet::new(),
            shares: None,
            products: BTreeSet::new(),
            shared_products: BTreeSet::new(),
            constraints: BTreeMap::new(),
        }
    }

    fn gap(scope: Scope) -> Gap {
        Gap {
            scope,
            operation: "ListPortfolios".to_owned(),
            reason: "Timeout".to_owned(),
            denied: false,
        }
    }

    #[test]
    fn the_order_of_findings_does_not_show() {
        let (mut one, mut other) = (builder(), builder());
        one.found_portfolio(portfolio("port-1", "a"));
        one.found_portfolio(portfolio("port-2", "b"));
        one.gap(gap(Scope::Portfolios));
        one.gap(gap(Scope::Products));
        other.gap(gap(Scope::Products));
        other.gap(gap(Scope::Portfolios));
        other.gap(gap(Scope::Products));
        other.found_portfolio(portfolio("port-2", "b"));
        other.found_portfolio(portfolio("port-1", "a"));
        let snapshot = one.finish();
        assert_eq!(snapshot, other.finish());
        assert_eq!(snapshot.gaps.len(), 2);
    }

    #[test]
    fn nothing_found_is_nothing_there() {
        let snapshot = builder().finish();
        assert!(snapshot.portfolios.is_empty() && snapshot.gaps.is_empty());
        assert!(!snapshot.bucket.exists && !snapshot.bucket.index_stale);
    }
}
