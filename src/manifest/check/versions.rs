//! A product's versions have different names, and are not too many. Their names are free texts and never compared.

use std::collections::BTreeMap;

use super::Catalog;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::words;
use crate::model::limits;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for product in &catalog.specs.products {
        let header = &product.header;
        let mut seen = BTreeMap::new();
        for version in &product.versions {
            let name = &version.name;
            match seen.get(&name.value) {
                None => {
                    seen.insert(&name.value, &name.origin);
                }
                Some(first) => findings.push(
                    header
                        .finding(
                            Code::DuplicateVersion,
                            &name.origin,
                            format!("another version has the name {}", words::code(&name.value)),
                        )
                        .hint("a version never changes: a new template needs a new name")
                        .related(first, "the first one"),
                ),
            }
        }
        if let Some(first_over) = product.versions.get(limits::VERSIONS) {
            let message = format!(
                "the product has {}: by default an account can have {}",
                words::count(product.versions.len(), "version"),
                limits::VERSIONS
            );
            findings.push(
                header
                    .finding(Code::OverDefaultQuota, &first_over.name.origin, message)
                    .hint("ask AWS to raise quota L-A5846085, or drop versions that nobody runs"),
            );
        }
    }
}
