//! What was ordered to go wrong with resources to come.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Orders in force, oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Orders(Vec<Order>);

/// What happens to one resource the next time a stack makes or changes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// The stack's name; `*` and `?` are wildcards.
    pub stack: String,
    /// The resource in its template; `*` and `?` are wildcards.
    pub resource: String,
    /// It fails for this reason.
    pub reason: Option<String>,
    /// It takes so long.
    pub takes: Option<Duration>,
}

impl Order {
    fn strikes(&self, stack: &str, resource: &str) -> bool {
        glob(&self.stack, stack) && glob(&self.resource, resource)
    }
}

impl Orders {
    pub(super) fn add(&mut self, order: Order) {
        self.0.push(order);
    }

    pub(super) fn replace(&mut self, orders: Vec<Order>) {
        self.0 = orders;
    }

    /// How long a resource takes that is about to be made or changed.
    pub(super) fn delay(&self, stack: &str, resource: &str) -> Option<Duration> {
        let mut orders = self.0.iter();
        orders
            .find(|order| order.strikes(stack, resource))
            .and_then(|order| order.takes)
    }

    /// The order that strikes a resource that is made or changed now; one order strikes once.
    pub(super) fn take(&mut self, stack: &str, resource: &str) -> Option<Order> {
        let mut orders = self.0.iter();
        let at = orders.position(|order| order.strikes(stack, resource))?;
        Some(self.0.remove(at))
    }
}

/// `*` and `?` as in file names.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            glob(&pattern[1..], text)
                || text
                    .chars()
                    .next()
                    .is_some_and(|c| glob(pattern, &text[c.len_utf8()..]))
        }
        Some(p) => text.chars().next().is_some_and(|c| {
            (p == '?' || p == c) && glob(&pattern[p.len_utf8()..], &text[c.len_utf8()..])
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_as_file_names_do() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("SC-*-pp-?", "SC-1-pp-a", true),
            ("SC-*", "sc-1", false),
            ("a", "ab", false),
            ("*b*", "abc", true),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }
}
