//! What manifests ask of the catalog beyond what every pass reads (`aws::collect::Hints`).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{Key, Kind, Name};
use crate::model::desired::{
    Adopt, Desired, Lifecycle, OnRemove, Product, ProvisionedProduct, UnlistedVersions,
};
use crate::model::observed::{LiveProvisioned, Observed, Scope};
use crate::model::owner::{Identity, Owner};
use crate::saved::plan::SavedKey;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// What the source names: another object of ours may be about to go, and more has to be known of it then.
    declared: BTreeSet<SavedKey>,
    /// Products whose versions are deleted with their line.
    deleting: BTreeSet<String>,
    /// Portfolios of which it is said whom they are shared with.
    shared: BTreeSet<String>,
    /// Ids of others' portfolios.
    imported: BTreeSet<String>,
    /// Whether TagOptions are of interest.
    tag_options: bool,
    /// Whether it is said what versions offer.
    offers: bool,
    /// Products that are copied.
    sources: BTreeSet<String>,
    /// Stacks that are imported, each with the product and the version that it is to become.
    imports: BTreeSet<(String, String, String)>,
    /// Parameters of the parameter store.
    ssm: BTreeSet<String>,
    /// Names of provisioned products in the account.
    provisioned: BTreeSet<String>,
    /// What is taken over, by id and by name.
    adopted_ids: BTreeSet<String>,
    adopted_names: BTreeSet<String>,
}

impl Asked {
    /// By these manifests; `former` where TagOptions are remembered.
    pub(super) fn of(desired: &Desired, former: bool) -> Self {
        let mut adopted = (BTreeSet::new(), BTreeSet::new());
        let mut adopt = |lifecycle: &Lifecycle, name: &str| match &lifecycle.adopt {
            Adopt::Never => false,
            Adopt::ByName(_) => adopted.1.insert(name.to_owned()),
            Adopt::Id { id, .. } => adopted.0.insert(id.clone()),
        };
        for want in desired.service_actions.values() {
            adopt(&want.lifecycle, &want.display_name);
        }
        for want in desired.portfolios.values() {
            adopt(&want.lifecycle, &want.display_name);
        }
        for want in desired.products.values() {
            adopt(&want.lifecycle, &want.display_name);
        }
        for want in desired.provisioned.values() {
            adopt(&want.lifecycle, &want.live_name);
        }
        let products = || desired.products.values();
        let deleting = products().filter(|o| o.unlisted_versions == UnlistedVersions::Delete);
        let portfolios = desired.portfolios.values();
        let shared = portfolios.filter(|portfolio| portfolio.shares.is_some());
        let sources = products().filter_map(|product| product.copy_from.as_ref());
        let provisioned = || desired.provisioned.values();
        let imports = provisioned().filter_map(|want| {
            let stack = want.import.as_ref()?.stack.to_string();
            Some((stack, want.product.to_string(), want.version.clone()))
        });
        let declared = desired.keys().chain(desired.broken.iter().cloned());
        Self {
            declared: declared.map(SavedKey).collect(),
            deleting: deleting.map(|product| product.name.to_string()).collect(),
            shared: shared.map(|portfolio| portfolio.name.to_string()).collect(),
            imported: (desired.imported.values())
                .map(|portfolio| portfolio.id.to_string())
                .collect(),
            tag_options: former || !desired.tag_options.is_empty(),
            offers: products().any(Product::has_offers),
            sources: sources.map(|copy| copy.source.to_string()).collect(),
            imports: imports.collect(),
            ssm: provisioned()
                .flat_map(ProvisionedProduct::ssm)
                .cloned()
                .collect(),
            provisioned: provisioned().map(|want| want.live_name.clone()).collect(),
            adopted_ids: adopted.0,
            adopted_names: adopted.1,
        }
    }

    /// Whether a provisioned product was asked for: by its name, its id, its stack, or the name that its tag says.
    pub(super) fn has_provisioned(&self, identity: &Identity, live: &LiveProvisioned) -> bool {
        let stack = live.physical_id.as_deref();
        let declared = match identity.owner(Kind::ProvisionedProduct, &live.tags) {
            Owner::Us(name) => {
                let key = SavedKey(Key::new(Kind::ProvisionedProduct, name));
                self.declared.contains(&key)
            }
            Owner::Nobody | Owner::Foreign(_) => false,
        };
        declared
            || self.provisioned.contains(&live.name)
            || self.adopted_ids.contains(live.id.as_str())
            || self.adopted_names.contains(&live.name)
            || self
                .imports
                .iter()
                .any(|(arn, ..)| Some(arn.as_str()) == stack)
    }

