//! Patterns with `*` and `?`.

/// Whether a pattern fits a whole text: `*` stands for any text, `?` for one character. It takes no longer than the
/// product of both lengths, whatever the pattern.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on when what followed the last star did not fit.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(next) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || c == next => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    p = star + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_as_file_names_do() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("SC-*-pp-?", "SC-1-pp-a", true),
            ("SC-*", "sc-1", false),
            ("a", "ab", false),
            ("*b*", "abc", true),
            ("*ab", "aab", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_take_no_longer() {
        // Tried one by one, these would take for ever.
        let (pattern, text) = ("*a".repeat(60), "a".repeat(127) + "b");
        assert!(!fits(&pattern, &text));
        assert!(fits(&"*".repeat(5_000), &text));
    }
}
