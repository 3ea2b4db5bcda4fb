//! What the template of a version that comes changes: against the version before it in the list, against the one whose
//! name it takes, and for what is launched and moves from one version to another.

use std::sync::Arc;

use super::draft::Draft;
use super::planner::Planner;
use crate::ids::{Digest, VersionId};
use crate::model::desired::{Product, ProductType, ProvisionedProduct, TemplateSource, Version};
use crate::model::observed::{LiveProduct, LiveProvisioned, LiveVersion};
use crate::model::template::Template;
use crate::model::template::change::{ResourceChange, TemplateChange};

/// How the template of a version differs from another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateNews {
    /// The change that it belongs to: `versions[v2]`, `versions[v2].template` or `version`.
    pub field: String,
    /// What it is compared with: a version's name, or its id where it has the same name.
    pub from: String,
    /// The version that comes.
    pub to: String,
    /// How they differ.
    pub told: Told,
}

/// What can be told of two templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// They are the same, line ends and trailing blanks apart.
    Same,
    /// This: empty where only texts for people differ, or what is no part of interface and resources.
    Change(Box<TemplateChange>),
    /// This of the parameters: the former template is not here, only what the service says of them.
    Parameters(Box<TemplateChange>),
    /// Nothing: why one of the two can't be read.
    Unread(String),
}

impl TemplateNews {
    /// What differs, where that is known.
    pub fn change(&self) -> Option<&TemplateChange> {
        match &self.told {
            Told::Change(change) | Told::Parameters(change) => Some(change),
            Told::Same | Told::Unread(_) => None,
        }
    }
}

/// How two templates differ.
fn told(old: &Template, new: &Template) -> Told {
    if old.content == new.content {
        return Told::Same;
    }
    match (old.reading(), new.reading()) {
        (Ok(old), Ok(new)) => Told::Change(Box::new(TemplateChange::between(old, new))),
        (_, Err(why)) => Told::Unread(format!("the new template can't be read: {why}")),
        (Err(why), _) => Told::Unread(format!("the former template can't be read: {why}")),
    }
}

impl<'a> Planner<'a> {
    /// Tells how a new version differs from the one before it in the list.
    pub(crate) fn tell_version(&self, draft: &mut Draft, of: &Product, want: &Version) {
        let before = of
            .versions
            .iter()
            .take_while(|v| v.name != want.name)
            .last();
        let (Some(new), Some(before)) = (self.template_of(of, want), before) else {
            return;
        };
        let Some(old) = self.template_of(of, before) else {
            return;
        };
        draft.object.templates.push(TemplateNews {
            field: format!("versions[{}]", want.name),
            from: before.name.clone(),
            to: want.name.clone(),
            told: told(old, new),
        });
    }

    /// Tells how a version differs from the live one whose name it takes.
    pub(crate) fn tell_replacement(
        &self,
        draft: &mut Draft,
        of: &Product,
        want: &Version,
        live: &LiveProduct,
    ) {
        let mut named = live.versions.iter().filter(|v| v.name == want.name);
        let (Some(new), Some(old)) = (self.template_of(of, want), named.next_back()) else {
            return;
        };
        let was = self.input.base.and_then(|base| base.products.get(&of.name));
        let was = was.and_then(|o| o.versions.iter().find(|v| v.name == want.name));
        if let Some(told) = self.against_live(old, was, new) {
            draft.object.templates.push(TemplateNews {
                field: format!("versions[{}].template", want.name),
                from: old.id.to_string(),
                to: want.name.clone(),
                told,
            });
        }
    }

