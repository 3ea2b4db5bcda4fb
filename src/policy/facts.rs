//! What rules see of a plan and of its objects. docs/policy.md is the contract; no secret is in it (promise 8).

use super::{desired, live};
use crate::ids::Kind;
use crate::plan::{Action, Change, Input, ObjectPlan, Plan, Reason, Shown};
use crate::rule::Fact;
use crate::secret;

/// A text, without what is secret in it.
pub(super) fn text(text: &str) -> Fact {
    Fact::Text(secret::masked(text).into_owned())
}

/// A text that need not be there: what is not is empty.
pub(super) fn maybe(text: Option<&str>) -> Fact {
    self::text(text.unwrap_or_default())
}

/// Texts.
pub(super) fn texts<'t>(texts: impl IntoIterator<Item = &'t String>) -> Fact {
    Fact::List(texts.into_iter().map(|t| text(t)).collect())
}

/// Tags, without those that catalogd keeps for itself.
pub(super) fn tags(tags: &crate::model::desired::Tags) -> Fact {
    let tags = tags.iter().filter(|(key, _)| !key.starts_with("catalogd:"));
    Fact::map(tags.map(|(key, value)| (key.as_str(), text(value))))
}

/// The plan: whose catalog, and how much of what. `listed` adds every object.
pub(super) fn of_plan(input: &Input<'_>, plan: &Plan, revision: &str, listed: bool) -> Fact {
    let Plan {
        identity,
        objects,
        steps,
        orphans,
        left_out: _,
        gaps,
        // What it all rests on is no matter of a rule's.
        basis: _,
        digest: _,
        verdicts: _,
        // A rule has `now`.
        made: _,
    } = plan;
    let action = |action| Fact::count(objects.iter().filter(|o| o.action == action).count());
    let count = |of: fn(&ObjectPlan) -> bool| Fact::count(objects.iter().filter(|o| of(o)).count());
    let calls = steps.iter().filter(|step| !step.op.is_housekeeping());
    let mut facts = vec![
        ("account", identity.target.account.as_str().into()),
        ("region", identity.target.region.as_str().into()),
        ("partition", identity.target.partition.as_str().into()),
        ("installation", identity.installation.as_str().into()),
        ("revision", text(revision)),
        ("creates", action(Action::Create)),
        ("updates", action(Action::Update)),
        ("replaces", action(Action::Replace)),
        ("imports", action(Action::Import)),
        ("adopts", action(Action::Adopt)),
        ("deletes", action(Action::Delete)),
        ("releases", action(Action::Release)),
        ("blocked", count(|o| !o.blocked.is_empty())),
        ("stalled", count(|o| o.stalled.is_some())),
        ("waiting", count(|o| !o.waiting.is_empty())),
        (
            "removals",
            Fact::count(steps.iter().filter(|step| step.removes).count()),
        ),
        ("orphans", Fact::count(orphans.len())),
        ("gaps", Fact::count(gaps.len())),
        ("calls", Fact::count(calls.count())),
    ];
    if listed {
        let all = objects.iter().map(|object| of_object(input, plan, object));
        facts.push(("objects", Fact::List(all.collect())));
    }
    Fact::map(facts)
}

/// One object of the plan.
pub(super) fn of_object(input: &Input<'_>, plan: &Plan, object: &ObjectPlan) -> Fact {
    let ObjectPlan {
        key,
        id,
        action,
        reason,
        changes,
        templates: _,
        steps,
        blocked,
        waiting,
        stalled,
        notes: _,
    } = object;
    let calls = steps.iter().filter_map(|id| plan.step(*id));
    let removes = calls.clone().any(|step| step.removes);
    let mut facts = vec![
        ("key", key.to_string().into()),
        ("kind", key.kind.as_str().into()),
        ("name", key.name.as_str().into()),
        ("id", id.as_deref().unwrap_or_default().into()),
        ("action", action.as_str().into()),
        ("reason", reason.map_or("", Reason::as_str).into()),
        ("changes", Fact::List(changes.iter().map(change).collect())),
        ("calls", Fact::texts(calls.map(|step| step.op.call()))),
        ("removes", removes.into()),
        (
            "blocked",
            Fact::texts(blocked.iter().map(|b| b.code.as_str())),
        ),
        ("waits", (!waiting.is_empty()).into()),
        ("stalled", stalled.is_some().into()),
    ];
    if let Some(origin) = input.desired.origin(key) {
        facts.push(("file", origin.file.as_ref().into()));
    }
    if let Some(lifecycle) = input.desired.lifecycle(key) {
        facts.push(("onRemove", lifecycle.on_remove.as_str().into()));
    }
    let want = match key.kind {
        Kind::TagOption => {
            let want = input.desired.tag_options.get(&key.name);
            want.map(desired::tag_option)
        }
        Kind::ServiceAction => {
            let want = input.desired.service_actions.get(&key.name);
            want.map(desired::service_action)
        }
        Kind::Portfolio => {
            let want = input.desired.portfolios.get(&key.name);
            let imported = input.desired.imported.get(&key.name);
            want.map(desired::portfolio)
                .or_else(|| imported.map(desired::imported))
        }
        Kind::Product => {
            let want = input.desired.products.get(&key.name);
            want.map(desired::product)
        }
        Kind::ProvisionedProduct => {
            let want = input.desired.provisioned.get(&key.name);
            want.map(|want| desired::provisioned(input.desired, want))
        }
    };
    facts.extend(want.map(|want| ("desired", want)));
    let live = id
        .as_deref()
        .and_then(|id| live::of(input.observed, key.kind, id));
    facts.extend(live.map(|live| ("live", live)));
    Fact::map(facts)
}

fn change(change: &Change) -> Fact {
    let Change {
        field,
        before,
        after,
        reason,
    } = change;
    let shown = |value: &Shown| match value {
        Shown::Text(shown) => text(shown),
        Shown::Absent | Shown::Later => "".into(),
        Shown::Secret => secret::MASK.into(),
    };
    Fact::map([
        ("field", field.as_str().into()),
        ("before", shown(before)),
        ("after", shown(after)),
        (
            "sensitive",
            [before, after].contains(&&Shown::Secret).into(),
        ),
        ("known", (*after != Shown::Later).into()),
        ("reason", reason.as_str().into()),
    ])
}
