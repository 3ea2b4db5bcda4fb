//! What a template that comes changes: a few lines under the version, and as JSON.

use serde::Serialize;

use super::doc::{Row, Sign};
use super::page::Detail;
use super::safe::{VALUE, line};
use crate::model::template::change::{
    DefaultValue, Former, MemberChange, ParameterChange, ParameterPart, ResourceChange,
    TemplateChange,
};
use crate::plan::{Action, ObjectPlan, TemplateNews, Told};

/// Lines that are shown of one version.
const LINES: usize = 8;
/// Names or values that are shown on one line.
const NAMES: usize = 6;

/// A line, with `+`, `-` or `~` before it, or a blank before words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What happens.
    pub sign: char,
    /// In words, harmless for a terminal.
    pub text: String,
    /// Whether who launches has to look at it: it may be refused, or lose something.
    urgent: bool,
}

impl Line {
    fn new(sign: char, text: String) -> Self {
        Self {
            sign,
            text,
            urgent: false,
        }
    }

    fn urgent(self, urgent: bool) -> Self {
        Self { urgent, ..self }
    }
}

/// The lines under a change of an object: none where it brings no template. What matters most comes first; without `verbose`
/// the rest is counted. Of an object that is made only what matters most is told, for nobody has launched the others.
pub fn lines(object: &ObjectPlan, field: &str, verbose: bool) -> Vec<Line> {
    let fresh = object.action == Action::Create && !verbose;
    let mut all = Vec::new();
    for news in object.templates.iter().filter(|news| news.field == field) {
        let mut told = of(news, verbose);
        if fresh {
            told.retain(|line| line.urgent);
            // That macros keep something back is worth a word only beside what they do not.
            if told.iter().all(|line| line.sign == ' ') {
                told.clear();
            }
        }
        let from = line(&news.from, VALUE);
        match (&news.told, told.is_empty()) {
            (_, false) => all.push(Line::new(' ', format!("compared with {from}:"))),
            _ if fresh => {}
            (Told::Same, _) => all.push(Line::new(' ', format!("the same template as {from}"))),
            (Told::Unread(why), _) => {
                let why = line(why, VALUE);
                all.push(Line::new(' ', format!("not compared with {from}: {why}")));
            }
            // Only texts for people differ, or what is no part of these.
            (Told::Change(_) | Told::Parameters(_), _) => {}
        }
        // One line more is not worth a line that says so.
        if !verbose && told.len() > LINES + 1 {
            let more = told.len() - LINES;
            told.truncate(LINES);
            told.push(Line::new(
                ' ',
                format!("… and {more} more lines (--verbose shows all)"),
            ));
        }
        all.extend(told);
    }
    all
}

/// The lines under a change as rows.
pub(super) fn rows(object: &ObjectPlan, field: &str, detail: Detail) -> Vec<Row> {
    let lines = lines(object, field, detail.verbose).into_iter();
    lines
        .map(|line| {
            let sign = match line.sign {
                '+' => Sign::Add,
                '-' => Sign::Remove,
                '~' => Sign::Change,
                _ => Sign::Plain,
            };
            let mut row = Row::new(sign, &line.text);
            row.urgent = line.urgent && line.sign != ' ';
            row
        })
        .collect()
}

fn of(news: &TemplateNews, verbose: bool) -> Vec<Line> {
    let Some(change) = news.change() else {
        return Vec::new();
    };
    let TemplateChange {
        parameters,
        rules,
        resources,
        outputs,
        macros,
    } = change;
    let mut lines: Vec<Line> = Vec::new();
    for (key, change) in parameters {
        lines.push(parameter(key, change, verbose));
    }
    lines.extend(of_resources(resources.iter(), verbose));
    for (noun, members) in [("output", outputs), ("rule", rules)] {
        for (sign, which) in [
            ('-', MemberChange::Removed),
            ('+', MemberChange::Added),
            ('~', MemberChange::Changed),
        ] {
            let names = members.iter().filter(|(_, change)| **change == which);
            let names: Vec<String> = names.map(|(name, _)| line(name, VALUE)).collect();
            if !names.is_empty() {
                let urgent = noun == "output" && sign == '-';
                lines.push(Line::new(sign, counted(noun, &names, verbose)).urgent(urgent));
            }
        }
    }
    lines.sort_by_key(|line| !line.urgent);
    if !macros.is_empty() {
        let names: Vec<String> = macros.iter().map(|name| line(name, VALUE)).collect();
        let (noun, verb) = match names.len() {
            1 => ("the macro", "makes"),
            _ => ("the macros", "make"),
        };
        let names = few(&names, verbose);
        let text = format!("what {noun} {names} {verb} of it is not known here");
        lines.insert(0, Line::new(' ', text).urgent(true));
    }
    lines
}

