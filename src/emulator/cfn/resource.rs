//! Physical ids and attributes: plausible, and derived from the stack and the logical id alone.
//!
//! Nothing is made, so an attribute the service would assign is a derived value of the right form; the forms are this
//! emulator's guess for types that are not listed.

use super::derive;
use super::intrinsic::{Known, Place, flat};
use super::node::Node;

/// The longest generated name: IAM's and S3's limits (63, 64) are the tightest that matter.
const MAX_GENERATED: usize = 63;

/// The property that names a resource of this type, if it has one.
pub(super) fn naming(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::AutoScaling::AutoScalingGroup" => "AutoScalingGroupName",
        "AWS::CloudWatch::Alarm" => "AlarmName",
        "AWS::CodeBuild::Project"
        | "AWS::CodePipeline::Pipeline"
        | "AWS::Events::Rule"
        | "AWS::Glue::Job"
        | "AWS::SSM::Document"
        | "AWS::SSM::Parameter"
        | "AWS::SecretsManager::Secret"
        | "AWS::ElasticLoadBalancingV2::LoadBalancer"
        | "AWS::ElasticLoadBalancingV2::TargetGroup" => "Name",
        "AWS::CodeCommit::Repository" | "AWS::ECR::Repository" => "RepositoryName",
        "AWS::CloudFormation::Macro" => "Name",
        "AWS::DynamoDB::Table" => "TableName",
        "AWS::ECS::Cluster" => "ClusterName",
        "AWS::ElasticLoadBalancing::LoadBalancer" => "LoadBalancerName",
        "AWS::IAM::Group" => "GroupName",
        "AWS::IAM::InstanceProfile" => "InstanceProfileName",
        "AWS::IAM::ManagedPolicy" => "ManagedPolicyName",
        "AWS::IAM::Role" => "RoleName",
        "AWS::IAM::User" => "UserName",
        "AWS::KMS::Alias" => "AliasName",
        "AWS::Kinesis::Stream" => "Name",
        "AWS::Lambda::Function" | "AWS::Serverless::Function" => "FunctionName",
        "AWS::Logs::LogGroup" => "LogGroupName",
        "AWS::RDS::DBCluster" => "DBClusterIdentifier",
        "AWS::RDS::DBInstance" => "DBInstanceIdentifier",
        "AWS::S3::Bucket" => "BucketName",
        "AWS::SNS::Topic" => "TopicName",
        "AWS::SQS::Queue" => "QueueName",
        "AWS::SageMaker::NotebookInstance" => "NotebookInstanceName",
        "AWS::StepFunctions::StateMachine" => "StateMachineName",
        _ => return None,
    })
}

/// The name that the template itself gives a resource.
pub(super) fn given_name(kind: &str, properties: &Node) -> Option<String> {
    let name = flat(properties.get(naming(kind)?)?);
    (!name.is_empty()).then_some(name)
}

/// A name that CloudFormation would generate: `<stack>-<logical id>-<random>`.
pub(super) fn generated(place: &Place, logical_id: &str) -> String {
    let suffix = derive::letters(&format!("{}/{logical_id}", place.stack_id), 12);
    let mut stem = format!("{}-{logical_id}", place.stack_name);
    stem.truncate(MAX_GENERATED - suffix.len() - 1);
    format!("{stem}-{suffix}")
}

