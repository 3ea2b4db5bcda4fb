//! Puts a plan together: object by object in the order in which they are made, then the guards over the whole.

use std::collections::{BTreeMap, BTreeSet};

use super::bucket::BucketAfter;
use super::draft::Draft;
use super::guard::{Doubt, Family, census, refused_removals};
use super::op::{Arg, Step, StepId};
use super::owned::Owned;
use super::portfolio::PortfolioAfter;
use super::product::ProductAfter;
use super::removal::Going;
use super::secrets::{TELLING, secure_strings};
use super::tag_option::TagOptionAfter;
use super::upstream::Settled;
use super::{
    Action, Blocked, BlockedCode, Change, Input, ObjectPlan, Orphan, Plan, Reason, Shown, Stalled,
    basis, digest, only, order, upstream, veil,
};
use crate::ids::{Key, Kind, Name, PortfolioId, ServiceActionId, Token};
use crate::model::secret::Secrets;

/// A plan while it is made, with what each object will be once it is done.
pub(crate) struct Planner<'a> {
    pub(crate) input: Input<'a>,
    pub(crate) owned: Owned<'a>,
    pub(crate) doubt: Doubt<'a>,
    /// The SecureStrings that manifests take values from, but for those so short that any text has them.
    pub(crate) secrets: Secrets,
    pub(crate) service_actions: BTreeMap<Name, Place<ServiceActionId>>,
    pub(crate) tag_options: BTreeMap<Name, TagOptionAfter<'a>>,
    pub(crate) imported: BTreeMap<Name, Place<PortfolioId>>,
    pub(crate) portfolios: BTreeMap<Name, PortfolioAfter>,
    pub(crate) products: BTreeMap<Name, ProductAfter<'a>>,
    pub(crate) provisioned: BTreeMap<Name, Settled<'a>>,
    pub(crate) bucket: BucketAfter,
    pub(crate) going: Going,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) next: usize,
}

/// Where an object is, once the plan is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place<T> {
    /// It is there already.
    Live(T),
    /// A step makes it.
    Made(StepId),
    /// It will not be there, and why, as said of it: `is blocked (gap)`.
    Not(String),
}

impl<T: Clone> Place<T> {
    /// As an argument of a call.
    pub(crate) fn arg(&self) -> Result<Arg<T>, &str> {
        match self {
            Self::Live(id) => Ok(Arg::Value(id.clone())),
            Self::Made(step) => Ok(Arg::From(*step)),
            Self::Not(why) => Err(why),
        }
    }

    /// Puts the object's own trouble in place of the bare fact that it is not there.
    pub(crate) fn explain(&mut self, object: Option<&ObjectPlan>) {
        if let (Self::Not(why), Some(stuck)) = (self, object.and_then(ObjectPlan::stuck)) {
            *why = stuck;
        }
    }

    pub(crate) fn live(&self) -> Option<&T> {
        match self {
            Self::Live(id) => Some(id),
            Self::Made(_) | Self::Not(_) => None,
        }
    }
}

impl<'a> Planner<'a> {
    pub(crate) fn new(input: &Input<'a>) -> Self {
        Self {
            input: *input,
            owned: Owned::new(input),
            doubt: Doubt::new(input),
            secrets: secure_strings(input.observed).longer(TELLING),
            service_actions: BTreeMap::new(),
            tag_options: BTreeMap::new(),
            imported: BTreeMap::new(),
            portfolios: BTreeMap::new(),
            products: BTreeMap::new(),
            provisioned: BTreeMap::new(),
            bucket: BucketAfter::default(),
            going: Going::default(),
            drafts: Vec::new(),
            next: 0,
        }
    }

    pub(crate) fn run(mut self) -> Plan {
        let desired = self.input.desired;
        for action in desired.service_actions.values() {
            self.service_action(action);
        }
        for option in desired.tag_options.values() {
            self.tag_option(option);
        }
        for portfolio in desired.imported.values() {
            self.imported(portfolio);
        }
        for portfolio in desired.portfolios.values() {
            self.portfolio(portfolio);
        }
        for product in desired.products.values() {
            self.product(product);
        }
        for provisioned in upstream::order(desired) {
            self.provisioned(provisioned);
        }
        self.removals();
        self.finish()
    }

