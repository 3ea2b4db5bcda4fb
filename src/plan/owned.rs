//! Which live objects are ours: by the ownership tag, for service actions by the mark that ends their description, and for
//! provisioned products also by the token's prefix, or because a manifest names their stack (design §4). Display names
//! never match.

use std::collections::BTreeMap;

use super::adopt::{Adoptions, Candidate, Wanted, adopt};
use crate::ids::{Kind, Name, PortfolioId};
use crate::model::desired::Desired;
use crate::model::observed::{
    LivePortfolio, LiveProduct, LiveProvisioned, LiveServiceAction, Observed,
};
use crate::model::owner::{Identity, Owner};
use crate::plan::Input;

/// Live objects by the name that their ownership claims. More than one of a name is a conflict.
#[derive(Debug, Default)]
pub(crate) struct Owned<'a> {
    pub(crate) service_actions: BTreeMap<Name, Vec<&'a LiveServiceAction>>,
    pub(crate) portfolios: BTreeMap<Name, Vec<&'a LivePortfolio>>,
    pub(crate) products: BTreeMap<Name, Vec<&'a LiveProduct>>,
    pub(crate) provisioned: BTreeMap<Name, Vec<&'a LiveProvisioned>>,
    pub(crate) adoptions: Adoptions,
}

impl<'a> Owned<'a> {
    pub(crate) fn new(input: &Input<'a>) -> Self {
        let (identity, observed) = (input.identity, input.observed);
        let mut owned = Self::default();
        for live in observed.service_actions.values() {
            let description = live.description.as_deref().unwrap_or_default();
            if let Owner::Us(name) = identity.described(description).owner {
                owned.service_actions.entry(name).or_default().push(live);
            }
        }
        for live in observed.portfolios.values() {
            if let Owner::Us(name) = identity.owner(Kind::Portfolio, &live.tags) {
                owned.portfolios.entry(name).or_default().push(live);
            }
        }
        for live in observed.products.values() {
            if let Owner::Us(name) = identity.owner(Kind::Product, &live.tags) {
                owned.products.entry(name).or_default().push(live);
            }
        }
        for (key, half) in &input.policy.half_copies {
            let ours = owned.products.entry(key.name.clone()).or_default();
            if let ([], Some(live)) = (ours.as_slice(), observed.products.get(&half.id))
                && identity.owner(Kind::Product, &live.tags) == Owner::Nobody
            {
                ours.push(live);
            }
        }
        let wanted = prefixes(identity, wanted(input.desired));
        let former = input.base.into_iter().flat_map(|b| b.provisioned.keys());
        let former = prefixes(identity, former);
        for live in observed.provisioned.values() {
            // What git wants goes before what it wanted: an import may have been given another name.
            let owner = provisioned_owner(identity, &wanted, live)
                .or_else(|| named_by_import(input, live))
                .or_else(|| provisioned_owner(identity, &former, live));
            if let Some(name) = owner {
                owned.provisioned.entry(name).or_default().push(live);
            }
        }
        owned.adopt(input);
        owned
    }

