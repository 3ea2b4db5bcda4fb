//! Evaluates conditions and functions over what a stack has so far.

mod condition;
mod network;
mod rule;
mod text;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::node::Node;
use super::parameter;
use super::resource;
use super::template::Template;
use network::{cidrs, zones};
use text::json;
pub(super) use text::{Piece, flat, pieces};

/// The deepest nesting of functions and values that is followed; a template of 1 MB can't need more.
const MAX_DEPTH: usize = 128;
/// How much one evaluation may make: values and characters together. Functions within functions can double a text with
/// each of them; the real service's limit is not documented (a guess).
const MAX_MADE: usize = 8 << 20;

/// Where a stack lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) stack_id: String,
    pub(super) stack_name: String,
    pub(super) notification_arns: Vec<String>,
}

impl Place {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub(super) fn partition(&self) -> &'static str {
        if self.region.starts_with("cn-") {
            "aws-cn"
        } else if self.region.starts_with("us-gov-") {
            "aws-us-gov"
        } else {
            "aws"
        }
    }

    fn url_suffix(&self) -> &'static str {
        if self.region.starts_with("cn-") {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        }
    }
}

/// A resource that others may refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) kind: String,
    pub(super) physical_id: String,
    pub(super) properties: Node,
}

/// Why something has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EvalError {
    /// The template or a parameter is wrong: said by the call itself.
    Template(String),
    /// A name that is not there (yet): a resource whose condition does not hold.
    Unresolved(String),
    /// `No export named X found.`: said by the stack, as it works.
    Export(String),
}

/// Everything a value can depend on.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) template: &'a Template,
    pub(super) place: &'a Place,
    /// Effective values; a list's are joined by commas.
    pub(super) values: &'a BTreeMap<String, String>,
    conditions: RefCell<BTreeMap<String, bool>>,
    pub(super) resources: BTreeMap<String, Known>,
    /// Exported names of the region's stacks and their values.
    pub(super) exports: &'a BTreeMap<String, String>,
    /// Export names that were imported.
    pub(super) imported: RefCell<std::collections::BTreeSet<String>>,
    /// A macro may add what is not in the text: unknown names get derived values.
    pub(super) opaque: bool,
    /// How much may still be made.
    left: Cell<usize>,
    /// Parameters whose `Ref` is a list.
    lists: std::collections::BTreeSet<String>,
}

type Eval<T> = Result<T, EvalError>;

impl<'a> Scope<'a> {
    /// A scope without resources, its conditions evaluated.
    pub(super) fn new(
        template: &'a Template,
        place: &'a Place,
        values: &'a BTreeMap<String, String>,
        exports: &'a BTreeMap<String, String>,
    ) -> Eval<Self> {
        let scope = Self {
            template,
            place,
            values,
            conditions: RefCell::default(),
            resources: BTreeMap::new(),
            exports,
            imported: RefCell::default(),
            left: Cell::new(MAX_MADE),
            opaque: !template.transforms().is_empty(),
            lists: template
                .parameters()
                .into_iter()
                .filter(super::template::ParameterDecl::is_list)
                .map(|decl| decl.key)
                .collect(),
        };
        for (name, _) in template.section("Conditions") {
            scope.named_condition(name, 0)?;
        }
        Ok(scope)
    }

    /// The node without functions; `None` is `AWS::NoValue`.
    pub(super) fn value(&self, node: &Node) -> Eval<Option<Node>> {
        self.at(node, 0)
    }

    /// The node as text.
    pub(super) fn text(&self, node: &Node) -> Eval<String> {
        Ok(flat(&self.value(node)?.unwrap_or_default()))
    }

    /// A condition by name.
    pub(super) fn holds(&self, name: &str) -> Eval<bool> {
        self.named_condition(name, 0)
    }

