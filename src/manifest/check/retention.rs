//! `retention` and what versions say of themselves: the version wins, which is worth a word where fewer are left in use
//! than `retention` says.

use super::Catalog;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::words;
use crate::model::desired::Guidance;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for product in &catalog.specs.products {
        let Some(retention) = &product.retention else {
            continue;
        };
        let count = product.versions.len();
        for (place, version) in product.versions.iter().enumerate() {
            if !retention.keeps(place, count) {
                continue;
            }
            let inactive = version.active.as_ref().filter(|active| !active.value);
            let deprecated = version.guidance.as_ref();
            let deprecated = deprecated.filter(|found| found.value == Guidance::Deprecated);
            let (at, says) = match (inactive, deprecated) {
                (Some(found), _) => (&found.origin, "active: false"),
                (None, Some(found)) => (&found.origin, "guidance: DEPRECATED"),
                (None, None) => continue,
            };
            let newest = match retention.active.value {
                1 => "the newest version".to_owned(),
                n => format!("one of the {n} newest versions"),
            };
            let message = format!(
                "{} is {newest}, which `retention` keeps in use, and says {}",
                words::code(&version.name.value),
                words::code(says)
            );
            findings.push(
                product
                    .header
                    .finding(Code::RetentionOverridden, at, message)
                    .hint("what the version says holds: fewer versions are in use than `retention` says")
                    .related(&retention.active.origin, "what `retention` says"),
            );
        }
    }
}
