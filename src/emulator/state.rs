//! What the service catalog of one account in one region holds.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::attached::{Attached, ServiceAction, TagOption};
use super::cfn::{Output, Stacks};
use super::faults::Doom;
use super::keep;
use super::lag::History;
use super::plan_state::Plan;
use super::share::{Borrowed, Import, Shares, Sharing, SharingRecord};
use super::source_state::Connection;

/// Tags by key.
pub(super) type Tags = BTreeMap<String, String>;

/// Rows by id, in the order in which they were made. Clones share the rows.
#[derive(Debug)]
pub(super) struct Table<T> {
    rows: BTreeMap<u64, Arc<T>>,
    index: BTreeMap<String, u64>,
    next: u64,
}

/// Kept as the next place, and rows with their id and place.
impl<T: Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self.index.iter();
        let rows = rows.filter_map(|(id, place)| Some((id, place, self.rows.get(place)?)));
        (self.next, rows.collect::<Vec<_>>()).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (next, rows) = <(u64, Vec<(String, u64, Arc<T>)>)>::deserialize(deserializer)?;
        let mut table = Self {
            next,
            ..Self::default()
        };
        for (id, place, row) in rows {
            table.next = table.next.max(place.saturating_add(1));
            table.rows.insert(place, row);
            table.index.insert(id, place);
        }
        Ok(table)
    }
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self {
            rows: self.rows.clone(),
            index: self.index.clone(),
            next: self.next,
        }
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            index: BTreeMap::new(),
            next: 0,
        }
    }
}

impl<T: Clone> Table<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn get(&self, id: &str) -> Option<&Arc<T>> {
        self.rows.get(self.index.get(id)?)
    }

    /// A row with its place.
    pub(super) fn row(&self, id: &str) -> Option<(u64, &Arc<T>)> {
        let place = self.index.get(id)?;
        Some((*place, self.rows.get(place)?))
    }

    /// The ids of all rows.
    pub(super) fn ids(&self) -> Vec<String> {
        self.index.keys().cloned().collect()
    }

    pub(super) fn insert(&mut self, id: &str, row: T) {
        self.rows.insert(self.next, Arc::new(row));
        self.index.insert(id.to_owned(), self.next);
        self.next += 1;
    }

    /// The row itself; it is copied first while a snapshot still shares it.
    pub(super) fn edit(&mut self, id: &str) -> Option<&mut T> {
        self.rows.get_mut(self.index.get(id)?).map(Arc::make_mut)
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Arc<T>> {
        self.rows.remove(&self.index.remove(id)?)
    }

    /// The rows of these ids with their place, oldest first.
    pub(super) fn select(&self, ids: &[String]) -> Vec<(u64, &Arc<T>)> {
        let places = ids.iter().filter_map(|id| self.index.get(id));
        let rows = places.filter_map(|place| self.rows.get_key_value(place));
        let mut rows: Vec<_> = rows.map(|(place, row)| (*place, row)).collect();
        rows.sort_unstable_by_key(|(place, _)| *place);
        rows
    }

    /// The rows behind a place.
    pub(super) fn after(
        &self,
        place: Option<u64>,
    ) -> impl DoubleEndedIterator<Item = (u64, &Arc<T>)> {
        let start = place.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows.range((start, Bound::Unbounded));
        rows.map(|(place, row)| (*place, row))
    }

    /// The rows before a place, newest first.
    pub(super) fn before(&self, place: Option<u64>) -> impl Iterator<Item = (u64, &Arc<T>)> {
        let end = place.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows.range((Bound::Unbounded, end)).rev();
        rows.map(|(place, row)| (*place, row))
    }

    /// Rows with their place, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Arc<T>)> {
        self.rows.iter().map(|(place, row)| (*place, row))
    }
}

