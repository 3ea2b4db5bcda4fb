//! Whose each live object is, and what its manifest is called.

use std::collections::{BTreeMap, BTreeSet};

use super::Input;
use super::names::{slug, unique};
use crate::ids::{
    Kind, Name, PortfolioId, ProductId, ProvisionedProductId, ServiceActionId, TagOptionId,
};
use crate::model::desired::OnRemove;
use crate::model::observed::LiveProvisioned;
use crate::model::owner::{Described, Identity, Owner, strip_removal, tag_key};

/// An object that can be exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    /// `metadata.name`.
    pub(super) name: Name,
    /// Nobody owns it: its manifest takes it over.
    pub(super) adopt: bool,
    /// What its mark says of removal.
    pub(super) on_remove: OnRemove,
}

/// The objects that are nobody's or ours.
#[derive(Debug, Default)]
pub(super) struct Owners {
    pub(super) tag_options: BTreeMap<TagOptionId, Object>,
    pub(super) service_actions: BTreeMap<ServiceActionId, Object>,
    pub(super) portfolios: BTreeMap<PortfolioId, Object>,
    /// Other accounts' portfolios: their manifests name them by their ids, for they have no mark.
    pub(super) imported: BTreeMap<PortfolioId, Object>,
    pub(super) products: BTreeMap<ProductId, Object>,
    pub(super) provisioned: BTreeMap<ProvisionedProductId, Object>,
    /// The others, each with whose it is.
    pub(super) left_out: BTreeSet<String>,
}

/// How the tokens of all requests of catalogd for provisioned products begin (design §4).
const OUR_TOKENS: &str = "catalogd-";

impl Owners {
    pub(super) fn new(input: Input<'_>) -> Self {
        let (identity, observed) = (input.identity, input.observed);
        let mut left_out = BTreeSet::new();

        let mut kind = Naming::new(Kind::ServiceAction);
        for live in observed.service_actions.values() {
            let description = live.description.as_deref().unwrap_or_default();
            let Described {
                owner, on_remove, ..
            } = identity.described(description);
            kind.add(live.id.as_str(), &live.name, owner, on_remove);
        }
        let service_actions = kind.settle(&mut left_out);

        let mut kind = Naming::new(Kind::Portfolio);
        for live in observed.portfolios.values() {
            let end = identity.on_remove(Kind::Portfolio, &live.tags);
            let owner = identity.owner(Kind::Portfolio, &live.tags);
            let end = end.unwrap_or_default();
            kind.add(live.id.as_str(), &live.display_name, owner, end);
        }
        for live in observed.imported.values() {
            // Whatever its tags say is said of another account's catalog.
            let (id, shown) = (live.id.as_str(), live.display_name.as_str());
            kind.add(id, shown, Owner::Nobody, OnRemove::Retain);
        }
        let (imported, portfolios): (BTreeMap<_, _>, BTreeMap<_, _>) =
            kind.settle(&mut left_out).into_iter().partition(|(id, _)| {
                observed
                    .imported
                    .contains_key(&PortfolioId::new(id.as_str()))
            });

        let mut kind = Naming::new(Kind::Product);
        for live in observed.products.values() {
            let end = identity.on_remove(Kind::Product, &live.tags);
            let owner = identity.owner(Kind::Product, &live.tags);
            kind.add(live.id.as_str(), &live.name, owner, end.unwrap_or_default());
        }
        let products = kind.settle(&mut left_out);

        let mut kind = Naming::new(Kind::ProvisionedProduct);
        for live in observed.provisioned.values() {
            let end = identity.on_remove(Kind::ProvisionedProduct, &live.tags);
            let owner = provisioned_owner(identity, live);
            kind.add(live.id.as_str(), &live.name, owner, end.unwrap_or_default());
        }
        let provisioned = kind.settle(&mut left_out);

        let given = observed.portfolios.values().flat_map(|p| &p.tag_options);
        let given = given.chain(observed.products.values().flat_map(|p| &p.tag_options));
        let all: BTreeMap<_, _> = observed.tag_options.iter().chain(given).collect();
        let wanted = all.iter().map(|(id, option)| {
            let text = format!("{}-{}", option.key, option.value);
            (id.as_str(), slug(&text, "tag-option"))
        });
        let names = unique(wanted, &BTreeSet::new());
        let tag_options = names.into_iter().map(|(id, name)| {
            let object = Object {
                name,
                // They have no mark: one that is there is used.
                adopt: false,
                on_remove: OnRemove::Retain,
            };
            (TagOptionId::new(id), object)
        });
        Self {
            tag_options: tag_options.collect(),
            service_actions: typed(service_actions),
            portfolios: typed(portfolios),
            imported: typed(imported),
            products: typed(products),
            provisioned: typed(provisioned),
            left_out,
        }
    }
}