    /// An empty draft of an object.
    pub(crate) fn draft(&self, kind: Kind, name: &Name) -> Draft {
        Draft::new(Key::new(kind, name.clone()), self.next)
    }

    /// The first step id that is free.
    pub(crate) fn next_step(&self) -> usize {
        self.next
    }

    /// The steps of an object that was taken in.
    pub(crate) fn steps_of(&self, key: &Key) -> impl Iterator<Item = StepId> {
        let drafts = self.drafts.iter().filter(move |d| d.object.key == *key);
        drafts.flat_map(|draft| draft.steps.iter().map(|step| step.id))
    }

    /// The entry of an object that was taken in.
    pub(crate) fn object(&self, key: &Key) -> Option<&ObjectPlan> {
        let mut objects = self.drafts.iter().map(|draft| &draft.object);
        objects.find(|object| object.key == *key)
    }

    /// The entry that was taken in last.
    pub(crate) fn last_object(&self) -> Option<&ObjectPlan> {
        self.drafts.last().map(|draft| &draft.object)
    }

    /// Takes a draft into the plan. Returns whether its steps are in: a request that failed and would only be
    /// repeated stalls its object, and nothing of it is done (design §8).
    pub(crate) fn commit(&mut self, mut draft: Draft) -> bool {
        self.next = draft.next();
        if self.leaves_out(&draft.object.key) {
            let idle = Self::leave_out(&mut draft);
            self.drafts.push(draft);
            return idle;
        }
        let failed = self.input.policy.failed.get(&draft.object.key);
        let failed = failed.filter(|failed| self.input.now < failed.retry_at);
        let removals = draft.removals.iter().flat_map(|removal| &removal.steps);
        let mut steps = draft.steps.iter().chain(removals);
        let repeated = failed.filter(|f| steps.any(|step| step.op.request() == f.request));
        if let Some(failed) = repeated {
            draft.object.stalled = Some(Stalled {
                reason: failed.reason.clone(),
                advice: failed.advice.clone(),
            });
            draft.object.action = Action::None;
            draft.object.reason = None;
            draft.steps.clear();
            draft.removals.clear();
        }
        let denied = self.input.policy.denied.refuse(&mut draft);
        draft.object.steps = draft.steps.iter().map(|step| step.id).collect();
        draft.object.settle();
        self.drafts.push(draft);
        repeated.is_none() && !denied
    }

