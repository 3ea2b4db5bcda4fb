//! The tables as a page for people: `docs/manifest.md`.

use std::fmt::Write as _;

use serde_yaml::{Mapping, Value};

use super::shape::{Field, List, Rule, Shape, Type, Without};
use super::shapes::document::{DOCUMENT, DOCUMENTS, Document};

const TOP: &str = "\
# Fields of manifests

Made from the program's own tables by `UPDATE_DOCS=1 cargo test --test it schema::`; edit those (`src/manifest/schema/shapes/`), not this page.
[Manifests](manifests.md) explains what these fields do. `catalogd schema` prints the same as JSON Schema, for editors.

Limits of texts are in characters. Where \"not managed\" stands, a field that is left out leaves the catalog as it is, and an empty one clears it
([more](manifests.md#omitted-empty-present)).
";

/// The page.
pub(in super::super) fn page() -> String {
    let mut page = TOP.to_owned();
    let titles = DOCUMENTS.iter().map(|document| {
        let title = document.title;
        format!("[{title}](#{})", anchor(title))
    });
    let titles: Vec<String> = titles.collect();
    let _ = write!(page, "\n{}\n\n## Every document\n\n", titles.join(" · "));
    table(&mut page, &DOCUMENT);
    let metadata = DOCUMENTS
        .iter()
        .filter_map(|document| document.metadata)
        .next_back();
    if let Some(metadata) = metadata {
        section(&mut page, "", "metadata", &Type::Map(metadata));
    }
    for document in DOCUMENTS {
        let title = document.title;
        let _ = write!(page, "\n## {title}\n\n{}\n\n", document.about);
        table(&mut page, document.spec);
        parts(&mut page, title, "", document.spec);
        for sample in samples(document) {
            let sample = serde_yaml::to_string(&sample).unwrap_or_default();
            let _ = write!(page, "\n```yaml\n{sample}```\n");
        }
    }
    page
}

/// A section for each map below a map.
fn parts(page: &mut String, title: &str, place: &str, shape: &Shape) {
    for field in shape.fields {
        let place = match place {
            "" => field.name.to_owned(),
            place => format!("{place}.{}", field.name),
        };
        section(page, title, &place, &field.of);
    }
}

/// The sections of the maps that a field takes.
fn section(page: &mut String, title: &str, place: &str, of: &Type) {
    match of {
        Type::Map(shape) => {
            let _ = write!(page, "\n### {}\n\n", heading(title, place));
            if !shape.about.is_empty() {
                let _ = write!(page, "{}\n\n", shape.about);
            }
            table(page, shape);
            parts(page, title, place, shape);
        }
        Type::List(List { of, .. }) => section(page, title, &format!("{place}[]"), of),
        Type::Keyed(of) => section(page, title, &format!("{place}.*"), of),
        Type::Either(forms) => {
            for of in *forms {
                section(page, title, place, of);
            }
        }
        _ => {}
    }
}

fn heading(title: &str, place: &str) -> String {
    match title {
        "" => format!("`{place}`"),
        title => format!("{title} `{place}`"),
    }
}

/// As the hosts of repositories make it from a heading.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| match c {
        ' ' => '-',
        c => c.to_ascii_lowercase(),
    })
    .collect()
}

fn table(page: &mut String, shape: &Shape) {
    page.push_str("| field | type | left out | limit | meaning |\n|---|---|---|---|---|\n");
    for field in shape.fields {
        let without = match field.without {
            Without::Required => "required".to_owned(),
            Without::Default(text) => format!("`{text}`"),
            Without::Means(words) => words.to_owned(),
        };
        let (name, of, limit) = (field.name, called(&field.of), limit(&field.of));
        let _ = writeln!(
            page,
            "| `{name}` | {of} | {without} | {limit} | {} |",
            field.about
        );
    }
    for rule in shape.rules {
        let _ = match rule {
            Rule::ExactlyOne(keys) => write!(page, "\nExactly one of {} is there.\n", all(keys)),
            Rule::AtMostOne(keys) => write!(page, "\nAt most one of {} is there.\n", all(keys)),
            Rule::Beside(field, other) => {
                write!(page, "\n`{field}` stands only beside `{other}`.\n")
            }
            Rule::Excludes(field, other) => {
                write!(page, "\n`{other}` does not stand beside `{field}`.\n")
            }
            Rule::Only(field, other, value) => {
                write!(
                    page,
                    "\nBeside `{field}`, `{other}` can only be `{value}`.\n"
                )
            }
            Rule::OneFilled(one, other) => {
                write!(page, "\nNot both `{one}` and `{other}` have items.\n")
            }
        };
    }
}

fn all(keys: &[&str]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    match keys.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => keys.concat(),
    }
}

