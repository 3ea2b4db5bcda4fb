//! Random templates, most of them wrong somewhere: made into stacks, changed and deleted. None is fatal, all come to rest,
//! and what is deleted is gone or says why not.
//!
//! `CATALOGD_TEMPLATES=FROM..TO` tries these seeds instead of the usual ones.

use std::time::Duration;

use bytes::Bytes;
use catalogd::clock::Entropy;
use catalogd::emulator::cfn::{
    ChangeStack, NewStack, Param, ParamValue, Stack, StackStatus, Template,
};
use catalogd::emulator::faults::{Faults, StackFault};
use catalogd::emulator::{Emulator, Profile};
use serde_json::{Map, Value, json};

use super::sdk::{ACCOUNT, emulator};
use crate::shared::{Seed, asked_seeds};

const REGION: &str = "us-east-1";

/// Names that templates use for everything, so that they meet.
const NAMES: [&str; 9] = [
    "A",
    "B",
    "C",
    "P",
    "L",
    "N",
    "AWS::Region",
    "AWS::NoValue",
    "é",
];

const TEXTS: [&str; 16] = [
    "",
    "a",
    "a,b",
    ",",
    "10.0.0.0/16",
    "999.0.0.0/99",
    "${A}",
    "${A.Arn}",
    "${",
    "${!x}${B}",
    "${AWS::AccountId}",
    "0",
    "-1",
    "99999999999999999999",
    "\u{0}",
    "{{resolve:ssm:/a:1}}",
];

const TYPES: [&str; 12] = [
    "AWS::SNS::Topic",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::IAM::Role",
    "AWS::SSM::Parameter",
    "AWS::CloudFormation::Stack",
    "AWS::CloudFormation::Macro",
    "AWS::CloudFormation::WaitConditionHandle",
    "Custom::Thing",
    "AWS::EC2::VPC",
    "AWS",
    "",
];

const FUNCTIONS: [&str; 24] = [
    "Ref",
    "Fn::GetAtt",
    "Fn::Sub",
    "Fn::Join",
    "Fn::Split",
    "Fn::Select",
    "Fn::If",
    "Fn::FindInMap",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::GetAZs",
    "Fn::ImportValue",
    "Fn::Length",
    "Fn::ToJsonString",
    "Fn::Transform",
    "Fn::ForEach::X",
    "Fn::And",
    "Fn::Or",
    "Fn::Not",
    "Fn::Equals",
    "Condition",
    "Fn::Contains",
    "Fn::ValueOf",
    "Fn::Nonesuch",
];

fn pick<'a>(random: &mut Entropy, all: &[&'a str]) -> &'a str {
    all[random.below(all.len() as u64) as usize]
}

fn seldom<T>(usual: T, other: T, random: &mut Entropy) -> T {
    if random.chance(0.1) { other } else { usual }
}

/// A value that may be a function, with arguments that mostly suit it.
fn value(random: &mut Entropy, depth: u64) -> Value {
    if depth == 0 || random.chance(0.35) {
        return match random.below(12) {
            0 => json!(random.below(3)),
            1 => json!(random.chance(0.5)),
            2 => json!(-1.5e300),
            3 => json!([]),
            4 => json!({}),
            5 => json!(null),
            6 => json!(i64::MIN),
            7 => json!({"Ref": pick(random, &NAMES)}),
            _ => json!(pick(random, &TEXTS)),
        };
    }
    let name = pick(random, &NAMES);
    let one = |random: &mut Entropy| value(random, depth - 1);
    let function = pick(random, &FUNCTIONS);
    let argument = if random.chance(0.12) {
        one(random)
    } else {
        match function {
            "Ref" | "Condition" => json!(name),
            "Fn::GetAtt" => json!([
                name,
                pick(random, &["Arn", "TopicName", "Outputs.X", "", "a.b.c"])
            ]),
            "Fn::Sub" => match random.below(2) {
                0 => json!(pick(random, &TEXTS)),
                _ => json!([pick(random, &TEXTS), {"A": one(random)}]),
            },
            "Fn::Join" => json!([pick(random, &TEXTS), [one(random), one(random)]]),
            "Fn::Split" => json!([pick(random, &[",", "", "a"]), one(random)]),
            "Fn::Select" => json!([
                random.below(3),
                seldom(json!([one(random), "x"]), json!({"Ref": "L"}), random)
            ]),
            "Fn::If" => json!([
                pick(random, &["Yes", "No", "Loop", ""]),
                one(random),
                one(random)
            ]),
            "Fn::FindInMap" => json!(["Map", pick(random, &["a", "b"]), one(random)]),
            "Fn::Cidr" => json!(["10.0.0.0/16", random.below(300), one(random)]),
            "Fn::And" | "Fn::Or" | "Fn::Equals" => json!([one(random), one(random)]),
            "Fn::Not" => json!([one(random)]),
            "Fn::Transform" => {
                json!({"Name": pick(random, &["AWS::Include", "Mine"]), "Parameters": {"a": one(random)}})
            }
            "Fn::ForEach::X" => json!(["I", ["a", "b"], {"T${I}": one(random)}]),
            "Fn::Contains" => json!([[one(random)], one(random)]),
            _ => one(random),
        }
    };
    match random.below(8) {
        0 => json!([one(random), one(random)]),
        1 => json!({"a": one(random), "b": one(random)}),
        _ => json!({ function: argument }),
    }
}