/// The objects of Service Catalog, and how they hang together.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Catalog {
    pub(super) portfolios: Table<Portfolio>,
    pub(super) products: Table<Product>,
    /// Product ids by product view id.
    pub(super) views: BTreeMap<String, String>,
    pub(super) constraints: Table<Constraint>,
    pub(super) provisioned: Table<Provisioned>,
    /// Ids of live provisioned products by name.
    pub(super) names: BTreeMap<String, String>,
    pub(super) records: Table<Record>,
    /// Copies of products by token.
    pub(super) copies: Table<CopyStatus>,
    /// With whom portfolios of this account are shared, by portfolio; there are no empty ones.
    pub(super) shares: Table<Shares>,
    /// Actions on shares, by token.
    pub(super) sharings: Table<SharingRecord>,
    /// What this account holds of others' portfolios, by portfolio.
    pub(super) imports: Table<Import>,
    /// Others' products in portfolios of this account, by product; there are no empty ones.
    pub(super) borrowed: Table<Vec<Borrowed>>,
    /// TagOptions.
    pub(super) options: Table<TagOption>,
    /// Service actions.
    pub(super) actions: Table<ServiceAction>,
    pub(super) plans: Table<Plan>,
}

impl Catalog {
    /// Whether it has a part in any share, as owner or as recipient.
    pub(super) fn is_shared(&self) -> bool {
        !self.shares.is_empty() || self.holds_of_others()
    }

    /// Whether it holds anything of other accounts.
    pub(super) fn holds_of_others(&self) -> bool {
        !self.imports.is_empty() || !self.borrowed.is_empty()
    }

    /// The constraints of a product in a portfolio, oldest first.
    pub(super) fn constraints_of<'a>(
        &'a self,
        portfolio: &str,
        product: &str,
    ) -> impl Iterator<Item = &'a Arc<Constraint>> {
        self.portfolios
            .get(portfolio)
            .and_then(|portfolio| portfolio.constraints.get(product))
            .into_iter()
            .flatten()
            .filter_map(|id| self.constraints.get(id))
    }
}

/// A portfolio and what it holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Portfolio {
    pub(super) id: String,
    /// Whose it is.
    pub(super) account: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) provider: String,
    pub(super) tags: Tags,
    pub(super) created: Timestamp,
    /// Product ids in the order of their association, those of others' products among them.
    pub(super) products: Vec<String>,
    pub(super) principals: Vec<Principal>,
    /// Constraint ids by product.
    pub(super) constraints: BTreeMap<String, Vec<String>>,
    pub(super) attached: Attached,
}

/// Who may launch from a portfolio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Principal {
    pub(super) arn: String,
    /// `IAM` or `IAM_PATTERN`.
    pub(super) kind: String,
}

/// A product. Its versions are part of it: that is why overlapping writes of them get lost.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Product {
    pub(super) id: String,
    /// Whose it is.
    pub(super) account: String,
    /// `prodview-…`.
    pub(super) view: String,
    pub(super) name: String,
    pub(super) owner: String,
    /// `ProductType`.
    pub(super) kind: String,
    /// Description, Distributor, SupportDescription, SupportEmail, SupportUrl: absent is not empty (facts §9.1).
    pub(super) texts: BTreeMap<Cow<'static, str>, String>,
    pub(super) tags: Tags,
    pub(super) created: Timestamp,
    /// Oldest first.
    pub(super) versions: Arc<Vec<Arc<Version>>>,
    /// Counts writes of versions: two calls that saw the same number overlapped.
    pub(super) version_writes: u64,
    /// Portfolio ids in the order of their association.
    pub(super) portfolios: Vec<String>,
    pub(super) attached: Attached,
    /// SourceConnection, if it is synced with a repository.
    pub(super) connection: Option<Connection>,
}

/// A version (provisioning artifact).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    /// `Type`.
    pub(super) kind: Option<String>,
    pub(super) created: Timestamp,
    pub(super) active: bool,
    pub(super) deprecated: bool,
    pub(super) source: Source,
    /// The very bytes of the S3 object or the stack: shared, and parsed when asked for.
    #[serde(with = "keep::bytes")]
    pub(super) template: Bytes,
    pub(super) making: Making,
    /// Made together with its product (facts §9.1, ProvisioningArtifactMetadata).
    pub(super) first: bool,
}

