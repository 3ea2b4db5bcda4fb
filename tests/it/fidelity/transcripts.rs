//! The commands that the AWS CLI's manual prints, given to the AWS CLI again: the shape of each answer beside the
//! printed one.
//!
//! A transcript is played on objects like those in it, its ids and addresses exchanged for ours. Members, nesting, types
//! and formats of ids must be the same; what may differ is listed with its reason. (Ids are masked there and values
//! edited: those are not compared.) Transcripts of operations that the emulator lacks must be refused as such.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use catalogd::emulator::Profile;
use regex::{Captures, Regex};
use serde_json::{Value, json};

use super::foreign::{Cli, clients};
use crate::emulator::client::{ACCOUNT, Bench, ROLE, served, text};
use crate::shared::shared_data;

/// Transcripts are from 2019 on, and this came later: the recordings or the later transcripts have it (facts §9.1,
/// §9.3, §8).
const LATER: &str = "younger than the transcript";

/// The transcript leaves out what the operation is for (facts §9.4).
const UNSHOWN: &str = "modelled, and left out of the transcript";

/// Where an answer may differ from a transcript's: its name, the path, the reason.
const DIFFERENT: &[(&str, &str, &str)] = &[
    (
        "create-product",
        "/ProvisioningArtifactDetail/Guidance",
        LATER,
    ),
    (
        "create-provisioning-artifact",
        "/ProvisioningArtifactDetail/Guidance",
        LATER,
    ),
    (
        "list-provisioning-artifacts",
        "/ProvisioningArtifactDetails/*/Guidance",
        LATER,
    ),
    (
        "describe-provisioning-artifact",
        "/ProvisioningArtifactDetail/Guidance",
        LATER,
    ),
    (
        "update-provisioning-artifact",
        "/ProvisioningArtifactDetail/Guidance",
        LATER,
    ),
    ("describe-portfolio", "/Budgets", LATER),
    ("describe-product-as-admin", "/Budgets", LATER),
    (
        "create-product",
        "/ProductViewDetail/ProductARN",
        "the printed account has thirteen digits",
    ),
    (
        "describe-provisioned-product",
        "/ProvisionedProductDetail/LastProvisioningRecordId",
        LATER,
    ),
    (
        "scan-provisioned-products",
        "/ProvisionedProducts/*/LastProvisioningRecordId",
        LATER,
    ),
    (
        "describe-provisioned-product",
        "/ProvisionedProductDetail/ProductId",
        LATER,
    ),
    (
        "scan-provisioned-products",
        "/ProvisionedProducts/*/ProductId",
        LATER,
    ),
    (
        "describe-provisioned-product",
        "/ProvisionedProductDetail/ProvisioningArtifactId",
        LATER,
    ),
    (
        "scan-provisioned-products",
        "/ProvisionedProducts/*/ProvisioningArtifactId",
        LATER,
    ),
    (
        "search-provisioned-products",
        "/ProvisionedProducts/*/LastProvisioningRecordId",
        LATER,
    ),
    (
        "search-provisioned-products",
        "/ProvisionedProducts/*/ProductName",
        LATER,
    ),
    (
        "search-provisioned-products",
        "/ProvisionedProducts/*/ProvisioningArtifactName",
        LATER,
    ),
    ("create-tag-option", "/TagOptionDetail/Owner", LATER),
    ("describe-tag-option", "/TagOptionDetail/Owner", LATER),
    ("update-tag-option", "/TagOptionDetail/Owner", LATER),
    ("list-tag-options", "/TagOptionDetails/*/Owner", LATER),
    (
        "describe-provisioned-product-plan",
        "/ResourceChanges",
        UNSHOWN,
    ),
    (
        "describe-provisioned-product-plan",
        "/ResourceChanges/*",
        UNSHOWN,
    ),
    (
        "describe-provisioned-product-plan",
        "/ResourceChanges/*/Action",
        UNSHOWN,
    ),
    (
        "describe-provisioned-product-plan",
        "/ResourceChanges/*/Details",
        UNSHOWN,
    ),
    (
        "describe-provisioned-product-plan",
        "/ResourceChanges/*/LogicalResourceId",
        UNSHOWN,
    ),
    (
        "describe-provisioned-product-plan",
        "/ResourceChanges/*/ResourceType",
        UNSHOWN,
    ),
    (
        "describe-provisioned-product-plan",
        "/ResourceChanges/*/Scope",
        UNSHOWN,
    ),
];

