//! A plan for machines: versioned, documented in `docs/plan-json.md`. Holds no secret value (promise 8).

use serde::Serialize;

use super::template_change;
use crate::plan::{Action, Change, ObjectPlan, Plan, Shown};

/// Grows in its second number when something is added, in its first when something changes its meaning or goes.
pub const FORMAT_VERSION: &str = "1.3";

/// The plan as one JSON document, with a line end.
pub fn plan(plan: &Plan) -> String {
    let document = Document {
        format_version: FORMAT_VERSION,
        target: Target {
            account: plan.identity.target.account.as_str(),
            region: plan.identity.target.region.as_str(),
            partition: &plan.identity.target.partition,
        },
        installation: plan.identity.installation.as_str(),
        digest: plan.digest.as_str(),
        has_changes: plan.has_changes(),
        objects: plan.objects.iter().map(object).collect(),
        calls: plan.steps.iter().map(call).collect(),
        orphans: plan.orphans.iter().map(orphan).collect(),
        left_out: plan.left_out.iter().map(left_out).collect(),
        gaps: plan.gaps.iter().map(gap).collect(),
    };
    // Nothing in the document can fail to be written: its keys are texts.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: &'static str,
    target: Target<'a>,
    installation: &'a str,
    digest: &'a str,
    has_changes: bool,
    objects: Vec<Object<'a>>,
    calls: Vec<Call>,
    orphans: Vec<Orphan<'a>>,
    left_out: Vec<LeftOut<'a>>,
    gaps: Vec<Gap<'a>>,
}

#[derive(Serialize)]
struct Target<'a> {
    account: &'a str,
    region: &'a str,
    partition: &'a str,
}

#[derive(Serialize)]
struct Object<'a> {
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    actions: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    changes: Vec<Field<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    template_changes: Vec<template_change::Document<'a>>,
    calls: Vec<usize>,
    blocked: Vec<Blocked<'a>>,
    waiting: Vec<Waiting<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stalled: Option<Stalled<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Field<'a> {
    field: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sensitive: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    after_unknown: bool,
    reason: &'static str,
}

#[derive(Serialize)]
struct Blocked<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    detail: &'a [String],
}

#[derive(Serialize)]
struct Waiting<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<String>,
    message: &'a str,
}

#[derive(Serialize)]
struct Stalled<'a> {
    reason: &'a str,
    advice: &'a str,
}

#[derive(Serialize)]
struct Call {
    id: usize,
    call: &'static str,
    object: String,
    needs: Vec<usize>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    housekeeping: bool,
}

#[derive(Serialize)]
struct Orphan<'a> {
    kind: &'static str,
    name: &'a str,
    id: &'a str,
    display_name: &'a str,
}

#[derive(Serialize)]
struct LeftOut<'a> {
    kind: &'static str,
    name: &'a str,
    differs: bool,
}

#[derive(Serialize)]
struct Gap<'a> {
    scope: String,
    operation: &'a str,
    reason: &'a str,
    denied: bool,
}

fn object(object: &ObjectPlan) -> Object<'_> {
    let ObjectPlan {
        key,
        id,
        action,
        reason,
        changes,
        templates: _,
        steps,
        blocked,
        waiting,
        stalled,
        notes,
    } = object;
    Object {
        kind: key.kind.as_str(),
        name: key.name.as_str(),
        id: id.as_deref(),
        actions: match action {
            Action::None => &["no-op"],
            Action::Create => &["create"],
            Action::Update => &["update"],
            Action::Replace => &["delete", "create"],
            Action::Import => &["import"],
            Action::Adopt => &["adopt"],
            Action::Delete => &["delete"],
            Action::Release => &["release"],
        },
        reason: reason.map(crate::plan::Reason::as_str),
        changes: changes.iter().map(field).collect(),
        template_changes: template_change::json(object),
        calls: steps.iter().map(|id| id.0).collect(),
        blocked: blocked
            .iter()
            .map(|b| Blocked {
                code: b.code.as_str(),
                message: &b.message,
                detail: &b.detail,
            })
            .collect(),
        waiting: waiting
            .iter()
            .map(|w| Waiting {
                on: w.on.as_ref().map(ToString::to_string),
                message: &w.message,
            })
            .collect(),
        stalled: stalled.as_ref().map(|s| Stalled {
            reason: &s.reason,
            advice: &s.advice,
        }),
        notes,
    }
}

fn field(change: &Change) -> Field<'_> {
    fn text(value: &Shown) -> Option<&str> {
        match value {
            Shown::Text(text) => Some(text),
            Shown::Absent | Shown::Secret | Shown::Later => None,
        }
    }
    Field {
        field: &change.field,
        before: text(&change.before),
        after: text(&change.after),
        sensitive: [&change.before, &change.after].contains(&&Shown::Secret),
        after_unknown: change.after == Shown::Later,
        reason: change.reason.as_str(),
    }
}

fn call(step: &crate::plan::op::Step) -> Call {
    Call {
        id: step.id.0,
        call: step.op.call(),
        object: step.object.to_string(),
        needs: step.needs.iter().map(|id| id.0).collect(),
        housekeeping: step.op.is_housekeeping(),
    }
}

fn orphan(orphan: &crate::plan::Orphan) -> Orphan<'_> {
    Orphan {
        kind: orphan.key.kind.as_str(),
        name: orphan.key.name.as_str(),
        id: &orphan.id,
        display_name: &orphan.display_name,
    }
}

fn left_out(left: &crate::plan::LeftOut) -> LeftOut<'_> {
    let crate::plan::LeftOut { key, differs } = left;
    LeftOut {
        kind: key.kind.as_str(),
        name: key.name.as_str(),
        differs: *differs,
    }
}

fn gap(gap: &crate::model::observed::Gap) -> Gap<'_> {
    Gap {
        scope: crate::plan::scope_text(&gap.scope),
        operation: &gap.operation,
        reason: &gap.reason,
        denied: gap.denied,
    }
}
