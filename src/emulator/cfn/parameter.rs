//! Values for parameters: given, previous, default; and what the template demands of them.

use std::collections::BTreeMap;

use super::derive;
use super::stack::{Param, ParamValue};
use super::template::ParameterDecl;

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
    let mut values = BTreeMap::new();
    let mut missing = Vec::new();
    for decl in decls {
        let value = match given.iter().rev().find(|param| param.key == decl.key) {
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

/// What Systems Manager holds under the names given to `AWS::SSM::Parameter::Value<…>` parameters, by parameter.
///
/// The embedded AWS has no Systems Manager: the public parameters below `/aws/` have derived values, and any other name
/// is as missing as it would be in a new account.
///
/// # Errors
/// `Unable to fetch parameters [/x] from parameter store for this account.`
pub(super) fn from_ssm(
    decls: &[ParameterDecl],
    values: &BTreeMap<String, String>,
    region: &str,
) -> Result<BTreeMap<String, String>, String> {
    let mut resolved = BTreeMap::new();
    let mut missing = Vec::new();
    for decl in decls.iter().filter(|decl| decl.ssm_inner().is_some()) {
        let Some(name) = values.get(&decl.key) else {
            continue;
        };
        if name.starts_with("/aws/") {
            let seed = format!("{region}{name}");
            let value = if decl.kind.contains("Image::Id") || name.contains("ami") {
                format!("ami-{}", derive::hex(&seed, 17))
            } else {
                derive::hex(&seed, 12)
            };
            resolved.insert(decl.key.clone(), value);
        } else {
            missing.push(name.as_str());
        }
    }
    if missing.is_empty() {
        Ok(resolved)
    } else {
        Err(format!(
            "Unable to fetch parameters [{}] from parameter store for this account.",
            missing.join(",")
        ))
    }
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
    fn public_ssm_parameters_exist_and_others_do_not() {
        let decls = decls("P: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>'}");
        let at = |name: &str| {
            from_ssm(
                &decls,
                &BTreeMap::from([("P".to_owned(), name.to_owned())]),
                "us-east-1",
            )
        };
        assert!(at("/aws/service/ami-amazon-linux-latest/x").unwrap()["P"].starts_with("ami-"));
        assert_eq!(
            at("/golden/ami").unwrap_err(),
            "Unable to fetch parameters [/golden/ami] from parameter store for this account."
        );
    }
}
