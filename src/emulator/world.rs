//! Everything behind the one lock.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;

use super::api::{ApiError, Caller, Ctx, Timing};
use super::cfn::{self, Order, StackStatus, Stacks};
use super::faults::{self, Doom, Engine, Faults, StackFault, Verdict};
use super::ids::Pins;
use super::lag::Sight;
use super::ops::{self, Overlap};
use super::route::{Route, Service};
use super::s3::Buckets;
use super::state::{Catalog, Partition};
use super::sts::Sessions;
use super::{Call, ids, keep, lag, ssm, tagging, wire};
use crate::clock::Entropy;

/// How many calls the log keeps: a daemon may run on an embedded AWS for days. A call takes
/// 250 to 450 bytes, so this is 7 MB at most; being a power of two it fills its ring.
const MAX_LOG: usize = 1 << 14;

/// All accounts and regions, and what goes wrong in them.
#[derive(Debug)]
pub(super) struct World {
    pub(super) entropy: Entropy,
    pub(super) faults: Engine,
    pub(super) sessions: Sessions,
    pub(super) log: VecDeque<Call>,
    pub(super) counts: BTreeMap<String, u64>,
    buckets: Buckets,
    partitions: BTreeMap<(String, String), Partition>,
}

/// One call, ready to be worked on.
pub(super) struct Job<'a> {
    pub(super) route: &'a Route,
    pub(super) caller: Caller,
    pub(super) now: Timestamp,
    pub(super) timing: Timing,
    pub(super) body: &'a [u8],
    pub(super) quotas: bool,
    pub(super) cut: Option<usize>,
    pub(super) overlap: Option<Overlap>,
    pub(super) doom: Doom,
}

impl World {
    pub(super) fn new(seed: u64, buckets: Buckets, profile: Faults, faults: Faults) -> Self {
        Self {
            entropy: Entropy::seeded(seed),
            faults: Engine::new(profile, faults),
            sessions: Sessions::default(),
            log: VecDeque::new(),
            counts: BTreeMap::new(),
            buckets,
            partitions: BTreeMap::new(),
        }
    }

    pub(super) fn set_faults(&mut self, profile: &Faults, faults: Faults) {
        self.faults.replace(profile, faults);
        for partition in self.partitions.values_mut() {
            doom(&mut partition.stacks, &self.faults.faults.stacks);
        }
    }

    /// All of it for a state file. Rows and bytes are shared, so this is quick however much there is.
    pub(super) fn state(&self) -> keep::State {
        let places = self.partitions.iter();
        let places = places.map(|((account, region), partition)| keep::Place {
            account: account.clone(),
            region: region.clone(),
            partition: partition.clone(),
        });
        let (entropy, buckets) = (self.entropy.state(), self.buckets.keep());
        keep::State::new(entropy, self.sessions.clone(), buckets, places.collect())
    }

    /// Puts what a state file held in place of everything; faults stay in force.
    pub(super) fn restore(&mut self, state: keep::State) {
        self.entropy = Entropy::seeded(state.entropy);
        self.sessions = state.sessions;
        self.buckets.restore(state.buckets);
        self.partitions.clear();
        for place in state.places {
            let mut partition = place.partition;
            partition.stacks.rehouse(self.buckets.clone());
            doom(&mut partition.stacks, &self.faults.faults.stacks);
            self.partitions
                .insert((place.account, place.region), partition);
        }
    }

    /// How many objects each account and region has.
    pub(super) fn census(&self) -> Vec<serde_json::Value> {
        let places = self.partitions.iter();
        let rows = places.map(|((account, region), partition)| {
            let catalog = partition.catalog();
            let stacks = partition.stacks.iter();
            serde_json::json!({
                "account": account,
                "region": region,
                "portfolios": catalog.portfolios.len(),
                "products": catalog.products.len(),
                "versions": catalog.products.iter().map(|(_, row)| row.versions.len()).sum::<usize>(),
                "constraints": catalog.constraints.len(),
                "provisionedProducts": catalog.provisioned.len(),
                "stacks": stacks.filter(|stack| stack.status != StackStatus::DeleteComplete).count(),
            })
        });
        rows.collect()
    }

