//! Requests judged by the published model: required members, lengths, patterns, enums, ranges.
//!
//! The Rust SDK checks none of this and botocore only part of it (facts §2), so violations do reach
//! the service, which answers `ValidationException`. The tables are written by `model/generate.py`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{LazyLock, OnceLock};

use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::api::ApiError;
use super::wire::serialization;

/// How deep a request may nest; the model's deepest input has five levels.
const MAX_DEPTH: usize = 16;
/// A request that breaks more rules than this is not told the rest.
const MAX_VIOLATIONS: usize = 50;

/// What one service's published model says of its requests.
#[derive(Deserialize)]
pub(super) struct Model {
    /// The input's shape by operation; empty for one of which no more than the name is known here.
    operations: BTreeMap<String, String>,
    shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
struct Shape {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    members: BTreeMap<String, String>,
    #[serde(default)]
    required: Vec<String>,
    of: Option<String>,
    key: Option<String>,
    min: Option<i64>,
    max: Option<i64>,
    pattern: Option<String>,
    #[serde(rename = "enum", default)]
    values: Vec<String>,
    #[serde(skip)]
    compiled: OnceLock<Option<Regex>>,
}

#[derive(Deserialize, PartialEq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Structure,
    List,
    Map,
    String,
    Integer,
    Boolean,
    Timestamp,
}

/// Service Catalog's.
static MODEL: LazyLock<Model> =
    LazyLock::new(|| Model::read(include_str!("model/servicecatalog.json")));
/// Systems Manager's, as far as parameters go.
pub(super) static SSM: LazyLock<Model> =
    LazyLock::new(|| Model::read(include_str!("model/ssm.json")));
/// The tagging service's.
pub(super) static TAGGING: LazyLock<Model> =
    LazyLock::new(|| Model::read(include_str!("model/resourcegroupstaggingapi.json")));

/// Whether the model has an operation of this name, implemented here or not.
pub(super) fn known(operation: &str) -> bool {
    MODEL.known(operation)
}

/// The names of all operations of the model, sorted.
pub(super) fn operations() -> impl Iterator<Item = &'static str> {
    MODEL.operations.keys().map(String::as_str)
}

/// The largest page the model allows for `operation`, if it pages at all (facts §5).
pub(super) fn page_limit(operation: &str) -> Option<u64> {
    let input = MODEL.shapes.get(MODEL.operations.get(operation)?)?;
    let size = MODEL.shapes.get(input.members.get("PageSize")?)?;
    size.max.and_then(|max| u64::try_from(max).ok())
}

/// Judges a request of Service Catalog.
///
/// # Errors
/// As [`Model::check`].
pub(super) fn check(operation: &str, input: &Map<String, Value>) -> Result<(), ApiError> {
    MODEL.check(operation, input)
}

