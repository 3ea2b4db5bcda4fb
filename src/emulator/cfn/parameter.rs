//! Values for parameters: given, previous, default; and what the template demands of them.

use std::collections::BTreeMap;

use super::derive;
use super::intrinsic::Place;
use super::stack::{Param, ParamValue};
use super::template::ParameterDecl;
use crate::emulator::ssm::{Asked, Kind, Parameters};

/// Gives every declared parameter its value, trimmed. `previous` is what the stack has; `None` for a new stack.
///
/// # Errors
/// CloudFormation's text for the first violation.
pub(super) fn resolve(
    decls: &[ParameterDecl],
    given: &[Param],
    previous: Option<&BTreeMap<String, String>>,
) -> Result<BTreeMap<String, String>, String> {
    let unknown: Vec<&str> = given
        .iter()
        .map(|param| param.key.as_str())
        .filter(|key| decls.iter().all(|decl| decl.key != *key))
        .collect();
    if !unknown.is_empty() {
        return Err(format!(
            "Parameters: [{}] do not exist in the template",
            unknown.join(", ")
        ));
    }
    // Nobody printed what CloudFormation says of one that is given twice (a guess).
    let twice = given.iter().enumerate().find(|(at, param)| {
        let mut before = given.iter().take(*at);
        before.any(|other| other.key == param.key)
    });
    if let Some((_, param)) = twice {
        return Err(format!("Parameter {} is given twice.", param.key));
    }
    let mut values = BTreeMap::new();
    let mut missing = Vec::new();
    for decl in decls {
        let value = match given.iter().find(|param| param.key == decl.key) {
            Some(Param {
                value: ParamValue::Text(text),
                ..
            }) => Some(text.trim().to_owned()),
            Some(_) => match previous.and_then(|values| values.get(&decl.key)) {
                Some(value) => Some(value.clone()),
                None => {
                    return Err(format!(
                        "Invalid input for parameter key {}. Cannot specify usePreviousValue as true for a parameter key not in the previous template",
                        decl.key
                    ));
                }
            },
            None => decl.default.clone(),
        };
        match value {
            Some(value) => {
                check(decl, &value)?;
                values.insert(decl.key.clone(), value);
            }
            None => missing.push(decl.key.as_str()),
        }
    }
    if missing.is_empty() {
        Ok(values)
    } else {
        Err(format!(
            "Parameters: [{}] must have values",
            missing.join(", ")
        ))
    }
}

/// What Systems Manager holds under the names given to `AWS::SSM::Parameter::Value<…>` parameters, by parameter: the
/// newest version unless the name ends in `:<number>`. Lists are trimmed. The public parameters below `/aws/` have
/// derived values.
///
/// The rules and texts are those of a public report of tries on the real service (github.com/cdktn-io,
/// terraform-provider-cfncompat).
///
/// # Errors
/// `Unable to fetch parameters [/x] from parameter store for this account.`, and what is said of a SecureString and
/// of a type that does not fit. Which of several is said first is a guess.
pub(super) fn from_ssm(
    decls: &[ParameterDecl],
    values: &BTreeMap<String, String>,
    place: &Place,
    store: &Parameters,
) -> Result<BTreeMap<String, String>, String> {
    let mut resolved = BTreeMap::new();
    let (mut missing, mut secret, mut unfit) = (Vec::new(), Vec::new(), Vec::new());
    for decl in decls.iter().filter(|decl| decl.ssm_inner().is_some()) {
        let Some(name) = values.get(&decl.key) else {
            continue;
        };
        let asked = Asked::read(name, &place.account, &place.region);
        if asked.is_public() {
            resolved.insert(decl.key.clone(), public(decl, name, &place.region));
            continue;
        }
        let name = name.as_str();
        match store.find(asked) {
            Err(_) => missing.push(name),
            Ok((found, _)) if found.kind == Kind::SecureString => secret.push(name),
            Ok((found, _)) if (found.kind == Kind::StringList) != decl.is_list() => {
                unfit.push(name);
            }
            Ok((_, version)) if decl.is_list() => {
                let items = split(&version.value).join(",");
                resolved.insert(decl.key.clone(), items);
            }
            Ok((_, version)) => {
                resolved.insert(decl.key.clone(), version.value.clone());
            }
        }
    }
    if !missing.is_empty() {
        return Err(format!(
            "Unable to fetch parameters [{}] from parameter store for this account.",
            missing.join(",")
        ));
    }
    if !secret.is_empty() {
        return Err(format!(
            "Parameters [{}] referenced by template have types not supported by CloudFormation.",
            secret.join(",")
        ));
    }
    if !unfit.is_empty() {
        return Err(format!(
            "Types for SSM parameters [{}] defined in CFN template and SSM are incompatible",
            unfit.join(",")
        ));
    }
    Ok(resolved)
}

/// The value of a public parameter, which depends on its name and the region alone (a guess).
fn public(decl: &ParameterDecl, name: &str, region: &str) -> String {
    let seed = format!("{region}{name}");
    if decl.kind.contains("Image::Id") || name.contains("ami") {
        format!("ami-{}", derive::hex(&seed, 17))
    } else {
        derive::hex(&seed, 12)
    }
}

