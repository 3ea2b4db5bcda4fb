//! What is attached to portfolios, products and versions: TagOptions, budgets, service actions, and that there was a tag.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Catalog, Product, Version};

/// What a portfolio or a product has beside its own members.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(in crate::emulator) struct Attached {
    /// TagOption ids in the order of their association.
    pub(in crate::emulator) tag_options: Vec<String>,
    /// Names of budgets in the order of their association.
    pub(in crate::emulator) budgets: Vec<String>,
    /// Whether it has or had a tag: what lost its last one is still listed by the tagging service.
    pub(in crate::emulator) tagged: bool,
}

/// A TagOption (facts §9.7).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator) struct TagOption {
    pub(in crate::emulator) id: String,
    pub(in crate::emulator) key: String,
    pub(in crate::emulator) value: String,
    pub(in crate::emulator) active: bool,
    /// The account that made it.
    pub(in crate::emulator) owner: String,
    /// Ids of portfolios and products in the order of their association.
    pub(in crate::emulator) resources: Vec<String>,
}

/// A self-service action (facts §9.10).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator) struct ServiceAction {
    pub(in crate::emulator) id: String,
    pub(in crate::emulator) name: String,
    pub(in crate::emulator) description: Option<String>,
    /// `DefinitionType`.
    pub(in crate::emulator) kind: String,
    /// Name, Version, AssumeRole, Parameters: as sent.
    pub(in crate::emulator) definition: BTreeMap<String, String>,
    /// Where it may be run, in the order of association.
    pub(in crate::emulator) places: Vec<Place>,
}

/// A version that has an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) struct Place {
    pub(in crate::emulator) product: String,
    pub(in crate::emulator) version: String,
}

impl Place {
    /// The product and the version, if both are there (still: overlapping writes may have undone the version).
    pub(in crate::emulator) fn find<'a>(
        &self,
        catalog: &'a Catalog,
    ) -> Option<(&'a Arc<Product>, &'a Arc<Version>)> {
        let product = catalog.products.get(&self.product)?;
        let mut versions = product.versions.iter();
        Some((product, versions.find(|own| own.id == self.version)?))
    }
}

impl Catalog {
    /// What is attached to the portfolio or product of that id.
    pub(in crate::emulator) fn attached(&self, id: &str) -> Option<&Attached> {
        let of_portfolio = || Some(&self.portfolios.get(id)?.attached);
        let of_product = || Some(&self.products.get(id)?.attached);
        of_portfolio().or_else(of_product)
    }

    /// The same, to be changed.
    pub(in crate::emulator) fn attached_mut(&mut self, id: &str) -> Option<&mut Attached> {
        if self.portfolios.get(id).is_some() {
            return Some(&mut self.portfolios.edit(id)?.attached);
        }
        Some(&mut self.products.edit(id)?.attached)
    }

    /// The actions of a product's versions that are there, each with the version that has it.
    pub(in crate::emulator) fn actions_of<'a>(
        &'a self,
        product: &'a str,
    ) -> impl Iterator<Item = (&'a Arc<ServiceAction>, &'a str)> {
        self.actions.iter().flat_map(move |(_, action)| {
            let own = action.places.iter();
            let own = own.filter(move |place| place.product == product);
            let own = own.filter(|place| place.find(self).is_some());
            own.map(move |place| (action, place.version.as_str()))
        })
    }
}