impl Model {
    fn read(table: &str) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "the tables are part of the program and a test reads them"
        )]
        serde_json::from_str(table).expect("the table parses")
    }

    /// Whether the service has an operation of this name.
    pub(super) fn known(&self, operation: &str) -> bool {
        self.operations.contains_key(operation)
    }

    /// Judges a request.
    ///
    /// # Errors
    /// `SerializationException` where a value has another JSON type than its member, else
    /// `ValidationException` naming every violation.
    pub(super) fn check(
        &self,
        operation: &str,
        input: &Map<String, Value>,
    ) -> Result<(), ApiError> {
        let Some(shape) = self.operations.get(operation) else {
            return Ok(());
        };
        let mut found = Vec::new();
        self.structure(shape, input, "", 0, &mut found)?;
        found.truncate(MAX_VIOLATIONS);
        if found.is_empty() {
            return Ok(());
        }
        let mut text = format!(
            "{} validation error{} detected: ",
            found.len(),
            if found.len() == 1 { "" } else { "s" }
        );
        text.push_str(&found.join("; "));
        Err(ApiError::new("ValidationException", text))
    }

    fn structure(
        &self,
        name: &str,
        input: &Map<String, Value>,
        path: &str,
        depth: usize,
        found: &mut Vec<String>,
    ) -> Result<(), ApiError> {
        let Some(shape) = self.shapes.get(name) else {
            return Ok(());
        };
        for member in &shape.required {
            if input.get(member).is_none_or(Value::is_null) {
                found.push(violation("null", &join(path, member), "not be null"));
            }
        }
        // Members that the model does not know are ignored, as AWS's JSON services do (of this one a guess).
        for (member, shape) in &shape.members {
            match input.get(member) {
                None | Some(Value::Null) => {}
                Some(given) => self.value(shape, given, &join(path, member), depth + 1, found)?,
            }
        }
        Ok(())
    }

    fn value(
        &self,
        name: &str,
        given: &Value,
        path: &str,
        depth: usize,
        found: &mut Vec<String>,
    ) -> Result<(), ApiError> {
        let Some(shape) = self.shapes.get(name) else {
            return Ok(());
        };
        if depth > MAX_DEPTH || found.len() >= MAX_VIOLATIONS {
            return Ok(());
        }
        match (shape.kind, given) {
            (Kind::Structure, Value::Object(members)) => {
                self.structure(name, members, path, depth, found)
            }
            (Kind::List, Value::Array(items)) => {
                length(shape, items.len(), &shown(given), path, found);
                let of = shape.of.as_deref().unwrap_or_default();
                if self.scalar(of) {
                    let fine = self.all_fit(of, items.iter(), path)?;
                    found.extend((!fine).then(|| self.within("Member", of, given, path)));
                    return Ok(());
                }
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}.{}.member", index + 1);
                    self.value(of, item, &path, depth + 1, found)?;
                }
                Ok(())
            }
            (Kind::Map, Value::Object(members)) => {
                length(shape, members.len(), &shown(given), path, found);
                if let Some(key) = &shape.key {
                    let keys: Vec<Value> = members.keys().cloned().map(Value::String).collect();
                    let fine = self.all_fit(key, keys.iter(), path)?;
                    found.extend((!fine).then(|| self.within("Map keys", key, given, path)));
                }
                let of = shape.of.as_deref().unwrap_or_default();
                if self.scalar(of) {
                    let fine = self.all_fit(of, members.values(), path)?;
                    found.extend((!fine).then(|| self.within("Map value", of, given, path)));
                    return Ok(());
                }
                for (key, item) in members {
                    self.value(of, item, &format!("{path}.{key}.member"), depth + 1, found)?;
                }
                Ok(())
            }
            (Kind::String, Value::String(text)) => {
                string(shape, text, path, found);
                Ok(())
            }
            (Kind::Integer, Value::Number(number)) if number.is_i64() => {
                range(shape, number.as_i64().unwrap_or_default(), path, found);
                Ok(())
            }
            (Kind::Boolean, Value::Bool(_)) | (Kind::Timestamp, Value::Number(_)) => Ok(()),
            (wanted, _) => Err(serialization(&unlike(wanted, given))),
        }
    }

    /// Whether the items of a list or map of this shape are said together.
    fn scalar(&self, name: &str) -> bool {
        let shape = self.shapes.get(name);
        shape.is_some_and(|shape| matches!(shape.kind, Kind::String | Kind::Integer))
    }

    fn all_fit<'a>(
        &self,
        name: &str,
        items: impl Iterator<Item = &'a Value>,
        path: &str,
    ) -> Result<bool, ApiError> {
        let mut broken = Vec::new();
        for item in items {
            self.value(name, item, path, MAX_DEPTH, &mut broken)?;
        }
        Ok(broken.is_empty())
    }

    /// The refusal of a list or map for its items or keys: it names all their rules. That of keys and values of maps is
    /// quoted by users of other services (boto/boto3#2601); that of items of lists is a guess by it.
    fn within(&self, whose: &str, name: &str, given: &Value, path: &str) -> String {
        let mut rules = Vec::new();
        if let Some(shape) = self.shapes.get(name) {
            let max = shape.max.map(|max| (max, "less"));
            for (bound, side) in max.into_iter().chain(shape.min.map(|min| (min, "greater"))) {
                rules.push(format!("have length {side} than or equal to {bound}"));
            }
            let pattern = shape.pattern.as_deref();
            rules.extend(pattern.map(|p| format!("satisfy regular expression pattern: {p}")));
            if !shape.values.is_empty() {
                rules.push(format!(
                    "satisfy enum value set: [{}]",
                    shape.values.join(", ")
                ));
            }
        }
        let rules: Vec<String> = rules
            .iter()
            .map(|rule| format!("Member must {rule}"))
            .collect();
        format!(
            "Value '{}' at '{path}' failed to satisfy constraint: {whose} must satisfy constraint: [{}]",
            shown(given),
            rules.join(", ")
        )
    }
}

