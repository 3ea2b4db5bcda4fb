//! A product's manifest.

use super::constraints::constraints;
use super::document::Document;
use super::portfolio::{display, filled, list, tags};
use super::versions::Listed;
use super::yaml::{Fields, Item, Yaml};
use super::{Export, literal};
use crate::diff::association::KINDS;
use crate::ids::{Key, Kind};
use crate::model::desired::{CodeStar, ProductType};
use crate::model::observed::{LiveConstraint, LiveProduct};

impl Export<'_> {
    pub(super) fn product(&mut self, live: &LiveProduct) {
        let LiveProduct {
            id,
            arn: _,
            name,
            owner,
            description,
            distributor,
            support_description,
            support_email,
            support_url,
            product_type,
            source_connection,
            tags: live_tags,
            tag_options,
            budgets,
            versions: _,
        } = live;
        let Some(object) = self.owners.products.get(id) else {
            return;
        };
        let mut types = ProductType::ALL.into_iter();
        let Some(kind) = types.find(|kind| kind.as_str() == product_type) else {
            return self.leave_out(format!(
                "Product {name:?} ({id}): a manifest can't say its type {product_type}"
            ));
        };
        let folder = format!("products/{}", object.name);
        let listed = match source_connection {
            Some(_) => Listed::default(),
            None => self.versions(live, kind, &folder),
        };
        if source_connection.is_none() && listed.items.is_empty() {
            let why = match listed.notes.first() {
                Some(note) => note.as_str(),
                None => "it shows no version",
            };
            return self.leave_out(format!(
                "Product {name:?} ({id}): none of its versions can be listed. {why}"
            ));
        }
        for note in &listed.notes {
            self.leave_out(format!("product/{}: {note}", object.name));
        }
        let mut spec = Fields::default();
        spec.optional("name", display(name, object.name.as_str()));
        spec.required("owner", Yaml::text(owner));
        spec.optional("description", filled(description));
        spec.optional("distributor", filled(distributor));
        let mut support = Fields::default();
        support.optional("description", filled(support_description));
        support.optional("email", filled(support_email));
        let url = support_url.as_deref().map(literal);
        support.optional("url", filled(&url));
        spec.optional("support", support.map());
        if kind != ProductType::default() {
            spec.required("type", Yaml::text(kind.as_str()));
        }
        tags(&mut spec, live_tags);
        spec.optional("tagOptions", self.given(tag_options));
        spec.optional("budgets", list(budgets.iter()));
        self.places(&mut spec, live);
        spec.optional("serviceActions", listed.offers);
        for note in listed.notes {
            spec.note(note);
        }
        match source_connection {
            Some(connection) => {
                let CodeStar {
                    connection_arn,
                    repository,
                    branch,
                    artifact_path,
                } = &connection.to;
                let mut fields = Fields::default();
                fields.required("connectionArn", Yaml::Text(literal(connection_arn)));
                fields.required("repository", Yaml::text(repository));
                fields.required("branch", Yaml::text(branch));
                fields.required("artifactPath", Yaml::text(artifact_path));
                spec.note("Its versions are made by the service, from this repository.");
                spec.required("sourceConnection", Yaml::Map(fields.done().0));
            }
            None => spec.required("versions", Yaml::List(listed.items)),
        }
        let key = Key::new(Kind::Product, object.name.clone());
        let document = Document::new(key, object, id.as_str(), Vec::new(), spec);
        self.listed.insert(id.clone(), listed.names);
        self.counts.products += 1;
        self.put(format!("{folder}/product.yaml"), document);
    }

    /// The portfolios that it stands in, with its constraints there.
    fn places(&mut self, spec: &mut Fields, live: &LiveProduct) {
        if self.doubts.places {
            spec.note("Which portfolios it stands in could not be read as a whole.");
            return;
        }
        let observed = self.input.observed;
        let holding = observed.portfolios.values();
        let mut places = Vec::new();
        for portfolio in holding.filter(|p| p.products.contains(&live.id)) {
            let object = self.owners.portfolios.get(&portfolio.id);
            let chosen = self.selected.portfolios.contains(&portfolio.id);
            let Some(object) = object.filter(|_| chosen) else {
                let text = format!("{:?} ({})", portfolio.display_name, portfolio.id);
                spec.note(format!(
                    "It also stands in the portfolio {text}, which has no manifest here and is left alone."
                ));
                continue;
            };
            let all = portfolio.constraints.values();
            let all: Vec<&LiveConstraint> = all.filter(|c| c.product == live.id).collect();
            let mut notes = Vec::new();
            let others = all.iter().filter(|c| !KINDS.contains(&c.kind.as_str()));
            for other in others {
                notes.push(format!(
                    "There it also has a constraint of a type that no manifest says: {} {}",
                    other.kind, other.id
                ));
            }
            let mut fields = Fields::default();
            fields.required("portfolio", Yaml::text(object.name.as_str()));
            match constraints(&all) {
                Ok(map) => fields.optional("constraints", map),
                Err(why) => {
                    let name = &object.name;
                    notes.push(format!("Its constraints there are left as they are: {why}"));
                    let product = &live.name;
                    self.leave_out(format!(
                        "constraints of the product {product:?} ({}) in portfolio/{name}: {why}",
                        live.id
                    ));
                }
            }
            places.push((
                object.name.clone(),
                Item {
                    value: Yaml::Map(fields.done().0),
                    notes,
                    optional: false,
                },
            ));
        }
        places.sort_by(|(one, _), (other, _)| one.cmp(other));
        let items: Vec<Item> = places.into_iter().map(|(_, item)| item).collect();
        spec.optional(
            "portfolios",
            (!items.is_empty()).then_some(Yaml::List(items)),
        );
    }
}
