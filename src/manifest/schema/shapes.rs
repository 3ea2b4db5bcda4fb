//! Every map of the manifest language, in one list: what must miss no field counts them by it.

pub(super) mod document;
pub(super) mod portfolio;
pub(super) mod product;
pub(super) mod provisioned;
pub(super) mod rollout;
pub(super) mod service_action;
pub(super) mod tag_option;

use super::shape::Shape;

/// Where each map stands in a manifest, and what it may hold. `tidy::every_shape_is_listed` holds it to the source.
const SHAPES: &[(&str, &Shape)] = &[
    ("document", &document::DOCUMENT),
    ("metadata", &document::METADATA),
    ("metadata.adopt", &document::ADOPT),
    ("Defaults", &document::DEFAULTS_DOCUMENT),
    ("Defaults.spec", &product::DEFAULTS),
    ("TagOption.metadata", &document::TAG_OPTION_METADATA),
    ("TagOption.spec", &tag_option::SPEC),
    ("ServiceAction.spec", &service_action::SPEC),
    ("ServiceAction.spec.definition", &service_action::DEFINITION),
    (
        "ServiceAction.spec.definition.parameters[]",
        &service_action::PARAMETER,
    ),
    ("Portfolio.spec", &portfolio::SPEC),
    ("Portfolio.spec.principals[]", &portfolio::PRINCIPAL),
    ("Portfolio.spec.shares[]", &portfolio::SHARE),
    (
        "Portfolio.spec.sharedProducts[]",
        &portfolio::SHARED_PRODUCT,
    ),
    ("Portfolio.spec, imported", &portfolio::IMPORTED),
    ("Product.spec", &product::SPEC),
    ("Product.spec.support", &product::SUPPORT),
    ("Product.spec.copyFrom", &product::COPY),
    ("Product.spec.retention", &product::RETENTION),
    ("Product.spec.sourceConnection", &product::CONNECTION),
    ("Product.spec.portfolios[]", &product::ASSOCIATION),
    (
        "Product.spec.portfolios[].constraints",
        &product::CONSTRAINTS,
    ),
    (
        "Product.spec.portfolios[].constraints.launch",
        &product::LAUNCH,
    ),
    (
        "Product.spec.portfolios[].constraints.notification",
        &product::NOTIFICATION,
    ),
    (
        "Product.spec.portfolios[].constraints.template",
        &product::TEMPLATE,
    ),
    (
        "Product.spec.portfolios[].constraints.stackSet",
        &product::STACK_SET,
    ),
    ("Product.spec.versions[]", &product::VERSION),
    ("ProvisionedProduct.spec", &provisioned::SPEC),
    ("ProvisionedProduct.spec.import", &provisioned::IMPORT),
    (
        "ProvisionedProduct.spec.parameters[]",
        &provisioned::PARAMETER,
    ),
    (
        "ProvisionedProduct.spec.parameters[].output",
        &provisioned::OUTPUT,
    ),
    ("ProvisionedProduct.spec.stackSet", &rollout::STACK_SET),
];

/// Every field of the language: where its map stands, and its name.
pub(in super::super) fn fields() -> Vec<(&'static str, &'static str)> {
    let shapes = SHAPES.iter();
    shapes
        .flat_map(|(place, shape)| shape.known().map(|field| (*place, field)))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::document::{DEFAULTS_DOCUMENT, DOCUMENT, DOCUMENTS};
    use super::*;
    use crate::manifest::schema::shape::Type;

    /// What is made from the documents' tables misses no map that the reader knows, and has no other.
    #[test]
    fn the_documents_hold_all_maps() {
        fn walk(shape: &Shape, found: &mut BTreeSet<&str>) {
            found.insert(shape.what);
            shape
                .fields
                .iter()
                .for_each(|field| inner(&field.of, found));
        }
        fn inner(of: &Type, found: &mut BTreeSet<&str>) {
            match of {
                Type::Map(shape) => walk(shape, found),
                Type::List(list) => inner(list.of, found),
                Type::Keyed(of) => inner(of, found),
                Type::Either(forms) => forms.iter().for_each(|of| inner(of, found)),
                _ => {}
            }
        }
        let mut found = BTreeSet::from([DOCUMENT.what, DEFAULTS_DOCUMENT.what]);
        for document in DOCUMENTS {
            walk(document.spec, &mut found);
            document
                .metadata
                .iter()
                .for_each(|shape| walk(shape, &mut found));
        }
        let listed: BTreeSet<&str> = SHAPES.iter().map(|(_, shape)| shape.what).collect();
        assert_eq!(found, listed);
    }
}
