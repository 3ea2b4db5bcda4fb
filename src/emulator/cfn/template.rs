//! A template's sections, checked for shape.

pub use super::declaration::ParameterDecl;
use super::declaration::{known_parameter_type, read_parameter, text, well_formed_type};
use super::node::Node;

/// Bytes of a template that is read from an address.
const MAX_TEMPLATE: usize = 1_000_000;

/// Top-level members a template may have; with a transform a macro may want others (SAM's `Globals`).
const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

/// Members a parameter's declaration may have.
const PARAMETER_MEMBERS: [&str; 11] = [
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];

/// Members a resource may have.
const RESOURCE_MEMBERS: [&str; 11] = [
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Description",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
    "Version",
];

/// A template that parses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    root: Node,
}

impl Template {
    /// Reads a template and checks its shape; what its references mean is [`Template::check`]'s.
    ///
    /// # Errors
    /// CloudFormation's own text, e.g. `Template format error: At least one Resources member must be defined.`
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let template = Self {
            root: Node::parse(bytes)?,
        };
        template.shape()?;
        Ok(template)
    }

    /// # Errors
    /// CloudFormation's text for a template that is too large.
    pub fn fits(bytes: &[u8]) -> Result<(), String> {
        if bytes.len() > MAX_TEMPLATE {
            return Err(format!(
                "Template may not exceed {MAX_TEMPLATE} bytes in size."
            ));
        }
        Ok(())
    }

    /// The declared parameters in the template's order.
    pub fn parameters(&self) -> Vec<ParameterDecl> {
        self.section("Parameters")
            .iter()
            .map(|(key, decl)| read_parameter(key, decl))
            .collect()
    }

    /// Names and descriptions of the outputs in the template's order.
    pub fn outputs(&self) -> Vec<(String, Option<String>)> {
        self.section("Outputs")
            .iter()
            .filter(|(key, _)| !is_loop(key))
            .map(|(key, output)| (key.clone(), text(output, "Description")))
            .collect()
    }

    /// The template's description.
    pub fn description(&self) -> Option<&str> {
        self.root.get("Description")?.as_text()
    }

    /// The macros it names, its `Transform` section and `Fn::Transform` together, each once.
    pub fn transforms(&self) -> Vec<String> {
        let mut names = match self.root.get("Transform") {
            Some(Node::Text(name)) => vec![name.clone()],
            Some(Node::List(names)) => names
                .iter()
                .filter_map(|name| {
                    name.as_text()
                        .or_else(|| name.get("Name").and_then(Node::as_text))
                })
                .map(str::to_owned)
                .collect(),
            Some(node @ Node::Map(_)) => text(node, "Name").into_iter().collect(),
            _ => Vec::new(),
        };
        inline_transforms(&self.root, &mut names);
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }

    /// The members of a top-level section; none if it is not there.
    pub(super) fn section(&self, name: &str) -> &[(String, Node)] {
        self.root.get(name).and_then(Node::as_map).unwrap_or(&[])
    }

    fn shape(&self) -> Result<(), String> {
        let Some(members) = self.root.as_map() else {
            return Err(format_error("unsupported structure."));
        };
        let expands = self.root.get("Transform").is_some();
        let unknown: Vec<&str> = members
            .iter()
            .map(|(key, _)| key.as_str())
            .filter(|key| !SECTIONS.contains(key))
            .collect();
        if !unknown.is_empty() && !expands {
            return Err(format!(
                "Invalid template property or properties [{}]",
                unknown.join(", ")
            ));
        }
        match self.root.get("AWSTemplateFormatVersion") {
            None => {}
            Some(Node::Text(version)) if version == "2010-09-09" => {}
            Some(Node::Text(version)) => {
                return Err(format_error(&format!(
                    "{version} is not a supported value for AWSTemplateFormatVersion."
                )));
            }
            Some(_) => {
                return Err(format_error(
                    "AWSTemplateFormatVersion must be a string value.",
                ));
            }
        }
        for (section, node) in members {
            if section != "Metadata"
                && let Some(path) = find_null(node, &format!("/{section}"))
            {
                return Err(format_error(&format!(
                    "[{path}] 'null' values are not allowed in templates"
                )));
            }
        }
        self.parameters_shape()?;
        self.resources_shape(expands)?;
        self.outputs_shape()
    }

    fn parameters_shape(&self) -> Result<(), String> {
        for (key, decl) in self.section("Parameters") {
            if !alphanumeric(key) {
                return Err(format_error(&format!(
                    "Parameter name {key} is non alphanumeric."
                )));
            }
            let Some(members) = decl.as_map() else {
                return Err(format_error("Every Parameters member must be an object."));
            };
            if let Some((member, _)) = members
                .iter()
                .find(|(member, _)| !PARAMETER_MEMBERS.contains(&member.as_str()))
            {
                return Err(format!("Invalid template parameter property '{member}'"));
            }
            let Some(kind) = decl.get("Type").and_then(Node::as_text) else {
                return Err(format_error(
                    "Every Parameters object must contain a Type member.",
                ));
            };
            if !known_parameter_type(kind) {
                return Err(format_error(&format!(
                    "Unrecognized parameter type: {kind}"
                )));
            }
            if matches!(decl.get("Default"), Some(Node::Map(_) | Node::List(_))) {
                return Err(format_error("Every Default member must be a string."));
            }
        }
        Ok(())
    }

    fn resources_shape(&self, expands: bool) -> Result<(), String> {
        let resources = self.section("Resources");
        if resources.is_empty() {
            return Err(format_error(
                "At least one Resources member must be defined.",
            ));
        }
        let mut unrecognized = Vec::new();
        for (key, resource) in resources {
            if is_loop(key) {
                continue;
            }
            if !alphanumeric(key) {
                return Err(format_error(&format!(
                    "Resource name {key} is non alphanumeric."
                )));
            }
            let Some(members) = resource.as_map() else {
                return Err(format_error("Every Resources member must be an object."));
            };
            if let Some(("Fn::Transform", _)) = resource.as_call() {
                continue;
            }
            let Some(kind) = resource.get("Type").and_then(Node::as_text) else {
                return Err(format_error(&format!(
                    "[/Resources/{key}] Every Resources object must contain a Type member."
                )));
            };
            if !well_formed_type(kind) && !unrecognized.contains(&kind) {
                unrecognized.push(kind);
            }
            if !expands
                && let Some((member, _)) = members.iter().find(|(member, _)| {
                    !RESOURCE_MEMBERS.contains(&member.as_str()) && !member.starts_with("Fn::")
                })
            {
                return Err(format!("Invalid template resource property '{member}'"));
            }
        }
        if unrecognized.is_empty() {
            Ok(())
        } else {
            Err(format_error(&format!(
                "Unrecognized resource types: [{}]",
                unrecognized.join(", ")
            )))
        }
    }

    fn outputs_shape(&self) -> Result<(), String> {
        for (key, output) in self.section("Outputs") {
            if is_loop(key) || output.as_call().is_some() {
                continue;
            }
            if !alphanumeric(key) {
                return Err(format_error(&format!(
                    "Output name {key} is non alphanumeric."
                )));
            }
            if output.get("Value").is_none() {
                return Err(format_error(&format!(
                    "Output {key} is malformed. Every Outputs member must contain a Value object."
                )));
            }
        }
        Ok(())
    }
}

