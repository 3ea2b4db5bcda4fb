//! Portfolios and their principals.

use std::collections::{BTreeMap, BTreeSet};

use super::attachment;
use super::draft::Draft;
use super::guard::{Family, unread};
use super::op::{Arg, Op, Resource, StepId, TagChange};
use super::planner::{Place, Planner};
use super::{Action, BlockedCode};
use crate::diff::portfolio::{PrincipalsDiff, portfolio, resolved};
use crate::diff::tags::TagsDiff;
use crate::diff::{Change, Reason, Shown, Was, was};
use crate::ids::{Key, Kind, PortfolioId};
use crate::model::desired::{Portfolio, Tags};
use crate::model::limits;
use crate::model::observed::{LivePortfolio, LivePrincipal};
use crate::model::owner::{is_reserved, tag_key};

/// A portfolio once the plan is done, as far as others rest on it.
#[derive(Debug, Clone)]
pub(crate) struct PortfolioAfter {
    pub(crate) place: Place<PortfolioId>,
    pub(crate) display_name: String,
    /// The step that gives it that name.
    pub(crate) renamed: Option<StepId>,
    /// Principals, each with the step that associates it.
    pub(crate) principals: Vec<(LivePrincipal, Option<StepId>)>,
}

impl<'a> Planner<'a> {
    pub(crate) fn portfolio(&mut self, want: &'a Portfolio) {
        let mut draft = self.draft(Kind::Portfolio, &want.name);
        let none = Vec::new();
        let found = self.owned.portfolios.get(&want.name).unwrap_or(&none);
        let (unchanged, after) = match found.as_slice() {
            [] if self.refuses_adoption(&mut draft) => {
                let not = "can't be taken over";
                (absent(want, not), absent(want, not))
            }
            [] => {
                let not = "is not there";
                (absent(want, not), self.create_portfolio(&mut draft, want))
            }
            [live] => (
                PortfolioAfter::live(live),
                self.update_portfolio(&mut draft, want, live),
            ),
            several => {
                conflict(&mut draft, several.iter().map(|o| o.id.as_str()));
                let not = "is claimed twice";
                (absent(want, not), absent(want, not))
            }
        };
        let done = self.commit(draft);
        let mut after = if done { after } else { unchanged };
        after.place.explain(self.last_object());
        self.portfolios.insert(want.name.clone(), after);
    }

    fn create_portfolio(&self, draft: &mut Draft, want: &'a Portfolio) -> PortfolioAfter {
        let key = draft.object.key.clone();
        if let Some(gap) = self.doubt.hidden_portfolio() {
            draft.refuse(unread(
                gap,
                "it is not made, because it may be there already",
            ));
            return absent(want, "can't be looked for");
        }
        let Some(tags) = self.owner_tags(draft, &want.tags, limits::TAGS) else {
            return absent(want, "has too many tags");
        };
        draft.object.action = Action::Create;
        let reason = self.creation_reason(&key);
        draft.object.reason = Some(reason);
        let mut fields = Fields::new(draft, reason);
        fields.field("displayName", Some(&want.display_name));
        fields.field("providerName", Some(&want.provider_name));
        fields.field("description", want.description.as_deref());
        fields.tags(&want.tags);
        self.note_namesake(draft, want);
        let token = self.create_token(&key, "create").0;
        let made = draft.step(
            Op::CreatePortfolio {
                display_name: want.display_name.clone(),
                description: given(&want.description),
                provider_name: want.provider_name.clone(),
                tags,
                token,
            },
            [],
        );
        let place = attachment::Place {
            resource: Resource::Portfolio(Arg::From(made)),
            needs: Vec::new(),
            tag_options: &BTreeMap::new(),
            budgets: &BTreeSet::new(),
            portfolio: None,
            product: None,
        };
        self.attachments(draft, given_to(want), Was::Unmanaged, &place);
        let id = Arg::From(made);
        self.shares(draft, want, Was::Unmanaged, &id, None);
        self.shared_products(draft, want, Was::Unmanaged, &id, None);
        let mut principals = Vec::new();
        for principal in want.principals.iter().flatten() {
            let principal = resolved(principal, &self.input.observed.caller);
            Fields::new(draft, reason).field("principals", Some(&principal.arn));
            let op = Op::AssociatePrincipal {
                portfolio: Arg::From(made),
                principal: principal.clone(),
            };
            principals.push((principal, Some(draft.step(op, [made]))));
        }
        PortfolioAfter {
            place: Place::Made(made),
            display_name: want.display_name.clone(),
            renamed: None,
            principals,
        }
    }