fn condition(random: &mut Entropy, depth: u64) -> Value {
    if depth == 0 || random.chance(0.3) {
        return match random.below(5) {
            0 => json!({"Condition": pick(random, &["Yes", "No", "Loop"])}),
            1 => value(random, 1),
            _ => json!({"Fn::Equals": [{"Ref": "P"}, pick(random, &TEXTS)]}),
        };
    }
    let one = |random: &mut Entropy| condition(random, depth - 1);
    match random.below(3) {
        0 => json!({"Fn::Not": [one(random)]}),
        1 => json!({"Fn::And": [one(random), one(random)]}),
        _ => json!({"Fn::Or": [one(random), one(random)]}),
    }
}

fn template(random: &mut Entropy) -> Value {
    let mut resources = Map::new();
    for name in ["A", "B", "C"].iter().take(1 + random.below(3) as usize) {
        let mut properties = Map::new();
        for _ in 0..random.below(3) {
            let property = pick(
                random,
                &[
                    "DisplayName",
                    "BucketName",
                    "Name",
                    "Type",
                    "Value",
                    "TopicName",
                    "Tags",
                    "x",
                ],
            );
            properties.insert(property.to_owned(), value(random, 3));
        }
        let kinds = if random.chance(0.9) {
            &TYPES[..5]
        } else {
            &TYPES[..]
        };
        let mut resource = json!({"Type": pick(random, kinds), "Properties": properties});
        if random.chance(0.2) {
            resource["DependsOn"] =
                seldom(json!(pick(random, &NAMES[..3])), json!(["A", 7]), random);
        }
        if random.chance(0.2) {
            resource["Condition"] = json!(pick(random, &["Yes", "No", "Loop", "None"]));
        }
        if random.chance(0.2) {
            resource["DeletionPolicy"] = json!(pick(
                random,
                &["Retain", "Delete", "Snapshot", "RetainExceptOnCreate", "x"]
            ));
        }
        if random.chance(0.1) {
            resource["Metadata"] = value(random, 2);
        }
        resources.insert((*name).to_owned(), resource);
    }
    let mut template = json!({
        "Parameters": {
            "P": {"Type": "String", "Default": "a"},
            "L": {"Type": "CommaDelimitedList", "Default": pick(random, &["a,b", "", ","])},
            "N": {"Type": "Number", "Default": "1", "MaxValue": 3},
        },
        "Conditions": {"Yes": condition(random, 2), "No": condition(random, 2)},
        "Mappings": {"Map": {"a": {"a": "x", "b": ["y"]}, "b": {"a": 1}}},
        "Resources": resources,
    });
    for _ in 0..random.below(3) {
        let key = format!("O{}", random.below(3));
        template["Outputs"][&key] = json!({"Value": value(random, 3)});
        if random.chance(0.3) {
            template["Outputs"][&key]["Export"] =
                json!({"Name": seldom(json!("shared"), value(random, 1), random)});
        }
    }
    if random.chance(0.15) {
        template["Rules"] = json!({"R": {"RuleCondition": value(random, 2), "Assertions": [{"Assert": value(random, 2)}]}});
    }
    if random.chance(0.1) {
        template["Transform"] = value(random, 1);
    }
    if random.chance(0.1) {
        template["Conditions"]["Loop"] = json!({"Condition": "Loop"});
    }
    if random.chance(0.1) {
        let section = pick(
            random,
            &[
                "Parameters",
                "Conditions",
                "Mappings",
                "Resources",
                "Outputs",
                "Metadata",
                "Rules",
                "X",
            ],
        );
        template[section] = value(random, 2);
    }
    template
}

