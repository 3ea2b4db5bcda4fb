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
    pub fn new(terms: Terms<'_>, observed: &Observed) -> Self {
        let Identity {
            installation,
            target,
        } = terms.identity;
        let asked = Asked::of(terms.desired, !terms.tag_options.is_empty());
        Self {
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            at: terms.at,
            installation: installation.to_string(),
            account: target.account.to_string(),
            region: target.region.to_string(),
            partition: target.partition.clone(),
            revision: terms.revision.to_owned(),
            catalog: sealed(terms, &asked, observed),
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
        }
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
        let unreadable = |why| Damage::Unreadable {
            what: "observation",
            why,
        };
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
        let former = base.is_some_and(|base| !base.tag_options.is_empty());
        let now = Asked::of(desired, former || !self.tag_options.is_empty());
        let reason = "the observation was made for other manifests, and nobody has looked at this";
        for scope in self.asked.lacks(&now, desired, &observed, &identity) {
            observed.gaps.push(gap(scope, reason));
        }
        observed.gaps.sort();
        observed.gaps.dedup();
        Ok(observed)
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
fn sealed(terms: Terms<'_>, asked: &Asked, observed: &Observed) -> Catalog {
    let (identity, desired) = (terms.identity, terms.desired);
    let mut catalog = Catalog::of(observed);
    let known = secrets::known(&[desired], observed);
    let known = known.longer(secrets::TELLING);
    let mut scopes = Vec::new();
    for stored in catalog.ssm.iter_mut().filter(|stored| stored.secret) {
        MASK.clone_into(&mut stored.value);
    }
    for stored in catalog.ssm.iter_mut().filter(|stored| !stored.secret) {
        if veil(&mut stored.value, &known) {
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
            for value in stack
                .into_iter()
                .chain(set)
                .filter_map(|all| all.get_mut(&key))
            {
                if value.chars().any(|c| c != '*') {
                    hidden = true;
                    MASK.clone_into(value);
                }
            }
        }
        if cover(provisioned, &known) || hidden {
            let id = provisioned.id.as_str().into();
            scopes.push(Scope::ProvisionedProduct(id));
        }
    }
    for action in &mut catalog.service_actions {
        if cover(action, &known) {
            scopes.push(Scope::ServiceAction(action.id.as_str().into()));
        }
    }
    for portfolio in catalog.portfolios.iter_mut().chain(&mut catalog.imported) {
        if cover(portfolio, &known) {
            scopes.push(Scope::Portfolio(portfolio.id.as_str().into()));
        }
    }
    let sources = catalog.sources.iter_mut().map(|source| &mut source.product);
    for product in catalog.products.iter_mut().chain(sources) {
        if cover(product, &known) {
            scopes.push(Scope::Product(product.id.as_str().into()));
        }
    }
    for option in &mut catalog.tag_options {
        if cover(option, &known) {
            scopes.push(Scope::TagOptions);
        }
    }
    for (stack, (arn, _)) in catalog.stacks.iter_mut().zip(&observed.stacks) {
        if cover(stack, &known) {
            scopes.push(Scope::Stack(arn.clone()));
        }
    }
    for gap in &mut catalog.gaps {
        cover(gap, &known);
    }
    let reason = "something of it looks like a secret, which no observation keeps";
    let gaps = scopes
        .into_iter()
        .map(|scope| gap_shape(&gap(scope, reason)));
    catalog.gaps.extend(gaps);
    catalog
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

/// Takes secrets out of all texts of a shape; `true` where there was one.
fn cover<T: Serialize + DeserializeOwned>(shape: &mut T, known: &Secrets) -> bool {
    // Shapes are made of texts, numbers and lists of them: nothing in them can fail to be written or read back.
    let Ok(mut value) = serde_json::to_value(&*shape) else {
        return false;
    };
    if !cover_value(&mut value, known) {
        return false;
    }
    if let Ok(covered) = serde_json::from_value(value) {
        *shape = covered;
    }
    true
}

fn cover_value(value: &mut Value, known: &Secrets) -> bool {
    match value {
        Value::String(text) => veil(text, known),
        Value::Array(all) => all
            .iter_mut()
            .fold(false, |found, value| cover_value(value, known) | found),
        Value::Object(all) => all
            .values_mut()
            .fold(false, |found, value| cover_value(value, known) | found),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn veil(text: &mut String, known: &Secrets) -> bool {
    let found = secret::is_in(text) || known.told_by(text);
    if found {
        secret::mask(text);
        known.take_out(text);
    }
    found
}
