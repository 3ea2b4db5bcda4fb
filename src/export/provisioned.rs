//! A provisioned product's manifest: it is taken over by its id, whether it was launched or imported.

use std::collections::BTreeSet;

use super::document::Document;
use super::portfolio::display;
use super::yaml::{Fields, Yaml};
use super::{Export, literal};
use crate::diff::normalise::{MASKED, NOTIFICATION, STACKSET, admits, parts};
use crate::ids::{Key, Kind, ProductId, VersionId};
use crate::model::desired::Tags;
use crate::model::observed::{LiveProvisioned, LiveStack, ProvisionedStatus};
use crate::model::owner::is_reserved;
use crate::model::template::ParameterDecl;

/// What is a stack set (facts §8).
const STACK_SET: &str = "CFN_STACKSET";

impl Export<'_> {
    pub(super) fn provisioned(&mut self, live: &LiveProvisioned) {
        let Some(object) = self.owners.provisioned.get(&live.id).cloned() else {
            return;
        };
        let (product, version) = match &live.running {
            Some(running) => (&running.product, &running.version),
            None => (&live.product, &live.version),
        };
        let declared = self.declared(version);
        // What failed may have been a version that does not run.
        let tried = self.declared(&live.version);
        let said = said(live, [declared, tried]);
        let refused = match self.refused(live, &said) {
            Some(why) => Err(why),
            None => self.reference(product, version),
        };
        let (product_name, version_name) = match refused {
            Ok(names) => names,
            Err(why) => {
                return self.leave_out(format!(
                    "ProvisionedProduct {:?} ({}): {why}",
                    live.name, live.id
                ));
            }
        };
        let mut notes: Vec<String> = state(live, &said).into_iter().collect();
        let mut spec = Fields::default();
        spec.optional("name", display(&live.name, object.name.as_str()));
        spec.required("product", Yaml::text(product_name));
        spec.required("version", Yaml::text(version_name));
        self.paths(&mut spec, product);
        // Without a value that can't be read it can't be launched, only taken over.
        let mut object = object;
        if let Some(stack) = &live.stack {
            object.adopt |= parameters(&mut spec, &mut notes, stack, declared);
        } else if live.kind == STACK_SET {
            notes.push("It is a stack set: neither its parameters nor how it is rolled out can be read back.".to_owned());
        }
        spec.optional("tags", self.own_tags(live, product));
        if let Some(stack) = &live.stack {
            spec.optional("notificationArns", self.own_topics(stack));
        }
        if live.kind == STACK_SET {
            let sets = self.makes_sets(product);
            spec.note(match sets {
                true => "Accounts, regions and preferences are those of the constraint, unless they stand here.",
                false => "Before an update it needs `stackSet: {}`, and a portfolio that catalogd may launch it from.",
            });
            spec.optional("stackSet", sets.then(|| Yaml::Map(Vec::new())));
        }
        let key = Key::new(Kind::ProvisionedProduct, object.name.clone());
        let path = format!("provisioned/{}.yaml", object.name);
        let document = Document::new(key, &object, live.id.as_str(), notes, spec);
        self.counts.provisioned += 1;
        self.put(path, document);
    }

    /// Why it can't be managed as it is.
    fn refused(&self, live: &LiveProvisioned, said: &str) -> Option<String> {
        if self.doubts.provisioned.contains(live.id.as_str()) {
            return Some("it could not be read as a whole".to_owned());
        }
        if !live.ever_succeeded && live.status == ProvisionedStatus::Error {
            return Some(format!(
                "its launch failed and nothing of it runs{said}: terminate it, or update it by hand first"
            ));
        }
        if live.stack_gone && live.ever_succeeded {
            return Some("its stack is gone, so nothing of it runs: terminate it".to_owned());
        }
        let changing = matches!(
            live.status,
            ProvisionedStatus::UnderChange | ProvisionedStatus::PlanInProgress
        );
        if !live.ever_succeeded && changing {
            return Some("its launch is still under way: export it once that has ended".to_owned());
        }
        None
    }

    /// Its product and version, as manifests call them.
    fn reference(
        &self,
        product: &ProductId,
        version: &VersionId,
    ) -> Result<(String, String), String> {
        let observed = self.input.observed;
        let live = observed.products.get(product);
        let (Some(live), Some(object)) = (live, self.owners.products.get(product)) else {
            return Err(format!(
                "its product {product} has no manifest here: it is another account's or another installation's, or is gone"
            ));
        };
        let Some(listed) = self.listed.get(product) else {
            return Err(format!("its product {product} has no manifest here"));
        };
        let found = live.versions.iter().find(|v| v.id == *version);
        let Some(found) = found else {
            return Err(format!("its version {version} is gone"));
        };
        if live.source_connection.is_none() && listed.get(&found.name) != Some(version) {
            return Err(format!(
                "its version {:?} ({version}) is not in the manifest of product/{}",
                found.name, object.name
            ));
        }
        Ok((object.name.as_str().to_owned(), found.name.clone()))
    }

    /// Says which portfolios it may have been launched from, where that has to be said and can't be read.
    fn paths(&self, spec: &mut Fields, product: &ProductId) {
        let observed = self.input.observed;
        let holding = observed.portfolios.values();
        let holding = holding.filter(|p| p.products.contains(product));
        let names = holding.filter_map(|p| self.owners.portfolios.get(&p.id));
        let mut names: Vec<&str> = names.map(|object| object.name.as_str()).collect();
        names.sort_unstable();
        if names.len() > 1 {
            spec.note(format!(
                "From which portfolio it was launched can't be read; an update needs one of them: portfolio: {}",
                names.join(" | ")
            ));
        }
    }

    fn declared(&self, version: &VersionId) -> Option<&[ParameterDecl]> {
        let read = self.texts.get(version)?.as_ref().ok()?;
        read.parameters.as_deref()
    }

    /// Its tags but for those that its product and portfolios pass on.
    fn own_tags(&self, live: &LiveProvisioned, product: &ProductId) -> Option<Yaml> {
        let observed = self.input.observed;
        let of_product = observed.products.get(product).map(|p| &p.tags);
        let holding = observed.portfolios.values();
        let holding = holding.filter(|p| p.products.contains(product));
        let inherited: Vec<&Tags> = of_product
            .into_iter()
            .chain(holding.map(|p| &p.tags))
            .collect();
        let own = live.tags.iter().filter(|(key, value)| {
            !is_reserved(key) && !inherited.iter().any(|tags| tags.get(*key) == Some(value))
        });
        let mut map = Fields::default();
        for (key, value) in own {
            map.required(key, Yaml::Text(literal(value)));
        }
        map.map()
    }

    /// The topics of its stack that no constraint may have added.
    fn own_topics(&self, stack: &LiveStack) -> Option<Yaml> {
        let portfolios = self.input.observed.portfolios.values();
        let constraints = portfolios.flat_map(|p| p.constraints.values());
        let added: BTreeSet<String> = constraints
            .filter(|c| c.kind == NOTIFICATION)
            .filter_map(|c| parts(NOTIFICATION, &c.parameters))
            .flat_map(|topics| topics.into_keys())
            .collect();
        let own = stack.notification_arns.difference(&added);
        let own: Vec<String> = own.map(|topic| literal(topic)).collect();
        (!own.is_empty()).then(|| Yaml::texts(own))
    }

    /// Whether the one portfolio that an update could go through makes stack sets. Without such a path a plan would refuse
    /// what says `stackSet`.
    fn makes_sets(&self, product: &ProductId) -> bool {
        let observed = self.input.observed;
        let holding = observed.portfolios.values();
        let mut open = holding.filter(|portfolio| {
            let mut principals = portfolio.principals.iter();
            portfolio.products.contains(product)
                && principals.any(|principal| admits(principal, &observed.caller))
        });
        let (Some(one), None) = (open.next(), open.next()) else {
            return false;
        };
        let mut constraints = one.constraints.values();
        constraints.any(|c| c.kind == STACKSET && c.product == *product)
    }
}