/// `parameter X: …`.
fn parameter(key: &str, change: &ParameterChange, verbose: bool) -> Line {
    let name = format!("parameter {}", line(key, VALUE));
    match change {
        ParameterChange::Removed => Line::new('-', name).urgent(true),
        ParameterChange::Added { kind, default } => {
            let must = *default == DefaultValue::None;
            let default = match default {
                DefaultValue::None => "required".to_owned(),
                _ => format!("default {}", value(default)),
            };
            let kind = match kind.as_str() {
                "" => String::new(),
                kind => format!("{}, ", line(kind, VALUE)),
            };
            Line::new('+', format!("{name} ({kind}{default})")).urgent(must)
        }
        ParameterChange::Changed(parts) => {
            let words: Vec<String> = parts.iter().map(|part| words(part, verbose)).collect();
            let urgent = parts.iter().any(is_urgent);
            Line::new('~', format!("{name}: {}", words.join("; "))).urgent(urgent)
        }
    }
}

/// Whether a value that was given may be refused now, or one must be given.
fn is_urgent(part: &ParameterPart) -> bool {
    match part {
        ParameterPart::Type { .. } | ParameterPart::Field { after: Some(_), .. } => true,
        ParameterPart::Default { after, .. } => *after == DefaultValue::None,
        ParameterPart::Allowed {
            before,
            after,
            removed,
            ..
        } => *after && (!*before || !removed.is_empty()),
        ParameterPart::Field { after: None, .. } | ParameterPart::NoEcho(_) => false,
    }
}

fn words(part: &ParameterPart, verbose: bool) -> String {
    let quoted = |text: &Option<String>| {
        text.as_ref()
            .map_or_else(|| "none".to_owned(), |text| quote(text))
    };
    match part {
        ParameterPart::Type { before, after } => {
            let kind = |text: &str| match text {
                "" => "none".to_owned(),
                text => line(text, VALUE),
            };
            format!("type {} → {}", kind(before), kind(after))
        }
        ParameterPart::Default { before, after } => match (before, after) {
            (DefaultValue::None, after) => format!("default {}, no longer required", value(after)),
            (before, DefaultValue::None) => {
                format!("required, the default {} is gone", value(before))
            }
            (DefaultValue::Secret, _) | (_, DefaultValue::Secret) => {
                "another default (secret)".to_owned()
            }
            (before, after) => format!("default {} → {}", value(before), value(after)),
        },
        ParameterPart::Allowed {
            before,
            after,
            added,
            removed,
            secret,
        } => {
            let some = |texts: &[String]| match secret {
                true => format!("{} (secret)", texts.len()),
                false => {
                    let texts: Vec<String> = texts.iter().map(|text| bare(text)).collect();
                    few(&texts, verbose)
                }
            };
            match (before, after) {
                (_, false) => "any value is allowed".to_owned(),
                (false, true) => format!("only {} allowed", some(added)),
                (true, true) => {
                    let removed = (!removed.is_empty()).then(|| format!("− {}", some(removed)));
                    let added = (!added.is_empty()).then(|| format!("+ {}", some(added)));
                    let both: Vec<String> = [removed, added].into_iter().flatten().collect();
                    format!("allowed values {}", both.join(" "))
                }
            }
        }
        ParameterPart::NoEcho(true) => "NoEcho".to_owned(),
        ParameterPart::NoEcho(false) => "no longer NoEcho".to_owned(),
        ParameterPart::Field {
            name,
            before,
            after,
        } => format!("{name} {} → {}", quoted(before), quoted(after)),
    }
}

fn value(default: &DefaultValue) -> String {
    match default {
        DefaultValue::None => "none".to_owned(),
        DefaultValue::Secret => "(secret)".to_owned(),
        DefaultValue::Text(text) => quote(text),
    }
}

fn quote(text: &str) -> String {
    format!("\"{}\"", line(text, VALUE))
}

/// A value in a list: in quotes where a comma or a blank would make two of it.
fn bare(text: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && c != ',' && c != '"';
    match !text.is_empty() && text.chars().all(plain) {
        true => line(text, VALUE),
        false => quote(text),
    }
}

