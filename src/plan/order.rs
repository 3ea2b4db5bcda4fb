//! The order of the calls: what is needed first, additions before removals, principals after constraints.
//!
//! People get access to a portfolio only once the constraints of its products stand, so that nobody launches without
//! them in between; removals come last and in reverse (design §6). But what is launched comes after constraints that go.

use std::collections::BTreeMap;

use super::ObjectPlan;
use super::op::{Arg, Op, Resource, Step, StepId};

/// Sorts the steps by their rank, keeps their order otherwise, and numbers them anew, in the objects as well.
///
/// A step is of no lower rank than those it needs, which were made before it, so each comes after them: a constraint that
/// takes the place of another follows on its removal.
pub(crate) fn ordered(mut steps: Vec<Step>, objects: &mut [ObjectPlan]) -> Vec<Step> {
    let mut ranks: BTreeMap<StepId, u8> = BTreeMap::new();
    let made: BTreeMap<StepId, &Step> = steps.iter().map(|step| (step.id, step)).collect();
    for step in made.values() {
        let needed = step.needs.iter().filter_map(|id| ranks.get(id)).max();
        let own = rank(step);
        ranks.insert(step.id, needed.map_or(own, |needed| own.max(*needed)));
    }
    steps.sort_by_key(|step| ranks.get(&step.id).copied());
    let places = steps.iter().enumerate();
    let new: BTreeMap<StepId, StepId> = places.map(|(at, step)| (step.id, StepId(at))).collect();
    let place = |id: StepId| new.get(&id).copied().unwrap_or(id);
    for step in &mut steps {
        step.id = place(step.id);
        step.needs = step.needs.iter().map(|id| place(*id)).collect();
        renumber(&mut step.op, place);
    }
    for object in objects {
        object.steps = object.steps.iter().map(|id| place(*id)).collect();
        object.steps.sort_unstable();
    }
    steps
}

fn rank(step: &Step) -> u8 {
    match &step.op {
        Op::CreateBucket { .. } => 0,
        Op::BlockPublicAccess { .. } => 1,
        Op::PutBucketPolicy { .. } => 2,
        Op::PutTemplate { .. } => 3,
        // A deactivation is a removal by another name.
        Op::UpdateTagOption {
            id: Arg::Value(_),
            active: false,
            ..
        } => 16,
        Op::CreateTagOption { .. } | Op::UpdateTagOption { .. } => 4,
        Op::CreateServiceAction { .. }
        | Op::UpdateServiceAction { .. }
        | Op::CreatePortfolio { .. }
        | Op::UpdatePortfolio { .. }
        | Op::AcceptShare { .. } => 4,
        Op::CreateProduct { .. } | Op::CopyProduct { .. } | Op::UpdateProduct { .. } => 5,
        Op::CreateVersion { .. } => 6,
        // A deactivation is a removal by another name.
        Op::UpdateVersion {
            version, active, ..
        } => match (version, active) {
            (Arg::Value(_), Some(false)) => 17,
            _ => 7,
        },
        Op::AssociateTagOption { .. } | Op::AssociateBudget { .. } => 8,
        Op::AssociateProduct { .. } | Op::BorrowProduct { .. } | Op::OfferActions { .. } => 8,
        Op::CreateConstraint { .. } | Op::UpdateConstraint { .. } => 9,
        Op::AssociatePrincipal { .. } => 10,
        // A replacement goes on with a launch, a removal comes after what else used the object. What is shared is whole.
        Op::CreateShare { .. } | Op::UpdateShare { .. } => 11,
        Op::Terminate { .. } if !step.removes => 11,
        Op::Provision { .. } | Op::Import { .. } | Op::UpdateProvisioned { .. } => 12,
        Op::Terminate { .. } => 13,
        Op::DisassociatePrincipal { .. } | Op::DeleteShare { .. } | Op::WithdrawAction { .. } => 14,
        Op::DisassociateTagOption { .. } | Op::DisassociateBudget { .. } => 14,
        Op::DeleteConstraint { .. } => 15,
        Op::DisassociateProduct { .. } => 16,
        Op::DeleteVersion { .. } | Op::DeleteProduct { .. } => 18,
        Op::DeletePortfolio { .. } | Op::DeleteServiceAction { .. } => 19,
        Op::PutIndex { .. } => 20,
    }
}

fn renumber(op: &mut Op, place: impl Fn(StepId) -> StepId) {
    fn fill<T>(arg: &mut Arg<T>, place: &impl Fn(StepId) -> StepId) {
        if let Arg::From(step) = arg {
            *step = place(*step);
        }
    }
    let fill_resource = |resource: &mut Resource| match resource {
        Resource::Portfolio(id) => fill(id, &place),
        Resource::Product(id) => fill(id, &place),
    };
    match op {
        Op::OfferActions { offers } => {
            for offer in offers {
                fill(&mut offer.action, &place);
                fill(&mut offer.product, &place);
                fill(&mut offer.version, &place);
            }
        }
        Op::UpdateTagOption { id, .. } => fill(id, &place),
        Op::AssociateTagOption {
            resource,
            tag_option,
            ..
        } => {
            fill_resource(resource);
            fill(tag_option, &place);
        }
        Op::DisassociateTagOption { resource, .. }
        | Op::AssociateBudget { resource, .. }
        | Op::DisassociateBudget { resource, .. } => fill_resource(resource),
        Op::AssociatePrincipal { portfolio, .. }
        | Op::CreateShare { portfolio, .. }
        | Op::BorrowProduct { portfolio, .. } => {
            fill(portfolio, &place);
        }
        Op::CreateVersion { product, .. } | Op::UpdateProduct { id: product, .. } => {
            fill(product, &place);
        }
        Op::AssociateProduct { portfolio, product }
        | Op::CreateConstraint {
            portfolio, product, ..
        } => {
            fill(portfolio, &place);
            fill(product, &place);
        }
        Op::UpdateVersion {
            product, version, ..
        }
        | Op::Provision {
            product, version, ..
        }
        | Op::Import {
            product, version, ..
        }
        | Op::UpdateProvisioned {
            product, version, ..
        } => {
            fill(product, &place);
            fill(version, &place);
        }
        Op::CreateBucket { .. }
        | Op::BlockPublicAccess { .. }
        | Op::PutBucketPolicy { .. }
        | Op::PutTemplate { .. }
        | Op::PutIndex { .. }
        | Op::CreateServiceAction { .. }
        | Op::UpdateServiceAction { .. }
        | Op::DeleteServiceAction { .. }
        | Op::WithdrawAction { .. }
        | Op::CreateTagOption { .. }
        | Op::CreatePortfolio { .. }
        | Op::UpdatePortfolio { .. }
        | Op::DeletePortfolio { .. }
        | Op::DisassociatePrincipal { .. }
        | Op::UpdateShare { .. }
        | Op::DeleteShare { .. }
        | Op::AcceptShare { .. }
        | Op::CreateProduct { .. }
        | Op::CopyProduct { .. }
        | Op::DeleteProduct { .. }
        | Op::DeleteVersion { .. }
        | Op::DisassociateProduct { .. }
        | Op::UpdateConstraint { .. }
        | Op::DeleteConstraint { .. }
        | Op::Terminate { .. } => {}
    }
}
