//! An embedded AWS: Service Catalog and what stands behind it, spoken to by the unchanged SDK.
//!
//! ```text
//! http request ─ route ─ faults ─ (latency) ─┬─ Service Catalog: validate ─ ops ─ state
//!                                            ├─ CloudFormation, STS: Query/XML
//!                                            ├─ Organizations, SSM, tagging: JSON
//!                                            └─ S3
//! ```
//!
//! It answers as recordings and documentation say; what is a guess is marked where it is made. It
//! imports nothing of catalogd's model, because shared types would share misunderstandings.
//! Signatures are not verified: an access key id of twelve digits names the account, and any other
//! stands for account 123456789012.

mod admin;
pub mod api;
pub mod cfn;
pub mod coverage;
pub mod faults;
mod form;
mod glob;
pub mod ids;
mod in_process;
mod keep;
mod lag;
mod ops;
mod organizations;
mod page;
mod partitions;
mod profile;
mod quota;
mod route;
pub mod s3;
pub mod seed;
pub mod server;
mod ssm;
mod state;
pub mod sts;
mod tagging;
mod validate;
mod wire;
mod world;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use serde::Serialize;

use api::{ApiError, Ctx};
use cfn::Stacks;
use ids::Pins;
pub use in_process::InProcess;
pub use keep::Unreadable;
pub use profile::Profile;
use route::{Route, Unroutable};
pub use route::{Service, default_caller};
use s3::Buckets;
use world::World;

use crate::clock::Clock;

/// The largest body of a JSON or Query request (S3 has its own limit).
const MAX_BODY: usize = 1 << 20;

/// How an embedded AWS shall be.
#[derive(Debug, Clone)]
pub struct Options {
    /// The time that everything happens in.
    pub clock: Clock,
    /// Ids, jitter and faults follow from it.
    pub seed: u64,
    /// How slow and how inconsistent it is.
    pub profile: Profile,
    /// Whether the published quotas hold (facts §6).
    pub quotas: bool,
    /// What else shall go wrong.
    pub faults: faults::Faults,
}

/// The connection was cut: the caller cannot tell whether the work was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Dropped {
    /// Nothing was done.
    #[error("connection closed before the request was worked on")]
    BeforeWork,
    /// It was done and the answer is lost.
    #[error("connection closed before the answer was sent")]
    AfterWork,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Answered with success.
    Done,
    /// Answered with this HTTP status and, where it is known, this error code.
    Refused(u16, String),
    /// Cut.
    Dropped(Dropped),
}

/// One call as the emulator saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Whose operation it is.
    pub service: Service,
    /// E.g. `DescribePortfolio`.
    pub operation: String,
    /// Of the caller.
    pub account: String,
    /// Of the credential scope.
    pub region: String,
    /// When it came in.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
}

/// What a product's repository brings: the emulator has none, so a test says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sync {
    /// A commit that changes the file: it makes a version.
    Commit {
        /// Its id: SourceRevision.
        revision: String,
        /// The file's content.
        template: Bytes,
    },
    /// A sync that fails.
    Failure {
        /// LastSyncStatusMessage.
        message: String,
    },
}

/// A rule in force; it stays so when this is dropped.
#[derive(Debug, Clone)]
pub struct Injected {
    emulator: Emulator,
    id: u64,
}

impl Injected {
    /// How often it has struck.
    pub fn fired(&self) -> u64 {
        self.emulator.lock().faults.fired(self.id)
    }

    /// Takes it out of force.
    pub fn remove(self) {
        self.emulator.lock().faults.disarm(self.id);
    }
}

/// The operations of Service Catalog that are answered; all others are refused with `NotImplemented`.
pub fn operations() -> impl Iterator<Item = &'static str> {
    let answered = coverage::operations().filter(|row| row.answered);
    answered.map(|row| row.operation)
}

/// An embedded AWS. Clones are the same one; it outlives whoever calls it.
#[derive(Clone)]
pub struct Emulator {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Clock,
    seed: u64,
    profile: Profile,
    quotas: bool,
    /// Those it began with.
    faults: faults::Faults,
    buckets: Buckets,
    world: Mutex<World>,
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("profile", &self.inner.profile)
            .finish_non_exhaustive()
    }
}

