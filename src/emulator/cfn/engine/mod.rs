//! Stacks of one account and region, moving in time.

mod change;
mod prepare;
mod review;
mod sets;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(in crate::emulator) use change::NO_UPDATES;
pub use review::FAILED as CHANGE_SET_FAILED;

use super::intrinsic::{Known, Place};
use super::order::{Order, Orders};
use super::stack::{Nested, Stack, StackStatus};
use super::stack_set::StackSet;
use super::work::Surroundings;
use crate::emulator::s3::Buckets;
use crate::emulator::ssm::Parameters;

/// How many deleted stacks are kept to be read; the real service keeps them for ninety days, however many.
const MAX_DELETED: usize = 2_000;

/// The stacks of one account in one region. A clone is a snapshot and cheap; buckets are shared, not copied.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Stacks {
    #[serde(skip)]
    buckets: Buckets,
    inner: Arc<Inner>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Inner {
    /// By id, deleted ones too.
    stacks: BTreeMap<String, Arc<Stack>>,
    /// Ids of the living by name.
    names: BTreeMap<String, String>,
    /// Stacks at work, by the time of their next step.
    busy: BTreeSet<(Timestamp, String)>,
    /// Faults, which no state file has.
    #[serde(skip)]
    orders: Orders,
    /// Systems Manager's, of the same account and region: templates name them.
    parameters: Parameters,
    /// Stack sets by ARN, deleted ones too.
    #[serde(default)]
    sets: BTreeMap<String, Arc<StackSet>>,
}

impl Stacks {
    /// No stacks; buckets that templates make are made in `buckets`.
    pub fn new(buckets: Buckets) -> Self {
        Self {
            buckets,
            inner: Arc::default(),
        }
    }

    /// The parameters of Systems Manager that templates may name.
    pub(in crate::emulator) fn parameters_mut(&mut self) -> &mut Parameters {
        &mut Arc::make_mut(&mut self.inner).parameters
    }

    /// Gives stacks that were read from a state file the store that theirs was.
    pub(in crate::emulator) fn rehouse(&mut self, buckets: Buckets) {
        self.buckets = buckets;
    }

    /// A stack by name or id; a deleted one by id only.
    pub fn get(&self, name_or_id: &str) -> Option<&Stack> {
        let id = self.inner.names.get(name_or_id);
        self.inner
            .stacks
            .get(id.map_or(name_or_id, String::as_str))
            .map(Arc::as_ref)
    }

    /// All stacks, deleted ones too, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Stack> {
        self.inner.stacks.values().map(Arc::as_ref)
    }

    /// Nothing is left to do for any stack.
    pub fn is_idle(&self) -> bool {
        self.inner.busy.is_empty()
    }

    /// When the next step of any stack is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.inner.busy.first().map(|(at, _)| *at)
    }

    /// Lets something go wrong with a resource the next time a stack makes or changes it.
    pub fn order(&mut self, order: Order) {
        Arc::make_mut(&mut self.inner).orders.add(order);
    }

    /// The same, in place of whatever was ordered before.
    pub(in crate::emulator) fn order_only(&mut self, orders: Vec<Order>) {
        Arc::make_mut(&mut self.inner).orders.replace(orders);
    }

    /// Puts a stack into a state that no call here leads to, such as `IMPORT_COMPLETE`, and drops what it was doing.
    /// For tests. Returns whether there is such a stack.
    pub fn force_status(&mut self, at: Timestamp, name_or_id: &str, status: StackStatus) -> bool {
        let Some(id) = self.get(name_or_id).map(|stack| stack.id.clone()) else {
            return false;
        };
        let inner = Arc::make_mut(&mut self.inner);
        inner.busy.retain(|(_, busy)| *busy != id);
        let Some(stack) = inner.stacks.get_mut(&id).map(Arc::make_mut) else {
            return false;
        };
        stack.work = None;
        stack.status = status;
        stack.status_reason = None;
        stack.ended = status.is_terminal().then_some(at);
        stack.record(at, None);
        if status == StackStatus::DeleteComplete {
            inner.names.remove(&stack.name);
        }
        true
    }

    /// Lets a stack read as nested in another, which only other templates' resources could make it. For tests. Returns
    /// whether there are such stacks.
    pub fn nest(&mut self, name_or_id: &str, parent: &str) -> bool {
        let child = self.get(name_or_id).map(|stack| stack.id.clone());
        let (Some(child), Some(parent)) = (child, self.get(parent)) else {
            return false;
        };
        let root = parent.nested.as_ref().map_or(&parent.id, |up| &up.root);
        let nested = Nested {
            parent: parent.id.clone(),
            root: root.clone(),
        };
        let inner = Arc::make_mut(&mut self.inner);
        if let Some(stack) = inner.stacks.get_mut(&child) {
            Arc::make_mut(stack).nested = Some(nested);
        }
        true
    }

    /// Does what is due by `now`, in order of time. Calling it again changes nothing.
    pub fn settle(&mut self, now: Timestamp) {
        if self.next_due().is_none_or(|due| due > now) {
            return;
        }
        let inner = Arc::make_mut(&mut self.inner);
        while let Some((due, id)) = inner.busy.first().cloned() {
            if due > now {
                break;
            }
            inner.busy.pop_first();
            inner.step(&id, &self.buckets);
        }
    }

    /// The living resources of a type, with the place of the stack that has each.
    fn living(&self, kind: &str) -> Vec<(Known, Place)> {
        let stacks = self.iter();
        let alive = stacks.filter(|stack| stack.status != StackStatus::DeleteComplete);
        alive
            .flat_map(|stack| {
                stack
                    .resources
                    .values()
                    .map(move |resource| (stack, resource))
            })
            .filter(|(_, resource)| resource.kind == kind && resource.is_there())
            .filter(|(_, resource)| !resource.physical_id.is_empty())
            .map(|(stack, resource)| {
                let known = Known {
                    kind: resource.kind.clone(),
                    physical_id: resource.physical_id.clone(),
                    properties: resource.properties.clone(),
                };
                (known, place(stack))
            })
            .collect()
    }

    /// Exported names of the region and their values, except those of the stack `but`.
    fn exports(&self, but: &str) -> BTreeMap<String, (String, String)> {
        self.inner
            .names
            .values()
            .filter(|id| *id != but)
            .filter_map(|id| self.inner.stacks.get(id))
            .flat_map(|stack| {
                stack.outputs.iter().filter_map(|output| {
                    let name = output.export.clone()?;
                    Some((name, (output.value.clone(), stack.id.clone())))
                })
            })
            .collect()
    }
}

