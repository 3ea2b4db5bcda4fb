//! The catalogs that the rows start from. Each field that a row changes has a value in one of them.

use std::path::Path;

use catalogd::emulator::{Profile, seed};
use catalogd::model::owner::Installation;

use super::super::kit::{CATALOG, SIZE};
use super::super::{copying, imported, importing, shares};
use crate::world::World;

/// A catalog, and what was there before it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Base {
    /// The scenarios' small catalog: a portfolio, a product in it, what is launched of it; and [`MORE`].
    Small,
    /// Every kind of list and constraint, and the ways in which a version can be given.
    Whole,
    /// Shares with an account, the organization and a unit of it.
    Shares,
    /// A portfolio of another account, and one that has a product of it.
    Imported,
    /// A copy of somebody's product.
    Copied,
    /// A product that the service syncs with a repository.
    Synced,
    /// A provisioned product that was a stack.
    Import,
    /// Products that say nothing of themselves.
    Defaults,
    /// A provisioned product as a stack set.
    StackSet,
}

/// One of each kind that can stand alone.
const MORE: &str = r#"---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: lone, onRemove: delete}
spec:
  providerName: Lone
---
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: free, onRemove: delete}
spec:
  key: free
  value: one
  active: true
"#;

/// Kinds, lists and constraints that the small catalog lacks. Nothing is launched here.
const WHOLE: &str = r#"apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: spare}
spec: {providerName: Spare}
---
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: stage-prod}
spec: {key: stage, value: prod}
---
apiVersion: catalogd.dev/v1
kind: TagOption
metadata: {name: stage-dev}
spec: {key: stage, value: dev}
---
apiVersion: catalogd.dev/v1
kind: ServiceAction
metadata: {name: restart}
spec:
  name: Restart
  description: Restarts the instance
  definition:
    name: AWS-RestartEC2Instance
    version: "1"
    assumeRole: arn:aws:iam::${account}:role/Actions
    parameters:
      - {name: InstanceId, type: TARGET}
---
apiVersion: catalogd.dev/v1
kind: ServiceAction
metadata: {name: stop}
spec:
  definition: {name: AWS-StopEC2Instance, version: "1", assumeRole: LAUNCH_ROLE}
---
apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: more}
spec:
  providerName: More
  tagOptions: [stage-prod]
  budgets: [monthly]
  principals:
    - pattern: arn:aws:iam:::role/Ops*
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: plain}
spec:
  owner: Plain Team
  type: CLOUD_FORMATION_TEMPLATE
  tagOptions: [stage-dev]
  budgets: [yearly]
  serviceActions: [restart]
  unlistedVersions: keep
  retention: {active: 2, older: INACTIVE}
  portfolios:
    - portfolio: more
      constraints:
        launch: {roleArn: 'arn:aws:iam::${account}:role/Plain'}
        notification: {topics: ['arn:aws:sns:us-east-1:${account}:a']}
        template: {rules: {Size: {Assertions: [{Assert: {Fn::Contains: [[one, two], {Ref: Size}]}}]}}}
  versions:
    - {name: w1, template: size.yaml}
    - {name: w2, template: size.yaml, serviceActions: [stop]}
    - {name: w3, templateUrl: 'https://theirs.s3.us-east-1.amazonaws.com/one'}
    - {name: w4, template: own.yaml, mutable: true, ref: tagged}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: fleet}
spec:
  owner: Fleet
  portfolios:
    - portfolio: more
      constraints:
        stackSet:
          accounts: ['123456789012']
          regions: [us-east-1]
          adminRole: 'arn:aws:iam::${account}:role/Admin'
          executionRole: Exec
  versions:
    - {name: f1, template: size.yaml}
    - name: f2
      fromStack: arn:aws:cloudformation:us-east-1:123456789012:stack/old/9a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f
"#;

/// A template at somebody's URL, and a stack of somebody's.
const THEIRS: &str = r#"
- {service: s3, operation: CreateBucket, input: {Bucket: theirs}}
- {service: s3, operation: PutObject, input: {Bucket: theirs, Key: one, Body: "Resources: {One: {Type: 'AWS::SNS::Topic'}}"}}
- {service: s3, operation: PutObject, input: {Bucket: theirs, Key: two, Body: "Resources: {Two: {Type: 'AWS::SNS::Topic'}}"}}
- service: cloudformation
  operation: CreateStack
  ids: [9a1b2c3d-0a1b-4a1b-8a1b-0a1b2c3d4e5f]
  input: {StackName: old, TemplateBody: "Resources: {One: {Type: 'AWS::SNS::Topic'}}"}
