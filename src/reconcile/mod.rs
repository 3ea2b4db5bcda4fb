//! One pass: observe → plan → execute → remember. What a pass could not settle is the next pass's.

pub mod converge;
pub mod export;
mod learn;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::aws::client::Aws;
use crate::aws::collect::Hints;
use crate::aws::recall::Recall;
use crate::clock::{Clock, Entropy};
use crate::execute::progress::Progress;
use crate::execute::{Executor, Outcome, Patience, StepResult};
use crate::ids::{Key, Name, TagOptionId, Token};
use crate::model::desired::{Desired, ProvisionedProduct};
use crate::model::observed::Observed;
use crate::model::owner::Identity;
use crate::model::secret::Secrets;
use crate::observe::asked::Asked;
use crate::plan::{self, Denied, Failed, FormerTagOption, HalfCopy, Plan, Policy, secrets};
use crate::policy;
use crate::rule::Rules;
use crate::status::{ObjectStatus, statuses};
use crate::store::{ALLOWANCES, Allowance, Memory, Store};

/// A refused request is made again after so long, even if nothing changed (design §7).
pub const RETRY_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// A request that failed for an unknown reason is made again after so long.
pub const RETRY_UNKNOWN_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// Copies of earlier processes that failed and are passed over at once, one after the other. Where the state folder is
/// kept, their tokens are known to be used up.
pub const OLD_COPIES: usize = 32;

/// Beyond so many secrets those of earlier passes are forgotten: a value for each of a thousand objects, ten times over.
const SECRETS: usize = 10_000;

/// Reconciles one source with one account and region.
pub struct Reconciler {
    aws: Aws,
    identity: Identity,
    clock: Clock,
    entropy: Entropy,
    patience: Patience,
    store: Option<Store>,
    memory: Memory,
    failed: BTreeMap<Key, Failed>,
    /// What failed copies left behind.
    half_copies: BTreeMap<Key, HalfCopy>,
    /// How many of an object's copies were found to have failed.
    repeated_copies: BTreeMap<Key, usize>,
    resend_secrets: BTreeSet<Key>,
    allow_removals: Option<usize>,
    /// The commit that is read, where the source has commits.
    revision: Option<String>,
    /// The team's own rules, and the revision of the manifests that they see.
    rules: Rules,
    seen_revision: String,
    only: Option<BTreeSet<Key>>,
    /// Provisioned products as the last plan wanted them, and as they were last sent.
    wanted: BTreeMap<Name, Arc<ProvisionedProduct>>,
    sent: BTreeMap<Name, Arc<ProvisionedProduct>>,
    /// Reads of earlier passes that a quiet one is spared.
    recall: Arc<Recall>,
    /// Whatever secrets this process has come to know: what it sent earlier, a service may still repeat.
    secrets: Secrets,
}

/// What a pass saw and did.
#[derive(Debug)]
pub struct Pass {
    /// What was live before.
    pub observed: Observed,
    /// What was to be done.
    pub plan: Plan,
    /// What came of it; empty where nothing was executed.
    pub outcome: Outcome,
    /// Each object's state, as the plan found it.
    pub statuses: Vec<ObjectStatus>,
}

impl Reconciler {
    /// A reconciler. Without a `store` nothing outlives the process.
    pub fn new(
        aws: Aws,
        identity: Identity,
        clock: Clock,
        entropy: Entropy,
        patience: Patience,
        store: Option<Store>,
    ) -> Self {
        let memory = store.as_ref().map(Store::load).unwrap_or_default();
        let (failed, resend_secrets) = (BTreeMap::new(), BTreeSet::new());
        let allow_removals = None;
        Self {
            aws,
            identity,
            clock,
            entropy,
            patience,
            store,
            memory,
            failed,
            half_copies: BTreeMap::new(),
            repeated_copies: BTreeMap::new(),
            resend_secrets,
            allow_removals,
            revision: None,
            only: None,
            rules: Rules::default(),
            seen_revision: String::new(),
            wanted: BTreeMap::new(),
            sent: BTreeMap::new(),
            recall: Arc::default(),
            secrets: Secrets::default(),
        }
    }

    /// Spares later passes reads that earlier ones made, for as long as nothing changes (design §5). For a process that
    /// makes passes for as long as it lives; any other reads everything in every pass.
    pub fn spare_reads(&mut self) {
        self.recall = Arc::new(Recall::on());
    }

    /// The next pass reads everything: so much has changed that it would come to that anyway.
    pub fn read_all(&mut self) {
        self.recall.forget_all();
    }

