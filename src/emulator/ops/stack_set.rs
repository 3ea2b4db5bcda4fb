//! Launches under a STACKSET constraint: what is asked for is judged, and then refused plainly (facts §9.3).
//!
//! What the service shows of a stack set (its PhysicalId, its outputs, a failure in some of its accounts) was never
//! recorded, so that nothing could be answered honestly.

use super::constraint::StackSet;
use super::input::Input;
use super::{invalid, unsupported};
use crate::emulator::api::ApiError;

/// Members that exclude each other.
const EXCLUSIVE: [(&str, &str); 2] = [
    (
        "StackSetFailureToleranceCount",
        "StackSetFailureTolerancePercentage",
    ),
    (
        "StackSetMaxConcurrencyCount",
        "StackSetMaxConcurrencyPercentage",
    ),
];

/// Judges ProvisioningPreferences by what the model's texts demand, and refuses what would be a stack set.
///
/// # Errors
/// `InvalidParametersException` for what breaks a rule, the words being a guess; that the preferences are refused for
/// a plain stack, where the model says only that they do not apply, is a guess as well. The emulator's own refusal for
/// all that is well.
pub(super) fn judge(input: Input<'_>, set: Option<&StackSet>) -> Result<(), ApiError> {
    let preferences = input.object("ProvisioningPreferences");
    let Some(set) = set else {
        let asked = preferences.is_some_and(|asked| !asked.members().is_empty());
        return if asked {
            Err(invalid(
                "ProvisioningPreferences apply to products with a STACKSET constraint only.",
            ))
        } else {
            Ok(())
        };
    };
    if let Some(asked) = preferences {
        within(asked, "StackSetAccounts", &set.accounts)?;
        within(asked, "StackSetRegions", &set.regions)?;
        for (one, other) in EXCLUSIVE {
            if asked.members().contains_key(one) && asked.members().contains_key(other) {
                return Err(invalid(format!(
                    "Only one of {one} and {other} can be provided."
                )));
            }
        }
        let number = |name: &str| asked.members().get(name)?.as_u64();
        let tolerated = number("StackSetFailureToleranceCount").unwrap_or(0);
        // A percentage's count is not known before the accounts are.
        let by_count = !asked
            .members()
            .contains_key("StackSetFailureTolerancePercentage");
        if by_count
            && number("StackSetMaxConcurrencyCount").is_some_and(|most| most > tolerated + 1)
        {
            return Err(invalid(
                "StackSetMaxConcurrencyCount can be at most one more than StackSetFailureToleranceCount.",
            ));
        }
    }
    Err(unsupported(
        "A stack set, which the STACKSET constraint asks for,",
    ))
}

fn within(asked: Input<'_>, member: &str, allowed: &[String]) -> Result<(), ApiError> {
    match asked
        .texts(member)
        .find(|one| !allowed.iter().any(|all| all == one))
    {
        None => Ok(()),
        Some(one) => Err(invalid(format!(
            "{member}: {one} is not in the STACKSET constraint."
        ))),
    }
}
