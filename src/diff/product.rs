//! A product's own fields, its tags and its versions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tags::{TagsDiff, tags};
use super::{Change, Reason, Shown, Was, text};
use crate::ids::{Digest, VersionId};
use crate::model::desired::{
    CodeStar, Guidance, Product, ProductType, Support, TemplateSource, UnlistedVersions, Version,
};
use crate::model::observed::{LiveProduct, LiveVersion, ReadyStatus};
use crate::model::template::Template;

/// How a product's own fields differ: the values to send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductDiff {
    /// `Name`.
    pub name: Option<String>,
    /// `Owner`.
    pub owner: Option<String>,
    /// `Description`.
    pub description: Option<String>,
    /// `Distributor`.
    pub distributor: Option<String>,
    /// `SupportDescription`.
    pub support_description: Option<String>,
    /// `SupportEmail`.
    pub support_email: Option<String>,
    /// `SupportUrl`.
    pub support_url: Option<String>,
    /// `SourceConnection`, whole.
    pub source_connection: Option<CodeStar>,
    /// Field by field.
    pub changes: Vec<Change>,
    /// Tags.
    pub tags: TagsDiff,
}

/// Compares a product's own fields with its live self. Versions and portfolios are compared apart.
pub fn product(was: Was<&Product>, want: &Product, live: &LiveProduct) -> ProductDiff {
    let Product {
        name: _,
        origin: _,
        lifecycle: _,
        display_name,
        owner,
        description,
        distributor,
        support:
            Support {
                description: support_description,
                email,
                url,
            },
        tags: wanted_tags,
        // `diff::attachment` compares these.
        tag_options: _,
        budgets: _,
        portfolios: _,
        // It never changes: the plan refuses what would need that.
        product_type: _,
        versions: _,
        copy_from: _,
        source_connection: wanted_connection,
        unlisted_versions: _,
        service_actions: _,
    } = want;
    let mut changes = Vec::new();
    let mut field = |field, was: Was<&str>, want: Option<&str>, live: Option<&str>| {
        text(&mut changes, field, was, want, live)
    };
    let support = was.map(|o| &o.support);
    let mut diff = ProductDiff {
        name: field(
            "name",
            was.map(|o| o.display_name.as_str()),
            Some(display_name),
            Some(&live.name),
        ),
        owner: field(
            "owner",
            was.map(|o| o.owner.as_str()),
            Some(owner),
            Some(&live.owner),
        ),
        description: field(
            "description",
            was.part(|o| o.description.as_deref()),
            description.as_deref(),
            live.description.as_deref(),
        ),
        distributor: field(
            "distributor",
            was.part(|o| o.distributor.as_deref()),
            distributor.as_deref(),
            live.distributor.as_deref(),
        ),
        support_description: field(
            "support.description",
            support.part(|o| o.description.as_deref()),
            support_description.as_deref(),
            live.support_description.as_deref(),
        ),
        support_email: field(
            "support.email",
            support.part(|o| o.email.as_deref()),
            email.as_deref(),
            live.support_email.as_deref(),
        ),
        support_url: field(
            "support.url",
            support.part(|o| o.url.as_deref()),
            url.as_deref(),
            live.support_url.as_deref(),
        ),
        source_connection: None,
        changes: Vec::new(),
        tags: tags(
            was.part(|o| o.tags.as_ref()),
            wanted_tags.as_ref(),
            &live.tags,
        ),
    };
    diff.source_connection = wanted_connection.as_ref().and_then(|want| {
        let was = was.part(|o| o.source_connection.as_ref().map(|c| &c.to));
        let live = live.source_connection.as_ref().map(|live| &live.to);
        connection(&mut changes, was, &want.to, live)
    });
    diff.changes = changes;
    diff
}

