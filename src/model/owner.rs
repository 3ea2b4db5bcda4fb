//! Who owns a live object (design §4): one tag per object, and a token prefix for provisioned products.

use std::fmt;

use crate::ids::{Digest, Key, Kind, Name, Target, Token};
use crate::model::desired::{OnRemove, Tags};

/// The set of catalogs and people that share names: two installations never touch each other's objects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Installation(String);

impl Installation {
    /// The installation where none is named; removals are refused under it (design §4).
    pub const DEFAULT: &'static str = "default";

    /// Parses a name by the rule of manifest names.
    pub fn parse(text: &str) -> Option<Self> {
        Name::parse(text).map(|name| Self(name.as_str().to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Installation {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl fmt::Display for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose catalog this is: an installation in a target. Every ownership value is made from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The installation.
    pub installation: Installation,
    /// The account and region.
    pub target: Target,
}

/// What ownership an object's tag claims.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// No tag of ours.
    Nobody,
    /// This installation's, in this account and region, under this name.
    Us(Name),
    /// Somebody else's: another installation, or a copy of an object from elsewhere. The tag's value.
    Foreign(String),
}

/// A description that may end in a mark, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described<'d> {
    /// What people wrote.
    pub text: &'d str,
    /// Whose it is.
    pub owner: Owner,
    /// What removal from git does.
    pub on_remove: OnRemove,
}

/// How a mark in a description begins and ends.
const MARK_OPENS: &str = "[catalogd:";
const MARK_CLOSES: &str = "]";

/// A description's text and the inside of its mark, if it ends in one.
fn split_mark(description: &str) -> Option<(&str, &str)> {
    let inner = description.trim_end().strip_suffix(MARK_CLOSES)?;
    let (text, mark) = inner.rsplit_once(MARK_OPENS)?;
    // One blank is ours, any more are the writer's.
    Some((text.strip_suffix(' ').unwrap_or(text), mark))
}

/// Whether two descriptions end in one mark, whatever it says of removal.
pub fn same_mark(one: &str, other: &str) -> bool {
    split_mark(one).is_some_and(|(_, mark)| is_marked(other, strip_removal(mark)))
}

/// Whether a description ends in this mark; a bare one, whatever that says of removal.
pub fn is_marked(description: &str, mark: &str) -> bool {
    let found = split_mark(description);
    found.is_some_and(|(_, found)| found == mark || strip_removal(found) == mark)
}

/// The key of the ownership tag: one per kind, because tags propagate to provisioned resources and must not collide.
pub fn tag_key(kind: Kind) -> &'static str {
    match kind {
        // These two take no tags (design §4).
        Kind::TagOption => "catalogd:tag-option",
        Kind::ServiceAction => "catalogd:service-action",
        Kind::Portfolio => "catalogd:portfolio",
        Kind::Product => "catalogd:product",
        Kind::ProvisionedProduct => "catalogd:provisioned-product",
    }
}

/// Whether a tag's key is reserved: catalogd's own or AWS's.
pub fn is_reserved(key: &str) -> bool {
    key.starts_with("catalogd:") || key.starts_with("aws:")
}

/// An ownership value without what it says of removal.
pub fn strip_removal(value: &str) -> &str {
    split_removal(value).0
}

/// An ownership value, and what it says of removal: it outlives the manifest (design §4).
fn split_removal(value: &str) -> (&str, OnRemove) {
    for on_remove in [OnRemove::Delete, OnRemove::Release] {
        if let Some(bare) = value.strip_suffix(suffix(on_remove)) {
            return (bare, on_remove);
        }
    }
    (value, OnRemove::Retain)
}

fn suffix(on_remove: OnRemove) -> &'static str {
    match on_remove {
        OnRemove::Retain => "",
        OnRemove::Delete => "@delete",
        OnRemove::Release => "@release",
    }
}

impl Identity {
    /// The value of the ownership tag: `<installation>/<account>/<region>/<name>`.
    pub fn tag_value(&self, name: &Name) -> String {
        format!(
            "{}/{}/{}/{name}",
            self.installation, self.target.account, self.target.region
        )
    }

    /// The value of the ownership tag of an object that goes so when its manifest does.
    pub fn claim(&self, name: &Name, on_remove: OnRemove) -> String {
        format!("{}{}", self.tag_value(name), suffix(on_remove))
    }

    /// What the ownership tag says of removal; `None` where there is no tag of ours.
    pub fn on_remove(&self, kind: Kind, tags: &Tags) -> Option<OnRemove> {
        let value = tags.get(tag_key(kind))?;
        let (_, on_remove) = split_removal(value);
        matches!(self.owner(kind, tags), Owner::Us(_)).then_some(on_remove)
    }

    /// What ends the description of an object that takes no tags: `[catalogd:<installation>/<name>]`, with what removal
    /// from git does as in [`Self::claim`].
    pub fn description_mark(&self, name: &Name, on_remove: OnRemove) -> String {
        format!("{MARK_OPENS}{}{MARK_CLOSES}", self.mark(name, on_remove))
    }

    /// The mark without its brackets.
    pub fn mark(&self, name: &Name, on_remove: OnRemove) -> String {
        format!("{}{}", self.bare_mark(name), suffix(on_remove))
    }

    /// What a mark of a description says of whose the object is, and no more.
    pub fn bare_mark(&self, name: &Name) -> String {
        format!("{}/{name}", self.installation)
    }