impl Emulator {
    /// An empty one.
    pub fn new(options: Options) -> Self {
        let Options {
            clock,
            seed,
            profile,
            quotas,
            faults,
        } = options;
        let buckets = Buckets::default();
        let world = World::new(seed, buckets.clone(), profile.faults(), faults.clone());
        Self {
            inner: Arc::new(Inner {
                clock,
                seed,
                profile,
                quotas,
                faults,
                buckets,
                world: Mutex::new(world),
            }),
        }
    }

    /// Answers one request, after the time that the profile gives it.
    ///
    /// The extension [`Pins`] of a request has ids to give out in place of fresh ones; that of the answer has those
    /// for which there was no object.
    ///
    /// # Errors
    /// When a fault cuts the connection.
    pub async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Dropped> {
        if let Some(response) = self.administer(&request) {
            return Ok(response);
        }
        let pins = request.extensions().get::<Pins>();
        let mut pins = pins.cloned().unwrap_or_default();
        let arrived = self.inner.clock.now();
        let mut route = match Route::of(&request) {
            Ok(route) => route,
            Err(reason) => return Ok(self.unroutable(reason)),
        };
        let (verdict, before) = self.lock().arrive(&mut route, arrived, request.body());
        self.wait(verdict.before).await;
        let result = if verdict.drop_before {
            Err(Dropped::BeforeWork)
        } else {
            let mut response = match verdict.refuse.clone() {
                Some(error) => self.refusal(route.service, &error),
                None => {
                    self.work(&route, request, &verdict, before, &mut pins)
                        .await
                }
            };
            response.extensions_mut().insert(pins);
            self.wait(verdict.after).await;
            if verdict.drop_after {
                Err(Dropped::AfterWork)
            } else {
                Ok(response)
            }
        };
        self.log(route, arrived, &result);
        result
    }