/// How a member looks in a transcript and in our answer; `None` where it is absent.
type Looks = BTreeMap<String, BTreeSet<String>>;

/// A transcript.
struct Transcript {
    operation: String,
    command: String,
    /// The file that the command reads.
    request: Value,
    response: Value,
}

/// The transcripts by name; `None` where the data is not at hand.
fn transcripts() -> Option<BTreeMap<String, Transcript>> {
    let folder = shared_data()?.join("recordings/cli");
    let mut found = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let transcript = Transcript {
            operation: text(&file, "/operation"),
            command: text(&file, "/command"),
            request: file["request_json"].clone(),
            response: file["response"].clone(),
        };
        found.insert(name, transcript);
    }
    Some(found)
}

/// Where transcripts are played.
struct Stage {
    bench: Bench,
    cli: Cli,
    unplayed: BTreeMap<String, Transcript>,
    /// Our objects by the prefix of their ids.
    objects: BTreeMap<String, String>,
    /// The address of a template.
    template: String,
    differences: Vec<String>,
    excused: BTreeSet<(&'static str, &'static str)>,
}

impl Stage {
    /// From here on an id of this kind in a command means this object of ours.
    fn cast(&mut self, id: impl AsRef<str>) {
        let id = id.as_ref();
        let kind = id.split('-').next().unwrap();
        // Launch paths are lp-, lpv2- and lpv3- (facts §3).
        let kind = if kind.starts_with("lp") { "lp" } else { kind };
        self.objects.insert(kind.to_owned(), id.to_owned());
    }

    fn id(&self, kind: &str) -> &str {
        &self.objects[kind]
    }

    /// A text of a transcript with our ids and addresses in place of the printed ones.
    fn ours(&self, printed: &str) -> String {
        static IDS: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(
                r"\b(act|cons|copyproduct|lp|pa|plan|port|pp|prod|share|tag)(v\d)?-[a-z0-9]{12,}\b",
            )
            .unwrap()
        });
        static ADDRESSES: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"https://[^\x22 ]+\.template\b").unwrap());
        let exchanged = IDS.replace_all(printed, |found: &Captures<'_>| {
            let kind = &found[1];
            let own = self.objects.get(kind).map(String::as_str);
            own.unwrap_or_else(|| panic!("no {kind} for {printed}"))
                .to_owned()
        });
        ADDRESSES
            .replace_all(&exchanged, &self.template)
            .into_owned()
    }

    /// Gives the CLI the printed command.
    async fn command(&mut self, transcript: &Transcript) -> Result<Value, String> {
        static FILE: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"file://([a-z-]+\.json)").unwrap());
        if let Some(file) = FILE.captures(&transcript.command) {
            let request = self.ours(&transcript.request.to_string());
            self.cli.file(&file[1], &request);
        }
        // A line that ends in a backslash goes on.
        let command = self.ours(&transcript.command.replace("\\\n", " "));
        self.cli.run(&command).await
    }

    /// Plays one transcript and compares.
    async fn play(&mut self, name: &str) -> Value {
        let transcript = self.unplayed.remove(name);
        let transcript = transcript.unwrap_or_else(|| panic!("{name} is not there to be played"));
        let answer = self.command(&transcript).await;
        let answer = answer.unwrap_or_else(|error| panic!("{name}: {error}"));
        let (mut printed, mut ours) = (Looks::new(), Looks::new());
        looks(&transcript.response, "", &mut printed);
        looks(&answer, "", &mut ours);
        let paths: BTreeSet<&String> = printed.keys().chain(ours.keys()).collect();
        for path in paths {
            let difference = match (printed.get(path), ours.get(path)) {
                (Some(_), None) => "only in the transcript".to_owned(),
                (None, Some(_)) => "only ours".to_owned(),
                (printed, ours) if printed == ours => continue,
                (printed, ours) => format!("{ours:?}, in the transcript {printed:?}"),
            };
            match DIFFERENT
                .iter()
                .find(|(of, at, _)| (*of, *at) == (name, path))
            {
                Some((of, at, _)) => {
                    self.excused.insert((*of, *at));
                }
                None => self
                    .differences
                    .push(format!("{name}: {path} is {difference}")),
            }
        }
        answer
    }

    /// A product with one version.
    async fn product(&mut self, members: Value) -> (String, String) {
        let mut input = json!({
            "Owner": "owner", "ProductType": "CLOUD_FORMATION_TEMPLATE",
            "IdempotencyToken": members["Name"],
            "ProvisioningArtifactParameters":
                {"Name": "v1", "Description": "d", "Info": {"LoadTemplateFromURL": self.template}},
        });
        for (name, value) in members.as_object().unwrap() {
            input[name] = value.clone();
        }
        let made = self.bench.ok("CreateProduct", input).await;
        (
            text(&made, "/ProductViewDetail/ProductViewSummary/ProductId"),
            text(&made, "/ProvisioningArtifactDetail/Id"),
        )
    }

    /// A launch constraint of our product in our portfolio.
    async fn launch_constraint(&mut self, token: &str, description: Option<&str>) -> String {
        let made = self
            .bench
            .ok(
                "CreateConstraint",
                json!({"ProductId": self.id("prod"), "PortfolioId": self.id("port"),
                       "Type": "LAUNCH", "Description": description, "IdempotencyToken": token,
                       "Parameters": "{\"RoleArn\":\"arn:aws:iam::123456789012:role/launch\"}"}),
            )
            .await;
        text(&made, "/ConstraintDetail/ConstraintId")
    }
}

