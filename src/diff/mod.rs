//! Desired × Observed → differences, field by field, each with its reason. One file per kind; no steps are made here.
//!
//! With the manifests as they were last applied (the *base*) a difference says who made it: git, the catalog or both
//! (design §6).

pub mod association;
pub mod attachment;
pub mod copy;
pub mod normalise;
pub mod parameter;
pub mod portfolio;
pub mod product;
pub mod share;
pub mod service_action;
pub mod tags;
pub mod template;

/// Why git and the catalog differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Git changed since it was last applied.
    GitChanged,
    /// The catalog was changed by somebody else.
    Drifted,
    /// Both.
    Both,
    /// They differ; what was last applied is not known.
    Differs,
}

impl Reason {
    /// A stable word for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GitChanged => "git-changed",
            Self::Drifted => "drifted",
            Self::Both => "both",
            Self::Differs => "differs",
        }
    }

    /// Of an object, from the reasons of its fields; `None` where there are none.
    pub fn combined(reasons: impl IntoIterator<Item = Self>) -> Option<Self> {
        reasons.into_iter().reduce(|one, other| match (one, other) {
            (one, other) if one == other => one,
            (Self::Differs, _) | (_, Self::Differs) => Self::Differs,
            _ => Self::Both,
        })
    }
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The field as a manifest names it, e.g. `versions[v1.0.0].guidance`.
    pub field: String,
    /// What is live.
    pub before: Shown,
    /// What git wants.
    pub after: Shown,
    /// Why.
    pub reason: Reason,
}

/// A value in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// There is none.
    Absent,
    /// This text.
    Text(String),
    /// Something that is never shown (promise 8).
    Secret,
    /// Known only once another step has answered.
    Later,
}

impl Shown {
    /// A text as it is.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// In words: the text itself, or why there is none.
    pub fn words(&self) -> &str {
        match self {
            Self::Absent => "(none)",
            Self::Text(text) => text,
            Self::Secret => "(secret)",
            Self::Later => "(known later)",
        }
    }

    /// A field of the service's, where absent and empty are the same.
    pub fn field(text: Option<&str>) -> Self {
        match text {
            None | Some("") => Self::Absent,
            Some(text) => Self::text(text),
        }
    }
}

/// What git said when it was last applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Was<T> {
    /// Nobody knows.
    Unknown,
    /// It did not say.
    Unmanaged,
    /// This.
    Value(T),
}

impl<T> Was<T> {
    /// What it said of a part.
    pub fn part<U>(self, pick: impl FnOnce(T) -> Option<U>) -> Was<U> {
        match self {
            Self::Unknown => Was::Unknown,
            Self::Unmanaged => Was::Unmanaged,
            Self::Value(whole) => pick(whole).map_or(Was::Unmanaged, Was::Value),
        }
    }

    /// Another view of the same value.
    pub fn map<U>(self, view: impl FnOnce(T) -> U) -> Was<U> {
        self.part(|value| Some(view(value)))
    }
}

impl<T: PartialEq> Was<T> {
    /// Why `want` and `live`, which differ, do so.
    pub fn why(&self, want: &T, live: &T) -> Reason {
        match self {
            Self::Unknown => Reason::Differs,
            Self::Unmanaged => Reason::GitChanged,
            Self::Value(base) => match (base != want, base != live) {
                (true, true) => Reason::Both,
                (true, false) => Reason::GitChanged,
                (false, _) => Reason::Drifted,
            },
        }
    }
}

/// The base's object, where there is a base.
pub fn was<O>(base: Option<Option<&O>>) -> Was<&O> {
    match base {
        None => Was::Unknown,
        Some(None) => Was::Unmanaged,
        Some(Some(object)) => Was::Value(object),
    }
}

/// An entry of a list or map that is to be added, changed or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<T> {
    /// What.
    pub item: T,
    /// How a plan shows it.
    pub change: Change,
}

/// Compares a text field; pushes the change and returns the value to send where they differ.
pub(crate) fn text(
    changes: &mut Vec<Change>,
    field: &str,
    was: Was<&str>,
    want: Option<&str>,
    live: Option<&str>,
) -> Option<String> {
    let want = want?;
    let seen = live.unwrap_or("");
    if want == seen {
        return None;
    }
    changes.push(Change {
        field: field.to_owned(),
        before: Shown::field(live),
        after: Shown::field(Some(want)),
        reason: was.why(&want, &seen),
    });
    Some(want.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_tell_who_changed() {
        assert_eq!(Was::Unknown.why(&"new", &"old"), Reason::Differs);
        assert_eq!(Was::Unmanaged.why(&"new", &"old"), Reason::GitChanged);
        assert_eq!(Was::Value("old").why(&"new", &"old"), Reason::GitChanged);
        assert_eq!(Was::Value("new").why(&"new", &"old"), Reason::Drifted);
        assert_eq!(Was::Value("first").why(&"new", &"old"), Reason::Both);
    }

    #[test]
    fn an_objects_reason_combines_its_fields() {
        use Reason::*;
        assert_eq!(Reason::combined([]), None);
        assert_eq!(Reason::combined([Drifted, Drifted]), Some(Drifted));
        assert_eq!(Reason::combined([Drifted, GitChanged]), Some(Both));
        assert_eq!(Reason::combined([Differs, GitChanged]), Some(Differs));
    }

    #[test]
    fn absent_and_empty_texts_are_the_same_field() {
        let mut changes = Vec::new();
        let mut compare = |want, live| text(&mut changes, "description", Was::Unknown, want, live);
        assert_eq!(compare(Some(""), None), None);
        assert_eq!(compare(None, Some("kept")), None);
        assert_eq!(compare(Some(""), Some("gone")), Some(String::new()));
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].after, Shown::Absent);
    }
}
