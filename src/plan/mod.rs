//! `(Desired, Base?, Observed, policy) -> Plan`: pure, the same input gives the same bytes (design §6).

pub mod op;
pub mod secrets;

mod adopt;
mod association;
mod attachment;
mod basis;
mod bucket;
mod copy;
mod denied;
mod digest;
mod draft;
mod guard;
mod import;
mod imported;
mod instances;
mod launch;
mod offer;
mod only;
mod order;
mod owned;
mod path;
mod planner;
mod portfolio;
mod product;
mod provisioned;
mod share;
mod removal;
mod service_action;
mod tag_option;
mod settings;
mod unlisted;
mod template;
mod upstream;
mod veil;
mod version;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub use basis::Basis;

pub use crate::diff::{Change, Reason, Shown};
use crate::ids::{Digest, Key, Kind, Name, ProductId, TagOptionId, Token};
use crate::model::desired::{Desired, OnRemove, ProvisionedProduct};
use crate::model::observed::{Gap, Observed};
use crate::model::owner::Identity;
use crate::rule::Effect;
pub use denied::{Denied, Verdict};
pub use guard::scope_text;
pub use only::Selection;
use op::{Step, StepId};
pub use template::{TemplateNews, Told};
pub use upstream::word as status_word;

/// All that a plan depends on.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Whose catalog.
    pub identity: &'a Identity,
    /// What git wants.
    pub desired: &'a Desired,
    /// What git wanted when it was last applied, where that is known.
    pub base: Option<&'a Desired>,
    /// What is live.
    pub observed: &'a Observed,
    /// What the planner is told besides.
    pub policy: &'a Policy,
    /// The time: requests that failed are tried again after theirs.
    pub now: Timestamp,
}

/// Decides what to do. Pure: the same input gives the same plan.
///
/// A pass leaves to the next what it cannot know yet: an object that needs an output which this plan changes waits.
pub fn plan(input: &Input<'_>) -> Plan {
    planner::Planner::new(input).run()
}

/// What to do, complete and printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whose catalog.
    pub identity: Identity,
    /// One entry per desired object, in the order in which objects are made; then those that git no longer names and that
    /// go, or are changed all the same.
    pub objects: Vec<ObjectPlan>,
    /// The calls, each after those it needs.
    pub steps: Vec<Step>,
    /// Ours, no longer in git, kept because nothing says that it shall go.
    pub orphans: Vec<Orphan>,
    /// What the plan is not about, where it is for a part of the source.
    pub left_out: Vec<LeftOut>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// The live state that the steps rest on.
    pub basis: Basis,
    /// Over the steps and the live state they rest on.
    pub digest: Digest,
    /// What the team's own rules say of it.
    pub verdicts: Vec<Verdict>,
    /// When it was made: [`Input::now`].
    pub made: Timestamp,
}

/// What happens to one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectPlan {
    /// Which.
    pub key: Key,
    /// The live object's id, where there is one.
    pub id: Option<String>,
    /// What is done to it.
    pub action: Action,
    /// Why, where anything differs.
    pub reason: Option<Reason>,
    /// Field by field.
    pub changes: Vec<Change>,
    /// What the templates of versions that come change.
    pub templates: Vec<TemplateNews>,
    /// Its calls, in order.
    pub steps: Vec<StepId>,
    /// What may not be done, and why.
    pub blocked: Vec<Blocked>,
    /// What it waits for: planned in a following pass.
    pub waiting: Vec<Waiting>,
    /// The same request failed before: what a person must do.
    pub stalled: Option<Stalled>,
    /// Things worth saying that change nothing, e.g. a parameter that the new version drops.
    pub notes: Vec<String>,
}

impl ObjectPlan {
    /// Whether somebody changed the live object, as far as that is known: [`Reason::Differs`] may be that or git.
    pub fn is_drift(&self) -> bool {
        matches!(self.reason, Some(Reason::Drifted | Reason::Both))
    }
}

/// What is done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Nothing.
    None,
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is terminated and provisioned again (`-/+`).
    Replace,
    /// A stack that is there already becomes it.
    Import,
    /// A live object that nobody owns becomes it.
    Adopt,
    /// It goes, for git no longer names it.
    Delete,
    /// It is let go of, for git no longer names it: its stack stays.
    Release,
}

