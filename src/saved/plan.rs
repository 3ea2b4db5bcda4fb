//! A saved plan: what was shown, and all that it rests on.
//!
//! The file holds no calls to make. It says what the plan was made of (source, revision, base, options) and what came of
//! it, object by object. Whoever applies it plans anew with the same options and compares: where everything is as it was,
//! the new plan is the saved one and is made; where anything moved, it is named and nothing is made. So no argument of a
//! call is ever taken from a file, and no secret need be in it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Damage;
use super::envelope;
use crate::ids::{Digest, Key, Kind, Name};
use crate::model::owner::Identity;
use crate::plan::op::Step;
use crate::plan::{Basis, Change, ObjectPlan, Plan, Shown};
use crate::render::safe::{VALUE, line};

/// The format that is written and read.
const FORMAT: u32 = 1;
/// What says that a file is one.
const MEMBER: &str = "catalogd_saved_plan";
/// Values longer than this, in bytes, are kept as their digest: they are there to be compared.
const LONGEST: usize = 256;

/// The content of a saved plan's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    /// What it is known by: it is applied once.
    pub id: String,
    /// The version of the program that made it.
    pub tool: String,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it may not be applied.
    pub expires: Timestamp,
    /// Whose objects it is about.
    pub installation: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The partition.
    pub partition: String,
    /// The template bucket.
    pub bucket: String,
    /// Where the manifests came from.
    pub source: SavedSource,
    /// [`crate::ids::Revision::full`] of what was read there.
    pub revision: String,
    /// The same of what was last applied, where that was named.
    pub base: Option<String>,
    /// What the plan was told besides.
    pub options: Options,
    /// The plan's digest, as its JSON says it.
    pub digest: String,
    /// The objects that it changes.
    pub objects: Vec<SavedObject>,
    /// The objects that wait for a following pass.
    pub waiting: Vec<SavedKey>,
    /// The live state that it rests on.
    pub basis: Basis,
}

/// Where manifests came from, without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum SavedSource {
    /// A folder, by its absolute path.
    Folder(String),
    /// A repository.
    Git {
        /// Its URL.
        url: String,
        /// The ref.
        reference: String,
        /// The folder within.
        path: String,
    },
}

/// What a plan was told besides its source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// `--partial`.
    pub partial: bool,
    /// `--allow-deletes`.
    pub allow_deletes: Option<usize>,
    /// `--resend-secrets`: objects, never values.
    pub resend_secrets: Vec<SavedKey>,
    /// What `--only` and `--portfolio` came to.
    pub only: Option<Vec<SavedKey>>,
}

/// An object of the manifests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SavedKey(pub Key);

impl TryFrom<String> for SavedKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parsed = text.split_once('/').and_then(|(kind, name)| {
            let kind = Kind::ALL.into_iter().find(|known| known.slug() == kind)?;
            Some(Self(Key::new(kind, Name::parse(name)?)))
        });
        parsed.ok_or_else(|| format!("{text:?} is no object"))
    }
}

impl From<SavedKey> for String {
    fn from(SavedKey(key): SavedKey) -> Self {
        key.to_string()
    }
}

/// What is done to one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedObject {
    /// Which.
    pub object: SavedKey,
    /// The live object's id.
    pub id: Option<String>,
    /// What is done to it.
    pub action: String,
    /// Field by field: what is live, and what git wants.
    pub changes: BTreeMap<String, (String, String)>,
    /// Its calls, in order.
    pub calls: Vec<SavedCall>,
}

/// A call, to be recognised by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedCall {
    /// The API's name of it.
    pub call: String,
    /// The digest of its arguments without secrets and tokens, and of its place in the plan.
    pub request: String,
}

/// What a saved plan is made for and from, besides the plan itself.
#[derive(Debug, Clone)]
pub struct Terms {
    /// What it is known by.
    pub id: String,
    /// When it is made.
    pub created: Timestamp,
    /// From when on it may not be applied.
    pub expires: Timestamp,
    /// The template bucket.
    pub bucket: String,
    /// Where the manifests came from.
    pub source: SavedSource,
    /// What was read there.
    pub revision: String,
    /// What was last applied.
    pub base: Option<String>,
    /// What the plan was told.
    pub options: Options,
}

