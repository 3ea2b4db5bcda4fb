//! Launch paths, computed: the service lists them for the caller only, and lags (design §5).
//!
//! A path is a portfolio that holds the product and has a principal that admits the role catalogd runs as.

use std::collections::BTreeSet;

use super::association::constraints_of;
use super::guard::unread;
use super::op::StepId;
use super::planner::{Place, Planner};
use super::product::ProductAfter;
use super::{Blocked, BlockedCode};
use crate::diff::normalise::{RESOURCE_UPDATE, admits, allows_tag_updates};
use crate::ids::{Key, Kind, Name, PortfolioId};
use crate::model::desired::ProvisionedProduct;
use crate::model::observed::{Gap, LivePortfolio, LivePrincipal};
use crate::model::owner::Owner;

/// A portfolio that will hold the product.
#[derive(Debug, Clone)]
pub(crate) struct Holding<'a> {
    /// What git calls it, where it is ours.
    name: Option<Name>,
    id: Option<PortfolioId>,
    /// `PathName` (peers C8 77).
    pub(crate) display_name: String,
    /// The steps after which the product can be launched from here.
    pub(crate) needs: BTreeSet<StepId>,
    /// Whether tags of provisioned products may change.
    pub(crate) tag_updates: bool,
    /// What kinds of constraints the product has there.
    pub(crate) constraints: Vec<String>,
    admits: bool,
    /// What could not be read of it.
    pub(crate) gap: Option<&'a Gap>,
}

impl Holding<'_> {
    /// For people and for request texts.
    pub(crate) fn text(&self) -> String {
        match (&self.name, &self.id) {
            (Some(name), _) => format!("portfolio/{name}"),
            (None, Some(id)) => id.to_string(),
            (None, None) => self.display_name.clone(),
        }
    }
}

