//! Stacks of one account and region, moving in time.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::stack::{ChangeStack, NewStack, Stack};
use crate::emulator::api::{ApiError, Ctx};
use crate::emulator::s3::Buckets;

/// The stacks of one account in one region. A clone is a snapshot and cheap; buckets are shared, not copied.
#[derive(Debug, Clone, Default)]
pub struct Stacks {
    buckets: Buckets,
    /// By id.
    stacks: Arc<BTreeMap<String, Arc<Stack>>>,
}

impl Stacks {
    /// No stacks; buckets that templates make are made in `buckets`.
    pub fn new(buckets: Buckets) -> Self {
        Self {
            buckets,
            stacks: Arc::default(),
        }
    }

    /// Starts to make a stack and returns its id.
    ///
    /// # Errors
    /// What `CreateStack` says, e.g. ValidationError `Parameters: [KeyName] must have values`.
    pub fn create(&mut self, _ctx: &mut Ctx<'_>, _new: NewStack) -> Result<String, ApiError> {
        let _ = &self.buckets;
        Err(ApiError::new("ValidationError", "in the making"))
    }

    /// Starts to change a stack.
    ///
    /// # Errors
    /// What `UpdateStack` says, e.g. ValidationError `No updates are to be performed.`
    pub fn update(
        &mut self,
        _ctx: &mut Ctx<'_>,
        _stack_id: &str,
        _change: ChangeStack,
    ) -> Result<(), ApiError> {
        Err(ApiError::new("ValidationError", "in the making"))
    }

    /// Starts to delete a stack; nothing happens if there is none.
    ///
    /// # Errors
    /// What `DeleteStack` says.
    pub fn delete(&mut self, _ctx: &mut Ctx<'_>, _stack_id: &str) -> Result<(), ApiError> {
        Err(ApiError::new("ValidationError", "in the making"))
    }

    /// A stack by name or id; a deleted one by id only.
    pub fn get(&self, name_or_id: &str) -> Option<&Stack> {
        self.stacks.get(name_or_id).map(Arc::as_ref)
    }

    /// All stacks, deleted ones too, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Stack> {
        self.stacks.values().map(Arc::as_ref)
    }

    /// Does what is due by `now`. Calling it again changes nothing.
    pub fn settle(&mut self, _now: Timestamp) {}

    /// Lets a resource fail the next time a stack whose name matches `stack` (`*` and `?`) makes or changes it.
    pub fn fail_next(&mut self, _stack: &str, _logical_id: &str, _reason: &str) {}
}
