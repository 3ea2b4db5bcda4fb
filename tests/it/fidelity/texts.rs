//! The errors of the real service that users quoted and clients wait for: each is brought about here and must say the
//! same, or is excused by name. Ids are exchanged; nothing else is.

use std::sync::LazyLock;

use catalogd::emulator::Profile;
use catalogd::emulator::cfn::{ChangeStack, Param};
use catalogd::emulator::faults::{Effect, Faults, Rule, StackFault};
use regex::Regex;
use serde_json::{Value, json};

use crate::emulator::client::{ACCOUNT, Bench, ROLE, TEMPLATE, text};
use crate::emulator::organizations::{organization, unit};
use crate::shared::shared_data;

/// What a text is said of and how it begins, and why it is not brought about.
const EXCUSED: &[(&str, &str, &str)] = &[(
    "CreateProduct|UpdateProduct",
    "profile does not exist",
    "there is no IAM here: only a fault refuses so (`refuse`, as docs/emulator.md shows)",
)];

/// A quoted text.
#[derive(Debug)]
struct Quoted {
    /// The operation that is refused, or the member that says it.
    of: String,
    /// The error's code, or the status that goes with the member.
    code: Option<String>,
    says: Says,
}

#[derive(Debug)]
enum Says {
    Exactly(String),
    Contains(String),
    /// Nobody printed it.
    Anything,
}

impl Quoted {
    fn of(entry: &Value) -> Self {
        let get = |name: &str| entry[name].as_str().map(str::to_owned);
        let says = match (get("message"), get("message_contains")) {
            (Some(text), _) if text.starts_with("(text not shown") => Says::Anything,
            (Some(text), _) => Says::Exactly(text),
            (None, Some(part)) => Says::Contains(part),
            (None, None) => panic!("{entry} says nothing"),
        };
        let of = get("operation").or(get("field")).unwrap();
        // "(ResourceInUseException per model)", and "(Status ERROR after ProvisionProduct)" of a member.
        let status = of
            .split_once("(Status ")
            .map(|(_, status)| status.to_owned());
        let code = get("code").filter(|code| code != "(not shown)").or(status);
        let word = |code: String| {
            let word = code.trim_matches(['(', ')']).split(['(', ')', ' ']).next();
            word.unwrap().to_owned()
        };
        Self {
            code: code.map(word),
            of,
            says,
        }
    }

    fn words(&self) -> &str {
        match &self.says {
            Says::Exactly(text) | Says::Contains(text) => text,
            Says::Anything => "",
        }
    }

    /// Whether this is the one that a row of a table means.
    fn is(&self, of: &str, begins: &str) -> bool {
        self.of.starts_with(of) && self.words().starts_with(begins)
    }

    fn fits(&self, said: &Said) -> bool {
        let code = self.code.as_ref().is_none_or(|code| *code == said.code);
        let text = plain(&said.text);
        code && match &self.says {
            Says::Exactly(quoted) => text == plain(quoted),
            Says::Contains(part) => text.contains(&plain(part)),
            Says::Anything => true,
        }
    }
}

/// What the emulator said: an error, or a member and the status beside it.
#[derive(Debug)]
struct Said {
    code: String,
    text: String,
}

/// A text without what differs from object to object.
fn plain(text: &str) -> String {
    static IDS: LazyLock<[(Regex, &str); 2]> = LazyLock::new(|| {
        [
            (r"\b(prod|pa|port|lp)(v\d)?-[a-z0-9]+", "<$1>"),
            (
                r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f*]{12,14}",
                "<uuid>",
            ),
        ]
        .map(|(pattern, name)| (Regex::new(pattern).unwrap(), name))
    });
    IDS.iter().fold(text.to_owned(), |text, (ids, name)| {
        ids.replace_all(&text, *name).into_owned()
    })
}

