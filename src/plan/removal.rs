//! Objects of ours that git no longer names and whose ownership says that they go (`metadata.onRemove`): first what is
//! provisioned, then portfolios, then products, each after all that is in it.
//!
//! What is gone can't be put back, so every doubt keeps an object (promise 1), and whose it is is asked again just
//! before each call (promise 2).

use std::collections::{BTreeMap, BTreeSet};

use super::association::constraints_of;
use super::draft::Draft;
use super::guard::{Family, unread};
use super::op::{Arg, Mark, Op, Ownership, Resource, StepId};
use super::owned::Owned;
use super::planner::Planner;
use super::{Action, BlockedCode};
use crate::diff::association::field;
use crate::diff::attachment::pair_text;
use crate::diff::normalise::constraint_text;
use crate::diff::{Change, Reason, Shown};
use crate::ids::{Key, Kind, Name, PortfolioId, ProductId, ProvisionedProductId};
use crate::model::desired::OnRemove;
use crate::model::observed::{
    LiveConstraint, LivePortfolio, LiveProduct, LiveProvisioned, LiveServiceAction, LiveTagOptions,
    ProvisionedStatus,
};
use crate::model::owner::tag_key;

/// What goes in this plan.
#[derive(Debug, Default)]
pub(crate) struct Going {
    /// The objects that are to go, whether they may or not: they are no orphans.
    pub(crate) objects: BTreeSet<Key>,
    /// Provisioned products, with the steps that end them.
    provisioned: BTreeMap<ProvisionedProductId, StepId>,
    /// Products that are taken out of portfolios, with the steps that do so.
    detached: BTreeMap<(PortfolioId, ProductId), StepId>,
    /// Portfolios, with the steps that delete them: by then they are shared with nobody.
    portfolios: BTreeMap<PortfolioId, StepId>,
}

impl<'a> Planner<'a> {
    /// Plans the removal of whatever of ours is to go.
    pub(crate) fn removals(&mut self) {
        // Of a source that could not be read whole nothing is known to be gone.
        if self.input.desired.incomplete {
            return;
        }
        self.note_detached();
        let leaving = self.leaving(Kind::ProvisionedProduct, |o| &o.provisioned);
        for (name, live) in self.users_first(leaving) {
            self.remove_provisioned(&name, live);
        }
        for (name, live) in self.leaving(Kind::Portfolio, |o| &o.portfolios) {
            self.remove_portfolio(&name, live);
        }
        for (name, live) in self.leaving(Kind::Product, |o| &o.products) {
            self.remove_product(&name, live);
        }
        for (name, live) in self.leaving(Kind::ServiceAction, |o| &o.service_actions) {
            self.remove_service_action(&name, live);
        }
    }

    /// The owned objects of a kind that git does not name. Of several that claim one name none is touched.
    fn leaving<T>(
        &self,
        kind: Kind,
        owned: impl for<'o> Fn(&'o Owned<'a>) -> &'o BTreeMap<Name, Vec<&'a T>>,
    ) -> Vec<(Name, &'a T)> {
        let desired = self.input.desired;
        let all = owned(&self.owned).iter();
        let gone = all.filter(|(name, _)| !desired.names(&Key::new(kind, (*name).clone())));
        gone.filter_map(|(name, live)| match live.as_slice() {
            [one] => Some((name.clone(), *one)),
            _ => None,
        })
        .collect()
    }

    fn note_detached(&mut self) {
        for product in self.products.values() {
            let Some(id) = product.place.live() else {
                continue;
            };
            for (portfolio, step) in &product.left {
                let pair = (portfolio.clone(), id.clone());
                self.going.detached.insert(pair, *step);
            }
        }
    }

    /// A draft of an object that goes; refused where nothing goes at all.
    fn leaver(&mut self, kind: Kind, name: &Name, id: &str, mark: Mark) -> Draft {
        let mut draft = self.draft(kind, name);
        self.going.objects.insert(draft.object.key.clone());
        draft.live(Ownership {
            kind,
            id: id.to_owned(),
            mark,
        });
        draft.object.reason = Some(Reason::GitChanged);
        let what = format!("{} ({id})", draft.object.key);
        let refused = [
            self.doubt.deletion(&what),
            self.doubt.object(kind, id, &what),
        ];
        for blocked in refused.into_iter().flatten() {
            draft.refuse(blocked);
        }
        draft
    }

    /// Takes in a draft whose removal is `ops`, after `needs`; returns the steps, none where nothing is done.
    fn leave(
        &mut self,
        mut draft: Draft,
        action: Action,
        changes: Vec<Change>,
        ops: Vec<Op>,
        needs: &BTreeSet<StepId>,
    ) -> Vec<StepId> {
        if draft.is_free() {
            let family = Family::Objects(draft.object.key.kind);
            draft.object.action = action;
            draft.removal(family, changes, ops, needs);
        }
        let steps = draft.removals.iter().flat_map(|removal| &removal.steps);
        let steps = steps.map(|step| step.id).collect();
        match self.commit(draft) {
            true => steps,
            false => Vec::new(),
        }
    }

