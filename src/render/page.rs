//! What is shown of a plan, section by section. A section is one function of [`SECTIONS`]; text and markdown dress what
//! these say, `json` has the same for machines.

use std::collections::BTreeMap;

use super::changes;
use super::doc::{Doc, Entry, Mark, Row, Section, Sign, count};
use super::estimate::{Estimate, Rates};
use super::left_out::left_out;
use super::safe::{MESSAGE, VALUE, harmless, line};
use super::{advice, fold, policy, summary};
use crate::ids::Revision;
use crate::manifest::{Finding, Severity};
use crate::plan::{Action, BlockedCode, ObjectPlan, Plan, Reason, scope_text};

/// A plan, and what is known besides.
#[derive(Debug, Clone)]
pub struct Page<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What the manifests were read from.
    pub revision: Option<&'a Revision>,
    /// Reads that the plan took.
    pub reads: Option<u64>,
    /// How fast calls go out; `None` where nothing holds them back.
    pub rates: Option<Rates>,
    /// What is wrong with the manifests; a plan is made all the same where that was asked for.
    pub findings: &'a [Finding],
    /// What must be known before anything else, e.g. that only a part was planned.
    pub notices: Vec<String>,
}

impl<'a> Page<'a> {
    /// Of a plan of which nothing more is known.
    pub fn of(plan: &'a Plan) -> Self {
        Self {
            plan,
            revision: None,
            reads: None,
            rates: None,
            findings: &[],
            notices: Vec::new(),
        }
    }

    /// What must be known first, that it is a plan for a part among it.
    pub fn notices(&self) -> Vec<String> {
        let left_out = left_out(self.plan).into_iter();
        left_out.chain(self.notices.iter().cloned()).collect()
    }

    /// Calls and time.
    pub fn estimate(&self) -> Estimate {
        Estimate::of(self.plan, self.reads, self.rates)
    }
}

/// How much is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Detail {
    /// All of it: nothing is folded or cut.
    pub(super) verbose: bool,
}

impl Detail {
    /// Characters of a value on one line.
    pub(super) fn value(self) -> usize {
        if self.verbose { usize::MAX } else { VALUE }
    }

    /// Characters of a message.
    pub(super) fn message(self) -> usize {
        if self.verbose { usize::MAX } else { MESSAGE }
    }
}

type Build = fn(&Page<'_>, Detail) -> Option<Section>;

/// The sections, in the order in which they are read. A new one is one more function here.
const SECTIONS: &[Build] = &[
    drift, changed, waiting, noted, policy, stalled, blocked, orphaned, unread, findings,
];

/// The whole page.
pub(super) fn doc(page: &Page<'_>, detail: Detail) -> Doc {
    let sections = SECTIONS.iter().filter_map(|build| build(page, detail));
    Doc {
        notices: page.notices().iter().map(|text| harmless(text)).collect(),
        sections: sections.collect(),
        costs: page.estimate().words(),
        summary: summary::line(page.plan),
    }
}

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Drift,
    Changed,
    Waiting,
    Noted,
    Stalled,
    Blocked,
    Nowhere,
}

fn place(object: &ObjectPlan) -> Place {
    match object.action {
        Action::None if object.stalled.is_some() => Place::Stalled,
        Action::None if !object.blocked.is_empty() => Place::Blocked,
        Action::None if !object.waiting.is_empty() => Place::Waiting,
        Action::None if !object.notes.is_empty() => Place::Noted,
        Action::None => Place::Nowhere,
        _ if object.is_drift() => Place::Drift,
        _ => Place::Changed,
    }
}

/// The objects of one place as a section; `None` where there are none.
fn objects(
    page: &Page<'_>,
    detail: Detail,
    of: Place,
    title: &'static str,
    hint: &'static str,
) -> Option<Section> {
    let objects = page
        .plan
        .objects
        .iter()
        .filter(|object| place(object) == of);
    let entries = objects.map(|object| entry(object, detail)).collect();
    section(title, "object", hint, entries, detail)
}

fn section(
    title: &'static str,
    noun: &'static str,
    hint: &'static str,
    entries: Vec<Entry>,
    detail: Detail,
) -> Option<Section> {
    (!entries.is_empty()).then(|| Section {
        title,
        count: count(entries.len(), noun),
        hint,
        entries: fold::entries(entries, detail),
        advice: Vec::new(),
    })
}

fn drift(page: &Page<'_>, detail: Detail) -> Option<Section> {
    let hint = "changed in the catalog, not only in git; applying makes it as git says";
    objects(page, detail, Place::Drift, "Drift", hint)
}

fn changed(page: &Page<'_>, detail: Detail) -> Option<Section> {
    objects(page, detail, Place::Changed, CHANGES, "as git says")
}

