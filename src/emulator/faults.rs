//! Everything that can go wrong on purpose, from one seed.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::api::ApiError;
use super::route::{Route, Service};
use crate::clock::Entropy;

/// What shall go wrong, on top of what the profile does; readable from YAML.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Faults {
    /// Judged in order; every rule that matches acts.
    pub rules: Vec<Rule>,
    /// Calls allowed a second; absent: as the profile says.
    pub throttle: Option<Rates>,
    /// How stale reads may be; absent: as the profile says.
    pub lag: Option<Lag>,
    /// How long an answer takes; absent: as the profile says.
    pub latency: Option<Latency>,
    /// Overlapping version writes on one product undo each other (facts §7); absent: as the profile says.
    pub lost_updates: Option<bool>,
    /// Resources that fail the next time a matching stack makes or changes them.
    pub stacks: Vec<StackFault>,
}

/// One fault and when it strikes. All given conditions must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Rule {
    /// Only this service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// Only this operation; a trailing `*` stands for any ending, e.g. `Describe*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Only this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Only the n-th of the calls that match so far, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// Only as often as this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Only with this probability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// What happens.
    pub effect: Effect,
}

impl Rule {
    /// A rule that strikes at every call.
    pub fn always(effect: Effect) -> Self {
        Self {
            service: None,
            operation: None,
            account: None,
            nth: None,
            times: None,
            probability: None,
            effect,
        }
    }

    /// The same for one operation (a trailing `*` stands for any ending).
    #[must_use]
    pub fn on(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// The same for the n-th matching call only, counted from 1 at the time the rule is set.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = Some(nth);
        self
    }

    /// The same, but so many times at most.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// The same, but only so likely.
    #[must_use]
    pub fn chance(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }
}

/// What a rule does to a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// ThrottlingException "Rate exceeded".
    Throttle,
    /// 500, before the work.
    InternalFailure,
    /// The connection is cut and nothing is done.
    DropBefore,
    /// The work is done and its answer lost.
    DropAfter,
    /// 400 (403 in S3), before the work.
    AccessDenied,
    /// The answer takes this many seconds more.
    Latency(f64),
    /// A listing of Service Catalog ends after so many items as if that were all.
    CutListing(usize),
    /// A version or constraint that the call makes or changes goes from CREATING to FAILED.
    FailCreating,
    /// Any other refusal, before the work, e.g. the "profile does not exist" of a fresh IAM role.
    #[serde(rename_all = "camelCase")]
    Refuse {
        /// E.g. `InvalidParametersException`.
        code: String,
        /// The text.
        message: String,
    },
}

/// Calls a second by account, region and class; bursts of twice that.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Rates {
    /// Describe, list, search, get.
    pub reads: f64,
    /// The others.
    pub writes: f64,
    /// Create, update and delete of a version: the most often throttled calls (facts §6).
    pub version_writes: f64,
}

/// How far reads may lag behind writes. Which call sees what is drawn per call, so reads flip back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Lag {
    /// Seconds at most for describes and for the checks of dependent calls.
    pub describe: f64,
    /// Seconds at most for searches and lists.
    pub search: f64,
    /// How many reads are stale at all, `0.0..=1.0`.
    pub chance: f64,
}

/// How long a call takes: drawn between two bounds, half of it before the work.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Latency {
    /// Seconds.
    pub least: f64,
    /// Seconds.
    pub most: f64,
}

/// A resource that shall fail once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StackFault {
    /// The stack's name, with `*` and `?`.
    pub stack: String,
    /// The resource in its template.
    pub resource: String,
    /// What CloudFormation shall say.
    pub reason: String,
}

/// The classes that have a rate of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Reads, and everything of the other services.
    Read,
    /// Writes of Service Catalog.
    Write,
    /// Writes of a product's versions.
    VersionWrite,
}

/// What the rules and rates make of one call.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Verdict {
    pub(super) refuse: Option<ApiError>,
    pub(super) drop_before: bool,
    pub(super) drop_after: bool,
    pub(super) cut_listing: Option<usize>,
    pub(super) fail_creating: bool,
    pub(super) before: Duration,
    pub(super) after: Duration,
}

/// The rules in force and how often each has struck.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) faults: Faults,
    next: u64,
    armed: BTreeMap<u64, Armed>,
    buckets: BTreeMap<(String, String, Class), TokenBucket>,
}

#[derive(Debug)]
struct Armed {
    rule: Rule,
    seen: u64,
    fired: u64,
}

#[derive(Debug, Clone, Copy)]
struct TokenBucket {
    tokens: f64,
    at: Timestamp,
}

