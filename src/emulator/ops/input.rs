//! Reading a request that has passed validation.

use serde_json::{Map, Value, json};

use super::invalid;
use crate::emulator::api::ApiError;
use crate::emulator::state::Tags;

/// What tags of AWS's own begin with.
const RESERVED: &str = "aws:";

/// The members of a request.
#[derive(Debug, Clone, Copy)]
pub(in crate::emulator) struct Input<'a>(&'a Map<String, Value>);

impl<'a> Input<'a> {
    pub(in crate::emulator) fn new(members: &'a Map<String, Value>) -> Self {
        Self(members)
    }

    pub(super) fn members(&self) -> &'a Map<String, Value> {
        self.0
    }

    pub(in crate::emulator) fn text(&self, member: &str) -> Option<&'a str> {
        self.0.get(member)?.as_str()
    }

    pub(super) fn owned(&self, member: &str) -> Option<String> {
        self.text(member).map(str::to_owned)
    }

    /// A member that validation has found present.
    pub(in crate::emulator) fn need(&self, member: &str) -> Result<&'a str, ApiError> {
        self.text(member)
            .ok_or_else(|| invalid(format!("{member} is required")))
    }

    pub(in crate::emulator) fn flag(&self, member: &str) -> Option<bool> {
        self.0.get(member)?.as_bool()
    }

    pub(super) fn object(&self, member: &str) -> Option<Self> {
        self.0.get(member)?.as_object().map(Input)
    }

    pub(in crate::emulator) fn objects(
        &self,
        member: &str,
    ) -> impl Iterator<Item = Input<'a>> + use<'a> {
        self.list(member)
            .iter()
            .filter_map(|item| item.as_object().map(Input))
    }

    pub(in crate::emulator) fn texts(
        &self,
        member: &str,
    ) -> impl Iterator<Item = &'a str> + use<'a> {
        self.list(member).iter().filter_map(Value::as_str)
    }

    fn list(&self, member: &str) -> &'a [Value] {
        self.0
            .get(member)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    /// Tags as sent, in the order given.
    ///
    /// # Errors
    /// `InvalidParametersException` for a key that AWS keeps to itself and for a key given twice: both are
    /// refused everywhere in AWS, but what Service Catalog says was not found (a guess).
    pub(super) fn tags(&self, member: &str) -> Result<Vec<(String, String)>, ApiError> {
        let tags = self.pairs(member);
        for (at, (key, _)) in tags.iter().enumerate() {
            if key.to_ascii_lowercase().starts_with(RESERVED) {
                return Err(invalid(format!(
                    "Tag keys must not begin with {RESERVED}: {key}"
                )));
            }
            if tags.iter().take(at).any(|(other, _)| other == key) {
                return Err(invalid(format!("Duplicate tag key: {key}")));
            }
        }
        Ok(tags)
    }

    /// A list of `{Key, Value}` in the order given.
    fn pairs(&self, member: &str) -> Vec<(String, String)> {
        self.objects(member)
            .filter_map(|tag| Some((tag.owned("Key")?, tag.owned("Value")?)))
            .collect()
    }

    /// Exactly one of an id and a name.
    ///
    /// # Errors
    /// `InvalidParametersException` for none and for both; its text was never printed (a guess).
    pub(super) fn one_of(&self, id: &str, name: &str) -> Result<IdOrName<'a>, ApiError> {
        match (self.text(id), self.text(name)) {
            (Some(id), None) => Ok(IdOrName::Id(id)),
            (None, Some(name)) => Ok(IdOrName::Name(name)),
            (None, None) => Err(invalid(format!("Either {id} or {name} must be provided."))),
            (Some(_), Some(_)) => Err(invalid(format!(
                "Only one of {id} and {name} can be provided."
            ))),
        }
    }

    /// At most one of an id and a name.
    ///
    /// # Errors
    /// As [`Self::one_of`] for both.
    pub(super) fn at_most_one_of(
        &self,
        id: &str,
        name: &str,
    ) -> Result<Option<IdOrName<'a>>, ApiError> {
        if self.text(id).is_none() && self.text(name).is_none() {
            return Ok(None);
        }
        self.one_of(id, name).map(Some)
    }

    /// Applies RemoveTags, then AddTags: clients send all old keys and all new tags in one call (peers §C2; the order is a
    /// guess).
    ///
    /// # Errors
    /// As [`Self::tags`].
    pub(super) fn retag(&self, tags: &mut Tags) -> Result<(), ApiError> {
        let more = self.tags("AddTags")?;
        for key in self.texts("RemoveTags") {
            tags.remove(key);
        }
        tags.extend(more);
        Ok(())
    }
}

/// How a request names an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdOrName<'a> {
    Id(&'a str),
    Name(&'a str),
}

/// Tags as an answer lists them.
pub(super) fn tag_list<'a>(tags: impl IntoIterator<Item = (&'a String, &'a String)>) -> Value {
    tags.into_iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect()
}
