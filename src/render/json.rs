//! A plan for machines: versioned, documented in `docs/plan-json.md`, with a schema in `docs/plan.schema.json`. Holds no
//! secret value (promise 8).

use jiff::Timestamp;
use serde::Serialize;

use super::page::Page;
use super::{advice, summary, template_change};
use crate::ids::{Revision, Target};
use crate::manifest::{Finding, Severity};
use crate::model::owner::Identity;
use crate::plan::{Action, Change, ObjectPlan, Plan, Shown};

/// Grows in its second number when something is added, in its first when something changes its meaning or goes.
pub const FORMAT_VERSION: &str = "2.0";

/// The plan as one JSON document, with a line end.
pub fn plan(plan: &Plan) -> String {
    page(&Page::of(plan))
}

/// The plan with all that is known besides as one JSON document, with a line end.
pub fn page(page: &Page<'_>) -> String {
    pretty(&Document::of(page))
}

/// The document of a source from which no plan was made, because its manifests have errors.
pub fn refused(
    identity: &Identity,
    revision: &Revision,
    findings: &[Finding],
    now: Timestamp,
) -> String {
    pretty(&Document {
        errored: true,
        ..Document::about(identity, Some(revision), findings, now)
    })
}

fn pretty(document: &Document<'_>) -> String {
    // Nothing in the document can fail to be written: its keys are texts.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'a> {
    format_version: &'static str,
    tool: Tool,
    time: String,
    installation: &'a str,
    target: Place<'a>,
    revision: Option<Source<'a>>,
    digest: Option<&'a str>,
    errored: bool,
    errors: Vec<Error<'a>>,
    notices: Vec<String>,
    has_changes: bool,
    has_drift: bool,
    is_blocked: bool,
    is_waiting: bool,
    summary: Option<String>,
    objects: Vec<Object<'a>>,
    calls: Vec<Call>,
    orphans: Vec<Orphan<'a>>,
    left_out: Vec<LeftOut<'a>>,
    gaps: Vec<Gap<'a>>,
    policy: Vec<super::policy::Json<'a>>,
    estimate: Option<Estimate>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tool {
    name: &'static str,
    version: &'static str,
}

impl Tool {
    /// This program.
    pub(super) const SELF: Self = Self {
        name: "catalogd",
        version: env!("CARGO_PKG_VERSION"),
    };
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    account: &'a str,
    region: &'a str,
    partition: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Source<'a> {
    id: String,
    commit: Option<&'a str>,
    dirty: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Error<'a> {
    code: &'static str,
    message: &'a str,
    file: &'a str,
    line: u32,
    column: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    actions: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    drifted: bool,
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
#[serde(rename_all = "camelCase")]
struct Field<'a> {
    field: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    before_sensitive: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    after_sensitive: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    after_unknown: bool,
    reason: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Blocked<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    detail: &'a [String],
    next: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Waiting<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<String>,
    message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stalled<'a> {
    reason: &'a str,
    advice: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    id: usize,
    call: &'static str,
    object: String,
    needs: Vec<usize>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    housekeeping: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Orphan<'a> {
    kind: &'static str,
    name: &'a str,
    id: &'a str,
    display_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LeftOut<'a> {
    kind: &'static str,
    name: &'a str,
    differs: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Gap<'a> {
    scope: String,
    operation: &'a str,
    reason: &'a str,
    denied: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Estimate {
    reads: Option<u64>,
    writes: u64,
    launches: u64,
    seconds: Option<u64>,
    reads_per_second: Option<u32>,
    writes_per_second: Option<u32>,
}

impl<'a> Document<'a> {
    /// Of a plan.
    pub(super) fn of(page: &'a Page<'a>) -> Self {
        let Page {
            plan,
            revision,
            reads: _,
            rates: _,
            findings,
            notices: _,
        } = page;
        Self {
            digest: Some(plan.digest.as_str()),
            notices: page.notices(),
            has_changes: plan.has_changes(),
            has_drift: plan.objects.iter().any(ObjectPlan::is_drift),
            is_blocked: plan.is_blocked(),
            is_waiting: plan.is_waiting(),
            summary: Some(summary::line(plan)),
            objects: plan.objects.iter().map(object).collect(),
            calls: plan.steps.iter().map(call).collect(),
            orphans: plan.orphans.iter().map(orphan).collect(),
            left_out: plan.left_out.iter().map(left_out).collect(),
            gaps: plan.gaps.iter().map(gap).collect(),
            policy: super::policy::json(plan),
            estimate: Some(estimate(page)),
            ..Self::about(&plan.identity, *revision, findings, plan.made)
        }
    }

    /// Of no plan.
    fn about(
        identity: &'a Identity,
        revision: Option<&'a Revision>,
        findings: &'a [Finding],
        now: Timestamp,
    ) -> Self {
        let errors = findings.iter();
        let errors = errors.filter(|finding| finding.severity == Severity::Error);
        Self {
            format_version: FORMAT_VERSION,
            tool: Tool::SELF,
            time: now.to_string(),
            installation: identity.installation.as_str(),
            target: place(&identity.target),
            revision: revision.map(source),
            digest: None,
            errored: false,
            errors: errors.map(error).collect(),
            notices: Vec::new(),
            has_changes: false,
            has_drift: false,
            is_blocked: false,
            is_waiting: false,
            summary: None,
            objects: Vec::new(),
            calls: Vec::new(),
            orphans: Vec::new(),
            left_out: Vec::new(),
            gaps: Vec::new(),
            policy: Vec::new(),
            estimate: None,
        }
    }
}

fn place(target: &Target) -> Place<'_> {
    let Target {
        account,
        region,
        partition,
    } = target;
    Place {
        account: account.as_str(),
        region: region.as_str(),
        partition,
    }
}

fn source(revision: &Revision) -> Source<'_> {
    Source {
        id: revision.full(),
        commit: revision.commit(),
        dirty: revision.is_edited(),
    }
}

fn error(finding: &Finding) -> Error<'_> {
    Error {
        code: finding.code.as_str(),
        message: &finding.message,
        file: &finding.origin.file,
        line: finding.origin.line,
        column: finding.origin.column,
        hint: finding.hint.as_deref(),
        object: finding.object.as_ref().map(ToString::to_string),
    }
}

fn estimate(page: &Page<'_>) -> Estimate {
    let super::Estimate {
        reads,
        writes,
        launches,
        seconds,
        rates,
    } = page.estimate();
    Estimate {
        reads,
        writes,
        launches,
        seconds,
        reads_per_second: rates.map(|rates| rates.reads),
        writes_per_second: rates.map(|rates| rates.writes),
    }
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
        drifted: object.is_drift(),
        changes: changes.iter().map(field).collect(),
        template_changes: template_change::json(object),
        calls: steps.iter().map(|id| id.0).collect(),
        blocked: blocked
            .iter()
            .map(|b| Blocked {
                code: b.code.as_str(),
                message: &b.message,
                detail: &b.detail,
                next: advice::next(b.code),
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
        before_sensitive: change.before == Shown::Secret,
        after_sensitive: change.after == Shown::Secret,
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
