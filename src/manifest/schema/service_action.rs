//! The spec of a service action.

use super::Header;
use super::read::Reader;
use super::shapes::service_action::{DEFINITION, PARAMETER, PARAMETER_TYPES, SPEC};
use crate::manifest::node::{At, Node};
use crate::model::desired::Origin;

/// A service action as its manifest says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ServiceActionSpec {
    pub(in super::super) header: Header,
    pub(in super::super) display_name: Option<At<String>>,
    pub(in super::super) description: Option<At<String>>,
    pub(in super::super) definition: Option<DefinitionSpec>,
}

/// What a service action does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct DefinitionSpec {
    pub(in super::super) document: Option<At<String>>,
    pub(in super::super) version: Option<At<String>>,
    pub(in super::super) assume_role: Option<At<String>>,
    /// Where `parameters` stands, and each one's name and type.
    pub(in super::super) parameters: Option<At<Vec<ActionParameterSpec>>>,
}

/// A parameter of the document that the action gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ActionParameterSpec {
    pub(in super::super) name: At<String>,
    pub(in super::super) kind: &'static str,
}

impl Reader<'_> {
    pub(super) fn service_action(
        &mut self,
        header: Header,
        node: &Node,
        at: &Origin,
    ) -> Option<ServiceActionSpec> {
        let fields = self.fields(node, at, &SPEC)?;
        let definition = self.given(&fields, "definition");
        Some(ServiceActionSpec {
            header,
            display_name: self.text(&fields, "name"),
            description: self.text(&fields, "description"),
            definition: definition
                .and_then(|entry| self.definition(&entry.value, &entry.key.origin)),
        })
    }

    fn definition(&mut self, node: &Node, at: &Origin) -> Option<DefinitionSpec> {
        let fields = self.fields(node, at, &DEFINITION)?;
        let parameters = self.list(&fields, "parameters");
        let parameters = parameters
            .zip(fields.get("parameters"))
            .map(|(items, entry)| {
                let items = items.iter().filter_map(|node| self.action_parameter(node));
                At::new(items.collect(), &entry.key.origin)
            });
        Some(DefinitionSpec {
            document: self.text(&fields, "name"),
            version: self.text(&fields, "version"),
            assume_role: self.text(&fields, "assumeRole"),
            parameters,
        })
    }

    fn action_parameter(&mut self, node: &Node) -> Option<ActionParameterSpec> {
        let fields = self.fields(node, &node.origin, &PARAMETER)?;
        let name = self.text(&fields, "name");
        let kind = self.choice(&fields, "type", &PARAMETER_TYPES);
        Some(ActionParameterSpec {
            name: name?,
            kind: kind?.value,
        })
    }
}

/// Parameters as the API wants them: JSON in a text.
pub(in super::super) fn action_parameters(parameters: &[ActionParameterSpec]) -> String {
    let one = |p: &ActionParameterSpec| serde_json::json!({ "Name": p.name.value, "Type": p.kind });
    let all: Vec<serde_json::Value> = parameters.iter().map(one).collect();
    serde_json::Value::from(all).to_string()
}
