//! Every rule of the published model, broken once for every member of every operation (facts §2).

use catalogd::emulator::{Profile, operations};
use regex::Regex;
use serde_json::{Value, json};

use super::client::Bench;
use super::model::{MODEL, Shape};

/// Texts that fit one pattern of the model or another.
const FITTING: [&str; 7] = [
    "a",
    "1",
    "123456789012",
    "arn:aws:iam::123456789012:role/x",
    "o-abcdefghij",
    "r-abcd",
    "arn:aws:codestar-connections:us-east-1:123456789012:connection/0a",
];
/// Texts that most patterns do not let in.
const UNFIT: [&str; 4] = ["no way!", "!", "\u{1}", "nowhere~nothing~neverever~nobody"];

fn shape(name: &str) -> &Shape {
    &MODEL.shapes[name]
}

fn fits(shape: &Shape, text: &str) -> bool {
    let length = text.chars().count();
    let pattern = shape.pattern.as_ref().is_none_or(|pattern| {
        Regex::new(&format!(r"\A(?:{pattern})\z"))
            .unwrap()
            .is_match(text)
    });
    shape.min.is_none_or(|min| length >= min)
        && shape.max.is_none_or(|max| length <= max)
        && pattern
}

/// A value that breaks no rule, with no more than must be there.
fn sample(name: &str) -> Value {
    let shape = shape(name);
    match shape.kind.as_str() {
        "string" if !shape.values.is_empty() => json!(shape.values[0]),
        "string" => {
            let text = FITTING.iter().find(|text| fits(shape, text));
            json!(text.unwrap_or_else(|| panic!("nothing fits {name}")))
        }
        "integer" => json!(shape.min.unwrap_or(1)),
        "boolean" => json!(true),
        "timestamp" => json!(1.5e9),
        "list" => {
            let item = sample(shape.of.as_ref().unwrap());
            json!(vec![item; shape.min.unwrap_or(0)])
        }
        "map" if shape.min.unwrap_or(0) == 0 => json!({}),
        "map" => {
            let key = sample(shape.key.as_ref().unwrap());
            json!({ key.as_str().unwrap(): sample(shape.of.as_ref().unwrap()) })
        }
        "structure" => {
            let members = shape.required.iter();
            members
                .map(|name| (name.clone(), sample(&shape.members[name])))
                .collect()
        }
        kind => panic!("{kind}"),
    }
}

/// What is not as it should be, and what is said of it.
struct Broken {
    value: Value,
    says: String,
}

fn said(path: &str, rule: &str) -> String {
    format!("at '{path}' failed to satisfy constraint: {rule}")
}

