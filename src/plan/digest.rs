//! A plan's digest: over its calls and the live state they rest on, so that a saved plan can be told to be stale.

use std::fmt::Write as _;

use super::op::Step;
use super::{Basis, ObjectPlan};
use crate::ids::Digest;
use crate::model::owner::Identity;

/// The digest of steps, of what their objects' live fields were and of all the rest that they rest on. No secret enters it (promise 8), nor does
/// housekeeping, which changes nothing.
pub(crate) fn of(
    identity: &Identity,
    objects: &[ObjectPlan],
    steps: &[Step],
    basis: &Basis,
) -> Digest {
    let mut text = format!("{identity:?}\n");
    for step in steps.iter().filter(|step| !step.op.is_housekeeping()) {
        // Debug leaves nothing of a call out but secret values, and names the ids it was decided on.
        let _ = writeln!(
            text,
            "{} {} {:?} {:?} {:?} {}",
            step.id, step.object, step.op, step.needs, step.still, step.removes
        );
    }
    for object in objects.iter().filter(|object| !object.steps.is_empty()) {
        let _ = writeln!(text, "{} {:?} {:?}", object.key, object.id, object.action);
        for change in &object.changes {
            let _ = writeln!(
                text,
                "{} {:?} {:?}",
                change.field, change.before, change.after
            );
        }
    }
    for (object, fields) in basis {
        for (field, value) in fields {
            let _ = writeln!(text, "{object} {field} {value:?}");
        }
    }
    Digest::of(text.as_bytes())
}