fn called(of: &Type) -> String {
    match of {
        Type::Text(text) => text.called.to_owned(),
        Type::Name => "name".to_owned(),
        Type::Flag => "truth value".to_owned(),
        Type::Yes => "`true`".to_owned(),
        Type::Number { .. } => "whole number".to_owned(),
        Type::Choice(names) => names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", "),
        Type::Map(_) => "map".to_owned(),
        Type::List(List { of, .. }) => match of {
            Type::Map(_) => "list of maps".to_owned(),
            of => format!("list of {}s", called(of)),
        },
        Type::Keyed(_) | Type::Tags { .. } | Type::Rules => "map".to_owned(),
        Type::Either(forms) => {
            let forms: Vec<String> = forms.iter().map(called).collect();
            forms.join(" or ")
        }
        Type::Scalar | Type::Item => "scalar".to_owned(),
    }
}

fn limit(of: &Type) -> String {
    match of {
        Type::Text(text) => match (text.most, text.filled) {
            (Some(most), true) => format!("1–{most}"),
            (Some(most), false) => most.to_string(),
            (None, _) => String::new(),
        },
        Type::Number { least, most } => match most {
            Some(most) => format!("{least}–{most}"),
            None => format!("{least} at least"),
        },
        Type::List(list) => {
            let items = match (list.filled, list.most) {
                (true, None) => "1 at least".to_owned(),
                (true, Some(most)) => format!("1–{most}"),
                (false, Some(most)) => most.to_string(),
                (false, None) => String::new(),
            };
            match (items.as_str(), limit(list.of).as_str()) {
                (_, "") => items,
                ("", each) => format!("{each} each"),
                (_, each) => format!("{items}; {each} each"),
            }
        }
        Type::Tags { most } => most.to_string(),
        _ => String::new(),
    }
}

/// Documents with every field that can stand beside the others.
pub(super) fn samples(document: &Document) -> Vec<Value> {
    let count = ways(document.spec);
    let one = |way: usize| {
        let mut root = Mapping::new();
        let mut put = |key: &str, value: Value| root.insert(key.into(), value);
        put("apiVersion", super::API_VERSION.into());
        put("kind", document.kind.into());
        if let Some(shape) = document.metadata {
            let mut metadata = fields(shape, 0);
            metadata.insert("name".into(), document.example.into());
            if document
                .spec
                .fields
                .iter()
                .any(|f| matches!(f.of, Type::Yes))
            {
                let adopt = shape.fields.iter().find(|field| field.name == "adopt");
                let map = adopt.and_then(|field| match field.of {
                    Type::Either(forms) => forms.iter().find_map(|of| match of {
                        Type::Map(shape) => Some(fields(shape, 0)),
                        _ => None,
                    }),
                    _ => None,
                });
                metadata.insert("adopt".into(), map.unwrap_or_default().into());
            }
            put("metadata", metadata.into());
        }
        put("spec", fields(document.spec, way).into());
        Value::from(root)
    };
    (0..count).map(one).collect()
}

/// In how many ways a map must be shown, for each of its fields to be seen.
fn ways(shape: &Shape) -> usize {
    let rules = shape.rules.iter().map(|rule| match rule {
        Rule::ExactlyOne(keys) | Rule::AtMostOne(keys) => keys.len(),
        Rule::OneFilled(..) => 2,
        Rule::Beside(..) | Rule::Excludes(..) | Rule::Only(..) => 1,
    });
    rules.max().unwrap_or(1)
}

fn fields(shape: &Shape, way: usize) -> Mapping {
    let mut hidden: Vec<&str> = Vec::new();
    for rule in shape.rules {
        match rule {
            Rule::ExactlyOne(keys) | Rule::AtMostOne(keys) => {
                let shown = keys.get(way % keys.len());
                hidden.extend(keys.iter().filter(|key| Some(*key) != shown));
            }
            Rule::OneFilled(one, other) => hidden.push(if way == 0 { other } else { one }),
            Rule::Beside(..) | Rule::Excludes(..) | Rule::Only(..) => {}
        }
    }
    for rule in shape.rules {
        match rule {
            Rule::Beside(field, other) if hidden.contains(other) => hidden.push(field),
            Rule::Excludes(field, other) if !hidden.contains(field) => hidden.push(other),
            _ => {}
        }
    }
    let shown = shape.fields.iter().filter(|f| !hidden.contains(&f.name));
    shown
        .map(|field| (Value::from(field.name), sample(field)))
        .collect()
}

fn sample(field: &Field) -> Value {
    if !field.example.is_empty() {
        return serde_yaml::from_str(field.example).unwrap_or_default();
    }
    match field.of {
        Type::Map(shape) => fields(shape, 0).into(),
        Type::List(List {
            of: Type::Map(shape),
            ..
        }) => {
            let items = (0..ways(shape)).map(|way| {
                let mut item = fields(shape, way);
                // Each has a name of its own.
                if let (Some(first), true) = (shape.fields.first(), way > 0)
                    && first.without == Without::Required
                    && let Some(Value::String(name)) = item.get_mut(first.name)
                {
                    let _ = write!(name, "-{}", way + 1);
                }
                Value::from(item)
            });
            Value::Sequence(items.collect())
        }
        _ => Value::Null,
    }
}
