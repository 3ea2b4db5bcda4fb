//! A plan for people: drift first, a line per object with its reason, a line per field, one summary line last.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::left_out::left_out;
use super::safe::{MESSAGE, VALUE, line, pair};
use super::template_change;
use crate::plan::{Action, Change, ObjectPlan, Plan, Reason, Shown, scope_text};

/// How text is dressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
}

/// A colour of the terminal's own palette.
#[derive(Debug, Clone, Copy)]
pub(super) enum Paint {
    Green,
    Yellow,
    Red,
    Cyan,
    Bold,
}

impl Style {
    pub(super) fn paint(self, paint: Paint, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Green => 32,
            Paint::Yellow => 33,
            Paint::Red => 31,
            Paint::Cyan => 36,
            Paint::Bold => 1,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// The whole plan, its summary on the last line.
pub fn plan(plan: &Plan, style: Style) -> String {
    let mut objects: Vec<&ObjectPlan> = plan.objects.iter().filter(|o| is_worth(o)).collect();
    objects.sort_by_key(|object| urgency(object));
    let mut out = String::new();
    for object in objects {
        write_object(&mut out, object, style);
        out.push('\n');
    }
    for part in [orphans(plan), gaps(plan, style)] {
        if !part.is_empty() {
            out.push_str(&part);
            out.push('\n');
        }
    }
    if let Some(left_out) = left_out(plan) {
        let sign = style.paint(Paint::Yellow, "Warning:");
        let _ = writeln!(out, "{sign} {left_out}.\n");
    }
    out.push_str(&style.paint(Paint::Bold, &summary(plan)));
    out.push('\n');
    out
}

/// One line: what would be done, and what would not.
pub fn summary(plan: &Plan) -> String {
    let actions = |action| plan.objects.iter().filter(|o| o.action == action).count();
    let count = |of: fn(&ObjectPlan) -> bool| plan.objects.iter().filter(|o| of(o)).count();
    let mut rest: Vec<String> = Vec::new();
    let mut add = |count: usize, word: &str| {
        if count > 0 {
            rest.push(format!("{count} {word}"));
        }
    };
    add(count(|o| !o.blocked.is_empty()), "blocked");
    add(count(|o| o.stalled.is_some()), "stalled");
    add(count(|o| !o.waiting.is_empty()), "waiting");
    let held = !rest.is_empty() || !plan.gaps.is_empty();
    let mut add = |count: usize, word: &str| {
        if count > 0 {
            rest.push(format!("{count} {word}"));
        }
    };
    add(plan.gaps.len(), "not read");
    add(plan.orphans.len(), "orphaned");
    add(plan.left_out.len(), "left out");
    let rest = if rest.is_empty() {
        String::new()
    } else {
        format!(" {}.", rest.join(", "))
    };
    if plan.has_changes() {
        let calls = plan.steps.iter().filter(|s| !s.op.is_housekeeping());
        let calls = calls.count();
        let plural = if calls == 1 { "" } else { "s" };
        // These are rare, and worth a word only where there are some.
        let some = |action, word: &str| match actions(action) {
            0 => None,
            count => Some(format!("{count} to {word}")),
        };
        let always = |action, word: &str| Some(format!("{} to {word}", actions(action)));
        let counts = [
            some(Action::Adopt, "adopt"),
            some(Action::Import, "import"),
            always(Action::Create, "create"),
            always(Action::Update, "update"),
            always(Action::Replace, "replace"),
            some(Action::Delete, "delete"),
            some(Action::Release, "release"),
        ];
        let counts: Vec<String> = counts.into_iter().flatten().collect();
        let counts = counts.join(", ");
        return format!("Plan: {counts}; {calls} call{plural}.{rest}");
    }
    if held {
        return format!("No changes can be made now.{rest}");
    }
    if !plan.left_out.is_empty() {
        return format!("No changes to what was not left out.{rest}");
    }
    format!("No changes. The catalog matches the manifests.{rest}")
}

fn is_worth(object: &ObjectPlan) -> bool {
    object.action != Action::None
        || !object.blocked.is_empty()
        || !object.waiting.is_empty()
        || !object.notes.is_empty()
        || object.stalled.is_some()
}

/// Drift first, then what is done, then what is not.
fn urgency(object: &ObjectPlan) -> u8 {
    match (object.action, object.reason) {
        (Action::None, _) if !object.blocked.is_empty() || object.stalled.is_some() => 2,
        (Action::None, _) => 3,
        (_, Some(Reason::Drifted | Reason::Both)) => 0,
        _ => 1,
    }
}

fn write_object(out: &mut String, object: &ObjectPlan, style: Style) {
    let (symbol, paint) = match object.action {
        Action::Create => ("+", Paint::Green),
        Action::Update => ("~", Paint::Yellow),
        Action::Replace => ("-/+", Paint::Red),
        Action::Import | Action::Adopt => ("=>", Paint::Green),
        Action::Delete => ("-", Paint::Red),
        Action::Release => ("-", Paint::Yellow),
        Action::None if object.stalled.is_some() || !object.blocked.is_empty() => ("!", Paint::Red),
        Action::None if !object.waiting.is_empty() => ("…", Paint::Cyan),
        Action::None => ("·", Paint::Cyan),
    };
    let symbol = style.paint(paint, &format!("{symbol:>3}"));
    let name = style.paint(Paint::Bold, &object.key.to_string());
    let why = why(object);
    let why = if why.is_empty() {
        String::new()
    } else {
        format!("  ({why})")
    };
    let _ = writeln!(out, "{symbol} {name}{why}");
    write_changes(out, object, style);
    for blocked in &object.blocked {
        let sign = style.paint(Paint::Red, "!");
        let message = line(&blocked.message, MESSAGE);
        let _ = writeln!(out, "      {sign} {}: {message}", blocked.code.as_str());
        for detail in &blocked.detail {
            let paint = match detail.as_bytes() {
                [b'-', ..] => Paint::Red,
                [b'+', ..] => Paint::Green,
                _ => Paint::Cyan,
            };
            let detail = style.paint(paint, &line(detail, MESSAGE));
            let _ = writeln!(out, "          {detail}");
        }
    }
    if let Some(stalled) = &object.stalled {
        let sign = style.paint(Paint::Red, "!");
        let _ = writeln!(
            out,
            "      {sign} stalled: {}",
            line(&stalled.reason, MESSAGE)
        );
        let _ = writeln!(out, "        {}", line(&stalled.advice, MESSAGE));
    }
    for waiting in &object.waiting {
        let sign = style.paint(Paint::Cyan, "…");
        let _ = writeln!(out, "      {sign} {}", line(&waiting.message, MESSAGE));
    }
    for note in &object.notes {
        let _ = writeln!(out, "      note: {}", line(note, MESSAGE));
    }
}

fn why(object: &ObjectPlan) -> &'static str {
    match (object.action, object.reason) {
        (Action::Create, Some(Reason::Drifted)) => "removed from the catalog by somebody",
        (Action::Create, Some(Reason::GitChanged)) => "new in git",
        (Action::Create, _) => "not in the catalog",
        (Action::Replace, _) => "its launch failed; terminated and launched again",
        (Action::Import, _) => "imported from its stack",
        (Action::Adopt, _) => "taken over: nobody owned it",
        (Action::Delete, _) => "removed from git; deleted",
        (Action::Release, _) => "removed from git; let go of",
        (Action::Update, reason) => reason.map_or("", words),
        (Action::None, _) if object.stalled.is_some() => "stalled",
        (Action::None, _) if !object.blocked.is_empty() => "blocked",
        (Action::None, _) if !object.waiting.is_empty() => "waits",
        (Action::None, _) => "",
    }
}

fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::GitChanged => "git changed",
        Reason::Drifted => "drifted",
        Reason::Both => "git changed and drifted",
        Reason::Differs => "differs",
    }
}

