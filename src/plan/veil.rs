//! Takes what is secret by its shape out of what a plan shows, before it leaves the core (promise 8). The calls keep it: it
//! is what git says, and what is sent.

use super::{Blocked, Change, ObjectPlan, Shown, Stalled, Waiting};
use crate::model::observed::Gap;
use crate::plan::Orphan;
use crate::secret;

/// An object of a plan.
pub(super) fn object(object: &mut ObjectPlan) {
    let ObjectPlan {
        key: _,
        id: _,
        action: _,
        reason: _,
        changes,
        // Of a template defaults are told, and those that are secret are not.
        templates: _,
        steps: _,
        blocked,
        waiting,
        stalled,
        notes,
    } = object;
    changes.iter_mut().for_each(change);
    for Blocked {
        code: _,
        message,
        detail,
    } in blocked
    {
        secret::mask(message);
        lines(detail);
    }
    for Waiting { on: _, message } in waiting {
        secret::mask(message);
    }
    if let Some(Stalled { reason, advice }) = stalled {
        secret::mask(reason);
        secret::mask(advice);
    }
    notes.iter_mut().for_each(secret::mask);
}

/// A value that is changed. Where one side is secret both are hidden, for what replaces a token is hardly less secret than
/// what it replaces; that they differ is said all the same.
pub(super) fn change(change: &mut Change) {
    let hidden = |shown: &Shown| match shown {
        Shown::Text(text) => secret::is_in(text),
        // What was declared secret is hidden already, and each side was declared by itself.
        Shown::Secret | Shown::Absent | Shown::Later => false,
    };
    secret::mask(&mut change.field);
    if hidden(&change.before) || hidden(&change.after) {
        for side in [&mut change.before, &mut change.after] {
            if matches!(side, Shown::Text(_)) {
                *side = Shown::Secret;
            }
        }
    }
}

/// Lines of one text: what is secret may go over several of them.
fn lines(all: &mut Vec<String>) {
    let text = all.join("\n");
    if let std::borrow::Cow::Owned(shown) = secret::masked(&text) {
        *all = shown.split('\n').map(str::to_owned).collect();
    }
}

/// What could not be read.
pub(super) fn gap(gap: &mut Gap) {
    secret::mask(&mut gap.reason);
}

/// What git no longer names.
pub(super) fn orphan(orphan: &mut Orphan) {
    secret::mask(&mut orphan.display_name);
}
