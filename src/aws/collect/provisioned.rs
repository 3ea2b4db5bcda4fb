//! Provisioned products: a page per hundred; of those that concern us, what runs and the stack or stack set behind it; of
//! others what runs, where that is not what they show.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_servicecatalog::types::{
    AccessLevelFilter, AccessLevelFilterKey, ProvisionedProductAttribute, ProvisionedProductDetail,
    SortOrder,
};

use super::{Found, Hints, gather};
use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::aws::pages::Pages;
use crate::aws::poll::RecordSeen;
use crate::aws::recall::Ran;
use crate::ids::{Kind, ProvisionedProductId, RecordId};
use crate::model::observed::{LiveProvisioned, LiveStack, ProvisionedStatus, Running, Scope};
use crate::model::owner::Owner;
use crate::run::record::RecordStatus;

/// `SearchProvisionedProducts` (facts §5).
const PROVISIONED_A_PAGE: i32 = 100;
/// How the tokens of all our requests begin, whatever the installation (design §4).
pub(super) const OUR_TOKENS: &str = "catalogd-";
/// The type of those behind which a CloudFormation stack stands (facts §8).
const STACK_TYPE: &str = "CFN_STACK";
/// The type of those behind which a stack set stands.
const SET_TYPE: &str = "CFN_STACKSET";

/// One as a search or a description shows it, and what of that the model has no place for.
#[derive(Debug)]
struct Sighting {
    live: LiveProvisioned,
    last_success: Option<RecordId>,
    behind: Behind,
    /// Shown by its description alone: its tags and its stack stand only on its record (peers C8 69).
    described: bool,
}

/// What stands behind a provisioned product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    Stack,
    StackSet,
    /// What CloudFormation does not have.
    Other,
}

impl Behind {
    fn of(kind: Option<&str>) -> Self {
        match kind {
            None | Some(STACK_TYPE) => Self::Stack,
            Some(SET_TYPE) => Self::StackSet,
            Some(_) => Self::Other,
        }
    }
}

/// What a provisioned product is described by.
#[derive(Debug)]
enum Handle {
    Id(String),
    Name(String),
}

impl Aws {
    pub(super) async fn provisioned(&self, hints: &Hints) -> Found<LiveProvisioned> {
        let mut found = Found::default();
        let mut sightings = BTreeMap::new();
        if let Err(failure) = self.search_provisioned(&mut sightings).await {
            found.gap(Scope::Provisioned, &failure);
        }
        // Absence from a search proves nothing (design §5).
        let names: BTreeSet<&str> = sightings.values().map(|s| s.live.name.as_str()).collect();
        let by_name = hints
            .asked
            .provisioned
            .iter()
            .filter(|name| !names.contains(name.as_str()))
            .map(|name| Handle::Name(name.clone()));
        let by_id = hints
            .known_ids
            .iter()
            .filter(|(key, id)| {
                key.kind == Kind::ProvisionedProduct
                    && !sightings.contains_key(&ProvisionedProductId::new(id.as_str()))
            })
            .map(|(_, id)| Handle::Id(id.clone()));
        let unseen: Vec<Handle> = by_name.chain(by_id).collect();
        let described = gather(unseen.into_iter().map(|handle| async move {
            match self.describe_provisioned(&handle).await {
                Err(failure) if failure.is_not_found() => Ok(None),
                other => other.map(Some),
            }
        }))
        .await;
        for sighting in described {
            match sighting {
                Ok(Some(sighting)) => {
                    sightings.insert(sighting.live.id.clone(), sighting);
                }
                Ok(None) => {}
                Err(failure) => found.gap(Scope::Provisioned, &failure),
            }
        }

        let parts = gather(sightings.into_values().map(|sighting| async move {
            match concerns_us(&sighting.live, hints) {
                true => self.look_closer(sighting, hints).await,
                false => self.look_from_afar(sighting, hints).await,
            }
        }))
        .await;
        for part in parts {
            found.add(part);
        }
        found
    }

    async fn search_provisioned(
        &self,
        sightings: &mut BTreeMap<ProvisionedProductId, Sighting>,
    ) -> Result<(), Failure> {
        self.every_provisioned(|found| {
            if let Some(sighting) = searched(found) {
                sightings.insert(sighting.live.id.clone(), sighting);
            }
        })
        .await
    }

