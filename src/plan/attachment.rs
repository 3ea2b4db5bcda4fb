//! TagOptions and budgets of portfolios and products.

use std::collections::BTreeSet;

use super::Action;
use super::BlockedCode;
use super::draft::Draft;
use super::guard::Family;
use super::op::{Op, Resource, StepId};
use super::planner::Planner;
use crate::diff::attachment::{budgets, pair_text, pairs, tag_options};
use crate::diff::{Change, Reason, Was};
use crate::ids::{PortfolioId, ProductId};
use crate::model::desired::GivenTagOptions;
use crate::model::observed::LiveTagOptions;

/// What a manifest gives a portfolio or product, or gave it when it was last applied.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) tag_options: Option<&'a GivenTagOptions>,
    pub(crate) budgets: Option<&'a BTreeSet<String>>,
}

/// The portfolio or product that it is given to.
pub(crate) struct Place<'p> {
    pub(crate) resource: Resource,
    /// The steps that must have succeeded before.
    pub(crate) needs: Vec<StepId>,
    /// What it has.
    pub(crate) tag_options: &'p LiveTagOptions,
    pub(crate) budgets: &'p BTreeSet<String>,
    /// What a removal's gaps are asked of.
    pub(crate) portfolio: Option<&'p PortfolioId>,
    pub(crate) product: Option<&'p ProductId>,
}

impl<'a> Planner<'a> {
    /// Gives and takes TagOptions and budgets. `was` is of the base's object.
    pub(crate) fn attachments(
        &self,
        draft: &mut Draft,
        want: Given<'a>,
        was: Was<Given<'_>>,
        place: &Place<'_>,
    ) {
        // What is made has one reason for all its parts.
        let made = draft
            .object
            .reason
            .filter(|_| draft.object.action == Action::Create);
        self.given_tag_options(draft, want, &was, place, made);
        given_budgets(self, draft, want, &was, place, made);
    }

    fn given_tag_options(
        &self,
        draft: &mut Draft,
        want: Given<'a>,
        was: &Was<Given<'_>>,
        place: &Place<'_>,
        made: Option<Reason>,
    ) {
        let Some(given) = want.tag_options else {
            return;
        };
        let wanted = pairs(self.input.desired, given);
        let was = was.part(|o| o.tag_options);
        let base = match (self.input.base, was) {
            (Some(base), Was::Value(named)) => Was::Value(pairs(base, named).into_keys().collect()),
            (_, Was::Unmanaged) => Was::Unmanaged,
            _ => Was::Unknown,
        };
        let diff = tag_options(base, &wanted, place.tag_options);
        let mut added = BTreeSet::new();
        let mut withheld = false;
        for member in diff.add {
            let name = member.item;
            let origin = given
                .get(name)
                .map(|at| format!(" ({at})"))
                .unwrap_or_default();
            let Some(after) = self.tag_options.get(name) else {
                continue;
            };
            let id = match after.place.arg() {
                Ok(id) => id,
                Err(why) => {
                    let message =
                        format!("it can't be given tag-option/{name}, which {why}{origin}");
                    draft.blocked(BlockedCode::Dependency, message);
                    withheld = true;
                    continue;
                }
            };
            if !after.active {
                let message = format!(
                    "it can't be given tag-option/{name}, which is inactive: make that active, or take it out of tagOptions{origin}"
                );
                draft.blocked(BlockedCode::TagOptionState, message);
                withheld = true;
                continue;
            }
            draft.change(of(member.change, made));
            let needs = [place.resource.step(), id.step(), after.activated];
            let needs = needs
                .into_iter()
                .flatten()
                .chain(place.needs.iter().copied());
            let op = Op::AssociateTagOption {
                resource: place.resource.clone(),
                tag_option: id,
                name: pair_text(after.pair),
            };
            added.insert(draft.step(op, needs));
        }
        for member in diff.remove {
            let change = member.change;
            let name = change.before.words().to_owned();
            if withheld {
                // It may be what a launch is left with until then.
                draft.note(format!(
                    "TagOption {name} stays until those of the list are there"
                ));
                continue;
            }
            let what = format!("TagOption {name}");
            if let Some(blocked) = self.doubt.removal(place.portfolio, place.product, &what) {
                draft.refuse(blocked);
                continue;
            }
            let op = Op::DisassociateTagOption {
                resource: place.resource.clone(),
                tag_option: member.item,
                name,
            };
            draft.removal(Family::TagOptions, vec![change], vec![op], &added);
        }
    }
}

fn given_budgets(
    planner: &Planner<'_>,
    draft: &mut Draft,
    want: Given<'_>,
    was: &Was<Given<'_>>,
    place: &Place<'_>,
    made: Option<Reason>,
) {
    let Some(given) = want.budgets else { return };
    let diff = budgets(was.part(|o| o.budgets), given, place.budgets);
    let mut added = BTreeSet::new();
    for member in diff.add {
        draft.change(of(member.change, made));
        let op = Op::AssociateBudget {
            resource: place.resource.clone(),
            budget: member.item,
        };
        let needs = place.resource.step().into_iter();
        added.insert(draft.step(op, needs.chain(place.needs.iter().copied())));
    }
    for member in diff.remove {
        let what = format!("budget {}", member.item);
        if let Some(blocked) = planner.doubt.removal(place.portfolio, place.product, &what) {
            draft.refuse(blocked);
            continue;
        }
        let op = Op::DisassociateBudget {
            resource: place.resource.clone(),
            budget: member.item,
        };
        draft.removal(Family::Budgets, vec![member.change], vec![op], &added);
    }
}

fn of(change: Change, made: Option<Reason>) -> Change {
    Change {
        reason: made.unwrap_or(change.reason),
        ..change
    }
}
