//! Values that are long or have many lines: policies, rules, descriptions, templates. Two of them are shown as the lines
//! that differ; what is folded away is counted.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::doc::{Row, Sign, count};
use super::page::Detail;
use super::safe::line;

/// Unchanged lines around a changed one.
const AROUND: usize = 2;
/// Lines of a difference that are shown.
const DIFFERENCE: usize = 24;
/// Lines of a value that comes or goes that are shown.
const WHOLE: usize = 8;
/// Characters on both sides of the place where two long lines differ.
const CONTEXT: usize = 24;
/// Characters that a word's beginning is looked for.
const WORD: usize = 12;
/// A document on one line that is longer than this is told line by line.
const FLAT: usize = 60;

/// Whether the value needs lines of its own.
pub(super) fn is_tall(text: &str) -> bool {
    text.trim_end().contains('\n') || document(text).is_some()
}

/// The lines of a value that comes or goes.
pub(super) fn lines(text: &str, sign: Sign, detail: Detail) -> Vec<Row> {
    let text = document(text).unwrap_or_else(|| text.to_owned());
    let rows = text
        .lines()
        .map(|text| Row::new(sign, &line(text, detail.value())));
    cut(rows.collect(), WHOLE, detail)
}

/// How two values differ, line by line. Two that differ only on one long line are shown around the place.
pub(super) fn difference(before: &str, after: &str, detail: Detail) -> Vec<Row> {
    let flat = |text: &str| document(text).unwrap_or_else(|| text.to_owned());
    let (before, after) = (flat(before), flat(after));
    if !before.trim_end().contains('\n') && !after.trim_end().contains('\n') {
        let (before, after) = around(&before, &after, detail);
        return vec![Row::new(Sign::Remove, &before), Row::new(Sign::Add, &after)];
    }
    let diff = TextDiff::from_lines(&before, &after);
    let mut rows = Vec::new();
    // Lines of the old text that were told or counted.
    let mut told = 0;
    for group in diff.grouped_ops(AROUND) {
        if let Some(first) = group.first() {
            alike(&mut rows, first.old_range().start.saturating_sub(told));
        }
        for op in &group {
            for change in diff.iter_changes(op) {
                let sign = match change.tag() {
                    ChangeTag::Delete => Sign::Remove,
                    ChangeTag::Insert => Sign::Add,
                    ChangeTag::Equal => Sign::Same,
                };
                // Only a line's own end is not shown.
                let text = change.value().trim_end_matches(['\n', '\r']);
                rows.push(Row::new(sign, &line(text, detail.value())));
            }
            told = op.old_range().end;
        }
    }
    let all = before.lines().count();
    alike(&mut rows, all.saturating_sub(told));
    cut(rows, DIFFERENCE, detail)
}

/// Says that lines which are the same on both sides are left out.
fn alike(rows: &mut Vec<Row>, number: usize) {
    if number > 0 {
        rows.push(Row::plain(&format!("… {} alike", count(number, "line"))));
    }
}

fn cut(mut rows: Vec<Row>, most: usize, detail: Detail) -> Vec<Row> {
    // One line more is not worth a line that says so.
    if !detail.verbose && rows.len() > most + 1 {
        let more = rows.len() - most;
        rows.truncate(most);
        rows.push(Row::plain(&format!(
            "… {} (--verbose shows all)",
            more_lines(more)
        )));
    }
    rows
}

fn more_lines(number: usize) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} more line{plural}")
}

/// A JSON document, line by line; `None` for anything else, and for one that reads well on one line.
fn document(text: &str) -> Option<String> {
    let trimmed = text.trim_start();
    if !trimmed.starts_with(['{', '[']) || (text.len() <= FLAT && !text.contains('\n')) {
        return None;
    }
    let value: Value = serde_json::from_str(trimmed).ok()?;
    serde_json::to_string_pretty(&value).ok()
}

