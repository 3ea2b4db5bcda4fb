//! What manifests ask of the catalog beyond what every pass reads.

use std::collections::BTreeSet;

use crate::ids::{Key, Name, PortfolioId, ProductArn, StackArn};
use crate::model::desired::{
    Adopt, Desired, Lifecycle, Product, ProvisionedProduct, UnlistedVersions,
};

/// What is asked for. A live pass reads by it, and a saved observation keeps it: what was not asked for nobody has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Live names of provisioned products that the manifests name: what no search shows is described by name.
    pub provisioned: BTreeSet<String>,
    /// What the source names: another object of ours may be about to go, and more has to be known of it then.
    pub declared: BTreeSet<Key>,
    /// Products whose manifests delete versions.
    pub deleting: BTreeSet<Name>,
    /// Other accounts' portfolios that manifests name.
    pub imported: BTreeSet<PortfolioId>,
    /// Portfolios, by name, of which a manifest says whom they are shared with.
    pub shared: BTreeSet<Name>,
    /// Whether TagOptions are of interest: a manifest declares one, or declared one before.
    pub tag_options: bool,
    /// Products that manifests copy from.
    pub sources: BTreeSet<ProductArn>,
    /// Stacks that manifests import.
    pub imports: BTreeSet<WantedImport>,
    /// What manifests take over.
    pub adopted: Adopted,
    /// Parameters of the parameter store that manifests take values from.
    pub ssm: BTreeSet<String>,
    /// Whether some manifest says which service actions versions offer: then who else offers what matters.
    pub offers: bool,
}

/// What manifests take over: it is read like what is ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adopted {
    /// By id.
    pub ids: BTreeSet<String>,
    /// By name.
    pub names: BTreeSet<String>,
}

impl Adopted {
    /// Whether something of this id and name is meant.
    pub fn has(&self, id: &str, name: &str) -> bool {
        self.ids.contains(id) || self.names.contains(name)
    }
}

/// A stack that a manifest imports, and what it is to become.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WantedImport {
    /// The stack.
    pub stack: StackArn,
    /// The product, by its manifest's name.
    pub product: Name,
    /// The version, by its name.
    pub version: String,
}

impl Asked {
    /// By these manifests, and those of `base` that were applied before; `former` where TagOptions are remembered.
    pub fn of(desired: &Desired, base: Option<&Desired>, former: bool) -> Self {
        let products = || desired.products.values();
        let provisioned = || desired.provisioned.values();
        let deleting = products().filter(|o| o.unlisted_versions == UnlistedVersions::Delete);
        let shared = desired.portfolios.values().filter(|o| o.shares.is_some());
        let sources = products().filter_map(|product| product.copy_from.as_ref());
        let imports = provisioned().filter_map(|want| {
            Some(WantedImport {
                stack: want.import.as_ref()?.stack.clone(),
                product: want.product.clone(),
                version: want.version.clone(),
            })
        });
        let imported = desired.imported.values();
        let ssm = provisioned().flat_map(ProvisionedProduct::ssm);
        let mut known = std::iter::once(desired).chain(base);
        Self {
            provisioned: provisioned().map(|want| want.live_name.clone()).collect(),
            declared: desired
                .keys()
                .chain(desired.broken.iter().cloned())
                .collect(),
            deleting: deleting.map(|product| product.name.clone()).collect(),
            imported: imported.map(|portfolio| portfolio.id.clone()).collect(),
            shared: shared.map(|portfolio| portfolio.name.clone()).collect(),
            tag_options: former || known.any(|source| !source.tag_options.is_empty()),
            sources: sources.map(|copy| copy.source.clone()).collect(),
            imports: imports.collect(),
            adopted: adopted(desired),
            ssm: ssm.cloned().collect(),
            offers: products().any(Product::has_offers),
        }
    }
}

fn adopted(desired: &Desired) -> Adopted {
    let mut adopted = Adopted::default();
    let mut add = |lifecycle: &Lifecycle, name: &str| match &lifecycle.adopt {
        Adopt::Never => false,
        Adopt::ByName(_) => adopted.names.insert(name.to_owned()),
        Adopt::Id { id, .. } => adopted.ids.insert(id.clone()),
    };
    for want in desired.service_actions.values() {
        add(&want.lifecycle, &want.display_name);
    }
    for want in desired.portfolios.values() {
        add(&want.lifecycle, &want.display_name);
    }
    for want in desired.products.values() {
        add(&want.lifecycle, &want.display_name);
    }
    for want in desired.provisioned.values() {
        add(&want.lifecycle, &want.live_name);
    }
    adopted
}