/// Its text, now and then spoilt.
fn text(random: &mut Entropy) -> Bytes {
    let template = template(random);
    let text = if random.chance(0.5) {
        template.to_string()
    } else {
        serde_yaml::to_string(&template).unwrap()
    };
    let mut bytes = text.into_bytes();
    if random.chance(0.1) {
        let at = random.below(bytes.len() as u64) as usize;
        bytes[at] = random.below(256) as u8;
    }
    if random.chance(0.05) {
        bytes.truncate(random.below(bytes.len() as u64) as usize);
    }
    Bytes::from(bytes)
}

fn parameters(random: &mut Entropy) -> Vec<Param> {
    let mut parameters = Vec::new();
    for key in ["P", "L", "N", "X"] {
        if random.chance(0.2) {
            parameters.push(match random.below(4) {
                0 => Param {
                    key: key.to_owned(),
                    value: ParamValue::Previous,
                },
                1 => Param::text(key, "2"),
                _ => Param::text(key, pick(random, &TEXTS)),
            });
        }
    }
    parameters
}

fn seen(emulator: &Emulator) -> Vec<Stack> {
    emulator.with_stacks(ACCOUNT, REGION, |stacks, _| {
        stacks.iter().cloned().collect()
    })
}

/// One stack's life, beside two others.
async fn life(seed: u64) -> usize {
    let mut random = Entropy::seeded(seed);
    let emulator = emulator(seldom(Profile::Local, Profile::Aws, &mut random));
    if random.chance(0.3) {
        emulator.set_faults(Faults {
            stacks: vec![StackFault {
                stack: "*".to_owned(),
                resource: pick(&mut random, &["*", "A", "B"]).to_owned(),
                reason: Some("it is so".to_owned()),
                takes: None,
                ..StackFault::default()
            }],
            ..Faults::default()
        });
    }
    let capabilities = vec![
        "CAPABILITY_NAMED_IAM".to_owned(),
        "CAPABILITY_AUTO_EXPAND".to_owned(),
    ];
    let mut fine = 0;
    for _ in 0..8 {
        let name = pick(&mut random, &["one", "two", "one", "three-3", "", "-", "é"]).to_owned();
        let template = text(&mut random);
        // The two ways to look at a template alone.
        let _ = Template::parse(&template).map(|template| template.check());
        let parameters = parameters(&mut random);
        let what = random.below(5);
        let answer = emulator.with_stacks(ACCOUNT, REGION, |stacks, ctx| match what {
            0 => stacks.delete(ctx, &name),
            1 | 2 => {
                let id = stacks
                    .get(&name)
                    .map_or(name.clone(), |stack| stack.id.clone());
                stacks.update(
                    ctx,
                    &id,
                    ChangeStack {
                        template: Some(template),
                        parameters,
                        capabilities: capabilities.clone(),
                        ..ChangeStack::default()
                    },
                )
            }
            _ => {
                let new = NewStack {
                    name,
                    template,
                    parameters,
                    capabilities: capabilities.clone(),
                    ..NewStack::default()
                };
                stacks.create(ctx, new).map(|_| ())
            }
        });
        match answer {
            Ok(()) => fine += 1,
            Err(error) => assert!(
                !error.message.is_empty() && error.status < 500 || error.status == 501,
                "{error:?}"
            ),
        }
        if random.chance(0.7) {
            emulator
                .clock()
                .sleep(Duration::from_secs_f64(random.fraction() * 3.0))
                .await;
        }
        if random.chance(0.2) {
            let state = emulator.state().unwrap();
            emulator.restore(&state).unwrap();
            assert_eq!(emulator.state().unwrap(), state);
        }
    }
    emulator.clock().sleep(Duration::from_secs(3600)).await;
    for stack in seen(&emulator) {
        assert!(stack.status.is_terminal(), "{stack:?}");
        assert!(stack.ended.is_some(), "{stack:?}");
    }
    emulator.set_faults(Faults::default());
    // What imports goes before what exports.
    for _ in 0..3 {
        for stack in seen(&emulator) {
            let _ =
                emulator.with_stacks(ACCOUNT, REGION, |stacks, ctx| stacks.delete(ctx, &stack.id));
        }
        emulator.clock().sleep(Duration::from_secs(3600)).await;
    }
    for stack in seen(&emulator) {
        let gone = stack.status == StackStatus::DeleteComplete;
        let failed = stack.status == StackStatus::DeleteFailed && stack.status_reason.is_some();
        assert!(gone || failed, "{stack:?}");
    }
    fine
}

