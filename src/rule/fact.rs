//! What rules are asked about, as plain values, and as CEL sees them.

use std::collections::{BTreeMap, HashMap};

use cel::common::types::{CelBool, CelInt, CelList, CelMap, CelMapKey, CelString};
use cel::common::value::Val;

/// A value that an expression can look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Flag(bool),
    /// A list.
    List(Vec<Fact>),
    /// A map. What is left out is no key of it: `has(map.key)` tells.
    Map(BTreeMap<String, Fact>),
}

impl Fact {
    /// A map of these entries.
    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Fact)>) -> Self {
        Self::Map(entries.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }

    /// A list of texts.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(|t| Self::Text(t.into())).collect())
    }

    /// A count.
    pub fn count(count: usize) -> Self {
        Self::Number(i64::try_from(count).unwrap_or(i64::MAX))
    }

    pub(super) fn val(&self) -> Box<dyn Val> {
        match self {
            Self::Text(text) => Box::new(CelString::from(text.clone())),
            Self::Number(number) => Box::new(CelInt::from(*number)),
            Self::Flag(flag) => Box::new(CelBool::from(*flag)),
            Self::List(items) => {
                let items: Vec<Box<dyn Val>> = items.iter().map(Self::val).collect();
                Box::new(CelList::from(items))
            }
            Self::Map(entries) => {
                let entries = entries.iter();
                let entries: HashMap<CelMapKey<'static>, Box<dyn Val>> = entries
                    .map(|(key, value)| (CelMapKey::from(key.clone()), value.val()))
                    .collect();
                Box::new(CelMap::from(entries))
            }
        }
    }
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Fact {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Fact {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}
