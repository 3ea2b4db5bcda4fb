//! Two templates side by side: whether they say the same, and where not.
//!
//! When the service takes a stack's template for a version's is published nowhere (facts §10.4). Templates that say the
//! same in other words count as equal here: the service has the last word, and its refusal is shown.

use serde_yaml::Value;
use serde_yaml::value::TaggedValue;
use similar::{ChangeTag, TextDiff};

use crate::model::template::{folded, parse};

/// Lines of a difference that a person is shown; the rest is counted.
const SHOWN: usize = 24;
/// Unchanged lines around a changed one.
const AROUND: usize = 1;

/// Whether two templates say the same: equal texts but for line ends and trailing blanks, or equal structures, whatever
/// the order of keys, whether YAML or JSON, and with short tags or without.
pub fn same(one: &str, other: &str) -> bool {
    if folded(one.as_bytes()) == folded(other.as_bytes()) {
        return true;
    }
    match (parse(one.as_bytes()), parse(other.as_bytes())) {
        (Ok(one), Ok(other)) => plain(&one) == plain(&other),
        _ => false,
    }
}

/// How `to` differs from `from`, line by line: `-` only in `from`, `+` only in `to`, `@@` where lines are left out. Defaults
/// of NoEcho parameters are not shown (promise 8).
pub fn lines(from: &str, to: &str) -> Vec<String> {
    let mut secrets = [secrets(from), secrets(to)].concat();
    // The longer ones first, for one may be a part of another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let hide = |line: &str| {
        let hidden = secrets.iter();
        hidden.fold(line.to_owned(), |line, secret| {
            line.replace(secret, "(secret)")
        })
    };
    let (from, to) = (text(from), text(to));
    let diff = TextDiff::from_lines(&from, &to);
    let mut lines = Vec::new();
    for hunk in diff.unified_diff().context_radius(AROUND).iter_hunks() {
        lines.push(hunk.header().to_string());
        for change in hunk.iter_changes() {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(format!(
                "{sign}{}",
                hide(change.value().trim_end_matches('\n'))
            ));
        }
    }
    if lines.len() > SHOWN {
        let more = lines.len() - SHOWN;
        lines.truncate(SHOWN);
        lines.push(format!("… {more} more lines"));
    }
    lines
}

/// The defaults of NoEcho parameters.
fn secrets(template: &str) -> Vec<String> {
    let root = parse(template.as_bytes());
    let root = root.map(|root| plain(&root)).unwrap_or_default();
    let parameters = root.get("Parameters").and_then(|found| found.as_object());
    let mut secrets = Vec::new();
    for parameter in parameters.into_iter().flat_map(serde_json::Map::values) {
        let field = |name: &str| parameter.get(name).and_then(serde_json::Value::as_str);
        let masked = field("NoEcho").is_some_and(|flag| flag.eq_ignore_ascii_case("true"));
        let default = field("Default").filter(|text| masked && !text.is_empty());
        secrets.extend(default.map(str::to_owned));
    }
    secrets
}

fn text(template: &str) -> String {
    let mut text = String::from_utf8_lossy(&folded(template.as_bytes())).into_owned();
    text.push('\n');
    text
}

/// A template's value in one form: long names of functions, scalars as texts, keys in order.
fn plain(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::String(flag.to_string()),
        Value::Number(number) => Json::String(number.to_string()),
        Value::String(text) => Json::String(text.clone()),
        Value::Sequence(items) => Json::Array(items.iter().map(plain).collect()),
        Value::Mapping(members) => {
            let members = members.iter();
            let members = members.map(|(key, value)| (key_text(key), plain(value)));
            Json::Object(members.map(long_form).collect())
        }
        Value::Tagged(tagged) => {
            let TaggedValue { tag, value } = &**tagged;
            let tag = tag.to_string();
            let name = tag.trim_start_matches('!');
            let name = match name {
                "Ref" | "Condition" => name.to_owned(),
                _ => format!("Fn::{name}"),
            };
            Json::Object([long_form((name, plain(value)))].into_iter().collect())
        }
    }
}

fn key_text(key: &Value) -> String {
    match plain(key) {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

/// `!GetAtt A.B` and `Fn::GetAtt: [A, B]` are one.
fn long_form((name, value): (String, serde_json::Value)) -> (String, serde_json::Value) {
    match (name.as_str(), &value) {
        ("Fn::GetAtt", serde_json::Value::String(text)) => match text.split_once('.') {
            Some((resource, attribute)) => {
                let parts = serde_json::json!([resource, attribute]);
                (name, parts)
            }
            None => (name, value),
        },
        _ => (name, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "Parameters:\n  Size: {Type: Number, Default: 1}\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {DisplayName: !Ref Size}\nOutputs:\n  Arn: {Value: !GetAtt Topic.TopicArn}\n";

    #[test]
    fn what_says_the_same_is_the_same() {
        let json = r#"{"Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Topic", "TopicArn"]}}},
            "Resources": {"Topic": {"Properties": {"DisplayName": {"Ref": "Size"}}, "Type": "AWS::SNS::Topic"}},
            "Parameters": {"Size": {"Default": "1", "Type": "Number"}}}"#;
        assert!(same(YAML, json));
        assert!(same(YAML, &YAML.replace('\n', "  \r\n")));
        assert!(!same(YAML, &YAML.replace("Default: 1", "Default: 2")));
        assert!(!same(YAML, "not: [a template"));
        assert!(same("not: [a template\r\n", "not: [a template"));
    }

    #[test]
    fn secrets_of_a_template_are_not_shown() {
        let of = |one: &str, other: &str| {
            format!(
                "Parameters:\n  A: {{NoEcho: true, Type: String, Default: {one}}}\n  B: {{NoEcho: 'true', Default: {one}{other}}}\n"
            )
        };
        let shown = lines(&of("hunter", "2"), &of("correct", "horse")).join("\n");
        for secret in ["hunter", "correct", "horse"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("Default: (secret)"), "{shown}");
    }

    #[test]
    fn a_difference_is_shown_line_by_line() {
        let other = YAML.replace("Default: 1", "Default: 2");
        assert_eq!(
            lines(YAML, &other),
            [
                "@@ -1,3 +1,3 @@",
                " Parameters:",
                "-  Size: {Type: Number, Default: 1}",
                "+  Size: {Type: Number, Default: 2}",
                " Resources:",
            ]
        );
        let long: String = (0..100).map(|n| format!("- {n}\n")).collect();
        let shown = lines(YAML, &long);
        assert_eq!(shown.len(), SHOWN + 1);
        assert_eq!(shown[SHOWN], "… 85 more lines");
    }
}
