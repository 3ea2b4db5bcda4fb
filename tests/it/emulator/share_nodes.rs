//! Portfolios shared with an organization's nodes (facts §9.8).

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Effect, Rule};
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, ids, text};
use super::organizations::{account, ok, organization, unit};

/// An organization with a unit that has an account, and one beside it; access is enabled.
struct World {
    hub: Bench,
    root: String,
    organization: String,
    apps: String,
    app: String,
    other: String,
    portfolio: String,
    product: String,
    version: String,
}

impl World {
    async fn new(profile: Profile) -> Self {
        let hub = Bench::new(profile);
        let root = organization(&hub).await;
        let apps = unit(&hub, &root, "apps").await;
        let (app, other) = (account(&hub, "app").await, account(&hub, "other").await);
        let (portfolio, product, version) = hub.launchable("net").await;
        let found = ok(&hub, "DescribeOrganization", json!({})).await;
        let world = Self {
            organization: text(&found, "/Organization/Id"),
            hub,
            root,
            apps,
            app,
            other,
            portfolio,
            product,
            version,
        };
        world.move_to(&world.app, &world.root, &world.apps).await;
        world
    }

    async fn enabled(profile: Profile) -> Self {
        let world = Self::new(profile).await;
        world
            .hub
            .ok("EnableAWSOrganizationsAccess", json!({}))
            .await;
        world.hub.pass(20.0).await;
        world
    }

    async fn move_to(&self, account: &str, from: &str, to: &str) {
        let input =
            json!({"AccountId": account, "SourceParentId": from, "DestinationParentId": to});
        ok(&self.hub, "MoveAccount", input).await;
    }

    fn app(&self) -> Bench {
        self.hub.in_account(&self.app)
    }

    fn other(&self) -> Bench {
        self.hub.in_account(&self.other)
    }

    fn with(&self, node: &str) -> Value {
        let kind = match node.split_once('-') {
            Some(("o", _)) => "ORGANIZATION",
            Some(_) => "ORGANIZATIONAL_UNIT",
            None => "ACCOUNT",
        };
        json!({"PortfolioId": self.portfolio, "OrganizationNode": {"Type": kind, "Value": node}})
    }

    /// Makes the call and waits for its end.
    async fn act(&self, operation: &str, input: Value) -> Value {
        let answer = self.hub.ok(operation, input).await;
        self.hub.pass(20.0).await;
        self.status(&answer).await
    }

    async fn status(&self, answer: &Value) -> Value {
        let token = text(answer, "/PortfolioShareToken");
        let input = json!({"PortfolioShareToken": token});
        self.hub.ok("DescribePortfolioShareStatus", input).await
    }

    async fn shares(&self, kind: &str) -> Value {
        let input = json!({"PortfolioId": self.portfolio, "Type": kind});
        self.hub.ok("DescribePortfolioShares", input).await["PortfolioShareDetails"].clone()
    }

    async fn sees(&self, bench: &Bench) -> bool {
        let seen = bench
            .call("DescribePortfolio", json!({"Id": self.portfolio}))
            .await;
        seen.is_ok()
    }
}

#[tokio::test(start_paused = true)]
async fn access_is_enabled_by_the_management_account_and_takes_a_while() {
    let world = World::new(Profile::Local).await;
    let status = async || {
        let found = world
            .hub
            .ok("GetAWSOrganizationsAccessStatus", json!({}))
            .await;
        text(&found, "/AccessStatus")
    };
    assert_eq!(status().await, "DISABLED");
    let (code, _) = world
        .hub
        .refused("CreatePortfolioShare", world.with(&world.apps))
        .await;
    assert_eq!(code, "OperationNotSupportedException");
    for operation in [
        "EnableAWSOrganizationsAccess",
        "DisableAWSOrganizationsAccess",
        "GetAWSOrganizationsAccessStatus",
    ] {
        let refusal = world.app().refused(operation, json!({})).await;
        let said = "You are not authorized to perform this action".to_owned();
        assert_eq!(
            refusal,
            ("AccessDeniedException".to_owned(), said),
            "{operation}"
        );
        let (code, _) = world
            .hub
            .in_account("333333333333")
            .refused(operation, json!({}))
            .await;
        assert_eq!(code, "ResourceNotFoundException", "{operation}");
    }
    world
        .hub
        .ok("EnableAWSOrganizationsAccess", json!({}))
        .await;
    assert_eq!(status().await, "UNDER_CHANGE");
    let (code, _) = world
        .hub
        .refused("DisableAWSOrganizationsAccess", json!({}))
        .await;
    assert_eq!(code, "InvalidStateException");
    let (code, _) = world
        .hub
        .refused("CreatePortfolioShare", world.with(&world.apps))
        .await;
    assert_eq!(code, "OperationNotSupportedException");
    world.hub.pass(1.0).await;
    assert_eq!(status().await, "ENABLED");
    world
        .hub
        .ok("EnableAWSOrganizationsAccess", json!({}))
        .await;
    assert_eq!(status().await, "ENABLED");
    let found = ok(&world.hub, "ListAWSServiceAccessForOrganization", json!({})).await;
    assert_eq!(
        found["EnabledServicePrincipals"][0]["ServicePrincipal"],
        "servicecatalog.amazonaws.com"
    );
    // An account that is none of the organization's is no node of it.
    for node in ["333333333333", "ou-abcd-12345678"] {
        let (code, _) = world
            .hub
            .refused("CreatePortfolioShare", world.with(node))
            .await;
        assert_eq!(code, "ResourceNotFoundException");
    }
    let mut input = world.with(&world.apps);
    input["OrganizationNode"]["Type"] = json!("ACCOUNT");
    let (code, _) = world.hub.refused("CreatePortfolioShare", input).await;
    assert_eq!(code, "InvalidParametersException");
}

