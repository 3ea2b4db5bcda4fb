//! Stacks that become provisioned products.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ids::{Kind, StackArn};
use crate::model::desired::{Import, TemplateSource};
use crate::model::observed::{ImportableStack, LiveStack, ProvisionedStatus, Scope};
use crate::plan::Action;
use crate::render::testing::*;

const ARN: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/old/0a1b";

/// A converged world in which `hub` is to be imported from a stack of the very template and parameters.
fn importing() -> World {
    let mut world = World::converged(catalog());
    world.observed.provisioned.clear();
    world.desired.provisioned.remove(&name("spoke"));
    let stack = StackArn::parse(ARN).unwrap();
    let template = world.desired.templates.values().next().unwrap();
    let version = vpc(&mut world.desired.clone()).versions[0].clone();
    let TemplateSource::File { raw, .. } = &version.source else {
        panic!("a file");
    };
    let template = world.desired.templates.get(raw).unwrap_or(template);
    let template = String::from_utf8(template.bytes.to_vec()).unwrap();
    let found = ImportableStack {
        stack: LiveStack {
            arn: ARN.to_owned(),
            status: "CREATE_COMPLETE".to_owned(),
            parameters: BTreeMap::from([
                ("Cidr".to_owned(), "10.0.0.0/16".to_owned()),
                ("Password".to_owned(), "****".to_owned()),
            ]),
            outputs: BTreeMap::new(),
            tags: tags([("cost", "12"), ("env", "old"), ("aws:x", "y")]),
            notification_arns: Default::default(),
            parent: None,
        },
        template: Arc::from(template),
        version: None,
    };
    world.observed.stacks.insert(stack.clone(), found);
    let origin = at(55);
    pp(&mut world.desired, "hub").import = Some(Import { origin, stack });
    world.base = None;
    world
}

fn found(world: &mut World) -> &mut ImportableStack {
    world.observed.stacks.values_mut().next().unwrap()
}