/// What every member of an answer looks like; items of a list share a path.
fn looks(value: &Value, at: &str, found: &mut Looks) {
    let mut is = |kind: &str| {
        found
            .entry(at.to_owned())
            .or_default()
            .insert(kind.to_owned());
    };
    match value {
        // Times are printed as numbers by one version of the CLI and as text by the other.
        Value::Number(_) | Value::String(_) if at.ends_with("Time") => is("time"),
        Value::Null => is("nothing"),
        Value::Bool(_) => is("bool"),
        Value::Number(_) => is("number"),
        Value::String(text) => is(&format_of(text)),
        Value::Object(members) => {
            is("object");
            for (name, member) in members {
                looks(member, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            is("list");
            for item in items {
                looks(item, &format!("{at}/*"), found);
            }
        }
    }
}

/// The prefix of an id, the beginning of a catalog's ARN, or simply text.
fn format_of(text: &str) -> String {
    static FORMATS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^(?:(?<id>act|cons|copyproduct|lp|pa|plan|port|pp|prod|prodview|rec|share|tag)(?:v\d)?-[a-z0-9]{12,}|(?<arn>arn:aws:(?:servicecatalog|catalog):)[a-z0-9-]+:\d{12}(?<kind>:[a-z]+/).*)$",
        )
        .unwrap()
    });
    match FORMATS.captures(text) {
        Some(found) if found.name("id").is_some() => format!("{}-", &found["id"]),
        Some(found) => format!("{}{}", &found["arn"], &found["kind"]),
        None if serde_json::from_str::<Value>(text).is_ok_and(|it| it.is_object()) => {
            "JSON".to_owned()
        }
        None => "text".to_owned(),
    }
}

#[tokio::test]
async fn the_cli_prints_what_its_manual_prints() {
    let (Some(transcripts), Some(home)) = (transcripts(), clients()) else {
        return;
    };
    assert_eq!(transcripts.len(), 57, "transcripts came or went");
    let bench = Bench::new(Profile::Instant).in_region("us-west-2");
    served(bench.emulator.clone(), async |endpoint: String| {
        let needy =
            "Resources: {T: {Type: \"AWS::SNS::Topic\"}}\nParameters: {KeyName: {Type: String}}";
        let template = bench.template("needy.template", needy).await;
        let mut stage = Stage {
            bench,
            cli: Cli::start(&home, &endpoint, ACCOUNT, "us-west-2"),
            unplayed: transcripts,
            objects: BTreeMap::new(),
            template,
            differences: Vec::new(),
            excused: BTreeSet::new(),
        };
        portfolios(&mut stage).await;
        products(&mut stage).await;
        access(&mut stage).await;
        tag_options(&mut stage).await;
        launches(&mut stage).await;
        shares(&mut stage).await;
        farewell(&mut stage).await;
        unsupported(&mut stage).await;
        assert!(stage.differences.is_empty(), "{:#?}", stage.differences);
        for (name, path, _) in DIFFERENT {
            assert!(
                stage.excused.contains(&(*name, *path)),
                "{name} {path} needs no excuse"
            );
        }
    })
    .await;
}

async fn portfolios(stage: &mut Stage) {
    let made = stage.play("create-portfolio").await;
    stage.cast(text(&made, "/PortfolioDetail/Id"));
    stage.play("describe-portfolio").await;
    stage.play("update-portfolio").await;
    stage.play("list-portfolios").await;
}