    /// Tells what another version means for what runs, and what of that can't be undone.
    pub(crate) fn tell_move(
        &self,
        draft: &mut Draft,
        want: &ProvisionedProduct,
        live: &LiveProvisioned,
        from: &str,
    ) {
        let (product, version) = match &live.running {
            Some(running) => (&running.product, &running.version),
            None => (&live.product, &live.version),
        };
        let Some(of) = self.input.desired.products.get(&want.product) else {
            return;
        };
        let Some(new) = of.versions.iter().find(|v| v.name == want.version) else {
            return;
        };
        let running = self.live_version(product, version);
        let (Some(new), Some(running)) = (self.template_of(of, new), running) else {
            return;
        };
        // One of the list has the template of its name, unless another may have taken that.
        let same_product = self
            .products
            .get(&want.product)
            .is_some_and(|after| after.place.live() == Some(product));
        let listed = of.versions.iter().filter(|_| same_product);
        let listed = listed
            .filter(|v| !v.mutable)
            .find(|v| v.name == running.name);
        let Some(told) = self.against_live(running, listed, new) else {
            return;
        };
        let news = TemplateNews {
            field: "version".to_owned(),
            from: from.to_owned(),
            to: want.version.clone(),
            told,
        };
        for risk in news.change().into_iter().flat_map(risks) {
            draft.note(risk);
        }
        draft.object.templates.push(news);
    }

    /// Against a live version's template: git's own where it has the same content, else `listed`, which git says it has, else
    /// what the service says of its parameters. `None` where nothing is known.
    fn against_live(
        &self,
        live: &LiveVersion,
        listed: Option<&Version>,
        new: &Template,
    ) -> Option<Told> {
        let content = live.content.as_ref();
        let old = match content {
            Some(content) => self.template_with(&content.content),
            None => listed.and_then(|version| self.template(&version.source)),
        };
        if let Some(old) = old {
            return Some(told(old, new));
        }
        let known = content?.parameters.as_deref()?;
        Some(match new.reading() {
            Ok(new) => Told::Parameters(Box::new(TemplateChange::of_parameters(known, new))),
            Err(why) => Told::Unread(format!("the new template can't be read: {why}")),
        })
    }

    fn live_version(
        &self,
        product: &crate::ids::ProductId,
        version: &VersionId,
    ) -> Option<&'a LiveVersion> {
        let product = self.input.observed.products.get(product)?;
        product.versions.iter().find(|v| v.id == *version)
    }

    /// The template of a version, where it is a file: what another engine runs is no template.
    fn template_of(&self, of: &Product, version: &Version) -> Option<&'a Template> {
        let cloudformation = of.product_type == ProductType::CloudFormation;
        self.template(&version.source).filter(|_| cloudformation)
    }

    fn template(&self, source: &TemplateSource) -> Option<&'a Template> {
        let TemplateSource::File { raw, .. } = source else {
            return None;
        };
        let desired = self.input.desired.templates.get(raw);
        let base = || self.input.base?.templates.get(raw);
        desired.or_else(base).map(Arc::as_ref)
    }

    fn template_with(&self, content: &Digest) -> Option<&'a Template> {
        let base = self
            .input
            .base
            .into_iter()
            .flat_map(|b| b.templates.values());
        let mut all = self.input.desired.templates.values().chain(base);
        all.find(|template| template.content == *content)
            .map(Arc::as_ref)
    }
}

/// What an update to the new template destroys, or makes CloudFormation refuse.
fn risks(change: &TemplateChange) -> Vec<String> {
    // A macro may put back what is not written out.
    if !change.macros.is_empty() {
        return Vec::new();
    }
    let mut refused = Vec::new();
    let mut lost = Vec::new();
    for (id, change) in &change.resources {
        match change {
            ResourceChange::Retyped { was, kind } => {
                refused.push(format!("{id} ({} → {kind})", was.kind));
            }
            ResourceChange::Removed { was } if was.loses_data() => {
                lost.push(format!("{id} ({})", was.kind));
            }
            _ => {}
        }
    }
    let mut said = Vec::new();
    if !refused.is_empty() {
        said.push(format!(
            "the update is refused: CloudFormation changes no resource's type ({})",
            refused.join(", ")
        ));
    }
    if !lost.is_empty() {
        said.push(format!(
            "the update removes {} with its data: the version that runs says no DeletionPolicy for it",
            lost.join(", ")
        ));
    }
    said
}
