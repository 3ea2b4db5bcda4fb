//! Rules of template constraints are what CloudFormation's `Rules` can be: a launch would fail for them, not the constraint.

use super::Catalog;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::node::{Entry, Node, Plain, Value};
use crate::manifest::schema::{
    Header, REFUSED_FUNCTION as REFUSED, RULE_FUNCTIONS as FUNCTIONS, RuleSpec,
};
use crate::manifest::words;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for (header, constraints) in catalog.constraints() {
        for rule in constraints.template.iter().flatten() {
            Rule { header, findings }.check(rule);
        }
    }
}

struct Rule<'a> {
    header: &'a Header,
    findings: &'a mut Vec<Finding>,
}

impl Rule<'_> {
    fn report(&mut self, at: &Node, message: String, hint: &str) {
        let finding = self.header.finding(Code::InvalidRule, &at.origin, message);
        self.findings.push(finding.hint(hint));
    }

    fn check(&mut self, rule: &RuleSpec) {
        let name = words::code(&rule.name.value);
        let Value::Map(fields) = &rule.body.value else {
            let message = format!("rule {name} must be a map, and is {}", rule.body.describe());
            return self.report(&rule.body, message, SHAPE);
        };
        self.fields(
            fields,
            &["RuleCondition", "Assertions"],
            &format!("rule {name}"),
        );
        if let Some(condition) = rule.body.only("RuleCondition") {
            self.value(condition);
        }
        let assertions = rule.body.only("Assertions").map(|node| &node.value);
        match assertions {
            Some(Value::List(items)) if !items.is_empty() => {
                items.iter().for_each(|item| self.assertion(item, &name));
            }
            Some(Value::Unknown) => {}
            _ => {
                let message = format!("rule {name} has no list of `Assertions`");
                self.report(&rule.body, message, SHAPE);
            }
        }
    }

    fn assertion(&mut self, item: &Node, rule: &str) {
        let what = format!("an assertion of rule {rule}");
        self.fields(item.entries(), &["Assert", "AssertDescription"], &what);
        match item.only("Assert") {
            Some(assert) => self.value(assert),
            None => self.report(item, format!("{what} has no `Assert`"), SHAPE),
        }
        if let Some(text) = item.only("AssertDescription")
            && text.text().is_none()
        {
            self.report(text, "`AssertDescription` must be a text".to_owned(), SHAPE);
        }
    }

    fn fields(&mut self, entries: &[Entry], known: &[&str], what: &str) {
        for entry in entries {
            let key = entry.key.value.as_str();
            if !known.contains(&key) {
                let near = words::did_you_mean(key, known.iter().copied());
                let listed = words::listed(known.iter().copied(), "and");
                let message = format!("unknown field {} in {what}", words::code(key));
                self.findings.push(
                    self.header
                        .finding(Code::InvalidRule, &entry.key.origin, message)
                        .hint(near.unwrap_or_else(|| format!("it can have {listed}"))),
                );
            }
        }
    }

    /// A condition or an assertion, with all that is in it.
    fn value(&mut self, node: &Node) {
        match &node.value {
            Value::List(items) => items.iter().for_each(|item| self.value(item)),
            Value::Map(entries) => {
                for entry in entries {
                    self.function(entry);
                    self.value(&entry.value);
                }
            }
            Value::Plain(text) if Plain::of(text) == Plain::Null => {
                let message = "a rule has a part without a value".to_owned();
                self.report(node, message, "write `\"\"` for an empty text");
            }
            Value::Plain(_) | Value::Quoted(_) | Value::Unknown => {}
        }
    }

    fn function(&mut self, entry: &Entry) {
        let key = entry.key.value.as_str();
        if FUNCTIONS.contains(&key) {
            return;
        }
        let (code, message) = if key == REFUSED {
            let message = "`Fn::If` is documented for rules, but users report that it is refused";
            (Code::SuspectRule, message.to_owned())
        } else {
            let message = format!("{} is no function of rules", words::code(key));
            (Code::InvalidRule, message)
        };
        let near = words::did_you_mean(key, FUNCTIONS);
        let hint = near.filter(|_| key != REFUSED).unwrap_or_else(|| {
            "a `RuleCondition` says when a rule holds; `Fn::And`, `Fn::Or` and `Fn::Not` combine".to_owned()
        });
        let finding = self.header.finding(code, &entry.key.origin, message);
        self.findings.push(finding.hint(hint));
    }
}

/// What a rule looks like.
const SHAPE: &str = "a rule has `Assertions`, a list of maps with `Assert` and `AssertDescription`, and perhaps a `RuleCondition`";
