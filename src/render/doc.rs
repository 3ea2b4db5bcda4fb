//! What a page says before it is dressed: sections of entries of rows, each text harmless already.
//!
//! Text and markdown are made of the same document, so that neither can say less than the other.

use super::safe::harmless;

/// A page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Doc {
    /// What must be known before anything else, e.g. that only a part is planned.
    pub(super) notices: Vec<String>,
    /// In the order in which they are read.
    pub(super) sections: Vec<Section>,
    /// Calls and time.
    pub(super) costs: Vec<String>,
    /// The last line.
    pub(super) summary: String,
}

/// Entries that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// A word or two.
    pub(super) title: &'static str,
    /// How many things it is about, in words: `3 objects`.
    pub(super) count: String,
    /// What that means, in half a sentence.
    pub(super) hint: &'static str,
    /// Its entries.
    pub(super) entries: Vec<Entry>,
    /// What to do about them, said once.
    pub(super) advice: Vec<Row>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// What is done with it.
    pub(super) mark: Mark,
    /// Its key.
    pub(super) head: String,
    /// Why.
    pub(super) why: String,
    /// More of it.
    pub(super) rows: Vec<Row>,
}

/// What is done with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Create,
    Update,
    Replace,
    TakeOver,
    Delete,
    Release,
    Waits,
    Refused,
    Note,
    /// Other objects, which are counted.
    More,
}

impl Mark {
    /// As it stands before a key.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Create => "+",
            Self::Update => "~",
            Self::Replace => "-/+",
            Self::TakeOver => "=>",
            Self::Delete | Self::Release => "-",
            Self::Waits | Self::More => "…",
            Self::Refused => "!",
            Self::Note => "·",
        }
    }

    /// What the symbol means; `None` where its section or the line itself says it.
    pub(super) fn meaning(self) -> Option<&'static str> {
        match self {
            Self::Create => Some("create"),
            Self::Update => Some("update"),
            Self::Replace => Some("delete and create again"),
            Self::TakeOver => Some("take over or import"),
            Self::Delete | Self::Release => Some("delete or let go of"),
            Self::Waits | Self::Refused | Self::Note | Self::More => None,
        }
    }

    /// Whether the object goes, if only for a while.
    pub(super) fn removes(self) -> bool {
        matches!(self, Self::Delete | Self::Release | Self::Replace)
    }
}

/// A line below an object, or below another line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// What happens.
    pub(super) sign: Sign,
    /// In words.
    pub(super) text: String,
    /// The same as what goes and what comes, where it is short enough for a line.
    pub(super) pair: Option<Pair>,
    /// Lines below it.
    pub(super) nested: Vec<Row>,
    /// Rows of the same likeness are folded where there are many; empty where it is like no other.
    pub(super) like: String,
    /// What such rows are, when they are counted: `versions`.
    pub(super) noun: &'static str,
    /// Whether something goes with it that is not only a value.
    pub(super) removes: bool,
    /// Whether who launches has to look at it.
    pub(super) urgent: bool,
}

/// A value that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// Of what.
    pub(super) label: String,
    /// What is live.
    pub(super) before: String,
    /// What git wants.
    pub(super) after: String,
    /// Why, where that differs from the object's.
    pub(super) why: String,
}

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    Add,
    Remove,
    Change,
    Refused,
    Waits,
    /// A line of a difference that is the same on both sides.
    Same,
    /// Words.
    Plain,
}

impl Sign {
    /// Whether something is not done.
    pub(super) fn is_trouble(self) -> bool {
        matches!(self, Self::Refused | Self::Waits)
    }

    /// As it stands before a row; `None` before words.
    pub(super) fn symbol(self) -> Option<char> {
        match self {
            Self::Add => Some('+'),
            Self::Remove => Some('-'),
            Self::Change => Some('~'),
            Self::Refused => Some('!'),
            Self::Waits => Some('…'),
            Self::Same => Some(' '),
            Self::Plain => None,
        }
    }
}

impl Row {
    /// A row of one line.
    pub(super) fn new(sign: Sign, text: &str) -> Self {
        Self {
            sign,
            text: harmless(text),
            pair: None,
            nested: Vec::new(),
            like: String::new(),
            noun: "",
            removes: false,
            urgent: false,
        }
    }

    /// Words.
    pub(super) fn plain(text: &str) -> Self {
        Self::new(Sign::Plain, text)
    }

    /// The same with rows below it.
    pub(super) fn over(mut self, nested: Vec<Self>) -> Self {
        self.nested = nested;
        self
    }

    /// A line of a difference: its first character is its sign.
    pub(super) fn of_difference(line: &str) -> Self {
        if ["--- ", "+++ "].iter().any(|head| line.starts_with(head)) {
            return Self::plain(line);
        }
        for (first, sign) in [('+', Sign::Add), ('-', Sign::Remove), (' ', Sign::Same)] {
            if let Some(rest) = line.strip_prefix(first) {
                return Self::new(sign, rest);
            }
        }
        Self::plain(line)
    }
}

impl Entry {
    /// An entry.
    pub(super) fn new(mark: Mark, head: &str, why: &str, rows: Vec<Row>) -> Self {
        Self {
            mark,
            head: harmless(head),
            why: harmless(why),
            rows,
        }
    }
}

/// `1 object`, `3 objects`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
