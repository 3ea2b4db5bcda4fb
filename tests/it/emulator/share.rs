//! Portfolios shared with accounts (facts §9.8).

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Faults, Lag};
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, ids, text};

/// Whom things are shared with.
pub const GUEST: &str = "210987654321";
pub const GUEST_ROLE: &str = "arn:aws:iam::210987654321:role/catalogd";

/// An owner with a launchable product in a portfolio that a guest has accepted.
pub struct Shared {
    pub owner: Bench,
    pub guest: Bench,
    pub portfolio: String,
    pub product: String,
    pub version: String,
}

impl Shared {
    /// Offered and not accepted.
    pub async fn offered(profile: Profile) -> Self {
        let owner = Bench::new(profile);
        let (portfolio, product, version) = owner.launchable("net").await;
        let guest = owner.in_account(GUEST);
        owner
            .ok(
                "CreatePortfolioShare",
                json!({"PortfolioId": portfolio, "AccountId": GUEST}),
            )
            .await;
        Self {
            owner,
            guest,
            portfolio,
            product,
            version,
        }
    }

    pub async fn accepted(profile: Profile) -> Self {
        let shared = Self::offered(profile).await;
        let input = json!({"PortfolioId": shared.portfolio});
        shared.guest.ok("AcceptPortfolioShare", input).await;
        shared
    }

    /// Lets the guest's role launch through the shared portfolio.
    pub async fn admit(&self) {
        let principal = json!({
            "PortfolioId": self.portfolio, "PrincipalARN": GUEST_ROLE, "PrincipalType": "IAM",
        });
        self.guest
            .ok("AssociatePrincipalWithPortfolio", principal)
            .await;
    }

    /// A portfolio of the guest's own with the owner's product, which its role may launch from.
    pub async fn local(&self) -> String {
        let local = self.guest.portfolio("local").await;
        self.guest
            .ok(
                "AssociateProductWithPortfolio",
                json!({"ProductId": self.product, "PortfolioId": local, "SourcePortfolioId": self.portfolio}),
            )
            .await;
        let principal =
            json!({"PortfolioId": local, "PrincipalARN": GUEST_ROLE, "PrincipalType": "IAM"});
        self.guest
            .ok("AssociatePrincipalWithPortfolio", principal)
            .await;
        local
    }

    pub async fn constraint(
        &self,
        by: &Bench,
        portfolio: &str,
        kind: &str,
        parameters: &str,
    ) -> String {
        let made = by
            .ok(
                "CreateConstraint",
                json!({"PortfolioId": portfolio, "ProductId": self.product, "Type": kind,
                       "Parameters": parameters, "IdempotencyToken": format!("{portfolio}-{kind}")}),
            )
            .await;
        text(&made, "/ConstraintDetail/ConstraintId")
    }

    pub fn launch(&self, name: &str) -> Value {
        json!({
            "ProductId": self.product, "ProvisioningArtifactId": self.version,
            "ProvisionedProductName": name, "ProvisionToken": name,
            "ProvisioningParameters": [{"Key": "Owner", "Value": "net"}],
        })
    }

    pub async fn unshare(&self) {
        let input = json!({"PortfolioId": self.portfolio, "AccountId": GUEST});
        self.owner.ok("DeletePortfolioShare", input).await;
    }
}

async fn accepted(bench: &Bench, kind: &str) -> Vec<String> {
    let answer = bench
        .ok(
            "ListAcceptedPortfolioShares",
            json!({"PortfolioShareType": kind}),
        )
        .await;
    ids(&answer, "PortfolioDetails", "/Id")
}

