use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::*;
use crate::clock::Entropy;
use crate::emulator::api::{ApiError, Caller, Ctx, Timing};
use crate::emulator::cfn::change_set::ResourceChange;
use crate::emulator::cfn::{ChangeStack, NewStack, Param, ParamValue};
use crate::emulator::ids::Pins;

const TOPIC: &str = "Resources: {T: {Type: 'AWS::SNS::Topic'}}";

struct World {
    stacks: Stacks,
    now: Timestamp,
    entropy: Entropy,
    pins: Pins,
    timing: Timing,
}

impl World {
    fn new(per_resource: u64) -> Self {
        Self {
            stacks: Stacks::default(),
            now: Timestamp::UNIX_EPOCH,
            entropy: Entropy::seeded(1),
            pins: Pins::default(),
            timing: Timing {
                stack_start: Duration::from_secs(u64::from(per_resource > 0)),
                per_resource: Duration::from_secs(per_resource),
                record_end: Duration::ZERO,
                creating: Duration::ZERO,
                copying: Duration::ZERO,
                sharing: Duration::ZERO,
            },
        }
    }

    fn ctx(&mut self) -> (&mut Stacks, Ctx<'_>) {
        let caller = Caller {
            account: "123456789012".to_owned(),
            arn: String::new(),
            principal: String::new(),
        };
        let ctx = Ctx {
            caller,
            region: "us-east-1".to_owned(),
            now: self.now,
            entropy: &mut self.entropy,
            pins: &mut self.pins,
            timing: self.timing,
        };
        (&mut self.stacks, ctx)
    }

    fn create(&mut self, new: NewStack) -> Result<String, ApiError> {
        let (stacks, mut ctx) = self.ctx();
        stacks.create(&mut ctx, new)
    }

    fn make(&mut self, name: &str, template: &str) -> String {
        self.create(new(name, template)).unwrap()
    }

    fn update(&mut self, id: &str, template: &str, parameters: Vec<Param>) -> Result<(), ApiError> {
        let (stacks, mut ctx) = self.ctx();
        stacks.update(
            &mut ctx,
            id,
            ChangeStack {
                template: Some(bytes(template)),
                parameters,
                ..ChangeStack::default()
            },
        )
    }

    fn delete(&mut self, id: &str) -> Result<(), ApiError> {
        let (stacks, mut ctx) = self.ctx();
        stacks.delete(&mut ctx, id)
    }

    fn pass(&mut self, seconds: i64) {
        self.now += jiff::SignedDuration::from_secs(seconds);
        self.stacks.settle(self.now);
    }

    fn status(&self, id: &str) -> &'static str {
        self.stacks.get(id).unwrap().status.as_str()
    }

    /// Every state the stack and its resources went through, as `LogicalId STATUS`.
    fn story(&self, id: &str) -> Vec<String> {
        let stack = self.stacks.get(id).unwrap();
        stack
            .events
            .iter()
            .map(|event| {
                let who = if event.logical_id == stack.name {
                    "-"
                } else {
                    &event.logical_id
                };
                format!("{who} {}", event.status)
            })
            .collect()
    }
}

fn bytes(template: &str) -> Bytes {
    Bytes::copy_from_slice(template.as_bytes())
}

fn new(name: &str, template: &str) -> NewStack {
    NewStack {
        name: name.to_owned(),
        template: bytes(template),
        ..NewStack::default()
    }
}

#[test]
fn a_stack_comes_up_in_its_time() {
    let mut world = World::new(2);
    let id = world.make(
        "s",
        "Resources: {A: {Type: 'AWS::S3::Bucket'}, B: {Type: 'AWS::SNS::Topic', Properties: {X: !Ref A}}}
Outputs: {Z: {Value: !Ref B, Description: d}, Y: {Value: !GetAtt A.Arn}}",
    );
    let stack = world.stacks.get("s").unwrap();
    assert_eq!(stack.status.as_str(), "CREATE_IN_PROGRESS");
    assert_eq!(stack.created.as_second(), 1);
    assert!(stack.outputs.is_empty() && stack.ended.is_none());
    world.pass(4);
    assert_eq!(
        world.story(&id),
        [
            "- CREATE_IN_PROGRESS",
            "A CREATE_IN_PROGRESS",
            "A CREATE_COMPLETE",
            "B CREATE_IN_PROGRESS"
        ]
    );
    world.pass(1);
    let stack = world.stacks.get(&id).unwrap();
    assert_eq!(stack.status.as_str(), "CREATE_COMPLETE");
    assert_eq!(stack.ended.unwrap().as_second(), 5);
    let keys: Vec<&str> = stack.outputs.iter().map(|o| o.key.as_str()).collect();
    assert_eq!(keys, ["Z", "Y"]);
    assert!(stack.output("Y").unwrap().starts_with("arn:aws:s3:::s-a-"));
    let before = world.stacks.get(&id).cloned();
    world.pass(1000);
    assert_eq!(world.stacks.get(&id).cloned(), before);
}