/// A value as Java prints it, in which the service is written: `[a, b]`, `{key=value}`.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(key, item)| format!("{key}={}", shown(item)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// That of a number for a text is quoted by users of another service (aarondfrancis/sidecar#148); the others are guesses
/// by it.
fn unlike(wanted: Kind, given: &Value) -> String {
    let given = match given {
        Value::Object(_) => {
            return "Start of structure or map found where not expected.".to_owned();
        }
        Value::Array(_) => return "Start of list found where not expected".to_owned(),
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
    };
    let wanted = match wanted {
        Kind::Structure => "a Structure",
        Kind::List => "a List",
        Kind::Map => "a Map",
        Kind::String => "a String",
        Kind::Integer => "an Integer",
        Kind::Boolean => "a Boolean",
        Kind::Timestamp => "a Timestamp",
    };
    format!("{given} can not be converted to {wanted}")
}

fn string(shape: &Shape, text: &str, path: &str, found: &mut Vec<String>) {
    length(shape, text.chars().count(), text, path, found);
    let shown = format!("'{text}'");
    if let Some(pattern) = &shape.pattern {
        let compiled = shape
            .compiled
            .get_or_init(|| Regex::new(&format!(r"\A(?:{pattern})\z")).ok());
        if compiled.as_ref().is_some_and(|regex| !regex.is_match(text)) {
            let rule = format!("satisfy regular expression pattern: {pattern}");
            found.push(violation(&shown, path, &rule));
        }
    }
    if !shape.values.is_empty() && !shape.values.iter().any(|value| value == text) {
        let rule = format!("satisfy enum value set: [{}]", shape.values.join(", "));
        found.push(violation(&shown, path, &rule));
    }
}

fn length(shape: &Shape, length: usize, text: &str, path: &str, found: &mut Vec<String>) {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    bound(
        shape,
        length,
        "have length",
        &format!("'{text}'"),
        path,
        found,
    );
}

fn range(shape: &Shape, number: i64, path: &str, found: &mut Vec<String>) {
    bound(
        shape,
        number,
        "have value",
        &format!("'{number}'"),
        path,
        found,
    );
}

fn bound(shape: &Shape, n: i64, what: &str, shown: &str, path: &str, found: &mut Vec<String>) {
    if let Some(min) = shape.min.filter(|min| n < *min) {
        let rule = format!("{what} greater than or equal to {min}");
        found.push(violation(shown, path, &rule));
    }
    if let Some(max) = shape.max.filter(|max| n > *max) {
        let rule = format!("{what} less than or equal to {max}");
        found.push(violation(shown, path, &rule));
    }
}

fn violation(shown: &str, path: &str, rule: &str) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = write!(
        text,
        "Value {shown} at '{path}' failed to satisfy constraint: Member must {rule}"
    );
    text
}

