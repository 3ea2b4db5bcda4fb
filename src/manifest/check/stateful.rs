//! The newest version's template says what becomes of its resources that hold data.

use super::{Catalog, Newest};
use crate::manifest::finding::{Code, Finding};
use crate::manifest::words;
use crate::model::template::reading::{Policy, Resource};
use crate::model::template::stateful::is_stateful;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for Newest {
        product, version, ..
    } in catalog.newest()
    {
        let Some(reading) = catalog.reading(product, version) else {
            continue;
        };
        let resources = reading.resources.members.iter();
        let mut bare: Vec<(&String, &Resource)> = resources
            .filter(|(_, resource)| {
                is_stateful(&resource.kind) && resource.deletion == Policy::Unsaid
            })
            .collect();
        bare.sort_by_key(|(_, resource)| resource.at);
        let Some(((first, resource), rest)) = bare.split_first() else {
            continue;
        };
        let others = match rest.len() {
            0 => String::new(),
            number => format!(" and {}", words::count(number, "other resource")),
        };
        let (verb, whose) = match rest.len() {
            0 => ("holds", "its"),
            _ => ("hold", "their"),
        };
        let message = format!(
            "{} ({}){others} {verb} data, and the template says no `DeletionPolicy`: {whose} data goes with the stack",
            words::code(first),
            resource.kind
        );
        let mut finding = product
            .header
            .finding(
                Code::StatefulResource,
                &catalog.place(version, resource.at),
                message,
            )
            .hint("write `DeletionPolicy: Retain`, `Snapshot` where the type has it, or `Delete` if that is meant; and `UpdateReplacePolicy` beside it")
            .related(
                &version.name.origin,
                format!("the newest version, {}", words::code(&version.name.value)),
            );
        for (id, resource) in rest {
            let note = format!("{} ({})", words::code(id), resource.kind);
            finding = finding.related(&catalog.place(version, resource.at), note);
        }
        findings.push(finding);
    }
}
