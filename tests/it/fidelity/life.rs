//! A whole life through the AWS CLI, as a person at a terminal would lead it, and the `aws` program itself.

use std::path::Path;

use catalogd::clock::Clock;
use catalogd::emulator::faults::Faults;
use catalogd::emulator::{Emulator, Options, Profile};
use serde_json::{Value, json};

use super::foreign::{Cli, clients, program, said};
use crate::emulator::client::{ACCOUNT, ROLE, TEMPLATE, served, text};

/// Whom the portfolio is shared with.
const NEIGHBOUR: &str = "210987654321";

/// In real time: a stack and a record take some hundredths of a second.
fn emulator() -> Emulator {
    Emulator::new(Options {
        clock: Clock::system(),
        seed: 3,
        profile: Profile::Local,
        quotas: true,
        faults: Faults::default(),
    })
}

/// Somebody at a terminal.
struct Person {
    cli: Cli,
    portfolio: String,
    product: String,
    versions: Vec<String>,
}

impl Person {
    async fn sc(&mut self, command: &str) -> Value {
        self.cli.ok(&format!("aws servicecatalog {command}")).await
    }

    async fn refused(&mut self, command: &str, code: &str) {
        let command = format!("aws servicecatalog {command}");
        let said = self.cli.run(&command).await.unwrap_err();
        assert!(said.contains(&format!("({code})")), "{command}: {said}");
    }

    /// Asks until the answer has this at that place.
    async fn until(&mut self, command: &str, at: &str, wanted: &str) -> Value {
        // Each question takes some tenths of a second: this is a minute at least.
        for _ in 0..300 {
            let answer = self.cli.ok(&format!("aws {command}")).await;
            if answer.pointer(at).and_then(Value::as_str) == Some(wanted) {
                return answer;
            }
        }
        panic!("{command} never has {wanted}");
    }

    /// Follows a record to its end.
    async fn followed(&mut self, answer: &Value) {
        let record = text(answer, "/RecordDetail/RecordId");
        self.until(
            &format!("servicecatalog describe-record --id {record}"),
            "/RecordDetail/Status",
            "SUCCEEDED",
        )
        .await;
    }

    /// `--parameters` and `--provisioning-artifact-parameters` of a version.
    fn version(name: &str, file: &str) -> String {
        let url = format!("https://templates.s3.us-east-1.amazonaws.com/{file}");
        let version = json!({"Name": name, "Type": "CLOUD_FORMATION_TEMPLATE",
                             "Info": {"LoadTemplateFromURL": url}});
        format!("'{version}'")
    }
}

#[tokio::test]
async fn a_whole_life_through_the_cli() {
    let Some(home) = clients() else {
        return;
    };
    served(emulator(), async |endpoint: String| {
        let mut person = Person {
            cli: Cli::start(&home, &endpoint, ACCOUNT, "us-east-1"),
            portfolio: String::new(),
            product: String::new(),
            versions: Vec::new(),
        };
        create(&mut person).await;
        let mut neighbour = Cli::start(&home, &endpoint, NEIGHBOUR, "us-east-1");
        share(&mut person, &mut neighbour).await;
        launch(&mut person).await;
        copy_and_import(&mut person).await;
        take_down(&mut person).await;
    })
    .await;
}

async fn create(person: &mut Person) {
    person.cli.file("one.yaml", TEMPLATE);
    person.cli.file(
        "two.yaml",
        &TEMPLATE.replace("Default: small", "Default: large"),
    );
    person.cli.prints("aws s3 mb s3://templates").await;
    person
        .cli
        .prints("aws s3 cp . s3://templates --recursive")
        .await;
    let listed = person.cli.prints("aws s3 ls s3://templates").await;
    assert!(
        listed.contains("one.yaml") && listed.contains("two.yaml"),
        "{listed}"
    );

    let made = person
        .sc("create-portfolio --display-name Networking --provider-name Platform --tags Key=team,Value=net")
        .await;
    person.portfolio = text(&made, "/PortfolioDetail/Id");
    let made = person
        .sc(&format!(
            "create-product --name Topic --owner Platform --product-type CLOUD_FORMATION_TEMPLATE \
             --provisioning-artifact-parameters {}",
            Person::version("v1", "one.yaml")
        ))
        .await;
    person.product = text(&made, "/ProductViewDetail/ProductViewSummary/ProductId");
    let product = person.product.clone();
    person
        .versions
        .push(text(&made, "/ProvisioningArtifactDetail/Id"));
    let made = person
        .sc(&format!(
            "create-provisioning-artifact --product-id {product} --parameters {}",
            Person::version("v2", "two.yaml")
        ))
        .await;
    person
        .versions
        .push(text(&made, "/ProvisioningArtifactDetail/Id"));
    for version in person.versions.clone() {
        let of = format!("--product-id {product} --provisioning-artifact-id {version}");
        person
            .until(
                &format!("servicecatalog describe-provisioning-artifact {of}"),
                "/Status",
                "AVAILABLE",
            )
            .await;
    }
    let pair = format!("--portfolio-id {} --product-id {product}", person.portfolio);
    let portfolio = person.portfolio.clone();
    person
        .sc(&format!("associate-product-with-portfolio {pair}"))
        .await;
    person
        .sc(&format!(
            "associate-principal-with-portfolio --portfolio-id {portfolio} --principal-arn {ROLE} --principal-type IAM"
        ))
        .await;
    let made = person
        .sc(&format!(
            "create-constraint {pair} --type LAUNCH --parameters '{{\"LocalRoleName\":\"launch\"}}'"
        ))
        .await;
    let constraint = text(&made, "/ConstraintDetail/ConstraintId");
    person
        .until(
            &format!("servicecatalog describe-constraint --id {constraint}"),
            "/Status",
            "AVAILABLE",
        )
        .await;
}

