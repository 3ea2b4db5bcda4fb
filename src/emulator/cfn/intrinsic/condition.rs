//! Conditions.

use super::{Eval, EvalError, MAX_DEPTH, Node, Scope, template_error};

impl Scope<'_> {
    pub(super) fn is_condition(&self, name: &str) -> bool {
        self.template
            .section("Conditions")
            .iter()
            .any(|(known, _)| known == name)
    }

    pub(super) fn named_condition(&self, name: &str, depth: usize) -> Eval<bool> {
        if let Some(holds) = self.conditions.borrow().get(name) {
            return Ok(*holds);
        }
        if depth > MAX_DEPTH {
            return Err(EvalError::Template(
                "Template format error: Circular dependency in the Conditions block".to_owned(),
            ));
        }
        match self
            .template
            .section("Conditions")
            .iter()
            .find(|(known, _)| known == name)
        {
            Some((_, node)) => {
                let holds = self.condition(node, depth + 1)?;
                // Many may ask for it, and each of those for many.
                self.conditions.borrow_mut().insert(name.to_owned(), holds);
                Ok(holds)
            }
            None => Err(EvalError::Template(format!(
                "Template format error: Unresolved condition dependency {name} in the Resources block of the template"
            ))),
        }
    }

    /// The truth of a condition: a function, or a name where `Fn::If` takes one.
    pub(super) fn condition(&self, node: &Node, depth: usize) -> Eval<bool> {
        if depth > MAX_DEPTH {
            return Err(template_error("conditions are nested too deeply"));
        }
        let depth = depth + 1;
        let Some((function, argument)) = node.as_call() else {
            return match node {
                Node::Text(text) if text.eq_ignore_ascii_case("true") => Ok(true),
                Node::Text(text) if text.eq_ignore_ascii_case("false") => Ok(false),
                Node::Text(name) => self.named_condition(name, depth),
                _ => Err(template_error(
                    "Every Condition member must be a function or the name of a condition",
                )),
            };
        };
        let items = argument.as_list().unwrap_or(&[]);
        match (function, items) {
            ("Condition", _) => match argument.as_text() {
                Some(name) => self.named_condition(name, depth),
                None => Err(template_error("Every Condition member must be a string.")),
            },
            ("Fn::Equals", [left, right]) => Ok(self.at(left, depth)?.unwrap_or_default()
                == self.at(right, depth)?.unwrap_or_default()),
            ("Fn::Not", [inner]) => Ok(!self.condition(inner, depth)?),
            ("Fn::And", _) if !items.is_empty() => {
                let mut all = true;
                for item in items {
                    all &= self.condition(item, depth)?;
                }
                Ok(all)
            }
            ("Fn::Or", _) if !items.is_empty() => {
                let mut any = false;
                for item in items {
                    any |= self.condition(item, depth)?;
                }
                Ok(any)
            }
            _ => {
                let text = self.flat_at(node, depth)?;
                Ok(text.eq_ignore_ascii_case("true"))
            }
        }
    }
}
