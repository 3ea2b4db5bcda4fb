//! What an account sees in its region: its own catalog, and what others share with it (facts §8.2).
//!
//! Reads go through a [`View`], writes through the account's own catalog: what is another's cannot be found there, and
//! that is what is said of it. How the service refuses it is not documented (a guess).

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::input::IdOrName;
use super::{invalid, no_product, not_found};
use crate::emulator::api::ApiError;
use crate::emulator::organizations::Organizations;
use crate::emulator::partitions::{Elsewhere, Neighbour};
use crate::emulator::state::{Attached, TagOption};
use crate::emulator::state::{Borrowed, Import, Share};
use crate::emulator::state::{Catalog, Constraint, Portfolio, Principal, Product};

/// That of an account which was never asked for in a region.
static NOTHING: LazyLock<Catalog> = LazyLock::new(Catalog::default);

/// What one account sees in one region.
#[derive(Debug, Clone)]
pub(super) struct View<'a> {
    pub(super) own: &'a Catalog,
    account: &'a str,
    /// The portfolios of others that it has, by id.
    imports: BTreeMap<&'a str, Imported<'a>>,
}

/// A portfolio of another account, as its recipient has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Imported<'a> {
    pub(super) portfolio: &'a Arc<Portfolio>,
    pub(super) owner: Neighbour<'a>,
    /// Where it stands among others' portfolios and products.
    pub(super) place: u64,
    /// The share with the very account, if that was accepted.
    pub(super) accepted: Option<&'a Share>,
    /// Shares with nodes over it.
    pub(super) inherited: bool,
    /// Whether the owner's principals are shared: only nodes can have that (facts §9.8).
    pub(super) principals: bool,
    /// Whether the owner's TagOptions are shared.
    tag_options: bool,
    own: Option<&'a Import>,
}

impl<'a> View<'a> {
    /// `own` is absent where the account was never asked for.
    pub(super) fn new(
        account: &'a str,
        region: &'a str,
        own: Option<&'a Catalog>,
        elsewhere: Elsewhere<'a>,
        organizations: &'a Organizations,
    ) -> Self {
        let own = own.unwrap_or_else(|| &NOTHING);
        let owners = elsewhere
            .neighbours(region)
            .filter(|owner| owner.account != account && !owner.catalog.shares.is_empty());
        let mut imports = BTreeMap::new();
        for owner in owners {
            let nodes = nodes(organizations, owner.account, account);
            for (_, portfolio) in owner.catalog.portfolios.select(&owner.catalog.shares.ids()) {
                if let Some(found) = imported(own, account, owner, portfolio, &nodes) {
                    imports.insert(portfolio.id.as_str(), found);
                }
            }
        }
        Self {
            own,
            account,
            imports,
        }
    }

