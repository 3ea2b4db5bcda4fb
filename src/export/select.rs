//! Which objects are exported: all, or those that a filter names, with what they need.

use std::collections::BTreeSet;

use super::Input;
use super::owners::Owners;
use crate::ids::{PortfolioId, ProductId, ProvisionedProductId, ServiceActionId, TagOptionId};
use crate::model::desired::Tags;

/// What is wanted of a catalog. Without any of the first three it is everything; with several it is what any of them
/// names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Portfolios by id, display name or manifest name: each with the products that it holds.
    pub portfolios: Vec<String>,
    /// Products, in the same way.
    pub products: Vec<String>,
    /// Portfolios, products and provisioned products that have such a tag.
    pub tags: Vec<TagFilter>,
    /// Provisioned products are not wanted, whatever else is said.
    pub without_provisioned: bool,
}

/// A tag that something has, with this value or any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFilter {
    /// Its key.
    pub key: String,
    /// Its value; `None` means any.
    pub value: Option<String>,
}

impl TagFilter {
    fn fits(&self, tags: &Tags) -> bool {
        let value = tags.get(&self.key);
        value.is_some_and(|value| self.value.as_ref().is_none_or(|wanted| wanted == value))
    }
}

/// Something that a filter names is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoMatch(String);

impl Filter {
    fn is_everything(&self) -> bool {
        self.portfolios.is_empty() && self.products.is_empty() && self.tags.is_empty()
    }

    fn has_tag(&self, tags: &Tags) -> bool {
        self.tags.iter().any(|filter| filter.fits(tags))
    }
}

/// The objects that are exported.
#[derive(Debug, Default)]
pub(super) struct Selected {
    pub(super) tag_options: BTreeSet<TagOptionId>,
    pub(super) service_actions: BTreeSet<ServiceActionId>,
    pub(super) portfolios: BTreeSet<PortfolioId>,
    /// Other accounts'.
    pub(super) imported: BTreeSet<PortfolioId>,
    pub(super) products: BTreeSet<ProductId>,
    pub(super) provisioned: BTreeSet<ProvisionedProductId>,
    /// What the filter passes over, in sum.
    pub(super) left_out: Vec<String>,
}

impl Selected {
    pub(super) fn new(input: Input<'_>, owners: &Owners) -> Result<Self, NoMatch> {
        let (observed, filter) = (input.observed, input.filter);
        let mut selected = Self::default();
        if filter.is_everything() {
            selected.tag_options = owners.tag_options.keys().cloned().collect();
            selected.service_actions = owners.service_actions.keys().cloned().collect();
            selected.portfolios = owners.portfolios.keys().cloned().collect();
            selected.imported = owners.imported.keys().cloned().collect();
            selected.products = owners.products.keys().cloned().collect();
            selected.provisioned = owners.provisioned.keys().cloned().collect();
        } else {
            selected.named(input, owners)?;
            selected.needed(input, owners);
        }
        if filter.without_provisioned {
            selected.provisioned.clear();
        }
        let counts = [
            (
                "portfolios",
                observed.portfolios.len(),
                owners.portfolios.len(),
                selected.portfolios.len(),
            ),
            (
                "products",
                observed.products.len(),
                owners.products.len(),
                selected.products.len(),
            ),
            (
                "provisioned products",
                observed.provisioned.len(),
                owners.provisioned.len(),
                selected.provisioned.len(),
            ),
            (
                "service actions",
                observed.service_actions.len(),
                owners.service_actions.len(),
                selected.service_actions.len(),
            ),
            (
                "TagOptions",
                owners.tag_options.len(),
                owners.tag_options.len(),
                selected.tag_options.len(),
            ),
        ];
        for (what, all, ours, chosen) in counts {
            if chosen < ours {
                let rest = ours - chosen;
                let text = format!("{rest} of {all} {what}: not asked for");
                selected.left_out.push(text);
            }
        }
        Ok(selected)
    }

