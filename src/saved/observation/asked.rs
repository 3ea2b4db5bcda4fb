//! What was asked of the catalog (`observe::asked`) as the file keeps it, and what other manifests ask beyond that.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{Key, Kind, Name};
use crate::model::desired::{Desired, OnRemove};
use crate::model::observed::{LiveProvisioned, Observed, Scope};
use crate::model::owner::{Identity, Owner};
use crate::observe::asked::{self, WantedImport};
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

impl From<asked::Asked> for Asked {
    fn from(all: asked::Asked) -> Self {
        let asked::Asked {
            provisioned,
            declared,
            deleting,
            imported,
            shared,
            tag_options,
            sources,
            imports,
            adopted,
            ssm,
            offers,
        } = all;
        let import = |import: WantedImport| {
            let WantedImport {
                stack,
                product,
                version,
            } = import;
            (stack.to_string(), product.to_string(), version)
        };
        Self {
            declared: declared.into_iter().map(SavedKey).collect(),
            deleting: texts(deleting),
            shared: texts(shared),
            imported: texts(imported),
            tag_options,
            offers,
            sources: texts(sources),
            imports: imports.into_iter().map(import).collect(),
            ssm,
            provisioned,
            adopted_ids: adopted.ids,
            adopted_names: adopted.names,
        }
    }
}

fn texts<T: ToString>(all: BTreeSet<T>) -> BTreeSet<String> {
    all.iter().map(ToString::to_string).collect()
}

impl Asked {
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
