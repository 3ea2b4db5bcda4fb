//! Whether a write shows (design §7).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::aws::apply::given;
use crate::aws::client::Aws;
use crate::aws::convert;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::aws::pages::Pages;
use crate::diff::service_action::same_definition;
use crate::ids::{ConstraintId, Kind, PortfolioId, ProductId, ServiceActionId, VersionId};
use crate::model::desired::{Guidance, Tags};
use crate::model::observed::{LivePrincipal, LiveTagOptions, LiveVersion, ReadyStatus};
use crate::model::owner::{same_mark, strip_removal, tag_key};
use crate::plan::op::{Answer, CopyTarget, Offer, Op, ProductFields, Resource, TagChange};
use crate::run::settle::Read;

/// An object that its description does not know so long after it was made is gone for good (design §7).
pub const DEAD_AFTER: Duration = Duration::from_secs(15 * 60);
/// The same for a constraint and a service action, counted from our call: the service does not say when they were made. It is shorter than
/// every [`Patience`](crate::execute::Patience) with a write, or a constraint that was deleted by hand would never come
/// back; and a second attempt that comes too early is refused, for a product has but one constraint of our types in a
/// portfolio (facts §9.6).
const DEAD_UNDATED_AFTER: Duration = Duration::from_secs(20);
/// Portfolios of a page (facts §5).
const PORTFOLIOS_A_PAGE: i32 = 100;

impl Aws {
    /// Whether a call's effect may show late. S3 shows what it took, and work behind a record is followed by the
    /// record.
    pub fn can_lag(&self, op: &Op) -> bool {
        match op {
            Op::CreateBucket { .. }
            | Op::BlockPublicAccess { .. }
            | Op::PutBucketPolicy { .. }
            | Op::PutTemplate { .. }
            | Op::PutIndex { .. }
            | Op::Provision { .. }
            | Op::Import { .. }
            | Op::UpdateProvisioned { .. }
            | Op::Terminate { .. } => false,
            Op::CreateServiceAction { .. }
            | Op::UpdateServiceAction { .. }
            | Op::DeleteServiceAction { .. }
            | Op::OfferActions { .. }
            | Op::WithdrawAction { .. }
            | Op::CreateTagOption { .. }
            | Op::UpdateTagOption { .. }
            | Op::AssociateTagOption { .. }
            | Op::DisassociateTagOption { .. }
            | Op::AssociateBudget { .. }
            | Op::DisassociateBudget { .. }
            | Op::CreatePortfolio { .. }
            | Op::UpdatePortfolio { .. }
            | Op::DeletePortfolio { .. }
            | Op::AssociatePrincipal { .. }
            | Op::DisassociatePrincipal { .. }
            | Op::CreateShare { .. }
            | Op::UpdateShare { .. }
            | Op::DeleteShare { .. }
            | Op::AcceptShare { .. }
            | Op::BorrowProduct { .. }
            | Op::CreateProduct { .. }
            | Op::CopyProduct { .. }
            | Op::UpdateProduct { .. }
            | Op::DeleteProduct { .. }
            | Op::CreateVersion { .. }
            | Op::UpdateVersion { .. }
            | Op::DeleteVersion { .. }
            | Op::AssociateProduct { .. }
            | Op::DisassociateProduct { .. }
            | Op::CreateConstraint { .. }
            | Op::UpdateConstraint { .. }
            | Op::DeleteConstraint { .. } => true,
        }
    }

    /// Reads once whether a call shows, by the cheapest calls that can tell. `op` has values for all its arguments.
    ///
    /// A create is asked only whether its object is there and usable: a repeated token answers with the object of
    /// an earlier attempt, whose other words are the next pass's to change.
    ///
    /// # Errors
    /// Where the read itself failed; what is *not found* is no error but *not yet*, or *gone*.
    pub async fn shows(&self, op: &Op, answer: &Answer) -> Result<Read, Failure> {
        let read = self.read_back(op, answer).await;
        match read {
            Err(failure) if failure.is_not_found() => Ok(self.absent(op, answer, &failure)),
            other => other,
        }
    }

