//! Which step may run next: what it needs has succeeded, and its lane is free.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::op::{Lane, Step, StepId};

/// The steps of a plan that still have to run.
#[derive(Debug)]
pub struct Queue<'a> {
    steps: &'a [Step],
    /// How many needs of a step are not met yet.
    unmet: BTreeMap<StepId, usize>,
    dependents: BTreeMap<StepId, Vec<StepId>>,
    ready: BTreeSet<StepId>,
    /// Ready, but another step of the lane runs.
    parked: BTreeMap<Lane, BTreeSet<StepId>>,
    busy: BTreeSet<Lane>,
}

impl<'a> Queue<'a> {
    /// A queue of all steps, none of them started.
    pub fn new(steps: &'a [Step]) -> Self {
        let mut queue = Self {
            steps,
            unmet: BTreeMap::new(),
            dependents: BTreeMap::new(),
            ready: BTreeSet::new(),
            parked: BTreeMap::new(),
            busy: BTreeSet::new(),
        };
        for step in steps {
            for need in &step.needs {
                queue.dependents.entry(*need).or_default().push(step.id);
            }
            queue.unmet.insert(step.id, step.needs.len());
            if step.needs.is_empty() {
                queue.ready.insert(step.id);
            }
        }
        queue
    }

    /// Takes the first step that may run, and its lane with it.
    pub fn start(&mut self) -> Option<&'a Step> {
        while let Some(id) = self.ready.pop_first() {
            let steps = self.steps;
            let Some(step) = steps.get(id.0) else {
                continue;
            };
            match &step.lane {
                Some(lane) if self.busy.contains(lane) => {
                    self.parked.entry(lane.clone()).or_default().insert(id);
                }
                lane => {
                    self.busy.extend(lane.clone());
                    return Some(step);
                }
            }
        }
        None
    }

    /// A step has succeeded: its dependents come closer, its lane is free.
    pub fn succeeded(&mut self, id: StepId) {
        self.free_lane(id);
        for dependent in self.dependents.remove(&id).unwrap_or_default() {
            if let Some(unmet) = self.unmet.get_mut(&dependent) {
                *unmet = unmet.saturating_sub(1);
                if *unmet == 0 {
                    self.ready.insert(dependent);
                }
            }
        }
    }

    /// A step has failed: its lane is free, and all that depends on it will never run.
    ///
    /// Returns those steps, each once.
    pub fn failed(&mut self, id: StepId) -> Vec<StepId> {
        self.free_lane(id);
        let mut lost = BTreeSet::new();
        let mut open = self.dependents.remove(&id).unwrap_or_default();
        while let Some(next) = open.pop() {
            if lost.insert(next) {
                self.unmet.remove(&next);
                open.extend(self.dependents.remove(&next).unwrap_or_default());
            }
        }
        lost.into_iter().collect()
    }

    fn free_lane(&mut self, id: StepId) {
        let Some(lane) = self.steps.get(id.0).and_then(|step| step.lane.as_ref()) else {
            return;
        };
        self.busy.remove(lane);
        self.ready
            .extend(self.parked.remove(lane).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Key, Kind, Name};
    use crate::plan::op::Op;

    fn step(id: usize, needs: &[usize], lane: Option<&str>) -> Step {
        let key = |name: &str| Key::new(Kind::Product, Name::new(name));
        Step {
            id: StepId(id),
            object: key("x"),
            op: Op::CreateBucket {
                bucket: String::new(),
            },
            needs: needs.iter().map(|n| StepId(*n)).collect(),
            lane: lane.map(|name| Lane::Product(key(name))),
            still: None,
            removes: false,
        }
    }

    fn start_all(queue: &mut Queue<'_>) -> Vec<usize> {
        std::iter::from_fn(|| queue.start().map(|step| step.id.0)).collect()
    }

    #[test]
    fn needs_and_lanes_hold_steps_back() {
        let steps = [
            step(0, &[], None),
            step(1, &[0], Some("a")),
            step(2, &[0], Some("a")),
            step(3, &[0], Some("b")),
        ];
        let mut queue = Queue::new(&steps);
        assert_eq!(start_all(&mut queue), [0]);
        queue.succeeded(StepId(0));
        assert_eq!(start_all(&mut queue), [1, 3]);
        queue.succeeded(StepId(1));
        assert_eq!(start_all(&mut queue), [2]);
    }

    #[test]
    fn a_failure_takes_only_its_dependents_along() {
        let steps = [
            step(0, &[], Some("a")),
            step(1, &[0], Some("a")),
            step(2, &[1], None),
            step(3, &[], Some("a")),
        ];
        let mut queue = Queue::new(&steps);
        assert_eq!(start_all(&mut queue), [0]);
        assert_eq!(queue.failed(StepId(0)), [StepId(1), StepId(2)]);
        assert_eq!(start_all(&mut queue), [3]);
        queue.succeeded(StepId(3));
        assert_eq!(start_all(&mut queue), [] as [usize; 0]);
    }
}