/// The service's reason, in brackets. It may repeat values that it refused: nothing is said of one behind which NoEcho
/// parameters stand, or may stand, for what these are nobody tells an export.
fn said(live: &LiveProvisioned, declared: [Option<&[ParameterDecl]>; 2]) -> String {
    let Some(message) = live.status_message.as_deref() else {
        return String::new();
    };
    let shown = live.stack.as_ref().map(|stack| &stack.parameters);
    let masked = shown.is_some_and(|all| all.values().any(|value| value == MASKED));
    let may_hide =
        |all: &Option<&[ParameterDecl]>| all.is_none_or(|all| all.iter().any(|decl| decl.no_echo));
    let hides = declared.iter().any(may_hide);
    match masked || hides {
        true => {
            " (the reason is not repeated here, for it may hold the value of a NoEcho parameter)"
                .to_owned()
        }
        false => format!(" ({message})"),
    }
}

/// What is worth knowing of its state.
fn state(live: &LiveProvisioned, said: &str) -> Option<String> {
    match &live.status {
        ProvisionedStatus::Available => None,
        ProvisionedStatus::Tainted => Some(format!(
            "Its last update failed{said}. What stands here is what runs."
        )),
        ProvisionedStatus::Error => Some(format!(
            "Its last change failed{said}. What stands here is what succeeded last."
        )),
        ProvisionedStatus::UnderChange | ProvisionedStatus::PlanInProgress => Some(
            "A change of it was under way when this was written. What stands here is what ran before."
                .to_owned(),
        ),
        ProvisionedStatus::Unknown(word) => Some(format!("Its status is {word:?}.")),
    }
}

