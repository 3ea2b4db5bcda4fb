//! An output that is used is one of the upstream's template, where that is known.

use super::Catalog;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::schema::ValueSpec;
use crate::manifest::words;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for spec in &catalog.specs.provisioned {
        for parameter in spec.parameters.iter().flatten() {
            let ValueSpec::Output { from, key } = &parameter.value.value else {
                continue;
            };
            let Some(outputs) = catalog
                .provisioned
                .get(&from.value)
                .and_then(|upstream| catalog.reading_of(upstream))
                .map(|reading| &reading.outputs)
                .filter(|outputs| outputs.whole)
            else {
                continue;
            };
            if outputs.members.contains_key(&key.value) {
                continue;
            }
            let message = format!(
                "the template of {} has no output {}",
                words::code(from.value.as_str()),
                words::code(&key.value)
            );
            let names = || outputs.members.keys().map(String::as_str);
            let hint = words::did_you_mean(&key.value, names()).unwrap_or_else(|| {
                if outputs.members.is_empty() {
                    "it has no outputs".to_owned()
                } else {
                    format!("it has {}", words::listed(names(), "and"))
                }
            });
            findings.push(
                spec.header
                    .finding(Code::UnknownOutput, &key.origin, message)
                    .hint(hint),
            );
        }
    }
}
