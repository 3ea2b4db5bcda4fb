//! What a team's own rules say of a plan: a line a rule and what it is about, the refusals first.

use serde::Serialize;

use super::doc::{Entry, Mark, Row};
use super::page::Detail;
use super::safe::line;
use crate::plan::{Plan, Verdict};
use crate::rule::Effect;

/// Objects of one rule that are named; the rest is counted.
const NAMED: usize = 20;

/// The rules that have something to say, each with what it is about.
pub(super) fn entries(plan: &Plan, detail: Detail) -> Vec<Entry> {
    let groups = groups(plan).into_iter();
    let entries = groups.map(|group| {
        let mark = match group.effect {
            Effect::Deny => Mark::Refused,
            Effect::Warn => Mark::Note,
        };
        let rows =
            [&group.words, &group.about()].map(|text| Row::plain(&line(text, detail.message())));
        let head = format!("{} {}", group.effect.as_str(), group.rule);
        Entry::new(mark, &head, &group.origin, rows.into())
    });
    entries.collect()
}

/// How many objects, or plans, are refused and warned of: `2 denied by policy`, `1 policy warning`.
pub(super) fn counts(plan: &Plan) -> Vec<String> {
    let count = |effect| plan.verdicts.iter().filter(|v| v.effect == effect).count();
    let denied = match count(Effect::Deny) {
        0 => None,
        denied => Some(format!("{denied} denied by policy")),
    };
    let warned = match count(Effect::Warn) {
        0 => None,
        1 => Some("1 policy warning".to_owned()),
        warned => Some(format!("{warned} policy warnings")),
    };
    [denied, warned].into_iter().flatten().collect()
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