impl Action {
    /// A stable word for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Import => "import",
            Self::Adopt => "adopt",
            Self::Delete => "delete",
            Self::Release => "release",
        }
    }
}

/// A guard's refusal. The rest of the plan goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// A stable word, e.g. `gap`, `foreign-owner`, `immutable-version`, `launch-path`.
    pub code: BlockedCode,
    /// What is refused and why, with the manifest line that would lift it.
    pub message: String,
    /// More of it, line by line, where one sentence can't say it: a difference of two templates.
    pub detail: Vec<String>,
}

impl Blocked {
    /// A refusal that one sentence says.
    pub fn new(code: BlockedCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            detail: Vec::new(),
        }
    }
}

/// Why a step may not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlockedCode {
    /// A read failed in this object's scope (promise 1).
    Gap,
    /// The live object is another installation's, or nobody's.
    ForeignOwner,
    /// Two live objects claim this name.
    Conflict,
    /// The object already has as many tags as the service allows.
    TagQuota,
    /// A published version's template changed.
    ImmutableVersion,
    /// None or several launch paths.
    LaunchPath,
    /// Tags may not be changed without a tag-update constraint.
    TagUpdate,
    /// Something it needs is itself blocked, failed or broken.
    Dependency,
    /// Too much would be removed at once.
    RemovalGuard,
    /// Removing this principal would lock catalogd out (promise 9).
    OwnPrincipal,
    /// The version cannot be launched or updated to: inactive, deprecated or failed.
    VersionState,
    /// A provisioned product runs from the version, so it is not taken out of use.
    VersionInUse,
    /// Two versions of the product have this name.
    AmbiguousVersion,
    /// A product's type never changes (facts §9.1), nor does a stack become a stack set.
    ImmutableType,
    /// The service makes the product's versions from a repository, so nobody else does.
    GitSynced,
    /// The last version of a product can't be deleted.
    LastVersion,
    /// Recipients of a share may have launched it, which can't be seen from here.
    Shared,
    /// Nothing is deleted under the installation that has no name of its own.
    DefaultInstallation,
    /// The name of a provisioned product never changes (facts §9.3).
    ImmutableName,
    /// What is to be copied can't be: the source is not to be seen, or lacks what is asked for.
    CopySource,
    /// An inactive TagOption can't be given to anything.
    TagOptionState,
    /// The stack to import is not there, or in no state to be imported.
    ImportStack,
    /// The stack to import has another template than the version.
    ImportTemplate,
    /// What is to be taken over is not there, or not the only one of its name.
    Adopt,
    /// Something still uses what is to be removed.
    InUse,
    /// A parameter of the parameter store is not there.
    SsmParameter,
    /// A secret would go into a parameter that its stack shows.
    NoEcho,
    /// Topics are given at the launch and never changed (facts §9.3).
    NotificationArns,
    /// A stack set's preferences without a STACKSET constraint on the launch path.
    StackSet,
    /// A rule of the team's own refuses it.
    Policy,
    /// It differs, and the plan is for a part of the source that does not have it.
    LeftOut,
}

impl BlockedCode {
    /// The stable word for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::ForeignOwner => "foreign-owner",
            Self::Conflict => "conflict",
            Self::TagQuota => "tag-quota",
            Self::ImmutableVersion => "immutable-version",
            Self::LaunchPath => "launch-path",
            Self::TagUpdate => "tag-update",
            Self::Dependency => "dependency",
            Self::RemovalGuard => "removal-guard",
            Self::OwnPrincipal => "own-principal",
            Self::VersionState => "version-state",
            Self::VersionInUse => "version-in-use",
            Self::AmbiguousVersion => "ambiguous-version",
            Self::ImmutableType => "immutable-type",
            Self::GitSynced => "git-synced",
            Self::LastVersion => "last-version",
            Self::Shared => "shared",
            Self::DefaultInstallation => "default-installation",
            Self::ImmutableName => "immutable-name",
            Self::CopySource => "copy-source",
            Self::TagOptionState => "tag-option-state",
            Self::ImportStack => "import-stack",
            Self::ImportTemplate => "import-template",
            Self::SsmParameter => "ssm-parameter",
            Self::NoEcho => "no-echo",
            Self::NotificationArns => "notification-arns",
            Self::StackSet => "stack-set",
            Self::Policy => "policy",
            Self::LeftOut => "left-out",
            Self::Adopt => "adopt",
            Self::InUse => "in-use",
        }
    }
}

