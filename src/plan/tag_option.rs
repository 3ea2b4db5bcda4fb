//! TagOptions: made, activated and deactivated, never deleted. They have no mark; a key and value is one of an account
//! and region, so whichever is there is the one that a manifest means (design §4).

use std::collections::{BTreeMap, BTreeSet};

use super::draft::Draft;
use super::guard::{Family, refused_removals, unread};
use super::op::{Arg, Op, StepId};
use super::planner::{Place, Planner};
use super::portfolio::Fields;
use super::{Action, BlockedCode, Stalled};
use crate::diff::attachment::{Pair, pair_text};
use crate::diff::{Change, Reason, Shown, Was, was};
use crate::ids::{Key, Kind, Name, TagOptionId};
use crate::model::desired::{OnRemove, TagOption};
use crate::model::observed::LiveTagOption;
use crate::model::owner::Installation;

/// What those are counted by that are taken out of use.
const DEACTIVATED: Family = Family::Objects(Kind::TagOption);

/// A TagOption once the plan is done, as far as portfolios and products rest on it.
#[derive(Debug, Clone)]
pub(crate) struct TagOptionAfter<'a> {
    pub(crate) place: Place<TagOptionId>,
    pub(crate) pair: Pair<'a>,
    /// Whether it can be given to something.
    pub(crate) active: bool,
    /// The step that makes it so.
    pub(crate) activated: Option<StepId>,
}

impl<'a> Planner<'a> {
    pub(crate) fn tag_option(&mut self, want: &'a TagOption) {
        let mut draft = self.draft(Kind::TagOption, &want.name);
        let pair = (want.key.as_str(), want.value.as_str());
        let mut live = self.input.observed.tag_options.values();
        let live = live.find(|live| is(live, pair));
        let unchanged = TagOptionAfter {
            place: match live {
                Some(live) => Place::Live(live.id.clone()),
                None => Place::Not("is not there".to_owned()),
            },
            pair,
            active: live.is_some_and(|live| live.active),
            activated: None,
        };
        let mut after = TagOptionAfter {
            active: want.active,
            ..unchanged.clone()
        };
        match live {
            None => self.create_tag_option(&mut draft, want, &mut after),
            Some(live) => {
                draft.object.id = Some(live.id.to_string());
                if live.active != want.active {
                    let base = was(self.input.base.map(|base| base.tag_options.get(&want.name)));
                    let reason = base.map(|o| o.active).why(&want.active, &live.active);
                    let change = activity(live.active, want.active, reason);
                    if want.active {
                        draft.change(change);
                        after.activated = Some(draft.step(update(live, true), []));
                    } else {
                        self.deactivate(&mut draft, live, change);
                    }
                }
            }
        }
        let done = self.commit(draft);
        let mut after = if done { after } else { unchanged };
        after.place.explain(self.last_object());
        self.tag_options.insert(want.name.clone(), after);
    }

    /// Takes one out of use: a removal like others, for whoever launches from then on can't choose it (design §6).
    fn deactivate(&self, draft: &mut Draft, live: &LiveTagOption, change: Change) {
        let name = pair_text((&live.key, &live.value));
        let what = format!("TagOption {name} ({})", live.id);
        if let Some(blocked) = self.doubt.removal(None, None, &what) {
            return draft.refuse(blocked);
        }
        let none = BTreeSet::new();
        draft.removal(DEACTIVATED, vec![change], vec![update(live, false)], &none);
    }

    fn create_tag_option(
        &self,
        draft: &mut Draft,
        want: &TagOption,
        after: &mut TagOptionAfter<'_>,
    ) {
        if let Some(gap) = self.doubt.tag_options() {
            let what = "it is not made, because it may be there already";
            return draft.refuse(unread(gap, what));
        }
        let base = was(self.input.base.map(|base| base.tag_options.get(&want.name)));
        let another = |was: &TagOption| (&was.key, &was.value) != (&want.key, &want.value);
        let reason = match base {
            // Another key or value is another TagOption, which nobody removed.
            Was::Value(was) if another(was) => Reason::GitChanged,
            _ => self.creation_reason(&draft.object.key),
        };
        draft.object.action = Action::Create;
        draft.object.reason = Some(reason);
        let mut fields = Fields::new(draft, reason);
        fields.field("key", Some(&want.key));
        fields.field("value", Some(&want.value));
        if !want.active {
            fields.field("active", Some("false"));
        }
        let op = Op::CreateTagOption {
            key: want.key.clone(),
            value: want.value.clone(),
        };
        let made = draft.step(op, []);
        after.place = Place::Made(made);
        if !want.active {
            // One is made active (peers C5 46).
            let op = Op::UpdateTagOption {
                id: Arg::From(made),
                name: pair_text(after.pair),
                active: false,
            };
            draft.step(op, [made]);
        }
    }

