//! The transcripts on the stage: which objects each is played on.

use serde_json::json;

use super::Stage;
use crate::emulator::client::{ACCOUNT, ROLE, text};

/// All transcripts, in an order in which each finds what it is about.
pub(super) async fn play(stage: &mut Stage) {
    portfolios(stage).await;
    products(stage).await;
    access(stage).await;
    tag_options(stage).await;
    launches(stage).await;
    shares(stage).await;
    farewell(stage).await;
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