async fn products(stage: &mut Stage) {
    let made = stage.play("create-product").await;
    stage.cast(text(
        &made,
        "/ProductViewDetail/ProductViewSummary/ProductId",
    ));
    stage.cast(text(&made, "/ProvisioningArtifactDetail/Id"));
    stage.play("update-product").await;
    let made = stage.play("create-provisioning-artifact").await;
    let second = text(&made, "/ProvisioningArtifactDetail/Id");
    stage.play("list-provisioning-artifacts").await;
    stage.play("describe-provisioning-artifact").await;
    stage.play("update-provisioning-artifact").await;
    stage.cast(second);
    stage.play("delete-provisioning-artifact").await;
    stage.play("describe-product-as-admin").await;
    let copied = stage.play("copy-product").await;
    stage.cast(text(&copied, "/CopyProductToken"));
    let copied = stage.play("describe-copy-product-status").await;
    let kept = stage.id("prod").to_owned();
    stage.cast(text(&copied, "/TargetProductId"));
    stage.play("delete-product").await;
    stage.cast(kept);
}

async fn access(stage: &mut Stage) {
    let (product, version) = stage
        .product(json!({"Name": "plain", "Description": "d"}))
        .await;
    stage.cast(product);
    stage.cast(version);
    stage.play("associate-product-with-portfolio").await;
    stage.play("search-products-as-admin").await;
    stage.play("list-portfolios-for-product").await;
    stage.play("associate-principal-with-portfolio").await;
    stage.play("list-principals-for-portfolio").await;
    let made = stage.play("create-constraint").await;
    stage.cast(text(&made, "/ConstraintDetail/ConstraintId"));
    stage.play("describe-constraint").await;
    stage.play("delete-constraint").await;
    // That of the other transcripts has a description.
    let constraint = stage.launch_constraint("described", Some("as it")).await;
    stage.cast(&constraint);
    stage.play("update-constraint").await;
    stage.play("list-constraints-for-portfolio_1").await;
    stage.play("list-constraints-for-portfolio_2").await;
    stage
        .bench
        .ok("DeleteConstraint", json!({"Id": constraint}))
        .await;
}

async fn tag_options(stage: &mut Stage) {
    let made = stage.play("create-tag-option").await;
    stage.cast(text(&made, "/TagOptionDetail/Id"));
    stage.play("describe-tag-option").await;
    stage.play("update-tag-option").await;
    stage.play("list-tag-options").await;
    let of_product = json!({"TagOptionId": stage.id("tag"), "ResourceId": stage.id("prod")});
    stage
        .bench
        .ok("AssociateTagOptionWithResource", of_product.clone())
        .await;
    stage.play("list-resources-for-tag-option").await;
    stage
        .bench
        .ok("DisassociateTagOptionFromResource", of_product)
        .await;
    // It stays until launches have shown it.
    stage.play("associate-tag-option-with-resource").await;
}

async fn launches(stage: &mut Stage) {
    let empty = json!({"Name": "empty", "Description": "", "Distributor": "", "SupportEmail": "",
                       "SupportDescription": "", "SupportUrl": ""});
    let (product, version) = stage.product(empty).await;
    stage.cast(product);
    stage.cast(version);
    let (product, portfolio) = (stage.id("prod").to_owned(), stage.id("port").to_owned());
    for (operation, input) in [
        (
            "AssociateProductWithPortfolio",
            json!({"ProductId": product, "PortfolioId": portfolio}),
        ),
        (
            "AssociatePrincipalWithPortfolio",
            json!({"PortfolioId": portfolio, "PrincipalARN": ROLE, "PrincipalType": "IAM"}),
        ),
    ] {
        stage.bench.ok(operation, input).await;
    }
    stage.play("describe-product").await;
    stage.play("search-products").await;
    // Some transcripts show a launch constraint, and those of a launch none.
    let constraint = stage.launch_constraint("first", None).await;
    let paths = stage.play("list-launch-paths").await;
    stage.cast(text(&paths, "/LaunchPathSummaries/0/Id"));
    stage.play("describe-provisioning-parameters").await;
    stage.play("disassociate-tag-option-from-resource").await;
    stage.play("delete-tag-option").await;
    stage
        .bench
        .ok("DeleteConstraint", json!({"Id": constraint}))
        .await;
    let made = stage.play("provision-product").await;
    stage.cast(text(&made, "/RecordDetail/ProvisionedProductId"));
    stage.play("describe-provisioned-product").await;
    stage.play("scan-provisioned-products").await;
    stage.play("search-provisioned-products").await;
    let constraint = stage.launch_constraint("second", None).await;
    let launch = json!({"ProductId": product, "ProvisioningArtifactId": stage.id("pa"),
                        "ProvisionedProductName": "with-role", "ProvisionToken": "with-role"});
    let made = stage.bench.ok("ProvisionProduct", launch).await;
    stage.cast(text(&made, "/RecordDetail/ProvisionedProductId"));
    stage.play("terminate-provisioned-product").await;
    stage
        .bench
        .ok("DeleteConstraint", json!({"Id": constraint}))
        .await;
    // What is planned there needs no value.
    let bare = "Resources: {T: {Type: \"AWS::SNS::Topic\"}}";
    let url = stage.bench.template("bare.template", bare).await;
    let made = stage
        .bench
        .ok(
            "CreateProvisioningArtifact",
            json!({"ProductId": product, "IdempotencyToken": "bare",
                   "Parameters": {"Name": "bare", "Info": {"LoadTemplateFromURL": url}}}),
        )
        .await;
    stage.cast(text(&made, "/ProvisioningArtifactDetail/Id"));
    let made = stage.play("create-provisioned-product-plan").await;
    stage.cast(text(&made, "/PlanId"));
    stage.play("describe-provisioned-product-plan").await;
    stage.play("delete-provisioned-product-plan").await;
}

