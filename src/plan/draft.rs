//! One object's part of a plan while it is made.

use std::collections::BTreeSet;

use super::guard::Family;
use super::op::{Lane, Op, Ownership, Step, StepId};
use super::{Action, Blocked, BlockedCode, ObjectPlan, Reason, Waiting};
use crate::diff::Change;
use crate::ids::{Key, Kind};

/// An object's entry, its steps, and its removals, which the ratio guard judges once all are known.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) object: ObjectPlan,
    pub(crate) steps: Vec<Step>,
    pub(crate) removals: Vec<Removal>,
    /// Whose the live object is: removals ask again before they go out.
    pub(crate) ownership: Option<Ownership>,
    /// It is marked as ours in this plan.
    pub(crate) claims: bool,
    next: usize,
}

/// A removal: its change and step count only if its family's removals may go.
#[derive(Debug)]
pub(crate) struct Removal {
    pub(crate) family: Family,
    pub(crate) changes: Vec<Change>,
    pub(crate) steps: Vec<Step>,
}

impl Draft {
    /// `next` is the first step id that is free.
    pub(crate) fn new(key: Key, next: usize) -> Self {
        Self {
            object: ObjectPlan {
                key,
                id: None,
                action: Action::None,
                reason: None,
                changes: Vec::new(),
                templates: Vec::new(),
                steps: Vec::new(),
                blocked: Vec::new(),
                waiting: Vec::new(),
                stalled: None,
                notes: Vec::new(),
            },
            steps: Vec::new(),
            removals: Vec::new(),
            ownership: None,
            claims: false,
            next,
        }
    }

    /// The first step id that is free after this draft.
    pub(crate) fn next(&self) -> usize {
        self.next
    }

    fn make(&mut self, op: Op, needs: impl IntoIterator<Item = StepId>) -> Step {
        let id = StepId(self.next);
        self.next += 1;
        let key = &self.object.key;
        let lane = match (&op, key.kind) {
            (Op::Import { .. }, _) => Some(Lane::Imports),
            (op, _) if op.is_share() => Some(Lane::Shares),
            (op, Kind::Product) if !op.is_storage() => Some(Lane::Product(key.clone())),
            _ => None,
        };
        Step {
            id,
            object: key.clone(),
            needs: needs.into_iter().collect(),
            lane,
            still: None,
            removes: false,
            op,
        }
    }

    /// Adds a call after those it needs.
    pub(crate) fn step(&mut self, op: Op, needs: impl IntoIterator<Item = StepId>) -> StepId {
        let step = self.make(op, needs);
        let id = step.id;
        self.steps.push(step);
        id
    }

    /// Adds a call that ends something to make room for its successor: whose it is is asked again before it goes out.
    pub(crate) fn ending(
        &mut self,
        op: Op,
        needs: impl IntoIterator<Item = StepId>,
        ownership: Ownership,
    ) -> StepId {
        let step = self.make(op, needs);
        let id = step.id;
        self.steps.push(Step {
            still: Some(ownership),
            ..step
        });
        id
    }

    /// Adds a removal: a chain of calls, each after the one before and after `needs`. Answers with its last step.
    ///
    /// What is marked as ours in this very plan loses nothing yet: it is not ours before the tag is there.
    pub(crate) fn removal(
        &mut self,
        family: Family,
        changes: Vec<Change>,
        ops: Vec<Op>,
        needs: &BTreeSet<StepId>,
    ) -> Option<StepId> {
        if self.claims {
            self.waits(
                None,
                "what git does not list goes once the object is marked as ours",
            );
            return None;
        }
        let mut needs = needs.clone();
        let mut steps = Vec::new();
        for op in ops {
            let step = self.make(op, needs.iter().copied());
            needs.insert(step.id);
            steps.push(Step {
                still: self.ownership.clone(),
                ..step
            });
        }
        let last = steps.last_mut().map(|last| {
            last.removes = true;
            last.id
        });
        self.removals.push(Removal {
            family,
            changes,
            steps,
        });
        last
    }

    pub(crate) fn change(&mut self, change: Change) {
        self.object.changes.push(change);
    }

    pub(crate) fn blocked(&mut self, code: BlockedCode, message: impl Into<String>) {
        self.refuse(Blocked::new(code, message.into()));
    }

    pub(crate) fn refuse(&mut self, blocked: Blocked) {
        if !self.object.blocked.contains(&blocked) {
            self.object.blocked.push(blocked);
        }
    }

    pub(crate) fn waits(&mut self, on: Option<Key>, message: impl Into<String>) {
        let waiting = Waiting {
            on,
            message: message.into(),
        };
        if !self.object.waiting.contains(&waiting) {
            self.object.waiting.push(waiting);
        }
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.object.notes.push(note.into());
    }

    /// The live object that the draft is about.
    pub(crate) fn live(&mut self, ownership: Ownership) {
        self.object.id = Some(ownership.id.clone());
        self.ownership = Some(ownership);
    }

    /// Whether nothing keeps the object from being acted on.
    pub(crate) fn is_free(&self) -> bool {
        self.object.blocked.is_empty() && self.object.waiting.is_empty()
    }
}

impl ObjectPlan {
    /// Settles the action and reason of an object that exists, once its changes are complete.
    pub(crate) fn settle(&mut self) {
        if self.action == Action::None && !self.steps.is_empty() {
            self.action = Action::Update;
        }
        if self.reason.is_none() {
            self.reason = Reason::combined(self.changes.iter().map(|change| change.reason));
        }
    }
}