async fn share(person: &mut Person, neighbour: &mut Cli) {
    let (portfolio, product) = (person.portfolio.clone(), person.product.clone());
    let with = format!("--portfolio-id {portfolio} --account-id {NEIGHBOUR}");
    person.sc(&format!("create-portfolio-share {with}")).await;
    let told = person
        .sc(&format!(
            "describe-portfolio-shares --portfolio-id {portfolio} --type ACCOUNT"
        ))
        .await;
    assert_eq!(
        text(&told, "/PortfolioShareDetails/0/PrincipalId"),
        NEIGHBOUR
    );
    assert_eq!(told["PortfolioShareDetails"][0]["Accepted"], false);
    neighbour
        .ok(&format!(
            "aws servicecatalog accept-portfolio-share --portfolio-id {portfolio}"
        ))
        .await;
    let theirs = neighbour
        .ok("aws servicecatalog list-accepted-portfolio-shares --portfolio-share-type IMPORTED")
        .await;
    assert_eq!(text(&theirs, "/PortfolioDetails/0/Id"), portfolio);
    // Principals are not shared along: the neighbour lets its own in, and launches.
    neighbour
        .ok(&format!(
            "aws servicecatalog associate-principal-with-portfolio --portfolio-id {portfolio} \
             --principal-arn arn:aws:iam::{NEIGHBOUR}:role/catalogd --principal-type IAM"
        ))
        .await;
    let found = neighbour.ok("aws servicecatalog search-products").await;
    assert_eq!(text(&found, "/ProductViewSummaries/0/ProductId"), product);
    neighbour
        .ok(&format!(
            "aws servicecatalog disassociate-principal-from-portfolio --portfolio-id {portfolio} \
             --principal-arn arn:aws:iam::{NEIGHBOUR}:role/catalogd"
        ))
        .await;
    person.sc(&format!("delete-portfolio-share {with}")).await;
    let theirs = neighbour.ok("aws servicecatalog search-products").await;
    assert_eq!(theirs, json!({"ProductViewSummaries": []}));
}

async fn launch(person: &mut Person) {
    let product = person.product.clone();
    let [first, second] = [0, 1].map(|n| person.versions[n].clone());
    let of = format!("--product-id {product} --provisioning-artifact-id {first}");
    let paths = person
        .sc(&format!("list-launch-paths --product-id {product}"))
        .await;
    assert_eq!(text(&paths, "/LaunchPathSummaries/0/Name"), "Networking");
    let told = person
        .sc(&format!("describe-provisioning-parameters {of}"))
        .await;
    let role =
        json!({"Type": "launchAsRole", "Value": format!("arn:aws:iam::{ACCOUNT}:role/launch")});
    assert!(
        told["UsageInstructions"]
            .as_array()
            .unwrap()
            .contains(&role),
        "{told}"
    );
    let made = person
        .sc(&format!(
            "provision-product {of} --provisioned-product-name alarms \
             --provisioning-parameters Key=Owner,Value=net --tags Key=cost,Value=1"
        ))
        .await;
    person.followed(&made).await;
    let outputs =
        "get-provisioned-product-outputs --provisioned-product-name alarms --output-keys Kind";
    let told = person.sc(outputs).await;
    assert_eq!(text(&told, "/Outputs/0/OutputValue"), "small");
    let shown = person
        .sc("describe-provisioned-product --name alarms")
        .await;
    assert_eq!(
        text(&shown, "/ProvisionedProductDetail/LaunchRoleArn"),
        format!("arn:aws:iam::{ACCOUNT}:role/launch")
    );
    let changed = person
        .sc(&format!(
            "update-provisioned-product --provisioned-product-name alarms --product-id {product} \
             --provisioning-artifact-id {second} --provisioning-parameters \
             Key=Owner,UsePreviousValue=true Key=Size,Value=large"
        ))
        .await;
    person.followed(&changed).await;
    let told = person.sc(outputs).await;
    assert_eq!(text(&told, "/Outputs/0/OutputValue"), "large");
    let gone = person
        .sc("terminate-provisioned-product --provisioned-product-name alarms")
        .await;
    person.followed(&gone).await;
    person
        .refused(
            "describe-provisioned-product --name alarms",
            "ResourceNotFoundException",
        )
        .await;
    let stacks = person.cli.ok("aws cloudformation describe-stacks").await;
    assert_eq!(stacks["Stacks"], json!([]));
}

