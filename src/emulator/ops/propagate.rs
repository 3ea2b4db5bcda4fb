//! What a change on the owner's side of a share means for its recipients, and the ends of what takes time.

use super::view::View;
use crate::emulator::organizations::Organizations;
use crate::emulator::partitions::Elsewhere;
use crate::emulator::state::{
    Borrowed, Import, ShareError, Sharing, SharingEnd, SharingKind, With,
};
use crate::emulator::state::{Catalog, Partition};

/// Accounts under the node of an action: those to reach, and those that have the portfolio already.
#[derive(Debug, Clone, Default)]
pub(in crate::emulator) struct Reach {
    fresh: Vec<String>,
    present: Vec<String>,
}

impl Reach {
    /// Whom an action of `owner` in `region` is about, as the organization is now.
    pub(in crate::emulator) fn of(
        sharing: &Sharing,
        owner: &str,
        region: &str,
        elsewhere: Elsewhere<'_>,
        organizations: &Organizations,
    ) -> Self {
        let mut reach = Self::default();
        let With::Node(node) = &sharing.with else {
            return reach;
        };
        let organization = organizations
            .over(owner)
            .map(|(_, organization)| organization);
        let under = organization.map(|organization| organization.under(node));
        for account in under.unwrap_or_default() {
            if account == owner {
                continue;
            }
            let has = sharing.kind == SharingKind::Create && {
                let own = elsewhere.catalog(&account, region);
                let view = View::new(&account, region, own, elsewhere, organizations);
                view.import(&sharing.portfolio).is_some()
            };
            let list = if has {
                &mut reach.present
            } else {
                &mut reach.fresh
            };
            list.push(account);
        }
        reach
    }
}

/// Ends an action on a share.
pub(in crate::emulator) fn finish(partition: &mut Partition, sharing: Sharing, reach: Reach) {
    let Sharing {
        token,
        portfolio,
        with,
        kind,
        tag_options,
        principals,
        fails,
        ends: _,
    } = sharing;
    let catalog = partition.edit();
    let mut reached = reach.fresh;
    let mut errors = Vec::new();
    if !reach.present.is_empty() {
        // Tools pass over this error of single accounts (facts §9.8); that it means this is a guess.
        errors.push(ShareError {
            error: "DuplicateResourceException".to_owned(),
            message: format!("Portfolio {portfolio} is already shared with the account."),
            accounts: reach.present,
        });
    }
    let failed = fails.is_some();
    if let Some(mut error) = fails {
        error.accounts = std::mem::take(&mut reached);
        errors.push(error);
    }
    let mut shares = catalog
        .shares
        .get(&portfolio)
        .map(|shares| shares.as_ref().clone())
        .unwrap_or_default();
    match kind {
        SharingKind::Create => {
            let mut share = shares.get(&with).cloned().unwrap_or_default();
            // An existing share stays as it is (facts §9.8).
            if shares.get(&with).is_none() {
                share.tag_options = tag_options.unwrap_or(false);
                share.principals = principals.unwrap_or(false);
                // One that failed later on can only be made anew (a Terraform user's report, facts §9.8).
                let missed = errors.last().filter(|_| failed);
                share.missed = missed
                    .into_iter()
                    .flat_map(|error| error.accounts.iter().cloned())
                    .collect();
            }
            shares.put(&with, share);
        }
        SharingKind::Update if !failed => {
            if let Some(mut share) = shares.get(&with).cloned() {
                share.tag_options = tag_options.unwrap_or(share.tag_options);
                share.principals = principals.unwrap_or(share.principals);
                shares.put(&with, share);
            }
        }
        SharingKind::Delete if !failed => shares.remove(&with),
        SharingKind::Update | SharingKind::Delete => {}
    }
    set(catalog, &portfolio, shares);
    if let Some(record) = catalog.sharings.edit(&token) {
        record.end = Some(SharingEnd { reached, errors });
    }
}

fn set(catalog: &mut Catalog, portfolio: &str, shares: crate::emulator::state::Shares) {
    match catalog.shares.edit(portfolio) {
        _ if shares.is_empty() => {
            catalog.shares.remove(portfolio);
        }
        Some(row) => *row = shares,
        None => catalog.shares.insert(portfolio, shares),
    }
}

