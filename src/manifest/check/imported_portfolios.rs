//! Another account's portfolio is named by its id, stays its owner's, and lends its products (facts §8.2, §9.5).

use std::collections::BTreeMap;

use super::Catalog;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::schema::Header;
use crate::manifest::words;
use crate::model::desired::{Adopt, OnRemove, Origin};

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    let mut say = |header: &Header, at: &Origin, message: String, hint: &str| {
        let finding = header.finding(Code::ImportedPortfolio, at, message);
        findings.push(finding.hint(hint));
    };
    let mut seen: BTreeMap<&str, &Header> = BTreeMap::new();
    for spec in &catalog.specs.imported {
        let header = &spec.header;
        match &header.lifecycle.adopt {
            Adopt::Id { id, origin } => {
                if !is_id(id, "port-") {
                    let message = format!("{} is no portfolio's id", words::code(id));
                    say(
                        header,
                        origin,
                        message,
                        "it has the form `port-abcdefghijklm`",
                    );
                }
                if seen.insert(id, header).is_some() {
                    let message = format!("another manifest imports {}", words::code(id));
                    say(header, origin, message, "keep one of the two");
                }
            }
            Adopt::Never | Adopt::ByName(_) => say(
                header,
                &header.origin,
                "an imported portfolio is known by its id alone".to_owned(),
                "add `adopt: {id: port-…}` to `metadata`: its owner knows the id",
            ),
        }
        if header.lifecycle.on_remove != OnRemove::Retain {
            say(
                header,
                &header.origin,
                "an imported portfolio can only be retained: it is its owner's".to_owned(),
                "leave `onRemove` out; its owner ends the share",
            );
        }
    }
    for product in &catalog.specs.products {
        for association in product.portfolios.iter().flatten() {
            let name = &association.portfolio;
            if catalog.imported.contains_key(&name.value) {
                say(
                    &product.header,
                    &name.origin,
                    format!(
                        "portfolio {} is another account's: only its owner puts products into it",
                        words::code(name.value.as_str())
                    ),
                    "put the product in a portfolio of your own",
                );
            }
        }
    }
    for provisioned in &catalog.specs.provisioned {
        if let Some(name) = &provisioned.portfolio
            && catalog.imported.contains_key(&name.value)
        {
            say(
                &provisioned.header,
                &name.origin,
                format!(
                    "portfolio {} is another account's, and holds no product of this source",
                    words::code(name.value.as_str())
                ),
                "name a portfolio of your own: a product with `copyFrom` can stand there",
            );
        }
    }
    for spec in &catalog.specs.portfolios {
        for shared in spec.shared_products.iter().flatten() {
            if !is_id(&shared.product.value, "prod-") {
                let message = format!("{} is no product's id", words::code(&shared.product.value));
                let hint = "another account's product is named by its id: `prod-abcdefghijklm`";
                say(&spec.header, &shared.product.origin, message, hint);
            }
            if catalog.portfolios.contains_key(&shared.from.value) {
                say(
                    &spec.header,
                    &shared.from.origin,
                    format!(
                        "portfolio {} is no imported one",
                        words::code(shared.from.value.as_str())
                    ),
                    "name one with `imported: true`; a product of your own names its `portfolios`",
                );
            }
        }
        let lent = spec.shared_products.iter().flatten().next();
        let shares = spec.shares.iter().flatten().next();
        if let (Some(_), Some(share)) = (lent, shares) {
            say(
                &spec.header,
                &share.with.origin,
                "a portfolio with another account's products can't be shared on".to_owned(),
                "share a portfolio of its own that has only products of this account",
            );
        }
    }
}

fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|c| c.is_ascii_alphanumeric()))
}
