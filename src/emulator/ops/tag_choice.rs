//! What TagOptions make of a launch (facts §8.3).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::invalid;
use super::view::View;
use crate::emulator::api::ApiError;
use crate::emulator::state::TagOption;
use crate::emulator::state::{Portfolio, Product};

/// The values that a launch may choose from, by key; none for a key on which portfolio and product disagree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Choices(BTreeMap<String, BTreeSet<String>>);

impl Choices {
    /// Those of a launch path: of a key that portfolio and product both have, the values that both have. That
    /// inactive TagOptions count for nothing here is not spelled out anywhere, and neither is an order (guesses).
    pub(super) fn of(view: &View<'_>, portfolio: &Portfolio, product: &Product) -> Self {
        let mut choices = active(view.options(portfolio));
        for (key, values) in active(view.options_in(portfolio, product)) {
            match choices.get_mut(&key) {
                Some(present) => present.retain(|value| values.contains(value)),
                None => {
                    choices.insert(key, values);
                }
            }
        }
        Self(choices)
    }

    /// `TagOptions` of DescribeProvisioningParameters.
    pub(super) fn shown(&self) -> Value {
        let choices = self.0.iter();
        choices
            .map(|(key, values)| json!({"Key": key, "Values": values}))
            .collect()
    }

    /// The tags that a launch with these tags of the caller's own gets beside them.
    ///
    /// # Errors
    /// `InvalidParametersException` for a value that is none of the choices, and for none where there are several.
    /// That somebody must choose is documented; what is said to those who do not was not found (a guess).
    pub(super) fn settle(
        &self,
        own: &[(String, String)],
        portfolio: &Portfolio,
        product: &Product,
    ) -> Result<Vec<(String, String)>, ApiError> {
        let mut tags = Vec::new();
        for (key, values) in &self.0 {
            let at = own.iter().position(|(own, _)| own == key);
            let chosen = at.and_then(|at| own.get(at)).map(|(_, value)| value);
            let mut all = values.iter();
            match (chosen, all.next(), all.next()) {
                (Some(value), Some(_), _) if values.contains(value) => {}
                (Some(value), Some(_), _) => {
                    return Err(invalid(format!(
                        "Tag value {value} is not one of the TagOption values for key {key}."
                    )));
                }
                (None, Some(only), None) => tags.push((key.clone(), only.clone())),
                (None, Some(_), Some(_)) => {
                    return Err(invalid(format!(
                        "A value for the TagOption key {key} must be chosen."
                    )));
                }
                // Words that the model threatens with; a client that checks says them itself (a guess).
                (Some(_), None, _) => {
                    return Err(invalid(format!(
                        "Parameter validation failed: Missing required parameter in Tags[{}]:Value",
                        at.unwrap_or_default()
                    )));
                }
                // The model's spelling; the administrator's guide has another, with ARNs (facts §8.3).
                (None, None, _) => tags.push((
                    key.clone(),
                    format!("sc-tagoption-conflict-{}-{}", portfolio.id, product.id),
                )),
            }
        }
        Ok(tags)
    }
}

fn active(options: Vec<&Arc<TagOption>>) -> BTreeMap<String, BTreeSet<String>> {
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for option in options.into_iter().filter(|option| option.active) {
        let of_key = values.entry(option.key.clone()).or_default();
        of_key.insert(option.value.clone());
    }
    values
}
