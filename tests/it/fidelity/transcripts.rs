//! The members of the emulator's answers beside those in the transcripts that the AWS CLI's manual prints.
//!
//! Of all operations that the emulator has and a transcript shows, the paths of members must be the same; what may
//! differ is listed with its reason. (Ids are masked there and values edited: those are not compared.)

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use catalogd::emulator::Profile;
use serde_json::{Value, json};

use crate::emulator::client::{ACCOUNT, Bench, ROLE, text};

/// Transcripts are from 2019 on, and this came later: the recordings or the later transcripts have it (facts §9.1,
/// §9.3, §8).
const LATER: &str = "younger than the transcript";
/// The transcript's object had none; ours has one.
const SET: &str = "set on our object only";

/// Members that only our answers have: operation, path, reason.
const OURS: &[(&str, &str, &str)] = &[
    (
        "CreateProduct",
        "/ProvisioningArtifactDetail/Guidance",
        LATER,
    ),
    (
        "CreateProvisioningArtifact",
        "/ProvisioningArtifactDetail/Guidance",
        LATER,
    ),
    (
        "UpdateProvisioningArtifact",
        "/ProvisioningArtifactDetail/Guidance",
        LATER,
    ),
    (
        "DescribeProvisioningArtifact",
        "/ProvisioningArtifactDetail/Guidance",
        LATER,
    ),
    (
        "ListProvisioningArtifacts",
        "/ProvisioningArtifactDetails/Guidance",
        LATER,
    ),
    ("CreateTagOption", "/TagOptionDetail/Owner", LATER),
    ("UpdateTagOption", "/TagOptionDetail/Owner", LATER),
    ("DescribeTagOption", "/TagOptionDetail/Owner", LATER),
    ("ListTagOptions", "/TagOptionDetails/Owner", LATER),
    ("DescribePortfolio", "/Budgets", LATER),
    ("DescribeProductAsAdmin", "/Budgets", LATER),
    (
        "DescribeProvisionedProduct",
        "/ProvisionedProductDetail/LastProvisioningRecordId",
        LATER,
    ),
    (
        "DescribeProvisionedProduct",
        "/ProvisionedProductDetail/ProductId",
        LATER,
    ),
    (
        "DescribeProvisionedProduct",
        "/ProvisionedProductDetail/ProvisioningArtifactId",
        LATER,
    ),
    (
        "ScanProvisionedProducts",
        "/ProvisionedProducts/LastProvisioningRecordId",
        LATER,
    ),
    (
        "ScanProvisionedProducts",
        "/ProvisionedProducts/ProductId",
        LATER,
    ),
    (
        "ScanProvisionedProducts",
        "/ProvisionedProducts/ProvisioningArtifactId",
        LATER,
    ),
    (
        "SearchProvisionedProducts",
        "/ProvisionedProducts/LastProvisioningRecordId",
        LATER,
    ),
    (
        "SearchProvisionedProducts",
        "/ProvisionedProducts/ProductName",
        LATER,
    ),
    (
        "SearchProvisionedProducts",
        "/ProvisionedProducts/ProvisioningArtifactName",
        LATER,
    ),
    (
        "SearchProductsAsAdmin",
        "/ProductViewDetails/ProductViewSummary/Distributor",
        SET,
    ),
    (
        "SearchProductsAsAdmin",
        "/ProductViewDetails/ProductViewSummary/SupportDescription",
        SET,
    ),
    (
        "SearchProductsAsAdmin",
        "/ProductViewDetails/ProductViewSummary/SupportEmail",
        SET,
    ),
    (
        "SearchProductsAsAdmin",
        "/ProductViewDetails/ProductViewSummary/SupportUrl",
        SET,
    ),
];

/// Members that only transcripts have.
const THEIRS: &[(&str, &str, &str)] = &[];

/// The paths of all members of an answer; items of a list share theirs.
fn paths(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = format!("{at}/{name}");
                paths(member, &path, found);
                found.insert(path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, at, found)),
        _ => {}
    }
}

/// The transcripts by file name: operation and answer. `None` where the data is not at hand.
fn transcripts() -> Option<Vec<(String, String, Value)>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/recordings/cli");
    let Ok(files) = std::fs::read_dir(&folder) else {
        #[expect(
            clippy::disallowed_methods,
            reason = "only here is it asked whether missing data may be skipped"
        )]
        let must = std::env::var_os("CI").is_some();
        assert!(!must, "{} is missing", folder.display());
        eprintln!("skipped: {} is missing", folder.display());
        return None;
    };
    let mut found = Vec::new();
    for file in files {
        let path = file.unwrap().path();
        let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        found.push((name, text(&file, "/operation"), file["response"].clone()));
    }
    Some(found)
}

