//! The plan of a small world in every format.

use crate::ids::Kind;
use crate::model::observed::{ProvisionedStatus, Scope};
use crate::plan::{Action, Change, Shown};
use crate::render::testing::*;
use crate::render::text::{self, Style};
use crate::render::{json, safe};

#[test]
fn json_says_all_that_text_says() {
    let mut world = World::converged(catalog());
    world.product("vpc").owner = "somebody".to_owned();
    vpc(&mut world.desired).versions[0].description = Some("multi\nline".to_owned());
    let live = world.provisioned("hub");
    live.status = ProvisionedStatus::Error;
    live.ever_succeeded = false;
    world.desired.portfolios.clear();
    world.gap(Scope::Provisioned);
    insta::assert_snapshot!(json::plan(&world.plan()), @r##"
    {
      "format_version": "1.3",
      "target": {
        "account": "123456789012",
        "region": "us-east-1",
        "partition": "aws"
      },
      "installation": "default",
      "digest": "58ddb1b4ebafe32f7b661f9cd33c134186f2d5a61b5b9fabb9c0274b97458e63",
      "has_changes": true,
      "objects": [
        {
          "kind": "Product",
          "name": "vpc",
          "id": "prod-vpc",
          "actions": [
            "update"
          ],
          "reason": "both",
          "changes": [
            {
              "field": "owner",
              "before": "somebody",
              "after": "Platform",
              "reason": "drifted"
            },
            {
              "field": "versions[v1].description",
              "before": null,
              "after": "multi\nline",
              "reason": "git-changed"
            }
          ],
          "calls": [
            0,
            1
          ],
          "blocked": [
            {
              "code": "dependency",
              "message": "it can't be put in portfolio/net, which is not declared (catalog.yaml:30:3)"
            }
          ],
          "waiting": [],
          "notes": []
        },
        {
          "kind": "ProvisionedProduct",
          "name": "hub",
          "id": "pp-hub",
          "actions": [
            "delete",
            "create"
          ],
          "reason": "git-changed",
          "changes": [
            {
              "field": "product",
              "before": null,
              "after": "vpc",
              "reason": "git-changed"
            },
            {
              "field": "version",
              "before": null,
              "after": "v1",
              "reason": "git-changed"
            },
            {
              "field": "portfolio",
              "before": null,
              "after": "net",
              "reason": "git-changed"
            },
            {
              "field": "parameters.Cidr",
              "before": null,
              "after": "10.0.0.0/16",
              "reason": "git-changed"
            },
            {
              "field": "parameters.Password",
              "before": null,
              "after": null,
              "sensitive": true,
              "reason": "git-changed"
            },
            {
              "field": "tags.env",
              "before": null,
              "after": "prod",
              "reason": "git-changed"
            }
          ],
          "calls": [
            2,
            3
          ],
          "blocked": [],
          "waiting": [],
          "notes": []
        },
        {
          "kind": "ProvisionedProduct",
          "name": "spoke",
          "id": "pp-spoke",
          "actions": [
            "no-op"
          ],
          "changes": [],
          "calls": [],
          "blocked": [],
          "waiting": [
            {
              "on": "provisioned-product/hub",
              "message": "parameter PeerVpc needs output VpcId of provisioned-product/hub, which changes in this plan"
            }
          ],
          "notes": []
        }
      ],
      "calls": [
        {
          "id": 0,
          "call": "UpdateProduct",
          "object": "product/vpc",
          "needs": []
        },
        {
          "id": 1,
          "call": "UpdateProvisioningArtifact",
          "object": "product/vpc",
          "needs": []
        },
        {
          "id": 2,
          "call": "TerminateProvisionedProduct",
          "object": "provisioned-product/hub",
          "needs": []
        },
        {
          "id": 3,
          "call": "ProvisionProduct",
          "object": "provisioned-product/hub",
          "needs": [
            2
          ]
        }
      ],
      "orphans": [
        {
          "kind": "Portfolio",
          "name": "net",
          "id": "port-net",
          "display_name": "NET"
        }
      ],
      "left_out": [],
      "gaps": [
        {
          "scope": "the list of provisioned products",
          "operation": "ListSomething",
          "reason": "AccessDeniedException: no",
          "denied": true
        }
      ]
    }
    "##);
}

#[test]
fn drift_comes_first() {
    let mut world = World::converged(catalog());
    vpc(&mut world.desired).owner = "git".to_owned();
    world.portfolio("net").description = None;
    world
        .desired
        .portfolios
        .insert(name("a"), portfolio_of("a"));
    world.provisioned("spoke").status = ProvisionedStatus::UnderChange;
    insta::assert_snapshot!(world.text(), @r##"
      ~ portfolio/net  (drifted)
          + description: About net

      + portfolio/a  (new in git)
          + displayName: A
          + providerName: Platform
          + description: About a
          + tags cost=12
          + principal arn:aws:iam::123456789012:role/Dev
          + principal arn:aws:iam::123456789012:role/Deploy

      ~ product/vpc  (git changed)
          ~ owner: Platform → git

      … provisioned-product/spoke  (waits)
          … a change of it is under way (rec-spoke)

    Plan: 1 to create, 2 to update, 0 to replace; 5 calls. 1 waiting.
    "##);
}

#[test]
fn a_hostile_catalog_draws_nothing_on_the_terminal() {
    let mut world = World::converged(catalog());
    let hostile = "\u{1b}[2Jgone\r\n+ product/fake\u{202e}";
    let live = world.product("vpc");
    live.owner = hostile.to_owned();
    live.tags.insert(hostile.to_owned(), hostile.to_owned());
    live.versions[0].description = Some(hostile.to_owned());
    vpc(&mut world.desired).versions[0].description = Some(String::new());
    let hub = world.provisioned("hub");
    hub.status = ProvisionedStatus::Unknown(hostile.to_owned());
    hub.status_message = Some(hostile.to_owned());
    world.portfolio("net").display_name = hostile.to_owned();
    world.desired.portfolios.clear();
    world.gap(Scope::Bucket);
    world.observed.gaps[0].reason = hostile.to_owned();
    for text in [world.text(), world.status()] {
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202e}'),
            "{text}"
        );
        assert!(text.lines().all(|line| !line.starts_with("+ product/fake")));
    }
}