    /// Deactivates TagOptions that were a manifest's and are none's any more, once nothing uses them. It comes after the
    /// guards, for only those disassociations count that are made.
    pub(crate) fn former_tag_options(&mut self, mut planned: BTreeMap<Family, usize>) {
        let former = self.former();
        let freed = self.freed();
        let mut drafts = Vec::new();
        for (live, name, on_remove) in former {
            let mut draft = Draft::new(Key::new(Kind::TagOption, name), self.next);
            let goes = self.former_tag_option(&mut draft, live, on_remove, &freed);
            if self.leaves_out(&draft.object.key) {
                Self::leave_out(&mut draft);
                self.join(draft);
                continue;
            }
            if goes {
                *planned.entry(DEACTIVATED).or_default() += 1;
            }
            self.next = draft.next();
            drafts.push(draft);
        }
        let owned = BTreeMap::from([(DEACTIVATED, self.tag_options_in_use())]);
        let refused = refused_removals(&planned, &owned, &self.input);
        for mut draft in drafts {
            let failed = self.input.policy.failed.get(&draft.object.key);
            let failed = failed.filter(|failed| self.input.now < failed.retry_at);
            for removal in std::mem::take(&mut draft.removals) {
                let mut steps = removal.steps.iter();
                let repeated = failed.filter(|f| steps.any(|s| s.op.request() == f.request));
                match (refused.get(&DEACTIVATED), repeated) {
                    (Some(blocked), _) => draft.refuse(blocked.clone()),
                    (None, Some(failed)) => {
                        draft.object.stalled = Some(Stalled {
                            reason: failed.reason.clone(),
                            advice: failed.advice.clone(),
                        });
                    }
                    (None, None) => {
                        let ids = removal.steps.iter().map(|step| step.id);
                        draft.object.steps.extend(ids);
                        draft.object.changes.extend(removal.changes);
                        draft.steps.extend(removal.steps);
                    }
                }
            }
            draft.object.settle();
            self.join(draft);
        }
    }

    /// How many live, active TagOptions are a manifest's, or were: what a share of them is taken of.
    pub(crate) fn tag_options_in_use(&self) -> usize {
        let former = self.former().len();
        let desired = self.input.desired;
        let wanted = |live: &&LiveTagOption| {
            let mut all = desired.tag_options.values();
            live.active && all.any(|o| is(live, (o.key.as_str(), o.value.as_str())))
        };
        former
            + self
                .input
                .observed
                .tag_options
                .values()
                .filter(wanted)
                .count()
    }

    /// Live, active TagOptions that a manifest named and none names now, with the name and end that they had.
    fn former(&self) -> Vec<(&'a LiveTagOption, Name, OnRemove)> {
        let (desired, observed) = (self.input.desired, self.input.observed);
        let mut found: BTreeMap<&TagOptionId, (Name, OnRemove)> = BTreeMap::new();
        for (id, former) in &self.input.policy.tag_options {
            found.insert(id, (former.name.clone(), former.on_remove));
        }
        let base = self
            .input
            .base
            .iter()
            .flat_map(|base| base.tag_options.values());
        for option in base {
            let pair = (option.key.as_str(), option.value.as_str());
            let live = observed.tag_options.values().find(|live| is(live, pair));
            if let Some(live) = live {
                let known = (option.name.clone(), option.lifecycle.on_remove);
                found.insert(&live.id, known);
            }
        }
        let wanted = |live: &LiveTagOption| {
            let mut all = desired.tag_options.values();
            all.any(|o| is(live, (o.key.as_str(), o.value.as_str())))
        };
        let former = found.into_iter().filter_map(|(id, (name, on_remove))| {
            let live = observed.tag_options.get(id)?;
            // What a manifest says now goes before what it said.
            let now = desired.tag_options.get(&name);
            let on_remove = now.map_or(on_remove, |o| o.lifecycle.on_remove);
            (live.active && !wanted(live)).then_some((live, name, on_remove))
        });
        former.collect()
    }

