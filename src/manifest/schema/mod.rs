//! Documents → typed specs. Texts are as written: `resolve` substitutes and looks references up.

mod json;
mod portfolio;
mod product;
mod provisioned;
mod read;
mod reference;
mod rollout;
mod service_action;
mod shape;
mod shapes;
mod tag_option;

pub(super) use json::{kinds, schema};
pub(super) use portfolio::{
    ImportedSpec, PortfolioSpec, PrincipalSpec, ShareSpec, SharedProductSpec,
};
pub(super) use product::{
    AssociationSpec, ConnectionSpec, ConstraintsSpec, CopySpec, LaunchSpec, Older, ProductSpec,
    RuleSpec, SourceSpec, StackSetSpec, TemplateFile, VersionSpec,
};
pub(super) use provisioned::{ParameterSpec, ProvisionedSpec, ValueSpec};
pub(super) use read::{Reader, start_of};
pub(super) use reference::page;
pub(super) use rollout::RolloutSpec;
pub(super) use service_action::{DefinitionSpec, ServiceActionSpec, action_parameters};
pub(super) use shapes::fields;
pub(super) use shapes::product::{REFUSED_FUNCTION, RULE_FUNCTIONS};
pub(super) use tag_option::TagOptionSpec;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::shapes::document::{
    ADOPT, ADOPTS, DEFAULTS_DOCUMENT, DOCUMENT, ENDS, ENDS_WITH_RELEASE, METADATA,
    TAG_OPTION_METADATA,
};
use super::finding::{Code, Finding, Severity};
use super::node::{At, Node, Value};
use super::parse::Document;
use super::words;
use crate::ids::{Key, Kind, Name};
use crate::model::desired::{Adopt, Lifecycle, OnRemove, Origin};

/// The API version that manifests must have.
pub(super) const API_VERSION: &str = "catalogd.dev/v1";
/// What every API version of ours begins with.
pub(super) const API_GROUP: &str = "catalogd.dev/";
/// The kind that is no object, but says something of those below its folder.
const DEFAULTS_KIND: &str = "Defaults";

/// A tag with the places of both its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) key: At<String>,
    pub(super) value: At<String>,
}

/// What every object has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// `metadata.name`; `None` where it could not be read: such an object is checked and then left out.
    pub(super) name: Option<Name>,
    /// Where `metadata.name` stands.
    pub(super) origin: Origin,
    /// The object's key, if it has a name.
    pub(super) key: Option<Key>,
    /// Its end, and what it takes over.
    pub(super) lifecycle: Lifecycle,
}

/// The specs of a source.
#[derive(Debug, Default)]
pub(super) struct Specs {
    pub(super) service_actions: Vec<ServiceActionSpec>,
    pub(super) tag_options: Vec<TagOptionSpec>,
    pub(super) portfolios: Vec<PortfolioSpec>,
    pub(super) imported: Vec<ImportedSpec>,
    pub(super) products: Vec<ProductSpec>,
    pub(super) provisioned: Vec<ProvisionedSpec>,
    pub(super) defaults: Vec<DefaultsSpec>,
    /// Lines that hold parameters, which may be secret: first and last, by file.
    pub(super) secrets: BTreeMap<Arc<str>, Vec<(u32, u32)>>,
}

/// What the products of a folder and below say where they don't say it themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DefaultsSpec {
    /// Where its `kind` stands.
    pub(super) origin: Origin,
    /// The first and last line of its document.
    pub(super) lines: (u32, u32),
    /// Something is wrong with it, so that nobody knows what it would say.
    pub(super) broken: bool,
    /// What it says, as a product without a name.
    pub(super) product: ProductSpec,
}

/// Whether a text names one of our kinds, known or to come.
pub(super) fn is_kind(text: &str) -> bool {
    Kind::ALL.iter().any(|kind| kind.as_str() == text) || text == DEFAULTS_KIND
}

/// Reads a document into the specs, if it is ours. Returns whether it is, and wants something of the catalog.
pub(super) fn read(document: Document, specs: &mut Specs, findings: &mut Vec<Finding>) -> bool {
    let Document {
        root,
        findings: yaml,
    } = document;
    match ownership(&root) {
        Ownership::Foreign => false,
        Ownership::Listed(origin) => {
            findings.push(
                Finding::new(
                    Code::ListOfManifests,
                    &origin,
                    "a manifest inside a list is not read",
                )
                .hint("make it a document of its own: documents are separated by a line `---`"),
            );
            true
        }
        Ownership::Ours => {
            let object = identify(&root);
            remember_secrets(&root, specs);
            let before = findings.len();
            if root.only("kind").and_then(Node::text) == Some(DEFAULTS_KIND) {
                findings.extend(yaml);
                let mut reader = Reader { findings, object };
                let mut read = reader.defaults_document(&root);
                let said = findings.get(before..).unwrap_or_default();
                read.broken = said.iter().any(|f| f.severity == Severity::Error);
                specs.defaults.push(read);
                // A source of nothing else wants nothing.
                return false;
            }
            findings.extend(yaml.into_iter().map(|f| f.about(object.as_ref())));
            let mut reader = Reader { findings, object };
            reader.document(&root, specs);
            true
        }
    }
}

