//! TagOptions: the library, what they hang on, and what a launch makes of them (facts §9.7, §8.3).

use catalogd::emulator::Profile;
use serde_json::{Value, json};

use super::client::{ACCOUNT, Bench, Refusal, text, with};

const INVALID: &str = "InvalidParametersException";
const NOT_FOUND: &str = "ResourceNotFoundException";
const DUPLICATE: &str = "DuplicateResourceException";
const LIMIT: &str = "LimitExceededException";
const IN_USE: &str = "ResourceInUseException";

/// Makes a TagOption and returns its id.
async fn option(bench: &Bench, key: &str, value: &str) -> String {
    let made = bench
        .ok("CreateTagOption", json!({"Key": key, "Value": value}))
        .await;
    text(&made, "/TagOptionDetail/Id")
}

async fn associate(bench: &Bench, option: &str, resource: &str) {
    let pair = json!({"TagOptionId": option, "ResourceId": resource});
    let answer = bench.ok("AssociateTagOptionWithResource", pair).await;
    assert_eq!(answer, json!({}));
}

/// The stack's tag of that key, if it has one.
async fn tag(bench: &Bench, provisioned: &str, key: &str) -> Option<String> {
    let found = bench
        .ok(
            "SearchProvisionedProducts",
            json!({"Filters": {"SearchQuery": [format!("name:{provisioned}")]}}),
        )
        .await;
    let tags = found["ProvisionedProducts"][0]["Tags"].as_array().unwrap();
    let tag = tags.iter().find(|tag| tag["Key"] == key)?;
    Some(text(tag, "/Value"))
}

/// A product with a launch path, and TagOptions on either side.
struct Launch {
    bench: Bench,
    portfolio: String,
    product: String,
    version: String,
}

impl Launch {
    async fn new() -> Self {
        let bench = Bench::new(Profile::Instant);
        let (portfolio, product, version) = bench.launchable("topic").await;
        Self {
            bench,
            portfolio,
            product,
            version,
        }
    }

    fn input(&self, name: &str, tags: Value) -> Value {
        json!({
            "ProductId": self.product, "ProvisioningArtifactId": self.version,
            "ProvisionedProductName": name, "ProvisionToken": name, "Tags": tags,
            "ProvisioningParameters": [{"Key": "Owner", "Value": "me"}],
        })
    }

