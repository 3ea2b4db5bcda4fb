//! What makes a resource fail, where the real service's refusal is well known.

use super::blueprint::Planned;
use super::intrinsic::flat;
use super::node::Node;
use super::template::Template;

/// Properties without which a type can't be made.
const REQUIRED: [(&str, &[&str]); 14] = [
    ("AWS::DynamoDB::Table", &["KeySchema"]),
    ("AWS::EC2::SecurityGroup", &["GroupDescription"]),
    ("AWS::EC2::Subnet", &["VpcId"]),
    ("AWS::EC2::RouteTable", &["VpcId"]),
    ("AWS::IAM::ManagedPolicy", &["PolicyDocument"]),
    ("AWS::IAM::Policy", &["PolicyName"]),
    ("AWS::IAM::Role", &["AssumeRolePolicyDocument"]),
    ("AWS::Lambda::Function", &["Code", "Role"]),
    (
        "AWS::Lambda::Permission",
        &["FunctionName", "Action", "Principal"],
    ),
    ("AWS::S3::BucketPolicy", &["Bucket", "PolicyDocument"]),
    ("AWS::SNS::Subscription", &["TopicArn", "Protocol"]),
    ("AWS::SNS::TopicPolicy", &["PolicyDocument", "Topics"]),
    ("AWS::SQS::QueuePolicy", &["PolicyDocument", "Queues"]),
    ("AWS::SSM::Parameter", &["Type", "Value"]),
];

/// Types that need `CAPABILITY_IAM`, and the property that makes it `CAPABILITY_NAMED_IAM`.
const IAM: [(&str, &str); 8] = [
    ("AWS::IAM::AccessKey", ""),
    ("AWS::IAM::Group", "GroupName"),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
    ("AWS::IAM::Policy", ""),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::User", "UserName"),
    ("AWS::IAM::UserToGroupAddition", ""),
];

/// Macros that CloudFormation runs itself.
const OWN_MACROS: [&str; 7] = [
    "AWS::CodeDeployBlueGreen",
    "AWS::CodeStar",
    "AWS::Include",
    "AWS::LanguageExtensions",
    "AWS::SecretsManager-2020-07-23",
    "AWS::SecretsManager-2024-09-16",
    "AWS::Serverless-2016-10-31",
];

/// Why the resource can't be made or changed, if its properties say so.
pub(super) fn failure(planned: &Planned) -> Option<String> {
    if planned.transformed {
        return None;
    }
    let missing: Vec<String> = REQUIRED
        .iter()
        .find(|(kind, _)| *kind == planned.kind)
        .map_or(&[][..], |(_, required)| required)
        .iter()
        .filter(|key| planned.properties.get(key).is_none())
        .map(|key| format!("#: required key [{key}] not found"))
        .collect();
    if !missing.is_empty() {
        return Some(format!(
            "Properties validation failed for resource {} with message: {}",
            planned.logical_id,
            missing.join("\n")
        ));
    }
    match planned.kind.as_str() {
        "AWS::S3::Bucket" => planned
            .properties
            .get("BucketName")
            .and_then(|name| bucket_name(&flat(name))),
        _ => None,
    }
}

/// The first capability the template needs and the caller did not give.
pub(super) fn lacking(template: &Template, given: &[String]) -> Option<&'static str> {
    let has = |capability: &str| given.iter().any(|known| known == capability);
    let mut needed = None;
    for (_, resource) in template.section("Resources") {
        let Some(kind) = resource.get("Type").and_then(Node::as_text) else {
            continue;
        };
        let Some((_, name)) = IAM.iter().find(|(known, _)| *known == kind) else {
            continue;
        };
        let named = resource
            .get("Properties")
            .is_some_and(|properties| properties.get(name).is_some());
        if named {
            needed = Some("CAPABILITY_NAMED_IAM");
        } else if needed.is_none() {
            needed = Some("CAPABILITY_IAM");
        }
    }
    match needed {
        Some("CAPABILITY_NAMED_IAM") if !has("CAPABILITY_NAMED_IAM") => {
            return Some("CAPABILITY_NAMED_IAM");
        }
        Some(_) if !has("CAPABILITY_IAM") && !has("CAPABILITY_NAMED_IAM") => {
            return Some("CAPABILITY_IAM");
        }
        _ => {}
    }
    (!template.transforms().is_empty() && !has("CAPABILITY_AUTO_EXPAND"))
        .then_some("CAPABILITY_AUTO_EXPAND")
}

