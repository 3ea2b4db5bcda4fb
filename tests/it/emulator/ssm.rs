//! Parameters of Systems Manager, and templates that name them.

use std::path::Path;

use catalogd::emulator::cfn::{ChangeStack, NewStack};
use catalogd::emulator::{Profile, seed};
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, Refusal, text, with};

const VALIDATION: &str = "ValidationException";

async fn ssm(bench: &Bench, operation: &str, input: Value) -> Result<Value, Refusal> {
    bench
        .ask("ssm", &format!("AmazonSSM.{operation}"), input)
        .await
}

async fn put(bench: &Bench, name: &str, kind: &str, value: &str) -> Value {
    let input = json!({"Name": name, "Type": kind, "Value": value, "Overwrite": true});
    ssm(bench, "PutParameter", input).await.unwrap()
}

async fn get(bench: &Bench, name: &str) -> Result<Value, Refusal> {
    let answer = ssm(bench, "GetParameter", json!({"Name": name})).await?;
    Ok(answer["Parameter"].clone())
}

#[tokio::test(start_paused = true)]
async fn a_parameter_is_put_read_overwritten_and_deleted() {
    let bench = Bench::new(Profile::Instant);
    let input = json!({"Name": "/net/vpc", "Type": "String", "Value": "vpc-1"});
    let made = ssm(&bench, "PutParameter", input.clone()).await;
    assert_eq!(made, Ok(json!({"Tier": "Standard", "Version": 1})));
    let read = get(&bench, "/net/vpc").await.unwrap();
    let expected = json!({
        "ARN": format!("arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/net/vpc"),
        "DataType": "text", "LastModifiedDate": 1_800_000_000.123, "Name": "/net/vpc",
        "Type": "String", "Value": "vpc-1", "Version": 1,
    });
    assert_eq!(read, expected);
    assert_eq!(
        ssm(&bench, "PutParameter", input).await.unwrap_err(),
        (
            "ParameterAlreadyExists".to_owned(),
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true."
                .to_owned()
        )
    );
    // An update need not say the type, and may not change it.
    let more = json!({"Name": "/net/vpc", "Value": "vpc-2", "Overwrite": true});
    let made = ssm(&bench, "PutParameter", more).await.unwrap();
    assert_eq!(made["Version"], 2);
    let other =
        json!({"Name": "/net/vpc", "Value": "x", "Type": "SecureString", "Overwrite": true});
    let said = ssm(&bench, "PutParameter", other).await.unwrap_err();
    assert_eq!(said.0, "HierarchyTypeMismatchException");
    for (name, value, selector) in [
        ("/net/vpc", "vpc-2", Value::Null),
        ("/net/vpc:1", "vpc-1", json!(":1")),
        (expected["ARN"].as_str().unwrap(), "vpc-2", Value::Null),
    ] {
        let read = get(&bench, name).await.unwrap();
        assert_eq!(read["Value"], value, "{name}");
        assert_eq!(read["Selector"], selector, "{name}");
        assert_eq!(read["Name"], "/net/vpc", "{name}");
    }
    for label in ["3", "prod"] {
        let said = get(&bench, &format!("/net/vpc:{label}")).await.unwrap_err();
        let text = format!(
            "Systems Manager could not find version {label} of /net/vpc. Verify the version and try again."
        );
        assert_eq!(said, ("ParameterVersionNotFound".to_owned(), text));
    }
    let gone = json!({"Name": "/net/vpc"});
    let answer = ssm(&bench, "DeleteParameter", gone.clone()).await;
    assert_eq!(answer, Ok(json!({})));
    for operation in ["DeleteParameter", "GetParameter"] {
        let said = ssm(&bench, operation, gone.clone()).await.unwrap_err();
        assert_eq!(said, ("ParameterNotFound".to_owned(), String::new()));
    }
}