/// Shares of ours with the account that is printed, and others' with ours.
async fn shares(stage: &mut Stage) {
    let own = stage.id("port").to_owned();
    stage.play("create-portfolio-share").await;
    let printed = stage.bench.in_account("794123456789");
    let share = json!({"PortfolioId": own});
    printed.ok("AcceptPortfolioShare", share).await;
    stage.play("describe-portfolio-shares").await;
    stage.play("list-portfolio-access").await;
    let share = json!({"PortfolioId": own, "AccountId": "794123456789"});
    let updated = stage.bench.ok("UpdatePortfolioShare", share.clone()).await;
    stage.cast(text(&updated, "/PortfolioShareToken"));
    stage.play("describe-portfolio-share-status").await;
    stage.play("delete-portfolio-share").await;
    stage.bench.ok("DeletePortfolioShare", share).await;

    let other = stage.bench.in_account("210987654321");
    let made = other
        .ok(
            "CreatePortfolio",
            json!({"DisplayName": "theirs", "Description": "d", "ProviderName": "it", "IdempotencyToken": "t"}),
        )
        .await;
    let theirs = text(&made, "/PortfolioDetail/Id");
    let share = json!({"PortfolioId": theirs, "AccountId": ACCOUNT});
    other.ok("CreatePortfolioShare", share).await;
    stage.cast(theirs);
    stage.play("accept-portfolio-share").await;
    // The printed type is deprecated: it brought portfolios of AWS's own, and here there are none.
    let listed = stage.unplayed.get_mut("list-accepted-portfolio-shares");
    let listed = &mut listed.unwrap().command;
    *listed = listed.replace("AWS_SERVICECATALOG", "IMPORTED");
    stage.play("list-accepted-portfolio-shares").await;
    stage.play("reject-portfolio-share").await;
    stage.cast(own);
}

async fn farewell(stage: &mut Stage) {
    stage.play("disassociate-product-from-portfolio").await;
    let group = json!({"PortfolioId": stage.id("port"), "PrincipalType": "IAM",
                       "PrincipalARN": "arn:aws:iam::123456789012:group/myendusers"});
    stage
        .bench
        .ok("AssociatePrincipalWithPortfolio", group)
        .await;
    stage.play("disassociate-principal-from-portfolio").await;
    let empty = stage.bench.portfolio("empty").await;
    stage.cast(empty);
    stage.play("delete-portfolio").await;
}

/// Transcripts of operations that the emulator lacks: each is refused as such, and none is left over.
async fn unsupported(stage: &mut Stage) {
    for (name, transcript) in std::mem::take(&mut stage.unplayed) {
        let lacking = !catalogd::emulator::operations().any(|known| known == transcript.operation);
        assert!(
            lacking,
            "{name} is to be played: {} is there",
            transcript.operation
        );
        for kind in ["act", "plan", "share", "tag"] {
            stage.cast(format!("{kind}-2345672345672"));
        }
        let refused = stage.command(&transcript).await.unwrap_err();
        assert!(refused.contains("NotImplemented"), "{name}: {refused}");
    }
}
