//! The service actions that a product's versions offer: a list that is present is the whole truth.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::Draft;
use super::guard::{Family, unread};
use super::op::{Arg, Offer, Op, StepId};
use super::planner::Planner;
use super::product::ProductAfter;
use super::{Action, BlockedCode};
use crate::diff::{Change, Reason, Shown, Was, was};
use crate::ids::{Kind, Name, ProductId, ServiceActionId, VersionId};
use crate::model::desired::{Offers, Product};
use crate::model::limits;
use crate::model::observed::{LiveServiceAction, ReadyStatus};
use crate::model::owner::Owner;

/// Why a version is made.
fn made_for(draft: &Draft, version: &str) -> Option<Reason> {
    let whole = format!("versions[{version}]");
    let is_its = |change: &&Change| {
        let rest = change.field.strip_prefix(&whole);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let found = draft.object.changes.iter().find(is_its);
    found.map(|change| change.reason)
}

/// The associations of a product that are to be made and ended.
#[derive(Default)]
struct Difference {
    missing: Vec<Offer>,
    surplus: Vec<(Change, Op)>,
}

/// A version of a product, as far as what it offers is concerned.
struct Place<'a> {
    name: &'a str,
    product: Arg<ProductId>,
    version: Arg<VersionId>,
}

impl Place<'_> {
    /// Its ids, where it is there already.
    fn live(&self) -> Option<(&ProductId, &VersionId)> {
        match (&self.product, &self.version) {
            (Arg::Value(product), Arg::Value(version)) => Some((product, version)),
            _ => None,
        }
    }
}

impl<'a> Planner<'a> {
    /// Offers service actions with the versions of a product, and withdraws those that are not listed. `live` is the
    /// product's id, where it is there already.
    pub(crate) fn offers(
        &self,
        draft: &mut Draft,
        want: &'a Product,
        live: Option<&ProductId>,
        after: &ProductAfter<'a>,
    ) {
        if !want.has_offers() {
            return;
        }
        if let Some(gap) = live.and_then(|id| self.doubt.product(id)) {
            return draft.refuse(unread(gap, "its service actions are left as they are"));
        }
        let base = was(self.input.base.map(|base| base.products.get(&want.name)));
        // In the order of the list; without one in that of their names.
        let listed: Vec<&str> = match want.lists_versions() {
            true => want.versions.iter().map(|v| v.name.as_str()).collect(),
            false => after.versions.keys().map(String::as_str).collect(),
        };
        let mut all = Difference::default();
        for name in listed {
            if let (Some(offers), Some(place)) = (want.offers(name), place(name, after)) {
                let base = base.part(|o| o.offers(name));
                self.missing_offers(draft, &place, offers, base, &mut all);
                self.surplus_offers(draft, &place, offers, base, &mut all);
            }
        }
        let added = make_offers(draft, all.missing, after.claimed);
        for (change, op) in all.surplus {
            // After the additions: should one fail, nobody has lost an action for it.
            draft.removal(Family::Offers, vec![change], vec![op], &added);
        }
    }

    fn missing_offers(
        &self,
        draft: &mut Draft,
        place: &Place<'_>,
        want: &Offers,
        base: Was<&Offers>,
        all: &mut Difference,
    ) {
        for (name, origin) in want {
            let action = match self.service_actions.get(name) {
                Some(action) => action.arg(),
                None => Err(self.undeclared(Kind::ServiceAction, name)),
            };
            let action = match action {
                Ok(action) => action,
                Err(why) => {
                    let message = format!(
                        "version {:?} can't offer service-action/{name}, which {why} ({origin})",
                        place.name
                    );
                    draft.blocked(BlockedCode::Dependency, message);
                    continue;
                }
            };
            if let Arg::Value(id) = &action {
                if let Some(gap) = self.doubt.service_action(id) {
                    let what = format!("which versions offer service-action/{name} stays as it is");
                    draft.refuse(unread(gap, &what));
                    continue;
                }
                if self.is_offered(id, place) {
                    continue;
                }
            }
            let reason = match draft.object.action {
                Action::Create => draft.object.reason,
                _ => None,
            };
            // A version that is made in this plan lacks it for the reason that it is made for.
            let reason = reason.or_else(|| match place.live() {
                None => made_for(draft, place.name),
                Some(_) => None,
            });
            let listed = base.map(|o| o.contains_key(name));
            let reason = reason.unwrap_or_else(|| listed.why(&true, &false));
            draft.change(change(place.name, name.as_str(), true, reason));
            all.missing.push(Offer {
                action,
                product: place.product.clone(),
                version: place.version.clone(),
            });
        }
    }

