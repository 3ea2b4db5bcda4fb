//! Everything that was launched, whoever did: a page per hundred, and nothing else is read.

use super::provisioned::OUR_TOKENS;
use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::ids::{Kind, Name};
use crate::model::inventory::{Launch, LaunchOwner};
use crate::model::observed::LiveProvisioned;
use crate::model::owner::{Identity, Owner};

impl Aws {
    /// All provisioned products of the account, by name.
    ///
    /// # Errors
    /// Where the search fails: a part of the list would be none.
    pub async fn launches(&self, identity: &Identity) -> Result<Vec<Launch>, Failure> {
        let mut all = Vec::new();
        self.every_provisioned(|found| {
            let Some(live) = convert::provisioned(found) else {
                return;
            };
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let by = found.user_arn_session().or(found.user_arn());
            all.push(Launch {
                owner: owner(identity, &live),
                product_name: text(found.product_name()),
                version_name: text(found.provisioning_artifact_name()),
                launched_by: by.map(str::to_owned),
                since: found.created_time().and_then(convert::timestamp),
                id: live.id,
                name: live.name,
                kind: live.kind,
                status: live.status,
                product: live.product,
                version: live.version,
            });
        })
        .await?;
        all.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        // Pages may overlap.
        all.dedup_by(|a, b| a.id == b.id);
        Ok(all)
    }
}

/// By its tag, or by the token of its last request: an import has no tag (design §4).
fn owner(identity: &Identity, live: &LiveProvisioned) -> LaunchOwner {
    match identity.owner(Kind::ProvisionedProduct, &live.tags) {
        Owner::Us(name) => return LaunchOwner::Us(name),
        Owner::Foreign(tag) => return LaunchOwner::Foreign(Some(tag)),
        Owner::Nobody => {}
    }
    let token = live.idempotency_token.as_deref().unwrap_or_default();
    // The token tells a manifest's name only to who knows it; most have the one that is shown.
    let likely = Name::parse(&live.name);
    match likely.filter(|name| token.starts_with(&identity.token_prefix(name))) {
        Some(name) => LaunchOwner::Us(name),
        None if token.starts_with(OUR_TOKENS) => LaunchOwner::Foreign(None),
        None => LaunchOwner::Nobody,
    }
}
