//! The constraints of a product in a portfolio, as a manifest says them. What it can't say exactly is not said at all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::literal;
use super::yaml::{Fields, Item, Yaml};
use crate::diff::association::{KINDS, parameters};
use crate::diff::normalise::{
    LAUNCH, NOTIFICATION, RESOURCE_UPDATE, STACKSET, TEMPLATE, parts, same_parameters, whole,
};
use crate::model::desired::{Constraints, Launch, StackSet, TagUpdates};
use crate::model::observed::{LiveConstraint, ReadyStatus};

/// The map `constraints`, `None` where there are none; or why it can't be said.
pub(super) fn constraints(live: &[&LiveConstraint]) -> Result<Option<Yaml>, String> {
    let mut read = Constraints::default();
    for kind in KINDS {
        let of_kind = live.iter().copied().filter(|c| c.kind == kind);
        let of_kind: Vec<&LiveConstraint> = of_kind.collect();
        if let Some(unready) = of_kind.iter().find(|c| c.status != ReadyStatus::Available) {
            return Err(format!(
                "its {kind} constraint {} is not usable ({:?})",
                unready.id, unready.status
            ));
        }
        let Some(first) = of_kind.first() else {
            continue;
        };
        let together = match kind {
            NOTIFICATION | TEMPLATE => joined(kind, &of_kind),
            _ if of_kind.len() > 1 => None,
            _ => Some(first.parameters.clone()),
        };
        let said = together.filter(|all| {
            take(&mut read, kind, all).is_some()
                && parameters(kind, &read).is_some_and(|said| same_parameters(kind, &said, all))
        });
        if said.is_none() {
            let all: Vec<&str> = of_kind.iter().map(|c| c.parameters.as_str()).collect();
            return Err(format!(
                "a manifest can't say its {kind} constraint: {}",
                all.join(", ")
            ));
        }
    }
    if read.launch.is_some() && read.stack_set.is_some() {
        return Err(
            "it has a LAUNCH and a STACKSET constraint, which exclude each other".to_owned(),
        );
    }
    Ok(written(&read))
}

/// What several constraints of a type say together; `None` where two say different things of one rule.
fn joined(kind: &str, live: &[&LiveConstraint]) -> Option<String> {
    let mut all: BTreeMap<String, Value> = BTreeMap::new();
    for constraint in live {
        for (name, part) in parts(kind, &constraint.parameters)? {
            if all.get(&name).is_some_and(|known| *known != part) {
                return None;
            }
            all.insert(name, part);
        }
    }
    (!all.is_empty()).then(|| whole(kind, &all))
}

/// Reads the parameters of a type into its field.
fn take(read: &mut Constraints, kind: &str, json: &str) -> Option<()> {
    let value: Value = serde_json::from_str(json).ok()?;
    let text = |value: &Value, key: &str| value.get(key)?.as_str().map(str::to_owned);
    let texts = |value: &Value, key: &str| -> Option<Vec<String>> {
        let items = value.get(key)?.as_array()?.iter();
        items.map(|item| item.as_str().map(str::to_owned)).collect()
    };
    match kind {
        LAUNCH => {
            let arn = text(&value, "RoleArn").map(Launch::RoleArn);
            let name = text(&value, "LocalRoleName").map(Launch::LocalRoleName);
            read.launch = Some(arn.or(name)?);
        }
        RESOURCE_UPDATE => {
            let properties = value.get("Properties")?;
            read.tag_updates = match text(properties, "TagUpdateOnProvisionedProduct")?.as_str() {
                "ALLOWED" => Some(TagUpdates::Allowed),
                "NOT_ALLOWED" => Some(TagUpdates::NotAllowed),
                _ => return None,
            };
        }
        NOTIFICATION => {
            let topics: BTreeSet<String> = texts(&value, "NotificationArns")?.into_iter().collect();
            read.notification = Some(topics);
        }
        TEMPLATE => {
            let rules = value.get("Rules")?.as_object()?;
            if rules.values().any(has_null) {
                return None;
            }
            read.template = Some(rules.iter().map(|(k, v)| (k.clone(), v.clone())).collect());
        }
        STACKSET => {
            let properties = value.get("Properties")?;
            read.stack_set = Some(StackSet {
                accounts: texts(properties, "AccountList")?.into_iter().collect(),
                regions: texts(properties, "RegionList")?,
                admin_role: text(properties, "AdminRole")?,
                execution_role: text(properties, "ExecutionRole")?,
            });
        }
        _ => return None,
    }
    Some(())
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(fields) => fields.values().any(has_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn written(read: &Constraints) -> Option<Yaml> {
    let Constraints {
        launch,
        tag_updates,
        notification,
        template,
        stack_set,
    } = read;
    let mut all = Fields::default();
    if let Some(launch) = launch {
        let mut fields = Fields::default();
        match launch {
            Launch::RoleArn(arn) => fields.required("roleArn", Yaml::Text(literal(arn))),
            Launch::LocalRoleName(name) => fields.required("localRoleName", Yaml::text(name)),
        }
        all.part("launch", fields);
    }
    if let Some(updates) = tag_updates {
        let word = match updates {
            TagUpdates::Allowed => "allowed",
            TagUpdates::NotAllowed => "notAllowed",
        };
        all.required("tagUpdates", Yaml::text(word));
    }
    if let Some(topics) = notification {
        let mut fields = Fields::default();
        let topics = topics.iter().map(|topic| literal(topic));
        fields.required("topics", Yaml::texts(topics));
        all.part("notification", fields);
    }
    if let Some(rules) = template {
        let mut fields = Fields::default();
        let mut map = Fields::default();
        for (name, rule) in rules {
            map.required(name, json(rule));
        }
        fields.required("rules", Yaml::Map(map.done().0));
        all.part("template", fields);
    }
    if let Some(set) = stack_set {
        let StackSet {
            accounts,
            regions,
            admin_role,
            execution_role,
        } = set;
        let mut fields = Fields::default();
        fields.required("accounts", Yaml::texts(accounts));
        fields.required("regions", Yaml::texts(regions));
        fields.required("adminRole", Yaml::Text(literal(admin_role)));
        fields.required("executionRole", Yaml::text(execution_role));
        all.part("stackSet", fields);
    }
    all.map()
}

impl Fields {
    /// A map of its own fields.
    fn part(&mut self, key: &str, fields: Fields) {
        self.required(key, Yaml::Map(fields.done().0));
    }
}

/// A rule: its scalars are sent as the texts that they are written as, and nothing is substituted.
fn json(value: &Value) -> Yaml {
    match value {
        Value::String(text) => Yaml::Scalar(text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) => Yaml::Scalar(value.to_string()),
        Value::Array(items) => {
            let items = items.iter().map(|item| Item::from(json(item)));
            Yaml::List(items.collect())
        }
        Value::Object(entries) => {
            let mut fields = Fields::default();
            for (key, value) in entries {
                fields.required(key, json(value));
            }
            Yaml::Map(fields.done().0)
        }
    }
}