    /// Says so where somebody else's portfolio has the name: two of one name are allowed, and hard to tell apart.
    fn note_namesake(&self, draft: &mut Draft, want: &Portfolio) {
        let mut others = self.input.observed.portfolios.values();
        if let Some(other) = others.find(|o| o.display_name == want.display_name) {
            draft.note(format!(
                "another portfolio is called {:?} already ({}): it is left alone",
                want.display_name, other.id
            ));
        }
    }

    fn update_portfolio(
        &self,
        draft: &mut Draft,
        want: &'a Portfolio,
        live: &LivePortfolio,
    ) -> PortfolioAfter {
        let mut after = PortfolioAfter::live(live);
        draft.object.id = Some(live.id.to_string());
        if let Some(gap) = self.doubt.portfolio(&live.id) {
            draft.refuse(unread(gap, "it is left as it is"));
            return after;
        }
        if self.refuses_adoption(draft) {
            return after;
        }
        let base = was(self.input.base.map(|base| base.portfolios.get(&want.name)));
        let mut diff = portfolio(base, want, live, &self.input.observed.caller);
        let mut changes = diff.changes;
        let on_remove = base.map(|o| o.lifecycle.on_remove);
        let id = live.id.as_str();
        self.claim(
            draft,
            id,
            &want.lifecycle,
            on_remove,
            &live.tags,
            &mut diff.tags,
        );
        let tags = tag_change(draft, diff.tags, &live.tags, &mut changes);
        if draft.claims && !draft.is_free() {
            draft.object.action = Action::None;
            return after;
        }
        if !changes.is_empty() {
            draft.object.changes.extend(changes);
            let op = Op::UpdatePortfolio {
                id: live.id.clone(),
                display_name: diff.display_name.clone(),
                description: diff.description,
                provider_name: diff.provider_name,
                tags,
            };
            let step = draft.step(op, []);
            if let Some(name) = diff.display_name {
                after.display_name = name;
                after.renamed = Some(step);
            }
        }
        let place = attachment::Place {
            resource: Resource::Portfolio(Arg::Value(live.id.clone())),
            needs: Vec::new(),
            tag_options: &live.tag_options,
            budgets: &live.budgets,
            portfolio: Some(&live.id),
            product: None,
        };
        self.attachments(draft, given_to(want), base.map(given_to), &place);
        let id = Arg::Value(live.id.clone());
        self.shares(draft, want, base, &id, Some(live));
        self.shared_products(draft, want, base, &id, Some(live));
        self.principals(draft, live, diff.principals, &mut after);
        after
    }

    pub(crate) fn principals(
        &self,
        draft: &mut Draft,
        live: &LivePortfolio,
        diff: PrincipalsDiff,
        after: &mut PortfolioAfter,
    ) {
        let mut added = BTreeSet::new();
        for member in diff.add {
            draft.change(member.change);
            let op = Op::AssociatePrincipal {
                portfolio: Arg::Value(live.id.clone()),
                principal: member.item.clone(),
            };
            let step = draft.step(op, []);
            added.insert(step);
            after.principals.push((member.item, Some(step)));
        }
        for member in diff.remove {
            let what = format!("principal {}", member.item.arn);
            if let Some(blocked) = self.doubt.removal(Some(&live.id), None, &what) {
                draft.refuse(blocked);
                continue;
            }
            after.principals.retain(|(p, _)| *p != member.item);
            let op = Op::DisassociatePrincipal {
                portfolio: live.id.clone(),
                principal: member.item,
            };
            // After the additions: should one fail, nobody has lost access for it.
            draft.removal(Family::Principals, vec![member.change], vec![op], &added);
        }
        if let Some(own) = diff.own {
            draft.blocked(
                BlockedCode::OwnPrincipal,
                format!(
                    "principal {} stays, because catalogd runs as it: add `- self: true` to spec.principals",
                    own.arn
                ),
            );
        }
    }