/// Notes which lines hold parameters. Whatever is wrong there, the line is not to be shown (promise 8).
fn remember_secrets(root: &Node, specs: &mut Specs) {
    for spec in root.entries().iter().filter(|e| e.key.value == "spec") {
        let entries = spec.value.entries().iter();
        for parameters in entries.filter(|e| e.key.value == "parameters") {
            let at = &parameters.key.origin;
            let lines = (at.line, parameters.value.last_line());
            specs
                .secrets
                .entry(at.file.clone())
                .or_default()
                .push(lines);
        }
    }
}

enum Ownership {
    Foreign,
    Listed(Origin),
    Ours,
}

/// Ours is what says so, and what looks so much like ours that a typo is likelier than another tool.
fn ownership(root: &Node) -> Ownership {
    let says_so = |node: &Node| {
        let mut versions = node
            .entries()
            .iter()
            .filter(|entry| entry.key.value == "apiVersion");
        versions.any(|entry| entry.value.text().is_some_and(is_our_version))
    };
    let looks_so = |node: &Node| {
        let mut kinds = node.entries().iter().filter(|e| e.key.value == "kind");
        kinds.any(|entry| entry.value.text().is_some_and(is_kind))
    };
    match &root.value {
        Value::Map(_) if says_so(root) || looks_so(root) => Ownership::Ours,
        Value::List(items) => match items.iter().find(|item| says_so(item)) {
            Some(item) => Ownership::Listed(item.origin.clone()),
            None => Ownership::Foreign,
        },
        _ => Ownership::Foreign,
    }
}

fn is_our_version(text: &str) -> bool {
    text.starts_with(API_GROUP) || text == API_GROUP.trim_end_matches('/')
}

/// The object's key, if kind and name can be told without doubt.
fn identify(root: &Node) -> Option<Key> {
    let kind = root.only("kind")?.text()?;
    let kind = Kind::ALL.into_iter().find(|k| k.as_str() == kind)?;
    let name = root.only("metadata")?.only("name")?;
    // An unquoted number is a finding, but which object is meant is plain.
    Some(Key::new(kind, Name::parse(name.text()?)?))
}

