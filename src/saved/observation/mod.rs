//! A saved observation: what was seen of a catalog, for plans that are made where nobody may look (`plan --against`).
//!
//! It is what a plan's own reads saw, so writing one takes no other rights than a plan. What depends on the manifests of
//! that time is noted ([`Asked`]): where other manifests would have looked further, nobody has, and that is a gap, as any
//! read that failed. No secret is in it (promise 8): texts that hold one are taken out, and the object becomes a gap too,
//! for it can't be compared any more.

mod asked;
mod shapes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Damage;
use super::envelope;
use crate::ids::{AccountId, Name, Region, TagOptionId, Target, Token};
use crate::model::desired::{Desired, OnRemove, ParameterValue};
use crate::model::observed::{Gap, Observed, Scope};
use crate::model::owner::{Identity, Installation};
use crate::model::secret::Secrets;
use crate::model::template::reading::Reading;
use crate::observe;
use crate::plan::{FormerTagOption, secrets};
use crate::secret::{self, MASK};

pub use asked::Asked;
use shapes::{Catalog, gap_shape};

/// The format that is written and read.
const FORMAT: u32 = 1;
/// What says that a file is one.
const MEMBER: &str = "catalogd_observation";

/// The content of a saved observation's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The version of the program that made it.
    pub tool: String,
    /// When the catalog was read.
    pub at: Timestamp,
    /// Whose objects it is about.
    installation: String,
    account: String,
    region: String,
    partition: String,
    /// The manifests that it was read for.
    pub revision: String,
    /// What these asked for.
    asked: Asked,
    /// Tokens whose answer names something that is gone.
    dead: BTreeMap<String, String>,
    /// TagOptions that are or were a manifest's: id, `metadata.name`, and whether they go with it.
    tag_options: BTreeMap<String, (String, bool)>,
    catalog: Catalog,
}

/// What an observation is made of besides what was seen.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Whose catalog.
    pub identity: &'a Identity,
    /// When it was read.
    pub at: Timestamp,
    /// The revision of the manifests.
    pub revision: &'a str,
    /// The manifests that it was read for.
    pub desired: &'a Desired,
    /// Tokens whose answer names something that is gone.
    pub dead: &'a BTreeMap<Token, String>,
    /// TagOptions that are or were a manifest's.
    pub tag_options: &'a BTreeMap<TagOptionId, FormerTagOption>,
}

impl Observation {
    /// Of what was seen.
    ///
    /// # Errors
    /// It could not be written without what is secret.
    pub fn new(terms: Terms<'_>, observed: &Observed) -> Result<Self, Damage> {
        let Identity {
            installation,
            target,
        } = terms.identity;
        let former = !terms.tag_options.is_empty();
        let asked = Asked::from(observe::asked::Asked::of(terms.desired, None, former));
        let catalog = sealed(terms, &asked, observed).map_err(unreadable)?;
        Ok(Self {
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            at: terms.at,
            installation: installation.to_string(),
            account: target.account.to_string(),
            region: target.region.to_string(),
            partition: target.partition.clone(),
            revision: terms.revision.to_owned(),
            catalog,
            asked,
            dead: terms
                .dead
                .iter()
                .map(|(token, id)| (token.to_string(), id.clone()))
                .collect(),
            tag_options: terms
                .tag_options
                .iter()
                .map(|(id, former)| {
                    let goes = former.on_remove == OnRemove::Delete;
                    (id.to_string(), (former.name.to_string(), goes))
                })
                .collect(),
        })
    }

    /// As a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        envelope::to_bytes(MEMBER, FORMAT, self)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It is no whole observation of this program's.
    pub fn parse(bytes: &[u8]) -> Result<Self, Damage> {
        let observation: Self = envelope::parse("observation", MEMBER, FORMAT, bytes)?;
        // What can't be understood is found out here and not later.
        let identity = observation.identity().map_err(unreadable)?;
        let catalog = &observation.catalog;
        catalog.observed(&identity.target).map_err(unreadable)?;
        observation.former_tag_options().map_err(unreadable)?;
        Ok(observation)
    }

    /// Whose catalog it is of.
    ///
    /// # Errors
    /// The file names an installation that can't be one.
    pub fn identity(&self) -> Result<Identity, String> {
        let installation = Installation::parse(&self.installation)
            .ok_or_else(|| format!("{:?} is no installation", self.installation))?;
        Ok(Identity {
            installation,
            target: Target {
                account: AccountId::new(&self.account),
                region: Region::new(&self.region),
                partition: self.partition.clone(),
            },
        })
    }

    /// The template bucket.
    pub fn bucket(&self) -> String {
        self.catalog.bucket.name.clone()
    }

    /// Tokens whose answer names something that is gone.
    pub fn dead(&self) -> BTreeMap<Token, String> {
        let dead = self.dead.iter();
        dead.map(|(token, id)| (Token::new(token), id.clone()))
            .collect()
    }

