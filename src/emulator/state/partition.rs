//! All of one account in one region.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Answers, Catalog, Change, CopyTarget, Copying, Product, Sharing};
use crate::emulator::cfn::Stacks;
use crate::emulator::lag::History;

/// One account in one region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator) struct Partition {
    catalog: Arc<Catalog>,
    #[serde(skip)]
    changed: bool,
    /// Of the past nothing is kept in a file: who loads it sees the newest state.
    #[serde(skip)]
    pub(in crate::emulator) history: History,
    pub(in crate::emulator) stacks: Stacks,
    /// Answers by operation and idempotency token.
    pub(in crate::emulator) answers: Answers,
    pub(in crate::emulator) changes: Vec<Change>,
    /// Copies into this account and region, in the order in which they were asked for.
    pub(in crate::emulator) copying: Vec<Copying>,
    /// Actions on shares of this account and region that have not ended.
    pub(in crate::emulator) sharing: Vec<Sharing>,
}

impl Partition {
    pub(in crate::emulator) fn new(stacks: Stacks) -> Self {
        Self {
            catalog: Arc::default(),
            changed: false,
            history: History::default(),
            stacks,
            answers: Answers::default(),
            changes: Vec::new(),
            copying: Vec::new(),
            sharing: Vec::new(),
        }
    }

    /// Whether anything here has this id, or will have it. Of stacks and stack sets it is the end of the ARN.
    pub(in crate::emulator) fn has(&self, id: &str) -> bool {
        let catalog = self.catalog();
        let versions = |product: &Product| product.versions.iter().any(|version| version.id == id);
        catalog.portfolios.get(id).is_some()
            || catalog.products.get(id).is_some()
            || catalog
                .products
                .iter()
                .any(|(_, product)| versions(product))
            || catalog.views.contains_key(id)
            || catalog.constraints.get(id).is_some()
            || catalog.provisioned.get(id).is_some()
            || catalog.records.get(id).is_some()
            || catalog.copies.get(id).is_some()
            || catalog.sharings.get(id).is_some()
            || catalog.options.get(id).is_some()
            || catalog.actions.get(id).is_some()
            || catalog.plans.get(id).is_some()
            || self.copying.iter().any(|copying| match &copying.target {
                CopyTarget::Present(_) => false,
                CopyTarget::New { id: own, view, .. } => own == id || view == id,
            })
            || self
                .stacks
                .iter()
                .any(|stack| stack.id.rsplit('/').next() == Some(id))
            || self
                .stacks
                .sets()
                .any(|set| set.arn.rsplit(':').next() == Some(id))
    }

    /// The newest state.
    pub(in crate::emulator) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The newest state, to be changed.
    pub(in crate::emulator) fn edit(&mut self) -> &mut Catalog {
        self.changed = true;
        Arc::make_mut(&mut self.catalog)
    }

    /// Whether any portfolio is shared with a node of an organization.
    pub(in crate::emulator) fn shares_with_nodes(&self) -> bool {
        let mut shares = self.catalog().shares.iter();
        shares.any(|(_, shares)| !shares.nodes.is_empty())
    }

    /// Remembers the state as it is from `at` on, if it changed and anyone may ask for it later. Returns whether it
    /// changed.
    pub(in crate::emulator) fn remember(
        &mut self,
        at: Timestamp,
        keep: Option<std::time::Duration>,
    ) -> bool {
        match keep {
            None => self.history.clear(),
            Some(span) if self.changed || self.history.is_empty() => {
                self.history.push(at, Arc::clone(&self.catalog), span);
            }
            Some(_) => {}
        }
        std::mem::take(&mut self.changed)
    }
}
