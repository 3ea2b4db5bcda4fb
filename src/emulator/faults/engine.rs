//! The rules in force: which of them strike a call, and what becomes of it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Effect, Faults, Latency, Leaves, Rule, endless, seconds};
use crate::clock::Entropy;
use crate::emulator::api::ApiError;
use crate::emulator::glob;
use crate::emulator::route::{Route, Service};

/// The classes that have a rate of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::emulator) enum Class {
    /// Reads, and everything of the other services.
    Read,
    /// Writes of Service Catalog.
    Write,
    /// Writes of a product's versions.
    VersionWrite,
}

/// How what a call starts shall end; by default as it may.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::emulator) struct Doom {
    /// Versions and constraints end in FAILED.
    pub(in crate::emulator) creating: bool,
    /// A copy ends in FAILED, with this StatusDetail.
    pub(in crate::emulator) copying: Option<(Option<String>, Leaves)>,
    /// A copy takes so much longer.
    pub(in crate::emulator) slow: Duration,
    /// A copy does not end while this rule is in force: of this engine, so that no state file holds it.
    #[serde(skip)]
    pub(in crate::emulator) held: Option<u64>,
    /// An import ends in FAILED, for this reason.
    pub(in crate::emulator) importing: Option<String>,
    /// An action on a share ends with this error and message for all accounts.
    pub(in crate::emulator) sharing: Option<(String, String)>,
}

/// What the rules and rates make of one call.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::emulator) struct Verdict {
    pub(in crate::emulator) refuse: Option<ApiError>,
    pub(in crate::emulator) drop_before: bool,
    pub(in crate::emulator) drop_after: bool,
    pub(in crate::emulator) cut_listing: Option<usize>,
    pub(in crate::emulator) doom: Doom,
    pub(in crate::emulator) before: Duration,
    pub(in crate::emulator) after: Duration,
}

/// The rules in force and how often each has struck.
#[derive(Debug)]
pub(in crate::emulator) struct Engine {
    pub(in crate::emulator) faults: Faults,
    next: u64,
    armed: BTreeMap<u64, Armed>,
    buckets: BTreeMap<(Place, Class), TokenBucket>,
}

/// An account and region.
type Place = (String, String);

#[derive(Debug)]
struct Armed {
    rule: Rule,
    seen: u64,
    fired: u64,
    /// Of a rule that is a rate.
    buckets: BTreeMap<Place, TokenBucket>,
}

/// Fills with time, up to twice what a second brings.
#[derive(Debug, Clone, Copy)]
struct TokenBucket {
    tokens: f64,
    at: Timestamp,
}

impl TokenBucket {
    fn full(rate: f64, at: Timestamp) -> Self {
        let tokens = (rate * 2.0).max(1.0);
        Self { tokens, at }
    }

    /// Takes a token; false if there is none.
    fn take(&mut self, rate: f64, now: Timestamp) -> bool {
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.tokens = (self.tokens + passed * rate).min((rate * 2.0).max(1.0));
        self.at = now;
        let any = self.tokens >= 1.0;
        self.tokens -= f64::from(u8::from(any));
        any
    }
}

impl Engine {
    /// The profile's own behaviour, overridden by what `faults` says.
    pub(in crate::emulator) fn new(profile: Faults, faults: Faults) -> Self {
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
    pub(in crate::emulator) fn replace(&mut self, profile: &Faults, faults: Faults) {
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
            roleless: faults.roleless,
        };
    }

    /// All that is in force, and how often each of its rules has struck.
    pub(in crate::emulator) fn in_force(&self) -> (Faults, Vec<u64>) {
        let armed = self.armed.values();
        let faults = Faults {
            rules: armed.clone().map(|armed| armed.rule.clone()).collect(),
            ..self.faults.clone()
        };
        (faults, armed.map(|armed| armed.fired).collect())
    }

    /// Puts one more rule in force; the number names it.
    pub(in crate::emulator) fn arm(&mut self, rule: Rule) -> u64 {
        let id = self.next;
        self.next += 1;
        let armed = Armed {
            rule,
            seen: 0,
            fired: 0,
            buckets: BTreeMap::new(),
        };
        self.armed.insert(id, armed);
        id
    }

    /// Whether a rule is in force.
    pub(in crate::emulator) fn is_armed(&self, id: u64) -> bool {
        self.armed.contains_key(&id)
    }