    fn remove_provisioned(&mut self, name: &Name, live: &'a LiveProvisioned) {
        let identity = self.input.identity;
        let kind = Kind::ProvisionedProduct;
        let former = self.input.base.and_then(|base| base.provisioned.get(name));
        let (on_remove, mark) = match identity.on_remove(kind, &live.tags) {
            Some(said) => {
                let tag = live.tags.get(tag_key(kind)).cloned();
                (said, Mark::Tag(tag.unwrap_or_default()))
            }
            // An import takes no tags: what was last applied says how it goes, and the token whose it is.
            None => {
                let prefix = identity.token_prefix(name);
                let token = live.idempotency_token.as_deref().unwrap_or_default();
                let said = former.filter(|_| token.starts_with(&prefix));
                let said = said.map(|o| o.lifecycle.on_remove);
                (said.unwrap_or_default(), Mark::Token(prefix))
            }
        };
        let action = match on_remove {
            OnRemove::Retain => return,
            OnRemove::Delete => Action::Delete,
            OnRemove::Release => Action::Release,
        };
        let mut draft = self.leaver(kind, name, live.id.as_str(), mark);
        if let ProvisionedStatus::UnderChange
        | ProvisionedStatus::PlanInProgress
        | ProvisionedStatus::Unknown(_) = live.status
        {
            draft.waits(None, "a change of it is under way");
        }
        let token = identity.request_token(
            name,
            "remove",
            live.last_record.as_ref().map(|id| id.as_str()),
        );
        let op = Op::Terminate {
            id: live.id.clone(),
            retain_physical_resources: on_remove == OnRemove::Release,
            token,
        };
        let stack = live.physical_id.as_deref().unwrap_or("none");
        let mut changes = vec![gone("name", &live.name)];
        if on_remove == OnRemove::Release {
            draft.note(format!("its stack stays as it is: {stack}"));
        } else {
            changes.push(gone("stack", stack));
        }
        // Those that used it change over first.
        let needs = self.former_users(&mut draft, name);
        let steps = self.leave(draft, action, changes, vec![op], &needs);
        if let Some(step) = steps.last() {
            self.going.provisioned.insert(live.id.clone(), *step);
        }
    }

    /// The steps of the objects that rested on a provisioned product when git was last applied, those that go with it among
    /// them. It waits for one that does not come to rest in this plan.
    fn former_users(&self, draft: &mut Draft, name: &Name) -> BTreeSet<StepId> {
        let mut steps = BTreeSet::new();
        for user in self.users_by_base(name) {
            let key = Key::new(Kind::ProvisionedProduct, user.clone());
            steps.extend(self.steps_of(&key));
            let live = self.owned.provisioned.get(user).into_iter().flatten();
            steps.extend(live.filter_map(|o| self.going.provisioned.get(&o.id).copied()));
            let stays = self
                .object(&key)
                .is_some_and(|object| !object.waiting.is_empty() || object.stuck().is_some());
            if stays {
                draft.waits(
                    Some(key.clone()),
                    format!("{key} used it and is not at rest"),
                );
            }
        }
        steps
    }