async fn shares(bench: &Bench, portfolio: &str) -> Value {
    let answer = bench
        .ok(
            "DescribePortfolioShares",
            json!({"PortfolioId": portfolio, "Type": "ACCOUNT"}),
        )
        .await;
    answer["PortfolioShareDetails"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_share_is_offered_accepted_rejected_and_ended() {
    let shared = Shared::offered(Profile::Instant).await;
    let Shared {
        owner,
        guest,
        portfolio,
        ..
    } = &shared;
    let share = |accepted: bool| {
        json!([{"PrincipalId": GUEST, "Type": "ACCOUNT", "Accepted": accepted,
                "ShareTagOptions": false, "SharePrincipals": false}])
    };
    let input = json!({"PortfolioId": portfolio});
    assert_eq!(shares(owner, portfolio).await, share(false));
    // An offer shows nothing yet.
    assert!(accepted(guest, "IMPORTED").await.is_empty());
    let (code, _) = guest
        .refused("DescribePortfolio", json!({"Id": portfolio}))
        .await;
    assert_eq!(code, "ResourceNotFoundException");

    guest.ok("AcceptPortfolioShare", input.clone()).await;
    assert_eq!(shares(owner, portfolio).await, share(true));
    assert_eq!(accepted(guest, "IMPORTED").await, [portfolio.as_str()]);
    assert!(accepted(guest, "AWS_ORGANIZATIONS").await.is_empty());
    assert!(accepted(guest, "AWS_SERVICECATALOG").await.is_empty());
    // It is not among the guest's own (peers C2).
    let own = guest.ok("ListPortfolios", json!({})).await;
    assert!(ids(&own, "PortfolioDetails", "/Id").is_empty());
    let access = owner.ok("ListPortfolioAccess", input.clone()).await;
    assert_eq!(access, json!({"AccountIds": [GUEST]}));
    // Again: no effect and no error, of the flags neither.
    owner
        .ok(
            "CreatePortfolioShare",
            json!({"PortfolioId": portfolio, "AccountId": GUEST, "ShareTagOptions": true}),
        )
        .await;
    assert_eq!(shares(owner, portfolio).await, share(true));

    guest.ok("RejectPortfolioShare", input.clone()).await;
    assert_eq!(shares(owner, portfolio).await, share(false));
    assert!(accepted(guest, "IMPORTED").await.is_empty());
    guest.ok("AcceptPortfolioShare", input.clone()).await;

    // What is shared cannot be deleted.
    let empty = owner.portfolio("empty").await;
    let to = json!({"PortfolioId": empty, "AccountId": GUEST});
    owner.ok("CreatePortfolioShare", to.clone()).await;
    let (code, message) = owner.refused("DeletePortfolio", json!({"Id": empty})).await;
    assert_eq!(code, "ResourceInUseException");
    assert_eq!(
        message,
        format!("Portfolio {empty} still has associated Shares")
    );
    owner.ok("DeletePortfolioShare", to.clone()).await;
    // Once more is no error (cloud-custodian's users).
    owner.ok("DeletePortfolioShare", to).await;
    owner.ok("DeletePortfolio", json!({"Id": empty})).await;

    shared.unshare().await;
    assert_eq!(shares(owner, portfolio).await, json!([]));
    assert!(accepted(guest, "IMPORTED").await.is_empty());
    // A new share has to be accepted anew.
    owner
        .ok(
            "CreatePortfolioShare",
            json!({"PortfolioId": portfolio, "AccountId": GUEST}),
        )
        .await;
    assert_eq!(shares(owner, portfolio).await, share(false));
    assert!(accepted(guest, "IMPORTED").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn bad_shares_are_refused() {
    let shared = Shared::accepted(Profile::Instant).await;
    let Shared {
        owner,
        guest,
        portfolio,
        ..
    } = &shared;
    let member = json!({"Type": "ACCOUNT", "Value": GUEST});
    for (by, operation, input, code) in [
        (
            owner,
            "CreatePortfolioShare",
            json!({"PortfolioId": portfolio}),
            "InvalidParametersException",
        ),
        (
            owner,
            "CreatePortfolioShare",
            json!({"PortfolioId": portfolio, "AccountId": GUEST, "OrganizationNode": member}),
            "InvalidParametersException",
        ),
        (
            owner,
            "CreatePortfolioShare",
            json!({"PortfolioId": portfolio, "AccountId": ACCOUNT}),
            "InvalidParametersException",
        ),
        (
            owner,
            "CreatePortfolioShare",
            json!({"PortfolioId": portfolio, "AccountId": "1"}),
            "ValidationException",
        ),
        (
            owner,
            "CreatePortfolioShare",
            json!({"PortfolioId": portfolio, "AccountId": GUEST, "SharePrincipals": true}),
            "InvalidParametersException",
        ),
        (
            owner,
            "CreatePortfolioShare",
            json!({"PortfolioId": "port-gone", "AccountId": GUEST}),
            "ResourceNotFoundException",
        ),
        // What is shared is not shared on (facts §8.2).
        (
            guest,
            "CreatePortfolioShare",
            json!({"PortfolioId": portfolio, "AccountId": "333333333333"}),
            "ResourceNotFoundException",
        ),
        (
            owner,
            "UpdatePortfolioShare",
            json!({"PortfolioId": portfolio, "AccountId": "333333333333"}),
            "ResourceNotFoundException",
        ),
        (
            owner,
            "DeletePortfolioShare",
            json!({"PortfolioId": "port-gone", "AccountId": GUEST}),
            "ResourceNotFoundException",
        ),
        (
            owner,
            "DescribePortfolioShares",
            json!({"PortfolioId": "port-gone", "Type": "ACCOUNT"}),
            "ResourceNotFoundException",
        ),
        (
            guest,
            "DescribePortfolioShares",
            json!({"PortfolioId": portfolio, "Type": "ACCOUNT"}),
            "ResourceNotFoundException",
        ),
        (
            owner,
            "DescribePortfolioShareStatus",
            json!({"PortfolioShareToken": "share-gone"}),
            "ResourceNotFoundException",
        ),
        (
            owner,
            "ListPortfolioAccess",
            json!({"PortfolioId": "port-gone"}),
            "ResourceNotFoundException",
        ),
        (
            guest,
            "AcceptPortfolioShare",
            json!({"PortfolioId": portfolio, "PortfolioShareType": "AWS_SERVICECATALOG"}),
            "ResourceNotFoundException",
        ),
        (
            guest,
            "RejectPortfolioShare",
            json!({"PortfolioId": "port-gone"}),
            "ResourceNotFoundException",
        ),
    ] {
        assert_eq!(
            by.refused(operation, input.clone()).await.0,
            code,
            "{operation} {input}"
        );
    }
    // In the words of a user who accepted an account's share as the organization's.
    let input = json!({"PortfolioId": portfolio, "PortfolioShareType": "AWS_ORGANIZATIONS"});
    let refusal = guest.refused("AcceptPortfolioShare", input).await;
    let said = format!("Portfolio not found: {portfolio}");
    assert_eq!(refusal, ("ResourceNotFoundException".to_owned(), said));
}

#[tokio::test(start_paused = true)]
async fn an_accounts_share_is_updated_at_once() {
    let shared = Shared::accepted(Profile::Local).await;
    let Shared {
        owner, portfolio, ..
    } = &shared;
    let answer = owner
        .ok(
            "UpdatePortfolioShare",
            json!({"PortfolioId": portfolio, "AccountId": GUEST, "ShareTagOptions": true}),
        )
        .await;
    assert_eq!(answer["Status"], "COMPLETED");
    let token = text(&answer, "/PortfolioShareToken");
    assert!(token.starts_with("share-"), "{token}");
    let status = owner
        .ok(
            "DescribePortfolioShareStatus",
            json!({"PortfolioShareToken": token}),
        )
        .await;
    assert_eq!(
        status,
        json!({"PortfolioShareToken": token, "PortfolioId": portfolio, "OrganizationNodeValue": GUEST,
               "Status": "COMPLETED", "ShareDetails": {"SuccessfulShares": [GUEST], "ShareErrors": []}})
    );
    let share = shares(owner, portfolio).await;
    assert_eq!(
        (&share[0]["ShareTagOptions"], &share[0]["Accepted"]),
        (&json!(true), &json!(true))
    );
    // What is not said stays.
    let update = json!({"PortfolioId": portfolio, "AccountId": GUEST});
    owner.ok("UpdatePortfolioShare", update).await;
    assert_eq!(shares(owner, portfolio).await, share);
}

#[tokio::test(start_paused = true)]
async fn shares_are_listed_page_by_page() {
    let owner = Bench::new(Profile::Instant);
    let portfolio = owner.portfolio("net").await;
    let accounts: Vec<String> = (0..5).map(|n| format!("20000000000{n}")).collect();
    for account in &accounts {
        owner
            .ok(
                "CreatePortfolioShare",
                json!({"PortfolioId": portfolio, "AccountId": account}),
            )
            .await;
    }
    let guest = owner.in_account(GUEST);
    let mut portfolios = Vec::new();
    for name in ["a", "b", "c"] {
        let id = owner.portfolio(name).await;
        owner
            .ok(
                "CreatePortfolioShare",
                json!({"PortfolioId": id, "AccountId": GUEST}),
            )
            .await;
        guest
            .ok("AcceptPortfolioShare", json!({"PortfolioId": id}))
            .await;
        portfolios.push(id);
    }
    for (by, operation, input, list, id, expected) in [
        (
            &owner,
            "DescribePortfolioShares",
            json!({"PortfolioId": portfolio, "Type": "ACCOUNT"}),
            "PortfolioShareDetails",
            "/PrincipalId",
            &accounts,
        ),
        (
            &owner,
            "ListPortfolioAccess",
            json!({"PortfolioId": portfolio}),
            "AccountIds",
            "",
            &accounts,
        ),
        (
            &guest,
            "ListAcceptedPortfolioShares",
            json!({}),
            "PortfolioDetails",
            "/Id",
            &portfolios,
        ),
    ] {
        let (mut found, mut token) = (Vec::new(), None::<String>);
        loop {
            let mut input = input.clone();
            input["PageSize"] = json!(2);
            if let Some(token) = &token {
                input["PageToken"] = json!(token);
            }
            let answer = by.ok(operation, input).await;
            let page = ids(&answer, list, id);
            assert!(page.len() <= 2, "{operation}");
            found.extend(page);
            token = answer["NextPageToken"].as_str().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        assert_eq!(&found, expected, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_portfolio_is_shared_with_five_thousand_accounts_at_most() {
    let owner = Bench::new(Profile::Instant);
    let portfolio = owner.portfolio("net").await;
    let share =
        |n: u64| json!({"PortfolioId": portfolio, "AccountId": (200_000_000_000 + n).to_string()});
    for n in 0..5_000 {
        owner.ok("CreatePortfolioShare", share(n)).await;
    }
    let (code, _) = owner.refused("CreatePortfolioShare", share(5_000)).await;
    assert_eq!(code, "LimitExceededException");
    // One that is there is no more than before.
    owner.ok("CreatePortfolioShare", share(0)).await;
}

#[tokio::test(start_paused = true)]
async fn shares_are_seen_late_by_their_recipients() {
    let faults = Faults {
        lag: Some(Lag {
            describe: 4.0,
            search: 4.0,
            chance: 0.5,
        }),
        ..Faults::default()
    };
    let owner = Bench::with(Profile::Instant, faults);
    let guest = owner.in_account(GUEST);
    let portfolio = owner.portfolio("net").await;
    owner.pass(10.0).await;
    owner
        .ok(
            "CreatePortfolioShare",
            json!({"PortfolioId": portfolio, "AccountId": GUEST}),
        )
        .await;
    owner.pass(0.5).await;
    // Some accept too early, none does after the longest lag.
    let (mut early, mut done) = (0, 0);
    for _ in 0..40 {
        match guest
            .call("AcceptPortfolioShare", json!({"PortfolioId": portfolio}))
            .await
        {
            Ok(_) => done += 1,
            Err((code, _)) => {
                assert_eq!(code, "ResourceNotFoundException");
                early += 1;
            }
        }
    }
    assert!(early > 0 && done > 0, "{early} {done}");
    guest.pass(5.0).await;
    for _ in 0..20 {
        guest
            .ok("DescribePortfolio", json!({"Id": portfolio}))
            .await;
    }
    // What the owner writes now some reads of the guest see, and some do not.
    owner
        .ok(
            "UpdatePortfolio",
            json!({"Id": portfolio, "DisplayName": "renamed"}),
        )
        .await;
    guest.pass(1.0).await;
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let found = guest
            .ok("DescribePortfolio", json!({"Id": portfolio}))
            .await;
        names.insert(text(&found, "/PortfolioDetail/DisplayName"));
    }
    assert_eq!(names.len(), 2, "{names:?}");
}

#[tokio::test(start_paused = true)]
async fn a_state_file_has_shares_on_both_sides() {
    let shared = Shared::accepted(Profile::Instant).await;
    shared.admit().await;
    let local = shared.local().await;
    let state = shared.guest.emulator.state().unwrap();
    shared.guest.emulator.reset();
    shared.guest.emulator.restore(&state).unwrap();
    let found = shared
        .guest
        .ok("ListLaunchPaths", json!({"ProductId": shared.product}))
        .await;
    assert_eq!(
        ids(&found, "LaunchPathSummaries", "/Name"),
        ["local", "net"]
    );
    shared.unshare().await;
    let found = shared
        .guest
        .ok("SearchProductsAsAdmin", json!({"PortfolioId": local}))
        .await;
    assert!(
        ids(
            &found,
            "ProductViewDetails",
            "/ProductViewSummary/ProductId"
        )
        .is_empty()
    );
}
