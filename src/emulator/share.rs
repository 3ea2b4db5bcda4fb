//! Portfolios that are shared between accounts (facts §8.2).
//!
//! Each side writes its own catalog only: the owner's says with whom a portfolio is shared, the recipient's what it
//! has accepted and added. Both read the other's.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::state::Principal;

/// Whom a share is with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum With {
    /// An account, which has to accept.
    Account(String),
    /// A node of the organization by its id, `o-…`, `ou-…` or an account's: all accounts under it have the portfolio
    /// without accepting.
    Node(String),
}

/// The shares of one portfolio.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Shares {
    /// By account.
    pub(super) accounts: BTreeMap<String, Share>,
    /// By id of the node.
    pub(super) nodes: BTreeMap<String, Share>,
}

impl Shares {
    pub(super) fn get(&self, with: &With) -> Option<&Share> {
        match with {
            With::Account(id) => self.accounts.get(id),
            With::Node(id) => self.nodes.get(id),
        }
    }

    pub(super) fn put(&mut self, with: &With, share: Share) {
        match with {
            With::Account(id) => self.accounts.insert(id.clone(), share),
            With::Node(id) => self.nodes.insert(id.clone(), share),
        };
    }

    pub(super) fn remove(&mut self, with: &With) {
        match with {
            With::Account(id) => self.accounts.remove(id),
            With::Node(id) => self.nodes.remove(id),
        };
    }

    pub(super) fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.nodes.is_empty()
    }
}

/// What is shared beside products and constraints.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Share {
    /// ShareTagOptions.
    pub(super) tag_options: bool,
    /// SharePrincipals.
    pub(super) principals: bool,
    /// Accounts under the node that it failed to reach.
    pub(super) missed: BTreeSet<String>,
}

/// What an account holds of a portfolio that is shared with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Import {
    /// Whose the portfolio is.
    pub(super) owner: String,
    /// The share with this very account was accepted.
    pub(super) accepted: bool,
    /// Shares through the organization were rejected.
    pub(super) rejected: bool,
    /// The recipient's own.
    pub(super) principals: Vec<Principal>,
    /// Ids of the recipient's own TagOptions, in the order of their association.
    pub(super) tag_options: Vec<String>,
}

impl Import {
    /// Whether there is nothing to remember of it.
    pub(super) fn is_idle(&self) -> bool {
        let bare = self.principals.is_empty() && self.tag_options.is_empty();
        bare && !self.accepted && !self.rejected
    }
}

/// Another account's product in a portfolio of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Borrowed {
    /// One's own.
    pub(super) portfolio: String,
    /// The shared portfolio that it is taken from.
    pub(super) source: String,
    /// Whose the product and that portfolio are.
    pub(super) owner: String,
}

/// What an action does to a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SharingKind {
    Create,
    Update,
    Delete,
}

/// An action on a share with a node of the organization that has not ended. All of it happens at its end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Sharing {
    pub(super) token: String,
    pub(super) ends: Timestamp,
    pub(super) portfolio: String,
    pub(super) with: With,
    pub(super) kind: SharingKind,
    pub(super) tag_options: Option<bool>,
    pub(super) principals: Option<bool>,
    /// A fault: the error that it ends with.
    pub(super) fails: Option<ShareError>,
}

/// How an action on a share stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SharingRecord {
    pub(super) portfolio: String,
    pub(super) with: With,
    /// NOT_STARTED until then.
    pub(super) starts: Timestamp,
    /// IN_PROGRESS while there is none.
    pub(super) end: Option<SharingEnd>,
}

/// How one ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SharingEnd {
    pub(super) reached: Vec<String>,
    pub(super) errors: Vec<ShareError>,
}

/// `ShareError`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ShareError {
    /// E.g. `DuplicateResourceException`.
    pub(super) error: String,
    pub(super) message: String,
    pub(super) accounts: Vec<String>,
}
