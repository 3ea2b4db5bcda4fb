//! The newest version's template keeps to CloudFormation's published quotas, and its defaults to its own rules. Advice:
//! CloudFormation decides, and what a macro makes of a template is not known here.

use super::parameters::said;
use super::{Catalog, Newest};
use crate::manifest::finding::{Code, Finding};
use crate::manifest::words;
use crate::model::limits;
use crate::model::template::node::Place;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for newest in catalog.newest() {
        quotas(catalog, &newest, findings);
        defaults(catalog, &newest, findings);
    }
}

fn quotas(catalog: &Catalog<'_>, newest: &Newest<'_>, findings: &mut Vec<Finding>) {
    let Newest {
        product, version, ..
    } = newest;
    let Some(reading) = catalog.reading(product, version) else {
        return;
    };
    let mut report = |at: Place, what: String, limit: usize, hint: &str| {
        let message = format!("the template has {what}: CloudFormation takes {limit}");
        findings.push(
            product
                .header
                .finding(Code::TemplateQuota, &catalog.place(version, at), message)
                .hint(hint)
                .related(
                    &version.name.origin,
                    format!("the newest version, {}", words::code(&version.name.value)),
                ),
        );
    };
    for (noun, number, limit) in [
        (
            "parameter",
            reading.parameters.members.len(),
            limits::TEMPLATE_PARAMETERS,
        ),
        (
            "resource",
            reading.resources.members.len(),
            limits::TEMPLATE_RESOURCES,
        ),
        (
            "output",
            reading.outputs.members.len(),
            limits::TEMPLATE_OUTPUTS,
        ),
        ("mapping", reading.mappings, limits::TEMPLATE_MAPPINGS),
    ] {
        if number > limit {
            let hint = "split it: nested stacks, or products that use each other's outputs";
            report(Place::START, words::count(number, noun), limit, hint);
        }
    }
    let description = reading.description.as_ref().map_or(0, String::len);
    if description > limits::TEMPLATE_DESCRIPTION {
        let what = format!("a description of {description} bytes");
        let limit = limits::TEMPLATE_DESCRIPTION;
        report(Place::START, what, limit, "shorten it");
    }
    let parameters = reading.parameters.members.iter();
    let names = parameters.map(|p| (p.at, &p.key));
    let resources = reading.resources.members.iter();
    let names = names.chain(resources.map(|(id, resource)| (resource.at, id)));
    let outputs = reading.outputs.members.iter();
    for (at, name) in names.chain(outputs.map(|(key, output)| (output.at, key))) {
        let length = name.chars().count();
        if length > limits::TEMPLATE_NAME {
            let what = format!("a name of {length} characters");
            report(at, what, limits::TEMPLATE_NAME, "shorten it");
        }
    }
}

fn defaults(catalog: &Catalog<'_>, newest: &Newest<'_>, findings: &mut Vec<Finding>) {
    let Newest {
        product, version, ..
    } = newest;
    let Some(reading) = catalog.reading(product, version) else {
        return;
    };
    for declared in &reading.parameters.members {
        let default = declared.default.as_deref();
        let Some(refusal) = default.and_then(|text| declared.refuses(text)) else {
            continue;
        };
        let (_, what, hint) = said(declared, refusal);
        let message = format!("the default of {} {what}", words::code(&declared.key));
        let mut finding = product
            .header
            .finding(
                Code::TemplateDefault,
                &catalog.place(version, declared.at),
                message,
            )
            .hint(hint)
            .related(
                &version.name.origin,
                format!("the newest version, {}", words::code(&version.name.value)),
            );
        finding.secret = declared.no_echo;
        findings.push(finding);
    }
}
