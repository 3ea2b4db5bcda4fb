//! TagOptions of portfolios that are shared (facts §9.8, §9.1).

use catalogd::emulator::Profile;
use serde_json::{Value, json};

use super::client::{Bench, ids, text};
use super::share::{GUEST, Shared};

async fn option(bench: &Bench, key: &str, value: &str, resource: &str) -> String {
    let made = bench
        .ok("CreateTagOption", json!({"Key": key, "Value": value}))
        .await;
    let id = text(&made, "/TagOptionDetail/Id");
    let pair = json!({"TagOptionId": id, "ResourceId": resource});
    bench.ok("AssociateTagOptionWithResource", pair).await;
    id
}

/// The options of a member `TagOptions` as `key=value`.
fn shown(answer: &Value) -> Vec<String> {
    let options = answer["TagOptions"].as_array().unwrap().iter();
    options
        .map(|option| format!("{}={}", text(option, "/Key"), text(option, "/Value")))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn tag_options_are_seen_and_asked_for_where_the_share_says_so() {
    let shared = Shared::accepted(Profile::Instant).await;
    let Shared {
        owner,
        guest,
        portfolio,
        product,
        ..
    } = &shared;
    option(owner, "team", "net", portfolio).await;
    option(owner, "cost", "one", product).await;
    option(owner, "cost", "two", product).await;
    shared.admit().await;
    let of_portfolio = json!({"Id": portfolio});
    let of_product = json!({"Id": product, "SourcePortfolioId": portfolio});
    let seen = async || {
        let mut seen = shown(&guest.ok("DescribePortfolio", of_portfolio.clone()).await);
        seen.extend(shown(
            &guest.ok("DescribeProductAsAdmin", of_product.clone()).await,
        ));
        seen
    };
    assert!(seen().await.is_empty());
    guest.ok("ProvisionProduct", shared.launch("free")).await;

    let update = json!({"PortfolioId": portfolio, "AccountId": GUEST, "ShareTagOptions": true});
    owner.ok("UpdatePortfolioShare", update).await;
    assert_eq!(seen().await, ["team=net", "cost=one", "cost=two"]);
    // Without the portfolio only local ones (the model's text of SourcePortfolioId).
    let found = guest
        .ok("DescribeProductAsAdmin", json!({"Id": product}))
        .await;
    assert!(shown(&found).is_empty());
    let (code, _) = guest
        .refused("ProvisionProduct", shared.launch("asked"))
        .await;
    assert_eq!(code, "InvalidParametersException");
    let mut launch = shared.launch("asked");
    launch["Tags"] = json!([{"Key": "cost", "Value": "two"}]);
    guest.ok("ProvisionProduct", launch).await;
    let found = guest
        .ok(
            "SearchProvisionedProducts",
            json!({"Filters": {"SearchQuery": ["name:asked"]}}),
        )
        .await;
    let tags = found["ProvisionedProducts"][0]["Tags"].as_array().unwrap();
    for tag in [
        json!({"Key": "team", "Value": "net"}),
        json!({"Key": "cost", "Value": "two"}),
    ] {
        assert!(tags.contains(&tag), "{tags:?}");
    }
    // They are the owner's.
    let option = owner.ok("ListTagOptions", json!({})).await;
    let pair =
        json!({"TagOptionId": text(&option, "/TagOptionDetails/0/Id"), "ResourceId": portfolio});
    let (code, _) = guest
        .refused("DisassociateTagOptionFromResource", pair)
        .await;
    assert_eq!(code, "ResourceNotFoundException");
    assert!(
        ids(
            &guest.ok("ListTagOptions", json!({})).await,
            "TagOptionDetails",
            "/Id"
        )
        .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn a_recipient_adds_tag_options_of_its_own_to_a_shared_portfolio_only() {
    let shared = Shared::accepted(Profile::Instant).await;
    let Shared {
        owner,
        guest,
        portfolio,
        product,
        ..
    } = &shared;
    let own = option(guest, "team", "app", portfolio).await;
    let pair = json!({"TagOptionId": own, "ResourceId": portfolio});
    let (code, _) = guest
        .refused("AssociateTagOptionWithResource", pair.clone())
        .await;
    assert_eq!(code, "DuplicateResourceException");
    let on_product = json!({"TagOptionId": own, "ResourceId": product});
    let (code, _) = guest
        .refused("AssociateTagOptionWithResource", on_product)
        .await;
    assert_eq!(code, "ResourceNotFoundException");
    let described = json!({"Id": portfolio});
    assert_eq!(
        shown(&guest.ok("DescribePortfolio", described.clone()).await),
        ["team=app"]
    );
    assert!(shown(&owner.ok("DescribePortfolio", described.clone()).await).is_empty());
    let resources = json!({"TagOptionId": own});
    let found = guest
        .ok("ListResourcesForTagOption", resources.clone())
        .await;
    assert_eq!(ids(&found, "ResourceDetails", "/Id"), [portfolio.as_str()]);
    // With the share it goes, and does not come back with the next.
    shared.unshare().await;
    let found = guest.ok("ListResourcesForTagOption", resources).await;
    assert!(ids(&found, "ResourceDetails", "/Id").is_empty());
    let to = json!({"PortfolioId": portfolio, "AccountId": GUEST});
    owner.ok("CreatePortfolioShare", to).await;
    guest
        .ok("AcceptPortfolioShare", json!({"PortfolioId": portfolio}))
        .await;
    assert!(shown(&guest.ok("DescribePortfolio", described).await).is_empty());
    guest.ok("DeleteTagOption", json!({"Id": own})).await;
}

#[tokio::test(start_paused = true)]
async fn budgets_are_never_shared() {
    let shared = Shared::accepted(Profile::Instant).await;
    shared.admit().await;
    for (operation, resource, input) in [
        (
            "DescribePortfolio",
            &shared.portfolio,
            json!({"Id": shared.portfolio}),
        ),
        (
            "DescribeProductAsAdmin",
            &shared.product,
            json!({"Id": shared.product, "SourcePortfolioId": shared.portfolio}),
        ),
        (
            "DescribeProduct",
            &shared.product,
            json!({"Id": shared.product}),
        ),
    ] {
        let budget = json!({"BudgetName": operation, "ResourceId": resource});
        shared.owner.ok("AssociateBudgetWithResource", budget).await;
        let answer = shared.guest.ok(operation, input).await;
        assert_eq!(answer["Budgets"], json!([]), "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_product_in_a_portfolio_of_ones_own_brings_its_own_tag_options_along() {
    let shared = Shared::accepted(Profile::Instant).await;
    option(&shared.owner, "team", "net", &shared.portfolio).await;
    option(&shared.owner, "cost", "one", &shared.product).await;
    let update =
        json!({"PortfolioId": shared.portfolio, "AccountId": GUEST, "ShareTagOptions": true});
    shared.owner.ok("UpdatePortfolioShare", update).await;
    shared.local().await;
    let input = json!({"ProductId": shared.product, "ProvisioningArtifactId": shared.version});
    let told = shared
        .guest
        .ok("DescribeProvisioningParameters", input)
        .await;
    let expected = json!([{"Key": "cost", "Values": ["one"]}]);
    assert_eq!(told["TagOptions"], expected);
}