/// A member that `AWS::LanguageExtensions` unrolls; opaque here.
pub(super) fn is_loop(key: &str) -> bool {
    key.starts_with("Fn::")
}

fn format_error(text: &str) -> String {
    format!("Template format error: {text}")
}

fn alphanumeric(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// The path of the first null below `node`.
fn find_null(node: &Node, path: &str) -> Option<String> {
    match node {
        Node::Null => Some(path.to_owned()),
        Node::Text(_) => None,
        Node::List(list) => list
            .iter()
            .enumerate()
            .find_map(|(at, child)| find_null(child, &format!("{path}/{at}"))),
        Node::Map(map) => map
            .iter()
            .filter(|(key, _)| key != "Metadata")
            .find_map(|(key, child)| find_null(child, &format!("{path}/{key}"))),
    }
}

fn inline_transforms(node: &Node, names: &mut Vec<String>) {
    match node {
        Node::Null | Node::Text(_) => {}
        Node::List(list) => list
            .iter()
            .for_each(|child| inline_transforms(child, names)),
        Node::Map(map) => {
            for (key, child) in map {
                if key == "Fn::Transform" {
                    names.extend(text(child, "Name"));
                }
                inline_transforms(child, names);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_misshapen_is_said_as_the_service_says_it() {
        let table = [
            ("just text", "Template format error: unsupported structure."),
            ("", "Template format error: unsupported structure."),
            (
                "Description: x",
                "Template format error: At least one Resources member must be defined.",
            ),
            (
                "Resources: {A: {Type: 'AWS::S3::Bucket'}}\nFoo: 1\nBar: 2",
                "Invalid template property or properties [Foo, Bar]",
            ),
            (
                "Resources: {A: {Properties: {}}}",
                "Template format error: [/Resources/A] Every Resources object must contain a Type member.",
            ),
            (
                "Resources: {a-b: {Type: 'AWS::S3::Bucket'}}",
                "Template format error: Resource name a-b is non alphanumeric.",
            ),
            (
                "Resources: {A: {Type: 'AWS::S3'}, B: {Type: Bucket}}",
                "Template format error: Unrecognized resource types: [AWS::S3, Bucket]",
            ),
            (
                "Resources: {A: {Type: 'AWS::S3::Bucket', Properties: {BucketName: }}}",
                "Template format error: [/Resources/A/Properties/BucketName] 'null' values are not allowed in templates",
            ),
            (
                "Resources: {A: {Type: 'AWS::S3::Bucket', Propertys: {}}}",
                "Invalid template resource property 'Propertys'",
            ),
            (
                "Parameters: {P: {Default: x}}\nResources: {A: {Type: 'AWS::S3::Bucket'}}",
                "Template format error: Every Parameters object must contain a Type member.",
            ),
            (
                "Parameters: {P: {Type: Text}}\nResources: {A: {Type: 'AWS::S3::Bucket'}}",
                "Template format error: Unrecognized parameter type: Text",
            ),
            (
                "AWSTemplateFormatVersion: '2010-09-9'\nResources: {A: {Type: 'AWS::S3::Bucket'}}",
                "Template format error: 2010-09-9 is not a supported value for AWSTemplateFormatVersion.",
            ),
        ];
        for (yaml, expected) in table {
            assert_eq!(
                Template::parse(yaml.as_bytes()).unwrap_err(),
                expected,
                "{yaml}"
            );
        }
    }

    #[test]
    fn sections_are_read_in_their_order() {
        let template = Template::parse(
            b"AWSTemplateFormatVersion: 2010-09-09
Transform: [AWS::Serverless-2016-10-31, 'Mine']
Description: D
Globals: {Function: {Timeout: 3}}
Parameters:
  Z: {Type: CommaDelimitedList, Default: 'a,b', NoEcho: true, AllowedValues: [a, b, 3]}
  A: {Type: Number, MinValue: 1.5, MaxLength: 3}
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {X: {Fn::Transform: {Name: AWS::Include}}}}
Outputs:
  Y: {Value: 1, Description: why}
  B: {Value: 2}
",
        )
        .unwrap();
        let parameters = template.parameters();
        assert_eq!(parameters[0].key, "Z");
        assert!(parameters[0].no_echo && parameters[0].is_list());
        assert_eq!(parameters[0].allowed_values, ["a", "b", "3"]);
        assert_eq!(parameters[1].min_value.as_deref(), Some("1.5"));
        assert_eq!(parameters[1].max_length, Some(3));
        assert_eq!(
            template.outputs(),
            [
                ("Y".to_owned(), Some("why".to_owned())),
                ("B".to_owned(), None)
            ]
        );
        assert_eq!(
            template.transforms(),
            ["AWS::Serverless-2016-10-31", "Mine", "AWS::Include"]
        );
    }
}
