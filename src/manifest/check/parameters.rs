//! A provisioned product gives its template's parameters, where those are known: the service itself only finds out
//! when the stack fails (facts §9.3).

use std::collections::BTreeSet;

use super::Catalog;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::schema::{ProvisionedSpec, ValueSpec};
use crate::manifest::words;
use crate::model::limits;
use crate::model::template::ParameterDecl;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for spec in &catalog.specs.provisioned {
        lengths(spec, findings);
        let interface = catalog.interface_of(spec);
        if let Some(declared) = interface.and_then(|read| read.parameters.as_deref()) {
            // What is imported has the parameters of its stack.
            if !spec.imports {
                missing(spec, declared, findings);
            }
            unknown(spec, declared, findings);
        }
    }
}

fn missing(spec: &ProvisionedSpec, declared: &[ParameterDecl], findings: &mut Vec<Finding>) {
    let given: BTreeSet<&str> = spec
        .parameters
        .iter()
        .flatten()
        .map(|parameter| parameter.key.value.as_str())
        .collect();
    let missing: Vec<&str> = declared
        .iter()
        .filter(|decl| decl.default.is_none() && !given.contains(decl.key.as_str()))
        .map(|decl| decl.key.as_str())
        .collect();
    let (Some(version), true, false) = (&spec.version, spec.parameters_known, missing.is_empty())
    else {
        return;
    };
    let noun = if missing.len() == 1 {
        "parameter"
    } else {
        "parameters"
    };
    let message = format!(
        "version {} needs the {noun} {}",
        words::code(&version.value),
        words::listed(missing, "and")
    );
    findings.push(
        spec.header
            .finding(Code::MissingParameter, &version.origin, message)
            .hint("add them under `parameters`: the template has no default for them"),
    );
}

fn unknown(spec: &ProvisionedSpec, declared: &[ParameterDecl], findings: &mut Vec<Finding>) {
    let names = || declared.iter().map(|decl| decl.key.as_str());
    for parameter in spec.parameters.iter().flatten() {
        let key = &parameter.key;
        if names().any(|name| name == key.value) {
            continue;
        }
        let message = format!("the template has no parameter {}", words::code(&key.value));
        let hint = words::did_you_mean(&key.value, names()).unwrap_or_else(|| {
            if declared.is_empty() {
                "it has no parameters".to_owned()
            } else {
                format!("it has {}", words::listed(names(), "and"))
            }
        });
        findings.push(
            spec.header
                .finding(Code::UnknownParameter, &key.origin, message)
                .hint(hint),
        );
    }
}

/// The values themselves are never shown: they may be secret (promise 8).
fn lengths(spec: &ProvisionedSpec, findings: &mut Vec<Finding>) {
    for parameter in spec.parameters.iter().flatten() {
        let key = &parameter.key;
        let mut report = |what: String, limit: usize| {
            let message = format!("{what} has more than {limit} characters");
            let origin = &parameter.value.origin;
            findings.push(spec.header.finding(Code::TooLong, origin, message));
        };
        if key.value.chars().count() > limits::PARAMETER_KEY {
            report("a parameter's key".to_owned(), limits::PARAMETER_KEY);
        }
        if let ValueSpec::Literal(value) = &parameter.value.value
            && value.chars().count() > limits::PARAMETER_VALUE
        {
            let what = format!("the value of {}", words::code(&key.value));
            report(what, limits::PARAMETER_VALUE);
        }
    }
}
