//! The published quotas (facts §6). Their refusals' texts were never printed: the words are a guess.

use super::api::ApiError;

/// Portfolios per region.
pub(super) const PORTFOLIOS: usize = 100;
/// Products per region.
pub(super) const PRODUCTS: usize = 350;
/// Products per portfolio.
pub(super) const PRODUCTS_PER_PORTFOLIO: usize = 150;
/// Versions per product.
pub(super) const VERSIONS: usize = 100;
/// Users, groups and roles per portfolio.
pub(super) const PRINCIPALS: usize = 100;
/// Principal name patterns per portfolio.
pub(super) const PATTERNS: usize = 10;
/// Tags per product and per portfolio.
pub(super) const TAGS: usize = 20;
/// Tags per provisioned product; AutoTags do not count.
pub(super) const PROVISIONED_TAGS: usize = 50;
/// Accounts that a portfolio is shared with.
pub(super) const SHARED_ACCOUNTS: usize = 5_000;
/// Constraints per product per portfolio.
pub(super) const CONSTRAINTS: usize = 100;

/// Values of TagOptions per key.
pub(super) const TAG_VALUES: usize = 25;
/// TagOptions per portfolio and per product.
pub(super) const TAG_OPTIONS: usize = 25;
/// Service actions per region.
pub(super) const ACTIONS: usize = 200;
/// Service actions per version.
pub(super) const ACTIONS_PER_VERSION: usize = 25;
/// Parameters of Systems Manager in the tier that there is.
pub(super) const PARAMETERS: usize = 10_000;

/// Whether one more fits beside those present.
///
/// # Errors
/// `LimitExceededException` when there is no room, unless quotas are lifted.
pub(super) fn room(on: bool, present: usize, limit: usize, what: &str) -> Result<(), ApiError> {
    fits(on, present + 1, limit, what)
}

/// Whether there may be so many.
///
/// # Errors
/// As [`room`].
pub(super) fn fits(on: bool, wanted: usize, limit: usize, what: &str) -> Result<(), ApiError> {
    if on && wanted > limit {
        return Err(ApiError::new(
            "LimitExceededException",
            format!("You have reached the limit of {limit} {what}."),
        ));
    }
    Ok(())
}
