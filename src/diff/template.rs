//! Two templates side by side: whether they say the same, and where not.
//!
//! When the service takes a stack's template for a version's is published nowhere (facts §10.4). Templates that say the
//! same in other words count as equal here: the service has the last word, and its refusal is shown.

use similar::{ChangeTag, TextDiff};

use crate::model::template::folded;
use crate::model::template::node::Node;
use crate::model::template::reading::Reading;

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
    match (Node::read(one.as_bytes()), Node::read(other.as_bytes())) {
        (Ok(one), Ok(other)) => one.plain() == other.plain(),
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
    let reading = Reading::of(template.as_bytes());
    let secrets = reading.iter().flat_map(Reading::secrets);
    secrets.map(str::to_owned).collect()
}

fn text(template: &str) -> String {
    let mut text = String::from_utf8_lossy(&folded(template.as_bytes())).into_owned();
    text.push('\n');
    text
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
