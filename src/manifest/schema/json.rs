//! The tables as JSON Schema, for editors.
//!
//! Draft 7, because that is what every version of yaml-language-server knows; it says all that is needed here. What excludes
//! what is said by `dependencies`, so that an editor marks the field that is too much, not the whole map.

use serde_json::{Map, Value, json};

use super::shape::{Field, Form, List, NAME, NAME_MOST, Rule, Shape, Text, Type, Without};
use super::shapes::document::{
    DEFAULTS_DOCUMENT, DOCUMENT, DOCUMENTS, Document, IMPORTED_PORTFOLIO,
};
use super::shapes::product::{REFUSED_FUNCTION, RULE_FUNCTIONS};
use super::shapes::tag_option::{TAG_KEY, TAG_VALUE};
use crate::model::limits;

/// The schema of one kind, or of all. `None` where there is no such kind.
pub(in super::super) fn schema(kind: Option<&str>) -> Option<Value> {
    let of = |title: &str| json!({ "$ref": format!("#/definitions/{}", key(title)) });
    let documents = || {
        DOCUMENTS
            .iter()
            .filter(|document| kind.is_none_or(|kind| kind == document.kind))
    };
    let mut kinds = kinds();
    kinds.retain(|one| kind.is_none_or(|kind| kind == *one));
    if kinds.is_empty() {
        return None;
    }
    let choices = kinds.iter().map(|kind| {
        let then = match *kind {
            // One kind, two forms: which it is says `imported`.
            "Portfolio" => json!({
                "if": {
                    "required": ["spec"],
                    "properties": { "spec": { "required": ["imported"], "properties": { "imported": { "const": true } } } },
                },
                "then": of(IMPORTED_PORTFOLIO),
                "else": of("Portfolio"),
            }),
            kind => of(kind),
        };
        json!({
            "if": { "required": ["kind"], "properties": { "kind": { "const": kind } } },
            "then": then,
        })
    });
    let choices: Vec<Value> = choices.collect();
    let common = |name: &str| DOCUMENT.field(name).map(field).unwrap_or_default();
    let mut kind_field = common("kind");
    kind_field["enum"] = json!(kinds);
    Some(json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "catalogd",
        "description": "A manifest of catalogd: what one object of a Service Catalog should be.",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": { "apiVersion": common("apiVersion"), "kind": kind_field },
        "allOf": choices,
        "definitions": documents()
            .map(|one| (key(one.title), document(one)))
            .chain([(EXPRESSION.to_owned(), expression())])
            .collect::<Map<_, _>>(),
    }))
}

/// What a title is called where it is referred to: a reference has no blanks.
fn key(title: &str) -> String {
    title.replace(", ", "-")
}

/// The kinds, as `kind` says them.
pub(in super::super) fn kinds() -> Vec<&'static str> {
    let mut kinds: Vec<_> = DOCUMENTS.iter().map(|document| document.kind).collect();
    kinds.dedup();
    kinds
}

fn document(document: &Document) -> Value {
    let whole = match document.metadata {
        Some(_) => &DOCUMENT,
        None => &DEFAULTS_DOCUMENT,
    };
    let mut schema = map(whole);
    schema["title"] = json!(document.title);
    schema["description"] = json!(plain(document.about));
    schema["properties"]["kind"]["enum"] = json!([document.kind]);
    schema["properties"]["spec"] = map(document.spec);
    schema["properties"]["spec"]["description"] = json!(plain(document.about));
    if let Some(shape) = document.metadata {
        let mut metadata = map(shape);
        metadata["properties"]["onRemove"]["enum"] = json!(document.ends);
        metadata["properties"]["name"]["examples"] = json!([document.example]);
        if document.title == IMPORTED_PORTFOLIO {
            let adopt = shape.field("adopt").map(imported_adopt).unwrap_or_default();
            metadata["properties"]["adopt"] = adopt;
            metadata["required"] = json!(["name", "adopt"]);
        }
        metadata["description"] = schema["properties"]["metadata"]["description"].take();
        schema["properties"]["metadata"] = metadata;
    }
    schema
}

/// An imported portfolio is known by its id alone.
fn imported_adopt(adopt: &Field) -> Value {
    let Type::Either(forms) = adopt.of else {
        return Value::Null;
    };
    let maps = forms.iter().filter(|of| matches!(of, Type::Map(_)));
    let mut schema = maps.map(value).next().unwrap_or_default();
    schema["description"] = json!(plain(adopt.about));
    schema["properties"]["id"]["pattern"] = json!("^port-[A-Za-z0-9]+$");
    schema
}