    /// Every provisioned product of the account, as a search shows it; on two pages, one may be shown twice.
    pub(super) async fn every_provisioned(
        &self,
        mut see: impl FnMut(&ProvisionedProductAttribute),
    ) -> Result<(), Failure> {
        const OPERATION: &str = "SearchProvisionedProducts";
        let account = AccessLevelFilter::builder()
            .key(AccessLevelFilterKey::Account)
            .value("self")
            .build();
        let mut pages = Pages::default();
        loop {
            // Unsorted, pages overlap and leave gaps between them (facts §9.3).
            let request = self
                .sc()
                .search_provisioned_products()
                .access_level_filter(account.clone())
                .sort_by("id")
                .sort_order(SortOrder::Ascending)
                .page_size(PROVISIONED_A_PAGE)
                .set_page_token(pages.token());
            let answer = self
                .call(OPERATION, Access::Read, || request.clone().send())
                .await?;
            answer.provisioned_products().iter().for_each(&mut see);
            if !pages.turn(OPERATION, answer.next_page_token())? {
                return Ok(());
            }
        }
    }

    async fn describe_provisioned(&self, handle: &Handle) -> Result<Sighting, Failure> {
        const OPERATION: &str = "DescribeProvisionedProduct";
        let request = self.sc().describe_provisioned_product();
        let request = match handle {
            Handle::Id(id) => request.id(id),
            Handle::Name(name) => request.name(name),
        };
        let answer = self
            .call(OPERATION, Access::Read, || request.clone().send())
            .await?;
        answer
            .provisioned_product_detail()
            .and_then(described)
            .ok_or_else(|| Failure::internal(OPERATION, "the answer has no provisioned product"))
    }

    /// One's tags and token, read for themselves: a search may lag.
    pub(in crate::aws) async fn marks_of_provisioned(
        &self,
        id: &str,
    ) -> Result<LiveProvisioned, Failure> {
        let handle = Handle::Id(id.to_owned());
        let Sighting {
            mut live,
            last_success,
            ..
        } = self.listed(|| self.describe_provisioned(&handle)).await?;
        if let Some(record) = telling(&live, last_success.as_ref()) {
            let (record, _) = self.listed(|| self.record_page(record, None)).await?;
            live.tags = record.tags;
        }
        Ok(live)
    }

    /// What the last record that succeeded was about: it never changes, so this process reads it once.
    async fn ran(&self, id: &RecordId, hints: &Hints) -> Result<Ran, Failure> {
        if let Some(ran) = hints.recall.record(id) {
            return Ok(ran);
        }
        let (record, _) = self.listed(|| self.record_page(id, None)).await?;
        let succeeded = record.status == RecordStatus::Succeeded;
        let ran = (record.product, record.version);
        if succeeded {
            hints.recall.learn_record(id, ran.clone());
        }
        Ok(ran)
    }

    /// Reads what runs and the stack: two calls. Of a stack set that and its instances: three, and one more for each twenty
    /// instances beyond the first.
    async fn look_closer(&self, sighting: Sighting, hints: &Hints) -> Found<LiveProvisioned> {
        let Sighting {
            mut live,
            last_success,
            behind,
            described,
        } = sighting;
        let mut found = Found::default();
        let scope = Scope::ProvisionedProduct(live.id.clone());

        let unclaimed =
            |tags| hints.identity.owner(Kind::ProvisionedProduct, tags) == Owner::Nobody;
        let mut ran = None;
        if described {
            // Its tags and its stack stand on its record alone.
            if let Some(id) = telling(&live, last_success.as_ref()) {
                match self.listed(|| self.record_page(id, None)).await {
                    Ok((record, _)) => {
                        live.physical_id = record.outputs.get(RecordSeen::STACK_OUTPUT).cloned();
                        live.tags = record.tags;
                        ran = Some((record.product, record.version));
                    }
                    Err(failure) => {
                        found.gap(scope.clone(), &failure);
                        if unclaimed(&live.tags) {
                            found.gap(Scope::Provisioned, &failure);
                        }
                    }
                }
            }
        } else if let Some(id) = &last_success {
            match self.ran(id, hints).await {
                Ok(known) => ran = Some(known),
                Err(failure) => found.gap(scope.clone(), &failure),
            }
        }
        live.running = match (&last_success, ran) {
            (Some(_), Some((product, version))) => Some(Running {
                product: product.unwrap_or_else(|| live.product.clone()),
                version: version.unwrap_or_else(|| live.version.clone()),
            }),
            (Some(_), None) => None,
            // An import has no successful record of its own (facts §9.3): it counts as its detail.
            (None, _) => match live.status {
                ProvisionedStatus::Available | ProvisionedStatus::Tainted => {
                    live.ever_succeeded = true;
                    Some(Running {
                        product: live.product.clone(),
                        version: live.version.clone(),
                    })
                }
                _ => None,
            },
        };

        let under_change = matches!(live.status, ProvisionedStatus::UnderChange);
        if described && live.physical_id.is_none() && !under_change && last_success.is_none() {
            // Nothing but a search tells the stack of an import, and it may lag.
            let message = "which stack it is can't be seen yet";
            let failure = Failure::internal("SearchProvisionedProducts", message);
            found.gap(scope.clone(), &failure);
        }
        let at_rest = matches!(
            live.status,
            ProvisionedStatus::Available | ProvisionedStatus::Tainted
        );
        if behind == Behind::StackSet && live.physical_id.is_none() && at_rest {
            // Nothing but a search tells it: no output of a record does.
            let message = "which stack set it is can't be seen yet";
            let failure = Failure::internal("SearchProvisionedProducts", message);
            found.gap(scope.clone(), &failure);
        }
        if let (Behind::StackSet, Some(arn)) = (behind, live.physical_id.clone()) {
            match self.stack_set(live.id.as_str(), &arn).await {
                Ok(set) => live.stack_set = set,
                Err(failure) => found.gap(scope.clone(), &failure),
            }
            if live.stack_set.is_none()
                && live.status != ProvisionedStatus::Error
                && found.gaps.is_empty()
            {
                let message = format!("the stack set {arn} is gone");
                found.gap(
                    scope.clone(),
                    &Failure::internal("DescribeStackSet", message),
                );
            }
        }
        if let (Behind::Stack, Some(arn)) = (behind, live.physical_id.clone()) {
            match self.stack(&arn).await {
                Ok(stack) => {
                    live.stack = stack.filter(|stack| !stack.is_gone());
                    // One that is being made may not be seen yet.
                    live.stack_gone = live.stack.is_none() && !under_change;
                }
                Err(failure) => found.gap(scope, &failure),
            }
        }
        found.items.push(live);
        found
    }