    /// Reads a description that may end in a mark.
    pub fn described<'d>(&self, description: &'d str) -> Described<'d> {
        let Some((text, mark)) = split_mark(description) else {
            return Described {
                text: description,
                owner: Owner::Nobody,
                on_remove: OnRemove::Retain,
            };
        };
        let (bare, on_remove) = split_removal(mark);
        let prefix = self.bare_mark(&Name::new(""));
        let name = bare.strip_prefix(&prefix).and_then(Name::parse);
        Described {
            text,
            owner: name.map_or_else(|| Owner::Foreign(bare.to_owned()), Owner::Us),
            on_remove,
        }
    }

    /// Reads the ownership tag of a kind.
    pub fn owner(&self, kind: Kind, tags: &Tags) -> Owner {
        let Some(value) = tags.get(tag_key(kind)) else {
            return Owner::Nobody;
        };
        let prefix = self.tag_value(&Name::new(""));
        let name = value.strip_prefix(&prefix).map(strip_removal);
        match name.and_then(Name::parse) {
            Some(name) => Owner::Us(name),
            None => Owner::Foreign(value.clone()),
        }
    }

    /// `catalogd-<12 hex>-`: how all our tokens for one provisioned product begin (design §4).
    pub fn token_prefix(&self, name: &Name) -> String {
        let whole = Digest::of(self.tag_value(name).as_bytes());
        format!("catalogd-{}-", whole.short())
    }

    /// The token of a create: the same for the same object and action whatever the request says, so that an
    /// edit between a crash and the restart finds the first attempt (design §7).
    ///
    /// `after` is the id of the dead object that a former attempt with the same words had made.
    pub fn create_token(&self, key: &Key, action: &str, after: Option<&str>) -> Token {
        let after = after.map(|id| format!("\nafter={id}")).unwrap_or_default();
        let text = format!(
            "{}\n{}\n{action}{after}",
            self.tag_value(&key.name),
            key.kind
        );
        Token::new(format!(
            "catalogd-{}",
            &Digest::of(text.as_bytes()).as_str()[..48]
        ))
    }

    /// The token of a request for a provisioned product: our prefix, then the request and the last record.
    ///
    /// `request` must hold no secret value.
    pub fn request_token(&self, name: &Name, request: &str, last_record: Option<&str>) -> Token {
        let last = Digest::of(last_record.unwrap_or("").as_bytes());
        Token::new(format!(
            "{}{}",
            self.request_prefix(name, request),
            &last.as_str()[..16]
        ))
    }

    /// Whether a token was made by [`Self::request_token`] for this very request, whatever came before it.
    pub fn is_same_request(&self, name: &Name, request: &str, token: &str) -> bool {
        token.starts_with(&self.request_prefix(name, request))
    }

    fn request_prefix(&self, name: &Name, request: &str) -> String {
        let request = Digest::of(request.as_bytes());
        format!("{}{}-", self.token_prefix(name), &request.as_str()[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, Region};

    fn us() -> Identity {
        Identity {
            installation: Installation::default(),
            target: Target {
                account: AccountId::new("123456789012"),
                region: Region::new("us-east-1"),
                partition: "aws".to_owned(),
            },
        }
    }

    #[test]
    fn ownership_is_read_from_one_tag() {
        let tags = |value: &str| Tags::from([("catalogd:product".to_owned(), value.to_owned())]);
        let owner = |value: &str| us().owner(Kind::Product, &tags(value));
        assert_eq!(
            owner("default/123456789012/us-east-1/vpc"),
            Owner::Us(Name::new("vpc"))
        );
        assert_eq!(
            owner("default/123456789012/us-east-1/vpc@delete"),
            Owner::Us(Name::new("vpc"))
        );
        for foreign in [
            "team/123456789012/us-east-1/vpc",
            "default/210987654321/us-east-1/vpc",
            "default/123456789012/us-east-1/",
            "default/123456789012/us-east-1/a/b",
        ] {
            assert_eq!(owner(foreign), Owner::Foreign(foreign.to_owned()));
        }
        assert_eq!(us().owner(Kind::Portfolio, &tags("x")), Owner::Nobody);
    }

    #[test]
    fn ownership_is_read_from_the_end_of_a_description() {
        let name = Name::new("restart");
        let mark = us().description_mark(&name, OnRemove::Delete);
        assert_eq!(mark, "[catalogd:default/restart@delete]");
        let whole = format!("Restarts it [now] {mark}");
        let ours = Described {
            text: "Restarts it [now]",
            owner: Owner::Us(name.clone()),
            on_remove: OnRemove::Delete,
        };
        assert_eq!(us().described(&whole), ours);
        assert!(is_marked(&whole, "default/restart"));
        assert!(!is_marked(&whole, "default/start"));
        assert_eq!(us().described(&mark).text, "");
        for nobody in ["", "text", "[catalogd:default/restart] text", "x]"] {
            assert_eq!(us().described(nobody).owner, Owner::Nobody, "{nobody}");
            assert_eq!(us().described(nobody).text, nobody);
        }
        for (foreign, owner) in [
            ("[catalogd:team/restart]", "team/restart"),
            ("[catalogd:default/]", "default/"),
            ("[catalogd:default/a/b]", "default/a/b"),
        ] {
            assert_eq!(
                us().described(foreign).owner,
                Owner::Foreign(owner.to_owned())
            );
        }
    }

    #[test]
    fn tokens_tell_attempts_apart() {
        let key = Key::new(Kind::Product, Name::new("vpc"));
        let first = us().create_token(&key, "create", None);
        assert_eq!(first, us().create_token(&key, "create", None));
        assert_ne!(first, us().create_token(&key, "create", Some("prod-1")));
        let prefix = us().token_prefix(&Name::new("hub"));
        let token = us().request_token(&Name::new("hub"), "provision", Some("rec-1"));
        assert!(token.as_str().starts_with(&prefix));
        assert!(token.as_str().len() <= 128);
        assert!(us().is_same_request(&Name::new("hub"), "provision", token.as_str()));
        assert!(!us().is_same_request(&Name::new("hub"), "other", token.as_str()));
    }
}