    /// All tags of a new object, the ownership tag among them; `None`, and blocked, where they are too many.
    pub(crate) fn owner_tags(
        &self,
        draft: &mut Draft,
        tags: &Option<Tags>,
        most: usize,
    ) -> Option<Tags> {
        let key = &draft.object.key;
        let mut all = tags.clone().unwrap_or_default();
        all.retain(|key, _| !is_reserved(key));
        let lifecycle = self.input.desired.lifecycle(key);
        let on_remove = lifecycle.map(|l| l.on_remove).unwrap_or_default();
        all.insert(
            tag_key(key.kind).to_owned(),
            self.input.identity.claim(&key.name, on_remove),
        );
        if all.len() > most {
            too_many_tags(draft, all.len(), most);
            return None;
        }
        Some(all)
    }
}

impl PortfolioAfter {
    pub(crate) fn live(live: &LivePortfolio) -> Self {
        let principals = live.principals.iter();
        Self {
            place: Place::Live(live.id.clone()),
            display_name: live.display_name.clone(),
            renamed: None,
            principals: principals.map(|p| (p.clone(), None)).collect(),
        }
    }
}

fn given_to(portfolio: &Portfolio) -> attachment::Given<'_> {
    attachment::Given {
        tag_options: portfolio.tag_options.as_ref(),
        budgets: portfolio.budgets.as_ref(),
    }
}

fn absent(want: &Portfolio, why: &str) -> PortfolioAfter {
    PortfolioAfter {
        place: Place::Not(why.to_owned()),
        display_name: want.display_name.clone(),
        renamed: None,
        principals: Vec::new(),
    }
}

/// Refuses an object that several live ones claim to be.
pub(crate) fn conflict<'a>(draft: &mut Draft, ids: impl Iterator<Item = &'a str>) {
    let ids: Vec<&str> = ids.collect();
    let key: &Key = &draft.object.key;
    let message = format!(
        "{} carry the ownership of {key}: none is touched until the {} tag is taken from all but one",
        ids.join(" and "),
        tag_key(key.kind)
    );
    draft.blocked(BlockedCode::Conflict, message);
}

/// What to do to live tags, or nothing where the result would have too many.
pub(crate) fn tag_change(
    draft: &mut Draft,
    diff: TagsDiff,
    live: &Tags,
    changes: &mut Vec<Change>,
) -> TagChange {
    let kept = live
        .keys()
        .filter(|key| !key.starts_with("aws:") && !diff.remove.contains(*key));
    let fresh = diff.add.keys().filter(|key| !live.contains_key(*key));
    let count = kept.count() + fresh.count();
    if count > limits::TAGS && !diff.add.is_empty() {
        too_many_tags(draft, count, limits::TAGS);
        return TagChange::default();
    }
    changes.extend(diff.changes);
    TagChange {
        add: diff.add,
        remove: diff.remove,
    }
}

pub(crate) fn too_many_tags(draft: &mut Draft, count: usize, most: usize) {
    draft.blocked(
        BlockedCode::TagQuota,
        format!(
            "it would carry {count} tags, the ownership tag among them; the service allows {most}"
        ),
    );
}

/// A text for a create: an empty one is left out, which means the same.
pub(crate) fn given(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

/// Shows the fields of an object that is made.
pub(crate) struct Fields<'d> {
    draft: &'d mut Draft,
    reason: Reason,
}

impl<'d> Fields<'d> {
    pub(crate) fn new(draft: &'d mut Draft, reason: Reason) -> Self {
        Self { draft, reason }
    }

    pub(crate) fn shown(&mut self, field: impl Into<String>, after: Shown) {
        if after != Shown::Absent {
            self.draft.change(Change {
                field: field.into(),
                before: Shown::Absent,
                after,
                reason: self.reason,
            });
        }
    }

    pub(crate) fn field(&mut self, field: impl Into<String>, text: Option<&str>) {
        self.shown(field, Shown::field(text));
    }

    pub(crate) fn tags(&mut self, tags: &Option<Tags>) {
        for (key, value) in tags.iter().flatten() {
            self.shown(format!("tags.{key}"), Shown::text(value));
        }
    }
}
