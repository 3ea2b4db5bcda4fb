//! The rules: one file each. A rule sees all specs, says what it finds, and changes nothing.

mod copies;
mod cycles;
mod duplicates;
mod connections;
mod imports;
mod launches;
mod lengths;
mod live_names;
mod outputs;
mod owners;
mod parameters;
mod principals;
mod products_in_portfolios;
mod references;
mod retention;
mod roles;
mod service_actions;
mod rules;
mod stack_sets;
mod budgets;
mod imported_portfolios;
mod shares;
mod tag_options;
mod tags;
mod topics;
mod urls;
mod versions;

use std::collections::BTreeMap;

use super::finding::{Code, Finding};
use super::node::At;
use super::schema::{
    ConstraintsSpec, Header, ImportedSpec, PortfolioSpec, ProductSpec, ProvisionedSpec,
    ServiceActionSpec, SourceSpec, Specs, TagOptionSpec, VersionSpec,
};
use super::template::Templates;
use crate::ids::Name;
use crate::model::desired::{Origin, ProductType};
use crate::model::template::reading::Reading;

/// What rules look at: the specs, and an index of each kind by name. Of two with one name the first counts.
struct Catalog<'a> {
    specs: &'a Specs,
    templates: &'a Templates,
    service_actions: BTreeMap<&'a Name, &'a ServiceActionSpec>,
    tag_options: BTreeMap<&'a Name, &'a TagOptionSpec>,
    portfolios: BTreeMap<&'a Name, &'a PortfolioSpec>,
    imported: BTreeMap<&'a Name, &'a ImportedSpec>,
    products: BTreeMap<&'a Name, &'a ProductSpec>,
    provisioned: BTreeMap<&'a Name, &'a ProvisionedSpec>,
}

/// Runs every rule.
pub(super) fn run(specs: &Specs, templates: &Templates, findings: &mut Vec<Finding>) {
    let catalog = Catalog {
        specs,
        templates,
        service_actions: index(&specs.service_actions, |spec| &spec.header),
        tag_options: index(&specs.tag_options, |spec| &spec.header),
        portfolios: index(&specs.portfolios, |spec| &spec.header),
        imported: index(&specs.imported, |spec| &spec.header),
        products: index(&specs.products, |spec| &spec.header),
        provisioned: index(&specs.provisioned, |spec| &spec.header),
    };
    let rules = [
        duplicates::check,
        references::check,
        products_in_portfolios::check,
        cycles::check,
        outputs::check,
        parameters::check,
        owners::check,
        versions::check,
        retention::check,
        connections::check,
        copies::check,
        imports::check,
        launches::check,
        live_names::check,
        lengths::check,
        principals::check,
        roles::check,
        topics::check,
        rules::check,
        stack_sets::check,
        service_actions::check,
        urls::check,
        tags::check,
        tag_options::check,
        budgets::check,
        shares::check,
        imported_portfolios::check,
    ];
    for rule in rules {
        rule(&catalog, findings);
    }
}

fn index<T>(specs: &[T], header: impl Fn(&T) -> &Header) -> BTreeMap<&Name, &T> {
    let mut found = BTreeMap::new();
    for spec in specs {
        if let Some(name) = &header(spec).name {
            found.entry(name).or_insert(spec);
        }
    }
    found
}

impl Header {
    /// A finding about the object.
    fn finding(&self, code: Code, origin: &Origin, message: impl Into<String>) -> Finding {
        Finding::new(code, origin, message).about(self.key.as_ref())
    }
}

impl<'a> Catalog<'a> {
    /// The constraints of every product in every portfolio.
    fn constraints(&self) -> impl Iterator<Item = (&'a Header, &'a ConstraintsSpec)> {
        self.specs.products.iter().flat_map(|product| {
            let portfolios = product.portfolios.iter().flatten();
            portfolios.filter_map(|place| Some((&product.header, place.constraints.as_ref()?)))
        })
    }

    /// Every list of service actions, with the product that has it and how many it names.
    fn offers(&self) -> impl Iterator<Item = (&'a Header, &'a [At<Name>])> {
        self.specs.products.iter().flat_map(|product| {
            let versions = product.versions.iter().map(|v| &v.service_actions);
            let all = std::iter::once(&product.service_actions).chain(versions);
            all.flatten().map(|list| (&product.header, list.as_slice()))
        })
    }

    /// The product and version that a provisioned product names, where both are there.
    fn version_of(&self, spec: &ProvisionedSpec) -> Option<(&'a ProductSpec, &'a VersionSpec)> {
        let product = *self.products.get(&spec.product.as_ref()?.value)?;
        let version = &spec.version.as_ref()?.value;
        let found = product.versions.iter().find(|v| v.name.value == *version)?;
        Some((product, found))
    }

    /// What the template of a provisioned product's version says, where that is known.
    fn reading_of(&self, spec: &ProvisionedSpec) -> Option<&'a Reading> {
        let (product, version) = self.version_of(spec)?;
        self.reading(product, version)
    }

    /// What a version's template says, where it is a file that can be read: what another engine runs is no template.
    fn reading(&self, product: &ProductSpec, version: &VersionSpec) -> Option<&'a Reading> {
        let kind = product.product_type.as_ref().map(|found| found.value);
        match &version.source {
            Some(SourceSpec::File {
                found: Some(file), ..
            }) if kind.is_none_or(|kind| kind == ProductType::CloudFormation) => {
                self.templates.reading(&file.raw)
            }
            _ => None,
        }
    }
}