/// Compares what a product is synced with; the whole of it is sent where a part differs.
fn connection(
    changes: &mut Vec<Change>,
    was: Was<&CodeStar>,
    want: &CodeStar,
    live: Option<&CodeStar>,
) -> Option<CodeStar> {
    for (name, text) in connection_fields(want) {
        let part = |all: &CodeStar| -> String {
            let mut fields = connection_fields(all).into_iter();
            let found = fields.find(|(field, _)| *field == name);
            found.map(|(_, text)| text.to_owned()).unwrap_or_default()
        };
        let seen = live.map(part).unwrap_or_default();
        if seen != text {
            changes.push(Change {
                field: format!("sourceConnection.{name}"),
                before: Shown::field(Some(&seen)),
                after: Shown::text(text),
                reason: was.map(part).why(&text.to_owned(), &seen),
            });
        }
    }
    (live != Some(want)).then(|| want.clone())
}

/// The fields of a source connection, as a manifest names them.
pub fn connection_fields(of: &CodeStar) -> [(&'static str, &str); 4] {
    let CodeStar {
        connection_arn,
        repository,
        branch,
        artifact_path,
    } = of;
    [
        ("connectionArn", connection_arn),
        ("repository", repository),
        ("branch", branch),
        ("artifactPath", artifact_path),
    ]
}

/// How one listed version stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionDiff<'a> {
    /// The manifest's.
    pub version: &'a Version,
    /// What is live.
    pub live: LiveMatch<'a>,
    /// What differs of what can be changed.
    pub edit: VersionEdit,
    /// Of a mutable version: what else has its name, and is to be taken out of use once the one that git wants is there.
    pub superseded: Vec<UnlistedVersion<'a>>,
}

/// The live versions of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveMatch<'a> {
    /// None: it is to be made.
    Missing,
    /// Several: names are not unique within a product (facts §9.2).
    Ambiguous(Vec<VersionId>),
    /// One, that never became usable.
    Failed(&'a LiveVersion),
    /// One, that is not usable yet.
    Creating(&'a LiveVersion),
    /// Some, all with other templates than the one that may take their name: it is to be made.
    Replaced(Change),
    /// One, whose template is another: versions are immutable.
    OtherContent(&'a LiveVersion),
    /// One.
    One(&'a LiveVersion),
}

/// What to send to `UpdateProvisioningArtifact`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionEdit {
    /// `Description`.
    pub description: Option<String>,
    /// `Active`.
    pub active: Option<bool>,
    /// `Guidance`.
    pub guidance: Option<Guidance>,
    /// Field by field.
    pub changes: Vec<Change>,
}

impl VersionEdit {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether it takes the version away from end users: a removal by another name.
    pub fn deactivates(&self) -> bool {
        self.active == Some(false)
    }

    /// The rest of it, where the version stays as active as it is.
    pub fn without_active(mut self) -> Self {
        self.active = None;
        self.changes
            .retain(|change| !change.field.ends_with(".active"));
        self
    }
}

/// Compares the listed versions, in their order, with the live ones. Those that the list does not name are
/// [`unlisted`]'s.
pub fn versions<'a>(
    was: Was<&Product>,
    want: &'a Product,
    live: &'a LiveProduct,
    templates: &BTreeMap<Digest, Arc<Template>>,
) -> Vec<VersionDiff<'a>> {
    let mut by_name: BTreeMap<&str, Vec<&LiveVersion>> = BTreeMap::new();
    for version in &live.versions {
        by_name
            .entry(version.name.as_str())
            .or_default()
            .push(version);
    }
    let diff = |version: &'a Version| {
        let none = Vec::new();
        let matches = by_name.get(version.name.as_str()).unwrap_or(&none);
        let base = was.part(|o| o.versions.iter().find(|v| v.name == version.name));
        let same = Same {
            templates,
            cloudformation: want.product_type == ProductType::CloudFormation,
        };
        if version.mutable && !matches.is_empty() {
            return mutable(base, version, want.unlisted_versions, matches, &same);
        }
        let (live, edit) = match matches.as_slice() {
            [] => (LiveMatch::Missing, VersionEdit::default()),
            [one] => matched(base, version, one, &same),
            several => (
                LiveMatch::Ambiguous(several.iter().map(|v| v.id.clone()).collect()),
                VersionEdit::default(),
            ),
        };
        VersionDiff {
            version,
            live,
            edit,
            superseded: Vec::new(),
        }
    };
    want.versions.iter().map(diff).collect()
}