    async fn read_back(&self, op: &Op, answer: &Answer) -> Result<Read, Failure> {
        match op {
            Op::CreateBucket { .. }
            | Op::BlockPublicAccess { .. }
            | Op::PutBucketPolicy { .. }
            | Op::PutTemplate { .. }
            | Op::PutIndex { .. }
            | Op::Provision { .. }
            | Op::Import { .. }
            | Op::UpdateProvisioned { .. }
            | Op::Terminate { .. } => Ok(Read::Shows),

            Op::CreateServiceAction { description, .. } => {
                let id = answered(op, &answer.service_action)?;
                let live = self.describe_service_action(id).await?;
                let live = live.description.unwrap_or_default();
                // A token of long ago: whoever wrote another description took the mark away, and the action with it.
                Ok(match same_mark(description, &live) {
                    true => Read::Shows,
                    false => Read::Gone,
                })
            }
            Op::UpdateServiceAction {
                id,
                name,
                description,
                definition,
            } => {
                let live = self.describe_service_action(id).await?;
                let fields = [
                    ("name", name, Some(&live.name)),
                    ("description", description, live.description.as_ref()),
                ];
                let seen = live.definition.unwrap_or_default();
                let same = |sent| same_definition(sent, &seen);
                if !definition.as_ref().is_none_or(same) {
                    return Ok(still_old("definition"));
                }
                Ok(as_sent(&fields, &TagChange::default(), &Tags::new()))
            }
            Op::DeleteServiceAction { id } => {
                self.describe_service_action(id).await?;
                Ok(Read::NotYet("the service action is still there".to_owned()))
            }
            Op::OfferActions { offers } => self.are_offered(op, offers).await,
            Op::WithdrawAction {
                action,
                product,
                version,
            } => {
                let offered = self.actions_of_version(product, version).await?;
                let gone = !offered.contains(action);
                Ok(shows_when(
                    gone,
                    "the version still offers the service action",
                ))
            }
            Op::CreateTagOption { .. } => {
                let id = answered(op, &answer.tag_option)?;
                self.describe_tag_option(id).await?;
                Ok(Read::Shows)
            }
            Op::UpdateTagOption { id, active, .. } => {
                let live = self.describe_tag_option(given(op, id)?).await?;
                Ok(match live.active == *active {
                    true => Read::Shows,
                    false => still_old("activity"),
                })
            }
            Op::AssociateTagOption {
                resource,
                tag_option,
                ..
            } => {
                let (held, _) = self.attached(op, resource).await?;
                let held = held.contains_key(given(op, tag_option)?);
                Ok(shows_when(held, "the TagOption is not listed"))
            }
            Op::DisassociateTagOption {
                resource,
                tag_option,
                ..
            } => {
                let (held, _) = self.attached(op, resource).await?;
                let held = held.contains_key(tag_option);
                Ok(shows_when(!held, "the TagOption is still listed"))
            }
            Op::AssociateBudget { resource, budget } => {
                let (_, held) = self.attached(op, resource).await?;
                Ok(shows_when(
                    held.contains(budget),
                    "the budget is not listed",
                ))
            }
            Op::DisassociateBudget { resource, budget } => {
                let (_, held) = self.attached(op, resource).await?;
                let held = held.contains(budget);
                Ok(shows_when(!held, "the budget is still listed"))
            }
            Op::CreatePortfolio { tags, .. } => {
                let id = answered(op, &answer.portfolio)?;
                let live = self.describe_portfolio(id).await?;
                Ok(marked(Kind::Portfolio, id.as_str(), tags, &live.tags))
            }
            Op::UpdatePortfolio {
                id,
                display_name,
                description,
                provider_name,
                tags,
            } => {
                let live = self.describe_portfolio(id).await?;
                let fields = [
                    ("display name", display_name, Some(&live.display_name)),
                    ("description", description, live.description.as_ref()),
                    ("provider name", provider_name, Some(&live.provider_name)),
                ];
                Ok(as_sent(&fields, tags, &live.tags))
            }
            Op::DeletePortfolio { id } => {
                self.describe_portfolio(id).await?;
                Ok(Read::NotYet("the portfolio is still there".to_owned()))
            }
            Op::AssociatePrincipal {
                portfolio,
                principal,
            } => {
                let held = self.has_principal(given(op, portfolio)?, principal).await?;
                Ok(shows_when(held, "the principal is not listed"))
            }
            Op::DisassociatePrincipal {
                portfolio,
                principal,
            } => {
                let held = self.has_principal(portfolio, principal).await?;
                Ok(shows_when(!held, "the principal is still listed"))
            }
            // One that was there already stays as it is, which is the next pass's to change.
            Op::CreateShare {
                portfolio, with, ..
            } => {
                let live = self.share_with(given(op, portfolio)?, with).await?;
                Ok(shows_when(live.is_some(), "the share is not listed"))
            }
            Op::UpdateShare {
                portfolio,
                with,
                tag_options,
                principals,
            } => {
                let Some(live) = self.share_with(portfolio, with).await? else {
                    return Ok(Read::NotYet("the share is not listed".to_owned()));
                };
                let same = tag_options.is_none_or(|sent| sent == live.tag_options)
                    && principals.is_none_or(|sent| sent == live.principals);
                Ok(match same {
                    true => Read::Shows,
                    false => still_old("share"),
                })
            }
            Op::DeleteShare { portfolio, with } => {
                let live = self.share_with(portfolio, with).await?;
                Ok(shows_when(live.is_none(), "the share is still listed"))
            }
            Op::AcceptShare { portfolio } => {
                let held = self.accepted().await?.contains(portfolio);
                Ok(shows_when(held, "the portfolio is not listed"))
            }
            Op::BorrowProduct {
                portfolio, product, ..
            } => {
                let held = self.is_associated(given(op, portfolio)?, product).await?;
                Ok(shows_when(held, "the association is not listed"))
            }
            Op::CreateProduct { tags, version, .. } => {
                let id = answered(op, &answer.product)?;
                let (live, status) = self.describe_product(id).await?;
                let marked = marked(Kind::Product, id.as_str(), tags, &live.tags);
                match usable(&status, "the product") {
                    Read::Shows if marked != Read::Shows => Ok(marked),
                    // What the service syncs has no version yet.
                    Read::Shows if version.is_none() => Ok(Read::Shows),
                    Read::Shows => {
                        self.version_is_usable(id, answered(op, &answer.version)?)
                            .await
                    }
                    other => Ok(other),
                }
            }
            Op::CopyProduct { versions, to, .. } => {
                let id = match to {
                    CopyTarget::New { .. } => answered(op, &answer.product)?,
                    CopyTarget::Existing(id) => id,
                };
                let (live, _) = self.describe_product(id).await?;
                if let CopyTarget::New { owner, .. } = to
                    && let Some(other) = live.tags.get(tag_key(Kind::Product))
                    && strip_removal(other) != owner
                {
                    // A token of long ago: the copy has found another owner since (promise 2).
                    return Ok(Read::Failed(format!(
                        "the copy {id} belongs to {other} by its tag: give this product another metadata.name"
                    )));
                }
                let listed = self.versions(id).await?;
                let there = |name: &String| listed.iter().any(|v| v.name == *name);
                let missing = versions.iter().find(|v| !there(&v.name));
                Ok(match missing {
                    None => Read::Shows,
                    Some(v) => Read::NotYet(format!("version {} is not listed", v.name)),
                })
            }
            Op::UpdateProduct { id, fields, tags } => {
                let (live, _) = self.describe_product(given(op, id)?).await?;
                let ProductFields {
                    name,
                    owner,
                    description,
                    distributor,
                    support_description,
                    support_email,
                    support_url,
                    source_connection,
                } = &**fields;
                let synced = live.source_connection.as_ref().map(|live| &live.to);
                if source_connection.is_some() && source_connection.as_ref() != synced {
                    return Ok(still_old("source connection"));
                }
                let fields = [
                    ("name", name, Some(&live.name)),
                    ("owner", owner, Some(&live.owner)),
                    ("description", description, live.description.as_ref()),
                    ("distributor", distributor, live.distributor.as_ref()),
                    (
                        "support description",
                        support_description,
                        live.support_description.as_ref(),
                    ),
                    ("support e-mail", support_email, live.support_email.as_ref()),
                    ("support URL", support_url, live.support_url.as_ref()),
                ];
                Ok(as_sent(&fields, tags, &live.tags))
            }
            Op::DeleteProduct { id } => {
                self.describe_product(id).await?;
                Ok(Read::NotYet("the product is still there".to_owned()))
            }
            Op::CreateVersion {
                product,
                version: sent,
                ..
            } => {
                let version = answered(op, &answer.version)?;
                let (read, live) = self.version_read(given(op, product)?, version).await?;
                let renamed = live.is_some_and(|live| live.name.trim() != sent.name.trim());
                // Only an earlier answer can name one that somebody renamed since: ours is to be made anew.
                Ok(if renamed { Read::Gone } else { read })
            }
            Op::UpdateVersion {
                product,
                version,
                name: _,
                description,
                active,
                guidance,
            } => {
                self.version_is(
                    given(op, product)?,
                    given(op, version)?,
                    description.as_deref(),
                    *active,
                    *guidance,
                )
                .await
            }
            Op::DeleteVersion {
                product, version, ..
            } => {
                self.version_is_usable(product, version).await?;
                Ok(Read::NotYet("the version is still there".to_owned()))
            }
            Op::AssociateProduct { portfolio, product } => {
                let held = self
                    .is_associated(given(op, portfolio)?, given(op, product)?)
                    .await?;
                Ok(shows_when(held, "the association is not listed"))
            }
            Op::DisassociateProduct { portfolio, product } => {
                let held = self.is_associated(portfolio, product).await?;
                Ok(shows_when(!held, "the association is still listed"))
            }
            Op::CreateConstraint { .. } => {
                let id = answered(op, &answer.constraint)?;
                self.constraint_is(id, None).await
            }
            Op::UpdateConstraint { id, parameters, .. } => {
                self.constraint_is(id, Some(parameters)).await
            }
            Op::DeleteConstraint { id, .. } => {
                self.describe_constraint(id).await?;
                Ok(Read::NotYet("the constraint is still there".to_owned()))
            }
        }
    }

