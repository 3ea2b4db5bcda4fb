//! Budgets on portfolios and products (facts §9.9).

use catalogd::emulator::Profile;
use serde_json::{Value, json};

use super::client::{Bench, with};

#[tokio::test(start_paused = true)]
async fn a_budget_is_shown_by_what_it_is_on() {
    let bench = Bench::new(Profile::Instant);
    let (portfolio, product, _) = bench.launchable("topic").await;
    let budget = json!([{"BudgetName": "monthly"}]);
    for (resource, describe) in [
        (&portfolio, &["DescribePortfolio"][..]),
        (&product, &["DescribeProductAsAdmin", "DescribeProduct"][..]),
    ] {
        let pair = json!({"BudgetName": "monthly", "ResourceId": resource});
        let operation = "AssociateBudgetWithResource";
        assert_eq!(bench.ok(operation, pair.clone()).await, json!({}));
        let said = bench.refused(operation, pair.clone()).await;
        assert_eq!(said.0, "DuplicateResourceException");
        let listed = bench
            .ok("ListBudgetsForResource", json!({"ResourceId": resource}))
            .await;
        assert_eq!(listed, json!({ "Budgets": budget }));
        for operation in describe {
            let shown = bench.ok(operation, json!({"Id": resource})).await;
            assert_eq!(shown["Budgets"], budget, "{operation}");
        }
        let operation = "DisassociateBudgetFromResource";
        assert_eq!(bench.ok(operation, pair.clone()).await, json!({}));
        let said = bench.refused(operation, pair).await;
        assert_eq!(said.0, "ResourceNotFoundException");
        for operation in describe {
            let shown = bench.ok(operation, json!({"Id": resource})).await;
            assert_eq!(shown["Budgets"], json!([]), "{operation}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn budgets_are_paged_and_keep_a_product_from_being_deleted() {
    let bench = Bench::new(Profile::Instant);
    let (product, _) = bench.product("topic").await;
    for n in 0..21 {
        let pair = json!({"BudgetName": format!("b{n:02}"), "ResourceId": product});
        bench.ok("AssociateBudgetWithResource", pair).await;
    }
    let list = async |more: Value| {
        let input = with(json!({"ResourceId": product}), more);
        bench.ok("ListBudgetsForResource", input).await
    };
    let first = list(json!({})).await;
    assert_eq!(first["Budgets"].as_array().unwrap().len(), 20);
    let second = list(json!({"PageToken": first["NextPageToken"]})).await;
    assert_eq!(second, json!({"Budgets": [{"BudgetName": "b20"}]}));
    let gone = json!({"Id": product});
    let said = bench.refused("DeleteProduct", gone.clone()).await;
    assert_eq!(said.0, "ResourceInUseException");
    for n in 0..21 {
        let pair = json!({"BudgetName": format!("b{n:02}"), "ResourceId": product});
        bench.ok("DisassociateBudgetFromResource", pair).await;
    }
    bench.ok("DeleteProduct", gone).await;
    for operation in [
        "AssociateBudgetWithResource",
        "DisassociateBudgetFromResource",
        "ListBudgetsForResource",
    ] {
        let pair = json!({"BudgetName": "b", "ResourceId": product});
        let said = bench.refused(operation, pair).await;
        assert_eq!(said.0, "ResourceNotFoundException", "{operation}");
    }
}
