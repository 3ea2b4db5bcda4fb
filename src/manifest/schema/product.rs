//! The spec of a product.

use std::sync::Arc;

use super::read::{Reader, Shape};
use super::{Header, Tag};
use crate::ids::{Digest, Name};
use crate::manifest::finding::{Code, Finding};
use crate::manifest::node::{At, Node};
use crate::model::desired::{Guidance, Origin, TagUpdates, UnlistedVersions};

/// A product as its manifest says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ProductSpec {
    pub(in super::super) header: Header,
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
    pub(in super::super) copy_from: Option<CopySpec>,
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
}

/// Where a version's template comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum SourceSpec {
    File {
        /// The path as written, relative to the manifest.
        path: At<String>,
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

const SPEC: Shape = Shape {
    what: "the product's spec",
    known: &[
        "name",
        "owner",
        "description",
        "distributor",
        "support",
        "tags",
        "tagOptions",
        "budgets",
        "portfolios",
        "versions",
        "unlistedVersions",
        "copyFrom",
    ],
    later: &["sourceConnection", "retention", "serviceActions", "adopt"],
};

const COPY: Shape = Shape {
    what: "copyFrom",
    known: &["productArn", "versions", "copyTags"],
    later: &[],
};

const SUPPORT: Shape = Shape {
    what: "support",
    known: &["description", "email", "url"],
    later: &[],
};

const ASSOCIATION: Shape = Shape {
    what: "an item of portfolios",
    known: &["portfolio", "constraints"],
    later: &[],
};

const CONSTRAINTS: Shape = Shape {
    what: "constraints",
    known: &["launch", "tagUpdates"],
    later: &["notification", "notifications", "template", "stackSet"],
};

const LAUNCH: Shape = Shape {
    what: "launch",
    known: &["roleArn", "localRoleName"],
    later: &[],
};

const VERSION: Shape = Shape {
    what: "a version",
    known: &[
        "name",
        "description",
        "template",
        "templateUrl",
        "fromStack",
        "active",
        "guidance",
    ],
    later: &["ref", "mutable", "serviceActions"],
};

impl Reader<'_> {
    pub(super) fn product(
        &mut self,
        header: Header,
        node: &Node,
        at: &Origin,
    ) -> Option<ProductSpec> {
        let fields = self.fields(node, at, &SPEC)?;
        let unlisted = [
            ("keep", UnlistedVersions::Keep),
            ("deactivate", UnlistedVersions::Deactivate),
        ];
        let unlisted_versions = self.choice(&fields, "unlistedVersions", &unlisted, &["delete"]);
        let support = match fields.get("support") {
            Some(entry) => self.support(&entry.value, &entry.key.origin),
            None => SupportSpec::default(),
        };
        let places = self.list(&fields, "portfolios");
        let portfolios: Option<Vec<_>> =
            places.map(|items| items.iter().filter_map(|n| self.association(n)).collect());
        let portfolios_known = match fields.get("portfolios") {
            Some(_) => places.map(<[Node]>::len) == portfolios.as_ref().map(Vec::len),
            None => true,
        };
        // A git-synced product has neither, and is a finding of its own for now.
        if fields.get("sourceConnection").is_none() {
            self.exactly_one(&fields, &["versions", "copyFrom"]);
        }
        let copy_from = fields
            .get("copyFrom")
            .and_then(|entry| self.copy_from(&entry.value, &entry.key.origin));
        if let (Some(entry), Some(UnlistedVersions::Deactivate), Some(_)) = (
            fields.get("unlistedVersions"),
            unlisted_versions.as_ref().map(|found| found.value),
            fields.get("copyFrom"),
        ) {
            let message = "`unlistedVersions` says nothing of a copy, which lists no versions";
            self.report(
                Finding::new(Code::UnknownField, &entry.key.origin, message)
                    .hint("leave it out: a copy's versions follow those of its source"),
            );
        }
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
            owner: self.required_text(&fields, "owner"),
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
            copy_from,
        })
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
            product_arn: self.required_text(&fields, "productArn")?,
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
        self.required(&fields, "portfolio")?;
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
        let updates = [
            ("allowed", TagUpdates::Allowed),
            ("notAllowed", TagUpdates::NotAllowed),
        ];
        let tag_updates = self.choice(&fields, "tagUpdates", &updates, &[]);
        Some(ConstraintsSpec {
            launch,
            tag_updates: tag_updates.map(|found| found.value),
        })
    }

    fn launch(&mut self, node: &Node, at: &Origin) -> Option<At<LaunchSpec>> {
        let fields = self.fields(node, at, &LAUNCH)?;
        let (key, _) = self.exactly_one(&fields, LAUNCH.known)?;
        let found = self.text(&fields, key)?;
        let launch = match key {
            "roleArn" => LaunchSpec::RoleArn(found.value),
            _ => LaunchSpec::LocalRoleName(found.value),
        };
        Some(At::new(launch, &found.origin))
    }

    fn version(&mut self, node: &Node) -> Option<VersionSpec> {
        let fields = self.fields(node, &node.origin, &VERSION)?;
        let name = self.required_text(&fields, "name");
        let description = self.text(&fields, "description");
        let source = self
            .exactly_one(&fields, &["template", "templateUrl", "fromStack"])
            .and_then(|(key, _)| {
                let found = self.text(&fields, key)?;
                Some(match key {
                    "template" => SourceSpec::File {
                        path: found,
                        found: None,
                    },
                    "templateUrl" => SourceSpec::Url(found),
                    _ => SourceSpec::Stack(found),
                })
            });
        let active = self.flag(&fields, "active");
        let guidances = [
            (Guidance::Default.as_str(), Guidance::Default),
            (Guidance::Deprecated.as_str(), Guidance::Deprecated),
        ];
        let guidance = self.choice(&fields, "guidance", &guidances, &[]);
        Some(VersionSpec {
            name: name?,
            description,
            source,
            active,
            guidance,
        })
    }
}
