//! Names of what has none that a manifest could use: from display names, unique and always the same for the same catalog.

use std::collections::{BTreeMap, BTreeSet};

use deunicode::deunicode_char;

use crate::ids::Name;

/// Characters of a file's name made of a version's.
const FILE: usize = 100;

/// A name that a text gives: lower-case letters, digits and single dashes; letters of other alphabets as one would spell them
/// in this one (`Größe` is `grosse`). `fallback` where nothing is left of it.
pub(super) fn slug(text: &str, fallback: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        // Of what is no letter, pictures say, a spelling would be a guess.
        let spelt = if c.is_alphanumeric() {
            deunicode_char(c)
        } else {
            None
        };
        let spelt = spelt.unwrap_or("-").chars();
        for c in spelt {
            if c.is_ascii_alphanumeric() {
                slug.push(c.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
    }
    slug.truncate(Name::MAX);
    match slug.trim_end_matches('-') {
        "" => fallback.to_owned(),
        slug => slug.to_owned(),
    }
}

/// Gives each id a name: the first of a slug takes it, and the others a number. `taken` are names that belong to others.
///
/// Order is that of the ids, which never change.
pub(super) fn unique<'i>(
    wanted: impl IntoIterator<Item = (&'i str, String)>,
    taken: &BTreeSet<Name>,
) -> BTreeMap<String, Name> {
    let mut all: Vec<(&str, String)> = wanted.into_iter().collect();
    all.sort();
    // Who has a slug for himself keeps it, whatever numbers others come to.
    let whole: BTreeSet<String> = all.iter().map(|(_, slug)| slug.clone()).collect();
    let mut taken = taken.clone();
    let mut names = BTreeMap::new();
    for (id, slug) in all {
        let numbered = (1u32..).map(|number| match number {
            1 => slug.clone(),
            number => {
                let end = format!("-{number}");
                let most = Name::MAX - end.len();
                let head = slug.get(..most).unwrap_or(&slug);
                format!("{}{end}", head.trim_end_matches('-'))
            }
        });
        let mut free = numbered
            .enumerate()
            .filter(|(at, text)| *at == 0 || !whole.contains(text))
            .filter_map(|(_, text)| Name::parse(&text))
            .filter(|name| !taken.contains(name));
        if let Some(name) = free.next() {
            taken.insert(name.clone());
            names.insert(id.to_owned(), name);
        }
    }
    names
}

/// A file's name that a version's gives, without its end; different ones even where upper and lower case are the same.
#[derive(Debug)]
pub(super) struct Files {
    taken: BTreeSet<String>,
}

impl Default for Files {
    fn default() -> Self {
        // The manifest beside them.
        Self {
            taken: BTreeSet::from(["product".to_owned()]),
        }
    }
}

impl Files {
    pub(super) fn stem(&mut self, version: &str) -> String {
        let mut stem = String::new();
        for c in version.chars() {
            if c.is_ascii_alphanumeric() || "._".contains(c) {
                stem.push(c);
            } else if !stem.ends_with('-') {
                stem.push('-');
            }
        }
        stem.truncate(FILE);
        let stem = match stem.trim_matches(['-', '.']) {
            "" => "version",
            stem => stem,
        };
        let mut number = 1u32;
        loop {
            let text = match number {
                1 => stem.to_owned(),
                number => format!("{stem}-{number}"),
            };
            if self.taken.insert(text.to_ascii_lowercase()) {
                return text;
            }
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_names() {
        for (text, wanted) in [
            ("Networking", "networking"),
            ("VPC (three tiers)", "vpc-three-tiers"),
            ("  -- ", "x"),
            ("Größe", "gr-e"),
            ("日本", "x"),
            ("1.0", "1-0"),
            (&"a-".repeat(60), &"a-".repeat(32)[..63]),
        ] {
            assert_eq!(slug(text, "x"), wanted);
            assert!(Name::parse(&slug(text, "x")).is_some());
        }
    }

    #[test]
    fn names_are_numbered_by_id_and_spare_those_that_are_taken() {
        let wanted = [("p-3", "a"), ("p-1", "a"), ("p-2", "a-2"), ("p-4", "b")];
        let wanted = wanted.map(|(id, slug)| (id, slug.to_owned()));
        let names = unique(wanted, &BTreeSet::from([Name::new("b")]));
        let names: Vec<_> = names
            .iter()
            .map(|(id, name)| (id.as_str(), name.as_str()))
            .collect();
        assert_eq!(
            names,
            [("p-1", "a"), ("p-2", "a-2"), ("p-3", "a-3"), ("p-4", "b-2")]
        );
        let long = "a".repeat(63);
        let names = unique([("1", long.clone()), ("2", long)], &BTreeSet::new());
        assert_eq!(names["2"].as_str().len(), 63);
    }

    #[test]
    fn files_of_versions_differ_on_every_disk() {
        let mut files = Files::default();
        let stems =
            ["v1.0", "V1.0", "v1 0", "product", "../..", "ü", "a/b", ".x"].map(|v| files.stem(v));
        assert_eq!(
            stems,
            [
                "v1.0",
                "V1.0-2",
                "v1-0",
                "product-2",
                "version",
                "version-2",
                "a-b",
                "x"
            ]
        );
    }
}