/// Where a version's template came from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Source {
    Url(String),
    Stack(String),
    /// A commit, by its id (SourceRevision).
    Commit(String),
}

/// A constraint on a product in a portfolio.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Constraint {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) description: Option<String>,
    pub(super) owner: String,
    pub(super) portfolio: String,
    pub(super) product: String,
    /// As sent, byte for byte (facts §9.6).
    pub(super) parameters: String,
    pub(super) making: Making,
}

/// How an object that is made asynchronously comes to be (facts §8).
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Making {
    /// CREATING until then.
    pub(super) ends: Timestamp,
    /// FAILED from then on, which only a fault brings about: no real cause was found.
    pub(super) fails: bool,
}

impl Making {
    /// What an answer says of it.
    pub(super) fn status(self, at: Timestamp) -> &'static str {
        match (at < self.ends, self.fails) {
            (true, _) => "CREATING",
            (false, true) => "FAILED",
            (false, false) => "AVAILABLE",
        }
    }
}

/// A provisioned product.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Provisioned {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) created: Timestamp,
    pub(super) status: Status,
    pub(super) message: Option<String>,
    /// The ProvisionToken of the launch; that an update leaves it is a guess (facts §4).
    pub(super) token: String,
    pub(super) product: String,
    pub(super) product_name: String,
    pub(super) version: String,
    pub(super) version_name: Option<String>,
    pub(super) launch_role: Option<String>,
    /// The launch role was set by UpdateProvisionedProductProperties, over what constraints say.
    pub(super) own_role: bool,
    /// Principals that owned it once and do no more.
    pub(super) former: Vec<String>,
    /// The stack's ARN, once there is one.
    pub(super) stack: Option<String>,
    /// The caller's own tags.
    pub(super) own_tags: Vec<(String, String)>,
    /// All tags, the AutoTags among them.
    pub(super) tags: Vec<(String, String)>,
    /// The principal that launched it.
    pub(super) user: String,
    /// That principal's session.
    pub(super) session: String,
    /// Absent for an import, whose request names none.
    pub(super) path: Option<String>,
    /// Absent while there is only a plan.
    pub(super) last_record: Option<String>,
    pub(super) last_provisioning: Option<String>,
    pub(super) last_success: Option<String>,
}

/// The state of a provisioned product (facts §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Status {
    Available,
    UnderChange,
    Tainted,
    Error,
    PlanInProgress,
}

impl Status {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Available => "AVAILABLE",
            Self::UnderChange => "UNDER_CHANGE",
            Self::Tainted => "TAINTED",
            Self::Error => "ERROR",
            Self::PlanInProgress => "PLAN_IN_PROGRESS",
        }
    }
}

/// What happened to a provisioned product at a time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) id: String,
    /// `PROVISION_PRODUCT` and so on.
    pub(super) kind: Cow<'static, str>,
    pub(super) status: RecordStatus,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) provisioned: String,
    pub(super) provisioned_name: String,
    pub(super) product: String,
    pub(super) version: String,
    pub(super) path: Option<String>,
    pub(super) launch_role: Option<String>,
    pub(super) tags: Vec<(String, String)>,
    pub(super) errors: Vec<(String, String)>,
    pub(super) outputs: Vec<Output>,
    pub(super) user: String,
    pub(super) session: String,
}

/// The state of a record (facts §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum RecordStatus {
    Created,
    InProgress,
    InProgressInError,
    Succeeded,
    Failed,
}

impl RecordStatus {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::InProgress => "IN_PROGRESS",
            Self::InProgressInError => "IN_PROGRESS_IN_ERROR",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }
}

/// Work on a provisioned product that has not ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) provisioned: String,
    pub(super) record: String,
    pub(super) kind: ChangeKind,
    pub(super) work: Work,
    /// When it was asked for.
    pub(super) asked: Timestamp,
    /// When the record leaves CREATED.
    pub(super) starts: Timestamp,
    /// From the stack's end to the record's.
    pub(super) tail: std::time::Duration,
    /// TerminateToken, which holds only while this goes on (facts §4).
    pub(super) token: Option<String>,
    /// The tags that the record shows once it has left CREATED (facts §9.3).
    pub(super) tags: Vec<(String, String)>,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ChangeKind {
    Provision,
    Import,
    Update,
    /// Of its owner or launch role: the stack has no part in it.
    Properties,
    Terminate {
        ignore_errors: bool,
    },
}

