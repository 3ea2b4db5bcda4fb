//! Everything behind the one lock.

mod due;
mod roll_out;

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;

use super::api::{ApiError, Caller, Ctx, Timing};
use super::cfn::{self, Order, StackStatus, Stacks};
use super::faults::{self, Doom, Engine, Faults, StackFault, Verdict};
use super::ids::Pins;
use super::lag::Sight;
use super::ops::{self, Overlap};
use super::organizations::{self, Organizations};
use super::partitions::{Elsewhere, Partitions};
use super::route::{Route, Service};
use super::s3::Buckets;
use super::state::Partition;
use super::sts::Sessions;
use super::{Call, ids, keep, lag, ssm, tagging, wire};
use crate::clock::Entropy;

/// How many calls the log keeps: a daemon may run on an embedded AWS for days. A call takes
/// 250 to 450 bytes, so this is 7 MB at most; being a power of two it fills its ring.
const MAX_LOG: usize = 1 << 14;

/// How many operations are counted by their names, which callers invent.
const MAX_COUNTED: usize = 1_000;
/// How much of what callers invent the log keeps of each call.
const MAX_TEXT: usize = 128;

/// All accounts and regions, and what goes wrong in them.
#[derive(Debug)]
pub(super) struct World {
    pub(super) entropy: Entropy,
    pub(super) faults: Engine,
    pub(super) sessions: Sessions,
    pub(super) log: VecDeque<Call>,
    pub(super) counts: BTreeMap<String, u64>,
    buckets: Buckets,
    partitions: Partitions,
    organizations: Organizations,
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
    /// It sees the newest state.
    pub(super) steady: bool,
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
            partitions: Partitions::default(),
            organizations: Organizations::default(),
        }
    }

    pub(super) fn set_faults(&mut self, profile: &Faults, faults: Faults, now: Timestamp) {
        self.settle(now);
        self.settle_stacks(now);
        self.faults.replace(profile, faults);
        for (account, region, place) in self.partitions.homes(None) {
            let stacks = &mut self.partitions.at_mut(place).stacks;
            doom(stacks, &self.faults.faults.stacks, &account, &region);
        }
    }

    /// All of it for a state file. Rows and bytes are shared, so this is quick however much there is.
    pub(super) fn state(&self) -> keep::State {
        let places = self.partitions.homes(None).into_iter();
        let places = places.map(|(account, region, place)| keep::Place {
            account,
            region,
            partition: self.partitions.at(place).clone(),
        });
        keep::State::new(
            self.entropy.state(),
            self.sessions.clone(),
            self.buckets.keep(),
            self.organizations.clone(),
            places.collect(),
        )
    }

    /// Puts what a state file held in place of everything; faults stay in force.
    pub(super) fn restore(&mut self, state: keep::State) {
        self.entropy = Entropy::seeded(state.entropy);
        self.sessions = state.sessions;
        self.buckets.restore(state.buckets);
        self.organizations = state.organizations;
        self.partitions = Partitions::default();
        for place in state.places {
            let mut partition = place.partition;
            partition.stacks.rehouse(self.buckets.clone());
            let (account, region) = (&place.account, &place.region);
            doom(
                &mut partition.stacks,
                &self.faults.faults.stacks,
                account,
                region,
            );
            self.partitions
                .ensure(&place.account, &place.region, || partition);
        }
    }

    /// How many objects each account and region has.
    pub(super) fn census(&self) -> Vec<serde_json::Value> {
        let places = self.partitions.homes(None).into_iter();
        let rows = places.map(|(account, region, place)| {
            let partition = self.partitions.at(place);
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
                "stackSets": partition.stacks.sets().filter(|set| !set.deleted).count(),
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
        self.settle(now);
        let class = match route.service {
            Service::ServiceCatalog => ops::class(&route.operation),
            _ => super::faults::Class::Read,
        };
        let verdict = self.faults.judge(route, class, now, &mut self.entropy);
        let overlap = if self.faults.faults.lost_updates == Some(true) {
            self.partitions
                .get(&route.account, &route.region)
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
        self.settle(job.now);
        if job.route.service == Service::Organizations {
            let mut ctx = ctx(&job, &mut self.entropy, pins);
            let operation = &job.route.operation;
            let answer =
                organizations::handle(&mut self.organizations, &mut ctx, operation, job.body);
            self.follow_organizations(job.now);
            return match answer {
                Ok(answer) => wire::answer(answer, &id),
                Err(error) => wire::error(Service::Organizations, &error, &id),
            };
        }
        let keep = self.keep();
        let region = job.route.region.clone();
        let lag = match job.route.service {
            _ if job.steady => None,
            Service::ServiceCatalog => {
                let operation = ops::find(&job.route.operation).ok();
                operation.and_then(|operation| self.draw_lag(operation.sight, job.now))
            }
            Service::Tagging => self.draw_lag(Sight::Search, job.now),
            _ => None,
        };
        let place = self.place(&account, &region);
        let Self {
            partitions,
            organizations,
            entropy,
            ..
        } = self;
        let (partition, elsewhere) = partitions.split(place, lag);
        // What ended since the last call ended at its own time, not at this call's.
        partition.remember(Timestamp::MIN, keep);
        ops::settle(partition, job.now, keep);
        let shared = partition.catalog().is_shared();
        let response = match job.route.service {
            Service::CloudFormation => {
                let read_url = |url: &str| buckets.read_url(&account, url);
                let mut ctx = ctx(&job, entropy, pins);
                cfn::query::handle(&mut partition.stacks, &mut ctx, &read_url, job.body)
            }
            service => {
                let world = Beside {
                    elsewhere,
                    organizations,
                    buckets,
                    lag,
                };
                let answer = match service {
                    Service::Ssm => {
                        let (operation, quotas) = (&job.route.operation, job.quotas);
                        let ctx = ctx(&job, entropy, pins);
                        let parameters = partition.stacks.parameters_mut();
                        ssm::handle(parameters, &ctx, operation, job.body, quotas)
                    }
                    Service::Tagging => {
                        let past = lag.and_then(|moment| partition.history.at(moment));
                        let catalog = past.map_or(partition.catalog(), AsRef::as_ref);
                        let ctx = ctx(&job, entropy, pins);
                        tagging::handle(catalog, &ctx, &job.route.operation, job.body)
                    }
                    _ => catalog(&job, partition, entropy, pins, world),
                };
                match answer {
                    Ok(answer) => wire::answer(answer, &id),
                    Err(error) => wire::error(service, &error, &id),
                }
            }
        };
        let shared = shared || partition.catalog().is_shared();
        let changed = partition.remember(job.now, keep);
        if organizations.has_followed() {
            self.follow_organizations(job.now);
        } else if shared && changed {
            self.cut(Some(&region), job.now);
        }
        response
    }

    /// Lets all stacks do what is due: their buckets come and go in the store that S3 calls see.
    pub(super) fn settle_stacks(&mut self, now: Timestamp) {
        for partition in self.partitions.iter_mut() {
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
        self.settle(when.0);
        let keep = self.keep();
        let place = self.partitions.place(account, region);
        let place = place.ok_or_else(|| ops::no_product(product))?;
        let (partitions, entropy) = (&mut self.partitions, &mut self.entropy);
        due::amend(partitions, place, when.0, keep, |partition| {
            ops::sync(partition, when, entropy, quotas, product, sync)
        })
    }

    /// How long the past is kept for lagging reads.
    fn keep(&self) -> Option<std::time::Duration> {
        self.faults.faults.lag.map(lag::span)
    }

    /// The moment as of which a call sees the catalogs.
    fn draw_lag(&mut self, sight: Sight, now: Timestamp) -> Option<Timestamp> {
        lag::moment(self.faults.faults.lag, sight, now, &mut self.entropy)
    }

    /// Whether anything anywhere has this id.
    pub(super) fn has(&self, id: &str) -> bool {
        let mut all = self.partitions.iter();
        all.any(|(_, partition)| partition.has(id)) || self.organizations.has(id)
    }

    /// One account and region, which is made when it is first asked for.
    pub(super) fn partition(
        &mut self,
        account: &str,
        region: &str,
    ) -> (&mut Partition, &mut Entropy) {
        let place = self.place(account, region);
        (self.partitions.at_mut(place), &mut self.entropy)
    }

    /// Where an account and region is, made when it is first asked for.
    fn place(&mut self, account: &str, region: &str) -> usize {
        let (buckets, faults) = (&self.buckets, &self.faults.faults);
        self.partitions.ensure(account, region, || {
            let mut stacks = Stacks::new(buckets.clone());
            doom(&mut stacks, &faults.stacks, account, region);
            Partition::new(stacks)
        })
    }

    pub(super) fn record(&mut self, mut call: Call) {
        shorten(&mut call.operation);
        shorten(&mut call.region);
        if self.counts.len() < MAX_COUNTED || self.counts.contains_key(&call.operation) {
            *self.counts.entry(call.operation.clone()).or_default() += 1;
        }
        if self.log.len() == MAX_LOG {
            self.log.pop_front();
        }
        self.log.push_back(call);
    }
}

fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
        text.truncate(end);
        text.shrink_to_fit();
    }
}

/// What a call of Service Catalog has beside its own partition.
struct Beside<'a> {
    elsewhere: Elsewhere<'a>,
    organizations: &'a mut Organizations,
    buckets: &'a Buckets,
    lag: Option<Timestamp>,
}

