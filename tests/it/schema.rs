//! The manifest language as the program tells it: JSON Schema, and the page `docs/manifest.md`. Both come from the tables
//! that the reader goes by; here they are held to the reader itself, to the examples and to the pages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use catalogd::manifest::{self, Code, Context, Severity, load};
use catalogd::model::tree::Tree;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::manifest::cases::CASES;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn validator() -> Validator {
    jsonschema::validator_for(&manifest::json_schema(None).unwrap()).unwrap()
}

/// What the schema says of a document, in one line; empty where it fits.
fn refusal(schema: &Validator, document: &Value) -> String {
    let errors = schema.iter_errors(document);
    let lines: Vec<String> = errors
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    lines.join("; ")
}

/// The documents of a text that are ours; none where it is no YAML.
fn documents(text: &str) -> Vec<Value> {
    let read = serde_yaml::Deserializer::from_str(text)
        .map(serde::Deserialize::deserialize)
        .collect::<Result<Vec<Value>, _>>();
    let ours = |document: &Value| {
        let version = document.get("apiVersion").and_then(Value::as_str);
        version.is_some_and(|version| version.starts_with("catalogd.dev"))
    };
    let mut found = read.unwrap_or_default();
    found.retain(ours);
    found
}

/// The YAML blocks of a page.
fn blocks(page: &str) -> Vec<&str> {
    let blocks = page.split("```yaml\n").skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path
            .extension()
            .is_some_and(|end| end == "yaml" || end == "yml")
        {
            found.push(path);
        }
    }
}

#[test]
fn the_page_of_fields_is_what_the_tables_say() {
    let (path, wanted) = (root().join("docs/manifest.md"), manifest::reference());
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    #[expect(
        clippy::disallowed_methods,
        reason = "asks whether the page shall be written anew"
    )]
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    if update && found != wanted {
        std::fs::write(&path, wanted).unwrap();
        return;
    }
    assert!(
        found == wanted,
        "docs/manifest.md lags behind: UPDATE_DOCS=1 cargo test --test it schema::"
    );
}

/// As the hosts of repositories make it from a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars()
        .filter(|c| c.is_alphanumeric() || "-_".contains(*c))
        .collect()
}

#[test]
fn the_pages_of_manifests_link_to_what_is_there() {
    let headings = |page: &str| {
        let lines = page.lines().filter(|line| line.starts_with('#'));
        lines
            .map(|line| anchor(line.trim_start_matches('#').trim()))
            .collect::<BTreeSet<_>>()
    };
    let link = regex::Regex::new(r"\]\(([a-z-]*\.md)?#([^)]+)\)").unwrap();
    let mut count = 0;
    for page in [
        "manifest.md",
        "manifests.md",
        "brownfield.md",
        "findings.md",
    ] {
        let text = read(&format!("docs/{page}"));
        for found in link.captures_iter(&text) {
            let other = found.get(1).map_or(page, |other| other.as_str());
            let there = headings(&read(&format!("docs/{other}")));
            count += 1;
            assert!(
                there.contains(&found[2]),
                "{page}: {} leads nowhere",
                &found[0]
            );
        }
    }
    assert!(count > 60, "{count}");
}

#[test]
fn the_schema_is_one_of_draft_7() {
    for kind in [None]
        .into_iter()
        .chain(manifest::kinds().into_iter().map(Some))
    {
        let schema = manifest::json_schema(kind).unwrap();
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        let errors = jsonschema::meta::validate(&schema);
        assert!(errors.is_ok(), "{kind:?}: {errors:?}");
        jsonschema::validator_for(&schema).unwrap();
    }
    assert_eq!(manifest::json_schema(Some("Vpc")), None);
}

/// Whoever hovers over a field reads what it is.
#[test]
fn every_field_is_described() {
    fn walk(at: &str, schema: &Value, count: &mut usize) {
        if let Some(fields) = schema["properties"].as_object() {
            for (name, field) in fields {
                let at = format!("{at}.{name}");
                if !field.is_boolean() && !at.contains(".rules.") {
                    *count += 1;
                    let said = field["description"].as_str().unwrap_or_default();
                    assert!(!said.is_empty(), "{at} has no description");
                    assert!(!said.contains("]("), "{at} has a link: {said}");
                }
                walk(&at, field, count);
            }
        }
        walk_one(at, &schema["items"], count);
        for form in schema["anyOf"].as_array().into_iter().flatten() {
            walk(at, form, count);
        }
    }
    fn walk_one(at: &str, schema: &Value, count: &mut usize) {
        if schema.is_object() {
            walk(at, schema, count);
        }
    }
    let schema = manifest::json_schema(None).unwrap();
    let mut count = 0;
    for (title, document) in schema["definitions"].as_object().unwrap() {
        if title == "expression-of-a-rule" {
            continue;
        }
        assert_eq!(document["additionalProperties"], false, "{title}");
        walk(title, document, &mut count);
    }
    assert!(count > 120, "{count}");
}