    fn at(&self, node: &Node, depth: usize) -> Eval<Option<Node>> {
        if depth > MAX_DEPTH {
            return Err(template_error("the template is nested too deeply"));
        }
        self.spend(1)?;
        if let Some((function, argument)) = node.as_call() {
            let made = self.call(function, argument, depth + 1)?;
            if let Some(Node::Text(text)) = &made {
                self.spend(text.len())?;
            }
            return Ok(made);
        }
        Ok(Some(match node {
            Node::Null => Node::Null,
            Node::Text(text) => Node::Text(text.clone()),
            Node::List(list) => {
                let mut items = Vec::with_capacity(list.len());
                for item in list {
                    items.extend(self.at(item, depth + 1)?);
                }
                Node::List(items)
            }
            Node::Map(map) => {
                let mut members = Vec::with_capacity(map.len());
                for (key, value) in map {
                    if let Some(value) = self.at(value, depth + 1)? {
                        members.push((key.clone(), value));
                    }
                }
                Node::Map(members)
            }
        }))
    }

    /// Counts what is made.
    fn spend(&self, amount: usize) -> Eval<()> {
        let left = self.left.get().checked_sub(amount);
        let left = left.ok_or_else(|| template_error("its functions make too much of it"))?;
        self.left.set(left);
        Ok(())
    }

    fn call(&self, function: &str, argument: &Node, depth: usize) -> Eval<Option<Node>> {
        let text = |text: String| Ok(Some(Node::Text(text)));
        match function {
            "Ref" => {
                let Some(name) = argument.as_text() else {
                    return Err(template_error(
                        "Every Ref object must have a single String value.",
                    ));
                };
                self.reference(name)
            }
            "Condition" => match argument.as_text() {
                // In policies `Condition` is an ordinary member, not a function.
                Some(name) if self.is_condition(name) => {
                    text(self.named_condition(name, depth)?.to_string())
                }
                _ => Ok(Some(Node::Map(vec![(
                    "Condition".to_owned(),
                    self.at(argument, depth)?.unwrap_or_default(),
                )]))),
            },
            "Fn::GetAtt" => {
                let (resource, attribute) = self.attribute_of(argument, depth)?;
                Ok(Some(self.attribute(&resource, &attribute)?))
            }
            "Fn::Sub" => text(self.substitute(argument, depth)?),
            "Fn::Join" => match argument.as_list() {
                Some([delimiter, items]) => {
                    let delimiter = self.flat_at(delimiter, depth)?;
                    let items = self.list_at(items, depth)?;
                    self.spend(delimiter.len().saturating_mul(items.len()))?;
                    text(items.iter().map(flat).collect::<Vec<_>>().join(&delimiter))
                }
                _ => Err(template_error(
                    "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
                )),
            },
            "Fn::Split" => match argument.as_list() {
                Some([delimiter, source]) => {
                    let (delimiter, source) = (
                        self.flat_at(delimiter, depth)?,
                        self.flat_at(source, depth)?,
                    );
                    if delimiter.is_empty() {
                        return Err(template_error("Fn::Split delimiter must not be empty."));
                    }
                    Ok(Some(Node::List(
                        source.split(&delimiter).map(Node::text).collect(),
                    )))
                }
                _ => Err(template_error(
                    "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split.",
                )),
            },
            "Fn::Select" => self.select(argument, depth),
            "Fn::If" => match argument.as_list() {
                Some([condition, yes, no]) => {
                    let branch = if self.condition(condition, depth)? {
                        yes
                    } else {
                        no
                    };
                    self.at(branch, depth)
                }
                _ => Err(template_error(
                    "Fn::If requires a list argument with three elements",
                )),
            },
            "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" => {
                let call = Node::Map(vec![(function.to_owned(), argument.clone())]);
                text(self.condition(&call, depth)?.to_string())
            }
            "Fn::FindInMap" => self.find_in_map(argument, depth),
            "Fn::Base64" => {
                let plain = self.flat_at(argument, depth)?;
                text(aws_smithy_types::base64::encode(plain))
            }
            "Fn::ImportValue" => {
                let name = self.flat_at(argument, depth)?;
                match self.exports.get(&name) {
                    Some(value) => {
                        self.imported.borrow_mut().insert(name);
                        text(value.clone())
                    }
                    None => Err(EvalError::Export(format!("No export named {name} found."))),
                }
            }
            "Fn::GetAZs" => {
                let region = self.flat_at(argument, depth)?;
                let region = if region.is_empty() {
                    &self.place.region
                } else {
                    &region
                };
                Ok(Some(zones(region)))
            }
            "Fn::Cidr" => self.cidr(argument, depth),
            "Fn::Length" => text(self.list_at(argument, depth)?.len().to_string()),
            "Fn::ToJsonString" => {
                text(json(&self.at(argument, depth)?.unwrap_or_default()).to_string())
            }
            "Fn::Transform" => {
                // A macro's result can't be known: its evaluated argument stands for it.
                let argument = argument.get("Parameters").unwrap_or(&Node::Null);
                self.at(argument, depth)
            }
            _ => Err(template_error(&format!(
                "Encountered unsupported function: {function} Supported functions are: [Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, Fn::Select, Ref, Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, Fn::Or, Fn::Contains, Fn::EachMemberEquals, Fn::EachMemberIn, Fn::ValueOf, Fn::ValueOfAll, Fn::RefAll, Fn::Sub, Fn::Cidr]"
            ))),
        }
    }