fn of_resources<'a>(
    all: impl Iterator<Item = (&'a String, &'a ResourceChange)>,
    verbose: bool,
) -> Vec<Line> {
    let [mut retyped, mut removed, mut added, mut changed] = [const { Vec::<String>::new() }; 4];
    for (id, change) in all {
        let id = line(id, VALUE);
        match change {
            ResourceChange::Retyped { was, kind } => retyped.push(format!(
                "{id} ({} → {})",
                line(&was.kind, VALUE),
                line(kind, VALUE)
            )),
            ResourceChange::Removed { was } => removed.push(format!("{id} ({})", former(was))),
            ResourceChange::Added { kind } => added.push(format!("{id} ({})", line(kind, VALUE))),
            ResourceChange::Changed { parts, .. } => {
                let parts: Vec<String> = parts.iter().map(|part| property(part)).collect();
                changed.push(format!("{id} ({})", few(&parts, verbose)));
            }
        }
    }
    let mut lines = Vec::new();
    for (sign, names, urgent) in [
        ('-', removed, true),
        ('+', added, false),
        ('~', changed, false),
    ] {
        if !names.is_empty() {
            lines.push(Line::new(sign, counted("resource", &names, verbose)).urgent(urgent));
        }
    }
    if !retyped.is_empty() {
        let names = few(&retyped, verbose);
        let text =
            format!("resource type changed, which CloudFormation refuses in an update: {names}");
        lines.insert(0, Line::new('~', text).urgent(true));
    }
    lines
}

/// The type of a resource that goes, and what becomes of its data.
fn former(was: &Former) -> String {
    let kind = line(&was.kind, VALUE);
    match was.deletion.words() {
        "" if was.is_stateful() => format!("{kind}, with its data"),
        "" => kind,
        policy => format!("{kind}, {}", line(policy, VALUE)),
    }
}

/// A property is what people think of; other fields are told by their names.
fn property(part: &str) -> String {
    line(part.strip_prefix("Properties.").unwrap_or(part), VALUE)
}

/// `resource A`, `3 resources: A, B, C`.
fn counted(noun: &str, names: &[String], verbose: bool) -> String {
    match names {
        [one] => format!("{noun} {one}"),
        several => format!("{} {noun}s: {}", several.len(), few(several, verbose)),
    }
}

