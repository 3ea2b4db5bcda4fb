//! AWS Organizations, as far as shares of portfolios and their clients need it. It has no regions and does not lag.

mod answer;
mod change;
mod look;
mod ops;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use ops::handle;

/// The service principal of Service Catalog.
pub(super) const SERVICE_CATALOG: &str = "servicecatalog.amazonaws.com";

/// All organizations; an account is in one at most.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Organizations(Vec<Organization>);

/// One organization and what it lets Service Catalog do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Organization {
    /// `o-…`.
    pub(super) id: String,
    pub(super) management: String,
    /// `r-…`.
    root: String,
    tree: Tree,
    /// The tree as Service Catalog knows it: it does not follow while access is disabled (facts §9.8).
    known: Tree,
    access: Access,
    /// Since when which services have access, by principal.
    services: BTreeMap<String, Timestamp>,
    /// Since when for which service, by account.
    delegated: BTreeMap<String, BTreeMap<String, Timestamp>>,
    /// Accounts in the making, and those made, by id of their request.
    requests: BTreeMap<String, Request>,
    /// Service Catalog has learnt of another tree, and shares have not followed yet.
    #[serde(skip)]
    followed: bool,
}

/// Units and accounts, and what each is under: the root's id or a unit's.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Tree {
    units: BTreeMap<String, Unit>,
    accounts: BTreeMap<String, Member>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Unit {
    name: String,
    parent: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Member {
    name: String,
    email: String,
    parent: String,
    joined: Timestamp,
    /// Made by the organization; the management account was there before.
    created: bool,
}

/// An account that is being made.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Request {
    account: String,
    name: String,
    email: String,
    asked: Timestamp,
    ends: Timestamp,
}

/// Whether Service Catalog shares through the organization. A change takes a while.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Access {
    on: bool,
    since: Timestamp,
}

impl Organizations {
    /// The one that an account is in.
    pub(super) fn of(&self, account: &str) -> Option<&Organization> {
        let mut all = self.0.iter();
        all.find(|organization| organization.tree.accounts.contains_key(account))
    }

    fn of_mut(&mut self, account: &str) -> Option<&mut Organization> {
        let mut all = self.0.iter_mut();
        all.find(|organization| organization.tree.accounts.contains_key(account))
    }

    /// The one that an account manages.
    pub(super) fn managed_by(&mut self, account: &str) -> Option<&mut Organization> {
        let mut all = self.0.iter_mut();
        all.find(|organization| organization.management == account)
    }

    /// Whether an account may share portfolios with nodes: it manages its organization or is delegated to.
    pub(super) fn may_share(&self, account: &str) -> bool {
        self.of(account).is_some_and(|organization| {
            organization.management == account || organization.is_delegated(account)
        })
    }

    /// The nodes whose shares reach an account, as Service Catalog knows: itself, the units over it, the organization;
    /// and who may have shared with them.
    pub(super) fn over(&self, account: &str) -> Option<(Vec<String>, &Organization)> {
        let mut all = self.0.iter();
        let organization = all.find(|one| one.known.accounts.contains_key(account))?;
        let mut nodes = vec![account.to_owned()];
        let mut parent = organization.known.accounts.get(account).map(|m| &m.parent);
        while let Some(unit) = parent.and_then(|id| organization.known.units.get_key_value(id)) {
            nodes.push(unit.0.clone());
            parent = Some(&unit.1.parent);
        }
        nodes.push(organization.id.clone());
        Some((nodes, organization))
    }

    /// Whether an account with that id is in any, or will be.
    pub(super) fn has(&self, id: &str) -> bool {
        self.0.iter().any(|organization| {
            let mut requests = organization.requests.values();
            organization.tree.accounts.contains_key(id)
                || requests.any(|request| request.account == id)
        })
    }

    /// Whether Service Catalog knows of another tree than it did when this was asked last.
    pub(super) fn has_followed(&mut self) -> bool {
        let each = self.0.iter_mut();
        let followed = each.map(|one| std::mem::take(&mut one.followed));
        followed.filter(|followed| *followed).count() > 0
    }

    /// Lets the accounts join that are made by now.
    pub(super) fn settle(&mut self, now: Timestamp) {
        for organization in &mut self.0 {
            let accounts = &mut organization.tree.accounts;
            let mut joined = false;
            for request in organization.requests.values() {
                if request.ends <= now && !accounts.contains_key(&request.account) {
                    let member = Member {
                        name: request.name.clone(),
                        email: request.email.clone(),
                        parent: organization.root.clone(),
                        joined: request.ends,
                        created: true,
                    };
                    accounts.insert(request.account.clone(), member);
                    joined = true;
                }
            }
            if joined {
                organization.follow();
            }
        }
    }
}

impl Organization {
    pub(super) fn is_delegated(&self, account: &str) -> bool {
        let services = self.delegated.get(account);
        services.is_some_and(|services| services.contains_key(SERVICE_CATALOG))
    }

    pub(super) fn has_delegates(&self) -> bool {
        self.delegated
            .keys()
            .any(|account| self.is_delegated(account))
    }

    /// `AccessStatus` (facts §8).
    pub(super) fn access(&self, now: Timestamp) -> &'static str {
        match (now < self.access.since, self.access.on) {
            (true, _) => "UNDER_CHANGE",
            (false, true) => "ENABLED",
            (false, false) => "DISABLED",
        }
    }

    /// Begins to change it, and tells Organizations as the service does.
    pub(super) fn set_access(&mut self, on: bool, since: Timestamp) {
        self.access = Access { on, since };
        if on {
            self.services.insert(SERVICE_CATALOG.to_owned(), since);
            self.follow();
        } else {
            self.services.remove(SERVICE_CATALOG);
        }
    }

    /// Whether there is such a node to share with.
    pub(super) fn has_node(&self, id: &str) -> bool {
        id == self.id || self.known.units.contains_key(id) || self.known.accounts.contains_key(id)
    }

    /// The accounts under a node, itself if it is one.
    pub(super) fn under(&self, node: &str) -> Vec<String> {
        let accounts = self.known.accounts.iter();
        accounts
            .filter(|(id, member)| {
                node == self.id || node == *id || self.known.is_under(&member.parent, node)
            })
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// Lets Service Catalog know the tree as it is, if it may.
    fn follow(&mut self) {
        if self.access.on {
            self.known = self.tree.clone();
            self.followed = true;
        }
    }
}

impl Tree {
    /// Whether a unit is `over` or under it.
    fn is_under(&self, unit: &str, over: &str) -> bool {
        let mut next = Some(unit);
        while let Some(id) = next {
            if id == over {
                return true;
            }
            next = self.units.get(id).map(|unit| unit.parent.as_str());
        }
        false
    }
}