#[test]
fn without_delays_a_stack_is_up_at_once() {
    let mut world = World::new(0);
    let id = world.make("s", TOPIC);
    assert_eq!(world.status(&id), "CREATE_COMPLETE");
    assert!(world.stacks.is_idle());
    world.delete("s").unwrap();
    assert_eq!(world.status(&id), "DELETE_COMPLETE");
    assert!(world.stacks.get("s").is_none());
    // The name is free again, and the new stack is another.
    assert_ne!(world.make("s", TOPIC), id);
}

#[test]
fn what_create_refuses() {
    let mut world = World::new(0);
    world.make("s", TOPIC);
    let needs = "Parameters: {KeyName: {Type: String}}\nResources: {T: {Type: 'AWS::SNS::Topic'}}";
    let mut said = |new: NewStack| world.create(new).unwrap_err().to_string();
    assert_eq!(
        said(new("s", TOPIC)),
        "AlreadyExistsException: Stack [s] already exists"
    );
    assert_eq!(
        said(new("t", needs)),
        "ValidationError: Parameters: [KeyName] must have values"
    );
    assert_eq!(
        said(NewStack {
            parameters: vec![Param::text("X", "1")],
            ..new("t", TOPIC)
        }),
        "ValidationError: Parameters: [X] do not exist in the template"
    );
    assert_eq!(
        said(NewStack {
            parameters: vec![Param::text("KeyName", "a"), Param::text("KeyName", "b")],
            ..new("t", needs)
        }),
        "ValidationError: Parameter KeyName is given twice."
    );
    let large = format!("{TOPIC}{}", " ".repeat(1_000_000));
    assert_eq!(
        said(new("t", &large)),
        "ValidationError: Template may not exceed 1000000 bytes in size."
    );
    assert_eq!(
        said(new(
            "t",
            "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {RoleName: x}}}"
        )),
        "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]"
    );
    assert!(said(new("a_b", TOPIC)).contains("at 'stackName' failed to satisfy constraint"));
}

#[test]
fn a_wait_that_nobody_ends_rolls_the_stack_back() {
    let mut world = World::new(1);
    let id = world.make(
        "s",
        "Resources:
  B: {Type: 'AWS::S3::Bucket'}
  H: {Type: 'AWS::CloudFormation::WaitConditionHandle'}
  W: {Type: 'AWS::CloudFormation::WaitCondition', DependsOn: B, Properties: {Handle: !Ref H, Timeout: 30}}
",
    );
    world.pass(32);
    assert_eq!(world.status(&id), "CREATE_IN_PROGRESS");
    world.pass(1);
    assert_eq!(world.status(&id), "ROLLBACK_IN_PROGRESS");
    world.pass(10);
    let stack = world.stacks.get(&id).unwrap();
    assert_eq!(stack.status.as_str(), "ROLLBACK_COMPLETE");
    assert_eq!(
        stack.status_reason.as_deref(),
        Some("The following resource(s) failed to create: [W]. Rollback requested by user.")
    );
    let failed = stack
        .events
        .iter()
        .find(|e| e.status == "CREATE_FAILED")
        .unwrap();
    assert_eq!(
        failed.reason.as_deref(),
        Some("WaitCondition timed out. Received 0 conditions when expecting 1")
    );
    assert!(world.story(&id).contains(&"B DELETE_COMPLETE".to_owned()));
    assert_eq!(
        world.update(&id, TOPIC, vec![]).unwrap_err().message,
        format!("Stack:{id} is in ROLLBACK_COMPLETE state and can not be updated.")
    );
}

