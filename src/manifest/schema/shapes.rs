//! Every map of the manifest language, in one list: what must miss no field counts them by it.

use super::read::Shape;
use super::{portfolio, product, provisioned, rollout, service_action, tag_option};

/// Where each map stands in a manifest, and what it may hold. `tidy::every_shape_is_listed` holds it to the source.
const SHAPES: &[(&str, &Shape)] = &[
    ("document", &super::DOCUMENT),
    ("metadata", &super::METADATA),
    ("metadata.adopt", &super::ADOPT),
    ("metadata.ignore[]", &super::IGNORE),
    ("Defaults", &super::DEFAULTS_DOCUMENT),
    ("Defaults.spec", &product::DEFAULTS),
    ("TagOption.metadata", &super::TAG_OPTION_METADATA),
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
        .flat_map(|(place, shape)| shape.known.iter().map(|field| (*place, *field)))
        .collect()
}