    async fn shown(&self) -> Value {
        let asked = json!({"ProductId": self.product, "ProvisioningArtifactId": self.version});
        self.bench.ok("DescribeProvisioningParameters", asked).await["TagOptions"].clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_tag_option_is_made_changed_found_and_deleted() {
    let bench = Bench::new(Profile::Instant);
    let made = bench
        .ok("CreateTagOption", json!({"Key": "team", "Value": "net"}))
        .await;
    let id = text(&made, "/TagOptionDetail/Id");
    assert!(id.starts_with("tag-"), "{id}");
    let expected = json!({"TagOptionDetail": {
        "Active": true, "Id": id, "Key": "team", "Owner": ACCOUNT, "Value": "net"}});
    assert_eq!(made, expected);
    assert_eq!(bench.ok("DescribeTagOption", json!({"Id": id})).await, made);
    let changed = bench
        .ok(
            "UpdateTagOption",
            json!({"Id": id, "Value": "sec", "Active": false}),
        )
        .await;
    assert_eq!(changed["TagOptionDetail"]["Value"], "sec");
    assert_eq!(changed["TagOptionDetail"]["Active"], false);
    assert_eq!(
        bench.ok("DescribeTagOption", json!({"Id": id})).await,
        changed
    );
    assert_eq!(
        bench.ok("DeleteTagOption", json!({"Id": id})).await,
        json!({})
    );
    for (operation, input) in [
        ("DescribeTagOption", json!({"Id": id})),
        ("UpdateTagOption", json!({"Id": id, "Active": true})),
        ("DeleteTagOption", json!({"Id": id})),
        ("ListResourcesForTagOption", json!({"TagOptionId": id})),
    ] {
        assert_eq!(bench.refused(operation, input).await.0, NOT_FOUND);
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_has_a_value_once_and_twenty_five_at_most() {
    let bench = Bench::new(Profile::Instant);
    let first = option(&bench, "team", "net").await;
    let twin = json!({"Key": "team", "Value": "net"});
    let (code, message) = bench.refused("CreateTagOption", twin).await;
    assert_eq!(code, DUPLICATE);
    assert!(message.contains("already exists"), "{message}");
    option(&bench, "other", "net").await;
    let second = option(&bench, "team", "sec").await;
    // A client that sends a value which does not change is refused too.
    for value in ["net", "sec"] {
        let same = json!({"Id": second, "Value": value, "Active": false});
        assert_eq!(bench.refused("UpdateTagOption", same).await.0, DUPLICATE);
    }
    let nothing = json!({"Id": first});
    assert_eq!(bench.refused("UpdateTagOption", nothing).await.0, INVALID);
    for n in 2..25 {
        option(&bench, "team", &n.to_string()).await;
    }
    let one_more = json!({"Key": "team", "Value": "25"});
    assert_eq!(bench.refused("CreateTagOption", one_more).await.0, LIMIT);
}

#[tokio::test(start_paused = true)]
async fn tag_options_are_filtered_and_paged() {
    let bench = Bench::new(Profile::Instant);
    for (key, value) in [("a", "1"), ("a", "2"), ("b", "1"), ("b", "2")] {
        let id = option(&bench, key, value).await;
        if value == "2" {
            let off = json!({"Id": id, "Active": false});
            bench.ok("UpdateTagOption", off).await;
        }
    }
    let found = async |filters: Value| {
        let answer = bench
            .ok("ListTagOptions", json!({ "Filters": filters }))
            .await;
        let details = answer["TagOptionDetails"].as_array().unwrap().clone();
        let name = |one: &Value| format!("{}{}", text(one, "/Key"), text(one, "/Value"));
        details.iter().map(name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found(json!({})).await, "a1 a2 b1 b2");
    assert_eq!(found(json!({"Key": "a"})).await, "a1 a2");
    assert_eq!(found(json!({"Value": "1"})).await, "a1 b1");
    assert_eq!(found(json!({"Active": false})).await, "a2 b2");
    assert_eq!(found(json!({"Key": "b", "Active": true})).await, "b1");
    assert_eq!(found(json!({"Key": "c"})).await, "");
    let first = bench.ok("ListTagOptions", json!({"PageSize": 3})).await;
    assert_eq!(first["TagOptionDetails"].as_array().unwrap().len(), 3);
    assert_eq!(
        first.get("NextPageToken"),
        None,
        "its token has another name"
    );
    let token = text(&first, "/PageToken");
    let rest = bench
        .ok(
            "ListTagOptions",
            json!({"PageSize": 3, "PageToken": token.clone()}),
        )
        .await;
    assert_eq!(rest["TagOptionDetails"][0]["Value"], "2");
    assert_eq!(rest.get("PageToken"), None);
    let other = json!({"PageToken": token, "Filters": {"Key": "a"}});
    assert_eq!(bench.refused("ListTagOptions", other).await.0, INVALID);
    let mut pages = bench
        .sdk()
        .list_tag_options()
        .page_size(1)
        .into_paginator()
        .send();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        count += page.unwrap().tag_option_details().len();
    }
    assert_eq!(count, 4);
}

#[tokio::test(start_paused = true)]
async fn a_resource_shows_its_tag_options_and_they_show_it() {
    let bench = Bench::new(Profile::Instant);
    let portfolio = bench.portfolio("net").await;
    let (product, _) = bench.product("topic").await;
    let id = option(&bench, "team", "net").await;
    for resource in [&portfolio, &product] {
        associate(&bench, &id, resource).await;
        let again = json!({"TagOptionId": id, "ResourceId": resource});
        let said = bench.refused("AssociateTagOptionWithResource", again).await;
        assert_eq!(said.0, DUPLICATE);
    }
    let detail = bench.ok("DescribeTagOption", json!({"Id": id})).await["TagOptionDetail"].clone();
    for (operation, resource) in [
        ("DescribePortfolio", &portfolio),
        ("DescribeProductAsAdmin", &product),
    ] {
        let shown = bench.ok(operation, json!({"Id": resource})).await;
        assert_eq!(shown["TagOptions"], json!([detail]), "{operation}");
    }
    let list = async |more: Value| {
        let input = with(json!({"TagOptionId": id}), more);
        bench.ok("ListResourcesForTagOption", input).await
    };
    let all = list(json!({})).await;
    assert_eq!(all.get("PageToken"), None);
    let described = bench
        .ok("DescribePortfolio", json!({"Id": portfolio}))
        .await;
    let created = described["PortfolioDetail"]["CreatedTime"].clone();
    assert_eq!(
        all["ResourceDetails"][0],
        json!({"ARN": described["PortfolioDetail"]["ARN"], "CreatedTime": created,
               "Id": portfolio, "Name": "net"})
    );
    assert_eq!(all["ResourceDetails"][1]["Id"], json!(product));
    for (kind, expected) in [("Portfolio", &portfolio), ("Product", &product)] {
        let found = list(json!({"ResourceType": kind})).await;
        assert_eq!(found["ResourceDetails"].as_array().unwrap().len(), 1);
        assert_eq!(found["ResourceDetails"][0]["Id"], json!(expected));
    }
    let first = list(json!({"PageSize": 1})).await;
    let second = list(json!({"PageSize": 1, "PageToken": first["PageToken"]})).await;
    assert_eq!(second["ResourceDetails"][0]["Id"], json!(product));
    let odd = json!({"TagOptionId": id, "ResourceType": "Stack"});
    let said = bench.refused("ListResourcesForTagOption", odd).await;
    assert_eq!(said.0, INVALID);
}

#[tokio::test(start_paused = true)]
async fn what_is_associated_stands_in_the_way() {
    let bench = Bench::new(Profile::Instant);
    let portfolio = bench.portfolio("net").await;
    let (product, _) = bench.product("topic").await;
    let id = option(&bench, "team", "net").await;
    for (resource, operation) in [(&portfolio, "DeletePortfolio"), (&product, "DeleteProduct")] {
        associate(&bench, &id, resource).await;
        let gone = json!({"Id": resource});
        assert_eq!(bench.refused(operation, gone.clone()).await.0, IN_USE);
        assert_eq!(
            bench.refused("DeleteTagOption", json!({"Id": id})).await.0,
            IN_USE
        );
        let pair = json!({"TagOptionId": id, "ResourceId": resource});
        let operation_back = "DisassociateTagOptionFromResource";
        assert_eq!(bench.ok(operation_back, pair.clone()).await, json!({}));
        assert_eq!(bench.refused(operation_back, pair).await.0, NOT_FOUND);
        bench.ok(operation, gone).await;
    }
    bench.ok("DeleteTagOption", json!({"Id": id})).await;
}

#[tokio::test(start_paused = true)]
async fn only_what_is_there_and_active_is_associated_and_twenty_five_at_most() {
    let bench = Bench::new(Profile::Instant);
    let portfolio = bench.portfolio("net").await;
    let id = option(&bench, "team", "net").await;
    let operation = "AssociateTagOptionWithResource";
    for (option, resource) in [
        (id.as_str(), "port-aaaaaaaaaaaaa"),
        (&id, "prod-aaaaaaaaaaaaa"),
        (&id, "pp-aaaaaaaaaaaaa"),
        ("tag-aaaaaaaaaaaaa", portfolio.as_str()),
    ] {
        let pair = json!({"TagOptionId": option, "ResourceId": resource});
        assert_eq!(bench.refused(operation, pair).await.0, NOT_FOUND);
    }
    let off = json!({"Id": id, "Active": false});
    bench.ok("UpdateTagOption", off).await;
    let pair = json!({"TagOptionId": id, "ResourceId": portfolio});
    assert_eq!(
        bench.refused(operation, pair).await.0,
        "InvalidStateException"
    );
    for n in 0..25 {
        let own = option(&bench, &format!("k{n}"), "v").await;
        associate(&bench, &own, &portfolio).await;
    }
    let own = option(&bench, "k25", "v").await;
    let pair = json!({"TagOptionId": own, "ResourceId": portfolio});
    assert_eq!(bench.refused(operation, pair).await.0, LIMIT);
}

#[tokio::test(start_paused = true)]
async fn a_launch_takes_what_there_is_one_of_and_asks_where_there_are_several() {
    let s = Launch::new().await;
    let bench = &s.bench;
    for (key, value) in [("team", "net"), ("stage", "dev"), ("stage", "prod")] {
        let id = option(bench, key, value).await;
        associate(bench, &id, &s.portfolio).await;
    }
    assert_eq!(
        s.shown().await,
        json!([{"Key": "stage", "Values": ["dev", "prod"]}, {"Key": "team", "Values": ["net"]}])
    );
    let stage = |value: &str| json!([{"Key": "stage", "Value": value}]);
    for (name, tags) in [("unchosen", json!([])), ("unheard", stage("test"))] {
        let said = bench.refused("ProvisionProduct", s.input(name, tags)).await;
        assert_eq!(said.0, INVALID);
        let found = bench
            .refused("DescribeProvisionedProduct", json!({"Name": name}))
            .await;
        assert_eq!(found.0, NOT_FOUND, "a refused launch leaves nothing");
    }
    let another = json!([{"Key": "stage", "Value": "dev"}, {"Key": "team", "Value": "mine"}]);
    let said = bench
        .refused("ProvisionProduct", s.input("another", another))
        .await;
    assert_eq!(said.0, INVALID);
    let own = json!([{"Key": "stage", "Value": "prod"}, {"Key": "own", "Value": "x"}]);
    bench.ok("ProvisionProduct", s.input("mine", own)).await;
    for (key, value) in [("stage", "prod"), ("team", "net"), ("own", "x")] {
        assert_eq!(tag(bench, "mine", key).await.as_deref(), Some(value));
    }
}

#[tokio::test(start_paused = true)]
async fn portfolio_and_product_must_agree() {
    let s = Launch::new().await;
    let bench = &s.bench;
    for (value, portfolio, product) in [
        ("a", true, false),
        ("b", true, true),
        ("c", true, true),
        ("d", false, true),
    ] {
        let id = option(bench, "cost", value).await;
        if portfolio {
            associate(bench, &id, &s.portfolio).await;
        }
        if product {
            associate(bench, &id, &s.product).await;
        }
    }
    let both = json!([{"Key": "cost", "Values": ["b", "c"]}]);
    assert_eq!(s.shown().await, both);
    // What is inactive stays associated and counts for nothing.
    let listed = bench.ok("ListTagOptions", json!({})).await;
    for (value, expected) in [("c", json!(["b"])), ("b", json!([]))] {
        let options = listed["TagOptionDetails"].as_array().unwrap();
        let found = options.iter().find(|own| own["Value"] == value).unwrap();
        let off = json!({"Id": found["Id"], "Active": false});
        bench.ok("UpdateTagOption", off).await;
        let shown = json!([{"Key": "cost", "Values": expected}]);
        assert_eq!(s.shown().await, shown);
    }
    let described = bench
        .ok("DescribePortfolio", json!({"Id": s.portfolio}))
        .await;
    assert_eq!(described["TagOptions"].as_array().unwrap().len(), 3);
    // A conflict blocks no launch, but who names its key is refused.
    let given = json!([{"Key": "own", "Value": "x"}, {"Key": "cost", "Value": "b"}]);
    let said = bench
        .refused("ProvisionProduct", s.input("given", given))
        .await;
    let text = "Parameter validation failed: Missing required parameter in Tags[1]:Value";
    assert_eq!(said, (INVALID.to_owned(), text.to_owned()));
    bench
        .ok("ProvisionProduct", s.input("mine", json!([])))
        .await;
    assert_eq!(
        tag(bench, "mine", "cost").await.unwrap(),
        format!("sc-tagoption-conflict-{}-{}", s.portfolio, s.product)
    );
}

#[tokio::test(start_paused = true)]
async fn an_update_heeds_tag_options_only_where_it_may_change_tags() {
    let s = Launch::new().await;
    let bench = &s.bench;
    bench
        .ok("ProvisionProduct", s.input("mine", json!([])))
        .await;
    for (key, value) in [("team", "net"), ("stage", "dev"), ("stage", "prod")] {
        let id = option(bench, key, value).await;
        associate(bench, &id, &s.portfolio).await;
    }
    let update = async |token: &str, tags: Value| {
        let input = json!({
            "ProvisionedProductName": "mine", "UpdateToken": token, "Tags": tags,
            "ProvisioningParameters": [{"Key": "Owner", "Value": token}],
        });
        bench.call("UpdateProvisionedProduct", input).await?;
        Ok::<_, Refusal>(tag(bench, "mine", "team").await)
    };
    assert_eq!(update("one", json!([])).await, Ok(None));
    let allowed =
        "{\"Version\":\"2.0\",\"Properties\":{\"TagUpdateOnProvisionedProduct\":\"ALLOWED\"}}";
    bench
        .ok(
            "CreateConstraint",
            json!({"PortfolioId": s.portfolio, "ProductId": s.product, "Type": "RESOURCE_UPDATE",
                   "Parameters": allowed, "IdempotencyToken": "c"}),
        )
        .await;
    let (code, _) = update("two", json!([])).await.unwrap_err();
    assert_eq!(code, INVALID, "a stage must be chosen now");
    let chosen = json!([{"Key": "stage", "Value": "dev"}]);
    assert_eq!(update("three", chosen).await, Ok(Some("net".to_owned())));
    // What was chosen once stays chosen.
    assert_eq!(update("four", json!([])).await, Ok(Some("net".to_owned())));
    assert_eq!(tag(bench, "mine", "stage").await.as_deref(), Some("dev"));
}