#[test]
fn a_wait_that_another_resource_can_end_is_believed_to() {
    let mut world = World::new(1);
    let id = world.make(
        "s",
        "Resources:
  H: {Type: 'AWS::CloudFormation::WaitConditionHandle'}
  I: {Type: 'AWS::EC2::Instance', Properties: {UserData: !Sub 'cfn-signal ${H}'}}
  W: {Type: 'AWS::CloudFormation::WaitCondition', Properties: {Handle: !Ref H, Timeout: 30}}
",
    );
    world.pass(10);
    assert_eq!(world.status(&id), "CREATE_COMPLETE");
}

const VERSIONS: &str = "Parameters: {Name: {Type: String, Default: one}, Secret: {Type: String, NoEcho: true, Default: s}}
Resources:
  Keep: {Type: 'AWS::SNS::Topic'}
  Change: {Type: 'AWS::SQS::Queue', Properties: {Tag: !Ref Name}}
Outputs: {Name: {Value: !Ref Name}}
";

#[test]
fn an_update_touches_what_changed_only() {
    let mut world = World::new(1);
    let id = world.make("s", VERSIONS);
    world.pass(10);
    let kept = world.stacks.get(&id).unwrap().resources["Keep"].clone();
    assert_eq!(world.stacks.get(&id).unwrap().parameters[1].value, "****");
    assert_eq!(
        world.update(&id, VERSIONS, vec![]).unwrap_err().message,
        "No updates are to be performed."
    );
    let other = VERSIONS.replace("  Keep:", "  New: {Type: 'AWS::SNS::Topic'}\n  Keep:");
    let secret = Param {
        key: "Secret".to_owned(),
        value: ParamValue::Previous,
    };
    world
        .update(&id, &other, vec![Param::text("Name", "two"), secret])
        .unwrap();
    assert_eq!(
        world.update(&id, VERSIONS, vec![]).unwrap_err().message,
        format!("Stack:{id} is in UPDATE_IN_PROGRESS state and can not be updated.")
    );
    assert_eq!(world.stacks.get(&id).unwrap().output("Name"), Some("one"));
    world.pass(10);
    assert_eq!(world.status(&id), "UPDATE_COMPLETE");
    let stack = world.stacks.get(&id).unwrap();
    assert_eq!(stack.output("Name"), Some("two"));
    assert_eq!(stack.resources["Keep"].physical_id, kept.physical_id);
    assert_eq!(stack.resources["Keep"].status, "CREATE_COMPLETE");
    assert_eq!(stack.resources["Change"].status, "UPDATE_COMPLETE");
    // Back, and the new one goes in the clean-up.
    world.update(&id, VERSIONS, vec![]).unwrap();
    let from = world.stacks.get(&id).unwrap().events.len();
    world.pass(10);
    assert_eq!(
        world.story(&id)[from..],
        [
            "- UPDATE_IN_PROGRESS",
            "Change UPDATE_IN_PROGRESS",
            "Change UPDATE_COMPLETE",
            "- UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            "New DELETE_IN_PROGRESS",
            "New DELETE_COMPLETE",
            "- UPDATE_COMPLETE"
        ]
    );
    assert!(!world.stacks.get(&id).unwrap().resources.contains_key("New"));
}