#[tokio::test(start_paused = true)]
async fn answers_have_the_members_of_the_transcripts() {
    let Some(transcripts) = transcripts() else {
        return;
    };
    let answers = answers().await;
    let (mut differences, mut used, mut compared) = (Vec::new(), BTreeSet::new(), 0);
    for (name, operation, theirs) in transcripts {
        if !catalogd::emulator::operations().any(|known| known == operation) {
            continue;
        }
        compared += 1;
        let ours = &answers[operation.as_str()];
        let (mut expected, mut got) = (BTreeSet::new(), BTreeSet::new());
        paths(&theirs, "", &mut expected);
        paths(ours, "", &mut got);
        for (more, less, allowed, what) in [
            (&got, &expected, OURS, "only ours"),
            (&expected, &got, THEIRS, "only in the transcript"),
        ] {
            for path in more.difference(less) {
                let reason = allowed
                    .iter()
                    .find(|(of, at, _)| *of == operation && at == path);
                match reason {
                    Some((of, at, _)) => {
                        used.insert((*of, *at));
                    }
                    None => differences.push(format!("{name}: {path} is {what}")),
                }
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
    assert_eq!(compared, 46, "transcripts or operations came or went");
    for (operation, path, _) in OURS.iter().chain(THEIRS) {
        assert!(
            used.contains(&(*operation, *path)),
            "{operation} {path} needs no excuse"
        );
    }
}

/// An answer of each operation that has a transcript, about objects like those in it.
async fn answers() -> BTreeMap<&'static str, Value> {
    let bench = Bench::new(Profile::Instant);
    let mut answers = BTreeMap::new();
    let mut ask = async |operation: &'static str, input: Value| {
        let answer = bench.ok(operation, input).await;
        answers.insert(operation, answer.clone());
        answer
    };
    let needy =
        "Resources: {T: {Type: \"AWS::SNS::Topic\"}}\nParameters: {KeyName: {Type: String}}";
    let url = bench.template("needy.template", needy).await;
    let info = json!({"LoadTemplateFromURL": url});
    let portfolio = text(
        &ask(
            "CreatePortfolio",
            json!({"ProviderName": "it", "DisplayName": "p", "IdempotencyToken": "p"}),
        )
        .await,
        "/PortfolioDetail/Id",
    );
    ask("DescribePortfolio", json!({"Id": portfolio})).await;
    ask(
        "UpdatePortfolio",
        json!({"Id": portfolio, "DisplayName": "q"}),
    )
    .await;
    ask("ListPortfolios", json!({})).await;
    let made = ask(
        "CreateProduct",
        json!({"Name": "n", "Owner": "o", "Description": "d", "Distributor": "d",
               "SupportDescription": "s", "SupportEmail": "a@test.com",
               "SupportUrl": "https://aws.amazon.com", "ProductType": "CLOUD_FORMATION_TEMPLATE",
               "Tags": [{"Key": "region", "Value": "us-east-1"}], "IdempotencyToken": "n",
               "ProvisioningArtifactParameters": {"Name": "v", "Description": "d", "Info": info}}),
    )
    .await;
    let product = text(&made, "/ProductViewDetail/ProductViewSummary/ProductId");
    let version = text(&made, "/ProvisioningArtifactDetail/Id");
    ask("DescribeProductAsAdmin", json!({"Id": product})).await;
    ask("UpdateProduct", json!({"Id": product, "Name": "m"})).await;
    ask(
        "CreateProvisioningArtifact",
        json!({"ProductId": product, "IdempotencyToken": "v2",
               "Parameters": {"Name": "v2", "Description": "d", "Info": info}}),
    )
    .await;
    let versioned = json!({"ProductId": product, "ProvisioningArtifactId": version});
    ask("DescribeProvisioningArtifact", versioned.clone()).await;
    ask("UpdateProvisioningArtifact", versioned.clone()).await;
    ask("ListProvisioningArtifacts", json!({"ProductId": product})).await;
    let source = text(&made, "/ProductViewDetail/ProductARN");
    let copied = ask(
        "CopyProduct",
        json!({"SourceProductArn": source, "TargetProductName": "copy", "CopyOptions": ["CopyTags"],
               "IdempotencyToken": "copy"}),
    )
    .await;
    let copied = ask(
        "DescribeCopyProductStatus",
        json!({"CopyProductToken": text(&copied, "/CopyProductToken")}),
    )
    .await;
    bench
        .ok(
            "DeleteProduct",
            json!({"Id": text(&copied, "/TargetProductId")}),
        )
        .await;
    ask("SearchProductsAsAdmin", json!({})).await;
    let pair = json!({"ProductId": product, "PortfolioId": portfolio});
    ask("AssociateProductWithPortfolio", pair.clone()).await;
    ask("ListPortfoliosForProduct", json!({"ProductId": product})).await;
    let principal = json!({"PortfolioId": portfolio, "PrincipalARN": ROLE, "PrincipalType": "IAM"});
    ask("AssociatePrincipalWithPortfolio", principal.clone()).await;
    ask(
        "ListPrincipalsForPortfolio",
        json!({"PortfolioId": portfolio}),
    )
    .await;
    let role = format!("{{\"RoleArn\" : \"arn:aws:iam::{ACCOUNT}:role/launch\"}}");
    let made = ask(
        "CreateConstraint",
        json!({"ProductId": product, "PortfolioId": portfolio, "Type": "LAUNCH",
               "Parameters": role, "IdempotencyToken": "c"}),
    )
    .await;
    let constraint = text(&made, "/ConstraintDetail/ConstraintId");
    ask("DescribeConstraint", json!({"Id": constraint})).await;
    ask("ListLaunchPaths", json!({"ProductId": product})).await;
    ask("DescribeProduct", json!({"Id": product})).await;
    ask("SearchProducts", json!({})).await;
    let made = ask("CreateTagOption", json!({"Key": "1234", "Value": "name"})).await;
    let option = text(&made, "/TagOptionDetail/Id");
    ask("DescribeTagOption", json!({"Id": option})).await;
    ask(
        "UpdateTagOption",
        json!({"Id": option, "Value": "newvalue", "Active": true}),
    )
    .await;
    ask("ListTagOptions", json!({})).await;
    let optional = json!({"TagOptionId": option, "ResourceId": product});
    ask("AssociateTagOptionWithResource", optional.clone()).await;
    ask("ListResourcesForTagOption", json!({"TagOptionId": option})).await;
    ask("DescribeProvisioningParameters", versioned.clone()).await;
    ask("DisassociateTagOptionFromResource", optional).await;
    ask("DeleteTagOption", json!({"Id": option})).await;
    ask(
        "UpdateConstraint",
        json!({"Id": constraint, "Description": "d"}),
    )
    .await;
    ask(
        "ListConstraintsForPortfolio",
        json!({"PortfolioId": portfolio}),
    )
    .await;
    // The constraint goes before the launch: the transcript of one has no role.
    ask("DeleteConstraint", json!({"Id": constraint})).await;
    let mut launch = versioned.clone();
    launch["ProvisionedProductName"] = json!("pp");
    launch["ProvisionToken"] = json!("pp");
    ask("ProvisionProduct", launch).await;
    ask("DescribeProvisionedProduct", json!({"Name": "pp"})).await;
    ask("ScanProvisionedProducts", json!({})).await;
    ask("SearchProvisionedProducts", json!({})).await;
    // That of a termination has one.
    bench
        .ok(
            "CreateConstraint",
            json!({"ProductId": product, "PortfolioId": portfolio, "Type": "LAUNCH",
                   "Parameters": role, "IdempotencyToken": "c2"}),
        )
        .await;
    let mut launch = versioned.clone();
    launch["ProvisionedProductName"] = json!("with-role");
    launch["ProvisionToken"] = json!("with-role");
    bench.ok("ProvisionProduct", launch).await;
    bench
        .ok("DescribeProvisionedProduct", json!({"Name": "with-role"}))
        .await;
    ask(
        "TerminateProvisionedProduct",
        json!({"ProvisionedProductName": "with-role", "TerminateToken": "t"}),
    )
    .await;
    let listed = bench
        .ok(
            "ListConstraintsForPortfolio",
            json!({"PortfolioId": portfolio}),
        )
        .await;
    bench
        .ok(
            "DeleteConstraint",
            json!({"Id": text(&listed, "/ConstraintDetails/0/ConstraintId")}),
        )
        .await;
    ask("DisassociatePrincipalFromPortfolio", principal).await;
    ask("DisassociateProductFromPortfolio", pair).await;
    ask("DeleteProvisioningArtifact", versioned).await;
    ask("DeleteProduct", json!({"Id": product})).await;
    ask("DeletePortfolio", json!({"Id": portfolio})).await;
    answers
}