/// What an object waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// On which object, where it is one of git's.
    pub on: Option<Key>,
    /// In words.
    pub message: String,
}

/// A failure that repeating would only repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stalled {
    /// The service's reason.
    pub reason: String,
    /// What a person must do.
    pub advice: String,
}

/// A live object of ours that git no longer names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Orphan {
    /// Which it was.
    pub key: Key,
    /// Its id.
    pub id: String,
    /// What the service shows.
    pub display_name: String,
}

/// An object that a plan for a part of the source is not about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// Which.
    pub key: Key,
    /// Whether something would be done to it, or stands in the way of that.
    pub differs: bool,
}

/// What the planner is told besides desired and observed.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Objects whose NoEcho values are sent again (`--resend-secrets`).
    pub resend_secrets: BTreeSet<Key>,
    /// Provisioned products as this process last sent them: for these the base is older than the truth. Without it a
    /// NoEcho value, which can't be read back, would be sent again in every pass until the base moves on.
    pub sent: BTreeMap<Name, Arc<ProvisionedProduct>>,
    /// Requests that failed and must not simply be repeated.
    pub failed: BTreeMap<Key, Failed>,
    /// Tokens of creates whose answer names an object that is gone, with that object's id: the next attempt's token
    /// says `after=<id>` (design §7).
    pub dead: BTreeMap<Token, String>,
    /// Copies that failed and left a product behind, which has no tag of ours yet: it is taken on instead of copying again.
    pub half_copies: BTreeMap<Key, HalfCopy>,
    /// TagOptions that were a manifest's at some time, by id: these have no mark of their own (design §4).
    pub tag_options: BTreeMap<TagOptionId, FormerTagOption>,
    /// Lifts the ratio guard up to this many removals.
    pub allow_removals: Option<usize>,
    /// What the team's own rules refuse.
    pub denied: Denied,
    /// The only objects that anything is done to; `None` is all of them.
    pub only: Option<BTreeSet<Key>>,
}

/// The product that a failed copy left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfCopy {
    /// Which.
    pub id: ProductId,
    /// When it was told of, or seen since: one that is not to be seen for long is gone.
    pub seen: Timestamp,
}

impl HalfCopy {
    /// What is not seen for so long is gone (design §7).
    const GONE_AFTER: SignedDuration = SignedDuration::from_mins(15);

    /// Whether it is gone, if it is not to be seen.
    pub fn is_gone(&self, now: Timestamp) -> bool {
        now.duration_since(self.seen) >= Self::GONE_AFTER
    }
}

/// What is known of a TagOption that a manifest named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerTagOption {
    /// `metadata.name` of the manifest.
    pub name: Name,
    /// Its end: only with `delete` is it deactivated.
    pub on_remove: OnRemove,
}

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// [`op::Op::request`] of the failed call: what must differ before it is tried again.
    pub request: Digest,
    /// When it may be tried again all the same.
    pub retry_at: Timestamp,
    /// The service's reason.
    pub reason: String,
    /// What a person must do.
    pub advice: String,
}

impl Plan {
    /// Whether anything would be executed that counts as a change.
    pub fn has_changes(&self) -> bool {
        self.steps.iter().any(|step| !step.op.is_housekeeping())
    }

    /// Whether some object waits for a following pass.
    pub fn is_waiting(&self) -> bool {
        self.objects.iter().any(|object| !object.waiting.is_empty())
    }

    /// Whether a guard refused something.
    pub fn is_blocked(&self) -> bool {
        self.objects.iter().any(|object| !object.blocked.is_empty())
    }

    /// Whether a rule of the team's own refuses something, be it of an object of which nothing was to be done.
    pub fn is_denied(&self) -> bool {
        let mut verdicts = self.verdicts.iter();
        verdicts.any(|verdict| verdict.effect == Effect::Deny)
    }

    /// The entry of one object.
    pub fn object(&self, kind: Kind, name: &Name) -> Option<&ObjectPlan> {
        self.objects
            .iter()
            .find(|object| object.key.kind == kind && object.key.name == *name)
    }

    /// A step by its id.
    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.steps.get(id.0)
    }
}
