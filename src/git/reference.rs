//! What a source is pinned to, and the names near a missing one.

use std::collections::BTreeMap;

use git2::Oid;

use super::error::{SourceError, SourceErrorKind};
use super::upload_pack::oid;

/// Names offered in place of a missing one.
const MAX_NEAR: usize = 3;
/// How alike (0 to 1, Jaro-Winkler) a name must be to be offered.
const NEAR: f64 = 0.75;

/// A ref as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Whatever the remote's HEAD names.
    Head,
    /// One commit.
    Commit(Oid),
    /// `refs/…`.
    Full(String),
    /// A branch or, where there is none of that name, a tag.
    Short(String),
}

impl Wanted {
    /// Parses a ref; none where git would not take it as one.
    pub(super) fn parse(given: &str) -> Option<Self> {
        if given.is_empty() || given == "HEAD" {
            return Some(Self::Head);
        }
        if let Some(commit) = oid(given) {
            return Some(Self::Commit(commit));
        }
        if given.starts_with("refs/") {
            let valid = git2::Reference::is_valid_name(given);
            return valid.then(|| Self::Full(given.to_owned()));
        }
        let valid = !given.starts_with('-')
            && git2::Reference::is_valid_name(&format!("refs/heads/{given}"));
        valid.then(|| Self::Short(given.to_owned()))
    }

    /// What it names among `refs` (full names and `HEAD`).
    pub(super) fn resolve(&self, refs: &BTreeMap<String, Oid>) -> Option<Oid> {
        match self {
            Self::Head => refs.get("HEAD").copied(),
            Self::Commit(commit) => refs.values().find(|id| *id == commit).copied(),
            Self::Full(name) => refs.get(name).copied(),
            Self::Short(name) => ["refs/heads/", "refs/tags/"]
                .iter()
                .find_map(|kind| refs.get(&format!("{kind}{name}")).copied()),
        }
    }

    /// That it names nothing, and what is near.
    pub(super) fn missing(&self, at: &str, refs: &BTreeMap<String, Oid>) -> SourceError {
        let fail = |why: String| SourceError::new(SourceErrorKind::RefMissing, at, why);
        if refs.is_empty() {
            return fail("the repository has no commits".to_owned())
                .with_hint("nothing is changed or removed on account of it; push a commit");
        }
        let name = match self {
            Self::Head => {
                return fail("HEAD names a branch that does not exist".to_owned())
                    .with_hint(format!("name a branch: {}", list(branches(refs))));
            }
            Self::Commit(commit) => {
                return fail(format!("commit {commit} is not there, or not handed out"))
                    .with_hint("name a branch or tag that holds it");
            }
            Self::Full(name) | Self::Short(name) => name,
        };
        let mut near: Vec<(f64, &str)> = refs
            .keys()
            .map(|known| match self {
                Self::Full(_) => known.as_str(),
                _ => short(known),
            })
            .map(|known| (strsim::jaro_winkler(name, known), known))
            .filter(|(likeness, _)| *likeness >= NEAR)
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        near.dedup_by_key(|(_, known)| *known);
        let error = fail(format!("there is no branch or tag {name}"));
        match near.is_empty() {
            true => error.with_hint(format!("it has {}", list(branches(refs)))),
            false => {
                let names = list(near.into_iter().map(|(_, known)| known));
                error.with_hint(format!("did you mean {names}?"))
            }
        }
    }
}

fn branches(refs: &BTreeMap<String, Oid>) -> impl Iterator<Item = &str> {
    refs.keys()
        .filter_map(|name| name.strip_prefix("refs/heads/"))
}

fn short(name: &str) -> &str {
    name.strip_prefix("refs/heads/")
        .or_else(|| name.strip_prefix("refs/tags/"))
        .unwrap_or(name)
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.take(MAX_NEAR).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refs(names: &[&str]) -> BTreeMap<String, Oid> {
        let id = |n: usize| oid(&format!("{:040x}", n + 1)).unwrap();
        let numbered = names.iter().enumerate();
        numbered
            .map(|(n, name)| ((*name).to_owned(), id(n)))
            .collect()
    }

    #[test]
    fn names() {
        let refs = refs(&["HEAD", "refs/heads/both", "refs/tags/both", "refs/tags/v1"]);
        for (given, found) in [
            ("", Some("HEAD")),
            ("HEAD", Some("HEAD")),
            ("both", Some("refs/heads/both")),
            ("refs/tags/both", Some("refs/tags/both")),
            ("v1", Some("refs/tags/v1")),
            ("refs/tags/v2", None),
            ("v", None),
            (
                "0000000000000000000000000000000000000003",
                Some("refs/tags/both"),
            ),
        ] {
            let wanted = Wanted::parse(given).unwrap();
            let expected = found.map(|name| refs[name]);
            assert_eq!(wanted.resolve(&refs), expected, "{given}");
        }
        for refused in [
            "-x", "a..b", "a b", "a~1", "refs/", "a\nb", "../x", "a.lock", "@{-1}",
        ] {
            assert_eq!(Wanted::parse(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_missing_name_brings_its_neighbours() {
        let refs = refs(&[
            "HEAD",
            "refs/heads/main",
            "refs/heads/release",
            "refs/tags/v1.0",
        ]);
        for (given, hint) in [
            ("mian", "did you mean main?"),
            ("relase", "did you mean release?"),
            ("zzz", "it has main, release"),
            ("refs/heads/mai", "refs/heads/main"),
        ] {
            let error = Wanted::parse(given).unwrap().missing("r", &refs);
            assert!(error.next().contains(hint), "{given}: {}", error.next());
        }
        let empty = Wanted::Head.missing("r", &BTreeMap::new());
        assert!(empty.why.contains("no commits"));
    }
}
