//! A product stands in a portfolio, and a provisioned product's portfolio holds its product.

use super::Catalog;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::words;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for product in &catalog.specs.products {
        let header = &product.header;
        let in_none = product.portfolios.as_ref().is_none_or(Vec::is_empty);
        if in_none && product.portfolios_known {
            // One that is broken already has nearer troubles.
            if header.name.is_some() {
                findings.push(
                    header
                        .finding(
                            Code::NoPortfolio,
                            &header.origin,
                            "the product stands in no portfolio: nobody can launch it",
                        )
                        .hint("name one under `portfolios`"),
                );
            }
        }
    }
    for spec in &catalog.specs.provisioned {
        let (Some(product), Some(portfolio)) = (&spec.product, &spec.portfolio) else {
            continue;
        };
        // Where the product does not say which portfolios it is in, they are not managed here.
        let Some(held) = catalog
            .products
            .get(&product.value)
            .filter(|product| product.portfolios_known)
            .and_then(|product| product.portfolios.as_ref())
        else {
            continue;
        };
        let inside = held.iter().any(|a| a.portfolio.value == portfolio.value);
        if inside || !catalog.portfolios.contains_key(&portfolio.value) {
            continue;
        }
        let message = format!(
            "portfolio {} does not hold product {}",
            words::code(portfolio.value.as_str()),
            words::code(product.value.as_str())
        );
        let others = held.iter().map(|a| a.portfolio.value.as_str());
        let hint = if held.is_empty() {
            "add the portfolio to the product's `portfolios`".to_owned()
        } else {
            let others = words::listed(others, "and");
            format!(
                "the product is in {others}: name one of these, or add the portfolio to the product"
            )
        };
        findings.push(
            spec.header
                .finding(Code::ProductNotInPortfolio, &portfolio.origin, message)
                .hint(hint),
        );
    }
}