#[tokio::test(start_paused = true)]
async fn a_share_with_a_unit_reaches_its_accounts_when_its_action_has_ended() {
    let world = World::enabled(Profile::Local).await;
    let answer = world
        .hub
        .ok("CreatePortfolioShare", world.with(&world.apps))
        .await;
    let token = text(&answer, "/PortfolioShareToken");
    assert!(token.starts_with("share-"), "{token}");
    assert_eq!(world.status(&answer).await["Status"], "NOT_STARTED");
    world.hub.pass(0.2).await;
    let status = world.status(&answer).await;
    assert_eq!(status["Status"], "IN_PROGRESS");
    assert_eq!(
        status["ShareDetails"],
        json!({"SuccessfulShares": [], "ShareErrors": []})
    );
    assert!(!world.sees(&world.app()).await);
    // One at a time, of whatever kind and whichever portfolio.
    let busy =
        "Cannot process more than one portfolio share action at the same time. Try again later.";
    let mut second = world.with(&world.organization);
    second["PortfolioId"] = json!(world.hub.portfolio("second").await);
    for (operation, input) in [
        ("CreatePortfolioShare", second.clone()),
        ("UpdatePortfolioShare", world.with(&world.apps)),
        ("DeletePortfolioShare", world.with(&world.apps)),
    ] {
        let refusal = world.hub.refused(operation, input).await;
        assert_eq!(
            refusal,
            ("InvalidStateException".to_owned(), busy.to_owned()),
            "{operation}"
        );
    }
    // A share with an account is no such action.
    world
        .hub
        .ok(
            "CreatePortfolioShare",
            json!({"PortfolioId": second["PortfolioId"], "AccountId": world.other}),
        )
        .await;
    world.hub.pass(0.3).await;
    assert_eq!(
        world.status(&answer).await,
        json!({"PortfolioShareToken": token, "PortfolioId": world.portfolio, "Status": "COMPLETED",
               "OrganizationNodeValue": world.apps,
               "ShareDetails": {"SuccessfulShares": [world.app], "ShareErrors": []}})
    );
    // Without accepting (the model's text of Accepted).
    assert!(world.sees(&world.app()).await);
    assert!(!world.sees(&world.other()).await);
    assert_eq!(
        world.shares("ORGANIZATIONAL_UNIT").await,
        json!([{"PrincipalId": world.apps, "Type": "ORGANIZATIONAL_UNIT", "Accepted": true,
                "ShareTagOptions": false, "SharePrincipals": false}])
    );
    for kind in ["ACCOUNT", "ORGANIZATION", "ORGANIZATION_MEMBER_ACCOUNT"] {
        assert_eq!(world.shares(kind).await, json!([]), "{kind}");
    }
    for (kind, expected) in [("AWS_ORGANIZATIONS", 1), ("IMPORTED", 0)] {
        let found = world
            .app()
            .ok(
                "ListAcceptedPortfolioShares",
                json!({"PortfolioShareType": kind}),
            )
            .await;
        assert_eq!(
            ids(&found, "PortfolioDetails", "/Id").len(),
            expected,
            "{kind}"
        );
    }
    let list =
        json!({"PortfolioId": world.portfolio, "OrganizationNodeType": "ORGANIZATIONAL_UNIT"});
    let found = world.hub.ok("ListOrganizationPortfolioAccess", list).await;
    assert_eq!(
        found["OrganizationNodes"],
        json!([{"Type": "ORGANIZATIONAL_UNIT", "Value": world.apps}])
    );
    for kind in ["ORGANIZATION", "ACCOUNT"] {
        let list = json!({"PortfolioId": world.portfolio, "OrganizationNodeType": kind});
        let found = world.hub.ok("ListOrganizationPortfolioAccess", list).await;
        assert_eq!(found["OrganizationNodes"], json!([]), "{kind}");
    }
    let access = async |parent: Value| {
        let input = json!({"PortfolioId": world.portfolio, "OrganizationParentId": parent});
        world.hub.ok("ListPortfolioAccess", input).await["AccountIds"].clone()
    };
    assert_eq!(access(json!(world.apps)).await, json!([world.app]));
    assert_eq!(access(Value::Null).await, json!([]));
    assert_eq!(access(json!(world.organization)).await, json!([]));
    // The same again ends well and changes nothing.
    let mut again = world.with(&world.apps);
    again["SharePrincipals"] = json!(true);
    assert_eq!(
        world.act("CreatePortfolioShare", again).await["OrganizationNodeValue"],
        world.apps
    );
    assert_eq!(
        world.shares("ORGANIZATIONAL_UNIT").await[0]["SharePrincipals"],
        json!(false)
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_about_to_be_shared_is_held_and_can_hold_nothing_of_others() {
    let world = World::enabled(Profile::Local).await;
    let guest = world.other();
    let (theirs, (product, _)) = (
        guest.portfolio("theirs").await,
        guest.product("theirs").await,
    );
    let pair = json!({"ProductId": product, "PortfolioId": theirs});
    guest.ok("AssociateProductWithPortfolio", pair).await;
    guest
        .ok(
            "CreatePortfolioShare",
            json!({"PortfolioId": theirs, "AccountId": ACCOUNT}),
        )
        .await;
    world
        .hub
        .ok("AcceptPortfolioShare", json!({"PortfolioId": theirs}))
        .await;
    let empty = world.hub.portfolio("empty").await;
    let mut input = world.with(&world.apps);
    input["PortfolioId"] = json!(empty);
    world.hub.ok("CreatePortfolioShare", input).await;
    let borrow = json!({"ProductId": product, "PortfolioId": empty, "SourcePortfolioId": theirs});
    let (code, _) = world
        .hub
        .refused("AssociateProductWithPortfolio", borrow)
        .await;
    assert_eq!(code, "InvalidParametersException");
    let (code, _) = world
        .hub
        .refused("DeletePortfolio", json!({"Id": empty}))
        .await;
    assert_eq!(code, "ResourceInUseException");
}

#[tokio::test(start_paused = true)]
async fn a_share_follows_the_organization() {
    let world = World::enabled(Profile::Instant).await;
    world
        .act("CreatePortfolioShare", world.with(&world.apps))
        .await;
    assert!(world.sees(&world.app()).await);
    // What a recipient adds goes with its access.
    let app = world.app();
    let local = app.portfolio("local").await;
    let borrow = json!({"ProductId": world.product, "PortfolioId": local, "SourcePortfolioId": world.portfolio});
    app.ok("AssociateProductWithPortfolio", borrow).await;
    let inner = unit(&world.hub, &world.apps, "inner").await;
    world.move_to(&world.app, &world.apps, &inner).await;
    assert!(world.sees(&app).await);
    world.move_to(&world.app, &inner, &world.root).await;
    assert!(!world.sees(&app).await);
    let held = app
        .ok("SearchProductsAsAdmin", json!({"PortfolioId": local}))
        .await;
    assert!(ids(&held, "ProductViewDetails", "/ProductViewSummary/ProductId").is_empty());
    // Who moves in has it.
    world.move_to(&world.other, &world.root, &inner).await;
    assert!(world.sees(&world.other()).await);
    // While access is disabled nothing follows.
    world
        .hub
        .ok("DisableAWSOrganizationsAccess", json!({}))
        .await;
    world.move_to(&world.app, &world.root, &world.apps).await;
    world.move_to(&world.other, &inner, &world.root).await;
    assert!(!world.sees(&app).await);
    assert!(world.sees(&world.other()).await);
    let (code, _) = world
        .hub
        .refused("CreatePortfolioShare", world.with(&world.organization))
        .await;
    assert_eq!(code, "OperationNotSupportedException");
    world
        .hub
        .ok("EnableAWSOrganizationsAccess", json!({}))
        .await;
    assert!(world.sees(&app).await);
    assert!(!world.sees(&world.other()).await);
    // Who leaves the organization leaves its shares.
    ok(
        &world.hub,
        "RemoveAccountFromOrganization",
        json!({"AccountId": world.app}),
    )
    .await;
    assert!(!world.sees(&app).await);
}

#[tokio::test(start_paused = true)]
async fn a_share_with_the_organization_or_a_member_is_named_as_such() {
    let world = World::enabled(Profile::Instant).await;
    let mut input = world.with(&world.other);
    assert_eq!(
        world.act("CreatePortfolioShare", input.clone()).await["Status"],
        "COMPLETED"
    );
    assert!(world.sees(&world.other()).await && !world.sees(&world.app()).await);
    assert_eq!(
        world.shares("ORGANIZATION_MEMBER_ACCOUNT").await[0]["PrincipalId"],
        world.other
    );
    let found = world
        .hub
        .ok(
            "ListPortfolioAccess",
            json!({"PortfolioId": world.portfolio}),
        )
        .await;
    assert_eq!(found["AccountIds"], json!([world.other]));
    input["SharePrincipals"] = json!(true);
    let (code, _) = world.hub.refused("UpdatePortfolioShare", input).await;
    assert_eq!(code, "InvalidParametersException");

    // By its ARN, of which the last part is the id.
    let arn = format!(
        "arn:aws:organizations::{ACCOUNT}:organization/{}",
        world.organization
    );
    let input = json!({"PortfolioId": world.portfolio, "OrganizationNode": {"Type": "ORGANIZATION", "Value": arn}});
    let status = world.act("CreatePortfolioShare", input).await;
    // One of the accounts has the portfolio already: tools pass over that error.
    assert_eq!(status["Status"], "COMPLETED_WITH_ERRORS");
    assert_eq!(
        status["ShareDetails"]["SuccessfulShares"],
        json!([world.app])
    );
    let error = &status["ShareDetails"]["ShareErrors"][0];
    assert_eq!(error["Error"], "DuplicateResourceException");
    assert_eq!(error["Accounts"], json!([world.other]));
    assert_eq!(
        world.shares("ORGANIZATION").await[0]["PrincipalId"],
        world.organization
    );
    assert!(world.sees(&world.app()).await);
    let status = world
        .act("DeletePortfolioShare", world.with(&world.organization))
        .await;
    assert_eq!(status["Status"], "COMPLETED");
    assert!(!world.sees(&world.app()).await && world.sees(&world.other()).await);
    let (code, _) = world
        .hub
        .refused("DeletePortfolioShare", world.with(&world.organization))
        .await;
    assert_eq!(code, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn patterns_are_shared_with_nodes_on_demand() {
    let world = World::enabled(Profile::Instant).await;
    world
        .act("CreatePortfolioShare", world.with(&world.apps))
        .await;
    let pattern = json!({"PortfolioId": world.portfolio, "PrincipalType": "IAM_PATTERN", "PrincipalARN": "arn:aws:iam:::role/cata*"});
    world
        .hub
        .ok("AssociatePrincipalWithPortfolio", pattern.clone())
        .await;
    let app = world.app();
    let paths = json!({"ProductId": world.product});
    assert_eq!(
        app.refused("ListLaunchPaths", paths.clone()).await.0,
        "ResourceNotFoundException"
    );
    let mut update = world.with(&world.apps);
    update["SharePrincipals"] = json!(true);
    let status = world.act("UpdatePortfolioShare", update.clone()).await;
    assert_eq!(status["Status"], "COMPLETED");
    assert_eq!(
        world.shares("ORGANIZATIONAL_UNIT").await[0]["SharePrincipals"],
        json!(true)
    );
    app.ok("ListLaunchPaths", paths.clone()).await;
    // Patterns are seen, full names are not.
    let found = app
        .ok(
            "ListPrincipalsForPortfolio",
            json!({"PortfolioId": world.portfolio}),
        )
        .await;
    assert_eq!(
        found["Principals"],
        json!([{"PrincipalARN": "arn:aws:iam:::role/cata*", "PrincipalType": "IAM_PATTERN"}])
    );
    // They are the owner's to take away.
    let (code, _) = app
        .refused("DisassociatePrincipalFromPortfolio", pattern.clone())
        .await;
    assert_eq!(code, "ResourceNotFoundException");
    let launch = json!({"ProductId": world.product, "ProvisioningArtifactId": world.version,
                        "ProvisionedProductName": "net", "ProvisionToken": "net",
                        "ProvisioningParameters": [{"Key": "Owner", "Value": "net"}]});
    app.ok("ProvisionProduct", launch).await;
    world
        .hub
        .ok("DisassociatePrincipalFromPortfolio", pattern)
        .await;
    assert_eq!(
        app.refused("ListLaunchPaths", paths).await.0,
        "ResourceNotFoundException"
    );
}

#[tokio::test(start_paused = true)]
async fn a_share_through_the_organization_is_rejected_and_taken_back() {
    let world = World::enabled(Profile::Instant).await;
    world
        .act("CreatePortfolioShare", world.with(&world.apps))
        .await;
    let app = world.app();
    // As an account's share there is none to accept (peers C6).
    let (code, _) = app
        .refused(
            "AcceptPortfolioShare",
            json!({"PortfolioId": world.portfolio}),
        )
        .await;
    assert_eq!(code, "ResourceNotFoundException");
    let input = json!({"PortfolioId": world.portfolio, "PortfolioShareType": "AWS_ORGANIZATIONS"});
    app.ok("AcceptPortfolioShare", input.clone()).await;
    app.ok("RejectPortfolioShare", input.clone()).await;
    assert!(!world.sees(&app).await);
    app.ok("AcceptPortfolioShare", input).await;
    assert!(world.sees(&app).await);
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_what_only_the_organization_shares_fails() {
    let world = World::enabled(Profile::Instant).await;
    world
        .act("CreatePortfolioShare", world.with(&world.apps))
        .await;
    let app = world.app();
    let arn = format!(
        "arn:aws:catalog:us-east-1:{ACCOUNT}:product/{}",
        world.product
    );
    let copy = |token: &str| json!({"SourceProductArn": arn, "IdempotencyToken": token});
    let status = async |token: &str| {
        let token = text(
            &app.ok("CopyProduct", copy(token)).await,
            "/CopyProductToken",
        );
        app.ok(
            "DescribeCopyProductStatus",
            json!({"CopyProductToken": token}),
        )
        .await
    };
    assert_eq!(
        status("one").await,
        json!({"CopyProductStatus": "FAILED", "StatusDetail": "Internal Failure"})
    );
    // Accepted as an account's it works (the same user).
    world
        .hub
        .ok(
            "CreatePortfolioShare",
            json!({"PortfolioId": world.portfolio, "AccountId": world.app}),
        )
        .await;
    app.ok(
        "AcceptPortfolioShare",
        json!({"PortfolioId": world.portfolio}),
    )
    .await;
    assert_eq!(status("two").await["CopyProductStatus"], "SUCCEEDED");
}

#[tokio::test(start_paused = true)]
async fn a_delegated_administrator_shares_until_it_is_one_no_more() {
    let world = World::enabled(Profile::Instant).await;
    let delegate = world.other();
    let portfolio = delegate.portfolio("theirs").await;
    let input = json!({"PortfolioId": portfolio, "OrganizationNode": {"Type": "ORGANIZATIONAL_UNIT", "Value": world.apps}});
    let (code, _) = delegate
        .refused("CreatePortfolioShare", input.clone())
        .await;
    assert_eq!(code, "AccessDeniedException");
    let service =
        json!({"AccountId": world.other, "ServicePrincipal": "servicecatalog.amazonaws.com"});
    ok(
        &world.hub,
        "RegisterDelegatedAdministrator",
        service.clone(),
    )
    .await;
    let found = ok(&world.hub, "ListDelegatedAdministrators", json!({})).await;
    assert_eq!(
        ids(&found, "DelegatedAdministrators", "/Id"),
        [world.other.as_str()]
    );
    // The delegate may share and ask, and not decide over access; nor may the management account with delegates.
    let token = text(
        &delegate.ok("CreatePortfolioShare", input).await,
        "/PortfolioShareToken",
    );
    let status = delegate
        .ok(
            "DescribePortfolioShareStatus",
            json!({"PortfolioShareToken": token}),
        )
        .await;
    assert_eq!(status["Status"], "COMPLETED");
    delegate
        .ok("GetAWSOrganizationsAccessStatus", json!({}))
        .await;
    let (code, _) = delegate
        .refused("EnableAWSOrganizationsAccess", json!({}))
        .await;
    assert_eq!(code, "AccessDeniedException");
    let (code, _) = world
        .hub
        .refused("DisableAWSOrganizationsAccess", json!({}))
        .await;
    assert_eq!(code, "InvalidStateException");
    let sees = async || {
        world
            .app()
            .call("DescribePortfolio", json!({"Id": portfolio}))
            .await
            .is_ok()
    };
    assert!(sees().await);
    ok(&world.hub, "DeregisterDelegatedAdministrator", service).await;
    assert!(!sees().await);
    let list = json!({"PortfolioId": portfolio, "Type": "ORGANIZATIONAL_UNIT"});
    let found = delegate.ok("DescribePortfolioShares", list).await;
    assert_eq!(found["PortfolioShareDetails"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_share_can_be_made_to_fail() {
    let world = World::enabled(Profile::Instant).await;
    let effect = Effect::FailSharing {
        error: "ThrottlingException".to_owned(),
        message: "Rate exceeded".to_owned(),
    };
    let rule = Rule::always(effect).on("CreatePortfolioShare").nth(1);
    let fault = world.hub.emulator.inject(rule);
    let status = world
        .act("CreatePortfolioShare", world.with(&world.apps))
        .await;
    assert_eq!(fault.fired(), 1);
    assert_eq!(status["Status"], "ERROR");
    assert_eq!(
        status["ShareDetails"]["ShareErrors"],
        json!([{"Accounts": [world.app], "Error": "ThrottlingException", "Message": "Rate exceeded"}])
    );
    // It is there and of no use, until it is made anew (a Terraform user's report).
    assert_eq!(
        world.shares("ORGANIZATIONAL_UNIT").await[0]["PrincipalId"],
        world.apps
    );
    assert!(!world.sees(&world.app()).await);
    world
        .act("CreatePortfolioShare", world.with(&world.apps))
        .await;
    assert!(!world.sees(&world.app()).await);
    world
        .act("DeletePortfolioShare", world.with(&world.apps))
        .await;
    world
        .act("CreatePortfolioShare", world.with(&world.apps))
        .await;
    assert!(world.sees(&world.app()).await);
}

#[tokio::test(start_paused = true)]
async fn what_a_delegate_began_before_it_was_one_no_more_reaches_nobody() {
    let world = World::enabled(Profile::Local).await;
    let delegate = world.other();
    let portfolio = delegate.portfolio("theirs").await;
    let service =
        json!({"AccountId": world.other, "ServicePrincipal": "servicecatalog.amazonaws.com"});
    ok(
        &world.hub,
        "RegisterDelegatedAdministrator",
        service.clone(),
    )
    .await;
    let input = json!({"PortfolioId": portfolio, "OrganizationNode": {"Type": "ORGANIZATIONAL_UNIT", "Value": world.apps}});
    delegate.ok("CreatePortfolioShare", input).await;
    ok(&world.hub, "DeregisterDelegatedAdministrator", service).await;
    delegate.pass(20.0).await;
    let (code, _) = world
        .app()
        .refused("DescribePortfolio", json!({"Id": portfolio}))
        .await;
    assert_eq!(code, "ResourceNotFoundException");
    let of = json!({"PortfolioId": portfolio, "Type": "ORGANIZATIONAL_UNIT"});
    let shares = delegate.call("DescribePortfolioShares", of).await;
    assert!(shares.is_err() || shares.unwrap()["PortfolioShareDetails"] == json!([]));
}

#[tokio::test(start_paused = true)]
async fn what_was_borrowed_goes_at_once_when_access_is_enabled_again() {
    let world = World::enabled(Profile::Instant).await;
    world
        .act("CreatePortfolioShare", world.with(&world.apps))
        .await;
    let app = world.app();
    let local = app.portfolio("local").await;
    let borrow = json!({"ProductId": world.product, "PortfolioId": local, "SourcePortfolioId": world.portfolio});
    app.ok("AssociateProductWithPortfolio", borrow).await;
    world
        .hub
        .ok("DisableAWSOrganizationsAccess", json!({}))
        .await;
    world.move_to(&world.app, &world.apps, &world.root).await;
    assert!(world.sees(&app).await, "nothing follows yet");
    world
        .hub
        .ok("EnableAWSOrganizationsAccess", json!({}))
        .await;
    // Nothing is left in the way.
    app.ok("DeletePortfolio", json!({"Id": local})).await;
}