impl<'a> Planner<'a> {
    /// The launch path of a provisioned product, or why there is none to take.
    pub(crate) fn path(
        &self,
        want: &ProvisionedProduct,
        product: &ProductAfter<'a>,
    ) -> Result<Holding<'a>, Blocked> {
        let all = self.holdings(product);
        let chosen = match &want.portfolio {
            Some(name) => self.named_path(want, name, &all)?,
            None => self.only_path(want, &all)?,
        };
        let twins = all.iter().filter(|o| {
            o.admits && o.display_name == chosen.display_name && o.text() != chosen.text()
        });
        let twins: Vec<String> = twins.map(Holding::text).collect();
        if !twins.is_empty() {
            return Err(no_path(format!(
                "{} and {} both have the display name {:?}, so a launch path by name is ambiguous: rename one",
                chosen.text(),
                twins.join(", "),
                chosen.display_name
            )));
        }
        Ok(chosen.clone())
    }

    fn named_path<'h>(
        &self,
        want: &ProvisionedProduct,
        name: &Name,
        all: &'h [Holding<'a>],
    ) -> Result<&'h Holding<'a>, Blocked> {
        let product = self.origin(Kind::Product, &want.product);
        let Some(holding) = all.iter().find(|o| o.name.as_ref() == Some(name)) else {
            if let Some(stuck) = self.stuck_portfolio(name) {
                return Err(Blocked::new(
                    BlockedCode::Dependency,
                    format!("it launches from portfolio/{name}, which {stuck}"),
                ));
            }
            return Err(no_path(format!(
                "product/{} is not in portfolio/{name}: add `- portfolio: {name}` to its spec.portfolios{product}",
                want.product
            )));
        };
        if holding.admits {
            return Ok(holding);
        }
        if let Some(gap) = holding.gap {
            return Err(unread(gap, "its launch path can't be told"));
        }
        let portfolio = self.origin(Kind::Portfolio, name);
        Err(no_path(format!(
            "{} may not launch from portfolio/{name}: add `- self: true` to its spec.principals{portfolio}",
            self.input.observed.caller
        )))
    }

    fn only_path<'h>(
        &self,
        want: &ProvisionedProduct,
        all: &'h [Holding<'a>],
    ) -> Result<&'h Holding<'a>, Blocked> {
        let open: Vec<&Holding<'a>> = all.iter().filter(|o| o.admits).collect();
        match open.as_slice() {
            [one] => Ok(one),
            [] => {
                let unseen = all
                    .iter()
                    .find_map(|o| o.gap)
                    .or(self.doubt.hidden_portfolio());
                if let Some(gap) = unseen {
                    return Err(unread(gap, "its launch path can't be told"));
                }
                let caller = &self.input.observed.caller;
                let advice = match all.first() {
                    Some(holding) => {
                        let name = holding.name.as_ref();
                        let origin =
                            name.map_or(String::new(), |n| self.origin(Kind::Portfolio, n));
                        format!(
                            "add `- self: true` to spec.principals of {}{origin}",
                            holding.text()
                        )
                    }
                    None => format!(
                        "put product/{} in a portfolio that {caller} may use{}",
                        want.product,
                        self.origin(Kind::Product, &want.product)
                    ),
                };
                Err(no_path(format!(
                    "{caller} has no launch path to product/{}: {advice}",
                    want.product
                )))
            }
            several => {
                let names: Vec<String> = several.iter().map(|o| o.text()).collect();
                Err(no_path(format!(
                    "product/{} can be launched from {}: say which with spec.portfolio ({})",
                    want.product,
                    names.join(" and "),
                    want.origin
                )))
            }
        }
    }

    /// Every portfolio that holds the product once the plan is done, in a stable order.
    fn holdings(&self, product: &ProductAfter<'a>) -> Vec<Holding<'a>> {
        let mut all = Vec::new();
        let mut known: BTreeSet<&PortfolioId> = BTreeSet::new();
        for (name, association) in &product.associations {
            let Some(portfolio) = self.portfolios.get(name) else {
                continue;
            };
            let mut needs = association.needs.clone();
            match &portfolio.place {
                Place::Live(id) => {
                    known.insert(id);
                }
                Place::Made(step) => {
                    needs.insert(*step);
                }
                Place::Not(_) => continue,
            }
            needs.extend(portfolio.renamed);
            let (admits, by) = self.admitted(&portfolio.principals);
            needs.extend(by);
            let id = portfolio.place.live();
            all.push(Holding {
                name: Some(name.clone()),
                id: id.cloned(),
                display_name: portfolio.display_name.clone(),
                needs,
                tag_updates: association.tag_updates.unwrap_or(false),
                constraints: association.constraints.clone(),
                admits,
                gap: id.and_then(|id| self.doubt.portfolio(id)),
            });
        }
        let Some(id) = product.place.live() else {
            return all;
        };
        for live in self.input.observed.portfolios.values() {
            let stays = live.products.contains(id) && !product.left.contains_key(&live.id);
            if stays && !known.contains(&live.id) {
                all.push(self.live_holding(live, id));
            }
        }
        all
    }

    /// A portfolio that holds the product without the product's manifest saying so.
    fn live_holding(&self, live: &LivePortfolio, product: &crate::ids::ProductId) -> Holding<'a> {
        let name = match self.input.identity.owner(Kind::Portfolio, &live.tags) {
            Owner::Us(name) => Some(name),
            Owner::Nobody | Owner::Foreign(_) => None,
        };
        let planned = name.as_ref().and_then(|name| self.portfolios.get(name));
        let planned = planned.filter(|o| o.place.live() == Some(&live.id));
        let as_seen: Vec<_> = live.principals.iter().map(|p| (p.clone(), None)).collect();
        let (admits, by) = self.admitted(planned.map_or(&as_seen, |o| &o.principals));
        let constraints = constraints_of(live, product);
        let mut updates = constraints.iter().filter(|c| c.kind == RESOURCE_UPDATE);
        Holding {
            display_name: planned
                .map_or(&live.display_name, |o| &o.display_name)
                .clone(),
            needs: by
                .into_iter()
                .chain(planned.and_then(|o| o.renamed))
                .collect(),
            tag_updates: updates.any(|c| allows_tag_updates(&c.parameters)),
            constraints: constraints.iter().map(|c| c.kind.clone()).collect(),
            admits,
            gap: self.doubt.portfolio(&live.id),
            id: Some(live.id.clone()),
            name,
        }
    }

    /// Whether the caller is admitted, and by which step where not already.
    fn admitted(&self, principals: &[(LivePrincipal, Option<StepId>)]) -> (bool, Option<StepId>) {
        let caller = &self.input.observed.caller;
        let mut by = principals.iter().filter(|(p, _)| admits(p, caller));
        if by.clone().any(|(_, step)| step.is_none()) {
            return (true, None);
        }
        by.next().map_or((false, None), |(_, step)| (true, *step))
    }

    fn stuck_portfolio(&self, name: &Name) -> Option<String> {
        match self.portfolios.get(name) {
            Some(portfolio) => match &portfolio.place {
                Place::Not(why) => Some(why.clone()),
                Place::Live(_) | Place::Made(_) => None,
            },
            None => {
                let key = Key::new(Kind::Portfolio, name.clone());
                let broken = self.input.desired.broken.contains(&key);
                broken.then(|| self.undeclared(Kind::Portfolio, name).to_owned())
            }
        }
    }

    /// ` (file:line:column)` of an object's manifest.
    fn origin(&self, kind: Kind, name: &Name) -> String {
        let key = Key::new(kind, name.clone());
        let origin = self.input.desired.origin(&key);
        origin.map_or(String::new(), |origin| format!(" ({origin})"))
    }
}

fn no_path(message: String) -> Blocked {
    Blocked::new(BlockedCode::LaunchPath, message)
}
