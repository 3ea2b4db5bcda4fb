//! A policy as IAM takes it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Characters of a managed policy, blanks not counted (IAM's published quota).
pub const MOST_CHARACTERS: usize = 6_144;

/// What is allowed, on what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// In the order in which they are printed.
    pub statements: Vec<Statement>,
}

/// One of its statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it is for.
    pub sid: &'static str,
    /// What may be done.
    pub actions: BTreeSet<&'static str>,
    /// On what.
    pub resources: BTreeSet<String>,
    /// The service to which alone a role may be handed.
    pub passed_to: Option<&'static str>,
}

impl Policy {
    /// Whether it lets the action be done on the resource.
    pub fn allows(&self, action: &str, resource: &str) -> bool {
        self.statements.iter().any(|statement| {
            let mut resources = statement.resources.iter();
            statement.actions.contains(action)
                && resources.any(|pattern| matches(pattern.as_bytes(), resource.as_bytes()))
        })
    }

    /// It in parts of which each fits into a managed policy.
    pub fn parts(&self) -> Vec<Value> {
        let mut parts: Vec<Policy> = Vec::new();
        for statement in self.statements.iter().flat_map(Statement::fitting) {
            let fits = parts.last().is_some_and(|part| {
                let mut with = part.clone();
                with.statements.push(statement.clone());
                size(&with.document()) <= MOST_CHARACTERS
            });
            match parts.last_mut() {
                Some(part) if fits => part.statements.push(statement),
                _ => parts.push(Policy {
                    statements: vec![statement],
                }),
            }
        }
        parts.iter().map(Policy::document).collect()
    }

    /// All of it, whatever its size.
    pub fn document(&self) -> Value {
        let statements = self.statements.iter().map(Statement::json);
        json!({ "Version": "2012-10-17", "Statement": statements.collect::<Vec<_>>() })
    }
}

/// Characters as IAM counts them.
pub(super) fn size(document: &Value) -> usize {
    document
        .to_string()
        .chars()
        .filter(|c| !c.is_whitespace())
        .count()
}

impl Statement {
    /// It, or where it is too large for a policy by itself several that each have some of its resources.
    fn fitting(&self) -> Vec<Statement> {
        let alone = Policy {
            statements: vec![self.clone()],
        };
        if size(&alone.document()) <= MOST_CHARACTERS || self.resources.len() < 2 {
            return vec![self.clone()];
        }
        let half = self.resources.len() / 2;
        let halves = [
            self.resources.iter().take(half).cloned().collect(),
            self.resources.iter().skip(half).cloned().collect(),
        ];
        let halves = halves.into_iter().map(|resources| Statement {
            resources,
            ..self.clone()
        });
        halves.flat_map(|half| half.fitting()).collect()
    }

    fn json(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("Sid".to_owned(), json!(self.sid));
        fields.insert("Effect".to_owned(), json!("Allow"));
        fields.insert("Action".to_owned(), one_or_all(self.actions.iter()));
        fields.insert("Resource".to_owned(), one_or_all(self.resources.iter()));
        if let Some(service) = self.passed_to {
            let condition = json!({ "StringEquals": { "iam:PassedToService": service } });
            fields.insert("Condition".to_owned(), condition);
        }
        Value::Object(fields)
    }
}

fn one_or_all(items: impl ExactSizeIterator<Item = impl serde::Serialize>) -> Value {
    let mut all: Vec<Value> = items.map(|item| json!(item)).collect();
    match all.len() {
        1 => all.remove(0),
        _ => Value::Array(all),
    }
}

/// As IAM matches resources: `*` is any text, `?` any character.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            (0..=text.len()).any(|skip| matches(rest, text.get(skip..).unwrap_or_default()))
        }
        (Some((b'?', rest)), Some((_, after))) => matches(rest, after),
        (Some((wanted, rest)), Some((found, after))) => wanted == found && matches(rest, after),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// Statements while they are gathered, by what they are for.
#[derive(Debug, Default)]
pub(super) struct Gathered(BTreeMap<usize, Statement>);

impl Gathered {
    /// Lets an action be done; the number is the statement's place.
    pub(super) fn allow(
        &mut self,
        place: usize,
        sid: &'static str,
        action: &'static str,
        resources: &BTreeSet<String>,
        passed_to: Option<&'static str>,
    ) {
        if resources.is_empty() {
            return;
        }
        let statement = self.0.entry(place).or_insert_with(|| Statement {
            sid,
            actions: BTreeSet::new(),
            resources: resources.clone(),
            passed_to,
        });
        statement.actions.insert(action);
    }

    pub(super) fn policy(self) -> Policy {
        Policy {
            statements: self.0.into_values().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_matched_as_iam_does() {
        let fits = |pattern: &str, text: &str| matches(pattern.as_bytes(), text.as_bytes());
        assert!(fits(
            "arn:aws:s3:::catalogd-*/*",
            "arn:aws:s3:::catalogd-1-x/a/b"
        ));
        assert!(!fits(
            "arn:aws:s3:::catalogd-*/*",
            "arn:aws:s3:::catalogd-1-x"
        ));
        assert!(fits("a?c", "abc"));
        assert!(!fits("a?c", "ac"));
        assert!(!fits("abc", "abcd"));
    }

    /// What is too large for one managed policy is so many, of which none is too large and none of its parts is lost.
    #[test]
    fn what_is_too_large_becomes_several() {
        let resources: BTreeSet<String> = (0..400)
            .map(|number| format!("arn:aws:ssm:us-east-1:123456789012:parameter/golden/{number}"))
            .collect();
        let policy = Policy {
            statements: vec![
                Statement {
                    sid: "Parameters",
                    actions: BTreeSet::from(["ssm:GetParameters"]),
                    resources: resources.clone(),
                    passed_to: None,
                },
                Statement {
                    sid: "WhoAmI",
                    actions: BTreeSet::from(["sts:GetCallerIdentity"]),
                    resources: BTreeSet::from(["*".to_owned()]),
                    passed_to: None,
                },
            ],
        };
        let parts = policy.parts();
        assert!(parts.len() > 3, "{}", parts.len());
        let mut found = BTreeSet::new();
        for part in &parts {
            assert!(size(part) <= MOST_CHARACTERS);
            for statement in part["Statement"].as_array().into_iter().flatten() {
                let all = statement["Resource"].as_array().cloned();
                let all = all.unwrap_or_else(|| vec![statement["Resource"].clone()]);
                found.extend(all.iter().filter_map(|r| r.as_str().map(str::to_owned)));
            }
        }
        assert!(found.is_superset(&resources));
        assert!(found.contains("*"));
        assert_eq!(policy.statements.len(), 2);
    }
}
