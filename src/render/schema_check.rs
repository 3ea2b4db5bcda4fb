//! Holds what is printed for machines to the schemas in `docs/`. For tests, of this crate and of the binary alike.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

const PLAN: &str = include_str!("../../docs/plan.schema.json");
const APPLY: &str = include_str!("../../docs/apply.schema.json");

static PLANS: LazyLock<Validator> = LazyLock::new(|| compiled(strict(PLAN)));
static LINES: LazyLock<Validator> = LazyLock::new(|| {
    let mut apply = strict(APPLY);
    // A schema that another names is carried along, as a bundle.
    apply["$defs"]["plan"] = strict(PLAN);
    compiled(apply)
});

/// Asserts that this is a plan as documented, and returns it.
#[track_caller]
pub(crate) fn plan(text: &str) -> Value {
    checked(&PLANS, text)
}

/// Asserts that this is a line of an apply as documented, and returns it.
#[track_caller]
pub(crate) fn line(text: &str) -> Value {
    checked(&LINES, text)
}

#[track_caller]
fn checked(schema: &Validator, text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap();
    let errors = schema.iter_errors(&value);
    let errors: Vec<String> = errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}\n{text}", errors.join("\n"));
    value
}

fn compiled(schema: Value) -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

/// The schema without room for what it does not name: readers pass over that, but here it would be undocumented.
fn strict(schema: &str) -> Value {
    fn close(value: &mut Value) {
        match value {
            Value::Object(map) => {
                if map.contains_key("properties") {
                    map.insert("additionalProperties".to_owned(), Value::Bool(false));
                }
                map.values_mut().for_each(close);
            }
            Value::Array(items) => items.iter_mut().for_each(close),
            _ => {}
        }
    }
    let mut schema = serde_json::from_str(schema).unwrap();
    close(&mut schema);
    schema
}

#[test]
fn what_is_not_documented_is_seen() {
    let unknown = r#"{"time": "2026-01-01T00:00:00Z", "type": "error", "message": "x", "more": 1}"#;
    assert!(!LINES.is_valid(&serde_json::from_str(unknown).unwrap()));
    let known = unknown.replace(", \"more\": 1", "");
    line(&known);
    for wrong in [known.replace("error", "eror"), known.replace("2026", "now")] {
        assert!(
            !LINES.is_valid(&serde_json::from_str(&wrong).unwrap()),
            "{wrong}"
        );
    }
}