/// How far it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Work {
    /// The stack does it.
    Stack(String),
    /// CloudFormation refused, or an import fails: the text that StatusMessage will show.
    Refused(String),
    /// There is nothing to do but end well.
    Nothing,
}

/// How a copy of a product stands (facts §8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum CopyStatus {
    InProgress,
    Succeeded {
        target: String,
    },
    Failed {
        /// What a copy that failed half-way has left.
        target: Option<String>,
        /// Some fail without a word (facts §9.1).
        detail: Option<String>,
    },
}

/// A copy that has not ended. All of it happens at its end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Copying {
    pub(super) token: String,
    pub(super) ends: Timestamp,
    /// Whose the source is.
    pub(super) account: String,
    /// Where the source is.
    pub(super) region: String,
    /// The source's id.
    pub(super) source: String,
    /// The versions asked for; `None` for all.
    pub(super) versions: Option<Vec<String>>,
    pub(super) target: CopyTarget,
    /// CopyTags.
    pub(super) tags: bool,
    pub(super) quotas: bool,
    pub(super) doom: Doom,
}

/// Where the versions of a copy go.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum CopyTarget {
    /// A product that is there, by its id.
    Present(String),
    /// A product that the copy makes.
    New {
        id: String,
        view: String,
        /// `None` for the source's.
        name: Option<String>,
    },
}

/// How many answers are kept for repetitions: a few megabytes, and more writes than anybody repeats one after.
const MAX_ANSWERS: usize = 5_000;
/// How long they may be together: an ordinary one has a few hundred bytes, the longest a few hundred thousand.
const MAX_ANSWERED: usize = 16 << 20;

/// An operation and an idempotency token.
type AnswerKey = (Cow<'static, str>, String);

/// The newest answers to requests with a token, as text: a tree of an answer takes ten times as much.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    by_key: BTreeMap<AnswerKey, Box<str>>,
    order: VecDeque<AnswerKey>,
    /// Bytes of all answers.
    size: usize,
}

/// Kept in their order.
impl Serialize for Answers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let answers = self.order.iter();
        serializer.collect_seq(answers.filter_map(|key| Some((key, self.by_key.get(key)?))))
    }
}

impl<'de> Deserialize<'de> for Answers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kept = Vec::<(AnswerKey, Box<str>)>::deserialize(deserializer)?;
        let mut answers = Self::default();
        for (key, answer) in kept {
            answers.put(key, answer);
        }
        Ok(answers)
    }
}

impl Answers {
    pub(super) fn get(&self, key: &AnswerKey) -> Option<Value> {
        serde_json::from_str(self.by_key.get(key)?).ok()
    }

    /// Keeps one more and forgets the oldest beyond the limit.
    pub(super) fn keep(&mut self, key: AnswerKey, answer: &Value) {
        self.put(key, answer.to_string().into_boxed_str());
    }

    fn put(&mut self, key: AnswerKey, answer: Box<str>) {
        self.size += answer.len();
        match self.by_key.insert(key.clone(), answer) {
            Some(old) => self.size -= old.len(),
            None => self.order.push_back(key),
        }
        while self.order.len() > MAX_ANSWERS || self.size > MAX_ANSWERED {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            let gone = self.by_key.remove(&oldest);
            self.size -= gone.map_or(0, |answer| answer.len());
        }
    }
}

/// One account in one region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Partition {
    catalog: Arc<Catalog>,
    #[serde(skip)]
    changed: bool,
    /// Of the past nothing is kept in a file: who loads it sees the newest state.
    #[serde(skip)]
    pub(super) history: History,
    pub(super) stacks: Stacks,
    /// Answers by operation and idempotency token.
    pub(super) answers: Answers,
    pub(super) changes: Vec<Change>,
    /// Copies into this account and region, in the order in which they were asked for.
    pub(super) copying: Vec<Copying>,
    /// Actions on shares of this account and region that have not ended.
    pub(super) sharing: Vec<Sharing>,
}