#[tokio::test(start_paused = true)]
async fn many_are_read_at_once_and_the_missing_are_named() {
    let bench = Bench::new(Profile::Instant);
    put(&bench, "b", "StringList", "x,y").await;
    put(&bench, "a", "String", "1").await;
    put(&bench, "secret", "SecureString", "hush").await;
    let read = async |more: Value| {
        let input = with(json!({"Names": ["secret", "b", "missing", "a", "b"]}), more);
        ssm(&bench, "GetParameters", input).await.unwrap()
    };
    let shown = read(json!({})).await;
    assert_eq!(shown["InvalidParameters"], json!(["missing"]));
    let values = |answer: &Value| -> Vec<String> {
        let parameters = answer["Parameters"].as_array().unwrap();
        parameters.iter().map(|one| text(one, "/Value")).collect()
    };
    let opaque = values(&shown);
    assert_eq!(opaque[..2], ["1", "x,y"]);
    assert_eq!(shown["Parameters"][2]["Type"], "SecureString");
    assert!(opaque[2].starts_with("AQICAH") && !opaque[2].contains("hush"));
    let plain = read(json!({"WithDecryption": true})).await;
    assert_eq!(values(&plain), ["1", "x,y", "hush"]);
    let many: Vec<String> = (0..11).map(|n| format!("n{n}")).collect();
    let said = ssm(&bench, "GetParameters", json!({"Names": many})).await;
    let (code, message) = said.unwrap_err();
    assert_eq!(code, VALIDATION);
    assert!(message.ends_with("Member must have length less than or equal to 10"));
}

