//! Organizations, as far as shares need it.

use std::path::Path;

use catalogd::emulator::{Profile, seed};
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, ids, text};

/// An answer of Organizations, of which success is expected.
pub async fn ok(bench: &Bench, operation: &str, input: Value) -> Value {
    let answer = bench.organizations(operation, input.clone()).await;
    answer.unwrap_or_else(|error| panic!("{operation} {input}: {error:?}"))
}

async fn refused(bench: &Bench, operation: &str, input: Value) -> String {
    bench.organizations(operation, input).await.unwrap_err().0
}

/// An account, once it is there.
pub async fn account(bench: &Bench, name: &str) -> String {
    let email = format!("{name}@example.com");
    let asked = ok(
        bench,
        "CreateAccount",
        json!({"AccountName": name, "Email": email}),
    )
    .await;
    bench.pass(20.0).await;
    let id = text(&asked, "/CreateAccountStatus/Id");
    let status = ok(
        bench,
        "DescribeCreateAccountStatus",
        json!({"CreateAccountRequestId": id}),
    )
    .await;
    assert_eq!(status["CreateAccountStatus"]["State"], "SUCCEEDED");
    text(&status, "/CreateAccountStatus/AccountId")
}

/// A unit under a parent.
pub async fn unit(bench: &Bench, parent: &str, name: &str) -> String {
    let made = ok(
        bench,
        "CreateOrganizationalUnit",
        json!({"ParentId": parent, "Name": name}),
    )
    .await;
    text(&made, "/OrganizationalUnit/Id")
}

/// The root of a new organization.
pub async fn organization(bench: &Bench) -> String {
    ok(bench, "CreateOrganization", json!({})).await;
    text(&ok(bench, "ListRoots", json!({})).await, "/Roots/0/Id")
}

#[tokio::test(start_paused = true)]
async fn an_organization_has_a_tree_of_units_and_accounts() {
    let bench = Bench::new(Profile::Local);
    assert_eq!(
        refused(&bench, "DescribeOrganization", json!({})).await,
        "AWSOrganizationsNotInUseException"
    );
    let root = organization(&bench).await;
    let found = ok(&bench, "DescribeOrganization", json!({})).await["Organization"].clone();
    let id = text(&found, "/Id");
    assert_eq!(found["MasterAccountId"], ACCOUNT);
    assert_eq!(
        found["Arn"],
        format!("arn:aws:organizations::{ACCOUNT}:organization/{id}")
    );
    assert_eq!(
        refused(&bench, "CreateOrganization", json!({})).await,
        "AlreadyInOrganizationException"
    );

    let unit_id = unit(&bench, &root, "apps").await;
    let inner = unit(&bench, &unit_id, "inner").await;
    assert!(
        unit_id.starts_with(&format!("ou-{}-", &root[2..])),
        "{unit_id}"
    );
    let twice = json!({"ParentId": root, "Name": "apps"});
    assert_eq!(
        refused(&bench, "CreateOrganizationalUnit", twice).await,
        "DuplicateOrganizationalUnitException"
    );
    let nowhere = json!({"ParentId": "ou-gone", "Name": "x"});
    assert_eq!(
        refused(&bench, "CreateOrganizationalUnit", nowhere).await,
        "ParentNotFoundException"
    );

    // An account is made in time.
    let asked = ok(
        &bench,
        "CreateAccount",
        json!({"AccountName": "one", "Email": "one@example.com"}),
    )
    .await;
    assert_eq!(asked["CreateAccountStatus"]["State"], "IN_PROGRESS");
    assert_eq!(asked["CreateAccountStatus"]["AccountId"], Value::Null);
    assert_eq!(
        ids(
            &ok(&bench, "ListAccounts", json!({})).await,
            "Accounts",
            "/Id"
        ),
        [ACCOUNT]
    );
    bench.pass(1.0).await;
    let request = json!({"CreateAccountRequestId": text(&asked, "/CreateAccountStatus/Id")});
    let status = ok(&bench, "DescribeCreateAccountStatus", request).await;
    let one = text(&status, "/CreateAccountStatus/AccountId");
    assert_eq!(one.len(), 12);
    let described = ok(&bench, "DescribeAccount", json!({"AccountId": one})).await;
    assert_eq!(described["Account"]["Name"], "one");
    assert_eq!(described["Account"]["JoinedMethod"], "CREATED");

    let parents = async || {
        let found = ok(&bench, "ListParents", json!({"ChildId": one})).await;
        found["Parents"].clone()
    };
    assert_eq!(parents().await, json!([{"Id": root, "Type": "ROOT"}]));
    let go = |from: &str, to: &str| json!({"AccountId": one, "SourceParentId": from, "DestinationParentId": to});
    for (from, to, code) in [
        (&inner, &root, "SourceParentNotFoundException"),
        (
            &root,
            &"ou-gone".to_owned(),
            "DestinationParentNotFoundException",
        ),
        (&root, &root, "DuplicateAccountException"),
    ] {
        assert_eq!(refused(&bench, "MoveAccount", go(from, to)).await, code);
    }
    ok(&bench, "MoveAccount", go(&root, &inner)).await;
    assert_eq!(
        parents().await,
        json!([{"Id": inner, "Type": "ORGANIZATIONAL_UNIT"}])
    );
    let of = |parent: &str| json!({"ParentId": parent});
    assert_eq!(
        ids(
            &ok(&bench, "ListAccountsForParent", of(&inner)).await,
            "Accounts",
            "/Id"
        ),
        [one.as_str()]
    );
    assert_eq!(
        ids(
            &ok(&bench, "ListAccountsForParent", of(&root)).await,
            "Accounts",
            "/Id"
        ),
        [ACCOUNT]
    );
    let units = ok(&bench, "ListOrganizationalUnitsForParent", of(&unit_id)).await;
    assert_eq!(ids(&units, "OrganizationalUnits", "/Id"), [inner.as_str()]);
    let children = json!({"ParentId": inner, "ChildType": "ACCOUNT"});
    assert_eq!(
        ids(
            &ok(&bench, "ListChildren", children).await,
            "Children",
            "/Id"
        ),
        [one.as_str()]
    );
    let described = ok(
        &bench,
        "DescribeOrganizationalUnit",
        json!({"OrganizationalUnitId": inner}),
    )
    .await;
    assert_eq!(described["OrganizationalUnit"]["Name"], "inner");

    // A member sees the organization and may do nothing with it.
    let member = bench.in_account(&one);
    ok(&member, "DescribeOrganization", json!({})).await;
    for (operation, input) in [
        ("ListAccounts", json!({})),
        ("MoveAccount", go(&inner, &root)),
        (
            "CreateOrganizationalUnit",
            json!({"ParentId": root, "Name": "mine"}),
        ),
    ] {
        assert_eq!(
            refused(&member, operation, input).await,
            "AccessDeniedException",
            "{operation}"
        );
    }
    ok(
        &bench,
        "RemoveAccountFromOrganization",
        json!({"AccountId": one}),
    )
    .await;
    assert_eq!(
        refused(&member, "DescribeOrganization", json!({})).await,
        "AWSOrganizationsNotInUseException"
    );
    let own = json!({"AccountId": ACCOUNT});
    assert_eq!(
        refused(&bench, "RemoveAccountFromOrganization", own).await,
        "MasterCannotLeaveOrganizationException"
    );
    assert_eq!(
        refused(&bench, "ListPolicies", json!({})).await,
        "NotImplemented"
    );
}

