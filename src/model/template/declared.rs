//! A parameter as a template declares it, and whether a value can be one of it.
//!
//! A value is refused here only where CloudFormation is sure to refuse it: what macros, stored parameters or a dialect of
//! regular expressions decide is left to it.

use std::fmt;

use regex::Regex;

use super::ParameterDecl;
use super::node::{Node, Place, Value};

/// A member of `Parameters`.
#[derive(Clone, PartialEq, Eq)]
pub struct Declared {
    /// Its name.
    pub key: String,
    /// Where the name stands.
    pub at: Place,
    /// `Type`, where it is written out.
    pub kind: Option<String>,
    /// `Default`: without one a value must be given.
    pub default: Option<String>,
    /// `NoEcho`: its value is masked wherever it is read, and its default is nobody's to see.
    pub no_echo: bool,
    /// `AllowedValues`; `None` where there are none.
    pub allowed: Option<Vec<Allowed>>,
    /// `AllowedPattern`.
    pub pattern: Option<String>,
    /// `MinLength`, `MaxLength`, `MinValue` and `MaxValue`, as they are written.
    pub bounds: Bounds,
    /// `ConstraintDescription`.
    pub constraint_description: Option<String>,
    /// `Description`.
    pub description: Option<String>,
}

/// A member of `AllowedValues`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Allowed {
    /// The text.
    pub text: String,
    /// Readers of YAML may take it for another text: `010`, `yes`, `1.10` without quotes.
    pub loose: bool,
}

/// What bounds a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// `MinLength`.
    pub min_length: Option<String>,
    /// `MaxLength`.
    pub max_length: Option<String>,
    /// `MinValue`.
    pub min_value: Option<String>,
    /// `MaxValue`.
    pub max_value: Option<String>,
}

/// Why a value can't be one of a parameter. It never holds the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Not of the type, of which values look so.
    Type {
        /// The type.
        kind: String,
        /// What its values look like.
        wanted: &'static str,
    },
    /// Not among the allowed values.
    NotAllowed,
    /// The pattern does not match it.
    Pattern,
    /// Too short, too long, too small or too large: the field of the template, and what it says.
    Bound(&'static str, String),
}

/// Not derived: a default may be secret (promise 8).
impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Declared")
            .field("key", &self.key)
            .field("at", &self.at)
            .field("kind", &self.kind)
            .field("no_echo", &self.no_echo)
            .finish_non_exhaustive()
    }
}

impl Declared {
    /// Reads one. What is not written out in it (a function, a map) is as if it were not there.
    pub(super) fn read(key: &str, at: Place, node: &Node) -> Self {
        let text = |name: &str| node.get(name).and_then(Node::text).map(str::to_owned);
        let allowed = node.get("AllowedValues").and_then(Node::items);
        let allowed = allowed.and_then(|items| items.iter().map(Allowed::read).collect());
        Self {
            key: key.to_owned(),
            at,
            kind: text("Type"),
            // A default of a wrong type is CloudFormation's to refuse; it is a default all the same.
            default: node
                .get("Default")
                .map(|value| scalar(value).unwrap_or_default()),
            no_echo: node.get("NoEcho").is_some_and(Node::is_true),
            allowed,
            pattern: text("AllowedPattern"),
            bounds: Bounds {
                min_length: text("MinLength"),
                max_length: text("MaxLength"),
                min_value: text("MinValue"),
                max_value: text("MaxValue"),
            },
            constraint_description: text("ConstraintDescription"),
            description: text("Description"),
        }
    }

    /// What the service itself says of a parameter.
    pub fn decl(&self) -> ParameterDecl {
        ParameterDecl {
            key: self.key.clone(),
            no_echo: self.no_echo,
            default: self.default.clone(),
        }
    }

    /// Whether a value must be given.
    pub fn is_required(&self) -> bool {
        self.default.is_none()
    }

    /// Its name takes its value from the parameter store.
    fn is_stored(&self) -> bool {
        let kind = self.kind.as_deref().unwrap_or_default();
        kind.starts_with("AWS::SSM::Parameter::Value<")
    }