/// The first of many.
fn few(names: &[String], verbose: bool) -> String {
    let shown = match verbose || names.len() <= NAMES + 1 {
        true => names.len(),
        false => NAMES,
    };
    let first = names.get(..shown).unwrap_or(names).join(", ");
    match names.len() - shown {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// One comparison of two templates as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document<'a> {
    field: &'a str,
    from: &'a str,
    to: &'a str,
    /// `full`, `parameters`, `same` or `unread`.
    comparison: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    parameters: Vec<Parameter<'a>>,
    resources: Vec<Resource<'a>>,
    outputs: Vec<Member<'a>>,
    rules: Vec<Member<'a>>,
    macros: Vec<&'a str>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Parameter<'a> {
    name: &'a str,
    action: &'static str,
    /// A value must be given now, and had not to be.
    required: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    changes: Vec<Part<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    added: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<&'a [String]>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sensitive: bool,
}

impl<'a> Part<'a> {
    fn new(what: &'static str, before: Option<&'a str>, after: Option<&'a str>) -> Self {
        Self {
            what,
            before,
            after,
            added: None,
            removed: None,
            sensitive: false,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource<'a> {
    name: &'a str,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    type_before: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    type_after: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_policy: Option<&'a str>,
    /// It holds data, and nothing says what becomes of that.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    loses_data: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    parts: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Member<'a> {
    name: &'a str,
    action: &'static str,
}

/// All that an object's templates change.
pub fn json(object: &ObjectPlan) -> Vec<Document<'_>> {
    object.templates.iter().map(document).collect()
}

fn document(news: &TemplateNews) -> Document<'_> {
    let (change, comparison) = match &news.told {
        Told::Same => (None, "same"),
        Told::Change(change) => (Some(&**change), "full"),
        Told::Parameters(change) => (Some(&**change), "parameters"),
        Told::Unread(_) => (None, "unread"),
    };
    let message = match &news.told {
        Told::Unread(why) => Some(why.as_str()),
        _ => None,
    };
    let parameters = change.into_iter().flat_map(|c| &c.parameters);
    let resources = change.into_iter().flat_map(|c| &c.resources);
    let outputs = change.into_iter().flat_map(|c| &c.outputs);
    let rules = change.into_iter().flat_map(|c| &c.rules);
    let macros = change.into_iter().flat_map(|c| &c.macros);
    Document {
        field: &news.field,
        from: &news.from,
        to: &news.to,
        comparison,
        message,
        parameters: parameters.map(|(k, c)| parameter_json(k, c)).collect(),
        resources: resources.map(|(k, c)| resource_json(k, c)).collect(),
        outputs: outputs.map(|(k, c)| member_json(k, *c)).collect(),
        rules: rules.map(|(k, c)| member_json(k, *c)).collect(),
        macros: macros.map(String::as_str).collect(),
    }
}

fn parameter_json<'a>(name: &'a str, change: &'a ParameterChange) -> Parameter<'a> {
    match change {
        ParameterChange::Removed => Parameter {
            name,
            action: "delete",
            ..Parameter::default()
        },
        ParameterChange::Added { kind, default } => Parameter {
            name,
            action: "create",
            required: *default == DefaultValue::None,
            changes: [
                (!kind.is_empty()).then(|| Part::new("Type", None, Some(kind))),
                (*default != DefaultValue::None)
                    .then(|| default_json(&DefaultValue::None, default)),
            ]
            .into_iter()
            .flatten()
            .collect(),
        },
        ParameterChange::Changed(parts) => Parameter {
            name,
            action: "update",
            required: parts.iter().any(|part| {
                matches!(
                    part,
                    ParameterPart::Default {
                        after: DefaultValue::None,
                        ..
                    }
                )
            }),
            changes: parts.iter().map(part_json).collect(),
        },
    }
}

fn default_json<'a>(before: &'a DefaultValue, after: &'a DefaultValue) -> Part<'a> {
    fn text(value: &DefaultValue) -> Option<&str> {
        match value {
            DefaultValue::Text(text) => Some(text),
            DefaultValue::None | DefaultValue::Secret => None,
        }
    }
    Part {
        sensitive: [before, after].contains(&&DefaultValue::Secret),
        ..Part::new("Default", text(before), text(after))
    }
}

fn part_json(part: &ParameterPart) -> Part<'_> {
    match part {
        ParameterPart::Type { before, after } => Part::new("Type", Some(before), Some(after)),
        ParameterPart::Default { before, after } => default_json(before, after),
        ParameterPart::Allowed {
            before: _,
            after: _,
            added,
            removed,
            secret,
        } => Part {
            added: (!secret).then_some(added),
            removed: (!secret).then_some(removed),
            sensitive: *secret,
            ..Part::new("AllowedValues", None, None)
        },
        ParameterPart::NoEcho(now) => {
            let word = |flag: bool| Some(if flag { "true" } else { "false" });
            Part::new("NoEcho", word(!now), word(*now))
        }
        ParameterPart::Field {
            name,
            before,
            after,
        } => Part::new(name, before.as_deref(), after.as_deref()),
    }
}

fn resource_json<'a>(name: &'a str, change: &'a ResourceChange) -> Resource<'a> {
    let some = |text: &'a str| (!text.is_empty()).then_some(text);
    let empty = Resource {
        name,
        action: "update",
        type_before: None,
        type_after: None,
        deletion_policy: None,
        loses_data: false,
        parts: Vec::new(),
    };
    let gone = |was: &'a Former| Resource {
        action: "delete",
        type_before: some(&was.kind),
        deletion_policy: some(was.deletion.words()),
        loses_data: was.loses_data(),
        name,
        type_after: None,
        parts: Vec::new(),
    };
    match change {
        ResourceChange::Added { kind } => Resource {
            action: "create",
            type_after: some(kind),
            ..empty
        },
        ResourceChange::Removed { was } => gone(was),
        ResourceChange::Retyped { was, kind } => Resource {
            action: "replace",
            type_after: some(kind),
            ..gone(was)
        },
        ResourceChange::Changed { kind, parts } => Resource {
            type_before: some(kind),
            type_after: some(kind),
            parts: parts.iter().map(String::as_str).collect(),
            ..empty
        },
    }
}

fn member_json(name: &str, change: MemberChange) -> Member<'_> {
    let action = match change {
        MemberChange::Added => "create",
        MemberChange::Removed => "delete",
        MemberChange::Changed => "update",
    };
    Member { name, action }
}
