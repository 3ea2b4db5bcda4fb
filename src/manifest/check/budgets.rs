//! Budgets have names that the service takes (facts §9.9). Whether there is one of the name is not ours to know.

use super::Catalog;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::node::At;
use crate::manifest::schema::Header;
use crate::manifest::words;
use crate::model::limits;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    for spec in &catalog.specs.portfolios {
        object(&spec.header, &spec.budgets, findings);
    }
    for spec in &catalog.specs.products {
        object(&spec.header, &spec.budgets, findings);
    }
}

fn object(header: &Header, budgets: &Option<Vec<At<String>>>, findings: &mut Vec<Finding>) {
    for budget in budgets.iter().flatten() {
        let length = budget.value.chars().count();
        if length == 0 {
            let message = "a budget's name is empty, and the service wants a text";
            findings.push(header.finding(Code::EmptyValue, &budget.origin, message));
        } else if length > limits::BUDGET_NAME {
            let message = format!(
                "the budget's name {} has {length} characters: the service takes {}",
                words::code(&budget.value),
                limits::BUDGET_NAME
            );
            let finding = header.finding(Code::TooLong, &budget.origin, message);
            findings.push(finding.hint("shorten it"));
        }
    }
}
