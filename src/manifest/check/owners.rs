//! A product has an owner: its own, or that of the `Defaults` above it.

use super::Catalog;
use crate::manifest::finding::Code;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<crate::manifest::finding::Finding>) {
    for product in &catalog.specs.products {
        if product.owner.is_none() && !product.owner_given {
            let message = "the product's spec lacks `owner`";
            findings.push(
                product
                    .header
                    .finding(Code::MissingField, &product.at, message)
                    .hint("add `owner:`, here or in a `Defaults` of its folder or one above"),
            );
        }
    }
}