    /// The portfolios of others that it has, in a lasting order.
    pub(super) fn imports(&self) -> Vec<Imported<'a>> {
        let mut imports: Vec<_> = self.imports.values().copied().collect();
        imports.sort_unstable_by_key(|import| import.place);
        imports
    }

    pub(super) fn import(&self, portfolio: &str) -> Option<Imported<'a>> {
        self.imports.get(portfolio).copied()
    }

    /// A portfolio of its own or another's.
    pub(super) fn portfolio(&self, id: &str) -> Option<&'a Arc<Portfolio>> {
        let own = self.own.portfolios.get(id);
        own.or_else(|| self.import(id).map(|import| import.portfolio))
    }

    /// A product of its own, or one in a portfolio of another that it has.
    pub(super) fn product(&self, id: &str) -> Option<&'a Arc<Product>> {
        let own = self.own.products.get(id);
        own.or_else(|| {
            self.imports.values().find_map(|import| {
                let product = import.owner.catalog.products.get(id)?;
                import.holds(id).then_some(product)
            })
        })
    }

    /// Whether another's product is in a portfolio that the account itself has accepted.
    pub(super) fn accepted(&self, product: &Product) -> bool {
        let mut imports = self.imports.values();
        imports.any(|import| import.accepted.is_some() && import.holds(&product.id))
    }

    /// The product of a view id.
    pub(super) fn of_view(&self, view: &str) -> Option<&'a Arc<Product>> {
        let others = self.imports.values().map(|import| import.owner.catalog);
        let id = std::iter::once(self.own).chain(others);
        let id = id.filter_map(|catalog| catalog.views.get(view)).next()?;
        self.product(id)
    }

    /// All products of others that it sees, in a lasting order.
    pub(super) fn shared_products(&self) -> Vec<(u64, &'a Arc<Product>)> {
        let mut found = BTreeMap::new();
        for import in self.imports.values() {
            let products = import
                .owner
                .catalog
                .products
                .select(&import.portfolio.products);
            for (place, product) in products {
                found.insert(import.owner.place(place), product);
            }
        }
        found.into_iter().collect()
    }

    /// The products in a portfolio, in a lasting order.
    pub(super) fn products_of(&self, portfolio: &Portfolio) -> Vec<(u64, &'a Arc<Product>)> {
        if portfolio.account == self.account {
            let mut found = self.own.products.select(&portfolio.products);
            if !self.own.borrowed.is_empty() {
                let others = self.shared_products().into_iter();
                found.extend(others.filter(|(_, row)| portfolio.products.contains(&row.id)));
            }
            return found;
        }
        let import = self.import(&portfolio.id);
        import.map_or_else(Vec::new, |import| {
            let products = import.owner.catalog.products.select(&portfolio.products);
            let products = products.into_iter();
            products
                .map(|(place, product)| (import.owner.place(place), product))
                .collect()
        })
    }

    /// The portfolios that hold a product: its own, then others'. Places as of [`Self::products_of`].
    pub(super) fn portfolios_of(&self, product: &Product) -> Vec<(u64, &'a Arc<Portfolio>)> {
        if product.account == self.account {
            return self.own.portfolios.select(&product.portfolios);
        }
        let borrowed = self.own.borrowed.get(&product.id);
        let ids: Vec<String> = borrowed
            .into_iter()
            .flat_map(|rows| rows.iter().map(|row| row.portfolio.clone()))
            .collect();
        let mut found = self.own.portfolios.select(&ids);
        let others = self.imports().into_iter();
        let others = others.filter(|import| import.holds(&product.id));
        found.extend(others.map(|import| (import.place, import.portfolio)));
        found
    }

    /// The portfolios through which a principal may launch a product, in the order of association.
    pub(super) fn open_to(&self, product: &Product, principal: &str) -> Vec<&'a Arc<Portfolio>> {
        let own = if product.account == self.account {
            product.portfolios.iter().collect::<Vec<_>>()
        } else {
            let rows = self.own.borrowed.get(&product.id).into_iter();
            rows.flat_map(|rows| rows.iter().map(|row| &row.portfolio))
                .collect()
        };
        let own = own.into_iter().filter_map(|id| self.own.portfolios.get(id));
        let own = own.filter(|portfolio| portfolio.principals.iter().any(|p| p.admits(principal)));
        let mut found: Vec<_> = own.collect();
        if product.account != self.account {
            let others = self.imports().into_iter();
            let others = others.filter(|one| one.holds(&product.id) && one.admits(principal));
            found.extend(others.map(|import| import.portfolio));
        }
        found
    }

    /// The constraints on a product in a portfolio, oldest first. One of another's product in a portfolio of its own has
    /// also those that the product brings along; a launch constraint of its own takes the place of theirs (facts §8.2).
    pub(super) fn constraints(&self, portfolio: &str, product: &str) -> Vec<&'a Arc<Constraint>> {
        if let Some(import) = self.import(portfolio) {
            let catalog = import.owner.catalog;
            return catalog.constraints_of(portfolio, product).collect();
        }
        let own: Vec<_> = self.own.constraints_of(portfolio, product).collect();
        let Some(import) = self.source(portfolio, product) else {
            return own;
        };
        let launches = |row: &Arc<Constraint>| row.kind == super::constraint::LAUNCH;
        let overridden = own.iter().any(|row| launches(row));
        let catalog = import.owner.catalog;
        let brought = catalog.constraints_of(&import.portfolio.id, product);
        let mut all: Vec<_> = brought
            .filter(|row| !(overridden && launches(row)))
            .collect();
        all.extend(own);
        all
    }

    /// The constraints in a portfolio, or those on one product, in a lasting order.
    pub(super) fn constraints_in(
        &self,
        portfolio: &Portfolio,
        only: Option<&str>,
    ) -> Vec<(u64, &'a Arc<Constraint>)> {
        let products = portfolio.products.iter();
        let products = products.filter(|product| only.is_none_or(|only| only == *product));
        let rows = products.flat_map(|product| self.constraints(&portfolio.id, product));
        let mut rows: Vec<_> = rows.filter_map(|row| self.row(&row.id)).collect();
        rows.sort_unstable_by_key(|(place, _)| *place);
        rows
    }

    /// A constraint of its own, or one in a portfolio of another that it has.
    pub(super) fn constraint(&self, id: &str) -> Option<&'a Arc<Constraint>> {
        self.row(id).map(|(_, row)| row)
    }

    fn row(&self, id: &str) -> Option<(u64, &'a Arc<Constraint>)> {
        self.own.constraints.row(id).or_else(|| {
            self.imports.values().find_map(|import| {
                let (place, row) = import.owner.catalog.constraints.row(id)?;
                let here = row.portfolio == import.portfolio.id;
                here.then(|| (import.owner.place(place), row))
            })
        })
    }

    /// The TagOptions of a portfolio, inactive ones too: another's are seen where they are shared, and with them those
    /// that the account itself has added to it.
    pub(super) fn options(&self, portfolio: &Portfolio) -> Vec<&'a Arc<TagOption>> {
        let Some(import) = self.import(&portfolio.id) else {
            return options(self.own, &portfolio.attached.tag_options);
        };
        let mut all = import.options(&portfolio.attached);
        if let Some(held) = import.own {
            all.extend(options(self.own, &held.tag_options));
        }
        all
    }

    /// Those of a product of its own; none of another's.
    pub(super) fn own_options(&self, product: &Product) -> Vec<&'a Arc<TagOption>> {
        if product.account != self.account {
            return Vec::new();
        }
        options(self.own, &product.attached.tag_options)
    }

    /// Those of a product in a portfolio.
    pub(super) fn options_in(
        &self,
        portfolio: &Portfolio,
        product: &Product,
    ) -> Vec<&'a Arc<TagOption>> {
        if product.account == self.account {
            return self.own_options(product);
        }
        let import = self.import(&portfolio.id);
        let import = import.or_else(|| self.source(&portfolio.id, &product.id));
        import.map_or_else(Vec::new, |import| import.options(&product.attached))
    }

    /// Where another's product in a portfolio of its own comes from.
    fn source(&self, portfolio: &str, product: &str) -> Option<Imported<'a>> {
        let rows = self.own.borrowed.get(product)?;
        let row = rows.iter().find(|row| row.portfolio == portfolio)?;
        self.import(&row.source)
    }

    /// Whether what was taken from another's portfolio can still be there.
    pub(super) fn lends(&self, product: &str, row: &Borrowed) -> bool {
        let import = self.import(&row.source);
        import.is_some_and(|import| {
            import.holds(product) && import.owner.catalog.products.get(product).is_some()
        })
    }

    /// The product of that id or name as its users see it: of a name only those that they may launch count.
    ///
    /// # Errors
    /// As of [`Self::find`]; the text about a name is that of a user whose role had no access (facts §2.1).
    pub(super) fn find_open(
        &self,
        wanted: IdOrName<'_>,
        principal: &str,
    ) -> Result<&'a Arc<Product>, ApiError> {
        let IdOrName::Name(name) = wanted else {
            return self.find(wanted);
        };
        let mut named = self
            .named(name)
            .filter(|product| !self.open_to(product, principal).is_empty());
        match (named.next(), named.next()) {
            (Some(product), None) => Ok(product),
            (None, _) => Err(not_found(format!(
                "Product with name {name} does not exist or access was denied."
            ))),
            (Some(_), Some(_)) => Err(several(name)),
        }
    }

    /// Its own and those that it sees of others.
    fn named<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a Arc<Product>> + use<'a, 'n> {
        let own = self.own.products.iter();
        let all = own.chain(self.shared_products());
        let all = all.map(|(_, product)| product);
        all.filter(move |product| product.name == name)
    }

    /// The product of that id or name.
    ///
    /// # Errors
    /// It is not there; or several have the name, for which no real text was found (a guess).
    pub(super) fn find(&self, wanted: IdOrName<'_>) -> Result<&'a Arc<Product>, ApiError> {
        match wanted {
            IdOrName::Id(id) => self.product(id).ok_or_else(|| no_product(id)),
            IdOrName::Name(name) => {
                let mut named = self.named(name);
                match (named.next(), named.next()) {
                    (Some(product), None) => Ok(product),
                    (None, _) => Err(no_product(name)),
                    (Some(_), Some(_)) => Err(several(name)),
                }
            }
        }
    }
}