#[tokio::test(start_paused = true)]
async fn names_and_values_are_held_to_the_rules() {
    let bench = Bench::new(Profile::Instant);
    let reserved = "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).";
    let form =
        "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path";
    let levels = "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16";
    for (name, value, code, says) in [
        (
            "/aws/mine",
            "v",
            "AccessDeniedException",
            "No access to reserved parameter name: aws/mine.",
        ),
        ("AwsMine", "v", VALIDATION, reserved),
        ("ssm-mine", "v", VALIDATION, reserved),
        ("/ssm/mine", "v", VALIDATION, form),
        ("/a b", "v", VALIDATION, form),
        ("/a//b", "v", VALIDATION, form),
        (
            "a/b",
            "v",
            VALIDATION,
            "Parameter name must be a fully qualified name",
        ),
        (
            levels,
            "v",
            "HierarchyLevelLimitExceededException",
            "15 levels",
        ),
        (
            "/a",
            "",
            VALIDATION,
            "Value '' at 'value' failed to satisfy constraint",
        ),
        (
            "/a",
            "{{resolve:ssm:b}}",
            VALIDATION,
            "can't nest another parameter",
        ),
        (
            "/a",
            &"x".repeat(4097),
            VALIDATION,
            "Standard tier parameters support a maximum",
        ),
    ] {
        let input = json!({"Name": name, "Type": "String", "Value": value});
        let said = ssm(&bench, "PutParameter", input).await.unwrap_err();
        assert_eq!(said.0, code, "{name}: {}", said.1);
        assert!(said.1.contains(says), "{name}: {}", said.1);
    }
    let untyped = json!({"Name": "/a", "Value": "v"});
    let said = ssm(&bench, "PutParameter", untyped).await.unwrap_err();
    let text = "A parameter type is required when you create a parameter.";
    assert_eq!(said, (VALIDATION.to_owned(), text.to_owned()));
    put(&bench, "/a", "String", &"x".repeat(4096)).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_here_is_refused_plainly() {
    let bench = Bench::new(Profile::Instant);
    let with = |member: &str, value: Value| {
        let mut input = json!({"Name": "/a", "Type": "String", "Value": "v"});
        input[member] = value;
        input
    };
    for (operation, input) in [
        ("GetParametersByPath", json!({"Path": "/"})),
        ("PutParameter", with("Tier", json!("Advanced"))),
        ("PutParameter", with("AllowedPattern", json!("v"))),
        ("PutParameter", with("DataType", json!("aws:ec2:image"))),
        (
            "PutParameter",
            with("Tags", json!([{"Key": "k", "Value": "v"}])),
        ),
        (
            "GetParameter",
            json!({"Name": "/aws/service/global-infrastructure/version"}),
        ),
    ] {
        let said = ssm(&bench, operation, input).await.unwrap_err();
        assert_eq!(said.0, "NotImplemented", "{operation}");
    }
    let said = ssm(&bench, "PutParameters", json!({})).await.unwrap_err();
    assert_eq!(said.0, "UnknownOperationException");
}

#[tokio::test(start_paused = true)]
async fn accounts_and_regions_have_their_own() {
    let bench = Bench::new(Profile::Instant);
    put(&bench, "a", "String", "1").await;
    for other in [
        bench.in_account("210987654321"),
        bench.in_region("eu-west-1"),
    ] {
        assert_eq!(get(&other, "a").await.unwrap_err().0, "ParameterNotFound");
    }
}

/// Reads a parameter by the name it is given, and shows it.
const READS: &str = r#"
Parameters:
  Vpc: {Type: "AWS::SSM::Parameter::Value<String>"}
Resources:
  Topic: {Type: "AWS::SNS::Topic", Properties: {DisplayName: !Ref Vpc}}
Outputs:
  Vpc: {Value: !Ref Vpc}
"#;

struct Launch {
    bench: Bench,
    product: String,
    version: String,
}

impl Launch {
    async fn new(template: &str) -> Self {
        let bench = Bench::new(Profile::Instant);
        let (_, product, version) = bench.launchable_of("reader", template).await;
        Self {
            bench,
            product,
            version,
        }
    }

    /// Launches with that name of a parameter and returns the provisioned product.
    async fn launch(&self, name: &str, vpc: &str) -> Value {
        self.bench
            .ok(
                "ProvisionProduct",
                json!({"ProductId": self.product, "ProvisioningArtifactId": self.version,
                       "ProvisionedProductName": name, "ProvisionToken": name,
                       "ProvisioningParameters": [{"Key": "Vpc", "Value": vpc}]}),
            )
            .await;
        self.detail(name).await
    }

    async fn detail(&self, name: &str) -> Value {
        let asked = json!({"Name": name});
        let found = self.bench.ok("DescribeProvisionedProduct", asked).await;
        found["ProvisionedProductDetail"].clone()
    }

    async fn output(&self, name: &str) -> String {
        let asked = json!({"ProvisionedProductName": name, "OutputKeys": ["Vpc"]});
        let found = self.bench.ok("GetProvisionedProductOutputs", asked).await;
        text(&found, "/Outputs/0/OutputValue")
    }
}

#[tokio::test(start_paused = true)]
async fn a_template_reads_what_its_parameter_names() {
    let s = Launch::new(READS).await;
    for (kind, name) in [("SecureString", "/net/secret"), ("StringList", "/net/list")] {
        put(&s.bench, name, kind, "a,b").await;
    }
    for (name, vpc, says) in [
        (
            "missing",
            "/net/vpc",
            "Unable to fetch parameters [/net/vpc] from parameter store for this account.",
        ),
        (
            "secret",
            "/net/secret",
            "Parameters [/net/secret] referenced by template have types not supported by CloudFormation.",
        ),
        (
            "list",
            "/net/list",
            "Types for SSM parameters [/net/list] defined in CFN template and SSM are incompatible",
        ),
    ] {
        let detail = s.launch(name, vpc).await;
        assert_eq!(detail["Status"], "ERROR", "{name}");
        let message = text(&detail, "/StatusMessage");
        let start =
            format!("AmazonCloudFormationException  {says} (Service: AmazonCloudFormation;");
        assert!(message.starts_with(&start), "{message}");
    }
    put(&s.bench, "/net/vpc", "String", "vpc-1").await;
    assert_eq!(s.launch("found", "/net/vpc").await["Status"], "AVAILABLE");
    assert_eq!(s.output("found").await, "vpc-1");
}

#[tokio::test(start_paused = true)]
async fn an_update_looks_it_up_anew() {
    let s = Launch::new(READS).await;
    put(&s.bench, "/net/vpc", "String", "vpc-1").await;
    s.launch("mine", "/net/vpc").await;
    let update = async |token: &str| {
        let same = json!([{"Key": "Vpc", "UsePreviousValue": true}]);
        let input = json!({"ProvisionedProductName": "mine", "UpdateToken": token,
                           "ProvisioningParameters": same});
        s.bench.ok("UpdateProvisionedProduct", input).await;
        s.detail("mine").await
    };
    put(&s.bench, "/net/vpc", "String", "vpc-2").await;
    assert_eq!(update("two").await["Status"], "AVAILABLE");
    assert_eq!(s.output("mine").await, "vpc-2");
    let gone = json!({"Name": "/net/vpc"});
    ssm(&s.bench, "DeleteParameter", gone).await.unwrap();
    let detail = update("three").await;
    assert_eq!(detail["Status"], "TAINTED");
    assert!(text(&detail, "/StatusMessage").contains("Unable to fetch parameters [/net/vpc]"));
    assert_eq!(s.output("mine").await, "vpc-2");
}

#[tokio::test(start_paused = true)]
async fn what_it_stands_for_counts_even_where_nothing_uses_it() {
    let template = "{\"Parameters\": {\"Vpc\": {\"Type\": \"AWS::SSM::Parameter::Value<String>\"}}, \
                    \"Resources\": {\"Topic\": {\"Type\": \"AWS::SNS::Topic\"}}}";
    let s = Launch::new(template).await;
    put(&s.bench, "/net/vpc", "String", "vpc-1").await;
    s.launch("mine", "/net/vpc").await;
    put(&s.bench, "/net/vpc", "String", "vpc-2").await;
    let same = json!([{"Key": "Vpc", "UsePreviousValue": true}]);
    let input = json!({"ProvisionedProductName": "mine", "UpdateToken": "t",
                       "ProvisioningParameters": same});
    s.bench.ok("UpdateProvisionedProduct", input).await;
    assert_eq!(s.detail("mine").await["Status"], "AVAILABLE");
    let shown = s
        .bench
        .emulator
        .with_stacks(ACCOUNT, "us-east-1", |stacks, _| {
            let stack = stacks.iter().next().unwrap();
            let vpc = &stack.parameters[0];
            (vpc.value.clone(), vpc.resolved.clone())
        });
    assert_eq!(shown, ("/net/vpc".to_owned(), Some("vpc-2".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_names_nothing_lets_the_stack_go_back() {
    let template = READS.replace("Value<String>", "Name");
    let s = Launch::new(&template).await;
    let detail = s.launch("mine", "/net/vpc").await;
    assert_eq!(detail["Status"], "ERROR");
    let says = "Parameter validation failed: parameter value /net/vpc for parameter name Vpc does not exist.";
    assert!(text(&detail, "/StatusMessage").contains(says), "{detail}");
    put(&s.bench, "/net/vpc", "String", "vpc-1").await;
    assert_eq!(s.launch("found", "/net/vpc").await["Status"], "AVAILABLE");
    assert_eq!(s.output("found").await, "/net/vpc");
}

/// Hands its parameter on under a name.
const WRITES: &str = r#"
Parameters:
  Vpc: {Type: String}
  Kind: {Type: String, Default: String}
  Bad: {Type: String, Default: ""}
Conditions:
  Fails: !Not [!Equals [!Ref Bad, ""]]
Resources:
  Handed:
    Type: AWS::SSM::Parameter
    Properties: {Name: /net/vpc, Type: !Ref Kind, Value: !Ref Vpc}
  After:
    Type: AWS::SQS::QueuePolicy
    Condition: Fails
    DependsOn: Handed
Outputs:
  Vpc: {Value: !Ref Handed}
"#;

#[tokio::test(start_paused = true)]
async fn a_stack_makes_changes_and_removes_its_parameter() {
    let s = Launch::new(WRITES).await;
    let value = async || {
        get(&s.bench, "/net/vpc")
            .await
            .map(|read| text(&read, "/Value"))
    };
    let launch = async |name: &str, more: Value| {
        let mut parameters = vec![json!({"Key": "Vpc", "Value": "vpc-1"})];
        parameters.extend(more.as_array().unwrap().iter().cloned());
        s.bench
            .ok(
                "ProvisionProduct",
                json!({"ProductId": s.product, "ProvisioningArtifactId": s.version,
                       "ProvisionedProductName": name, "ProvisionToken": name,
                       "ProvisioningParameters": parameters}),
            )
            .await;
        s.detail(name).await
    };
    // What fails after it takes it away again.
    let detail = launch("fails", json!([{"Key": "Bad", "Value": "yes"}])).await;
    assert_eq!(detail["Status"], "ERROR");
    assert_eq!(value().await.unwrap_err().0, "ParameterNotFound");
    let detail = launch("secret", json!([{"Key": "Kind", "Value": "SecureString"}])).await;
    assert_eq!(detail["Status"], "ERROR");
    assert_eq!(launch("mine", json!([])).await["Status"], "AVAILABLE");
    assert_eq!(value().await.unwrap(), "vpc-1");
    assert_eq!(s.output("mine").await, "/net/vpc");
    let update = async |token: &str, vpc: &str, bad: &str| {
        let parameters = json!([{"Key": "Vpc", "Value": vpc}, {"Key": "Bad", "Value": bad}]);
        let input = json!({"ProvisionedProductName": "mine", "UpdateToken": token,
                           "ProvisioningParameters": parameters});
        s.bench.ok("UpdateProvisionedProduct", input).await;
        s.detail("mine").await
    };
    assert_eq!(update("two", "vpc-2", "").await["Status"], "AVAILABLE");
    assert_eq!(value().await.unwrap(), "vpc-2");
    assert_eq!(update("three", "vpc-3", "yes").await["Status"], "TAINTED");
    assert_eq!(value().await.unwrap(), "vpc-2", "it went back");
    let asked = json!({"ProvisionedProductName": "mine", "TerminateToken": "t"});
    s.bench.ok("TerminateProvisionedProduct", asked).await;
    assert_eq!(value().await.unwrap_err().0, "ParameterNotFound");
    // One that somebody else made is not taken over, and stays.
    put(&s.bench, "/net/vpc", "String", "theirs").await;
    assert_eq!(launch("late", json!([])).await["Status"], "ERROR");
    assert_eq!(value().await.unwrap(), "theirs");
}

#[tokio::test(start_paused = true)]
async fn seeds_put_parameters() {
    let bench = Bench::new(Profile::Instant);
    let seed = "
- service: ssm
  operation: PutParameter
  input: {Name: /net/vpc, Type: String, Value: vpc-1}
- service: ssm
  operation: GetParameter
  as: vpc
  input: {Name: /net/vpc}
- service: servicecatalog
  operation: CreatePortfolio
  as: net
  input: {DisplayName: \"${vpc.Parameter.Value}\", ProviderName: net}
";
    let made = seed::load_text(&bench.emulator, seed, Path::new("")).await;
    assert_eq!(made.unwrap(), 3);
    let found = bench.ok("ListPortfolios", json!({})).await;
    assert_eq!(found["PortfolioDetails"][0]["DisplayName"], "vpc-1");
    let again = seed::load_text(&bench.emulator, seed, Path::new("")).await;
    let error = again.unwrap_err().to_string();
    assert!(
        error.contains("ParameterAlreadyExists: The parameter already exists."),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_parameter_of_a_stack_shows_to_whoever_asks_first() {
    let bench = Bench::new(Profile::Local);
    let template = "Resources: {P: {Type: 'AWS::SSM::Parameter', \
                    Properties: {Name: /net/vpc, Type: String, Value: vpc-1}}}";
    bench
        .emulator
        .with_stacks(ACCOUNT, "us-east-1", |stacks, ctx| {
            let new = NewStack {
                name: "own".to_owned(),
                template: template.into(),
                ..NewStack::default()
            };
            stacks.create(ctx, new).unwrap();
        });
    assert_eq!(
        get(&bench, "/net/vpc").await.unwrap_err().0,
        "ParameterNotFound"
    );
    bench.pass(60.0).await;
    let read = get(&bench, "/net/vpc").await.unwrap();
    assert_eq!(read["Value"], "vpc-1");
}

/// A stack of one parameter resource, and its last status.
async fn stacked(bench: &Bench, name: &str, value: &str) -> String {
    let template = format!(
        "Resources: {{P: {{Type: 'AWS::SSM::Parameter', Properties: {{Name: {name}, Type: String, Value: '{value}'}}}}}}"
    );
    let there = bench
        .emulator
        .with_stacks(ACCOUNT, "us-east-1", |stacks, ctx| {
            let there = stacks.get("own").map(|stack| stack.id.clone());
            match &there {
                Some(id) => {
                    let change = ChangeStack {
                        template: Some(template.clone().into()),
                        ..ChangeStack::default()
                    };
                    stacks.update(ctx, id, change).unwrap();
                }
                None => {
                    let new = NewStack {
                        name: "own".to_owned(),
                        template: template.into(),
                        ..NewStack::default()
                    };
                    stacks.create(ctx, new).unwrap();
                }
            }
            stacks.get("own").unwrap().id.clone()
        });
    bench.pass(60.0).await;
    bench
        .emulator
        .with_stacks(ACCOUNT, "us-east-1", |stacks, _| {
            stacks.get(&there).unwrap().status.as_str().to_owned()
        })
}

async fn unstacked(bench: &Bench) {
    bench
        .emulator
        .with_stacks(ACCOUNT, "us-east-1", |stacks, ctx| {
            stacks.delete(ctx, "own").unwrap();
        });
    bench.pass(60.0).await;
}

#[tokio::test(start_paused = true)]
async fn a_stack_neither_takes_nor_removes_what_it_has_not_made() {
    let bench = Bench::new(Profile::Local);
    // A value that is not resolved here makes nothing.
    let status = stacked(&bench, "/net/vpc", "{{resolve:ssm:/other}}").await;
    assert_eq!(status, "CREATE_COMPLETE");
    assert_eq!(
        get(&bench, "/net/vpc").await.unwrap_err().0,
        "ParameterNotFound"
    );
    put(&bench, "/net/vpc", "String", "mine").await;
    unstacked(&bench).await;
    assert_eq!(get(&bench, "/net/vpc").await.unwrap()["Value"], "mine");
    // Nor is a name taken over that is there.
    let status = stacked(&bench, "/net/vpc", "{{resolve:ssm:/other}}").await;
    assert_eq!(status, "ROLLBACK_COMPLETE");
    assert_eq!(get(&bench, "/net/vpc").await.unwrap()["Value"], "mine");
    unstacked(&bench).await;
    // What an update leaves unknown is not what it was.
    assert_eq!(stacked(&bench, "/net/sub", "one").await, "CREATE_COMPLETE");
    assert_eq!(get(&bench, "/net/sub").await.unwrap()["Value"], "one");
    let status = stacked(&bench, "/net/sub", "{{resolve:ssm:/other}}").await;
    assert_eq!(status, "UPDATE_COMPLETE");
    assert_eq!(
        get(&bench, "/net/sub").await.unwrap_err().0,
        "ParameterNotFound"
    );
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_null_is_absent() {
    let bench = Bench::new(Profile::Instant);
    let input =
        json!({"Name": "a", "Type": "String", "Value": "x", "Tags": null, "Policies": null});
    ssm(&bench, "PutParameter", input).await.unwrap();
    let input = json!({"ResourceARNList": null, "ResourceTypeFilters": ["catalog"]});
    let target = "ResourceGroupsTaggingAPI_20170126.GetResources";
    let found = bench.ask("tagging", target, input).await.unwrap();
    assert_eq!(found["ResourceTagMappingList"], json!([]));
}
