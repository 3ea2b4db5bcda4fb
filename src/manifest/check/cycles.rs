//! Provisioned products do not wait for each other.

use std::collections::{BTreeMap, BTreeSet};

use super::Catalog;
use crate::ids::Name;
use crate::manifest::finding::{Code, Finding};
use crate::manifest::schema::{ProvisionedSpec, ValueSpec};
use crate::model::desired::Origin;

pub(super) fn check(catalog: &Catalog<'_>, findings: &mut Vec<Finding>) {
    let mut waits: BTreeMap<&Name, BTreeMap<&Name, &Origin>> = catalog
        .provisioned
        .iter()
        .map(|(name, spec)| (*name, upstream(spec)))
        .collect();
    for needs in waits.values_mut() {
        needs.retain(|name, _| catalog.provisioned.contains_key(name));
    }
    loop {
        settle(&mut waits);
        let Some(cycle) = a_cycle(&waits) else {
            return;
        };
        report(catalog, &waits, &cycle, findings);
        // Its members are broken; what is left may hold another cycle.
        waits.retain(|name, _| !cycle.contains(name));
        for needs in waits.values_mut() {
            needs.retain(|name, _| !cycle.contains(name));
        }
    }
}

/// What a provisioned product waits for, and where it says so.
fn upstream(spec: &ProvisionedSpec) -> BTreeMap<&Name, &Origin> {
    let outputs =
        spec.parameters
            .iter()
            .flatten()
            .filter_map(|parameter| match &parameter.value.value {
                ValueSpec::Output { from, .. } => Some((&from.value, &from.origin)),
                ValueSpec::Literal(_) | ValueSpec::List(_) | ValueSpec::Ssm(_) => None,
            });
    let named = spec.depends_on.iter().map(|n| (&n.value, &n.origin));
    named.chain(outputs).collect()
}

/// Takes out what waits for nothing, again and again: what stays is in a cycle or waits for one.
fn settle(waits: &mut BTreeMap<&Name, BTreeMap<&Name, &Origin>>) {
    let mut left: BTreeMap<&Name, usize> = BTreeMap::new();
    let mut dependents: BTreeMap<&Name, Vec<&Name>> = BTreeMap::new();
    for (name, needs) in waits.iter() {
        left.insert(name, needs.len());
        for need in needs.keys() {
            dependents.entry(need).or_default().push(name);
        }
    }
    let mut free: Vec<&Name> = left
        .iter()
        .filter(|(_, needs)| **needs == 0)
        .map(|(name, _)| *name)
        .collect();
    let mut done: BTreeSet<&Name> = BTreeSet::new();
    while let Some(name) = free.pop() {
        done.insert(name);
        for dependent in dependents.get(name).into_iter().flatten() {
            if let Some(needs) = left.get_mut(dependent) {
                *needs -= 1;
                if *needs == 0 {
                    free.push(dependent);
                }
            }
        }
    }
    waits.retain(|name, _| !done.contains(name));
    for needs in waits.values_mut() {
        needs.retain(|name, _| !done.contains(name));
    }
}

/// Follows what is waited for until a name comes again; begins at its smallest name.
fn a_cycle<'a>(waits: &BTreeMap<&'a Name, BTreeMap<&'a Name, &Origin>>) -> Option<Vec<&'a Name>> {
    let mut at = *waits.keys().next()?;
    let mut path: Vec<&Name> = Vec::new();
    let mut places: BTreeMap<&Name, usize> = BTreeMap::new();
    let start = loop {
        if let Some(place) = places.get(at) {
            break *place;
        }
        places.insert(at, path.len());
        path.push(at);
        at = waits.get(at)?.keys().next()?;
    };
    let mut cycle = path.split_off(start);
    let smallest = cycle.iter().enumerate().min_by_key(|(_, name)| **name)?.0;
    cycle.rotate_left(smallest);
    Some(cycle)
}

/// One finding for each member, so that each is named where it waits.
fn report(
    catalog: &Catalog<'_>,
    waits: &BTreeMap<&Name, BTreeMap<&Name, &Origin>>,
    cycle: &[&Name],
    findings: &mut Vec<Finding>,
) {
    let mut shown: Vec<&str> = cycle.iter().map(|name| name.as_str()).collect();
    shown.extend(cycle.first().map(|name| name.as_str()));
    let message = match cycle {
        [only] => format!("`{only}` waits for itself"),
        _ => format!("these wait for each other: {}", shown.join(" → ")),
    };
    for (at, name) in cycle.iter().enumerate() {
        let next = cycle.get(at + 1).or(cycle.first()).copied();
        let origin = next.and_then(|next| waits.get(name)?.get(next));
        let (Some(spec), Some(origin)) = (catalog.provisioned.get(*name), origin) else {
            continue;
        };
        findings.push(
            spec.header
                .finding(Code::DependencyCycle, origin, message.clone())
                .hint("drop one of the outputs or `dependsOn` that close the circle"),
        );
    }
}
