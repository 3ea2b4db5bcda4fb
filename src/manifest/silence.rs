//! `metadata.ignore`: warnings that a manifest silences for its object, each with a reason.
//!
//! One that silences nothing is a warning itself: what it was meant for is mended, or has another name.

use std::collections::BTreeSet;

use super::finding::{Code, Finding, Severity, Silenced};
use super::node::At;
use super::schema::{Header, Specs};
use super::words;
use crate::ids::Key;
use crate::secret;

/// A warning of an object that is silenced.
#[derive(Debug, Clone)]
struct Silence {
    object: Key,
    code: At<Code>,
    reason: String,
}

/// All that is silenced in a source.
#[derive(Debug, Clone, Default)]
pub(super) struct Silences(Vec<Silence>);

impl Silences {
    /// What the manifests silence. Of two with one name nobody knows whose word holds: they have an error, and none of
    /// theirs counts.
    pub(super) fn of(specs: &Specs) -> Self {
        let Specs {
            service_actions,
            tag_options,
            portfolios,
            imported,
            products,
            provisioned,
            // No objects.
            defaults: _,
            secrets: _,
        } = specs;
        let headers = (service_actions.iter().map(|o| &o.header))
            .chain(tag_options.iter().map(|o| &o.header))
            .chain(portfolios.iter().map(|o| &o.header))
            .chain(imported.iter().map(|o| &o.header))
            .chain(products.iter().map(|o| &o.header))
            .chain(provisioned.iter().map(|o| &o.header));
        Self(headers.flat_map(silences).collect())
    }

    /// Takes what is silenced out of the findings, and says which words silenced nothing. Of an object with errors not all
    /// is known, so nothing is said of its own.
    pub(super) fn apply(
        self,
        findings: &mut Vec<Finding>,
        broken: &BTreeSet<Key>,
    ) -> Vec<Silenced> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let mut used = BTreeSet::new();
        let mut silenced = Vec::new();
        findings.retain(|finding| {
            let word = self.0.iter().enumerate().find(|(_, silence)| {
                finding.severity == Severity::Warning
                    && finding.code == silence.code.value
                    && finding.object.as_ref() == Some(&silence.object)
            });
            let Some((place, silence)) = word else {
                return true;
            };
            used.insert(place);
            silenced.push(Silenced {
                finding: finding.clone(),
                reason: silence.reason.clone(),
            });
            false
        });
        for (place, silence) in self.0.iter().enumerate() {
            if used.contains(&place) || broken.contains(&silence.object) {
                continue;
            }
            let code = words::code(silence.code.value.as_str());
            let message = format!("{} has no {code} that could be silenced", silence.object);
            findings.push(
                Finding::new(Code::UnusedIgnore, &silence.code.origin, message)
                    .hint("take it out of `ignore`")
                    .about(Some(&silence.object)),
            );
        }
        silenced.sort();
        silenced
    }
}

fn silences(header: &Header) -> impl Iterator<Item = Silence> {
    header.ignores.iter().filter_map(|ignore| {
        Some(Silence {
            object: header.key.clone()?,
            code: ignore.code.clone(),
            reason: secret::masked(&ignore.reason).into_owned(),
        })
    })
}