    /// TagOptions that are or were a manifest's.
    ///
    /// # Errors
    /// The file gives one a name that can't be one.
    pub fn former_tag_options(&self) -> Result<BTreeMap<TagOptionId, FormerTagOption>, String> {
        let all = self.tag_options.iter().map(|(id, (name, goes))| {
            let former = FormerTagOption {
                name: Name::parse(name).ok_or_else(|| format!("{name:?} is no name"))?,
                on_remove: match goes {
                    true => OnRemove::Delete,
                    false => OnRemove::Retain,
                },
            };
            Ok((TagOptionId::new(id), former))
        });
        all.collect()
    }

    /// What was seen, as these manifests may take it: where they, or those of `base` that were applied before, would have
    /// looked further, there is a gap.
    ///
    /// # Errors
    /// The file says what no observation can say.
    pub fn observed(&self, desired: &Desired, base: Option<&Desired>) -> Result<Observed, String> {
        let identity = self.identity()?;
        let mut observed = self.catalog.observed(&identity.target)?;
        let former = !self.tag_options.is_empty();
        let now = Asked::from(observe::asked::Asked::of(desired, base, former));
        let reason = "the observation was made for other manifests, and nobody has looked at this";
        for scope in self.asked.lacks(&now, desired, &observed, &identity) {
            observed.gaps.push(gap(scope, reason));
        }
        observed.gaps.sort();
        observed.gaps.dedup();
        Ok(observed)
    }
}

fn unreadable(why: String) -> Damage {
    Damage::Unreadable {
        what: "observation",
        why,
    }
}

fn gap(scope: Scope, reason: &str) -> Gap {
    Gap {
        scope,
        operation: Gap::OBSERVE.to_owned(),
        reason: reason.to_owned(),
        denied: false,
    }
}

/// The catalog without secrets, and without what a plan does not need of what nobody asked for.
fn sealed(terms: Terms<'_>, asked: &Asked, observed: &Observed) -> Result<Catalog, String> {
    let (identity, desired) = (terms.identity, terms.desired);
    let mut catalog = Catalog::of(observed);
    let known = secrets::known(&[desired], observed);
    let known = known.longer(secrets::TELLING);
    let mut scopes = Vec::new();
    for stored in &mut catalog.ssm {
        if stored.secret {
            MASK.clone_into(&mut stored.value);
        } else if secret::is_in(&stored.value) || known.told_by(&stored.value) {
            MASK.clone_into(&mut stored.value);
            scopes.push(Scope::Ssm(stored.name.clone()));
        }
    }
    // Both are in the order of the ids.
    let live = observed.provisioned.values();
    for (provisioned, live) in catalog.provisioned.iter_mut().zip(live) {
        if !asked.has_provisioned(identity, live) {
            // Others' values are nobody's business, and what is to go is not compared.
            provisioned.status_message = None;
            if let Some(stack) = &mut provisioned.stack {
                stack.parameters.clear();
                stack.outputs.clear();
            }
            if let Some(set) = &mut provisioned.stack_set {
                set.parameters.clear();
            }
        }
        let mut hidden = false;
        // A SecureString that is too short to be known among other texts is known by its parameter.
        for key in stored_secrets(desired, observed, &provisioned.name) {
            let stack = provisioned.stack.as_mut().map(|o| &mut o.parameters);
            let set = provisioned.stack_set.as_mut().map(|o| &mut o.parameters);
            let all = stack.into_iter().chain(set);
            for value in all.filter_map(|all| all.get_mut(&key)) {
                if value.chars().any(|c| c != '*') {
                    hidden = true;
                    MASK.clone_into(value);
                }
            }
        }
        if cover(provisioned, &known)? || hidden {
            scopes.push(Scope::ProvisionedProduct(live.id.clone()));
        }
    }
    let actions = observed.service_actions.keys();
    for (action, id) in catalog.service_actions.iter_mut().zip(actions) {
        if cover(action, &known)? {
            // Its mark stands in its description, so it can't be told whose it is either.
            scopes.extend([Scope::ServiceAction(id.clone()), Scope::ServiceActions]);
        }
    }
    let portfolios = observed.portfolios.keys().chain(observed.imported.keys());
    let shapes = catalog.portfolios.iter_mut().chain(&mut catalog.imported);
    for (portfolio, id) in shapes.zip(portfolios) {
        if cover(portfolio, &known)? {
            scopes.push(Scope::Portfolio(id.clone()));
        }
    }
    let sources = catalog.sources.iter_mut().map(|source| &mut source.product);
    let shapes = catalog.products.iter_mut().chain(sources);
    let products = observed.products.values().chain(observed.sources.values());
    for (product, live) in shapes.zip(products) {
        if cover(product, &known)? {
            scopes.push(Scope::Product(live.id.clone()));
        }
    }
    for option in &mut catalog.tag_options {
        if cover(option, &known)? {
            scopes.push(Scope::TagOptions);
        }
    }
    for (shape, (arn, live)) in catalog.stacks.iter_mut().zip(&observed.stacks) {
        let mut hidden = false;
        let wanted = desired.provisioned.values();
        let imports = wanted.filter(|want| want.import.as_ref().is_some_and(|o| o.stack == *arn));
        for want in imports {
            for key in stored_secrets(desired, observed, &want.live_name) {
                if let Some(value) = shape.stack.parameters.get_mut(&key) {
                    MASK.clone_into(value);
                    hidden = true;
                }
            }
        }
        hidden |= cover(shape, &known)?;
        // A default of a NoEcho parameter is as secret as its value.
        if [Some(&live.template), live.version.as_ref()]
            .into_iter()
            .flatten()
            .any(|text| has_secret_default(text))
        {
            shape.template.clear();
            shape.version_template = None;
            hidden = true;
        }
        if hidden {
            scopes.push(Scope::Stack(arn.clone()));
        }
    }
    for gap in &mut catalog.gaps {
        cover(gap, &known)?;
    }
    let reason = "something of it looks like a secret, which no observation keeps";
    let gaps = scopes.into_iter();
    let gaps = gaps.map(|scope| gap_shape(&gap(scope, reason)));
    catalog.gaps.extend(gaps);
    Ok(catalog)
}