/// Every way in which a value of this shape can break a rule, its own or one of something in it.
fn broken(name: &str, path: &str) -> Vec<Broken> {
    let shape = shape(name);
    let mut found = Vec::new();
    let mut breaks = |value: Value, rule: String| {
        let says = said(path, &rule);
        found.push(Broken { value, says });
    };
    let too_short =
        |what: &str, min: usize| format!("Member must have {what} greater than or equal to {min}");
    let too_long =
        |what: &str, max: usize| format!("Member must have {what} less than or equal to {max}");
    match shape.kind.as_str() {
        "string" => {
            if !shape.values.is_empty() {
                let rule = format!(
                    "Member must satisfy enum value set: [{}]",
                    shape.values.join(", ")
                );
                breaks(json!("Colour"), rule);
            }
            if let Some(max) = shape.max {
                breaks(json!("a".repeat(max + 1)), too_long("length", max));
            }
            if let Some(min) = shape.min.filter(|min| *min > 0) {
                breaks(json!("a".repeat(min - 1)), too_short("length", min));
            }
            if let Some(pattern) = &shape.pattern {
                let rule = format!("Member must satisfy regular expression pattern: {pattern}");
                let text = UNFIT.iter().find(|text| !fits(shape, text));
                if let Some(text) = text {
                    breaks(json!(text), rule);
                } else {
                    assert!(fits(shape, "\u{1}"), "{name} is not broken");
                }
            }
        }
        "integer" => {
            if let Some(max) = shape.max {
                breaks(json!(max + 1), too_long("value", max));
            }
            if let Some(min) = shape.min {
                breaks(
                    json!(i64::try_from(min).unwrap() - 1),
                    too_short("value", min),
                );
            }
        }
        "list" => {
            let of = shape.of.as_ref().unwrap();
            if let Some(max) = shape.max {
                breaks(json!(vec![sample(of); max + 1]), too_long("length", max));
            }
            if let Some(min) = shape.min.filter(|min| *min > 0) {
                breaks(json!([]), too_short("length", min));
            }
            let together = MODEL.kind(of) == "string";
            for item in broken(of, &format!("{path}.2.member")) {
                let says = if together {
                    said(path, "Member must satisfy constraint: [")
                } else {
                    item.says
                };
                found.push(Broken {
                    value: json!([sample(of), item.value]),
                    says,
                });
            }
        }
        "map" => {
            let (key, of) = (shape.key.as_ref().unwrap(), shape.of.as_ref().unwrap());
            let good = sample(key);
            let good = good.as_str().unwrap();
            for bad in broken(key, "") {
                found.push(Broken {
                    value: json!({ bad.value.as_str().unwrap(): sample(of) }),
                    says: said(path, "Map keys must satisfy constraint: ["),
                });
            }
            let together = MODEL.kind(of) == "string";
            for item in broken(of, &format!("{path}.{good}.member")) {
                let says = if together {
                    said(path, "Map value must satisfy constraint: [")
                } else {
                    item.says
                };
                found.push(Broken {
                    value: json!({ good: item.value }),
                    says,
                });
            }
        }
        "structure" => found.extend(within(name, path)),
        _ => {}
    }
    found
}

/// The same of the members of a structure.
fn within(name: &str, path: &str) -> Vec<Broken> {
    let shape = shape(name);
    let mut found = Vec::new();
    let whole = sample(name);
    for (member, of) in &shape.members {
        let mut small = member.clone();
        small[..1].make_ascii_lowercase();
        let at = if path.is_empty() {
            small
        } else {
            format!("{path}.{small}")
        };
        for item in broken(of, &at) {
            let mut value = whole.clone();
            value[member] = item.value;
            found.push(Broken {
                value,
                says: item.says,
            });
        }
        if shape.required.contains(member) {
            let mut value = whole.clone();
            value.as_object_mut().unwrap().remove(member);
            let says = format!("Value null {}", said(&at, "Member must not be null"));
            found.push(Broken { value, says });
        }
    }
    found
}

#[tokio::test(start_paused = true)]
async fn every_rule_of_every_member_is_judged() {
    let bench = Bench::new(Profile::Instant);
    let mut rules = 0;
    for operation in operations() {
        let input = &MODEL.operations[operation];
        // What breaks no rule gets past the judge.
        if let Err((code, message)) = bench.call(operation, sample(input)).await {
            assert_ne!(
                code,
                "ValidationException",
                "{operation} {}: {message}",
                sample(input)
            );
            assert_ne!(code, "SerializationException", "{operation}: {message}");
        }
        for Broken { value, says } in within(input, "") {
            let (code, message) = bench.refused(operation, value.clone()).await;
            let shown: String = value.to_string().chars().take(300).collect();
            assert_eq!(
                code, "ValidationException",
                "{operation} {shown}: {message}"
            );
            assert!(
                message.contains(&says),
                "{operation} {shown}: {message}\n lacks {says}"
            );
            let count = message.matches(" failed to satisfy constraint: ").count();
            let s = if count == 1 { "" } else { "s" };
            assert!(
                message.starts_with(&format!("{count} validation error{s} detected: ")),
                "{operation} {shown}: {message}"
            );
            rules += 1;
        }
    }
    assert!(rules > 500, "only {rules} rules were broken");
}