    /// Whether CloudFormation is sure to refuse a value, as it is sent, and why.
    pub fn refuses(&self, value: &str) -> Option<Refusal> {
        let kind = self.kind.as_deref()?;
        // Blanks around a value are trimmed (peers C8 72); a reference is resolved before it is looked at.
        let value = value.trim();
        if value.contains("{{resolve:") {
            return None;
        }
        // Of a stored parameter the name is given; whether what constrains it holds for the name is not published.
        if self.is_stored() {
            return value.is_empty().then(|| Refusal::Type {
                kind: kind.to_owned(),
                wanted: "the name of a parameter of the parameter store",
            });
        }
        let (item, listed) = match kind.strip_prefix("List<").and_then(|k| k.strip_suffix('>')) {
            Some(item) => (item, true),
            None => (kind, kind == "CommaDelimitedList"),
        };
        if listed {
            // How bounds of lengths hold for lists is not published: each item, or the whole.
            let mut items = value.split(',').map(str::trim);
            let empty = value.is_empty();
            return items.find_map(|text| {
                shape(kind, item, text)
                    .filter(|_| !empty)
                    .or_else(|| self.outside(text, item == "Number"))
            });
        }
        shape(kind, item, value)
            .or_else(|| self.outside(value, item == "Number"))
            .or_else(|| self.bounds.refuse(value, item == "Number"))
    }

    fn outside(&self, value: &str, number: bool) -> Option<Refusal> {
        if let Some(allowed) = &self.allowed
            && !allowed.is_empty()
        {
            let number = number.then(|| value.parse::<f64>().ok()).flatten();
            let is_it = |one: &Allowed| {
                one.text.trim() == value || number.is_some_and(|n| one.text.trim().parse() == Ok(n))
            };
            if !allowed.iter().any(is_it) && !allowed.iter().any(|one| one.loose) {
                return Some(Refusal::NotAllowed);
            }
        }
        let pattern = self.pattern.as_deref()?;
        (matches(pattern, value) == Some(false)).then_some(Refusal::Pattern)
    }
}

impl Allowed {
    fn read(node: &Node) -> Option<Self> {
        let loose = matches!(&node.value, Value::Plain(text) if is_loose(text));
        let text = scalar(node)?;
        Some(Self { text, loose })
    }
}

/// The text that a scalar becomes: a boolean is written in small letters, and null is nothing.
fn scalar(node: &Node) -> Option<String> {
    let text = node.text()?;
    let plain = matches!(node.value, Value::Plain(_));
    Some(match text {
        _ if node.is_null() => String::new(),
        "True" | "TRUE" if plain => "true".to_owned(),
        "False" | "FALSE" if plain => "false".to_owned(),
        text => text.to_owned(),
    })
}

/// Whether readers of YAML 1.1 and 1.2 may disagree on what a scalar without quotes is, or write it in another way.
fn is_loose(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit());
    if whole {
        return digits.len() > 1 && digits.starts_with('0');
    }
    let words = [
        "", "~", "null", "yes", "no", "on", "off", "y", "n", "True", "False", "TRUE", "FALSE",
    ];
    let number_like = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        && !text.contains(|c: char| c.is_ascii_alphabetic() && !"eExXoO".contains(c));
    number_like
        || words
            .iter()
            .any(|w| w.eq_ignore_ascii_case(text) && !["true", "false"].contains(&text))
}

impl Bounds {
    fn refuse(&self, value: &str, number: bool) -> Option<Refusal> {
        let Self {
            min_length,
            max_length,
            min_value,
            max_value,
        } = self;
        let bound = |text: &Option<String>| text.as_ref()?.trim().parse::<f64>().ok();
        let refusal = |name, text: &Option<String>| {
            Some(Refusal::Bound(name, text.clone().unwrap_or_default()))
        };
        if number {
            let found: f64 = value.parse().ok()?;
            if bound(min_value).is_some_and(|min| found < min) {
                return refusal("MinValue", min_value);
            }
            if bound(max_value).is_some_and(|max| found > max) {
                return refusal("MaxValue", max_value);
            }
            return None;
        }
        // Counted in characters or in UTF-16's units: both must say so.
        let characters = value.chars().count() as f64;
        let units = value.encode_utf16().count() as f64;
        if bound(min_length).is_some_and(|min| units < min) {
            return refusal("MinLength", min_length);
        }
        if bound(max_length).is_some_and(|max| characters > max) {
            return refusal("MaxLength", max_length);
        }
        None
    }
}