impl Inner {
    /// One step of one stack.
    fn step(&mut self, id: &str, buckets: &Buckets) {
        let Some(mut shared) = self.stacks.remove(id) else {
            return;
        };
        let stack = Arc::make_mut(&mut shared);
        if let Some(mut work) = stack.work.take() {
            let (account, region) = home(id);
            let stacks = &self.stacks;
            let more = work.advance(
                stack,
                &mut Surroundings {
                    buckets,
                    parameters: &mut self.parameters,
                    orders: &mut self.orders,
                    owner: &|kind, physical_id| owner(stacks, kind, physical_id),
                    account,
                    region,
                },
            );
            if more {
                self.busy.insert((work.next, id.to_owned()));
                stack.work = Some(work);
            }
        }
        let gone = stack.status == StackStatus::DeleteComplete;
        if gone {
            self.names.remove(&stack.name);
        }
        self.stacks.insert(id.to_owned(), shared);
        if gone && self.stacks.len().saturating_sub(self.names.len()) > MAX_DELETED {
            self.forget();
        }
    }

    /// Drops the stack that was deleted first.
    fn forget(&mut self) {
        let deleted = self.stacks.values();
        let deleted = deleted.filter(|stack| stack.status == StackStatus::DeleteComplete);
        let oldest = deleted.min_by_key(|stack| stack.ended);
        if let Some(id) = oldest.map(|stack| stack.id.clone()) {
            self.stacks.remove(&id);
        }
    }
}

/// The stack with a living resource of this type and physical id.
fn owner(stacks: &BTreeMap<String, Arc<Stack>>, kind: &str, physical_id: &str) -> Option<String> {
    stacks
        .values()
        .filter(|stack| stack.status != StackStatus::DeleteComplete)
        .find(|stack| {
            stack.resources.values().any(|resource| {
                resource.is_there() && resource.kind == kind && resource.physical_id == physical_id
            })
        })
        .map(|stack| stack.id.clone())
}

/// Where a stack is.
fn place(stack: &Stack) -> Place {
    let (account, region) = home(&stack.id);
    Place {
        account: account.to_owned(),
        region: region.to_owned(),
        stack_id: stack.id.clone(),
        stack_name: stack.name.clone(),
        notification_arns: stack.notification_arns.clone(),
    }
}

/// Account and region of a stack's id.
fn home(id: &str) -> (&str, &str) {
    let mut parts = id.split(':').skip(3);
    let region = parts.next().unwrap_or_default();
    (parts.next().unwrap_or_default(), region)
}

#[cfg(test)]
mod tests;
