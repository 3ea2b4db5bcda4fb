//! A portfolio's manifest, and what portfolios and products have in common.

use std::collections::BTreeMap;

use super::document::Document;
use super::yaml::{Fields, Item, Yaml};
use super::{Export, literal};
use crate::ids::{Key, Kind};
use crate::model::desired::Tags;
use crate::model::limits;
use crate::model::observed::{LivePortfolio, LivePrincipal, LiveShare, LiveTagOptions};
use crate::model::owner::is_reserved;
use crate::model::share::Recipient;

impl Export<'_> {
    pub(super) fn portfolio(&mut self, live: &LivePortfolio) {
        let LivePortfolio {
            id,
            display_name,
            description,
            provider_name,
            tags: live_tags,
            principals: live_principals,
            tag_options,
            budgets,
            shares: live_shares,
            products,
            // Products say these.
            constraints: _,
        } = live;
        let Some(object) = self.owners.portfolios.get(id) else {
            return;
        };
        let mut notes = Vec::new();
        let others = products
            .iter()
            .filter(|product| !self.input.observed.products.contains_key(*product));
        let others: Vec<&str> = others.map(|product| product.as_str()).collect();
        if !others.is_empty() {
            let others = others.join(", ");
            notes.push(format!(
                "It also holds products of other accounts, which have no manifest here: {others}"
            ));
            self.leave_out(format!(
                "products of other accounts in portfolio/{}: {others}",
                object.name
            ));
        }
        let mut spec = Fields::default();
        spec.optional("displayName", display(display_name, object.name.as_str()));
        spec.optional("description", filled(description));
        spec.required("providerName", Yaml::text(provider_name));
        tags(&mut spec, live_tags);
        spec.optional("tagOptions", self.given(tag_options));
        spec.optional("budgets", list(budgets.iter()));
        if self.doubts.portfolios.contains(id.as_str()) {
            spec.note("Who may launch from it could not be read as a whole.");
        } else {
            spec.optional("principals", principals(live_principals));
        }
        match live_shares {
            Some(all) => spec.optional("shares", shares(all)),
            None => spec.note("Whom it is shared with could not be read."),
        }
        let key = Key::new(Kind::Portfolio, object.name.clone());
        let path = format!("portfolios/{}.yaml", object.name);
        let document = Document::new(key, object, id.as_str(), notes, spec);
        self.counts.portfolios += 1;
        self.put(path, document);
    }

    /// TagOptions by the names of their manifests.
    pub(super) fn given(&self, options: &LiveTagOptions) -> Option<Yaml> {
        let names = options.keys().filter_map(|id| {
            let object = self.owners.tag_options.get(id)?;
            Some(object.name.as_str().to_owned())
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        list(names.iter())
    }
}

/// A display name, unless it is what the manifest's name says already.
pub(super) fn display(shown: &str, name: &str) -> Option<Yaml> {
    (shown != name).then(|| Yaml::text(shown))
}

/// A text that is there and not empty.
pub(super) fn filled(text: &Option<String>) -> Option<Yaml> {
    let text = text.as_deref().filter(|text| !text.is_empty());
    text.map(Yaml::text)
}

/// A list that is not empty.
pub(super) fn list<'t>(texts: impl Iterator<Item = &'t String>) -> Option<Yaml> {
    let texts: Vec<&String> = texts.collect();
    (!texts.is_empty()).then(|| Yaml::texts(texts))
}

/// All tags but those that are nobody's to manage.
pub(super) fn tags(spec: &mut Fields, live: &Tags) {
    let own = live.iter().filter(|(key, _)| !is_reserved(key));
    let mut map = Fields::default();
    for (key, value) in own {
        map.required(key, Yaml::Text(literal(value)));
    }
    let ours = live.keys().any(|key| key.starts_with("catalogd:"));
    let count = live.keys().filter(|key| !key.starts_with("aws:")).count();
    if count >= limits::TAGS && !ours {
        spec.note(format!(
            "It has {count} tags, and the service takes {} with catalogd's own: its plan is blocked (tag-quota) until one of them goes.",
            limits::TAGS
        ));
    }
    spec.optional("tags", map.map());
}

fn principals(live: &std::collections::BTreeSet<LivePrincipal>) -> Option<Yaml> {
    let items = live.iter().map(|principal| {
        let mut fields = Fields::default();
        let key = match principal.pattern {
            true => "pattern",
            false => "arn",
        };
        fields.required(key, Yaml::Text(literal(&principal.arn)));
        // What was deleted comes back as its id (peers B42).
        let orphan = !principal.arn.starts_with("arn:");
        let note = "Whoever this was has been deleted.";
        Item {
            value: Yaml::Map(fields.done().0),
            notes: orphan.then(|| note.to_owned()).into_iter().collect(),
            optional: false,
        }
    });
    let items: Vec<Item> = items.collect();
    (!items.is_empty()).then_some(Yaml::List(items))
}

fn shares(live: &BTreeMap<Recipient, LiveShare>) -> Option<Yaml> {
    let items = live.iter().map(|(with, share)| {
        let LiveShare {
            accepted,
            tag_options,
            principals,
        } = share;
        let mut fields = Fields::default();
        let key = match with {
            Recipient::Account(_) => "account",
            Recipient::Organization(_) => "organization",
            Recipient::Unit(_) => "organizationalUnit",
        };
        fields.required(key, Yaml::text(with.id()));
        let on = |flag: &bool| flag.then(|| Yaml::Bare("true".to_owned()));
        fields.optional("shareTagOptions", on(tag_options));
        fields.optional("sharePrincipals", on(principals));
        let pending = !accepted && !with.is_node();
        let note = "It has not accepted yet.";
        Item {
            value: Yaml::Map(fields.done().0),
            notes: pending.then(|| note.to_owned()).into_iter().collect(),
            optional: false,
        }
    });
    let items: Vec<Item> = items.collect();
    (!items.is_empty()).then_some(Yaml::List(items))
}
