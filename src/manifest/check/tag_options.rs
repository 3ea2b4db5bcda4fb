//! TagOptions are such as the service takes, each key and value once, and those that meet at a launch agree
//! (facts §6, §8.3, §9.7).

use std::collections::{BTreeMap, BTreeSet};

use super::Catalog;
use super::tags;
use crate::ids::Name;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::node::At;
use crate::manifest::schema::{Header, Tag, TagOptionSpec};
use crate::manifest::words;
use crate::model::limits;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    own(catalog, findings);
    for spec in &catalog.specs.portfolios {
        given(catalog, &spec.header, &spec.tag_options, findings);
    }
    for spec in &catalog.specs.products {
        given(catalog, &spec.header, &spec.tag_options, findings);
    }
    conflicts(catalog, findings);
}

/// Keys and values by themselves and among each other.
fn own(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<(&str, &str), &Tag> = BTreeMap::new();
    let mut values: BTreeMap<&str, usize> = BTreeMap::new();
    for TagOptionSpec { header, tag, .. } in &catalog.specs.tag_options {
        let Some(tag) = tag else { continue };
        if let Some(finding) = tags::one(header, tag) {
            findings.push(finding);
            continue;
        }
        if tag.value.value.is_empty() {
            let message = "the value of a TagOption is empty, and the service wants a text";
            findings.push(header.finding(Code::EmptyValue, &tag.value.origin, message));
            continue;
        }
        let (key, value) = (tag.key.value.as_str(), tag.value.value.as_str());
        if let Some(first) = seen.insert((key, value), tag) {
            let message = format!(
                "another TagOption has the key {} and the value {}",
                words::code(key),
                words::code(value)
            );
            findings.push(
                header
                    .finding(Code::DuplicateTagOption, &tag.value.origin, message)
                    .hint("key and value are one in an account and region: keep one of the two")
                    .related(&first.value.origin, "the first one"),
            );
            continue;
        }
        let count = values.entry(key).or_default();
        *count += 1;
        if *count == limits::TAG_OPTION_VALUES + 1 {
            let message = format!(
                "the key {} has more than {} values, which is what the service takes",
                words::code(key),
                limits::TAG_OPTION_VALUES
            );
            let finding = header.finding(Code::TooMany, &tag.value.origin, message);
            findings.push(finding.hint("use fewer values, or several keys"));
        }
    }
}

/// The TagOptions of a portfolio or product.
fn given(
    catalog: &Catalog<'_>,
    header: &Header,
    names: &Option<Vec<At<Name>>>,
    findings: &mut Vec<Finding>,
) {
    let names = names.as_deref().unwrap_or_default();
    if let Some(over) = names.get(limits::TAG_OPTIONS) {
        let message = format!(
            "there are {}: the service takes {}",
            words::count(names.len(), "TagOption"),
            limits::TAG_OPTIONS
        );
        let finding = header.finding(Code::TooMany, &over.origin, message);
        findings.push(finding.hint(format!("keep {} at most", limits::TAG_OPTIONS)));
    }
    for name in names {
        let found = catalog.tag_options.get(&name.value);
        if found.is_some_and(|spec| !is_active(spec)) {
            let message = format!(
                "TagOption {} is not active: nobody is offered it, and nothing new can be given it",
                words::code(name.value.as_str())
            );
            let finding = header.finding(Code::InactiveTagOption, &name.origin, message);
            findings.push(finding.hint("take it out of `tagOptions`, or make it active"));
        }
    }
}

/// Where a product and its portfolio offer one key, only values of both can be chosen; where there are none, the launch
/// gets a tag that says so (facts §8.3).
fn conflicts(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for product in &catalog.specs.products {
        let own = offered(catalog, &product.tag_options);
        for association in product.portfolios.iter().flatten() {
            let name = &association.portfolio;
            let Some(portfolio) = catalog.portfolios.get(&name.value) else {
                continue;
            };
            let theirs = offered(catalog, &portfolio.tag_options);
            for (key, values) in &own {
                let Some(others) = theirs.get(key) else {
                    continue;
                };
                if values.is_disjoint(others) {
                    let message = format!(
                        "for the tag {} product and portfolio {} have no value in common",
                        words::code(key),
                        words::code(name.value.as_str())
                    );
                    let finding =
                        product
                            .header
                            .finding(Code::TagOptionConflict, &name.origin, message);
                    findings.push(finding.hint(
                        "a launch from there gets a tag value that says so: give both a value they share",
                    ));
                }
            }
        }
    }
}

/// Active values by key.
fn offered<'a>(
    catalog: &Catalog<'a>,
    names: &Option<Vec<At<Name>>>,
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for name in names.iter().flatten() {
        let found = catalog.tag_options.get(&name.value);
        let found = found.filter(|spec| is_active(spec));
        if let Some(tag) = found.and_then(|spec| spec.tag.as_ref()) {
            let of = values.entry(&tag.key.value).or_default();
            of.insert(&tag.value.value);
        }
    }
    values
}

fn is_active(spec: &TagOptionSpec) -> bool {
    spec.active.as_ref().is_none_or(|active| active.value)
}
