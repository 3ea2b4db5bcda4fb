//! Both sides in one form, so that what means the same is no difference.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::desired::{Launch, Rules, StackSet, TagUpdates};
use crate::model::observed::LivePrincipal;

/// `LAUNCH`: the role that launches.
pub const LAUNCH: &str = "LAUNCH";
/// `RESOURCE_UPDATE`: whether tags of provisioned products may change.
pub const RESOURCE_UPDATE: &str = "RESOURCE_UPDATE";
/// `NOTIFICATION`: topics that are told of what happens to stacks.
pub const NOTIFICATION: &str = "NOTIFICATION";
/// `TEMPLATE`: rules for parameters.
pub const TEMPLATE: &str = "TEMPLATE";
/// `STACKSET`: launches make a stack set.
pub const STACKSET: &str = "STACKSET";
/// How CloudFormation shows a NoEcho parameter.
pub const MASKED: &str = "****";

/// Whether two constraint parameters mean the same: JSON is compared by value, anything else by its bytes.
pub fn same_json(one: &str, other: &str) -> bool {
    let parse = |text| serde_json::from_str::<Value>(text).ok();
    one == other || parse(one).is_some_and(|value| Some(value) == parse(other))
}

/// The parameters of a LAUNCH constraint (facts §9.6).
pub fn launch_parameters(launch: &Launch) -> String {
    match launch {
        Launch::RoleArn(arn) => json!({ "RoleArn": arn }).to_string(),
        Launch::LocalRoleName(name) => json!({ "LocalRoleName": name }).to_string(),
    }
}

/// The parameters of a RESOURCE_UPDATE constraint; the key is singular although the prose says otherwise (facts §9.6).
pub fn tag_update_parameters(allowed: TagUpdates) -> String {
    let word = match allowed {
        TagUpdates::Allowed => "ALLOWED",
        TagUpdates::NotAllowed => "NOT_ALLOWED",
    };
    json!({ "Version": "2.0", "Properties": { "TagUpdateOnProvisionedProduct": word } }).to_string()
}

/// The parameters of a NOTIFICATION constraint (facts §9.6).
pub fn notification_parameters<'a>(topics: impl IntoIterator<Item = &'a String>) -> String {
    let topics: Vec<&String> = topics.into_iter().collect();
    json!({ "NotificationArns": topics }).to_string()
}

/// The parameters of a TEMPLATE constraint (facts §9.6).
pub fn template_parameters(rules: &Rules) -> String {
    json!({ "Rules": rules }).to_string()
}

/// The parameters of a STACKSET constraint (facts §9.6). What its `Version` may be is published nowhere; that of
/// RESOURCE_UPDATE is the only one seen.
pub fn stack_set_parameters(stack_set: &StackSet) -> String {
    let StackSet {
        accounts,
        regions,
        admin_role,
        execution_role,
    } = stack_set;
    json!({ "Version": "2.0", "Properties": {
        "AccountList": accounts,
        "RegionList": regions,
        "AdminRole": admin_role,
        "ExecutionRole": execution_role,
    }})
    .to_string()
}

/// What of NOTIFICATION and TEMPLATE parameters can as well stand in several constraints of a product in a portfolio
/// (facts §9.6): topics, each with nothing more to it, and rules by name. `None` where the parameters are of no known form.
pub fn parts(kind: &str, parameters: &str) -> Option<BTreeMap<String, Value>> {
    let value: Value = serde_json::from_str(parameters).ok()?;
    match kind {
        NOTIFICATION => {
            let topics = value.get("NotificationArns")?.as_array()?.iter();
            topics
                .map(|topic| Some((topic.as_str()?.to_owned(), Value::Null)))
                .collect()
        }
        TEMPLATE => {
            let rules = value.get("Rules")?.as_object()?.iter();
            Some(rules.map(|(k, v)| (k.clone(), texts(v))).collect())
        }
        _ => None,
    }
}

/// The parameters that hold these parts.
pub fn whole(kind: &str, parts: &BTreeMap<String, Value>) -> String {
    match kind {
        NOTIFICATION => notification_parameters(parts.keys()),
        _ => template_parameters(parts),
    }
}

