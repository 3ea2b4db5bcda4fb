//! Pages, tokens and orders (facts §5).

use catalogd::emulator::Profile;
use serde_json::{Value, json};

use super::client::Bench;

async fn with_portfolios(count: usize) -> Bench {
    let bench = Bench::new(Profile::Instant);
    for n in 0..count {
        bench.portfolio(&format!("p{n:03}")).await;
    }
    bench
}

#[tokio::test(start_paused = true)]
async fn a_listing_is_read_to_its_end_once_each() {
    let bench = with_portfolios(45).await;
    let mut pages = bench.sdk().list_portfolios().into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        for portfolio in page.unwrap().portfolio_details() {
            names.push(portfolio.display_name().unwrap().to_owned());
        }
    }
    let expected: Vec<String> = (0..45).map(|n| format!("p{n:03}")).collect();
    assert_eq!(names, expected);
    assert_eq!(bench.emulator.counts()["ListPortfolios"], 3);
}

#[tokio::test(start_paused = true)]
async fn a_portfolio_that_goes_between_two_pages_hides_no_other() {
    let bench = with_portfolios(5).await;
    let first = bench.ok("ListPortfolios", json!({"PageSize": 2})).await;
    let gone = &first["PortfolioDetails"][0]["Id"];
    bench.ok("DeletePortfolio", json!({"Id": gone})).await;
    let second = bench
        .ok(
            "ListPortfolios",
            json!({"PageSize": 2, "PageToken": first["NextPageToken"]}),
        )
        .await;
    let names: Vec<&Value> = second["PortfolioDetails"]
        .as_array()
        .unwrap()
        .iter()
        .map(|portfolio| &portfolio["DisplayName"])
        .collect();
    assert_eq!(names, ["p002", "p003"]);
}

#[tokio::test(start_paused = true)]
async fn products_are_sorted_as_asked() {
    let bench = Bench::new(Profile::Instant);
    for name in ["b", "c", "a"] {
        bench.product(name).await;
        bench.pass(2.0).await;
    }
    let names = async |input: Value| {
        let answer = bench.ok("SearchProductsAsAdmin", input).await;
        answer["ProductViewDetails"]
            .as_array()
            .unwrap()
            .iter()
            .map(|product| {
                product["ProductViewSummary"]["Name"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect::<String>()
    };
    assert_eq!(names(json!({})).await, "bca");
    assert_eq!(names(json!({"SortBy": "Title"})).await, "abc");
    let newest = json!({"SortBy": "CreationDate", "SortOrder": "DESCENDING"});
    assert_eq!(names(newest).await, "acb");
    let first = bench
        .ok(
            "SearchProductsAsAdmin",
            json!({"SortBy": "Title", "PageSize": 2}),
        )
        .await;
    let rest = json!({"SortBy": "Title", "PageSize": 2, "PageToken": first["NextPageToken"]});
    assert_eq!(names(rest).await, "c");
}
