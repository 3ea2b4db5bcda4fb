//! A portfolio's manifest, and what portfolios and products have in common.

use std::collections::{BTreeMap, BTreeSet};

use super::document::Document;
use super::select::holder;
use super::yaml::{Fields, Item, Yaml};
use super::{Export, literal};
use crate::ids::{Key, Kind, ProductId};
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
            // Products say these.
            products: _,
            constraints: _,
            shared_products,
        } = live;
        let Some(object) = self.owners.portfolios.get(id) else {
            return;
        };
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
        self.shared_products(&mut spec, shared_products, object.name.as_str());
        let key = Key::new(Kind::Portfolio, object.name.clone());
        let path = format!("portfolios/{}.yaml", object.name);
        let document = Document::new(key, object, id.as_str(), Vec::new(), spec);
        self.counts.portfolios += 1;
        self.put(path, document);
    }

    /// Other accounts' products that stand in it as they are.
    fn shared_products(&mut self, spec: &mut Fields, products: &BTreeSet<ProductId>, name: &str) {
        let mut items = Vec::new();
        for product in products {
            let from =
                holder(self.input, product).filter(|id| self.selected.imported.contains(*id));
            let Some(from) = from.and_then(|id| self.owners.imported.get(id)) else {
                let note = format!(
                    "The portfolio from which {product} of another account was taken is not to be seen, so nothing is said of other accounts' products here."
                );
                self.leave_out(format!("portfolio/{name}: {note}"));
                spec.note(note);
                return;
            };
            let mut fields = Fields::default();
            fields.required("product", Yaml::text(product.as_str()));
            fields.required("from", Yaml::text(from.name.as_str()));
            items.push(Item::from(Yaml::Map(fields.done().0)));
        }
        spec.optional(
            "sharedProducts",
            (!items.is_empty()).then_some(Yaml::List(items)),
        );
    }

    /// A portfolio of another account: of it only who may launch from it is said here.
    pub(super) fn imported(&mut self, live: &LivePortfolio) {
        let Some(object) = self.owners.imported.get(&live.id) else {
            return;
        };
        let mut spec = Fields::default();
        spec.note(format!(
            "{:?} of another account, whose products have no manifests here.",
            live.display_name
        ));
        spec.required("imported", Yaml::Bare("true".to_owned()));
        spec.optional("principals", principals(&live.principals));
        let key = Key::new(Kind::Portfolio, object.name.clone());
        let path = format!("portfolios/{}.yaml", object.name);
        let document = Document::new(key, object, live.id.as_str(), Vec::new(), spec);
        self.counts.portfolios += 1;
        self.leave_out(format!(
            "{} products of the portfolio {:?} ({}): they are another account's",
            live.products.len(),
            live.display_name,
            live.id
        ));
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

fn principals(live: &BTreeSet<LivePrincipal>) -> Option<Yaml> {
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
