//! A template's text as a tree: YAML with short tags, or JSON.
//!
//! CloudFormation treats every scalar as text, keeps the last of duplicate keys and knows a function's short form as
//! the long one, so the tree has text, lists and maps only and short tags are already unfolded in it.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess,
    VariantAccess,
};
use serde::ser::{Serialize, Serializer};

/// A value of a template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Node {
    /// `null` or nothing at all.
    #[default]
    Null,
    /// Any other scalar.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of its keys' first appearance.
    Map(Vec<(String, Node)>),
}

/// Functions that have a short form (`!Sub`) beside `!Ref` and `!Condition`.
const SHORT: [&str; 25] = [
    "And",
    "Base64",
    "Cidr",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "ForEach",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "RefAll",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ValueOf",
    "ValueOfAll",
];

impl Node {
    /// Parses a template's bytes: JSON if they start with `{` and are JSON, YAML otherwise.
    ///
    /// # Errors
    /// CloudFormation's text for what is not well-formed.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| "Template format error: YAML not well-formed.".to_owned())?;
        let text = text.trim_start_matches('\u{feff}');
        if text.trim_start().starts_with('{') {
            // A flow mapping of YAML starts the same way, hence the second try.
            return match json(text) {
                Ok(node) => Ok(node),
                Err(error) => yaml(text).map_err(|_| {
                    format!(
                        "Template format error: JSON not well-formed. (line {}, column {})",
                        error.line(),
                        error.column()
                    )
                }),
            };
        }
        yaml(text).map_err(|error| match error.location() {
            Some(at) => format!(
                "Template format error: YAML not well-formed. (line {}, column {})",
                at.line(),
                at.column()
            ),
            None => "Template format error: YAML not well-formed.".to_owned(),
        })
    }

    /// The member `key` of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// Whether both say the same, in whatever order mappings have their keys.
    pub fn matches(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Map(one), Self::Map(two)) => {
                one.len() == two.len()
                    && one
                        .iter()
                        .all(|(key, value)| other.get(key).is_some_and(|v| value.matches(v)))
            }
            (Self::List(one), Self::List(two)) => {
                one.len() == two.len() && one.iter().zip(two).all(|(a, b)| a.matches(b))
            }
            _ => self == other,
        }
    }

    /// The text of a scalar.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The members of a mapping.
    pub fn as_map(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The scalar says yes.
    pub fn is_true(&self) -> bool {
        self.as_text()
            .is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// The function this node calls and its argument: a mapping with the one key `Ref`, `Condition` or `Fn::…`.
    pub fn as_call(&self) -> Option<(&str, &Self)> {
        match self.as_map()? {
            [(name, argument)]
                if name == "Ref" || name == "Condition" || name.starts_with("Fn::") =>
            {
                Some((name, argument))
            }
            _ => None,
        }
    }

    /// A text node.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// As the JSON that it can be read from again.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(entries) => serializer.collect_map(entries.iter().map(|(k, v)| (k, v))),
        }
    }
}

/// How deep a template may nest. What is made of it stands in state files, whose readers follow 128 levels, and some of
/// those are around it.
const MAX_NESTING: usize = 100;
/// How many values a template may have once its aliases are followed: more than fit in one without any.
const MAX_VALUES: usize = 1 << 20;

fn json(text: &str) -> Result<Node, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let node = Growing::new(&Cell::new(MAX_VALUES)).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(node)
}

fn yaml(text: &str) -> Result<Node, serde_yaml::Error> {
    Growing::new(&Cell::new(MAX_VALUES)).deserialize(serde_yaml::Deserializer::from_str(text))
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The format has its own limit of depth.
        let growing = Growing {
            left: &Cell::new(usize::MAX),
            depth: usize::MAX,
        };
        growing.deserialize(deserializer)
    }
}

/// A value that is being read, in a tree that may still have so many more, and so much below.
#[derive(Debug, Clone, Copy)]
struct Growing<'a> {
    left: &'a Cell<usize>,
    depth: usize,
}

impl<'a> Growing<'a> {
    fn new(left: &'a Cell<usize>) -> Self {
        Self {
            left,
            depth: MAX_NESTING,
        }
    }