/// A rule whose scalars are all texts: CloudFormation compares nothing else.
fn texts(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(texts).collect(),
        Value::Object(fields) => fields.iter().map(|(k, v)| (k.clone(), texts(v))).collect(),
        Value::String(_) | Value::Null => value.clone(),
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
    }
}

/// Whether parameters of a type of constraint mean the same.
pub fn same_parameters(kind: &str, one: &str, other: &str) -> bool {
    if let (Some(one), Some(other)) = (parts(kind, one), parts(kind, other)) {
        return one == other;
    }
    let stack_set = |text| {
        let value: Value = serde_json::from_str(text).ok()?;
        let properties = value.get("Properties")?;
        let list = |key: &str| properties.get(key).and_then(Value::as_array).cloned();
        let accounts: BTreeSet<String> = list("AccountList")?
            .iter()
            .filter_map(|account| account.as_str().map(str::to_owned))
            .collect();
        let role = |key: &str| {
            let role = properties.get(key).and_then(Value::as_str);
            role.unwrap_or_default().to_owned()
        };
        let roles = (role("AdminRole"), role("ExecutionRole"));
        Some((accounts, list("RegionList")?, roles))
    };
    match kind {
        STACKSET => match (stack_set(one), stack_set(other)) {
            (Some(one), Some(other)) => one == other,
            _ => same_json(one, other),
        },
        _ => same_json(one, other),
    }
}

/// Whether RESOURCE_UPDATE parameters allow tags to change.
pub fn allows_tag_updates(parameters: &str) -> bool {
    same_json(parameters, &tag_update_parameters(TagUpdates::Allowed))
}

/// Constraint parameters for people: what a manifest would say where it can say it, else the JSON.
pub fn constraint_text(kind: &str, parameters: &str) -> String {
    let value: Option<Value> = serde_json::from_str(parameters).ok();
    let find = |pointer: &str| value.as_ref().and_then(|value| value.pointer(pointer));
    let at = |pointer: &str| find(pointer).and_then(Value::as_str);
    let list = |pointer: &str| {
        let items = find(pointer)?.as_array()?.iter();
        let items: Option<Vec<&str>> = items.map(Value::as_str).collect();
        items.map(|items| items.join(", "))
    };
    let short = match kind {
        LAUNCH => at("/RoleArn")
            .map(|arn| format!("roleArn {arn}"))
            .or_else(|| at("/LocalRoleName").map(|name| format!("localRoleName {name}"))),
        RESOURCE_UPDATE => match at("/Properties/TagUpdateOnProvisionedProduct") {
            Some("ALLOWED") => Some("allowed".to_owned()),
            Some("NOT_ALLOWED") => Some("notAllowed".to_owned()),
            _ => None,
        },
        NOTIFICATION => list("/NotificationArns").map(|topics| format!("topics {topics}")),
        TEMPLATE => parts(TEMPLATE, parameters).map(|rules| {
            let rules = rules.iter().map(|(name, rule)| format!("{name} {rule}"));
            format!("rules {}", rules.collect::<Vec<_>>().join(", "))
        }),
        STACKSET => list("/Properties/AccountList")
            .zip(list("/Properties/RegionList"))
            .map(|(accounts, regions)| {
                format!(
                    "accounts {accounts}, regions {regions}, adminRole {}, executionRole {}",
                    at("/Properties/AdminRole").unwrap_or("(none)"),
                    at("/Properties/ExecutionRole").unwrap_or("(none)"),
                )
            }),
        _ => None,
    };
    short.unwrap_or_else(|| parameters.to_owned())
}