    /// What the list does not name, whoever made it.
    fn surplus_offers(
        &self,
        draft: &mut Draft,
        place: &Place<'_>,
        want: &Offers,
        base: Was<&Offers>,
        all: &mut Difference,
    ) {
        let Some((product, version)) = place.live() else {
            return;
        };
        for live in self.input.observed.service_actions.values() {
            let name = self.action_name(live);
            let wanted = name.as_ref().is_some_and(|name| want.contains_key(name));
            if wanted || !self.is_offered(&live.id, place) {
                continue;
            }
            let shown = match &name {
                Some(name) => name.to_string(),
                None => format!("{} ({})", live.name, live.id),
            };
            let what = format!("service action {shown} of version {:?}", place.name);
            let gap = self.doubt.service_actions();
            let gap = gap.or_else(|| self.doubt.service_action(&live.id));
            let doubt = gap.map(|gap| unread(gap, &format!("{what} stays")));
            let doubt = self.doubt.removal(None, Some(product), &what).or(doubt);
            if let Some(blocked) = doubt {
                draft.refuse(blocked);
                continue;
            }
            let listed = base.map(|o| name.as_ref().is_some_and(|name| o.contains_key(name)));
            let reason = listed.why(&false, &true);
            let op = Op::WithdrawAction {
                action: live.id.clone(),
                product: product.clone(),
                version: version.clone(),
            };
            all.surplus
                .push((change(place.name, &shown, false, reason), op));
        }
    }

    /// What git calls a live service action; `None` where it is not ours.
    fn action_name(&self, live: &LiveServiceAction) -> Option<Name> {
        let description = live.description.as_deref().unwrap_or_default();
        if let Owner::Us(name) = self.input.identity.described(description).owner {
            return Some(name);
        }
        // What is taken over in this plan is ours by its end.
        let mut all = self.service_actions.iter();
        let taken = all.find(|(_, place)| place.live() == Some(&live.id));
        taken.map(|(name, _)| name.clone())
    }

    fn is_offered(&self, action: &ServiceActionId, place: &Place<'_>) -> bool {
        let live = self.input.observed.service_actions.get(action);
        let mut places = live.iter().flat_map(|live| &live.versions);
        places.any(|(product, version)| Some((product, version)) == place.live())
    }
}

/// A version that is there, usable, or made in this plan. Of any other its own entry says what is wrong.
fn place<'n>(name: &'n str, after: &ProductAfter<'_>) -> Option<Place<'n>> {
    let known = after.versions.get(name)?;
    let version = match (known.ids.as_slice(), known.made) {
        ([id], None) if known.status == ReadyStatus::Available => Arg::Value((*id).clone()),
        ([], Some(step)) => Arg::From(step),
        _ => return None,
    };
    Some(Place {
        name,
        product: after.place.arg().ok()?,
        version,
    })
}

/// As few calls as can be; those that can be made now are not held up by those that wait for something else.
fn make_offers(
    draft: &mut Draft,
    missing: Vec<Offer>,
    claimed: Option<StepId>,
) -> BTreeSet<StepId> {
    let mut groups: BTreeMap<bool, Vec<(Offer, BTreeSet<StepId>)>> = BTreeMap::new();
    for offer in missing {
        let needs = [
            offer.action.step(),
            offer.product.step(),
            offer.version.step(),
            claimed,
        ];
        let needs: BTreeSet<StepId> = needs.into_iter().flatten().collect();
        let group = groups.entry(!needs.is_empty()).or_default();
        group.push((offer, needs));
    }
    let mut added = BTreeSet::new();
    for group in groups.into_values() {
        for batch in group.chunks(limits::ACTIONS_A_BATCH) {
            let needs: BTreeSet<StepId> = batch.iter().flat_map(|(_, n)| n).copied().collect();
            let offers = batch.iter().map(|(offer, _)| offer.clone()).collect();
            added.insert(draft.step(Op::OfferActions { offers }, needs));
        }
    }
    added
}

fn change(version: &str, action: &str, added: bool, reason: Reason) -> Change {
    let shown = Shown::text(action);
    let (before, after) = match added {
        true => (Shown::Absent, shown),
        false => (shown, Shown::Absent),
    };
    Change {
        field: format!("versions[{version}].serviceActions"),
        before,
        after,
        reason,
    }
}
