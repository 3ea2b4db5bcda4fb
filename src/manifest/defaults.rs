//! `Defaults`: what the products of a folder and below say where they don't say it themselves.
//!
//! The nearest folder wins, field by field; a map of tags and a list of portfolios are each one field. What a product says
//! itself wins over all of them. There is no way to say that a field is not managed where a folder gives it.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Code, Finding, Severity};
use super::schema::{DefaultsSpec, ProductSpec, Specs};
use crate::ids::Key;
use crate::model::desired::Origin;
use crate::model::tree::below;

/// Gives products what the `Defaults` above them say. Returns those that must be left out, because one of these has an
/// error: nobody knows what it would have said.
///
/// What each `Defaults` says is put among the products as one without a name, so that every rule looks at it, used or not.
pub(super) fn inherit(specs: &mut Specs, findings: &mut Vec<Finding>) -> BTreeSet<Key> {
    refuse_two_in_a_folder(&mut specs.defaults, findings);
    // The nearest first.
    let mut nearest: Vec<&DefaultsSpec> = specs.defaults.iter().collect();
    nearest.sort_by_key(|defaults| std::cmp::Reverse(folder(&defaults.origin).len()));
    let mut left_out = BTreeSet::new();
    for product in &mut specs.products {
        let file = product.header.origin.file.clone();
        for defaults in nearest.iter().filter(|d| below(folder(&d.origin), &file)) {
            if let (true, Some(key)) = (defaults.broken, &product.header.key)
                && left_out.insert(key.clone())
            {
                let message = format!(
                    "{key} is left out, because the Defaults of its folder have errors ({})",
                    defaults.origin
                );
                findings.push(
                    Finding::new(Code::DependsOnBroken, &product.header.origin, message)
                        .hint("mend the Defaults")
                        .about(Some(key)),
                );
                // What it would lack without them is no finding of its own.
                product.owner_given = true;
            }
            give(&defaults.product, product);
        }
    }
    let phantoms = specs.defaults.iter().map(|d| d.product.clone());
    specs.products.extend(phantoms);
    left_out
}

fn give(from: &ProductSpec, to: &mut ProductSpec) {
    fn field<T: Clone>(from: &Option<T>, to: &mut Option<T>) {
        if to.is_none() {
            to.clone_from(from);
        }
    }
    if to.portfolios.is_none() && to.portfolios_known {
        to.portfolios.clone_from(&from.portfolios);
        to.portfolios_known = from.portfolios_known;
    }
    field(&from.owner, &mut to.owner);
    field(&from.distributor, &mut to.distributor);
    field(&from.support.description, &mut to.support.description);
    field(&from.support.email, &mut to.support.email);
    field(&from.support.url, &mut to.support.url);
    field(&from.tags, &mut to.tags);
}

/// Of two in one folder nobody knows which holds.
fn refuse_two_in_a_folder(all: &mut [DefaultsSpec], findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<&str, &Origin> = BTreeMap::new();
    let mut twice = BTreeSet::new();
    for defaults in all.iter() {
        let folder = folder(&defaults.origin);
        let Some(first) = seen.get(folder) else {
            seen.insert(folder, &defaults.origin);
            continue;
        };
        twice.insert(folder.to_owned());
        let message = "another Defaults document is in this folder";
        findings.push(
            Finding::new(Code::DuplicateDefaults, &defaults.origin, message)
                .hint("join the two, or move one to a folder below")
                .related(first, "the first one"),
        );
    }
    for defaults in all {
        defaults.broken |= twice.contains(folder(&defaults.origin));
    }
}

/// Says of a `Defaults` once, and of the source as a whole, what was found at every product that inherits it. Returns the
/// products that are left out for it, and those given.
pub(super) fn once(
    specs: &Specs,
    mut left_out: BTreeSet<Key>,
    findings: &mut Vec<Finding>,
) -> BTreeSet<Key> {
    if specs.defaults.is_empty() {
        return left_out;
    }
    let inside = |at: &Origin| {
        let mut all = specs.defaults.iter();
        all.any(|defaults| {
            let (first, last) = defaults.lines;
            defaults.origin.file == at.file && (first..=last).contains(&at.line)
        })
    };
    // What the Defaults alone are to blame for was found at the product without a name that stands for them. What comes of
    // them together with what a product says was not, and is said of that product.
    let theirs = |finding: &&Finding| finding.object.is_none() && inside(&finding.origin);
    let own = findings.iter().filter(theirs);
    let own: BTreeSet<(Origin, Code)> = own.map(|f| (f.origin.clone(), f.code)).collect();
    findings.retain(|finding| match &finding.object {
        Some(key) if inside(&finding.origin) => {
            if finding.severity == Severity::Error {
                left_out.insert(key.clone());
            }
            !own.contains(&(finding.origin.clone(), finding.code))
        }
        _ => true,
    });
    for finding in findings
        .iter_mut()
        .filter(|finding| inside(&finding.origin))
    {
        let mut products = specs.products.iter();
        let product = products.find(|p| p.header.key.is_some() && p.header.key == finding.object);
        if let Some(product) = product {
            // The line alone does not say whose trouble it is.
            let note = (
                product.header.origin.clone(),
                "this product inherits it".to_owned(),
            );
            finding.related.push(note);
        }
    }
    left_out
}

/// The folder of a file: `""` at the top.
fn folder(at: &Origin) -> &str {
    at.file.rsplit_once('/').map_or("", |(folder, _)| folder)
}