#[tokio::test(start_paused = true)]
async fn accounts_are_listed_page_by_page() {
    let bench = Bench::new(Profile::Instant);
    organization(&bench).await;
    for name in ["a", "b", "c", "d"] {
        account(&bench, name).await;
    }
    let (mut found, mut token) = (Vec::new(), Value::Null);
    loop {
        let answer = ok(
            &bench,
            "ListAccounts",
            json!({"MaxResults": 2, "NextToken": token}),
        )
        .await;
        found.extend(ids(&answer, "Accounts", "/Id"));
        token = answer["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(
        found,
        ids(
            &ok(&bench, "ListAccounts", json!({})).await,
            "Accounts",
            "/Id"
        )
    );
    assert_eq!(found.len(), 5);
    let bad = json!({"NextToken": "x"});
    assert_eq!(
        refused(&bench, "ListAccounts", bad).await,
        "InvalidInputException"
    );
}

#[tokio::test(start_paused = true)]
async fn a_seed_makes_an_organization_with_accounts_of_its_choice_and_shares_with_it() {
    let bench = Bench::new(Profile::Local);
    let seed = r#"
- {service: organizations, operation: CreateOrganization, as: org}
- {service: organizations, operation: ListRoots, as: roots}
- {service: organizations, operation: CreateOrganizationalUnit, as: apps, input: {ParentId: "${roots.Roots.0.Id}", Name: apps}}
- service: organizations
  operation: CreateAccount
  as: app
  ids: ["210987654321"]
  input: {AccountName: app, Email: app@example.com}
- service: organizations
  operation: MoveAccount
  input:
    AccountId: "${app.CreateAccountStatus.AccountId}"
    SourceParentId: "${roots.Roots.0.Id}"
    DestinationParentId: "${apps.OrganizationalUnit.Id}"
- {service: servicecatalog, operation: EnableAWSOrganizationsAccess}
- service: servicecatalog
  operation: CreatePortfolio
  ids: [port-legacyqueue2a]
  input: {DisplayName: Net, ProviderName: net}
- service: servicecatalog
  operation: CreatePortfolioShare
  ids: [share-legacyqueue2a]
  input:
    PortfolioId: port-legacyqueue2a
    OrganizationNode: {Type: ORGANIZATIONAL_UNIT, Value: "${apps.OrganizationalUnit.Id}"}
- {service: servicecatalog, operation: DescribePortfolio, account: "210987654321", input: {Id: port-legacyqueue2a}}
"#;
    let made = seed::load_text(&bench.emulator, seed, Path::new(""))
        .await
        .unwrap();
    assert_eq!(made, 9);
    // An id that something has is refused before the call is made.
    let again = r#"[{service: organizations, operation: CreateAccount, ids: ["210987654321"], input: {AccountName: b, Email: b@example.com}}]"#;
    let error = seed::load_text(&bench.emulator, again, Path::new(""))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("is taken"), "{error}");
}