"#;

const SYNCED: &str = r#"apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: synced}
spec:
  owner: Us
  sourceConnection:
    type: CODESTAR
    connectionArn: arn:${partition}:codestar-connections:${region}:${account}:connection/1a
    repository: us/catalog
    branch: main
    artifactPath: vpc.yaml
"#;

/// What a product inherits from its folder. It stands below the product, so that a row finds it in one file.
const DEFAULTS: &str = r#"apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {providerName: Platform}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: vpc}
spec:
  versions: [{name: v1, template: size.yaml}]
---
apiVersion: catalogd.dev/v1
kind: Defaults
spec:
  owner: Everybody
  distributor: Platform Team
  support: {email: all@example.com}
  tags: {team: all}
  portfolios: [{portfolio: net}]
"#;

const STACK_SET: &str = r#"apiVersion: catalogd.dev/v1
kind: Portfolio
metadata: {name: net}
spec: {providerName: Platform, principals: [{self: true}]}
---
apiVersion: catalogd.dev/v1
kind: Product
metadata: {name: fleet}
spec:
  owner: Us
  portfolios:
    - portfolio: net
      constraints:
        stackSet:
          accounts: ['123456789012', '210987654321']
          regions: [us-east-1, eu-west-1]
          adminRole: 'arn:aws:iam::${account}:role/Admin'
          executionRole: Exec
  versions:
    - {name: v1, template: size.yaml}
---
apiVersion: catalogd.dev/v1
kind: ProvisionedProduct
metadata: {name: baseline}
spec:
  product: fleet
  version: v1
  stackSet:
    accounts: ['123456789012']
    regions: [us-east-1]
    failureToleranceCount: 1
    maxConcurrencyCount: 2
"#;

impl Base {
    /// The world with its catalog, which is not applied yet.
    pub(super) async fn world(self) -> World {
        let text = |text: String| {
            let world = World::new();
            world
                .write("size.yaml", SIZE)
                .write("other.yaml", SIZE.replace("Topic:", "Other:"))
                .write("own.yaml@tagged", SIZE.replace("Topic:", "Own:"))
                .write("own.yaml@later", SIZE.replace("Topic:", "Later:"))
                .write("own.yaml", SIZE.replace("Topic:", "Now:"))
                .write("catalog.yaml", text);
            world
        };
        let mut world = match self {
            Self::Small => text(format!("{CATALOG}{MORE}")),
            Self::Whole => {
                let world = text(WHOLE.to_owned());
                let loaded = seed::load_text(&world.emulator, THEIRS, Path::new("")).await;
                loaded.unwrap();
                world
            }
            Self::Shares => {
                let world = shares::unapplied(Profile::Local, 1).await;
                let text = world.text("catalog.yaml");
                let named = |key: &str| {
                    let (_, rest) = text.split_once(key).unwrap();
                    rest.lines().next().unwrap().to_owned()
                };
                for (file, key) in NAMES {
                    world.write(file, named(key));
                }
                world
            }
            Self::Imported => imported::offered(Profile::Instant, 1).await,
            Self::Copied => copying::world().await,
            Self::Synced => text(SYNCED.to_owned()),
            Self::Import => {
                // In one file, where a row finds it.
                let world = importing::world().await;
                let whole = format!(
                    "{}---\n{}",
                    world.text("catalog.yaml"),
                    world.text("legacy.yaml")
                );
                world.write("catalog.yaml", whole).write("legacy.yaml", "");
                world
            }
            Self::Defaults => text(DEFAULTS.to_owned()),
            Self::StackSet => text(STACK_SET.to_owned()),
        };
        // A name of its own: under the default one nothing that leaves git goes.
        world.installation = Installation::parse("team").unwrap();
        world
    }
}

/// Where the ids are kept that the embedded AWS draws, and where they stand in the catalog.
const NAMES: [(&str, &str); 2] = [
    ("organization.id", "organization: "),
    ("unit.id", "organizationalUnit: "),
];

/// Puts the ids of the organization and its unit in place of `<organization>` and `<unit>`.
pub(super) fn with_names(world: &World, text: &str) -> String {
    NAMES.iter().fold(text.to_owned(), |text, (file, _)| {
        let name = format!("<{}>", file.trim_end_matches(".id"));
        match text.contains(&name) {
            true => text.replace(&name, &world.text(file)),
            false => text,
        }
    })
}
