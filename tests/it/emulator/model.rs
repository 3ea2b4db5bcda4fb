//! The published model's side of requests, as the tests read it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The table that the emulator judges requests by.
pub static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let table = include_str!("../../../src/emulator/model/servicecatalog.json");
    serde_json::from_str(table).unwrap()
});

#[derive(Deserialize)]
pub struct Model {
    pub operations: BTreeMap<String, String>,
    pub shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
pub struct Shape {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub members: BTreeMap<String, String>,
    #[serde(default)]
    pub required: Vec<String>,
    /// Of a list or map: the shape of its items.
    pub of: Option<String>,
    /// Of a map.
    pub key: Option<String>,
    pub min: Option<usize>,
    pub max: Option<usize>,
    pub pattern: Option<String>,
    #[serde(rename = "enum", default)]
    pub values: Vec<String>,
}

impl Model {
    /// The members of an operation's input, each with its shape.
    pub fn input(&self, operation: &str) -> impl Iterator<Item = (&str, &str)> {
        let members = &self.shapes[&self.operations[operation]].members;
        members
            .iter()
            .map(|(name, shape)| (name.as_str(), shape.as_str()))
    }

    pub fn kind(&self, shape: &str) -> &str {
        &self.shapes[shape].kind
    }
}