impl Engine {
    /// The profile's own behaviour, overridden by what `faults` says.
    pub(super) fn new(profile: Faults, faults: Faults) -> Self {
        let mut engine = Self {
            faults: Faults::default(),
            next: 0,
            armed: BTreeMap::new(),
            buckets: BTreeMap::new(),
        };
        engine.replace(&profile, faults);
        engine
    }

    /// Forgets all rules and starts over with `faults` over the profile's own.
    pub(super) fn replace(&mut self, profile: &Faults, faults: Faults) {
        self.armed.clear();
        self.buckets.clear();
        for rule in &faults.rules {
            self.arm(rule.clone());
        }
        self.faults = Faults {
            rules: Vec::new(),
            throttle: faults.throttle.or(profile.throttle),
            lag: faults.lag.or(profile.lag),
            latency: faults.latency.or(profile.latency),
            lost_updates: faults.lost_updates.or(profile.lost_updates),
            stacks: faults.stacks,
        };
    }

    /// Puts one more rule in force; the number names it.
    pub(super) fn arm(&mut self, rule: Rule) -> u64 {
        let id = self.next;
        self.next += 1;
        let armed = Armed {
            rule,
            seen: 0,
            fired: 0,
        };
        self.armed.insert(id, armed);
        id
    }

    /// How often a rule has struck.
    pub(super) fn fired(&self, id: u64) -> u64 {
        self.armed.get(&id).map_or(0, |armed| armed.fired)
    }

    /// Takes a rule out of force.
    pub(super) fn disarm(&mut self, id: u64) {
        self.armed.remove(&id);
    }

    /// What shall happen to this call.
    pub(super) fn judge(
        &mut self,
        route: &Route,
        class: Class,
        now: Timestamp,
        entropy: &mut Entropy,
    ) -> Verdict {
        let mut verdict = Verdict::default();
        if let Some(Latency { least, most }) = self.faults.latency {
            let whole = seconds(least + (most - least).max(0.0) * entropy.fraction());
            verdict.before = whole / 2;
            verdict.after = whole / 2;
        }
        if route.service == Service::ServiceCatalog && self.exceeds(route, class, now) {
            verdict.refuse = Some(throttled(route.service));
        }
        for armed in self.armed.values_mut() {
            if armed.strikes(route, entropy) {
                armed.rule.effect.act(route, &mut verdict);
            }
        }
        verdict
    }

    fn exceeds(&mut self, route: &Route, class: Class, now: Timestamp) -> bool {
        let Some(rates) = self.faults.throttle else {
            return false;
        };
        let rate = match class {
            Class::Read => rates.reads,
            Class::Write => rates.writes,
            Class::VersionWrite => rates.version_writes,
        };
        let key = (route.account.clone(), route.region.clone(), class);
        let full = (rate * 2.0).max(1.0);
        let bucket = self.buckets.entry(key).or_insert(TokenBucket {
            tokens: full,
            at: now,
        });
        let passed = now.duration_since(bucket.at).as_secs_f64().max(0.0);
        bucket.tokens = (bucket.tokens + passed * rate).min(full);
        bucket.at = now;
        if bucket.tokens < 1.0 {
            return true;
        }
        bucket.tokens -= 1.0;
        false
    }
}

impl Armed {
    fn strikes(&mut self, route: &Route, entropy: &mut Entropy) -> bool {
        let rule = &self.rule;
        let named = |pattern: &str| match pattern.strip_suffix('*') {
            Some(start) => route.operation.starts_with(start),
            None => route.operation == pattern,
        };
        let matches = rule.service.is_none_or(|service| service == route.service)
            && rule.operation.as_deref().is_none_or(named)
            && rule.account.as_deref().is_none_or(|a| a == route.account);
        if !matches {
            return false;
        }
        self.seen += 1;
        let strikes = rule.nth.is_none_or(|nth| nth == self.seen)
            && rule.times.is_none_or(|times| self.fired < times)
            && rule.probability.is_none_or(|p| entropy.chance(p));
        self.fired += u64::from(strikes);
        strikes
    }
}

impl Effect {
    fn act(&self, route: &Route, verdict: &mut Verdict) {
        match self {
            Self::Throttle => verdict.refuse = Some(throttled(route.service)),
            Self::InternalFailure => {
                let code = match route.service {
                    Service::S3 => "InternalError",
                    _ => "InternalFailure",
                };
                let mut error = ApiError::new(code, "An internal error has occurred.");
                error.status = 500;
                verdict.refuse = Some(error);
            }
            Self::DropBefore => verdict.drop_before = true,
            Self::DropAfter => verdict.drop_after = true,
            Self::AccessDenied => verdict.refuse = Some(denied(route)),
            Self::Latency(more) => verdict.before += seconds(*more),
            Self::FailCreating => verdict.fail_creating = true,
            Self::CutListing(items) => verdict.cut_listing = Some(*items),
            Self::Refuse { code, message } => {
                verdict.refuse = Some(ApiError::new(code, message.clone()));
            }
        }
    }
}