    /// What `Ref` gives.
    fn reference(&self, name: &str) -> Eval<Option<Node>> {
        let place = self.place;
        let pseudo = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::NotificationARNs" => {
                return Ok(Some(Node::List(
                    place.notification_arns.iter().map(Node::text).collect(),
                )));
            }
            "AWS::AccountId" => Some(place.account.as_str()),
            "AWS::Partition" => Some(place.partition()),
            "AWS::Region" => Some(place.region.as_str()),
            "AWS::StackId" => Some(place.stack_id.as_str()),
            "AWS::StackName" => Some(place.stack_name.as_str()),
            "AWS::URLSuffix" => Some(place.url_suffix()),
            _ => None,
        };
        if let Some(text) = pseudo {
            return Ok(Some(Node::text(text)));
        }
        if let Some(value) = self.values.get(name) {
            return Ok(Some(if self.lists.contains(name) {
                Node::List(
                    parameter::split(value)
                        .into_iter()
                        .map(Node::Text)
                        .collect(),
                )
            } else {
                Node::text(value)
            }));
        }
        match self.resources.get(name) {
            Some(known) => Ok(Some(Node::text(&known.physical_id))),
            None if self.opaque => Ok(Some(Node::text(resource::generated(place, name)))),
            None => Err(EvalError::Unresolved(name.to_owned())),
        }
    }

    fn attribute(&self, name: &str, attribute: &str) -> Eval<Node> {
        match self.resources.get(name) {
            Some(known) => Ok(resource::attribute(known, attribute, self.place)),
            None if self.opaque => Ok(Node::Text(format!(
                "{}.{attribute}",
                resource::generated(self.place, name)
            ))),
            None => Err(EvalError::Unresolved(name.to_owned())),
        }
    }

    fn attribute_of(&self, argument: &Node, depth: usize) -> Eval<(String, String)> {
        let wrong = || {
            template_error(
                "every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute",
            )
        };
        match argument {
            Node::List(parts) if parts.len() >= 2 => {
                let mut texts = Vec::new();
                for part in parts {
                    texts.push(self.flat_at(part, depth)?);
                }
                Ok((texts[0].clone(), texts[1..].join(".")))
            }
            Node::Text(text) => text
                .split_once('.')
                .map(|(resource, attribute)| (resource.to_owned(), attribute.to_owned()))
                .ok_or_else(wrong),
            _ => Err(wrong()),
        }
    }

    fn substitute(&self, argument: &Node, depth: usize) -> Eval<String> {
        let (pattern, own) = match argument {
            Node::Text(pattern) => (pattern.clone(), None),
            Node::List(parts) => match parts.as_slice() {
                [Node::Text(pattern), own] => (pattern.clone(), Some(own)),
                [Node::Text(pattern)] => (pattern.clone(), None),
                _ => return Err(bad_sub()),
            },
            // A function that gives the text is what AWS::LanguageExtensions allows.
            other => (self.flat_at(other, depth)?, None),
        };
        let mut out = String::new();
        for piece in pieces(&pattern) {
            match piece {
                Piece::Plain(text) => out.push_str(text),
                Piece::Literal(name) => {
                    out.push_str("${");
                    out.push_str(name);
                    out.push('}');
                }
                Piece::Name(name) => {
                    let value = if let Some(value) = own.and_then(|map| map.get(name)) {
                        self.flat_at(value, depth)?
                    } else if let Some((resource, attribute)) = name.split_once('.') {
                        flat(&self.attribute(resource, attribute)?)
                    } else {
                        flat(&self.reference(name)?.unwrap_or_default())
                    };
                    self.spend(value.len())?;
                    out.push_str(&value);
                }
            }
        }
        Ok(out)
    }

    fn select(&self, argument: &Node, depth: usize) -> Eval<Option<Node>> {
        let Some([index, items]) = argument.as_list() else {
            return Err(template_error(
                "Fn::Select requires a list argument with two elements: an integer index and a list",
            ));
        };
        let index = self.flat_at(index, depth)?;
        let items = self.list_at(items, depth)?;
        index
            .parse::<usize>()
            .ok()
            .and_then(|at| items.get(at).cloned())
            .map(Some)
            .ok_or_else(|| {
                template_error(&format!(
                    "Fn::Select  cannot select nonexistent value at index {index}"
                ))
            })
    }

    fn find_in_map(&self, argument: &Node, depth: usize) -> Eval<Option<Node>> {
        let Some([map, first, second, rest @ ..]) = argument.as_list() else {
            return Err(template_error(
                "every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value",
            ));
        };
        let (map, first, second) = (
            self.flat_at(map, depth)?,
            self.flat_at(first, depth)?,
            self.flat_at(second, depth)?,
        );
        let found = self
            .template
            .section("Mappings")
            .iter()
            .find(|(name, _)| *name == map)
            .and_then(|(_, level)| level.get(&first)?.get(&second));
        match (
            found,
            rest.first().and_then(|rest| rest.get("DefaultValue")),
        ) {
            (Some(value), _) => Ok(Some(value.clone())),
            (None, Some(default)) => self.at(default, depth),
            (None, None) if self.opaque => Ok(Some(Node::Text(format!("{map}.{first}.{second}")))),
            (None, None) => Err(template_error(&format!(
                "Unable to get mapping for {map}::{first}::{second}"
            ))),
        }
    }

    fn cidr(&self, argument: &Node, depth: usize) -> Eval<Option<Node>> {
        let Some([block, count, rest @ ..]) = argument.as_list() else {
            return Err(template_error(
                "Fn::Cidr requires a list argument with an IP block, a count and cidr bits",
            ));
        };
        let block = self.flat_at(block, depth)?;
        let count = self.flat_at(count, depth)?;
        let bits = match rest.first() {
            Some(bits) => self.flat_at(bits, depth)?,
            None => "8".to_owned(),
        };
        cidrs(&block, &count, &bits)
            .map(|list| Some(Node::List(list.into_iter().map(Node::Text).collect())))
            .ok_or_else(|| {
                template_error(&format!(
                    "invalid argument to Fn::Cidr: [{block}, {count}, {bits}]"
                ))
            })
    }

    fn flat_at(&self, node: &Node, depth: usize) -> Eval<String> {
        Ok(flat(&self.at(node, depth)?.unwrap_or_default()))
    }

    fn list_at(&self, node: &Node, depth: usize) -> Eval<Vec<Node>> {
        Ok(match self.at(node, depth)?.unwrap_or_default() {
            Node::List(items) => items,
            Node::Null => Vec::new(),
            other => vec![other],
        })
    }
}

fn template_error(text: &str) -> EvalError {
    EvalError::Template(format!("Template error: {text}"))
}

fn bad_sub() -> EvalError {
    template_error(
        "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string",
    )
}
