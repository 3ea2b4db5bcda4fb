//! What a launch takes besides product, version, parameters and tags; and values that come from elsewhere.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::desired::Origin;

/// The SNS topics that are told of a stack's events: given at the launch, and never changed (facts §9.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    /// Where they are named.
    pub origin: Origin,
    /// Their ARNs.
    pub arns: BTreeSet<String>,
}

/// How a stack set is rolled out, under a STACKSET constraint. Where it is rolled out is compared with its instances; the rest
/// can't be read back and is compared by the base alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// Where it stands.
    pub origin: Origin,
    /// Its values.
    pub preferences: Preferences,
}

/// `ProvisioningPreferences` and `UpdateProvisioningPreferences`: what is left out is the service's to choose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    /// `StackSetAccounts`; all of the constraint's where left out.
    pub accounts: Option<Vec<String>>,
    /// `StackSetRegions`, in the order of the rollout; all of the constraint's where left out.
    pub regions: Option<Vec<String>>,
    /// How many accounts of a region may fail before the rollout stops there.
    pub failure_tolerance: Option<Amount>,
    /// In how many accounts it goes on at once.
    pub max_concurrency: Option<Amount>,
    /// `StackSetOperationType`, of updates only: manifests say where a set is to be, not what is to be done about it.
    pub operation: Option<OperationType>,
}

/// So many accounts, or such a share of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// `…Count`.
    Count(u32),
    /// `…Percentage`.
    Percentage(u32),
}

/// What an update does to a stack set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationType {
    /// `CREATE`: adds instances.
    Create,
    /// `UPDATE`: changes the set and its instances; the service's default.
    Update,
    /// `DELETE`: takes instances away.
    Delete,
}

impl OperationType {
    /// As the API says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

impl Preferences {
    /// Field by field, as the manifest names them, for people and for request texts.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let Self {
            accounts,
            regions,
            failure_tolerance,
            max_concurrency,
            operation,
        } = self;
        let amount = |amount: &Option<Amount>, count, percentage| match amount {
            Some(Amount::Count(number)) => Some((count, number.to_string())),
            Some(Amount::Percentage(number)) => Some((percentage, number.to_string())),
            None => None,
        };
        let list = |name, list: &Option<Vec<String>>| Some((name, list.as_ref()?.join(", ")));
        let tolerance = amount(
            failure_tolerance,
            "failureToleranceCount",
            "failureTolerancePercentage",
        );
        let concurrency = amount(
            max_concurrency,
            "maxConcurrencyCount",
            "maxConcurrencyPercentage",
        );
        [
            list("accounts", accounts),
            list("regions", regions),
            tolerance,
            concurrency,
            operation.map(|operation| ("operationType", operation.as_str().to_owned())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// A parameter of the Systems Manager's parameter store, as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct SsmParameter {
    /// Its value.
    pub value: String,
    /// A SecureString: its value is never shown (promise 8).
    pub secret: bool,
    /// Its version, which is no secret.
    pub version: i64,
}

impl fmt::Debug for SsmParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = match self.secret {
            true => "(secret)",
            false => &self.value,
        };
        let mut shown = f.debug_struct("SsmParameter");
        shown.field("value", &value).field("version", &self.version);
        shown.finish()
    }
}