impl<'a> Imported<'a> {
    fn holds(&self, product: &str) -> bool {
        self.portfolio.products.iter().any(|id| id == product)
    }

    fn options(&self, attached: &Attached) -> Vec<&'a Arc<TagOption>> {
        if !self.tag_options {
            return Vec::new();
        }
        options(self.owner.catalog, &attached.tag_options)
    }

    fn admits(&self, principal: &str) -> bool {
        self.associated().iter().any(|held| held.admits(principal))
    }

    /// The recipient's own principals; after them the owner's patterns, if those are shared (facts §9.8).
    pub(super) fn associated(&self) -> Vec<&'a Principal> {
        let own = self.own.into_iter().flat_map(|own| own.principals.iter());
        let theirs = self.portfolio.principals.iter();
        let theirs = theirs.filter(|held| self.principals && held.is_pattern());
        own.chain(theirs).collect()
    }
}

impl Neighbour<'_> {
    /// A place among the objects of all neighbours, behind all of one's own.
    fn place(&self, place: u64) -> u64 {
        ((self.rank + 1) << 40) | place
    }
}

fn options<'a>(catalog: &'a Catalog, ids: &[String]) -> Vec<&'a Arc<TagOption>> {
    let ids = ids.iter();
    ids.filter_map(|id| catalog.options.get(id)).collect()
}