    /// Judges a call as it comes in, and notes what a write of versions finds before it waits.
    pub(super) fn arrive(
        &mut self,
        route: &mut Route,
        now: Timestamp,
        body: &[u8],
    ) -> (Verdict, Option<Overlap>) {
        route.adopt(&self.sessions);
        self.settle_copies(now);
        let class = match route.service {
            Service::ServiceCatalog => ops::class(&route.operation),
            Service::CloudFormation
            | Service::S3
            | Service::Sts
            | Service::Ssm
            | Service::Tagging => super::faults::Class::Read,
        };
        let verdict = self.faults.judge(route, class, now, &mut self.entropy);
        let overlap = if self.faults.faults.lost_updates == Some(true) {
            let key = (route.account.clone(), route.region.clone());
            self.partitions
                .get(&key)
                .and_then(|partition| Overlap::note(class, partition.catalog(), body))
        } else {
            None
        };
        (verdict, overlap)
    }

    /// The answer to one call of a service other than S3.
    pub(super) fn work(
        &mut self,
        job: Job<'_>,
        buckets: &Buckets,
        pins: &mut Pins,
    ) -> Response<Bytes> {
        let id = ids::uuid(&mut self.entropy);
        let account = job.caller.account.clone();
        if job.route.service == Service::Sts {
            let Self {
                entropy, sessions, ..
            } = self;
            let mut ctx = ctx(&job, entropy, pins);
            return sessions.handle(&mut ctx, job.body);
        }
        let keep = self.keep();
        let region = job.route.region.clone();
        self.settle_copies(job.now);
        let abroad = self.abroad(&job);
        self.with_partition(&account, &region, |partition, entropy, faults| {
            // What ended since the last call ended at its own time, not at this call's.
            partition.remember(Timestamp::MIN, keep);
            ops::settle(partition, job.now, keep);
            let response = match job.route.service {
                Service::CloudFormation => {
                    partition.stacks.settle(job.now);
                    let read_url = |url: &str| buckets.read_url(&account, url);
                    let mut ctx = ctx(&job, entropy, pins);
                    cfn::query::handle(&mut partition.stacks, &mut ctx, &read_url, job.body)
                }
                service => {
                    let answer = match service {
                        Service::Ssm => {
                            let (operation, quotas) = (&job.route.operation, job.quotas);
                            let ctx = ctx(&job, entropy, pins);
                            let parameters = partition.stacks.parameters_mut();
                            ssm::handle(parameters, &ctx, operation, job.body, quotas)
                        }
                        Service::Tagging => {
                            let (history, sight) = (&partition.history, Sight::Search);
                            let past = history.look(faults.lag, sight, job.now, entropy);
                            let past = past.as_ref().map(|(past, _)| past.as_ref());
                            let catalog = past.unwrap_or(partition.catalog());
                            let ctx = ctx(&job, entropy, pins);
                            tagging::handle(catalog, &ctx, &job.route.operation, job.body)
                        }
                        _ => catalog(&job, partition, entropy, pins, faults, buckets, abroad),
                    };
                    match answer {
                        Ok(answer) => wire::answer(answer, &id),
                        Err(error) => wire::error(service, &error, &id),
                    }
                }
            };
            partition.remember(job.now, keep);
            response
        })
    }

    /// Lets all stacks do what is due: their buckets come and go in the store that S3 calls see.
    pub(super) fn settle_stacks(&mut self, now: Timestamp) {
        for partition in self.partitions.values_mut() {
            partition.stacks.settle(now);
        }
    }

    /// Syncs a product, as of now.
    pub(super) fn sync(
        &mut self,
        (account, region): (&str, &str),
        product: &str,
        sync: super::Sync,
        when: (Timestamp, Timing),
        quotas: bool,
    ) -> Result<Result<String, String>, ApiError> {
        let keep = self.keep();
        self.with_partition(account, region, |partition, entropy, _| {
            partition.remember(Timestamp::MIN, keep);
            ops::settle(partition, when.0, keep);
            let result = ops::sync(partition, when, entropy, quotas, product, sync);
            partition.remember(when.0, keep);
            result
        })
    }

    /// How long the past is kept for lagging reads.
    fn keep(&self) -> Option<std::time::Duration> {
        self.faults.faults.lag.map(lag::span)
    }

    /// Ends the copies that are due. Each reads its source as it is at that time: this is called before anything else
    /// is, so no later call has changed it.
    fn settle_copies(&mut self, now: Timestamp) {
        let keep = self.keep();
        while let Some((at, home, index)) = self.next_copy(now) {
            let Some(target) = self.partitions.get_mut(&home) else {
                return;
            };
            let copying = target.copying.remove(index);
            let from = (home.0.clone(), copying.region.clone());
            let source = self.partitions.get(&from);
            let source = source.and_then(|from| from.catalog().products.get(&copying.source));
            let source = source.cloned();
            if let Some(target) = self.partitions.get_mut(&home) {
                target.remember(Timestamp::MIN, keep);
                ops::settle(target, at, keep);
                ops::finish_copy(target, source, copying, at, &mut self.entropy);
                target.remember(at, keep);
            }
        }
    }