/// The changes of an object, those that belong together on one line.
fn write_changes(out: &mut String, object: &ObjectPlan, style: Style) {
    let fresh = matches!(
        object.action,
        Action::Create | Action::Replace | Action::Import
    );
    let mut lines: Vec<Line> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for change in &object.changes {
        let (group, part) = group(&change.field);
        // What belongs to a line that adds something goes behind it; anything else stands alone.
        let host = places.get(&group).copied();
        let host = host.and_then(|at| lines.get_mut(at));
        match host {
            Some(host) if change.before == Shown::Absent && part.is_some() => {
                host.extras.push(extra(part.unwrap_or(""), &change.after));
            }
            Some(host) if change.after == Shown::Absent && host.sign == '-' && part.is_some() => {
                host.extras.push(extra(part.unwrap_or(""), &change.before));
            }
            _ => {
                let adds = change.before == Shown::Absent || change.after == Shown::Absent;
                if adds && (part.is_none() || group == "tags") {
                    places.insert(group, lines.len());
                }
                lines.push(Line::of(change, object, fresh));
            }
        }
    }
    for line in lines {
        let paint = match line.sign {
            '+' => Paint::Green,
            '-' => Paint::Red,
            _ => Paint::Yellow,
        };
        let sign = style.paint(paint, &line.sign.to_string());
        let extras = if line.extras.is_empty() {
            String::new()
        } else {
            format!("{}{}", line.glue, line.extras.join(", "))
        };
        let _ = writeln!(out, "      {sign} {}{extras}{}", line.text, line.why);
        template_change::write(out, object, &line.field, style);
    }
}

