//! One manifest.

use super::yaml::{Dropped, Entry, Fields, Writer, Yaml};
use crate::ids::Key;
use crate::model::desired::OnRemove;

use super::owners::Object;

/// A manifest as it will be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    /// Which object's.
    pub(super) key: Key,
    /// Comments above it.
    notes: Vec<String>,
    entries: Vec<Entry>,
}

impl Document {
    /// `id` is what is taken over, where nobody owns it yet.
    pub(super) fn new(
        key: Key,
        object: &Object,
        id: &str,
        mut notes: Vec<String>,
        spec: Fields,
    ) -> Self {
        let mut metadata = Fields::default();
        metadata.required("name", Yaml::text(key.name.as_str()));
        if object.on_remove != OnRemove::Retain {
            metadata.required("onRemove", Yaml::text(object.on_remove.as_str()));
        }
        if object.adopt {
            metadata.required("adopt", Yaml::Bare(format!("{{id: {id}}}")));
        }
        let (spec, rest) = spec.done();
        notes.extend(rest);
        let mut root = Fields::default();
        root.required("apiVersion", Yaml::text("catalogd.dev/v1"));
        root.required("kind", Yaml::text(key.kind.as_str()));
        let (metadata, _) = metadata.done();
        root.required("metadata", Yaml::Map(metadata));
        root.required("spec", Yaml::Map(spec));
        let (entries, _) = root.done();
        Self {
            key,
            notes,
            entries,
        }
    }

    /// Where it begins in the paths of what is left out.
    pub(super) fn path(&self) -> String {
        self.key.to_string()
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>, dropped: &Dropped) {
        let path = self.path();
        for note in &self.notes {
            writer.comment(0, note);
        }
        match dropped.get(&path) {
            Some(reason) => writer.commented_document(reason, &self.entries, &path),
            None => writer.document(&self.entries, path),
        }
    }
}
