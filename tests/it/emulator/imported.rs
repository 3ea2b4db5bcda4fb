//! What a recipient sees of a shared portfolio and may do with it (facts §8.2).

use catalogd::emulator::Profile;
use serde_json::{Value, json};

use super::client::{ACCOUNT, ids, text};
use super::share::{GUEST, GUEST_ROLE, Shared};

#[tokio::test(start_paused = true)]
async fn the_recipient_sees_what_its_owner_has() {
    let shared = Shared::accepted(Profile::Instant).await;
    let Shared {
        owner,
        guest,
        portfolio,
        product,
        version,
    } = &shared;
    let constraint = shared
        .constraint(
            owner,
            portfolio,
            "NOTIFICATION",
            "{\"NotificationArns\": [\"arn:aws:sns:us-east-1:1:a\"]}",
        )
        .await;
    for (operation, input) in [
        ("DescribePortfolio", json!({"Id": portfolio})),
        ("SearchProductsAsAdmin", json!({"PortfolioId": portfolio})),
        ("DescribeProductAsAdmin", json!({"Id": product})),
        (
            "DescribeProductAsAdmin",
            json!({"Name": "net", "SourcePortfolioId": portfolio}),
        ),
        (
            "DescribeProvisioningArtifact",
            json!({"ProductId": product, "ProvisioningArtifactId": version}),
        ),
        ("ListProvisioningArtifacts", json!({"ProductId": product})),
        ("ListPortfoliosForProduct", json!({"ProductId": product})),
        (
            "ListConstraintsForPortfolio",
            json!({"PortfolioId": portfolio}),
        ),
        (
            "ListConstraintsForPortfolio",
            json!({"PortfolioId": portfolio, "ProductId": product}),
        ),
        ("DescribeConstraint", json!({"Id": constraint})),
    ] {
        let theirs = owner.ok(operation, input.clone()).await;
        assert_eq!(guest.ok(operation, input).await, theirs, "{operation}");
    }
    let found = guest
        .ok("DescribePortfolio", json!({"Id": portfolio}))
        .await;
    let arn = text(&found, "/PortfolioDetail/ARN");
    assert_eq!(
        arn,
        format!("arn:aws:catalog:us-east-1:{ACCOUNT}:portfolio/{portfolio}")
    );
    // In step with the original.
    let update = json!({"Id": product, "Name": "renamed"});
    owner.ok("UpdateProduct", update).await;
    let found = guest
        .ok("DescribeProductAsAdmin", json!({"Id": product}))
        .await;
    assert_eq!(
        text(&found, "/ProductViewDetail/ProductViewSummary/Name"),
        "renamed"
    );

    // Of all products of the account it is one, of its own it is none.
    let (own, _) = guest.product("own").await;
    let all = |answer: &Value| {
        ids(
            answer,
            "ProductViewDetails",
            "/ProductViewSummary/ProductId",
        )
    };
    let found = guest.ok("SearchProductsAsAdmin", json!({})).await;
    assert_eq!(all(&found), [own.as_str(), product.as_str()]);
    let found = guest
        .ok("SearchProductsAsAdmin", json!({"ProductSource": "ACCOUNT"}))
        .await;
    assert_eq!(all(&found), [own]);
    // Another region, another account: nothing.
    for stranger in [
        guest.in_region("eu-west-1"),
        owner.in_account("333333333333"),
    ] {
        for (operation, input) in [
            ("DescribePortfolio", json!({"Id": portfolio})),
            ("DescribeProductAsAdmin", json!({"Id": product})),
            (
                "ListConstraintsForPortfolio",
                json!({"PortfolioId": portfolio}),
            ),
            ("AcceptPortfolioShare", json!({"PortfolioId": portfolio})),
        ] {
            let (code, _) = stranger.refused(operation, input).await;
            assert_eq!(code, "ResourceNotFoundException", "{operation}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_recipient_may_change_nothing_but_its_own_principals() {
    let shared = Shared::accepted(Profile::Instant).await;
    let Shared {
        owner,
        guest,
        portfolio,
        product,
        version,
    } = &shared;
    let constraint = shared
        .constraint(
            owner,
            portfolio,
            "NOTIFICATION",
            "{\"NotificationArns\": [\"arn:aws:sns:us-east-1:1:a\"]}",
        )
        .await;
    let (own, _) = guest.product("own").await;
    let pair = json!({"ProductId": product, "PortfolioId": portfolio});
    let of_version = json!({"ProductId": product, "ProvisioningArtifactId": version});
    for (operation, input) in [
        (
            "UpdatePortfolio",
            json!({"Id": portfolio, "DisplayName": "mine"}),
        ),
        ("DeletePortfolio", json!({"Id": portfolio})),
        ("UpdateProduct", json!({"Id": product, "Name": "mine"})),
        ("DeleteProduct", json!({"Id": product})),
        (
            "CreateProvisioningArtifact",
            json!({"ProductId": product, "IdempotencyToken": "v",
            "Parameters": {"Name": "v", "Info": {"LoadTemplateFromURL": "https://x.s3.amazonaws.com/x"}}}),
        ),
        ("UpdateProvisioningArtifact", of_version.clone()),
        ("DeleteProvisioningArtifact", of_version),
        ("DisassociateProductFromPortfolio", pair.clone()),
        (
            "AssociateProductWithPortfolio",
            json!({"ProductId": own, "PortfolioId": portfolio}),
        ),
        (
            "CreateConstraint",
            json!({"ProductId": product, "PortfolioId": portfolio, "Type": "NOTIFICATION",
            "Parameters": "{\"NotificationArns\": [\"arn:aws:sns:us-east-1:1:a\"]}", "IdempotencyToken": "c"}),
        ),
        (
            "UpdateConstraint",
            json!({"Id": constraint, "Description": "mine"}),
        ),
        ("DeleteConstraint", json!({"Id": constraint})),
    ] {
        let (code, _) = guest.refused(operation, input).await;
        assert_eq!(code, "ResourceNotFoundException", "{operation}");
    }
    // Neither side sees the other's principals.
    shared.admit().await;
    let list = json!({"PortfolioId": portfolio});
    let found = guest.ok("ListPrincipalsForPortfolio", list.clone()).await;
    assert_eq!(ids(&found, "Principals", "/PrincipalARN"), [GUEST_ROLE]);
    let found = owner.ok("ListPrincipalsForPortfolio", list.clone()).await;
    assert!(!ids(&found, "Principals", "/PrincipalARN").contains(&GUEST_ROLE.to_owned()));
    let principal =
        json!({"PortfolioId": portfolio, "PrincipalARN": GUEST_ROLE, "PrincipalType": "IAM"});
    guest
        .ok("DisassociatePrincipalFromPortfolio", principal.clone())
        .await;
    let found = guest.ok("ListPrincipalsForPortfolio", list).await;
    assert!(ids(&found, "Principals", "/PrincipalARN").is_empty());
    let (code, _) = guest
        .refused("DisassociatePrincipalFromPortfolio", principal)
        .await;
    assert_eq!(code, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn the_recipient_launches_in_its_own_account() {
    let shared = Shared::accepted(Profile::Instant).await;
    let Shared {
        guest,
        portfolio,
        product,
        ..
    } = &shared;
    // The owner's principals are not inherited.
    let (code, message) = guest
        .refused("ProvisionProduct", shared.launch("net"))
        .await;
    assert_eq!(code, "ResourceNotFoundException");
    assert_eq!(
        message,
        format!("No launch paths found for resource: {product}")
    );
    let found = guest.ok("SearchProducts", json!({})).await;
    assert!(ids(&found, "ProductViewSummaries", "/ProductId").is_empty());

    // In the words of a user whose role had no access.
    let by_name = json!({"ProductName": "net", "ProvisioningArtifactName": "v1"});
    let (_, message) = guest
        .refused("DescribeProvisioningParameters", by_name)
        .await;
    assert_eq!(
        message,
        "Product with name net does not exist or access was denied."
    );

    shared.admit().await;
    let found = guest.ok("SearchProducts", json!({})).await;
    assert_eq!(
        ids(&found, "ProductViewSummaries", "/ProductId"),
        [product.as_str()]
    );
    let view = text(&found, "/ProductViewSummaries/0/Id");
    guest.ok("DescribeProductView", json!({"Id": view})).await;
    let found = guest.ok("DescribeProduct", json!({"Name": "net"})).await;
    let path = text(&found, "/LaunchPaths/0/Id");
    let paths = guest
        .ok("ListLaunchPaths", json!({"ProductId": product}))
        .await;
    assert_eq!(ids(&paths, "LaunchPathSummaries", "/Id"), [path.as_str()]);
    guest
        .ok(
            "DescribeProvisioningParameters",
            json!({"ProductName": "net", "ProvisioningArtifactName": "v1", "PathName": "net"}),
        )
        .await;
    let answer = guest.ok("ProvisionProduct", shared.launch("net")).await;
    assert_eq!(text(&answer, "/RecordDetail/PathId"), path);
    let found = guest
        .ok("DescribeProvisionedProduct", json!({"Name": "net"}))
        .await;
    assert_eq!(
        text(&found, "/ProvisionedProductDetail/Status"),
        "AVAILABLE"
    );
    let found = guest
        .ok(
            "SearchProvisionedProducts",
            json!({"Filters": {"SearchQuery": ["name:net"]}}),
        )
        .await;
    let row = &found["ProvisionedProducts"][0];
    let stack = text(row, "/PhysicalId");
    assert!(
        stack.contains(&format!(":{GUEST}:stack/SC-{GUEST}-pp-")),
        "{stack}"
    );
    // The AutoTags say whose the product and the portfolio are.
    for tag in [
        format!("arn:aws:catalog:us-east-1:{ACCOUNT}:product/{product}"),
        format!("arn:aws:catalog:us-east-1:{ACCOUNT}:portfolio/{portfolio}"),
    ] {
        assert!(row["Tags"].to_string().contains(&tag), "{row}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_product_taken_into_a_portfolio_of_ones_own_keeps_its_constraints() {
    let shared = Shared::accepted(Profile::Instant).await;
    let Shared {
        owner,
        guest,
        portfolio,
        product,
        ..
    } = &shared;
    // Only through the portfolio that brings it.
    let empty = guest.portfolio("empty").await;
    for input in [
        json!({"ProductId": product, "PortfolioId": empty}),
        json!({"ProductId": product, "PortfolioId": empty, "SourcePortfolioId": "port-gone"}),
        json!({"ProductId": product, "PortfolioId": empty, "SourcePortfolioId": empty}),
    ] {
        let (code, _) = guest.refused("AssociateProductWithPortfolio", input).await;
        assert_eq!(code, "ResourceNotFoundException");
    }
    let local = shared.local().await;
    let found = guest
        .ok("ListPortfoliosForProduct", json!({"ProductId": product}))
        .await;
    assert_eq!(
        ids(&found, "PortfolioDetails", "/Id"),
        [local.as_str(), portfolio.as_str()]
    );
    let found = guest
        .ok("SearchProductsAsAdmin", json!({"PortfolioId": local}))
        .await;
    assert_eq!(
        ids(
            &found,
            "ProductViewDetails",
            "/ProductViewSummary/ProductId"
        ),
        [product.as_str()]
    );
    // It is held by a product, and shared it cannot be.
    let (code, _) = guest.refused("DeletePortfolio", json!({"Id": local})).await;
    assert_eq!(code, "ResourceInUseException");
    let (code, _) = guest
        .refused(
            "CreatePortfolioShare",
            json!({"PortfolioId": local, "AccountId": ACCOUNT}),
        )
        .await;
    assert_eq!(code, "InvalidParametersException");
    guest
        .ok(
            "CreatePortfolioShare",
            json!({"PortfolioId": empty, "AccountId": ACCOUNT}),
        )
        .await;
    let into = json!({"ProductId": product, "PortfolioId": empty, "SourcePortfolioId": portfolio});
    let (code, _) = guest.refused("AssociateProductWithPortfolio", into).await;
    assert_eq!(code, "InvalidParametersException");

    // Their launch constraint holds, until one of its own takes its place.
    let theirs = shared
        .constraint(
            owner,
            portfolio,
            "LAUNCH",
            "{\"LocalRoleName\": \"theirs\"}",
        )
        .await;
    let role = async || {
        let found = guest
            .ok(
                "DescribeProvisioningParameters",
                json!({"ProductName": "net", "ProvisioningArtifactName": "v1"}),
            )
            .await;
        let all = found["UsageInstructions"].as_array().unwrap().clone();
        let told = all
            .iter()
            .find(|told| told["Type"] == "launchAsRole")
            .unwrap();
        text(told, "/Value")
    };
    assert_eq!(role().await, format!("arn:aws:iam::{GUEST}:role/theirs"));
    let listed = async || {
        let found = guest
            .ok("ListConstraintsForPortfolio", json!({"PortfolioId": local}))
            .await;
        ids(&found, "ConstraintDetails", "/ConstraintId")
    };
    assert_eq!(listed().await, [theirs]);
    let own = shared
        .constraint(guest, &local, "LAUNCH", "{\"LocalRoleName\": \"own\"}")
        .await;
    assert_eq!(role().await, format!("arn:aws:iam::{GUEST}:role/own"));
    assert_eq!(listed().await, [own]);
    // Rules and notifications add up.
    shared
        .constraint(
            owner,
            portfolio,
            "NOTIFICATION",
            "{\"NotificationArns\": [\"arn:aws:sns:us-east-1:1:a\"]}",
        )
        .await;
    assert_eq!(listed().await.len(), 2);
    guest.ok("ProvisionProduct", shared.launch("net")).await;
    let found = guest
        .ok("DescribeProvisionedProduct", json!({"Name": "net"}))
        .await;
    let role = text(&found, "/ProvisionedProductDetail/LaunchRoleArn");
    assert_eq!(role, format!("arn:aws:iam::{GUEST}:role/own"));
    // The product's tags say whose it is, the portfolio's that it is the guest's.
    let found = guest
        .ok(
            "SearchProvisionedProducts",
            json!({"Filters": {"SearchQuery": ["name:net"]}}),
        )
        .await;
    let tags = found["ProvisionedProducts"][0]["Tags"].to_string();
    assert!(
        tags.contains(&format!("{ACCOUNT}:product/{product}")),
        "{tags}"
    );
    assert!(
        tags.contains(&format!("{GUEST}:portfolio/{local}")),
        "{tags}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_role_of_another_account_launches_nothing_here() {
    let shared = Shared::accepted(Profile::Instant).await;
    shared.admit().await;
    let role = format!("{{\"RoleArn\": \"arn:aws:iam::{ACCOUNT}:role/hub\"}}");
    shared
        .constraint(&shared.owner, &shared.portfolio, "LAUNCH", &role)
        .await;
    let (code, _) = shared
        .guest
        .refused("ProvisionProduct", shared.launch("net"))
        .await;
    assert_eq!(code, "NotImplemented");
}

#[tokio::test(start_paused = true)]
async fn what_ends_with_its_owner_ends_for_the_recipient() {
    let shared = Shared::accepted(Profile::Instant).await;
    let Shared {
        owner,
        guest,
        portfolio,
        product,
        ..
    } = &shared;
    shared.admit().await;
    let local = shared.local().await;
    shared
        .constraint(guest, &local, "LAUNCH", "{\"LocalRoleName\": \"own\"}")
        .await;
    let mut launch = shared.launch("net");
    launch["PathName"] = json!("local");
    guest.ok("ProvisionProduct", launch).await;
    let pair = json!({"ProductId": product, "PortfolioId": portfolio});
    let held = async || {
        let found = guest
            .ok("SearchProductsAsAdmin", json!({"PortfolioId": local}))
            .await;
        ids(
            &found,
            "ProductViewDetails",
            "/ProductViewSummary/ProductId",
        )
        .len()
    };
    assert_eq!(held().await, 1);
    // A product that leaves the shared portfolio leaves local ones, and does not come back.
    owner
        .ok("DisassociateProductFromPortfolio", pair.clone())
        .await;
    owner.ok("AssociateProductWithPortfolio", pair).await;
    assert_eq!(held().await, 0);
    let found = guest
        .ok("ListConstraintsForPortfolio", json!({"PortfolioId": local}))
        .await;
    assert!(ids(&found, "ConstraintDetails", "/ConstraintId").is_empty());
    // Through the shared portfolio it is there again.
    guest.ok("DescribeProduct", json!({"Id": product})).await;

    shared.unshare().await;
    for (operation, input) in [
        ("DescribePortfolio", json!({"Id": portfolio})),
        ("DescribeProductAsAdmin", json!({"Id": product})),
        (
            "ListPrincipalsForPortfolio",
            json!({"PortfolioId": portfolio}),
        ),
        ("ListLaunchPaths", json!({"ProductId": product})),
        (
            "UpdateProvisionedProduct",
            json!({"ProvisionedProductName": "net", "UpdateToken": "u"}),
        ),
    ] {
        let (code, _) = guest.refused(operation, input).await;
        assert_eq!(code, "ResourceNotFoundException", "{operation}");
    }
    // What was launched runs on, and can be ended.
    let found = guest
        .ok("DescribeProvisionedProduct", json!({"Name": "net"}))
        .await;
    assert_eq!(
        text(&found, "/ProvisionedProductDetail/Status"),
        "AVAILABLE"
    );
    guest
        .ok(
            "TerminateProvisionedProduct",
            json!({"ProvisionedProductName": "net", "TerminateToken": "t"}),
        )
        .await;
    // Principals that were added to the old share are none of a new one.
    let to = json!({"PortfolioId": portfolio, "AccountId": GUEST});
    owner.ok("CreatePortfolioShare", to).await;
    guest
        .ok("AcceptPortfolioShare", json!({"PortfolioId": portfolio}))
        .await;
    let found = guest
        .ok(
            "ListPrincipalsForPortfolio",
            json!({"PortfolioId": portfolio}),
        )
        .await;
    assert!(ids(&found, "Principals", "/PrincipalARN").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_shared_product_is_copied_once_its_portfolio_is_accepted() {
    let shared = Shared::offered(Profile::Instant).await;
    let Shared {
        guest,
        portfolio,
        product,
        ..
    } = &shared;
    let arn = format!("arn:aws:catalog:us-east-1:{ACCOUNT}:product/{product}");
    let copy = |token: &str| json!({"SourceProductArn": arn, "IdempotencyToken": token});
    for bench in [guest.clone(), guest.in_region("eu-west-1")] {
        let (code, _) = bench.refused("CopyProduct", copy("early")).await;
        assert_eq!(code, "ResourceNotFoundException");
    }
    guest
        .ok("AcceptPortfolioShare", json!({"PortfolioId": portfolio}))
        .await;
    let mut targets = Vec::new();
    // Into another region too, from where the share is.
    for bench in [guest.clone(), guest.in_region("eu-west-1")] {
        let token = text(
            &bench.ok("CopyProduct", copy("copy")).await,
            "/CopyProductToken",
        );
        let status = bench
            .ok(
                "DescribeCopyProductStatus",
                json!({"CopyProductToken": token}),
            )
            .await;
        assert_eq!(status["CopyProductStatus"], "SUCCEEDED", "{status}");
        targets.push((bench, text(&status, "/TargetProductId")));
    }
    // They are the guest's own, and stay when the share goes.
    shared.unshare().await;
    for (bench, target) in &targets {
        let found = bench
            .ok("DescribeProductAsAdmin", json!({"Id": target}))
            .await;
        let arn = text(&found, "/ProductViewDetail/ProductARN");
        assert!(arn.contains(&format!(":{GUEST}:product/{target}")), "{arn}");
        bench
            .ok("UpdateProduct", json!({"Id": target, "Name": "mine"}))
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_whose_source_is_not_shared_any_more_fails() {
    let shared = Shared::accepted(Profile::Local).await;
    let arn = format!(
        "arn:aws:catalog:us-east-1:{ACCOUNT}:product/{}",
        shared.product
    );
    let copy = json!({"SourceProductArn": arn, "IdempotencyToken": "copy"});
    let token = text(
        &shared.guest.ok("CopyProduct", copy).await,
        "/CopyProductToken",
    );
    shared.unshare().await;
    shared.guest.pass(1.0).await;
    let status = shared
        .guest
        .ok(
            "DescribeCopyProductStatus",
            json!({"CopyProductToken": token}),
        )
        .await;
    assert_eq!(status["CopyProductStatus"], "FAILED");
    assert_eq!(
        text(&status, "/StatusDetail"),
        format!("Product {} not found.", shared.product)
    );
}
