//! One [`Op`] is one call; nothing is decided here (promise 3).
//!
//! Doing the same twice is success: what is already associated, already gone or already ours stays so. A subject that
//! the service does not find is *not visible yet*, for the plan saw it or an earlier step made it (design §7).

mod attachment;
mod bucket;
mod constraint;
mod portfolio;
mod product;
mod provisioned;
mod share;
mod service_action;
mod tag_option;

pub(in crate::aws) use bucket::object_url;

use crate::aws::client::Aws;
use crate::aws::error::Failure;
use crate::plan::op::{Answer, Arg, Op, Resource};

impl Aws {
    /// Makes the call. `op` has values for all its arguments ([`Op::resolved`]).
    ///
    /// # Errors
    /// Throttles and lost answers have been repeated already; [`Class::NotVisibleYet`](crate::aws::Class) is the
    /// caller's to repeat. After a transient failure of a write it is not known whether it was done: the same
    /// call again finds out, because it carries the same token or does the same when done twice.
    pub async fn apply(&self, op: &Op) -> Result<Answer, Failure> {
        let done = match op {
            Op::CreateBucket { bucket } => self.create_bucket(bucket).await,
            Op::BlockPublicAccess { bucket } => self.block_public_access(bucket).await,
            Op::PutBucketPolicy { bucket } => self.put_bucket_policy(bucket).await,
            Op::PutTemplate { bucket, template } => self.put_template(bucket, template).await,
            Op::PutIndex { bucket, entries } => self
                .put_index(bucket, entries)
                .await
                .map(|()| Answer::default()),
            Op::CreateServiceAction {
                name,
                description,
                definition,
                token,
            } => {
                self.create_service_action(name, description, definition, token)
                    .await
            }
            Op::UpdateServiceAction {
                id,
                name,
                description,
                definition,
            } => {
                let (name, description) = (name.as_deref(), description.as_deref());
                self.update_service_action(id, name, description, definition.as_ref())
                    .await
            }
            Op::DeleteServiceAction { id } => self.delete_service_action(id).await,
            Op::OfferActions { offers } => self.offer_actions(op, offers).await,
            Op::WithdrawAction {
                action,
                product,
                version,
            } => self.withdraw_action(action, product, version).await,
            Op::CreateTagOption { key, value } => self.create_tag_option(key, value).await,
            Op::UpdateTagOption {
                id,
                name: _,
                active,
            } => self.update_tag_option(given(op, id)?, *active).await,
            Op::AssociateTagOption {
                resource,
                tag_option,
                name: _,
            } => {
                self.associate_tag_option(resource_id(op, resource)?, given(op, tag_option)?)
                    .await
            }
            Op::DisassociateTagOption {
                resource,
                tag_option,
                name: _,
            } => {
                self.disassociate_tag_option(resource_id(op, resource)?, tag_option)
                    .await
            }
            Op::AssociateBudget { resource, budget } => {
                self.associate_budget(resource_id(op, resource)?, budget)
                    .await
            }
            Op::DisassociateBudget { resource, budget } => {
                self.disassociate_budget(resource_id(op, resource)?, budget)
                    .await
            }
            Op::CreatePortfolio {
                display_name,
                description,
                provider_name,
                tags,
                token,
            } => {
                let description = description.as_deref();
                self.create_portfolio(display_name, description, provider_name, tags, token)
                    .await
            }
            Op::UpdatePortfolio {
                id,
                display_name,
                description,
                provider_name,
                tags,
            } => {
                self.update_portfolio(
                    id,
                    display_name.as_deref(),
                    description.as_deref(),
                    provider_name.as_deref(),
                    tags,
                )
                .await
            }
            Op::DeletePortfolio { id } => self.delete_portfolio(id).await,
            Op::AssociatePrincipal {
                portfolio,
                principal,
            } => {
                self.associate_principal(given(op, portfolio)?, principal)
                    .await
            }
            Op::DisassociatePrincipal {
                portfolio,
                principal,
            } => self.disassociate_principal(portfolio, principal).await,
            Op::CreateShare {
                portfolio,
                with,
                tag_options,
                principals,
            } => {
                self.create_share(given(op, portfolio)?, with, *tag_options, *principals)
                    .await
            }
            Op::UpdateShare {
                portfolio,
                with,
                tag_options,
                principals,
            } => {
                self.update_share(portfolio, with, *tag_options, *principals)
                    .await
            }
            Op::DeleteShare { portfolio, with } => self.delete_share(portfolio, with).await,
            Op::AcceptShare { portfolio } => self.accept_share(portfolio).await,
            Op::BorrowProduct {
                portfolio,
                product,
                source,
            } => {
                self.associate_product(given(op, portfolio)?, product, Some(source))
                    .await
            }
            Op::CreateProduct {
                fields,
                product_type,
                tags,
                version,
                token,
            } => {
                self.create_product(fields, *product_type, tags, version.as_ref(), token)
                    .await
            }
            Op::CopyProduct {
                source,
                versions,
                to,
                token,
            } => self.copy_product(source, versions, to, token).await,
            Op::UpdateProduct { id, fields, tags } => {
                self.update_product(given(op, id)?, fields, tags).await
            }
            Op::DeleteProduct { id } => self.delete_product(id).await,
            Op::CreateVersion {
                product,
                version,
                token,
            } => {
                self.create_version(given(op, product)?, version, token)
                    .await
            }
            Op::UpdateVersion {
                product,
                version,
                name: _,
                description,
                active,
                guidance,
            } => {
                let (product, version) = (given(op, product)?, given(op, version)?);
                self.update_version(product, version, description.as_deref(), *active, *guidance)
                    .await
            }
            Op::DeleteVersion {
                product,
                version,
                name: _,
            } => self.delete_version(product, version).await,
            Op::AssociateProduct { portfolio, product } => {
                self.associate_product(given(op, portfolio)?, given(op, product)?, None)
                    .await
            }
            Op::DisassociateProduct { portfolio, product } => {
                self.disassociate_product(portfolio, product).await
            }
            Op::CreateConstraint {
                portfolio,
                product,
                kind,
                parameters,
                token,
            } => {
                let (portfolio, product) = (given(op, portfolio)?, given(op, product)?);
                self.create_constraint(portfolio, product, kind, parameters, token)
                    .await
            }
            Op::UpdateConstraint {
                id,
                kind: _,
                parameters,
            } => self.update_constraint(id, parameters).await,
            Op::DeleteConstraint { id, kind: _ } => self.delete_constraint(id).await,
            Op::Provision {
                name,
                product,
                version,
                path,
                parameters,
                tags,
                topics,
                preferences,
                token,
            } => {
                let (product, version) = (given(op, product)?, given(op, version)?);
                let preferences = preferences.as_ref();
                self.provision(
                    name,
                    product,
                    version,
                    path,
                    parameters,
                    tags,
                    topics,
                    preferences,
                    token,
                )
                .await
            }
            Op::Import {
                name,
                product,
                version,
                stack,
                token,
            } => {
                let (product, version) = (given(op, product)?, given(op, version)?);
                self.import_stack(name, product, version, stack, token)
                    .await
            }
            Op::UpdateProvisioned {
                id,
                product,
                version,
                path,
                parameters,
                tags,
                preferences,
                token,
            } => {
                let (product, version) = (given(op, product)?, given(op, version)?);
                let (tags, preferences) = (tags.as_ref(), preferences.as_ref());
                self.update_provisioned(
                    id,
                    product,
                    version,
                    path,
                    parameters,
                    tags,
                    preferences,
                    token,
                )
                .await
            }
            Op::Terminate {
                id,
                retain_physical_resources,
                token,
            } => self.terminate(id, *retain_physical_resources, token).await,
        };
        done.map_err(|failure| failure.without(&op.secrets()).of_known_object())
    }
}

/// An argument's value; one that still refers to a step is a fault of the caller's.
pub(crate) fn given<'a, T>(op: &Op, arg: &'a Arg<T>) -> Result<&'a T, Failure> {
    match arg {
        Arg::Value(value) => Ok(value),
        Arg::From(step) => Err(Failure::internal(
            op.call(),
            format!("an argument still waits for step {step}"),
        )),
    }
}

/// The id of what something is given to; one that still refers to a step is a fault of the caller's.
fn resource_id<'a>(op: &Op, resource: &'a Resource) -> Result<&'a str, Failure> {
    resource
        .id()
        .ok_or_else(|| Failure::internal(op.call(), "an argument still waits for a step"))
}

/// An answer must have what was made: without it nothing can follow.
fn part<T>(operation: &'static str, value: Option<T>, what: &str) -> Result<T, Failure> {
    value.ok_or_else(|| Failure::internal(operation, format!("the answer has no {what}")))
}

/// Nothing to remember.
fn done() -> Result<Answer, Failure> {
    Ok(Answer::default())
}