/// What fails the work for a parameter of type `AWS::SSM::Parameter::Name` that names nothing: the stack is begun and
/// goes back (from the same report).
pub(super) fn unknown_name(
    decls: &[ParameterDecl],
    values: &BTreeMap<String, String>,
    place: &Place,
    store: &Parameters,
) -> Option<String> {
    let mut named = decls
        .iter()
        .filter(|decl| decl.kind == "AWS::SSM::Parameter::Name")
        .filter_map(|decl| Some((decl, values.get(&decl.key)?)));
    let (decl, name) = named.find(|(_, name)| {
        let asked = Asked::read(name, &place.account, &place.region);
        !asked.is_public() && store.find(asked).is_err()
    })?;
    Some(format!(
        "Parameter validation failed: parameter value {name} for parameter name {} does not exist.",
        decl.key
    ))
}

/// The elements of a list parameter's value.
pub(super) fn split(value: &str) -> Vec<String> {
    if value.is_empty() {
        return Vec::new();
    }
    value
        .split(',')
        .map(|item| item.trim().to_owned())
        .collect()
}

fn check(decl: &ParameterDecl, value: &str) -> Result<(), String> {
    // The constraints of an SSM parameter type hold for the name, and a list's for each element.
    let items = if decl.is_list() && decl.ssm_inner().is_none() {
        split(value)
    } else {
        vec![value.to_owned()]
    };
    for item in &items {
        if let Err(complaint) = check_item(decl, item) {
            return Err(match &decl.constraint_description {
                Some(description) => format!(
                    "Parameter '{}' failed to satisfy constraint: {description}",
                    decl.key
                ),
                None => format!("Parameter '{}' {complaint}", decl.key),
            });
        }
    }
    Ok(())
}

fn check_item(decl: &ParameterDecl, value: &str) -> Result<(), String> {
    let numeric = matches!(decl.kind.as_str(), "Number" | "List<Number>");
    if numeric {
        let Ok(number) = value.parse::<f64>() else {
            return Err("must be a number".to_owned());
        };
        let bound =
            |text: &Option<String>| text.as_ref().and_then(|t| t.trim().parse::<f64>().ok());
        if let (Some(min), Some(text)) = (bound(&decl.min_value), &decl.min_value)
            && number < min
        {
            return Err(format!("must be a number not less than {text}"));
        }
        if let (Some(max), Some(text)) = (bound(&decl.max_value), &decl.max_value)
            && number > max
        {
            return Err(format!("must be a number not greater than {text}"));
        }
    }
    let length = value.chars().count() as u64;
    if let Some(min) = decl.min_length
        && length < min
    {
        return Err(format!("must contain at least {min} characters"));
    }
    if let Some(max) = decl.max_length
        && length > max
    {
        return Err(format!("must contain at most {max} characters"));
    }
    if !decl.allowed_values.is_empty()
        && !decl.allowed_values.iter().any(|allowed| allowed == value)
    {
        return Err("must be one of AllowedValues".to_owned());
    }
    if let Some(pattern) = &decl.allowed_pattern
        && !matches(pattern, value)
    {
        return Err(format!("must match pattern {pattern}"));
    }
    Ok(())
}

