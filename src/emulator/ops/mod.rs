//! The operations of Service Catalog, a file a family.
//!
//! A family is a table of [`Operation`]s; a new one is a file, a line in [`FAMILIES`], and no more.
//! What the model has and no family does is answered with a plain refusal.

mod accepted;
mod access;
mod action;
mod action_association;
mod association;
mod budget;
mod constraint;
mod copy;
mod import;
mod input;
mod path;
mod plan;
mod plan_execute;
mod plan_shapes;
mod portfolio;
mod principal;
mod product;
mod product_search;
mod propagate;
mod properties;
mod provision;
mod provisioned;
mod record;
mod settle;
mod share;
mod source;
mod stack_set;
mod tag_association;
mod tag_choice;
mod tag_option;
mod terminate;
mod update;
mod version;
mod view;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

pub(super) use copy::{finish as finish_copy, source as copy_source};
pub(super) use input::Input;
pub(super) use propagate::{Losses, Reach, finish as finish_sharing, lapse};
pub(super) use settle::settle;
pub(super) use source::sync;

use super::api::{ApiError, Ctx};
use super::coverage::{Coverage, Guess};
use super::faults::{Class, Doom};
use super::lag::Sight;
use super::organizations::Organizations;
use super::page::Page;
use super::partitions::Elsewhere;
use super::s3::Buckets;
use super::state::{Catalog, Making, Partition, Product, Version};
use super::{validate, wire};
use view::View;

const FAMILIES: &[&[Operation]] = &[
    portfolio::OPERATIONS,
    product::OPERATIONS,
    product_search::OPERATIONS,
    version::OPERATIONS,
    copy::OPERATIONS,
    association::OPERATIONS,
    principal::OPERATIONS,
    constraint::OPERATIONS,
    path::OPERATIONS,
    provision::OPERATIONS,
    import::OPERATIONS,
    update::OPERATIONS,
    properties::OPERATIONS,
    plan::OPERATIONS,
    plan_execute::OPERATIONS,
    terminate::OPERATIONS,
    stack_set::OPERATIONS,
    provisioned::OPERATIONS,
    record::OPERATIONS,
    share::OPERATIONS,
    accepted::OPERATIONS,
    access::OPERATIONS,
    tag_option::OPERATIONS,
    tag_association::OPERATIONS,
    budget::OPERATIONS,
    action::OPERATIONS,
    action_association::OPERATIONS,
];

/// One operation and how it is to be called.
pub(super) struct Operation {
    pub(super) name: &'static str,
    class: Class,
    pub(super) sight: Sight,
    /// The member that makes a repetition harmless (facts §4).
    token: Option<&'static str>,
    /// How far it goes.
    extent: &'static str,
    /// What no recording, document or report tells of it.
    guesses: &'static [Guess],
    pub(super) run: fn(&mut Call<'_>) -> Result<Value, ApiError>,
}

type Run = fn(&mut Call<'_>) -> Result<Value, ApiError>;

impl Operation {
    const fn describe(name: &'static str, run: Run) -> Self {
        Self::new(name, Class::Read, Sight::Describe, run)
    }

    const fn list(name: &'static str, run: Run) -> Self {
        Self::new(name, Class::Read, Sight::Search, run)
    }

    const fn write(name: &'static str, run: Run) -> Self {
        Self::new(name, Class::Write, Sight::Describe, run)
    }

    const fn version_write(name: &'static str, run: Run) -> Self {
        Self::new(name, Class::VersionWrite, Sight::Describe, run)
    }

    const fn with_token(mut self, member: &'static str) -> Self {
        self.token = Some(member);
        self
    }

    /// Says how far it goes, where that is not all the way.
    const fn within(mut self, extent: &'static str) -> Self {
        self.extent = extent;
        self
    }

    const fn guesses(mut self, guesses: &'static [Guess]) -> Self {
        self.guesses = guesses;
        self
    }

    const fn new(name: &'static str, class: Class, sight: Sight, run: Run) -> Self {
        Self {
            name,
            class,
            sight,
            token: None,
            extent: "whole",
            guesses: &[],
            run,
        }
    }
}

fn listed(name: &str) -> Option<&'static Operation> {
    FAMILIES
        .iter()
        .copied()
        .flatten()
        .find(|operation| operation.name == name)
}

/// All operations of the model, and how far each goes.
pub(super) fn coverage() -> impl Iterator<Item = Coverage> {
    validate::operations().map(|name| match listed(name) {
        Some(operation) => Coverage {
            operation: name,
            answered: true,
            extent: operation.extent,
            guesses: operation.guesses,
        },
        None => Coverage {
            operation: name,
            answered: false,
            extent: "not supported (`NotImplemented`)",
            guesses: &[],
        },
    })
}

/// The operation of that name.
///
/// # Errors
/// `UnknownOperationException` for a name the model lacks, and a plain refusal for one we lack.
pub(super) fn find(name: &str) -> Result<&'static Operation, ApiError> {
    listed(name).ok_or_else(|| {
        if validate::known(name) {
            unsupported(name)
        } else {
            ApiError::new("UnknownOperationException", "")
        }
    })
}

/// How calls of that operation are counted against the rates; unknown ones count as reads.
pub(super) fn class(name: &str) -> Class {
    listed(name).map_or(Class::Read, |operation| operation.class)
}

/// The idempotency token of a request.
pub(super) fn token(operation: &Operation, input: &Map<String, Value>) -> Option<String> {
    input.get(operation.token?)?.as_str().map(str::to_owned)
}