/// Two lines where they differ: what both begin and end with is counted.
fn around(before: &str, after: &str, detail: Detail) -> (String, String) {
    let (one, other): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
    let alike = |(a, b): &(&char, &char)| a == b;
    let head = one.iter().zip(&other).take_while(alike).count();
    let rest = one.len().min(other.len()) - head;
    let tail = one.iter().rev().zip(other.iter().rev());
    let tail = tail.take_while(alike).count().min(rest);
    let (head, tail) = (head.saturating_sub(CONTEXT), tail.saturating_sub(CONTEXT));
    // Words are not cut where their ends are near.
    let space = |at: &usize| {
        one.get(at.wrapping_sub(1))
            .is_none_or(|c| c.is_whitespace())
    };
    let head = (head.saturating_sub(WORD)..=head)
        .rev()
        .find(space)
        .unwrap_or(head);
    let space = |cut: &usize| one.get(one.len() - cut).is_none_or(|c| c.is_whitespace());
    let tail = (tail.saturating_sub(WORD)..=tail)
        .rev()
        .find(space)
        .unwrap_or(tail);
    let part = |text: &[char]| {
        let middle = text.get(head..text.len() - tail).unwrap_or_default();
        let middle: String = middle.iter().collect();
        let folded = |number: usize| match number {
            0 => String::new(),
            number => format!("… ({number} alike) "),
        };
        let end = match tail {
            0 => String::new(),
            number => format!(" … ({number} alike)"),
        };
        format!("{}{}{end}", folded(head), line(&middle, detail.value()))
    };
    (part(&one), part(&other))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Detail = Detail { verbose: false };
    const LONG: Detail = Detail { verbose: true };

    fn shown(rows: &[Row]) -> Vec<String> {
        let sign = |row: &Row| {
            row.sign
                .symbol()
                .map_or(String::new(), |sign| format!("{sign}|"))
        };
        rows.iter()
            .map(|row| format!("{}{}", sign(row), row.text))
            .collect()
    }

    #[test]
    fn a_policy_on_one_line_is_told_line_by_line() {
        let policy = |action: &str| {
            format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}"#
            )
        };
        let rows = difference(&policy("s3:Get*"), &policy("s3:*"), SHORT);
        insta::assert_snapshot!(shown(&rows).join("\n"), @r##"
        … 1 line alike
         |  "Statement": [
         |    {
        -|      "Action": "s3:Get*",
        +|      "Action": "s3:*",
         |      "Effect": "Allow",
         |      "Resource": "*"
        … 4 lines alike
        "##);
    }

    #[test]
    fn only_what_differs_of_long_prose_is_shown() {
        let (start, end) = ("a word ".repeat(40), " and more".repeat(20));
        let (before, after) = (format!("{start}old{end}"), format!("{start}new{end}"));
        let rows = difference(&before, &after, SHORT);
        insta::assert_snapshot!(shown(&rows).join("\n"), @r##"
        -|… (254 alike) word a word a word a word old and more and more and more … (153 alike)
        +|… (254 alike) word a word a word a word new and more and more and more … (153 alike)
        "##);
        // Overlapping heads and tails count no character twice.
        assert_eq!(
            around("aaa", "aaaa", SHORT),
            ("aaa".to_owned(), "aaaa".to_owned())
        );
    }

    #[test]
    fn what_is_folded_is_counted_and_verbose_shows_all() {
        let text: String = (0..60).map(|n| format!("line {n}\n")).collect();
        let rows = lines(&text, Sign::Add, SHORT);
        assert_eq!(rows.len(), WHOLE + 1);
        assert_eq!(shown(&rows)[WHOLE], "… 52 more lines (--verbose shows all)");
        assert_eq!(lines(&text, Sign::Add, LONG).len(), 60);
        let other = text.replace("line 9\n", "nine\n").replace("line 50\n", "");
        let rows = shown(&difference(&text, &other, SHORT));
        insta::assert_snapshot!(rows.join("\n"), @r##"
        … 7 lines alike
         |line 7
         |line 8
        -|line 9
        +|nine
         |line 10
         |line 11
        … 36 lines alike
         |line 48
         |line 49
        -|line 50
         |line 51
         |line 52
        … 7 lines alike
        "##);
        // Each line of the old text is either shown or counted.
        let counted = rows.iter().filter_map(|row| {
            row.strip_prefix("… ")?
                .split(' ')
                .next()?
                .parse::<usize>()
                .ok()
        });
        let old = rows
            .iter()
            .filter(|row| row.starts_with("-|") || row.starts_with(" |"));
        assert_eq!(counted.sum::<usize>() + old.count(), 60);
    }
}
