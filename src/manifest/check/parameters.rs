//! A provisioned product gives its template's parameters, where those are known: the service itself only finds out
//! when the stack fails (facts §9.3).

use std::collections::BTreeSet;

use super::Catalog;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::schema::{ProvisionedSpec, ValueSpec};
use crate::manifest::words;
use crate::model::desired::Adopt;
use crate::model::limits;
use crate::model::template::declared::Declared;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for spec in &catalog.specs.provisioned {
        lengths(spec, findings);
        lists(spec, findings);
        stored(spec, findings);
        let parameters = catalog.reading_of(spec).map(|reading| &reading.parameters);
        if let Some(declared) = parameters.filter(|p| p.whole).map(|p| &*p.members) {
            // What is imported has the parameters of its stack, and so has what is taken over by its id: nothing is made in
            // its place.
            let taken = matches!(spec.header.lifecycle.adopt, Adopt::Id { .. });
            if !spec.imports && !taken {
                missing(spec, declared, findings);
            }
            unknown(spec, declared, findings);
        }
    }
}

fn missing(spec: &ProvisionedSpec, declared: &[Declared], findings: &mut Vec<Finding>) {
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

fn unknown(spec: &ProvisionedSpec, declared: &[Declared], findings: &mut Vec<Finding>) {
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
        let characters = match &parameter.value.value {
            ValueSpec::Literal(value) => value.chars().count(),
            ValueSpec::List(items) => {
                let each = items.iter().map(|item| item.value.chars().count());
                each.sum::<usize>() + items.len().saturating_sub(1)
            }
            ValueSpec::Output { .. } | ValueSpec::Ssm(_) => 0,
        };
        if characters > limits::PARAMETER_VALUE {
            let what = format!("the value of {}", words::code(&key.value));
            report(what, limits::PARAMETER_VALUE);
        }
    }
}

/// CloudFormation takes lists with commas between the items, and has no way to say that a comma is meant.
fn lists(spec: &ProvisionedSpec, findings: &mut Vec<Finding>) {
    for parameter in spec.parameters.iter().flatten() {
        let ValueSpec::List(items) = &parameter.value.value else {
            continue;
        };
        for item in items.iter().filter(|item| item.value.contains(',')) {
            let key = words::code(&parameter.key.value);
            let message = format!(
                "an item of {key} has a comma, which CloudFormation would take for the end of the item"
            );
            findings.push(
                spec.header
                    .finding(Code::ListItem, &item.origin, message)
                    .hint(
                        "make it items of their own; a whole list as one text needs no list here",
                    ),
            );
        }
    }
}

/// Names are judged by their letters alone: which there are is the parameter store's to know.
fn stored(spec: &ProvisionedSpec, findings: &mut Vec<Finding>) {
    for parameter in spec.parameters.iter().flatten() {
        let ValueSpec::Ssm(name) = &parameter.value.value else {
            continue;
        };
        let mut report = |code, message: String, hint: &str| {
            let origin = &parameter.value.origin;
            findings.push(spec.header.finding(code, origin, message).hint(hint));
        };
        if name.chars().count() > limits::SSM_NAME {
            let message = format!("the name has more than {} characters", limits::SSM_NAME);
            report(Code::TooLong, message, "shorten it");
        } else if !is_stored(name) {
            report(
                Code::InvalidSsmName,
                format!(
                    "{} can't be a parameter of the parameter store",
                    words::code(name)
                ),
                "give its name, e.g. `/golden/ami`, or a version of it, e.g. `/golden/ami:3`",
            );
        }
    }
}

fn is_stored(name: &str) -> bool {
    let (name, version) = match name.split_once(':') {
        Some((name, version)) => (name, Some(version)),
        None => (name, None),
    };
    let letters = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let path = name.strip_prefix('/').unwrap_or(name);
    let mut parts = path.split('/');
    let is_name = parts.all(|part| !part.is_empty() && part.chars().all(letters))
        // One with a path has the whole path.
        && (name.starts_with('/') || !name.contains('/'));
    let is_version = version.is_none_or(|version| {
        version.parse::<u32>().is_ok_and(|number| number > 0)
            && version.bytes().all(|c| c.is_ascii_digit())
    });
    is_name && is_version
}