    /// Who rested on a provisioned product when git was last applied.
    fn users_by_base(&self, name: &Name) -> Vec<&'a Name> {
        let base = self.input.base.into_iter().flat_map(|b| &b.provisioned);
        let users = base.filter(|(_, object)| object.upstream().contains(name));
        users.map(|(user, _)| user).collect()
    }

    /// Those that go, what rests on another before that: a circle is none of git's.
    fn users_first(
        &self,
        leaving: Vec<(Name, &'a LiveProvisioned)>,
    ) -> Vec<(Name, &'a LiveProvisioned)> {
        let mut left: BTreeMap<Name, &'a LiveProvisioned> = leaving.into_iter().collect();
        let mut ordered = Vec::new();
        while !left.is_empty() {
            let is_free = |name: &&Name| {
                let users = self.users_by_base(name);
                !users
                    .into_iter()
                    .any(|user| user != *name && left.contains_key(user))
            };
            let next = left.keys().find(is_free).or_else(|| left.keys().next());
            let Some(next) = next.cloned() else { break };
            if let Some(live) = left.remove(&next) {
                ordered.push((next, live));
            }
        }
        ordered
    }

    fn remove_portfolio(&mut self, name: &Name, live: &'a LivePortfolio) {
        let kind = Kind::Portfolio;
        if self.input.identity.on_remove(kind, &live.tags) != Some(OnRemove::Delete) {
            return;
        }
        let tag = live.tags.get(tag_key(kind)).cloned();
        let mark = Mark::Tag(tag.unwrap_or_default());
        let mut draft = self.leaver(kind, name, live.id.as_str(), mark);
        if let Some(gap) = self.doubt.shares(&live.id) {
            draft.refuse(unread(gap, "it stays"));
        }
        let mut changes = vec![gone("displayName", &live.display_name)];
        let mut needs = BTreeSet::new();
        // In the order of the ranks: principals, constraints, associations.
        let mut ops = Vec::new();
        for principal in &live.principals {
            changes.push(gone("principals", &principal.arn));
            ops.push(Op::DisassociatePrincipal {
                portfolio: live.id.clone(),
                principal: principal.clone(),
            });
        }
        for with in live.shares.iter().flat_map(BTreeMap::keys) {
            changes.push(gone(&format!("shares[{with}]"), "shared"));
            ops.push(Op::DeleteShare {
                portfolio: live.id.clone(),
                with: with.clone(),
            });
        }
        let resource = Resource::Portfolio(Arg::Value(live.id.clone()));
        detach(
            &resource,
            &live.tag_options,
            &live.budgets,
            &mut changes,
            &mut ops,
        );
        let mut detached = Vec::new();
        let mut ends = Vec::new();
        for product in &live.products {
            let pair = (live.id.clone(), product.clone());
            if let Some(step) = self.going.detached.get(&pair) {
                needs.insert(*step);
                continue;
            }
            let product_name = self.product_name(product);
            changes.push(gone(&format!("products[{product_name}]"), "associated"));
            // What came with a borrowed product is its owner's, and goes with it.
            let own = |c: &&LiveConstraint| {
                let account = &self.input.identity.target.account;
                c.owner.as_ref().is_none_or(|owner| owner == account)
            };
            for constraint in constraints_of(live, product).into_iter().filter(own) {
                ops.push(Op::DeleteConstraint {
                    id: constraint.id.clone(),
                    kind: constraint.kind.clone(),
                });
            }
            ends.push(Op::DisassociateProduct {
                portfolio: live.id.clone(),
                product: product.clone(),
            });
            detached.push(pair);
        }
        ops.extend(ends);
        ops.push(Op::DeletePortfolio {
            id: live.id.clone(),
        });
        let steps = self.leave(draft, Action::Delete, changes, ops, &needs);
        if let Some(last) = steps.last() {
            self.going.portfolios.insert(live.id.clone(), *last);
        }
        // The last one deletes it, those before take the products out.
        let ends = steps.len().saturating_sub(1 + detached.len());
        let ends = steps.into_iter().skip(ends);
        self.going.detached.extend(detached.into_iter().zip(ends));
    }

    fn remove_product(&mut self, name: &Name, live: &'a LiveProduct) {
        let kind = Kind::Product;
        if self.input.identity.on_remove(kind, &live.tags) != Some(OnRemove::Delete) {
            return;
        }
        let tag = live.tags.get(tag_key(kind)).cloned();
        let mark = Mark::Tag(tag.unwrap_or_default());
        let mut draft = self.leaver(kind, name, live.id.as_str(), mark);
        let mut needs = BTreeSet::new();
        self.provisioned_of(&mut draft, live, &mut needs);
        let mut changes = vec![gone("name", &live.name)];
        for version in &live.versions {
            changes.push(gone(
                &format!("versions[{}]", version.name),
                version.id.as_str(),
            ));
        }
        let (mut ops, mut ends) = (Vec::new(), Vec::new());
        // The service deletes no product whose versions offer something.
        for action in self.input.observed.service_actions.values() {
            let offered = action.versions.iter();
            for (product, version) in offered.filter(|(product, _)| *product == live.id) {
                ops.push(Op::WithdrawAction {
                    action: action.id.clone(),
                    product: product.clone(),
                    version: version.clone(),
                });
            }
        }
        let resource = Resource::Product(Arg::Value(live.id.clone()));
        detach(
            &resource,
            &live.tag_options,
            &live.budgets,
            &mut changes,
            &mut ops,
        );
        let holding = self.input.observed.portfolios.values();
        for seen in holding.filter(|p| p.products.contains(&live.id)) {
            let pair = (seen.id.clone(), live.id.clone());
            if let Some(refused) = self.doubt.shared_from(seen) {
                match self.going.portfolios.get(&seen.id) {
                    // Its shares end with it in this very plan.
                    Some(step) => needs.insert(*step),
                    None => {
                        draft.refuse(refused);
                        false
                    }
                };
            }
            if let Some(step) = self.going.detached.get(&pair) {
                needs.insert(*step);
                continue;
            }
            let portfolio = match self.owned.portfolio_name(&seen.id) {
                Some(name) => name.clone(),
                None => {
                    draft.blocked(
                        BlockedCode::ForeignOwner,
                        format!(
                            "it stands in portfolio {:?} ({}), which is not ours: take it out there first",
                            seen.display_name, seen.id
                        ),
                    );
                    continue;
                }
            };
            changes.push(gone(&format!("portfolios[{portfolio}]"), "associated"));
            for constraint in constraints_of(seen, &live.id) {
                let text = constraint_text(&constraint.kind, &constraint.parameters);
                changes.push(gone(&field(&portfolio, &constraint.kind), &text));
                ops.push(Op::DeleteConstraint {
                    id: constraint.id.clone(),
                    kind: constraint.kind.clone(),
                });
            }
            ends.push(Op::DisassociateProduct {
                portfolio: seen.id.clone(),
                product: live.id.clone(),
            });
        }
        ops.extend(ends);
        ops.push(Op::DeleteProduct {
            id: live.id.clone(),
        });
        self.leave(draft, Action::Delete, changes, ops, &needs);
    }

    fn remove_service_action(&mut self, name: &Name, live: &'a LiveServiceAction) {
        let kind = Kind::ServiceAction;
        let identity = self.input.identity;
        let description = live.description.as_deref().unwrap_or_default();
        let on_remove = identity.described(description).on_remove;
        if on_remove != OnRemove::Delete {
            return;
        }
        let mark = Mark::Description(identity.mark(name, on_remove));
        let draft = self.leaver(kind, name, live.id.as_str(), mark);
        let mut changes = vec![gone("name", &live.name)];
        let mut ops = Vec::new();
        for (product, version) in &live.versions {
            let product_name = self.product_name(product);
            let field = format!("versions[{product_name} {version}]");
            changes.push(gone(&field, "offered"));
            ops.push(Op::WithdrawAction {
                action: live.id.clone(),
                product: product.clone(),
                version: version.clone(),
            });
        }
        ops.push(Op::DeleteServiceAction {
            id: live.id.clone(),
        });
        self.leave(draft, Action::Delete, changes, ops, &BTreeSet::new());
    }

    /// What runs from a product keeps it; what goes or moves on in this plan goes first.
    fn provisioned_of(&self, draft: &mut Draft, live: &LiveProduct, needs: &mut BTreeSet<StepId>) {
        let runs = |o: &&LiveProvisioned| {
            let running = o.running.as_ref();
            o.product == live.id || running.is_some_and(|r| r.product == live.id)
        };
        let mut stay = Vec::new();
        for user in self.input.observed.provisioned.values().filter(runs) {
            if let Some(step) = self.going.provisioned.get(&user.id) {
                needs.insert(*step);
                continue;
            }
            let moves = self.owned.provisioned.iter().find_map(|(name, all)| {
                let key = Key::new(Kind::ProvisionedProduct, name.clone());
                let is_it = all.iter().any(|o| o.id == user.id);
                (is_it && self.steps_of(&key).next().is_some()).then_some(key)
            });
            match moves {
                Some(key) => {
                    let message = format!("{key} runs from it and is changed in this plan");
                    draft.waits(Some(key), message);
                }
                None => stay.push(format!("{:?} ({})", user.name, user.id)),
            }
        }
        if stay.is_empty() {
            return;
        }
        const SHOWN: usize = 5;
        let more = match stay.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        stay.truncate(SHOWN);
        draft.blocked(
            BlockedCode::InUse,
            format!(
                "it has left git and stays, because it is provisioned: {}{more}. Terminate or move what runs from it first",
                stay.join(", ")
            ),
        );
    }

    fn product_name(&self, id: &ProductId) -> String {
        let live = self.input.observed.products.get(id);
        live.map_or_else(|| id.to_string(), |o| format!("{} ({id})", o.name))
    }
}

/// Takes TagOptions and budgets from what goes: the service would keep it otherwise.
fn detach(
    resource: &Resource,
    tag_options: &LiveTagOptions,
    budgets: &BTreeSet<String>,
    changes: &mut Vec<Change>,
    ops: &mut Vec<Op>,
) {
    for (id, option) in tag_options {
        let name = pair_text((&option.key, &option.value));
        changes.push(gone("tagOptions", &name));
        ops.push(Op::DisassociateTagOption {
            resource: resource.clone(),
            tag_option: id.clone(),
            name,
        });
    }
    for budget in budgets {
        changes.push(gone("budgets", budget));
        ops.push(Op::DisassociateBudget {
            resource: resource.clone(),
            budget: budget.clone(),
        });
    }
}

/// Something that goes with its object.
fn gone(field: &str, before: &str) -> Change {
    Change {
        field: field.to_owned(),
        before: Shown::text(before),
        after: Shown::Absent,
        reason: Reason::GitChanged,
    }
}
