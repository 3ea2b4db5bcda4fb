//! A team's own rules over plans, as plain values, and the one place that knows CEL.
//!
//! An expression is compiled once, within limits of size and depth, and evaluated within a number of steps and until its
//! time is up: whatever it says, it ends. What is not known, fails or does not end is told apart from *no*, so that a
//! caller can refuse.

mod bound;
mod expression;
mod fact;
mod judge;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use expression::{Expression, Mistake};
pub use fact::Fact;
pub use judge::{Answer, Judge, Late};

use crate::ids::{Kind, Name};
use crate::model::desired::Origin;

/// Rules of all files together: a company's catalog has some dozens.
pub const RULES: usize = 200;
/// Characters of an expression: a hundred role ARNs fit.
pub const LENGTH: usize = 8_000;
/// Parts of an expression: values, operators and calls.
pub const NODES: usize = 2_000;
/// How deep an expression nests: the longest in the examples has 9.
pub const DEPTH: usize = 100;
/// Characters of a message.
pub const MESSAGE: usize = 500;
/// Bytes of a file with rules: all of them at their longest would hardly be read by anybody.
pub const FILE_BYTES: usize = 1024 * 1024;

/// The rules that a plan is judged by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// In the order of their files.
    pub list: Vec<Rule>,
    /// A file of rules could not be read whole: nobody knows what it would have refused, so everything is.
    pub broken: bool,
}

impl Rules {
    /// Adds the rules of another file.
    pub fn add(&mut self, others: Self) {
        self.list.extend(others.list);
        self.broken |= others.broken;
    }

    /// Whether there is nothing to ask.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && !self.broken
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name, unique in all files.
    pub name: Name,
    /// Where the name stands.
    pub origin: Origin,
    /// What it is asked of.
    pub scope: Scope,
    /// Of which objects it is asked; `None` means all.
    pub kinds: Option<BTreeSet<Kind>>,
    /// It is asked only where this holds.
    pub when: Option<Expression>,
    /// What happens where the expression holds.
    pub effect: Effect,
    /// What is refused, or warned of.
    pub test: Expression,
    /// Why, for people.
    pub message: String,
}

/// What a rule is asked of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Each object of a plan by itself.
    #[default]
    Object,
    /// The plan, once.
    Plan,
}

impl Scope {
    /// The variables that an expression can name.
    pub fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Object => &["object", "plan", "now"],
            Self::Plan => &["plan", "now"],
        }
    }
}

/// What a rule does where its expression holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing is done of what it is asked of.
    Deny,
    /// It is said.
    Warn,
}

impl Effect {
    /// As a file of rules says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
        }
    }
}
