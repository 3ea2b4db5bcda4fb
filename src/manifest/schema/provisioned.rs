//! The spec of a provisioned product.

use super::read::{Fields, Reader};
use super::rollout::RolloutSpec;
use super::shapes::provisioned::{ELSEWHERE, IMPORT, OUTPUT, PARAMETER, SPEC};
use super::{Header, Tag};
use crate::ids::Name;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::node::{At, Entry, Node, Plain, Value};
use crate::manifest::words;
use crate::model::desired::Origin;

/// A provisioned product as its manifest says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ProvisionedSpec {
    pub(in super::super) header: Header,
    pub(in super::super) live_name: Option<At<String>>,
    pub(in super::super) product: Option<At<Name>>,
    pub(in super::super) version: Option<At<String>>,
    pub(in super::super) portfolio: Option<At<Name>>,
    pub(in super::super) parameters: Option<Vec<ParameterSpec>>,
    /// Every parameter given could be read: one that is not among them is not given.
    pub(in super::super) parameters_known: bool,
    pub(in super::super) tags: Option<Vec<Tag>>,
    pub(in super::super) depends_on: Vec<At<Name>>,
    /// The ARN of the stack that is imported.
    pub(in super::super) import: Option<At<String>>,
    /// `import` is given, whether it could be read or not.
    pub(in super::super) imports: bool,
    pub(in super::super) notification_arns: Option<At<Vec<At<String>>>>,
    pub(in super::super) stack_set: Option<At<RolloutSpec>>,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ParameterSpec {
    pub(in super::super) key: At<String>,
    pub(in super::super) value: At<ValueSpec>,
}

/// A parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum ValueSpec {
    Literal(String),
    List(Vec<At<String>>),
    Ssm(String),
    Output { from: At<Name>, key: At<String> },
}

impl Reader<'_> {
    pub(super) fn provisioned(
        &mut self,
        header: Header,
        node: &Node,
        at: &Origin,
    ) -> Option<ProvisionedSpec> {
        let fields = self.fields(node, at, &SPEC)?;
        let given = self
            .free_map(&fields, "parameters")
            .map(Iterator::collect::<Vec<_>>);
        let parameters: Option<Vec<ParameterSpec>> = given
            .as_ref()
            .map(|given| given.iter().filter_map(|e| self.parameter(e)).collect());
        let read = parameters.as_ref().map_or(0, Vec::len);
        let depends_on = self.list(&fields, "dependsOn").unwrap_or_default();
        let import = fields.get("import").and_then(|entry| {
            let fields = self.fields(&entry.value, &entry.key.origin, &IMPORT)?;
            self.text(&fields, "stackArn")
        });
        Some(ProvisionedSpec {
            header,
            live_name: self.text(&fields, "name"),
            product: self.reference(&fields, "product"),
            version: self.text(&fields, "version"),
            portfolio: self.reference(&fields, "portfolio"),
            parameters_known: match &given {
                Some(given) => given.len() == read,
                None => fields.get("parameters").is_none(),
            },
            parameters,
            tags: self.tags(&fields),
            imports: fields.get("import").is_some(),
            import,
            notification_arns: self.topics(&fields),
            stack_set: self.rollout(&fields),
            depends_on: depends_on
                .iter()
                .filter_map(|node| {
                    let found = self.scalar(node, "dependsOn")?;
                    self.name(found, "dependsOn")
                })
                .collect(),
        })
    }

    /// Any scalar is sent as it was written; only null says nothing.
    fn parameter(&mut self, entry: &Entry) -> Option<ParameterSpec> {
        let node = &entry.value;
        let key = entry.key.clone();
        let value = match &node.value {
            Value::Quoted(text) => ValueSpec::Literal(text.clone()),
            Value::Plain(text) if Plain::of(text) != Plain::Null => {
                ValueSpec::Literal(text.clone())
            }
            Value::Plain(_) => {
                let message = format!("parameter {} has no value", words::code(&key.value));
                self.report(
                    Finding::new(Code::NullValue, &node.origin, message)
                        .hint("leave it out to keep its value or default; `\"\"` is an empty text"),
                );
                return None;
            }
            Value::List(items) => {
                let read = items.iter().filter_map(|item| self.item(item));
                ValueSpec::List(read.collect())
            }
            Value::Unknown => return None,
            Value::Map(_) => {
                let at = &entry.key.origin;
                let fields = self.fields(node, at, &PARAMETER)?;
                let (form, output) = self.exactly_one(&fields, ELSEWHERE)?;
                if form == "ssm" {
                    let name = self.text(&fields, form)?;
                    return Some(ParameterSpec {
                        key,
                        value: At::new(ValueSpec::Ssm(name.value), &name.origin),
                    });
                }
                let fields = self.fields(&output.value, &output.key.origin, &OUTPUT)?;
                let from = self.reference(&fields, "provisionedProduct");
                let key = self.text(&fields, "key");
                ValueSpec::Output {
                    from: from?,
                    key: key?,
                }
            }
        };
        Some(ParameterSpec {
            key,
            value: At::new(value, &node.origin),
        })
    }

    /// An item of a list: any scalar as it was written.
    fn item(&mut self, node: &Node) -> Option<At<String>> {
        match &node.value {
            Value::Quoted(text) => Some(At::new(text.clone(), &node.origin)),
            Value::Plain(text) if Plain::of(text) != Plain::Null => {
                Some(At::new(text.clone(), &node.origin))
            }
            _ => {
                self.mismatch(node, "an item of a parameter's list", "a text or a number");
                None
            }
        }
    }

    fn topics(&mut self, fields: &Fields<'_>) -> Option<At<Vec<At<String>>>> {
        let items = self.list(fields, "notificationArns")?;
        let origin = &fields.get("notificationArns")?.key.origin;
        let read = items
            .iter()
            .filter_map(|node| self.scalar(node, "notificationArns"));
        Some(At::new(read.collect(), origin))
    }
}
