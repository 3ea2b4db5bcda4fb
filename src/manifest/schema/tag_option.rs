//! The spec of a TagOption.

use super::read::Reader;
use super::shapes::tag_option::SPEC;
use super::{Header, Tag};
use crate::manifest::node::{At, Node};
use crate::model::desired::Origin;

/// A TagOption as its manifest says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct TagOptionSpec {
    pub(in super::super) header: Header,
    /// Its key and value, where both could be read.
    pub(in super::super) tag: Option<Tag>,
    pub(in super::super) active: Option<At<bool>>,
}

impl Reader<'_> {
    pub(super) fn tag_option(
        &mut self,
        header: Header,
        node: &Node,
        at: &Origin,
    ) -> Option<TagOptionSpec> {
        let fields = self.fields(node, at, &SPEC)?;
        let key = self.text(&fields, "key");
        let value = self.text(&fields, "value");
        Some(TagOptionSpec {
            header,
            tag: key.zip(value).map(|(key, value)| Tag { key, value }),
            active: self.flag(&fields, "active"),
        })
    }
}