    /// Reads what runs of somebody else's, for the sake of the versions that it runs from: a call where its last change
    /// did not succeed, none otherwise.
    async fn look_from_afar(&self, sighting: Sighting, hints: &Hints) -> Found<LiveProvisioned> {
        let Sighting {
            mut live,
            last_success,
            ..
        } = sighting;
        let mut found = Found::default();
        if let Some(id) =
            last_success.filter(|id| live.last_provisioning_record.as_ref() != Some(id))
        {
            match self.ran(&id, hints).await {
                Ok((product, version)) => {
                    live.running = Some(Running {
                        product: product.unwrap_or_else(|| live.product.clone()),
                        version: version.unwrap_or_else(|| live.version.clone()),
                    });
                }
                Err(failure) => found.gap(Scope::ProvisionedProduct(live.id.clone()), &failure),
            }
        }
        found.items.push(live);
        found
    }

    /// A stack by its ARN; `None` where CloudFormation does not know it (any more).
    pub(super) async fn stack(&self, arn: &str) -> Result<Option<LiveStack>, Failure> {
        let request = self.cfn().describe_stacks().stack_name(arn);
        match self
            .call("DescribeStacks", Access::Read, || request.clone().send())
            .await
        {
            Ok(answer) => Ok(answer.stacks().first().map(convert::stack)),
            Err(failure)
                if failure.code == "ValidationError"
                    && failure.message.contains("does not exist") =>
            {
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }
}

/// The record that has what a description lacks.
fn telling<'r>(
    live: &'r LiveProvisioned,
    last_success: Option<&'r RecordId>,
) -> Option<&'r RecordId> {
    let last = live.last_provisioning_record.as_ref();
    last_success.or(last).or(live.last_record.as_ref())
}

/// Whether more than a line of it matters: it is ours, or a manifest names it.
fn concerns_us(live: &LiveProvisioned, hints: &Hints) -> bool {
    let tagged = hints.identity.owner(Kind::ProvisionedProduct, &live.tags) != Owner::Nobody;
    let token = live.idempotency_token.as_deref().unwrap_or_default();
    tagged
        || hints.everything
        || token.starts_with(OUR_TOKENS)
        || hints.asked.provisioned.contains(&live.name)
        || hints.asked.adopted.has(live.id.as_str(), &live.name)
        || hints
            .asked
            .imports
            .iter()
            .any(|import| live.physical_id.as_deref() == Some(import.stack.as_str()))
        || hints
            .known_ids
            .iter()
            .any(|(key, id)| key.kind == Kind::ProvisionedProduct && id == live.id.as_str())
}

fn searched(found: &ProvisionedProductAttribute) -> Option<Sighting> {
    Some(Sighting {
        live: convert::provisioned(found)?,
        last_success: found
            .last_successful_provisioning_record_id()
            .map(RecordId::from),
        behind: Behind::of(found.r#type()),
        described: false,
    })
}

fn described(found: &ProvisionedProductDetail) -> Option<Sighting> {
    Some(Sighting {
        live: convert::described(found)?,
        last_success: found
            .last_successful_provisioning_record_id()
            .map(RecordId::from),
        behind: Behind::of(found.r#type()),
        described: true,
    })
}