#[test]
fn the_examples_and_the_pages_fit_the_schema() {
    let schema = validator();
    let mut texts = BTreeMap::new();
    let mut files = Vec::new();
    yaml_files(&root().join("examples/catalog"), &mut files);
    for file in files {
        texts.insert(
            file.display().to_string(),
            std::fs::read_to_string(&file).unwrap(),
        );
    }
    for page in std::fs::read_dir(root().join("docs")).unwrap() {
        let path = page.unwrap().path();
        if path.extension().is_some_and(|end| end == "md") {
            let text = std::fs::read_to_string(&path).unwrap();
            for (number, block) in blocks(&text).into_iter().enumerate() {
                texts.insert(format!("{} {number}", path.display()), block.to_owned());
            }
        }
    }
    let mut seen = BTreeSet::new();
    for (name, text) in texts {
        for document in documents(&text) {
            let said = refusal(&schema, &document);
            assert!(said.is_empty(), "{name}: {said}");
            let kind = document["kind"].as_str().unwrap();
            seen.insert(kind.to_owned());
            // The schema of its kind alone takes it too, and that of another one does not.
            for other in manifest::kinds() {
                let alone = manifest::json_schema(Some(other)).unwrap();
                let alone = jsonschema::validator_for(&alone).unwrap();
                assert_eq!(alone.is_valid(&document), other == kind, "{name}: {other}");
            }
        }
    }
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>().len(),
        manifest::kinds().len()
    );
}

/// What is said of the form of a manifest, which a schema could say too. The rest is about other files, other manifests
/// and the service.
const FORM: &[Code] = &[
    Code::Alias,
    Code::ApiVersion,
    Code::UnknownKind,
    Code::InvalidName,
    Code::UnknownField,
    Code::MissingField,
    Code::WrongType,
    Code::Unquoted,
    Code::NullValue,
    Code::UnknownValue,
    Code::ExactlyOne,
    Code::EmptyValue,
    Code::TooLong,
    Code::TooMany,
    Code::InvalidArn,
    Code::InvalidUrl,
    Code::InvalidLiveName,
    Code::InvalidRoleName,
    Code::InvalidShare,
    Code::InvalidTag,
    Code::ReservedTag,
    Code::DuplicateItem,
    Code::DuplicateVersion,
    Code::InvalidRule,
    Code::InvalidSsmName,
    Code::ListItem,
    Code::ImportedPortfolio,
    Code::InvalidStackSet,
];

/// What the reader finds wrong with the form of a manifest.
fn findings(text: &str) -> Vec<(Code, String)> {
    let tree = Tree::of([("m.yaml", text), ("t.yaml", "Resources: {}\n")]);
    let loaded = load(&tree, &Context { target: None });
    let errors = loaded.findings.into_iter();
    errors
        .filter(|found| found.severity == Severity::Error && FORM.contains(&found.code))
        .map(|found| (found.code, found.message))
        .collect()
}

