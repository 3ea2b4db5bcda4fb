//! Page after page of a listing, but not for ever.

use std::collections::BTreeSet;

use crate::aws::error::Failure;

/// Pages of one listing that are read: at 20 a page 200,000 items, far beyond every quota (facts §6).
const MOST_PAGES: usize = 10_000;

/// Where a listing has got to.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    token: Option<String>,
    seen: BTreeSet<String>,
}

impl Pages {
    /// What the next request says; nothing for the first page.
    pub(crate) fn token(&self) -> Option<String> {
        self.token.clone()
    }

    /// Turns to the next page; `false` after the last.
    ///
    /// # Errors
    /// Where a token comes again or there is no end: what was read may not be all.
    pub(crate) fn turn(
        &mut self,
        operation: &'static str,
        next: Option<&str>,
    ) -> Result<bool, Failure> {
        let Some(next) = next.filter(|next| !next.is_empty()) else {
            return Ok(false);
        };
        if !self.seen.insert(next.to_owned()) {
            return Err(Failure::internal(operation, "a page token came twice"));
        }
        if self.seen.len() >= MOST_PAGES {
            let message = format!("more than {MOST_PAGES} pages");
            return Err(Failure::internal(operation, message));
        }
        self.token = Some(next.to_owned());
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_ends_or_is_refused() {
        let mut pages = Pages::default();
        assert_eq!(pages.token(), None);
        assert_eq!(pages.turn("L", Some("a")), Ok(true));
        assert_eq!(pages.token().as_deref(), Some("a"));
        assert_eq!(pages.turn("L", Some("b")), Ok(true));
        assert!(pages.turn("L", Some("a")).is_err());
        assert_eq!(pages.turn("L", None), Ok(false));
    }

    #[test]
    fn a_listing_without_end_is_refused() {
        let mut pages = Pages::default();
        let ended = (0..=MOST_PAGES).find_map(|n| pages.turn("L", Some(&n.to_string())).err());
        assert!(ended.is_some());
    }
}
