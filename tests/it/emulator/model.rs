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
    /// What each operation may answer but for what any of them may.
    pub errors: BTreeMap<String, Vec<String>>,
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

/// What any operation may answer, and the model says nothing of (facts §2).
const GENERIC: [&str; 10] = [
    "AccessDeniedException",
    "ExpiredTokenException",
    "InternalFailure",
    "MissingAuthenticationTokenException",
    "NotImplemented",
    "SerializationException",
    "ThrottlingException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationException",
];

/// Codes that the model does not give an operation, and why they are answered all the same.
const BEYOND: [(&str, &str, &str); 2] = [
    (
        "TerminateProvisionedProduct",
        "InvalidParametersException",
        "it is refused while something is under way (facts §9.3); with which code nobody printed",
    ),
    (
        "DescribeRecord",
        "InvalidParametersException",
        "a token of another query must be refused somehow",
    ),
];

impl Model {
    /// Whether the service itself could answer with this code.
    pub fn may(&self, operation: &str, code: &str) -> bool {
        let modelled = self.errors.get(operation);
        let modelled = modelled.is_some_and(|errors| errors.iter().any(|error| error == code));
        let beyond = BEYOND
            .iter()
            .any(|(of, beyond, _)| (*of, *beyond) == (operation, code));
        modelled || beyond || GENERIC.contains(&code)
    }

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