/// Every finding about form that the table of cases has is the schema's too, but for these.
#[test]
fn the_schema_refuses_the_cases_that_the_reader_refuses() {
    /// The case, and why a schema of one document can't say it.
    const BEYOND: &[(&str, &str)] = &[("too_many_patterns", "draft 7 counts no items of one form")];
    let schema = validator();
    let mut seen = 0;
    let mut wrong = Vec::new();
    for (name, text, _) in CASES {
        let found = findings(text.trim_start_matches('\n'));
        let documents = documents(text);
        if documents.is_empty() {
            continue;
        }
        let said: Vec<String> = documents.iter().map(|one| refusal(&schema, one)).collect();
        let refused = said.iter().any(|said| !said.is_empty());
        let beyond = BEYOND.iter().any(|(beyond, _)| beyond == name);
        seen += usize::from(refused);
        if (refused == found.is_empty()) != beyond {
            wrong.push(format!("{name}: the reader {found:?}, the schema {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 40, "{seen}");
}

/// A step into a document: a key or a place in a list.
type Way = Vec<Value>;

fn ways(at: &Value, way: &Way, found: &mut Vec<Way>) {
    found.push(way.clone());
    let mut inner = |step: Value, value: &Value| {
        let mut way = way.clone();
        way.push(step);
        ways(value, &way, found);
    };
    match at {
        Value::Object(map) => map.iter().for_each(|(key, value)| inner(json!(key), value)),
        Value::Array(list) => {
            for (place, value) in list.iter().enumerate() {
                inner(json!(place), value);
            }
        }
        _ => {}
    }
}

fn get<'a>(document: &'a mut Value, way: &[Value]) -> &'a mut Value {
    way.iter().fold(document, |at, step| match step {
        Value::String(key) => &mut at[key.as_str()],
        place => &mut at[usize::try_from(place.as_u64().unwrap()).unwrap()],
    })
}

/// What a hand might make of a value.
fn spoilt(value: &Value) -> Vec<(&'static str, Value)> {
    let mut all = vec![
        ("null", Value::Null),
        ("a number", json!(7)),
        ("a large number", json!(4_000_000)),
        ("a fraction", json!(1.5)),
        ("a truth value", json!(true)),
        ("an empty text", json!("")),
        ("blanks", json!("  ")),
        ("a text", json!("Some Text!")),
        ("an ARN", json!("arn:aws:iam::123456789012:role/a*")),
        ("a long text", json!("x".repeat(9_000))),
        ("an empty list", json!([])),
        ("an empty map", json!({})),
        ("a list", json!(["x"])),
        ("a map", json!({"x": "y"})),
    ];
    match value {
        Value::Object(map) => {
            let mut more = map.clone();
            more.insert("nonsense".to_owned(), json!("x"));
            all.push(("one field more", more.into()));
            for key in map.keys() {
                let mut less = map.clone();
                less.remove(key);
                all.push(("one field less", less.into()));
            }
        }
        Value::Array(items) => {
            if let Some(first) = items.first() {
                let mut more = items.clone();
                more.push(first.clone());
                all.push(("the first twice", more.into()));
            }
        }
        Value::String(text) => {
            all.push(("one letter more", json!(format!("{text}x"))));
            all.push(("a blank more", json!(format!("{text} "))));
            all.push(("upper case", json!(text.to_uppercase())));
        }
        _ => {}
    }
    all
}

/// Every value of every field is spoilt in many ways, and reader and schema agree on each.
#[test]
fn the_schema_and_the_reader_agree_on_every_field() {
    /// What a schema can't say of one document or one value: the place's end, how it was spoilt, and why.
    const BEYOND: &[(&str, &str, &str)] = &[
        (
            "Product spec",
            "one field less",
            "a `Defaults` may give the owner",
        ),
        (
            "stackSet",
            "one field less",
            "a count's limit is another count",
        ),
        (
            "stackSet.maxConcurrencyCount",
            "a number",
            "a count's limit is another count",
        ),
    ];
    let schema = validator();
    let page = manifest::reference();
    let mut wrong = Vec::new();
    let (mut tried, mut refused) = (0, 0);
    for block in blocks(&page) {
        let documents = documents(block);
        let [document] = documents.as_slice() else {
            panic!("one document a block:\n{block}");
        };
        assert_eq!(findings(block), [], "{block}");
        let mut places = Vec::new();
        ways(document, &Vec::new(), &mut places);
        for way in places {
            let mut copy = document.clone();
            for (how, value) in spoilt(get(&mut copy, &way)) {
                let mut copy = document.clone();
                *get(&mut copy, &way) = value;
                if copy
                    .get("apiVersion")
                    .is_none_or(|version| !version.is_string())
                {
                    // Nobody's.
                    continue;
                }
                let found = findings(&serde_yaml::to_string(&copy).unwrap());
                let said = refusal(&schema, &copy);
                tried += 1;
                refused += usize::from(!said.is_empty());
                let place: Vec<String> = way
                    .iter()
                    .map(|step| step.as_str().map_or("[]".to_owned(), str::to_owned))
                    .collect();
                let place = format!("{} {}", document["kind"].as_str().unwrap(), place.join("."));
                let beyond = BEYOND
                    .iter()
                    .any(|(end, spoilt, _)| place.ends_with(end) && *spoilt == how);
                if found.is_empty() != said.is_empty() && !beyond {
                    wrong.push(format!(
                        "{place}, {how}: the reader {found:?}, the schema {said}"
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {tried} (refused {refused}):\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(tried > 2_000 && refused > 1_000, "{tried} {refused}");
}

#[test]
fn the_program_prints_the_schema() {
    let program = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_catalogd"));
        command.args(args).output().unwrap()
    };
    let whole = program(&["schema"]);
    assert!(whole.status.success());
    let whole: Value = serde_json::from_slice(&whole.stdout).unwrap();
    assert_eq!(Some(whole), manifest::json_schema(None));
    let one = program(&["schema", "--kind", "portfolio"]);
    let one: Value = serde_json::from_slice(&one.stdout).unwrap();
    assert_eq!(Some(one), manifest::json_schema(Some("Portfolio")));
    let none = program(&["schema", "--kind", "Vpc"]);
    assert_eq!(none.status.code(), Some(1));
    let said = String::from_utf8(none.stderr).unwrap();
    assert!(said.contains("ProvisionedProduct"), "{said}");
    let readme = read("README.md");
    assert!(readme.contains("# yaml-language-server: $schema="));
    assert!(readme.contains("catalogd schema > catalogd.schema.json"));
}
