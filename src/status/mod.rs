//! How each object stands: whether it is as git wants it, and whether it is well (design §8).

use std::fmt;

use jiff::Timestamp;

use crate::ids::{Key, Kind, PortfolioId, ProductId, ServiceActionId};
use crate::model::desired::{Desired, Product};
use crate::model::observed::{
    LiveConnection, LivePortfolio, LiveProduct, LiveProvisioned, Observed, ProvisionedStatus,
    ReadyStatus,
};
use crate::plan::{Action, Blocked, BlockedCode, ObjectPlan, Plan, Stalled, Waiting};

/// Whether an object is as git wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sync {
    /// It is.
    Synced,
    /// It is not, yet or still.
    OutOfSync,
    /// Something could not be read.
    Unknown,
    /// Several live objects claim to be it.
    Conflict,
}

/// Whether an object is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// It is there and works.
    Healthy,
    /// The service is at work on it.
    Progressing,
    /// Its last change failed, or a part of it did.
    Degraded,
    /// It is not there.
    Missing,
    /// It can't be told.
    Unknown,
}

impl fmt::Display for Sync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Synced => "Synced",
            Self::OutOfSync => "OutOfSync",
            Self::Unknown => "Unknown",
            Self::Conflict => "Conflict",
        })
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Healthy => "Healthy",
            Self::Progressing => "Progressing",
            Self::Degraded => "Degraded",
            Self::Missing => "Missing",
            Self::Unknown => "Unknown",
        })
    }
}

/// How one object stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectStatus {
    /// Which.
    pub key: Key,
    /// The live object's id, where there is one.
    pub id: Option<String>,
    /// Against git.
    pub sync: Sync,
    /// In itself.
    pub health: Health,
    /// What may not be done, and why.
    pub blocked: Vec<Blocked>,
    /// What it waits for.
    pub waiting: Vec<Waiting>,
    /// What a person must do.
    pub stalled: Option<Stalled>,
    /// The service's reason, where it is not well.
    pub message: Option<String>,
    /// When the oldest of the reads was made that this rests on; nothing where something could not be read.
    pub last_verified_at: Option<Timestamp>,
}

impl ObjectStatus {
    /// Whether there is nothing to say about it.
    pub fn is_well(&self) -> bool {
        self.sync == Sync::Synced && self.health == Health::Healthy && self.blocked.is_empty()
    }
}

/// The status of every object of the source, by a plan that was made of what is observed now: planned objects in the
/// plan's order, then those whose manifest has an error.
pub fn statuses(plan: &Plan, desired: &Desired, observed: &Observed) -> Vec<ObjectStatus> {
    let planned = plan.objects.iter();
    let planned = planned.map(|object| status(object, desired, observed));
    let broken = desired.broken.iter().map(|key| ObjectStatus {
        key: key.clone(),
        id: None,
        sync: Sync::Unknown,
        health: Health::Unknown,
        blocked: Vec::new(),
        waiting: Vec::new(),
        stalled: None,
        message: Some("its manifest has an error".to_owned()),
        last_verified_at: None,
    });
    planned.chain(broken).collect()
}

fn status(object: &ObjectPlan, desired: &Desired, observed: &Observed) -> ObjectStatus {
    let (health, message) = health(object, desired, observed);
    ObjectStatus {
        key: object.key.clone(),
        id: object.id.clone(),
        sync: sync(object),
        health,
        blocked: object.blocked.clone(),
        waiting: object.waiting.clone(),
        stalled: object.stalled.clone(),
        message,
        last_verified_at: last_verified(object, desired, observed),
    }
}

/// When the oldest of the reads was made that an object's state rests on.
fn last_verified(object: &ObjectPlan, desired: &Desired, observed: &Observed) -> Option<Timestamp> {
    if object.blocked.iter().any(|b| b.code == BlockedCode::Gap) {
        return None;
    }
    let read = &observed.read;
    let now = read.at?;
    let Some(id) = &object.id else {
        return Some(now);
    };
    let mut times = vec![now];
    match object.key.kind {
        Kind::Product => {
            let id = ProductId::new(id.as_str());
            times.extend(read.products.get(&id));
            let constraints = observed.portfolios.values();
            let constraints = constraints.flat_map(|portfolio| portfolio.constraints.values());
            let own = constraints.filter(|constraint| constraint.product == id);
            times.extend(own.filter_map(|constraint| read.constraints.get(&constraint.id)));
            // Whether a version offers what it should is read from the actions' side.
            let want = desired.products.get(&object.key.name);
            if want.is_some_and(Product::has_offers) {
                times.extend(read.service_actions.values());
            }
        }
        Kind::Portfolio => times.extend(read.shares.get(&PortfolioId::new(id.as_str()))),
        Kind::ServiceAction => {
            times.extend(read.service_actions.get(&ServiceActionId::new(id.as_str())));
        }
        Kind::TagOption | Kind::ProvisionedProduct => {}
    }
    times.into_iter().min()
}

fn sync(object: &ObjectPlan) -> Sync {
    let blocked = |code| object.blocked.iter().any(|b| b.code == code);
    if blocked(BlockedCode::Conflict) {
        return Sync::Conflict;
    }
    // A principal that stays because catalogd runs as it is a word to the wise, no difference to be put right.
    let mut refusals = object.blocked.iter();
    let differs = object.action != Action::None
        || object.stalled.is_some()
        || !object.waiting.is_empty()
        || refusals.any(|b| !matches!(b.code, BlockedCode::OwnPrincipal | BlockedCode::Gap));
    match (differs, blocked(BlockedCode::Gap)) {
        (true, _) => Sync::OutOfSync,
        (false, true) => Sync::Unknown,
        (false, false) => Sync::Synced,
    }
}