    /// Objects whose NoEcho values are sent again, once.
    pub fn resend_secrets(&mut self, keys: BTreeSet<Key>) {
        self.resend_secrets = keys;
    }

    /// The team's own rules by which plans are judged, and the revision of the manifests as a person knows it.
    pub fn judge_by(&mut self, rules: Rules, revision: &str) {
        self.rules = rules;
        self.seen_revision = revision.to_owned();
    }

    /// Lets up to so many removals go, in all passes together, however large a share that is.
    pub fn allow_removals(&mut self, most: Option<usize>) {
        self.allow_removals = most;
    }

    /// Makes plans for these objects only; `None` is for all of them.
    pub fn only(&mut self, keys: Option<BTreeSet<Key>>) {
        self.only = keys;
    }

    /// What the trailer of the commit that is read allows to be removed. It does so once: what is used up stays so when
    /// the process starts anew, and when the source comes back to the commit from another.
    pub fn allow_by_commit(&mut self, revision: &str, most: Option<usize>) {
        self.revision = Some(revision.to_owned());
        let all = &mut self.memory.allowances;
        let known = all.iter().position(|known| known.revision == revision);
        let known = known.map(|at| all.remove(at));
        let first = || {
            most.map(|left| Allowance {
                revision: revision.to_owned(),
                left,
            })
        };
        // The one that was read last is the last to be forgotten.
        all.extend(known.or_else(first));
        let beyond = all.len().saturating_sub(ALLOWANCES);
        all.drain(..beyond);
    }

    /// The allowance of the commit that is read.
    fn allowance(&self) -> Option<&Allowance> {
        let revision = self.revision.as_deref()?;
        let mut all = self.memory.allowances.iter();
        all.find(|known| known.revision == revision)
    }

    /// How many removals are let through beyond the guard.
    fn allowed(&self) -> Option<usize> {
        let commit = self.allowance().map(|known| known.left);
        self.allow_removals.max(commit)
    }

    /// Counts removals that were made against what is allowed.
    fn count_removals(&mut self, plan: &Plan, outcome: &Outcome) {
        // What the service has accepted goes on by itself.
        let done = |id| match outcome.results.get(id) {
            Some(StepResult::Done(_) | StepResult::Unfinished { .. }) => true,
            Some(StepResult::Failed(failed)) => failed.answer.is_some(),
            _ => false,
        };
        let steps = plan.steps.iter().filter(|s| s.removes && done(&s.id));
        let made = steps.count();
        if let Some(left) = &mut self.allow_removals {
            *left = left.saturating_sub(made);
        }
        let mut known = self.memory.allowances.iter_mut();
        let known = known.find(|known| Some(&known.revision) == self.revision.as_ref());
        if let Some(known) = known {
            known.left = known.left.saturating_sub(made);
        }
    }

    /// Whether a saved plan was applied before, as far as the state folder knows.
    pub fn is_used(&self, plan: &str) -> bool {
        self.memory.used_plans.contains_key(plan)
    }

    /// Remembers that a saved plan is being applied, until it would have expired anyway.
    pub fn use_plan(&mut self, plan: &str, expires: Timestamp) {
        let now = self.now();
        self.memory.used_plans.retain(|_, expires| now < *expires);
        self.memory.used_plans.insert(plan.to_owned(), expires);
        self.save();
    }

    /// Whose catalog.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The template bucket.
    pub fn bucket(&self) -> &str {
        self.aws.bucket()
    }

    /// Tokens whose answer names something that is gone.
    pub fn dead(&self) -> &BTreeMap<Token, String> {
        &self.memory.dead
    }

    /// TagOptions that are or were a manifest's.
    pub fn former_tag_options(&self) -> &BTreeMap<TagOptionId, FormerTagOption> {
        &self.memory.tag_options
    }

    /// Reads the live catalog as [`Self::plan`] does, and no more.
    pub async fn look(&mut self, desired: &Desired) -> Observed {
        self.observe(desired, None).await
    }

    /// The revision that was last applied in full, as [`Self::applied`] was told.
    pub fn applied_revision(&self) -> Option<&str> {
        self.memory.applied.as_deref()
    }

    /// Remembers that a revision was applied in full.
    pub fn applied(&mut self, revision: &str) {
        if self.memory.applied.as_deref() != Some(revision) {
            self.memory.applied = Some(revision.to_owned());
            self.save();
        }
    }