#[test]
fn a_failed_update_goes_back() {
    let mut world = World::new(1);
    let id = world.make("s", VERSIONS);
    world.pass(10);
    let before = world.stacks.get(&id).cloned().unwrap();
    world.stacks.order(Order {
        stack: "s*".to_owned(),
        resource: "Change".to_owned(),
        reason: Some("no luck".to_owned()),
        takes: None,
    });
    let other = VERSIONS.replace("  Keep:", "  New: {Type: 'AWS::SNS::Topic'}\n  Keep:");
    world
        .update(&id, &other, vec![Param::text("Name", "two")])
        .unwrap();
    world.pass(20);
    let stack = world.stacks.get(&id).unwrap();
    assert_eq!(stack.status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(
        stack.status_reason.as_deref(),
        Some("The following resource(s) failed to update: [Change].")
    );
    assert_eq!(
        world.story(&id)[before.events.len()..],
        [
            "- UPDATE_IN_PROGRESS",
            "New CREATE_IN_PROGRESS",
            "New CREATE_COMPLETE",
            "Change UPDATE_IN_PROGRESS",
            "Change UPDATE_FAILED",
            "- UPDATE_ROLLBACK_IN_PROGRESS",
            "Change UPDATE_IN_PROGRESS",
            "Change UPDATE_COMPLETE",
            "- UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            "New DELETE_IN_PROGRESS",
            "New DELETE_COMPLETE",
            "- UPDATE_ROLLBACK_COMPLETE"
        ]
    );
    assert_eq!(stack.template, before.template);
    assert_eq!(stack.parameters, before.parameters);
    assert_eq!(stack.outputs, before.outputs);
    // One order is one failure: the same change works now.
    world
        .update(&id, &other, vec![Param::text("Name", "two")])
        .unwrap();
    world.pass(20);
    assert_eq!(world.status(&id), "UPDATE_COMPLETE");
}

#[test]
fn buckets_are_made_once_and_go_only_when_empty() {
    let mut world = World::new(1);
    let named = |name: &str| {
        format!("Resources: {{B: {{Type: 'AWS::S3::Bucket', Properties: {{BucketName: {name}}}}}}}")
    };
    let reason = |world: &World, id: &str| {
        let stack = world.stacks.get(id).unwrap();
        stack
            .events
            .iter()
            .find(|e| e.reason.is_some() && e.logical_id == "B")
            .unwrap()
            .reason
            .clone()
            .unwrap()
    };
    let first = world.make("one", &named("data-1"));
    let second = world.make("two", &named("data-1"));
    let third = world.make("three", &named("Data"));
    world.pass(30);
    assert_eq!(world.status(&first), "CREATE_COMPLETE");
    assert_eq!(world.status(&second), "ROLLBACK_COMPLETE");
    assert_eq!(reason(&world, &second), "data-1 already exists");
    assert_eq!(
        reason(&world, &third),
        "Bucket name should not contain uppercase characters"
    );
    world.stacks.buckets.put("data-1", "k", b"v");
    world.delete("one").unwrap();
    world.pass(30);
    let stack = world.stacks.get(&first).unwrap();
    assert_eq!(stack.status.as_str(), "DELETE_FAILED");
    assert_eq!(
        stack.status_reason.as_deref(),
        Some("The following resource(s) failed to delete: [B].")
    );
    let (stacks, mut ctx) = world.ctx();
    stacks
        .delete_retaining(&mut ctx, "one", &["B".to_owned()])
        .unwrap();
    world.pass(30);
    assert_eq!(world.status(&first), "DELETE_COMPLETE");
    assert_eq!(
        world
            .story(&first)
            .iter()
            .filter(|s| *s == "B DELETE_SKIPPED")
            .count(),
        1
    );
}

#[test]
fn exports_tie_stacks_together() {
    let mut world = World::new(1);
    let exporter = "Resources: {T: {Type: 'AWS::SNS::Topic'}}\nOutputs: {O: {Value: v, Export: {Name: shared}}}";
    let importer =
        "Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {X: !ImportValue shared}}}";
    let early = world.make("early", importer);
    let id = world.make("exporter", exporter);
    world.pass(30);
    assert_eq!(
        world.stacks.get(&early).unwrap().status_reason.as_deref(),
        Some("No export named shared found. Rollback requested by user.")
    );
    let user = world.make("user", importer);
    let twin = world.make("twin", exporter);
    world.pass(30);
    assert_eq!(world.status(&user), "CREATE_COMPLETE");
    assert_eq!(
        world
            .stacks
            .get(&twin)
            .unwrap()
            .status_reason
            .clone()
            .unwrap(),
        format!(
            "Export with name shared is already exported by stack {id}. Rollback requested by user."
        )
    );
    world.delete("exporter").unwrap();
    assert_eq!(world.status(&id), "DELETE_FAILED");
    world.delete("user").unwrap();
    world.pass(30);
    world.delete("exporter").unwrap();
    world.pass(30);
    assert_eq!(world.status(&id), "DELETE_COMPLETE");
}

#[test]
fn equal_input_gives_equal_stacks() {
    let run = || {
        let mut world = World::new(1);
        let id = world.make("s", VERSIONS);
        world.pass(2);
        world.pass(10);
        world.stacks.get(&id).cloned().unwrap()
    };
    assert_eq!(run(), run());
    // In one leap or second by second: the same.
    let mut world = World::new(1);
    let id = world.make("s", VERSIONS);
    for _ in 0..12 {
        world.pass(1);
    }
    assert_eq!(world.stacks.get(&id).cloned().unwrap(), run());
}

#[test]
fn a_snapshot_does_not_move() {
    let mut world = World::new(1);
    let id = world.make("s", TOPIC);
    let snapshot = world.stacks.clone();
    world.pass(10);
    assert_eq!(
        snapshot.get(&id).unwrap().status.as_str(),
        "CREATE_IN_PROGRESS"
    );
    assert_eq!(world.status(&id), "CREATE_COMPLETE");
}

/// What `Fn::RefAll` and `Fn::ValueOf` find.
const NET: &str = "
Resources:
  One: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16, Tags: [{Key: Env, Value: prod}]}}
  Two: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.1.0.0/16}}
  In: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref One, CidrBlock: 10.0.1.0/24, AvailabilityZone: us-east-1b}}