/// Whether a text can't be one of a type; `kind` is the whole type, `item` that of a list's items.
fn shape(kind: &str, item: &str, text: &str) -> Option<Refusal> {
    let refuse = |fits: bool, wanted: &'static str| {
        (!fits).then(|| Refusal::Type {
            kind: kind.to_owned(),
            wanted,
        })
    };
    let id = |prefix: &str| {
        let rest = text.strip_prefix(prefix);
        // Eight digits once, and seventeen since 2016.
        rest.is_some_and(|hex| {
            (8..=17).contains(&hex.len()) && hex.bytes().all(|c| c.is_ascii_hexdigit())
        })
    };
    match item {
        "Number" => {
            let digits = text.bytes().any(|c| c.is_ascii_digit());
            refuse(digits && text.parse::<f64>().is_ok(), "a number")
        }
        "AWS::EC2::Image::Id" => refuse(id("ami-"), "`ami-` and 8 or 17 hex digits"),
        "AWS::EC2::Instance::Id" => refuse(id("i-"), "`i-` and 8 or 17 hex digits"),
        "AWS::EC2::SecurityGroup::Id" => refuse(id("sg-"), "`sg-` and 8 or 17 hex digits"),
        "AWS::EC2::Subnet::Id" => refuse(id("subnet-"), "`subnet-` and 8 or 17 hex digits"),
        "AWS::EC2::Volume::Id" => refuse(id("vol-"), "`vol-` and 8 or 17 hex digits"),
        "AWS::EC2::VPC::Id" => refuse(id("vpc-"), "`vpc-` and 8 or 17 hex digits"),
        "AWS::EC2::AvailabilityZone::Name" => {
            let letters = text
                .bytes()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
            refuse(
                letters && text.contains('-'),
                "a zone's name like `eu-west-1a`",
            )
        }
        "AWS::Route53::HostedZone::Id" => {
            let id = text.strip_prefix("/hostedzone/").unwrap_or(text);
            let letters = id.bytes().all(|c| c.is_ascii_alphanumeric());
            refuse(
                letters && (1..=32).contains(&id.len()),
                "a zone's id like `Z1D633PJN98FT9`",
            )
        }
        "AWS::EC2::KeyPair::KeyName" => refuse(!text.is_empty(), "the name of a key pair"),
        "AWS::EC2::SecurityGroup::GroupName" => {
            refuse(!text.is_empty(), "the name of a security group")
        }
        "AWS::SSM::Parameter::Name" => refuse(
            !text.is_empty(),
            "the name of a parameter of the parameter store",
        ),
        // Texts, and types that are not known here.
        _ => None,
    }
}

