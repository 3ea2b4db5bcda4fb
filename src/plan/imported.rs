//! Portfolios that other accounts share with this one: accepted, given to principals, and a source of products.
//!
//! They have no mark of ours, for nothing of them is: a manifest names one by its id, and when it leaves git the share
//! stays accepted.

use std::collections::BTreeSet;

use super::Action;
use super::BlockedCode;
use super::draft::Draft;
use super::guard::{Family, unread};
use super::op::{Arg, Op};
use super::planner::{Place, Planner};
use super::portfolio::{Fields, PortfolioAfter};
use crate::diff::portfolio::{principals, resolved};
use crate::diff::{Change, Shown, Was, was};
use crate::ids::{Key, Kind, PortfolioId};
use crate::model::desired::{ImportedPortfolio, Portfolio, SharedProduct};
use crate::model::observed::LivePortfolio;

impl<'a> Planner<'a> {
    pub(crate) fn imported(&mut self, want: &'a ImportedPortfolio) {
        let mut draft = self.draft(Kind::Portfolio, &want.name);
        let gap = self.doubt.imported().or(self.doubt.portfolio(&want.id));
        let live = self.input.observed.imported.get(&want.id);
        let place = match (live, gap) {
            (_, Some(gap)) => {
                draft.refuse(unread(gap, "it is left as it is"));
                Place::Not("can't be read".to_owned())
            }
            (Some(live), None) => {
                self.update_imported(&mut draft, want, live);
                Place::Live(live.id.clone())
            }
            (None, None) => self.accept(&mut draft, want),
        };
        let unchanged = match live {
            Some(live) => Place::Live(live.id.clone()),
            None => Place::Not("is not accepted".to_owned()),
        };
        let done = self.commit(draft);
        let mut place = if done { place } else { unchanged };
        place.explain(self.last_object());
        self.imported.insert(want.name.clone(), place);
    }

    fn accept(&self, draft: &mut Draft, want: &ImportedPortfolio) -> Place<PortfolioId> {
        let reason = self.creation_reason(&draft.object.key);
        draft.object.action = Action::Create;
        draft.object.reason = Some(reason);
        Fields::new(draft, reason).field("imported", Some(want.id.as_str()));
        let op = Op::AcceptShare {
            portfolio: want.id.clone(),
        };
        let accepted = draft.step(op, []);
        for principal in want.principals.iter().flatten() {
            let principal = resolved(principal, &self.input.observed.caller);
            Fields::new(draft, reason).field("principals", Some(&principal.arn));
            let op = Op::AssociatePrincipal {
                portfolio: Arg::Value(want.id.clone()),
                principal,
            };
            draft.step(op, [accepted]);
        }
        Place::Made(accepted)
    }

    fn update_imported(&self, draft: &mut Draft, want: &ImportedPortfolio, live: &LivePortfolio) {
        draft.object.id = Some(live.id.to_string());
        let base = was(self.input.base.map(|base| base.imported.get(&want.name)));
        let diff = principals(
            base.part(|o| o.principals.as_ref()),
            want.principals.as_ref(),
            &live.principals,
            &self.input.observed.caller,
        );
        self.principals(draft, live, diff, &mut PortfolioAfter::live(live));
    }

    /// A portfolio of others that this plan accepts: what is in it is seen in the next pass.
    pub(crate) fn accepting(&self) -> Option<Key> {
        let mut all = self.imported.iter();
        let made = all.find(|(_, place)| matches!(place, Place::Made(_)));
        made.map(|(name, _)| Key::new(Kind::Portfolio, name.clone()))
    }

    /// Other accounts' products in a portfolio of one's own: `live`, where it is there already.
    pub(crate) fn shared_products(
        &self,
        draft: &mut Draft,
        want: &Portfolio,
        was: Was<&Portfolio>,
        portfolio: &Arg<PortfolioId>,
        live: Option<&LivePortfolio>,
    ) {
        let Some(wanted) = &want.shared_products else {
            return;
        };
        let none = BTreeSet::new();
        let seen = live.map_or(&none, |live| &live.shared_products);
        let was = was.part(|o| o.shared_products.as_ref());
        let made = draft
            .object
            .reason
            .filter(|_| draft.object.action == Action::Create);
        let mut added = BTreeSet::new();
        for (product, shared) in wanted
            .iter()
            .filter(|(product, _)| !seen.contains(*product))
        {
            let Some(source) = self.lender(draft, product.as_str(), shared) else {
                continue;
            };
            let reason = was.map(|all| all.contains_key(product)).why(&true, &false);
            draft.change(Change {
                field: format!("sharedProducts[{product}]"),
                before: Shown::Absent,
                after: Shown::text(format!("from portfolio/{}", shared.from)),
                reason: made.unwrap_or(reason),
            });
            let op = Op::BorrowProduct {
                portfolio: portfolio.clone(),
                product: product.clone(),
                source,
            };
            added.insert(draft.step(op, portfolio.step()));
        }
        let Some(live) = live else { return };
        for product in seen.iter().filter(|product| !wanted.contains_key(*product)) {
            let what = format!("the shared product {product}");
            if let Some(blocked) = self.doubt.removal(Some(&live.id), None, &what) {
                draft.refuse(blocked);
                continue;
            }
            let change = Change {
                field: format!("sharedProducts[{product}]"),
                before: Shown::text("associated"),
                after: Shown::Absent,
                reason: was.map(|all| all.contains_key(product)).why(&false, &true),
            };
            let op = Op::DisassociateProduct {
                portfolio: live.id.clone(),
                product: product.clone(),
            };
            draft.removal(Family::Associations, vec![change], vec![op], &added);
        }
    }

    /// The portfolio that a shared product is taken from, where it holds it; said, where not.
    fn lender(
        &self,
        draft: &mut Draft,
        product: &str,
        shared: &SharedProduct,
    ) -> Option<PortfolioId> {
        let SharedProduct { origin, from } = shared;
        let why = match self.imported.get(from) {
            Some(Place::Live(id)) => {
                let live = self.input.observed.imported.get(id);
                if live.is_some_and(|live| live.products.iter().any(|p| p.as_str() == product)) {
                    return Some(id.clone());
                }
                format!("does not hold {product}")
            }
            Some(Place::Made(_)) => {
                let message = format!("{product} is looked for once portfolio/{from} is accepted");
                draft.waits(Some(Key::new(Kind::Portfolio, from.clone())), message);
                return None;
            }
            Some(Place::Not(why)) => why.clone(),
            None => self.undeclared(Kind::Portfolio, from).to_owned(),
        };
        let message =
            format!("{product} can't be taken from portfolio/{from}, which {why} ({origin})");
        draft.blocked(BlockedCode::Dependency, message);
        None
    }
}
