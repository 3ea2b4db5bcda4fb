//! Names are unique per kind; items of a list stand there once.

use std::collections::BTreeMap;

use super::Catalog;
use crate::ids::Name;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::node::At;
use crate::manifest::schema::{Header, PrincipalSpec};
use crate::manifest::words;
use crate::model::desired::Origin;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    names(
        catalog.specs.service_actions.iter().map(|s| &s.header),
        findings,
    );
    for (header, names) in catalog.offers() {
        let named = names.iter().map(|n| (("", n.value.as_str()), &n.origin));
        items(header, "serviceActions", named, findings);
    }
    names(
        catalog.specs.tag_options.iter().map(|s| &s.header),
        findings,
    );
    let own = catalog.specs.portfolios.iter().map(|s| &s.header);
    let imported = catalog.specs.imported.iter().map(|s| &s.header);
    names(own.chain(imported), findings);
    names(catalog.specs.products.iter().map(|s| &s.header), findings);
    names(
        catalog.specs.provisioned.iter().map(|s| &s.header),
        findings,
    );
    let own = catalog.specs.portfolios.iter();
    let own = own.map(|spec| (&spec.header, &spec.principals));
    let imported = catalog.specs.imported.iter();
    let imported = imported.map(|spec| (&spec.header, &spec.principals));
    for (header, principals) in own.chain(imported) {
        let principals = principals.iter().flatten();
        let shown = principals.map(|At { value, origin }| match value {
            PrincipalSpec::Arn(text) => (("arn", text.as_str()), origin),
            PrincipalSpec::Pattern(text) => (("pattern", text.as_str()), origin),
            PrincipalSpec::Caller => (("self", "self"), origin),
        });
        items(header, "principals", shown, findings);
    }
    for spec in &catalog.specs.portfolios {
        given(&spec.header, &spec.tag_options, &spec.budgets, findings);
        let shares = spec.shares.iter().flatten();
        let with = shares.map(|s| (("", s.with.value.id()), &s.with.origin));
        items(&spec.header, "shares", with, findings);
        let shared = spec.shared_products.iter().flatten();
        let shared = shared.map(|s| (("", s.product.value.as_str()), &s.product.origin));
        items(&spec.header, "sharedProducts", shared, findings);
    }
    for spec in &catalog.specs.products {
        let portfolios = spec.portfolios.iter().flatten();
        let named = portfolios.map(|a| (("", a.portfolio.value.as_str()), &a.portfolio.origin));
        items(&spec.header, "portfolios", named, findings);
        given(&spec.header, &spec.tag_options, &spec.budgets, findings);
    }
    for spec in &catalog.specs.provisioned {
        let named = spec
            .depends_on
            .iter()
            .map(|n| (("", n.value.as_str()), &n.origin));
        items(&spec.header, "dependsOn", named, findings);
        let mut texts = |what: &str, list: Option<&Vec<At<String>>>| {
            let named = list.into_iter().flatten();
            let named = named.map(|n| (("", n.value.as_str()), &n.origin));
            items(&spec.header, what, named, findings);
        };
        let topics = spec.notification_arns.as_ref();
        texts("notificationArns", topics.map(|found| &found.value));
        let set = spec.stack_set.as_ref().map(|found| &found.value);
        texts("accounts", set.and_then(|set| set.accounts.as_ref()));
        texts("regions", set.and_then(|set| set.regions.as_ref()));
    }
}

/// The TagOptions and budgets of a portfolio or product.
fn given(
    header: &Header,
    tag_options: &Option<Vec<At<Name>>>,
    budgets: &Option<Vec<At<String>>>,
    findings: &mut Vec<Finding>,
) {
    let options = tag_options.iter().flatten();
    let options = options.map(|n| (("", n.value.as_str()), &n.origin));
    items(header, "tagOptions", options, findings);
    let budgets = budgets.iter().flatten();
    let budgets = budgets.map(|b| (("", b.value.as_str()), &b.origin));
    items(header, "budgets", budgets, findings);
}

fn names<'a>(headers: impl Iterator<Item = &'a Header>, findings: &mut Vec<Finding>) {
    let mut seen = BTreeMap::new();
    for header in headers {
        let Some(key) = header.name.as_ref().and(header.key.as_ref()) else {
            continue;
        };
        match seen.get(key) {
            None => {
                seen.insert(key, &header.origin);
            }
            Some(first) => findings.push(
                header
                    .finding(
                        Code::DuplicateName,
                        &header.origin,
                        format!(
                            "another {} has the name {}",
                            key.kind,
                            words::code(key.name.as_str())
                        ),
                    )
                    .hint("names are unique per kind in a source: rename one")
                    .related(first, "the first one"),
            ),
        }
    }
}

fn items<'a>(
    header: &Header,
    list: &str,
    items: impl Iterator<Item = ((&'static str, &'a str), &'a Origin)>,
    findings: &mut Vec<Finding>,
) {
    let mut seen: BTreeMap<(&str, &str), &Origin> = BTreeMap::new();
    for (item, origin) in items {
        match seen.get(&item) {
            None => {
                seen.insert(item, origin);
            }
            Some(first) => findings.push(
                header
                    .finding(
                        Code::DuplicateItem,
                        origin,
                        format!("{} is in `{list}` twice", words::code(item.1)),
                    )
                    .hint("keep one of the two")
                    .related(first, "the first one"),
            ),
        }
    }
}