    /// What is one level below.
    fn below<E: de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1);
        let depth = depth.ok_or_else(|| E::custom("it is nested too deeply"))?;
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Growing<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let left = self.left.get().checked_sub(1);
        let left = left.ok_or_else(|| de::Error::custom("it has too many values"))?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> de::Visitor<'de> for Growing<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a template value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::text(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Node, E> {
        Ok(Node::text(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Node, E> {
        Ok(Node::text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::text(format!("{value:?}")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let below = self.below()?;
        let mut list = Vec::new();
        while let Some(node) = seq.next_element_seed(below)? {
            list.push(node);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let below = self.below()?;
        let mut map: Vec<(String, Node)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        while let Some((key, value)) = access.next_entry_seed(below, below)? {
            let Node::Text(key) = key else {
                return Err(de::Error::custom("a key that is not a scalar"));
            };
            // The last of several equal keys counts, as in CloudFormation's own parsers.
            match places.get(&key) {
                Some(&at) => {
                    let entry: &mut (String, Node) = &mut map[at];
                    entry.1 = value;
                }
                None => {
                    places.insert(key.clone(), map.len());
                    map.push((key, value));
                }
            }
        }
        Ok(Node::Map(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Node, A::Error> {
        let (tag, variant) = access.variant::<String>()?;
        let argument: Node = match variant.newtype_variant_seed(self.below()?)? {
            // A tag without a value is a call with an empty text: `!GetAZs`.
            Node::Null => Node::text(""),
            argument => argument,
        };
        let name = tag.trim_start_matches('!');
        match name {
            "Ref" | "Condition" => Ok(Node::Map(vec![(name.to_owned(), argument)])),
            "GetAtt" => Ok(Node::Map(vec![("Fn::GetAtt".to_owned(), dotted(argument))])),
            _ if SHORT.contains(&name) => Ok(Node::Map(vec![(format!("Fn::{name}"), argument)])),
            _ => Err(de::Error::custom(format!("the tag !{name} is unknown"))),
        }
    }
}

/// `Resource.Attribute` as the pair that the long form takes; attributes may have dots themselves.
fn dotted(argument: Node) -> Node {
    match &argument {
        Node::Text(text) => match text.split_once('.') {
            Some((resource, attribute)) => {
                Node::List(vec![Node::text(resource), Node::text(attribute)])
            }
            None => argument,
        },
        _ => argument,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, Node)]) -> Node {
        Node::Map(
            entries
                .iter()
                .map(|(k, v)| ((*k).to_owned(), v.clone()))
                .collect(),
        )
    }

    #[test]
    fn yaml_and_json_give_the_same_tree() {
        let yaml = "\u{feff}A: !Sub '${B}x'\r\nC: [!GetAtt D.E.F, 1, 1.0, true, '01', ~]\r\n";
        let json = "{\"A\":\t{\"Fn::Sub\":\"${B}x\"},\"C\":[{\"Fn::GetAtt\":[\"D\",\"E.F\"]},1,1.0,true,\"01\",null]}";
        assert_eq!(Node::parse(yaml.as_bytes()), Node::parse(json.as_bytes()));
        assert_eq!(
            Node::parse(b"a: !If [c, !Ref d, !Ref AWS::NoValue]").unwrap(),
            map(&[(
                "a",
                map(&[(
                    "Fn::If",
                    Node::List(vec![
                        Node::text("c"),
                        map(&[("Ref", Node::text("d"))]),
                        map(&[("Ref", Node::text("AWS::NoValue"))]),
                    ])
                )])
            )])
        );
    }

    #[test]
    fn a_tag_without_a_value_is_a_call_with_an_empty_text() {
        assert_eq!(
            Node::parse(b"a:\n  - !GetAZs\n"),
            Node::parse(b"a:\n  - Fn::GetAZs: ''\n")
        );
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        let expected = map(&[("a", Node::text("3")), ("b", Node::text("2"))]);
        assert_eq!(Node::parse(b"a: 1\nb: 2\na: 3\n").unwrap(), expected);
        assert_eq!(Node::parse(b"{\"a\":1,\"b\":2,\"a\":3}").unwrap(), expected);
    }

    #[test]
    fn what_is_not_well_formed_is_said_with_its_place() {
        let said = |bytes: &[u8]| Node::parse(bytes).unwrap_err();
        assert!(said(b"a: [1\nb: 2").starts_with("Template format error: YAML not well-formed."));
        assert!(
            said(b"{\"a\": ]").starts_with("Template format error: JSON not well-formed. (line 1")
        );
        assert!(said(b"a: !Nope x").contains("YAML not well-formed"));
        assert!(said(b"a: \xff").contains("YAML not well-formed"));
    }
}
