//! How a provisioned product's stack set is rolled out.

use super::read::{Fields, Reader};
use super::shapes::rollout::{CONCURRENCY, MOST_ACCOUNTS, OPERATIONS, STACK_SET, TOLERANCE};
use crate::manifest::finding::{Code, Finding};
use crate::manifest::node::{At, Plain, Value};
use crate::manifest::words;
use crate::model::launch::{Amount, OperationType};

/// `stackSet` as its manifest says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct RolloutSpec {
    pub(in super::super) accounts: Option<Vec<At<String>>>,
    pub(in super::super) regions: Option<Vec<At<String>>>,
    pub(in super::super) failure_tolerance: Option<At<Amount>>,
    pub(in super::super) max_concurrency: Option<At<Amount>>,
    pub(in super::super) operation: Option<At<OperationType>>,
}

impl Reader<'_> {
    pub(super) fn rollout(&mut self, fields: &Fields<'_>) -> Option<At<RolloutSpec>> {
        let entry = fields.get("stackSet")?;
        let fields = self.fields(&entry.value, &entry.key.origin, &STACK_SET)?;
        let spec = RolloutSpec {
            accounts: self.texts(&fields, "accounts"),
            regions: self.texts(&fields, "regions"),
            failure_tolerance: self.amount(&fields, TOLERANCE),
            max_concurrency: self.amount(&fields, CONCURRENCY),
            operation: self.choice(&fields, "operationType", &OPERATIONS),
        };
        Some(At::new(spec, &entry.key.origin))
    }

    /// A count or a percentage, of which at most one may be there.
    fn amount(
        &mut self,
        fields: &Fields<'_>,
        [count, percentage]: [&'static str; 2],
    ) -> Option<At<Amount>> {
        fields.get(count).or(fields.get(percentage))?;
        let (key, _) = self.exactly_one(fields, &[count, percentage])?;
        let number = self.whole_number(fields, key)?;
        let amount = match key == count {
            true => Amount::Count(number.value),
            false => Amount::Percentage(number.value),
        };
        Some(At::new(amount, &number.origin))
    }

    /// A whole number without quotes, between the bounds that the table gives.
    fn whole_number(&mut self, fields: &Fields<'_>, key: &str) -> Option<At<u32>> {
        let (least, most) = fields.bounds(key)?;
        let node = &fields.get(key)?.value;
        let Value::Plain(text) = &node.value else {
            self.mismatch(node, key, "a whole number without quotes");
            return None;
        };
        if Plain::of(text) != Plain::Number {
            self.mismatch(node, key, "a whole number");
            return None;
        }
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => Some(At::new(number, &node.origin)),
            _ => {
                let message = format!("{} cannot be {}", words::code(key), words::code(text));
                let hint = match most {
                    MOST_ACCOUNTS => format!("give a whole number from {least} on"),
                    _ => format!("give a whole number from {least} to {most}"),
                };
                self.report(Finding::new(Code::UnknownValue, &node.origin, message).hint(hint));
                None
            }
        }
    }
}
