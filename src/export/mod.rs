//! A live catalog → the manifests and templates that a person would have written of it. Pure: what was read comes in,
//! files go out; the same catalog gives the same bytes.
//!
//! ```text
//! Observed ─ owners ─ select ─▶ documents ─ yaml ─▶ files ─ check ─┐
//!                                   ▲                                │
//!                                   └─ left out, as a comment ◀──────┘
//! ```
//! What is exported is read back by the manifest reader before it is written. A field that the manifest language refuses,
//! though the service has it, is left out with its reason and stands there as a comment: so every export is a valid
//! source, and its plan holds nothing but the taking over.

mod action;
mod check;
mod constraints;
mod document;
mod names;
mod owners;
mod portfolio;
mod product;
mod provisioned;
mod select;
mod versions;
mod yaml;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ids::{ProductId, VersionId};
use crate::manifest::{Finding, Severity};
use crate::model::observed::{Gap, Observed, ReadyStatus, Scope};
use crate::model::owner::Identity;
use crate::model::template::ParameterDecl;

use self::document::Document;
use self::owners::Owners;
use self::select::Selected;

pub use self::select::{Filter, NoMatch, TagFilter};

/// What an export is made of.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Whose catalog it will be.
    pub identity: &'a Identity,
    /// The catalog, read as though all of it were ours.
    pub observed: &'a Observed,
    /// What is wanted of it.
    pub filter: &'a Filter,
}

/// A version's own description, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionText {
    /// Whether it is usable.
    pub status: ReadyStatus,
    /// Its template, where the service shows it: of what is no CloudFormation template it shows none.
    pub template: Option<Arc<str>>,
    /// The URL that it was made of.
    pub url: Option<String>,
    /// The stack that it was made of.
    pub stack: Option<String>,
    /// Its template's parameters, where they could be read.
    pub parameters: Option<Vec<ParameterDecl>>,
}

/// Versions as they were read, or why they were not.
pub type VersionTexts = BTreeMap<VersionId, Result<VersionText, String>>;

/// The files of an export, and what they don't hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Bytes by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// How many objects of each kind there are.
    pub counts: Counts,
    /// What was left out, a line each: it can't be said in a manifest, is another installation's, or was not asked for.
    pub left_out: Vec<String>,
    /// What could not be read: the export is a part of what was asked for.
    pub unread: Vec<String>,
    /// What the manifest reader says of the files as they are. An error means that they are no valid source.
    pub findings: Vec<Finding>,
}

impl Exported {
    /// Whether the manifest reader takes the files.
    pub fn is_valid(&self) -> bool {
        let mut all = self.findings.iter();
        all.all(|finding| finding.severity != Severity::Error)
    }
}

/// How many objects an export has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// TagOptions.
    pub tag_options: usize,
    /// Service actions.
    pub service_actions: usize,
    /// Portfolios.
    pub portfolios: usize,
    /// Products.
    pub products: usize,
    /// Their versions.
    pub versions: usize,
    /// Provisioned products.
    pub provisioned: usize,
}

/// The versions whose templates an export needs.
///
/// # Errors
/// Something that the filter names is not there.
pub fn wanted(input: Input<'_>) -> Result<Vec<(ProductId, VersionId)>, NoMatch> {
    let owners = Owners::new(input);
    let selected = Selected::new(input, &owners)?;
    let products = selected.products.iter();
    let products = products.filter_map(|id| input.observed.products.get(id));
    // Those that the service syncs have no list of versions.
    let products = products.filter(|product| product.source_connection.is_none());
    Ok(products
        .flat_map(|product| {
            let versions = product.versions.iter();
            versions.map(|version| (product.id.clone(), version.id.clone()))
        })
        .collect())
}