async fn copy_and_import(person: &mut Person) {
    let source = format!(
        "arn:aws:catalog:us-east-1:{ACCOUNT}:product/{}",
        person.product
    );
    let token = person
        .sc(&format!(
            "copy-product --source-product-arn {source} --target-product-name Ours --copy-options CopyTags"
        ))
        .await;
    let token = text(&token, "/CopyProductToken");
    let done = person
        .until(
            &format!("servicecatalog describe-copy-product-status --copy-product-token {token}"),
            "/CopyProductStatus",
            "SUCCEEDED",
        )
        .await;
    let copy = text(&done, "/TargetProductId");
    let versions = person
        .sc(&format!("list-provisioning-artifacts --product-id {copy}"))
        .await;
    assert_eq!(text(&versions, "/ProvisioningArtifactDetails/1/Name"), "v2");
    let version = text(&versions, "/ProvisioningArtifactDetails/0/Id");
    let pair = format!("--portfolio-id {} --product-id {copy}", person.portfolio);
    person
        .sc(&format!("associate-product-with-portfolio {pair}"))
        .await;

    let made = person
        .cli
        .ok(
            "aws cloudformation create-stack --stack-name legacy --template-body file://one.yaml \
             --parameters ParameterKey=Owner,ParameterValue=net",
        )
        .await;
    let stack = text(&made, "/StackId");
    // `aws cloudformation wait` would ask twice a minute.
    person
        .until(
            "cloudformation describe-stacks --stack-name legacy",
            "/Stacks/0/StackStatus",
            "CREATE_COMPLETE",
        )
        .await;
    let made = person
        .sc(&format!(
            "import-as-provisioned-product --product-id {copy} --provisioning-artifact-id {version} \
             --provisioned-product-name legacy --physical-id {stack}"
        ))
        .await;
    person.followed(&made).await;
    let shown = person
        .sc("describe-provisioned-product --name legacy")
        .await;
    assert_eq!(
        text(&shown, "/ProvisionedProductDetail/Status"),
        "AVAILABLE"
    );
    let gone = person
        .sc("terminate-provisioned-product --provisioned-product-name legacy --retain-physical-resources")
        .await;
    person.followed(&gone).await;
    person
        .cli
        .ok(&format!(
            "aws cloudformation describe-stacks --stack-name {stack}"
        ))
        .await;
    person
        .sc(&format!("disassociate-product-from-portfolio {pair}"))
        .await;
    person.sc(&format!("delete-product --id {copy}")).await;
}

async fn take_down(person: &mut Person) {
    let (product, portfolio) = (person.product.clone(), person.portfolio.clone());
    person
        .refused(
            &format!("delete-product --id {product}"),
            "ResourceInUseException",
        )
        .await;
    let listed = person
        .sc(&format!(
            "list-constraints-for-portfolio --portfolio-id {portfolio}"
        ))
        .await;
    let constraint = text(&listed, "/ConstraintDetails/0/ConstraintId");
    for command in [
        format!("delete-constraint --id {constraint}"),
        format!(
            "disassociate-product-from-portfolio --portfolio-id {portfolio} --product-id {product}"
        ),
        format!(
            "disassociate-principal-from-portfolio --portfolio-id {portfolio} --principal-arn {ROLE}"
        ),
        format!("delete-portfolio --id {portfolio}"),
        format!("delete-product --id {product}"),
    ] {
        person.sc(&command).await;
    }
    let listed = person.sc("list-portfolios").await;
    assert_eq!(listed, json!({"PortfolioDetails": []}));
    let listed = person.sc("search-products-as-admin").await;
    assert_eq!(listed, json!({"ProductViewDetails": []}));
}

/// The program as it is installed, each command a process: what the driver of the other tests runs in one.
#[tokio::test]
async fn the_aws_program_itself_is_answered() {
    let Some(home) = clients() else {
        return;
    };
    served(emulator(), async |endpoint: String| {
        let made = aws(
            &home,
            &endpoint,
            "servicecatalog create-portfolio --display-name Net --provider-name it",
        )
        .await;
        let made: Value = serde_json::from_str(&made.unwrap()).unwrap();
        let id = text(&made, "/PortfolioDetail/Id");
        let shown = aws(
            &home,
            &endpoint,
            "servicecatalog list-portfolios --query PortfolioDetails[].Id --output text",
        )
        .await;
        assert_eq!(shown.unwrap().trim(), id);
        let refused = aws(
            &home,
            &endpoint,
            "servicecatalog describe-portfolio --id port-aaaaaaaaaaaaa",
        )
        .await;
        let refused = refused.unwrap_err();
        assert!(
            refused.contains("(ResourceNotFoundException) when calling the DescribePortfolio"),
            "{refused}"
        );
    })
    .await;
}

async fn aws(home: &Path, endpoint: &str, arguments: &str) -> Result<String, String> {
    let mut program = program(home, "aws", endpoint);
    let output = program.args(arguments.split(' ')).output().await.unwrap();
    let (out, err) = said(&output);
    if output.status.success() {
        Ok(out)
    } else {
        Err(err)
    }
}