/// The whole value matches. A pattern of Java's that this engine lacks (lookaround, back references) lets all pass.
fn matches(pattern: &str, value: &str) -> bool {
    regex::Regex::new(&format!(r"\A(?:{pattern})\z")).map_or(true, |regex| regex.is_match(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::cfn::Template;

    fn decls(yaml: &str) -> Vec<ParameterDecl> {
        Template::parse(
            format!("Parameters: {{{yaml}}}\nResources: {{A: {{Type: 'AWS::S3::Bucket'}}}}")
                .as_bytes(),
        )
        .unwrap()
        .parameters()
    }

    fn place() -> Place {
        Place {
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            stack_id: String::new(),
            stack_name: String::new(),
            notification_arns: Vec::new(),
        }
    }

    #[test]
    fn values_are_held_against_the_declaration() {
        let table = [
            ("P: {Type: String}", "", "Parameters: [P] must have values"),
            ("P: {Type: String, Default: a}", "", "a"),
            ("P: {Type: String, MinLength: 0}", "P= x ", "x"),
            (
                "P: {Type: String, Default: a}",
                "Q=1",
                "Parameters: [Q] do not exist in the template",
            ),
            ("P: {Type: String, AllowedValues: [a, b]}", "P=b", "b"),
            (
                "P: {Type: String, AllowedValues: [a, b]}",
                "P=c",
                "Parameter 'P' must be one of AllowedValues",
            ),
            (
                "P: {Type: String, AllowedPattern: '[a-z]*'}",
                "P=abc1",
                "Parameter 'P' must match pattern [a-z]*",
            ),
            (
                "P: {Type: String, AllowedPattern: '[a-z]*', ConstraintDescription: be small}",
                "P=A",
                "Parameter 'P' failed to satisfy constraint: be small",
            ),
            ("P: {Type: String, AllowedPattern: '(?!x).*'}", "P=x", "x"),
            (
                "P: {Type: String, MinLength: 2}",
                "P=a",
                "Parameter 'P' must contain at least 2 characters",
            ),
            (
                "P: {Type: String, MaxLength: 2}",
                "P=abc",
                "Parameter 'P' must contain at most 2 characters",
            ),
            (
                "P: {Type: Number, MinValue: 2}",
                "P=1",
                "Parameter 'P' must be a number not less than 2",
            ),
            (
                "P: {Type: Number, MaxValue: 2}",
                "P=2.5",
                "Parameter 'P' must be a number not greater than 2",
            ),
            ("P: {Type: Number}", "P=x", "Parameter 'P' must be a number"),
            (
                "P: {Type: CommaDelimitedList, AllowedValues: [a, b]}",
                "P=a, b",
                "a, b",
            ),
            (
                "P: {Type: CommaDelimitedList, AllowedValues: [a, b]}",
                "P=a,c",
                "Parameter 'P' must be one of AllowedValues",
            ),
        ];
        for (yaml, given, expected) in table {
            let given: Vec<Param> = given
                .split_once('=')
                .map(|(key, value)| Param::text(key, value))
                .into_iter()
                .collect();
            let got = resolve(&decls(yaml), &given, None)
                .map_or_else(|error| error, |values| values["P"].clone());
            assert_eq!(got, expected, "{yaml}");
        }
    }

    #[test]
    fn previous_values_come_from_the_stack() {
        let decls = decls("P: {Type: String, Default: a}, Q: {Type: String, Default: b}");
        let previous = BTreeMap::from([("P".to_owned(), "old".to_owned())]);
        let same = |key: &str| Param {
            key: key.to_owned(),
            value: ParamValue::Previous,
        };
        assert_eq!(
            resolve(&decls, &[same("P")], Some(&previous)).unwrap(),
            BTreeMap::from([
                ("P".to_owned(), "old".to_owned()),
                ("Q".to_owned(), "b".to_owned())
            ])
        );
        // One that is not named goes back to its default.
        assert_eq!(resolve(&decls, &[], Some(&previous)).unwrap()["P"], "a");
        assert!(
            resolve(&decls, &[same("Q")], Some(&previous))
                .unwrap_err()
                .contains("not in the previous template")
        );
    }

    #[test]
    fn names_are_looked_up_in_systems_manager() {
        let mut store = Parameters::default();
        for (name, kind, value) in [
            ("/a/text", Kind::String, "one"),
            ("/a/text", Kind::String, "two, three"),
            ("/a/list", Kind::StringList, "a,b, c ,d"),
            ("/a/secret", Kind::SecureString, "hush"),
        ] {
            store.put(name, kind, value, jiff::Timestamp::UNIX_EPOCH);
        }
        let place = place();
        let at = |kind: &str, name: &str| {
            let decls = decls(&format!(
                "P: {{Type: 'AWS::SSM::Parameter::Value<{kind}>'}}"
            ));
            let values = BTreeMap::from([("P".to_owned(), name.to_owned())]);
            from_ssm(&decls, &values, &place, &store)
                .map_or_else(|error| error, |found| found["P"].clone())
        };
        let public = at(
            "AWS::EC2::Image::Id",
            "/aws/service/ami-amazon-linux-latest/x",
        );
        assert!(public.starts_with("ami-"), "{public}");
        let arn = "arn:aws:ssm:us-east-1:123456789012:parameter/a/text";
        for (kind, name, expected) in [
            ("String", "/a/text", "two, three"),
            ("String", "/a/text:1", "one"),
            ("String", arn, "two, three"),
            ("List<String>", "/a/list", "a,b,c,d"),
            ("CommaDelimitedList", "/a/list", "a,b,c,d"),
            (
                "String",
                "/a/text:9",
                "Unable to fetch parameters [/a/text:9] from parameter store for this account.",
            ),
            (
                "String",
                "/golden/ami",
                "Unable to fetch parameters [/golden/ami] from parameter store for this account.",
            ),
            (
                "String",
                "/a/secret",
                "Parameters [/a/secret] referenced by template have types not supported by CloudFormation.",
            ),
            (
                "String",
                "/a/list",
                "Types for SSM parameters [/a/list] defined in CFN template and SSM are incompatible",
            ),
            (
                "List<String>",
                "/a/text",
                "Types for SSM parameters [/a/text] defined in CFN template and SSM are incompatible",
            ),
        ] {
            assert_eq!(at(kind, name), expected, "{kind} {name}");
        }
    }

    #[test]
    fn a_name_must_name_something() {
        let mut store = Parameters::default();
        store.put("a", Kind::String, "one", jiff::Timestamp::UNIX_EPOCH);
        let decls = decls("P: {Type: 'AWS::SSM::Parameter::Name'}");
        let at = |name: &str| {
            let values = BTreeMap::from([("P".to_owned(), name.to_owned())]);
            unknown_name(&decls, &values, &place(), &store)
        };
        assert_eq!(at("a"), None);
        assert_eq!(
            at("b").unwrap(),
            "Parameter validation failed: parameter value b for parameter name P does not exist."
        );
    }
}