/// Writes the catalog as manifests and templates.
///
/// # Errors
/// Something that the filter names is not there.
pub fn export(input: Input<'_>, texts: &VersionTexts) -> Result<Exported, NoMatch> {
    let owners = Owners::new(input);
    let selected = Selected::new(input, &owners)?;
    let mut export = Export {
        input,
        texts,
        owners: &owners,
        selected: &selected,
        doubts: Doubts::new(input.observed),
        files: BTreeMap::new(),
        templates: BTreeMap::new(),
        listed: BTreeMap::new(),
        counts: Counts::default(),
        left_out: BTreeSet::new(),
        unread: input.observed.gaps.iter().map(gap_text).collect(),
    };
    export.run();
    let Export {
        files,
        templates,
        counts,
        mut left_out,
        unread,
        ..
    } = export;
    let (files, findings) = check::settle(input, files, &templates, &mut left_out);
    left_out.extend(owners.left_out.iter().cloned());
    left_out.extend(selected.left_out.iter().cloned());
    Ok(Exported {
        files,
        counts,
        left_out: left_out.into_iter().collect(),
        unread: unread.into_iter().collect(),
        findings,
    })
}

/// An export that is being made.
struct Export<'a> {
    input: Input<'a>,
    texts: &'a VersionTexts,
    owners: &'a Owners,
    selected: &'a Selected,
    doubts: Doubts,
    /// Documents by file.
    files: BTreeMap<String, Vec<Document>>,
    /// Template files by path.
    templates: BTreeMap<String, Arc<str>>,
    /// The versions that each product's manifest lists, by name.
    listed: BTreeMap<ProductId, BTreeMap<String, VersionId>>,
    counts: Counts,
    left_out: BTreeSet<String>,
    unread: BTreeSet<String>,
}

impl Export<'_> {
    fn run(&mut self) {
        let (observed, selected) = (self.input.observed, self.selected);
        self.tag_options();
        for id in &selected.service_actions {
            if let Some(live) = observed.service_actions.get(id) {
                self.service_action(live);
            }
        }
        for id in &selected.portfolios {
            if let Some(live) = observed.portfolios.get(id) {
                self.portfolio(live);
            }
        }
        for id in &selected.imported {
            if let Some(live) = observed.imported.get(id) {
                self.imported(live);
            }
        }
        for id in &selected.products {
            if let Some(live) = observed.products.get(id) {
                self.product(live);
            }
        }
        for id in &selected.provisioned {
            if let Some(live) = observed.provisioned.get(id) {
                self.provisioned(live);
            }
        }
    }

    fn put(&mut self, path: String, document: Document) {
        self.files.entry(path).or_default().push(document);
    }

    /// Something that the export does not hold.
    fn leave_out(&mut self, text: impl Into<String>) {
        self.left_out.insert(text.into());
    }
}

/// What must not be said, because a list may lack something that is there: it would be taken away (promise 1).
#[derive(Debug)]
struct Doubts {
    /// Some portfolio's products or constraints are not known.
    places: bool,
    /// Some service action's versions are not known.
    offers: bool,
    portfolios: BTreeSet<String>,
    provisioned: BTreeSet<String>,
}

impl Doubts {
    fn new(observed: &Observed) -> Self {
        let mut doubts = Self {
            places: false,
            offers: false,
            portfolios: BTreeSet::new(),
            provisioned: BTreeSet::new(),
        };
        for gap in &observed.gaps {
            match &gap.scope {
                Scope::Portfolios => doubts.places = true,
                Scope::Portfolio(id) => {
                    doubts.places = true;
                    doubts.portfolios.insert(id.to_string());
                }
                Scope::ServiceActions | Scope::ServiceAction(_) => doubts.offers = true,
                Scope::ProvisionedProduct(id) => {
                    doubts.provisioned.insert(id.to_string());
                }
                _ => {}
            }
        }
        doubts
    }
}

fn gap_text(gap: &Gap) -> String {
    format!("{:?}: {}: {}", gap.scope, gap.operation, gap.reason)
}

/// A text in which the manifest reader substitutes nothing: `${account}` and its like are what the catalog has.
fn literal(text: &str) -> String {
    let variables = ["${account}", "${region}", "${partition}", "$${"];
    match variables.iter().any(|variable| text.contains(variable)) {
        true => text.replace("${", "$${"),
        false => text.to_owned(),
    }
}
