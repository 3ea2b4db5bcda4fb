//! Texts of the catalog and of manifests, made safe for a terminal: anybody may have written them.

use std::fmt::Write as _;

/// Characters of a value that are shown. Two of them and a field's name fit three lines of a terminal.
pub const VALUE: usize = 120;
/// Characters of a service's reason or of advice that are shown.
pub const MESSAGE: usize = 600;
/// Characters shown before the first difference of two long values.
const CONTEXT: usize = 24;

/// The text on one line: control characters (escape sequences among them) and characters that turn or hide text
/// are escaped, and what is beyond `limit` characters is counted instead.
pub fn line(text: &str, limit: usize) -> String {
    let count = text.chars().count();
    let mut out = String::new();
    for c in text.chars().take(limit) {
        if is_hostile(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    if count > limit {
        let _ = write!(out, "… (+{} characters)", count - limit);
    }
    out
}

/// Two values that differ. Where they are long and begin alike, they are shown from shortly before the difference.
pub fn pair(before: &str, after: &str) -> (String, String) {
    let long = before.chars().count() > VALUE || after.chars().count() > VALUE;
    let alike = before.chars().zip(after.chars());
    let alike = alike.take_while(|(one, other)| one == other).count();
    let skip = if long {
        alike.saturating_sub(CONTEXT)
    } else {
        0
    };
    let part = |text: &str| {
        let rest: String = text.chars().skip(skip).collect();
        let lead = if skip > 0 { "…" } else { "" };
        format!("{lead}{}", line(&rest, VALUE))
    };
    (part(before), part(after))
}

/// Control characters, and those that reorder, hide or break a line (bidirectional marks, zero-width characters).
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
            | '\u{061C}' | '\u{00AD}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_defused() {
        assert_eq!(line("a\nb\tc", 20), "a\\nb\\tc");
        assert_eq!(line("\u{1b}[31mred", 20), "\\u{1b}[31mred");
        assert_eq!(line("abc\u{202e}cba", 20), "abc\\u{202e}cba");
        assert_eq!(line("Grüße, 世界", 20), "Grüße, 世界");
    }

    #[test]
    fn long_text_is_cut_and_counted() {
        let long = "x".repeat(VALUE + 5);
        let shown = line(&long, VALUE);
        assert!(shown.ends_with("x… (+5 characters)"), "{shown}");
    }

    #[test]
    fn long_values_are_shown_where_they_differ() {
        let base = "same ".repeat(60);
        let (before, after) = pair(&format!("{base}old"), &format!("{base}new"));
        assert!(
            before.starts_with('…') && before.ends_with("same old"),
            "{before}"
        );
        assert!(after.ends_with("same new"), "{after}");
    }
}