/// A map of these fields and no others.
fn map(shape: &Shape) -> Value {
    let required = shape.fields.iter();
    let required: Vec<&str> = required
        .filter(|field| field.without == Without::Required)
        .map(|field| field.name)
        .collect();
    let fields = shape.fields.iter();
    let mut schema = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": fields.map(|one| (one.name.to_owned(), field(one))).collect::<Map<_, _>>(),
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    for rule in shape.rules {
        add(&mut schema, rule);
    }
    schema
}

fn add(schema: &mut Value, rule: &Rule) {
    match rule {
        Rule::ExactlyOne(keys) => {
            let each = keys.iter().map(|key| json!({ "required": [key] }));
            schema["anyOf"] = each.collect();
            exclusive(schema, keys);
        }
        Rule::AtMostOne(keys) => exclusive(schema, keys),
        Rule::Beside(field, other) => {
            depend(schema, field)["required"] = json!([other]);
        }
        Rule::Excludes(field, other) => {
            depend(schema, field)["properties"][other] = json!(false);
        }
        Rule::Only(field, other, value) => {
            depend(schema, field)["properties"][other] = json!({ "enum": [yaml(value)] });
        }
        Rule::OneFilled(one, other) => {
            let filled = json!({ "required": [one], "properties": { *one: { "minItems": 1 } } });
            schema["if"] = filled;
            schema["then"] = json!({ "properties": { *other: { "maxItems": 0 } } });
        }
    }
}

fn exclusive(schema: &mut Value, keys: &[&str]) {
    for key in keys {
        for other in keys.iter().filter(|other| *other != key) {
            depend(schema, key)["properties"][other] = json!(false);
        }
    }
}

/// What holds where the field is there.
fn depend<'a>(schema: &'a mut Value, field: &str) -> &'a mut Value {
    &mut schema["dependencies"][field]
}

/// A field, with what people are told of it.
fn field(field: &Field) -> Value {
    let mut schema = value(&field.of);
    schema["description"] = json!(plain(field.about));
    if let Without::Default(text) = field.without {
        schema["default"] = yaml(text);
    }
    if !field.example.is_empty() {
        schema["examples"] = json!([yaml(field.example)]);
    }
    schema
}

fn value(of: &Type) -> Value {
    match of {
        Type::Text(of) => text(of),
        Type::Name => text(&Text {
            called: "name",
            most: Some(NAME_MOST),
            filled: false,
            form: Some(NAME),
        }),
        Type::Flag => json!({ "type": "boolean" }),
        Type::Yes => json!({ "type": "boolean", "enum": [true] }),
        Type::Number { least, most } => {
            let mut schema = json!({ "type": "integer", "minimum": least });
            if let Some(most) = most {
                schema["maximum"] = json!(most);
            }
            schema
        }
        Type::Choice(names) => json!({ "type": "string", "enum": names }),
        Type::Map(shape) => map(shape),
        Type::List(of) => list(of),
        Type::Keyed(of) => json!({
            "type": "object",
            "propertyNames": { "maxLength": limits::PARAMETER_KEY },
            "additionalProperties": value(of),
        }),
        Type::Either(forms) => {
            let forms: Vec<Value> = forms.iter().map(value).collect();
            json!({ "anyOf": forms })
        }
        Type::Scalar => json!({
            "type": ["string", "number", "boolean"],
            "maxLength": limits::PARAMETER_VALUE,
        }),
        Type::Item => json!({
            "type": ["string", "number", "boolean"],
            "maxLength": limits::PARAMETER_VALUE,
            "pattern": "^[^,]*$",
            "patternErrorMessage": "an item has no comma: CloudFormation would take it for the end of the item",
        }),
        Type::Tags { most } => json!({
            "type": "object",
            "maxProperties": most,
            "propertyNames": text(&Text {
                called: "text",
                most: Some(limits::TAG_KEY),
                filled: false,
                form: Some(TAG_KEY),
            }),
            "additionalProperties": text(&Text {
                called: "text",
                most: Some(limits::TAG_VALUE),
                filled: false,
                form: Some(TAG_VALUE),
            }),
        }),
        Type::Rules => rules(),
    }
}