fn catalog(
    job: &Job<'_>,
    partition: &mut Partition,
    entropy: &mut Entropy,
    pins: &mut Pins,
    beside: Beside<'_>,
) -> Result<serde_json::Value, ApiError> {
    let operation = ops::find(&job.route.operation)?;
    let input = wire::read(job.body)?;
    super::validate::check(operation.name, &input)?;
    if let Some(first) = ops::repeated(operation, &input, partition) {
        return Ok(first);
    }
    let past = |moment| Some((partition.history.at(moment)?.clone(), moment));
    let answer = (operation.run)(&mut ops::Call {
        operation: operation.name,
        input: ops::Input::new(&input),
        ctx: ctx(job, entropy, pins),
        seen: beside.lag.and_then(past),
        buckets: beside.buckets,
        quotas: job.quotas,
        cut: job.cut,
        overlap: job.overlap.clone(),
        doom: job.doom.clone(),
        elsewhere: beside.elsewhere,
        organizations: beside.organizations,
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

/// Gives the stacks of an account and region the faults that are meant for them.
fn doom(stacks: &mut Stacks, faults: &[StackFault], account: &str, region: &str) {
    let meant = |only: &Option<String>, own: &str| only.as_deref().is_none_or(|only| only == own);
    let faults = faults.iter();
    let faults = faults.filter(|o| meant(&o.account, account) && meant(&o.region, region));
    let orders = faults.map(|fault| Order {
        stack: fault.stack.clone(),
        resource: fault.resource.clone(),
        reason: fault.reason.clone(),
        takes: fault.takes.map(faults::endless),
    });
    stacks.order_only(orders.collect());
}
