//! The spec of a product.

use std::sync::Arc;

use super::read::{Fields, Reader};
use super::shapes::product::{
    ASSOCIATION, CONNECTION, CONNECTIONS, CONSTRAINTS, COPY, DEFAULTS, GUIDANCES, LAUNCH,
    NOTIFICATION, OLDER, ORIGINS, RETENTION, ROLES, SPEC, STACK_SET, SUPPORT, TAG_UPDATES,
    TEMPLATE, TEMPLATES, TYPES, UNLISTED, VERSION,
};
use super::{Header, Tag};
use crate::ids::{Digest, Name};
use crate::manifest::finding::{Code, Finding};
use crate::manifest::node::{At, Entry, Node};
use crate::manifest::words;
use crate::model::desired::{Guidance, Origin, ProductType, TagUpdates, UnlistedVersions};

/// A product as its manifest says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ProductSpec {
    pub(in super::super) header: Header,
    /// Where `spec` stands.
    pub(in super::super) at: Origin,
    /// It has an `owner`, well-formed or not.
    pub(in super::super) owner_given: bool,
    pub(in super::super) product_type: Option<At<ProductType>>,
    pub(in super::super) display_name: Option<At<String>>,
    pub(in super::super) owner: Option<At<String>>,
    pub(in super::super) description: Option<At<String>>,
    pub(in super::super) distributor: Option<At<String>>,
    pub(in super::super) support: SupportSpec,
    pub(in super::super) tags: Option<Vec<Tag>>,
    pub(in super::super) tag_options: Option<Vec<At<Name>>>,
    pub(in super::super) budgets: Option<Vec<At<String>>>,
    pub(in super::super) portfolios: Option<Vec<AssociationSpec>>,
    /// Every portfolio of it could be read: one that is not among them is not there.
    pub(in super::super) portfolios_known: bool,
    pub(in super::super) versions: Vec<VersionSpec>,
    /// Every version's name could be read: a name that is not among them is not there.
    pub(in super::super) versions_known: bool,
    pub(in super::super) unlisted_versions: Option<UnlistedVersions>,
    pub(in super::super) retention: Option<RetentionSpec>,
    pub(in super::super) copy_from: Option<CopySpec>,
    pub(in super::super) service_actions: Option<Vec<At<Name>>>,
    pub(in super::super) source_connection: Option<ConnectionSpec>,
    /// It has a `sourceConnection`, well-formed or not.
    pub(in super::super) synced: bool,
}

/// How many versions of the list stay as they are, and what the older ones become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct RetentionSpec {
    pub(in super::super) active: At<usize>,
    pub(in super::super) older: Older,
}

/// What a version becomes that is older than those which `retention` keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Older {
    Deprecated,
    Inactive,
}

impl RetentionSpec {
    /// Whether a place in a list of so many is among the newest: the order of the list is the order, newest last.
    pub(in super::super) fn keeps(&self, place: usize, of: usize) -> bool {
        of.saturating_sub(place) <= self.active.value
    }
}

/// The repository that the service syncs a product with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ConnectionSpec {
    pub(in super::super) connection_arn: At<String>,
    pub(in super::super) repository: At<String>,
    pub(in super::super) branch: At<String>,
    pub(in super::super) artifact_path: At<String>,
}

/// What a product is a copy of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct CopySpec {
    pub(in super::super) product_arn: At<String>,
    pub(in super::super) versions: Option<Vec<At<String>>>,
    pub(in super::super) copy_tags: bool,
}

/// Where users find help.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct SupportSpec {
    pub(in super::super) description: Option<At<String>>,
    pub(in super::super) email: Option<At<String>>,
    pub(in super::super) url: Option<At<String>>,
}

/// A portfolio of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct AssociationSpec {
    pub(in super::super) portfolio: At<Name>,
    pub(in super::super) constraints: Option<ConstraintsSpec>,
}

/// The constraints of a product in a portfolio.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct ConstraintsSpec {
    pub(in super::super) launch: Option<At<LaunchSpec>>,
    pub(in super::super) tag_updates: Option<TagUpdates>,
    pub(in super::super) notification: Option<Vec<At<String>>>,
    pub(in super::super) template: Option<Vec<RuleSpec>>,
    pub(in super::super) stack_set: Option<At<StackSetSpec>>,
}