    /// The calls so far, in the order in which they ended; the log keeps the last 16,384.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().log.iter().cloned().collect()
    }

    /// How many calls there were, by operation.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.lock().counts.clone()
    }

    /// Forgets the calls so far.
    pub fn reset_calls(&self) {
        let mut world = self.lock();
        world.log.clear();
        world.counts.clear();
    }

    /// Replaces all faults; the profile's own stay where `faults` says nothing else. What was due before is past: the new
    /// ones do not strike it.
    pub fn set_faults(&self, faults: faults::Faults) {
        let profile = self.inner.profile.faults();
        let now = self.inner.clock.now();
        self.lock().set_faults(&profile, faults, now);
    }

    /// All faults in force, and how often each of the rules has struck.
    pub fn faults(&self) -> (faults::Faults, Vec<u64>) {
        self.lock().faults.in_force()
    }

    /// Makes everything as it was at the start: empty, with the same seed and faults.
    pub fn reset(&self) {
        let Inner {
            seed,
            profile,
            faults,
            buckets,
            ..
        } = &*self.inner;
        let mut world = self.lock();
        buckets.restore(s3::Kept::default());
        *world = World::new(*seed, buckets.clone(), profile.faults(), faults.clone());
    }

    /// Puts one more fault in force and returns what tells whether it struck.
    pub fn inject(&self, rule: faults::Rule) -> Injected {
        let id = self.lock().faults.arm(rule);
        Injected {
            emulator: self.clone(),
            id,
        }
    }

    /// All that it holds, as the text of a state file: what is at work goes on where it was. The past that lagging
    /// reads see, the faults and the log of calls are not part of it.
    ///
    /// # Errors
    /// None that is known of: it says what could not be written.
    pub fn state(&self) -> Result<String, serde_json::Error> {
        let state = self.lock().state();
        serde_json::to_string(&state)
    }

    /// Puts what [`Self::state`] gave in place of all that it holds.
    ///
    /// # Errors
    /// When the text is no state of this format; then nothing has changed.
    pub fn restore(&self, state: &str) -> Result<(), Unreadable> {
        let state = keep::read(state)?;
        self.lock().restore(state);
        Ok(())
    }

    /// The S3 store of all accounts.
    pub fn buckets(&self) -> &Buckets {
        &self.inner.buckets
    }

    /// The time it lives in.
    pub fn clock(&self) -> Clock {
        self.inner.clock
    }

    /// Lets a product that has a SourceConnection be synced, as a commit to its repository would.
    ///
    /// Returns the id of the version that was made, or why the sync failed.
    ///
    /// # Errors
    /// There is no such product, or it has no connection.
    pub fn sync_product(
        &self,
        account: &str,
        region: &str,
        product: &str,
        sync: Sync,
    ) -> Result<Result<String, String>, ApiError> {
        let now = self.inner.clock.now();
        let mut world = self.lock();
        let timing = self.inner.profile.timing(&mut world.entropy);
        let home = (account, region);
        world.sync(home, product, sync, (now, timing), self.inner.quotas)
    }

    /// Works on the stacks of an account and region as its default caller would: seeds use it.
    pub fn with_stacks<T>(
        &self,
        account: &str,
        region: &str,
        work: impl FnOnce(&mut Stacks, &mut Ctx<'_>) -> T,
    ) -> T {
        let now = self.inner.clock.now();
        let mut world = self.lock();
        let timing = self.inner.profile.timing(&mut world.entropy);
        let (partition, entropy) = world.partition(account, region);
        partition.stacks.settle(now);
        let mut ctx = Ctx {
            caller: default_caller(account),
            region: region.to_owned(),
            now,
            entropy,
            pins: &mut Pins::default(),
            timing,
        };
        work(&mut partition.stacks, &mut ctx)
    }

    /// Whether anything in any account and region has this id.
    fn has(&self, id: &str) -> bool {
        self.lock().has(id)
    }

    async fn work(
        &self,
        route: &Route,
        request: Request<Bytes>,
        verdict: &faults::Verdict,
        overlap: Option<ops::Overlap>,
        pins: &mut Pins,
    ) -> Response<Bytes> {
        let now = self.inner.clock.now();
        let steady = request.extensions().get::<lag::Steady>().is_some();
        // The lock must be free again before the refusal asks for it: not in the match itself.
        let caller = route.caller(&self.lock().sessions, now);
        let caller = match caller {
            Ok(caller) => caller,
            Err(error) => return self.refusal(route.service, &error),
        };
        if route.service == Service::S3 {
            // The store locks itself; the world stays free while it works.
            let buckets = &self.inner.buckets;
            self.lock().settle_stacks(now);
            return buckets.handle(caller, &route.region, now, request).await;
        }
        if request.body().len() > MAX_BODY {
            let mut error = ApiError::new(
                "RequestEntityTooLargeException",
                format!("The body has more than {MAX_BODY} bytes."),
            );
            error.status = 413;
            return self.refusal(route.service, &error);
        }
        let mut world = self.lock();
        let timing = self.inner.profile.timing(&mut world.entropy);
        let job = world::Job {
            route,
            caller,
            now,
            timing,
            body: request.body(),
            quotas: self.inner.quotas,
            cut: verdict.cut_listing,
            doom: verdict.doom.clone(),
            overlap,
            steady,
        };
        world.work(job, &self.inner.buckets, pins)
    }

    async fn wait(&self, span: std::time::Duration) {
        if !span.is_zero() {
            self.inner.clock.sleep(span).await;
        }
    }

    fn unroutable(&self, reason: Unroutable) -> Response<Bytes> {
        let id = ids::uuid(&mut self.lock().entropy);
        match reason {
            Unroutable::Cbor => wire::refuse(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The emulator speaks AWS JSON 1.1, not smithy-rpc-v2-cbor.\n",
                &id,
            ),
            Unroutable::NotJson => wire::not_json(&id),
            Unroutable::Unknown => wire::refuse(
                StatusCode::NOT_FOUND,
                "The emulator has Service Catalog, CloudFormation, S3, STS, Organizations, SSM and tagging. Neither X-Amz-Target, \
                 nor the credential scope, nor the host of this request names one of them.\n",
                &id,
            ),
        }
    }

    fn refusal(&self, service: Service, error: &ApiError) -> Response<Bytes> {
        let id = ids::uuid(&mut self.lock().entropy);
        wire::error(service, error, &id)
    }

    fn log(&self, route: Route, at: Timestamp, result: &Result<Response<Bytes>, Dropped>) {
        let outcome = match result {
            Err(dropped) => Outcome::Dropped(*dropped),
            Ok(response) if response.status().is_client_error() => refused(response),
            Ok(response) if response.status().is_server_error() => refused(response),
            Ok(_) => Outcome::Done,
        };
        self.lock().record(Call {
            service: route.service,
            operation: route.operation,
            account: route.account,
            region: route.region,
            at,
            outcome,
        });
    }

    /// A panic in another call leaves the state as it was before it: each call validates before it writes.
    fn lock(&self) -> MutexGuard<'_, World> {
        self.inner
            .world
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn refused(response: &Response<Bytes>) -> Outcome {
    let code = wire::error_code(response.body());
    Outcome::Refused(response.status().as_u16(), code)
}
