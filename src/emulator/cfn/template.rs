//! A template's sections, checked for shape.

use super::node::Node;

/// One member of `Parameters`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParameterDecl {
    /// Its name.
    pub key: String,
    /// `Type`, e.g. `CommaDelimitedList`.
    pub kind: String,
    /// `Default`; without one a value is required.
    pub default: Option<String>,
    /// `NoEcho`: its value is masked wherever it is read.
    pub no_echo: bool,
    /// `Description`.
    pub description: Option<String>,
    /// `AllowedValues`; empty when there are none.
    pub allowed_values: Vec<String>,
    /// `AllowedPattern`.
    pub allowed_pattern: Option<String>,
    /// `ConstraintDescription`.
    pub constraint_description: Option<String>,
    /// `MinLength`.
    pub min_length: Option<u64>,
    /// `MaxLength`.
    pub max_length: Option<u64>,
    /// `MinValue`, as text: it may be a fraction.
    pub min_value: Option<String>,
    /// `MaxValue`.
    pub max_value: Option<String>,
}

/// A template that parses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub(super) root: Node,
}

impl Template {
    /// Reads a template and checks its shape; what its references mean is checked when a stack is made.
    ///
    /// # Errors
    /// CloudFormation's own text, e.g. `Template format error: At least one Resources member must be defined.`
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let root = Node::parse(bytes)?;
        Ok(Self { root })
    }

    /// The declared parameters in the template's order.
    pub fn parameters(&self) -> Vec<ParameterDecl> {
        self.section("Parameters")
            .iter()
            .map(|(key, decl)| ParameterDecl::read(key, decl))
            .collect()
    }

    /// Names and descriptions of the outputs in the template's order.
    pub fn outputs(&self) -> Vec<(String, Option<String>)> {
        self.section("Outputs")
            .iter()
            .map(|(key, output)| (key.clone(), text(output, "Description")))
            .collect()
    }

    /// The template's description.
    pub fn description(&self) -> Option<&str> {
        self.root.get("Description")?.as_text()
    }

    /// The members of a top-level section; none if it is not there.
    pub(super) fn section(&self, name: &str) -> &[(String, Node)] {
        self.root.get(name).and_then(Node::as_map).unwrap_or(&[])
    }
}

impl ParameterDecl {
    fn read(key: &str, decl: &Node) -> Self {
        Self {
            key: key.to_owned(),
            kind: text(decl, "Type").unwrap_or_default(),
            default: decl.get("Default").and_then(joined),
            no_echo: decl.get("NoEcho").is_some_and(Node::is_true),
            description: text(decl, "Description"),
            allowed_values: decl
                .get("AllowedValues")
                .and_then(Node::as_list)
                .unwrap_or(&[])
                .iter()
                .filter_map(|value| value.as_text().map(str::to_owned))
                .collect(),
            allowed_pattern: text(decl, "AllowedPattern"),
            constraint_description: text(decl, "ConstraintDescription"),
            min_length: number(decl, "MinLength"),
            max_length: number(decl, "MaxLength"),
            min_value: text(decl, "MinValue"),
            max_value: text(decl, "MaxValue"),
        }
    }
}

/// A default may be written as a list for list types; it is one text to the API.
fn joined(node: &Node) -> Option<String> {
    match node {
        Node::Text(text) => Some(text.clone()),
        Node::List(list) => Some(
            list.iter()
                .filter_map(Node::as_text)
                .collect::<Vec<_>>()
                .join(","),
        ),
        Node::Null | Node::Map(_) => None,
    }
}

fn text(node: &Node, key: &str) -> Option<String> {
    node.get(key)?.as_text().map(str::to_owned)
}

fn number(node: &Node, key: &str) -> Option<u64> {
    node.get(key)?.as_text()?.trim().parse().ok()
}