/// The text is the common one; what Service Catalog writes was never printed (facts §2).
fn throttled(service: Service) -> ApiError {
    match service {
        Service::ServiceCatalog => ApiError::new("ThrottlingException", "Rate exceeded"),
        Service::CloudFormation | Service::Sts => ApiError::new("Throttling", "Rate exceeded"),
        Service::S3 => ApiError {
            code: "SlowDown".to_owned(),
            message: "Please reduce your request rate.".to_owned(),
            status: 503,
        },
    }
}

fn denied(route: &Route) -> ApiError {
    let action = format!("{}:{}", route.service.as_str(), route.operation);
    let account = &route.account;
    let (code, status) = match route.service {
        Service::ServiceCatalog => ("AccessDeniedException", 400),
        _ => ("AccessDenied", 403),
    };
    ApiError {
        code: code.to_owned(),
        message: format!(
            "User: arn:aws:sts::{account}:assumed-role/catalogd/session is not authorized to \
             perform: {action} because no identity-based policy allows the {action} action"
        ),
        status,
    }
}

/// Negative and absurd numbers of seconds are none and an hour.
pub(super) fn seconds(number: f64) -> Duration {
    Duration::try_from_secs_f64(number.clamp(0.0, 3600.0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(operation: &str) -> Route {
        Route {
            service: Service::ServiceCatalog,
            operation: operation.to_owned(),
            region: "us-east-1".to_owned(),
            access_key: None,
            account: "123456789012".to_owned(),
        }
    }

    fn judge(engine: &mut Engine, operation: &str) -> Verdict {
        let mut entropy = Entropy::seeded(1);
        engine.judge(
            &route(operation),
            Class::Read,
            Timestamp::UNIX_EPOCH,
            &mut entropy,
        )
    }

    #[test]
    fn the_nth_matching_call_is_struck_and_counted() {
        let mut engine = Engine::new(Faults::default(), Faults::default());
        let id = engine.arm(Rule::always(Effect::DropAfter).on("Create*").nth(2));
        let struck: Vec<bool> = ["CreateA", "ListA", "CreateB", "CreateC"]
            .iter()
            .map(|operation| judge(&mut engine, operation).drop_after)
            .collect();
        assert_eq!(struck, [false, false, true, false]);
        assert_eq!(engine.fired(id), 1);
    }

    #[test]
    fn rates_refill_with_time() {
        let rates = Rates {
            reads: 2.0,
            writes: 1.0,
            version_writes: 1.0,
        };
        let faults = Faults {
            throttle: Some(rates),
            ..Faults::default()
        };
        let mut engine = Engine::new(Faults::default(), faults);
        let mut entropy = Entropy::seeded(1);
        let mut refused = |at: i64| {
            let now = Timestamp::from_second(at).unwrap();
            engine
                .judge(&route("ListA"), Class::Read, now, &mut entropy)
                .refuse
                .is_some()
        };
        assert_eq!(
            [0, 0, 0, 0, 0].map(&mut refused),
            [false, false, false, false, true]
        );
        assert_eq!([1, 1, 1].map(&mut refused), [false, false, true]);
    }

    #[test]
    fn faults_are_read_from_yaml() {
        let faults: Faults = serde_yaml::from_str(
            "rules:\n\
             - {operation: Describe*, probability: 0.1, effect: throttle}\n\
             - {service: s3, nth: 3, effect: !cutListing 2}\n\
             - operation: CreateProduct\n  times: 2\n  effect: !refuse {code: InvalidParametersException, message: profile does not exist}\n\
             throttle: {reads: 8, writes: 4, versionWrites: 2}\n\
             lag: {describe: 2, search: 6, chance: 0.5}\n\
             stacks:\n\
             - {stack: 'SC-*', resource: Bucket, reason: no}\n",
        )
        .unwrap();
        assert_eq!(faults.rules.len(), 3);
        assert_eq!(faults.rules[1].effect, Effect::CutListing(2));
        assert!(serde_yaml::from_str::<Faults>("rulez: []").is_err());
        let again: Faults = serde_yaml::from_str(&serde_yaml::to_string(&faults).unwrap()).unwrap();
        assert_eq!(again, faults);
    }

    #[test]
    fn the_profile_stands_where_nothing_else_is_said() {
        let profile = Faults {
            lost_updates: Some(true),
            ..Faults::default()
        };
        let engine = Engine::new(profile.clone(), Faults::default());
        assert_eq!(engine.faults.lost_updates, Some(true));
        let said = Faults {
            lost_updates: Some(false),
            ..Faults::default()
        };
        assert_eq!(Engine::new(profile, said).faults.lost_updates, Some(false));
    }
}
