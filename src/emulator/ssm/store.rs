//! The parameters of Systems Manager, as a value.

use std::collections::{BTreeMap, VecDeque};

use aws_smithy_types::base64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How many versions of a parameter are kept (the model says it).
const MAX_VERSIONS: usize = 100;

/// The parameters of one account in one region, by name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(in crate::emulator) struct Parameters(BTreeMap<String, Parameter>);

/// One parameter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator) struct Parameter {
    pub(in crate::emulator) kind: Kind,
    /// Oldest first; there is one at least.
    versions: VecDeque<Version>,
}

/// `Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) enum Kind {
    String,
    StringList,
    SecureString,
}

/// What a parameter was from a time on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::emulator) struct Version {
    /// From 1.
    pub(in crate::emulator) number: u64,
    pub(in crate::emulator) value: String,
    pub(in crate::emulator) made: Timestamp,
}

/// A name with what was asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator) struct Asked<'a> {
    pub(in crate::emulator) name: &'a str,
    /// Behind a colon: a version's number, or a label.
    pub(in crate::emulator) selector: Option<&'a str>,
}

/// Why there is nothing to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator) enum Missing {
    Parameter,
    Version,
}

impl Kind {
    pub(in crate::emulator) fn named(name: &str) -> Option<Self> {
        let all = [Self::String, Self::StringList, Self::SecureString];
        all.into_iter().find(|kind| kind.as_str() == name)
    }

    pub(in crate::emulator) fn as_str(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::StringList => "StringList",
            Self::SecureString => "SecureString",
        }
    }
}

impl<'a> Asked<'a> {
    /// Reads `name`, `name:3` or the same behind an ARN of this account and region. Another's is no name here.
    pub(in crate::emulator) fn read(text: &'a str, account: &str, region: &str) -> Self {
        let own = format!("arn:aws:ssm:{region}:{account}:parameter");
        let text = match text.strip_prefix(own.as_str()) {
            // The ARN of `name` has a slash that the name lacks; that of `/a/name` has not.
            Some(path) if path.matches('/').count() == 1 => path.trim_start_matches('/'),
            Some(path) => path,
            None => text,
        };
        match text.split_once(':') {
            Some((name, selector)) if !text.starts_with("arn:") => Self {
                name,
                selector: Some(selector),
            },
            _ => Self {
                name: text,
                selector: None,
            },
        }
    }

    /// Of those that AWS itself gives to everybody.
    pub(in crate::emulator) fn is_public(self) -> bool {
        self.name.starts_with("/aws/")
    }
}

impl Parameters {
    pub(in crate::emulator) fn len(&self) -> usize {
        self.0.len()
    }

    pub(in crate::emulator) fn get(&self, name: &str) -> Option<&Parameter> {
        self.0.get(name)
    }

    /// The version that is asked for, the newest if none is.
    pub(in crate::emulator) fn find(
        &self,
        asked: Asked<'_>,
    ) -> Result<(&Parameter, &Version), Missing> {
        let parameter = self.0.get(asked.name).ok_or(Missing::Parameter)?;
        let version = match asked.selector {
            None => parameter.versions.back(),
            // Labels are never given here.
            Some(selector) => {
                let number = selector.parse().ok();
                let mut versions = parameter.versions.iter();
                versions.find(|version| Some(version.number) == number)
            }
        };
        Ok((parameter, version.ok_or(Missing::Version)?))
    }

    /// Adds a version, or a parameter with its first, and returns the number.
    pub(in crate::emulator) fn put(
        &mut self,
        name: &str,
        kind: Kind,
        value: &str,
        now: Timestamp,
    ) -> u64 {
        let parameter = self.0.entry(name.to_owned());
        let parameter = parameter.or_insert_with(|| Parameter {
            kind,
            versions: VecDeque::new(),
        });
        let number = parameter.versions.back().map_or(0, |last| last.number) + 1;
        parameter.versions.push_back(Version {
            number,
            value: value.to_owned(),
            made: now,
        });
        if parameter.versions.len() > MAX_VERSIONS {
            parameter.versions.pop_front();
        }
        number
    }

    /// Whether there was one.
    pub(in crate::emulator) fn remove(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }
}

impl Parameter {
    /// The value as a reader sees it: what is secret is opaque to one who does not ask for its plain text.
    pub(in crate::emulator) fn shown(&self, version: &Version, decrypted: bool) -> String {
        if self.kind != Kind::SecureString || decrypted {
            return version.value.clone();
        }
        // What KMS makes of a text differs every time; this differs with the version, and does not give it away.
        let mut hash = Sha256::new();
        hash.update(version.made.to_string());
        hash.update(version.number.to_be_bytes());
        hash.update(&version.value);
        format!("AQICAH{}", base64::encode(hash.finalize()))
    }
}

/// `arn:aws:ssm:<region>:<account>:parameter/<name>`; a leading slash of the name is not doubled.
pub(in crate::emulator) fn arn(region: &str, account: &str, name: &str) -> String {
    let path = name.strip_prefix('/').unwrap_or(name);
    format!("arn:aws:ssm:{region}:{account}:parameter/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_versions_and_arns_are_told_apart() {
        let own = "arn:aws:ssm:us-east-1:123456789012:parameter";
        let other = "arn:aws:ssm:us-east-1:210987654321:parameter/a";
        for (text, name, selector) in [
            ("/a/b", "/a/b", None),
            ("a:2", "a", Some("2")),
            (&format!("{own}/a/b:prod"), "/a/b", Some("prod")),
            (&format!("{own}/a"), "a", None),
            (other, other, None),
        ] {
            let expected = Asked { name, selector };
            let asked = Asked::read(text, "123456789012", "us-east-1");
            assert_eq!(asked, expected, "{text}");
        }
    }

    #[test]
    fn the_oldest_versions_go() {
        let mut parameters = Parameters::default();
        for n in 1..=101 {
            let number = parameters.put("a", Kind::String, &n.to_string(), Timestamp::UNIX_EPOCH);
            assert_eq!(number, n);
        }
        let value = |selector| {
            let asked = Asked {
                name: "a",
                selector,
            };
            parameters.find(asked).map(|(_, found)| found.value.clone())
        };
        assert_eq!(value(None), Ok("101".to_owned()));
        assert_eq!(value(Some("2")), Ok("2".to_owned()));
        assert_eq!(value(Some("1")), Err(Missing::Version));
        assert_eq!(value(Some("prod")), Err(Missing::Version));
    }
}