/// Member names are said with a small first letter (facts §2).
fn join(path: &str, member: &str) -> String {
    let mut letters = member.chars();
    let small: String = letters
        .next()
        .map(|first| first.to_ascii_lowercase())
        .into_iter()
        .chain(letters)
        .collect();
    if path.is_empty() {
        small
    } else {
        format!("{path}.{small}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judged(operation: &str, input: Value) -> String {
        match check(operation, input.as_object().unwrap()) {
            Ok(()) => "fine".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_model_has_ninety_operations_and_every_pattern_compiles() {
        assert_eq!(MODEL.operations.len(), 90);
        for (name, shape) in [&MODEL, &SSM, &TAGGING].iter().flat_map(|m| &m.shapes) {
            if let Some(pattern) = &shape.pattern {
                assert!(
                    Regex::new(&format!(r"\A(?:{pattern})\z")).is_ok(),
                    "{name}: {pattern}"
                );
            }
        }
    }

    #[test]
    fn violations_are_said_as_quoted_by_users() {
        // facts §2.1, awslabs and crossplane issues
        assert_eq!(
            judged(
                "ProvisionProduct",
                json!({"ProvisionedProductName": "My Test Sandbox1", "ProvisionToken": "t"})
            ),
            "ValidationException: 1 validation error detected: Value 'My Test Sandbox1' at \
             'provisionedProductName' failed to satisfy constraint: Member must satisfy regular \
             expression pattern: [a-zA-Z0-9][a-zA-Z0-9._-]*"
        );
        assert_eq!(
            judged(
                "ProvisionProduct",
                json!({"ProvisionedProductName": "a", "ProvisionToken": "t",
                       "ProvisioningArtifactId": "pa-5deuh4wdva4zw:prod-jyujhhueb4kya"})
            ),
            "ValidationException: 1 validation error detected: Value \
             'pa-5deuh4wdva4zw:prod-jyujhhueb4kya' at 'provisioningArtifactId' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\\-]*"
        );
    }

    #[test]
    fn missing_members_lengths_enums_and_ranges_are_judged() {
        assert_eq!(
            judged("DeletePortfolio", json!({})),
            "ValidationException: 1 validation error detected: Value null at 'id' failed to \
             satisfy constraint: Member must not be null"
        );
        let long = "x".repeat(101);
        let said = judged(
            "CreatePortfolio",
            json!({"DisplayName": long, "ProviderName": "", "IdempotencyToken": "t"}),
        );
        assert!(said.starts_with("ValidationException: 2 validation errors detected: "));
        assert!(said.contains("Member must have length less than or equal to 100; "));
        assert!(said.ends_with("Member must have length greater than or equal to 1"));
        assert!(
            judged("SearchProductsAsAdmin", json!({"PageSize": 21}))
                .ends_with("Member must have value less than or equal to 20")
        );
        assert!(
            judged("SearchProductsAsAdmin", json!({"SortBy": "Colour"})).ends_with(
                "Member must satisfy enum value set: [Title, VersionCount, CreationDate]"
            )
        );
        assert_eq!(
            judged("SearchProductsAsAdmin", json!({"Unheard": 1})),
            "fine"
        );
    }

    #[test]
    fn members_of_lists_are_named() {
        assert!(
            judged(
                "CreatePortfolio",
                json!({"DisplayName": "a", "ProviderName": "b", "IdempotencyToken": "t",
                       "Tags": [{"Key": "k", "Value": "v"}, {"Key": "k!", "Value": "v"}]})
            )
            .contains("Value 'k!' at 'tags.2.member.key'")
        );
    }

    #[test]
    fn items_and_keys_that_break_a_rule_are_said_together() {
        // The form that users of other services quote (boto/boto3#2601).
        assert_eq!(
            judged(
                "SearchProducts",
                json!({"Filters": {"Colour": ["red"], "Owner": ["it"]}})
            ),
            "ValidationException: 1 validation error detected: Value '{Colour=[red], Owner=[it]}' at 'filters' failed \
             to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy enum value set: \
             [FullTextSearch, Owner, ProductType, SourceProductId]]"
        );
        assert_eq!(
            judged(
                "UpdatePortfolio",
                json!({"Id": "port-a", "RemoveTags": ["fine", "no!", ""]})
            ),
            "ValidationException: 1 validation error detected: Value '[fine, no!, ]' at 'removeTags' failed to \
             satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, \
             Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: \
             ^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$]"
        );
        assert_eq!(
            judged(
                "UpdatePortfolio",
                json!({"Id": "port-a", "RemoveTags": ["fine"]})
            ),
            "fine"
        );
    }

    #[test]
    fn lists_have_sizes() {
        let tags: Vec<Value> = (0..21)
            .map(|n| json!({"Key": format!("k{n}"), "Value": "v"}))
            .collect();
        let said = judged("UpdatePortfolio", json!({"Id": "port-a", "AddTags": tags}));
        assert!(
            said.contains("Value '[{Key=k0, Value=v}, {Key=k1, Value=v}, "),
            "{said}"
        );
        assert!(
            said.ends_with("at 'addTags' failed to satisfy constraint: Member must have length less than or equal to 20"),
            "{said}"
        );
    }

    #[test]
    fn another_json_type_is_a_serialization_error() {
        let cases = [
            (
                "DescribePortfolio",
                json!({"Id": 7}),
                "NUMBER_VALUE can not be converted to a String",
            ),
            (
                "DescribePortfolio",
                json!({"Id": []}),
                "Start of list found where not expected",
            ),
            (
                "ListPortfolios",
                json!({"PageSize": "1"}),
                "STRING_VALUE can not be converted to an Integer",
            ),
            (
                "ListPortfolios",
                json!({"PageSize": 1.5}),
                "DECIMAL_VALUE can not be converted to an Integer",
            ),
            (
                "CreateProduct",
                json!({"Tags": true}),
                "TRUE_VALUE can not be converted to a List",
            ),
            (
                "CreateProduct",
                json!({"Tags": [null]}),
                "NULL_VALUE can not be converted to a Structure",
            ),
            (
                "SearchProducts",
                json!({"Filters": {"Owner": {}}}),
                "Start of structure or map found where not expected.",
            ),
        ];
        for (operation, input, text) in cases {
            assert_eq!(
                judged(operation, input),
                format!("SerializationException: {text}")
            );
        }
    }

    #[test]
    fn pages_are_capped_as_modelled() {
        assert_eq!(page_limit("SearchProductsAsAdmin"), Some(20));
        assert_eq!(page_limit("ListPortfolios"), Some(100));
        assert_eq!(page_limit("ListProvisioningArtifacts"), None);
    }
}