    /// What *not found* means after this call.
    fn absent(&self, op: &Op, answer: &Answer, failure: &Failure) -> Read {
        let dead_after = match op {
            Op::DeleteServiceAction { .. }
            | Op::WithdrawAction { .. }
            | Op::DeletePortfolio { .. }
            | Op::DisassociatePrincipal { .. }
            | Op::DeleteShare { .. }
            | Op::DeleteProduct { .. }
            | Op::DisassociateTagOption { .. }
            | Op::DisassociateBudget { .. }
            | Op::DisassociateProduct { .. }
            | Op::DeleteVersion { .. }
            | Op::DeleteConstraint { .. } => return Read::Shows,
            Op::CreatePortfolio { .. } | Op::CreateProduct { .. } | Op::CreateVersion { .. } => {
                DEAD_AFTER
            }
            Op::CreateConstraint { .. } | Op::CreateServiceAction { .. } => DEAD_UNDATED_AFTER,
            _ => return Read::NotYet(failure.message.clone()),
        };
        let age = answer
            .created
            .map(|created| self.clock().now().duration_since(created));
        match age.and_then(|age| Duration::try_from(age).ok()) {
            Some(age) if age >= dead_after => Read::Gone,
            _ => Read::NotYet(failure.message.clone()),
        }
    }

