//! A copy names a product, and each of its versions once.

use std::collections::BTreeMap;

use super::Catalog;
use crate::ids::ProductArn;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::words;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for product in &catalog.specs.products {
        let (header, Some(copy)) = (&product.header, &product.copy_from) else {
            continue;
        };
        let arn = &copy.product_arn;
        if ProductArn::parse(&arn.value).is_none() {
            let message = format!("{} is no ARN of a product", words::code(&arn.value));
            findings.push(
                header
                    .finding(Code::InvalidArn, &arn.origin, message)
                    .hint("it has the form `arn:aws:catalog:REGION:ACCOUNT:product/prod-ID`"),
            );
        }
        let mut seen = BTreeMap::new();
        for name in copy.versions.iter().flatten() {
            if let Some(first) = seen.insert(&name.value, &name.origin) {
                let message = format!("version {} is named twice", words::code(&name.value));
                findings.push(
                    header
                        .finding(Code::DuplicateVersion, &name.origin, message)
                        .hint("name each version once")
                        .related(first, "the first one"),
                );
            }
        }
    }
}