/// What `Ref` gives for a resource once it is made.
pub(super) fn physical_id(
    kind: &str,
    logical_id: &str,
    properties: &Node,
    place: &Place,
) -> String {
    let seed = format!("{}/{logical_id}", place.stack_id);
    let prefixed = |prefix: &str| format!("{prefix}-{}", derive::hex(&seed, 17));
    let name = || given_name(kind, properties).unwrap_or_else(|| generated(place, logical_id));
    let arn = |service: &str, rest: String| arn(place, service, &rest);
    match kind {
        "AWS::S3::Bucket" => given_name(kind, properties)
            .unwrap_or_else(|| generated(place, logical_id).to_ascii_lowercase()),
        "AWS::SNS::Topic" => arn("sns", name()),
        "AWS::SQS::Queue" => format!(
            "https://sqs.{}.amazonaws.com/{}/{}",
            place.region,
            place.account,
            name()
        ),
        "AWS::IAM::ManagedPolicy" => global_arn(place, "iam", &format!("policy/{}", name())),
        "AWS::SecretsManager::Secret" => arn(
            "secretsmanager",
            format!("secret:{}-{}", name(), derive::letters(&seed, 6)),
        ),
        "AWS::StepFunctions::StateMachine" => arn("states", format!("stateMachine:{}", name())),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => arn(
            "elasticloadbalancing",
            format!("loadbalancer/app/{}/{}", name(), derive::hex(&seed, 16)),
        ),
        "AWS::ElasticLoadBalancingV2::TargetGroup" => arn(
            "elasticloadbalancing",
            format!("targetgroup/{}/{}", name(), derive::hex(&seed, 16)),
        ),
        "AWS::SNS::Subscription" => format!(
            "{}:{}",
            properties
                .get("TopicArn")
                .map_or_else(|| arn("sns", name()), flat),
            derive::uuid(&seed)
        ),
        "AWS::CloudFormation::WaitConditionHandle" => format!(
            "https://cloudformation-waitcondition-{0}.s3.{0}.amazonaws.com/{1}",
            place.region,
            derive::hex(&seed, 32)
        ),
        "AWS::CloudFormation::Stack" => arn(
            "cloudformation",
            format!(
                "stack/{}/{}",
                generated(place, logical_id),
                derive::uuid(&seed)
            ),
        ),
        "AWS::CertificateManager::Certificate" => {
            arn("acm", format!("certificate/{}", derive::uuid(&seed)))
        }
        "AWS::KMS::Key" => derive::uuid(&seed),
        "AWS::ServiceCatalog::Portfolio" => format!("port-{}", derive::hex(&seed, 13)),
        "AWS::ServiceCatalog::CloudFormationProduct" => {
            format!("prod-{}", derive::hex(&seed, 13))
        }
        "AWS::ServiceCatalog::CloudFormationProvisionedProduct" => {
            format!("pp-{}", derive::hex(&seed, 13))
        }
        "AWS::EC2::EIP" => address(&seed, 52),
        _ => match id_prefix(kind) {
            Some(prefix) => prefixed(prefix),
            None => name(),
        },
    }
}