    /// Which portfolios and products lose a TagOption in this plan, each with the step.
    fn freed(&self) -> BTreeMap<(TagOptionId, String), StepId> {
        let steps = self.drafts.iter().flat_map(|draft| &draft.steps);
        let freed = steps.filter_map(|step| match &step.op {
            Op::DisassociateTagOption {
                resource,
                tag_option,
                ..
            } => Some(((tag_option.clone(), resource.id()?.to_owned()), step.id)),
            _ => None,
        });
        freed.collect()
    }

    /// Returns whether it is deactivated, if the guards let it.
    fn former_tag_option(
        &self,
        draft: &mut Draft,
        live: &LiveTagOption,
        on_remove: OnRemove,
        freed: &BTreeMap<(TagOptionId, String), StepId>,
    ) -> bool {
        let name = pair_text((&live.key, &live.value));
        let here = self
            .input
            .desired
            .tag_options
            .contains_key(&draft.object.key.name);
        if on_remove != OnRemove::Delete {
            return false;
        }
        if !here {
            draft.object.id = Some(live.id.to_string());
        }
        let users = self.users_of(&live.id);
        let (kept, left): (Vec<_>, Vec<_>) = users.into_iter().partition(|user| {
            let key = (live.id.clone(), user.clone());
            !freed.contains_key(&key)
        });
        if !kept.is_empty() {
            draft.note(format!(
                "TagOption {name} ({}) is no longer in git and stays active, because it is used by {}",
                live.id,
                kept.join(", ")
            ));
            return false;
        }
        let what = format!("TagOption {name} ({})", live.id);
        if let Some(blocked) = self.doubt.removal(None, None, &what) {
            draft.refuse(blocked);
            return false;
        }
        if let Some(gap) = self.doubt.tag_option_users() {
            draft.refuse(unread(gap, &format!("{what} stays active")));
            return false;
        }
        if !here && self.input.identity.installation == Installation::default() {
            draft.blocked(
                BlockedCode::DefaultInstallation,
                format!(
                    "{what} has left git and stays active: under the installation {:?} nothing is removed. Give yours a name with --installation",
                    Installation::DEFAULT
                ),
            );
            return false;
        }
        let needs: BTreeSet<StepId> = left
            .into_iter()
            .filter_map(|user| freed.get(&(live.id.clone(), user)).copied())
            .collect();
        let mut change = activity(true, false, Reason::GitChanged);
        if here {
            // Beside the fields of the one that took its place.
            change.field = format!("tagOptions[{name}].active");
        }
        draft.removal(DEACTIVATED, vec![change], vec![update(live, false)], &needs);
        true
    }

    /// The portfolios and products that have a TagOption, whosever they are.
    fn users_of(&self, id: &TagOptionId) -> Vec<String> {
        let observed = self.input.observed;
        let portfolios = observed.portfolios.values();
        let portfolios = portfolios.filter(|p| p.tag_options.contains_key(id));
        let products = observed.products.values();
        let products = products.filter(|p| p.tag_options.contains_key(id));
        let ids = portfolios.map(|p| p.id.to_string());
        ids.chain(products.map(|p| p.id.to_string())).collect()
    }

    /// Puts a draft to the one that its object has already.
    fn join(&mut self, draft: Draft) {
        let empty = draft.object.steps.is_empty()
            && draft.object.stalled.is_none()
            && draft.object.blocked.is_empty()
            && draft.object.notes.is_empty();
        if empty {
            return;
        }
        let mut all = self.drafts.iter_mut();
        let Some(own) = all.find(|own| own.object.key == draft.object.key) else {
            return self.drafts.push(draft);
        };
        own.object.changes.extend(draft.object.changes);
        own.object.steps.extend(draft.object.steps);
        for blocked in draft.object.blocked {
            own.refuse(blocked);
        }
        own.object.notes.extend(draft.object.notes);
        own.object.stalled = own.object.stalled.take().or(draft.object.stalled);
        own.steps.extend(draft.steps);
        own.object.settle();
    }
}

fn is(live: &LiveTagOption, (key, value): Pair<'_>) -> bool {
    live.key == key && live.value == value
}

fn activity(before: bool, after: bool, reason: Reason) -> Change {
    Change {
        field: "active".to_owned(),
        before: Shown::text(before.to_string()),
        after: Shown::text(after.to_string()),
        reason,
    }
}

fn update(live: &LiveTagOption, active: bool) -> Op {
    Op::UpdateTagOption {
        id: Arg::Value(live.id.clone()),
        name: pair_text((&live.key, &live.value)),
        active,
    }
}
