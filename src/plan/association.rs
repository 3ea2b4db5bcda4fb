//! A product's places in portfolios and its constraints there: a map that is present is the whole truth.

use std::collections::{BTreeMap, BTreeSet};

use super::BlockedCode;
use super::draft::Draft;
use super::guard::{Family, unread};
use super::op::{Arg, Op, StepId};
use super::planner::Planner;
use super::portfolio::Fields;
use super::product::{AssociationAfter, ProductAfter};
use crate::diff::association::{
    ConstraintsDiff, KINDS, NewConstraint, constraints, exclude_each_other, field, parameters,
};
use crate::diff::normalise::{RESOURCE_UPDATE, allows_tag_updates, constraint_text};
use crate::diff::{Change, Member, Shown, Was, was};
use crate::ids::{ConstraintId, Key, Kind, Name, PortfolioId, ProductId};
use crate::model::desired::{Association, Product, TagUpdates};
use crate::model::observed::{LiveConstraint, LivePortfolio};

/// A live constraint that goes, with its type.
type Surplus = Member<(ConstraintId, String)>;

impl<'a> Planner<'a> {
    /// The associations of a product: `live` is its id, where it is there already.
    pub(crate) fn associations(
        &self,
        draft: &mut Draft,
        want: &'a Product,
        live: Option<&ProductId>,
        after: &mut ProductAfter<'a>,
    ) {
        let Some(portfolios) = &want.portfolios else {
            return;
        };
        let base = was(self.input.base.map(|base| base.products.get(&want.name)));
        let base = base.part(|o| o.portfolios.as_ref());
        let mut added = BTreeSet::new();
        for (name, association) in portfolios {
            let listed = base.part(|all| all.get(name));
            self.association(draft, name, association, listed, live, after, &mut added);
        }
        if let Some(product) = live {
            self.surplus(draft, product, portfolios, base, after, &added);
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one association's context, passed once"
    )]
    fn association(
        &self,
        draft: &mut Draft,
        name: &Name,
        want: &Association,
        base: Was<&Association>,
        product: Option<&ProductId>,
        after: &mut ProductAfter<'a>,
        added: &mut BTreeSet<StepId>,
    ) {
        let place = match self.portfolios.get(name) {
            Some(portfolio) => portfolio.place.arg(),
            None => Err(self.undeclared(Kind::Portfolio, name)),
        };
        let portfolio = match place {
            Ok(portfolio) => portfolio,
            Err(why) => {
                let message = format!(
                    "it can't be put in portfolio/{name}, which {why} ({})",
                    want.origin
                );
                return draft.blocked(BlockedCode::Dependency, message);
            }
        };
        let seen = match &portfolio {
            Arg::Value(id) => {
                if let Some(gap) = self.doubt.portfolio(id) {
                    let what = format!("its place in portfolio/{name} is left as it is");
                    return draft.refuse(unread(gap, &what));
                }
                self.input.observed.portfolios.get(id)
            }
            Arg::From(_) => None,
        };
        let held = seen
            .zip(product)
            .filter(|(seen, product)| seen.products.contains(*product));
        let mut known = AssociationAfter {
            needs: BTreeSet::new(),
            constraints: kinds(want, held),
            tag_updates: want
                .constraints
                .as_ref()
                .map(|c| c.tag_updates == Some(TagUpdates::Allowed)),
        };
        match held {
            Some((seen, product)) => {
                self.constraints(draft, name, want, base, seen, product, &mut known);
            }
            None => {
                let made = self.associate(draft, name, want, base, portfolio, after, &mut known);
                added.extend(made);
            }
        }
        after.associations.insert(name.clone(), known);
    }