#[tokio::test(start_paused = true)]
async fn errors_are_said_as_users_quoted_them() {
    let Some(data) = shared_data() else {
        return;
    };
    let entries = std::fs::read(data.join("recordings/error_texts.json")).unwrap();
    let entries: Vec<Value> = serde_json::from_slice(&entries).unwrap();
    assert_eq!(entries.len(), 26, "texts came or went");
    let (mut wrong, mut excused) = (Vec::new(), 0);
    for entry in &entries {
        let quoted = Quoted::of(entry);
        if EXCUSED.iter().any(|(of, begins, _)| quoted.is(of, begins)) {
            excused += 1;
            continue;
        }
        let said = provoked(&quoted).await;
        if !quoted.fits(&said) {
            wrong.push(format!("{quoted:#?}\n  here: {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(excused, EXCUSED.len(), "an excuse is for one text");
}

/// Brings a text about.
async fn provoked(quoted: &Quoted) -> Said {
    match quoted.of.split([' ', '.']).next().unwrap() {
        "DescribeProduct" => {
            let (bench, lonely, _) = lonely().await;
            refused(&bench, "DescribeProduct", json!({"Id": lonely})).await
        }
        "ListLaunchPaths" => {
            let (bench, lonely, _) = lonely().await;
            refused(&bench, "ListLaunchPaths", json!({"ProductId": lonely})).await
        }
        "ProvisionProduct" => provision(quoted).await,
        "UpdateProvisionedProduct" => {
            let (bench, product, version) = launched(TEMPLATE).await;
            let mut update = change(&product, &version);
            update["PathId"] = json!("lpv2-idjpzoaysispo");
            refused(&bench, "UpdateProvisionedProduct", update).await
        }
        "CreateProduct" => {
            let bench = Bench::new(Profile::Instant);
            let url = bench.template("no.yaml", "no template").await;
            let create = json!({"Name": "n", "Owner": "o", "ProductType": "CLOUD_FORMATION_TEMPLATE",
                "IdempotencyToken": "t",
                "ProvisioningArtifactParameters": {"Name": "v", "Info": {"LoadTemplateFromURL": url}}});
            refused(&bench, "CreateProduct", create).await
        }
        "UpdateProvisioningArtifact" => {
            let (bench, lonely, _) = lonely().await;
            let update = json!({"ProductId": lonely, "ProvisioningArtifactId": "pa-mgblbwxdfhj7g"});
            refused(&bench, "UpdateProvisioningArtifact", update).await
        }
        "CreateConstraint" => {
            let (bench, lonely, _) = lonely().await;
            let portfolio = bench.portfolio("p").await;
            let create = json!({"PortfolioId": portfolio, "ProductId": lonely, "Type": "LAUNCH",
                "Parameters": "{\"LocalRoleName\":\"x\"}", "IdempotencyToken": "t"});
            refused(&bench, "CreateConstraint", create).await
        }
        "AssociateProductWithPortfolio" => {
            let bench = Bench::new(Profile::Instant);
            let portfolio = bench.portfolio("p").await;
            let pair = json!({"PortfolioId": portfolio, "ProductId": "prod-xxxx"});
            refused(&bench, "AssociateProductWithPortfolio", pair).await
        }
        "CreatePortfolioShare" => {
            let bench = Bench::new(Profile::Local);
            let root = organization(&bench).await;
            let unit = unit(&bench, &root, "apps").await;
            bench.ok("EnableAWSOrganizationsAccess", json!({})).await;
            bench.pass(1.0).await;
            let portfolio = bench.portfolio("p").await;
            let share = json!({"PortfolioId": portfolio,
                "OrganizationNode": {"Type": "ORGANIZATIONAL_UNIT", "Value": unit}});
            bench.ok("CreatePortfolioShare", share.clone()).await;
            refused(&bench, "CreatePortfolioShare", share).await
        }
        "DeletePortfolio" => {
            let bench = Bench::new(Profile::Instant);
            let portfolio = bench.portfolio("p").await;
            let principal =
                json!({"PortfolioId": portfolio, "PrincipalARN": ROLE, "PrincipalType": "IAM"});
            bench.ok("AssociatePrincipalWithPortfolio", principal).await;
            refused(&bench, "DeletePortfolio", json!({"Id": portfolio})).await
        }
        "GetProvisionedProductOutputs" => {
            let (bench, _, _) = launched(NEEDY).await;
            let of = json!({"ProvisionedProductName": "mine"});
            refused(&bench, "GetProvisionedProductOutputs", of).await
        }
        "(any)" => {
            let bench = Bench::new(Profile::Instant);
            bench.emulator.inject(Rule::always(Effect::Throttle));
            refused(&bench, "ListPortfolios", json!({})).await
        }
        "ProvisionedProductDetail" => status_message(quoted).await,
        "ProvisionedProductPlanDetails" => plan_message(quoted).await,
        "DeleteProvisionedProductPlan" => {
            let fault = StackFault {
                stack: "SC-*".to_owned(),
                resource: "Topic".to_owned(),
                reason: Some("It was told to".to_owned()),
                takes: None,
                ..StackFault::default()
            };
            let (bench, product, version) = launched(TEMPLATE).await;
            bench.emulator.set_faults(Faults {
                stacks: vec![fault],
                ..Faults::default()
            });
            let plan = plan(&bench, &product, &version, "large").await;
            let mut execute = plan.clone();
            execute["IdempotencyToken"] = json!("go");
            bench.ok("ExecuteProvisionedProductPlan", execute).await;
            bench.pass(1.0).await;
            refused(&bench, "DeleteProvisionedProductPlan", plan).await
        }
        "DescribeProvisioningParameters" => {
            let bench = Bench::new(Profile::Instant);
            let (portfolio, _, _) = bench.launchable("topic").await;
            let url = bench.template("module.tar.gz", "module").await;
            let create = json!({"Name": "n", "Owner": "o", "ProductType": "TERRAFORM_OPEN_SOURCE",
                "IdempotencyToken": "t", "ProvisioningArtifactParameters": {
                    "Name": "v", "Type": "TERRAFORM_OPEN_SOURCE", "Info": {"LoadTemplateFromURL": url}}});
            let made = bench.ok("CreateProduct", create).await;
            let product = text(&made, "/ProductViewDetail/ProductViewSummary/ProductId");
            let pair = json!({"ProductId": product, "PortfolioId": portfolio});
            bench.ok("AssociateProductWithPortfolio", pair).await;
            let of = json!({"ProductId": product, "ProvisioningArtifactName": "v"});
            refused(&bench, "DescribeProvisioningParameters", of).await
        }
        _ => panic!("{quoted:?} is not brought about"),
    }
}

async fn refused(bench: &Bench, operation: &str, input: Value) -> Said {
    let (code, text) = bench.refused(operation, input).await;
    Said { code, text }
}

/// A product in no portfolio.
async fn lonely() -> (Bench, String, String) {
    let bench = Bench::new(Profile::Instant);
    let (product, version) = bench.product("lonely").await;
    (bench, product, version)
}

async fn provision(quoted: &Quoted) -> Said {
    let bench = Bench::new(Profile::Instant);
    let (_, product, version) = bench.launchable("topic").await;
    let mut launch = json!({"ProductId": product, "ProvisioningArtifactId": version,
        "ProvisionedProductName": "my-product", "ProvisionToken": "t",
        "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}]});
    let words = quoted.words();
    let begins = |with: &str| words.starts_with(with);
    if begins("No launch paths found") {
        let (lonely, version) = bench.product("lonely").await;
        launch["ProductId"] = json!(lonely);
        launch["ProvisioningArtifactId"] = json!(version);
    } else if begins("More than one launch path") {
        let second = bench.portfolio("second").await;
        let pair = json!({"ProductId": product, "PortfolioId": second});
        bench.ok("AssociateProductWithPortfolio", pair).await;
        let principal =
            json!({"PortfolioId": second, "PrincipalARN": ROLE, "PrincipalType": "IAM"});
        bench.ok("AssociatePrincipalWithPortfolio", principal).await;
    } else if begins("A stack named") {
        bench.ok("ProvisionProduct", launch.clone()).await;
        launch["ProvisionToken"] = json!("again");
    } else if begins("Multiple Provisioning Artifact") {
        let name = "AWS Control Tower Account Factory";
        let url = bench.template("twin.yaml", TEMPLATE).await;
        for token in ["one", "two"] {
            let twin = json!({"ProductId": product, "IdempotencyToken": token,
                "Parameters": {"Name": name, "Info": {"LoadTemplateFromURL": url}}});
            bench.ok("CreateProvisioningArtifact", twin).await;
        }
        launch
            .as_object_mut()
            .unwrap()
            .remove("ProvisioningArtifactId");
        launch["ProvisioningArtifactName"] = json!(name);
    } else if words.contains("at 'provisionedProductName'") {
        launch["ProvisionedProductName"] = json!("My Test Sandbox1");
    } else if words.contains("at 'provisioningArtifactId'") {
        launch["ProvisioningArtifactId"] = json!("pa-5deuh4wdva4zw:prod-jyujhhueb4kya");
    } else {
        panic!("{quoted:?} is not brought about");
    }
    refused(&bench, "ProvisionProduct", launch).await
}

/// A template whose parameter has no default.
const NEEDY: &str =
    "Resources: {T: {Type: \"AWS::SNS::Topic\"}}\nParameters: {KeyName: {Type: String}}";
/// One that is none.
const DANGLING: &str =
    "Resources: {T: {Type: \"AWS::SNS::Topic\"}}\nOutputs: {V: {Value: !Ref MyVPC}}";

/// A provisioned product of the name `mine`, however its launch ended, and its product and version.
async fn launched(template: &str) -> (Bench, String, String) {
    let bench = Bench::new(Profile::Instant);
    let (_, product, version) = bench.launchable("topic").await;
    let url = bench.template("this.yaml", template).await;
    let made = json!({"ProductId": product, "IdempotencyToken": "v", "Parameters": {
        "Name": "this", "DisableTemplateValidation": true, "Info": {"LoadTemplateFromURL": url}}});
    let made = bench.ok("CreateProvisioningArtifact", made).await;
    let launch = json!({"ProductId": product, "ProvisionedProductName": "mine", "ProvisionToken": "t",
    "ProvisioningArtifactId": text(&made, "/ProvisioningArtifactDetail/Id"),
    "ProvisioningParameters": if template == TEMPLATE {
        json!([{"Key": "Owner", "Value": "me"}])
    } else {
        json!([])
    }});
    bench.ok("ProvisionProduct", launch).await;
    bench.pass(1.0).await;
    (bench, product, version)
}

/// A plan of `mine`, as the calls about it name it.
async fn plan(bench: &Bench, product: &str, version: &str, size: &str) -> Value {
    let plan = json!({"PlanName": "p", "PlanType": "CLOUDFORMATION", "ProvisionedProductName": "mine",
        "ProductId": product, "ProvisioningArtifactId": version, "IdempotencyToken": "p",
        "ProvisioningParameters": [
            {"Key": "Owner", "UsePreviousValue": true}, {"Key": "Size", "Value": size}]});
    let made = bench.ok("CreateProvisionedProductPlan", plan).await;
    bench.pass(1.0).await;
    json!({"PlanId": made["PlanId"]})
}

/// What a plan that failed says.
async fn plan_message(quoted: &Quoted) -> Said {
    let (bench, product, version) = launched(TEMPLATE).await;
    let words = quoted.words();
    let made = bench
        .ok("DescribeProvisionedProduct", json!({"Name": "mine"}))
        .await;
    let launched = text(&made, "/ProvisionedProductDetail/ProvisioningArtifactId");
    let plan = if words.contains("[MyParameter]") {
        let plan = json!({"PlanName": "p", "PlanType": "CLOUDFORMATION", "ProvisionedProductName": "mine",
            "ProductId": product, "ProvisioningArtifactId": version, "IdempotencyToken": "p",
            "ProvisioningParameters": [{"Key": "MyParameter", "Value": "x"}]});
        let made = bench.ok("CreateProvisionedProductPlan", plan).await;
        json!({"PlanId": made["PlanId"]})
    } else if words.contains("No updates") {
        // Somebody else has given the stack the same in other words.
        let name = format!(
            "SC-{ACCOUNT}-{}",
            text(&made, "/ProvisionedProductDetail/Id")
        );
        bench
            .emulator
            .with_stacks(ACCOUNT, "us-east-1", |stacks, ctx| {
                let change = ChangeStack {
                    template: Some(format!("# mine\n{TEMPLATE}").into()),
                    parameters: vec![Param::text("Owner", "me"), Param::text("Size", "large")],
                    ..ChangeStack::default()
                };
                let id = stacks.get(&name).unwrap().id.clone();
                stacks.update(ctx, &id, change).unwrap();
            });
        plan(&bench, &product, &launched, "large").await
    } else {
        plan(&bench, &product, &launched, "small").await
    };
    let shown = bench.ok("DescribeProvisionedProductPlan", plan).await;
    Said {
        code: text(&shown, "/ProvisionedProductPlanDetails/Status"),
        text: text(&shown, "/ProvisionedProductPlanDetails/StatusMessage"),
    }
}

fn change(product: &str, version: &str) -> Value {
    json!({"ProvisionedProductName": "mine", "ProductId": product, "ProvisioningArtifactId": version,
           "UpdateToken": "u", "ProvisioningParameters": [
               {"Key": "Owner", "UsePreviousValue": true}, {"Key": "Size", "Value": "large"}]})
}

/// What a provisioned product says of its last failure.
async fn status_message(quoted: &Quoted) -> Said {
    let words = quoted.words();
    let bench = if words.contains("[KeyName] must have values") {
        launched(NEEDY).await.0
    } else if words.contains("in the Outputs block") {
        launched(DANGLING).await.0
    } else if words.contains("failed to update") {
        let fault = StackFault {
            stack: "SC-*".to_owned(),
            resource: "Topic".to_owned(),
            reason: Some("It was told to".to_owned()),
            takes: None,
            ..StackFault::default()
        };
        let (bench, product, version) = launched(TEMPLATE).await;
        bench.emulator.set_faults(Faults {
            stacks: vec![fault],
            ..Faults::default()
        });
        bench
            .ok("UpdateProvisionedProduct", change(&product, &version))
            .await;
        bench.pass(1.0).await;
        bench
    } else {
        panic!("{quoted:?} is not brought about");
    };
    let shown = bench
        .ok("DescribeProvisionedProduct", json!({"Name": "mine"}))
        .await;
    Said {
        code: text(&shown, "/ProvisionedProductDetail/Status"),
        text: text(&shown, "/ProvisionedProductDetail/StatusMessage"),
    }
}
