//! Service actions, and the versions that offer them.

use std::collections::BTreeSet;

use crate::ids::{ProductId, ServiceActionId, VersionId};
use crate::model::desired::{Desired, Lifecycle, Offers, OnRemove, ServiceAction};
use crate::model::observed::{LiveServiceAction, Scope};
use crate::render::testing::*;

fn action_of(text: &str) -> ServiceAction {
    ServiceAction {
        name: name(text),
        origin: at(70),
        lifecycle: Lifecycle::default(),
        display_name: text.to_owned(),
        description: Some(format!("Does {text}")),
        definition: tags([
            ("Name", "AWS-RestartEC2Instance"),
            ("Version", "1"),
            ("Parameters", r#"[{"Name":"InstanceId","Type":"TARGET"}]"#),
        ]),
    }
}

fn offers(all: &[&str]) -> Option<Offers> {
    Some(all.iter().map(|text| (name(text), at(35))).collect())
}

/// The catalog, whose product offers `restart` with both versions, and another action that nothing offers.
fn offering() -> Desired {
    let mut desired = catalog();
    desired.provisioned.clear();
    for action in ["restart", "stop"] {
        desired
            .service_actions
            .insert(name(action), action_of(action));
    }
    vpc(&mut desired).service_actions = offers(&["restart"]);
    desired
}

/// An account that is as [`offering`] says.
fn converged() -> World {
    let mut world = World::converged(offering());
    for want in world.desired.service_actions.clone().into_values() {
        let id = ServiceActionId::new(format!("act-{}", want.name));
        let mark = world
            .identity
            .description_mark(&want.name, OnRemove::Retain);
        let place = |v: &str| {
            let version = VersionId::new(format!("pa-vpc-{v}"));
            (ProductId::new("prod-vpc"), version)
        };
        let live = LiveServiceAction {
            id: id.clone(),
            name: want.display_name,
            description: want.description.map(|text| format!("{text} {mark}")),
            definition: Some(want.definition),
            versions: match want.name.as_str() {
                "restart" => ["v1", "v2"].map(place).into(),
                _ => BTreeSet::new(),
            },
        };
        world.observed.service_actions.insert(id, live);
    }
    world
}

fn live<'w>(world: &'w mut World, text: &str) -> &'w mut LiveServiceAction {
    let id = ServiceActionId::new(format!("act-{text}"));
    world.observed.service_actions.get_mut(&id).unwrap()
}

#[test]
fn new_actions_are_made_before_what_offers_them() {
    let world = World::empty(offering());
    let text = world.text();
    let (actions, _) = text.split_once("  + portfolio/net").unwrap();
    insta::assert_snapshot!(actions, @r##"
    + service-action/restart  (not in the catalog)
        + name: restart
        + description: Does restart
        + definition.name: AWS-RestartEC2Instance
        + definition.version: 1
        + definition.parameters: InstanceId TARGET

    + service-action/stop  (not in the catalog)
        + name: stop
        + description: Does stop
        + definition.name: AWS-RestartEC2Instance
        + definition.version: 1
        + definition.parameters: InstanceId TARGET
    "##);
    let calls = world.calls();
    let calls: Vec<&str> = calls
        .iter()
        .map(String::as_str)
        .filter(|call| call.contains("Action"))
        .collect();
    insta::assert_snapshot!(calls.join("\n"), @r##"
    CreateServiceAction service-action/restart needs []
    CreateServiceAction service-action/stop needs []
    BatchAssociateServiceActionWithProvisioningArtifact product/vpc needs [5, 8, 9]
    "##);
}

#[test]
fn what_differs_is_put_right_and_what_is_beyond_the_list_goes() {
    let mut world = converged();
    assert_eq!(world.plan().steps, []);
    let stop = live(&mut world, "stop");
    let place = (ProductId::new("prod-vpc"), VersionId::new("pa-vpc-v1"));
    stop.versions.insert(place.clone());
    stop.definition
        .as_mut()
        .unwrap()
        .insert("Version".to_owned(), "7".to_owned());
    live(&mut world, "restart").versions.remove(&place);
    insta::assert_snapshot!(world.text(), @r##"
    Drift (2 objects): changed in the catalog, not only in git; applying makes it as git says

      ~ service-action/stop  (drifted)
          ~ definition.version: 7 → 1

      ~ product/vpc  (drifted)
          + version v1 serviceActions: restart
          - version v1 serviceActions: stop

    Plan: 0 to create, 2 to update, 0 to replace; 3 calls. 2 drifted.
    "##);
    insta::assert_snapshot!(world.calls().join("\n"), @r##"
    UpdateServiceAction service-action/stop needs []
    BatchAssociateServiceActionWithProvisioningArtifact product/vpc needs []
    DisassociateServiceActionFromProvisioningArtifact product/vpc needs [1]
    "##);
}

#[test]
fn what_could_not_be_read_is_blocked() {
    for (scope, words) in [
        (Scope::ServiceActions, "the list of service actions"),
        (
            Scope::ServiceAction(ServiceActionId::new("act-restart")),
            "service action act-restart",
        ),
    ] {
        let mut world = converged();
        vpc(&mut world.desired).service_actions = offers(&[]);
        world.gap(scope);
        assert_eq!(world.plan().steps, [], "{words}");
        assert!(world.text().contains(words), "{}", world.text());
    }
}