    /// Whether the service knows a product; it is asked more than once before that is denied, for reads flip.
    ///
    /// # Errors
    /// Where that could not be read.
    pub async fn is_there(&self, id: &ProductId) -> Result<bool, Failure> {
        match self.listed(|| self.describe_product(id)).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.is_not_found() => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Whether every version of a batch offers what it was sent for.
    async fn are_offered(&self, op: &Op, offers: &[Offer]) -> Result<Read, Failure> {
        let mut versions: BTreeMap<_, BTreeSet<&ServiceActionId>> = BTreeMap::new();
        for offer in offers {
            let place = (given(op, &offer.product)?, given(op, &offer.version)?);
            let actions = versions.entry(place).or_default();
            actions.insert(given(op, &offer.action)?);
        }
        for ((product, version), actions) in versions {
            let offered = self.actions_of_version(product, version).await?;
            if let Some(missing) = actions.into_iter().find(|id| !offered.contains(*id)) {
                return Ok(Read::NotYet(format!(
                    "version {version} does not offer {missing}"
                )));
            }
        }
        Ok(Read::Shows)
    }

    /// The TagOptions and budgets of a portfolio or product.
    async fn attached(
        &self,
        op: &Op,
        resource: &Resource,
    ) -> Result<(LiveTagOptions, BTreeSet<String>), Failure> {
        Ok(match resource {
            Resource::Portfolio(id) => {
                let live = self.describe_portfolio(given(op, id)?).await?;
                (live.tag_options, live.budgets)
            }
            Resource::Product(id) => {
                let (live, _) = self.describe_product(given(op, id)?).await?;
                (live.tag_options, live.budgets)
            }
        })
    }

    async fn has_principal(
        &self,
        portfolio: &PortfolioId,
        principal: &LivePrincipal,
    ) -> Result<bool, Failure> {
        let mut principals = BTreeSet::new();
        self.principals(portfolio, &mut principals).await?;
        Ok(principals.contains(principal))
    }

    async fn is_associated(
        &self,
        portfolio: &PortfolioId,
        product: &ProductId,
    ) -> Result<bool, Failure> {
        const OPERATION: &str = "ListPortfoliosForProduct";
        let mut pages = Pages::default();
        loop {
            let request = self
                .sc()
                .list_portfolios_for_product()
                .product_id(product.as_str())
                .page_size(PORTFOLIOS_A_PAGE)
                .set_page_token(pages.token());
            let answer = self
                .call(OPERATION, Access::Read, || request.clone().send())
                .await?;
            let mut page = answer.portfolio_details().iter();
            if page.any(|detail| detail.id() == Some(portfolio.as_str())) {
                return Ok(true);
            }
            if !pages.turn(OPERATION, answer.next_page_token())? {
                return Ok(false);
            }
        }
    }

    async fn version_is_usable(
        &self,
        product: &ProductId,
        version: &VersionId,
    ) -> Result<Read, Failure> {
        self.version_is(product, version, None, None, None).await
    }

    async fn version_is(
        &self,
        product: &ProductId,
        version: &VersionId,
        description: Option<&str>,
        active: Option<bool>,
        guidance: Option<Guidance>,
    ) -> Result<Read, Failure> {
        let (read, live) = self.version_read(product, version).await?;
        let Some(live) = live.filter(|_| read == Read::Shows) else {
            return Ok(read);
        };
        let differs = description
            .filter(|sent| *sent != live.description.as_deref().unwrap_or_default())
            .map(|_| "description")
            .or(active
                .filter(|sent| *sent != live.active)
                .map(|_| "activity"))
            .or(guidance
                .filter(|sent| *sent != live.guidance)
                .map(|_| "guidance"));
        Ok(match differs {
            None => Read::Shows,
            Some(field) => still_old(field),
        })
    }

    /// Whether a version can be used, and how it is once it can.
    async fn version_read(
        &self,
        product: &ProductId,
        version: &VersionId,
    ) -> Result<(Read, Option<LiveVersion>), Failure> {
        const OPERATION: &str = "DescribeProvisioningArtifact";
        let request = self
            .sc()
            .describe_provisioning_artifact()
            .product_id(product.as_str())
            .provisioning_artifact_id(version.as_str());
        let answer = self
            .call(OPERATION, Access::Read, || request.clone().send())
            .await?;
        let status = answer
            .status()
            .map(aws_sdk_servicecatalog::types::Status::as_str);
        let read = usable(&convert::ready(status), "the version");
        if read != Read::Shows {
            return Ok((read, None));
        }
        let live = answer
            .provisioning_artifact_detail()
            .and_then(convert::version)
            .ok_or_else(|| Failure::internal(OPERATION, "the answer has no version"))?;
        Ok((read, Some(live)))
    }

    async fn constraint_is(
        &self,
        id: &ConstraintId,
        parameters: Option<&str>,
    ) -> Result<Read, Failure> {
        let live = self.describe_constraint(id).await?;
        let read = usable(&live.status, "the constraint");
        let same = parameters.is_none_or(|sent| same_json(sent, &live.parameters));
        Ok(match read {
            Read::Shows if !same => still_old("parameters"),
            other => other,
        })
    }
}

/// Whether what a create answered with is ours. A repeated token answers with the object of long ago, from which
/// somebody may have taken the mark: made anew it can't be, for the service remembers the token.
fn marked(kind: Kind, id: &str, sent: &Tags, live: &Tags) -> Read {
    let key = tag_key(kind);
    let bare = |tags: &Tags| tags.get(key).map(|value| strip_removal(value).to_owned());
    let (sent, live) = (bare(sent), bare(live));
    if sent == live {
        return Read::Shows;
    }
    let whose = live.map_or("nobody's".to_owned(), |value| format!("{value}'s"));
    Read::Failed(format!(
        "{id}, which was made for it, is {whose} by the tag {key}: take it over with `adopt: {{id: {id}}}`, or give this one another metadata.name"
    ))
}

/// The id that the call answered.
fn answered<'a, T>(op: &Op, id: &'a Option<T>) -> Result<&'a T, Failure> {
    id.as_ref()
        .ok_or_else(|| Failure::internal(op.call(), "the call answered no id"))
}