#[tokio::test(start_paused = true)]
async fn random_templates_come_to_rest() {
    let mut fine = 0;
    let asked = asked_seeds("CATALOGD_TEMPLATES");
    let seeds = asked.clone().unwrap_or(0..150);
    let count = (seeds.end - seeds.start) as usize;
    for seed in seeds {
        let _told = Seed {
            variable: "CATALOGD_TEMPLATES",
            seed,
        };
        fine += life(seed).await;
    }
    // Each life has eight steps: one of them at least should lead somewhere.
    assert!(fine > count || asked.is_some(), "{fine} of {count} lives");
}

fn create(emulator: &Emulator, template: String) -> Result<String, String> {
    emulator.with_stacks(ACCOUNT, REGION, |stacks, ctx| {
        let new = NewStack {
            name: "grown".to_owned(),
            template: Bytes::from(template),
            ..NewStack::default()
        };
        stacks.create(ctx, new).map_err(|error| error.message)
    })
}

/// A topic whose name is a function of a function, and so on.
fn nested(depth: usize, around: impl Fn(Value) -> Value) -> String {
    let inner = (0..depth).fold(json!("ab"), |inner, _| around(inner));
    json!({"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": inner}}}})
        .to_string()
}

/// Each of these has a few hundred bytes and would take more memory, or time, than there is.
#[test]
fn templates_that_would_grow_without_end_are_refused() {
    let emulator = emulator(Profile::Instant);
    for template in [
        nested(
            20,
            |inner| json!({"Fn::Sub": ["${A}${A}${A}", {"A": inner}]}),
        ),
        nested(
            40,
            |inner| json!({"Fn::Join": [inner, ["a", "b", "c", "d"]]}),
        ),
        nested(40, |inner| json!({"Fn::ToJsonString": {"\"": inner}})),
        nested(80, |inner| json!({"Fn::Base64": inner})),
    ] {
        let refused = create(&emulator, template).unwrap_err();
        assert_eq!(refused, "Template error: its functions make too much of it");
    }
    let fine = nested(
        8,
        |inner| json!({"Fn::Sub": ["${A}${A}${A}", {"A": inner}]}),
    );
    create(&emulator, fine).unwrap();
    let list = format!("a: &a [{}]\n", "0,".repeat(20_000));
    let aliases = format!("{list}b: [{}]\nResources: {{}}\n", "*a,".repeat(20_000));
    let refused = Template::parse(aliases.as_bytes()).unwrap_err();
    assert!(refused.starts_with("Template format error: "), "{refused}");
}

/// Each condition asks twice for the next: one by one that would never end.
#[test]
fn conditions_are_judged_once() {
    let emulator = emulator(Profile::Instant);
    let mut conditions = Map::new();
    for n in 10..45 {
        let next = json!({"Condition": format!("C{}", n + 1)});
        conditions.insert(format!("C{n}"), json!({"Fn::And": [next, next]}));
    }
    let resources = json!({"T": {"Type": "AWS::SNS::Topic", "Condition": "C10"}});
    let end = |end: Value| {
        let mut conditions = conditions.clone();
        conditions.insert("C45".to_owned(), end);
        json!({"Conditions": conditions, "Resources": resources}).to_string()
    };
    let circle = create(&emulator, end(json!({"Fn::Not": [{"Condition": "C10"}]}))).unwrap_err();
    assert_eq!(
        circle,
        "Template format error: Circular dependency in the Conditions block"
    );
    create(&emulator, end(json!({"Fn::Equals": ["a", "a"]}))).unwrap();
}

/// What is made of the deepest template that is read can be read again from a state file.
#[tokio::test(start_paused = true)]
async fn the_deepest_template_is_kept_in_a_state() {
    let emulator = emulator(Profile::Local);
    let deepest = |depth: usize| {
        let value = (0..depth).fold(json!("a"), |inner, _| json!([inner]));
        let topic = json!({"Type": "AWS::SNS::Topic", "Properties": {"Tags": value}, "Metadata": {"a": value}});
        json!({"Resources": {"T": topic}}).to_string()
    };
    let depth = (0..130)
        .take_while(|depth| Template::parse(deepest(*depth).as_bytes()).is_ok())
        .count();
    assert!((80..120).contains(&depth), "{depth}");
    create(&emulator, deepest(depth - 1)).unwrap();
    // Under way and done.
    for _ in 0..3 {
        let state = emulator.state().unwrap();
        emulator.restore(&state).unwrap();
        assert_eq!(emulator.state().unwrap(), state);
        emulator.clock().sleep(Duration::from_millis(400)).await;
    }
}