    /// Adds what manifests take over.
    fn adopt(&mut self, input: &Input<'a>) {
        let (observed, identity) = (input.observed, input.identity);
        let desired = input.desired;
        let refused = &mut self.adoptions.refused;

        let wanted = desired.service_actions.values();
        let wanted = wanted.map(|o| Wanted::new(&o.name, &o.lifecycle, &o.display_name));
        let live = observed.service_actions.values().map(|o| Candidate {
            id: o.id.as_str(),
            name: &o.name,
            owner: identity
                .described(o.description.as_deref().unwrap_or_default())
                .owner,
            live: o,
        });
        let kind = Kind::ServiceAction;
        adopt(
            input,
            kind,
            wanted,
            live,
            &mut self.service_actions,
            refused,
        );

        let wanted = desired.portfolios.values();
        let wanted = wanted.map(|o| Wanted::new(&o.name, &o.lifecycle, &o.display_name));
        let live = observed.portfolios.values().map(|o| Candidate {
            id: o.id.as_str(),
            name: &o.display_name,
            owner: identity.owner(Kind::Portfolio, &o.tags),
            live: o,
        });
        let kind = Kind::Portfolio;
        adopt(input, kind, wanted, live, &mut self.portfolios, refused);

        let wanted = desired.products.values();
        let wanted = wanted.map(|o| Wanted::new(&o.name, &o.lifecycle, &o.display_name));
        let live = observed.products.values().map(|o| Candidate {
            id: o.id.as_str(),
            name: &o.name,
            owner: identity.owner(Kind::Product, &o.tags),
            live: o,
        });
        adopt(
            input,
            Kind::Product,
            wanted,
            live,
            &mut self.products,
            refused,
        );

        let wanted = desired.provisioned.values();
        let wanted = wanted.map(|o| Wanted::new(&o.name, &o.lifecycle, &o.live_name));
        // Ours by their tokens are some that carry no tag.
        let owned = self.provisioned.iter();
        let owned = owned.flat_map(|(name, live)| live.iter().map(move |o| (&o.id, name)));
        let owned: BTreeMap<_, _> = owned.map(|(id, name)| (id.clone(), name.clone())).collect();
        let live = observed.provisioned.values().map(|o| Candidate {
            id: o.id.as_str(),
            name: &o.name,
            owner: match owned.get(&o.id) {
                Some(name) => Owner::Us(name.clone()),
                None => identity.owner(Kind::ProvisionedProduct, &o.tags),
            },
            live: o,
        });
        let kind = Kind::ProvisionedProduct;
        adopt(input, kind, wanted, live, &mut self.provisioned, refused);
    }

    /// What git calls a live portfolio, one that is taken over too; `None` where it is not ours, or claimed twice.
    pub(crate) fn portfolio_name(&self, id: &PortfolioId) -> Option<&Name> {
        let mut all = self.portfolios.iter();
        let found = all.find(|(_, live)| matches!(live.as_slice(), [one] if one.id == *id));
        found.map(|(name, _)| name)
    }

    /// What git calls a live product; `None` where it is not ours.
    pub(crate) fn product_name(
        identity: &Identity,
        observed: &Observed,
        id: &crate::ids::ProductId,
    ) -> Option<Name> {
        let live = observed.products.get(id)?;
        match identity.owner(Kind::Product, &live.tags) {
            Owner::Us(name) => Some(name),
            Owner::Nobody | Owner::Foreign(_) => None,
        }
    }
}

/// Whose stack a manifest imports: what nobody's tag or token claims is then that object (design §4).
fn named_by_import(input: &Input<'_>, live: &LiveProvisioned) -> Option<Name> {
    if input.identity.owner(Kind::ProvisionedProduct, &live.tags) != Owner::Nobody {
        return None;
    }
    let stack = live.physical_id.as_deref()?;
    let mut all = input.desired.provisioned.values();
    let found = all.find(|want| {
        let import = want.import.as_ref();
        import.is_some_and(|import| import.stack.as_str() == stack)
    });
    found.map(|want| want.name.clone())
}

/// The provisioned products that git names, sound or not.
fn wanted(desired: &Desired) -> impl Iterator<Item = &Name> {
    let broken = desired.broken.iter();
    let broken = broken
        .filter(|key| key.kind == Kind::ProvisionedProduct)
        .map(|key| &key.name);
    desired.provisioned.keys().chain(broken)
}

/// The token prefixes of names: a prefix is a hash, so it can only be recognised.
fn prefixes<'n>(
    identity: &Identity,
    names: impl Iterator<Item = &'n Name>,
) -> BTreeMap<String, Name> {
    names
        .map(|name| (identity.token_prefix(name), name.clone()))
        .collect()
}

fn provisioned_owner(
    identity: &Identity,
    prefixes: &BTreeMap<String, Name>,
    live: &LiveProvisioned,
) -> Option<Name> {
    match identity.owner(Kind::ProvisionedProduct, &live.tags) {
        Owner::Us(name) => return Some(name),
        Owner::Foreign(_) => return None,
        Owner::Nobody => {}
    }
    let token = live.idempotency_token.as_deref()?;
    let known = |(prefix, name): (&String, &Name)| token.starts_with(prefix).then(|| name.clone());
    prefixes.iter().find_map(known)
}