/// One line of changes.
struct Line {
    field: String,
    sign: char,
    text: String,
    glue: &'static str,
    extras: Vec<String>,
    why: String,
}

impl Line {
    fn of(change: &Change, object: &ObjectPlan, fresh: bool) -> Self {
        let (group, part) = group(&change.field);
        let (sign, value) = match (&change.before, &change.after) {
            (Shown::Absent, after) => ('+', shown(after)),
            (before, Shown::Absent) => ('-', shown(before)),
            (Shown::Text(before), Shown::Text(after)) => {
                let (before, after) = pair(before, after);
                ('~', format!("{before} → {after}"))
            }
            (before, after) => ('~', format!("{} → {}", shown(before), shown(after))),
        };
        let value = if value.is_empty() {
            "\"\"".to_owned()
        } else {
            value
        };
        let label = label(&change.field);
        // A place in a portfolio says it all with its name; what belongs to it follows.
        let bare = part.is_none() && group.starts_with("portfolios[");
        let text = match (group.as_str(), part, sign) {
            ("tags", Some(key), '+') => format!("tags {}={value}", line(key, VALUE)),
            ("principals", ..) => format!("principal {value}"),
            _ if bare => label,
            _ if group.starts_with("versions[") && part.is_none() => format!("{label}  {value}"),
            _ => format!("{label}: {value}"),
        };
        let differs = !fresh && object.reason != Some(change.reason);
        let why = if differs {
            format!("  ({})", words(change.reason))
        } else {
            String::new()
        };
        Self {
            field: change.field.clone(),
            sign,
            text,
            glue: if group == "tags" { ", " } else { "  " },
            extras: Vec::new(),
            why,
        }
    }
}

/// What a field belongs to, and its part of it: `versions[v1].guidance` is a part of `versions[v1]`.
fn group(field: &str) -> (String, Option<&str>) {
    if let Some(key) = field.strip_prefix("tags.") {
        return ("tags".to_owned(), Some(key));
    }
    match field.rsplit_once("].") {
        Some((head, part)) => (format!("{head}]"), Some(part)),
        None => (field.to_owned(), None),
    }
}

/// A part behind the line it belongs to.
fn extra(part: &str, value: &Shown) -> String {
    let value = shown(value);
    match part {
        "active" if value == "false" => "inactive".to_owned(),
        "guidance" => value,
        "description" => format!("\"{value}\""),
        "launch" | "tagUpdates" | "notification" | "template" | "stackSet" => {
            format!("{part}: {value}")
        }
        _ => format!("{}={value}", line(part, VALUE)),
    }
}

/// A field in words: `version v1.0.0`, `parameter CidrBlock`.
fn label(field: &str) -> String {
    let field = match field {
        "principals" => "principal".to_owned(),
        _ => match (
            field.strip_prefix("parameters."),
            field.strip_prefix("tags."),
        ) {
            (Some(key), _) => format!("parameter {key}"),
            (_, Some(key)) => format!("tag {key}"),
            _ => member(field, "versions[", "version")
                .or_else(|| member(field, "portfolios[", "portfolio"))
                .unwrap_or_else(|| field.to_owned()),
        },
    };
    line(&field, VALUE)
}

fn member(field: &str, prefix: &str, word: &str) -> Option<String> {
    let rest = field.strip_prefix(prefix)?;
    match rest.rsplit_once("].") {
        Some((name, part)) => Some(format!("{word} {name} {part}")),
        None => Some(format!("{word} {}", rest.strip_suffix(']')?)),
    }
}

fn shown(value: &Shown) -> String {
    line(value.words(), VALUE)
}

/// What is ours and no longer in git; empty where there is none.
pub fn orphans(plan: &Plan) -> String {
    let mut out = String::new();
    if !plan.orphans.is_empty() {
        out.push_str("Orphaned (ours, no longer in git, left alone):\n");
    }
    for orphan in &plan.orphans {
        let name = line(&orphan.display_name, VALUE);
        let _ = writeln!(out, "      {}  {}  {name}", orphan.key, orphan.id);
    }
    out
}

/// What could not be read; empty where there is none.
pub fn gaps(plan: &Plan, style: Style) -> String {
    let mut out = String::new();
    if !plan.gaps.is_empty() {
        out.push_str("Not read (nothing is made or removed where that leaves a doubt):\n");
    }
    for gap in &plan.gaps {
        let sign = style.paint(Paint::Red, "!");
        let _ = writeln!(
            out,
            "      {sign} {}: {}: {}",
            scope_text(&gap.scope),
            gap.operation,
            line(&gap.reason, MESSAGE)
        );
    }
    out
}