/// The section that needs no title where there is no other.
pub(super) const CHANGES: &str = "Changes";

fn waiting(page: &Page<'_>, detail: Detail) -> Option<Section> {
    let hint = "planned in a following pass, which apply makes by itself";
    objects(page, detail, Place::Waiting, "Waiting", hint)
}

fn noted(page: &Page<'_>, detail: Detail) -> Option<Section> {
    objects(page, detail, Place::Noted, "Notes", "nothing is done")
}

fn stalled(page: &Page<'_>, detail: Detail) -> Option<Section> {
    let hint = "the same request failed before, and is not repeated until somebody acts";
    objects(page, detail, Place::Stalled, "Stalled", hint)
}

fn entry(object: &ObjectPlan, detail: Detail) -> Entry {
    let mut rows = changes::rows(object, detail);
    if let Some(stalled) = &object.stalled {
        let reason = line(&stalled.reason, detail.message());
        let advice = line(&stalled.advice, detail.message());
        let mut row = Row::new(Sign::Refused, &format!("stalled: {reason}"));
        row.like = "stalled".to_owned();
        rows.push(row);
        rows.push(Row::plain(&format!("next: {advice}")));
    }
    rows.extend(waits(object, detail));
    if !object.blocked.is_empty() {
        let codes: std::collections::BTreeSet<_> =
            object.blocked.iter().map(|b| b.code.as_str()).collect();
        let codes: Vec<&str> = codes.into_iter().collect();
        let text = format!("blocked in part, see below: {}", codes.join(", "));
        let mut row = Row::new(Sign::Refused, &text);
        row.like = text;
        rows.push(row);
    }
    rows.extend(notes(object, detail));
    Entry::new(mark(object), &object.key.to_string(), &why(object), rows)
}

fn waits(object: &ObjectPlan, detail: Detail) -> impl Iterator<Item = Row> {
    object.waiting.iter().map(move |waiting| {
        let mut row = Row::new(Sign::Waits, &line(&waiting.message, detail.message()));
        row.like = "waiting".to_owned();
        row.noun = "reasons";
        row
    })
}

fn notes(object: &ObjectPlan, detail: Detail) -> impl Iterator<Item = Row> {
    object.notes.iter().map(move |note| {
        let mut row = Row::plain(&format!("note: {}", line(note, detail.message())));
        row.like.clone_from(note);
        row
    })
}

fn mark(object: &ObjectPlan) -> Mark {
    match object.action {
        Action::Create => Mark::Create,
        Action::Update => Mark::Update,
        Action::Replace => Mark::Replace,
        Action::Import | Action::Adopt => Mark::TakeOver,
        Action::Delete => Mark::Delete,
        Action::Release => Mark::Release,
        Action::None if object.stalled.is_some() || !object.blocked.is_empty() => Mark::Refused,
        Action::None if !object.waiting.is_empty() => Mark::Waits,
        Action::None => Mark::Note,
    }
}

fn why(object: &ObjectPlan) -> String {
    let why = match (object.action, object.reason) {
        (Action::Create, Some(Reason::Drifted)) => "removed from the catalog by somebody",
        (Action::Create, Some(Reason::GitChanged)) => "new in git",
        (Action::Create, _) => "not in the catalog",
        (Action::Replace, _) => "its launch failed; terminated and launched again",
        (Action::Import, _) => "imported from its stack",
        (Action::Adopt, _) => "taken over: nobody owned it",
        (Action::Delete, _) => "removed from git; deleted",
        (Action::Release, _) => "removed from git; let go of",
        (Action::Update, reason) => reason.map_or("", changes::words),
        (Action::None, _) if object.stalled.is_some() => "stalled",
        (Action::None, _) if !object.blocked.is_empty() => "blocked",
        (Action::None, _) if !object.waiting.is_empty() => return waits_for(object),
        (Action::None, _) => "",
    };
    why.to_owned()
}

/// `waits for provisioned-product/hub`, or only that it waits.
fn waits_for(object: &ObjectPlan) -> String {
    let on: std::collections::BTreeSet<String> = object
        .waiting
        .iter()
        .filter_map(|waiting| waiting.on.as_ref().map(ToString::to_string))
        .collect();
    let mut on = on.into_iter();
    match (on.next(), on.len()) {
        (None, _) => "waits".to_owned(),
        (Some(one), 0) => format!("waits for {one}"),
        (Some(one), more) => format!("waits for {one} and {}", count(more, "other")),
    }
}