fn shows_when(shows: bool, missing: &str) -> Read {
    match shows {
        true => Read::Shows,
        false => Read::NotYet(missing.to_owned()),
    }
}

fn still_old(field: &str) -> Read {
    Read::NotYet(format!("the {field} is still the old one"))
}

/// Something that is made asynchronously.
fn usable(status: &ReadyStatus, what: &str) -> Read {
    match status {
        ReadyStatus::Available => Read::Shows,
        ReadyStatus::Creating => Read::NotYet(format!("{what} is being created")),
        ReadyStatus::Failed => Read::Failed(format!("{what} could not be created")),
        ReadyStatus::Unknown(word) => Read::NotYet(format!("{what} is {word}")),
    }
}

/// Whether fields and tags read back as they were sent. A text that was cleared may be absent or empty.
fn as_sent(
    fields: &[(&str, &Option<String>, Option<&String>)],
    change: &TagChange,
    tags: &Tags,
) -> Read {
    for (name, sent, live) in fields {
        let live = live.map(String::as_str).unwrap_or_default();
        if sent.as_deref().is_some_and(|sent| sent != live) {
            return still_old(name);
        }
    }
    for (key, value) in &change.add {
        if tags.get(key) != Some(value) {
            return Read::NotYet(format!("the tag {key} is not as it was sent"));
        }
    }
    // A key that is removed and added in one request is added.
    let gone = |key: &&String| !change.add.contains_key(*key) && tags.contains_key(*key);
    match change.remove.iter().find(gone) {
        Some(key) => Read::NotYet(format!("the tag {key} is still there")),
        None => Read::Shows,
    }
}