/// The values that differ from the template's defaults. Returns whether some that has no default can't be read.
fn parameters(
    spec: &mut Fields,
    notes: &mut Vec<String>,
    stack: &LiveStack,
    declared: Option<&[ParameterDecl]>,
) -> bool {
    let decl = |key: &str| declared.into_iter().flatten().find(|decl| decl.key == key);
    let mut map = Fields::default();
    let (mut hidden, mut telling, mut lacking) = (Vec::new(), Vec::new(), false);
    for (key, value) in &stack.parameters {
        let known = decl(key);
        if value == MASKED || known.is_some_and(|decl| decl.no_echo) {
            hidden.push(key.as_str());
            lacking |= known.is_none_or(|decl| decl.default.is_none());
            continue;
        }
        let is_default = known.and_then(|decl| decl.default.as_deref());
        if is_default.is_some_and(|default| default.trim() == value.trim()) {
            continue;
        }
        // What the version no longer has, the stack has from another time.
        if declared.is_some() && known.is_none() {
            continue;
        }
        if is_telling(key) && !value.trim().is_empty() {
            telling.push(key.as_str());
            lacking |= known.is_none_or(|decl| decl.default.is_none());
            continue;
        }
        map.optional(key, Some(Yaml::Scalar(literal(value))));
    }
    let map = map.map();
    let unsaid = [
        (
            "Parameters that CloudFormation does not show (NoEcho)",
            hidden,
        ),
        (
            "Parameters that are called like secrets, though their template does not say NoEcho",
            telling,
        ),
    ];
    for (what, keys) in unsaid.into_iter().filter(|(_, keys)| !keys.is_empty()) {
        let note = format!(
            "{what}: {}. Left out, they stay as they are.",
            keys.join(", ")
        );
        match &map {
            Some(_) => spec.note(note),
            None => notes.push(note),
        }
    }
    spec.optional("parameters", map);
    lacking
}

/// Whether a parameter is called like a secret: whether its value came from a SecureString nobody tells an export, and what is
/// once in a repository can't be taken back.
fn is_telling(key: &str) -> bool {
    const ENDS: [&str; 8] = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "apikey",
        "secretkey",
        "privatekey",
    ];
    let key = key.to_ascii_lowercase();
    ENDS.iter().any(|end| key.ends_with(end))
}