    /// What `now` asks for and this did not: nobody has looked at it.
    pub(super) fn lacks(
        &self,
        now: &Self,
        desired: &Desired,
        observed: &Observed,
        identity: &Identity,
    ) -> Vec<Scope> {
        let mut scopes = Vec::new();
        if now.tag_options && !self.tag_options {
            scopes.push(Scope::TagOptions);
        }
        if now.offers && !self.offers {
            scopes.push(Scope::ServiceActions);
        }
        if !now.imported.is_subset(&self.imported) {
            scopes.push(Scope::Imported);
        }
        for name in now.ssm.difference(&self.ssm) {
            scopes.push(Scope::Ssm(name.clone()));
        }
        let copies = desired.products.values();
        for copy in copies.filter_map(|product| product.copy_from.as_ref()) {
            if !self.sources.contains(copy.source.as_str()) {
                scopes.push(Scope::Product(copy.source.id.clone()));
            }
        }
        let stacks = desired.provisioned.values().filter_map(|want| {
            let import = want.import.as_ref()?;
            let asked = (
                import.stack.to_string(),
                want.product.to_string(),
                want.version.clone(),
            );
            (!self.imports.contains(&asked)).then(|| import.stack.clone())
        });
        scopes.extend(stacks.map(Scope::Stack));
        self.objects(now, observed, identity, &mut scopes);
        scopes
    }

    fn objects(
        &self,
        now: &Self,
        observed: &Observed,
        identity: &Identity,
        scopes: &mut Vec<Scope>,
    ) {
        let adopts = |asked: &Self, id: &str, name: &str| {
            asked.adopted_ids.contains(id) || asked.adopted_names.contains(name)
        };
        let newly = |id: &str, name: &str| adopts(now, id, name) && !adopts(self, id, name);
        // An object of ours that was declared then and is about to be deleted now.
        let leaves = |kind: Kind, tags: &_| {
            let Owner::Us(name) = identity.owner(kind, tags) else {
                return false;
            };
            let key = SavedKey(Key::new(kind, name));
            identity.on_remove(kind, tags) == Some(OnRemove::Delete)
                && self.declared.contains(&key)
                && !now.declared.contains(&key)
        };
        for live in observed.service_actions.values() {
            if newly(live.id.as_str(), &live.name) {
                scopes.push(Scope::ServiceAction(live.id.clone()));
            }
        }
        for live in observed.portfolios.values() {
            let (id, tags) = (&live.id, &live.tags);
            let wants = |name: &Name| {
                now.shared.contains(name.as_str()) && !self.shared.contains(name.as_str())
            };
            let asked = match identity.owner(Kind::Portfolio, tags) {
                Owner::Us(name) => wants(&name),
                Owner::Nobody | Owner::Foreign(_) => {
                    !now.shared.is_empty() && newly(id.as_str(), &live.display_name)
                }
            };
            if live.shares.is_none() && (asked || leaves(Kind::Portfolio, tags)) {
                scopes.push(Scope::Shares(id.clone()));
            }
        }
        for live in observed.products.values() {
            let deletes = match identity.owner(Kind::Product, &live.tags) {
                Owner::Us(name) => {
                    now.deleting.contains(name.as_str()) && !self.deleting.contains(name.as_str())
                }
                Owner::Nobody | Owner::Foreign(_) => false,
            };
            let copied = now.sources.contains(&live.arn) && !self.sources.contains(&live.arn);
            let taken = newly(live.id.as_str(), &live.name);
            if deletes || copied || taken || leaves(Kind::Product, &live.tags) {
                scopes.push(Scope::Product(live.id.clone()));
            }
        }
        for live in observed.provisioned.values() {
            if now.has_provisioned(identity, live) && !self.has_provisioned(identity, live) {
                scopes.push(Scope::ProvisionedProduct(live.id.clone()));
            }
        }
    }
}