Outputs: {One: {Value: !Ref One}, Two: {Value: !Ref Two}, In: {Value: !Ref In}}
";

#[test]
fn rules_are_judged_by_parameters_and_by_what_is_there() {
    let mut world = World::new(0);
    let id = world.make("net", NET);
    let stack = world.stacks.get(&id).unwrap().clone();
    let made = |key: &str| stack.output(key).unwrap().to_owned();
    let table = [
        ("!Equals [!Ref P, a]", "true"),
        ("!Equals [!Ref P, b]", "no"),
        ("!Not [!Equals [!Ref P, b]]", "true"),
        ("!And [!Equals [a, a], !Equals [!Ref P, a]]", "true"),
        ("!And [!Equals [a, a], !Equals [!Ref P, b]]", "no"),
        ("!Or [!Equals [a, b], !Equals [!Ref P, a]]", "true"),
        ("!Or [!Equals [a, b], !Equals [!Ref P, b]]", "no"),
        ("!Contains [[a, b], !Ref P]", "true"),
        ("!Contains [[b, c], !Ref P]", "no"),
        ("!EachMemberIn [!Ref L, [x, y, z]]", "true"),
        ("!EachMemberIn [!Ref L, [x, z]]", "no"),
        ("!EachMemberEquals [[a, a], !Ref P]", "true"),
        ("!EachMemberEquals [!Ref L, x]", "no"),
        ("!Equals [!Ref 'AWS::Region', us-east-1]", "true"),
        ("!Contains [!RefAll 'AWS::EC2::VPC::Id', !Ref V]", "true"),
        ("!Contains [!RefAll 'AWS::EC2::Subnet::Id', !Ref V]", "no"),
        (
            "!Contains [!RefAll 'AWS::EC2::AvailabilityZone::Name', us-east-1a]",
            "true",
        ),
        ("!Equals [!ValueOf [V, Tags.Env], prod]", "true"),
        ("!Equals [!ValueOf [W, Tags.Env], prod]", "no"),
        ("!EachMemberEquals [!ValueOf [S, VpcId], !Ref V]", "true"),
        ("!EachMemberEquals [!ValueOf [S, VpcId], !Ref W]", "no"),
        (
            "!EachMemberEquals [!ValueOf [S, AvailabilityZone], us-east-1b]",
            "true",
        ),
        (
            "!EachMemberIn [!ValueOfAll ['AWS::EC2::Subnet::Id', VpcId], !RefAll 'AWS::EC2::VPC::Id']",
            "true",
        ),
        (
            "!Contains [!ValueOfAll ['AWS::EC2::VPC::Id', Tags.Env], prod]",
            "true",
        ),
        (
            "!Equals [!ValueOf [X, Tags.Env], prod]",
            "Parameter validation failed: parameter value vpc-none for parameter name X does not exist",
        ),
        (
            "!Ref P",
            "Template error: a rule must evaluate to true or false.",
        ),
        (
            "!Equals [!Ref T, a]",
            "Template format error: Unresolved dependencies [T]. Cannot reference resources in the Rules block of the template",
        ),
        (
            "!If [c, !Ref P, !Ref P]",
            "Template error: Fn::If is not supported, or has the wrong number of arguments, in the Rules block.",
        ),
    ];
    for (assert, expected) in table {
        let template = format!(
            "Parameters:
  P: {{Type: String, Default: a}}
  L: {{Type: CommaDelimitedList, Default: 'x,y'}}
  V: {{Type: 'AWS::EC2::VPC::Id', Default: {}}}
  W: {{Type: 'AWS::EC2::VPC::Id', Default: {}}}
  X: {{Type: 'AWS::EC2::VPC::Id', Default: vpc-none}}
  S: {{Type: 'List<AWS::EC2::Subnet::Id>', Default: {}}}
Rules: {{R: {{Assertions: [{{Assert: {assert}, AssertDescription: 'no'}}]}}}}
Resources: {{T: {{Type: 'AWS::SNS::Topic'}}}}",
            made("One"),
            made("Two"),
            made("In"),
        );
        let said = world.create(new("ruled", &template));
        let said = match said {
            Ok(id) => {
                world.delete(&id).unwrap();
                "true".to_owned()
            }
            Err(error) => error.message,
        };
        assert_eq!(said, expected, "{assert}");
    }
}

