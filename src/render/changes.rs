//! The changes of one object, those that belong together on one row.

use std::collections::BTreeMap;

use super::doc::{Pair, Row, Sign};
use super::page::Detail;
use super::safe::{VALUE, harmless, line};
use super::{template_change, value};
use crate::plan::{Action, Change, ObjectPlan, Reason, Shown};

/// Characters of two short values and what stands between them; longer ones are shown below each other.
const ON_ONE_LINE: usize = 160;

/// The rows of an object's changes.
pub(super) fn rows(object: &ObjectPlan, detail: Detail) -> Vec<Row> {
    let fresh = matches!(
        object.action,
        Action::Create | Action::Replace | Action::Import
    );
    let mut lines: Vec<Line> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for change in &object.changes {
        let (group, part) = group(&change.field);
        let tall = [&change.before, &change.after].into_iter().any(is_tall);
        // What belongs to a row that adds something goes behind it; anything else stands alone.
        let host = places.get(&group).copied().filter(|_| !tall);
        let host = host.and_then(|at| lines.get_mut(at));
        match host {
            Some(host) if change.before == Shown::Absent && part.is_some() => {
                host.extras
                    .push(extra(part.unwrap_or(""), &change.after, detail));
            }
            Some(host)
                if change.after == Shown::Absent
                    && host.row.sign == Sign::Remove
                    && part.is_some() =>
            {
                host.extras
                    .push(extra(part.unwrap_or(""), &change.before, detail));
            }
            _ => {
                let adds = change.before == Shown::Absent || change.after == Shown::Absent;
                if adds && (part.is_none() || group == "tags") {
                    places.insert(group, lines.len());
                }
                lines.push(Line::of(change, object, fresh, detail));
            }
        }
    }
    let rows = lines.into_iter().map(|line| {
        let templates = template_change::rows(object, &line.field, detail);
        let mut row = line.row();
        row.urgent = templates.iter().any(|row| row.urgent);
        row.nested.extend(templates);
        row
    });
    rows.collect()
}

/// A reason in words.
pub(super) fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::GitChanged => "git changed",
        Reason::Drifted => "drifted",
        Reason::Both => "git changed and drifted",
        Reason::Differs => "differs",
    }
}

/// A row, and what stands behind it.
struct Line {
    field: String,
    row: Row,
    glue: &'static str,
    extras: Vec<String>,
    why: String,
}

impl Line {
    fn of(change: &Change, object: &ObjectPlan, fresh: bool, detail: Detail) -> Self {
        let (group, part) = group(&change.field);
        let differs = !fresh && object.reason != Some(change.reason);
        let why = if differs {
            format!("  ({})", words(change.reason))
        } else {
            String::new()
        };
        let label = label(&change.field);
        let mut row = match (&change.before, &change.after) {
            (Shown::Text(before), Shown::Text(after)) => {
                changed(&label, before, after, &why, detail)
            }
            (Shown::Absent, after) => {
                let sign = Sign::Add;
                one_sided(sign, &group, part, &label, after, detail)
            }
            (before, Shown::Absent) => {
                let sign = Sign::Remove;
                one_sided(sign, &group, part, &label, before, detail)
            }
            (before, after) => {
                let (before, after) = (shown(before, detail), shown(after, detail));
                paired(&label, before, after, &why)
            }
        };
        row.like = format!("{:?} {}", row.sign, pattern(&change.field));
        row.noun = noun(&group, part);
        row.removes = takes_away(change, &group);
        Self {
            field: change.field.clone(),
            row,
            glue: if group == "tags" { ", " } else { "  " },
            extras: Vec::new(),
            why,
        }
    }

    fn row(mut self) -> Row {
        if !self.extras.is_empty() {
            self.row.text.push_str(self.glue);
            self.row.text.push_str(&self.extras.join(", "));
        }
        if self.row.pair.is_none() {
            self.row.text.push_str(&self.why);
        }
        self.row
    }
}

/// Whether something goes that is not only a value of what stays.
fn takes_away(change: &Change, group: &str) -> bool {
    let field = change.field.as_str();
    let value = group == "tags" || field.starts_with("parameters.");
    let gone = change.after == Shown::Absent && !value;
    let was = change.before != Shown::Absent;
    let inactive = field.ends_with("active") && change.after == Shown::text("false");
    // With an account or a region its stacks go.
    let stacks = ["stackSet.accounts", "stackSet.regions"].contains(&field);
    gone || (was && (inactive || stacks))
}

/// A value that comes or goes.
fn one_sided(
    sign: Sign,
    group: &str,
    part: Option<&str>,
    label: &str,
    value: &Shown,
    detail: Detail,
) -> Row {
    if is_tall(value) {
        let lines = value::lines(value.words(), sign, detail);
        return Row::new(sign, &format!("{label}:")).over(lines);
    }
    let value = shown(value, detail);
    // A place in a portfolio says it all with its name; what belongs to it follows.
    let bare = part.is_none() && group.starts_with("portfolios[");
    let text = match (group, part, sign) {
        ("tags", Some(key), Sign::Add) => format!("tags {}={value}", line(key, VALUE)),
        ("principals", ..) => format!("principal {value}"),
        _ if bare => label.to_owned(),
        _ if group.starts_with("versions[") && part.is_none() => format!("{label}  {value}"),
        _ => format!("{label}: {value}"),
    };
    Row::new(sign, &text)
}

/// A text that becomes another.
fn changed(label: &str, before: &str, after: &str, why: &str, detail: Detail) -> Row {
    let long = before.chars().count() + after.chars().count() > ON_ONE_LINE;
    if long || value::is_tall(before) || value::is_tall(after) {
        let lines = value::difference(before, after, detail);
        return Row::new(Sign::Change, &format!("{label}:")).over(lines);
    }
    let quoted = |text: &str| match text {
        "" => "\"\"".to_owned(),
        text => line(text, detail.value()),
    };
    paired(label, quoted(before), quoted(after), why)
}

fn paired(label: &str, before: String, after: String, why: &str) -> Row {
    let mut row = Row::new(Sign::Change, &format!("{label}: {before} → {after}{why}"));
    row.pair = Some(Pair {
        label: harmless(label),
        before,
        after,
        why: why.to_owned(),
    });
    row
}

fn is_tall(value: &Shown) -> bool {
    matches!(value, Shown::Text(text) if value::is_tall(text))
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

/// The field without the names in it: rows of one pattern are alike.
fn pattern(field: &str) -> String {
    if let Some((head, rest)) = field.split_once('[') {
        let part = rest.rsplit_once("].").map_or("", |(_, part)| part);
        return format!("{head}[].{part}");
    }
    match field.split_once('.') {
        Some(("tags", _)) => "tags".to_owned(),
        Some(("parameters", _)) => "parameters".to_owned(),
        _ => field.to_owned(),
    }
}

/// What rows of this kind are when they are counted.
fn noun(group: &str, part: Option<&str>) -> &'static str {
    match (group, part) {
        ("tags", _) => "tags",
        ("principals", _) => "principals",
        (group, None) if group.starts_with("versions[") => "versions",
        (group, None) if group.starts_with("portfolios[") => "portfolios",
        (group, _) if group.starts_with("parameters.") => "parameters",
        (group, None) if group.starts_with("shares[") => "shares",
        _ => "changes",
    }
}

/// A part behind the row it belongs to.
fn extra(part: &str, value: &Shown, detail: Detail) -> String {
    let value = shown(value, detail);
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

fn shown(value: &Shown, detail: Detail) -> String {
    match line(value.words(), detail.value()) {
        text if text.is_empty() => "\"\"".to_owned(),
        text => text,
    }
}