    /// Reads the live catalog and says what would be done. Writes nothing (promise 3).
    pub async fn plan(&mut self, desired: &Desired, base: Option<&Desired>) -> Pass {
        let mut observed = self.observe(desired, base).await;
        self.wanted = desired
            .provisioned
            .iter()
            .map(|(name, object)| (name.clone(), Arc::new(object.clone())))
            .collect();
        let mut plan = self.decide(desired, base, &observed);
        if plan.has_changes() && observed.read.rests_on_memory() {
            // What is remembered may say that something is to be looked at, never that something is to be done.
            tracing::info!("something differs, so everything is read");
            self.recall.forget_all();
            observed = self.observe(desired, base).await;
            plan = self.decide(desired, base, &observed);
        }
        let statuses = statuses(&plan, desired, &observed);
        self.doubt_memory(&plan, &statuses);
        Pass {
            observed,
            plan,
            outcome: Outcome::default(),
            statuses,
        }
    }

    /// Keeps no read of what is not well, and none at all after a pass that could not read everything.
    fn doubt_memory(&self, plan: &Plan, statuses: &[ObjectStatus]) {
        if plan.gaps.iter().any(|gap| !gap.denied) {
            self.recall.forget_all();
        }
        for object in statuses.iter().filter(|status| !status.is_well()) {
            if let Some(id) = &object.id {
                self.recall.forget(object.key.kind, id);
            }
        }
    }

    /// Makes a plan's calls and remembers what came of them.
    pub async fn execute(
        &mut self,
        plan: &Plan,
        stop: &CancellationToken,
        progress: &dyn Progress,
    ) -> Outcome {
        if plan.has_changes() {
            self.recall.forget_all();
        }
        let entropy = Entropy::seeded(self.entropy.bits());
        let executor = Executor::new(
            &self.aws,
            self.clock,
            entropy,
            self.patience,
            stop,
            progress,
            self.secrets.longer(secrets::TELLING),
        );
        let outcome = executor.execute(plan).await;
        drop(executor);
        self.learn(plan, &outcome);
        self.count_removals(plan, &outcome);
        self.save();
        outcome
    }

    /// How many calls went out so far, repeated ones included.
    pub fn calls(&self) -> u64 {
        self.aws.counts().total()
    }

    /// Tells how many reads went out so far, also while a pass is made.
    pub fn reads(&self) -> impl Fn() -> u64 + Send + Sync + use<> {
        let aws = self.aws.clone();
        move || aws.counts().reads
    }

    async fn observe(&mut self, desired: &Desired, base: Option<&Desired>) -> Observed {
        let former = !self.memory.tag_options.is_empty();
        let hints = Hints {
            known_ids: self.memory.known.clone(),
            asked: Asked::of(desired, base, former),
            everything: false,
            identity: self.identity.clone(),
            recall: Arc::clone(&self.recall),
        };
        self.recall.begin(self.now());
        let mut observed = self.aws.collect(&hints, &mut self.memory.index).await;
        observed.read = self.recall.times();
        self.recognise(desired, &observed);
        self.keep_secrets(desired, base, &mut observed);
        observed
    }

    /// Takes out of what services have said whatever secrets are known by now (promise 8).
    fn keep_secrets(&mut self, desired: &Desired, base: Option<&Desired>, observed: &mut Observed) {
        let sources: Vec<&Desired> = std::iter::once(desired).chain(base).collect();
        let known = secrets::known(&sources, observed);
        if self.secrets.len() > SECRETS {
            self.secrets = Secrets::default();
        }
        self.secrets.extend(&known);
        secrets::scrub(observed, &sources, &self.secrets);
    }

    fn decide(&self, desired: &Desired, base: Option<&Desired>, observed: &Observed) -> Plan {
        let policy = Policy {
            resend_secrets: self.resend_secrets.clone(),
            sent: self.sent.clone(),
            failed: self.failed.clone(),
            half_copies: self.half_copies.clone(),
            dead: self.memory.dead.clone(),
            tag_options: self.memory.tag_options.clone(),
            allow_removals: self.allowed(),
            denied: Denied::default(),
            only: self.only.clone(),
        };
        let input = plan::Input {
            identity: &self.identity,
            desired,
            base,
            observed,
            policy: &policy,
            now: self.now(),
        };
        let clock = self.clock;
        let asked = policy::Asked {
            rules: &self.rules,
            revision: &self.seen_revision,
            now: Arc::new(move || clock.now()),
        };
        policy::decide(&input, &asked)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn save(&self) {
        if let Some(store) = &self.store
            && let Err(error) = store.save(&self.memory)
        {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%error, cause, "going on without it");
        }
    }
}
