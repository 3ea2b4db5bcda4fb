//! What a launch takes besides parameters and tags: topics and the rollout of a stack set (facts §9.3).

use super::Catalog;
use crate::ids::Arn;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::node::At;
use crate::manifest::schema::{ProvisionedSpec, RolloutSpec};
use crate::manifest::words;
use crate::model::launch::Amount;
use crate::model::limits;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for spec in &catalog.specs.provisioned {
        if let Some(found) = &spec.notification_arns {
            topics(spec, &found.value, findings);
        }
        if let Some(found) = &spec.stack_set {
            stack_set(spec, found, findings);
        }
    }
}

fn topics(spec: &ProvisionedSpec, topics: &[At<String>], findings: &mut Vec<Finding>) {
    for topic in topics.iter().filter(|topic| !is_topic(&topic.value)) {
        let message = format!(
            "{} is no ARN of an SNS topic",
            words::code(topic.value.as_str())
        );
        let finding = spec
            .header
            .finding(Code::InvalidArn, &topic.origin, message);
        findings
            .push(finding.hint("it has the form `arn:${partition}:sns:${region}:${account}:NAME`"));
    }
    if let Some(over) = topics.get(limits::TOPICS) {
        let message = format!(
            "`notificationArns` has {}: the service takes {}",
            words::count(topics.len(), "topic"),
            limits::TOPICS
        );
        let finding = spec.header.finding(Code::TooMany, &over.origin, message);
        findings.push(finding.hint("let one topic pass on to others"));
    }
}

fn is_topic(text: &str) -> bool {
    Arn::parse(text).is_some_and(|arn| {
        let name = arn.resource;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        arn.service == "sns"
            && arn.has_account()
            && !arn.region.is_empty()
            && !name.is_empty()
            && name.chars().all(plain)
    })
}

fn stack_set(spec: &ProvisionedSpec, found: &At<RolloutSpec>, findings: &mut Vec<Finding>) {
    let mut report = |at, message: String, hint: &str| {
        let finding = spec.header.finding(Code::InvalidStackSet, at, message);
        findings.push(finding.hint(hint));
    };
    if spec.imports {
        let message = "a stack that is imported is no stack set".to_owned();
        report(&found.origin, message, "take `stackSet` or `import` out");
    }
    let set = &found.value;
    for (key, list) in [("accounts", &set.accounts), ("regions", &set.regions)] {
        if list.as_ref().is_some_and(Vec::is_empty) {
            report(
                &found.origin,
                format!("stackSet.{key} is empty: a stack set without any has no instances"),
                "leave it out for all that the constraint names",
            );
        }
    }
    for account in set.accounts.iter().flatten() {
        if account.value.len() != 12 || !account.value.bytes().all(|c| c.is_ascii_digit()) {
            report(
                &account.origin,
                format!("{} is no account", words::code(&account.value)),
                "an account has twelve digits, in quotes",
            );
        }
    }
    for region in set.regions.iter().flatten() {
        if !is_region(&region.value) {
            report(
                &region.origin,
                format!("{} is no region", words::code(&region.value)),
                "a region is called e.g. `eu-central-1`",
            );
        }
    }
    let tolerated = match set.failure_tolerance.as_ref().map(|found| found.value) {
        None => Some(0),
        Some(Amount::Count(number)) => Some(number),
        // How many that are is not known before the accounts are.
        Some(Amount::Percentage(_)) => None,
    };
    if let (Some(tolerated), Some(concurrency)) = (tolerated, &set.max_concurrency)
        && let Amount::Count(most) = concurrency.value
        && most > tolerated.saturating_add(1)
    {
        report(
            &concurrency.origin,
            format!(
                "`maxConcurrencyCount` is {most}: it can be at most one more than `failureToleranceCount`, which is {tolerated}"
            ),
            "raise `failureToleranceCount`, or give percentages",
        );
    }
}

/// Words and a number at the end, with `-` between them: which regions there are is the service's to know.
fn is_region(text: &str) -> bool {
    let mut parts = text.rsplit('-');
    let number = parts.next().unwrap_or_default();
    let mut words = parts.peekable();
    let word = |word: &str| !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase());
    !number.is_empty()
        && number.bytes().all(|c| c.is_ascii_digit())
        && words.peek().is_some()
        && words.all(word)
}
