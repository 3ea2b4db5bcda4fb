//! What was launched in an account, whoever did: a list to look at, of which nothing is ever made.

use jiff::Timestamp;

use super::observed::ProvisionedStatus;
use crate::ids::{Name, ProductId, ProvisionedProductId, VersionId};

/// One provisioned product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// Its id.
    pub id: ProvisionedProductId,
    /// Its name in the account.
    pub name: String,
    /// What it is made of, e.g. `CFN_STACK`.
    pub kind: String,
    /// Its status. The service's reason is left out: it may repeat secrets.
    pub status: ProvisionedStatus,
    /// Its product.
    pub product: ProductId,
    /// That one's name.
    pub product_name: String,
    /// Its version.
    pub version: VersionId,
    /// That one's name.
    pub version_name: String,
    /// The ARN of who launched it, a session's with the session.
    pub launched_by: Option<String>,
    /// Since when it is there.
    pub since: Option<Timestamp>,
    /// Whose it is.
    pub owner: LaunchOwner,
}

/// Whose a launch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaunchOwner {
    /// This installation's; its manifest's name.
    Us(Name),
    /// Another installation's, by its tag, or by what its tokens look like.
    Foreign(Option<String>),
    /// Nobody's: an end user's, or another tool's.
    Nobody,
}
