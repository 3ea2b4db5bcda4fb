//! Manifests of TagOptions and service actions: one file each, for they are many and small.

use super::document::Document;
use super::portfolio::{display, filled};
use super::yaml::{Fields, Yaml};
use super::{Export, literal};
use crate::ids::{Key, Kind, ServiceActionId};
use crate::model::desired::ActionDefinition;
use crate::model::observed::{LiveServiceAction, LiveTagOption};

impl Export<'_> {
    pub(super) fn tag_options(&mut self) {
        let observed = self.input.observed;
        let given = observed.portfolios.values().flat_map(|p| &p.tag_options);
        let given = given.chain(observed.products.values().flat_map(|p| &p.tag_options));
        let all = observed.tag_options.iter().chain(given);
        let mut named: Vec<_> = all
            .filter(|(id, _)| self.selected.tag_options.contains(*id))
            .filter_map(|(id, live)| Some((self.owners.tag_options.get(id)?, live)))
            .collect();
        named.sort_by_key(|(object, _)| &object.name);
        named.dedup_by_key(|(object, _)| &object.name);
        for (object, live) in named {
            let LiveTagOption {
                id,
                key,
                value,
                active,
            } = live;
            let mut spec = Fields::default();
            spec.required("key", Yaml::text(key));
            spec.required("value", Yaml::Text(literal(value)));
            let inactive = (!active).then(|| Yaml::Bare("false".to_owned()));
            spec.optional("active", inactive);
            let name = Key::new(Kind::TagOption, object.name.clone());
            let document = Document::new(name, object, id.as_str(), Vec::new(), spec);
            self.counts.tag_options += 1;
            self.put("tag-options.yaml".to_owned(), document);
        }
    }

    pub(super) fn service_action(&mut self, live: &LiveServiceAction) {
        let LiveServiceAction {
            id,
            name,
            description,
            definition,
            // Products say these.
            versions: _,
        } = live;
        let Some(object) = self.owners.service_actions.get(id) else {
            return;
        };
        let Some(definition) = definition.as_ref().and_then(definition_of) else {
            let why = match definition {
                None => "its definition could not be read",
                Some(_) => "its definition has parts that a manifest can't say",
            };
            return self.leave_out(format!("ServiceAction {name:?} ({id}): {why}"));
        };
        let seen = description.as_deref().unwrap_or_default();
        let text = self.input.identity.described(seen).text.to_owned();
        let mut spec = Fields::default();
        spec.optional("name", display(name, object.name.as_str()));
        spec.optional("description", filled(&Some(text)));
        spec.required("definition", definition);
        let key = Key::new(Kind::ServiceAction, object.name.clone());
        let document = Document::new(key, object, id.as_str(), Vec::new(), spec);
        self.counts.service_actions += 1;
        self.put("service-actions.yaml".to_owned(), document);
    }

    /// Whether a service action has a manifest in this export.
    pub(super) fn has_action(&self, id: &ServiceActionId) -> bool {
        let live = self.input.observed.service_actions.get(id);
        let definition = live.and_then(|live| live.definition.as_ref());
        self.selected.service_actions.contains(id)
            && definition.is_some_and(|definition| definition_of(definition).is_some())
    }
}

/// A definition as a manifest says it; `None` where it can't.
fn definition_of(definition: &ActionDefinition) -> Option<Yaml> {
    let known = ["Name", "Version", "AssumeRole", "Parameters"];
    if definition.keys().any(|key| !known.contains(&key.as_str())) {
        return None;
    }
    let mut fields = Fields::default();
    fields.required("name", Yaml::Text(literal(definition.get("Name")?)));
    fields.required("version", Yaml::text(definition.get("Version")?));
    let role = definition.get("AssumeRole");
    fields.optional("assumeRole", role.map(|role| Yaml::Text(literal(role))));
    if let Some(parameters) = definition.get("Parameters") {
        let all: Vec<serde_json::Map<String, serde_json::Value>> =
            serde_json::from_str(parameters).ok()?;
        let mut items = Vec::new();
        for parameter in all {
            let text = |key: &str| parameter.get(key)?.as_str().map(str::to_owned);
            let (name, kind) = (text("Name")?, text("Type")?);
            if parameter.len() != 2 || !["TARGET", "TEXT_VALUE"].contains(&kind.as_str()) {
                return None;
            }
            let mut fields = Fields::default();
            fields.required("name", Yaml::text(name));
            fields.required("type", Yaml::text(kind));
            items.push(Yaml::Map(fields.done().0).into());
        }
        if !items.is_empty() {
            fields.required("parameters", Yaml::List(items));
        }
    }
    Some(Yaml::Map(fields.done().0))
}
