//! Texts of the catalog and of manifests, made safe for a terminal: anybody may have written them.

use std::fmt::Write as _;

/// Characters of a value on one line that are shown: three lines of a terminal.
pub const VALUE: usize = 240;
/// Characters of a service's reason or of advice that are shown.
pub const MESSAGE: usize = 600;

/// The text on one line: control characters (escape sequences among them) and characters that turn or hide text
/// are escaped, and what is beyond `limit` characters is counted instead.
pub fn line(text: &str, limit: usize) -> String {
    let count = text.chars().count();
    let mut out = match text.char_indices().nth(limit) {
        Some((end, _)) => harmless(text.get(..end).unwrap_or_default()),
        None => harmless(text),
    };
    if count > limit {
        let _ = write!(out, "… (+{} characters)", count - limit);
    }
    out
}

/// The text with nothing in it that a terminal or a browser would obey: control characters (escape sequences and line
/// ends among them) and characters that turn, hide or join text are escaped. What is harmless stays as it is.
pub fn harmless(text: &str) -> String {
    if !text.chars().any(is_hostile) {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if is_hostile(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Control characters, and those that reorder, hide or break a line (bidirectional marks, zero-width characters, blanks
/// that look like nothing, annotations, tags).
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
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
}
