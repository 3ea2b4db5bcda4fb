//! The Resource Groups Tagging API over portfolios and products.

use catalogd::emulator::Profile;
use catalogd::emulator::faults::{Faults, Lag};
use serde_json::{Value, json};

use super::client::{Bench, Refusal, text, with};

const INVALID: &str = "InvalidParameterException";

async fn ask(bench: &Bench, operation: &str, input: Value) -> Result<Value, Refusal> {
    let target = format!("ResourceGroupsTaggingAPI_20170126.{operation}");
    bench.ask("tagging", &target, input).await
}

async fn found(bench: &Bench, input: Value) -> Value {
    ask(bench, "GetResources", input).await.unwrap()
}

/// The ends of the ARNs of an answer.
fn ids(answer: &Value) -> Vec<String> {
    let list = answer["ResourceTagMappingList"].as_array().unwrap();
    let id = |row: &Value| {
        text(row, "/ResourceARN")
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned()
    };
    list.iter().map(id).collect()
}

fn tags(tags: &[(&str, &str)]) -> Value {
    tags.iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect()
}

async fn portfolio(bench: &Bench, name: &str, own: &[(&str, &str)]) -> String {
    let made = bench
        .ok(
            "CreatePortfolio",
            json!({"DisplayName": name, "ProviderName": "it", "IdempotencyToken": name, "Tags": tags(own)}),
        )
        .await;
    text(&made, "/PortfolioDetail/Id")
}

#[tokio::test(start_paused = true)]
async fn tagged_portfolios_and_products_are_found() {
    let bench = Bench::new(Profile::Instant);
    let a = portfolio(&bench, "a", &[("team", "net"), ("stage", "dev")]).await;
    let b = portfolio(&bench, "b", &[("team", "sec")]).await;
    portfolio(&bench, "untagged", &[]).await;
    let (product, _) = bench.product("topic").await;
    let add = json!({"Id": product, "AddTags": tags(&[("team", "net")])});
    bench.ok("UpdateProduct", add).await;
    let kind = |kinds: &[&str], filters: Value| json!({"ResourceTypeFilters": kinds, "TagFilters": filters});
    for (kinds, filters, expected) in [
        (&["catalog"][..], json!([]), vec![&a, &b, &product]),
        (&["catalog:portfolio"], json!([]), vec![&a, &b]),
        (&["catalog:product"], json!([]), vec![&product]),
        (
            &["catalog:product", "catalog:portfolio"],
            json!([]),
            vec![&a, &b, &product],
        ),
        (
            &["catalog"],
            json!([{"Key": "team", "Values": ["net"]}]),
            vec![&a, &product],
        ),
        (
            &["catalog"],
            json!([{"Key": "team", "Values": ["net", "sec"]}]),
            vec![&a, &b, &product],
        ),
        (&["catalog"], json!([{"Key": "stage"}]), vec![&a]),
        (
            &["catalog"],
            json!([{"Key": "stage"}, {"Key": "team", "Values": ["sec"]}]),
            vec![],
        ),
        (&["catalog"], json!([{"Key": "Team"}]), vec![]),
    ] {
        let answer = found(&bench, kind(kinds, filters.clone())).await;
        assert_eq!(
            ids(&answer).iter().collect::<Vec<_>>(),
            expected,
            "{kinds:?} {filters}"
        );
        assert_eq!(answer["PaginationToken"], "");
    }
    let answer = found(&bench, kind(&["catalog:product"], json!([]))).await;
    let described = bench
        .ok("DescribeProductAsAdmin", json!({"Id": product}))
        .await;
    let arn = text(&described, "/ProductViewDetail/ProductARN");
    assert_eq!(
        answer["ResourceTagMappingList"],
        json!([{"ResourceARN": arn, "Tags": [{"Key": "team", "Value": "net"}]}])
    );
    // What had a tag once is shown without any, until it is gone.
    let remove = json!({"Id": product, "RemoveTags": ["team"]});
    bench.ok("UpdateProduct", remove).await;
    let answer = found(&bench, json!({"ResourceARNList": [arn]})).await;
    assert_eq!(
        answer["ResourceTagMappingList"],
        json!([{"ResourceARN": arn, "Tags": []}])
    );
    bench.ok("DeleteProduct", json!({"Id": product})).await;
    let answer = found(&bench, json!({"ResourceARNList": [arn]})).await;
    assert_eq!(answer["ResourceTagMappingList"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn resources_are_paged() {
    let bench = Bench::new(Profile::Instant);
    let mut all = Vec::new();
    for n in 0..51 {
        all.push(portfolio(&bench, &format!("p{n:02}"), &[("n", &n.to_string())]).await);
    }
    let page = async |more: Value| {
        let input = with(json!({"ResourceTypeFilters": ["catalog:portfolio"]}), more);
        ask(&bench, "GetResources", input).await
    };
    let first = page(json!({})).await.unwrap();
    assert_eq!(ids(&first), all[..50]);
    let token = first["PaginationToken"].clone();
    let rest = page(json!({ "PaginationToken": token })).await.unwrap();
    assert_eq!(ids(&rest), all[50..]);
    assert_eq!(rest["PaginationToken"], "");
    let whole = page(json!({"ResourcesPerPage": 100, "PaginationToken": ""})).await;
    assert_eq!(ids(&whole.unwrap()), all);
    for (more, code) in [
        (json!({"ResourcesPerPage": 0}), INVALID),
        (json!({"ResourcesPerPage": 101}), INVALID),
        (json!({"PaginationToken": "forged"}), INVALID),
        (
            json!({"PaginationToken": token, "ResourcesPerPage": 5}),
            INVALID,
        ),
        (
            json!({"ResourceARNList": ["arn:aws:catalog:us-east-1:123456789012:portfolio/port-a"]}),
            INVALID,
        ),
        (json!({"ExcludeCompliantResources": true}), INVALID),
        (json!({"IncludeComplianceDetails": true}), "NotImplemented"),
        (json!({"TagsPerPage": 100}), "NotImplemented"),
        (
            json!({"ResourceTypeFilters": ["catalog", "s3"]}),
            "NotImplemented",
        ),
        (json!({"ResourceTypeFilters": []}), "NotImplemented"),
    ] {
        assert_eq!(page(more.clone()).await.unwrap_err().0, code, "{more}");
    }
    let tags = ask(&bench, "GetTagKeys", json!({})).await.unwrap_err();
    assert_eq!(tags.0, "NotImplemented");
    let unheard = ask(&bench, "GetTags", json!({})).await.unwrap_err();
    assert_eq!(unheard.0, "UnknownOperationException");
}

#[tokio::test(start_paused = true)]
async fn it_is_an_index_and_lags() {
    let faults = Faults {
        lag: Some(Lag {
            describe: 0.0,
            search: 5.0,
            chance: 1.0,
        }),
        ..Faults::default()
    };
    let bench = Bench::with(Profile::Instant, faults);
    bench.ok("ListPortfolios", json!({})).await;
    bench.pass(10.0).await;
    let made = portfolio(&bench, "a", &[("team", "net")]).await;
    let asked = json!({"ResourceTypeFilters": ["catalog"]});
    assert!(ids(&found(&bench, asked.clone()).await).is_empty());
    bench.pass(6.0).await;
    assert_eq!(ids(&found(&bench, asked).await), [made]);
}
