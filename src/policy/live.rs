//! What rules see of a live object: what is there, as far as a rule about its end would ask.

use super::facts::{maybe, tags, text, texts};
use crate::ids::Kind;
use crate::model::observed::Observed;
use crate::plan::status_word;
use crate::rule::Fact;

/// The live object of this id, where it was read.
pub(super) fn of(observed: &Observed, kind: Kind, id: &str) -> Option<Fact> {
    match kind {
        Kind::TagOption => {
            let live = observed.tag_options.get(&id.into())?;
            Some(Fact::map([
                ("key", text(&live.key)),
                ("value", text(&live.value)),
                ("active", live.active.into()),
            ]))
        }
        Kind::ServiceAction => {
            let live = observed.service_actions.get(&id.into())?;
            Some(Fact::map([
                ("name", text(&live.name)),
                ("description", maybe(live.description.as_deref())),
            ]))
        }
        Kind::Portfolio => {
            let own = observed.portfolios.get(&id.into());
            let live = own.or_else(|| observed.imported.get(&id.into()))?;
            Some(Fact::map([
                ("displayName", text(&live.display_name)),
                ("description", maybe(live.description.as_deref())),
                ("providerName", text(&live.provider_name)),
                ("tags", tags(&live.tags)),
                ("products", Fact::count(live.products.len())),
                ("principals", texts(live.principals.iter().map(|p| &p.arn))),
            ]))
        }
        Kind::Product => {
            let live = observed.products.get(&id.into())?;
            Some(Fact::map([
                ("name", text(&live.name)),
                ("owner", text(&live.owner)),
                ("description", maybe(live.description.as_deref())),
                ("distributor", maybe(live.distributor.as_deref())),
                ("tags", tags(&live.tags)),
                ("versions", texts(live.versions.iter().map(|v| &v.name))),
            ]))
        }
        Kind::ProvisionedProduct => {
            let live = observed.provisioned.get(&id.into())?;
            let product = observed.products.get(&live.product);
            let version = product.and_then(|p| p.versions.iter().find(|v| v.id == live.version));
            Some(Fact::map([
                ("name", text(&live.name)),
                ("status", status_word(&live.status).into()),
                ("tags", tags(&live.tags)),
                (
                    "product",
                    maybe(product.map(|product| product.name.as_str())),
                ),
                (
                    "version",
                    maybe(version.map(|version| version.name.as_str())),
                ),
            ]))
        }
    }
}
