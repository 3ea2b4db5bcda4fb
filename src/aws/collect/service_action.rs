//! Service actions: a page per twenty, and of ours two calls each; of others' one, where a manifest says what is offered.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, Hints, gather};
use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::aws::pages::Pages;
use crate::aws::recall::ActionSeen;
use crate::ids::{Kind, ProductId, ServiceActionId, VersionId};
use crate::model::observed::{LiveServiceAction, Scope};
use crate::model::owner::Owner;

/// All listings of service actions (facts §9.10).
const ITEMS_A_PAGE: i32 = 20;

impl Hints {
    /// Whether all of a service action matters: it is ours, or a manifest takes it over.
    fn reads(&self, action: &LiveServiceAction) -> bool {
        let description = action.description.as_deref().unwrap_or_default();
        let owner = self.identity.described(description).owner;
        matches!(owner, Owner::Us(_)) || self.asked.adopted.has(action.id.as_str(), &action.name)
    }
}

impl Aws {
    pub(super) async fn service_actions(&self, hints: &Hints) -> Found<LiveServiceAction> {
        let mut found = Found::default();
        let mut listed = BTreeMap::new();
        if let Err(failure) = self.list_service_actions(&mut listed).await {
            found.gap(Scope::ServiceActions, &failure);
        }
        let known = hints.known_ids.iter();
        let known = known
            .filter(|(key, _)| key.kind == Kind::ServiceAction)
            .map(|(_, id)| ServiceActionId::new(id.as_str()))
            .filter(|id| !listed.contains_key(id));
        let known: BTreeSet<_> = known.collect();
        let known = gather(known.into_iter().map(|id| self.known_action(id, hints))).await;
        let listed = listed.into_values();
        let listed = gather(listed.map(|action| self.listed_action(action, hints))).await;
        for part in known.into_iter().chain(listed) {
            found.add(part);
        }
        found
    }

    async fn list_service_actions(
        &self,
        actions: &mut BTreeMap<ServiceActionId, LiveServiceAction>,
    ) -> Result<(), Failure> {
        const OPERATION: &str = "ListServiceActions";
        let mut pages = Pages::default();
        loop {
            let request = self
                .sc()
                .list_service_actions()
                .page_size(ITEMS_A_PAGE)
                .set_page_token(pages.token());
            let answer = self
                .call(OPERATION, Access::Read, || request.clone().send())
                .await?;
            let page = answer.service_action_summaries().iter();
            let page = page.filter_map(convert::service_action);
            actions.extend(page.map(|action| (action.id.clone(), action)));
            if !pages.turn(OPERATION, answer.next_page_token())? {
                return Ok(());
            }
        }
    }

    /// One that no listing shows: it may not be there.
    async fn known_action(&self, id: ServiceActionId, hints: &Hints) -> Found<LiveServiceAction> {
        let mut found = Found::default();
        match self.describe_service_action(&id).await {
            Ok(action) => return self.listed_action(action, hints).await,
            Err(failure) if failure.is_not_found() => {}
            Err(failure) => {
                // Nobody knows whose it is: it may be any that git names.
                found.gap(Scope::ServiceActions, &failure);
                found.gap(Scope::ServiceAction(id), &failure);
            }
        }
        found
    }

    /// Adds what the listing does not have.
    async fn listed_action(
        &self,
        mut action: LiveServiceAction,
        hints: &Hints,
    ) -> Found<LiveServiceAction> {
        let mut found = Found::default();
        let id = action.id.clone();
        let ours = hints.everything || hints.reads(&action);
        // One that was described by its id stands in no list that could say whether it changed.
        let seen = action.definition.is_none().then(|| ActionSeen {
            listed: action.clone(),
            definition: ours,
            versions: ours || hints.asked.offers,
        });
        if let Some(known) = seen.as_ref().and_then(|seen| hints.recall.action(seen)) {
            found.items.push(known);
            return found;
        }
        if ours && action.definition.is_none() {
            match self.listed(|| self.describe_service_action(&id)).await {
                Ok(whole) => action = whole,
                Err(failure) => found.gap(Scope::ServiceAction(id.clone()), &failure),
            }
        }
        if ours || hints.asked.offers {
            // A list that was cut is none: the gap says that nothing of it is known.
            match self.listed(|| self.versions_of_action(&id)).await {
                Ok(versions) => action.versions = versions,
                Err(failure) => found.gap(Scope::ServiceAction(id), &failure),
            }
        }
        if let (Some(seen), true) = (seen, found.gaps.is_empty()) {
            hints.recall.learn_action(seen, &action);
        }
        found.items.push(action);
        found
    }

