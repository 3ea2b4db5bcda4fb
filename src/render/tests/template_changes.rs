//! What a plan tells of templates that come: parameters, resources and outputs, against the version before.

use crate::model::desired::ProductType;
use crate::model::template::ParameterDecl;
use crate::render::json;
use crate::render::testing::*;

const OLD: &str = "
Parameters:
  Cidr: {Type: String}
  Password: {Type: String, NoEcho: true, Default: hunter2}
  PeerVpc: {Type: String, Default: none}
  Kind: {Type: String, AllowedValues: [a, b, c, 'd e'], Default: a}
  Gone: {Type: String}
Rules: {Old: {Assertions: []}}
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  Kept: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}
  Thing: {Type: AWS::SNS::Topic}
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Kind}}
Outputs: {VpcId: {Value: x}, Lost: {Value: x}}
";
const NEW: &str = "
Parameters:
  Cidr: {Type: String, AllowedPattern: '[0-9./]+'}
  Password: {Type: String, NoEcho: true, Default: correct horse}
  PeerVpc: {Type: String, Default: 'a\u{202e}b'}
  Kind: {Type: String, AllowedValues: [b, c, f]}
  Size: {Type: Number}
  Tier: {Type: String, Default: dev}
Resources:
  Thing: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic, DeletionPolicy: Retain, Properties: {DisplayName: !Sub '${Kind}', Tags: []}}
  More: {Type: AWS::SNS::Topic}
  Most: {Type: AWS::SNS::Topic}
Outputs: {VpcId: {Value: y}, Found: {Value: x}}
";

/// The catalog with a third version, whose template is `new`, after a second one, whose template is `old`.
fn with(old: &str, new: &str) -> World {
    let mut desired = catalog();
    let second = version(&mut desired, "v2", old);
    let product = desired.products.get_mut(&name("vpc")).unwrap();
    *product.versions.last_mut().unwrap() = second;
    let mut world = World::converged(desired);
    let third = version(&mut world.desired, "v3", new);
    let product = world.desired.products.get_mut(&name("vpc")).unwrap();
    product.versions.push(third);
    world
}