fn text(of: &Text) -> Value {
    const BLANK: Form = Form {
        pattern: r"\S",
        words: "it must not be empty",
    };
    let mut schema = json!({ "type": "string" });
    if let Some(most) = of.most {
        schema["maxLength"] = json!(most);
    }
    if of.filled {
        schema["minLength"] = json!(1);
    }
    if let Some(form) = of.form.or(of.filled.then_some(BLANK)) {
        schema["pattern"] = json!(form.pattern);
        // No keyword of the standard, but what editors show in place of the pattern.
        schema["patternErrorMessage"] = json!(form.words);
    }
    schema
}

fn list(of: &List) -> Value {
    let mut schema = json!({ "type": "array", "items": value(of.of) });
    if of.filled {
        schema["minItems"] = json!(1);
    }
    if let Some(most) = of.most {
        schema["maxItems"] = json!(most);
    }
    if of.once {
        schema["uniqueItems"] = json!(true);
    }
    schema
}

/// What a rule's parts are called where they are referred to.
const EXPRESSION: &str = "expression-of-a-rule";

/// A condition or an assertion of a rule, and all that is in it.
fn expression() -> Value {
    let functions = RULE_FUNCTIONS.into_iter().chain([REFUSED_FUNCTION]);
    let inner = json!({ "$ref": format!("#/definitions/{EXPRESSION}") });
    json!({
        "type": ["string", "number", "boolean", "array", "object"],
        "items": inner,
        "propertyNames": { "enum": functions.collect::<Vec<_>>() },
        "additionalProperties": inner,
    })
}

/// Rules of a template constraint.
fn rules() -> Value {
    let expression = json!({ "$ref": format!("#/definitions/{EXPRESSION}") });
    json!({
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {
            "type": "object",
            "required": ["Assertions"],
            "additionalProperties": false,
            "properties": {
                "RuleCondition": expression,
                "Assertions": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["Assert"],
                        "additionalProperties": false,
                        "properties": {
                            "Assert": expression,
                            "AssertDescription": { "not": { "type": ["object", "array"] } },
                        },
                    },
                },
            },
        },
    })
}

/// A value of a table; the tests see to it that each can be read.
pub(super) fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_default()
}

/// Markdown as an editor shows it: without links, which lead nowhere there.
fn plain(markdown: &str) -> String {
    let mut text = String::new();
    let mut rest = markdown;
    while let Some((before, after)) = rest.split_once('[') {
        let link = after
            .split_once("](")
            .and_then(|(shown, after)| Some((shown, after.split_once(')')?.1)));
        let Some((shown, after)) = link.filter(|(shown, _)| !shown.contains('[')) else {
            text.push_str(before);
            text.push('[');
            rest = after;
            continue;
        };
        match shown {
            "more" => text.push_str(before.trim_end().trim_end_matches(',')),
            shown => {
                text.push_str(before);
                text.push_str(shown);
            }
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_no_part_of_what_editors_show() {
        assert_eq!(
            plain("`[]` ends all, [more](x.md#y). [A](#a) b"),
            "`[]` ends all. A b"
        );
        assert_eq!(plain("a [b"), "a [b");
    }

    #[test]
    fn every_value_of_the_tables_is_yaml() {
        fn walk(shape: &Shape, seen: &mut usize) {
            for field in shape.fields {
                let default = match field.without {
                    Without::Default(text) => text,
                    Without::Required | Without::Means(_) => "",
                };
                for text in [field.example, default] {
                    let read = serde_yaml::from_str::<Value>(text);
                    assert!(read.is_ok(), "{} of {}: {read:?}", field.name, shape.what);
                    *seen += 1;
                }
                let mut inner = vec![field.of];
                while let Some(of) = inner.pop() {
                    match of {
                        Type::Map(shape) => walk(shape, seen),
                        Type::List(list) => inner.push(*list.of),
                        Type::Keyed(of) => inner.push(*of),
                        Type::Either(forms) => inner.extend(forms),
                        _ => {}
                    }
                }
                let composite = matches!(field.of, Type::Map(_) | Type::List(_) | Type::Either(_));
                assert!(
                    composite || !field.example.is_empty(),
                    "{} of {} has no example",
                    field.name,
                    shape.what
                );
            }
        }
        let mut seen = 0;
        for document in DOCUMENTS {
            walk(document.spec, &mut seen);
            document
                .metadata
                .iter()
                .for_each(|shape| walk(shape, &mut seen));
        }
        assert!(seen > 200);
    }
}