    /// Reads which versions offer the actions of others, where that was not read: what offers one is not deleted by the
    /// service.
    pub(super) async fn versions_of_others_actions(
        &self,
        hints: &Hints,
        actions: &mut Found<LiveServiceAction>,
    ) {
        if hints.asked.offers {
            return;
        }
        let unread = actions.items.iter().filter(|action| !hints.reads(action));
        let unread: Vec<ServiceActionId> = unread.map(|action| action.id.clone()).collect();
        let read = gather(unread.into_iter().map(|id| async move {
            let versions = self.listed(|| self.versions_of_action(&id)).await;
            (id, versions)
        }))
        .await;
        for (id, versions) in read {
            match versions {
                Ok(versions) => {
                    let mut all = actions.items.iter_mut();
                    if let Some(action) = all.find(|action| action.id == id) {
                        action.versions = versions;
                    }
                }
                Err(failure) => actions.gap(Scope::ServiceAction(id), &failure),
            }
        }
    }

    pub(in crate::aws) async fn describe_service_action(
        &self,
        id: &ServiceActionId,
    ) -> Result<LiveServiceAction, Failure> {
        const OPERATION: &str = "DescribeServiceAction";
        let request = self.sc().describe_service_action().id(id.as_str());
        let answer = self
            .call(OPERATION, Access::Read, || request.clone().send())
            .await?;
        answer
            .service_action_detail()
            .and_then(convert::service_action_detail)
            .ok_or_else(|| Failure::internal(OPERATION, "the answer has no service action"))
    }

    /// The versions that offer a service action.
    async fn versions_of_action(
        &self,
        id: &ServiceActionId,
    ) -> Result<BTreeSet<(ProductId, VersionId)>, Failure> {
        const OPERATION: &str = "ListProvisioningArtifactsForServiceAction";
        let mut versions = BTreeSet::new();
        let mut pages = Pages::default();
        loop {
            let request = self
                .sc()
                .list_provisioning_artifacts_for_service_action()
                .service_action_id(id.as_str())
                .page_size(ITEMS_A_PAGE)
                .set_page_token(pages.token());
            let answer = self
                .call(OPERATION, Access::Read, || request.clone().send())
                .await?;
            versions.extend(
                answer
                    .provisioning_artifact_views()
                    .iter()
                    .filter_map(|view| {
                        let product = view.product_view_summary()?.product_id()?;
                        let version = view.provisioning_artifact()?.id()?;
                        Some((ProductId::new(product), VersionId::new(version)))
                    }),
            );
            if !pages.turn(OPERATION, answer.next_page_token())? {
                return Ok(versions);
            }
        }
    }

    /// The service actions that a version offers.
    pub(in crate::aws) async fn actions_of_version(
        &self,
        product: &ProductId,
        version: &VersionId,
    ) -> Result<BTreeSet<ServiceActionId>, Failure> {
        const OPERATION: &str = "ListServiceActionsForProvisioningArtifact";
        let mut actions = BTreeSet::new();
        let mut pages = Pages::default();
        loop {
            let request = self
                .sc()
                .list_service_actions_for_provisioning_artifact()
                .product_id(product.as_str())
                .provisioning_artifact_id(version.as_str())
                .page_size(ITEMS_A_PAGE)
                .set_page_token(pages.token());
            let answer = self
                .call(OPERATION, Access::Read, || request.clone().send())
                .await?;
            let page = answer.service_action_summaries().iter();
            actions.extend(page.filter_map(|summary| summary.id().map(ServiceActionId::from)));
            if !pages.turn(OPERATION, answer.next_page_token())? {
                return Ok(actions);
            }
        }
    }
}