#[test]
fn a_version_that_comes_is_compared_with_the_one_before_it() {
    let world = with(OLD, NEW);
    insta::assert_snapshot!(world.text(), @r##"
      ~ product/vpc  (git changed)
          + version v3  templates/v3.yaml
              compared with v2:
              ~ parameter Cidr: AllowedPattern none → "[0-9./]+"
              - parameter Gone
              ~ parameter Kind: required, the default "a" is gone; allowed values − a, "d e" + f
              + parameter Size (Number, required)
              ~ resource type changed, which CloudFormation refuses in an update: Thing (AWS::SNS::Topic → AWS::SQS::Queue)
              - 2 resources: Kept (AWS::S3::Bucket, Retain), Table (AWS::DynamoDB::Table, with its data)
              - output Lost
              ~ parameter Password: another default (secret)
              … and 7 more lines (--verbose shows all)

    Plan: 0 to create, 1 to update, 0 to replace; 2 calls.
    "##);
    // The whole of it, with what the text folds.
    let plan = world.plan();
    let document: serde_json::Value = serde_json::from_str(&json::plan(&plan)).unwrap();
    let objects = document["objects"].as_array().unwrap();
    let told: Vec<_> = objects
        .iter()
        .filter_map(|object| object.get("templateChanges"))
        .collect();
    // As text it would turn the reader around.
    let told = serde_json::to_string_pretty(&told).unwrap();
    insta::assert_snapshot!(told.replace('\u{202e}', "<rtl>"), @r#"
    [
      [
        {
          "comparison": "full",
          "field": "versions[v3]",
          "from": "v2",
          "macros": [],
          "outputs": [
            {
              "action": "create",
              "name": "Found"
            },
            {
              "action": "delete",
              "name": "Lost"
            },
            {
              "action": "update",
              "name": "VpcId"
            }
          ],
          "parameters": [
            {
              "action": "update",
              "changes": [
                {
                  "after": "[0-9./]+",
                  "what": "AllowedPattern"
                }
              ],
              "name": "Cidr",
              "required": false
            },
            {
              "action": "delete",
              "name": "Gone",
              "required": false
            },
            {
              "action": "update",
              "changes": [
                {
                  "before": "a",
                  "what": "Default"
                },
                {
                  "added": [
                    "f"
                  ],
                  "removed": [
                    "a",
                    "d e"
                  ],
                  "what": "AllowedValues"
                }
              ],
              "name": "Kind",
              "required": true
            },
            {
              "action": "update",
              "changes": [
                {
                  "sensitive": true,
                  "what": "Default"
                }
              ],
              "name": "Password",
              "required": false
            },
            {
              "action": "update",
              "changes": [
                {
                  "after": "a<rtl>b",
                  "before": "none",
                  "what": "Default"
                }
              ],
              "name": "PeerVpc",
              "required": false
            },
            {
              "action": "create",
              "changes": [
                {
                  "after": "Number",
                  "what": "Type"
                }
              ],
              "name": "Size",
              "required": true
            },
            {
              "action": "create",
              "changes": [
                {
                  "after": "String",
                  "what": "Type"
                },
                {
                  "after": "dev",
                  "what": "Default"
                }
              ],
              "name": "Tier",
              "required": false
            }
          ],
          "resources": [
            {
              "action": "delete",
              "deletionPolicy": "Retain",
              "name": "Kept",
              "typeBefore": "AWS::S3::Bucket"
            },
            {
              "action": "create",
              "name": "More",
              "typeAfter": "AWS::SNS::Topic"
            },
            {
              "action": "create",
              "name": "Most",
              "typeAfter": "AWS::SNS::Topic"
            },
            {
              "action": "delete",
              "losesData": true,
              "name": "Table",
              "typeBefore": "AWS::DynamoDB::Table"
            },
            {
              "action": "replace",
              "name": "Thing",
              "typeAfter": "AWS::SQS::Queue",
              "typeBefore": "AWS::SNS::Topic"
            },
            {
              "action": "update",
              "name": "Topic",
              "parts": [
                "Properties.DisplayName",
                "Properties.Tags",
                "DeletionPolicy"
              ],
              "typeAfter": "AWS::SNS::Topic",
              "typeBefore": "AWS::SNS::Topic"
            }
          ],
          "rules": [
            {
              "action": "delete",
              "name": "Old"
            }
          ],
          "to": "v3"
        }
      ]
    ]
    "#);
    // Promise 8.
    let shown = format!("{plan:?}{document}{}", world.text());
    for secret in ["hunter2", "correct horse"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

#[test]
fn many_lines_are_folded_and_verbose_shows_all() {
    let parameter = |n: usize| format!("  P{n:02}: {{Type: String, Default: '{n}'}}\n");
    let parameters: String = (0..30).map(parameter).collect();
    let values: Vec<String> = (0..30).map(|n| format!("t{n}.micro")).collect();
    let resource = |n: usize| format!("  R{n:02}: {{Type: AWS::SNS::Topic}}\n");
    let resources: String = (0..30).map(resource).collect();
    let old = format!(
        "Parameters:\n  Kind: {{Type: String, AllowedValues: [{}]}}\nResources: {{}}\n",
        values.join(", ")
    );
    let new = format!(
        "Parameters:\n  Kind: {{Type: String, AllowedValues: [x]}}\n{parameters}Resources:\n{resources}"
    );
    let world = with(&old, &new);
    insta::assert_snapshot!(world.text(), @r##"
      ~ product/vpc  (git changed)
          + version v3  templates/v3.yaml
              compared with v2:
              ~ parameter Kind: allowed values − t0.micro, t1.micro, t2.micro, t3.micro, t4.micro, t5.micro and 24 more + x
              + parameter P00 (String, default "0")
              + parameter P01 (String, default "1")
              + parameter P02 (String, default "2")
              + parameter P03 (String, default "3")
              + parameter P04 (String, default "4")
              + parameter P05 (String, default "5")
              + parameter P06 (String, default "6")
              … and 24 more lines (--verbose shows all)

    Plan: 0 to create, 1 to update, 0 to replace; 2 calls.
    "##);
    let plan = world.plan();
    let object = plan
        .objects
        .iter()
        .find(|o| !o.templates.is_empty())
        .unwrap();
    let all = crate::render::template_change::lines(object, "versions[v3]", true);
    assert_eq!(all.len(), 1 + 1 + 30 + 1);
    let longest = all
        .iter()
        .map(|line| line.text.as_str())
        .max_by_key(|t| t.len())
        .unwrap();
    assert!(
        longest.contains("R29") && !longest.contains("more"),
        "{longest}"
    );
}

#[test]
fn what_is_the_same_or_cannot_be_read_is_said() {
    let texts = OLD.replace("Resources:", "Description: Other words\nResources:");
    insta::assert_snapshot!(with(OLD, &OLD.replace('\n', "  \n")).text(), @r##"
      ~ product/vpc  (git changed)
          + version v3  templates/v3.yaml
              the same template as v2

    Plan: 0 to create, 1 to update, 0 to replace; 2 calls.
    "##);
    insta::assert_snapshot!(with(OLD, &texts).text(), @r##"
      ~ product/vpc  (git changed)
          + version v3  templates/v3.yaml

    Plan: 0 to create, 1 to update, 0 to replace; 2 calls.
    "##);
    insta::assert_snapshot!(with(OLD, "Resources: [").text(), @r##"
      ~ product/vpc  (git changed)
          + version v3  templates/v3.yaml
              not compared with v2: the new template can't be read: while parsing a node, did not find expected node content, at line 2 column 1

    Plan: 0 to create, 1 to update, 0 to replace; 2 calls.
    "##);
    insta::assert_snapshot!(with("- no template", NEW).text(), @r##"
      ~ product/vpc  (git changed)
          + version v3  templates/v3.yaml
              not compared with v2: the former template can't be read: it is no map

    Plan: 0 to create, 1 to update, 0 to replace; 2 calls.
    "##);
    // Nothing is a template that another engine runs.
    let mut world = with(OLD, NEW);
    let product = world.desired.products.get_mut(&name("vpc")).unwrap();
    product.product_type = ProductType::External;
    assert!(world.plan().objects.iter().all(|o| o.templates.is_empty()));
}

#[test]
fn of_a_product_that_is_made_only_what_matters_is_told() {
    let world = World::empty(with(OLD, NEW).desired);
    let plan = world.plan();
    let product = plan
        .objects
        .iter()
        .find(|o| !o.templates.is_empty())
        .unwrap();
    let told = |verbose| {
        let lines = crate::render::template_change::lines(product, "versions[v3]", verbose);
        let lines: Vec<String> = lines
            .iter()
            .map(|l| format!("{} {}", l.sign, l.text))
            .collect();
        lines.join("\n")
    };
    insta::assert_snapshot!(told(false), @r##"
      compared with v2:
    ~ parameter Cidr: AllowedPattern none → "[0-9./]+"
    - parameter Gone
    ~ parameter Kind: required, the default "a" is gone; allowed values − a, "d e" + f
    + parameter Size (Number, required)
    ~ resource type changed, which CloudFormation refuses in an update: Thing (AWS::SNS::Topic → AWS::SQS::Queue)
    - 2 resources: Kept (AWS::S3::Bucket, Retain), Table (AWS::DynamoDB::Table, with its data)
    - output Lost
    "##);
    assert!(told(true).contains("+ 2 resources: More (AWS::SNS::Topic), Most (AWS::SNS::Topic)"));
}

#[test]
fn a_mutable_version_is_compared_with_what_is_live() {
    let mut world = with(OLD, NEW);
    let take = |world: &mut World, body: &str| {
        let mut other = version(&mut world.desired, "v2", body);
        other.mutable = true;
        let product = world.desired.products.get_mut(&name("vpc")).unwrap();
        product.versions.pop();
        product.versions.pop();
        product.versions.push(other);
        world
            .desired
            .templates
            .retain(|_, t| *t.bytes != *OLD.as_bytes());
    };
    take(&mut world, NEW);
    // What was applied last is known.
    insta::assert_snapshot!(world.text(), @r#"
    Drift (1 object): changed in the catalog, not only in git; applying makes it as git says

      ~ provisioned-product/spoke  (drifted)
          ~ version: v2 (pa-vpc-v2) → v2
              compared with v2 (pa-vpc-v2):
              ~ parameter Cidr: AllowedPattern none → "[0-9./]+"
              - parameter Gone
              ~ parameter Kind: required, the default "a" is gone; allowed values − a, "d e" + f
              + parameter Size (Number, required)
              ~ resource type changed, which CloudFormation refuses in an update: Thing (AWS::SNS::Topic → AWS::SQS::Queue)
              - 2 resources: Kept (AWS::S3::Bucket, Retain), Table (AWS::DynamoDB::Table, with its data)
              - output Lost
              ~ parameter Password: another default (secret)
              … and 7 more lines (--verbose shows all)
          note: the update is refused: CloudFormation changes no resource's type (Thing (AWS::SNS::Topic → AWS::SQS::Queue))
          note: the update removes Table (AWS::DynamoDB::Table) with its data: the version that runs says no DeletionPolicy for it

    Changes (1 object): as git says

      ~ product/vpc  (git changed)
          ~ version v2 template: pa-vpc-v2 → templates/v2.yaml
              compared with pa-vpc-v2:
              ~ parameter Cidr: AllowedPattern none → "[0-9./]+"
              - parameter Gone
              ~ parameter Kind: required, the default "a" is gone; allowed values − a, "d e" + f
              + parameter Size (Number, required)
              ~ resource type changed, which CloudFormation refuses in an update: Thing (AWS::SNS::Topic → AWS::SQS::Queue)
              - 2 resources: Kept (AWS::S3::Bucket, Retain), Table (AWS::DynamoDB::Table, with its data)
              - output Lost
              ~ parameter Password: another default (secret)
              … and 7 more lines (--verbose shows all)
          ! blocked in part, see below: version-in-use

    Blocked (1 object): left as it is until somebody acts; the rest goes on

      ! product/vpc  (blocked in part)
          ! version-in-use: version "v2" (pa-vpc-v2) has a successor of its name but stays active, because provisioned product "spoke" (pp-spoke) uses it: move that to the new one, or wait until it has moved (catalog.yaml:20:3)

    Plan: 0 to create, 2 to update, 0 to replace; 3 calls. 1 drifted, 1 blocked.
    "#);
    // Without that only what the service says of the parameters.
    world.base = None;
    insta::assert_snapshot!(world.text(), @r#"
    Changes (2 objects): as git says

      ~ product/vpc  (differs)
          ~ version v2 template: pa-vpc-v2 → templates/v2.yaml
              compared with pa-vpc-v2:
              + parameter Kind (String, required)
              + parameter Size (Number, required)
              ~ parameter Password: default (secret), no longer required
              ~ parameter PeerVpc: default "a\u{202e}b", no longer required
              + parameter Tier (String, default "dev")
          ! blocked in part, see below: version-in-use

      ~ provisioned-product/spoke  (differs)
          ~ version: v2 (pa-vpc-v2) → v2
              compared with v2 (pa-vpc-v2):
              + parameter Kind (String, required)
              + parameter Size (Number, required)
              ~ parameter Password: default (secret), no longer required
              ~ parameter PeerVpc: default "a\u{202e}b", no longer required
              + parameter Tier (String, default "dev")

    Blocked (1 object): left as it is until somebody acts; the rest goes on

      ! product/vpc  (blocked in part)
          ! version-in-use: version "v2" (pa-vpc-v2) has a successor of its name but stays active, because provisioned product "spoke" (pp-spoke) uses it: move that to the new one, or wait until it has moved (catalog.yaml:20:3)

    Plan: 0 to create, 2 to update, 0 to replace; 3 calls. 1 blocked.
    "#);
}

#[test]
fn what_runs_is_told_what_another_version_means_for_it() {
    let mut world = with(OLD, NEW);
    let product = world.desired.products.get_mut(&name("vpc")).unwrap();
    let new = product.versions[2].clone();
    world
        .base
        .as_mut()
        .unwrap()
        .products
        .get_mut(&name("vpc"))
        .unwrap()
        .versions
        .push(new);
    let mut desired = world.desired.clone();
    pp(&mut desired, "hub").version = "v2".to_owned();
    let mut world = World::converged(desired);
    pp(&mut world.desired, "hub").version = "v3".to_owned();
    insta::assert_snapshot!(world.text(), @r#"
    Changes (1 object): as git says

      ~ provisioned-product/hub  (git changed)
          ~ version: v2 → v3
              compared with v2:
              ~ parameter Cidr: AllowedPattern none → "[0-9./]+"
              - parameter Gone
              ~ parameter Kind: required, the default "a" is gone; allowed values − a, "d e" + f
              + parameter Size (Number, required)
              ~ resource type changed, which CloudFormation refuses in an update: Thing (AWS::SNS::Topic → AWS::SQS::Queue)
              - 2 resources: Kept (AWS::S3::Bucket, Retain), Table (AWS::DynamoDB::Table, with its data)
              - output Lost
              ~ parameter Password: another default (secret)
              … and 7 more lines (--verbose shows all)
          note: the update is refused: CloudFormation changes no resource's type (Thing (AWS::SNS::Topic → AWS::SQS::Queue))
          note: the update removes Table (AWS::DynamoDB::Table) with its data: the version that runs says no DeletionPolicy for it

    Waiting (1 object): planned in a following pass, which apply makes by itself

      … provisioned-product/spoke  (waits for provisioned-product/hub)
          … parameter PeerVpc needs output VpcId of provisioned-product/hub, which changes in this plan

    Plan: 0 to create, 1 to update, 0 to replace; 1 call. 1 waiting.
    "#);
    // What macros of somebody's own make of the resources is theirs to know.
    let mut world = with(OLD, &format!("Transform: Mine\n{NEW}"));
    let mut desired = world.desired.clone();
    pp(&mut desired, "hub").version = "v2".to_owned();
    world = World::converged(desired);
    pp(&mut world.desired, "hub").version = "v3".to_owned();
    let text = world.text();
    assert!(
        !text.contains("note: the update") && text.contains("the macro Mine"),
        "{text}"
    );
}

#[test]
fn parameters_that_only_the_service_names_are_compared() {
    let mut world = with(OLD, NEW);
    let service = |key: &str, no_echo, default: Option<&str>| ParameterDecl {
        key: key.to_owned(),
        no_echo,
        default: default.map(str::to_owned),
    };
    let live = world.product("vpc").versions.last_mut().unwrap();
    let content = live.content.as_mut().unwrap();
    content.content = crate::ids::Digest::of(b"somewhere else");
    content.parameters = Some(vec![
        service("Cidr", false, None),
        service("Password", true, Some("********")),
        service("Kind", false, Some("a")),
        service("Gone", false, None),
    ]);
    let mut other = version(&mut world.desired, "v2", NEW);
    other.mutable = true;
    let product = world.desired.products.get_mut(&name("vpc")).unwrap();
    product.versions.truncate(1);
    product.versions.push(other);
    world.base = None;
    insta::assert_snapshot!(world.text(), @r#"
    Changes (2 objects): as git says

      ~ product/vpc  (differs)
          ~ version v2 template: pa-vpc-v2 → templates/v2.yaml
              compared with pa-vpc-v2:
              - parameter Gone
              ~ parameter Kind: required, the default "a" is gone
              + parameter Size (Number, required)
              + parameter PeerVpc (String, default "a\u{202e}b")
              + parameter Tier (String, default "dev")
          ! blocked in part, see below: version-in-use

      ~ provisioned-product/spoke  (differs)
          ~ version: v2 (pa-vpc-v2) → v2
              compared with v2 (pa-vpc-v2):
              - parameter Gone
              ~ parameter Kind: required, the default "a" is gone
              + parameter Size (Number, required)
              + parameter PeerVpc (String, default "a\u{202e}b")
              + parameter Tier (String, default "dev")

    Blocked (1 object): left as it is until somebody acts; the rest goes on

      ! product/vpc  (blocked in part)
          ! version-in-use: version "v2" (pa-vpc-v2) has a successor of its name but stays active, because provisioned product "spoke" (pp-spoke) uses it: move that to the new one, or wait until it has moved (catalog.yaml:20:3)

    Plan: 0 to create, 2 to update, 0 to replace; 3 calls. 1 blocked.
    "#);
}