/// A rule of a template constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct RuleSpec {
    pub(in super::super) name: At<String>,
    /// As written: its functions are nobody's but CloudFormation's.
    pub(in super::super) body: Node,
}

/// Where a stack set may make stacks, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct StackSetSpec {
    pub(in super::super) accounts: Vec<At<String>>,
    pub(in super::super) regions: Vec<At<String>>,
    pub(in super::super) admin_role: At<String>,
    pub(in super::super) execution_role: At<String>,
}

/// The role of a launch constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum LaunchSpec {
    RoleArn(String),
    LocalRoleName(String),
}

/// A version of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct VersionSpec {
    pub(in super::super) name: At<String>,
    pub(in super::super) description: Option<At<String>>,
    pub(in super::super) source: Option<SourceSpec>,
    pub(in super::super) active: Option<At<bool>>,
    pub(in super::super) guidance: Option<At<Guidance>>,
    pub(in super::super) mutable: bool,
    pub(in super::super) service_actions: Option<Vec<At<Name>>>,
}

/// Where a version's template comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum SourceSpec {
    File {
        /// The path as written, relative to the manifest.
        path: At<String>,
        /// The tag or commit whose file it is; that of the source itself otherwise.
        reference: Option<At<String>>,
        /// The file it names, once it was found.
        found: Option<TemplateFile>,
    },
    Url(At<String>),
    Stack(At<String>),
}

/// A template file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct TemplateFile {
    /// The path that people are shown.
    pub(in super::super) shown: Arc<str>,
    /// The digest of its bytes.
    pub(in super::super) raw: Digest,
}