    /// How often a rule has struck.
    pub(in crate::emulator) fn fired(&self, id: u64) -> u64 {
        self.armed.get(&id).map_or(0, |armed| armed.fired)
    }

    /// Takes a rule out of force.
    pub(in crate::emulator) fn disarm(&mut self, id: u64) {
        self.armed.remove(&id);
    }

    /// What shall happen to this call.
    pub(in crate::emulator) fn judge(
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
        for (id, armed) in &mut self.armed {
            if armed.strikes(route, now, entropy) {
                armed.rule.effect.act(*id, route, &mut verdict);
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
        let bucket = self.buckets.entry((place(route), class));
        !bucket
            .or_insert_with(|| TokenBucket::full(rate, now))
            .take(rate, now)
    }
}

impl Armed {
    fn strikes(&mut self, route: &Route, now: Timestamp, entropy: &mut Entropy) -> bool {
        let rule = &self.rule;
        let named = |pattern: &str| glob::fits(pattern, &route.operation);
        let matches = rule.service.is_none_or(|service| service == route.service)
            && rule.operation.as_deref().is_none_or(named)
            && rule.account.as_deref().is_none_or(|a| a == route.account)
            && rule.region.as_deref().is_none_or(|r| r == route.region);
        if !matches {
            return false;
        }
        self.seen += 1;
        let strikes = rule.nth.is_none_or(|nth| nth == self.seen)
            && rule.times.is_none_or(|times| self.fired < times)
            && rule.probability.is_none_or(|p| entropy.chance(p));
        let strikes = match rule.effect {
            Effect::Rate(rate) if strikes => {
                let bucket = self.buckets.entry(place(route));
                !bucket
                    .or_insert_with(|| TokenBucket::full(rate, now))
                    .take(rate, now)
            }
            _ => strikes,
        };
        self.fired += u64::from(strikes);
        strikes
    }
}

impl Effect {
    fn act(&self, rule: u64, route: &Route, verdict: &mut Verdict) {
        match self {
            Self::Throttle | Self::Rate(_) => verdict.refuse = Some(throttled(route.service)),
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
            Self::ExpiredCredentials => verdict.refuse = Some(expired(route.service)),
            Self::Latency(more) => verdict.before += seconds(*more),
            Self::FailCreating => verdict.doom.creating = true,
            Self::FailCopying { detail, leaves } => {
                verdict.doom.copying = Some((detail.clone(), *leaves));
            }
            Self::SlowCopying(more) => verdict.doom.slow += endless(*more),
            Self::HangCopying => verdict.doom.held = Some(rule),
            Self::FailImporting { reason } => verdict.doom.importing = Some(reason.clone()),
            Self::FailSharing { error, message } => {
                verdict.doom.sharing = Some((error.clone(), message.clone()));
            }
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
        Service::ServiceCatalog | Service::Organizations | Service::Ssm => {
            ApiError::new("ThrottlingException", "Rate exceeded")
        }
        Service::Tagging => ApiError::new("ThrottledException", "Rate exceeded"),
        Service::CloudFormation | Service::Sts => ApiError::new("Throttling", "Rate exceeded"),
        Service::S3 => ApiError {
            code: "SlowDown".to_owned(),
            message: "Please reduce your request rate.".to_owned(),
            status: 503,
        },
    }
}

/// Of a session that has ended: the common code and text (facts §2).
pub(in crate::emulator) fn expired(service: Service) -> ApiError {
    let (code, text, status) = match service {
        Service::ServiceCatalog | Service::Organizations | Service::Ssm | Service::Tagging => (
            "ExpiredTokenException",
            "The security token included in the request is expired",
            400,
        ),
        Service::CloudFormation | Service::Sts => (
            "ExpiredToken",
            "The security token included in the request is expired",
            403,
        ),
        Service::S3 => ("ExpiredToken", "The provided token has expired.", 400),
    };
    ApiError {
        code: code.to_owned(),
        message: text.to_owned(),
        status,
    }
}

fn place(route: &Route) -> Place {
    (route.account.clone(), route.region.clone())
}

fn denied(route: &Route) -> ApiError {
    let actions = match route.service {
        Service::Tagging => "tag",
        service => service.as_str(),
    };
    let action = format!("{actions}:{}", route.operation);
    let account = &route.account;
    let (code, status) = match route.service {
        Service::ServiceCatalog | Service::Organizations | Service::Ssm | Service::Tagging => {
            ("AccessDeniedException", 400)
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::faults::Rates;

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