fn blocked(page: &Page<'_>, detail: Detail) -> Option<Section> {
    let objects = page.plan.objects.iter().filter(|o| !o.blocked.is_empty());
    let mut codes = BTreeMap::new();
    let mut entries = Vec::new();
    for object in objects {
        let mut rows = Vec::new();
        for blocked in &object.blocked {
            let code = blocked.code.as_str();
            if !advice::says_itself(blocked.code) {
                codes.insert(code, advice::next(blocked.code));
            }
            let message = line(&blocked.message, detail.message());
            let nested = blocked.detail.iter();
            let nested = nested.map(|text| Row::of_difference(&line(text, detail.message())));
            let row = Row::new(Sign::Refused, &format!("{code}: {message}"));
            let mut row = row.over(nested.collect());
            // A difference of templates is never one among many.
            row.like = if blocked.detail.is_empty() {
                code.to_owned()
            } else {
                format!("{code} {}", object.key)
            };
            row.noun = "reasons";
            rows.push(row);
        }
        let why = if place(object) == Place::Blocked {
            let mut denied = object.blocked.iter();
            // Who is denied by a rule looks for what it was that the rule denies.
            if denied.any(|b| b.code == BlockedCode::Policy) && !object.changes.is_empty() {
                rows.push(Row::plain("held back:"));
                rows.extend(changes::rows(object, detail));
            }
            rows.extend(waits(object, detail).chain(notes(object, detail)));
            "blocked"
        } else {
            "blocked in part"
        };
        entries.push(Entry::new(
            Mark::Refused,
            &object.key.to_string(),
            why,
            rows,
        ));
    }
    let hint = "left as it is until somebody acts; the rest goes on";
    let mut section = section("Blocked", "object", hint, entries, detail)?;
    section.advice = codes
        .into_iter()
        .map(|(code, next)| Row::plain(&format!("{code}: {next}")))
        .collect();
    Some(section)
}

fn policy(page: &Page<'_>, detail: Detail) -> Option<Section> {
    let entries = policy::entries(page.plan, detail);
    let hint = "the team's own rules; what they deny is left as it is";
    section("Policy", "rule", hint, entries, detail)
}

fn orphaned(page: &Page<'_>, detail: Detail) -> Option<Section> {
    let orphans = page.plan.orphans.iter();
    let entries = orphans.map(|orphan| {
        let name = line(&orphan.display_name, detail.value());
        let why = format!("{}, \"{name}\"", orphan.id);
        Entry::new(Mark::Note, &orphan.key.to_string(), &why, Vec::new())
    });
    let hint = "ours, no longer in git, left alone";
    let mut section = section("Orphaned", "object", hint, entries.collect(), detail)?;
    section.advice = vec![Row::plain(advice::ORPHANS)];
    Some(section)
}

fn unread(page: &Page<'_>, detail: Detail) -> Option<Section> {
    let gaps = page.plan.gaps.iter();
    let entries = gaps.map(|gap| {
        let reason = line(&gap.reason, detail.message());
        let row = Row::plain(&format!("{}: {reason}", gap.operation));
        let why = match gap {
            gap if gap.is_of_an_observation() => "not in the observation",
            gap if gap.denied => "denied",
            _ => "failed",
        };
        Entry::new(Mark::Refused, &scope_text(&gap.scope), why, vec![row])
    });
    let hint = "nothing is made or removed where that leaves a doubt";
    let mut section = section("Not read", "part", hint, entries.collect(), detail)?;
    section.advice = advice::unread(&page.plan.gaps);
    Some(section)
}

/// What keeps objects out of the plan. Warnings keep none out, and are told on standard error.
fn findings(page: &Page<'_>, detail: Detail) -> Option<Section> {
    let errors = page.findings.iter();
    let errors = errors.filter(|finding| finding.severity == Severity::Error);
    let entries = errors.map(|finding| finding_entry(finding, detail));
    let hint = "what these are about is left as it is, and nothing is removed";
    section(
        "Errors in manifests",
        "error",
        hint,
        entries.collect(),
        detail,
    )
}

/// One finding. Lines of the source are not shown here: a pull request shows them, and they may hold a secret.
pub(super) fn finding_entry(finding: &Finding, detail: Detail) -> Entry {
    let head = format!("{}[{}]", finding.severity, finding.code.as_str());
    let mut rows = vec![Row::plain(&line(&finding.message, detail.message()))];
    for (at, note) in &finding.related {
        rows.push(Row::plain(&format!(
            "{at}: {}",
            line(note, detail.message())
        )));
    }
    if let Some(hint) = &finding.hint {
        rows.push(Row::plain(&format!(
            "next: {}",
            line(hint, detail.message())
        )));
    }
    Entry::new(Mark::Refused, &head, &finding.origin.to_string(), rows)
}
