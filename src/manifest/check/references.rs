//! What an object refers to is declared in the same source.

use std::collections::BTreeMap;

use super::Catalog;
use crate::ids::{Kind, Name};
use crate::manifest::finding::{Code, Finding};
use crate::manifest::node::At;
use crate::manifest::schema::{Header, ProvisionedSpec, ValueSpec};
use crate::manifest::words;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for (header, names) in catalog.offers() {
        for name in names {
            let known = &catalog.service_actions;
            object(header, Kind::ServiceAction, name, known, findings);
        }
    }
    let portfolios = catalog.specs.portfolios.iter();
    let given = portfolios.map(|spec| (&spec.header, &spec.tag_options));
    let products = catalog.specs.products.iter();
    for (header, names) in given.chain(products.map(|spec| (&spec.header, &spec.tag_options))) {
        for name in names.iter().flatten() {
            let known = &catalog.tag_options;
            object(header, Kind::TagOption, name, known, findings);
        }
    }
    for spec in &catalog.specs.portfolios {
        for shared in spec.shared_products.iter().flatten() {
            let known = &catalog.imported;
            if catalog.portfolios.contains_key(&shared.from.value) {
                // Which is said apart.
                continue;
            }
            object(&spec.header, Kind::Portfolio, &shared.from, known, findings);
        }
    }
    for product in &catalog.specs.products {
        for association in product.portfolios.iter().flatten() {
            let known = &catalog.portfolios;
            if catalog.imported.contains_key(&association.portfolio.value) {
                continue;
            }
            object(
                &product.header,
                Kind::Portfolio,
                &association.portfolio,
                known,
                findings,
            );
        }
    }
    for spec in &catalog.specs.provisioned {
        let header = &spec.header;
        if let Some(portfolio) = &spec.portfolio
            && !catalog.imported.contains_key(&portfolio.value)
        {
            object(
                header,
                Kind::Portfolio,
                portfolio,
                &catalog.portfolios,
                findings,
            );
        }
        if let Some(product) = &spec.product {
            object(header, Kind::Product, product, &catalog.products, findings);
        }
        version(catalog, spec, findings);
        let upstream = &catalog.provisioned;
        for name in &spec.depends_on {
            object(header, Kind::ProvisionedProduct, name, upstream, findings);
        }
        for parameter in spec.parameters.iter().flatten() {
            if let ValueSpec::Output { from, .. } = &parameter.value.value {
                object(header, Kind::ProvisionedProduct, from, upstream, findings);
            }
        }
    }
}

fn object<T>(
    header: &Header,
    kind: Kind,
    name: &At<Name>,
    known: &BTreeMap<&Name, T>,
    findings: &mut Vec<Finding>,
) {
    if known.contains_key(&name.value) {
        return;
    }
    let near = words::did_you_mean(name.value.as_str(), known.keys().map(|n| n.as_str()));
    let message = format!(
        "no {kind} named {} is in this source",
        words::code(name.value.as_str())
    );
    findings.push(
        header
            .finding(Code::DanglingReference, &name.origin, message)
            .hint(near.unwrap_or_else(|| {
                format!(
                    "references are by `metadata.name`: add a {kind} of this name, or name another"
                )
            })),
    );
}

fn version(catalog: &Catalog<'_>, spec: &ProvisionedSpec, findings: &mut Vec<Finding>) {
    let (Some(product), Some(version)) = (&spec.product, &spec.version) else {
        return;
    };
    let Some(found) = catalog.products.get(&product.value) else {
        return;
    };
    let copied = found.copy_from.as_ref().and_then(|c| c.versions.as_ref());
    let listed = found.versions.iter().map(|v| &v.name);
    let names = || {
        let all = listed.clone().chain(copied.into_iter().flatten());
        all.map(|name| name.value.as_str())
    };
    // A copy of all active versions has those that its source has.
    let known = found.versions_known || copied.is_some();
    if !known || names().any(|name| name == version.value) {
        return;
    }
    let message = format!(
        "product {} has no version {}",
        words::code(product.value.as_str()),
        words::code(&version.value)
    );
    // All of them may be hundreds.
    const SHOWN: usize = 8;
    let hint = words::did_you_mean(&version.value, names()).unwrap_or_else(|| {
        let total = names().count();
        let newest = words::listed(names().skip(total.saturating_sub(SHOWN)), "and");
        format!("it has {newest}")
    });
    findings.push(
        spec.header
            .finding(Code::DanglingReference, &version.origin, message)
            .hint(hint),
    );
}