fn typed<I: for<'t> From<&'t str> + Ord>(all: BTreeMap<String, Object>) -> BTreeMap<I, Object> {
    let all = all.into_iter();
    all.map(|(id, object)| (I::from(id.as_str()), object))
        .collect()
}

/// Whose a provisioned product is: by its tag, or by the token of its last request, which can only be recognised.
fn provisioned_owner(identity: &Identity, live: &LiveProvisioned) -> Owner {
    let by_tag = identity.owner(Kind::ProvisionedProduct, &live.tags);
    let token = live.idempotency_token.as_deref().unwrap_or_default();
    if by_tag != Owner::Nobody || !token.starts_with(OUR_TOKENS) {
        return by_tag;
    }
    let likely = [live.name.clone(), slug(&live.name, "")];
    let mut likely = likely.iter().filter_map(|text| Name::parse(text));
    match likely.find(|name| token.starts_with(&identity.token_prefix(name))) {
        Some(name) => Owner::Us(name),
        None => Owner::Foreign("a catalogd that knows it by another name".to_owned()),
    }
}

/// The objects of one kind on their way to names.
struct Naming<'a> {
    kind: Kind,
    free: Vec<(&'a str, String)>,
    ours: BTreeMap<Name, Vec<(&'a str, &'a str, OnRemove)>>,
    foreign: Vec<String>,
}

impl<'a> Naming<'a> {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            free: Vec::new(),
            ours: BTreeMap::new(),
            foreign: Vec::new(),
        }
    }

    fn add(&mut self, id: &'a str, shown: &'a str, owner: Owner, on_remove: OnRemove) {
        match owner {
            Owner::Nobody => self.free.push((id, slug(shown, self.kind.slug()))),
            Owner::Us(name) => {
                let ours = self.ours.entry(name).or_default();
                ours.push((id, shown, on_remove));
            }
            Owner::Foreign(value) => self.foreign.push(format!(
                "{} {shown:?} ({id}): it belongs to {}",
                self.kind,
                strip_removal(&value)
            )),
        }
    }

    fn settle(self, left_out: &mut BTreeSet<String>) -> BTreeMap<String, Object> {
        left_out.extend(self.foreign);
        let taken: BTreeSet<Name> = self.ours.keys().cloned().collect();
        let mut all = BTreeMap::new();
        for (name, live) in self.ours {
            if let [(id, _, on_remove)] = live.as_slice() {
                let object = Object {
                    name,
                    adopt: false,
                    on_remove: *on_remove,
                };
                all.insert((*id).to_owned(), object);
                continue;
            }
            for (id, shown, _) in live {
                left_out.insert(format!(
                    "{} {shown:?} ({id}): more than one is marked as {}/{name}: take the mark ({}) from all but one",
                    self.kind,
                    self.kind.slug(),
                    tag_key(self.kind),
                ));
            }
        }
        for (id, name) in unique(self.free, &taken) {
            let object = Object {
                name,
                adopt: true,
                on_remove: OnRemove::Retain,
            };
            all.insert(id, object);
        }
        all
    }
}
