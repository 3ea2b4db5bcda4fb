use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_cloudformation as cfn;
use aws_sdk_s3 as s3;
use aws_sdk_sts as sts;
use catalogd::clock::Clock;
use catalogd::emulator::faults::Faults;
use catalogd::emulator::{Emulator, InProcess, Options, Profile};
use cfn::error::ProvideErrorMetadata as _;

pub const ACCOUNT: &str = "111111111111";

pub fn emulator(profile: Profile) -> Emulator {
    Emulator::new(Options {
        clock: Clock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()),
        seed: 11,
        profile,
        quotas: true,
        faults: Faults::default(),
    })
}

fn credentials(key: &str) -> Credentials {
    Credentials::new(key, "secret", None, None, "test")
}

fn stacks(emulator: &Emulator, key: &str) -> cfn::Client {
    cfn::Client::from_conf(
        cfn::Config::builder()
            .behavior_version(cfn::config::BehaviorVersion::latest())
            .region(cfn::config::Region::new("us-east-1"))
            .credentials_provider(credentials(key))
            .http_client(InProcess(emulator.clone()))
            .build(),
    )
}

fn buckets(emulator: &Emulator, key: &str, region: &str, path_style: bool) -> s3::Client {
    s3::Client::from_conf(
        s3::Config::builder()
            .behavior_version(s3::config::BehaviorVersion::latest())
            .region(s3::config::Region::new(region.to_owned()))
            .credentials_provider(credentials(key))
            .force_path_style(path_style)
            .http_client(InProcess(emulator.clone()))
            .build(),
    )
}

fn sessions(emulator: &Emulator, key: &str) -> sts::Client {
    sts::Client::from_conf(
        sts::Config::builder()
            .behavior_version(sts::config::BehaviorVersion::latest())
            .region(sts::config::Region::new("us-east-1"))
            .credentials_provider(credentials(key))
            .http_client(InProcess(emulator.clone()))
            .build(),
    )
}

const TEMPLATE: &str = "Description: A topic\r
Parameters:\r
  Name: {Type: String}\r
  Secret: {Type: String, NoEcho: true, Default: x}\r
Resources:\r
  Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Ref Name}}\r
Outputs:\r
  Arn: {Value: !Ref Topic, Description: Where}\r
";

fn parameter(key: &str, value: &str) -> cfn::types::Parameter {
    cfn::types::Parameter::builder()
        .parameter_key(key)
        .parameter_value(value)
        .build()
}

async fn status(client: &cfn::Client, name: &str) -> String {
    let stacks = client
        .describe_stacks()
        .stack_name(name)
        .send()
        .await
        .unwrap();
    let status = stacks.stacks()[0].stack_status().unwrap();
    status.as_str().to_owned()
}

