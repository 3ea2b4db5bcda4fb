//! A plan in one line, which scripts look for: see `docs/plan.md`.

use super::policy;
use crate::plan::{Action, ObjectPlan, Plan};

/// What would be done, and what would not.
pub fn line(plan: &Plan) -> String {
    let actions = |action| plan.objects.iter().filter(|o| o.action == action).count();
    let count = |of: fn(&ObjectPlan) -> bool| plan.objects.iter().filter(|o| of(o)).count();
    let blocked = count(|o| !o.blocked.is_empty());
    let stalled = count(|o| o.stalled.is_some());
    let waiting = count(|o| !o.waiting.is_empty());
    let held = blocked + stalled + waiting + plan.gaps.len() > 0;
    let rest = [
        (count(ObjectPlan::is_drift), "drifted"),
        (blocked, "blocked"),
        (stalled, "stalled"),
        (waiting, "waiting"),
        (plan.gaps.len(), "not read"),
        (plan.orphans.len(), "orphaned"),
        (plan.left_out.len(), "left out"),
    ];
    let rest: Vec<String> = rest
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .chain(policy::counts(plan))
        .collect();
    let rest = if rest.is_empty() {
        String::new()
    } else {
        format!(" {}.", rest.join(", "))
    };
    if plan.has_changes() {
        let calls = plan.steps.iter().filter(|s| !s.op.is_housekeeping());
        let calls = calls.count();
        let plural = if calls == 1 { "" } else { "s" };
        // These are rare, and worth a word only where there are some.
        let some = |action, word: &str| match actions(action) {
            0 => None,
            count => Some(format!("{count} to {word}")),
        };
        let always = |action, word: &str| Some(format!("{} to {word}", actions(action)));
        let counts = [
            some(Action::Adopt, "adopt"),
            some(Action::Import, "import"),
            always(Action::Create, "create"),
            always(Action::Update, "update"),
            always(Action::Replace, "replace"),
            some(Action::Delete, "delete"),
            some(Action::Release, "release"),
        ];
        let counts: Vec<String> = counts.into_iter().flatten().collect();
        let counts = counts.join(", ");
        return format!("Plan: {counts}; {calls} call{plural}.{rest}");
    }
    if held {
        return format!("No changes can be made now.{rest}");
    }
    if !plan.left_out.is_empty() {
        return format!("No changes to what was not left out.{rest}");
    }
    format!("No changes. The catalog matches the manifests.{rest}")
}