/// What `Fn::GetAtt` gives.
pub(super) fn attribute(known: &Known, attribute: &str, place: &Place) -> Node {
    let Known {
        kind,
        physical_id,
        properties,
    } = known;
    let seed = format!("{}/{physical_id}/{attribute}", place.stack_id);
    let region = &place.region;
    let text = match (kind.as_str(), attribute) {
        ("AWS::S3::Bucket", "Arn") => format!("arn:{}:s3:::{physical_id}", place.partition()),
        ("AWS::S3::Bucket", "DomainName") => format!("{physical_id}.s3.amazonaws.com"),
        ("AWS::S3::Bucket", "RegionalDomainName") => {
            format!("{physical_id}.s3.{region}.amazonaws.com")
        }
        ("AWS::S3::Bucket", "WebsiteURL") => {
            format!("http://{physical_id}.s3-website-{region}.amazonaws.com")
        }
        ("AWS::SNS::Topic", "TopicName") | ("AWS::SNS::Topic", "Name") => {
            last(physical_id, ':').to_owned()
        }
        ("AWS::SQS::Queue", "QueueName") => last(physical_id, '/').to_owned(),
        ("AWS::SQS::Queue", "QueueUrl") => physical_id.clone(),
        ("AWS::SQS::Queue", "Arn") => arn(place, "sqs", last(physical_id, '/')),
        ("AWS::CloudFormation::WaitCondition", "Data") => "{}".to_owned(),
        ("AWS::EC2::VPC", "DefaultSecurityGroup") => format!("sg-{}", derive::hex(&seed, 17)),
        ("AWS::EC2::VPC", "DefaultNetworkAcl") => format!("acl-{}", derive::hex(&seed, 17)),
        ("AWS::EC2::VPC", "CidrBlockAssociations") => {
            return Node::List(vec![Node::Text(format!(
                "vpc-cidr-assoc-{}",
                derive::hex(&seed, 17)
            ))]);
        }
        (_, "DnsIpAddresses") => return list(|at| address(&format!("{seed}{at}"), 10)),
        (_, "NameServers") => return list(|at| format!("ns-{at}.awsdns-0{at}.com")),
        ("AWS::EC2::VPCEndpoint", "DnsEntries") => {
            return list(|at| {
                format!(
                    "{}:{physical_id}-{at}.vpce.{region}.vpce.amazonaws.com",
                    zone(&seed)
                )
            });
        }
        ("AWS::EC2::VPCEndpoint", "NetworkInterfaceIds") => {
            return list(|at| format!("eni-{}", derive::hex(&format!("{seed}{at}"), 17)));
        }
        ("AWS::EC2::VPC" | "AWS::EC2::Subnet", "Ipv6CidrBlocks") => {
            return list(|at| format!("2600:1f18:{}:{at}00::/56", derive::hex(&seed, 4)));
        }
        ("AWS::Cloud9::EnvironmentEC2", "Arn") => {
            arn(place, "cloud9", &format!("environment:{physical_id}"))
        }
        ("AWS::IAM::Role", "RoleId") => format!("AROA{}", derive::letters(&seed, 17)),
        ("AWS::IAM::User", "UserId") => format!("AIDA{}", derive::letters(&seed, 17)),
        ("AWS::IAM::AccessKey", "SecretAccessKey") => derive::hex(&seed, 40),
        ("AWS::KMS::Key", "Arn") => arn(place, "kms", &format!("key/{physical_id}")),
        (_, "Arn") => match kind.as_str() {
            // These take a path, and no region.
            "AWS::IAM::Role" => iam_arn(place, "role", physical_id, properties),
            "AWS::IAM::User" => iam_arn(place, "user", physical_id, properties),
            "AWS::IAM::Group" => iam_arn(place, "group", physical_id, properties),
            "AWS::IAM::InstanceProfile" => {
                iam_arn(place, "instance-profile", physical_id, properties)
            }
            "AWS::Lambda::Function" | "AWS::Serverless::Function" => {
                arn(place, "lambda", &format!("function:{physical_id}"))
            }
            "AWS::DynamoDB::Table" => arn(place, "dynamodb", &format!("table/{physical_id}")),
            "AWS::Logs::LogGroup" => arn(place, "logs", &format!("log-group:{physical_id}:*")),
            _ if physical_id.starts_with("arn:") => physical_id.clone(),
            _ => arn(
                place,
                &service(kind),
                &format!("{}/{physical_id}", last(kind, ':').to_ascii_lowercase()),
            ),
        },
        (_, "AvailabilityZone") => properties
            .get("AvailabilityZone")
            .map_or_else(|| format!("{region}a"), flat),
        (_, "PublicIp") => address(&seed, 54),
        (_, "PrivateIp" | "PrivateIpAddress" | "PrimaryPrivateIpAddress") => address(&seed, 10),
        (_, "PublicDnsName") => format!(
            "ec2-{}.compute-1.amazonaws.com",
            address(&seed, 54).replace('.', "-")
        ),
        (_, "PrivateDnsName") => {
            format!("ip-{}.ec2.internal", address(&seed, 10).replace('.', "-"))
        }
        (_, "DNSName" | "LoadBalancerDNSName") => {
            format!("{}.{region}.elb.amazonaws.com", last_name(physical_id))
        }
        (_, "DomainName") => format!("{}.cloudfront.net", derive::hex(&seed, 14)),
        (_, end) if end.ends_with("Endpoint.Address") || end == "RootDomainName" => format!(
            "{}.{}.{region}.{}.amazonaws.com",
            last_name(physical_id),
            derive::hex(&seed, 12),
            service(kind)
        ),
        (_, end) if end.ends_with("Endpoint.Port") || end == "Port" => properties
            .get("Port")
            .map_or_else(|| "443".to_owned(), flat),
        (_, "GroupId") => physical_id.clone(),
        (_, "VpcId" | "CidrBlock" | "Value" | "Type" | "Name") => properties
            .get(attribute)
            .map_or_else(|| physical_id.clone(), flat),
        (_, "AllocationId") => format!("eipalloc-{}", derive::hex(&seed, 17)),
        (_, end) if end.ends_with("Arn") => arn(
            place,
            &service(kind),
            &format!("{}/{}", end.trim_end_matches("Arn"), last_name(physical_id)),
        ),
        (_, end) if end.ends_with("Id") => derive::hex(&seed, 13),
        // A nested stack's outputs, a custom resource's data: nobody here can know them.
        _ => format!("{}.{attribute}", last_name(physical_id)),
    };
    Node::Text(text)
}

/// An attribute with several values.
fn list(value: impl Fn(usize) -> String) -> Node {
    Node::List((0..3).map(|at| Node::Text(value(at))).collect())
}