fn matched<'a>(
    was: Was<&Version>,
    want: &Version,
    live: &'a LiveVersion,
    same: &Same<'_>,
) -> (LiveMatch<'a>, VersionEdit) {
    match live.status {
        ReadyStatus::Failed => return (LiveMatch::Failed(live), VersionEdit::default()),
        ReadyStatus::Creating | ReadyStatus::Unknown(_) => {
            return (LiveMatch::Creating(live), VersionEdit::default());
        }
        ReadyStatus::Available => {}
    }
    let edit = version(was, want, live);
    // A URL or a stack is compared by the version's name alone; unread content is not guessed at.
    if same.content(want, live) == Some(false) {
        (LiveMatch::OtherContent(live), edit)
    } else {
        (LiveMatch::One(live), edit)
    }
}

/// Whether two templates are the same.
struct Same<'t> {
    templates: &'t BTreeMap<Digest, Arc<Template>>,
    cloudformation: bool,
}

impl Same<'_> {
    /// `None` where that is not known.
    fn content(&self, want: &Version, live: &LiveVersion) -> Option<bool> {
        match (&want.source, &live.content) {
            (TemplateSource::File { raw, .. }, Some(content)) => {
                let template = self.templates.get(raw)?;
                Some(template.is(&content.content, self.cloudformation))
            }
            _ => None,
        }
    }
}

/// A version whose name another template may take: of all that have the name, the newest with git's template is it, one in
/// use before others. The rest is superseded.
fn mutable<'a>(
    was: Was<&Version>,
    want: &'a Version,
    policy: UnlistedVersions,
    matches: &[&'a LiveVersion],
    same: &Same<'_>,
) -> VersionDiff<'a> {
    let diff = |live, edit, superseded| VersionDiff {
        version: want,
        live,
        edit,
        superseded,
    };
    // Only git lets a template take another's place.
    let reason = match was {
        Was::Unknown => Reason::Differs,
        Was::Unmanaged | Was::Value(_) => Reason::GitChanged,
    };
    // What it holds is known once it is usable.
    let making =
        |v: &&&LiveVersion| matches!(v.status, ReadyStatus::Creating | ReadyStatus::Unknown(_));
    if let Some(making) = matches.iter().find(making) {
        return diff(
            LiveMatch::Creating(making),
            VersionEdit::default(),
            Vec::new(),
        );
    }
    let usable = matches.iter().filter(|v| v.status != ReadyStatus::Failed);
    let is_it = |live: &LiveVersion| match same.content(want, live) {
        Some(same) => same,
        // Where one alone has the name, content that can't be read is not guessed at.
        None => matches.len() == 1,
    };
    let equal: Vec<&'a LiveVersion> = usable.copied().filter(|live| is_it(live)).collect();
    let active = equal.iter().rev().find(|live| live.active);
    let Some(current) = active.or(equal.last()).copied() else {
        let newest = matches.last().map(|live| live.id.as_str());
        let raw = |version: &Version| match &version.source {
            TemplateSource::File { raw, .. } => Some(raw.clone()),
            TemplateSource::Url(_) | TemplateSource::Stack(_) => None,
        };
        let change = Change {
            field: format!("versions[{}].template", want.name),
            before: Shown::field(newest),
            after: Shown::text(source_text(&want.source)),
            // The live template may be none of the two, but an edit of git's is reason enough.
            reason: match was {
                Was::Value(was) if raw(was) == raw(want) => Reason::Drifted,
                _ => reason,
            },
        };
        let superseded = superseded(reason, policy, matches.iter().copied());
        return diff(
            LiveMatch::Replaced(change),
            VersionEdit::default(),
            superseded,
        );
    };
    let rest = matches.iter().copied().filter(|live| live.id != current.id);
    diff(
        LiveMatch::One(current),
        version(was, want, current),
        superseded(reason, policy, rest),
    )
}

