//! Whom a portfolio is shared with.

use std::fmt;

/// Whom a share is with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    /// An account by its number: it has to accept.
    Account(String),
    /// An organization, `o-…`: all its accounts have the portfolio without accepting.
    Organization(String),
    /// An organizational unit, `ou-…`, in the same way.
    Unit(String),
}

impl Recipient {
    /// The account's number, or the node's id.
    pub fn id(&self) -> &str {
        match self {
            Self::Account(id) | Self::Organization(id) | Self::Unit(id) => id,
        }
    }

    /// Whether the service works on such a share after it has answered, one action at a time (facts §9.8).
    pub fn is_node(&self) -> bool {
        match self {
            Self::Account(_) => false,
            Self::Organization(_) | Self::Unit(_) => true,
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account {id}"),
            Self::Organization(id) => write!(f, "organization {id}"),
            Self::Unit(id) => write!(f, "unit {id}"),
        }
    }
}
