//! Reads a catalog for an export. Nothing is written but what the state folder remembers of versions, which makes the first
//! plan of what was exported as cheap as any.

use std::sync::Arc;

use std::collections::BTreeMap;

use super::Reconciler;
use crate::aws::collect::Hints;
use crate::aws::error::Failure;
use crate::export::{self, Exported, Filter, Input, NoMatch};
use crate::model::inventory::Launch;
use crate::model::observed::Observed;
use crate::observe::asked::Asked;

/// How far an export's reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// So many templates are to be read, after all the rest.
    Templates(usize),
    /// So many were.
    Read(usize),
}

impl Reconciler {
    /// Reads everything, whosever it is.
    pub async fn survey(&mut self) -> Observed {
        let hints = Hints {
            known_ids: BTreeMap::new(),
            asked: Asked {
                tag_options: true,
                offers: true,
                ..Asked::default()
            },
            everything: true,
            identity: self.identity.clone(),
            // An export reads everything itself.
            recall: Arc::default(),
        };
        self.aws.collect(&hints, &mut self.memory.index).await
    }

    /// What was launched, whoever did: a list to look at.
    ///
    /// # Errors
    /// Where it can't be read.
    pub async fn launches(&self) -> Result<Vec<Launch>, Failure> {
        self.aws.launches(&self.identity).await
    }

    /// Writes what was surveyed as manifests and templates, reading those on the way.
    ///
    /// # Errors
    /// Something that the filter names is not there.
    pub async fn export(
        &mut self,
        observed: &Observed,
        filter: &Filter,
        progress: &dyn Fn(Reading),
    ) -> Result<Exported, NoMatch> {
        let identity = self.identity.clone();
        let input = Input {
            identity: &identity,
            observed,
            filter,
        };
        let wanted = export::wanted(input)?;
        progress(Reading::Templates(wanted.len()));
        let read = |count| progress(Reading::Read(count));
        let index = &mut self.memory.index;
        let texts = self.aws.version_texts(wanted, index, &read).await;
        self.save();
        export::export(input, &texts)
    }
}
