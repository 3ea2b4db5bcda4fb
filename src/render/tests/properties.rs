//! What holds of every plan.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::ids::{Key, PortfolioId};
use crate::model::desired::{Desired, Guidance, Principal};
use crate::model::observed::Scope;
use crate::plan::op::Op;
use crate::render::testing::*;

/// A random source: portfolios, products with versions in some of them, provisioned products in a chain.
fn sources() -> impl Strategy<Value = Desired> {
    let product = (
        proptest::collection::vec((any::<bool>(), any::<bool>(), any::<bool>()), 1..4),
        proptest::collection::vec(any::<bool>(), 3),
        any::<bool>(),
    );
    let products = proptest::collection::vec(product, 0..4);
    (0..4usize, products, any::<bool>(), any::<bool>()).prop_map(
        |(portfolios, products, tagged, chained)| {
            let mut desired = Desired::default();
            for n in 0..portfolios {
                let mut portfolio = portfolio_of(&format!("p{n}"));
                if !tagged {
                    portfolio.tags = None;
                }
                desired.portfolios.insert(portfolio.name.clone(), portfolio);
            }
            for (n, (versions, places, constrained)) in products.into_iter().enumerate() {
                let mut listed = Vec::new();
                for (m, (active, deprecated, described)) in versions.into_iter().enumerate() {
                    let text = format!("v{m}");
                    let mut one = version(&mut desired, &text, &format!("R: {n}{m}\n"));
                    one.active = active;
                    one.guidance = deprecated.then_some(Guidance::Deprecated);
                    one.description = described.then(|| "said".to_owned());
                    listed.push(one);
                }
                let places = places.iter().enumerate().take(portfolios);
                let places: Vec<String> = places
                    .filter(|(_, on)| **on)
                    .map(|(m, _)| format!("p{m}"))
                    .collect();
                let places: Vec<&str> = places.iter().map(String::as_str).collect();
                let mut product = product_of(&format!("x{n}"), &places, listed);
                if !constrained {
                    let all = product.portfolios.iter_mut().flatten();
                    all.for_each(|(_, association)| association.constraints = None);
                }
                let mut launched = provisioned_of(&format!("l{n}"), &format!("x{n}"), "v0");
                if chained && n > 0 {
                    let from = output(&format!("l{}", n - 1), "VpcId");
                    let parameters = launched.parameters.get_or_insert_default();
                    parameters.insert("PeerVpc".to_owned(), from);
                }
                desired.provisioned.insert(launched.name.clone(), launched);
                desired.products.insert(product.name.clone(), product);
            }
            desired
        },
    )
}

/// A converged world, then edited by hand: everything that can be removed has something to remove.
fn edited(desired: Desired) -> World {
    let mut world = World::converged(desired);
    for portfolio in world.desired.portfolios.values_mut() {
        portfolio.principals = Some([Principal::Caller].into());
    }
    for product in world.desired.products.values_mut() {
        product.portfolios.get_or_insert_default().pop_first();
        product.versions.iter_mut().for_each(|v| v.active = false);
        let rest = product.portfolios.iter_mut().flatten();
        for (_, association) in rest {
            association.constraints = Some(crate::model::desired::Constraints::default());
        }
    }
    world
}

fn removes(op: &Op) -> bool {
    matches!(
        op,
        Op::DisassociatePrincipal { .. }
            | Op::DisassociateProduct { .. }
            | Op::DeleteConstraint { .. }
            | Op::DeleteVersion { .. }
            | Op::Terminate { .. }
            | Op::UpdateVersion {
                active: Some(false),
                ..
            }
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_catalog_that_equals_its_source_has_an_empty_plan(desired in sources()) {
        let world = World::converged(desired);
        let plan = world.plan();
        prop_assert_eq!(&plan.steps, &[]);
        prop_assert!(!plan.is_blocked() && !plan.is_waiting(), "{}", world.text());
    }

    #[test]
    fn equal_input_gives_equal_bytes(desired in sources()) {
        for world in [World::empty(desired.clone()), edited(desired)] {
            let (one, other) = (world.plan(), world.clone().plan());
            prop_assert_eq!(&one, &other);
            prop_assert_eq!(world.text(), world.text());
            prop_assert_eq!(crate::render::json::plan(&one), crate::render::json::plan(&other));
        }
    }

    #[test]
    fn every_step_comes_after_what_it_needs(desired in sources()) {
        for world in [World::empty(desired.clone()), edited(desired)] {
            let plan = world.plan();
            for (at, step) in plan.steps.iter().enumerate() {
                prop_assert_eq!(step.id.0, at);
                prop_assert!(step.needs.iter().all(|need| need.0 < at));
            }
            for object in &plan.objects {
                for id in &object.steps {
                    prop_assert_eq!(&plan.step(*id).unwrap().object, &object.key);
                }
            }
        }
    }

    #[test]
    fn a_part_is_planned_as_it_is_in_the_whole_or_not_at_all(desired in sources(), chosen in any::<u16>()) {
        for world in [World::empty(desired.clone()), edited(desired)] {
            let whole = world.plan();
            let part = |keys: BTreeSet<Key>| {
                let mut world = world.clone();
                world.policy.only = Some(keys);
                world.plan()
            };
            let all = whole.objects.iter();
            let some = all.clone().enumerate().filter(|(n, _)| chosen & (1 << n) != 0);
            let some: BTreeSet<Key> = some.map(|(_, object)| object.key.clone()).collect();
            let plan = part(some.clone());
            prop_assert!(plan.steps.iter().all(|step| some.contains(&step.object)));
            prop_assert!(plan.objects.iter().all(|object| some.contains(&object.key)));
            prop_assert_eq!(plan.objects.len() + plan.left_out.len(), whole.objects.len());
            // What a plan changes can be planned again by itself: a saved plan rests on that.
            let touched = all.clone().filter(|object| !object.steps.is_empty());
            let again = part(touched.clone().map(|object| object.key.clone()).collect());
            prop_assert_eq!(&again.steps, &whole.steps);
            prop_assert_eq!(again.objects.iter().collect::<Vec<_>>(), touched.collect::<Vec<_>>());
            prop_assert_eq!(&again.digest, &whole.digest);
            let everything = part(all.map(|object| object.key.clone()).collect());
            prop_assert_eq!(&everything, &whole);
        }
    }

    #[test]
    fn a_gap_forbids_removals_in_its_scope(desired in sources(), kind in 0..3) {
        let mut world = edited(desired);
        world.policy.allow_removals = Some(usize::MAX);
        match kind {
            0 => world.desired.incomplete = true,
            1 => {
                world.gap(Scope::Portfolios);
                world.gap(Scope::Products);
            }
            _ => {
                for id in world.observed.portfolios.keys().cloned().collect::<Vec<PortfolioId>>() {
                    world.gap(Scope::Portfolio(id));
                }
                for id in world.observed.products.keys().cloned().collect::<Vec<_>>() {
                    world.gap(Scope::Product(id));
                }
            }
        }
        let plan = world.plan();
        let removal = plan.steps.iter().find(|step| removes(&step.op));
        prop_assert!(removal.is_none(), "{removal:?}");
    }
}

#[test]
fn without_a_gap_there_is_something_to_remove() {
    let mut world = edited(catalog());
    world.policy.allow_removals = Some(usize::MAX);
    assert!(world.plan().steps.iter().any(|step| removes(&step.op)));
}