fn health(object: &ObjectPlan, desired: &Desired, observed: &Observed) -> (Health, Option<String>) {
    let Some(id) = &object.id else {
        let hidden = |b: &Blocked| matches!(b.code, BlockedCode::Gap | BlockedCode::Conflict);
        let hidden = object.blocked.iter().any(hidden);
        return (
            if hidden {
                Health::Unknown
            } else {
                Health::Missing
            },
            None,
        );
    };
    match object.key.kind {
        Kind::TagOption | Kind::ServiceAction => (Health::Healthy, None),
        Kind::Portfolio => {
            let live = observed.portfolios.get(&id.as_str().into());
            (Health::Healthy, live.and_then(not_accepted))
        }
        Kind::Product => {
            let live = observed.products.get(&id.as_str().into());
            let listed = desired.products.get(&object.key.name);
            live.map_or((Health::Unknown, None), |live| product(listed, live))
        }
        Kind::ProvisionedProduct => {
            let live = observed.provisioned.get(&id.as_str().into());
            live.map_or((Health::Unknown, None), provisioned)
        }
    }
}

/// Who has not accepted a share yet: nothing that can be mended here.
fn not_accepted(live: &LivePortfolio) -> Option<String> {
    let shares = live.shares.iter().flatten();
    let open = shares.filter(|(with, share)| !with.is_node() && !share.accepted);
    let open: Vec<&str> = open.map(|(with, _)| with.id()).collect();
    (!open.is_empty()).then(|| format!("not accepted yet by {}", open.join(", ")))
}

/// By the versions that git lists: what others leave behind beside them is not managed.
fn product(listed: Option<&Product>, live: &LiveProduct) -> (Health, Option<String>) {
    if let Some(connection) = &live.source_connection {
        return synced(connection, live);
    }
    // A copy's versions are its source's, all of them.
    let is_listed = |name: &str| {
        listed.is_some_and(|product| {
            product.copy_from.is_some() || product.versions.iter().any(|v| v.name == name)
        })
    };
    let named = |wanted: fn(&ReadyStatus) -> bool| {
        let versions = live.versions.iter();
        let versions = versions.filter(|v| wanted(&v.status) && is_listed(&v.name));
        versions.map(|v| v.name.as_str()).collect::<Vec<_>>()
    };
    let failed = named(|status| *status == ReadyStatus::Failed);
    if !failed.is_empty() {
        let message = format!("versions that failed: {}", failed.join(", "));
        return (Health::Degraded, Some(message));
    }
    let making = named(|s| matches!(s, ReadyStatus::Creating | ReadyStatus::Unknown(_)));
    if !making.is_empty() {
        let message = format!("versions being made: {}", making.join(", "));
        return (Health::Progressing, Some(message));
    }
    (Health::Healthy, None)
}

/// By the last sync with its repository: its versions are the service's.
fn synced(connection: &LiveConnection, live: &LiveProduct) -> (Health, Option<String>) {
    let Some(last) = &connection.last_sync else {
        let message = "the service has not synced it with its repository yet";
        return (Health::Progressing, Some(message.to_owned()));
    };
    let at = |time: Option<Timestamp>| time.map_or(String::new(), |time| format!(" at {time}"));
    let version = last.version.as_ref().map(|id| {
        let found = live.versions.iter().find(|version| version.id == *id);
        let name = found.map_or("which is gone", |version| version.name.as_str());
        format!("version {name:?} ({id})")
    });
    let good = version.map(|version| format!("{version}{}", at(last.succeeded_at)));
    let good = good.unwrap_or_else(|| "no version yet".to_owned());
    match last.status.as_str() {
        "SUCCEEDED" => (Health::Healthy, Some(format!("the last sync made {good}"))),
        "FAILED" => {
            let why = last.message.as_deref().unwrap_or("without a reason");
            let message = format!(
                "the last sync{} failed: {why}; the last good one made {good}",
                at(last.at)
            );
            (Health::Degraded, Some(message))
        }
        other => (
            Health::Unknown,
            Some(format!(
                "the last sync's status is {other:?}, which is not known"
            )),
        ),
    }
}

fn provisioned(live: &LiveProvisioned) -> (Health, Option<String>) {
    if live.stack_gone && live.ever_succeeded {
        let stack = live.physical_id.as_deref().unwrap_or("of it");
        return (Health::Missing, Some(format!("its stack {stack} is gone")));
    }
    let health = match &live.status {
        ProvisionedStatus::Available => return (Health::Healthy, None),
        ProvisionedStatus::UnderChange | ProvisionedStatus::PlanInProgress => Health::Progressing,
        ProvisionedStatus::Tainted | ProvisionedStatus::Error => Health::Degraded,
        ProvisionedStatus::Unknown(_) => Health::Unknown,
    };
    let word = crate::plan::status_word(&live.status);
    let message = match &live.status_message {
        Some(reason) => format!("{word}: {reason}"),
        None => word.to_owned(),
    };
    (health, Some(message))
}
