//! Portfolios that are shared between accounts (facts §8.2).
//!
//! Each side writes its own catalog only: the owner's says with whom a portfolio is shared, the recipient's what it
//! has accepted and added. Both read the other's.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Principal;

/// Whom a share is with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) enum With {
    /// An account, which has to accept.
    Account(String),
    /// A node of the organization by its id, `o-…`, `ou-…` or an account's: all accounts under it have the portfolio
    /// without accepting.
    Node(String),
}

/// The shares of one portfolio.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(in crate::emulator) struct Shares {
    /// By account.
    pub(in crate::emulator) accounts: BTreeMap<String, Share>,
    /// By id of the node.
    pub(in crate::emulator) nodes: BTreeMap<String, Share>,
}

impl Shares {
    pub(in crate::emulator) fn get(&self, with: &With) -> Option<&Share> {
        match with {
            With::Account(id) => self.accounts.get(id),
            With::Node(id) => self.nodes.get(id),
        }
    }

    pub(in crate::emulator) fn put(&mut self, with: &With, share: Share) {
        match with {
            With::Account(id) => self.accounts.insert(id.clone(), share),
            With::Node(id) => self.nodes.insert(id.clone(), share),
        };
    }

    pub(in crate::emulator) fn remove(&mut self, with: &With) {
        match with {
            With::Account(id) => self.accounts.remove(id),
            With::Node(id) => self.nodes.remove(id),
        };
    }

    pub(in crate::emulator) fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.nodes.is_empty()
    }
}

/// What is shared beside products and constraints.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) struct Share {
    /// ShareTagOptions.
    pub(in crate::emulator) tag_options: bool,
    /// SharePrincipals.
    pub(in crate::emulator) principals: bool,
    /// Accounts under the node that it failed to reach.
    pub(in crate::emulator) missed: BTreeSet<String>,
}

/// What an account holds of a portfolio that is shared with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) struct Import {
    /// Whose the portfolio is.
    pub(in crate::emulator) owner: String,
    /// The share with this very account was accepted.
    pub(in crate::emulator) accepted: bool,
    /// Shares through the organization were rejected.
    pub(in crate::emulator) rejected: bool,
    /// The recipient's own.
    pub(in crate::emulator) principals: Vec<Principal>,
    /// Ids of the recipient's own TagOptions, in the order of their association.
    pub(in crate::emulator) tag_options: Vec<String>,
}

impl Import {
    /// Whether there is nothing to remember of it.
    pub(in crate::emulator) fn is_idle(&self) -> bool {
        let bare = self.principals.is_empty() && self.tag_options.is_empty();
        bare && !self.accepted && !self.rejected
    }
}

/// Another account's product in a portfolio of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) struct Borrowed {
    /// One's own.
    pub(in crate::emulator) portfolio: String,
    /// The shared portfolio that it is taken from.
    pub(in crate::emulator) source: String,
    /// Whose the product and that portfolio are.
    pub(in crate::emulator) owner: String,
}

/// What an action does to a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) enum SharingKind {
    Create,
    Update,
    Delete,
}

/// An action on a share with a node of the organization that has not ended. All of it happens at its end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator) struct Sharing {
    pub(in crate::emulator) token: String,
    pub(in crate::emulator) ends: Timestamp,
    pub(in crate::emulator) portfolio: String,
    pub(in crate::emulator) with: With,
    pub(in crate::emulator) kind: SharingKind,
    pub(in crate::emulator) tag_options: Option<bool>,
    pub(in crate::emulator) principals: Option<bool>,
    /// A fault: the error that it ends with.
    pub(in crate::emulator) fails: Option<ShareError>,
}

/// How an action on a share stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator) struct SharingRecord {
    pub(in crate::emulator) portfolio: String,
    pub(in crate::emulator) with: With,
    /// NOT_STARTED until then.
    pub(in crate::emulator) starts: Timestamp,
    /// IN_PROGRESS while there is none.
    pub(in crate::emulator) end: Option<SharingEnd>,
}

/// How one ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator) struct SharingEnd {
    pub(in crate::emulator) reached: Vec<String>,
    pub(in crate::emulator) errors: Vec<ShareError>,
}

/// `ShareError`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) struct ShareError {
    /// E.g. `DuplicateResourceException`.
    pub(in crate::emulator) error: String,
    pub(in crate::emulator) message: String,
    pub(in crate::emulator) accounts: Vec<String>,
}
