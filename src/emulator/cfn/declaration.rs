//! How a template declares its parameters.

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

impl ParameterDecl {
    /// The value is a list once it is referred to.
    pub fn is_list(&self) -> bool {
        let inner = self.ssm_inner().unwrap_or(&self.kind);
        inner == "CommaDelimitedList" || inner.starts_with("List<")
    }

    /// `T` of `AWS::SSM::Parameter::Value<T>`: the value given names a parameter of Systems Manager.
    pub fn ssm_inner(&self) -> Option<&str> {
        self.kind
            .strip_prefix("AWS::SSM::Parameter::Value<")?
            .strip_suffix('>')
    }
}

/// Reads one.
pub(super) fn read_parameter(key: &str, decl: &Node) -> ParameterDecl {
    ParameterDecl {
        key: key.to_owned(),
        kind: text(decl, "Type").unwrap_or_default(),
        default: text(decl, "Default"),
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

/// A member that is a scalar.
pub(super) fn text(node: &Node, key: &str) -> Option<String> {
    node.get(key)?.as_text().map(str::to_owned)
}

fn number(node: &Node, key: &str) -> Option<u64> {
    node.get(key)?.as_text()?.trim().parse().ok()
}

pub(super) fn known_parameter_type(kind: &str) -> bool {
    let aws = |kind: &str| {
        matches!(
            kind,
            "AWS::EC2::AvailabilityZone::Name"
                | "AWS::EC2::Image::Id"
                | "AWS::EC2::Instance::Id"
                | "AWS::EC2::KeyPair::KeyName"
                | "AWS::EC2::SecurityGroup::GroupName"
                | "AWS::EC2::SecurityGroup::Id"
                | "AWS::EC2::Subnet::Id"
                | "AWS::EC2::Volume::Id"
                | "AWS::EC2::VPC::Id"
                | "AWS::Route53::HostedZone::Id"
        )
    };
    let listed = |kind: &str| {
        kind.strip_prefix("List<")
            .and_then(|rest| rest.strip_suffix('>'))
            .is_some_and(|item| matches!(item, "Number" | "String") || aws(item))
    };
    let plain = |kind: &str| {
        matches!(kind, "String" | "Number" | "CommaDelimitedList") || aws(kind) || listed(kind)
    };
    plain(kind)
        || kind == "AWS::SSM::Parameter::Name"
        || kind
            .strip_prefix("AWS::SSM::Parameter::Value<")
            .and_then(|rest| rest.strip_suffix('>'))
            .is_some_and(plain)
}

/// The types themselves are not known here, only how one is written: `Service::Group::Thing` or `Custom::Name`.
pub(super) fn well_formed_type(kind: &str) -> bool {
    let parts: Vec<&str> = kind.split("::").collect();
    let named = parts.iter().all(|part| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_@-".contains(c))
    });
    named && (parts.len() >= 3 || (parts.len() == 2 && parts[0] == "Custom"))
}