impl Partition {
    pub(super) fn new(stacks: Stacks) -> Self {
        Self {
            catalog: Arc::default(),
            changed: false,
            history: History::default(),
            stacks,
            answers: Answers::default(),
            changes: Vec::new(),
            copying: Vec::new(),
            sharing: Vec::new(),
        }
    }

    /// Whether anything here has this id, or will have it. Of stacks it is the end of the ARN.
    pub(super) fn has(&self, id: &str) -> bool {
        let catalog = self.catalog();
        let versions = |product: &Product| product.versions.iter().any(|version| version.id == id);
        catalog.portfolios.get(id).is_some()
            || catalog.products.get(id).is_some()
            || catalog
                .products
                .iter()
                .any(|(_, product)| versions(product))
            || catalog.views.contains_key(id)
            || catalog.constraints.get(id).is_some()
            || catalog.provisioned.get(id).is_some()
            || catalog.records.get(id).is_some()
            || catalog.copies.get(id).is_some()
            || catalog.sharings.get(id).is_some()
            || catalog.options.get(id).is_some()
            || catalog.actions.get(id).is_some()
            || catalog.plans.get(id).is_some()
            || self.copying.iter().any(|copying| match &copying.target {
                CopyTarget::Present(_) => false,
                CopyTarget::New { id: own, view, .. } => own == id || view == id,
            })
            || self
                .stacks
                .iter()
                .any(|stack| stack.id.rsplit('/').next() == Some(id))
    }

    /// The newest state.
    pub(super) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The newest state, to be changed.
    pub(super) fn edit(&mut self) -> &mut Catalog {
        self.changed = true;
        Arc::make_mut(&mut self.catalog)
    }

    /// Whether any portfolio is shared with a node of an organization.
    pub(super) fn shares_with_nodes(&self) -> bool {
        let mut shares = self.catalog().shares.iter();
        shares.any(|(_, shares)| !shares.nodes.is_empty())
    }

    /// Remembers the state as it is from `at` on, if it changed and anyone may ask for it later. Returns whether it
    /// changed.
    pub(super) fn remember(&mut self, at: Timestamp, keep: Option<std::time::Duration>) -> bool {
        match keep {
            None => self.history.clear(),
            Some(span) if self.changed || self.history.is_empty() => {
                self.history.push(at, Arc::clone(&self.catalog), span);
            }
            Some(_) => {}
        }
        std::mem::take(&mut self.changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_answers_are_forgotten() {
        let mut answers = Answers::default();
        for number in 0..=MAX_ANSWERS {
            answers.keep(("CreateProduct".into(), number.to_string()), &number.into());
        }
        let kept = |number: usize| {
            answers
                .get(&("CreateProduct".into(), number.to_string()))
                .is_some()
        };
        assert!(!kept(0) && kept(1) && kept(MAX_ANSWERS));
        assert_eq!(answers.by_key.len(), MAX_ANSWERS);
        let last = ("CreateProduct".into(), MAX_ANSWERS.to_string());
        assert_eq!(answers.get(&last), Some(MAX_ANSWERS.into()));
    }

    #[test]
    fn long_answers_push_out_the_oldest() {
        let mut answers = Answers::default();
        let long = Value::from("x".repeat(MAX_ANSWERED / 4));
        for number in 0..6 {
            answers.keep(("CreateProduct".into(), number.to_string()), &long);
        }
        // A repetition counts once.
        answers.keep(("CreateProduct".into(), "5".to_owned()), &long);
        assert_eq!(answers.by_key.len(), 3);
        assert!(answers.size <= MAX_ANSWERED);
        let last = ("CreateProduct".into(), "5".to_owned());
        assert_eq!(answers.get(&last), Some(long));
        let text = serde_json::to_string(&answers).unwrap();
        let again: Answers = serde_json::from_str(&text).unwrap();
        assert_eq!((again.size, again.order), (answers.size, answers.order));
    }
}