/// Whether the whole of a value matches, as far as Java's regular expressions and those here are the same; `None` beyond.
fn matches(pattern: &str, value: &str) -> Option<bool> {
    // Classes inside classes, possessive repetition, quoting and properties are written alike and mean other things, or
    // are only Java's.
    let foreign = [
        "[[", "[:", "&&", "++", "*+", "?+", "}+", "\\Q", "\\p", "\\P", "\\x", "\\u", "\\h", "\\N",
        "(?",
    ];
    let checked = pattern.replace("(?:", "(");
    if foreign.iter().any(|part| checked.contains(part)) || value.contains(['\n', '\r']) {
        return None;
    }
    let regex = Regex::new(&format!(r"\A(?:{pattern})\z")).ok()?;
    match regex.is_match(value) {
        true => Some(true),
        // `\d` and the like are those of ASCII in Java, of all letters here.
        false => value.is_ascii().then_some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(fields: &str) -> Declared {
        let node = Node::read(format!("{{{fields}}}").as_bytes()).unwrap();
        Declared::read("P", Place::START, &node)
    }

    /// What is said of a value, in one word.
    fn said(fields: &str, value: &str) -> String {
        match declared(fields).refuses(value) {
            None => "fine".to_owned(),
            Some(Refusal::Type { wanted, .. }) => wanted.to_owned(),
            Some(Refusal::NotAllowed) => "not allowed".to_owned(),
            Some(Refusal::Pattern) => "pattern".to_owned(),
            Some(Refusal::Bound(name, text)) => format!("{name} {text}"),
        }
    }

    #[test]
    fn values_are_refused_where_cloudformation_would() {
        for (fields, value, expected) in [
            ("Type: String", "", "fine"),
            ("Type: Number", "1.5", "fine"),
            ("Type: Number", " 7 ", "fine"),
            ("Type: Number", "many", "a number"),
            ("Type: Number", "", "a number"),
            ("Type: Number", "inf", "a number"),
            ("Type: List<Number>", "1, 2,3", "fine"),
            ("Type: List<Number>", "1,x", "a number"),
            ("Type: List<Number>", "", "fine"),
            ("Type: Number, MinValue: 2, MaxValue: 4", "1", "MinValue 2"),
            (
                "Type: Number, MinValue: 2, MaxValue: 4",
                "4.1",
                "MaxValue 4",
            ),
            ("Type: Number, AllowedValues: [1, 2.0]", "2", "fine"),
            ("Type: Number, AllowedValues: [1, 2]", "3", "not allowed"),
            ("Type: String, AllowedValues: [a, 'b ']", "b", "fine"),
            ("Type: String, AllowedValues: [a, b]", "c", "not allowed"),
            (
                "Type: String, AllowedValues: [true, false]",
                "True",
                "not allowed",
            ),
            (
                "Type: CommaDelimitedList, AllowedValues: [a, b]",
                "a, b",
                "fine",
            ),
            (
                "Type: CommaDelimitedList, AllowedValues: [a, b]",
                "a,c",
                "not allowed",
            ),
            ("Type: String, MinLength: 2", "a", "MinLength 2"),
            ("Type: String, MaxLength: '2'", "äöü", "MaxLength 2"),
            ("Type: String, AllowedPattern: '[a-z]*'", "abc", "fine"),
            ("Type: String, AllowedPattern: '[a-z]*'", "abc1", "pattern"),
            (
                "Type: String, AllowedPattern: '^(?:[a-z]+)$'",
                "1",
                "pattern",
            ),
            ("Type: 'AWS::EC2::VPC::Id'", "vpc-0a1b2c3d4e5f60718", "fine"),
            (
                "Type: 'AWS::EC2::VPC::Id'",
                "vpc",
                "`vpc-` and 8 or 17 hex digits",
            ),
            (
                "Type: 'List<AWS::EC2::Subnet::Id>'",
                "subnet-0a1b2c3d,sg-0a1b2c3d",
                "`subnet-` and 8 or 17 hex digits",
            ),
            (
                "Type: 'AWS::EC2::AvailabilityZone::Name'",
                "us-west-2-lax-1a",
                "fine",
            ),
            (
                "Type: 'AWS::EC2::AvailabilityZone::Name'",
                "Zone A",
                "a zone's name like `eu-west-1a`",
            ),
            (
                "Type: 'AWS::Route53::HostedZone::Id'",
                "example.com",
                "a zone's id like `Z1D633PJN98FT9`",
            ),
            (
                "Type: 'AWS::EC2::KeyPair::KeyName'",
                "",
                "the name of a key pair",
            ),
        ] {
            assert_eq!(said(fields, value), expected, "{fields}: {value:?}");
        }
    }

    #[test]
    fn what_cannot_be_proved_passes() {
        for (fields, value) in [
            // No type, or one that is not known here.
            ("Default: x", "y"),
            ("Type: 'AWS::Nobody::Knows'", "y"),
            // A function, which a macro may make anything of.
            ("Type: String, AllowedValues: [a, !Ref B]", "c"),
            ("Type: String, AllowedValues: {'Fn::Transform': {}}", "c"),
            // What YAML 1.1 takes for a boolean or an octal number.
            ("Type: String, AllowedValues: [yes, no]", "true"),
            ("Type: String, AllowedValues: [010, 020]", "8"),
            // Java's own.
            ("Type: String, AllowedPattern: '(?!x).*'", "x"),
            ("Type: String, AllowedPattern: '\\p{Alpha}+'", "1"),
            ("Type: String, AllowedPattern: 'a++b'", "ab"),
            ("Type: String, AllowedPattern: '\\w+'", "ä"),
            ("Type: String, AllowedPattern: '('", "x"),
            // The stored value is judged, not its name.
            (
                "Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', AllowedValues: [a]",
                "/golden/ami",
            ),
            // Resolved before it is looked at.
            ("Type: Number", "{{resolve:ssm:/size}}"),
        ] {
            assert_eq!(declared(fields).refuses(value), None, "{fields}: {value:?}");
        }
    }

    #[test]
    fn secrets_are_in_no_debug_text() {
        let secret = declared("Type: String, NoEcho: 'True', Default: hunter2");
        assert!(secret.no_echo && !secret.is_required());
        assert!(!format!("{secret:?}").contains("hunter2"));
    }
}
