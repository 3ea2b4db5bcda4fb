//! The wording that findings share: texts of a source shown safely, near names, lists.

use crate::secret;

/// Characters of a text that a message shows.
const SHOWN: usize = 80;

/// The text in backticks, control characters escaped and cut where it is long: a manifest may be hostile.
pub(super) fn code(text: &str) -> String {
    // Before it is cut: half a token is hardly known as one.
    let text = secret::masked(text);
    let mut shown = String::with_capacity(text.len().min(SHOWN) + 2);
    shown.push('`');
    for (at, c) in text.chars().enumerate() {
        if at == SHOWN {
            shown.push('…');
            break;
        }
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown.push('`');
    shown
}

/// `a, b and c`, each in backticks.
pub(super) fn listed<'a>(items: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let shown: Vec<String> = items.into_iter().map(code).collect();
    match shown.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}

/// The first of many, as [`listed`] has them.
pub(super) fn some(items: &[&str], last: &str) -> String {
    /// More would not help to choose.
    const SOME: usize = 10;
    match items.get(..SOME) {
        Some(first) if items.len() > SOME + 1 => {
            let first: Vec<String> = first.iter().map(|item| code(item)).collect();
            format!(
                "{} {last} one of {} more",
                first.join(", "),
                items.len() - SOME
            )
        }
        _ => listed(items.iter().copied(), last),
    }
}

/// `did you mean …?`, if one of the candidates is near.
pub(super) fn did_you_mean<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    near(text, candidates).map(|found| format!("did you mean {}?", code(found)))
}

/// The candidate nearest to the text, if a slip of the hand could have made one of the other.
pub(super) fn near<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Longer texts are no mistyped names, and the distance costs the product of the lengths.
    const LONGEST: usize = 128;
    if text.len() > LONGEST {
        return None;
    }
    let folded = text.to_lowercase();
    let allowed = (folded.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| {
            candidate.len() <= LONGEST && candidate.len().abs_diff(text.len()) <= allowed * 4
        })
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&folded, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// `1 error`, `2 errors`.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("{number} {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_slips_of_the_hand() {
        let fields = ["owner", "description", "displayName"];
        assert_eq!(near("ownr", fields), Some("owner"));
        assert_eq!(near("displayname", fields), Some("displayName"));
        assert_eq!(near("versions", fields), None);
        assert_eq!(near(&"x".repeat(1000), fields), None);
    }

    #[test]
    fn hostile_texts_are_shown_safely() {
        assert_eq!(code("a\u{1b}[31mb\n"), "`a\\u{1b}[31mb\\n`");
        assert_eq!(code(&"x".repeat(500)).chars().count(), SHOWN + 3);
        assert_eq!(listed(["a", "b", "c"], "and"), "`a`, `b` and `c`");
    }
}