/// The first answer to a request with this token. Same token, same answer: also when the other
/// members differ, after the object is gone and however late, of which none is documented (facts §4; a guess).
pub(super) fn repeated(
    operation: &Operation,
    input: &Map<String, Value>,
    partition: &Partition,
) -> Option<Value> {
    partition
        .answers
        .get(&(operation.name.into(), token(operation, input)?))
}

/// What a write of versions found when it came in. If another one finished meanwhile, this one
/// writes back what it found and so undoes the other (facts §7).
#[derive(Debug, Clone)]
pub(super) struct Overlap {
    product: String,
    writes: u64,
    versions: Arc<Vec<Arc<Version>>>,
}

impl Overlap {
    pub(super) fn note(class: Class, catalog: &Catalog, body: &[u8]) -> Option<Self> {
        if class != Class::VersionWrite {
            return None;
        }
        let input = wire::read(body).ok()?;
        let product = catalog.products.get(input.get("ProductId")?.as_str()?)?;
        Some(Self {
            product: product.id.clone(),
            writes: product.version_writes,
            versions: Arc::clone(&product.versions),
        })
    }

    fn undone(&self, product: &Product) -> bool {
        self.product == product.id && self.writes != product.version_writes
    }
}

/// One call being worked on.
pub(super) struct Call<'a> {
    pub(super) operation: &'static str,
    pub(super) input: Input<'a>,
    pub(super) ctx: Ctx<'a>,
    /// The past that this call sees, if it lags.
    pub(super) seen: Option<(Arc<Catalog>, Timestamp)>,
    pub(super) buckets: &'a Buckets,
    pub(super) quotas: bool,
    pub(super) cut: Option<usize>,
    pub(super) overlap: Option<Overlap>,
    /// How faults let end what this call starts.
    pub(super) doom: Doom,
    /// The catalogs of other accounts and regions, as this call sees them.
    pub(super) elsewhere: Elsewhere<'a>,
    pub(super) organizations: &'a mut Organizations,
    pub(super) partition: &'a mut Partition,
}

impl Call<'_> {
    /// The catalog as this call sees it: perhaps not the newest.
    fn seen(&self) -> &Catalog {
        match &self.seen {
            Some((past, _)) => past,
            None => self.partition.catalog(),
        }
    }

    /// The moment as of which it sees it.
    fn at(&self) -> Timestamp {
        self.seen.as_ref().map_or(self.ctx.now, |(_, at)| *at)
    }

    /// The newest state: writes of an object's own members apply to it.
    fn newest(&self) -> &Catalog {
        self.partition.catalog()
    }

    fn edit(&mut self) -> &mut Catalog {
        self.partition.edit()
    }

    /// Whether a portfolio is shared, or is about to be.
    fn is_shared(&self, portfolio: &str) -> bool {
        let mut sharing = self.partition.sharing.iter();
        self.newest().shares.get(portfolio).is_some()
            || sharing.any(|sharing| sharing.portfolio == portfolio)
    }

    /// What the account sees of its own and of what others share with it, perhaps not the newest.
    fn view(&self) -> View<'_> {
        self.view_of(self.seen(), self.elsewhere)
    }

    /// The same in the newest state.
    fn newest_view(&self) -> View<'_> {
        self.view_of(self.newest(), self.elsewhere.newest())
    }

    fn view_of<'c>(&'c self, own: &'c Catalog, elsewhere: Elsewhere<'c>) -> View<'c> {
        let (account, region) = (self.account(), &self.ctx.region);
        View::new(account, region, Some(own), elsewhere, self.organizations)
    }

    /// The making of a version or constraint that begins with this call.
    fn making(&self) -> Making {
        let ends = self.ctx.now.checked_add(self.ctx.timing.creating);
        Making {
            ends: ends.unwrap_or(self.ctx.now),
            fails: self.doom.creating,
        }
    }

    fn page(&self) -> Result<Page, ApiError> {
        Page::of(self.operation, self.input.members(), self.cut)
    }

    fn account(&self) -> &str {
        &self.ctx.caller.account
    }

    /// Writes the versions of a product, which must exist.
    fn write_versions<T>(
        &mut self,
        product: &str,
        write: impl FnOnce(&mut Vec<Arc<Version>>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let overlap = self.overlap.clone();
        let current = self
            .newest()
            .products
            .get(product)
            .ok_or_else(|| no_product(product))?;
        let base = overlap
            .filter(|overlap| overlap.undone(current))
            .map_or_else(|| Arc::clone(&current.versions), |overlap| overlap.versions);
        let mut versions = base.as_ref().clone();
        let result = write(&mut versions)?;
        if let Some(product) = self.edit().products.edit(product) {
            product.versions = Arc::new(versions);
            product.version_writes += 1;
        }
        Ok(result)
    }
}

fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParametersException", message)
}

fn in_use(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceInUseException", message)
}

fn bad_state(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidStateException", message)
}

pub(super) fn no_product(id: &str) -> ApiError {
    not_found(format!("Product {id} not found."))
}

/// The text is a guess by the pattern of the product's.
fn no_portfolio(id: &str) -> ApiError {
    not_found(format!("Portfolio {id} not found."))
}

/// What is neither a portfolio nor a product; the text is a guess by the same pattern.
fn no_resource(id: &str) -> ApiError {
    match id.split_once('-') {
        Some(("port", _)) => no_portfolio(id),
        Some(("prod", _)) => no_product(id),
        _ => not_found(format!("Resource {id} not found.")),
    }
}

/// What the real service can do and this one cannot: never an answer that looks real.
pub(super) fn unsupported(what: &str) -> ApiError {
    ApiError {
        code: "NotImplemented".to_owned(),
        message: format!("{what} is not supported by the emulator"),
        status: 501,
    }
}
