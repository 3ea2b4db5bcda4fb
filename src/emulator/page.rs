//! Paging: a token belongs to one operation and one query.

use sha2::{Digest, Sha256};

use serde_json::{Map, Value, json};

use super::api::ApiError;
use super::validate;

/// The page size when none is asked for: published nowhere (facts §5; a guess).
const DEFAULT_SIZE: u64 = 20;

/// What one request asks of a listing.
#[derive(Debug)]
pub(super) struct Page {
    size: usize,
    from: Option<u64>,
    seal: String,
    /// A fault: the listing ends after so many items.
    cut: Option<usize>,
}

impl Page {
    /// Reads PageSize and PageToken. A PageSize of 0, which the model allows, is taken as none (a guess).
    ///
    /// # Errors
    /// `InvalidParametersException` for a token of another query; its text was not found (a guess).
    pub(super) fn of(
        operation: &str,
        input: &Map<String, Value>,
        cut: Option<usize>,
    ) -> Result<Self, ApiError> {
        let limit = validate::page_limit(operation).unwrap_or(DEFAULT_SIZE);
        let size = input.get("PageSize").and_then(Value::as_u64).unwrap_or(0);
        let size = if size == 0 { DEFAULT_SIZE } else { size }.min(limit);
        let seal = seal(operation, input, &["PageSize", "PageToken"]);
        let token = input.get("PageToken").and_then(Value::as_str);
        let page = Self::open(size, token, seal)
            .ok_or_else(|| ApiError::new("InvalidParametersException", "Invalid page token."))?;
        Ok(Self { cut, ..page })
    }

    /// A page of so many items; `None` for a token that this seal does not fit.
    pub(super) fn open(size: u64, token: Option<&str>, seal: String) -> Option<Self> {
        let from = match token {
            None | Some("") => None,
            Some(token) => Some(opened(token, &seal)?),
        };
        Some(Self {
            size: usize::try_from(size).unwrap_or(usize::MAX),
            from,
            seal,
            cut: None,
        })
    }

    /// The place after which it begins. A listing that starts there need not pass over what came before.
    pub(super) fn after(&self) -> Option<u64> {
        self.from
    }

    /// A page of `items`, each with its place in an order that only rises; the next page begins after
    /// the last place given out, so objects that come and go do not shift it. Only what is on the page is shown.
    pub(super) fn by_place<R, T>(
        &self,
        items: impl Iterator<Item = (u64, R)>,
        show: impl Fn(R) -> T,
    ) -> (Vec<T>, Option<String>) {
        let mut items = items.filter(|(place, _)| self.from.is_none_or(|from| *place > from));
        let mut page = Vec::new();
        let mut last = None;
        for (place, item) in items.by_ref().take(self.size) {
            page.push(show(item));
            last = Some(place);
        }
        let more = items.next().is_some();
        self.finish(page, last.filter(|_| more))
    }

    /// A page of `items` counted from the listing's beginning: what is inserted before shifts it.
    pub(super) fn by_offset<T>(&self, items: Vec<T>) -> (Vec<T>, Option<String>) {
        let from = usize::try_from(self.from.unwrap_or(0)).unwrap_or(usize::MAX);
        let end = from.saturating_add(self.size);
        let more = items.len() > end;
        let page = items.into_iter().skip(from).take(self.size).collect();
        let next = u64::try_from(end).ok().filter(|_| more);
        self.finish(page, next)
    }

    fn finish<T>(&self, mut page: Vec<T>, next: Option<u64>) -> (Vec<T>, Option<String>) {
        if let Some(keep) = self.cut {
            page.truncate(keep);
            return (page, None);
        }
        (page, next.map(|next| format!("{}{next:x}", self.seal)))
    }
}

/// An answer with one page under `name`; the token is absent on the last one.
pub(super) fn answer(name: &str, (items, next): (Vec<Value>, Option<String>)) -> Value {
    json!({ name: items, "NextPageToken": next })
}

/// The same for the two operations about TagOptions whose token has another name (facts §5).
pub(super) fn answer_of_tag_options(
    name: &str,
    (items, next): (Vec<Value>, Option<String>),
) -> Value {
    json!({ name: items, "PageToken": next })
}

/// What ties a token to its query: the operation and all members but the `paging` ones.
pub(super) fn seal(operation: &str, input: &Map<String, Value>, paging: &[&str]) -> String {
    let mut hash = Sha256::new();
    hash.update(operation);
    for (member, value) in input {
        if !paging.contains(&member.as_str()) {
            hash.update(member);
            hash.update(value.to_string());
        }
    }
    hex::encode(&hash.finalize()[..12])
}

fn opened(token: &str, seal: &str) -> Option<u64> {
    u64::from_str_radix(token.strip_prefix(seal)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(token: Option<&str>, more: &[(&str, Value)]) -> Result<Page, ApiError> {
        let mut input = Map::new();
        input.insert("PageSize".to_owned(), json!(2));
        if let Some(token) = token {
            input.insert("PageToken".to_owned(), json!(token));
        }
        for (key, value) in more {
            input.insert((*key).to_owned(), value.clone());
        }
        Page::of("ListPortfolios", &input, None)
    }

    #[test]
    fn a_listing_is_read_page_by_page() {
        let items = || (10..15).map(|place| (place, place));
        let (first, token) = page(None, &[]).unwrap().by_place(items(), |n| n);
        assert_eq!(first, [10, 11]);
        let (second, token) = page(token.as_deref(), &[])
            .unwrap()
            .by_place(items(), |n| n);
        assert_eq!(second, [12, 13]);
        let (third, token) = page(token.as_deref(), &[])
            .unwrap()
            .by_place(items(), |n| n);
        assert_eq!((third, token), (vec![14], None));
    }

    #[test]
    fn only_what_is_on_the_page_is_shown() {
        let shown = std::cell::Cell::new(0);
        let items = || (0..1000).map(|place| (place, place));
        let show = |item: u64| {
            shown.set(shown.get() + 1);
            item
        };
        let (_, token) = page(None, &[]).unwrap().by_place(items(), show);
        page(token.as_deref(), &[]).unwrap().by_place(items(), show);
        assert_eq!(shown.get(), 4);
    }

    #[test]
    fn the_last_full_page_has_no_token() {
        let (items, token) = page(None, &[])
            .unwrap()
            .by_place((0..2).map(|n| (n, n)), |n| n);
        assert_eq!((items.len(), token), (2, None));
        let (items, token) = page(None, &[]).unwrap().by_offset(vec![1, 2]);
        assert_eq!((items.len(), token), (2, None));
    }

    #[test]
    fn a_token_of_another_query_is_refused() {
        let (_, token) = page(None, &[]).unwrap().by_offset(vec![1, 2, 3]);
        let error = page(token.as_deref(), &[("AcceptLanguage", json!("jp"))]).unwrap_err();
        assert_eq!(error.code, "InvalidParametersException");
        assert!(page(Some("x"), &[]).is_err());
    }

    #[test]
    fn a_page_without_a_size_has_twenty_and_never_more_than_modelled() {
        let mut input = Map::new();
        assert_eq!(Page::of("ListPortfolios", &input, None).unwrap().size, 20);
        input.insert("PageSize".to_owned(), json!(5000));
        assert_eq!(Page::of("ListPortfolios", &input, None).unwrap().size, 100);
    }
}