impl Reader<'_> {
    pub(super) fn product(
        &mut self,
        header: Header,
        node: &Node,
        at: &Origin,
    ) -> Option<ProductSpec> {
        let fields = self.fields(node, at, &SPEC)?;
        let unlisted_versions = self.choice(&fields, "unlistedVersions", &UNLISTED);
        let product_type = self.choice(&fields, "type", &TYPES);
        let support = match fields.get("support") {
            Some(entry) => self.support(&entry.value, &entry.key.origin),
            None => SupportSpec::default(),
        };
        let (portfolios, portfolios_known) = self.portfolios(&fields);
        self.exactly_one(&fields, ORIGINS);
        let source_connection = fields
            .get("sourceConnection")
            .and_then(|entry| self.source_connection(&entry.value, &entry.key.origin));
        let retention = fields
            .get("retention")
            .and_then(|entry| self.retention(&entry.value, &entry.key.origin));
        let copy_from = fields
            .get("copyFrom")
            .and_then(|entry| self.copy_from(&entry.value, &entry.key.origin));
        let keeps = unlisted_versions
            .as_ref()
            .is_none_or(|found| found.value == UnlistedVersions::Keep);
        self.nothing_of_versions(&fields, keeps);
        let items = self.list(&fields, "versions");
        if let (Some([]), Some(entry)) = (items, fields.get("versions")) {
            let message = "a product needs at least one version";
            self.report(
                Finding::new(Code::EmptyValue, &entry.key.origin, message)
                    .hint("list a version with a `name` and a `template`"),
            );
        }
        let versions: Vec<VersionSpec> = items
            .unwrap_or_default()
            .iter()
            .filter_map(|node| self.version(node))
            .collect();
        Some(ProductSpec {
            header,
            display_name: self.text(&fields, "name"),
            at: at.clone(),
            owner_given: fields.get("owner").is_some(),
            product_type,
            owner: self.text(&fields, "owner"),
            description: self.text(&fields, "description"),
            distributor: self.text(&fields, "distributor"),
            support,
            tags: self.tags(&fields),
            tag_options: self.references(&fields, "tagOptions"),
            budgets: self.texts(&fields, "budgets"),
            portfolios,
            portfolios_known,
            versions_known: items.is_some_and(|items| items.len() == versions.len()),
            versions,
            unlisted_versions: unlisted_versions.map(|found| found.value),
            retention,
            copy_from,
            service_actions: self.offers(&fields),
            source_connection,
            synced: fields.get("sourceConnection").is_some(),
        })
    }

    /// What a product gives to those of its folder: the spec of a `Defaults` document.
    pub(super) fn defaults(&mut self, header: Header, node: &Node, at: &Origin) -> ProductSpec {
        let mut spec = ProductSpec::empty(header, at);
        let Some(fields) = self.fields(node, at, &DEFAULTS) else {
            return spec;
        };
        if let Some(entry) = fields.get("support") {
            spec.support = self.support(&entry.value, &entry.key.origin);
        }
        (spec.portfolios, spec.portfolios_known) = self.portfolios(&fields);
        spec.owner = self.text(&fields, "owner");
        spec.distributor = self.text(&fields, "distributor");
        spec.tags = self.tags(&fields);
        spec
    }

    /// The portfolios, if the field is there, and whether all of them could be read.
    fn portfolios(&mut self, fields: &Fields<'_>) -> (Option<Vec<AssociationSpec>>, bool) {
        let places = self.list(fields, "portfolios");
        let portfolios: Option<Vec<_>> =
            places.map(|items| items.iter().filter_map(|n| self.association(n)).collect());
        let known = match fields.get("portfolios") {
            Some(_) => places.map(<[Node]>::len) == portfolios.as_ref().map(Vec::len),
            None => true,
        };
        (portfolios, known)
    }

    /// Says which fields about listed versions a product has that lists none.
    fn nothing_of_versions(&mut self, fields: &Fields<'_>, keeps: bool) {
        let copied = "a copy, which lists no versions";
        let synced = "a product whose versions the service makes";
        let (what, hint) = match (fields.get("copyFrom"), fields.get("sourceConnection")) {
            (Some(_), _) => (
                copied,
                "leave it out: a copy's versions follow those of its source",
            ),
            (None, Some(_)) => (
                synced,
                "leave it out: every commit to the repository's file makes a version, and catalogd touches none",
            ),
            (None, None) => return,
        };
        let copies = fields.get("copyFrom").is_some();
        for (field, stands) in [
            ("unlistedVersions", !keeps),
            ("retention", true),
            ("type", copies),
        ] {
            if let (Some(entry), true) = (fields.get(field), stands) {
                let message = format!("{} says nothing of {what}", words::code(field));
                let hint = match field {
                    "type" => "leave it out: a copy's type is its source's",
                    _ => hint,
                };
                self.report(
                    Finding::new(Code::UnknownField, &entry.key.origin, message).hint(hint),
                );
            }
        }
    }

    fn retention(&mut self, node: &Node, at: &Origin) -> Option<RetentionSpec> {
        let fields = self.fields(node, at, &RETENTION)?;
        let older = self.choice(&fields, "older", &OLDER);
        let active = self.number(&fields, "active")?;
        if active.value == 0 {
            let message = "`active` must be at least 1: a product without one is of no use";
            self.report(
                Finding::new(Code::UnknownValue, &active.origin, message)
                    .hint("a version is taken out of use by `active: false` in its own entry"),
            );
        }
        Some(RetentionSpec {
            active,
            older: older.map_or(Older::Deprecated, |found| found.value),
        })
    }

    fn source_connection(&mut self, node: &Node, at: &Origin) -> Option<ConnectionSpec> {
        let fields = self.fields(node, at, &CONNECTION)?;
        self.choice(&fields, "type", &CONNECTIONS);
        let connection_arn = self.text(&fields, "connectionArn");
        let repository = self.text(&fields, "repository");
        let branch = self.text(&fields, "branch");
        let artifact_path = self.text(&fields, "artifactPath");
        Some(ConnectionSpec {
            connection_arn: connection_arn?,
            repository: repository?,
            branch: branch?,
            artifact_path: artifact_path?,
        })
    }

    /// The names of service actions, if the field is there.
    fn offers(&mut self, fields: &Fields<'_>) -> Option<Vec<At<Name>>> {
        const KEY: &str = "serviceActions";
        let items = self.list(fields, KEY)?;
        let mut names = Vec::new();
        for node in items {
            let found = self.scalar(node, KEY);
            names.extend(found.and_then(|found| self.name(found, KEY)));
        }
        Some(names)
    }

    fn copy_from(&mut self, node: &Node, at: &Origin) -> Option<CopySpec> {
        let fields = self.fields(node, at, &COPY)?;
        let versions = self.list(&fields, "versions").map(|items| {
            items
                .iter()
                .filter_map(|node| self.scalar(node, "versions"))
                .collect::<Vec<_>>()
        });
        if let (Some([]), Some(entry)) = (versions.as_deref(), fields.get("versions")) {
            let message = "`copyFrom.versions` names no version to copy";
            self.report(
                Finding::new(Code::EmptyValue, &entry.key.origin, message)
                    .hint("name some, or leave it out: then all active versions are copied"),
            );
        }
        let copy_tags = self.flag(&fields, "copyTags");
        Some(CopySpec {
            product_arn: self.text(&fields, "productArn")?,
            versions,
            copy_tags: copy_tags.is_some_and(|flag| flag.value),
        })
    }

    fn support(&mut self, node: &Node, at: &Origin) -> SupportSpec {
        let Some(fields) = self.fields(node, at, &SUPPORT) else {
            return SupportSpec::default();
        };
        SupportSpec {
            description: self.text(&fields, "description"),
            email: self.text(&fields, "email"),
            url: self.text(&fields, "url"),
        }
    }

    fn association(&mut self, node: &Node) -> Option<AssociationSpec> {
        let fields = self.fields(node, &node.origin, &ASSOCIATION)?;
        let portfolio = self.reference(&fields, "portfolio")?;
        let constraints = fields
            .get("constraints")
            .and_then(|entry| self.constraints(&entry.value, &entry.key.origin));
        Some(AssociationSpec {
            portfolio,
            constraints,
        })
    }

    fn constraints(&mut self, node: &Node, at: &Origin) -> Option<ConstraintsSpec> {
        let fields = self.fields(node, at, &CONSTRAINTS)?;
        let launch = fields
            .get("launch")
            .and_then(|entry| self.launch(&entry.value, &entry.key.origin));
        let tag_updates = self.choice(&fields, "tagUpdates", &TAG_UPDATES);
        if let (Some(launch), Some(stack_set)) = (fields.get("launch"), fields.get("stackSet")) {
            let message = "`launch` and `stackSet` exclude each other";
            self.report(
                Finding::new(Code::ExactlyOne, &stack_set.key.origin, message)
                    .hint("a stack set is made as its own `adminRole`: keep one of them")
                    .related(&launch.key.origin, "`launch`"),
            );
        }
        let entry = |key| {
            fields
                .get(key)
                .map(|entry: &Entry| (&entry.value, &entry.key.origin))
        };
        Some(ConstraintsSpec {
            launch,
            tag_updates: tag_updates.map(|found| found.value),
            notification: entry("notification").and_then(|(node, at)| self.notification(node, at)),
            template: entry("template").and_then(|(node, at)| self.rules(node, at)),
            stack_set: entry("stackSet").and_then(|(node, at)| self.stack_set(node, at)),
        })
    }

    fn notification(&mut self, node: &Node, at: &Origin) -> Option<Vec<At<String>>> {
        let fields = self.fields(node, at, &NOTIFICATION)?;
        self.filled(&fields, "topics", "`constraints` without `notification`")
    }

    fn rules(&mut self, node: &Node, at: &Origin) -> Option<Vec<RuleSpec>> {
        let fields = self.fields(node, at, &TEMPLATE)?;
        let given = self.given(&fields, "rules")?;
        let rules = self.free_map(&fields, "rules")?;
        let rules: Vec<_> = rules
            .map(|entry| RuleSpec {
                name: entry.key.clone(),
                body: entry.value.clone(),
            })
            .collect();
        if rules.is_empty() {
            self.nothing(&given.key, "`constraints` without `template`");
        }
        Some(rules)
    }

    fn stack_set(&mut self, node: &Node, at: &Origin) -> Option<At<StackSetSpec>> {
        const NONE: &str = "`constraints` without `stackSet`";
        let fields = self.fields(node, at, &STACK_SET)?;
        let accounts = self.filled(&fields, "accounts", NONE);
        let regions = self.filled(&fields, "regions", NONE);
        let admin_role = self.text(&fields, "adminRole");
        let execution_role = self.text(&fields, "executionRole");
        let spec = StackSetSpec {
            accounts: accounts?,
            regions: regions?,
            admin_role: admin_role?,
            execution_role: execution_role?,
        };
        Some(At::new(spec, at))
    }

    /// A list of texts that must have some, if the field is there; `none` says how to want none.
    fn filled(
        &mut self,
        fields: &Fields<'_>,
        key: &'static str,
        none: &str,
    ) -> Option<Vec<At<String>>> {
        let items = self.list(fields, key)?;
        if let ([], Some(entry)) = (items, fields.get(key)) {
            self.nothing(&entry.key, none);
        }
        let texts = items.iter().filter_map(|node| self.scalar(node, key));
        Some(texts.collect())
    }

    fn nothing(&mut self, key: &At<String>, none: &str) {
        let message = format!("`{}` is empty, and the service wants some", key.value);
        self.report(
            Finding::new(Code::EmptyValue, &key.origin, message)
                .hint(format!("{none} has none of this type")),
        );
    }

    fn launch(&mut self, node: &Node, at: &Origin) -> Option<At<LaunchSpec>> {
        let fields = self.fields(node, at, &LAUNCH)?;
        let (key, _) = self.exactly_one(&fields, ROLES)?;
        let found = self.text(&fields, key)?;
        let launch = match key {
            "roleArn" => LaunchSpec::RoleArn(found.value),
            _ => LaunchSpec::LocalRoleName(found.value),
        };
        Some(At::new(launch, &found.origin))
    }

    fn version(&mut self, node: &Node) -> Option<VersionSpec> {
        let fields = self.fields(node, &node.origin, &VERSION)?;
        let name = self.text(&fields, "name");
        let description = self.text(&fields, "description");
        let reference = self.text(&fields, "ref");
        let mutable = self.flag(&fields, "mutable");
        if fields.get("template").is_none() {
            // What is at a URL or behind a stack is not catalogd's to read, so it can't tell when that changes.
            for field in ["ref", "mutable"] {
                if let Some(entry) = fields.get(field) {
                    let message = format!("{} needs a `template`", words::code(field));
                    self.report(
                        Finding::new(Code::UnknownField, &entry.key.origin, message).hint(
                            "leave it out: a version with `templateUrl` or `fromStack` is compared by its name alone",
                        ),
                    );
                }
            }
        }
        let source = self.exactly_one(&fields, TEMPLATES).and_then(|(key, _)| {
            let found = self.text(&fields, key)?;
            Some(match key {
                "template" => SourceSpec::File {
                    path: found,
                    reference: reference.clone(),
                    found: None,
                },
                "templateUrl" => SourceSpec::Url(found),
                _ => SourceSpec::Stack(found),
            })
        });
        let active = self.flag(&fields, "active");
        let guidance = self.choice(&fields, "guidance", &GUIDANCES);
        Some(VersionSpec {
            name: name?,
            description,
            source,
            active,
            guidance,
            mutable: mutable.is_some_and(|flag| flag.value),
            service_actions: self.offers(&fields),
        })
    }
}

impl ProductSpec {
    /// One that says nothing.
    fn empty(header: Header, at: &Origin) -> Self {
        Self {
            header,
            at: at.clone(),
            owner_given: true,
            product_type: None,
            display_name: None,
            owner: None,
            description: None,
            distributor: None,
            support: SupportSpec::default(),
            tags: None,
            tag_options: None,
            budgets: None,
            portfolios: None,
            portfolios_known: true,
            versions: Vec::new(),
            versions_known: false,
            unlisted_versions: None,
            retention: None,
            service_actions: None,
            copy_from: None,
            source_connection: None,
            synced: false,
        }
    }
}