/// The parameters of a provisioned product to which SecureStrings go.
fn stored_secrets(desired: &Desired, observed: &Observed, live_name: &str) -> Vec<String> {
    let wanted = desired.provisioned.values();
    let wanted = wanted.filter(|want| want.live_name == live_name);
    let parameters = wanted.flat_map(|want| want.parameters.iter().flatten());
    let secret = |value: &ParameterValue| match value {
        ParameterValue::Ssm(name) => observed.ssm.get(name).is_none_or(|stored| stored.secret),
        _ => false,
    };
    let keys = parameters.filter(|(_, parameter)| secret(&parameter.value));
    keys.map(|(key, _)| key.clone()).collect()
}

/// Whether a template says a default of a NoEcho parameter, or can't be read, so that nobody knows.
fn has_secret_default(template: &str) -> bool {
    let Ok(reading) = Reading::of(template.as_bytes()) else {
        return true;
    };
    let mut all = reading.parameters.members.iter();
    !reading.parameters.whole || all.any(|decl| decl.no_echo && decl.default.is_some())
}

/// Texts that people and templates write, where anything may stand. Ids, ARNs, names, states and whose something is are
/// left as they are: without them an object would be another one, or none.
const FREE: &[&str] = &[
    "description",
    "distributor",
    "owner",
    "provider_name",
    "support_description",
    "support_email",
    "support_url",
    "tags",
    "text",
    "value",
    "definition",
    "default",
    "template",
    "version_template",
];
/// Texts in which what a launch was given may be repeated, besides.
const ECHOES: &[&str] = &[
    "parameters",
    "outputs",
    "message",
    "status_message",
    "reason",
];
/// How the keys of tags begin that say whose something is.
const OURS: &str = "catalogd:";

/// What a text may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Nothing,
    Shapes,
    Echoes,
}

/// Takes secrets out of the texts of a shape; `true` where there was one.
fn cover<T: Serialize + DeserializeOwned>(shape: &mut T, known: &Secrets) -> Result<bool, String> {
    let wrong = |error: serde_json::Error| error.to_string();
    let mut value = serde_json::to_value(&*shape).map_err(wrong)?;
    let found = cover_value(&mut value, Holds::Nothing, known);
    if found {
        *shape = serde_json::from_value(value).map_err(wrong)?;
    }
    Ok(found)
}

fn cover_value(value: &mut Value, holds: Holds, known: &Secrets) -> bool {
    match value {
        Value::String(text) => {
            let echo = holds == Holds::Echoes && known.told_by(text);
            let found = echo || (holds != Holds::Nothing && secret::is_in(text));
            if found {
                secret::mask(text);
            }
            if echo {
                known.take_out(text);
            }
            found
        }
        Value::Array(all) => {
            let all = all.iter_mut();
            all.fold(false, |found, value| {
                cover_value(value, holds, known) | found
            })
        }
        Value::Object(all) => all.iter_mut().fold(false, |found, (key, value)| {
            let holds = match key.as_str() {
                key if key.starts_with(OURS) => Holds::Nothing,
                key if ECHOES.contains(&key) => Holds::Echoes,
                key if FREE.contains(&key) => Holds::Shapes,
                // A parameter's own name is the key of its value.
                _ if value.is_string() => holds,
                _ => Holds::Nothing,
            };
            cover_value(value, holds, known) | found
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