#[test]
fn colour_is_dress_only() {
    let world = World::empty(catalog());
    let plain = text::plan(&world.plan(), Style { color: false });
    let coloured = text::plan(&world.plan(), Style { color: true });
    assert!(coloured.contains("\u{1b}[32m"));
    let mut stripped = String::new();
    let mut rest = coloured.as_str();
    while let Some((head, tail)) = rest.split_once('\u{1b}') {
        stripped.push_str(head);
        rest = tail.split_once('m').map_or("", |(_, tail)| tail);
    }
    stripped.push_str(rest);
    assert_eq!(stripped, plain);
}

#[test]
fn long_and_later_values_are_cut_and_named() {
    let world = World::converged(catalog());
    let mut plan = world.plan();
    let object = &mut plan.objects[0];
    object.action = Action::Update;
    let reason = crate::plan::Reason::Differs;
    object.reason = Some(reason);
    let change = |field: &str, before, after| Change {
        field: field.to_owned(),
        before,
        after,
        reason,
    };
    object.changes = vec![
        change(
            "description",
            Shown::Absent,
            Shown::text("x".repeat(safe::VALUE + 9)),
        ),
        change("name", Shown::text("old"), Shown::Later),
        change("tags.empty", Shown::Absent, Shown::text("")),
    ];
    insta::assert_snapshot!(text::plan(&plan, Style::default()), @r##"
      ~ portfolio/net  (differs)
          + description: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (+9 characters)
          ~ name: old → (known later)
          + tags empty=""

    No changes. The catalog matches the manifests.
    "##);
    assert_eq!(plan.objects[0].key.kind, Kind::Portfolio);
}

#[test]
fn the_status_of_a_converged_world_is_one_line() {
    insta::assert_snapshot!(World::converged(catalog()).status(), @r##"4 objects, all synced and healthy."##);
}