/// Takes back the shares with nodes of an account that may not share with them any more (facts §9.8).
pub(in crate::emulator) fn lapse(partition: &mut Partition) {
    let catalog = partition.edit();
    for id in catalog.shares.ids() {
        let mut shares = match catalog.shares.get(&id) {
            Some(shares) => shares.as_ref().clone(),
            None => continue,
        };
        shares.nodes.clear();
        set(catalog, &id, shares);
    }
}

/// What an account loses of what it holds of others.
#[derive(Debug, Default)]
pub(in crate::emulator) struct Losses {
    imports: Vec<(String, Import)>,
    products: Vec<(String, Borrowed)>,
}

impl Losses {
    /// What `account` holds and cannot see any more.
    pub(in crate::emulator) fn of(
        account: &str,
        region: &str,
        own: &Catalog,
        elsewhere: Elsewhere<'_>,
        organizations: &Organizations,
    ) -> Self {
        let view = View::new(account, region, Some(own), elsewhere, organizations);
        let mut losses = Self::default();
        for id in own.imports.ids() {
            let Some(held) = own.imports.get(&id) else {
                continue;
            };
            let shares = elsewhere.catalog(&held.owner, region);
            let shares = shares.and_then(|catalog| catalog.shares.get(&id));
            let offered = shares.is_some_and(|shares| shares.accounts.contains_key(account));
            let over = super::view::nodes(organizations, &held.owner, account);
            let inherited = shares.is_some_and(|shares| {
                let mut over = over.iter();
                over.any(|node| shares.nodes.contains_key(node))
            });
            let mut kept = held.as_ref().clone();
            kept.accepted &= offered;
            kept.rejected &= inherited;
            if view.import(&id).is_none() {
                kept.principals.clear();
                kept.tag_options.clear();
            }
            if kept.is_idle() || kept != **held {
                losses.imports.push((id, kept));
            }
        }
        for id in own.borrowed.ids() {
            let rows = own.borrowed.get(&id).into_iter();
            let gone = rows.flat_map(|rows| rows.iter());
            let gone = gone.filter(|row| !view.lends(&id, row));
            losses
                .products
                .extend(gone.map(|row| (id.clone(), row.clone())));
        }
        losses
    }

    pub(in crate::emulator) fn is_empty(&self) -> bool {
        self.imports.is_empty() && self.products.is_empty()
    }

    /// A product that is gone from a shared portfolio goes from local ones too (facts §8.2), and constraints on it there
    /// with it (a guess). What was launched stays.
    pub(in crate::emulator) fn apply(self, partition: &mut Partition) {
        let catalog = partition.edit();
        for (id, kept) in self.imports {
            let before = catalog
                .imports
                .get(&id)
                .map(|held| held.tag_options.clone());
            for option in before.unwrap_or_default() {
                if let Some(row) = catalog.options.edit(&option)
                    && !kept.tag_options.contains(&option)
                {
                    row.resources.retain(|own| *own != id);
                }
            }
            if kept.is_idle() {
                catalog.imports.remove(&id);
            } else if let Some(row) = catalog.imports.edit(&id) {
                *row = kept;
            }
        }
        for (product, row) in self.products {
            give_back(catalog, &product, &row.portfolio);
        }
    }
}

/// Takes another's product out of a portfolio, with the constraints on it.
pub(super) fn give_back(catalog: &mut Catalog, product: &str, portfolio: &str) {
    if let Some(rows) = catalog.borrowed.edit(product) {
        rows.retain(|row| row.portfolio != portfolio);
        if rows.is_empty() {
            catalog.borrowed.remove(product);
        }
    }
    let mut constraints = Vec::new();
    if let Some(row) = catalog.portfolios.edit(portfolio) {
        row.products.retain(|id| id != product);
        constraints = row.constraints.remove(product).unwrap_or_default();
    }
    for id in constraints {
        catalog.constraints.remove(&id);
    }
}
