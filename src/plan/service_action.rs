//! Service actions.

use super::draft::Draft;
use super::guard::unread;
use super::op::{Mark, Op, Ownership};
use super::planner::{Place, Planner};
use super::portfolio::Fields;
use super::{Action, BlockedCode};
use crate::diff::service_action::{PARTS, ServiceActionDiff, service_action, shown};
use crate::diff::{Change, Reason, Shown, was};
use crate::ids::{Kind, ServiceActionId};
use crate::model::desired::{Adopt, ServiceAction};
use crate::model::limits;
use crate::model::observed::LiveServiceAction;
use crate::model::owner::{Described, Owner};

impl<'a> Planner<'a> {
    pub(crate) fn service_action(&mut self, want: &'a ServiceAction) {
        let mut draft = self.draft(Kind::ServiceAction, &want.name);
        let none = Vec::new();
        let found = self.owned.service_actions.get(&want.name).unwrap_or(&none);
        let absent = |why: &str| Place::Not(why.to_owned());
        let (unchanged, after) = match found.as_slice() {
            [] if self.refuses_adoption(&mut draft) => {
                (absent("can't be taken over"), absent("can't be taken over"))
            }
            [] => (
                absent("is not there"),
                self.create_service_action(&mut draft, want),
            ),
            [live] => {
                self.update_service_action(&mut draft, want, live);
                let place = Place::Live(live.id.clone());
                (place.clone(), place)
            }
            several => {
                let ids: Vec<&str> = several.iter().map(|o| o.id.as_str()).collect();
                let message = format!(
                    "the descriptions of {} end in the mark of {}: none is touched until it is taken from all but one",
                    ids.join(" and "),
                    draft.object.key
                );
                draft.blocked(BlockedCode::Conflict, message);
                (absent("is claimed twice"), absent("is claimed twice"))
            }
        };
        let done = self.commit(draft);
        let mut after = if done { after } else { unchanged };
        after.explain(self.last_object());
        self.service_actions.insert(want.name.clone(), after);
    }

    fn create_service_action(
        &self,
        draft: &mut Draft,
        want: &ServiceAction,
    ) -> Place<ServiceActionId> {
        let key = draft.object.key.clone();
        if let Some(gap) = self.doubt.service_actions() {
            draft.refuse(unread(
                gap,
                "it is not made, because it may be there already",
            ));
            return Place::Not("can't be looked for".to_owned());
        }
        draft.object.action = Action::Create;
        let reason = self.creation_reason(&key);
        draft.object.reason = Some(reason);
        let mut fields = Fields::new(draft, reason);
        fields.field("name", Some(&want.display_name));
        fields.field("description", want.description.as_deref());
        for (part, field) in PARTS {
            fields.shown(field, shown(part, want.definition.get(part)));
        }
        let text = want.description.as_deref().unwrap_or_default();
        let op = Op::CreateServiceAction {
            name: want.display_name.clone(),
            description: marked(text, &self.mark_of(want)),
            definition: want.definition.clone(),
            token: self.create_token(&key, "create").0,
        };
        Place::Made(draft.step(op, []))
    }

    fn mark_of(&self, want: &ServiceAction) -> String {
        let identity = self.input.identity;
        identity.description_mark(&want.name, want.lifecycle.on_remove)
    }

    fn update_service_action(
        &self,
        draft: &mut Draft,
        want: &ServiceAction,
        live: &LiveServiceAction,
    ) {
        draft.live(Ownership {
            kind: Kind::ServiceAction,
            id: live.id.to_string(),
            mark: Mark::Description(self.input.identity.bare_mark(&want.name)),
        });
        if let Some(gap) = self.doubt.service_action(&live.id) {
            return draft.refuse(unread(gap, "it is left as it is"));
        }
        if self.refuses_adoption(draft) {
            return;
        }
        let seen = live.description.as_deref().unwrap_or_default();
        let Described {
            text,
            owner,
            on_remove,
        } = self.input.identity.described(seen);
        let base = self.input.base.map(|b| b.service_actions.get(&want.name));
        let base = was(base);
        let ServiceActionDiff {
            name,
            description,
            definition,
            mut changes,
        } = service_action(base, want, live, text);
        let (wanted, mark) = (want.lifecycle.on_remove, self.mark_of(want));
        let mark_differs = owner == Owner::Nobody || on_remove != wanted;
        if owner == Owner::Nobody {
            draft.claims = true;
            if want.lifecycle.adopt != Adopt::Never {
                draft.object.action = Action::Adopt;
            }
            changes.push(Change {
                field: "mark".to_owned(),
                before: Shown::Absent,
                after: Shown::text(&mark),
                reason: Reason::Differs,
            });
        } else if mark_differs {
            let base = base.map(|o| o.lifecycle.on_remove);
            changes.push(Change {
                field: "onRemove".to_owned(),
                before: Shown::text(on_remove.as_str()),
                after: Shown::text(wanted.as_str()),
                reason: base.why(&wanted, &on_remove),
            });
        }
        if changes.is_empty() {
            return;
        }
        // What git does not manage stays before the mark.
        let whole = marked(description.as_deref().unwrap_or(text), &mark);
        let count = whole.chars().count();
        if count > limits::ACTION_DESCRIPTION && mark_differs {
            return draft.blocked(
                BlockedCode::Adopt,
                format!(
                    "its description would have {count} characters with the mark {mark} behind it, and the service takes {}: give it a shorter `description` ({})",
                    limits::ACTION_DESCRIPTION,
                    want.origin
                ),
            );
        }
        draft.object.changes.extend(changes);
        let op = Op::UpdateServiceAction {
            id: live.id.clone(),
            name,
            description: (description.is_some() || mark_differs).then_some(whole),
            definition,
        };
        draft.step(op, []);
    }
}

/// A description with our mark at its end.
fn marked(text: &str, mark: &str) -> String {
    match text {
        "" => mark.to_owned(),
        text => format!("{text} {mark}"),
    }
}