/// An IAM principal reduced to what its launch paths depend on: account, sort and name. An assumed role's session
/// does not show the role's path, so paths are left out (design §5).
fn reduced(arn: &str) -> Option<(&str, &str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (_, _, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (_, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    if service != "iam" {
        return None;
    }
    let (sort, name) = resource.split_once('/')?;
    Some((account, sort, name.rsplit('/').next().unwrap_or(name)))
}

/// Whether two ARNs name one principal, whatever path they show.
pub fn same_principal(one: &str, other: &str) -> bool {
    one == other || reduced(one).is_some_and(|one| Some(one) == reduced(other))
}

/// Whether a portfolio's principal lets the caller launch.
pub fn admits(principal: &LivePrincipal, caller: &str) -> bool {
    if !principal.pattern {
        return same_principal(&principal.arn, caller);
    }
    let (Some(pattern), Some((_, sort, name))) = (reduced(&principal.arn), reduced(caller)) else {
        return false;
    };
    pattern.1 == sort && wildcard(pattern.2.as_bytes(), name.as_bytes())
}

/// Whether a text matches a pattern of `*` and `?`. Linear in the product of their lengths at worst.
fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_compared_by_value() {
        assert!(same_json(r#"{"a":1, "b":2}"#, r#"{"b":2,"a":1}"#));
        assert!(!same_json(r#"{"a":1}"#, r#"{"a":2}"#));
        assert!(!same_json("not json", "nor this"));
        assert!(same_json("not json", "not json"));
    }

    #[test]
    fn constraints_that_mean_the_same_are_no_difference() {
        let same = |kind, one: &str, other: &str| same_parameters(kind, one, other);
        assert!(same(
            NOTIFICATION,
            r#"{"NotificationArns": ["b", "a"]}"#,
            r#"{"NotificationArns": ["a", "b"], "More": 1}"#
        ));
        assert!(same(
            TEMPLATE,
            r#"{"Rules": {"R": {"Assertions": [{"Assert": true}]}}}"#,
            r#"{"Rules": {"R": {"Assertions": [{"Assert": "true"}]}}}"#
        ));
        assert!(!same(
            TEMPLATE,
            r#"{"Rules": {"R": 1}}"#,
            r#"{"Rules": {"R": 2}}"#
        ));
        let set = |accounts: &str, regions: &str| {
            format!(
                r#"{{"Version": "1.0", "Properties": {{"AccountList": {accounts}, "RegionList": {regions}, "AdminRole": ""}}}}"#
            )
        };
        let one = set(r#"["1", "2"]"#, r#"["r", "s"]"#);
        assert!(same(
            STACKSET,
            &one,
            &set(r#"["2", "1"]"#, r#"["r", "s"]"#).replace("1.0", "2.0")
        ));
        let turned = set(r#"["1", "2"]"#, r#"["s", "r"]"#);
        assert!(!same(STACKSET, &one, &turned), "regions have an order");
        assert!(!same(STACKSET, &one, "{}"));
    }

    #[test]
    fn constraints_read_like_manifests() {
        let launch = launch_parameters(&Launch::LocalRoleName("R".to_owned()));
        assert_eq!(constraint_text(LAUNCH, &launch), "localRoleName R");
        let tags = tag_update_parameters(TagUpdates::Allowed);
        assert_eq!(constraint_text(RESOURCE_UPDATE, &tags), "allowed");
        assert!(allows_tag_updates(&tags));
        assert!(!allows_tag_updates(&tag_update_parameters(
            TagUpdates::NotAllowed
        )));
        assert_eq!(constraint_text(TEMPLATE, "{}"), "{}");
        let topics = [String::from("arn:a"), String::from("arn:b")];
        let topics = notification_parameters(&topics);
        assert_eq!(
            constraint_text(NOTIFICATION, &topics),
            "topics arn:a, arn:b"
        );
    }

    #[test]
    fn a_principal_admits_the_caller() {
        let caller = "arn:aws:iam::123456789012:role/Deploy";
        let admits = |arn: &str, pattern| {
            let arn = arn.to_owned();
            admits(&LivePrincipal { arn, pattern }, caller)
        };
        assert!(admits(caller, false));
        assert!(admits("arn:aws:iam::123456789012:role/ci/Deploy", false));
        assert!(!admits("arn:aws:iam::210987654321:role/Deploy", false));
        assert!(!admits("arn:aws:iam::123456789012:user/Deploy", false));
        assert!(admits("arn:aws:iam:::role/Dep*", true));
        assert!(admits("arn:aws:iam:::role/*/D?ploy", true));
        assert!(!admits("arn:aws:iam:::role/Dev*", true));
        assert!(!admits("arn:aws:iam:::role/Dep*", false));
    }
}