async fn settled(client: &cfn::Client, name: &str) -> String {
    for _ in 0..1000 {
        let status = status(client, name).await;
        if !status.ends_with("_IN_PROGRESS") {
            return status;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("{name} did not settle");
}

#[tokio::test(start_paused = true)]
async fn a_stack_from_a_bucket_comes_up_changes_and_goes() {
    let emulator = emulator(Profile::Aws);
    let files = buckets(&emulator, ACCOUNT, "us-east-1", false);
    files
        .create_bucket()
        .bucket("templates-1")
        .send()
        .await
        .unwrap();
    files
        .put_object()
        .bucket("templates-1")
        .key("a/topic v1.yaml")
        .body(TEMPLATE.as_bytes().to_vec().into())
        .send()
        .await
        .unwrap();
    let client = stacks(&emulator, ACCOUNT);
    let made = client
        .create_stack()
        .stack_name("topic")
        .template_url("https://templates-1.s3.us-east-1.amazonaws.com/a/topic%20v1.yaml")
        .parameters(parameter("Name", " news "))
        .send()
        .await
        .unwrap();
    assert_eq!(status(&client, "topic").await, "CREATE_IN_PROGRESS");
    assert_eq!(settled(&client, "topic").await, "CREATE_COMPLETE");
    let all = client
        .describe_stacks()
        .stack_name(made.stack_id().unwrap())
        .send()
        .await
        .unwrap();
    let stack = &all.stacks()[0];
    assert_eq!(stack.description(), Some("A topic"));
    assert_eq!(
        stack.outputs()[0].output_value(),
        Some("arn:aws:sns:us-east-1:111111111111:news")
    );
    assert_eq!(stack.parameters()[0].parameter_value(), Some("news"));
    assert_eq!(stack.parameters()[1].parameter_value(), Some("****"));
    let template = client
        .get_template()
        .stack_name("topic")
        .send()
        .await
        .unwrap();
    assert_eq!(template.template_body(), Some(TEMPLATE));

    let unchanged = client
        .update_stack()
        .stack_name("topic")
        .use_previous_template(true)
        .parameters(
            cfn::types::Parameter::builder()
                .parameter_key("Name")
                .use_previous_value(true)
                .build(),
        )
        .send()
        .await
        .unwrap_err();
    assert_eq!(unchanged.code(), Some("ValidationError"));
    assert_eq!(unchanged.message(), Some("No updates are to be performed."));
    client
        .update_stack()
        .stack_name("topic")
        .use_previous_template(true)
        .parameters(parameter("Name", "olds"))
        .send()
        .await
        .unwrap();
    assert_eq!(settled(&client, "topic").await, "UPDATE_COMPLETE");
    client
        .delete_stack()
        .stack_name("topic")
        .send()
        .await
        .unwrap();
    assert_eq!(
        settled(&client, made.stack_id().unwrap()).await,
        "DELETE_COMPLETE"
    );
    let gone = client
        .describe_stacks()
        .stack_name("topic")
        .send()
        .await
        .unwrap_err();
    assert_eq!(gone.message(), Some("Stack with id topic does not exist"));
    let events = client
        .describe_stack_events()
        .stack_name(made.stack_id().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(
        events.stack_events()[0].resource_status().unwrap().as_str(),
        "DELETE_COMPLETE"
    );
}

#[tokio::test(start_paused = true)]
async fn buckets_serve_both_styles_and_every_checksum() {
    let emulator = emulator(Profile::Instant);
    for path_style in [true, false] {
        let name = if path_style { "path-1" } else { "host.1" };
        let client = buckets(&emulator, ACCOUNT, "eu-west-1", path_style);
        client
            .create_bucket()
            .bucket(name)
            .create_bucket_configuration(
                s3::types::CreateBucketConfiguration::builder()
                    .location_constraint(s3::types::BucketLocationConstraint::EuWest1)
                    .build(),
            )
            .send()
            .await
            .unwrap();
        let head = client.head_bucket().bucket(name).send().await.unwrap();
        assert_eq!(head.bucket_region(), Some("eu-west-1"));
        for algorithm in [
            s3::types::ChecksumAlgorithm::Crc32,
            s3::types::ChecksumAlgorithm::Crc32C,
            s3::types::ChecksumAlgorithm::Crc64Nvme,
            s3::types::ChecksumAlgorithm::Sha1,
            s3::types::ChecksumAlgorithm::Sha256,
        ] {
            client
                .put_object()
                .bucket(name)
                .key("k")
                .checksum_algorithm(algorithm)
                .body("hello".as_bytes().to_vec().into())
                .send()
                .await
                .unwrap();
            let got = client
                .get_object()
                .bucket(name)
                .key("k")
                .checksum_mode(s3::types::ChecksumMode::Enabled)
                .send()
                .await
                .unwrap();
            assert_eq!(
                got.server_side_encryption(),
                Some(&s3::types::ServerSideEncryption::Aes256)
            );
            assert_eq!(got.body.collect().await.unwrap().to_vec(), b"hello");
        }
        let again = client
            .put_object()
            .bucket(name)
            .key("k")
            .if_none_match("*")
            .send()
            .await
            .unwrap_err();
        assert_eq!(again.raw_response().unwrap().status().as_u16(), 412);
        assert_eq!(again.code(), Some("PreconditionFailed"));
        let missing = client
            .get_object()
            .bucket(name)
            .key("nope")
            .send()
            .await
            .unwrap_err();
        assert!(missing.into_service_error().is_no_such_key());
        let other = buckets(&emulator, "222222222222", "eu-west-1", path_style);
        let denied = other
            .get_object()
            .bucket(name)
            .key("k")
            .send()
            .await
            .unwrap_err();
        assert_eq!(denied.code(), Some("AccessDenied"));
        let wrong = client
            .put_object()
            .bucket(name)
            .key("k")
            .expected_bucket_owner("222222222222")
            .send()
            .await
            .unwrap_err();
        assert_eq!(wrong.code(), Some("AccessDenied"));
        let listed = client.list_objects_v2().bucket(name).send().await.unwrap();
        assert_eq!(listed.contents()[0].key(), Some("k"));
        let stamp = listed.contents()[0].last_modified().unwrap();
        assert_eq!(stamp.secs(), emulator.clock().now().as_second());
    }
}

#[tokio::test(start_paused = true)]
async fn an_assumed_role_acts_in_its_account() {
    let emulator = emulator(Profile::Instant);
    let me = sessions(&emulator, ACCOUNT)
        .get_caller_identity()
        .send()
        .await
        .unwrap();
    assert_eq!(me.account(), Some(ACCOUNT));
    let assumed = sessions(&emulator, ACCOUNT)
        .assume_role()
        .role_arn("arn:aws:iam::222222222222:role/deploy")
        .role_session_name("it")
        .send()
        .await
        .unwrap();
    let key = assumed.credentials().unwrap().access_key_id().to_owned();
    let other = sessions(&emulator, &key)
        .get_caller_identity()
        .send()
        .await
        .unwrap();
    assert_eq!(other.account(), Some("222222222222"));
    assert_eq!(
        other.arn(),
        Some("arn:aws:sts::222222222222:assumed-role/deploy/it")
    );
    stacks(&emulator, &key)
        .create_stack()
        .stack_name("s")
        .template_body("Resources: {T: {Type: 'AWS::SNS::Topic'}}")
        .send()
        .await
        .unwrap();
    assert_eq!(
        status(&stacks(&emulator, "222222222222"), "s").await,
        "CREATE_COMPLETE"
    );
    assert!(
        stacks(&emulator, ACCOUNT)
            .describe_stacks()
            .send()
            .await
            .unwrap()
            .stacks()
            .is_empty()
    );
}