fn several(name: &str) -> ApiError {
    invalid(format!("Multiple Product with name {name} found."))
}

/// The nodes over an account with which the owner may have shared.
pub(super) fn nodes(organizations: &Organizations, owner: &str, account: &str) -> Vec<String> {
    match organizations.over(account) {
        Some((nodes, organization)) if organization.has_node(owner) => nodes,
        _ => Vec::new(),
    }
}

fn imported<'a>(
    own: &'a Catalog,
    account: &str,
    owner: Neighbour<'a>,
    portfolio: &'a Arc<Portfolio>,
    nodes: &[String],
) -> Option<Imported<'a>> {
    let shares = owner.catalog.shares.get(&portfolio.id)?;
    let held = own.imports.get(&portfolio.id).map(AsRef::as_ref);
    let accepted = held.is_some_and(|held| held.accepted);
    let accepted = shares.accounts.get(account).filter(|_| accepted);
    let rejected = held.is_some_and(|held| held.rejected);
    let inherited: Vec<&Share> = nodes
        .iter()
        .filter_map(|node| shares.nodes.get(node))
        .filter(|share| !rejected && !share.missed.contains(account))
        .collect();
    if accepted.is_none() && inherited.is_empty() {
        return None;
    }
    let (place, _) = owner.catalog.portfolios.row(&portfolio.id)?;
    let mut all = accepted.into_iter().chain(inherited.iter().copied());
    Some(Imported {
        portfolio,
        owner,
        place: owner.place(place),
        accepted,
        inherited: !inherited.is_empty(),
        principals: inherited.iter().any(|share| share.principals),
        tag_options: all.any(|share| share.tag_options),
        own: held,
    })
}
