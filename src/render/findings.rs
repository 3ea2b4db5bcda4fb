//! Findings for people, with the line they are about, and as JSON.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::manifest::{Finding, Severity, Silenced};
use crate::model::desired::Origin;
use crate::model::tree::{Entry, Tree};
use crate::secret;

/// Characters of a source line that are shown at most.
const LINE: usize = 120;
/// Characters of a longer line that are shown before the place.
const BEFORE: usize = 60;

/// The findings as text, each with its source line where the tree has it, and a last line that counts them.
///
/// Nothing at all where there are none. With `colour`, severities and codes are set in ANSI colours; texts of the
/// source never bring any of their own.
pub fn to_text(findings: &[Finding], tree: &Tree, colour: bool) -> String {
    let mut text = String::new();
    for finding in findings {
        // Writing to a `String` cannot fail.
        let _ = one(&mut text, finding, tree, Paint { colour });
        text.push('\n');
    }
    if !findings.is_empty() {
        text.push_str(&summary(findings));
        text.push('\n');
    }
    text
}

/// `3 errors, 1 warning in 2 files`.
pub fn summary(findings: &[Finding]) -> String {
    let number = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let (errors, warnings) = (number(Severity::Error), number(Severity::Warning));
    let files: BTreeSet<_> = findings.iter().map(|f| &f.origin.file).collect();
    let parts: Vec<String> = [(errors, "error"), (warnings, "warning")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| count(number, noun))
        .collect();
    if parts.is_empty() {
        return "no findings".to_owned();
    }
    format!("{} in {}", parts.join(", "), count(files.len(), "file"))
}

/// The findings as JSON, version 1:
///
/// ```json
/// {"version": 1, "errors": 1, "warnings": 0, "findings": [{
///   "file": "vpc.yaml", "line": 7, "column": 3, "severity": "error", "code": "unknown-field",
///   "page": "docs/findings.md#unknown-field",
///   "message": "…", "hint": "…" or null, "object": "product/vpc" or null,
///   "related": [{"file": "vpc.yaml", "line": 2, "column": 1, "message": "…"}]}],
///  "silenced": [{"reason": "…", and all that a finding has}]}
/// ```
pub fn to_json(findings: &[Finding], silenced: &[Silenced]) -> Value {
    let number = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let listed: Vec<Value> = findings.iter().map(as_json).collect();
    let silenced = silenced.iter().map(|Silenced { finding, reason }| {
        let mut json = as_json(finding);
        json["reason"] = reason.as_str().into();
        json
    });
    json!({
        "version": 1,
        "errors": number(Severity::Error),
        "warnings": number(Severity::Warning),
        "findings": listed,
        "silenced": silenced.collect::<Vec<Value>>(),
    })
}

fn as_json(finding: &Finding) -> Value {
    let Finding {
        origin,
        severity,
        code,
        message,
        hint,
        object,
        related,
        // Only lines of the source are secret, and there are none here.
        secret: _,
    } = finding;
    let related: Vec<Value> = related
        .iter()
        .map(|(at, note)| {
            json!({"file": &*at.file, "line": at.line, "column": at.column, "message": note})
        })
        .collect();
    json!({
        "file": &*origin.file,
        "line": origin.line,
        "column": origin.column,
        "severity": severity.as_str(),
        "code": code.as_str(),
        "page": code.page(),
        "message": message,
        "hint": hint,
        "object": object.as_ref().map(ToString::to_string),
        "related": related,
    })
}

fn count(number: usize, noun: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{end}")
}

/// ANSI colours, or none.
#[derive(Clone, Copy)]
struct Paint {
    colour: bool,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn severity(self, severity: Severity, text: &str) -> String {
        match severity {
            Severity::Error => self.with("1;31", text),
            Severity::Warning => self.with("1;33", text),
        }
    }

    fn frame(self, text: &str) -> String {
        self.with("1;34", text)
    }
}

fn one(text: &mut String, finding: &Finding, tree: &Tree, paint: Paint) -> std::fmt::Result {
    let Finding {
        origin,
        severity,
        code,
        message,
        hint,
        // The place says it well enough for people.
        object: _,
        related,
        secret,
    } = finding;
    let head = paint.severity(*severity, &format!("{severity}[{code}]"));
    writeln!(text, "{head}: {}", shown(message))?;
    let widest = related
        .iter()
        .map(|(at, _)| at.line)
        .chain([origin.line])
        .max();
    let gutter = widest.unwrap_or(1).to_string().len();
    place(text, origin, gutter, "-->", paint)?;
    if let Some(line) = source_line(tree, origin).filter(|_| !secret) {
        let (line, column) = window(&line, origin.column as usize);
        let bar = paint.frame("|");
        let number = paint.frame(&format!("{:>gutter$}", origin.line));
        writeln!(text, "{number} {bar} {line}")?;
        let caret = paint.severity(*severity, "^");
        writeln!(
            text,
            "{:gutter$} {bar} {:before$}{caret}",
            "",
            "",
            before = column - 1
        )?;
    }
    for (at, note) in related {
        place(text, at, gutter, ":::", paint)?;
        let equals = paint.frame("=");
        writeln!(text, "{:gutter$} {equals} {}", "", shown(note))?;
    }
    if let Some(hint) = hint {
        let equals = paint.frame("=");
        writeln!(text, "{:gutter$} {equals} help: {}", "", shown(hint))?;
    }
    Ok(())
}