    /// Puts the product in a portfolio, then its constraints.
    #[expect(
        clippy::too_many_arguments,
        reason = "one association's context, passed once"
    )]
    fn associate(
        &self,
        draft: &mut Draft,
        name: &Name,
        want: &Association,
        base: Was<&Association>,
        portfolio: Arg<PortfolioId>,
        after: &ProductAfter<'a>,
        known: &mut AssociationAfter,
    ) -> Option<StepId> {
        let product = after.place.arg().ok()?;
        let reason = match draft.object.action {
            super::Action::Create => draft.object.reason,
            _ => None,
        };
        let reason = reason.unwrap_or_else(|| base.map(|_| true).why(&true, &false));
        Fields::new(draft, reason).field(format!("portfolios[{name}]"), Some("associated"));
        let needs = [portfolio.step(), product.step(), after.claimed];
        let needs = needs.into_iter().flatten();
        let op = Op::AssociateProduct {
            portfolio: portfolio.clone(),
            product: product.clone(),
        };
        let made = draft.step(op, needs);
        known.needs.insert(made);
        for kind in KINDS {
            let wanted = want.constraints.as_ref().and_then(|c| parameters(kind, c));
            let Some(parameters) = wanted else { continue };
            let shown = constraint_text(kind, &parameters);
            Fields::new(draft, reason).field(field(name, kind), Some(&shown));
            let constraint = NewConstraint { kind, parameters };
            let op = self.new_constraint(draft, name, &portfolio, &product, constraint);
            let needs = [Some(made), portfolio.step(), product.step()];
            known
                .needs
                .insert(draft.step(op, needs.into_iter().flatten()));
        }
        Some(made)
    }

    fn new_constraint(
        &self,
        draft: &Draft,
        name: &Name,
        portfolio: &Arg<PortfolioId>,
        product: &Arg<ProductId>,
        constraint: NewConstraint,
    ) -> Op {
        let action = format!("constraint {} in {name}", constraint.kind);
        Op::CreateConstraint {
            portfolio: portfolio.clone(),
            product: product.clone(),
            kind: constraint.kind.to_owned(),
            parameters: constraint.parameters,
            token: self.create_token(&draft.object.key, &action).0,
        }
    }

    /// The constraints where the product stands in the portfolio already.
    #[expect(
        clippy::too_many_arguments,
        reason = "one association's context, passed once"
    )]
    fn constraints(
        &self,
        draft: &mut Draft,
        name: &Name,
        want: &Association,
        base: Was<&Association>,
        seen: &LivePortfolio,
        product: &ProductId,
        known: &mut AssociationAfter,
    ) {
        let live = constraints_of(seen, product);
        let mut diff = constraints(name, base, want, &live);
        for kind in &diff.pending {
            let message = format!("its {kind} constraint in portfolio/{name} is not usable yet");
            draft.waits(None, message);
        }
        let replaced = replaced(&mut diff);
        for member in diff.create {
            draft.change(member.change);
            let portfolio = Arg::Value(seen.id.clone());
            let product = Arg::Value(product.clone());
            let op = self.new_constraint(draft, name, &portfolio, &product, member.item);
            known.needs.insert(draft.step(op, []));
        }
        for member in diff.update {
            draft.change(member.change);
            let (id, constraint) = member.item;
            let op = Op::UpdateConstraint {
                id,
                kind: constraint.kind.to_owned(),
                parameters: constraint.parameters,
            };
            known.needs.insert(draft.step(op, []));
        }
        let mut gone = BTreeSet::new();
        for member in diff.delete {
            let (id, kind) = member.item;
            let what = format!("the {kind} constraint {id} in portfolio/{name}");
            let removed = match self.doubt.removal(Some(&seen.id), Some(product), &what) {
                Some(blocked) => {
                    draft.refuse(blocked);
                    None
                }
                None => draft.removal(
                    Family::Constraints,
                    vec![member.change],
                    vec![Op::DeleteConstraint {
                        id,
                        kind: kind.clone(),
                    }],
                    &known.needs,
                ),
            };
            match removed {
                Some(step) => drop(gone.insert(step)),
                None => known.constraints.push(kind),
            }
        }
        if let Some((old, new)) = replaced {
            let kinds = old.iter().map(|old| old.item.1.clone());
            let (kinds, kind) = (kinds.collect::<Vec<_>>(), new.item.kind);
            match self.replace(draft, name, seen, product, old, new, known) {
                Some(step) => drop(gone.insert(step)),
                None => {
                    known.constraints.retain(|known| known != kind);
                    known.constraints.extend(kinds);
                }
            }
        }
        // What is launched before is launched under what git no longer says: as a stack set, with a topic that it keeps for
        // good, or refused by a rule that goes.
        known.needs.extend(gone);
        if known.tag_updates.is_none() {
            let live = live.iter().filter(|c| c.kind == RESOURCE_UPDATE);
            known.tag_updates = Some(live.into_iter().any(|c| allows_tag_updates(&c.parameters)));
        }
    }

    /// Puts a constraint in place of one that the service would refuse beside it: a removal with what follows on it.
    /// Answers with its last step, if it is made.
    #[expect(
        clippy::too_many_arguments,
        reason = "one association's context, passed once"
    )]
    fn replace(
        &self,
        draft: &mut Draft,
        name: &Name,
        seen: &LivePortfolio,
        product: &ProductId,
        old: Vec<Surplus>,
        new: Member<NewConstraint>,
        known: &AssociationAfter,
    ) -> Option<StepId> {
        let kinds: BTreeSet<&str> = old.iter().map(|o| o.item.1.as_str()).collect();
        let kinds = kinds.into_iter().collect::<Vec<_>>().join(" and ");
        let what = format!("the {kinds} constraint in portfolio/{name}");
        if let Some(blocked) = self.doubt.removal(Some(&seen.id), Some(product), &what) {
            draft.refuse(blocked);
            return None;
        }
        let portfolio = Arg::Value(seen.id.clone());
        let create = self.new_constraint(
            draft,
            name,
            &portfolio,
            &Arg::Value(product.clone()),
            new.item,
        );
        let mut changes = Vec::new();
        let mut ops = Vec::new();
        for member in old {
            let (id, kind) = member.item;
            changes.push(member.change);
            ops.push(Op::DeleteConstraint { id, kind });
        }
        changes.push(new.change);
        ops.push(create);
        draft.removal(Family::Constraints, changes, ops, &known.needs)
    }

    /// Takes the product out of the portfolios of ours that its manifest does not name.
    fn surplus(
        &self,
        draft: &mut Draft,
        product: &ProductId,
        want: &BTreeMap<Name, Association>,
        base: Was<&BTreeMap<Name, Association>>,
        after: &mut ProductAfter<'a>,
        added: &BTreeSet<StepId>,
    ) {
        let holding = self.input.observed.portfolios.values();
        for seen in holding.filter(|p| p.products.contains(product)) {
            let name = match self.owned.portfolio_name(&seen.id) {
                Some(name) => name.clone(),
                None => {
                    draft.note(format!(
                        "it also stands in {:?} ({}), which is not ours: left alone",
                        seen.display_name, seen.id
                    ));
                    continue;
                }
            };
            if want.contains_key(&name) {
                continue;
            }
            let tags = &seen.tags;
            if self
                .input
                .identity
                .on_remove(Kind::Portfolio, tags)
                .is_none()
            {
                // Nothing goes from it before it is ours.
                let key = Key::new(Kind::Portfolio, name.clone());
                let comes = self
                    .object(&key)
                    .is_some_and(|o| o.action == super::Action::Adopt);
                match comes {
                    true => draft.waits(Some(key), "its place there ends once that is taken over"),
                    false => draft.blocked(
                        BlockedCode::Dependency,
                        format!("its place in {key} stays, because that can't be taken over"),
                    ),
                }
                continue;
            }
            let what = format!("its place in portfolio/{name}");
            if let Some(blocked) = self.doubt.removal(Some(&seen.id), Some(product), &what) {
                draft.refuse(blocked);
                continue;
            }
            let live = constraints_of(seen, product);
            if let Some(blocked) = foreign_constraints(&name, &live) {
                draft.blocked(BlockedCode::Dependency, blocked);
                continue;
            }
            let mut changes = vec![Change {
                field: format!("portfolios[{name}]"),
                before: Shown::text("associated"),
                after: Shown::Absent,
                reason: base.map(|all| all.contains_key(&name)).why(&false, &true),
            }];
            let mut ops = Vec::new();
            for constraint in live {
                changes.push(Change {
                    field: field(&name, &constraint.kind),
                    before: Shown::text(constraint_text(&constraint.kind, &constraint.parameters)),
                    after: Shown::Absent,
                    reason: changes[0].reason,
                });
                ops.push(Op::DeleteConstraint {
                    id: constraint.id.clone(),
                    kind: constraint.kind.clone(),
                });
            }
            ops.push(Op::DisassociateProduct {
                portfolio: seen.id.clone(),
                product: product.clone(),
            });
            // After the additions: should one fail, nobody has lost the product for it.
            if let Some(step) = draft.removal(Family::Associations, changes, ops, added) {
                after.left.insert(seen.id.clone(), step);
            }
            self.note_launched(draft, product, &name);
        }
    }

    fn note_launched(&self, draft: &mut Draft, product: &ProductId, portfolio: &Name) {
        let launched = self.owned.provisioned.iter().filter(|(_, live)| {
            let mut running = live
                .iter()
                .map(|o| o.running.as_ref().map_or(&o.product, |r| &r.product));
            running.any(|id| id == product)
        });
        let names: Vec<&str> = launched.map(|(name, _)| name.as_str()).collect();
        if !names.is_empty() {
            draft.note(format!(
                "launched from it and left running: {}; their next update takes another launch path than portfolio/{portfolio}",
                names.join(", ")
            ));
        }
    }
}