/// The id of a hosted zone.
fn zone(seed: &str) -> String {
    format!("Z{}", derive::letters(seed, 13))
}

fn id_prefix(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::EC2::Instance" => "i",
        "AWS::EC2::InternetGateway" => "igw",
        "AWS::EC2::LaunchTemplate" => "lt",
        "AWS::EC2::NatGateway" => "nat",
        "AWS::EC2::NetworkAcl" => "acl",
        "AWS::EC2::NetworkInterface" => "eni",
        "AWS::EC2::PrefixList" => "pl",
        "AWS::EC2::RouteTable" => "rtb",
        "AWS::EC2::SecurityGroup" => "sg",
        "AWS::EC2::Subnet" => "subnet",
        "AWS::EC2::SubnetRouteTableAssociation" => "rtbassoc",
        "AWS::EC2::TransitGateway" => "tgw",
        "AWS::EC2::VPC" => "vpc",
        "AWS::EC2::VPCEndpoint" => "vpce",
        "AWS::EC2::VPCPeeringConnection" => "pcx",
        "AWS::EC2::Volume" => "vol",
        "AWS::EFS::FileSystem" => "fs",
        "AWS::DirectoryService::MicrosoftAD" | "AWS::DirectoryService::SimpleAD" => "d",
        _ => return None,
    })
}

/// The service's part in an ARN, from the type's name.
fn service(kind: &str) -> String {
    kind.split("::")
        .nth(1)
        .unwrap_or("custom")
        .to_ascii_lowercase()
}

fn arn(place: &Place, service: &str, rest: &str) -> String {
    format!(
        "arn:{}:{service}:{}:{}:{rest}",
        place.partition(),
        place.region,
        place.account
    )
}

fn global_arn(place: &Place, service: &str, rest: &str) -> String {
    format!(
        "arn:{}:{service}::{}:{rest}",
        place.partition(),
        place.account
    )
}

fn iam_arn(place: &Place, what: &str, name: &str, properties: &Node) -> String {
    let path = properties.get("Path").map_or_else(|| "/".to_owned(), flat);
    global_arn(place, "iam", &format!("{what}{path}{name}"))
}

fn last(text: &str, separator: char) -> &str {
    text.rsplit(separator).next().unwrap_or(text)
}

/// The name in a physical id that may be an ARN or a URL.
fn last_name(physical_id: &str) -> &str {
    if physical_id.starts_with("arn:") || physical_id.starts_with("https:") {
        last(last(physical_id, ':'), '/')
    } else {
        physical_id
    }
}

fn address(seed: &str, first: u8) -> String {
    let digits = derive::hex(seed, 6);
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap_or_default();
    format!("{first}.{}.{}.{}", byte(0), byte(2), byte(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_types_form_and_never_change() {
        let place = Place {
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
            stack_id: "id".to_owned(),
            stack_name: "shop".to_owned(),
            notification_arns: vec![],
        };
        let named = Node::parse(b"TopicName: t\nBucketName: b\nRoleName: r\nPath: /p/").unwrap();
        let id = |kind: &str, properties: &Node| physical_id(kind, "Thing", properties, &place);
        assert_eq!(
            id("AWS::SNS::Topic", &named),
            "arn:aws:sns:eu-west-1:123456789012:t"
        );
        assert_eq!(id("AWS::S3::Bucket", &named), "b");
        let bucket = id("AWS::S3::Bucket", &Node::Null);
        assert!(bucket.starts_with("shop-thing-") && bucket == bucket.to_lowercase());
        assert!(id("AWS::EC2::VPC", &Node::Null).starts_with("vpc-"));
        assert_eq!(
            id("Custom::Any", &Node::Null),
            id("Custom::Any", &Node::Null)
        );
        let role = Known {
            kind: "AWS::IAM::Role".to_owned(),
            physical_id: id("AWS::IAM::Role", &named),
            properties: named,
        };
        assert_eq!(
            attribute(&role, "Arn", &place),
            Node::text("arn:aws:iam::123456789012:role/p/r")
        );
    }

    #[test]
    fn generated_names_stay_short() {
        let place = Place {
            account: String::new(),
            region: String::new(),
            stack_id: String::new(),
            stack_name: "n".repeat(128),
            notification_arns: vec![],
        };
        assert_eq!(generated(&place, "Logical").len(), MAX_GENERATED);
    }
}
