use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::clock::Entropy;
use crate::emulator::api::{Caller, Timing};
use crate::emulator::ids::Pins;

struct World {
    stacks: Stacks,
    entropy: Entropy,
}

impl World {
    fn ask(&mut self, body: &str) -> (u16, String) {
        let mut ctx = Ctx {
            caller: Caller {
                account: "123456789012".to_owned(),
                arn: String::new(),
                principal: String::new(),
            },
            region: "us-east-1".to_owned(),
            now: Timestamp::UNIX_EPOCH,
            entropy: &mut self.entropy,
            pins: &mut Pins::default(),
            timing: Timing {
                stack_start: Duration::ZERO,
                per_resource: Duration::ZERO,
                record_end: Duration::ZERO,
                creating: Duration::ZERO,
                copying: Duration::ZERO,
                sharing: Duration::ZERO,
            },
        };
        let read_url = |url: &str| Err(format!("S3 error: {url}"));
        let response = handle(&mut self.stacks, &mut ctx, &read_url, body.as_bytes());
        let text = String::from_utf8(response.body().to_vec()).unwrap();
        (response.status().as_u16(), text)
    }

    /// The code and message of a refusal.
    fn said(&mut self, body: &str) -> String {
        let (status, text) = self.ask(body);
        let part = |tag: &str| {
            text.split(&format!("<{tag}>"))
                .nth(1)
                .and_then(|rest| rest.split("</").next())
                .unwrap_or("-")
                .to_owned()
        };
        format!("{status} {}: {}", part("Code"), part("Message"))
    }
}

fn world() -> World {
    World {
        stacks: Stacks::default(),
        entropy: Entropy::seeded(3),
    }
}

const TEMPLATE: &str =
    "Resources:%0D%0A  T: {Type: 'AWS::SNS::Topic'}%0D%0AOutputs: {O: {Value: !Ref T}}";

#[test]
fn a_stack_is_made_shown_and_deleted() {
    let mut world = world();
    let (status, text) = world.ask(&format!(
        "Action=CreateStack&StackName=s&TemplateBody={TEMPLATE}&Tags.member.1.Key=k&Tags.member.1.Value=a%26b"
    ));
    assert_eq!(status, 200, "{text}");
    assert!(text.contains(
        "<CreateStackResult><StackId>arn:aws:cloudformation:us-east-1:123456789012:stack/s/"
    ));
    let (_, text) = world.ask("Action=DescribeStacks&StackName=s");
    for part in [
        "<StackStatus>CREATE_COMPLETE</StackStatus>",
        "<Tags><member><Value>a&amp;b</Value><Key>k</Key></member></Tags>",
        "<CreationTime>1970-01-01T00:00:00.000Z</CreationTime>",
        "<OutputKey>O</OutputKey>",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (_, text) = world.ask("Action=GetTemplate&StackName=s");
    assert!(text.contains("<TemplateBody>Resources:&#xD;\n"), "{text}");
    let (_, text) = world.ask("Action=DescribeStackEvents&StackName=s");
    assert_eq!(text.matches("<EventId>").count(), 4);
    assert!(text.find("CREATE_COMPLETE").unwrap() < text.find("CREATE_IN_PROGRESS").unwrap());
    let (_, text) = world.ask("Action=DescribeStackResources&StackName=s");
    assert!(text.contains("<LogicalResourceId>T</LogicalResourceId>"));
    assert_eq!(world.ask("Action=DeleteStack&StackName=s").0, 200);
    assert_eq!(
        world.said("Action=DescribeStacks&StackName=s"),
        "400 ValidationError: Stack with id s does not exist"
    );
}

#[test]
fn refusals_are_in_the_services_words() {
    let mut world = world();
    let made = format!("Action=CreateStack&StackName=s&TemplateBody={TEMPLATE}");
    world.ask(&made);
    let table = [
        (
            made.as_str(),
            "400 AlreadyExistsException: Stack [s] already exists",
        ),
        (
            "Action=UpdateStack&StackName=s&UsePreviousTemplate=true",
            "400 ValidationError: No updates are to be performed.",
        ),
        (
            "Action=UpdateStack&StackName=x&UsePreviousTemplate=true",
            "400 ValidationError: Stack [x] does not exist",
        ),
        (
            "Action=UpdateStack&StackName=s",
            "400 ValidationError: Either Template URL or Template Body must be specified.",
        ),
        (
            "Action=CreateStack&StackName=x&TemplateURL=u",
            "400 ValidationError: S3 error: u",
        ),
        // What the service has and the emulator has not does not read as if nobody had it.
        (
            "Action=CreateChangeSet&StackName=s",
            "501 NotImplemented: CreateChangeSet is not supported by the emulator",
        ),
        (
            "Action=Nope",
            "400 InvalidAction: Could not find operation Nope for version 2010-05-15",
        ),
        (
            "Action=DescribeStackEvents&StackName=x",
            "400 ValidationError: Stack [x] does not exist",
        ),
        (
            "Action=DescribeStackEvents",
            "400 ValidationError: 1 validation error detected: Value null at 'stackName' failed to satisfy constraint: Member must not be null",
        ),
    ];
    for (body, expected) in table {
        assert_eq!(world.said(body), expected, "{body}");
    }
}

#[test]
fn many_stacks_come_in_pages() {
    let mut world = world();
    for at in 0..150 {
        world.ask(&format!(
            "Action=CreateStack&StackName=s{at}&TemplateBody={TEMPLATE}"
        ));
    }
    let (_, first) = world.ask("Action=DescribeStacks");
    let token = first
        .split("<NextToken>")
        .nth(1)
        .unwrap()
        .split("</")
        .next()
        .unwrap();
    let (_, second) = world.ask(&format!(
        "Action=DescribeStacks&NextToken={}",
        token.replace('=', "%3D")
    ));
    assert_eq!(first.matches("<StackName>").count(), 100);
    assert_eq!(second.matches("<StackName>").count(), 50);
    assert!(!second.contains("<NextToken>"));
}