#[test]
fn a_rule_holds_only_under_its_condition_and_all_its_assertions_count() {
    let mut world = World::new(0);
    let mut said = |rules: &str| {
        let template = format!("Rules: {rules}\n{TOPIC}");
        world
            .create(new("ruled", &template))
            .map_err(|error| error.message)
    };
    let no = "{Assert: !Equals [a, b], AssertDescription: no}";
    let yes = "{Assert: !Equals [a, a]}";
    assert_eq!(
        said(&format!("{{R: {{Assertions: [{yes}, {no}]}}}}")).unwrap_err(),
        "no"
    );
    assert_eq!(
        said("{R: {Assertions: [{Assert: !Equals [a, b]}]}}").unwrap_err(),
        "Assertion of rule R failed."
    );
    assert!(said("{R: {Assertions: []}}").is_err());
    let held = format!("{{R: {{RuleCondition: !Equals [a, a], Assertions: [{no}]}}}}");
    assert_eq!(said(&held).unwrap_err(), "no");
    let lax = held.replace("[a, a]", "[a, c]");
    assert!(said(&lax).is_ok());
}

#[test]
fn a_stack_in_review_is_made_by_its_execution_or_deleted() {
    let mut world = World::new(1);
    let review = |world: &mut World, name: &str| {
        let (stacks, mut ctx) = world.ctx();
        stacks.review(&mut ctx, &new(name, TOPIC))
    };
    let (id, changes) = review(&mut world, "s").unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(world.status(&id), "REVIEW_IN_PROGRESS");
    assert!(world.stacks.is_idle() && world.stacks.get(&id).unwrap().resources.is_empty());
    let taken = world.create(new("s", TOPIC)).unwrap_err();
    assert_eq!(taken.code, "AlreadyExistsException");
    assert_eq!(
        review(&mut world, "s").unwrap_err().code,
        "AlreadyExistsException"
    );
    let early = world.update(&id, TOPIC, vec![]).unwrap_err();
    assert!(
        early
            .message
            .ends_with("is in REVIEW_IN_PROGRESS state and can not be updated.")
    );
    world.pass(3600);
    let execute = |world: &mut World| {
        let (stacks, mut ctx) = world.ctx();
        stacks.execute_review(&mut ctx, &id, new("s", TOPIC))
    };
    execute(&mut world).unwrap();
    world.pass(10);
    assert_eq!(
        world.story(&id),
        [
            "- REVIEW_IN_PROGRESS",
            "- CREATE_IN_PROGRESS",
            "T CREATE_IN_PROGRESS",
            "T CREATE_COMPLETE",
            "- CREATE_COMPLETE"
        ]
    );
    assert_eq!(
        world.stacks.get(&id).unwrap().created,
        Timestamp::UNIX_EPOCH
    );
    assert!(execute(&mut world).is_err(), "only once");

    let (other, _) = review(&mut world, "other").unwrap();
    world.delete(&other).unwrap();
    world.pass(10);
    assert_eq!(world.status(&other), "DELETE_COMPLETE");
    review(&mut world, "other").unwrap();
}