/// A macro that is nobody's: macros of one's own are Lambda functions, which don't exist here.
pub(super) fn unknown_macro(template: &Template, account: &str) -> Option<String> {
    template
        .transforms()
        .into_iter()
        .find(|name| !OWN_MACROS.contains(&name.as_str()))
        .map(|name| format!("No transform named {account}::{name} found."))
}

/// What S3's client library says of a bucket's name, in its order of checks.
pub(super) fn bucket_name(name: &str) -> Option<String> {
    if !(3..=63).contains(&name.chars().count()) {
        return Some("Bucket name should be between 3 and 63 characters long".to_owned());
    }
    if name.parse::<std::net::Ipv4Addr>().is_ok() {
        return Some("Bucket name must not be formatted as an IP Address".to_owned());
    }
    let mut previous = '\0';
    for next in name.chars() {
        let complaint = match (previous, next) {
            (_, 'A'..='Z') => "should not contain uppercase characters".to_owned(),
            (_, ' ' | '\t' | '\r' | '\n') => "should not contain white space".to_owned(),
            ('\0', '.') => "should not begin with a period".to_owned(),
            ('.', '.') => "should not contain two adjacent periods".to_owned(),
            ('-', '.') | ('.', '-') => "should not contain dashes next to periods".to_owned(),
            ('\0', '-') => "should not begin with a '-'".to_owned(),
            (_, '.' | '-' | '0'..='9' | 'a'..='z') => {
                previous = next;
                continue;
            }
            (_, other) => format!("should not contain '{other}'"),
        };
        return Some(format!("Bucket name {complaint}"));
    }
    matches!(previous, '.' | '-').then(|| "Bucket name should not end with '-' or '.'".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_are_refused_for_what_is_wrong_first() {
        let table = [
            ("good-name.1", None),
            (
                "ab",
                Some("Bucket name should be between 3 and 63 characters long"),
            ),
            (
                "10.0.0.1",
                Some("Bucket name must not be formatted as an IP Address"),
            ),
            (
                "aBc",
                Some("Bucket name should not contain uppercase characters"),
            ),
            ("a_b", Some("Bucket name should not contain '_'")),
            (
                "a..b",
                Some("Bucket name should not contain two adjacent periods"),
            ),
            (
                "a-.b",
                Some("Bucket name should not contain dashes next to periods"),
            ),
            ("-ab", Some("Bucket name should not begin with a '-'")),
            ("ab-", Some("Bucket name should not end with '-' or '.'")),
            ("a b", Some("Bucket name should not contain white space")),
        ];
        for (name, expected) in table {
            assert_eq!(bucket_name(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn capabilities_are_asked_for_what_is_in_the_template() {
        let lack = |yaml: &str, given: &[&str]| {
            let given: Vec<String> = given.iter().map(|s| (*s).to_owned()).collect();
            lacking(&Template::parse(yaml.as_bytes()).unwrap(), &given)
        };
        let role = "Resources: {R: {Type: 'AWS::IAM::Role'}}";
        let named = "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {RoleName: x}}}";
        let sam =
            "Transform: AWS::Serverless-2016-10-31\nResources: {R: {Type: 'AWS::SNS::Topic'}}";
        assert_eq!(lack(role, &[]), Some("CAPABILITY_IAM"));
        assert_eq!(lack(role, &["CAPABILITY_NAMED_IAM"]), None);
        assert_eq!(
            lack(named, &["CAPABILITY_IAM"]),
            Some("CAPABILITY_NAMED_IAM")
        );
        assert_eq!(
            lack(sam, &["CAPABILITY_IAM"]),
            Some("CAPABILITY_AUTO_EXPAND")
        );
        assert_eq!(lack("Resources: {R: {Type: 'AWS::SNS::Topic'}}", &[]), None);
    }
}