    /// What to say of an object that the source names and does not give.
    pub(crate) fn undeclared(&self, kind: Kind, name: &Name) -> &'static str {
        let key = Key::new(kind, name.clone());
        if self.input.desired.broken.contains(&key) {
            "has an error in its manifest"
        } else {
            "is not declared"
        }
    }

    /// Why an object that is not there is made.
    pub(crate) fn creation_reason(&self, key: &Key) -> Reason {
        match self.input.base {
            None => Reason::Differs,
            // It was applied once, so somebody else removed it.
            Some(base) if base.names(key) => Reason::Drifted,
            Some(_) => Reason::GitChanged,
        }
    }

    /// The token of a create, past the tokens that are known to answer with an object that is gone; and that object.
    pub(crate) fn create_token(&self, key: &Key, action: &str) -> (Token, Option<&'a str>) {
        let make = |after: Option<&str>| self.input.identity.create_token(key, action, after);
        self.live_token(make)
    }

    /// Follows a chain of dead attempts to a token that is not known to be spent.
    pub(crate) fn live_token(
        &self,
        make: impl Fn(Option<&str>) -> Token,
    ) -> (Token, Option<&'a str>) {
        let (mut token, mut after) = (make(None), None);
        // Each token of a chain is another, so it can't be longer than all that are known.
        for _ in 0..self.input.policy.dead.len() {
            let Some(dead) = self.input.policy.dead.get(&token) else {
                break;
            };
            after = Some(dead.as_str());
            token = make(after);
        }
        (token, after)
    }

    fn finish(mut self) -> Plan {
        let planned = self.judge_removals();
        self.former_tag_options(planned);
        let denied = self.input.policy.denied.is_whole();
        // A cache of ours, but a write.
        let index = (!denied).then(|| self.index_step()).flatten();
        let (mut objects, mut left_out) = (Vec::new(), Vec::new());
        let mut steps = Vec::new();
        for draft in std::mem::take(&mut self.drafts) {
            if self.leaves_out(&draft.object.key) {
                left_out.push(only::left_out(&draft.object));
                continue;
            }
            objects.push(draft.object);
            steps.extend(draft.steps);
        }
        steps.extend(index);
        let steps = order::ordered(steps, &mut objects);
        let mut gaps = self.input.observed.gaps.clone();
        gaps.sort();
        gaps.dedup();
        let basis = basis::of(&self.input, &self.owned, &objects, &steps);
        objects.iter_mut().for_each(veil::object);
        gaps.iter_mut().for_each(veil::gap);
        let digest = digest::of(self.input.identity, &objects, &steps, &basis);
        let mut orphans = orphans(&self.input, &self.owned, &self.going);
        orphans.retain(|orphan| !self.leaves_out(&orphan.key));
        orphans.iter_mut().for_each(veil::orphan);
        Plan {
            identity: self.input.identity.clone(),
            orphans,
            objects,
            steps,
            left_out,
            gaps,
            basis,
            digest,
            verdicts: Vec::new(),
            made: self.input.now,
        }
    }

    /// Lets removals through, or refuses those of a family of which too many would go. Returns how many were planned.
    fn judge_removals(&mut self) -> BTreeMap<Family, usize> {
        let mut planned: BTreeMap<Family, usize> = BTreeMap::new();
        for removal in self.drafts.iter().flat_map(|draft| &draft.removals) {
            *planned.entry(removal.family).or_default() += removal.takes;
        }
        let mut owned = census(&self.owned, self.input.observed);
        owned.insert(Family::Objects(Kind::TagOption), self.tag_options_in_use());
        let refused = refused_removals(&planned, &owned, &self.input);
        // An object comes after what it needs to be gone.
        let mut lost = HeldBack::default();
        for draft in &mut self.drafts {
            lost.rests(draft);
            let mut held: Vec<String> = Vec::new();
            for removal in std::mem::take(&mut draft.removals) {
                let mut needs = removal.steps.iter().flat_map(|step| &step.needs);
                let stays = needs.any(|need| lost.steps.contains_key(need)).then(|| {
                    let message = "it stays, for something that is held back must go before it";
                    Blocked::new(BlockedCode::Dependency, message)
                });
                match refused.get(&removal.family).cloned().or(stays) {
                    Some(blocked) => {
                        draft.refuse(blocked);
                        lost.steps(removal.steps);
                        match removal.family {
                            Family::Objects(_) => draft.object.action = Action::None,
                            _ => held.extend(removal.changes.iter().map(removed)),
                        }
                    }
                    None => {
                        let ids = removal.steps.iter().map(|step| step.id);
                        draft.object.steps.extend(ids);
                        draft.object.changes.extend(removal.changes);
                        draft.steps.extend(removal.steps);
                    }
                }
            }
            if !held.is_empty() {
                draft.note(format!("held back here: {}", few(&held)));
            }
            if matches!(draft.object.action, Action::None | Action::Update) {
                // Now that all changes are known; what is made has a reason of its own.
                let changes = draft.object.changes.iter();
                draft.object.reason = Reason::combined(changes.map(|change| change.reason));
            }
            draft.object.settle();
        }
        planned
    }
}

/// What is not done, and so nothing that rests on it.
#[derive(Default)]
struct HeldBack {
    steps: BTreeMap<StepId, Key>,
    /// Provisioned products that others must not wait for.
    objects: BTreeSet<Key>,
}