fn superseded<'a>(
    reason: Reason,
    policy: UnlistedVersions,
    rest: impl Iterator<Item = &'a LiveVersion>,
) -> Vec<UnlistedVersion<'a>> {
    let deletes = policy == UnlistedVersions::Delete;
    rest.filter(|live| deletes || (live.active && live.status != ReadyStatus::Failed))
        .map(|live| {
            let field = format!("versions[{} ({})]", live.name, live.id);
            UnlistedVersion {
                live,
                change: match deletes {
                    true => Change {
                        field,
                        before: Shown::text("superseded"),
                        after: Shown::Absent,
                        reason,
                    },
                    false => Change {
                        field: format!("{field}.active"),
                        before: Shown::text("true"),
                        after: Shown::text("false"),
                        reason,
                    },
                },
            }
        })
        .collect()
}

/// A live version that the list does not name, or no longer means, and that is to become inactive or to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlistedVersion<'a> {
    /// What is live: where it is to become inactive, active, and available or on its way there.
    pub live: &'a LiveVersion,
    /// How a plan shows it.
    pub change: Change,
}

/// The live versions that are to become inactive, or to be deleted, because the list does not name them: none of a product
/// that keeps them. Every one of a name counts, for names are not unique (facts §9.2).
pub fn unlisted<'a>(
    was: Was<&Product>,
    want: &Product,
    live: &'a LiveProduct,
) -> Vec<UnlistedVersion<'a>> {
    let deletes = match want.unlisted_versions {
        UnlistedVersions::Keep => return Vec::new(),
        UnlistedVersions::Deactivate => false,
        UnlistedVersions::Delete => true,
    };
    let listed = |name: &str| want.versions.iter().any(|v| v.name == name);
    // One that failed never was to be had.
    let offered = live
        .versions
        .iter()
        .filter(|v| deletes || (v.active && v.status != ReadyStatus::Failed))
        .filter(|v| !listed(&v.name));
    let surplus = |live: &'a LiveVersion| {
        if deletes {
            let was = was.part(|o| match o.versions.iter().any(|v| v.name == live.name) {
                true => Some(true),
                false => (o.unlisted_versions == UnlistedVersions::Delete).then_some(false),
            });
            let change = Change {
                field: format!("versions[{}]", live.name),
                before: Shown::text(live.id.as_str()),
                after: Shown::Absent,
                reason: was.why(&false, &true),
            };
            return UnlistedVersion { live, change };
        }
        let was = was.part(|o| match o.versions.iter().find(|v| v.name == live.name) {
            Some(version) => Some(version.active),
            None => (o.unlisted_versions == UnlistedVersions::Deactivate).then_some(false),
        });
        let change = Change {
            field: format!("versions[{}].active", live.name),
            before: Shown::text("true"),
            after: Shown::text("false"),
            reason: was.why(&false, &true),
        };
        UnlistedVersion { live, change }
    };
    offered.map(surplus).collect()
}

/// Compares what can be changed of a version.
pub fn version(was: Was<&Version>, want: &Version, live: &LiveVersion) -> VersionEdit {
    let Version {
        name,
        origin: _,
        description,
        source: _,
        active,
        retired: _,
        guidance,
        mutable: _,
        service_actions: _,
    } = want;
    let mut changes = Vec::new();
    let description = text(
        &mut changes,
        &format!("versions[{name}].description"),
        was.part(|v| v.description.as_deref()),
        description.as_deref(),
        live.description.as_deref(),
    );
    let active = (*active != live.active).then(|| {
        changes.push(Change {
            field: format!("versions[{name}].active"),
            before: Shown::text(live.active.to_string()),
            after: Shown::text(active.to_string()),
            reason: was.map(|v| v.active).why(active, &live.active),
        });
        *active
    });
    let guidance = guidance.filter(|want| *want != live.guidance);
    if let Some(want) = guidance {
        changes.push(Change {
            field: format!("versions[{name}].guidance"),
            before: Shown::text(live.guidance.as_str()),
            after: Shown::text(want.as_str()),
            reason: was.part(|v| v.guidance).why(&want, &live.guidance),
        });
    }
    VersionEdit {
        description,
        active,
        guidance,
        changes,
    }
}

/// A version's template for people: the file's path, the URL or the stack.
pub fn source_text(source: &TemplateSource) -> String {
    match source {
        TemplateSource::File { path, .. } => path.to_string(),
        TemplateSource::Url(url) => url.clone(),
        TemplateSource::Stack(arn) => arn.clone(),
    }
}