#[test]
fn a_stack_is_imported_and_what_follows_is_said() {
    let mut world = importing();
    insta::assert_snapshot!(world.text(), @r##"
    Symbols: => take over or import

     => provisioned-product/hub  (imported from its stack)
          + import: arn:aws:cloudformation:us-east-1:123456789012:stack/old/0a1b
          + product: vpc
          + version: v1
          note: an import applies no constraints: LAUNCH and RESOURCE_UPDATE of portfolio/net from its next update on
          note: its stack has tags of its own, which an update may take away: cost; name in spec.tags those that must stay, with `tagUpdates: allowed` in the product's constraints
          note: once it is imported an update follows: tag env: (none) → prod

    Plan: 1 to import, 0 to create, 0 to update, 0 to replace; 1 call.
    "##);
    insta::assert_snapshot!(world.calls().join("\n"), @r##"
    ImportAsProvisionedProduct provisioned-product/hub needs []
    "##);
    let parameters = &mut found(&mut world).stack.parameters;
    parameters.insert("Cidr".to_owned(), "10.1.0.0/16".to_owned());
    parameters.remove("Password");
    pp(&mut world.desired, "hub").tags = None;
    let text = world.text();
    assert!(
        text.contains("note: once it is imported an update follows: parameter Cidr: 10.1.0.0/16 → 10.0.0.0/16; parameter Password: (none) → (secret)\n"),
        "{text}"
    );
}

#[test]
fn a_stack_that_cannot_be_imported_says_why() {
    let lines = |world: &World| {
        let plan = world.plan();
        let object = plan.object(Kind::ProvisionedProduct, &name("hub")).unwrap();
        assert_eq!(object.action, Action::None);
        let blocked = object.blocked.iter();
        let blocked = blocked.map(|b| format!("{}: {}", b.code.as_str(), b.message));
        let waiting = object.waiting.iter().map(|w| w.message.clone());
        blocked.chain(waiting).collect::<Vec<_>>().join("\n")
    };
    let mut said = Vec::new();
    let mut with = |change: fn(&mut World)| {
        let mut world = importing();
        change(&mut world);
        said.push(lines(&world));
    };
    with(|world| found(world).stack.status = "ROLLBACK_COMPLETE".to_owned());
    with(|world| found(world).stack.status = "UPDATE_IN_PROGRESS".to_owned());
    with(|world| found(world).stack.status = "REVIEW_IN_PROGRESS".to_owned());
    with(|world| found(world).stack.parent = Some("arn:of:the:parent".to_owned()));
    with(|world| world.observed.stacks.clear());
    with(|world| {
        world.observed.stacks.clear();
        world.gap(Scope::Stack(StackArn::parse(ARN).unwrap()));
    });
    with(|world| {
        let stack = StackArn::parse(&ARN.replace("us-east-1", "eu-west-1")).unwrap();
        let origin = at(55);
        pp(&mut world.desired, "hub").import = Some(Import { origin, stack });
    });
    with(|world| {
        let mut versions = vpc(&mut world.desired).versions.iter_mut();
        let version = versions.find(|v| v.name == "v1").unwrap();
        version.source = TemplateSource::Url("https://example.com/t".to_owned());
    });
    insta::assert_snapshot!(said.join("\n"), @r##"
    import-stack: stack arn:aws:cloudformation:us-east-1:123456789012:stack/old/0a1b is ROLLBACK_COMPLETE: it can be imported once it is one of CREATE_COMPLETE, UPDATE_COMPLETE, UPDATE_ROLLBACK_COMPLETE, IMPORT_COMPLETE, IMPORT_ROLLBACK_COMPLETE (catalog.yaml:55:3)
    stack arn:aws:cloudformation:us-east-1:123456789012:stack/old/0a1b is UPDATE_IN_PROGRESS
    import-stack: stack arn:aws:cloudformation:us-east-1:123456789012:stack/old/0a1b is REVIEW_IN_PROGRESS: it can be imported once it is one of CREATE_COMPLETE, UPDATE_COMPLETE, UPDATE_ROLLBACK_COMPLETE, IMPORT_COMPLETE, IMPORT_ROLLBACK_COMPLETE (catalog.yaml:55:3)
    import-stack: stack arn:aws:cloudformation:us-east-1:123456789012:stack/old/0a1b is a part of arn:of:the:parent: only a root stack can be imported (catalog.yaml:55:3)
    import-stack: stack arn:aws:cloudformation:us-east-1:123456789012:stack/old/0a1b is not there: name one that is, or take `import` out to have a new one launched (catalog.yaml:55:3)
    gap: it is not imported: stack arn:aws:cloudformation:us-east-1:123456789012:stack/old/0a1b could not be read (ListSomething was denied)
    import-stack: stack arn:aws:cloudformation:eu-west-1:123456789012:stack/old/0a1b is not in 123456789012/us-east-1: a stack is imported where it is (catalog.yaml:55:3)
    its stack is compared with version "v1" of product/vpc, whose template is not to be seen yet
    "##);
}

#[test]
fn a_template_that_differs_is_shown() {
    let mut world = importing();
    found(&mut world).template = Arc::from("Resources: other\n");
    insta::assert_snapshot!(world.text(), @r##"
    Blocked (1 object): left as it is until somebody acts; the rest goes on

      ! provisioned-product/hub  (blocked)
          ! import-template: stack arn:aws:cloudformation:us-east-1:123456789012:stack/old/0a1b has another template than version "v1" of product/vpc: add a version with the stack's template and name that (catalog.yaml:55:3)
              --- version v1
              +++ stack
              @@ -1 +1 @@
              - Resources: v1
              + Resources: other

    No changes can be made now. 1 blocked.
    "##);
    // The same in other words is the same.
    found(&mut world).template = Arc::from("{\"Resources\": \"v1\"}");
    assert_eq!(world.plan().objects[2].action, Action::Import);
}

#[test]
fn a_failed_import_is_left_to_a_person() {
    let mut world = World::converged(catalog());
    world.desired.provisioned.remove(&name("spoke"));
    let stack = StackArn::parse(ARN).unwrap();
    let origin = at(55);
    pp(&mut world.desired, "hub").import = Some(Import { origin, stack });
    let live = world.provisioned("hub");
    live.status = ProvisionedStatus::Error;
    live.status_message = Some("no".to_owned());
    live.ever_succeeded = false;
    live.physical_id = Some(ARN.to_owned());
    live.tags.clear();
    pp(&mut world.desired, "hub").version = "v2".to_owned();
    insta::assert_snapshot!(world.text(), @r##"
    Stalled (1 object): the same request failed before, and is not repeated until somebody acts

      ! provisioned-product/hub  (stalled)
          ! stalled: no
          next: mend what the service names, then let go of it without its stack: `aws servicecatalog terminate-provisioned-product --provisioned-product-id pp-hub --retain-physical-resources`; it is imported again then (catalog.yaml:55:3)

    Orphaned (1 object): ours, no longer in git, left alone

      · provisioned-product/spoke  (pp-spoke, "spoke")

      What to do:
          to delete one, put its manifest back with `onRemove: delete`, apply, and take it out again; to keep it for good, put its manifest back, or take its `catalogd:` tag off

    No changes can be made now. 1 stalled, 1 orphaned.
    "##);
}