    fn named(&mut self, input: Input<'_>, owners: &Owners) -> Result<(), NoMatch> {
        let (observed, filter) = (input.observed, input.filter);
        for wanted in &filter.portfolios {
            let fits = observed.portfolios.values().filter(|live| {
                let object = owners.portfolios.get(&live.id);
                live.id.as_str() == wanted
                    || live.display_name == *wanted
                    || object.is_some_and(|object| object.name.as_str() == wanted)
            });
            let fits: Vec<_> = fits.collect();
            missing("portfolio", wanted, fits.is_empty())?;
            for live in fits
                .into_iter()
                .filter(|live| owners.portfolios.contains_key(&live.id))
            {
                self.portfolios.insert(live.id.clone());
                self.products.extend(live.products.iter().cloned());
            }
        }
        for wanted in &filter.products {
            let fits = observed.products.values().filter(|live| {
                let object = owners.products.get(&live.id);
                live.id.as_str() == wanted
                    || live.name == *wanted
                    || object.is_some_and(|object| object.name.as_str() == wanted)
            });
            let fits: Vec<_> = fits.map(|live| live.id.clone()).collect();
            missing("product", wanted, fits.is_empty())?;
            self.products.extend(fits);
        }
        for live in observed
            .portfolios
            .values()
            .filter(|o| filter.has_tag(&o.tags))
        {
            self.portfolios.insert(live.id.clone());
        }
        for live in observed
            .products
            .values()
            .filter(|o| filter.has_tag(&o.tags))
        {
            self.products.insert(live.id.clone());
        }
        self.portfolios
            .retain(|id| owners.portfolios.contains_key(id));
        self.products.retain(|id| owners.products.contains_key(id));
        // What runs from a product that was asked for belongs to it.
        for live in observed.provisioned.values() {
            let product = live.running.as_ref().map_or(&live.product, |r| &r.product);
            if filter.has_tag(&live.tags) || self.products.contains(product) {
                self.provisioned.insert(live.id.clone());
            }
        }
        self.provisioned
            .retain(|id| owners.provisioned.contains_key(id));
        Ok(())
    }

    /// Adds what a manifest refers to, so that every reference can be followed and every list is whole.
    fn needed(&mut self, input: Input<'_>, owners: &Owners) {
        let observed = input.observed;
        if !input.filter.without_provisioned {
            for live in self
                .provisioned
                .iter()
                .filter_map(|id| observed.provisioned.get(id))
            {
                let product = live.running.as_ref().map_or(&live.product, |r| &r.product);
                if owners.products.contains_key(product) {
                    self.products.insert(product.clone());
                }
            }
        }
        for live in observed.portfolios.values() {
            let holds = self.products.iter().any(|id| live.products.contains(id));
            if holds && owners.portfolios.contains_key(&live.id) {
                self.portfolios.insert(live.id.clone());
            }
        }
        let shared = self
            .portfolios
            .iter()
            .filter_map(|id| observed.portfolios.get(id));
        for product in shared.flat_map(|p| &p.shared_products) {
            self.imported.extend(holder(input, product).cloned());
        }
        for live in observed.service_actions.values() {
            let offered = live
                .versions
                .iter()
                .any(|(id, _)| self.products.contains(id));
            if offered && owners.service_actions.contains_key(&live.id) {
                self.service_actions.insert(live.id.clone());
            }
        }
        let portfolios = self
            .portfolios
            .iter()
            .filter_map(|id| observed.portfolios.get(id));
        let products = self
            .products
            .iter()
            .filter_map(|id| observed.products.get(id));
        let options = portfolios.flat_map(|p| p.tag_options.keys());
        let options = options.chain(products.flat_map(|p| p.tag_options.keys()));
        self.tag_options.extend(options.cloned());
    }
}

/// The portfolio of another account that a product of another account is taken from.
pub(super) fn holder<'a>(input: Input<'a>, product: &ProductId) -> Option<&'a PortfolioId> {
    let mut all = input.observed.imported.values();
    let found = all.find(|portfolio| portfolio.products.contains(product));
    found.map(|portfolio| &portfolio.id)
}

fn missing(kind: &str, wanted: &str, none: bool) -> Result<(), NoMatch> {
    match none {
        true => Err(NoMatch(format!(
            "no {kind} of this account and region has the id or name {wanted:?}\n  next: give the id, or the very name that the console shows"
        ))),
        false => Ok(()),
    }
}