    /// The first copy that is due, by its end and its place.
    fn next_copy(&self, now: Timestamp) -> Option<(Timestamp, (String, String), usize)> {
        let due = self.partitions.iter().flat_map(|(home, partition)| {
            let copies = partition.copying.iter().enumerate();
            copies.filter_map(move |(index, copying)| {
                let at = match copying.doom.held {
                    Some(rule) if self.faults.is_armed(rule) => return None,
                    // When the rule went is not known.
                    Some(_) => copying.ends.max(now),
                    None => copying.ends,
                };
                (at <= now).then_some((at, home, index))
            })
        });
        due.min().map(|(at, home, index)| (at, home.clone(), index))
    }

    /// The catalog of the region that a copy reads from, if it is not the one called, as this call sees it.
    fn abroad(&mut self, job: &Job<'_>) -> Option<Arc<Catalog>> {
        let region = ops::abroad(&job.route.operation, job.body)?;
        let from = self.partitions.get(&(job.caller.account.clone(), region))?;
        let lag = self.faults.faults.lag;
        let past = from
            .history
            .look(lag, Sight::Describe, job.now, &mut self.entropy);
        Some(past.map_or_else(|| from.snapshot(), |(past, _)| past))
    }

    /// Whether anything anywhere has this id.
    pub(super) fn has(&self, id: &str) -> bool {
        self.partitions.values().any(|partition| partition.has(id))
    }

    /// Works on one account and region, which is made when it is first asked for.
    pub(super) fn with_partition<T>(
        &mut self,
        account: &str,
        region: &str,
        work: impl FnOnce(&mut Partition, &mut Entropy, &Faults) -> T,
    ) -> T {
        let faults = &self.faults.faults;
        let partition = self
            .partitions
            .entry((account.to_owned(), region.to_owned()))
            .or_insert_with(|| {
                let mut stacks = Stacks::new(self.buckets.clone());
                doom(&mut stacks, &faults.stacks);
                Partition::new(stacks)
            });
        work(partition, &mut self.entropy, faults)
    }

    pub(super) fn record(&mut self, call: Call) {
        *self.counts.entry(call.operation.clone()).or_default() += 1;
        if self.log.len() == MAX_LOG {
            self.log.pop_front();
        }
        self.log.push_back(call);
    }
}

fn catalog(
    job: &Job<'_>,
    partition: &mut Partition,
    entropy: &mut Entropy,
    pins: &mut Pins,
    faults: &Faults,
    buckets: &Buckets,
    abroad: Option<Arc<Catalog>>,
) -> Result<serde_json::Value, ApiError> {
    let operation = ops::find(&job.route.operation)?;
    let input = wire::read(job.body)?;
    super::validate::check(operation.name, &input)?;
    if let Some(first) = ops::repeated(operation, &input, partition) {
        return Ok(first);
    }
    let seen = partition
        .history
        .look(faults.lag, operation.sight, job.now, entropy);
    let answer = (operation.run)(&mut ops::Call {
        operation: operation.name,
        input: ops::Input::new(&input),
        ctx: ctx(job, entropy, pins),
        seen,
        buckets,
        quotas: job.quotas,
        cut: job.cut,
        overlap: job.overlap.clone(),
        doom: job.doom.clone(),
        abroad,
        partition,
    })?;
    if let Some(token) = ops::token(operation, &input) {
        partition
            .answers
            .keep((operation.name.into(), token), &answer);
    }
    Ok(answer)
}

fn ctx<'a>(job: &Job<'_>, entropy: &'a mut Entropy, pins: &'a mut Pins) -> Ctx<'a> {
    Ctx {
        caller: job.caller.clone(),
        region: job.route.region.clone(),
        now: job.now,
        entropy,
        pins,
        timing: job.timing,
    }
}

fn doom(stacks: &mut Stacks, faults: &[StackFault]) {
    let orders = faults.iter().map(|fault| Order {
        stack: fault.stack.clone(),
        resource: fault.resource.clone(),
        reason: fault.reason.clone(),
        takes: fault.takes.map(faults::endless),
    });
    stacks.order_only(orders.collect());
}
