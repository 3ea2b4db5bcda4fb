//! Texts that must not be shown, and how they are taken out of what others say (promise 8).

use std::collections::BTreeSet;
use std::fmt;

/// What stands where a secret was.
const MASK: &str = "(secret)";

/// Secret texts. It has no `Display`, and its `Debug` tells how many there are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(BTreeSet<String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// Adds one; the empty text is none.
    pub fn insert(&mut self, secret: &str) {
        // Services trim what they are given, and repeat it so.
        let secret = secret.trim();
        if !secret.is_empty() {
            self.0.insert(secret.to_owned());
        }
    }

    /// Adds those of another.
    pub fn extend(&mut self, others: &Self) {
        self.0.extend(others.0.iter().cloned());
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of at least so many bytes.
    pub fn longer(&self, least: usize) -> Self {
        let long = self.0.iter().filter(|secret| secret.len() >= least);
        Self(long.cloned().collect())
    }

    /// Whether a text tells one of them.
    pub fn told_by(&self, text: &str) -> bool {
        self.0.iter().any(|secret| text.contains(secret.as_str()))
    }

    /// A text without them. Of two that begin at one place the longer one is meant: one secret may be a part of another, and
    /// what stands in their place is left alone.
    pub fn without(&self, text: &str) -> String {
        if !self.told_by(text) {
            return text.to_owned();
        }
        let (mut left, mut clean) = (text, String::with_capacity(text.len()));
        while let Some(next) = left.chars().next() {
            let here = self
                .0
                .iter()
                .filter(|secret| left.starts_with(secret.as_str()));
            let taken = match here.map(String::len).max() {
                Some(length) => {
                    clean.push_str(MASK);
                    length
                }
                None => {
                    clean.push(next);
                    next.len_utf8()
                }
            };
            left = left.get(taken..).unwrap_or_default();
        }
        clean
    }

    /// The same, in place.
    pub fn take_out(&self, text: &mut String) {
        if self.told_by(text) {
            *text = self.without(text);
        }
    }
}

impl<'a> FromIterator<&'a str> for Secrets {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        let mut secrets = Self::default();
        texts.into_iter().for_each(|text| secrets.insert(text));
        secrets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_goes_first_and_its_mask_stays() {
        let secrets: Secrets = ["hunter2", "hunter2-of-old", "secret", "", " é "]
            .into_iter()
            .collect();
        assert_eq!(secrets.len(), 4);
        let text = "no hunter2-of-old, hunter2 nor hunter2é";
        assert_eq!(
            secrets.without(text),
            "no (secret), (secret) nor (secret)(secret)"
        );
        assert_eq!(secrets.without("hunter"), "hunter");
        assert_eq!(format!("{secrets:?}"), "Secrets(4)");
        assert_eq!(
            secrets.longer(7).without(text),
            "no (secret), (secret) nor (secret)é"
        );
    }
}