impl Reader<'_> {
    fn document(&mut self, root: &Node, specs: &mut Specs) {
        let Some(fields) = self.fields(root, &root.origin, &DOCUMENT) else {
            return;
        };
        if !self.api_version(&fields) {
            return;
        }
        let kind = self.kind(&fields);
        let header = self.header(kind, &fields);
        let (Some(kind), Some(spec)) = (kind, self.given(&fields, "spec")) else {
            return;
        };
        let at = &spec.key.origin;
        match kind {
            // `Self::kind` does not let it through.
            Kind::TagOption => specs
                .tag_options
                .extend(self.tag_option(header, &spec.value, at)),
            Kind::ServiceAction => {
                specs
                    .service_actions
                    .extend(self.service_action(header, &spec.value, at))
            }
            Kind::Portfolio if portfolio::is_imported(&spec.value) => specs
                .imported
                .extend(self.imported(header, &spec.value, at)),
            Kind::Portfolio => specs
                .portfolios
                .extend(self.portfolio(header, &spec.value, at)),
            Kind::Product => specs.products.extend(self.product(header, &spec.value, at)),
            Kind::ProvisionedProduct => {
                specs
                    .provisioned
                    .extend(self.provisioned(header, &spec.value, at))
            }
        }
    }

    fn defaults_document(&mut self, root: &Node) -> DefaultsSpec {
        let nobody = Header {
            name: None,
            origin: root.origin.clone(),
            key: None,
            lifecycle: Lifecycle::default(),
        };
        let fields = self.fields(root, &root.origin, &DEFAULTS_DOCUMENT);
        let spec = fields.as_ref().and_then(|fields| {
            self.api_version(fields);
            self.given(fields, "spec")
        });
        let kind = root.only("kind").map_or(&root.origin, |kind| &kind.origin);
        let nothing = Node {
            origin: root.origin.clone(),
            value: Value::Map(Vec::new()),
        };
        let (node, at) = match spec {
            Some(entry) => (&entry.value, &entry.key.origin),
            None => (&nothing, &root.origin),
        };
        DefaultsSpec {
            origin: kind.clone(),
            lines: (root.origin.line, root.last_line()),
            broken: false,
            product: self.defaults(nobody, node, at),
        }
    }

    /// Whether what follows can be read as ours: another version's, or another tool's, would only make noise.
    fn api_version(&mut self, fields: &read::Fields<'_>) -> bool {
        let Some(found) = self.text(fields, "apiVersion") else {
            return true;
        };
        if found.value == API_VERSION {
            return true;
        }
        let (wanted, text) = (words::code(API_VERSION), words::code(&found.value));
        let near = words::did_you_mean(&found.value, [API_VERSION]);
        let ours = is_our_version(&found.value);
        let typo = near.is_some() && !ours;
        let hint = match near {
            _ if ours => format!("this version of catalogd reads {wanted} alone"),
            Some(near) => near,
            None => {
                format!("write {wanted}, or keep other tools' manifests out of catalogd's path")
            }
        };
        let message = format!("apiVersion {text} is not {wanted}");
        self.report(Finding::new(Code::ApiVersion, &found.origin, message).hint(hint));
        typo
    }

    fn kind(&mut self, fields: &read::Fields<'_>) -> Option<Kind> {
        let found = self.text(fields, "kind")?;
        let kind = Kind::ALL.into_iter().find(|k| k.as_str() == found.value);
        if kind.is_none() {
            let objects = || Kind::ALL.into_iter().map(Kind::as_str);
            let names = || objects().chain([DEFAULTS_KIND]);
            let near = words::did_you_mean(&found.value, names());
            let message = format!("unknown kind {}", words::code(&found.value));
            self.report(
                Finding::new(Code::UnknownKind, &found.origin, message).hint(
                    near.unwrap_or_else(|| format!("it can be {}", words::listed(names(), "or"))),
                ),
            );
        }
        kind
    }

    fn header(&mut self, kind: Option<Kind>, fields: &read::Fields<'_>) -> Header {
        let nameless = |origin: &Origin, key: Option<Key>| Header {
            name: None,
            origin: origin.clone(),
            key,
            lifecycle: Lifecycle::default(),
        };
        let Some(metadata) = self.given(fields, "metadata") else {
            return nameless(fields.at(), None);
        };
        let at = &metadata.key.origin;
        let shape = match kind {
            Some(Kind::TagOption) => &TAG_OPTION_METADATA,
            _ => &METADATA,
        };
        let Some(fields) = self.fields(&metadata.value, at, shape) else {
            return nameless(at, None);
        };
        let lifecycle = Lifecycle {
            on_remove: self.on_remove(kind, &fields),
            adopt: match kind {
                Some(Kind::TagOption) => Adopt::Never,
                _ => self.adopt(&fields),
            },
        };
        let found = self.text(&fields, "name");
        match found.and_then(|found| self.name(found, "metadata.name")) {
            // A name given twice is in doubt: the key says so by its absence.
            Some(name) if self.object.is_some() => Header {
                origin: name.origin,
                key: self.object.clone(),
                name: Some(name.value),
                lifecycle,
            },
            _ => nameless(at, self.object.clone()),
        }
    }

    fn on_remove(&mut self, kind: Option<Kind>, fields: &read::Fields<'_>) -> OnRemove {
        let choices: &[_] = match kind {
            // Only a provisioned product has something below it that can stay.
            Some(Kind::ProvisionedProduct) | None => &ENDS_WITH_RELEASE,
            Some(_) => &ENDS,
        };
        let found = self.choice(fields, "onRemove", choices);
        found.map(|found| found.value).unwrap_or_default()
    }

    fn adopt(&mut self, fields: &read::Fields<'_>) -> Adopt {
        let Some(entry) = fields.get("adopt") else {
            return Adopt::Never;
        };
        let origin = &entry.key.origin;
        if !matches!(entry.value.value, Value::Map(_)) {
            let by_name = Adopt::ByName(origin.clone());
            let found = self.choice(fields, "adopt", &ADOPTS);
            return match found.map(|found| found.value) {
                Some(true) => by_name,
                _ => Adopt::Never,
            };
        }
        let Some(fields) = self.fields(&entry.value, origin, &ADOPT) else {
            return Adopt::Never;
        };
        let id = self.text(&fields, "id");
        if let Some(empty) = id.as_ref().filter(|id| id.value.trim().is_empty()) {
            let message = "`adopt.id` is empty, and names nothing";
            self.report(
                Finding::new(Code::EmptyValue, &empty.origin, message)
                    .hint("give the live object's id, or leave `adopt` out"),
            );
        }
        match id {
            Some(id) => Adopt::Id {
                id: id.value,
                origin: id.origin,
            },
            None => Adopt::Never,
        }
    }
}