impl SavedPlan {
    /// Of a plan.
    pub fn new(terms: Terms, plan: &Plan) -> Self {
        let Identity {
            installation,
            target,
        } = &plan.identity;
        let touched = plan
            .objects
            .iter()
            .filter(|object| !object.steps.is_empty());
        Self {
            id: terms.id,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            created: terms.created,
            expires: terms.expires,
            installation: installation.to_string(),
            account: target.account.to_string(),
            region: target.region.to_string(),
            partition: target.partition.clone(),
            bucket: terms.bucket,
            source: terms.source,
            revision: terms.revision,
            base: terms.base,
            options: terms.options,
            digest: plan.digest.to_string(),
            objects: touched.map(|object| saved(object, plan)).collect(),
            waiting: plan
                .objects
                .iter()
                .filter(|object| !object.waiting.is_empty())
                .map(|object| SavedKey(object.key.clone()))
                .collect(),
            basis: kept(&plan.basis),
        }
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        envelope::to_bytes(MEMBER, FORMAT, self)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It was cut short, edited, is of another format, or something else.
    pub fn parse(bytes: &[u8]) -> Result<Self, Damage> {
        envelope::parse("saved plan", MEMBER, FORMAT, bytes)
    }

    /// The objects that it changes.
    pub fn touched(&self) -> BTreeSet<Key> {
        self.objects.iter().map(|o| o.object.0.clone()).collect()
    }

    /// What forbids to apply it here and now, before anything is read of git or the catalog.
    pub fn misplaced(&self, identity: &Identity, bucket: &str, now: Timestamp) -> Vec<String> {
        let Identity {
            installation,
            target,
        } = identity;
        let mut moved = Vec::new();
        let mut compare = |what: &str, saved: &str, here: &str| {
            if saved != here {
                moved.push(format!("{what}: {saved} in the plan, {here} here"));
            }
        };
        compare("account", &self.account, target.account.as_str());
        compare("region", &self.region, target.region.as_str());
        compare("partition", &self.partition, &target.partition);
        compare("installation", &self.installation, installation.as_str());
        // Where the account or the region is another, so is a bucket that is named after them.
        if moved.is_empty() && self.bucket != bucket {
            moved.push(format!(
                "template bucket: {} in the plan, {bucket} here",
                self.bucket
            ));
        }
        if now >= self.expires {
            moved.push(format!("it expired at {:.0}", self.expires));
        }
        moved
    }

    /// What moved since it was saved, by a plan that was made anew for the objects that it touches: object by object and
    /// field by field. Where nothing did, that plan is this one.
    pub fn moved(&self, plan: &Plan) -> Vec<String> {
        let now = kept(&plan.basis);
        let mut moved = Vec::new();
        let (mut live, mut missing) = (BTreeSet::new(), Vec::new());
        for label in self.basis.keys().chain(now.keys()).collect::<BTreeSet<_>>() {
            let lines = fields(label, self.basis.get(label), now.get(label));
            if !now.contains_key(label) {
                // It may be gone, or no call may name it any more: then its object says so.
                missing.extend(lines);
                continue;
            }
            if !lines.is_empty() {
                live.insert(label.clone());
            }
            moved.extend(lines);
        }
        for was in &self.objects {
            let key = &was.object.0;
            let found = plan.objects.iter().find(|object| object.key == *key);
            // Where the live object moved, that says why its changes are others.
            if !live.contains(&key.to_string()) {
                moved.extend(differences(was, found, plan));
            }
        }
        if moved.is_empty() {
            moved.extend(missing);
        }
        let touched = self.touched();
        let others = plan
            .objects
            .iter()
            .filter(|object| !object.steps.is_empty());
        for object in others.filter(|object| !touched.contains(&object.key)) {
            moved.push(format!("{}: it would be changed as well", object.key));
        }
        let calls = |plan: &[SavedObject]| -> usize { plan.iter().map(|o| o.calls.len()).sum() };
        let steps = plan
            .steps
            .iter()
            .filter(|s| !s.op.is_housekeeping())
            .count();
        if moved.is_empty() && steps != calls(&self.objects) {
            moved.push("the plan has other calls by now".to_owned());
        }
        moved
    }
}

/// What differs between two states of a live object.
fn fields(
    label: &str,
    was: Option<&BTreeMap<String, String>>,
    now: Option<&BTreeMap<String, String>>,
) -> Vec<String> {
    let (was, now) = match (was, now) {
        (Some(was), Some(now)) => (was, now),
        (Some(_), None) => return vec![format!("{label}: it is gone, or out of sight")],
        (None, Some(_)) => return vec![format!("{label}: it was not there")],
        (None, None) => return Vec::new(),
    };
    let names: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
    let differ = names
        .into_iter()
        .filter(|field| was.get(*field) != now.get(*field));
    let shown = |value: Option<&String>| match value {
        None => "(none)".to_owned(),
        Some(value) => line(value, VALUE),
    };
    differ
        .map(|field| {
            let (was, now) = (shown(was.get(field)), shown(now.get(field)));
            format!("{label}: {}: {was} → {now}", line(field, VALUE))
        })
        .collect()
}

/// What differs between what was to be done to an object and what would be done now.
fn differences(was: &SavedObject, found: Option<&ObjectPlan>, plan: &Plan) -> Vec<String> {
    let key = &was.object.0;
    let Some(object) = found else {
        return vec![format!("{key}: there is nothing to be done to it any more")];
    };
    let now = saved(object, plan);
    if now == *was {
        return Vec::new();
    }
    if let Some(stalled) = &object.stalled {
        return vec![format!("{key}: stalled: {}", line(&stalled.reason, VALUE))];
    }
    let mut moved = Vec::new();
    for blocked in object.blocked.iter().filter(|_| now.calls != was.calls) {
        let message = line(&blocked.message, VALUE);
        moved.push(format!("{key}: {}: {message}", blocked.code.as_str()));
    }
    if now.calls != was.calls {
        let waiting = object.waiting.iter();
        moved.extend(waiting.map(|w| format!("{key}: waits: {}", line(&w.message, VALUE))));
    }
    if now.id != was.id {
        let id = |id: &Option<String>| id.clone().unwrap_or_else(|| "(none)".to_owned());
        moved.push(format!("{key}: id: {} → {}", id(&was.id), id(&now.id)));
    }
    if now.action != was.action {
        moved.push(format!("{key}: to {} → to {}", was.action, now.action));
    }
    let names: BTreeSet<&String> = was.changes.keys().chain(now.changes.keys()).collect();
    for field in names {
        let name = line(field, VALUE);
        match (was.changes.get(field), now.changes.get(field)) {
            (Some(was), Some(now)) if was == now => {}
            (Some((was, _)), Some((now, _))) if was != now => {
                let (was, now) = (line(was, VALUE), line(now, VALUE));
                moved.push(format!("{key}: {name}: {was} → {now}"));
            }
            (Some((_, was)), Some((_, now))) => {
                let (was, now) = (line(was, VALUE), line(now, VALUE));
                moved.push(format!("{key}: {name}: to be {was} → to be {now}"));
            }
            (Some(_), None) => moved.push(format!("{key}: {name}: it does not differ any more")),
            (None, Some((now, _))) => {
                moved.push(format!("{key}: {name}: is {} by now", line(now, VALUE)));
            }
            (None, None) => {}
        }
    }
    if moved.is_empty() {
        moved.push(format!("{key}: its calls would be others"));
    }
    moved
}

fn saved(object: &ObjectPlan, plan: &Plan) -> SavedObject {
    let steps = object.steps.iter().filter_map(|id| plan.step(*id));
    let calls = steps.filter(|step| !step.op.is_housekeeping()).map(call);
    let mut changes = BTreeMap::new();
    for Change {
        field,
        before,
        after,
        reason: _,
    } in &object.changes
    {
        // Members of a list have one field: they are told by what comes or goes.
        let value = (kept_value(before), kept_value(after));
        let field = match changes.contains_key(field) {
            true => format!("{field}[{} {}]", value.0, value.1),
            false => field.clone(),
        };
        changes.insert(field, value);
    }
    SavedObject {
        object: SavedKey(object.key.clone()),
        id: object.id.clone(),
        action: object.action.as_str().to_owned(),
        changes,
        calls: calls.collect(),
    }
}

fn call(step: &Step) -> SavedCall {
    // Without the token: it says what this program sent before, which another's state folder may not know.
    let text = format!(
        "{} {} {:?} {:?} {}",
        step.id,
        step.op.request(),
        step.needs,
        step.still,
        step.removes
    );
    SavedCall {
        call: step.op.call().to_owned(),
        request: Digest::of(text.as_bytes()).short().to_owned(),
    }
}

/// A basis as it is kept: long values by their digest.
fn kept(basis: &Basis) -> Basis {
    let fields = |fields: &BTreeMap<String, String>| {
        let fields = fields.iter();
        fields
            .map(|(field, value)| (field.clone(), short(value)))
            .collect()
    };
    let all = basis.iter();
    all.map(|(label, of)| (label.clone(), fields(of))).collect()
}

fn kept_value(value: &Shown) -> String {
    short(value.words())
}

fn short(value: &str) -> String {
    match value.len() > LONGEST {
        true => format!("sha256:{}", Digest::of(value.as_bytes())),
        false => value.to_owned(),
    }
}