#[test]
fn a_change_set_names_what_changes_and_changes_nothing() {
    let mut world = World::new(0);
    let template = |name: &str| {
        format!("Parameters: {{P: {{Type: String, Default: a}}}}
Resources:
  Q: {{Type: 'AWS::SQS::Queue', Properties: {{QueueName: {name}}}}}
  T: {{Type: 'AWS::SNS::Topic', Metadata: {{M: {name}}}, Properties: {{DisplayName: !Sub '${{P}}'}}}}
  U: {{Type: 'AWS::SNS::Topic', Properties: {{DisplayName: !Ref Q}}}}")
    };
    let id = world.make("s", &template("one"));
    let before = world.stacks.get(&id).unwrap().clone();
    let mut preview = |template: &str, parameters: Vec<Param>| {
        let change = ChangeStack {
            template: Some(bytes(template)),
            parameters,
            ..ChangeStack::default()
        };
        let (stacks, ctx) = world.ctx();
        stacks.preview(&ctx, &id, &change)
    };
    let said = |changes: Vec<ResourceChange>| -> Vec<String> {
        let all = changes.iter().flat_map(|change| {
            change.details.iter().map(move |detail| {
                let (of, why) = (detail.property.as_deref(), detail.cause.as_deref());
                format!(
                    "{} {:?} {of:?} by {why:?} {}",
                    change.logical_id, detail.aspect, change.replacement
                )
            })
        });
        all.collect()
    };
    assert_eq!(
        said(preview(&template("two"), vec![Param::text("P", "b")]).unwrap()),
        [
            "Q Properties Some(\"QueueName\") by None true",
            "T Properties Some(\"DisplayName\") by Some(\"P\") false",
            "T Metadata None by None false",
            "U Properties Some(\"DisplayName\") by Some(\"Q\") false",
        ]
    );
    let same = preview(&template("one"), vec![]).unwrap_err().message;
    assert!(
        same.starts_with("The submitted information didn't contain changes."),
        "{same}"
    );
    let other = preview(&format!("{}\n", template("one")), vec![])
        .unwrap_err()
        .message;
    assert_eq!(other, "No updates are to be performed.");
    assert_eq!(world.stacks.get(&id), Some(&before));
}

#[test]
fn the_stacks_that_were_deleted_first_are_forgotten() {
    let mut world = World::new(0);
    let mut ids = Vec::new();
    for number in 0..MAX_DELETED + 2 {
        world.now = Timestamp::from_second(i64::try_from(number).unwrap()).unwrap();
        let id = world.make("again", TOPIC);
        let (stacks, mut ctx) = world.ctx();
        stacks.delete(&mut ctx, &id).unwrap();
        stacks.settle(ctx.now);
        ids.push(id);
    }
    world.make("alive", TOPIC);
    assert_eq!(world.stacks.iter().count(), MAX_DELETED + 1);
    assert!(world.stacks.get(&ids[1]).is_none());
    assert!(world.stacks.get(&ids[2]).is_some());
}

#[test]
fn a_failed_update_leaves_policies_topics_and_capabilities_as_they_were() {
    let mut world = World::new(1);
    let id = world.make("s", VERSIONS);
    world.pass(10);
    let before = world.stacks.get(&id).cloned().unwrap();
    world.stacks.order(Order {
        stack: "s".to_owned(),
        resource: "Change".to_owned(),
        reason: Some("no luck".to_owned()),
        takes: None,
    });
    let retained = VERSIONS.replace(
        "Keep: {Type: 'AWS::SNS::Topic'}",
        "Keep: {Type: 'AWS::SNS::Topic', DeletionPolicy: Retain}",
    );
    let change = ChangeStack {
        template: Some(retained.into()),
        parameters: vec![Param::text("Name", "two")],
        notification_arns: Some(vec!["arn:aws:sns:us-east-1:1:t".to_owned()]),
        capabilities: vec!["CAPABILITY_IAM".to_owned()],
        ..ChangeStack::default()
    };
    let now = world.now;
    let mut entropy = world.entropy.clone();
    let mut ctx = Ctx {
        caller: crate::emulator::default_caller("1"),
        region: "us-east-1".to_owned(),
        now,
        entropy: &mut entropy,
        pins: &mut Pins::default(),
        timing: world.timing,
    };
    world.stacks.update(&mut ctx, &id, change).unwrap();
    world.pass(20);
    let stack = world.stacks.get(&id).unwrap();
    assert_eq!(stack.status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
    assert!(!stack.resources["Keep"].retain);
    assert_eq!(stack.notification_arns, before.notification_arns);
    assert_eq!(stack.capabilities, before.capabilities);
}