fn place(
    text: &mut String,
    at: &Origin,
    gutter: usize,
    arrow: &str,
    paint: Paint,
) -> std::fmt::Result {
    let arrow = paint.frame(arrow);
    writeln!(text, "{:gutter$}{arrow} {}", "", shown(&at.to_string()))
}

/// The line that a place is on, made harmless; `None` where it is empty or not text.
fn source_line(tree: &Tree, at: &Origin) -> Option<String> {
    let below = match tree.scope.as_str() {
        "" => at.file.to_string(),
        scope => format!("{scope}/{}", at.file),
    };
    let Entry::File(bytes) = tree
        .files
        .get(&below)
        .or_else(|| tree.files.get(&*at.file))?
    else {
        return None;
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let index = usize::try_from(at.line).ok()?.checked_sub(1)?;
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let start: usize = lines.by_ref().take(index).map(|line| line.len() + 1).sum();
    let line = lines.next()?;
    let range = start..start + line.len();
    let line = std::str::from_utf8(line).ok()?.trim_end();
    // A key goes over many lines, so it is looked for in the whole file.
    let whole = String::from_utf8_lossy(bytes);
    let mut secrets = secret::places(&whole).into_iter();
    if secrets.any(|secret| secret.start < range.end && range.start < secret.end) {
        return None;
    }
    (!line.is_empty()).then(|| shown(line))
}

/// Control characters would move the caret, or the terminal: a blank stands for each.
fn shown(text: &str) -> String {
    let harmless = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(harmless).collect()
}

/// The part of a long line around a column, and the column in that part. Both are 1-based.
fn window(line: &str, column: usize) -> (String, usize) {
    let length = line.chars().count();
    let column = column.clamp(1, length + 1);
    if length <= LINE {
        return (line.to_owned(), column);
    }
    let skipped = (column - 1).saturating_sub(BEFORE).min(length - LINE);
    let part: String = line.chars().skip(skipped).take(LINE).collect();
    let before = if skipped > 0 { "…" } else { "" };
    let after = if skipped + LINE < length { "…" } else { "" };
    let moved = column - skipped + before.chars().count();
    (format!("{before}{part}{after}"), moved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Context, load};

    const BROKEN: &str = "apiVersion: catalogd.dev/v1\nkind: Portfolio\nmetadata: {name: net}\nspec:\n  providerNme: Us\n";

    fn found(text: &str) -> (Tree, Vec<Finding>) {
        let tree = Tree::of([("net.yaml", text)]);
        let findings = load(&tree, &Context::default()).findings;
        (tree, findings)
    }

    #[test]
    fn a_finding_shows_its_line() {
        let (tree, findings) = found(BROKEN);
        let wanted = "\
error[missing-field]: the portfolio's spec lacks `providerName`
 --> net.yaml:4:1
4 | spec:
  | ^
  = help: add `providerName:`

error[unknown-field]: unknown field `providerNme` in the portfolio's spec
 --> net.yaml:5:3
5 |   providerNme: Us
  |   ^
  = help: did you mean `providerName`?

2 errors in 1 file
";
        assert_eq!(to_text(&findings, &tree, false), wanted);
        assert!(
            to_text(&findings, &tree, true).contains("\u{1b}[1;31merror[missing-field]\u{1b}[0m")
        );
        assert_eq!(to_text(&[], &tree, false), "");
        assert_eq!(summary(&[]), "no findings");
    }

    #[test]
    fn json_has_the_documented_shape() {
        let (_, findings) = found(BROKEN);
        let json = to_json(&findings, &[]);
        assert_eq!(json["version"], 1);
        assert_eq!(json["errors"], 2);
        assert_eq!(
            json["findings"][1],
            json!({
                "file": "net.yaml", "line": 5, "column": 3, "severity": "error",
                "code": "unknown-field",
                "page": "docs/findings.md#unknown-field",
                "message": "unknown field `providerNme` in the portfolio's spec",
                "hint": "did you mean `providerName`?", "object": "portfolio/net", "related": [],
            })
        );
    }

    #[test]
    fn hostile_lines_do_not_reach_the_terminal() {
        let (tree, findings) = found(&format!("{BROKEN}  \"\u{1b}[2J\": 1\n"));
        assert!(!to_text(&findings, &tree, false).contains('\u{1b}'));
    }

    #[test]
    fn lines_with_parameters_are_not_shown() {
        let manifest = "apiVersion: catalogd.dev/v1\nkind: ProvisionedProduct\nmetadata: {name: db}\nspec:\n  product: db\n  version: v1\n  parameters:\n    Password: &x hunter2\n";
        for manifest in [
            manifest.to_owned(),
            manifest.replace("&x hunter2", "\"hunter2\" x"),
            manifest
                .replace("\n    Password: &x", " {Password: &x")
                .replace("hunter2\n", "hunter2}\n"),
        ] {
            let (tree, findings) = found(&manifest);
            let text = to_text(&findings, &tree, false);
            assert!(
                text.contains("error[") && !text.contains("hunter2"),
                "{text}"
            );
        }
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let line: String = (0..500)
            .map(|n| char::from(b'a' + (n % 26) as u8))
            .collect();
        for column in [1, 60, 250, 499, 500, 900] {
            let (part, moved) = window(&line, column);
            let at = line.chars().nth(column.min(501) - 1);
            assert_eq!(
                part.chars().nth(moved - 1),
                at.or(part.chars().nth(moved - 1)),
                "{column}"
            );
            assert!(part.chars().count() <= LINE + 2);
        }
    }
}
