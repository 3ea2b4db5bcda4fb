//! `Rules`: what must hold of a stack's parameters, said by its template or by a TEMPLATE constraint.
//!
//! They have functions of their own (CloudFormation's user guide, "rule functions"). `Fn::RefAll` and `Fn::ValueOf`
//! ask what is there in the account and region: here that is what its stacks have made, since there is nothing else.

use super::{
    Eval, EvalError, Known, MAX_DEPTH, Node, Place, Scope, flat, resource, template_error, zones,
};

/// The living resources of a type, with the place of the stack that has each.
pub(in crate::emulator::cfn) type Survey<'a> = &'a dyn Fn(&str) -> Vec<(Known, Place)>;

impl Scope<'_> {
    /// Whether all rules hold; the first that does not is said.
    ///
    /// # Errors
    /// The AssertDescription alone, as users saw it. That it may be absent is known, what is said then is a guess.
    pub(in crate::emulator::cfn) fn judge(
        &self,
        rules: &[(String, Node)],
        survey: Survey<'_>,
    ) -> Eval<()> {
        for (name, rule) in rules {
            let assertions = rule.get("Assertions").and_then(Node::as_list);
            let Some(assertions) = assertions.filter(|list| !list.is_empty()) else {
                // The text is a guess by the pattern of other sections.
                return Err(EvalError::Template(
                    "Template format error: Every Rules object must contain a non-empty Assertions list.".to_owned(),
                ));
            };
            if let Some(condition) = rule.get("RuleCondition")
                && !self.truth(condition, survey, 0)?
            {
                continue;
            }
            for assertion in assertions {
                let holds = match assertion.get("Assert") {
                    Some(assert) => self.truth(assert, survey, 0)?,
                    None => {
                        return Err(template_error(
                            "every Assertions member must contain an Assert.",
                        ));
                    }
                };
                if !holds {
                    let said = assertion.get("AssertDescription").map(flat);
                    return Err(EvalError::Template(
                        said.unwrap_or_else(|| format!("Assertion of rule {name} failed.")),
                    ));
                }
            }
        }
        Ok(())
    }

    fn truth(&self, node: &Node, survey: Survey<'_>, depth: usize) -> Eval<bool> {
        match self.ruled(node, survey, depth)? {
            Node::Text(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Node::Text(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            _ => Err(template_error("a rule must evaluate to true or false.")),
        }
    }

    /// A node of a rule without functions.
    fn ruled(&self, node: &Node, survey: Survey<'_>, depth: usize) -> Eval<Node> {
        if depth > MAX_DEPTH {
            return Err(template_error("rules are nested too deeply"));
        }
        self.spend(1)?;
        let depth = depth + 1;
        let Some((function, argument)) = node.as_call() else {
            return match node {
                Node::List(items) => {
                    let items = items.iter().map(|item| self.ruled(item, survey, depth));
                    Ok(Node::List(items.collect::<Eval<_>>()?))
                }
                other => Ok(other.clone()),
            };
        };
        let said = |holds: bool| Ok(Node::text(holds.to_string()));
        let list = |node: &Node| -> Eval<Vec<Node>> {
            Ok(match self.ruled(node, survey, depth)? {
                Node::List(items) => items,
                other => vec![other],
            })
        };
        match (function, argument.as_list().unwrap_or(&[])) {
            ("Ref", _) => self.referred(argument),
            ("Fn::RefAll", _) => Ok(self.all(&flat(argument), survey)),
            ("Fn::ValueOf", [parameter, attribute]) => {
                self.value_of(&flat(parameter), &flat(attribute), survey)
            }
            ("Fn::ValueOfAll", [kind, attribute]) => {
                let found = survey(resource_type(&flat(kind)));
                let values = found
                    .iter()
                    .filter_map(|(known, place)| attribute_of(known, place, &flat(attribute)));
                Ok(Node::List(values.collect()))
            }
            ("Fn::Contains", [all, one]) => {
                let one = self.ruled(one, survey, depth)?;
                said(list(all)?.contains(&one))
            }
            ("Fn::EachMemberEquals", [all, one]) => {
                let one = self.ruled(one, survey, depth)?;
                said(list(all)?.iter().all(|item| *item == one))
            }
            ("Fn::EachMemberIn", [checked, allowed]) => {
                let allowed = list(allowed)?;
                said(list(checked)?.iter().all(|item| allowed.contains(item)))
            }
            ("Fn::Equals", [left, right]) => {
                said(self.ruled(left, survey, depth)? == self.ruled(right, survey, depth)?)
            }
            ("Fn::Not", [inner]) => said(!self.truth(inner, survey, depth)?),
            ("Fn::And" | "Fn::Or", items) if (2..=10).contains(&items.len()) => {
                let mut truths = Vec::with_capacity(items.len());
                for item in items {
                    truths.push(self.truth(item, survey, depth)?);
                }
                said(if function == "Fn::And" {
                    truths.iter().all(|holds| *holds)
                } else {
                    truths.contains(&true)
                })
            }
            // `Fn::If` is documented and refused all the same (a user's report); the text is a guess.
            _ => Err(template_error(&format!(
                "{function} is not supported, or has the wrong number of arguments, in the Rules block."
            ))),
        }
    }

    fn referred(&self, argument: &Node) -> Eval<Node> {
        let name = flat(argument);
        match self.reference(&name) {
            Ok(value) => Ok(value.unwrap_or_default()),
            // By the pattern of the Conditions block (a guess).
            Err(_) => Err(EvalError::Template(format!(
                "Template format error: Unresolved dependencies [{name}]. Cannot reference resources in the Rules block of the template"
            ))),
        }
    }

    /// All that can be given for a parameter of this type.
    fn all(&self, kind: &str, survey: Survey<'_>) -> Node {
        if resource_type(kind) == "AWS::EC2::AvailabilityZone::Name" {
            return zones(&self.place.region);
        }
        let found = survey(resource_type(kind)).into_iter();
        Node::List(
            found
                .map(|(known, _)| Node::Text(known.physical_id))
                .collect(),
        )
    }

    /// An attribute of what a parameter names; a list of it for a list.
    fn value_of(&self, parameter: &str, attribute: &str, survey: Survey<'_>) -> Eval<Node> {
        let value = self.referred(&Node::text(parameter))?;
        let decls = self.template.parameters();
        let kind = decls.iter().find(|decl| decl.key == parameter);
        let kind = kind.map(|decl| decl.kind.clone()).unwrap_or_default();
        let found = survey(resource_type(&kind));
        let of = |id: &Node| {
            let id = flat(id);
            let (known, place) = found.iter().find(|(known, _)| known.physical_id == id).ok_or_else(|| {
                // What CloudFormation says of any such value. Here it is asked only where the value matters.
                EvalError::Template(format!(
                    "Parameter validation failed: parameter value {id} for parameter name {parameter} does not exist"
                ))
            })?;
            Ok(attribute_of(known, place, attribute).unwrap_or_else(|| Node::text("")))
        };
        match &value {
            Node::List(ids) => Ok(Node::List(ids.iter().map(of).collect::<Eval<_>>()?)),
            id => of(id),
        }
    }
}

/// `AWS::EC2::VPC` of `List<AWS::EC2::VPC::Id>`.
fn resource_type(kind: &str) -> &str {
    let inner = kind
        .strip_prefix("List<")
        .and_then(|rest| rest.strip_suffix('>'));
    let inner = inner.unwrap_or(kind);
    inner.strip_suffix("::Id").unwrap_or(inner)
}

/// `Tags.<key>`, or an attribute or property of the resource; `None` if it has no such tag.
fn attribute_of(known: &Known, place: &Place, attribute: &str) -> Option<Node> {
    if let Some(key) = attribute.strip_prefix("Tags.") {
        let tags = known.properties.get("Tags")?.as_list()?;
        let tag = tags
            .iter()
            .find(|tag| tag.get("Key").map(flat).as_deref() == Some(key));
        return tag?.get("Value").map(|value| Node::Text(flat(value)));
    }
    let property = known
        .properties
        .get(attribute)
        .map(|value| Node::Text(flat(value)));
    Some(property.unwrap_or_else(|| resource::attribute(known, attribute, place)))
}