impl HeldBack {
    fn steps(&mut self, steps: impl IntoIterator<Item = Step>) {
        let steps = steps.into_iter();
        self.steps.extend(steps.map(|step| (step.id, step.object)));
    }

    /// Takes out of a draft what comes after what is held back: what is launched once a constraint is gone. And what waits for
    /// that waits for a person.
    fn rests(&mut self, draft: &mut Draft) {
        let mut needs = draft.steps.iter().flat_map(|step| &step.needs);
        if let Some(of) = needs.find_map(|need| self.steps.get(need)) {
            let message = format!("it comes after a removal of {of}, which is held back");
            draft.blocked(BlockedCode::Dependency, message);
            self.steps(std::mem::take(&mut draft.steps));
            for removal in std::mem::take(&mut draft.removals) {
                draft.object.changes.extend(removal.changes);
                self.steps(removal.steps);
            }
            draft.object.steps.clear();
            draft.object.action = Action::None;
            self.objects.insert(draft.object.key.clone());
        }
        for waiting in std::mem::take(&mut draft.object.waiting) {
            match waiting.on.as_ref().filter(|on| self.objects.contains(on)) {
                Some(on) => {
                    let message = format!("it waits for {on}, which is held back");
                    draft.blocked(BlockedCode::Dependency, message);
                    self.objects.insert(draft.object.key.clone());
                }
                None => draft.object.waiting.push(waiting),
            }
        }
    }
}

/// What a removal takes, in a word: `versions[v1].active`, or the principal.
fn removed(change: &Change) -> String {
    match (change.field.as_str(), &change.before) {
        ("principals", Shown::Text(member)) => member.clone(),
        ("tagOptions" | "budgets", Shown::Text(member)) => format!("{} {member}", change.field),
        (field, _) => field.to_owned(),
    }
}

/// The first of many.
fn few(all: &[String]) -> String {
    /// More would not help to decide.
    const SHOWN: usize = 20;
    let first = all.iter().take(SHOWN).map(String::as_str);
    let first = first.collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Ours, named by nobody and not to go; a source that could not be read whole has no orphans at all.
fn orphans(input: &Input<'_>, owned: &Owned<'_>, going: &Going) -> Vec<Orphan> {
    if input.desired.incomplete {
        return Vec::new();
    }
    let mut orphans = Vec::new();
    let mut add = |kind, name: &Name, id: &str, display_name: &str| {
        let key = Key::new(kind, name.clone());
        if !input.desired.names(&key) && !going.objects.contains(&key) {
            orphans.push(Orphan {
                key,
                id: id.to_owned(),
                display_name: display_name.to_owned(),
            });
        }
    };
    for (name, live) in &owned.service_actions {
        live.iter()
            .for_each(|o| add(Kind::ServiceAction, name, o.id.as_str(), &o.name));
    }
    for (name, live) in &owned.portfolios {
        live.iter()
            .for_each(|o| add(Kind::Portfolio, name, o.id.as_str(), &o.display_name));
    }
    for (name, live) in &owned.products {
        live.iter()
            .for_each(|o| add(Kind::Product, name, o.id.as_str(), &o.name));
    }
    for (name, live) in &owned.provisioned {
        live.iter()
            .for_each(|o| add(Kind::ProvisionedProduct, name, o.id.as_str(), &o.name));
    }
    orphans.sort();
    orphans
}

impl ObjectPlan {
    /// What to say of this object where something rests on it and it will not come by itself: `is blocked (gap)`.
    pub(crate) fn stuck(&self) -> Option<String> {
        if let Some(stalled) = &self.stalled {
            return Some(format!("is stalled ({})", stalled.reason));
        }
        let blocked = self.blocked.first()?;
        if blocked.code == BlockedCode::LeftOut {
            let why = "differs and is left out of this plan (--with-dependencies takes it in)";
            return Some(why.to_owned());
        }
        // Its own entry says why at length.
        Some(format!("is blocked ({})", blocked.code.as_str()))
    }
}