/// Takes out of a difference what has to go before the service takes the other, and that other.
fn replaced(diff: &mut ConstraintsDiff) -> Option<(Vec<Surplus>, Member<NewConstraint>)> {
    let excluded =
        |new: &Member<NewConstraint>, old: &Surplus| exclude_each_other(new.item.kind, &old.item.1);
    let at = diff
        .create
        .iter()
        .position(|new| diff.delete.iter().any(|old| excluded(new, old)))?;
    let new = diff.create.remove(at);
    let all = std::mem::take(&mut diff.delete);
    let (old, rest) = all.into_iter().partition(|old| excluded(&new, old));
    diff.delete = rest;
    Some((old, new))
}

/// The kinds of constraints that an association has once it is as its manifest wants it.
fn kinds(want: &Association, held: Option<(&LivePortfolio, &ProductId)>) -> Vec<String> {
    let wanted = KINDS.into_iter().filter(|kind| {
        let given = want.constraints.as_ref();
        given.is_some_and(|given| parameters(kind, given).is_some())
    });
    let live = held.map(|(seen, product)| constraints_of(seen, product));
    let kept = live.iter().flatten().map(|c| c.kind.as_str());
    let kept = kept.filter(|kind| want.constraints.is_none() || !KINDS.contains(kind));
    wanted.chain(kept).map(str::to_owned).collect()
}

/// The constraints of a product in a portfolio, in the order of their ids.
pub(crate) fn constraints_of<'p>(
    portfolio: &'p LivePortfolio,
    product: &ProductId,
) -> Vec<&'p LiveConstraint> {
    let all = portfolio.constraints.values();
    all.filter(|c| c.product == *product).collect()
}

/// Constraints of types that this program does not know keep an association: the service would refuse to end it.
fn foreign_constraints(name: &Name, live: &[&LiveConstraint]) -> Option<String> {
    let others: Vec<String> = live
        .iter()
        .filter(|c| !KINDS.contains(&c.kind.as_str()))
        .map(|c| format!("{} {}", c.kind, c.id))
        .collect();
    (!others.is_empty()).then(|| {
        format!(
            "it stays in portfolio/{name}, because of constraints of types that catalogd does not know: {}",
            others.join(", ")
        )
    })
}
