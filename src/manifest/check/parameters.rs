//! A provisioned product gives its template's parameters, where those are known: the service itself only finds out
//! when the stack fails (facts §9.3).

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Catalog;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::schema::{ParameterSpec, ProvisionedSpec, ValueSpec};
use crate::manifest::words;
use crate::model::desired::Adopt;
use crate::model::limits;
use crate::model::template::declared::{Declared, Refusal};

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
            values(spec, declared, findings);
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
fn values(spec: &ProvisionedSpec, declared: &[Declared], findings: &mut Vec<Finding>) {
    for parameter in spec.parameters.iter().flatten() {
        let key = &parameter.key.value;
        let Some(declared) = declared.iter().find(|decl| decl.key == *key) else {
            continue;
        };
        let Some(refusal) = written(parameter).and_then(|text| declared.refuses(&text)) else {
            continue;
        };
        let (code, what, hint) = said(declared, refusal);
        let message = format!("the value of {} {what}", words::code(key));
        let hint = match &declared.constraint_description {
            Some(text) => format!("{hint}; its template says: {}", words::code(text)),
            None => hint,
        };
        let mut finding = spec
            .header
            .finding(code, &parameter.value.origin, message)
            .hint(hint);
        finding.secret = true;
        findings.push(finding);
    }
}

/// The text that is sent, where it is known: what comes from elsewhere, or is another in each target, is not.
fn written(parameter: &ParameterSpec) -> Option<Cow<'_, str>> {
    match &parameter.value.value {
        _ if parameter.open => None,
        ValueSpec::Literal(text) => Some(Cow::Borrowed(text)),
        ValueSpec::List(items) => {
            let items: Vec<&str> = items.iter().map(|item| item.value.as_str()).collect();
            Some(Cow::Owned(items.join(",")))
        }
        ValueSpec::Output { .. } | ValueSpec::Ssm(_) => None,
    }
}

/// A refusal in words: its code, what is wrong with the value, and what would be right.
pub(super) fn said(declared: &Declared, refusal: Refusal) -> (Code, String, String) {
    match refusal {
        Refusal::Type { kind, wanted } => (
            Code::ParameterType,
            format!("is no {}", words::code(&kind)),
            format!("it wants {wanted}"),
        ),
        Refusal::NotAllowed => {
            let allowed = declared.allowed.iter().flatten();
            let allowed: Vec<&str> = allowed.map(|one| one.text.as_str()).collect();
            let hint = match declared.no_echo {
                // What a secret can be is nobody's to see.
                true => format!("the template allows {} values", allowed.len()),
                false => format!("it can be {}", words::some(&allowed, "or")),
            };
            let what = "is not among those that the template allows".to_owned();
            (Code::ParameterNotAllowed, what, hint)
        }
        Refusal::Pattern => {
            let pattern = declared.pattern.as_deref().unwrap_or_default();
            let what = "does not match the template's pattern".to_owned();
            let hint = format!("the pattern is {}", words::code(pattern));
            (Code::ParameterPattern, what, hint)
        }
        Refusal::Bound(name, bound) => {
            let what = match name {
                "MinLength" => "is too short",
                "MaxLength" => "is too long",
                "MinValue" => "is too small",
                _ => "is too large",
            };
            let hint = format!(
                "the template says {}",
                words::code(&format!("{name}: {bound}"))
            );
            (Code::ParameterRange, what.to_owned(), hint)
        }
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
