//! Everything that can go wrong on purpose, from one seed.

mod engine;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(super) use engine::{Class, Doom, Engine, Verdict, expired};

use super::route::Service;

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
    /// Accounts that lack the execution role of stack sets: nothing can be made, changed or deleted there.
    pub roleless: Vec<String>,
}

/// One fault and when it strikes. All given conditions must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Rule {
    /// Only this service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// Only this operation, with `*` and `?`, e.g. `Describe*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Only this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Only this region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
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
            region: None,
            nth: None,
            times: None,
            probability: None,
            effect,
        }
    }

    /// The same for one operation, with `*` and `?`.
    #[must_use]
    pub fn on(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// The same for calls in one region.
    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
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
    /// ExpiredTokenException, before the work: what a session meets that has lasted too long.
    ExpiredCredentials,
    /// The answer takes this many seconds more.
    Latency(f64),
    /// More than so many of the matching calls a second are throttled, counted by account and region; bursts of twice
    /// that pass.
    Rate(f64),
    /// A page of a listing of Service Catalog has at most so many items and is the last one, as if that were all.
    CutListing(usize),
    /// A version or constraint that the call makes or changes goes from CREATING to FAILED.
    FailCreating,
    /// The copy of a product that the call starts ends in FAILED.
    #[serde(rename_all = "camelCase")]
    FailCopying {
        /// StatusDetail; none at all when absent, as users of the real service saw it (facts §9.1).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        /// What it has done before.
        #[serde(default)]
        leaves: Leaves,
    },
    /// The copy of a product that the call starts takes this many seconds more.
    SlowCopying(f64),
    /// The copy of a product that the call starts stays IN_PROGRESS until the rule is taken out of force.
    HangCopying,
    /// The import that the call starts ends in FAILED, whether or not the templates match.
    #[serde(rename_all = "camelCase")]
    FailImporting {
        /// What the record's error and StatusMessage say.
        reason: String,
    },
    /// The action on a share with a node of an organization that the call starts fails for all accounts under it.
    #[serde(rename_all = "camelCase")]
    FailSharing {
        /// `Error` of the ShareErrors, e.g. `ThrottlingException`.
        error: String,
        /// Their `Message`.
        message: String,
    },
    /// Any other refusal, before the work, e.g. the "profile does not exist" of a fresh IAM role.
    #[serde(rename_all = "camelCase")]
    Refuse {
        /// E.g. `InvalidParametersException`.
        code: String,
        /// The text.
        message: String,
    },
}

/// What a copy that fails has done before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Leaves {
    /// Nothing.
    #[default]
    Nothing,
    /// The target, with the first of the versions only; the status names it.
    Product,
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

/// A resource that shall fail once, or take its time, or both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StackFault {
    /// Only in this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Only in this region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The stack's name, with `*` and `?`.
    pub stack: String,
    /// The resource in its template, with `*` and `?`.
    pub resource: String,
    /// It fails, and this is what CloudFormation shall say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// It takes so many seconds; `.inf` is for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes: Option<f64>,
}

/// Negative numbers of seconds are none, and absurd ones are for ever.
pub(super) fn endless(number: f64) -> Duration {
    /// Longer than any clock goes.
    const FOR_EVER: Duration = Duration::from_secs(400_000_000_000);
    match Duration::try_from_secs_f64(number.max(0.0)) {
        Ok(span) => span.min(FOR_EVER),
        Err(_) => FOR_EVER,
    }
}

/// Negative and absurd numbers of seconds are none and an hour.
pub(super) fn seconds(number: f64) -> Duration {
    Duration::try_from_secs_f64(number.clamp(0.0, 3600.0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