/// Whether two texts are the same JSON, whatever their blanks and order.
fn same_json(a: &str, b: &str) -> bool {
    use serde_json::Value;
    if a == b {
        return true;
    }
    match (
        serde_json::from_str::<Value>(a),
        serde_json::from_str::<Value>(b),
    ) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_compared_by_what_it_says() {
        assert!(same_json(r#"{"RoleArn" : "a"}"#, r#"{"RoleArn":"a"}"#));
        assert!(!same_json(r#"{"RoleArn":"a"}"#, r#"{"RoleArn":"b"}"#));
        assert!(same_json("no json", "no json"));
        assert!(!same_json("no json", "{}"));
    }

    #[test]
    fn fields_and_tags_must_read_back_as_sent() {
        let text = |text: &str| Some(text.to_owned());
        let live: Tags = [("a".to_owned(), "1".to_owned())].into();
        let none = TagChange::default();
        let shows = |sent: Option<String>, live: Option<&str>| {
            let live = live.map(str::to_owned);
            as_sent(&[("owner", &sent, live.as_ref())], &none, &Tags::new())
        };
        assert_eq!(shows(None, Some("x")), Read::Shows);
        assert_eq!(shows(text("x"), Some("x")), Read::Shows);
        assert_eq!(shows(text(""), None), Read::Shows, "cleared");
        assert!(matches!(shows(text(""), Some("x")), Read::NotYet(_)));
        assert!(matches!(shows(text("x"), None), Read::NotYet(_)));

        let change = |add: &str, remove: &str| TagChange {
            add: [("a".to_owned(), add.to_owned())].into(),
            remove: [remove.to_owned()].into(),
        };
        assert_eq!(as_sent(&[], &change("1", "b"), &live), Read::Shows);
        assert_eq!(as_sent(&[], &change("1", "a"), &live), Read::Shows);
        assert!(matches!(
            as_sent(&[], &change("2", "b"), &live),
            Read::NotYet(_)
        ));
        let remove = TagChange {
            remove: ["a".to_owned()].into(),
            ..TagChange::default()
        };
        assert!(matches!(as_sent(&[], &remove, &live), Read::NotYet(_)));
    }
}
