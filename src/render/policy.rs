//! What a team's own rules say of a plan: a line a rule and what it is about, the refusals first.

use std::fmt::Write as _;

use serde::Serialize;

use super::safe::{MESSAGE, line};
use super::text::{Paint, Style};
use crate::plan::{Plan, Verdict};
use crate::rule::Effect;

/// Objects of one rule that are named; the rest is counted.
const NAMED: usize = 20;

/// The rules that have something to say, as text; empty where none has.
pub fn text(plan: &Plan, style: Style) -> String {
    let mut out = String::new();
    for group in groups(plan) {
        if out.is_empty() {
            out.push_str("Policy:\n");
        }
        let (sign, paint) = match group.effect {
            Effect::Deny => ("!", Paint::Red),
            Effect::Warn => ("·", Paint::Yellow),
        };
        let word = style.paint(paint, &format!("{sign} {}", group.effect.as_str()));
        let _ = writeln!(
            out,
            "      {word} {}: {}",
            group.rule,
            line(&group.words, MESSAGE)
        );
        let _ = writeln!(
            out,
            "        {}  ({})",
            line(&group.about(), MESSAGE),
            group.origin
        );
    }
    out
}

/// The same as items of a markdown list, each one line; `safe` makes a text harmless there.
pub fn items(plan: &Plan, safe: impl Fn(&str) -> String) -> Vec<String> {
    let groups = groups(plan).into_iter();
    groups
        .map(|group| {
            format!(
                "**{}** {}: {} ({}; {})",
                group.effect.as_str(),
                safe(&group.rule),
                safe(&group.words),
                safe(&group.about()),
                safe(&group.origin),
            )
        })
        .collect()
}

/// How many objects, or plans, are refused and warned of: `2 denied by policy, 1 warning`; empty where none is.
pub fn counts(plan: &Plan) -> String {
    let count = |effect| plan.verdicts.iter().filter(|v| v.effect == effect).count();
    let mut parts = Vec::new();
    match count(Effect::Deny) {
        0 => {}
        denied => parts.push(format!("{denied} denied by policy")),
    }
    match count(Effect::Warn) {
        0 => {}
        1 => parts.push("1 policy warning".to_owned()),
        warned => parts.push(format!("{warned} policy warnings")),
    }
    parts.join(", ")
}

/// What one rule says in the same words, and of what.
struct Group {
    rule: String,
    effect: Effect,
    words: String,
    origin: String,
    objects: Vec<String>,
}

impl Group {
    fn about(&self) -> String {
        let named = self.objects.iter().take(NAMED).cloned().collect::<Vec<_>>();
        match self.objects.len().saturating_sub(NAMED) {
            0 => named.join(", "),
            more => format!("{} and {more} more", named.join(", ")),
        }
    }
}

fn groups(plan: &Plan) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for effect in [Effect::Deny, Effect::Warn] {
        for verdict in plan.verdicts.iter().filter(|v| v.effect == effect) {
            let words = verdict.words();
            let about = match &verdict.object {
                Some(key) => key.to_string(),
                None => "the whole plan".to_owned(),
            };
            let own = groups.iter_mut().rev();
            let mut own = own.take_while(|g| g.rule == verdict.rule);
            match own.find(|g| g.words == words) {
                Some(group) => group.objects.push(about),
                None => groups.push(Group {
                    rule: verdict.rule.clone(),
                    effect,
                    words,
                    origin: verdict.origin.to_string(),
                    objects: vec![about],
                }),
            }
        }
    }
    groups
}

/// One verdict as JSON: docs/plan-json.md is the contract.
#[derive(Debug, Serialize)]
pub(super) struct Json<'a> {
    rule: &'a str,
    effect: &'static str,
    /// Absent where it is about the whole plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<&'a str>,
    file: &'a str,
    line: u32,
    column: u32,
}

pub(super) fn json(plan: &Plan) -> Vec<Json<'_>> {
    let verdicts = plan.verdicts.iter().map(|verdict| {
        let Verdict {
            rule,
            origin,
            effect,
            object,
            message,
            trouble,
        } = verdict;
        Json {
            rule,
            effect: effect.as_str(),
            object: object.as_ref().map(ToString::to_string),
            message,
            trouble: trouble.as_deref(),
            file: &origin.file,
            line: origin.line,
            column: origin.column,
        }
    });
    verdicts.collect()
}
